"""AxeOS as its own running code was seen: ESP-Miner v2.15.0 and v2.12.2."""

import asyncio
import json
from pathlib import Path
import re
from typing import Any

import aiohttp
import pytest

from simulator import ManualClock, MinerSpec, Phase, SimulatedMiner, axeos
from simulator.axeos.api import Api
from simulator.axeos.device import Device
from simulator.axeos.faults import KNOWN

from .conftest import StartMiner

DEEP, TOO_DEEP = b"[" * 998 + b"]" * 998, b"[" * 1200 + b"]" * 1200
SV2_TEXTS = (
    "SV2: Pool unreachable",
    "SV2: Connection lost",
    "SV2: Pool not responding",
    "SV2: Auth failed - check key",
    "SV2: Auth required - no key",
    "SV2: Pool rejected config",
    "SV2: Pool rejected miner",
    "SV2: Internal error",
)


async def info(session: aiohttp.ClientSession, miner: SimulatedMiner) -> dict[str, Any]:
    async with session.get(f"{miner.url}/api/system/info") as response:
        assert response.status == 200
        reply: dict[str, Any] = json.loads(await response.read())
        return reply


async def send(
    session: aiohttp.ClientSession,
    miner: SimulatedMiner,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, str, bytes]:
    """Return status, content type and body of an answer."""
    url = f"{miner.url}/api/{path}"
    async with session.request(
        method, url, data=body, headers=headers, allow_redirects=False
    ) as response:
        return response.status, response.content_type, await response.read()


async def patch(
    session: aiohttp.ClientSession, miner: SimulatedMiner, **settings: Any
) -> None:
    body = json.dumps(settings).encode()
    assert (await send(session, miner, "PATCH", "system", body))[0] == 200


async def overheat(miner: SimulatedMiner, clock: ManualClock) -> None:
    """Heat a miner until its protection acts, and let it be cool again."""
    miner.inject("hot", temperature=80)
    clock.advance(5)
    miner.clear("hot")


# 15.2: no pool


@pytest.mark.parametrize("firmware", ["2.13.0", "2.14.0", "2.15.0"])
async def test_the_text_of_the_last_connection_stays_after_a_loss(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    firmware: str,
) -> None:
    miner = await start_miner(firmware=firmware)
    miner.inject("pool_lost")
    clock.advance(120)
    assert (await info(session, miner))["poolConnectionInfo"] == "IPv4"


