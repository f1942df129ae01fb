"""Passwords and one-time codes: asked for when needed, checked, and never shown."""

from base64 import b64encode
from collections.abc import AsyncIterator
from importlib import import_module
from ipaddress import ip_address
import json
import logging
from typing import Any

from aiohttp import ClientSession, web
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
from custom_components.miner_monitor.entry_data import NEEDS_CODE
from custom_components.miner_monitor.repairs import async_create_fix_flow
from simulator import MinerSpec, SimulatedMiner

from .conftest import GAMMA, GAMMA_2, NERD, RB4, TimedBench

USER = "satoshi"
PASSWORD = "correct horse battery staple"
OTHER_PASSWORD = "Tr0ub4dor & 3"
CODE = "314159"
SESSION = "session-token-2718281828"
WRONG_CODE = "271828"
NEXT_SESSION = "session-token-1618033988"
SECRETS = (PASSWORD, OTHER_PASSWORD, CODE, WRONG_CODE, SESSION, NEXT_SESSION)
LOGIN = {CONF_USERNAME: USER, CONF_PASSWORD: PASSWORD}


MOST_WRONG_CODES = 5


class Doorman:
    """A web server that lets only those through to a miner who know a password.

    It trades a one-time code for a session, and locks after five wrong ones.
    """

    def __init__(self, miner: SimulatedMiner) -> None:
        """Stand in front of a miner, and ask for nothing yet."""
        self.miner = miner
        self.user = USER
        self.password: str | None = None
        self.has_codes = True
        self.session = SESSION
        self.restarts = 0
        self.codes: list[str] = []
        self.extra: dict[str, str] = {}
        self.host, self.port = "127.0.0.1", 0
        self._runner: web.AppRunner | None = None

    @property
    def address(self) -> str:
        """What a user enters."""
        return f"{self.host}:{self.port}"

    async def start(self) -> None:
        """Listen, at the port of before if there was one."""
        app = web.Application()
        app.router.add_get("/api/system/{page}", self._read)
        app.router.add_get("/metrics", self._read)
        app.router.add_post("/api/otp/session", self._trade)
        app.router.add_post("/api/system/restart", self._restart)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Go away."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _read(self, request: web.Request) -> web.Response:
        pair = b64encode(f"{self.user}:{self.password}".encode()).decode()
        shown = request.headers.get("Authorization")
        if self.password is not None and shown != f"Basic {pair}":
            headers = {"WWW-Authenticate": 'Basic realm="AxeOS"'}
            return web.Response(status=401, text="Unauthorized", headers=headers)
        asking = ClientSession()
        async with asking, asking.get(f"{self.miner.url}{request.path}") as reply:
            body = await reply.read()
        if self.extra:
            body = json.dumps({**json.loads(body), **self.extra}).encode()
        return web.Response(body=body)

    async def _trade(self, request: web.Request) -> web.Response:
        if not self.has_codes:
            return web.Response(status=400, text="OTP is not enabled")
        code = request.headers.get("X-TOTP", "")
        self.codes.append(code)
        if len([seen for seen in self.codes if seen != CODE]) > MOST_WRONG_CODES:
            return web.Response(status=401, text="OTP blocked")
        if code != CODE:
            return web.Response(status=401, text=f"OTP {code} is wrong")
        return web.json_response({"token": self.session, "ttlMs": 86_400_000})

    async def _restart(self, request: web.Request) -> web.Response:
        if request.headers.get("X-OTP-Session") != self.session:
            return web.Response(status=401, text="Unauthorized, OTP required")
        self.restarts += 1
        return web.Response(text="System will restart shortly.")


@pytest.fixture
async def doormen() -> AsyncIterator[list[Doorman]]:
    """Give a list of doormen who go home at the end."""
    doormen: list[Doorman] = []
    yield doormen
    for doorman in doormen:
        await doorman.stop()


async def guard(
    bench: TimedBench, doormen: list[Doorman], spec: MinerSpec, password: str | None
) -> Doorman:
    doorman = Doorman(await bench.miner(spec))
    doorman.password = password
    await doorman.start()
    doormen.append(doorman)
    return doorman


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
    hass: HomeAssistant, doorman: Doorman, login: dict[str, str] = LOGIN
) -> MinerConfigEntry:
    """Add a miner as a user does, with the password if it is asked for one."""
    result = await begin(hass, "user", {CONF_HOST: doorman.address})
    if doorman.password is not None:
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
async def test_add(
    bench: TimedBench, hass: HomeAssistant, doormen: list[Doorman], user: str
) -> None:
    """A miner that asks for a password is added with it, with a user name or none."""
    doorman = await guard(bench, doormen, GAMMA, PASSWORD)
    doorman.user = user
    result = await begin(hass, "user", {CONF_HOST: doorman.address})
    check_form(result, "credentials")
    assert result["description_placeholders"] == {"address": doorman.address}

    login = {CONF_USERNAME: user} if user else {}
    result = await answer(hass, result, {**login, CONF_PASSWORD: PASSWORD})

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Gamma 601 A1B2"
    assert result["data"].get(CONF_USERNAME, "") == user
    assert result["data"][CONF_PASSWORD] == PASSWORD
    assert is_online(result["result"])


