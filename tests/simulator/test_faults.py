"""Each fault as a client on the network sees it."""

import asyncio
from collections.abc import Callable
import json
import math
from typing import Any

import aiohttp
import pytest

from simulator import ManualClock, SimulatedMiner

from .conftest import StartMiner

INFO = "/api/system/info"
OTHER_MAC = "AA:BB:CC:DD:EE:FF"
SHORT = aiohttp.ClientTimeout(total=0.15)


async def fetch(
    session: aiohttp.ClientSession, miner: SimulatedMiner, path: str = INFO
) -> tuple[int, bytes]:
    async with session.get(miner.url + path, allow_redirects=False) as response:
        return response.status, await response.read()


async def fetch_json(session: aiohttp.ClientSession, miner: SimulatedMiner) -> Any:
    return json.loads((await fetch(session, miner))[1])


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("offline", aiohttp.ClientConnectorError),
        ("silent", TimeoutError),
        ("timeout", TimeoutError),
        ("slow", TimeoutError),
        ("disconnect", aiohttp.ClientPayloadError),
    ],
)
async def test_faults_that_give_no_reply(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    fault: str,
    error: type[Exception],
) -> None:
    miner = await start_miner()
    miner.inject(fault)
    with pytest.raises(error):
        async with session.get(miner.url + INFO, timeout=SHORT) as response:
            await response.read()
    miner.clear(fault)
    assert (await fetch(session, miner))[0] == 200


