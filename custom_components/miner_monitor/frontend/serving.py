"""Serves the JavaScript modules, and lets the frontend load the first of them."""

from hashlib import sha256
from pathlib import Path

from homeassistant.components.http import StaticPathConfig
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..runtime.ha_compat import load_module

FOLDER = Path(__file__).parent / "modules"
ENTRY = "miner-monitor.js"
OPENER = "open.js"

LATE: HassKey[str] = HassKey(f"{DOMAIN}_opener")
"""The module that opens the dashboard in pages without ours; see below."""

_NEEDED = frozenset({"frontend", "http"})


async def async_serve_modules(hass: HomeAssistant) -> None:
    """Serve the modules; without a frontend nobody would load them.

    Their address changes with their content, so that a browser keeps them for ever and
    yet never mixes modules of two versions.
    """
    if not hass.config.components >= _NEEDED:
        return
    url = f"/{DOMAIN}/{await hass.async_add_executor_job(_fingerprint)}"
    await hass.http.async_register_static_paths(
        [StaticPathConfig(url, str(FOLDER), cache_headers=True)]
    )
    load_module(hass, f"{url}/{ENTRY}")
    if hass.state is CoreState.running:
        # Pages that are open by now were loaded without our module, and stay so.
        hass.data[LATE] = f"{url}/{OPENER}"


def _fingerprint() -> str:
    """Return what tells this version of the modules from others."""
    digest = sha256()
    for path in sorted(FOLDER.rglob("*.js")):
        digest.update(path.relative_to(FOLDER).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
