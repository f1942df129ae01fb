"""Home Assistant's websocket interface."""

import asyncio
import contextlib
from itertools import count
from typing import Any

import aiohttp

type Json = dict[str, Any]
type EventQueue = asyncio.Queue[Json]


class ApiError(Exception):
    """Home Assistant refused a request."""


class HassSocket:
    """A websocket connection; answers and events come by the command's number."""

    def __init__(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        """Wrap a connection that was just opened."""
        self._connection = connection
        self._numbers = count(1)
        self._results: dict[int, asyncio.Future[Any]] = {}
        self._events: dict[int, EventQueue] = {}
        self._reader: asyncio.Task[None] | None = None

    @property
    def closed(self) -> bool:
        """Return whether the connection is gone."""
        return self._connection.closed

    async def log_in(self, access_token: str) -> None:
        """Authenticate, then listen for answers."""
        await self._connection.receive_json()
        await self._connection.send_json({"type": "auth", "access_token": access_token})
        answer = await self._connection.receive_json()
        if answer["type"] != "auth_ok":
            raise ApiError(f"websocket log-in refused: {answer.get('message')}")
        self._reader = asyncio.create_task(self._read())

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader

    async def command(self, kind: str, **fields: Any) -> Any:
        """Send a command and wait for its result."""
        return await self._issue(next(self._numbers), kind, fields)

    async def subscribe(self, kind: str, **fields: Any) -> tuple[int, EventQueue]:
        """Send a subscribing command; return its number and its events."""
        number = next(self._numbers)
        queue: EventQueue = asyncio.Queue()
        self._events[number] = queue
        await self._issue(number, kind, fields)
        return number, queue

    async def unsubscribe(self, number: int) -> None:
        """End a subscription."""
        self._events.pop(number, None)
        if not self.closed:
            await self.command("unsubscribe_events", subscription=number)

    async def _issue(self, number: int, kind: str, fields: Json) -> Any:
        """Send one numbered command and wait for its result."""
        self._results[number] = asyncio.get_running_loop().create_future()
        try:
            await self._connection.send_json({"id": number, "type": kind, **fields})
            return await self._results[number]
        finally:
            del self._results[number]

    async def _read(self) -> None:
        """Hand every message to whoever waits for it."""
        try:
            async for message in self._connection:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._dispatch(message.json())
        finally:
            for waiting in self._results.values():
                if not waiting.done():
                    waiting.set_exception(ApiError("websocket closed"))

    def _dispatch(self, message: Json) -> None:
        """Resolve a command or queue an event."""
        number = message["id"]
        if message["type"] == "event" and number in self._events:
            self._events[number].put_nowait(message["event"])
        if message["type"] != "result" or number not in self._results:
            return
        if message["success"]:
            self._results[number].set_result(message["result"])
        else:
            self._results[number].set_exception(ApiError(str(message["error"])))
