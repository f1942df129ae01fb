"""A simulated Avalon through boot, modes, standby, schedules and power cuts."""

from itertools import pairwise
import statistics
import time
from typing import Any

import pytest

from simulator import ManualClock, MinerSpec, Phase
from simulator.avalon import SimulatedAvalon
from simulator.avalon.models import MODELS as TABLE

from .avalon import MODELS, ask, items, look, option
from .conftest import StartMiner

HOME = MODELS[:4]
NOW = 1_800_000_000


def miner(clock: ManualClock, model: str, **settings: Any) -> SimulatedAvalon:
    spec = MinerSpec(**({"name": "m", "model": model, "seed": 5} | settings))
    return SimulatedAvalon(spec, clock)


def number(text: str) -> float:
    """Return the first number of a value."""
    return float(text.split(maxsplit=1)[0].rstrip("%"))


@pytest.mark.parametrize(
    ("model", "mode", "ghs", "watts", "watts_at"),
    [
        ("avalon_nano3", 1, 3332, 92, 5),
        ("avalon_nano3", 2, 4086, 125, 5),
        ("avalon_nano3s", 2, 6599, 133, 6),
        ("avalon_mini3", 0, 38_000, 824, 6),
        ("avalon_q", 0, 50_985, 822, 6),
        ("avalon_q", 2, 90_000, 1670, 6),
        ("avalon_a1246", 1, 81_073, 3504, 6),
        ("avalon_a1566", 1, 199_241, 3731, 6),
    ],
)
def test_rate_and_power_of_a_mode(
    model: str, mode: int, ghs: float, watts: float, watts_at: int
) -> None:
    simulated = miner(ManualClock(), model, work_mode=mode)
    status = look(simulated)
    supply = [int(part) for part in status["PS"].split()]
    assert number(status["GHSspd"]) == pytest.approx(ghs, rel=0.06)
    assert supply[watts_at] == pytest.approx(watts, rel=0.03)
    truth = simulated.truth
    assert truth.hash_rate_ths * 1000 == pytest.approx(ghs, rel=0.06)
    assert truth.power_w == pytest.approx(supply[watts_at], abs=1)
    assert truth.mode == mode
    assert (truth.hashing, truth.restarts) == (True, 0)


@pytest.mark.parametrize("model", MODELS)
def test_each_mode_is_hotter_faster_and_thirstier_than_a_lower_one(model: str) -> None:
    table = TABLE[model]
    modes = sorted(
        (number, index)
        for index, number in enumerate(table.mode_numbers)
        if table.modes[index].level == 0
    )
    measured = []
    for mode, _ in modes:
        simulated = miner(ManualClock(), model, work_mode=mode)
        status = look(simulated)
        measured.append((simulated.truth.power_w, number(status["GHSspd"])))
        assert 1 <= number(status["DH"]) <= 4
        target = int(status.get("TarT", 70))
        assert target - 20 <= int(status["TAvg"]) <= target + 12
        assert int(status["TMax"]) > int(status["TAvg"])
        assert int(status["Fan1"]) > 20
    powers = [watts for watts, _ in measured]
    rates = [ghs for _, ghs in measured]
    assert sorted(powers, reverse=model == "avalon_mini3") == powers
    assert sorted(rates, reverse=model == "avalon_mini3") == rates


def test_a_mode_that_a_model_has_not() -> None:
    with pytest.raises(ValueError, match="avalon_q has no work mode 7"):
        miner(ManualClock(), "avalon_q", work_mode=7)


