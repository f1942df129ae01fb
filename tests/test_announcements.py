"""Who announces an address gets a question, and never a password.

Everybody in a network can announce anything, and see the MAC address of a miner.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from importlib import import_module
from ipaddress import ip_address
import socket
from typing import Any
from unittest.mock import MagicMock, patch

from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.components.zeroconf.discovery import ZeroconfDiscovery
from homeassistant.config_entries import SOURCE_IGNORE, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from homeassistant.loader import async_get_zeroconf
import pytest
from pytest_socket import socket_allow_hosts
from zeroconf import ServiceStateChange
from zeroconf.asyncio import AsyncServiceInfo

from custom_components.miner_monitor.const import CONF_SESSION, CONF_TRUSTED, DOMAIN
from custom_components.miner_monitor.coordinator import MinerConfigEntry
from custom_components.miner_monitor.flows import probe
from custom_components.miner_monitor.flows.probe import is_private
from custom_components.miner_monitor.miners.model import Setting
from custom_components.miner_monitor.runtime.messages import FAILURES
from simulator import MinerSpec, SimulatedMiner

from .conftest import GAMMA, GAMMA_2, NERD, TimedBench
from .test_auth import (
    CODE,
    CODED,
    LOCKED,
    LOGIN,
    OTHER_LOGIN,
    OTHER_PASSWORD,
    PASSWORD,
    PRESS,
    USER,
    add,
    answer,
    ask_again,
    check_form,
    is_online,
    writes,
)

# The package names a function like this module, which hides it from an import.
detect_module = import_module("custom_components.miner_monitor.miners.detect")

SETTING = {Setting.FREQUENCY: 490.0}
LOST = "no-such-miner.invalid"
BASIC = {"WWW-Authenticate": 'Basic realm="AxeOS"'}
SECRET_HEADERS = ("Authorization", "X-OTP-Session", "X-TOTP")


@dataclass
class Forger:
    """Says that it is a miner, by everything that can be seen of it from outside."""

    info: dict[str, Any]
    locked: bool = False
    location: str | None = None
    host: str = "127.0.0.1"
    port: int = 0
    requests: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append(f"{request.method} {request.path}")
        self.secrets += [
            request.headers[name] for name in SECRET_HEADERS if name in request.headers
        ]
        if self.location is not None:
            raise web.HTTPFound(self.location)
        if self.locked:
            return web.Response(status=401, headers=BASIC)
        return web.json_response(self.info)


@asynccontextmanager
async def forging(miner: SimulatedMiner, **how: Any) -> AsyncIterator[Forger]:
    """Let somebody pretend to be a miner."""
    forger = Forger(miner.reply("info"), **how)
    app = web.Application()
    app.router.add_route("*", "/{page:.*}", forger.handle)
    async with TestServer(app) as server:
        forger.port = server.port or 0
        yield forger


async def announce(hass: HomeAssistant, host: str, port: int) -> ConfigFlowResult:
    """Announce a web server by mDNS as a miner does, that was silent for a minute."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": "zeroconf"},
        data=ZeroconfServiceInfo(
            ip_address=ip_address(host),
            ip_addresses=[ip_address(host)],
            port=port,
            hostname="bitaxe.local.",
            type="_http._tcp.local.",
            name=f"Bitaxe {host} {port}._http._tcp.local.",
            properties={"board": "601", "family": "Gamma"},
        ),
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


async def lease(hass: HomeAssistant, host: str, mac: str) -> ConfigFlowResult:
    """Let a DHCP server be asked for an address."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": "dhcp"},
        data=DhcpServiceInfo(
            ip=host, hostname="bitaxe", macaddress=mac.replace(":", "").lower()
        ),
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


async def protected(
    bench: TimedBench, hass: HomeAssistant
) -> tuple[SimulatedMiner, MinerConfigEntry]:
    """Add a miner that wants a password, and give it a session as well."""
    miner = await bench.miner(LOCKED)
    entry = await add(hass, miner)
    data = {**entry.data, CONF_SESSION: "0123456789abcdef" * 2}
    hass.config_entries.async_update_entry(entry, data=data)
    await hass.config_entries.async_reload(entry.entry_id)
    await bench.advance(30)
    return miner, entry


def reauth_of(hass: HomeAssistant, entry: MinerConfigEntry) -> list[Any]:
    return [
        flow
        for flow in hass.config_entries.flow.async_progress()
        if flow["context"].get("entry_id") == entry.entry_id
    ]


async def by_mdns(hass: HomeAssistant, forger: Forger) -> None:
    await announced(hass, forger.host, forger.port)


async def by_dhcp(hass: HomeAssistant, forger: Forger) -> None:
    """Listen at the miner's port, and ask for a lease in its name."""
    (entry,) = hass.config_entries.async_entries(DOMAIN, include_ignore=False)[:1]
    data = {**entry.data, CONF_HOST: LOST, CONF_PORT: forger.port}
    hass.config_entries.async_update_entry(entry, data=data)
    result = await lease(hass, forger.host, GAMMA.mac or "")
    assert result["reason"] == "already_configured"


