"""A miner that stands still is helped, and one that does too little is found."""

from dataclasses import replace
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util
import pytest

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.control.model import Problem
from custom_components.miner_monitor.coordinator import MinerCoordinator
from simulator import MinerSpec

from .conftest import GAMMA, NERD, OXBITCOIN, Q, TimedBench
from .handles import Handle, take_over
from .test_control_intents import settings_of
from .test_control_repairs import Repairs, repairs
from .test_insight import number, options, state_of
from .test_miner_options import fill, form_of, suggested

__all__ = ["repairs"]

pytestmark = pytest.mark.usefixtures("entity_registry_enabled_by_default")

MINUTE = 60.0

# Stuck after an overheat.

GAMMA_215 = replace(GAMMA, name="gamma-215", firmware="2.15.0")
RESTART_PATH = "/api/system/restart"


async def overheated(
    bench: TimedBench, spec: MinerSpec = GAMMA, **set_points: float
) -> Handle:
    """Give a miner that overheated with these set points, and does not come back."""
    handle = await take_over(bench, await bench.miner(replace(spec, **set_points)))
    await bench.advance(MINUTE)
    handle.miner.inject("hot", temperature=80)
    await bench.advance(15)
    handle.miner.clear("hot")
    return handle


def status_of(handle: Handle) -> str:
    status = handle.hass.states.get(handle.entity("sensor", "status"))
    assert status is not None
    return status.state


def sent_volts(handle: Handle) -> list[float]:
    """Return every core voltage that it was told, in mV."""
    bodies = [body for body in handle.writes if isinstance(body, dict)]
    return [body["coreVoltage"] for body in bodies if "coreVoltage" in body]


async def recover(
    bench: TimedBench, repairs: Repairs, handle: Handle, choice: str
) -> dict[str, Any]:
    """Press a button of the guided repair and wait until it tells what came of it."""
    flow = await repairs.begin(handle, Problem.STUCK)
    assert flow["type"] == "menu"
    shown = await repairs.go_on(flow, next_step_id=choice)
    assert (shown["type"], shown["progress_action"]) == ("progress", "recover")
    for _ in range(int(7 * MINUTE / 5)):
        if shown["type"] != "progress":
            return shown
        await bench.advance(5)
        shown = await repairs.look(flow)
    raise AssertionError("the repair does not end")


@pytest.mark.parametrize("spec", [GAMMA, GAMMA_215], ids=["2.12", "2.15"])
@pytest.mark.parametrize(
    ("before", "stored", "buttons"),
    [
        ((525, 1060), (425, 960), ("525 MHz, 1.06 V", "490 MHz, 1.00 V")),
        ((100, 1060), (400, 960), ("100 MHz, 1.06 V", "100 MHz, 1.00 V")),
    ],
    ids=["1060 mV", "100 MHz"],
)
async def test_an_overheat_below_the_regulators_minimum_is_repaired(
    bench: TimedBench,
    repairs: Repairs,
    spec: MinerSpec,
    before: tuple[int, int],
    stored: tuple[int, int],
    buttons: tuple[str, str],
) -> None:
    """First it is overheated, then a repair says what it needs, and brings it back."""
    megahertz, millivolts = before
    handle = await overheated(bench, spec, frequency=megahertz, core_voltage=millivolts)
    await bench.advance(30)
    assert status_of(handle) == "overheated"
    assert repairs.issue(handle, Problem.STUCK) is None
    await bench.advance(6 * MINUTE)
    assert status_of(handle) == "overheated"
    assert settings_of(handle.miner)[:2] == stored
    assert not handle.miner.truth.hashing

    issue = repairs.issue(handle, Problem.STUCK)
    assert issue is not None
    assert issue.is_fixable
    assert repairs.issue(handle, Problem.DERATED) is None, "one repair, not two"
    told = issue.translation_placeholders
    step = "stuck.fix_flow.step.init"
    text = await repairs.text(f"{step}.description", told)
    assert (
        f"Now: {stored[0]} MHz, 0.96 V; its voltage regulator needs at least 1 V"
        in text
    )
    for option, values in zip(("as_before", "one_step_lower"), buttons, strict=True):
        label = await repairs.text(f"{step}.menu_options.{option}", told)
        assert label.endswith(f" ({values})")
    assert handle.writes == []

    restarts = handle.miner.truth.restarts
    done = await recover(bench, repairs, handle, "as_before")

    assert done["type"] == "create_entry"
    assert handle.miner.truth.hashing
    assert handle.miner.truth.restarts == restarts + 1
    assert settings_of(handle.miner) == (megahertz, millivolts, 1)
    assert handle.miner.reply("info")["overheat_mode"] == 0
    assert {"overheat_mode": 0} in handle.writes
    await bench.advance(2 * MINUTE)
    assert status_of(handle) == "hashing"
    assert min(sent_volts(handle)) >= 1000
    for problem in (Problem.STUCK, Problem.DERATED, Problem.SETTING_REFUSED):
        assert repairs.issue(handle, problem) is None


