"""Automations made in the editor, and saved as it does, on a real Home Assistant."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Page, expect
import pytest
import yaml

from scripts.rig.automations import (
    DEMO_CONFIGURATION,
    missing_blueprints,
    prepare_automations,
)
from scripts.rig.check import complaints
from scripts.rig.happenings import HAPPENS, SPECS, begin, slow_down
from scripts.rig.hass import DOMAIN, HassProcess
from scripts.rig.websocket import EventQueue
from simulator import Farm, SystemClock

from .conftest import ARTIFACTS
from .frontend import VIEWPORT, WAIT_MILLISECONDS, stay_logged_in
from .waiting import until, until_so

AREA, QUIET_AREA = "Garage", "Attic"
FIRED, ASKED, HELD, SENT = "fired", "asked", "held", "sent"
EVERY = {"behavior": "all"}
CONDITIONS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "some hash": ("is_hashing", {}),
    "all hash": ("is_hashing", EVERY),
    "some online": ("is_online", {}),
    "all online": ("is_online", EVERY),
    "some hot": ("is_overheated", {}),
    "some save": ("is_saving_power", {}),
    "slow one fast": ("hash_rate_at_least", {"at_least": 90}),
}
OPTIONS: Mapping[str, Mapping[str, Any]] = {"hash_rate_dropped": {"below": 90}}
RATE_KNOWN = 900.0
"""Seconds within which a hash rate is known beside the expected one, after 10 minutes
of hashing; no share for as long is a stall."""


@dataclass
class House:
    """A Home Assistant with miners in the garage."""

    hass: HassProcess
    farm: Farm
    area: str
    quiet_area: str
    titles: dict[str, str]

    def target_of(self, key: str) -> dict[str, Any]:
        """Return the area in which a trigger or a condition is tried."""
        quiet = key in {"hash_rate_dropped", "hash_rate_at_least"}
        return {"target": {"area_id": self.quiet_area if quiet else self.area}}

    async def save(self, key: str, config: Mapping[str, Any]) -> None:
        """Save an automation as the editor does, and wait until it is there."""
        body = {"alias": key, "description": "", "mode": "queued", "max": 50, **config}
        if "use_blueprint" in config:
            body = {"alias": key, "description": "", **config}
        await self.hass.api.post(f"config/automation/config/{key}", body)

        async def is_there() -> bool:
            states = await self.hass.api.states()
            return states.get(f"automation.{key}", {}).get("state") == "on"

        await until_so(is_there)

    async def last_runs(self) -> dict[str, str | None]:
        """Return when each automation ran last."""
        states = await self.hass.api.states()
        return {
            entity: state["attributes"]["last_triggered"]
            for entity, state in states.items()
            if entity.startswith("automation.")
        }


@pytest.fixture(scope="module")
async def garage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Run a Home Assistant whose automations are edited in its frontend."""
    folder = tmp_path_factory.mktemp("garage")
    prepare_automations(folder)
    async with (
        Farm(list(SPECS.values()), clock=SystemClock()) as farm,
        HassProcess(folder, configuration=DEMO_CONFIGURATION) as hass,
    ):
        api, titles = hass.api, {}
        assert await missing_blueprints(api) == []
        area, quiet_area = [
            (await api.command("config/area_registry/create", name=name))["area_id"]
            for name in (AREA, QUIET_AREA)
        ]
        for miner in farm:
            flow = await api.start_flow(DOMAIN)
            host = {"host": f"{miner.host}:{miner.port}"}
            entry = (await api.continue_flow(flow["flow_id"], host))["result"]
            titles[miner.name] = entry["title"]
            (device,) = await api.devices(entry["entry_id"])
            await api.command(
                "config/device_registry/update",
                device_id=device["id"],
                area_id=quiet_area if miner.name == "slow" else area,
            )
        yield House(hass, farm, area, quiet_area, titles)
    assert complaints(hass.log) == []


