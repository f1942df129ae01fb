"""What lasts for a while, and then gives back what was before.

Saving power, a temporary profile and what protection lowers are overrides. All live
the same life: what is applied and what comes back is remembered before it is sent;
then the device shows it; then what was before is written, and shown. What was not sent
or was refused is taken back; of what is unknown everything is kept until polls settle
it. Somebody who changes it on the device itself ends it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from ..miners.codec import Amount, CodecError, dump, load, load_or
from ..miners.events import Moment
from ..miners.model import (
    Changes,
    Setting,
)
from .model import NOBODY, Hold, PowerTarget, Reason, Requester, Stop
from .values import (
    StoredChanges,
    alike,
    differing,
    keepable,
    number_in,
    number_of,
    same,
)

CERTAIN_POLLS = 2
"""So many polls in a row have to show a change: a device may report nonsense once."""

_PROOF_SECONDS = 180.0
"""What the device does not show after this was never sent, or refused."""

_FORGOTTEN = frozenset({Setting.MINING, Setting.WORK_MODE})
"""What a device may not keep through a restart; set points are in its flash."""


class Kind(StrEnum):
    """What keeps the user's values from a device, in the order in which they lie.

    What is later in this list covers what is before it.
    """

    POWER_TARGET = "power_target"
    TEMPORARY = "temporary"
    PROTECTION = "lowered"
    SAVE_POWER = "throttle"


class Phase(StrEnum):
    """How far an override is.

    BEGUN: the device has not shown it yet. ENDING: what was before is written, and the
    device has not shown it yet. UNSURE: that was not taken, or not all of it.
    """

    BEGUN = "begun"
    HELD = "held"
    ENDING = "ending"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What is applied instead of what was before, which comes back.

    It began at ``since`` and lasts until ``until``, both in epoch seconds, or until it
    is taken back. ``ends`` is its end by the clock that nobody sets, in seconds; stored
    are those that are left. ``reason`` is None for a user, ``by`` is who asked for it.
    ``profile`` is what was applied by its name, ``temperature`` (°C) how hot it was
    when heat was the reason. ``undone``: a restart or firmware undid it; it has to be
    written again.
    ``old``: kept for more than a day by somebody who was not looking, so that nothing
    is written for its sake unless a user asks. One without values is none at all.
    """

    target: StoredChanges = field(default_factory=dict)
    before: StoredChanges = field(default_factory=dict)
    since: Amount = 0.0
    until: Amount | None = None
    ends: float | None = None
    reason: Reason | None = None
    by: Requester = NOBODY
    profile: str | None = None
    temperature: Amount | None = None
    phase: Phase = Phase.BEGUN
    undone: bool = False
    old: bool = False

    def __bool__(self) -> bool:
        """Whether there is one."""
        return bool(self.target or self.before)

    def but(self, **changes: Any) -> Override:
        """Return it with other values; none stays none."""
        return replace(self, **changes) if self else self

    @property
    def held(self) -> Changes:
        """The settings that are kept away from the user's; none by a stop."""
        return {} if Setting.MINING in self.target else self.target

    @property
    def back(self) -> Changes:
        """The settings that the device has when all came back."""
        return {**self.target, **self.before}

    def seconds_left(self, now: Moment) -> float | None:
        """Tell how long it lasts; 0 or less when it is over, None without an end.

        The earlier of two clocks wins. So a wall clock that is set back, or that has
        no battery, makes it last longer by the time that we did not run at most.
        """
        if self.ends is None or self.until is None:
            return None
        return min(self.ends - now.monotonic, self.until - now.wall)

    def is_over(self, now: Moment) -> bool:
        """Whether its time is up."""
        left = self.seconds_left(now)
        return left is not None and left <= 0

    def is_half_way(self, values: Changes) -> bool:
        """Whether a write broke off: what is not a new value is one from before."""
        known = _known(self.target, values)
        return (
            self.phase is not Phase.HELD
            and bool(known)
            and all(
                key in self.before and same(key, self.before[key], values[key])
                for key in differing(known, values)
            )
        )

    def is_partly_taken(self, values: Changes) -> bool:
        """Whether something is not as it was before."""
        return bool(differing(_known(self.before, values), values))

    def is_ours(self, values: Changes) -> bool:
        """Whether nobody has changed what was applied, as far as is known."""
        return alike(_known(self.target, values), values) or self.is_half_way(values)


