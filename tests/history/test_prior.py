"""What is read of the files of tools 000, 001 and 002."""

from datetime import UTC, datetime, timedelta
import math
from pathlib import Path

import pytest

from custom_components.miner_monitor.history import prior
from custom_components.miner_monitor.history.files import FileError, FileFault
from custom_components.miner_monitor.history.hours import running_sums
from custom_components.miner_monitor.history.prior import Prior
from custom_components.miner_monitor.history.readings import Intake, name_of, number

from .prior_tools import (
    BERLIN,
    HOUR,
    START,
    TOOL_000,
    TOOL_001,
    TOOL_002,
    local,
    minutes,
    near,
    read,
    row_000,
    write_csv,
    write_db,
)


def read_rows(tmp_path: Path, *rows: str, header: str = TOOL_000) -> Prior:
    return read(write_csv(tmp_path / "file.csv", header, rows))


def test_hours_of_tool_000(tmp_path: Path) -> None:
    rows = [
        row_000(moment, rate=1000 + 2 * index, power=18 + index % 2)
        for index, moment in enumerate(minutes(121))
    ]
    prior = read_rows(tmp_path, *rows)

    book = prior.books["Gamma-1"]
    assert prior.tools == {"file.csv": "000"}
    assert prior.skipped.rows == 0
    assert book.rows == 121
    rates = book.means("hash_rate")
    assert list(rates) == [HOUR, HOUR + 3600, HOUR + 7200]
    assert near(rates[HOUR]) == (1.059, 1.0, 1.118)
    assert near(book.means("power")[HOUR]) == (18.5, 18, 19)
    assert near(book.means("chip_temperature")[HOUR]) == (60.5, 60.5, 60.5)
    assert near(book.means("vr_temperature")[HOUR]) == (59, 59, 59)
    assert book.totals("energy") == pytest.approx({HOUR: 0.0185, HOUR + 3600: 0.0185})


def test_efficiency_is_a_ratio_of_sums(tmp_path: Path) -> None:
    rates = (1000, 4000)
    rows = [
        row_000(moment, rate=rate, power=20)
        for moment, rate in zip(minutes(2), rates, strict=True)
    ]
    (book,) = read_rows(tmp_path, *rows).books.values()
    assert near(book.means("efficiency")[HOUR]) == (8.0, 5.0, 20.0)


def test_defect_3_a_best_difficulty_of_zero_is_none(tmp_path: Path) -> None:
    rows = [
        row_000(moment, best=best)
        for moment, best in zip(minutes(3), ("0", "27.21M", "0"), strict=True)
    ]
    (book,) = read_rows(tmp_path, *rows).books.values()
    assert near(book.means("best_difficulty")[HOUR]) == (27.21e6,) * 3

    (book,) = read_rows(tmp_path, *(row_000(at) for at in minutes(3))).books.values()
    assert book.means("best_difficulty") == {}


@pytest.mark.parametrize("status", ["OFFLINE", "ERROR", "PARSE_ERROR", ""])
def test_defect_4_zeros_of_an_absent_miner_are_no_data(
    tmp_path: Path, status: str
) -> None:
    """Neither the means nor the energy know them; the time away has no energy."""
    moments = minutes(60)
    rows = [
        row_000(moment, status="ONLINE" if index < 20 or index >= 40 else status)
        for index, moment in enumerate(moments)
    ]
    prior = read_rows(tmp_path, *rows)
    (book,) = prior.books.values()
    assert near(book.means("hash_rate")[HOUR]) == (1.2, 1.2, 1.2)
    assert book.totals("energy")[HOUR] == pytest.approx(18 * 38 / 60 / 1000)
    assert (book.rows, prior.skipped.offline, prior.skipped.rows) == (40, 20, 0)


def test_defect_4_zeros_without_a_status(tmp_path: Path) -> None:
    """An export of tool 001 has no status; a row of zeros is one all the same."""
    rows = [
        f"{local(moment, ' ')},g1,525,1150,{rate},{power},5,3,{temp},50,60,4000,15,60,"
        f"1,0"
        for moment, rate, power, temp in zip(
            minutes(3), (1200, 0, 1200), (18, 0, 18), (60, 0, 60), strict=True
        )
    ]
    prior = read_rows(tmp_path, *rows, header=TOOL_001)
    assert prior.tools == {"file.csv": "001"}
    assert near(prior.books["g1"].means("hash_rate")[HOUR]) == (1.2, 1.2, 1.2)
    assert prior.books["g1"].totals("energy") == {}
    assert prior.skipped.offline == 1


