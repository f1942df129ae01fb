"""Devices that cost next to nothing: they replay what a simulated Gamma answered.

As a program it listens on free ports, prints them, and answers each request with
the next reply after the given latency.
"""

import argparse
import asyncio
from collections.abc import Callable, Iterator
from itertools import cycle
import json
from typing import Any, override

from simulator import ManualClock, MinerSpec
from simulator.axeos import SimulatedAxeos

REPLIES = 500
POLL_SECONDS = 15.0
INFO = b"GET /api/system/info "
GAMMA = MinerSpec(name="gamma", model="gamma_601", firmware="2.12.2", seed=1)


def gamma_replies() -> tuple[list[bytes], bytes]:
    """Return what a Gamma 601 with AxeOS 2.12 answers, poll after poll.

    The second is its answer to the question what it allows. It is many polls until
    the first replies come again and the device seems to have rebooted.
    """
    clock = ManualClock()
    gamma = SimulatedAxeos(GAMMA, clock)
    gamma.device.power_on()
    replies = []
    for _ in range(REPLIES):
        clock.advance(POLL_SECONDS)
        replies.append(_encoded(gamma.reply("info")))
    return replies, _encoded(gamma.reply("asic"))


def _encoded(reply: dict[str, Any]) -> bytes:
    body = json.dumps(reply).encode()
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        f"Access-Control-Allow-Origin: *\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Replay(asyncio.Protocol):
    """A connection: every whole head gets a reply."""

    def __init__(self, replies: Iterator[bytes], asic: bytes, latency: float) -> None:
        """Answer with the next reply after the latency."""
        self._replies = replies
        self._asic = asic
        self._latency = latency
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._buffer.endswith(b"\r\n\r\n"):
            info = self._buffer.startswith(INFO)
            reply = next(self._replies) if info else self._asic
            self._buffer = b""
            if self._latency:
                loop = asyncio.get_running_loop()
                loop.call_later(self._latency, self._answer, reply)
            else:
                self._answer(reply)

    def _answer(self, reply: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(reply)


async def _serve(count: int, latency: float) -> None:
    replies, asic = gamma_replies()
    loop = asyncio.get_running_loop()

    def device() -> Callable[[], Replay]:
        own = cycle(replies)
        return lambda: Replay(own, asic, latency)

    servers = [await loop.create_server(device(), "127.0.0.1", 0) for _ in range(count)]
    print(
        json.dumps([server.sockets[0].getsockname()[1] for server in servers]),
        flush=True,
    )
    await asyncio.Event().wait()


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--latency", type=float, default=0.0)
    options = parser.parse_args()
    asyncio.run(_serve(options.count, options.latency))


if __name__ == "__main__":
    _main()
