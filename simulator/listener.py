"""What the servers of simulated miners have in common: a socket and its clients."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable
import socket
from typing import Any, ClassVar, override


class Listener(ABC):
    """Listens at an address or not; who comes is the server's own business."""

    backlog: ClassVar[int] = 5

    def __init__(self) -> None:
        """Do not listen yet."""
        self._listener: socket.socket | None = None

    @property
    def listening(self) -> bool:
        """Tell whether connections are accepted."""
        return self._listener is not None

    @property
    @abstractmethod
    def connections(self) -> int:
        """Tell how many connections are open."""

    def open(self, host: str, port: int) -> int:
        """Listen from now on and return the port."""
        listener = self._socket()
        try:
            listener.bind((host, port))
            listener.listen(self.backlog)
        except OSError:
            listener.close()
            raise
        self._listener = listener
        asyncio.get_running_loop().add_reader(listener, self._accept)
        bound: int = listener.getsockname()[1]
        return bound

    def _socket(self) -> socket.socket:
        """Return a socket to listen with."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        return listener

    def close(self) -> None:
        """Refuse connections from now on and drop those that are open."""
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        self.drop()

    @abstractmethod
    def drop(self) -> None:
        """Drop all connections."""

    @abstractmethod
    def _accept(self) -> None:
        """Take the clients that wait."""


class Connection(asyncio.Protocol):
    """One socket of a client."""

    def __init__(self) -> None:
        """Have no socket yet."""
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Give the socket back."""
        self._transport = None

    def send(self, data: bytes) -> None:
        """Send bytes, if somebody still listens."""
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        """Hang up after what is sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Hang up at once."""
        if self._transport is not None:
            self._transport.abort()


class ConnectionServer[C: Connection](Listener):
    """A server that makes a connection for each client."""

    def __init__(self, make: Callable[[], C]) -> None:
        """Let `make` make the connections."""
        super().__init__()
        self._make = make
        self._connections: dict[C, None] = {}
        self._accepting: set[asyncio.Task[Any]] = set()

    @property
    @override
    def connections(self) -> int:
        return len(self._connections)

    @override
    def drop(self) -> None:
        dropped = list(self._connections)
        self._connections.clear()
        for connection in dropped:
            connection.abort()

    def forget(self, connection: C) -> None:
        """Let a closed connection go."""
        self._connections.pop(connection, None)

    @override
    def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while self._listener is not None and not self._is_full():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            connection = self._make()
            self._add(connection)
            task = loop.create_task(self._connect(connection, client))
            self._accepting.add(task)
            task.add_done_callback(self._accepting.discard)

    def _is_full(self) -> bool:
        """Tell whether new clients have to wait until another one leaves."""
        return False

    def _add(self, connection: C) -> None:
        """Count a connection in."""
        self._connections[connection] = None

    async def _connect(self, connection: C, client: socket.socket) -> None:
        """Hand an accepted socket to its connection."""
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: connection, client)
        if connection not in self._connections:
            connection.abort()
