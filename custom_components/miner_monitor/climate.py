"""The heater that a miner is, or all miners together are."""

from dataclasses import dataclass
from operator import attrgetter
from typing import Any, override

from homeassistant.components.climate import (
    ATTR_HVAC_MODE,
    ClimateEntity,
    ClimateEntityDescription,
    ClimateEntityFeature,
    HVACAction,
    HVACMode,
)
from homeassistant.const import ATTR_TEMPERATURE, Platform, UnitOfTemperature

from .entity import (
    MinerControlEntity,
    MinerControlEntityDescription,
    MinerEntityDescription,
    ReadingEntity,
    Resolution,
    setup_of,
)
from .fleet.coordinator import FleetCoordinator
from .fleet.entities import FleetControlEntity, any_has
from .fleet.heater import LEAST_TARGET, MOST_TARGET, HeaterMode
from .fleet.heating import CONF_HEATER_MODE, CONF_HEATER_TARGET
from .fleet.model import FleetData, FleetFeature
from .miners.settings import MinerSettings, Setting, SettingValue
from .model import MinerData
from .runtime.controller import MinerController

# The controller brings order into what is asked for at the same time.
PARALLEL_UPDATES = 0

_INLET = Resolution(absolute=0.5)
_ROOM = Resolution(absolute=0.2)

_MODES = {True: HVACMode.HEAT, False: HVACMode.OFF, None: None}
_ACTIONS = {True: HVACAction.IDLE, False: HVACAction.OFF, None: None}
_FLEET_MODES = [HVACMode.OFF, HVACMode.HEAT, HVACMode.AUTO]
_FEATURES = ClimateEntityFeature.PRESET_MODE | ClimateEntityFeature.TARGET_TEMPERATURE
_ON_AND_OFF = ClimateEntityFeature.TURN_ON | ClimateEntityFeature.TURN_OFF


@dataclass(frozen=True, kw_only=True)
class MinerClimateEntityDescription(
    MinerControlEntityDescription, ClimateEntityDescription
):
    """A heater."""


CLIMATES: tuple[MinerClimateEntityDescription, ...] = (
    MinerClimateEntityDescription.of(
        Setting.HEATING_TEMPERATURE,
        exists_fn=lambda identity: bool(identity.limits.heating_modes),
        write_fn=MinerController.async_apply,
    ),
)


def _steady(
    room: float | None, shown: float | None, resolution: Resolution
) -> float | None:
    """Keep the temperature that is shown until it has moved far enough."""
    moved = room is None or shown is None or resolution.reached(room, shown)
    return room if moved else shown


def _with_old_names[EntityT: ClimateEntity](cls: type[EntityT]) -> type[EntityT]:
    """Give the native temperatures the names by which releases before 2026.11 ask.

    Later ones have the old names themselves, and complain of a class that does.
    """
    if not hasattr(ClimateEntity, "native_temperature_unit"):
        for name in ("temperature_unit", "current_temperature", "target_temperature"):
            setattr(cls, name, property(attrgetter(f"_attr_native_{name}")))
    return cls


@_with_old_names
class MinerClimate(MinerControlEntity[MinerClimateEntityDescription], ClimateEntity):
    """A miner that heats a room.

    The room's temperature is that of the air which the miner draws in; a sensor
    beside its electronics would measure their heat.
    """

    _attr_native_temperature_unit = UnitOfTemperature.CELSIUS
    _attr_native_current_temperature: float | None = None
    _attr_native_target_temperature: float | None = None
    entity_description: MinerClimateEntityDescription

    @override
    def _read(self, data: MinerData) -> dict[str, Any]:
        limits, state = data.identity.limits, data.state
        settings = MinerSettings() if state is None else state.settings
        mining, mode = settings.mining, settings.work_mode
        hashing = mining and state is not None and state.hashing
        can_stop = Setting.MINING in limits.settings
        shown: dict[str, Any] = {
            "hvac_action": HVACAction.HEATING if hashing else _ACTIONS[mining],
            "hvac_mode": _MODES[mining],
            "hvac_modes": [HVACMode.HEAT, *[HVACMode.OFF] * can_stop],
            "native_current_temperature": _steady(
                None if state is None else state.inlet_temperature,
                self._attr_native_current_temperature,
                _INLET,
            ),
            "native_target_temperature": settings.heating_temperature,
            "preset_mode": mode if mode in limits.heating_modes else None,
            "preset_modes": list(limits.heating_modes),
            "supported_features": _FEATURES | _ON_AND_OFF if can_stop else _FEATURES,
        }
        if allowed := self.coordinator.controller.allowed(Setting.HEATING_TEMPERATURE):
            shown |= {
                "min_temp": allowed.minimum,
                "max_temp": allowed.maximum,
                "target_temperature_step": allowed.step,
            }
        return shown

    @override
    async def async_set_hvac_mode(self, hvac_mode: HVACMode) -> None:
        """Heat, or stand still."""
        await self._write(self._changes_to(hvac_mode))

    @override
    async def async_set_preset_mode(self, preset_mode: str) -> None:
        """Heat in another way."""
        await self._write({Setting.WORK_MODE: preset_mode})

    @override
    async def async_set_temperature(self, /, **kwargs: Any) -> None:
        """Ask for another room temperature, and for a mode if one comes with it."""
        changes: dict[Setting, SettingValue] = {}
        if (mode := kwargs.get(ATTR_HVAC_MODE)) is not None:
            changes |= self._changes_to(mode)
        if (wanted := kwargs.get(ATTR_TEMPERATURE)) is not None:
            changes[Setting.HEATING_TEMPERATURE] = wanted
        await self._write(changes)

    def _changes_to(self, mode: HVACMode) -> dict[Setting, SettingValue]:
        """Leave a mode that is not meant for heating, if the miner is to heat."""
        heat = mode is HVACMode.HEAT
        changes: dict[Setting, SettingValue] = {}
        limits = self.coordinator.identity.limits
        if Setting.MINING in limits.settings:
            changes[Setting.MINING] = heat
        state = self.coordinator.data.state
        running = None if state is None else state.settings.work_mode
        if heat and running is not None and running not in limits.heating_modes:
            changes[Setting.WORK_MODE] = limits.heating_modes[0]
        return changes


