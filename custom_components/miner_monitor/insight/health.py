"""What is wrong with a miner that answers, by thresholds that do not flutter.

| quantity | warning after | critical after | ends |
| --- | --- | --- | --- |
| chip, VR | 5 min | at once | 3 °C below |
| chip above its target | 45 s | at once | 3 °C below |
| input voltage | 5 min | 45 s | 1 % above |
| power | 10 min | 1 min | 2 % below |
| hash-rate ratio | 30 min | 30 min | 2 points above |
| the user's least hash rate | 10 min | - | 2 % above |
| rejects | at once | at once | lower bound 1 point below |
| fan at 0 rpm, or below 10 % of its neighbours | - | 3 polls | when it turns |
| stalled, device fault | - | at once | with its cause |
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..miners.events import Moment
from ..miners.model import (
    Alarm,
    Fan,
    Limits,
    MinerState,
    MinerStatus,
)
from .model import (
    Baseline,
    Finding,
    FindingKind,
    Health,
    InsightOptions,
    Severity,
    Shares,
    unless_equal,
)

WARN_DELAY = 300.0
"""Seconds a value must stay beyond its warning threshold to count."""

ABOVE_TARGET_DELAY = 45.0
"""The same for degrees above the target, which a fan needs a moment to cope with."""

TEMPERATURE_HYSTERESIS = 3.0
"""Degrees below the threshold at which a temperature alarm ends."""

CRITICAL_RATIO = 70.0
"""Hash rate in % of the expected one."""

LEAST_REJECTED = 3
"""Fewer rejected shares are chance, whatever part of all shares they are."""

FAN_POLLS = 3
"""Polls in a row that must show a driven fan at rest."""

LEAST_SPEED = 0.1
"""Part of the speed of its neighbours at the same duty that a sound fan reaches."""

ALARMS = (
    "chip_temperature",
    "chip_above_target",
    "vr_temperature",
    "input_voltage",
    "power",
)
"""Fields of the limits for which a user's thresholds can stand in."""

_AT_REST = (MinerStatus.PAUSED, MinerStatus.STANDBY, MinerStatus.STARTING)
_NOTHING = Health()
_WORSE = (Severity.WARNING, Severity.CRITICAL)
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
        alarm: Alarm | None,
        hysteresis: float = TEMPERATURE_HYSTERESIS,
        delay: float = WARN_DELAY,
        critical_delay: float = 0.0,
        *,
        low: bool = False,
    ) -> None:
        """Start without an alarm."""
        self.severity: Severity | None = None
        self._kind, self._alarm, self._known = kind, alarm or _NEVER, alarm is not None
        self._hysteresis = hysteresis
        self._delay, self._critical_delay = delay, critical_delay
        # A value that has to stay above is watched with the other sign.
        self._sign = -1.0 if low else 1.0
        self._warn = self._sign * self._alarm.warn
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
        if value < self._warn - self._hysteresis:
            self.severity = None
        elif self.severity and value < self._critical - self._hysteresis:
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

    def finding(self) -> Finding:
        """Return what is wrong."""
        severity, alarm = self.severity or Severity.WARNING, self._alarm
        limit = alarm.critical if severity is Severity.CRITICAL else alarm.warn
        return Finding(
            kind=self._kind,
            severity=severity,
            value=self._shown,
            threshold=self._offset + limit,
        )


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
            AlarmWatch(FindingKind.CHIP_HOT, limits.chip_temperature),
            AlarmWatch(
                FindingKind.CHIP_HOT,
                limits.chip_above_target,
                delay=ABOVE_TARGET_DELAY,
            ),
            AlarmWatch(FindingKind.VR_HOT, limits.vr_temperature),
        )

    def observe(self, state: MinerState, now: float) -> bool | None:
        """Whether the miner is too hot; None when nothing says so or otherwise."""
        hottest, target = state.hottest_chip, state.target_chip_temperature
        above = None if hottest is None or target is None else hottest - target
        chip, above_target, regulator = self.alarms
        verdicts = (
            state.overheating,
            state.status is MinerStatus.OVERHEATED or None,
            chip.observe(hottest, now),
            above_target.observe(above, now, hottest, target or 0.0),
            regulator.observe(state.vr_temperature, now),
        )
        return True if True in verdicts else False if False in verdicts else None


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


