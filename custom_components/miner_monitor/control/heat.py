"""What heat does to a miner: it is made to work less, or its firmware does so itself.

When a miner gets critically hot it is made to work less before it does so itself:
first one operating point less, or the next lower work mode; if that does not help
within STEP_SECONDS, power is saved. Where the point at which the firmware switches
off is not known, power is saved at once. Firmware that overheated nevertheless lowers
its set points.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
import math

from ..miners.codec import Amount
from ..miners.events import Moment
from ..miners.model import (
    Alarm,
    Capability,
    Changes,
    Derating,
    Limits,
    MinerIdentity,
    MinerSettings,
    MinerState,
    Setting,
    TripPoints,
)
from ..miners.settings import hard_range
from .errors import (
    ControlError,
    ControlFault,
)
from .model import DayCount
from .rules import (
    MARGIN,
    at_least,
    bounded,
    least_voltage,
)
from .values import (
    StoredChanges,
    alike,
    number_in,
    number_of,
    reported,
    same,
)

HOT_SECONDS = 30.0
STEP_SECONDS = 120.0
COOL_SECONDS = 600.0
_LEAST_COOL = 5.0
_ABOVE_TARGET = 2.0
_MOST_TIMES = 3
_LOWER = {Setting.FREQUENCY: 25.0, Setting.CORE_VOLTAGE: 0.02}
"""How far down the next point lies where the device lists none."""

SET_POINTS = (Setting.FREQUENCY, Setting.CORE_VOLTAGE)
WATCHED = (*SET_POINTS, Setting.AUTO_FAN, Setting.FAN_DUTY_CYCLE)
_FULL_SPEED = 100.0
_SETTLED_POLLS = 3
_MOST_STEPS = 16
"""Times that a device may have lowered itself since somebody chose."""

# In °C where no alarm is known, and how far below it, or below what is critical,
# a part is cool.
_WARN = 68.0
_COOL = 10.0

type _Part = tuple[Capability, float | None, float | None, float | None]
"""What can get too hot: its temperature, and where it is critical and cool again."""

type _SetPoints = dict[Setting, float]
"""Frequency in MHz and core voltage in V."""


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


@dataclass(slots=True)
class DeratingWatch:
    """Compares the reported set points with the last ones that somebody chose.

    ``lowered`` are the set points that the device chose itself and runs now, since an
    epoch second. ``temperature`` is the highest one of its chips that was seen before,
    in °C: it has cooled down until it works again.
    """

    baseline: StoredChanges = field(default_factory=dict)
    lowered: StoredChanges = field(default_factory=dict)
    since: Amount | None = None
    temperature: Amount | None = None
    _hottest: float | None = field(default=None, init=False)
    _full_speed_polls: int = field(default=0, init=False)
    _settled: MinerSettings | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Leave out what was stored and cannot be."""
        self.baseline = {k: v for k, v in self.baseline.items() if k in WATCHED}
        self.lowered = set_points(self.lowered) if set_points(self.baseline) else {}

    @property
    def derated(self) -> bool:
        """Whether the device runs what it lowered itself."""
        return bool(self.lowered)

    @property
    def details(self) -> Mapping[str, str]:
        """The set points before and after, as texts."""
        points = {"before": self.baseline, "after": self.lowered}
        return {key: set_points_text(values) for key, values in points.items()}

    @property
    def difference(self) -> Mapping[str, object]:
        """The set points before and after, as numbers."""
        return {key.value: [self.baseline[key], v] for key, v in self.lowered.items()}

    def chosen(self, changes: Changes) -> None:
        """Take set points that somebody chose for the new baseline."""
        chosen = {key: changes[key] for key in WATCHED if key in changes}
        if chosen and self.baseline:
            self.baseline = {**self.baseline, **chosen}
            self._settled = None

    def observe(self, limits: Limits, state: MinerState, wall: float = 0.0) -> bool:
        """Look at a poll; return whether the device lowered something just now."""
        chip = state.hottest_chip
        hot = chip is not None and chip >= _warns_at(limits)
        if hot:
            self._hottest = max(chip or 0.0, self._hottest or 0.0)
        if state.settings is self._settled:
            if state.hashing and not hot:
                self._hottest = None
            return False
        self._settled = None
        shown = reported(state.settings, WATCHED)
        now = set_points(shown)
        if limits.derating is None or not now or alike(now, self.lowered):
            return False
        if self._is_derating(limits, limits.derating, shown, now):
            self.lowered = {**now}
            self.since, self.temperature = wall, self._hottest
            return True
        if not state.overheated or not set_points(self.baseline):
            self._follow(limits, state, shown)
        return False

    def _is_derating(
        self,
        limits: Limits,
        derating: Derating,
        shown: Changes,
        now: _SetPoints,
    ) -> bool:
        """Whether only the firmware goes down like this."""
        before = set_points(self.baseline)
        if not before or not (self.derated or _full_speed(shown)):
            return False
        if fixed := set_points(
            {
                Setting.FREQUENCY: derating.frequency,
                Setting.CORE_VOLTAGE: derating.core_voltage,
            }
        ):
            return alike(now, fixed) and not alike(before, fixed)
        if alike(now, before):
            return False
        # A voltage that stays says nothing: then the fan must have been forced too.
        stays = now[Setting.CORE_VOLTAGE] == before[Setting.CORE_VOLTAGE]
        if stays and _full_speed(self.baseline) and not self.derated:
            return False
        return _went_down(derating, before, now, limits)

    def _follow(self, limits: Limits, state: MinerState, shown: Changes) -> None:
        """Take what is reported for chosen.

        A device that is about to lower itself forces its fan first: a fan at full
        speed is somebody's choice only when the miner goes on working with it.
        """
        self._full_speed_polls += 1
        if not _full_speed(shown) or not state.hashing:
            self._full_speed_polls = 0
        forced = _full_speed(shown) and not _full_speed(self.baseline)
        unsure = forced and self._full_speed_polls < _SETTLED_POLLS
        if self.baseline and not self.lowered and unsure:
            return
        self.lowered = {}
        self.baseline = at_least(shown, limits)
        if not _full_speed(self.baseline):
            self._settled = state.settings

    def restore_changes(
        self, limits: Limits, state: MinerState | None, *, lower: bool
    ) -> Changes:
        """Return what brings the settings back, or those one step below."""
        if not self.lowered or state is None:
            raise ControlError(ControlFault.NOTHING_TO_RESTORE)
        if _is_hot(limits, state):
            raise ControlError(ControlFault.TOO_HOT)
        found = {**self.baseline}
        if found.get(Setting.AUTO_FAN) is not False:
            found.pop(Setting.FAN_DUTY_CYCLE, None)
        if lower:
            found |= one_step_lower(limits, found)
        return {key: value for key, value in found.items() if key in limits.settings}


