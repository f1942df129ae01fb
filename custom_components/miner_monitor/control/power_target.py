"""A power target: which step a miner takes for it, and when it may move.

All that is judged by is handed in, moments too: equal histories give equal steps.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ..miners.codec import Amount, Stored
from ..miners.model import Changes, MinerSettings, Setting
from ..miners.power import PowerStep
from .model import PowerTarget
from .values import agrees, same

MOST_WRITES = 30
"""Changes of a day that went to flash after which no more are made for a target."""

HYSTERESIS = 0.03
LEAST_HYSTERESIS = 1.0
"""W: what moves less than this, and less than that part, is no other power."""

NEAR = 0.97
"""Part of the best hash rate from which what was measured beats what is estimated."""

OVERSHOOT = 1.05
"""Part of the target from which what is drawn is too much."""

_ROUNDING = 0.05
_SETTLES = 180.0
"""Seconds after a change in which what is drawn says nothing."""

_COMES_DOWN = 60.0
"""Seconds of a rest after which what is drawn is that of a rest."""

_MEASURES = 120.0
"""Seconds of readings that tell what is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerRules:
    """Seconds between two writes, and of a run and a rest at the least."""

    gap: float = 300.0
    minimum_run: float = 900.0
    minimum_rest: float = 600.0


@dataclass(slots=True)
class PowerPace(Stored):
    """When something was written for a target, and when the miner last turned.

    ``turned_at`` is when it stopped, or began to hash; both in epoch seconds. A clock
    that was set back makes nobody wait. ``rest_power`` is what it drew at rest, in W by
    its own meter, None until that was seen.
    """

    wrote_at: Amount = 0.0
    turned_at: Amount = 0.0
    rest_power: Amount | None = None
    _mining: bool | None = field(default=None, init=False)

    def observe(self, mining: bool | None, power: float | None, wall: float) -> None:
        """Look at a poll: whether it stopped, or began to hash, and what it draws.

        In the first moments of a rest a meter still tells of the time before.
        """
        if mining is None:
            return
        if self._mining is not None and mining is not self._mining:
            self.turned_at = wall
        self._mining = mining
        if mining or power is None or not _passed(self.turned_at, _COMES_DOWN, wall):
            return
        known = self.rest_power
        if known is None or abs(power - known) >= LEAST_HYSTERESIS:
            self.rest_power = round(power, 1)

    def may_write(self, rules: PowerRules, wall: float) -> bool:
        """Whether the last write is long enough ago."""
        return _passed(self.wrote_at, rules.gap, wall)

    def may_rest(self, rules: PowerRules, wall: float) -> bool:
        """Whether it ran for long enough."""
        return _passed(self.turned_at, rules.minimum_run, wall)

    def may_resume(self, rules: PowerRules, wall: float) -> bool:
        """Whether it rested for long enough."""
        return _passed(self.turned_at, rules.minimum_rest, wall)


def _passed(since: float, seconds: float, wall: float) -> bool:
    return not 0 <= wall - since < seconds


class PowerMeter:
    """The mean of what is drawn at one step, once it has settled there."""

    def __init__(self) -> None:
        """Begin without a reading."""
        self._at: object = None
        self._since = self._seconds = self._joules = 0.0
        self._last: float | None = None

    def observe(self, at: object, watts: float | None, monotonic: float) -> None:
        """Take a reading in W; ``at`` is what it was taken at."""
        if at != self._at:
            self._at, self._since, self._last = at, monotonic, None
            self._seconds = self._joules = 0.0
        if watts is None or monotonic - self._since < _SETTLES:
            self._last = None
            return
        if self._last is not None:
            self._seconds += monotonic - self._last
            self._joules += watts * (monotonic - self._last)
        self._last = monotonic

    @property
    def mean(self) -> float | None:
        """What is drawn in W; None until that is known."""
        return self._joules / self._seconds if self._seconds >= _MEASURES else None


def hysteresis(watts: float) -> float:
    """Return by how many W two powers must differ to be two."""
    return max(LEAST_HYSTERESIS, HYSTERESIS * watts)


