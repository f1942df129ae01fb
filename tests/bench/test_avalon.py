"""The Avalon miners of the bench, and the bare reads beside our client."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
import socket
import time

import orjson
import pytest

from custom_components.miner_monitor.miners.avalon import AvalonClient
from scripts.benchmark.bare_avalon import POLL, socket_poll, stream_poll
from scripts.benchmark.replay_avalon import MIX, REPLIES, Q, Recording, fleet, serve
from scripts.benchmark.workload import Poll

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture(scope="module", name="recording")
def make_recording() -> Recording:
    return Recording(Q)


@asynccontextmanager
async def serving(
    respond: Callable[[bytes], bytes], latency: float = 0.0
) -> AsyncIterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        task = asyncio.create_task(serve(listener, respond, latency))
        try:
            yield listener.getsockname()[1]
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def test_a_q_answers_kibibytes_that_change_from_poll_to_poll(recording):
    assert all(5 <= len(reply) / 1024 <= 6 for reply in recording.polls)
    assert all(reply.endswith(b"}\0") for reply in recording.polls)
    assert len(set(recording.polls)) == REPLIES


def test_replies_are_a_poll_apart_and_begin_again(recording):
    respond = recording.device()
    replies = [respond(POLL) for _ in range(REPLIES + 1)]
    uptimes = [
        orjson.loads(reply.rstrip(b"\0"))["summary"][0]["SUMMARY"][0]["Elapsed"]
        for reply in replies
    ]
    assert uptimes[1] - uptimes[0] == 15
    assert replies[REPLIES] == replies[0]


def test_other_requests_do_not_cost_a_poll(recording):
    respond = recording.device()
    assert b'"PROD"' in respond(b'{"command":"version"}')
    assert respond(POLL) == recording.polls[0]


def test_fleet_mixes_the_models():
    devices: Iterator[Callable[[bytes], bytes]] = fleet(len(MIX) + 1)
    replies = [device(POLL) for device in devices]
    assert len(set(replies[: len(MIX)])) == len(MIX)
    # A device goes through its model's replies on its own.
    assert replies[-1] == replies[0]


@pytest.mark.parametrize("kind", [stream_poll, socket_poll])
async def test_bare_reads_get_the_whole_reply(recording, kind: Callable[[int], Poll]):
    async with serving(recording.device()) as port:
        poll = kind(port)
        assert [await poll(), await poll()] == recording.polls[:2]


async def test_our_client_reads_the_same_replies(recording):
    async with serving(recording.device()) as port:
        client = AvalonClient("127.0.0.1", port)
        first, second = await client.fetch(), await client.fetch()
    assert first.state.uptime + 15 == second.state.uptime
    assert len(second.state.pools) == 2
    assert len(second.state.boards[0].chip_temperatures) == 160


async def test_slow_devices_take_their_time(recording):
    async with serving(recording.device(), latency=0.5) as port:
        started = time.monotonic()
        await asyncio.gather(*(stream_poll(port)() for _ in range(60)))
        # One after the other they would take half a minute.
        assert 0.5 <= time.monotonic() - started < 15