async def by_a_neighbour(hass: HomeAssistant, forger: Forger) -> None:
    """Another miner's entry finds it at its own address."""
    (other,) = [
        entry
        for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False)
        if entry.unique_id == (GAMMA_2.mac or "").lower()
    ]
    data = {**other.data, CONF_HOST: forger.host, CONF_PORT: forger.port}
    hass.config_entries.async_update_entry(other, data=data)


type Announce = Callable[[HomeAssistant, Forger], Awaitable[None]]


@pytest.mark.parametrize("online", [False, True], ids=["away", "there"])
@pytest.mark.parametrize("locked", [True, False], ids=["locked", "open"])
@pytest.mark.parametrize("how", [by_mdns, by_dhcp, by_a_neighbour])
async def test_a_forged_announcement_gets_no_password(
    bench: TimedBench,
    hass: HomeAssistant,
    how: Announce,
    locked: bool,
    online: bool,
) -> None:
    """Whether it tells our MAC at once, asks first, or begins to ask later."""
    miner, entry = await protected(bench, hass)
    if how is by_a_neighbour:
        await bench.add(await bench.miner(GAMMA_2))
    async with forging(miner, locked=locked) as forger:
        if not online:
            miner.inject("offline")
            await bench.advance(120)
        await how(hass, forger)
        await bench.advance(120)
        forger.locked = not locked
        await bench.advance(120)
        forger.locked = True
        await bench.advance(120)
        with suppress(*FAILURES):
            controller = entry.runtime_data.controller
            await bench.run(controller.async_apply(SETTING))

        assert forger.requests or (online and how is by_dhcp)
        assert forger.secrets == []
    assert entry.data[CONF_PASSWORD] == PASSWORD
    if not online:
        for flow in reauth_of(hass, entry):
            assert flow["step_id"] == "new_address"
            hass.config_entries.flow.async_abort(flow["flow_id"])
        miner.clear()
        await bench.advance(300)
        if how is not by_dhcp:
            assert is_online(entry), "it is found again, with its password"


async def moved(
    bench: TimedBench, hass: HomeAssistant, miner: SimulatedMiner
) -> tuple[str, int]:
    """Give a miner another address, and announce it."""
    where = ("127.0.0.1", free_port())
    await miner.move(*where)
    await bench.advance(120)
    await announced(hass, *where)
    await bench.advance(90)
    return where


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


async def announced(hass: HomeAssistant, host: str, port: int) -> None:
    """Announce it, and do not answer the offer to add it as a new one."""
    result = await announce(hass, host, port)
    if result["type"] is FlowResultType.FORM:
        hass.config_entries.flow.async_abort(result["flow_id"])


