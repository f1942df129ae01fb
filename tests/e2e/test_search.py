"""A person searches the network for miners, and pastes a list of them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import replace
import os
from pathlib import Path
import re
import socket
import time

from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import expect
import pytest

from scripts.rig.hass import DOMAIN, HassProcess
from scripts.rig.process import free_port
from simulator import Farm, MinerSpec, SystemClock

from .frontend import Frontend

NETWORK = f"127.{100 + os.getpid() % 100}.{os.getpid() // 100 % 256}"
WEB, CGMINER, EXPORTER = 80, 4028, 9090
MOST_SECONDS = 20

MINERS = (
    (WEB, MinerSpec(name="s-gamma", model="gamma_601", firmware="2.12.2")),
    (WEB, MinerSpec(name="s-gamma-2", model="gamma_602", firmware="2.14.0")),
    (WEB, MinerSpec(name="s-supra", model="supra_401", firmware="2.4.5")),
    (WEB, MinerSpec(name="s-hex", model="hex_303", firmware="2.15.0")),
    (WEB, MinerSpec(name="s-nerd", model="nerdqaxeplusplus", hostname="garage")),
    (CGMINER, MinerSpec(name="s-q", model="avalon_q")),
    (CGMINER, MinerSpec(name="s-nano", model="avalon_nano3s")),
    (EXPORTER, MinerSpec(name="s-fpga", model="fpga_0xbitcoin")),
)
AT = range(20, 20 + len(MINERS))
FOREIGN = range(40, 43)
SILENT = range(100, 220)


@pytest.fixture(scope="module", autouse=True)
def usual_ports() -> None:
    """Skip where nobody may listen at the ports that miners have."""
    try:
        for port in (WEB, CGMINER, EXPORTER):
            with socket.create_server((f"{NETWORK}.{AT[0]}", port)):
                pass
    except PermissionError:
        pytest.skip("needs leave to listen at port 80: scripts/test finds a way")


async def foreign(request: web.Request) -> web.StreamResponse:
    """Answer as a printer, a router or a camera, by the address."""
    match request.transport.get_extra_info("sockname")[0].rpartition(".")[2]:
        case "40":
            page = "<!DOCTYPE html><title>LaserJet</title>"
            return web.Response(text=page, content_type="text/html")
        case "41":
            realm = {"WWW-Authenticate": 'Basic realm="Router"'}
            return web.Response(status=401, headers=realm)
    raise web.HTTPFound("https://camera.invalid/")


@asynccontextmanager
async def neighbours() -> AsyncIterator[None]:
    """Fill the network with what is no miner, and with hosts that say nothing.

    A host whose queue is full takes no connection, and refuses none.
    """
    app = web.Application()
    app.router.add_route("*", "/{page:.*}", foreign)
    async with AsyncExitStack() as servers:
        for last in FOREIGN:
            server = TestServer(app, host=f"{NETWORK}.{last}", port=WEB)
            await servers.enter_async_context(server)
        with ExitStack() as sockets:
            for last in SILENT:
                for port in (WEB, CGMINER, EXPORTER):
                    silent = socket.create_server(
                        (f"{NETWORK}.{last}", port), backlog=0
                    )
                    sockets.enter_context(silent)
                    queue = socket.create_connection(silent.getsockname())
                    sockets.enter_context(queue)
            yield


async def titles(hass: HassProcess) -> set[str]:
    """Return the titles of all entries."""
    return {entry["title"] for entry in await hass.api.entries(DOMAIN)}


async def test_a_search_finds_eight_miners_and_adds_five(
    frontend: Frontend, hass: HassProcess, pictures: Path, tell: Callable[[str], object]
) -> None:
    specs = [
        replace(spec, host=f"{NETWORK}.{last}", port=port)
        for last, (port, spec) in zip(AT, MINERS, strict=True)
    ]
    dialog = frontend.dialog
    async with Farm(specs, clock=SystemClock()) as farm, neighbours():
        await frontend.open_search()
        await dialog.get_by_role("textbox", name="Networks").fill(f"{NETWORK}.0/24")
        await dialog.locator("ha-switch").click()
        started = time.monotonic()
        await frontend.submit()
        await expect(dialog).to_contain_text(f"Searching for miners in {NETWORK}.0/24")
        await expect(dialog).to_contain_text(re.compile("[1-9][0-9]%"))
        await frontend.take(pictures / "search-progress.png")
        boxes = dialog.get_by_role("checkbox")
        await expect(boxes).to_have_count(len(MINERS))
        seconds = time.monotonic() - started
        tell(f"search of a /24 with {len(SILENT)} silent hosts: {seconds:.1f} s")
        assert seconds <= MOST_SECONDS
        await expect(dialog).to_contain_text("Devices that ask for a password: ")
        await expect(dialog).to_contain_text(f"{NETWORK}.41")

        before = await titles(hass)
        for left_out in (1, 3, 6):
            await dialog.locator("ha-checkbox").nth(left_out).click()
        chosen = [index for index in range(len(MINERS)) if index not in (1, 3, 6)]
        await frontend.take(pictures / "search-found.png")
        await frontend.submit()
        await expect(dialog).to_contain_text("These miners were added")
        await frontend.take(pictures / "search-added.png")
        added = await titles(hass) - before - {"All miners"}
        assert len(added) == len(chosen)
        for title in added:
            await expect(dialog).to_contain_text(title)
        names = [MINERS[index][1].name for index in chosen]
        assert all(farm[name].requests for name in names)


async def test_a_pasted_list_adds_eight_of_ten_and_names_two(
    frontend: Frontend, hass: HassProcess, pictures: Path
) -> None:
    specs = [
        MinerSpec(name=f"l-{index}", model=model)
        for index, model in enumerate(
            4 * ["gamma_602"] + 2 * ["nerdqaxeplus"] + 2 * ["avalon_mini3"]
        )
    ]
    wrong = [f"127.0.0.1:{free_port()}", "attic!"]
    async with Farm(specs, clock=SystemClock()) as farm:
        addresses = [f"{miner.host}:{miner.port}" for miner in farm]
        await frontend.open_add_dialog()
        before = await titles(hass)
        await frontend.submit_address(
            f"{', '.join(addresses[:3])}\n{wrong[0]}\n"
            f"{' '.join(addresses[3:])}\n{wrong[1]}"
        )
        await expect(frontend.dialog).to_contain_text("Not added")
        await frontend.take(pictures / "list-added.png")
        added = await titles(hass) - before - {"All miners"}
        assert len(added) == len(specs)
        failed = frontend.dialog.get_by_role("listitem")
        await expect(failed).to_have_count(2)
        await expect(failed.nth(0)).to_contain_text(f"{wrong[0]}: Nothing responds")
        await expect(failed.nth(1)).to_contain_text("attic!: This is not an address")
