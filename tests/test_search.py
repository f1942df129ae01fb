"""Adding many miners: a search of the network, a list, a file of another tool."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from ipaddress import ip_network
import os
import time
from typing import Any, Self, override
from unittest.mock import patch

from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.config_entries import SOURCE_IGNORE, ConfigFlowResult
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_socket import socket_allow_hosts

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.flows import adding, search as search_module
from custom_components.miner_monitor.flows.addresses import (
    InvalidListError,
    Wanted,
    own_networks,
    read_miners,
    read_networks,
)
from custom_components.miner_monitor.runtime.entries import miner_entries
from simulator import MinerSpec

from .conftest import GAMMA, GAMMA_2, NERD, RB4, ULTRA, Bench
from .loopback import LoopbackServer

WEB, CGMINER, EXPORTER = 20080, 24028, 29090
NETWORK = f"127.{100 + os.getpid() % 100}.0"
"""One of this process alone, so that tests beside each other find their own miners."""


class Silent(LoopbackServer):
    """Hosts that accept, and say nothing."""

    def __init__(self, *hosts: int) -> None:
        """Be at these addresses of the network."""
        super().__init__()
        self._hosts = [f"{NETWORK}.{last}" for last in hosts or (9,)]
        self._connections = self.most = 0

    @property
    @override
    def connections(self) -> int:
        return self._connections

    @override
    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._connections += 1
        self.most = max(self.most, self._connections)
        with suppress(ConnectionError):
            while await reader.read(1000):
                pass
        self._connections -= 1
        writer.close()

    @override
    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._hosts, WEB)
        return self


@asynccontextmanager
async def at_port_80(
    last: int, answer: web.StreamResponse
) -> AsyncIterator[TestServer]:
    """Let a device that is no miner give one answer to everything."""

    async def handle(request: web.Request) -> web.StreamResponse:
        headers = {**answer.headers, "Server": "GoAhead-Webs"}
        body = answer.body if isinstance(answer, web.Response) else b""
        return web.Response(status=answer.status, headers=headers, body=body)

    app = web.Application()
    app.router.add_route("*", "/{page:.*}", handle)
    async with TestServer(app, host=f"{NETWORK}.{last}", port=WEB) as server:
        yield server


@contextmanager
def adapters(*addresses: tuple[str, int]) -> Iterator[None]:
    """Have one adapter that is enabled, with IPv6 too, and one that is not."""
    here = [
        {
            "name": "eth0",
            "enabled": True,
            "ipv4": [{"address": host, "network_prefix": n} for host, n in addresses],
            "ipv6": [{"address": "fe80::1", "network_prefix": 64}],
        },
        {
            "name": "off",
            "enabled": False,
            "ipv4": [{"address": "192.168.99.1", "network_prefix": 24}],
            "ipv6": [],
        },
    ]
    with patch(
        "custom_components.miner_monitor.flows.search.async_get_adapters",
        return_value=here if addresses else here[1:],
    ):
        yield


@pytest.fixture(autouse=True)
def ports(
    monkeypatch: pytest.MonkeyPatch,
    socket_enabled: None,
    mock_async_zeroconf: object,
) -> None:
    """Have ports that anybody may listen at, and reach a network of loopback."""
    socket_allow_hosts(["127.0.0.1", *(f"{NETWORK}.{last}" for last in range(256))])
    monkeypatch.setattr(adding, "USUAL_PORTS", (WEB, CGMINER))
    monkeypatch.setattr(adding, "EXPORTER_PORT", EXPORTER)
    monkeypatch.setattr(adding, "HEAD_START", 0)


def at(spec: MinerSpec, last: int, port: int) -> MinerSpec:
    """Return a miner at an address of the network."""
    return replace(spec, host=f"{NETWORK}.{last}", port=port)


async def step(hass: HomeAssistant, name: str) -> ConfigFlowResult:
    """Open the dialog and choose from its menu."""
    flows = hass.config_entries.flow
    menu = await flows.async_init(DOMAIN, context={"source": "user"})
    assert menu["type"] is FlowResultType.MENU
    return await flows.async_configure(menu["flow_id"], {"next_step_id": name})


async def after_progress(
    hass: HomeAssistant, result: ConfigFlowResult
) -> ConfigFlowResult:
    """Wait as the frontend does, which asks again when it is told to."""
    while result["type"] in (
        FlowResultType.SHOW_PROGRESS,
        FlowResultType.SHOW_PROGRESS_DONE,
    ):
        await asyncio.sleep(0.05)
        result = await hass.config_entries.flow.async_configure(result["flow_id"])
    return result


async def search(hass: HomeAssistant, **data: Any) -> ConfigFlowResult:
    form = await step(hass, "search")
    result = await hass.config_entries.flow.async_configure(form["flow_id"], data)
    return await after_progress(hass, result)


async def enter(hass: HomeAssistant, text: str) -> ConfigFlowResult:
    form = await step(hass, "miner")
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], {CONF_HOST: text}
    )
    return await after_progress(hass, result)


def options_of(result: Mapping[str, Any]) -> dict[str, str]:
    """Return what can be chosen in the form."""
    ((_, selector),) = result["data_schema"].schema.items()
    return {item["value"]: item["label"] for item in selector.config["options"]}


async def test_search(live_bench: Bench, hass: HomeAssistant) -> None:
    """Miners of three families among foreign servers are found, and added together."""
    farm = await live_bench.start(
        at(GAMMA, 2, WEB),
        at(NERD, 3, WEB),
        at(MinerSpec(name="q", model="avalon_q", seed=14), 4, CGMINER),
        at(RB4, 5, EXPORTER),
    )
    known = await live_bench.add(farm["gamma"])
    foreign = TestServer(web.Application(), host=f"{NETWORK}.8", port=WEB)
    await foreign.start_server()
    await live_bench.listen(Silent())

    serial = farm["q"].reply("version")["VERSION"][0]["MAC"][-4:].upper()
    found = await search(hass, networks=f"{NETWORK}.0/28", exporters=True)
    assert found["step_id"] == "found"
    assert options_of(found) == {
        f"{NETWORK}.3:{WEB}": f"NerdQAxe++ garage-rig ({NETWORK}.3:{WEB})",
        f"{NETWORK}.4:{CGMINER}": f"Avalon Q {serial} ({NETWORK}.4:{CGMINER})",
        f"{NETWORK}.5:{EXPORTER} card0": f"RB4 FPGA card0 ({NETWORK}.5:{EXPORTER})",
        f"{NETWORK}.5:{EXPORTER} card1": f"RB4 FPGA card1 ({NETWORK}.5:{EXPORTER})",
    }
    assert found["description_placeholders"] == {
        "networks": f"{NETWORK}.0/28",
        "known": known.title,
        "locked": "-",
    }
    nothing = await hass.config_entries.flow.async_configure(
        found["flow_id"], {"miners": []}
    )
    assert nothing["errors"] == {"miners": "none_selected"}
    assert options_of(nothing) == options_of(found)
    # One is gone before it is added.
    farm["nerd"].inject("offline")
    result = await hass.config_entries.flow.async_configure(
        found["flow_id"], {"miners": list(options_of(found))}
    )
    result = await after_progress(hass, result)
    await live_bench.settle()
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "added_some"
    names = result["description_placeholders"]
    titles = {entry.title for entry in miner_entries(hass)} - {known.title}
    assert len(titles) == 3
    assert {"RB4 FPGA card0", "RB4 FPGA card1"} < titles
    assert all(title in names["added"] for title in titles)
    assert names["failed"].startswith(f"- {NETWORK}.3:{WEB}: Nothing responds")
    assert hass.config_entries.flow.async_progress() == []
    await foreign.close()


async def test_search_without_a_miner(live_bench: Bench, hass: HomeAssistant) -> None:
    result = await search(hass, networks=f"{NETWORK}.200")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "none_found")


async def test_one_search_at_a_time(live_bench: Bench, hass: HomeAssistant) -> None:
    """A dialog that is closed ends its search."""
    await live_bench.listen(Silent())
    flows = hass.config_entries.flow
    form, second = await step(hass, "search"), await step(hass, "search")
    first = await flows.async_configure(
        form["flow_id"], {"networks": f"{NETWORK}.9", "exporters": False}
    )
    assert first["type"] is FlowResultType.SHOW_PROGRESS
    assert (await step(hass, "search"))["reason"] == "already_searching"
    late = await flows.async_configure(
        second["flow_id"], {"networks": f"{NETWORK}.9", "exporters": False}
    )
    assert late["reason"] == "already_searching"
    flows.async_abort(first["flow_id"])
    async with asyncio.timeout(30):
        while (again := await step(hass, "search"))["type"] is not FlowResultType.FORM:
            assert again["reason"] == "already_searching"
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("addresses", "suggested"),
    [
        ([("192.168.7.20", 24)], "192.168.7.0/24"),
        ([("192.168.7.20", 24), ("10.4.0.2", 16)], "10.4.0.0/24, 192.168.7.0/24"),
        ([("172.20.8.1", 22)], "172.20.8.0/22"),
        ([("203.0.113.4", 24)], ""),
        ([("fd00::7", 64)], ""),
        ([], ""),
    ],
    ids=["one", "a large one", "a /22", "public", "IPv6 only", "none"],
)
async def test_networks_are_suggested(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    addresses: list[tuple[str, int]],
    suggested: str,
) -> None:
    with adapters(*addresses):
        form = await step(hass, "search")
    values = {
        str(key): key.description["suggested_value"]
        for key in form["data_schema"].schema
        if key.description
    }
    assert values == {"networks": suggested}
    if suggested:
        return
    with adapters(*addresses):
        result = await hass.config_entries.flow.async_configure(form["flow_id"], {})
    assert result["errors"] == {"networks": "no_networks"}


async def test_search_without_a_network(live_bench: Bench, hass: HomeAssistant) -> None:
    """What is near the adapter is searched, and named."""
    await live_bench.start(at(GAMMA, 2, WEB))
    with adapters((f"{NETWORK}.77", 16)):
        found = await search(hass)
    assert found["description_placeholders"]["networks"] == f"{NETWORK}.0/24"
    assert list(options_of(found)) == [f"{NETWORK}.2:{WEB}"]


async def test_foreign_servers(live_bench: Bench, hass: HomeAssistant) -> None:
    """None is taken for a miner; who asks for a password may be one."""
    await live_bench.start(at(GAMMA, 2, WEB))
    page = "<!DOCTYPE html><html><head><title>LaserJet</title></head></html>"
    answers = {
        "printer": web.Response(text=page, content_type="text/html"),
        "router": web.Response(
            status=401, headers={"WWW-Authenticate": 'Basic realm="Router"'}
        ),
        "camera": web.Response(
            status=401, headers={"WWW-Authenticate": 'Digest realm="c", nonce="n"'}
        ),
        "redirect": web.Response(status=302, headers={"Location": "https://x.invalid"}),
        "json": web.json_response({"version": "2.12.2", "uptime": 5}),
    }
    async with AsyncExitStack() as servers:
        for last, answer in enumerate(answers.values(), 10):
            await servers.enter_async_context(at_port_80(last, answer))
        found = await search(hass, networks=f"{NETWORK}.0/27")
    assert list(options_of(found)) == [f"{NETWORK}.2:{WEB}"]
    assert found["description_placeholders"]["locked"] == f"{NETWORK}.11:{WEB}"


async def test_hosts_that_never_answer(
    live_bench: Bench, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred that accept hide no miner, and are not all waited for in turn."""
    monkeypatch.setattr(search_module, "IDENTIFY_SECONDS", 1.0)
    # It writes down where each of the connections comes from.
    hass.loop.set_debug(False)
    await live_bench.start(at(GAMMA, 250, WEB))
    silent = await live_bench.listen(Silent(*range(1, 201)))
    started = time.monotonic()
    found = await search(hass, networks=f"{NETWORK}.0/24")
    assert list(options_of(found)) == [f"{NETWORK}.250:{WEB}"]
    assert 1 < silent.most <= search_module.AT_ONCE
    assert time.monotonic() - started < 20


