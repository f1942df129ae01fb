"""The bench's own programs, run as processes of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
import os
from pathlib import Path
import sys
from typing import Any

from scripts.rig.hass import REPOSITORY
from scripts.rig.process import ChildProcess, ProcessFailedError

START_TIMEOUT_SECONDS = 30
POLL_SECONDS = 0.05


def child(output: Path, module: str, *arguments: object) -> ChildProcess:
    """Return one of our programs, not started yet."""
    return ChildProcess(
        [sys.executable, "-m", f"scripts.benchmark.{module}", *map(str, arguments)],
        directory=REPOSITORY,
        output=output,
        environment={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )


async def result_of(output: Path, module: str, *arguments: object) -> Any:
    """Run a program to its end and return the JSON that it printed."""
    async with child(output, module, *arguments) as process:
        if await process.wait() != 0:
            raise process.failure("failed")
    return _read_json(output)


@asynccontextmanager
async def replaying(
    output: Path, *, module: str = "replay", count: int = 1, latency: float = 0.0
) -> AsyncIterator[list[int]]:
    """Run devices that replay what a program recorded; give their ports."""
    arguments = ("--count", count, "--latency", latency)
    async with child(output, module, *arguments) as process:
        try:
            async with asyncio.timeout(START_TIMEOUT_SECONDS):
                while not _has_line(output):
                    process.check()
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError as err:
            raise ProcessFailedError("the replaying devices did not start") from err
        yield _read_json(output)


def _has_line(path: Path) -> bool:
    return path.read_bytes().endswith(b"\n")


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
