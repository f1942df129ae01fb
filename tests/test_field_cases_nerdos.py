"""What owners of NerdOS miners reported, by config flow, polls and the controls."""

from dataclasses import replace
from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.aiohttp_client import async_get_clientsession
import pytest

from custom_components.miner_monitor.const import CONF_SESSION
from custom_components.miner_monitor.miners.model import Setting
from simulator import MinerSpec, SimulatedMiner

from .conftest import NERD, TimedBench
from .handles import Handle, take_over

POLL = 15
MINUTE = 60
QAXE = replace(NERD, firmware="1.0.37")
OCTAXE = MinerSpec(
    name="octaxe", model="nerdoctaxegamma", firmware="1.0.37.1", seed=31, uptime=86_400
)
GAIA = MinerSpec(name="gaia", model="nerdaxegaia", seed=32, uptime=86_400)
GAMMA = MinerSpec(
    name="nerd-gamma", model="nerdaxegamma", firmware="1.0.35", seed=33, uptime=86_400
)
SMALL = MinerSpec(
    name="small", model="nerdaxe", firmware="1.0.37", seed=34, uptime=86_400
)
ALL = (QAXE, OCTAXE, GAIA, GAMMA, SMALL)
NO_HASHING = ("0", "0.0", STATE_UNKNOWN)
CODE = "123456"

pytestmark = pytest.mark.usefixtures("entity_registry_enabled_by_default")


def named(value: object) -> str | None:
    return value.name if isinstance(value, MinerSpec) else None


async def watched(bench: TimedBench, spec: MinerSpec) -> Handle:
    """Add a miner that is known for some polls."""
    handle = await take_over(bench, await bench.miner(spec))
    await bench.advance(3 * POLL)
    return handle


def show(handle: Handle, platform: str, key: str) -> str:
    state = handle.hass.states.get(handle.entity(platform, key))
    assert state is not None, key
    return state.state


def sensor(handle: Handle, key: str) -> str:
    return show(handle, "sensor", key)


def binary(handle: Handle, key: str) -> str:
    return show(handle, "binary_sensor", key)


def has(handle: Handle, platform: str, key: str) -> bool:
    registry = er.async_get(handle.hass)
    unique_id = f"{handle.entry.unique_id}_{key}"
    return (
        registry.async_get_entity_id(platform, "miner_monitor", unique_id) is not None
    )


def tells(miner: SimulatedMiner, **values: Any) -> None:
    """Let a miner send these values."""
    miner.inject("override", values=values)


def efficiency(handle: Handle) -> float:
    return float(sensor(handle, "efficiency"))


async def test_n01_a_lost_regulator_is_a_fault_and_no_heat(bench: TimedBench) -> None:
    """Chip 61 of 70, regulator 72 of 80 °C, then no output, and it cools down."""
    handle = await watched(bench, QAXE)
    handle.miner.device.flash.stored.update(fan1Mode=2, fan1OverheatTemp=80)
    tells(handle.miner, temp=61, vrTemp=72)
    await bench.advance(4 * POLL)
    assert sensor(handle, "status") == "hashing"

    dead = {"coreVoltageActual": 0, "power": 5}
    kept = handle.miner.reply("info")["hashRate"]
    for temperature in (58, 47, 38, 33, 33):
        cooler = {"temp": temperature, "vrTemp": temperature + 4}
        tells(handle.miner, hashRate=kept, **dead, **cooler)
        await bench.advance(POLL)
        assert sensor(handle, "status") == "fault"
        assert binary(handle, "overheating") == STATE_OFF
        assert binary(handle, "fault") == binary(handle, "problem") == STATE_ON
        assert sensor(handle, "hash_rate") in NO_HASHING
        assert binary(handle, "hashing") == STATE_OFF
    assert sensor(handle, "hash_rate_10m") == STATE_UNKNOWN
    assert show(handle, "button", "restart") != STATE_UNAVAILABLE


