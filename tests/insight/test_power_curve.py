"""What a miner draws at its operating points: measured, told, or estimated."""

from collections.abc import Callable, Sequence
from dataclasses import replace
import json
import math
from pathlib import Path
from random import Random

import pytest

from custom_components.miner_monitor.insight.model import (
    Bottleneck,
    Figure,
    OperatingPoint,
)
from custom_components.miner_monitor.insight.power_curve import (
    MOST_STEPS,
    Measured,
    WallModel,
    fit,
    power_steps,
)
from custom_components.miner_monitor.miners.model import (
    Capability,
    Changes,
    Family,
    Limits,
    MinerIdentity,
    Setting,
    SettingRange,
)
from custom_components.miner_monitor.miners.power import PowerStep

CAPTURES = Path(__file__).parents[2].parent / "shared" / "captures" / "bitaxe"

FREQUENCIES = (400.0, 490.0, 525.0, 550.0, 600.0, 625.0)
VOLTAGES = (1.0, 1.06, 1.1, 1.15, 1.2, 1.25)
WEARS = {Setting.FREQUENCY, Setting.CORE_VOLTAGE, Setting.WORK_MODE}
BOARD = MinerIdentity(
    family=Family.AXEOS,
    manufacturer="Bitaxe",
    model="Gamma 601",
    capabilities=frozenset({Capability.PAUSE, Capability.POWER}),
    limits=Limits(
        settings={
            Setting.FREQUENCY: SettingRange(
                minimum=100, maximum=625, options=FREQUENCIES, default=525
            ),
            Setting.CORE_VOLTAGE: SettingRange(
                minimum=1.0, maximum=1.25, options=VOLTAGES, default=1.15
            ),
        },
        rated_power=40.0,
    ),
)
HEATER = replace(
    BOARD,
    limits=Limits(
        settings={
            Setting.WORK_MODE: SettingRange(
                choices=("night", "heating_eco", "mining", "heating_super")
            )
        },
        heating_modes=("heating_eco", "heating_super"),
        mode_power={"night": 350.0, "heating_super": 800.0},
        rated_power=800.0,
    ),
)


def point(
    frequency: float, voltage: float, power: float | None, rate: float | None = None
) -> OperatingPoint:
    """Return a point of the tuning map."""
    settings = {Setting.FREQUENCY: frequency, Setting.CORE_VOLTAGE: voltage}
    return measured(settings, power, frequency * 2.04e-3 if rate is None else rate)


def measured(settings: Changes, power: float | None, rate: float) -> OperatingPoint:
    """Return a point with these means."""
    means = {"power": power, "hash_rate": rate}
    return OperatingPoint(
        settings=settings,
        blocks=20,
        days=3,
        last=0.0,
        figures={
            name: Figure(mean=mean, deviation=0.1, minimum=mean, maximum=mean)
            for name, mean in means.items()
            if mean is not None
        },
    )


def at(steps: Sequence[PowerStep], frequency: float) -> PowerStep:
    """Return the step of a frequency."""
    return next(s for s in steps if s.settings.get(Setting.FREQUENCY) == frequency)


def set_points(frequency: float, voltage: float) -> Changes:
    """Return a frequency with its voltage."""
    return {Setting.FREQUENCY: frequency, Setting.CORE_VOLTAGE: voltage}


