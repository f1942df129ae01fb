"""A miner under control: what it was told, what it is, what Home Assistant shows."""

from collections.abc import Mapping
from dataclasses import dataclass
import json
from typing import Any

from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr, entity_registry as er

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.coordinator import MinerConfigEntry
from custom_components.miner_monitor.miners.model import Setting
from simulator import Phase, SimulatedMiner
from simulator.axeos.nerdos import NerdosDevice

from .conftest import TimedBench

ENTITIES: Mapping[Setting, tuple[str, str]] = {
    Setting.MINING: ("switch", "mining"),
    Setting.WORK_MODE: ("select", "work_mode"),
    Setting.FREQUENCY: ("number", "frequency"),
    Setting.CORE_VOLTAGE: ("number", "core_voltage"),
    Setting.AUTO_FAN: ("switch", "auto_fan"),
    Setting.FAN_DUTY_CYCLE: ("number", "fan_duty_cycle"),
    Setting.MIN_FAN_DUTY_CYCLE: ("number", "min_fan_duty_cycle"),
    Setting.TARGET_TEMPERATURE: ("number", "target_temperature"),
    Setting.HEATING_TEMPERATURE: ("climate", "heater"),
    Setting.LIGHT: ("light", "led"),
    Setting.DISPLAY: ("switch", "display"),
    Setting.POOL: ("select", "pool"),
}
"""The entity of each setting: its platform and the end of its unique ID."""

MODES: Mapping[str, Mapping[tuple[int, int], str]] = {
    "avalon_nano3": {(0, 0): "low", (1, 0): "medium", (2, 0): "high"},
    "avalon_nano3s": {(0, 0): "low", (1, 0): "mid", (2, 0): "high"},
    "avalon_mini3": {
        (2, 0): "night",
        (0, -1): "heating_eco",
        (1, 0): "mining",
        (0, 0): "heating_super",
    },
    "avalon_q": {(0, 0): "eco", (1, 0): "standard", (2, 0): "super"},
    "avalon_a1246": {(0, 0): "normal", (1, 0): "high"},
    "avalon_a1566": {(0, 0): "normal", (1, 0): "high"},
}
"""What the numbers of a model's mode and level mean."""

EFFECTS = ("on", "flash", "breath", "loop")
RESTING = {Phase.PAUSED, Phase.SHUTDOWN, Phase.STANDBY}


