"""A cgminer on loopback that answers what a case says, section by section."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
import json
from typing import Any, override

from .conftest import TimedBench
from .loopback import LoopbackServer

type Sections = Mapping[str, Mapping[str, Any]]
"""The reply to each command; what is not named is an invalid command."""

INVALID = {"STATUS": [{"STATUS": "E", "Code": 14, "Msg": "Invalid command"}], "id": 1}
NO_POOLS = {"STATUS": [{"STATUS": "E", "Code": 8, "Msg": "No pools"}], "id": 1}
HELP = "ascset|0,help"


class AvalonPlayback(LoopbackServer):
    """One miner that says what it is told to; ``requests`` are what it was asked."""

    def __init__(self, sections: Sections) -> None:
        """Do not listen yet."""
        super().__init__()
        self.sections = dict(sections)
        self._open = 0

    @property
    @override
    def connections(self) -> int:
        """Tell how many connections are open."""
        return self._open

    def polls(self) -> list[str]:
        """Return the requests for several replies together, and forget them all."""
        asked = [name for name in self.requests if "+" in name]
        self.requests.clear()
        return asked

    @override
    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request in one connection, as the firmware does."""
        self._open += 1
        try:
            with suppress(ConnectionError):
                writer.write(self._answer(await reader.read(4095)) + b"\0")
                await writer.drain()
        finally:
            writer.close()
            self._open -= 1

    def _answer(self, request: bytes) -> bytes:
        """Answer JSON in JSON, and anything else in text."""
        if not request.startswith(b"{"):
            return b"STATUS=E,When=1,Code=14,Msg=Invalid command|"
        asked = json.loads(request)
        name = "|".join(
            str(asked[key]) for key in ("command", "parameter") if key in asked
        )
        self.requests.append(name)
        return json.dumps(self._reply(name)).encode()

    def _reply(self, name: str) -> Mapping[str, Any]:
        if "+" not in name:
            return self.sections.get(name, INVALID)
        parts = {part: [self.sections.get(part, INVALID)] for part in name.split("+")}
        return parts | {"id": 1}


async def play(bench: TimedBench, sections: Sections) -> AvalonPlayback:
    """Start a miner on a bench, which stops it at its end."""
    return await bench.listen(AvalonPlayback(sections))


def answer(kind: str, *rows: Mapping[str, Any], when: int = 1_790_000_000) -> Any:
    """Make a reply of rows."""
    status = {"STATUS": "S", "When": when, "Code": 9, "Msg": kind}
    return {"STATUS": [status], kind: list(rows), "id": 1}
