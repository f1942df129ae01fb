"""The entities of what all miners cost and are expected to earn."""

from collections.abc import Mapping
from typing import Any

from ..sensors.description import (
    MinerBinarySensorEntityDescription,
    MinerSensorEntityDescription,
    Per,
)
from ..sensors.worth import (
    EXPECTATION,
    SATS_PER_DAY,
    per_day,
    per_kilowatt_hour,
    since_midnight,
)
from .model import FleetData, FleetFeature

_SECONDS_OF_AN_HOUR = 3600

MONTH = frozenset(
    {
        "month_cheap",
        "month_cost",
        "month_energy",
        "month_mean_price",
        "month_revenue",
        "month_saving",
    }
)
"""Attributes of the month, which change with every state."""


def _with(feature: FleetFeature) -> Mapping[str, Any]:
    """Have an entity exist once the options name what it takes."""
    return {"exists_fn": lambda data: feature in data.features}


def _named(key: str) -> str:
    return f"fleet_{key}"


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _basis(data: FleetData) -> dict[str, Any]:
    """Say what the break-even price is made of."""
    market = data.market
    return {
        "power_price": _rounded(market.power, 6),
        "bitcoin_price": market.bitcoin,
        "network_difficulty": market.difficulty,
        "block_height": market.height,
        "heat_credit": market.heat,
    }


def _balance(data: FleetData) -> dict[str, Any]:
    """Say what the profit is made of."""
    money = data.money
    return {
        **EXPECTATION,
        "coverage": money.profit.coverage,
        "revenue": _rounded(money.revenue, 4),
        "heat": round(money.heat, 4),
        "hours_without_value": round(money.unvalued / _SECONDS_OF_AN_HOUR, 1),
        "month_revenue": _rounded(data.month.revenue, 4),
    }


def _bill(data: FleetData) -> dict[str, Any]:
    """Say what the cost is made of, and what the month came to."""
    money, month = data.money, data.month
    part = month.cheap_part
    return {
        "coverage": money.cost.coverage,
        "without_price": round(money.unpriced, 3),
        "month_energy": round(month.energy, 3),
        "month_cost": _rounded(month.cost, 4),
        "month_cheap": None if part is None else round(100 * part, 1),
        "month_mean_price": _rounded(month.mean_price, 6),
        "month_saving": _rounded(month.saving, 4),
    }


_WORTH, _PRICED = _with(FleetFeature.WORTH), _with(FleetFeature.PRICE)

MONEY_SENSORS: tuple[MinerSensorEntityDescription[FleetData], ...] = (
    per_kilowatt_hour(
        "break_even_price",
        lambda data: data.worth.break_even,
        attributes_fn=_basis,
        translation_key=_named("break_even_price"),
        **_WORTH,
    ),
    per_day(
        "expected_revenue",
        lambda data: data.worth.sats.value,
        attributes_fn=lambda data: {
            **EXPECTATION,
            "coverage": data.worth.sats.coverage,
        },
        native_unit_of_measurement=SATS_PER_DAY,
        suggested_display_precision=0,
        translation_key=_named("expected_revenue"),
        **_WORTH,
    ),
    per_day(
        "expected_revenue_value",
        lambda data: data.worth.revenue.value,
        attributes_fn=lambda data: {
            **EXPECTATION,
            "coverage": data.worth.revenue.coverage,
        },
        money=Per.DAY,
        suggested_display_precision=2,
        translation_key=_named("expected_revenue_value"),
        **_WORTH,
    ),
    since_midnight(
        "cost_today",
        lambda data: data.money.cost.value,
        lambda data: data.money.day,
        attributes_fn=_bill,
        translation_key=_named("cost_today"),
        **_PRICED,
    ),
    since_midnight(
        "profit_today",
        lambda data: data.money.profit.value,
        lambda data: data.money.day,
        attributes_fn=_balance,
        translation_key=_named("profit_today"),
        **_WORTH,
    ),
)

WORTH_RUNNING = MinerBinarySensorEntityDescription[FleetData](
    key="worth_running",
    translation_key=_named("worth_running"),
    attributes_fn=lambda data: {
        "power_price": _rounded(data.market.power, 6),
        "break_even_price": _rounded(data.worth.break_even, 6),
    },
    entity_registry_enabled_default=False,
    value_fn=lambda data: data.worth.running,
    **_WORTH,
)
