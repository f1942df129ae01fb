"""Passwords and one-time codes: asked for when needed, checked, and never shown."""

from base64 import b64encode
from dataclasses import replace
from importlib import import_module
from ipaddress import ip_address
import json
import logging
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.const import (
    CONF_CODE,
    CONF_HOST,
    CONF_PASSWORD,
    CONF_PORT,
    CONF_USERNAME,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.miner_monitor.const import CONF_SESSION, CONF_UNIT, DOMAIN
from custom_components.miner_monitor.coordinator import MinerConfigEntry
from custom_components.miner_monitor.miners.model import Family
from custom_components.miner_monitor.repairs import async_create_fix_flow
from custom_components.miner_monitor.runtime.entries import NEEDS_CODE
from simulator import MinerSpec, SimulatedMiner

from .conftest import GAMMA, GAMMA_2, NERD, RB4, TimedBench

USER = "satoshi"
PASSWORD = "correct horse battery staple"
OTHER_PASSWORD = "Tr0ub4dor & 3"
CODE = "314159"
WRONG_CODE = "271828"
SECRETS = (PASSWORD, OTHER_PASSWORD, CODE, WRONG_CODE)
LOGIN = {CONF_USERNAME: USER, CONF_PASSWORD: PASSWORD}
OTHER_LOGIN = {CONF_USERNAME: USER, CONF_PASSWORD: OTHER_PASSWORD}


MOST_WRONG_CODES = 5
CLOSED_PORT = 1

LOCKED = replace(GAMMA, username=USER, password=PASSWORD)
CODED = replace(NERD, firmware="1.0.35", otp_code=CODE)
"""Before 1.0.36 a restart wants a code, as settings do of any release."""
PRESS = {"entity_id": "button.garage_rig_restart"}


def address(miner: SimulatedMiner) -> str:
    return f"{miner.host}:{miner.port}"


async def exchange(
    bench: TimedBench, miner: SimulatedMiner, spec: MinerSpec
) -> SimulatedMiner:
    """Put another miner where one was: the same with a new password, or a stranger."""
    miner.close()
    return await bench.miner(replace(spec, port=miner.port))


def writes(miner: SimulatedMiner) -> list[str]:
    """Return what a miner was sent beyond questions."""
    return [request.path for request in miner.requests if request.method != "GET"]


async def begin(
    hass: HomeAssistant, source: str, data: Any = None, **context: str
) -> ConfigFlowResult:
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": source, **context}, data=data
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


async def answer(
    hass: HomeAssistant, result: ConfigFlowResult, user_input: dict[str, str]
) -> ConfigFlowResult:
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], user_input
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


def check_form(
    result: ConfigFlowResult, step: str, errors: dict[str, str] | None = None
) -> None:
    """Hold a form against what is expected; no secret is in it."""
    assert result["type"] is FlowResultType.FORM
    assert (result["step_id"], result["errors"]) == (step, errors or {})
    shown = [key.description for key in result["data_schema"].schema]
    text = f"{shown} {result['description_placeholders']}"
    assert not any(secret in text for secret in SECRETS)


async def add(
    hass: HomeAssistant, miner: SimulatedMiner, login: dict[str, str] = LOGIN
) -> MinerConfigEntry:
    """Add a miner as a user does, with the password if it is asked for one."""
    result = await begin(hass, "user", {CONF_HOST: address(miner)})
    if miner.spec.password:
        result = await answer(hass, result, login)
    assert result["type"] is FlowResultType.CREATE_ENTRY, result
    entry: MinerConfigEntry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    return entry


def is_online(entry: MinerConfigEntry) -> bool:
    """Whether the miner answered the entry's last poll."""
    return entry.state is ConfigEntryState.LOADED and (
        entry.runtime_data.data.online is True
    )


@pytest.mark.parametrize("user", [USER, "", "sátoshi: x"])
async def test_add(bench: TimedBench, hass: HomeAssistant, user: str) -> None:
    """A miner that asks for a password is added with it, with a user name or none."""
    miner = await bench.miner(replace(LOCKED, username=user))
    result = await begin(hass, "user", {CONF_HOST: address(miner)})
    check_form(result, "credentials")
    assert result["description_placeholders"] == {"address": address(miner)}

    login = {CONF_USERNAME: user} if user else {}
    result = await answer(hass, result, {**login, CONF_PASSWORD: PASSWORD})

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Gamma 601 A1B2"
    assert result["data"].get(CONF_USERNAME, "") == user
    assert result["data"][CONF_PASSWORD] == PASSWORD
    assert is_online(result["result"])


