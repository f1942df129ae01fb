"""Adding, moving and tuning a miner, with everything that can stand at an address."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from ipaddress import ip_address
import socket
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_PORT, CONF_SCAN_INTERVAL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import pytest

from custom_components.miner_monitor.const import CONF_EXPERT, CONF_PROTECT, DOMAIN
from simulator import MinerSpec, SimulatedMiner

from .conftest import (
    GAMMA,
    NANO_3S,
    NERD,
    PLAIN_CGMINER,
    RB4,
    SUPRA,
    ULTRA,
    Bench,
    TimedBench,
)

ONLINE = "binary_sensor.gamma_601_a1b2_online"

# The package names a function like this module, which hides it from an import.
detect_module = import_module("custom_components.miner_monitor.miners.detect")


def address(miner: SimulatedMiner) -> str:
    return f"{miner.host}:{miner.port}"


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def show_form(hass: HomeAssistant) -> str:
    flows = hass.config_entries.flow
    menu = await flows.async_init(DOMAIN, context={"source": "user"})
    assert menu["type"] is FlowResultType.MENU
    assert menu["menu_options"] == ["search", "miner"]
    result = await flows.async_configure(menu["flow_id"], {"next_step_id": "miner"})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "miner"
    assert result["errors"] == {}
    flow_id: str = result["flow_id"]
    return flow_id


async def enter(hass: HomeAssistant, flow_id: str, host: str) -> ConfigFlowResult:
    result = await hass.config_entries.flow.async_configure(flow_id, {CONF_HOST: host})
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


@pytest.mark.parametrize(
    ("spec", "title"),
    [
        (GAMMA, "Gamma 601 A1B2"),
        (ULTRA, "Ultra 204"),
        (NERD, "garage-rig"),
    ],
    ids=["default hostname", "no MAC", "own hostname"],
)
@pytest.mark.parametrize(
    "written",
    [
        address,
        lambda miner: f" http://{address(miner)}/#/home ",
        lambda miner: f"localhost:{miner.port}",
    ],
    ids=["host and port", "URL", "name"],
)
async def test_add(
    bench: TimedBench,
    hass: HomeAssistant,
    spec: MinerSpec,
    title: str,
    written: Callable[[SimulatedMiner], str],
) -> None:
    """A miner is added by its address alone."""
    miner = await bench.miner(spec)
    result = await enter(hass, await show_form(hass), written(miner))

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == title
    assert result["data"][CONF_PORT] == miner.port
    assert result["result"].state is ConfigEntryState.LOADED
    if spec.mac and spec is not ULTRA:
        assert result["result"].unique_id == spec.mac.lower()


async def test_usual_port(
    bench: TimedBench, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a port the usual ones are tried."""
    miner = await bench.miner(GAMMA)
    ports = dict.fromkeys(detect_module.DEFAULT_PORTS, miner.port)
    monkeypatch.setattr(detect_module, "DEFAULT_PORTS", ports)

    result = await enter(hass, await show_form(hass), miner.host)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_PORT] == miner.port


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("offline", "cannot_connect"),
        ("disconnect", "cannot_connect"),
        ("silent", "timeout"),
        ("slow", "timeout"),
        ("unauthorized", "refused"),
        ("html", "not_a_miner"),
        ("redirect", "not_a_miner"),
        ("empty", "not_a_miner"),
        ("truncated", "not_a_miner"),
        ("garbage", "not_a_miner"),
        ("huge", "not_a_miner"),
        ("list", "not_a_miner"),
        ("empty_object", "not_a_miner"),
        ("nulls", "unknown_miner"),
    ],
)
async def test_errors_and_recovery(
    live_bench: Bench,
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    error: str,
) -> None:
    """Each cause has its own text beside the field; what was typed stays."""
    if error == "timeout":
        monkeypatch.setattr(detect_module, "DETECT_DEADLINE", 0.5)
    miner = await live_bench.miner(GAMMA)
    miner.inject(fault)
    flow_id = await show_form(hass)

    result = await enter(hass, flow_id, address(miner))
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {CONF_HOST: error}
    assert _suggested(result) == address(miner)

    miner.clear()
    result = await enter(hass, flow_id, address(miner))
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [
        ("strings", {}),
        ("nan", {"keys": ["power", "temp", "hashRate"]}),
        ("infinity", {"keys": ["power", "temp", "hashRate"]}),
        ("huge_ints", {"keys": ["power", "temp", "hashRate"]}),
        ("bad_mac", {}),
        ("no_mac", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_bad_fields_do_not_hinder(
    bench: TimedBench, hass: HomeAssistant, fault: str, parameters: dict[str, Any]
) -> None:
    """A field that is wrong costs that field, not the miner."""
    miner = await bench.miner(GAMMA)
    miner.inject(fault, **parameters)

    result = await enter(hass, await show_form(hass), address(miner))

    assert result["type"] is FlowResultType.CREATE_ENTRY, result["errors"]


@pytest.mark.parametrize("fault", ["hostname_html", "hostname_long"])
async def test_hostile_hostnames(
    bench: TimedBench, hass: HomeAssistant, fault: str
) -> None:
    """A host name is text, and never longer than a host name can be."""
    miner = await bench.miner(GAMMA)
    miner.inject(fault)

    result = await enter(hass, await show_form(hass), address(miner))

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert 0 < len(result["title"]) <= 63


@pytest.mark.parametrize(
    ("host", "error"),
    [
        ("", "no_addresses"),
        ("ftp://bitaxe.local", "invalid_host"),
        ("bit !axe", "invalid_host"),
        ("a:b:c", "invalid_host"),
    ],
)
async def test_no_address(
    bench: TimedBench, hass: HomeAssistant, host: str, error: str
) -> None:
    """What is no address is said to be none, without any request."""
    miner = await bench.miner(GAMMA)
    flow_id = await show_form(hass)
    result = await enter(hass, flow_id, host)

    assert result["errors"] == {CONF_HOST: error}
    assert (await enter(hass, flow_id, address(miner)))["type"] is (
        FlowResultType.CREATE_ENTRY
    )


async def test_unknown_name(bench: TimedBench, hass: HomeAssistant) -> None:
    """A name that nobody has is a device that cannot be reached."""
    result = await enter(hass, await show_form(hass), "no-such-miner.invalid")

    assert result["errors"] == {CONF_HOST: "cannot_connect"}


async def test_unexpected_error(bench: TimedBench, hass: HomeAssistant) -> None:
    """A fault of ours still shows the form."""
    miner = await bench.miner(GAMMA)
    flow_id = await show_form(hass)
    with patch(
        "custom_components.miner_monitor.flows.probe.detect", side_effect=RuntimeError
    ):
        result = await enter(hass, flow_id, address(miner))

    assert result["errors"] == {CONF_HOST: "unknown"}
    assert (await enter(hass, flow_id, address(miner)))["type"] is (
        FlowResultType.CREATE_ENTRY
    )


@pytest.mark.parametrize("spec", [GAMMA, ULTRA], ids=["MAC", "no MAC"])
async def test_duplicate(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec
) -> None:
    """A miner is set up once."""
    miner = await bench.miner(spec)
    entry = await bench.add(miner)

    result = await enter(hass, await show_form(hass), address(miner))

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert result["description_placeholders"] == {"title": entry.title}


async def test_two_without_mac(bench: TimedBench, hass: HomeAssistant) -> None:
    """Two nameless miners of one kind are two miners."""
    farm = await bench.start(ULTRA, replace(ULTRA, name="twin", seed=9))
    first = await bench.add(farm["ultra"])
    second = await bench.add(farm["twin"])

    assert first.unique_id != second.unique_id


async def test_two_with_one_mac(bench: TimedBench, hass: HomeAssistant) -> None:
    """The second of two devices with one MAC is refused, and the first stays."""
    miner = await bench.miner(GAMMA)
    twin = await bench.miner(replace(GAMMA, name="twin"))
    entry = await bench.add(miner)

    result = await enter(hass, await show_form(hass), address(twin))

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "same_identity"
    assert result["description_placeholders"]["name"] == entry.title
    assert entry.data[CONF_PORT] == miner.port


async def test_adding_a_lost_miner_moves_it(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """A user who types the new address of a known miner has told us where it is."""
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    await miner.stop()
    await bench.advance(90)
    moved = await bench.miner(GAMMA)

    result = await enter(hass, await show_form(hass), address(moved))
    await bench.advance(15)

    assert result["reason"] == "already_configured"
    assert result["description_placeholders"] == {"title": entry.title}
    assert entry.data[CONF_PORT] == moved.port
    assert hass.states.get("binary_sensor.gamma_601_a1b2_online").state == "on"


async def test_reconfigure(bench: TimedBench, hass: HomeAssistant) -> None:
    """A miner gets a new address, after the wrong ones were refused."""
    miner = await bench.miner(GAMMA)
    other = await bench.miner(SUPRA)
    entry = await bench.add(miner)
    await miner.stop()
    moved = await bench.miner(GAMMA)

    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": "reconfigure", "entry_id": entry.entry_id}
    )
    assert result["step_id"] == "reconfigure"
    assert _suggested(result) == address(miner)

    for wrong, error in (
        ("bit axe", "invalid_host"),
        (f"127.0.0.1:{closed_port()}", "cannot_connect"),
        (address(other), "wrong_device"),
    ):
        result = await enter(hass, result["flow_id"], wrong)
        assert result["errors"] == {CONF_HOST: error}
        assert _suggested(result) == wrong

    result = await enter(hass, result["flow_id"], address(moved))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    assert entry.data[CONF_PORT] == moved.port
    assert entry.state is ConfigEntryState.LOADED


async def test_reconfigure_refuses_the_miner_of_another_entry(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """A nameless miner does not take over a named one of its kind."""
    nameless = await bench.add(await bench.miner(ULTRA))
    named = await bench.miner(
        replace(ULTRA, name="named", firmware="2.4.0", mac="E4:B0:63:00:00:55")
    )
    await bench.add(named)
    before = nameless.data[CONF_PORT]
    flow = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": "reconfigure", "entry_id": nameless.entry_id}
    )

    result = await enter(hass, flow["flow_id"], address(named))

    assert result["errors"] == {CONF_HOST: "wrong_device"}
    assert nameless.data[CONF_PORT] == before


async def test_options(bench: TimedBench, hass: HomeAssistant) -> None:
    """The poll interval is an option; it takes effect at once."""
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)

    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["step_id"] == "init"
    assert _suggested(result, CONF_SCAN_INTERVAL) == 15
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {CONF_SCAN_INTERVAL: 60}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await bench.settle()
    assert entry.options == {CONF_SCAN_INTERVAL: 60}

    await bench.advance(60)
    polls = len(miner.requests)
    await bench.advance(240)
    assert len(miner.requests) - polls == 4


@pytest.mark.parametrize(
    ("spec", "switches"),
    [
        (GAMMA, [CONF_EXPERT, CONF_PROTECT]),
        (NANO_3S, [CONF_PROTECT]),
        (RB4, []),
        (PLAIN_CGMINER, []),
    ],
    ids=lambda value: value.name if isinstance(value, MinerSpec) else "",
)
async def test_switches_where_they_do_something(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec, switches: list[str]
) -> None:
    """Expert ranges and protection are off, and offered where there are such."""
    entry = await bench.add(await bench.miner(replace(spec, cards=1)))
    options = hass.config_entries.options
    form = await options.async_init(entry.entry_id)
    markers = {str(key): key for key in form["data_schema"].schema}
    assert [key for key in markers if key in (CONF_EXPERT, CONF_PROTECT)] == switches
    assert not any(markers[switch].default() for switch in switches)

    for chosen in (switches, []):
        result = await options.async_configure(
            form["flow_id"],
            {CONF_SCAN_INTERVAL: 30} | {key: key in chosen for key in switches},
        )
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await bench.settle()
        assert entry.options == {
            CONF_SCAN_INTERVAL: 30,
            **dict.fromkeys(chosen, True),
        }
        form = await options.async_init(entry.entry_id)
        for switch in switches:
            shown = bool(_suggested_or_none(form, switch))
            assert shown is (switch in chosen)


@pytest.mark.parametrize("seconds", [9, 301])
async def test_poll_interval_has_limits(
    bench: TimedBench, hass: HomeAssistant, seconds: int
) -> None:
    """Neither too often for a small web server nor too seldom to be of use."""
    entry = await bench.add(await bench.miner(GAMMA))
    result = await hass.config_entries.options.async_init(entry.entry_id)

    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(
            result["flow_id"], {CONF_SCAN_INTERVAL: seconds}
        )


def dhcp(ip: str, mac: str) -> DhcpServiceInfo:
    return DhcpServiceInfo(
        ip=ip, hostname="bitaxe", macaddress=mac.replace(":", "").lower()
    )


async def test_dhcp_follows_a_known_miner(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """The MAC brings the new address at boot; it is used once the miner answers."""
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    lost = "no-such-miner.invalid"
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_HOST: lost})
    await bench.advance(90)
    assert hass.states.get(ONLINE).state == "off"

    miner.inject("offline")
    result = await discover(hass, "dhcp", dhcp("127.0.0.1", GAMMA.mac or ""))
    assert result["reason"] == "already_configured"
    await bench.advance(15)
    assert entry.data[CONF_HOST] == lost

    miner.clear()
    await bench.advance(60)
    assert entry.data[CONF_HOST] == "127.0.0.1"
    assert hass.states.get(ONLINE).state == "on"


