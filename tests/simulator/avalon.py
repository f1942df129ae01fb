"""How the tests talk to a simulated Avalon, and read what it says."""

import asyncio
import json
import re
from typing import Any

from simulator import SimulatedMiner

MODELS = (
    "avalon_nano3",
    "avalon_nano3s",
    "avalon_mini3",
    "avalon_q",
    "avalon_a1246",
    "avalon_a1566",
)


async def ask(
    miner: SimulatedMiner, request: bytes | str, timeout: float = 30
) -> bytes:
    """Send one request and return all that comes until the end."""
    data = request.encode() if isinstance(request, str) else request
    async with asyncio.timeout(timeout):
        reader, writer = await asyncio.open_connection(miner.host, miner.port)
        try:
            writer.write(data)
            return await reader.read(-1)
        finally:
            writer.close()


async def command(miner: SimulatedMiner, name: str, parameter: str = "") -> Any:
    """Send a JSON request and return the decoded reply."""
    request = {"command": name} | ({"parameter": parameter} if parameter else {})
    body = await ask(miner, json.dumps(request))
    assert body.endswith(b"\0")
    return json.loads(body[:-1], strict=False)


async def option(miner: SimulatedMiner, text: str) -> tuple[str, int, str]:
    """Set an option and return letter, code and message."""
    status = (await command(miner, "ascset", f"0,{text}"))["STATUS"][0]
    return status["STATUS"], status["Code"], status["Msg"]


def items(text: str) -> dict[str, str]:
    """Return the items of a status string in their order."""
    return dict(re.findall(r"(\w+(?: Mask)?)\[([^\]]*)\]", text))


def blob(reply: dict[str, Any]) -> dict[str, str]:
    """Return the items of the first status string in a reply."""
    row = reply["STATS"][0]
    key = next(key for key in row if key.startswith("MM ID0"))
    return items(row[key])


def look(miner: SimulatedMiner, name: str = "estats") -> dict[str, str]:
    """Return the status that a miner shows now."""
    return blob(miner.reply(name))
