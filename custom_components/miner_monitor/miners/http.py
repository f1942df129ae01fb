"""HTTP to one small device: one request at a time, bounded in time and size."""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from errno import ECONNREFUSED, EMSGSIZE
from http import HTTPStatus
import socket
import sys
from typing import Any, override

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientPayloadError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    ServerDisconnectedError,
    StreamReader,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver
from yarl import URL

from .client import (
    NO_CREDENTIALS,
    Credentials,
)
from .errors import (
    MinerAuthError,
    MinerConnectionError,
    MinerCutOffError,
    MinerError,
    MinerResponseError,
    MinerTimeoutError,
    Outcome,
)
from .model import ErrorKind

LARGEST_REPLY = 64 * 1024

_LARGEST_ON_THE_WIRE = LARGEST_REPLY + 32 * 1024
"""Bytes with all heads, those of interim replies too, and the marks of chunks."""

_MOST_READS = 4096
_AT_ONCE = 16 * 1024
"""Bytes that are taken before the event loop goes on with something else."""

_HEADERS = {"Accept-Encoding": "identity", "Connection": "close"}
_NO_HEADERS: Mapping[str, str] = {}
_NO_TIMEOUT = ClientTimeout(total=None)


def create_session(resolver: AbstractResolver | None = None) -> ClientSession:
    """Return the kind of session that the small web servers of miners need."""
    return ClientSession(
        connector=MeteredConnector(resolver),
        # A device that sets one must not fill the memory with them.
        cookie_jar=DummyCookieJar(),
        # The clients hold their own deadlines, to the millisecond.
        timeout=_NO_TIMEOUT,
    )


class NotHttpError(MinerResponseError):
    """What answered speaks another protocol."""


