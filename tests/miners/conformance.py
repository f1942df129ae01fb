"""What every family's client has to do, whatever its protocol.

A family's test module derives a class from HttpConformance or TcpConformance whose
name begins with Test, and says how to make a client and what its device answers.
"""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
import socket
from typing import Any

import aiohttp
import pytest

from custom_components.miner_monitor.miners import (
    ErrorKind,
    MinerAuthError,
    MinerClient,
    MinerConnectionError,
    MinerCutOffError,
    MinerError,
    MinerResponseError,
    MinerStrangerError,
    MinerTimeoutError,
    MinerUnsupportedError,
    Outcome,
)
from custom_components.miner_monitor.miners.model import Changes, MinerReading

from .deciding import always

type Look = Callable[[MinerReading], None]
type Told = Coroutine[Any, Any, None]
type Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]

SHORT = 0.15
"""Seconds of deadline for tests that must run into it."""

UNHURRIED = 1.5
"""The same where a good answer comes first, also on a machine that is busy."""


class Server:
    """A device on 127.0.0.1 that does what its ``answer`` does."""

    def __init__(self, answer: Answer, end: bytes | None) -> None:
        """Answer each request, which is complete at ``end``, or with one read."""
        self.answer = answer
        self.to_a_write: Answer | None = None
        self.requests: list[bytes] = []
        self.open = 0
        self.most_open = 0
        self.port = 0
        self.refuse: Callable[[], None] = lambda: None
        self.asked = asyncio.Event()
        self._end = end
        self._closed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def handle(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serve one connection until the client closes it."""
        if (task := asyncio.current_task()) is not None:
            self._tasks.add(task)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        self._closed.clear()
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            self.requests.append(request := await self._request(reader))
            self.asked.set()
            if self.to_a_write is not None and is_write(request):
                await self.to_a_write(request, writer)
            else:
                await self.answer(request, writer)
            await writer.drain()
            await reader.read()
        self.open -= 1
        if not self.open:
            self._closed.set()
        writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        if self._end is not None:
            return await reader.readuntil(self._end)
        if not (request := await reader.read(4095)):
            raise asyncio.IncompleteReadError(request, None)
        return request

    @property
    def writes(self) -> list[bytes]:
        """The requests that told the device something."""
        return [request for request in self.requests if is_write(request)]

    async def all_closed(self) -> None:
        """Wait until no connection is open."""
        async with asyncio.timeout(30):
            await self._closed.wait()

    async def stop(self) -> None:
        """End all connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # closed connections go with the next round


def is_write(request: bytes) -> bool:
    """Tell what changes something from what only asks, in any family's words."""
    if request.startswith(b"{"):
        return b'"parameter"' in request and b'"0,help"' not in request
    return not request.startswith(b"GET ")


@asynccontextmanager
async def serving(answer: Answer, end: bytes | None) -> AsyncIterator[Server]:
    """Run a server on a free port."""
    server = Server(answer, end)
    listener = await asyncio.start_server(server.handle, "127.0.0.1", 0, limit=2**20)
    server.port = listener.sockets[0].getsockname()[1]
    server.refuse = listener.close
    try:
        yield server
    finally:
        listener.close()
        await server.stop()
        await listener.wait_closed()


@contextmanager
def unused_port() -> Iterator[int]:
    """Reserve a port on which nothing listens."""
    with socket.socket() as keeper:
        keeper.bind(("127.0.0.1", 0))
        yield keeper.getsockname()[1]


def says(reply: bytes) -> Answer:
    """Answer with these bytes."""

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)

    return answer


async def is_silent(_: bytes, __: asyncio.StreamWriter) -> None:
    """Take the request and never answer."""
    await asyncio.sleep(10)


async def hangs_up(_: bytes, writer: asyncio.StreamWriter) -> None:
    """Take the request and close."""
    writer.close()


