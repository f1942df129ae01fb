"""Connections that know what went through them, and end when it is too much."""

from contextvars import ContextVar
from errno import EMSGSIZE
import socket
import sys
from typing import Any, override

from aiohttp import TCPConnector
from aiohttp.abc import AbstractResolver

_AT_ONCE = 16 * 1024
"""Bytes that are taken before the event loop goes on with something else."""


class Meter:
    """What one exchange has cost: whether anything was sent, how much came back.

    A reply may have ``most_bytes`` as they come over the wire, head and all that is
    sent before the head included, in ``most_reads`` portions.
    """

    __slots__ = ("_bytes_left", "_reads_left", "exceeded", "sent")

    def __init__(self, most_bytes: int, most_reads: int) -> None:
        """Begin before the connection is made."""
        self._bytes_left = most_bytes
        self._reads_left = most_reads
        self.sent = False
        self.exceeded = False

    def took(self, count: int) -> None:
        """Count a portion that came in; OSError when it is too much."""
        self._bytes_left -= count
        self._reads_left -= 1
        if self._bytes_left < 0 or self._reads_left < 0:
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
