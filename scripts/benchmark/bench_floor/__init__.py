"""Keeps as many entities as an entry says and writes as many states, and does no more.

What Home Assistant itself takes for that is the floor beneath any integration.
"""

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant

DOMAIN = "bench_floor"


async def async_setup_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Set up the only platform."""
    await hass.config_entries.async_forward_entry_setups(entry, [Platform.SENSOR])
    return True


async def async_unload_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Unload the only platform."""
    return await hass.config_entries.async_unload_platforms(entry, [Platform.SENSOR])
