"""What of a miner ends up in the recorder's database."""

import json

from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.db_schema import StateAttributes
from homeassistant.components.recorder.util import session_scope
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from .conftest import NANO_3S, Bench
from .test_avalon import shown_by


@pytest.fixture
def recorder_first(recorder_mock: Recorder) -> Recorder:
    """Have the recorder before anything is recorded."""
    return recorder_mock


async def test_long_lists_stay_out(
    recorder_first: Recorder,
    hass: HomeAssistant,
    live_bench: Bench,
    entity_registry_enabled_by_default: None,
) -> None:
    """Lists of chips and counters of pools are shown, and not stored."""
    shown = await shown_by(live_bench, await live_bench.miner(NANO_3S))
    await async_wait_recording_done(hass)

    with session_scope(hass=hass, read_only=True) as session:
        stored = [
            json.loads(row.shared_attrs)
            for row in session.query(StateAttributes).all()
            if row.shared_attrs
        ]
    names = {name for attributes in stored for name in attributes}
    assert "refused" in names
    for key, attribute in (
        ("chip_temperature_min", "chips"),
        ("pool_1_status", "getworks"),
        ("controller_state", "ps"),
    ):
        assert attribute in shown(key).attributes
        assert attribute not in names
