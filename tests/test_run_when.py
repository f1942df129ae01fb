"""When miners run by choice: on the surplus, and while it is worth it."""

from datetime import datetime, timedelta
from typing import Any

from homeassistant.core import State
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util import dt as dt_util
import pytest

from simulator import Phase

from .conftest import NERD, TimedBench
from .controls import call
from .fleets import House, build, choose, fleet_state

RUN_WHEN, DRY_RUN = "select.all_miners_run_when", "switch.all_miners_dry_run"
TARGET = "number.all_miners_power_target"
GRID, PRICE, BITCOIN = "sensor.grid", "sensor.price", "sensor.bitcoin"
NAMES = ("anna", "bert", "carl")
MEASURED = 1500.0
MEAN = 180.0
"""Seconds whose mean is the surplus."""


@pytest.fixture
async def house(bench: Any) -> House:
    """Return three miners that are polled every minute."""
    found = await build(bench)
    for entry in found.entries.values():
        options = {**entry.options, "scan_interval": 60}
        bench.hass.config_entries.async_update_entry(entry, options=options)
        await bench.run(bench.hass.config_entries.async_reload(entry.entry_id))
    await bench.advance(MEASURED)
    return found


def tell(house: House, entity: str, value: object, unit: str | None) -> None:
    attributes = {} if unit is None else {"unit_of_measurement": unit}
    house.bench.hass.states.async_set(entity, str(value), attributes)


def hashing(house: House) -> list[str]:
    return [name for name in NAMES if house.miners[name].truth.hashing]


def drawn(house: House) -> float:
    return sum(miner.truth.power_w for miner in house.miners.values())


def decided(house: House) -> State:
    return fleet_state(house.bench.hass, "select", "run_when")


async def choose_when(house: House, option: str) -> None:
    await call(house.bench, RUN_WHEN, "select_option", option=option)
    await house.bench.advance(60)


class Roof:
    """Panels, and a meter at the grid that shows what is left of them."""

    def __init__(self, house: House, *, positive: bool) -> None:
        """``positive``: the meter is positive while power is fed in."""
        self.house = house
        self.positive = positive

    def tell(self, spare: float) -> None:
        power = drawn(self.house) - spare
        tell(self.house, GRID, round(-power if self.positive else power, 1), "W")

    async def give(self, spare: float, seconds: float) -> None:
        """Give so many W beside what the rest of the house takes."""
        for _ in range(int(seconds / 30)):
            self.tell(spare)
            await self.house.bench.advance(30)

    async def choose(self) -> None:
        self.tell(0)
        solar = {"grid_power": GRID, "grid_export_positive": self.positive}
        found = await choose(self.house.bench.hass, "prices", {"solar": solar})
        assert found["type"] is FlowResultType.CREATE_ENTRY, found.get("errors")
        await self.house.bench.advance(60)


@pytest.mark.parametrize("positive", [False, True])
async def test_on_the_surplus(house: House, positive: bool) -> None:
    """Nothing but a meter is needed; what is exported is shared, and no more."""
    roof, bench = Roof(house, positive=positive), house.bench
    assert "surplus" not in decided(house).attributes["options"]
    await roof.choose()
    assert "surplus" in decided(house).attributes["options"]
    each = drawn(house) / 3

    # Dry at first: it says what it would do. The first mean takes its time.
    await roof.give(1.5 * each, 1200)
    await choose_when(house, "surplus")
    would = decided(house).attributes
    assert (would["decision"], would["dry_run"]) == ("share_surplus", True)
    assert would["power"] == pytest.approx(1.5 * each, abs=12)
    assert len(would["would_change"]) >= 1
    assert hashing(house) == [*NAMES]
    assert not house.told("pause", "resume")

    await call(bench, DRY_RUN, "turn_off")
    await roof.give(1.5 * each, 600)
    assert len(hashing(house)) in (1, 2)
    assert drawn(house) <= 1.5 * each * 1.03 + 10
    resting = next(name for name in NAMES if name not in hashing(house))
    status = bench.hass.states.get(f"sensor.{resting}_status")
    assert status is not None
    assert status.attributes["by"] == "Run when: Surplus"

    await roof.give(0, 1800)
    assert hashing(house) == []
    await roof.give(5 * each, 1800)
    assert hashing(house) == [*NAMES]
    assert drawn(house) == pytest.approx(3 * each, rel=0.05)
    assert decided(house).attributes["power"] == pytest.approx(5 * each, rel=0.1)

    # A kettle is not worth a change.
    told = len(house.told("pause", "resume"))
    await roof.give(-2000, 30)
    await roof.give(5 * each + 2000, 30)
    await roof.give(5 * each, 1800)
    assert len(house.told("pause", "resume")) == told


async def test_without_a_reading_of_the_grid(house: House) -> None:
    """Nothing is changed, for hours; what is known again counts after its mean."""
    roof, bench = Roof(house, positive=False), house.bench
    await roof.choose()
    await call(bench, DRY_RUN, "turn_off")
    await choose_when(house, "surplus")
    await roof.give(0, 1200)
    assert hashing(house) == []
    for value, unit in (("unavailable", "W"), ("nan", "W"), (5, "kWh"), (5, None)):
        tell(house, GRID, value, unit)
        await bench.advance(1800)
        assert decided(house).attributes["decision"] == "no_data", (value, unit)
        assert hashing(house) == []
    bench.hass.states.async_remove(GRID)
    await bench.advance(1800)
    assert decided(house).attributes["decision"] == "no_data"
    assert hashing(house) == []
    await roof.give(500, MEAN - 60)
    assert decided(house).attributes["decision"] == "no_data"
    await roof.give(500, 900)
    assert decided(house).attributes["decision"] == "share_surplus"
    assert hashing(house) == [*NAMES]

    # Who is held is not touched, and its watts are not dealt twice.
    each = drawn(house) / 3
    await call(bench, "switch.anna_follow_automations", "turn_off")
    await roof.give(0, 1800)
    assert hashing(house) == ["anna"]
    await roof.give(2.2 * each, 1800)
    assert hashing(house)[0] == "anna"
    assert drawn(house) <= 2.2 * each * 1.03 + 10
    assert house.who("pause", "resume").count("anna") == 2


