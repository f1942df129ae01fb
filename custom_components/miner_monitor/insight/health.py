"""Alarms that do not flutter."""

from ..miners.model import Alarm, Limits, MinerState, MinerStatus

WARN_DELAY = 300.0
"""Seconds a value must stay beyond its warning threshold to count."""

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
        self._regulator = _temperature_watch(limits.vr_temperature)

    def observe(self, state: MinerState, now: float) -> bool | None:
        """Whether the miner is too hot; None when nothing tells."""
        verdicts = [
            state.overheating,
            state.status is MinerStatus.OVERHEATED or None,
            self._chip.observe(state.hottest_chip, now) if self._chip else None,
            self._regulator.observe(state.vr_temperature, now)
            if self._regulator
            else None,
        ]
        known = [verdict for verdict in verdicts if verdict is not None]
        return any(known) if known else None


def _temperature_watch(alarm: Alarm | None) -> HighWatch | None:
    if alarm is None:
        return None
    return HighWatch(alarm, TEMPERATURE_HYSTERESIS, WARN_DELAY)
