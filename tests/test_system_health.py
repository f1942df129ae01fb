"""What the system information shows of the miners, over its own WebSocket command."""

from dataclasses import replace
from typing import Any

from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.db_schema import States
from homeassistant.components.recorder.util import session_scope
from homeassistant.components.system_health import get_info
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.miner_monitor.const import DOMAIN

from .conftest import GAMMA, GAMMA_2, OXBITCOIN, Q, TimedBench
from .meta.package import INTEGRATION, load_json

LABELS = load_json(INTEGRATION / "translations" / "en.json")["system_health"]["info"]

TWIN = "E4:B0:63:00:00:99"
HOUR = 3600.0


@pytest.fixture
def recorder_first(recorder_mock: Recorder) -> Recorder:
    """Have the recorder before anything is recorded."""
    return recorder_mock


async def _shown(hass: HomeAssistant, ws: WebSocketGenerator) -> dict[str, Any]:
    """Return what the page shows of us in the end, and that it knows where to go."""
    client = await ws(hass)
    await client.send_json_auto_id({"type": "system_health/info"})
    assert (await client.receive_json())["success"]
    ours: dict[str, Any] = {}
    while (event := (await client.receive_json())["event"])["type"] != "finish":
        if event["type"] == "initial":
            ours = event["data"][DOMAIN]
        elif event["domain"] == DOMAIN:
            assert event["success"], event
            ours["info"][event["key"]] = event["data"]
    assert ours["manage_url"] == f"/config/integrations/integration/{DOMAIN}"
    assert ours["info"].keys() <= LABELS.keys()
    return ours["info"]


async def test_with_and_without_miners(
    hass: HomeAssistant, bench: TimedBench, hass_ws_client: WebSocketGenerator
) -> None:
    """Who is online, what failed, which firmware; one that is disabled does not count.

    Without a recorder nothing is shown of it.
    """
    assert await async_setup_component(hass, "system_health", {})
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    shown = await _shown(hass, hass_ws_client)
    assert shown == {
        "miners_online": "1/1",
        "failed_polls": 0,
        "firmware": "Gamma 601 v2.12.2",
    }

    await bench.add(await bench.miner(GAMMA_2))
    await bench.add(await bench.miner(Q))
    await bench.add(await bench.miner(replace(GAMMA, name="twin", mac=TWIN)))
    await bench.add(await bench.miner(OXBITCOIN))
    miner.inject("offline")
    await bench.pass_time(120)
    shown = await _shown(hass, hass_ws_client)
    assert shown["miners_online"] == "4/5"
    assert shown["failed_polls"] >= 3
    assert shown["firmware"] == (
        "0xBitcoin FPGA, Avalon Q 25052801_14a19a2, Gamma 601 v2.12.2 (2), "
        "Gamma 602 v2.14.0"
    )

    await hass.config_entries.async_set_disabled_by(
        entry.entry_id, ConfigEntryDisabler.USER
    )
    assert (await _shown(hass, hass_ws_client))["miners_online"] == "4/4"


async def test_states_recorded_per_day(
    recorder_first: Recorder,
    hass: HomeAssistant,
    bench: TimedBench,
) -> None:
    """Counted in the database: ours alone, and a day estimated from what there is."""
    assert await async_setup_component(hass, "system_health", {})
    began = bench.now
    await bench.add(await bench.miner(GAMMA))
    await bench.pass_time(HOUR / 2)
    await async_wait_recording_done(hass)
    assert (await get_info(hass))[DOMAIN]["recorded_states"] == "No data yet"

    for number in range(500):
        hass.states.async_set("sensor.of_others", str(number))
    await bench.pass_time(HOUR)
    await async_wait_recording_done(hass)
    with session_scope(hass=hass, read_only=True) as session:
        rows = session.query(States.state_id).count()
    expected = (rows - 500) * 24 * HOUR / (bench.now - began)
    shown = (await get_info(hass))[DOMAIN]["recorded_states"]
    assert shown == pytest.approx(expected, rel=0.05)
