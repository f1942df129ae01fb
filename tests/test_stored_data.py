"""What a release has stored is found by every later one, and never lost.

`RECORD_STORED=1 pytest tests/test_stored_data.py` records it for this version, once
before it is released. What is in `tests/fixtures/stored/` stays as it is: a later
version has to find it.
"""

import json
import logging
import os
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
import pytest

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.coordinator import MinerConfigEntry
from custom_components.miner_monitor.miners.model import Setting
from custom_components.miner_monitor.runtime.entries import miner_entries
from scripts.rig import release
from simulator import MinerSpec, SimulatedMiner

from .conftest import (
    GAMMA,
    HEX,
    MINI_3,
    NANO_3S,
    NERD,
    NIMIQ,
    PLAIN_CGMINER,
    SUPRA,
    ULTRA,
    Q,
    TimedBench,
)
from .controls import call
from .fleets import choose
from .handles import Handle, take_over
from .house import GAMMA_PAUSES, kept
from .stored import NOTHING, RECORDINGS, Recording, read_totals, record, seen
from .test_miner_options import fill

HOUR, MINUTE = 3600.0, 60.0
SPECS = (
    *(GAMMA, GAMMA_PAUSES, SUPRA, ULTRA, NERD),
    *(NANO_3S, MINI_3, Q, PLAIN_CGMINER, NIMIQ),
)
SETTLED = 4 * MINUTE
LASTED = 2 * HOUR
TEMPORARY = 2 * HOUR
HELD = 3 * HOUR
CHANGED = ("frequency", "coreVoltage", "mode")
MORE = (
    *(("sensor", key) for key in ("restarts", "total_uptime", "wall_energy")),
    ("number", "power_target"),
)
"""What is off by default."""

ALL_WATTS, TARGET = "number.all_miners_power_target", 900
ALL_MINING = "switch.all_miners_mining"
PRICE, WALL = "sensor.price", "sensor.nano_wall"
RELEASES = sorted(path.name for path in RECORDINGS.iterdir())


@pytest.fixture
def hass_storage() -> dict[str, Any]:
    """Have real files."""
    return {}


def settings_of(miner: SimulatedMiner) -> dict[str, Any]:
    """Return what the story changes of a miner's settings."""
    if miner.spec.model in ("cgminer", "fpga_nimiq"):
        return {}
    stored = kept(miner)
    return {key: stored[key] for key in CHANGED if key in stored}


def surroundings(hass: HomeAssistant) -> None:
    """Show what the options of the miners name."""
    hass.states.async_set(PRICE, "0.21", {"unit_of_measurement": "EUR/kWh"})
    watts = {"unit_of_measurement": "W", "device_class": "power"}
    hass.states.async_set(WALL, "152", watts)