@pytest.mark.parametrize("spec", ALL, ids=named)
async def test_a_lost_regulator_ends_with_a_restart(
    bench: TimedBench, spec: MinerSpec
) -> None:
    """Boards that add 5 W, and those that keep their last rate, are off as well."""
    handle = await watched(bench, spec)
    handle.miner.inject("regulator_lost")
    await bench.advance(2 * POLL)
    assert handle.miner.reply("info")["hashRate"] > 0
    assert sensor(handle, "status") == "fault"
    assert binary(handle, "overheating") == STATE_OFF
    assert sensor(handle, "hash_rate") in NO_HASHING

    handle.miner.clear("regulator_lost")
    await bench.advance(2 * POLL)
    assert sensor(handle, "status") == "fault"
    await bench.call(
        "button", "press", {"entity_id": handle.entity("button", "restart")}
    )
    await bench.advance(3 * MINUTE)
    assert sensor(handle, "status") == "hashing"


async def test_a_rate_that_freezes_tells_what_power_does_not(bench: TimedBench) -> None:
    """Its power says nothing, and a core voltage of zero alone could be a sensor."""
    handle = await watched(bench, GAMMA)
    tells(handle.miner, coreVoltageActual=0)
    await bench.advance(2 * POLL)
    assert sensor(handle, "status") == "hashing"

    kept = handle.miner.reply("info")["hashRate"]
    tells(handle.miner, coreVoltageActual=0, hashRate=kept, power=14)
    await bench.advance(2 * POLL)
    assert sensor(handle, "status") == "fault"


async def test_n05_a_lost_input_is_a_fault_and_no_heat(bench: TimedBench) -> None:
    handle = await watched(bench, OCTAXE)
    handle.miner.inject("input_lost")
    for _ in range(4):
        await bench.advance(POLL)
        assert sensor(handle, "status") == "fault"
        assert binary(handle, "overheating") == STATE_OFF
    assert sensor(handle, "hash_rate") in NO_HASHING
    assert sensor(handle, "power") == STATE_UNKNOWN
    assert sensor(handle, "input_voltage") == STATE_UNKNOWN
    assert sensor(handle, "chip_temperature") == STATE_UNKNOWN


@pytest.mark.parametrize(
    ("spec", "temperature"), [(QAXE, 71), (GAMMA, 72), (SMALL, 70.5)], ids=named
)
async def test_heat_at_the_trip_point_is_overheating(
    bench: TimedBench, spec: MinerSpec, temperature: float
) -> None:
    """Chips that switched off for heat are overheated, when they are cold as well."""
    handle = await watched(bench, spec)
    handle.miner.inject("hot", temperature=69)
    await bench.advance(2 * POLL)
    handle.miner.inject("hot", temperature=temperature)
    await bench.advance(POLL)
    handle.miner.clear("hot")
    for _ in range(3):
        await bench.advance(5 * MINUTE)
        assert sensor(handle, "status") == "overheated"
        assert binary(handle, "overheating") == STATE_ON
        assert sensor(handle, "hash_rate") in NO_HASHING
    await bench.call(
        "button", "press", {"entity_id": handle.entity("button", "restart")}
    )
    await bench.advance(3 * MINUTE)
    assert sensor(handle, "status") == "hashing"
    assert binary(handle, "overheating") == STATE_OFF


async def test_a_regulator_trips_at_its_own_temperature(bench: TimedBench) -> None:
    handle = await watched(bench, QAXE)
    trips = handle.entry.runtime_data.identity.limits.trip_points
    assert (trips.chip, trips.vr) == (70, 70)
    handle.miner.device.flash.stored.update(fan1Mode=2, fan1OverheatTemp=65)
    await bench.advance(2 * POLL)
    trips = handle.entry.runtime_data.identity.limits.trip_points
    assert (trips.chip, trips.vr) == (70, 65)
    assert sensor(handle, "status") == "hashing"
    handle.miner.device.flash.stored.update(fan1OverheatTemp=50)
    await bench.advance(2 * POLL)
    assert handle.miner.device.lost
    assert sensor(handle, "status") == "overheated"


