"""A miner that stands still is helped, and one that does too little is found."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util
import pytest

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.coordinator import MinerCoordinator

from .conftest import GAMMA, OXBITCOIN, Q, TimedBench
from .handles import Handle, take_over
from .test_insight import number, options, state_of
from .test_miner_options import fill, form_of, suggested

pytestmark = pytest.mark.usefixtures("entity_registry_enabled_by_default")

MINUTE = 60.0

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
    await bench.pass_time(600)
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


RESTART_PATH = "/api/system/restart"


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


async def lost_regulator(bench: TimedBench) -> Handle:
    """Give a miner with the option whose regulator has just switched off."""
    handle = await take_over(bench, await bench.miner(GAMMA))
    await fill(bench, handle.entry, restart_stalled=True)
    handle.miner.inject("override", values=REGULATOR_OFF)
    return handle


async def test_one_that_recovers_at_the_last_moment_is_not_restarted(
    bench: TimedBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read right before the command decides."""
    handle = await lost_regulator(bench)
    command = MinerCoordinator.async_command

    async def recover_first(miner: MinerCoordinator, *arguments: Any) -> None:
        handle.miner.clear("override")
        await command(miner, *arguments)

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
