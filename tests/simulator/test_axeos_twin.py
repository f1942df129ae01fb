"""AxeOS as its own running code was seen: ESP-Miner v2.15.0 and v2.12.2."""

import json
from typing import Any

import aiohttp
import pytest

from simulator import ManualClock, Phase, SimulatedMiner

from .conftest import StartMiner

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
