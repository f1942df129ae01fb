"""Adding many miners: a search of the network, a list, a file of another tool."""

import asyncio
from collections.abc import Mapping
from ipaddress import ip_network
import os
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
from custom_components.miner_monitor.flows import adding
from custom_components.miner_monitor.flows.addresses import (
    InvalidListError,
    Wanted,
    own_networks,
    read_miners,
    read_networks,
)
from custom_components.miner_monitor.runtime.entries import miner_entries
from simulator import MinerSpec

from .conftest import GAMMA, NERD, RB4, Bench
from .loopback import LoopbackServer

WEB, CGMINER, EXPORTER = 20080, 24028, 29090
NETWORK = f"127.{100 + os.getpid() % 100}.0"
"""One of this process alone, so that tests beside each other find their own miners."""


class Silent(LoopbackServer):
    """Accepts, and says nothing."""

    @property
    @override
    def connections(self) -> int:
        return 0

    @override
    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.read()
        writer.close()

    @override
    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, f"{NETWORK}.9", WEB)
        return self


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


def at(spec: MinerSpec, last: int, port: int) -> MinerSpec:
    """Return a miner at an address of the network."""
    return MinerSpec(
        **{
            **{name: getattr(spec, name) for name in spec.__dataclass_fields__},
            "host": f"{NETWORK}.{last}",
            "port": port,
        }
    )


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

    found = await search(hass, networks=f"{NETWORK}.0/28", exporters=True)
    assert found["step_id"] == "found"
    assert options_of(found) == {
        f"{NETWORK}.3:{WEB}": f"NerdQAxe++ garage-rig ({NETWORK}.3:{WEB})",
        f"{NETWORK}.4:{CGMINER}": f"Avalon Q ({NETWORK}.4:{CGMINER})",
        f"{NETWORK}.5:{EXPORTER} card0": f"RB4 FPGA card0 ({NETWORK}.5:{EXPORTER})",
        f"{NETWORK}.5:{EXPORTER} card1": f"RB4 FPGA card1 ({NETWORK}.5:{EXPORTER})",
    }
    assert found["description_placeholders"]["known"] == known.title
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
    form = await step(hass, "search")
    first = await flows.async_configure(
        form["flow_id"], {"networks": f"{NETWORK}.9", "exporters": False}
    )
    assert first["type"] is FlowResultType.SHOW_PROGRESS
    await asyncio.sleep(0)
    assert (await step(hass, "search"))["reason"] == "already_searching"
    flows.async_abort(first["flow_id"])
    async with asyncio.timeout(30):
        while (again := await step(hass, "search"))["type"] is not FlowResultType.FORM:
            assert again["reason"] == "already_searching"
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("adapters", "suggested"),
    [
        ([("192.168.7.20", 24)], "192.168.7.0/24"),
        ([("192.168.7.20", 24), ("10.4.0.2", 16)], "10.4.0.0/24, 192.168.7.0/24"),
        ([("172.20.8.1", 22)], "172.20.8.0/22"),
        ([("203.0.113.4", 24)], ""),
        ([], ""),
    ],
    ids=["one", "a large one", "a /22", "public", "none, or IPv6 only"],
)
async def test_networks_are_suggested(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    adapters: list[tuple[str, int]],
    suggested: str,
) -> None:
    here = [
        {
            "name": "eth0",
            "enabled": True,
            "ipv4": [{"address": host, "network_prefix": n} for host, n in adapters],
            "ipv6": [{"address": "fe80::1"}],
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
        return_value=here,
    ):
        form = await step(hass, "search")
    values = {
        str(key): key.description["suggested_value"]
        for key in form["data_schema"].schema
        if key.description
    }
    assert values == {"networks": suggested}


async def test_bad_networks(
    hass: HomeAssistant, enable_custom_integrations: None
) -> None:
    """Each is explained beside the field, and what was entered is kept."""
    rows = {
        "": "no_networks",
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