async def test_nothing_is_stored_that_was_not_asked_for(
    bench: TimedBench, hass: HomeAssistant, doormen: list[Doorman]
) -> None:
    """A miner without a password has none in its entry."""
    entry = await add(hass, await guard(bench, doormen, GAMMA, None))

    assert not {CONF_USERNAME, CONF_PASSWORD, CONF_SESSION} & entry.data.keys()


async def test_a_login_that_fails_can_be_corrected(
    bench: TimedBench, hass: HomeAssistant, doormen: list[Doorman]
) -> None:
    """Each cause has its own text; the user name stays, the password does not."""
    doorman = await guard(bench, doormen, GAMMA, PASSWORD)
    result = await begin(hass, "user", {CONF_HOST: doorman.address})

    result = await answer(hass, result, {**LOGIN, CONF_PASSWORD: OTHER_PASSWORD})
    check_form(result, "credentials", {"base": "invalid_auth"})
    (suggested,) = [
        key.description["suggested_value"]
        for key in result["data_schema"].schema
        if key == CONF_USERNAME
    ]
    assert suggested == USER

    await doorman.stop()
    result = await answer(hass, result, LOGIN)
    check_form(result, "credentials", {"base": "cannot_connect"})

    await doorman.start()
    result = await answer(hass, result, LOGIN)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_cards_behind_a_password(
    bench: TimedBench, hass: HomeAssistant, doormen: list[Doorman]
) -> None:
    """The password is asked for once, before the card is chosen."""
    doorman = await guard(bench, doormen, RB4, PASSWORD)
    result = await begin(hass, "user", {CONF_HOST: doorman.address})
    check_form(result, "credentials")
    result = await answer(hass, result, LOGIN)
    check_form(result, "unit")

    result = await answer(hass, result, {CONF_UNIT: "card1"})

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_PASSWORD] == PASSWORD
    assert is_online(result["result"])


async def test_a_locked_miner_is_added_once(
    bench: TimedBench, hass: HomeAssistant, doormen: list[Doorman]
) -> None:
    """The password tells who it is, and so that it is known."""
    doorman = await guard(bench, doormen, GAMMA, PASSWORD)
    await add(hass, doorman)

    result = await begin(hass, "user", {CONF_HOST: doorman.address})
    result = await answer(hass, result, LOGIN)

    assert result["reason"] == "already_configured"


def dhcp(spec: MinerSpec) -> DhcpServiceInfo:
    assert spec.mac is not None
    mac = spec.mac.replace(":", "").lower()
    return DhcpServiceInfo(ip="127.0.0.1", hostname="bitaxe", macaddress=mac)


def zeroconf(doorman: Doorman) -> ZeroconfServiceInfo:
    return ZeroconfServiceInfo(
        ip_address=ip_address(doorman.host),
        ip_addresses=[ip_address(doorman.host)],
        port=doorman.port,
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
        ports = dict.fromkeys(detect.DEFAULT_PORTS, port)
        monkeypatch.setattr(detect, "DEFAULT_PORTS", ports)

    return put


async def test_a_locked_miner_is_discovered(
    bench: TimedBench, hass: HomeAssistant, doormen: list[Doorman], usual_port: Any
) -> None:
    """It is offered by the name it was found with; its password is the consent."""
    doorman = await guard(bench, doormen, GAMMA, PASSWORD)
    usual_port(doorman.port)

    result = await begin(hass, "dhcp", dhcp(GAMMA))
    check_form(result, "credentials")
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["title_placeholders"] == {"name": "bitaxe"}
    # It makes itself known in both ways as it starts.
    again = await begin(hass, "zeroconf", zeroconf(doorman))
    assert again["reason"] == "already_in_progress"

    result = await answer(hass, result, {**LOGIN, CONF_PASSWORD: OTHER_PASSWORD})
    check_form(result, "credentials", {"base": "invalid_auth"})
    result = await answer(hass, result, LOGIN)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].unique_id == (GAMMA.mac or "").lower()
    assert is_online(result["result"])


