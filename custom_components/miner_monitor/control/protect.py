"""Making a miner work less when it gets critically hot, before it does so itself.

First one operating point less, or the next lower work mode; if that does not help
within STEP_SECONDS, power is saved. Where the point at which the firmware switches
off is not known, power is saved at once.
"""

from dataclasses import dataclass, field
import math

from ..miners.events import Moment
from ..miners.model import (
    Alarm,
    Capability,
    Changes,
    Limits,
    MinerIdentity,
    MinerSettings,
    MinerState,
    Setting,
    TripPoints,
)
from ..miners.settings import hard_range
from .day_count import DayCount
from .rules import (
    MARGIN,
    bounded,
)
from .values import (
    number_in,
    reported,
)

HOT_SECONDS = 30.0
STEP_SECONDS = 120.0
COOL_SECONDS = 600.0
_COOL = 10.0
_LEAST_COOL = 5.0
_ABOVE_TARGET = 2.0
_MOST_TIMES = 3

_LOWER = {Setting.FREQUENCY: 25.0, Setting.CORE_VOLTAGE: 0.02}
"""How far down the next point lies where the device lists none."""

type _Part = tuple[Capability, float | None, float | None, float | None]
"""What can get too hot: its temperature, and where it is critical and cool again."""


@dataclass(slots=True)
class Protection:
    """Decides when heat is a reason to work less, and when no longer.

    ``stays``: it happened too often to end by itself. ``stepped``: what was done last
    was one operating point less.
    """

    times: DayCount = field(default_factory=DayCount)
    stays: bool = False
    stepped: bool = False
    _follows: bool = field(default=False, init=False)
    _hot_since: float | None = field(default=None, init=False)
    _began: float | None = field(default=None, init=False)

    def began(self, now: Moment, *, step: bool = False) -> None:
        """Count one time; to save power after a ``step`` that did not help is none."""
        self._follows = self.stepped and not step
        self.stepped, self._began = step, now.monotonic
        if not self._follows:
            self.times.add(now.day)
            self.stays = self.times.count >= _MOST_TIMES

    def cancelled(self) -> None:
        """Take the last time back."""
        if self._follows:
            self.stepped, self._follows = True, False
            return
        self.times.add(self.times.day, -1)
        self.ended()

    def ended(self) -> None:
        """Take it that nothing is lowered any longer, or for another reason."""
        self._began, self.stays, self._hot_since = None, False, None
        self.stepped = self._follows = False

    def is_due(
        self, identity: MinerIdentity, state: MinerState, monotonic: float
    ) -> bool:
        """Whether it has been critical for long enough."""
        if not _is_critical(identity.limits, state):
            self._hot_since = None
            return False
        if self._hot_since is None:
            self._hot_since = monotonic
        return monotonic - self._hot_since >= HOT_SECONDS

    def had_time(self, monotonic: float) -> bool:
        """Whether what was done last had the time to help."""
        return self._lasted(monotonic) >= STEP_SECONDS

    def is_over(
        self, identity: MinerIdentity, state: MinerState, monotonic: float
    ) -> bool:
        """Whether it has lasted long enough, is cool, and may end by itself."""
        lasted = self._lasted(monotonic)
        if self.stays or lasted < COOL_SECONDS or state.overheated:
            return False
        return all(
            _is_cool(cool, value, known=state.hashing and part in identity.capabilities)
            for part, value, _, cool in _parts(identity.limits, state)
        )

    def _lasted(self, monotonic: float) -> float:
        """Return the seconds since it began, or since we began to look at it."""
        if self._began is None:
            self._began = monotonic
        return monotonic - self._began


def steps_first(limits: Limits) -> bool:
    """Whether it is known where the firmware switches off, so that a step has time."""
    return limits.trip_points != TripPoints()


def _parts(limits: Limits, state: MinerState) -> tuple[_Part, ...]:
    chip, vr = limits.trip_points.chip, limits.trip_points.vr
    target = state.settings.target_temperature
    return (
        (
            Capability.CHIP_TEMPERATURE,
            state.hottest_chip,
            *_thresholds(chip, limits.chip_temperature, target),
        ),
        (
            Capability.VR_TEMPERATURE,
            state.vr_temperature,
            *_thresholds(vr, limits.vr_temperature, None),
        ),
    )


def _thresholds(
    trip_point: float | None, alarm: Alarm | None, target: float | None
) -> tuple[float | None, float | None]:
    """Return where a part is critical, and where it is cool again.

    A fan that pursues a target cools no further: what it reaches is cool enough.
    """
    if trip_point is None:
        if alarm is None:
            return None, None
        return alarm.critical, alarm.critical - _COOL
    critical = trip_point - MARGIN
    cool = critical - _COOL
    if target is not None:
        cool = max(cool, min(target + _ABOVE_TARGET, critical - _LEAST_COOL))
    return critical, cool


def _is_critical(limits: Limits, state: MinerState) -> bool:
    """Whether a part is as hot as it must never be."""
    return state.overheated or any(
        critical is not None and value is not None and value >= critical
        for _, value, critical, _ in _parts(limits, state)
    )


def _is_cool(cool: float | None, value: float | None, *, known: bool) -> bool:
    """Whether a part is well below critical; without a reading, if it may have none."""
    if cool is None:
        return True
    return not known if value is None else value <= cool


def one_step_lower(limits: Limits, before: Changes) -> dict[Setting, float]:
    """Return frequency and core voltage one preset lower, inside the limits."""
    found: dict[Setting, float] = {}
    for setting, step in _LOWER.items():
        allowed, value = limits.settings.get(setting), number_in(before, setting)
        if allowed is None or value is None:
            continue
        least, _ = hard_range(setting, allowed)
        allowed = bounded(setting, allowed)
        lower = (
            item
            for item in reversed(allowed.options)
            if item < value and not math.isclose(item, value, abs_tol=step / 10)
        )
        target = next(lower, round(value - step, 4))
        target = min(max(target, allowed.minimum), allowed.maximum, value)
        found[setting] = max(target, least)
    return found


def next_lower(limits: Limits, settings: MinerSettings) -> Changes:
    """Return the next lower work mode or operating point; nothing if there is none.

    What takes effect only with a restart helps nobody who is hot now.
    """
    modes = limits.settings.get(Setting.WORK_MODE)
    if modes is not None and modes.live:
        known = list(modes.choices)
        place = known.index(mode) if (mode := settings.work_mode) in known else 0
        return {Setting.WORK_MODE: known[place - 1]} if place else {}
    before = reported(settings, _LOWER)
    found = {
        setting: value
        for setting, value in one_step_lower(limits, before).items()
        if limits.settings[setting].live and value < (number_in(before, setting) or 0)
    }
    return found if Setting.FREQUENCY in found else {}
