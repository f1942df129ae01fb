"""A pair of axes and what stands between them."""

from collections.abc import Iterable, Iterator, Sequence
import math

from .axis import Scale
from .canvas import FULL, Box, Canvas, Ink, Point
from .series import Values, known

TICK = 15
"""Size of the text at axes."""


def runs(points: Iterable[Point]) -> Iterator[list[Point]]:
    """Give the points that belong together; a gap parts them."""
    run: list[Point] = []
    for point in points:
        if math.isfinite(point[1]):
            run.append(point)
        elif run:
            yield run
            run = []
    if run:
        yield run


class Plot:
    """Axes in a box of the sheet: what is drawn is placed by its values."""

    def __init__(self, canvas: Canvas, box: Box, x: Scale, y: Scale) -> None:
        """Take the place between the axes, and how far these go."""
        self.canvas, self.box = canvas, box
        self._x, self._y = x, y

    def x_of(self, value: float) -> float:
        """Return the place of a value of the horizontal axis."""
        left, _, right, _ = self.box
        span = self._x.high - self._x.low or 1.0
        return left + (value - self._x.low) / span * (right - left)

    def y_of(self, value: float) -> float:
        """Return the place of a value of the vertical axis."""
        _, top, _, bottom = self.box
        span = self._y.high - self._y.low or 1.0
        return bottom - (value - self._y.low) / span * (bottom - top)

    def place(self, at: Point) -> Point:
        """Return the place of two values."""
        return self.x_of(at[0]), self.y_of(at[1])

    def grid(self, *, labels: bool = True, size: float = TICK) -> None:
        """Draw lines at the ticks, and what these say beside and below."""
        left, top, right, bottom = self.box
        for tick in self._y.ticks:
            y = self.y_of(tick.at)
            self.canvas.line([(left, y), (right, y)], Ink.MUTED, 0.75, 4)
            self.canvas.text((left - 8, y), tick.text, size, Ink.MUTED, "rm")
        free = -math.inf
        for tick in self._x.ticks:
            x = self.x_of(tick.at)
            self.canvas.line([(x, top), (x, bottom)], Ink.MUTED, 0.75, 4)
            half = self.canvas.text_width(tick.text, size) / 2
            if labels and x - half > free and x + half < self.canvas.width:
                self.canvas.text((x, bottom + 7), tick.text, size, Ink.MUTED, "ma")
                free = x + half + 8
        self.canvas.line([(left, bottom), (right, bottom)], Ink.MUTED, 1, 9)

    def series(
        self,
        times: Sequence[float],
        values: Values,
        ink: int,
        width: float = 1.75,
        *,
        filled: bool = False,
    ) -> None:
        """Draw a line, and fill what is below; a step alone between gaps is a dot."""
        bottom = self.box[3]
        points = (
            (self.x_of(at), self.y_of(value) if math.isfinite(value) else math.nan)
            for at, value in zip(times, values, strict=True)
        )
        for run in runs(points):
            if filled:
                ends = (run[-1][0], bottom), (run[0][0], bottom)
                self.canvas.area([*run, *ends], ink, 3)
            if len(run) == 1:
                self.canvas.dot(run[0], width, ink)
            else:
                self.canvas.line(run, ink, width)

    def band(self, low: float, high: float, ink: int, shade: int) -> None:
        """Fill between two values."""
        left, top, right, bottom = self.box
        above, below = max(top, self.y_of(high)), min(bottom, self.y_of(low))
        if above < below:
            self.canvas.box((left, above, right, below), ink, shade)

    def level(self, value: float, ink: int) -> None:
        """Draw a dashed line at a value."""
        if math.isfinite(value):
            left, _, right, _ = self.box
            self.canvas.dashed((left, self.y_of(value)), right, ink)

    def stairs(
        self, times: Sequence[float], values: Values, width: float, ink: int
    ) -> None:
        """Draw a line that keeps each value for its step."""
        edges = [edge for at in times for edge in (at - width / 2, at + width / 2)]
        self.series(edges, [value for value in values for _ in range(2)], ink, 2)

    def strip(
        self, times: Sequence[float], values: Values, width: float, low: float
    ) -> None:
        """Fill a row of height 1: the more a value is of the highest, the stronger."""
        highest = max(known(values), default=0.0)
        top, bottom = self.y_of(low + 0.85), self.y_of(low + 0.15)
        for at, value in zip(times, values, strict=True):
            if value > 0:
                left, right = (self.x_of(at + half) for half in (-width / 2, width / 2))
                shade = 3 + 3 * round(4 * value / highest)
                self.canvas.box((left, top, right, bottom), Ink.SERIES + 2, shade)

    def points(
        self, many: Iterable[Point], ink: int, radius: float = 2.5, shade: int = FULL
    ) -> None:
        """Draw a disc at each pair of values."""
        for at in many:
            if math.isfinite(at[0]) and math.isfinite(at[1]):
                self.canvas.dot(self.place(at), radius, ink, shade)
