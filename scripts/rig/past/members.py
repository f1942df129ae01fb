"""The integration's view of one miner in the past, without Home Assistant."""

from array import array
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from math import hypot, sqrt
from typing import Any
from zoneinfo import ZoneInfo

from custom_components.miner_monitor.control.model import ControlState
from custom_components.miner_monitor.control.throttle import throttle_method
from custom_components.miner_monitor.fleet import features_of
from custom_components.miner_monitor.insight.model import Insight, Stability
from custom_components.miner_monitor.insight.tracker import (
    BOOTED,
    MinerTracker,
)
from custom_components.miner_monitor.insight.windows import LEAST_SAMPLES
from custom_components.miner_monitor.miners.model import (
    ErrorKind,
    MinerIdentity,
    MinerReading,
    MinerState,
)
from custom_components.miner_monitor.miners.restarts import RestartDetector
from custom_components.miner_monitor.model import (
    MinerData,
    Moment,
)
from custom_components.miner_monitor.runtime.options import options_of

from .handover import Handover
from .house import Entity, Entry
from .shown import Track, miner_track

READINGS = (4, 12, 24)
"""How many polls stand for a window of 1, 5 and 10 minutes of live ones."""

UNPATIENT = 45.0
"""A miner is away when it has not answered for so long."""


class Calendar:
    """Makes moments of seconds; the day is looked up once an hour."""

    def __init__(self, zone: ZoneInfo) -> None:
        """Name days as in this zone."""
        self._zone = zone
        self._hour = -1
        self._day = ""

    def moment(self, now: float) -> Moment:
        """Return a moment; the monotonic clock began a year before the epoch."""
        hour = int(now // 900)
        if hour != self._hour:
            self._hour = hour
            self._day = datetime.fromtimestamp(now, self._zone).date().isoformat()
        return Moment(wall=now, monotonic=now, day=self._day)


class Spread:
    """How far the rate strays, of polls that are too seldom for the windows.

    Noise of neighbouring polls is as independent here as within minutes. Where a rate
    is expected, it is the distance from it, so that a change of settings is no noise.
    """

    def __init__(self) -> None:
        """Start without a reading."""
        self._parts: deque[float] = deque(maxlen=READINGS[-1])
        self._base = 1.0

    def fill(
        self, stability: Stability, state: MinerState, expected: float | None
    ) -> Stability:
        """Return the figures with what is missing for want of polls."""
        rate = state.hash_rate_now
        if not state.hashing or not rate:
            self._parts.clear()
            return stability
        base = expected or self._usual(rate)
        self._parts.append(rate / base - 1)
        if len(self._parts) < LEAST_SAMPLES:
            return stability
        parts = list(self._parts)
        spreads = [_deviation(parts[-count:]) for count in READINGS]
        one, five, ten = (
            base * spread if known is None else known
            for known, spread in zip(stability.deviations, spreads, strict=True)
        )
        score = stability.score
        if score is None:
            loss = min(0.0, sum(parts) / len(parts)) if expected else 0.0
            score = max(0.0, 100 - 200 * hypot(spreads[-1], loss))
        return replace(stability, deviations=(one, five, ten), score=score)

    def _usual(self, rate: float) -> float:
        """Return the rate that was first seen, where none is expected."""
        if not self._parts:
            self._base = rate
        return self._base


def _deviation(values: list[float]) -> float:
    mean = sum(values) / len(values)
    return sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))


class PastMember:
    """One entry: its tracker, and what its entities showed."""

    def __init__(
        self,
        entry: Entry,
        identity: MinerIdentity,
        entities: list[Entity],
        handover: Handover,
    ) -> None:
        """Begin with nothing known."""
        self.entry = entry
        options = options_of(entry.options, identity.hash_rate_unit)
        self.tracker = MinerTracker(identity, options.insight)
        self.tracker.resume({})
        self.features = features_of(identity)
        self.times = array("d")
        tracks = (miner_track(entity, identity) for entity in entities)
        self.tracks: list[Track] = [track for track in tracks if track is not None]
        self.data = MinerData(online=None, identity=identity)
        self._control = ControlState(
            saving_power=None if throttle_method(identity) is None else False,
            derated=None if identity.limits.derating is None else False,
        )
        self._handover = handover
        self._spread = Spread()
        self._missed_since: float | None = None
        self._boots = RestartDetector()

    def observe(
        self, reading: MinerReading, moment: Moment, interval: float, response: float
    ) -> None:
        """Take an answer that took ``response`` ms."""
        state = self._handover.apply(reading.state, moment.wall)
        boot = self._boots.observe(state.uptime, moment.wall, moment.monotonic)
        insight = self.tracker.observe(
            reading.identity,
            state,
            moment,
            boot=boot,
            response_time=response,
            interval=interval,
        )
        stability = self._spread.fill(
            insight.stability, state, insight.baseline.expected
        )
        self._missed_since = None
        self._show(
            moment,
            MinerData(
                online=True,
                identity=reading.identity,
                state=state,
                believed=self.tracker.believed,
                insight=replace(insight, stability=stability),
                control=self._control,
            ),
        )

    def miss(self, moment: Moment, interval: float) -> None:
        """Take that there is no answer."""
        away = interval >= UNPATIENT or self._missed_since is not None
        insight: Insight = self.tracker.failed(ErrorKind.TIMEOUT, moment, away=away)
        self._missed_since = moment.wall
        if away:
            self._show(
                moment,
                MinerData(online=False, identity=self.data.identity, insight=insight),
            )

    def _show(self, moment: Moment, data: MinerData) -> None:
        self.data = data
        self.times.append(moment.wall)
        there = data.online is True
        for track in self.tracks:
            track.see(data, there=there)

    def dump(self, now: float) -> Mapping[str, Any]:
        """Return what the integration goes on from."""
        return {**self.tracker.dump(now), BOOTED: self._boots.dump()}
