"""What became of a write, as far as it can be known: three outcomes, never a guess."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
import socket
from typing import Any, override

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
import pytest

from custom_components.miner_monitor.miners import (
    MinerBusyError,
    MinerClient,
    MinerCommandError,
    MinerConnectionError,
    MinerError,
    MinerStrangerError,
    MinerTimeoutError,
    Outcome,
)
from custom_components.miner_monitor.miners.avalon import AvalonClient
from custom_components.miner_monitor.miners.axeos import AxeOsClient
from custom_components.miner_monitor.miners.http import create_session
from custom_components.miner_monitor.miners.model import (
    Changes,
    MinerReading,
    Setting,
)

from .avalon_miner import ACCEPTED, Avalon
from .conformance import (
    UNHURRIED,
    Answer,
    Server,
    breaks_off,
    drips,
    hangs_up,
    http,
    is_silent,
    resets,
    says,
    serving,
)
from .conformance_tcp import breaks_off as breaks_off_tcp, ends, failing
from .deciding import always
from .replies import GAMMA_214
from .test_axeos_client import Axe

pytestmark = pytest.mark.usefixtures("socket_enabled")

NOT_SENT, REFUSED, UNKNOWN = Outcome.NOT_SENT, Outcome.REFUSED, Outcome.UNKNOWN
MHZ, MINING = Setting.FREQUENCY, Setting.MINING


def status(code: str, body: bytes = b"no") -> Answer:
    return says(http(body, code))


async def half_a_head(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    await writer.drain()
    writer.close()


HTTP: dict[str, tuple[Answer, Outcome]] = {
    "400": (status("400 Bad Request"), REFUSED),
    "401": (status("401 Unauthorized"), REFUSED),
    "403": (status("403 Forbidden"), REFUSED),
    "404": (status("404 Not Found"), REFUSED),
    "405": (status("405 Method Not Allowed"), REFUSED),
    "413": (status("413 Too Large"), REFUSED),
    "400, text cut": (says(http(b"no", "400 Bad", length=2)), REFUSED),
    "408": (status("408 Request Timeout"), UNKNOWN),
    "429": (status("429 Too Many Requests"), UNKNOWN),
    "302": (says(http(b"", "302 Found", "Location: /\r\n")), UNKNOWN),
    "500": (status("500 Internal Server Error"), UNKNOWN),
    "502": (status("502 Bad Gateway"), UNKNOWN),
    "503": (status("503 Service Unavailable"), UNKNOWN),
    "hangs up": (hangs_up, UNKNOWN),
    "resets": (resets, UNKNOWN),
    "cut in the head": (half_a_head, UNKNOWN),
    "cut in the body": (breaks_off, UNKNOWN),
    "no HTTP": (says(b"\x00\xff hello\r\n\r\n"), UNKNOWN),
    "another protocol": (says(b"STATUS=S,Code=119|\x00"), UNKNOWN),
    "silent": (is_silent, UNKNOWN),
    "drips": (drips, UNKNOWN),
}

TCP: dict[str, tuple[Answer, Outcome]] = {
    "E": (failing(120, "ASC 0 set failed"), REFUSED),
    "E, busy": (failing(120, "it is calibrating, don't permit"), REFUSED),
    "E without a text": (ends(b'{"STATUS":[{"STATUS":"E","Code":1}]}'), REFUSED),
    "F": (ends(b'{"STATUS":[{"STATUS":"F","Msg":"no"}]}'), REFUSED),
    "access denied": (failing(45, "Access denied"), REFUSED),
    "unknown option": (
        ends(b'{"STATUS":[{"STATUS":"I","Msg":"Unknown option: fan-spd"}]}'),
        REFUSED,
    ),
    "I that says nothing": (
        ends(b'{"STATUS":[{"STATUS":"I","Msg":"hello"}]}'),
        UNKNOWN,
    ),
    "W": (ends(b'{"STATUS":[{"STATUS":"W","Msg":"hm"}]}'), UNKNOWN),
    "a letter of no meaning": (ends(b'{"STATUS":[{"STATUS":"?"}]}'), UNKNOWN),
    "no status": (ends(b'{"SUMMARY":[{"Elapsed":1}]}'), UNKNOWN),
    "status of another type": (ends(b'{"STATUS":7}'), UNKNOWN),
    "html": (ends(b"<html></html>"), UNKNOWN),
    "binary": (ends(bytes(range(256))), UNKNOWN),
    "empty": (ends(b""), UNKNOWN),
    "cut": (ends(ACCEPTED[:20], b""), UNKNOWN),
    "broken": (ends(b'{"STATUS":[{"STATUS":]}'), UNKNOWN),
    "hangs up": (hangs_up, UNKNOWN),
    "resets": (resets, UNKNOWN),
    "resets in the reply": (breaks_off_tcp, UNKNOWN),
    "silent": (is_silent, UNKNOWN),
    "end withheld": (says(ACCEPTED), UNKNOWN),
}


class Bench:
    """One device of a family that answers polls well, and its client."""

    def __init__(self, server: Server, client: MinerClient, change: Changes) -> None:
        self.server = server
        self.client = client
        self.change = change

    async def failure(self, act: Callable[[], None] = lambda: None) -> MinerError:
        """Write, with something happening right before it is sent."""

        def decide(_: MinerReading) -> Changes:
            act()
            return self.change

        with pytest.raises(MinerError) as caught:
            await self.client.apply(decide)
        return caught.value


type Build = Callable[[], Any]


@asynccontextmanager
async def axeos(
    change: Changes | None = None, *, deadline: float = 30.0
) -> AsyncIterator[Bench]:
    device = serving(Axe(GAMMA_214), b"\r\n\r\n")
    async with device as server, create_session() as http_:
        client = AxeOsClient("127.0.0.1", server.port, http_, deadline=deadline)
        await client.fetch()
        yield Bench(server, client, change or {MHZ: 490})


@asynccontextmanager
async def avalon(
    change: Changes | None = None, *, deadline: float = 30.0
) -> AsyncIterator[Bench]:
    async with serving(Avalon(), None) as server:
        client = AvalonClient("127.0.0.1", server.port, deadline=deadline)
        await client.fetch()
        yield Bench(server, client, change or {Setting.FAN_DUTY_CYCLE: 40})


FAMILIES = pytest.mark.parametrize("family", [axeos, avalon])


@pytest.mark.parametrize("reply", HTTP)
async def test_what_a_reply_over_http_tells_of_a_write(reply: str) -> None:
    answer, outcome = HTTP[reply]
    deadline = UNHURRIED if answer in (is_silent, drips) else 30.0
    async with axeos(deadline=deadline) as bench:
        bench.server.to_a_write = answer
        assert (await bench.failure()).outcome is outcome
        assert len(bench.server.writes) == 1


@pytest.mark.parametrize("reply", TCP)
async def test_what_a_reply_over_tcp_tells_of_a_write(reply: str) -> None:
    answer, outcome = TCP[reply]
    deadline = UNHURRIED if reply in ("silent", "end withheld") else 30.0
    async with avalon(deadline=deadline) as bench:
        bench.server.to_a_write = answer
        assert (await bench.failure()).outcome is outcome
        assert len(bench.server.writes) == 1


@FAMILIES
async def test_who_refuses_to_connect_got_nothing(family: Build) -> None:
    async with family() as bench:
        failure = await bench.failure(bench.server.refuse)
        assert failure.outcome is NOT_SENT
        assert type(failure) is MinerConnectionError
        assert bench.server.writes == []


@FAMILIES
async def test_who_is_another_one_got_nothing(family: Build) -> None:
    def refuse() -> None:
        raise MinerStrangerError("another one")

    async with family() as bench:
        assert (await bench.failure(refuse)).outcome is NOT_SENT
        assert bench.server.writes == []


@FAMILIES
@pytest.mark.parametrize(
    "answer",
    [hangs_up, is_silent, ends(b"garbage"), ends(http(b"", "500 Oops"))],
)
async def test_who_could_not_be_read_got_nothing(family: Build, answer: Answer) -> None:
    deadline = UNHURRIED if answer is is_silent else 30.0
    async with family(deadline=deadline) as bench:
        bench.server.answer = answer
        asked: list[bool] = []
        failure = await bench.failure(lambda: asked.append(True))
        assert failure.outcome is NOT_SENT
        assert bench.server.writes == []
        assert asked == []


@FAMILIES
async def test_what_cannot_be_said_to_it_is_not_sent(family: Build) -> None:
    async with family({Setting.HEATING_TEMPERATURE: 30}) as bench:
        failure = await bench.failure()
        assert type(failure) is MinerCommandError
        assert failure.outcome is NOT_SENT
        assert bench.server.writes == []


async def test_no_time_was_left_behind_another_one() -> None:
    async with axeos(deadline=UNHURRIED) as bench:
        bench.server.answer = is_silent
        first = asyncio.create_task(bench.client.fetch())
        await asyncio.sleep(0)
        failure = await bench.failure()
        assert failure.outcome is NOT_SENT
        with suppress(MinerError):
            await first


class Names(AbstractResolver):
    """Knows where the miner is, until it does something else."""

    def __init__(self) -> None:
        self.answer: Callable[[], Any] | None = None

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if self.answer is not None:
            await self.answer()
        at = ResolveResult(
            hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0
        )
        return [at]

    @override
    async def close(self) -> None:
        """Have nothing to close."""


async def unknown() -> None:
    raise OSError(None, "no such name")


async def never() -> None:
    await asyncio.sleep(3600)


@pytest.mark.parametrize(
    ("answer", "error"), [(unknown, MinerConnectionError), (never, MinerTimeoutError)]
)
async def test_whose_name_is_not_found_got_nothing(
    answer: Callable[[], Any], error: type[MinerError]
) -> None:
    names = Names()
    async with (
        serving(Axe(), b"\r\n\r\n") as server,
        create_session(names) as http_,
    ):
        deadline = UNHURRIED if answer is never else 30.0
        client = AxeOsClient("miner.local", server.port, http_, deadline=deadline)
        await client.fetch()
        bench = Bench(server, client, {MHZ: 490})

        def forget() -> None:
            names.answer = answer
            assert isinstance(http_.connector, aiohttp.TCPConnector)
            http_.connector.clear_dns_cache()

        failure = await bench.failure(forget)
        assert isinstance(failure, error)
        assert failure.outcome is NOT_SENT
        assert server.writes == []


async def test_a_session_that_counts_nothing_may_have_sent_it() -> None:
    """A plain one does not tell when it sends."""
    async with serving(Axe(), b"\r\n\r\n") as server, aiohttp.ClientSession() as plain:
        client = AxeOsClient("127.0.0.1", server.port, plain, deadline=UNHURRIED)
        await client.fetch()
        server.to_a_write = is_silent
        assert (await Bench(server, client, {MHZ: 490}).failure()).outcome is UNKNOWN


@pytest.mark.parametrize(
    ("changes", "refused", "sent"),
    [
        ({MINING: False, MHZ: 490}, b"POST", 1),
        ({MINING: False, MHZ: 490}, b"PATCH", 2),
        ({MINING: True, MHZ: 490}, b"PATCH", 1),
        ({MINING: True, MHZ: 490}, b"POST", 2),
    ],
)
async def test_what_was_taken_in_part_is_unknown(
    changes: Changes, refused: bytes, sent: int
) -> None:
    """The device itself refuses one of the two requests."""

    async def to_a_write(request: bytes, writer: asyncio.StreamWriter) -> None:
        is_refused = request.startswith(refused)
        writer.write(http(b"", "400 Bad" if is_refused else "200 OK"))

    async with axeos(changes) as bench:
        bench.server.to_a_write = to_a_write
        failure = await bench.failure()
        assert failure.outcome is (REFUSED if sent == 1 else UNKNOWN)
        assert len(bench.server.writes) == sent


@pytest.mark.parametrize(("refused", "sent"), [(b"fan-spd", 1), (b"lcd", 2)])
async def test_orders_that_were_taken_in_part_are_unknown(
    refused: bytes, sent: int
) -> None:
    async def to_a_write(request: bytes, writer: asyncio.StreamWriter) -> None:
        answer = failing(120, "no") if refused in request else ends(ACCEPTED)
        await answer(request, writer)

    changes: Changes = {Setting.FAN_DUTY_CYCLE: 40, Setting.DISPLAY: False}
    async with avalon(changes) as bench:
        bench.server.to_a_write = to_a_write
        failure = await bench.failure()
        assert failure.outcome is (REFUSED if sent == 1 else UNKNOWN)
        assert len(bench.server.writes) == sent


@FAMILIES
async def test_a_write_that_is_cancelled_was_decided_and_is_not_repeated(
    family: Build,
) -> None:
    """Who was told to decide knows that it may have been sent."""
    async with family() as bench:
        bench.server.to_a_write = is_silent
        decided: list[MinerReading] = []

        def decide(reading: MinerReading) -> Changes:
            decided.append(reading)
            return bench.change

        bench.server.asked.clear()
        write = asyncio.create_task(bench.client.apply(decide))
        for _ in range(2):
            await bench.server.asked.wait()
            bench.server.asked.clear()
        assert len(bench.server.writes) == 1
        write.cancel()
        with pytest.raises(asyncio.CancelledError):
            await write
        assert len(decided) == 1
        bench.server.to_a_write = None
        assert (await bench.client.fetch()).state.hashing
        assert len(bench.server.writes) == 1


@FAMILIES
async def test_busy_is_told_as_such(family: Build) -> None:
    async with family() as bench:
        busy = "it is calibrating, don't permit"
        http_busy = family is axeos
        bench.server.to_a_write = status("503 Busy") if http_busy else failing(1, busy)
        failure = await bench.failure()
        assert isinstance(failure, MinerBusyError)
        assert failure.outcome is (UNKNOWN if http_busy else REFUSED)


async def test_nothing_is_outstanding_when_all_is_well() -> None:
    async with axeos() as bench:
        await bench.client.apply(always({MHZ: 490}))
        assert len(bench.server.writes) == 1
