"""Actions: what no entity can do alone, and what they take."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service
import voluptuous as vol

from .charts.model import DPI, LEAST_DPI, MOST_DPI, ChartKind, Theme
from .const import DOMAIN, MOST_EXPORTED_HOURS, STATES, STATISTICS, ColumnSet
from .miners.settings import SETTINGS, Kind

MOST_REPORTED_HOURS = 744
"""A month of 31 days."""

MOST_FILES = 200


def _number(value: Any) -> float:
    """Return a number; a switch is none, nor is what no float can hold."""
    if isinstance(value, bool):
        raise vol.Invalid("expected a number, not on or off")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as err:
        raise vol.Invalid("expected a number") from err


def _hours(value: Any) -> int:
    """Return a number of hours that there are statistics of."""
    try:
        hours = _number(value)
    except vol.Invalid:
        hours = 0
    if not 1 <= hours <= MOST_REPORTED_HOURS or hours % 1:
        raise vol.Invalid(
            f"expected a whole number of hours from 1 to {MOST_REPORTED_HOURS}"
        )
    return int(hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What an action takes, and who may call it for which answer.

    Its handler is the function of its name in a ``module`` of actions/, which is
    loaded at the first call: most homes never call most of them.
    """

    module: str
    fields: dict[Any, Any]
    targeted: bool = True
    admin: bool = False
    response: SupportsResponse = SupportsResponse.NONE


_KINDS = {
    Kind.NUMBER: vol.All(_number, vol.Range(min=0, max=100_000)),
    Kind.SWITCH: cv.boolean,
    Kind.CHOICE: cv.string,
}
_PROFILE = {vol.Required("profile"): cv.string}
_PERIOD = {
    vol.Optional("hours", default=24): _hours,
    vol.Optional("today", default=False): cv.boolean,
}
_CHART = {
    vol.Optional("kind", default=ChartKind.ALL_MINERS): vol.All(
        cv.string, vol.Coerce(ChartKind)
    ),
    vol.Optional("hours", default=24): _hours,
    vol.Optional("theme", default=Theme.LIGHT): vol.All(cv.string, vol.Coerce(Theme)),
    vol.Optional("dpi", default=DPI): vol.All(
        _number, vol.Range(min=LEAST_DPI, max=MOST_DPI), vol.Coerce(int)
    ),
}
_EXPORT = {
    vol.Optional("start"): cv.datetime,
    vol.Optional("end"): cv.datetime,
    vol.Optional("hours", default=24): vol.All(
        vol.Coerce(int), vol.Range(min=1, max=MOST_EXPORTED_HOURS)
    ),
    vol.Optional("source", default=STATES): vol.In([STATES, STATISTICS]),
    vol.Optional("columns", default=ColumnSet.OURS): vol.All(
        cv.string, vol.Coerce(ColumnSet)
    ),
    vol.Optional("file"): cv.string,
    vol.Optional("overwrite", default=False): cv.boolean,
}
_IMPORT = {
    vol.Required("file"): vol.All(
        cv.ensure_list, [cv.string], vol.Length(min=1, max=MOST_FILES)
    ),
    vol.Optional("map", default=dict): vol.Schema({cv.string: cv.string}),
}

ACTIONS: Mapping[str, Action] = {
    "apply_settings": Action(
        module="settings",
        fields={
            vol.Optional(setting.value): _KINDS[spec.kind]
            for setting, spec in SETTINGS.items()
            if spec.kept
        },
    ),
    "apply_profile": Action(
        module="settings",
        fields={
            **_PROFILE,
            vol.Exclusive("for", "end"): cv.positive_time_period,
            vol.Exclusive("until", "end"): cv.datetime,
        },
    ),
    "hold": Action(
        module="settings",
        fields={
            vol.Exclusive("for", "end"): cv.positive_time_period,
            vol.Exclusive("until", "end"): cv.datetime,
            vol.Exclusive("release", "end"): cv.boolean,
        },
    ),
    "chart": Action(
        module="pictures", fields=_CHART, response=SupportsResponse.OPTIONAL
    ),
    "copy_profiles": Action(
        module="settings", fields={vol.Required("source"): cv.string}
    ),
    "delete_profile": Action(module="settings", fields=_PROFILE),
    "save_profile": Action(module="settings", fields=_PROFILE),
    "show_details": Action(module="details", fields={}, admin=True),
    "device_check": Action(
        module="device_check", fields={}, admin=True, response=SupportsResponse.ONLY
    ),
    "export_csv": Action(
        module="history",
        fields=_EXPORT,
        admin=True,
        response=SupportsResponse.OPTIONAL,
    ),
    "import_history": Action(
        module="history",
        fields=_IMPORT,
        targeted=False,
        admin=True,
        response=SupportsResponse.OPTIONAL,
    ),
    "miner_report": Action(
        module="reports", fields=_PERIOD, response=SupportsResponse.ONLY
    ),
    "fleet_report": Action(
        module="reports",
        fields=_PERIOD,
        targeted=False,
        response=SupportsResponse.ONLY,
    ),
    "command": Action(
        module="command",
        fields={
            vol.Required("text"): cv.string,
            vol.Optional("allow_control", default=False): cv.boolean,
            vol.Optional("allow_tuning", default=False): cv.boolean,
            vol.Optional("pictures", default=True): cv.boolean,
        },
        targeted=False,
        response=SupportsResponse.ONLY,
    ),
    "compare_settings": Action(
        module="reports", fields={}, response=SupportsResponse.ONLY
    ),
}


@callback
def async_register_actions(hass: HomeAssistant) -> None:
    """Register all actions of the integration."""
    for name, action in ACTIONS.items():
        make = cv.make_entity_service_schema if action.targeted else vol.Schema
        register = hass.services.async_register
        if action.admin:
            register = partial(async_register_admin_service, hass)
        handler = partial(_async_handle, f"{__package__}.actions.{action.module}")
        register(DOMAIN, name, handler, make(action.fields), action.response)


async def _async_handle(module: str, call: ServiceCall) -> ServiceResponse:
    """Call the handler of an action, which is loaded outside of the event loop."""
    handlers = await call.hass.async_add_import_executor_job(import_module, module)
    response: ServiceResponse = await getattr(handlers, call.service)(call)
    return response
