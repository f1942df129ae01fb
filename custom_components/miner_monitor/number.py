"""Numbers of a miner that can be set."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import EntityCategory, Platform, UnitOfPower

from .const import CONF_PRIORITY
from .control.power_target import set_points
from .control.throttle import throttle_method
from .coordinator import MinerCoordinator
from .entity import (
    APPLYING,
    MinerControlEntity,
    MinerControlEntityDescription,
    MinerEntityDescription,
    MinerMonitorEntity,
    applying,
    setup_of,
)
from .fleet import features_of
from .fleet.members import (
    MAX_PRIORITY,
    MIN_PRIORITY,
    priority_of,
)
from .fleet.power_entities import FLEET_NUMBERS, FleetPowerTarget
from .miners.power import PowerStep
from .miners.settings import SETTINGS, Setting, shown_by
from .model import MinerData
from .sensors.insight import settings_text

# The controller brings order into what is asked for at the same time.
PARALLEL_UPDATES = 0

VALUES = "values"
"""The attribute of the values that the board itself lists."""


@dataclass(frozen=True, kw_only=True)
class MinerNumberEntityDescription(
    MinerControlEntityDescription, NumberEntityDescription
):
    """A number and the setting that it is.

    Each change wears the flash of most miners: a box sends one when it has been
    typed, where a slider sends each stop on its way.
    """

    setting: Setting
    mode: NumberMode = NumberMode.BOX


_DEVICE_CLASSES = {
    "MHz": NumberDeviceClass.FREQUENCY,
    "V": NumberDeviceClass.VOLTAGE,
    "°C": NumberDeviceClass.TEMPERATURE,
    "s": NumberDeviceClass.DURATION,
}


def _attributes(setting: Setting) -> Callable[[MinerData], Mapping[str, Any]]:
    """Show what is being written, and the values that the board itself lists."""
    asked = applying(setting)

    def attributes(data: MinerData) -> Mapping[str, Any]:
        allowed = data.identity.limits.settings.get(setting)
        return {**asked(data), VALUES: list(allowed.options) if allowed else []}

    return attributes


NUMBERS = tuple(
    MinerNumberEntityDescription.of(
        setting,
        device_class=_DEVICE_CLASSES.get(SETTINGS[setting].unit),
        native_unit_of_measurement=SETTINGS[setting].unit or None,
        attributes_fn=_attributes(setting),
        attributes_at_once=True,
    )
    for setting in shown_by(Platform.NUMBER)
)


STEPS = "steps"
"""The attribute of what a miner may be set to for a power target."""

STOPPED = "stopped"

MOST_POWER = 10_000.0
"""W, where nobody knows what a miner is made for."""


@dataclass(frozen=True, kw_only=True)
class MinerPowerEntityDescription(
    MinerControlEntityDescription, NumberEntityDescription
):
    """What a miner is to draw at most."""


def _step_text(step: PowerStep | None) -> str | None:
    """Write what a step sets; None where the miner runs none of them."""
    if step is None:
        return None
    return STOPPED if step.stops else settings_text(set_points(step))


def _watts(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _power_attributes(data: MinerData) -> Mapping[str, Any]:
    """Show the step that the miner runs, what it draws there, and the others."""
    power = data.control.power
    step = power.step
    return {
        "step": _step_text(step),
        "expected": None if step is None else _watts(step.power),
        "measured": None if power.measured is None else round(power.measured),
        "normal": settings_text(power.normal) or None,
        "normal_power": _watts(power.steps[-1].power) if power.steps else None,
        "least": _watts(power.least),
        "known": power.known,
        "waits": power.waits,
        "held": data.control.hold is not None,
        STEPS: [
            {
                "step": _step_text(item),
                "power": _watts(item.power),
                "measured": item.measured,
            }
            for item in power.steps
        ],
    }


POWER_TARGETS: tuple[MinerPowerEntityDescription, ...] = (
    MinerPowerEntityDescription(
        key="power_target",
        translation_key="power_target",
        entity_registry_enabled_default=False,
        device_class=NumberDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        mode=NumberMode.BOX,
        native_min_value=0,
        native_step=1,
        exists_fn=lambda identity: throttle_method(identity) is not None,
        attributes_fn=_power_attributes,
        attributes_at_once=True,
        write_fn=lambda controller, value, by: controller.async_set_power_target(
            value, by
        ),
    ),
)


@dataclass(frozen=True, kw_only=True)
class MinerPriorityEntityDescription(MinerEntityDescription, NumberEntityDescription):
    """When a miner's turn is as all are started, one after the other."""


PRIORITIES: tuple[MinerPriorityEntityDescription, ...] = (
    MinerPriorityEntityDescription(
        key="priority",
        translation_key="priority",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        exists_fn=lambda identity: bool(features_of(identity)),
        mode=NumberMode.BOX,
        native_min_value=MIN_PRIORITY,
        native_max_value=MAX_PRIORITY,
        native_step=1,
        available_offline=True,
    ),
)


class MinerNumber(MinerControlEntity[MinerNumberEntityDescription], NumberEntity):
    """A number of a miner, with the range that the miner allows at the moment."""

    _unrecorded_attributes = frozenset({APPLYING, VALUES})
    entity_description: MinerNumberEntityDescription

    @override
    def _read(self, data: MinerData) -> dict[str, Any]:
        description = self.entity_description
        shown = {"native_value": description.value_fn(data)}
        if (
            allowed := self.coordinator.controller.allowed(description.setting)
        ) is not None:
            shown |= {
                "native_min_value": allowed.minimum,
                "native_max_value": allowed.maximum,
                "native_step": allowed.step,
            }
        return shown

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Ask the miner for another value."""
        await self._write(value)


class MinerPowerTarget(MinerControlEntity[MinerPowerEntityDescription], NumberEntity):
    """What a miner is to draw at most; without a target what its normal draws."""

    _unrecorded_attributes = frozenset({STEPS})
    entity_description: MinerPowerEntityDescription

    @override
    def _read(self, data: MinerData) -> dict[str, Any]:
        rated = data.identity.limits.rated_power
        return {
            "native_value": _watts(data.control.power.watts),
            "native_max_value": MOST_POWER if rated is None else rated,
        }

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Ask for another target."""
        await self._write(value)


class MinerPriority(
    MinerMonitorEntity[MinerCoordinator, MinerPriorityEntityDescription], NumberEntity
):
    """The place of a miner in the order of starting: an option, no setting."""

    entity_description: MinerPriorityEntityDescription

    @property
    @override
    def native_value(self) -> float:
        """The place; the lower, the sooner."""
        return priority_of(self.coordinator.config_entry)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Keep another place in the options; nothing has to be loaded anew."""
        entry = self.coordinator.config_entry
        self.hass.config_entries.async_update_entry(
            entry, options={**entry.options, CONF_PRIORITY: int(value)}
        )
        self.async_write_ha_state()


async_setup_entry = setup_of(
    Platform.NUMBER,
    (NUMBERS, MinerNumber),
    (POWER_TARGETS, MinerPowerTarget),
    (PRIORITIES, MinerPriority),
    fleet=[(FLEET_NUMBERS, FleetPowerTarget)],
)
