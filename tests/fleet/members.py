"""Miners of a fleet, as insight gives them out."""

from dataclasses import replace
from typing import Any

from custom_components.miner_monitor.control.model import ControlState
from custom_components.miner_monitor.fleet import FleetFeature, Member
from custom_components.miner_monitor.insight.model import Insight
from custom_components.miner_monitor.miners.model import (
    Family,
    HashRateUnit,
    MinerIdentity,
    MinerSettings,
    MinerState,
    MinerStatus,
)
from custom_components.miner_monitor.model import MinerData

IDENTITY = MinerIdentity(family=Family.AXEOS, manufacturer="Bitaxe", model="Gamma 601")
CARD = replace(IDENTITY, model="RB4", hash_rate_unit=HashRateUnit.GIGA)
STATE = MinerState(
    status=MinerStatus.HASHING,
    hash_rate=1.0,
    power=20.0,
    chip_temperature=60.0,
    best_difficulty=1e9,
    shares_accepted=100,
    shares_rejected=2,
    settings=MinerSettings(mining=True),
)
BOTH = frozenset({FleetFeature.THROTTLE, FleetFeature.MINING})


def shown(
    *,
    online: bool | None = True,
    identity: MinerIdentity = IDENTITY,
    insight: Insight | None = None,
    control: ControlState | None = None,
    **state: Any,
) -> MinerData:
    """Return what is known of a miner; without an answer there is no state."""
    told = replace(STATE, **state) if online else None
    insight = insight or Insight()
    if told is not None:
        counted = (told.shares_accepted or 0, told.shares_rejected or 0)
        shares = replace(insight.shares, counted=counted)
        insight = replace(insight, shares=shares)
    return MinerData(
        online=online,
        identity=identity,
        state=told,
        believed=told,
        insight=insight,
        control=control or ControlState(saving_power=False),
    )


def member(name: str = "gamma", **known: Any) -> Member:
    """Return a miner of the fleet."""
    return Member(name, shown(**known), BOTH)


AWAY = shown(online=False)
