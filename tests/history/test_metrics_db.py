"""What is read of the database of tool 001."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
import sqlite3

import pytest

from custom_components.miner_monitor.history.files import FileError, FileFault

from .prior_tools import (
    HOUR,
    START,
    local,
    minutes,
    near,
    read,
    write_db,
)


def test_database(tmp_path: Path) -> None:
    rows = [
        (name, moment, 1200, 18, 100 + index)
        for index, moment in enumerate(minutes(361, step=1 / 6))
        for name in ("g1", "g2")
    ]
    prior = read(write_db(tmp_path / "metrics.db", rows))

    assert prior.tools == {"metrics.db": "001"}
    assert prior.hosts == {"g1": "host-g1", "g2": "host-g2"}
    assert set(prior.books) == {"g1", "g2"}
    book = prior.books["g2"]
    assert near(book.means("hash_rate")[HOUR]) == (1.2,) * 3
    assert near(book.means("frequency")[HOUR]) == (525,) * 3
    assert near(book.means("best_difficulty")[HOUR]) == (27.21e6,) * 3
    assert book.totals("energy") == pytest.approx({HOUR: 0.018})
    assert book.totals("shares_accepted") == {HOUR: 359, HOUR + 3600: 1}


def test_database_over_the_change_to_winter(tmp_path: Path) -> None:
    """Its rows come as they were written, so that two hours stay two."""
    start = datetime(2025, 10, 25, 23, 0, tzinfo=UTC)
    rows = [("g1", moment, 1200, 18, 5) for moment in minutes(241, start=start)]
    book = read(write_db(tmp_path / "metrics.db", rows)).books["g1"]
    assert book.rows == 241
    assert sum(book.totals("energy").values()) == pytest.approx(4 * 0.018)


def test_database_of_an_old_version(tmp_path: Path) -> None:
    """Older ones lack columns, even whole tables."""
    path = tmp_path / "metrics.db"
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE performance_metrics"
        " (id INTEGER PRIMARY KEY, device_id, timestamp, hashrate, power)"
    )
    connection.execute(
        "INSERT INTO performance_metrics VALUES (1, 'g1', ?, 1200, 18)",
        (local(START, " "),),
    )
    connection.commit()
    connection.close()
    assert near(read(path).books["g1"].means("power")[HOUR]) == (18, 18, 18)


def test_rows_of_a_database_that_are_none(tmp_path: Path) -> None:
    rows = [
        ("g1", START, 1200, 18, 5),
        ("g1", START, 1300, 18, 5),
        ("g1", "never", 1200, 18, 5),
        ("g1", START + timedelta(minutes=1), "lots", None, 5),
        ("g1", START + timedelta(minutes=2), 0, 0, 5),
        ("g1", START + timedelta(minutes=3), 1200, 18, 5),
    ]
    prior = read(write_db(tmp_path / "metrics.db", rows))
    book = prior.books["g1"]
    assert near(book.means("hash_rate")[HOUR]) == (1.2,) * 3
    assert prior.skipped.lines == [3, 4]
    assert (prior.skipped.rows, prior.skipped.repeated, prior.skipped.offline) == (
        2,
        1,
        1,
    )


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE performance_metrics",
        "ALTER TABLE performance_metrics RENAME COLUMN power TO watts",
        """DROP TABLE performance_metrics; CREATE VIEW performance_metrics AS
        WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)
        SELECT id, 'g' AS device_id, '2025-05-30 12:00:00' AS timestamp,
        1 AS hashrate, 1 AS power FROM n""",
        """DROP TABLE performance_metrics; CREATE VIRTUAL TABLE performance_metrics
        USING fts5(id, device_id, timestamp, hashrate, power)""",
    ],
)
def test_databases_of_others(tmp_path: Path, change: str) -> None:
    """A view is no table: it could count for ever. A virtual one runs code."""
    path = write_db(tmp_path / "metrics.db", [("g1", START, 1200, 18, 5)], change)
    with pytest.raises(FileError) as caught:
        read(path)
    assert caught.value.fault is FileFault.UNKNOWN


def test_triggers_and_other_tables_do_nothing(tmp_path: Path) -> None:
    path = write_db(
        tmp_path / "metrics.db",
        [("g1", START, 1200, 18, 5)],
        "CREATE TABLE secrets (x); CREATE TRIGGER t AFTER INSERT ON performance_metrics"
        " BEGIN DELETE FROM devices; END;",
    )
    before = path.read_bytes()
    assert read(path).books["g1"].rows == 1
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["metrics.db"]


def test_a_database_that_is_cut_off(tmp_path: Path) -> None:
    rows = [("g1", moment, 1200, 18, 5) for moment in minutes(2000)]
    path = write_db(tmp_path / "metrics.db", rows)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(FileError):
        read(path)
