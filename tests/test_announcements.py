"""Who announces an address gets a question, and never a password.

Everybody in a network can announce anything, and see the MAC address of a miner.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
import socket
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import pytest

from custom_components.miner_monitor.const import CONF_SESSION, CONF_TRUSTED, DOMAIN
from custom_components.miner_monitor.coordinator import MinerConfigEntry
from custom_components.miner_monitor.flows.probe import is_private
from custom_components.miner_monitor.miners.model import Setting
from custom_components.miner_monitor.runtime.messages import FAILURES
from simulator import SimulatedMiner

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
    """Announce a web server by mDNS as a miner does."""
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
    miner.requests.clear()

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
async def silent(count: int) -> AsyncIterator[tuple[list[int], list[int]]]:
    """Take connections at some ports and say nothing; count who waits at a time."""
    waiting: dict[int, int] = {}
    most = [0]

    async def handle(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        port = writer.get_extra_info("sockname")[1]
        waiting[port] = waiting.get(port, 0) + 1
        most[0] = max(most[0], sum(1 for number in waiting.values() if number))
        with suppress(ConnectionError):
            while await reader.read(1000):
                pass
        waiting[port] -= 1
        writer.close()

    servers = [await asyncio.start_server(handle, "127.0.0.1", 0) for _ in range(count)]
    try:
        yield [one.sockets[0].getsockname()[1] for one in servers], most
    finally:
        for one in servers:
            one.close()


async def test_a_flood_of_addresses(bench: TimedBench, hass: HomeAssistant) -> None:
    """Sixteen are asked at a time; a user who adds a miner does not wait for them."""
    miner = await bench.miner(GAMMA)
    async with silent(40) as (ports, most):
        flood = [
            asyncio.create_task(
                hass.config_entries.flow.async_init(
                    DOMAIN, context={"source": "zeroconf"}, data=found(miner.host, port)
                )
            )
            for port in ports
        ]
        await bench.settle()
        assert most[0] == 16
        entry = await bench.add(miner)
        assert is_online(entry)

        await bench.advance(120)
        results = [await asyncio.wait_for(task, 60) for task in flood]
        assert {result["reason"] for result in results} == {"timeout"}
        assert most[0] == 16


def found(host: str, port: int) -> ZeroconfServiceInfo:
    return ZeroconfServiceInfo(
        ip_address=ip_address(host),
        ip_addresses=[ip_address(host)],
        port=port,
        hostname="bitaxe.local.",
        type="_http._tcp.local.",
        name=f"Bitaxe {host}._http._tcp.local.",
        properties={},
    )


async def test_a_flood_for_one_address(bench: TimedBench, hass: HomeAssistant) -> None:
    """It is asked once, and offered once, however often it is announced."""
    miner = await bench.miner(GAMMA)
    miner.requests.clear()

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
