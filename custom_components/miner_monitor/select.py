"""Choices of a miner."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import MinerConfigEntry
from .entity import (
    MinerControlEntity,
    MinerControlEntityDescription,
    any_setting,
    async_add_miner_entities,
    of_state,
    translate_errors,
)
from .miners.model import (
    MinerState,
    Pool,
    Setting,
)
from .model import MinerData
from .runtime.controller import MinerController

# The controller brings order into what is asked for at the same time.
PARALLEL_UPDATES = 0

WORK_MODES = (
    *("low", "medium", "mid", "high"),
    *("night", "heating_eco", "mining", "heating_super"),
    *("eco", "standard", "super"),
    "normal",
)
"""The work modes of all models, which have texts."""

STARTING_PROFILES = ("eco", "default", "high")
"""The profiles that a miner begins with, which have texts."""


@dataclass(frozen=True, kw_only=True)
class MinerSelectEntityDescription(
    MinerControlEntityDescription, SelectEntityDescription
):
    """A choice: its options at the moment, the present one, and how it is made.

    ``options`` are those that have texts. Those of the moment are None while they
    are not known.
    """

    options_fn: Callable[[MinerData], tuple[str, ...] | None]
    value_fn: Callable[[MinerData], str | None]
    select_fn: Callable[[MinerController, str], Awaitable[None]]


def _work_modes(data: MinerData) -> tuple[str, ...] | None:
    allowed = data.identity.limits.settings.get(Setting.WORK_MODE)
    return None if allowed is None else allowed.choices


def _pool_option(index: int, pool: Pool) -> str:
    """Name a pool by its number too, for two may have one address."""
    return f"{index + 1}: {pool.address}"


def _pools(data: MinerData) -> tuple[str, ...] | None:
    """Offer the pools that the miner can be told to use."""
    allowed = data.identity.limits.settings.get(Setting.POOL)
    if data.state is None or allowed is None:
        return None
    return tuple(
        _pool_option(index, pool)
        for index, pool in enumerate(data.state.pools)
        if pool.address is not None and allowed.minimum <= index <= allowed.maximum
    )


def _pool(state: MinerState) -> str | None:
    index = state.settings.pool
    if index is None or not 0 <= index < len(state.pools):
        return None
    return _pool_option(index, state.pools[index])


def _select_pool(controller: MinerController, option: str) -> Awaitable[None]:
    number, _, _ = option.partition(":")
    return controller.async_apply({Setting.POOL: int(number) - 1})


SELECTS: tuple[MinerSelectEntityDescription, ...] = (
    MinerSelectEntityDescription(
        key="pool",
        translation_key="pool",
        setting=Setting.POOL,
        attributes_fn=lambda data: {"restart_needed": data.control.restart_needed},
        attributes_at_once=True,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        options_fn=_pools,
        value_fn=of_state(_pool),
        select_fn=_select_pool,
    ),
    MinerSelectEntityDescription(
        key="profile",
        translation_key="profile",
        exists_fn=any_setting(Setting.FREQUENCY, Setting.WORK_MODE),
        options=list(STARTING_PROFILES),
        options_fn=lambda data: data.control.profiles,
        value_fn=lambda data: data.control.profile,
        select_fn=lambda controller, name: controller.async_apply_profile(name),
    ),
    MinerSelectEntityDescription(
        key="work_mode",
        translation_key="work_mode",
        setting=Setting.WORK_MODE,
        options=list(WORK_MODES),
        options_fn=_work_modes,
        value_fn=of_state(lambda state: state.settings.work_mode),
        select_fn=lambda controller, mode: controller.async_apply(
            {Setting.WORK_MODE: mode}
        ),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the choices that the miner has."""
    async_add_miner_entities(
        entry, Platform.SELECT, SELECTS, MinerSelect, async_add_entities
    )


type _Reading = tuple[tuple[str, ...] | None, str | None]


class MinerSelect(MinerControlEntity[MinerSelectEntityDescription], SelectEntity):
    """A choice of a miner."""

    _attr_options: list[str] = []  # noqa: RUF012 - HA's own form
    entity_description: MinerSelectEntityDescription

    @override
    def _read(self, data: MinerData) -> _Reading:
        description = self.entity_description
        return description.options_fn(data), description.value_fn(data)

    @override
    def _show(self, value: _Reading) -> None:
        options, self._attr_current_option = value
        if options is not None:
            self._attr_options = list(options)

    @override
    @translate_errors
    async def async_select_option(self, option: str) -> None:
        """Choose another option."""
        await self.entity_description.select_fn(self.controller, option)
