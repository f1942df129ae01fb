"""What was seen in running firmware code, over a real socket: a finding a test."""

import re
from typing import Any

import pytest

from simulator import ManualClock, Phase

from .avalon import MODELS, ask, blob, command, look
from .conftest import StartMiner

NANO3, NANO3S, MINI3, Q, A12, A15 = MODELS
FAST = {"pool_difficulty": 1000.0}
"""A pool that gets a share every second or so from a Nano 3S."""


async def rows(miner: Any) -> list[dict[str, Any]]:
    """Ask for the pools."""
    pools: list[dict[str, Any]] = (await command(miner, "pools"))["POOLS"]
    return pools


async def active(miner: Any) -> list[bool]:
    return [pool["Stratum Active"] for pool in await rows(miner)]


async def accepted(miner: Any) -> list[int]:
    return [pool["Accepted"] for pool in await rows(miner)]


async def moving(miner: Any, clock: ManualClock, seconds: float = 30) -> list[int]:
    """Tell which pools get shares."""
    before = await accepted(miner)
    clock.advance(seconds)
    after = await accepted(miner)
    return [n for n, count in enumerate(after) if count > before[n]]


async def on_screen(miner: Any) -> str:
    """Tell the pool that the screen shows."""
    shown: str = (await command(miner, "lcd"))["LCD"][0]["Current Pool"]
    return shown


