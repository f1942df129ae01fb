"""A person repairs what Home Assistant must not do by itself after a day."""

import json
import os
from pathlib import Path
import signal

from playwright.async_api import Browser, expect

from scripts.rig.hass import DOMAIN, HassProcess
from simulator import Farm, MinerSpec, SystemClock

from .conftest import ARTIFACTS
from .frontend import repairs_page
from .waiting import until

GAMMA = MinerSpec(name="lent", model="gamma_601", firmware="2.12.2")
DAY = 86_400


def grow_old(folder: Path) -> None:
    """Let everything that is stored of a miner be of the day before yesterday."""
    for file in (folder / ".storage").glob(f"{DOMAIN}.*"):
        stored = json.loads(file.read_text(encoding="utf-8"))
        for part in (stored, stored.get("data")):
            if isinstance(part, dict) and "saved_at" in part:
                part["saved_at"] -= 2 * DAY
        file.write_text(json.dumps(stored), encoding="utf-8")


async def test_settings_for_a_while_of_the_day_before_yesterday(
    browser: Browser, tmp_path: Path
) -> None:
    async with Farm([GAMMA], clock=SystemClock()) as farm:
        miner = farm[GAMMA.name]
        before = miner.reply("info")["frequency"]
        hass = HassProcess(tmp_path)
        async with hass:
            flow = await hass.api.start_flow(DOMAIN)
            host = {"host": f"{miner.host}:{miner.port}"}
            result = await hass.api.continue_flow(flow["flow_id"], host)
            entry_id = result["result"]["entry_id"]
            entries = tmp_path / ".storage" / "core.config_entries"
            stored = tmp_path / ".storage" / f"{DOMAIN}.{entry_id}"
            await until(lambda: stored.exists() and entry_id in entries.read_text())
            devices = await hass.api.command("config/device_registry/list")
            device = next(d["id"] for d in devices if entry_id in d["config_entries"])
            await hass.api.call_service(
                DOMAIN,
                "apply_profile",
                device_id=device,
                profile="eco",
                **{"for": {"hours": 2}},
            )
            assert miner.reply("info")["frequency"] == 400
            os.kill(hass.pid, signal.SIGKILL)
            await hass.wait()

        grow_old(tmp_path)
        async with hass, repairs_page(browser, hass) as page:
            await page.get_by_text("were not reset").click()
            dialog = page.locator("dialog-data-entry-flow")
            await expect(dialog).to_contain_text("400 MHz → 525 MHz")
            ARTIFACTS.mkdir(exist_ok=True)
            await page.screenshot(path=ARTIFACTS / "temporary-old.png")
            assert miner.reply("info")["frequency"] == 400

            await dialog.get_by_text("Restore the earlier settings").last.click()
            await until(lambda: miner.reply("info")["frequency"] == before)