async def test_timeout_swallows_as_many_replies_as_asked(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner()
    miner.inject("timeout", count=2)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            async with session.get(miner.url + INFO, timeout=SHORT):
                pass
    assert (await fetch(session, miner))[0] == 200


async def test_slow_keeps_sending(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner()
    miner.inject("slow")
    reader, writer = await asyncio.open_connection(miner.host, miner.port)
    writer.write(b"GET /api/system/info HTTP/1.1\r\n\r\n")
    async with asyncio.timeout(30):
        assert await reader.readexactly(3) == b"HTT"
        with pytest.raises(TimeoutError):
            async with session.get(miner.url + INFO, timeout=SHORT):
                pass
        assert await reader.readexactly(3) == b"P/1"
    miner.clear()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(3000)
    writer.close()


@pytest.mark.parametrize(
    ("fault", "parameters", "status", "matches"),
    [
        ("html", {}, 200, lambda body: b"<html>" in body),
        ("empty", {}, 200, lambda body: body == b""),
        ("huge", {}, 200, lambda body: len(body) > 10_000_000),
        ("huge", {"size": 70_000}, 200, lambda body: len(body) > 70_000),
        ("redirect", {}, 302, lambda body: body == b""),
        ("unauthorized", {}, 401, lambda body: body == b"Unauthorized"),
        ("status", {}, 503, lambda body: body),
        ("status", {"code": 500}, 500, lambda body: body),
        ("list", {}, 200, lambda body: isinstance(json.loads(body), list)),
        ("garbage", {}, 200, lambda body: b"\xfa" in body),
        ("truncated", {}, 200, lambda body: body[:1] == b"{" and body[-1:] != b"}"),
    ],
)
async def test_faults_that_give_another_reply(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    fault: str,
    parameters: dict[str, Any],
    status: int,
    matches: Callable[[bytes], bool],
) -> None:
    miner = await start_miner(firmware="2.9.0")
    miner.inject(fault, **parameters)
    got, body = await fetch(session, miner)
    assert got == status
    assert matches(body)
    miner.clear()
    assert json.loads((await fetch(session, miner))[1])["hashRate"] > 800


async def test_a_redirect_leads_away(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner()
    miner.inject("redirect", location="http://127.0.0.1:1/elsewhere")
    async with session.get(miner.url + INFO, allow_redirects=False) as response:
        assert response.headers["Location"] == "http://127.0.0.1:1/elsewhere"


def every_number(reply: dict[str, Any], test: Callable[[Any], bool]) -> bool:
    values = [reply[key] for key in ("power", "temp", "hashRate", "uptimeSeconds")]
    return all(test(value) for value in values)


def only_temperature_is_nan(reply: dict[str, Any]) -> bool:
    return math.isnan(reply["temp"]) and reply["power"] > 5


def has_glitch(reply: dict[str, Any]) -> bool:
    return reply["responseTime"] > 1e7 and "new" in reply


def has_mac(mac: str) -> Callable[[dict[str, Any]], bool]:
    return lambda reply: reply["macAddr"] == mac


@pytest.mark.parametrize(
    ("fault", "parameters", "matches"),
    [
        ("empty_object", {}, lambda reply: reply == {}),
        ("nulls", {}, lambda reply: all(v is None for v in reply.values())),
        ("strings", {}, lambda reply: all(isinstance(v, str) for v in reply.values())),
        ("nan", {}, lambda reply: every_number(reply, math.isnan)),
        ("nan", {"keys": ["temp"]}, only_temperature_is_nan),
        ("infinity", {}, lambda reply: every_number(reply, math.isinf)),
        ("huge_ints", {}, lambda reply: every_number(reply, lambda v: v == 10**40)),
        ("spike", {}, lambda reply: reply["hashRate"] == 200_000),
        ("spike", {"ghs": 9000}, lambda reply: reply["hashRate"] == 9000),
        ("hostname_html", {}, lambda reply: "<" in reply["hostname"]),
        ("hostname_long", {}, lambda reply: len(reply["hostname"]) == 500),
        ("bad_mac", {}, lambda reply: ":" not in reply["macAddr"]),
        ("no_mac", {}, lambda reply: "macAddr" not in reply and len(reply) > 50),
        ("clone_mac", {"mac": OTHER_MAC}, has_mac(OTHER_MAC)),
        ("hot", {"temperature": 70}, lambda reply: abs(reply["temp"] - 70) < 1),
        ("fan_stop", {}, lambda reply: reply["fanrpm"] == 0 and reply["fanspeed"] > 0),
        ("power_fault", {"text": "OVP"}, lambda r: r.get("power_fault") == "OVP"),
        ("override", {"values": {"responseTime": 15702638.5, "new": None}}, has_glitch),
    ],
)  # fmt: skip
async def test_faults_of_the_reply_and_the_miner(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    fault: str,
    parameters: dict[str, Any],
    matches: Callable[[dict[str, Any]], bool],
) -> None:
    miner = await start_miner(firmware="2.12.2")
    assert not matches(await fetch_json(session, miner))
    miner.inject(fault, **parameters)
    clock.advance(15)
    assert matches(await fetch_json(session, miner))
    miner.clear(fault)
    clock.advance(15)
    assert not matches(await fetch_json(session, miner))


async def test_a_sensor_drops_out_in_every_second_reply(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner()
    miner.inject("sensor_dropout")
    readings = [(await fetch_json(session, miner))["temp"] for _ in range(4)]
    assert readings[0] == readings[2] == 0
    assert readings[1] == readings[3] > 50
    assert miner.reply("info")["temp"] == miner.reply("info")["temp"] > 50
    miner.inject("sensor_dropout", keys=["power", "nothing"], value=0.5)
    reply = await fetch_json(session, miner)
    assert (reply["power"], "nothing" in reply) == (0.5, False)


async def test_a_flatline_has_power_and_hash_rate_but_no_shares(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner()
    miner.inject("flatline")
    before = await fetch_json(session, miner)
    clock.advance(3600)
    after = await fetch_json(session, miner)
    assert after["sharesAccepted"] == before["sharesAccepted"]
    assert after["hashRate"] > 900
    assert after["power"] > 15
    miner.clear()
    clock.advance(3600)
    reply = await fetch_json(session, miner)
    assert reply["sharesAccepted"] > after["sharesAccepted"] + 500


@pytest.mark.parametrize(
    ("firmware", "temperature", "hash_rate"),
    [("2.9.0", 50, 800), ("2.12.2", 40, 0), ("2.15.0", -1, 0)],
)
async def test_a_lost_pool(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    firmware: str,
    temperature: float,
    hash_rate: float,
) -> None:
    miner = await start_miner(firmware=firmware)
    miner.inject("pool_lost")
    clock.advance(15)
    reply = await fetch_json(session, miner)
    assert not miner.truth.hashing
    assert reply["isUsingFallbackStratum"] == 1
    assert reply["temp"] >= temperature
    assert (reply["temp"] == -1) is (temperature == -1)
    assert (reply["hashRate"] > 0) is (hash_rate > 0)
    assert reply.get("miningPaused", False) is False
    if firmware == "2.15.0":
        assert reply["poolConnectionInfo"] == "IPv4"
        assert reply["expectedHashrate"] == 0
        assert "blockHeight" not in reply
    miner.clear()
    clock.advance(30)
    assert miner.truth.hashing


async def test_a_lost_primary_pool_costs_nothing(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner()
    miner.inject("pool_lost", fallback=True)
    clock.advance(15)
    assert (await fetch_json(session, miner))["isUsingFallbackStratum"] == 1
    assert miner.truth.hashing


async def test_a_hardware_fault_stops_mining_until_a_reboot(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.14.0")
    miner.inject("hardware_fault", text="EMC2101")
    clock.advance(5)
    reply = await fetch_json(session, miner)
    assert (reply["hardware_fault"], reply["temp"]) == ("EMC2101", -1)
    miner.clear()
    clock.advance(60)
    assert "hardware_fault" in await fetch_json(session, miner)
    assert not miner.truth.hashing
    miner.reboot()
    clock.advance(60)
    assert "hardware_fault" not in await fetch_json(session, miner)
    assert miner.truth.hashing


async def test_a_power_fault_ends_with_its_cause(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner()
    miner.inject("power_fault")
    clock.advance(5)
    assert not miner.truth.hashing
    miner.clear("power_fault")
    clock.advance(30)
    assert miner.truth.hashing


async def test_a_fault_ends_by_the_clock(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner()
    miner.inject("offline", duration=60)
    clock.advance(59)
    with pytest.raises(aiohttp.ClientConnectorError):
        await fetch(session, miner)
    clock.advance(1)
    assert (await fetch(session, miner))[0] == 200


async def test_a_fault_given_again_lasts_as_said_last(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner()
    miner.inject("status", duration=10)
    miner.inject("status", duration=100, code=500)
    clock.advance(50)
    assert (await fetch(session, miner))[0] == 500
    miner.clear()
    assert (await fetch(session, miner))[0] == 200
    clock.advance(100)
    miner.inject("status")
    miner.clear("html")
    assert (await fetch(session, miner))[0] == 503


async def test_offline_keeps_the_port_and_cuts_open_connections(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner()
    port = miner.port
    reader, writer = await asyncio.open_connection(miner.host, port)
    await fetch(session, miner)
    miner.inject("offline")
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()
    miner.clear()
    assert miner.port == port
    assert (await fetch(session, miner))[0] == 200


@pytest.mark.parametrize(
    ("fault", "parameters", "applied"),
    [
        ("silent", {}, False),
        ("silent", {"applies": True}, True),
        ("disconnect", {}, True),
        ("unauthorized", {}, False),
    ],
)
async def test_a_write_during_a_fault(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    fault: str,
    parameters: dict[str, Any],
    applied: bool,
) -> None:
    miner = await start_miner()
    miner.inject(fault, **parameters)
    url, body = miner.url + "/api/system", {"frequency": 490}
    try:
        async with session.patch(url, json=body, timeout=SHORT) as response:
            await response.read()
    except TimeoutError, aiohttp.ClientError:
        pass
    assert (miner.reply("info")["frequency"] == 490) is applied


@pytest.mark.parametrize("fault", ["melted", ""])
async def test_unknown_faults_are_refused(start_miner: StartMiner, fault: str) -> None:
    miner = await start_miner()
    with pytest.raises(ValueError, match="Unknown fault"):
        miner.inject(fault)


async def test_a_firmware_update_needs_a_version(start_miner: StartMiner) -> None:
    miner = await start_miner()
    with pytest.raises(ValueError, match="version"):
        miner.inject("firmware_update")


async def test_events(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.13.0")
    miner.inject("block_found")
    reply = await fetch_json(session, miner)
    assert (reply["blockFound"], reply["showNewBlock"]) == (1, True)
    async with session.post(miner.url + "/api/system/blockFound/dismiss") as response:
        answer = await response.json()
    assert (answer["blockFound"], answer["showNewBlock"]) == (1, False)
    assert (await fetch_json(session, miner))["showNewBlock"] is False
    miner.inject("reboot")
    clock.advance(60)
    assert (await fetch_json(session, miner))["uptimeSeconds"] == 60
    miner.inject("firmware_update", version="2.15.0")
    clock.advance(60)
    assert (await fetch_json(session, miner))["version"] == "v2.15.0"
    assert miner.truth.restarts == 2
