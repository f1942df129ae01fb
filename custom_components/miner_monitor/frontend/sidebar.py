"""The dashboard in the sidebar, without a line of YAML and with nothing stored.

Home Assistant has no public way for an integration to bring a dashboard. What is used
here of its dashboards' inside is used here alone; where it is missing or has changed,
there is no dashboard in the sidebar, one line in the log, and all else goes on.
"""

from collections.abc import Callable
from typing import Any, override

from homeassistant.components.frontend import (
    async_panel_exists,
    async_register_built_in_panel,
    async_remove_panel,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.json import json_bytes, json_fragment
from homeassistant.helpers.translation import async_get_cached_translations

from ..const import CONF_SIDEBAR, DOMAIN, LOGGER
from ..fleet_coordinator import FleetConfigEntry
from .serving import LATE

URL_PATH = "miner-monitor"
OPENER_PATH = "miner-monitor-open"
OPENER_ELEMENT = "miner-monitor-opener"
ICON = "mdi:pickaxe"
CONFIG = {"strategy": {"type": "custom:miner-monitor"}}

type Dashboards = dict[str | None, Any]


@callback
def async_keep_in_sidebar(
    hass: HomeAssistant, entry: FleetConfigEntry
) -> CALLBACK_TYPE:
    """Show the dashboard while the options want it; return what takes it away."""
    hide: CALLBACK_TYPE | None = None

    @callback
    def leave() -> None:
        nonlocal hide
        if hide is not None:
            hide()
            hide = None

    @callback
    def follow() -> None:
        nonlocal hide
        if not entry.options.get(CONF_SIDEBAR, True):
            leave()
        elif hide is None:
            hide = _show(hass)

    async def options_changed(_: HomeAssistant, __: FleetConfigEntry) -> None:
        follow()

    follow()
    entry.async_on_unload(entry.add_update_listener(options_changed))
    return leave


def _show(hass: HomeAssistant) -> CALLBACK_TYPE | None:
    """Add the dashboard; None where that cannot be done."""
    if "lovelace" not in hass.config.components:
        return None
    if async_panel_exists(hass, URL_PATH):
        LOGGER.info("There is a dashboard at /%s already, which stays", URL_PATH)
        return None
    try:
        return _add(hass)
    except (ImportError, AttributeError, KeyError, TypeError, ValueError) as error:
        LOGGER.warning(
            "This Home Assistant keeps its dashboards in another way, so that Miners is"
            " not in the sidebar; add it as a dashboard of the kind Miner Monitor: %r",
            error,
        )
        return None


def _add(hass: HomeAssistant) -> CALLBACK_TYPE:
    """Add the dashboard, or raise whatever a Home Assistant that has changed raises."""
    dashboards, config = _dashboards(hass), _config_class()(hass, URL_PATH, None)
    dashboards[URL_PATH] = config

    @callback
    def hide() -> None:
        for path in (OPENER_PATH, URL_PATH):
            async_remove_panel(hass, path, warn_if_unknown=False)
        if dashboards.get(URL_PATH) is config:
            del dashboards[URL_PATH]

    try:
        _register_panels(hass)
    except Exception:
        hide()
        raise
    return hide


def _register_panels(hass: HomeAssistant) -> None:
    """Show the dashboard in the sidebar.

    Until the next start of Home Assistant there may be pages without our modules, in
    which the dashboard could not be built: what stands in the sidebar loads them first.
    """
    opener, title = hass.data.get(LATE), _title(hass)
    async_register_built_in_panel(
        hass,
        "lovelace",
        sidebar_title=title,
        sidebar_icon=ICON,
        frontend_url_path=URL_PATH,
        config={"mode": "yaml"},
        show_in_sidebar=opener is None,
    )
    if opener is None:
        return
    async_register_built_in_panel(
        hass,
        "custom",
        sidebar_title=title,
        sidebar_icon=ICON,
        frontend_url_path=OPENER_PATH,
        config={
            "path": f"/{URL_PATH}",
            "_panel_custom": {
                "name": OPENER_ELEMENT,
                "module_url": opener,
                "embed_iframe": False,
                "trust_external": False,
            },
        },
    )


def _title(hass: HomeAssistant) -> str:
    words = async_get_cached_translations(hass, hass.config.language, "common", DOMAIN)
    return words.get(f"component.{DOMAIN}.common.dashboard_title", "Miners")


def _dashboards(hass: HomeAssistant) -> Dashboards:
    """Return all dashboards by their path."""
    from homeassistant.components.lovelace.const import (  # noqa: PLC0415 - may be gone in another release
        LOVELACE_DATA,
    )

    return hass.data[LOVELACE_DATA].dashboards


def _config_class() -> Callable[..., Any]:
    """Return the class of a dashboard that is always the same."""
    from homeassistant.components.lovelace.dashboard import (  # noqa: PLC0415 - may be gone in another release
        LovelaceConfig,
    )

    class StrategyDashboard(LovelaceConfig):
        """A dashboard that the browser builds itself."""

        @property
        @override
        def mode(self) -> str:
            """It cannot be edited."""
            return "yaml"

        @override
        async def async_get_info(self) -> dict[str, Any]:
            """Return what the system's health says of it."""
            return {"mode": "auto-gen"}

        @override
        async def async_load(self, force: bool) -> dict[str, Any]:
            """Return its configuration."""
            return CONFIG

        @override
        async def async_json(self, force: bool) -> json_fragment:
            """Return its configuration as it goes to the browser."""
            return json_fragment(json_bytes(CONFIG))

    return StrategyDashboard
