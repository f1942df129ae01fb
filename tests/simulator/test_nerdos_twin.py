"""NerdOS behaves as its own code did when it ran."""

import json
from typing import Any

import aiohttp
import pytest

from simulator import ManualClock, Phase, SimulatedMiner
from simulator.axeos.boards import BOARDS
from simulator.axeos.nerdos import BoardError

from .conftest import StartMiner

CODE = "123456"
QAXE = {"model": "nerdqaxeplusplus", "firmware": "1.0.38"}
INFO = "/api/system/info"


async def send(
    session: aiohttp.ClientSession,
    miner: SimulatedMiner,
    body: bytes | dict[str, Any],
    **headers: str,
) -> tuple[int, str]:
    """Send a PATCH as it is."""
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"{miner.url}/api/system"
    async with session.patch(url, data=data, headers=names) as response:
        return response.status, await response.text()


async def post(
    session: aiohttp.ClientSession, miner: SimulatedMiner, path: str, **headers: str
) -> tuple[int, str]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    async with session.post(f"{miner.url}/api/{path}", headers=names) as response:
        return response.status, await response.text()


async def get(
    session: aiohttp.ClientSession, miner: SimulatedMiner, path: str
) -> tuple[dict[str, str], Any]:
    async with session.get(f"{miner.url}{path}") as response:
        assert response.status == 200
        return dict(response.headers), json.loads(await response.read())


def info(miner: SimulatedMiner) -> dict[str, Any]:
    return miner.reply("info")


