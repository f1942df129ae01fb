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

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, override

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

    def __init__(self, alarm: Alarm, hysteresis: float, *delays: float) -> None:
        """Start without an alarm."""
        mirrored = Alarm(warn=-alarm.warn, critical=-alarm.critical)
        super().__init__(mirrored, hysteresis, *delays)

    @override
    def observe(self, value: float | None, now: float) -> bool | None:
        """Take a value at monotonic second ``now``; None while it is unknown."""
        return super().observe(None if value is None else -value, now)


class Rule:
    """One alarm, and the finding that it makes; without thresholds it says nothing."""

    def __init__(
        self,
        kind: FindingKind,
        alarm: Alarm | None,
        watch: type[HighWatch],
        hysteresis: float,
        *delays: float,
    ) -> None:
        """Start without a finding; the delays are those of the watch."""
        self.kind = kind
        self._alarm = alarm
        self._watch = None if alarm is None else watch(alarm, hysteresis, *delays)
        self._value: float | None = None
        self._offset = 0.0

    @property
    def severity(self) -> Severity | None:
        """How bad it is at the moment."""
        return None if self._watch is None else self._watch.severity

    def observe(
        self,
        value: float | None,
        now: float,
        shown: float | None = None,
        offset: float = 0.0,
    ) -> bool | None:
        """Judge a value; people are shown another one, and the threshold moved."""
        if self._watch is None:
            return None
        self._value, self._offset = value if shown is None else shown, offset
        return self._watch.observe(value, now)

    def finding(self) -> Finding:
        """Tell what is wrong."""
        severity = self.severity or Severity.WARNING
        alarm = self._alarm
        threshold = None
        if alarm is not None:
            critical = severity is Severity.CRITICAL
            threshold = self._offset + (alarm.critical if critical else alarm.warn)
        return Finding(
            kind=self.kind, severity=severity, value=self._value, threshold=threshold
        )


class OverheatWatch:
    """Too hot by the device's own word or by the limits of its board."""

    def __init__(self, limits: Limits) -> None:
        """Watch what the limits name."""
        self._chip = _hot(FindingKind.CHIP_HOT, limits.chip_temperature)
        self._above_target = _hot(
            FindingKind.CHIP_HOT, limits.chip_above_target, ABOVE_TARGET_DELAY
        )
        self._regulator = _hot(FindingKind.VR_HOT, limits.vr_temperature)
        self.rules = (self._chip, self._above_target, self._regulator)

    def observe(self, state: MinerState, now: float) -> bool | None:
        """Whether the miner is too hot; None when nothing tells."""
        hottest, target = state.hottest_chip, state.target_chip_temperature
        above = None if hottest is None or target is None else hottest - target
        verdicts = (
            state.overheating,
            state.status is MinerStatus.OVERHEATED or None,
            self._chip.observe(hottest, now),
            self._above_target.observe(above, now, hottest, target or 0.0),
            self._regulator.observe(state.vr_temperature, now),
        )
        return True if True in verdicts else False if False in verdicts else None


def _hot(kind: FindingKind, alarm: Alarm | None, delay: float = WARN_DELAY) -> Rule:
    return Rule(kind, alarm, HighWatch, TEMPERATURE_HYSTERESIS, delay)


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
            stands = _barely_turns(fan, fans) if fan.speed else _stands(fan)
            still[place] = still.get(place, 0) + 1 if stands else 0
        return max(still.values()) >= FAN_POLLS if still and fans else None

    def absent(self) -> None:
        """Begin to count anew; what once turned is remembered."""
        self._still = dict.fromkeys(self._still, 0)


def _stands(fan: Fan) -> bool:
    return fan.speed is not None and bool(fan.duty_cycle)


def _barely_turns(fan: Fan, fans: Sequence[Fan]) -> bool:
    """Tell whether one that is driven like another turns far more slowly."""
    fastest = max(
        other.speed or 0 for other in fans if other.duty_cycle == fan.duty_cycle
    )
    return bool(fan.duty_cycle) and (fan.speed or 0) < LEAST_SPEED * fastest


