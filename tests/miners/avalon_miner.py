"""A miner that speaks the cgminer API, as the tests play it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
import json
import re
from typing import Any

from custom_components.miner_monitor.miners.avalon import AvalonClient

from .avalon_replies import made_up
from .conformance import Answer, Server, serving
from .conformance_tcp import ends, failing

TOGETHER = "summary+estats+pools"
OF_A_NANO_3S = "summary+stats+pools+lcd"
OF_A_CGMINER = "summary+stats+pools+devs"
WITHOUT_POOL_ROWS = ("nano3s", "cgminer")
"""Whose ``estats`` has no row per pool, by cgminer's documentation."""

HELP = "ascset|0,help"
FIRST = [TOGETHER, "version", HELP]
SINGLE = ["summary", "estats", "pools"]
UNKNOWN = failing(14, "Invalid command")
INVALID = {"STATUS": [{"STATUS": "E", "Code": 14, "Msg": "Invalid command"}]}
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
        self.poll["stats"] = deepcopy(self.poll["estats"])
        if model in WITHOUT_POOL_ROWS:
            rows = self.poll["estats"][0]["STATS"]
            rows[:] = [row for row in rows if not row["ID"].startswith("POOL")]
        if model == "nano3s":
            pool = self.row("pools")
            shown = {"Current Pool": pool["URL"], "User": pool["User"]}
            self.poll["lcd"] = [{"STATUS": [{"STATUS": "S"}], "LCD": [shown]}]
        if model == "cgminer":
            self.poll["stats"][0]["STATS"].append({"ID": "POOL0", "Times Sent": 7})
            devices = [{"ASC": 0, "Temperature": 61.5}]
            self.poll["devs"] = [{"STATUS": [{"STATUS": "S"}], "DEVS": devices}]
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
        elif "+" in name:
            parts = {part: self.poll.get(part, [INVALID]) for part in name.split("+")}
            answer = ends(encoded(parts | {"id": 1}))
        elif name in self.poll:
            answer = ends(encoded(self.poll[name][0]))
        else:
            answer = UNKNOWN
        await answer(request, writer)

    def row(self, kind: str) -> dict[str, Any]:
        section = "STATS" if kind.endswith("stats") else kind.upper()
        row: dict[str, Any] = self.poll[kind][0][section][0]
        return row

    def starts_again(self, seconds: int = 20) -> None:
        self.row("summary")["Elapsed"] = seconds
        self.tells("Elapsed", str(seconds))

    def tells(self, key: str, value: str) -> None:
        """Change an item of the status string in both statistics."""
        for kind in ("estats", "stats"):
            row = self.row(kind)
            for name in row:
                if name.startswith("MM ID"):
                    row[name] = re.sub(
                        rf"\b{key}\[[^]]*]", f"{key}[{value}]", row[name]
                    )

    def becomes(self, firmware: str) -> None:
        """Run other firmware from now on."""
        for kind in ("estats", "stats"):
            stats = self.row(kind)
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
