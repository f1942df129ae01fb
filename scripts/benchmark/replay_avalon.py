"""Avalon miners that cost next to nothing: they replay what simulated ones answered.

As a program it listens on free ports, prints them, and answers each poll with the
next reply after the given latency, hanging up as the miners do.
"""

import argparse
import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle, islice
import json
import socket

from simulator import ManualClock, MinerSpec
from simulator.avalon.api import Api
from simulator.avalon.device import Device
from simulator.avalon.pooling import Pooling
from simulator.avalon.settings import usual_pools

from .bare_avalon import POLL

REPLIES = 250
POLL_SECONDS = 15.0
BACKLOG = 100
LONGEST_REQUEST = 4095
POOLS = 2
"""With a second pool the reply of a Q has the 7 KiB that its owners see."""

Q = "avalon_q"
MIX = (
    Q,
    "avalon_nano3s",
    "avalon_mini3",
    "avalon_a1566",
    "avalon_nano3",
    "avalon_a1246",
)
"""Models in the order in which a fleet of any size is made of them."""

type Respond = Callable[[bytes], bytes]


class Recording:
    """What an Avalon answered, poll after poll, and what it says to anything else.

    It is many polls until the first replies come again and the device seems to have
    rebooted.
    """

    def __init__(self, model: str) -> None:
        """Let a miner of this model work for a while."""
        clock = ManualClock()
        spec = MinerSpec(name=model, model=model, seed=1)
        device = Device(spec, clock)
        pools = usual_pools(spec, replace(device.model, pools=POOLS))
        device.pooling = Pooling(pools, clock.now())
        self._api = Api(device)
        self.polls: list[bytes] = []
        for _ in range(REPLIES):
            clock.advance(POLL_SECONDS)
            device.sync()
            self.polls.append(self._api.answer(POLL).body)

    def device(self) -> Respond:
        """Return how a device answers that replays this."""
        replies = cycle(self.polls)

        def respond(request: bytes) -> bytes:
            return next(replies) if request == POLL else self._api.answer(request).body

        return respond


def fleet(count: int) -> Iterator[Respond]:
    """Return devices of mixed models."""
    recordings = [Recording(model) for model in MIX[:count]]
    return (recording.device() for recording in islice(cycle(recordings), count))


async def serve(listener: socket.socket, respond: Respond, latency: float) -> None:
    """Answer every client, any number of them at once."""
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as clients:
        while True:
            client, _ = await loop.sock_accept(listener)
            clients.create_task(_attend(client, respond, latency))


async def _attend(client: socket.socket, respond: Respond, latency: float) -> None:
    """Read once, answer at once and hang up at once."""
    loop = asyncio.get_running_loop()
    with client:
        request = await loop.sock_recv(client, LONGEST_REQUEST)
        if latency:
            await asyncio.sleep(latency)
        await loop.sock_sendall(client, respond(request))


async def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--latency", type=float, default=0.0)
    options = parser.parse_args()
    listeners = [
        socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        for _ in range(options.count)
    ]
    devices = list(fleet(options.count))
    async with asyncio.TaskGroup() as servers:
        for listener, respond in zip(listeners, devices, strict=True):
            listener.setblocking(False)
            servers.create_task(serve(listener, respond, options.latency))
        ports = [listener.getsockname()[1] for listener in listeners]
        print(json.dumps(ports), flush=True)


if __name__ == "__main__":
    asyncio.run(_main())
