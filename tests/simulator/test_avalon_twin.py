"""What was seen in running firmware code, over a real socket: a finding a test."""

import json
from pathlib import Path
import re
from typing import Any

import pytest

from simulator import ManualClock, Phase
from simulator.avalon.faults import DEVICE_FAULTS
from simulator.avalon.pool_faults import POOL_FAULTS

from .avalon import MODELS, ask, blob, command, look
from .conftest import StartMiner

NANO3, NANO3S, MINI3, Q, A12, A15 = MODELS
FAST = {"pool_difficulty": 1000.0}
"""A pool that gets a share every second or so from a Nano 3S."""


def test_each_fault_of_the_miner_itself_is_documented() -> None:
    page = (
        Path(__file__).parents[2] / "simulator" / "avalon" / "README.md"
    ).read_text()
    for name in DEVICE_FAULTS | POOL_FAULTS:
        assert f"`{name}`" in page, name


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


def ids(reply: dict[str, Any]) -> list[str]:
    """Tell which rows there are."""
    return [row["ID"] for row in reply["STATS"]]


async def told(miner: Any, name: str, parameter: str = "") -> tuple[str, int, str]:
    """Tell letter, code and message of a reply."""
    status = (await command(miner, name, parameter))["STATUS"][0]
    return status["STATUS"], status["Code"], status["Msg"]


@pytest.mark.parametrize("model", [NANO3, NANO3S, MINI3, A12])
async def test_only_stats_has_the_traffic_of_the_pools(
    start_miner: StartMiner, model: str
) -> None:
    miner = await start_miner(model=model)
    short, whole = await command(miner, "estats"), await command(miner, "stats")
    assert len(ids(short)) == 1
    assert ids(whole) == [*ids(short), "POOL0", "POOL1", "POOL2"]
    assert blob(short).keys() == blob(whole).keys()


async def test_an_a15_has_it_in_both(start_miner: StartMiner) -> None:
    a15 = await start_miner(model=A15)
    assert ids(await command(a15, "estats")) == ids(await command(a15, "stats"))
    assert ids(await command(a15, "estats"))[1:] == ["POOL0", "POOL1", "POOL2"]


async def test_all_of_the_chips(start_miner: StartMiner) -> None:
    nano = await start_miner(model=NANO3S)
    usual = blob(await command(nano, "estats"))
    whole = blob(await command(nano, "estats", "all"))
    extra = [
        *(f"CF0_{number}" for number in range(4)),
        *(f"PLLCNT0_{number}" for number in range(4)),
        *("ERATIO0", "C_00_00", "C_00_01", "GHSmm00"),
    ]
    assert [key for key in whole if key not in usual] == extra
    assert {len(whole[key].split()) for key in extra} == {12}
    assert list(whole)[list(whole).index("GHSmm00") + 1] == "WORKMODE"
    assert "CF0_0" in blob(await command(nano, "stats"))
    assert "CF0_0" not in blob(await command(nano, "estats"))
    assert "CF0_0" not in blob(await command(nano, "stats"))


async def test_the_short_status_of_a_nano_3s(start_miner: StartMiner) -> None:
    nano = await start_miner(model=NANO3S)
    reply = await command(nano, "litestats")
    (row,) = reply["STATS"]
    assert list(row) == ["MM ID0", "MM Count", "Nonce Mask"]
    status = blob(reply)
    assert (status["MVer"], status["Limitemp"]) == ("0", "0")
    assert re.fullmatch(r"\d+\.\d{6}", status["GHSspd"])
    assert int(status["LcdBright"]) == 0x0150
    nano.inject("board_lost")
    wire = (await ask(nano, "litestats")).decode()
    assert " MVer] FW[" in wire
    assert " ECHU] ECMM[0]" in wire


async def test_a_name_of_the_network_that_breaks_the_reply(
    start_miner: StartMiner,
) -> None:
    nano = await start_miner(model=NANO3S)
    nano.inject("hostile_ssid", ssid='my "net"')
    reply = (await ask(nano, '{"command":"litestats"}'))[:-1]
    with pytest.raises(ValueError, match="delimiter"):
        json.loads(reply)
    assert b'SSID[my "net"] RSSI[' in reply
    assert b"SSID" not in await ask(nano, "estats")