def test_paused_is_data(tmp_path: Path) -> None:
    """One that is online and does not hash still draws power."""
    rows = [row_000(moment, rate=0, power=4) for moment in minutes(61)]
    (book,) = read_rows(tmp_path, *rows).books.values()
    assert near(book.means("hash_rate")[HOUR]) == (0, 0, 0)
    assert book.totals("energy")[HOUR] == pytest.approx(0.004)
    assert book.means("efficiency") == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("597.5", 597.5), ("1.2P", 1.2e15), ("27.21M", 27.21e6), ("6.13 M", 6.13e6)),
        *((" 12 ", 12.0), ("4.5k", 4500.0), ("3T", 3e12), ("1e3", 1000.0), ("0", 0.0)),
        *(("nan", None), ("inf", None), ("-inf", None), ("1e400", None), ("", None)),
        *(("1_000", None), ("None", None), ("1.2.3P", None), ("P", None), ("x", None)),
        *((True, None), (None, None), (10**400, None), (b"1", None), (7, 7.0)),
        ("9" * 41, None),
    ],
)
def test_defect_8_numbers(text: object, expected: float | None) -> None:
    """Fractions, and difficulties with letters, are numbers like any other."""
    assert number(text) == expected


def test_defect_8_fractional_frequencies_and_missing_columns(tmp_path: Path) -> None:
    """A miner is not lost because a column is missing or has a fraction."""
    rows = [row_000(moment, frequency=597.5, chip="") for moment in minutes(2)]
    (book,) = read_rows(tmp_path, *rows).books.values()
    assert near(book.means("frequency")[HOUR]) == (597.5,) * 3
    assert book.means("chip_temperature") == {}

    stamp = local(START)
    prior = read_rows(
        tmp_path, f"{stamp},g1,1200", header="timestamp,device_id,hashrate"
    )
    assert near(prior.books["g1"].means("hash_rate")[HOUR]) == (1.2,) * 3


def test_tool_002(tmp_path: Path) -> None:
    rows = [
        f"{local(at)},Gamma-1,192.168.1.45,ONLINE,1200,1.2,1054,109,18,15,60,53,1.01,"
        f"1.03,527,0,500,wallet"
        for at in minutes(2)
    ]
    prior = read_rows(tmp_path, *rows, header=TOOL_002)
    assert prior.tools == {"file.csv": "002"}
    assert near(prior.books["Gamma-1"].means("power")[HOUR]) == (18, 18, 18)


def test_local_times_over_the_change_to_winter(tmp_path: Path) -> None:
    """The hour that comes twice is two hours, the one that is skipped is none."""
    start = datetime(2025, 10, 25, 23, 0, tzinfo=UTC)
    rows = [row_000(moment) for moment in minutes(241, start=start)]
    (book,) = read_rows(tmp_path, *rows).books.values()
    assert [len(book.means("power")), book.rows] == [5, 241]
    assert sum(book.totals("energy").values()) == pytest.approx(4 * 0.018)

    start = datetime(2025, 3, 30, 0, 0, tzinfo=UTC)
    rows = [row_000(moment) for moment in minutes(121, start=start)]
    (book,) = read_rows(tmp_path, *rows).books.values()
    assert list(book.totals("energy").values()) == pytest.approx([0.018] * 2)


def test_a_time_that_clocks_skip() -> None:
    """It can only come from a clock that was not set; it is the one after."""
    intake = Intake(BERLIN, math.inf)
    skipped = intake.time_of("g", "2025-03-30T02:30:00")
    assert skipped == datetime(2025, 3, 30, 1, 30, tzinfo=UTC).timestamp()


def test_times_with_a_zone_are_taken_at_their_word() -> None:
    intake = Intake(BERLIN, math.inf)
    assert intake.time_of("g", "2025-05-30T12:00:00+00:00") == START.timestamp()
    assert intake.time_of("g", "2025-05-30T12:00:00Z") == START.timestamp()


@pytest.mark.parametrize(
    "stamp", ["", "x" * 30, "2025-05-30", "9999-12-31T23:59:59.9+99:99", "1" * 50, 7]
)
def test_no_time(stamp: object) -> None:
    assert Intake(BERLIN, math.inf).time_of("g", stamp) is None


