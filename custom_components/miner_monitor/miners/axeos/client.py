"""The HTTP client of AxeOS and NerdOS."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, override

from aiohttp import ClientSession
from yarl import URL

from ..client import FETCH_DEADLINE, MinerClient, monotonic
from ..errors import MinerCommandError, MinerCutOffError, MinerError
from ..http import HttpDevice, StatusError
from ..model import Family, MinerIdentity, MinerReading
from .memory import DeviceMemory
from .reply import check_info, parse_object

_INFO = "/api/system/info"
_ASIC = "/api/system/asic"
_RESTART = "/api/system/restart"
_LOCATE = "/api/system/identify"
_ASIC_DEADLINE = 2.0
_LOCATE_LASTS = 30.0


class AxeOsClient(MinerClient):
    """A miner that runs AxeOS, NerdOS, or one of their forks."""

    def __init__(
        self,
        host: str,
        port: int,
        session: ClientSession,
        *,
        monotonic: Callable[[], float] = monotonic,
        deadline: float = FETCH_DEADLINE,
    ) -> None:
        """Prepare; ``monotonic`` is the clock for what takes a miner minutes."""
        self._device = HttpDevice(host, port, session)
        self._host = host
        self._port = port
        self._monotonic = monotonic
        self._deadline = deadline
        self._memory = DeviceMemory(monotonic)
        self._located_at: float | None = None
        self._bodies: dict[str, bytes] = {}
        base = self._device.url
        self._info_url = base.with_path(_INFO)
        self._asic_url = base.with_path(_ASIC)
        self._restart_url = base.with_path(_RESTART)
        self._locate_url = base.with_path(_LOCATE)

    @property
    @override
    def family(self) -> Family:
        return Family.AXEOS

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
        return str(self._device.url.origin())

    @property
    @override
    def raw(self) -> Mapping[str, Any]:
        return {name: parse_object(body) for name, body in self._bodies.items()}

    @property
    @override
    def units(self) -> tuple[str, ...]:
        return ()

    @override
    async def identify(self) -> MinerIdentity:
        return (await self.fetch()).identity

    @override
    async def fetch(self) -> MinerReading:
        async with self._device.turn(self._deadline) as ends:
            body = await self._device.request("GET", self._info_url, ends)
            info = parse_object(body)
            check_info(info)
            self._bodies["info"] = body
            if self._memory.notice(info):
                await self._ask_for_presets(ends)
        return self._memory.read(info)

    async def _ask_for_presets(self, ends: float) -> None:
        """Ask what the device allows; no answer costs nothing but the lists."""
        soon = asyncio.get_running_loop().time() + _ASIC_DEADLINE
        try:
            body = await self._device.request("GET", self._asic_url, min(ends, soon))
            asic = parse_object(body)
        except MinerError:
            return
        self._bodies["asic"] = body
        self._memory.take_presets(asic)

    @override
    async def restart(self) -> None:
        try:
            await self._command(self._restart_url)
        except MinerCutOffError:
            return

    @override
    async def locate(self) -> None:
        """Show a greeting on the display; a second call would end it, so wait."""
        now = self._monotonic()
        if self._located_at is not None and now - self._located_at < _LOCATE_LASTS:
            return
        await self._command(self._locate_url)
        self._located_at = now

    async def _command(self, url: URL) -> None:
        async with self._device.turn(self._deadline) as ends:
            try:
                await self._device.request("POST", url, ends)
            except StatusError as err:
                raise MinerCommandError(f"refused: {err}", err.kind) from err