class HealthWatch:
    """Judges each poll; the same snapshot is given out until something changes.

    The values of findings are those at the last change of any of them.
    """

    def __init__(self, limits: Limits, options: InsightOptions) -> None:
        """Watch what the limits and the user's options name."""
        limits = chosen(limits, options.alarms)
        poor, least = options.ratio_poor, options.minimum_hash_rate
        ratio = Alarm(warn=poor, critical=min(CRITICAL_RATIO, poor))
        # It is the user's one number, so that there is nothing worse than a warning.
        minimum = None if least is None else Alarm(warn=least, critical=float("-inf"))
        low = FindingKind.HASH_RATE_LOW
        self._fans = FanWatch()
        self._overheat = OverheatWatch(limits)
        self._input = AlarmWatch(
            FindingKind.INPUT_LOW,
            limits.input_voltage,
            _part(limits.input_voltage, 0.01),
            critical_delay=45.0,
            low=True,
        )
        self._power = AlarmWatch(
            FindingKind.POWER_HIGH, limits.power, _part(limits.power, 0.02), 600.0, 60.0
        )
        self._ratio = AlarmWatch(low, ratio, 2.0, 1800.0, 1800.0, low=True)
        self._minimum = AlarmWatch(low, minimum, _part(minimum, 0.02), 600.0, low=True)
        self._rejects = AlarmWatch(FindingKind.REJECTS_HIGH, options.rejects, 1.0, 0.0)
        self._alarms = (
            *self._overheat.alarms,
            self._input,
            self._power,
            self._ratio,
            self._minimum,
            self._rejects,
        )
        self._snapshot = _NOTHING

    def observe(
        self, state: MinerState, baseline: Baseline, shares: Shares, moment: Moment
    ) -> Health:
        """Take one good poll and what else is known at it."""
        now = moment.monotonic
        overheating = self._overheat.observe(state, now)
        self._input.observe(state.input_voltage, now)
        self._power.observe(state.power, now)
        self._ratio.observe(baseline.ratio, now)
        self._minimum.observe(
            None if state.status in _AT_REST else state.hash_rate, now
        )
        certain = shares.lower_bound if shares.rejected >= LEAST_REJECTED else 0.0
        known = shares.reject_rate is not None
        self._rejects.observe(certain if known else None, now, shares.reject_rate)
        fan_fault = self._fans.observe(state.fans)
        found = [alarm.finding() for alarm in self._alarms if alarm.severity]
        findings = _merged([*found, *_without_threshold(state, shares, fan_fault)])
        past = self._snapshot
        if _kinds(findings) == _kinds(past.findings):
            findings = past.findings
        health = Health(overheating=overheating, fan_fault=fan_fault, findings=findings)
        self._snapshot = unless_equal(health, past)
        return self._snapshot

    def absent(self) -> Health:
        """Forget what described the moment: an absent miner has no findings."""
        for alarm in self._alarms:
            alarm.observe(None, 0.0)
        self._fans.absent()
        self._snapshot = _NOTHING
        return _NOTHING


def chosen(limits: Limits, alarms: Mapping[str, Alarm]) -> Limits:
    """Put the user's thresholds in the place of the device's."""
    if not alarms:
        return limits
    given: dict[str, Any] = {name: alarms[name] for name in ALARMS if name in alarms}
    return replace(limits, **given)


def _part(alarm: Alarm | None, part: float) -> float:
    """Return a part of the warning threshold."""
    return 0.0 if alarm is None else alarm.warn * part


def _without_threshold(
    state: MinerState, shares: Shares, fan_fault: bool | None
) -> Iterator[Finding]:
    """Yield the findings that need no threshold."""
    if shares.stalled:
        yield Finding(kind=FindingKind.STALLED, severity=Severity.CRITICAL)
    if fan_fault:
        yield Finding(kind=FindingKind.FAN_STOPPED, severity=Severity.CRITICAL)
    if state.faults or state.status is MinerStatus.FAULT:
        yield Finding(kind=FindingKind.FAULT, severity=Severity.CRITICAL)
    if state.overheating or state.status is MinerStatus.OVERHEATED:
        yield Finding(
            kind=FindingKind.CHIP_HOT,
            severity=Severity.CRITICAL,
            value=state.hottest_chip,
        )


def _merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Keep the worst one of each kind, the first of equals."""
    worst: dict[FindingKind, Finding] = {}
    for finding in findings:
        known = worst.setdefault(finding.kind, finding)
        if (known.severity, finding.severity) == _WORSE:
            worst[finding.kind] = finding
    return tuple(worst.values())


def _kinds(findings: Iterable[Finding]) -> list[tuple[FindingKind, Severity]]:
    """Return what makes findings others; their values do not."""
    return [(finding.kind, finding.severity) for finding in findings]