async def test_dhcp_before_the_start(bench: TimedBench, hass: HomeAssistant) -> None:
    """An entry that is not loaded takes the address and proves it at its start."""
    entry = await bench.add(await bench.miner(GAMMA))
    await hass.config_entries.async_unload(entry.entry_id)

    result = await discover(hass, "dhcp", dhcp("127.0.0.9", GAMMA.mac or ""))

    assert result["reason"] == "already_configured"
    assert entry.data[CONF_HOST] == "127.0.0.9"


async def test_dhcp_new_miner(
    bench: TimedBench, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host name that speaks of a miner is looked at, and the user is asked."""
    miner = await bench.miner(GAMMA)
    ports = dict.fromkeys(detect_module.DEFAULT_PORTS, miner.port)
    monkeypatch.setattr(detect_module, "DEFAULT_PORTS", ports)

    result = await discover(hass, "dhcp", dhcp("127.0.0.1", GAMMA.mac or ""))
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "discovery_confirm"
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {})
    await bench.settle()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Gamma 601 A1B2"


async def discover(
    hass: HomeAssistant, source: str, data: DhcpServiceInfo | ZeroconfServiceInfo
) -> ConfigFlowResult:
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": source}, data=data
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


def zeroconf(miner: SimulatedMiner) -> ZeroconfServiceInfo:
    return ZeroconfServiceInfo(
        ip_address=ip_address(miner.host),
        ip_addresses=[ip_address(miner.host)],
        port=miner.port,
        hostname="bitaxe.local.",
        type="_http._tcp.local.",
        name="Bitaxe Hex 303 (0004)._http._tcp.local.",
        properties={"board": "303", "family": "Hex"},
    )


async def test_zeroconf_new_miner(bench: TimedBench, hass: HomeAssistant) -> None:
    """A miner that makes itself known is offered once."""
    miner = await bench.miner(GAMMA)

    result = await discover(hass, "zeroconf", zeroconf(miner))
    assert result["step_id"] == "discovery_confirm"
    assert result["description_placeholders"]["model"] == "Gamma 601"
    again = await discover(hass, "zeroconf", zeroconf(miner))
    assert again["reason"] == "already_in_progress"

    result = await hass.config_entries.flow.async_configure(result["flow_id"], {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await bench.advance(60)
    known = await discover(hass, "zeroconf", zeroconf(miner))
    assert known["reason"] == "already_configured"


@pytest.mark.parametrize(
    ("spec", "fault", "reason"),
    [
        (GAMMA, "html", "not_a_miner"),
        (GAMMA, "offline", "cannot_connect"),
        (ULTRA, None, "no_identity"),
    ],
)
async def test_zeroconf_not_offered(
    bench: TimedBench,
    hass: HomeAssistant,
    spec: MinerSpec,
    fault: str | None,
    reason: str,
) -> None:
    """What is no miner, or could not be recognised again, is not offered."""
    miner = await bench.miner(spec)
    if fault:
        miner.inject(fault)

    result = await discover(hass, "zeroconf", zeroconf(miner))

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == reason


def _suggested_or_none(result: ConfigFlowResult, field: str) -> object:
    (marker,) = [key for key in result["data_schema"].schema if key == field]
    return (marker.description or {}).get("suggested_value")


def _suggested(result: ConfigFlowResult, field: str = CONF_HOST) -> object:
    for key in result["data_schema"].schema:
        if key == field:
            return key.description["suggested_value"]
    raise AssertionError(field)