@pytest.fixture
async def editor(browser: Browser, garage: House) -> AsyncIterator[Page]:
    """Open a page in which somebody logged in some days ago."""
    context = await browser.new_context(
        base_url=garage.hass.url, viewport=VIEWPORT, locale="en-GB"
    )
    context.set_default_timeout(WAIT_MILLISECONDS)
    page = await context.new_page()
    await stay_logged_in(page, garage.hass)
    yield page
    await context.close()


async def add(page: Page, what: str, name: str) -> None:
    """Add a trigger or a condition for all that is in the garage."""
    await page.get_by_role("button", name=f"Add {what}").click()
    await page.get_by_role("treeitem", name=AREA).click()
    await page.get_by_text(name).click()


async def test_an_automation_is_made_by_area_in_the_editor(
    garage: House, editor: Page
) -> None:
    """Its trigger fires, its condition holds, and it ran once."""
    await editor.goto("/config/automation/edit/new")
    await add(editor, "trigger", "Miner found a block")
    await add(editor, "condition", "Miner is hashing")
    ARTIFACTS.mkdir(exist_ok=True)
    await editor.screenshot(path=ARTIFACTS / "automation-editor.png")
    await editor.get_by_role("button", name="Save").click()
    await (
        editor.get_by_label("Name*")
        .or_(editor.get_by_role("textbox", name="Name"))
        .wait_for()
    )
    await editor.keyboard.type("Celebrate")
    await editor.get_by_role("button", name="Save").last.click()

    file = garage.hass.directory / "automations.yaml"
    await until(lambda: "Celebrate" in file.read_text(encoding="utf-8"))
    (saved,) = yaml.safe_load(file.read_text(encoding="utf-8"))
    target = {"area_id": garage.area}
    assert saved["triggers"][0]["trigger"] == f"{DOMAIN}.block_found"
    assert saved["triggers"][0]["target"] == target
    assert saved["conditions"][0]["condition"] == f"{DOMAIN}.is_hashing"
    assert saved["conditions"][0]["target"] == target

    async def ran() -> bool:
        return (await garage.last_runs()).get("automation.celebrate") is not None

    assert not await ran()
    garage.farm["block"].inject("block_found")
    await until_so(ran)
    await editor.screenshot(path=ARTIFACTS / "automation-editor-saved.png")


FORMS: Mapping[str, tuple[str, ...]] = {
    "report": ("How often", "Skip when nothing runs", "Send to", "Charts"),
    "chat": ("People who may control", "Allow frequency and voltage", "Sentences"),
}


@pytest.mark.parametrize("name", FORMS)
async def test_a_blueprint_is_filled_in_and_saved(
    name: str, garage: House, editor: Page
) -> None:
    """Whoever changes nothing in its form, but adds a chart, has what runs."""
    await editor.set_viewport_size({"width": 1000, "height": 1500})
    await editor.goto("/config/blueprint/dashboard")
    await editor.get_by_text(f"Miner Monitor: miner {name}").first.click()
    for label in FORMS[name]:
        await expect(editor.get_by_text(label, exact=True).first).to_be_visible()
    inputs: dict[str, Any] = {}
    if name == "report":
        inputs = {"charts": ["trends"]}
        await editor.get_by_role("button", name="Add", exact=True).click()
        await editor.get_by_text("Trends", exact=True).last.click()
    ARTIFACTS.mkdir(exist_ok=True)
    await editor.wait_for_timeout(2000)
    await editor.screenshot(path=ARTIFACTS / f"blueprint-{name}.png")
    await editor.get_by_role("button", name="Save").click()
    entity = f"automation.miner_monitor_miner_{name}"

    async def is_on() -> bool:
        states = await garage.hass.api.states()
        return states.get(entity, {}).get("state") == "on"

    await until_so(is_on)
    file = garage.hass.directory / "automations.yaml"
    saved = yaml.safe_load(file.read_text(encoding="utf-8"))
    path = f"{DOMAIN}/miner_{name}.yaml"
    (used,) = [
        one["use_blueprint"]
        for one in saved
        if one.get("use_blueprint", {}).get("path") == path
    ]
    assert used.get("input", {}) == inputs


