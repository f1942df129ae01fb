"""Switches of a miner."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import (
    SwitchDeviceClass,
    SwitchEntity,
    SwitchEntityDescription,
)
from homeassistant.const import EntityCategory, Platform

from .control.model import Hold, Requester
from .control.throttle import throttle_method
from .entity import (
    MinerControlEntity,
    MinerControlEntityDescription,
    setup_of,
)
from .fleet.entities import FLEET_SWITCHES, FleetSwitch
from .fleet.power_entities import FLEET_DRY_RUNS, FleetDryRun
from .miners.settings import shown_by
from .model import MinerData
from .runtime.controller import MinerController
from .sensors.description import iso_text

# The controller brings order into what is asked for at the same time.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class MinerSwitchEntityDescription(
    MinerControlEntityDescription, SwitchEntityDescription
):
    """A switch."""


def _method(data: MinerData) -> Mapping[str, Any]:
    return {
        "method": data.control.throttle_method,
        "held": data.control.hold is not None,
        "profile": data.control.profile,
    }


def _held_until(data: MinerData) -> Mapping[str, Any]:
    hold = data.control.hold
    return {"until": None if hold is None else iso_text(hold.until)}


async def _follow(controller: MinerController, on: bool, by: Requester) -> None:
    """Hold or release it; automations hold by the action that is meant for it.

    One that turns everything off at night must be able to turn it on in the morning.
    """
    if on or not by.automated:
        await controller.async_hold(None if on else Hold())


SWITCHES: tuple[MinerSwitchEntityDescription, ...] = (
    *map(MinerSwitchEntityDescription.of, shown_by(Platform.SWITCH)),
    MinerSwitchEntityDescription(
        key="throttle",
        translation_key="throttle",
        # By this the blueprints offer it alone of a miner's switches.
        device_class=SwitchDeviceClass.SWITCH,
        # What is done to a device or an area leaves this out: off means more power.
        entity_category=EntityCategory.CONFIG,
        attributes_fn=_method,
        attributes_at_once=True,
        exists_fn=lambda identity: throttle_method(identity) is not None,
        value_fn=lambda data: data.control.saving_power,
        write_fn=MinerController.async_throttle,
    ),
    MinerSwitchEntityDescription(
        key="follow_automations",
        translation_key="follow_automations",
        entity_category=EntityCategory.CONFIG,
        attributes_fn=_held_until,
        attributes_at_once=True,
        available_offline=True,
        exists_fn=lambda identity: bool(identity.limits.settings),
        value_fn=lambda data: data.control.hold is None,
        write_fn=_follow,
    ),
)


class MinerSwitch(MinerControlEntity[MinerSwitchEntityDescription], SwitchEntity):
    """A switch of a miner."""

    entity_description: MinerSwitchEntityDescription

    @override
    def _read(self, data: MinerData) -> dict[str, Any]:
        return {"is_on": self.entity_description.value_fn(data)}

    @override
    async def async_turn_on(self, /, **kwargs: Any) -> None:
        """Turn it on."""
        await self._write(True)

    @override
    async def async_turn_off(self, /, **kwargs: Any) -> None:
        """Turn it off."""
        await self._write(False)


async_setup_entry = setup_of(
    Platform.SWITCH,
    (SWITCHES, MinerSwitch),
    fleet=[(FLEET_SWITCHES, FleetSwitch), (FLEET_DRY_RUNS, FleetDryRun)],
)
