"""Bitcoin miners at home, in Home Assistant."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant

from .coordinator import MinerConfigEntry, MinerCoordinator, async_delete_issue
from .session import async_get_session

PLATFORMS = [Platform.BINARY_SENSOR, Platform.BUTTON, Platform.SENSOR]


async def async_setup_entry(hass: HomeAssistant, entry: MinerConfigEntry) -> bool:
    """Set up a miner, whether it is there or not."""
    coordinator = MinerCoordinator(hass, entry, await async_get_session(hass))
    entry.runtime_data = coordinator
    await coordinator.async_start()
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: MinerConfigEntry) -> bool:
    """Unload a miner."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: MinerConfigEntry) -> None:
    """Leave no open question behind."""
    async_delete_issue(hass, entry)
