"""The past that the bench gives a Home Assistant."""

from collections.abc import Iterator
import json
from pathlib import Path
import sqlite3

from homeassistant.components.recorder.db_schema import Base
import pytest
from sqlalchemy import create_engine

from scripts.benchmark.report_database import (
    DAY,
    HOUR,
    MEAN,
    SHORT_TERM_DAYS,
    TOTAL,
    Sensor,
    fill,
    sensors_of,
)

NOW = 1_795_000_000.0
POWER = Sensor(entity_id="sensor.power", unit="W", state_class=MEAN)
ENERGY = Sensor(entity_id="sensor.energy", unit="kWh", state_class=TOTAL)


@pytest.fixture(name="database")
def make_database(tmp_path: Path) -> Iterator[Path]:
    """Return a database as the recorder makes it."""
    path = tmp_path / "recorder.db"
    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    engine.dispose()
    return path


def test_past(database: Path) -> None:
    filled = fill(database, [POWER, ENERGY], 30, NOW)
    assert filled.sensors == 2
    assert filled.hourly == 2 * 30 * 24
    assert filled.short_term == 2 * SHORT_TERM_DAYS * 24 * 12
    assert filled.states == 2 * SHORT_TERM_DAYS * 24 * 4
    with sqlite3.connect(database) as connection:
        starts = connection.execute(
            "SELECT MIN(start_ts), MAX(start_ts) FROM statistics"
        ).fetchone()
        sums = connection.execute(
            "SELECT sum FROM statistics WHERE sum IS NOT NULL ORDER BY start_ts"
        ).fetchall()
        means = connection.execute(
            "SELECT COUNT(*) FROM statistics WHERE min < mean AND mean < max"
        ).fetchone()
    connection.close()
    end = NOW // HOUR * HOUR
    assert starts == (end - 30 * DAY, end - HOUR)
    assert sums == sorted(sums)
    assert means == (30 * 24,)


def test_what_is_there_stays(database: Path) -> None:
    fill(database, [POWER], 1, NOW)
    assert fill(database, [POWER, ENERGY], 1, NOW).hourly == 2 * 24


def test_sensors(tmp_path: Path) -> None:
    """Only ours that are on and have a state class."""
    ours = {"platform": "ours", "disabled_by": None, "unit_of_measurement": "W"}
    gauge = {"capabilities": {"state_class": MEAN}}
    entities = [
        {"entity_id": "sensor.power", **ours, **gauge},
        {"entity_id": "sensor.off", **ours, **gauge, "disabled_by": "user"},
        {"entity_id": "sensor.status", **ours, "capabilities": {"options": []}},
        {"entity_id": "switch.plain", **ours, "capabilities": None},
        {"entity_id": "sensor.other", **ours, **gauge, "platform": "theirs"},
    ]
    content = {"data": {"entities": entities}}
    (tmp_path / "core.entity_registry").write_text(json.dumps(content))
    assert sensors_of(tmp_path, "ours") == [POWER]
