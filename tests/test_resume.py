"""What totals go on from: whatever was published last, in whatever unit."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from homeassistant.components.recorder import Recorder, get_instance, history
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.restore_state import RestoreEntity
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from sqlalchemy.exc import OperationalError

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.runtime.restore import async_last_published

from .conftest import GAMMA, TimedBench
from .test_insight import HOUR, number, options, state_of

ENERGY, UPTIME = "sensor.the_energy", "sensor.the_uptime"
ASKED = {"energy": ENERGY, "uptime": UPTIME}


@pytest.fixture
def recorder_first(recorder_mock: Recorder) -> Recorder:
    """Have the recorder before anything is recorded."""
    return recorder_mock


def show(hass: HomeAssistant, state: str, unit: str = "kWh") -> None:
    hass.states.async_set(ENERGY, state, {"unit_of_measurement": unit})


@pytest.mark.parametrize(
    ("state", "unit", "kwh"),
    [
        ("1.2346", "kWh", 1.2346),
        ("1234.6", "Wh", 1.2346),
        ("0.0012346", "MWh", 1.2346),
        ("4.44456", "MJ", 1.2346),
        ("1.2346", "", 1.2346),
        ("-3", "kWh", None),
        ("inf", "kWh", None),
        ("soon", "kWh", None),
    ],
)
async def test_the_last_state(
    recorder_first: Recorder, hass: HomeAssistant, state: str, unit: str, kwh: float
) -> None:
    show(hass, state, unit)
    hass.states.async_set(UPTIME, "2", {"unit_of_measurement": "d"})
    await async_wait_recording_done(hass)

    found = await async_last_published(hass, ASKED)

    assert found["uptime"] == 172_800
    assert found.get("energy") == (None if kwh is None else pytest.approx(kwh))


@pytest.mark.parametrize("state", [STATE_UNKNOWN, STATE_UNAVAILABLE])
async def test_the_last_state_says_nothing(
    recorder_first: Recorder, hass: HomeAssistant, state: str
) -> None:
    """Killed before it was known: what was published before that counts."""
    show(hass, "7100", "Wh")
    show(hass, "7200", "Wh")
    show(hass, state, "Wh")
    await async_wait_recording_done(hass)

    assert await async_last_published(hass, ASKED) == {"energy": pytest.approx(7.2)}


@pytest.mark.parametrize(("shown", "unit"), [(7200, "Wh"), (7.2, "kWh"), (7.2, None)])
async def test_only_statistics_are_left(
    recorder_first: Recorder, hass: HomeAssistant, shown: float, unit: str | None
) -> None:
    """They are in the unit that the user chose, and so is what is read of them."""
    hour = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    async_import_statistics(
        hass,
        StatisticMetaData(
            mean_type=StatisticMeanType.NONE,
            has_sum=True,
            name=None,
            source="recorder",
            statistic_id=ENERGY,
            unit_class="energy" if unit else None,
            unit_of_measurement=unit,
        ),
        [StatisticData(start=hour - timedelta(hours=2), state=shown, sum=shown)],
    )
    show(hass, STATE_UNKNOWN)
    await async_wait_recording_done(hass)

    assert await async_last_published(hass, ASKED) == {"energy": pytest.approx(7.2)}


async def test_there_is_no_recorder(hass: HomeAssistant) -> None:
    assert await async_last_published(hass, ASKED) == {}


def forget_restore_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lose what Home Assistant keeps of entities when it stops."""

    async def forgotten(_: RestoreEntity) -> None:
        return None

    monkeypatch.setattr(RestoreEntity, "async_get_last_state", forgotten)


type Job = Callable[..., Coroutine[Any, Any, Any]]


def slow(recorder: Recorder, seconds: float) -> Job:
    """Return a recorder's executor that takes its time."""
    ask = recorder.async_add_executor_job

    async def late(*args: Any) -> Any:
        await asyncio.sleep(seconds)
        return await ask(*args)

    return late


async def test_a_busy_recorder_is_waited_for(
    recorder_first: Recorder,
    bench: TimedBench,
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An old file and a slow database: unknown at first, and never too low.

    With the plug off no poll would show it.
    """
    hass.states.async_set("switch.plug", "on")
    entry = await bench.add(await bench.miner(GAMMA))
    options(hass, entry, plug_switch="switch.plug")
    await bench.pass_time(HOUR)
    counted = number(hass, entry, "energy")
    await async_wait_recording_done(hass)
    await bench.run(hass.config_entries.async_unload(entry.entry_id))
    hass_storage[f"{DOMAIN}.insight.{entry.entry_id}"]["data"]["energy"] = counted / 2
    forget_restore_state(monkeypatch)
    hass.states.async_set("switch.plug", "off")
    late = slow(get_instance(hass), 200)
    monkeypatch.setattr(get_instance(hass), "async_add_executor_job", late)

    await bench.run(hass.config_entries.async_setup(entry.entry_id))
    await bench.pass_time(100)
    assert state_of(hass, entry, "energy").state == STATE_UNKNOWN
    await bench.pass_time(200)

    assert number(hass, entry, "energy") == pytest.approx(counted, abs=1e-4)
    assert number(hass, entry, "energy") >= counted


async def test_a_database_that_fails_is_asked_again(
    recorder_first: Recorder,
    bench: TimedBench,
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is locked for a while after a crash."""
    show(hass, "7.2")
    await async_wait_recording_done(hass)
    read, failures = history.get_last_state_changes, [1, 2, 3]

    def locked(*args: Any) -> Any:
        if failures:
            failures.pop()
            raise OperationalError("SELECT", {}, Exception("database is locked"))
        return read(*args)

    monkeypatch.setattr(history, "get_last_state_changes", locked)

    found = await bench.run(async_last_published(hass, ASKED))
    assert found == {"energy": pytest.approx(7.2)}


@pytest.mark.parametrize("unit", ["Wh", "MWh", "MJ"])
async def test_a_unit_that_the_user_chose(
    recorder_first: Recorder,
    bench: TimedBench,
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    unit: str,
) -> None:
    """Neither a dip nor a jump when the file is lost, to the last digit."""
    entry = await bench.add(await bench.miner(GAMMA))
    entity_id = state_of(hass, entry, "energy").entity_id
    er.async_get(hass).async_update_entity_options(
        entity_id, "sensor", {"unit_of_measurement": unit}
    )
    await bench.pass_time(HOUR)
    shown = number(hass, entry, "energy")
    assert hass.states.get(entity_id).attributes["unit_of_measurement"] == unit
    await async_wait_recording_done(hass)
    await bench.run(hass.config_entries.async_unload(entry.entry_id))
    hass_storage[f"{DOMAIN}.insight.{entry.entry_id}"]["data"] = {}
    forget_restore_state(monkeypatch)

    await bench.run(hass.config_entries.async_setup(entry.entry_id))
    await bench.settle()
    again = number(hass, entry, "energy")
    assert shown <= again <= shown * 1.02
