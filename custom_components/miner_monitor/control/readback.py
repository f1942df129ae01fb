"""Whether a device really became what was written to it."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ..miners.client import MinerClient
from ..miners.errors import MinerCommandError, MinerError, Outcome
from ..miners.model import MinerState, MinerStatus
from ..miners.settings import Changes, MinerSettings, Setting, SettingValue
from .errors import ChangeError, Failure, Refusal
from .pending_changes import PendingChange, changes_of, now, sleep_until
from .values import (
    same,
)
from .write_log import Result, WriteLog

UNACKNOWLEDGED_SETTLES = 5.0
"""Seconds that a device has to apply what it did not acknowledge."""

LOOK_AGAIN = 1.0
"""Seconds between two looks at a device that is still applying a write."""

READ_AGAIN = 2.0
"""Seconds between two attempts to read what became of a write."""

UNCONFIRMED_PROOF = 120.0
"""Seconds that a device which went away during a write has to come back."""

VOLTAGE_SETTLES = 10.0
"""Seconds after which the measured voltage shows what the regulator took."""

VOLTAGE_SHOWN_LATE = 30.0
"""Seconds for which the measured voltage may be an old one: nothing is measured while
the frequency ramps, which takes up to 20 s."""

VOLTAGE_WATCHED = 60.0
"""Seconds after which a device that did not hash shows nothing of it any more."""

VOLTAGE_MARGIN = 0.06
"""V between set point and measurement; healthy boards differ by half of it."""

_MINING = frozenset({MinerStatus.HASHING, MinerStatus.POOL_LOST})


class Device(Protocol):
    """A device as the settings writer sees it."""

    @property
    def client(self) -> MinerClient:
        """Who speaks with it now."""

    async def async_read(self) -> MinerState:
        """Fetch, prove that the right one answered, and publish; raise MinerError."""

    async def async_write(self, decide: Callable[[MinerState], Changes]) -> None:
        """Read likewise, and write what is decided on that before anybody else asks."""


class Watcher(Protocol):
    """Who hears what becomes of changes behind the calls that made them."""

    def failed(self, error: ChangeError | MinerError, changes: Changes) -> None:
        """Take what went wrong when no caller was there any more."""

    def wrote(self, changes: Changes) -> None:
        """Take that these settings were changed in flash."""

    def taken(self, changes: Changes) -> None:
        """Take what the device has become."""

    def restart_needed(self, changes: Changes) -> None:
        """Take what the device will be after its next restart."""


def is_confirmed(
    setting: Setting, asked: SettingValue, state: MinerState, *, final: bool
) -> bool:
    """Whether the state confirms a setting; at the end starting up is enough."""
    settings = state.settings
    if setting is Setting.MINING and asked:
        working = state.status in _MINING
        starting = final and state.status is MinerStatus.STARTING
        return settings.mining is True and (working or starting)
    reported = settings.get(setting)
    if setting is Setting.FAN_DUTY_CYCLE and settings.auto_fan and reported is None:
        # A device that drives its fan itself may not show the speed it keeps.
        return True
    return same(setting, asked, reported)


def _refusal(setting: Setting, asked: SettingValue, state: MinerState) -> ChangeError:
    """Name what a device reports in place of what was asked for."""
    reported = state.settings.get(setting)
    if reported is None:
        return ChangeError(Refusal.UNCONFIRMED, setting, asked)
    if setting is Setting.MINING and same(setting, asked, reported):
        reported = str(state.status)
    return ChangeError(Refusal.NOT_TAKEN, setting, asked, reported=reported)


@dataclass(slots=True)
class WriteRecord:
    """One request, and what it has changed of what is kept in flash."""

    before: MinerSettings
    wearing: Changes
    counted: set[Setting] = field(default_factory=set)

    def seen(self, settings: MinerSettings) -> Changes:
        """Return what this is the first look to show as changed in flash."""
        return self.count(
            setting
            for setting in self.wearing
            if settings.get(setting) not in {None, self.before.get(setting)}
        )

    def count(self, settings: Iterable[Setting]) -> Changes:
        """Return what of these was kept in flash and is not counted yet."""
        found = {
            setting: self.wearing[setting]
            for setting in settings
            if setting in self.wearing and setting not in self.counted
        }
        self.counted.update(found)
        return found

    def unconfirmed(self, change: PendingChange) -> ChangeError:
        """Return what to report of a change that nobody could look at."""
        setting, reported = change.setting, self.before.get(change.setting)
        return ChangeError(
            Refusal.UNCONFIRMED, setting, change.value, reported=reported
        )


@dataclass(slots=True)
class _Expected:
    """A value that a device has to report by a time of the loop.

    ``acknowledged`` by the device, so that there is no need to write it again.
    """

    value: SettingValue
    due: float
    record: WriteRecord
    acknowledged: bool


class Readback:
    """Finds out what became of each request, also when the device was away since."""

    def __init__(
        self,
        device: Device,
        watcher: Watcher,
        fail: Callable[[Collection[PendingChange], Failure], None],
    ) -> None:
        """Hand what was not taken to ``fail`` while somebody may wait for it."""
        self.settings = MinerSettings()
        self.log = WriteLog()
        self._device = device
        self._watcher = watcher
        self._fail = fail
        self._expected: dict[Setting, _Expected] = {}
        self._stored: dict[Setting, SettingValue] = {}
        self._voltage: tuple[float, float] | None = None

    @property
    def active(self) -> bool:
        """Whether the next polls are likely to show something."""
        ends = [expected.due for expected in self._expected.values()]
        if self._voltage is not None:
            ends.append(self._voltage[1] + VOLTAGE_SETTLES + VOLTAGE_WATCHED)
        return any(now() < end for end in ends)

    @property
    def expected(self) -> Changes:
        """What a device has been told and is given time to show."""
        return {
            setting: expected.value
            for setting, expected in self._expected.items()
            if now() < expected.due
        }

    @property
    def coming(self) -> MinerSettings:
        """What a device will report, once it is what it acknowledged."""
        changes: dict[str, Any] = {str(key): self._stored[key] for key in self._stored}
        for setting, expected in self._expected.items():
            if expected.acknowledged:
                changes[str(setting)] = expected.value
        return replace(self.settings, **changes)

    def await_restart(self, changes: Changes) -> None:
        """Take from a longer memory what a device will be after its next restart."""
        self._stored = dict(changes)

    def content_with(self, change: PendingChange) -> None:
        """Stop waiting for another value than the one that is wanted and there."""
        expected = self._expected.get(change.setting)
        if expected and not same(change.setting, change.value, expected.value):
            del self._expected[change.setting]

    def observe(self, state: MinerState, *, restarted: bool = False) -> None:
        """Judge what is expected by what the device reports now."""
        self.settings = state.settings
        self.log.observe(state, now())
        self._judge_voltage(state)
        if restarted:
            self._stored.clear()
        taken: dict[Setting, SettingValue] = {}
        for setting, expected in tuple(self._expected.items()):
            self._count(expected.record.seen(state.settings))
            final = now() >= expected.due
            if is_confirmed(setting, expected.value, state, final=final):
                taken[setting] = expected.value
            elif final:
                error = self._refused(setting, expected.value, state)
                self._watcher.failed(error, {setting: expected.value})
            else:
                continue
            del self._expected[setting]
        self._took(taken)

    async def follow(
        self,
        changes: Collection[PendingChange],
        before: MinerState,
        doubt: MinerError | None,
    ) -> None:
        """Find out what became of a write.

        With a ``doubt``, why it did not acknowledge, it may be applying still what it
        got, or never have got it.
        """
        writing = self._device.client.writing
        takes = {change.setting: writing(change.setting) for change in changes}
        wears = [change for change in changes if takes[change.setting].wears]
        record = WriteRecord(before.settings, changes_of(wears))
        self.log.sent(changes_of(changes), before, doubt, now())
        at_once, stored = list[PendingChange](), list[PendingChange]()
        for change in changes:
            self._expected.pop(change.setting, None)
            self._stored.pop(change.setting, None)
            if takes[change.setting].needs_restart:
                stored.append(change)
            elif proof := takes[change.setting].proof:
                self._expect(change, proof, record, acknowledged=doubt is None)
            else:
                at_once.append(change)
        if stored:
            self._store(stored, record, doubt)
        settles = [takes[change.setting].settles for change in at_once]
        if doubt is not None:
            settles.append(UNACKNOWLEDGED_SETTLES)
        settled_at = now() + max(settles, default=0.0)
        await self._read(at_once, record, settled_at, doubt)

    def _expect(
        self,
        change: PendingChange,
        seconds: float,
        record: WriteRecord,
        *,
        acknowledged: bool,
    ) -> None:
        """Wait for a device to show a value, and let go who asked for it."""
        self._expected[change.setting] = _Expected(
            change.value, now() + seconds, record, acknowledged
        )
        change.settle()

    def _store(
        self,
        changes: Collection[PendingChange],
        record: WriteRecord,
        doubt: MinerError | None,
    ) -> None:
        """Note what only a restart will show; without a reply nothing ever does."""
        if doubt is not None:
            for change in changes:
                self.log.settle(change.setting, Result.UNCONFIRMED, now())
                self._fail([change], record.unconfirmed(change))
            return
        values = changes_of(changes)
        self._stored.update(values)
        self._count(record.count(values))
        self._watcher.taken(values)
        self._watcher.restart_needed(values)
        for change in changes:
            self.log.settle(change.setting, Result.AFTER_RESTART, now())
            change.settle()

    async def _read(
        self,
        changes: Collection[PendingChange],
        record: WriteRecord,
        settled_at: float,
        doubt: MinerError | None,
    ) -> None:
        """Judge by what the device reports, as soon as it had the time to apply it."""
        while True:
            try:
                state = await self._device.async_read()
            except MinerError:
                again = now() + READ_AGAIN
                for change in changes:
                    change.expire(record.unconfirmed(change), again)
                if not any(change.awaited for change in changes):
                    break
            else:
                left = [
                    change
                    for change in changes
                    if not is_confirmed(change.setting, change.value, state, final=True)
                ]
                if not left or now() >= settled_at:
                    self._judge(changes, left, record, state, doubt)
                    return
                again = min(now() + LOOK_AGAIN, settled_at)
            await sleep_until(again)
        for change in changes:
            self._expect(change, UNCONFIRMED_PROOF, record, acknowledged=False)

    def _judge(
        self,
        changes: Collection[PendingChange],
        left: Collection[PendingChange],
        record: WriteRecord,
        state: MinerState,
        doubt: MinerError | None,
    ) -> None:
        """Report to everyone what the device has become."""
        self._count(record.seen(state.settings))
        self._took(changes_of(change for change in changes if change not in left))
        for change in changes:
            if change not in left:
                change.settle()
                continue
            refusal = self._refused(change.setting, change.value, state)
            if isinstance(doubt, MinerCommandError):
                # The device's own words.
                error = MinerCommandError(
                    str(doubt), outcome=Outcome.REFUSED, reason=doubt.reason
                )
                self._fail([change], error)
            else:
                self._fail([change], refusal)
        self.observe(state)

    def _count(self, worn: Changes) -> None:
        """Report a write to flash when it first shows."""
        if worn:
            self._watcher.wrote(worn)

    def _took(self, changes: Changes) -> None:
        """Note what a device reports; what it runs on has to follow."""
        if not changes:
            return
        for setting in changes:
            reported = self.settings.get(setting)
            self.log.settle(setting, Result.READ_BACK, now(), reported)
        asked = changes.get(Setting.CORE_VOLTAGE)
        if isinstance(asked, int | float):
            self._voltage = asked, now()
        self._watcher.taken(changes)

    def _refused(
        self, setting: Setting, asked: SettingValue, state: MinerState
    ) -> ChangeError:
        """Note that a device does not report what was asked for; return the error."""
        error = _refusal(setting, asked, state)
        unconfirmed = error.refusal is Refusal.UNCONFIRMED
        result = Result.UNCONFIRMED if unconfirmed else Result.REFUSED
        self.log.settle(setting, result, now(), state.settings.get(setting))
        return error

    def _judge_voltage(self, state: MinerState) -> None:
        """Find a regulator that did not take the voltage that its device stored."""
        if self._voltage is None:
            return
        asked, since = self._voltage
        age = now() - since
        if age < VOLTAGE_SETTLES:
            return
        over = age >= VOLTAGE_SETTLES + VOLTAGE_WATCHED
        setting, actual = Setting.CORE_VOLTAGE, state.core_voltage_actual
        by_hand = not same(setting, asked, state.settings.core_voltage)
        if not (over or by_hand or state.hashing):
            return
        differs = actual is not None and abs(actual - asked) > VOLTAGE_MARGIN + 1e-9
        if over or by_hand or not differs:
            self._voltage = None
        elif age >= VOLTAGE_SHOWN_LATE:
            self._voltage = None
            error = ChangeError(Refusal.NOT_TAKEN, setting, asked, reported=actual)
            self.log.settle(setting, Result.REFUSED, now(), actual)
            self._watcher.failed(error, {setting: asked})
