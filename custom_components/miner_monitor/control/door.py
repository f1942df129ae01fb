"""The one way by which settings reach a device."""

import asyncio
from collections.abc import Callable

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
)
from .calls import (
    Call,
    Want,
    Wants,
    changes_of,
)
from .chip_order import (
    CHIP,
    second_request,
)
from .errors import (
    ChangeError,
    Failure,
    Refusal,
    by_reason,
)
from .heat import require_cool
from .lanes import (
    Lane,
    Lanes,
    lane_of,
)
from .looptime import LoopTime
from .proof import (
    Proofs,
    Watcher,
)
from .readback import (
    Device,
    ReadBack,
)
from .rules import (
    Allowed,
    effective,
)

__all__ = [
    "CALL_DEADLINE",
    "GATHER",
    "PAIR_DEADLINE",
    "Device",
    "SettingsWriter",
    "Watcher",
]

GATHER = 0.3
"""Seconds in which what belongs together arrives: a scene, parallel actions."""

CALL_DEADLINE = 10.0
"""Seconds after which a call returns, whatever is still to be done."""

PAIR_DEADLINE = 20.0
"""The same, of a call that takes two requests."""

BUSY_PATIENCE = 600.0
"""Seconds for which a device may put off what nobody waits for any more."""


class SettingsWriter:
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
        self._halfway = False
        self._calls: list[Call] = []
        self._time = LoopTime()
        self._readback = ReadBack(
            device, self._proofs, self._time, self.observe, self._fail
        )

    @property
    def proving(self) -> bool:
        """Whether something is being written or has yet to be proven."""
        if self._closed:
            return False
        under_way = bool(self._queue or self._writing)
        return under_way or self._proofs.active(self._time.now())

    @property
    def under_way(self) -> Changes:
        """What is being written, of which the device may show but a part."""
        left = {s: want for s, want in self._writing.items() if not want.settled}
        return changes_of(left)

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
        self.check(changes)
        if changes and self._closed:
            raise _closed_error()
        now = self._time.now()
        call = Call(changes, now if began is None else began, CALL_DEADLINE)
        for setting, value in changes.items():
            self._enqueue(setting, Want(value, now, [call]))
        if changes:
            self._calls.append(call)
            self._lanes.asked(now)
            self._wanted.set()
            self._work()
        return call

    def check(self, changes: Changes) -> None:
        """Raise a ChangeError for what cannot be, or is too hot, whatever is sent."""
        allowed = self._allowed()
        allowed.check(changes)
        require_cool(changes, self._proofs.assumed(self._settings), allowed)

    async def outcome(self, call: Call) -> Changes:
        """Wait for what becomes of a call, as ``apply`` does."""
        changes = call.changes
        try:
            await call.outcome(self._time.now)
        except asyncio.CancelledError:
            # It was told at the moment it went away: somebody else has to know.
            for failure, concerned in by_reason(call.failures):
                self._watcher.failed(failure, {key: changes[key] for key in concerned})
            raise
        return {key: changes[key] for key in changes if not self._overtook(call, key)}

    def _overtook(self, call: Call, setting: Setting) -> bool:
        """Whether somebody has asked for the setting after a call."""
        later = self._queue.get(setting) or self._writing.get(setting)
        waits = later is not None and not later.settled and call not in later.asking
        return waits or setting in call.overtaken

    def observe(self, state: MinerState, *, restarted: bool = False) -> None:
        """Judge what is pending by a good poll."""
        if not self._closed:
            self._settings = state.settings
            self._proofs.observe(state, self._time.now(), restarted=restarted)

    def await_restart(self, changes: Changes) -> None:
        """Take what the device will be after its next restart."""
        self._proofs.await_restart(changes)

    def close(self) -> None:
        """Drop what is not yet sent and let nobody wait for it."""
        self._closed = True
        error = _closed_error()
        for wants in (self._queue, self._writing):
            self._fail(wants, error)
        self._queue = {}
        if self._worker is not None:
            self._worker.cancel()

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
                await self._time.wait(self._wanted, wait)
            else:
                await self._write(self._take_due())

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
            self._time.now(),
        )

    def _seconds_to_next(self) -> float:
        waits, now = self._paces(self._queue), self._time.now()
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
            self._writing, self._halfway = {}, False
            self._tell()

    def _tell(self) -> None:
        """Let those know for whom something failed, or nothing is left to do."""
        for call in self._calls:
            call.tell()
        self._calls = [call for call in self._calls if call.waits]

    def _put_back(self, wants: Wants) -> Wants:
        """Try again what waited for its turn and nobody waits for; return the rest.

        A device that was woken up calibrates itself, and takes no mode meanwhile.
        """
        now = self._time.now()
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
                require_cool(change, assumed, allowed)
            except ChangeError as err:
                self._fail({setting: want}, err)
                continue
            if effective(change, assumed):
                left[setting] = want
            else:
                self._proofs.content_with(setting, want.value)
                want.settle(setting, written=False)
        return self._in_time(left)

    def _in_time(self, wants: Wants) -> Wants:
        """Put back what, as the device is now, has to keep a pace."""
        if not wants or self._halfway:
            return wants
        waits, left = self._paces(wants), dict[Setting, Want]()
        for setting, want in wants.items():
            if waits[self._lane(setting)] <= 0:
                left[setting] = want
            else:
                self._queue[setting] = want
        return left

    async def _send(self, wants: Wants) -> None:
        """Write what is still worth it: at once, or the rest when the first is there.

        What fails with the rest of it has left the device between two states.
        """
        sent, rest = await self._request(wants)
        if not rest:
            return
        first = {setting: sent[setting] for setting in CHIP if setting in sent}
        if effective(first, self._settings):
            for setting, want in rest.items():
                error = ChangeError(Refusal.NOT_SENT, setting, want.value)
                self._fail({setting: want}, error)
            return
        self._halfway = True
        try:
            await self._request(rest)
        except MinerError as err:
            err.outcome = Outcome.UNKNOWN
            raise

    async def _request(self, wants: Wants) -> tuple[Changes, Wants]:
        """Send one request, and find out what became of it.

        Returns what was sent, and what has to wait until that is there.
        """
        before, sent = MinerSettings(), dict[Setting, Want]()

        def decide(state: MinerState) -> Changes:
            nonlocal before, sent
            self.observe(state)
            before = state.settings
            self._writing = self._worth_writing(self._newest(wants))
            sent = self._first_request(self._writing, before)
            return changes_of(sent)

        doubt: MinerError | None = None
        try:
            await self._device.async_write(decide)
        except MinerError as err:
            if err.outcome is not Outcome.UNKNOWN:
                raise
            doubt = err
        rest = {s: want for s, want in self._writing.items() if s not in sent}
        changes = changes_of(sent)
        if sent:
            lanes = {self._lane(setting) for setting in sent}
            self._lanes.wrote(lanes, self._time.now())
            await self._readback.follow(sent, before, doubt)
        return changes, rest

    def _first_request(self, wants: Wants, settings: MinerSettings) -> Wants:
        """Leave out what has to wait until the rest is seen to be taken."""
        changes, writing = changes_of(wants), self._device.client.writing
        waits = second_request(changes, settings, writing)
        if waits:
            for want in wants.values():
                want.extend(PAIR_DEADLINE)
        return {s: want for s, want in wants.items() if s not in waits}

    def _fail(self, wants: Wants, error: Failure) -> None:
        """Tell those who wait, and the watcher what nobody waits for."""
        if self._halfway:
            error.outcome = Outcome.UNKNOWN
        untold = {
            setting: want.value
            for setting, want in wants.items()
            if not want.settled and not want.settle(setting, error)
        }
        if untold:
            self._watcher.failed(error, untold)


def _closed_error() -> MinerCommandError:
    """Return what to tell those whose wishes end with us, sent or not."""
    return _broken_off("settings are not written any more")


def _broken_off(text: str) -> MinerCommandError:
    return MinerCommandError(text, outcome=Outcome.UNKNOWN)
