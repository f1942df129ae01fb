"""A person adds a miner in the browser."""

import asyncio
import json
from pathlib import Path
import re
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import expect
import pytest

from scripts.rig.hass import DOMAIN, REPOSITORY, HassProcess
from scripts.rig.process import free_port
from simulator import Farm, MinerSpec, Request, SimulatedMiner, SystemClock

from .families import add
from .frontend import Frontend
from .waiting import until_so

TRANSLATIONS = REPOSITORY / "custom_components" / DOMAIN / "translations" / "en.json"
ERRORS = json.loads(TRANSLATIONS.read_text(encoding="utf-8"))["config"]["error"]


GAMMA = MinerSpec(name="device-page", model="gamma_601", firmware="2.12.2")
NANO_3S = MinerSpec(name="desk", model="avalon_nano3s")
Q = MinerSpec(name="garage", model="avalon_q")
TOGETHER = (
    MinerSpec(name="one", model="gamma_601", firmware="2.12.2"),
    MinerSpec(name="other", model="avalon_q"),
)
OTHERS_ARE_GONE = 120.0
"""Seconds after which miners of other tests count as offline."""

RB4 = MinerSpec(name="rig", model="fpga_rb4", cards=2)

RESTARTED_GAMMA = MinerSpec(
    name="button",
    model="gamma_601",
    firmware="2.12.2",
    hostname="attic",
    boot_seconds=0.05,
    init_seconds=120,
)
RESTARTED_NANO_3S = MinerSpec(name="heater", model="avalon_nano3s", boot_seconds=0.05)


@pytest.mark.parametrize(
    ("spec", "name", "picture"),
    [
        (GAMMA, "Gamma 601", "device-page.png"),
        (Q, "Avalon Q", "device-page-q.png"),
        (NANO_3S, "Avalon Nano 3S", "device-page-nano-3s.png"),
    ],
    ids=["gamma", "q", "nano-3s"],
)
async def test_a_miner_added_by_its_address_shows_its_hash_rate_and_power(
    frontend: Frontend,
    hass: HassProcess,
    pictures: Path,
    spec: MinerSpec,
    name: str,
    picture: str,
) -> None:
    async with Farm([spec], clock=SystemClock()) as farm:
        miner = farm[spec.name]
        await frontend.open_add_dialog()
        await frontend.submit_address(f"{miner.host}:{miner.port}")
        await frontend.finish()
        title = (await newest(hass))["title"]
        assert re.fullmatch(rf"{name} [0-9A-F]{{4}}", title)
        await frontend.open_device(title)

        rate = await frontend.number("Hash rate", "TH/s")
        assert rate == pytest.approx(miner.truth.hash_rate_ths, rel=0.3)
        power = await frontend.number("Power", "W")
        assert power == pytest.approx(miner.truth.power_w, rel=0.1)
        await expect(frontend.entity_row("Online")).to_contain_text("Connected")
        await frontend.page.screenshot(path=pictures / picture)


async def test_all_miners_have_a_page_of_their_own(
    frontend: Frontend, hass: HassProcess, pictures: Path
) -> None:
    async with Farm(TOGETHER, clock=SystemClock()) as farm:
        for miner in farm:
            await add(hass, f"{miner.host}:{miner.port}")
        await until_so(lambda: _counts(hass, len(TOGETHER)), OTHERS_ARE_GONE)
        await frontend.open_device("All miners")

        rate = await frontend.number("Hash rate", "TH/s")
        rates = [miner.truth.hash_rate_ths for miner in farm]
        assert rate == pytest.approx(sum(rates), rel=0.3)
        # Icons are loaded when the first of them is shown.
        await frontend.page.wait_for_load_state("networkidle")
        await frontend.page.screenshot(path=pictures / "all-miners.png")


async def _counts(hass: HassProcess, number: int) -> bool:
    """Return whether all miners together are so many that are online."""
    states = await hass.api.states()
    online = states.get("sensor.all_miners_miners_online")
    return online is not None and online["state"] == str(number)


async def test_one_of_two_cards_is_picked_and_the_other_is_offered(
    frontend: Frontend, hass: HassProcess
) -> None:
    async with Farm([RB4], clock=SystemClock()) as farm:
        rig = farm[RB4.name]
        await frontend.open_add_dialog()
        await frontend.submit_address(f"{rig.host}:{rig.port}")
        await frontend.pick_card("card1")
        await frontend.finish()
        await frontend.open_device("RB4 FPGA card1")

        shown = await frontend.number("Shares accepted")
        page = rig.reply("metrics")["text"]
        told = dict(
            re.findall(r'^share_good\{card="(\w+)"\} (\S+)$', page, re.MULTILINE)
        )
        assert shown == pytest.approx(float(told["card1"]), abs=1)
        assert shown != pytest.approx(float(told["card0"]), abs=1)
        rate = await frontend.number("Hash rate", "GH/s")
        assert rate == pytest.approx(rig.truth.hash_rate_ths * 1e3 / 2, rel=0.1)

        await frontend.add_discovered(f"RB4 FPGA card0 ({rig.host}:{rig.port})")
        await frontend.finish()
        assert (await newest(hass))["title"] == "RB4 FPGA card0"


async def test_a_wrong_address_is_explained_beside_the_field_and_kept(
    logged_out: Frontend, hass: HassProcess
) -> None:
    frontend = logged_out
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
        mac = farm["second-try"].reply("info")["macAddr"].replace(":", "")
        assert (await newest(hass))["title"] == f"Gamma 602 {mac[-4:]}"


async def test_the_restart_button_restarts_the_miner(
    frontend: Frontend, hass: HassProcess
) -> None:
    commands = {
        RESTARTED_GAMMA.name: ["/api/system/restart"],
        RESTARTED_NANO_3S.name: ["0,reboot,0"],
    }
    async with Farm([RESTARTED_GAMMA, RESTARTED_NANO_3S], clock=SystemClock()) as farm:
        titles: dict[str, str] = {}
        for miner in farm:
            form = await hass.api.start_flow(DOMAIN)
            address = {"host": f"{miner.host}:{miner.port}"}
            entry = await hass.api.continue_flow(form["flow_id"], address)
            titles[miner.name] = entry["title"]

        for miner in farm:
            await frontend.open_device(titles[miner.name])
            await expect(frontend.entity_row("Status")).to_contain_text("Hashing")
            await frontend.entity_row("Restart").get_by_text("Press").click()
            await until_restarted(miner)

        for miner in farm:
            await frontend.open_device(titles[miner.name])
            await expect(frontend.entity_row("Status")).to_contain_text("Starting")
            told = [text for text in map(command, miner.requests) if text]
            assert told == commands[miner.name]
            assert miner.truth.restarts == 1


async def until_restarted(miner: SimulatedMiner) -> None:
    """Wait some seconds until the command has arrived."""
    for _ in range(100):
        if miner.truth.restarts:
            return
        await asyncio.sleep(0.1)


async def newest(hass: HassProcess) -> dict[str, Any]:
    """Return the entry of the miner that was added last."""
    entries = await hass.api.entries(DOMAIN)
    # The entry of all miners comes by itself.
    added = [entry for entry in entries if entry["source"] != "import"]
    return max(added, key=lambda entry: entry["created_at"])


def command(request: Request) -> str | None:
    """Return what a request tells a miner to do; a question tells nothing."""
    if request.method not in {"", "GET"}:
        return request.path
    found = re.search(r'"command":"ascset","parameter":"(.*?)"', request.body)
    return None if found is None or found[1] == "0,help" else found[1]
