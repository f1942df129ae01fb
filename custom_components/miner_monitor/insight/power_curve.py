"""What a miner draws at each operating point that it may be set to.

What was measured counts as it is. For the rest a curve is fitted to the measured
points: P = a + k f V², a part that does not depend on the clock and one that does.
Points lie near each other often, so that they hardly say how much of the power does
not depend on the clock: what is usual of miners stands in for what they leave open.
Modes draw what was measured, else what the maker says.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
import math
from statistics import median
from typing import NamedTuple

from ..miners.model import (
    Changes,
    MinerIdentity,
    Setting,
    SettingValue,
)
from ..miners.power import PowerStep
from ..miners.settings import SettingRange
from .model import Bottleneck, OperatingPoint

MOST_STEPS = 12
"""No choice is better with more of them."""

USUAL_SHARE = 0.25
"""The part of the power that does not depend on the clock, of usual miners."""

SHARE_SPREAD = 0.1
"""How far that part lies apart between miners."""

SPREAD = 0.04
"""How far a measured mean lies off the curve, as a part: heat, noise, rounding."""

_PRIOR_WEIGHT = 2.0
"""How many measurements this spread is worth beside those of the miner."""

_OUTLIER = 1.5
"""Spreads off the curve from which a point weighs less."""

_ROUNDS = 4
_LEAST_ERROR = 0.01

_STIFF = 0.5
"""The part of the voltage that does not fall with the frequency, to be on the safe
side: chips need more than the rest of it."""

_REST, _REST_SHARE = 5.0, 0.01
"""W of the electronics around the chips, and the part of the power for a fan."""

_TOLD_ERROR, _GUESS_ERROR = 0.1, 0.3
"""The parts by which the watts of a mode may be off that is not measured."""

_SAME_POWER = 0.01
"""Part of the power by which an estimated step must differ from a measured one."""


class WallModel(NamedTuple):
    """How the power at the wall follows from what the device reports, in W."""

    factor: float = 1.0
    constant: float = 0.0

    def at_wall(self, power: float) -> float:
        """Return the power at the wall."""
        return power * self.factor + self.constant


AS_REPORTED = WallModel()
"""Where nothing is known of the wall, the device's own meter counts."""


class Measured(NamedTuple):
    """One point of a curve: f V² in MHz V², and the mean power in W."""

    load: float
    power: float


@dataclass(frozen=True, slots=True)
class PowerCurve:
    """Power in W over the load f V²: ``static`` + ``slope`` x load.

    ``variances`` are those of static, slope, and both together.
    """

    static: float
    slope: float
    variances: tuple[float, float, float]

    def power(self, load: float) -> float:
        """Return what is drawn at a load."""
        return self.static + self.slope * load

    def error(self, load: float) -> float:
        """Return how far that may be off, in W, in 95 of 100 cases."""
        of_static, of_slope, of_both = self.variances
        variance = of_static + 2 * load * of_both + load * load * of_slope
        spread = math.hypot(
            math.sqrt(max(0.0, variance)), SPREAD / 2 * self.power(load)
        )
        return 2 * spread


def fit(points: Sequence[Measured]) -> PowerCurve | None:
    """Fit a curve to what was measured; None where nothing was.

    A point that lies far off weighs less, and the static part is never negative.
    """
    points = [point for point in points if point.load > 0 and point.power > 0]
    if not points:
        return None
    weights, spread = [1.0] * len(points), SPREAD
    curve = _weighted(points, weights, spread)
    for _ in range(_ROUNDS):
        off = [(curve.power(x) - power) / power for x, power in points]
        weights = [min(1.0, _OUTLIER * SPREAD / abs(r)) if r else 1.0 for r in off]
        known = sum(w * r * r for w, r in zip(weights, off, strict=True))
        count = sum(weights) + _PRIOR_WEIGHT
        spread = math.sqrt((known + _PRIOR_WEIGHT * SPREAD**2) / count)
        curve = _weighted(points, weights, spread)
    return curve


def _weighted(
    points: Sequence[Measured], weights: Sequence[float], spread: float
) -> PowerCurve:
    """Return the least squares of relative differences, beside what is usual."""
    mean = sum(point.power for point in points) / len(points)
    load = sum(point.load for point in points) / len(points)
    rows = [
        (1 / point.power, point.load / point.power, 1.0, weight / spread**2)
        for point, weight in zip(points, weights, strict=True)
    ]
    usual = ((1 - USUAL_SHARE) / mean, -USUAL_SHARE * load / mean, 0.0)
    rows.append((*usual, 1 / SHARE_SPREAD**2))
    aa = sum(w * a * a for a, _, _, w in rows)
    ab = sum(w * a * b for a, b, _, w in rows)
    bb = sum(w * b * b for _, b, _, w in rows)
    ay = sum(w * a * y for a, _, y, w in rows)
    by = sum(w * b * y for _, b, y, w in rows)
    scale = aa * bb - ab * ab
    static, slope = (ay * bb - by * ab) / scale, (by * aa - ay * ab) / scale
    if static < 0:
        static, slope = 0.0, by / bb
    return PowerCurve(static, max(0.0, slope), (bb / scale, aa / scale, -ab / scale))


