"""The options of a miner: what is stored, shown, refused and done with them."""

from dataclasses import replace
from typing import Any

from homeassistant.const import CONF_SCAN_INTERVAL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.coordinator import MinerConfigEntry
from custom_components.miner_monitor.miners.model import HashRateUnit
from custom_components.miner_monitor.runtime.options import options_of
from simulator import MinerSpec

from .conftest import GAMMA, NIMIQ, OXBITCOIN, TimedBench
from .test_insight import options, state_of

SECTIONS = ("supply", "judgement", "tuning")


async def form_of(hass: HomeAssistant, entry: MinerConfigEntry) -> Any:
    form = await hass.config_entries.options.async_init(entry.entry_id)
    assert form["type"] is FlowResultType.FORM
    return form


def suggested(form: Any) -> dict[str, Any]:
    """Return what the fields of a form are filled with, by their names."""
    found: dict[str, Any] = {}

    def look(schema: Any) -> None:
        for marker, field in schema.schema.items():
            if isinstance(field, section):
                look(field.schema)
            elif (told := marker.description or {}).get("suggested_value") is not None:
                found[str(marker)] = told["suggested_value"]

    look(form["data_schema"])
    return found


async def fill(
    bench: TimedBench,
    entry: MinerConfigEntry,
    *,
    cleared: tuple[str, ...] = (),
    **values: Any,
) -> Any:
    """Fill a form as the frontend does: with all that is suggested, and changes."""
    hass = bench.hass
    form = await form_of(hass, entry)
    wanted = {**suggested(form), **values}
    entered: dict[str, Any] = {}
    for marker, field in form["data_schema"].schema.items():
        if isinstance(field, section):
            names = [str(inside) for inside in field.schema.schema]
            entered[str(marker)] = {
                name: wanted[name]
                for name in names
                if name in wanted and name not in cleared
            }
        elif str(marker) in wanted:
            entered[str(marker)] = wanted[str(marker)]
    result = await hass.config_entries.options.async_configure(form["flow_id"], entered)
    await bench.settle()
    return result


SUPPLY = {
    "plug_power": "sensor.plug",
    "plug_switch": "switch.plug",
    "psu_efficiency": 92.5,
    "psu_constant": 3.0,
    "psu_capacity": 120.0,
}
JUDGEMENT = {
    "ratio_good": 96.0,
    "ratio_poor": 80.0,
    "chip_temperature_warn": 60.0,
    "chip_temperature_critical": 70.0,
    "vr_temperature_warn": 80.0,
    "vr_temperature_critical": 95.0,
    "rejects_warn": 2.0,
    "rejects_critical": 8.0,
}
TUNING = {"room_temperature": "sensor.room", "half_life": 14.0}
ALL = {**SUPPLY, **JUDGEMENT, **TUNING}


