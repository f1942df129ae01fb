"""The client of the cgminer API."""

import asyncio
import json
import socket
from typing import Any, override

import aiohttp
import pytest

from custom_components.miner_monitor.miners import (
    Endpoint,
    ErrorKind,
    MinerClient,
    MinerConnectionError,
    MinerTimeoutError,
    create_client,
)
from custom_components.miner_monitor.miners.avalon import AvalonClient
from custom_components.miner_monitor.miners.model import (
    Capability,
    Changes,
    Family,
    Setting,
)

from .avalon_miner import (
    ACCEPTED,
    FIRST,
    HELP,
    OF_A_NANO_3S,
    SINGLE,
    TOGETHER,
    UNKNOWN,
    Avalon,
    client_of,
    commands,
    encoded,
    loaded,
    miner,
)
from .avalon_replies import made_up
from .conformance import (
    SHORT,
    Answer,
    WriteConformance,
    hangs_up,
    is_silent,
    resets,
)
from .conformance_tcp import TcpConformance, breaks_off, ends, failing
from .replies import Clock

pytestmark = pytest.mark.usefixtures("socket_enabled")


class AvalonConformance(TcpConformance):
    @override
    def make(
        self, port: int, session: aiohttp.ClientSession, *, deadline: float = 5.0
    ) -> MinerClient:
        return AvalonClient("127.0.0.1", port, deadline=deadline)


class TestConformance(AvalonConformance, WriteConformance):
    commands = ("restart", "reset_filter")

    @override
    def good(self) -> Answer:
        return obedient()

    @override
    def another(self) -> Answer:
        avalon = obedient()
        row = avalon.row("estats")
        key = next(key for key in row if key.startswith("MM ID"))
        row[key] = row[key].replace("DNA[0201000012340005]", "DNA[0201000012340006]")
        return avalon

    @override
    def change(self) -> Changes:
        return {Setting.AUTO_FAN: True}

    @override
    def started_again(self) -> Answer:
        avalon = Avalon()
        avalon.starts_again()
        return avalon


def obedient() -> Avalon:
    """Make a miner that takes what it is told."""
    avalon = Avalon()
    for order in ("fan-spd,-1", "reboot,0", "filter-clean,1"):
        avalon.answers[f"ascset|0,{order}"] = ends(ACCEPTED)
    return avalon


class TestConformanceOfPlainCgminer(AvalonConformance):
    @override
    def good(self) -> Answer:
        return Avalon("cgminer")

    @override
    def started_again(self) -> Answer:
        avalon = Avalon("cgminer")
        avalon.starts_again()
        return avalon


class TestConformanceInText(AvalonConformance):
    """Firmware that answers in text whatever it is asked in."""

    @override
    def good(self) -> Answer:
        avalon = Avalon()
        avalon.answers[TOGETHER] = ends(made_up("q-poll.txt"), b"")
        return avalon

    @override
    def started_again(self) -> Answer:
        return self.good()


async def test_what_is_sent() -> None:
    async with miner(Avalon()) as server:
        await client_of(server).fetch()
    assert server.requests == [
        b'{"command":"summary+estats+pools"}',
        b'{"command":"version"}',
        b'{"command":"ascset","parameter":"0,help"}',
    ]


async def test_a_poll_is_one_request() -> None:
    async with miner(Avalon()) as server:
        client = client_of(server)
        for _ in range(4):
            reading = await client.fetch()
    assert commands(server) == [*FIRST, TOGETHER, TOGETHER, TOGETHER]
    assert reading.identity.serial == "0201000012340005"
    assert Capability.RESTART in reading.identity.capabilities
    assert reading.state.hash_rate_now == pytest.approx(73.11042)
    assert reading.state.power == 1311


async def test_start_and_firmware_ask_again() -> None:
    avalon = Avalon()
    async with miner(avalon) as server:
        client = client_of(server)
        await client.fetch()
        avalon.starts_again()
        await client.fetch()
        await client.fetch()
        assert commands(server) == [*FIRST, *FIRST, TOGETHER]
        server.requests.clear()
        avalon.becomes("26010101_abcdef0")
        await client.fetch()
        reading = await client.fetch()
    assert commands(server) == [*FIRST, TOGETHER]
    assert reading.identity.firmware is not None
    assert "26010101" in reading.identity.firmware


