"""A sheet with a head, and the places for plots below it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
import math

from .axis import Scale, number, time_scale, value_scale
from .canvas import WIDTH, Box, Canvas, Ink
from .fonts import legible
from .model import ChartData, ChartKind, Theme, Track
from .plot import TICK, Plot
from .series import Values, known, scaled

HEAD, LEFT, RIGHT, TOP, BOTTOM = 28, 86, WIDTH - 28, 112, 656
LEGEND = 16


UNITS = {
    "power": "W", "efficiency": "J/TH", "temperature": "°C", "chip_temperature": "°C",
    "vr_temperature": "°C", "fan_speed": "rpm", "voltage": "V", "frequency": "MHz",
    "energy": "kWh",
}  # fmt: skip

READ_FROM = {
    "frequency": ("frequency_actual", "frequency"),
    "voltage": ("core_voltage_actual", "core_voltage"),
}
"""Readings that a quantity is taken from, the best first: measured, or as set."""


class Page:
    """A sheet for one chart, and the words and times that its plots share."""

    def __init__(self, data: ChartData, theme: Theme, scale: float) -> None:
        """Write the head: what is shown, of which time, and what is left out."""
        self.data = data
        self.canvas = Canvas(theme, scale)
        self._legend_at: float = HEAD
        title = self.word(f"title_{data.kind}")
        if len(data.tracks) == 1:
            title = data.notation.pair(legible(data.tracks[0].name, 40), title)
        room = (WIDTH - 400) * 0.95
        self.canvas.text((HEAD, 18), self.canvas.cut(title, 27, room), 27, bold=True)
        start, end = (
            data.notation.moment(datetime.fromtimestamp(at, data.zone))
            for at in (data.start, data.end)
        )
        span = self.word("span", start=start, end=end)
        if data.kind is ChartKind.OPERATING_POINTS:
            span = self.word("all_time")
        if data.left_out:
            span = f"{span}; {self.word('left_out', count=data.left_out)}"
        self.canvas.text((HEAD, 56), span, LEGEND, Ink.MUTED)

    def word(self, key: str, **values: object) -> str:
        """Return a text of ours in letters that can be drawn."""
        return legible(self.data.say(key, **values), 80)

    def number(self, value: float) -> str:
        """Write a number as the language does."""
        return number(value, self.data.notation)

    def scale(
        self, values: Iterable[float], most: int = 6, *, zero: bool = False
    ) -> Scale:
        """Return an axis around values."""
        return value_scale(values, most, zero=zero, notation=self.data.notation)

    def legend(self, text: str, ink: int, sign: str = "line") -> None:
        """Add a line, a "dash" or a "mark" to the legend, as long as there is room."""
        canvas, x, y = self.canvas, self._legend_at, 90
        wide = canvas.text_width(text, LEGEND)
        if x + wide > RIGHT:
            return
        if sign == "dash":
            canvas.dashed((x, y), x + 26, ink)
        elif sign == "mark":
            canvas.diamond((x + 13, y), 6, ink)
        else:
            canvas.line([(x, y), (x + 26, y)], ink, 3)
        canvas.text((x + 34, y), text, LEGEND, Ink.TEXT, "lm")
        self._legend_at = x + 34 + wide + 26

    def aside(self, *lines: str) -> None:
        """Write lines in a box beside the head."""
        canvas = self.canvas
        wide = max(canvas.text_width(line, LEGEND) for line in lines)
        box = (RIGHT - wide - 28, 18, RIGHT, 30 + 22 * len(lines))
        canvas.box(box, Ink.MUTED, 5, outline=True)
        for index, line in enumerate(lines):
            canvas.text((box[0] + 14, 25 + 22 * index), line, LEGEND)

    def empty(self, box: Box | None = None, size: float = 22) -> None:
        """Say that there is nothing to show."""
        left, top, right, bottom = box or (0, TOP, WIDTH, BOTTOM)
        at = (left + right) / 2, (top + bottom) / 2
        self.canvas.text(
            at, self.word("no_data_here" if box else "no_data"), size, Ink.MUTED, "mm"
        )

    def missing(self, box: Box, title: str) -> None:
        """Say in the place of a plot that there is nothing to show."""
        self.canvas.text((box[0], box[1] - 7), title, TICK, Ink.TEXT, "ls")
        self.canvas.box(box, Ink.MUTED, 1)
        self.empty(box)

    def quantity(self, key: str, *, unit: bool = True) -> str:
        """Name a quantity, with its unit."""
        name = self.word(f"quantity_{key}")
        return f"{name} ({self.unit_of(key)})" if unit else name

    def unit_of(self, key: str) -> str:
        """Return the unit of a quantity; of rates that of all miners, if it is one."""
        if key != "hash_rate":
            return UNITS[key]
        units = {track.rate_unit for track in self.data.tracks}
        return units.pop() if len(units) == 1 else "TH/s"

    def reading(self, track: Track, key: str) -> Values:
        """Return what is shown of a quantity, in the unit of the page."""
        for name in READ_FROM.get(key, (key,)):
            if (found := track.readings.get(name)) is not None:
                values = self.shown(found)
                is_rate = key == "hash_rate" and self.unit_of(key) == track.rate_unit
                return scaled(values, track.per_terahash) if is_rate else values
        return [math.nan] * len(self.times)

    @property
    def currency(self) -> str:
        """The currency in letters that can be drawn."""
        return legible(self.data.currency, 8)

    def prices(self) -> Values:
        """Return the price of each step; one holds until the next is told."""
        price, prices = math.nan, []
        for told in self.data.price:
            price = told if math.isfinite(told) else price
            prices.append(price)
        return self.shown(prices) if prices else [math.nan] * len(self.times)

    @property
    def times(self) -> list[float]:
        """The middle of each step that is shown."""
        data = self.data
        steps = round((data.end - data.start) / data.step)
        return [data.start + (index + 0.5) * data.step for index in range(steps)]

    def shown(self, values: Values) -> Values:
        """Leave out the steps before the start."""
        return values[self.data.lead :]

    def time_axis(self, most: int = 12) -> Scale:
        """Return the axis of time of this page."""
        data = self.data

        def day(moment: datetime) -> str:
            name = self.word(f"weekday_{moment.weekday()}")
            return data.notation.day_of_week(name, moment)

        return time_scale(data.start, data.end, data.zone, day, most, data.notation)

    def titled(
        self, box: Box, x: Scale, y: Scale, title: str, *, grid: bool = True
    ) -> Plot:
        """Return a plot with a title above, and with its grid."""
        self.canvas.text((box[0], box[1] - 7), title, TICK, Ink.TEXT, "ls")
        plot = Plot(self.canvas, box, x, y)
        if grid:
            plot.grid()
        return plot

    def panel(
        self,
        box: Box,
        title: str,
        lines: Sequence[tuple[Values, int]],
        *,
        most: int = 12,
        ticks: int = 5,
    ) -> Plot | None:
        """Draw lines over time below a title; None where there is nothing to draw."""
        if not any(known(values) for values, _ in lines):
            self.missing(box, title)
            return None
        y = self.scale([value for values, _ in lines for value in values], ticks)
        plot = self.titled(box, self.time_axis(most), y, title)
        for values, ink in lines:
            plot.series(self.times, values, ink)
        return plot


def stacked(count: int, top: float = TOP) -> list[Box]:
    """Return places for plots below each other, with room for titles and times."""
    high = (BOTTOM - top + 30) / count
    return [
        (LEFT, top + high * index + 26, RIGHT, top + high * (index + 1) - 30)
        for index in range(count)
    ]


def tiled(
    count: int, columns: int, inner: tuple[float, float, float, float]
) -> list[Box]:
    """Return places beside and below each other.

    ``inner`` is the room that each leaves within its place: left, top, right, bottom.
    """
    rows = -(-count // columns)
    left, top, right, bottom = inner
    wide, high = (RIGHT + 6 - HEAD) / columns, (BOTTOM + 34 - TOP) / rows
    places = []
    for index in range(count):
        row, column = divmod(index, columns)
        x, y = HEAD + wide * column, TOP + high * row
        places.append((x + left, y + top, x + wide - right, y + high - bottom))
    return places