NONE = Override()


class OverrideSlot:
    """The override of one kind, if there is one, and how it gets on."""

    def __init__(self, active: Override = NONE, earlier: Override = NONE) -> None:
        """Begin with what was stored.

        ``earlier``, which an overlapping call took the place of, counts as ours until
        the device has shown the later one: a crash between the two loses nothing.
        """
        self.active = active
        self.earlier = earlier
        self._differing = 0
        self._waiting_since: float | None = None
        self._seen = False

    def begin(
        self,
        target: Changes,
        before: Changes,
        now: Moment,
        *,
        seconds: float | None = None,
        reason: Reason | None = None,
        anew: bool = False,
        **origin: Any,
    ) -> None:
        """Remember what is about to be applied, and what comes back.

        What comes back is the first original, where calls overlap, unless it begins
        ``anew``. ``origin`` are the fields that say where it comes from.
        """
        self.earlier, known = self.active, NONE if anew else self.active
        target, phase = keepable(target), Phase.BEGUN
        if known:
            target, before = {**known.target, **target}, {**before, **known.before}
            reason = known.reason and reason
            if known.target == target:
                phase = Phase.UNSURE if self.is_ending else known.phase
        if target:
            self._set(
                Override(
                    target=target,
                    before=before,
                    since=known.since if known else now.wall,
                    until=None if seconds is None else now.wall + seconds,
                    ends=None if seconds is None else now.monotonic + seconds,
                    reason=reason,
                    phase=phase,
                    undone=known.undone,
                    **origin,
                )
            )

    def cancel(self, values: Changes) -> None:
        """Take the last beginning back.

        What comes back is kept where the device took a part of what was written.
        """
        active = self.active
        if active and not self.earlier and active.is_partly_taken(values):
            self._keep(active, values)
        else:
            self._set(self.earlier)
            self.earlier = NONE

    def _keep(self, active: Override, values: Changes) -> None:
        """Take what the device has become for what was applied."""
        target = {**active.target, **values}
        self._set(replace(active, target=target, phase=Phase.HELD))

    def begin_end(self) -> None:
        """Remember that what was before is about to be written."""
        self._set(self.active.but(phase=Phase.ENDING))

    def cancel_end(self) -> None:
        """Take it that what was before was not written, or not all of it."""
        if self.is_ending:
            self._set(self.active.but(phase=Phase.UNSURE))

    def written_back(self, values: Changes) -> None:
        """Take it that what was before is written; keep it while it may yet show."""
        shows_else = differing(_known(self.active.target, values), values)
        if self.is_ending and (shows_else or self.is_back(values)):
            self.end()

    def end(self) -> None:
        """Forget it."""
        self.earlier = NONE
        self._set(NONE)

    def _set(self, active: Override) -> None:
        """Wait from now on for what is about to be written."""
        self.active = active
        self._waiting_since, self._differing = None, 0

    @property
    def is_ending(self) -> bool:
        """Whether what was before is being written."""
        return self.active.phase is Phase.ENDING

    @property
    def waits_for_user(self) -> bool:
        """Whether nothing but a user ends it any more."""
        return self.active.old and self._seen

    @property
    def changed(self) -> bool:
        """Whether somebody else has changed what was applied, for certain."""
        return self._differing >= CERTAIN_POLLS

    @property
    def reassert(self) -> Changes:
        """What a restart, or overheating, undid and has to be written again."""
        due = self.active.undone and not self.is_ending
        return self.active.target if due else {}

    def is_ours(self, values: Changes) -> bool:
        """Whether nobody has changed what was applied, by this call or the earlier."""
        return any(one.is_ours(values) for one in (self.active, self.earlier) if one)

    def is_back(self, values: Changes) -> bool:
        """Whether what was before runs already."""
        return alike(_known(self.active.back, values), values)

    def observe(self, values: Changes, now: Moment) -> None:
        """Look at what is known of what was applied."""
        active = self.active
        if values.keys().isdisjoint(active.target):
            return
        if alike(active.target, values):
            self._confirm(active, now)
        self._seen = self.is_ours(values)
        self._differing = 0 if self._seen else self._differing + 1

    def judge(self, values: Changes, now: Moment) -> bool:
        """Look likewise, and end what is over; return whether it was ended by hand.

        One that goes back half-way lasts, with what the device has become.
        """
        active = self.active
        if not active or not active.target.keys() <= values.keys():
            return False
        if alike(active.target, values):
            self._confirm(replace(active, old=False), now)
            self._differing = 0
            return False
        self._differing += 1
        half_way = active.is_partly_taken(values) and active.is_half_way(values)
        if self.changed and half_way:
            self._keep(active, values)
            return False
        back = self.is_ending and alike(active.back, values)
        if self.reassert or not (back or self.changed):
            return False
        if active.phase is Phase.BEGUN and not self._waited_enough(now):
            return False
        self.end()
        return not active.old and active.phase in {Phase.HELD, Phase.UNSURE}

    def _confirm(self, active: Override, now: Moment) -> None:
        """Note that the device shows it, and whether it refuses to end that."""
        if active.phase is not Phase.ENDING or self._waited_enough(now):
            active = replace(active, phase=Phase.HELD)
        self.active = replace(active, undone=False)
        if self.earlier.target != active.target:
            self.earlier = NONE

    def _waited_enough(self, now: Moment) -> bool:
        """Whether what was written had the time to show."""
        if self._waiting_since is None:
            self._waiting_since = now.monotonic
        return now.monotonic - self._waiting_since >= _PROOF_SECONDS

    def restarted(self) -> None:
        """Note that the device restarted, which ends a stop."""
        shown = self.active.phase is not Phase.BEGUN
        if shown and not _FORGOTTEN.isdisjoint(self.active.target):
            self.active = self.active.but(undone=True)

    def lowered(self, values: Changes) -> None:
        """Take it that the device itself went below what was asked for.

        What firmware raised meanwhile, from a frequency that it could not lower any
        more, has to be written again.
        """
        if not (target := self.active.held):
            return
        now = {key: values.get(key, value) for key, value in target.items()}
        undone = any(
            (number_in(now, key) or 0) > (number_in(target, key) or 0) for key in target
        )
        self.active = self.active.but(target=target if undone else now, undone=undone)

    def exchange(self, before: Changes, target: Changes) -> None:
        """Let others come back, for what the device runs instead of them now."""
        self.active = self.active.but(
            before={**self.active.before, **before},
            target={**self.active.target, **target},
        )

    def narrow(self, wanted: Changes) -> None:
        """Let these come back, and nothing else."""
        target = _known(self.active.target, wanted)
        self.active = self.active.but(before=wanted, target=target)


