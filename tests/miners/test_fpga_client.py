"""The HTTP client of the exporters of FPGA cards."""

import asyncio
from typing import override

import aiohttp
import pytest

from custom_components.miner_monitor.miners import (
    Endpoint,
    ErrorKind,
    MinerClient,
    MinerCommandError,
    MinerConnectionError,
    MinerError,
    MinerResponseError,
    MinerStaleError,
    create_client,
    detect,
)
from custom_components.miner_monitor.miners.fpga import FpgaClient
from custom_components.miner_monitor.miners.model import Capability, Family

from . import fpga_replies as replies
from .conformance import (
    SHORT,
    Answer,
    HttpConformance,
    Server,
    floods,
    hangs_up,
    http,
    is_silent,
    says,
    serving,
    unused_port,
)
from .deciding import anyone
from .fpga_replies import family, sensors
from .replies import Clock

END = b"\r\n\r\n"
NOT_FOUND = says(http(b"", "404 Not Found"))


class Exporter:
    """An exporter whose page a test can change."""

    def __init__(self, page: str = replies.RB4, *, headers: str = "") -> None:
        self.page = page
        self._headers = headers

    async def __call__(self, _: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(http(self.page.encode(), headers=self._headers))


def client_of(
    server: Server, session: aiohttp.ClientSession, **endpoint: str | None
) -> FpgaClient:
    at = Endpoint(host="127.0.0.1", port=server.port, **endpoint)  # type: ignore[arg-type]  # only texts are given
    return FpgaClient(at, session)


def scraper_at(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}/"


class TestConformance(HttpConformance):
    @override
    def make(
        self, port: int, session: aiohttp.ClientSession, *, deadline: float = 5.0
    ) -> MinerClient:
        at = Endpoint(host="127.0.0.1", port=port)
        return FpgaClient(at, session, deadline=deadline)

    @override
    def good(self) -> Answer:
        return Exporter()

    @override
    def started_again(self) -> Answer:
        return Exporter(replies.RB4_BEFORE_SHARES)

    @override
    def obliging(self) -> Answer:
        return Exporter(headers="Connection: close\r\n")


class TestConformanceWithScraper(TestConformance):
    """A second page that nobody serves takes nothing from these promises."""

    @override
    def make(
        self, port: int, session: aiohttp.ClientSession, *, deadline: float = 5.0
    ) -> MinerClient:
        at = Endpoint(
            host="127.0.0.1", port=port, pool_scraper="http://127.0.0.1:1/metrics"
        )
        return FpgaClient(at, session, deadline=deadline)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/", "/metrics"),
        ("", "/metrics"),
        ("/metrics", "/metrics"),
        ("/rig/2", "/rig/2"),
        ("/a b", "/a%20b"),
        ("//elsewhere/", "//elsewhere/"),
    ],
)
async def test_path(path: str, asked: str, session: aiohttp.ClientSession) -> None:
    async with serving(Exporter(), END) as server:
        client = client_of(server, session, path=path)
        await client.fetch()
    assert server.requests[0].startswith(f"GET {asked} HTTP/1.1\r\n".encode())
    assert client.configuration_url == f"http://127.0.0.1:{server.port}{asked}"


async def test_raw_is_the_text(session: aiohttp.ClientSession) -> None:
    async with serving(Exporter(), END) as server:
        client = client_of(server, session)
        assert client.raw == {}
        await client.fetch()
    assert client.raw == {"metrics": replies.RB4}


@pytest.mark.parametrize(
    ("unit", "temperature"), [(None, 20), ("card1", 20), ("card2", 61), ("card10", 60)]
)
async def test_one_of_several_cards(
    unit: str | None, temperature: float, session: aiohttp.ClientSession
) -> None:
    async with serving(Exporter(replies.SEVERAL), END) as server:
        client = client_of(server, session, unit=unit)
        assert client.units == ()
        reading = await client.fetch()
    assert client.units == ("card1", "card2", "card10")
    assert reading.identity.unit == (unit or "card1")
    assert reading.state.chip_temperature == temperature


async def test_a_card_that_is_gone(session: aiohttp.ClientSession) -> None:
    exporter = Exporter(replies.SEVERAL)
    async with serving(exporter, END) as server:
        client = client_of(server, session, unit="card10")
        first = await client.fetch()
        exporter.page = family("hashrate", {"card2": "1.0"}) + family(
            "last_update", {"card2": "1e9", "card10": "1e9"}
        )
        with pytest.raises(MinerResponseError, match="card10"):
            await client.fetch()
        assert client.units == ("card2",)
        exporter.page = replies.SEVERAL
        again = await client.fetch()
    assert again.identity == first.identity