@dataclass(frozen=True, kw_only=True)
class FleetClimateEntityDescription(
    MinerEntityDescription[FleetData], ClimateEntityDescription
):
    """The heater that all miners together are."""


def _demand(data: FleetData) -> dict[str, Any]:
    """Show what the mode comes to, and the watts that all may draw for it."""
    demand = data.heater.demand
    return {"decision": demand.decision.value, "power": demand.power}


FLEET_CLIMATES = (
    FleetClimateEntityDescription(
        key="heater",
        translation_key="fleet_heater",
        attributes_fn=_demand,
        attributes_at_once=True,
        exists_fn=any_has(FleetFeature.HEATER),
    ),
)


@_with_old_names
class FleetClimate(
    FleetControlEntity[FleetClimateEntityDescription],
    ReadingEntity[FleetCoordinator, FleetClimateEntityDescription],
    ClimateEntity,
):
    """All miners as the heater of the room whose sensor the options name.

    *Auto* limits nothing. *Off* stops the miners: to turn a heater off must never
    bring heat.
    """

    _attr_hvac_modes = _FLEET_MODES
    _attr_max_temp = MOST_TARGET
    _attr_min_temp = LEAST_TARGET
    _attr_native_current_temperature: float | None = None
    _attr_native_target_temperature: float | None = None
    _attr_native_temperature_unit = UnitOfTemperature.CELSIUS
    _attr_supported_features = ClimateEntityFeature.TARGET_TEMPERATURE | _ON_AND_OFF
    _attr_target_temperature_step = 0.5
    entity_description: FleetClimateEntityDescription

    @override
    def _read(self, data: FleetData) -> tuple[HVACMode, HVACAction, float, Any]:
        heater = data.heater
        action = HVACAction.HEATING if data.mining else HVACAction.IDLE
        if heater.mode is HeaterMode.OFF and not data.mining:
            action = HVACAction.OFF
        room = None if heater.room is None else round(heater.room, 1)
        room = _steady(room, self._attr_native_current_temperature, _ROOM)
        return HVACMode(heater.mode.value), action, heater.target, room

    @override
    def _show(self, value: tuple[HVACMode, HVACAction, float, Any]) -> None:
        mode, action, target, room = value
        self._attr_hvac_mode, self._attr_hvac_action = mode, action
        self._attr_native_target_temperature = target
        self._attr_native_current_temperature = room

    @override
    async def async_set_hvac_mode(self, hvac_mode: HVACMode) -> None:
        """Heat the room, stop, or limit nothing."""
        await self._choose({CONF_HEATER_MODE: hvac_mode.value})

    @override
    async def async_set_temperature(self, /, **kwargs: Any) -> None:
        """Ask for another room temperature, and for a mode if one comes with it."""
        chosen: dict[str, Any] = {}
        if (mode := kwargs.get(ATTR_HVAC_MODE)) is not None:
            chosen[CONF_HEATER_MODE] = HVACMode(mode).value
        if (wanted := kwargs.get(ATTR_TEMPERATURE)) is not None:
            chosen[CONF_HEATER_TARGET] = float(wanted)
        await self._choose(chosen)

    async def _choose(self, chosen: dict[str, Any]) -> None:
        await self.async_require_control(Platform.NUMBER, FleetFeature.POWER_TARGET)
        self.coordinator.heater.choose(**chosen)


async_setup_entry = setup_of(
    Platform.CLIMATE,
    (CLIMATES, MinerClimate),
    fleet=[(FLEET_CLIMATES, FleetClimate)],
)
