"""Whether a device really became what it acknowledged."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ..miners.errors import MinerError
from ..miners.model import (
    Changes,
    MinerSettings,
    MinerState,
    MinerStatus,
    Setting,
    SettingValue,
)
from .errors import (
    ChangeError,
    Refusal,
)
from .rules import same

UNCONFIRMED_PROOF = 120.0
"""Seconds that a device which went away during a write has to come back."""

VOLTAGE_SETTLES = 10.0
"""Seconds after which the measured voltage tells what the regulator took."""

VOLTAGE_SHOWN_LATE = 30.0
"""Seconds for which the measured voltage may be an old one: nothing is measured while
the frequency ramps, which takes up to 20 s."""

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
        """Take that these settings were changed in flash."""

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
        reported = settings.fan_duty_cycle
        return reported is None or same(setting, asked, reported)
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
    """One request, and what it has changed of what is kept in flash."""

    before: MinerSettings
    wearing: Changes
    counted: set[Setting] = field(default_factory=set)

    def worn(self, settings: MinerSettings) -> Changes:
        """Return what this is the first look to show as changed in flash."""
        return self.take(
            setting
            for setting in self.wearing
            if settings.get(setting) not in {None, self.before.get(setting)}
        )

    def take(self, settings: Iterable[Setting]) -> Changes:
        """Return what of these was kept in flash and is not counted yet."""
        found = {
            setting: self.wearing[setting]
            for setting in settings
            if setting in self.wearing and setting not in self.counted
        }
        self.counted.update(found)
        return found


@dataclass(slots=True)
class Proof:
    """A value that a device has to report by a time of the loop.

    ``acknowledged`` by the device, so that there is no need to write it again.
    """

    asked: SettingValue
    due: float
    receipt: Receipt
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class _VoltageWatch:
    asked: float
    since: float


class Proofs:
    """What a device still has to show, also when it was away in between."""

    __slots__ = ("_pending", "_stored", "_voltage", "_watcher")

    def __init__(self, watcher: Watcher) -> None:
        """Report to the watcher."""
        self._watcher = watcher
        self._pending: dict[Setting, Proof] = {}
        self._stored: dict[Setting, SettingValue] = {}
        self._voltage: _VoltageWatch | None = None

    def active(self, now: float) -> bool:
        """Whether the next polls are likely to tell something."""
        ends = [proof.due for proof in self._pending.values()]
        if self._voltage is not None:
            ends.append(self._voltage.since + VOLTAGE_SETTLES + VOLTAGE_WATCHED)
        return any(now < end for end in ends)

    def assumed(self, settings: MinerSettings) -> MinerSettings:
        """Return what a device will report, once it is what it acknowledged."""
        coming = dict(self._stored)
        for setting, proof in self._pending.items():
            if proof.acknowledged:
                coming[setting] = proof.asked
        changes: dict[str, Any] = {str(name): value for name, value in coming.items()}
        return replace(settings, **changes)

    def expect(self, setting: Setting, proof: Proof) -> None:
        """Wait for a device to show a value."""
        self._pending[setting] = proof

    def store(self, changes: Changes, receipt: Receipt) -> None:
        """Remember what a device will be after its next restart."""
        self._stored.update(changes)
        if worn := receipt.take(changes):
            self._watcher.wrote(worn)
        self._watcher.taken(changes)
        self._watcher.restart_needed(changes)

    def await_restart(self, changes: Changes) -> None:
        """Take from a longer memory what a device will be after its next restart."""
        self._stored = dict(changes)

    def forget(self, settings: Iterable[Setting]) -> None:
        """Stop waiting for values that are not wanted any more."""
        for setting in settings:
            self._pending.pop(setting, None)
            self._stored.pop(setting, None)

    def content_with(self, setting: Setting, value: SettingValue) -> None:
        """Stop waiting for another value than the one that is wanted and there."""
        proof = self._pending.get(setting)
        if proof is not None and not same(setting, value, proof.asked):
            del self._pending[setting]

    def took(self, changes: Changes, now: float) -> None:
        """Note what a device reports; what it runs on has to follow."""
        if not changes:
            return
        asked = changes.get(Setting.CORE_VOLTAGE)
        if isinstance(asked, int | float):
            self._voltage = _VoltageWatch(asked, now)
        self._watcher.taken(changes)

    def observe(
        self, state: MinerState, now: float, *, restarted: bool = False
    ) -> None:
        """Judge what is pending by what the device reports now."""
        self._judge_voltage(state, now)
        if restarted:
            self._stored.clear()
        taken: dict[Setting, SettingValue] = {}
        for setting, proof in tuple(self._pending.items()):
            self.count(proof.receipt, state)
            final = now >= proof.due
            if verdict(setting, proof.asked, state, final=final):
                taken[setting] = proof.asked
            elif final:
                error = refusal(setting, proof.asked, state)
                self._watcher.failed(error, {setting: proof.asked})
            else:
                continue
            del self._pending[setting]
        self.took(taken, now)

    def count(self, receipt: Receipt, state: MinerState) -> None:
        """Report a write to flash when it first shows."""
        if worn := receipt.worn(state.settings):
            self._watcher.wrote(worn)

    def _judge_voltage(self, state: MinerState, now: float) -> None:
        """Find a regulator that did not take the voltage that its device stored."""
        watch = self._voltage
        if watch is None or now < watch.since + VOLTAGE_SETTLES:
            return
        over = now >= watch.since + VOLTAGE_SETTLES + VOLTAGE_WATCHED
        setting = Setting.CORE_VOLTAGE
        by_hand = not same(setting, watch.asked, state.settings.core_voltage)
        if not (over or by_hand or state.hashing):
            return
        actual = state.core_voltage_actual
        differs = actual is not None and not _near(actual, watch.asked)
        if over or by_hand or not differs:
            self._voltage = None
        elif now >= watch.since + VOLTAGE_SHOWN_LATE:
            self._voltage = None
            self._watcher.failed(
                ChangeError(Refusal.NOT_TAKEN, setting, watch.asked, reported=actual),
                {setting: watch.asked},
            )


def _near(actual: float, asked: float) -> bool:
    return abs(actual - asked) <= VOLTAGE_MARGIN + 1e-9
