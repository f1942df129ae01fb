"""A miner's life: boot, power, pause, overheating, identify, updates."""

import asyncio
from typing import Any

import aiohttp
import pytest

from simulator import Farm, ManualClock, MinerSpec, Phase, SimulatedMiner

from .conftest import StartMiner


async def post(
    session: aiohttp.ClientSession, miner: SimulatedMiner, command: str
) -> tuple[str, Any]:
    url = f"{miner.url}/api/system/{command}"
    async with session.post(url) as response:
        assert response.status == 200
        if response.content_type == "application/json":
            return response.content_type, await response.json()
        return response.content_type, await response.text()


async def patch(
    session: aiohttp.ClientSession, miner: SimulatedMiner, **settings: Any
) -> None:
    async with session.patch(miner.url + "/api/system", json=settings) as response:
        assert response.status == 200


async def reachable(session: aiohttp.ClientSession, miner: SimulatedMiner) -> bool:
    try:
        async with session.get(miner.url + "/api/system/info") as response:
            return response.status == 200
    except aiohttp.ClientConnectorError:
        return False


async def test_a_restart_takes_as_long_as_on_the_device(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.12.2")
    before = miner.reply("info")
    kind, text = await post(session, miner, "restart")
    assert kind == "text/html"
    assert "restart" in text
    assert await reachable(session, miner)
    clock.advance(1)
    assert not await reachable(session, miner)
    clock.advance(9.9)
    assert not await reachable(session, miner)
    clock.advance(0.1)
    assert await reachable(session, miner)
    reply = miner.reply("info")
    assert (reply["hashRate"], reply["temp"], reply["hashRate_1m"]) == (0, -1, 0)
    assert reply["sharesAccepted"] == 0
    assert reply["bestDiff"] == before["bestDiff"]
    assert reply["resetReason"] != before["resetReason"]
    assert "hashrateMonitor" not in reply
    assert reply["coreVoltageActual"] == 0
    clock.advance(20)
    assert miner.phase is Phase.HASHING
    clock.advance(15)
    assert miner.reply("info")["hashRate"] > 900
    assert miner.truth.restarts == 1


async def test_two_restarts_in_a_second_are_one(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner()
    await post(session, miner, "restart")
    await post(session, miner, "restart")
    clock.advance(60)
    assert miner.truth.restarts == 1


async def test_restart_answers_json_since_2_13(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(firmware="2.13.0")
    kind, answer = await post(session, miner, "restart")
    assert kind == "application/json"
    assert answer["message"]


async def test_power_cuts(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner()
    port = miner.port
    await miner.stop()
    assert miner.truth.power_w > 0
    clock.advance(1)
    energy = miner.truth.energy_wh
    clock.advance(7200)
    assert not await reachable(session, miner)
    truth = miner.truth
    assert (truth.power_w, truth.hashing) == (0, False)
    assert truth.energy_wh == pytest.approx(energy)
    assert truth.temperature < 30
    miner.reboot()
    assert miner.truth.restarts == 0
    await miner.start()
    await miner.start()
    clock.advance(10)
    assert await reachable(session, miner)
    assert (miner.port, miner.reply("info")["uptimeSeconds"]) == (port, 10)
    assert miner.truth.restarts == 1


async def test_moving_to_another_port(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner()
    old = miner.url
    await miner.move("127.0.0.1", 0)
    assert await reachable(session, miner)
    with pytest.raises(aiohttp.ClientConnectorError):
        await session.get(old)


async def test_moving_to_another_address(start_miner: StartMiner) -> None:
    miner = await start_miner()
    assert miner.reply("info")["ipv4"] == "127.0.0.1"
    await miner.move("127.0.0.2", 0)
    assert miner.url.startswith("http://127.0.0.2:")
    assert miner.reply("info")["ipv4"] == miner.host == "127.0.0.2"


async def test_pause_and_resume(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.14.0")
    assert (await post(session, miner, "pause"))[1] == {"message": "Mining paused"}
    clock.advance(60)
    reply, truth = miner.reply("info"), miner.truth
    assert reply["miningPaused"] is True
    assert (reply["hashRate"], reply["temp"], reply["expectedHashrate"]) == (0, -1, 0)
    assert (reply["frequency"], reply["actualFrequency"]) == (525, 50)
    assert reply["fanspeed"] == 30
    assert reply["power"] == pytest.approx(5, abs=0.2)
    assert reply["hashRate_1m"] == pytest.approx(1071, rel=0.03)
    assert not truth.hashing
    clock.advance(600)
    assert miner.reply("info")["hashRate_1m"] == reply["hashRate_1m"]
    await post(session, miner, "pause")
    assert (await post(session, miner, "resume"))[1] == {"message": "Mining resumed"}
    assert miner.reply("info")["miningPaused"] is False
    clock.advance(3)
    assert not miner.truth.hashing
    clock.advance(30)
    assert miner.truth.hashing
    assert miner.reply("info")["actualFrequency"] == 525
    await post(session, miner, "resume")
    assert miner.phase is Phase.HASHING


async def test_a_reboot_ends_a_pause(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.15.0")
    await post(session, miner, "pause")
    miner.reboot()
    clock.advance(60)
    assert miner.truth.hashing


async def test_identify_toggles(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.12.2")
    assert not miner.identifying
    assert (await post(session, miner, "identify"))[0] == "text/html"
    assert miner.identifying
    clock.advance(29)
    assert miner.identifying
    await post(session, miner, "identify")
    assert not miner.identifying
    await post(session, miner, "identify")
    clock.advance(30)
    assert not miner.identifying


async def test_an_old_miner_that_overheats_stays_off_until_told(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.9.0")
    miner.inject("hot", temperature=80)
    clock.advance(5)
    assert not await reachable(session, miner)
    miner.clear()
    clock.advance(60)
    reply = miner.reply("info")
    assert (reply["frequency"], reply["coreVoltage"]) == (50, 1000)
    assert (reply["overheat_mode"], reply["autofanspeed"]) == (1, 0)
    assert (reply["temp"], reply["hashRate"]) == (-1, 0)
    assert reply["fanspeed"] == 100
    assert miner.truth.restarts == 1
    await patch(session, miner, overheat_mode=1, frequency=490, coreVoltage=1100)
    clock.advance(60)
    assert miner.truth.hash_rate_ths == pytest.approx(1.0, rel=0.02)
    assert miner.reply("info")["overheat_mode"] == 0


@pytest.mark.parametrize(("firmware", "flag"), [("2.12.2", 1), ("2.14.0", 0)])
async def test_a_newer_miner_that_overheats_comes_back_slower(
    start_miner: StartMiner, clock: ManualClock, firmware: str, flag: int
) -> None:
    miner = await start_miner(firmware=firmware)
    miner.inject("hot", temperature=80)
    clock.advance(5)
    miner.clear()
    clock.advance(20)
    reply = miner.reply("info")
    assert reply["overheat_mode"] == flag
    assert (reply["expectedHashrate"], reply["frequency"]) == (0, 525)
    assert reply["temp"] == pytest.approx(80, abs=1)
    assert (reply["autofanspeed"], reply["manualFanSpeed"]) == (0, 100)
    clock.advance(60)
    reply = miner.reply("info")
    assert (reply["frequency"], reply["coreVoltage"]) == (425, 1050)
    assert (reply["overheat_mode"], reply["autofanspeed"]) == (0, 0)
    assert miner.truth.hash_rate_ths == pytest.approx(0.867, rel=0.02)
    assert miner.truth.restarts == 0


async def test_a_board_with_its_own_sensor_waits_until_it_is_cool(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(model="supra_401", firmware="2.15.0")
    miner.inject("hot", temperature=120)
    clock.advance(5)
    miner.clear()
    clock.advance(35)
    assert miner.phase is Phase.COOLING
    assert miner.reply("info")["temp"] == -1
    clock.advance(300)
    assert miner.phase is Phase.HASHING


async def test_a_loose_heat_sink_or_a_dead_fan_ends_in_overheating(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    for fault in ("hot", "fan_stop"):
        miner = await start_miner(name=fault)
        miner.inject(fault)
        temperatures = []
        for _ in range(20):
            clock.advance(15)
            temperatures.append(miner.truth.temperature)
        assert max(temperatures) > 70
        assert miner.reply("info")["frequency"] < 525


async def test_nerdos_overheats_for_good(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(model="nerdqaxeplusplus", firmware="1.0.37")
    miner.inject("hot", temperature=72)
    clock.advance(5)
    miner.clear()
    clock.advance(900)
    reply = miner.reply("info")
    assert (reply["coreVoltageActual"], reply["shutdown"]) == (0, False)
    assert (reply["power"], reply["vrTemp"] < 30) == (4.9, True)
    assert 0 < reply["temp"] < 30
    assert reply["hashRate"] > 4000
    await post(session, miner, "restart")
    clock.advance(60)
    assert miner.truth.hashing


async def test_nerdos_shuts_down_until_a_restart(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(model="nerdqaxeplusplus", firmware="1.0.37")
    assert (await post(session, miner, "shutdown"))[0] == "text/html"
    clock.advance(60)
    assert miner.reply("info")["shutdown"] is True
    assert not miner.truth.hashing
    miner.reboot()
    clock.advance(60)
    assert miner.reply("info")["shutdown"] is False
    assert miner.truth.hashing
    assert miner.reply("info")["sharesAccepted"] > 0
    async with session.post(f"{miner.url}/api/system/reset-stats") as response:
        assert (response.status, await response.read()) == (204, b"")
    assert miner.reply("info")["sharesAccepted"] == 0


async def test_an_unsupported_board_does_not_notice_heat(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(model="clone_800")
    miner.inject("hot", temperature=90)
    clock.advance(60)
    assert miner.truth.hashing


async def test_a_firmware_update_changes_the_keys_and_keeps_the_settings(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.12.2", hostname="attic")
    await patch(session, miner, frequency=490)
    old = miner.reply("info")
    miner.update_firmware("2.15.0")
    assert not await reachable(session, miner)
    clock.advance(40)
    new = miner.reply("info")
    assert (new["version"], new["axeOSVersion"]) == ("v2.15.0", "Unified")
    assert new.keys() - old.keys() >= {"miningPaused", "pools"}
    assert new["sharesAccepted"] < old["sharesAccepted"]
    kept = ("frequency", "hostname", "macAddr", "coreVoltage", "temptarget")
    assert {key: new[key] for key in kept} == {key: old[key] for key in kept}
    async with session.get(miner.url + "/api/system/info") as response:
        assert (await response.text()).startswith('{"power":')
    miner.update_firmware("2.12.2")
    clock.advance(40)
    assert miner.reply("info").keys() == old.keys()


async def test_overheating_knows_no_bottom(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(frequency=120, core_voltage=1010)
    miner.inject("hot", temperature=80)
    clock.advance(900)
    reply = miner.reply("info")
    assert (reply["frequency"], reply["coreVoltage"]) == (20, 910)
    assert miner.phase is Phase.FAULT


async def test_farms_have_unique_names_and_close(
    clock: ManualClock, socket_enabled: None
) -> None:
    specs = [MinerSpec(name="a"), MinerSpec(name="b")]
    async with Farm(specs, clock=clock) as farm:
        assert len(farm) == 2
        assert "a" in farm
        assert "c" not in farm
        assert [miner.name for miner in farm] == ["a", "b"]
        port = farm["a"].port
        taken = MinerSpec(name="d", port=port)
        with pytest.raises(OSError, match="in use"):
            async with Farm([MinerSpec(name="c"), taken], clock=clock):
                pass
        farm["b"].inject("offline", duration=5)
        farm["a"].reboot()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    clock.advance(60)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    with pytest.raises(ValueError, match="Two miners"):
        Farm([specs[0], specs[0]])


async def test_unknown_endpoints(start_miner: StartMiner) -> None:
    miner = await start_miner()
    assert miner.reply("asic")["deviceModel"] == "Gamma"
    assert miner.reply("statistics")["statistics"] == []
    with pytest.raises(ValueError, match="endpoint"):
        miner.reply("weather")