class HealthWatch:
    """Judges each poll; the same snapshot is given out until something changes.

    The values of findings are those at the last change of any of them.
    """

    def __init__(self, limits: Limits, options: InsightOptions) -> None:
        """Watch what the limits and the user's options name."""
        self._limits = chosen(limits, options.alarms)
        self._options = options
        self._fans = FanWatch()
        self._snapshot = _NOTHING
        self._absent = True
        self._begin()

    def _begin(self) -> None:
        options, limits = self._options, self._limits
        poor, least = options.ratio_poor, options.minimum_hash_rate
        ratio = Alarm(warn=poor, critical=min(CRITICAL_RATIO, poor))
        # It is the user's one number, so that there is nothing worse than a warning.
        minimum = None if least is None else Alarm(warn=least, critical=float("-inf"))
        self._overheat = OverheatWatch(limits)
        self._input = Rule(
            FindingKind.INPUT_LOW,
            limits.input_voltage,
            LowWatch,
            _part(limits.input_voltage, 0.01),
            WARN_DELAY,
            45.0,
        )
        self._power = Rule(
            FindingKind.POWER_HIGH,
            limits.power,
            HighWatch,
            _part(limits.power, 0.02),
            600.0,
            60.0,
        )
        self._ratio = Rule(
            FindingKind.HASH_RATE_LOW, ratio, LowWatch, 2.0, 1800.0, 1800.0
        )
        self._minimum = Rule(
            FindingKind.HASH_RATE_LOW, minimum, LowWatch, _part(minimum, 0.02), 600.0
        )
        self._rejects = Rule(
            FindingKind.REJECTS_HIGH, options.rejects, HighWatch, 1.0, 0.0
        )
        self._rules = (
            *self._overheat.rules,
            self._input,
            self._power,
            self._ratio,
            self._minimum,
            self._rejects,
        )

    def observe(
        self, state: MinerState, baseline: Baseline, shares: Shares, moment: Moment
    ) -> Health:
        """Take one good poll and what else is known at it."""
        self._absent = False
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
        found = [rule for rule in self._rules if rule.severity is not None]
        told = _told(state, shares, fan_fault=fan_fault, overheating=overheating)
        past = self._snapshot
        if (
            found
            or told
            or past.findings
            or past.overheating is not overheating
            or past.fan_fault is not fan_fault
        ):
            findings = _merged([*(rule.finding() for rule in found), *told])
            self._snapshot = _changed(past, findings, overheating, fan_fault)
        return self._snapshot

    def absent(self) -> Health:
        """Forget what described the moment: an absent miner has no findings."""
        if not self._absent:
            self._absent = True
            self._snapshot = _NOTHING
            self._fans.absent()
            self._begin()
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


def _told(
    state: MinerState,
    shares: Shares,
    *,
    fan_fault: bool | None,
    overheating: bool | None,
) -> list[Finding]:
    """Return the findings that need no threshold."""
    kinds = []
    if shares.stalled:
        kinds.append(FindingKind.STALLED)
    if fan_fault:
        kinds.append(FindingKind.FAN_STOPPED)
    if state.faults or state.status is MinerStatus.FAULT:
        kinds.append(FindingKind.FAULT)
    told = [Finding(kind=kind, severity=Severity.CRITICAL) for kind in kinds]
    if overheating and (state.overheating or state.status is MinerStatus.OVERHEATED):
        told.append(
            Finding(
                kind=FindingKind.CHIP_HOT,
                severity=Severity.CRITICAL,
                value=state.hottest_chip,
            )
        )
    return told


def _merged(findings: list[Finding]) -> list[Finding]:
    """Keep the worst one of each kind, the first of equals."""
    worst: dict[FindingKind, Finding] = {}
    for finding in findings:
        known = worst.get(finding.kind)
        if known is None or (known.severity, finding.severity) == (
            Severity.WARNING,
            Severity.CRITICAL,
        ):
            worst[finding.kind] = finding
    return list(worst.values())


def _changed(
    past: Health,
    findings: list[Finding],
    overheating: bool | None,
    fan_fault: bool | None,
) -> Health:
    """Return the snapshot, with the past objects wherever they still hold."""
    before = past.findings
    if [(f.kind, f.severity) for f in findings] == [
        (f.kind, f.severity) for f in before
    ]:
        if past.overheating is overheating and past.fan_fault is fan_fault:
            return past
        findings = list(before)
    return Health(
        overheating=overheating, fan_fault=fan_fault, findings=tuple(findings)
    )
