"""What AxeOS is sent to come back after it overheated, and when."""

import asyncio
from typing import Any

import aiohttp
import pytest

from custom_components.miner_monitor.miners import MinerCommandError, MinerStrangerError
from custom_components.miner_monitor.miners.axeos import AxeOsClient, client as module
from custom_components.miner_monitor.miners.model import MinerReading, MinerStatus

from .conformance import Answer, Server, http, says
from .deciding import anyone
from .replies import GAMMA, GAMMA_214, NERD, OFF_214
from .test_axeos_client import UNKNOWN_ROUTE, Axe, miner, routes

PATCH, RESTART = "PATCH /api/system", "POST /api/system/restart"
FLAGGED = {**GAMMA, "overheat_mode": 1, "hashRate": 0, "temp": -1}
SUPRA = {**GAMMA_214, "boardVersion": "401", "ASICModel": "BM1368", "temp": 74}
HIDDEN = {
    **SUPRA,
    **OFF_214,
    "autofanspeed": 0,
    "manualFanSpeed": 100,
    "fanspeed": 100,
}
"""AxeOS 2.14 while it cools down: only what was before tells of the heat."""


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_APPLIES", 0.2)
    monkeypatch.setattr(module, "_ASKED_AGAIN", 0.04)


def clears_after(axe: Axe, reads: int) -> Answer:
    """Acknowledge at once, and show the cleared flag so many reads later."""

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(http(b""))
        axe.info = _Later(axe.info, reads)

    return answer


class _Later(dict[str, Any]):
    """A reply that becomes another after it was read several times."""

    def __init__(self, info: dict[str, Any], reads: int) -> None:
        super().__init__(info)
        self._reads = reads

    def items(self) -> Any:
        self._reads -= 1
        if self._reads < 0:
            self["overheat_mode"] = 0
        return super().items()


async def sent(axe: Axe, session: aiohttp.ClientSession) -> list[str]:
    """Recover it and return what it was sent, with the reads in between."""
    async with miner(axe) as server:
        await AxeOsClient("127.0.0.1", server.port, session).recover(anyone)
    return without_presets(server)


def without_presets(server: Server) -> list[str]:
    return [route for route in routes(server) if "asic" not in route]


async def test_an_overheated_miner_is_cleared_and_then_restarted(
    session: aiohttp.ClientSession,
) -> None:
    found = await sent(Axe(FLAGGED), session)
    assert found[:2] == ["GET /api/system/info", PATCH]
    assert found[-1] == RESTART
    assert found.count(PATCH) == found.count(RESTART) == 1


async def test_a_flag_that_is_hidden_is_cleared_too(
    session: aiohttp.ClientSession,
) -> None:
    axe = Axe(SUPRA)
    async with miner(axe) as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        await client.fetch()
        axe.info = HIDDEN
        assert (await client.fetch()).state.status is MinerStatus.OVERHEATED
        await client.recover(anyone)
    found = without_presets(server)
    assert PATCH in found
    assert found[-1] == RESTART


async def test_the_restart_waits_until_the_flag_is_cleared(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is applied behind the reply: a restart at once would lose it."""
    monkeypatch.setattr(module, "_APPLIES", 60)
    axe = Axe(FLAGGED)
    axe.answers[PATCH] = clears_after(axe, 2)
    found = await sent(axe, session)
    assert found == [
        "GET /api/system/info",
        PATCH,
        *["GET /api/system/info"] * 3,
        RESTART,
    ]


@pytest.mark.parametrize("info", [GAMMA, NERD], ids=["no flag", "NerdOS"])
async def test_any_other_is_restarted_alone(
    info: dict[str, Any], session: aiohttp.ClientSession
) -> None:
    assert await sent(Axe(info), session) == ["GET /api/system/info", RESTART]


async def test_a_refused_flag_restarts_nothing(session: aiohttp.ClientSession) -> None:
    axe = Axe(FLAGGED)
    axe.answers[PATCH] = says(http(b"Wrong API input", "400 Bad Request"))
    with pytest.raises(MinerCommandError):
        await sent(axe, session)


async def test_a_stranger_is_sent_nothing(session: aiohttp.ClientSession) -> None:
    def refuse(_: MinerReading) -> object:
        raise MinerStrangerError("another one")

    async with miner(Axe(FLAGGED)) as server:
        with pytest.raises(MinerStrangerError):
            await AxeOsClient("127.0.0.1", server.port, session).recover(refuse)
        assert server.writes == []


async def test_reads_that_fail_meanwhile_break_nothing_off(
    session: aiohttp.ClientSession,
) -> None:
    """A device that is busy with its flash may not answer for a moment."""
    axe = Axe(FLAGGED)

    class Busy(dict[str, Any]):
        def items(self) -> Any:
            return {"nothing": "usable"}.items()

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(http(b""))
        axe.info = Busy()

    axe.answers[PATCH] = answer
    assert (await sent(axe, session))[-1] == RESTART


async def test_firmware_without_such_a_route_says_so(
    session: aiohttp.ClientSession,
) -> None:
    axe = Axe(GAMMA)
    axe.answers[RESTART] = says(UNKNOWN_ROUTE)
    with pytest.raises(MinerCommandError):
        await sent(axe, session)
