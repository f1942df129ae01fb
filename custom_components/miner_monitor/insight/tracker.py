"""One miner's insight."""

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import Any

from ..miners.codec import (
    Amount,
    Count,
    Stored,
    dump,
    load_or,
)
from ..miners.events import (
    EventType,
    MinerEvent,
    Moment,
)
from ..miners.model import (
    ErrorKind,
    HashRateUnit,
    MinerIdentity,
    MinerState,
)
from ..miners.restarts import (
    UNTOLD,
    RestartVerdict,
)
from .days import DayBook
from .finding_log import FindingLog
from .health import HealthWatch
from .luck import Luck
from .meters import (
    BootCounter,
    EnergyMeter,
    PresenceRecord,
    energy_reading,
)
from .model import (
    NOTHING_AROUND,
    DayRow,
    Environment,
    Insight,
    InsightOptions,
    Presence,
    Total,
)
from .plausible import (
    Gate,
    seen_at,
)
from .shares import ShareWatch
from .stability import StabilityRecord
from .tuning import TuningMap
from .wear import WearWatch
from .windows import BaselineWindow, Responses
from .worth import (
    NO_MARKET,
    NO_WORTH,
    Market,
    Money,
    MoneyMeter,
    Worth,
    WorthWatch,
)

BOOTED = "booted"
"""Under which the references of restarts are kept beside what ``dump`` returns."""

VERSION = 1
"""Of the form of what is stored."""

LASTING = (
    BOOTED,
    "energy",
    "wall_energy",
    "boots",
    "presence",
    "failed_polls",
    "luck",
)
"""What is kept of a miner that is removed."""

PLUG_INTERVAL = 60.0
"""Seconds between two looks at the plug while the miner is away."""

_CLOCK_LEEWAY = 3600.0
"""Seconds that a clock may be behind what was stored; beyond, its age is unknown."""

_AMOUNT: Any = Amount


