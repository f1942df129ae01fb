"""A web server with the manners of the miners' one: few sockets, one task."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
import re
from typing import NamedTuple, override

from .. import listener
from .api import Delivery, Response

LONGEST_URI = 2048
DRIP_SECONDS = 0.05
END_OF_HEAD = b"\r\n\r\n"
METHOD = re.compile(
    r"DELETE|GET|HEAD|POST|PUT|CONNECT|OPTIONS|TRACE|COPY|LOCK|"
    r"MKCOL|MOVE|PROPFIND|PROPPATCH|SEARCH|UNLOCK|BIND|REBIND|UNBIND|"
    r"ACL|REPORT|MKACTIVITY|CHECKOUT|MERGE|M-SEARCH|NOTIFY|SUBSCRIBE|"
    r"UNSUBSCRIBE|PATCH|PURGE|MKCALENDAR|LINK|UNLINK"
)
PHRASES = {302: "Temporary Redirect"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """What differs between the web servers of the firmware eras."""

    sockets: int
    drops_oldest: bool
    longest_head: int
    closes: bool


class Received(NamedTuple):
    """A whole request; the names of the headers are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    peer: str = ""


type Respond = Callable[[Received], Response | None]


def encoded(response: Response, *, closes: bool) -> bytes:
    """Return the bytes of a response."""
    phrase = PHRASES.get(response.status, HTTPStatus(response.status).phrase)
    head = [
        f"HTTP/1.1 {response.status} {phrase}",
        f"Content-Type: {response.content_type}",
        "Access-Control-Allow-Origin: *",
    ]
    head += [f"{name}: {value}" for name, value in response.headers]
    if response.location is not None:
        head.append(f"Location: {response.location}")
    if response.realm is not None:
        head.append(f'WWW-Authenticate: Basic realm="{response.realm}"')
    if closes:
        head.append("Connection: close")
    body = response.body
    if response.chunked:
        head.append("Transfer-Encoding: chunked")
        piece = f"{len(body):x}\r\n".encode() + body + b"\r\n" if body else b""
        body = piece + b"0\r\n\r\n"
    elif response.delivery is not Delivery.DRIP:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join(head).encode() + END_OF_HEAD + body


