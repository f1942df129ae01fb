"""Home Assistant is killed while a miner runs settings for a while only."""

import os
from pathlib import Path
import signal
import time

from scripts.rig.hass import DOMAIN, HassProcess
from simulator import Farm, MinerSpec, SystemClock

from .waiting import PATIENCE, until

GAMMA = MinerSpec(name="killed", model="gamma_601", firmware="2.12.2")
LASTS = 25.0


async def test_settings_for_a_while_end_though_home_assistant_was_killed(
    tmp_path: Path,
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
            await until(
                lambda: (
                    entries.exists() and entry_id in entries.read_text(encoding="utf-8")
                )
            )
            devices = await hass.api.command("config/device_registry/list")
            device = next(d["id"] for d in devices if entry_id in d["config_entries"])
            began = time.monotonic()
            await hass.api.call_service(
                DOMAIN,
                "apply_profile",
                device_id=device,
                profile="eco",
                **{"for": {"seconds": LASTS}},
            )
            assert miner.reply("info")["frequency"] == 400
            os.kill(hass.pid, signal.SIGKILL)
            await hass.wait()

        assert miner.reply("info")["frequency"] == 400
        async with hass:
            await until(lambda: miner.reply("info")["frequency"] == before)
            took = time.monotonic() - began

    assert LASTS <= took <= LASTS + PATIENCE
    assert miner.flash_writes == 4, "two settings, there and back"
