"""What power and bitcoin are worth now, from the entities that the options name."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
import re
import time
from typing import Annotated, Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util.unit_conversion import PowerConverter

from ..insight.worth import NO_MARKET, Market, height_at
from ..miners.codec import Amount, Count, Stored, Within
from ..miners.values import between, number
from ..runtime.environment import measured, share_market
from .model import Member, PriceView
from .worth import blended, chain_of, draw_of, solar_share

CONF_BITCOIN = "bitcoin_price"
CONF_DIFFICULTY = "difficulty"
CONF_HEIGHT = "block_height"
CONF_POOL_FEE = "pool_fee"
CONF_HEAT = "heat_credit"
CONF_HEAT_ENTITY = "heat_credit_entity"
CONF_FEED_IN = "feed_in_price"
CONF_GRID = "grid_power"
CONF_EXPORT_POSITIVE = "grid_export_positive"

_LEAST_DIFFICULTY, _LARGEST_DIFFICULTY = 1e9, 1e18
"""Bitcoin's has been between these since 2014; other numbers are none, or in T."""

_MOST_PRICE = 1e12
_MOST_HEAT = 1000.0
_MOST_HEIGHT = 100_000_000
_REMEMBERED_SECONDS = 14 * 86_400.0
"""The difficulty is another one after this time."""

_CURRENCY = re.compile(r"[A-Z]{3}")
_BITCOIN = {"BTC", "XBT"}
_SIGNS = {"€": "EUR", "£": "GBP"}
_SCALES = {"G": 1e9, "T": 1e12, "P": 1e15}


class MarketProblem(StrEnum):
    """Why an entity that was chosen cannot be used."""

    NO_BITCOIN = "no_bitcoin_price"
    OTHER_CURRENCY = "other_currency"
    NO_DIFFICULTY = "no_difficulty"
    NO_HEIGHT = "no_block_height"
    NO_HEAT = "no_heat_credit"
    NO_GRID = "no_grid_power"
    SOLAR_INCOMPLETE = "solar_incomplete"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketOptions:
    """What the user chose of what bitcoin, heat and solar power are worth."""

    bitcoin: str | None = None
    difficulty: str | None = None
    height: str | None = None
    pool_fee: float = 0.0
    heat: float = 0.0
    heat_entity: str | None = None
    feed_in: float | None = None
    grid: str | None = None
    export_positive: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> MarketOptions:
        """Read the options of all miners."""
        get = options.get
        return cls(
            bitcoin=get(CONF_BITCOIN),
            difficulty=get(CONF_DIFFICULTY),
            height=get(CONF_HEIGHT),
            pool_fee=get(CONF_POOL_FEE, 0.0),
            heat=get(CONF_HEAT, 0.0),
            heat_entity=get(CONF_HEAT_ENTITY),
            feed_in=get(CONF_FEED_IN),
            grid=get(CONF_GRID),
            export_positive=get(CONF_EXPORT_POSITIVE, False),
        )

    @property
    def followed(self) -> list[str]:
        """The entities whose states count at once; power is looked at with polls."""
        names = (self.bitcoin, self.difficulty, self.height, self.heat_entity)
        return [name for name in names if name is not None]


def problem_of(hass: HomeAssistant, options: MarketOptions) -> MarketProblem | None:
    """Return what is wrong with the entities of bitcoin and heat, tried at once."""
    if options.bitcoin is not None:
        if _is_other_currency(hass, options.bitcoin):
            return MarketProblem.OTHER_CURRENCY
        if bitcoin_price(hass, options) is None:
            return MarketProblem.NO_BITCOIN
    if options.difficulty and _difficulty(hass, options.difficulty) is None:
        return MarketProblem.NO_DIFFICULTY
    if options.height and _height(hass, options.height) is None:
        return MarketProblem.NO_HEIGHT
    return MarketProblem.NO_HEAT if _heat(hass, options) is None else None


def problem_of_solar(
    hass: HomeAssistant, options: MarketOptions, *, priced: bool
) -> MarketProblem | None:
    """Return what is wrong with what was chosen of solar power, tried at once.

    The grid power alone is enough to run on the surplus.
    """
    if options.feed_in is not None and (not priced or options.grid is None):
        return MarketProblem.SOLAR_INCOMPLETE
    chosen = options.grid is not None
    unknown = chosen and grid_power(hass, options) is None
    return MarketProblem.NO_GRID if unknown else None


def bitcoin_price(hass: HomeAssistant, options: MarketOptions) -> float | None:
    """Return what a bitcoin costs in Home Assistant's currency."""
    name = options.bitcoin
    if name is None or _is_other_currency(hass, name):
        return None
    return between(_state(hass, name), 1e-6, _MOST_PRICE)


def grid_power(hass: HomeAssistant, options: MarketOptions) -> float | None:
    """Return what is taken from the grid in W, below 0 what is fed in."""
    power = measured(hass, options.grid, PowerConverter, UnitOfPower.WATT)
    return -power if power is not None and options.export_positive else power