async def resets(_: bytes, writer: asyncio.StreamWriter) -> None:
    """Take the request and reset the connection."""
    writer.transport.abort()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostile:
    """What a stranger answers, what it has to become, and after how many requests."""

    answer: Answer
    error: type[MinerError] = MinerResponseError
    kind: ErrorKind = ErrorKind.UNREADABLE
    exactly: bool = True
    requests: int = 1


class ClientConformance(ABC):
    """The promises of miners/client.py."""

    request_end: bytes | None

    @abstractmethod
    def make(
        self, port: int, session: aiohttp.ClientSession, *, deadline: float = 5.0
    ) -> MinerClient:
        """Make a client of a device on 127.0.0.1."""

    @abstractmethod
    def good(self) -> Answer:
        """Answer as a healthy device."""

    @abstractmethod
    def started_again(self) -> Answer:
        """Answer as the same device some seconds after a start."""

    async def test_fetch_gives_identity_and_state(
        self, session: aiohttp.ClientSession
    ) -> None:
        async with serving(self.good(), self.request_end) as server:
            client = self.make(server.port, session)
            reading = await client.fetch()
            identity = (await client.fetch()).identity
            again = await client.fetch()
        assert isinstance(reading, MinerReading)
        assert reading.identity.family is client.family
        assert reading.state.hashing
        assert identity is reading.identity
        assert again.identity is reading.identity
        assert (client.host, client.port) == ("127.0.0.1", server.port)
        assert client.raw

    async def test_connection_is_closed_after_each_reply(
        self, session: aiohttp.ClientSession
    ) -> None:
        async with serving(self.good(), self.request_end) as server:
            client = self.make(server.port, session)
            for _ in range(3):
                await client.fetch()
                await server.all_closed()

    async def test_one_request_at_a_time(self, session: aiohttp.ClientSession) -> None:
        good = self.good()

        async def slow(request: bytes, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0.005)
            await good(request, writer)

        async with serving(slow, self.request_end) as server:
            client = self.make(server.port, session)
            await client.fetch()
            await asyncio.gather(*(client.fetch() for _ in range(5)))
            assert server.most_open == 1
            assert len(server.requests) >= 6

    async def test_deadline_holds_behind_other_requests(
        self, session: aiohttp.ClientSession
    ) -> None:
        async with serving(is_silent, self.request_end) as server:
            client = self.make(server.port, session, deadline=SHORT)
            clock = asyncio.get_running_loop()
            start = clock.time()
            results = await asyncio.gather(
                *(client.fetch() for _ in range(4)), return_exceptions=True
            )
            assert clock.time() - start < SHORT + 0.5
        assert {type(result) for result in results} == {MinerTimeoutError}

    async def test_a_cancelled_fetch_lets_the_next_one_in(
        self, session: aiohttp.ClientSession
    ) -> None:
        async with serving(is_silent, self.request_end) as server:
            client = self.make(server.port, session)
            task = asyncio.create_task(client.fetch())
            await server.asked.wait()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            server.answer = self.good()
            assert (await client.fetch()).state.hashing

    @pytest.mark.parametrize(
        ("answer", "error", "kind"),
        [
            (is_silent, MinerTimeoutError, ErrorKind.TIMEOUT),
            (hangs_up, MinerConnectionError, ErrorKind.NETWORK),
            (resets, MinerConnectionError, ErrorKind.NETWORK),
        ],
    )
    async def test_no_answer(
        self,
        answer: Answer,
        error: type[MinerError],
        kind: ErrorKind,
        session: aiohttp.ClientSession,
    ) -> None:
        async with serving(answer, self.request_end) as server:
            deadline = SHORT if kind is ErrorKind.TIMEOUT else 5.0
            client = self.make(server.port, session, deadline=deadline)
            with pytest.raises(error) as caught:
                await client.fetch()
        assert caught.value.kind is kind

    async def test_refused_connection(self, session: aiohttp.ClientSession) -> None:
        with unused_port() as port, pytest.raises(MinerConnectionError) as caught:
            await self.make(port, session).fetch()
        assert caught.value.kind is ErrorKind.REFUSED

    async def test_recovery_after_an_error(
        self, session: aiohttp.ClientSession
    ) -> None:
        async with serving(hangs_up, self.request_end) as server:
            client = self.make(server.port, session)
            with pytest.raises(MinerConnectionError):
                await client.fetch()
            server.answer = self.good()
            assert (await client.fetch()).state.hashing

    async def test_identity_outlasts_restarts(
        self, session: aiohttp.ClientSession
    ) -> None:
        """Of the device, of the network, and of the program that asks."""
        async with serving(self.good(), self.request_end) as server:
            client = self.make(server.port, session)
            identity = (await client.fetch()).identity
            server.answer = hangs_up
            with pytest.raises(MinerConnectionError):
                await client.fetch()
            server.answer = self.started_again()
            assert (await client.fetch()).identity == identity
            again = self.make(server.port, session)
            assert (await again.fetch()).identity == identity
            server.answer = self.good()
            assert (await client.fetch()).identity == identity

    async def check_hostile(
        self, hostile: Hostile, session: aiohttp.ClientSession
    ) -> None:
        """Ask a stranger, and see what becomes of its answer."""
        async with serving(hostile.answer, self.request_end) as server:
            deadline = SHORT if hostile.kind is ErrorKind.TIMEOUT else 5.0
            client = self.make(server.port, session, deadline=deadline)
            with pytest.raises(hostile.error) as caught:
                await client.fetch()
            await server.all_closed()
            assert len(server.requests) == hostile.requests
            assert server.most_open == 1
        assert caught.value.kind is hostile.kind
        assert not isinstance(caught.value, MinerUnsupportedError)
        assert not hostile.exactly or type(caught.value) is hostile.error


