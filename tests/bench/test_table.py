"""The bench's verdicts and its table."""

import json

import pytest

from scripts.benchmark.table import Judged, Row, Target, missed, render

VALUE = Target(judged=Judged.VALUE, limit=2.0)
RATIO = Target(judged=Judged.RATIO, limit=1.5)
DIFFERENCE = Target(judged=Judged.DIFFERENCE, limit=0.5)


def row(baseline=None, ours=None, target=None, ratio=None) -> Row:
    return Row(
        item="x",
        measure="speed",
        unit="ms",
        baseline=baseline,
        ours=ours,
        target=target,
        ratio=ratio,
    )


@pytest.mark.parametrize(
    ("candidate", "passed"),
    [
        (row(1.0, 9.0), None),
        (row(None, 2.0, VALUE), True),
        (row(None, 2.01, VALUE), False),
        (row(9.0, None, VALUE), False),
        (row(2.0, 3.0, RATIO), True),
        (row(2.0, 3.1, RATIO), False),
        (row(2.0, 3.1, RATIO, ratio=1.4), True),
        (row(2.0, 2.0, RATIO, ratio=1.6), False),
        (row(None, 2.0, RATIO), False),
        (row(0.0, 2.0, RATIO), False),
        (row(2.0, 2.5, DIFFERENCE), True),
        (row(2.0, 2.6, DIFFERENCE), False),
        (row(2.0, 1.0, DIFFERENCE), True),
        (row(None, 0.1, DIFFERENCE), False),
        (row(0.0, None, DIFFERENCE), False),
    ],
)
def test_verdict(candidate, passed):
    assert candidate.passed is passed


def test_missed_are_those_with_a_target_that_is_not_met():
    good, bad, silent = row(1, 1, RATIO), row(1, 2, RATIO), row(1, 9)
    assert missed([good, bad, silent]) == [bad]


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (VALUE, "<= 2 ms"),
        (Target(judged=Judged.VALUE, limit=2, aim=1), "<= 2 ms, aim 1"),
        (RATIO, "<= 1.5 x"),
        (DIFFERENCE, "<= +0.5 ms"),
    ],
)
def test_target_in_words(target, text):
    assert target.text("ms") == text


def test_table_is_aligned_and_shows_both_sides():
    lines = render([row(2.0, 3.1, RATIO), row(None, 1.0, VALUE)]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == [
        "x",
        "speed",
        "2.00 ms",
        "3.10 ms",
        "1.55",
        "<= 1.5 x",
        "MISSED",
    ]
    assert [cell.strip() for cell in lines[3].split("|")[3:-1]] == [
        "",
        "1.00 ms",
        "",
        "<= 2 ms",
        "ok",
    ]


def test_notes_stand_below_the_table():
    noted = Row(item="x", measure="speed", unit="ms", ours=1, note="very fast")
    assert render([noted]).endswith("\n\nx speed: very fast")


def test_row_as_json():
    assert json.loads(json.dumps(row(2.0, 3.0, RATIO).as_json())) == {
        "item": "x",
        "measure": "speed",
        "unit": "ms",
        "baseline": 2.0,
        "ours": 3.0,
        "ratio": 1.5,
        "target": {"judged": "ratio", "limit": 1.5},
        "passed": True,
        "note": "",
    }
