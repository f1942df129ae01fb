"""What a client of the cgminer API has to do, whatever answers."""

import asyncio
import json
import socket
import struct

import aiohttp
import pytest

from custom_components.miner_monitor.miners import (
    ErrorKind,
    MinerConnectionError,
    MinerTimeoutError,
)

from .conformance import (
    Answer,
    ClientConformance,
    Hostile,
    hangs_up,
    http,
    resets,
    says,
    serving,
)

GOOD_STATUS = b'"STATUS":[{"STATUS":"S","When":1,"Code":11,"Msg":"Summary"}]'


async def drips(_: bytes, writer: asyncio.StreamWriter) -> None:
    """Send a reply that never ends, byte by byte."""
    writer.write(b"{")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def floods(_: bytes, writer: asyncio.StreamWriter) -> None:
    """Send 10 MB."""
    for _ in range(160):
        writer.write(b" " * 65536)
        await writer.drain()


async def breaks_off(_: bytes, writer: asyncio.StreamWriter) -> None:
    """Reset the connection in the middle of the reply."""
    writer.write(b"{" + GOOD_STATUS)
    await writer.drain()
    await asyncio.sleep(0.01)
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def ends(reply: bytes, end: bytes = b"\0") -> Answer:
    """Answer as the API does: with a NUL, and a closed connection."""

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(reply + end)
        await writer.drain()
        writer.close()

    return answer


def failing(code: int, message: str) -> Answer:
    """Answer as a device that does not carry out the command."""
    status = {"STATUS": "E", "When": 5, "Code": code, "Msg": message}
    return ends(json.dumps({"STATUS": [status], "id": 1}).encode())


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


_IN_A_ROW = b"{" + GOOD_STATUS + b',"SUMMARY":[{"Elapsed":%b}]}'
_CUT_OFF = {"error": MinerConnectionError, "kind": ErrorKind.NETWORK, "exactly": False}
_TOO_LATE = {"error": MinerTimeoutError, "kind": ErrorKind.TIMEOUT}
_SINGLE_REQUESTS_TOO = {"exactly": False, "requests": 3}

HOSTILE_TCP: dict[str, Hostile] = {
    "html": Hostile(answer=ends(b"<html><body>Hello</body></html>")),
    "http 400": Hostile(answer=ends(http(b"", "400 Bad Request"))),
    "http with json": Hostile(answer=ends(http(b'{"SUMMARY":[{"Elapsed":1}]}'))),
    "nul only": Hostile(answer=ends(b"")),
    "white space only": Hostile(answer=ends(b" \r\n")),
    "list": Hostile(answer=ends(b"[1, 2]")),
    "text": Hostile(answer=ends(b'"hello"')),
    "null": Hostile(answer=ends(b"null")),
    "empty object": Hostile(answer=ends(b"{}")),
    "another device": Hostile(answer=ends(b'{"temperature": 21.5}')),
    "binary": Hostile(answer=ends(bytes(range(256)) * 8)),
    "deep": Hostile(answer=ends(nested(30000))),
    "deep object": Hostile(answer=ends(b'{"a":' * 900 + b"1" + b"}" * 900)),
    "deep after NaN": Hostile(answer=ends(b'{"b":NaN,"a":' + nested(90000) + b"}")),
    "deep row": Hostile(answer=ends(_IN_A_ROW % nested(900)), **_SINGLE_REQUESTS_TOO),
    "huge": Hostile(answer=ends(b"{" + GOOD_STATUS + b" " * 300_000 + b"}")),
    "flood": Hostile(answer=floods),
    "truncated json": Hostile(
        answer=ends(b'{"STATUS":[{"STA', b""), exactly=False, requests=4
    ),
    "truncated text": Hostile(
        answer=ends(b"STATUS=S,When=17,Code=11,Msg=Summary,Descr", b""), requests=6
    ),
    "invalid command": Hostile(
        answer=failing(14, "Invalid command"), **_SINGLE_REQUESTS_TOO
    ),
    "access denied": Hostile(
        answer=failing(45, "Access denied to 'summary' command"), **_SINGLE_REQUESTS_TOO
    ),
    "no sections": Hostile(
        answer=ends(b"{" + GOOD_STATUS + b"}"), **_SINGLE_REQUESTS_TOO
    ),
    "hangs up": Hostile(answer=hangs_up, requests=2, **_CUT_OFF),
    "resets": Hostile(answer=resets, requests=2, **_CUT_OFF),
    "half a reply": Hostile(answer=breaks_off, requests=2, **_CUT_OFF),
    "drip": Hostile(answer=drips, **_TOO_LATE),
    "withheld end": Hostile(answer=says(b"{" + GOOD_STATUS + b"}"), **_TOO_LATE),
    "half, kept open": Hostile(answer=says(b'{"STATUS":[{"STA\0'), **_TOO_LATE),
}


class TcpConformance(ClientConformance):
    """The promises that only the cgminer API needs."""

    request_end = None

    @pytest.mark.parametrize("name", HOSTILE_TCP)
    async def test_hostile_reply(
        self, name: str, session: aiohttp.ClientSession
    ) -> None:
        await self.check_hostile(HOSTILE_TCP[name], session)

    async def test_a_connection_kept_open_costs_little(
        self, session: aiohttp.ClientSession
    ) -> None:
        """Some firmware does not close after the NUL at the end."""
        good = self.good()

        async def stays(request: bytes, writer: asyncio.StreamWriter) -> None:
            keeping = Keeping(writer)
            await good(request, keeping)  # type: ignore[arg-type]  # what it uses

        async with serving(stays, None) as server:
            client = self.make(server.port, session)
            await client.fetch()
            clock = asyncio.get_running_loop()
            start = clock.time()
            assert (await client.fetch()).state.hashing
            assert clock.time() - start < 0.2
            await server.all_closed()

    async def test_a_request_is_one_line_without_its_end(
        self, session: aiohttp.ClientSession
    ) -> None:
        async with serving(self.good(), None) as server:
            await self.make(server.port, session).fetch()
        for request in server.requests:
            assert b"\n" not in request
            assert json.loads(request).keys() <= {"command", "parameter"}


class Keeping:
    """A writer that closes nothing."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.write = writer.write
        self.drain = writer.drain

    def close(self) -> None:
        """Leave the connection open."""
