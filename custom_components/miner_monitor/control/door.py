"""The one way by which settings reach a device."""

from collections.abc import Callable
from typing import Protocol

from ..miners.client import MinerClient
from ..miners.model import Changes, MinerState
from .proof import Watcher
from .rules import Allowed

GATHER = 0.3
"""Seconds in which what belongs together arrives: a scene, parallel actions."""

CALL_DEADLINE = 10.0
"""Seconds after which a call returns, whatever is still to be done."""


class Device(Protocol):
    """A device as the door sees it."""

    @property
    def client(self) -> MinerClient:
        """Who speaks with it now."""

    async def async_read(self) -> MinerState:
        """Fetch, prove that the right one answered, and publish; raise MinerError."""


class Door:
    """Merges what is wanted, keeps the pace, writes, and reads back."""

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

    @property
    def proving(self) -> bool:
        """Whether something is being written or has yet to be proven."""
        return False

    async def apply(self, changes: Changes) -> None:
        """Write the changes; return when the device has them, 10 s later at most.

        Raises a ChangeError for what it cannot take or did not take, and the
        MinerError that kept a request from it.
        """
        self._allowed().check(changes)

    def observe(self, state: MinerState) -> None:
        """Take a good poll."""

    def close(self) -> None:
        """Drop what is not yet sent and let nobody wait for it."""
