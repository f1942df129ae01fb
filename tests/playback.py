"""A web server on loopback that answers what a case says, reply by reply."""

import asyncio
from collections.abc import Mapping
import json
from types import TracebackType
from typing import Any, override

from .loopback import LoopbackServer

type Reply = Mapping[str, Any]

INFO, ASIC = "/api/system/info", "/api/system/asic"


class Playback(LoopbackServer):
    """One miner that says what it is told to say.

    ``patches`` are the settings that it was sent; ``refusal`` is the status with which
    it refuses them. It takes and ignores them otherwise.
    """

    def __init__(self, info: Reply, asic: Reply | None = None) -> None:
        """Do not listen yet."""
        super().__init__()
        self.info: Reply | None = info
        self.asic = asic
        self.refusal: int | None = None
        self.patches: list[dict[str, Any]] = []
        self._clients: set[asyncio.StreamWriter] = set()
        self.silent = asyncio.Event()
        self.silent.set()

    @property
    @override
    def connections(self) -> int:
        """Tell how many connections are open."""
        return len(self._clients)

    def hang(self) -> None:
        """Accept connections and answer nothing."""
        self.silent.clear()

    def recover(self) -> None:
        """Answer again."""
        self.silent.set()

    @override
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up."""
        await super().__aexit__(kind, error, trace)
        self.silent.set()
        for client in tuple(self._clients):
            client.close()

    @override
    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._clients.add(writer)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, path, _ = head.split(" ", 2)
            length = _length(head)
            body = await reader.readexactly(length) if length else b""
            self.requests.append(f"{method} {path}")
            await self.silent.wait()
            status, answer = self._answer(method, path, body)
            writer.write(
                f"HTTP/1.1 {status} X\r\nContent-Length: {len(answer)}\r\n"
                "Content-Type: application/json\r\n\r\n".encode()
                + answer
            )
            await writer.drain()
            await reader.read()
        except ConnectionError, asyncio.IncompleteReadError:
            pass
        finally:
            self._clients.discard(writer)
            writer.close()

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if method == "PATCH":
            self.patches.append(json.loads(body))
            return (self.refusal or 200), b"" if self.refusal is None else b"Wrong"
        reply = {INFO: self.info, ASIC: self.asic}.get(path)
        if reply is None:
            return 404, b'{"error":"unknown route"}'
        return 200, json.dumps(reply).encode()


def _length(head: str) -> int:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            return int(value)
    return 0