def power_steps(
    identity: MinerIdentity,
    normal: Changes,
    points: Iterable[OperatingPoint] = (),
    *,
    rests: bool = False,
    rest_power: float | None = None,
    wears: Collection[Setting] = (),
    wall: WallModel = AS_REPORTED,
) -> tuple[PowerStep, ...]:
    """Return what a miner may be set to, from the least power to its normal.

    ``normal`` are the settings that its owner chose: frequency and core voltage, or a
    work mode; nothing is above them. It ``rests`` by command, drawing ``rest_power``
    (W, by its own meter; None is what is usual); what is written of ``wears`` goes to
    flash. Watts that nobody knows are those that the board is made for, with an error
    as large.
    """
    if (own := _Point.of(normal)) is not None and Setting.WORK_MODE not in normal:
        normal = own.settings
    known = [_Known.of(point, wall) for point in points]
    known = [point for point in known if point.power > 0]
    if Setting.WORK_MODE in normal:
        found = [*_modes(identity, normal, known, wall)]
    else:
        found = [*_set_points(identity, normal, known, wall)]
    top = next((step for step in found if step.settings == normal), None)
    if top is None:
        rated = identity.limits.rated_power
        watts = 0.0 if rated is None else rated
        top = PowerStep(settings=normal, power=watts, error=watts)
    steps = _undominated([step for step in found if step.power < top.power], top)
    resting = [_resting(top, rest_power, wall)] if rests else []
    steps = [*resting, *_fewer(steps), top]
    return tuple(_ready(step, rests, wears) for step in steps)


def _resting(top: PowerStep, power: float | None, wall: WallModel) -> PowerStep:
    """Return the step at which nothing is hashed, with what is usual if unknown."""
    usual = _REST + _REST_SHARE * top.power
    watts = min(usual, top.power) if power is None else wall.at_wall(power)
    return PowerStep(
        settings={Setting.MINING: False},
        power=watts,
        error=watts,
        measured=power is not None,
        hash_rate=0.0,
    )


def _ready(step: PowerStep, rests: bool, wears: Collection[Setting]) -> PowerStep:
    """Have a step wake up what rests, and say whether it writes flash."""
    settings = step.settings
    if rests and not step.stops:
        settings = {Setting.MINING: True, **settings}
    return replace(
        step, settings=settings, wears_flash=any(key in wears for key in settings)
    )


class _Known(NamedTuple):
    """A measured point: power in W at the wall and its error, rate in TH/s."""

    settings: Changes
    power: float
    error: float
    rate: float
    steady: bool

    @classmethod
    def of(cls, point: OperatingPoint, wall: WallModel) -> _Known:
        """Take a point of the tuning map; one without watts has no power."""
        watts, rate = point.figures.get("power"), point.figures.get("hash_rate")
        mean = 0.0 if watts is None else wall.at_wall(watts.mean)
        spread = 0.0 if watts is None else (watts.deviation or 0.0) * wall.factor
        return cls(
            point.settings,
            mean,
            max(2 * spread, 2 * _LEAST_ERROR * mean),
            0.0 if rate is None else rate.mean,
            Bottleneck.UNSTABLE not in point.bottlenecks,
        )

    def step(self) -> PowerStep:
        """Return it as a step."""
        return PowerStep(
            settings=self.settings,
            power=self.power,
            error=self.error,
            measured=True,
            hash_rate=self.rate,
        )


# Work modes.


def _modes(
    identity: MinerIdentity,
    normal: Changes,
    known: Sequence[_Known],
    wall: WallModel,
) -> Iterator[PowerStep]:
    """Return the modes up to the normal one whose watts are known.

    A room heater that mines is not made to heat.
    """
    limits, own = identity.limits, normal[Setting.WORK_MODE]
    modes = limits.settings.get(Setting.WORK_MODE)
    if modes is None or own not in modes.choices:
        return
    able = modes.choices[: modes.choices.index(str(own)) + 1] if modes.live else (own,)
    measured = {point.settings.get(Setting.WORK_MODE): point for point in known}
    per_watt = [point.rate / point.power for point in measured.values()]
    for mode in able:
        if mode in limits.heating_modes and own not in limits.heating_modes:
            continue
        if (point := measured.get(mode)) is not None:
            yield point.step()
            continue
        by_maker, guesses = limits.mode_power, limits.mode_guess
        told, guess = by_maker.get(str(mode)), guesses.get(str(mode))
        if (device := guess if told is None else told) is not None:
            watts = wall.at_wall(device)
            yield PowerStep(
                settings={Setting.WORK_MODE: mode},
                power=watts,
                error=(_GUESS_ERROR if told is None else _TOLD_ERROR) * watts,
                hash_rate=median(per_watt) * watts if per_watt else None,
            )


