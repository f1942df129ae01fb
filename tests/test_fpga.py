"""FPGA cards behind an exporter, from the address to the sensor."""

from dataclasses import replace
import logging
import re

from homeassistant.config_entries import SOURCE_IGNORE
from homeassistant.const import CONF_HOST, STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.miner_monitor.const import (
    CONF_POOL_SCRAPER,
    CONF_UNIT,
    DOMAIN,
)
from custom_components.miner_monitor.repairs import async_create_fix_flow
from custom_components.miner_monitor.runtime.entries import miner_entries
from simulator import MinerSpec, SimulatedMiner

from .conftest import NIMIQ, OXBITCOIN, RB4, TimedBench
from .test_config_flow import address, closed_port, enter, show_form

SCRAPER = MinerSpec(name="pool", model="fpga_poolscraper", seed=24)


def sample(miner: SimulatedMiner, name: str, card: str = "card0") -> float:
    """Return what the exporter's page says, by an expression of its own."""
    page = miner.reply("metrics")["text"]
    found = re.search(rf'^{name}\{{card="{card}"\}} (\S+)$', page, re.MULTILINE)
    assert found is not None, page
    return float(found[1])


@pytest.mark.parametrize(
    ("spec", "unit", "prefix"),
    [
        (OXBITCOIN, "GH/s", "0xbitcoin_fpga_card0"),
        (NIMIQ, "kH/s", "nimiq_fpga_card0"),
        (replace(NIMIQ, firmware="2021-03-14"), "kH/s", "nimiq_fpga_card0"),
    ],
)
async def test_values_are_the_card_s(
    bench: TimedBench,
    hass: HomeAssistant,
    entity_registry_enabled_by_default: None,
    spec: MinerSpec,
    unit: str,
    prefix: str,
) -> None:
    """Each sensor shows what the page says, in the unit of the kind."""
    miner = await bench.miner(spec)
    await bench.add(miner)

    def shown(key: str) -> float:
        return float(hass.states.get(f"sensor.{prefix}_{key}").state)

    assert shown("hash_rate") == pytest.approx(sample(miner, "hashrate"))
    rate = hass.states.get(f"sensor.{prefix}_hash_rate")
    assert rate.attributes["unit_of_measurement"] == unit
    assert shown("chip_temperature") == sample(miner, "temperature")
    assert shown("actual_frequency") == sample(miner, "clock_speed")
    assert shown("actual_core_voltage") == sample(miner, "voltage")
    assert shown("hardware_error_rate") == sample(miner, "errors")


async def test_each_card_is_a_miner(bench: TimedBench, hass: HomeAssistant) -> None:
    """Of two cards the user picks one; the other is added the same way."""
    miner = await bench.miner(RB4)
    where = address(miner)
    picking = await enter(hass, await show_form(hass), where)
    assert picking["type"] is FlowResultType.FORM
    assert picking["step_id"] == "unit"

    second = await hass.config_entries.flow.async_configure(
        picking["flow_id"], {CONF_UNIT: "card1"}
    )
    assert second["type"] is FlowResultType.CREATE_ENTRY
    assert second["title"] == "RB4 FPGA card1"
    picking = await enter(hass, await show_form(hass), where)
    first = await hass.config_entries.flow.async_configure(
        picking["flow_id"], {CONF_UNIT: "card0"}
    )
    assert first["type"] is FlowResultType.CREATE_ENTRY
    await bench.settle()
    none_left = await enter(hass, await show_form(hass), where)
    assert none_left["reason"] == "already_configured"
    names = {"title": "RB4 FPGA card0, RB4 FPGA card1"}
    assert none_left["description_placeholders"] == names

    for card in ("card0", "card1"):
        shown = hass.states.get(f"sensor.rb4_fpga_{card}_chip_temperature").state
        assert float(shown) == sample(miner, "temperature", card)
    assert sample(miner, "temperature", "card0") != sample(
        miner, "temperature", "card1"
    )


