"""Saving power: what a miner can do itself, and what comes back afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any, Self

from ..miners.model import (
    Capability,
    Changes,
    MinerIdentity,
    MinerSettings,
    Setting,
    SettingRange,
    SettingValue,
)
from .bounds import (
    bounded,
    endures,
)
from .mining import MiningRequest
from .model import (
    Reason,
    ThrottleMethod,
)
from .rules import same
from .values import (
    agrees,
    differing,
    dump_changes,
    keepable,
    load_changes,
    number_in,
    reported,
)

_STOPS: Mapping[Capability, ThrottleMethod] = {
    Capability.PAUSE: ThrottleMethod.PAUSE,
    Capability.SOFT_OFF: ThrottleMethod.SOFT_OFF,
    Capability.SHUTDOWN: ThrottleMethod.SHUTDOWN,
}
_LOWERED = (Setting.FREQUENCY, Setting.CORE_VOLTAGE)
_FORGOTTEN = frozenset({Setting.MINING, Setting.WORK_MODE})
"""What a device may not keep through a restart; set points are in its flash."""

_PROOF_SECONDS = 180.0
"""What the device does not show after this was never sent, or refused."""

_CERTAIN_POLLS = 2
"""So many polls in a row have to show that power is saved no longer."""


class Ended(Enum):
    """Who saw to it that power is saved no longer."""

    BY_US = auto()
    BY_HAND = auto()


def throttle_method(identity: MinerIdentity) -> ThrottleMethod | None:
    """Choose the way of saving power that leaves the least running.

    What needs a restart saves nothing when it is asked for.
    """
    settings = identity.limits.settings
    if Setting.MINING in settings:
        for capability, method in _STOPS.items():
            if capability in identity.capabilities:
                return method
    modes = settings.get(Setting.WORK_MODE)
    if modes is not None and modes.live and len(modes.choices) > 1:
        return ThrottleMethod.WORK_MODE
    frequency = settings.get(Setting.FREQUENCY)
    if frequency is not None and frequency.live:
        return ThrottleMethod.SETTINGS
    return None


def stops(method: ThrottleMethod | None) -> bool:
    """Whether nothing is hashed while power is saved this way."""
    return method in _STOPS.values()


def least_power(identity: MinerIdentity, settings: MinerSettings) -> Changes:
    """Return what saves the most power on a device that now reports this."""
    method, allowed = throttle_method(identity), identity.limits.settings
    if method is None:
        return {}
    if stops(method):
        return {Setting.MINING: False}
    if method is ThrottleMethod.WORK_MODE:
        return {Setting.WORK_MODE: allowed[Setting.WORK_MODE].choices[0]}
    return {
        setting: value
        for setting in _LOWERED
        if setting in allowed
        and (value := _lower(setting, allowed[setting], settings.get(setting)))
        is not None
    }


def usual(identity: MinerIdentity) -> Changes:
    """Return what a device runs that nobody has set up."""
    method, allowed = throttle_method(identity), identity.limits.settings
    if method is None:
        return {}
    if stops(method):
        return {Setting.MINING: True}
    if method is ThrottleMethod.WORK_MODE:
        return {Setting.WORK_MODE: middle(allowed[Setting.WORK_MODE])}
    defaults = {
        setting: bounded(setting, allowed[setting]).default
        for setting in _LOWERED
        if setting in allowed
    }
    return {setting: value for setting, value in defaults.items() if value is not None}


def middle(modes: SettingRange) -> str:
    """Return the work mode between the least and the most power, the lower of two."""
    return modes.choices[(len(modes.choices) - 1) // 2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """That power is to be saved, until it is taken back.

    ``confirmed``: the device has shown ``target`` since. ``ending``: what was before
    is about to be written, and the device has not shown it yet. ``by`` is None for
    the user. ``old``: kept for more than a day by somebody who was not looking, so
    that nothing is written for its sake unless a user asks.
    """

    before: Changes
    target: Changes
    by: Reason | None = None
    confirmed: bool = False
    ending: bool = False
    old: bool = False


class SavePower:
    """Remembers the intent, and finds out who ended it.

    One poll proves nothing: a device may report nonsense once.
    """

    def __init__(self) -> None:
        """Start without an intent."""
        self.intent: Intent | None = None
        self._earlier: Intent | None = None
        self._waiting_since: float | None = None
        self._differing = 0
        self._restarted = self._raised = False
        self._mining = MiningRequest()

    @classmethod
    def load(cls, data: object) -> Self:
        """Read what ``dump`` wrote."""
        throttle = cls()
        if not isinstance(data, Mapping):
            return throttle
        if target := load_changes(data.get("target")):
            throttle.intent = Intent(
                before=load_changes(data.get("before")),
                target=target,
                by=Reason.PROTECT if data.get("by") == Reason.PROTECT else None,
                confirmed=data.get("confirmed") is True,
                ending=data.get("ending") is True,
                old=data.get("old") is True,
            )
            throttle._restarted = data.get("restarted") is True
            throttle._raised = data.get("raised") is True
        return throttle

    def grow_old(self) -> None:
        """Keep of an old intent only what writes nothing without a user.

        Nobody else knows what was before, nor that we were asked to save power. Until
        the device shows that it still does, a restart is no reason to stop it again.
        """
        if self.intent is not None:
            self.intent = replace(
                self.intent, by=None, confirmed=False, ending=False, old=True
            )
        self._restarted = self._raised = False

    def dump(self) -> dict[str, Any] | None:
        """Return the intent as JSON types."""
        if self.intent is None:
            return None
        return {
            "before": dump_changes(self.intent.before),
            "target": dump_changes(self.intent.target),
            "by": self.intent.by and self.intent.by.value,
            "confirmed": self.intent.confirmed,
            "ending": self.intent.ending,
            "old": self.intent.old,
            "restarted": self._restarted,
            "raised": self._raised,
        }

    @property
    def held(self) -> Changes:
        """The settings that an intent without a stop keeps away from the user's."""
        if self.intent is None or Setting.MINING in self.intent.target:
            return {}
        return self.intent.target

    def changes(
        self, identity: MinerIdentity, settings: MinerSettings, *, on: bool
    ) -> Changes:
        """Return what has to be written to save power, or to save it no longer.

        What nobody asked us to save power with is somebody's choice.
        """
        if on:
            kept = self.intent.target if self._lasts(identity) and self.intent else {}
            return kept or least_power(identity, settings)
        # What nobody asked here to save power with is somebody's choice.
        if self.intent is None or not self._lasts(identity):
            return {}
        known = usual(identity)
        defaults = {key: known[key] for key in self.intent.target if key in known}
        return {**defaults, **self.intent.before}

    def mining_asked(self, mining: bool, monotonic: float) -> None:
        """Take a user's word, before it is written, that it is to mine or to stop.

        A miner that is stopped while it saves power stays so when that ends; one that
        was just about to resume saves power no more.
        """
        self._mining.ask(mining, monotonic)
        if self.intent is None or mining or self.held:
            return
        if self.intent.ending:
            self.end()
        else:
            self.intent = replace(self.intent, before={Setting.MINING: False})

    def mining_written(self, mining: bool, monotonic: float, *, by_user: bool) -> None:
        """Take it that the device was told to mine or to stop, and will show it."""
        self._mining.ask(mining, monotonic)
        if by_user and not mining:
            self._mining.stopped(monotonic)

    def begin(
        self, identity: MinerIdentity, settings: MinerSettings, by: Reason | None
    ) -> None:
        """Remember what is about to be written, and what comes back."""
        self._earlier = self.intent
        if self._lasts(identity) and self.intent is not None:
            self._wait(
                replace(self.intent, by=self.intent.by and by, ending=False, old=False)
            )
            return
        target = keepable(least_power(identity, settings))
        if not target:
            return
        now = replace(settings, mining=self._mining.expected(settings.mining))
        self._wait(Intent(before=reported(now, target), target=target, by=by))
        self._restarted = self._raised = False

    def _lasts(self, identity: MinerIdentity) -> bool:
        """Whether the intent is not one to stop what firmware cannot stop any more."""
        if self.intent is None:
            return False
        return bool(self.held) or Setting.MINING in identity.limits.settings

    def cancel(self, settings: MinerSettings) -> bool:
        """Take the last beginning back; tell whether there was nothing to keep.

        What comes back is kept where the device took a part of what was written.
        """
        if self._earlier is None and self._is_partly_taken(settings):
            self._keep(settings)
            return False
        self.intent, self._earlier = self._earlier, None
        return True

    def begin_end(self) -> None:
        """Remember that what was before is about to be written."""
        if self.intent is not None:
            self._wait(replace(self.intent, ending=True, old=False))

    def cancel_end(self) -> None:
        """Take it that what was before was not written: power is saved still."""
        if self.intent is not None:
            self._wait(replace(self.intent, ending=False))

    def written_back(self, settings: MinerSettings) -> None:
        """Take it that what was before is written; keep it until it shows."""
        if self.intent is None or not self.intent.ending:
            return
        target = self.intent.target
        if agrees(target, settings) and differing(target, self._back):
            self._wait(replace(self.intent, confirmed=True))
        else:
            self.end()

    def _wait(self, intent: Intent) -> None:
        """Wait from now on for what an intent lets be written."""
        self.intent = intent
        self._waiting_since, self._differing = None, 0

    def end(self) -> None:
        """Forget the intent."""
        self.intent = self._earlier = None
        self._waiting_since, self._differing = None, 0
        self._restarted = self._raised = False
        self._mining.undone = False

    def exchange(self, before: Changes) -> Changes:
        """Let other settings come back; return those that are not held."""
        held = {key: value for key, value in before.items() if key in self.held}
        if self.intent is not None and held:
            self.intent = replace(self.intent, before={**self.intent.before, **held})
        return {key: value for key, value in before.items() if key not in held}

    def lowered(self, values: Changes) -> None:
        """Take it that the device itself went below what was asked for.

        What firmware raised meanwhile, from a frequency that it could not lower any
        more, has to be written again.
        """
        if self.intent is None or not self.held:
            return
        target = self.intent.target
        now = {key: values.get(key, value) for key, value in target.items()}
        self._raised = any(
            (number_in(now, key) or 0) > (number_in(target, key) or 0) for key in target
        )
        if not self._raised:
            self.intent = replace(self.intent, target=now)

    def shown(self, identity: MinerIdentity, settings: MinerSettings) -> bool | None:
        """Whether power is saved, by what the device reports."""
        method = throttle_method(identity)
        if method is None:
            return None
        if self.intent is not None and agrees(self.held, settings):
            return True
        if stops(method) and settings.mining is None:
            return None
        return self.intent is not None and agrees(self.intent.target, settings)

    def restarted(self, monotonic: float) -> None:
        """Note that the miner restarted, which ends a stop."""
        self._restarted = self.intent is not None
        self._mining.restarted(monotonic)

    def observe(self, settings: MinerSettings, monotonic: float) -> Ended | None:
        """Look at a poll; tell whether the intent ended with it, and who ended it."""
        self._mining.observe(settings.mining, monotonic)
        if self.intent is None:
            return None
        if agrees(self.intent.target, settings):
            self._confirm(monotonic)
            return None
        if len(reported(settings, self.intent.target)) < len(self.intent.target):
            return None
        self._differing += 1
        if self._differing >= _CERTAIN_POLLS and self._is_half_way(settings):
            self._keep(settings)
            return None
        back = self.intent.ending and agrees(self._back, settings)
        if self.reassert or not (back or self._differing >= _CERTAIN_POLLS):
            return None
        return self._ended(monotonic)

    def _is_partly_taken(self, settings: MinerSettings) -> bool:
        """Whether something of what is held is not as it was before."""
        if self.intent is None or not self.held:
            return False
        return bool(differing(self.intent.before, reported(settings, self.held)))

    def _is_half_way(self, settings: MinerSettings) -> bool:
        """Whether a write broke off: some is as it was before, some is not."""
        intent = self.intent
        if intent is None or (intent.confirmed and not intent.ending):
            return False
        now = reported(settings, self.held)
        return self._is_partly_taken(settings) and all(
            key in intent.before and same(key, intent.before[key], now[key])
            for key in differing(self.held, now)
        )

    def _keep(self, settings: MinerSettings) -> None:
        """Take it that power is saved by what the device has become."""
        assert self.intent is not None
        target = {**self.intent.target, **reported(settings, self.held)}
        self._wait(replace(self.intent, target=target, confirmed=True, ending=False))

    @property
    def _back(self) -> Changes:
        """The settings that the device has when all came back."""
        if self.intent is None:
            return {}
        return {**self.intent.target, **self.intent.before}

    def _ended(self, monotonic: float) -> Ended | None:
        """Judge a device that does not save power, and has said so twice."""
        assert self.intent is not None
        intent = self.intent
        if not (intent.confirmed or intent.ending or self._waited_enough(monotonic)):
            return None
        self.end()
        by_us = intent.ending or intent.old or not intent.confirmed
        return Ended.BY_US if by_us else Ended.BY_HAND

    def _confirm(self, monotonic: float) -> None:
        """Note that the device saves power, and whether it refuses to end that."""
        assert self.intent is not None
        self._differing = 0
        refused = self.intent.ending and self._waited_enough(monotonic)
        ending = self.intent.ending and not refused
        self.intent = replace(self.intent, confirmed=True, ending=ending, old=False)
        self._restarted = self._raised = False

    @property
    def reassert(self) -> Changes:
        """What a restart, or overheating, undid and has to be written again."""
        if self.intent is None:
            return {Setting.MINING: False} if self._mining.undone else {}
        if self._raised and not self.intent.ending:
            return self.intent.target
        if self.intent.ending or not (self._restarted and self.intent.confirmed):
            return {}
        forgets = not _FORGOTTEN.isdisjoint(self.intent.target)
        return self.intent.target if forgets else {}

    def _waited_enough(self, monotonic: float) -> bool:
        """Whether what was written had the time to show."""
        if self._waiting_since is None:
            self._waiting_since = monotonic
        return monotonic - self._waiting_since >= _PROOF_SECONDS


def _lower(
    setting: Setting, allowed: SettingRange, value: SettingValue | None
) -> float | None:
    """Return the lower of the least allowed and what runs already.

    What runs below of what may be written is None: it is left as it is.
    """
    least = bounded(setting, allowed).minimum
    if isinstance(value, bool | str) or not isinstance(value, int | float):
        return least
    lowest = min(least, value)
    return lowest if endures(setting, allowed, lowest) else None
