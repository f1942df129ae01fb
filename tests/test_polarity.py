"""Off is off: whoever turns everything off wakes up no miner that saves power."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.const import STATE_OFF, STATE_ON, EntityCategory
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    intent,
    label_registry as lr,
)
from homeassistant.setup import async_setup_component
import pytest

from custom_components.miner_monitor.const import DOMAIN, FLEET
from custom_components.miner_monitor.miners.model import Setting
from simulator import MinerSpec

from .conftest import GAMMA, GAMMA_2, MINI_3, NANO_3S, NERD, Q, TimedBench
from .fleets import MINING, SAVE_POWER, House, build
from .handles import Handle

STOPPED = (GAMMA_2, NERD, Q, MINI_3)
"""Miners that save power by a stop: pause, shutdown, soft off."""

LOWERED = (GAMMA, NANO_3S)
"""Miners that hash on while they save power: by settings, by a work mode."""

ASSISTANT = "conversation"

type Off = Callable[[Handle], Awaitable[None]]


def named(value: object) -> str | None:
    return value.name if isinstance(value, MinerSpec) else None


async def saving(bench: TimedBench, spec: MinerSpec) -> Handle:
    """Add a miner, and let it save power by order of Home Assistant."""
    miner = await bench.miner(spec)
    handle = Handle(bench, miner, await bench.add(miner))
    await bench.advance(30)
    await turn(handle, "turn_on", save_power(handle))
    await bench.advance(180)
    assert shown(handle, save_power(handle)) == STATE_ON
    miner.forget_requests()
    return handle


def save_power(handle: Handle) -> str:
    return handle.entity("switch", "throttle")


def shown(handle: Handle, entity_id: str) -> str:
    state = handle.hass.states.get(entity_id)
    assert state is not None
    return state.state


async def turn(handle: Handle, action: str, *entity_ids: str) -> None:
    await handle.bench.call("switch", action, {"entity_id": list(entity_ids)})


def own(handle: Handle) -> list[er.RegistryEntry]:
    """Return the miner's own entities."""
    return er.async_entries_for_config_entry(
        er.async_get(handle.hass), handle.entry.entry_id
    )


async def everything(handle: Handle) -> None:
    await handle.bench.call("switch", "turn_off", {"entity_id": "all"})


async def by_label(handle: Handle) -> None:
    """Turn off a label that all switches of the miner bear."""
    label = lr.async_get(handle.hass).async_create("Garage").label_id
    registry = er.async_get(handle.hass)
    for item in own(handle):
        if item.domain == "switch":
            registry.async_update_entity(item.entity_id, labels={label})
    await handle.bench.call("switch", "turn_off", {"label_id": label})


async def by_voice(handle: Handle) -> None:
    """Ask for the switches of an area, all exposed before they had a category."""
    hass = handle.hass
    for component in ("homeassistant", "intent"):
        assert await async_setup_component(hass, component, {})
    area = ar.async_get(hass).async_create("Garage")
    dr.async_get(hass).async_update_device(handle.device_id, area_id=area.id)
    for item in own(handle):
        if item.domain == "switch":
            async_expose_entity(hass, ASSISTANT, item.entity_id, True)
    slots = {"area": {"value": "Garage"}, "domain": {"value": ["switch"]}}
    await handle.bench.run(
        intent.async_handle(
            hass, "test", intent.INTENT_TURN_OFF, slots, assistant=ASSISTANT
        )
    )


async def by_device(handle: Handle) -> None:
    target = {"device_id": handle.device_id}
    await handle.bench.call("homeassistant", "turn_off", target)


async def by_area(handle: Handle) -> None:
    area = ar.async_get(handle.hass).async_create("Garage")
    dr.async_get(handle.hass).async_update_device(handle.device_id, area_id=area.id)
    await handle.bench.call("homeassistant", "turn_off", {"area_id": area.id})