def choose(steps: Sequence[PowerStep], watts: float) -> PowerStep:
    """Return the step with the most hash rate within so many W, else the least.

    Steps are in the order of their power, which is that of their hash rate as well.
    """
    within = [step for step in steps if step.power <= watts + _ROUNDING]
    if not within:
        return steps[0]
    best = within[-1]
    if best is steps[-1] or not best.hash_rate:
        return best
    enough = NEAR * best.hash_rate
    return next(
        (
            step
            for step in reversed(within)
            if step.measured and (step.hash_rate or 0.0) >= enough
        ),
        best,
    )


def step_of(steps: Sequence[PowerStep], settings: MinerSettings) -> PowerStep | None:
    """Return the step that a device runs, None where it is none of them."""
    rests = settings.mining is False
    return next(
        (
            step
            for step in steps
            if step.stops is rests and (rests or agrees(set_points(step), settings))
        ),
        None,
    )


def set_points(step: PowerStep) -> Changes:
    """Return what a step sets beside whether it hashes."""
    return {k: v for k, v in step.settings.items() if k is not Setting.MINING}


def wears(step: PowerStep, settings: MinerSettings) -> bool:
    """Whether to go to a step from these settings writes flash."""
    return step.wears_flash and not all(
        same(key, value, settings.get(key)) for key, value in set_points(step).items()
    )


def follow(target: PowerTarget, mean: float | None, present: PowerStep | None,
           steps: Sequence[PowerStep]) -> PowerTarget:  # fmt: skip
    """Return a target with what is known by now of how it is kept.

    One that moved begins anew. What draws too much at the step that was chosen for it
    is limited once to what is below that.
    """
    if target.chosen is None or is_another(target):
        return replace(target, most=None)
    if (
        mean is None
        or target.most is not None
        or present is None
        or present not in steps[1:]
        or present.power > target.watts * OVERSHOOT
        or mean <= target.watts * OVERSHOOT
    ):
        return target
    lower = steps[steps.index(present) - 1]
    return replace(target, most=(lower.power + present.power) / 2)


def is_another(target: PowerTarget) -> bool:
    """Whether it is another one than that for which a step was chosen."""
    chosen = target.chosen
    return chosen is None or abs(target.watts - chosen) > hysteresis(chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerCase:
    """What a step is chosen by: what there is, what runs, and what may be written.

    ``thrifty``: no more is to be written to flash today.
    """

    steps: Sequence[PowerStep]
    settings: MinerSettings
    pace: PowerPace
    rules: PowerRules
    wall: float
    thrifty: bool = False

    @property
    def is_fixed(self) -> bool:
        """Whether it can go nowhere today, for all else would write flash."""
        others = [step for step in self.steps if step != self.present]
        return bool(others) and not any(map(self._affords, others))

    @property
    def present(self) -> PowerStep | None:
        """The step that the device runs."""
        return step_of(self.steps, self.settings)

    def next(self, target: PowerTarget) -> PowerStep | None:
        """Return the step to be at now; None while it has to wait for that."""
        pace, rules, wall = self.pace, self.rules, self.wall
        watts = target.watts
        if target.chosen is not None and not is_another(target):
            watts = target.chosen
        most = watts if target.most is None else min(watts, target.most)
        present, rests = self.present, self.settings.mining is False
        able = [
            step
            for step in self.steps
            if (not step.stops or rests or pace.may_rest(rules, wall))
            and self._affords(step)
        ]
        if not able:
            return None
        best = choose(able, most)
        if present is not None and (
            best == present or self._is_near(target, watts, best)
        ):
            return present
        if not pace.may_write(rules, wall):
            return None
        if rests and not best.stops and not pace.may_resume(rules, wall):
            return None
        return best

    def _is_near(self, target: PowerTarget, watts: float, best: PowerStep) -> bool:
        """Whether a step is not worth to leave the present one for.

        What a step draws is known a little better with every ten minutes.
        """
        if (present := self.present) is None or is_another(target):
            return False
        if target.most is not None and present.power > target.most:
            return False
        near = min(watts + hysteresis(watts), OVERSHOOT * watts)
        if watts < present.power <= near:
            return True
        return abs(best.power - present.power) <= hysteresis(present.power)

    def _affords(self, step: PowerStep) -> bool:
        return not self.thrifty or not wears(step, self.settings)


type StepsOf = Callable[[Changes], tuple[PowerStep, ...]]
"""Gives the steps up to a normal."""
