"""The client of the cgminer TCP API."""

from collections.abc import Callable, Mapping
import time
from typing import Any, override

from ..client import FETCH_DEADLINE, MinerClient
from ..errors import MinerResponseError
from ..model import Family, MinerIdentity, MinerReading


class AvalonClient(MinerClient):
    """A miner that speaks the cgminer API."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        deadline: float = FETCH_DEADLINE,
    ) -> None:
        """Prepare; ``monotonic`` is the clock for what takes a miner minutes."""
        self._host = host
        self._port = port

    @property
    @override
    def family(self) -> Family:
        return Family.AVALON

    @property
    @override
    def host(self) -> str:
        return self._host

    @property
    @override
    def port(self) -> int:
        return self._port

    @property
    @override
    def configuration_url(self) -> str | None:
        return f"http://{self._host}"

    @property
    @override
    def raw(self) -> Mapping[str, Any]:
        raise MinerResponseError("not read yet")

    @property
    @override
    def units(self) -> tuple[str, ...]:
        return ()

    @override
    async def identify(self) -> MinerIdentity:
        raise MinerResponseError("not read yet")

    @override
    async def fetch(self) -> MinerReading:
        raise MinerResponseError("not read yet")

    @override
    async def restart(self) -> None:
        raise MinerResponseError("not read yet")

    @override
    async def locate(self) -> None:
        raise MinerResponseError("not read yet")