async def test_n02_presets_below_a_volt_can_be_set(bench: TimedBench) -> None:
    handle = await watched(bench, GAIA)
    voltage = handle.state(Setting.CORE_VOLTAGE)
    assert (voltage.attributes["min"], voltage.attributes["max"]) == (0.9, 0.97)
    await handle.set(Setting.CORE_VOLTAGE, 0.9)
    await bench.advance(POLL)
    assert handle.writes == [{"coreVoltage": 900}]
    assert handle.miner.device.running_mv == 900
    assert handle.shown(Setting.CORE_VOLTAGE) == 0.9


@pytest.mark.parametrize("millivolts", [890, 1000])
async def test_what_a_board_runs_is_within_its_range(
    bench: TimedBench, millivolts: int
) -> None:
    handle = await watched(bench, replace(GAIA, core_voltage=millivolts))
    voltage = handle.state(Setting.CORE_VOLTAGE)
    assert float(voltage.state) == millivolts / 1000
    assert voltage.attributes["min"] <= millivolts / 1000 <= voltage.attributes["max"]


async def test_what_a_board_cuts_is_not_offered(bench: TimedBench) -> None:
    """A NerdQX without its multiplexer lists presets that it reads back lower."""
    spec = MinerSpec(name="qx", model="nerdqx", seed=35, uptime=86_400)
    handle = await watched(bench, spec)
    frequency, voltage = (
        handle.state(setting) for setting in (Setting.FREQUENCY, Setting.CORE_VOLTAGE)
    )
    assert (frequency.state, frequency.attributes["max"]) == ("495.0", 495)
    assert (voltage.state, voltage.attributes["max"]) == ("1.15", 1.15)


@pytest.mark.parametrize(
    ("firmware", "known"), [("1.0.35", False), ("1.0.36", True), ("1.0.38", True)]
)
async def test_n07_a_current_of_the_regulator_is_no_input_current(
    bench: TimedBench, firmware: str, known: bool
) -> None:
    handle = await watched(bench, replace(GAMMA, firmware=firmware))
    assert has(handle, "sensor", "input_current") is known
    if known:
        watts = float(sensor(handle, "input_current")) * 5
        assert watts == pytest.approx(float(sensor(handle, "power")), rel=0.1)


async def test_b01_a_fan_that_holds_its_target_is_no_overheating(
    bench: TimedBench,
) -> None:
    """Target 60, trip point 70: 60 to 61 °C, for an hour."""
    handle = await watched(bench, QAXE)
    handle.miner.device.flash.stored["temptarget"] = 60
    for minute in range(60):
        tells(handle.miner, temp=60 + minute % 2, vrTemp=61)
        await bench.advance(MINUTE)
        assert binary(handle, "overheating") == STATE_OFF
        assert binary(handle, "problem") == STATE_OFF


async def test_a_chip_near_its_trip_point_is_a_problem(bench: TimedBench) -> None:
    handle = await watched(bench, QAXE)
    tells(handle.miner, temp=66, vrTemp=55)
    await bench.advance(4 * MINUTE)
    assert binary(handle, "overheating") == STATE_OFF
    await bench.advance(2 * MINUTE)
    assert binary(handle, "overheating") == STATE_ON
    tells(handle.miner, temp=60, vrTemp=55)
    await bench.advance(MINUTE)
    assert binary(handle, "overheating") == STATE_OFF
    tells(handle.miner, temp=69.5, vrTemp=55)
    await bench.advance(POLL)
    assert binary(handle, "overheating") == STATE_ON


@pytest.mark.parametrize("firmware", ["1.0.35", "1.0.37", "1.1.0"])
@pytest.mark.parametrize("fan", [{}, {"autofanspeed": 0, "manualFanSpeed": 100}])
async def test_a_lost_pool_is_told_within_two_polls(
    bench: TimedBench, firmware: str, fan: dict[str, int]
) -> None:
    handle = await watched(bench, replace(QAXE, firmware=firmware))
    handle.miner.device.flash.stored.update(fan)
    handle.miner.inject("pool_lost")
    await bench.advance(2 * POLL)
    assert handle.miner.reply("info")["hashRate"] > 0
    assert sensor(handle, "status") == "pool_lost"
    assert binary(handle, "pool_connected") == STATE_OFF
    assert sensor(handle, "hash_rate") in NO_HASHING
    assert binary(handle, "overheating") == STATE_OFF
    await bench.advance(10 * MINUTE)
    assert sensor(handle, "status") == "pool_lost"
    assert binary(handle, "overheating") == STATE_OFF
    handle.miner.clear("pool_lost")
    await bench.advance(2 * POLL)
    assert sensor(handle, "status") == "hashing"


