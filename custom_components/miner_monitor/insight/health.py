"""What is wrong with a miner that answers.

| quantity | warning after | critical after | ends |
| --- | --- | --- | --- |
| chip, VR | 5 min | at once, after a jump with the next poll | 3 °C below |
| chip above its target | 45 s | at once | 3 °C below |
| input voltage | 5 min | 45 s | 1 % above |
| power | 10 min | 1 min | 2 % below |
| hash-rate ratio | 30 min | 30 min | 2 points above |
| the user's least hash rate | 10 min | - | 2 % above |
| rejects | at once | at once | lower bound 1 point below |
| fan at 0 rpm, or below 10 % of its neighbours | - | 3 polls | when it turns |
| no pool | - | 2 min | with the connection |
| stalled, device fault | - | at once | with its cause |
| hotter than a month ago (wear) | 3 days | - | the last day below 2 °C |
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from math import inf
from typing import Any

from ..miners.events import Moment
from ..miners.model import (
    NO_CORE_VOLTAGE,
    Alarm,
    Limits,
    MinerState,
    MinerStatus,
)
from .alarms import AlarmWatch, FanWatch, OverheatWatch, PoolWatch, at_wall
from .finding_log import FindingLog
from .model import (
    Baseline,
    Finding,
    FindingKind,
    Health,
    InsightOptions,
    Quantity,
    Severity,
    Shares,
    unless_equal,
)
from .wear import LEAST_RISE

CRITICAL_RATIO = 70.0
"""Hash rate in % of the expected one."""

LEAST_REJECTED = 3
"""Fewer rejected shares are chance, whatever part of all shares they are."""

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
_ORDER = {kind: place for place, kind in enumerate(FindingKind)}

_FAULTS: Mapping[str, FindingKind] = {
    "power_supply": FindingKind.SUPPLY_FAULT,
    "input_current": FindingKind.SUPPLY_FAULT,
    "core_voltage": FindingKind.REGULATOR_FAULT,
    NO_CORE_VOLTAGE: FindingKind.REGULATOR_FAULT,
    "fan": FindingKind.FAN_STOPPED,
}
"""What faults mean by the begin of their names; one that is not here is a fault."""


class HealthWatch:
    """Judges each poll; the same snapshot is given out while nothing changes."""

    def __init__(
        self, limits: Limits, options: InsightOptions, log: FindingLog | None = None
    ) -> None:
        """Watch what the limits and the user's options name; ``log`` goes on."""
        self._log = log or FindingLog()
        self._log.absent()
        limits = chosen(limits, options.alarms)
        poor, least = options.ratio_poor, options.minimum_hash_rate
        ratio = Alarm(warn=poor, critical=min(CRITICAL_RATIO, poor))
        # It is the user's one number, so that there is nothing worse than a warning.
        minimum = None if least is None else Alarm(warn=least, critical=-inf)
        low = FindingKind.HASH_RATE_LOW
        self._fans, self._pool = FanWatch(), PoolWatch()
        self._overheat = OverheatWatch(limits)
        self._input = AlarmWatch(
            FindingKind.INPUT_LOW,
            Quantity.INPUT_VOLTAGE,
            limits.input_voltage,
            _part(limits.input_voltage, 0.01),
            critical_delay=45.0,
            low=True,
        )
        self._power = AlarmWatch(
            FindingKind.POWER_HIGH,
            Quantity.POWER,
            limits.power,
            _part(limits.power, 0.02),
            600.0,
            60.0,
        )
        self._ratio = AlarmWatch(
            low, Quantity.HASH_RATE_RATIO, ratio, 2.0, 1800.0, 1800.0, low=True
        )
        self._minimum = AlarmWatch(
            low, Quantity.HASH_RATE, minimum, _part(minimum, 0.02), 600.0, low=True
        )
        self._rejects = AlarmWatch(
            FindingKind.REJECTS_HIGH, Quantity.REJECT_RATE, options.rejects, 1.0, 0.0
        )
        self._alarms = (
            *self._overheat.alarms,
            self._input,
            self._power,
            self._ratio,
            self._minimum,
            self._rejects,
        )
        self._snapshot = _NOTHING
        self._above_target = limits.chip_above_target
        self._target: float | None = None
        known = {
            Quantity.CHIP_TEMPERATURE: limits.chip_temperature,
            Quantity.VR_TEMPERATURE: limits.vr_temperature,
            Quantity.INPUT_VOLTAGE: limits.input_voltage,
            Quantity.POWER: limits.power,
            Quantity.HASH_RATE_RATIO: ratio,
            Quantity.HASH_RATE: minimum,
            Quantity.REJECT_RATE: options.rejects,
        }
        self._fixed = {key: alarm for key, alarm in known.items() if alarm is not None}
        self._limits: Mapping[Quantity, Alarm] = self._fixed

    def observe(
        self,
        state: MinerState,
        baseline: Baseline,
        shares: Shares,
        moment: Moment,
        believed: MinerState | None = None,
        hotter: float | None = None,
    ) -> Health:
        """Take one good poll, what is believed of it, and what else is known at it.

        ``hotter`` are the degrees by which it is hotter than a month ago, if it is.
        """
        now = moment.monotonic
        overheating = self._overheat.observe(state, now, believed)
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
        found = [alarm.finding(moment) for alarm in self._alarms if alarm.severity]
        if self._pool.observe(state, now):
            since = at_wall(self._pool.since, moment)
            found.append(_critical(FindingKind.POOL_LOST, since))
        found += _at_once(state, shares, fan_fault, moment.wall)
        if hotter is not None:
            found.append(_worn(hotter, moment.wall))
        health = Health(
            overheating=overheating,
            fan_fault=fan_fault,
            findings=self._log.observe(_in_order(found), moment),
            awaited=self._log.awaited,
            limits=self._limits_at(state.target_chip_temperature),
        )
        self._snapshot = unless_equal(health, self._snapshot)
        return self._snapshot

    def absent(self) -> Health:
        """Forget what described the moment: an absent miner has no findings."""
        for alarm in self._alarms:
            alarm.observe(None, 0.0)
        self._fans.absent()
        self._pool.absent()
        self._log.absent()
        self._snapshot = _NOTHING
        return _NOTHING

    def _limits_at(self, target: float | None) -> Mapping[Quantity, Alarm]:
        """Return what is judged by while the device pursues a target."""
        if target != self._target:
            self._target, self._limits = target, self._fixed
            above = self._above_target
            if target is not None and above is not None:
                ends = (target + above.warn, target + above.critical)
                fixed = self._fixed.get(Quantity.CHIP_TEMPERATURE)
                if fixed is not None:
                    ends = (min(ends[0], fixed.warn), min(ends[1], fixed.critical))
                moved = Alarm(warn=ends[0], critical=ends[1])
                self._limits = {**self._fixed, Quantity.CHIP_TEMPERATURE: moved}
        return self._limits