async def test_replies_are_chunked_and_compact(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(**QAXE)
    async with session.get(miner.url + INFO) as response:
        body = await response.read()
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert response.headers["Connection"] == "close"
    assert b"\n" not in body
    assert json.loads(body)["deviceModel"] == "NerdQAxe++"


async def test_history_only_where_it_is_asked_for(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(**QAXE)
    for query, asked in (("", False), ("?ts=0", False), ("?cur=1&ts=1700", True)):
        _, reply = await get(session, miner, INFO + query)
        assert ("history" in reply) is asked


async def test_nothing_is_measured_at_boot(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(**QAXE)
    miner.reboot()
    clock.advance(15)
    keys = ("smallCoreCount", "power", "voltage", "temp", "hashRate")
    assert [info(miner)[key] for key in keys] == [0] * 5
    clock.advance(30)
    assert all(info(miner)[key] > 0 for key in keys)


@pytest.mark.parametrize(
    ("model", "internal", "volts"),
    [
        ("nerdaxe", False, (4.5, 5.5)),
        ("nerdaxegamma", False, (4.5, 5.5)),
        ("nerdqaxeplusplus", True, (11, 13)),
    ],
)
async def test_sensors_and_supply_of_the_boards(
    start_miner: StartMiner, model: str, internal: bool, volts: tuple[float, float]
) -> None:
    reply = info(await start_miner(model=model, firmware="1.0.38"))
    assert (reply["vrTempInt"] > 0) is internal
    assert (reply["minVoltage"], reply["maxVoltage"]) == volts
    assert set(reply["asicTemps"]) == {0}


BOARD_TABLE = {
    "nerdaxe": ((400, 575), 485, (1100, 1300), 1200, (0, 0), 15),
    "nerdaxegamma": ((500, 575), 515, (1120, 1200), 1150, (0, 0), 25),
    "nerdqaxeplus": ((400, 575), 490, (1100, 1350), 1250, (800, 1400), 70),
    "nerdqaxeplusplus": ((500, 600), 600, (1120, 1200), 1150, (800, 1400), 100),
    "nerdhaxegamma": ((500, 600), 600, (1120, 1200), 1150, (800, 1400), 250),
    "nerdoctaxegamma": ((500, 600), 600, (1120, 1200), 1150, (800, 1400), 250),
    "nerdeko": ((500, 600), 600, (1120, 1200), 1150, (800, 1400), 350),
    "nerdoctaxegamma_tps53667": (
        *((525, 800), 700, (1120, 1260), 1210, (850, 1400)),
        300,
    ),
    "nerdoctaxeplus": ((400, 575), 490, (1100, 1350), 1250, (800, 1400), 130),
}


@pytest.mark.parametrize("model", BOARD_TABLE)
async def test_what_each_board_offers(start_miner: StartMiner, model: str) -> None:
    miner = await start_miner(model=model, firmware="1.0.38")
    mhz, default_mhz, volts, default_mv, most, watts = BOARD_TABLE[model]
    asic = miner.reply("asic")
    frequencies, voltages = asic["frequencyOptions"], asic["voltageOptions"]
    assert (min(frequencies), max(frequencies)) == mhz
    assert (min(voltages), max(voltages)) == volts
    assert (asic["defaultFrequency"], asic["defaultVoltage"]) == (
        default_mhz,
        default_mv,
    )
    assert (asic["absMaxFrequency"], asic["absMaxVoltage"]) == most
    assert info(miner)["maxPower"] == watts


async def test_averages_are_scaled_by_what_is_filled(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(**QAXE)
    full = info(miner)["hashRate_1d"]
    assert full == pytest.approx(4900, rel=0.02)
    miner.reboot()
    clock.advance(30 + 150)
    reply = info(miner)
    shares = {"10m": 0.25, "1h": 0.0417, "1d": 0.00174}
    for window, part in shares.items():
        assert reply[f"hashRate_{window}"] == pytest.approx(part * full, rel=0.1)
    assert reply["hashRate_1m"] == pytest.approx(full, rel=0.05)


async def test_a_rate_freezes_while_chips_do_not_answer(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(**QAXE)
    miner.inject("chips_silent")
    before = info(miner)["hashRate"]
    clock.advance(600)
    assert info(miner)["hashRate"] == before > 4000
    assert info(miner)["coreVoltageActual"] > 1100
    assert not miner.truth.hashing


async def test_a_rate_halves_while_chips_answer_zero(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(**QAXE)
    before = info(miner)["hashRate"]
    miner.inject("chips_zero")
    clock.advance(5)
    assert info(miner)["hashRate"] == pytest.approx(before / 2, rel=0.02)
    clock.advance(185)
    assert 1e-9 < info(miner)["hashRate"] < 1e-7
    clock.advance(590)
    assert 1e-44 < info(miner)["hashRate"] < 1e-42
    clock.advance(60)
    assert info(miner)["hashRate"] == 0


@pytest.mark.parametrize(
    ("model", "watts"),
    [("nerdqaxeplusplus", 4.9), ("nerdaxe", 5.0), ("nerdaxegamma", 5.3)],
)
async def test_a_lost_regulator(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    model: str,
    watts: float,
) -> None:
    miner = await start_miner(model=model, firmware="1.0.38")
    miner.inject("regulator_lost")
    clock.advance(10)
    reply = info(miner)
    kept = reply["hashRate"]
    assert (reply["coreVoltageActual"], reply["power"]) == (0, watts)
    assert kept > 300
    assert reply["shutdown"] is False
    assert "boardError" not in reply
    miner.clear("regulator_lost")
    clock.advance(600)
    assert info(miner)["hashRate"] == kept
    assert 0 < info(miner)["temp"] < 40
    _, page = await get(session, miner, "/api/v2/dashboard")
    assert page["system"]["boardError"] == 5
    miner.reboot()
    clock.advance(60)
    assert miner.truth.hashing
    _, page = await get(session, miner, "/api/v2/dashboard")
    assert page["system"]["boardError"] == 0


async def test_a_lost_input_is_told_on_the_page_only(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(**QAXE)
    miner.inject("input_lost")
    clock.advance(10)
    reply = info(miner)
    assert reply["voltage"] == -40
    for key in ("power", "current", "temp", "vrTemp", "hashRate", "coreVoltageActual"):
        assert reply[key] == 0, key
    _, page = await get(session, miner, "/api/v2/dashboard")
    assert page["system"]["boardError"] == 3


@pytest.mark.parametrize(
    ("firmware", "mode", "chip", "regulator", "error"),
    [
        ("1.0.38", 3, 50, 80, BoardError.CHIP),
        ("1.0.38", 3, 54, 80, BoardError.REGULATOR),
        ("1.0.38", 3, 70, 50, BoardError.NONE),
        ("1.0.38", 2, 70, 50, BoardError.REGULATOR),
        ("1.0.38", 2, 54, 80, BoardError.NONE),
        ("1.0.36", 2, 54, 80, BoardError.REGULATOR),
        ("1.0.36", 2, 70, 50, BoardError.NONE),
        ("1.0.38", 3, 0, 80, BoardError.NONE),
    ],
)
async def test_chip_and_regulator_trip_at_their_own_points(
    start_miner: StartMiner,
    clock: ManualClock,
    firmware: str,
    mode: int,
    chip: int,
    regulator: int,
    error: BoardError,
) -> None:
    """The chips are at 53 °C and the regulator at 55; nothing is stored."""
    miner = await start_miner(model="nerdqaxeplusplus", firmware=firmware)
    limits = {"overheat_temp": chip, "fan1OverheatTemp": regulator, "fan1Mode": mode}
    miner.device.flash.stored.update(limits)
    before = dict(miner.device.flash.stored)
    clock.advance(2)
    assert (miner.phase is Phase.COOLING) is (error is not BoardError.NONE)
    assert miner.device.error is error
    assert miner.device.flash.stored == before


async def test_the_fan_is_at_full_speed_while_it_is_hot(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(**QAXE)
    miner.inject("hot", temperature=71)
    clock.advance(5)
    assert miner.phase is Phase.COOLING
    clock.advance(2)
    assert info(miner)["fanspeed"] == 100
    miner.clear("hot")
    clock.advance(600)
    assert info(miner)["temp"] < 40
    assert info(miner)["fanspeed"] < 100


async def test_a_trip_point_of_zero_lasts_until_a_boot(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(**QAXE)
    await send(session, miner, {"overheat_temp": 0})
    miner.inject("hot", temperature=90)
    clock.advance(10)
    assert miner.truth.hashing
    assert info(miner)["overheat_temp"] == 0
    miner.clear("hot")
    miner.reboot()
    clock.advance(60)
    assert info(miner)["overheat_temp"] == 70


async def test_another_voltage_powers_chips_that_nobody_initialised(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(**QAXE)
    miner.inject("regulator_lost")
    clock.advance(5)
    await send(session, miner, {"coreVoltage": 1150})
    assert info(miner)["coreVoltageActual"] == 0
    await send(session, miner, {"coreVoltage": 1140})
    clock.advance(60)
    assert info(miner)["coreVoltageActual"] > 1100
    assert not miner.truth.hashing


@pytest.mark.parametrize(
    "value", ["525.0", '"525"', "true", "5.25e2", "-5", "70000", "0", "null", "[525]"]
)
async def test_only_whole_numbers_of_sixteen_bits_are_taken(
    start_miner: StartMiner, session: aiohttp.ClientSession, value: str
) -> None:
    miner = await start_miner(**QAXE)
    for key in ("frequency", "coreVoltage"):
        before = info(miner)[key]
        body = f'{{"{key}": {value}}}'.encode()
        assert await send(session, miner, body) == (200, "")
        assert info(miner)[key] == before


@pytest.mark.parametrize(
    ("body", "status", "mhz"),
    [
        (b'{"frequency":525}', 200, 525),
        (b'{"FREQUENCY":525,"Frequency":525}', 200, 600),
        (b'{"frequency":525,"frequency":550}', 200, 550),
        (b'{"frequency":525} and more', 200, 525),
        (b"{frequency:525}", 200, 525),
        (b"[1]", 200, 600),
        (b"5", 200, 600),
        (b"null", 200, 600),
        (b"", 400, 600),
        (b"{", 400, 600),
        (b"[" * 12 + b"]" * 12, 400, 600),
        (b'{"frequency":525,"x":"' + b"x" * 16_300 + b'"}', 200, 525),
        (b'{"frequency":525,"x":"' + b"x" * 16_400 + b'"}', 500, 600),
    ],
)
async def test_how_a_body_is_read(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    body: bytes,
    status: int,
    mhz: int,
) -> None:
    miner = await start_miner(**QAXE)
    told = {400: "Invalid JSON", 500: "content too long"}.get(status, "")
    assert await send(session, miner, body) == (status, told)
    assert info(miner)["frequency"] == mhz


async def test_older_firmware_takes_shorter_bodies(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(model="nerdqaxeplus", firmware="1.0.29")
    body = b'{"x":"' + b"x" * 11_000 + b'"}'
    assert (await send(session, miner, body))[0] == 500


async def test_set_points_are_cut_when_they_are_read(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(model="nerdqx")
    reply = info(miner)
    assert (reply["frequency"], reply["coreVoltage"]) == (495, 1150)
    assert miner.device.flash["frequency"] == 777
    qaxe = await start_miner(**QAXE)
    await send(session, qaxe, {"frequency": 900})
    assert info(qaxe)["frequency"] == qaxe.device.running_mhz == 800
    assert qaxe.device.flash["frequency"] == 900


async def test_there_are_no_other_ranges(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(**QAXE)
    body = {"manualFanSpeed": 300, "pidTargetTemp": 200, "pidP": 700}
    assert await send(session, miner, body) == (200, "")
    reply = info(miner)
    assert (reply["manualFanSpeed"], reply["pidTargetTemp"]) == (300, 200)
    assert reply["pidP"] == 44.64


@pytest.mark.parametrize(
    ("model", "asked", "shown"),
    [
        ("nerdqaxeplusplus", 900, 1143),
        ("nerdqaxeplusplus", 1010, 1004),
        ("nerdaxe", 2400, 1442),
        ("nerdaxe", 40, 1442),
        ("nerdaxe", 1300, 1292),
        ("nerdaxegamma", 990, 1143),
        ("nerdaxegamma", 3000, 2982),
    ],
)
async def test_what_a_regulator_does_with_a_voltage(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    model: str,
    asked: int,
    shown: int,
) -> None:
    miner = await start_miner(model=model, firmware="1.0.38")
    await send(session, miner, {"coreVoltage": asked})
    assert info(miner)["coreVoltage"] == asked
    assert info(miner)["coreVoltageActual"] == pytest.approx(shown, abs=4)


async def test_what_else_a_patch_knows(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(model="nerdqaxeplusplus", firmware="1.1.0")
    fans = [{"mode": 2, "pid": {"targetTemp": 57}}, {"mode": 2, "overheatTemp": 75}, 3]
    body = {
        "fans": fans,
        "poolMode": 1,
        "stratumTLS": True,
        "stratumDifficulty": 2000,
        "sv2ChannelType": 1,
        "flipscreen": 0,
    }
    await send(session, miner, body)
    reply = info(miner)
    assert reply["pidTargetTemp"] == 57
    assert [fan["mode"] for fan in reply["fans"]] == [2, 2]
    assert reply["fans"][1]["overheatTemp"] == 75
    assert (reply["stratumTLS"], reply["stratumDifficulty"]) == (True, 2000)
    assert (reply["sv2ChannelType"], reply["flipscreen"]) == (1, 1)
    assert (reply["stratum"]["poolMode"], reply["stratum"]["activePoolMode"]) == (1, 0)
    await send(session, miner, {"fans": ["x"], "pidP": True, "hostname": 5})
    miner.reboot()
    clock.advance(60)
    assert info(miner)["stratum"]["activePoolMode"] == 1


@pytest.mark.parametrize(
    ("firmware", "mode", "manual", "duty"),
    [
        ("1.0.30", 1, 40, None),
        ("1.0.38", 1, 40, 100),
        ("1.0.38", 0, 40, 40),
        ("1.0.38", 3, 40, 40),
        ("1.0.38", 2, 40, None),
    ],
)
async def test_the_fan_follows_in_one_mode_only(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    firmware: str,
    mode: int,
    manual: int,
    duty: int | None,
) -> None:
    miner = await start_miner(model="nerdqaxeplusplus", firmware=firmware)
    key = "manualFanSpeed" if firmware == "1.0.38" else "fanspeed"
    await send(session, miner, {"autofanspeed": mode, key: manual})
    clock.advance(30)
    told = info(miner)["fanspeed"]
    assert told == duty if duty is not None else told not in (40, 100)
    if mode == 1 and duty:
        miner.reboot()
        clock.advance(60)
        assert info(miner)["fanspeed"] == manual


@pytest.mark.parametrize(
    ("model", "target"),
    [("nerdqaxeplusplus", 55), ("nerdaxegamma", 60), ("nerdqx", 58)],
)
async def test_the_usual_targets(
    start_miner: StartMiner, model: str, target: int
) -> None:
    assert info(await start_miner(model=model))["pidTargetTemp"] == target
    assert BOARDS[model].fan_target == target


async def test_a_shutdown_comes_after_its_answer(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(**QAXE)
    assert await post(session, miner, "system/shutdown") == (
        200,
        "System will shutdown shortly.",
    )
    assert info(miner)["shutdown"] is False
    clock.advance(2)
    reply = info(miner)
    assert reply["shutdown"] is True
    assert reply["lastpingrtt"] == 0
    assert reply["stratum"]["pools"][0]["connected"] is False
    averages = [reply[f"hashRate_{window}"] for window in ("1m", "10m", "1h", "1d")]
    assert averages == [0] * 4


async def test_the_key_of_a_shutdown_is_older_than_its_route(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(model="nerdqaxeplus", firmware="1.0.35")
    assert info(miner)["shutdown"] is False
    assert (await post(session, miner, "system/shutdown"))[0] == 405


async def test_an_hour_without_a_pool_ends_in_a_reboot(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(**QAXE)
    miner.inject("pool_lost")
    clock.advance(3590)
    assert miner.truth.restarts == 0
    assert info(miner)["stratum"]["pools"][0]["connected"] is False
    clock.advance(20)
    assert miner.truth.restarts == 1


async def test_blocks_are_counted_for_ever_and_since_a_reset(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(**QAXE, otp_code=CODE)
    miner.inject("block_found")
    assert [info(miner)[key] for key in ("foundBlocks", "totalFoundBlocks")] == [1, 1]
    assert await post(session, miner, "system/reset-stats") == (204, "")
    reply = info(miner)
    assert (reply["foundBlocks"], reply["totalFoundBlocks"]) == (0, 1)
    assert reply["sharesAccepted"] == reply["sharesRejected"] == 0
    assert reply["bestSessionDiff"] == 0
    assert reply["bestDiff"] > 0


async def test_slaves_are_in_one_rate_only(start_miner: StartMiner) -> None:
    miner = await start_miner(**QAXE)
    assert info(miner)["can"] == {"hasExtension": False, "enabled": False}
    alone = info(miner)
    miner.inject("can_slaves", ghs=10_000, watts=200)
    reply = info(miner)
    assert reply["hashRate"] == pytest.approx(alone["hashRate"] + 10_000, rel=0.01)
    assert reply["hashRate_1m"] == pytest.approx(alone["hashRate_1m"], rel=0.01)
    assert reply["power"] == pytest.approx(alone["power"], rel=0.01)
    assert reply["can"]["fleetPower"] == pytest.approx(reply["power"] + 200)


@pytest.mark.parametrize(("firmware", "output"), [("1.0.35", True), ("1.0.36", False)])
async def test_the_current_of_a_gamma(
    start_miner: StartMiner, firmware: str, output: bool
) -> None:
    reply = info(await start_miner(model="nerdaxegamma", firmware=firmware))
    watts = reply["current"] * reply["voltage"] / 1e6
    assert (watts > 2 * reply["power"]) is output


async def test_a_code_is_taken_once(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(**QAXE, otp_code=CODE)
    for status in (200, 401):
        assert (await post(session, miner, "otp/session", X_TOTP=CODE))[0] == status
    clock.advance(30)
    assert (await send(session, miner, {"frequency": 590}, X_TOTP=CODE))[0] == 200
    assert info(miner)["frequency"] == 590


async def test_wrong_codes_for_a_session_lock_nothing(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(**QAXE, otp_code=CODE)
    for _ in range(8):
        refused = await post(session, miner, "otp/session", X_TOTP="000000")
        assert refused == (401, "Invalid TOTP")
    assert (await post(session, miner, "otp/session", X_TOTP=CODE))[0] == 200


async def test_no_session_counts_before_the_clock_is_set(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(**QAXE, otp_code=CODE)
    _, text = await post(session, miner, "otp/session", X_TOTP=CODE)
    show = {"X_OTP_Session": json.loads(text)["token"]}
    miner.inject("clock_unset")
    refused = await send(session, miner, {"frequency": 590}, **show)
    assert refused == (401, "OTP/Session required")
    miner.clear("clock_unset")
    assert (await send(session, miner, {"frequency": 590}, **show))[0] == 200