async def test_nought_divided_by_nought(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    nano = await start_miner(model=NANO3S)
    nano.reboot()
    clock.advance(100)
    status = blob(await command(nano, "estats"))
    assert (status["DH"], status["DHspd"]) == ("nan%", "nan%")
    clock.advance(200)
    assert blob(await command(nano, "estats"))["DH"] != "nan%"
    nano.inject("nan_percent")
    assert blob(await command(nano, "estats"))["DH"] == "nan%"


async def test_before_the_first_pool_the_summary_tells_the_uptime_of_the_board(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    async def elapsed() -> tuple[int, int]:
        summary = (await command(nano, "summary"))["SUMMARY"][0]["Elapsed"]
        return summary, int(blob(await command(nano, "estats"))["Elapsed"])

    nano = await start_miner(model=NANO3S)
    assert await elapsed() == (86_400, 86_413)
    nano.inject("pool_lost")
    nano.reboot()
    clock.advance(100)
    began = await elapsed()
    assert began[0] == began[1]
    clock.advance(600)
    assert await elapsed() == (began[0] + 600, began[1] + 600)
    nano.clear()
    clock.advance(60)
    summary, board = await elapsed()
    assert summary < 60
    assert board == began[1] + 660


@pytest.mark.parametrize(
    ("name", "parameter", "reply"),
    [
        ("ascset", "", ("E", 15, "Missing device id parameter")),
        ("ascset", "0", ("E", 116, "Missing option after ASC number")),
        ("ascset", "0,", ("E", 116, "Missing option after ASC number")),
        ("ascset", "1,help", ("E", 107, "Invalid ASC id 1 - range is 0 - 0")),
        ("ascset", "0,ledmode,0", ("I", 118, "ASC 0 set info: success set:0")),
        (
            "ascset",
            "0,nightlamp,1-9",
            ("E", 120, "ASC 0 set failed: not in (dark)mode now"),
        ),
        ("ascset", "0,ledset,1-1-1-1-1-1", ("I", 118, "ASC 0 set info: led set ok")),
        (
            "ascset",
            "0,lcd,0:1",
            ("I", 118, "ASC 0 set info: success lcd:id[0] val[1] len=4"),
        ),
        ("ascset", "0,softoff,1:1", ("E", 120, "ASC 0 set failed: Unknown option: so")),
        ("ascset", "0,workmode,set,2", ("S", 119, "ASC 0 set OK")),
        ("ascset", "0,work_mode_lvl,set,1,0", ("S", 119, "ASC 0 set OK")),
        (
            "ascset",
            "0,work_mode_lvl,set,2,0",
            (
                "E",
                120,
                "ASC 0 set failed: error:1 not support set workmode max_mode[2]",
            ),
        ),
        ("enablepool", "0", ("I", 49, "Pool 0:'stratum+tcp://pool.example.com:3333'")),
        ("disablepool", "2", ("S", 48, "Disabling pool 2:'stratum+tcp://third")),
        ("poolpriority", "1,1", ("E", 74, "Duplicate pool specified 1")),
        ("privileged", "", ("E", 14, "Invalid command")),
        ("time", "get", ("I", 131, "Time set info: time t:0")),
        ("lockstats", "", ("W", 124, "Lock stats not enabled")),
        ("check", "", ("E", 71, "Missing check cmd")),
        ("addpool", "a,b,c", ("E", 14, "Invalid command")),
    ],
)
async def test_codes_and_texts_of_a_nano_3s(
    start_miner: StartMiner, name: str, parameter: str, reply: tuple[str, int, str]
) -> None:
    nano = await start_miner(model=NANO3S)
    letter, code, message = await told(nano, name, parameter)
    assert (letter, code) == reply[:2]
    assert message.startswith(reply[2])


async def test_the_last_pool_cannot_be_disabled(start_miner: StartMiner) -> None:
    nano = await start_miner(model=NANO3S)
    await told(nano, "disablepool", "1")
    assert (await told(nano, "disablepool", "1"))[:2] == ("I", 50)
    assert (await told(nano, "enablepool", "1"))[:2] == ("S", 47)
    assert [pool["Priority"] for pool in await rows(nano)] == [0, 1, 2]
    await told(nano, "disablepool", "1")
    await told(nano, "disablepool", "2")
    assert (await told(nano, "disablepool", "0"))[:2] == ("E", 51)


async def test_a_disabled_pool_in_use_is_left_at_once(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    nano = await start_miner(model=NANO3S, **FAST)
    await told(nano, "disablepool", "0")
    clock.advance(10)
    assert await moving(nano, clock) == [1]
    assert (await rows(nano))[0]["Status"] == "Disabled"
    await told(nano, "enablepool", "0")
    assert await moving(nano, clock, 110) == [1]
    clock.advance(30)
    assert await moving(nano, clock) == [0]


async def test_light_and_screen(start_miner: StartMiner) -> None:
    nano = await start_miner(model=NANO3S)
    for text in ("lcd,1:3", "lcd,2:80", "ledmode,1"):
        assert (await told(nano, "ascset", f"0,{text}"))[0] == "I"
    status = blob(await command(nano, "litestats"))
    assert (status["LcdSwitch"], status["LcdBright"]) == ("3", "80")
    assert status["LED"].startswith("1-")
    assert (await told(nano, "ascset", "0,ledset,1-1-1-1-1-1"))[2].endswith(
        "not in (day)mode now"
    )


async def test_the_voltage_lasts_until_the_next_mode(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    nano = await start_miner(model=NANO3S)
    usual = (await told(nano, "ascset", "0,voltage"))[2]
    assert len(usual.partition("PS[")[2].split()) == 7
    assert await told(nano, "ascset", "0,voltage,3600") == ("S", 119, "ASC 0 set OK")
    assert blob(await command(nano, "estats"))["PS"].split()[5] == "3600"
    await told(nano, "ascset", "0,workmode,set,1")
    assert blob(await command(nano, "estats"))["PS"].split()[5] == "3500"


@pytest.mark.parametrize(
    ("model", "unit", "domains"),
    [("avalon_a1047", 10, 40), (A12, 10, 40), (A15, 10, 40), (NANO3S, 1, 12)],
)
async def test_voltages_of_chips_are_millivolts_of_a_domain(
    start_miner: StartMiner, model: str, unit: int, domains: int
) -> None:
    miner = await start_miner(model=model)
    status = blob(await command(miner, "stats"))
    set_volts = int(status["PS"].split()[5]) * unit
    chips = [int(chip) for chip in status["PVT_V0"].split()]
    assert 250 < min(chips) <= max(chips) < 350
    mean = sum(chips) / len(chips)
    assert mean == pytest.approx(set_volts / domains, rel=0.08)
    if "Vo" in status:
        assert int(status["Vo"]) == set_volts // domains
    if "MVavg" in status:
        assert float(status["MVavg"].split()[0]) == pytest.approx(mean, abs=0.1)


async def test_an_a1047_tells_no_rate_of_now(start_miner: StartMiner) -> None:
    miner = await start_miner(model="avalon_a1047")
    wire = (await ask(miner, "stats")).decode()
    assert re.search(r" Elapsed\[\d+\]BOOTBY\[\d+\] LW\[", wire)
    status = blob(await command(miner, "stats"))
    assert "GHSspd" not in status
    assert len(status["PS"].split()) == 6
    assert (status["ECHU"], status["POW_I2C_CONN"]) == ("512 512", "SUCCES")
    row = (await command(miner, "stats"))["STATS"][1]
    assert "Net Bytes Sent" not in row
    miner.inject("board_lost")
    assert "HS_RCD1" not in blob(await command(miner, "stats"))


async def test_standby_of_an_a1047(start_miner: StartMiner) -> None:
    miner = await start_miner(model="avalon_a1047", standby=True)
    assert blob(await command(miner, "stats"))["PS"].split()[3:] == ["0", "0", "1277"]


async def test_statistics_of_a_plain_cgminer(start_miner: StartMiner) -> None:
    plain = await start_miner(model="cgminer")
    assert ids(await command(plain, "estats")) == ["GSD0"]
    whole = await command(plain, "stats")
    assert ids(whole) == ["GSD0", "POOL0", "POOL1", "POOL2"]
    assert "Bytes Sent" in whole["STATS"][1]
    assert (await command(plain, "config"))["CONFIG"][0]["Strategy"] == "Failover"
    assert (await command(plain, "devs"))["DEVS"][0]["Temperature"] > 40
    assert (await command(plain, "lcd"))["LCD"][0]["Current Pool"].endswith(":3333")


async def test_a_plain_cgminer_without_a_device(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    plain = await start_miner(model="cgminer")
    plain.inject("no_devices")
    plain.inject("api_allow")
    clock.advance(60)
    assert (await command(plain, "estats"))["STATS"] == []
    assert ids(await command(plain, "stats")) == ["POOL0", "POOL1", "POOL2"]
    assert await told(plain, "ascset", "0,help") == ("E", 105, "No ASCs")
    assert await told(plain, "devs") == ("E", 10, "No ASCs")
    assert (await command(plain, "config"))["CONFIG"][0]["ASC Count"] == 0
    assert plain.truth.hash_rate_ths == 0


async def test_whom_a_plain_cgminer_lets_write(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    plain = await start_miner(model="cgminer", **FAST)
    assert (await told(plain, "switchpool", "1"))[1] == 45
    plain.inject("api_allow")
    assert await told(plain, "privileged") == ("S", 46, "Privileged access OK")
    assert (await told(plain, "switchpool", "1"))[1] == 27
    clock.advance(140)
    assert await moving(plain, clock) == [1]


async def test_bfgminer(start_miner: StartMiner) -> None:
    bfg = await start_miner(model="bfgminer")
    reply = await command(bfg, "version")
    version = "5.5.0-34-g866fd36"
    assert reply["VERSION"] == [
        {"Miner": f"bfgminer {version}", "CGMiner": version, "API": "3.1"}
    ]
    assert reply["STATUS"][0]["Msg"] == "BFGMiner versions"
    assert reply["STATUS"][0]["Description"] == "bfgminer 5.5.0"
    pools = await rows(bfg)
    assert [pool["Status"] for pool in pools] == ["Alive", "Failover", "Failover"]
    assert "Stratum Difficulty" not in pools[0]
    summary = (await command(bfg, "summary"))["SUMMARY"][0]
    assert "MHS 20s" in summary
    assert "MHS 5s" not in summary
    assert (await command(bfg, "devs"))["DEVS"][0]["PGA"] == 0
    assert (await command(bfg, "config"))["CONFIG"][0]["Queue"] == 1
    assert ids(await command(bfg, "stats"))[1:] == ["POOL0", "POOL1", "POOL2"]
    for name in ("estats", "ascset", "lcd", "litestats"):
        assert (await told(bfg, name, "0"))[1] == 14, name
