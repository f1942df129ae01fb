"""What goes wrong with a change: it is told, and the miner shown as it is."""

from collections.abc import Mapping
from typing import Any

from homeassistant.components.trace.const import DATA_TRACE
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import (
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.setup import async_setup_component
import pytest

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.miners.model import Setting
from simulator import MinerSpec

from .conftest import GAMMA, GAMMA_2, HEX, NANO_3S, NERD, Q, TimedBench
from .handles import Handle, action, take_over

F, V, FAN, MODE, DISPLAY, MINING = (
    Setting.FREQUENCY,
    Setting.CORE_VOLTAGE,
    Setting.FAN_DUTY_CYCLE,
    Setting.WORK_MODE,
    Setting.DISPLAY,
    Setting.MINING,
)
TWO_POLLS = 35.0
Q_NAME = "Avalon Q F7CF"

pytestmark = pytest.mark.usefixtures("entity_registry_enabled_by_default")


async def automate(handle: Handle, setting: Setting, value: Any) -> None:
    """Make an automation that sets one setting when told to."""
    platform, service, data = action(handle, setting, value)
    entity_id = data.pop("entity_id")
    config = {
        "id": "test",
        "alias": "Test",
        "triggers": {"trigger": "event", "event_type": "go"},
        "actions": [
            {
                "action": f"{platform}.{service}",
                "target": {"entity_id": entity_id},
                "data": data,
            }
        ],
    }
    hass = handle.hass
    assert await async_setup_component(hass, "automation", {"automation": [config]})
    await handle.bench.pass_time(1)


def error_in_trace(hass: HomeAssistant) -> str | None:
    """Return what the trace of the one automation's one run says went wrong."""
    (run,) = hass.data[DATA_TRACE]["automation.test"].all_traces()
    told: str | None = run.as_extended_dict().get("error")
    return told


async def run_automation(handle: Handle, setting: Setting, value: Any) -> str | None:
    """Let an automation set a setting, and return the error in its trace."""
    await automate(handle, setting, value)
    handle.hass.bus.async_fire("go")
    await handle.bench.pass_time(12)
    return error_in_trace(handle.hass)


def agrees(handle: Handle) -> Mapping[str, tuple[Any, Any]]:
    """Return what Home Assistant shows otherwise than the miner is."""
    return {
        setting: (handle.shown(setting), handle.truth(setting))
        for setting in handle.settings
        if handle.shown(setting) is not None
        # With an automatic fan the device shows its speed, not its setting.
        and not (setting is FAN and handle.truth(Setting.AUTO_FAN))
        and handle.shown(setting) != handle.truth(setting)
    }


def refusals(handle: Handle) -> list[str]:
    """Collect the settings that events call refused, from now on."""
    found: list[str] = []
    entity_id = handle.entity("event", "activity")

    @callback
    def see(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state and state.attributes.get("event_type") == "setting_refused":
            found.append(state.attributes["setting"])

    async_track_state_change_event(handle.hass, entity_id, see)
    return found


REFUSED = [
    (
        GAMMA,
        F,
        550,
        "patch_refused",
        {},
        ("Gamma 601 A1B2", "Frequency: 525 MHz → 550 MHz"),
    ),
    (GAMMA, F, 550, "patch_ignored", {}, ("Gamma 601 A1B2", "Frequency", "550", "525")),
    (GAMMA, F, 625, "patch_clipped", {}, ("Gamma 601 A1B2", "Frequency", "625", "575")),
    (
        GAMMA,
        V,
        1.2,
        "patch_ignored",
        {},
        ("Gamma 601 A1B2", "Core voltage", "1.2", "1.15"),
    ),
    (
        GAMMA,
        FAN,
        60,
        "patch_ignored",
        {},
        ("Gamma 601 A1B2", "Automatic fan", "off", "on"),
    ),
    (GAMMA, F, 550, "busy", {}, ("Gamma 601 A1B2", "Frequency", "550", "525")),
    (HEX, F, 500, "patch_ignored", {}, ("Hex 303 0004", "Frequency", "500", "485")),
    (NERD, F, 500, "patch_ignored", {}, ("garage-rig", "Frequency", "500", "600")),
    (NERD, F, 500, "patch_refused", {}, ("garage-rig", "Frequency: 600 MHz → 500 MHz")),
    (Q, MODE, "super", "write_refused", {}, (Q_NAME, "Work mode: Eco → Super")),
    (Q, MODE, "super", "busy", {}, (Q_NAME, "Work mode: Eco → Super")),
    (Q, FAN, 70, "write_refused", {}, (Q_NAME, "Fan duty cycle: nothing → 70%")),
    (NANO_3S, MODE, "low", "write_refused", {}, ("Avalon Nano 3S 92D2", "High → Low")),
]


@pytest.mark.parametrize(
    ("spec", "setting", "value", "fault", "parameters", "words"),
    REFUSED,
    ids=[f"{row[0].name}-{row[1]}-{row[3]}" for row in REFUSED],
)
async def test_not_taken(
    bench: TimedBench,
    spec: MinerSpec,
    setting: Setting,
    value: Any,
    fault: str,
    parameters: dict[str, Any],
    words: tuple[str, ...],
) -> None:
    """The trace names the device and what it made of it; the entity shows that."""
    handle = await take_over(bench, await bench.miner(spec))
    await bench.pass_time(20)
    handle.miner.inject(fault, **parameters)

    told = await run_automation(handle, setting, value)
    await bench.pass_time(TWO_POLLS)

    assert told is not None
    for word in words:
        assert word in told, told
    assert len(handle.writes) == 1
    assert handle.truth(setting) != value
    assert agrees(handle) == {}


TAKEN = [
    (GAMMA, F, 550, "patch_lost", {}),
    (GAMMA, F, 550, "patch_lost", {"silent": True}),
    (GAMMA, F, 550, "busy", {"seconds": 3}),
    (HEX, V, 1.1, "patch_lost", {}),
    (NERD, F, 500, "patch_lost", {}),
    (Q, MODE, "super", "write_lost", {}),
    (Q, DISPLAY, False, "write_lost", {}),
    (Q, MODE, "super", "write_lost", {"silent": True}),
    (NANO_3S, MODE, "low", "write_lost", {}),
]


@pytest.mark.parametrize(
    ("spec", "setting", "value", "fault", "parameters"),
    TAKEN,
    ids=[f"{row[0].name}-{row[1]}-{row[3]}-{len(row[4])}" for row in TAKEN],
)
async def test_a_lost_reply_is_not_a_failure(
    bench: TimedBench,
    spec: MinerSpec,
    setting: Setting,
    value: Any,
    fault: str,
    parameters: dict[str, Any],
) -> None:
    """What the miner took is taken, whatever became of its answer; sent once."""
    handle = await take_over(bench, await bench.miner(spec))
    await bench.pass_time(20)
    handle.miner.inject(fault, **parameters)

    told = await run_automation(handle, setting, value)
    await bench.pass_time(TWO_POLLS)

    assert told is None
    assert len(handle.writes) == 1
    assert handle.truth(setting) == value
    assert handle.shown(setting) == value
    assert agrees(handle) == {}


REBOOTS = [
    (GAMMA, F, 550, "reboot_on_patch"),
    (HEX, F, 500, "reboot_on_patch"),
    (NERD, F, 500, "reboot_on_patch"),
    (Q, MODE, "super", "reboot_on_write"),
]


@pytest.mark.parametrize(
    ("spec", "setting", "value", "fault"),
    REBOOTS,
    ids=[row[0].name for row in REBOOTS],
)
async def test_a_reboot_in_between(
    bench: TimedBench, spec: MinerSpec, setting: Setting, value: Any, fault: str
) -> None:
    """A miner that restarts over it is written to once, and shown as it comes back."""
    handle = await take_over(bench, await bench.miner(spec))
    await bench.pass_time(20)
    handle.miner.inject(fault)

    await run_automation(handle, setting, value)
    handle.miner.clear(fault)
    await bench.pass_time(400)

    assert len(handle.writes) == 1
    assert handle.truth(setting) == value
    assert agrees(handle) == {}


@pytest.mark.parametrize(
    "spec", [GAMMA, GAMMA_2, NERD, Q, NANO_3S], ids=lambda spec: spec.name
)
async def test_offline(bench: TimedBench, spec: MinerSpec) -> None:
    """Nothing is sent later than its caller was told that it failed."""
    handle = await take_over(bench, await bench.miner(spec))
    await bench.pass_time(20)
    setting, value = (F, 500) if F in handle.settings else (FAN, 70)
    handle.miner.inject("offline")

    told = await run_automation(handle, setting, value)
    await bench.pass_time(120)

    assert told is not None
    assert handle.entry.title in told
    assert f"→ {value}" in told
    assert handle.state(setting).state == STATE_UNAVAILABLE
    handle.miner.clear()
    await bench.pass_time(120)
    assert handle.writes == []
    assert agrees(handle) == {}


async def test_regulator_that_does_not_follow(bench: TimedBench) -> None:
    """A voltage that is only stored is told of when the chips do not get it."""
    handle = await take_over(bench, await bench.miner(GAMMA))
    await bench.pass_time(20)
    # AxeOS stores and reports what its regulator refuses.
    handle.miner.inject("override", values={"coreVoltageActual": 1150})

    refused = refusals(handle)

    assert await run_automation(handle, V, 1.25) is None
    await bench.pass_time(30)

    issues = ir.async_get(bench.hass).issues
    issue = issues[DOMAIN, f"setting_refused_{handle.entry.entry_id}"]
    told = issue.translation_placeholders["error"]
    for word in ("Gamma 601 A1B2", "Core voltage", "1.25", "1.15"):
        assert word in told
    assert refused == ["core_voltage"]


LATE = [
    (GAMMA_2, MINING, False, "patch_ignored", {"commands": True}, 60),
    (Q, MODE, "super", "write_ignored", {}, 90),
    (Q, DISPLAY, False, "write_ignored", {}, 10),
]


@pytest.mark.parametrize(
    ("spec", "setting", "value", "fault", "parameters", "proof"),
    LATE,
    ids=[f"{row[0].name}-{row[1]}" for row in LATE],
)
async def test_what_proves_itself_late_fails_late(
    bench: TimedBench,
    spec: MinerSpec,
    setting: Setting,
    value: Any,
    fault: str,
    parameters: dict[str, Any],
    proof: float,
) -> None:
    """An agreement that nothing follows on becomes an event and a repair."""
    handle = await take_over(bench, await bench.miner(spec))
    await bench.pass_time(20)
    handle.miner.inject(fault, **parameters)
    refused = refusals(handle)

    assert await run_automation(handle, setting, value) is None
    await bench.pass_time(proof + 20)

    assert len(handle.writes) == 1
    issues = ir.async_get(bench.hass).issues
    issue = issues[DOMAIN, f"setting_refused_{handle.entry.entry_id}"]
    assert handle.entry.title in issue.translation_placeholders["error"]
    assert refused == [setting]
    assert agrees(handle) == {}
