"""A simulated week of one miner, its poller, and what an ideal observer knows.

The miner is the simulator's, without a network: its replies go through our parsers
into a tracker. The poller does as Home Assistant does: it loses answers, calls a
miner away after a while, and is restarted with what it has stored.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
import json
from random import Random
from typing import Any, override

from custom_components.miner_monitor.insight.model import (
    DayRow,
    Insight,
    Total,
)
from custom_components.miner_monitor.insight.tracker import (
    BOOTED,
    MinerTracker,
)
from custom_components.miner_monitor.miners.avalon.memory import (
    DeviceMemory as AvalonMemory,
)
from custom_components.miner_monitor.miners.avalon.poll import Poll
from custom_components.miner_monitor.miners.avalon.reply import parse_reply
from custom_components.miner_monitor.miners.axeos.memory import (
    DeviceMemory as AxeosMemory,
)
from custom_components.miner_monitor.miners.axeos.reply import check_info, parse_object
from custom_components.miner_monitor.miners.model import ErrorKind, MinerReading
from custom_components.miner_monitor.miners.restarts import RestartDetector
from custom_components.miner_monitor.model import Moment
from simulator import ManualClock, MinerSpec
from simulator.avalon.api import Api
from simulator.avalon.device import Device as AvalonDevice
from simulator.avalon.readings import Readings as AvalonReadings
from simulator.axeos.device import Device as AxeosDevice
from simulator.axeos.nerdos import device_of
from simulator.axeos.readings import Readings as AxeosReadings
from simulator.axeos.replies import Replies

FINE = 10.0
"""Seconds between two looks at the power that a device reports."""

AWAY_POLLS, AWAY_SECONDS, AWAY_INTERVAL = 3, 45.0, 60.0
JOULES_PER_KWH = 3.6e6


class Miner(ABC):
    """One simulated device, and our parser of what it says."""

    device: AxeosDevice | AvalonDevice

    @abstractmethod
    def read(self) -> MinerReading:
        """Ask it, and read the answer."""

    @property
    @abstractmethod
    def power(self) -> float:
        """What it reports, in W."""

    @abstractmethod
    def rest(self) -> None:
        """Stop hashing by command."""

    @abstractmethod
    def wake(self) -> None:
        """Go on hashing by command."""


class Axeos(Miner):
    """A Gamma that pauses, or a NerdQaxe that is shut down and restarted."""

    device: AxeosDevice

    def __init__(self, spec: MinerSpec, clock: ManualClock) -> None:
        self.device = device_of(spec, clock)
        self._replies = Replies(self.device)
        self._readings = AxeosReadings(self.device)
        self._memory = AxeosMemory(clock.now)

    @override
    def read(self) -> MinerReading:
        info = parse_object(self._replies.info_bytes())
        check_info(info)
        if self._memory.notice(info):
            self._memory.take_presets(self._replies.asic())
        return self._memory.read(info)

    @property
    @override
    def power(self) -> float:
        return self._readings.power

    @override
    def rest(self) -> None:
        if self.device.can_pause:
            self.device.pause()
        else:
            self.device.shut_down()

    @override
    def wake(self) -> None:
        if self.device.can_pause:
            self.device.resume()
        else:
            self.device.reboot()


class Avalon(Miner):
    """An Avalon with its soft off and on."""

    device: AvalonDevice

    def __init__(self, spec: MinerSpec, clock: ManualClock) -> None:
        self.device = AvalonDevice(spec, clock)
        self._api = Api(self.device)
        self._readings = AvalonReadings(self.device)
        self._memory = AvalonMemory(clock.now)

    @override
    def read(self) -> MinerReading:
        reply = parse_reply(self._ask("summary+estats+pools"))
        poll = Poll(
            summary=reply.row("SUMMARY"),
            stats=reply.rows("STATS"),
            pools=reply.rows("POOLS"),
            when=reply.when,
        )
        if self._memory.notice(poll).version:
            version = parse_reply(self._ask("version"))
            self._memory.take_version(version.row("VERSION"))
        return self._memory.read(poll)

    def _ask(self, command: str) -> bytes:
        return self._api.answer(json.dumps({"command": command}).encode()).body

    @property
    @override
    def power(self) -> float:
        return self._readings.supply[-1]

    @override
    def rest(self) -> None:
        self.device.rest()

    @override
    def wake(self) -> None:
        self.device.wake()


@dataclass(slots=True)
class Sight:
    """What a good poll saw of the truth."""

    boot: int
    uptime: int
    accepted: int
    rejected: int
    run: int


@dataclass(slots=True)
class Ideal:
    """What can be known by whoever sees the same polls and knows each boot."""

    joules: float = 0.0
    restarts: int = 0
    accepted: int = 0
    rejected: int = 0
    uptime: int = 0
    times_offline: int = 0
    gaps: int = 0
    last: Sight | None = None

    def see(self, sight: Sight) -> None:
        """Take what a good poll saw."""
        before, self.last = self.last, sight
        if before is None:
            self.uptime = sight.uptime
            return
        same = before.boot == sight.boot
        self.restarts += not same and before.run == sight.run
        self.uptime += sight.uptime - before.uptime * same
        self.accepted += sight.accepted - before.accepted * same
        self.rejected += sight.rejected - before.rejected * same


type Event = tuple[float, Callable[[], None]]


@dataclass(slots=True)
class World:
    """The miner, the poller and the truth, as time passes."""

    miner: Miner
    clock: ManualClock
    chance: Random
    ideal: Ideal = field(default_factory=Ideal)
    reachable: bool = True
    interval: float = 15.0
    clock_error: float = 0.0
    insight: Insight = field(default_factory=Insight)
    tracker: MinerTracker | None = None
    boots: RestartDetector = field(default_factory=RestartDetector)
    _run: int = 0
    _began: float = 0.0
    _stored: str = ""
    _failed: int = 0
    _failing_since: float = 0.0
    _online: bool | None = None
    _seen_at: float | None = None
    _seen_interval: float = 0.0
    _last_energy: float = 0.0
    _next_poll: float = 0.0
    _events: list[Event] = field(default_factory=list)

    @property
    def visible(self) -> bool:
        """Whether a poll would get an answer."""
        return self.reachable and self.miner.device.serving

    @property
    def days(self) -> tuple[DayRow, ...]:
        assert self.tracker is not None
        return self.tracker.days

    def moment(self) -> Moment:
        now = self.clock.now()
        wall = now + self.clock_error
        day = datetime.fromtimestamp(wall, UTC).date().isoformat()
        return Moment(wall=wall, monotonic=now - self._began, day=day)

    def run(self, seconds: float, events: Iterable[Event]) -> None:
        """Let time pass; events come at seconds from now."""
        now = self.clock.now()
        self._events = [(now + at, act) for at, act in events]
        self._events.sort(key=lambda event: event[0])
        self.start()
        end = now + seconds
        while self.clock.now() < end:
            due = self._events[0][0] if self._events else end
            self._pass(min(due, self._next_poll, end) - self.clock.now())
            if self._events and self._events[0][0] <= self.clock.now():
                self._events.pop(0)[1]()
            elif self.tracker is not None and self._next_poll <= self.clock.now():
                self._poll(self.tracker)
            elif self.tracker is None:
                self._next_poll = due

    def _pass(self, seconds: float) -> None:
        """Let time pass, and see what the device reports meanwhile."""
        device = self.miner.device
        while seconds > 0:
            step = min(seconds, FINE)
            self.clock.advance(step)
            device.sync()
            if self.tracker is not None and self.visible:
                self.ideal.joules += self.miner.power * step
            seconds -= step

    # Home Assistant.

    def start(self) -> None:
        """Start with what was stored; the monotonic clock begins anew."""
        self._run += 1
        self._began = self.clock.now() - self.chance.uniform(10, 1e5)
        self._failed, self._online, self._seen_at = 0, None, None
        self.tracker, self.boots = (
            MinerTracker(self.miner.read().identity),
            RestartDetector(),
        )
        if self._stored:
            stored = json.loads(self._stored)
            assert self.tracker.load(stored, self.moment().wall)
            self.boots.load(stored[BOOTED])
            published = {Total.ENERGY: self.insight.energy}
            known = {name: x for name, x in published.items() if x is not None}
            self.tracker.resume(known)
        else:
            self.tracker.resume({})
        self._next_poll = self.clock.now()

    def stop(self) -> None:
        """Store everything and be gone."""
        assert self.tracker is not None
        stored = self.tracker.dump(self.moment().wall)
        stored[BOOTED] = self.boots.dump()
        self._stored = json.dumps(stored, allow_nan=False)
        assert len(self._stored) <= 64 * 1024
        self.tracker = None

    def _poll(self, tracker: MinerTracker) -> None:
        """Ask once; an answer takes a while, and one in a hundred is lost."""
        late = 0.05 + 3 * self.chance.random() ** 4
        self._pass(late / 2)
        lost = self.chance.random() < 0.01
        if not self.visible or lost:
            self._fail(tracker)
            return
        device, reading = self.miner.device, self.miner.read()
        shares = device.shares.session
        sight = Sight(
            boot=device.restarts,
            uptime=reading.state.uptime or 0,
            accepted=shares.accepted,
            rejected=shares.rejected,
            run=self._run,
        )
        self._pass(late / 2)
        self._failed, self._online = 0, True
        moment = self.moment()
        self.insight = tracker.observe(
            reading.identity,
            reading.state,
            moment,
            response_time=late * 1e3,
            interval=self.interval,
            boot=self.boots.observe(
                reading.state.uptime, moment.wall, moment.monotonic
            ),
        )
        self.ideal.see(sight)
        self._check_gap()
        self._next_poll = self.clock.now() + self.interval

    def _check_gap(self) -> None:
        """Hold it to this: a gap adds nothing, and nothing ever falls."""
        now, energy = self.clock.now(), self.insight.energy
        assert energy is not None
        assert energy >= self._last_energy
        longest = 4 * max(self.interval, self._seen_interval)
        if self._seen_at is None or now - self._seen_at > longest:
            self.ideal.gaps += 1
            assert energy == self._last_energy
        self._last_energy = energy
        self._seen_at, self._seen_interval = now, self.interval

    def _fail(self, tracker: MinerTracker) -> None:
        """Call the miner away after three failed polls and 45 s."""
        now = self.clock.now()
        if not self._failed:
            self._failing_since = now
        self._failed += 1
        patient = self._failed < AWAY_POLLS or now - self._failing_since < AWAY_SECONDS
        away = self._online is False or not patient
        self.ideal.times_offline += away and self._online is True
        if away:
            self._online = False
        self.insight = tracker.failed(ErrorKind.TIMEOUT, self.moment(), away=away)
        assert self.insight.energy == self._last_energy
        pause = max(self.interval, AWAY_INTERVAL) if away else self.interval
        self._next_poll = now + pause

    # What happens.

    def outage(self, at: float, seconds: float) -> list[Event]:
        """Lose the network for a while."""

        def end() -> None:
            self.reachable = True

        def begin() -> None:
            self.reachable = False

        return [(at, begin), (at + seconds, end)]

    def power_cut(self, at: float, seconds: float) -> list[Event]:
        device = self.miner.device
        return [(at, device.power_off), (at + seconds, device.power_on)]

    def reboot(self, at: float) -> list[Event]:
        return [(at, self.miner.device.reboot)]

    def rest(self, at: float, seconds: float) -> list[Event]:
        return [(at, self.miner.rest), (at + seconds, self.miner.wake)]

    def restart_of_ours(self, at: float, seconds: float) -> list[Event]:
        return [(at, self.stop), (at + seconds, self.start)]

    def poll_every(self, at: float, interval: float) -> list[Event]:
        def change() -> None:
            self.interval = interval

        return [(at, change)]

    def wrong_clock(self, at: float, seconds: float, error: float) -> list[Event]:
        """Let the wall clock be wrong for a while."""

        def set_to(value: float) -> Callable[[], None]:
            def act() -> None:
                self.clock_error = value

            return act

        return [(at, set_to(error)), (at + seconds, set_to(0.0))]


def make_world(kind: type[Axeos | Avalon], seed: int, **spec: Any) -> World:
    """Return a world with one miner in it, at the begin of a day."""
    clock = ManualClock(1_800_057_600.0)
    miner = kind(MinerSpec(name="miner", seed=seed, **spec), clock)
    return World(miner=miner, clock=clock, chance=Random(seed))
