"""Alarms that do not flutter."""

from ..miners.model import Alarm, Limits, MinerState, MinerStatus

WARN_DELAY = 300.0
"""Seconds a value must stay beyond its warning threshold to count."""

ABOVE_TARGET_DELAY = 45.0
"""The same for degrees above the target, which a fan needs a moment to cope with."""

TEMPERATURE_HYSTERESIS = 3.0
"""Degrees below the threshold at which a temperature alarm ends."""


class HighWatch:
    """Watches that one value stays below its alarm thresholds.

    On at once from the critical value, or after ``delay`` seconds beyond the
    warning; off when ``hysteresis`` below the warning. An unknown value neither
    raises nor keeps an alarm.
    """

    def __init__(self, alarm: Alarm, hysteresis: float, delay: float) -> None:
        """Start without an alarm."""
        self._alarm = alarm
        self._hysteresis = hysteresis
        self._delay = delay
        self._active = False
        self._since: float | None = None

    def observe(self, value: float | None, now: float) -> bool | None:
        """Take a value at monotonic second ``now``; None while it is unknown."""
        if value is None:
            self._active, self._since = False, None
            return None
        if value < self._alarm.warn:
            self._since = None
            if value < self._alarm.warn - self._hysteresis:
                self._active = False
            return self._active
        if self._since is None:
            self._since = now
        if value >= self._alarm.critical or now - self._since >= self._delay:
            self._active = True
        return self._active


class OverheatWatch:
    """Too hot by the device's own word or by the limits of its board."""

    def __init__(self, limits: Limits) -> None:
        """Watch what the limits name."""
        self._chip = _temperature_watch(limits.chip_temperature)
        self._above_target = _temperature_watch(
            limits.chip_above_target, ABOVE_TARGET_DELAY
        )
        self._regulator = _temperature_watch(limits.vr_temperature)

    def observe(self, state: MinerState, now: float) -> bool | None:
        """Whether the miner is too hot; None when nothing tells."""
        verdicts = [
            state.overheating,
            state.status is MinerStatus.OVERHEATED or None,
            self._chip.observe(state.hottest_chip, now) if self._chip else None,
            self._above_target.observe(_above_target(state), now)
            if self._above_target
            else None,
            self._regulator.observe(state.vr_temperature, now)
            if self._regulator
            else None,
        ]
        known = [verdict for verdict in verdicts if verdict is not None]
        return any(known) if known else None


def _above_target(state: MinerState) -> float | None:
    hottest, target = state.hottest_chip, state.target_chip_temperature
    return None if hottest is None or target is None else hottest - target


def _temperature_watch(
    alarm: Alarm | None, delay: float = WARN_DELAY
) -> HighWatch | None:
    return None if alarm is None else HighWatch(alarm, TEMPERATURE_HYSTERESIS, delay)
