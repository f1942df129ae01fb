"""A reply without end is ended by its size, not by the deadline alone."""

import asyncio
from collections.abc import Callable
from importlib import import_module
import json
import socket
import threading
from typing import Any

import aiohttp
import pytest

from custom_components.miner_monitor.miners import (
    Endpoint,
    MinerClient,
    MinerError,
    MinerResponseError,
    Outcome,
    create_client,
)
from custom_components.miner_monitor.miners.avalon import AvalonClient
from custom_components.miner_monitor.miners.axeos import AxeOsClient
from custom_components.miner_monitor.miners.fpga import FpgaClient
from custom_components.miner_monitor.miners.model import ErrorKind, Family, Setting

from .avalon_miner import Avalon, encoded
from .conformance import Answer, Server, http, says, serving
from .conformance_tcp import ends
from .deciding import always
from .fpga_replies import RB4
from .replies import GAMMA
from .test_axeos_client import Axe

PATIENT = 300.0
"""Seconds of deadline that a flood has to end before, however busy the machine is."""

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def flooding(unit: bytes, head: bytes = b"", times: int = 2000) -> Answer:
    """Send the same again and again, as fast as it is taken."""

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not writer.is_closing():
            writer.write(unit * times)
            await writer.drain()

    return answer


async def trickles(_: bytes, writer: asyncio.StreamWriter) -> None:
    """Send byte by byte, each in a segment of its own."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    writer.write(OK + b"\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0)


HTTP_FLOODS: dict[str, Answer] = {
    "100 Continue": flooding(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "early hints": flooding(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
    "empty lines": flooding(b"\r\n"),
    "one line": flooding(b"a" * 64, OK),
    "headers": flooding(b"a: b\r\n", OK),
    "headers of 8 KiB": flooding(b"a: " + b"b" * 8000 + b"\r\n", OK, 8),
    "tiny chunks": flooding(b"1\r\n \r\n", CHUNKED),
    "chunk extensions": flooding(b"1;" + b"a" * 4000 + b"\r\n \r\n", CHUNKED, 8),
    "trailers": flooding(b"a: b\r\n", CHUNKED + b"0\r\n"),
    "a body": flooding(b" " * 64, OK + b"\r\n"),
    "segments": trickles,
}


@pytest.mark.parametrize("flood", HTTP_FLOODS)
@pytest.mark.parametrize("family", [Family.AXEOS, Family.FPGA])
async def test_a_flood_over_http_ends(
    family: Family, flood: str, session: aiohttp.ClientSession
) -> None:
    async with serving(HTTP_FLOODS[flood], b"\r\n\r\n") as server:
        client = patient(family, server, session)
        with pytest.raises(MinerResponseError) as caught:
            await client.fetch()
        await server.all_closed()
    assert caught.value.kind is ErrorKind.UNREADABLE
    # The HTTP library asks once more; that is of the same exchange and its size.
    assert len(server.requests) <= 2


def patient(
    family: Family, server: Server, session: aiohttp.ClientSession
) -> MinerClient:
    if family is Family.FPGA:
        at = Endpoint(host="127.0.0.1", port=server.port)
        return FpgaClient(at, session, deadline=PATIENT)
    return AxeOsClient("127.0.0.1", server.port, session, deadline=PATIENT)


@pytest.mark.parametrize("flood", HTTP_FLOODS)
async def test_a_flood_after_a_write_leaves_it_open(
    flood: str, session: aiohttp.ClientSession
) -> None:
    """Nothing of the flood was an answer; a good one may be as long as it likes."""
    async with serving(Axe(), b"\r\n\r\n") as server:
        client = AxeOsClient("127.0.0.1", server.port, session, deadline=PATIENT)
        await client.fetch()
        server.to_a_write = HTTP_FLOODS[flood]
        write = client.apply(always({Setting.FREQUENCY: 490}))
        [problem] = await asyncio.gather(write, return_exceptions=True)
        if problem is None:
            assert flood in ("tiny chunks", "chunk extensions", "a body", "segments")
        else:
            assert isinstance(problem, MinerError)
            assert problem.outcome is Outcome.UNKNOWN
            assert problem.kind is not ErrorKind.TIMEOUT
        assert len(server.writes) == 1


@pytest.mark.parametrize("unit", [b" ", b"{", b"\0"])
async def test_a_flood_over_tcp_ends(unit: bytes, socket_enabled: None) -> None:
    async with serving(flooding(unit * 64), None) as server:
        client = AvalonClient("127.0.0.1", server.port, deadline=PATIENT)
        with pytest.raises(MinerResponseError, match="too large"):
            await client.fetch()


async def test_segments_without_end_over_tcp_end(socket_enabled: None) -> None:
    async with serving(trickles, None) as server:
        client = AvalonClient("127.0.0.1", server.port, deadline=PATIENT)
        with pytest.raises(MinerResponseError, match="too large"):
            await client.fetch()


@pytest.mark.parametrize("head", [b"HTTP/1.1 100 Continue\r\n\r\n" * 4, b"\r\n"])
async def test_what_firmware_sends_in_advance_is_no_flood(
    head: bytes, session: aiohttp.ClientSession
) -> None:
    reply = http(json.dumps(GAMMA).encode())
    async with serving(says(head + reply), b"\r\n\r\n") as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        assert (await client.fetch()).state.hashing


async def test_a_reply_in_small_chunks_is_read(session: aiohttp.ClientSession) -> None:
    body = json.dumps(GAMMA).encode()
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
    reply = says(CHUNKED + chunks + b"0\r\n\r\n")
    async with serving(reply, b"\r\n\r\n") as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        assert (await client.fetch()).state.hashing


def padded(reply: bytes, size: int) -> bytes:
    return reply + b" " * (size - len(reply))


def big_page() -> bytes:
    return RB4.encode() + b"# more\n" * 8000


@pytest.mark.parametrize(
    ("family", "reader", "small", "large"),
    [
        (
            Family.AXEOS,
            "axeos.client.parse_object",
            http(json.dumps(GAMMA).encode()),
            http(padded(json.dumps(GAMMA).encode(), 60_000)),
        ),
        (
            Family.AVALON,
            "avalon.client.parse_reply",
            encoded(Avalon().poll),
            padded(encoded(Avalon().poll), 250_000),
        ),
        (
            Family.FPGA,
            "fpga.client.read_page",
            http(RB4.encode()),
            http(big_page()),
        ),
    ],
)
async def test_a_large_reply_is_read_beside_the_event_loop(
    family: Family,
    reader: str,
    small: bytes,
    large: bytes,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may be made so that reading it takes long; what is usual is not."""
    where = f"custom_components.miner_monitor.miners.{reader}"
    threads: list[bool] = []
    original = found(where)

    def read(*args: Any, **kwargs: Any) -> Any:
        threads.append(threading.current_thread() is threading.main_thread())
        return original(*args, **kwargs)

    monkeypatch.setattr(where, read)
    for reply, on_the_loop in ((small, True), (large, False)):
        answer = ends(reply) if family is Family.AVALON else says(reply)
        end = None if family is Family.AVALON else b"\r\n\r\n"
        async with serving(answer, end) as server:
            at = Endpoint(host="127.0.0.1", port=server.port)
            threads.clear()
            await create_client(family, at, session).fetch()
        assert threads[0] is on_the_loop


def found(path: str) -> Callable[..., Any]:
    module, _, name = path.rpartition(".")
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function