class Truth:
    """A miner whose leakage grows with its temperature, and that with its power.

    It is no formula of ours: static losses, switching losses, and a leakage that
    doubles every 25 degrees, on a heat sink of its own in a room of its own; and a
    regulator that gives less than it is set to, the less the more is drawn.
    """

    def __init__(self, seed: int) -> None:
        """Draw a miner."""
        self.random = Random(seed)
        draw = self.random.uniform
        self.static, self.slope = draw(2.0, 4.5), draw(0.016, 0.024)
        self.leak, self.room, self.sink = draw(0.6, 2.2), draw(15, 32), draw(1.3, 2.0)
        self.droop = draw(0.0, 0.001)

    def power(self, frequency: float, voltage: float) -> float:
        """Return what it draws once its temperature does not change any more."""
        power = 15.0
        for _ in range(60):
            heat, volts = self.room + self.sink * power, voltage - self.droop * power
            leak = self.leak * volts * 2 ** ((heat - 60) / 25)
            power = self.static + self.slope * frequency * volts**2 + leak
        return power

    def seen(self, frequency: float, voltage: float) -> float:
        """Return what is measured of it, which is up to 5 % off."""
        return self.power(frequency, voltage) * self.random.uniform(0.95, 1.05)


PAIRS = (
    (400.0, 1.0),
    (400.0, 1.1),
    (490.0, 1.06),
    (490.0, 1.15),
    (525.0, 1.1),
    (525.0, 1.15),
    (550.0, 1.15),
    (600.0, 1.2),
    (625.0, 1.2),
    (625.0, 1.25),
)


type Pick = Callable[[Random], list[tuple[float, float]]]


def spread(random: Random) -> list[tuple[float, float]]:
    """Pick the least, the most, and one between them."""
    return [PAIRS[0], random.choice(PAIRS[1:-1]), PAIRS[-1]]


def anything(random: Random) -> list[tuple[float, float]]:
    """Pick any three, near each other as well."""
    return random.sample(PAIRS, 3)


@pytest.mark.parametrize(("pick", "part"), [(spread, 0.06), (anything, 0.10)])
def test_estimate_after_three_points(pick: Pick, part: float) -> None:
    """Three measured points tell all others so well, in 95 of 100 miners."""
    good = bounded = others = 0
    for seed in range(100):
        truth = Truth(seed)
        ran = pick(truth.random)
        curve = fit([Measured(f * v * v, truth.seen(f, v)) for f, v in ran])
        assert curve is not None
        rest = [pair for pair in PAIRS if pair not in ran]
        off = [abs(curve.power(f * v * v) / truth.power(f, v) - 1) for f, v in rest]
        good += max(off) <= part
        others += len(rest)
        bounded += sum(
            abs(curve.power(f * v * v) - truth.power(f, v)) <= curve.error(f * v * v)
            for f, v in rest
        )
    assert good >= 95
    # The error that is told with an estimate holds.
    assert bounded >= 0.95 * others


def test_estimate_below_three_near_points() -> None:
    """Points beside each other hardly tell the slope: what is usual stands in."""
    worst = []
    for seed in range(100):
        truth = Truth(seed)
        near = ((525.0, 1.15), (550.0, 1.15), (525.0, 1.1))
        curve = fit([Measured(f * v * v, truth.seen(f, v)) for f, v in near])
        assert curve is not None
        worst.append(abs(curve.power(400.0) / truth.power(400.0, 1.0) - 1))
    assert sorted(worst)[94] < 0.15


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="no captures here")
def test_estimate_between_stock_and_overclocked() -> None:
    """Of one board, stock and overclocked replies tell what lies between.

    They are of several miners, whose regulators give less than they are set to each
    in its own way: what a miner measured is what compares them. What is judged by was
    not fitted to.
    """

    def reply(name: str) -> Measured:
        info = json.loads((CAPTURES / f"gamma_601-{name}-info.json").read_text())
        info = info.get("info", info)
        volts = info["coreVoltageActual"] / 1000
        return Measured(info["frequency"] * volts**2, info["power"])

    stock, overclocked = (
        ("v2.4.0", "v2.10.1", "v2.12.2"),
        ("v2.10.1-oc800", "v2.11.0b6"),
    )
    curve = fit([reply(name) for name in (*stock, *overclocked)])
    assert curve is not None
    between = {name: reply(name) for name in ("v2.12.0", "v2.9.0", "v2.7.0")}
    off = {name: curve.power(at.load) / at.power - 1 for name, at in between.items()}
    assert max(map(abs, off.values())) < 0.08, off


