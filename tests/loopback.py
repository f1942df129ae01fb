"""A server on loopback that plays one miner."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Iterator
from types import TracebackType
from typing import Self


class LoopbackServer(ABC):
    """Listens on a free port; ``requests`` are what it was asked."""

    def __init__(self) -> None:
        """Do not listen yet."""
        self.host, self.port = "127.0.0.1", 0
        self.requests: list[str] = []
        self._server: asyncio.Server | None = None

    def __iter__(self) -> Iterator[Self]:
        """Be a farm of one."""
        yield self

    @property
    @abstractmethod
    def connections(self) -> int:
        """Tell how many connections are open."""

    @abstractmethod
    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer in one connection."""

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, self.host)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Listen no more."""
        assert self._server is not None
        self._server.close()
