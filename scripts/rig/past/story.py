"""What happened to whom in the last two weeks, and how closely we looked.

All times are seconds since the epoch. Everything is over more than a day before the
end, so that the present begins as if nothing had been.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from simulator import MinerSpec
from simulator.avalon.settings import FILTER_SECONDS
from simulator.axeos.boards import Board

from .sources import AvalonSource, AxeosSource, Source, chance_of

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0

LEAST_DAYS = 4
"""With fewer the events would fall into each other."""

QUIET = 1.3 * DAY
"""Nothing happens in this time before the end, but the power cut."""

RECENT = 2 * DAY
USUAL, OFTEN, CLOSE = 900.0, 300.0, 150.0
"""Seconds between two polls: long ago, in the last days, and where the tuning map is
to make blocks of them."""

LOOK, GLANCE = 5 * HOUR, 1.5 * HOUR
"""For how long it is looked closely after a change: a mode differs more."""

DUST_PER_DAY = 0.006
CUT_SECONDS = 240.0
NAP, NAP_AFTER_BOOT = 8 * HOUR, 0.82
"""A miner that is asleep in the end slept so long each day; see the simulator."""

type Event = tuple[float, Callable[[], None]]


class Window(NamedTuple):
    """A time in which a miner is looked at more closely."""

    begin: float
    end: float
    interval: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The frame: ``began`` is when the simulated miners of the present began."""

    begin: float
    began: float
    end: float

    @property
    def quiet(self) -> float:
        """From when on nothing happens any more."""
        return self.end - QUIET

    def ago(self, part: float) -> float:
        """Return a moment by the part of the time before it is quiet, from its end."""
        return self.quiet - part * (self.quiet - self.begin)


@dataclass(slots=True, kw_only=True)
class Story:
    """The events of one miner, and how often it is polled."""

    usual: float
    recent: float
    recent_from: float
    events: list[Event] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)

    def pause(self, now: float) -> float:
        """Return the seconds to the next poll; one is at the begin of a window."""
        least = self.recent if now >= self.recent_from else self.usual
        for begin, end, interval in self.windows:
            if begin <= now < end:
                least = min(least, interval)
            elif now < begin:
                least = min(least, begin - now)
        return least

    def change(self, at: float, act: Callable[[], None], look: float) -> None:
        """Change settings, and look closely for a while at what comes of it."""
        self.events.append((at, act))
        self.windows.append(Window(at, at + look, CLOSE))

    def due(self, now: float) -> Iterable[Event]:
        """Take out the events up to a moment, in their order."""
        while self.events and self.events[0][0] <= now:
            yield self.events.pop(0)


class Cast(NamedTuple):
    """Which miners have a part, by name."""

    tuned: frozenset[str]
    overheated: str | None
    away: str | None
    switched: frozenset[str]


def cast(sources: dict[str, Source]) -> Cast:
    """Give out the parts; with few miners one has several, a single one is well."""
    boards = {k: s for k, s in sources.items() if isinstance(s, AxeosSource)}
    exact = [name for name, one in boards.items() if one.device.reads_registers]
    tuned = exact[:2] or list(boards)[:2]
    others = [name for name in boards if name not in tuned]
    locking = [
        name
        for name in others
        if boards[name].device.stock and not boards[name].device.reads_registers
    ]
    rest = list(sources) if len(sources) > 1 else []
    hot = (locking or others or [name for name in rest if name in boards])[:1]
    away = [name for name in others if name not in hot][-1:] or rest[-1:]
    modes = [
        name
        for name, one in sources.items()
        if isinstance(one, AvalonSource)
        and _switches(one)
        and not one.device.spec.standby
    ]
    best = sorted(modes, key=lambda name: sources[name].device.spec.model != "avalon_q")
    return Cast(
        tuned=frozenset(tuned),
        overheated=hot[0] if hot else None,
        away=away[0] if away else None,
        switched=frozenset(best[:1]),
    )


def _switches(source: AvalonSource) -> bool:
    model = source.device.model
    return len(model.modes) > 1 and not model.modes_need_reboot


def write_story(spec: MinerSpec, source: Source, parts: Cast, times: Times) -> Story:
    """Tell what happened to one miner."""
    name = spec.name
    story = Story(usual=USUAL, recent=OFTEN, recent_from=times.end - RECENT)
    if isinstance(source, AxeosSource):
        if name in parts.tuned:
            _tune(story, source, times)
        if name == parts.overheated:
            _overheat(story, source, times)
    if isinstance(source, AvalonSource):
        if name in parts.switched:
            _switch_modes(story, source, times)
        if spec.standby:
            _nap(story, spec, source, times)
        cleaned = times.began - FILTER_SECONDS
        if cleaned > times.begin:
            story.events.append((cleaned, source.clean_filter))
    _collect_dust(story, source, times)
    if name == parts.away:
        _go_away(story, source, times)
    _cut_power(story, spec, source, times)
    story.events.sort(key=lambda event: event[0])
    return story


