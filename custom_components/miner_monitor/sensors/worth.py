"""What power costs and work is expected to earn: of a miner, or of all together."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass

from ..entity import Resolution
from ..model import MinerData
from .description import (
    MinerBinarySensorEntityDescription,
    MinerSensorEntityDescription,
    Per,
)

_DIGITS = 6
SATS_PER_DAY = "sats/d"
ONCE_A_MINUTE_1_PERCENT = Resolution(relative=0.01, seconds=60)

EXPECTATION: Mapping[str, str] = {"basis": "expectation"}
"""Says of a figure that it is a mean over a long time."""


def _rounded(
    value_fn: Callable[[Any], float | None], digits: int
) -> Callable[[Any], float | None]:
    """Leave out digits that say nothing."""

    def value(data: Any) -> float | None:
        found = value_fn(data)
        return None if found is None else round(found, digits)

    return value


def per_day(
    key: str, value_fn: Callable[[Any], float | None], **traits: Any
) -> MinerSensorEntityDescription[Any]:
    """Describe what is expected to be earned in a day, in sats or in money."""
    return MinerSensorEntityDescription(
        key=key,
        resolution=ONCE_A_MINUTE_1_PERCENT,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=_rounded(value_fn, _DIGITS),
        **{"translation_key": key, **traits},
    )


def per_kilowatt_hour(
    key: str, value_fn: Callable[[Any], float | None], **traits: Any
) -> MinerSensorEntityDescription[Any]:
    """Describe a price of power."""
    return MinerSensorEntityDescription(
        key=key,
        money=Per.KILOWATT_HOUR,
        resolution=ONCE_A_MINUTE_1_PERCENT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
        value_fn=_rounded(value_fn, _DIGITS),
        **{"translation_key": key, **traits},
    )


def since_midnight(
    key: str,
    value_fn: Callable[[Any], float | None],
    day_fn: Callable[[Any], str],
    **traits: Any,
) -> MinerSensorEntityDescription[Any]:
    """Describe money that adds up in a local day, and begins anew with the next."""
    return MinerSensorEntityDescription(
        key=key,
        day_fn=day_fn,
        device_class=SensorDeviceClass.MONETARY,
        money=Per.NOTHING,
        resolution=Resolution(absolute=0.001, seconds=60),
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        value_fn=_rounded(value_fn, _DIGITS),
        **{"translation_key": key, **traits},
    )


def _is_valued(data: MinerData) -> bool:
    return data.insight.worth.valued


OFF_AT_FIRST: Mapping[str, Any] = {"entity_registry_enabled_default": False}
_WORTH: Mapping[str, Any] = {**OFF_AT_FIRST, "needed_fn": _is_valued}

WORTH: tuple[MinerSensorEntityDescription, ...] = (
    per_kilowatt_hour(
        "break_even_price",
        lambda data: data.insight.worth.break_even,
        available_offline=True,
        **_WORTH,
    ),
    per_day(
        "expected_revenue",
        lambda data: data.insight.worth.sats,
        attributes_fn=lambda _: EXPECTATION,
        native_unit_of_measurement=SATS_PER_DAY,
        suggested_display_precision=1,
        **_WORTH,
    ),
    per_day(
        "expected_revenue_value",
        lambda data: data.insight.worth.revenue,
        attributes_fn=lambda _: EXPECTATION,
        money=Per.DAY,
        suggested_display_precision=4,
        **_WORTH,
    ),
    since_midnight(
        "cost_today",
        lambda data: data.insight.money.cost,
        lambda data: data.insight.money.day,
        attributes_fn=lambda data: {
            "without_price": round(data.insight.money.unpriced, 3)
        },
        available_offline=True,
        # It takes a power and a price, and either may come later.
        needed_fn=lambda data: data.insight.money.cost is not None,
        **OFF_AT_FIRST,
    ),
)

WORTH_RUNNING = MinerBinarySensorEntityDescription[MinerData](
    key="worth_running",
    translation_key="worth_running",
    attributes_fn=lambda data: {"break_even_price": data.insight.worth.break_even},
    available_offline=True,
    value_fn=lambda data: data.insight.worth.running,
    **_WORTH,
)