@dataclass(frozen=True, slots=True)
class Handle:
    """One miner, the entry of it, and all that is between the two."""

    bench: TimedBench
    miner: SimulatedMiner
    entry: MinerConfigEntry

    @property
    def hass(self) -> HomeAssistant:
        return self.bench.hass

    @property
    def is_avalon(self) -> bool:
        return self.miner.spec.model in MODES

    @property
    def device_id(self) -> str:
        """Return its device in Home Assistant's registry."""
        (device,) = dr.async_entries_for_config_entry(
            dr.async_get(self.hass), self.entry.entry_id
        )
        return device.id

    @property
    def settings(self) -> Mapping[Setting, Any]:
        """What can be set."""
        return self.entry.runtime_data.identity.limits.settings

    def entity(self, platform: str, key: str) -> str:
        """Return the entity with the end of a unique ID."""
        found = er.async_get(self.hass).async_get_entity_id(
            platform, DOMAIN, f"{self.entry.unique_id}_{key}"
        )
        assert found is not None, (platform, key)
        return found

    def entity_of(self, setting: Setting) -> str:
        return self.entity(*ENTITIES[setting])

    def state(self, setting: Setting) -> State:
        found = self.hass.states.get(self.entity_of(setting))
        assert found is not None, setting
        return found

    def shown(self, setting: Setting) -> Any:
        """Return what Home Assistant shows, in the terms of `truth`."""
        state = self.state(setting)
        if setting is Setting.HEATING_TEMPERATURE:
            return state.attributes["temperature"]
        if state.state in {"unknown", "unavailable"}:
            return None
        match ENTITIES[setting][0]:
            case "number":
                return float(state.state)
            case "switch":
                return state.state == "on"
            case "light":
                return state.attributes["effect"] if state.state == "on" else None
        return int(state.state[0]) - 1 if setting is Setting.POOL else state.state

    def truth(self, setting: Setting) -> Any:
        """Return what the miner is by its own memory."""
        if setting is Setting.MINING:
            return self.miner.phase not in RESTING
        return (self._avalon if self.is_avalon else self._axeos)(setting)

    def _axeos(self, setting: Setting) -> Any:
        device = self.miner.device
        stored = device.flash.stored
        if isinstance(device, NerdosDevice):
            # What it runs is cut where its board ends, what it keeps is not.
            cut = {key: device.limited(key) for key in ("frequency", "coreVoltage")}
            stored = stored | cut
        match setting:
            case Setting.CORE_VOLTAGE:
                return stored["coreVoltage"] / 1000
            case Setting.AUTO_FAN:
                return bool(stored["autofanspeed"])
            case Setting.POOL:
                # It works for what it found in its flash when it booted.
                booted = self.miner.device.flash.booted
                if "pools" in self.miner.reply("info"):
                    return booted["primaryPoolIndex"]
                return int(booted["useFallbackStratum"])
        return stored[
            {
                Setting.FREQUENCY: "frequency",
                Setting.FAN_DUTY_CYCLE: "manualFanSpeed",
                Setting.MIN_FAN_DUTY_CYCLE: "minFanSpeed",
                Setting.TARGET_TEMPERATURE: "temptarget",
            }[setting]
        ]

    def _avalon(self, setting: Setting) -> Any:
        device = self.miner.device
        settings = device.settings
        match setting:
            case Setting.WORK_MODE:
                pair = settings["mode"], settings["level"]
                return MODES[self.miner.spec.model][pair]
            case Setting.AUTO_FAN:
                return device.fan_duty is None
            case Setting.FAN_DUTY_CYCLE:
                return device.fan_duty
            case Setting.TARGET_TEMPERATURE:
                return device.target
            case Setting.HEATING_TEMPERATURE:
                return settings["limit_temperature"]
            case Setting.DISPLAY:
                return bool(settings["lcd"])
            case Setting.POOL:
                return device.active_pool
            case Setting.LIGHT:
                number = settings["led"][0]
                return EFFECTS[number - 1] if number else None
        raise AssertionError(setting)

    @property
    def writes(self) -> list[Any]:
        """Return what it was told, in the order of arrival, without questions."""
        return [body for _, body in self.timed_writes]

    @property
    def timed_writes(self) -> list[tuple[float, Any]]:
        """Return what it was told, and when."""
        found = []
        for request in self.miner.requests:
            body = _told(request.body) if self.is_avalon else _sent(request)
            if body is not None:
                found.append((request.time, body))
        return found

    async def set(self, setting: Setting, value: Any) -> float:
        """Set it by its entity, and return how long the call took."""
        return await self.bench.call(*action(self, setting, value))


def action(handle: Handle, setting: Setting, value: Any) -> tuple[str, str, Any]:
    """Return the call by which a user sets a setting."""
    target = {"entity_id": handle.entity_of(setting)}
    platform = ENTITIES[setting][0]
    match platform:
        case "number":
            return platform, "set_value", target | {"value": value}
        case "switch":
            return platform, "turn_on" if value else "turn_off", target
        case "climate":
            return platform, "set_temperature", target | {"temperature": value}
        case "light" if value is None:
            return platform, "turn_off", target
        case "light":
            return platform, "turn_on", target | {"effect": value}
    if setting is Setting.POOL:
        options = handle.state(setting).attributes["options"]
        value = next(x for x in options if x.startswith(f"{value + 1}: "))
    return platform, "select_option", target | {"option": value}


def _sent(request: Any) -> Any:
    """Return the body of a write to AxeOS, the path of one without."""
    if request.method == "GET":
        return None
    return request.json if request.method == "PATCH" else request.path


def _told(body: str) -> str | None:
    """Return a command that changes something, in one line."""
    if body.startswith("{"):
        told = json.loads(body)
        command, parameter = told["command"], str(told.get("parameter", ""))
    else:
        command, _, parameter = body.partition("|")
    if command == "switchpool":
        return f"switchpool,{parameter}"
    question = parameter.endswith((",help", "help")) or parameter.startswith("0,help")
    if command != "ascset" or question:
        return None
    return parameter.removeprefix("0,")


async def take_over(bench: TimedBench, miner: SimulatedMiner) -> Handle:
    """Add a running miner as a user does."""
    return Handle(bench, miner, await bench.add(miner))
