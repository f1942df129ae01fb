"""Bitcoin miners at home, in Home Assistant."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.typing import ConfigType

from .actions.history import async_register_history_actions
from .actions.reports import async_register_reports
from .const import (
    CONF_FAMILY,
    DOMAIN,
    FLEET,
    LOGGER,
    SIGNAL_MINERS,
)
from .control.model import Problem
from .coordinator import MinerCoordinator
from .fleet.coordinator import FleetCoordinator
from .fleet.entry import (
    async_ensure_fleet,
    async_fleet_removed,
    async_miner_removed,
)
from .frontend import (
    async_keep_in_sidebar,
    async_register_details,
    async_serve_modules,
)
from .miners import load_family
from .miners.model import Family
from .runtime.entry_data import (
    is_fleet,
)
from .runtime.escape import one_line
from .runtime.insight import async_remove_stored
from .runtime.issues import (
    async_clear_issues,
    async_delete_alike_issue,
    async_delete_issue,
)
from .runtime.session import async_get_session
from .runtime.store import (
    async_remove_intents,
    store_of,
)
from .services import async_register_actions

LOGGER.addFilter(one_line)

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


FLEET_PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.SENSOR,
    Platform.SWITCH,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register actions and dashboard, which exist whether a miner is loaded or not."""
    async_register_actions(hass)
    async_register_details(hass)
    async_register_history_actions(hass)
    async_register_reports(hass)
    await async_serve_modules(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Set up a miner, whether it is there or not, or all miners together."""
    if is_fleet(entry):
        fleet = FleetCoordinator(hass, entry)
        entry.runtime_data = fleet
        await fleet.async_start()
        await hass.config_entries.async_forward_entry_setups(entry, FLEET_PLATFORMS)
        entry.async_on_unload(async_keep_in_sidebar(hass, entry))
        return True
    entry.async_on_unload(
        entry.async_on_state_change(lambda: async_dispatcher_send(hass, SIGNAL_MINERS))
    )
    await load_family(Family(entry.data[CONF_FAMILY]))
    coordinator = MinerCoordinator(hass, entry, await async_get_session(hass))
    entry.runtime_data = coordinator
    await coordinator.async_start()
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    hass.async_create_task(async_ensure_fleet(hass), f"{DOMAIN} all miners")
    return True


async def async_unload_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Unload a miner, or all miners together."""
    platforms = FLEET_PLATFORMS if is_fleet(entry) else PLATFORMS
    if not await hass.config_entries.async_unload_platforms(entry, platforms):
        return False
    await entry.runtime_data.async_unload()
    return True


async def async_remove_entry(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Leave no open question behind."""
    if is_fleet(entry):
        await async_fleet_removed(hass)
        await async_remove_intents(hass, FLEET)
        return
    async_delete_issue(hass, entry)
    async_delete_alike_issue(hass, entry)
    async_clear_issues(hass, entry, *Problem)
    await store_of(hass, entry.entry_id).async_remove()
    await async_remove_intents(hass, entry.entry_id)
    await async_remove_stored(hass, entry)
    await async_miner_removed(hass)
