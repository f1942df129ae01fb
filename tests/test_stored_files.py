"""The files of a miner as they are on the disk."""

import json
from pathlib import Path
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CoreState, HomeAssistant
import pytest

from custom_components.miner_monitor.alerts.trigger import async_books
from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.runtime.insight import unpacked

from .conftest import GAMMA, TimedBench
from .test_insight import HOUR, number


@pytest.fixture
def hass_storage() -> dict[str, Any]:
    """Have no pretended ones."""
    return {}


def stored(hass: HomeAssistant) -> dict[str, Any]:
    """Return what is in the files of ours, by their names."""
    folder = Path(hass.config.path(".storage"))
    return {
        file.name.removeprefix(f"{DOMAIN}."): json.loads(file.read_text())["data"]
        for file in folder.glob(f"{DOMAIN}.*")
    }


async def test_a_removal_while_home_assistant_stops(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """No file of the miner comes back with the last write; its meters are kept."""
    entry = await bench.add(await bench.miner(GAMMA))
    await bench.pass_time(HOUR)
    counted = number(hass, entry, "energy")
    assert f"insight.{entry.entry_id}" in stored(hass)

    hass.set_state(CoreState.stopping)
    await bench.run(hass.config_entries.async_remove(entry.entry_id))
    hass.set_state(CoreState.final_write)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await bench.settle()
    hass.set_state(CoreState.running)

    files = stored(hass)
    assert not [name for name in files if entry.entry_id in name]
    (kept,) = files["removed"].values()
    meter = unpacked(kept["data"])["energy"]
    assert meter["total"] == pytest.approx(counted, abs=0.0011)


async def test_nothing_is_written_before_the_final_write(
    bench: TimedBench, hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """While Home Assistant stops, what is due waits; then it is written, once."""
    entry = await bench.add(await bench.miner(GAMMA))
    books = await async_books(hass)
    await bench.pass_time(HOUR)
    name = f"insight.{entry.entry_id}"
    before = stored(hass)
    assert "alerts" not in before

    hass.set_state(CoreState.stopping)
    books.save_soon()
    await bench.pass_time(HOUR)
    assert stored(hass) == before
    hass.set_state(CoreState.final_write)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await bench.settle()
    hass.set_state(CoreState.running)

    assert stored(hass)[name] != before[name]
    assert "alerts" in stored(hass)
    assert "unknown job listener" not in caplog.text
