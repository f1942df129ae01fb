"""Gives the replies of a capture to their family's client over a real connection."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
import json
from typing import Any

from aiohttp import web

from custom_components.miner_monitor.miners import Endpoint, create_client
from custom_components.miner_monitor.miners.http import create_session
from custom_components.miner_monitor.miners.model import Family, MinerReading

HOST = "127.0.0.1"
LONGEST_REQUEST = 4095
HELP = "0,help"

# What a command of the cgminer API is called in a capture, and in a reply.
SECTIONS: Mapping[str, tuple[str, str, int]] = {
    "summary": ("summary", "SUMMARY", 11),
    "estats": ("stats", "STATS", 70),
    "stats": ("stats", "STATS", 70),
    "devs": ("devs", "DEVS", 9),
    "litestats": ("litestats", "STATS", 70),
    "pools": ("pools", "POOLS", 7),
    "version": ("version", "VERSION", 22),
}

type Json = dict[str, Any]
type Replies = Mapping[str, Any]
type Server = AbstractAsyncContextManager[Endpoint]


async def read_replies(
    family: Family, replies: Replies, unit: str | None = None
) -> MinerReading:
    """Return what the client makes of the replies, of one card if it has several.

    Raises MinerError when it does not take them for a miner's.
    """
    async with _SERVERS[family](replies) as endpoint, create_session() as session:
        client = create_client(family, replace(endpoint, unit=unit), session)
        return await client.fetch()


@asynccontextmanager
async def _axeos(replies: Replies) -> AsyncIterator[Endpoint]:
    """Serve JSON by the names of the requests."""

    async def answer(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in replies:
            raise web.HTTPNotFound
        return web.json_response(replies[name])

    async with _web_server("/api/system/{name}", answer) as port:
        yield Endpoint(host=HOST, port=port)


@asynccontextmanager
async def _exporter(replies: Replies) -> AsyncIterator[Endpoint]:
    """Serve the page of an exporter, and that of a pool scraper if there was one."""

    async def answer(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in replies:
            raise web.HTTPNotFound
        return web.Response(text=str(replies[name]))

    async with _web_server("/{name}", answer) as port:
        pool = f"http://{HOST}:{port}/pool" if "pool" in replies else None
        yield Endpoint(host=HOST, port=port, path="/metrics", pool_scraper=pool)


@asynccontextmanager
async def _web_server(
    path: str, answer: Callable[[web.Request], Any]
) -> AsyncIterator[int]:
    """Run a web server with one route; gives its port."""
    app = web.Application()
    app.router.add_get(path, answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _cgminer(replies: Replies) -> AsyncIterator[Endpoint]:
    """Serve the reading commands of a cgminer API: one for each connection."""

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        request = await reader.read(LONGEST_REQUEST)
        writer.write(json.dumps(_reply(replies, json.loads(request))).encode() + b"\0")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, HOST, 0) as server:
        yield Endpoint(host=HOST, port=server.sockets[0].getsockname()[1])


def _reply(replies: Replies, request: Json) -> Json:
    """Answer a command, several joined by a plus, or the question for commands."""
    command = request["command"]
    if command == "ascset":
        return _commands(replies, request.get("parameter"))
    if "+" not in command:
        return _section(replies, command)
    return {name: [_section(replies, name)] for name in command.split("+")}


def _section(replies: Replies, command: str) -> Json:
    """Answer a command with its rows, blobs put together again."""
    name, kind, code = SECTIONS.get(command, (command, "", 0))
    if name not in replies:
        return _status("E", 14, "Invalid command")
    told = replies[name]
    rows = [row for row in _listed(told) if isinstance(row, dict)]
    status = _status("S", code, command)
    if "when" in replies:
        status["STATUS"][0]["When"] = replies["when"]
    return {**status, kind: [_with_blobs(row) for row in rows]}


def _listed(told: Any) -> list[Any]:
    """Return rows; a section of one row is kept without its list."""
    return told if isinstance(told, list) else [told]


def _commands(replies: Replies, parameter: object) -> Json:
    """List the commands that the miner listed."""
    if parameter != HELP or "commands" not in replies:
        return _status("E", 14, "Invalid command")
    return _status(
        "I", 118, f"ASC 0 set info: {'|'.join(map(str, _listed(replies['commands'])))}"
    )


def _status(letter: str, code: int, message: str) -> Json:
    """Return the head of a reply."""
    return {"STATUS": [{"STATUS": letter, "Code": code, "Msg": message}]}


def _with_blobs(row: Mapping[str, Any]) -> Json:
    """Return a row as it came: items that were taken apart are one text again."""
    return {
        key: " ".join(f"{name}[{item}]" for name, item in value.items())
        if isinstance(value, dict)
        else value
        for key, value in row.items()
    }


_SERVERS: Mapping[Family, Callable[[Replies], Server]] = {
    Family.AXEOS: _axeos,
    Family.AVALON: _cgminer,
    Family.FPGA: _exporter,
}