class Story:
    """A home in which each miner is used in another way, for two hours."""

    def __init__(self, bench: TimedBench) -> None:
        """Begin with no miner."""
        self.bench = bench
        self.handles: dict[str, Handle] = {}
        self.first: dict[str, Any] = {}
        """What each miner was set to by its owner."""

    async def live(self) -> list[SimulatedMiner]:
        """Live through it, and return the miners."""
        bench, hass = self.bench, self.bench.hass
        surroundings(hass)
        begin = bench.now
        miners = list(await bench.start(*SPECS, HEX))
        for miner in miners:
            self.handles[miner.name] = Handle(bench, miner, await bench.add(miner))
        await bench.run(choose(hass, "prices", {"price": PRICE}))
        for name, handle in self.handles.items():
            more = (
                {"plug_power": WALL, "ratio_poor": 70.0} if name == NANO_3S.name else {}
            )
            await fill(bench, handle.entry, scan_interval=60, **more)
        await self._show_counters()
        await bench.pass_time(40 * MINUTE)
        await self._remove(HEX)
        self.first = {
            name: settings_of(handle.miner) for name, handle in self.handles.items()
        }
        await self._use()
        await bench.pass_time(LASTED - (bench.now - begin))
        return [miner for miner in miners if miner.name != HEX.name]

    async def _show_counters(self) -> None:
        """Turn on what is off by default and adds up."""
        registry = er.async_get(self.bench.hass)
        for handle in self.handles.values():
            for platform, key in MORE:
                unique_id = f"{handle.entry.unique_id}_{key}"
                if entity_id := registry.async_get_entity_id(
                    platform, DOMAIN, unique_id
                ):
                    registry.async_update_entity(entity_id, disabled_by=None)
            work = self.bench.hass.config_entries.async_reload(handle.entry.entry_id)
            await self.bench.run(work)

    async def _remove(self, spec: MinerSpec) -> None:
        entry = self.handles.pop(spec.name).entry
        await self.bench.run(
            self.bench.hass.config_entries.async_remove(entry.entry_id)
        )

    async def _use(self) -> None:
        bench = self.bench
        await call(bench, ALL_MINING, "turn_off")
        await bench.pass_time(SETTLED)
        for spec in (GAMMA_PAUSES, NERD, MINI_3):
            await self._press(spec, "switch", "mining", "turn_on")
        await bench.pass_time(SETTLED)
        await self._press(GAMMA, "switch", "throttle", "turn_on")
        await self._act(
            SUPRA, "apply_profile", profile="eco", **{"for": {"seconds": TEMPORARY}}
        )
        await self._act(GAMMA_PAUSES, "save_profile", profile="Night")
        await self._act(GAMMA_PAUSES, "hold", **{"for": {"seconds": HELD}})
        await self._press(NANO_3S, "switch", "throttle", "turn_on")
        await bench.pass_time(SETTLED)
        await call(bench, ALL_WATTS, "set_value", value=TARGET)
        await bench.pass_time(SETTLED)

    async def _press(
        self, spec: MinerSpec, platform: str, key: str, action: str, **data: Any
    ) -> None:
        entity_id = self.handles[spec.name].entity(platform, key)
        await call(self.bench, entity_id, action, **data)

    async def _act(self, spec: MinerSpec, action: str, **data: Any) -> None:
        target = {"device_id": self.handles[spec.name].device_id, **data}
        await self.bench.call(DOMAIN, action, target)


async def measured(bench: TimedBench) -> dict[str, dict[str, float]]:
    """Return the hours at each operating point of each miner."""
    registry = dr.async_get(bench.hass)
    devices = [
        device.id
        for entry in miner_entries(bench.hass)
        for device in dr.async_entries_for_config_entry(registry, entry.entry_id)
    ]
    answer: Any = await bench.run(
        bench.hass.services.async_call(
            DOMAIN,
            "compare_settings",
            {"device_id": devices},
            blocking=True,
            return_response=True,
        )
    )
    return {
        miner["name"]: {point["setting"]: point["hours"] for point in miner["points"]}
        for miner in answer["miners"]
    }


async def unload(bench: TimedBench) -> None:
    for entry in bench.hass.config_entries.async_entries(DOMAIN):
        await bench.run(bench.hass.config_entries.async_unload(entry.entry_id))


async def tell(bench: TimedBench, folder: Path) -> None:
    """Live through the story, end it all, and record what is left."""
    story = Story(bench)
    miners = await story.live()
    entities = seen(bench.hass)
    more = {"lasted": LASTED, "first": story.first, "measured": await measured(bench)}
    await unload(bench)
    record(bench.hass, miners, entities, more, folder)


