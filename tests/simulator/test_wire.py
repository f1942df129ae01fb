"""The web server's manners: keep-alive, sockets, limits, unknown routes."""

import asyncio
import json
from time import monotonic

import aiohttp
import pytest

from simulator import SimulatedMiner

from .conftest import StartMiner

GET_INFO = b"GET /api/system/info HTTP/1.1\r\nHost: miner\r\n\r\n"


def _nerd(firmware: str) -> dict[str, str]:
    return {"model": "nerdaxe", "firmware": firmware}


class RawClient:
    """A client on a plain socket."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def connect(cls, miner: SimulatedMiner) -> RawClient:
        return cls(*await asyncio.open_connection(miner.host, miner.port))

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def receive(self) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of one response."""
        async with asyncio.timeout(30):
            head = await self._reader.readuntil(b"\r\n\r\n")
            line, *fields = head.decode().strip().split("\r\n")
            headers = dict(field.lower().split(": ", 1) for field in fields)
            return int(line.split()[1]), headers, await self._body(headers)

    async def _body(self, headers: dict[str, str]) -> bytes:
        """Return what comes after the head, in one piece or in chunks."""
        if "transfer-encoding" not in headers:
            return await self._reader.readexactly(int(headers["content-length"]))
        body = b""
        while size := int(await self._reader.readline(), 16):
            body += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readexactly(2)
        return body

    async def get_info(self) -> int:
        await self.send(GET_INFO)
        return (await self.receive())[0]

    async def answers(self, within: float = 0.05) -> bool:
        """Tell whether bytes come soon."""
        try:
            async with asyncio.timeout(within):
                return bool(await self._reader.read(1))
        except TimeoutError:
            return False

    async def is_closed(self) -> bool:
        """Tell whether the miner hangs up."""
        try:
            async with asyncio.timeout(30):
                return await self._reader.read(1) == b""
        except ConnectionError:
            return True

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return


async def test_stock_firmware_keeps_connections_open(start_miner: StartMiner) -> None:
    client = await RawClient.connect(await start_miner(firmware="2.12.2"))
    await client.send(GET_INFO)
    status, headers, body = await client.receive()
    assert status == 200
    assert headers["content-type"] == "application/json"
    assert "connection" not in headers
    assert json.loads(body)["hashRate"] > 900
    assert await client.get_info() == 200
    await client.close()


async def test_nerdos_closes_each_connection(start_miner: StartMiner) -> None:
    client = await RawClient.connect(await start_miner(model="nerdaxe"))
    await client.send(GET_INFO)
    _, headers, body = await client.receive()
    assert (headers["connection"], headers["transfer-encoding"]) == ("close", "chunked")
    assert json.loads(body)["hashRate"] > 300
    assert await client.is_closed()
    await client.close()


async def test_a_request_may_come_in_pieces_or_in_bulk(start_miner: StartMiner) -> None:
    miner = await start_miner()
    client = await RawClient.connect(miner)
    await client.send(GET_INFO[:20])
    await asyncio.sleep(0.01)
    assert miner.requests == ()
    await client.send(GET_INFO[20:] + GET_INFO)
    assert (await client.receive())[0] == 200
    assert (await client.receive())[0] == 200
    assert len(miner.requests) == 2
    await client.close()


async def test_a_body_may_come_after_its_head(start_miner: StartMiner) -> None:
    miner = await start_miner()
    client = await RawClient.connect(miner)
    await client.send(b"PATCH /api/system HTTP/1.1\r\nContent-Length: 17\r\n\r\n")
    await asyncio.sleep(0.01)
    assert miner.requests == ()
    await client.send(b'{"frequency":490}')
    status, headers, _ = await client.receive()
    assert (status, headers["transfer-encoding"]) == (200, "chunked")
    assert miner.requests[0].json == {"frequency": 490}
    await client.close()


@pytest.mark.parametrize(
    ("firmware", "sockets"), [("2.4.0", 7), ("2.5.0", 10), ("2.9.0", 10)]
)
async def test_older_firmware_runs_out_of_sockets(
    start_miner: StartMiner, firmware: str, sockets: int
) -> None:
    miner = await start_miner(firmware=firmware)
    held = [await RawClient.connect(miner) for _ in range(sockets)]
    for client in held:
        assert await client.get_info() == 200
    late = await RawClient.connect(miner)
    await late.send(GET_INFO)
    assert not await late.answers()
    assert await held[0].get_info() == 200
    await held.pop().close()
    assert await late.answers(within=1)
    for client in (late, *held):
        await client.close()