async def test_one_step_lower_brings_it_back_too(
    bench: TimedBench, repairs: Repairs
) -> None:
    handle = await overheated(bench, GAMMA_215, frequency=525, core_voltage=1060)
    await bench.advance(6 * MINUTE)
    done = await recover(bench, repairs, handle, "one_step_lower")
    assert done["type"] == "create_entry"
    assert settings_of(handle.miner) == (490, 1000, 1)
    assert handle.miner.truth.hashing


async def test_one_that_was_stuck_when_it_was_added_gets_its_boards_default(
    bench: TimedBench, repairs: Repairs
) -> None:
    """Nobody knows what it ran before, and nothing below the limits is offered."""
    miner = await bench.miner(replace(GAMMA_215, frequency=525, core_voltage=1060))
    miner.inject("hot", temperature=80)
    await bench.advance(15)
    miner.clear("hot")
    await bench.advance(2 * MINUTE)
    handle = await take_over(bench, miner)
    await bench.advance(5 * MINUTE)

    flow = await repairs.begin(handle, Problem.STUCK)
    assert flow["menu_options"] == ["board_default"]
    done = await recover(bench, repairs, handle, "board_default")

    assert done["type"] == "create_entry"
    assert settings_of(handle.miner) == (525, 1150, 1)
    assert handle.miner.truth.hashing


async def test_one_that_does_not_come_back_says_what_it_reports(
    bench: TimedBench, repairs: Repairs
) -> None:
    """The repair stays until the miner hashes."""
    handle = await overheated(bench, GAMMA_215, frequency=525, core_voltage=1060)
    await bench.advance(6 * MINUTE)
    handle.miner.inject("power_fault")
    done = await recover(bench, repairs, handle, "as_before")
    assert (done["type"], done["reason"]) == ("abort", "failed")
    error = done["description_placeholders"]["error"]
    assert "doesn't hash yet" in error
    assert "Fault" in error
    assert repairs.issue(handle, Problem.STUCK) is not None

    handle.miner.clear("power_fault")
    handle.miner.reboot()
    await bench.advance(3 * MINUTE)
    assert repairs.issue(handle, Problem.STUCK) is None


async def test_what_the_miner_refuses_ends_the_repair_before_a_restart(
    bench: TimedBench, repairs: Repairs
) -> None:
    handle = await overheated(bench, GAMMA_215, frequency=525, core_voltage=1060)
    await bench.advance(6 * MINUTE)
    handle.miner.inject("patch_refused", count=5)
    restarts = handle.miner.truth.restarts
    done = await recover(bench, repairs, handle, "as_before")
    assert (done["type"], done["reason"]) == ("abort", "failed")
    assert handle.miner.truth.restarts == restarts
    assert repairs.issue(handle, Problem.STUCK) is not None


async def test_a_dialog_that_is_closed_breaks_nothing_off(
    bench: TimedBench, repairs: Repairs
) -> None:
    handle = await overheated(bench, GAMMA_215, frequency=525, core_voltage=1060)
    await bench.advance(6 * MINUTE)
    flow = await repairs.begin(handle, Problem.STUCK)
    await repairs.go_on(flow, next_step_id="as_before")
    await repairs.close(flow)
    await bench.advance(5 * MINUTE)
    assert handle.miner.truth.hashing
    assert repairs.issue(handle, Problem.STUCK) is None


