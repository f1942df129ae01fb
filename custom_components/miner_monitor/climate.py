"""The heater that a miner is."""

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
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import MinerConfigEntry
from .entity import (
    MinerControlEntity,
    MinerControlEntityDescription,
    Resolution,
    async_add_miner_entities,
    translate_errors,
)
from .miners.model import (
    MinerIdentity,
    MinerState,
    Setting,
    SettingRange,
    SettingValue,
)
from .model import MinerData

# The controller brings order into what is asked for at the same time.
PARALLEL_UPDATES = 0

_ROOM = Resolution(absolute=0.5)

_FEATURES = ClimateEntityFeature.PRESET_MODE | ClimateEntityFeature.TARGET_TEMPERATURE
_ON_AND_OFF = ClimateEntityFeature.TURN_ON | ClimateEntityFeature.TURN_OFF


@dataclass(frozen=True, kw_only=True)
class MinerClimateEntityDescription(
    MinerControlEntityDescription, ClimateEntityDescription
):
    """A heater."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heater:
    """What a heater reports and takes, in °C."""

    mode: HVACMode | None = None
    action: HVACAction | None = None
    preset: str | None = None
    target: float | None = None
    room: float | None = None
    presets: tuple[str, ...] = ()
    can_stop: bool = False
    allowed: SettingRange | None = None


CLIMATES: tuple[MinerClimateEntityDescription, ...] = (
    MinerClimateEntityDescription(
        key="heater",
        translation_key="heater",
        setting=Setting.HEATING_TEMPERATURE,
        exists_fn=lambda identity: bool(identity.limits.heating_modes),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the heater of a miner that is one."""
    async_add_miner_entities(
        entry, Platform.CLIMATE, CLIMATES, MinerClimate, async_add_entities
    )


def _mode(state: MinerState) -> HVACMode | None:
    if (mining := state.settings.mining) is None:
        return None
    return HVACMode.HEAT if mining else HVACMode.OFF


def _action(state: MinerState) -> HVACAction | None:
    if (mining := state.settings.mining) is None:
        return None
    if not mining:
        return HVACAction.OFF
    return HVACAction.HEATING if state.hashing else HVACAction.IDLE


def _preset(state: MinerState, identity: MinerIdentity) -> str | None:
    mode = state.settings.work_mode
    return mode if mode in identity.limits.heating_modes else None


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
    beside its electronics would tell of itself.
    """

    _attr_native_temperature_unit = UnitOfTemperature.CELSIUS
    _attr_native_current_temperature: float | None = None
    _attr_native_target_temperature: float | None = None
    entity_description: MinerClimateEntityDescription

    @override
    def _read(self, data: MinerData) -> Heater:
        limits = data.identity.limits
        fixed = Heater(
            presets=limits.heating_modes,
            can_stop=Setting.MINING in limits.settings,
            allowed=self.controller.allowed(Setting.HEATING_TEMPERATURE),
        )
        if (state := data.state) is None:
            return fixed
        return Heater(
            mode=_mode(state),
            action=_action(state),
            preset=_preset(state, data.identity),
            target=state.settings.heating_temperature,
            room=self._steady(state.inlet_temperature),
            presets=fixed.presets,
            can_stop=fixed.can_stop,
            allowed=fixed.allowed,
        )

    def _steady(self, room: float | None) -> float | None:
        """Keep the temperature that is shown until it has moved far enough."""
        shown = self._attr_native_current_temperature
        if room is None or shown is None or _ROOM.reached(room, shown):
            return room
        return shown

    @override
    def _show(self, value: Heater) -> None:
        self._attr_hvac_mode = value.mode
        self._attr_hvac_action = value.action
        self._attr_preset_mode = value.preset
        self._attr_native_target_temperature = value.target
        self._attr_native_current_temperature = value.room
        self._attr_preset_modes = list(value.presets)
        modes = [HVACMode.HEAT, HVACMode.OFF] if value.can_stop else [HVACMode.HEAT]
        self._attr_hvac_modes = modes
        self._attr_supported_features = (
            _FEATURES | _ON_AND_OFF if value.can_stop else _FEATURES
        )
        if (allowed := value.allowed) is not None:
            self._attr_min_temp = allowed.minimum
            self._attr_max_temp = allowed.maximum
            self._attr_target_temperature_step = allowed.step

    @override
    @translate_errors
    async def async_set_hvac_mode(self, hvac_mode: HVACMode) -> None:
        """Heat, or stand still."""
        await self.controller.async_apply(self._changes_to(hvac_mode))

    @override
    @translate_errors
    async def async_set_preset_mode(self, preset_mode: str) -> None:
        """Heat in another way."""
        await self.controller.async_apply({Setting.WORK_MODE: preset_mode})

    @override
    @translate_errors
    async def async_set_temperature(self, /, **kwargs: Any) -> None:
        """Ask for another room temperature, and for a mode if one comes with it."""
        changes: dict[Setting, SettingValue] = {}
        if (mode := kwargs.get(ATTR_HVAC_MODE)) is not None:
            changes |= self._changes_to(mode)
        if (wanted := kwargs.get(ATTR_TEMPERATURE)) is not None:
            changes[Setting.HEATING_TEMPERATURE] = wanted
        await self.controller.async_apply(changes)

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