async def test_a_pool_that_changes_is_no_lost_one(bench: TimedBench) -> None:
    """One poll without a connection, while it hashes on, is a change of pools."""
    handle = await watched(bench, QAXE)
    handle.miner.inject("pool_lost", duration=POLL)
    await bench.advance(POLL)
    assert sensor(handle, "status") == "hashing"
    await bench.advance(2 * POLL)
    assert sensor(handle, "status") == "hashing"


async def test_a_rate_that_decays_is_none(bench: TimedBench) -> None:
    """Older firmware tells nothing of its pool; chips that do nothing show 1e-44."""
    handle = await watched(bench, replace(QAXE, firmware="1.0.34"))
    handle.miner.inject("pool_lost")
    await bench.advance(2 * MINUTE)
    assert 0 < handle.miner.reply("info")["hashRate"] < 1e-2
    assert sensor(handle, "hash_rate") in NO_HASHING
    assert binary(handle, "hashing") == STATE_OFF
    await bench.advance(10 * MINUTE)
    assert 0 < handle.miner.reply("info")["hashRate"] < 1e-30
    assert binary(handle, "hashing") == STATE_OFF


async def test_chips_that_do_not_answer_do_not_hash(bench: TimedBench) -> None:
    """With core voltage and connection, the rate that stands still is the only sign."""
    handle = await watched(bench, QAXE)
    handle.miner.inject("chips_silent")
    await bench.advance(3 * MINUTE)
    assert handle.miner.reply("info")["hashRate"] > 4000
    assert handle.miner.reply("info")["coreVoltageActual"] > 1000
    assert binary(handle, "hashing") == STATE_OFF
    assert sensor(handle, "hash_rate") in NO_HASHING
    assert sensor(handle, "status") == "fault"
    assert binary(handle, "overheating") == STATE_OFF


async def test_averages_show_once_their_window_is_full(bench: TimedBench) -> None:
    handle = await watched(bench, QAXE)
    before = float(sensor(handle, "hash_rate_10m"))
    handle.miner.reboot()
    await bench.advance(5 * MINUTE)
    assert 0 < handle.miner.reply("info")["hashRate_10m"] < 3000
    assert sensor(handle, "status") == "hashing"
    assert float(sensor(handle, "hash_rate")) == pytest.approx(before, rel=0.1)
    assert sensor(handle, "hash_rate_10m") == STATE_UNKNOWN
    assert sensor(handle, "hash_rate_1h") == STATE_UNKNOWN
    await bench.advance(7 * MINUTE)
    assert float(sensor(handle, "hash_rate_10m")) == pytest.approx(before, rel=0.1)
    assert sensor(handle, "hash_rate_1h") == STATE_UNKNOWN


async def test_what_is_zero_at_boot_is_unknown(bench: TimedBench) -> None:
    handle = await watched(bench, QAXE)
    handle.miner.reboot()
    while sensor(handle, "status") != "starting":
        await bench.advance(1)
    for key in ("power", "input_voltage", "chip_temperature"):
        assert sensor(handle, key) == STATE_UNKNOWN, key
    assert binary(handle, "overheating") != STATE_ON
    await bench.advance(2 * MINUTE)
    assert float(sensor(handle, "power")) > 50


@pytest.mark.parametrize(("told", "shown"), [(-90, STATE_UNKNOWN), (-89, "-89")])
async def test_a_cable_has_no_signal(bench: TimedBench, told: int, shown: str) -> None:
    handle = await watched(bench, QAXE)
    tells(handle.miner, wifiRSSI=told)
    # A single value that is missing is bridged.
    await bench.advance(2 * POLL)
    assert sensor(handle, "wifi_signal") == shown