async def test_a_card_that_went_while_it_was_picked(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """The form says so, and another card can be taken."""
    miner = await bench.miner(RB4)
    picking = await enter(hass, await show_form(hass), address(miner))
    miner.inject("card_lost", card="card1")
    gone = await hass.config_entries.flow.async_configure(
        picking["flow_id"], {CONF_UNIT: "card1"}
    )
    assert gone["errors"] == {CONF_UNIT: "unit_gone"}

    taken = await hass.config_entries.flow.async_configure(
        picking["flow_id"], {CONF_UNIT: "card0"}
    )
    assert taken["type"] is FlowResultType.CREATE_ENTRY


async def test_a_rig_that_went_while_a_card_was_picked(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """The form says so, and goes on when the rig is back."""
    miner = await bench.miner(RB4)
    picking = await enter(hass, await show_form(hass), address(miner))
    miner.inject("offline")
    gone = await hass.config_entries.flow.async_configure(
        picking["flow_id"], {CONF_UNIT: "card1"}
    )
    assert gone["errors"] == {CONF_UNIT: "cannot_connect"}

    miner.clear()
    taken = await hass.config_entries.flow.async_configure(
        picking["flow_id"], {CONF_UNIT: "card1"}
    )
    assert taken["type"] is FlowResultType.CREATE_ENTRY


async def test_pool_scraper_of_a_card_that_is_off(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """It is taken as it is, since it cannot be tried."""
    miner = await bench.miner(OXBITCOIN)
    entry = await bench.add(miner)
    miner.inject("offline")
    form = await hass.config_entries.options.async_init(entry.entry_id)
    given = f"127.0.0.1:{closed_port()}/metrics"
    done = await hass.config_entries.options.async_configure(
        form["flow_id"], {"scan_interval": 30, CONF_POOL_SCRAPER: given}
    )

    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options[CONF_POOL_SCRAPER] == f"http://{given}"
    await bench.settle()


async def test_frozen_values_are_caught(
    bench: TimedBench, hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """An exporter that repeats old values speaks for no card."""
    caplog.set_level(logging.INFO, "custom_components.miner_monitor")
    miner = await bench.miner(OXBITCOIN)
    entry = await bench.add(miner)
    await bench.advance(300)
    assert online(hass) == STATE_ON

    miner.inject("freeze")
    await bench.advance(60)
    assert online(hass) == STATE_ON
    # Polls may have seen steps of up to two of the exporter's 30 s.
    for _ in range(3 * 60 // 5 - 6):
        await bench.advance(5)
        if online(hass) == STATE_OFF:
            break
    assert online(hass) == STATE_OFF
    # Waiting for more polls would prove no more.
    assert sum(entry.runtime_data.data.insight.failed_polls.values()) == 1
    await bench.advance(300)
    assert sum("is offline" in record.message for record in caplog.records) == 1

    miner.clear("freeze")
    await bench.advance(90)
    assert online(hass) == STATE_ON


def online(hass: HomeAssistant) -> str:
    state: str = hass.states.get("binary_sensor.0xbitcoin_fpga_card0_online").state
    return state


async def test_pool_scraper(bench: TimedBench, hass: HomeAssistant) -> None:
    """Its address is an option of a card; a wrong one is explained."""
    farm = await bench.start(OXBITCOIN, SCRAPER)
    entry = await bench.add(farm["0xbitcoin"])
    options = hass.config_entries.options
    form = await options.async_init(entry.entry_id)

    async def give(text: str) -> dict[str, str] | None:
        result = await options.async_configure(
            form["flow_id"], {"scan_interval": 30, CONF_POOL_SCRAPER: text}
        )
        errors: dict[str, str] | None = result.get("errors")
        return errors

    assert await give("no address") == {CONF_POOL_SCRAPER: "invalid_scraper"}
    assert await give("192.168.1.30") == {CONF_POOL_SCRAPER: "invalid_scraper"}
    assert await give(farm["0xbitcoin"].url) == {CONF_POOL_SCRAPER: "no_pool_hash_rate"}
    assert not await give(f"{farm['pool'].host}:{farm['pool'].port}/metrics")
    await bench.settle()
    await bench.advance(60)

    assert entry.options[CONF_POOL_SCRAPER] == f"{farm['pool'].url}/metrics"
    page = farm["pool"].reply("metrics")["text"]
    told = re.search(r"^pool_hashrate (\S+)$", page, re.MULTILINE)
    reading = entry.runtime_data.data.state.pool_hash_rate
    assert told is not None
    assert reading * 1e3 == pytest.approx(float(told[1]), rel=0.2)
    farm["pool"].inject("offline")
    await bench.advance(60)
    assert entry.runtime_data.data.online is True
    assert entry.runtime_data.data.state.pool_hash_rate is None


async def test_address_with_a_page(bench: TimedBench, hass: HomeAssistant) -> None:
    """The page that was given is the page that is asked for."""
    miner = await bench.miner(OXBITCOIN)
    result = await enter(hass, await show_form(hass), f"{miner.url}/rig/metrics")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await bench.advance(60)

    assert {request.path for request in miner.requests[-2:]} == {"/rig/metrics"}
    again = await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": "reconfigure", "entry_id": result["result"].entry_id},
    )
    (host,) = (key for key in again["data_schema"].schema if key == CONF_HOST)
    assert host.description["suggested_value"] == f"{miner.url}/rig/metrics"


async def test_repair_takes_the_page(bench: TimedBench, hass: HomeAssistant) -> None:
    """A rig whose address another one took is found at the page that is given."""
    farm = await bench.start(OXBITCOIN, replace(OXBITCOIN, name="moved"), NIMIQ)
    rig, moved, other = farm["0xbitcoin"], farm["moved"], farm["nimiq"]
    entry = await bench.add(rig)
    place = (rig.host, rig.port)
    rig.close()
    await other.move(*place)
    await bench.advance(400)
    assert online(hass) == STATE_OFF

    flow = await async_create_fix_flow(
        hass, f"wrong_device_{entry.entry_id}", {"entry_id": entry.entry_id}
    )
    flow.hass = hass
    done = await flow.async_step_address({CONF_HOST: f"{moved.url}/rig/metrics"})
    await bench.settle()

    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert online(hass) == STATE_ON
    assert moved.requests[-1].path == "/rig/metrics"


def offered(hass: HomeAssistant) -> list[str]:
    """Return what is shown as discovered."""
    return [
        flow["context"]["title_placeholders"]["name"]
        for flow in hass.config_entries.flow.async_progress()
    ]


async def rig_with_one_card(bench: TimedBench) -> SimulatedMiner:
    """Add a rig whose second card has no log yet."""
    miner = await bench.miner(RB4)
    miner.inject("card_lost", card="card1")
    await bench.add(miner)
    return miner


async def test_a_new_card_is_offered(bench: TimedBench, hass: HomeAssistant) -> None:
    """Once, by the page that is read anyway, and looked at when it is added."""
    miner = await rig_with_one_card(bench)
    await bench.advance(120)
    assert offered(hass) == []

    polls = len(miner.requests)
    miner.clear()
    await bench.advance(120)
    assert offered(hass) == [f"RB4 FPGA card1 ({address(miner)})"]
    assert len(miner.requests) - polls == 4, "nobody asked but the poll"

    (flow,) = hass.config_entries.flow.async_progress()
    miner.inject("offline")
    failed = await hass.config_entries.flow.async_configure(flow["flow_id"], {})
    assert failed["errors"] == {"base": "cannot_connect"}
    miner.clear()
    miner.inject("card_lost", card="card1")
    failed = await hass.config_entries.flow.async_configure(flow["flow_id"], {})
    assert failed["errors"] == {"base": "unit_gone"}
    miner.clear()
    done = await hass.config_entries.flow.async_configure(flow["flow_id"], {})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert done["title"] == "RB4 FPGA card1"
    await bench.advance(120)
    assert offered(hass) == []
    assert len(miner_entries(hass)) == 2


async def test_an_ignored_card_stays_ignored(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Until it is added by its address."""
    miner = await rig_with_one_card(bench)
    miner.clear()
    await bench.advance(60)
    (flow,) = hass.config_entries.flow.async_progress()
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_IGNORE},
        data={"unique_id": flow["context"]["unique_id"], "title": "card1"},
    )
    (first,) = miner_entries(hass)
    for _ in range(2):
        await hass.config_entries.async_reload(first.entry_id)
        await bench.advance(60)
        assert offered(hass) == []

    picking = await enter(hass, await show_form(hass), address(miner))
    added = await hass.config_entries.flow.async_configure(
        picking["flow_id"], {CONF_UNIT: "card1"}
    )
    assert added["type"] is FlowResultType.CREATE_ENTRY
    await bench.settle()
    assert len(hass.config_entries.async_entries(DOMAIN)) == 3, "all miners, two cards"


async def test_a_card_that_is_added_is_offered_no_more(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Whoever adds it by its address need not say no to the offer."""
    miner = await rig_with_one_card(bench)
    miner.clear()
    await bench.advance(60)
    assert len(offered(hass)) == 1
    picking = await enter(hass, await show_form(hass), address(miner))
    await hass.config_entries.flow.async_configure(
        picking["flow_id"], {CONF_UNIT: "card1"}
    )
    await bench.settle()
    assert offered(hass) == []


@pytest.mark.parametrize("fault", ["html", "garbage", "freeze"])
async def test_no_card_out_of_a_reply_that_is_not_known(
    bench: TimedBench, hass: HomeAssistant, fault: str
) -> None:
    miner = await rig_with_one_card(bench)
    await bench.advance(60)
    miner.inject(fault)
    await bench.advance(300)
    miner.clear("card_lost")
    await bench.advance(120)
    assert offered(hass) == []


async def test_no_card_of_another_exporter(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """One that has taken the address has other cards."""
    miner = await rig_with_one_card(bench)
    place = (miner.host, miner.port)
    miner.close()
    other = await bench.miner(replace(NIMIQ, cards=3))
    await other.move(*place)
    await bench.advance(300)
    assert offered(hass) == []


async def test_a_page_of_endless_cards(bench: TimedBench, hass: HomeAssistant) -> None:
    """No more are offered than a rig can have."""
    miner = await bench.miner(replace(RB4, cards=40))
    picking = await enter(hass, await show_form(hass), address(miner))
    await hass.config_entries.flow.async_configure(
        picking["flow_id"], {CONF_UNIT: "card0"}
    )
    for letter in "abc":
        names = ["card0", *(f"{letter}{index}" for index in range(39))]
        miner.inject("card_names", names=names)
        await bench.advance(60)
    assert len(offered(hass)) == 31