async def test_one_that_recovered_meanwhile_is_left_alone(
    bench: TimedBench, repairs: Repairs
) -> None:
    """An old dialog restarts no miner that hashes."""
    handle = await lost_regulator(bench, restart_stalled=False)
    await bench.advance(5 * MINUTE)
    flow = await repairs.begin(handle, Problem.STUCK)
    handle.miner.clear("override")
    await bench.advance(MINUTE)
    shown = await repairs.go_on(flow, next_step_id="restart")
    for _ in range(10):
        if shown["type"] == "progress":
            await bench.advance(5)
            shown = await repairs.look(flow)
    assert (shown["type"], shown["reason"]) == ("abort", "failed")
    assert "needs no help at the moment" in shown["description_placeholders"]["error"]
    assert handle.writes == []


async def test_one_that_is_not_loaded_offers_nothing(
    bench: TimedBench, hass: HomeAssistant, repairs: Repairs
) -> None:
    handle = await lost_regulator(bench, restart_stalled=False)
    await bench.advance(5 * MINUTE)
    await bench.run(hass.config_entries.async_unload(handle.entry.entry_id))
    shown = await repairs.begin(handle, Problem.STUCK)
    assert (shown["type"], shown["reason"]) == ("abort", "failed")
    assert "isn't loaded" in shown["description_placeholders"]["error"]


async def test_a_repair_of_before_our_restart_waits_until_it_is_certain_again(
    bench: TimedBench, hass: HomeAssistant, repairs: Repairs
) -> None:
    """Nothing is offered of which it is not known whether it helps."""
    handle = await lost_regulator(bench, restart_stalled=False)
    await bench.advance(5 * MINUTE)
    unload = hass.config_entries.async_unload(handle.entry.entry_id)
    await bench.run(unload)
    handle.miner.inject("offline")
    await bench.run(hass.config_entries.async_setup(handle.entry.entry_id))
    shown = await repairs.begin(handle, Problem.STUCK)
    assert (shown["type"], shown["reason"]) == ("abort", "failed")
    assert "needs no help at the moment" in shown["description_placeholders"]["error"]


async def test_one_that_stays_away_after_its_restart_says_so(
    bench: TimedBench, repairs: Repairs
) -> None:
    handle = await lost_regulator(bench, restart_stalled=False)
    await bench.advance(5 * MINUTE)
    flow = await repairs.begin(handle, Problem.STUCK)
    await repairs.go_on(flow, next_step_id="restart")
    await bench.advance(5)
    assert handle.writes == [RESTART_PATH]
    handle.miner.inject("offline")
    await bench.advance(6 * MINUTE)
    shown = await repairs.look(flow)
    assert (shown["type"], shown["reason"]) == ("abort", "failed")
    error = shown["description_placeholders"]["error"]
    assert "doesn't hash yet" in error
    assert "It reports: ." not in error


async def test_a_lost_regulator_is_offered_a_restart(
    bench: TimedBench, repairs: Repairs
) -> None:
    """Its settings are fine: they stay, and nothing is sent but a restart."""
    handle = await lost_regulator(bench, restart_stalled=False)
    await bench.advance(5 * MINUTE)
    flow = await repairs.begin(handle, Problem.STUCK)
    assert flow["menu_options"] == ["one_step_lower", "restart"]
    told = flow["description_placeholders"]
    label = await repairs.text("stuck.fix_flow.step.init.menu_options.restart", told)
    assert label == "Restart with the current settings (525 MHz, 1.15 V)"
    shown = await repairs.go_on(flow, next_step_id="restart")
    await bench.advance(15)
    handle.miner.clear("override")
    await bench.advance(3 * MINUTE)
    shown = await repairs.look(flow)
    assert shown["type"] == "create_entry"
    assert handle.writes == [RESTART_PATH]


async def test_a_nerdaxe_that_lost_its_regulator_needs_a_restart_alone(
    bench: TimedBench, repairs: Repairs
) -> None:
    """A voltage that is written then starts no chip."""
    handle = await take_over(bench, await bench.miner(NERD))
    await bench.advance(MINUTE)
    handle.miner.inject("hot", temperature=75)
    await bench.advance(15)
    handle.miner.clear("hot")
    await bench.advance(8 * MINUTE)
    assert not handle.miner.truth.hashing

    flow = await repairs.begin(handle, Problem.STUCK)
    assert flow["menu_options"] == ["restart"]
    done = await recover(bench, repairs, handle, "restart")

    assert done["type"] == "create_entry"
    assert handle.writes == [RESTART_PATH]
    assert handle.miner.truth.hashing


