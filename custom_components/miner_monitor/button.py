"""Buttons of a miner."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.button import (
    ButtonDeviceClass,
    ButtonEntity,
    ButtonEntityDescription,
)
from homeassistant.const import EntityCategory, Platform

from .control.throttle import throttle_method
from .control.values import agrees
from .coordinator import MinerCoordinator
from .entity import (
    MinerEntityDescription,
    MinerMonitorEntity,
    setup_of,
    translate_errors,
)
from .fleet.entities import FLEET_BUTTONS, FleetButton
from .miners import (
    MinerClient,
    Prove,
)
from .miners.model import Capability
from .model import MinerData
from .runtime.requester import async_requester

# The client sends one request at a time.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class MinerButtonEntityDescription(MinerEntityDescription, ButtonEntityDescription):
    """A button, what it does, and when there is something to do."""

    press_fn: Callable[[MinerCoordinator], Awaitable[None]]
    ready_fn: Callable[[MinerData], bool] = lambda _: True


def _command(
    command: Callable[[MinerClient, Prove], Awaitable[None]], *, restarts: bool = False
) -> Callable[[MinerCoordinator], Awaitable[None]]:
    """Send the miner a command."""
    return lambda coordinator: coordinator.async_command(command, restarts=restarts)


def _may_be_normal(data: MinerData) -> bool:
    """Whether the miner runs something else than its normal settings."""
    normal = data.control.power.normal
    return (
        bool(normal)
        and data.state is not None
        and not agrees(normal, data.state.settings)
    )


def _is_derated(data: MinerData) -> bool:
    return data.control.derated is True


BUTTONS: tuple[MinerButtonEntityDescription, ...] = (
    MinerButtonEntityDescription(
        key="dismiss_block",
        translation_key="dismiss_block",
        capability=Capability.DISMISS_BLOCK,
        entity_registry_enabled_default=False,
        press_fn=_command(lambda client, prove: client.dismiss_block(prove)),
    ),
    MinerButtonEntityDescription(
        key="identify",
        translation_key="identify",
        capability=Capability.LOCATE,
        device_class=ButtonDeviceClass.IDENTIFY,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        press_fn=_command(lambda client, prove: client.locate(prove)),
    ),
    MinerButtonEntityDescription(
        key="reset_filter",
        translation_key="reset_filter",
        capability=Capability.RESET_FILTER,
        entity_registry_enabled_default=False,
        press_fn=_command(lambda client, prove: client.reset_filter(prove)),
    ),
    MinerButtonEntityDescription(
        key="restart",
        translation_key="restart",
        capability=Capability.RESTART,
        device_class=ButtonDeviceClass.RESTART,
        entity_category=EntityCategory.CONFIG,
        press_fn=_command(lambda client, prove: client.restart(prove), restarts=True),
    ),
    MinerButtonEntityDescription(
        key="restore_settings",
        translation_key="restore_settings",
        exists_fn=lambda identity: identity.limits.derating is not None,
        needed_fn=_is_derated,
        press_fn=lambda coordinator: coordinator.controller.async_restore(),
        ready_fn=_is_derated,
    ),
    MinerButtonEntityDescription(
        key="use_as_normal",
        translation_key="use_as_normal",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        exists_fn=lambda identity: throttle_method(identity) is not None,
        press_fn=lambda coordinator: coordinator.controller.async_use_as_normal(),
        ready_fn=_may_be_normal,
    ),
)


class MinerButton(
    MinerMonitorEntity[MinerCoordinator, MinerButtonEntityDescription], ButtonEntity
):
    """A button of a miner."""

    entity_description: MinerButtonEntityDescription

    @property
    @override
    def available(self) -> bool:
        """Whether the miner answers, knows the command, and has a use for it."""
        description, data = self.entity_description, self.coordinator.data
        return (
            super().available
            and description.supported(data.identity)
            and description.ready_fn(data)
        )

    @override
    @translate_errors
    async def async_press(self) -> None:
        """Do it, unless an automation asks while the miner is held."""
        by = await async_requester(self.hass, self._context)
        self.coordinator.controller.require_free(by)
        await self.entity_description.press_fn(self.coordinator)


async_setup_entry = setup_of(
    Platform.BUTTON, (BUTTONS, MinerButton), fleet=[(FLEET_BUTTONS, FleetButton)]
)