def _state(hass: HomeAssistant, entity_id: str) -> str | None:
    state = hass.states.get(entity_id)
    return None if state is None else state.state


def _unit(hass: HomeAssistant, entity_id: str) -> str:
    state = hass.states.get(entity_id)
    return str((state and state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)) or "")


def _is_other_currency(hass: HomeAssistant, entity_id: str) -> bool:
    """Whether an entity's unit names a currency that is not Home Assistant's."""
    unit = _unit(hass, entity_id)
    named = {code for sign, code in _SIGNS.items() if sign in unit}
    named |= {*_CURRENCY.findall(unit)} - _BITCOIN
    return bool(named) and named != {hass.config.currency}


def _difficulty(hass: HomeAssistant, entity_id: str) -> float | None:
    found = number(_state(hass, entity_id))
    if found is not None and (scale := _SCALES.get(_unit(hass, entity_id))):
        found *= scale
    return between(found, _LEAST_DIFFICULTY, _LARGEST_DIFFICULTY)


def _height(hass: HomeAssistant, entity_id: str) -> int | None:
    found = between(_state(hass, entity_id), 1, _MOST_HEIGHT)
    return None if found is None else int(found)


def _heat(hass: HomeAssistant, options: MarketOptions) -> float | None:
    if options.heat_entity is None:
        return options.heat
    return between(_state(hass, options.heat_entity), -_MOST_HEAT, _MOST_HEAT)


@dataclass(slots=True)
class _Chain(Stored):
    """What was last known of the network, and when (epoch second)."""

    difficulty: Annotated[float, Within(0, _LARGEST_DIFFICULTY)] | None = None
    height: Count | None = None
    at: Amount = 0.0


class FleetMarket:
    """Says what power and bitcoin are worth, and tells all miners."""

    market = NO_MARKET

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, changed: Callable[[], None]
    ) -> None:
        """Call ``changed`` when an entity says something else."""
        self._hass = hass
        self._entry = entry
        self._changed = changed
        self._options = MarketOptions()
        self._chain = _Chain()
        self._stop: CALLBACK_TYPE | None = None

    def load(self, stored: object) -> None:
        """Take up what was known of the network."""
        self._chain.load(stored)

    def dump(self) -> Any:
        """Return what is known of the network, as JSON types."""
        return self._chain.dump()

    @callback
    def start(self) -> None:
        """Follow what the options name now."""
        self.stop()
        self._options = MarketOptions.of(self._entry.options)
        if followed := self._options.followed:
            self._stop = async_track_state_change_event(
                self._hass, followed, lambda _: self._changed()
            )
        self._changed()

    @callback
    def stop(self) -> None:
        """Follow nothing any more."""
        if self._stop is not None:
            self._stop()
            self._stop = None

    @callback
    def close(self) -> None:
        """Follow nothing any more; what miners were told holds no longer."""
        self.stop()
        share_market(self._hass, NO_MARKET)

    def look(self, members: Sequence[Member], prices: PriceView) -> Market:
        """Return what holds now, and tell all miners."""
        options, hass = self._options, self._hass
        valued = options.bitcoin is not None
        found = NO_MARKET
        if valued or prices.source:
            difficulty, height = self._network(members) if valued else (None, None)
            power, cheap_part = self._power_price(members, prices)
            found = Market(
                priced=prices.source,
                power=power,
                cheap_part=cheap_part,
                valued=valued,
                bitcoin=bitcoin_price(hass, options),
                difficulty=difficulty,
                height=height,
                pool_fee=options.pool_fee,
                heat=_heat(hass, options),
            )
        if found != self.market:
            self.market = found
        share_market(hass, self.market)
        return self.market

    def _power_price(
        self, members: Iterable[Member], prices: PriceView
    ) -> tuple[float | None, float | None]:
        """Return the price of a miner's kWh, and what part is cheap or the sun's.

        Of what a rule calls cheap all is; without rule and sun nobody asks for it.
        """
        options = self._options
        cheap = None if prices.cheap is None else float(prices.cheap)
        if options.feed_in is None or options.grid is None:
            return prices.price, cheap
        share = solar_share(grid_power(self._hass, options), draw_of(members))
        known = [part for part in (cheap, share) if part is not None]
        return blended(prices.price, options.feed_in, share), max(known, default=None)

    def _network(self, members: Iterable[Member]) -> tuple[float | None, int | None]:
        """Return difficulty and height: a miner's, else the sensors', else the last."""
        options, kept, now = self._options, self._chain, time.time()
        difficulty, height = chain_of(members)
        if difficulty is None and options.difficulty is not None:
            difficulty = _difficulty(self._hass, options.difficulty)
        if height is None and options.height is not None:
            height = _height(self._hass, options.height)
        if difficulty is not None:
            self._chain = _Chain(difficulty, height, now)
        elif options.difficulty is None and now - kept.at < _REMEMBERED_SECONDS:
            difficulty, height = kept.difficulty, height or kept.height
        return difficulty, height or height_at(now)