def woken(handle: Handle) -> list[str]:
    """Return what the miner was told that makes it hash."""
    return [
        request.body or request.path
        for request in handle.miner.requests
        if request.path.endswith(("/resume", "/restart"))
        or "softon" in request.body
        or "reboot" in request.body
    ]


@pytest.mark.parametrize("off", [everything, by_label, by_voice])
@pytest.mark.parametrize("spec", STOPPED, ids=named)
async def test_all_off_leaves_it_stopped(
    bench: TimedBench, spec: MinerSpec, off: Off
) -> None:
    """Both switches are reached, whatever their category: the miner ends stopped."""
    handle = await saving(bench, spec)

    await off(handle)
    await bench.advance(300)

    assert woken(handle) == []
    assert handle.truth(Setting.MINING) is False
    assert handle.shown(Setting.MINING) is False
    assert shown(handle, save_power(handle)) == STATE_OFF
    await turn(handle, "turn_on", handle.entity_of(Setting.MINING))
    await bench.advance(300)
    assert handle.miner.truth.hashing


@pytest.mark.parametrize("off", [by_device, by_area])
@pytest.mark.parametrize("spec", [*STOPPED, *LOWERED], ids=named)
async def test_a_device_or_area_does_not_reach_it(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec, off: Off
) -> None:
    """The switch is of category config: the miner goes on saving power."""
    assert await async_setup_component(hass, "homeassistant", {})
    handle = await saving(bench, spec)
    power = handle.miner.truth.power_w

    await off(handle)
    await bench.advance(300)

    assert woken(handle) == []
    assert handle.miner.truth.power_w == pytest.approx(power, rel=0.1)
    assert shown(handle, save_power(handle)) == STATE_ON


@pytest.mark.parametrize("off", [everything, by_label, by_voice])
@pytest.mark.parametrize("spec", LOWERED, ids=named)
async def test_what_cannot_stop_goes_back_to_its_settings(
    bench: TimedBench, spec: MinerSpec, off: Off
) -> None:
    """It hashed all the time and has no *Mining* switch: off ends saving, no more."""
    handle = await saving(bench, spec)
    least = handle.miner.truth.power_w

    await off(handle)
    await bench.advance(300)

    assert woken(handle) == []
    assert shown(handle, save_power(handle)) == STATE_OFF
    assert handle.miner.truth.power_w > 1.2 * least


@pytest.mark.parametrize("first", [Setting.MINING, None], ids=["mining", "saving"])
@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "one by one"])
@pytest.mark.parametrize("spec", [GAMMA_2, NERD, Q], ids=named)
async def test_both_off_in_any_order(
    bench: TimedBench, spec: MinerSpec, first: Setting | None, at_once: bool
) -> None:
    """One context turns both off, in one call or in the steps of a script."""
    handle = await saving(bench, spec)
    order = [handle.entity_of(Setting.MINING), save_power(handle)]
    if first is None:
        order.reverse()

    await both_off(handle, order, at_once=at_once)
    await bench.advance(400)

    assert handle.truth(Setting.MINING) is False
    assert not handle.miner.truth.hashing
    assert shown(handle, order[0]) == shown(handle, order[1]) == STATE_OFF
    if at_once or first is Setting.MINING:
        assert woken(handle) == []


async def both_off(handle: Handle, order: Sequence[str], *, at_once: bool) -> None:
    context = Context()

    async def off(entity_ids: Sequence[str]) -> None:
        await handle.hass.services.async_call(
            "switch", "turn_off", {"entity_id": entity_ids}, True, context
        )

    for part in [list(order)] if at_once else [[item] for item in order]:
        await handle.bench.run(off(part))