class StatusError(MinerResponseError):
    """The device answered with a status other than success."""

    def __init__(self, status: int) -> None:
        """Keep the status."""
        super().__init__(f"HTTP status {status}", ErrorKind.HTTP_STATUS)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a device answered to a command; ``wants_password`` as by HTTP Basic."""

    status: int
    body: bytes = field(repr=False)
    wants_password: bool = False


class HttpDevice:
    """The web server of one device.

    Small web servers run out of sockets: each connection is closed after its reply,
    and whoever asks sends one request at a time. A user name and a password are shown
    only to a device that asks for them, with each reading anew: another one may have
    taken its address meanwhile.
    """

    def __init__(
        self,
        host: str,
        port: int,
        session: ClientSession,
        credentials: Credentials = NO_CREDENTIALS,
    ) -> None:
        """Prepare the base address; a host that cannot be one fails here."""
        try:
            self.url = URL.build(scheme="http", host=host, port=port, path="/")
            self.origin = str(self.url.origin())
        except (TypeError, ValueError) as err:
            raise MinerConnectionError(f"no usable address: {err}") from err
        self._session = session
        self._authorization = _authorization(credentials)
        self._asked = False

    async def request(self, method: str, url: URL, ends: float) -> bytes:
        """Return the body of a successful reply; only within a slot."""
        request = self._ask(method, url, _HEADERS, None)
        return await _exchange(self._meter(), request, ends, _body)

    async def command(
        self,
        method: str,
        url: URL,
        ends: float,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> Answer:
        """Send a command once and return the answer, whatever it is.

        A device that hangs up, or answers with no HTTP, may have taken the command.
        """
        meter = self._meter()
        try:
            request = self._ask(method, url, {**_HEADERS, **headers}, body)
            return await _exchange(meter, request, ends, _answer)
        except MinerError as problem:
            outcome = Outcome.UNKNOWN if meter.sent else Outcome.NOT_SENT
            if isinstance(problem, NotHttpError):
                raise MinerCutOffError("no HTTP reply", outcome=outcome) from problem
            problem.outcome = outcome
            raise

    def _meter(self) -> Meter:
        """Begin to count what the next exchange costs.

        A session that counts nothing, not of our making, may have sent anything.
        """
        uncounted = not isinstance(self._session.connector, MeteredConnector)
        meter = Meter(_LARGEST_ON_THE_WIRE, _MOST_READS, sent=uncounted)
        METER.set(meter)
        return meter

    async def _ask(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None
    ) -> ClientResponse:
        """Send a request, and again with what it asks for if it does.

        A command follows the reading that proved who answers: who asked then is not
        asked again.
        """
        shown = {**headers, **self._authorization}
        if self._asked and method != "GET":
            return await self._send(method, url, shown, body)
        response = await self._send(method, url, headers, body)
        unauthorized = response.status == HTTPStatus.UNAUTHORIZED
        self._asked = bool(self._authorization and unauthorized and _wants(response))
        if self._asked:
            response.close()
            response = await self._send(method, url, shown, body)
        return response

    async def _send(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None
    ) -> ClientResponse:
        return await self._session.request(
            method,
            url,
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=_NO_TIMEOUT,
        )


async def _exchange[Read](
    meter: Meter,
    request: Awaitable[ClientResponse],
    ends: float,
    read: Callable[[ClientResponse], Awaitable[Read]],
) -> Read:
    """Ask, and read what comes."""
    try:
        async with asyncio.timeout_at(ends):
            response = await request
            try:
                return await read(response)
            finally:
                response.close()
    except MinerError:
        raise
    except Exception as err:
        raise _translated(err, meter) from err


def _authorization(credentials: Credentials) -> dict[str, str]:
    """Write the header of HTTP Basic."""
    if not credentials.username and not credentials.password:
        return {}
    pair = f"{credentials.username}:{credentials.password}"
    return {
        "Authorization": f"Basic {b64encode(pair.encode('utf-8', 'replace')).decode()}"
    }


def _wants(response: ClientResponse) -> bool:
    """Whether a password is asked for in the one way in which we send it."""
    asked = response.headers.getall("WWW-Authenticate", ())
    return any(challenge.lower().startswith("basic") for challenge in asked)


async def _body(response: ClientResponse) -> bytes:
    """Read the body of a plain success; refuse all else before it is read."""
    if response.status in (401, 403):
        raise MinerAuthError(
            f"HTTP status {response.status}", credentials=_wants(response)
        )
    if response.status // 100 != 2:
        raise StatusError(response.status)
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise MinerResponseError("compressed reply")
    if (response.content_length or 0) <= LARGEST_REPLY:
        body = await _stream(response.content)
        if len(body) <= LARGEST_REPLY:
            return body
    raise MinerResponseError("reply too large")


async def _answer(response: ClientResponse) -> Answer:
    """Read what comes with a status; a refusal is one without its text, too."""
    try:
        body = await _stream(response.content)
    except ClientError:
        if response.status // 100 == 2:
            raise
        body = b""
    return Answer(status=response.status, body=body, wants_password=_wants(response))


async def _stream(content: StreamReader) -> bytes:
    """Read until the end or until it is too much."""
    body = bytearray()
    while len(body) <= LARGEST_REPLY and (chunk := await content.readany()):
        body += chunk
    return bytes(body)


def _translated(err: Exception, meter: Meter) -> MinerError:
    """Find the class of what the HTTP library raised."""
    if meter.exceeded:
        return MinerResponseError("reply too large")
    message = f"{type(err).__name__}: {err}"
    match err:
        case TimeoutError():
            return MinerTimeoutError("no complete reply in time")
        case ClientConnectorError(os_error=OSError(errno=code)):
            refused = code == ECONNREFUSED
            kind = ErrorKind.REFUSED if refused else ErrorKind.NETWORK
            return MinerConnectionError(message, kind)
        case ClientResponseError():
            return NotHttpError(message)
        case ServerDisconnectedError() | ClientPayloadError() | OSError():
            return MinerCutOffError(message)
    return MinerConnectionError(message)


@dataclass(slots=True)
class Meter:
    """What one exchange has cost: whether anything was sent, how much came back.

    A reply may have so many bytes as they come over the wire, head and all that is
    sent before the head included, in so many portions.
    """

    bytes_left: int
    reads_left: int
    sent: bool = False
    exceeded: bool = False

    def took(self, count: int) -> None:
        """Count a portion that came in; OSError when it is too much."""
        self.bytes_left -= count
        self.reads_left -= 1
        if self.bytes_left < 0 or self.reads_left < 0:
            self.exceeded = True
            raise OSError(EMSGSIZE, "reply too large")


METER: ContextVar[Meter] = ContextVar("METER")
"""The meter of the exchange that is made in this context."""

_UNLIMITED = Meter(sys.maxsize, sys.maxsize)


class MeteredSocket(socket.socket):
    """A socket that tells its meter."""

    def __init__(self, family: int, kind: int, protocol: int) -> None:
        """Belong to the exchange in whose context this is, if to any."""
        super().__init__(family, kind, protocol)
        self._meter = METER.get(_UNLIMITED)

    @override
    def send(self, *args: Any) -> int:
        self._meter.sent = True
        return super().send(*args)

    @override
    def sendmsg(self, *args: Any) -> int:
        self._meter.sent = True
        return super().sendmsg(*args)

    @override
    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        data = super().recv(min(bufsize, _AT_ONCE), flags)
        self._meter.took(len(data))
        return data


class MeteredConnector(TCPConnector):
    """Makes metered connections, as the small web servers of miners need them.

    IPv4 only, because they refuse other clients, and closed after each reply, because
    they run out of sockets when clients keep theirs.
    """

    def __init__(self, resolver: AbstractResolver | None = None) -> None:
        """Make a new socket for each request."""
        super().__init__(
            family=socket.AF_INET,
            force_close=True,
            limit=0,
            resolver=resolver,
            socket_factory=lambda address: MeteredSocket(*address[:3]),
        )
