"""What happens to a miner becomes an event, once."""

from dataclasses import replace

from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
import pytest

from custom_components.miner_monitor.model import EventType
from simulator import MinerSpec

from .conftest import CARDS, GAMMA, PLAIN_CGMINER, Q, TimedBench
from .controls import call, find

ACTIVITY = "event.gamma_601_a1b2_activity"


@pytest.mark.parametrize(
    "spec",
    [GAMMA, Q, PLAIN_CGMINER, *(replace(card, cards=1) for card in CARDS)],
    ids=lambda spec: spec.name,
)
async def test_every_miner_has_it(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec
) -> None:
    """To be added, to be polled and to be reloaded is no event."""
    entry = await bench.add(await bench.miner(spec))
    await bench.advance(60)
    await hass.config_entries.async_reload(entry.entry_id)
    await bench.advance(60)

    state = hass.states.get(find(hass, "event", "activity"))
    assert state.state == STATE_UNKNOWN
    assert state.attributes["event_types"] == [activity.value for activity in EventType]


async def test_restart(bench: TimedBench, hass: HomeAssistant) -> None:
    """The entity is there while the miner is away, and tells once that it is back."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    await bench.advance(30)
    seen = []
    hass.bus.async_listen(
        "state_changed",
        lambda event: event.data["entity_id"] == ACTIVITY and seen.append(event),
    )

    await miner.stop()
    await bench.advance(120)
    assert hass.states.get(ACTIVITY).state == STATE_UNKNOWN
    await miner.start()
    await bench.advance(180)

    state = hass.states.get(ACTIVITY)
    assert state.attributes["event_type"] == "restarted"
    assert len(seen) == 1


async def test_settings_that_changed(bench: TimedBench, hass: HomeAssistant) -> None:
    """The details are attributes: what changed, and who did it."""
    await bench.add(await bench.miner(GAMMA))
    await bench.advance(30)

    await call(bench, "number.gamma_601_a1b2_frequency", "set_value", value=490)
    await bench.advance(30)

    attributes = hass.states.get(ACTIVITY).attributes
    assert attributes["event_type"] == "settings_changed"
    assert attributes["frequency"] == [525, 490]
    assert attributes["by"] == "home_assistant"