async def test_miners_without_a_name(live_bench: Bench, hass: HomeAssistant) -> None:
    """Another one of a kind that is known is new, though nothing tells it apart."""
    farm = await live_bench.start(
        at(ULTRA, 2, WEB), at(replace(ULTRA, name="twin", seed=9), 3, WEB)
    )
    known = await live_bench.add(farm["ultra"])
    found = await search(hass, networks=f"{NETWORK}.0/29")
    assert options_of(found) == {f"{NETWORK}.3:{WEB}": f"Ultra 204 ({NETWORK}.3:{WEB})"}
    assert found["description_placeholders"]["known"] == known.title


async def test_one_miner_at_two_addresses(
    live_bench: Bench, hass: HomeAssistant
) -> None:
    """It is listed once, and of a list added once."""
    await live_bench.start(at(GAMMA, 2, WEB), at(replace(GAMMA, name="wired"), 3, WEB))
    found = await search(hass, networks=f"{NETWORK}.0/29")
    assert list(options_of(found)) == [f"{NETWORK}.2:{WEB}"]
    hass.config_entries.flow.async_abort(found["flow_id"])

    result = await enter(hass, f"{NETWORK}.2:{WEB} {NETWORK}.3:{WEB}")
    assert result["reason"] == "added_some"
    (entry,) = miner_entries(hass)
    names = result["description_placeholders"]
    assert names["added"] == entry.title
    assert names["failed"].count("\n- ") == 0
    assert entry.title in names["failed"]


