"""The dashboard: its JavaScript modules, and its place in the sidebar.

It comes without a line of YAML and with nothing stored. Home Assistant has no
documented way for an integration to bring a dashboard; where its own dashboards have
changed, there is none in the sidebar, and all else goes on.
"""

from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from aiohttp import web
from homeassistant.components.http import HomeAssistantView, StaticPathConfig
from homeassistant.core import CALLBACK_TYPE, CoreState, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..const import CONF_SIDEBAR, DOMAIN, LOGGER
from ..fleet.coordinator import FleetConfigEntry
from ..runtime.ha_compat import add_dashboard, has_panel, load_module, own_text

FOLDER = Path(__file__).parent / "modules"
ENTRY = "miner-monitor.js"

LATE: HassKey[str] = HassKey(f"{DOMAIN}_opener")
"""The module in the address of which pages without it find the dashboard; see below."""

_NEEDED = frozenset({"frontend", "http"})

URL_PATH = "miner-monitor"
OPENER_PATH = "miner-monitor-open"
OPENER_ELEMENT = "miner-monitor-opener"
ICON = "mdi:pickaxe"
CONFIG = {"strategy": {"type": "custom:miner-monitor"}}


async def async_serve_modules(hass: HomeAssistant) -> None:
    """Serve the modules; without a frontend nobody would load them.

    Their address changes with their content, so that a browser keeps them for ever and
    yet never mixes modules of two versions.
    """
    if not hass.config.components >= _NEEDED:
        return
    names, fingerprint = await hass.async_add_executor_job(_look)
    url = f"/{DOMAIN}/{fingerprint}"
    await hass.http.async_register_static_paths(
        [StaticPathConfig(url, str(FOLDER), cache_headers=True)]
    )
    hass.http.register_view(_FormerModules(url, names))
    load_module(hass, f"{url}/{ENTRY}")
    if hass.state is CoreState.running:
        # Pages that are open by now were loaded without our module, and stay so.
        hass.data[LATE] = f"{url}/{ENTRY}"


class _FormerModules(HomeAssistantView):
    """Sends a page that was open during an update to the modules of now.

    What it imports then takes its own imports from the new address, so that modules of
    two versions never meet.
    """

    url = f"/{DOMAIN}/{{fingerprint}}/{{path:.+}}"
    name = f"{DOMAIN}:former_modules"
    requires_auth = False

    def __init__(self, current: str, names: frozenset[str]) -> None:
        """Send to these modules below an address."""
        self._current = current
        self._names = names

    async def get(
        self, _: web.Request, fingerprint: str, path: str
    ) -> web.StreamResponse:
        """Answer with the address of a module that there is."""
        if path not in self._names or self._current.endswith(f"/{fingerprint}"):
            raise web.HTTPNotFound
        raise web.HTTPFound(
            f"{self._current}/{path}", headers={"Cache-Control": "no-store"}
        )


def _look() -> tuple[frozenset[str], str]:
    """Return the names of the modules, and their fingerprint."""
    paths = FOLDER.rglob("*.js")
    names = frozenset(path.relative_to(FOLDER).as_posix() for path in paths)
    return names, _fingerprint()


def _fingerprint() -> str:
    """Return what tells this version of the modules from others."""
    digest = sha256()
    for path in sorted(FOLDER.rglob("*.js")):
        digest.update(path.relative_to(FOLDER).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


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
    title = own_text(hass, "common", "dashboard_title", "Miners")
    shown = {"sidebar_title": title, "sidebar_icon": ICON}
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
