"""States are written when that is worth a row, and never sooner."""

from collections.abc import Callable
from itertools import pairwise
import time
from typing import Any

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, HomeAssistant, State, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest

from custom_components.miner_monitor.binary_sensor import BINARY_SENSORS
from custom_components.miner_monitor.coordinator import MinerConfigEntry
from custom_components.miner_monitor.entity import ANY_CHANGE, Resolution
from custom_components.miner_monitor.select import SELECTS
from custom_components.miner_monitor.sensors import SENSORS
from custom_components.miner_monitor.switch import SWITCHES
from simulator import MinerSpec, SimulatedMiner

from .conftest import GAMMA, GAMMA_2, NANO_3S, TimedBench
from .controls import find
from .fleets import THREE, build, fleet_state


@pytest.mark.parametrize(
    ("resolution", "written", "value", "reached"),
    [
        (Resolution(absolute=0.5), 60.0, 60.4, False),
        (Resolution(absolute=0.5), 60.0, 60.5, True),
        (Resolution(absolute=0.5), 60.0, 59.5, True),
        (Resolution(relative=0.01), 100.0, 100.9, False),
        (Resolution(relative=0.01), 100.0, 101.0, True),
        (Resolution(relative=0.01), 0.0, 0.001, True),
        (Resolution(absolute=0.2, relative=0.01), 15.0, 15.19, False),
        (Resolution(absolute=0.2, relative=0.01), 15.0, 15.25, True),
        (Resolution(absolute=0.2, relative=0.01), 100.0, 100.9, False),
        (Resolution(seconds=60), 5, 6, True),
        (ANY_CHANGE, "a", "b", True),
        (Resolution(absolute=1), "a", "b", True),
    ],
)
def test_resolution(
    resolution: Resolution, written: Any, value: Any, reached: bool
) -> None:
    assert resolution.reached(value, written) is reached


@pytest.fixture
def written(hass: HomeAssistant) -> Callable[[str], list[str]]:
    """Give the states that an entity wrote."""
    states: list[tuple[str, str]] = []

    @callback
    def note(event: Event[Any]) -> None:
        if (new := event.data["new_state"]) is not None:
            states.append((event.data["entity_id"], new.state))

    hass.bus.async_listen(EVENT_STATE_CHANGED, note)
    return lambda entity_id: [state for key, state in states if key == entity_id]


async def test_small_moves_are_not_written(
    bench: TimedBench, hass: HomeAssistant, written: Callable[[str], list[str]]
) -> None:
    """Two written values differ by the resolution; the rest is kept to ourselves."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    await bench.advance(600, step=15)

    power = [float(state) for state in written("sensor.gamma_601_a1b2_power")]
    assert 1 <= len(power) < 35
    for before, after in pairwise(power):
        assert abs(after - before) >= 0.19


async def test_shares_once_a_minute(
    bench: TimedBench, hass: HomeAssistant, written: Callable[[str], list[str]]
) -> None:
    """A counter that moves with each poll is written once a minute."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    await bench.advance(600, step=15)

    shares = written("sensor.gamma_601_a1b2_shares_accepted")
    assert 5 <= len(shares) <= 11


