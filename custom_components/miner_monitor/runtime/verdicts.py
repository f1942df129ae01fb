"""What triggers and conditions ask about a miner: yes, no, or not known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..insight.model import FindingKind
from ..model import MinerData

type Options = Mapping[str, Any]
type Judge = Callable[[MinerData, Options], Verdict]

CONF_ABOVE, CONF_AT_LEAST, CONF_BELOW = "above", "at_least", "below"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something is so, None if unknown; what was measured, and its limit."""

    holds: bool | None
    value: float | None = None
    limit: float | None = None


UNKNOWN = Verdict(None)


def found(*kinds: FindingKind) -> Judge:
    """Return whether one of these findings stands, as *Problem* shows it."""

    def judge(data: MinerData, _: Options) -> Verdict:
        if data.state is None:
            return UNKNOWN
        for finding in data.insight.health.findings:
            if finding.kind in kinds:
                return Verdict(True, finding.value, finding.threshold)
        return Verdict(False)

    return judge


def overheated(data: MinerData, options: Options) -> Verdict:
    """Whether *Overheating* is on, with the temperature if it was measured."""
    if data.state is None or data.insight.health.overheating is None:
        return UNKNOWN
    if not data.insight.health.overheating:
        return Verdict(False)
    hot = found(FindingKind.CHIP_HOT, FindingKind.VR_HOT)(data, options)
    return Verdict(True, hot.value, hot.limit)


def offline(data: MinerData, _: Options) -> Verdict:
    """Whether the miner does not answer; one whose plug is off is not asked."""
    if data.online is None or data.unplugged:
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
    return UNKNOWN if data.state is None else Verdict(data.insight.shares.stalled)


def hash_rate_below(data: MinerData, options: Options) -> Verdict:
    """Whether the hash rate is below so many % of the expected one."""
    ratio, limit = data.insight.baseline.ratio, options[CONF_BELOW]
    if data.state is None or not data.state.hashing or ratio is None:
        return UNKNOWN
    return Verdict(ratio < limit, ratio, limit)


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
    return Verdict(shares.lower_bound > limit, shares.reject_rate, limit)
