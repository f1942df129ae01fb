"""Watches of one value each that do not flutter."""

from typing import override

from ..miners.model import Alarm
from .model import Severity


class HighWatch:
    """Watches that one value stays below its alarm thresholds.

    On ``critical_delay`` seconds after the critical value was reached, or ``delay``
    seconds after the warning; off when ``hysteresis`` below the warning. An unknown
    value neither raises nor keeps an alarm. ``severity`` falls back to a warning when
    ``hysteresis`` below the critical value.
    """

    def __init__(
        self,
        alarm: Alarm,
        hysteresis: float,
        delay: float,
        critical_delay: float = 0.0,
    ) -> None:
        """Start without an alarm."""
        self.severity: Severity | None = None
        self._alarm = alarm
        self._hysteresis = hysteresis
        self._delay = delay
        self._critical_delay = critical_delay
        self._since: float | None = None
        self._critical_since: float | None = None

    def observe(self, value: float | None, now: float) -> bool | None:
        """Take a value at monotonic second ``now``; None while it is unknown."""
        if value is None:
            self.severity = self._since = self._critical_since = None
            return None
        if self.severity is not None:
            self._ease(value)
        if value < self._alarm.warn:
            self._since = self._critical_since = None
        else:
            self._rise(value, now)
        return self.severity is not None

    def _ease(self, value: float) -> None:
        if value < self._alarm.warn - self._hysteresis:
            self.severity = None
        elif value < self._alarm.critical - self._hysteresis:
            self.severity = Severity.WARNING

    def _rise(self, value: float, now: float) -> None:
        if self._since is None:
            self._since = now
        if value < self._alarm.critical:
            self._critical_since = None
        elif self._critical_since is None:
            self._critical_since = now
        since = self._critical_since
        if since is not None and now - since >= self._critical_delay:
            self.severity = Severity.CRITICAL
        elif self.severity is None and now - self._since >= self._delay:
            self.severity = Severity.WARNING


class LowWatch(HighWatch):
    """The same for a value that has to stay above its thresholds."""

    def __init__(
        self,
        alarm: Alarm,
        hysteresis: float,
        delay: float,
        critical_delay: float = 0.0,
    ) -> None:
        """Start without an alarm."""
        mirrored = Alarm(warn=-alarm.warn, critical=-alarm.critical)
        super().__init__(mirrored, hysteresis, delay, critical_delay)

    @override
    def observe(self, value: float | None, now: float) -> bool | None:
        """Take a value at monotonic second ``now``; None while it is unknown."""
        return super().observe(None if value is None else -value, now)
