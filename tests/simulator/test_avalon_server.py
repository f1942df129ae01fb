"""The API server of a simulated Avalon: one thread, one read, one short reply."""

import asyncio
from collections.abc import Callable
import json
import socket
import struct
import time

import pytest

from simulator import Farm, ManualClock, MinerSpec, SimulatedMiner

from .avalon import MODELS, ask, command, option
from .conftest import StartMiner


async def connect(
    miner: SimulatedMiner,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(miner.host, miner.port)


async def until(condition: Callable[[], bool], seconds: float = 2.0) -> None:
    """Wait until a condition holds."""
    for _ in range(round(seconds / 0.005)):
        if condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail("it never held")


@pytest.mark.parametrize("model", [*MODELS, "cgminer"])
async def test_replies_come_in_the_format_of_the_request_and_end_with_a_nul(
    start_miner: StartMiner, model: str
) -> None:
    miner = await start_miner(model=model)
    text = await ask(miner, "summary")
    assert text.startswith(b"STATUS=S,When=")
    assert b"|SUMMARY,Elapsed=86400," in text
    assert text.endswith(b"|\0")
    as_json = await ask(miner, '{"command": "summary"}')
    assert as_json.endswith(b"}\0")
    assert as_json.count(b"\0") == 1
    assert json.loads(as_json[:-1]) == miner.reply("summary")
    assert [request.body for request in miner.requests] == [
        "summary",
        '{"command": "summary"}',
    ]


@pytest.mark.parametrize(
    ("request_text", "code"),
    [
        ("version", 22),
        ("version\n", 14),
        ("Version", 14),
        ("", None),
        ("\0", 14),
        ('{"command": "version"}\n', 22),
        ('{"command": "version\\n"}', 14),
        ('{"command": "version"', 23),
        ("{" * 4000, 23),
        ('{"cmd": "version"}', 24),
        ('{"command": 3}', 14),
        ('{"command": "check", "parameter": 5}', 72),
        ('{"command": ["version"]}', 14),
    ],
)
async def test_how_requests_are_read(
    start_miner: StartMiner, request_text: str, code: int | None
) -> None:
    patience = 0.05 if code is None else 10.0
    miner = await start_miner(model="avalon_nano3s", idle_seconds=patience)
    reply = await ask(miner, request_text)
    if code is None:
        assert reply == b""
    elif request_text.startswith("{"):
        assert json.loads(reply[:-1])["STATUS"][0]["Code"] == code
    else:
        assert f"Code={code},".encode() in reply


async def test_a_silent_client_holds_all_others_up(start_miner: StartMiner) -> None:
    miner = await start_miner(model="avalon_q", idle_seconds=0.3)
    idle_reader, idle_writer = await connect(miner)
    began = time.monotonic()
    replies = await asyncio.gather(*(ask(miner, "version") for _ in range(3)))
    assert time.monotonic() - began >= 0.25
    assert all(b"PROD=Avalon Q" in reply for reply in replies)
    assert await idle_reader.read() == b""
    idle_writer.close()
    assert miner.most_connections == 4
    patient = await start_miner(name="patient", model="avalon_q", idle_seconds=60)
    began = time.monotonic()
    await ask(patient, "version")
    assert time.monotonic() - began < 20


async def test_a_client_that_leaves_holds_nobody_up(start_miner: StartMiner) -> None:
    miner = await start_miner(model="avalon_q", idle_seconds=60)
    _, writer = await connect(miner)
    writer.close()
    assert b"PROD" in await ask(miner, "version")
    await until(lambda: miner.connections == 0)


def test_the_usual_patience_is_ten_seconds() -> None:
    assert MinerSpec(name="a").idle_seconds == 10


async def test_only_the_first_piece_of_a_request_counts(
    start_miner: StartMiner,
) -> None:
    miner = await start_miner(model="avalon_nano3")
    reader, writer = await connect(miner)
    writer.write(b"vers")
    assert b"Code=14,Msg=Invalid command|" in await reader.read()
    writer.write(b"ion")
    writer.close()
    assert [request.body for request in miner.requests] == ["vers"]


async def test_a_request_is_cut_after_4095_bytes(start_miner: StartMiner) -> None:
    miner = await start_miner(model="avalon_nano3")
    padding = " " * 5000
    reader, writer = await connect(miner)
    writer.write(f'{{"command": "version"{padding}}}'.encode())
    # What was not read makes the server's close a reset, now and then before the reply.
    try:
        reply = await reader.read()
    except ConnectionResetError:
        reply = b""
    writer.close()
    assert reply == b"" or json.loads(reply[:-1])["STATUS"][0]["Code"] == 23
    assert [len(request.body) for request in miner.requests] == [4095]


async def test_a_slow_reader_gets_the_beginning(start_miner: StartMiner) -> None:
    miner = await start_miner(model="avalon_a1566")
    whole = await ask(miner, "estats")
    loop = asyncio.get_running_loop()
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    client.setblocking(False)
    with client:
        await loop.sock_connect(client, (miner.host, miner.port))
        await loop.sock_sendall(client, b"estats")
        await until(lambda: miner.connections == 0)
        received = b""
        while chunk := await loop.sock_recv(client, 65_536):
            received += chunk
    assert len(whole) > 8000
    assert 0 < len(received) < len(whole)


async def test_a_big_reply_reaches_a_client_that_reads(start_miner: StartMiner) -> None:
    miner = await start_miner(model="avalon_a1566")
    miner.inject("huge", size=3_000_000)
    assert len(await ask(miner, "estats")) > 3_000_000


async def test_latency_is_before_the_reply(start_miner: StartMiner) -> None:
    miner = await start_miner(model="avalon_q", latency=0.1)
    began = time.monotonic()
    await asyncio.gather(ask(miner, "version"), ask(miner, "version"))
    assert time.monotonic() - began >= 0.2


async def test_joined_commands_as_json(start_miner: StartMiner) -> None:
    miner = await start_miner(model="avalon_q")
    reply = await command(miner, "summary+nonsense+ascset+estats", "0,reboot,0")
    assert list(reply) == ["summary", "nonsense", "ascset", "estats", "id"]
    assert reply["summary"] == [miner.reply("summary")]
    assert reply["estats"] == [miner.reply("estats")]
    unknown, denied = reply["nonsense"][0], reply["ascset"][0]
    assert unknown["STATUS"][0]["Code"] == 14
    assert "Description" not in unknown["STATUS"][0]
    assert denied["STATUS"][0]["Code"] == 45
    assert denied["STATUS"][0]["Msg"] == "Access denied to 'ascset' command"
    assert miner.reply("summary+pools") == await command(miner, "summary+pools")


async def test_joined_commands_as_text(start_miner: StartMiner) -> None:
    miner = await start_miner(model="avalon_mini3")
    reply = (await ask(miner, "version+summary+setpool")).decode()
    begin, version, summary, pool = reply.split("CMD=")
    assert begin == ""
    assert version.startswith("version|STATUS=S,When=")
    assert "|VERSION,CGMiner=4.11.1," in version
    assert summary.startswith("summary|STATUS=S,")
    assert pool.startswith("setpool|STATUS=E,")
    assert pool.endswith(
        "Code=45,Msg=Access denied to 'setpool' command,Description=cgminer 4.11.1|\0"
    )


async def test_text_escapes_its_own_marks(start_miner: StartMiner) -> None:
    miner = await start_miner(model="avalon_nano3s")
    await option(miner, "help")
    miner.device.pools[0].user = "a,b=c|d\\e"
    assert b"User=a\\,b\\=c\\|d\\\\e," in await ask(miner, "pools")
    assert (await command(miner, "pools"))["POOLS"][0]["User"] == "a,b=c|d\\e"


async def test_moving_and_leaving(start_miner: StartMiner) -> None:
    miner = await start_miner(model="avalon_q")
    assert miner.url == f"tcp://127.0.0.1:{miner.port}"
    old = miner.port
    await miner.move("127.0.0.2", 0)
    assert miner.url == f"tcp://127.0.0.2:{miner.port}"
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", old)
    await miner.move("127.0.0.1", 0)
    assert b"PROD" in await ask(miner, "version")
    miner.close()
    with pytest.raises(ConnectionRefusedError):
        await ask(miner, "version")


async def test_a_port_that_is_taken_is_an_error(start_miner: StartMiner) -> None:
    taken = await start_miner(model="avalon_q")
    spec = MinerSpec(name="b", model="avalon_q", port=taken.port)
    with pytest.raises(OSError, match="in use"):
        async with Farm([spec], ManualClock()):
            pass


async def test_the_beginning_of_a_farm_of_all_models(socket_enabled: None) -> None:
    specs = [MinerSpec(name=model, model=model) for model in MODELS]
    async with Farm([*specs, MinerSpec(name="gamma")], ManualClock()) as farm:
        told = {miner.name: miner.firmware for miner in farm}
        dna = {
            miner.reply("version")["VERSION"][0].get("DNA")
            for miner in farm
            if miner.name in MODELS
        }
    assert told["avalon_q"] == "25052801_14a19a2"
    assert len(dna) == len(MODELS)


@pytest.mark.parametrize("keeps_open", [False, True])
async def test_a_client_that_resets_harms_nobody(
    start_miner: StartMiner, keeps_open: bool
) -> None:
    miner = await start_miner(model="avalon_q", latency=0.05)
    if keeps_open:
        miner.inject("keep_open")
    reader, writer = await connect(miner)
    writer.write(b"version")
    if keeps_open:
        await reader.readuntil(b"\0")
        writer.write(b"and another thing")
    client = writer.get_extra_info("socket")
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    await until(lambda: miner.connections == 0)
    miner.clear()
    assert b"PROD" in await ask(miner, "version")


async def test_a_connection_left_open_hears_nothing_more(
    start_miner: StartMiner,
) -> None:
    miner = await start_miner(model="avalon_q")
    miner.inject("keep_open")
    reader, writer = await connect(miner)
    writer.write(b"version")
    await reader.readuntil(b"\0")
    writer.write(b"summary")
    await asyncio.sleep(0.02)
    assert miner.connections == 1
    assert [request.body for request in miner.requests] == ["version"]
    writer.close()
    await until(lambda: miner.connections == 0)
