"""What Miner Monitor keeps on the disk: recorded once per release, and found again.

A recording is a folder. ``entries.json``, ``entities.csv`` and ``states.json`` are what
Home Assistant keeps of ours, ``miners.json`` is what the miners were in the end, and
``storage/`` has our own files as they were written. ``entities.csv`` has what was shown
too, and ``story.json`` the rest that has to be found again.
"""

from collections.abc import Iterable, Iterator, Mapping
import csv
from dataclasses import asdict, replace
from datetime import timedelta
import json
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.json import json_dumps
from homeassistant.helpers.restore_state import StoredState, async_get
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    mock_restore_cache_with_extra_data,
)

from custom_components.miner_monitor.const import DOMAIN, FLEET
from simulator import MinerSpec, Phase, SimulatedMiner

from .conftest import TimedBench
from .house import kept

RECORDINGS = Path(__file__).parent / "fixtures" / "stored"
TOTAL = "total_increasing"
NOTHING = ("", "unknown", "unavailable")

COLUMNS = (
    *("entity_id", "unique_id", "entry_id", "disabled_by", "options"),
    *("state", "unit_of_measurement", "state_class", "device_class"),
)

type Rows = list[dict[str, Any]]


def our_entities(hass: HomeAssistant) -> list[er.RegistryEntry]:
    """Return all entities of ours that are registered."""
    registry = er.async_get(hass)
    return [
        item
        for entry in hass.config_entries.async_entries(DOMAIN)
        for item in er.async_entries_for_config_entry(registry, entry.entry_id)
    ]


def seen(hass: HomeAssistant) -> Rows:
    """Return our entities as they are registered, and what they show."""
    return [
        _entity(item, hass.states.get(item.entity_id)) for item in our_entities(hass)
    ]


