"""Draws a picture: the table of kinds, and the charts of hash rates."""

from collections.abc import Callable, Mapping
import math

from . import money, panels
from .axis import Scale
from .canvas import Box, Ink, series_ink
from .fonts import legible
from .model import DPI, ChartData, ChartKind, Theme, Track
from .page import BOTTOM, LEFT, RIGHT, TOP, Page, tiled
from .plot import Plot
from .series import (
    Values,
    deviation_of,
    known,
    mean_of,
    rolling,
    scaled,
    summed,
    thinned,
)


def _means(page: Page, values: Values) -> list[tuple[str, Values, int]]:
    """Return the lines of a rate: as fine as it is known, and its mean over a day."""
    step = page.data.step
    fine, name = list(values), "hour_mean"
    if (quarter := 900 // step) > 1:
        name = "quarter_mean"
        smooth = rolling(values, quarter)
        fine = [
            mean if math.isfinite(value) else value
            for mean, value in zip(smooth, values, strict=True)
        ]
    day = rolling(values, 86_400 // step)
    return [
        (page.word(name), page.shown(fine), series_ink(0)),
        (page.word("day_mean"), page.shown(day), series_ink(1)),
    ]


def _rate(page: Page, values: Values, unit: str, box: Box) -> None:
    """Draw a rate with its means and spread, and when settings were changed."""
    times, raw, lines = page.times, page.shown(values), _means(page, values)
    scale = page.scale([value for _, line, _ in lines for value in line])
    title = f"{page.quantity('hash_rate', unit=False)} ({unit})"
    plot = page.titled(box, page.time_axis(), scale, title, grid=False)
    mean, deviation = mean_of(raw), deviation_of(raw)
    plot.band(mean - deviation, mean + deviation, series_ink(0), 2)
    plot.grid()
    for name, line, ink in lines:
        plot.series(times, line, ink, 1.75 if ink == series_ink(0) else 2.5)
        page.legend(name, ink)
    plot.level(mean, Ink.TEXT)
    page.legend(page.word("period_mean"), Ink.TEXT, "dash")
    _changes(page, plot)
    percent = page.number(100 * deviation / mean if mean else math.nan)
    page.aside(
        page.word("stats_mean", mean=page.number(mean), unit=unit),
        page.word("stats_deviation", deviation=page.number(deviation), percent=percent),
    )


def _changes(page: Page, plot: Plot) -> None:
    """Mark when settings were changed; of one miner, say to what if there is room."""
    tracks, data, canvas = page.data.tracks, page.data, page.canvas
    changes = [change for track in tracks for change in track.changes]
    changes = [change for change in changes if data.start <= change.at <= data.end]
    bottom, free = plot.box[3] - 10, plot.box[0]
    for change in sorted(changes, key=lambda change: change.at):
        x = plot.x_of(change.at)
        canvas.diamond((x, bottom), 6, series_ink(3))
        text = legible(change.text, 24)
        left = x - canvas.text_width(text, 13) / 2
        right = 2 * x - left
        if len(tracks) == 1 and left > free and right < RIGHT:
            canvas.text((x, bottom - 10), text, 13, Ink.TEXT, "ms")
            free = right + 10
    if changes:
        page.legend(page.word("setting_changed"), series_ink(3), "mark")


def _all_miners(page: Page) -> None:
    rates = [track.readings.get("hash_rate") for track in page.data.tracks]
    total = summed([rate for rate in rates if rate is not None])
    if known(page.shown(total)):
        _rate(page, total, "TH/s", (LEFT, TOP + 24, RIGHT, BOTTOM))
    else:
        page.empty()


def _one_miner(page: Page) -> None:
    """Draw the rate, and below it what is known of temperatures."""
    for track in page.data.tracks:
        rate = scaled(track.readings.get("hash_rate", ()), track.per_terahash)
        if not known(page.shown(rate)):
            break
        above, below = (LEFT, TOP + 24, RIGHT, 424), (LEFT, 486, RIGHT, BOTTOM)
        _rate(page, rate, track.rate_unit, above)
        keys = ("chip_temperature", "vr_temperature")
        there = [key for key in keys if key in track.readings]
        lines = [
            (page.shown(track.readings[key]), series_ink(4 + index))
            for index, key in enumerate(there)
        ]
        page.panel(below, page.quantity("temperature"), lines)
        for key, (_, ink) in zip(there, lines, strict=True):
            page.legend(page.quantity(key, unit=False), ink)
        return
    page.empty()


_MULTIPLES = ("hash_rate", "chip_temperature")


def _miners(page: Page) -> None:
    """Draw a small picture of each miner: its rate, and below it its temperature."""
    tracks = page.data.tracks
    columns = max(1, math.ceil(math.sqrt(len(tracks) * 0.9)))
    size = min(16.0, max(11.0, 120 / columns))
    inner = (4.0, size + 7, 10.0, 7.0)
    every = [
        value
        for track in tracks
        for value in known(page.shown(track.readings.get(_MULTIPLES[1], ())))
    ]
    warm = Scale(min(every, default=20) - 1, max(every, default=90) + 1)
    for track, box in zip(tracks, tiled(len(tracks), columns, inner), strict=True):
        _miner(page, track, box, warm, size)
    page.legend(page.word("mean_of", what=page.quantity("hash_rate")), series_ink(0))
    page.legend(
        page.word("mean_of", what=page.quantity("chip_temperature")), series_ink(4)
    )


def _miner(page: Page, track: Track, box: Box, warm: Scale, size: float) -> None:
    canvas = page.canvas
    left, top, right, bottom = box
    canvas.box((left - 4, top - size - 5, right + 4, bottom + 3), Ink.MUTED, 1)
    middle = top + (bottom - top) * 0.6
    lanes = ((left, top, right, middle - 2), (left, middle + 2, right, bottom))
    end = right
    if not any(known(page.shown(values)) for values in track.readings.values()):
        page.empty(box, size)
    for key, lane, ink in reversed(
        list(zip(_MULTIPLES, lanes, (series_ink(0), series_ink(4)), strict=True))
    ):
        values = page.shown(track.readings.get(key, ()))
        if not known(values):
            continue
        few = thinned(values, int((right - left) * 0.7))
        every = (page.data.end - page.data.start) / len(few)
        times = [page.data.start + (index + 0.5) * every for index in range(len(few))]
        y = warm if key == _MULTIPLES[1] else Scale(0, max(known(few)) * 1.05 or 1)
        x = Scale(page.data.start, page.data.end)
        plot = Plot(canvas, lane, x, y)
        plot.series(times, few, ink, 1.25, filled=key == "hash_rate")
        mean = mean_of(values)
        text = (
            page.data.notation.fixed(mean, 0)
            if key == _MULTIPLES[1]
            else page.number(mean)
        )
        canvas.text((end, top - 4), text, size, ink, "rs")
        end -= canvas.text_width(text, size) + 6
    name = canvas.cut(legible(track.name), size, end - left)
    canvas.text((left, top - 4), name, size, Ink.TEXT, "ls")


KINDS: Mapping[ChartKind, Callable[[Page], None]] = {
    ChartKind.ALL_MINERS: _all_miners,
    ChartKind.MINERS: _miners,
    ChartKind.ONE_MINER: _one_miner,
    ChartKind.OPERATING_POINTS: panels.operating_points,
    ChartKind.TRENDS: panels.trends,
    ChartKind.NINE_PANELS: panels.nine_panels,
    ChartKind.ENERGY_AND_COST: money.energy_and_cost,
    ChartKind.PRICE_AND_WHAT_RAN: money.price_and_what_ran,
}


def draw(data: ChartData, theme: Theme = Theme.LIGHT, dpi: int = DPI) -> bytes:
    """Return a picture as a PNG file of 14 x 7 inches."""
    page = Page(data, theme, dpi / 100)
    if data.tracks:
        KINDS[data.kind](page)
    else:
        page.empty()
    return page.canvas.png()
