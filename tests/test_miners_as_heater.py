"""All miners as the heater of a room."""

from homeassistant.auth.permissions.models import PermissionLookup
from homeassistant.components.climate import HVACMode
from homeassistant.core import Context, HomeAssistant, State
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util.unit_system import METRIC_SYSTEM, US_CUSTOMARY_SYSTEM
import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.miner_monitor.fleet.coordinator import async_fleet_entry

from .conftest import TimedBench
from .controls import call
from .fleets import MINING, SAVE_POWER, House, build, choose
from .test_fleet_power import MEASURED, hashing, poll_every

HEATER = "climate.all_miners_miners_as_heater"
ROOM = "sensor.living_room"
REST = 1200.0
"""Seconds after which everyone may stop or start again."""


def warm(hass: HomeAssistant, degrees: float | str, unit: str = "°C") -> None:
    """Let the room be so warm."""
    hass.states.async_set(ROOM, str(degrees), {"unit_of_measurement": unit})


@pytest.fixture
async def house(bench: TimedBench) -> House:
    """Return three miners in a warm room whose sensor is chosen."""
    found = await build(bench)
    await poll_every(found, 60)
    assert bench.hass.states.get(HEATER) is None
    warm(bench.hass, 24)
    general = {"sidebar": True, "heater_room": ROOM}
    await bench.run(choose(bench.hass, "fleet", general))
    await bench.advance(MEASURED)
    return found


def heater(house: House) -> State:
    state = house.bench.hass.states.get(HEATER)
    assert state is not None
    return state


def shown(house: House) -> tuple[str, str, str]:
    """Return the mode, what is done, and why."""
    attributes = heater(house).attributes
    return heater(house).state, attributes["hvac_action"], attributes["decision"]


async def test_a_winter_evening(house: House) -> None:
    """Full in the cold, less around the target, none when it is warm enough."""
    bench, hass = house.bench, house.bench.hass
    # A warm room stops nobody before somebody asks for it.
    assert shown(house) == ("auto", "heating", "none")
    assert heater(house).attributes["current_temperature"] == 24
    assert hashing(house) == ["anna", "bert", "carl"]

    await call(bench, HEATER, "turn_on")
    await bench.advance(90)
    assert shown(house) == ("heat", "idle", "warm")
    assert hashing(house) == []
    status = hass.states.get("sensor.anna_status")
    assert status is not None
    assert status.attributes["reason"] == "power_target"
    assert status.attributes["by"] == "Miners as heater"
    assert status.attributes["by_automation"] is True

    # The minimum pause holds, then all run.
    warm(hass, 19)
    await bench.advance(120)
    assert hashing(house) == []
    await bench.advance(REST)
    assert shown(house) == ("heat", "heating", "heat")
    assert hashing(house) == ["anna", "bert", "carl"]

    warm(hass, 21)
    await bench.advance(REST)
    assert 0 < heater(house).attributes["power"] < 40
    assert 1 <= len(hashing(house)) <= 2
    writes = len(house.told("pause", "resume"))
    written = heater(house).last_updated
    for place in range(60):
        warm(hass, 21 + place % 2 / 10)
        await bench.advance(60)
    assert len(house.told("pause", "resume")) == writes
    assert heater(house).last_updated == written

    # It survives a restart.
    entry = async_fleet_entry(hass)
    assert entry is not None
    await call(bench, HEATER, "set_temperature", temperature=17)
    await bench.advance(REST)
    assert hashing(house) == []
    warm(hass, "unavailable")
    await bench.run(hass.config_entries.async_reload(entry.entry_id))
    await bench.advance(300)
    assert shown(house) == ("heat", "idle", "wait")
    assert heater(house).attributes["power"] == 0
    assert hashing(house) == []
    warm(hass, 21)
    await bench.advance(60)
    assert shown(house) == ("heat", "idle", "warm")
    assert heater(house).attributes["temperature"] == 17
    assert hashing(house) == []


async def test_without_a_room_temperature(house: House) -> None:
    """It releases its limit and shows why, and goes on when there is one again."""
    bench, hass = house.bench, house.bench.hass
    await call(
        bench, HEATER, "set_temperature", temperature=20, hvac_mode=HVACMode.HEAT
    )
    await bench.advance(REST)
    assert hashing(house) == []
    for nothing in ("unavailable", "unknown", "nan", "-999"):
        warm(hass, nothing)
        await bench.advance(REST)
        assert shown(house) == ("heat", "heating", "no_data"), nothing
        assert heater(house).attributes["current_temperature"] is None
        assert heater(house).attributes["power"] is None
        assert hashing(house) == ["anna", "bert", "carl"]
    hass.config.units = US_CUSTOMARY_SYSTEM
    await call(bench, HEATER, "set_temperature", temperature=70)
    assert heater(house).attributes["temperature"] == 70
    hass.config.units = METRIC_SYSTEM
    warm(hass, 77, "°F")
    await bench.advance(REST)
    assert heater(house).attributes["current_temperature"] == 25
    assert hashing(house) == []

    # Without a sensor it limits nothing.
    await bench.run(choose(hass, "fleet", {"sidebar": True}))
    await bench.advance(REST)
    assert shown(house)[2] == "not_set_up"
    assert hashing(house) == ["anna", "bert", "carl"]


async def test_off_is_no_heat(house: House) -> None:
    """To turn a heater off stops miners, in a cold room too; auto lets them run."""
    bench, hass = house.bench, house.bench.hass
    warm(hass, 15)
    await call(bench, HEATER, "turn_on")
    await bench.advance(120)
    assert hashing(house) == ["anna", "bert", "carl"]
    await call(bench, HEATER, "turn_off")
    await bench.advance(120)
    assert hashing(house) == []
    assert shown(house) == ("off", "off", "off")

    # Held: left alone.
    await call(bench, "switch.bert_follow_automations", "turn_off")
    await call(bench, HEATER, "set_hvac_mode", hvac_mode=HVACMode.AUTO)
    await bench.advance(REST)
    assert hashing(house) == ["anna", "carl"]
    # The lowest of the limits counts.
    await call(bench, "number.all_miners_power_target", "set_value", value=0)
    await bench.advance(REST)
    await call(bench, HEATER, "turn_on")
    await bench.advance(REST)
    assert hashing(house) == []
    with pytest.raises(ServiceValidationError):
        await call(bench, HEATER, "set_temperature", temperature=60)


async def test_everything_is_turned_off_and_on(house: House) -> None:
    """Off with all that stands beside it is off; *Mining* lets all run again."""
    bench = house.bench
    for entity_id in (HEATER, MINING, SAVE_POWER):
        await call(bench, entity_id, "turn_off")
    await bench.advance(REST)
    assert hashing(house) == []
    assert shown(house)[0] == "off"
    await call(bench, MINING, "turn_on")
    await bench.advance(REST)
    assert hashing(house) == ["anna", "bert", "carl"]


async def test_who_may_turn_it(house: House) -> None:
    """Only who may set the power of each miner."""
    bench, hass = house.bench, house.bench.hass
    user = MockUser().add_to_hass(hass)
    user.perm_lookup = PermissionLookup(er.async_get(hass), dr.async_get(hass))
    user.mock_policy({"entities": {"domains": {"climate": True}}})
    with pytest.raises(Unauthorized):
        await bench.run(
            hass.services.async_call(
                "climate",
                "turn_off",
                {"entity_id": HEATER},
                blocking=True,
                context=Context(user_id=user.id),
            )
        )
    assert shown(house)[0] == "auto"