def test_junk_is_counted_and_named(tmp_path: Path) -> None:
    """Rows that tell nothing spoil no others."""
    good = row_000(START)
    rows = [
        good,
        "nonsense",
        row_000("yesterday"),
        row_000("1970-01-01T00:00:00"),
        row_000("2031-01-01T00:00:00"),
        row_000(START, rate="nan", power="inf"),
        row_000(START, name=""),
        row_000(START, name="x" * 200),
        good + ",more",
        '"never closed,' + good,
        good.replace("Gamma-1", "Gam\0ma"),
        "x" * 40_000,
        TOOL_000,
        "",
        row_000(START + timedelta(minutes=1)),
    ]
    prior = read_rows(tmp_path, *rows)
    (book,) = prior.books.values()
    assert book.rows == 2
    assert prior.skipped.rows == 11
    assert prior.skipped.lines == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]


def test_absurd_figures_are_none(tmp_path: Path) -> None:
    rows = [row_000(moment, power=-5, chip=4000) for moment in minutes(2)]
    (book,) = read_rows(tmp_path, *rows).books.values()
    assert book.means("power") == book.means("chip_temperature") == {}
    assert book.totals("energy") == {}


def test_no_watts_of_one_that_hashes(tmp_path: Path) -> None:
    (book,) = read_rows(
        tmp_path, *(row_000(moment, power=0) for moment in minutes(5))
    ).books.values()
    assert book.means("power") == book.totals("energy") == {}
    assert book.rows == 5


@pytest.mark.parametrize("order", ["reversed", "twice", "files"])
def test_order_and_repetition_make_no_difference(tmp_path: Path, order: str) -> None:
    """Who puts files together in any order, or one twice, gets the same."""
    rows = [
        row_000(moment, accepted=100 + index)
        for index, moment in enumerate(minutes(120))
    ]
    expected = read_rows(tmp_path, *rows).books["Gamma-1"]
    match order:
        case "reversed":
            found = read_rows(tmp_path, *reversed(rows))
        case "twice":
            found = read_rows(tmp_path, *rows, *rows[:60], TOOL_000, *rows)
            assert found.skipped.repeated == 180
        case _:
            files = [
                write_csv(tmp_path / f"{index}.csv", TOOL_000, part)
                for index, part in enumerate((rows[:50], rows[50:]))
            ]
            found = read(*files)
    book = found.books["Gamma-1"]
    for key in ("energy", "shares_accepted"):
        assert book.totals(key) == pytest.approx(expected.totals(key))
    assert book.means("hash_rate") == expected.means("hash_rate")


@pytest.mark.parametrize(
    ("gap", "bridged"), [(1, True), (3, True), (3.1, False), (600, False)]
)
def test_energy_knows_nothing_of_gaps(
    tmp_path: Path, gap: float, bridged: bool
) -> None:
    """Between rows at most three usual intervals apart the miner was there."""
    before = minutes(20)
    after = minutes(20, start=before[-1] + timedelta(minutes=gap))
    rows = [row_000(moment) for moment in (*before, *after)]
    (book,) = read_rows(tmp_path, *rows).books.values()
    seen = 38 + (gap if bridged else 0)
    assert sum(book.totals("energy").values()) == pytest.approx(0.018 * seen / 60)


def test_energy_is_shared_by_the_hours_in_which_it_was_used(tmp_path: Path) -> None:
    rows = [
        row_000(moment, power=power)
        for moment, power in zip(
            minutes(3, step=12, start=START + timedelta(minutes=45)),
            (10, 10, 30),
            strict=True,
        )
    ]
    (book,) = read_rows(tmp_path, *rows).books.values()
    # From 12:57 on 10 W rise to 30 W at 13:09: 15 W at 13:00.
    assert book.totals("energy") == pytest.approx(
        {HOUR: (2 + 12.5 * 3 / 60) / 1000, HOUR + 3600: 22.5 * 9 / 60 / 1000}
    )


def test_energy_follows_a_slower_tool(tmp_path: Path) -> None:
    """One that polls less often from some day on is no outage for ever."""
    fast = minutes(900, step=1 / 6)
    slow = minutes(240, start=fast[-1] + timedelta(minutes=1))
    rows = [row_000(moment) for moment in (*fast, *slow)]
    (book,) = read_rows(tmp_path, *rows).books.values()
    whole = 0.018 * (slow[-1] - fast[0]).total_seconds() / 3600
    assert sum(book.totals("energy").values()) == pytest.approx(whole, rel=0.04)


def test_shares_through_a_restart(tmp_path: Path) -> None:
    """A counter that fell began again; its first value is a bearing."""
    counts = (1000, 1010, 1010, 5, 25)
    rows = [
        row_000(moment, accepted=count)
        for moment, count in zip(minutes(5), counts, strict=True)
    ]
    (book,) = read_rows(tmp_path, *rows).books.values()
    assert book.totals("shares_accepted") == {HOUR: 35}


