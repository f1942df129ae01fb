"""Saving power because a miner is critically hot."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.miner_monitor.control.model import Problem, Reason, Throttle
from custom_components.miner_monitor.control.overrides import Kind
from custom_components.miner_monitor.miners.model import (
    Capability,
    MinerIdentity,
    MinerStatus,
)

from .reconciling import (
    GAMMA,
    NANO,
    OLD_GAMMA,
    QUIET,
    TODAY,
    Case,
    asks,
    settled,
    writes,
)

ON = Throttle(on=True, reason=Reason.PROTECT)
OFF = Throttle(on=False, reason=Reason.PROTECT)
COOL = {"chip_temperature": 55.0, "vr_temperature": None}
RESTING = {"chip_temperature": None, "status": MinerStatus.PAUSED}


def protected(identity: MinerIdentity = GAMMA) -> Case:
    case = Case(identity)
    case.reconciler.protect = True
    return case


def overheat(case: Case, **heat: Any) -> None:
    """Make it hot until it is protected."""
    before = case.state
    case.become(**(heat or {"chip_temperature": 73.0}))
    for _ in range(3):
        orders = case.poll()
    assert writes(orders) == [ON]
    case.obey(orders)
    case.become(chip_temperature=before.chip_temperature, status=before.status)


@pytest.mark.parametrize(
    ("heat", "due"),
    [
        ({"chip_temperature": 72.0}, True),
        ({"chip_temperature": 71.9}, False),
        ({"chip_temperature_2": 80.0}, True),
        ({"vr_temperature": 100.0}, True),
        ({"vr_temperature": 99.0}, False),
        ({"status": MinerStatus.OVERHEATED}, True),
        ({"overheating": True}, True),
        ({"chip_temperature": None}, False),
    ],
)
def test_after_half_a_minute(heat: dict[str, Any], due: bool) -> None:
    """Critical for 30 s, whatever part it is."""
    case = protected()
    case.become(**heat)

    assert writes(case.poll()) == []
    assert writes(case.poll()) == []
    assert writes(case.poll()) == ([ON] if due else [])


def test_short_peak() -> None:
    """A cooler poll in between starts the time anew."""
    case = protected()
    for chip in (73.0, 73.0, 71.0, 73.0, 73.0):
        case.become(chip_temperature=chip)
        assert writes(case.poll()) == []
    assert writes(case.poll()) == [ON]


def test_option_is_off() -> None:
    """Then it is the user's own business."""
    case = Case()
    case.become(chip_temperature=80)
    case.wait(60)
    case.poll()

    assert writes(case.poll()) == []


@pytest.mark.parametrize("identity", [QUIET])
def test_nothing_can_be_done(identity: MinerIdentity) -> None:
    """A miner without any control is not ordered about."""
    case = protected(identity)
    case.become(status=MinerStatus.OVERHEATED)
    case.poll()
    case.wait(60)

    assert writes(case.poll()) == []


def test_wall_clock_is_no_matter() -> None:
    """A clock that is set makes no heat last."""
    case = protected()
    case.become(chip_temperature=73)
    case.poll()
    case.wall += 3600

    assert writes(case.poll()) == []


def test_not_twice() -> None:
    """An order is given once while it may be under way."""
    case = protected()
    case.become(chip_temperature=73)
    case.poll()
    case.wait(30)
    assert writes(case.poll()) == [ON]
    assert writes(case.poll()) == []
    case.wait(30)
    assert writes(case.poll()) == [ON], "it was not carried out"


def test_heat_does_not_wait_for_another_write() -> None:
    """What is still to be proved may take minutes; to end waits for it."""
    case = protected()
    case.become(chip_temperature=73)
    case.poll(busy=True)
    case.wait(30)
    assert writes(case.poll(busy=True)) == [ON]
    case.throttle(True, Reason.PROTECT)
    case.become(chip_temperature=40)
    case.poll()
    case.wait(600)

    assert writes(case.poll(busy=True)) == []
    case.wait(30)
    assert writes(case.poll()) == [OFF]


def test_user_saves_power_already() -> None:
    """There is nothing more to do, and nothing to claim."""
    case = protected(OLD_GAMMA)
    case.throttle(True)
    case.become(chip_temperature=75)
    case.poll()
    case.wait(60)
    assert writes(case.poll()) == []
    case.become(chip_temperature=40)
    case.wait(3600)

    assert writes(case.poll()) == []