async def test_written_at_least_every_quarter_of_an_hour(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """A value that moved less than its resolution is brought up to date then."""
    miner = await bench.miner(GAMMA)
    miner.inject("override", values={"power": 18.0})
    await bench.add(miner)
    await bench.advance(30)
    miner.inject("override", values={"power": 18.1})

    await bench.advance(600, step=15)
    assert float(hass.states.get("sensor.gamma_601_a1b2_power").state) == 18.0
    await bench.advance(400, step=15)
    assert float(hass.states.get("sensor.gamma_601_a1b2_power").state) == 18.1


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_alarms_and_enums_are_written_at_once(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """A fault is not held back."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)

    miner.inject("power_fault")
    await bench.advance(15)

    assert hass.states.get("binary_sensor.gamma_601_a1b2_fault").state == "on"
    assert hass.states.get("binary_sensor.gamma_601_a1b2_fault").attributes["faults"]
    assert hass.states.get("sensor.gamma_601_a1b2_status").state == "fault"


async def test_attributes_change_only_with_the_state(
    bench: TimedBench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    """Response-time figures follow the written value, not each poll."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    before = hass.states.get("sensor.gamma_601_a1b2_response_time")

    await bench.advance(45, step=15)
    after = hass.states.get("sensor.gamma_601_a1b2_response_time")

    if after.state == before.state:
        assert after.attributes == before.attributes
    assert set(after.attributes) >= {"mean", "median", "minimum", "maximum"}


QUARTER = 15 * 60


def state_of(hass: HomeAssistant, platform: str, key: str) -> State:
    entity_id = find(hass, platform, key)
    assert entity_id is not None, key
    state = hass.states.get(entity_id)
    assert state is not None
    return state


def says(miner: SimulatedMiner, **values: Any) -> None:
    """Have a miner report other values from now on."""
    miner.clear("override")
    miner.inject("override", values=values)


async def test_attributes_follow_within_a_quarter_of_an_hour(
    bench: TimedBench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    """Not before, while the state stands still; and not at all without a change."""
    miner = await bench.miner(NANO_3S)
    says(miner, HW=5, DHspd="1.000%")
    await bench.add(miner)

    def errors() -> tuple[int, Any]:
        state = state_of(hass, "sensor", "hardware_error_rate")
        assert float(state.state) == 1.0
        return state.attributes["errors"], state.last_reported

    before = errors()
    assert before[0] == 5
    await bench.advance(2 * QUARTER, step=15)
    assert errors() == before

    says(miner, HW=9, DHspd="1.000%")
    await bench.advance(QUARTER - 30, step=15)
    assert errors() == before
    await bench.advance(60, step=15)
    after = errors()
    assert after[0] == 9

    await bench.advance(2 * QUARTER, step=15)
    assert errors() == after


async def test_attributes_that_come_and_go_are_not_written(
    bench: TimedBench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    """What differed for a moment is no news a quarter of an hour later."""
    miner = await bench.miner(NANO_3S)
    says(miner, HW=5, DHspd="1.000%")
    await bench.add(miner)
    before = state_of(hass, "sensor", "hardware_error_rate").last_reported

    says(miner, HW=9, DHspd="1.000%")
    await bench.advance(60, step=15)
    says(miner, HW=5, DHspd="1.000%")
    await bench.advance(2 * QUARTER, step=15)

    assert state_of(hass, "sensor", "hardware_error_rate").last_reported == before


async def test_attributes_come_with_the_next_state(
    bench: TimedBench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    """A row that is written anyway tells all that is known."""
    miner = await bench.miner(NANO_3S)
    says(miner, HW=5, DHspd="1.000%")
    await bench.add(miner)
    says(miner, HW=9, DHspd="1.000%")
    await bench.advance(60, step=15)
    says(miner, HW=12, DHspd="2.000%")
    await bench.advance(15)

    state = state_of(hass, "sensor", "hardware_error_rate")
    assert (float(state.state), state.attributes["errors"]) == (2.0, 12)


@pytest.mark.parametrize(
    ("spec", "entity", "first", "second", "attribute"),
    [
        (
            GAMMA,
            ("binary_sensor", "fault"),
            {"power_fault": "low"},
            {"power_fault": "low", "hardware_fault": "dead"},
            "faults",
        ),
        (
            GAMMA,
            ("binary_sensor", "problem"),
            {"temp": 74},
            {"temp": 74, "vrTemp": 101},
            "findings",
        ),
        (
            NANO_3S,
            ("sensor", "lowest_chip_temperature"),
            {"PVT_T0": " 80 90 91"},
            {"PVT_T0": " 80 90 92"},
            "chips",
        ),
    ],
)
async def test_attributes_that_are_news_come_at_once(
    bench: TimedBench,
    hass: HomeAssistant,
    entity_registry_enabled_by_default: None,
    spec: MinerSpec,
    entity: tuple[str, str],
    first: dict[str, Any],
    second: dict[str, Any],
    attribute: str,
) -> None:
    """With the poll that brings them, though the state stays as it is."""
    miner = await bench.miner(spec)
    says(miner, **first)
    await bench.add(miner)
    await bench.advance(120, step=15)
    before = state_of(hass, *entity)
    assert before.attributes[attribute]

    says(miner, **second)
    await bench.advance(15)
    after = state_of(hass, *entity)
    assert after.state == before.state
    assert after.attributes[attribute] != before.attributes[attribute]

    await bench.advance(QUARTER * 2, step=15)
    assert state_of(hass, *entity).attributes == after.attributes


async def test_a_finding_shows_what_the_sensor_shows(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Value and row are of one poll, although neither is written with each."""
    miner = await bench.miner(GAMMA)
    says(miner, temp=60.0)
    await bench.add(miner)
    await bench.advance(30)
    shown = []
    for hundredths in (0, 30, 45, 55, 90, 110, 30, -20, -60, 0, 200):
        says(miner, temp=75.0 + hundredths / 100, vrTemp=80)
        await bench.advance(15)
        problem = state_of(hass, "binary_sensor", "problem")
        (finding,) = problem.attributes["findings"]
        assert finding["quantity"] == "chip_temperature"
        state = state_of(hass, "sensor", "chip_temperature").state
        assert finding["value"] == float(state)
        shown.append(finding["value"])

    assert len({*shown}) < len(shown), "what moves little is not written"
    assert problem.attributes["reasons"] == ["chip_hot"]
    assert problem.attributes["limits"]["chip_temperature"] == {
        "warning": 70.0,
        "limit": finding["threshold"],
    }
    since = dt_util.parse_datetime(finding["since"])
    assert 0 <= (dt_util.utcnow() - since).total_seconds() - 150 <= 30


async def test_time_away_goes_on_while_a_miner_is_away(
    bench: TimedBench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    """The number of times stands, the time does not."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    miner.inject("offline")
    await bench.advance(300, step=15)
    before = state_of(hass, "sensor", "times_offline")
    await bench.advance(130, step=15)
    after = state_of(hass, "sensor", "times_offline")

    assert before.state == after.state == "1"
    assert 60 <= after.attributes["time_away"] - before.attributes["time_away"] <= 190


type Described = tuple[str, Any]


def described(hass: HomeAssistant, entry: MinerConfigEntry) -> list[Described]:
    """Name the entities of a miner that have attributes, each with its description."""
    tables = {
        "sensor": SENSORS,
        "binary_sensor": BINARY_SENSORS,
        "select": SELECTS,
        "switch": SWITCHES,
    }
    registry = er.async_get(hass)
    found = [
        (registry.async_get_entity_id(platform, "miner_monitor", unique_id), item)
        for platform, table in tables.items()
        for item in table
        if item.attributes_fn is not None
        and (unique_id := f"{entry.unique_id}_{item.key}")
    ]
    return [(entity_id, item) for entity_id, item in found if entity_id is not None]


@pytest.mark.parametrize("spec", [GAMMA_2, NANO_3S], ids=lambda spec: spec.name)
async def test_no_attribute_is_old(
    bench: TimedBench,
    hass: HomeAssistant,
    entity_registry_enabled_by_default: None,
    spec: MinerSpec,
) -> None:
    """All that is shown is what is known, or was a quarter of an hour ago."""
    entry = await bench.add(await bench.miner(spec))
    items = described(hass, entry)
    assert len(items) >= 10
    differs_since: dict[str, float] = {}
    late: set[str] = set()
    for _ in range(140):
        await bench.advance(15)
        data = entry.runtime_data.data
        for entity_id, item in items:
            known = dict(item.attributes_fn(data) or {})
            shown = hass.states.get(entity_id).attributes
            if all(shown.get(key) == value for key, value in known.items()):
                differs_since.pop(entity_id, None)
                continue
            assert not item.attributes_at_once, (entity_id, known, dict(shown))
            since = differs_since.setdefault(entity_id, time.monotonic())
            assert time.monotonic() - since <= QUARTER + 15, (entity_id, known)
            late.add(entity_id)
    assert late, "some wait for their state"


async def test_who_is_hottest_follows_within_a_quarter_of_an_hour(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """The fleet's attributes keep the same times as those of a miner."""
    house = await build(bench)

    def warm(**temperatures: float) -> None:
        for name, degrees in temperatures.items():
            says(house.miners[name], temp=degrees)

    warm(anna=60.0, bert=50.0, carl=50.0)
    await bench.advance(60, step=5)
    before = fleet_state(hass, "sensor", "hottest_chip")
    assert before.attributes["miner"] == "anna"

    warm(anna=59.6, bert=60.0)
    await bench.advance(QUARTER - 120, step=15)
    now = fleet_state(hass, "sensor", "hottest_chip")
    assert (now.state, now.last_reported) == (before.state, before.last_reported)
    await bench.advance(180, step=15)
    assert fleet_state(hass, "sensor", "hottest_chip").attributes["miner"] == "bert"


async def test_a_fleet_tells_at_once_whom_it_leaves_out(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Though the figure stays as it is, and without another row when nothing is new."""
    house = await build(bench)
    assert len(THREE) == 3
    for name in house.miners:
        says(house.miners[name], power=15, hashRate=1000, hashRate_1m=1000)
    await bench.advance(60, step=5)
    before = fleet_state(hass, "sensor", "efficiency")
    await bench.advance(2 * QUARTER, step=15)
    assert fleet_state(hass, "sensor", "efficiency") is before
    assert before.attributes["coverage"] == "3 of 3"

    house.miners["anna"].inject("offline")
    await bench.advance(90, step=5)
    after = fleet_state(hass, "sensor", "efficiency")
    assert after.state == before.state
    assert after.attributes["coverage"] == "2 of 3"
