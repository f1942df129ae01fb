"""A miner that speaks the cgminer API, as the tests play it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
from typing import Any

from custom_components.miner_monitor.miners.avalon import AvalonClient

from .avalon_replies import made_up
from .conformance import Answer, Server, serving
from .conformance_tcp import ends, failing

TOGETHER = "summary+estats+pools"
HELP = "ascset|0,help"
FIRST = [TOGETHER, "version", HELP]
SINGLE = ["summary", "estats", "pools"]
UNKNOWN = failing(14, "Invalid command")
ACCEPTED = b'{"STATUS":[{"STATUS":"S","Code":119,"Msg":"ASC 0 set OK"}]}'


def loaded(name: str) -> dict[str, Any]:
    reply: dict[str, Any] = json.loads(made_up(name).rstrip(b"\0"))
    return reply


def encoded(reply: dict[str, Any]) -> bytes:
    return json.dumps(reply, separators=(",", ":")).encode()


class Avalon:
    """A miner whose replies a test can change, by command and parameter."""

    def __init__(self, model: str = "q") -> None:
        self.poll = loaded(f"{model}-poll.json")
        self.answers: dict[str, Answer] = {HELP: ends(made_up("q-commands.json"), b"")}
        for kind in ("version", "litestats"):
            with_name = f"{model}-{kind}.json"
            try:
                self.answers[kind] = ends(made_up(with_name), b"")
            except FileNotFoundError:
                self.answers[kind] = UNKNOWN

    async def __call__(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        name = command(request)
        if name in self.answers:
            answer = self.answers[name]
        elif name == TOGETHER:
            answer = ends(encoded(self.poll))
        elif name in SINGLE:
            answer = ends(encoded(self.poll[name][0]))
        else:
            answer = UNKNOWN
        await answer(request, writer)

    def row(self, kind: str) -> dict[str, Any]:
        section = {"summary": "SUMMARY", "estats": "STATS", "pools": "POOLS"}[kind]
        row: dict[str, Any] = self.poll[kind][0][section][0]
        return row

    def starts_again(self, seconds: int = 20) -> None:
        self.row("summary")["Elapsed"] = seconds

    def becomes(self, firmware: str) -> None:
        """Run other firmware from now on."""
        stats = self.row("estats")
        key = next(key for key in stats if key.startswith("MM ID"))
        stats[key] = stats[key].replace("25052801_0a1b2c3", firmware)


def command(request: bytes) -> str:
    asked = json.loads(request)
    return "|".join(asked[key] for key in ("command", "parameter") if key in asked)


def commands(server: Server) -> list[str]:
    return [command(request) for request in server.requests]


def told(server: Server) -> list[str]:
    """List what the miner was told, apart from what it was only asked."""
    return [command(request) for request in server.writes]


@asynccontextmanager
async def miner(avalon: Answer) -> AsyncIterator[Server]:
    async with serving(avalon, None) as server:
        yield server


def client_of(server: Server, **options: Any) -> AvalonClient:
    return AvalonClient("127.0.0.1", server.port, **options)
