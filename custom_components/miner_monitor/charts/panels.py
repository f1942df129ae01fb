"""Charts of what depends on what: trends, correlations, operating points."""

from collections.abc import Sequence
import math

from .canvas import Box, series_ink
from .fonts import legible
from .model import OperatingMark, Track
from .page import Page, stacked, tiled
from .series import known, mean_of


def trends(page: Page) -> None:
    """Draw rate, voltage and frequency of each miner, and their means."""
    tracks = page.data.tracks
    for key, box in zip(("hash_rate", "voltage", "frequency"), stacked(3), strict=True):
        lines = [
            (page.reading(track, key), series_ink(index))
            for index, track in enumerate(tracks)
        ]
        plot = page.panel(box, page.quantity(key), lines, ticks=4)
        for values, ink in lines:
            if plot is not None:
                plot.level(mean_of(values), ink)
    _name_lines(page, tracks)


def _name_lines(page: Page, tracks: Sequence[Track]) -> None:
    """Say which colour is whose."""
    for index, track in enumerate(tracks):
        page.legend(legible(track.name, 20), series_ink(index))


_NINE = (
    ("efficiency",), ("power",), ("power", "hash_rate"),
    ("chip_temperature",), ("vr_temperature",), ("fan_speed",),
    ("chip_temperature", "efficiency"), ("voltage", "frequency"),
    ("chip_temperature", "power"),
)  # fmt: skip
"""A quantity over time, or the first against the second."""


def nine_panels(page: Page) -> None:
    """Draw quantities over time, and how they go together."""
    tracks = page.data.tracks
    for keys, box in zip(_NINE, tiled(9, 3, (62, 30, 6, 32)), strict=True):
        lines = [
            ([page.reading(track, key) for key in keys], series_ink(index))
            for index, track in enumerate(tracks)
        ]
        if len(keys) == 1:
            over_time = [(values, ink) for (values,), ink in lines]
            page.panel(box, page.quantity(keys[0]), over_time, most=5, ticks=4)
            continue
        title = page.word("against", y=page.quantity(keys[1]), x=page.quantity(keys[0]))
        pairs = [
            ([pair for pair in zip(*both, strict=True) if known(pair) == [*pair]], ink)
            for both, ink in lines
        ]
        if not any(some for some, _ in pairs):
            page.missing(box, title)
            continue
        x, y = (
            page.scale([pair[axis] for some, _ in pairs for pair in some], most)
            for axis, most in ((0, 5), (1, 4))
        )
        plot = page.titled(box, x, y, title)
        for some, ink in pairs:
            plot.points(some, ink, 2, 11)
    _name_lines(page, tracks)


MOST_NAMED = 12
"""Operating points that get their settings beside them."""


def operating_points(page: Page) -> None:
    """Draw the efficiency of each operating point against its hash rate."""
    tracks = [track for track in page.data.tracks if track.points]
    if not tracks:
        page.empty()
        return
    columns = math.ceil(math.sqrt(len(tracks)))
    inner = (62, 36, 16, 32)
    for track, box in zip(tracks, tiled(len(tracks), columns, inner), strict=True):
        _points_of(page, track, box, alone=len(page.data.tracks) == 1)
    page.legend(page.word("best_efficiency"), series_ink(2), "mark")
    page.legend(page.word("best_hash_rate"), series_ink(1), "mark")


def _points_of(page: Page, track: Track, box: Box, *, alone: bool) -> None:
    points = track.points
    scale = track.per_terahash
    x = page.scale(
        [at for one in points for at in _reach(one, scale)], 6 if alone else 4
    )
    y = page.scale([one.efficiency for one in points], 5)
    title = page.word(
        "against",
        y=page.quantity("efficiency"),
        x=f"{page.quantity('hash_rate', unit=False)} ({track.rate_unit})",
    )
    if not alone:
        title = f"{legible(track.name, 30)} (J/TH, {track.rate_unit})"
    plot = page.titled(box, x, y, title)
    canvas, longest = page.canvas, max(one.hours for one in points) or 1
    size, largest = (14, 7) if alone else (11, 4)
    taken: list[Box] = []
    ordered = sorted(points, key=lambda one: one.hours, reverse=True)
    for one in ordered:
        left, y_at = plot.place((_reach(one, scale)[0], one.efficiency))
        right, middle = (
            plot.x_of(at) for at in (_reach(one, scale)[1], one.rate * scale)
        )
        canvas.line([(left, y_at), (right, y_at)], series_ink(0), 1, 8)
        radius = 4 + largest * math.sqrt(one.hours / longest)
        canvas.dot((middle, y_at), radius, series_ink(0), 10)
        for best, ink in (("hash_rate", 1), ("efficiency", 2)):
            if best in one.best:
                canvas.diamond((middle, y_at), 3 + largest / 2, series_ink(ink))
        taken.append((middle - radius, y_at - radius, middle + radius, y_at + radius))
    for one, (left, top, right, bottom) in zip(
        ordered[:MOST_NAMED], [*taken], strict=False
    ):
        text = canvas.cut(legible(one.text, 30), size, 170)
        wide = canvas.text_width(text, size)
        begin = max(box[0], min((left + right - wide) / 2, box[2] - wide))
        for above in (top - size - 4, bottom + 2):
            place = (begin, above, begin + wide, above + size + 2)
            if not any(_overlap(place, other) for other in taken):
                canvas.text((begin, above), text, size)
                taken.append(place)
                break


def _reach(point: OperatingMark, scale: float) -> tuple[float, float]:
    """Return from where to where the rate of an operating point went, mostly."""
    return (
        (point.rate - point.deviation) * scale,
        (point.rate + point.deviation) * scale,
    )


def _overlap(one: Box, other: Box) -> bool:
    return (
        one[0] < other[2]
        and other[0] < one[2]
        and one[1] < other[3]
        and other[1] < one[3]
    )