@pytest.mark.parametrize("model", MODELS)
def test_figures_agree_with_each_other(model: str) -> None:
    simulated = miner(ManualClock(), model)
    reply = simulated.reply("estats")
    texts = [value for value in reply["STATS"][0].values() if isinstance(value, str)]
    status = items(" ".join(texts))
    lists = [status[key].split() for key in status if key.startswith("PVT_T")]
    temperatures = [int(value) for board in lists for value in board]
    assert int(status["TA"]) == len(temperatures) == TABLE[model].all_chips
    assert int(status["TMax"]) == max(temperatures)
    assert int(status["TAvg"]) == pytest.approx(statistics.mean(temperatures), abs=1)
    theory, error = number(status["GHSmm"]), number(status["DHspd"]) / 100
    assert number(status["GHSspd"]) == pytest.approx(theory * (1 - error), rel=0.03)
    board_rates = sum(map(float, status["MGHS"].split()))
    assert board_rates == pytest.approx(number(status["GHSavg"]), rel=0.001)
    frequencies = list(map(int, status["SF0"].split()))
    counts = list(map(int, status["PLL0"].split()))
    mean = sum(a * b for a, b in zip(frequencies, counts, strict=True)) / sum(counts)
    if model != "avalon_nano3":
        assert mean == pytest.approx(float(status["Freq"]), abs=0.3)