async def test_nothing_is_stored_that_was_not_asked_for(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """A miner without a password has none in its entry."""
    entry = await add(hass, await bench.miner(GAMMA))

    assert not {CONF_USERNAME, CONF_PASSWORD, CONF_SESSION} & entry.data.keys()


async def test_a_login_that_fails_can_be_corrected(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Each cause has its own text; the user name stays, the password does not."""
    miner = await bench.miner(LOCKED)
    result = await begin(hass, "user", {CONF_HOST: address(miner)})

    result = await answer(hass, result, OTHER_LOGIN)
    check_form(result, "credentials", {"base": "invalid_auth"})
    (suggested,) = [
        key.description["suggested_value"]
        for key in result["data_schema"].schema
        if key == CONF_USERNAME
    ]
    assert suggested == USER

    miner.inject("offline")
    result = await answer(hass, result, LOGIN)
    check_form(result, "credentials", {"base": "cannot_connect"})

    miner.clear()
    result = await answer(hass, result, LOGIN)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_cards_behind_a_password(bench: TimedBench, hass: HomeAssistant) -> None:
    """The password is asked for once, before the card is chosen."""
    rig = await bench.miner(RB4)
    app = web.Application()
    pair = b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    async def guard(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Basic {pair}":
            headers = {"WWW-Authenticate": 'Basic realm="exporter"'}
            return web.Response(status=401, headers=headers)
        asking = ClientSession()
        async with asking, asking.get(f"{rig.url}{request.path}") as page:
            return web.Response(text=await page.text())

    app.router.add_get("/{page}", guard)
    async with TestServer(app) as proxy:
        result = await begin(hass, "user", {CONF_HOST: f"127.0.0.1:{proxy.port}"})
        check_form(result, "credentials")
        result = await answer(hass, result, LOGIN)
        check_form(result, "unit")
        result = await answer(hass, result, {CONF_UNIT: "card1"})

        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["data"][CONF_PASSWORD] == PASSWORD
        assert is_online(result["result"])


async def test_a_locked_miner_is_added_once(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """The password tells who it is, and so that it is known."""
    miner = await bench.miner(LOCKED)
    await add(hass, miner)

    result = await begin(hass, "user", {CONF_HOST: address(miner)})
    result = await answer(hass, result, LOGIN)

    assert result["reason"] == "already_configured"


def dhcp(spec: MinerSpec) -> DhcpServiceInfo:
    assert spec.mac is not None
    mac = spec.mac.replace(":", "").lower()
    return DhcpServiceInfo(ip="127.0.0.1", hostname="bitaxe", macaddress=mac)


def zeroconf(miner: SimulatedMiner) -> ZeroconfServiceInfo:
    return ZeroconfServiceInfo(
        ip_address=ip_address(miner.host),
        ip_addresses=[ip_address(miner.host)],
        port=miner.port,
        hostname="bitaxe.local.",
        type="_http._tcp.local.",
        name="Bitaxe Gamma 601 (A1B2)._http._tcp.local.",
        properties={"board": "601", "family": "Gamma"},
    )


@pytest.fixture
def usual_port(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let a port be the one that is tried when none is given."""
    detect = import_module("custom_components.miner_monitor.miners.detect")

    def put(port: int) -> None:
        others = dict.fromkeys(detect.DEFAULT_PORTS, CLOSED_PORT)
        ports = {**others, Family.AXEOS: port}
        monkeypatch.setattr(detect, "DEFAULT_PORTS", ports)

    return put


async def test_a_locked_miner_is_discovered(
    bench: TimedBench, hass: HomeAssistant, usual_port: Any
) -> None:
    """It is offered by the name it was found with; its password is the consent."""
    miner = await bench.miner(LOCKED)
    usual_port(miner.port)

    result = await begin(hass, "dhcp", dhcp(GAMMA))
    check_form(result, "credentials")
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["title_placeholders"] == {"name": "bitaxe (127.0.0.1)"}
    # It makes itself known in both ways as it starts.
    await bench.advance(60)
    again = await begin(hass, "zeroconf", zeroconf(miner))
    assert again["reason"] == "already_in_progress"

    result = await answer(hass, result, OTHER_LOGIN)
    check_form(result, "credentials", {"base": "invalid_auth"})
    result = await answer(hass, result, LOGIN)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].unique_id == (GAMMA.mac or "").lower()
    assert is_online(result["result"])


@pytest.mark.parametrize("entered", ["127.0.0.1", "bitaxe.local"])
async def test_a_known_locked_miner_is_not_offered(
    bench: TimedBench, hass: HomeAssistant, entered: str
) -> None:
    """What stands at the address of an entry is that entry's matter."""
    miner = await bench.miner(LOCKED)
    entry = await add(hass, miner)
    data = {**entry.data, CONF_HOST: entered}
    hass.config_entries.async_update_entry(entry, data=data)

    result = await begin(hass, "zeroconf", zeroconf(miner))

    assert result["reason"] == "already_configured"


async def test_an_ignored_locked_miner_stays_ignored(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Its name on the network is what it is ignored by."""
    miner = await bench.miner(LOCKED)
    result = await begin(hass, "zeroconf", zeroconf(miner))
    check_form(result, "credentials")
    (flow,) = hass.config_entries.flow.async_progress()
    name = flow["context"]["title_placeholders"]["name"]
    assert name == "Bitaxe Gamma 601 (A1B2) (127.0.0.1)"
    ignored = {"unique_id": flow["context"]["unique_id"], "title": name}
    await begin(hass, "ignore", ignored)

    await bench.advance(60)
    again = await begin(hass, "zeroconf", zeroconf(miner))

    assert again["reason"] == "already_configured"


async def test_reconfigure_keeps_credentials(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """A new address is proved with the password of before, which stays."""
    miner = await bench.miner(LOCKED)
    entry = await add(hass, miner)
    data = {**entry.data, CONF_SESSION: "a session"}
    hass.config_entries.async_update_entry(entry, data=data)
    miner.close()
    miner = await bench.miner(LOCKED)

    result = await begin(hass, "reconfigure", entry_id=entry.entry_id)
    result = await answer(hass, result, {CONF_HOST: address(miner)})

    assert result["reason"] == "reconfigure_successful"
    assert entry.data == {**data, CONF_PORT: miner.port}
    assert is_online(entry)


async def test_reconfigure_asks_for_a_new_password(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Behind the password must be the same miner."""
    miner = await bench.miner(LOCKED)
    entry = await add(hass, miner)
    changed = {"username": USER, "password": OTHER_PASSWORD}
    other = await bench.miner(replace(GAMMA_2, **changed))
    result = await begin(hass, "reconfigure", entry_id=entry.entry_id)
    miner = await exchange(bench, miner, replace(LOCKED, **changed))

    result = await answer(hass, result, {CONF_HOST: address(other)})
    check_form(result, "credentials")
    result = await answer(hass, result, LOGIN)
    check_form(result, "credentials", {"base": "invalid_auth"})
    result = await answer(hass, result, OTHER_LOGIN)
    check_form(result, "reconfigure", {CONF_HOST: "wrong_device"})
    assert entry.data[CONF_PASSWORD] == PASSWORD

    result = await answer(hass, result, {CONF_HOST: address(miner)})
    check_form(result, "credentials")
    result = await answer(hass, result, OTHER_LOGIN)
    assert result["reason"] == "reconfigure_successful"
    assert entry.data[CONF_PASSWORD] == OTHER_PASSWORD
    assert is_online(entry)


async def test_the_repair_knows_the_password(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """The new address that a repair is given is proved with what is stored."""
    miner = await bench.miner(LOCKED)
    entry = await add(hass, miner)
    miner.close()
    miner = await bench.miner(LOCKED)
    repair = await async_create_fix_flow(hass, "any", {"entry_id": entry.entry_id})
    repair.hass = hass
    await repair.async_step_init()

    result = await repair.async_step_address({CONF_HOST: address(miner)})

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.data[CONF_PORT] == miner.port


async def ask_again(
    hass: HomeAssistant, entry: MinerConfigEntry, *, needs_code: bool
) -> ConfigFlowResult:
    """Start what is started when a miner refuses, twice, and find the one flow."""
    for _ in range(2):
        entry.async_start_reauth(hass, data={NEEDS_CODE: needs_code})
        await hass.async_block_till_done(wait_background_tasks=True)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"
    return await hass.config_entries.flow.async_configure(flow["flow_id"])


async def test_new_password(bench: TimedBench, hass: HomeAssistant) -> None:
    """A password that was changed on the miner is asked for until it is right."""
    miner = await bench.miner(LOCKED)
    entry = await add(hass, miner)
    stranger = replace(GAMMA_2, username=USER, password=OTHER_PASSWORD)
    miner = await exchange(bench, miner, stranger)
    result = await ask_again(hass, entry, needs_code=False)
    check_form(result, "reauth_confirm")
    assert result["description_placeholders"] == {"name": entry.title}

    result = await answer(hass, result, LOGIN)
    check_form(result, "reauth_confirm", {"base": "invalid_auth"})
    result = await answer(hass, result, OTHER_LOGIN)
    check_form(result, "reauth_confirm", {"base": "wrong_device"})
    miner = await exchange(bench, miner, replace(LOCKED, password=OTHER_PASSWORD))
    miner.inject("offline")
    result = await answer(hass, result, OTHER_LOGIN)
    check_form(result, "reauth_confirm", {"base": "cannot_connect"})
    assert entry.data[CONF_PASSWORD] == PASSWORD

    miner.clear()
    result = await answer(hass, result, OTHER_LOGIN)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert entry.data[CONF_PASSWORD] == OTHER_PASSWORD
    assert is_online(entry)


async def test_a_user_name_can_go(bench: TimedBench, hass: HomeAssistant) -> None:
    """A user name that is left out is one no longer."""
    miner = await bench.miner(LOCKED)
    entry = await add(hass, miner)
    await exchange(bench, miner, replace(LOCKED, username=""))
    result = await ask_again(hass, entry, needs_code=False)

    result = await answer(hass, result, {CONF_PASSWORD: PASSWORD})

    assert result["reason"] == "reauth_successful"
    assert is_online(entry)


async def test_one_time_code(bench: TimedBench, hass: HomeAssistant) -> None:
    """The code is traded for a session with the right miner; reading needs none."""
    miner = await bench.miner(CODED)
    entry = await add(hass, miner)
    result = await ask_again(hass, entry, needs_code=True)
    check_form(result, "one_time_code")
    assert result["description_placeholders"] == {"name": entry.title}
    for no_code in ("", "12345", "1234567", "abcdef", "١٢٣٤٥٦"):
        result = await answer(hass, result, {CONF_CODE: no_code})
        check_form(result, "one_time_code", {CONF_CODE: "invalid_code"})
    assert writes(miner) == []

    stranger = replace(CODED, name="stranger", mac="AC:A7:04:00:00:06")
    without_codes = replace(CODED, otp_code=None)
    for spec, error in ((stranger, "wrong_device"), (without_codes, "no_session")):
        miner = await exchange(bench, miner, spec)
        result = await answer(hass, result, {CONF_CODE: CODE})
        check_form(result, "one_time_code", {CONF_CODE: error})
    miner = await exchange(bench, miner, CODED)
    miner.inject("offline")
    result = await answer(hass, result, {CONF_CODE: CODE})
    check_form(result, "one_time_code", {CONF_CODE: "cannot_connect"})
    miner.clear()
    result = await answer(hass, result, {CONF_CODE: WRONG_CODE})
    check_form(result, "one_time_code", {CONF_CODE: "invalid_code"})
    assert CONF_SESSION not in entry.data

    result = await answer(hass, result, {CONF_CODE: f"{CODE[:3]} {CODE[3:]}"})
    assert result["reason"] == "reauth_successful"
    assert is_online(entry)
    await hass.services.async_call("button", "press", PRESS, blocking=True)
    assert writes(miner)[-1] == "/api/system/restart"


async def test_no_code_goes_to_a_stranger(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Who stands at the address is asked first."""
    miner = await bench.miner(CODED)
    entry = await add(hass, miner)
    stranger = await exchange(bench, miner, GAMMA)
    result = await ask_again(hass, entry, needs_code=True)

    result = await answer(hass, result, {CONF_CODE: CODE})

    check_form(result, "one_time_code", {CONF_CODE: "wrong_device"})
    assert writes(stranger) == []


async def test_too_many_wrong_codes(bench: TimedBench, hass: HomeAssistant) -> None:
    """Wrong codes lock nothing, and a miner that is busy is told to be."""
    miner = await bench.miner(CODED)
    entry = await add(hass, miner)
    result = await ask_again(hass, entry, needs_code=True)
    for _ in range(MOST_WRONG_CODES):
        result = await answer(hass, result, {CONF_CODE: WRONG_CODE})
        check_form(result, "one_time_code", {CONF_CODE: "invalid_code"})

    miner.inject("status", code=503, only="otp/session")
    result = await answer(hass, result, {CONF_CODE: CODE})
    check_form(result, "one_time_code", {CONF_CODE: "code_locked"})
    miner.clear("status")
    result = await answer(hass, result, {CONF_CODE: CODE})

    assert result["reason"] == "reauth_successful"


async def test_a_new_session_keeps_the_password(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Both can be wanted; a password that is wrong meanwhile is asked for first."""
    both = replace(CODED, username=USER, password=PASSWORD)
    miner = await bench.miner(both)
    entry = await add(hass, miner)
    await exchange(bench, miner, replace(both, password=OTHER_PASSWORD))
    result = await ask_again(hass, entry, needs_code=True)

    result = await answer(hass, result, {CONF_CODE: CODE})
    check_form(result, "reauth_confirm")
    result = await answer(hass, result, OTHER_LOGIN)
    assert result["reason"] == "reauth_successful"

    result = await ask_again(hass, entry, needs_code=True)
    result = await answer(hass, result, {CONF_CODE: CODE})
    assert result["reason"] == "reauth_successful"
    assert entry.data[CONF_PASSWORD] == OTHER_PASSWORD
    assert entry.data[CONF_SESSION]


async def test_a_changed_password_is_asked_for_once(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """The poll that is refused asks; those after it do not; the right one ends it."""
    miner = await bench.miner(LOCKED)
    entry = await add(hass, miner)
    await exchange(bench, miner, replace(LOCKED, password=OTHER_PASSWORD))
    await bench.advance(15)
    (flow,) = hass.config_entries.flow.async_progress()
    await bench.advance(300)
    (still,) = hass.config_entries.flow.async_progress()
    assert still["flow_id"] == flow["flow_id"]
    assert flow["step_id"] == "reauth_confirm"

    await answer(hass, flow, OTHER_LOGIN)
    assert is_online(entry)
    await bench.advance(60)
    assert hass.config_entries.flow.async_progress() == []


async def test_a_session_is_asked_for_when_it_is_needed(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Polls ask for nothing; a command does, fails clearly, and works afterwards."""
    miner = await bench.miner(CODED)
    await add(hass, miner)

    for _ in range(2):
        assert hass.config_entries.flow.async_progress() == []
        for _ in range(2):
            with pytest.raises(HomeAssistantError) as raised:
                await hass.services.async_call("button", "press", PRESS, blocking=True)
            assert raised.value.translation_key == "code_required"
        await bench.settle()
        (flow,) = hass.config_entries.flow.async_progress()
        assert flow["step_id"] == "one_time_code"
        await answer(hass, flow, {CONF_CODE: CODE})
        await hass.services.async_call("button", "press", PRESS, blocking=True)
        assert writes(miner)[-1] == "/api/system/restart"
        # The miner forgets the session.
        miner = await exchange(bench, miner, CODED)
        await bench.advance(60)


async def test_secrets_are_nowhere(
    bench: TimedBench,
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No log at any level, no name, no state and no diagnostics tells a secret."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "homeassistant")
    caplog.set_level(logging.DEBUG, "aiohttp")
    assert await async_setup_component(hass, "diagnostics", {})
    both = replace(CODED, username=USER, password=PASSWORD)
    miner = await bench.miner(both)
    result = await begin(hass, "user", {CONF_HOST: address(miner)})
    for login in (OTHER_LOGIN, LOGIN):
        result = await answer(hass, result, login)
    entry = result["result"]
    with pytest.raises(HomeAssistantError):
        await hass.services.async_call("button", "press", PRESS, blocking=True)
    (flow,) = hass.config_entries.flow.async_progress()
    for code in (WRONG_CODE, CODE):
        result = await answer(hass, flow, {CONF_CODE: code})
    assert result["reason"] == "reauth_successful"
    await exchange(bench, miner, replace(both, password=OTHER_PASSWORD))
    await bench.advance(90)
    result = await ask_again(hass, entry, needs_code=False)
    for login in (LOGIN, OTHER_LOGIN):
        result = await answer(hass, result, login)
    assert result["reason"] == "reauth_successful"

    report = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    states = [state.as_dict() for state in hass.states.async_all()]
    shown = f"{json.dumps(report)} {states} {entry.title} {caplog.text}"
    secrets = (*SECRETS, entry.data[CONF_SESSION])
    assert report["credentials"] == ["password", "session", "username"]
    assert [secret for secret in secrets if secret in shown] == []
