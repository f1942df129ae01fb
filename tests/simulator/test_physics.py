"""The physical model: energy, shares, temperatures, noise, averages."""

from random import Random
import statistics
import time

import pytest

from simulator import ManualClock, MinerSpec
from simulator.averages import RollingMean
from simulator.axeos.boards import BOARDS, Meter
from simulator.axeos.device import Device
from simulator.axeos.physics import (
    error_fraction,
    ideal_ghs,
    thermal_resistance,
)
from simulator.axeos.replies import Replies
from simulator.nature import room_temperature
from simulator.shares import ShareCounter, best_of, poisson, suffixed

WEEK = 7 * 86_400


def device(clock: ManualClock, **settings: object) -> Device:
    return Device(MinerSpec(**({"name": "m", "seed": 11} | settings)), clock)


@pytest.mark.parametrize("model", BOARDS)
def test_each_board_runs_cool_at_its_default_operating_point(model: str) -> None:
    clock = ManualClock()
    miner = device(clock, model=model)
    truth = miner.truth
    board = miner.board
    expected = ideal_ghs(board, board.default_mhz) / 1000
    assert truth.hash_rate_ths == pytest.approx(expected, rel=0.01)
    assert truth.temperature == pytest.approx(board.fan_target, abs=2)
    assert 25 < miner.physics.duty < 90
    assert 5 < truth.power_w < board.max_power * 1.05
    assert truth.hashing


def test_a_week_of_energy_and_shares_takes_seconds() -> None:
    clock = ManualClock()
    miner = device(clock)
    before, began = miner.truth, time.process_time()
    clock.advance(WEEK)
    after = miner.truth
    assert time.process_time() - began < 5
    watts = before.power_w
    assert after.energy_wh - before.energy_wh == pytest.approx(watts * 168, rel=1e-6)
    shares = after.shares_accepted - before.shares_accepted
    shares += after.shares_rejected - before.shares_rejected
    expected = after.hash_rate_ths * 1e12 * WEEK / (1000 * 2**32)
    assert shares == pytest.approx(expected, rel=0.015)
    assert after.restarts == 0


def test_polling_does_not_change_the_energy() -> None:
    clocks = ManualClock(), ManualClock()
    asked, unasked = (device(clock) for clock in clocks)
    for _ in range(240):
        clocks[0].advance(15)
        assert asked.truth.hashing
    clocks[1].advance(3600)
    energy = unasked.truth.energy_wh
    assert energy == pytest.approx(unasked.truth.power_w, rel=1e-6)
    assert asked.truth.energy_wh == pytest.approx(energy, rel=1e-6)


def test_the_same_seed_gives_the_same_miner() -> None:
    def run(seed: int) -> list[dict[str, object]]:
        clock = ManualClock()
        replies = Replies(miner := device(clock, seed=seed))
        result = []
        for _ in range(20):
            clock.advance(15)
            miner.sync()
            result.append(replies.info())
        return result

    assert run(5) == run(5)
    assert run(5) != run(6)


def readings(firmware: str, key: str, count: int = 400) -> list[float]:
    clock = ManualClock()
    replies = Replies(miner := device(clock, firmware=firmware))
    result = []
    for _ in range(count):
        clock.advance(5)
        miner.sync()
        result.append(replies.info()[key])
    return result


def correlation(values: list[float]) -> float:
    return statistics.correlation(values[:-1], values[1:])


@pytest.mark.parametrize(
    ("firmware", "low", "high"), [("2.12.2", 0.005, 0.02), ("2.9.0", 0.02, 0.07)]
)
def test_hash_rate_noise_is_correlated_and_of_its_era(
    firmware: str, low: float, high: float
) -> None:
    values = readings(firmware, "hashRate")
    assert statistics.mean(values) == pytest.approx(1071, rel=0.02)
    assert low < statistics.stdev(values) / 1071 < high
    assert correlation(values) > 0.4


@pytest.mark.parametrize("key", ["power", "temp", "voltage", "wifiRSSI", "fanspeed"])
def test_other_readings_move_a_little_and_slowly(key: str) -> None:
    values = readings("2.12.2", key)
    assert len(set(values)) > 3
    assert correlation(values) > 0.4


def test_averages_are_calmer_the_longer_they_are() -> None:
    spread = [
        statistics.stdev(readings("2.12.2", key, 800)[200:])
        for key in ("hashRate", "hashRate_1m", "hashRate_10m")
    ]
    assert spread[0] > spread[1] > spread[2]


def test_the_room_is_warmest_in_the_afternoon() -> None:
    temperatures = [room_temperature(3600 * hour) for hour in range(24)]
    assert temperatures.index(max(temperatures)) == 15
    assert max(temperatures) == pytest.approx(25)
    assert min(temperatures) == pytest.approx(19)


def test_a_fan_cools() -> None:
    resistances = [thermal_resistance(duty) for duty in (0, 25, 50, 100)]
    assert resistances == sorted(resistances, reverse=True)
    assert thermal_resistance(50) == 1


