"""What a user wants of one miner: how it begins, what ends it, and what comes back."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..miners.events import Moment
from ..miners.model import (
    Changes,
    MinerIdentity,
    MinerSettings,
    MinerState,
    Setting,
)
from .cause import cause_of
from .errors import (
    ControlError,
    ControlFault,
)
from .memory import ControlMemory
from .model import (
    BY_NOTHING,
    NO_POWER_CONTROL,
    NOBODY,
    ControlState,
    PowerControl,
    Problem,
    RaiseIssue,
    Reason,
    Requester,
    Stop,
    ThrottleMethod,
)
from .overrides import (
    Kind,
    Override,
    conflict,
)
from .profiles import worth_keeping
from .rules import (
    Allowed,
    Beliefs,
    at_least,
    clamped,
    fits,
    heat_of,
    raising,
)
from .standstill import (
    Recovery,
    recoveries,
)
from .throttle import (
    MiningRequest,
    is_saving,
    lasts,
    saving_changes,
    throttle_method,
    usual_changes,
)
from .values import (
    alike,
    reported,
    same,
)

ENDS = {
    Reason.TEMPORARY_OVER: Kind.TEMPORARY,
    Reason.COOLED: Kind.PROTECTION,
    Reason.POWER_TARGET_OVER: Kind.POWER_TARGET,
}
"""Which override an order brings to its end."""

_ORDERED: Mapping[Kind, Reason] = {
    Kind.SAVE_POWER: Reason.REASSERT,
    **{kind: reason for reason, kind in ENDS.items()},
}
"""What is ordered for the sake of an override."""

POWERED = frozenset({Setting.FREQUENCY, Setting.CORE_VOLTAGE, Setting.WORK_MODE})
"""What makes a step of power, beside whether it hashes at all."""

MOST_ATTEMPTS = 3
_REPEAT_SECONDS = 30.0
"""An order is not given again while it may still be under way."""

_LONGEST_SECONDS = 600.0
"""Between two tries of what a device neither takes nor refuses."""

_NO_TIME = Moment(0.0, 0.0, "")


class Attempts:
    """Spaces the same order and counts its refusals; forgets with a restart."""

    def __init__(self) -> None:
        """Start with none."""
        self._next: dict[Reason, float] = {}
        self._refusals: dict[Reason, int] = {}
        self._pause: dict[Reason, float] = {}

    def may(self, reason: Reason, monotonic: float) -> bool:
        """Whether an order may be given now; if so it counts as given."""
        if monotonic < self._next.get(reason, monotonic):
            return False
        self._next[reason] = monotonic + self._pause.get(reason, _REPEAT_SECONDS)
        return True

    def refused(self, reason: Reason) -> bool:
        """Count a refusal; return whether it is one too many."""
        self._refusals[reason] = self._refusals.get(reason, 0) + 1
        return self.exhausted(reason)

    def failed(self, reason: Reason) -> None:
        """Take it that it is unknown what became of an order: try, ever more slowly."""
        pause = 2 * self._pause.get(reason, _REPEAT_SECONDS)
        self._pause[reason] = min(pause, _LONGEST_SECONDS)

    def exhausted(self, reason: Reason) -> bool:
        """Whether it was refused too often."""
        return self._refusals.get(reason, 0) >= MOST_ATTEMPTS

    def forget(self, reason: Reason) -> None:
        """Take it that the order was carried out, or is another one."""
        for known in (self._next, self._refusals, self._pause):
            known.pop(reason, None)


class Intents:
    """Remembers what is wanted, and what has to be written for it.

    ``protect``, ``restart_stalled`` and ``expert`` are the user's options. What is
    remembered is in ``memory`` and its ``overrides``; who keeps the former should do
    so at least every few hours: intents of somebody who gave no sign of life for a
    day write nothing by themselves any more.
    """

    def __init__(
        self,
        identity: MinerIdentity,
        memory: ControlMemory | None = None,
        now: Moment = _NO_TIME,
    ) -> None:
        """Start with what is remembered, if anything."""
        self.protect = self.restart_stalled = self.expert = False
        self._identity = identity
        self._state: MinerState | None = None
        self.settings = MinerSettings()
        """What the device reported last."""
        self._now, self._started = now, now.monotonic
        self.memory = memory or ControlMemory()
        self.overrides = self.memory.overrides
        self._mining = MiningRequest()
        self._issues: Mapping[Problem, Mapping[str, str]] = {}
        """What a user has been asked to look at since we started."""
        self._attempts = Attempts()
        self._beliefs = Beliefs()
        self._given_up: list[RaiseIssue] = []
        self._cut: Changes = {}
        self._unwatched = self._step_refused = False
        self.under_way: Callable[[], Changes] = dict
        """Returns what is being written, of which the device may show a part."""
        self.applying: Callable[[], Changes] = dict
        """Returns what is asked for and does not show yet."""
        self.recovery: Changes = {}
        """What is written now to bring back a miner that is stuck after heat."""

    def _active(self, kind: Kind) -> Override:
        return self.overrides[kind].active

    @property
    def allowed(self) -> Allowed:
        """What may be written now."""
        limits, state, recovery = self._identity.limits, self._state, self.recovery
        if recovery and state is not None and heat_of(limits, state, recovers=True):
            recovery = {}
        return Allowed(
            limits,
            self.memory.observed.values,
            expert=self.expert,
            heat=None if state is None else heat_of(limits, state),
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

    def _coming(self, settings: MinerSettings) -> MinerSettings:
        """Return settings as they are once what is being written is applied."""
        coming: dict[str, Any] = {str(k): v for k, v in self.under_way().items()}
        return replace(settings, **coming)

    def show(self, state: MinerState | None, day: str) -> ControlState:
        """Return what entities show beside the device's own settings."""
        memory, identity = self.memory, self._identity
        temporary = self._active(Kind.TEMPORARY)
        saving = profile = derated = None
        if state is not None:
            saving = is_saving(identity, state.settings, self._active(Kind.SAVE_POWER))
            profile = memory.profiles.matching(state.settings)
            derated = memory.derating.derated if identity.limits.derating else None
        ends = not (temporary.old or self.overrides[Kind.TEMPORARY].is_ending)
        return ControlState(
            throttle_method=throttle_method(identity),
            saving_power=saving,
            profile=profile,
            profiles=tuple(memory.profiles.saved),
            temporary_until=temporary.until if ends else None,
            derated=derated,
            setting_writes=memory.writes.on(day),
            restart_needed=bool(memory.waiting),
            controlled=BY_NOTHING
            if state is None
            else cause_of(state, self.overrides, memory.derating, saving=saving),
            saves=self._saves,
            hold=self.overrides.hold,
            applying=self.applying(),
            power=self._power_control,
        )

    @property
    def _power_control(self) -> PowerControl:
        """What there is to show of a power target."""
        return NO_POWER_CONTROL

    @property
    def _saves(self) -> bool:
        """Whether somebody asked to save power, and nobody to end that."""
        slot = self.overrides[Kind.SAVE_POWER]
        asked = bool(slot.active) and not slot.is_ending
        return asked and not self.memory.protects

    # Overrides: begun before anything is sent, and what became of that.

    def saving_changes(self) -> Changes:
        """Return what has to be written to save power.

        Firmware goes below what may be written: there it is left.
        """
        limits, coming = self._identity.limits, self._coming(self.settings)
        wanted = saving_changes(self._identity, coming, self._active(Kind.SAVE_POWER))
        return {
            key: value
            for key, value in wanted.items()
            if key not in limits.settings or fits(key, value, limits)
        }

    def begin_saving(
        self, reason: Reason | None = None, by: Requester = NOBODY
    ) -> None:
        """Remember that power is about to be saved, before anything is written.

        Who asks once more for what somebody else asked for takes nothing over.
        """
        coming, slot = self._coming(self.settings), self.overrides[Kind.SAVE_POWER]
        target = saving_changes(self._identity, coming, slot.active)
        coming = replace(coming, mining=self._mining.expected(coming.mining))
        anew = not lasts(self._identity, slot.active)
        before = reported(coming, target)
        active = slot.active
        if active and not anew and active.reason is None:
            by = active.by
        slot.begin(
            target,
            before,
            self._now,
            reason=reason,
            anew=anew,
            by=by,
            temperature=self._hottest_if(reason),
        )
        if reason is None:
            self.memory.protection.ended()
        elif self.memory.protects:
            self.memory.protection.began(self._now)

    def _hottest_if(self, reason: Reason | None) -> float | None:
        """Return how hot the chip is, in °C, if that is the reason for something."""
        if reason is not Reason.PROTECT or self._state is None:
            return None
        return self._state.hottest_chip

    def begin_step(self, changes: Changes) -> None:
        """Remember what comes back for what protection is about to lower."""
        # As with a temporary profile: what heat lowered only a user brings back.
        before = self.memory.beneath(Kind.PROTECTION, self.settings, changes)
        before = at_least(before, self._identity.limits)
        self.memory.protection.began(self._now, step=True)
        slot = self.overrides[Kind.PROTECTION]
        reason = Reason.PROTECT
        temperature = self._hottest_if(reason)
        slot.begin(changes, before, self._now, reason=reason, temperature=temperature)

    def begin_temporary(
        self, changes: Changes, seconds: float, now: Moment, **origin: Any
    ) -> None:
        """Remember the settings that come back, before anything is written.

        ``origin`` says which profile they are, and by whom.
        """
        wanted, coming = {*changes}, self._coming(self.settings)
        if Setting.AUTO_FAN in wanted and coming.auto_fan is False:
            wanted.add(Setting.FAN_DUTY_CYCLE)
        # Only a user who looks at it lets a device work again as before it overheated.
        before = self.memory.beneath(Kind.TEMPORARY, coming, wanted, heat=False)
        if changes and not before:
            raise ControlError(ControlFault.NOTHING_KNOWN)
        before = at_least(before, self._identity.limits)
        slot = self.overrides[Kind.TEMPORARY]
        slot.begin(changes, before, now, seconds=seconds, **origin)
        self._attempts.forget(Reason.TEMPORARY_OVER)

    def cancel(self, kind: Kind) -> None:
        """Take the beginning back: nothing was written, or it was refused."""
        slot, protects = self.overrides[kind], self.memory.protects
        if not (active := slot.active):
            return
        wanted = active.held if kind is Kind.SAVE_POWER else active.target
        slot.cancel(self.memory.beneath(kind, self.settings, wanted))
        counted = protects if kind is Kind.SAVE_POWER else kind is Kind.PROTECTION
        if counted and not slot.active:
            self.memory.protection.cancelled()

    def changes_back(self, kind: Kind) -> Changes:
        """Return what has to be written to end an override."""
        active = self._active(kind)
        if kind is Kind.SAVE_POWER:
            return self._fitting(usual_changes(self._identity, active))
        return self._fitting(active.before)

    def end(self, kind: Kind) -> None:
        """Take it that the settings before were written."""
        slot = self.overrides[kind]
        slot.written_back(self.memory.beneath(kind, self.settings, slot.active.back))
        if not slot.active:
            self.drop(kind)
        elif kind is Kind.SAVE_POWER:
            self.memory.protection.ended()

    def drop(self, kind: Kind) -> None:
        """Let what is applied stay, and nothing come back."""
        self.overrides[kind].end()
        self._attempts.forget(_ORDERED[kind])
        if kind is Kind.SAVE_POWER:
            self._mining.undone = False
        hot = kind in {Kind.PROTECTION, Kind.SAVE_POWER}
        if hot and not self.memory.protects:
            self.memory.protection.ended()

    # Profiles

    def save_profile(self, name: str) -> None:
        """Keep the user's present settings under a name."""
        reports = self._coming(self._beliefs.reported)
        kept = worth_keeping(self._identity.limits, reports)
        self.memory.profiles.save(name, self.overrides.beneath(Kind.TEMPORARY, kept))

    def profile_changes(self, name: str) -> Changes:
        """Return what a profile writes."""
        return self._fitting(self.memory.profiles.get(name))

    # The user's own changes

    def begin_change(self, changes: Changes, by: Requester = NOBODY) -> None:
        """Remember that a user's change ends that power is saved, or stops it."""
        if changes.get(Setting.MINING) is False:
            self.overrides.stop = Stop(since=self._now.wall, ours=True, by=by)
        slot = self.overrides[Kind.SAVE_POWER]
        if conflict(changes, slot.active.target):
            slot.begin_end()

    def asked(self, changes: Changes) -> None:
        """Take a user's word, before it is written: saving power may end meanwhile.

        A miner that is stopped while it saves power stays so when that ends; one that
        was just about to resume saves power no more.
        """
        mining, slot = changes.get(Setting.MINING), self.overrides[Kind.SAVE_POWER]
        if not isinstance(mining, bool):
            return
        self._mining.ask(mining, self._now.monotonic)
        if mining or slot.active.held:
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
            if not self._active(kind).target.keys().isdisjoint(changes):
                self.drop(kind)
        if conflict(changes, self._active(Kind.SAVE_POWER).target):
            self.drop(Kind.SAVE_POWER)
        self._end_power_target(changes)

    def _end_power_target(self, changes: Changes) -> None:
        """Let a user's change end a power target, unless it leaves its step as it is.

        What the user sets is the normal from then on.
        """
        lowered = self._active(Kind.POWER_TARGET)
        if conflict(changes, lowered.target):
            self.overrides.power = None
            self._end_power_step(changes)
        elif not lowered and not POWERED.isdisjoint(changes):
            self.overrides.power = None
        elif self._sets_when_awake and Setting.MINING in lowered.target:
            chosen = {key: changes[key] for key in changes if key in POWERED}
            self.overrides[Kind.POWER_TARGET].exchange(chosen, {})

    def _end_power_step(self, changes: Changes) -> None:
        """Forget what was before a step, unless it has yet to come back."""
        slot = self.overrides[Kind.POWER_TARGET]
        back = {k: v for k, v in slot.active.before.items() if k in POWERED}
        runs = reported(self._coming(self.settings), back)
        wakes = Setting.MINING in slot.active.target and self._sets_when_awake
        if wakes and POWERED.isdisjoint(changes) and not alike(back, runs):
            slot.active = slot.active.but(target=runs, before=back)
        else:
            self.drop(Kind.POWER_TARGET)

    @property
    def _sets_when_awake(self) -> bool:
        """Whether it takes no set points at rest: only a restart gets it to hash."""
        return throttle_method(self._identity) is ThrottleMethod.SHUTDOWN

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
        back = {**back, **self._normal_beside(changes)}
        return {**self._fitting(back), **changes} if back else changes

    def _normal_beside(self, changes: Changes) -> Changes:
        """Return the normal that comes back as a user's change ends a power target."""
        lowered = self._active(Kind.POWER_TARGET)
        rests = Setting.MINING in lowered.target
        if rests and self._sets_when_awake:
            return {}
        ends = conflict(changes, lowered.target) or (
            rests and not POWERED.isdisjoint(changes)
        )
        back = lowered.before if ends else {}
        if self._too_hot(back):
            back = {key: value for key, value in back.items() if key not in POWERED}
        return back

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
        waiting = {**self.memory.waiting, **changes}
        self.memory.waiting = {
            key: value
            for key, value in waiting.items()
            if key not in changes or not same(key, value, runs.get(key))
        }
