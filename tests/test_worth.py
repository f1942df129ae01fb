"""What all miners cost and earn, in a Home Assistant with a price and bitcoin's."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import State
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest

from custom_components.miner_monitor.const import DOMAIN, FLEET
from custom_components.miner_monitor.fleet.coordinator import async_fleet_entry

from .conftest import GAMMA_2, OXBITCOIN, SUPRA, TimedBench
from .fleets import choose, fleet_state

PRICE, BITCOIN, DIFFICULTY = "sensor.price", "sensor.bitcoin", "sensor.difficulty"
HEIGHT, HEAT, GRID = "sensor.height", "input_number.heat", "sensor.grid"
KEYS_OF_WORTH = ("break_even_price", "expected_revenue", "expected_revenue_value")
KEYS = (*KEYS_OF_WORTH, "cost_today", "profit_today")
OWN = GAMMA_2.mac or ""
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
        entity = self.registered(platform, key, OWN)
        assert entity is not None
        state = self.hass.states.get(entity.entity_id)
        assert state is not None
        return state

    async def turn_on(self, *keys: str) -> None:
        """Turn on what is off at first, of the miner and of all."""
        registry = er.async_get(self.hass)
        for platform in ("sensor", "binary_sensor"):
            for owner in (FLEET, OWN):
                for key in keys:
                    if (entity := self.registered(platform, key, owner)) is not None:
                        registry.async_update_entity(entity.entity_id, disabled_by=None)
        for entry in (self.fleet, self.miner):
            await self.bench.run(self.hass.config_entries.async_reload(entry.entry_id))
        await self.bench.advance(60)

    def by_hand(self, bitcoin: float, difficulty: float, sats: int) -> dict[str, Any]:
        """Reckon what has to be shown, from what the miner reports."""
        data = self.miner.runtime_data.data
        work = data.insight.worth
        per_rate = 1e12 * 86_400 / (difficulty * 2**32) * sats
        money = bitcoin / 1e8
        return {
            "expected_revenue": data.state.hash_rate * per_rate,
            "expected_revenue_value": data.state.hash_rate * per_rate * money,
            "break_even_price": work.work_rate
            * per_rate
            * money
            / (work.work_power * 0.024),
        }

    @property
    def shown(self) -> dict[str, Any]:
        """What is shown of that; the hash rate moves between two writes."""
        return {key: pytest.approx(self.value(key), rel=0.06) for key in KEYS_OF_WORTH}

    @property
    def unknown(self) -> set[str]:
        return {
            key
            for key in KEYS
            if self.registered("sensor", key) and self.state(key).state == "unknown"
        }


@pytest.fixture
async def home(bench: TimedBench) -> Home:
    """Have a miner that reports the difficulty, and a card of another coin."""
    await bench.hass.config.async_set_time_zone("Europe/Berlin")
    found = Home(bench)
    # While nobody is polled, a day is short.
    evening = dt_util.now().replace(hour=21, minute=30)
    await bench.advance((evening - dt_util.now()).total_seconds() % 86_400)
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
        for owner, off in ((FLEET, key == "worth_running"), (OWN, True)):
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
    await bench.advance(900)
    before = home.value("cost_today")
    energy = home.value("energy")
    home.tell(PRICE, 5, "EUR/kWh")
    await bench.advance(3600)
    dear = home.value("energy") - energy
    assert home.value("cost_today") - before == pytest.approx(dear * 5, rel=0.02)
    home.tell(PRICE, "unavailable")
    await bench.advance(3600)
    cost = home.state("cost_today")
    assert float(cost.state) - before == pytest.approx(dear * 5, rel=0.02)
    assert cost.attributes["without_price"] == pytest.approx(dear, abs=0.006)
    assert home.miners("cost_today").attributes["without_price"] == pytest.approx(
        dear, abs=0.006
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

    # Without a price that is chosen nothing is left of it.
    await home.choose("prices")
    assert home.state("cost_today").state == "unknown"
    assert home.miners("cost_today").state == "unknown"


async def test_a_month(home: Home) -> None:
    """One hour for 0.10 and one for 0.50: what is used costs 0.30 in the mean."""
    hass, bench = home.hass, home.bench
    rule = {"cheap_rule": "limit", "cheap_limit": 0.2}
    await home.choose("prices", price=PRICE, rule=rule)
    tracked = [home.value("energy")]
    for price in (0.1, 0.5):
        home.tell(PRICE, price, "EUR/kWh")
        await bench.advance(3600)
        tracked.append(home.value("energy"))
    cheap, dear = (after - before for before, after in pairwise(tracked))
    await bench.advance(60)
    month = home.state("cost_today").attributes
    assert month["month_energy"] == pytest.approx(cheap + dear, rel=0.03)
    assert month["month_cheap"] == pytest.approx(100 * cheap / (cheap + dear), abs=2)
    cost = 0.1 * cheap + 0.5 * dear
    assert month["month_cost"] == pytest.approx(cost, rel=0.03)
    assert month["month_mean_price"] == pytest.approx(0.3, abs=0.005)
    saving = 0.3 * (cheap + dear) - cost
    assert month["month_saving"] == pytest.approx(saving, abs=0.02 * cost)

    report = await bench.run(
        hass.services.async_call(
            DOMAIN, "fleet_report", {}, blocking=True, return_response=True
        )
    )
    assert report["month"]["cost"] == pytest.approx(cost, rel=0.03)
    first = report["summary"].split("\n")[0]
    assert first.startswith("This month: ")
    assert "% cheap or solar" in first

    for entry in hass.config_entries.async_entries(DOMAIN):
        await bench.run(hass.config_entries.async_reload(entry.entry_id))
    await bench.advance(30)
    again = home.state("cost_today").attributes
    assert again["month_cost"] == pytest.approx(month["month_cost"], rel=0.01)
    assert again["month_mean_price"] == pytest.approx(0.3, abs=0.005)

    # Without a price nothing is left of it.
    await home.choose("prices")
    assert home.state("cost_today").attributes["month_cost"] is None


async def test_what_cannot_be_believed_makes_values_unknown(home: Home) -> None:
    """Nothing raises, nothing is made up, and all comes back."""
    await home.choose("prices", price=PRICE)
    await home.choose("worth", bitcoin_price=BITCOIN)
    worth = {*KEYS_OF_WORTH} - {"expected_revenue"}
    assert home.unknown == set()
    for value, unit in (
        *((0, "EUR"), (-80_000, "EUR"), ("unknown", "EUR"), ("unavailable", None)),
        *(("nan", "EUR"), ("inf", None), ("1e99", None), ("cheap", "EUR")),
        *((80_000, "USD"), (80_000, "USD/BTC"), (80_000, "£")),
    ):
        home.tell(BITCOIN, value, unit)
        await home.bench.advance(20)
        assert home.unknown == worth, (value, unit)
    before = home.state("profit_today").attributes["hours_without_value"]
    await home.bench.advance(3600)
    after = home.state("profit_today").attributes["hours_without_value"]
    assert after - before == pytest.approx(1, abs=0.11)
    home.hass.states.async_remove(BITCOIN)
    await home.bench.advance(20)
    assert home.unknown == worth
    for unit in (None, "EUR", "€", "EUR/BTC", "BTC/EUR"):
        home.tell(BITCOIN, 80_000, unit)
        await home.bench.advance(20)
        assert home.unknown == set(), unit


REFUSED_OF_WORTH: tuple[tuple[str, str, str, object, str | None], ...] = (
    ("no_bitcoin_price", "bitcoin_price", BITCOIN, 0, None),
    ("no_bitcoin_price", "bitcoin_price", BITCOIN, -1, "EUR"),
    ("no_bitcoin_price", "bitcoin_price", BITCOIN, "unknown", "EUR"),
    ("other_currency", "bitcoin_price", BITCOIN, 80_000, "USD"),
    ("no_difficulty", "difficulty", DIFFICULTY, 0, None),
    ("no_difficulty", "difficulty", DIFFICULTY, 146.5, None),
    ("no_difficulty", "difficulty", DIFFICULTY, "nan", None),
    ("no_block_height", "block_height", HEIGHT, 0, None),
    ("no_heat_credit", "heat_credit_entity", HEAT, "unavailable", None),
)
SUN = {"feed_in_price": 0.08, "grid_power": GRID}
REFUSED_OF_PRICES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("solar_incomplete", {"price": PRICE, "solar": {"feed_in_price": 0.08}}),
    ("no_grid_power", {"price": PRICE, "solar": {"grid_power": GRID}}),
    ("no_grid_power", {"solar": {"grid_power": GRID}}),
    ("solar_incomplete", {"solar": SUN}),
    ("no_grid_power", {"price": PRICE, "solar": SUN}),
    ("no_break_even", {"price": PRICE, "rule": {"cheap_rule": "break_even"}}),
)


async def test_what_is_refused_when_it_is_chosen(home: Home) -> None:
    """It is said why, what was entered stays, and the next try may succeed."""
    flow, result = home.hass.config_entries.options, {}
    for error, key, entity_id, value, unit in REFUSED_OF_WORTH:
        home.tell(entity_id, value, unit)
        result = await choose(home.hass, "worth", {key: entity_id})
        assert result["errors"] == {"base": error}, (error, value)
        assert result["description_placeholders"]["currency"] == "EUR"
        shown = {
            str(key): key.description["suggested_value"]
            for key in result["data_schema"].schema
            if (key.description or {}).get("suggested_value") is not None
        }
        assert shown == {key: entity_id}
    home.tell(GRID, -100, "kWh")
    for error, chosen in REFUSED_OF_PRICES:
        refused = await choose(home.hass, "prices", chosen)
        assert refused["errors"] == {"base": error}, chosen
    assert home.fleet.options == {}
    home.tell(BITCOIN, 80_000, "EUR")
    entered = {"bitcoin_price": BITCOIN, "pool_fee": 1.5}
    mended = await flow.async_configure(result["flow_id"], entered)
    assert mended["type"] is FlowResultType.CREATE_ENTRY
    assert home.fleet.options == entered
    await home.bench.advance(10)


async def test_solar_power(home: Home) -> None:
    """What could be fed in costs the feed-in price; whose sign it is, is asked."""
    await home.choose("worth", bitcoin_price=BITCOIN)
    for sign, positive in ((1, False), (-1, True)):
        home.tell(GRID, 5 * sign, "kW")
        result = await home.choose(
            "prices",
            price=PRICE,
            solar={
                "feed_in_price": 0.02,
                "grid_power": GRID,
                "grid_export_positive": positive,
            },
        )
        assert result["type"] is FlowResultType.CREATE_ENTRY, result
        draw = home.value("power")
        for grid, price in ((5000, 0.1), (-300, 0.02), (draw / 2, 0.06), ("nan", None)):
            told = grid if isinstance(grid, str) else grid * sign
            home.tell(GRID, told, "W")
            await home.bench.advance(900)
            shown = home.state("break_even_price").attributes["power_price"]
            assert shown == (None if price is None else pytest.approx(price, abs=0.003))
            assert home.value("electricity_price") == 0.1
    # Worth it only with the sun: the miner's break-even price lies between the two.
    home.tell(GRID, 3000, "W")
    await home.turn_on("worth_running")
    assert 0.02 < home.value("break_even_price") < 0.1
    for grid, state in ((3000, "off"), (-3000, "on"), ("unavailable", "unknown")):
        home.tell(GRID, grid if isinstance(grid, str) else -grid, "W")
        await home.bench.advance(60)
        assert home.state(*reversed(WORTH_RUNNING)).state == state
        assert home.miners(*reversed(WORTH_RUNNING)).state == state


async def test_cheap_is_what_costs_less_than_it_earns(home: Home) -> None:
    await home.choose("worth", bitcoin_price=BITCOIN)
    await home.choose("prices", price=PRICE, rule={"cheap_rule": "break_even"})
    seen = []
    for bitcoin in (80_000, 120_000, "unknown", 120_000, 60_000):
        home.tell(BITCOIN, bitcoin, "EUR")
        await home.bench.advance(30)
        seen.append(home.state("cheap_power", "binary_sensor").state)
    assert seen == ["off", "on", "unknown", "on", "off"]
    assert home.state("cheap_power", "binary_sensor").attributes["rule"] == "break_even"


async def test_a_miner_that_knows_no_difficulty(bench: TimedBench) -> None:
    """Sensors say it, a change and the halving included; what they lose is unknown."""
    home = Home(bench)
    home.tell(DIFFICULTY, 146.472570619930, "T")
    home.miner = await bench.add(await bench.miner(SUPRA))
    await bench.advance(60)
    await home.choose("worth", bitcoin_price=BITCOIN, difficulty=DIFFICULTY)
    basis = home.state("break_even_price").attributes
    assert basis["network_difficulty"] == pytest.approx(146.472570619930e12)
    assert home.shown == home.by_hand(80_000, 146.472570619930e12, 312_500_000)
    home.tell(HEIGHT, 1_049_999)
    await home.choose(
        "worth", bitcoin_price=BITCOIN, difficulty=DIFFICULTY, block_height=HEIGHT
    )
    await bench.advance(900)
    for difficulty, height, sats in (
        (165e12, 1_049_999, 312_500_000),
        (165e12, 1_050_000, 156_250_000),
        (120e12, 1_050_001, 156_250_000),
    ):
        home.tell(DIFFICULTY, difficulty)
        home.tell(HEIGHT, height)
        await bench.advance(930)
        assert home.shown == home.by_hand(80_000, difficulty, sats)
    for value in (0, "unavailable", -1, "x"):
        home.tell(DIFFICULTY, value)
        await bench.advance(60)
        assert {*KEYS_OF_WORTH} <= home.unknown
    home.tell(DIFFICULTY, 120e12)
    await bench.advance(60)
    assert home.shown == home.by_hand(80_000, 120e12, 156_250_000)
    home.hass.states.async_remove(DIFFICULTY)
    await bench.advance(60)
    assert {*KEYS_OF_WORTH} <= home.unknown
