"""Shares, difficulties and pools."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfRatio, UnitOfTime

from ..entity import (
    Resolution,
    of_state,
)
from ..miners.model import (
    Capability,
    MinerState,
    Pool,
    PoolStatus,
)
from ..model import MinerData
from .description import (
    ONCE_A_MINUTE,
    MinerSensorEntityDescription,
    Value,
    number,
)

MAX_POOLS = 8

_POOL_TRANSLATIONS = {
    "status": "pool_status",
    "accepted": "pool_accepted",
    "rejected": "pool_rejected",
    # "pool_difficulty" is what the pool in use asks for.
    "difficulty": "pool_slot_difficulty",
}


def _pool_of(index: int, read: Callable[[Pool], Value]) -> Callable[[MinerData], Value]:
    """Read one pool, if the miner lists as many."""

    def value(state: MinerState) -> Value:
        return read(state.pools[index]) if index < len(state.pools) else None

    return of_state(value)


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
        value_fn=_pool_of(index, read),
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
    number(
        "best_difficulty",
        lambda state: state.best_difficulty,
        Capability.BEST_DIFFICULTY,
        enabled=True,
    ),
    number(
        "best_session_difficulty",
        lambda state: state.best_session_difficulty,
        Capability.BEST_SESSION_DIFFICULTY,
    ),
    number(
        "network_difficulty",
        lambda state: state.network_difficulty,
        Capability.NETWORK_DIFFICULTY,
    ),
    number(
        "pool_difficulty",
        lambda state: state.pool_difficulty,
        Capability.POOL_DIFFICULTY,
    ),
    number("block_height", lambda state: state.block_height, Capability.BLOCK_HEIGHT),
    MinerSensorEntityDescription(
        key="blocks_found",
        translation_key="blocks_found",
        capability=Capability.BLOCKS_FOUND,
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
        entity_registry_enabled_default=False,
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
