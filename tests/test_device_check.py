"""*Device check* returns what was written to a miner and what came back of it."""

from copy import deepcopy
import json
from typing import Any

from homeassistant.const import __version__ as home_assistant
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.miners.model import Setting

from .conftest import GAMMA, NERD, OXBITCOIN, Q, TimedBench
from .handles import Handle, take_over
from .meta.package import INTEGRATION, load_json

MINUTE = 60.0


async def check(bench: TimedBench, *handles: Handle) -> dict[str, Any]:
    """Call the action for these miners, and return its response as JSON."""
    response = await bench.run(
        bench.hass.services.async_call(
            DOMAIN,
            "device_check",
            {"device_id": [handle.device_id for handle in handles]},
            blocking=True,
            return_response=True,
        )
    )
    found: dict[str, Any] = json.loads(json.dumps(response))
    return found


async def test_three_families(
    bench: TimedBench, hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    """Each change with its result and the readings around it, and no secret.

    The check itself sends nothing to a miner. Diagnostics have the same list.
    """
    assert await async_setup_component(hass, "diagnostics", {})
    gamma, nerd, q = [
        await take_over(bench, await bench.miner(spec)) for spec in (GAMMA, NERD, Q)
    ]
    await bench.pass_time(2 * MINUTE)
    response = await check(bench, gamma, nerd, q)
    assert [miner["writes"] for miner in response["miners"]] == [[], [], []]

    await gamma.set(Setting.FREQUENCY, 490)
    await bench.pass_time(5 * MINUTE)
    gamma.miner.inject("patch_refused")
    with pytest.raises(HomeAssistantError):
        await gamma.set(Setting.FREQUENCY, 400)
    await q.set(Setting.WORK_MODE, "super")
    await bench.pass_time(5 * MINUTE)
    sent = [len(handle.writes) for handle in (gamma, nerd, q)]
    response = await check(bench, gamma, nerd, q)
    assert [len(handle.writes) for handle in (gamma, nerd, q)] == sent

    manifest = load_json(INTEGRATION / "manifest.json")
    assert response["miner_monitor"] == manifest["version"]
    assert response["home_assistant"] == home_assistant
    found = {miner["family"] + miner["model"]: miner for miner in response["miners"]}
    ours = found["axeosGamma 601"]
    assert (ours["firmware"], ours["online"]) == ("v2.12.2", True)
    assert ours["settings"]["frequency"]["now"] == 490
    assert "frequency_actual" not in ours["readings"]

    done, refused = ours["writes"]
    first = deepcopy(done)
    assert (done["acknowledged"], done["error"]) == (True, None)
    [change] = done["settings"]
    assert change.pop("seconds") < 30
    assert change == {
        "setting": "frequency",
        "before": 525,
        "asked": 490,
        "reported": 490,
        "result": "read_back",
    }
    assert done["readings_before"]["power"] > done["readings_after"]["power"] > 0
    assert done["readings_before"]["status"] == "hashing"
    assert refused["acknowledged"] is False
    assert refused["error"]
    assert refused["settings"][0]["result"] == "refused"
    assert refused["settings"][0]["reported"] == 490

    [mode] = found["avalonAvalon Q"]["writes"][0]["settings"]
    assert (mode["asked"], mode["result"]) == ("super", "read_back")
    nothing = next(miner for miner in response["miners"] if "Nerd" in miner["model"])
    assert nothing["writes"] == []

    text = json.dumps(response).lower()
    reply = gamma.miner.reply("info")
    for secret in ("macAddr", "stratumUser", "ssid"):
        assert reply[secret].lower() not in text
    assert gamma.miner.host not in text
    assert NERD.hostname is not None
    assert NERD.hostname not in text
    assert q.entry.unique_id not in text

    report = await get_diagnostics_for_config_entry(hass, hass_client, gamma.entry)
    kept = ("settings", "error", "readings_before")
    assert len(report["writes"]) == 2
    for theirs, write in zip(report["writes"], (first, refused), strict=True):
        assert {key: theirs[key] for key in kept} == {key: write[key] for key in kept}


async def test_a_card_that_has_no_settings(bench: TimedBench) -> None:
    """It reads only: what it reads is there, and nothing was written."""
    handle = await take_over(bench, await bench.miner(OXBITCOIN))
    await bench.pass_time(2 * MINUTE)
    [card] = (await check(bench, handle))["miners"]
    assert (card["family"], card["online"]) == ("fpga", True)
    assert (card["settings"], card["writes"]) == ({}, [])
    assert card["readings"]["status"] == "hashing"
    assert card["readings"]["chip_temperature"] > 0
    assert "power" not in card["readings"]


async def test_a_miner_that_is_offline_or_not_loaded(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """What was written is known still; readings are not, and are left out."""
    handle = await take_over(bench, await bench.miner(GAMMA))
    await handle.set(Setting.FREQUENCY, 490)
    handle.miner.inject("offline")
    await bench.pass_time(5 * MINUTE)
    [miner] = (await check(bench, handle))["miners"]
    assert (miner["online"], miner["readings"]) == (False, None)
    assert miner["failed_polls"]
    assert miner["settings"]["frequency"]["now"] is None
    assert miner["writes"][0]["settings"][0]["result"] == "read_back"

    await bench.run(hass.config_entries.async_unload(handle.entry.entry_id))
    with pytest.raises(ServiceValidationError, match="loaded"):
        await check(bench, handle)
