"""Statistics of what was measured; pure functions on plain numbers."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import ceil
from statistics import median

type Reply = tuple[int, float]
"""The port of a miner and the moment at which it sent a reply."""


def percentile(values: Iterable[float], percent: float) -> float:
    """Return the smallest value that at least this part of the values reaches."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    return ordered[max(ceil(len(ordered) * percent / 100), 1) - 1]


def median_ratio(ours: Sequence[float], baseline: Sequence[float]) -> float:
    """Return the median of the ratios of values that were measured together."""
    return median(mine / limit for mine, limit in zip(ours, baseline, strict=True))


def by_port(
    replies: Iterable[Reply], start: float, end: float
) -> dict[int, list[float]]:
    """Return each miner's replies within a window, in order of time."""
    times: dict[int, list[float]] = defaultdict(list)
    for port, moment in sorted(replies, key=lambda reply: reply[1]):
        if start <= moment < end:
            times[port].append(moment)
    return dict(times)


def ages(times: Mapping[int, Sequence[float]], ports: Iterable[int]) -> list[float]:
    """Return how old each reply had become when the next one replaced it."""
    return [
        later - earlier
        for port in ports
        for earlier, later in pairwise(times.get(port, ()))
    ]


def write_delays(
    times: Mapping[int, Sequence[float]], writes: Iterable[Reply]
) -> list[float]:
    """Return the seconds from each reply to the last state that was written for it.

    A write belongs to the latest reply before it. Writes before a miner's first
    reply of the window belong to none.
    """
    last: dict[tuple[int, int], float] = {}
    for port, moment in writes:
        replies = times.get(port, ())
        index = bisect_right(replies, moment) - 1
        if index >= 0:
            delay = moment - replies[index]
            last[port, index] = max(delay, last.get((port, index), 0.0))
    return list(last.values())


def per_poll(seconds: float, polls: int) -> float:
    """Return milliseconds per poll."""
    if polls <= 0:
        raise ValueError("no polls")
    return seconds / polls * 1e3