class Overrides(dict[Kind, OverrideSlot]):
    """All that keeps the user's values from one device, the lowest first.

    Beside them: why it rests without one, whether automations leave it alone, and the
    power target, which lasts while it has not to lower anything, too.
    """

    stop: Stop | None = None
    hold: Hold | None = None
    power: PowerTarget | None = None

    def __init__(self, slots: Mapping[Kind, OverrideSlot] | None = None) -> None:
        """Begin with what was stored, if anything."""
        super().__init__({kind: OverrideSlot() for kind in Kind} | dict(slots or {}))

    @classmethod
    def load(cls, data: Mapping[str, Any], now: Moment) -> Overrides:
        """Read what ``dump`` wrote; what is broken is left out."""
        stored_at = number_of(data.get("stored_at"))
        away = 0.0 if stored_at is None else max(0.0, now.wall - stored_at)
        earlier = load_or(dict[str, Any], data.get("earlier"), {})
        found = cls(
            {
                kind: OverrideSlot(active, _load(earlier.get(kind), now, away))
                for kind in Kind
                if (active := _load(data.get(kind), now, away))
                and (active.before or kind is Kind.SAVE_POWER)
            }
        )
        found.stop = _found(Stop, data.get("stop"))
        found.hold = _found(Hold, data.get("hold"))
        found.power = _found(PowerTarget, data.get("power"))
        found.end_hold(now.wall)
        return found

    def dump(self, now: Moment) -> dict[str, Any]:
        """Return all of them as JSON types."""
        return {
            **{kind.value: _dump(slot.active, now) for kind, slot in self.items()},
            "earlier": {
                kind.value: _dump(slot.earlier, now) for kind, slot in self.items()
            },
            "stop": dump(self.stop),
            "hold": dump(self.hold),
            "power": dump(self.power),
            "stored_at": now.wall,
        }

    @property
    def active(self) -> tuple[Override | Stop | Hold | PowerTarget | None, ...]:
        """What there is of each kind, and beside them: what has to be stored."""
        beside = self.stop, self.hold, self.power
        return *(slot.active for slot in self.values()), *beside

    @property
    def lasting(self) -> tuple[object, ...]:
        """The same, but how high a power target is, which may change every moment.

        What was before it, and the step that is taken for it, are among the others.
        """
        return *self.active[:-1], self.power is not None

    def end_hold(self, wall: float) -> bool:
        """End a hold whose time is up; return whether there was one."""
        over = self.hold is not None and self.hold.is_over(wall)
        if over:
            self.hold = None
        return over

    def seconds_left(self, now: Moment) -> float | None:
        """Return when settings for a while are over, if there are any."""
        temporary = self[Kind.TEMPORARY].active
        return None if temporary.old else temporary.seconds_left(now)

    def beneath(self, kind: Kind, values: Changes) -> Changes:
        """Return values as they are without what covers a kind."""
        for other, slot in reversed(self.items()):
            if other is kind:
                break
            if slot.active.held:
                values = {**values, **_known(slot.active.before, values)}
        return values

    @property
    def held(self) -> Changes:
        """What is kept from the user's, apart from what a user chose for a while."""
        return {
            **self[Kind.PROTECTION].active.held,
            **self[Kind.SAVE_POWER].active.held,
        }

    def before_of(self, kind: Kind, changes: Changes) -> Changes:
        """Return what comes back when a user's change ends what is held."""
        active = self[kind].active
        return active.before if conflict(changes, active.held) else {}

    def grow_old(self) -> None:
        """Keep only what writes nothing without a user.

        Nobody else knows what was before, nor what was asked for. Until the device
        shows that power is saved still, a restart is no reason to stop it again.
        """
        if not self[Kind.TEMPORARY].active:
            # A user is asked in the same way whether that is to come back.
            self[Kind.TEMPORARY] = self[Kind.PROTECTION]
        lower, power = self[Kind.TEMPORARY], self[Kind.POWER_TARGET]
        if not lower.active:
            self[Kind.TEMPORARY] = power
        elif power.active:
            lower.exchange(power.active.before, {})
        self[Kind.PROTECTION] = OverrideSlot()
        self[Kind.POWER_TARGET] = OverrideSlot()
        self.stop = self.power = None
        for kind, slot in self.items():
            phase = Phase.BEGUN if kind is Kind.SAVE_POWER else slot.active.phase
            slot.active = slot.active.but(
                reason=None, phase=phase, undone=False, old=True
            )


def conflict(changes: Changes, held: Changes) -> bool:
    """Whether anything is to be other than it is held."""
    return any(
        not same(setting, value, changes.get(setting, value))
        for setting, value in held.items()
    )


def _known(changes: Changes, values: Changes) -> Changes:
    """Return those of which the values are known; unknown is no difference."""
    return {key: changes[key] for key in changes if key in values}


def _load(data: object, now: Moment, away: float) -> Override:
    """Read one; its end is as far away as it was, less the time we were."""
    found = load_or(Override, data, NONE)
    if found.ends is not None:
        found = replace(found, ends=now.monotonic + max(0.0, found.ends) - away)
    return found if found.target else NONE


def _found[T](kind: type[T], data: object) -> T | None:
    """Read what may not be there."""
    try:
        return load(kind, data)
    except CodecError:
        return None


def _dump(override: Override, now: Moment) -> Any:
    """Return one as JSON types, with the seconds that are left to it."""
    left = override.seconds_left(now)
    ends = None if left is None else max(0.0, left)
    return dump(override.but(ends=ends)) if override else None
