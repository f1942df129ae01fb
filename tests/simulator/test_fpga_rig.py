"""Rigs and pool scrapers: what their exporters tell as time goes by."""

from itertools import pairwise
import math
import re
from statistics import mean, stdev
from typing import Any

import aiohttp
import pytest

from simulator import ManualClock, MinerSpec, Phase, SimulatedMiner
from simulator.fpga.miner import SimulatedFpga

from .conftest import StartMiner

SAMPLE = re.compile(r'(\w+)(?:\{(?:card|generation)="(.*)"\})? (\S+)')
KINDS = ("fpga_0xbitcoin", "fpga_rb4", "fpga_nimiq")
type Values = dict[tuple[str, str | None], float]


def _values(miner: SimulatedMiner) -> Values:
    """Return the samples of a reply by name and card."""
    samples = {}
    for line in miner.reply("metrics")["text"].splitlines():
        if not line.startswith("#") and (match := SAMPLE.fullmatch(line)):
            samples[match[1], match[2]] = float(match[3])
    return samples


def _value(miner: SimulatedMiner, name: str, card: str | None = "card0") -> float:
    return _values(miner)[name, card]


async def _answers(miner: SimulatedMiner, session: aiohttp.ClientSession) -> bool:
    try:
        async with session.get(miner.url) as response:
            return response.status == 200
    except aiohttp.ClientConnectorError:
        return False


@pytest.mark.parametrize(
    ("model", "rate", "spread", "mhz", "celsius", "volts", "errors", "hashes"),
    [
        ("fpga_0xbitcoin", 16.54, 0.3, 730, 54, 0.85, 0.12, 1e9),
        ("fpga_rb4", 5.14, 0.1, 600, 61, 0.84, 0.3, 1e9),
        ("fpga_nimiq", 1487, 25, 400, 31.4, 0.72, 0.05, 1e3),
    ],
)
async def test_a_card_in_good_health(
    start_miner: StartMiner,
    model: str,
    rate: float,
    spread: float,
    mhz: float,
    celsius: float,
    volts: float,
    errors: float,
    hashes: float,
) -> None:
    miner = await start_miner(model=model)
    values = _values(miner)
    assert values["hashrate", "card0"] == pytest.approx(rate, abs=spread)
    assert values["clock_speed", "card0"] == mhz
    assert values["temperature", "card0"] == pytest.approx(celsius, abs=5)
    assert values["voltage", "card0"] == pytest.approx(volts, abs=0.02)
    assert 0 <= values["errors", "card0"] < 4 * errors + 0.1
    assert values["last_update", "card0"] == 1_800_000_000
    truth = miner.truth
    assert truth.hash_rate_ths == pytest.approx(rate * hashes / 1e12, rel=0.01)
    assert truth.hashing
    assert truth.power_w > 50
    assert miner.phase is Phase.HASHING


