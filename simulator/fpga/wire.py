"""The web server of the exporters: HTTP/1.0, a thread and a close per request."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
import socket
from typing import Any, override

from ..axeos.api import Delivery, Response

DRIP_SECONDS = 0.05
BACKLOG = 5
LONGEST_HEAD = 65_536
END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A request with the names of its headers in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Response):
    """An answer that may be compressed or name the methods that are allowed."""

    encoding: str | None = None
    allow: str | None = None


type Respond = Callable[[Query], Response | None]


def encoded(response: Response) -> bytes:
    """Return the bytes of a response."""
    phrase = HTTPStatus(response.status).phrase
    fields = {
        "Server": "WSGIServer/0.2 CPython/3.12.3",
        "Content-Type": response.content_type,
        "Location": response.location,
        "WWW-Authenticate": response.realm and f'Basic realm="{response.realm}"',
    }
    if isinstance(response, Page):
        fields |= {"Content-Encoding": response.encoding, "Allow": response.allow}
    if response.delivery is not Delivery.DRIP:
        fields["Content-Length"] = str(len(response.body))
    head = [f"HTTP/1.0 {response.status} {phrase}"]
    head += (f"{name}: {value}" for name, value in fields.items() if value is not None)
    return "\r\n".join(head).encode() + END_OF_HEAD + response.body


class Connection(asyncio.Protocol):
    """One socket of a client, for one request."""

    def __init__(self, server: Server) -> None:
        """Belong to a server."""
        self._server = server
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._taken = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Give the socket back."""
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        self._server.forget(self)

    @override
    def data_received(self, data: bytes) -> None:
        """Collect bytes until the head is whole; what follows it is not read."""
        if self._taken:
            return
        self._buffer += data
        end = self._buffer.find(END_OF_HEAD)
        if end < 0 and len(self._buffer) <= LONGEST_HEAD:
            return
        self._taken = True
        query = _query(bytes(self._buffer[: max(end, 0)]))
        if query is None:
            self.answer(Response(status=400, content_type="text/html", body=b"Bad"))
        else:
            self._serve_later(query)

    def _serve_later(self, query: Query) -> None:
        """Serve after the latency; without one at once, even if time stands still."""
        if not (latency := self._server.latency):
            self._server.serve(self, query)
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(latency, self._server.serve, self, query)

    def answer(self, response: Response) -> None:
        """Send an answer in the way that it is to leave, and hang up."""
        if self._transport is None:
            return
        data = encoded(response)
        match response.delivery:
            case Delivery.DRIP:
                self._drip(data, 0)
                return
            case Delivery.CUT:
                self._transport.write(data[: -((len(response.body) + 1) // 2 or 1)])
            case Delivery.WHOLE:
                self._transport.write(data)
        self._transport.close()

    def _drip(self, data: bytes, sent: int) -> None:
        """Send byte after byte, and spaces without end after the last."""
        if self._transport is not None:
            self._transport.write(data[sent : sent + 1] or b" ")
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(DRIP_SECONDS, self._drip, data, sent + 1)

    def abort(self) -> None:
        """Hang up at once."""
        if self._transport is not None:
            self._transport.abort()


def _query(head: bytes) -> Query | None:
    """Return the request that a head makes, None if it makes none."""
    line, *fields = head.decode("latin-1").split("\r\n")
    parts = line.split(" ")
    if len(parts) != 3:
        return None
    pairs = (field.partition(":") for field in fields)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Query(method=parts[0], path=parts[1], headers=headers)


class Server:
    """The web server of one exporter."""

    def __init__(self, respond: Respond, latency: float) -> None:
        """Answer with what `respond` returns, after `latency` seconds."""
        self.latency = latency
        self._respond = respond
        self._listener: socket.socket | None = None
        self._connections: set[Connection] = set()
        self._accepting: set[asyncio.Task[Any]] = set()

    @property
    def listening(self) -> bool:
        """Tell whether connections are accepted."""
        return self._listener is not None

    @property
    def connections(self) -> int:
        """Tell how many connections are open."""
        return len(self._connections)

    def open(self, host: str, port: int) -> int:
        """Listen from now on and return the port."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        try:
            listener.bind((host, port))
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
        self._listener = listener
        asyncio.get_running_loop().add_reader(listener, self._accept)
        bound: int = listener.getsockname()[1]
        return bound

    def close(self) -> None:
        """Refuse connections from now on and drop those that are open."""
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        self.drop()

    def drop(self) -> None:
        """Drop all connections."""
        dropped = list(self._connections)
        self._connections.clear()
        for connection in dropped:
            connection.abort()

    def _accept(self) -> None:
        """Take the clients that wait."""
        loop = asyncio.get_running_loop()
        while self._listener is not None:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            connection = Connection(self)
            self._connections.add(connection)
            task = loop.create_task(self._connect(connection, client))
            self._accepting.add(task)
            task.add_done_callback(self._accepting.discard)

    async def _connect(self, connection: Connection, client: socket.socket) -> None:
        """Hand an accepted socket to its connection."""
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: connection, client)
        if connection not in self._connections:
            connection.abort()

    def forget(self, connection: Connection) -> None:
        """Let a closed connection go."""
        self._connections.discard(connection)

    def serve(self, connection: Connection, query: Query) -> None:
        """Answer a request, if there is an answer."""
        response = self._respond(query)
        if response is not None:
            connection.answer(response)