async def test_the_user_confirms_where_a_locked_miner_is(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """It asks for the password before it says who it is; the stored one does."""
    miner = await bench.miner(LOCKED)
    entry = await add(hass, miner)
    known = miner.port
    host, port = await moved(bench, hass, miner)
    entry.runtime_data.async_offer_address(host, port)
    await bench.advance(60)
    assert not is_online(entry)
    assert entry.data[CONF_PORT] == known

    (flow,) = reauth_of(hass, entry)
    result = await hass.config_entries.flow.async_configure(flow["flow_id"])
    check_form(result, "new_address")
    assert result["description_placeholders"] == {
        "name": entry.title,
        "host": f"{host}:{port}",
        "known": f"127.0.0.1:{known}",
    }
    miner.inject("offline")
    result = await answer(hass, result, {})
    check_form(result, "new_address", {"base": "cannot_connect"})
    miner.clear()
    result = await answer(hass, result, {})

    assert result["reason"] == "reauth_successful"
    assert (entry.data[CONF_HOST], entry.data[CONF_PORT]) == (host, port)
    assert CONF_TRUSTED not in entry.data
    assert is_online(entry)


async def test_a_new_password_at_the_new_address(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Both may have changed; it is proved that it is the miner before it is stored."""
    miner = await bench.miner(LOCKED)
    entry = await add(hass, miner)
    changed = replace(LOCKED, password=OTHER_PASSWORD)
    miner.close()
    miner = await bench.miner(changed)
    await bench.advance(120)
    entry.runtime_data.async_offer_address(miner.host, miner.port)
    await bench.advance(90)

    (flow,) = reauth_of(hass, entry)
    result = await answer(hass, flow, {})
    check_form(result, "reauth_confirm")
    result = await answer(hass, result, OTHER_LOGIN)

    assert result["reason"] == "reauth_successful"
    assert entry.data[CONF_PORT] == miner.port
    assert entry.data[CONF_PASSWORD] == OTHER_PASSWORD
    assert is_online(entry)


async def test_the_user_does_not_confirm_a_stranger(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Who is behind the password is another one: nothing is stored."""
    miner = await bench.miner(LOCKED)
    entry = await add(hass, miner)
    before = dict(entry.data)
    miner.inject("offline")
    stranger = await bench.miner(replace(GAMMA_2, username=USER, password=PASSWORD))
    await bench.advance(120)
    entry.runtime_data.async_offer_address(stranger.host, stranger.port)
    await bench.advance(60)

    (flow,) = reauth_of(hass, entry)
    result = await answer(hass, flow, {})

    check_form(result, "new_address", {"base": "wrong_device"})
    assert entry.data == before


async def test_a_session_waits_for_the_user(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Who reads without a code moves at once; what it writes to has to be confirmed."""
    miner = await bench.miner(CODED)
    entry = await add(hass, miner)
    flow = await ask_again(hass, entry, needs_code=True)
    await answer(hass, flow, {"code": CODE})
    known = miner.port
    _, port = await moved(bench, hass, miner)
    assert is_online(entry)
    assert entry.data[CONF_PORT] == port
    assert entry.data[CONF_TRUSTED] == f"127.0.0.1:{known}"
    miner.forget_requests()

    with pytest.raises(HomeAssistantError) as raised:
        await bench.call("button", "press", PRESS)
    assert raised.value.translation_key == "code_required"
    await bench.settle()
    (asked,) = reauth_of(hass, entry)
    assert asked["step_id"] == "new_address"
    result = await answer(hass, asked, {})
    assert result["reason"] == "reauth_successful"
    assert CONF_TRUSTED not in entry.data

    await bench.call("button", "press", PRESS)
    assert writes(miner)[-1] == "/api/system/restart"


async def test_back_at_the_known_address(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """There is nothing to confirm where it was before."""
    miner = await bench.miner(NERD)
    entry = await add(hass, miner)
    known = miner.port
    await moved(bench, hass, miner)
    assert entry.data[CONF_TRUSTED] == f"127.0.0.1:{known}"

    await miner.move("127.0.0.1", known)
    await bench.advance(120)
    await announced(hass, "127.0.0.1", known)
    await bench.advance(90)

    assert is_online(entry)
    assert entry.data[CONF_PORT] == known
    assert CONF_TRUSTED not in entry.data


async def test_no_redirect_is_followed(bench: TimedBench, hass: HomeAssistant) -> None:
    """Nobody is asked but who was announced, whatever he answers."""
    miner, entry = await protected(bench, hass)
    miner.inject("offline")
    await bench.advance(120)
    async with forging(miner) as other:
        location = f"http://127.0.0.1:{other.port}/api/system/info"
        async with forging(miner, location=location) as forger:
            entry.runtime_data.async_offer_address(forger.host, forger.port)
            assert (await announce(hass, forger.host, forger.port))["reason"]
            await bench.advance(120)

            assert forger.requests
            assert forger.secrets == []
        assert other.requests == []


async def test_a_known_address_gets_it_only_when_it_asks(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Another device may have taken it: that one is recognised without."""
    miner, _ = await protected(bench, hass)
    port = miner.port
    miner.close()
    stranger = Forger({**miner.reply("info"), "macAddr": "E4:B0:63:00:00:99"})
    app = web.Application()
    app.router.add_route("*", "/{page:.*}", stranger.handle)
    async with TestServer(app, port=port):
        await bench.advance(300)

        assert stranger.requests
        assert stranger.secrets == []


async def test_who_adds_a_locked_miner_again_confirms_its_address(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """The user typed its password for that address, and it is ours."""
    miner = await bench.miner(LOCKED)
    entry = await add(hass, miner)
    host, port = "127.0.0.1", free_port()
    await miner.move(host, port)
    await bench.advance(120)
    result = await announce(hass, host, port)
    check_form(result, "credentials")

    result = await answer(hass, result, LOGIN)
    await bench.advance(60)

    assert result["reason"] == "already_configured"
    assert entry.data[CONF_PORT] == port
    assert CONF_TRUSTED not in entry.data
    assert is_online(entry)


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("10.0.0.5", True),
        ("172.16.0.1", True),
        ("172.31.255.254", True),
        ("192.168.1.20", True),
        ("127.0.0.1", True),
        ("172.32.0.1", False),
        ("169.254.10.1", False),
        ("100.64.0.1", False),
        ("8.8.8.8", False),
        ("0.0.0.0", False),
        ("224.0.0.251", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("bitaxe.local", False),
        ("", False),
    ],
)
async def test_only_private_addresses_are_asked(
    bench: TimedBench, hass: HomeAssistant, host: str, private: bool
) -> None:
    assert is_private(host) is private
    if private or not host or host == "bitaxe.local":
        return
    for result in (
        await announce(hass, host, 80),
        await lease(hass, host, GAMMA.mac or ""),
    ):
        assert (result["type"], result["reason"]) == (
            FlowResultType.ABORT,
            "not_private",
        )


@asynccontextmanager
async def silent(count: int) -> AsyncIterator[tuple[list[str], int, list[int]]]:
    """Be hosts that take connections and say nothing; count who waits at a time.

    Yields the hosts, their port, and the most that waited.
    """
    hosts = [f"127.0.0.{last}" for last in range(2, 2 + count)]
    socket_allow_hosts(["127.0.0.1", *hosts])
    waiting: dict[str, int] = {}
    most = [0]

    async def handle(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        host = writer.get_extra_info("sockname")[0]
        waiting[host] = waiting.get(host, 0) + 1
        most[0] = max(most[0], sum(1 for number in waiting.values() if number))
        with suppress(ConnectionError):
            while await reader.read(1000):
                pass
        waiting[host] -= 1
        writer.close()

    port = free_port()
    async with await asyncio.start_server(handle, hosts, port):
        yield hosts, port, most


async def test_a_flood_of_addresses(bench: TimedBench, hass: HomeAssistant) -> None:
    """Sixteen are asked at a time; a user who adds a miner does not wait for them."""
    miner = await bench.miner(GAMMA)
    async with silent(40) as (hosts, port, most):
        flood = [
            asyncio.create_task(
                hass.config_entries.flow.async_init(
                    DOMAIN, context={"source": "zeroconf"}, data=found(host, port)
                )
            )
            for host in hosts
        ]
        await bench.settle()
        assert most[0] == 16
        entry = await bench.add(miner)
        assert is_online(entry)

        await bench.advance(120)
        results = [await asyncio.wait_for(task, 60) for task in flood]
        assert {result["reason"] for result in results} == {"timeout"}
        assert most[0] == 16


def found(
    host: str, port: int, name: str = "Bitaxe", **properties: str | None
) -> ZeroconfServiceInfo:
    return ZeroconfServiceInfo(
        ip_address=ip_address(host),
        ip_addresses=[ip_address(host)],
        port=port,
        hostname="bitaxe.local.",
        type="_http._tcp.local.",
        name=f"{name} {host}._http._tcp.local.",
        properties=properties,
    )


async def test_a_flood_for_one_address(bench: TimedBench, hass: HomeAssistant) -> None:
    """It is asked once, and offered once, however often it is announced."""
    miner = await bench.miner(GAMMA)
    miner.forget_requests()

    flood = [
        asyncio.create_task(
            hass.config_entries.flow.async_init(
                DOMAIN,
                context={"source": "zeroconf"},
                data=found(miner.host, miner.port),
            )
        )
        for _ in range(50)
    ]
    results = [await bench.run(asyncio.wait_for(task, 60)) for task in flood]

    offered = [item for item in results if item["type"] is FlowResultType.FORM]
    assert len(offered) == 1
    assert {item["reason"] for item in results if item not in offered} == {
        "already_in_progress"
    }
    asked = [request.path for request in miner.requests]
    assert asked.count("/api/system/info") == 1
    assert len(hass.config_entries.flow.async_progress()) == 1


async def test_a_host_is_asked_once_a_minute(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """However often it is announced, by whatever name; its last word is not lost."""
    miner = await bench.miner(GAMMA)
    miner.inject("empty_object")
    miner.forget_requests()
    asked: list[int] = []
    flood: list[asyncio.Task[ConfigFlowResult]] = []
    for second in range(150):
        data = found(miner.host, miner.port, name=f"Bitaxe {second}")
        flood.append(zeroconf(hass, data))
        if second == 100:
            miner.clear()
        await bench.advance(1)
        asked.append(len({round(request.time) for request in miner.requests}))
    assert asked[0] == asked[58] == 1
    assert asked[62] == asked[118] == 2
    assert asked[122] == asked[-1] == 3

    reasons = [(await task).get("reason") for task in flood]
    assert reasons[0] == reasons[1] == "not_a_miner"
    assert reasons.count("not_a_miner") == 2
    assert reasons.count(None) == 1
    assert set(reasons) == {"not_a_miner", "already_in_progress", None}
    (shown,) = hass.config_entries.flow.async_progress()
    assert shown["step_id"] == "discovery_confirm"


async def test_all_ports_of_a_host_are_one(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Nobody lets a host's ports be tried one after the other."""
    async with silent(1) as ((host,), port, _):
        flood = [zeroconf(hass, found(host, port + step)) for step in range(5)]
        await bench.advance(10)
        ended = [task.result()["reason"] for task in flood if task.done()]
        assert len(ended) == 4
        assert ended.count("already_in_progress") == 3
        await bench.advance(70)
        ended = [task.result()["reason"] for task in flood]
        assert ended.count("already_in_progress") == 3


def zeroconf(
    hass: HomeAssistant, data: ZeroconfServiceInfo
) -> asyncio.Task[ConfigFlowResult]:
    """Begin what an announcement begins."""
    init = hass.config_entries.flow.async_init
    return asyncio.create_task(init(DOMAIN, context={"source": "zeroconf"}, data=data))


@pytest.mark.parametrize(
    ("spec", "label"),
    [
        (GAMMA, "Gamma 601 A1B2 (127.0.0.1:{port})"),
        (NERD, "NerdQAxe++ garage-rig (127.0.0.1:{port})"),
        (LOCKED, "Bitaxe 127.0.0.1 {port} (127.0.0.1)"),
    ],
    ids=["default host name", "own host name", "locked"],
)
async def test_what_a_card_shows(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec, label: str
) -> None:
    """Model, name and address; of one that says nothing, what it announced."""
    miner = await bench.miner(spec)
    result = await announce(hass, miner.host, miner.port)
    assert result["type"] is FlowResultType.FORM
    (card,) = hass.config_entries.flow.async_progress()
    shown = card["context"]["title_placeholders"]
    assert shown == {"name": label.format(port=miner.port)}


async def test_a_card_by_dhcp(
    bench: TimedBench, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The usual port is not shown."""
    miner = await bench.miner(GAMMA)
    usual = dict.fromkeys(detect_module.DEFAULT_PORTS, miner.port)
    monkeypatch.setattr(detect_module, "DEFAULT_PORTS", usual)
    monkeypatch.setattr(probe, "DEFAULT_PORTS", usual)
    await lease(hass, miner.host, GAMMA.mac or "")
    (card,) = hass.config_entries.flow.async_progress()
    shown = card["context"]["title_placeholders"]
    assert shown == {"name": "Gamma 601 A1B2 (127.0.0.1)"}


async def test_an_ignored_miner_stays_ignored(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """However and wherever it is announced again."""
    miner = await bench.miner(GAMMA)
    result = await announce(hass, miner.host, miner.port)
    (card,) = hass.config_entries.flow.async_progress()
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_IGNORE},
        data={"unique_id": card["context"]["unique_id"], "title": "Gamma"},
    )
    assert result["flow_id"] == card["flow_id"]
    for _ in range(2):
        await miner.move(miner.host, free_port())
        await bench.advance(60)
        again = await announce(hass, miner.host, miner.port)
        assert again["reason"] == "already_configured"
    assert hass.config_entries.flow.async_progress() == []


async def offered(bench: TimedBench, miner: SimulatedMiner, way: str) -> dict[str, Any]:
    """Let a miner be found as AxeOS is, and return what its flow begins with."""
    await bench.advance(60)
    name = "Bitaxe Gamma 601 (A1B2)._http._tcp.local."
    announced = replace(found(miner.host, miner.port), name=name)
    init = bench.hass.config_entries.flow.async_init
    leased = DhcpServiceInfo(
        ip=miner.host,
        hostname="bitaxe",
        macaddress=(GAMMA.mac or "").replace(":", "").lower(),
    )
    data = announced if way == "zeroconf" else leased
    return {**await bench.run(init(DOMAIN, context={"source": way}, data=data))}


@pytest.mark.parametrize("locked_later", [False, True])
@pytest.mark.parametrize("ways", [("zeroconf", "dhcp"), ("dhcp", "zeroconf")])
async def test_a_locked_miner_that_is_ignored_stays_ignored(
    bench: TimedBench,
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    ways: tuple[str, str],
    locked_later: bool,
) -> None:
    """Whichever way it is found then, with a password or without; others are not."""
    miner = await bench.miner(GAMMA)
    usual = dict.fromkeys(detect_module.DEFAULT_PORTS, miner.port)
    monkeypatch.setattr(detect_module, "DEFAULT_PORTS", usual)
    if not locked_later:
        miner.inject("unauthorized", realm="AxeOS")
    card = await offered(bench, miner, ways[0])
    assert card["step_id"] == ("discovery_confirm" if locked_later else "credentials")
    (flow,) = hass.config_entries.flow.async_progress()
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_IGNORE},
        data={"unique_id": flow["context"]["unique_id"], "title": "Gamma"},
    )

    miner.inject("unauthorized", realm="AxeOS")
    for way in (*ways, *ways):
        again = await offered(bench, miner, way)
        assert again["reason"] == "already_configured", way
    miner.clear()
    for way in ways:
        again = await offered(bench, miner, way)
        assert again["reason"] == "already_configured", way

    await bench.advance(60)
    other = await bench.miner(replace(GAMMA_2, username=USER, password=PASSWORD))
    card = await announce(hass, other.host, other.port)
    check_form(card, "credentials")


type Properties = dict[bytes | str, bytes | str | None]

HOSTILE: dict[str, Properties] = {
    "NerdOS": {"asic": "BM1370", "family": "NerdQAxe++"},
    "10 kB": {"asic": "BM1370", **{f"k{i}": "x" * 240 for i in range(42)}},
    "broken UTF-8": {b"asic": b"bm\xff\xfe\xc3", b"family": b"\x80\x00\x1b[31m"},
    "no value": {"asic": "bm1", "board": None, "": None},
}


async def heard(
    hass: HomeAssistant, port: int, name: str, properties: Properties
) -> None:
    """Let a web server be announced on the wire."""
    kind = "_http._tcp.local."
    service = AsyncServiceInfo(
        kind,
        f"{name}.{kind}",
        addresses=[b"\x7f\0\0\1"],
        port=port,
        properties=properties,
        server="x.local.",
    )
    browser = ZeroconfDiscovery(
        hass, MagicMock(), await async_get_zeroconf(hass), {}, {}, service
    )
    with (
        patch.object(AsyncServiceInfo, "load_from_cache", return_value=True),
        patch(
            "homeassistant.components.zeroconf.discovery.AsyncServiceInfo",
            return_value=service,
        ),
    ):
        browser.async_service_update(
            MagicMock(), kind, service.name, ServiceStateChange.Added
        )


@pytest.mark.parametrize("name", ["NerdQAxe", "M\u00fcller <b>" + "x" * 40])
@pytest.mark.parametrize("properties", HOSTILE.values(), ids=HOSTILE)
async def test_text_records(
    bench: TimedBench, hass: HomeAssistant, name: str, properties: Properties
) -> None:
    """A miner is found by its chip, and what else a record says stays harmless."""
    miner = await bench.miner(NERD)
    await heard(hass, miner.port, name, properties)
    await bench.settle()
    (card,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    shown = card["context"]["title_placeholders"]["name"]
    assert shown == f"NerdQAxe++ garage-rig (127.0.0.1:{miner.port})"


@pytest.mark.parametrize("properties", [{"asic": "ESP32"}, {"asic": None}, {}])
async def test_other_web_servers(
    bench: TimedBench, hass: HomeAssistant, properties: Properties
) -> None:
    """One that announces no chip of a miner is not even asked."""
    miner = await bench.miner(NERD)
    miner.forget_requests()
    await heard(hass, miner.port, "Printer", properties)
    await bench.settle()
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN) == []
    assert miner.requests == ()