@pytest.mark.parametrize("spec", [GAMMA_2, Q], ids=named)
async def test_off_ends_no_pause_that_was_made_at_the_miner(
    bench: TimedBench, spec: MinerSpec
) -> None:
    """Whether Home Assistant was asked to save power meanwhile or not."""
    miner = await bench.miner(spec)
    handle = Handle(bench, miner, await bench.add(miner))
    await turn(handle, "turn_off", handle.entity_of(Setting.MINING))
    await bench.advance(200)
    miner.forget_requests()

    for actions in (["turn_off"], ["turn_on", "turn_off"]):
        for action in actions:
            await turn(handle, action, save_power(handle))
            await bench.advance(200)

        assert woken(handle) == []
        assert handle.truth(Setting.MINING) is False
        assert shown(handle, save_power(handle)) == STATE_OFF


async def test_off_and_on_again_at_once_keeps_what_was_before(
    bench: TimedBench,
) -> None:
    """An Avalon that is just waking up still looks as if it stood still."""
    handle = await saving(bench, Q)
    for action in ("turn_off", "turn_on"):
        await turn(handle, action, save_power(handle))
    await bench.advance(300)

    await turn(handle, "turn_off", save_power(handle))
    await bench.advance(300)

    assert handle.miner.truth.hashing


@pytest.fixture
async def house(bench: TimedBench) -> House:
    house = await build(bench)
    await bench.call("switch", "turn_on", {"entity_id": SAVE_POWER})
    await bench.advance(30)
    return house


@pytest.mark.parametrize("order", [(MINING, SAVE_POWER), (SAVE_POWER, MINING)])
@pytest.mark.parametrize("everything", [True, False], ids=["everything", "both"])
async def test_all_miners_end_stopped(
    bench: TimedBench, house: House, order: Sequence[str], everything: bool
) -> None:
    """The switches of all miners obey the same rule, alone and with the miners'."""
    which: Any = "all" if everything else list(order)
    await bench.call("switch", "turn_off", {"entity_id": which})
    await bench.advance(60)

    assert house.who("resume") == []
    for switch in order:
        assert bench.hass.states.get(switch).state == STATE_OFF

    if everything:  # That they follow automations, too.
        follows = [f"switch.{name}_follow_automations" for name in house.entries]
        await bench.call("switch", "turn_on", {"entity_id": follows})
    await bench.call("switch", "turn_on", {"entity_id": MINING})
    await bench.advance(60)
    assert sorted(house.who("resume")) == ["anna", "bert", "carl"]
    assert bench.hass.states.get(SAVE_POWER).state == STATE_OFF


@pytest.mark.parametrize("order", [(MINING, SAVE_POWER), (SAVE_POWER, MINING)])
async def test_all_miners_end_stopped_by_a_script(
    bench: TimedBench, house: House, order: Sequence[str]
) -> None:
    for switch in order:
        await bench.call("switch", "turn_off", {"entity_id": switch})
    await bench.advance(60)

    assert not any(miner.truth.hashing for miner in house.miners.values())
    for switch in order:
        assert bench.hass.states.get(switch).state == STATE_OFF
    assert len(house.who("resume")) <= (order[0] == SAVE_POWER)


async def test_one_stopped_miner_stays_so_when_all_resume(
    bench: TimedBench, house: House
) -> None:
    """Its *Mining* switch was turned off while all saved power."""
    await bench.call("switch", "turn_off", {"entity_id": "switch.bert_mining"})
    await bench.call("switch", "turn_off", {"entity_id": SAVE_POWER})
    await bench.advance(60)

    assert house.who("resume") == ["anna", "carl"]


async def test_the_switches_are_of_category_config(
    bench: TimedBench, hass: HomeAssistant, house: House
) -> None:
    """Both kinds; what stops and starts a miner itself has none."""
    registry = er.async_get(hass)
    for unique in (FLEET, house.entries["anna"].unique_id):
        for key, category in (("throttle", EntityCategory.CONFIG), ("mining", None)):
            entity_id = registry.async_get_entity_id(
                "switch", DOMAIN, f"{unique}_{key}"
            )
            assert registry.async_get(entity_id).entity_category is category, key