@pytest.mark.parametrize(
    ("settings", "sockets"),
    [({"firmware": "2.10.1"}, 20), ({"firmware": "2.15.0"}, 20)],
)
async def test_newer_firmware_drops_the_longest_unused_socket(
    start_miner: StartMiner, settings: dict[str, str], sockets: int
) -> None:
    miner = await start_miner(**settings)
    held = [await RawClient.connect(miner) for _ in range(sockets)]
    for client in held:
        assert await client.get_info() == 200
    assert await held[0].get_info() == 200
    late = await RawClient.connect(miner)
    assert await late.get_info() == 200
    assert await held[1].is_closed()
    assert await held[0].get_info() == 200
    for client in (late, *held):
        await client.close()


async def test_one_task_answers_one_request_after_another(
    start_miner: StartMiner,
) -> None:
    miner = await start_miner(latency=0.04)
    clients = [await RawClient.connect(miner) for _ in range(4)]
    began = monotonic()
    for client in clients:
        await client.send(GET_INFO)
    for client in clients:
        assert (await client.receive())[0] == 200
    assert monotonic() - began >= 4 * 0.04
    for client in clients:
        await client.close()


async def test_a_client_that_left_is_not_waited_for(start_miner: StartMiner) -> None:
    miner = await start_miner(latency=0.05)
    gone, there = [await RawClient.connect(miner) for _ in range(2)]
    await gone.send(GET_INFO)
    await there.send(GET_INFO)
    await asyncio.sleep(0.01)
    await gone.close()
    assert (await there.receive())[0] == 200
    await there.close()


async def test_a_client_that_left_the_queue_is_not_answered(
    start_miner: StartMiner,
) -> None:
    miner = await start_miner(latency=0.03)
    first, gone, last = [await RawClient.connect(miner) for _ in range(3)]
    for client in (first, gone, last):
        await client.send(GET_INFO)
    await asyncio.sleep(0.01)
    await gone.close()
    assert (await first.receive())[0] == 200
    assert (await last.receive())[0] == 200
    assert len(miner.requests) == 2
    for client in (first, last):
        await client.close()


@pytest.mark.parametrize(
    ("firmware", "bytes_of_headers", "status"),
    [
        ("2.9.0", 450, 200),
        ("2.9.0", 600, 431),
        ("2.10.1", 600, 200),
        ("2.10.1", 1100, 431),
        ("2.10.1", 9000, 431),
    ],
)
async def test_long_headers_are_refused(
    start_miner: StartMiner, firmware: str, bytes_of_headers: int, status: int
) -> None:
    client = await RawClient.connect(await start_miner(firmware=firmware))
    filler = b"X-Filler: " + b"x" * (bytes_of_headers - 10)
    await client.send(b"GET /api/system/info HTTP/1.1\r\n" + filler + b"\r\n\r\n")
    assert (await client.receive())[0] == status
    await client.close()


async def test_a_head_without_end_is_refused(start_miner: StartMiner) -> None:
    client = await RawClient.connect(await start_miner())
    await client.send(b"GET / HTTP/1.1\r\nX: " + b"x" * 4000)
    assert (await client.receive())[0] == 431
    assert await client.is_closed()
    await client.close()


@pytest.mark.parametrize(
    ("line", "status"),
    [(b"HELLO\r\n\r\n", 400), (b"GET /" + b"a" * 2100 + b" HTTP/1.1\r\n\r\n", 414)],
)
async def test_bad_request_lines(
    start_miner: StartMiner, line: bytes, status: int
) -> None:
    client = await RawClient.connect(await start_miner())
    await client.send(line)
    assert (await client.receive())[0] == status
    assert await client.is_closed()
    await client.close()


