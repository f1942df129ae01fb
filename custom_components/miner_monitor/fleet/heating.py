"""The heater that all miners are together: its options, its room, and its limit."""

from collections.abc import Callable
import time
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import UnitOfTemperature
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.unit_conversion import TemperatureConverter

from ..control.model import NOBODY, Requester
from ..miners.values import between
from ..runtime.environment import measured
from ..runtime.ha_compat import own_text
from .heater import (
    LEAST_TARGET,
    MOST_TARGET,
    NOT_SET_UP,
    USUAL_TARGET,
    Demand,
    HeaterDecision,
    HeaterMode,
    HeaterView,
    Thermostat,
)
from .limiter import Limiter
from .power import FleetPower

CONF_HEATER_ROOM = "heater_room"
CONF_HEATER_MODE = "heater_mode"
CONF_HEATER_TARGET = "heater_target"

_COLDEST, _WARMEST = -40.0, 70.0
"""°C between which something is a room's temperature."""

_PATIENCE = 600.0
"""Seconds for which a room may be unknown before the limit ends.

A sensor of another integration is not there at once after a start.
"""


class FleetHeater:
    """Turns a room's temperature into a limit of the watts for all miners."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        power: FleetPower,
        changed: Callable[[], None],
    ) -> None:
        """Take whom to limit; what is wanted is an option of the entry."""
        self._hass = hass
        self._entry = entry
        self._changed = changed
        self._limiter = Limiter(hass, entry, power, "heat")
        self._power = power
        self._thermostat = Thermostat()
        self._known_at = time.monotonic()

    @property
    def is_set_up(self) -> bool:
        """Whether it is known which room they heat."""
        return bool(self._entry.options.get(CONF_HEATER_ROOM))

    @callback
    def choose(self, **options: Any) -> None:
        """Keep another mode or target in the options."""
        self._hass.config_entries.async_update_entry(
            self._entry, options={**self._entry.options, **options}
        )
        self._changed()

    @callback
    def look(self) -> HeaterView:
        """Return what is wanted and what that comes to now, and have it done."""
        get = self._entry.options.get
        mode, target = get(CONF_HEATER_MODE), get(CONF_HEATER_TARGET)
        mode = HeaterMode(mode) if mode in tuple(HeaterMode) else HeaterMode.AUTO
        target = between(target, LEAST_TARGET, MOST_TARGET) or USUAL_TARGET
        if not self.is_set_up:
            self._limit(mode, NOT_SET_UP)
            return HeaterView(mode=mode, target=target)
        celsius = UnitOfTemperature.CELSIUS
        room = measured(
            self._hass, get(CONF_HEATER_ROOM), TemperatureConverter, celsius
        )
        room = between(room, _COLDEST, _WARMEST)
        if mode is HeaterMode.HEAT and self._lacks(room):
            demand = Demand(HeaterDecision.WAIT, self._power.wish.heat)
        else:
            most = self._power.view.normal
            demand = self._thermostat.demand(mode, target, room, most)
            self._limit(mode, demand)
        return HeaterView(mode=mode, target=target, room=room, demand=demand)

    def _lacks(self, room: float | None) -> bool:
        """Whether the room is unknown, and was known a moment ago."""
        if room is not None:
            self._known_at = time.monotonic()
            return False
        return time.monotonic() - self._known_at < _PATIENCE

    def _limit(self, mode: HeaterMode, demand: Demand) -> None:
        if demand.power is None:
            self._limiter.ask(None, NOBODY, "")
            return
        path = "climate.fleet_heater.name"
        name = own_text(self._hass, "entity", path, "Miners as heater")
        self._limiter.ask(demand.power, Requester(name, automated=True), mode.value)
