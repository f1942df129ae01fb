"""What the bench makes of a recorder database."""

from collections.abc import Iterator
from pathlib import Path
import sqlite3

import pytest

from scripts.benchmark.measure_recorder import quiet_from, statistics_due
from scripts.benchmark.recorder import Recorded, growth, read, rows_per_day

HOUR = 3600.0
SCHEMA = """
CREATE TABLE states_meta (metadata_id INTEGER PRIMARY KEY, entity_id TEXT);
CREATE TABLE states (
    state_id INTEGER PRIMARY KEY, metadata_id INTEGER, attributes_id INTEGER,
    last_updated_ts REAL, state TEXT
);
CREATE INDEX by_time ON states (metadata_id, last_updated_ts);
CREATE TABLE state_attributes (attributes_id INTEGER PRIMARY KEY, shared TEXT);
CREATE TABLE statistics_meta (id INTEGER PRIMARY KEY, statistic_id TEXT);
CREATE TABLE statistics_short_term (id INTEGER PRIMARY KEY, mean REAL);
INSERT INTO states_meta VALUES (1, 'sensor.power'), (2, 'sensor.status'),
    (3, 'sensor.other');
INSERT INTO state_attributes VALUES (1, 'a'), (2, 'b');
INSERT INTO statistics_meta VALUES (1, 'sensor.power'), (2, 'sensor.other');
INSERT INTO statistics_short_term VALUES (1, 2.5);
"""


@pytest.fixture(name="database")
def make_database(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "recorder.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(SCHEMA)
        connection.executemany(
            "INSERT INTO states VALUES (NULL, ?, ?, ?, 'x')",
            [
                *((1, 1, moment) for moment in (90.0, 100.0, 150.0, 199.0)),
                (1, 2, 200.0),
                (2, 2, 199.0),
                (3, 1, 150.0),
            ],
        )
    connection.close()
    return path


def test_rows_of_the_window_and_of_our_entities(database):
    found = read(database, 100.0, 200.0, ["sensor.power", "sensor.status"])
    assert found.seconds == 100.0
    assert found.states == {"sensor.power": 3, "sensor.status": 1}
    assert found.attributes == {"sensor.power": 0, "sensor.status": 1}
    assert found.with_statistics == {"sensor.power"}


def test_bytes_include_the_indexes(database):
    found = read(database, 100.0, 200.0, ["sensor.power"])
    assert found.bytes_per_row["states"] == pytest.approx(2 * 4096 / 7)
    assert found.bytes_per_row["state_attributes"] == pytest.approx(4096 / 2)
    assert found.bytes_per_row["statistics_short_term"] == pytest.approx(4096)


def test_without_statistics_nothing_is_known_of_their_size(database):
    with sqlite3.connect(database) as connection:
        connection.execute("DELETE FROM statistics_short_term")
    connection.close()
    with pytest.raises(ValueError, match="no rows in statistics_short_term"):
        read(database, 100.0, 200.0, ["sensor.power"])


KEYS = {"sensor.a_power": "power", "sensor.b_power": "power", "sensor.a_best": "best"}
RECORDED = Recorded(
    seconds=HOUR,
    states={"sensor.a_power": 30, "sensor.b_power": 10, "sensor.a_best": 1},
    attributes={"sensor.a_power": 2, "sensor.b_power": 0, "sensor.a_best": 0},
    with_statistics=frozenset({"sensor.a_power", "sensor.a_best"}),
    bytes_per_row={
        "states": 100.0,
        "state_attributes": 50.0,
        "statistics_short_term": 10.0,
    },
)


@pytest.mark.parametrize(
    ("at_least_every", "expected"),
    [
        # 20 an hour on average, and 1 an hour.
        (HOUR, {"power": 480.0, "best": 24.0}),
        # Four an hour at least, for the half of the power sensors with statistics.
        (HOUR / 4, {"power": 480.0, "best": 96.0}),
        (HOUR / 60, {"power": 720.0, "best": 1440.0}),
    ],
)
def test_rows_per_entity_and_day(at_least_every, expected):
    assert rows_per_day(RECORDED, KEYS, at_least_every) == expected


def test_growth_of_one_miner():
    grown = growth(RECORDED, KEYS, 2, HOUR)
    assert grown.rows_per_day == (2 * 480 + 24) / 2
    assert grown.states == grown.rows_per_day * 100
    assert grown.attributes == 2 * 24 / 2 * 50
    assert grown.statistics == 2 * 312 / 2 * 10
    assert grown.total == grown.states + grown.attributes + grown.statistics


@pytest.mark.parametrize(
    ("since", "due"), [(600.0, 920.0), (601.0, 920.0), (899.9, 920.0), (900.0, 1220.0)]
)
def test_statistics_are_made_after_each_five_minutes(since, due):
    assert statistics_due(since) == due


@pytest.mark.parametrize(
    ("now", "start"),
    [(600, 620), (619, 620), (620, 620), (860, 860), (861, 920)],
)
def test_a_short_window_lies_between_two_statistics(now: float, start: float) -> None:
    """It begins at once where it ends before the next, else behind them."""
    assert quiet_from(now, 40) == start
