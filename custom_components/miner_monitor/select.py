"""Choices of a miner."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import Platform

from .control.model import Requester
from .control.values import number_in
from .entity import (
    APPLYING,
    MinerControlEntity,
    MinerControlEntityDescription,
    any_setting,
    applying,
    of_state,
    setup_of,
)
from .fleet.power_entities import FLEET_SELECTS, FleetRunWhen
from .miners.model import MinerState, Pool
from .miners.settings import SETTINGS, Kind, Setting, shown_by
from .model import MinerData
from .runtime.controller import MinerController

# The controller brings order into what is asked for at the same time.
PARALLEL_UPDATES = 0

STARTING_PROFILES = ("eco", "default", "high")
"""The profiles that a miner begins with, which have texts."""


@dataclass(frozen=True, kw_only=True)
class MinerSelectEntityDescription(
    MinerControlEntityDescription, SelectEntityDescription
):
    """A choice, and its options at the moment, None while they are not known."""

    options_fn: Callable[[MinerData], tuple[str, ...] | None]


def _choices(setting: Setting) -> Callable[[MinerData], tuple[str, ...] | None]:
    """Offer what the miner itself lists."""

    def choices(data: MinerData) -> tuple[str, ...] | None:
        allowed = data.identity.limits.settings.get(setting)
        return None if allowed is None else allowed.choices

    return choices


def _pool_option(index: int, pool: Pool) -> str:
    """Name a pool by its number too, for two may have one address."""
    return f"{index + 1}: {pool.address}"


def _pools(data: MinerData) -> tuple[str, ...] | None:
    """Offer the pools that the miner can be set to."""
    allowed = data.identity.limits.settings.get(Setting.POOL)
    if data.state is None or allowed is None:
        return None
    return tuple(
        _pool_option(index, pool)
        for index, pool in enumerate(data.state.pools)
        if pool.address is not None and allowed.minimum <= index <= allowed.maximum
    )


def _pool_attributes(data: MinerData) -> Mapping[str, Any]:
    """Show whether the pool waits for a restart, and which one is being chosen."""
    asked = number_in(data.control.applying, Setting.POOL)
    return {
        "restart_needed": data.control.restart_needed,
        APPLYING: None if asked is None else _option_of(data.state, int(asked)),
    }


def _pool(state: MinerState) -> str | None:
    return _option_of(state, state.settings.pool)


def _option_of(state: MinerState | None, index: int | None) -> str | None:
    """Name a pool by its place, if there is one."""
    if state is None or index is None or not 0 <= index < len(state.pools):
        return None
    return _pool_option(index, state.pools[index])


def _select_pool(
    controller: MinerController, option: str, by: Requester
) -> Awaitable[None]:
    number, _, _ = option.partition(":")
    return controller.async_apply({Setting.POOL: int(number) - 1}, by)


SELECTS: tuple[MinerSelectEntityDescription, ...] = (
    MinerSelectEntityDescription.of(
        Setting.POOL,
        attributes_fn=_pool_attributes,
        attributes_at_once=True,
        options_fn=_pools,
        value_fn=of_state(_pool),
        write_fn=_select_pool,
    ),
    MinerSelectEntityDescription(
        key="profile",
        translation_key="profile",
        exists_fn=any_setting(Setting.FREQUENCY, Setting.WORK_MODE),
        # The first profiles are the work modes, where a miner has these.
        enabled_fn=lambda identity: Setting.WORK_MODE not in identity.limits.settings,
        options=list(STARTING_PROFILES),
        options_fn=lambda data: data.control.profiles,
        value_fn=lambda data: data.control.profile,
        write_fn=MinerController.async_apply_profile,
    ),
    *(
        MinerSelectEntityDescription.of(
            setting,
            attributes_fn=applying(setting),
            attributes_at_once=True,
            options_fn=_choices(setting),
        )
        for setting in shown_by(Platform.SELECT)
        if SETTINGS[setting].kind is Kind.CHOICE
    ),
)


class MinerSelect(MinerControlEntity[MinerSelectEntityDescription], SelectEntity):
    """A choice of a miner."""

    _unrecorded_attributes = frozenset({APPLYING})
    _attr_options: list[str] = []  # noqa: RUF012 - HA's own form
    entity_description: MinerSelectEntityDescription

    @override
    def _read(self, data: MinerData) -> dict[str, Any]:
        description = self.entity_description
        shown: dict[str, Any] = {"current_option": description.value_fn(data)}
        if (options := description.options_fn(data)) is not None:
            shown["options"] = list(options)
        return shown

    @override
    async def async_select_option(self, option: str) -> None:
        """Choose another option."""
        await self._write(option)


async_setup_entry = setup_of(
    Platform.SELECT, (SELECTS, MinerSelect), fleet=[(FLEET_SELECTS, FleetRunWhen)]
)
