"""States are written when that is worth a row, and never sooner."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, HomeAssistant, callback
import pytest

from custom_components.miner_monitor.entity import ANY_CHANGE, Resolution

from .conftest import GAMMA, TimedBench


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
