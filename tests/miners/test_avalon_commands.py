"""What an Avalon is told to do."""

import asyncio
import socket
import time
from typing import Any

import pytest

from custom_components.miner_monitor.miners import (
    ErrorKind,
    MinerCommandError,
    MinerConnectionError,
    MinerError,
    MinerResponseError,
    MinerTimeoutError,
)
from custom_components.miner_monitor.miners.avalon import AvalonClient
from custom_components.miner_monitor.miners.model import Capability

from .avalon_miner import (
    ACCEPTED,
    HELP,
    TOGETHER,
    UNKNOWN,
    Avalon,
    client_of,
    commands,
    miner,
    told,
)
from .avalon_replies import made_up
from .conformance import (
    SHORT,
    UNHURRIED,
    Answer,
    hangs_up,
    is_silent,
    resets,
)
from .conformance_tcp import breaks_off, ends, failing
from .deciding import anyone

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.mark.parametrize(
    ("model", "argument", "listed"),
    [("q", "0", True), ("nano3s", "0", True), ("a1246", "0", False)],
)
@pytest.mark.parametrize(
    "answer",
    [
        ends(ACCEPTED),
        ends(b"STATUS=S,When=495,Code=119,Msg=ASC 0 set OK,Description=x|"),
        ends(b'{"STATUS":[{"STATUS":"I","Code":118,"Msg":"ASC 0 set info: ok"}]}'),
        ends(b""),
        ends(ACCEPTED[:20], b""),
        hangs_up,
        resets,
        breaks_off,
    ],
)
async def test_restart(model: str, argument: str, listed: bool, answer: Answer) -> None:
    avalon = Avalon(model)
    if not listed:
        avalon.answers[HELP] = UNKNOWN
    avalon.answers[f"ascset|0,reboot,{argument}"] = answer
    async with miner(avalon) as server:
        client = client_of(server)
        await client.fetch()
        server.requests.clear()
        await client.restart(anyone)
    assert told(server) == [f"ascset|0,reboot,{argument}"]


async def test_a_nano_3_restarts_all_of_it() -> None:
    avalon = Avalon()
    avalon.answers[TOGETHER] = ends(made_up("nano3-poll.txt"), b"")
    avalon.answers["version"] = UNKNOWN
    avalon.answers["ascset|0,reboot,all"] = ends(ACCEPTED)
    async with miner(avalon) as server:
        await client_of(server).restart(anyone)
    assert commands(server)[-1] == "ascset|0,reboot,all"


async def test_restart_with_silence_for_an_answer_is_success() -> None:
    avalon = Avalon()
    avalon.answers["ascset|0,reboot,0"] = is_silent
    async with miner(avalon) as server:
        client = client_of(server, deadline=UNHURRIED)
        await client.fetch()
        await client.restart(anyone)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (failing(120, "ASC 0 set failed: invalid"), MinerCommandError),
        (failing(45, "Access denied to 'ascset' command"), MinerCommandError),
        (UNKNOWN, MinerCommandError),
        (
            ends(b'{"STATUS":[{"STATUS":"I","Msg":"Unknown option: reboot"}]}'),
            MinerCommandError,
        ),
        (ends(b"<html></html>"), MinerResponseError),
    ],
)
async def test_restart_that_fails(answer: Answer, error: type[MinerError]) -> None:
    avalon = Avalon()
    avalon.answers["ascset|0,reboot,0"] = answer
    async with miner(avalon) as server:
        client = client_of(server)
        await client.fetch()
        server.requests.clear()
        with pytest.raises(error):
            await client.restart(anyone)
    assert told(server) == ["ascset|0,reboot,0"]


async def test_restart_of_an_absent_miner_fails() -> None:
    async with miner(Avalon()) as server:
        client = client_of(server)
        await client.fetch()
    with pytest.raises(MinerConnectionError) as caught:
        await client.restart(anyone)
    assert caught.value.kind is ErrorKind.REFUSED


@pytest.mark.parametrize("name", ["restart", "locate"])
@pytest.mark.parametrize("model", ["cgminer", "q"])
async def test_no_command_is_sent_that_is_not_listed(name: str, model: str) -> None:
    avalon = Avalon(model)
    avalon.answers[HELP] = ends(
        b'{"STATUS":[{"STATUS":"I","Code":118,"Msg":"ASC 0 set info: help|led|"}]}'
    )
    async with miner(avalon) as server:
        client = client_of(server)
        reading = await client.fetch()
        server.requests.clear()
        with pytest.raises(MinerCommandError):
            await getattr(client, name)(anyone)
    assert told(server) == []
    assert Capability(name) not in reading.identity.capabilities


async def test_a_second_between_commands() -> None:
    avalon = Avalon()
    avalon.answers["ascset|0,reboot,0"] = ends(ACCEPTED)
    async with miner(avalon) as server:
        client = client_of(server)
        await client.fetch()
        clock = asyncio.get_running_loop()
        await client.restart(anyone)
        start = clock.time()
        await client.restart(anyone)
        assert 0.9 < clock.time() - start < 1.5


async def test_a_restart_that_never_reached_the_miner_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its name is not resolved in time."""
    async with miner(Avalon()) as server:
        at = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: at)
        client = AvalonClient("avalon.example", server.port, deadline=SHORT)
        await client.fetch()
        server.requests.clear()

        def slow(*_: Any, **__: Any) -> Any:
            time.sleep(2 * SHORT)
            return at

        monkeypatch.setattr(socket, "getaddrinfo", slow)
        with pytest.raises(MinerTimeoutError):
            await client.restart(anyone)
    assert server.requests == []