class WriteConformance(ClientConformance):
    """What a client promises whose device can be told something."""

    commands: tuple[str, ...]
    """The commands that the device takes."""

    @abstractmethod
    def another(self) -> Answer:
        """Answer as another healthy device of the same kind."""

    @abstractmethod
    def change(self) -> Changes:
        """Give a change that the device takes with one request."""

    def ways(self, client: MinerClient, look: Look) -> list[Callable[[], Told]]:
        """List all ways to tell the device something, each after a look at it."""

        def decide(reading: MinerReading) -> Changes:
            look(reading)
            return self.change()

        return [
            lambda: client.apply(decide),
            *(partial(getattr(client, name), look) for name in self.commands),
        ]

    async def test_a_device_in_its_place_is_told_nothing(
        self, session: aiohttp.ClientSession
    ) -> None:
        """It came there after the last poll, as late as it could."""
        async with serving(self.good(), self.request_end) as server:
            client = self.make(server.port, session)
            ours = (await client.fetch()).identity
            server.answer = self.another()
            met: list[MinerReading] = []

            def proves(reading: MinerReading) -> None:
                met.append(reading)
                if not ours.same_device(reading.identity):
                    raise MinerStrangerError("another one")

            ways = self.ways(client, proves)
            for way in ways:
                with pytest.raises(MinerStrangerError) as caught:
                    await way()
                assert caught.value.outcome is Outcome.NOT_SENT
            assert server.writes == []
            assert len(met) == len(ways)
            server.answer = self.good()
            for way in ways:
                await way()
            assert len(server.writes) == len(ways)

    async def test_nothing_gets_between_the_proof_and_what_is_sent(
        self, session: aiohttp.ClientSession
    ) -> None:
        async with serving(self.good(), self.request_end) as server:
            client = self.make(server.port, session)
            await client.fetch()
            others: list[asyncio.Task[MinerReading]] = []

            def wakes_others(_: MinerReading) -> None:
                assert not server.writes
                others.extend(asyncio.create_task(client.fetch()) for _ in range(3))

            for way in self.ways(client, wakes_others):
                server.requests.clear()
                waiting = asyncio.create_task(client.fetch())
                await way()
                await asyncio.gather(waiting, *others)
                kinds = list(map(is_write, server.requests))
                sent = kinds.index(True)
                assert kinds.count(True) == 1
                assert sent < len(kinds) - 3
                assert not kinds[sent - 1]
                assert server.most_open == 1
                others.clear()

    async def test_where_nothing_is_left_to_write_nothing_is_sent(
        self, session: aiohttp.ClientSession
    ) -> None:
        async with serving(self.good(), self.request_end) as server:
            client = self.make(server.port, session)
            await client.fetch()
            server.requests.clear()
            await client.apply(always({}))
            assert list(map(is_write, server.requests)) == [False]

    async def test_a_write_is_one_request(self, session: aiohttp.ClientSession) -> None:
        async with serving(self.good(), self.request_end) as server:
            client = self.make(server.port, session)
            await client.fetch()
            server.requests.clear()
            await client.apply(always(self.change()))
            await server.all_closed()
            assert list(map(is_write, server.requests)) == [False, True]

    async def test_writes_and_polls_take_turns(
        self, session: aiohttp.ClientSession
    ) -> None:
        good = self.good()

        async def slow(request: bytes, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0.005)
            await good(request, writer)

        async with serving(slow, self.request_end) as server:
            client = self.make(server.port, session)
            await client.fetch()
            change = self.change()
            await asyncio.gather(
                client.apply(always(change)),
                client.fetch(),
                client.apply(always(change)),
            )
            assert server.most_open == 1

    async def test_a_write_ends_in_time(self, session: aiohttp.ClientSession) -> None:
        async with serving(self.good(), self.request_end) as server:
            client = self.make(server.port, session, deadline=UNHURRIED)
            await client.fetch()
            server.to_a_write = is_silent
            clock = asyncio.get_running_loop()
            start = clock.time()
            results = await asyncio.gather(
                *(client.apply(always(self.change())) for _ in range(3)),
                return_exceptions=True,
            )
            assert clock.time() - start < 2 * UNHURRIED + 3
        assert {type(result) for result in results} == {MinerTimeoutError}

    @pytest.mark.parametrize("answer", [hangs_up, resets, is_silent])
    async def test_a_write_without_reply_is_not_repeated(
        self, answer: Answer, session: aiohttp.ClientSession
    ) -> None:
        async with serving(self.good(), self.request_end) as server:
            deadline = UNHURRIED if answer is is_silent else 30.0
            client = self.make(server.port, session, deadline=deadline)
            await client.fetch()
            server.to_a_write = answer
            with pytest.raises((MinerCutOffError, MinerTimeoutError)):
                await client.apply(always(self.change()))
            assert len(server.writes) == 1
            server.to_a_write = None
            assert (await client.fetch()).state.hashing


