"""When a miner needs help, and what it can be offered."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.miner_monitor.control.errors import ControlError
from custom_components.miner_monitor.control.model import Order, Problem, RaiseIssue
from custom_components.miner_monitor.control.standstill import (
    Recovery,
)
from custom_components.miner_monitor.miners.model import (
    Changes,
    MinerIdentity,
    MinerStatus,
)

from .reconciling import (
    AUTO,
    FIXED,
    GAMMA as OTHER,
    NANO,
    Case,
    F,
    V,
    asks,
    settled,
)

_LIMITS = OTHER.limits
_VOLTS = replace(_LIMITS.settings[V], lowest=1.0, highest=1.4)
_MEGAHERTZ = replace(_LIMITS.settings[F], minimum=100.0, lowest=100.0)
GAMMA = replace(
    OTHER,
    limits=replace(_LIMITS, settings={**_LIMITS.settings, V: _VOLTS, F: _MEGAHERTZ}),
)
COLD: dict[str, Any] = {
    "status": MinerStatus.OVERHEATED,
    "overheating": True,
    "chip_temperature": None,
    "core_voltage_actual": 0.0,
}
LOWERED: dict[str, Any] = {"auto_fan": False, "fan_duty_cycle": 100}
POWERLESS: dict[str, Any] = {
    "status": MinerStatus.FAULT,
    "core_voltage_actual": 0.0,
    "overheating": False,
}


def used_to(identity: MinerIdentity = GAMMA, **settings: float) -> Case:
    """Give a miner that ran these set points."""
    case = Case(identity, look=False)
    case.set(**settings)
    case.polls(4)
    return case


def wait(case: Case) -> list[Order]:
    """Let three minutes pass, and return what is ordered meanwhile."""
    return [order for _ in range(14) for order in case.poll()]


def offered(case: Case) -> dict[Recovery, Changes]:
    return dict(case.reconciler.recoveries)


def overheated(before: dict[str, float], after: dict[str, float]) -> Case:
    case = used_to(**before)
    case.set(**after, **LOWERED)
    case.become(**COLD)
    return case


@pytest.mark.parametrize(
    ("before", "after", "as_before", "lower"),
    [
        (
            {"frequency": 525.0, "core_voltage": 1.06},
            {"frequency": 425.0, "core_voltage": 0.96},
            {F: 525.0, V: 1.06, AUTO: True},
            {F: 490.0, V: 1.0, AUTO: True},
        ),
        (
            {"frequency": 100.0, "core_voltage": 1.06},
            {"frequency": 400.0, "core_voltage": 0.96},
            {F: 100.0, V: 1.06, AUTO: True},
            {F: 100.0, V: 1.0, AUTO: True},
        ),
    ],
    ids=["1060 mV", "100 MHz"],
)
def test_what_it_ran_before_or_one_step_lower(
    before: dict[str, float],
    after: dict[str, float],
    as_before: Changes,
    lower: Changes,
) -> None:
    case = overheated(before, after)
    assert asks(case.poll()) in ([], [Problem.DERATED])
    assert offered(case) == {}
    orders = wait(case)
    assert Problem.STUCK in asks(orders)
    assert offered(case) == {
        Recovery.AS_BEFORE: as_before,
        Recovery.ONE_STEP_LOWER: lower,
    }
    assert case.reconciler.recovery_changes(Recovery.AS_BEFORE) == as_before
    with pytest.raises(ControlError):
        case.reconciler.recovery_changes(Recovery.RESTART)


def test_the_repair_has_the_values_of_its_buttons_and_replaces_the_other() -> None:
    before, after = ((525.0, 1.06), (425.0, 0.96))
    keys = ("frequency", "core_voltage")
    case = overheated(
        dict(zip(keys, before, strict=True)), dict(zip(keys, after, strict=True))
    )
    orders = wait(case)
    details = {
        "before": "525 MHz, 1.06 V",
        "lower": "490 MHz, 1.00 V",
        "default": "?",
        "now": "425 MHz, 0.96 V",
        "minimum": "1 V",
    }
    assert RaiseIssue(problem=Problem.STUCK, details=details) in orders
    assert Problem.DERATED not in asks(wait(case))

    case.set(frequency=525.0, core_voltage=1.06, auto_fan=True)
    case.become(status=MinerStatus.HASHING, overheating=False, core_voltage_actual=1.06)
    assert Problem.STUCK in settled(case.poll())
    assert offered(case) == {}


def test_with_a_voltage_in_range_it_may_stay_as_it_is() -> None:
    """Chips that did not answer after a derating like any other."""
    case = overheated(
        {"frequency": 525.0, "core_voltage": 1.15},
        {"frequency": 425.0, "core_voltage": 1.05},
    )
    wait(case)
    assert [*offered(case)] == [
        Recovery.AS_BEFORE,
        Recovery.ONE_STEP_LOWER,
        Recovery.RESTART,
    ]
    assert case.reconciler.recovery_changes(Recovery.RESTART) == {}


@pytest.mark.parametrize("volts", [0.96, None])
def test_one_that_is_seen_first_when_stuck_gets_its_boards_default(
    volts: float | None,
) -> None:
    case = Case(GAMMA, look=False)
    case.set(frequency=425.0, core_voltage=volts, **LOWERED)
    case.become(**COLD)
    wait(case)
    default = {F: 525.0, V: 1.15, AUTO: True}
    assert offered(case)[Recovery.BOARD_DEFAULT] == default
    assert Recovery.AS_BEFORE not in offered(case)


def test_without_set_points_to_lower_a_restart_is_all_there_is() -> None:
    case = Case(NANO)
    case.become(**POWERLESS)
    wait(case)
    assert offered(case) == {Recovery.RESTART: {}}


@pytest.mark.parametrize(
    "state",
    [
        {"status": MinerStatus.HASHING},
        {"status": MinerStatus.PAUSED},
        {"status": MinerStatus.STANDBY},
        {"status": MinerStatus.POOL_LOST, "overheating": False},
        {"status": MinerStatus.IDLE, "overheating": False},
        {"chip_temperature": 80.0},
        POWERLESS | {"core_voltage_actual": 1.15},
        POWERLESS | {"core_voltage_actual": None},
    ],
    ids=["hashing", "paused", "standby", "pool", "idle", "hot", "powered", "untold"],
)
def test_who_needs_no_help(state: dict[str, Any]) -> None:
    case = used_to(frequency=525.0, core_voltage=1.15)
    case.become(**COLD | state)
    assert Problem.STUCK not in asks(wait(case))
    assert offered(case) == {}


@pytest.mark.parametrize(
    "faults", [("no_core_voltage",), ("chips_not_found",)], ids=lambda value: value[0]
)
def test_dead_chips_need_a_restart(faults: tuple[str, ...]) -> None:
    case = used_to(frequency=525.0, core_voltage=1.15)
    case.become(**POWERLESS | {"core_voltage_actual": None, "faults": faults})
    wait(case)
    assert Recovery.RESTART in offered(case)


def test_a_voltage_below_the_regulator_needs_no_reading_of_heat() -> None:
    """What is frozen at hot values says nothing of chips that are off."""
    case = overheated(
        {"frequency": 525.0, "core_voltage": 1.06},
        {"frequency": 425.0, "core_voltage": 0.96},
    )
    case.become(chip_temperature=80.0)
    wait(case)
    assert Recovery.AS_BEFORE in offered(case)


def test_heat_that_its_firmware_ends_within_time_is_no_case() -> None:
    case = used_to(frequency=525.0, core_voltage=1.15)
    for _ in range(10):
        case.become(**COLD)
        assert Problem.STUCK not in asks([o for _ in range(8) for o in case.poll()])
        case.become(status=MinerStatus.HASHING, overheating=False)
        case.poll()


def test_firmware_that_crawls_after_heat_has_a_repair_of_its_own() -> None:
    old = replace(GAMMA, limits=replace(GAMMA.limits, derating=FIXED))
    case = Case(old)
    case.set(frequency=50.0, core_voltage=1.0, **LOWERED)
    case.become(**COLD)
    orders = wait(case)
    assert Problem.STUCK not in asks(orders)
    assert Problem.DERATED in asks(orders)
