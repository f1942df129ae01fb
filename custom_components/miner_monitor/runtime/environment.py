"""What Home Assistant knows and a miner does not: the time, its plug and its room."""

from collections.abc import Callable
import time

from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_OFF,
    STATE_ON,
    UnitOfPower,
    UnitOfTemperature,
)
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.unit_conversion import (
    BaseUnitConverter,
    PowerConverter,
    TemperatureConverter,
)

from ..const import DOMAIN
from ..insight import Environment
from ..insight.model import NOTHING_AROUND
from ..miners.model import (
    HashRateUnit,
    MinerIdentity,
    MinerState,
)
from ..miners.values import number
from ..model import Moment
from .options import MinerOptions

_NETWORK: HassKey[float] = HassKey(f"{DOMAIN}_network_difficulty")


def this_moment() -> Moment:
    """Return this moment by all clocks."""
    return Moment(time.time(), time.monotonic(), dt_util.now().date().isoformat())


class EnvironmentReader:
    """Reads the entities that the options of a miner name."""

    def __init__(self, hass: HomeAssistant, options: MinerOptions) -> None:
        """Take which entities to read."""
        self._hass = hass
        self._options = options

    def unplugged(self) -> bool:
        """Whether the miner's plug is off; one that says nothing is not."""
        return self._plug == STATE_OFF

    @property
    def plug_silent(self) -> bool:
        """Whether there is a plug that does not say (yet) if it is on."""
        switch = self._options.plug_switch
        return switch is not None and self._plug not in (STATE_ON, STATE_OFF)

    @property
    def _plug(self) -> str | None:
        if (switch := self._options.plug_switch) is None:
            return None
        state = self._hass.states.get(switch)
        return None if state is None else state.state

    def read(self) -> Environment:
        """Return what is known at this moment."""
        options, network = self._options, self._hass.data.get(_NETWORK)
        if options.plug_power is None and options.room_temperature is None:
            if network is None:
                return NOTHING_AROUND
            return Environment(network_difficulty=network)
        return Environment(
            wall_power=self._measured(
                options.plug_power, PowerConverter, UnitOfPower.WATT
            ),
            room_temperature=self._measured(
                options.room_temperature,
                TemperatureConverter,
                UnitOfTemperature.CELSIUS,
            ),
            network_difficulty=network,
        )

    def _measured(
        self, entity_id: str | None, converter: type[BaseUnitConverter], unit: str
    ) -> float | None:
        state = None if entity_id is None else self._hass.states.get(entity_id)
        if state is None or (value := number(state.state)) is None:
            return None
        reported = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
        if reported not in converter.VALID_UNITS:
            return None
        return converter.convert(value, reported, unit)

    def share(self, identity: MinerIdentity, state: MinerState) -> None:
        """Share with the others what this miner knows of the chain they all work on."""
        if identity.hash_rate_unit is HashRateUnit.TERA and state.network_difficulty:
            self._hass.data[_NETWORK] = state.network_difficulty

    @callback
    def async_on_plug(self, changed: Callable[[], None]) -> CALLBACK_TYPE | None:
        """Call back when the plug goes on or off."""
        if (switch := self._options.plug_switch) is None:
            return None
        was_off = self.unplugged()

        @callback
        def look(_: Event[EventStateChangedData]) -> None:
            nonlocal was_off
            if self.unplugged() is not was_off:
                was_off = self.unplugged()
                changed()

        return async_track_state_change_event(self._hass, [switch], look)
