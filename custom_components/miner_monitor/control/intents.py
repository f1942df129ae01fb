"""What a user wants of one miner, and where the device differs from it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Self

from ..miners.errors import Outcome
from ..miners.events import (
    EventType,
    MinerEvent,
    Moment,
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
from .changes import changed_by_hand
from .derating import WATCHED
from .errors import (
    ControlError,
    ControlFault,
)
from .heat import heat_of
from .memory import ControlMemory
from .model import (
    Apply,
    ClearIssue,
    ControlState,
    Order,
    Problem,
    RaiseIssue,
    Reason,
    Restart,
    Throttle,
    ThrottleMethod,
)
from .overrides import (
    Kind,
    Override,
    conflict,
)
from .profiles import worth_keeping
from .protect import (
    next_lower,
    one_step_lower,
    steps_first,
)
from .rules import (
    Allowed,
    clamped,
    raising,
    same,
)
from .stall_restart import MOST_RESTARTS
from .stuck import (
    Recovery,
    recoveries,
    set_points_text,
)
from .throttle import (
    MiningRequest,
    is_saving,
    lasts,
    least_power,
    saving_changes,
    throttle_method,
    usual_changes,
)
from .values import (
    agrees,
    alike,
    differing,
    reported,
)

ENDS = {Reason.TEMPORARY_OVER: Kind.TEMPORARY, Reason.COOLED: Kind.PROTECTION}
"""Which override an order brings to its end."""

_ORDERED: Mapping[Kind, Reason] = {
    Kind.SAVE_POWER: Reason.REASSERT,
    **{kind: reason for reason, kind in ENDS.items()},
}
"""What is ordered for the sake of an override."""

_NO_SETTINGS = MinerSettings()
_TOGETHER_SECONDS = 900.0
"""Between the start of a miner and ours, when both had no power."""


class IntentReconciler:
    """Remembers what is wanted, looks at every good poll and orders what is due.

    ``protect``, ``restart_stalled`` and ``expert`` are the user's options. What is
    remembered is in ``memory`` and its ``overrides``; who keeps the former should do
    so at least every few hours: intents of somebody who gave no sign of life for a
    day write nothing by themselves any more.
    """

    def __init__(
        self, identity: MinerIdentity, memory: ControlMemory | None = None
    ) -> None:
        """Start with what is remembered, if anything."""
        self.protect = self.restart_stalled = self.expert = False
        self._identity = identity
        self._state: MinerState | None = None
        self._now = Moment(0.0, 0.0, "")
        self._started = 0.0
        self.memory = memory or ControlMemory()
        self.overrides = self.memory.overrides
        self._mining = MiningRequest()
        self._issues: Mapping[Problem, Mapping[str, str]] = {}
        """What a user has been asked to look at since we started."""
        self._attempts = Attempts()
        self._beliefs = Beliefs()
        self._given_up: list[RaiseIssue] = []
        self._cut: Changes = {}
        self._unwatched = False
        self.under_way: Callable[[], Changes] = dict
        """Returns what is being written, of which the device may show a part."""
        self._step_refused = False
        self.recovery: Changes = {}
        """What is written now to bring back a miner that is stuck after heat."""

    @classmethod
    def load(
        cls,
        identity: MinerIdentity,
        data: object,
        intents: object,
        now: Moment,
        *,
        intents_at: float | None = None,
    ) -> Self:
        """Read what was dumped; ``intents_at`` is when the intents were stored."""
        loaded = cls(identity, ControlMemory.load(data, intents, now, intents_at))
        loaded._now, loaded._started = now, now.monotonic
        return loaded

    def _active(self, kind: Kind) -> Override | None:
        return self.overrides[kind].active

    @property
    def saves_power(self) -> bool:
        """Whether power is to be saved, by a wish of the last day."""
        saving = self._active(Kind.SAVE_POWER)
        return saving is not None and not saving.old

    def seconds_left(self, now: Moment) -> float | None:
        """Return when settings for a while are over, if there are any."""
        temporary = self._active(Kind.TEMPORARY)
        if temporary is None or temporary.old:
            return None
        return temporary.seconds_left(now)

    @property
    def allowed(self) -> Allowed:
        """What may be written now."""
        limits, state = self._identity.limits, self._state
        heat = None if state is None else heat_of(limits, state)
        recovery = self.recovery
        if recovery and state is not None and heat_of(limits, state, recovers=True):
            recovery = {}
        return Allowed(
            limits,
            self.memory.observed.values,
            expert=self.expert,
            heat=heat,
            recovery=recovery,
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

    def show(self, state: MinerState | None, day: str) -> ControlState:
        """Return what entities show beside the device's own settings."""
        memory, identity = self.memory, self._identity
        temporary, saving, profile = self._active(Kind.TEMPORARY), None, None
        if state is not None:
            active = self._active(Kind.SAVE_POWER)
            saving = is_saving(identity, state.settings, active)
            profile = memory.profiles.matching(state.settings)
        ends = temporary is not None and not temporary.old
        ends = ends and not self.overrides[Kind.TEMPORARY].is_ending
        knows = state is not None and identity.limits.derating is not None
        return ControlState(
            throttle_method=throttle_method(identity),
            saving_power=saving,
            profile=profile,
            profiles=tuple(memory.profiles.saved),
            temporary_until=temporary.until if ends and temporary else None,
            derated=memory.derating.derated if knows else None,
            setting_writes=memory.writes.on(day),
            restart_needed=bool(memory.waiting),
        )

    # Overrides: begun before anything is sent, and what became of that.

    def saving_changes(self) -> Changes:
        """Return what has to be written to save power.

        Firmware goes below what may be written: there it is left.
        """
        limits, saving = self._identity.limits, self._active(Kind.SAVE_POWER)
        return {
            key: value
            for key, value in saving_changes(
                self._identity, self._coming, saving
            ).items()
            if key not in limits.settings or fits(key, value, limits)
        }

    def begin_saving(self, reason: Reason | None = None) -> None:
        """Remember that power is about to be saved, before anything is written."""
        coming, slot = self._coming, self.overrides[Kind.SAVE_POWER]
        target = least_power(self._identity, coming)
        again = lasts(self._identity, slot.active)
        if again and slot.active is not None:
            target = slot.active.target
        coming = replace(coming, mining=self._mining.expected(coming.mining))
        before = reported(coming, target)
        slot.begin(target, before, self._now, reason=reason, anew=not again)
        if reason is None:
            self.memory.protection.ended()
        elif self.memory.protects:
            self.memory.protection.began(self._now)

    def begin_step(self, changes: Changes) -> None:
        """Remember what comes back for what protection is about to lower."""
        # As with a temporary profile: what heat lowered only a user brings back.
        before = self.memory.beneath(Kind.PROTECTION, self.settings, changes)
        self.memory.protection.began(self._now, step=True)
        self.overrides[Kind.PROTECTION].begin(
            changes,
            at_least(before, self._identity.limits),
            self._now,
            reason=Reason.PROTECT,
        )

    def begin_temporary(self, changes: Changes, seconds: float, now: Moment) -> None:
        """Remember the settings that come back, before anything is written."""
        wanted = {*changes}
        if Setting.AUTO_FAN in wanted and self._coming.auto_fan is False:
            wanted.add(Setting.FAN_DUTY_CYCLE)
        # Only a user who looks at it lets a device work again as before it overheated.
        before = at_least(
            self.memory.beneath(Kind.TEMPORARY, self._coming, wanted, heat=False),
            self._identity.limits,
        )
        if changes and not before:
            raise ControlError(ControlFault.NOTHING_KNOWN)
        self.overrides[Kind.TEMPORARY].begin(changes, before, now, seconds=seconds)
        self._attempts.forget(Reason.TEMPORARY_OVER)

    def cancel(self, kind: Kind) -> None:
        """Take the beginning back: nothing was written, or it was refused."""
        slot, protects = self.overrides[kind], self.memory.protects
        if (active := slot.active) is None:
            return
        wanted = active.held if kind is Kind.SAVE_POWER else active.target
        slot.cancel(self.memory.beneath(kind, self.settings, wanted))
        counted = protects if kind is Kind.SAVE_POWER else kind is Kind.PROTECTION
        if counted and slot.active is None:
            self.memory.protection.cancelled()

    def changes_back(self, kind: Kind) -> Changes:
        """Return what has to be written to end an override."""
        active = self._active(kind)
        if kind is Kind.SAVE_POWER:
            return self._fitting(usual_changes(self._identity, active))
        return {} if active is None else self._fitting(active.before)

    def end(self, kind: Kind) -> None:
        """Take it that the settings before were written."""
        slot = self.overrides[kind]
        if (active := slot.active) is not None:
            wanted = {*active.target, *active.before}
            slot.written_back(self.memory.beneath(kind, self.settings, wanted))
        if slot.active is None:
            self.drop(kind)
        elif kind is Kind.SAVE_POWER:
            self.memory.protection.ended()

    def drop(self, kind: Kind) -> None:
        """Let what is applied stay, and nothing come back."""
        self.overrides[kind].end()
        self._attempts.forget(_ORDERED[kind])
        if kind is Kind.SAVE_POWER:
            self._mining.undone = False
        if kind is not Kind.TEMPORARY and not self.memory.protects:
            self.memory.protection.ended()

    # Profiles

    def save_profile(self, name: str) -> None:
        """Keep the user's present settings under a name."""
        reports = self._with_coming(self._beliefs.told)
        kept = worth_keeping(self._identity.limits, reports)
        kept = self.overrides.beneath(Kind.TEMPORARY, kept)
        self.memory.profiles.save(name, kept)

    def profile_changes(self, name: str) -> Changes:
        """Return what a profile writes."""
        return self._fitting(self.memory.profiles.get(name))

    def take_profiles(self, profiles: Mapping[str, Changes]) -> None:
        """Copy another miner's profiles, all of them or none."""
        self.memory.profiles.take(profiles, self.allowed)

    # What became of orders and of the user's own changes

    def begin_change(self, changes: Changes) -> None:
        """Remember that a user's change is about to end that power is saved."""
        if self._ends_saving(changes):
            self.overrides[Kind.SAVE_POWER].begin_end()

    def _ends_saving(self, changes: Changes) -> bool:
        saving = self._active(Kind.SAVE_POWER)
        return saving is not None and conflict(changes, saving.target)

    def asked(self, changes: Changes) -> None:
        """Take a user's word, before it is written: saving power may end meanwhile.

        A miner that is stopped while it saves power stays so when that ends; one that
        was just about to resume saves power no more.
        """
        mining, slot = changes.get(Setting.MINING), self.overrides[Kind.SAVE_POWER]
        if not isinstance(mining, bool):
            return
        self._mining.ask(mining, self._now.monotonic)
        if slot.active is None or mining or slot.active.held:
            return
        if slot.is_ending:
            self.drop(Kind.SAVE_POWER)
        else:
            slot.exchange({Setting.MINING: False}, {})

    def applied(self, changes: Changes, *, by_user: bool = False) -> None:
        """Take note of what the device took from us.

        ``by_user``: a user asked for these values to stay, so that what they
        replace does not come back.
        """
        self.memory.changes.wrote(changes)
        if isinstance(mining := changes.get(Setting.MINING), bool):
            stays = by_user and not mining
            self._mining.ask(mining, self._now.monotonic, stays=stays)
        if by_user or not (self.memory.derating.derated and self.overrides.held):
            self.memory.derating.chosen(changes)
        if not by_user:
            return
        for kind in (Kind.TEMPORARY, Kind.PROTECTION):
            active = self._active(kind)
            if active is not None and not active.target.keys().isdisjoint(changes):
                self.drop(kind)
        if self._ends_saving(changes):
            self.drop(Kind.SAVE_POWER)

    def failed(self, order: Order, outcome: Outcome) -> None:
        """Take note of an order that was not carried out.

        What a device refuses is given up in the end, and a user is asked to look with
        the next poll. What a resting miner refuses waits until it works again, and so
        does everything of which it is unknown what became of it.
        """
        if isinstance(order, Restart) and outcome is not Outcome.UNKNOWN:
            self.memory.stall.cancelled()
        if not isinstance(order, Apply):
            return
        if order.reason is Reason.PROTECT:
            # Heat does not wait: what comes next is to save power.
            self._step_refused = outcome is Outcome.REFUSED
            return
        if outcome is not Outcome.REFUSED:
            self._attempts.failed(order.reason)
            return
        if not self._attempts.refused(order.reason) or self.settings.mining is False:
            return
        self.drop(ENDS.get(order.reason, Kind.SAVE_POWER))
        refused = RaiseIssue(problem=Problem.SETTING_REFUSED, changes=order.changes)
        self._given_up.append(refused)

    def completed(self, changes: Changes) -> Changes:
        """Add what comes back when a user's change ends that power is saved.

        A frequency belongs to a voltage: one of them alone would be left beside the
        other's lowest value. So it is after one operating point less, unless that is
        still needed.
        """
        back = self.overrides.before_of(Kind.PROTECTION, changes)
        if self._too_hot(back):
            back = {}
        back = {**back, **self.overrides.before_of(Kind.SAVE_POWER, changes)}
        return {**self._fitting(back), **changes} if back else changes

    def restore_changes(self, lower: bool) -> Changes:
        """Return what brings back the settings before a derating, or a step less."""
        return self._fitting(
            self.memory.derating.restore_changes(
                self._identity.limits, self._state, lower=lower
            )
        )

    @property
    def recoveries(self) -> Mapping[Recovery, Changes]:
        """The ways to bring back a miner that is stuck, none while it is not."""
        if not self.memory.stuck.stuck:
            return {}
        baseline, limits = self.memory.derating.baseline, self._identity.limits
        return {
            name: clamped(changes, self.allowed)[0]
            for name, changes in recoveries(limits, self.settings, baseline).items()
        }

    def recovery_changes(self, recovery: Recovery) -> Changes:
        """Return what a stuck miner is to run with."""
        if (changes := self.recoveries.get(recovery)) is None:
            raise ControlError(ControlFault.NOT_STUCK)
        return changes

    def restart_needed(self, changes: Changes) -> None:
        """Take it that these were written, and that a restart puts them into effect."""
        runs = reported(self.settings, changes)
        back = {key for key in changes if same(key, changes[key], runs.get(key))}
        waiting = {**self.memory.waiting, **changes}
        self.memory.waiting = {k: v for k, v in waiting.items() if k not in back}

    @property
    def settings(self) -> MinerSettings:
        """What the device reported last."""
        return _NO_SETTINGS if self._state is None else self._state.settings

    @property
    def _coming(self) -> MinerSettings:
        """What the device is once it has applied what is being written."""
        return self._with_coming(self.settings)

    def _with_coming(self, settings: MinerSettings) -> MinerSettings:
        coming: dict[str, Any] = {str(k): v for k, v in self.under_way().items()}
        return replace(settings, **coming)

    # Looking at a poll

    def observe(
        self,
        identity: MinerIdentity,
        state: MinerState,
        now: Moment,
        *,
        busy: bool,
        boot: RestartVerdict = UNTOLD,
        stalled: bool | None = None,
    ) -> list[Order]:
        """Look at a good poll and return what is to be done.

        ``stalled``: it claims to hash, and finds nothing. While something is ``busy``
        writing, or it is doubtful whether the miner restarted, nothing is written and
        no difference is taken for a change by hand.
        """
        state = self._beliefs.of(identity.limits, state)
        self._identity, self._state, self._now = identity, state, now
        self.memory.observed.observe(identity, state)
        self.memory.stuck.observe(identity.limits, state, now.monotonic)
        self.memory.profiles.make_first(identity)
        unsure = busy or boot.doubtful
        orders: list[Order] = [*self._look_for_restart(boot)]
        orders += self._look_at_settings(state, busy=unsure)
        if not unsure:
            orders += self._look_at_saving()
            orders += self._look_at_temporary()
        orders += self._look_at_heat(state, busy=busy)
        orders += self._given_up
        self._given_up = []
        orders += self._update_issues(self._present_problems)
        return [*orders, *self._look_at_stall(state, stalled, boot, busy=unsure)]

    def _update_issues(
        self, present: Mapping[Problem, Mapping[str, str]]
    ) -> Iterable[RaiseIssue | ClearIssue]:
        """Raise what appeared or changed, and clear what is over.

        Nothing is known of what was raised before we started: what lasts is raised
        again.
        """
        before, self._issues = self._issues, dict(present)
        over = before.keys() - present.keys()
        return [
            *(
                RaiseIssue(problem=problem, details=details)
                for problem, details in present.items()
                if before.get(problem) != details
            ),
            *(ClearIssue(problem=problem) for problem in over),
        ]

    @property
    def _present_problems(self) -> Mapping[Problem, Mapping[str, str]]:
        found = self.memory.problems(self._now.day)
        if self.restart_stalled and self.memory.stall.is_exhausted(self._now.day):
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
        baseline = self.memory.derating.baseline
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
        self.memory.waiting = {}
        if boot.while_watched or self._restart_was_no_resume:
            self._unwatched = not boot.while_watched
            self.overrides[Kind.SAVE_POWER].restarted()
            self._mining.restarted(self._now.monotonic)
        if boot.while_watched:
            yield MinerEvent(event_type=EventType.RESTARTED)

    @property
    def _restart_was_no_resume(self) -> bool:
        """Whether a restart that nobody watched undid a stop, and was not asked to.

        Where only a restart resumes, one of which we know nothing may have been the
        user's; but not if it came together with our own start, as after a power cut.
        """
        if throttle_method(self._identity) is not ThrottleMethod.SHUTDOWN:
            return True
        uptime = None if self._state is None else self._state.uptime
        up_before_us = (uptime or 0.0) - (self._now.monotonic - self._started)
        return up_before_us <= _TOGETHER_SECONDS

    def _look_at_settings(self, state: MinerState, *, busy: bool) -> Iterator[Order]:
        lowered: Mapping[str, list[float]] = {}
        derating, changes = self.memory.derating, self.memory.changes
        # What saves power says nothing of what the device had lowered before.
        held = self.overrides.held
        hidden = derating.derated and agrees(held, state.settings)
        hidden = hidden and not alike(held, derating.baseline)
        if not (busy or hidden) and derating.observe(self._identity.limits, state):
            lowered = derating.difference
            self.overrides[Kind.SAVE_POWER].lowered(derating.lowered)
        yield from changes.compare_heat(state, lowered)
        if not busy:
            said_elsewhere = bool(lowered) or state.overheated
            silent = WATCHED if said_elsewhere else ()
            yield from changes.compare(state, silent=silent)

    @property
    def _reassert(self) -> Changes:
        """What a restart, or overheating, undid and has to be written again."""
        if self._active(Kind.SAVE_POWER) is None and self._mining.undone:
            return {Setting.MINING: False}
        return self.overrides[Kind.SAVE_POWER].reassert

    def _look_at_saving(self) -> Iterator[Order]:
        slot, now = self.overrides[Kind.SAVE_POWER], self._now
        self._mining.observe(self.settings.mining, now.monotonic)
        if (saving := slot.active) is not None:
            by_hand = slot.judge(reported(self.settings, saving.target), now)
            if slot.active is None:
                self.drop(Kind.SAVE_POWER)
            if by_hand and not saving.held:
                yield changed_by_hand({Setting.MINING.value: [False, True]})
        changes = self._reassert
        if self.settings.mining is False:
            self._attempts.forget(Reason.REASSERT)
        elif (
            changes
            and not self._too_hot(changes)
            and self._attempts.may(Reason.REASSERT, now.monotonic)
        ):
            yield Apply(
                changes=changes, reason=Reason.REASSERT, unwatched=self._unwatched
            )

    def _look_at_temporary(self) -> Iterator[Order]:
        slot, memory = self.overrides[Kind.TEMPORARY], self.memory
        if (active := slot.active) is None:
            return
        wanted = {*active.target, *active.before}
        values = memory.beneath(Kind.TEMPORARY, self.settings, wanted)
        slot.observe(values, self._now)
        if values.keys().isdisjoint(active.target):
            return
        if not (active.old or active.is_over(self._now)):
            return
        if slot.is_back(values) or (active.old and slot.changed):
            self.drop(Kind.TEMPORARY)
        elif active.old:
            return
        elif slot.is_ours(values):
            yield from self._give_back(active.before)
        elif slot.changed:
            self.drop(Kind.TEMPORARY)
            changed = differing(active.target, values)
            kept = {key.value: values[key] for key in changed if key in values}
            yield changed_by_hand({"kept": kept})

    def _give_back(self, before: Changes) -> Iterator[Order]:
        """Write what was before, or leave it to what keeps the device from it."""
        slot, over = self.overrides[Kind.TEMPORARY], Reason.TEMPORARY_OVER
        rest = self._exchange_step(self._exchange_saving(before))
        if self.memory.derating.derated:
            self.memory.derating.chosen(rest)
            rest = {key: value for key, value in rest.items() if key not in WATCHED}
        if not rest:
            self.drop(Kind.TEMPORARY)
            return
        resting = self.settings.mining is False
        waits = Setting.WORK_MODE in rest or self._attempts.exhausted(over)
        if (resting and waits) or self._too_hot(rest):
            return
        if not self._attempts.may(over, self._now.monotonic):
            return
        rest = self._fitting(rest)
        order = Apply(changes=rest, reason=over, cut=self.take_cut())
        if not rest:
            self.drop(Kind.TEMPORARY)
            yield order
            return
        slot.narrow(rest)
        if slot.is_ending:
            slot.cancel_end()
            self.failed(order, Outcome.REFUSED)
        if slot.active is not None:
            yield order

    def _exchange_saving(self, before: Changes) -> Changes:
        """Let what saving power holds come back with its end; return the rest."""
        saving = self._active(Kind.SAVE_POWER)
        held = {} if saving is None else saving.held
        later = {key: before[key] for key in before if key in held}
        self.overrides[Kind.SAVE_POWER].exchange(later, {})
        return {key: value for key, value in before.items() if key not in later}

    def _exchange_step(self, before: Changes) -> Changes:
        """Let these come back later, or now if that is less than what is lowered."""
        active = self._active(Kind.PROTECTION)
        if active is None or before.keys().isdisjoint(active.target):
            return before
        if not raising(before, self.settings, self.allowed.work_modes):
            self.drop(Kind.PROTECTION)
            return before
        later = {key: before[key] for key in before if SETTINGS[key].heats}
        runs = self.memory.beneath(Kind.PROTECTION, self.settings, later)
        self.overrides[Kind.PROTECTION].exchange(later, runs)
        return {key: value for key, value in before.items() if key not in later}

    def _look_at_heat(self, state: MinerState, *, busy: bool) -> Iterator[Order]:
        """Order what heat demands; to begin waits for nothing, to end does."""
        now, protection = self._now.monotonic, self.memory.protection
        if throttle_method(self._identity) is None:
            return
        if not busy:
            self._judge_step()
        if self.memory.protects:
            over = protection.is_over(self._identity, state, now)
            if over and not busy and self._attempts.may(Reason.PROTECT, now):
                yield Throttle(on=False, reason=Reason.PROTECT)
            return
        due = protection.is_due(self._identity, state, now) and self.protect
        if self._active(Kind.SAVE_POWER) is not None:
            return
        if due:
            yield from self._work_less(state)
        elif not busy:
            yield from self._step_back(state)

    def _work_less(self, state: MinerState) -> Iterator[Order]:
        """Lower it by one operating point; save power if that did not help, or cannot.

        What overheated already, its firmware lowers itself.
        """
        now, limits = self._now.monotonic, self._identity.limits
        stepped = self._active(Kind.PROTECTION) is not None
        if stepped and not self.memory.protection.had_time(now):
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
        slot, derating = self.overrides[Kind.PROTECTION], self.memory.derating
        if (active := slot.active) is None:
            return
        wanted = {*active.target, *active.before}
        values = self.memory.beneath(Kind.PROTECTION, self.settings, wanted)
        if values.keys().isdisjoint(active.target):
            return
        if self._fell_below(active):
            # The repair of that offers what was before both.
            derating.chosen(active.before)
            self.drop(Kind.PROTECTION)
            return
        slot.observe(values, self._now)
        if slot.changed or (slot.is_ending and slot.is_back(values)):
            self.drop(Kind.PROTECTION)

    def _fell_below(self, step: Override) -> bool:
        """Whether the device lowered itself further than protection did."""
        fallen = self.memory.derating.lowered
        return (
            agrees(fallen, self.settings)
            and not alike(step.target, fallen)
            and not alike(step.before, fallen)
        )

    def _step_back(self, state: MinerState) -> Iterator[Order]:
        """Bring back what protection lowered, once the miner works and is cool."""
        step, now = self._active(Kind.PROTECTION), self._now.monotonic
        if step is None or self.settings.mining is False or self._too_hot(step.before):
            return
        over = self.memory.protection.is_over(self._identity, state, now)
        if over and self._attempts.may(Reason.COOLED, now):
            changes = self.changes_back(Kind.PROTECTION)
            cut = self.take_cut()
            yield Apply(changes=changes, reason=Reason.COOLED, cut=cut)

    def _look_at_stall(
        self,
        state: MinerState,
        stalled: bool | None,
        boot: RestartVerdict,
        *,
        busy: bool,
    ) -> Iterator[Order]:
        """Order a restart of a miner that nobody told to stand still."""
        stall, now = self.memory.stall, self._now
        able = Capability.RESTART in self._identity.capabilities
        if not (able and self.restart_stalled):
            return
        if boot.restarted:
            stall.booted()
        stall.observe(self._identity.limits, state, stalled, now)
        if self._is_told_otherwise:
            stall.cause = None
        cause = stall.due(now)
        if busy or cause is None:
            return
        stall.began(now)
        number, limit = stall.restarts.on(now.day), MOST_RESTARTS
        yield Restart(details={"cause": cause, "restarts": number, "limit": limit})

    @property
    def _is_told_otherwise(self) -> bool:
        """Whether it saves power, or something is about to be written or to end."""
        temporary = self._active(Kind.TEMPORARY)
        ends = temporary is not None and (
            self.overrides[Kind.TEMPORARY].is_ending or temporary.is_over(self._now)
        )
        saves = self._active(Kind.SAVE_POWER) is not None
        return saves or bool(self._reassert) or ends
