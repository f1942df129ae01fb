"""What a user wants of one miner, and where the device differs from it."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Self

from ..miners.errors import Outcome
from ..miners.events import (
    EventType,
    MinerEvent,
)
from ..miners.model import (
    Capability,
    Changes,
    MinerIdentity,
    MinerSettings,
    MinerState,
    Setting,
)
from ..miners.restarts import (
    UNTOLD,
    RestartVerdict,
)
from ..miners.settings import SETTINGS, hard_range
from .attempts import Attempts
from .bounds import (
    Beliefs,
    at_least,
    fits,
)
from .derating import WATCHED
from .errors import (
    ControlError,
    ControlFault,
    ProfileError,
    ProfileFault,
)
from .heat import heat_of
from .model import (
    Apply,
    Ask,
    ControlState,
    Order,
    Problem,
    Reason,
    Restart,
    Throttle,
    ThrottleMethod,
)
from .news import changed_by_hand
from .problems import (
    Problems,
    refused,
)
from .profiles import worth_keeping
from .protect import steps_first
from .record import Record
from .rules import (
    Allowed,
    clamped,
    raising,
    same,
)
from .stall_restart import MOST_RESTARTS
from .steps import (
    next_lower,
    one_step_lower,
)
from .stuck import (
    Recovery,
    recoveries,
    set_points_text,
)
from .temporary import (
    FOR_EVER,
    Loan,
)
from .throttle import (
    Ended,
    throttle_method,
)
from .values import (
    agrees,
    alike,
    differing,
    dump_changes,
    reported,
)

__all__ = [
    "ControlError",
    "ControlFault",
    "IntentReconciler",
    "ProfileError",
    "ProfileFault",
    "throttle_method",
]

_OVER = Reason.TEMPORARY_OVER
_COOLED = Reason.COOLED
_NO_SETTINGS = MinerSettings()
_TOGETHER_SECONDS = 900.0
"""Between the start of a miner and ours, when both had no power."""


class IntentReconciler:
    """Remembers what is wanted, looks at every good poll and orders what is due.

    ``protect``, ``restart_stalled`` and ``expert`` are the user's options. Every
    change of what is remembered shows in ``dump`` and ``dump_intents``; who keeps the
    first should do so at least every few hours: intents of somebody who gave no sign
    of life for a day write nothing by themselves any more.
    """

    def __init__(self, identity: MinerIdentity) -> None:
        """Start with nothing remembered."""
        self.protect = self.restart_stalled = self.expert = False
        self._identity = identity
        self._state: MinerState | None = None
        self._monotonic = 0.0
        self._day: str | None = None
        self._wall = self._started = 0.0
        self._record = Record()
        self._problems = Problems()
        self._attempts = Attempts()
        self._beliefs = Beliefs()
        self._given_up: list[Ask] = []
        self._cut: Changes = {}
        self._unwatched = False
        self.under_way: Callable[[], Changes] = dict
        """Tells what is being written, so that the device may show a part of it."""
        self._step_refused = False
        self.recovery: Changes = {}
        """What is written now to bring back a miner that is stuck after heat."""

    @classmethod
    def load(
        cls,
        identity: MinerIdentity,
        data: object,
        intents: object,
        *,
        wall: float,
        monotonic: float,
        intents_at: float | None = None,
    ) -> Self:
        """Read what was dumped; ``intents_at`` is when the intents were stored."""
        steward = cls(identity)
        steward._wall, steward._monotonic = wall, monotonic
        steward._started = monotonic
        steward._record = Record.load(
            data, intents, wall=wall, monotonic=monotonic, intents_at=intents_at
        )
        return steward

    def acts(self, wall: float) -> None:
        """Note when something else is wanted than before."""
        self._record.acted_at = wall

    def dump(self, wall: float) -> dict[str, Any]:
        """Return what has to outlive a restart beside the intents, as JSON types."""
        return self._record.dump(wall)

    def dump_intents(self, wall: float, monotonic: float) -> dict[str, Any]:
        """Return what is wanted until it is taken back, as JSON types."""
        return self._record.dump_intents(wall, monotonic)

    @property
    def intents(self) -> Hashable:
        """What differs once something else is wanted."""
        throttle, temporary = self._record.throttle, self._record.temporary
        lowered = self._record.lowered.loan
        return throttle.intent, temporary.loan, temporary.old, lowered

    @property
    def saves_power(self) -> bool:
        """Whether power is to be saved, by a wish of the last day."""
        intent = self._record.throttle.intent
        return intent is not None and not intent.old

    def seconds_left(self, wall: float, monotonic: float) -> float | None:
        """Tell when settings for a while are over, if there are any."""
        temporary = self._record.temporary
        if temporary.loan is None or temporary.old:
            return None
        return temporary.seconds_left(wall, monotonic)

    @property
    def adopted(self) -> Mapping[Setting, tuple[float, ...]]:
        """Values outside the limits that the device was seen running."""
        return self._record.adopted.values

    @property
    def allowed(self) -> Allowed:
        """What may be written now."""
        limits, state = self._identity.limits, self._state
        heat = None if state is None else heat_of(limits, state)
        recovery = self.recovery
        if recovery and state is not None and heat_of(limits, state, recovers=True):
            recovery = {}
        return Allowed(
            limits, self.adopted, expert=self.expert, heat=heat, recovery=recovery
        )

    def _too_hot(self, changes: Changes) -> bool:
        """Whether the rule of heat lets these wait."""
        allowed = self.allowed
        hotter = raising(changes, self.settings, allowed.work_modes)
        return allowed.heat is not None and bool(hotter)

    def _fitting(self, changes: Changes) -> Changes:
        """Fit what comes back into the limits of now, and note what does not fit."""
        written, self._cut = clamped(changes, self.allowed)
        return written

    def take_cut(self) -> Changes:
        """Return what was to come back and cannot, as it was, once."""
        cut, self._cut = self._cut, {}
        return cut

    @property
    def throttle_method(self) -> ThrottleMethod | None:
        """How this miner saves power."""
        return throttle_method(self._identity)

    @property
    def profiles(self) -> Mapping[str, Changes]:
        """The saved profiles by name."""
        return self._record.profiles.saved

    def show(self, state: MinerState | None, today: str) -> ControlState:
        """Return what entities show beside the device's own settings."""
        self._day = today
        settings = None if state is None else state.settings
        return ControlState(
            throttle_method=self.throttle_method,
            saving_power=self._shown_saving_power(settings),
            profile=self._shown_profile(settings),
            profiles=tuple(self._record.profiles.saved),
            temporary_until=self._shown_until(),
            derated=self._shown_derated(state),
            setting_writes=self._record.writes.on(today),
            restart_needed=bool(self._record.waiting),
        )

    def _shown_until(self) -> float | None:
        loan = self._record.temporary.loan
        ends = (
            loan is not None and not loan.returning and not self._record.temporary.old
        )
        return loan.until if ends and loan is not None else None

    def _shown_saving_power(self, settings: MinerSettings | None) -> bool | None:
        if settings is None:
            return None
        return self._record.throttle.shown(self._identity, settings)

    def _shown_profile(self, settings: MinerSettings | None) -> str | None:
        return None if settings is None else self._record.profiles.matching(settings)

    def _shown_derated(self, state: MinerState | None) -> bool | None:
        if self._identity.limits.derating is None or state is None:
            return None
        return self._record.derating.derated

    # Saving power

    def throttle_changes(self, on: bool) -> Changes:
        """Return what has to be written to save power, or to save it no longer."""
        changes = self._record.throttle.changes(self._identity, self._coming, on=on)
        if not on:
            return self._fitting(changes)
        # Firmware goes below what may be written: there it is left.
        limits = self._identity.limits
        return {
            key: value
            for key, value in changes.items()
            if key not in limits.settings or fits(key, value, limits)
        }

    def begin_throttle(self, by: Reason | None = None) -> None:
        """Remember that power is about to be saved, before anything is written."""
        self._record.throttle.begin(self._identity, self._coming, by)
        if by is Reason.PROTECT and self._record.protects:
            self._record.protection.began(self._today, self._monotonic)
        elif by is None:
            self._record.protection.ended()

    def cancel_throttle(self) -> None:
        """Take the beginning back: nothing was written, or it was refused."""
        protects = self._record.protects
        if self._record.throttle.cancel(self.settings) and protects:
            self._record.protection.cancelled()

    def begin_end_throttle(self) -> None:
        """Remember that what was before is about to be written."""
        self._record.throttle.begin_end()

    def cancel_end_throttle(self) -> None:
        """Take the end back: power is saved still."""
        self._record.throttle.cancel_end()

    def drop_throttle(self) -> None:
        """Take it that somebody ended it whom nobody told us of."""
        self._drop_throttle()

    def end_throttle(self) -> None:
        """Take it that the settings before were written."""
        self._record.throttle.written_back(self.settings)
        self._record.protection.ended()

    # One operating point less

    def begin_step(self, changes: Changes) -> None:
        """Remember what comes back for what protection is about to lower."""
        # As with a temporary profile: what heat lowered only a user brings back.
        before = self._record.users(self.settings, changes, heat=False)
        self._record.protection.began(self._today, self._monotonic, step=True)
        self._record.lowered.begin(
            changes,
            at_least(before, self._identity.limits),
            seconds=FOR_EVER,
            wall=self._wall,
            monotonic=self._monotonic,
        )

    def cancel_step(self) -> None:
        """Take the beginning back: nothing was written, or it was refused."""
        lowered = self._record.lowered
        if lowered.loan is not None:
            lowered.cancel(self._record.kept(self.settings, lowered.loan.applied))
        if lowered.loan is None:
            self._record.protection.cancelled()

    def step_back_changes(self) -> Changes:
        """Return what comes back for what protection lowered."""
        loan = self._record.lowered.loan
        return {} if loan is None else self._fitting(loan.before)

    def begin_step_back(self) -> None:
        """Remember that what was before is about to be written."""
        self._record.lowered.returns(True)

    def cancel_step_back(self) -> None:
        """Take the end back: it is lowered still."""
        self._record.lowered.returns(False)

    def end_step(self) -> None:
        """Take it that the settings before were written."""
        lowered = self._record.lowered
        if (loan := lowered.loan) is not None and loan.returning:
            lowered.returned(self._record.kept(self.settings, loan.before))
            if lowered.loan is None:
                self._drop_step()

    def _drop_step(self) -> None:
        self._record.lowered.end()
        self._attempts.forget(_COOLED)
        if not self._record.protects:
            self._record.protection.ended()

    # Profiles

    def save_profile(self, name: str) -> None:
        """Keep the user's present settings under a name."""
        told = self._with_coming(self._beliefs.told)
        kept = worth_keeping(self._identity.limits, told)
        intent, loan = self._record.throttle.intent, self._record.lowered.loan
        if intent is not None and self._record.throttle.held:
            kept = {key: intent.before.get(key, value) for key, value in kept.items()}
        if loan is not None:
            kept = {key: loan.before.get(key, value) for key, value in kept.items()}
        self._record.profiles.save(name, kept)

    def delete_profile(self, name: str) -> None:
        """Forget a profile."""
        self._record.profiles.delete(name)

    def profile_changes(self, name: str) -> Changes:
        """Return what a profile writes."""
        return self._fitting(self._record.profiles.get(name))

    def take_profiles(self, profiles: Mapping[str, Changes]) -> None:
        """Copy another miner's profiles, all of them or none."""
        self._record.profiles.take(profiles, self.allowed)

    # Settings for a while

    def begin_temporary(
        self, changes: Changes, *, seconds: float, wall: float, monotonic: float
    ) -> None:
        """Remember the settings that come back, before anything is written."""
        wanted = {*changes}
        if Setting.AUTO_FAN in wanted and self._coming.auto_fan is False:
            wanted.add(Setting.FAN_DUTY_CYCLE)
        # Only a user who looks at it lets a device work again as before it overheated.
        before = self._record.users(self._coming, wanted, heat=False)
        before = at_least(before, self._identity.limits)
        if changes and not before:
            raise ControlError(ControlFault.NOTHING_KNOWN)
        self._record.temporary.begin(
            changes, before, seconds=seconds, wall=wall, monotonic=monotonic
        )
        self._attempts.forget(_OVER)

    def cancel_temporary(self) -> None:
        """Take the beginning back: nothing was written, or it was refused."""
        if (loan := self._record.temporary.loan) is not None:
            values = self._record.users(self.settings, loan.applied)
            self._record.temporary.cancel(values)

    def temporary_changes(self) -> Changes:
        """Return what comes back after settings for a while."""
        loan = self._record.temporary.loan
        return {} if loan is None else self._fitting(loan.before)

    def begin_end_temporary(self) -> None:
        """Remember that what was before is about to be written."""
        self._record.temporary.returns(True)

    def cancel_end_temporary(self) -> None:
        """Take the end back: what was applied lasts still."""
        self._record.temporary.returns(False)

    def end_temporary(self) -> None:
        """Take it that the settings before were written."""
        loan = self._record.temporary.loan
        if loan is not None and loan.returning:
            values = self._record.users(self.settings, loan.before)
            self._record.temporary.returned(values)

    def keep_temporary(self) -> None:
        """Let what was applied for a while stay."""
        self._drop_loan()

    # What became of orders and of the user's own changes

    def begin_change(self, changes: Changes) -> None:
        """Remember that a user's change is about to end that power is saved."""
        if self._ends_throttle(changes):
            self._record.throttle.begin_end()

    def _ends_throttle(self, changes: Changes) -> bool:
        intent = self._record.throttle.intent
        return intent is not None and any(
            not same(setting, value, changes.get(setting, value))
            for setting, value in intent.target.items()
        )

    def asked(self, changes: Changes) -> None:
        """Take note of a user's change at once: saving power may end meanwhile."""
        if isinstance(mining := changes.get(Setting.MINING), bool):
            self._record.throttle.mining_asked(mining, self._monotonic)

    def took(self, changes: Changes) -> None:
        """Take note of what the device shows because we changed it."""
        self._record.news.wrote(changes)

    def applied(self, changes: Changes, *, by_user: bool = False) -> None:
        """Take note of what the device took from us.

        ``by_user``: a user asked for these values to stay, so that what they
        replace does not come back.
        """
        self._record.news.wrote(changes)
        if isinstance(mining := changes.get(Setting.MINING), bool):
            now = self._monotonic
            self._record.throttle.mining_written(mining, now, by_user=by_user)
        held = self._record.held
        if by_user or not (self._record.derating.derated and held):
            self._record.derating.chosen(changes)
        if not by_user:
            return
        loan, lowered = self._record.temporary.loan, self._record.lowered.loan
        if loan is not None and not loan.applied.keys().isdisjoint(changes):
            self._drop_loan()
        if lowered is not None and not lowered.applied.keys().isdisjoint(changes):
            self._drop_step()
        if self._ends_throttle(changes):
            self._drop_throttle()

    def _drop_loan(self) -> None:
        self._record.temporary.end()
        self._attempts.forget(_OVER)

    def _drop_throttle(self) -> None:
        self._record.throttle.end()
        self._record.protection.ended()
        self._attempts.forget(Reason.REASSERT)

    def failed(self, order: Order, outcome: Outcome) -> None:
        """Take note of an order that was not carried out.

        What a device refuses is given up in the end, and a user is asked to look with
        the next poll. What a resting miner refuses waits until it works again, and so
        does everything of which it is unknown what became of it.
        """
        if isinstance(order, Restart) and outcome is not Outcome.UNKNOWN:
            self._record.stall.cancelled()
        if not isinstance(order, Apply):
            return
        if order.reason is Reason.PROTECT:
            # Heat does not wait: what comes next is to save power.
            self._step_refused = outcome is Outcome.REFUSED
            return
        if outcome is not Outcome.REFUSED:
            self._attempts.failed(order.reason)
            return
        if not self._attempts.refused(order.reason):
            return
        if self.settings.mining is False:
            return
        if order.reason is Reason.REASSERT:
            self._drop_throttle()
        elif order.reason is _COOLED:
            self._drop_step()
        else:
            self._drop_loan()
        self._given_up.append(refused(order))

    def completed(self, changes: Changes) -> Changes:
        """Add what comes back when a user's change ends that power is saved.

        A frequency belongs to a voltage: one of them alone would be left beside the
        other's lowest value. So it is after one operating point less, unless that is
        still needed.
        """
        back = self._record.before_of_step(changes)
        if self._too_hot(back):
            back = {}
        back = {**back, **self._record.before_of_saving(changes)}
        return {**self._fitting(back), **changes} if back else changes

    def restore_changes(self, lower: bool) -> Changes:
        """Return what brings back the settings before a derating, or a step less."""
        return self._fitting(
            self._record.derating.restore_changes(
                self._identity.limits, self._state, lower=lower
            )
        )

    @property
    def recoveries(self) -> Mapping[Recovery, Changes]:
        """The ways to bring back a miner that is stuck, none while it is not."""
        if not self._record.stuck.stuck:
            return {}
        baseline, limits = self._record.derating.baseline, self._identity.limits
        return {
            name: clamped(changes, self.allowed)[0]
            for name, changes in recoveries(limits, self.settings, baseline).items()
        }

    def recovery_changes(self, recovery: Recovery) -> Changes:
        """Return what a stuck miner is to run with."""
        if (changes := self.recoveries.get(recovery)) is None:
            raise ControlError(ControlFault.NOT_STUCK)
        return changes

    def count_write(self, today: str, count: int = 1) -> None:
        """Count settings that were changed in flash."""
        self._day = today
        self._record.writes.add(today, count)

    def setting_writes(self, today: str) -> int:
        """Return how many changes went to flash on a day."""
        return self._record.writes.on(today)

    def restart_needed(self, changes: Changes) -> None:
        """Take it that these were written, and that a restart puts them into effect."""
        runs = reported(self.settings, changes)
        back = {key for key in changes if same(key, changes[key], runs.get(key))}
        waiting = {**self._record.waiting, **changes}
        self._record.waiting = {k: v for k, v in waiting.items() if k not in back}

    @property
    def waiting(self) -> Changes:
        """What the device will be after its next restart."""
        return self._record.waiting

    # Looking at a poll

    def observe(
        self,
        identity: MinerIdentity,
        state: MinerState,
        *,
        wall: float,
        monotonic: float,
        busy: bool,
        boot: RestartVerdict = UNTOLD,
        stalled: bool | None = None,
        today: str | None = None,
    ) -> list[Order]:
        """Look at a good poll and return what is to be done.

        ``stalled``: it claims to hash, and finds nothing. While the door is ``busy``,
        or it is doubtful whether the miner restarted, nothing is written and no
        difference is taken for a change by hand.
        """
        state = self._beliefs.of(identity.limits, state)
        self._identity, self._state = identity, state
        self._wall, self._monotonic = wall, monotonic
        self._day = today or self._day
        self._record.adopted.observe(identity, state)
        self._record.stuck.observe(identity.limits, state, monotonic)
        self._record.profiles.make_first(identity)
        orders: list[Order] = [*self._look_for_restart(boot)]
        unsure = busy or boot.doubtful
        orders += self._look_at_settings(state, busy=unsure)
        if not unsure:
            orders += self._look_at_intents()
        orders += self._look_at_heat(busy=busy)
        orders += self._given_up
        self._given_up = []
        orders += self._problems.update(self._present_problems)
        return [*orders, *self._look_at_stall(stalled, boot, busy=unsure)]

    @property
    def _present_problems(self) -> Mapping[Problem, Mapping[str, str]]:
        found = dict(self._record.problems(self._today))
        if self.restart_stalled and self._record.stall.is_exhausted(self._today):
            found[Problem.STALLS_AGAIN] = {"limit": str(MOST_RESTARTS)}
        if (details := found.get(Problem.DERATED)) is not None:
            found[Problem.DERATED] = {**details, "lower": self._lower_than_before}
        if ways := self.recoveries:
            # One repair, which offers what the other would.
            found.pop(Problem.DERATED, None)
            found[Problem.STUCK] = self._ways_out(ways)
        return found

    @property
    def _lower_than_before(self) -> str:
        """The set points one step below those from before a derating."""
        baseline = self._record.derating.baseline
        lower = {**baseline, **one_step_lower(self._identity.limits, baseline)}
        return set_points_text(clamped(lower, self.allowed)[0])

    def _ways_out(self, ways: Mapping[Recovery, Changes]) -> Mapping[str, str]:
        """Return what the repair of a stuck miner shows: values for each button."""
        now = reported(self.settings, (Setting.FREQUENCY, Setting.CORE_VOLTAGE))
        texts = {name: set_points_text(ways.get(name, {})) for name in Recovery}
        volts = self._identity.limits.settings.get(Setting.CORE_VOLTAGE)
        lowest = 0.0 if volts is None else hard_range(Setting.CORE_VOLTAGE, volts)[0]
        return {
            "before": texts[Recovery.AS_BEFORE],
            "lower": texts[Recovery.ONE_STEP_LOWER],
            "default": texts[Recovery.BOARD_DEFAULT],
            "now": set_points_text(now),
            "minimum": f"{lowest:g} V" if lowest else "?",
        }

    def _look_for_restart(self, boot: RestartVerdict) -> Iterator[Order]:
        if not boot.restarted:
            return
        self._record.waiting = {}
        if boot.while_watched or self._restart_was_no_resume:
            self._unwatched = not boot.while_watched
            self._record.throttle.restarted(self._monotonic)
        if boot.while_watched:
            yield MinerEvent(event_type=EventType.RESTARTED)

    @property
    def _restart_was_no_resume(self) -> bool:
        """Whether a restart that nobody watched undid a stop, and was not asked to.

        Where only a restart resumes, one of which we know nothing may have been the
        user's; but not if it came together with our own start, as after a power cut.
        """
        if self.throttle_method is not ThrottleMethod.SHUTDOWN:
            return True
        uptime = None if self._state is None else self._state.uptime
        up_before_us = (uptime or 0.0) - (self._monotonic - self._started)
        return up_before_us <= _TOGETHER_SECONDS

    def _look_at_settings(self, state: MinerState, *, busy: bool) -> Iterator[Order]:
        lowered: Mapping[str, list[float]] = {}
        derating = self._record.derating
        # What saves power says nothing of what the device had lowered before.
        held = self._record.held
        hidden = derating.derated and agrees(held, state.settings)
        hidden = hidden and not alike(held, derating.baseline)
        if not (busy or hidden) and derating.observe(self._identity.limits, state):
            lowered = derating.difference
            self._record.throttle.lowered(derating.lowered)
        yield from self._record.news.heat(state, lowered)
        if not busy:
            told_elsewhere = bool(lowered) or state.overheated
            silent = WATCHED if told_elsewhere else ()
            yield from self._record.news.settings(state, silent=silent)

    def _look_at_intents(self) -> Iterator[Order]:
        intent = self._record.throttle.intent
        ended = self._record.throttle.observe(self.settings, self._monotonic)
        if ended is not None:
            self._record.protection.ended()
        stopped = intent is not None and Setting.MINING in intent.target
        if ended is Ended.BY_HAND and stopped:
            yield changed_by_hand({Setting.MINING.value: [False, True]})
        changes = self._record.throttle.reassert
        if changes and self.settings.mining is not False:
            waits = self._too_hot(changes)
            if not waits and self._attempts.may(Reason.REASSERT, self._monotonic):
                yield Apply(
                    changes=changes, reason=Reason.REASSERT, unwatched=self._unwatched
                )
        elif self.settings.mining is False:
            self._attempts.forget(Reason.REASSERT)
        yield from self._look_at_loan()

    def _look_at_loan(self) -> Iterator[Order]:
        loan = self._record.temporary.loan
        if loan is None:
            return
        temporary = self._record.temporary
        values = self._record.users(self.settings, {*loan.applied, *loan.before})
        temporary.observe(values)
        if values.keys().isdisjoint(loan.applied):
            return
        left = temporary.seconds_left(self._wall, self._monotonic)
        if left > 0 and not temporary.old:
            return
        if temporary.is_back(values) or (temporary.old and temporary.changed):
            self._drop_loan()
        elif temporary.old:
            return
        elif temporary.is_ours(values):
            yield from self._give_back(loan.before)
        elif temporary.changed:
            self._drop_loan()
            changed = differing(loan.applied, values)
            kept = {key: values[key] for key in changed if key in values}
            yield changed_by_hand({"kept": dump_changes(kept)})

    def _give_back(self, before: Changes) -> Iterator[Order]:
        """Write what was before, or leave it to what keeps the device from it."""
        temporary = self._record.temporary
        rest = self._exchange_step(self._record.throttle.exchange(before))
        if self._record.derating.derated:
            self._record.derating.chosen(rest)
            rest = {key: value for key, value in rest.items() if key not in WATCHED}
        if not rest:
            self._drop_loan()
            return
        resting = self.settings.mining is False
        waits = Setting.WORK_MODE in rest or self._attempts.exhausted(_OVER)
        if (resting and waits) or self._too_hot(rest):
            return
        if not self._attempts.may(_OVER, self._monotonic):
            return
        rest = self._fitting(rest)
        order = Apply(changes=rest, reason=_OVER, cut=self.take_cut())
        if not rest:
            self._drop_loan()
            yield order
            return
        temporary.narrow(rest)
        if temporary.retry():
            self.failed(order, Outcome.REFUSED)
        if temporary.loan is not None:
            yield order

    def _exchange_step(self, before: Changes) -> Changes:
        """Let these come back later, or now if that is less than what is lowered."""
        loan = self._record.lowered.loan
        if loan is None or before.keys().isdisjoint(loan.applied):
            return before
        if not raising(before, self.settings, self.allowed.work_modes):
            self._drop_step()
            return before
        later = {key: before[key] for key in before if SETTINGS[key].heats}
        self._record.lowered.exchange(later, self._record.kept(self.settings, later))
        return {key: value for key, value in before.items() if key not in later}

    def _look_at_heat(self, *, busy: bool) -> Iterator[Order]:
        """Order what heat demands; to begin waits for nothing, to end does."""
        state, now = self._state, self._monotonic
        if state is None or self.throttle_method is None:
            return
        protection = self._record.protection
        if not busy:
            self._judge_step()
        if self._record.protects:
            over = protection.is_over(self._identity, state, now)
            if over and not busy and self._attempts.may(Reason.PROTECT, now):
                yield Throttle(on=False, reason=Reason.PROTECT)
            return
        due = protection.is_due(self._identity, state, now) and self.protect
        if self._record.throttle.intent is not None:
            return
        if due:
            yield from self._work_less(state)
        elif not busy:
            yield from self._step_back(state)

    def _work_less(self, state: MinerState) -> Iterator[Order]:
        """Lower it by one operating point; save power if that did not help, or cannot.

        What overheated already, its firmware lowers itself.
        """
        now, limits = self._monotonic, self._identity.limits
        stepped = self._record.lowered.loan is not None
        if stepped and not self._record.protection.had_time(now):
            return
        step = next_lower(limits, state.settings) if steps_first(limits) else {}
        skips = stepped or state.overheated or self._step_refused
        if not self._attempts.may(Reason.PROTECT, now):
            return
        if step and not skips:
            yield Apply(changes=step, reason=Reason.PROTECT)
        else:
            self._step_refused = False
            yield Throttle(on=True, reason=Reason.PROTECT)

    def _judge_step(self) -> None:
        """Forget what protection lowered once somebody, or the device, changed it."""
        lowered, derating = self._record.lowered, self._record.derating
        if (loan := lowered.loan) is None:
            return
        values = self._record.kept(self.settings, {*loan.applied, *loan.before})
        if values.keys().isdisjoint(loan.applied):
            return
        if self._fell_below(loan):
            # The repair of that offers what was before both.
            derating.chosen(loan.before)
            self._drop_step()
            return
        lowered.observe(values)
        if lowered.changed or (loan.returning and lowered.is_back(values)):
            self._drop_step()

    def _fell_below(self, loan: Loan) -> bool:
        """Whether the device lowered itself further than protection did."""
        fallen = self._record.derating.lowered
        return (
            agrees(fallen, self.settings)
            and not alike(loan.applied, fallen)
            and not alike(loan.before, fallen)
        )

    def _step_back(self, state: MinerState) -> Iterator[Order]:
        """Bring back what protection lowered, once the miner works and is cool."""
        loan = self._record.lowered.loan
        if loan is None or self.settings.mining is False or self._too_hot(loan.before):
            return
        now = self._monotonic
        over = self._record.protection.is_over(self._identity, state, now)
        if over and self._attempts.may(_COOLED, now):
            changes = self._fitting(loan.before)
            yield Apply(changes=changes, reason=_COOLED, cut=self.take_cut())

    @property
    def _coming(self) -> MinerSettings:
        """What the device is once it has applied what is being written."""
        return self._with_coming(self.settings)

    def _with_coming(self, settings: MinerSettings) -> MinerSettings:
        coming: dict[str, Any] = {str(k): v for k, v in self.under_way().items()}
        return replace(settings, **coming)

    @property
    def stalls(self) -> bool:
        """Whether the last poll showed a reason to restart the miner."""
        return self._record.stall.stalls

    def _look_at_stall(
        self, stalled: bool | None, boot: RestartVerdict, *, busy: bool
    ) -> Iterator[Order]:
        """Order a restart of a miner that nobody told to stand still."""
        restarts, state = self._record.stall, self._state
        able = Capability.RESTART in self._identity.capabilities
        if state is None or not (able and self.restart_stalled):
            return
        if boot.restarted:
            restarts.booted()
        restarts.observe(self._identity.limits, state, stalled, self._monotonic)
        if self._is_told_otherwise:
            restarts.forget()
        cause = restarts.due(self._today, self._monotonic)
        if busy or cause is None:
            return
        restarts.began(self._today, self._wall, self._monotonic)
        number, limit = restarts.times(self._today), MOST_RESTARTS
        yield Restart(details={"cause": cause, "restarts": number, "limit": limit})

    @property
    def _is_told_otherwise(self) -> bool:
        """Whether it saves power, or something is about to be written or to end."""
        throttle, temporary = self._record.throttle, self._record.temporary
        loan = temporary.loan
        ends = loan is not None and (
            loan.returning or temporary.seconds_left(self._wall, self._monotonic) <= 0
        )
        return throttle.intent is not None or bool(throttle.reassert) or ends

    @property
    def settings(self) -> MinerSettings:
        """What the device reported last."""
        return _NO_SETTINGS if self._state is None else self._state.settings

    @property
    def _today(self) -> str:
        """The day as it was told last, else the one of Greenwich."""
        return self._day or datetime.fromtimestamp(self._wall, UTC).date().isoformat()
