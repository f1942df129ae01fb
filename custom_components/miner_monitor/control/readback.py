"""Reading what became of a write, until the device had the time to apply it."""

from collections.abc import Callable, Mapping
from typing import Protocol

from ..miners.client import MinerClient
from ..miners.errors import (
    MinerCommandError,
    MinerError,
    Outcome,
)
from ..miners.model import (
    Changes,
    MinerSettings,
    MinerState,
    Setting,
    Writing,
)
from .calls import (
    Want,
    Wants,
    changes_of,
)
from .errors import (
    ChangeError,
    Failure,
    Refusal,
)
from .looptime import LoopTime
from .proof import (
    UNCONFIRMED_PROOF,
    Proof,
    Proofs,
    Receipt,
    refusal,
    verdict,
)

UNACKNOWLEDGED_SETTLES = 5.0
"""Seconds that a device has to apply what it did not acknowledge."""

LOOK_AGAIN = 1.0
"""Seconds between two looks at a device that is still applying a write."""

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


class ReadBack:
    """Finds out what became of a request, and tells those who wait for it."""

    def __init__(
        self,
        device: Device,
        proofs: Proofs,
        time: LoopTime,
        observe: Callable[[MinerState], None],
        fail: Callable[[Wants, Failure], None],
    ) -> None:
        """Hand each last look to ``observe``, and what was not taken to ``fail``."""
        self._device = device
        self._proofs = proofs
        self._time = time
        self._observe = observe
        self._fail = fail

    async def follow(
        self, wants: Wants, before: MinerSettings, doubt: MinerError | None
    ) -> None:
        """Find out what became of a write.

        With a ``doubt``, why it did not acknowledge, it may be applying still what it
        got, or never have got it.
        """
        client = self._device.client
        writings = {setting: client.writing(setting) for setting in wants}
        self._proofs.forget(wants)
        wearing = {s: want.value for s, want in wants.items() if writings[s].wears}
        receipt = Receipt(before, wearing)
        at_once = self._put_off(wants, writings, receipt, acknowledged=doubt is None)
        settles = [writings[setting].settles for setting in at_once]
        if doubt is not None:
            settles.append(UNACKNOWLEDGED_SETTLES)
        settled_at = self._time.now() + max(settles, default=0.0)
        await self._read_back(at_once, receipt, settled_at, doubt)

    def _put_off(
        self,
        wants: Wants,
        writings: Mapping[Setting, Writing],
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
                due = self._time.now() + proof
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
        self,
        wants: Wants,
        receipt: Receipt,
        settled_at: float,
        doubt: MinerError | None,
    ) -> None:
        """Judge by what the device reports, as soon as it had the time to apply it."""
        while True:
            try:
                state = await self._device.async_read()
            except MinerError:
                again = self._time.now() + READ_AGAIN
                for setting, want in wants.items():
                    want.expire(setting, _unconfirmed(setting, want, receipt), again)
                if not any(want.awaited for want in wants.values()):
                    break
            else:
                now = self._time.now()
                if now >= settled_at or _all_taken(wants, state):
                    self._judge(wants, receipt, state, doubt)
                    return
                again = min(now + LOOK_AGAIN, settled_at)
            await self._time.until(again)
        due = self._time.now() + UNCONFIRMED_PROOF
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
        self._proofs.count(receipt, state)
        taken = {
            setting: want.value
            for setting, want in wants.items()
            if verdict(setting, want.value, state, final=True)
        }
        self._proofs.took(taken, self._time.now())
        for setting, want in wants.items():
            if setting in taken:
                want.settle(setting)
            else:
                self._fail({setting: want}, _refusal(setting, want, state, doubt))
        self._observe(state)


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


def _unconfirmed(setting: Setting, want: Want, receipt: Receipt) -> ChangeError:
    reported = receipt.before.get(setting)
    return ChangeError(Refusal.UNCONFIRMED, setting, want.value, reported=reported)