async def test_an_exporter_without_any_card_yet(session: aiohttp.ClientSession) -> None:
    page = family("hashrate", {}) + family("last_update", {})
    async with serving(Exporter(page), END) as server:
        with pytest.raises(MinerResponseError, match="no card"):
            await client_of(server, session).fetch()


async def test_new_values_of_the_same_identity(session: aiohttp.ClientSession) -> None:
    exporter = Exporter(replies.NIMIQ_BEFORE_SHARES)
    async with serving(exporter, END) as server:
        client = client_of(server, session)
        before = await client.fetch()
        exporter.page = replies.NIMIQ
        after = await client.fetch()
    assert after.identity is before.identity
    assert (before.state.shares_accepted, after.state.shares_accepted) == (None, 211)


async def test_another_kind_is_another_identity(session: aiohttp.ClientSession) -> None:
    exporter = Exporter(replies.RB4)
    async with serving(exporter, END) as server:
        client = client_of(server, session)
        before = (await client.fetch()).identity
        exporter.page = replies.NIMIQ
        after = (await client.fetch()).identity
    assert not before.same_device(after)


async def test_stale_values_are_refused_until_they_move(
    session: aiohttp.ClientSession,
) -> None:
    exporter = Exporter(sensors(stamp="1e9"))
    clock = Clock()
    async with serving(exporter, END) as server:
        at = Endpoint(host="127.0.0.1", port=server.port)
        client = FpgaClient(at, session, monotonic=clock)
        await client.fetch()
        clock.now += 89
        assert (await client.fetch()).state.hashing
        clock.now += 6
        with pytest.raises(MinerStaleError, match="95 s") as caught:
            await client.fetch()
        assert caught.value.proves_absence
        assert caught.value.kind is ErrorKind.OTHER
        with pytest.raises(MinerStaleError):
            await client.fetch()
        exporter.page = sensors(stamp="1.000000001e9")
        assert (await client.fetch()).state.reported_at == 1_000_000_001


async def test_each_card_has_its_own_freshness(session: aiohttp.ClientSession) -> None:
    def page(stamp: int) -> str:
        return family("hashrate", {"a": "1", "b": "1"}) + family(
            "last_update", {"a": "1e9", "b": str(stamp)}
        )

    exporter = Exporter(page(1))
    clock = Clock()
    async with serving(exporter, END) as server:
        frozen, live = (
            FpgaClient(
                Endpoint(host="127.0.0.1", port=server.port, unit=unit),
                session,
                monotonic=clock,
            )
            for unit in "ab"
        )
        for client in (frozen, live):
            await client.fetch()
        clock.now += 90
        exporter.page = page(2)
        assert (await live.fetch()).state.hashing
        with pytest.raises(MinerStaleError):
            await frozen.fetch()


async def test_pool_scraper(session: aiohttp.ClientSession) -> None:
    async with (
        serving(Exporter(), END) as server,
        serving(Exporter(replies.POOL), END) as pool,
    ):
        client = client_of(server, session, pool_scraper=scraper_at(pool))
        reading = await client.fetch()
        assert pool.requests[0].startswith(b"GET /metrics HTTP/1.1\r\n")
        await pool.all_closed()
    assert reading.state.pool_hash_rate == pytest.approx(0.0159)
    assert Capability.POOL_HASH_RATE in reading.identity.capabilities
    assert client.raw == {"metrics": replies.RB4, "pool": replies.POOL}


@pytest.mark.parametrize(
    "answer",
    [
        NOT_FOUND,
        hangs_up,
        floods,
        says(http(b"", "401 Unauthorized")),
        says(http(replies.NODE_EXPORTER.encode())),
        says(http(b"<html>\n<body>pool_hashrate</body>\n</html>\n")),
    ],
)
async def test_a_scraper_that_fails_costs_its_value_only(
    answer: Answer, session: aiohttp.ClientSession
) -> None:
    good = Exporter(replies.POOL)
    async with (
        serving(Exporter(), END) as server,
        serving(good, END) as pool,
    ):
        client = client_of(server, session, pool_scraper=scraper_at(pool))
        first = await client.fetch()
        pool.answer = answer
        failed = await client.fetch()
        raw = client.raw
        pool.answer = good
        again = await client.fetch()
    assert failed.state.hashing
    assert failed.state.pool_hash_rate is None
    assert raw == {"metrics": replies.RB4}
    assert failed.identity is first.identity
    assert again.state.pool_hash_rate == first.state.pool_hash_rate is not None


