"""Whatever Home Assistant takes away of its inside, miners go on without it."""

import asyncio
import builtins
from collections.abc import Callable
import logging
from pathlib import Path
from typing import Any

from homeassistant.components.recorder import Recorder, get_instance, history
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.recorder import DATA_RECORDER
from homeassistant.helpers.restore_state import RestoreEntity
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from sqlalchemy.exc import OperationalError

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.coordinator import MinerConfigEntry
from custom_components.miner_monitor.fleet.coordinator import async_fleet_entry
from custom_components.miner_monitor.runtime import ha_compat

from .conftest import GAMMA, OXBITCOIN, Q, TimedBench
from .denial import changed, denying, missing
from .test_insight import number, state_of

ENERGY = "sensor.the_energy"
A_WHILE = 900.0
OTHER_RELEASES = (missing, changed)

type Replace = Callable[[str], Any]


@pytest.fixture
def recorder_first(recorder_mock: Recorder) -> Recorder:
    """Have the recorder before anything is recorded."""
    return recorder_mock


@pytest.fixture
async def recorded(recorder_first: Recorder, bench: TimedBench) -> TimedBench:
    """Give a bench whose Home Assistant records."""
    return bench


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return our own warnings and errors."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and DOMAIN in record.name
    ]


def open_statistics(hass: HomeAssistant) -> None:
    with ha_compat.statistics_database(hass):
        pass


NOW = dt_util.utc_from_timestamp(0)
FUNCTIONS: dict[str, tuple[Callable[[HomeAssistant], Any], Any]] = {
    "recorder_of": (ha_compat.recorder_of, None),
    "recorder_connected": (ha_compat.recorder_connected, None),
    "recorder_ready": (ha_compat.recorder_ready, None),
    "recorder_done": (ha_compat.recorder_done, None),
    "last_state": (lambda hass: ha_compat.last_state(hass, ENERGY), ()),
    "last_states": (lambda hass: ha_compat.last_states(hass, ENERGY, NOW, 1), ()),
    "last_statistics": (lambda hass: ha_compat.last_statistics(hass, ENERGY), ()),
    "states_between": (
        lambda hass: ha_compat.states_between(hass, NOW, NOW, [ENERGY], first=True),
        None,
    ),
    "recorded_states": (
        lambda hass: ha_compat.recorded_states(hass, [ENERGY], 0),
        None,
    ),
    "is_recorded": (lambda hass: ha_compat.is_recorded(hass, ENERGY), True),
    "is_exposed": (lambda hass: ha_compat.is_exposed(hass, "a", ENERGY), False),
    "absolute_url": (lambda hass: ha_compat.absolute_url(hass, "/a"), None),
    "load_module": (lambda hass: ha_compat.load_module(hass, "/a.js"), None),
    "has_panel": (lambda hass: ha_compat.has_panel(hass, "lovelace"), False),
    "add_dashboard": (lambda hass: ha_compat.add_dashboard(hass, "a", {}, {}), None),
    "texts_of": (lambda hass: ha_compat.texts_of(hass, "common"), {}),
}


