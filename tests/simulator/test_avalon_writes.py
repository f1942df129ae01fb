"""Simulated Avalons that lose, ignore, refuse or clip what they are told."""

from typing import Any

import pytest

from simulator import ManualClock, Phase, SimulatedMiner

from .avalon import MODELS, ask, command, look, option
from .conftest import StartMiner

NANO3, NANO3S, MINI3, Q, A12, _ = MODELS
DONE = ("S", 119, "ASC 0 set OK")
REFUSED = ("E", 120, "ASC 0 set failed: error:2 parameter error")
CALIBRATING = (
    "E",
    120,
    "ASC 0 set failed: current mode 0 is caling Don't permit switch mode",
)

CALIBRATING_IN_STANDARD = (*CALIBRATING[:2], CALIBRATING[2].replace("mode 0", "mode 1"))


def mode(miner: SimulatedMiner) -> str:
    return look(miner, "litestats")["WORKMODE"]


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ("write_ignored", DONE),
        ("write_refused", REFUSED),
        ("busy", CALIBRATING),
    ],
)
async def test_what_changes_nothing(
    start_miner: StartMiner, fault: str, answer: tuple[str, int, str]
) -> None:
    q = await start_miner(model=Q)
    q.inject(fault)
    assert await option(q, "workmode,set,2") == answer
    assert await option(q, "softoff,1:1") == answer
    assert (mode(q), q.flash_writes, q.phase) == ("0", 0, Phase.HASHING)
    assert (await option(q, "workmode,get"))[2].endswith("workmode 0")
    assert (await option(q, "help"))[0] == "I"
    q.clear(fault)
    assert await option(q, "workmode,set,2") == DONE
    assert mode(q) == "2"


async def test_a_refusal_in_ones_own_words(start_miner: StartMiner) -> None:
    q = await start_miner(model=Q)
    q.inject("write_refused", text="no way", count=2)
    for _ in range(2):
        assert (await option(q, "fan-spd,50"))[2].endswith("failed: no way")
    assert await option(q, "fan-spd,50") == DONE


@pytest.mark.parametrize("fault", ["write_ignored", "write_refused"])
async def test_a_reboot_that_fails(
    start_miner: StartMiner, clock: ManualClock, fault: str
) -> None:
    a12 = await start_miner(model=A12)
    a12.inject(fault)
    await option(a12, "reboot,0")
    clock.advance(30)
    assert a12.phase is Phase.HASHING


async def test_a_busy_miner_still_reboots(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    a12 = await start_miner(model=A12)
    a12.inject("busy")
    assert await option(a12, "reboot,0") == DONE
    clock.advance(1)
    assert a12.phase is Phase.BOOTING


async def test_a_lost_reply(start_miner: StartMiner) -> None:
    q = await start_miner(model=Q)
    q.inject("write_lost", count=1)
    assert await ask(q, "ascset|0,workmode,set,1") == b""
    assert (mode(q), q.flash_writes) == ("1", 1)
    assert await option(q, "workmode,set,1") == CALIBRATING_IN_STANDARD


async def test_a_reply_that_does_not_come(start_miner: StartMiner) -> None:
    q = await start_miner(model=Q)
    q.inject("write_lost", silent=True)
    with pytest.raises(TimeoutError):
        await ask(q, "ascset|0,workmode,set,1", timeout=0.1)
    assert mode(q) == "1"


@pytest.mark.parametrize(
    ("model", "text", "parameters", "shown"),
    [
        (MINI3, "limittemp,45", {}, 45),
        (MINI3, "limittemp,45", {"most": 30}, 30),
        (MINI3, "limittemp,21", {"least": 25}, 25),
    ],
)
async def test_what_is_clipped(
    start_miner: StartMiner,
    model: str,
    text: str,
    parameters: dict[str, Any],
    shown: int,
) -> None:
    miner = await start_miner(model=model)
    miner.inject("write_clipped", **parameters)
    assert await option(miner, text) == DONE
    assert look(miner, "litestats")["Limitemp"] == str(shown)


async def test_a_clipped_fan(start_miner: StartMiner, clock: ManualClock) -> None:
    q = await start_miner(model=Q)
    q.inject("write_clipped")
    assert await option(q, "fan-spd,100") == DONE
    clock.advance(300)
    assert look(q)["FanR"] == "60%"
    assert await option(q, "fan-spd,-1") == DONE
    assert q.device.fan_duty is None


async def test_a_reboot_upon_a_setting(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    q = await start_miner(model=Q)
    q.inject("reboot_on_write")
    assert await option(q, "fan-spd,50") == DONE
    clock.advance(1)
    assert q.phase is Phase.BOOTING
    assert q.device.fan_duty is None


@pytest.mark.parametrize(
    ("fault", "letter", "code"),
    [("write_ignored", "S", 27), ("write_refused", "E", 26)],
)
async def test_pools_have_these_faults_too(
    start_miner: StartMiner, clock: ManualClock, fault: str, letter: str, code: int
) -> None:
    nano = await start_miner(model=NANO3S)
    nano.inject(fault)
    status = (await command(nano, "switchpool", "1"))["STATUS"][0]
    assert (status["STATUS"], status["Code"]) == (letter, code)
    clock.advance(150)
    assert nano.reply("pools")["POOLS"][0]["Stratum Active"] is True


async def test_the_pool_that_was_chosen_is_the_best(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    nano = await start_miner(model=NANO3S)
    await command(nano, "disablepool", "1")
    await command(nano, "switchpool", "1")

    def pools() -> list[tuple[str, int, bool]]:
        rows = nano.reply("pools")["POOLS"]
        return [(row["Status"], row["Priority"], row["Stratum Active"]) for row in rows]

    assert pools() == [("Alive", 1, True), ("Alive", 0, False), ("Alive", 2, False)]
    clock.advance(10)
    assert [active for _, _, active in pools()] == [True, True, False]
    clock.advance(200)
    assert [active for _, _, active in pools()] == [False, True, False]


async def test_a_target_until_the_next_mode_or_start(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    nano = await start_miner(model=NANO3S, firmware="25071001_0a1b2c3")
    assert "target-temp" in (await option(nano, "help"))[2]
    for value in ("49", "91", "warm"):
        assert (await option(nano, f"target-temp,{value}"))[0] == "E"
    assert await option(nano, "target-temp,60") == DONE
    clock.advance(1800)
    cooled = int(look(nano)["TAvg"])
    assert look(nano)["TarT"] == "60"
    assert cooled < 75
    await option(nano, "workmode,set,1")
    assert look(nano)["TarT"] == "85"
    assert await option(nano, "target-temp,60") == DONE
    assert look(nano)["TarT"] == "60"
    nano.reboot()
    clock.advance(1800)
    assert look(nano)["TarT"] == "85"
    assert int(look(nano)["TAvg"]) > cooled


async def test_the_light_of_a_nano_3(start_miner: StartMiner) -> None:
    nano = await start_miner(model=NANO3)
    assert look(nano)["Led"] == "0"
    await option(nano, "led,setmode,3")
    assert look(nano)["Led"] == "3"