@pytest.mark.parametrize(("watts", "rate"), [(200, 14.9), (0, 4.9)])
async def test_a_fleet_on_a_bus_is_told_with_its_own_power(
    bench: TimedBench, watts: int, rate: float
) -> None:
    """Boards behind it are in one rate only: what is divided belongs together."""
    handle = await watched(bench, QAXE)
    alone = efficiency(handle)
    handle.miner.inject("can_slaves", ghs=10_000, watts=watts)
    await bench.advance(2 * MINUTE)
    assert float(sensor(handle, "hash_rate")) == pytest.approx(rate, rel=0.05)
    info = handle.miner.reply("info")
    assert float(sensor(handle, "power")) == pytest.approx(
        info["power"] + watts, rel=0.05
    )
    together = float(sensor(handle, "power")) / rate
    assert efficiency(handle) == pytest.approx(together, rel=0.05)
    assert efficiency(handle) > 0.9 * alone
    await bench.advance(15 * MINUTE)
    assert binary(handle, "problem") == STATE_OFF


@pytest.mark.parametrize("fault", ["regulator_lost", "hot"])
async def test_no_voltage_is_written_while_the_regulator_is_off(
    bench: TimedBench, fault: str
) -> None:
    """It would power chips that nobody initialised."""
    handle = await watched(bench, QAXE)
    handle.miner.inject(fault, **({"temperature": 75} if fault == "hot" else {}))
    await bench.advance(2 * POLL)
    with pytest.raises(HomeAssistantError):
        await handle.set(Setting.CORE_VOLTAGE, 1.13)
    assert handle.writes == []
    assert not handle.miner.device.powered_raw


async def test_the_refusal_of_a_voltage_says_why(bench: TimedBench) -> None:
    handle = await watched(bench, QAXE)
    handle.miner.inject("regulator_lost")
    await bench.advance(2 * POLL)
    with pytest.raises(
        HomeAssistantError, match="regulator is off\\. Restart the miner"
    ):
        await handle.set(Setting.CORE_VOLTAGE, 1.13)


@pytest.mark.parametrize(
    ("firmware", "known"), [("1.0.34", False), ("1.0.35", False), ("1.0.36", True)]
)
async def test_a_shutdown_needs_its_route(
    bench: TimedBench, firmware: str, known: bool
) -> None:
    """1.0.35 tells whether it is shut down, and has no command for it."""
    handle = await watched(bench, replace(QAXE, firmware=firmware))
    assert has(handle, "switch", "mining") is known


@pytest.mark.parametrize(
    ("firmware", "mode", "auto"),
    [
        ("1.0.30", 1, True),
        ("1.0.31", 1, False),
        ("1.0.37", 2, True),
        ("1.0.37", 3, False),
    ],
)
async def test_the_fan_follows_in_one_mode_only(
    bench: TimedBench, firmware: str, mode: int, auto: bool
) -> None:
    handle = await watched(bench, replace(QAXE, firmware=firmware))
    handle.miner.device.flash.stored["autofanspeed"] = mode
    handle.miner.device.revision += 1
    await bench.advance(POLL)
    assert handle.shown(Setting.AUTO_FAN) is auto


async def test_turning_the_fan_to_automatic_takes_mode_two(bench: TimedBench) -> None:
    handle = await watched(bench, QAXE)
    handle.miner.device.flash.stored["autofanspeed"] = 1
    handle.miner.device.revision += 1
    await bench.advance(POLL)
    await handle.set(Setting.AUTO_FAN, True)
    assert handle.writes == [{"autofanspeed": 2}]


async def with_session(
    bench: TimedBench, spec: MinerSpec, token: str | None = None
) -> Handle:
    """Add a miner that wants codes, and give it a session."""
    handle = await watched(bench, replace(spec, otp_code=CODE))
    client = handle.entry.runtime_data.client
    token = token or await bench.run(client.open_session(CODE))
    entries = handle.hass.config_entries
    entries.async_update_entry(
        handle.entry, data=handle.entry.data | {CONF_SESSION: token}
    )
    await bench.run(entries.async_reload(handle.entry.entry_id))
    return handle


