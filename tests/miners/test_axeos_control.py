"""What AxeOS and NerdOS miners are sent, and what becomes of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
import json
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
import pytest

from custom_components.miner_monitor.miners import (
    Credentials,
    Endpoint,
    MinerAuthError,
    MinerBusyError,
    MinerClient,
    MinerCommandError,
    MinerConnectionError,
    MinerCutOffError,
    MinerError,
    MinerResponseError,
    MinerTimeoutError,
    create_client,
)
from custom_components.miner_monitor.miners.axeos import AxeOsClient
from custom_components.miner_monitor.miners.model import (
    Changes,
    Family,
    Light,
    MinerStatus,
    Setting,
    Writing,
)
from simulator import Farm, ManualClock, MinerSpec, SimulatedMiner

from .conformance import (
    UNHURRIED,
    Answer,
    breaks_off,
    drips,
    floods,
    hangs_up,
    http,
    is_silent,
    says,
    serving,
    unused_port,
)
from .deciding import always, anyone
from .replies import GAMMA, GAMMA_214, NERD, without
from .test_axeos_client import Axe, miner, routes

MINING, POOL = Setting.MINING, Setting.POOL
MHZ, VOLTS = Setting.FREQUENCY, Setting.CORE_VOLTAGE
AUTO, FAN = Setting.AUTO_FAN, Setting.FAN_DUTY_CYCLE
MIN_FAN, TARGET = Setting.MIN_FAN_DUTY_CYCLE, Setting.TARGET_TEMPERATURE
NERDQAXE = "nerdqaxeplusplus"
CODE, PASSWORD = "123456", "open sesame"

type StartMiner = Callable[..., Awaitable[SimulatedMiner]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def start_miner(
    clock: ManualClock, socket_enabled: None
) -> AsyncIterator[StartMiner]:
    """Give a function that starts one miner on a free port."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> SimulatedMiner:
            spec = MinerSpec(**({"name": "m", "seed": 7, "boot_seconds": 5} | settings))
            return (await stack.enter_async_context(Farm([spec], clock=clock)))["m"]

        yield start


def client_of(
    simulated: SimulatedMiner, shared: aiohttp.ClientSession, /, **credentials: str
) -> MinerClient:
    at = Endpoint(
        host=simulated.host,
        port=simulated.port,
        credentials=Credentials(**credentials),
    )
    return create_client(Family.AXEOS, at, shared)


def writes(simulated: SimulatedMiner) -> list[tuple[str, str, str]]:
    """List what the miner was told, bodies as they came."""
    return [
        (request.method, request.path, request.body)
        for request in simulated.requests
        if request.method != "GET"
    ]


def body(**keys: Any) -> list[tuple[str, str, str]]:
    """Give the one PATCH with this body, in this order and of these types."""
    return [("PATCH", "/api/system", json.dumps(keys))]


