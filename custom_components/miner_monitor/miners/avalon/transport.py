"""The cgminer API of one device over TCP: one request, one reply, one connection.

Its server has a single thread, takes the request with one read, cuts its reply
when the client reads slowly, and blocks everybody while a client is idle. So a
connection lives for one exchange and reads whatever there is at once.

The exchange works on a socket of its own: a stream or a transport costs more than
everything else in a poll.
"""

import asyncio
from errno import ECONNREFUSED
import ipaddress
import re
import socket

from ..errors import (
    MinerConnectionError,
    MinerCutOffError,
    MinerError,
    MinerResponseError,
    MinerTimeoutError,
    Outcome,
)
from ..model import ErrorKind

LARGEST_REPLY = 256 * 1024

_CHUNK = 64 * 1024
_MOST_READS = 4096
_LINGER = 0.05
"""Seconds of silence after which a NUL was the end, on a connection kept open."""

_HOST = re.compile(r"[^\s/?#@\[\]\\]{1,253}")
_ENDS_OF_REPLIES = (b"}", b"|")
_PADDING = b"\0 \t\r\n"

type Address = tuple[str, int]


class TcpDevice:
    """The API server of one device."""

    def __init__(self, host: str, port: int) -> None:
        """Take the address; one that cannot be any fails here."""
        if not _HOST.fullmatch(host) or not 0 < port < 65536:
            raise MinerConnectionError(f"no usable address: {host}:{port}")
        self._host = host
        self._port = port
        self._address = (host, port) if _is_literal(host) else None

    async def ask(self, request: bytes, ends: float) -> bytes:
        """Return the reply to a question; only within a slot."""
        return await self._run(_Exchange(request), ends)

    async def command(
        self, request: bytes, ends: float, *, may_be_silent: bool = False
    ) -> bytes:
        """Send a command once, and return the reply; only within a slot.

        Of what may silence the device at once, silence is an empty reply.
        """
        exchange = _Exchange(request)
        try:
            return await self._run(exchange, ends)
        except MinerError as err:
            silent = isinstance(err, MinerCutOffError | MinerTimeoutError)
            if silent and may_be_silent and exchange.sent:
                return b""
            err.outcome = Outcome.UNKNOWN if exchange.sent else Outcome.NOT_SENT
            raise

    async def _run(self, exchange: _Exchange, ends: float) -> bytes:
        if asyncio.get_running_loop().time() >= ends:
            raise MinerTimeoutError("no time is left to ask")
        try:
            return await exchange.run(self._address or await self._resolved(ends), ends)
        except MinerError:
            raise
        except Exception as err:
            raise _translated(err) from err

    async def _resolved(self, ends: float) -> Address:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(ends):
                found = await loop.getaddrinfo(
                    self._host,
                    self._port,
                    family=socket.AF_INET,
                    type=socket.SOCK_STREAM,
                )
        except TimeoutError as err:
            raise MinerTimeoutError("the name is not found in time") from err
        host, port = found[0][4][:2]
        return str(host), int(port)


class _Exchange:
    """One connection: the request in one write, then the reply to its end."""

    __slots__ = (
        "_body",
        "_end",
        "_linger",
        "_loop",
        "_reads_left",
        "_reply",
        "_request",
        "_socket",
        "sent",
    )

    def __init__(self, request: bytes) -> None:
        """Prepare on the running loop."""
        self.sent = False
        self._reads_left = _MOST_READS
        self._request = request
        self._body = bytearray()
        self._loop = asyncio.get_running_loop()
        self._reply: asyncio.Future[bytes] = self._loop.create_future()
        self._linger: asyncio.TimerHandle | None = None

    async def run(self, address: Address, ends: float) -> bytes:
        """Exchange until ``ends``; the connection is closed whatever comes."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._end = self._loop.call_at(ends, self._expire)
        try:
            self._connect(address)
            return await self._reply
        finally:
            self._end.cancel()
            self._close()

    def _connect(self, address: Address) -> None:
        self._socket.setblocking(False)
        try:
            self._socket.connect(address)
        except BlockingIOError:
            self._loop.add_writer(self._socket, self._connected)
        else:
            self._send()

    def _connected(self) -> None:
        self._loop.remove_writer(self._socket)
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._fail(OSError(code, "cannot connect"))
        else:
            self._send()

    def _send(self) -> None:
        self.sent = True
        try:
            self._socket.sendall(self._request)
        except OSError as err:
            self._fail(err)
            return
        self._loop.add_reader(self._socket, self._receive)

    def _receive(self) -> None:
        """Take all there is: a server that has to wait for us cuts its reply."""
        try:
            while chunk := self._socket.recv(_CHUNK):
                self._body += chunk
                self._reads_left -= 1
                if len(self._body) > LARGEST_REPLY or self._reads_left < 0:
                    self._fail(MinerResponseError("reply too large"))
                    return
        except BlockingIOError:
            self._wait_for_more()
        except ConnectionError as err:
            self._fail(MinerCutOffError(f"{type(err).__name__}: {err}"))
        except OSError as err:
            self._fail(err)
        else:
            self._finish()

    def _wait_for_more(self) -> None:
        """Expect the end soon after a NUL; some firmware does not close."""
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        if self._body.endswith(b"\0"):
            self._linger = self._loop.call_later(_LINGER, self._settle)

    def _settle(self) -> None:
        text = self._body.rstrip(_PADDING)
        if not text or text.endswith(_ENDS_OF_REPLIES):
            self._finish()

    def _finish(self) -> None:
        if not self._body:
            self._fail(MinerCutOffError("closed without a reply"))
            return
        self._close()
        if not self._reply.done():
            self._reply.set_result(bytes(self._body))

    def _expire(self) -> None:
        self._fail(MinerTimeoutError("no complete reply in time"))

    def _fail(self, error: Exception) -> None:
        self._close()
        if not self._reply.done():
            self._reply.set_exception(error)

    def _close(self) -> None:
        """Close before anybody hears of the end, so that no connection overlaps."""
        if self._linger is not None:
            self._linger.cancel()
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket.close()


def _is_literal(host: str) -> bool:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def _translated(err: Exception) -> MinerError:
    """Find the class of what the system raised."""
    refused = isinstance(err, OSError) and err.errno == ECONNREFUSED
    kind = ErrorKind.REFUSED if refused else ErrorKind.NETWORK
    return MinerConnectionError(f"{type(err).__name__}: {err}", kind)
