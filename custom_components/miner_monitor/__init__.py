"""Bitcoin miners at home, in Home Assistant."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from .const import DOMAIN
from .control.model import Problem
from .control_issues import async_settle
from .coordinator import MinerConfigEntry, MinerCoordinator, async_delete_issue
from .entry_store import store_of
from .services import async_register_actions
from .session import async_get_session

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CLIMATE,
    Platform.EVENT,
    Platform.LIGHT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions, which exist whether a miner is loaded or not."""
    async_register_actions(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: MinerConfigEntry) -> bool:
    """Set up a miner, whether it is there or not."""
    coordinator = MinerCoordinator(hass, entry, await async_get_session(hass))
    entry.runtime_data = coordinator
    await coordinator.async_start()
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: MinerConfigEntry) -> bool:
    """Unload a miner."""
    if not await hass.config_entries.async_unload_platforms(entry, PLATFORMS):
        return False
    await entry.runtime_data.controller.async_unload()
    return True


async def async_remove_entry(hass: HomeAssistant, entry: MinerConfigEntry) -> None:
    """Leave no open question behind."""
    async_delete_issue(hass, entry)
    async_settle(hass, entry, *Problem)
    await store_of(hass, entry.entry_id).async_remove()