@pytest.fixture(params=RELEASES)
def recording(request: pytest.FixtureRequest, hass: HomeAssistant) -> Recording:
    """Return what a release has stored, in a home with what its options name."""
    surroundings(hass)
    return Recording(RECORDINGS / request.param)


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what Miner Monitor has warned of."""
    return [
        entry.getMessage()
        for entry in caplog.records
        if DOMAIN in entry.name and entry.levelno >= logging.WARNING
    ]


def issues(hass: HomeAssistant) -> list[Any]:
    return [issue for issue in ir.async_get(hass).issues if DOMAIN in issue]


def states_of_entries(hass: HomeAssistant) -> set[ConfigEntryState]:
    return {entry.state for entry in hass.config_entries.async_entries(DOMAIN)}


def totals(hass: HomeAssistant) -> dict[str, float]:
    return read_totals(seen(hass))


async def test_what_is_stored_is_found(
    recording: Recording,
    bench: TimedBench,
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """All are there under their names, with their history, and nobody complains."""
    await recording.move_in(bench)
    await bench.pass_time(15 * MINUTE)

    assert states_of_entries(hass) == {ConfigEntryState.LOADED}
    assert (complaints(caplog), issues(hass)) == ([], [])
    now = {row["entity_id"]: row for row in seen(hass)}
    for row in recording.entities:
        found = now[row["entity_id"]]
        for same in ("unique_id", "disabled_by"):
            assert found[same] == row[same]
        if row["state"] not in NOTHING:
            assert found["state"] not in NOTHING, row["entity_id"]
            for same in ("unit_of_measurement", "state_class", "device_class"):
                assert found[same] == row[same], row["entity_id"]

    counted, before = totals(hass), read_totals(recording.entities)
    assert counted.keys() >= before.keys()
    assert [name for name in before if counted[name] < before[name]] == []
    grown = [name for name in before if counted[name] > 1.5 * before[name] + 1]
    assert grown == [], "a start that was not carried on counts everything once more"
    hours = await measured(bench)
    for name, points in recording.story["measured"].items():
        assert hours[name].keys() >= points.keys(), name
        assert all(hours[name][setting] >= points[setting] for setting in points)


async def test_what_was_asked_for_goes_on(
    recording: Recording, bench: TimedBench, hass: HomeAssistant
) -> None:
    """Savings, settings for a while, a hold, watts; and each ends as it was to end."""
    miners = await recording.move_in(bench)
    before = {name: settings_of(miner) for name, miner in miners.items()}
    await bench.pass_time(5 * MINUTE)

    assert {name: settings_of(miner) for name, miner in miners.items()} == before
    rest = [name for name, miner in miners.items() if not miner.truth.hashing]
    assert sorted(rest) == [MINI_3.name, Q.name]
    handles = {
        name: Handle(bench, miner, entry_of(hass, miner))
        for name, miner in miners.items()
    }

    def shown(spec: MinerSpec, platform: str, key: str) -> State:
        state = hass.states.get(handles[spec.name].entity(platform, key))
        assert state is not None
        return state

    assert shown(GAMMA, "switch", "throttle").state == "on"
    assert shown(NANO_3S, "switch", "throttle").state == "on"
    assert shown(GAMMA_PAUSES, "switch", "follow_automations").state == "off"
    assert "Night" in shown(GAMMA_PAUSES, "select", "profile").attributes["options"]
    assert shown(SUPRA, "select", "profile").state == "eco"
    assert shown(Q, "switch", "mining").state == "off"
    all_watts = hass.states.get(ALL_WATTS)
    assert all_watts is not None
    assert float(all_watts.state) == TARGET

    for spec in (GAMMA, NANO_3S):
        await call(bench, handles[spec.name].entity("switch", "throttle"), "turn_off")
    await call(bench, ALL_MINING, "turn_on")
    await call(bench, ALL_WATTS, "set_value", value=all_watts.attributes["max"])
    await bench.pass_time(HOUR)

    assert {
        name: settings_of(miner) for name, miner in miners.items()
    } == recording.story["first"]
    assert all(miner.truth.hashing for miner in miners.values())
    assert shown(GAMMA_PAUSES, "switch", "follow_automations").state == "off"
    await bench.pass_time(HOUR)
    assert shown(GAMMA_PAUSES, "switch", "follow_automations").state == "on"


def entry_of(hass: HomeAssistant, miner: SimulatedMiner) -> MinerConfigEntry:
    entries: list[MinerConfigEntry] = miner_entries(hass)
    return next(entry for entry in entries if entry.data["port"] == miner.port)


def kept_texts(hass: HomeAssistant, name: str) -> list[str]:
    """Return what is in a file and in those that it was put aside in."""
    folder = Path(hass.config.path(".storage"))
    return [path.read_text(encoding="utf-8") for path in folder.glob(f"{name}*")]


async def test_a_miner_that_was_removed_goes_on_where_it_was(
    recording: Recording, bench: TimedBench, hass: HomeAssistant
) -> None:
    await recording.move_in(bench)
    file = json.loads(recording.files[f"{DOMAIN}.removed"])
    (kept_of_it,) = file["data"].values()
    handle = await take_over(bench, await bench.miner(HEX))
    await bench.pass_time(MINUTE)

    state = hass.states.get(handle.entity("sensor", "energy"))
    assert state is not None
    before = json.loads(kept_of_it["data"]["energy"])["total"]
    assert before - 0.001 < float(state.state) < before + 0.01


async def test_what_a_newer_version_wrote_is_left_for_it(
    recording: Recording,
    bench: TimedBench,
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """All miners work, the log says why it begins anew, and no byte is lost."""
    newer = {}
    for name, text in recording.files.items():
        newer[name] = json.dumps({**json.loads(text), "version": 99, "new": name})
    miners = await recording.move_in(bench, newer)
    await bench.pass_time(2 * MINUTE)
    assert states_of_entries(hass) == {ConfigEntryState.LOADED}
    key = Handle(bench, miners[GAMMA.name], entry_of(hass, miners[GAMMA.name]))
    await key.set(Setting.FREQUENCY, 490)
    await bench.pass_time(20 * MINUTE)
    await unload(bench)

    assert not [name for name in newer if newer[name] not in kept_texts(hass, name)]
    told = complaints(caplog)
    assert [line for line in told if "newer version of Miner Monitor" not in line] == []
    loaded = [name for name in newer if name != f"{DOMAIN}.removed"]
    assert not [name for name in loaded if not any(name in line for line in told)]


@pytest.mark.parametrize(
    "damage",
    ["", "{", "\x00" * 64, "[]", "half"],
    ids=["empty", "brace", "zeros", "list", "half"],
)
async def test_a_damaged_file_costs_nobody_else_anything(
    recording: Recording, bench: TimedBench, hass: HomeAssistant, damage: str
) -> None:
    """What is left of it stays on the disk, and all miners work."""
    broken = {
        name: text[: len(text) // 2] if damage == "half" else damage
        for name, text in recording.files.items()
        if name != f"{DOMAIN}.removed"
    }
    miners = await recording.move_in(bench, broken)
    await bench.pass_time(2 * MINUTE)

    assert states_of_entries(hass) == {ConfigEntryState.LOADED}
    assert {miner.truth.hashing for miner in miners.values()} == {True, False}
    counted, before = totals(hass), read_totals(recording.entities)
    assert {
        name: (counted[name], before[name])
        for name in before
        if counted[name] < before[name] - 0.002
    } == {}
    handle = Handle(bench, miners[GAMMA.name], entry_of(hass, miners[GAMMA.name]))
    await handle.set(Setting.FREQUENCY, 490)
    await unload(bench)
    assert not [name for name in broken if broken[name] not in kept_texts(hass, name)]


async def test_an_entry_of_a_newer_version_is_not_touched(
    recording: Recording, bench: TimedBench, hass: HomeAssistant
) -> None:
    """Home Assistant says that it cannot be migrated, and keeps what it has."""
    await recording.move_in(bench, version=2)

    assert states_of_entries(hass) == {ConfigEntryState.MIGRATION_ERROR}
    entries = {row["entry_id"]: row for row in recording.entries}
    for entry in hass.config_entries.async_entries(DOMAIN):
        row = entries.pop(entry.entry_id)
        assert entry.version == 2
        assert entry.options == row["options"]
        assert dict(entry.data).get("identity") == row["data"].get("identity")
    assert entries == {}


if os.environ.get("RECORD_STORED"):

    async def test_record(bench: TimedBench) -> None:
        """Record this version."""
        await tell(bench, RECORDINGS / release.version_of(None))