def http(
    body: bytes, status: str = "200 OK", headers: str = "", length: int | None = None
) -> bytes:
    """Build a reply."""
    length = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n"
    return head.encode() + body


async def drips(_: bytes, writer: asyncio.StreamWriter) -> None:
    """Send a body that never ends, byte by byte."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n{")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def floods(_: bytes, writer: asyncio.StreamWriter) -> None:
    """Send 10 MB without telling so before."""
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    for _ in range(160):
        writer.write(b" " * 65536)
        await writer.drain()


async def breaks_off(_: bytes, writer: asyncio.StreamWriter) -> None:
    """Close in the middle of the body."""
    writer.write(http(b'{"power": ', length=500))
    await writer.drain()
    writer.close()


_BASIC = 'WWW-Authenticate: Basic realm="x"\r\n'
_ELSEWHERE = "Location: http://127.0.0.1:1/\r\n"
_STATUS = ErrorKind.HTTP_STATUS

HOSTILE_HTTP: dict[str, Hostile] = {
    "html": Hostile(answer=says(http(b"<html><body>Hello</body></html>"))),
    "empty": Hostile(answer=says(http(b""))),
    "truncated json": Hostile(answer=says(http(b'{"ASICModel": "BM13'))),
    "list": Hostile(answer=says(http(b"[1, 2]"))),
    "text": Hostile(answer=says(http(b'"hello"'))),
    "null": Hostile(answer=says(http(b"null"))),
    "empty object": Hostile(answer=says(http(b"{}"))),
    "another device": Hostile(answer=says(http(b'{"temperature": 21.5}'))),
    "deep": Hostile(answer=says(http(b"[" * 30000 + b"]" * 30000))),
    "deep object": Hostile(answer=says(http(b'{"a":' * 900 + b"1" + b"}" * 900))),
    "deep after NaN": Hostile(
        answer=says(http(b'{"b":NaN,"a":' + b"[" * 9000 + b"]" * 9000 + b"}"))
    ),
    "binary": Hostile(answer=says(http(bytes(range(256)) * 8))),
    "not http": Hostile(answer=says(b"\x00\xff hello there\r\n\r\n"), exactly=False),
    "announced too large": Hostile(answer=says(http(b"{", length=10_000_000))),
    "flood": Hostile(answer=floods),
    "compressed": Hostile(
        answer=says(http(b"\x1f\x8b", headers="Content-Encoding: gzip\r\n"))
    ),
    "redirect": Hostile(
        answer=says(http(b"", "302 Found", _ELSEWHERE)),
        error=MinerResponseError,
        kind=_STATUS,
        exactly=False,
    ),
    "not found": Hostile(
        answer=says(http(b"", "404 Not Found")), kind=_STATUS, exactly=False
    ),
    "server error": Hostile(
        answer=says(http(b"", "500 Oops")), kind=_STATUS, exactly=False
    ),
    "drip": Hostile(answer=drips, error=MinerTimeoutError, kind=ErrorKind.TIMEOUT),
    "half a body": Hostile(
        answer=breaks_off,
        error=MinerConnectionError,
        kind=ErrorKind.NETWORK,
        exactly=False,
    ),
    "refuses": Hostile(
        answer=says(http(b"Unauthorized", "401 Unauthorized")),
        error=MinerAuthError,
        kind=_STATUS,
    ),
    "forbids": Hostile(
        answer=says(http(b"", "403 Forbidden")), error=MinerAuthError, kind=_STATUS
    ),
}


class HttpConformance(ClientConformance):
    """The promises that only HTTP needs."""

    request_end = b"\r\n\r\n"

    @abstractmethod
    def obliging(self) -> Answer:
        """Answer as a healthy device that agrees to close the connection."""

    @pytest.mark.usefixtures("socket_enabled")
    async def test_connection_is_closed_even_by_a_session_that_keeps_them(
        self,
    ) -> None:
        async with (
            serving(self.obliging(), self.request_end) as server,
            aiohttp.ClientSession() as keeping,
        ):
            client = self.make(server.port, keeping)
            for _ in range(2):
                assert (await client.fetch()).state.hashing
                await server.all_closed()

    @pytest.mark.parametrize("name", HOSTILE_HTTP)
    async def test_hostile_reply(
        self, name: str, session: aiohttp.ClientSession
    ) -> None:
        await self.check_hostile(HOSTILE_HTTP[name], session)

    async def test_a_closed_session_is_a_miner_error(
        self, session: aiohttp.ClientSession
    ) -> None:
        with unused_port() as port:
            client = self.make(port, session)
            await session.close()
            with pytest.raises(MinerError):
                await client.fetch()

    @pytest.mark.parametrize(("headers", "credentials"), [("", False), (_BASIC, True)])
    async def test_whether_a_password_would_help(
        self, headers: str, credentials: bool, session: aiohttp.ClientSession
    ) -> None:
        answer = says(http(b"", "401 Unauthorized", headers))
        async with serving(answer, self.request_end) as server:
            with pytest.raises(MinerAuthError) as caught:
                await self.make(server.port, session).fetch()
        assert caught.value.credentials is credentials

    async def test_what_a_request_asks_for(
        self, session: aiohttp.ClientSession
    ) -> None:
        async with serving(self.good(), self.request_end) as server:
            await self.make(server.port, session).fetch()
        request = server.requests[0].lower()
        assert b"accept-encoding: identity\r\n" in request
        assert b"connection: close\r\n" in request
        assert b"origin:" not in request
        assert len(request) < 512
