"""Each form, error and abort of the flows has its texts."""

import ast
import re
from typing import Any

from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_ZEROCONF
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import pytest

from custom_components.miner_monitor.const import CONF_UNIT
from custom_components.miner_monitor.repairs import async_create_fix_flow
from tests.conftest import GAMMA, RB4, Bench

from .package import INTEGRATION, argument, calls, dict_keys, parse
from .test_translations import TEXTS, placeholders

CONFIG = TEXTS["config"]
FIX = TEXTS["issues"]["wrong_device"]["fix_flow"]
ERROR_TEXTS = {"config": CONFIG["error"], "wrong_device": FIX["error"]}

RAISED_BY_HOME_ASSISTANT = {
    "_abort_if_unique_id_configured": "already_configured",
    "async_set_unique_id": "already_in_progress",
    "async_update_reload_and_abort": "reconfigure_successful",
}
FLOW = parse(INTEGRATION / "config_flow.py")


def _words(path: str) -> set[str]:
    """Every text of a module that can be a key."""
    return {
        node.value
        for node in ast.walk(parse(INTEGRATION / path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[a-z]+(_[a-z]+)*", node.value)
    }


PROBE_ERRORS = _words("probe.py")


def _assigned_errors(path: str) -> set[str]:
    """Keys that a module puts beside a field."""
    return {
        node.value.value
        for node in ast.walk(parse(INTEGRATION / path))
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]).startswith("errors[")
        and isinstance(node.value, ast.Constant)
    }


def _aborts() -> set[str]:
    reasons = [argument(call, "reason") for call in calls(FLOW, "async_abort")]
    written = {item.value for item in reasons if isinstance(item, ast.Constant)}
    raised = {
        reason
        for method, reason in RAISED_BY_HOME_ASSISTANT.items()
        if any(calls(FLOW, method))
    }
    return written | raised


def test_errors_of_a_probe_are_found() -> None:
    assert {"cannot_connect", "refused", "not_a_miner", "invalid_host"} <= PROBE_ERRORS


def test_errors() -> None:
    assert set(CONFIG["error"]) == PROBE_ERRORS | _assigned_errors("config_flow.py")


def test_errors_of_the_repair() -> None:
    assert set(FIX["error"]) == PROBE_ERRORS | _assigned_errors("repairs.py")


def test_aborts() -> None:
    # A discovery ends with what a user would read beside the field.
    assert set(CONFIG["abort"]) == PROBE_ERRORS | _aborts()


@pytest.mark.parametrize("key", sorted(CONFIG["error"]))
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
    for key, text in CONFIG["abort"].items():
        assert placeholders(text) <= given.get(key, set()), key


def _check_form(steps: dict[str, Any], result: Any) -> str:
    """Hold a step's texts against the form that is really shown; return its name."""
    assert result["type"] is FlowResultType.FORM
    step = steps[result["step_id"]]
    assert {"title", "description"} & step.keys()
    schema = result["data_schema"]
    fields = {str(key) for key in schema.schema} if schema is not None else set()
    assert set(step.get("data", {})) == fields
    assert set(step.get("data_description", {})) == fields
    given = set(result["description_placeholders"] or {})
    for text in (
        step.get("title", ""),
        step.get("description", ""),
        *step.get("data", {}).values(),
        *step.get("data_description", {}).values(),
    ):
        assert placeholders(text) <= given
    shown: str = result["step_id"]
    return shown


async def test_forms(hass: HomeAssistant, bench: Bench) -> None:
    entry = await bench.add(await bench.miner(GAMMA))
    flow = hass.config_entries.flow
    user = await flow.async_init(entry.domain, context={"source": "user"})
    reconfigure = await flow.async_init(
        entry.domain,
        context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id},
    )
    fix = await async_create_fix_flow(hass, "any", {"entry_id": entry.entry_id})
    fix.hass = hass

    _check_form(CONFIG["step"], user)
    _check_form(CONFIG["step"], reconfigure)
    shown = _check_form(FIX["step"], await fix.async_step_init(None))
    assert {shown} == set(FIX["step"])


async def test_forms_of_a_card(hass: HomeAssistant, bench: Bench) -> None:
    """A card's forms have all the fields that another miner's have, and more."""
    miner = await bench.miner(RB4)
    flow = hass.config_entries.flow
    picking = await flow.async_init(
        INTEGRATION.name,
        context={"source": "user"},
        data={CONF_HOST: f"{miner.host}:{miner.port}"},
    )
    _check_form(CONFIG["step"], picking)
    added = await flow.async_configure(picking["flow_id"], {CONF_UNIT: "card1"})
    options = await hass.config_entries.options.async_init(added["result"].entry_id)

    assert {_check_form(TEXTS["options"]["step"], options)} == set(
        TEXTS["options"]["step"]
    )


def test_errors_of_the_options() -> None:
    raised = {
        ast.literal_eval(call.args[0])
        for call in calls(FLOW, "InvalidAddressError")
        if call.args
    }
    assert set(TEXTS["options"]["error"]) == raised


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


def test_every_form_is_checked_above() -> None:
    assert set(CONFIG["step"]) == {
        "user",
        "unit",
        "reconfigure",
        "discovery_confirm",
    }
