"""The web server of the exporters: HTTP/1.0, a thread and a close per request."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import override

from .. import listener
from ..axeos.api import Delivery, Response

DRIP_SECONDS = 0.05
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


class Connection(listener.Connection):
    """One socket of a client, for one request."""

    def __init__(self, server: Server) -> None:
        """Belong to a server."""
        super().__init__()
        self._server = server
        self._timer: asyncio.TimerHandle | None = None
        self._taken = False

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
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
        data = encoded(response)
        match response.delivery:
            case Delivery.DRIP:
                self._drip(data, 0)
                return
            case Delivery.CUT:
                self.send(data[: -((len(response.body) + 1) // 2 or 1)])
            case Delivery.WHOLE:
                self.send(data)
        self.close()

    def _drip(self, data: bytes, sent: int) -> None:
        """Send byte after byte, and spaces without end after the last."""
        if self._transport is not None:
            self._transport.write(data[sent : sent + 1] or b" ")
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(DRIP_SECONDS, self._drip, data, sent + 1)


def _query(head: bytes) -> Query | None:
    """Return the request that a head makes, None if it makes none."""
    line, *fields = head.decode("latin-1").split("\r\n")
    parts = line.split(" ")
    if len(parts) != 3:
        return None
    pairs = (field.partition(":") for field in fields)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Query(method=parts[0], path=parts[1], headers=headers)


class Server(listener.ConnectionServer[Connection]):
    """The web server of one exporter."""

    def __init__(self, respond: Respond, latency: float) -> None:
        """Answer with what `respond` returns, after `latency` seconds."""
        super().__init__(lambda: Connection(self))
        self.latency = latency
        self._respond = respond

    def serve(self, connection: Connection, query: Query) -> None:
        """Answer a request, if there is an answer."""
        response = self._respond(query)
        if response is not None:
            connection.answer(response)