async def test_an_overheat_that_the_firmware_ends_itself_raises_no_such_repair(
    bench: TimedBench, repairs: Repairs
) -> None:
    handle = await overheated(bench, GAMMA_215)
    for _ in range(40):
        await bench.advance(15)
        assert repairs.issue(handle, Problem.STUCK) is None
    assert handle.miner.truth.hashing
    assert repairs.issue(handle, Problem.DERATED) is not None


# The hash rate that the user expects.


async def test_the_users_expected_hash_rate_replaces_the_miners(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Sensor, ratio and findings follow it; cleared, the miner's own is back."""
    entry = await bench.add(await bench.miner(GAMMA))
    await bench.pass_time(300)
    own = number(hass, entry, "expected_hash_rate")
    assert own == pytest.approx(1.07, abs=0.01)
    form = await form_of(hass, entry)
    field = form["data_schema"].schema["judgement"].schema.schema["expected_hash_rate"]
    assert field.config["unit_of_measurement"] == "TH/s"
    assert field.config["max"] == 10_000
    assert "expected_hash_rate" not in suggested(form)

    await fill(bench, entry, expected_hash_rate=2.0)
    await bench.pass_time(45 * 60)
    assert number(hass, entry, "expected_hash_rate") == 2.0
    assert number(hass, entry, "hash_rate_ratio") == pytest.approx(50, abs=5)
    assert number(hass, entry, "hash_rate_deviation") == pytest.approx(-1, abs=0.1)
    problem = state_of(hass, entry, "problem", "binary_sensor")
    assert problem.state == "on"
    assert "hash_rate_low" in str(problem.attributes)

    await fill(bench, entry, cleared=("expected_hash_rate",))
    await bench.pass_time(15 * 60)
    assert number(hass, entry, "expected_hash_rate") == pytest.approx(own, abs=0.01)
    assert number(hass, entry, "hash_rate_ratio") == pytest.approx(98, abs=6)


async def test_the_users_expected_hash_rate_outlives_a_reload(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    entry = await bench.add(await bench.miner(GAMMA))
    options(hass, entry, expected_hash_rate=1.5)
    await bench.run(hass.config_entries.async_reload(entry.entry_id))
    await bench.pass_time(60)
    assert number(hass, entry, "expected_hash_rate") == 1.5


# A stalled miner that is restarted.


def in_the_morning(freezer: FrozenDateTimeFactory) -> None:
    """Let it be morning, so that a day does not end within a test."""
    freezer.move_to(dt_util.now().replace(hour=6, minute=0, second=0))


class Restarts:
    """How often a miner was restarted, and what was told of it."""

    def __init__(self, handle: Handle) -> None:
        """Look from now on."""
        self._handle = handle
        self.told: list[dict[str, Any]] = []

        @callback
        def see(event: Event[EventStateChangedData]) -> None:
            state = event.data["new_state"]
            if state and state.attributes.get("event_type") == "stall_restart":
                told = {"cause", "restarts", "limit"}
                self.told.append({k: state.attributes[k] for k in told})

        entity_id = handle.entity("event", "activity")
        async_track_state_change_event(handle.hass, entity_id, see)

    @property
    def sent(self) -> list[float]:
        """When it was told to restart."""
        return [at for at, told in self._handle.timed_writes if told == RESTART_PATH]


async def stalling(bench: TimedBench, **option: Any) -> Handle:
    """Give a miner that hashes and finds nothing, which has just been noticed."""
    handle = await take_over(bench, await bench.miner(GAMMA))
    if option:
        await fill(bench, handle.entry, **option)
    await bench.advance(5 * MINUTE)
    handle.miner.inject("flatline")
    await until_stalled(bench, handle)
    return handle


async def until_stalled(bench: TimedBench, handle: Handle) -> None:
    stalled = handle.entity("binary_sensor", "stalled")
    for _ in range(480):
        if handle.hass.states.get(stalled).state == "on":
            return
        await bench.advance(15)
    raise AssertionError("not stalled")


async def test_a_stalled_miner_is_restarted_once_then_rests(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Ten minutes after it was noticed; an event tells why, and that it restarted."""
    handle = await stalling(bench, restart_stalled=True)
    restarts, noticed = Restarts(handle), bench.now
    await bench.advance(9 * MINUTE)
    assert restarts.sent == []
    await bench.advance(2 * MINUTE)
    assert len(restarts.sent) == 1
    assert restarts.sent[0] - noticed == pytest.approx(10 * MINUTE, abs=45)
    assert restarts.told == [{"cause": "stalled", "restarts": 1, "limit": 3}]
    handle.miner.clear("flatline")
    await bench.advance(60 * MINUTE)
    assert len(restarts.sent) == 1
    assert state_of(hass, handle.entry, "stalled", "binary_sensor").state == "off"
    event = state_of(hass, handle.entry, "activity", "event")
    assert event.attributes["event_type"] == "restarted"


async def test_without_the_option_nothing_is_sent(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    handle = await stalling(bench)
    await bench.advance(60 * MINUTE)
    assert handle.writes == []


async def test_a_lost_regulator_is_a_reason_with_cool_down_limit_and_repair(
    bench: TimedBench, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Three restarts, half an hour apart, through a reload; then a repair."""
    in_the_morning(freezer)
    handle = await lost_regulator(bench)
    restarts = Restarts(handle)
    await bench.advance(12 * MINUTE)
    assert len(restarts.sent) == 1
    await bench.run(hass.config_entries.async_reload(handle.entry.entry_id))
    await bench.advance(27 * MINUTE)
    assert len(restarts.sent) == 1, "it rests, also after a reload"
    await bench.advance(5 * MINUTE)
    assert len(restarts.sent) == 2
    await bench.run(hass.config_entries.async_reload(handle.entry.entry_id))
    await bench.advance(35 * MINUTE)
    assert len(restarts.sent) == 3
    assert [told["restarts"] for told in restarts.told] == [1, 2, 3]
    assert {told["cause"] for told in restarts.told} == {"regulator_off"}

    issue = issue_of(handle, "stalls_again")
    assert issue is not None
    assert not issue.is_fixable
    assert issue.translation_placeholders == {"name": "Gamma 601 A1B2", "limit": "3"}
    await bench.run(hass.config_entries.async_reload(handle.entry.entry_id))
    await bench.advance(3 * 60 * MINUTE)
    assert len(restarts.sent) == 3
    assert issue_of(handle, "stalls_again") is not None


def issue_of(handle: Handle, problem: str) -> ir.IssueEntry | None:
    name = f"{problem}_{handle.entry.entry_id}"
    return ir.async_get(handle.hass).async_get_issue(DOMAIN, name)


REGULATOR_OFF = {"power_fault": "VOUT_UV", "coreVoltageActual": 0, "hashRate": 0}


async def lost_regulator(bench: TimedBench, *, restart_stalled: bool = True) -> Handle:
    """Give a miner whose regulator has just switched off, with the option or not."""
    handle = await take_over(bench, await bench.miner(GAMMA))
    await fill(bench, handle.entry, restart_stalled=restart_stalled)
    await bench.advance(30)
    handle.miner.inject("override", values=REGULATOR_OFF)
    return handle


async def test_one_that_recovers_at_the_last_moment_is_not_restarted(
    bench: TimedBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read right before the command decides."""
    handle = await lost_regulator(bench)
    command = MinerCoordinator.async_command

    async def recover_first(
        miner: MinerCoordinator, *arguments: Any, **more: Any
    ) -> None:
        handle.miner.clear("override")
        await command(miner, *arguments, **more)

    monkeypatch.setattr(MinerCoordinator, "async_command", recover_first)
    await bench.advance(30 * MINUTE)
    assert "override" not in handle.miner.device.faults, "a restart was due"
    assert Restarts(handle).sent == []


async def test_one_that_does_not_answer_is_not_counted(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """A refused restart is tried again after ten minutes, and told as no restart."""
    handle = await lost_regulator(bench)
    handle.miner.inject("unauthorized", only="restart")
    restarts = Restarts(handle)
    await bench.advance(35 * MINUTE)
    assert len(restarts.sent) >= 2
    assert restarts.told == []
    assert issue_of(handle, "stalls_again") is None
    handle.miner.clear("unauthorized")
    await bench.advance(11 * MINUTE)
    assert [told["restarts"] for told in restarts.told] == [1]


async def test_the_option_is_there_where_a_miner_can_be_restarted(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    for spec, offered in ((GAMMA, True), (Q, True), (OXBITCOIN, False)):
        entry = await bench.add(await bench.miner(spec))
        form = await form_of(hass, entry)
        assert ("restart_stalled" in form["data_schema"].schema) is offered
        assert suggested(form).get("restart_stalled", False) is False
