"""One miner of the fleet as watts are dealt to it: its steps, and how it is set."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..control.model import Cause
from ..miners.model import MinerStatus
from ..miners.power import PowerStep
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


_REST, _REST_PART = 5.0, 0.01
"""W of the electronics around the chips, and the part of the power for a fan."""


def asked_of(member: FleetMember) -> float | None:
    """Return its own power target in W; None while it has none."""
    target = member.miner.data.control.power.target
    return None if target is None else target.watts


def dial_of(member: FleetMember) -> DispatchMember:
    """Return a miner as watts are dealt to it."""
    control = member.miner.data.control.power
    return DispatchMember(
        key=member.key,
        steps=tuple(_rested(control.steps)),
        priority=priority_of(member.entry),
        asked=asked_of(member),
        since=control.turned_at or None,
        changed_at=control.wrote_at or None,
        pace=Pace(
            run=control.minimum_run, pause=control.minimum_rest, write=control.gap
        ),
        drawn=control.drawn,
        left=_left(member),
    )


def _rested(steps: Sequence[PowerStep]) -> Iterator[PowerStep]:
    """Yield the steps, with what is usual for a rest that nothing is known of."""
    for step in steps:
        unknown = step.stops and not step.power
        yield replace(step, power=_rest_of(steps[-1].power)) if unknown else step


def _rest_of(power: float) -> float:
    """Return what a miner of so many W usually draws at rest."""
    return _REST + _REST_PART * power


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
