"""Measures (l): what a scrape by Prometheus costs for each miner."""

from pathlib import Path
from statistics import median

from .children import result_of
from .plan import Plan
from .table import Judged, Row, Target

TARGET = Target(judged=Judged.VALUE, limit=0.2)


async def measure_metrics(directory: Path, plan: Plan) -> list[Row]:
    """Write the metrics of miners of some models, behind each of their polls."""
    spent = await result_of(
        directory / "scrape_metrics.json", "scrape_metrics", plan.fetch_rounds
    )
    return [
        Row(
            item="l",
            measure=f"metrics of a {model} at a scrape, CPU",
            unit="ms",
            digits=3,
            ours=median(found["first"]),
            target=TARGET,
            note=f"{median(found['again']):.3f} ms if it was not polled again",
        )
        for model, found in spent.items()
    ]
