"""Each form, error and abort of the flows has its texts."""

import ast
from dataclasses import replace
import re
from typing import Any

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    SOURCE_ZEROCONF,
)
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.miner_monitor.const import CONF_UNIT
from custom_components.miner_monitor.fleet.coordinator import async_fleet_entry
from custom_components.miner_monitor.fleet.market import MarketProblem
from custom_components.miner_monitor.flows.fleet_options import PROBLEMS
from custom_components.miner_monitor.repairs import async_create_fix_flow
from custom_components.miner_monitor.runtime.entries import NEEDS_CODE
from tests.conftest import GAMMA, GAMMA_2, RB4, Bench

from ..each import for_each
from .package import INTEGRATION, argument, calls, dict_keys, parse
from .test_translations import TEXTS, placeholders

CONFIG = TEXTS["config"]
FIX = TEXTS["issues"]["wrong_device"]["fix_flow"]
ERROR_TEXTS = {"config": CONFIG["error"], "wrong_device": FIX["error"]}

RAISED_BY_HOME_ASSISTANT = {
    "_abort_if_unique_id_configured": "already_configured",
    "async_set_unique_id": "already_in_progress",
}
FILES = ("config_flow.py", "flows/discovery.py", "flows/found.py")
FLOW = ast.Module([parse(INTEGRATION / name) for name in FILES], [])
LEFT_OUT = {"left_out"}
"""What stands beside a miner that its file disables."""
MANY = {"added", "added_some", "added_none", "none_new", "none_found"}
"""The ends of adding many miners, which name them."""
REAUTH = parse(INTEGRATION / "flows" / "reauth.py")
ADDING = parse(INTEGRATION / "flows" / "adding.py")
ADDRESSES = parse(INTEGRATION / "flows" / "addresses.py")
OPTIONS = parse(INTEGRATION / "flows" / "options.py")
FLEET_OPTIONS = parse(INTEGRATION / "flows" / "fleet_options.py")
ENDS = {"reconfigure_successful": FLOW, "reauth_successful": REAUTH}


def _words(path: str) -> set[str]:
    """Every text of a module that can be a key."""
    return {
        node.value
        for node in ast.walk(parse(INTEGRATION / path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[a-z]+(_[a-z]+)*", node.value)
    }


PROBE_ERRORS = _words("flows/probe.py") - {"http", "https"}
"""Addresses are of these schemes; all other words are errors."""


def _assigned_errors(path: str) -> set[str]:
    """Keys that a module puts beside a field."""
    return {
        node.value.value
        for node in ast.walk(parse(INTEGRATION / path))
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]).startswith("errors[")
        and isinstance(node.value, ast.Constant)
    }


def _returned_errors(tree: ast.AST) -> set[str]:
    """Keys that the functions of a module find for an error."""
    return {
        part.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Return) and node.value is not None
        for part in ast.walk(node.value)
        if isinstance(part, ast.Constant)
        and isinstance(part.value, str)
        and not isinstance(node.value, ast.Call | ast.Await | ast.Dict)
    }


def _aborts() -> set[str]:
    reasons = [argument(call, "reason") for call in calls(FLOW, "async_abort")]
    written = {item.value for item in reasons if isinstance(item, ast.Constant)}
    raised = {
        reason
        for method, reason in RAISED_BY_HOME_ASSISTANT.items()
        if any(calls(FLOW, method))
    }
    ended = {
        reason
        for reason, tree in ENDS.items()
        if any(calls(tree, "async_update_reload_and_abort"))
    }
    return written | raised | ended


def test_errors_of_a_probe_are_found() -> None:
    assert {"cannot_connect", "refused", "not_a_miner", "invalid_host"} <= PROBE_ERRORS


def test_errors() -> None:
    found = _returned_errors(REAUTH)
    assert {"invalid_auth", "invalid_code"} <= found
    lists = {
        call.args[0].value
        for call in calls(ADDRESSES, "InvalidListError")
        if isinstance(call.args[0], ast.Constant)
    }
    assert {"invalid_yaml", "network_too_large"} <= lists
    steps = set[str]().union(*map(_assigned_errors, (*FILES, "flows/adding.py")))
    assert set(CONFIG["error"]) == PROBE_ERRORS | found | lists | steps | LEFT_OUT


def test_errors_of_the_repair() -> None:
    assert set(FIX["error"]) == PROBE_ERRORS | _assigned_errors("repairs.py")


def test_aborts() -> None:
    # A discovery ends with what a user would read beside the field.
    searching = {"already_searching"}
    assert set(CONFIG["abort"]) == PROBE_ERRORS | _aborts() | MANY | searching