@pytest.mark.parametrize(
    "address",
    ["", "nonsense", "https://127.0.0.1:{}/", "http://", "http://127.0.0.1:99999/"],
)
async def test_an_unusable_scraper_has_no_value(
    address: str, session: aiohttp.ClientSession
) -> None:
    async with (
        serving(Exporter(), END) as server,
        serving(Exporter(replies.POOL), END) as pool,
    ):
        client = client_of(server, session, pool_scraper=address.format(pool.port))
        assert (await client.fetch()).state.pool_hash_rate is None


async def test_a_silent_scraper_does_not_outlast_the_deadline(
    session: aiohttp.ClientSession,
) -> None:
    async with serving(Exporter(), END) as server, serving(is_silent, END) as pool:
        at = Endpoint(host="127.0.0.1", port=server.port, pool_scraper=scraper_at(pool))
        client = FpgaClient(at, session, deadline=2 * SHORT)
        async with asyncio.timeout(20):
            reading = await client.fetch()
    assert reading.state.hashing
    assert reading.state.pool_hash_rate is None


async def test_card_and_pool_are_asked_at_the_same_time(
    session: aiohttp.ClientSession,
) -> None:
    async with (
        serving(Exporter(), END) as server,
        serving(Exporter(replies.POOL), END) as pool,
    ):

        async def after_the_other(
            request: bytes, writer: asyncio.StreamWriter, other: Server, page: str
        ) -> None:
            await other.asked.wait()
            await Exporter(page)(request, writer)

        server.answer = lambda request, writer: after_the_other(
            request, writer, pool, replies.RB4
        )
        pool.answer = lambda request, writer: after_the_other(
            request, writer, server, replies.POOL
        )
        client = client_of(server, session, pool_scraper=scraper_at(pool))
        reading = await client.fetch()
    assert reading.state.pool_hash_rate is not None


async def test_a_failed_card_calls_the_question_to_the_pool_off(
    session: aiohttp.ClientSession,
) -> None:
    async with serving(NOT_FOUND, END) as server, serving(is_silent, END) as pool:
        at = Endpoint(host="127.0.0.1", port=server.port, pool_scraper=scraper_at(pool))
        client = FpgaClient(at, session, deadline=60)
        async with asyncio.timeout(20):
            with pytest.raises(MinerResponseError):
                await client.fetch()
        server.answer = Exporter()
        pool.answer = Exporter(replies.POOL)
        assert (await client.fetch()).state.pool_hash_rate is not None


async def test_commands_are_refused(session: aiohttp.ClientSession) -> None:
    async with serving(Exporter(), END) as server:
        client = client_of(server, session)
        capabilities = (await client.fetch()).identity.capabilities
        for command in (client.restart, client.locate):
            with pytest.raises(MinerCommandError):
                await command(anyone)
        assert len(server.requests) == 1
    assert not capabilities & {Capability.RESTART, Capability.LOCATE}


@pytest.mark.parametrize(
    ("host", "port"), [("bad host", 9090), ("127.0.0.1", 99999), ("", 9090)]
)
async def test_unusable_address(
    host: str, port: int, session: aiohttp.ClientSession
) -> None:
    with pytest.raises(MinerConnectionError):
        await FpgaClient(Endpoint(host=host, port=port), session).fetch()


async def test_detection(session: aiohttp.ClientSession) -> None:
    async with serving(Exporter(replies.NIMIQ), END) as server:
        client, reading = await detect("127.0.0.1", server.port, session)
    assert client.family is Family.FPGA
    assert reading.identity.model == "Nimiq FPGA"


async def test_detection_of_another_exporter(session: aiohttp.ClientSession) -> None:
    async with serving(Exporter(replies.NODE_EXPORTER), END) as server:
        with pytest.raises(MinerResponseError):
            await detect("127.0.0.1", server.port, session, deadline=0.5)


async def test_create_client(session: aiohttp.ClientSession) -> None:
    with unused_port() as port:
        at = Endpoint(host="127.0.0.1", port=port)
        client = create_client(Family.FPGA, at, session)
        with pytest.raises(MinerError):
            await client.fetch()
