"""Saving power: what a miner can do itself, and what comes back afterwards."""

from collections.abc import Mapping

from ..miners.model import (
    Capability,
    Changes,
    MinerIdentity,
    MinerSettings,
    Setting,
    SettingRange,
    SettingValue,
)
from .model import ThrottleMethod
from .overrides import Override
from .rules import (
    bounded,
    endures,
)
from .values import agrees, is_number

_STOPS: Mapping[Capability, ThrottleMethod] = {
    Capability.PAUSE: ThrottleMethod.PAUSE,
    Capability.SOFT_OFF: ThrottleMethod.SOFT_OFF,
    Capability.SHUTDOWN: ThrottleMethod.SHUTDOWN,
}
_LOWERED = (Setting.FREQUENCY, Setting.CORE_VOLTAGE)
_SHOWS_WITHIN = 180.0
"""Seconds after which the device counts, whatever was asked of it."""

_RESTARTS_WITHIN = 120.0
"""Seconds in which a restart that was already under way undoes a stop."""


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


def lasts(identity: MinerIdentity, saving: Override) -> bool:
    """Whether it is none to stop what firmware cannot stop any more."""
    stops_still = Setting.MINING in identity.limits.settings
    return bool(saving.held) or (bool(saving) and stops_still)


def saving_changes(
    identity: MinerIdentity, settings: MinerSettings, saving: Override
) -> Changes:
    """Return what has to be written to save power, also again."""
    if lasts(identity, saving):
        return saving.target
    return least_power(identity, settings)


def usual_changes(identity: MinerIdentity, saving: Override) -> Changes:
    """Return what has to be written to save power no longer.

    What nobody asked here to save power with is somebody's choice.
    """
    if not lasts(identity, saving):
        return {}
    known = usual(identity)
    defaults = {key: known[key] for key in saving.target if key in known}
    return {**defaults, **saving.before}


def is_saving(
    identity: MinerIdentity, settings: MinerSettings, saving: Override
) -> bool | None:
    """Whether power is saved, by what the device reports."""
    method = throttle_method(identity)
    if method is None:
        return None
    if agrees(saving.held, settings):
        return True
    if stops(method) and settings.mining is None:
        return None
    return agrees(saving.target, settings)


def _lower(
    setting: Setting, allowed: SettingRange, value: SettingValue | None
) -> float | None:
    """Return the lower of the least allowed and what runs already.

    What runs below of what may be written is None: it is left as it is.
    """
    least = bounded(setting, allowed).minimum
    if not is_number(value):
        return least
    lowest = min(least, value)
    return lowest if endures(setting, allowed, lowest) else None


class MiningRequest:
    """Stands in for what is reported: a miner takes its time to stop and to resume."""

    def __init__(self) -> None:
        """Start with nothing asked."""
        self._pending: bool | None = None
        self._since = 0.0
        self._stopped_at: float | None = None
        self.undone = False

    def ask(self, mining: bool, monotonic: float, *, stays: bool = False) -> None:
        """Note that it is to mine, or to stop; whether a user's stop was taken."""
        self._pending, self._since = mining, monotonic
        self._stopped_at, self.undone = monotonic if stays else None, False

    def observe(self, mining: bool | None, monotonic: float) -> None:
        """Look at a poll: what shows, or had its time to, is not pending any more."""
        if mining is self._pending or monotonic - self._since >= _SHOWS_WITHIN:
            self._pending = None

    def restarted(self, monotonic: float) -> None:
        """Note a restart: some resume by one, and take a stop just before it."""
        at, self._stopped_at = self._stopped_at, None
        self.undone = at is not None and monotonic - at < _RESTARTS_WITHIN

    def expected(self, mining: bool | None) -> bool | None:
        """Return what a device that now reports this is about to do."""
        return mining if self._pending is None else self._pending