SETTINGS = [
    ("2.15.0", "gamma_601", {MHZ: 490.0}, {"frequency": 490}),
    ("2.12.2", "gamma_601", {MHZ: 593.75}, {"frequency": 593.75}),
    ("2.10.1", "gamma_601", {MHZ: 593.75}, {"frequency": 593.75}),
    ("2.9.0", "gamma_601", {MHZ: 500}, {"frequency": 500}),
    ("2.12.2", "gamma_601", {VOLTS: 1.06}, {"coreVoltage": 1060}),
    ("2.9.0", "max_102", {VOLTS: 1.15}, {"coreVoltage": 1150}),
    ("2.12.2", "hex_302", {VOLTS: 1.166}, {"coreVoltage": 1166}),
    ("2.12.2", "gamma_601", {AUTO: False}, {"autofanspeed": 0}),
    ("2.7.0", "gamma_601", {AUTO: False}, {"autofanspeed": 0}),
    ("2.11.0", "gamma_601", {FAN: 45.0}, {"manualFanSpeed": 45}),
    ("2.15.0", "gt_801", {FAN: 0}, {"manualFanSpeed": 0}),
    (
        "2.10.1",
        "gamma_601",
        {FAN: 45.0, AUTO: False},
        {"autofanspeed": 0, "fanspeed": 45},
    ),
    (
        "2.4.0",
        "ultra_204",
        {FAN: 45.0, AUTO: False},
        {"autofanspeed": 0, "fanspeed": 45},
    ),
    ("2.10.1", "gamma_601", {MIN_FAN: 30}, {"minFanSpeed": 30}),
    ("2.7.0", "gamma_601", {TARGET: 55.0}, {"temptarget": 55}),
    ("2.15.0", "gamma_601", {TARGET: 66}, {"temptarget": 66}),
    ("1.0.37", NERDQAXE, {MHZ: 550.0}, {"frequency": 550}),
    ("1.0.37", NERDQAXE, {VOLTS: 1.12}, {"coreVoltage": 1120}),
    ("1.0.37", NERDQAXE, {AUTO: False}, {"autofanspeed": 0}),
    ("1.0.37", NERDQAXE, {FAN: 45.0}, {"manualFanSpeed": 45}),
    (
        "1.0.34",
        "nerdqaxeplus",
        {FAN: 45.0, AUTO: False},
        {"autofanspeed": 0, "fanspeed": 45},
    ),
    ("1.0.37", NERDQAXE, {TARGET: 50.0}, {"pidTargetTemp": 50}),
    ("1.1.0", "nerdoctaxegamma", {MHZ: 515}, {"frequency": 515}),
    # The order of keys does nothing: what protects a chip are two requests.
    (
        "2.12.2",
        "gamma_601",
        {VOLTS: 1.06, MHZ: 490},
        {"coreVoltage": 1060, "frequency": 490},
    ),
    (
        "2.12.2",
        "gamma_601",
        {TARGET: 58, MIN_FAN: 35, FAN: 50, AUTO: False, MHZ: 550, VOLTS: 1.16},
        {
            "coreVoltage": 1160,
            "frequency": 550,
            "autofanspeed": 0,
            "manualFanSpeed": 50,
            "minFanSpeed": 35,
            "temptarget": 58,
        },
    ),
]


@pytest.mark.parametrize(("firmware", "model", "changes", "sent"), SETTINGS)
async def test_set_points(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    firmware: str,
    model: str,
    changes: Changes,
    sent: dict[str, Any],
) -> None:
    simulated = await start_miner(model=model, firmware=firmware)
    client = client_of(simulated, session)
    limits = (await client.fetch()).identity.limits
    assert changes.keys() <= limits.settings.keys()
    await client.apply(always(changes))
    assert writes(simulated) == body(**sent)
    clock.advance(10)
    one_by_one = simulated.device.version >= (2, 11, 0)
    assert simulated.flash_writes == (len(sent) if one_by_one else 1)
    settings = (await client.fetch()).state.settings
    assert {name: settings.get(name) for name in changes} == changes


