"""The client of the exporters of FPGA cards."""

from collections.abc import Callable, Mapping
import time
from typing import Any, override

from aiohttp import ClientSession

from ..client import FETCH_DEADLINE, Endpoint, MinerClient
from ..errors import MinerResponseError
from ..model import Family, MinerIdentity, MinerReading


class FpgaClient(MinerClient):
    """One FPGA card behind an exporter."""

    def __init__(
        self,
        endpoint: Endpoint,
        session: ClientSession,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        deadline: float = FETCH_DEADLINE,
    ) -> None:
        """Prepare; ``monotonic`` is the clock for what takes a miner minutes."""
        self._endpoint = endpoint

    @property
    @override
    def family(self) -> Family:
        return Family.FPGA

    @property
    @override
    def host(self) -> str:
        return self._endpoint.host

    @property
    @override
    def port(self) -> int:
        return self._endpoint.port

    @property
    @override
    def configuration_url(self) -> str | None:
        return f"http://{self._endpoint.host}"

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
