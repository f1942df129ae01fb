"""The heater that all miners are together: its options, its room, and its limit."""

import time
from typing import Any, override

from homeassistant.const import UnitOfTemperature
from homeassistant.core import callback
from homeassistant.util.unit_conversion import TemperatureConverter

from ..control.model import Requester
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

CONF_HEATER_ROOM = "heater_room"
CONF_HEATER_MODE = "heater_mode"
CONF_HEATER_TARGET = "heater_target"

_COLDEST, _WARMEST = -40.0, 70.0
"""°C between which something is a room's temperature."""

_PATIENCE = 600.0
"""Seconds for which a room may be unknown before the limit ends.

A sensor of another integration is not there at once after a start.
"""


class FleetHeater(Limiter):
    """Turns a room's temperature into a limit of the watts for all miners."""

    LIMIT = "heat"

    def __init__(self, *limited: Any) -> None:
        """Take whom to limit, and begin without a room."""
        super().__init__(*limited)
        self._thermostat = Thermostat()
        self._known_at = time.monotonic()

    @property
    def is_set_up(self) -> bool:
        """Whether it is known which room they heat."""
        return bool(self._entry.options.get(CONF_HEATER_ROOM))

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
        self.ask(demand.power, "" if demand.power is None else mode.value)

    @override
    def requester(self) -> Requester:
        """Return the heater's name."""
        path, name = "climate.fleet_heater.name", "Miners as heater"
        return Requester(own_text(self._hass, "entity", path, name), automated=True)