async def test_a_fraction_is_nothing_for_old_firmware(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    for model, firmware in (("gamma_601", "2.9.0"), (NERDQAXE, "1.0.37")):
        simulated = await start_miner(model=model, firmware=firmware)
        client = client_of(simulated, session)
        await client.fetch()
        await client.apply(always({MHZ: 510.6}))
        assert writes(simulated) == body(frequency=511)
        assert (await client.fetch()).state.settings.frequency == 511


@pytest.mark.parametrize(
    ("info", "before", "mode"),
    [
        (NERD, 2, 2),
        (NERD, 1, 2),
        (NERD, 0, 2),
        (without(NERD, "pidTargetTemp"), 0, 2),
        (NERD | {"version": "v1.0.30"}, 1, 1),
        (NERD | {"version": "v1.0.30"}, 0, 2),
        (NERD | {"version": "v1.0.30", "pidTargetTemp": -1}, 0, 1),
        (without(NERD, "pidTargetTemp") | {"version": "v1.0.28"}, 1, 1),
        (without(NERD, "version"), 0, 2),
        (without(NERD, "version", "pidTargetTemp"), 0, 1),
        (GAMMA, 1, 1),
        (GAMMA, 0, 1),
    ],
)
async def test_mode_of_the_automatic_fan(
    info: dict[str, Any], before: int, mode: int, session: aiohttp.ClientSession
) -> None:
    axe = PatchedAxe(info | {"autofanspeed": before})
    async with serving(axe, None) as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        await client.fetch()
        axe.info = info | {"autofanspeed": 0}
        assert (await client.fetch()).state.settings.auto_fan is False
        await client.apply(always({AUTO: True}))
    assert axe.bodies == [{"autofanspeed": mode}]


class PatchedAxe(Axe):
    """A miner that keeps the bodies it was sent."""

    def __init__(self, info: dict[str, Any], answer: Answer | None = None) -> None:
        super().__init__(info)
        self.bodies: list[dict[str, Any]] = []
        self._answer = answer or says(http(b""))

    async def __call__(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        if request.startswith(b"PATCH"):
            self.bodies.append(json.loads(request.partition(b"\r\n\r\n")[2]))
            await self._answer(request, writer)
        else:
            await super().__call__(request, writer)


@pytest.mark.parametrize(
    ("firmware", "model", "sent"),
    [
        ("2.15.0", "gamma_601", ["pause", "resume"]),
        ("2.14.0", "supra_402", ["pause", "resume"]),
        ("1.0.37", NERDQAXE, ["shutdown", "restart"]),
    ],
)
async def test_mining(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    firmware: str,
    model: str,
    sent: list[str],
) -> None:
    simulated = await start_miner(model=model, firmware=firmware)
    client = client_of(simulated, session)
    assert (await client.fetch()).state.settings.mining is True
    await client.apply(always({MINING: False}))
    assert writes(simulated) == [("POST", f"/api/system/{sent[0]}", "")]
    clock.advance(5)
    state = (await client.fetch()).state
    assert state.settings.mining is False
    assert state.status in (MinerStatus.PAUSED, MinerStatus.STANDBY)
    await client.apply(always({MINING: True}))
    assert writes(simulated)[1:] == [("POST", f"/api/system/{sent[1]}", "")]
    clock.advance(client.writing(MINING).proof)
    reading = await client.fetch()
    assert reading.state.settings.mining is True
    assert reading.state.hashing
    assert simulated.flash_writes == 0


@pytest.mark.parametrize(
    ("on", "sent"),
    [
        (False, ["/api/system/pause", "/api/system"]),
        (True, ["/api/system", "/api/system/resume"]),
    ],
)
async def test_a_miner_rests_while_its_chip_is_set(
    start_miner: StartMiner, session: aiohttp.ClientSession, on: bool, sent: list[str]
) -> None:
    simulated = await start_miner(firmware="2.15.0")
    client = client_of(simulated, session)
    await client.fetch()
    await client.apply(always({MHZ: 490, MINING: on}))
    assert [path for _, path, _ in writes(simulated)] == sent


async def test_a_refused_pause_changes_nothing_else(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    simulated = await start_miner(firmware="2.15.0")
    client = client_of(simulated, session)
    await client.fetch()
    simulated.inject("patch_refused", commands=True)
    with pytest.raises(MinerCommandError):
        await client.apply(always({MHZ: 490, MINING: False}))
    assert [path for _, path, _ in writes(simulated)] == ["/api/system/pause"]


async def test_a_start_that_cuts_the_line_is_one(
    session: aiohttp.ClientSession,
) -> None:
    axe = Axe(NERD | {"shutdown": True})
    axe.answers["POST /api/system/restart"] = hangs_up
    async with miner(axe) as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        await client.fetch()
        await client.apply(always({MINING: True}))
    assert routes(server)[-1] == "POST /api/system/restart"


async def test_a_resume_that_is_cut_off_may_have_been_taken(
    session: aiohttp.ClientSession,
) -> None:
    axe = Axe(GAMMA_214 | {"miningPaused": True})
    axe.answers["POST /api/system/resume"] = hangs_up
    async with miner(axe) as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        await client.fetch()
        with pytest.raises(MinerCutOffError):
            await client.apply(always({MINING: True}))
    assert routes(server).count("POST /api/system/resume") == 1


POOLS = [
    ("2.12.2", 1, {"useFallbackStratum": True}),
    ("2.14.0", 1, {"useFallbackStratum": True}),
    # The second choice becomes the first, and the first the second.
    ("2.15.0", 1, {"primaryPoolIndex": 1, "secondaryPoolIndex": 0}),
    ("2.15.0", 2, {"primaryPoolIndex": 5}),
]


async def add_a_pool(simulated: SimulatedMiner, session: aiohttp.ClientSession) -> None:
    pool = {"stratumURL": "third.example", "stratumPort": 3333, "stratumUser": "me"}
    await session.put(f"{simulated.url}/api/system/pools/5", json=pool)


@pytest.mark.parametrize(("firmware", "place", "sent"), POOLS)
async def test_pools(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    firmware: str,
    place: int,
    sent: dict[str, Any],
) -> None:
    simulated = await start_miner(firmware=firmware)
    if firmware == "2.15.0":
        await add_a_pool(simulated, session)
    client = client_of(simulated, session)
    before = await client.fetch()
    assert before.state.settings.pool == 0
    assert before.identity.limits.settings[POOL].maximum >= place
    assert client.writing(POOL) == Writing(wears=True, needs_restart=True)
    wanted = before.state.pools[place].address
    await client.apply(always({POOL: place}))
    assert writes(simulated)[-1:] == body(**sent)
    assert (await client.fetch()).state.settings.pool == 0
    await client.restart(anyone)
    clock.advance(120)
    after = (await client.fetch()).state
    assert (after.settings.pool, after.pool) == (place, wanted)
    await client.apply(always({POOL: 0}))
    await client.restart(anyone)
    clock.advance(120)
    assert (await client.fetch()).state.settings.pool == 0


async def test_a_forced_fallback_ends_with_a_choice(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    simulated = await start_miner(firmware="2.15.0")
    await add_a_pool(simulated, session)
    url = f"{simulated.url}/api/system"
    await session.patch(url, json={"useFallbackStratum": True})
    simulated.reboot()
    clock.advance(120)
    client = client_of(simulated, session)
    assert (await client.fetch()).state.settings.pool == 1
    await client.apply(always({POOL: 2}))
    assert writes(simulated)[-1:] == body(primaryPoolIndex=5, useFallbackStratum=False)
    clock.advance(1)
    simulated.reboot()
    clock.advance(120)
    assert (await client.fetch()).state.settings.pool == 2


@pytest.mark.parametrize("place", [-1, 3, float("nan"), "first", True])
async def test_pools_that_do_not_exist(
    place: Any, session: aiohttp.ClientSession
) -> None:
    slots = [{"id": 0}, {"id": 5}, {"id": "x"}]
    info = GAMMA_214 | {"pools": slots, "primaryPoolIndex": 0}
    async with miner(Axe(info)) as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        await client.fetch()
        for wanted in (place, 2):
            with pytest.raises(MinerCommandError):
                await client.apply(always({POOL: wanted}))
    assert not [route for route in routes(server) if "PATCH" in route]


@pytest.mark.parametrize(
    ("firmware", "flagged", "sent"),
    [
        (
            "2.10.1",
            True,
            {"coreVoltage": 1100, "frequency": 490, "overheat_mode": 0},
        ),
        ("2.10.1", False, {"coreVoltage": 1100, "frequency": 490}),
    ],
)
async def test_after_heat_the_flag_goes_with_the_frequency(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    firmware: str,
    flagged: bool,
    sent: dict[str, Any],
) -> None:
    simulated = await start_miner(firmware=firmware)
    if flagged:
        simulated.inject("hot", duration=20, temperature=80)
        clock.advance(600)
    client = client_of(simulated, session)
    state = (await client.fetch()).state
    assert (state.settings.frequency == 50) is flagged
    await client.apply(always({MHZ: 490, VOLTS: 1.1}))
    assert writes(simulated) == body(**sent)
    clock.advance(60)
    state = (await client.fetch()).state
    assert state.hashing
    assert not state.overheating
    assert (state.settings.frequency, state.settings.core_voltage) == (490, 1.1)


@pytest.mark.parametrize(
    ("changes", "body"),
    [({FAN: 80}, {"manualFanSpeed": 80}), ({MHZ: 490}, {"frequency": 490})],
)
async def test_a_flag_is_left_to_firmware_that_cools_down_by_itself(
    session: aiohttp.ClientSession, changes: Changes, body: dict[str, int]
) -> None:
    axe = PatchedAxe(GAMMA | {"overheat_mode": 1})
    async with serving(axe, None) as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        await client.fetch()
        await client.apply(always(changes))
    assert axe.bodies == [body]


async def test_what_the_regulator_refuses_is_stored_all_the_same(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """The set point agrees then, and only the measured voltage tells."""
    simulated = await start_miner(firmware="2.12.2")
    client = client_of(simulated, session)
    await client.fetch()
    address = f"http://{simulated.host}:{simulated.port}/api/system"
    async with session.patch(address, json={"coreVoltage": 900}) as response:
        assert response.status == 200
    clock.advance(10)
    state = (await client.fetch()).state
    assert state.settings.core_voltage == 0.9
    assert state.core_voltage_actual == pytest.approx(1.143, abs=0.01)


BEHIND = Writing(wears=True, settles=5)
"""Since 2.11, which acknowledges what it is going to apply."""

VOLTAGE_FIRST = Writing(wears=True, precedes=frozenset({MHZ}))
OLD = without(GAMMA, "manualFanSpeed")


@pytest.mark.parametrize(
    ("info", "setting", "writing"),
    [
        (GAMMA, MHZ, BEHIND),
        (GAMMA, VOLTS, BEHIND),
        (GAMMA, FAN, BEHIND),
        (without(GAMMA, "manualFanSpeed"), VOLTS, VOLTAGE_FIRST),
        (without(GAMMA, "manualFanSpeed"), MHZ, Writing(wears=True)),
        (NERD, VOLTS, VOLTAGE_FIRST),
        (GAMMA, POOL, Writing(wears=True, needs_restart=True)),
        (GAMMA_214, MINING, Writing(proof=60)),
        (NERD, MINING, Writing(proof=90)),
        (NERD, MHZ, Writing(wears=True)),
        (NERD, AUTO, Writing(wears=True)),
        (without(GAMMA, "manualFanSpeed"), FAN, Writing(wears=True, proof=10)),
        (GAMMA | {"version": "v2.1.8"}, MHZ, Writing(wears=True, needs_restart=True)),
        (GAMMA | {"version": "v2.1.8"}, VOLTS, Writing(wears=True, needs_restart=True)),
        (OLD | {"version": "v2.2.0"}, VOLTS, VOLTAGE_FIRST),
        (GAMMA | {"version": "v2.3.0"}, AUTO, Writing(wears=True, needs_restart=True)),
        (OLD | {"version": "v2.3.0"}, TARGET, Writing(wears=True)),
        (OLD | {"version": None}, MHZ, Writing(wears=True)),
    ],
)
async def test_what_a_write_takes(
    info: dict[str, Any],
    setting: Setting,
    writing: Writing,
    session: aiohttp.ClientSession,
) -> None:
    async with miner(Axe(info)) as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        await client.fetch()
        assert client.writing(setting) == writing


@pytest.mark.parametrize(
    ("info", "changes"),
    [
        (GAMMA, {Setting.LIGHT: Light(on=True)}),
        (GAMMA, {Setting.WORK_MODE: "eco"}),
        (GAMMA, {MHZ: float("nan")}),
        (GAMMA, {VOLTS: float("inf")}),
        (GAMMA, {FAN: "fast"}),
        (GAMMA, {MINING: False}),
        (without(NERD, "shutdown"), {MINING: True}),
    ],
)
async def test_nonsense_is_not_sent(
    info: dict[str, Any], changes: Changes, session: aiohttp.ClientSession
) -> None:
    async with miner(Axe(info)) as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        await client.fetch()
        with pytest.raises(MinerCommandError):
            await client.apply(always(changes))
        await client.apply(always({}))
    assert all(route.startswith("GET") for route in routes(server))


async def test_a_write_before_the_first_poll_polls_itself(
    session: aiohttp.ClientSession,
) -> None:
    axe = PatchedAxe(GAMMA)
    async with serving(axe, None) as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        await client.apply(always({MHZ: 490}))
    assert axe.bodies == [{"frequency": 490}]
    assert routes(server)[0] == "GET /api/system/info"


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (
            says(http(b"Wrong API input", "400 Bad Request")),
            MinerCommandError,
            "HTTP status 400: Wrong API input",
        ),
        (
            says(http(b"Invalid\x00\n JSON", "400 Bad Request")),
            MinerCommandError,
            "HTTP status 400: Invalid JSON",
        ),
        (
            says(http(b"<html><b>x</b>", "500 Oops")),
            MinerCommandError,
            "HTTP status 500",
        ),
        (says(http(b"\xff" * 9000, "500 Oops")), MinerCommandError, "HTTP status 500"),
        (says(http(b"", "404 Not Found")), MinerCommandError, "HTTP status 404"),
        (says(http(b"", "302 Found", "Location: /\r\n")), MinerCommandError, "302"),
        (
            says(http(b"Busy", "503 Service Unavailable")),
            MinerBusyError,
            "HTTP status 503: Busy",
        ),
        (says(http(b"", "429 Too Many")), MinerBusyError, "HTTP status 429"),
        (says(http(b"Unauthorized", "401 Unauthorized")), MinerAuthError, "401"),
        (
            says(http(b"no", "400 Bad Request", length=500) + b""),
            MinerTimeoutError,
            "in time",
        ),
        (breaks_off, MinerCutOffError, ""),
        (hangs_up, MinerCutOffError, ""),
        (says(b"\x00\xff hello\r\n\r\n"), MinerCutOffError, ""),
        (is_silent, MinerTimeoutError, ""),
        (drips, MinerTimeoutError, ""),
    ],
)
async def test_writes_that_fail(
    answer: Answer,
    error: type[MinerError],
    text: str,
    session: aiohttp.ClientSession,
) -> None:
    axe = PatchedAxe(GAMMA, answer)
    async with serving(axe, None) as server:
        deadline = UNHURRIED if error is MinerTimeoutError else 30.0
        client = AxeOsClient("127.0.0.1", server.port, session, deadline=deadline)
        await client.fetch()
        with pytest.raises(error) as caught:
            await client.apply(always({MHZ: 490}))
    assert type(caught.value) is error
    assert text in str(caught.value)
    assert len(str(caught.value)) < 200
    assert str(caught.value).isprintable()
    assert axe.bodies == [{"frequency": 490}]


@pytest.mark.parametrize("answer", [says(http(b"x" * 70_000)), floods])
async def test_a_long_answer_is_an_acknowledgement(
    answer: Answer, session: aiohttp.ClientSession
) -> None:
    axe = PatchedAxe(GAMMA, answer)
    async with serving(axe, None) as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        await client.fetch()
        await client.apply(always({MHZ: 490}))
    assert len(axe.bodies) == 1


async def test_a_refused_connection_is_no_lost_reply(
    session: aiohttp.ClientSession,
) -> None:
    async with miner(Axe()) as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        await client.fetch()
    with pytest.raises(MinerConnectionError) as caught:
        await client.apply(always({MHZ: 490}))
    assert not isinstance(caught.value, MinerCutOffError)


@pytest.mark.parametrize(
    ("fault", "parameters", "error", "frequency"),
    [
        ("patch_lost", {}, MinerCutOffError, 490),
        ("patch_lost", {"silent": True}, MinerTimeoutError, 490),
        ("patch_ignored", {}, None, 525),
        ("patch_clipped", {}, None, 507),
        ("patch_refused", {}, MinerCommandError, 525),
        ("busy", {}, MinerBusyError, 525),
        ("busy", {"seconds": 0.02}, None, 490),
        ("reboot_on_patch", {}, None, 490),
        ("offline", {}, MinerConnectionError, 525),
    ],
)
async def test_mishaps_are_sent_once_and_seen_by_the_next_poll(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    fault: str,
    parameters: dict[str, Any],
    error: type[MinerError] | None,
    frequency: float,
) -> None:
    simulated = await start_miner()
    client = AxeOsClient(simulated.host, simulated.port, session, deadline=UNHURRIED)
    await client.fetch()
    simulated.inject(fault, **parameters)
    if error is None:
        await client.apply(always({MHZ: 490}))
    else:
        with pytest.raises(error):
            await client.apply(always({MHZ: 490}))
    simulated.clear(fault)
    assert len(writes(simulated)) == int(fault != "offline")
    assert (await client.fetch()).state.settings.frequency == frequency


async def test_a_block_is_dismissed(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    simulated = await start_miner(firmware="2.13.0")
    simulated.inject("block_found")
    client = client_of(simulated, session)
    await client.dismiss_block(anyone)
    assert writes(simulated) == [("POST", "/api/system/blockFound/dismiss", "")]
    assert simulated.reply("info")["showNewBlock"] is False


async def test_there_is_no_filter(session: aiohttp.ClientSession) -> None:
    with unused_port() as port, pytest.raises(MinerCommandError):
        await AxeOsClient("127.0.0.1", port, session).reset_filter(anyone)


@pytest.mark.parametrize(
    "shown", [{}, {"username": "me", "password": "wrong"}, {"session": "x"}]
)
async def test_a_password_is_asked_for(
    start_miner: StartMiner, session: aiohttp.ClientSession, shown: dict[str, str]
) -> None:
    simulated = await start_miner(username="me", password=PASSWORD)
    with pytest.raises(MinerAuthError) as caught:
        await client_of(simulated, session, **shown).fetch()
    assert (caught.value.credentials, caught.value.one_time_code) == (True, False)


async def test_a_password_is_shown_with_every_request(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    shown = {"username": "mé:", "password": PASSWORD}
    simulated = await start_miner(firmware="2.15.0", username="mé:", password=PASSWORD)
    client = client_of(simulated, session, **shown)
    assert (await client.fetch()).identity.model == "Gamma 601"
    await client.apply(always({MHZ: 490, MINING: False}))
    await client.dismiss_block(anyone)
    await client.locate(anyone)
    await client.restart(anyone)
    assert len(writes(simulated)) == 5
    assert simulated.reply("info")["frequency"] == 490


async def test_a_password_is_shown_only_to_who_asks(
    session: aiohttp.ClientSession,
) -> None:
    """A reading begins without it, each anew; a command follows what it proved."""
    seen: list[tuple[str, bool]] = []
    asks = True

    async def handle(request: web.Request) -> web.Response:
        knows = "Authorization" in request.headers
        seen.append((request.method, knows))
        if asks and not knows:
            wants = {"WWW-Authenticate": 'Basic realm="x"'}
            return web.Response(status=401, headers=wants)
        return web.json_response(NERD)

    app = web.Application()
    app.router.add_route("*", "/{page:.*}", handle)
    async with TestServer(app) as server:
        login = Credentials(username="a", password=PASSWORD)
        port = server.port or 0
        client = AxeOsClient("127.0.0.1", port, session, credentials=login)
        for _ in range(2):
            await client.fetch()
        assert seen.count(("GET", False)) == seen.count(("GET", True)) >= 2
        seen.clear()
        await client.restart(lambda _: None)
        assert ("POST", False) not in seen
        asks = False
        seen.clear()
        await client.fetch()
        await client.restart(lambda _: None)
        assert not any(knows for _, knows in seen)


async def test_a_password_that_changed_meanwhile(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    simulated = await start_miner()
    client = client_of(simulated, session)
    await client.fetch()
    simulated.inject("unauthorized", realm="AxeOS")
    with pytest.raises(MinerAuthError) as caught:
        await client.apply(always({MHZ: 490}))
    assert (caught.value.credentials, caught.value.one_time_code) == (True, False)


async def test_a_password_goes_before_a_code(session: aiohttp.ClientSession) -> None:
    wants = 'WWW-Authenticate: Basic realm="x"\r\n'
    axe = PatchedAxe(NERD, says(http(b"", "401 Unauthorized", wants)))
    async with serving(axe, None) as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        await client.fetch()
        with pytest.raises(MinerAuthError) as caught:
            await client.apply(always({MHZ: 550}))
    assert (caught.value.credentials, caught.value.one_time_code) == (True, False)


@pytest.mark.parametrize("firmware", ["1.0.37", "1.1.0"])
async def test_a_code_opens_a_session(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    firmware: str,
) -> None:
    simulated = await start_miner(model=NERDQAXE, firmware=firmware, otp_code=CODE)
    client = client_of(simulated, session)
    await client.fetch()
    for attempt in (client.apply(always({MHZ: 550})), client.open_session("000000")):
        with pytest.raises(MinerAuthError) as caught:
            await attempt
        assert (caught.value.credentials, caught.value.one_time_code) == (False, True)
    token = await client.open_session(f" {CODE[:3]} {CODE[3:]}")
    await client.apply(always({MHZ: 550}))
    later = client_of(simulated, session, session=token)
    assert (await later.fetch()).state.settings.frequency == 550
    await later.apply(always({MHZ: 575, MINING: False}))
    clock.advance(24 * 3600)
    await later.fetch()
    with pytest.raises(MinerAuthError) as caught:
        await later.apply(always({MHZ: 550}))
    assert caught.value.one_time_code
    assert simulated.reply("info")["frequency"] == 575
    await later.apply(always({MINING: True}))
    assert writes(simulated)[-1][:2] == ("POST", "/api/system/restart")


async def test_what_is_refused_for_certain_is_not_sent(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """Refusals for want of a code lock the device when they come in a row."""
    simulated = await start_miner(model=NERDQAXE, firmware="1.0.37", otp_code=CODE)
    client = AxeOsClient(simulated.host, simulated.port, session, monotonic=clock.now)
    await client.fetch()
    for seconds, sent in ((0, 1), (30, 1), (29, 1), (2, 2), (30, 2)):
        clock.advance(seconds)
        with pytest.raises(MinerAuthError) as caught:
            await client.apply(always({MHZ: 550}))
        assert caught.value.one_time_code
        assert len(writes(simulated)) == sent
    await client.open_session(CODE)
    await client.apply(always({MHZ: 550}))
    assert simulated.reply("info")["frequency"] == 550


@pytest.mark.parametrize(
    ("code", "asked"),
    [("000000", True), ("12345", False), ("12345\r\nX: 1", False), ("", False)],
)
async def test_a_wrong_code(
    start_miner: StartMiner, session: aiohttp.ClientSession, code: str, asked: bool
) -> None:
    simulated = await start_miner(model=NERDQAXE, firmware="1.0.37", otp_code=CODE)
    with pytest.raises(MinerAuthError) as caught:
        await client_of(simulated, session).open_session(code)
    assert (caught.value.credentials, caught.value.one_time_code) == (False, True)
    assert len(writes(simulated)) == int(asked)


async def test_refusals_block_settings_and_wrong_codes_do_not(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    simulated = await start_miner(model=NERDQAXE, firmware="1.0.37", otp_code=CODE)
    client = client_of(simulated, session)
    await client.fetch()
    for _ in range(6):
        with pytest.raises(MinerAuthError):
            await client.open_session("000000")
    await client.open_session(CODE)
    for _ in range(5):
        async with session.patch(f"{simulated.url}/api/system", json={}) as answer:
            assert answer.status == 401
    with pytest.raises(MinerBusyError, match="blocked for 5 minutes"):
        await client.apply(always({MHZ: 550}))


@pytest.mark.parametrize(
    ("answer", "error", "asked"),
    [
        (says(http(b"OTP disabled", "405 Not Allowed")), MinerCommandError, 1),
        (says(http(b"Unknown", "405 Not Allowed")), MinerCommandError, 2),
        (says(http(b"", "302 Found", "Location: /\r\n")), MinerCommandError, 2),
        (says(http(b"{}")), MinerResponseError, 1),
        (says(http(b"<html>")), MinerResponseError, 1),
        (says(http(b'{"token": 7}')), MinerResponseError, 1),
        (says(http(b'{"token": ""}')), MinerResponseError, 1),
        (says(http(b'{"token": "a\\r\\nb"}')), MinerResponseError, 1),
        (says(http(b'{"token": "' + b"x" * 200 + b'"}')), MinerResponseError, 1),
        (hangs_up, MinerCutOffError, 1),
        (is_silent, MinerTimeoutError, 1),
    ],
)
async def test_sessions_that_cannot_be_had(
    answer: Answer,
    error: type[MinerError],
    asked: int,
    session: aiohttp.ClientSession,
) -> None:
    async with serving(answer, b"\r\n\r\n") as server:
        deadline = UNHURRIED if error is MinerTimeoutError else 30.0
        client = AxeOsClient("127.0.0.1", server.port, session, deadline=deadline)
        with pytest.raises(error) as caught:
            await client.open_session(CODE)
        assert len(server.requests) == asked
    assert CODE not in str(caught.value)


async def test_a_session_that_is_none_is_not_shown(
    session: aiohttp.ClientSession,
) -> None:
    axe = PatchedAxe(NERD)
    async with serving(axe, None) as server:
        shown = Credentials(session="a\r\nX-Evil: 1")
        client = AxeOsClient("127.0.0.1", server.port, session, credentials=shown)
        await client.fetch()
        await client.apply(always({MHZ: 550}))
        assert b"x-otp-session" not in server.requests[-1].lower()


@pytest.mark.parametrize("status", ["400 Bad", "401 Unauthorized", "503 Busy"])
async def test_no_secret_is_told(status: str, session: aiohttp.ClientSession) -> None:
    """Not even by a device that sends everything back."""

    async def echo(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(http(b"you said " + secrets.encode(), status))

    secrets = f"{PASSWORD} SESSION.TOKEN {CODE}"
    shown = Credentials(username="me", password=PASSWORD, session="SESSION.TOKEN")
    axe = PatchedAxe(NERD, echo)
    axe.answers["POST /api/otp/session"] = echo
    async with serving(axe, None) as server:
        client = AxeOsClient("127.0.0.1", server.port, session, credentials=shown)
        await client.fetch()
        told = [repr(client), repr(shown), repr(client.raw), client.configuration_url]
        for attempt in (client.apply(always({MHZ: 550})), client.open_session(CODE)):
            with pytest.raises(MinerError) as caught:
                await attempt
            told += [
                str(caught.value),
                repr(caught.value),
                repr(caught.value.__cause__),
            ]
        assert b"x-otp-session: session.token" in server.writes[0].lower()
    for secret in (PASSWORD, "SESSION.TOKEN", CODE):
        assert not [text for text in told if secret in (text or "")]
