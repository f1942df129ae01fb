"""Measures (h) and (i): the client of Avalon miners beside bare reads."""

from pathlib import Path
from statistics import median

from .children import replaying, result_of
from .figures import median_ratio
from .table import Judged, Row, Target

DEVICES = 100
LATENCY = 0.1
REPLAY = "replay_avalon"
FETCH_TARGET = Target(judged=Judged.RATIO, limit=2.0)


async def measure_avalon_fetch(
    directory: Path, *, rounds: int, block: int
) -> list[Row]:
    """Compare the CPU of our fetch with that of bare reads, in full flight."""
    async with replaying(directory / "avalon.log", module=REPLAY) as (port,):
        stream, sockets, ours = await result_of(
            directory / "compare-avalon.log",
            "ours_avalon",
            *("compare", "--port", port, "--rounds", rounds, "--block", block),
        )
    return [
        _compared("a stream", stream, ours, FETCH_TARGET),
        _compared("sock_recv", sockets, ours, None),
    ]


def _compared(
    name: str, bare: list[float], ours: list[float], target: Target | None
) -> Row:
    return Row(
        item="h",
        measure=f"Avalon fetch() beside {name}, CPU",
        unit="ms",
        digits=3,
        baseline=median(bare),
        ours=median(ours),
        ratio=median_ratio(ours, bare),
        target=target,
    )


async def measure_avalon_gather(directory: Path, *, rounds: int) -> list[Row]:
    """Poll 100 slow Avalon miners at once."""
    async with replaying(
        directory / "slow-avalon.log", module=REPLAY, count=DEVICES, latency=LATENCY
    ) as ports:
        bare, ours = await result_of(
            directory / "gather-avalon.log",
            "ours_avalon",
            *("gather", "--rounds", rounds, "--ports", *ports),
        )
    return [
        Row(
            item="i",
            measure=f"gather of {DEVICES} Avalon fetch()",
            unit="ms",
            digits=0,
            baseline=LATENCY * 1e3,
            ours=median(ours) * 1e3,
            target=Target(judged=Judged.DIFFERENCE, limit=50),
            note=f"baseline: the devices' latency; bare streams need "
            f"{median(bare) * 1e3:.0f} ms; median of {rounds}",
        )
    ]
