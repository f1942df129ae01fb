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
from scripts.rig.hass import DOMAIN, HassProcess
from scripts.rig.websocket import EventQueue
from simulator import Farm, MinerSpec, SystemClock

from .conftest import ARTIFACTS
from .frontend import VIEWPORT, WAIT_MILLISECONDS, stay_logged_in
from .waiting import until, until_so

AREA = "Garage"
FIRED, ASKED, HELD, SENT = "fired", "asked", "held", "sent"
SPECS = {
    name: MinerSpec(
        name=name,
        model="gamma_601",
        firmware="2.12.2",
        hostname=name,
        mac=f"E4:B0:63:00:0A:{number:02X}",
        boot_seconds=1.0,
        init_seconds=1.0,
        uptime=86_400,
    )
    for number, name in enumerate(
        [
            *("block", "best", "away", "hot", "pool", "second", "fan", "fault"),
            *("reboot", "update"),
        ]
    )
}
HAPPENS = {
    "went_offline": "away",
    "back_online": "away",
    "block_found": "block",
    "fan_stopped": "fan",
    "fault": "fault",
    "firmware_changed": "update",
    "new_best_difficulty": "best",
    "on_fallback_pool": "second",
    "overheated": "hot",
    "pool_lost": "pool",
    "restarted": "reboot",
    "throttled": "hot",
}
"""Which miner each trigger is tried with. What takes ten minutes or more to be found is
tried where time passes faster: hash rate, rejected shares and stalls."""

CONDITIONS = ("is_hashing", "is_online", "is_overheated", "is_saving_power")


@dataclass
class House:
    """A Home Assistant with miners in the garage."""

    hass: HassProcess
    farm: Farm
    area: str
    titles: dict[str, str]

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
        area = await api.command("config/area_registry/create", name=AREA)
        for miner in farm:
            flow = await api.start_flow(DOMAIN)
            host = {"host": f"{miner.host}:{miner.port}"}
            entry = (await api.continue_flow(flow["flow_id"], host))["result"]
            titles[miner.name] = entry["title"]
            (device,) = await api.devices(entry["entry_id"])
            await api.command(
                "config/device_registry/update",
                device_id=device["id"],
                area_id=area["area_id"],
            )
        yield House(hass, farm, area["area_id"], titles)
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


def begin(farm: Farm) -> None:
    """Let something happen to every miner."""
    farm["away"].inject("offline")
    farm["best"].inject("override", values={"bestDiff": 4.29e9})
    farm["block"].inject("block_found")
    farm["fan"].inject("fan_stop")
    farm["fault"].inject("power_fault")
    farm["hot"].inject("hot", temperature=80)
    farm["pool"].inject("pool_lost")
    farm["reboot"].reboot()
    farm["second"].inject("pool_lost", fallback=True)
    farm["update"].update_firmware("2.15.0")


@pytest.mark.campaign
async def test_every_trigger_and_condition_by_area(garage: House, editor: Page) -> None:
    """Saved as the editor does; each fires once, and none at a restart."""
    api, target = garage.hass.api, {"target": {"area_id": garage.area}}
    for key in HAPPENS:
        data = {"key": key, "miner": "{{ trigger.miner }}"}
        fire = {"event": FIRED, "event_data": data}
        trigger = {"trigger": f"{DOMAIN}.{key}", **target, "options": {}}
        await garage.save(key, {"triggers": [trigger], "actions": [fire]})
    for key in CONDITIONS:
        await garage.save(
            key,
            {
                "triggers": [{"trigger": "event", "event_type": ASKED}],
                "conditions": [{"condition": f"{DOMAIN}.{key}", **target}],
                "actions": [{"event": HELD, "event_data": {"key": key}}],
            },
        )
    told = {"event": SENT, "event_data": {"message": "{{ trigger.message }}"}}
    inputs = {
        "miners": target["target"],
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
        await api.post(f"events/{ASKED}")
        assert set(await taken(held, 5)) == {("is_hashing",), ("is_online",)}
        begin(garage.farm)
        found = await taken(fired, 170)
        garage.farm["away"].clear("offline")
        found += await taken(fired, 90)
        for key, name in HAPPENS.items():
            assert found[key, garage.titles[name]] == 1, key
        await api.post(f"events/{ASKED}")
        assert set(await taken(held, 5)) == {
            ("is_hashing",),
            ("is_online",),
            ("is_overheated",),
        }
        messages = "\n".join(message for (message,) in await taken(sent, 1))
        assert "2 restarted: " in messages
        assert "Back online: " in messages

    before = await garage.last_runs()
    await garage.hass.stop()
    await garage.hass.start()
    await asyncio.sleep(150)
    assert await garage.last_runs() == before


async def taken(queue: EventQueue, seconds: float) -> Counter[tuple[str, ...]]:
    """Return what events arrive within so many seconds, and how often each."""
    found = Counter[tuple[str, ...]]()
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                found[tuple((await queue.get())["data"].values())] += 1
    return found
