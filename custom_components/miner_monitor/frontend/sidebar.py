"""The dashboard in the sidebar, without a line of YAML and with nothing stored.

Home Assistant has no documented way for an integration to bring a dashboard; where its
own dashboards have changed, there is none in the sidebar, and all else goes on.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..const import (
    CONF_SIDEBAR,
    DOMAIN,
    LOGGER,
)
from ..fleet.coordinator import FleetConfigEntry
from ..runtime.ha_compat import (
    add_dashboard,
    has_panel,
    texts_of,
)
from .serving import LATE

URL_PATH = "miner-monitor"
OPENER_PATH = "miner-monitor-open"
OPENER_ELEMENT = "miner-monitor-opener"
ICON = "mdi:pickaxe"
CONFIG = {"strategy": {"type": "custom:miner-monitor"}}


@callback
def async_keep_in_sidebar(
    hass: HomeAssistant, entry: FleetConfigEntry
) -> CALLBACK_TYPE:
    """Show the dashboard while the options want it; return what takes it away."""
    hide: CALLBACK_TYPE | None = None

    @callback
    def follow(*, wanted: bool) -> None:
        nonlocal hide
        if wanted and hide is None:
            hide = _show(hass)
        elif hide is not None and not wanted:
            hide()
            hide = None

    async def options_changed(_: HomeAssistant, __: FleetConfigEntry) -> None:
        follow(wanted=entry.options.get(CONF_SIDEBAR, True))

    follow(wanted=entry.options.get(CONF_SIDEBAR, True))
    entry.async_on_unload(entry.add_update_listener(options_changed))
    return partial(follow, wanted=False)


def _show(hass: HomeAssistant) -> CALLBACK_TYPE | None:
    """Add the dashboard; None where that cannot be done."""
    if "lovelace" not in hass.config.components:
        return None
    if has_panel(hass, URL_PATH):
        LOGGER.info("There is a dashboard at /%s already, which stays", URL_PATH)
        return None
    return add_dashboard(hass, URL_PATH, CONFIG, _panels(hass))


def _panels(hass: HomeAssistant) -> dict[str, Mapping[str, Any]]:
    """Return what stands in the sidebar.

    Until the next start of Home Assistant there may be pages without our modules, in
    which the dashboard could not be built: what stands in the sidebar loads them first.
    """
    opener = hass.data.get(LATE)
    shown = {"sidebar_title": _title(hass), "sidebar_icon": ICON}
    dashboard = {
        **shown,
        "component_name": "lovelace",
        "config": {"mode": "yaml"},
        "show_in_sidebar": opener is None,
    }
    if opener is None:
        return {URL_PATH: dashboard}
    custom = {
        "name": OPENER_ELEMENT,
        "module_url": opener,
        "embed_iframe": False,
        "trust_external": False,
    }
    first = {
        **shown,
        "component_name": "custom",
        "config": {"path": f"/{URL_PATH}", "_panel_custom": custom},
    }
    return {URL_PATH: dashboard, OPENER_PATH: first}


def _title(hass: HomeAssistant) -> str:
    key = f"component.{DOMAIN}.common.dashboard_title"
    return texts_of(hass, "common").get(key, "Miners")
