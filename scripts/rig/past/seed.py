"""Two weeks that never were, in front of the first minutes of a Home Assistant."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
import heapq
from pathlib import Path
from random import Random
import time
from typing import Any

from custom_components.miner_monitor.const import FLEET
from custom_components.miner_monitor.miners.model import MinerState
from custom_components.miner_monitor.runtime.insight import packed
from simulator import ManualClock, MinerSpec
from simulator.stepping import hasty

from ..farm import FarmMiner
from .fleet import EVERY, PastFleet
from .handover import Handover
from .house import Entity, Entry, House
from .members import Calendar, PastMember
from .recorder import RecorderBook, Written
from .sources import Source, chance_of, make_source
from .story import (
    CLOSE,
    DAY,
    HOUR,
    LEAST_DAYS,
    NAP_AFTER_BOOT,
    Story,
    Times,
    cast,
    write_story,
)

STEP = 150.0
"""Seconds that the simulated physics goes on at once."""

COUNTED: Mapping[str, Callable[[float], float]] = {
    **dict.fromkeys(("shares_accepted", "shares_rejected", "shares_stale"), int),
    **dict.fromkeys(("solutions_good", "solutions_total"), int),
    **dict.fromkeys(("best_difficulty", "best_session_difficulty"), float),
}
"""Counters that must not fall; their last state is known if there was any."""

BEFORE = 60 * HOUR
"""The uptime of the miners as their past begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """What was made: how many miners, rows of each kind, and seconds it took."""

    miners: int
    rows: Written
    seconds: float


@dataclass(slots=True)
class _Actor:
    """One device of the past, its story, and the entries that watch it."""

    clock: ManualClock
    source: Source
    story: Story
    members: list[PastMember]
    response: Random
    pause: float = CLOSE

    def live_until(self, now: float) -> None:
        """Let time pass, and happen what falls into it."""
        for at, act in self.story.due(now):
            self.clock.advance(max(0.0, at - self.clock.now()))
            self.source.sync()
            act()
        self.clock.advance(max(0.0, now - self.clock.now()))
        self.source.sync()


def seed_past(
    directory: Path,
    miners: Sequence[FarmMiner],
    *,
    days: float = 14,
    end: float | None = None,
) -> Seeded:
    """Give a Home Assistant that does not run a past of so many days until ``end``.

    ``directory`` is its configuration; it must have been started once and have the
    miners. What it recorded of them meanwhile is replaced, so that all goes on without
    a jump when it starts again while the same simulated miners still run. Entities
    that are enabled get states, statistics and what the integration itself stores.
    """
    if days < LEAST_DAYS:
        raise ValueError(f"A past has {LEAST_DAYS} days at the least")
    began = time.monotonic()
    now = time.time() if end is None else end
    house = House(directory)
    book = RecorderBook(house.database, now)
    done = False
    try:
        first = book.first_run()
        times = Times(begin=now - days * DAY, began=min(now, first or now), end=now)
        known = {
            entity.entity_id: number
            for entity in house.entities
            if entity.key in COUNTED
            and (number := book.last_number(entity)) is not None
        }
        with hasty(STEP):
            actors, fleet = _perform(house, miners, times, known)
        _write(house, book, actors, fleet, times)
        done = True
    finally:
        book.close(commit=done)
    return Seeded(
        miners=sum(len(actor.members) for actor in actors),
        rows=book.written,
        seconds=time.monotonic() - began,
    )


def _perform(
    house: House,
    miners: Sequence[FarmMiner],
    times: Times,
    known: Mapping[str, float],
) -> tuple[list[_Actor], PastFleet]:
    """Let all of the past happen, for all miners at the same time."""
    actors = _actors(house, miners, times, known)
    members = [member for actor in actors for member in actor.members]
    entities = [
        entity
        for entry in house.entries
        if entry.is_fleet
        for entity in house.entities_of(entry)
    ]
    fleet = PastFleet(entities, members)
    calendar = Calendar(house.time_zone)
    queue = [(times.begin + 7 * place, place) for place, _ in enumerate(actors)]
    heapq.heapify(queue)
    look_at = times.begin + EVERY
    while queue and queue[0][0] < times.end:
        at, place = queue[0]
        if look_at <= at:
            fleet.look(look_at)
            look_at += EVERY
            continue
        actor = actors[place]
        _poll(actor, fleet, calendar, at)
        actor.pause = actor.story.pause(at)
        heapq.heapreplace(queue, (at + actor.pause, place))
    return actors, fleet


