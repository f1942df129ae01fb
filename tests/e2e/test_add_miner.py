"""A person adds a miner in the browser."""

import json
from pathlib import Path
import re

from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import expect
import pytest

from scripts.rig.hass import DOMAIN, REPOSITORY, HassProcess
from scripts.rig.process import free_port
from simulator import Farm, MinerSpec, SystemClock

from .frontend import Frontend

TRANSLATIONS = REPOSITORY / "custom_components" / DOMAIN / "translations" / "en.json"
ERRORS = json.loads(TRANSLATIONS.read_text(encoding="utf-8"))["config"]["error"]


async def test_a_miner_added_by_its_address_shows_its_hash_rate(
    frontend: Frontend, screenshot_path: Path
) -> None:
    spec = MinerSpec(name="device-page", model="gamma_601", firmware="2.12.2")
    async with Farm([spec], clock=SystemClock()) as farm:
        miner = farm["device-page"]
        await frontend.log_in()
        await frontend.open_add_dialog()
        await frontend.submit_address(f"{miner.host}:{miner.port}")
        await frontend.finish()
        mac = spec.mac_address.replace(":", "")
        await frontend.open_device(f"Gamma 601 {mac[-4:]}")

        row = frontend.entity_row("Hash rate")
        shown = re.compile(r"\d+\.\d\d TH/s")
        await expect(row).to_have_text(shown)
        await expect(row).to_be_visible()
        number = re.search(r"([\d.]+) TH/s", await row.inner_text())
        assert number is not None
        assert float(number[1]) == pytest.approx(miner.truth.hash_rate_ths, rel=0.3)
        await expect(frontend.entity_row("Online")).to_contain_text("Connected")
        await frontend.page.screenshot(path=screenshot_path)


async def test_a_wrong_address_is_explained_beside_the_field_and_kept(
    frontend: Frontend, hass: HassProcess
) -> None:
    no_miner = TestServer(web.Application())
    await no_miner.start_server()
    addresses = [
        ("my miner!", "invalid_host"),
        (f"127.0.0.1:{free_port()}", "cannot_connect"),
        (f"127.0.0.1:{no_miner.port}", "not_a_miner"),
    ]
    spec = MinerSpec(name="second-try", model="gamma_602", firmware="2.9.0")
    async with Farm([spec], clock=SystemClock()) as farm:
        await frontend.log_in()
        await frontend.open_add_dialog()
        for address, error in addresses:
            await frontend.submit_address(address)
            await expect(frontend.error).to_have_text(ERRORS[error])
            await expect(frontend.address).to_have_value(address)
        await no_miner.close()

        await frontend.submit_address(farm["second-try"].url)
        await frontend.finish()
        titles = [entry["title"] for entry in await hass.api.entries(DOMAIN)]
        mac = spec.mac_address.replace(":", "")
        assert f"Gamma 602 {mac[-4:]}" in titles


async def test_the_restart_button_restarts_the_miner(
    frontend: Frontend, hass: HassProcess
) -> None:
    spec = MinerSpec(
        name="button",
        model="gamma_601",
        firmware="2.12.2",
        hostname="attic",
        boot_seconds=0.5,
        init_seconds=120,
    )
    async with Farm([spec], clock=SystemClock()) as farm:
        miner = farm["button"]
        form = await hass.api.start_flow(DOMAIN)
        await hass.api.continue_flow(form["flow_id"], {"host": miner.url})
        await frontend.log_in()
        await frontend.open_device("attic")
        await expect(frontend.entity_row("Status")).to_contain_text("Hashing")

        await frontend.entity_row("Restart").get_by_text("Press").click()

        await expect(frontend.entity_row("Status")).to_contain_text("Starting")
        writes = [request.path for request in miner.requests if request.method != "GET"]
        assert writes == ["/api/system/restart"]
        assert miner.truth.restarts == 1
