"""What a power target makes of a miner: what is due, how it begins, what ends it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import override

from ..miners.events import MinerEvent
from ..miners.model import Changes, MinerState, Setting
from ..miners.power import PowerStep
from .intents import POWERED, Intents
from .model import (
    NOBODY,
    Apply,
    Order,
    PowerControl,
    PowerTarget,
    Reason,
    Requester,
)
from .observed import changed_by_hand, hand_changed
from .overrides import Kind
from .power_target import (
    MOST_WRITES,
    PowerCase,
    PowerMeter,
    PowerRules,
    StepsOf,
    follow,
    is_another,
    step_of,
)
from .values import alike, differing, reported

_COVERS = (Kind.TEMPORARY, Kind.PROTECTION, Kind.SAVE_POWER)
"""What a power target leaves alone."""


def _no_steps(_: Changes) -> tuple[PowerStep, ...]:
    return ()


class PowerIntents(Intents):
    """Keeps the power target of one miner.

    Its override holds the step that is applied instead of the normal; the target
    itself is kept beside it, as it may be high enough for the normal.
    """

    power_rules = PowerRules()
    steps_of: StepsOf = staticmethod(_no_steps)
    """Returns the steps up to a normal."""
    drawn: float | None = None
    """What the real meter says, in W."""
    _power_meter: PowerMeter | None = None

    @property
    def normal(self) -> Changes:
        """The settings that the owner chose, as far as a power target changes them."""
        takes = self._identity.limits.settings
        wanted = [key for key in Setting if key in POWERED and key in takes]
        coming = self._coming(self.settings)
        found = self.memory.beneath(Kind.POWER_TARGET, coming, wanted)
        before = self._active(Kind.POWER_TARGET).before
        return {**found, **{k: before[k] for k in before if k in wanted}}

    @property
    def steps(self) -> tuple[PowerStep, ...]:
        """What the miner may be set to for a power target."""
        normal = self.normal
        return self.steps_of(normal) if normal else ()

    @property
    def _lowered_to_rest(self) -> bool:
        """Whether it rests because of a power target."""
        return self._active(Kind.POWER_TARGET).target.get(Setting.MINING) is False

    @property
    def _power_waits(self) -> bool:
        """Whether something else has the last word."""
        state = self._state
        stopped = self.settings.mining is False and not self._lowered_to_rest
        return (
            state is None
            or state.overheated
            or self.memory.derating.derated
            or stopped
            or self.overrides.stop is not None
            or any(self._active(kind) for kind in _COVERS)
        )

    @property
    @override
    def _power_control(self) -> PowerControl:
        rules, pace, steps = self.power_rules, self.memory.pace, self.steps
        return PowerControl(
            normal=self.normal,
            steps=steps,
            step=step_of(steps, self.settings) if self._state else None,
            target=self.overrides.power,
            waits=self.overrides.power is not None
            and (self._power_waits or self.overrides.hold is not None),
            fixed=self._is_thrifty and self._state is not None and self._case.is_fixed,
            drawn=self.drawn,
            measured=self._power_mean,
            turned_at=pace.turned_at,
            wrote_at=pace.wrote_at,
            gap=rules.gap,
            minimum_run=rules.minimum_run,
            minimum_rest=rules.minimum_rest,
        )

    # How it begins and ends.

    def ask_power(self, watts: float | None, by: Requester = NOBODY) -> None:
        """Take a target in W, or take it back."""
        known, now = self.overrides.power, self._now.wall
        if watts is None:
            self.overrides.power = None
        elif known is None:
            self.overrides.power = PowerTarget(watts=watts, since=now, by=by)
        elif watts != known.watts:
            self.overrides.power = replace(known, watts=watts, since=now, by=by)

    def begin_power(self) -> Changes:
        """Remember a step, and the normal that comes back, before it is written.

        It is the one that is due now: since it was ordered there may be another target.
        """
        order = self.due_for_power()
        if order is None or order.reason is not Reason.POWER_TARGET:
            return {}
        changes = order.changes
        slot, target = self.overrides[Kind.POWER_TARGET], dict(changes)
        if target.get(Setting.MINING) is True:
            del target[Setting.MINING]
        before = dict(self.normal)
        if Setting.MINING in target:
            before[Setting.MINING] = True
        if not (slot.active.undone and slot.active.target == target):
            slot.begin(target, before, self._now, anew=True)
        self._note_power_write()
        return changes

    def _note_power_write(self) -> None:
        self.memory.pace.wrote_at = self._now.wall
        self._settle_power()

    def _settle_power(self) -> None:
        """Take it that a step was chosen for the present target."""
        if (target := self.overrides.power) is not None:
            self.overrides.power = replace(target, chosen=target.watts)

    def begin_power_end(self) -> None:
        """Take it that the normal is about to be written."""
        if self.overrides.power is not None:
            self._note_power_write()

    def power_applied(self) -> None:
        """Take it that a step was taken, so that no refusal before it counts."""
        self._attempts.forget(Reason.POWER_TARGET)

    def ending_rest(self, changes: Changes) -> Changes:
        """Add to settings that are to stay that a miner hashes with them.

        For one that rests because of a power target, which they end.
        """
        ends = self._lowered_to_rest and not POWERED.isdisjoint(changes)
        ends = ends and not self._sets_when_awake
        return {Setting.MINING: True, **changes} if ends else changes

    def _end_power_by_hand(self, orders: Iterable[Order]) -> None:
        """End a target that has nothing to lower once somebody changes the normal."""
        if not self._active(Kind.POWER_TARGET) and any(
            isinstance(order, MinerEvent) and hand_changed(order, POWERED)
            for order in orders
        ):
            self.overrides.power = None

    def woken(self, changes: Changes) -> Changes:
        """Add that a miner hashes that rests because of a power target.

        For what is above it; when that ends, it is followed again.
        """
        if not self._lowered_to_rest or self._sets_when_awake:
            return changes
        slot = self.overrides[Kind.POWER_TARGET]
        slot.active = slot.active.but(undone=True)
        return {Setting.MINING: True, **changes}

    def use_as_normal(self) -> None:
        """Let what the miner runs now be its normal, and nothing else come back.

        What rests because of a power target goes on with what it is set to.
        """
        runs = reported(self._coming(self.settings), POWERED)
        if self._lowered_to_rest:
            slot = self.overrides[Kind.POWER_TARGET]
            slot.active = slot.active.but(before={**runs, Setting.MINING: True})
        else:
            self.drop(Kind.POWER_TARGET)
            self.overrides.power = None
        for kind in (Kind.TEMPORARY, Kind.PROTECTION):
            self.drop(kind)
        self.memory.derating.chosen(runs)

    # What is due.

    def due_for_power(self) -> Apply | None:
        """Return what is to be written for a power target now, if anything is.

        A miner that only a restart wakes takes no set points before: it wakes with
        those that it has.
        """
        order = self._due_for_power()
        present = reported(self._coming(self.settings), POWERED)
        if order is None or not self._wakes_first(order.changes, present):
            return order
        return self._power_step({**present, Setting.MINING: True})

    def _wakes_first(self, changes: Changes, present: Changes) -> bool:
        """Whether set points can only be changed once the miner runs with others."""
        points = {key: value for key, value in changes.items() if key in POWERED}
        return (
            self._sets_when_awake
            and self._lowered_to_rest
            and changes.get(Setting.MINING) is True
            and bool(differing(points, present))
        )

    def _due_for_power(self) -> Apply | None:
        slot, target = self.overrides[Kind.POWER_TARGET], self.overrides.power
        if self._power_waits:
            return None
        if target is None or slot.is_ending:
            return self._normal_again() if slot.active else None
        if slot.active.undone and not is_another(target):
            return self._power_step(slot.active.target)
        case = self._case
        target = follow(target, self._power_mean, case.present, case.steps)
        self.overrides.power = target
        if (step := case.next(target)) is None:
            return None
        if slot.active and step == case.steps[-1]:
            return self._normal_again()
        if step == case.present:
            if is_another(target):
                self._settle_power()
            return None
        return self._power_step(step.settings)

    def _normal_again(self) -> Apply | None:
        back = self._active(Kind.POWER_TARGET).before
        if self._too_hot(back):
            return None
        return Apply(changes=back, reason=Reason.POWER_TARGET_OVER)

    def _power_step(self, changes: Changes) -> Apply | None:
        if self._too_hot(changes):
            return None
        return Apply(changes=changes, reason=Reason.POWER_TARGET)

    @property
    def _power_mean(self) -> float | None:
        return None if self._power_meter is None else self._power_meter.mean

    @property
    def _is_thrifty(self) -> bool:
        """Whether no more is to be written to flash today.

        A step is two writes at most, and so is the way back to the normal.
        """
        return self.memory.writes.on(self._now.day) + 4 > MOST_WRITES

    @property
    def _case(self) -> PowerCase:
        return PowerCase(
            steps=self.steps,
            settings=self._coming(self.settings),
            pace=self.memory.pace,
            rules=self.power_rules,
            wall=self._now.wall,
            thrifty=self._is_thrifty,
        )

    def _look_at_power(self, state: MinerState, *, busy: bool) -> Iterator[Order]:
        """Order what a power target asks for, once nothing else is being written."""
        now = self._now
        doubtful = self._identity.limits.doubtful_standby_power
        power = None if doubtful else state.power
        self.memory.pace.observe(state.settings.mining, power, now.wall)
        meter = self._power_meter = self._power_meter or PowerMeter()
        at = reported(state.settings, [*POWERED, Setting.MINING])
        meter.observe(at, self.drawn, now.monotonic)
        if busy:
            return
        yield from self._judge_power_step()
        if self.overrides.hold is not None:
            return
        order = self.due_for_power()
        if order is None or self._rests_on(order):
            return
        if self._attempts.may(order.reason, now.monotonic):
            yield order

    def _rests_on(self, order: Apply) -> bool:
        """Whether it rests for too short a time to get back its normal by itself."""
        may_resume = self.memory.pace.may_resume(self.power_rules, self._now.wall)
        over = order.reason is Reason.POWER_TARGET_OVER
        return over and self._lowered_to_rest and not may_resume

    def _judge_power_step(self) -> Iterator[Order]:
        """See whether somebody changed a step at the device, which ends the target."""
        slot = self.overrides[Kind.POWER_TARGET]
        active = slot.active
        if not active or self._power_covered:
            return
        values = reported(self.settings, active.back)
        if (slot.is_ending or self.overrides.power is None) and slot.is_back(values):
            self.drop(Kind.POWER_TARGET)
            return
        if self.overrides.power is None or (
            active.undone and not alike(active.target, values)
        ):
            return
        slot.observe(values, self._now)
        if not slot.changed:
            return
        self.overrides.power = None
        if differing(active.target, values) != (Setting.MINING,):
            self.drop(Kind.POWER_TARGET)
            return
        # It hashes again by hand: then with what its owner chose.
        yield changed_by_hand({Setting.MINING.value: [False, True]})
        before = {k: v for k, v in active.before.items() if k in POWERED}
        slot.active = active.but(target=before, before=before)

    @property
    def _power_covered(self) -> bool:
        """Whether what the device runs says nothing of a power target."""
        state = self._state
        heat = state is None or state.overheated or self.memory.derating.derated
        return heat or any(self._active(kind) for kind in _COVERS)
