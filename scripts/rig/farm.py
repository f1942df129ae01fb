"""A farm of simulated miners in a process of its own."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
import json
import os
from pathlib import Path
import sys
from types import TracebackType
from typing import Any, Self

import aiohttp

from .hass import REPOSITORY
from .process import ChildProcess, ProcessFailedError, free_ports

START_TIMEOUT_SECONDS = 60
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class FarmMiner:
    """A miner of the farm and where it listens; 0 is no port yet.

    Its other fields mean what they mean to the simulator; None is its default.
    """

    name: str
    model: str
    firmware: str | None = None
    port: int = 0
    hostname: str | None = None
    uptime: float | None = None
    standby: bool = False
    cards: int = 1

    @property
    def address(self) -> str:
        """Return what a user types to add it."""
        return f"127.0.0.1:{self.port}"

    @property
    def toml(self) -> str:
        """Return the miner's table of the farm file."""
        # A JSON string, number or flag is a TOML one too.
        lines = [
            f"{key} = {json.dumps(value)}"
            for key, value in {"host": "127.0.0.1", **asdict(self)}.items()
            if value is not None
        ]
        return "\n".join(["[[miner]]", *lines, ""])


class FarmProcess:
    """`python -m simulator` with these miners, and its control endpoint."""

    def __init__(
        self,
        directory: Path,
        miners: Sequence[FarmMiner],
        *,
        module: str = "simulator",
    ) -> None:
        """Prepare to run the miners with files in this directory."""
        self.miners = miners
        self._file = directory.resolve() / "farm.toml"
        taken = {miner.port for miner in miners}
        port = next(port for port in free_ports(len(taken) + 1) if port not in taken)
        self._control = f"http://127.0.0.1:{port}"
        self._session: aiohttp.ClientSession | None = None
        self._process = ChildProcess(
            [
                *(sys.executable, "-m", module, str(self._file)),
                *("--control-port", str(port)),
            ],
            directory=REPOSITORY,
            output=directory.resolve() / "farm.log",
            environment=dict(os.environ),
        )

    async def __aenter__(self) -> Self:
        """Start the farm and wait until it can be controlled."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(
            "\n".join(miner.toml for miner in self.miners), encoding="utf-8"
        )
        await self._process.start()
        self._session = aiohttp.ClientSession(base_url=self._control)
        try:
            async with asyncio.timeout(START_TIMEOUT_SECONDS):
                await self._wait_until_answering()
        except BaseException as error:
            await self._close()
            if isinstance(error, TimeoutError):
                raise self._process.failure("did not start") from error
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the farm."""
        await self._close()

    async def wait(self) -> int:
        """Wait until the process ends by itself."""
        return await self._process.wait()

    def check(self) -> None:
        """Raise with its output when the farm no longer runs."""
        self._process.check()

    async def inject(
        self, name: str, fault: str, duration: float | None = None, **parameters: Any
    ) -> None:
        """Give a miner a fault, for a while or until it is cleared."""
        body = {"fault": fault, "duration": duration, **parameters}
        await self._send("POST", f"/miners/{name}/faults", body)

    async def clear(self, name: str) -> None:
        """Free a miner of all faults."""
        await self._send("DELETE", f"/miners/{name}/faults")

    async def _wait_until_answering(self) -> None:
        """Wait until the control endpoint lists the miners."""
        while True:
            self._process.check()
            try:
                await self._send("GET", "/miners")
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(POLL_SECONDS)
            else:
                return

    async def _send(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> Any:
        """Make a request to the control endpoint."""
        if self._session is None:
            raise ProcessFailedError("the farm was not started")
        async with self._session.request(method, path, json=body) as response:
            response.raise_for_status()
            return await response.json(content_type=None)

    async def _close(self) -> None:
        """Close the connection and end the process."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        await self._process.stop()