class MinerTracker:
    """Fed with every poll of one miner; gives a snapshot each time.

    Totals are unknown until ``resume`` is given what was published before.
    """

    def __init__(
        self, identity: MinerIdentity, options: InsightOptions | None = None
    ) -> None:
        """Start with nothing known."""
        self._identity = identity
        self._options = options or InsightOptions()
        self._responses = Responses()
        self._failed_polls: dict[ErrorKind, int] = {}
        self._last_seen: float | None = None
        self._energy, self._wall = EnergyMeter(), EnergyMeter()
        self._boots, self._presence = BootCounter(), PresenceRecord()
        self._days = DayBook()
        self._baseline = BaselineWindow(identity.ratio_window, self._options)
        self._stability = StabilityRecord()
        self._shares, self._luck = ShareWatch(), Luck()
        self._findings = FindingLog()
        self._health = HealthWatch(identity.limits, self._options, self._findings)
        self._tuning = TuningMap(self._options, identity.limits)
        self._wear = WearWatch()
        self._gate = Gate(identity.limits, self._options)
        self._worth, self._money = WorthWatch(), MoneyMeter()
        self.believed: MinerState | None = None
        """The last good state without what cannot be true."""
        self.events: tuple[MinerEvent, ...] = ()
        """What happened with the last poll."""
        self._snapshot = Insight()
        self._resumed = False
        self._stored: dict[str, Stored | StabilityRecord | TuningMap] = {
            "energy": self._energy,
            "wall_energy": self._wall,
            "boots": self._boots,
            "presence": self._presence,
            "days": self._days,
            "stability": self._stability,
            "shares": self._shares,
            "luck": self._luck,
            "findings": self._findings,
            "tuning": self._tuning,
            "wear": self._wear,
            "worth": self._worth,
            "money": self._money,
        }

    def _adopt(self, identity: MinerIdentity) -> None:
        """Take over an identity; begin anew only what its limits define."""
        before, self._identity = self._identity, identity
        if identity.ratio_window != before.ratio_window:
            self._baseline = BaselineWindow(identity.ratio_window, self._options)
        if identity.limits != before.limits:
            self._health = HealthWatch(identity.limits, self._options, self._findings)
            self._tuning.limits = identity.limits
            self._gate.adopt(identity.limits)

    @property
    def days(self) -> tuple[DayRow, ...]:
        """The last days, the oldest first."""
        return self._days.rows()

    @property
    def _is_bitcoin(self) -> bool:
        return self._identity.hash_rate_unit is HashRateUnit.TERA

    @property
    def urgent(self) -> bool:
        """Whether something changed that must not be lost, or an event comes twice."""
        news = self._luck.changed or self._findings.changed
        return news or self._presence.went_away

    def resume(self, published: Mapping[Total, float]) -> None:
        """Go on from what was published before this start, where that is more."""
        self._energy.at_least(published.get(Total.ENERGY))
        self._wall.at_least(published.get(Total.WALL_ENERGY))
        self._boots.at_least(
            published.get(Total.TOTAL_UPTIME), published.get(Total.RESTARTS)
        )
        self._presence.at_least(published.get(Total.TIMES_OFFLINE))
        self._resumed = True

    def observe(
        self,
        identity: MinerIdentity,
        state: MinerState,
        moment: Moment,
        *,
        response_time: float,
        interval: float,
        around: Environment = NOTHING_AROUND,
        boot: RestartVerdict = UNTOLD,
    ) -> Insight:
        """Take a good poll that took ``response_time`` ms, and its verdict on boots.

        ``interval`` is the nominal one between two polls in s.
        """
        if identity is not self._identity:
            self._adopt(identity)
        reported = state
        around = self._gate.around(around, moment.monotonic)
        state = self._gate.admit(
            state, moment.monotonic, boot, around.network_difficulty
        )
        network = state.network_difficulty or around.network_difficulty
        network = network if self._is_bitcoin else None
        uptime = self._boots.observe(boot, moment)
        baseline = self._baseline.observe(state, moment.monotonic)
        shares = self._shares.observe(
            state, moment, interval, baseline.expected, network, boot, self._luck.best
        )
        state = self.believed = self._shares.believed(state)
        tuning = self._tuning.observe(
            state, moment, interval, around, boot.restarted or boot.doubtful
        )
        hotter = self._wear.observe(
            self._tuning.block, identity.firmware, self._options.room_sensor, moment
        )
        health = self._health.observe(reported, baseline, shares, moment, state, hotter)
        luck = self._luck.observe(state, moment.wall, network)
        self.events = (*self._findings.events, *luck)
        self._last_seen = seen_at(state, moment.wall)
        wall_power = self._wall_power(state, around)
        if state.power is None and not state.hashing:
            # It draws less now, and nobody knows how much.
            self._energy.pause()
            if not self._options.plug:
                self._wall.pause()
        reading, plug = energy_reading(self._identity, state), self._options.plug
        self._energy.observe(reading, moment.monotonic, interval)
        # What is computed from a reading that is no basis for energy is none either.
        self._wall.observe(
            wall_power if plug or reading is not None else None,
            moment.monotonic,
            max(interval, PLUG_INTERVAL) if plug else interval,
        )
        snapshot = Insight(
            last_seen=self._last_seen,
            response_times=self._responses.observe(response_time),
            failed_polls=self._snapshot.failed_polls,
            blocks_found=self._luck.blocks,
            best_difficulty=self._luck.best,
            energy=self._energy.total,
            wall_power=wall_power,
            wall_energy=self._wall.total,
            wall_efficiency=_efficiency(wall_power, state),
            psu_load=self._psu_load(state),
            uptime=uptime,
            presence=self._presence.answered(moment),
            baseline=baseline,
            stability=self._stability.observe(
                state, baseline.expected, moment, interval, boot.restarted
            ),
            shares=shares,
            health=health,
            tuning=tuning,
            worth=self._judge_worth(state, wall_power, around, moment),
        )
        return self._keep(snapshot, state, moment, around)

    def failed(
        self,
        kind: ErrorKind,
        moment: Moment,
        *,
        away: bool,
        around: Environment = NOTHING_AROUND,
    ) -> Insight:
        """Take a failed poll.

        Once the miner counts as away, what described the moment is gone.
        """
        self._failed_polls[kind] = self._failed_polls.get(kind, 0) + 1
        presence = self._presence.missed(moment, away)
        if away:
            self._energy.pause()
        return self._absent(moment, presence, around, away=away)

    def unplugged(
        self, moment: Moment, around: Environment = NOTHING_AROUND
    ) -> Insight:
        """Take a moment in which the miner has no power, on purpose."""
        self._energy.pause()
        presence = self._presence.unplugged(moment)
        return self._absent(moment, presence, around, away=True)

    def _absent(
        self, moment: Moment, presence: Presence, around: Environment, *, away: bool
    ) -> Insight:
        """Return what outlives the moment, and what the plug measures meanwhile."""
        past = self._snapshot
        around = self._gate.around(around, moment.monotonic)
        wall_power = around.wall_power if self._options.plug else None
        self._wall.observe(wall_power, moment.monotonic, PLUG_INTERVAL)
        lasting: dict[str, Any] = {
            "failed_polls": dict(self._failed_polls),
            "energy": self._energy.total,
            "wall_energy": self._wall.total,
            "presence": presence,
            "worth": self._judge_worth(None, wall_power, around, moment),
        }
        self.events = ()
        if not away:
            return self._keep(replace(past, **lasting), None, moment, around)
        self._gate.absent()
        snapshot = Insight(
            last_seen=past.last_seen,
            response_times=past.response_times,
            blocks_found=self._luck.blocks,
            best_difficulty=self._luck.best,
            wall_power=wall_power,
            uptime=self._boots.absent(),
            stability=self._stability.absent(moment),
            shares=self._shares.absent(),
            health=self._health.absent(),
            tuning=self._tuning.absent(moment),
            **lasting,
        )
        return self._keep(snapshot, None, moment, around)

    def _keep(
        self,
        snapshot: Insight,
        state: MinerState | None,
        moment: Moment,
        around: Environment,
    ) -> Insight:
        """Keep a snapshot, without totals until it is known what was published."""
        if not self._resumed:
            snapshot = replace(
                snapshot,
                energy=None,
                wall_energy=None,
                uptime=replace(snapshot.uptime, restarts=None, total=None),
                presence=replace(snapshot.presence, times_offline=None),
            )
        self._snapshot = snapshot
        self._enter(state, moment)
        if (market := around.market) is not NO_MARKET:
            money = self._reckon(state, market, moment.day)
            self._snapshot = snapshot = replace(snapshot, money=money)
        return snapshot

    def _reckon(self, state: MinerState | None, market: Market, today: str) -> Money:
        """Add what this poll's energy cost, and what its work was expected to earn."""
        meter, snapshot = self._money, self._snapshot
        meter.open(today)
        if self._options.wall:
            if snapshot.wall_power is not None:
                meter.bill(market, self._wall.added)
        elif state is not None and energy_reading(self._identity, state) is not None:
            meter.bill(market, self._energy.added)
        if state is not None and self._is_bitcoin and state.hash_rate is not None:
            earned = snapshot.worth.revenue if state.hash_rate else 0.0
            meter.earn(market, earned, self._presence.answered_span)
        return meter.money(market)

    def _enter(self, state: MinerState | None, moment: Moment) -> None:
        """Add what this poll reported to the row of the day."""
        presence, day = self._presence, self._days.open(moment.day)
        day.watched_seconds += presence.watched_span
        wall = self._wall.added if self._options.wall else None
        if state is None:
            day.add(times_offline=presence.went_away, wall_energy=wall)
            return
        day.answered(
            presence.answered_span,
            hash_rate=state.hash_rate_now,
            power=state.power,
            chip_temperature=state.hottest_chip,
        )
        day.add(
            energy=self._energy.added,
            wall_energy=wall,
            accepted=_if_reported(state.shares_accepted, self._shares.accepted.delta),
            rejected=_if_reported(state.shares_rejected, self._shares.rejected.delta),
            restarts=self._boots.restarted,
        )
        if findings := self._snapshot.health.findings:
            day.note(findings)
        for event in self.events:
            day.best(event.details.get("difficulty"))
            if event.event_type is EventType.BLOCK_FOUND:
                day.add(blocks=event.details["blocks"])

    # What is drawn from the wall, and what that is worth.

    def _judge_worth(
        self,
        state: MinerState | None,
        wall_power: float | None,
        around: Environment,
        moment: Moment,
    ) -> Worth:
        if not self._is_bitcoin:
            return NO_WORTH
        power = None if state is None else state.power
        if self._options.wall:
            power = wall_power
        return self._worth.observe(state, power, around.market, moment.monotonic)

    def _wall_power(self, state: MinerState, around: Environment) -> float | None:
        """Return what the plug measures, else what the supply is said to waste."""
        options = self._options
        if options.plug:
            return around.wall_power
        if options.psu_efficiency is None or state.power is None:
            return None
        return state.power * 100 / options.psu_efficiency + options.psu_constant

    def _psu_load(self, state: MinerState) -> float | None:
        capacity = self._options.psu_capacity
        if capacity is None or state.power is None:
            return None
        return 100 * state.power / capacity

    # What outlives a restart.

    def dump(self, wall: float) -> dict[str, Any]:
        """Return all that is worth keeping as JSON types; it is then stored."""
        return {
            "version": VERSION,
            "saved_at": wall,
            **{name: part.dump() for name, part in self._stored.items()},
            "failed_polls": dump(self._failed_polls),
            "last_seen": self._last_seen,
        }

    def load(self, data: object, wall: float) -> bool:
        """Go on from what ``dump`` returned; whether there was anything to read.

        Events of what happened meanwhile are published only if it was not long ago.
        """
        if not isinstance(data, Mapping):
            return False
        saved_at = load_or(_AMOUNT, data.get("saved_at"), None)
        is_known = saved_at is not None and wall >= saved_at - _CLOCK_LEEWAY
        for name, part in self._stored.items():
            part.load(data.get(name))
        age = wall - saved_at if is_known else inf
        self._luck.grow_old(age)
        self._findings.grow_old(age)
        self._last_seen = load_or(_AMOUNT, data.get("last_seen"), None)
        self._failed_polls = load_or(
            dict[ErrorKind, Count], data.get("failed_polls"), {}
        )
        self._snapshot = Insight(
            last_seen=self._last_seen,
            failed_polls=dict(self._failed_polls),
            blocks_found=self._luck.blocks,
            best_difficulty=self._luck.best,
        )
        return True


def lasting(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return of what ``dump`` wrote what is kept of a miner that is removed."""
    return {key: data[key] for key in LASTING if key in data}


def _if_reported(counter: int | None, delta: int) -> int | None:
    return None if counter is None else delta


def _efficiency(power: float | None, state: MinerState) -> float | None:
    """Return J/TH, while there is work."""
    if power is None or not state.hashing or not state.hash_rate:
        return None
    return power / state.hash_rate