def test_measured_and_estimated_steps() -> None:
    """Measured means are taken as they are; presets below are estimated."""
    ran = [point(525, 1.15, 18.4), point(490, 1.1, 16.0), point(400, 1.0, 12.0)]
    steps = power_steps(BOARD, set_points(525, 1.15), ran, rests=True, wears=WEARS)
    assert [step.measured for step in steps] == [False, True, True, True]
    assert [step.power for step in steps] == [
        pytest.approx(5 + 0.01 * 18.4), 12.0, 16.0, 18.4,
    ]  # fmt: skip
    assert steps[0].error == steps[0].power
    assert steps[0].stops
    assert steps[0].hash_rate == 0
    assert not steps[0].wears_flash
    assert steps[1].settings == {Setting.MINING: True, **set_points(400, 1.0)}
    assert all(step.wears_flash for step in steps[1:])
    assert steps[-1].hash_rate == pytest.approx(1.071)


def test_one_measured_point_is_a_beginning() -> None:
    """With the normal measured alone, presets have a wide error and a safe voltage."""
    steps = power_steps(BOARD, set_points(625, 1.2), [point(625, 1.2, 24.0)])
    assert [step.settings[Setting.FREQUENCY] for step in steps] == [
        400, 490, 525, 550, 600, 625,
    ]  # fmt: skip
    powers = [step.power for step in steps]
    assert powers == sorted(powers)
    least = steps[0]
    # Half as much lower as the frequency, up to the next that the board lists.
    assert least.settings[Setting.CORE_VOLTAGE] == 1.0
    assert steps[1].settings[Setting.CORE_VOLTAGE] == 1.1
    assert 11 < least.power < 17
    assert 1 < least.error < 6
    assert not least.measured
    assert least.hash_rate == pytest.approx(400 * 2.04e-3)


def test_never_above_the_normal() -> None:
    """Nothing has a higher frequency, voltage or power than the normal."""
    ran = [
        point(625, 1.2, 24.0),
        point(600, 1.25, 25.0),
        point(525, 1.15, 18.4),
        point(400, 1.2, 15.5),
        point(400, 1.0, 12.0),
    ]
    steps = power_steps(BOARD, set_points(525, 1.15), ran)
    for step in steps:
        assert step.settings[Setting.FREQUENCY] <= 525
        assert step.settings[Setting.CORE_VOLTAGE] <= 1.15
        assert step.power <= 18.4
    assert steps[-1].settings == set_points(525, 1.15)


def test_nothing_below_what_was_run_or_listed() -> None:
    """The least is the least preset, or what the miner ran below it."""
    listed = power_steps(BOARD, set_points(525, 1.15), [point(525, 1.15, 18.4)])
    assert listed[0].settings[Setting.FREQUENCY] == 400
    ran = [point(525, 1.15, 18.4), point(200, 1.0, 8.0)]
    below = power_steps(BOARD, set_points(525, 1.15), ran)
    assert below[0].settings == set_points(200, 1.0)
    assert not any(step.stops for step in below)


def test_dominated_steps_are_left_out() -> None:
    """What draws as much and does less is no choice."""
    ran = [
        point(525, 1.15, 18.4),
        point(490, 1.15, 17.0, rate=0.9),
        point(490, 1.06, 15.0, rate=0.99),
    ]
    steps = power_steps(BOARD, set_points(525, 1.15), ran)
    assert at(steps, 490).settings[Setting.CORE_VOLTAGE] == 1.06
    rates = [step.hash_rate for step in steps]
    assert rates == sorted(rates)


def test_unsteady_point_lends_no_voltage() -> None:
    """A voltage at which it failed is none for the presets below."""
    low = point(600, 1.0, 17.0)
    shaky = replace(low, bottlenecks=(Bottleneck.UNSTABLE,))
    normal = set_points(625, 1.2)
    bold = at(power_steps(BOARD, normal, [point(625, 1.2, 24.0), low]), 550)
    safe = at(power_steps(BOARD, normal, [point(625, 1.2, 24.0), shaky]), 550)
    assert bold.settings[Setting.CORE_VOLTAGE] == 1.0
    assert safe.settings[Setting.CORE_VOLTAGE] == 1.15


