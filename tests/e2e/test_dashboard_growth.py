"""The dashboard while miners come and go, and with many of them."""

from pathlib import Path

from playwright.async_api import expect

from scripts.rig.check import complaints
from scripts.rig.demo import add_miner
from scripts.rig.farm import FarmMiner
from scripts.rig.hass import HassProcess
from simulator import Farm, MinerSpec, SystemClock

from .conftest import OpenDashboard

MODELS = (
    "gamma_601",
    "avalon_nano3s",
    "avalon_mini3",
    "avalon_q",
    "nerdqaxeplusplus",
    "supra_401",
    "avalon_a1566",
    "fpga_rb4",
)
SPECS = [MinerSpec(name=model, model=model) for model in MODELS]


async def test_miners_come_and_go_before_the_eyes_of_somebody(
    open_dashboard: OpenDashboard, tmp_path: Path
) -> None:
    async with Farm(SPECS, clock=SystemClock()) as farm, HassProcess(tmp_path) as hass:
        dashboard = await open_dashboard(hass.api)
        page = dashboard.page
        await page.goto("/profile/general")
        link = page.locator("ha-sidebar").get_by_role("link", name="Miners", exact=True)
        await expect(page.locator("ha-sidebar")).to_be_visible()
        await expect(link).to_have_count(0)
        await page.evaluate("window.stayed = true")

        entries = []
        for count, miner in enumerate(farm, 1):
            here = FarmMiner(name=miner.name, model=miner.spec.model, port=miner.port)
            entries += await add_miner(hass.api, here)
            if count == 1:
                await link.click()
                await dashboard.settle("fleet")
                await expect(dashboard.rows).to_have_count(1)
                await dashboard.check()
        await expect(dashboard.rows).to_have_count(len(SPECS))
        for row in await dashboard.rows.all():
            await expect(row).to_have_attribute("data-status", "hashing")
        await dashboard.check()

        (device,) = await hass.api.devices(entries[-1]["entry_id"])
        newest = dashboard.row(device["id"])
        await newest.locator(".name .link").click()
        await dashboard.settle(f"miner-{device['id']}")
        await dashboard.check()
        await page.go_back()
        await dashboard.settle("fleet")

        await hass.api.delete(f"config/config_entries/entry/{entries[-1]['entry_id']}")
        await expect(newest).to_have_count(0)
        await expect(dashboard.rows).to_have_count(len(SPECS) - 1)
        await dashboard.check()
        assert await page.evaluate("window.stayed")
    assert complaints(hass.log) == []
