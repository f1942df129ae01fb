"""What a choice comes to, and what the surplus is."""

import pytest

from custom_components.miner_monitor.fleet.model import FleetFeature
from custom_components.miner_monitor.fleet.run_when import (
    NEEDS,
    Decision,
    Facts,
    Ruling,
    RunWhen,
    SurplusMeter,
    least,
    rule,
)

ALL = frozenset(FleetFeature)


@pytest.mark.parametrize(
    ("choice", "facts", "expected"),
    [
        (RunWhen.ALWAYS, Facts(), Ruling(Decision.RUN)),
        (RunWhen.OWN, Facts(cheap=False, surplus=0.0), Ruling(Decision.NONE)),
        (RunWhen.CHEAP_POWER, Facts(cheap=True), Ruling(Decision.RUN)),
        (RunWhen.CHEAP_POWER, Facts(cheap=False), Ruling(Decision.SAVE_POWER, 0)),
        (RunWhen.CHEAP_POWER, Facts(worth=True), Ruling(Decision.NO_DATA)),
        (RunWhen.WORTH_RUNNING, Facts(worth=True), Ruling(Decision.RUN)),
        (RunWhen.WORTH_RUNNING, Facts(worth=False), Ruling(Decision.SAVE_POWER, 0)),
        (RunWhen.WORTH_RUNNING, Facts(cheap=True), Ruling(Decision.NO_DATA)),
        (RunWhen.SURPLUS, Facts(surplus=70.0), Ruling(Decision.SHARE_SURPLUS, 70)),
        (RunWhen.SURPLUS, Facts(surplus=-70.0), Ruling(Decision.SHARE_SURPLUS, 0)),
        (RunWhen.SURPLUS, Facts(cheap=True), Ruling(Decision.NO_DATA)),
    ],
)
def test_rules(choice: RunWhen, facts: Facts, expected: Ruling) -> None:
    assert rule(choice, facts, ALL) == expected


@pytest.mark.parametrize("choice", NEEDS)
def test_without_what_it_is_made_by(choice: RunWhen) -> None:
    facts = Facts(cheap=False, worth=False, surplus=0.0)
    found = rule(choice, facts, ALL - {NEEDS[choice]})
    assert found == Ruling(Decision.NOT_SET_UP)


def test_the_lower_limit_holds() -> None:
    assert least(None, None) is None
    assert least(None, 5.0) == 5
    assert least(3.0, 5.0) == 3


def told(meter: SurplusMeter, *readings: tuple[float, float | None]) -> float | None:
    """Return what it says after readings of the grid; miners draw 100 W."""
    found = None
    for moment, grid in readings:
        found = meter.observe(grid, 100.0, moment)
    return found


def test_it_is_the_mean_of_three_minutes() -> None:
    meter = SurplusMeter()
    assert told(meter, (0, -50), (60, -50), (120, -50)) is None
    assert told(meter, (180, -50)) == 150
    # A kettle for a moment is a part of it, for three minutes; and it is never below 0.
    assert told(meter, (240, 350), (300, -50)) == 50
    assert told(meter, *((t, -50.0) for t in range(360, 660, 60))) == 150
    assert told(meter, *((t, 400.0) for t in range(660, 960, 60))) == 0


def test_small_changes_are_none() -> None:
    meter = SurplusMeter()
    steady = [(float(t), -900.0) for t in range(0, 240, 60)]
    assert told(meter, *steady) == 1000
    assert told(meter, *((t, -925.0) for t in range(240, 600, 60))) == 1000
    assert told(meter, *((t, -985.0) for t in range(600, 960, 60))) > 1040
    small = SurplusMeter()
    assert told(small, *((float(t), 80.0) for t in range(0, 240, 60))) == 20
    assert told(small, *((t, 78.5) for t in range(240, 600, 60))) == 20
    assert told(small, *((t, 73.0) for t in range(600, 960, 60))) > 24


def test_a_gap_begins_anew() -> None:
    meter = SurplusMeter()
    assert told(meter, (0, -50), (180, -50)) == 150
    assert told(meter, (200, None)) is None
    assert told(meter, (210, -80), (380, -80)) is None
    assert told(meter, (390, -80)) == 180
    assert meter.observe(-80, None, 400) is None