class Connection(listener.Connection):
    """One socket of a client."""

    def __init__(self, server: Server) -> None:
        """Belong to a server."""
        super().__init__()
        self._server = server
        self._waiting = False

    @property
    def is_open(self) -> bool:
        """Tell whether an answer still reaches the client."""
        return self._transport is not None and not self._transport.is_closing()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._server.forget(self)

    @override
    def data_received(self, data: bytes) -> None:
        """Collect bytes until a request is whole."""
        self._buffer += data
        self._read()

    def _read(self) -> None:
        """Hand the next whole request to the server, one at a time."""
        if self._waiting or not self._buffer:
            return
        end = self._buffer.find(END_OF_HEAD)
        longest = self._server.manners.longest_head + LONGEST_URI
        if end < 0:
            if len(self._buffer) > longest:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return
        line, _, fields = bytes(self._buffer[:end]).partition(b"\r\n")
        parts = line.decode("latin-1").split(" ")
        if len(parts) != 3 or not METHOD.fullmatch(parts[0]):
            self._refuse(HTTPStatus.BAD_REQUEST)
        elif len(parts[1]) > LONGEST_URI:
            self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG)
        elif len(fields) > self._server.manners.longest_head:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        else:
            self._take(parts[0], parts[1], fields, end + len(END_OF_HEAD))

    def _take(self, method: str, path: str, fields: bytes, start: int) -> None:
        """Take a request whose head is whole."""
        headers = _headers(fields)
        told = headers.get("content-length", "")
        length = int(told) if told.isdigit() else 0
        if len(self._buffer) < start + length:
            return
        body = bytes(self._buffer[start : start + length])
        del self._buffer[: start + length]
        self._waiting = True
        request = Received(method, path, headers, body, self._peer)
        self._server.submit(self, request)

    @property
    def _peer(self) -> str:
        """Return the client's address."""
        assert self._transport is not None
        address: str = self._transport.get_extra_info("peername")[0]
        return address

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer a bad request and hang up."""
        text = status.phrase.encode()
        response = Response(status=status, content_type="text/html", body=text)
        self.send(encoded(response, closes=self._server.manners.closes))
        self.close()

    def ready(self) -> None:
        """Go on with the next request."""
        self._waiting = False
        self._read()


def _headers(fields: bytes) -> dict[str, str]:
    """Return the headers of a head."""
    pairs = (field.partition(":") for field in fields.decode("latin-1").split("\r\n"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


class Server(listener.ConnectionServer[Connection]):
    """The web server of one miner."""

    def __init__(self, respond: Respond, manners: Manners, latency: float) -> None:
        """Answer with what `respond` returns, after `latency` seconds."""
        super().__init__(lambda: Connection(self))
        self._respond = respond
        self.manners = manners
        self._latency = latency
        self._queue: deque[tuple[Connection, Received]] = deque()
        self._busy: Connection | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._full = False

    @override
    def close(self) -> None:
        self._full = False
        super().close()

    @override
    def drop(self) -> None:
        self._queue.clear()
        self._idle()
        super().drop()

    @override
    def _add(self, connection: Connection) -> None:
        if len(self._connections) >= self.manners.sockets:
            self._drop_oldest()
        super()._add(connection)

    @override
    def _is_full(self) -> bool:
        sockets = self.manners.sockets
        if self.manners.drops_oldest or len(self._connections) < sockets:
            return False
        assert self._listener is not None
        asyncio.get_running_loop().remove_reader(self._listener)
        self._full = True
        return True

    def _drop_oldest(self) -> None:
        """Hang up on the client that has been idle for longest."""
        oldest = next(iter(self._connections))
        del self._connections[oldest]
        oldest.abort()

    @override
    def forget(self, connection: Connection) -> None:
        """Let a closed connection go and take the next in line."""
        super().forget(connection)
        if self._busy is connection:
            self._idle()
            self._next()
        if self._full and self._listener is not None:
            self._full = False
            loop = asyncio.get_running_loop()
            loop.add_reader(self._listener, self._accept)

    def submit(self, connection: Connection, request: Received) -> None:
        """Queue a request: there is one task for all connections."""
        if connection in self._connections:
            self._connections[connection] = self._connections.pop(connection)
        self._queue.append((connection, request))
        self._next()

    def _next(self) -> None:
        """Answer what is queued, one after another."""
        while self._queue and self._busy is None:
            connection, request = self._queue.popleft()
            if not connection.is_open:
                continue
            if self._latency:
                self._busy = connection
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(
                    self._latency, self._finish, connection, request
                )
            else:
                self._answer(connection, request)

    def _finish(self, connection: Connection, request: Received) -> None:
        """Answer a request whose latency is over."""
        self._busy = None
        self._answer(connection, request)
        self._next()

    def _idle(self) -> None:
        """Stop what the task is busy with."""
        self._busy = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _answer(self, connection: Connection, request: Received) -> None:
        """Answer a request, at once or after the time that the answer takes."""
        response = self._respond(request)
        if response is None:
            return
        if response.delay:
            self._busy = connection
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(
                response.delay, self._send_late, connection, response
            )
            return
        self._send(connection, response)

    def _send_late(self, connection: Connection, response: Response) -> None:
        """Send an answer that took its time."""
        self._busy = None
        self._send(connection, response)
        self._next()

    def _send(self, connection: Connection, response: Response) -> None:
        """Send the answer, as far as it gets."""
        data = encoded(response, closes=self.manners.closes)
        match response.delivery:
            case Delivery.DRIP:
                self._busy = connection
                self._drip(connection, data, 0)
                return
            case Delivery.NONE:
                connection.close()
            case Delivery.CUT:
                connection.send(data[: len(data) - (len(response.body) + 1) // 2])
                connection.close()
            case Delivery.WHOLE:
                connection.send(data)
                if self.manners.closes:
                    connection.close()
        connection.ready()

    def _drip(self, connection: Connection, data: bytes, sent: int) -> None:
        """Send byte after byte, and spaces without end after the last."""
        connection.send(data[sent : sent + 1] or b" ")
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(
            DRIP_SECONDS, self._drip, connection, data, sent + 1
        )
