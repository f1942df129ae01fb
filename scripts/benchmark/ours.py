"""Our fetch beside the bare limit, in a process of its own."""

import argparse
import asyncio
import json

import aiohttp

from custom_components.miner_monitor.miners.axeos import AxeOsClient
from custom_components.miner_monitor.miners.http import create_session

from .bare import bare_poll, bare_session, pace_options
from .workload import Poll, all_at_once, compare, pace


def our_poll(session: aiohttp.ClientSession, port: int) -> Poll:
    """Return one poll of the miner at a port of this machine."""
    return AxeOsClient("127.0.0.1", port, session).fetch


async def _run(options: argparse.Namespace) -> object:
    async with create_session() as ours, bare_session() as bare:
        match options.work:
            case "compare":
                polls = [
                    bare_poll(bare, options.port),
                    our_poll(ours, options.port),
                ]
                return await compare(polls, options.rounds, options.block)
            case "pace":
                poll = our_poll(ours, options.port)
                return await pace(poll, options.rate, options.slices, options.seconds)
    # A connector without a limit: 100 connections are its default.
    async with create_session() as ours, create_session() as bare:
        fleets = [
            [bare_poll(bare, port) for port in options.ports],
            [our_poll(ours, port) for port in options.ports],
        ]
        return await all_at_once(fleets, options.rounds)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    works = parser.add_subparsers(dest="work", required=True)
    comparing = works.add_parser("compare")
    comparing.add_argument("--port", type=int, required=True)
    comparing.add_argument("--rounds", type=int, required=True)
    comparing.add_argument("--block", type=int, required=True)
    pace_options(works.add_parser("pace"))
    gathering = works.add_parser("gather")
    gathering.add_argument("--rounds", type=int, required=True)
    gathering.add_argument("--ports", type=int, nargs="+", required=True)
    return parser.parse_args()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_run(_parse()))))