def test_hours_that_two_tools_watched_count_once(tmp_path: Path) -> None:
    moments = minutes(61)
    csv_file = write_csv(tmp_path / "a.csv", TOOL_000, map(row_000, moments))
    database = write_db(
        tmp_path / "metrics.db",
        [("Gamma-1", moment, 1200, 18, 5) for moment in minutes(361, step=1 / 6)],
    )
    book = read(csv_file, database).books["Gamma-1"]
    assert book.totals("energy")[HOUR] == pytest.approx(0.018)


def test_two_parts_of_an_hour_are_one_hour(tmp_path: Path) -> None:
    csv_file = write_csv(tmp_path / "a.csv", TOOL_000, map(row_000, minutes(30)))
    later = minutes(30, start=START + timedelta(minutes=30))
    database = write_db(
        tmp_path / "metrics.db", [("Gamma-1", at, 1400, 20, 5) for at in later]
    )
    book = read(csv_file, database).books["Gamma-1"]
    assert near(book.means("power")[HOUR]) == (19, 18, 20)
    assert book.totals("energy")[HOUR] == pytest.approx((18 + 20) * 29 / 60 / 1000)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\0\0",
        b"a,b,c\n1,2,3\n",
        b"timestamp,miner_name\n",
        b"timestamp,hashrate_gh\n",
        b"," * 500 + b"\n",
        b"\xff\xfe" + "timestamp".encode("utf-16-le"),
        b'"timestamp\n',
        b"x" * 100_000,
        b"SQLite format 3\0",
        b"SQLite format 3\0" + bytes(4096),
        b"SQLite format 3\0" + b"x" * 10_000,
    ],
)
def test_other_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(FileError) as caught:
        read(path)
    assert caught.value.fault is FileFault.UNKNOWN
    assert caught.value.file == "other"


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_csv(tmp_path / "a.csv", TOOL_000, map(row_000, minutes(10)))
    database = write_db(tmp_path / "b.db", [("g", START, 1200, 18, 5)])
    with monkeypatch.context() as patch:
        patch.setattr(prior, "MOST_TABLE_BYTES", 1000)
        patch.setattr(prior, "MOST_DATABASE_BYTES", 1000)
        for file in (path, database):
            with pytest.raises(FileError) as caught:
                read(file)
            assert caught.value.fault is FileFault.TOO_LARGE
    monkeypatch.setattr(prior, "MOST_ROWS", 9)
    with pytest.raises(FileError) as caught:
        read(path)
    assert caught.value.fault is FileFault.TOO_LARGE


def test_too_many_hours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = minutes(5, step=60)
    path = write_csv(tmp_path / "a.csv", TOOL_000, map(row_000, moments))
    database = write_db(tmp_path / "b.db", [("g", at, 1200, 18, 5) for at in moments])
    monkeypatch.setattr(prior, "MOST_HOURS", 5)
    assert len(read(path).books["Gamma-1"]) == len(read(database).books["g"]) == 5
    monkeypatch.setattr(prior, "MOST_HOURS", 4)
    for file in (path, database):
        with pytest.raises(FileError) as caught:
            read(file)
        assert caught.value.fault is FileFault.TOO_LARGE


def test_too_many_miners(tmp_path: Path) -> None:
    rows = [row_000(START, name=f"miner {index}") for index in range(201)]
    with pytest.raises(FileError) as caught:
        read_rows(tmp_path, *rows)
    assert caught.value.fault is FileFault.TOO_LARGE


def test_broken_utf_8_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    text = "\ufeff" + "\n".join([TOOL_000, *map(row_000, minutes(3))])
    path.write_bytes(text.encode().replace(b"pool.example", b"\xff\xfe", 1))
    assert read(path).books["Gamma-1"].rows == 3


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("Gamma-1", "Gamma-1"),
        (" a\tb\n", "ab"),
        ("", None),
        (5, None),
        ("x" * 101, None),
    ],
)
def test_name(given_name: object, expected: str | None) -> None:
    assert name_of(given_name) == expected


def test_sums_run_on() -> None:
    """Hours before, between and after what is there; the same twice changes nothing."""
    stored = [(0, 1.0), (3600, 3.0)]
    assert running_sums([], {0: 1.0, 3600: 2.0}) == stored
    assert running_sums(stored, {0: 1.0, 3600: 2.0}) == []
    assert running_sums(stored, {7200: 5.0}) == [(7200, 8.0)]
    assert running_sums(stored, {-3600: 1.0}) == [(-3600, 1.0), (0, 2.0), (3600, 4.0)]
    assert running_sums(stored, {0: 2.0}) == [(0, 2.0), (3600, 4.0)]
