"""A miner that its user holds: whom it does not follow, and whom it names."""

from datetime import timedelta
import json
from typing import Any

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockUser,
    async_capture_events,
)
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.miner_monitor.const import DOMAIN

from .automations import AUTOMATION, set_up_automation, turn_off_automation
from .conftest import GAMMA, TimedBench
from .fleets import House, build
from .handles import Handle, take_over

CHEAP = "binary_sensor.cheap_power"
MINUTE = 60.0
NOBODY = {"reason": None, "since": None, "until": None, "by": None, "detail": None}


@pytest.fixture
async def house(bench: TimedBench) -> House:
    return await build(bench)


def shown(hass: HomeAssistant, entity_id: str) -> tuple[str, dict[str, Any]]:
    """Return a state with its attributes."""
    state = hass.states.get(entity_id)
    assert state is not None, entity_id
    return state.state, dict(state.attributes)


def control(hass: HomeAssistant, name: str) -> dict[str, Any]:
    """Return who controls a miner, and why."""
    _, attributes = shown(hass, f"sensor.{name}_status")
    return {key: attributes[key] for key in NOBODY}


async def act(
    bench: TimedBench, context: Context, domain: str, action: str, **data: Any
) -> None:
    """Call an action in a context."""
    await bench.run(
        bench.hass.services.async_call(
            domain, action, data, blocking=True, context=context
        )
    )


def device(house: House, name: str) -> str:
    miner, entry = house.miners[name], house.entries[name]
    return Handle(house.bench, miner, entry).device_id


async def test_the_price_guard_leaves_who_is_held_alone(
    house: House, hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    """Until the hold ends, also through a reload; then it follows within a minute."""
    bench, follows = house.bench, "switch.bert_follow_automations"
    switches = [f"switch.{name}_save_power" for name in ("anna", "bert")]
    hass.states.async_set(CHEAP, "on")
    inputs = {"signal": CHEAP, "miners": switches, "minimum_run": 0, "minimum_save": 0}
    await bench.run(set_up_automation(hass, "price_guard.yaml", inputs))
    assert control(hass, "anna") == NOBODY
    assert shown(hass, follows)[0] == "on"

    begun = dt_util.utcnow()
    end = begun + timedelta(minutes=30)
    target = {"device_id": device(house, "bert")}
    await bench.call(DOMAIN, "hold", {**target, "for": {"minutes": 30}})
    state, attributes = shown(hass, follows)
    held_until = dt_util.parse_datetime(attributes["until"])
    assert state == "off"
    assert held_until is not None
    assert abs((held_until - end).total_seconds()) < 2
    assert shown(hass, switches[1])[1]["held"] is True

    hass.states.async_set(CHEAP, "off")
    await bench.advance(10 * MINUTE)
    assert house.who("pause") == ["anna"]
    found = control(hass, "anna")
    since = dt_util.parse_datetime(found["since"])
    assert since is not None
    assert abs((since - begun).total_seconds()) < 2 * MINUTE
    assert found == {
        **NOBODY,
        "reason": "save_power",
        "since": found["since"],
        "by": "Guard",
    }
    assert shown(hass, "sensor.anna_status")[1]["by_automation"] is True
    assert await async_setup_component(hass, "diagnostics", {})
    report = await get_diagnostics_for_config_entry(
        hass, hass_client, house.entries["anna"]
    )
    assert "Guard" not in json.dumps(report)

    for name in ("anna", "bert"):
        entry_id = house.entries[name].entry_id
        await bench.run(hass.config_entries.async_reload(entry_id))
    await bench.advance(MINUTE)
    assert control(hass, "anna")["by"] == "Guard"
    assert shown(hass, follows)[1]["until"] == attributes["until"]

    await bench.advance(17 * MINUTE)
    assert (shown(hass, follows)[0], house.who("pause")) == ("off", ["anna"])
    await bench.advance(4 * MINUTE)
    assert (shown(hass, follows)[0], house.who("pause")) == ("on", ["anna", "bert"])
    await turn_off_automation(hass)


async def test_who_may_control_a_miner_that_is_held(
    bench: TimedBench, hass: HomeAssistant, hass_admin_user: MockUser
) -> None:
    """Automations may only stop it; a user's hand works as always, and has a name."""
    handle = await take_over(bench, await bench.miner(GAMMA))
    hass_admin_user.name = "Anna"
    name = handle.entry.title
    inputs = {"signal": CHEAP, "miners": [handle.entity("switch", "throttle")]}
    await bench.run(set_up_automation(hass, "price_guard.yaml", inputs))
    run = Context()
    hass.states.async_set(AUTOMATION, "on", {"friendly_name": "Guard"}, context=run)
    hand = Context(user_id=hass_admin_user.id)
    follows = {"entity_id": handle.entity("switch", "follow_automations")}
    frequency = handle.entity("number", "frequency")
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("number", "set_value", {"entity_id": frequency, "value": 490}),
        ("switch", "turn_on", {"entity_id": handle.entity("switch", "throttle")}),
        ("select", "select_option", {"entity_id": handle.entity("select", "profile")}),
        (DOMAIN, "apply_settings", {"device_id": handle.device_id, "frequency": 490}),
        (DOMAIN, "apply_profile", {"device_id": handle.device_id, "profile": "eco"}),
        ("button", "press", {"entity_id": handle.entity("button", "restart")}),
    ]
    # What turns everything off begins no hold.
    await act(bench, run, "switch", "turn_off", **follows)
    assert shown(hass, follows["entity_id"])[0] == "on"
    await act(bench, hand, "switch", "turn_off", **follows)
    assert shown(hass, follows["entity_id"])[0] == "off"
    handle.miner.forget_requests()

    for domain, action, data in calls:
        option = {"option": "eco"} if domain == "select" else {}
        with pytest.raises(ServiceValidationError, match=name) as raised:
            await act(bench, run, domain, action, **data, **option)
        assert raised.value.translation_key == "control_held", action
    # Its state belongs to a later run already.
    earlier = Context(parent_id=run.id)
    with pytest.raises(ServiceValidationError):
        await act(bench, earlier, "number", "set_value", entity_id=frequency, value=490)
    assert handle.writes == []

    night = {"device_id": handle.device_id, "profile": "eco", "for": {"hours": 1}}
    await act(bench, hand, DOMAIN, "apply_profile", **night)
    await bench.advance(MINUTE)
    _, attributes = shown(hass, handle.entity("sensor", "status"))
    assert attributes["reason"] == "temporary_profile"
    assert (attributes["by"], attributes["by_automation"]) == ("Anna", False)
    assert attributes["detail"] == "eco"
    span = dt_util.parse_datetime(attributes["until"]) - dt_util.parse_datetime(
        attributes["since"]
    )
    assert abs(span.total_seconds() - 3600) < 15

    target = {"device_id": handle.device_id}
    with pytest.raises(ServiceValidationError) as raised:
        await act(bench, hand, DOMAIN, "hold", **target)
    assert raised.value.translation_key == "hold_without_end"
    await act(bench, hand, DOMAIN, "hold", **target, release=True)
    assert shown(hass, follows["entity_id"])[0] == "on"
    await act(bench, run, "number", "set_value", entity_id=frequency, value=500)
    assert handle.writes[-1] == {"frequency": 500}
    await turn_off_automation(hass)


