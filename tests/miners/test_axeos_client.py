"""The HTTP client of AxeOS."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
import socket
from typing import Any, override

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
import pytest

from custom_components.miner_monitor.miners import (
    Endpoint,
    ErrorKind,
    MinerAuthError,
    MinerClient,
    MinerCommandError,
    MinerConnectionError,
    MinerError,
    MinerResponseError,
    MinerTimeoutError,
    MinerUnsupportedError,
    create_client,
    detect,
)
from custom_components.miner_monitor.miners.axeos import AxeOsClient
from custom_components.miner_monitor.miners.model import (
    Changes,
    Family,
    MinerReading,
    MinerStatus,
    Setting,
)

from .conformance import (
    SHORT,
    UNHURRIED,
    Answer,
    HttpConformance,
    Server,
    WriteConformance,
    breaks_off,
    hangs_up,
    http,
    is_silent,
    says,
    serving,
    unused_port,
)
from .deciding import anyone
from .replies import GAMMA, GAMMA_214, NERD, Clock, without

UNKNOWN_ROUTE = http(
    b'{"error":"unknown route"}', "404 Not Found", "Connection: close\r\n"
)
GAMMA_ASIC = {
    "ASICModel": "BM1370",
    "deviceModel": "Gamma",
    "asicCount": 1,
    "defaultFrequency": 525,
    "frequencyOptions": [400, 490, 525, 550, 600, 640],
    "defaultVoltage": 1150,
    "voltageOptions": [1000, 1060, 1100, 1150, 1200, 1250],
}


class Axe:
    """A miner whose replies a test can change."""

    def __init__(self, info: dict[str, Any] = GAMMA, *, headers: str = "") -> None:
        self.info: dict[str, Any] = info
        self._headers = headers
        self.answers: dict[str, Answer] = {
            "GET /api/system/asic": says(http(json.dumps(GAMMA_ASIC).encode())),
            "PATCH /api/system": says(http(b"")),
            "POST /api/system/restart": says(http(b"System will restart shortly.")),
            "POST /api/system/identify": says(http(b'{"message":"ok"}')),
            "POST /api/system/blockFound/dismiss": says(http(b"")),
        }

    async def __call__(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        route = b" ".join(request.split(b" ")[:2]).decode()
        if route == "GET /api/system/info":
            writer.write(http(json.dumps(self.info).encode(), headers=self._headers))
        else:
            answer = self.answers.get(route, says(UNKNOWN_ROUTE))
            await answer(request, writer)


@asynccontextmanager
async def miner(axe: Axe) -> AsyncIterator[Server]:
    async with serving(axe, b"\r\n\r\n") as server:
        yield server


def routes(server: Server) -> list[str]:
    return [b" ".join(item.split(b" ")[:2]).decode() for item in server.requests]


class TestConformance(HttpConformance, WriteConformance):
    commands = ("restart", "recover", "locate", "dismiss_block")

    @override
    def make(
        self, port: int, session: aiohttp.ClientSession, *, deadline: float = 5.0
    ) -> MinerClient:
        return AxeOsClient("127.0.0.1", port, session, deadline=deadline)

    @override
    def good(self) -> Answer:
        return Axe()

    @override
    def another(self) -> Answer:
        return Axe(GAMMA | {"macAddr": "E4:B0:63:00:00:99"})

    @override
    def change(self) -> Changes:
        return {Setting.FREQUENCY: 490, Setting.CORE_VOLTAGE: 1.1}

    @override
    def started_again(self) -> Answer:
        return Axe(GAMMA | {"uptimeSeconds": 3})

    @override
    def obliging(self) -> Answer:
        axe = Axe(headers="Connection: close\r\n")
        axe.answers.clear()
        return axe


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (dict.fromkeys(GAMMA), MinerUnsupportedError),
        (dict.fromkeys(GAMMA, "x"), MinerUnsupportedError),
        (without(GAMMA, "ASICModel"), MinerUnsupportedError),
        ({"identity": {"name": "NMAxe"}, "miner": {}}, MinerUnsupportedError),
        ({"identity": "me", "miner": {}}, MinerResponseError),
        ({"miner": {"hashRate": 1}}, MinerResponseError),
    ],
)
async def test_strange_objects(
    reply: dict[str, Any], error: type[MinerError], session: aiohttp.ClientSession
) -> None:
    async with miner(Axe(reply)) as server:
        with pytest.raises(error) as caught:
            await AxeOsClient("127.0.0.1", server.port, session).fetch()
    assert type(caught.value) is error


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(GAMMA | {"power": float("nan"), "temp": float("inf")}),
        json.dumps(GAMMA | {"power": None, "temp": None}).replace(
            "null", "1" + "0" * 6000
        ),
        json.dumps(GAMMA | {"power": None, "temp": None}).replace("null", "1e999"),
        json.dumps(GAMMA | {"power": 10**30, "temp": -(10**30)}),
    ],
)
async def test_impossible_numbers_cost_their_field(
    body: str, session: aiohttp.ClientSession
) -> None:
    async with serving(says(http(body.encode())), b"\r\n\r\n") as server:
        state = (await AxeOsClient("127.0.0.1", server.port, session).fetch()).state
    assert state.power is None
    assert state.chip_temperature is None
    assert state.vr_temperature == 62
    assert state.hash_rate_now == pytest.approx(1.0722)


@pytest.mark.parametrize("number", ["NaN", "1"])
async def test_a_miner_that_nests_deeply_is_refused(
    number: str, session: aiohttp.ClientSession
) -> None:
    """Whoever walks through the raw reply later must not run out of stack."""
    nested = f',"a":{number},"b":{"[" * 100}{"]" * 100}}}'
    body = json.dumps(GAMMA)[:-1] + nested
    async with serving(says(http(body.encode())), b"\r\n\r\n") as server:
        with pytest.raises(MinerResponseError):
            await AxeOsClient("127.0.0.1", server.port, session).fetch()


@pytest.mark.parametrize("bad", [b"\xff\xfe", b"\\ud800", b"a\\u0000b"])
async def test_broken_text_costs_little(
    bad: bytes, session: aiohttp.ClientSession
) -> None:
    body = json.dumps(GAMMA | {"hostname": "BAD"}).encode().replace(b"BAD", bad)
    async with serving(says(http(body)), b"\r\n\r\n") as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        reading = await client.fetch()
    assert reading.state.power == 18.75
    json.dumps(client.raw, ensure_ascii=False).encode()
    (reading.identity.hostname or "").encode()


async def test_text_everywhere_is_still_read(session: aiohttp.ClientSession) -> None:
    info = {
        key: str(value) if isinstance(value, int | float) else value
        for key, value in GAMMA.items()
    }
    async with miner(Axe(info)) as server:
        reading = await AxeOsClient("127.0.0.1", server.port, session).fetch()
    assert reading.state.power == 18.75
    assert reading.state.shares_accepted == 4768
    assert reading.identity.core_count == 2040


async def test_a_chunked_reply(session: aiohttp.ClientSession) -> None:
    body = json.dumps(GAMMA).encode()
    half = len(body) // 2
    chunks = b"".join(
        f"{len(part):x}\r\n".encode() + part + b"\r\n"
        for part in (body[:half], body[half:], b"")
    )
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serving(says(head + chunks), b"\r\n\r\n") as server:
        reading = await AxeOsClient("127.0.0.1", server.port, session).fetch()
    assert reading.identity.model == "Gamma 601"


async def test_no_cookie_is_kept(session: aiohttp.ClientSession) -> None:
    """A device that sets one with each reply fills no memory, and sees none again."""
    async with serving(
        Axe(headers="Set-Cookie: id=7; Path=/\r\n"), b"\r\n\r\n"
    ) as server:
        client = AxeOsClient("localhost", server.port, session)
        await client.fetch()
        await client.fetch()
    assert len(server.requests) > 2
    assert not [request for request in server.requests if b"cookie" in request.lower()]


async def test_presets_are_asked_once_and_used(session: aiohttp.ClientSession) -> None:
    async with miner(Axe()) as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        for _ in range(3):
            reading = await client.fetch()
    assert routes(server).count("GET /api/system/asic") == 1
    assert len(server.requests) == 4
    limits = reading.identity.limits.settings[Setting.FREQUENCY]
    assert limits.options[-1] == 640
    assert reading.identity.model_id == "Gamma"
    assert client.raw["asic"] == GAMMA_ASIC


@pytest.mark.parametrize(
    ("change", "asked_again"),
    [
        ({"uptimeSeconds": 5}, True),
        ({"version": "v2.12.3"}, True),
        ({"macAddr": "E4:B0:63:00:00:02"}, True),
        ({"uptimeSeconds": 20000}, False),
        ({"version": None}, False),
        ({"macAddr": "XX:XX"}, False),
        ({"uptimeSeconds": None}, False),
    ],
)
async def test_presets_are_asked_again_after_a_boot(
    change: dict[str, Any], asked_again: bool, session: aiohttp.ClientSession
) -> None:
    axe = Axe()
    async with miner(axe) as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        await client.fetch()
        axe.info = GAMMA | change
        await client.fetch()
    assert routes(server).count("GET /api/system/asic") == (2 if asked_again else 1)


@pytest.mark.parametrize(
    ("info", "asked"),
    [
        (GAMMA, True),
        (without(GAMMA, "temptarget") | {"version": "v2.6.0"}, False),
        (NERD, True),
        (without(NERD, "foundBlocks") | {"version": "v1.0.32"}, True),
        (without(NERD, "foundBlocks") | {"version": "v1.0.31"}, False),
        (without(NERD, "foundBlocks", "version"), False),
    ],
)
async def test_old_firmware_is_not_asked_for_presets(
    info: dict[str, Any], asked: bool, session: aiohttp.ClientSession
) -> None:
    async with miner(Axe(info)) as server:
        await AxeOsClient("127.0.0.1", server.port, session).fetch()
    assert ("GET /api/system/asic" in routes(server)) is asked


@pytest.mark.parametrize(
    "answer",
    [
        says(UNKNOWN_ROUTE),
        says(http(b"", "302 Found", "Location: /\r\n")),
        says(http(b"", "401 Unauthorized")),
        says(http(b"<html></html>")),
        says(http(b"[]")),
        says(http(b'{"frequencyOptions": "many", "voltageOptions": [[], null, -1]}')),
        hangs_up,
        is_silent,
    ],
)
async def test_no_presets_cost_only_the_lists(
    answer: Answer, session: aiohttp.ClientSession
) -> None:
    axe = Axe()
    axe.answers["GET /api/system/asic"] = answer
    async with miner(axe) as server:
        client = AxeOsClient("127.0.0.1", server.port, session, deadline=1.0)
        reading = await client.fetch()
        asked = routes(server).count("GET /api/system/asic")
        await client.fetch()
    assert routes(server).count("GET /api/system/asic") == asked > 0
    limits = reading.identity.limits.settings[Setting.FREQUENCY]
    assert (limits.minimum, limits.maximum) == (100, 625)


@pytest.mark.parametrize(
    ("answer", "is_one"),
    [
        (hangs_up, False),
        (breaks_off, False),
        (says(http(b"Busy", "503 Busy")), False),
        (says(http(b"[]")), False),
        (says(UNKNOWN_ROUTE), True),
    ],
)
async def test_lost_presets_are_asked_again_less_and_less_often(
    answer: Answer, is_one: bool, session: aiohttp.ClientSession
) -> None:
    """That there are none is an answer, too."""
    axe, clock = Axe(), Clock()
    lists = axe.answers["GET /api/system/asic"]
    axe.answers["GET /api/system/asic"] = answer
    async with miner(axe) as server:
        client = AxeOsClient("127.0.0.1", server.port, session, monotonic=clock)
        asked: list[float] = []

        async def polled() -> MinerReading:
            server.requests.clear()
            reading = await client.fetch()
            if "GET /api/system/asic" in routes(server):
                asked.append(clock.now - 1000)
            return reading

        for _ in range(41):
            assert (await polled()).complete is is_one
            clock.now += 15
        assert asked == ([0] if is_one else [0, 15, 45, 90, 180, 345])
        axe.answers["GET /api/system/asic"] = lists
        clock.now += 600
        assert (await polled()).complete
        clock.now += 600
        await polled()
    assert len(asked) == (1 if is_one else 7)


async def test_presets_survive_a_boot_in_which_they_fail(
    session: aiohttp.ClientSession,
) -> None:
    axe = Axe()
    async with miner(axe) as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        before = (await client.fetch()).identity
        axe.answers["GET /api/system/asic"] = hangs_up
        axe.info = GAMMA | {"uptimeSeconds": 5}
        assert (await client.fetch()).identity is before


async def test_clients_clock_decides_on_starting(
    session: aiohttp.ClientSession,
) -> None:
    clock = Clock()
    axe = Axe(GAMMA_214 | {"miningPaused": True, "hashRate": 0})
    async with miner(axe) as server:
        client = AxeOsClient("127.0.0.1", server.port, session, monotonic=clock)
        await client.fetch()
        axe.info = GAMMA_214 | {"hashRate": 0}
        statuses = []
        for now in (1015, 1600, 1616):
            clock.now = now
            statuses.append((await client.fetch()).state.status)
    assert statuses == [MinerStatus.STARTING, MinerStatus.STARTING, MinerStatus.IDLE]


@pytest.mark.parametrize(
    "answer",
    [
        says(http(b"System will restart shortly.")),
        says(http(b'{"message":"System will restart shortly."}')),
        says(http(b"")),
        breaks_off,
        hangs_up,
    ],
)
async def test_restart(answer: Answer, session: aiohttp.ClientSession) -> None:
    axe = Axe()
    axe.answers["POST /api/system/restart"] = answer
    async with miner(axe) as server:
        await AxeOsClient("127.0.0.1", server.port, session).restart(anyone)
    assert routes(server)[-1] == "POST /api/system/restart"
    assert len(server.writes) == 1


@pytest.mark.parametrize("command", ["restart", "locate", "dismiss_block"])
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (says(UNKNOWN_ROUTE), MinerCommandError),
        (says(http(b"", "405 Method Not Allowed")), MinerCommandError),
        (says(http(b"", "302 Found", "Location: /\r\n")), MinerCommandError),
        (says(http(b"Unauthorized", "401 Unauthorized")), MinerAuthError),
        (is_silent, MinerTimeoutError),
    ],
)
async def test_commands_that_fail(
    command: str,
    answer: Answer,
    error: type[MinerError],
    session: aiohttp.ClientSession,
) -> None:
    axe = Axe()
    axe.answers["POST /api/system/restart"] = answer
    axe.answers["POST /api/system/identify"] = answer
    axe.answers["POST /api/system/blockFound/dismiss"] = answer
    async with miner(axe) as server:
        deadline = UNHURRIED if error is MinerTimeoutError else 30.0
        client = AxeOsClient("127.0.0.1", server.port, session, deadline=deadline)
        with pytest.raises(error):
            await getattr(client, command)(anyone)


async def test_restart_of_an_absent_miner_fails(
    session: aiohttp.ClientSession,
) -> None:
    with unused_port() as port, pytest.raises(MinerConnectionError) as caught:
        await AxeOsClient("127.0.0.1", port, session).restart(anyone)
    assert caught.value.kind is ErrorKind.REFUSED


async def test_restart_without_a_way_to_it_is_no_success(
    session: aiohttp.ClientSession,
) -> None:
    async with miner(Axe()) as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        if session.connector is not None:
            await session.connector.close()
        with pytest.raises(MinerConnectionError):
            await client.restart(anyone)
        await session.close()
        with pytest.raises(MinerConnectionError):
            await client.restart(anyone)
    assert server.requests == []


@pytest.mark.parametrize("body", [b"Hi!", b'{"message":"Hi"}', b""])
async def test_locate_does_not_end_a_greeting_under_way(
    body: bytes, session: aiohttp.ClientSession
) -> None:
    """A second call within 30 s would switch the greeting off."""
    clock = Clock()
    axe = Axe()
    axe.answers["POST /api/system/identify"] = says(http(body))
    async with miner(axe) as server:
        client = AxeOsClient("127.0.0.1", server.port, session, monotonic=clock)
        for now in (1000, 1029, 1031):
            clock.now = now
            await client.locate(anyone)
    assert [route for route in routes(server) if "GET" not in route] == [
        "POST /api/system/identify"
    ] * 2


async def test_locate_tries_again_after_a_failure(
    session: aiohttp.ClientSession,
) -> None:
    axe = Axe()
    axe.answers["POST /api/system/identify"] = says(UNKNOWN_ROUTE)
    async with miner(axe) as server:
        client = AxeOsClient("127.0.0.1", server.port, session)
        for _ in range(2):
            with pytest.raises(MinerCommandError):
                await client.locate(anyone)
    assert len(server.writes) == 2


class DeadResolver(AbstractResolver):
    """Knows no name."""

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        raise OSError(None, "no such name")

    @override
    async def close(self) -> None:
        """Have nothing to close."""


@pytest.mark.parametrize("host", ["bitaxe.local", "a" * 300, "ä.local", "x..y"])
async def test_unknown_names(host: str, socket_enabled: None) -> None:
    connector = aiohttp.TCPConnector(resolver=DeadResolver())
    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(MinerConnectionError) as caught:
            await detect(host, None, session)
    assert caught.value.kind is ErrorKind.NETWORK


@pytest.mark.parametrize(
    ("host", "port"), [("two words", 80), ("", 80), ("a/b", 80), ("127.0.0.1", 99999)]
)
async def test_impossible_addresses(
    host: str, port: int, session: aiohttp.ClientSession
) -> None:
    with pytest.raises(MinerConnectionError):
        await detect(host, port, session)


async def test_detect(session: aiohttp.ClientSession) -> None:
    async with miner(Axe()) as server:
        client, reading = await detect("127.0.0.1", server.port, session)
        assert client.family is Family.AXEOS
        assert client.configuration_url == f"http://127.0.0.1:{server.port}"
        assert reading.identity.mac == "e4:b0:63:00:00:01"
        at = Endpoint(host=client.host, port=client.port)
        again = create_client(client.family, at, session)
        assert (await again.fetch()).identity == reading.identity


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (says(http(b"<html></html>")), MinerResponseError),
        (says(http(b'{"hashRate": 1}')), MinerUnsupportedError),
        (says(http(b"", "401 Unauthorized")), MinerAuthError),
        (hangs_up, MinerConnectionError),
    ],
)
async def test_detect_of_others(
    answer: Answer, error: type[MinerError], session: aiohttp.ClientSession
) -> None:
    async with serving(answer, b"\r\n\r\n") as server:
        with pytest.raises(error) as caught:
            await detect("127.0.0.1", server.port, session)
    assert isinstance(caught.value, error)


async def test_detect_gives_up_in_time(session: aiohttp.ClientSession) -> None:
    async with serving(is_silent, b"\r\n\r\n") as server:
        with pytest.raises(MinerTimeoutError):
            await detect("127.0.0.1", server.port, session, deadline=SHORT)