@pytest.mark.parametrize(
    "answer",
    [
        UNKNOWN,
        hangs_up,
        resets,
        breaks_off,
        ends(b""),
        ends(b"<html></html>"),
        ends(b"[]"),
        ends(b'{"STATUS":[{"STATUS":"S"}],"VERSION":[[]]}'),
    ],
)
async def test_what_else_is_asked_costs_only_itself(answer: Answer) -> None:
    avalon = Avalon()
    avalon.answers |= {"version": answer, HELP: answer}
    async with miner(avalon) as server:
        client = client_of(server)
        reading = await client.fetch()
        asked = len(server.requests)
        await client.fetch()
        assert server.most_open == 1
    assert len(server.requests) == asked + 1
    assert reading.state.hashing
    assert reading.identity.serial == "0201000012340005"
    assert Capability.RESTART not in reading.identity.capabilities


async def test_silence_to_what_else_is_asked_ends_soon() -> None:
    avalon = Avalon()
    avalon.answers |= {"version": is_silent, HELP: is_silent}
    async with miner(avalon) as server:
        reading = await client_of(server, deadline=0.5).fetch()
    assert commands(server) == [TOGETHER, "version"]
    assert reading.state.hashing


async def test_short_statistics_stand_in_for_empty_ones() -> None:
    avalon = Avalon()
    stats = avalon.row("estats")
    row = {"MM ID0:Summary": stats["MM ID0:Summary"]}
    reply = {"STATUS": [{"STATUS": "S", "Code": 70}], "STATS": [row], "id": 1}
    avalon.answers["litestats"] = ends(encoded(reply))
    async with miner(avalon) as server:
        client = client_of(server)
        await client.fetch()
        assert "litestats" not in commands(server)
        stats["MM ID0:Summary"] = ""
        reading = await client.fetch()
    assert commands(server)[-1] == "litestats"
    assert reading.identity.serial == "0201000012340005"
    assert reading.state.power == 1311
    assert client.raw["litestats"][0]["MM ID0:Summary"]["STATE"] == "1"


def without_traffic(avalon: Avalon) -> Avalon:
    """Let its usual statistics say nothing of the pools."""
    rows = avalon.poll["estats"][0]["STATS"]
    rows[:] = [row for row in rows if not row["ID"].startswith("POOL")]
    return avalon


async def test_traffic_of_a_q_is_asked_for_while_somebody_wants_it() -> None:
    """One question in two minutes, whose module counts for nothing."""
    clock, avalon = Clock(), without_traffic(Avalon())
    rows = [{"ID": "AVALON0"}, {"ID": "POOL0", "Times Sent": 12, "Net Bytes Recv": 9}]
    avalon.poll["stats"][0]["STATS"] = rows

    async with miner(avalon) as server:
        client = client_of(server, monotonic=clock)
        await client.fetch()
        clock.now += 600
        assert "times_sent" not in (await client.fetch()).state.pools[0].figures
        server.requests.clear()
        client.thorough = True
        readings = []
        for _ in range(10):
            clock.now += 15
            readings.append(await client.fetch())

    asked = [TOGETHER, "stats", *[TOGETHER] * 8, "stats", TOGETHER]
    assert commands(server) == asked
    for reading in readings:
        assert reading.state.power == 1311
        first, *others = reading.state.pools
        assert first.figures["times_sent"] == 12
        assert first.figures["net_bytes_recv"] == 9
        assert not any("times_sent" in pool.figures for pool in others)
    assert client.raw["traffic"] == rows
    assert "MM ID0:Summary" in client.raw["stats"][0]


@pytest.mark.parametrize("answer", [UNKNOWN, is_silent, resets])
async def test_no_answer_about_the_traffic_costs_nothing_else(answer: Answer) -> None:
    avalon = without_traffic(Avalon())
    avalon.answers["stats"] = answer
    async with miner(avalon) as server:
        client = client_of(server, deadline=1.0)
        client.thorough = True
        reading = await client.fetch()
    assert "stats" in commands(server)
    assert reading.state.power == 1311


@pytest.mark.parametrize("model", ["q", "nano3s", "cgminer"])
async def test_whose_polls_have_the_traffic_is_not_asked_again(model: str) -> None:
    async with miner(Avalon(model)) as server:
        client = client_of(server)
        client.thorough = True
        for _ in range(3):
            await client.fetch()
    assert "stats" not in commands(server)