@pytest.mark.campaign
@pytest.mark.timeout(1800)
async def test_every_trigger_and_condition_by_area(garage: House, editor: Page) -> None:
    """Saved as the editor does; each fires once, and none at a restart."""
    api = garage.hass.api
    for key in HAPPENS:
        data = {"key": key, "miner": "{{ trigger.miner }}"}
        fire = {"event": FIRED, "event_data": data}
        trigger = {
            "trigger": f"{DOMAIN}.{key}",
            **garage.target_of(key),
            "options": OPTIONS.get(key, {}),
        }
        await garage.save(key, {"triggers": [trigger], "actions": [fire]})
    for name, (key, options) in CONDITIONS.items():
        condition = {
            "condition": f"{DOMAIN}.{key}",
            **garage.target_of(key),
            "options": options,
        }
        await garage.save(
            name.replace(" ", "_"),
            {
                "triggers": [{"trigger": "event", "event_type": ASKED}],
                "conditions": [condition],
                "actions": [{"event": HELD, "event_data": {"name": name}}],
            },
        )
    told = {"event": SENT, "event_data": {"message": "{{ trigger.message }}"}}
    inputs = {
        "miners": {"area_id": garage.area},
        "actions": [told],
        "offline_for": {"seconds": 0},
    }
    blueprint = {"path": f"{DOMAIN}/miner_alerts.yaml", "input": inputs}
    await garage.save("alerts", {"use_blueprint": blueprint})
    await editor.goto("/config/automation/edit/alerts")
    await expect(editor.get_by_text("Send to", exact=True)).to_be_visible()
    await editor.screenshot(path=ARTIFACTS / "automation-alerts.png")

    async with (
        api.subscribe("subscribe_events", event_type=FIRED) as fired,
        api.subscribe("subscribe_events", event_type=SENT) as sent,
        api.subscribe("subscribe_events", event_type=HELD) as held,
    ):

        async def holding() -> set[str]:
            """Return the conditions that hold now."""
            await api.post(f"events/{ASKED}")
            return {name for (name,) in await taken(held, 5)}

        assert await holding() == {"some hash", "all hash", "some online", "all online"}
        begin(garage.farm)
        found = await taken(fired, 170)
        assert await holding() == {"some hash", "some online", "some hot"}
        garage.farm["away"].clear("offline")
        await save_power(garage, "saver")

        async def rate_is_known() -> bool:
            return "slow one fast" in await holding()

        await until_so(rate_is_known, RATE_KNOWN)
        assert await holding() == set(CONDITIONS) - {"all hash"}
        slow_down(garage.farm)
        found += await taken(fired, 150)
        assert "slow one fast" not in await holding()
        for key, name in HAPPENS.items():
            assert found[key, garage.titles[name]] == 1, key
        messages = "\n".join(message for (message,) in await taken(sent, 1))
        assert "2 restarted: " in messages
        assert "Back online: " in messages

    before = await garage.last_runs()
    assert before["automation.stalled"] is not None
    await garage.hass.stop()
    await garage.hass.start()
    await asyncio.sleep(150)
    assert await garage.last_runs() == before


async def save_power(garage: House, name: str) -> None:
    """Let a miner save power, as its user does."""
    await garage.hass.api.call_service(
        "switch", "turn_on", entity_id=f"switch.{name}_save_power"
    )


async def taken(queue: EventQueue, seconds: float) -> Counter[tuple[str, ...]]:
    """Return what events arrive within so many seconds, and how often each."""
    found = Counter[tuple[str, ...]]()
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                found[tuple((await queue.get())["data"].values())] += 1
    return found
