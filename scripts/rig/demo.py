"""A farm, a Home Assistant that watches it, and a person who looks at both."""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
import json
import os
from pathlib import Path
import shutil
import signal
import sys
import tempfile

from aiohttp import ClientError

from .api import HassApi
from .automations import DEMO_CONFIGURATION, missing_blueprints, prepare_automations
from .check import complaints, table, wait_until_complete
from .farm import FarmMiner, FarmProcess
from .hass import DOMAIN, PASSWORD, REPOSITORY, USERNAME, HassProcess
from .process import (
    ChildProcess,
    ProcessFailedError,
    free_port,
    free_ports,
    port_is_free,
    tail,
)
from .websocket import ApiError, Json

DEFAULT_PORT = 8123
# Below the ports that systems hand out to outgoing connections.
FIRST_MINER_PORT = 18081
CHECK_LIMIT_SECONDS = 600
FLAKY_MINER = "workshop"
ONLINE_SECONDS = 210
# Long enough to be noticed: a miner is away only after 45 s and three failed polls.
OFFLINE_SECONDS = 90
# A demo that starts again finds its miners as after a power cut: counters that fell
# only a little would be no reset to Home Assistant's statistics.
UPTIME_AT_FIRST = 86_400
UPTIME_AFTER_A_POWER_CUT = 300
DAYS_BEFORE = 14
DAYS_BEFORE_A_CHECK = 4

MINERS = (
    FarmMiner(name="gamma", model="gamma_601", firmware="2.12.2"),
    FarmMiner(name="supra", model="supra_401", firmware="2.4.0"),
    FarmMiner(name="ultra", model="ultra_204", firmware="2.1.8"),
    FarmMiner(name="hex", model="hex_303", firmware="2.15.0", hostname="garage-hex"),
    FarmMiner(name="nerd", model="nerdqaxeplusplus", firmware="1.1.0-beta1"),
    FarmMiner(
        name=FLAKY_MINER, model="gamma_602", firmware="2.14.0", hostname=FLAKY_MINER
    ),
    FarmMiner(name="nano-3", model="avalon_nano3"),
    FarmMiner(name="nano-3s", model="avalon_nano3s"),
    FarmMiner(name="mini-3", model="avalon_mini3"),
    FarmMiner(name="q", model="avalon_q"),
    FarmMiner(name="q-asleep", model="avalon_q", standby=True),
    FarmMiner(name="a1246", model="avalon_a1246"),
    FarmMiner(name="a1566", model="avalon_a1566"),
    FarmMiner(name="cgminer", model="cgminer"),
    FarmMiner(name="0xbitcoin", model="fpga_0xbitcoin"),
    FarmMiner(name="rb4", model="fpga_rb4", cards=2),
    FarmMiner(name="nimiq", model="fpga_nimiq"),
)


class DemoError(Exception):
    """The demo cannot run, for a reason that its user can mend."""


def kept_ports(ports_file: Path) -> dict[str, int]:
    """Return the miners' ports of the last time, chosen now if there was none."""
    ports: dict[str, int] = {}
    if ports_file.exists():
        ports = json.loads(ports_file.read_text(encoding="utf-8"))
    for port, miner in enumerate(MINERS, FIRST_MINER_PORT):
        if miner.name not in ports:
            ports[miner.name] = port if port_is_free(port) else free_port()
        if not port_is_free(ports[miner.name]):
            raise DemoError(
                f"port {ports[miner.name]} of the miner {miner.name} is in use: "
                "end what uses it, or begin anew with --fresh"
            )
    ports_file.write_text(json.dumps(ports, indent=2), encoding="utf-8")
    return ports


def farm_miners(
    ports: Mapping[str, int], *, uptime: float = UPTIME_AT_FIRST
) -> list[FarmMiner]:
    """Return the demo's miners on these ports."""
    return [replace(miner, port=ports[miner.name], uptime=uptime) for miner in MINERS]


async def add_miner(api: HassApi, miner: FarmMiner) -> list[Json]:
    """Add a miner, card by card if it has several; return the new entries."""
    added = [await _add_one(api, miner) for _ in range(miner.cards)]
    return [entry for entry in added if entry is not None]