# Frequency and core voltage.


class _Point(NamedTuple):
    frequency: float
    voltage: float | None

    @classmethod
    def of(cls, settings: Changes) -> _Point | None:
        frequency, voltage = map(
            settings.get, (Setting.FREQUENCY, Setting.CORE_VOLTAGE)
        )
        if not isinstance(frequency, int | float) or frequency <= 0 or voltage == 0:
            return None
        if not isinstance(voltage, int | float):
            return cls(round(frequency, 2), None)
        return cls(round(frequency, 2), round(voltage, 3))

    @property
    def settings(self) -> Changes:
        found: Mapping[Setting, SettingValue | None] = {
            Setting.FREQUENCY: self.frequency,
            Setting.CORE_VOLTAGE: self.voltage,
        }
        return {key: value for key, value in found.items() if value is not None}

    @property
    def load(self) -> float:
        return self.frequency * (1.0 if self.voltage is None else self.voltage**2)

    def is_beyond(self, other: _Point) -> bool:
        """Whether one of the two is higher than another's, or cannot be compared."""
        if self.frequency > other.frequency:
            return True
        if self.voltage is None or other.voltage is None:
            return self.voltage is not other.voltage
        return self.voltage > other.voltage

    def needs(self, frequency: float) -> float:
        """Return what a lower frequency needs where this point runs well."""
        assert self.voltage is not None
        return self.voltage * (_STIFF + (1 - _STIFF) * frequency / self.frequency)


def _set_points(
    identity: MinerIdentity,
    normal: Changes,
    known: Sequence[_Known],
    wall: WallModel,
) -> Iterator[PowerStep]:
    """Return measured points, and presets with what they should draw."""
    own, settings = _Point.of(normal), identity.limits.settings
    allowed = settings.get(Setting.FREQUENCY)
    if own is None or allowed is None:
        return
    points = [(at, item) for item in known if (at := _Point.of(item.settings))]
    like = [
        pair for pair in points if (pair[0].voltage is None) is (own.voltage is None)
    ]
    curve = fit([Measured(at.load, item.power) for at, item in like])
    measured = [(at, item) for at, item in like if at == own or not at.is_beyond(own)]
    yield from (
        replace(item.step(), settings=at.settings)
        for at, item in measured
        if at == own or (allowed.live and item.steady)
    )
    if curve is None:
        return
    ran = {at for at, _ in measured}
    anchors = [own, *(at for at, item in like if item.steady)]
    per_mhz = [item.rate / at.frequency for at, item in like]
    lower = _presets(settings, own, anchors) if allowed.live else ()
    for at in dict.fromkeys((own, *lower)):
        if at not in ran:
            yield PowerStep(
                settings=at.settings,
                power=curve.power(at.load),
                error=curve.error(at.load),
                hash_rate=median(per_mhz) * at.frequency,
            )


def _presets(
    settings: Mapping[Setting, SettingRange], own: _Point, anchors: Sequence[_Point]
) -> Iterator[_Point]:
    """Return the board's own frequencies below the normal, with a safe voltage each."""
    allowed, volts = settings[Setting.FREQUENCY], settings.get(Setting.CORE_VOLTAGE)
    default = None if volts is None else volts.default
    if allowed.default is not None and default is not None:
        anchors = [*anchors, _Point(allowed.default, default)]
    for frequency in allowed.options:
        if frequency >= own.frequency:
            continue
        if own.voltage is None or volts is None or not volts.live:
            yield _Point(frequency, own.voltage)
            continue
        needed = min(
            (at.needs(frequency) for at in anchors if at.frequency >= frequency),
            default=own.voltage,
        )
        listed = (option for option in volts.options if option >= needed - 1e-6)
        yield _Point(frequency, min(own.voltage, next(listed, own.voltage)))


# What is worth to be a step.


def _undominated(found: Iterable[PowerStep], top: PowerStep) -> list[PowerStep]:
    """Leave out what draws as much as another one and does not hash more."""
    kept: list[PowerStep] = []
    for step in sorted(found, key=lambda one: (one.power, -(one.hash_rate or 0.0))):
        if step.hash_rate is not None and any(
            other.hash_rate is not None and other.hash_rate >= step.hash_rate
            for other in kept
        ):
            continue
        kept.append(step)
    real = [step for step in (*kept, top) if step.measured]
    return [
        step
        for step in kept
        if step.measured
        or all(
            abs(step.power - other.power) > _SAME_POWER * step.power for other in real
        )
    ]


def _fewer(steps: list[PowerStep]) -> list[PowerStep]:
    """Leave out what is nearest to its neighbours, but for the least, while too many.

    What is only estimated goes first.
    """
    while len(steps) > MOST_STEPS - 2:
        gaps = [
            (later.measured, later.power - step.power, place + 1)
            for place, (step, later) in enumerate(pairwise(steps))
        ]
        del steps[min(gaps)[2]]
    return steps