@pytest.mark.parametrize("entered", ["127.0.0.1", "bitaxe.local"])
async def test_a_known_locked_miner_is_not_offered(
    bench: TimedBench, hass: HomeAssistant, doormen: list[Doorman], entered: str
) -> None:
    """What stands at the address of an entry is that entry's matter."""
    doorman = await guard(bench, doormen, GAMMA, PASSWORD)
    entry = await add(hass, doorman)
    data = {**entry.data, CONF_HOST: entered}
    hass.config_entries.async_update_entry(entry, data=data)

    result = await begin(hass, "zeroconf", zeroconf(doorman))

    assert result["reason"] == "already_configured"


async def test_an_ignored_locked_miner_stays_ignored(
    bench: TimedBench, hass: HomeAssistant, doormen: list[Doorman]
) -> None:
    """Its name on the network is what it is ignored by."""
    doorman = await guard(bench, doormen, GAMMA, PASSWORD)
    result = await begin(hass, "zeroconf", zeroconf(doorman))
    check_form(result, "credentials")
    (flow,) = hass.config_entries.flow.async_progress()
    name = flow["context"]["title_placeholders"]["name"]
    assert name == "Bitaxe Gamma 601 (A1B2)"
    ignored = {"unique_id": flow["context"]["unique_id"], "title": name}
    await begin(hass, "ignore", ignored)

    again = await begin(hass, "zeroconf", zeroconf(doorman))

    assert again["reason"] == "already_configured"


async def test_reconfigure_keeps_credentials(
    bench: TimedBench, hass: HomeAssistant, doormen: list[Doorman]
) -> None:
    """A new address is proved with the password of before, which stays."""
    doorman = await guard(bench, doormen, GAMMA, PASSWORD)
    entry = await add(hass, doorman)
    data = {**entry.data, CONF_SESSION: SESSION}
    hass.config_entries.async_update_entry(entry, data=data)
    await doorman.stop()
    doorman.port = 0
    await doorman.start()

    result = await begin(hass, "reconfigure", entry_id=entry.entry_id)
    result = await answer(hass, result, {CONF_HOST: doorman.address})

    assert result["reason"] == "reconfigure_successful"
    assert entry.data == {**data, CONF_PORT: doorman.port}
    assert is_online(entry)


async def test_reconfigure_asks_for_a_new_password(
    bench: TimedBench, hass: HomeAssistant, doormen: list[Doorman]
) -> None:
    """Behind the password must be the same miner."""
    doorman = await guard(bench, doormen, GAMMA, PASSWORD)
    entry = await add(hass, doorman)
    doorman.password = OTHER_PASSWORD
    other = await guard(bench, doormen, GAMMA_2, OTHER_PASSWORD)
    login = {**LOGIN, CONF_PASSWORD: OTHER_PASSWORD}
    result = await begin(hass, "reconfigure", entry_id=entry.entry_id)

    result = await answer(hass, result, {CONF_HOST: other.address})
    check_form(result, "credentials")
    result = await answer(hass, result, LOGIN)
    check_form(result, "credentials", {"base": "invalid_auth"})
    result = await answer(hass, result, login)
    check_form(result, "reconfigure", {CONF_HOST: "wrong_device"})
    assert entry.data[CONF_PASSWORD] == PASSWORD

    result = await answer(hass, result, {CONF_HOST: doorman.address})
    check_form(result, "credentials")
    result = await answer(hass, result, login)
    assert result["reason"] == "reconfigure_successful"
    assert entry.data[CONF_PASSWORD] == OTHER_PASSWORD
    assert is_online(entry)


async def test_the_repair_knows_the_password(
    bench: TimedBench, hass: HomeAssistant, doormen: list[Doorman]
) -> None:
    """The new address that a repair is given is proved with what is stored."""
    doorman = await guard(bench, doormen, GAMMA, PASSWORD)
    entry = await add(hass, doorman)
    await doorman.stop()
    doorman.port = 0
    await doorman.start()
    repair = await async_create_fix_flow(hass, "any", {"entry_id": entry.entry_id})
    repair.hass = hass
    await repair.async_step_init()

    result = await repair.async_step_address({CONF_HOST: doorman.address})

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.data[CONF_PORT] == doorman.port


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


