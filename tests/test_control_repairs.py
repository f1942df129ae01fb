"""What a user is asked to repair, and what becomes of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from homeassistant.auth.models import Credentials, RefreshToken
from homeassistant.const import STATE_OFF
from homeassistant.core import (
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.helpers.translation import async_get_translations
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockUser,
    async_capture_events,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.control.model import Problem
from custom_components.miner_monitor.miners.model import Setting
from simulator import MinerSpec, SimulatedMiner

from . import lengths
from .conftest import A1246, GAMMA, GAMMA_2, HEX, SUPRA, Q, TimedBench
from .handles import Handle, take_over
from .test_control_intents import overheat, settings_of
from .test_presence import lose_to_a_stranger

DAY = 24 * 3600
FLOWS = "/api/repairs/issues/fix"

pytestmark = pytest.mark.usefixtures("entity_registry_enabled_by_default")


class Repairs:
    """The repairs as a user's browser sees them."""

    def __init__(
        self, bench: TimedBench, connect: ClientSessionGenerator, login: RefreshToken
    ) -> None:
        """Take the browser, in which somebody is logged in."""
        self._bench = bench
        self._hass = bench.hass
        self._connect = connect
        self._login = login

    def issue(self, handle: Handle, problem: Problem) -> ir.IssueEntry | None:
        """Return what a miner's user is asked."""
        name = f"{problem}_{handle.entry.entry_id}"
        return ir.async_get(self._hass).async_get_issue(DOMAIN, name)

    async def begin(self, handle: Handle, problem: Problem) -> dict[str, Any]:
        """Open the repair."""
        return await self.begin_at(f"{problem}_{handle.entry.entry_id}")

    async def begin_at(self, issue_id: str) -> dict[str, Any]:
        """Open the repair with this name."""
        return await self._post(FLOWS, {"handler": DOMAIN, "issue_id": issue_id})

    async def go_on(self, flow: Mapping[str, Any], **data: str) -> dict[str, Any]:
        """Press a button of it."""
        return await self._post(f"{FLOWS}/{flow['flow_id']}", data)

    async def look(self, flow: Mapping[str, Any]) -> dict[str, Any]:
        """See how far it is."""
        return await self._ask("GET", f"{FLOWS}/{flow['flow_id']}", None)

    async def close(self, flow: Mapping[str, Any]) -> None:
        """Close the dialog."""
        await self._ask("DELETE", f"{FLOWS}/{flow['flow_id']}", None)

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return await self._ask("POST", path, body)

    async def _ask(self, method: str, path: str, body: Any) -> dict[str, Any]:
        token = self._hass.auth.async_create_access_token(self._login)
        client = await self._connect(token)

        async def ask() -> dict[str, Any]:
            reply = await client.request(method, path, json=body)
            assert reply.status == 200, await reply.text()
            result: dict[str, Any] = await reply.json()
            return result

        return await self._bench.run(ask())

    async def text(self, path: str, told: Mapping[str, Any] | None) -> str:
        """Return a text as the user reads it."""
        texts = await async_get_translations(self._hass, "en", "issues", {DOMAIN})
        return texts[f"component.{DOMAIN}.issues.{path}"].format_map(told or {})


@pytest.fixture
async def repairs(
    bench: TimedBench,
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    hass_admin_user: MockUser,
    hass_admin_credential: Credentials,
) -> Repairs:
    """Give the repairs as a browser sees them."""
    for component in ("repairs", DOMAIN):
        assert await async_setup_component(hass, component, {})
    await hass.auth.async_link_user(hass_admin_user, hass_admin_credential)
    login = await hass.auth.async_create_refresh_token(
        hass_admin_user, "https://home.example", credential=hass_admin_credential
    )
    return Repairs(bench, hass_client, login)


