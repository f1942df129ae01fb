"""What a miner does, how fast and at what cost, with its shares and pools."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfRatio, UnitOfTime

from ..control.model import NOBODY
from ..entity import (
    ANY_CHANGE,
    Resolution,
    of_state,
)
from ..miners.model import (
    Capability,
    MinerState,
    MinerStatus,
    Pool,
    PoolStatus,
)
from ..model import MinerData
from .description import (
    ONCE_A_MINUTE,
    ONE_PERCENT,
    MinerSensorEntityDescription,
    Value,
    hash_rate,
    iso_text,
    number,
    of_item,
)

JOULES_PER_TERAHASH = "J/TH"
GIGAHASHES_PER_WATT = "GH/s/W"


def _controlled(data: MinerData) -> Mapping[str, Any]:
    """Return who controls the miner, and why."""
    found = data.control.controlled
    return {
        "reason": found.reason,
        "since": iso_text(found.since),
        "until": iso_text(found.until),
        "by": found.by.name,
        "by_automation": None if found.by == NOBODY else found.by.automated,
        "detail": found.detail,
    }


WORK: tuple[MinerSensorEntityDescription, ...] = (
    MinerSensorEntityDescription(
        key="status",
        translation_key="status",
        device_class=SensorDeviceClass.ENUM,
        options=[status.value for status in MinerStatus],
        attributes_fn=_controlled,
        attributes_at_once=True,
        value_fn=of_state(lambda state: state.status.value),
    ),
    hash_rate("hash_rate", lambda state: state.hash_rate, enabled=True),
    hash_rate(
        "hash_rate_10m",
        lambda state: state.hash_rate_10m,
        capability=Capability.HASH_RATE_10M,
    ),
    hash_rate(
        "hash_rate_1h",
        lambda state: state.hash_rate_1h,
        capability=Capability.HASH_RATE_1H,
    ),
    hash_rate(
        "hash_rate_average",
        lambda state: state.hash_rate_average,
        capability=Capability.HASH_RATE_AVERAGE,
    ),
    MinerSensorEntityDescription(
        key="expected_hash_rate",
        translation_key="expected_hash_rate",
        capability=Capability.EXPECTED_HASH_RATE,
        entity_registry_enabled_default=False,
        is_hash_rate=True,
        resolution=Resolution(relative=0.001),
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        value_fn=lambda data: data.insight.baseline.expected,
    ),
    MinerSensorEntityDescription(
        key="hash_rate_ratio",
        translation_key="hash_rate_ratio",
        capability=Capability.EXPECTED_HASH_RATE,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        resolution=Resolution(absolute=1),
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda data: data.insight.baseline.ratio,
    ),
    hash_rate(
        "pool_hash_rate",
        lambda state: state.pool_hash_rate,
        capability=Capability.POOL_HASH_RATE,
        resolution=ANY_CHANGE,
    ),
    number(
        "efficiency",
        lambda state: state.efficiency,
        Capability.POWER,
        unit=JOULES_PER_TERAHASH,
        # The noise of a healthy miner's ratio is over one per cent.
        resolution=Resolution(absolute=0.1, relative=0.02),
        precision=1,
        enabled=True,
    ),
    number(
        "hash_per_watt",
        lambda state: state.hash_per_watt,
        Capability.POWER,
        unit=GIGAHASHES_PER_WATT,
        resolution=ONE_PERCENT,
        precision=1,
    ),
    number(
        "work_utility",
        lambda state: state.work_utility,
        Capability.WORK_UTILITY,
        resolution=ONE_PERCENT,
        diagnostic=True,
    ),
)


MAX_POOLS = 8

_POOL_TRANSLATIONS = {
    "status": "pool_status",
    "accepted": "pool_accepted",
    "rejected": "pool_rejected",
    # "pool_difficulty" is what the pool in use asks for.
    "difficulty": "pool_slot_difficulty",
}


def _pool_figures(index: int) -> Callable[[MinerData], Mapping[str, Any] | None]:
    """Return the counters of one pool that have no sensor of their own."""

    def figures(data: MinerData) -> Mapping[str, Any] | None:
        if data.state is None or index >= len(data.state.pools):
            return None
        pool = data.state.pools[index]
        known = {
            "address": pool.address,
            "latency": pool.latency,
            "best_difficulty": pool.best_difficulty,
        }
        return {
            **{key: value for key, value in known.items() if value is not None},
            **pool.figures,
        }

    return figures


def _pool(
    index: int, key: str, read: Callable[[Pool], Value], **traits: Any
) -> MinerSensorEntityDescription:
    """Describe what is known of one of the miner's pools."""
    return MinerSensorEntityDescription(
        key=f"pool_{index + 1}_{key}",
        translation_key=_POOL_TRANSLATIONS[key],
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        exists_fn=lambda identity: identity.pool_count > index,
        placeholders={"index": str(index + 1)},
        value_fn=of_item(lambda state: state.pools, index, read),
        **traits,
    )