@for_each("key", sorted(CONFIG["error"]))
def test_one_error_has_one_text(key: str) -> None:
    assert FIX["error"].get(key, CONFIG["error"][key]) == CONFIG["error"][key]
    assert CONFIG["abort"].get(key, CONFIG["error"][key]) == CONFIG["error"][key]


def test_placeholders_of_aborts() -> None:
    given: dict[Any, set[str]] = {}
    for call in calls(FLOW, "async_abort"):
        reason = argument(call, "reason")
        names = argument(call, "description_placeholders")
        if isinstance(reason, ast.Constant) and isinstance(names, ast.Dict):
            given[reason.value] = dict_keys(names)
    lists = {
        key.value
        for node in ast.walk(ADDING)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant)
    }
    given |= dict.fromkeys(MANY, lists)
    for key, text in CONFIG["abort"].items():
        assert placeholders(text) <= given.get(key, set()), key


def _check_form(steps: dict[str, Any], result: Any) -> str:
    """Hold a step's texts against the form that is really shown; return its name."""
    fields = _check_shown(steps, result)
    assert set(steps[result["step_id"]].get("data", {})) == fields
    shown: str = result["step_id"]
    return shown


def _check_shown(steps: dict[str, Any], result: Any) -> set[str]:
    """See that what a form shows has texts; return its fields."""
    assert result["type"] is FlowResultType.FORM
    step = steps[result["step_id"]]
    assert {"title", "description"} & step.keys()
    given = set(result["description_placeholders"] or {})
    return _check_fields(step, result["data_schema"], given)


def _check_fields(step: dict[str, Any], schema: Any, given: set[str]) -> set[str]:
    """See that the fields of a form, or of a section of it, have texts."""
    shown = dict(schema.schema) if schema is not None else {}
    inside = {str(key): field for key, field in shown.items() if _is_section(field)}
    fields = {str(key) for key in shown} - set(inside)
    assert fields <= set(step.get("data", {}))
    assert set(step.get("data_description", {})) == set(step.get("data", {}))
    for text in (
        step.get("title", ""),
        step.get("name", ""),
        step.get("description", ""),
        *step.get("data", {}).values(),
        *step.get("data_description", {}).values(),
    ):
        assert placeholders(text) <= given
    for key, field in inside.items():
        texts = step["sections"][key]
        assert texts["name"]
        found = _check_fields(texts, field.schema, given)
        fields |= {f"{key}.{name}" for name in found}
    return fields


def _is_section(field: object) -> bool:
    return isinstance(field, section)


async def test_forms(hass: HomeAssistant, bench: Bench) -> None:
    entry = await bench.add(await bench.miner(GAMMA))
    flow = hass.config_entries.flow
    for step in ("miner", "search"):
        menu = await flow.async_init(entry.domain, context={"source": "user"})
        form = await flow.async_configure(menu["flow_id"], {"next_step_id": step})
        assert _check_form(CONFIG["step"], form) == step
    reconfigure = await flow.async_init(
        entry.domain,
        context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id},
    )
    fix = await async_create_fix_flow(hass, "any", {"entry_id": entry.entry_id})
    fix.hass = hass

    _check_form(CONFIG["step"], reconfigure)
    shown = _check_form(FIX["step"], await fix.async_step_init(None))
    assert {shown} == set(FIX["step"])


@pytest.mark.parametrize(
    ("needs_code", "step"), [(False, "reauth_confirm"), (True, "one_time_code")]
)
async def test_forms_of_a_reauth(
    hass: HomeAssistant, bench: Bench, needs_code: bool, step: str
) -> None:
    entry = await bench.add(await bench.miner(GAMMA))
    result = await hass.config_entries.flow.async_init(
        entry.domain,
        context={"source": SOURCE_REAUTH, "entry_id": entry.entry_id},
        data={**entry.data, NEEDS_CODE: needs_code},
    )
    assert _check_form(CONFIG["step"], result) == step


async def test_form_of_an_address_to_confirm(hass: HomeAssistant, bench: Bench) -> None:
    entry = await bench.add(await bench.miner(GAMMA))
    result = await hass.config_entries.flow.async_init(
        entry.domain,
        context={"source": SOURCE_REAUTH, "entry_id": entry.entry_id},
        data={**entry.data, CONF_HOST: "192.168.1.66", NEEDS_CODE: False},
    )
    assert _check_form(CONFIG["step"], result) == "new_address"


async def test_form_of_a_locked_miner(hass: HomeAssistant, bench: Bench) -> None:
    miner = await bench.miner(GAMMA)
    miner.inject("unauthorized", realm="AxeOS")
    result = await hass.config_entries.flow.async_init(
        INTEGRATION.name,
        context={"source": "user"},
        data={CONF_HOST: f"{miner.host}:{miner.port}"},
    )
    assert _check_form(CONFIG["step"], result) == "credentials"