def refusals(handle: Handle) -> list[tuple[str, Any, Any]]:
    """Collect what events call refused from now on: setting, asked, reported."""
    found: list[tuple[str, Any, Any]] = []

    @callback
    def see(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        told = {} if state is None else state.attributes
        if told.get("event_type") == "setting_refused":
            found.append((told["setting"], told["asked"], told["reported"]))

    entity_id = handle.entity("event", "activity")
    async_track_state_change_event(handle.hass, entity_id, see)
    return found


# Derated.


async def derated(bench: TimedBench, spec: MinerSpec = GAMMA) -> Handle:
    """Give a miner that overheated and is cool again."""
    handle = await take_over(bench, await bench.miner(spec))
    await bench.advance(30)
    await overheat(bench, handle.miner)
    await bench.advance(600)
    return handle


@pytest.mark.parametrize(
    ("choice", "settings"),
    [("as_before", (525, 1150, 1)), ("one_step_lower", (490, 1100, 1))],
)
async def test_derated(
    bench: TimedBench, repairs: Repairs, choice: str, settings: tuple[int, int, int]
) -> None:
    """The menu tells what happened; each way is one order, and the repair goes."""
    handle = await derated(bench)
    assert settings_of(handle.miner) == (425, 1050, 0)

    menu = await repairs.begin(handle, Problem.DERATED)
    assert menu["type"] == "menu"
    assert menu["menu_options"] == ["as_before", "one_step_lower"]
    steps = "derated.fix_flow.step.init"
    told = menu["description_placeholders"]
    text = await repairs.text(f"{steps}.description", told)
    assert "from 525 MHz, 1.15 V to 425 MHz, 1.05 V" in text
    assert await repairs.text(f"{steps}.menu_options.as_before", told) == (
        "As before (525 MHz, 1.15 V)"
    )
    assert await repairs.text(f"{steps}.menu_options.one_step_lower", told) == (
        "One step lower (490 MHz, 1.10 V)"
    )
    done = await repairs.go_on(menu, next_step_id=choice)
    await bench.advance(60)

    assert done["type"] == "create_entry"
    assert settings_of(handle.miner) == settings
    assert [set(body) for body in handle.writes] == [
        {"autofanspeed", "coreVoltage"},
        {"frequency"},
    ]
    assert repairs.issue(handle, Problem.DERATED) is None
    throttled = handle.entity("binary_sensor", "throttled")
    assert handle.hass.states.get(throttled).state == STATE_OFF


@pytest.mark.parametrize("choice", ["as_before", "one_step_lower"])
async def test_derated_and_still_hot(
    bench: TimedBench, repairs: Repairs, choice: str
) -> None:
    handle = await derated(bench)
    handle.miner.inject("hot", temperature=66)
    await bench.advance(60)

    menu = await repairs.begin(handle, Problem.DERATED)
    done = await repairs.go_on(menu, next_step_id=choice)

    assert (done["type"], done["reason"]) == ("abort", "failed")
    told = done["description_placeholders"]
    assert await repairs.text("derated.fix_flow.abort.failed", told) == (
        "The repair failed: Gamma 601 A1B2 is still too hot. Wait until it has cooled "
        "down, and check the cause: fan, dust, room."
    )
    assert handle.writes == []
    assert repairs.issue(handle, Problem.DERATED) is not None


async def test_derated_and_not_taken(bench: TimedBench, repairs: Repairs) -> None:
    """What the miner does not take is told, and the repair stays."""
    handle = await derated(bench)
    handle.miner.inject("patch_ignored")

    menu = await repairs.begin(handle, Problem.DERATED)
    done = await repairs.go_on(menu, next_step_id="as_before")

    assert (done["type"], done["reason"]) == ("abort", "failed")
    told = done["description_placeholders"]["error"]
    assert "Gamma 601 A1B2 did not apply a setting" in told
    assert repairs.issue(handle, Problem.DERATED) is not None


async def test_old_firmware_that_stands_still(
    bench: TimedBench, repairs: Repairs
) -> None:
    """Before 2.11 it crawls at 50 MHz until somebody sets it up again."""
    handle = await derated(bench, SUPRA)
    menu = await repairs.begin(handle, Problem.DERATED)
    assert "50 MHz" in menu["description_placeholders"]["after"]
    done = await repairs.go_on(menu, next_step_id="as_before")
    await bench.advance(60)
    assert done["type"] == "create_entry"
    assert settings_of(handle.miner)[0] == 490
    assert repairs.issue(handle, Problem.DERATED) is None


async def test_set_by_hand_is_no_longer_derated(
    bench: TimedBench, repairs: Repairs
) -> None:
    handle = await derated(bench)
    await handle.set(Setting.FREQUENCY, 500)
    await bench.advance(30)
    assert repairs.issue(handle, Problem.DERATED) is None


async def test_repair_of_a_miner_that_is_not_loaded(
    bench: TimedBench, hass: HomeAssistant, repairs: Repairs
) -> None:
    handle = await derated(bench)
    await bench.run(hass.config_entries.async_unload(handle.entry.entry_id))

    menu = await repairs.begin(handle, Problem.DERATED)
    done = await repairs.go_on(menu, next_step_id="as_before")

    assert (done["type"], done["reason"]) == ("abort", "failed")
    assert "isn't loaded" in done["description_placeholders"]["error"]
    assert handle.writes == []


async def test_repair_outlives_a_reload(
    bench: TimedBench, hass: HomeAssistant, repairs: Repairs
) -> None:
    """What lasts is asked on, and whoever ignored it is left alone."""
    handle = await derated(bench)
    issue = repairs.issue(handle, Problem.DERATED)
    ir.async_ignore_issue(hass, DOMAIN, issue.issue_id, True)

    await bench.run(hass.config_entries.async_reload(handle.entry.entry_id))
    await bench.advance(60)

    assert repairs.issue(handle, Problem.DERATED).dismissed_version is not None


# A restart is needed.


@pytest.mark.parametrize(
    ("spec", "setting", "value", "patience"),
    [
        (GAMMA, Setting.POOL, 1, 180),
        (HEX, Setting.POOL, 1, 180),
        (A1246, Setting.WORK_MODE, "normal", 600),
    ],
    ids=["fallback", "pools", "work mode"],
)
async def test_restart_needed(
    bench: TimedBench,
    repairs: Repairs,
    spec: MinerSpec,
    setting: Setting,
    value: Any,
    patience: float,
) -> None:
    """The offered restart is sent once, and brings what was chosen."""
    handle = await take_over(bench, await bench.miner(spec))
    await bench.advance(600)
    before = handle.truth(setting) if setting is Setting.POOL else None
    await handle.set(setting, value)
    await bench.advance(30)
    assert repairs.issue(handle, Problem.RESTART_NEEDED) is not None
    if before is not None:
        assert handle.truth(setting) == before
    restarts = handle.miner.truth.restarts

    form = await repairs.begin(handle, Problem.RESTART_NEEDED)
    assert (form["type"], form["step_id"]) == ("form", "confirm")
    title = await repairs.text(
        "restart_needed.fix_flow.step.confirm.title", form["description_placeholders"]
    )
    assert title == f"Restart {handle.entry.title}?"
    assert handle.miner.truth.restarts == restarts
    done = await repairs.go_on(form)
    assert done["type"] == "create_entry"
    await bench.advance(patience)

    assert handle.miner.truth.restarts == restarts + 1
    assert repairs.issue(handle, Problem.RESTART_NEEDED) is None
    assert handle.truth(setting) == handle.shown(setting) == value


async def test_restart_that_is_not_possible(
    bench: TimedBench, repairs: Repairs
) -> None:
    """The repair stays until the miner has restarted."""
    handle = await take_over(bench, await bench.miner(GAMMA))
    await bench.advance(30)
    await handle.set(Setting.POOL, 1)
    await bench.advance(30)
    handle.miner.inject("offline")
    form = await repairs.begin(handle, Problem.RESTART_NEEDED)
    done = await repairs.go_on(form)
    assert (done["type"], done["reason"]) == ("abort", "failed")
    told = done["description_placeholders"]["error"]
    assert told.startswith("Gamma 601 A1B2 doesn't respond")
    handle.miner.clear("offline")
    await bench.advance(120)
    assert repairs.issue(handle, Problem.RESTART_NEEDED) is not None


async def test_restart_while_home_assistant_was_away(
    bench: TimedBench, hass: HomeAssistant, repairs: Repairs
) -> None:
    handle = await take_over(bench, await bench.miner(GAMMA))
    await bench.advance(30)
    await handle.set(Setting.POOL, 1)
    await bench.advance(30)
    await bench.run(hass.config_entries.async_unload(handle.entry.entry_id))
    handle.miner.reboot()
    await bench.advance(120)
    await bench.run(hass.config_entries.async_setup(handle.entry.entry_id))
    await bench.advance(60)
    assert repairs.issue(handle, Problem.RESTART_NEEDED) is None


# A setting was refused.


async def refusal_text(repairs: Repairs, handle: Handle) -> str:
    """Return what the repair says; nothing can be done about it but to read it."""
    issue = repairs.issue(handle, Problem.SETTING_REFUSED)
    assert issue is not None
    assert not issue.is_fixable
    told = issue.translation_placeholders
    return await repairs.text("setting_refused.description", told)


USUAL_END = (
    " The entities show what the miner reports. Try again, or check the miner's "
    "own page. This clears automatically when the next change succeeds."
)


async def test_a_voltage_that_the_regulator_refuses(
    bench: TimedBench, repairs: Repairs
) -> None:
    handle = await take_over(bench, await bench.miner(GAMMA))
    await bench.advance(30)
    # AxeOS stores and reports what its regulator refuses.
    handle.miner.inject("override", values={"coreVoltageActual": 1150})
    told = refusals(handle)
    await handle.set(Setting.CORE_VOLTAGE, 1.25)
    await bench.advance(60)

    assert await refusal_text(repairs, handle) == (
        "Gamma 601 A1B2 did not apply a setting: Core voltage was set to 1.25 V, but "
        "the miner reports 1.15 V." + USUAL_END
    )
    assert told == [("core_voltage", 1.25, 1.15)]

    handle.miner.clear("override")
    await handle.set(Setting.CORE_VOLTAGE, 1.2)
    await bench.advance(30)
    assert repairs.issue(handle, Problem.SETTING_REFUSED) is None


async def test_a_mode_that_is_ignored(
    bench: TimedBench, hass: HomeAssistant, repairs: Repairs
) -> None:
    handle = await take_over(bench, await bench.miner(Q))
    await bench.advance(30)
    handle.miner.inject("write_ignored")
    told = refusals(handle)
    await handle.set(Setting.WORK_MODE, "super")
    assert repairs.issue(handle, Problem.SETTING_REFUSED) is None
    await bench.advance(120)

    assert await refusal_text(repairs, handle) == (
        f"{handle.entry.title} did not apply a setting: Work mode was set to Super, "
        "but the miner reports Eco." + USUAL_END
    )
    assert told == [("work_mode", "super", "eco")]

    await bench.run(hass.config_entries.async_reload(handle.entry.entry_id))
    await bench.advance(30)
    assert repairs.issue(handle, Problem.SETTING_REFUSED) is not None
    handle.miner.clear("write_ignored")
    await handle.set(Setting.WORK_MODE, "super")
    await bench.advance(180)
    assert handle.shown(Setting.WORK_MODE) == "super"
    assert repairs.issue(handle, Problem.SETTING_REFUSED) is None


async def test_settings_that_do_not_come_back(
    bench: TimedBench, repairs: Repairs
) -> None:
    """What is given up in the end is told in the same words as an error."""
    handle = await seldom_polled(bench, await bench.miner(GAMMA))
    data = {"device_id": handle.device_id, "profile": "eco", "for": {"minutes": 9}}
    await bench.call(DOMAIN, "apply_profile", data)
    handle.miner.inject("patch_refused")
    told = refusals(handle)
    await bench.advance(12 * 3600)

    assert await refusal_text(repairs, handle) == (
        "Frequency: 400 MHz → 525 MHz, Core voltage: 1 V → 1.15 V." + USUAL_END
    )
    assert told == [("frequency, core_voltage", "525 MHz, 1.15 V", None)]
    requests = len(handle.writes)
    await bench.advance(3600)
    assert len(handle.writes) == requests


# Too many writes.


async def begin_of_day(bench: TimedBench) -> None:
    """Let it be a minute after midnight."""
    await bench.hass.config.async_set_time_zone("UTC")
    now = dt_util.now()
    midnight = dt_util.start_of_local_day(now) + timedelta(days=1, minutes=1)
    await bench.advance((midnight - now).total_seconds())


async def seldom_polled(bench: TimedBench, miner: SimulatedMiner) -> Handle:
    """Give a miner of which a day is soon over, at the begin of a day."""
    await begin_of_day(bench)
    handle = await take_over(bench, miner)
    entries = bench.hass.config_entries
    entries.async_update_entry(handle.entry, options={"scan_interval": 300})
    await bench.run(entries.async_reload(handle.entry.entry_id))
    return handle


def writes_today(handle: Handle) -> str:
    state = handle.hass.states.get(handle.entity("sensor", "setting_writes"))
    return state.state


async def test_too_many_writes(
    bench: TimedBench,
    hass: HomeAssistant,
    repairs: Repairs,
    hass_storage: dict[str, Any],
) -> None:
    """From the 301st of a day on, until the next; most are of before a reload."""
    handle = await seldom_polled(bench, await bench.miner(GAMMA))
    entry_id, before = handle.entry.entry_id, 0 if lengths.full else 270
    if before:
        await handle.set(Setting.FREQUENCY, 499)
        await bench.run(hass.config_entries.async_unload(entry_id))
        hass_storage[f"{DOMAIN}.{entry_id}"]["data"]["writes"]["count"] = before + 1
        await bench.run(hass.config_entries.async_setup(entry_id))
    for number in range(bool(before), 300 - before):
        await handle.set(Setting.FREQUENCY, 500 + number % 2)
        await bench.advance(12)
    assert writes_today(handle) == "300"
    await bench.advance(300)
    assert repairs.issue(handle, Problem.TOO_MANY_WRITES) is None

    await handle.set(Setting.FREQUENCY, 510)
    await bench.advance(301)

    assert writes_today(handle) == "301"
    assert len(handle.writes) == handle.miner.flash_writes == 301 - before
    issue = repairs.issue(handle, Problem.TOO_MANY_WRITES)
    assert issue is not None
    assert not issue.is_fixable
    text = await repairs.text(
        "too_many_writes.description", issue.translation_placeholders
    )
    assert "more than 300 times today" in text

    await bench.advance(DAY)
    assert writes_today(handle) == "0"
    assert repairs.issue(handle, Problem.TOO_MANY_WRITES) is None


async def test_too_many_writes_of_a_day_that_passed_unseen(
    bench: TimedBench,
    hass: HomeAssistant,
    repairs: Repairs,
    hass_storage: dict[str, Any],
) -> None:
    """A repair of yesterday does not outlive a reload."""
    handle = await seldom_polled(bench, await bench.miner(GAMMA))
    await handle.set(Setting.FREQUENCY, 500)
    entry_id = handle.entry.entry_id
    await bench.run(hass.config_entries.async_unload(entry_id))
    stored = hass_storage[f"{DOMAIN}.{entry_id}"]["data"]
    assert stored["writes"]["count"] == 1
    stored["writes"]["count"] = 301
    await bench.run(hass.config_entries.async_setup(entry_id))
    await bench.advance(30)
    assert repairs.issue(handle, Problem.TOO_MANY_WRITES) is not None

    await bench.run(hass.config_entries.async_unload(entry_id))
    await bench.advance(DAY)
    await bench.run(hass.config_entries.async_setup(entry_id))
    await bench.advance(30)

    assert repairs.issue(handle, Problem.TOO_MANY_WRITES) is None


async def test_a_change_each_quarter_of_an_hour(
    bench: TimedBench, hass: HomeAssistant, repairs: Repairs
) -> None:
    """96 writes a day are what prices ask for, and never too many."""
    handle = await seldom_polled(bench, await bench.miner(GAMMA))
    issues = async_capture_events(hass, ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED)
    for number in range(96):
        await handle.set(Setting.FREQUENCY, 500 + number % 2)
        await bench.advance(890)
    assert len(handle.writes) == 96
    assert writes_today(handle) == "96"
    assert issues == []


async def test_pausing_is_free(bench: TimedBench, repairs: Repairs) -> None:
    """To pause and to resume lives in memory."""
    handle = await seldom_polled(bench, await bench.miner(GAMMA_2))
    for number in range(20):
        await handle.set(Setting.MINING, bool(number % 2))
        await bench.advance(120)
    assert len(handle.writes) == 20
    assert handle.miner.flash_writes == 0
    assert writes_today(handle) == "0"


# Not loaded, and removed.


async def test_a_new_address_of_a_miner_that_is_not_loaded(
    bench: TimedBench, hass: HomeAssistant, repairs: Repairs
) -> None:
    """It is proved and kept, and used with the next set-up."""
    entry, _ = await lose_to_a_stranger(bench)
    moved = await bench.miner(GAMMA)
    await bench.run(hass.config_entries.async_unload(entry.entry_id))

    form = await repairs.begin_at(f"wrong_device_{entry.entry_id}")
    done = await repairs.go_on(form, host=f"{moved.host}:{moved.port}")

    assert done["type"] == "create_entry"
    await bench.run(hass.config_entries.async_setup(entry.entry_id))
    await bench.advance(30)
    assert entry.data["port"] == moved.port
    assert not ir.async_get(hass).issues


async def test_a_removed_miner_leaves_nothing_to_repair(
    bench: TimedBench, hass: HomeAssistant, repairs: Repairs
) -> None:
    handle = await derated(bench)
    await handle.set(Setting.POOL, 1)
    await bench.advance(30)
    assert len(ir.async_get(hass).issues) == 2
    await bench.run(hass.config_entries.async_remove(handle.entry.entry_id))
    assert not ir.async_get(hass).issues
