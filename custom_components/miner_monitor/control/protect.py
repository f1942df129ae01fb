"""Making a miner work less when it gets critically hot, before it does so itself.

First one operating point less, or the next lower work mode; if that does not help
within STEP_SECONDS, power is saved. Where the point at which the firmware switches
off is not known, power is saved at once.
"""

from collections.abc import Mapping
from typing import Any, Self

from ..miners.model import (
    Alarm,
    Capability,
    Limits,
    MinerIdentity,
    MinerState,
    TripPoints,
)
from .heat import MARGIN
from .values import number_of

HOT_SECONDS = 30.0
STEP_SECONDS = 120.0
COOL_SECONDS = 600.0
_COOL = 10.0
_LEAST_COOL = 5.0
_ABOVE_TARGET = 2.0
_MOST_TIMES = 3

type _Part = tuple[Capability, float | None, float | None, float | None]
"""What can get too hot: its temperature, and where it is critical and cool again."""


class Protection:
    """Decides when heat is a reason to work less, and when no longer."""

    def __init__(self) -> None:
        """Start cool."""
        self._day = ""
        self._times = 0
        self._stays = False
        self._stepped = False
        self._follows = False
        self._hot_since: float | None = None
        self._began: float | None = None

    @classmethod
    def load(cls, data: object) -> Self:
        """Read what ``dump`` wrote."""
        protection = cls()
        if isinstance(data, Mapping) and isinstance(day := data.get("day"), str):
            protection._day = day[:32]
            protection._times = int(number_of(data.get("times"), 1e3) or 0)
            protection._stays = data.get("stays") is True
            protection._stepped = data.get("stepped") is True
        return protection

    def dump(self) -> dict[str, Any]:
        """Return the day's count as JSON types."""
        return {
            "day": self._day,
            "times": self._times,
            "stays": self._stays,
            "stepped": self._stepped,
        }

    @property
    def stays(self) -> bool:
        """Whether it happened too often to end by itself."""
        return self._stays

    def began(self, today: str, monotonic: float, *, step: bool = False) -> None:
        """Count one time; to save power after a ``step`` that did not help is none."""
        self._follows = self._stepped and not step
        self._stepped, self._began = step, monotonic
        if self._follows:
            return
        self._times = 1 if today != self._day else self._times + 1
        self._day = today
        self._stays = self._times >= _MOST_TIMES

    def cancelled(self) -> None:
        """Take the last time back."""
        if self._follows:
            self._stepped, self._follows = True, False
            return
        self._times = max(0, self._times - 1)
        self.ended()

    def ended(self) -> None:
        """Take it that nothing is lowered any longer, or for another reason."""
        self._began, self._stays, self._hot_since = None, False, None
        self._stepped = self._follows = False

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
        if self._stays or lasted < COOL_SECONDS or state.overheated:
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
        return (None, None) if alarm is None else _apart(alarm.critical)
    critical, cool = _apart(trip_point - MARGIN)
    if target is not None:
        cool = max(cool, min(target + _ABOVE_TARGET, critical - _LEAST_COOL))
    return critical, cool


def _apart(critical: float) -> tuple[float, float]:
    return critical, critical - _COOL


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