def _poll(actor: _Actor, fleet: PastFleet, calendar: Calendar, at: float) -> None:
    """Ask a device; the pause before counts as the interval between polls."""
    actor.live_until(at)
    moment = calendar.moment(at)
    readings = actor.source.read() if actor.source.serving else {}
    response = actor.response.lognormvariate(3.4, 0.3)
    for member in actor.members:
        reading = readings.get(member.entry.unit)
        if reading is None:
            member.miss(moment, actor.pause)
        else:
            member.observe(reading, moment, actor.pause, response)
        fleet.count(member)


def _actors(
    house: House,
    miners: Sequence[FarmMiner],
    times: Times,
    known: Mapping[str, float],
) -> list[_Actor]:
    by_port: dict[int | None, list[Entry]] = {}
    for entry in house.entries:
        if not entry.is_fleet:
            by_port.setdefault(entry.port, []).append(entry)
    specs = {miner.name: spec_of(miner) for miner in miners if miner.port in by_port}
    clocks = {name: ManualClock(times.begin) for name in specs}
    sources = {
        name: make_source(_before(spec, times), clocks[name])
        for name, spec in specs.items()
    }
    parts = cast(sources)
    return [
        _Actor(
            clocks[miner.name],
            sources[miner.name],
            write_story(specs[miner.name], sources[miner.name], parts, times),
            _members(house, by_port[miner.port], specs[miner.name], times, known),
            chance_of(specs[miner.name], "response"),
        )
        for miner in miners
        if miner.name in specs
    ]


def spec_of(miner: FarmMiner) -> MinerSpec:
    """Return what the simulator makes of a miner of the farm."""
    spec = MinerSpec(
        name=miner.name,
        model=miner.model,
        firmware=miner.firmware,
        port=miner.port,
        hostname=miner.hostname,
        standby=miner.standby,
        cards=miner.cards,
    )
    return spec if miner.uptime is None else replace(spec, uptime=miner.uptime)


def _before(spec: MinerSpec, times: Times) -> MinerSpec:
    """Return the miner as its past begins: awake, and up for a while."""
    booted = times.began - spec.uptime
    uptime = times.begin - booted if booted < times.begin else BEFORE
    return replace(spec, uptime=max(HOUR, uptime), standby=False)


def _members(
    house: House,
    entries: Sequence[Entry],
    spec: MinerSpec,
    times: Times,
    known: Mapping[str, float],
) -> list[PastMember]:
    """Return who watches a device, with what it tells in the present."""
    present = make_source(spec, ManualClock(times.began)).read()
    booted = times.began - spec.uptime
    worked = times.end
    if spec.standby:
        worked = times.began - spec.uptime * (1 - NAP_AFTER_BOOT)
    members = []
    for entry in entries:
        reading, entities = present[entry.unit], house.entities_of(entry)
        counted = _counted(reading.state, entities, known)
        chance = chance_of(spec, f"handover/{entry.unit}")
        handover = Handover(counted, times.begin, booted, worked, chance)
        members.append(PastMember(entry, reading.identity, entities, handover))
    return members


def _counted(
    state: MinerState, entities: Sequence[Entity], known: Mapping[str, float]
) -> MinerState:
    """Return the state with the counters that were recorded last, where they were."""
    changes: dict[str, Any] = {
        entity.key: COUNTED[entity.key](known[entity.entity_id])
        for entity in entities
        if entity.entity_id in known
    }
    return replace(state, **changes)


def _write(
    house: House,
    book: RecorderBook,
    actors: Sequence[_Actor],
    fleet: PastFleet,
    times: Times,
) -> None:
    """Write the recorder's rows, and what the integration stores."""
    members = [member for actor in actors for member in actor.members]
    tracks = [track for member in members for track in member.tracks]
    book.prepare([track.entity for track in (*tracks, *fleet.tracks)])
    for member in members:
        book.write(member.times, member.tracks)
        data = dict(member.dump(times.end))
        house.write(f"insight.{member.entry.entry_id}", packed(data))
    book.write(fleet.times, fleet.tracks)
    book.note_runs(times.begin)
    if any(entry.is_fleet for entry in house.entries):
        house.write(FLEET, dict(fleet.dump(times.end)))
