"""The API server of an Avalon: one thread, one read, one reply, then hang up."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
import socket
from typing import ClassVar, override

from ..listener import Listener

LONGEST_REQUEST = 4095
LONGEST_REPLY = 65_536
SEND_SECONDS = 5 * 0.05
SEND_BUFFER = 4096
DRIP_SECONDS = 0.05


class Delivery(Enum):
    """How an answer leaves."""

    WHOLE = auto()
    DRIP = auto()
    CUT = auto()
    KEEP_OPEN = auto()
    NEVER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Bytes to send and how."""

    body: bytes = b""
    delivery: Delivery = Delivery.WHOLE


type Respond = Callable[[bytes], Parcel]


class Server(Listener):
    """Serves one client after another, whatever the others wait for.

    A client that connects and says nothing holds all others up until the receive
    time-out, and one that does not read gets what fits into the buffers.
    """

    backlog: ClassVar[int] = 100

    def __init__(self, respond: Respond, latency: float, idle_seconds: float) -> None:
        """Answer with what `respond` returns, after `latency` seconds."""
        super().__init__()
        self._respond = respond
        self._latency = latency
        self._idle_seconds = idle_seconds
        self._waiting: deque[socket.socket] = deque()
        self._open: set[socket.socket] = set()
        self._thread: asyncio.Task[None] | None = None
        self._parked: set[asyncio.Task[None]] = set()
        self.most_connections = 0

    @property
    @override
    def connections(self) -> int:
        """Tell how many connections are open, those in line counted in."""
        return len(self._open)

    @override
    def _socket(self) -> socket.socket:
        listener = super()._socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        return listener

    @override
    def drop(self) -> None:
        self._waiting.clear()
        for task in (self._thread, *self._parked):
            if task is not None:
                task.cancel()
        self._thread = None
        self._parked.clear()
        for client in list(self._open):
            self._hang_up(client)

    @override
    def _accept(self) -> None:
        """Take all who knock; they wait in line."""
        assert self._listener is not None
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                break
            client.setblocking(False)
            self._open.add(client)
            self._waiting.append(client)
        self.most_connections = max(self.most_connections, len(self._open))
        if self._thread is None or self._thread.done():
            loop = asyncio.get_running_loop()
            self._thread = loop.create_task(self._serve())

    async def _serve(self) -> None:
        """Serve those in line, one after another."""
        while self._waiting:
            client = self._waiting.popleft()
            try:
                parked = await self._attend(client)
            except OSError:
                parked = False
            if not parked:
                self._hang_up(client)

    def _hang_up(self, client: socket.socket) -> None:
        """Close a connection; its number may be given to another at once."""
        self._open.discard(client)
        if client.fileno() >= 0:
            loop = asyncio.get_running_loop()
            loop.remove_reader(client)
            loop.remove_writer(client)
            client.close()

    async def _attend(self, client: socket.socket) -> bool:
        """Read once, answer once; tell whether the connection stays open."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._idle_seconds):
                request = await loop.sock_recv(client, LONGEST_REQUEST)
        except TimeoutError:
            return False
        if not request:
            return False
        if self._latency:
            await asyncio.sleep(self._latency)
        parcel = self._respond(request)
        match parcel.delivery:
            case Delivery.NEVER:
                await loop.sock_recv(client, 1)
            case Delivery.DRIP:
                await self._drip(client, parcel.body)
            case Delivery.CUT:
                await self._send(client, parcel.body[: len(parcel.body) // 2])
            case Delivery.KEEP_OPEN:
                await self._send(client, parcel.body)
                self._park(client)
                return True
            case Delivery.WHOLE:
                await self._send(client, parcel.body)
        return False

    def _park(self, client: socket.socket) -> None:
        """Leave a connection open that nobody attends to any more."""
        task = asyncio.get_running_loop().create_task(self._wait_for_end(client))
        self._parked.add(task)
        task.add_done_callback(self._parked.discard)

    async def _wait_for_end(self, client: socket.socket) -> None:
        """Close a connection once its client has."""
        loop = asyncio.get_running_loop()
        try:
            while await loop.sock_recv(client, LONGEST_REQUEST):
                pass
        except OSError:
            pass
        self._hang_up(client)

    async def _send(self, client: socket.socket, body: bytes) -> None:
        """Send what the client takes; wait for a moment, then give up."""
        if len(body) > LONGEST_REPLY:
            # A flood is a fault, not the firmware's own reply: it shall be quick.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, len(body))
        view = memoryview(body)
        while view:
            try:
                view = view[client.send(view) :]
            except BlockingIOError:
                if not await self._writable(client):
                    return

    async def _writable(self, client: socket.socket) -> bool:
        """Wait until the client takes more, but not for long."""
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        loop.add_writer(client, ready.set_result, None)
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await ready
        except TimeoutError:
            return False
        finally:
            if client.fileno() >= 0:
                loop.remove_writer(client)
        return True

    async def _drip(self, client: socket.socket, body: bytes) -> None:
        """Send byte after byte, and spaces without end after the last."""
        loop = asyncio.get_running_loop()
        place = 0
        while True:
            await loop.sock_sendall(client, body[place : place + 1] or b" ")
            place += 1
            await asyncio.sleep(DRIP_SECONDS)