async def test_values_change_every_thirty_seconds(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(model="fpga_nimiq")
    first = _values(miner)
    clock.advance(29.9)
    assert _values(miner) == first
    clock.advance(0.1)
    second = _values(miner)
    assert second["last_update", "card0"] == first["last_update", "card0"] + 30
    assert second["hashrate", "card0"] != first["hashrate", "card0"]


async def test_the_noise_of_the_hash_rate_is_small_and_has_a_memory(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(model="fpga_nimiq")
    rates = []
    for _ in range(400):
        clock.advance(30)
        rates.append(_value(miner, "hashrate"))
    centre = mean(rates)
    assert centre == pytest.approx(1487, rel=0.005)
    assert 0.001 < stdev(rates) / centre < 0.01
    products = mean((one - centre) * (two - centre) for one, two in pairwise(rates))
    assert 0.3 < products / stdev(rates) ** 2 < 0.9


async def test_the_temperature_follows_the_room(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(model="fpga_nimiq")
    celsius = []
    for _ in range(24):
        clock.advance(3600)
        celsius.append(_value(miner, "temperature"))
    assert 5 < max(celsius) - min(celsius) < 9


async def test_counters_grow_as_the_card_works(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(model="fpga_rb4")
    before, truth = _values(miner), miner.truth
    clock.advance(10 * 3600)
    after = _values(miner)

    def grown(name: str) -> float:
        return after[name, "card0"] - before[name, "card0"]

    assert grown("solutions_total") == pytest.approx(6000, rel=0.1)
    assert grown("share_total") == pytest.approx(300, rel=0.25)
    assert 0 < grown("share_bad_total") < 30
    assert grown("share_good") + grown("share_bad_total") == grown("share_total")
    assert grown("solutions_good") < grown("solutions_total")
    bad, total = after["share_bad_total", "card0"], after["share_total", "card0"]
    assert after["share_percent", "card0"] == pytest.approx(100 * bad / total)
    now = miner.truth
    assert now.shares_accepted - truth.shares_accepted == grown("share_good")
    assert now.shares_rejected - truth.shares_rejected == grown("share_bad_total")
    assert now.energy_wh - truth.energy_wh == pytest.approx(1500, rel=0.01)


@pytest.mark.parametrize(("cards", "frequency"), [(1, None), (3, 500)])
async def test_cards_have_names_and_lives_of_their_own(
    start_miner: StartMiner, cards: int, frequency: float | None
) -> None:
    miner = await start_miner(model="fpga_rb4", cards=cards, frequency=frequency)
    values = _values(miner)
    names = [card for name, card in values if name == "hashrate"]
    assert names == [f"card{index}" for index in range(cards)]
    assert {values["clock_speed", name] for name in names} == {frequency or 600}
    assert len({values["solutions_total", name] for name in names}) == cards
    total = sum(values["hashrate", name] for name in names)
    assert miner.truth.hash_rate_ths == pytest.approx(total / 1000, rel=0.01)


def test_a_rig_needs_a_card(clock: ManualClock) -> None:
    with pytest.raises(ValueError, match="at least one card"):
        SimulatedFpga(MinerSpec(name="rig", model="fpga_rb4", cards=0), clock)


async def test_the_name_decides_the_numbers(start_miner: StartMiner) -> None:
    settings: dict[str, Any] = {"model": "fpga_nimiq", "seed": None}
    one = await start_miner(name="one", **settings)
    two = await start_miner(name="two", **settings)
    again = await start_miner(name="one", **settings)
    assert _values(one) == _values(again)
    assert _values(one) != _values(two)


@pytest.mark.parametrize("model", KINDS)
@pytest.mark.parametrize("way", ["reboot", "freeze", "event"])
async def test_values_stay_frozen_after_a_restart_of_the_miner(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    model: str,
    way: str,
) -> None:
    miner = await start_miner(model=model)
    clock.advance(3600)
    before = miner.reply("metrics")["text"]
    if way == "reboot":
        miner.reboot()
    else:
        miner.inject("freeze" if way == "freeze" else "reboot")
    assert list(miner.active_faults) == ["freeze"]
    clock.advance(86_400)
    assert miner.reply("metrics")["text"] == before
    assert await _answers(miner, session)
    assert miner.truth.hashing
    assert miner.truth.restarts == 1
    miner.clear("freeze")
    assert _value(miner, "last_update") == clock.now()
    clock.advance(30)
    assert _value(miner, "last_update") == clock.now()
    assert list(miner.active_faults) == []


@pytest.mark.parametrize("way", ["power", "release"])
async def test_the_end_of_a_freeze_is_not_the_end_of_the_next(
    start_miner: StartMiner, clock: ManualClock, way: str
) -> None:
    miner = await start_miner(model="fpga_0xbitcoin", boot_seconds=0)
    miner.inject("freeze", duration=300)
    if way == "power":
        await miner.stop()
        await miner.start()
    else:
        miner.update_firmware("2026-01-01")
    clock.advance(100)
    miner.reboot()
    clock.advance(300)
    assert list(miner.active_faults) == ["freeze"]
    assert _value(miner, "last_update") < clock.now() - 290


async def test_a_fault_begins_and_ends_at_its_own_time(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(model="fpga_rb4")
    assert miner.truth.energy_wh == 0
    clock.advance(10)
    miner.inject("flatline", duration=10)
    clock.advance(20)
    hashing, idle = 150 * 20 / 3600, 150 * 0.35 * 10 / 3600
    assert miner.truth.energy_wh == pytest.approx(hashing + idle, rel=0.01)


async def test_counters_begin_anew_with_the_log(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(model="fpga_nimiq")
    before = _values(miner)
    miner.inject("freeze", duration=7200)
    clock.advance(7200)
    after = _values(miner)
    for name in ("solutions_total", "share_total", "share_good_total"):
        assert 0 < after[name, "card0"] < before[name, "card0"] / 5
    assert after["share_created", "card0"] == clock.now()
    assert miner.truth.shares_accepted > before["share_good_total", "card0"]


async def test_the_old_nimiq_exporter_looks_like_the_one_of_rb4(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    rb4 = await start_miner(model="fpga_rb4")
    miner = await start_miner(model="fpga_nimiq", firmware="2021-03-14")
    values = _values(miner)
    assert values.keys() == _values(rb4).keys()
    assert values["hashrate", "card0"] == pytest.approx(1487, rel=0.02)
    for part in ("good", "total"):
        solutions = values[f"solutions_{part}", "card0"]
        assert values[f"share_{part}", "card0"] == solutions > 20_000
    miner.update_firmware("2021-03-15")
    values = _values(miner)
    assert ("share_percent", "card0") not in values
    assert 1000 < values["share_good_total", "card0"] < 2000


async def test_the_old_nimiq_exporter_dies_without_solutions(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(model="fpga_nimiq", firmware="2021-03-14", uptime=0)
    miner.inject("flatline")
    clock.advance(30)
    assert not await _answers(miner, session)
    miner.clear()
    clock.advance(90)
    assert await _answers(miner, session)


async def test_a_new_release_of_the_exporter_thaws_the_values(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(model="fpga_0xbitcoin")
    miner.reboot()
    clock.advance(600)
    assert _value(miner, "last_update") == clock.now() - 600
    miner.inject("firmware_update", version="2026-01-01")
    assert miner.firmware == "2026-01-01"
    assert _value(miner, "last_update") == clock.now()
    assert list(miner.active_faults) == []


async def test_power(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(model="fpga_0xbitcoin")
    miner.reboot()
    port = miner.port
    await miner.stop()
    assert not await _answers(miner, session)
    assert miner.phase is Phase.OFF
    assert list(miner.active_faults) == []
    assert (miner.truth.hash_rate_ths, miner.truth.power_w) == (0, 0)
    energy = miner.truth.energy_wh
    clock.advance(3600)
    await miner.start()
    assert miner.phase is Phase.BOOTING
    assert not await _answers(miner, session)
    clock.advance(44)
    assert not await _answers(miner, session)
    clock.advance(1)
    assert await _answers(miner, session)
    assert miner.port == port
    assert miner.truth.energy_wh == energy
    assert miner.phase is Phase.STARTING
    assert _values(miner) == {}
    assert "# TYPE hashrate gauge" in miner.reply("metrics")["text"]
    clock.advance(30)
    assert miner.phase is Phase.HASHING
    warming = _value(miner, "temperature")
    assert _value(miner, "clock_speed") < 730
    clock.advance(600)
    assert _value(miner, "clock_speed") == 730
    assert _value(miner, "temperature") > warming + 10
    assert miner.truth.restarts == 2


async def test_the_boot_lasts_as_long_as_the_spec_says(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(model="fpga_rb4", boot_seconds=5)
    await miner.stop()
    await miner.start()
    clock.advance(4.9)
    assert miner.phase is Phase.BOOTING
    clock.advance(0.1)
    assert miner.phase is Phase.STARTING


async def test_an_rb4_exporter_is_away_until_the_first_share(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(model="fpga_rb4", uptime=0)
    miner.inject("pool_lost")
    assert await _answers(miner, session)
    assert _values(miner) == {}
    clock.advance(30)
    for _ in range(5):
        assert not await _answers(miner, session)
        assert miner.reply("metrics")["text"] == ""
        clock.advance(300)
    assert miner.truth.hashing
    miner.clear("pool_lost")
    clock.advance(3600)
    assert await _answers(miner, session)
    assert _value(miner, "share_total") > 0
    assert _value(miner, "last_update") == clock.now()


@pytest.mark.parametrize("model", ["fpga_0xbitcoin", "fpga_nimiq"])
async def test_others_answer_without_shares(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    model: str,
) -> None:
    miner = await start_miner(model=model, uptime=0)
    miner.inject("pool_lost")
    clock.advance(3600)
    assert await _answers(miner, session)
    assert _value(miner, "hashrate") > 0
    assert not any(name.startswith("share") for name, _ in _values(miner))


async def test_a_miner_that_restarts_while_its_exporter_is_away_is_read(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(model="fpga_rb4", uptime=0)
    clock.advance(30)
    miner.reboot()
    assert list(miner.active_faults) == []
    clock.advance(3600)
    assert _value(miner, "last_update") == clock.now()


async def test_without_power_there_is_nothing_to_restart(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    for model in ("fpga_rb4", "fpga_poolscraper"):
        miner = await start_miner(model=model)
        await miner.stop()
        miner.reboot()
        miner.update_firmware("2026-01-01")
        assert list(miner.active_faults) == []
        assert miner.phase is Phase.OFF
        clock.advance(60)
        assert miner.phase is Phase.OFF


async def test_a_flat_line_goes_on_telling_the_time(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(model="fpga_rb4")
    warm = _value(miner, "temperature")
    miner.inject("flatline", duration=600)
    clock.advance(570)
    assert _value(miner, "hashrate") == 0
    assert _value(miner, "last_update") == clock.now()
    assert _value(miner, "temperature") < warm - 10
    assert not miner.truth.hashing
    assert miner.phase is Phase.FAULT
    clock.advance(60)
    assert _value(miner, "hashrate") > 5
    assert miner.phase is Phase.HASHING


@pytest.mark.parametrize(("parameters", "celsius"), [({}, 95), ({"celsius": 83}, 83)])
async def test_heat(
    start_miner: StartMiner,
    clock: ManualClock,
    parameters: dict[str, float],
    celsius: float,
) -> None:
    miner = await start_miner(model="fpga_rb4")
    errors = _value(miner, "errors")
    miner.inject("hot", **parameters)
    clock.advance(300)
    assert _value(miner, "temperature") == pytest.approx(celsius, abs=1.5)
    assert _value(miner, "errors") > errors
    miner.clear("hot")
    clock.advance(900)
    assert _value(miner, "temperature") < 70


async def test_the_clock_goes_back_once(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(model="fpga_rb4")
    miner.inject("clock_back", seconds=1800)
    stamps = []
    for _ in range(3):
        stamps.append(_value(miner, "last_update"))
        clock.advance(30)
    assert stamps == [1_800_000_000, 1_799_998_230, 1_799_998_260]


@pytest.mark.parametrize(
    ("fault", "parameters", "expected"),
    [
        ("nan", {}, {"hashrate": "NaN", "last_update": "NaN"}),
        ("nan", {"keys": ["errors"]}, {"errors": "NaN", "clock_speed": "600.0"}),
        ("infinity", {}, {"hashrate": "+Inf", "temperature": "+Inf"}),
        ("override", {"values": {"voltage": 1e300}}, {"voltage": "1e+300"}),
        (
            "override",
            {"values": {"hashrate": -1}, "card": "card1"},
            {"clock_speed": "600.0"},
        ),
    ],
)
async def test_faults_of_the_values(
    start_miner: StartMiner,
    fault: str,
    parameters: dict[str, Any],
    expected: dict[str, str],
) -> None:
    miner = await start_miner(model="fpga_rb4")
    sound = miner.reply("metrics")["text"]
    miner.inject(fault, **parameters)
    text = miner.reply("metrics")["text"]
    for name, value in expected.items():
        assert f'\n{name}{{card="card0"}} {value}\n' in text
    assert (text == sound) is (parameters.get("card") == "card1")
    miner.clear(fault)
    assert miner.reply("metrics")["text"] == sound


@pytest.mark.parametrize(
    ("parameters", "lost"), [({}, "card0"), ({"card": "card1"}, "card1")]
)
async def test_a_lost_card(
    start_miner: StartMiner, parameters: dict[str, str], lost: str
) -> None:
    miner = await start_miner(model="fpga_rb4", cards=2)
    sound = _values(miner)
    miner.inject("card_lost", **parameters)
    assert _values(miner) == {
        (name, card): value for (name, card), value in sound.items() if card != lost
    }


async def test_odd_names_are_escaped(start_miner: StartMiner) -> None:
    miner = await start_miner(model="fpga_0xbitcoin", cards=5)
    miner.inject("card_names")
    lines = miner.reply("metrics")["text"].splitlines()
    assert [line.rpartition(" ")[0] for line in lines if line.startswith("clock")] == [
        r'clock_speed{card="rig \"A\"\\left\nupper"}',
        'clock_speed{card="card,1} 5.0"}',
        'clock_speed{card="Küche"}',
        'clock_speed{card=""}',
        'clock_speed{card="card4"}',
    ]


async def test_another_exporter_at_the_address(start_miner: StartMiner) -> None:
    miner = await start_miner(model="fpga_rb4")
    miner.inject("foreign")
    text = miner.reply("metrics")["text"]
    assert "node_load1 0.21\n" in text
    assert "hashrate" not in text
    assert miner.reply("openmetrics")["text"] == text + "# EOF\n"


async def test_what_there_is_not(start_miner: StartMiner) -> None:
    miner = await start_miner(model="fpga_rb4")
    with pytest.raises(ValueError, match="Unknown fault 'fan_stop'"):
        miner.inject("fan_stop")
    with pytest.raises(ValueError, match="No endpoint 'info'"):
        miner.reply("info")
    assert miner.flash_writes == 0


async def test_the_pool_scraper(start_miner: StartMiner, clock: ManualClock) -> None:
    miner = await start_miner(model="fpga_poolscraper")
    seen = []
    for _ in range(200):
        seen.append(_value(miner, "pool_hashrate", None))
        clock.advance(30)
    assert mean(seen) == pytest.approx(16.3, rel=0.1)
    assert 0.01 < stdev(seen) / mean(seen) < 0.12
    text = miner.reply("metrics")["text"]
    for piece in (
        '\npython_info{implementation="CPython",',
        "\nprocess_cpu_seconds_total ",
        "\nprocess_start_time_seconds 1.7999136e+09\n",
        '\npython_gc_collections_total{generation="2"} 0.0\n',
        "\n# TYPE pool_hashrate gauge\npool_hashrate ",
    ):
        assert piece in text
    assert "_created" not in text
    newer = miner.reply("openmetrics")["text"]
    assert "\n# TYPE process_cpu_seconds counter\nprocess_cpu_seconds_total " in newer
    truth = miner.truth
    assert (truth.hash_rate_ths, truth.power_w, truth.hashing) == (0, 0, False)
    assert math.isfinite(truth.temperature)


async def test_the_pool_scraper_between_pool_and_power(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(model="fpga_poolscraper")
    miner.inject("pool_lost")
    last = _value(miner, "pool_hashrate", None)
    clock.advance(3600)
    assert _value(miner, "pool_hashrate", None) == last
    miner.clear("pool_lost")
    miner.inject("flatline")
    clock.advance(30)
    assert _value(miner, "pool_hashrate", None) == 0
    miner.clear()
    clock.advance(30)
    assert _value(miner, "pool_hashrate", None) > 10
    miner.reboot()
    assert _value(miner, "pool_hashrate", None) > 10
    miner.update_firmware("2")
    assert _value(miner, "pool_hashrate", None) == 0
    clock.advance(30)
    assert _value(miner, "pool_hashrate", None) > 10