async def test_a_miner_that_is_held_can_be_stopped(
    house: House, hass: HomeAssistant
) -> None:
    """By an automation too: what cuts the power when it smells of smoke."""
    await house.bench.call(
        DOMAIN, "hold", {"device_id": device(house, "anna"), "for": {"hours": 9}}
    )
    run = Context()
    hass.states.async_set("script.smoke", "on", {}, context=run)
    mining = "switch.anna_mining"
    await act(house.bench, run, "switch", "turn_off", entity_id=mining)
    assert house.who("pause") == ["anna"]
    with pytest.raises(ServiceValidationError) as raised:
        await act(house.bench, run, "switch", "turn_on", entity_id=mining)
    assert raised.value.translation_key == "control_held_until"
    await house.bench.advance(MINUTE)
    assert control(hass, "anna")["reason"] == "stopped"
    assert control(hass, "anna")["by"] == "smoke"


async def test_each_run_of_an_automation_is_one(
    house: House, hass: HomeAssistant
) -> None:
    """Also one whose automation began another meanwhile, by the clock alone."""
    frequency = "number.anna_frequency"
    write = {
        "action": "number.set_value",
        "target": {"entity_id": frequency},
        "data": {"value": 490},
    }
    automation = {
        "id": "guard",
        "alias": "Guard",
        "mode": "parallel",
        "triggers": {"trigger": "time_pattern", "minutes": "/1"},
        "actions": [{"delay": {"minutes": 2}}, write],
    }
    begun = async_capture_events(hass, "automation_triggered")
    called = async_capture_events(hass, "call_service")
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    target = {"device_id": device(house, "anna"), "for": {"hours": 1}}
    await house.bench.call(DOMAIN, "hold", target)
    await house.bench.advance(6 * MINUTE)
    runs = {event.context.id for event in begun}
    writes = [event for event in called if event.data["service"] == "set_value"]
    assert len(runs) >= len(writes) >= 3
    assert {event.context.id for event in writes} <= runs
    assert {event.context.parent_id for event in writes} == {None}
    assert hass.states.get(AUTOMATION).context.id not in {
        event.context.id for event in writes
    }
    assert shown(hass, frequency)[0] == "525.0"
    anna = Handle(house.bench, house.miners["anna"], house.entries["anna"])
    assert anna.writes == []
    await turn_off_automation(hass)
