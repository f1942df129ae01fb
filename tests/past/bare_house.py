"""A configuration directory as Home Assistant leaves it, made without one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
import json
from pathlib import Path
import sqlite3
from typing import Any

from homeassistant.components.recorder.db_schema import Base
from sqlalchemy import create_engine

from custom_components.miner_monitor.const import DOMAIN, FLEET
from custom_components.miner_monitor.fleet.entities import FLEET_SENSORS
from custom_components.miner_monitor.miners.model import MinerIdentity
from custom_components.miner_monitor.number import NUMBERS
from custom_components.miner_monitor.select import SELECTS
from custom_components.miner_monitor.sensors import SENSORS
from scripts.rig.farm import FarmMiner
from scripts.rig.past.seed import spec_of
from scripts.rig.past.sources import make_source
from simulator import ManualClock

MORE = ("restarts", "shares_rejected", "hash_rate_stddev_1m", "hash_rate_stability")
"""What is on beside the usual entities."""

type Stored = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BareHouse:
    """The directory, and its database once it has a past."""

    directory: Path

    def query(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        path = self.directory / "home-assistant_v2.db"
        connection = sqlite3.connect(path)
        try:
            return connection.execute(text, values).fetchall()
        finally:
            connection.close()

    def states(self, entity_id: str) -> list[tuple[str, float]]:
        """Return states and times of an entity."""
        return self.query(
            "SELECT state, last_updated_ts FROM states JOIN states_meta USING"
            " (metadata_id) WHERE states_meta.entity_id = ? ORDER BY last_updated_ts",
            entity_id,
        )

    def statistics(
        self, entity_id: str, table: str = "statistics_short_term"
    ) -> list[tuple[Any, ...]]:
        """Return start, mean, state and sum of an entity's statistics."""
        return self.query(
            f"SELECT start_ts, mean, state, sum FROM {table} AS s"
            " JOIN statistics_meta AS m ON s.metadata_id = m.id"
            " WHERE statistic_id = ? ORDER BY start_ts",
            entity_id,
        )

    def store(self, key: str) -> Any:
        path = self.directory / ".storage" / f"{DOMAIN}.{key}"
        return json.loads(path.read_text())["data"]


def build(directory: Path, miners: Sequence[FarmMiner], began: float) -> BareHouse:
    """Make it, with its entities on, as if it had run from a moment on."""
    storage = directory / ".storage"
    storage.mkdir(parents=True)
    entries = [_entry(FLEET, FLEET, {})]
    entities = [*_fleet_entities()]
    for miner in miners:
        source = make_source(spec_of(miner), ManualClock(began))
        for unit, reading in source.read().items():
            name = f"{miner.name}_{unit}" if unit else miner.name
            data = {"port": miner.port, "unit": unit}
            entries.append(_entry(name, f"id-of-{name}", data))
            entities += _entities(name, reading.identity)
    stores = {
        "core.config": {"time_zone": "Europe/London"},
        "core.config_entries": {"entries": entries},
        "core.entity_registry": {"entities": entities},
    }
    for key, data in stores.items():
        (storage / key).write_text(json.dumps({"version": 1, "data": data}))
    engine = create_engine(f"sqlite:///{directory / 'home-assistant_v2.db'}")
    Base.metadata.create_all(engine)
    engine.dispose()
    return BareHouse(directory)


def _entry(name: str, unique_id: str, data: Mapping[str, Any]) -> Stored:
    return {
        "domain": DOMAIN,
        "entry_id": f"entry-{name}",
        "unique_id": unique_id,
        "title": name,
        "data": data,
        "options": {},
    }


def _entities(name: str, identity: MinerIdentity) -> Iterable[Stored]:
    tables = {"sensor": SENSORS, "number": NUMBERS, "select": SELECTS}
    for domain, table in tables.items():
        for description in table:
            on = description.entity_registry_enabled_default or description.key in MORE
            if on and description.supported(identity):
                unit = getattr(description, "native_unit_of_measurement", None)
                if getattr(description, "is_hash_rate", False):
                    unit = identity.hash_rate_unit
                yield _entity(domain, name, f"id-of-{name}", description, unit)


def _fleet_entities() -> Iterable[Stored]:
    for description in FLEET_SENSORS:
        unit = description.native_unit_of_measurement
        yield _entity("sensor", FLEET, FLEET, description, unit)


def _entity(
    domain: str, name: str, unique_id: str, description: Any, unit: str | None
) -> Stored:
    return {
        "entity_id": f"{domain}.{name}_{description.key}",
        "config_entry_id": f"entry-{name}",
        "unique_id": f"{unique_id}_{description.key}",
        "disabled_by": None,
        "device_class": None,
        "original_device_class": description.device_class,
        "unit_of_measurement": unit,
        "capabilities": {"state_class": getattr(description, "state_class", None)},
        "name": None,
        "original_name": description.key,
    }
