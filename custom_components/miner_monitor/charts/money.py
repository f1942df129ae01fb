"""Charts of energy, prices and costs."""

from collections.abc import Mapping
from datetime import datetime
import math

from .axis import Scale, Tick
from .canvas import Ink, series_ink
from .fonts import legible
from .page import BOTTOM, LEFT, RIGHT, Page, stacked
from .series import known, mean_of, summed

DAILY = 48
"""Hours up to which there is a bar for each hour, and beyond which for each day."""

type Bar = tuple[float, float]
"""From when to when, in epoch seconds."""


def energy_and_cost(page: Page) -> None:
    """Draw what was used in each hour, or day of a longer time, and what it cost."""
    data = page.data
    used = summed([page.shown(track.energy) for track in data.tracks if track.energy])
    if not known(used):
        page.empty()
        return
    prices = page.prices()
    costs = [energy * price for energy, price in zip(used, prices, strict=True)]
    bars = _bars(page)
    parts = [("energy", "kWh", used, series_ink(0))]
    if known(costs):
        parts.append(("cost", page.currency, costs, series_ink(1)))
    boxes = stacked(len(parts), 92)
    daily = data.hours > DAILY
    axis = _days(page, bars) if daily else page.time_axis()
    totals = []
    for (key, unit, values, ink), box in zip(parts, boxes, strict=True):
        sums = [
            math.fsum(known(values[index] for index in some)) for some in bars.values()
        ]
        title = f"{page.word(f'{key}_per_{"day" if daily else "hour"}')} ({unit})"
        y = page.scale(sums, 5, zero=True)
        plot = page.titled(box, axis, y, title)
        for (start, end), amount in zip(bars, sums, strict=True):
            left, right = plot.x_of(start), plot.x_of(end)
            room = min(4, (right - left) * 0.12)
            top = plot.y_of(amount)
            page.canvas.box((left + room, top, right - room, box[3]), ink)
        text = page.quantity(key, unit=False)
        total = f"{page.number(math.fsum(known(values)))} {unit}"
        totals.append(page.data.notation.pair(text, total))
    page.aside(*totals)


def _days(page: Page, bars: Mapping[Bar, object]) -> Scale:
    """Return the axis of bars of a day, which are named in their middle."""
    every = -(-len(bars) // 16)
    ticks = []
    for start, end in [*bars][::-every]:
        moment = datetime.fromtimestamp(start, page.data.zone)
        ticks.append(Tick((start + end) / 2, page.data.notation.day_of_year(moment)))
    return Scale(page.data.start, page.data.end, tuple(reversed(ticks)))


def _bars(page: Page) -> Mapping[Bar, list[int]]:
    """Return the steps of each local hour, or of each local day beyond two days."""
    data, bars = page.data, dict[datetime, list[int]]()
    daily = data.hours > DAILY
    for index, middle in enumerate(page.times):
        moment = datetime.fromtimestamp(middle, data.zone)
        start = moment.replace(minute=0, second=0, microsecond=0)
        bars.setdefault(start.replace(hour=0, fold=0) if daily else start, []).append(
            index
        )
    half = data.step / 2
    return {
        (page.times[some[0]] - half, page.times[some[-1]] + half): some
        for some in bars.values()
    }


MOST_ROWS = 24
"""Miners that get a row of their own; of more, their number is drawn."""


def price_and_what_ran(page: Page) -> None:
    """Draw the price, and below it which miners hashed, the more the brighter."""
    tracks, canvas, x = page.data.tracks, page.canvas, page.time_axis()
    named = [canvas.cut(legible(track.name), 14, 180) for track in tracks]
    wide = max((canvas.text_width(name, 14) for name in named), default=0)
    in_rows = len(tracks) <= MOST_ROWS
    left = max(LEFT, wide + 30) if in_rows else LEFT
    above, below = (left, 124, RIGHT, 330), (left, 394, RIGHT, BOTTOM)
    prices = page.prices()
    unit = f"{page.currency}/kWh"
    title = page.word("price", unit=unit)
    if known(prices):
        plot = page.titled(above, x, page.scale(prices, 5), title)
        plot.stairs(page.times, prices, page.data.step, series_ink(1))
        plot.level(mean_of(prices), Ink.TEXT)
    else:
        page.missing(above, title)
    rates = [page.reading(track, "hash_rate") for track in tracks]
    if in_rows:
        rows = Scale(0, len(tracks), ())
        plot = page.titled(below, x, rows, page.word("ran"))
        for index, (name, values) in enumerate(zip(named, rates, strict=True)):
            plot.strip(page.times, values, page.data.step, len(tracks) - index - 1)
            middle = plot.y_of(len(tracks) - index - 0.5)
            canvas.text((left - 10, middle), name, 14, Ink.TEXT, "rm")
    else:
        counts = [sum(value > 0 for value in step) for step in zip(*rates, strict=True)]
        page.panel(below, page.word("running"), [(counts, series_ink(2))])
    power = summed([page.reading(track, "power") for track in tracks])
    paid = [pair for pair in zip(power, prices, strict=True) if len(known(pair)) == 2]
    if watts := math.fsum(watts for watts, _ in paid):
        mean = math.fsum(watts * price for watts, price in paid) / watts
        write = page.data.notation.fixed
        page.aside(
            page.word("price_mean", price=f"{write(mean_of(prices), 4)} {unit}"),
            page.word("price_paid", price=f"{write(mean, 4)} {unit}"),
        )