TRUNCATED = b'{"summary":[{"STATUS":[{"STA'
_ONLY_SUMMARY = encoded(loaded("q-poll.json")["summary"][0])


@pytest.mark.parametrize(
    ("answer", "requests"),
    [
        (UNKNOWN, 1),
        (failing(45, "Access denied to 'summary+estats+pools' command"), 1),
        (ends(_ONLY_SUMMARY), 1),
        (ends(b'{"summary":[{"STATUS":[{broken}]}]}'), 1),
        (ends(TRUNCATED, b""), 2),
        (ends(made_up("q-poll.json")[:-900], b""), 2),
    ],
)
async def test_single_requests_are_remembered_until_a_start(
    answer: Answer, requests: int
) -> None:
    avalon = Avalon()
    avalon.answers[TOGETHER] = answer
    tried = [TOGETHER] * requests
    async with miner(avalon) as server:
        client = client_of(server)
        first = await client.fetch()
        assert commands(server) == [*tried, *SINGLE, "version", HELP]
        server.requests.clear()
        second = await client.fetch()
        assert commands(server) == SINGLE
        assert client.raw.keys() == {
            *("summary", "stats", "pools", "when"),
            *("version", "commands"),
        }
        avalon.starts_again()
        server.requests.clear()
        await client.fetch()
        await client.fetch()
        assert commands(server) == [*SINGLE, "version", HELP, *tried, *SINGLE]
        del avalon.answers[TOGETHER]
        avalon.becomes("26010101_abcdef0")
        await client.fetch()
        server.requests.clear()
        await client.fetch()
        assert commands(server) == [TOGETHER]
        assert server.most_open == 1
    assert first.state == second.state
    assert first.state.pools
    assert first.identity is second.identity


async def test_pools_that_nobody_can_read_cost_only_the_pools() -> None:
    avalon = Avalon()
    avalon.answers |= {TOGETHER: UNKNOWN, "pools": ends(b"\xff{")}
    async with miner(avalon) as server:
        reading = await client_of(server).fetch()
    assert reading.state.hashing
    assert reading.state.pools == ()


async def test_a_section_that_failed_costs_only_itself() -> None:
    avalon = Avalon()
    denied = {"STATUS": [{"STATUS": "E", "Code": 45, "Msg": "Access denied"}], "id": 1}
    avalon.poll["pools"] = [denied]
    async with miner(avalon) as server:
        client = client_of(server)
        reading = await client.fetch()
        await client.fetch()
    assert commands(server) == [*FIRST, TOGETHER]
    assert reading.state.hashing
    assert reading.state.pools == ()


async def test_a_cut_reply_still_gives_its_blob() -> None:
    """When single requests fail as well."""
    avalon = Avalon("nano3s")
    body = encoded(avalon.poll)
    cut = body.index(b'"MM Count"')
    once = ends(body[:cut], b"")

    async def cut_then_gone(request: bytes, writer: asyncio.StreamWriter) -> None:
        avalon.answers[TOGETHER] = hangs_up
        await once(request, writer)

    avalon.answers |= {TOGETHER: cut_then_gone, "summary": hangs_up}
    async with miner(avalon) as server:
        reading = await client_of(server).fetch()
    assert reading.identity.serial == "0201000012340004"
    assert reading.state.power == 134
    assert reading.state.uptime is not None


@pytest.mark.parametrize("fault", [hangs_up, resets, breaks_off, ends(TRUNCATED, b"")])
async def test_a_read_that_breaks_off_is_tried_once_more(fault: Answer) -> None:
    avalon = Avalon()
    async with miner(avalon) as server:
        client = client_of(server)
        await client.fetch()
        server.requests.clear()

        async def once(request: bytes, writer: asyncio.StreamWriter) -> None:
            server.answer = avalon
            await fault(request, writer)

        server.answer = once
        assert (await client.fetch()).state.hashing
        assert commands(server) == [TOGETHER, TOGETHER]
        server.requests.clear()
        server.answer = hangs_up
        with pytest.raises(MinerConnectionError):
            await client.fetch()
        assert commands(server) == [TOGETHER, TOGETHER]
        assert server.most_open == 1


async def test_silence_is_not_asked_again() -> None:
    async with miner(is_silent) as server:
        with pytest.raises(MinerTimeoutError):
            await client_of(server, deadline=SHORT).fetch()
    assert len(server.requests) == 1