async def test_a_pool_that_never_answered_is_told(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.15.0")
    miner.inject("pool_lost")
    miner.reboot()
    clock.advance(90)
    reply = await info(session, miner)
    assert reply["poolConnectionInfo"] == "Not Connected"
    assert reply["uptimeSeconds"] == 90


@pytest.mark.parametrize("text", SV2_TEXTS)
async def test_a_loss_by_the_second_protocol_has_texts_of_its_own(
    start_miner: StartMiner, session: aiohttp.ClientSession, text: str
) -> None:
    miner = await start_miner(firmware="2.15.0")
    miner.inject("pool_lost", text=text)
    assert (await info(session, miner))["poolConnectionInfo"] == text


@pytest.mark.parametrize(("manual", "duty"), [(None, 30), (100, 100)])
async def test_without_a_pool_the_chips_are_off_and_the_fan_rests_unless_set(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    manual: int | None,
    duty: int,
) -> None:
    miner = await start_miner(firmware="2.14.0")
    if manual is not None:
        await patch(session, miner, autofanspeed=0, manualFanSpeed=manual)
    clock.advance(30)
    miner.inject("pool_lost")
    clock.advance(30)
    reply = await info(session, miner)
    off = ("hashRate", "expectedHashrate", "coreVoltageActual", "current")
    assert [reply[key] for key in off] == [0, 0, 0, 0]
    assert (reply["temp"], reply["actualFrequency"]) == (-1, 50)
    assert reply["miningPaused"] is False
    assert reply["fanspeed"] == duty


# 15.3: overheating


@pytest.mark.parametrize("firmware", ["2.12.2", "2.15.0"])
async def test_readings_freeze_at_the_hot_values_while_it_cools(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    firmware: str,
) -> None:
    miner = await start_miner(firmware=firmware)
    await overheat(miner, clock)
    first = await info(session, miner)
    clock.advance(20)
    later = await info(session, miner)
    frozen = ("temp", "power", "coreVoltageActual", "voltage", "current")
    assert {key: first[key] for key in frozen} == {key: later[key] for key in frozen}
    assert later["temp"] == pytest.approx(80, abs=1)
    assert later["power"] > 15
    assert later["coreVoltageActual"] > 1100
    assert miner.truth.power_w == 5
    assert later["expectedHashrate"] == 0
    assert (later["fanspeed"], later["manualFanSpeed"]) == (100, 100)
    assert later["autofanspeed"] == 0
    assert later.get("miningPaused", False) is False


@pytest.mark.parametrize("model", ["ultra_204", "ultra_205", "supra_400", "supra_401"])
async def test_boards_that_feel_their_chip_by_the_fan_controller_tell_no_heat(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    model: str,
) -> None:
    miner = await start_miner(model=model, firmware="2.15.0")
    await overheat(miner, clock)
    clock.advance(10)
    reply = await info(session, miner)
    assert (reply["temp"], reply["coreVoltageActual"]) == (-1, 0)
    assert reply["power"] < 5


@pytest.mark.parametrize(
    ("firmware", "flag", "keeps_rate"), [("2.12.2", 1, True), ("2.15.0", 0, False)]
)
async def test_newer_firmware_hides_the_flag_and_older_keeps_its_hash_rate(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    firmware: str,
    flag: int,
    keeps_rate: bool,
) -> None:
    miner = await start_miner(firmware=firmware)
    await overheat(miner, clock)
    clock.advance(20)
    reply = await info(session, miner)
    assert reply["overheat_mode"] == flag
    assert (reply["hashRate"] > 900) is keeps_rate
    assert not miner.truth.hashing
    clock.advance(120)
    assert (await info(session, miner))["overheat_mode"] == 0
    assert miner.truth.hashing


async def test_the_flag_is_shown_until_the_chips_answer(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.15.0")
    await overheat(miner, clock)
    clock.advance(35)
    assert miner.phase is Phase.STARTING
    assert (await info(session, miner))["overheat_mode"] == 1
    clock.advance(30)
    assert (await info(session, miner))["overheat_mode"] == 0


@pytest.mark.parametrize(("regulator", "trips"), [(105, False), (106, True)])
async def test_a_hot_regulator_keeps_the_chips_off(
    start_miner: StartMiner, clock: ManualClock, regulator: float, trips: bool
) -> None:
    miner = await start_miner(firmware="2.15.0")
    miner.inject("hot", regulator=regulator, insulation=1)
    clock.advance(300)
    assert (miner.phase is Phase.COOLING) is trips
    for value, cooling in ((96, trips), (95, False)):
        miner.inject("hot", regulator=value, insulation=1)
        clock.advance(60)
        assert (miner.phase is Phase.COOLING) is cooling
        assert miner.truth.hashing is not cooling


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"frequency": 525, "coreVoltage": 1150}, (425, 1050)),
        ({"frequency": 100, "coreVoltage": 1150}, (400, 1050)),
        ({"frequency": 101, "coreVoltage": 1150}, (1, 1050)),
        ({"frequency": 90.5, "coreVoltage": 1100}, (400, 1000)),
    ],
)
async def test_set_points_after_an_overheat(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    before: dict[str, float],
    after: tuple[int, int],
) -> None:
    miner = await start_miner(firmware="2.15.0")
    await patch(session, miner, **before)
    await overheat(miner, clock)
    clock.advance(120)
    reply = await info(session, miner)
    assert (reply["frequency"], reply["coreVoltage"]) == after
    assert miner.truth.hashing


