"""Whom the fleet's switches start again, and in which order."""

from operator import attrgetter
from types import SimpleNamespace
from typing import Any

import pytest

from custom_components.miner_monitor.fleet.members import FleetMember, StopMemory


def test_whom_it_stopped() -> None:
    memory = StopMemory()
    memory.remember("a")
    memory.remember("b")
    memory.forget("b")
    memory.forget("never")
    assert memory.stopped == {"a"}


@pytest.mark.parametrize(
    ("seen", "kept"),
    [
        ([(0, False), (600, False)], False),
        ([(0, False), (599, False)], True),
        # A restart lets it work for a moment, until it is stopped again.
        ([(0, True), (100, False), (400, True), (700, False), (1200, False)], True),
        ([(0, False), (300, None), (600, False)], False),
        ([(0, None), (9999, None)], True),
        ([(0, True), (9999, True)], True),
    ],
)
def test_one_that_somebody_else_started(
    seen: list[tuple[float, bool | None]], kept: bool
) -> None:
    """It has run for ten minutes: whoever stops it then is not this switch."""
    memory = StopMemory()
    memory.remember("a")
    for moment, stopped in seen:
        assert memory.stopped == {"a"}
        memory.observe("a", stopped, moment)
    assert (memory.stopped == {"a"}) is kept


def test_others_are_not_looked_at() -> None:
    memory = StopMemory()
    memory.observe("a", True, 0)
    assert memory.stopped == frozenset()


def test_what_is_stored_is_what_is_read() -> None:
    memory, again = StopMemory(), StopMemory()
    memory.remember("b")
    memory.remember("a")
    again.load(memory.dump())
    assert again.stopped == {"a", "b"}


@pytest.mark.parametrize(
    "data", [None, {}, "ab", 5, [1, None, "", ["a"], {"a": 1}, "x" * 300]]
)
def test_hostile_store(data: Any) -> None:
    memory = StopMemory()
    memory.load(data)
    assert memory.stopped == frozenset()


def member(key: str, name: str, priority: int, *, online: bool = True) -> FleetMember:
    miner = SimpleNamespace(data=SimpleNamespace(online=online), device_id=key)
    options = {"priority": priority}
    entry: Any = SimpleNamespace(title=name, options=options, runtime_data=miner)
    return FleetMember(entry)


def test_order() -> None:
    """By priority, then by name; those without an answer come last."""
    members = [
        member("1", "Zeus", 10),
        member("2", "apollo", 10),
        member("3", "Hera", 1, online=False),
        member("4", "Ares", 99),
        member("5", "Hermes", 2),
    ]
    for given in (members, reversed(members)):
        ordered = sorted(given, key=attrgetter("turn"))
        assert [item.key for item in ordered] == ["5", "2", "1", "4", "3"]
