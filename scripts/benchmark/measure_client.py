"""Measures (a), (b) and the first of (d): the client library beside bare aiohttp."""

from pathlib import Path
from statistics import median

from .children import replaying, result_of
from .figures import median_ratio
from .table import Judged, Row, Target

DEVICES = 100
LATENCY = 0.1


async def measure_fetch(directory: Path, *, rounds: int, block: int) -> list[Row]:
    """Compare the CPU of our fetch with that of a bare request, in full flight."""
    async with replaying(directory / "replay.log") as (port,):
        bare, ours = await result_of(
            directory / "compare.log",
            "ours",
            *("compare", "--port", port, "--rounds", rounds, "--block", block),
        )
    return [
        Row(
            item="a",
            measure="bare GET + orjson.loads, CPU",
            unit="ms",
            digits=3,
            baseline=median(bare),
        ),
        Row(
            item="b",
            measure="fetch() to MinerState, CPU",
            unit="ms",
            digits=3,
            baseline=median(bare),
            ours=median(ours),
            ratio=median_ratio(ours, bare),
            target=Target(judged=Judged.RATIO, limit=1.3),
            note=f"median of {rounds} rounds of {block} polls each, taking turns",
        ),
    ]


async def measure_gather(directory: Path, *, rounds: int) -> list[Row]:
    """Poll 100 slow devices at once."""
    async with replaying(
        directory / "slow.log", count=DEVICES, latency=LATENCY
    ) as ports:
        bare, ours = await result_of(
            directory / "gather.log",
            "ours",
            *("gather", "--rounds", rounds, "--ports", *ports),
        )
    return [
        Row(
            item="d",
            measure=f"gather of {DEVICES} fetch()",
            unit="ms",
            digits=0,
            baseline=LATENCY * 1e3,
            ours=median(ours) * 1e3,
            target=Target(judged=Judged.DIFFERENCE, limit=50),
            note=f"baseline: the devices' latency; bare aiohttp needs "
            f"{median(bare) * 1e3:.0f} ms; median of {rounds}",
        )
    ]
