"""Collects in the event loop what a report is made from."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
import math
from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util

from ..const import (
    CONF_PRICE,
    DOMAIN,
)
from ..runtime.entry_data import is_fleet
from ..runtime.ha_compat import (
    is_recorded,
    kept_days,
)
from .model import (
    COUNTED,
    FINE_HOURS,
    HOUR,
    MEASURED,
    MINUTES_5,
    MinerFacts,
    Period,
    Price,
    Query,
)

if TYPE_CHECKING:
    from ..coordinator import MinerConfigEntry

_KWH_OF: Mapping[str, float] = {"wh": 1000.0, "kwh": 1.0, "mwh": 0.001, "gwh": 1e-6}
_KEYS = {*MEASURED, *COUNTED}


def period_until_now(hass: HomeAssistant, hours: float) -> Period:
    """Return the last so many hours, to the last step that has passed.

    A day belongs to it if half of the day's part up to now does, and today always.
    """
    now = dt_util.now()
    fine = hours <= FINE_HOURS and hours < kept_days(hass) * 24
    step = MINUTES_5 if fine else HOUR
    end = now.timestamp() // step * step
    start = end - hours * HOUR
    first = dt_util.as_local(dt_util.utc_from_timestamp(start))
    today = now.date()
    if first.date() < today and start - _midnight(first) > 12 * HOUR:
        first += timedelta(days=1)
    return Period(
        start=start,
        end=end,
        step=step,
        first_day=min(first.date(), today).isoformat(),
        last_day=today.isoformat(),
    )


def period_of_today() -> Period:
    """Return the time since local midnight, to the last five minutes that passed."""
    now = dt_util.now()
    start = _midnight(now)
    today = now.date().isoformat()
    return Period(
        start=start,
        end=max(start, now.timestamp() // MINUTES_5 * MINUTES_5),
        step=MINUTES_5,
        first_day=today,
        last_day=today,
    )


def _midnight(moment: datetime) -> float:
    return dt_util.start_of_local_day(moment).timestamp()


def facts_of(hass: HomeAssistant, entry: MinerConfigEntry) -> MinerFacts:
    """Return what is known of a miner, and which of its sensors are recorded."""
    coordinator = entry.runtime_data
    prefix = f"{coordinator.device_id}_"
    recorded: dict[str, str] = {}
    missing: list[str] = []
    for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        key = entity.unique_id.removeprefix(prefix)
        if entity.domain != "sensor" or key not in _KEYS:
            continue
        if entity.disabled_by is None and is_recorded(hass, entity.entity_id):
            recorded[key] = entity.entity_id
        else:
            missing.append(key)
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, coordinator.device_id), entry.entry_id
    )
    return MinerFacts(
        name=entry.title,
        device_id=None if device is None else device.id,
        data=coordinator.data,
        recorded=recorded,
        not_recorded=tuple(sorted(missing)),
        days=coordinator.days,
    )


def query_of(
    facts: Iterable[MinerFacts],
    period: Period,
    price: Price | None,
    measured: Iterable[str],
) -> Query:
    """Return what to ask the recorder about these miners."""
    wanted = set(measured)
    entities = [
        (key, entity_id) for one in facts for key, entity_id in one.recorded.items()
    ]
    return Query(
        period=period,
        measured={
            entity_id: MEASURED[key] for key, entity_id in entities if key in wanted
        },
        counted={
            entity_id: COUNTED[key] for key, entity_id in entities if key in COUNTED
        },
        billed=frozenset(entity_id for one in facts for entity_id in one.billed),
        price=price,
    )


def price_of(hass: HomeAssistant) -> Price | None:
    """Return the price that the user chose for all miners."""
    entry: ConfigEntry | None = next(
        filter(is_fleet, hass.config_entries.async_entries(DOMAIN)), None
    )
    entity_id = None if entry is None else entry.options.get(CONF_PRICE)
    if not isinstance(entity_id, str):
        return None
    state = hass.states.get(entity_id)
    unit = None if state is None else state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    currency, _, energy = str(unit or "").partition("/")
    return Price(
        entity_id=entity_id,
        present=None if state is None else _number(state.state),
        per_kwh=_KWH_OF.get(energy.strip().lower(), 1.0),
        currency=currency.strip()[:16] or hass.config.currency,
    )


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
