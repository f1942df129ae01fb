"""The limit: a GET with a new connection and the decoded reply, nothing else.

As a program it polls at a pace, in a process that has loaded nothing but this.
"""

import argparse
import asyncio
import json

import aiohttp
import orjson

from .workload import Poll, pace

INFO_PATH = "/api/system/info"


def bare_session() -> aiohttp.ClientSession:
    """Return a session that opens a connection for each request."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))


def bare_poll(session: aiohttp.ClientSession, port: int) -> Poll:
    """Return one poll of the miner at a port of this machine."""
    url = f"http://127.0.0.1:{port}{INFO_PATH}"

    async def poll() -> object:
        async with session.get(url) as response:
            return orjson.loads(await response.read())

    return poll


def pace_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a paced run."""
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--slices", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)


async def _main() -> None:
    parser = argparse.ArgumentParser()
    pace_options(parser)
    options = parser.parse_args()
    async with bare_session() as session:
        poll = bare_poll(session, options.port)
        costs = await pace(poll, options.rate, options.slices, options.seconds)
    print(json.dumps(costs))


if __name__ == "__main__":
    asyncio.run(_main())