async def _add_one(api: HassApi, miner: FarmMiner) -> Json | None:
    """Add what is new at an address as a person would; None if all is known."""
    form = await api.start_flow(DOMAIN)
    result = await api.continue_flow(form["flow_id"], {"host": miner.address})
    if result.get("step_id") == "unit":
        (field,) = result["data_schema"]
        first, *_ = field["selector"]["select"]["options"]
        result = await api.continue_flow(form["flow_id"], {"unit": first})
    if result["type"] == "create_entry":
        entry: Json = result["result"]
        return entry
    if result["type"] == "abort" and result["reason"] == "already_configured":
        return None
    if result["type"] == "form":
        await api.abort_flow(form["flow_id"])
    why = result.get("reason") or result.get("errors")
    raise DemoError(f"{miner.name} at {miner.address} could not be added: {why}")


async def run_demo(options: argparse.Namespace) -> None:
    """Run until something ends by itself or the user has seen enough."""
    directory: Path = options.dir
    if options.fresh:
        for part in ("hass", "farm"):
            shutil.rmtree(directory / part, ignore_errors=True)
    _require_free_port(options.port, options.host)
    (directory / "farm").mkdir(parents=True, exist_ok=True)
    hass_directory = directory / "hass"
    kept = hass_directory.exists()
    miners = farm_miners(
        kept_ports(directory / "farm" / "ports.json"),
        uptime=UPTIME_AFTER_A_POWER_CUT if kept else UPTIME_AT_FIRST,
    )
    print("Starting the farm and Home Assistant, some seconds ...", flush=True)
    async with (
        FarmProcess(directory / "farm", miners) as farm,
        _hass(hass_directory, port=options.port, host=options.host) as hass,
    ):
        await _add_miners(hass, miners)
        if not kept and options.past is not False:
            await _show_details(hass.api)
            await _give_past(hass, directory / "farm", miners, DAYS_BEFORE)
            print("  made from the simulator's physics; it goes on for real from now")
        print(_banner(options.port, directory), flush=True)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_watch(farm, hass))
                tasks.create_task(_take_offline_now_and_then(farm))
        except* ProcessFailedError as group:
            raise group.exceptions[0] from None


