"""The cgminer API of one device over TCP: one request, one reply, one connection.

Its server has a single thread, takes the request with one read, cuts its reply
when the client reads slowly, and blocks everybody while a client is idle. So a
connection lives for one exchange and reads whatever there is at once.

The exchange works on a socket of its own: a stream or a transport costs more than
everything else in a poll.
"""

import asyncio
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
                return await self._exchange(request)
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

    async def _exchange(self, request: bytes) -> bytes:
        """Use one connection, which is closed whatever comes."""
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
            connection.setblocking(False)
            await loop.sock_connect(connection, self._address)
            self._sent = True
            await loop.sock_sendall(connection, request)
            try:
                return await _receive(connection)
            except ConnectionError as err:
                raise MinerCutOffError(f"{type(err).__name__}: {err}") from err


async def _receive(connection: socket.socket) -> bytes:
    """Take all there is: a server that has to wait for us cuts its reply."""
    body, reads, whole = bytearray(), 0, False
    while await _is_readable(connection, _LINGER if whole else None):
        try:
            while chunk := connection.recv(_CHUNK):
                body += chunk
                reads += 1
                if len(body) > LARGEST_REPLY or reads > _MOST_READS:
                    raise MinerResponseError("reply too large")
        except BlockingIOError:
            whole = body.endswith(b"\0") and _is_whole(body.rstrip(_PADDING))
        else:
            break
    if not body:
        raise MinerCutOffError("closed without a reply")
    return bytes(body)


def _is_whole(text: bytearray) -> bool:
    """Whether a NUL behind this is the end; some firmware does not close then."""
    return not text or text.endswith(_ENDS_OF_REPLIES)


async def _is_readable(connection: socket.socket, within: float | None) -> bool:
    """Wait until something comes, or the end, for so many seconds at most."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[bool] = loop.create_future()
    loop.add_reader(connection, _settle, ready, True)
    timer = None if within is None else loop.call_later(within, _settle, ready, False)
    try:
        return await ready
    finally:
        loop.remove_reader(connection)
        if timer is not None:
            timer.cancel()


def _settle(ready: asyncio.Future[bool], is_readable: bool) -> None:
    if not ready.done():
        ready.set_result(is_readable)
