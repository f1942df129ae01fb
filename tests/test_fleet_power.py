"""A power target for all miners, and when they run by choice."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant, State
from homeassistant.util import dt as dt_util
import pytest

from custom_components.miner_monitor.fleet.coordinator import async_fleet_entry
from custom_components.miner_monitor.fleet.wish import FILE
from custom_components.miner_monitor.runtime.store import STORE_TARGET

from .controls import call, stored_intents
from .fleets import House, build, choose, fleet_state

TARGET = "number.all_miners_power_target"
RUN_WHEN = "select.all_miners_run_when"
DRY_RUN = "switch.all_miners_dry_run"
PRICE = "sensor.price"
HOUR = timedelta(hours=1)
NAMES = ("anna", "bert", "carl")

MEASURED = 1500.0
"""Seconds after which it is known what the miners draw."""


@pytest.fixture
async def house(bench: Any) -> House:
    """Return three miners that are polled seldom, for hours pass."""
    found = await build(bench)
    await poll_every(found, 60)
    return found


async def poll_every(house: House, seconds: int) -> None:
    for entry in house.entries.values():
        options = {**entry.options, "scan_interval": seconds}
        house.bench.hass.config_entries.async_update_entry(entry, options=options)
        await house.bench.run(
            house.bench.hass.config_entries.async_reload(entry.entry_id)
        )


def target(house: House) -> State:
    return fleet_state(house.bench.hass, "number", "power_target")


def shares(house: House) -> dict[str, tuple[float, str | None]]:
    """Return what each gets in W, and why not more."""
    return {
        share["name"]: (share["power"], share["limit"])
        for share in target(house).attributes["shares"]
    }


def hashing(house: House) -> list[str]:
    return [name for name in NAMES if house.miners[name].truth.hashing]


async def ask(house: House, watts: float) -> None:
    await call(house.bench, TARGET, "set_value", value=watts)
    await house.bench.advance(90)


async def test_watts_are_dealt(house: House) -> None:
    """The first ones run, and the state is what all draw while there is no target."""
    await house.prefer(carl=1, anna=2, bert=3)
    await house.bench.advance(MEASURED)
    before = target(house)
    normal = float(before.state)
    each = normal / 3
    assert before.attributes["set"] is False
    assert before.attributes["shares"] == []

    await ask(house, round(2.1 * each))
    assert float(target(house).state) == round(2.1 * each)
    assert target(house).attributes["set"] is True
    assert target(house).attributes["expected"] <= 2.1 * each
    assert hashing(house) == ["anna", "carl"]
    assert [limit for _, limit in shares(house).values()] == ["target", "target", None]
    assert house.who("pause") == ["bert"]
    for share in target(house).attributes["shares"]:
        assert share["steps"][-1] == pytest.approx(each, rel=0.1)

    # The same again, and time alone, change nothing.
    writes = len(house.told("pause", "resume"))
    await ask(house, round(2.1 * each))
    await house.bench.advance(3600)
    assert len(house.told("pause", "resume")) == writes

    # It survives a restart.
    entry = async_fleet_entry(house.bench.hass)
    assert entry is not None
    await house.bench.run(house.bench.hass.config_entries.async_reload(entry.entry_id))
    await house.bench.advance(60)
    assert float(target(house).state) == round(2.1 * each)
    assert len(house.told("pause", "resume")) == writes

    await ask(house, 0)
    assert hashing(house) == []
    # Who just stopped rests for its minimum time; the others start one by one.
    await ask(house, target(house).attributes["max"])
    assert float(target(house).state) == pytest.approx(normal, abs=1)
    assert hashing(house) == ["bert"]
    await house.bench.advance(900)
    assert hashing(house) == [*NAMES]
    assert target(house).attributes["set"] is False
    times = [time for time, *_ in house.told("resume")]
    assert all(late - early >= 1.7 for early, late in pairwise(times))
    assert target(house).attributes["max"] == before.attributes["max"]


async def test_what_is_stored(house: House) -> None:
    """A target that moves each half minute is not stored each time, but not lost."""
    bench, hass = house.bench, house.bench.hass
    await bench.advance(MEASURED)
    each = float(target(house).state) / 3
    least = round(2.1 * each)
    await ask(house, least)
    times = set()
    for place in range(40):
        await call(bench, TARGET, "set_value", value=least + place % 3)
        await bench.advance(30)
        times.add(stored_intents(hass, FILE)["saved_at"])
    # What a miner is told is stored, too.
    assert 2 <= len(times) <= 3 + 40 * 35 / STORE_TARGET
    assert target(house).attributes["expected"] <= least + 2

    # It is stored though nobody moves it any more, as Home Assistant ends, and
    # as the entry unloads.
    await call(bench, TARGET, "set_value", value=least + 3)
    await bench.advance(STORE_TARGET + 60)
    assert wanted(hass) == least + 3
    await call(bench, TARGET, "set_value", value=least + 4)
    assert wanted(hass) == least + 3
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await bench.settle()
    assert wanted(hass) == least + 4
    await call(bench, TARGET, "set_value", value=least + 5)
    entry = async_fleet_entry(hass)
    assert entry is not None
    await bench.run(hass.config_entries.async_reload(entry.entry_id))
    await bench.advance(5)
    assert float(target(house).state) == least + 5

    # What is no target any more is stored at once.
    await call(bench, TARGET, "set_value", value=target(house).attributes["max"])
    assert wanted(hass) is None


def wanted(hass: HomeAssistant) -> float | None:
    """Return the target of all miners that would be known after a power cut."""
    watts: float | None = stored_intents(hass, FILE)["intents"]["wish"]["target"]
    return watts


async def test_who_is_left_alone(house: House) -> None:
    """Held, offline, saving power: counted, and asked again when that is over."""
    bench, hass = house.bench, house.bench.hass
    await bench.advance(MEASURED)
    each = float(target(house).state) / 3
    await call(bench, "switch.anna_follow_automations", "turn_off")
    house.miners["carl"].inject("silent")
    await bench.advance(300)

    await ask(house, 0)
    assert shares(house)["anna"] == (pytest.approx(each, rel=0.1), "held")
    assert shares(house)["carl"][1] == "offline"
    assert house.who("pause") == ["bert"]

    house.miners["carl"].clear("silent")
    await bench.advance(120)
    assert sorted(house.who("pause")) == ["bert", "carl"]
    await call(bench, "switch.anna_follow_automations", "turn_on")
    await bench.advance(60)
    assert hashing(house) == []
    assert {limit for _, limit in shares(house).values()} == {"target"}

    # A user starts one: it is left alone until there is another target.
    await bench.advance(1200)
    await call(bench, "switch.bert_mining", "turn_on")
    await bench.advance(60)
    assert hashing(house) == ["bert"]
    assert shares(house)["bert"][1] == "by_hand"
    await bench.advance(1800)
    assert hashing(house) == ["bert"]
    await ask(house, 1)
    assert hashing(house) == []
    # Also when all take part again by what they do already, and after a restart.
    await bench.advance(1200)
    await ask(house, 2)
    await call(bench, "switch.bert_mining", "turn_on")
    await bench.advance(60)
    assert shares(house)["bert"][1] == "by_hand"
    entry = async_fleet_entry(hass)
    assert entry is not None
    await bench.run(hass.config_entries.async_reload(entry.entry_id))
    await bench.advance(60)
    assert shares(house)["bert"][1] == "by_hand"
    await bench.advance(1800)
    assert shares(house)["bert"][1] == "by_hand"
    assert hashing(house) == ["bert"]
    await ask(house, 1)
    assert hashing(house) == []
    assert hass.states.get("sensor.bert_status").attributes["reason"] == "power_target"


@pytest.fixture
async def priced(house: House) -> House:
    """Return a house in which power is dear, by a sensor of the price alone."""
    tell(house, 0.5)
    rule = {"cheap_rule": "limit", "cheap_limit": 0.2}
    await choose(house.bench.hass, "prices", {"price": PRICE, "rule": rule})
    await house.bench.advance(MEASURED)
    return house


def tell(house: House, price: float | str) -> None:
    attributes = {"unit_of_measurement": "EUR/kWh"}
    house.bench.hass.states.async_set(PRICE, str(price), attributes)


def decided(house: House) -> State:
    return fleet_state(house.bench.hass, "select", "run_when")


async def choose_when(house: House, option: str) -> None:
    await call(house.bench, RUN_WHEN, "select_option", option=option)
    await house.bench.advance(60)


async def test_while_power_is_cheap(priced: House) -> None:
    house, hass = priced, priced.bench.hass
    assert decided(house).state == "own_automations"
    assert decided(house).attributes["options"] == [
        "always",
        "cheap_power",
        "own_automations",
    ]
    assert hashing(house) == [*NAMES]

    # Dry at first: it says what it would do.
    assert decided(house).attributes["dry_run"] is True
    await choose_when(house, "cheap_power")
    would = decided(house).attributes
    assert (would["decision"], would["dry_run"]) == ("save_power", True)
    assert [one["name"] for one in would["would_change"]] == [*NAMES]
    assert not house.told("pause", "resume")

    await call(house.bench, DRY_RUN, "turn_off")
    await house.bench.advance(60)
    assert hashing(house) == []
    assert decided(house).attributes["would_change"] == []
    for name in NAMES:
        status = hass.states.get(f"sensor.{name}_status")
        assert status.attributes["by"] == "Run when: Cheap power"
        assert status.attributes["by_automation"] is True
    assert target(house).attributes["set"] is False

    # A price that is not known changes nothing, for hours.
    tell(house, "unavailable")
    await house.bench.advance(7200)
    assert decided(house).attributes["decision"] == "no_data"
    assert hashing(house) == []

    tell(house, 0.1)
    await house.bench.advance(60)
    assert decided(house).attributes["decision"] == "run"
    assert hashing(house) == [*NAMES]
    assert hass.states.get("sensor.anna_status").attributes["reason"] is None

    # The lower one of the two holds.
    each = float(target(house).state) / 3
    await house.bench.advance(1200)
    await ask(house, round(1.6 * each))
    assert len(hashing(house)) == 1

    # Back to one's own automations: nothing limits any more but the target.
    tell(house, 0.5)
    await house.bench.advance(1200)
    assert hashing(house) == []
    await choose_when(house, "own_automations")
    await house.bench.advance(1200)
    assert len(hashing(house)) == 1
    assert decided(house).attributes["decision"] == "none"


async def test_without_a_rule_nothing_is_limited(priced: House) -> None:
    await call(priced.bench, DRY_RUN, "turn_off")
    await choose_when(priced, "cheap_power")
    assert hashing(priced) == []
    await priced.bench.advance(1200)
    await choose(priced.bench.hass, "prices", {})
    await priced.bench.advance(60)
    assert decided(priced).attributes["decision"] == "not_set_up"
    assert hashing(priced) == [*NAMES]


async def test_a_day_of_prices(priced: House) -> None:
    """All run in the cheap hours and rest in the dear ones, but who is held."""
    bench = priced.bench
    await poll_every(priced, 300)
    await bench.advance(300)
    await call(bench, "switch.carl_follow_automations", "turn_off")
    await call(bench, DRY_RUN, "turn_off")
    await choose_when(priced, "cheap_power")
    ran: dict[int, list[str]] = {}
    dear = {7, 8, 9, 12, 17, 18, 19, 20}
    now = dt_util.now()
    await bench.advance(3600 - now.minute * 60 - now.second)
    for _ in range(24):
        hour = dt_util.now().hour
        tell(priced, 0.4 if hour in dear else 0.1)
        await bench.advance(1800)
        ran[hour] = hashing(priced)
        await bench.advance(1800)
    assert ran == {hour: ["carl"] if hour in dear else [*NAMES] for hour in range(24)}
    assert "carl" not in priced.who("pause", "resume")


async def test_the_strip_is_what_happens(priced: House) -> None:
    """What the plan says of a day to come is what then runs, and so is its past."""
    bench = priced.bench
    await poll_every(priced, 300)
    await call(bench, DRY_RUN, "turn_off")
    now = dt_util.utcnow()
    await bench.advance(3600 - now.minute * 60 - now.second)
    begin = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    prices = [0.1, 0.1, 0.4, 0.1, 0.5, 0.5, 0.15, 0.3] * 3
    slots = [
        {
            "start": (begin + hour * HOUR).isoformat(),
            "end": (begin + (hour + 1) * HOUR).isoformat(),
            "value": price,
        }
        for hour, price in enumerate(prices)
    ]
    attributes = {"unit_of_measurement": "EUR/kWh", "raw_today": slots}
    bench.hass.states.async_set(PRICE, "0.1", attributes)
    await choose_when(priced, "cheap_power")
    planned = plan(bench)
    to_come = [planned[begin + hour * HOUR] for hour in range(24)]
    assert to_come == [price <= 0.2 for price in prices]

    runs: list[bool] = []
    ran: dict[datetime, bool] = {}
    for _ in prices:
        # Each rests for ten minutes at least, and starts after the one before it.
        await bench.advance(1800)
        found = hashing(priced)
        assert found in ([], [*NAMES])
        runs.append(bool(found))
        ran[begin + len(ran) * HOUR] = bool(found)
        drawn = fleet_state(bench.hass, "sensor", "power").state
        truth = sum(miner.truth.power_w for miner in priced.miners.values())
        assert float(drawn) == pytest.approx(truth, rel=0.1, abs=3)
        await bench.advance(1800)
    assert runs == to_come
    past = plan(bench)
    known = past.keys() & ran.keys()
    assert len(known) >= 1
    assert {at: past[at] for at in known} == {at: ran[at] for at in known}


def plan(bench: Any) -> dict[datetime, bool]:
    """Return which slots are cheap, as the strip shows them."""
    state = fleet_state(bench.hass, "binary_sensor", "cheap_power")
    return {
        datetime.fromisoformat(slot["start"]): slot["cheap"]
        for slot in state.attributes["plan"]
    }
