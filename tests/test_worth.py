"""What all miners cost and earn, in a Home Assistant with a price and bitcoin's."""

from datetime import timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import State
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest

from custom_components.miner_monitor.const import DOMAIN, FLEET
from custom_components.miner_monitor.fleet.coordinator import async_fleet_entry

from .conftest import GAMMA_2, OXBITCOIN, TimedBench
from .fleets import choose, fleet_state

PRICE, BITCOIN, DIFFICULTY = "sensor.price", "sensor.bitcoin", "sensor.difficulty"
HEIGHT, HEAT, GRID = "sensor.height", "input_number.heat", "sensor.grid"
KEYS_OF_WORTH = ("break_even_price", "expected_revenue", "expected_revenue_value")
KEYS = (*KEYS_OF_WORTH, "cost_today", "profit_today")
WORTH_RUNNING = ("binary_sensor", "worth_running")


class Home:
    """A miner, a card, a price of power and one of bitcoin."""

    miner: ConfigEntry

    def __init__(self, bench: TimedBench) -> None:
        self.bench = bench
        self.hass = bench.hass
        self.hass.config.currency = "EUR"
        self.tell(PRICE, 0.1, "EUR/kWh")
        self.tell(BITCOIN, 80_000, "EUR")

    def tell(self, entity_id: str, value: object, unit: str | None = None) -> None:
        attributes = {} if unit is None else {"unit_of_measurement": unit}
        self.hass.states.async_set(entity_id, str(value), attributes)

    async def choose(self, step: str, **options: Any) -> Any:
        result = await choose(self.hass, step, options)
        await self.bench.advance(30)
        return result

    @property
    def fleet(self) -> ConfigEntry:
        entry = async_fleet_entry(self.hass)
        assert entry is not None
        return entry

    def state(self, key: str, platform: str = "sensor") -> State:
        return fleet_state(self.hass, platform, key)

    def value(self, key: str) -> float:
        return float(self.state(key).state)

    def registered(
        self, platform: str, key: str, owner: str = FLEET
    ) -> er.RegistryEntry | None:
        """Return how an entity of all miners, or of the miner, is registered."""
        registry = er.async_get(self.hass)
        owner = owner.lower()
        found = registry.async_get_entity_id(platform, DOMAIN, f"{owner}_{key}")
        return None if found is None else registry.async_get(found)

    def miners(self, key: str, platform: str = "sensor") -> State:
        """Return the state of an entity of the miner."""
        entity = self.registered(platform, key, GAMMA_2.mac or "")
        assert entity is not None
        state = self.hass.states.get(entity.entity_id)
        assert state is not None
        return state

    async def turn_on(self, *keys: str) -> None:
        """Turn on what is off at first, of the miner and of all."""
        registry = er.async_get(self.hass)
        for platform in ("sensor", "binary_sensor"):
            for owner in (FLEET, GAMMA_2.mac or ""):
                for key in keys:
                    if (entity := self.registered(platform, key, owner)) is not None:
                        registry.async_update_entity(entity.entity_id, disabled_by=None)
        for entry in (self.fleet, self.miner):
            await self.bench.run(self.hass.config_entries.async_reload(entry.entry_id))
        await self.bench.advance(60)

    def by_hand(self, bitcoin: float, difficulty: float, sats: int) -> dict[str, Any]:
        """Reckon what has to be shown, from what the miner reports."""
        state = self.miner.runtime_data.data.state
        earned = state.hash_rate * 1e12 * 86_400 / (difficulty * 2**32) * sats
        return {
            "expected_revenue": earned,
            "expected_revenue_value": earned * bitcoin / 1e8,
            "break_even_price": earned * bitcoin / 1e8 / (state.power * 0.024),
        }

    @property
    def shown(self) -> dict[str, Any]:
        """What is shown of that; the hash rate moves between two writes."""
        return {key: pytest.approx(self.value(key), rel=0.03) for key in KEYS_OF_WORTH}

    @property
    def unknown(self) -> set[str]:
        return {
            key
            for key in (*KEYS_OF_WORTH, "profit_today", "cost_today")
            if self.state(key).state == "unknown"
        }


@pytest.fixture
async def home(bench: TimedBench) -> Home:
    """Have a miner that reports the difficulty, and a card of another coin."""
    await bench.hass.config.async_set_time_zone("Europe/Berlin")
    found = Home(bench)
    farm = await bench.start(GAMMA_2, OXBITCOIN)
    found.miner = await bench.add(farm[GAMMA_2.name])
    await bench.add(farm[OXBITCOIN.name])
    await bench.advance(60)
    return found


async def test_a_day(home: Home) -> None:
    """It exists once it is asked for, and goes with prices, midnight and restarts."""
    hass, bench = home.hass, home.bench
    assert not [key for key in KEYS if home.registered("sensor", key)]
    await home.choose("prices", price=PRICE)
    assert home.registered("sensor", "cost_today")
    assert not home.registered("sensor", "break_even_price")
    await home.choose("worth", bitcoin_price=BITCOIN)
    for platform, key in (*(("sensor", key) for key in KEYS), WORTH_RUNNING):
        for owner, off in ((FLEET, key == "worth_running"), (GAMMA_2.mac, True)):
            if owner == FLEET or key != "profit_today":
                entity = home.registered(platform, key, owner)
                assert entity is not None, (owner, key)
                assert (entity.disabled_by is not None) is off
    await home.turn_on("cost_today", "break_even_price", "worth_running")
    chain = home.miner.runtime_data.data.state
    expected = home.by_hand(80_000, chain.network_difficulty, 312_500_000)
    assert home.shown == expected
    assert home.state("expected_revenue").attributes["basis"] == "expectation"
    assert home.state("break_even_price").attributes["block_height"] == 931_409

    # A price that is not known costs nothing known, and no zero is made up.
    await bench.advance(3600)
    before = home.value("cost_today")
    energy = home.value("energy")
    home.tell(PRICE, 5, "EUR/kWh")
    await bench.advance(7200)
    dear = home.value("energy") - energy
    assert home.value("cost_today") - before == pytest.approx(dear * 5, rel=0.02)
    home.tell(PRICE, "unavailable")
    await bench.advance(7200)
    cost = home.state("cost_today")
    assert float(cost.state) - before == pytest.approx(dear * 5, rel=0.02)
    assert cost.attributes["without_price"] == pytest.approx(dear, abs=0.01)
    assert home.miners("cost_today").attributes["without_price"] == pytest.approx(
        dear, abs=0.01
    )

    # It survives a restart of all.
    for entry in hass.config_entries.async_entries(DOMAIN):
        await bench.run(hass.config_entries.async_reload(entry.entry_id))
    await bench.advance(30)
    assert home.value("cost_today") == pytest.approx(float(cost.state), abs=1e-5)
    assert home.state("cost_today").attributes["without_price"] > 0

    # Midnight.
    now = dt_util.now()
    midnight = dt_util.start_of_local_day(now + timedelta(days=1))
    await bench.advance((midnight - now).total_seconds() - 60)
    evening = home.state("cost_today").attributes["last_reset"]
    await bench.advance(120)
    assert home.state("cost_today").state == "unknown"
    home.tell(PRICE, 0.2, "EUR/kWh")
    await bench.advance(900)
    for cost in (home.state("cost_today"), home.miners("cost_today")):
        assert 0 < float(cost.state) < 0.01
        assert cost.attributes["last_reset"] == midnight.isoformat() > evening
        assert cost.attributes["state_class"] == "total"
        assert cost.attributes["device_class"] == "monetary"
        assert cost.attributes["unit_of_measurement"] == "EUR"
