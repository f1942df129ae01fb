"""Draws the pictures in docs/charts of made-up miners: `scripts/draw-charts`."""

from collections import defaultdict
from datetime import datetime
import json
import math
from pathlib import Path
import random
from typing import Any
from zoneinfo import ZoneInfo

from custom_components.miner_monitor.charts.draw import draw
from custom_components.miner_monitor.charts.model import (
    Change,
    ChartData,
    ChartKind,
    OperatingMark,
    Theme,
    Track,
)

from .hass import REPOSITORY

FOLDER = REPOSITORY / "docs" / "charts"
ZONE = ZoneInfo("Europe/Berlin")
END = datetime(2026, 12, 2, 19, 15, tzinfo=ZONE)
DAY, HOUR, MINUTES_5 = 86_400, 3600, 300

PICTURES = {
    "all_miners": (ChartKind.ALL_MINERS, 12, 4),
    "all_miners_month": (ChartKind.ALL_MINERS, 744, 4),
    "miners": (ChartKind.MINERS, 24, 6),
    "miners_100": (ChartKind.MINERS, 24, 100),
    "one_miner": (ChartKind.ONE_MINER, 24, 1),
    "operating_points": (ChartKind.OPERATING_POINTS, 24, 1),
    "trends": (ChartKind.TRENDS, 48, 3),
    "nine_panels": (ChartKind.NINE_PANELS, 48, 3),
    "energy_and_cost": (ChartKind.ENERGY_AND_COST, 336, 4),
    "price_and_what_ran": (ChartKind.PRICE_AND_WHAT_RAN, 48, 6),
}
"""Files of the documentation: kind, hours, miners."""

_MODELS = (
    ("Gamma", 1.2, 18, 58),
    ("Supra", 0.68, 14, 55),
    ("NerdQAxe++", 4.8, 76, 57),
    ("Nano 3S", 6.1, 140, 78),
    ("Avalon Q", 88.0, 1650, 71),
    ("Ultra", 0.49, 11, 60),
)


def sample(kind: ChartKind, hours: int, miners: int) -> ChartData:
    """Make up what a chart of some miners shows, with gaps."""
    words = json.loads(
        (REPOSITORY / "custom_components/miner_monitor/translations/en.json").read_text(
            encoding="utf-8"
        )
    )["common"]

    def say(key: str, **values: Any) -> str:
        return str(words[f"report_chart_{key}"]).format_map(values)

    step = MINUTES_5 if hours <= 48 else HOUR
    end = END.timestamp() // step * step
    lead, count = DAY // step, hours * HOUR // step
    return ChartData(
        kind=kind,
        start=end - hours * HOUR,
        end=end,
        step=step,
        lead=lead,
        zone=ZONE,
        say=say,
        tracks=[_track(index, lead, count, step, end) for index in range(miners)],
        price=_prices(lead + count, step, end),
        currency="EUR",
    )


def _prices(count: int, step: int, end: float) -> list[float]:
    hours = [(end - (count - index) * step) // HOUR for index in range(count)]
    return [
        0.26 + 0.09 * math.sin(hour / 24 * math.tau * 2) + 0.03 * (hour * 7 % 10) / 10
        for hour in hours
    ]


def _track(index: int, lead: int, count: int, step: int, end: float) -> Track:
    name, rate, power, warm = _MODELS[index % len(_MODELS)]
    chance = random.Random(index)  # noqa: S311 - made-up noise, the same each time
    changed = lead + int(count * 0.55)
    away = lead + int(count * chance.uniform(0.1, 0.9))
    readings: defaultdict[str, list[float]] = defaultdict(list)
    noise = 0.0
    for at in range(lead + count):
        noise = 0.7 * noise + chance.gauss(0, 0.02)
        more = 1.0 if at < changed or index % 3 else 1.12
        day = math.sin((at * step / DAY + index / 9) * math.tau)
        there = index % 4 == 3 or not away <= at < away + max(3, count // 16)
        there = there and index % 17 != 16
        values = {
            "hash_rate": rate * more * (1 + noise),
            "power": power * more**1.6 * (1 + noise / 4),
            "chip_temperature": warm
            + 3 * day
            + 9 * (more - 1) * 4
            + chance.gauss(0, 0.3),
            "vr_temperature": warm + 6 + 4 * day + chance.gauss(0, 0.4),
            "fan_speed": 4200 + 700 * day + chance.gauss(0, 60),
            "core_voltage": 1.15 if more == 1 else 1.2,
            "frequency": 525 * more,
        }
        values["efficiency"] = values["power"] / values["hash_rate"]
        for key, value in values.items():
            readings[key].append(value if there else math.nan)
    energy = [
        value * step / HOUR / 1000 if math.isfinite(value) else math.nan
        for value in readings["power"]
    ]
    change = Change(end - (lead + count - changed) * step, "588 MHz, 1.200 V")
    number = f" {index // len(_MODELS) + 1}" if index >= len(_MODELS) else ""
    return Track(
        name=f"{name}{number}",
        readings=readings,
        energy=energy,
        changes=() if index % 3 else [change],
        points=_points(),
    )


def _points() -> list[OperatingMark]:
    rows = (
        (400, 1.0, 0.79, 14.9, 30), (450, 1.05, 0.9, 15.1, 12),
        (490, 1.1, 0.99, 15.4, 55), (525, 1.15, 1.07, 16.1, 160),
        (550, 1.15, 1.11, 16.0, 70), (575, 1.2, 1.18, 16.9, 40),
        (600, 1.2, 1.22, 17.1, 18), (625, 1.25, 1.26, 18.2, 9),
        (650, 1.3, 1.24, 19.8, 4),
    )  # fmt: skip
    best = {400: "efficiency", 625: "hash_rate"}
    return [
        OperatingMark(
            text=f"{frequency} MHz, {volts:.3f} V",
            rate=rate,
            deviation=0.03 * rate,
            efficiency=efficiency,
            hours=hours,
            best=frozenset({best[frequency]} if frequency in best else ()),
        )
        for frequency, volts, rate, efficiency, hours in rows
    ]


def main(folder: Path = FOLDER) -> None:
    """Draw each picture, light and dark, a little smaller than usual."""
    folder.mkdir(exist_ok=True)
    for name, (kind, hours, miners) in PICTURES.items():
        data = sample(kind, hours, miners)
        for theme in Theme:
            (folder / f"{name}-{theme}.png").write_bytes(draw(data, theme, 150))


if __name__ == "__main__":
    main()
