"""Run a farm of simulated miners from the command line."""

from argparse import ArgumentParser
import asyncio
from collections.abc import Sequence
from pathlib import Path
import signal
import sys

from aiohttp import web

from .clock import SystemClock
from .config import NAMES, FarmConfig, config_from
from .control import control_app
from .farm import Farm
from .registry import known_faults, known_models


def parser() -> ArgumentParser:
    """Return the parser of the command line."""
    result = ArgumentParser(
        prog="python -m simulator",
        description="Simulated Bitcoin miners that answer on this machine.",
        epilog=(
            f"Models: {', '.join(known_models())}. "
            f"Faults: {', '.join(known_faults())}. "
            "A TOML file has a table [farm] (host, speed, control_port) and a table "
            f"[[miner]] for each miner ({', '.join(sorted(NAMES))}, and faults = "
            '[{ fault = "offline", duration = 60 }]). '
            "The control endpoint has GET /miners, POST and DELETE "
            "/miners/NAME/faults, GET /miners/NAME/requests, .../truth, "
            ".../reply/info, POST .../firmware, .../reboot, .../move, .../power."
        ),
    )
    add = result.add_argument
    add("farm", nargs="?", type=Path, help="a TOML file that describes the farm")
    add(
        "--miner",
        action="append",
        default=[],
        metavar="MODEL[@FIRMWARE][=NAME]",
        help="a miner, may be repeated",
    )
    add("--host", default="127.0.0.1", help="the address of --miner miners")
    add("--port", type=int, default=0, help="the first port of --miner miners")
    add(
        "--fault",
        action="append",
        default=[],
        metavar="NAME:FAULT[:SECONDS]",
        help="a fault that begins with the farm, may be repeated",
    )
    add("--speed", type=float, help="how much faster than real the time runs")
    add("--control-port", type=int, help="the port of the control endpoint")
    return result


async def run(config: FarmConfig, stop: asyncio.Event) -> None:
    """Run a farm until told to stop."""
    async with Farm(config.specs, SystemClock(config.speed)) as farm:
        for planned in config.faults:
            if planned.miner not in farm:
                raise ValueError(f"No miner is called {planned.miner!r}")
            miner = farm[planned.miner]
            miner.inject(planned.fault, planned.duration, **planned.parameters)
        for miner in farm:
            print(f"{miner.name}\t{miner.url}\t{miner.spec.model} {miner.firmware}")
        runner = await _start_control(farm, config.control_port)
        sys.stdout.flush()
        try:
            await stop.wait()
        finally:
            if runner is not None:
                await runner.cleanup()


async def _start_control(farm: Farm, port: int | None) -> web.AppRunner | None:
    """Start the control endpoint, if wanted."""
    if port is None:
        return None
    runner = web.AppRunner(control_app(farm), shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    print(f"control\t{runner.addresses[0][0]}:{runner.addresses[0][1]}")
    return runner


async def _run_until_signal(config: FarmConfig) -> None:
    """Run a farm until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await run(config, stop)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    command_line = parser()
    arguments = command_line.parse_args(argv)
    try:
        config = config_from(arguments)
        asyncio.run(_run_until_signal(config))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
