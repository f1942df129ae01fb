"""What power costs and when it is cheap, from a source that the user chose."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import (
    ServiceCall,
    State,
    SupportsResponse,
)
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.miner_monitor.fleet.coordinator import async_fleet_entry
from custom_components.miner_monitor.report.recorder import price_of

from .conftest import GAMMA, TimedBench
from .fleets import choose, fleet_state
from .price.providers import (
    HOUR,
    QUARTER,
    World,
    amber,
    cost,
    nord_pool,
    nord_pool_core,
)

SENSOR, LIMIT = "sensor.price", "input_number.limit"
CHEAPEST = {"cheap_rule": "cheapest_of_day", "cheap_hours": 8}


class Home:
    """A miner, and a price that moves with time."""

    def __init__(self, bench: TimedBench) -> None:
        self.bench = bench
        self.hass = bench.hass
        self.make: Callable[[World], Any] | None = None
        self.slot = HOUR

    @property
    def entry(self) -> ConfigEntry:
        entry = async_fleet_entry(self.hass)
        assert entry is not None
        return entry

    def state(self, platform: str, key: str) -> State:
        return fleet_state(self.hass, platform, key)

    @property
    def price(self) -> str:
        return self.state("sensor", "electricity_price").state

    @property
    def cheap(self) -> State:
        return self.state("binary_sensor", "cheap_power")

    def tell(self, state: object = None, **attributes: Any) -> None:
        """Have the provider's integration write what it knows now."""
        now = dt_util.utcnow()
        if self.make is not None:
            attributes |= self.make(World(now, self.slot))
        if state is None:
            state = cost(now.replace(minute=now.minute // 15 * 15, second=0))
        self.hass.states.async_set(SENSOR, str(state), attributes)

    async def until(self, clock: str) -> None:
        """Let time pass to a local time of the day, the next hours told each time."""
        hour, minute = map(int, clock.split(":"))
        now = dt_util.now()
        end = now.replace(hour=hour, minute=minute, second=5)
        if end <= now:
            end += timedelta(days=1)
        while (left := (end - dt_util.now()).total_seconds()) > 0:
            here = dt_util.now()
            next_hour = (here + HOUR).replace(minute=0, second=1)
            to_next_hour = (next_hour - here).total_seconds()
            # Less than the clock's resolution would never pass.
            await self.bench.advance(max(min(left, to_next_hour), 1))
            if self.make is not None:
                self.tell(unit_of_measurement="EUR/kWh")
        await self.bench.advance(10)

    async def choose(self, **options: Any) -> Any:
        result = await choose(self.hass, "prices", options)
        await self.bench.advance(10)
        return result


@pytest.fixture
async def home(bench: TimedBench) -> Home:
    await bench.hass.config.async_set_time_zone("Europe/Berlin")
    miner = await bench.add(await bench.miner(GAMMA))
    # Days pass: nobody has to be polled meanwhile.
    await bench.run(bench.hass.config_entries.async_unload(miner.entry_id))
    found = Home(bench)
    await found.until("00:30")
    return found


async def test_a_list_of_prices(home: Home) -> None:
    """The price moves with its slots, and the cheapest hours of the day are cheap."""
    home.make = nord_pool
    home.tell(unit_of_measurement="EUR/kWh")
    result = await home.choose(price=SENSOR, rule=CHEAPEST)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    hours: list[bool] = []
    for hour in range(1, 24):
        await home.until(f"{hour:02d}:20")
        begun = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
        assert float(home.price) == pytest.approx(cost(begun))
        hours.append(home.cheap.state == "on")
    day = dt_util.start_of_local_day().astimezone(UTC)
    ranks = sorted((cost(day + n * HOUR), n) for n in range(24))
    assert [n for n, on in enumerate(hours, 1) if on] == sorted(
        n for _, n in ranks[:8] if n
    )
    attributes = home.cheap.attributes
    assert attributes["rule"] == "cheapest_of_day"
    assert attributes["partial"] is False
    assert len(attributes["plan"]) == 48  # tomorrow's are out
    assert attributes["plan"][0]["start"] == day.isoformat()
    unit = home.state("sensor", "electricity_price").attributes["unit_of_measurement"]
    assert unit == f"{home.hass.config.currency}/kWh"


async def test_next_change(home: Home) -> None:
    home.make, home.slot = nord_pool, QUARTER
    home.tell(unit_of_measurement="EUR/kWh")
    await home.choose(price=SENSOR, rule=CHEAPEST)
    before = home.cheap
    change = datetime.fromisoformat(before.attributes["next_change"])
    left = (change - dt_util.utcnow()).total_seconds()
    await home.bench.advance(left - 10)
    assert home.cheap.state == before.state
    await home.bench.advance(20)
    assert {home.cheap.state, before.state} == {"on", "off"}


async def test_a_price_without_a_list(home: Home) -> None:
    """A limit is all that it takes; what is not known is neither cheap nor dear."""
    hass = home.hass
    home.tell(30, unit_of_measurement="ct/kWh")
    hass.states.async_set(LIMIT, "0.4")
    await home.choose(
        price=SENSOR,
        price_factor=1.2,
        price_surcharge=0.02,
        rule={"cheap_rule": "limit", "cheap_limit_entity": LIMIT},
    )
    assert float(home.price) == pytest.approx(0.38)
    assert home.cheap.state == "on"
    seen = []
    for limit, told in ((0.38, 30), (0.37, 30), (0.4, 31), (0.4, 33), (0.4, -5)):
        hass.states.async_set(LIMIT, str(limit))
        home.tell(told, unit_of_measurement="ct/kWh")
        await home.bench.advance(10)
        seen.append(home.cheap.state)
    assert seen == ["on", "off", "on", "off", "on"]
    hass.states.async_set(LIMIT, "unavailable")
    await home.bench.advance(10)
    assert home.cheap.state == "unknown"
    assert float(home.price) == pytest.approx(-0.04)
    home.tell("unavailable")
    await home.bench.advance(10)
    assert home.price == "unknown"


async def test_a_fixed_price(home: Home) -> None:
    await home.choose(
        fixed={
            "price_fixed": 0.3,
            "price_low": 0.2,
            "low_from": "22:10:00",
            "low_until": "05:00:00",
        },
        rule={"cheap_rule": "below_mean", "cheap_percent": 5},
    )
    seen = {}
    for clock in ("04:58", "05:01", "22:09", "22:11", "01:00"):
        await home.until(clock)
        seen[clock] = float(home.price), home.cheap.state
    low, high = (0.2, "on"), (0.3, "off")
    assert seen == {
        "04:58": low,
        "05:01": high,
        "22:09": high,
        "22:11": low,
        "01:00": low,
    }
    price = price_of(home.hass)
    assert price is not None
    assert price.entity_id == "sensor.all_miners_electricity_price"
    assert price.present == 0.2


async def test_an_integration_that_answers_when_asked(home: Home) -> None:
    """Its action is asked for what is missing, and seldom while it fails."""
    hass, asked = home.hass, list[tuple[str, str]]()
    fails = False

    def answer(call: ServiceCall) -> Any:
        asked.append((dt_util.now().strftime("%H:%M"), call.data["date"]))
        if fails:
            raise ServiceValidationError("no connection")
        day = dt_util.now().date()
        if call.data["date"] == day.isoformat():
            world = World(dt_util.start_of_local_day().astimezone(UTC), QUARTER)
            return nord_pool_core(world)
        return {"DE-LU": []}

    hass.services.async_register(
        "nordpool",
        "get_prices_for_date",
        answer,
        supports_response=SupportsResponse.ONLY,
    )
    provider = MockConfigEntry(domain="nordpool", title="Nord Pool")
    provider.add_to_hass(hass)
    result = await home.choose(price_service=provider.entry_id, rule=CHEAPEST)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    begun = dt_util.utcnow().replace(minute=30, second=0, microsecond=0)
    assert float(home.price) == pytest.approx(cost(begun))
    assert home.cheap.state in ("on", "off")
    asked.clear()
    await home.until("12:00")
    assert asked == []
    fails = True
    await home.until("13:05")
    assert len(asked) == 2 * 3  # today and tomorrow, each quarter of an hour
    assert float(home.price) == pytest.approx(
        cost(dt_util.utcnow().replace(minute=0, second=0, microsecond=0))
    )


async def test_the_past_of_a_list_of_the_future_survives_a_restart(home: Home) -> None:
    home.make, home.slot = amber, HOUR
    home.tell(unit_of_measurement="EUR/kWh")
    await home.choose(price=SENSOR, rule=CHEAPEST)
    assert home.cheap.attributes["partial"]  # of the hour before nothing is known
    await home.until("23:30")
    await home.until("18:30")
    assert not home.cheap.attributes["partial"]
    plan = home.cheap.attributes["plan"]
    await home.bench.run(home.hass.config_entries.async_reload(home.entry.entry_id))
    await home.bench.advance(10)
    assert home.cheap.attributes["plan"] == plan
    home.hass.states.async_set("sensor.other", "0.5")
    await home.choose(
        price="sensor.other", rule={"cheap_rule": "limit", "cheap_limit": 1}
    )
    assert len(home.cheap.attributes["plan"]) == 1  # nothing of the other one is left


async def test_without_a_source_there_is_nothing(home: Home) -> None:
    registered = home.hass.states.async_entity_ids()
    assert not [name for name in registered if "electricity" in name or "cheap" in name]
    await home.choose(fixed={"price_fixed": 0.3}, rule=CHEAPEST)
    assert home.cheap.state in ("on", "off")
    await home.choose()
    assert (home.price, home.cheap.state) == ("unknown", "unknown")
    assert home.entry.options == {}


AREAS = {
    "SE3": [{"start": "2026-12-02T00:00:00+01:00", "value": 1}],
    "SE4": [{"start": "2026-12-02T00:00:00+01:00", "value": 2}],
}


@pytest.mark.parametrize(
    ("error", "chosen", "state", "attributes"),
    [
        ("no_source", {"rule": CHEAPEST}, "0.3", {}),
        ("no_limit", {"price": SENSOR, "rule": {"cheap_rule": "limit"}}, "0.3", {}),
        ("no_price", {"price": SENSOR}, "unavailable", {}),
        ("no_price", {"price": SENSOR}, "cheap", {"raw_today": "soon"}),
        ("no_price", {"price": "sensor.nowhere"}, "0.3", {}),
        ("no_prices", {"price": SENSOR, "rule": CHEAPEST}, "0.3", {}),
        ("no_prices", {"price": SENSOR, "rule": CHEAPEST}, "0.3", {"raw_today": [1]}),
        ("several_lists", {"price": SENSOR, "rule": CHEAPEST}, "0.3", AREAS),
        ("service_failed", {"price_service": "gone"}, "0.3", {}),
    ],
)
async def test_what_cannot_be_read_is_said_and_nothing_is_lost(
    home: Home,
    error: str,
    chosen: dict[str, Any],
    state: str,
    attributes: dict[str, Any],
) -> None:
    hass = home.hass
    MockConfigEntry(domain="tibber", title="Tibber", entry_id="gone").add_to_hass(hass)
    hass.states.async_set(SENSOR, state, attributes)
    result = await home.choose(**chosen)
    assert result["errors"] == {"base": error}
    if error == "several_lists":
        assert result["description_placeholders"]["lists"] == "SE3, SE4"
    shown = {
        str(key): key.description["suggested_value"]
        for key in result["data_schema"].schema
        if (key.description or {}).get("suggested_value") is not None
    }
    assert shown["price"] == SENSOR if chosen.get("price") == SENSOR else True
    flow = hass.config_entries.options
    hass.states.async_set(SENSOR, "0.3")
    mended = await home.bench.run(
        flow.async_configure(result["flow_id"], {"price": SENSOR})
    )
    assert mended["type"] is FlowResultType.CREATE_ENTRY
    assert home.entry.options == {"price": SENSOR}
