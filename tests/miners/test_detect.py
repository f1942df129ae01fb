"""Which family answers at an address, over real connections."""

import asyncio
from importlib import import_module
import time

import aiohttp
import pytest

from custom_components.miner_monitor.miners import MinerResponseError, detect
from custom_components.miner_monitor.miners.model import Family
from simulator import Farm, MinerSpec

from .conformance import http, is_silent, says, serving

# The package names a function like this module, which hides it from an import.
detect_module = import_module("custom_components.miner_monitor.miners.detect")

MODELS = {
    "gamma_601": Family.AXEOS,
    "avalon_q": Family.AVALON,
    "avalon_nano3": Family.AVALON,
    "cgminer": Family.AVALON,
    "fpga_rb4": Family.FPGA,
}


@pytest.mark.parametrize(("model", "family"), MODELS.items())
async def test_at_a_given_port(
    model: str, family: Family, session: aiohttp.ClientSession
) -> None:
    """Whatever the port, the miner is recognised and never hurried."""
    async with Farm([MinerSpec(name="miner", model=model, seed=1)]) as farm:
        miner = farm["miner"]
        client, reading = await detect(miner.host, miner.port, session)

    assert client.family is reading.identity.family is family
    assert client.port == miner.port


@pytest.mark.parametrize(("model", "family"), MODELS.items())
async def test_at_the_usual_port(
    model: str,
    family: Family,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Silence at the other families' ports delays nothing."""
    async with (
        Farm([MinerSpec(name="miner", model=model, seed=1)]) as farm,
        serving(is_silent, b"never") as silent,
    ):
        ports = dict.fromkeys(Family, silent.port) | {family: farm["miner"].port}
        monkeypatch.setattr(detect_module, "DEFAULT_PORTS", ports)
        began = time.perf_counter()
        client, _ = await detect("127.0.0.1", None, session, deadline=60)
        took = time.perf_counter() - began
        await silent.all_closed()

    assert client.family is family
    assert took < 30


async def test_a_web_server_is_not_asked_for_an_avalon(
    session: aiohttp.ClientSession,
) -> None:
    """It would wait for the rest of a request that is none."""
    async with serving(says(http(b"<html></html>")), b"\r\n\r\n") as server:
        with pytest.raises(MinerResponseError):
            await detect("127.0.0.1", server.port, session)
        assert len(server.requests) == 2


async def test_nobody_at_the_usual_ports(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several errors the one that tells most is raised, and nothing is left open."""
    async with (
        serving(says(http(b"<html></html>")), b"\r\n\r\n") as page,
        serving(is_silent, b"never") as silent,
    ):
        ports = dict.fromkeys(Family, silent.port) | {Family.AXEOS: page.port}
        monkeypatch.setattr(detect_module, "DEFAULT_PORTS", ports)
        with pytest.raises(MinerResponseError):
            await detect("127.0.0.1", None, session, deadline=0.2)
        await asyncio.gather(page.all_closed(), silent.all_closed())