async def test_every_connected_pool_is_active_and_one_of_them_moves(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    nano = await start_miner(model=NANO3S, **FAST)
    nano.inject("pools_connected")
    clock.advance(30)
    assert await active(nano) == [True, True, True]
    assert await moving(nano, clock) == [0]
    works = [pool["Works"] for pool in await rows(nano)]
    clock.advance(60)
    assert [pool["Works"] for pool in await rows(nano)][1:] == works[1:]


async def test_a_switch_counts_at_once_and_the_work_follows_after_two_minutes(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    nano = await start_miner(model=NANO3S, **FAST)
    await command(nano, "switchpool", "1")
    assert [pool["Priority"] for pool in await rows(nano)] == [1, 0, 2]
    assert await moving(nano, clock, 115) == [0]
    assert await active(nano) == [True, True, False]
    assert "//pool.example.com" in await on_screen(nano)
    clock.advance(20)
    assert await moving(nano, clock) == [1]
    assert "//backup.example.com" in await on_screen(nano)
    assert await active(nano) == [True, True, False]
    clock.advance(60)
    assert await active(nano) == [False, True, False]


async def test_a_pool_that_is_connected_already_is_taken_at_once(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    nano = await start_miner(model=NANO3S, **FAST)
    nano.inject("pools_connected")
    clock.advance(30)
    await command(nano, "switchpool", "2")
    assert "//third.example.com" in await on_screen(nano)
    assert await moving(nano, clock) == [2]


async def test_a_dead_pool_is_left_in_seconds_and_taken_again_after_two_minutes(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    nano = await start_miner(model=NANO3S, **FAST)
    nano.inject("pool_lost", pools=[0])
    clock.advance(15)
    assert [pool["Status"] for pool in await rows(nano)] == ["Dead", "Alive", "Alive"]
    assert await moving(nano, clock) == [1]
    assert "//backup.example.com" in await on_screen(nano)
    nano.clear()
    clock.advance(10)
    assert await active(nano) == [True, True, False]
    assert await moving(nano, clock, 100) == [1]
    clock.advance(30)
    assert await moving(nano, clock) == [0]
    assert "//pool.example.com" in await on_screen(nano)


@pytest.mark.parametrize("word", ["Unknown", "Failover"])
async def test_a_pool_with_another_status_is_mined_on(
    start_miner: StartMiner, clock: ManualClock, word: str
) -> None:
    nano = await start_miner(model=NANO3S, **FAST)
    nano.inject("pool_status", text=word)
    first = (await rows(nano))[0]
    assert (first["Status"], first["Stratum Active"]) == (word, True)
    assert await moving(nano, clock) == [0]


@pytest.mark.parametrize("word", ["Dead", "Disabled", "Rejecting"])
async def test_a_pool_with_these_statuses_is_not_connected(
    start_miner: StartMiner, clock: ManualClock, word: str
) -> None:
    nano = await start_miner(model=NANO3S, **FAST)
    nano.inject("pool_status", text=word, pool=0)
    clock.advance(15)
    first = (await rows(nano))[0]
    assert (first["Status"], first["Stratum Active"]) == (word, False)
    assert (first["Stratum URL"], first["Stratum Difficulty"]) == ("", 0)
    assert await moving(nano, clock) == [1]


@pytest.mark.parametrize("suffix", ["#xnsub", "#tls=no", "/?x"])
async def test_something_stands_behind_the_port(
    start_miner: StartMiner, suffix: str
) -> None:
    nano = await start_miner(model=NANO3S)
    nano.inject("pool_suffix", text=suffix)
    url = f"stratum+tcp://pool.example.com:3333{suffix}"
    assert (await rows(nano))[0]["URL"] == url
    assert await on_screen(nano) == url
    nano.inject("pool_suffix")
    assert (await rows(nano))[0]["URL"].endswith(":3333#xnsub")


async def test_without_a_pool_of_ones_own(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    nano = await start_miner(model=NANO3S)
    nano.inject("no_pools")
    clock.advance(30)
    for name, parameter in (("pools", ""), ("switchpool", "0"), ("poolpriority", "")):
        status = (await command(nano, name, parameter))["STATUS"][0]
        told = (status["STATUS"], status["Code"], status["Msg"])
        assert told == ("E", 8, "No pools")
    assert look(nano, "litestats")["STATE"] == "3"
    assert look(nano)["SYSTEMSTATU"] == "Work: In Fault, Hash Board: 1"
    assert look(nano)["GHSspd"] == "0.00"
    assert await on_screen(nano) == "none"
    nano.clear()
    clock.advance(300)
    assert nano.phase is Phase.HASHING


@pytest.mark.parametrize(
    ("parameters", "word", "watts"),
    [({}, "\x01", 3), ({"word": "", "watts": 25}, "", 25)],
)
async def test_the_fifth_state_of_a_nano_3s_has_no_name(
    start_miner: StartMiner,
    clock: ManualClock,
    parameters: dict[str, Any],
    word: str,
    watts: int,
) -> None:
    nano = await start_miner(model=NANO3S)
    nano.inject("state_fault", **parameters)
    clock.advance(10)
    wire = (await ask(nano, '{"command":"estats"}')).decode()
    assert f"SYSTEMSTATU[Work: {word}, Hash Board: 1]" in wire
    status = blob(await command(nano, "estats"))
    assert int(status["PS"].split()[6]) == pytest.approx(watts, abs=1)
    assert status["GHSspd"] == "0.00"
    assert blob(await command(nano, "litestats"))["STATE"] == "4"
    nano.clear()
    clock.advance(200)
    assert nano.phase is Phase.HASHING


async def test_others_have_a_name_for_it(start_miner: StartMiner) -> None:
    q = await start_miner(model=Q)
    q.inject("state_fault")
    status = look(q)
    assert (status["STATE"], status["SYSTEMSTATU"][:14]) == ("4", "Work: In Fault")


async def test_a_nano_3s_calls_standing_by_idle_and_idling_a_fault(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    nano = await start_miner(model=NANO3S, standby=True)
    assert look(nano)["SYSTEMSTATU"] == "Work: In Idle, Hash Board: 1"
    assert look(nano, "litestats")["STATE"] == "2"


@pytest.mark.parametrize("command_name", ["estats", "stats"])
async def test_without_a_board_brackets_are_not_opened(
    start_miner: StartMiner, command_name: str
) -> None:
    nano = await start_miner(model=NANO3S)
    nano.inject("board_lost")
    wire = (await ask(nano, command_name)).decode()
    for name in ("MH", "MGHS", "MTmax", "ECHU", "CRC", "COMCRC"):
        assert re.search(rf" {name}\]", wire), name
    assert "MTavg[0]" in wire
    for name in ("PLL0", "SF0", "PVT_T0", "PVT_V0", "MW0"):
        assert f"{name}[" not in wire, name


async def test_a_lost_board_may_keep_its_place(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    a15 = await start_miner(model=A15)
    a15.inject("board_lost", board=1, keeps_place=True)
    clock.advance(60)
    status = blob(await command(a15, "estats"))
    assert status["SYSTEMSTATU"] == "Work: In Work, Hash Board: 2 "
    rates = [float(rate) for rate in status["MGHS"].split()]
    assert rates[1] == 0
    assert rates[0] > 60_000 < rates[2]
    assert status["MTmax"].split()[1] == "0"
    assert status["TA"] == "320"
    assert status["PVT_T1"] == ""


async def test_a_lost_board_may_leave_no_trace(start_miner: StartMiner) -> None:
    a12 = await start_miner(model=A12)
    a12.inject("board_lost", board=0)
    status = blob(await command(a12, "estats"))
    assert len(status["MGHS"].split()) == len(status["MH"].split()) == 2
    assert {"PLL0", "PLL1", "SF1", "PVT_T1"} <= status.keys()
    assert status.keys().isdisjoint({"PLL2", "SF2", "PVT_T2", "MW2"})


@pytest.mark.parametrize("model", [Q, A12, A15])
async def test_a_fan_that_lags_behind_its_neighbours(
    start_miner: StartMiner, model: str
) -> None:
    miner = await start_miner(model=model)
    miner.inject("fan_slow", fan=2, part=0.08)
    status = blob(await command(miner, "stats"))
    first, second = int(status["Fan1"]), int(status["Fan2"])
    assert second == pytest.approx(0.08 * first, rel=0.05)
    assert "FanErr" not in status or status["FanErr"] == "0"
