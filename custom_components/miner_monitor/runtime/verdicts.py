"""What triggers and conditions ask about a miner: yes, no, or not known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..insight.alarms import TEMPERATURE_HYSTERESIS
from ..insight.health import LEAST_REJECTED
from ..insight.model import FindingKind
from ..miners.model import NO_CORE_VOLTAGE
from ..model import EventType, MinerData
from .escape import plain

type Options = Mapping[str, Any]
type Judge = Callable[[MinerData, Options], Verdict]

CONF_ABOVE, CONF_AT_LEAST, CONF_BELOW = "above", "at_least", "below"


NEAR = 2.0
"""Percentage points beyond a limit within which what was so before still is."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something is so, None if unknown; what was measured, and its limit.

    ``detail`` is what the miner itself calls it. ``near``: it is not so, but what was
    so before still is.
    """

    holds: bool | None
    value: float | None = None
    limit: float | None = None
    detail: str | None = None
    near: bool = False

    def after(self, before: bool | None) -> bool | None:
        """Whether it is so, by whether it was before."""
        return True if self.near and before else self.holds


UNKNOWN = Verdict(None)


def found(*kinds: FindingKind) -> Judge:
    """Return whether one of these findings stands, as *Problem* shows it.

    One that was open when the miner, or Home Assistant, went away is not known to be
    over before there was time to find it again.
    """

    def judge(data: MinerData, _: Options) -> Verdict:
        if data.state is None:
            return UNKNOWN
        health = data.insight.health
        for finding in health.findings:
            if finding.kind in kinds:
                return Verdict(True, finding.value, finding.threshold)
        return Verdict(False) if health.awaited.isdisjoint(kinds) else UNKNOWN

    return judge


def faulty(data: MinerData, options: Options) -> Verdict:
    """Whether the miner reports a fault of its own, and which."""
    verdict = _FAULTS(data, options)
    faults = () if data.state is None else data.state.faults
    named = ", ".join(fault for fault in faults if fault != NO_CORE_VOLTAGE)
    return replace(verdict, detail=plain(named) or None) if verdict.holds else verdict


_FAULTS = found(
    FindingKind.FAULT, FindingKind.REGULATOR_FAULT, FindingKind.SUPPLY_FAULT
)


def overheated(data: MinerData, options: Options) -> Verdict:
    """Whether *Overheating* is on, with the temperature if that is why.

    One that switched itself off has cooled down, and is overheated still.
    """
    if data.state is None or data.insight.health.overheating is None:
        return UNKNOWN
    hot = _HOT(data, options)
    if data.insight.health.overheating:
        value, limit = hot.value, hot.limit
        if value is None or limit is None or value < limit - TEMPERATURE_HYSTERESIS:
            return Verdict(True)
        return Verdict(True, value, limit)
    return Verdict(False) if hot.holds is False else UNKNOWN


_HOT = found(FindingKind.CHIP_HOT, FindingKind.VR_HOT)


def offline(data: MinerData, _: Options) -> Verdict:
    """Whether the miner does not answer, though nobody asked for that.

    One whose plug is off is not asked; one that restarts by request is back soon.
    """
    if data.online is None or data.unplugged:
        return UNKNOWN
    if data.restart_expected and not data.online:
        return UNKNOWN
    return Verdict(not data.online)


def online(data: MinerData, _: Options) -> Verdict:
    """Whether the miner answers."""
    return Verdict(data.online)


def hashing(data: MinerData, _: Options) -> Verdict:
    """Whether the miner hashes."""
    return UNKNOWN if data.state is None else Verdict(data.state.hashing)


def saving_power(data: MinerData, _: Options) -> Verdict:
    """Whether *Save power* is on."""
    return UNKNOWN if data.state is None else Verdict(data.control.saving_power)


def throttled(data: MinerData, _: Options) -> Verdict:
    """Whether the miner has lowered its own settings."""
    return UNKNOWN if data.state is None else Verdict(data.control.derated)


def on_fallback(data: MinerData, _: Options) -> Verdict:
    """Whether the miner works for its fallback pool."""
    return UNKNOWN if data.state is None else Verdict(data.state.fallback_pool)


def stalled(data: MinerData, _: Options) -> Verdict:
    """Whether the miner has found no share for long."""
    awaited = FindingKind.STALLED in data.insight.health.awaited
    if data.state is None or awaited:
        return UNKNOWN
    return Verdict(data.insight.shares.stalled)


def hash_rate_below(data: MinerData, options: Options) -> Verdict:
    """Whether the hash rate is below so many % of the expected one."""
    ratio, limit = data.insight.baseline.ratio, options[CONF_BELOW]
    if data.state is None or not data.state.hashing or ratio is None:
        return UNKNOWN
    return Verdict(ratio < limit, ratio, limit, near=limit <= ratio < limit + NEAR)


def hash_rate_at_least(data: MinerData, options: Options) -> Verdict:
    """Whether the hash rate is so many % of the expected one, or more."""
    limit = options[CONF_AT_LEAST]
    below = hash_rate_below(data, {CONF_BELOW: limit})
    return Verdict(None if below.holds is None else not below.holds, below.value, limit)


def rejects_above(data: MinerData, options: Options) -> Verdict:
    """Whether more than so many % of the shares are rejected, and not by chance."""
    shares, limit = data.insight.shares, options[CONF_ABOVE]
    if data.state is None or shares.lower_bound is None:
        return UNKNOWN
    certain = shares.lower_bound if shares.rejected >= LEAST_REJECTED else 0.0
    near = limit / 2 < certain <= limit
    return Verdict(certain > limit, shares.reject_rate, limit, near=near)


JUDGES: Mapping[str, Judge] = {
    "fan_stopped": found(FindingKind.FAN_STOPPED),
    "fault": faulty,
    "hash_rate_dropped": hash_rate_below,
    "on_fallback_pool": on_fallback,
    "overheated": overheated,
    "pool_lost": found(FindingKind.POOL_LOST),
    "rejects_high": rejects_above,
    "stalled": stalled,
    "throttled": throttled,
    "went_offline": offline,
}
"""What begins and ends, by the key of its trigger."""

HAPPENINGS: Mapping[str, frozenset[EventType]] = {
    "block_found": frozenset({EventType.BLOCK_FOUND}),
    "firmware_changed": frozenset({EventType.FIRMWARE_CHANGED}),
    "new_best_difficulty": frozenset({EventType.NEW_BEST_DIFFICULTY}),
    "restarted": frozenset({EventType.RESTARTED}),
}
"""What just happens, by the key of its trigger."""
