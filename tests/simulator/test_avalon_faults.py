"""The faults of a simulated Avalon: of the wire, of the reply, of the miner itself."""

import asyncio
import json
from typing import Any

import pytest

from simulator import ManualClock, Phase

from .avalon import MODELS, ask, blob, command, items, look, option
from .conftest import StartMiner

NANO3, NANO3S, MINI3, Q, A12, A15 = MODELS


async def statuses(miner: Any) -> dict[str, str]:
    """Ask for the status over the wire."""
    return blob(await command(miner, "estats"))


async def test_a_miner_that_is_offline(start_miner: StartMiner) -> None:
    q = await start_miner(model=Q)
    q.inject("offline")
    assert q.active_faults == ["offline"]
    with pytest.raises(ConnectionRefusedError):
        await ask(q, "version")
    q.clear("offline")
    assert b"PROD" in await ask(q, "version")


@pytest.mark.parametrize("fault", ["silent", "slow"])
async def test_a_miner_that_never_ends(start_miner: StartMiner, fault: str) -> None:
    q = await start_miner(model=Q)
    q.inject(fault)
    with pytest.raises(TimeoutError):
        await ask(q, "version", timeout=0.3)
    # Whoever waits in line is dropped when the miner comes to its senses.
    waiting = asyncio.ensure_future(ask(q, "version"))
    await asyncio.sleep(0.05)
    q.clear()
    try:
        reply = await waiting
    except ConnectionError:
        reply = b""
    assert b"PROD" not in reply
    assert b"PROD" in await ask(q, "version")


@pytest.mark.parametrize("fault", [None, "silent", "slow", "keep_open", "huge"])
async def test_the_network_comes_back_at_once(
    start_miner: StartMiner, fault: str | None
) -> None:
    q = await start_miner(model=Q)
    if fault is not None:
        q.inject(fault)
    _, writer = await asyncio.open_connection(q.host, q.port)
    if fault is not None:
        writer.write(b"version")
    await asyncio.sleep(0.02)
    port = q.port
    q.inject("offline")
    q.clear()
    assert q.port == port
    for _ in range(3):
        assert b"PROD" in await ask(q, "version")
    writer.close()
    assert q.connections == 0


async def test_bytes_that_drip(start_miner: StartMiner) -> None:
    q = await start_miner(model=Q)
    q.inject("slow")
    reader, writer = await asyncio.open_connection(q.host, q.port)
    writer.write(b"version")
    assert await reader.readexactly(3) == b"STA"
    writer.close()


async def test_one_reply_that_does_not_come(start_miner: StartMiner) -> None:
    q = await start_miner(model=Q)
    q.inject("timeout", count=2)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await ask(q, "version", timeout=0.05)
    assert b"PROD" in await ask(q, "version")
    assert q.active_faults == []


@pytest.mark.parametrize(
    ("fault", "parameters", "begins", "length"),
    [
        ("garbage", {}, b"\x05N", 600),
        ("html", {}, b"HTTP/1.1 200 OK", None),
        ("empty", {}, b"", 0),
        ("huge", {"size": 70_000}, b'{"padding": "xxx', 70_016),
        ("huge", {}, b'{"padding": "xxx', 10_485_776),
        ("list", {}, b"[1, 2, 3]\0", 10),
        ("empty_object", {}, b"{}\0", 3),
    ],
)
async def test_replies_of_something_else(
    start_miner: StartMiner,
    fault: str,
    parameters: dict[str, Any],
    begins: bytes,
    length: int | None,
) -> None:
    q = await start_miner(model=Q)
    q.inject(fault, **parameters)
    reply = await ask(q, "version", timeout=20)
    assert reply.startswith(begins)
    assert length in {None, len(reply)}


