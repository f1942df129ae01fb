"""The table of what fleets of several sizes cost."""

import pytest

from scripts.benchmark.growth import Figures, parse, render

NONE = Figures(miners=0, cpu=0.31, memory=213.4, start=3.72, database=None)
MANY = Figures(miners=1000, cpu=21.06, memory=1234.5, start=61.0, database=1650.4)


def test_table() -> None:
    _, _, none, many = render([NONE, MANY]).splitlines()
    assert none == "| 0 | 0.3 | 213 | 3.7 |  |"
    assert many == "| 1,000 | 21.1 | 1,234 | 61.0 | 1,650 |"


def test_sizes() -> None:
    assert parse([]).sizes == [10, 100, 1000]
    assert parse(["--sizes", "3,20"]).sizes == [3, 20]


@pytest.mark.parametrize("sizes", ["", "0", "ten", "10,-1"])
def test_no_sizes(sizes: str) -> None:
    with pytest.raises(SystemExit):
        parse(["--sizes", sizes])