async def test_while_it_is_worth_it(house: House) -> None:
    """By the price of power, until that of bitcoin is not known any more."""
    hass, bench = house.bench.hass, house.bench
    hass.config.currency = "EUR"
    tell(house, PRICE, 0.01, "EUR/kWh")
    tell(house, BITCOIN, 80_000, "EUR")
    assert "worth_running" not in decided(house).attributes["options"]
    await choose(hass, "prices", {"price": PRICE})
    await choose(hass, "worth", {"bitcoin_price": BITCOIN})
    await bench.advance(MEASURED)
    assert "worth_running" in decided(house).attributes["options"]
    even = float(fleet_state(hass, "sensor", "break_even_price").state)
    await call(bench, DRY_RUN, "turn_off")
    await choose_when(house, "worth_running")
    assert decided(house).attributes["decision"] == "run"
    assert hashing(house) == [*NAMES]

    tell(house, PRICE, 2 * even, "EUR/kWh")
    await bench.advance(1200)
    assert decided(house).attributes["decision"] == "save_power"
    assert hashing(house) == []
    status = hass.states.get("sensor.anna_status")
    assert status is not None
    assert status.attributes["by"] == "Run when: Worth running"

    # It is still known what it would be worth, though none of them runs.
    await bench.advance(4 * 3600)
    assert decided(house).attributes["decision"] == "save_power"
    tell(house, BITCOIN, "unavailable", "EUR")
    await bench.advance(3600)
    assert decided(house).attributes["decision"] == "no_data"
    assert hashing(house) == []
    tell(house, BITCOIN, 80_000, "EUR")
    tell(house, PRICE, even / 2, "EUR/kWh")
    await bench.advance(1200)
    assert decided(house).attributes["decision"] == "run"
    assert hashing(house) == [*NAMES]
    await choose(hass, "worth", {})
    await bench.advance(60)
    assert decided(house).attributes["decision"] == "not_set_up"
    assert hashing(house) == [*NAMES]


HOUR = timedelta(hours=1)


def tell_prices(house: House, begin: datetime, prices: list[float]) -> None:
    """Have a price for each hour from here on, and none for those after them."""
    slots = [
        {
            "start": (begin + place * HOUR).isoformat(),
            "end": (begin + (place + 1) * HOUR).isoformat(),
            "value": price,
        }
        for place, price in enumerate(prices)
    ]
    unit = {"unit_of_measurement": "EUR/kWh", "raw_today": slots}
    house.bench.hass.states.async_set(PRICE, "0.4", unit)


async def test_until_power_is_cheap(house: House) -> None:
    """When that is, is known as far as prices are; who saves for it names it alike."""
    hass, bench = house.bench.hass, house.bench
    hass.config.currency = "EUR"
    begin = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    tell_prices(house, begin, [0.4, 0.4])
    rule = {"cheap_rule": "limit", "cheap_limit": 0.2}
    await bench.run(choose(hass, "prices", {"price": PRICE, "rule": rule}))
    await bench.advance(60)
    await choose_when(house, "cheap_power")
    # The last hour that is known is dear: nobody knows what comes then.
    shown = decided(house).attributes
    assert (shown["dry_run"], shown["by"]) == (True, None)
    assert (shown["decision"], shown["until"]) == ("save_power", None)

    tell_prices(house, begin, [0.4, 0.4, 0.1, 0.4])
    await call(bench, DRY_RUN, "turn_off")
    await bench.advance(600)
    assert hashing(house) == []
    status = hass.states.get("sensor.anna_status")
    assert status is not None
    shown = decided(house).attributes
    assert shown["by"] == status.attributes["by"] == "Run when: Cheap power"
    assert shown["until"] == (begin + 2 * HOUR).isoformat()

    tell_prices(house, begin, [0.1, 0.1, 0.4])
    await bench.advance(900)
    shown = decided(house).attributes
    assert (shown["decision"], shown["until"]) == ("run", None)
    assert hashing(house) == [*NAMES]


async def test_a_miner_that_only_a_restart_wakes(bench: TimedBench) -> None:
    """It comes back with the set points that it had, and takes the others then."""
    nerd = await bench.miner(NERD)
    await bench.add(nerd)
    await bench.advance(MEASURED)
    before = nerd.truth.power_w
    for watts in (round(0.8 * before), 0, 100, round(0.8 * before), 0, 30, 100):
        await call(bench, TARGET, "set_value", value=watts)
        await bench.advance(1800)
        if watts == 0:
            assert nerd.phase is Phase.SHUTDOWN
            assert nerd.truth.power_w < 15
        elif watts == 100:
            assert nerd.truth.hashing
            assert nerd.truth.power_w == pytest.approx(before, rel=0.05)
        else:
            assert nerd.truth.power_w <= 1.03 * watts
