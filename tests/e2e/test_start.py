"""What a start loads: nothing that waits to be asked for."""

from pathlib import Path
import re

import pytest

from scripts.rig.hass import DOMAIN, HassProcess
from simulator import Farm, MinerSpec, SystemClock

GAMMA = MinerSpec(name="gamma", model="gamma_601", firmware="2.15.0")

OURS = f"custom_components.{DOMAIN}"
LATER = (
    *("charts", "chat", "history", "metrics"),
    *("miners.avalon", "miners.fpga"),
    *("report.pictures", "actions.command", "actions.pictures", "actions.history"),
)
"""Rooms and modules that are loaded when they are first used."""

NAMED = {"charts", "charts.model", "chat", "chat.names", "metrics"}
"""What of them a start may know: the choices that an action offers, how miners are
found by name, which Assist shares, and whether metrics are wanted."""

IMPORTED = re.compile(r"^import time:[^|]*\|[^|]*\| +(\S+)$", re.MULTILINE)


def is_later(module: str) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in LATER)


@pytest.mark.timeout(300)
async def test_what_is_used_later_is_loaded_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python itself writes down all that is imported; the second start counts."""
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    async with Farm([GAMMA], clock=SystemClock()) as farm:
        hass = HassProcess(tmp_path)
        async with hass:
            flow = await hass.api.start_flow(DOMAIN)
            added = {"host": f"127.0.0.1:{farm[GAMMA.name].port}"}
            await hass.api.continue_flow(flow["flow_id"], added)
        async with hass:
            assert await hass.api.entities(DOMAIN)
        written = (tmp_path / "output.log").read_text(encoding="utf-8")
    loaded = {
        name.removeprefix(f"{OURS}.")
        for name in IMPORTED.findall(written)
        if name.startswith(f"{OURS}.")
    }
    assert loaded >= {"coordinator", "fleet.coordinator", "miners.axeos.client"}
    assert sorted(filter(is_later, loaded - NAMED)) == []
