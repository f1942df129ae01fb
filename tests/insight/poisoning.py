"""A miner whose truth is known, and garbage in what it tells of it."""

import copyreg
from dataclasses import dataclass, field, replace
import math
from random import Random
from types import MappingProxyType
from typing import Any

from custom_components.miner_monitor.fleet import (
    FleetData,
    FleetMeters,
    FleetTotal,
    Member,
    aggregate,
)
from custom_components.miner_monitor.insight.model import (
    NOTHING_AROUND,
    DayRow,
    Environment,
    Insight,
    InsightOptions,
)
from custom_components.miner_monitor.insight.tracker import (
    MinerTracker,
)
from custom_components.miner_monitor.miners.model import (
    Alarm,
    Family,
    Limits,
    MinerIdentity,
    MinerSettings,
    MinerState,
    MinerStatus,
)
from custom_components.miner_monitor.miners.restarts import RestartDetector
from custom_components.miner_monitor.model import (
    MinerData,
    Moment,
)

copyreg.pickle(MappingProxyType, lambda view: (MappingProxyType, (dict(view),)))
"""A world can be copied, with the views in it."""

SETTINGS = MinerSettings(frequency=525.0, core_voltage=1.15)
WALL = 1_700_000_000.0
RATE, POWER, LIMIT = 1.2, 18.0, 40.0
DIFFICULTY, NETWORK, BEST = 1000.0, 1.2e14, 5e9
PACE = RATE * 1e12 / (DIFFICULTY * 2**32)
"""Shares a second."""

BOARD = MinerIdentity(
    family=Family.AXEOS,
    manufacturer="Bitaxe",
    model="Gamma 601",
    limits=Limits(
        chip_temperature=Alarm(warn=68, critical=72),
        power=Alarm(warn=LIMIT * 1.1, critical=LIMIT * 1.25),
    ),
)

NUMBERS = tuple(
    entry.name
    for entry in MinerState.__dataclass_fields__.values()
    if entry.type in (float | None, int | None)
)
"""The fields of a reply that hold one number each."""

ABSURD: tuple[Any, ...] = (
    math.nan,
    math.inf,
    -math.inf,
    -1,
    0,
    1e9,
    1e18,
    1e30,
    -1e18,
    10**300,
)