@pytest.mark.parametrize("identity", [GAMMA, OLD_GAMMA])
def test_back_when_cool(identity: MinerIdentity) -> None:
    """After ten minutes, ten degrees below critical."""
    case = protected(identity)
    before = case.state.settings
    overheat(case)
    case.become(chip_temperature=62.1)
    case.wait(600)
    assert writes(case.poll()) == []
    case.become(chip_temperature=62.0)
    orders = case.poll()

    assert writes(orders) == [OFF]
    case.obey(orders)
    case.poll()
    assert case.state.settings == before


def test_not_before_ten_minutes() -> None:
    """Cold at once is not cool for good."""
    case = protected()
    overheat(case)
    case.wait(580)
    assert writes(case.poll()) == []
    case.wait(10)

    assert writes(case.poll()) == [OFF]


@pytest.mark.parametrize(
    ("now", "over"),
    [
        (RESTING, True),
        ({"chip_temperature": None}, False),
        ({"vr_temperature": 91.0}, False),
        ({"vr_temperature": 90.0}, True),
        ({"status": MinerStatus.OVERHEATED, "chip_temperature": 30.0}, False),
    ],
)
def test_what_counts_as_cool(now: dict[str, Any], over: bool) -> None:
    """Unknown while it rests; not while it works and should tell."""
    case = protected()
    overheat(case)
    case.become(**now)
    case.wait(700)

    assert bool(writes(case.poll())) is over


@pytest.mark.parametrize(
    ("capabilities", "over"),
    [(frozenset(), True), (frozenset({Capability.VR_TEMPERATURE}), False)],
)
def test_sensor_that_is_missing(
    capabilities: frozenset[Capability], over: bool
) -> None:
    """What a device never tells keeps nothing waiting."""
    case = protected(replace(OLD_GAMMA, capabilities=capabilities))
    overheat(case)
    case.wait(700)

    assert bool(writes(case.poll())) is over


def test_third_time_of_a_day_stays() -> None:
    """A user has to look, and is asked to."""
    case = protected()
    for _ in range(2):
        overheat(case)
        assert asks(case.poll()) == []
        case.wait(700)
        orders = case.poll()
        assert writes(orders) == [OFF]
        case.obey(orders)
        case.poll()
    overheat(case)
    assert asks(case.poll()) == [Problem.PROTECTED]
    case.wait(7200)
    assert case.poll(today="2026-11-21") == []

    case.restart()
    orders = case.poll()
    assert (writes(orders), asks(orders)) == ([], [Problem.PROTECTED])
    case.throttle(False)
    assert settled(case.poll()) == [Problem.PROTECTED]


def test_next_day_counts_anew() -> None:
    """Three times a day, not three times for ever."""
    case = protected()
    for day in ("1", "2", "3", "4"):
        case.become(chip_temperature=73)
        for _ in range(3):
            orders = case.poll(today=day)
        case.obey(orders)
        case.become(chip_temperature=50)
        case.wait(700)
        orders = case.poll(today=day)
        assert writes(orders) == [OFF]
        case.obey(orders)


def test_failed_is_not_counted() -> None:
    """A miner that could not be reached was not protected."""
    case = protected()
    case.become(chip_temperature=73)
    for _ in range(20):
        case.wait(30)
        for _ in writes(case.poll()):
            case.reconciler.begin_saving(Reason.PROTECT)
            case.reconciler.cancel(Kind.SAVE_POWER)
    case.become(chip_temperature=55)
    case.poll()
    overheat(case)
    case.wait(700)

    assert writes(case.poll()) == [OFF]


@pytest.mark.parametrize("user", ["off", "on", "by hand", "switch"])
def test_user_ends_the_claim(user: str) -> None:
    """From then on it is the user's, whatever the user did."""
    case = protected(GAMMA)
    overheat(case)
    case.poll()
    if user == "by hand":
        case.set(mining=True)
    elif user == "switch":
        changes = {next(iter(case.saving(False))): True}
        case.take(changes)
        case.reconciler.applied(changes, by_user=True)
    else:
        case.throttle(user == "on")
    case.poll()
    case.wait(700)

    assert writes(case.poll()) == []


def test_home_assistant_restarts() -> None:
    """The claim outlives it; ten minutes count from then."""
    case = protected()
    overheat(case)
    case.poll()
    case.restart()
    assert writes(case.poll()) == []
    case.wait(600)

    assert writes(case.poll()) == [OFF]


def test_option_switched_off_meanwhile() -> None:
    """What protection began it still ends."""
    case = protected(NANO)
    overheat(case, chip_temperature=106.0)
    case.reconciler.protect = False
    case.wait(700)

    assert writes(case.poll()) == [OFF]
    assert case.reconciler.show(None, TODAY).setting_writes == 0
