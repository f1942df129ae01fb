"""What Home Assistant has stored of itself: entries, entities, time zone, totals."""

from collections.abc import Mapping
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from custom_components.miner_monitor.const import DOMAIN, FLEET
from custom_components.miner_monitor.runtime.store import VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A config entry of ours."""

    entry_id: str
    unique_id: str
    title: str
    port: int | None
    unit: str | None
    options: Mapping[str, Any]

    @property
    def is_fleet(self) -> bool:
        """Whether it is the one of all miners."""
        return self.unique_id == FLEET


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """An enabled entity of ours; ``key`` is what its entry's unique id leaves over."""

    entity_id: str
    entry_id: str
    domain: str
    key: str
    unit: str | None
    device_class: str | None
    state_class: str | None
    name: str | None


class House:
    """The configuration directory of a Home Assistant that does not run."""

    def __init__(self, directory: Path) -> None:
        """Read it from here."""
        self._storage = directory / ".storage"
        self.database = directory / "home-assistant_v2.db"
        config = self.read("core.config")["time_zone"]
        self.time_zone = ZoneInfo(config)
        self.entries = [
            _entry(stored)
            for stored in self.read("core.config_entries")["entries"]
            if stored["domain"] == DOMAIN
        ]
        unique_ids = {entry.entry_id: entry.unique_id for entry in self.entries}
        self.entities = [
            _entity(stored, unique_ids[stored["config_entry_id"]])
            for stored in self.read("core.entity_registry")["entities"]
            if stored["config_entry_id"] in unique_ids and stored["disabled_by"] is None
        ]

    def entities_of(self, entry: Entry) -> list[Entity]:
        """Return the enabled entities of an entry."""
        return [item for item in self.entities if item.entry_id == entry.entry_id]

    def read(self, key: str) -> Any:
        """Return the content of a store."""
        text = (self._storage / key).read_text(encoding="utf-8")
        return json.loads(text)["data"]

    def write(self, key: str, data: Mapping[str, Any]) -> None:
        """Replace the content of one of our stores."""
        key = f"{DOMAIN}.{key}"
        content = {
            "version": VERSION,
            "minor_version": 1,
            "key": key,
            "data": data,
        }
        (self._storage / key).write_text(json.dumps(content), encoding="utf-8")


def _entry(stored: Mapping[str, Any]) -> Entry:
    return Entry(
        entry_id=stored["entry_id"],
        unique_id=stored["unique_id"],
        title=stored["title"],
        port=stored["data"].get("port"),
        unit=stored["data"].get("unit"),
        options=stored["options"],
    )


def _entity(stored: Mapping[str, Any], unique_id: str) -> Entity:
    return Entity(
        entity_id=stored["entity_id"],
        entry_id=stored["config_entry_id"],
        domain=stored["entity_id"].partition(".")[0],
        key=stored["unique_id"].removeprefix(f"{unique_id}_"),
        unit=stored["unit_of_measurement"],
        device_class=stored["device_class"] or stored["original_device_class"],
        state_class=(stored["capabilities"] or {}).get("state_class"),
        name=stored["name"] or stored["original_name"],
    )