def test_chips_err_more_when_the_voltage_is_too_low() -> None:
    board = BOARDS["gamma_601"]
    errors = [error_fraction(board, 800, volts) for volts in (1.3, 1.19, 1.1, 1.0)]
    assert errors == sorted(errors)
    assert errors[0] < 0.003
    assert errors[-1] > 0.2
    assert error_fraction(board, 2000, 0.5) == 1
    assert error_fraction(board, 800, 0) == 1


def test_overclocking_costs_more_than_it_brings() -> None:
    def efficiency(mhz: float, millivolts: int) -> float:
        truth = device(ManualClock(), frequency=mhz, core_voltage=millivolts).truth
        return truth.power_w / truth.hash_rate_ths

    assert efficiency(800, 1280) > efficiency(525, 1150)


def test_temperature_follows_the_set_point_with_a_time_constant() -> None:
    clock = ManualClock()
    miner = device(clock)
    cool = miner.truth.temperature
    miner.flash.write("autofanspeed", 0)
    miner.flash.write("manualFanSpeed", 48)
    clock.advance(300)
    steady = miner.truth.temperature
    assert steady == pytest.approx(cool, abs=2)
    miner.flash.write("frequency", 600)
    miner.apply_set_points()
    clock.advance(20)
    soon = miner.truth.temperature
    clock.advance(600)
    late = miner.truth.temperature
    assert steady < soon < late
    assert late - soon > 0.5


def test_the_fan_holds_the_target() -> None:
    clock = ManualClock()
    miner = device(clock)
    miner.flash.write("temptarget", 55)
    clock.advance(900)
    assert miner.truth.temperature == pytest.approx(55, abs=1.5)
    miner.flash.write("minFanSpeed", 90)
    clock.advance(900)
    assert miner.truth.temperature < 54
    assert miner.physics.duty >= 89.9


def test_the_supply_sags_under_load() -> None:
    low, high = (
        Replies(device(ManualClock(), frequency=mhz, core_voltage=mv)).info()
        for mhz, mv in ((525, 1150), (800, 1280))
    )
    assert low["voltage"] > high["voltage"] + 50


@pytest.mark.parametrize("meter", [Meter.INA260, Meter.TPS546])
def test_current_is_the_input_s_or_the_output_s(meter: Meter) -> None:
    model = "supra_401" if meter is Meter.INA260 else "gamma_601"
    info = Replies(device(ManualClock(), model=model)).info()
    product = info["voltage"] * info["current"] / 1e6
    if meter is Meter.INA260:
        assert product == pytest.approx(info["power"], rel=0.01)
    else:
        assert product > 2 * info["power"]
        output = info["coreVoltageActual"] * info["current"] / 1e6
        assert output == pytest.approx(info["power"] - 5, rel=0.02)


def test_a_rolling_mean_forgets() -> None:
    mean = RollingMean(60)
    assert mean.mean == 0
    mean.add(30, 10)
    assert mean.mean == 10
    mean.add(30, 20)
    assert mean.mean == 15
    mean.add(15, 20)
    assert mean.mean == pytest.approx((15 * 10 + 45 * 20) / 60)
    mean.add(600, 7)
    assert mean.mean == 7
    mean.clear()
    assert mean.mean == 0


@pytest.mark.parametrize("expected", [0.2, 4, 49, 200])
def test_poisson_has_its_mean_and_spread(expected: float) -> None:
    rng = Random(1)
    draws = [poisson(rng, expected) for _ in range(20_000)]
    assert statistics.mean(draws) == pytest.approx(expected, rel=0.06)
    assert statistics.variance(draws) == pytest.approx(expected, rel=0.1)
    assert poisson(rng, 0) == 0


def test_the_best_share_follows_the_number_of_shares() -> None:
    rng = Random(2)
    best = sorted(best_of(rng, 1000, 512) for _ in range(999))
    # the median of the best of n shares is at n x difficulty / ln 2
    assert best[499] == pytest.approx(1000 * 512 / 0.693, rel=0.15)
    assert best[0] > 512


def test_rejects_are_few_and_have_reasons() -> None:
    counter = ShareCounter(Random(3))
    counter.work(86_400, 5000, 1000)
    session = counter.session
    assert session.rejected / session.accepted == pytest.approx(0.003, rel=0.3)
    assert sum(session.reasons.values()) == session.rejected
    counter.restart()
    assert counter.session.accepted == counter.best_session == 0
    assert counter.accepted == session.accepted
    assert counter.best > 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0|"),
        (999, "999|"),
        (1500, "2|k"),
        (2.5e6, "2|M"),
        (4e18, "4|E"),
        (5e22, "50000|E"),
    ],
)
def test_difficulties_get_suffixes(value: float, text: str) -> None:
    assert suffixed(value, lambda number, suffix: f"{number:.0f}|{suffix}") == text
