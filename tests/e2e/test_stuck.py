"""A person brings back a miner that overheated below what its regulator can do."""

import asyncio
from pathlib import Path

from playwright.async_api import Browser, expect
import pytest

from scripts.rig.hass import DOMAIN, HassProcess
from simulator import Farm, MinerSpec, SystemClock

from .conftest import ARTIFACTS
from .frontend import repairs_page
from .waiting import until, until_so

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(900)]

HOT = MinerSpec(name="hot", model="gamma_601", firmware="2.15.0", core_voltage=1060)
STUCK_IN = 420.0


async def test_stuck_after_an_overheat(browser: Browser, tmp_path: Path) -> None:
    async with Farm([HOT], clock=SystemClock()) as farm, HassProcess(tmp_path) as hass:
        miner = farm[HOT.name]
        flow = await hass.api.start_flow(DOMAIN)
        host = {"host": f"{miner.host}:{miner.port}"}
        await hass.api.continue_flow(flow["flow_id"], host)

        async def repairs() -> list[str]:
            told = await hass.api.command("repairs/list_issues")
            return [issue["issue_id"] for issue in told["issues"]]

        async def works() -> bool:
            states = await hass.api.states()
            return any(
                key.endswith("_status") and told["state"] == "hashing"
                for key, told in states.items()
            )

        await until_so(works, 120)
        # Its settings count as its owner's once three polls agree.
        await asyncio.sleep(50)
        miner.inject("hot", temperature=80, duration=10)
        await until(lambda: miner.reply("info")["coreVoltage"] == 960)

        async def is_stuck() -> bool:
            return any("stuck" in issue for issue in await repairs())

        await until_so(is_stuck, STUCK_IN)
        async with repairs_page(browser, hass) as page:
            await page.get_by_text("needs help to hash again").click()
            dialog = page.locator("dialog-data-entry-flow")
            await expect(dialog).to_contain_text("525 MHz, 1.06 V")
            ARTIFACTS.mkdir(exist_ok=True)
            await page.screenshot(path=ARTIFACTS / "stuck.png")
            await dialog.get_by_text("As before").click()
            await until(lambda: miner.truth.restarts == 1)

            async def is_back() -> bool:
                return miner.truth.hashing and not await is_stuck()

            await until_so(is_back, 300)
            await page.screenshot(path=ARTIFACTS / "stuck-repaired.png")
            assert miner.reply("info")["coreVoltage"] == 1060
            assert all(
                body.get("coreVoltage", 1000) >= 1000
                for request in miner.requests
                if request.method == "PATCH" and isinstance(body := request.json, dict)
            )
