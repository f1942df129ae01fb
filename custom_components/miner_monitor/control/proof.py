"""Whether a device really became what it acknowledged."""

from dataclasses import dataclass
from typing import Protocol

from ..miners.errors import MinerError
from ..miners.model import (
    Changes,
    MinerSettings,
    MinerState,
    MinerStatus,
    Setting,
    SettingValue,
)
from .errors import ChangeError, Refusal
from .rules import same

UNCONFIRMED_PROOF = 120.0
"""Seconds that a device which went away during a write has to come back."""

VOLTAGE_SETTLES = 10.0
"""Seconds after which the measured voltage tells what the regulator took."""

VOLTAGE_WATCHED = 60.0
"""Seconds after which a device that did not hash tells nothing about it any more."""

VOLTAGE_MARGIN = 0.06
"""V between set point and measurement; healthy boards differ by half of it."""

_MINING = frozenset({MinerStatus.HASHING, MinerStatus.POOL_LOST})


class Watcher(Protocol):
    """Who wants to know what becomes of changes behind the calls that made them."""

    def failed(self, error: ChangeError | MinerError, changes: Changes) -> None:
        """Take what went wrong when no caller was there any more."""

    def wrote(self, changes: Changes) -> None:
        """Take that one request changed something in flash."""

    def taken(self, changes: Changes) -> None:
        """Take what the device has become."""

    def restart_needed(self, changes: Changes) -> None:
        """Take what the device will be after its next restart."""


def verdict(
    setting: Setting, asked: SettingValue, state: MinerState, *, final: bool
) -> bool:
    """Whether the state proves a setting; at the end starting up is enough."""
    settings = state.settings
    if setting is Setting.MINING and asked:
        working = state.status in _MINING
        starting = final and state.status is MinerStatus.STARTING
        return settings.mining is True and (working or starting)
    if setting is Setting.FAN_DUTY_CYCLE and settings.auto_fan:
        # A device that drives its fan itself may not show the speed it keeps.
        return settings.fan_duty_cycle in {None, asked} or same(
            setting, asked, settings.fan_duty_cycle
        )
    return same(setting, asked, settings.get(setting))


def refusal(setting: Setting, asked: SettingValue, state: MinerState) -> ChangeError:
    """Name what a device reports in place of what was asked for."""
    reported = state.settings.get(setting)
    if reported is None:
        return ChangeError(Refusal.UNCONFIRMED, setting, asked)
    if setting is Setting.MINING and same(setting, asked, reported):
        reported = str(state.status)
    return ChangeError(Refusal.NOT_TAKEN, setting, asked, reported=reported)


@dataclass(slots=True)
class Receipt:
    """One request, and whether it has changed what is kept in flash."""

    changes: Changes
    before: MinerSettings
    wearing: frozenset[Setting]
    counted: bool = False

    def wears(self, settings: MinerSettings) -> bool:
        """Whether this is the first look at which something in flash has changed."""
        if self.counted:
            return False
        self.counted = any(
            settings.get(setting) not in {None, self.before.get(setting)}
            for setting in self.wearing
        )
        return self.counted


@dataclass(slots=True)
class Proof:
    """A value that a device has to report by a time of the loop.

    ``acknowledged`` by the device, so that there is no need to write it again.
    """

    asked: SettingValue
    due: float
    receipt: Receipt
    acknowledged: bool
