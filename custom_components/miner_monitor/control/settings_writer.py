"""The one way by which settings reach a device."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress

from ..miners.errors import (
    ErrorReason,
    MinerBusyError,
    MinerCommandError,
    MinerError,
    Outcome,
)
from ..miners.model import MinerState
from ..miners.settings import Changes, MinerSettings, Setting, SettingValue, Writing
from .errors import ChangeError, Failure, Refusal, by_reason
from .pending_changes import (
    TICK,
    Caller,
    Pace,
    PendingChange,
    WriteClass,
    changes_of,
    now,
)
from .readback import Device, Readback, Watcher
from .rules import (
    Allowed,
    effective,
    require_cool,
)
from .write_log import WriteLog

GATHER = 0.3
"""Seconds in which what belongs together arrives: a scene, parallel actions."""

CALL_DEADLINE = 10.0
"""Seconds after which a call returns, whatever is still to be done."""

PAIR_DEADLINE = 20.0
"""The same, of a call that takes two requests."""

BUSY_PATIENCE = 600.0
"""Seconds for which a device may put off what nobody waits for any more."""

_CHIP = (Setting.CORE_VOLTAGE, Setting.FREQUENCY)
"""The set points of which one has to follow the other."""


class SettingsWriter:
    """Merges what is wanted, keeps the pace, writes, and reads back.

    One task does all of it, so that there is one write at a time and a caller that
    goes away takes nothing with it. It lives while there is something to write.
    """

    def __init__(
        self, device: Device, allowed: Callable[[], Allowed], watcher: Watcher
    ) -> None:
        """Write to a device; ``allowed`` is asked anew before every write."""
        self._device = device
        self._allowed = allowed
        self._watcher = watcher
        self._pace = Pace()
        self._readback = Readback(device, watcher, self._fail)
        self._queue: dict[Setting, PendingChange] = {}
        self._writing: Collection[PendingChange] = ()
        self._asked = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._closed = self._halfway = False
        self._callers: list[Caller] = []

    @property
    def proving(self) -> bool:
        """Whether something is being written or has yet to be proven."""
        if self._closed:
            return False
        return bool(self._queue or self._writing) or self._readback.active

    @property
    def log(self) -> WriteLog:
        """What was written lately, and what came of it."""
        return self._readback.log

    @property
    def under_way(self) -> Changes:
        """What is being written, of which the device may show but a part."""
        return changes_of(change for change in self._writing if not change.settled)

    @property
    def applying(self) -> Changes:
        """What is asked for and the device does not show yet, or never will."""
        pending = (*self._writing, *self._queue.values())
        asked = changes_of(change for change in pending if not change.settled)
        return {**self._readback.expected, **asked}

    def wanted(self, setting: Setting) -> SettingValue | None:
        """Return what a setting will be written to, if it is about to be."""
        change = self._queue.get(setting)
        return None if change is None else change.value

    async def apply(self, changes: Changes) -> Changes:
        """Write the changes; return when the device has them, 10 s later at most.

        Returns those that nobody has overtaken with another value meanwhile. Raises a
        ChangeError for what it cannot take or did not take, and the MinerError that
        kept a request from it.
        """
        return await self.outcome(self.submit(changes))

    def submit(self, changes: Changes, *, began: float | None = None) -> Caller:
        """Let the changes be written; ``outcome`` waits for what becomes of them.

        ``began``: the time of the loop from which the caller waits, if not now.
        """
        self.check(changes)
        if changes and self._closed:
            raise _closed_error()
        at = now()
        caller = Caller(changes, at if began is None else began, CALL_DEADLINE)
        for setting, value in changes.items():
            change = PendingChange(setting, value, at, [caller])
            if older := self._queue.get(setting):
                change.overtake(older)
            self._queue[setting] = change
        if changes:
            self._callers.append(caller)
            self._pace.asked(at)
            self._asked.set()
            self._work()
        return caller

    def check(self, changes: Changes) -> None:
        """Raise a ChangeError for what cannot be, or is too hot, whatever is sent."""
        allowed = self._allowed()
        allowed.check(changes)
        require_cool(changes, self._readback.coming, allowed)

    async def outcome(self, caller: Caller) -> Changes:
        """Wait for what becomes of a call, as ``apply`` does."""
        changes = caller.changes
        try:
            await caller.outcome()
        except asyncio.CancelledError:
            # It got its answer at the moment it went away: somebody else has to know.
            for failure, settings in by_reason(caller.failures):
                self._watcher.failed(failure, {key: changes[key] for key in settings})
            raise
        return {key: changes[key] for key in changes if not self._overtook(caller, key)}

    def _overtook(self, caller: Caller, setting: Setting) -> bool:
        """Whether somebody has asked for the setting after a call."""
        waiting = (*self._queue.values(), *self._writing)
        later = next((item for item in waiting if item.setting is setting), None)
        waits = later is not None and not later.settled and caller not in later.asking
        return waits or setting in caller.overtaken

    def observe(self, state: MinerState, *, restarted: bool = False) -> None:
        """Judge what is pending by a good poll."""
        if not self._closed:
            self._readback.observe(state, restarted=restarted)

    def await_restart(self, changes: Changes) -> None:
        """Take what the device will be after its next restart."""
        self._readback.await_restart(changes)

    def close(self) -> None:
        """Drop what is not yet sent and let nobody wait for it."""
        self._closed = True
        self._fail([*self._queue.values(), *self._writing], _closed_error())
        self._queue = {}
        if self._worker is not None:
            self._worker.cancel()

    def _work(self, _: object = None) -> None:
        """Have a task work while there is something to do.

        An error that nobody foresaw costs one write, and not all that come later.
        """
        if self._queue and (self._worker is None or self._worker.done()):
            self._worker = asyncio.get_running_loop().create_task(self._run())
            self._worker.add_done_callback(self._work)

    async def _run(self) -> None:
        while self._queue:
            self._asked.clear()
            if (wait := self._seconds_to_next()) > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait + TICK):
                        await self._asked.wait()
            else:
                await self._write()

    def _class(self, change: PendingChange) -> WriteClass:
        return WriteClass.of(self._device.client.writing(change.setting))

    def _by_class(
        self, changes: Iterable[PendingChange]
    ) -> Mapping[WriteClass, tuple[float, list[PendingChange]]]:
        """Group changes, with the seconds that each class still has to wait."""
        groups: dict[WriteClass, list[PendingChange]] = {}
        for change in changes:
            groups.setdefault(self._class(change), []).append(change)
        coming, modes = self._readback.coming, self._allowed().work_modes
        return {
            key: (self._pace.wait(key, changes_of(group), coming, modes, now()), group)
            for key, group in groups.items()
        }

    def _seconds_to_next(self) -> float:
        return min(
            max(wait, min(change.since for change in group) + GATHER - now())
            for wait, group in self._by_class(self._queue.values()).values()
        )

    def _take_due(self) -> list[PendingChange]:
        """Take all that keeps its pace, so that it becomes one request.

        Of what takes power a device needs to digest one at a time: first what only a
        restart brings, then waking up or going to sleep.
        """
        writing, due = self._device.client.writing, list[PendingChange]()
        for key, (wait, group) in self._by_class(self._queue.values()).items():
            if wait > 0:
                continue
            group.sort(
                key=lambda change: (
                    not writing(change.setting).needs_restart,
                    change.setting is not Setting.MINING,
                )
            )
            due += group[:1] if key is WriteClass.POWER else group
        for change in due:
            del self._queue[change.setting]
        return due

    async def _write(self) -> None:
        self._writing = self._take_due()
        try:
            await self._send(self._writing)
        except MinerError as err:
            if isinstance(err, MinerBusyError):
                self._writing = self._put_off(self._writing)
            self._fail(self._writing, err)
        except BaseException:
            self._fail(self._writing, _broken_off("the write broke off"))
            raise
        finally:
            self._writing, self._halfway = (), False
            for caller in self._callers:
                caller.report()
            self._callers = [caller for caller in self._callers if caller.waits]

    def _put_off(self, changes: Iterable[PendingChange]) -> list[PendingChange]:
        """Try again what waited for its turn and nobody waits for; return the rest.

        A device that was woken up calibrates itself, and takes no mode meanwhile.
        """
        rest, at = list[PendingChange](), now()
        for change in changes:
            takes_power = self._class(change) is WriteClass.POWER
            if change.awaited or not takes_power or at - change.since >= BUSY_PATIENCE:
                rest.append(change)
                continue
            self._pace.wrote({WriteClass.POWER}, at)
            if newer := self._queue.get(change.setting):
                newer.overtake(change)
            else:
                self._queue[change.setting] = change
        return rest

    def _newest(self, changes: Iterable[PendingChange]) -> list[PendingChange]:
        """Take what was wanted instead while the device was read."""
        newest = list[PendingChange]()
        for change in changes:
            if newer := self._queue.pop(change.setting, None):
                newer.overtake(change)
            newest.append(newer or change)
        return newest

    def _worth_writing(
        self, changes: Iterable[PendingChange]
    ) -> Collection[PendingChange]:
        """Leave out what cannot be, what is so already, and what has to wait.

        As the device is now, another pace may have to be kept.
        """
        allowed, left = self._allowed(), list[PendingChange]()
        coming = self._readback.coming
        for change in changes:
            value = {change.setting: change.value}
            try:
                allowed.check(value)
                require_cool(value, coming, allowed)
            except ChangeError as err:
                self._fail([change], err)
                continue
            if effective(value, coming):
                left.append(change)
            else:
                self._readback.content_with(change)
                change.settle(written=False)
        if self._halfway:
            return left
        due = list[PendingChange]()
        for wait, group in self._by_class(left).values():
            if wait > 0:
                self._queue |= {change.setting: change for change in group}
            else:
                due += group
        return due

    async def _send(self, changes: Collection[PendingChange]) -> None:
        """Write what is still worth it: at once, or the rest when the first is there.

        What fails with the rest of it has left the device between two states.
        """
        sent, rest = await self._request(changes)
        if not rest:
            return
        first = {setting: sent[setting] for setting in _CHIP if setting in sent}
        if effective(first, self._readback.settings):
            for change in rest:
                error = ChangeError(Refusal.NOT_SENT, change.setting, change.value)
                self._fail([change], error)
            return
        self._halfway = True
        try:
            await self._request(rest)
        except MinerError as err:
            err.outcome = Outcome.UNKNOWN
            raise

    async def _request(
        self, changes: Collection[PendingChange]
    ) -> tuple[Changes, Collection[PendingChange]]:
        """Send one request, and find out what became of it.

        Returns what was sent, and what has to wait until that is there.
        """
        before: MinerState | None = None
        sent = list[PendingChange]()

        def decide(state: MinerState) -> Changes:
            nonlocal before, sent
            self.observe(state)
            before = state
            self._writing = self._worth_writing(self._newest(changes))
            later = second_request(
                changes_of(self._writing), state.settings, self._device.client.writing
            )
            for change in self._writing if later else ():
                change.extend(PAIR_DEADLINE)
            sent = [item for item in self._writing if item.setting not in later]
            return changes_of(sent)

        doubt: MinerError | None = None
        try:
            await self._device.async_write(decide)
        except MinerError as err:
            if err.outcome is not Outcome.UNKNOWN:
                if before is not None and err.outcome is Outcome.REFUSED:
                    self.log.refused(changes_of(sent), before, err, now())
                raise
            doubt = err
        rest = [change for change in self._writing if change not in sent]
        if sent and before is not None:
            self._pace.wrote({self._class(change) for change in sent}, now())
            await self._readback.follow(sent, before, doubt)
        return changes_of(sent), rest

    def _fail(self, changes: Iterable[PendingChange], error: Failure) -> None:
        """Report to those who wait, and to the watcher what nobody waits for."""
        if self._halfway:
            error.outcome = Outcome.UNKNOWN
        unheard = changes_of(
            change
            for change in changes
            if not change.settled and not change.settle(error)
        )
        if unheard:
            self._watcher.failed(error, unheard)


def second_request(
    changes: Changes,
    settings: MinerSettings,
    writing: Callable[[Setting], Writing],
) -> frozenset[Setting]:
    """Name what must not be sent before the device shows the rest.

    The chip must never run faster than its voltage allows, nor hotter than before and
    after: the voltage goes first when the frequency rises and last when it falls.
    Nothing waits where the order does not count or the device keeps it within a
    request. What begins to work does so with the second.
    """
    if not changes.keys() >= set(_CHIP):
        return frozenset()
    asked, runs = changes[Setting.FREQUENCY], settings.frequency
    falls = isinstance(asked, int | float) and runs is not None and asked < runs
    second, first = _CHIP if falls else reversed(_CHIP)
    if second in writing(first).precedes or any(
        writing(setting).needs_restart for setting in _CHIP
    ):
        return frozenset()
    starts = changes.get(Setting.MINING) is True
    return frozenset({second, Setting.MINING} if starts else {second})


def _closed_error() -> MinerCommandError:
    """Return what to report to those who still wait when we end, sent or not."""
    return _broken_off("settings are not written any more")


def _broken_off(text: str) -> MinerCommandError:
    return MinerCommandError(
        text, outcome=Outcome.UNKNOWN, reason=ErrorReason.INTERRUPTED
    )
