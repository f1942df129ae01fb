"""The one way by which settings reach a device."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from ..miners.client import MinerClient
from ..miners.errors import (
    MinerBusyError,
    MinerCommandError,
    MinerError,
    Outcome,
)
from ..miners.model import (
    Changes,
    MinerSettings,
    MinerState,
    Setting,
    SettingValue,
    Writing,
)
from .calls import Call, Failure, Want, Wants, changes_of
from .errors import ChangeError, Refusal
from .lanes import Lane, Lanes, lane_of
from .proof import UNCONFIRMED_PROOF, Proof, Proofs, Receipt, Watcher, refusal, verdict
from .rules import Allowed, effective

__all__ = ["CALL_DEADLINE", "GATHER", "Device", "Door", "Watcher"]

GATHER = 0.3
"""Seconds in which what belongs together arrives: a scene, parallel actions."""

CALL_DEADLINE = 10.0
"""Seconds after which a call returns, whatever is still to be done."""

BUSY_PATIENCE = 600.0
"""Seconds for which a device may put off what nobody waits for any more."""

UNACKNOWLEDGED_SETTLES = 5.0
"""Seconds that a device has to apply what it did not acknowledge."""

READ_AGAIN = 2.0
"""Seconds between two attempts to read what became of a write."""


class Device(Protocol):
    """A device as the door sees it."""

    @property
    def client(self) -> MinerClient:
        """Who speaks with it now."""

    async def async_read(self) -> MinerState:
        """Fetch, prove that the right one answered, and publish; raise MinerError."""

    async def async_write(self, decide: Callable[[MinerState], Changes]) -> None:
        """Read likewise, and write what is decided on that before anybody else asks."""


class Door:
    """Merges what is wanted, keeps the pace, writes, and reads back.

    One task does all of it, so that there is one write at a time and a caller that
    goes away takes nothing with it. It lives while there is something to write.
    """

    def __init__(
        self,
        device: Device,
        allowed: Callable[[], Allowed],
        watcher: Watcher,
        *,
        gather: float = GATHER,
    ) -> None:
        """Stand before a device; ``allowed`` is asked anew before every write."""
        self._device = device
        self._allowed = allowed
        self._watcher = watcher
        self._gather = gather
        self._lanes = Lanes()
        self._proofs = Proofs(watcher)
        self._settings = MinerSettings()
        self._queue: Wants = {}
        self._writing: Wants = {}
        self._wanted = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._closed = False
        self._reached = float("-inf")

    @property
    def proving(self) -> bool:
        """Whether something is being written or has yet to be proven."""
        if self._closed:
            return False
        under_way = bool(self._queue or self._writing)
        return under_way or self._proofs.active(self._now())

    def wanted(self, setting: Setting) -> SettingValue | None:
        """Tell what a setting will be written to, if it is about to be."""
        want = self._queue.get(setting)
        return None if want is None else want.value

    async def apply(self, changes: Changes, *, began: float | None = None) -> Changes:
        """Write the changes; return when the device has them, 10 s later at most.

        Returns those that nobody has overtaken with another value meanwhile.
        ``began``: the time of the loop from which these seconds count, if not now.
        Raises a ChangeError for what it cannot take or did not take, and the
        MinerError that kept a request from it.
        """
        return await self.outcome(self.submit(changes, began=began))

    def submit(self, changes: Changes, *, began: float | None = None) -> Call:
        """Let the changes be written; ``outcome`` waits for what becomes of them."""
        self._allowed().check(changes)
        if changes and self._closed:
            raise _closed_error()
        now = self._now()
        call = Call(changes, (now if began is None else began) + CALL_DEADLINE)
        for setting, value in changes.items():
            self._enqueue(setting, Want(value, now, [call]))
        if changes:
            self._lanes.asked(now)
            self._wanted.set()
            self._work()
        return call

    async def outcome(self, call: Call) -> Changes:
        """Wait for what becomes of a call, as ``apply`` does."""
        changes = call.changes
        try:
            await call.outcome(max(0.0, call.deadline - self._now()))
        except asyncio.CancelledError:
            # It was told at the moment it went away: somebody else has to know.
            if failure := call.failure:
                self._watcher.failed(failure, _concerned(failure, changes))
            raise
        return {key: changes[key] for key in changes if key not in call.overtaken}

    def observe(self, state: MinerState, *, restarted: bool = False) -> None:
        """Judge what is pending by a good poll."""
        if not self._closed:
            self._settings = state.settings
            self._proofs.observe(state, self._now(), restarted=restarted)

    def await_restart(self, changes: Changes) -> None:
        """Take what the device will be after its next restart."""
        self._proofs.await_restart(changes)

    def close(self) -> None:
        """Drop what is not yet sent and let nobody wait for it."""
        self._closed = True
        for wants in (self._queue, self._writing):
            self._fail(wants, _closed_error())
        self._queue = {}
        if self._worker is not None:
            self._worker.cancel()

    def _now(self) -> float:
        """Tell the time, which never lies before that of a timer that has fired."""
        return max(asyncio.get_running_loop().time(), self._reached)

    def _enqueue(self, setting: Setting, want: Want) -> None:
        if older := self._queue.get(setting):
            want.overtake(setting, older)
        self._queue[setting] = want

    def _work(self) -> None:
        """Have somebody work while there is something to do."""
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._run())
            self._worker.add_done_callback(self._go_on)

    def _go_on(self, _: asyncio.Task[None]) -> None:
        """Let an error that nobody foresaw cost one write and not the door."""
        if self._queue:
            self._work()

    async def _run(self) -> None:
        while self._queue:
            self._wanted.clear()
            if (wait := self._seconds_to_next()) > 0:
                await self._pause(wait)
            else:
                await self._write(self._take_due())

    async def _pause(self, seconds: float) -> None:
        """Wait until something is due, or something new is wanted."""
        until = self._now() + seconds
        try:
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
        except TimeoutError:
            self._reached = until

    def _lane(self, setting: Setting) -> Lane:
        return lane_of(self._device.client.writing(setting))

    def _by_lane(self, wants: Wants) -> dict[Lane, Wants]:
        lanes: dict[Lane, Wants] = {}
        for setting, want in wants.items():
            lanes.setdefault(self._lane(setting), {})[setting] = want
        return lanes

    def _paces(self, wants: Wants) -> dict[Lane, float]:
        """Return how many seconds each lane still has to wait."""
        return self._lanes.waits(
            {lane: changes_of(part) for lane, part in self._by_lane(wants).items()},
            self._proofs.assumed(self._settings),
            self._allowed().work_modes,
            self._now(),
        )

    def _seconds_to_next(self) -> float:
        waits, now = self._paces(self._queue), self._now()
        return min(
            max(
                waits[lane],
                min(want.since for want in wants.values()) + self._gather - now,
            )
            for lane, wants in self._by_lane(self._queue).items()
        )

    def _take_due(self) -> Wants:
        """Take all that keeps its pace, so that it becomes one request."""
        waits = self._paces(self._queue)
        due = {
            setting: want
            for setting, want in self._queue.items()
            if waits[self._lane(setting)] <= 0
        }
        for setting in self._next_power(due)[1:]:
            del due[setting]
        for setting in due:
            del self._queue[setting]
        return due

    def _next_power(self, wants: Wants) -> list[Setting]:
        """Order what takes power, of which a device needs to digest one at a time.

        First what only a restart brings, then waking up or going to sleep.
        """
        writing = self._device.client.writing
        power = [setting for setting in wants if self._lane(setting) is Lane.POWER]
        return sorted(
            power,
            key=lambda setting: (
                not writing(setting).needs_restart,
                setting is not Setting.MINING,
            ),
        )

    async def _write(self, wants: Wants) -> None:
        self._writing = wants
        try:
            await self._send(wants)
        except MinerBusyError as err:
            self._fail(self._put_back(self._writing), err)
        except MinerError as err:
            self._fail(self._writing, err)
        except BaseException:
            self._fail(self._writing, _broken_off("the write broke off"))
            raise
        finally:
            self._writing = {}

    def _put_back(self, wants: Wants) -> Wants:
        """Try again what waited for its turn and nobody waits for; return the rest.

        A device that was woken up calibrates itself, and takes no mode meanwhile.
        """
        now = self._now()
        late = {
            setting: want
            for setting, want in wants.items()
            if self._lane(setting) is Lane.POWER
            and not want.awaited
            and now - want.since < BUSY_PATIENCE
        }
        for setting, want in late.items():
            if newer := self._queue.get(setting):
                newer.overtake(setting, want)
            else:
                self._queue[setting] = want
        if late:
            self._lanes.wrote({Lane.POWER}, now)
        return {setting: want for setting, want in wants.items() if setting not in late}

    def _newest(self, wants: Wants) -> Wants:
        """Take what was wanted instead while the device was read."""
        newest = dict(wants)
        for setting, want in wants.items():
            if newer := self._queue.pop(setting, None):
                newer.overtake(setting, want)
                newest[setting] = newer
        return newest

    def _worth_writing(self, wants: Wants) -> Wants:
        """Leave out what cannot be, what is so already, and what has to wait."""
        allowed, left = self._allowed(), dict[Setting, Want]()
        assumed = self._proofs.assumed(self._settings)
        for setting, want in wants.items():
            change = {setting: want.value}
            try:
                allowed.check(change)
            except ChangeError as err:
                self._fail({setting: want}, err)
                continue
            if effective(change, assumed):
                left[setting] = want
            else:
                self._proofs.content_with(setting, want.value)
                want.settle(setting)
        return self._in_time(left)

    def _in_time(self, wants: Wants) -> Wants:
        """Put back what, as the device is now, has to keep a pace."""
        if not wants:
            return wants
        waits, left = self._paces(wants), dict[Setting, Want]()
        for setting, want in wants.items():
            if waits[self._lane(setting)] <= 0:
                left[setting] = want
            else:
                self._queue[setting] = want
        return left

    async def _send(self, wants: Wants) -> None:
        """Write what is still worth it, and find out what became of it."""
        before = MinerSettings()

        def decide(state: MinerState) -> Changes:
            nonlocal before
            self.observe(state)
            before = state.settings
            self._writing = self._worth_writing(self._newest(wants))
            return changes_of(self._writing)

        doubt: MinerError | None = None
        try:
            await self._device.async_write(decide)
        except MinerError as err:
            if err.outcome is not Outcome.UNKNOWN:
                raise
            doubt = err
        if self._writing:
            await self._follow(self._writing, before, doubt)

    async def _follow(
        self, wants: Wants, before: MinerSettings, doubt: MinerError | None
    ) -> None:
        """Find out what became of a write."""
        client = self._device.client
        writings = {setting: client.writing(setting) for setting in wants}
        now = self._now()
        self._lanes.wrote({lane_of(writing) for writing in writings.values()}, now)
        self._proofs.forget(wants)
        wearing = frozenset(s for s, writing in writings.items() if writing.wears)
        receipt = Receipt(changes_of(wants), before, wearing)
        at_once = self._put_off(wants, writings, receipt, acknowledged=doubt is None)
        await self._read_back(at_once, receipt, doubt)

    def _put_off(
        self,
        wants: Wants,
        writings: dict[Setting, Writing],
        receipt: Receipt,
        *,
        acknowledged: bool,
    ) -> Wants:
        """Let go who waits for what shows later; return what has to show at once."""
        at_once, stored = dict[Setting, Want](), dict[Setting, Want]()
        for setting, want in wants.items():
            if writings[setting].needs_restart:
                stored[setting] = want
            elif proof := writings[setting].proof:
                due = self._now() + proof
                self._proofs.expect(
                    setting, Proof(want.value, due, receipt, acknowledged)
                )
                want.settle(setting)
            else:
                at_once[setting] = want
        self._store(stored, receipt, acknowledged=acknowledged)
        return at_once

    def _store(self, wants: Wants, receipt: Receipt, *, acknowledged: bool) -> None:
        """Note what only a restart will show; without a reply nothing ever does."""
        if not wants:
            return
        if not acknowledged:
            for setting, want in wants.items():
                self._fail({setting: want}, _unconfirmed(setting, want, receipt))
            return
        self._proofs.store(changes_of(wants), receipt)
        for setting, want in wants.items():
            want.settle(setting)

    async def _read_back(
        self, wants: Wants, receipt: Receipt, doubt: MinerError | None
    ) -> None:
        """Judge by what the device reports, as soon as it had the time to apply it.

        With a ``doubt``, why it did not acknowledge, it may be applying still what it
        got, or never have got it.
        """
        settled_at = self._now() + (0.0 if doubt is None else UNACKNOWLEDGED_SETTLES)
        while True:
            try:
                state = await self._device.async_read()
            except MinerError:
                again = self._now() + READ_AGAIN
                for setting, want in wants.items():
                    want.expire(setting, _unconfirmed(setting, want, receipt), again)
                if not any(want.awaited for want in wants.values()):
                    break
            else:
                again = min(self._now() + READ_AGAIN, settled_at)
                if self._now() >= settled_at or _all_taken(wants, state):
                    self._judge(wants, receipt, state, doubt)
                    return
            await asyncio.sleep(max(0.0, again - self._now()))
            self._reached = again
        due = self._now() + UNCONFIRMED_PROOF
        for setting, want in wants.items():
            proof = Proof(want.value, due, receipt, acknowledged=False)
            self._proofs.expect(setting, proof)
            want.settle(setting)

    def _judge(
        self,
        wants: Wants,
        receipt: Receipt,
        state: MinerState,
        doubt: MinerError | None,
    ) -> None:
        """Tell everyone what the device has become."""
        self._settings, now = state.settings, self._now()
        self._proofs.count(receipt, state)
        taken = {
            setting: want.value
            for setting, want in wants.items()
            if verdict(setting, want.value, state, final=True)
        }
        self._proofs.took(taken, now)
        for setting, want in wants.items():
            if setting in taken:
                want.settle(setting)
            else:
                self._fail({setting: want}, _refusal(setting, want, state, doubt))
        self._proofs.observe(state, now)

    def _fail(self, wants: Wants, error: Failure) -> None:
        """Tell those who wait, and the watcher what nobody waits for."""
        untold = {
            setting: want.value
            for setting, want in wants.items()
            if not want.settled and not want.settle(setting, error)
        }
        if untold:
            self._watcher.failed(error, untold)


def _all_taken(wants: Wants, state: MinerState) -> bool:
    return all(
        verdict(setting, want.value, state, final=True)
        for setting, want in wants.items()
    )


def _refusal(
    setting: Setting, want: Want, state: MinerState, doubt: MinerError | None
) -> Failure:
    """Tell why a device did not become what was asked for, in its own words if any."""
    if isinstance(doubt, MinerCommandError):
        return MinerCommandError(str(doubt), outcome=Outcome.REFUSED)
    return refusal(setting, want.value, state)


def _closed_error() -> MinerCommandError:
    """Return what to tell those whose wishes end with us, sent or not."""
    return _broken_off("settings are not written any more")


def _broken_off(text: str) -> MinerCommandError:
    return MinerCommandError(text, outcome=Outcome.UNKNOWN)


def _unconfirmed(setting: Setting, want: Want, receipt: Receipt) -> ChangeError:
    reported = receipt.before.get(setting)
    return ChangeError(Refusal.UNCONFIRMED, setting, want.value, reported=reported)


def _concerned(failure: Failure, changes: Changes) -> Changes:
    """Return the changes that a failure is about."""
    if isinstance(failure, ChangeError):
        return {failure.setting: failure.asked}
    return changes