async def test_new_password(
    bench: TimedBench, hass: HomeAssistant, doormen: list[Doorman]
) -> None:
    """A password that was changed on the miner is asked for until it is right."""
    doorman = await guard(bench, doormen, GAMMA, PASSWORD)
    entry = await add(hass, doorman)
    mine, stranger = doorman.miner, await bench.miner(GAMMA_2)
    doorman.password = OTHER_PASSWORD
    login = {CONF_USERNAME: USER, CONF_PASSWORD: OTHER_PASSWORD}
    result = await ask_again(hass, entry, needs_code=False)
    check_form(result, "reauth_confirm")
    assert result["description_placeholders"] == {"name": entry.title}

    result = await answer(hass, result, LOGIN)
    check_form(result, "reauth_confirm", {"base": "invalid_auth"})
    await doorman.stop()
    result = await answer(hass, result, login)
    check_form(result, "reauth_confirm", {"base": "cannot_connect"})
    await doorman.start()
    doorman.miner = stranger
    result = await answer(hass, result, login)
    check_form(result, "reauth_confirm", {"base": "wrong_device"})
    assert entry.data[CONF_PASSWORD] == PASSWORD

    doorman.miner = mine
    result = await answer(hass, result, login)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert entry.data[CONF_PASSWORD] == OTHER_PASSWORD
    assert is_online(entry)


async def test_a_user_name_can_go(
    bench: TimedBench, hass: HomeAssistant, doormen: list[Doorman]
) -> None:
    """A user name that is left out is one no longer."""
    doorman = await guard(bench, doormen, GAMMA, PASSWORD)
    entry = await add(hass, doorman)
    doorman.user = ""
    result = await ask_again(hass, entry, needs_code=False)

    result = await answer(hass, result, {CONF_PASSWORD: PASSWORD})

    assert result["reason"] == "reauth_successful"
    assert is_online(entry)


async def test_one_time_code(
    bench: TimedBench, hass: HomeAssistant, doormen: list[Doorman]
) -> None:
    """The code is traded for a session with the right miner; reading needs none."""
    doorman = await guard(bench, doormen, NERD, None)
    entry = await add(hass, doorman)
    mine, stranger = doorman.miner, await bench.miner(GAMMA)
    result = await ask_again(hass, entry, needs_code=True)
    check_form(result, "one_time_code")
    assert result["description_placeholders"] == {"name": entry.title}

    for no_code in ("", "12345", "1234567", "abcdef", "١٢٣٤٥٦"):
        result = await answer(hass, result, {CONF_CODE: no_code})
        check_form(result, "one_time_code", {CONF_CODE: "invalid_code"})
    doorman.miner = stranger
    result = await answer(hass, result, {CONF_CODE: CODE})
    check_form(result, "one_time_code", {CONF_CODE: "wrong_device"})
    assert doorman.codes == []

    doorman.miner = mine
    result = await answer(hass, result, {CONF_CODE: WRONG_CODE})
    check_form(result, "one_time_code", {CONF_CODE: "invalid_code"})
    doorman.has_codes = False
    result = await answer(hass, result, {CONF_CODE: CODE})
    check_form(result, "one_time_code", {CONF_CODE: "no_session"})
    doorman.has_codes = True
    await doorman.stop()
    result = await answer(hass, result, {CONF_CODE: CODE})
    check_form(result, "one_time_code", {CONF_CODE: "cannot_connect"})

    await doorman.start()
    result = await answer(hass, result, {CONF_CODE: f"{CODE[:3]} {CODE[3:]}"})
    assert result["reason"] == "reauth_successful"
    assert doorman.codes == [WRONG_CODE, CODE]
    assert entry.data[CONF_SESSION] == SESSION
    assert is_online(entry)


async def test_too_many_wrong_codes(
    bench: TimedBench, hass: HomeAssistant, doormen: list[Doorman]
) -> None:
    """A miner that is locked says so, and takes the right code afterwards."""
    doorman = await guard(bench, doormen, NERD, None)
    entry = await add(hass, doorman)
    result = await ask_again(hass, entry, needs_code=True)
    for _ in range(MOST_WRONG_CODES):
        result = await answer(hass, result, {CONF_CODE: WRONG_CODE})
        check_form(result, "one_time_code", {CONF_CODE: "invalid_code"})

    result = await answer(hass, result, {CONF_CODE: WRONG_CODE})
    check_form(result, "one_time_code", {CONF_CODE: "code_locked"})
    doorman.codes.clear()
    result = await answer(hass, result, {CONF_CODE: CODE})

    assert result["reason"] == "reauth_successful"


