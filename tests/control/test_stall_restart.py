"""A miner that stands still by itself is restarted, seldom and for a reason."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from custom_components.miner_monitor.control.model import Order, Problem, Restart
from custom_components.miner_monitor.control.overrides import Kind
from custom_components.miner_monitor.miners.errors import Outcome
from custom_components.miner_monitor.miners.model import (
    Capability,
    MinerIdentity,
    MinerStatus,
)

from .reconciling import (
    GAMMA as OTHER,
    POLL,
    TODAY,
    Case,
    F,
    asks,
    loaded,
    settled,
)

MINUTE = 60.0
GAMMA = replace(OTHER, capabilities=OTHER.capabilities | {Capability.RESTART})
LOST = {"status": MinerStatus.FAULT, "core_voltage_actual": 0.0, "faults": ("vr",)}


def watched(identity: MinerIdentity = GAMMA) -> Case:
    """Give a healthy miner whose owner has turned the option on."""
    case = Case(identity)
    case.reconciler.restart_stalled = True
    return case


def stalled() -> Case:
    case = watched()
    case.stalled = True
    return case


def restarts(orders: list[Order]) -> list[dict[str, Any]]:
    return [dict(order.details) for order in orders if isinstance(order, Restart)]


def until_restart(case: Case, longest: float = 3600.0, **look: Any) -> float | None:
    """Return after how many seconds of polls a restart is ordered, if one is."""
    began = case.monotonic
    while case.monotonic - began < longest:
        if restarts(case.poll(**look)):
            return case.monotonic - began
    return None


@pytest.mark.parametrize(
    ("state", "is_stalled", "cause"),
    [
        ({}, True, "stalled"),
        (LOST, False, "regulator_off"),
        (LOST, None, "regulator_off"),
    ],
)
def test_after_ten_minutes(
    state: dict[str, Any], is_stalled: bool | None, cause: str
) -> None:
    case = watched()
    case.become(**state)
    case.stalled = is_stalled
    assert until_restart(case, 600.0) is None
    assert restarts(case.poll()) == [{"cause": cause, "restarts": 1, "limit": 3}]


def test_one_restart_then_thirty_minutes_of_cool_down() -> None:
    case = stalled()
    assert until_restart(case) == pytest.approx(10 * MINUTE, abs=2 * POLL)
    assert until_restart(case, 29.5 * MINUTE) is None
    assert until_restart(case) == pytest.approx(0.5 * MINUTE, abs=2 * POLL)


def test_at_most_three_a_day_then_a_repair() -> None:
    case = stalled()
    for _ in range(3):
        assert until_restart(case) is not None
        orders = case.poll()
    assert asks(orders) == [Problem.STALLS_AGAIN]
    assert until_restart(case, 6 * 3600.0) is None

    tomorrow = case.poll(today="2026-11-21")
    assert settled(tomorrow) == [Problem.STALLS_AGAIN]
    assert restarts(tomorrow) == [{"cause": "stalled", "restarts": 1, "limit": 3}]


def test_three_more_on_the_next_day() -> None:
    case = stalled()
    for _ in range(3):
        assert until_restart(case) is not None
    until_restart(case, 1800.0)
    for _ in range(3):
        assert until_restart(case, today="2026-11-21") is not None
    assert until_restart(case, 6 * 3600.0, today="2026-11-21") is None


def test_the_count_and_the_cool_down_outlive_a_restart_of_ours() -> None:
    case = stalled()
    assert until_restart(case) is not None
    case.restart(away=60.0)
    assert until_restart(case, 28 * MINUTE) is None
    assert until_restart(case, 3 * MINUTE) is not None
    case.restart(away=60.0)
    assert until_restart(case) is not None
    case.restart(away=60.0)
    assert asks(case.poll()) == [Problem.STALLS_AGAIN]
    assert until_restart(case, 3 * 3600.0) is None


def test_a_clock_that_went_back_shortens_no_cool_down() -> None:
    case = stalled()
    assert until_restart(case) is not None
    case.restart(away=60.0, clock=-7200.0)
    assert until_restart(case, 29 * MINUTE) is None


def rest(case: Case) -> None:
    case.set(mining=False)
    case.become(status=MinerStatus.PAUSED)


def save_power(case: Case) -> None:
    case.throttle(True)


def end_saving(case: Case) -> None:
    """Begin to end it, with a device that does not show the end yet."""
    case.throttle(True)
    case.poll()
    case.reconciler.overrides[Kind.SAVE_POWER].begin_end()


def end_temporary(case: Case) -> None:
    """Let settings for a while be over that do not come back."""
    case.lend({F: 490.0}, seconds=30.0)


@pytest.mark.parametrize(
    "obstacle",
    [
        lambda case: case.become(chip_temperature=68.0),
        lambda case: case.become(vr_temperature=90.0),
        lambda case: case.become(overheating=True),
        lambda case: case.become(status=MinerStatus.OVERHEATED),
        lambda case: case.become(status=MinerStatus.POOL_LOST),
        lambda case: case.become(pool_connected=False),
        lambda case: case.become(status=MinerStatus.STANDBY),
        rest,
        save_power,
        end_saving,
        end_temporary,
    ],
    ids=[
        *("chip warm", "regulator warm", "flag", "overheated", "pool lost"),
        *("not connected", "standby", "paused", "saving", "ending", "temporary ends"),
    ],
)
def test_never_while_something_else_explains_it(
    obstacle: Callable[[Case], None],
) -> None:
    case = stalled()
    obstacle(case)
    assert until_restart(case, 2 * 3600.0) is None


@pytest.mark.parametrize(
    "status", [s for s in MinerStatus if s is not MinerStatus.FAULT]
)
def test_a_regulator_that_is_off_without_a_fault_is_no_reason(
    status: MinerStatus,
) -> None:
    case = watched()
    case.become(**LOST | {"status": status})
    assert until_restart(case) is None


@pytest.mark.parametrize("volts", [None, 1.15])
def test_a_fault_that_leaves_the_regulator_on_is_no_reason(volts: float | None) -> None:
    case = watched()
    case.become(**LOST | {"core_voltage_actual": volts})
    assert until_restart(case) is None


def test_a_regulator_that_is_off_while_the_pool_is_lost_too_is_left_alone() -> None:
    case = watched()
    case.become(pool_connected=True)
    case.poll()
    case.become(**LOST, pool_connected=False)
    assert until_restart(case) is None


@pytest.mark.parametrize("fault", ["chips_not_found", "no_core_voltage"])
def test_dead_chips_at_a_boot_are_a_reason_though_no_pool_was_asked(fault: str) -> None:
    case = watched()
    case.become(pool_connected=True)
    case.poll()
    case.reboot()
    case.become(**LOST | {"pool_connected": False, "faults": (fault,)})
    assert until_restart(case) == pytest.approx(10 * MINUTE, abs=2 * POLL)


def test_not_in_a_write_but_after_it() -> None:
    case = stalled()
    assert until_restart(case, 1800.0, busy=True) is None
    assert until_restart(case) == POLL


def test_not_while_it_is_doubtful_whether_it_restarted() -> None:
    case = stalled()
    until_restart(case, 600.0)
    case.doubt()
    assert restarts(case.poll()) == []
    assert restarts(case.poll()) != []


def test_a_share_or_a_boot_begins_the_wait_anew() -> None:
    case = stalled()
    until_restart(case, 590.0)
    case.stalled = False
    case.poll()
    case.stalled = True
    assert until_restart(case, 590.0) is None
    case.reboot()
    assert until_restart(case, 590.0) is None


def test_time_in_which_nobody_looked_does_not_count() -> None:
    case = stalled()
    until_restart(case, 300.0)
    case.wait(900.0)
    assert until_restart(case, 590.0) is None


def test_only_where_it_is_wanted_and_possible() -> None:
    case = stalled()
    case.reconciler.restart_stalled = False
    assert until_restart(case) is None

    unable = watched(OTHER)
    unable.stalled = True
    assert until_restart(unable) is None


def test_one_that_was_not_sent_is_not_counted_and_tried_again() -> None:
    case = stalled()
    for outcome in (Outcome.NOT_SENT, Outcome.REFUSED, Outcome.NOT_SENT):
        assert until_restart(case) == pytest.approx(10 * MINUTE, abs=2 * POLL)
        case.reconciler.failed(Restart(), outcome)
    assert until_restart(case) is not None
    case.reconciler.failed(Restart(), Outcome.UNKNOWN)
    assert until_restart(case, 29 * MINUTE) is None


@pytest.mark.parametrize(
    "stored",
    [None, [], {"day": 5}, {"day": TODAY, "times": "x", "restarted_at": "y"}],
)
def test_what_is_stored_may_be_anything(stored: object) -> None:
    case = stalled()
    files = {"rest": {"saved_at": case.wall, "stall": stored}, "intents_at": case.wall}
    case.reconciler = loaded(GAMMA, files, case.wall, case.monotonic)
    case.reconciler.restart_stalled = True
    assert until_restart(case) is not None