@pytest.mark.parametrize("fault", ["truncated", "disconnect"])
async def test_half_a_reply(start_miner: StartMiner, fault: str) -> None:
    q = await start_miner(model=Q)
    whole = await ask(q, '{"command":"estats"}')
    q.inject(fault)
    assert await ask(q, '{"command":"estats"}') == whole[: len(whole) // 2]


async def test_a_connection_that_stays_open(start_miner: StartMiner) -> None:
    q = await start_miner(model=Q, idle_seconds=30)
    q.inject("keep_open")
    reader, writer = await asyncio.open_connection(q.host, q.port)
    writer.write(b"version")
    assert (await reader.readuntil(b"\0")).startswith(b"STATUS=S")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await reader.read()
    other, second = await asyncio.open_connection(q.host, q.port)
    second.write(b"version")
    assert (await other.readuntil(b"\0")).startswith(b"STATUS=S")
    assert q.connections == 2
    second.close()
    q.clear()
    assert await reader.read() == b""
    writer.close()


async def test_text_to_a_json_request(start_miner: StartMiner) -> None:
    q = await start_miner(model=Q)
    q.inject("text_only")
    assert (await ask(q, '{"command":"version"}')).startswith(b"STATUS=S,")
    assert (await ask(q, '{"command":"version+devs"}')).startswith(b"CMD=version|")


async def test_joined_commands_that_break(start_miner: StartMiner) -> None:
    q = await start_miner(model=Q)
    q.inject("bad_combined")
    with pytest.raises(ValueError, match="delimiter"):
        await command(q, "summary+pools")
    assert (await command(q, "summary"))["SUMMARY"]


async def test_access_that_is_denied(start_miner: StartMiner) -> None:
    q = await start_miner(model=Q)
    q.inject("access_denied")
    denied = await command(q, "ascset", "0,workmode,set,1")
    assert denied["STATUS"][0]["Code"] == 45
    assert denied["STATUS"][0]["Msg"] == "Access denied to 'ascset' command"
    assert q.flash_writes == 0
    assert (await command(q, "summary"))["SUMMARY"]
    q.inject("access_denied", all=True)
    assert (await command(q, "summary"))["STATUS"][0]["Code"] == 45
    assert (await command(q, "version"))["VERSION"]
    assert (await command(q, "nonsense"))["STATUS"][0]["Code"] == 14


@pytest.mark.parametrize(
    ("fault", "token"),
    [("nan", "nan"), ("infinity", "inf"), ("huge_ints", "1" + "0" * 40)],
)
async def test_numbers_that_are_none(
    start_miner: StartMiner, fault: str, token: str
) -> None:
    q = await start_miner(model=Q)
    q.inject(fault)
    reply = (await ask(q, '{"command":"summary+estats"}')).decode()
    assert f'"Elapsed":{token},' in reply
    assert f"GHSspd[{token}]" in reply
    assert f'"MHS av":{token},' in reply


async def test_fields_of_another_type(start_miner: StartMiner) -> None:
    q = await start_miner(model=Q)
    q.inject("nulls")
    assert set((await command(q, "summary"))["SUMMARY"][0].values()) == {None}
    q.clear()
    q.inject("strings")
    pools = (await command(q, "pools"))["POOLS"][0]
    assert all(isinstance(value, str) for value in pools.values())


async def test_no_identity(start_miner: StartMiner) -> None:
    for model in (Q, NANO3):
        miner = await start_miner(name=model, model=model)
        miner.inject("no_identity")
        version = (await command(miner, "version"))["VERSION"][0]
        assert version.keys().isdisjoint({"DNA", "MAC"})
        assert (await statuses(miner)).keys().isdisjoint({"DNA", "HDNA"})


async def test_the_identity_of_another(start_miner: StartMiner) -> None:
    q = await start_miner(model=Q)
    q.inject("clone_identity", dna="02010000aaaa0000", mac="e0e1a9000009")
    version = (await command(q, "version"))["VERSION"][0]
    assert (version["DNA"], version["MAC"]) == ("02010000aaaa0000", "e0e1a9000009")
    assert (await statuses(q))["DNA"] == "02010000aaaa0000"
    nano = await start_miner(name="nano", model=NANO3)
    nano.inject("clone_identity", dna="02010000aaaa0000")
    status = await statuses(nano)
    assert (status["DNA"], status["HDNA"]) == ("0" * 16, "02010000aaaa0000")
    assert "DNA" not in (await command(nano, "version"))["VERSION"][0]


async def test_names_that_break_the_reply(start_miner: StartMiner) -> None:
    q = await start_miner(model=Q)
    q.inject("hostile_ssid")
    reply = (await ask(q, '{"command":"estats"}')).decode()
    assert 'SSID[my "own" ]net\\work[ GHSspd[999999999.00] RSSI[' in reply
    with pytest.raises(ValueError, match="delimiter"):
        json.loads(reply[:-1])
    q.clear()
    q.inject("hostile_user", user='me"]{')
    reply = (await ask(q, '{"command":"pools"}')).decode()
    assert '"User":"me"]{",' in reply
    a12 = await start_miner(name="a12", model=A12)
    a12.inject("hostile_ssid")
    assert "SSID" not in await statuses(a12)
    short = await start_miner(name="short", model=NANO3S)
    short.inject("hostile_ssid", ssid="a]b[c")
    assert b"SSID[a]b[c] RSSI[" in await ask(short, "litestats")


async def test_values_of_ones_own(start_miner: StartMiner) -> None:
    q = await start_miner(model=Q)
    q.inject("override", values={"TMax": 120, "New": "x", "PS": None})
    status = await statuses(q)
    assert (status["TMax"], status["New"]) == ("120", "x")
    assert "PS" not in status
    q.inject("spike", ghs=1e12)
    assert float((await statuses(q))["GHSspd"]) == 1e12


async def test_an_empty_summary_while_mining(start_miner: StartMiner) -> None:
    q = await start_miner(model=Q)
    q.inject("empty_summary")
    for _ in range(5):
        assert await statuses(q) == {}
    assert (await command(q, "litestats"))["STATS"][0].keys() == {"MM ID0:Summary"}
    assert look(q, "litestats")["STATE"] == "1"
    q.clear("empty_summary")
    assert (await statuses(q))["STATE"] == "1"


@pytest.mark.parametrize(
    ("model", "text", "state"),
    [
        (NANO3S, "Work: In Fault, Hash Board: 1", "3"),
        (Q, "Work: In Idle, Hash Board: 1", "3"),
        (MINI3, "Work: In Idle, Hash Board: 1", "3"),
    ],
)
async def test_without_a_pool(
    start_miner: StartMiner, clock: ManualClock, model: str, text: str, state: str
) -> None:
    miner = await start_miner(model=model)
    miner.inject("pool_lost", duration=300)
    clock.advance(60)
    assert miner.phase is Phase.POOL_LOST
    status = await statuses(miner)
    assert (status["SYSTEMSTATU"], status["GHSspd"]) == (text, "0.00")
    assert look(miner, "litestats")["STATE"] == state
    pools = miner.reply("pools")["POOLS"]
    assert {pool["Status"] for pool in pools} == {"Dead"}
    assert not any(pool["Stratum Active"] for pool in pools)
    assert not miner.truth.hashing
    assert status["NETFAIL"].split()[:2] == ["1800000000", "0"]
    clock.advance(600)
    assert miner.phase is Phase.HASHING
    status = await statuses(miner)
    assert status["NETFAIL"].split()[:3] == ["1800000000", "1800000300", "0"]
    if model == NANO3S:
        assert status["PFCnt"] == "1"


async def test_the_next_pool_takes_over(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    nano = await start_miner(model=NANO3S)
    nano.inject("pool_lost", fallback=True)
    nano.inject("pool_lost", fallback=True)
    clock.advance(600)
    pools = nano.reply("pools")["POOLS"]
    assert [pool["Stratum Active"] for pool in pools] == [False, True, False]
    assert [pool["Status"] for pool in pools] == ["Dead", "Alive", "Alive"]
    assert nano.phase is Phase.HASHING
    assert look(nano)["PFCnt"] == "1"
    q = await start_miner(name="q", model=Q)
    q.inject("pool_lost", fallback=True)
    assert not q.reply("pools")["POOLS"][0]["Stratum Active"]
    assert q.phase is Phase.POOL_LOST


async def test_a_boot_without_a_pool(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    q = await start_miner(model=Q)
    q.inject("pool_lost")
    q.reboot()
    clock.advance(400)
    assert q.phase is Phase.POOL_LOST
    q.clear()
    clock.advance(200)
    assert q.phase is Phase.HASHING
    assert look(q, "litestats")["NETFAIL"] == "0 0 0 0 0 0 0 0"


@pytest.mark.parametrize("model", MODELS)
async def test_a_fan_that_stops(
    start_miner: StartMiner, clock: ManualClock, model: str
) -> None:
    miner = await start_miner(model=model)
    before = await statuses(miner)
    miner.inject("fan_stop", fan=1)
    status = await statuses(miner)
    assert status["Fan1"] == "0"
    if "Fan2" in status:
        assert int(status["Fan2"]) > 0
    if model == Q:
        assert status["FanErr"] == "1"
    assert status["ECMM"] == ("4" if model in {A12, A15} else "0")
    clock.advance(15)
    assert int((await statuses(miner))["TAvg"]) >= int(before["TAvg"])


@pytest.mark.parametrize("model", [NANO3, Q, A12])
async def test_all_fans_that_stop(
    start_miner: StartMiner, clock: ManualClock, model: str
) -> None:
    miner = await start_miner(model=model)
    miner.inject("fan_stop")
    status = await statuses(miner)
    assert {status[key] for key in status if key in {"Fan1", "Fan2", "Fan4"}} == {"0"}
    if model == Q:
        assert status["FanErr"] == "15"
    phases = set()
    for _ in range(100):
        clock.advance(5)
        phases.add(miner.phase)
    assert Phase.COOLING in phases


async def test_overheating_and_recovery(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    q = await start_miner(model=Q)
    q.inject("hot", temperature=120)
    clock.advance(10)
    assert q.phase is Phase.COOLING
    status = await statuses(q)
    assert (status["STATE"], status["GHSspd"]) == ("4", "0.00")
    assert status["SYSTEMSTATU"] == "Work: In Fault, Hash Board: 1"
    q.clear()
    clock.advance(1200)
    assert q.phase is Phase.HASHING
    assert (await statuses(q))["BOOTBY"].startswith("0x02")


async def test_warm_air(start_miner: StartMiner, clock: ManualClock) -> None:
    q = await start_miner(model=Q)
    before = int((await statuses(q))["TAvg"])
    q.inject("hot", insulation=1.6)
    clock.advance(900)
    status = await statuses(q)
    assert before + 5 < int(status["TAvg"]) < 113
    assert status["FanR"] == "100%"


@pytest.mark.parametrize("model", [Q, A12])
async def test_a_supply_that_fails(
    start_miner: StartMiner, clock: ManualClock, model: str
) -> None:
    miner = await start_miner(model=model)
    miner.inject("psu_fault", code=2048)
    status = await statuses(miner)
    assert status["PS"].split()[0] == "2048"
    assert miner.phase is Phase.FAULT
    assert "In Fault" in status["SYSTEMSTATU"]
    if model == A12:
        assert status["POWS"] == "2048"
    miner.reboot()
    clock.advance(400)
    assert miner.phase is Phase.FAULT
    miner.clear()
    clock.advance(300)
    assert miner.phase is Phase.HASHING
    name = "litestats" if model == Q else "estats"
    assert look(miner, name)["PS"].split()[0] == "0"


async def test_a_board_that_is_lost(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    a12 = await start_miner(model=A12)
    full = a12.truth
    a12.inject("board_lost")
    clock.advance(60)
    status = await statuses(a12)
    assert status["SYSTEMSTATU"] == "Work: In Work, Hash Board: 2 "
    assert status["TA"] == "240"
    assert len(status["MGHS"].split()) == len(status["MTmax"].split()) == 2
    ratio = a12.truth.hash_rate_ths / full.hash_rate_ths
    assert ratio == pytest.approx(2 / 3, abs=0.03)
    q = await start_miner(name="q", model=Q)
    q.inject("board_lost")
    clock.advance(60)
    status = await statuses(q)
    assert status["SYSTEMSTATU"] == "Work: In Work, Hash Board: 0"
    assert (status["GHSspd"], status["TA"]) == ("0.00", "0")
    assert status["TMax"] == status["TAvg"] == "0"


async def test_chips_that_die(start_miner: StartMiner, clock: ManualClock) -> None:
    q = await start_miner(model=Q)
    full = q.truth.hash_rate_ths
    q.inject("chips_dead")
    clock.advance(60)
    row = q.reply("stats")["STATS"][0]
    status = items(row["MM ID0:Summary"])
    assert status["TA"] == "144"
    assert len(items(row["HBinfo"])["PVT_T0"].split()) == 144
    assert float(status["DHspd"].rstrip("%")) > 10
    assert q.truth.hash_rate_ths < 0.9 * full
    q.inject("chips_dead", count=3)
    assert look(q)["TA"] == "157"


async def test_a_calibration_that_does_not_end(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    q = await start_miner(model=Q)
    q.inject("calibrating")
    clock.advance(3600)
    status = await statuses(q)
    assert (q.phase, status["ADJ"], status["BAR"]) == (Phase.CALIBRATING, "0", "99")
    assert (await option(q, "workmode,set,1"))[0] == "E"
    q.clear()
    clock.advance(5)
    assert q.phase is Phase.HASHING


async def test_events(start_miner: StartMiner, clock: ManualClock) -> None:
    q = await start_miner(model=Q)
    q.inject("block_found")
    assert q.reply("summary")["SUMMARY"][0]["Found Blocks"] == 1
    q.inject("reboot")
    assert q.phase is Phase.BOOTING
    clock.advance(300)
    q.inject("firmware_update", version="26010101_abcdef0")
    clock.advance(300)
    assert q.firmware == "26010101_abcdef0"
    with pytest.raises(ValueError, match="needs a version"):
        q.inject("firmware_update")
    with pytest.raises(ValueError, match="Unknown fault 'redirect'"):
        q.inject("redirect")


async def test_faults_end_with_the_clock(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    q = await start_miner(model=Q)
    q.inject("hot", 600)
    q.inject("hot", 60)
    clock.advance(61)
    assert q.active_faults == []
