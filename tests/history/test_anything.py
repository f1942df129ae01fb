"""Whatever files have, figures are figures."""

from contextlib import suppress
from datetime import datetime
import math
from pathlib import Path
import tempfile

from hypothesis import given, strategies as st

from custom_components.miner_monitor.history.files import FileError
from custom_components.miner_monitor.history.hours import HourBook
from custom_components.miner_monitor.history.prior import Prior

from ..lengths import examples
from .prior_tools import (
    START,
    TOOL_000,
    TOOL_001,
    TOOL_002,
    local,
    minutes,
    read,
    row_000,
    write_db,
)

cells = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", "nan", "inf", "-1", "1e308", "1.2P", "ONLINE", '"', "\0"]),
    st.floats().map(str),
    st.datetimes().map(datetime.isoformat),
)


def _sound(prior: Prior) -> None:
    for book in prior.books.values():
        for key in ("hash_rate", "power", "efficiency", "chip_temperature"):
            for mean in book.means(key).values():
                assert math.isfinite(mean.mean)
                assert 0 <= mean.minimum <= mean.mean <= mean.maximum
        for key in ("energy", "shares_accepted"):
            assert all(amount >= 0 for amount in book.totals(key).values())


@examples(50, 100, derandomize=True)
@given(
    st.sampled_from([TOOL_000, TOOL_001, TOOL_002]),
    st.lists(
        st.one_of(
            st.binary(max_size=200),
            st.lists(cells, min_size=1, max_size=27).map(
                lambda row: ",".join(row).encode("utf-8", "surrogatepass")
            ),
            st.builds(
                row_000,
                st.one_of(
                    cells,
                    st.sampled_from([local(at) for at in minutes(5)]),
                ),
                cells,
                cells,
                cells,
                cells,
                cells,
                cells,
                cells,
            ).map(lambda text: text.encode("utf-8", "surrogatepass")),
        ),
        max_size=20,
    ),
)
def test_any_csv(header: str, rows: list[bytes]) -> None:
    """Whatever a file has, it is read to its end, and figures are figures."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "any.csv")
        path.write_bytes(b"\n".join([header.encode(), *rows]))
        _sound(read(path))


@examples(50, 60, derandomize=True)
@given(st.data())
def test_any_damage_to_a_database(data: st.DataObject) -> None:
    """A damaged database is read or refused, and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [("g1", moment, 1200, 18, 5) for moment in minutes(50)]
        path = write_db(Path(folder, "metrics.db"), rows)
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 30))):
            place = data.draw(st.integers(16, len(content) - 1))
            content[place] = data.draw(st.integers(0, 255))
        path.write_bytes(content)
        with suppress(FileError):
            _sound(read(path))


@examples(50, 100, derandomize=True)
@given(
    st.lists(
        st.tuples(st.floats(0.1, 4000), st.floats(0, 5000), st.integers(0, 10_000)),
        max_size=60,
    )
)
def test_any_series(steps: list[tuple[float, float, int]]) -> None:
    """Energy is never more than the time watched times the highest power."""
    book, time = HourBook(60), START.timestamp()
    for step, power, accepted in steps:
        time += step
        book.observe(time, (1.0, power, 50.0, 50.0, 500.0, 1.0, float(accepted)))
    most = max((power for _, power, _ in steps), default=0.0)
    watched = sum(step for step, _, _ in steps[1:])
    energy = sum(book.totals("energy").values())
    assert 0 <= energy <= most * watched / 3.6e6 + 1e-9
