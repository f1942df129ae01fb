"""The entry of all miners comes with the first miner, and goes with the last."""

import json
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest

from custom_components import miner_monitor
from custom_components.miner_monitor.const import DOMAIN, FLEET
from custom_components.miner_monitor.fleet.coordinator import async_fleet_entry
from custom_components.miner_monitor.runtime.entries import is_fleet
from simulator import MinerSpec

from .conftest import GAMMA, HEX, TimedBench
from .fleets import choose

CARD = MinerSpec(name="rb4-one", model="fpga_rb4", seed=22)

TEXTS = Path(miner_monitor.__file__).parent / "translations" / "en.json"


def fleet_of(hass: HomeAssistant) -> ConfigEntry:
    """Return the one entry of all miners, loaded."""
    found = list(filter(is_fleet, hass.config_entries.async_entries(DOMAIN)))
    assert len(found) == 1
    assert found[0].state is ConfigEntryState.LOADED
    return found[0]


async def remove(bench: TimedBench, entry: ConfigEntry) -> None:
    await bench.run(bench.hass.config_entries.async_remove(entry.entry_id))
    await bench.settle()


async def user_form(hass: HomeAssistant) -> Any:
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": "user"})


async def test_comes_with_the_first_and_goes_with_the_last(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    assert async_fleet_entry(hass) is None
    first = await bench.add(await bench.miner(GAMMA))
    fleet = fleet_of(hass)
    assert (fleet.title, fleet.unique_id, fleet.source) == (
        "All miners",
        FLEET,
        "import",
    )

    second = await bench.add(await bench.miner(HEX))
    assert fleet_of(hass) is fleet
    await remove(bench, first)
    assert fleet_of(hass) is fleet
    await remove(bench, second)
    assert hass.config_entries.async_entries(DOMAIN) == []

    await bench.add(await bench.miner(CARD))
    fleet_of(hass)


async def test_device(bench: TimedBench, hass: HomeAssistant) -> None:
    """It is a service, with entities under fixed names."""
    await bench.add(await bench.miner(GAMMA))
    (device,) = dr.async_entries_for_config_entry(
        dr.async_get(hass), fleet_of(hass).entry_id
    )
    assert device.entry_type is dr.DeviceEntryType.SERVICE
    assert device.name == "All miners"
    registry = er.async_get(hass)
    assert (
        registry.async_get_entity_id("sensor", DOMAIN, "fleet_hash_rate")
        == "sensor.all_miners_hash_rate"
    )


async def test_removal_by_hand_is_respected(
    bench: TimedBench, hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """Neither a reload, nor a new miner, nor a first one brings it back."""
    entry = await bench.add(await bench.miner(GAMMA))
    await remove(bench, fleet_of(hass))

    await hass.config_entries.async_reload(entry.entry_id)
    await bench.settle()
    second = await bench.add(await bench.miner(HEX))
    assert async_fleet_entry(hass) is None
    assert hass_storage["miner_monitor.fleet"]["data"]["removed"] is True

    await remove(bench, entry)
    await remove(bench, second)
    await bench.add(await bench.miner(CARD))
    assert async_fleet_entry(hass) is None


async def test_is_offered_again(bench: TimedBench, hass: HomeAssistant) -> None:
    """Only while it is missing does the menu offer it."""
    entry = await bench.add(await bench.miner(GAMMA))
    assert "fleet" not in (await user_form(hass))["menu_options"]
    await remove(bench, fleet_of(hass))

    menu = await user_form(hass)
    assert menu["type"] is FlowResultType.MENU
    assert menu["menu_options"] == ["search", "miner", "fleet"]
    flow = hass.config_entries.flow
    result = await flow.async_configure(menu["flow_id"], {"next_step_id": "fleet"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await bench.settle()
    fleet = fleet_of(hass)

    # It is wanted again: it comes and goes by itself as before.
    await remove(bench, entry)
    assert async_fleet_entry(hass) is None
    await bench.add(await bench.miner(HEX))
    assert fleet_of(hass) is not fleet


async def test_the_menu_leads_to_the_form(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    await bench.add(await bench.miner(GAMMA))
    await remove(bench, fleet_of(hass))
    hexa = await bench.miner(HEX)
    menu, flow = await user_form(hass), hass.config_entries.flow

    form = await flow.async_configure(menu["flow_id"], {"next_step_id": "miner"})
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "miner")
    result = await bench.run(
        flow.async_configure(form["flow_id"], {"host": f"{hexa.host}:{hexa.port}"})
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await bench.settle()


async def test_two_menus(bench: TimedBench, hass: HomeAssistant) -> None:
    """Who comes second finds that it is there."""
    await bench.add(await bench.miner(GAMMA))
    await remove(bench, fleet_of(hass))
    flow = hass.config_entries.flow
    menus = [await user_form(hass) for _ in range(2)]
    results = [
        await flow.async_configure(menu["flow_id"], {"next_step_id": "fleet"})
        for menu in menus
    ]
    assert [result["type"] for result in results] == [
        FlowResultType.CREATE_ENTRY,
        FlowResultType.ABORT,
    ]
    await bench.settle()
    fleet_of(hass)


async def test_has_no_address(bench: TimedBench, hass: HomeAssistant) -> None:
    await bench.add(await bench.miner(GAMMA))
    result = await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": "reconfigure", "entry_id": fleet_of(hass).entry_id},
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "fleet_has_no_address"


@pytest.mark.parametrize(
    "stored",
    [None, {}, {"totals": 5, "stopped": 7, "stored_at": "now"}, {"removed": "yes"}],
)
async def test_whatever_is_stored(
    bench: TimedBench,
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    stored: Any,
) -> None:
    """A file that makes no sense costs only itself, and one line at most."""
    hass_storage["miner_monitor.fleet"] = {
        "version": 2,
        "minor_version": 1,
        "key": "miner_monitor.fleet",
        "data": stored,
    }
    await bench.add(await bench.miner(GAMMA))
    fleet_of(hass)
    lines = [record for record in caplog.records if record.levelname == "WARNING"]
    said = [line for line in lines if "not readable" in line.getMessage()]
    assert len(said) == (1 if stored else 0)


async def test_options(bench: TimedBench, hass: HomeAssistant) -> None:
    """A new miner begins with what is chosen for all; the old ones stay."""
    old = await bench.add(await bench.miner(GAMMA))
    wrong = await choose(hass, "fleet", {"ratio_good": 80, "ratio_poor": 80})
    assert wrong["errors"] == {"ratio_poor": "poor_not_below_good"}
    chosen = {"scan_interval": 30, "ratio_good": 90, "ratio_poor": 70}
    hass.config_entries.async_update_entry(
        fleet_of(hass), options={"price": "sensor.price", "ratio_good": 60}
    )
    options = hass.config_entries.options
    result = await options.async_configure(wrong["flow_id"], chosen)
    assert result["type"] is FlowResultType.CREATE_ENTRY

    new = await bench.add(await bench.miner(HEX))
    assert fleet_of(hass).options == {
        **chosen,
        "price": "sensor.price",
        "sidebar": True,
    }
    assert new.options == chosen
    assert old.options == {}


async def test_options_may_be_empty(bench: TimedBench, hass: HomeAssistant) -> None:
    await bench.add(await bench.miner(GAMMA))
    await choose(hass, "fleet", {})
    assert fleet_of(hass).options == {"sidebar": True}


async def test_texts_of_the_forms(bench: TimedBench, hass: HomeAssistant) -> None:
    """The menu and the options have a text for all that they show."""
    texts = json.loads(TEXTS.read_text(encoding="utf-8"))
    await bench.add(await bench.miner(GAMMA))
    form = await choose(hass, "fleet", {"ratio_good": 1, "ratio_poor": 2})
    step = texts["options"]["step"][form["step_id"]]
    fields = {str(field) for field in form["data_schema"].schema}
    assert set(step["data"]) == set(step["data_description"]) == fields
    for text in step["data_description"].values():
        text.format_map(form["description_placeholders"])
    assert "poor_not_below_good" in texts["options"]["error"]

    await remove(bench, fleet_of(hass))
    menu = await user_form(hass)
    shown = texts["config"]["step"][menu["step_id"]]["menu_options"]
    assert list(shown) == menu["menu_options"]
