"""Bitcoin miners at home, in Home Assistant."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.typing import ConfigType

from .const import (
    CONF_FAMILY,
    DOMAIN,
    FLEET,
    ISSUE_ALIKE,
    ISSUE_WRONG_DEVICE,
    LOGGER,
    SIGNAL_MINERS,
)
from .control.model import Problem
from .coordinator import MinerCoordinator, MonitorCoordinator
from .fleet import FleetData, FleetFeature
from .fleet.coordinator import (
    FleetCoordinator,
    MonitorConfigEntry,
    async_ensure_fleet,
    async_fleet_removed,
    async_miner_removed,
    is_fleet_entry,
)
from .fleet.wish import FILE as POWER_FILE
from .frontend import (
    async_keep_in_sidebar,
    async_serve_modules,
)
from .metrics import async_offer_metrics
from .miners import load_family
from .miners.model import Family, MinerIdentity, Setting
from .runtime.escape import one_line
from .runtime.insight import async_remove_stored
from .runtime.messages import async_clear_issues
from .runtime.requester import async_watch_runs
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
    Platform.IMAGE,
    Platform.LIGHT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
]


FLEET_PLATFORMS = {
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.IMAGE,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
}

ONLY_WITH: Mapping[Platform, frozenset[Setting]] = {
    Platform.CLIMATE: frozenset({Setting.HEATING_TEMPERATURE}),
    Platform.LIGHT: frozenset({Setting.LIGHT}),
    Platform.SELECT: frozenset({Setting.FREQUENCY, Setting.POOL, Setting.WORK_MODE}),
    Platform.SWITCH: frozenset(Setting),
}
"""Platforms that are loaded only for a miner that takes one of these settings."""


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register actions and dashboard, which exist whether a miner is loaded or not."""
    async_register_actions(hass)
    async_watch_runs(hass)
    await async_serve_modules(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: MonitorConfigEntry) -> bool:
    """Set up a miner, whether it is there or not, or all miners together."""
    if is_fleet_entry(entry):
        fleet = FleetCoordinator(hass, entry)
        entry.runtime_data = fleet
        await fleet.async_start()
        await _async_forward_all(hass, entry, platforms_of_fleet)
        entry.async_on_unload(async_keep_in_sidebar(hass, entry))
        await async_offer_metrics(hass, entry)
        return True
    entry.async_on_unload(
        entry.async_on_state_change(lambda: async_dispatcher_send(hass, SIGNAL_MINERS))
    )
    await load_family(Family(entry.data[CONF_FAMILY]))
    coordinator = MinerCoordinator(hass, entry, await async_get_session(hass))
    entry.runtime_data = coordinator
    await coordinator.async_start()
    await _async_forward_all(hass, entry, platforms_of)
    hass.async_create_task(async_ensure_fleet(hass), f"{DOMAIN} all miners")
    return True


def platforms_of_fleet(data: FleetData) -> set[str]:
    """Return the platforms on which all miners together have entities."""
    heats = FleetFeature.HEATER in data.features
    return {*FLEET_PLATFORMS, *[Platform.CLIMATE] * heats}


def platforms_of(identity: MinerIdentity) -> set[str]:
    """Return the platforms on which a miner has entities."""
    settings = identity.limits.settings
    return {
        platform
        for platform in PLATFORMS
        if platform not in ONLY_WITH or not ONLY_WITH[platform].isdisjoint(settings)
    }


async def _async_forward_all(
    hass: HomeAssistant,
    entry: MonitorConfigEntry,
    platforms_of: Callable[[Any], set[str]],
) -> None:
    """Set up the platforms that are needed, had entities before, or are needed later.

    They are asked for by the miner's identity, or by the data of all miners.
    """
    coordinator: MonitorCoordinator[Any] = entry.runtime_data
    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    asked = platforms_of(coordinator.owner) | {item.domain for item in registered}
    await _async_forward(hass, entry, asked)

    seen: Any = None

    @callback
    def follow() -> None:
        nonlocal seen
        owner = coordinator.owner
        if owner is seen or entry.state is not ConfigEntryState.LOADED:
            return
        seen = owner
        if more := platforms_of(owner) - asked:
            # Each is set up once, however often the identity changes meanwhile.
            asked.update(more)
            entry.async_create_background_task(
                hass, _async_forward(hass, entry, more), f"{entry.title} platforms"
            )

    entry.async_on_unload(coordinator.async_add_listener(follow))


async def _async_forward(
    hass: HomeAssistant, entry: MonitorConfigEntry, platforms: Collection[str]
) -> None:
    """Set up platforms, and remember which."""
    more = {Platform(name) for name in platforms}
    await hass.config_entries.async_forward_entry_setups(entry, more)
    entry.runtime_data.platforms |= more


async def async_unload_entry(hass: HomeAssistant, entry: MonitorConfigEntry) -> bool:
    """Unload a miner, or all miners together."""
    platforms = entry.runtime_data.platforms
    if not await hass.config_entries.async_unload_platforms(entry, platforms):
        return False
    await entry.runtime_data.async_unload()
    return True


async def async_remove_entry(hass: HomeAssistant, entry: MonitorConfigEntry) -> None:
    """Leave no open question behind."""
    if is_fleet_entry(entry):
        await async_fleet_removed(hass)
        await async_remove_intents(hass, FLEET)
        await async_remove_intents(hass, POWER_FILE)
        return
    async_clear_issues(hass, entry, *Problem, ISSUE_ALIKE, ISSUE_WRONG_DEVICE)
    await store_of(hass, entry.entry_id).async_remove()
    await async_remove_intents(hass, entry.entry_id)
    await async_remove_stored(hass, entry)
    await async_miner_removed(hass)
