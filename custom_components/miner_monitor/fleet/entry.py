"""The entry of all miners together: it comes with the first, and goes with the last.

A user who removes it by hand does not get it back, not even after a restart or after
all miners were gone, until the form that adds a miner is asked for it.
"""

from homeassistant.config_entries import SOURCE_IMPORT
from homeassistant.core import HomeAssistant, callback

from ..const import (
    DOMAIN,
    FLEET,
)
from ..runtime.entry_data import miner_entries
from ..runtime.store import (
    async_read,
    store_of,
)
from .coordinator import FleetConfigEntry

TITLE = "All miners"

_REMOVED = "removed"


@callback
def async_fleet_entry(hass: HomeAssistant) -> FleetConfigEntry | None:
    """Return the entry of all miners, loaded or not."""
    return hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, FLEET)


async def async_ensure_fleet(hass: HomeAssistant) -> None:
    """Make the entry of all miners, unless it is there or is not wanted."""
    if async_fleet_entry(hass) is not None:
        return
    stored = await async_read(store_of(hass, FLEET))
    if stored is not None and stored.get(_REMOVED) is True:
        return
    # The frontend lets nobody remove or reconfigure what has the source "system".
    await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_IMPORT})


async def async_fleet_removed(hass: HomeAssistant) -> None:
    """Remember who removed it: while there are miners, it was the user."""
    store = store_of(hass, FLEET)
    if not miner_entries(hass):
        await store.async_remove()
        return
    stored = await async_read(store)
    await store.async_save({**(stored or {}), _REMOVED: True})


async def async_miner_removed(hass: HomeAssistant) -> None:
    """Let the entry of all miners go with the last of them."""
    fleet = async_fleet_entry(hass)
    if fleet is not None and not miner_entries(hass):
        await hass.config_entries.async_remove(fleet.entry_id)