async def test_two_add_the_same(live_bench: Bench, hass: HomeAssistant) -> None:
    """Each miner has one entry in the end, and both are told what came of theirs."""
    farm = await live_bench.start(GAMMA, NERD, GAMMA_2)
    text = " ".join(f"{miner.host}:{miner.port}" for miner in farm)
    results = await asyncio.gather(enter(hass, text), enter(hass, text))
    await live_bench.settle()
    assert len(miner_entries(hass)) == 3
    outcomes = [result["description_placeholders"] for result in results]
    added = [name for names in outcomes for name in names["added"].split(", ")]
    assert sorted(set(added) - {"-"}) == sorted(e.title for e in miner_entries(hass))
    assert sum(names["failed"].count("already") for names in outcomes) == 3


async def test_bad_networks(
    hass: HomeAssistant, enable_custom_integrations: None
) -> None:
    """Each is explained beside the field, and what was entered is kept."""
    rows = {
        ",": "no_networks",
        "192.168.0.0/21": "network_too_large",
        "8.8.8.0/24": "network_not_private",
        "fd00::/64": "invalid_network",
        "my network": "invalid_network",
        "192.168.1.0/33": "invalid_network",
        "10.0.0.0/22 10.0.4.0/22 10.0.8.0/22 10.0.12.0/22 10.9.0.0/24": (
            "networks_too_large"
        ),
        "1" * 70_000: "list_too_long",
    }
    for text, error in rows.items():
        result = await search(hass, networks=text)
        assert result["errors"] == {"networks": error}, text[:40]
        (key, _) = result["data_schema"].schema
        assert key.description["suggested_value"] == text
        hass.config_entries.flow.async_abort(result["flow_id"])


