"""Somebody talks to Assist, and a language model calls our tools."""

from collections.abc import AsyncIterator
import json
from pathlib import Path
import shutil
from typing import Any

from playwright.async_api import Browser, Page, expect
import pytest

from scripts.rig.assist import copy_sentences
from scripts.rig.check import complaints
from scripts.rig.hass import CONFIGURATION, DOMAIN, HassProcess
from simulator import Farm, MinerSpec, SimulatedMiner, SystemClock

from .frontend import INTEGRATION_PAGE, VIEWPORT, WAIT_MILLISECONDS, stay_logged_in
from .waiting import until, until_so

ASSIST = """\
conversation:
assist_pipeline:
scripted_model:
"""
MODEL = """\
from homeassistant.components.conversation.const import DATA_COMPONENT

from .model import ScriptedModel


async def async_setup(hass, config):
    await hass.data[DATA_COMPONENT].async_add_entities([ScriptedModel()])
    return True
"""
MANIFEST = {
    "domain": "scripted_model",
    "name": "Scripted model",
    "codeowners": [],
    "dependencies": ["conversation"],
    "documentation": "https://example.com",
    "iot_class": "calculated",
    "requirements": [],
    "version": "1.0.0",
}
MINERS = [
    MinerSpec(name=name, model="gamma_602", firmware="2.15.0", hostname=name)
    for name in ("anna", "carl")
]


@pytest.fixture
async def talking(tmp_path: Path) -> AsyncIterator[HassProcess]:
    """Run a Home Assistant with Assist, our sentences and a model; no error is left."""
    copy_sentences(tmp_path)
    folder = tmp_path / "custom_components" / "scripted_model"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(MODEL, encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps(MANIFEST), encoding="utf-8")
    shutil.copy(Path(__file__).parents[1] / "scripted_model.py", folder / "model.py")
    configuration = CONFIGURATION + ASSIST
    async with HassProcess(tmp_path, configuration=configuration) as process:
        yield process
    assert complaints(process.log) == []


async def add(hass: HassProcess, miner: SimulatedMiner, area: str) -> None:
    """Add a miner and put it into a new area."""
    flow = await hass.api.start_flow(DOMAIN)
    data = {"host": f"{miner.host}:{miner.port}"}
    flow = await hass.api.continue_flow(flow["flow_id"], data)
    entry_id = flow["result"]["entry_id"]
    found = await hass.api.command("config/area_registry/create", name=area)
    (device,) = await hass.api.devices(entry_id)
    await hass.api.command(
        "config/device_registry/update",
        device_id=device["id"],
        area_id=found["area_id"],
    )


async def ask(hass: HassProcess, text: str, agent: str | None = None) -> str:
    """Say something by Assist's websocket command, and return the answer."""
    fields = {"text": text, "language": "en", **({"agent_id": agent} if agent else {})}
    result = await hass.api.command("conversation/process", **fields)
    speech: str = result["response"]["speech"]["plain"]["speech"]
    return speech


async def knows_miners(hass: HassProcess) -> bool:
    """Whether Assist answers about miners."""
    return (await ask(hass, "how are my miners")).startswith("Miners online: 2 of 2.")


async def call(hass: HassProcess, tool: str, **args: Any) -> Any:
    """Let the model call a tool, and return what it is given."""
    script = json.dumps({"tool": f"miner_monitor__{tool}", "args": args})
    return json.loads(await ask(hass, script, "conversation.scripted_model"))


async def test_sentences_and_tools(
    talking: HassProcess, browser: Browser, pictures: Path
) -> None:
    """By voice, by a model and in the dialog: what is asked for reaches the miners."""
    async with Farm(MINERS, clock=SystemClock()) as farm:
        anna, carl = farm["anna"], farm["carl"]
        await add(talking, anna, "Garage")
        await add(talking, carl, "Attic")

        # Home Assistant imports the intents of a new integration after its set-up.
        await until_so(lambda: knows_miners(talking))
        assert await ask(talking, "save power in the garage") == (
            "Now saving power: anna."
        )
        await until(lambda: not anna.truth.hashing)
        assert carl.truth.hashing

        told = json.loads(await ask(talking, "tools", "conversation.scripted_model"))
        assert {name: tool["read_only"] for name, tool in told.items()} == {
            "miner_monitor__get_miners": True,
            "miner_monitor__get_miner": True,
            "miner_monitor__get_cost": True,
            "miner_monitor__save_power": False,
            "miner_monitor__resume": False,
        }
        given = await call(talking, "get_miners")
        assert (given["now"]["online"], given["now"]["miners"]) == (2, 2)
        assert (await call(talking, "save_power", name="carl"))["done"] == ["carl"]
        await until(lambda: not carl.truth.hashing)

        async with await browser.new_context(
            base_url=talking.url, viewport=VIEWPORT, locale="en-GB"
        ) as context:
            context.set_default_timeout(WAIT_MILLISECONDS)
            page = await context.new_page()
            await stay_logged_in(page, talking)
            await in_the_dialog(page, pictures)
        await until(lambda: anna.truth.hashing and carl.truth.hashing)


async def in_the_dialog(page: Page, pictures: Path) -> None:
    """Ask in Assist's dialog as a person does."""
    await page.goto(INTEGRATION_PAGE)
    await expect(page.get_by_text("carl").first).to_be_visible()
    await page.keyboard.press("a")
    dialog = page.locator("ha-voice-command-dialog")
    field = dialog.get_by_role("textbox")
    for text, answer in (
        ("How are my miners?", "Miners online: 2 of 2."),
        ("Resume my miners", "Resuming: anna, carl."),
    ):
        await field.fill(text)
        await field.press("Enter")
        await expect(dialog).to_contain_text(answer)
    await page.screenshot(path=pictures / "assist.png")