def test_at_most_twelve_steps() -> None:
    """Of many points the least, the normal and a dozen in all are left."""
    ran = [point(400 + 5 * n, 1.0, 12 + n / 4) for n in range(26)]
    steps = power_steps(BOARD, set_points(525, 1.15), ran, rests=True)
    assert len(steps) == MOST_STEPS
    assert steps[0].stops
    assert at(steps, 400).power == 12
    assert steps[-1].settings[Setting.FREQUENCY] == 525


def test_wall_counts_where_it_is_known() -> None:
    """With an efficiency and a constant all watts are those at the wall."""
    wall = WallModel(factor=1.25, constant=2.0)
    steps = power_steps(
        BOARD, set_points(525, 1.15), [point(525, 1.15, 16.0)], rests=True,
        rest_power=4.0, wall=wall,
    )  # fmt: skip
    assert steps[-1].power == 22.0
    assert steps[0].power == 7.0
    assert steps[0].error == 7.0


def test_unknown_watts() -> None:
    """Where no watts are known the rated ones stand there, and may be as far off."""
    ran = [point(525, 1.15, None)]
    rest, top = power_steps(BOARD, set_points(525, 1.15), ran, rests=True)
    assert (rest.power, top.power, top.error) == (5.4, 40.0, 40.0)
    assert not top.measured


def test_work_modes() -> None:
    """A mode draws what was measured or what is told; one that heats is left out."""
    mining = measured({Setting.WORK_MODE: "mining"}, 668.0, 37.0)
    normal = {Setting.WORK_MODE: "mining"}
    rest, night, top = power_steps(HEATER, normal, [mining], rests=True, wears=WEARS)
    assert rest.stops
    assert night.settings == {Setting.MINING: True, Setting.WORK_MODE: "night"}
    assert (night.power, night.measured, night.wears_flash) == (350.0, False, True)
    assert night.hash_rate == pytest.approx(37.0 * 350 / 668)
    assert (top.power, top.measured, top.hash_rate) == (668.0, True, 37.0)
    heats = {Setting.WORK_MODE: "heating_super"}
    assert [step.power for step in power_steps(HEATER, heats, [mining])] == [
        350.0, 668.0, 800.0,
    ]  # fmt: skip


def test_mode_without_watts_is_no_step() -> None:
    """Nobody knows what it would draw, so nobody chooses it."""
    steps = power_steps(HEATER, {Setting.WORK_MODE: "heating_eco"}, [])
    assert [step.power for step in steps] == [350.0, 800.0]
    assert steps[-1].error == 800.0


def test_what_is_set_at_a_restart_is_no_step() -> None:
    """A frequency that takes effect later is not chosen; resting is."""
    ranges = {
        key: replace(allowed, live=False)
        for key, allowed in BOARD.limits.settings.items()
    }
    board = replace(BOARD, limits=replace(BOARD.limits, settings=ranges))
    ran = [point(525, 1.15, 18.4), point(400, 1.0, 12.0)]
    steps = power_steps(board, set_points(525, 1.15), ran, rests=True)
    assert [step.settings.get(Setting.FREQUENCY) for step in steps] == [None, 525]


def test_hostile_points() -> None:
    """Nonsense that was measured makes no nonsense of the rest."""
    odd = [point(525, 1.15, 18.4), point(0, 0, 18.0), point(400, 1.0, 0.0)]
    steps = power_steps(BOARD, set_points(525, 1.15), odd)
    assert all(math.isfinite(step.power) and step.power >= 0 for step in steps)
    assert fit([]) is None
    assert fit([Measured(0.0, 0.0)]) is None
