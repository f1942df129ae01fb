"""Our fetch from Avalon miners beside bare reads, in a process of its own."""

import argparse
import asyncio
import json

from custom_components.miner_monitor.miners.avalon import AvalonClient

from .bare_avalon import HOST, socket_poll, stream_poll
from .workload import Poll, all_at_once, compare


def our_poll(port: int) -> Poll:
    """Return one poll of the miner at a port of this machine."""
    return AvalonClient(HOST, port).fetch


async def _run(options: argparse.Namespace) -> object:
    if options.work == "compare":
        kinds = (stream_poll, socket_poll, our_poll)
        polls = [kind(options.port) for kind in kinds]
        return await compare(polls, options.rounds, options.block)
    fleets = [
        [kind(port) for port in options.ports] for kind in (stream_poll, our_poll)
    ]
    return await all_at_once(fleets, options.rounds)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    works = parser.add_subparsers(dest="work", required=True)
    comparing = works.add_parser("compare")
    comparing.add_argument("--port", type=int, required=True)
    comparing.add_argument("--rounds", type=int, required=True)
    comparing.add_argument("--block", type=int, required=True)
    gathering = works.add_parser("gather")
    gathering.add_argument("--rounds", type=int, required=True)
    gathering.add_argument("--ports", type=int, nargs="+", required=True)
    return parser.parse_args()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_run(_parse()))))