def chosen(limits: Limits, alarms: Mapping[str, Alarm]) -> Limits:
    """Put the user's thresholds in the place of the device's."""
    if not alarms:
        return limits
    given: dict[str, Any] = {name: alarms[name] for name in ALARMS if name in alarms}
    return replace(limits, **given)


def _part(alarm: Alarm | None, part: float) -> float:
    """Return a part of the warning threshold."""
    return 0.0 if alarm is None else alarm.warn * part


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Keep the worst one of each kind, the first of equals; the worst first."""
    worst: dict[FindingKind, Finding] = {}
    for finding in sorted(findings, key=_urgency):
        worst.setdefault(finding.kind, finding)
    return tuple(worst.values())


def _urgency(finding: Finding) -> tuple[bool, int, bool, float]:
    """Order findings; of one kind, that of the stricter limit comes first."""
    return (
        finding.severity is not Severity.CRITICAL,
        _ORDER[finding.kind],
        finding.quantity is Quantity.HASH_RATE,
        inf if finding.threshold is None else finding.threshold,
    )


def _critical(kind: FindingKind, since: float, **more: Any) -> Finding:
    return Finding(kind=kind, severity=Severity.CRITICAL, since=since, **more)


def _worn(hotter: float, now: float) -> Finding:
    """Return that it is to be cleaned; how it came to that takes weeks."""
    return Finding(
        kind=FindingKind.RUNS_HOTTER,
        severity=Severity.WARNING,
        value=hotter,
        threshold=LEAST_RISE,
        since=now,
    )


def _at_once(
    state: MinerState, shares: Shares, fan_fault: bool | None, now: float
) -> Iterator[Finding]:
    """Yield the findings that need neither threshold nor time."""
    if shares.stalled:
        yield _critical(FindingKind.STALLED, now)
    if fan_fault:
        yield _critical(FindingKind.FAN_STOPPED, now)
    for fault in state.faults:
        of_regulator = fault in state.regulator_faults
        kind = FindingKind.REGULATOR_FAULT if of_regulator else _kind_of(fault)
        yield _critical(kind, now)
    if state.status is MinerStatus.FAULT and not state.faults:
        yield _critical(FindingKind.FAULT, now)
    if state.overheated:
        heat = Quantity.CHIP_TEMPERATURE
        chip = state.hottest_chip
        yield _critical(FindingKind.CHIP_HOT, now, quantity=heat, value=chip)


def _kind_of(fault: str) -> FindingKind:
    """Return what a fault is about, where its name is known."""
    for name, kind in _FAULTS.items():
        if fault == name or fault.startswith(f"{name}_"):
            return kind
    return FindingKind.FAULT
