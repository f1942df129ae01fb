"""Draws a picture: its head, and what its kind shows."""

from collections.abc import Callable, Mapping
from datetime import datetime
import math

from .axis import Scale, time_scale, value_scale
from .canvas import WIDTH, Canvas, Ink, series_ink
from .fonts import legible
from .model import DPI, ChartData, ChartKind, Theme, Track
from .plot import Plot
from .series import Values, deviation_of, mean_of, rolling, summed

LEFT, RIGHT, TOP, BOTTOM = 86, WIDTH - 34, 112, 650
_LEGEND = 16


class Page:
    """A sheet with a head, and the words and times that its plots share."""

    def __init__(self, data: ChartData, theme: Theme, scale: float) -> None:
        """Write the head."""
        self.data, self.say = data, data.say
        self.canvas = Canvas(theme, scale)
        self._legend_at: float = LEFT
        self.canvas.text((LEFT, 22), self._title(), 27, bold=True)
        self.canvas.text((LEFT, 60), self._span(), 16, Ink.MUTED)

    def _title(self) -> str:
        title = self.say(f"title_{self.data.kind}")
        tracks = self.data.tracks
        name = tracks[0].name if len(tracks) == 1 else ""
        return legible(f"{legible(name, 40)} · {title}" if name else title, 80)

    def _span(self) -> str:
        start, end = (
            datetime.fromtimestamp(at, self.data.zone)
            for at in (self.data.start, self.data.end)
        )
        return legible(
            self.say(
                "span", start=f"{start:%Y-%m-%d %H:%M}", end=f"{end:%Y-%m-%d %H:%M}"
            )
        )

    def word(self, key: str, **values: str) -> str:
        """Return a text of ours in letters that can be drawn."""
        return legible(self.say(key, **values), 80)

    def legend(self, text: str, ink: int, sign: str = "line") -> None:
        """Add a line, a "dash" or a "mark" to the legend below the head."""
        canvas, x, y = self.canvas, self._legend_at, 95
        if sign == "dash":
            canvas.dashed((x, y), x + 26, ink)
        elif sign == "mark":
            canvas.diamond((x + 13, y), 6, ink)
        else:
            canvas.line([(x, y), (x + 26, y)], ink, 3)
        canvas.text((x + 34, y), text, _LEGEND, Ink.TEXT, "lm")
        self._legend_at = x + 34 + canvas.text_width(text, _LEGEND) + 26

    def aside(self, *lines: str) -> None:
        """Write lines in a box beside the head."""
        canvas = self.canvas
        wide = max(canvas.text_width(line, _LEGEND) for line in lines)
        box = (RIGHT - wide - 28, 24, RIGHT, 36 + 22 * len(lines))
        canvas.box(box, Ink.MUTED, 5, outline=True)
        for index, line in enumerate(lines):
            canvas.text((box[0] + 14, 31 + 22 * index), line, _LEGEND)

    def empty(self) -> None:
        """Say that there is nothing to show."""
        at = WIDTH / 2, self.canvas.height / 2
        self.canvas.text(at, self.word("no_data"), 22, Ink.MUTED, "mm")

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
            return f"{name} {moment.day}"

        return time_scale(data.start, data.end, data.zone, day, most)


def _mean_lines(page: Page, values: Values) -> list[tuple[str, list[float], int]]:
    """Return the lines of a rate: as fine as it is known, and its mean over a day."""
    data = page.data
    quarter = 900 // data.step
    fine = rolling(values, quarter) if quarter > 1 else list(values)
    day = rolling(values, max(1, 86_400 // data.step))
    fine = [
        value if math.isfinite(there) else math.nan
        for value, there in zip(fine, values, strict=True)
    ]
    name = "quarter_mean" if quarter > 1 else "hour_mean"
    return [
        (page.word(name), list(page.shown(fine)), series_ink(0)),
        (page.word("day_mean"), list(page.shown(day)), series_ink(1)),
    ]


def _rate(
    page: Page, values: Values, unit: str, tracks: list[Track], bottom: float = BOTTOM
) -> None:
    """Draw a rate with its means, the spread, and when settings were changed."""
    canvas, times = page.canvas, page.times
    raw = page.shown(values)
    lines = _mean_lines(page, values)
    scale = value_scale([value for _, line, _ in lines for value in line])
    plot = Plot(canvas, (LEFT, TOP, RIGHT, bottom), page.time_axis(), scale)
    mean, deviation = mean_of(raw), deviation_of(raw)
    plot.band(mean - deviation, mean + deviation, series_ink(0), 2)
    plot.grid()
    for name, line, ink in lines:
        plot.series(times, line, ink)
        page.legend(name, ink)
    plot.level(mean, Ink.MUTED)
    page.legend(page.word("period_mean"), Ink.MUTED, "dash")
    changed = [
        change for track in tracks for change in track.changes if change.at > times[0]
    ]
    for change in changed:
        canvas.diamond((plot.x_of(change.at), bottom - 9), 6, series_ink(4))
    if changed:
        page.legend(page.word("setting_changed"), series_ink(4), "mark")
    page.aside(
        page.word("stats_mean", mean=_number(mean), unit=unit),
        page.word(
            "stats_deviation",
            deviation=_number(deviation),
            percent=_number(100 * deviation / mean if mean else math.nan),
        ),
    )


def _number(value: float) -> str:
    """Write a number with three places that matter."""
    if not math.isfinite(value):
        return "-"
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2
    return f"{value:.{digits}f}"


def _all_miners(page: Page) -> None:
    tracks = page.data.tracks
    rates = [
        track.readings["hash_rate"] for track in tracks if "hash_rate" in track.readings
    ]
    total = summed(rates)
    if not rates or math.isnan(mean_of(page.shown(total))):
        page.empty()
        return
    _rate(page, total, "TH/s", list(tracks))


KINDS: Mapping[ChartKind, Callable[[Page], None]] = {
    ChartKind.ALL_MINERS: _all_miners,
}


def draw(data: ChartData, theme: Theme = Theme.LIGHT, dpi: int = DPI) -> bytes:
    """Return a picture as a PNG file of 14 x 7 inches."""
    page = Page(data, theme, dpi / 100)
    KINDS[data.kind](page)
    return page.canvas.png()
