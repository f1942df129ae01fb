"""Begin and end of a finding are told once each, also across a restart."""

from typing import Any

import pytest

from custom_components.miner_monitor.insight.finding_log import (
    COMES_BACK,
    FindingLog,
)
from custom_components.miner_monitor.insight.model import (
    Finding,
    FindingKind,
    Severity,
)
from custom_components.miner_monitor.model import Moment

HOT, LOST, SLOW = (
    FindingKind.CHIP_HOT,
    FindingKind.POOL_LOST,
    FindingKind.HASH_RATE_LOW,
)


class Bench:
    """Shows findings to a log every 15 s."""

    def __init__(self) -> None:
        self.log, self.now = FindingLog(), 1000.0

    def poll(self, *kinds: FindingKind) -> list[tuple[str, str]]:
        """Return what is told: the event and the problem."""
        self.now += 15
        moment = Moment(wall=self.now, monotonic=self.now, day="2026-01-01")
        found = [
            Finding(
                kind=kind,
                severity=Severity.CRITICAL,
                value=97.12345,
                threshold=95,
                since=self.now,
            )
            for kind in kinds
        ]
        self.found = self.log.observe(found, moment)
        return [
            (event.event_type.value, event.details["problem"])
            for event in self.log.events
        ]

    def restart(self, age: float = 60) -> None:
        """Go on from what was stored so many seconds ago."""
        stored: Any = self.log.dump()
        self.log, self.now = FindingLog(), self.now + age
        self.log.load(stored)
        self.log.grow_old(age)


def test_begin_and_end() -> None:
    """Each once; a lost pool has a name of its own for automations."""
    bench = Bench()
    assert bench.poll() == []
    assert bench.poll(HOT) == [("problem_found", "chip_hot")]
    assert bench.log.changed
    assert bench.poll(HOT, LOST) == [("pool_lost", "pool_lost")]
    assert bench.poll(HOT, LOST) == []
    assert [finding.since for finding in bench.found] == [1030, 1045]
    assert bench.poll(LOST) == [("problem_cleared", "chip_hot")]
    assert bench.poll() == [("problem_cleared", "pool_lost")]
    assert bench.poll() == []


def test_details() -> None:
    """What it is, how bad, and the numbers as people read them."""
    bench = Bench()
    bench.poll(HOT)

    assert dict(bench.log.events[0].details) == {
        "problem": "chip_hot",
        "severity": "critical",
        "value": 97.123,
        "threshold": 95,
    }


@pytest.mark.parametrize("pause", ["absent", "restart"])
def test_what_was_open_before_a_pause_is_no_news(pause: str) -> None:
    """It goes on since it began, or is over once it had time to come back."""
    bench = Bench()
    bench.poll(HOT, SLOW)
    bench.log.absent() if pause == "absent" else bench.restart()

    assert bench.poll() == []
    assert bench.poll(HOT) == []
    assert bench.found[0].since == 1015
    assert bench.poll() == [("problem_cleared", "chip_hot")]
    bench.now += COMES_BACK
    assert bench.poll() == [("problem_cleared", "hash_rate_low")]


def test_what_was_stored_long_ago_is_forgotten() -> None:
    """Nobody is told of an end that nobody saw."""
    bench = Bench()
    bench.poll(HOT)
    bench.restart(COMES_BACK + 1)

    bench.now += COMES_BACK
    assert bench.poll() == []
    assert bench.poll(HOT) == [("problem_found", "chip_hot")]


def test_what_is_stored_is_no_more_urgent() -> None:
    """One store for each begin and each end."""
    bench = Bench()
    bench.poll(HOT)
    assert bench.log.changed
    bench.log.dump()
    assert not bench.log.changed
    bench.poll(HOT)
    assert not bench.log.changed