async def test_a_tiny_voltage_becomes_1000(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(model="supra_401", core_voltage=100)
    await overheat(miner, clock)
    clock.advance(300)
    assert (await info(session, miner))["coreVoltage"] == 1000


@pytest.mark.parametrize("firmware", ["2.12.2", "2.15.0"])
async def test_an_overheat_at_1060_mv_leaves_a_miner_that_needs_help(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    firmware: str,
) -> None:
    miner = await start_miner(firmware=firmware, core_voltage=1060)
    await overheat(miner, clock)
    clock.advance(300)
    reply = await info(session, miner)
    assert (reply["coreVoltage"], reply["overheat_mode"]) == (960, 1)
    assert (reply["coreVoltageActual"], reply["fanspeed"]) == (0, 100)
    assert (reply["hashRate"] > 900) is (firmware == "2.12.2")
    for settings in ({"coreVoltage": 1060}, {"overheat_mode": 0}):
        miner.reboot()
        clock.advance(300)
        assert miner.phase is Phase.FAULT
        await patch(session, miner, **settings)
        clock.advance(300)
        assert miner.phase is Phase.FAULT
    miner.reboot()
    clock.advance(300)
    reply = await info(session, miner)
    assert miner.truth.hashing
    assert (reply["coreVoltage"], reply["overheat_mode"]) == (1060, 0)


@pytest.mark.parametrize(
    ("model", "lowest"),
    [
        ("gamma_601", 1000),
        ("ultra_207", 1000),
        ("hex_303", 833),
        ("suprahex_702", 833),
        ("gt_801", 1000),
        ("supra_401", 46),
        ("max_102", 46),
    ],
)
async def test_below_the_regulator_s_minimum_a_boot_finds_no_chips(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    model: str,
    lowest: int,
) -> None:
    miner = await start_miner(model=model, firmware="2.15.0")
    for millivolts, phase in ((lowest - 1, Phase.FAULT), (lowest, Phase.HASHING)):
        await patch(session, miner, coreVoltage=millivolts)
        miner.reboot()
        clock.advance(120)
        assert miner.phase is phase, millivolts


@pytest.mark.parametrize(("firmware", "uptime"), [("2.12.2", 600), ("2.15.0", 0)])
async def test_chips_dead_at_boot(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    firmware: str,
    uptime: int,
) -> None:
    miner = await start_miner(firmware=firmware)
    miner.inject("dead_chips")
    clock.advance(60)
    assert miner.truth.hashing
    miner.reboot()
    clock.advance(600)
    reply = await info(session, miner)
    assert reply["uptimeSeconds"] == uptime
    assert (reply["hashRate"], reply["temp"], reply["coreVoltageActual"]) == (0, -1, 0)
    assert "hashrateMonitor" not in reply
    miner.clear("dead_chips")
    clock.advance(60)
    assert not miner.truth.hashing
    miner.reboot()
    clock.advance(60)
    assert miner.truth.hashing
    assert (await info(session, miner))["uptimeSeconds"] == 60


# 15.4: pause


async def test_a_pause_keeps_the_counts_of_the_chips_at_zero(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.15.0")
    await send(session, miner, "POST", "system/pause")
    clock.advance(60)
    reply = await info(session, miner)
    assert (reply["power"], reply["fanspeed"]) == (pytest.approx(5, abs=0.2), 30)
    assert reply["coreVoltageActual"] == 0
    (chip,) = reply["hashrateMonitor"]["asics"]
    assert (chip["total"], chip["domains"]) == (0, [0, 0, 0, 0])


async def test_a_resume_blows_and_ramps_before_it_hashes(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.15.0")
    await send(session, miner, "POST", "system/pause")
    clock.advance(60)
    await send(session, miner, "POST", "system/resume")
    clock.advance(2)
    reply = await info(session, miner)
    assert (reply["fanspeed"], reply["actualFrequency"]) == (70, 50)
    clock.advance(7)
    reply = await info(session, miner)
    assert 50 < reply["actualFrequency"] < 525
    assert reply["hashRate"] == 0
    clock.advance(2)
    assert not miner.truth.hashing
    clock.advance(2)
    assert miner.truth.hashing


# faults by name


@pytest.mark.parametrize(
    ("firmware", "parameters", "kept"),
    [
        ("2.12.2", {}, True),
        ("2.12.2", {"frozen": False}, False),
        ("2.15.0", {}, False),
        ("2.15.0", {"frozen": True}, True),
    ],
)
async def test_a_lost_regulator_may_keep_the_hash_rate_on_show(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    firmware: str,
    parameters: dict[str, Any],
    kept: bool,
) -> None:
    miner = await start_miner(firmware=firmware)
    miner.inject("power_fault", **parameters)
    clock.advance(120)
    reply = await info(session, miner)
    assert reply["power_fault"]
    assert reply["power"] == pytest.approx(5, abs=0.2)
    assert (reply["current"], reply["coreVoltageActual"]) == (0, 0)
    assert (reply["hashRate"] > 900) is kept
    assert not miner.truth.hashing


async def test_an_absurd_rate_lasts_until_a_restart(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.15.0")
    miner.inject("absurd_rate")
    for _ in range(3):
        clock.advance(600)
        reply = await info(session, miner)
        assert reply["hashRate"] == reply["hashRate_1m"] == 199_870
        assert reply["hashRate_10m"] < 1500
    miner.reboot()
    clock.advance(120)
    assert (await info(session, miner))["hashRate"] < 1500
    miner.inject("absurd_rate", ghs=42_000)
    assert (await info(session, miner))["hashRate_1m"] == 42_000


async def test_a_signal_gets_weaker_from_reply_to_reply(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner()
    for parameters, expected in (
        ({}, [-80, -86, -90, -90]),
        ({"values": [-40, -90]}, [-40, -90, -90, -90]),
    ):
        miner.inject("wifi_rssi", **parameters)
        shown = [(await info(session, miner))["wifiRSSI"] for _ in expected]
        assert shown == expected


# 15.1: whom it answers


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("10.1.2.3", 200),
        ("172.16.0.1", 200),
        ("172.31.255.254", 200),
        ("192.168.178.20", 200),
        ("172.32.0.1", 401),
        ("100.64.0.7", 401),
        ("169.254.10.1", 401),
        ("8.8.8.8", 401),
        ("fe80::1", 401),
    ],
)
async def test_only_peers_of_private_networks_are_answered(
    start_miner: StartMiner, session: aiohttp.ClientSession, address: str, status: int
) -> None:
    miner = await start_miner(firmware="2.15.0")
    miner.inject("peer", address=address)
    answer = await send(session, miner, "GET", "system/info")
    assert answer[0] == status
    if status == 401:
        assert answer[1:] == ("text/html", b"Unauthorized")
        body = b'{"frequency": 490}'
        assert (await send(session, miner, "PATCH", "system", body))[0] == 401
        assert (await send(session, miner, "GET", "nothing"))[0] == 401
        assert miner.reply("info")["frequency"] == 525


@pytest.mark.parametrize(
    ("firmware", "read", "written"),
    [("2.4.0", 200, 200), ("2.5.0", 200, 401), ("2.6.0", 401, 401)],
)
async def test_strangers_are_refused_since_2_5(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    firmware: str,
    read: int,
    written: int,
) -> None:
    miner = await start_miner(firmware=firmware)
    miner.inject("peer", address="100.64.0.7")
    assert (await send(session, miner, "GET", "system/info"))[0] == read
    assert (await send(session, miner, "PATCH", "system", b"{}"))[0] == written


@pytest.mark.parametrize("path", ["system/info", "system"])
@pytest.mark.parametrize(
    ("scheme", "host", "newest", "older"),
    [
        ("http:", "192.168.1.20", 200, 200),
        ("http:", "10.0.0.2", 200, 200),
        ("http:", "bitaxe.local", 200, 401),
        ("http:", "homeassistant", 200, 401),
        ("http:", "192.168.1.20:8123", 401, 401),
        ("https:", "192.168.1.20", 401, 401),
        ("http:", "example.com", 401, 401),
        ("http:", "8.8.8.8", 401, 401),
        ("http:", "100.64.0.7", 401, 401),
        ("null", "", 401, 401),
    ],
)
async def test_pages_of_other_origins(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    path: str,
    scheme: str,
    host: str,
    newest: int,
    older: int,
) -> None:
    method = "GET" if path.endswith("info") else "PATCH"
    for firmware, status in (("2.15.0", newest), ("2.12.2", older)):
        miner = await start_miner(name=firmware, firmware=firmware)
        headers = {"Origin": f"{scheme}//{host}" if host else scheme}
        answer = await send(session, miner, method, path, b"{}", headers)
        assert answer[0] == status, firmware


async def test_other_firmware_asks_nobody_where_from(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(model="luckyminer_lv08")
    miner.inject("peer", address="8.8.8.8")
    assert (await info(session, miner))["hashRate"] > 0


# 15.1: what it reads


async def settled(miner: SimulatedMiner, clock: ManualClock) -> dict[str, Any]:
    """Return the reply after all settings were applied."""
    clock.advance(5)
    return miner.reply("info")


@pytest.mark.parametrize(
    ("body", "key", "value"),
    [
        (b'{"manualFanSpeed": 55.6}', "manualFanSpeed", 55),
        (b'{"temptarget": 64.99}', "temptarget", 64),
        (b'{"autofanspeed": 0.9}', "autofanspeed", 0),
        (b'{"rotation": 180.7}', "rotation", 180),
        (b'{"displayTimeout": -0.5}', "displayTimeout", 0),
        (b'{"frequency": 525.0004}', "frequency", 525.0004272),
        (b'{"frequency": 593.75}', "frequency", 593.75),
        (b'{"frequency": 490, "frequency": 500}', "frequency", 490),
        (b'{"Frequency": 490, "FREQUENCY": 500}', "frequency", 490),
        (b'{"frequency": 490} and more', "frequency", 490),
        (b'{"frequency": 490}}]', "frequency", 490),
        (b'{"frequency": 490}\0{"frequency": 500}', "frequency", 490),
        (b'{"frequency": 00490}', "frequency", 490),
        (b'{"frequency": 4.9e2}', "frequency", 490),
        (b'\xef\xbb\xbf{"frequency": 490}', "frequency", 490),
        (b'{"hostname": "caf\\u00e9"}', "hostname", "caf\xe9"),
        (b'{"display": "NONE"}', "display", "NONE"),
        (b'{"hostname": "a\\"\\/\\\\b"}', "hostname", 'a"/\\b'),
        (b'{"hostname": "\\ud83d\\ude00"}', "hostname", "\U0001f600"),
        (b'{"x": null, "frequency": 490}', "frequency", 490),
        (b'{"x": [{}, []], "frequency": 490}', "frequency", 490),
        pytest.param(
            b'{"x": ' + DEEP + b', "frequency": 490}', "frequency", 490, id="deep"
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("firmware", ["2.12.2", "2.15.0"])
async def test_bodies_that_are_taken(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    firmware: str,
    body: bytes,
    key: str,
    value: Any,
) -> None:
    miner = await start_miner(firmware=firmware)
    assert (await send(session, miner, "PATCH", "system", body))[0] == 200
    assert (await settled(miner, clock))[key] == value


async def test_bad_utf_8_is_stored_and_shown(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.15.0")
    body = b'{"ssid": "home\xff"}'
    assert (await send(session, miner, "PATCH", "system", body))[0] == 200
    clock.advance(5)
    assert b'"ssid":"home\xff"' in (await send(session, miner, "GET", "system/info"))[2]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        pytest.param(b'{"x": ' + TOO_DEEP + b"}", b"Invalid JSON", id="too deep"),
        (b"", b"Invalid JSON"),
        (b'{"frequency": 490,}', b"Invalid JSON"),
        (b'{"frequency": +490}', b"Invalid JSON"),
        (b'{"frequency" 490}', b"Invalid JSON"),
        (b'{"frequency": 490 "x": 1}', b"Invalid JSON"),
        (b'{"hostname": "a\\x"}', b"Invalid JSON"),
        (b"nothing", b"Invalid JSON"),
        (b'\0{"frequency": 490}', b"Invalid JSON"),
        (b'{"frequency": 0.5}', b"Wrong API input"),
        (b'{"frequency": 1e999}', b"Wrong API input"),
        (b'{"coreVoltage": 1e999}', b"Wrong API input"),
        ('{"hostname": "{}"}'.replace("{}", 17 * "Ä", 1).encode(), b"Wrong API input"),
        (b'{"minFanSpeed": "55"}', b"Wrong API input"),
        (b'{"overheat_mode": 1.5}', b"Wrong API input"),
        (b'{"primaryPoolIndex": 9}', b"Wrong API input"),
    ],
)
async def test_bodies_that_are_refused(
    start_miner: StartMiner, session: aiohttp.ClientSession, body: bytes, text: bytes
) -> None:
    miner = await start_miner(firmware="2.15.0")
    answer = await send(session, miner, "PATCH", "system", body)
    assert answer == (400, "text/html", text)
    assert miner.flash_writes == 0


async def test_a_body_that_is_too_long(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(firmware="2.15.0")
    answer = await send(session, miner, "PATCH", "system", b" " * 10_240)
    assert answer == (500, "text/html", b"content too long")


async def test_an_overheat_flag_of_a_half_is_cleared(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.12.2", core_voltage=1060)
    await overheat(miner, clock)
    clock.advance(300)
    body = b'{"overheat_mode": 0.5}'
    assert (await send(session, miner, "PATCH", "system", body))[0] == 200
    assert (await settled(miner, clock))["overheat_mode"] == 0


@pytest.mark.parametrize(
    ("firmware", "status"), [("2.12.2", 200), ("2.13.0", 400), ("2.15.0", 200)]
)
@pytest.mark.parametrize(
    "body", [b'{"stratumPort": 0}', b'{"stratumURL": "%s"}' % (b"x" * 129)]
)
async def test_pools_of_2_12_are_hardly_checked_and_those_of_2_15_are_elsewhere(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    firmware: str,
    status: int,
    body: bytes,
) -> None:
    miner = await start_miner(firmware=firmware)
    assert (await send(session, miner, "PATCH", "system", body))[0] == status


async def test_a_number_for_the_display_crashes_2_12(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.12.2")
    body = b'{"frequency": 490, "display": 1}'
    with pytest.raises(aiohttp.ClientError):
        await send(session, miner, "PATCH", "system", body)
    assert miner.phase is Phase.BOOTING
    clock.advance(60)
    reply = await info(session, miner)
    assert "panic" in reply["resetReason"]
    assert (reply["frequency"], miner.truth.restarts) == (525, 1)
    newer = await start_miner(name="newer", firmware="2.15.0")
    assert (await send(session, newer, "PATCH", "system", body))[0] == 400


async def test_a_changed_host_name_is_answered_by_the_old_one(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.15.0", hostname="cellar")
    answer = await send(session, miner, "PATCH", "system", b'{"hostname": "attic"}')
    assert answer[:2] == (200, "text/html")
    assert b"cellar" in answer[2]
    assert b"attic" not in answer[2]
    assert (await settled(miner, clock))["hostname"] == "attic"


@pytest.mark.parametrize(("frequency", "stale"), [(1100, False), (1200, True)])
async def test_the_core_voltage_is_not_read_during_a_long_ramp(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    frequency: int,
    stale: bool,
) -> None:
    miner = await start_miner(firmware="2.15.0", frequency=500)
    await patch(session, miner, coreVoltage=1250, frequency=frequency)
    clock.advance(9)
    assert ((await info(session, miner))["coreVoltageActual"] < 1200) is stale
    clock.advance(5)
    reply = await info(session, miner)
    assert reply["coreVoltageActual"] == pytest.approx(1243, abs=8)
    assert reply["actualFrequency"] == frequency


# 15.1: pools of 2.15

POOL: dict[str, Any] = {
    "stratumURL": "pool.example",
    "stratumPort": 3333,
    "stratumUser": "me",
}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"stratumPort": 1.5}, 200),
        ({"stratumURL": "x" * 255}, 200),
        ({"stratumTLS": 2}, 200),
        ({"stratumProtocol": "SV2"}, 200),
        ({"stratumUser": ""}, 400),
        ({"stratumURL": ""}, 400),
        ({"stratumURL": "x" * 256}, 400),
        ({"stratumPort": 0.5}, 400),
        ({"stratumTLS": 3}, 400),
        ({"stratumProtocol": "SV3"}, 400),
        ({"stratumPassword": 5}, 400),
    ],
)
async def test_pools(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    changes: dict[str, Any],
    status: int,
) -> None:
    miner = await start_miner(firmware="2.15.0")
    pool = POOL | changes
    alone = json.dumps(pool).encode()
    assert (await send(session, miner, "PUT", "system/pools/3", alone))[0] == status
    listed = json.dumps({"pools": [pool | {"id": 2.5}]}).encode()
    assert (await send(session, miner, "PATCH", "system", listed))[0] == status
    slots = [item["id"] for item in miner.reply("info")["pools"]]
    assert slots == ([0, 1, 2, 3] if status == 200 else [0, 1])
    if changes == {"stratumPort": 1.5}:
        assert miner.reply("info")["pools"][2]["stratumPort"] == 1


async def test_the_case_of_a_pool_s_keys_does_not_matter(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(firmware="2.15.0")
    pool = {name.upper(): value for name, value in POOL.items()}
    body = json.dumps(pool).encode()
    assert (await send(session, miner, "PUT", "system/pools/2", body))[0] == 200
    body = json.dumps({"Pools": [pool | {"ID": 3}]}).encode()
    assert (await send(session, miner, "PATCH", "system", body))[0] == 200
    pools = miner.reply("info")["pools"][2:]
    assert [item["stratumURL"] for item in pools] == ["pool.example"] * 2


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_there_is_no_ninth_pool(
    start_miner: StartMiner, session: aiohttp.ClientSession, method: str
) -> None:
    miner = await start_miner(firmware="2.15.0")
    for slot in ("8", "9", "-1"):
        body = json.dumps(POOL).encode()
        answer = await send(session, miner, method, f"system/pools/{slot}", body)
        assert answer[:2] == (400, "text/html"), slot


async def test_the_stored_choice_keeps_a_pool_from_being_deleted(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.15.0")
    path = "system/pools/{}".format
    await send(session, miner, "PUT", path(4), json.dumps(POOL).encode())
    assert (await send(session, miner, "DELETE", path("abc")))[0] == 400
    await patch(session, miner, primaryPoolIndex=4)
    clock.advance(5)
    assert miner.reply("info")["primaryPoolIndex"] == 0
    assert (await send(session, miner, "DELETE", path(4)))[0] == 400
    assert (await send(session, miner, "DELETE", path("abc")))[0] == 200
    assert [pool["id"] for pool in miner.reply("info")["pools"]] == [1, 4]


# 15.1 and 15.5: the web server


async def raw(miner: SimulatedMiner, request: bytes) -> bytes:
    """Return the bytes of one answer to bytes."""
    reader, writer = await asyncio.open_connection(miner.host, miner.port)
    writer.write(request)
    async with asyncio.timeout(30):
        head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return head


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"FETCH /api/system/info HTTP/1.1", b"400 Bad Request"),
        (b"get /api/system/info HTTP/1.1", b"400 Bad Request"),
        (b"GET /nothing HTTP/1.1", b"302 Temporary Redirect"),
        (b"GET /" + b"a" * 2100 + b" HTTP/1.1", b"414 "),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 1100, b"431 "),
    ],
)
async def test_answers_of_the_web_server(
    start_miner: StartMiner, request_line: bytes, status: bytes
) -> None:
    miner = await start_miner(firmware="2.15.0")
    head = await raw(miner, request_line + b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status)
    assert b"connection: close" not in head.lower()
    assert b"content-type: text/html" in head.lower()


async def test_a_page_is_told_what_it_may_ask(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(firmware="2.15.0")
    for path in ("system", "theme"):
        async with session.options(f"{miner.url}/api/{path}") as response:
            assert response.status == 200
            assert "PATCH" in response.headers["Access-Control-Allow-Methods"]
    assert (await send(session, miner, "OPTIONS", "nothing"))[0] == 404


async def test_the_colours_of_the_page(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(firmware="2.15.0")
    body = b'{"colorScheme": "light", "other": 1}'
    answer = await send(session, miner, "POST", "theme", body)
    assert (answer[0], json.loads(answer[2])) == (200, {"status": "ok"})
    theme = json.loads((await send(session, miner, "GET", "theme"))[2])
    assert theme.keys() == {"colorScheme", "primaryColor"}
    assert theme["colorScheme"] == "light"
    answer = await send(session, miner, "POST", "theme", b"{")
    assert answer == (400, "text/html", b"Invalid JSON")


def test_a_scan_takes_seconds() -> None:
    api = Api(Device(MinerSpec(name="m", firmware="2.6.0"), ManualClock()))
    answer = api.respond("GET", "/api/system/wifi/scan")
    assert answer.delay >= 2
    for network in json.loads(answer.body)["networks"]:
        assert network.keys() == {"ssid", "rssi", "authmode"}


async def test_the_log_is_a_file(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(firmware="2.14.0")
    async with session.get(f"{miner.url}/api/system/logs") as response:
        assert response.content_type == "text/plain"
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert "v2.14.0" in await response.text()


async def test_another_partition_is_booted(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.15.0")
    for body in (b"", b"{}", b'{"partition": ""}', b'{"partition": "ota_9"}'):
        answer = await send(session, miner, "POST", "system/boot", body)
        assert answer[:2] == (400, "text/html")
    body = b'{"partition": "factory"}'
    assert (await send(session, miner, "POST", "system/boot", body))[0] == 200
    clock.advance(60)
    reply = await info(session, miner)
    assert (miner.truth.restarts, reply["runningPartition"]) == (1, "factory")
    current = [item["label"] for item in reply["partitions"] if item["isCurrent"]]
    assert current == ["factory"]


def test_every_fault_is_described() -> None:
    text = (Path(axeos.__file__).parent / "README.md").read_text("utf-8")
    described = set(re.findall(r"`(\w+)`", text))
    assert described >= KNOWN


async def test_some_regulators_never_tell_a_fault(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    for model, told in (("supra_401", False), ("gamma_601", True)):
        miner = await start_miner(name=model, model=model, firmware="2.15.0")
        miner.inject("power_fault")
        assert ("power_fault" in await info(session, miner)) is told