def _tune(story: Story, source: AxeosSource, times: Times) -> None:
    """Try a dozen operating points, and end at the one it has now."""
    spec, board = source.device.spec, source.device.board
    usual = spec.frequency or board.default_mhz, spec.core_voltage or board.default_mv
    points = operating_points(board, *usual)
    chance = chance_of(spec, "tuning")
    at = times.begin + chance.uniform(8, 14) * HOUR
    last = usual
    while at < times.quiet - 6 * HOUR:
        for point in chance.sample(points, len(points)):
            if point != last and at < times.quiet - 6 * HOUR:
                story.change(at, partial(source.set_points, *point), LOOK)
                last = point
                at += chance.uniform(8, 13) * HOUR
    story.change(times.quiet, partial(source.set_points, *usual), LOOK)


def operating_points(board: Board, mhz: float, mv: int) -> list[tuple[float, int]]:
    """Return points around the usual one that the board endures."""
    lowest, highest = board.regulator_mv
    steps = (
        *((0, 0), (0, -25), (0, 30)),
        *((-0.07, -50), (-0.07, -20)),
        *((-0.14, -90), (-0.14, -60)),
        *((0.05, 0), (0.05, 25)),
        *((0.1, 25), (0.13, 50)),
    )
    return [
        (
            5 * round(mhz * (1 + faster) / 5) if faster else mhz,
            max(lowest, min(highest, mv + more)),
        )
        for faster, more in steps
    ]


def _switch_modes(story: Story, source: AvalonSource, times: Times) -> None:
    """Go through the work modes, each time for a quarter of a day or so."""
    spec, model = source.device.spec, source.device.model
    usual = model.default_mode if spec.work_mode is None else spec.work_mode
    chance = chance_of(spec, "modes")
    at, mode = times.begin + chance.uniform(5, 9) * HOUR, usual
    while at < times.quiet - 6 * HOUR:
        mode = (mode + 1) % len(model.modes)
        story.change(at, partial(source.set_mode, mode), GLANCE)
        at += chance.uniform(4, 7) * HOUR
    story.change(times.quiet, partial(source.set_mode, usual), GLANCE)


def _overheat(story: Story, source: AxeosSource, times: Times) -> None:
    """Cover the miner step by step until it gives up; free it after some hours."""
    at = times.ago(0.45)
    story.events += [
        (at, lambda: source.warm_up(1.5)),
        (at + 30 * MINUTE, lambda: source.warm_up(1.8)),
        (at + 60 * MINUTE, lambda: source.warm_up(1.95)),
        (at + 100 * MINUTE, lambda: source.warm_up(2.6)),
        (at + 130 * MINUTE, lambda: source.warm_up(1.2)),
        (at + 5 * HOUR, source.recover),
    ]
    story.windows.append(Window(at - HOUR, at + 3 * HOUR, MINUTE))


def _go_away(story: Story, source: Source, times: Times) -> None:
    """Have no power for a morning."""
    at = times.ago(0.2)
    story.events += [
        (at, source.device.power_off),
        (at + 3.6 * HOUR, source.device.power_on),
    ]


def _nap(story: Story, spec: MinerSpec, source: AvalonSource, times: Times) -> None:
    """Sleep at the same time of each day; the last nap still lasts."""
    at = times.began - (1 - NAP_AFTER_BOOT) * spec.uptime
    story.events.append((at, source.device.rest))
    while (at := at - DAY) > times.begin:
        story.events += [(at, source.device.rest), (at + NAP, source.device.wake)]


def _collect_dust(story: Story, source: Source, times: Times) -> None:
    """Get warmer from day to day, until somebody cleans."""
    at, dust = times.begin + DAY, 1.0
    covered = [window for window in story.windows if window.interval == MINUTE]
    while at < times.quiet - DAY:
        dust += DUST_PER_DAY
        if not any(abs(at - window.begin) < 8 * HOUR for window in covered):
            story.events.append((at, partial(source.warm_up, dust)))
        at += DAY
    story.events.append((times.quiet - DAY / 2, source.cool_down))


def _cut_power(story: Story, spec: MinerSpec, source: Source, times: Times) -> None:
    """Start the session that the simulated miner of the present is in."""
    booted = times.began - spec.uptime
    if booted - CUT_SECONDS > times.begin:
        story.events += [
            (booted - CUT_SECONDS, source.device.power_off),
            (booted, source.device.power_on),
        ]
        story.windows.append(Window(booted - HOUR / 4, booted + HOUR / 4, MINUTE))
