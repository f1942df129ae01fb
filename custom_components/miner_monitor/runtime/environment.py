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
from ..insight.model import (
    Environment,
)
from ..insight.worth import NO_MARKET, Market
from ..miners.model import (
    HashRateUnit,
    MinerIdentity,
    MinerState,
)
from ..miners.values import number
from ..model import Moment
from .options import MinerOptions

STARTING_SECONDS = 180.0
"""A miner whose plug went on takes its time until it answers.

So does a plug at a start of Home Assistant, until it says whether it is on.
"""

_NETWORK: HassKey[float] = HassKey(f"{DOMAIN}_network_difficulty")
_MARKET: HassKey[Market] = HassKey(f"{DOMAIN}_market")


def this_moment() -> Moment:
    """Return this moment by all clocks."""
    return Moment(time.time(), time.monotonic(), dt_util.now().date().isoformat())


def read_environment(hass: HomeAssistant, options: MinerOptions) -> Environment:
    """Return what the entities that the options of a miner name say now."""
    return Environment(
        wall_power=measured(hass, options.plug_power, PowerConverter, UnitOfPower.WATT),
        room_temperature=measured(
            hass,
            options.room_temperature,
            TemperatureConverter,
            UnitOfTemperature.CELSIUS,
        ),
        network_difficulty=hass.data.get(_NETWORK),
        market=hass.data.get(_MARKET, NO_MARKET),
    )


def measured(
    hass: HomeAssistant,
    entity_id: str | None,
    converter: type[BaseUnitConverter],
    unit: str,
) -> float | None:
    """Return what an entity measures, in a unit; None where it says nothing of it."""
    state = None if entity_id is None else hass.states.get(entity_id)
    if state is None or (value := number(state.state)) is None:
        return None
    reported = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    if reported not in converter.VALID_UNITS:
        return None
    return converter.convert(value, reported, unit)


def share_difficulty(
    hass: HomeAssistant, identity: MinerIdentity, state: MinerState
) -> None:
    """Share with the other miners what this one knows of the chain."""
    if identity.hash_rate_unit is HashRateUnit.TERA and state.network_difficulty:
        hass.data[_NETWORK] = state.network_difficulty


def share_market(hass: HomeAssistant, market: Market) -> None:
    """Share with all miners what power and bitcoin are worth now."""
    hass.data[_MARKET] = market


class Plug:
    """The switch that powers a miner, if there is one."""

    def __init__(self, hass: HomeAssistant, switch: str | None) -> None:
        """Take the switch's entity."""
        self._hass = hass
        self._switch = switch
        self._on_since: float | None = None

    @property
    def _state(self) -> str | None:
        state = None if self._switch is None else self._hass.states.get(self._switch)
        return None if state is None else state.state

    def is_off(self) -> bool:
        """Whether it is off; one that says nothing is not."""
        return self._state == STATE_OFF

    @property
    def starting(self) -> bool:
        """Whether it went on just now, so that the miner may still boot."""
        since = self._on_since
        return since is not None and time.monotonic() - since < STARTING_SECONDS

    def answered(self) -> None:
        """Take that the miner is up."""
        self._on_since = None

    @callback
    def async_follow(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        """Call back when it goes on or off; return what ends that."""
        was_off = self.is_off()
        if self._switch is not None and self._state not in (STATE_ON, STATE_OFF):
            self._on_since = time.monotonic()

        @callback
        def look(_: Event[EventStateChangedData]) -> None:
            nonlocal was_off
            if (off := self.is_off()) is not was_off:
                was_off = off
                if not off:
                    self._on_since = time.monotonic()
                changed()

        return async_track_state_change_event(self._hass, self._switch or (), look)
