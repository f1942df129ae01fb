"""The exporters' web server, over real sockets."""

import asyncio
import gzip
from time import monotonic

import aiohttp
import pytest

from simulator import ManualClock, SimulatedMiner

from .conftest import StartMiner

PLAIN = "text/plain; version=0.0.4; charset=utf-8"
OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


async def _exchange(miner: SimulatedMiner, request: bytes) -> tuple[str, bytes]:
    """Return head and body of all that comes until the server hangs up."""
    reader, writer = await asyncio.open_connection(miner.host, miner.port)
    writer.write(request)
    try:
        async with asyncio.timeout(30):
            answer = await reader.read()
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.decode(), body


def _get(path: str = "/metrics", *headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: rig", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


async def test_an_answer_is_http_1_0_and_ends_the_connection(
    start_miner: StartMiner,
) -> None:
    miner = await start_miner(model="fpga_rb4")
    head, body = await _exchange(miner, _get())
    line, *fields = head.split("\r\n")
    assert line == "HTTP/1.0 200 OK"
    assert f"Content-Type: {PLAIN}" in fields
    assert f"Content-Length: {len(body)}" in fields
    assert not any(field.startswith("Content-Encoding") for field in fields)
    assert body.decode() == miner.reply("metrics")["text"]


@pytest.mark.parametrize(
    "path", ["/", "/metrics", "/api/system/info", "/any/path?at=all", "*"]
)
async def test_every_path_answers(start_miner: StartMiner, path: str) -> None:
    miner = await start_miner(model="fpga_0xbitcoin")
    _, body = await _exchange(miner, _get(path))
    assert b'hashrate{card="card0"} 16.' in body
    (request,) = miner.requests
    assert (request.method, request.path) == ("GET", path)


async def test_the_newer_format_by_the_accept_header(start_miner: StartMiner) -> None:
    miner = await start_miner(model="fpga_nimiq")
    head, body = await _exchange(
        miner, _get("/", "accept: application/openmetrics-text;version=1.0.0,*/*")
    )
    assert f"Content-Type: {OPEN_METRICS}" in head
    assert body.endswith(b"# EOF\n")
    assert body.decode() == miner.reply("openmetrics")["text"]


async def test_a_client_that_takes_gzip_gets_it(start_miner: StartMiner) -> None:
    miner = await start_miner(model="fpga_nimiq")
    head, body = await _exchange(miner, _get("/", "Accept-Encoding: br, GZip;q=0.5"))
    assert "Content-Encoding: gzip" in head
    assert gzip.decompress(body).decode() == miner.reply("metrics")["text"]


@pytest.mark.parametrize(
    ("request_bytes", "line", "allow"),
    [
        (b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", "405", True),
        (b"HEAD / HTTP/1.1\r\n\r\n", "405", True),
        (b"OPTIONS / HTTP/1.1\r\n\r\n", "200", True),
        (b"nonsense\r\n\r\n", "400", False),
        (b"x" * 70_000, "400", False),
    ],
)
async def test_other_requests(
    start_miner: StartMiner, request_bytes: bytes, line: str, allow: bool
) -> None:
    miner = await start_miner(model="fpga_rb4")
    head, body = await _exchange(miner, request_bytes)
    assert head.startswith(f"HTTP/1.0 {line} ")
    assert ("Allow: OPTIONS,GET" in head) is allow
    assert b"hashrate" not in body


async def test_a_request_may_come_in_pieces(start_miner: StartMiner) -> None:
    miner = await start_miner(model="fpga_rb4")
    reader, writer = await asyncio.open_connection(miner.host, miner.port)
    writer.write(_get()[:15])
    await asyncio.sleep(0.01)
    assert miner.requests == ()
    writer.write(_get()[15:])
    async with asyncio.timeout(30):
        assert (await reader.read()).startswith(b"HTTP/1.0 200 OK")
    writer.close()


async def test_nobody_waits_for_an_idle_or_slow_client(start_miner: StartMiner) -> None:
    miner = await start_miner(model="fpga_rb4")
    _, idle = await asyncio.open_connection(miner.host, miner.port)
    miner.inject("slow")
    clients = [await asyncio.open_connection(miner.host, miner.port) for _ in range(2)]
    for reader, writer in clients:
        writer.write(_get())
        async with asyncio.timeout(30):
            assert await reader.readexactly(2) == b"HT"
    assert miner.connections == 3
    for writer in (idle, *(writer for _, writer in clients)):
        writer.close()


async def test_latency(start_miner: StartMiner) -> None:
    miner = await start_miner(model="fpga_rb4", latency=0.05)
    began = monotonic()
    await asyncio.gather(*(_exchange(miner, _get()) for _ in range(5)))
    assert 0.05 <= monotonic() - began < 0.2


@pytest.mark.parametrize(
    ("fault", "parameters", "status", "piece"),
    [
        ("garbage", {}, 200, b"\x05N\x97"),
        ("html", {}, 200, b"Welcome to your router"),
        ("empty", {}, 200, b""),
        ("redirect", {}, 302, b""),
        ("unauthorized", {}, 401, b"Unauthorized"),
        ("status", {"code": 500}, 500, b"wrong"),
        ("status", {"code": 500, "applies": True}, 500, b"wrong"),
        ("list", {}, 200, b"[1, 2, 3]"),
    ],
)
async def test_answers_of_something_else(
    start_miner: StartMiner,
    fault: str,
    parameters: dict[str, int],
    status: int,
    piece: bytes,
) -> None:
    miner = await start_miner(model="fpga_rb4")
    miner.inject(fault, **parameters)
    head, body = await _exchange(miner, _get())
    assert head.startswith(f"HTTP/1.0 {status} ")
    assert piece in body
    assert b"hashrate" not in body
    miner.clear(fault)
    assert b"hashrate" in (await _exchange(miner, _get()))[1]


async def test_half_an_answer(start_miner: StartMiner) -> None:
    miner = await start_miner(model="fpga_rb4")
    whole = miner.reply("metrics")["text"].encode()
    miner.inject("truncated")
    head, body = await _exchange(miner, _get())
    assert body == whole[: len(whole) // 2]
    assert f"Content-Length: {len(body)}" in head
    miner.clear()
    miner.inject("disconnect")
    head, body = await _exchange(miner, _get())
    assert whole.startswith(body)
    assert len(body) < len(whole)
    assert f"Content-Length: {len(whole)}" in head


@pytest.mark.parametrize(
    ("parameters", "size"), [({}, 10 * 1024 * 1024), ({"size": 100_000}, 100_000)]
)
async def test_a_huge_answer_looks_like_metrics(
    start_miner: StartMiner, parameters: dict[str, int], size: int
) -> None:
    miner = await start_miner(model="fpga_rb4")
    miner.inject("huge", **parameters)
    head, body = await _exchange(miner, _get())
    assert f"Content-Type: {PLAIN}" in head
    assert len(body) == size
    assert body.startswith(b'padding{card="card0"} 1.0\n')


async def test_silence_ends_with_the_fault(start_miner: StartMiner) -> None:
    miner = await start_miner(model="fpga_rb4")
    miner.inject("silent")
    reader, writer = await asyncio.open_connection(miner.host, miner.port)
    writer.write(_get())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await reader.read(1)
    miner.clear("silent")
    async with asyncio.timeout(30):
        assert await reader.read(1) == b""
    writer.close()


async def test_a_time_out_happens_as_often_as_asked(start_miner: StartMiner) -> None:
    miner = await start_miner(model="fpga_rb4")
    miner.inject("timeout", count=2)
    for _ in range(2):
        _, writer = await asyncio.open_connection(miner.host, miner.port)
        writer.write(_get())
        await asyncio.sleep(0.01)
        writer.close()
    assert list(miner.active_faults) == []
    assert (await _exchange(miner, _get()))[0].startswith("HTTP/1.0 200 OK")


async def test_offline_refuses_and_comes_back_on_its_port(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    miner = await start_miner(model="fpga_rb4")
    port = miner.port
    miner.inject("offline", duration=60)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(miner.host, port)
    clock.advance(60)
    assert (await _exchange(miner, _get()))[0].startswith("HTTP/1.0 200 OK")
    assert miner.port == port


async def test_a_move_to_another_port(start_miner: StartMiner) -> None:
    miner = await start_miner(model="fpga_rb4")
    old = miner.url
    await miner.move("127.0.0.1", 0)
    assert miner.url != old
    assert (await _exchange(miner, _get()))[0].startswith("HTTP/1.0 200 OK")


async def test_it_serves_a_real_client(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(model="fpga_nimiq", cards=2)
    async with session.get(f"{miner.url}/metrics") as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == PLAIN
        assert response.headers["Content-Encoding"] == "gzip"
        assert await response.text() == miner.reply("metrics")["text"]