@dataclass(slots=True, kw_only=True)
class Poisoned:
    """Polls the miner; ``garbage`` replaces fields of one reply."""

    identity: MinerIdentity = BOARD
    options: InsightOptions | None = None
    around: Environment = NOTHING_AROUND
    interval: float = 15.0
    seed: int = 1
    now: float = 0.0
    booted: float = -86_400.0
    found: int = 1000
    counted_from: int | None = None
    settings: MinerSettings = SETTINGS
    tracker: MinerTracker = field(init=False)
    boots: RestartDetector = field(default_factory=RestartDetector)
    meters: FleetMeters = field(default_factory=FleetMeters)
    insight: Insight = field(default_factory=Insight)
    fleet: FleetData = field(default_factory=FleetData)
    reports: list[str] = field(default_factory=list)
    _chance: Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = Random(self.seed)
        self.tracker = MinerTracker(self.identity, self.options)
        self.tracker.resume({})
        self.meters.resume({})

    @property
    def true(self) -> MinerState:
        """What an honest reply says."""
        noise = self._chance.gauss(1, 0.05)
        return MinerState(
            status=MinerStatus.HASHING,
            hash_rate=RATE,
            hash_rate_now=RATE * noise,
            expected_hash_rate=RATE,
            power=POWER,
            chip_temperature=58.0 + noise,
            vr_temperature=61.0,
            input_voltage=5.1,
            hardware_error_rate=0.2,
            pool="pool.example:3333",
            pool_difficulty=DIFFICULTY,
            network_difficulty=NETWORK,
            shares_accepted=self.found,
            shares_rejected=3,
            best_difficulty=BEST,
            best_session_difficulty=BEST / 10,
            blocks_found=0,
            uptime=int(self.now - self.booted),
            settings=self.settings,
        )

    def poll(self, **garbage: Any) -> Insight:
        """Let an interval pass, in which shares come by chance, and look."""
        due = PACE * self.interval
        self.now += self.interval
        self.found += max(0, round(self._chance.gauss(due, math.sqrt(due))))
        return self.look(replace(self.true, **garbage))

    def look(self, state: MinerState) -> Insight:
        """Take a reply."""
        if self.counted_from is None:
            self.counted_from = self.found
        day = f"2026-{1 + int(self.now // 86_400) // 28:02}-"
        day += f"{1 + int(self.now // 86_400) % 28:02}"
        moment = Moment(wall=WALL + self.now, monotonic=100 + self.now, day=day)
        self.insight = self.tracker.observe(
            self.identity,
            state,
            moment,
            response_time=80.0,
            interval=self.interval,
            around=self.around,
            boot=self.boots.observe(state.uptime, moment.wall, moment.monotonic),
        )
        # What an alarm says of a reading is no record, and counts nothing.
        self.reports += [
            report.event_type
            for report in self.tracker.events
            if "problem" not in report.details
        ]
        data = MinerData(
            online=True,
            identity=self.identity,
            state=state,
            believed=self.tracker.believed,
            insight=self.insight,
        )
        self.meters.observe("a", data)
        self.fleet = aggregate([Member("a", data)])
        return self.insight

    def run(self, polls: int) -> None:
        """Poll honestly."""
        for _ in range(polls):
            self.poll()

    @property
    def days(self) -> tuple[DayRow, ...]:
        return self.tracker.days

    @property
    def truth(self) -> float:
        """The energy in kWh since the first poll."""
        return POWER * (self.now - self.interval) / 3.6e6

    @property
    def shares(self) -> int:
        """What was really found since the first poll."""
        return self.found - (self.counted_from or 0)


def assert_bounded(world: Poisoned) -> None:
    """Hold all that is stored, told or added up to what the board can do."""
    stored = world.tracker.dump(0)
    assert "inf" not in str(stored).lower()
    assert "nan" not in str(stored).lower()
    insight, fleet = world.insight, world.fleet
    top, most = POWER * 1.01, RATE * 1.5
    assert 0 <= _known(insight.energy) <= top * world.now / 3.6e6
    assert 0 < _known(insight.last_seen) <= WALL + world.now
    for day in world.days:
        _between(day.power, POWER * 0.9, top)
        _between(day.hash_rate, RATE * 0.8, most)
        _between(day.efficiency, POWER / RATE * 0.8, POWER / RATE * 1.2)
        _between(day.chip_temperature, -40, 70)
        _between(day.chip_temperature_max, 50, 70)
        assert day.best_difficulty is None or day.best_difficulty <= NETWORK * 1e3
    session = insight.stability.session
    if session is not None:
        _between(session.power_max, 0, top)
        _between(session.power_min, POWER * 0.9, top)
        _between(session.hash_rate_max, 0, most)
        _between(session.hash_rate_min, 0, most)
    for point in insight.tuning.points:
        _between(point.figures["power"].maximum, 0, top)
        _between(point.figures["hash_rate"].maximum, 0, most)
        if rejects := point.figures.get("reject_rate"):
            _between(rejects.maximum, 0, 1)
    _between(fleet.power.value, 0, top)
    _between(fleet.hash_rate.value, 0, most)
    _between(fleet.best_difficulty, 0, NETWORK * 1e3)
    _between(fleet.hottest_chip.value, -40, 70)
    _between(world.meters.totals[FleetTotal.ENERGY], 0, top * world.now / 3.6e6)


def chance_of(world: Poisoned) -> float:
    """By how much a count of shares may differ from what was found."""
    return 16 + 6 * math.sqrt(PACE * world.now)


def _known(value: float | None) -> float:
    assert value is not None
    return value


def _between(value: float | None, low: float, high: float) -> None:
    assert value is None or low <= value <= high
