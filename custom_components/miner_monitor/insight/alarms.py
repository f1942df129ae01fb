"""Watches of single quantities, by thresholds that do not flutter."""

from collections.abc import Sequence

from ..miners.events import Moment
from ..miners.model import Alarm, Fan, Limits, MinerState, MinerStatus
from .model import Finding, FindingKind, Quantity, Severity

WARN_DELAY = 300.0
"""Seconds a value must stay beyond its warning threshold to count."""

ABOVE_TARGET_DELAY = 45.0
"""The same for degrees above the target, which a fan needs a moment to cope with."""

TEMPERATURE_HYSTERESIS = 3.0
"""Degrees below the threshold at which a temperature alarm ends."""

FAN_POLLS = 3
"""Polls in a row that must show a driven fan at rest."""

LEAST_SPEED = 0.1
"""Part of the speed of its neighbours at the same duty that a sound fan reaches."""

POOL_DELAY = 120.0
"""Seconds without a pool connection that are no mere reconnection."""

_NEVER = Alarm(warn=float("inf"), critical=float("inf"))


class AlarmWatch:
    """Watches that one value stays below its alarm thresholds, or above if ``low``.

    On ``critical_delay`` seconds after the critical value was reached, or ``delay``
    seconds after the warning; off when ``hysteresis`` below the warning. An unknown
    value neither raises nor keeps an alarm, nor does one without thresholds.
    ``severity`` falls back to a warning when ``hysteresis`` below the critical value.
    """

    def __init__(
        self,
        kind: FindingKind,
        quantity: Quantity,
        alarm: Alarm | None,
        hysteresis: float = TEMPERATURE_HYSTERESIS,
        delay: float = WARN_DELAY,
        critical_delay: float = 0.0,
        *,
        low: bool = False,
    ) -> None:
        """Start without an alarm."""
        self.severity: Severity | None = None
        self._kind, self._quantity = kind, quantity
        self._alarm, self._known = alarm or _NEVER, alarm is not None
        self._hysteresis = hysteresis
        self._delay, self._critical_delay = delay, critical_delay
        # A value that has to stay above is watched with the other sign.
        self._sign = -1.0 if low else 1.0
        self._warn = self._sign * self._alarm.warn
        self._calm = self._warn - hysteresis
        self._critical = max(self._warn, self._sign * self._alarm.critical)
        self._since: float | None = None
        self._critical_since: float | None = None
        self._shown: float | None = None
        self._offset = 0.0

    def observe(
        self,
        value: float | None,
        now: float,
        shown: float | None = None,
        offset: float = 0.0,
    ) -> bool | None:
        """Take a value at monotonic second ``now``; None while it is unknown.

        People are shown another value if one is given, and the threshold moved.
        """
        if value is None or not self._known:
            self.severity = self._since = self._critical_since = None
            return None
        self._shown, self._offset = value if shown is None else shown, offset
        value *= self._sign
        if value < self._calm:
            self.severity = self._since = self._critical_since = None
            return False
        if self.severity and value < self._critical - self._hysteresis:
            self.severity = Severity.WARNING
        self._since = _since(self._since, now, value >= self._warn)
        self._critical_since = _since(
            self._critical_since, now, value >= self._critical
        )
        since, critical = self._since, self._critical_since
        if critical is not None and now - critical >= self._critical_delay:
            self.severity = Severity.CRITICAL
        elif self.severity is None and since is not None and now - since >= self._delay:
            self.severity = Severity.WARNING
        return self.severity is not None

    def judge(
        self,
        reported: float | None,
        believed: float | None,
        now: float,
        shown: float | None = None,
        offset: float = 0.0,
    ) -> bool | None:
        """Take what is believed of a report; one that is in doubt changes nothing."""
        if reported is not None and believed is None:
            return self.severity is not None
        return self.observe(believed, now, shown, offset)

    def finding(self, moment: Moment) -> Finding:
        """Return what is wrong, since the value went beyond its warning."""
        severity, alarm = self.severity or Severity.WARNING, self._alarm
        limit = alarm.critical if severity is Severity.CRITICAL else alarm.warn
        return Finding(
            kind=self._kind,
            severity=severity,
            quantity=self._quantity,
            value=self._shown,
            threshold=self._offset + limit,
            since=at_wall(self._since, moment),
        )