async def test_restart_and_shutdown_need_no_code(bench: TimedBench) -> None:
    """Even right after a setting was refused for want of one."""
    handle = await watched(bench, replace(QAXE, otp_code=CODE))
    with pytest.raises(HomeAssistantError) as raised:
        await handle.set(Setting.FREQUENCY, 550)
    assert raised.value.translation_key == "code_required"
    await handle.set(Setting.MINING, False)
    await bench.advance(2 * POLL)
    assert sensor(handle, "status") == "standby"
    await bench.call(
        "button", "press", {"entity_id": handle.entity("button", "restart")}
    )
    assert handle.writes[1:] == ["/api/system/shutdown", "/api/system/restart"]


async def test_a_clock_that_is_not_set_is_no_reason_for_a_code(
    bench: TimedBench,
) -> None:
    """A valid session is refused until a time server answered: it is only busy."""
    handle = await with_session(bench, QAXE)
    handle.miner.inject("clock_unset")
    handle.miner.reboot()
    await bench.advance(MINUTE)
    for _ in range(6):
        with pytest.raises(HomeAssistantError) as raised:
            await handle.set(Setting.FREQUENCY, 550)
        assert raised.value.translation_key == "busy"
        assert "clock" in str(raised.value)
        await bench.advance(5)
    assert handle.hass.config_entries.flow.async_progress() == []
    handle.miner.clear("clock_unset")
    await bench.advance(30)
    await handle.set(Setting.FREQUENCY, 550)
    assert handle.truth(Setting.FREQUENCY) == 550


async def test_a_session_that_is_not_taken_is_asked_for(bench: TimedBench) -> None:
    handle = await with_session(bench, QAXE, "of-another-miner")
    with pytest.raises(HomeAssistantError) as raised:
        await handle.set(Setting.FREQUENCY, 550)
    assert raised.value.translation_key == "code_required"
    (flow,) = handle.hass.config_entries.flow.async_progress()
    assert flow["step_id"] == "one_time_code"


async def test_a_miner_that_blocks_says_for_how_long(bench: TimedBench) -> None:
    """Refusals of somebody else block valid sessions as well."""
    handle = await with_session(bench, QAXE)
    url = f"{handle.miner.url}/api/system"
    somebody = async_get_clientsession(handle.hass)
    for _ in range(5):
        await bench.run(somebody.patch(url, json={"frequency": 500}))
    with pytest.raises(HomeAssistantError, match="blocked for 5 minutes") as raised:
        await handle.set(Setting.FREQUENCY, 550)
    assert raised.value.translation_key == "busy"
    assert handle.hass.config_entries.flow.async_progress() == []
    await bench.advance(301)
    await handle.set(Setting.FREQUENCY, 550)
    assert handle.truth(Setting.FREQUENCY) == 550


async def test_two_miners_without_a_mac_are_two(bench: TimedBench) -> None:
    """1.0.28 tells no MAC; both are added, and the same address only once."""
    first = replace(QAXE, name="one", firmware="1.0.28", hostname="one", seed=41)
    second = replace(first, name="two", hostname="two", seed=42)
    handles = [await watched(bench, spec) for spec in (first, second)]
    assert len({handle.entry.unique_id for handle in handles}) == 2
    for handle in handles:
        assert sensor(handle, "status") == "hashing"


async def test_a_setting_that_is_ignored_with_success_is_told(
    bench: TimedBench,
) -> None:
    handle = await watched(bench, QAXE)
    handle.miner.inject("patch_ignored")
    with pytest.raises(HomeAssistantError) as raised:
        await handle.set(Setting.FREQUENCY, 550)
    assert raised.value.translation_key == "setting_not_taken"


@pytest.mark.parametrize("spec", ALL, ids=named)
async def test_a_sound_miner_has_no_problem(bench: TimedBench, spec: MinerSpec) -> None:
    handle = await watched(bench, spec)
    await bench.advance(40 * MINUTE)
    assert sensor(handle, "status") == "hashing"
    assert binary(handle, "problem") == STATE_OFF
    assert float(sensor(handle, "hash_rate")) > 0
