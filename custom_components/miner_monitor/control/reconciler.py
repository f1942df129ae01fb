"""Where a device differs from what its user wants, and what is due therefore."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

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
    MinerState,
    Setting,
)
from ..miners.restarts import (
    UNTOLD,
    RestartVerdict,
)
from ..miners.settings import SETTINGS
from .cause import RESTING
from .heat import (
    WATCHED,
    next_lower,
    one_step_lower,
    set_points_text,
    steps_first,
)
from .intents import ENDS
from .model import (
    Apply,
    ClearIssue,
    Order,
    Problem,
    RaiseIssue,
    Reason,
    Restart,
    Stop,
    Throttle,
    ThrottleMethod,
)
from .observed import (
    changed_by_hand,
)
from .overrides import Kind
from .power_intents import PowerIntents
from .rules import (
    clamped,
    raising,
)
from .standstill import (
    MOST_RESTARTS,
    texts_of,
)
from .throttle import throttle_method
from .values import (
    agrees,
    alike,
    differing,
    reported,
)

_TOGETHER_SECONDS = 900.0
"""Between the start of a miner and ours, when both had no power."""


class IntentReconciler(PowerIntents):
    """Looks at every good poll and orders what is due."""

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
        self.settings = state.settings
        self.memory.observed.observe(identity, state)
        self.memory.stuck.observe(identity.limits, state, now.monotonic)
        self.memory.profiles.make_first(identity)
        self.overrides.end_hold(now.wall)
        unsure = busy or boot.doubtful
        orders: list[Order] = [
            *self._look_for_restart(boot, state.restart_reason),
            *self._look_at_settings(state, busy=unsure),
            *(() if unsure else self._look_at_saving()),
            *(() if unsure else self._look_at_temporary()),
            *self._look_at_heat(state, busy=busy),
        ]
        if not unsure:
            self._look_at_rest(state)
        self._end_power_by_hand(orders)
        orders += self._look_at_power(state, busy=unsure or _writes(orders))
        orders += self._given_up
        self._given_up = []
        # Of what was raised before we started nothing is known: it is raised again.
        before, self._issues = self._issues, self._present_problems
        orders += [
            RaiseIssue(problem=problem, details=details)
            for problem, details in self._issues.items()
            if before.get(problem) != details
        ]
        over = before.keys() - self._issues.keys()
        orders += [ClearIssue(problem=problem) for problem in over]
        return [*orders, *self._look_at_stall(state, stalled, boot, busy=unsure)]

    @property
    def _present_problems(self) -> Mapping[Problem, Mapping[str, str]]:
        found, limits = self.memory.problems(self._now.day), self._identity.limits
        if self.restart_stalled and self.memory.stall.is_exhausted(self._now.day):
            found[Problem.STALLS_AGAIN] = {"limit": str(MOST_RESTARTS)}
        if (details := found.get(Problem.DERATED)) is not None:
            baseline = self.memory.derating.baseline
            lower = {**baseline, **one_step_lower(limits, baseline)}
            text = set_points_text(clamped(lower, self.allowed)[0])
            found[Problem.DERATED] = {**details, "lower": text}
        if ways := self.recoveries:
            # One repair, which offers what the other would.
            found.pop(Problem.DERATED, None)
            found[Problem.STUCK] = texts_of(ways, limits, self.settings)
        return found

    def _look_for_restart(
        self, boot: RestartVerdict, reason: str | None
    ) -> Iterator[Order]:
        if not boot.restarted:
            return
        self.memory.waiting = {}
        if boot.while_watched or self._restart_was_no_resume:
            self._unwatched = not boot.while_watched
            self.overrides[Kind.SAVE_POWER].restarted()
            self.overrides[Kind.POWER_TARGET].restarted()
            self._mining.restarted(self._now.monotonic)
        if boot.while_watched:
            details: dict[str, Any] = {"reason": reason} if reason else {}
            if boot.expected:
                details["requested"] = True
            yield MinerEvent(event_type=EventType.RESTARTED, details=details)

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
        lowered: Mapping[str, object] = {}
        derating, changes = self.memory.derating, self.memory.changes
        # What saves power says nothing of what the device had lowered before.
        held = self.overrides.held
        hidden = derating.derated and agrees(held, state.settings)
        hidden = hidden and not alike(held, derating.baseline)
        if not (busy or hidden) and derating.observe(
            self._identity.limits, state, self._now.wall
        ):
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
        if self._mining.undone and not self._active(Kind.SAVE_POWER):
            return {Setting.MINING: False}
        return self.overrides[Kind.SAVE_POWER].reassert

    def _look_at_saving(self) -> Iterator[Order]:
        slot, now = self.overrides[Kind.SAVE_POWER], self._now
        self._mining.observe(self.settings.mining, now.monotonic)
        if saving := slot.active:
            by_hand = slot.judge(reported(self.settings, saving.target), now)
            if not slot.active:
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

    def _look_at_rest(self, state: MinerState) -> None:
        """See whether it rests though nobody saves power, and since when."""
        mining, stop = self._mining.expected(state.settings.mining), self.overrides.stop
        if mining is True:
            self.overrides.stop = None
        elif (
            mining is False
            and stop is None
            and state.status in RESTING
            and not self._active(Kind.SAVE_POWER)
            and not self._lowered_to_rest
        ):
            self.overrides.stop = Stop(since=self._now.wall)

    def _look_at_temporary(self) -> Iterator[Order]:
        slot = self.overrides[Kind.TEMPORARY]
        active = slot.active
        values = self.memory.beneath(Kind.TEMPORARY, self.settings, active.back)
        slot.observe(values, self._now)
        over = active.old or active.is_over(self._now)
        if not over or values.keys().isdisjoint(active.target):
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
        waits = (resting and waits) or self._too_hot(rest)
        if waits or not self._attempts.may(over, self._now.monotonic):
            return
        rest = self._fitting(rest)
        order = Apply(changes=rest, reason=over, cut=self.take_cut())
        if rest:
            slot.narrow(rest)
            if slot.is_ending:
                slot.cancel_end()
                self.failed(order, Outcome.REFUSED)
        if slot.active:
            yield order
        if not rest:
            self.drop(Kind.TEMPORARY)

    def _exchange_saving(self, before: Changes) -> Changes:
        """Let what saving power holds come back with its end; return the rest."""
        held = self._active(Kind.SAVE_POWER).held
        later = {key: before[key] for key in before if key in held}
        self.overrides[Kind.SAVE_POWER].exchange(later, {})
        return {key: value for key, value in before.items() if key not in later}

    def _exchange_step(self, before: Changes) -> Changes:
        """Let these come back later, or now if that is less than what is lowered."""
        if before.keys().isdisjoint(self._active(Kind.PROTECTION).target):
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
        if self._active(Kind.SAVE_POWER):
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
        stepped = bool(self._active(Kind.PROTECTION))
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
        active = slot.active
        values = self.memory.beneath(Kind.PROTECTION, self.settings, active.back)
        if values.keys().isdisjoint(active.target):
            return
        fallen = derating.lowered
        if (
            agrees(fallen, self.settings)
            and not alike(active.target, fallen)
            and not alike(active.before, fallen)
        ):
            # The repair of that offers what was before both.
            derating.chosen(active.before)
            self.drop(Kind.PROTECTION)
            return
        slot.observe(values, self._now)
        if slot.changed or (slot.is_ending and slot.is_back(values)):
            self.drop(Kind.PROTECTION)

    def _step_back(self, state: MinerState) -> Iterator[Order]:
        """Bring back what protection lowered, once the miner works and is cool."""
        step, now = self._active(Kind.PROTECTION), self._now.monotonic
        if not step or self.settings.mining is False or self._too_hot(step.before):
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
        """Order a restart of a miner that nobody stopped."""
        stall, now = self.memory.stall, self._now
        able = Capability.RESTART in self._identity.capabilities
        if not (able and self.restart_stalled):
            return
        if boot.restarted:
            stall.booted()
        stall.observe(self._identity.limits, state, stalled, now)
        temporary = self.overrides[Kind.TEMPORARY]
        ends = temporary.is_ending or temporary.active.is_over(now)
        if ends or self._active(Kind.SAVE_POWER) or self._reassert:
            stall.cause = None
        cause = stall.due(now)
        if busy or cause is None:
            return
        stall.began(now)
        number, limit = stall.restarts.on(now.day), MOST_RESTARTS
        yield Restart(details={"cause": cause, "restarts": number, "limit": limit})

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
        if order.reason is Reason.POWER_TARGET:
            self.ask_power(None)
            self._attempts.forget(order.reason)
        else:
            self.drop(ENDS.get(order.reason, Kind.SAVE_POWER))
        refused = RaiseIssue(problem=Problem.SETTING_REFUSED, changes=order.changes)
        self._given_up.append(refused)


def _writes(orders: Iterable[Order]) -> bool:
    """Whether something is to be written already."""
    return any(isinstance(order, Apply | Throttle) for order in orders)