@pytest.mark.parametrize(
    ("settings", "method", "path", "status"),
    [
        ({"firmware": "2.9.0"}, "GET", "/api/nothing", 404),
        ({"firmware": "2.9.0"}, "POST", "/api/nothing", 404),
        ({"firmware": "2.9.0"}, "GET", "/nothing", 302),
        ({"firmware": "2.8.0"}, "GET", "/api/nothing", 302),
        ({"firmware": "2.8.0"}, "POST", "/api/nothing", 405),
        ({"firmware": "2.6.0"}, "GET", "/api/system/asic", 302),
        ({"firmware": "2.7.0"}, "GET", "/api/system/asic", 200),
        ({"firmware": "2.7.0"}, "GET", "/api/system/statistics", 302),
        ({"firmware": "2.8.0"}, "GET", "/api/system/statistics", 200),
        ({"firmware": "2.10.1"}, "GET", "/api/system/statistics/dashboard", 200),
        ({"firmware": "2.11.0"}, "GET", "/api/system/statistics/dashboard", 404),
        ({"firmware": "2.11.0"}, "POST", "/api/system/identify", 404),
        ({"firmware": "2.12.0"}, "POST", "/api/system/identify", 200),
        ({"firmware": "2.12.0"}, "POST", "/api/system/blockFound/dismiss", 404),
        ({"firmware": "2.13.0"}, "POST", "/api/system/blockFound/dismiss", 200),
        ({"firmware": "2.13.0"}, "POST", "/api/system/pause", 404),
        ({"firmware": "2.14.0"}, "POST", "/api/system/pause", 200),
        ({"firmware": "2.14.0"}, "POST", "/api/system/resume", 200),
        ({"firmware": "2.14.0"}, "GET", "/api/system/scoreboard", 200),
        ({"firmware": "2.14.0"}, "DELETE", "/api/system/pools/3", 404),
        ({"firmware": "2.15.0"}, "DELETE", "/api/system/pools/3", 200),
        ({"firmware": "2.15.0"}, "DELETE", "/api/system/pools/0", 400),
        ({"firmware": "2.15.0"}, "GET", "/api/system/pools/0", 404),
        ({"firmware": "2.15.0"}, "POST", "/api/system/shutdown", 404),
        ({"firmware": "2.0.0"}, "POST", "/api/system/restart", 200),
        (_nerd("1.0.20"), "GET", "/api/system/asic", 302),
        (_nerd("1.0.32"), "GET", "/api/system/asic", 200),
        (_nerd("1.0.35"), "POST", "/api/system/shutdown", 405),
        (_nerd("1.0.36"), "POST", "/api/system/shutdown", 200),
        (_nerd("1.0.37"), "POST", "/api/system/reset-stats", 204),
        (_nerd("1.0.37"), "POST", "/api/system/identify", 405),
        ({"model": "luckyminer_lv08"}, "GET", "/api/system/asic", 302),
    ],
)  # fmt: skip
async def test_routes_of_the_eras(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    settings: dict[str, str],
    method: str,
    path: str,
    status: int,
) -> None:
    miner = await start_miner(**settings)
    async with session.request(
        method, miner.url + path, allow_redirects=False
    ) as response:
        assert response.status == status
        if status == 404:
            assert await response.json() == {"error": "unknown route"}
        if status == 302:
            assert response.headers["Location"] == "/"


async def test_a_query_changes_nothing(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(firmware="2.12.2")
    path = "/api/system/statistics?columns=power"
    async with session.get(miner.url + path) as response:
        assert (await response.json())["labels"][-1] == "timestamp"
    assert [request.path for request in miner.requests] == [path]


async def test_there_is_a_web_page(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner()
    async with session.get(miner.url) as response:
        assert response.content_type == "text/html"
        assert "AxeOS" in await response.text()


async def test_requests_are_recorded(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner()
    async with session.patch(miner.url + "/api/system", json={"frequency": 490}):
        pass
    (request,) = miner.requests
    assert (request.method, request.path) == ("PATCH", "/api/system")
    assert request.json == {"frequency": 490}
    assert request.time == 1_800_000_000.0


async def test_a_reply_is_new_as_time_goes_on(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner()

    async def read() -> dict[str, object]:
        async with session.get(miner.url + "/api/system/info") as response:
            reply: dict[str, object] = await response.json()
            return reply

    first = await read()
    assert await read() == first == miner.reply("info")
    miner.device.clock.advance(15)
    later = await read()
    assert later["uptimeSeconds"] == first["uptimeSeconds"] + 15
    assert later["hashRate"] != first["hashRate"]
