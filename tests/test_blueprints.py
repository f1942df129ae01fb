"""Blueprints can be imported as they are, and drive simulated miners."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
import re
from typing import Any

from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint import Blueprint
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import selector
from homeassistant.util.yaml import parse_yaml
import pytest

from custom_components.miner_monitor.fleet.power_entities import FLEET_NUMBERS
from custom_components.miner_monitor.number import NUMBERS, POWER_TARGETS, PRIORITIES
from custom_components.miner_monitor.switch import SWITCHES

from . import lengths
from .automations import BLUEPRINTS, set_up_automation, turn_off_automation
from .conftest import GAMMA, GAMMA_2, TimedBench
from .controls import patches
from .fleets import watch_price
from .meta.package import ROOT, load_json

NAMES = (
    "ask_about_miners.yaml",
    "miner_alerts.yaml",
    "miner_chat.yaml",
    "miner_report.yaml",
    "price_guard.yaml",
    "solar_surplus.yaml",
)
REQUIRED = {
    "ask_about_miners.yaml": [],
    "miner_alerts.yaml": [],
    "miner_chat.yaml": [],
    "miner_report.yaml": [],
    "price_guard.yaml": ["signal", "miners"],
    "solar_surplus.yaml": ["power", "target", "drawn"],
}
PAGE = "\n".join(
    (ROOT / "docs" / name).read_text(encoding="utf-8")
    for name in ("automations.md", "chat.md")
)
MANIFEST = load_json(ROOT / "hacs.json")


def load(text: str) -> Blueprint:
    return Blueprint(
        parse_yaml(text),
        expected_domain="automation",
        schema=AUTOMATION_BLUEPRINT_SCHEMA,
    )


def text_of(name: str) -> str:
    return (BLUEPRINTS / name).read_text(encoding="utf-8")


def test_all_blueprints_are_tested() -> None:
    assert sorted(path.name for path in BLUEPRINTS.iterdir()) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_import(name: str) -> None:
    """What Home Assistant writes at the import is the same blueprint again."""
    blueprint = load(text_of(name))
    assert blueprint.validate() is None
    assert load(blueprint.yaml()).data == blueprint.data
    metadata = blueprint.metadata
    assert metadata["source_url"].endswith(
        f"/blueprints/automation/miner_monitor/{name}"
    )
    assert metadata["homeassistant"]["min_version"] == MANIFEST["homeassistant"]


@pytest.mark.parametrize("name", NAMES)
def test_inputs(name: str) -> None:
    """Each is used, named, explained in the page, and has a default that fits."""
    text = text_of(name)
    inputs: dict[str, dict[str, Any]] = load(text).inputs
    assert set(re.findall(r"!input (\w+)", text)) == set(inputs)
    for given in inputs.values():
        assert f"| {given['name']} |" in PAGE
        check = selector(given["selector"])
        if given.get("default") not in (None, [], {}):
            check(given["default"])
    required = [key for key, given in inputs.items() if "default" not in given]
    assert required == REQUIRED[name]


@pytest.mark.parametrize(
    ("name", "key", "rows", "expected"),
    [
        ("price_guard.yaml", "miners", SWITCHES, ["throttle"]),
        (
            "solar_surplus.yaml",
            "target",
            (*NUMBERS, *POWER_TARGETS, *FLEET_NUMBERS, *PRIORITIES),
            ["power_target", "power_target"],
        ),
    ],
)
def test_forms_offer_no_other_entities_of_a_miner(
    name: str, key: str, rows: Sequence[Any], expected: list[str]
) -> None:
    (rule,) = load(text_of(name)).inputs[key]["selector"]["entity"]["filter"]
    assert [
        row.key for row in rows if row.device_class in rule["device_class"]
    ] == expected


@pytest.mark.parametrize("name", ["price_guard.yaml", "solar_surplus.yaml"])
def test_decisions_are_short(name: str) -> None:
    """What is longer belongs into the integration, where it is tested as code."""
    below = text_of(name).partition("\ntriggers:\n")[2]
    assert 0 < len(below.splitlines()) <= 40


@pytest.mark.parametrize("name", NAMES)
def test_links(name: str) -> None:
    source = load(text_of(name)).metadata["source_url"]
    for page in (PAGE, (ROOT / "README.md").read_text(encoding="utf-8")):
        assert source.replace(":", "%3A").replace("/", "%2F") in page
    assert Path(source.partition("/main/")[2]) == (BLUEPRINTS / name).relative_to(ROOT)


PAUSING = replace(GAMMA_2, firmware="2.15.0")
DEAR = frozenset({*range(24, 36), 40, *range(68, 80)})
"""Quarters of the day in which power is expensive."""


AROUND = ((0, 2), (22, 28), (34, 44), (49, 53), (66, 71), (78, 83), (94, 96))
QUARTERS = [
    quarter
    for quarter in range(96)
    if lengths.full or any(begin <= quarter < end for begin, end in AROUND)
]
"""Those that are lived through: in the short form what is around a change."""


def price(quarter: int) -> str:
    """Tell no price at midnight, once less than nothing, and a usual day otherwise."""
    if quarter in (0, 95):
        return "unavailable"
    return "-0.02" if quarter == 50 else "0.41" if quarter in DEAR else "0.11"


async def test_a_day_of_prices(bench: TimedBench, hass: HomeAssistant) -> None:
    """In dear quarters each miner runs at its least; writes are changes, no more."""
    farm = await bench.start(GAMMA, PAUSING)
    gamma, pausing = farm[GAMMA.name], farm[PAUSING.name]
    for miner in farm:
        entry = await bench.add(miner)
        hass.config_entries.async_update_entry(entry, options={"scan_interval": 300})
        await hass.config_entries.async_reload(entry.entry_id)
    await bench.pass_time(120)
    before = [gamma.device.flash[key] for key in ("frequency", "coreVoltage")]
    await guard_all(bench, hass)
    for quarter in QUARTERS:
        hass.states.async_set("sensor.price", price(quarter))
        await bench.pass_time(900)
        dear = price(quarter) == "0.41"
        assert pausing.truth.hashing is not dear
        assert (gamma.device.flash["frequency"] < before[0]) is dear
    less = [{"frequency": 100}, {"coreVoltage": 1000}]
    back = [{"coreVoltage": before[1]}, {"frequency": before[0]}]
    assert patches(gamma) == [*less, *back] * 3
    assert [gamma.device.flash[key] for key in ("frequency", "coreVoltage")] == before
    assert patches(pausing) == []
    posts = [r.path.rpartition("/")[2] for r in pausing.requests if r.method == "POST"]
    assert posts == ["pause", "resume"] * 3
    await turn_off_automation(hass)


async def guard_all(bench: TimedBench, hass: HomeAssistant) -> None:
    """Make the automation of all "Save power" switches there are."""
    switches = [
        state.entity_id
        for state in hass.states.async_all("switch")
        if "method" in state.attributes
    ]
    assert len(switches) == 2
    hass.states.async_set("sensor.price", price(1))
    cheap = await watch_price(bench, "sensor.price", 0.25)
    hass.states.async_set("sensor.price", price(0))
    await set_up_automation(
        hass, "price_guard.yaml", {"signal": cheap, "miners": switches}
    )