async def test_a_new_session_keeps_the_password(
    bench: TimedBench, hass: HomeAssistant, doormen: list[Doorman]
) -> None:
    """Both can be wanted; one that is wrong meanwhile is asked for first."""
    doorman = await guard(bench, doormen, NERD, PASSWORD)
    entry = await add(hass, doorman)
    doorman.password = OTHER_PASSWORD
    result = await ask_again(hass, entry, needs_code=True)

    result = await answer(hass, result, {CONF_CODE: CODE})
    check_form(result, "reauth_confirm")
    login = {CONF_USERNAME: USER, CONF_PASSWORD: OTHER_PASSWORD}
    result = await answer(hass, result, login)
    assert result["reason"] == "reauth_successful"

    result = await ask_again(hass, entry, needs_code=True)
    result = await answer(hass, result, {CONF_CODE: CODE})
    assert result["reason"] == "reauth_successful"
    assert entry.data[CONF_PASSWORD] == OTHER_PASSWORD
    assert entry.data[CONF_SESSION] == SESSION


async def test_a_changed_password_is_asked_for_once(
    bench: TimedBench, hass: HomeAssistant, doormen: list[Doorman]
) -> None:
    """The poll that is refused asks; those after it do not; the right one ends it."""
    doorman = await guard(bench, doormen, GAMMA, PASSWORD)
    entry = await add(hass, doorman)
    doorman.password = OTHER_PASSWORD
    await bench.advance(15)
    (flow,) = hass.config_entries.flow.async_progress()
    await bench.advance(300)
    assert [
        other["flow_id"] for other in hass.config_entries.flow.async_progress()
    ] == [flow["flow_id"]]
    assert flow["step_id"] == "reauth_confirm"

    await answer(hass, flow, {**LOGIN, CONF_PASSWORD: OTHER_PASSWORD})
    assert is_online(entry)
    await bench.advance(60)
    assert hass.config_entries.flow.async_progress() == []


async def test_a_session_that_ran_out_is_asked_for_when_it_is_needed(
    bench: TimedBench, hass: HomeAssistant, doormen: list[Doorman]
) -> None:
    """Polls ask for nothing; a command does, fails clearly, and works afterwards."""
    doorman = await guard(bench, doormen, NERD, None)
    entry = await add(hass, doorman)
    press = {"entity_id": "button.garage_rig_restart"}

    for session in (SESSION, NEXT_SESSION):
        doorman.session = session
        await bench.advance(300)
        assert hass.config_entries.flow.async_progress() == []
        for _ in range(2):
            with pytest.raises(HomeAssistantError) as raised:
                await hass.services.async_call("button", "press", press, blocking=True)
            assert raised.value.translation_key == "code_required"
        await bench.settle()
        (flow,) = hass.config_entries.flow.async_progress()
        assert flow["step_id"] == "one_time_code"
        await answer(hass, flow, {CONF_CODE: CODE})
        assert entry.data[CONF_SESSION] == session
        before = doorman.restarts
        await hass.services.async_call("button", "press", press, blocking=True)
        assert doorman.restarts == before + 1
    assert hass.config_entries.flow.async_progress() == []


async def test_secrets_are_nowhere(
    bench: TimedBench,
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    doormen: list[Doorman],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No log at any level, no name, no state and no diagnostics tells a secret."""
    caplog.set_level(logging.DEBUG)
    assert await async_setup_component(hass, "diagnostics", {})
    doorman = await guard(bench, doormen, NERD, PASSWORD)
    # A device that gives away what it was told.
    doorman.extra = {"lastLogin": f"{USER}:{PASSWORD}", "note": SESSION}
    result = await begin(hass, "user", {CONF_HOST: doorman.address})
    wrong = {**LOGIN, CONF_PASSWORD: OTHER_PASSWORD}
    result = await answer(hass, result, wrong)
    result = await answer(hass, result, LOGIN)
    entry = result["result"]
    result = await ask_again(hass, entry, needs_code=True)
    for code in (WRONG_CODE, CODE):
        result = await answer(hass, result, {CONF_CODE: code})
    doorman.password = OTHER_PASSWORD
    await bench.advance(90)
    result = await ask_again(hass, entry, needs_code=False)
    result = await answer(hass, result, LOGIN)
    doorman.password = PASSWORD
    await answer(hass, result, LOGIN)

    report = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    states = [(state.name, state.as_dict()) for state in hass.states.async_all()]
    assert report["credentials"] == ["password", "session", "username"]
    assert report["replies"]["info"]["lastLogin"] == f"{USER}:**REDACTED**"
    shown = json.dumps(report) + str(states) + entry.title + caplog.text
    assert [secret for secret in SECRETS if secret in shown] == []