def _is_hot(limits: Limits, state: MinerState) -> bool:
    """Whether to work as before would overheat it at once.

    A device that falls back to fixed values keeps its overheat flag until somebody
    sets others: there only the chip counts.
    """
    keeps_flag = limits.derating is not None and limits.derating.is_fixed
    if state.overheated and not keeps_flag:
        return True
    chip = state.hottest_chip
    return chip is not None and chip > _warns_at(limits) - _COOL


def _warns_at(limits: Limits) -> float:
    alarm = limits.chip_temperature
    return _WARN if alarm is None else alarm.warn


def set_points(values: Mapping[Setting, object]) -> _SetPoints:
    """Read the two set points; nothing unless both are there."""
    found = {
        key: number
        for key in SET_POINTS
        if (number := number_of(values.get(key))) is not None
    }
    return found if len(found) == len(SET_POINTS) else {}


def set_points_text(values: Changes) -> str:
    """Write frequency and core voltage with their units, if both are known."""
    if not (found := set_points(values)):
        return "?"
    volts = f"{found[Setting.CORE_VOLTAGE]:.3f}".removesuffix("0")
    return f"{found[Setting.FREQUENCY]:.6g} MHz, {volts} V"


def _full_speed(values: Changes) -> bool:
    """Whether the fan runs at full speed by hand, as firmware leaves it."""
    automatic, duty = values.get(Setting.AUTO_FAN), values.get(Setting.FAN_DUTY_CYCLE)
    return automatic is False and same(Setting.FAN_DUTY_CYCLE, _FULL_SPEED, duty)


def _went_down(
    derating: Derating,
    before: _SetPoints,
    now: _SetPoints,
    limits: Limits,
) -> bool:
    """Whether both went down by the same number of whole steps, at least one.

    A voltage that the steps take below the lowest allowed one may end on the way, at
    what the regulator can do, or stay where it cannot go lower. From a frequency that
    has no whole step left, firmware goes up again.
    """
    if not derating.frequency_step or not derating.voltage_step:
        return False
    allowed, least = limits.settings.get(Setting.CORE_VOLTAGE), least_voltage(limits)
    minimum = 0.0 if allowed is None else allowed.minimum
    (frequency, voltage), again = before.values(), False
    first, reached = voltage, now[Setting.CORE_VOLTAGE]
    for _ in range(_MOST_STEPS):
        if derating.restart_frequency and frequency <= derating.frequency_step:
            frequency, again = derating.restart_frequency, True
        else:
            frequency -= derating.frequency_step
        voltage -= derating.voltage_step
        ends = voltage < reached <= min(first, minimum)
        below = max(voltage, reached) < least
        expected = reached if below or (ends and not again) else voltage
        if alike(now, dict(zip(SET_POINTS, (frequency, expected), strict=True))):
            return True
    return False