def _pools(index: int) -> tuple[MinerSensorEntityDescription, ...]:
    """Describe one of the miner's pools."""
    counter = {
        "capability": Capability.POOL_SHARES,
        "resolution": ONCE_A_MINUTE,
        "state_class": SensorStateClass.TOTAL_INCREASING,
        "suggested_display_precision": 0,
    }
    return (
        _pool(
            index,
            "status",
            lambda pool: pool.status,
            attributes_fn=_pool_figures(index),
            attributes_at_once=True,
            attributes_recorded=False,
            capability=Capability.POOL_STATUS,
            device_class=SensorDeviceClass.ENUM,
            options=[status.value for status in PoolStatus],
        ),
        _pool(index, "accepted", lambda pool: pool.accepted, **counter),
        _pool(index, "rejected", lambda pool: pool.rejected, **counter),
        _pool(
            index,
            "difficulty",
            lambda pool: pool.difficulty,
            capability=Capability.POOL_SHARES,
            state_class=SensorStateClass.MEASUREMENT,
            suggested_display_precision=0,
        ),
    )


def _of_the_network(
    key: str, value_fn: Callable[[MinerState], float | None], capability: Capability
) -> MinerSensorEntityDescription:
    """Describe what is the same for all miners, and has no statistics of its own."""
    return replace(
        number(key, value_fn, capability, state_class=None),
        former_state_class=SensorStateClass.MEASUREMENT,
    )


SHARES: tuple[MinerSensorEntityDescription, ...] = (
    number(
        "shares_accepted",
        lambda state: state.shares_accepted,
        Capability.SHARES,
        state_class=SensorStateClass.TOTAL_INCREASING,
        resolution=Resolution(seconds=60),
        enabled=True,
    ),
    number(
        "shares_rejected",
        lambda state: state.shares_rejected,
        Capability.SHARES,
        state_class=SensorStateClass.TOTAL_INCREASING,
        resolution=Resolution(seconds=60),
    ),
    number(
        "shares_stale",
        lambda state: state.shares_stale,
        Capability.SHARES_STALE,
        state_class=SensorStateClass.TOTAL_INCREASING,
        resolution=ONCE_A_MINUTE,
    ),
    number(
        "share_error_rate",
        lambda state: state.share_error_rate,
        Capability.SHARE_ERROR_RATE,
        unit=UnitOfRatio.PERCENTAGE,
        precision=2,
    ),
    number(
        "solutions_good",
        lambda state: state.solutions_good,
        Capability.SOLUTIONS,
        state_class=SensorStateClass.TOTAL_INCREASING,
        resolution=ONCE_A_MINUTE,
    ),
    number(
        "solutions_total",
        lambda state: state.solutions_total,
        Capability.SOLUTIONS,
        state_class=SensorStateClass.TOTAL_INCREASING,
        resolution=ONCE_A_MINUTE,
    ),
    MinerSensorEntityDescription(
        key="best_difficulty",
        translation_key="best_difficulty",
        capability=Capability.BEST_DIFFICULTY,
        available_offline=True,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda data: data.insight.best_difficulty,
    ),
    number(
        "best_session_difficulty",
        lambda state: state.best_session_difficulty,
        Capability.BEST_SESSION_DIFFICULTY,
    ),
    _of_the_network(
        "network_difficulty",
        lambda state: state.network_difficulty,
        Capability.NETWORK_DIFFICULTY,
    ),
    number(
        "pool_difficulty",
        lambda state: state.pool_difficulty,
        Capability.POOL_DIFFICULTY,
    ),
    _of_the_network(
        "block_height", lambda state: state.block_height, Capability.BLOCK_HEIGHT
    ),
    MinerSensorEntityDescription(
        key="blocks_found",
        translation_key="blocks_found",
        capability=Capability.BLOCKS_FOUND,
        entity_registry_enabled_default=False,
        available_offline=True,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=0,
        value_fn=lambda data: data.insight.blocks_found,
    ),
    MinerSensorEntityDescription(
        key="pool",
        translation_key="pool",
        capability=Capability.POOL,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=of_state(lambda state: state.pool),
    ),
    MinerSensorEntityDescription(
        key="pool_latency",
        translation_key="pool_latency",
        capability=Capability.POOL_LATENCY,
        device_class=SensorDeviceClass.DURATION,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        native_unit_of_measurement=UnitOfTime.MILLISECONDS,
        resolution=Resolution(relative=0.1),
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=of_state(lambda state: state.pool_latency),
    ),
    *(sensor for index in range(MAX_POOLS) for sensor in _pools(index)),
)