@pytest.mark.parametrize("name", FUNCTIONS)
async def test_fallback_takes_the_place_of_what_is_missing(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """It is told once, however often it is missed."""
    function, fallback = FUNCTIONS[name]
    monkeypatch.setattr(builtins, "__import__", denying(missing))
    for _ in range(3):
        assert function(hass) == fallback
    assert len(told(caplog)) == 1
    assert "No module named" in told(caplog)[0]


async def test_every_guard_is_tried(hass: HomeAssistant) -> None:
    guards = {
        name
        for name, item in vars(ha_compat).items()
        if hasattr(item, "__wrapped__") and item.__module__ == ha_compat.__name__
    }
    # The first needs another one's answer; the last is called by its neighbour only.
    others = {"kept_days", "statistics_database", "_remove_panels"}
    assert guards - others == FUNCTIONS.keys()


def totals(hass: HomeAssistant) -> dict[str, float]:
    """Return every total that is known."""
    return {
        state.entity_id: float(state.state)
        for state in hass.states.async_all("sensor")
        if state.attributes.get("state_class") == "total_increasing"
        and state.state != STATE_UNKNOWN
    }


def device_of(hass: HomeAssistant, entry: MinerConfigEntry) -> str:
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return device.id


async def add_families(bench: TimedBench) -> list[Any]:
    """Add a miner of each family."""
    return [await bench.add(await bench.miner(spec)) for spec in (GAMMA, Q, OXBITCOIN)]


@pytest.mark.parametrize("replace", OTHER_RELEASES)
async def test_all_families_work_on_another_home_assistant(
    recorded: TimedBench,
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    replace: Replace,
) -> None:
    """Miners, totals, reports and set-up go on; what is lost is told and no error."""
    assert await async_setup_component(hass, "frontend", {})
    hass.http.app._router.freeze = lambda: None
    monkeypatch.setattr(builtins, "__import__", denying(replace))
    entries = await add_families(recorded)
    await recorded.pass_time(A_WHILE)
    before = totals(hass)
    assert before["sensor.all_miners_energy"] > 0
    for entry in (*entries, async_fleet_entry(hass)):
        await recorded.run(hass.config_entries.async_reload(entry.entry_id))
    await recorded.pass_time(30)
    after = totals(hass)
    assert after.keys() >= before.keys()
    assert all(after[entity_id] >= value for entity_id, value in before.items())

    answer = await recorded.run(
        hass.services.async_call(
            DOMAIN, "fleet_report", {}, blocking=True, return_response=True
        )
    )
    assert answer["recorder"] is False
    assert answer["markdown"]
    hass.config.media_dirs = {"local": str(tmp_path)}
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    with pytest.raises(ServiceValidationError):
        await recorded.run(
            hass.services.async_call(
                DOMAIN,
                "export_csv",
                {"device_id": [device_of(hass, entries[0])]},
                blocking=True,
            )
        )
    await recorded.run(
        hass.config_entries.async_unload(async_fleet_entry(hass).entry_id)
    )
    assert len(told(caplog)) == len(set(told(caplog)))
    assert all(record.levelno < logging.ERROR for record in caplog.records)


async def test_a_report_of_a_recorder_that_has_changed(
    recorded: TimedBench,
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The recorder is there, and its tables are others: daily figures are left."""
    await recorded.add(await recorded.miner(GAMMA))
    monkeypatch.delattr("homeassistant.components.recorder.db_schema.StatisticsMeta")
    answer = await recorded.run(
        hass.services.async_call(
            DOMAIN, "fleet_report", {}, blocking=True, return_response=True
        )
    )
    assert answer["recorder"] is False
    assert [text for text in told(caplog) if "daily figures only" in text]


async def test_an_export_of_a_recorder_that_has_changed(
    recorded: TimedBench,
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """What cannot be read is told, and no empty file is taken for a history."""
    entry = await recorded.add(await recorded.miner(GAMMA))
    hass.config.media_dirs = {"local": str(tmp_path)}
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    monkeypatch.delattr(
        "homeassistant.components.recorder.history.get_significant_states"
    )
    with pytest.raises(ServiceValidationError) as caught:
        await recorded.run(
            hass.services.async_call(
                DOMAIN,
                "export_csv",
                {"device_id": [device_of(hass, entry)]},
                blocking=True,
            )
        )
    assert caught.value.translation_key == "recorder_changed"


HISTORY = "homeassistant.components.recorder.history"
STATISTICS = "homeassistant.components.recorder.statistics"


def fails(*_: Any, **__: Any) -> Any:
    raise RuntimeError("This is something else now")


def helper_missing(patch: pytest.MonkeyPatch) -> None:
    patch.delattr(f"{HISTORY}.get_last_state_changes")
    patch.delattr(f"{HISTORY}.state_changes_during_period")
    patch.delattr(f"{STATISTICS}.get_last_statistics")


def helper_raises(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(f"{HISTORY}.get_last_state_changes", fails)
    patch.setattr(f"{HISTORY}.state_changes_during_period", fails)
    patch.setattr(f"{STATISTICS}.get_metadata", fails)


def recorder_raises(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Recorder, "async_add_executor_job", fails)


def database_raises(patch: pytest.MonkeyPatch) -> None:
    def read(*_: Any, **__: Any) -> Any:
        raise OperationalError("SELECT", {}, Exception("disk I/O error"))

    patch.setattr(f"{HISTORY}.get_last_state_changes", read)


def recorder_never_starts(patch: pytest.MonkeyPatch) -> None:
    async def never(*_: Any, **__: Any) -> Any:
        raise TimeoutError

    patch.setattr(Recorder, "async_add_executor_job", never)


def restore_state_raises(patch: pytest.MonkeyPatch) -> None:
    async def read(_: RestoreEntity) -> Any:
        raise AttributeError("last_states")

    patch.setattr(RestoreEntity, "async_get_last_state", read)


FAULTS = (
    *(helper_missing, helper_raises, recorder_raises, database_raises),
    *(recorder_never_starts, restore_state_raises),
)


@pytest.mark.parametrize("fault", FAULTS)
async def test_totals_go_on_whatever_fails(
    recorded: TimedBench,
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[[pytest.MonkeyPatch], None],
) -> None:
    """None is unknown until a reload, none falls, and what failed is told once."""
    entry = await recorded.add(await recorded.miner(GAMMA))
    await recorded.pass_time(A_WHILE)
    fleet = "sensor.all_miners_energy"
    before = number(hass, entry, "energy")
    fleet_before = float(hass.states.get(fleet).state)
    await async_wait_recording_done(hass)
    both = (entry.entry_id, async_fleet_entry(hass).entry_id)
    for entry_id in both:
        await recorded.run(hass.config_entries.async_unload(entry_id))
    with monkeypatch.context() as patch:
        fault(patch)
        for entry_id in both:
            await recorded.run(hass.config_entries.async_setup(entry_id))
        # A database that fails is asked for five minutes.
        await recorded.pass_time(400)

        assert number(hass, entry, "energy") >= before
        assert float(hass.states.get(fleet).state) >= fleet_before
    assert len(told(caplog)) == 1
    assert "otal" in told(caplog)[0]


async def test_totals_go_on_without_a_recorder(
    bench: TimedBench, hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    entry = await bench.add(await bench.miner(GAMMA))
    await bench.pass_time(A_WHILE)
    before = number(hass, entry, "energy")
    await bench.run(hass.config_entries.async_reload(entry.entry_id))
    await bench.settle()
    assert number(hass, entry, "energy") >= before
    assert told(caplog) == []


def said(answer: bool | None) -> asyncio.Future[bool]:
    """Return what has answered, or was given up."""
    future = asyncio.get_running_loop().create_future()
    future.cancel() if answer is None else future.set_result(answer)
    return future


@pytest.mark.parametrize("answer", [False, None])
@pytest.mark.parametrize("connected", [False, True])
async def test_totals_go_on_without_a_database(
    recorded: TimedBench,
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    connected: bool,
    answer: bool | None,
) -> None:
    """The recorder did not reach it, or gave up on its tables."""
    entry = await recorded.add(await recorded.miner(GAMMA))
    await recorded.pass_time(A_WHILE)
    before = number(hass, entry, "energy")
    if connected:
        monkeypatch.setattr(get_instance(hass), "async_db_ready", said(answer))
    else:
        monkeypatch.setattr(hass.data[DATA_RECORDER], "db_connected", said(answer))
    await recorded.run(hass.config_entries.async_reload(entry.entry_id))
    await recorded.settle()
    assert number(hass, entry, "energy") >= before
    monkeypatch.undo()


async def test_what_fails_for_one_total_costs_no_other(
    recorded: TimedBench,
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    entity_registry_enabled_by_default: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The file is lost, and the recorder tells all totals but one."""
    entry = await recorded.add(await recorded.miner(GAMMA))
    await recorded.pass_time(A_WHILE)
    energy = state_of(hass, entry, "energy").entity_id
    shown = {key: number(hass, entry, key) for key in ("energy", "total_uptime")}
    await async_wait_recording_done(hass)
    await recorded.run(hass.config_entries.async_unload(entry.entry_id))
    hass_storage[f"{DOMAIN}.insight.{entry.entry_id}"]["data"] = {}

    async def forgotten(_: RestoreEntity) -> None:
        return None

    monkeypatch.setattr(RestoreEntity, "async_get_last_state", forgotten)
    real = history.get_last_state_changes

    def read(hass: HomeAssistant, most: int, entity_id: str) -> Any:
        if entity_id == energy:
            raise RuntimeError("This one is broken")
        return real(hass, most, entity_id)

    monkeypatch.setattr(f"{HISTORY}.get_last_state_changes", read)
    await recorded.run(hass.config_entries.async_setup(entry.entry_id))
    await recorded.settle()
    assert number(hass, entry, "total_uptime") >= shown["total_uptime"]
    assert number(hass, entry, "energy") >= shown["energy"]