async def test_a_reply_in_pieces() -> None:
    """With a NUL at the end of a piece, and more right after it."""
    avalon = Avalon()
    body = encoded(avalon.poll)

    async def in_pieces(_: bytes, writer: asyncio.StreamWriter) -> None:
        for start in range(0, len(body), 1448):
            writer.write(body[start : start + 1448] + b"\0")
            await writer.drain()
            await asyncio.sleep(0.01)
        writer.close()

    avalon.answers[TOGETHER] = in_pieces
    async with miner(avalon) as server:
        reading = await client_of(server).fetch()
    assert commands(server) == FIRST
    assert reading.state.power == 1311
    assert len(reading.state.pools) == 1


async def test_a_nul_after_a_bracket_is_no_end_when_more_follows() -> None:
    avalon = Avalon()
    body = encoded(avalon.poll)
    place = body.index(b'"estats"')
    place = body.rindex(b"}", 0, place) + 1

    async def in_two(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(body[:place] + b"\0")
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(body[place:] + b"\0")

    avalon.answers[TOGETHER] = in_two
    async with miner(avalon) as server:
        reading = await client_of(server).fetch()
    assert commands(server) == FIRST
    assert reading.state.power == 1311


async def test_raw_has_a_key_for_all_that_is_private() -> None:
    avalon = Avalon("nano3s")
    async with miner(avalon) as server:
        client = client_of(server)
        assert client.raw == {}
        await client.fetch()
        raw = client.raw
    assert raw["summary"]["Accepted"] == 3120
    assert raw["when"] > 1e9
    assert raw["stats"][0]["MM ID0"]["DNA"] == "0201000012340004"
    assert raw["stats"][0]["MM ID0"]["SYSTEMSTATU"] == "Work: In Work, Hash Board: 1"
    assert raw["litestats"][0]["MM ID0"]["SSID"] == "somewhere"
    assert raw["pools"][0]["User"] == "somebody.rig"
    assert raw["version"]["MAC"] == "e0e1a9000004"
    assert "reboot" in raw["commands"]
    json.dumps(raw)


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("two words", 4028),
        ("", 4028),
        ("a/b", 4028),
        ("[::1]", 4028),
        ("a" * 300, 4028),
        ("127.0.0.1", 99999),
        ("127.0.0.1", 0),
        ("127.0.0.1", -1),
    ],
)
def test_impossible_addresses(host: str, port: int) -> None:
    with pytest.raises(MinerConnectionError) as caught:
        AvalonClient(host, port)
    assert caught.value.kind is ErrorKind.NETWORK


@pytest.mark.parametrize("host", ["x..y", "ä" * 100, "no-such-miner.invalid"])
async def test_unknown_names(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(host: str, *_: Any, **__: Any) -> Any:
        host.encode("idna")
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    with pytest.raises(MinerConnectionError) as caught:
        await AvalonClient(host, 4028).fetch()
    assert caught.value.kind is ErrorKind.NETWORK


async def test_a_name_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    async with miner(Avalon()) as server:
        at = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: at)
        client = AvalonClient("avalon.example", server.port)
        assert (await client.fetch()).state.hashing
    assert client.configuration_url == "http://avalon.example"


async def test_no_socket_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: Any) -> Any:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(socket, "socket", none_left)
    with pytest.raises(MinerConnectionError) as caught:
        await AvalonClient("127.0.0.1", 4028).fetch()
    assert caught.value.kind is ErrorKind.NETWORK


async def test_detect(session: aiohttp.ClientSession) -> None:
    async with miner(Avalon("nano3s")) as server:
        client = AvalonClient("127.0.0.1", server.port)
        reading = await client.fetch()
        at = Endpoint(host=client.host, port=client.port)
        again = create_client(Family.AVALON, at, session)
        assert (await again.fetch()).identity == reading.identity
    assert client.configuration_url == "http://127.0.0.1"
    assert client.units == ()


async def test_clients_clock_decides_when_to_ask_again() -> None:
    clock = Clock()
    async with miner(Avalon("nano3s")) as server:
        client = client_of(server, monotonic=clock)
        await client.fetch()
        server.requests.clear()
        for _ in range(3):
            clock.now += 15
            await client.fetch()
        assert commands(server) == [OF_A_NANO_3S] * 3
        clock.now += 300
        await client.fetch()
    assert commands(server) == [*[OF_A_NANO_3S] * 4, "litestats"]