async def test_every_field_is_stored_shown_and_taken_away(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    entry = await bench.add(await bench.miner(GAMMA))
    usual = suggested(await form_of(hass, entry))
    assert not set(usual) & (set(SUPPLY) | {"room_temperature"})
    assert set(JUDGEMENT) <= set(usual)

    result = await fill(bench, entry, **ALL)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {CONF_SCAN_INTERVAL: 15, **ALL}
    assert {**usual, **ALL} == suggested(await form_of(hass, entry))

    await fill(bench, entry, cleared=tuple(ALL))
    assert entry.options == {CONF_SCAN_INTERVAL: 15}
    assert suggested(await form_of(hass, entry)) == usual


async def test_what_is_as_usual_is_not_stored(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """A better limit of a later version is not shut out by a form that was saved."""
    entry = await bench.add(await bench.miner(GAMMA))
    await fill(bench, entry)
    assert entry.options == {CONF_SCAN_INTERVAL: 15}


@pytest.mark.parametrize(
    ("values", "cleared", "wrong"),
    [
        (
            {"chip_temperature_warn": 80, "chip_temperature_critical": 70},
            (),
            "critical_not_above_warning",
        ),
        (
            {"chip_temperature_warn": 125},
            ("chip_temperature_critical",),
            "critical_not_above_warning",
        ),
        (
            {"vr_temperature_critical": 31},
            ("vr_temperature_warn",),
            "critical_not_above_warning",
        ),
        ({"rejects_warn": 50}, ("rejects_critical",), "critical_not_above_warning"),
        ({"ratio_good": 80, "ratio_poor": 80}, (), "poor_not_below_good"),
        ({"ratio_good": 70}, ("ratio_poor",), "poor_not_below_good"),
    ],
)
async def test_thresholds_the_wrong_way_round(
    bench: TimedBench,
    hass: HomeAssistant,
    values: dict[str, float],
    cleared: tuple[str, ...],
    wrong: str,
) -> None:
    """They are refused, also against one that was left out; nothing entered is lost."""
    entry = await bench.add(await bench.miner(GAMMA))
    entered = {"psu_constant": 7.0, "plug_switch": "switch.plug", **values}

    result = await fill(bench, entry, cleared=cleared, **entered)

    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": wrong}
    shown = suggested(result)
    assert {key: shown.get(key) for key in entered} == entered
    assert not set(cleared) & set(shown)
    assert not entry.options


@pytest.mark.parametrize(
    ("spec", "unit"),
    [
        (OXBITCOIN, HashRateUnit.GIGA),
        (NIMIQ, HashRateUnit.KILO),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
async def test_hash_rates_are_in_the_unit_of_the_device(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec, unit: HashRateUnit
) -> None:
    entry = await bench.add(await bench.miner(replace(spec, cards=1)))
    assert entry.runtime_data.identity.hash_rate_unit is unit
    form = await form_of(hass, entry)
    fields = form["data_schema"].schema["judgement"].schema.schema
    for name in ("expected_hash_rate", "minimum_hash_rate"):
        assert fields[name].config["unit_of_measurement"] == unit

    await fill(bench, entry, expected_hash_rate=25.0, minimum_hash_rate=20.0)
    await bench.pass_time(30)

    assert entry.options["expected_hash_rate"] == 25
    told = entry.runtime_data.options.insight
    assert told.expected_hash_rate == pytest.approx(25 / unit.per_terahash)
    assert told.minimum_hash_rate == pytest.approx(20 / unit.per_terahash)
    assert suggested(await form_of(hass, entry))["expected_hash_rate"] == 25


async def test_entities_that_are_gone(bench: TimedBench, hass: HomeAssistant) -> None:
    """A plug and a room that were removed: the miner goes on, the form opens."""
    entry = await bench.add(await bench.miner(GAMMA))
    await fill(
        bench, entry, plug_power="sensor.gone", plug_switch="switch.gone", **TUNING
    )
    await bench.pass_time(60)

    assert state_of(hass, entry, "online", "binary_sensor").state == "on"
    assert state_of(hass, entry, "wall_power").state == "unknown"
    assert suggested(await form_of(hass, entry))["plug_power"] == "sensor.gone"
    assert (await fill(bench, entry))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"scan_interval": 30},
        {"scan_interval": 30, "expert": True, "protect": True},
    ],
)
async def test_options_of_before(
    bench: TimedBench, hass: HomeAssistant, stored: dict[str, Any]
) -> None:
    """What an older version stored holds, and lives through the form."""
    entry = await bench.add(await bench.miner(GAMMA))
    hass.config_entries.async_update_entry(entry, options=stored)
    await bench.run(hass.config_entries.async_reload(entry.entry_id))
    assert entry.runtime_data.options == options_of({}, HashRateUnit.TERA)

    await fill(bench, entry, ratio_good=97.0)
    assert entry.options == {
        "scan_interval": 15,
        **stored,
        "ratio_good": 97,
        "ratio_poor": 85,
    }


async def test_a_threshold_of_what_the_device_has_no_more(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """The form of a miner that lost a limit with its firmware still works."""
    entry = await bench.add(await bench.miner(replace(OXBITCOIN, cards=1)))
    options(hass, entry, vr_temperature_warn=80, vr_temperature_critical=90)

    assert (await fill(bench, entry))["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options["vr_temperature_critical"] == 90


def registered(hass: HomeAssistant, entry: MinerConfigEntry) -> set[str]:
    prefix = f"{entry.unique_id}_"
    return {
        known.unique_id.removeprefix(prefix)
        for known in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if known.platform == DOMAIN
    }


WALL = {"wall_power", "wall_energy", "wall_efficiency"}


async def test_what_is_at_the_wall_comes_and_goes(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """It is there while it is asked for; its name and its count come back with it."""
    hass.states.async_set("sensor.plug", "25", {"unit_of_measurement": "W"})
    entry = await bench.add(await bench.miner(GAMMA))
    assert not registered(hass, entry) & (WALL | {"psu_load"})
    await fill(bench, entry, plug_power="sensor.plug", psu_capacity=100)
    assert registered(hass, entry) >= WALL | {"psu_load"}
    energy = state_of(hass, entry, "wall_energy").entity_id
    er.async_get(hass).async_update_entity(energy, new_entity_id="sensor.my_wall")
    await bench.pass_time(3600)
    counted = float(hass.states.get("sensor.my_wall").state)
    assert counted > 0.02

    await fill(bench, entry, cleared=("plug_power", "psu_capacity"))
    assert not registered(hass, entry) & (WALL | {"psu_load"})
    assert hass.states.get("sensor.my_wall") is None
    await bench.pass_time(60)
    assert state_of(hass, entry, "energy").state != "unknown"

    await fill(bench, entry, psu_efficiency=90)
    assert float(hass.states.get("sensor.my_wall").state) >= counted
    assert "psu_load" not in registered(hass, entry)