async def run_check(*, past: bool) -> bool:
    """Run everything in a place of its own; return whether it is complete."""
    with tempfile.TemporaryDirectory(prefix="miner-monitor-") as place:
        directory = Path(place)
        names = [miner.name for miner in MINERS]
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        miners = farm_miners(ports)
        async with (
            FarmProcess(directory, miners) as farm,
            _hass(directory / "hass") as hass,
        ):
            added = await _add_miners(hass, miners)
            logged: list[str] = []
            if past:
                logged = complaints(hass.log)
                await _give_past(hass, directory, miners, DAYS_BEFORE_A_CHECK)
            reports, missing = await wait_until_complete(
                hass.api,
                added,
                entries=sum(miner.cards for miner in miners),
                limit=CHECK_LIMIT_SECONDS,
            )
            farm.check()
            hass.check()
            print(f"\n{table(reports)}\n")
            missing += await missing_blueprints(hass.api)
            missing += logged + complaints(hass.log)
            if missing:
                print(f"The end of {hass.log.name}:\n{tail(hass.log)}\n")
    for text in missing:
        print(f"MISSING  {text}")
    if not missing:
        values = sum(len(report.values) for report in reports)
        print(f"complete: {len(reports)} miners, {values} entities")
    return not missing


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo or its check and return the exit code."""
    options = _parse(arguments)
    try:
        return asyncio.run(_run_until_interrupted(options))
    except (DemoError, ProcessFailedError, ApiError, ClientError) as error:
        print(f"scripts/demo: {error}", file=sys.stderr)
        return 1


async def _run_until_interrupted(options: argparse.Namespace) -> int:
    """Run, and end in good order on Ctrl-C or SIGTERM."""
    loop = asyncio.get_running_loop()
    work = asyncio.create_task(_work(options))

    def interrupt() -> None:
        # A second Ctrl-C must not interrupt the cleaning up.
        if not work.cancelling():
            work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, interrupt)
    with suppress(asyncio.CancelledError):
        return await work
    if options.check:
        print("interrupted", flush=True)
        return 1
    print("\nEnded Home Assistant and the farm. The history is kept.", flush=True)
    return 0


async def _work(options: argparse.Namespace) -> int:
    """Do what the options ask for and return the exit code."""
    if options.check:
        return 0 if await run_check(past=bool(options.past)) else 1
    await run_demo(options)
    return 0


def _hass(
    directory: Path, *, port: int | None = None, host: str = "127.0.0.1"
) -> HassProcess:
    """Return a Home Assistant in which automations can be made."""
    prepare_automations(directory)
    return HassProcess(
        directory, port=port, host=host, configuration=DEMO_CONFIGURATION
    )


async def _add_miners(
    hass: HassProcess, miners: Sequence[FarmMiner]
) -> dict[str, FarmMiner]:
    """Add every miner; return which one each new entry is of.

    Shows Home Assistant's log when one is refused.
    """
    miner_of: dict[str, FarmMiner] = {}
    for miner in miners:
        try:
            entries = await add_miner(hass.api, miner)
        except (DemoError, ApiError) as error:
            raise DemoError(
                f"{error}\n\nThe log ends with:\n{tail(hass.log)}"
            ) from error
        miner_of |= {entry["entry_id"]: miner for entry in entries}
        print(_miner_line(miner, [entry["title"] for entry in entries]), flush=True)
    return miner_of


async def _show_details(api: HassApi) -> None:
    """Turn on all sensors that the dashboard draws; they are there after a restart."""
    devices = {entity["device_id"] for entity in await api.entities(DOMAIN)}
    await api.call_service(DOMAIN, "show_details", device_id=sorted(devices))


async def _give_past(
    hass: HassProcess, directory: Path, miners: Sequence[FarmMiner], days: int
) -> None:
    """Restart Home Assistant with some days behind it.

    They are made by a process of its own, which ends at once with this one.
    """
    print(f"Making {days} days of history, about a minute ...", flush=True)
    farm = directory / "past.json"
    farm.write_text(json.dumps([asdict(miner) for miner in miners]), encoding="utf-8")
    await hass.stop()
    past = ChildProcess(
        [
            *(sys.executable, "-m", "scripts.rig.past"),
            *(str(hass.directory), str(farm.resolve()), str(days)),
        ],
        directory=REPOSITORY,
        output=directory / "past.log",
        environment=dict(os.environ),
    )
    async with past:
        if await past.wait():
            raise past.failure("made no history")
    _require_free_port(hass.port, hass.host)
    await hass.start()


async def _watch(farm: FarmProcess, hass: HassProcess) -> None:
    """Raise as soon as one of the two processes ends."""
    waiting = [
        asyncio.create_task(farm.wait()),
        asyncio.create_task(hass.wait()),
    ]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
    farm.check()
    hass.check()


async def _take_offline_now_and_then(farm: FarmProcess) -> None:
    """Let one miner vanish for a minute every few minutes."""
    while True:
        await asyncio.sleep(ONLINE_SECONDS)
        await farm.inject(FLAKY_MINER, "offline", OFFLINE_SECONDS)
        await asyncio.sleep(OFFLINE_SECONDS)


def _require_free_port(port: int, host: str) -> None:
    """Complain about a port that is in use in words that help."""
    if not port_is_free(port, host):
        raise DemoError(f"port {port} is in use: choose another one with --port")


def _miner_line(miner: FarmMiner, titles: Sequence[str]) -> str:
    """Return a line about one miner."""
    what = f"{miner.model} {miner.firmware or ''}"
    outcome = f"added as {', '.join(titles)}" if titles else "already there"
    return f"  {miner.name:<9} {what:<30} {miner.address:<16} {outcome}"


def _banner(port: int, directory: Path) -> str:
    """Return what the user needs to know."""
    return f"""
Home Assistant   http://localhost:{port}
Log in           {USERNAME} / {PASSWORD}
Farm             {len(MINERS)} simulated miners; {FLAKY_MINER} is offline for \
{OFFLINE_SECONDS} s every {(ONLINE_SECONDS + OFFLINE_SECONDS) // 60} minutes
Kept in          {directory} (history, accounts, ports; --fresh begins anew)
Log              {directory / "hass" / "home-assistant.log"}
Ctrl-C ends everything.
"""


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="A simulated farm and a real Home Assistant that watches it.",
    )
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="of Home Assistant (%(default)s)"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; 0.0.0.0 lets the whole network in (%(default)s)",
    )
    parser.add_argument(
        "--dir",
        type=Path,
        default=REPOSITORY / ".demo",
        help="where everything is kept; seen from the repository (.demo)",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="forget what an earlier demo kept"
    )
    parser.add_argument(
        "--past",
        action=argparse.BooleanOptionalAction,
        help="begin with two weeks of made-up history; a demo does so, while a check "
        "asks for some days of it only with --past, as it has to wait for a restart",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="run in a temporary place, wait until every entity of every miner has "
        "a value, print them all; exit code 1 when something is missing",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
