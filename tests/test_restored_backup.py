"""A backup whose database was left out: the recorder knows what came after it."""

from pathlib import Path
from typing import Any

from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from .conftest import GAMMA_2, NERD, TimedBench
from .controls import find
from .outages import SETTLED, Backup

HOUR = 3600.0


@pytest.fixture(autouse=True)
def recorder_first(recorder_mock: Recorder) -> Recorder:
    """Have a database before Home Assistant."""
    return recorder_mock


@pytest.mark.parametrize("resumed", [True, False])
@pytest.mark.parametrize("spec", [GAMMA_2, NERD], ids=lambda spec: spec.name)
async def test_who_was_resumed_and_restarted_since_is_not_stopped(
    bench: TimedBench,
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    spec: Any,
    resumed: bool,
) -> None:
    """Without the user's word of later, a restart undid what is to be done again."""
    miner = await bench.miner(spec)
    entry = await bench.add(miner)
    await bench.pass_time(60)
    switch = {"entity_id": find(hass, "switch", "save_power")}
    await bench.call("switch", "turn_on", switch)
    await bench.pass_time(SETTLED)
    backup = Backup(hass_storage, Path(hass.config.config_dir))
    await bench.pass_time(300)
    if resumed:
        await bench.call("switch", "turn_off", switch)
    await bench.pass_time(HOUR)
    assert miner.truth.hashing is resumed
    await async_wait_recording_done(hass)

    await bench.run(hass.config_entries.async_unload(entry.entry_id))
    backup.restore(hass_storage)
    miner.reboot()
    await bench.pass_time(60)
    await bench.run(hass.config_entries.async_setup(entry.entry_id))
    await bench.pass_time(SETTLED)

    assert miner.truth.hashing is resumed
    state = hass.states.get(switch["entity_id"])
    assert state is not None
    assert state.state == ("off" if resumed else "on")