async def test_a_list_without_questions(live_bench: Bench, hass: HomeAssistant) -> None:
    """All cards behind an address are added; one whose password is missing is named."""
    locked = MinerSpec(
        name="locked", model="gamma_602", firmware="2.14.0", password="x"
    )
    farm = await live_bench.start(RB4, locked)
    where = {miner.name: f"{miner.host}:{miner.port}" for miner in farm}
    result = await enter(
        hass,
        f"devices:\n- {{name: Rig, ip: '{where['rb4']}'}}\n- ip: {where['locked']}",
    )
    await live_bench.settle()
    assert {entry.title for entry in miner_entries(hass)} == {"Rig card0", "Rig card1"}
    names = result["description_placeholders"]
    assert names["added"] == "Rig card0, Rig card1"
    assert names["failed"].startswith(f"- {where['locked']}: The miner asks for a pass")
    assert hass.config_entries.flow.async_progress() == []


async def test_a_file_with_one_address(live_bench: Bench, hass: HomeAssistant) -> None:
    """It is asked for what it needs, as one that is typed."""
    miner = await live_bench.miner(GAMMA)
    result = await enter(hass, f"devices:\n- ip: {miner.host}:{miner.port}")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await live_bench.settle()


async def test_a_list(live_bench: Bench, hass: HomeAssistant) -> None:
    """Of ten with two wrong ones eight are added, and two named with their causes."""
    farm = await live_bench.start(
        *(
            MinerSpec(
                name=f"m{index}",
                model="gamma_602",
                firmware="2.14.0",
                mac=f"E4:B0:63:00:01:{index:02X}",
                seed=index,
            )
            for index in range(8)
        )
    )
    good = [f"{miner.host}:{miner.port}" for miner in farm]
    text = f"{good[0]}, {good[1]}\n{good[2]} {good[3]};{good[3]}\t127.0.0.1:1\n"
    text += "\n".join([*good[4:], "not!an!address"])
    result = await enter(hass, text)
    await live_bench.settle()
    assert result["reason"] == "added_some"
    assert len(miner_entries(hass)) == 8
    failed = sorted(result["description_placeholders"]["failed"].splitlines())
    assert len(failed) == 2
    assert failed[0].startswith("- 127.0.0.1:1: Nothing responds")
    assert "This is not an address" in failed[1]


