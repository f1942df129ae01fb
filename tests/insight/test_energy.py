"""Energy is counted between neighbouring readings and nowhere else."""

from dataclasses import replace
import json
import math
import random
from typing import Any

import pytest

from custom_components.miner_monitor.insight.meters import EnergyMeter, energy_reading
from custom_components.miner_monitor.miners.model import (
    Family,
    Limits,
    MinerIdentity,
    MinerState,
    MinerStatus,
)

KWH = 3.6e6

type Reading = tuple[float, float | None]


def fed(*readings: Reading, meter: EnergyMeter | None = None) -> EnergyMeter:
    """Feed readings of (moment, power), with 15 s between polls."""
    meter = meter or EnergyMeter()
    for moment, power in readings:
        meter.observe(power, moment, 15)
    return meter


@pytest.mark.parametrize(
    ("readings", "joules"),
    [
        ([], 0),
        ([(0, 100)], 0),
        ([(0, 100), (15, 100)], 1500),
        ([(0, 100), (15, 200), (30, 0)], 15 * 150 + 15 * 100),
        ([(0, 0), (15, 0)], 0),
        # An outage of up to three intervals is bridged, a longer one is not.
        ([(0, 100), (45, 200)], 45 * 150),
        ([(0, 100), (46.5, 200)], 46.5 * 150),
        ([(0, 100), (49, 200)], 0),
        ([(0, 100), (60, 200)], 0),
        ([(0, 100), (3600, 100), (3615, 100)], 1500),
        # A reply without power is such an outage.
        ([(0, 100), (15, None), (30, 200)], 30 * 150),
        ([(0, 100), (15, None), (30, None), (45, None), (60, 100)], 0),
        ([(0, None), (15, 100), (30, 100)], 1500),
    ],
)
def test_energy_between_readings(readings: list[Reading], joules: float) -> None:
    assert fed(*readings).total * KWH == pytest.approx(joules)


@pytest.mark.parametrize(
    "readings",
    [
        [(15, math.nan)],
        [(15, math.inf)],
        [(15, -5.0)],
        [(15, 1e9)],
        [(15, 10**400)],
        [(math.nan, 1.0)],
        [(math.inf, 1.0), (-math.inf, 1.0)],
        [(0, 5000.0)],
        [(-1000, 5000.0), (-985, 5000.0)],
    ],
)
def test_impossible_readings_are_left_out(readings: list[Reading]) -> None:
    """They neither count nor do they spoil what comes next."""
    assert fed((0, 100), *readings, (30, 100)).total * KWH == pytest.approx(3000)


def test_interval_that_changes() -> None:
    """After a quick poll, as after a slow one, the reading before still counts."""
    meter = EnergyMeter()
    for moment, interval in ((0, 60), (60, 5), (65, 5), (125, 60)):
        meter.observe(100, moment, interval)

    assert meter.total * KWH == pytest.approx(12_500)


def test_nothing_is_counted_over_a_pause() -> None:
    meter = fed((0, 100), (15, 100))
    meter.pause()
    fed((30, 100), meter=meter)
    assert meter.added == 0
    fed((45, 100), meter=meter)

    assert meter.total * KWH == pytest.approx(3000)
    assert meter.added * KWH == pytest.approx(1500)


def test_what_the_last_reading_added() -> None:
    meter = fed((0, 100), (15, 100))
    assert meter.added * KWH == pytest.approx(1500)
    for moment, power in ((30, None), (15, 100), (3600, 100)):
        fed((moment, power), meter=meter)
        assert meter.added == 0


@pytest.mark.parametrize("seed", range(20))
def test_total_never_falls(seed: int) -> None:
    chance = random.Random(seed)
    powers = (None, -1.0, 0.0, 18.0, 5000.0, math.nan, math.inf, -math.inf)
    steps = (-1e6, -15.0, 0.0, 1e-9, 15.0, 15.0, 15.0, 1e6, math.nan, math.inf)
    meter, moment = EnergyMeter(), 0.0
    for _ in range(300):
        before, step = meter.total, chance.choice(steps)
        meter.observe(chance.choice(powers), moment + step, chance.choice((5, 15)))
        assert before <= meter.total == before + meter.added < math.inf
        moment += step if math.isfinite(step) else 0.0
        if chance.random() < 0.05:
            meter.pause()


@pytest.mark.parametrize(
    ("told", "total"),
    [
        (None, 2.0),
        (1.0, 2.0),
        (5.0, 5.0),
        (5, 5.0),
        ("5", 2.0),
        (True, 2.0),
        (-1.0, 2.0),
        (math.nan, 2.0),
        (math.inf, 2.0),
        (1e300, 2.0),
        (10**400, 2.0),
        ([], 2.0),
        ({"total": 5}, 2.0),
    ],
)
@pytest.mark.parametrize("way", ["at_least", "load"])
def test_what_was_counted_before(way: str, told: Any, total: float) -> None:
    """The larger counts; what cannot be a meter's reading does not."""
    meter = EnergyMeter()
    meter.at_least(2.0)
    if way == "load":
        meter.load({"total": told})
    else:
        meter.at_least(told)

    assert meter.total == total


@pytest.mark.parametrize("data", [None, 5, "5", [], {}, {"total": None}])
def test_what_is_no_meter(data: object) -> None:
    """It is as if nothing had been stored."""
    meter = EnergyMeter()
    meter.load(data)
    assert meter.total == 0


def test_it_survives_a_restart_of_ours() -> None:
    """Nothing is lost, and nothing is counted for the time between."""
    before = fed((1000, 100), (1015, 100))
    after = EnergyMeter()
    after.load(json.loads(json.dumps(before.dump())))
    assert after.total == before.total
    fed((1030, 100), meter=after)
    assert after.total == before.total


@pytest.mark.parametrize("doubtful", [True, False])
@pytest.mark.parametrize("status", MinerStatus)
def test_doubtful_standby_power(status: MinerStatus, doubtful: bool) -> None:
    identity = MinerIdentity(
        family=Family.AVALON,
        manufacturer="Canaan",
        model="Avalon Q",
        limits=Limits(doubtful_standby_power=doubtful),
    )
    state = MinerState(status=status, power=146.0)
    left_out = doubtful and status is MinerStatus.STANDBY

    assert energy_reading(identity, state) == (None if left_out else 146.0)
    assert energy_reading(identity, replace(state, power=None)) is None
