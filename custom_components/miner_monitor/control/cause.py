"""Who controls a miner at the moment, since when, and why."""

from ..miners.model import MinerState, MinerStatus
from .heat import DeratingWatch
from .model import BY_NOTHING, Cause, Controlled, Reason
from .overrides import Kind, Override, Overrides

RESTING = {
    MinerStatus.PAUSED: Cause.PAUSED_ON_DEVICE,
    MinerStatus.STANDBY: Cause.STANDBY_ON_DEVICE,
}
"""What a device rests by that was told so on its page, its button or its schedule."""


def cause_of(
    state: MinerState,
    overrides: Overrides,
    derating: DeratingWatch,
    *,
    saving: bool | None,
) -> Controlled:
    """Return what controls a miner that reports this state and saves power or not.

    What has the last word comes first: what lies beneath it shows when that ends.
    """
    power, step, temporary = (
        overrides[kind].active
        for kind in (Kind.SAVE_POWER, Kind.PROTECTION, Kind.TEMPORARY)
    )
    saving = saving and bool(power) and not overrides[Kind.SAVE_POWER].is_ending
    if saving and power.reason is Reason.PROTECT:
        return _of(Cause.OVERHEAT_PROTECTION, power, power.temperature)
    if (rests := _stopped(state, overrides)) is not BY_NOTHING:
        return rests
    if saving:
        return _of(Cause.SAVE_POWER, power)
    if step:
        return _of(Cause.OVERHEAT_PROTECTION, step, step.temperature)
    if derating.derated:
        return Controlled(
            reason=Cause.THROTTLED_BY_MINER,
            since=derating.since,
            detail=derating.temperature,
        )
    if temporary and not (temporary.old or overrides[Kind.TEMPORARY].is_ending):
        return _of(Cause.TEMPORARY_PROFILE, temporary, temporary.profile)
    target, lowered = overrides.power, overrides[Kind.POWER_TARGET]
    if target is not None and lowered.active and not lowered.is_ending:
        return Controlled(
            reason=Cause.POWER_TARGET,
            since=target.since,
            by=target.by,
            detail=target.watts,
        )
    return BY_NOTHING


def _of(
    reason: Cause, override: Override, detail: str | float | None = None
) -> Controlled:
    return Controlled(
        reason=reason,
        since=override.since,
        until=override.until,
        by=override.by,
        detail=detail,
    )


def _stopped(state: MinerState, overrides: Overrides) -> Controlled:
    """Return why it rests though nobody saves power, or would if nobody did."""
    stop = overrides.stop
    if stop is None or state.settings.mining is not False:
        return BY_NOTHING
    if stop.ours:
        return Controlled(reason=Cause.STOPPED, since=stop.since, by=stop.by)
    if (reason := RESTING.get(state.status)) is None:
        return BY_NOTHING
    return Controlled(reason=reason, since=stop.since)