def at_wall(monotonic: float | None, moment: Moment) -> float:
    """Return the epoch second of a monotonic one; of now where there is none."""
    return moment.wall - (0.0 if monotonic is None else moment.monotonic - monotonic)


def _since(since: float | None, now: float, holds: bool) -> float | None:
    """Return since when something holds."""
    if not holds:
        return None
    return now if since is None else since


class OverheatWatch:
    """Too hot by the device's own word or by the limits of its board."""

    def __init__(self, limits: Limits) -> None:
        """Watch what the limits name."""
        self.alarms = (
            AlarmWatch(
                FindingKind.CHIP_HOT, Quantity.CHIP_TEMPERATURE, limits.chip_temperature
            ),
            AlarmWatch(
                FindingKind.CHIP_HOT,
                Quantity.CHIP_TEMPERATURE,
                limits.chip_above_target,
                delay=ABOVE_TARGET_DELAY,
            ),
            AlarmWatch(
                FindingKind.VR_HOT, Quantity.VR_TEMPERATURE, limits.vr_temperature
            ),
        )

    def observe(
        self, state: MinerState, now: float, believed: MinerState | None = None
    ) -> bool | None:
        """Whether the miner is too hot; None when nothing says so or otherwise.

        A temperature that jumps is an alarm once a second poll shows it too.
        """
        believed = state if believed is None else believed
        target = state.target_chip_temperature
        raw, hottest = state.hottest_chip, believed.hottest_chip
        far, above = _above(raw, target), _above(hottest, target)
        chip, above_target, regulator = self.alarms
        verdicts = (
            state.overheating,
            state.status is MinerStatus.OVERHEATED or None,
            chip.judge(raw, hottest, now),
            above_target.judge(far, above, now, hottest, target or 0.0),
            regulator.judge(state.vr_temperature, believed.vr_temperature, now),
        )
        return True if True in verdicts else False if False in verdicts else None


def _above(value: float | None, target: float | None) -> float | None:
    return None if value is None or target is None else value - target


class FanWatch:
    """Fans that are driven and stand still, of those that once turned, or nearly do.

    A fan that does not exist is reported at 0 rpm for ever by some boards.
    """

    def __init__(self) -> None:
        """Start without having seen a fan."""
        self._still: dict[int, int] = {}

    def observe(self, fans: Sequence[Fan]) -> bool | None:
        """Whether one stands still; None while none is known to turn."""
        still = self._still
        for place, fan in enumerate(fans):
            if not fan.speed and place not in still:
                continue
            still[place] = still.get(place, 0) + 1 if _stands(fan, fans) else 0
        return max(still.values()) >= FAN_POLLS if still and fans else None

    def absent(self) -> None:
        """Begin to count anew; what once turned is remembered."""
        self._still = dict.fromkeys(self._still, 0)


def _stands(fan: Fan, fans: Sequence[Fan]) -> bool:
    """Whether one that is driven stands still, or nearly so beside one driven alike."""
    if fan.speed is None or not fan.duty_cycle:
        return False
    alike = [other for other in fans if other.duty_cycle == fan.duty_cycle]
    fastest = max(other.speed or 0 for other in alike)
    return not fan.speed or fan.speed < LEAST_SPEED * fastest


class PoolWatch:
    """A miner that would work, and that no pool gives work to.

    One that rests, starts or is broken tells nothing of its pool.
    """

    def __init__(self) -> None:
        """Start with a connection."""
        self.since: float | None = None

    def observe(self, state: MinerState, now: float) -> bool:
        """Whether the connection is lost for good at monotonic second ``now``."""
        lost = state.status is MinerStatus.POOL_LOST or (
            state.status in _WORKING and state.pool_connected is False
        )
        self.since = _since(self.since, now, lost)
        return self.since is not None and now - self.since >= POOL_DELAY

    def absent(self) -> None:
        """Begin to count anew."""
        self.since = None


_WORKING = (MinerStatus.HASHING, MinerStatus.IDLE)
