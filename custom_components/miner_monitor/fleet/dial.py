"""One miner of the fleet as watts are dealt to it: its steps, and how it is set."""

from collections.abc import Mapping

from ..control.model import Cause
from ..miners.model import MinerStatus
from .dispatch import DispatchMember, Limit, Pace
from .members import FleetMember, WhyLeft, priority_of

_LEFT: Mapping[Cause | None, Limit] = {
    Cause.OVERHEAT_PROTECTION: Limit.OVERHEAT_PROTECTION,
    Cause.THROTTLED_BY_MINER: Limit.OVERHEAT_PROTECTION,
    Cause.SAVE_POWER: Limit.SAVE_POWER,
    Cause.STOPPED: Limit.STOPPED,
    Cause.STANDBY_ON_DEVICE: Limit.STOPPED,
    Cause.PAUSED_ON_DEVICE: Limit.STOPPED,
    Cause.TEMPORARY_PROFILE: Limit.TEMPORARY_PROFILE,
}
"""What a miner is left alone for by who controls it."""


def asked_of(member: FleetMember) -> float | None:
    """Return its own power target in W; None while it has none."""
    target = member.miner.data.control.power.target
    return None if target is None else target.watts


def is_fixed(member: FleetMember) -> bool:
    """Whether it can take no other step today; it may still get back its normal."""
    return member.miner.data.control.power.fixed


def dial_of(member: FleetMember) -> DispatchMember:
    """Return a miner as watts are dealt to it."""
    control = member.miner.data.control.power
    return DispatchMember(
        key=member.key,
        steps=control.steps,
        priority=priority_of(member.entry),
        asked=asked_of(member),
        rests=control.step is not None and control.step.stops,
        since=control.turned_at or None,
        changed_at=control.wrote_at or None,
        pace=Pace(
            run=control.minimum_run, pause=control.minimum_rest, write=control.gap
        ),
        drawn=control.drawn,
        left=_left(member),
    )


def _left(member: FleetMember) -> Limit | None:
    """Return why it is left as it is, if so."""
    data = member.miner.data
    match member.kept_out:
        case WhyLeft.HELD:
            return Limit.HELD
        case WhyLeft.OFFLINE:
            return Limit.OFFLINE
    if data.state is None:
        return Limit.OFFLINE
    if data.state.status is MinerStatus.OVERHEATED:
        return Limit.OVERHEAT_PROTECTION
    return _LEFT.get(data.control.controlled.reason)