async def test_a_file_of_another_tool(live_bench: Bench, hass: HomeAssistant) -> None:
    """Its names become titles; what is disabled is left out and named."""
    farm = await live_bench.start(GAMMA, NERD)
    gamma, nerd = (f"{farm[n].host}:{farm[n].port}" for n in ("gamma", "nerd"))
    result = await enter(
        hass,
        "# My miners\ndevices:\n"
        f'  - name: "Office"\n    ip: "{gamma}"   # on the desk\n    enabled: true\n'
        f"  - name: Garage <b>\n    ip: {nerd}\n"
        "  - name: attic\n    ip: 192.168.1.9\n    enabled: false\n"
        "logging:\n  poll_interval: 10\ndiscord:\n  token: hunter2\n",
    )
    await live_bench.settle()
    assert {entry.title for entry in miner_entries(hass)} == {"Office", "Garage <b>"}
    assert result["reason"] == "added_some"
    assert (
        result["description_placeholders"]["failed"] == "- attic: Disabled in the file."
    )
    assert "hunter2" not in str(result)


async def test_one_that_is_ignored_is_added(
    live_bench: Bench, hass: HomeAssistant
) -> None:
    """To enter its address is to want it, whatever was done with its discovery."""
    farm = await live_bench.start(GAMMA, NERD)
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_IGNORE},
        data={"unique_id": GAMMA.mac.lower(), "title": "Gamma"},
    )
    result = await enter(hass, " ".join(f"{m.host}:{m.port}" for m in farm))
    await live_bench.settle()
    assert result["reason"] == "added"
    assert len(miner_entries(hass)) == 2


async def test_bad_lists(hass: HomeAssistant, enable_custom_integrations: None) -> None:
    """Nothing is lost: the form shows again what was entered."""
    rows = {
        " \n, ": "no_addresses",
        "devices:\n\t- ip: 10.0.0.1": "invalid_yaml",
        "devices: &a [*a]": "invalid_yaml",
        "a: &a [1]\ndevices: *a": "invalid_yaml",
        "devices: !!python/object:os.system {}": "invalid_yaml",
        "devices:\n  - name: x": "invalid_yaml",
        "devices:\n  - ip: 5": "invalid_yaml",
        "devices: 5": "invalid_yaml",
        "name: {" + "[" * 5000: "invalid_yaml",
        "x" * 10_000_000: "list_too_long",
        " ".join(f"10.0.{i}.{j}" for i in range(2) for j in range(129)): (
            "list_too_long"
        ),
        "my miner!": "invalid_host",
    }
    for text, error in rows.items():
        result = await enter(hass, text)
        assert result["errors"] == {CONF_HOST: error}, text[:40]
        (key,) = result["data_schema"].schema
        assert key.description["suggested_value"] == text
        hass.config_entries.flow.async_abort(result["flow_id"])


def test_reading() -> None:
    assert read_miners("10.0.0.1, http://10.0.0.1/ 10.0.0.2") == [
        Wanted("10.0.0.1"),
        Wanted("10.0.0.2"),
    ]
    assert read_miners("- name: 7\n  ip: 10.0.0.1") == [Wanted("10.0.0.1", "7")]
    assert read_networks("192.168.1.77/24 192.168.0.0/24") == [
        ip_network("192.168.0.0/23")
    ]
    assert own_networks([("fe80::1", 64)]) == []
    with pytest.raises(InvalidListError):
        read_networks("127.0.0.0/8")