async def test_a_reboot_takes_minutes(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    q = await start_miner(model="avalon_q")
    port = q.port
    assert await ask(q, '{"command":"ascset","parameter":"0,reboot,0"}') == b""
    assert q.phase is Phase.HASHING
    clock.advance(1)
    assert q.phase is Phase.BOOTING
    with pytest.raises(ConnectionRefusedError):
        await ask(q, "version")
    clock.advance(228.5)
    with pytest.raises(ConnectionRefusedError):
        await ask(q, "version")
    clock.advance(1)
    assert b"Avalon Q" in await ask(q, "version")
    assert (q.port, q.phase) == (port, Phase.STARTING)
    status = look(q, "litestats")
    assert status["SYSTEMSTATU"] == "Work: In Init, Hash Board: 1"
    assert (status["STATE"], status["ADJ"], status["GHSspd"]) == ("0", "0", "0.00")
    assert int(status["Elapsed"]) < 300
    assert q.reply("summary")["SUMMARY"][0]["Accepted"] == 0
    clock.advance(50)
    status = look(q, "litestats")
    assert status["SYSTEMSTATU"] == "Work: In Work, Hash Board: 1"
    assert (status["STATE"], status["ADJ"]) == ("1", "0")
    assert 20 <= int(status["BAR"]) <= 45
    clock.advance(90)
    status = look(q, "litestats")
    assert status["ADJ"] == "1"
    assert "BAR" not in status
    assert (q.phase, q.truth.restarts) == (Phase.HASHING, 1)


@pytest.mark.parametrize(
    ("model", "answers"),
    [
        ("avalon_nano3", False),
        ("avalon_nano3s", True),
        ("avalon_mini3", True),
        ("avalon_q", False),
        ("avalon_a1246", True),
    ],
)
@pytest.mark.parametrize("given", [None, True, False])
async def test_some_models_do_not_answer_a_reboot(
    start_miner: StartMiner, model: str, answers: bool, given: bool | None
) -> None:
    simulated = await start_miner(model=model, reboot_reply=given)
    reply = await ask(simulated, "ascset|0,reboot,0")
    expected = answers if given is None else given
    assert (b"Code=119,Msg=ASC 0 set OK," in reply) is expected
    assert (reply == b"") is not expected


async def test_a_new_mode_of_a_q(start_miner: StartMiner, clock: ManualClock) -> None:
    q = await start_miner(model="avalon_q")
    assert await option(q, "workmode,set,2") == ("S", 119, "ASC 0 set OK")
    assert q.flash_writes == 1
    for _ in range(3):
        first = q.reply("estats")["STATS"][0]
        assert first["MM ID0:Summary"] == "'STATS':{}"
        assert first["HBinfo"] == "'HB0':{}"
        assert look(q, "litestats")["WORKMODE"] == "2"
    status = look(q)
    assert (status["STATE"], status["ADJ"], status["MPO"]) == ("0", "0", "1650")
    refused = "ASC 0 set failed: current mode 2 is caling Don't permit switch mode"
    assert await option(q, "workmode,set,0") == ("E", 120, refused)
    clock.advance(60)
    refused = "ASC 0 set failed: current mode 2 is caling. Don't permit switch mode"
    assert await option(q, "work_mode_lvl,set,0,0") == ("E", 120, refused)
    clock.advance(90)
    status = look(q)
    assert 1600 < int(status["PS"].split()[6]) < 1720
    assert (status["STATE"], status["ADJ"]) == ("1", "1")
    assert await option(q, "workmode,set,2") == ("S", 119, "ASC 0 set OK")
    assert look(q)["ADJ"] == "1"
    assert q.flash_writes == 1


async def test_a_new_mode_of_the_a_series_waits_for_a_reboot(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(model="avalon_a1246")
    success = ("I", 118, "ASC 0 set info: WORKMODE[0] success")
    assert await option(miner, "workmode,0") == success
    assert await option(miner, "workmode,255") == (
        "I",
        118,
        "ASC 0 set info: WORKMODE[0]",
    )
    clock.advance(300)
    assert (look(miner)["WORKMODE"], miner.flash_writes) == ("1", 1)
    miner.reboot()
    clock.advance(300)
    status = look(miner)
    assert (status["WORKMODE"], status["MPO"]) == ("0", "2500")
    assert status["BOOTBY"] == "0x05.00000000"


async def test_standby_of_a_q(start_miner: StartMiner, clock: ManualClock) -> None:
    q = await start_miner(model="avalon_q")
    board = q.reply("estats")["STATS"][0]["HBinfo"]
    when = NOW + 5
    success = ("I", 118, f"ASC 0 set info: success softoff:{when}")
    assert await option(q, f"softoff,1:{when}") == success
    assert q.phase is Phase.HASHING
    clock.advance(6)
    assert q.phase is Phase.STANDBY
    clock.advance(1800)
    status = look(q)
    expected = {
        "STATE": "2",
        "SYSTEMSTATU": "Work: In Idle, Hash Board: 1",
        "TMax": "0",
        "TAvg": "0",
        "Fan1": "0",
        "Fan4": "0",
        "FanR": "0%",
        "GHSspd": "0.00",
        "DHspd": "0.000%",
        "SoftOFF": "4",
        "SoftOffTime": str(when),
        "ADJ": "1",
    }
    assert expected.items() <= status.items()
    assert [int(part) for part in status["PS"].split()][2:5] == [1, 0, 0]
    assert int(status["PS"].split()[6]) == pytest.approx(17, abs=1)
    assert number(status["GHSavg"]) > 40_000
    assert number(status["GHSmm"]) > 40_000
    assert int(status["Elapsed"]) == pytest.approx(86_400 + 1806, abs=60)
    stale = q.reply("estats")["STATS"][0]["HBinfo"]
    assert stale == board
    summary = q.reply("summary")["SUMMARY"][0]
    assert summary["MHS 5s"] == summary["MHS 1m"] == 0
    assert summary["MHS av"] > 40_000_000
    assert summary["Elapsed"] == 86_400 + 1806
    truth = q.truth
    assert (truth.hashing, truth.hash_rate_ths) == (False, 0)
    assert truth.power_w == pytest.approx(17, abs=1)
    assert truth.temperature < 30


@pytest.mark.parametrize(("given", "watts"), [(None, 17), (146, 146)])
def test_a_miner_that_starts_in_standby(given: float | None, watts: float) -> None:
    q = miner(ManualClock(), "avalon_q", standby=True, standby_watts=given)
    status = look(q)
    assert q.phase is Phase.STANDBY
    assert status["STATE"] == "2"
    assert int(status["PS"].split()[6]) == pytest.approx(watts, abs=1)
    assert NOW - 86_400 < int(status["SoftOffTime"]) < NOW
    assert 40_000 < number(status["GHSavg"]) < 45_000
    assert items(q.reply("stats")["STATS"][0]["HBinfo"])["PVT_T0"].strip() != "0"


@pytest.mark.parametrize("model", ["avalon_q", "avalon_mini3", "avalon_nano3"])
async def test_waking_up(
    start_miner: StartMiner, clock: ManualClock, model: str
) -> None:
    simulated = await start_miner(model=model, standby=True)
    before = look(simulated, "stats")
    assert (await option(simulated, f"softon,1: {NOW - 1}"))[0] == "I"
    assert simulated.phase is Phase.STARTING
    clock.advance(50)
    half_way = simulated.truth
    clock.advance(300)
    full = simulated.truth
    assert 0.3 < half_way.hash_rate_ths / full.hash_rate_ths < 0.7
    assert 0.3 < half_way.power_w / full.power_w < 0.7
    status = look(simulated, "stats")
    assert int(status["Elapsed"]) > int(before["Elapsed"])
    assert int(status["TMax"]) > 0
    if model == "avalon_q":
        assert (status["SoftOFF"], status["SoftOnTime"]) == ("4", str(NOW - 1))


async def test_a_soft_off_in_the_future(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    q = await start_miner(model="avalon_q")
    await option(q, f"softoff,1:{NOW + 3600}")
    await option(q, f"softon,1:{NOW + 7200}")
    clock.advance(3590)
    status = look(q)
    assert int(status["SoftOffTime"]) > clock.now()
    assert (status["STATE"], status["SoftOFF"]) == ("1", "4")
    clock.advance(20)
    assert q.phase is Phase.STANDBY
    clock.advance(3500)
    assert q.phase is Phase.STANDBY
    clock.advance(600)
    assert q.phase is Phase.HASHING


async def test_the_a_series_sleeps_until_a_reboot(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(model="avalon_a1566")
    assert await option(miner, "softoff") == ("S", 119, "ASC 0 set OK")
    clock.advance(60)
    status = look(miner)
    assert status["SYSTEMSTATU"] == "Work: In Idle, Hash Board: 3 "
    assert (status["SoftOFF"], status["GHSspd"]) == ("6", "0.00")
    assert int(status["PS"].split()[6]) == pytest.approx(11, abs=1)
    assert await option(miner, "softon,1:5") == (
        "E",
        120,
        "ASC 0 set failed: Unknown option: softon",
    )
    assert await option(miner, "reboot,1") == ("S", 119, "ASC 0 set OK")
    clock.advance(600)
    assert miner.phase is Phase.HASHING


async def test_hash_power_leaves_the_fans_on(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    nano = await start_miner(model="avalon_nano3")
    off = ("I", 118, "ASC 0 set info: Power off hash now ...")
    assert await option(nano, "hashpower,0") == off
    clock.advance(120)
    status = look(nano)
    assert (status["HashStatus"], status["GHSspd"]) == ("0", "0.00")
    assert int(status["Fan1"]) > 0
    assert (await option(nano, "hashpower"))[2] == f"ASC 0 set info: PS[{status['PS']}]"
    await option(nano, "hashpower,1")
    clock.advance(200)
    assert look(nano)["HashStatus"] == "1"


async def test_mains_bring_a_sleeper_back_to_work(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    q = await start_miner(model="avalon_q", work_mode=1, standby=True)
    await q.stop()
    assert (q.phase, q.truth.power_w) == (Phase.OFF, 0)
    with pytest.raises(ConnectionRefusedError):
        await ask(q, "version")
    q.reboot()
    assert q.phase is Phase.OFF
    clock.advance(60)
    await q.start()
    await q.start()
    clock.advance(600)
    status = look(q, "litestats")
    assert (status["STATE"], status["WORKMODE"]) == ("1", "1")
    assert status["BOOTBY"] == "0x01.00000000"
    assert q.truth.restarts == 1


async def test_switching_the_pool_takes_two_minutes(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    nano = await start_miner(model="avalon_nano3s", pool_difficulty=1000)
    reply = await ask(nano, "switchpool|2")
    assert b"Code=27,Msg=Switching to pool 2:'stratum+tcp://third" in reply

    def active() -> list[bool]:
        return [pool["Stratum Active"] for pool in nano.reply("pools")["POOLS"]]

    assert active() == [True, False, False]
    clock.advance(10)
    assert active() == [True, False, True]
    clock.advance(105)
    assert nano.reply("pools")["POOLS"][2]["Accepted"] == 0
    clock.advance(25)
    clock.advance(7200)
    assert active() == [False, False, True]
    counts = [pool["Accepted"] for pool in nano.reply("pools")["POOLS"]]
    assert counts[2] > 0
    assert sum(counts) == nano.reply("summary")["SUMMARY"][0]["Accepted"]
    assert nano.flash_writes == 0
    nano.reboot()
    clock.advance(105)
    assert active() == [True, True, True]
    clock.advance(60)
    assert active() == [True, False, False]
    nano.reboot()
    clock.advance(105)
    assert [pool["Accepted"] for pool in nano.reply("pools")["POOLS"]] == [0, 0, 0]
    assert nano.reply("pools")["POOLS"][2]["Last Share Time"] == 0


async def test_a_firmware_update(start_miner: StartMiner, clock: ManualClock) -> None:
    q = await start_miner(model="avalon_q", work_mode=2)
    dna = q.reply("version")["VERSION"][0]["DNA"]
    q.update_firmware("26010101_abcdef0")
    clock.advance(600)
    version = q.reply("version")["VERSION"][0]
    assert version["LVERSION"] == version["CGVERSION"] == "26010101_abcdef0"
    assert (q.firmware, version["DNA"]) == ("26010101_abcdef0", dna)
    assert look(q, "litestats")["Ver"] == "Q-26010101_abcdef0"
    assert look(q, "litestats")["WORKMODE"] == "2"


def test_shares_and_energy_fit_the_hash_rate() -> None:
    clock = ManualClock()
    nano = miner(clock, "avalon_nano3", pool_difficulty=2000)
    before = nano.truth
    clock.advance(86_400)
    after = nano.truth
    expected = after.hash_rate_ths * 1e12 * 86_400 / (2000 * 2**32)
    found = after.shares_accepted - before.shares_accepted
    found += after.shares_rejected - before.shares_rejected
    assert found == pytest.approx(expected, abs=4 * expected**0.5 + 0.02 * expected)
    assert after.energy_wh == pytest.approx(24 * 92, rel=0.02)
    pool = nano.reply("pools")["POOLS"][0]
    assert pool["Stratum Difficulty"] == 2000
    assert pool["Difficulty Accepted"] == pool["Accepted"] * 2000


def test_windows_swing_and_the_status_does_not() -> None:
    clock = ManualClock()
    nano = miner(clock, "avalon_nano3")
    windows, speeds = [], []
    for _ in range(200):
        clock.advance(15)
        windows.append(nano.reply("summary")["SUMMARY"][0]["MHS 5s"] / 1e6)
        speeds.append(number(look(nano)["GHSspd"]) / 1e3)
    assert max(windows) / min(windows) > 1.5
    assert max(speeds) / min(speeds) < 1.06
    assert statistics.mean(windows) == pytest.approx(3.33, rel=0.1)
    steps = [abs(a - b) for a, b in pairwise(speeds)]
    apart = [abs(a - b) for a, b in zip(speeds, speeds[20:], strict=False)]
    assert statistics.mean(steps) < statistics.mean(apart)


def test_chips_move_together_and_each_in_its_own_way() -> None:
    clock = ManualClock()
    q = miner(clock, "avalon_q")
    first = items(q.reply("stats")["STATS"][0]["HBinfo"])
    clock.advance(60)
    second = items(q.reply("stats")["STATS"][0]["HBinfo"])
    for key in ("PVT_T0", "PVT_V0", "MW0"):
        a, b = ([int(part) for part in seen[key].split()] for seen in (first, second))
        assert a != b
        assert statistics.correlation(a, b) > 0.3
        assert len(set(a)) > 5


def test_the_same_seed_gives_the_same_life() -> None:
    def life(seed: int) -> Any:
        clock = ManualClock()
        q = miner(clock, "avalon_q", seed=seed)
        clock.advance(3600)
        return q.reply("summary+estats+pools")

    assert life(1) == life(1) != life(2)


def test_a_week_is_quick() -> None:
    clock = ManualClock()
    q = miner(clock, "avalon_q")
    clock.advance(7 * 86_400)
    began = time.perf_counter()
    assert q.truth.energy_wh == pytest.approx(7 * 24 * 822, rel=0.02)
    assert time.perf_counter() - began < 20


@pytest.mark.parametrize(
    ("model", "epoch_when", "epoch_shares"),
    [
        ("avalon_nano3", True, True),
        ("avalon_nano3s", True, True),
        ("avalon_q", True, False),
        ("avalon_a1566", False, False),
    ],
)
def test_times_are_epochs_or_seconds_since_the_start(
    model: str, epoch_when: bool, epoch_shares: bool
) -> None:
    clock = ManualClock()
    simulated = miner(clock, model)
    clock.advance(600)
    reply = simulated.reply("pools")
    when, last = reply["STATUS"][0]["When"], reply["POOLS"][0]["Last Share Time"]
    assert when == NOW + 600 if epoch_when else when == 87_000
    assert last == pytest.approx(NOW + 600 if epoch_shares else 87_000, abs=600)


def test_dna_and_mac() -> None:
    clock = ManualClock()
    rows = {
        model: miner(clock, model).reply("version")["VERSION"][0] for model in MODELS
    }
    nano = rows.pop("avalon_nano3")
    assert nano.keys().isdisjoint({"DNA", "MAC"})
    status = look(miner(clock, "avalon_nano3"))
    assert status["DNA"] == "0" * 16
    assert int(status["HDNA"], 16)
    for model, row in rows.items():
        assert len(row["DNA"]) == 16
        assert row["MAC"].startswith("b4a2eb" if "_a1" in model else "e0e1a9")
        assert look(miner(clock, model))["DNA"] == row["DNA"]
    given = miner(clock, "avalon_q", mac="E0:E1:A9:00:00:07")
    assert given.reply("version")["VERSION"][0]["MAC"] == "e0e1a9000007"


async def test_schedules_that_come_too_late(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    q = await start_miner(model="avalon_q")
    assert (await option(q, f"softon,1:{NOW - 5}"))[0] == "I"
    assert q.phase is Phase.HASHING
    await option(q, f"softoff,1:{NOW + 60}")
    await q.stop()
    clock.advance(100)
    assert q.phase is Phase.OFF
    await q.start()
    clock.advance(600)
    assert q.phase is Phase.HASHING


async def test_a_reboot_while_booting_starts_over(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    nano = await start_miner(model="avalon_nano3s", boot_seconds=100)
    nano.reboot()
    clock.advance(90)
    nano.reboot()
    clock.advance(90)
    assert nano.phase is Phase.BOOTING
    clock.advance(20)
    assert nano.phase is Phase.STARTING
    assert b"PROD" in await ask(nano, "version")


async def test_a_mode_chosen_in_standby_is_for_later(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    q = await start_miner(model="avalon_q", standby=True)
    assert await option(q, "workmode,set,1") == ("S", 119, "ASC 0 set OK")
    clock.advance(60)
    assert q.phase is Phase.STANDBY
    await option(q, f"softon,1:{NOW}")
    clock.advance(300)
    assert q.truth.power_w == pytest.approx(1318, rel=0.03)


def test_the_summary_agrees_with_status_pools_and_devices() -> None:
    clock = ManualClock()
    a12 = miner(clock, "avalon_a1246")
    clock.advance(3600)
    summary = a12.reply("summary")["SUMMARY"][0]
    device = a12.reply("devs")["DEVS"][0]
    status, pool = look(a12), a12.reply("pools")["POOLS"][0]
    difficulty = pool["Stratum Difficulty"]
    assert summary["Difficulty Accepted"] == summary["Accepted"] * difficulty > 0
    assert summary["Difficulty Rejected"] == summary["Rejected"] * difficulty > 0
    assert summary["Hardware Errors"] == int(status["HW"]) > 100
    assert sum(map(int, status["MH"].split())) == int(status["HW"])
    shared = summary.keys() & device.keys()
    assert {key: summary[key] for key in shared} == {key: device[key] for key in shared}
    assert summary["MHS av"] == pytest.approx(1000 * number(status["GHSavg"]), rel=1e-6)
    for key in ("Accepted", "Rejected", "Difficulty Accepted"):
        assert summary[key] == pool[key]