def record(
    hass: HomeAssistant,
    miners: Iterable[SimulatedMiner],
    entities: Rows,
    story: Mapping[str, Any],
    folder: Path,
) -> None:
    """Write down everything that is there when our code is not.

    The entries have been unloaded, so that all is stored.
    """
    places = {miner.port: miner.name for miner in miners}
    entries = hass.config_entries.async_entries(DOMAIN)
    restored = {
        row["entity_id"]
        for row in entities
        if row["state_class"] == TOTAL or row["entity_id"].startswith("event.")
    }
    (folder / "storage").mkdir(parents=True, exist_ok=True)
    _write(folder / "entries.json", [_entry(entry, places) for entry in entries])
    with (folder / "entities.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        rows.writeheader()
        rows.writerows(entities)
    _write(
        folder / "states.json",
        [
            {"state": stored.state.as_dict(), "extra": _extra(stored)}
            for stored in async_get(hass).async_get_stored_states()
            if stored.state.entity_id in restored
        ],
    )
    _write(folder / "miners.json", [_miner(miner) for miner in miners])
    _write(folder / "story.json", {"at": dt_util.utcnow().isoformat(), **story})
    for path in Path(hass.config.path(".storage")).glob(f"{DOMAIN}.*"):
        content = json.loads(path.read_text(encoding="utf-8"))
        _write(folder / "storage" / f"{path.name}.json", content)


def _extra(stored: StoredState) -> dict[str, Any]:
    return {} if stored.extra_data is None else dict(stored.extra_data.as_dict())


def _entry(entry: ConfigEntry, places: Mapping[int, str]) -> dict[str, Any]:
    stored = entry.as_dict()
    names = ("entry_id", "title", "unique_id", "version", "minor_version", "source")
    more = ("data", "options", "subentries")
    found = {name: stored[name] for name in (*names, *more)}
    if "port" in found["data"]:
        found["data"] = {**found["data"], "port": places[found["data"]["port"]]}
    return found


def _entity(item: er.RegistryEntry, state: State | None) -> dict[str, Any]:
    shown = {} if state is None else {"state": state.state, **state.attributes}
    units = {key: item.options[key] for key in item.options if "sensor" in key}
    return {
        "entity_id": item.entity_id,
        "unique_id": item.unique_id,
        "entry_id": item.config_entry_id,
        "disabled_by": item.disabled_by or "",
        "options": json.dumps(units) if units else "",
        **{column: shown.get(column, "") for column in COLUMNS[5:]},
    }


def _miner(miner: SimulatedMiner) -> dict[str, Any]:
    truth = miner.truth
    settings: dict[str, Any] = {}
    if miner.spec.model.startswith("avalon"):
        settings["work_mode"] = kept(miner)["mode"]
        settings["standby"] = miner.phase is Phase.STANDBY
    elif not miner.spec.model.startswith(("fpga", "cgminer")):
        stored = kept(miner)
        settings["frequency"] = stored["frequency"]
        settings["core_voltage"] = stored["coreVoltage"]
    spec = {
        key: value
        for key, value in asdict(miner.spec).items()
        if value != getattr(MinerSpec(name="any"), key)
    }
    return {**spec, **settings, "hashing": truth.hashing}


def _write(path: Path, content: Any) -> None:
    plain = json.loads(json_dumps(content))
    text = json.dumps(plain, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


class Recording:
    """A recording, and the home that is made of it."""

    def __init__(self, folder: Path) -> None:
        """Read it."""
        self._folder = folder
        self.entries: Rows = self._read("entries.json")
        self.states: Rows = self._read("states.json")
        self.story: dict[str, Any] = self._read("story.json")
        self._miners: Rows = self._read("miners.json")
        with (folder / "entities.csv").open(encoding="utf-8", newline="") as file:
            self.entities: Rows = list(csv.DictReader(file))

    def _read(self, name: str) -> Any:
        return json.loads((self._folder / name).read_text(encoding="utf-8"))

    @property
    def files(self) -> dict[str, str]:
        """Return our own files by their names."""
        return {
            path.name.removesuffix(".json"): path.read_text(encoding="utf-8")
            for path in sorted((self._folder / "storage").iterdir())
        }

    def specs(self, elapsed: float) -> Iterator[MinerSpec]:
        """Return the miners as they are some seconds later."""
        for row in self._miners:
            known = {key: row[key] for key in row if key != "hashing"}
            spec = MinerSpec(**known)
            yield replace(spec, uptime=spec.uptime + elapsed)

    async def move_in(
        self,
        bench: TimedBench,
        files: Mapping[str, str] | None = None,
        *,
        later: float = 600.0,
        version: int | None = None,
    ) -> dict[str, SimulatedMiner]:
        """Have all of it in a Home Assistant that starts some seconds later.

        ``files`` and the entries' ``version`` may be others than the recorded ones.
        """
        hass = bench.hass
        at = dt_util.parse_datetime(self.story["at"])
        assert at is not None
        left = at + timedelta(seconds=later) - dt_util.utcnow()
        await bench.pass_time(left.total_seconds())
        farm = await bench.start(*self.specs(self.story["lasted"] + later))
        miners = {miner.name: miner for miner in farm}
        self._store(hass, files)
        for row in self.entries:
            self._add_entry(hass, row, miners, version)
        self._register(hass)
        mock_restore_cache_with_extra_data(hass, list(self._restored()))
        await bench.run(async_setup_component(hass, DOMAIN, {}))
        await bench.settle()
        return miners

    def _restored(self) -> Iterator[tuple[State, Any]]:
        for row in self.states:
            state = State.from_dict(row["state"])
            assert state is not None
            yield state, row["extra"]

    def _store(self, hass: HomeAssistant, files: Mapping[str, str] | None) -> None:
        storage = Path(hass.config.path(".storage"))
        storage.mkdir(exist_ok=True)
        for name, text in (self.files if files is None else files).items():
            (storage / name).write_text(text, encoding="utf-8")

    def _add_entry(
        self,
        hass: HomeAssistant,
        row: dict[str, Any],
        miners: Mapping[str, SimulatedMiner],
        version: int | None,
    ) -> None:
        data = dict(row["data"])
        if "port" in data:
            data["port"] = miners[data["port"]].port
        known = {key: row[key] for key in row if key not in ("data", "subentries")}
        assert row["subentries"] == [], "there are none yet"
        if version is not None:
            known["version"] = version
        MockConfigEntry(domain=DOMAIN, data=data, **known).add_to_hass(hass)

    def _register(self, hass: HomeAssistant) -> None:
        registry = er.async_get(hass)
        for row in self.entities:
            platform, _, name = row["entity_id"].partition(".")
            why, kind = row["disabled_by"], row["state_class"]
            item = registry.async_get_or_create(
                platform,
                DOMAIN,
                row["unique_id"],
                suggested_object_id=name,
                config_entry=hass.config_entries.async_get_entry(row["entry_id"]),
                disabled_by=er.RegistryEntryDisabler(why) if why else None,
                capabilities={"state_class": kind} if kind else None,
            )
            for key, value in json.loads(row["options"] or "{}").items():
                registry.async_update_entity_options(item.entity_id, key, value)


def read_totals(rows: Rows) -> dict[str, float]:
    """Return what we counted, by entity; a miner counts its shares itself."""
    return {
        row["entity_id"]: float(row["state"])
        for row in rows
        if row["state_class"] == TOTAL
        and row["state"] not in NOTHING
        and ("_shares_" not in row["unique_id"] or row["unique_id"].startswith(FLEET))
    }