async def test_forms_of_a_card(hass: HomeAssistant, bench: Bench) -> None:
    miner = await bench.miner(RB4)
    picking = await hass.config_entries.flow.async_init(
        INTEGRATION.name,
        context={"source": "user"},
        data={CONF_HOST: f"{miner.host}:{miner.port}"},
    )
    assert _check_form(CONFIG["step"], picking) == "unit"
    picked = await hass.config_entries.flow.async_configure(
        picking["flow_id"], {CONF_UNIT: "card0"}
    )
    assert picked["type"] is FlowResultType.CREATE_ENTRY
    await bench.settle()
    (offered,) = hass.config_entries.flow.async_progress()
    shown = await hass.config_entries.flow.async_configure(offered["flow_id"])
    assert _check_form(CONFIG["step"], shown) == "card"


async def test_forms_of_the_options(hass: HomeAssistant, bench: Bench) -> None:
    """Each miner has the fields that make sense for it; together they are all."""
    steps = TEXTS["options"]["step"]
    fields = set()
    for spec in (GAMMA, GAMMA_2, replace(RB4, cards=1)):
        entry = await bench.add(await bench.miner(spec))
        form = await hass.config_entries.options.async_init(entry.entry_id)
        fields |= _check_shown(steps, form)
    assert fields == _texts_of(steps["init"])


def _texts_of(step: dict[str, Any]) -> set[str]:
    """Return the fields that have texts, those in sections too."""
    return set(step["data"]) | {
        f"{name}.{key}"
        for name, texts in step.get("sections", {}).items()
        for key in texts["data"]
    }


async def test_form_of_the_options_of_all_miners(
    hass: HomeAssistant, bench: Bench
) -> None:
    entry = await bench.add(await bench.miner(GAMMA))
    fleet = async_fleet_entry(hass)
    assert fleet is not None
    assert fleet is not entry
    MockConfigEntry(domain="tibber", title="Tibber").add_to_hass(hass)
    flow, steps = hass.config_entries.options, TEXTS["options"]["step"]
    names = set()
    for name in ("fleet", "prices", "worth"):
        menu = await flow.async_init(fleet.entry_id)
        assert set(steps["all_miners"]["menu_options"]) == set(menu["menu_options"])
        form = await flow.async_configure(menu["flow_id"], {"next_step_id": name})
        assert _check_shown(steps, form) == _texts_of(steps[name])
        names.add(name)
    assert set(steps) == {"init", "all_miners", *names}


def test_errors_of_the_options() -> None:
    raised = {
        ast.literal_eval(call.args[0])
        for call in calls(OPTIONS, "InvalidAddressError")
        if call.args
    }
    disordered = {"critical_not_above_warning", "poor_not_below_good"}
    assert disordered <= _returned_errors(OPTIONS)
    of_prices = (_returned_errors(FLEET_OPTIONS) - {""}) | set(PROBLEMS.values())
    of_prices |= set(MarketProblem)
    assert set(TEXTS["options"]["error"]) == raised | disordered | of_prices


async def test_discovery_form(hass: HomeAssistant, bench: Bench) -> None:
    miner = await bench.miner(GAMMA)
    found = await hass.config_entries.flow.async_init(
        INTEGRATION.name,
        context={"source": SOURCE_ZEROCONF},
        data=ZeroconfServiceInfo(
            ip_address=miner.host,
            ip_addresses=[miner.host],
            port=miner.port,
            hostname="bitaxe.local.",
            type="_http._tcp.local.",
            name="bitaxe._http._tcp.local.",
            properties={},
        ),
    )
    _check_form(CONFIG["step"], found)
    (flow,) = hass.config_entries.flow.async_progress()
    assert placeholders(CONFIG["flow_title"]) <= set(
        flow["context"]["title_placeholders"]
    )


async def test_menu_that_offers_all_miners_again(
    hass: HomeAssistant, bench: Bench
) -> None:
    entry = await bench.add(await bench.miner(GAMMA))
    fleet = async_fleet_entry(hass)
    assert fleet is not None
    await hass.config_entries.async_remove(fleet.entry_id)
    menu = await hass.config_entries.flow.async_init(
        entry.domain, context={"source": "user"}
    )
    assert menu["type"] is FlowResultType.MENU
    texts = CONFIG["step"][menu["step_id"]]
    assert set(texts["menu_options"]) == set(menu["menu_options"])


def test_every_form_is_checked_above() -> None:
    assert set(CONFIG["step"]) == {
        # tests/test_search.py shows it, with its names.
        "found",
        # What takes a while has only a title.
        "adding",
        "searching",
        "miner",
        "search",
        "user",
        "unit",
        "card",
        "credentials",
        "reconfigure",
        "reauth_confirm",
        "one_time_code",
        "new_address",
        "discovery_confirm",
    }
