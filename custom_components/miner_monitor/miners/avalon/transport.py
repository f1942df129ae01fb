"""The cgminer API of one device over TCP: one request, one reply, one connection.

Its server has a single thread, takes the request with one read, cuts its reply
when the client reads slowly, and blocks everybody while a client is idle. So a
connection lives for one exchange and reads whatever there is at once.

The exchange works on a socket of its own: a stream or a transport costs more than
everything else in a poll.
"""

import asyncio
from contextlib import suppress
from errno import ECONNREFUSED
import re
import socket

from ..client import later
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


class TcpDevice:
    """The API server of one device."""

    def __init__(self, host: str, port: int) -> None:
        """Take the address; one that cannot be any fails here."""
        if not _HOST.fullmatch(host) or not 0 < port < 65536:
            raise MinerConnectionError(f"no usable address: {host}:{port}")
        self._address = (host, port)
        self._sent = False

    async def ask(self, request: bytes, ends: float) -> bytes:
        """Return the reply to a question; only within a slot."""
        self._sent = False
        if later(0) >= ends:
            raise MinerTimeoutError("no time is left to ask")
        try:
            async with asyncio.timeout_at(ends):
                return await self._exchange(request, ends)
        except MinerError:
            raise
        except TimeoutError as err:
            raise MinerTimeoutError("no complete reply in time") from err
        except Exception as err:
            refused = isinstance(err, OSError) and err.errno == ECONNREFUSED
            kind = ErrorKind.REFUSED if refused else ErrorKind.NETWORK
            raise MinerConnectionError(f"{type(err).__name__}: {err}", kind) from err

    async def command(
        self, request: bytes, ends: float, *, may_be_silent: bool = False
    ) -> bytes:
        """Send a command once, and return the reply; only within a slot.

        Of what may silence the device at once, silence is an empty reply.
        """
        try:
            return await self.ask(request, ends)
        except MinerError as err:
            silent = isinstance(err, MinerCutOffError | MinerTimeoutError)
            if silent and may_be_silent and self._sent:
                return b""
            err.outcome = Outcome.UNKNOWN if self._sent else Outcome.NOT_SENT
            raise

    async def _exchange(self, request: bytes, ends: float) -> bytes:
        """Use one connection, which is closed whatever comes."""
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
            connection.setblocking(False)
            await loop.sock_connect(connection, self._address)
            self._sent = True
            await loop.sock_sendall(connection, request)
            try:
                return await _receive(connection, ends)
            except ConnectionError as err:
                raise MinerCutOffError(f"{type(err).__name__}: {err}") from err


async def _receive(connection: socket.socket, ends: float) -> bytes:
    """Take all there is: a server that has to wait for us cuts its reply."""
    body = bytearray()
    for _ in range(_MOST_READS):
        # Some firmware does not close the connection.
        whole = body.endswith(b"\0") and body.rstrip(_PADDING).endswith(
            _ENDS_OF_REPLIES
        )
        chunk = await _next(connection, later(_LINGER) if whole else ends)
        if chunk is None and not whole:
            raise MinerTimeoutError("no complete reply in time")
        if not chunk:
            if not body:
                raise MinerCutOffError("closed without a reply")
            return bytes(body)
        body += chunk
        if len(body) > LARGEST_REPLY:
            break
    raise MinerResponseError("reply too large")


async def _next(connection: socket.socket, ends: float) -> bytes | None:
    """Return what comes next, nothing at the end, or None for silence until then."""
    loop = asyncio.get_running_loop()
    while True:
        with suppress(BlockingIOError):
            return connection.recv(_CHUNK)
        ready: asyncio.Future[bool] = loop.create_future()
        loop.add_reader(connection, _settle, ready, True)
        timer = loop.call_at(ends, _settle, ready, False)
        try:
            if not await ready:
                return None
        finally:
            timer.cancel()
            loop.remove_reader(connection)


def _settle(ready: asyncio.Future[bool], is_readable: bool) -> None:
    if not ready.done():
        ready.set_result(is_readable)
