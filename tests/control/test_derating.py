"""A device that lowered itself, told from a user who did."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from custom_components.miner_monitor.control.errors import ControlError, ControlFault
from custom_components.miner_monitor.control.model import (
    Problem,
    RaiseIssue,
)
from custom_components.miner_monitor.miners.model import (
    Changes,
    Derating,
    MinerIdentity,
    MinerSettings,
    MinerStatus,
)
from custom_components.miner_monitor.model import EventType

from .reconciling import (
    AUTO,
    FAN,
    FIXED,
    GAMMA,
    GAMMA_SETTINGS,
    Case,
    F,
    V,
    asks,
    settled,
    told,
)

BEFORE_AFTER = {
    "before": "525 MHz, 1.15 V",
    "after": "425 MHz, 1.05 V",
    "lower": "490 MHz, 1.10 V",
}
DIFFERENCE = {"frequency": [525, 425], "core_voltage": [1.15, 1.05]}


def deratable(derating: Derating | None) -> MinerIdentity:
    return replace(GAMMA, limits=replace(GAMMA.limits, derating=derating))


def lowered(steps: int = 1) -> Case:
    case = Case(GAMMA)
    for _ in range(steps):
        case.heat()
    case.poll()
    return case


def test_between_two_polls() -> None:
    """The flag was never seen: the set points and the fan tell."""
    case = Case(GAMMA)
    case.heat()
    orders = case.poll()

    assert RaiseIssue(problem=Problem.DERATED, details=BEFORE_AFTER) in orders
    assert told(orders) == [(EventType.OVERHEATED, DIFFERENCE)]
    assert case.shown.derated is True
    assert case.poll() == []


def test_while_home_assistant_was_down() -> None:
    """The baseline outlives a restart, and so does the finding."""
    case = Case(GAMMA)
    case.restart()
    case.heat()
    assert asks(case.poll()) == [Problem.DERATED]

    case.restart()
    orders = case.poll()
    assert orders == [RaiseIssue(problem=Problem.DERATED, details=BEFORE_AFTER)]
    assert case.shown.derated is True


def test_seen_from_its_beginning() -> None:
    """One event when it gets hot, one when it is over with what that cost."""
    case = Case(GAMMA)
    case.become(status=MinerStatus.OVERHEATED, overheating=True)
    case.set(auto_fan=False, fan_duty_cycle=100)
    assert told(case.poll()) == [(EventType.OVERHEATED, {})]
    assert told(case.poll()) == []

    case.become(status=MinerStatus.HASHING, overheating=False)
    case.heat()
    orders = case.poll()
    assert told(orders) == [(EventType.RECOVERED, DIFFERENCE)]
    assert asks(orders) == [Problem.DERATED]
    case.become(chip_temperature=45)
    case.poll()
    assert case.reconciler.restore_changes(lower=False) == {F: 525, V: 1.15, AUTO: True}


def test_lowered_one_after_the_other() -> None:
    """While it says that it overheated no half of it is somebody's choice."""
    case = Case(GAMMA)
    case.become(overheating=True)
    case.set(frequency=425)
    case.poll()
    case.set(core_voltage=1.05, auto_fan=False, fan_duty_cycle=100)

    assert asks(case.poll()) == [Problem.DERATED]


@pytest.mark.parametrize("status", [MinerStatus.STARTING, MinerStatus.IDLE])
def test_fan_is_forced_first(status: MinerStatus) -> None:
    """A fan at full speed without work is not taken for the user's."""
    case = Case(GAMMA)
    case.become(status=status)
    case.set(auto_fan=False, fan_duty_cycle=100)
    for _ in range(10):
        case.poll()
    case.become(status=MinerStatus.HASHING, chip_temperature=45)
    case.heat()
    case.poll()

    assert case.reconciler.restore_changes(lower=False)[AUTO] is True


@pytest.mark.parametrize(
    ("derating", "before", "after", "expected"),
    [
        (GAMMA.limits.derating, (525, 1.15), (325, 0.95), True),
        (GAMMA.limits.derating, (525, 1.15), (424.7, 1.0502), True),
        (GAMMA.limits.derating, (525, 1.15), (325, 1.0), True),
        (GAMMA.limits.derating, (525, 1.15), (425, 1.0), False),
        (GAMMA.limits.derating, (525, 1.0), (425, 1.0), True),
        (GAMMA.limits.derating, (525, 1.0), (475, 1.0), False),
        (GAMMA.limits.derating, (850, 1.28), (750, 1.18), True),
        (GAMMA.limits.derating, (525, 1.15), (425, 1.15), False),
        (GAMMA.limits.derating, (525, 1.15), (525, 1.05), False),
        (GAMMA.limits.derating, (525, 1.15), (325, 1.05), False),
        (GAMMA.limits.derating, (525, 1.15), (475, 1.1), False),
        (GAMMA.limits.derating, (525, 1.15), (625, 1.25), False),
        (FIXED, (525, 1.15), (50, 1.0), True),
        (FIXED, (525, 1.15), (425, 1.05), False),
        (FIXED, (50, 1.0), (50, 1.0), False),
        (Derating(frequency_step=100), (525, 1.15), (425, 1.05), False),
        (Derating(), (525, 1.15), (425, 1.05), False),
    ],
)
def test_pattern(
    derating: Derating,
    before: tuple[float, float],
    after: tuple[float, float],
    expected: bool,
) -> None:
    """Whole steps in both down to the lowest voltage, or exactly the fixed values."""
    frequency, voltage = before
    settings = replace(GAMMA_SETTINGS, frequency=frequency, core_voltage=voltage)
    case = Case(deratable(derating), settings)
    case.set(
        frequency=after[0], core_voltage=after[1], auto_fan=False, fan_duty_cycle=100
    )
    case.poll()

    assert case.shown.derated is expected


def test_the_lowest_voltage_proves_nothing_with_the_users_fan() -> None:
    """Whoever has his fan at full speed may take one step less himself."""
    fan = {"auto_fan": False, "fan_duty_cycle": 100.0}
    settings = replace(GAMMA_SETTINGS, frequency=525, core_voltage=1.0, **fan)
    case = Case(GAMMA, settings)
    for _ in range(5):
        case.poll()

    case.set(frequency=425)
    case.poll()

    assert case.shown.derated is False


@pytest.mark.parametrize(
    "fan",
    [
        {},
        {"auto_fan": False, "fan_duty_cycle": 60},
        {"auto_fan": True, "fan_duty_cycle": 100},
        {"auto_fan": None, "fan_duty_cycle": 100},
        {"auto_fan": False, "fan_duty_cycle": None},
    ],
)
def test_by_hand(fan: dict[str, object]) -> None:
    """A user who goes one step down leaves the fan alone."""
    case = Case(GAMMA)
    case.set(frequency=425, core_voltage=1.05, **fan)
    orders = case.poll()

    assert case.shown.derated is False
    assert asks(orders) == []
    case.heat()
    case.poll()
    assert case.shown.derated is True, "the user's values are the new baseline"


def test_by_home_assistant() -> None:
    """The same values, asked for here, are nobody's distress."""
    case = Case(GAMMA)
    changes = {F: 425.0, V: 1.05, AUTO: False, FAN: 100.0}
    case.take(changes)
    case.poll(busy=True)
    case.reconciler.applied(changes, by_user=True)
    case.poll()

    assert case.shown.derated is False


def test_first_sight() -> None:
    """Without a baseline nothing has gone down."""
    case = Case(GAMMA, look=False)
    case.heat()

    assert asks(case.poll()) == []
    assert case.shown.derated is False


def test_unknown_to_the_device() -> None:
    """Without a rule of its firmware nothing is said."""
    case = Case(deratable(None))
    case.heat()
    case.poll()

    assert case.shown.derated is None


@pytest.mark.parametrize(
    "after",
    [
        {"frequency": 525, "core_voltage": 1.15},
        {"frequency": 475, "core_voltage": 1.1},
        {"frequency": 450},
        {"core_voltage": 1.1},
    ],
)
def test_cleared(after: dict[str, float]) -> None:
    """Any other set points end it."""
    case = lowered()
    case.set(**after)
    orders = case.poll()

    assert settled(orders) == [Problem.DERATED]
    assert case.shown.derated is False


def test_fan_alone_does_not_clear() -> None:
    """A quieter fan brings no hash rate back."""
    case = lowered()
    case.set(auto_fan=True)
    case.poll()

    assert case.shown.derated is True


def test_once_more() -> None:
    """A second time counts from the same baseline."""
    case = lowered()
    case.heat()
    orders = case.poll()

    assert told(orders)[0] == (
        EventType.OVERHEATED,
        {"frequency": [525, 325], "core_voltage": [1.15, 0.95]},
    )
    assert asks(orders) == [Problem.DERATED]
    assert case.reconciler.restore_changes(lower=False)[F] == 525


@pytest.mark.parametrize(
    ("settings", "lower", "expected"),
    [
        (GAMMA_SETTINGS, False, {F: 525, V: 1.15, AUTO: True}),
        (GAMMA_SETTINGS, True, {F: 490, V: 1.1, AUTO: True}),
        (
            replace(GAMMA_SETTINGS, auto_fan=False, fan_duty_cycle=70),
            False,
            {F: 525, V: 1.15, AUTO: False, FAN: 70},
        ),
        (
            replace(GAMMA_SETTINGS, frequency=850, core_voltage=1.28),
            False,
            {F: 850, V: 1.28, AUTO: True},
        ),
        (
            replace(GAMMA_SETTINGS, frequency=850, core_voltage=1.28),
            True,
            {F: 625, V: 1.25, AUTO: True},
        ),
        (
            replace(GAMMA_SETTINGS, frequency=400, core_voltage=1.0),
            True,
            {F: 400, V: 1.0, AUTO: True},
        ),
    ],
)
def test_restore(settings: MinerSettings, lower: bool, expected: Changes) -> None:
    """As before, or the next preset below in both."""
    case = Case(GAMMA, settings)
    for _ in range(3):
        case.poll()
    case.heat()
    case.poll()
    found = case.reconciler.restore_changes(lower=lower)

    assert found == expected
    case.take(found)
    case.reconciler.applied(found, by_user=True)
    assert settled(case.poll()) == [Problem.DERATED]
    assert case.shown.derated is False


def test_lower_without_presets() -> None:
    """Where the device lists none, by 25 MHz and 20 mV inside the limits."""
    plain = {
        setting: replace(allowed, options=())
        for setting, allowed in GAMMA.limits.settings.items()
    }
    identity = replace(GAMMA, limits=replace(GAMMA.limits, settings=plain))
    case = Case(identity)
    case.heat()
    case.poll()

    assert case.reconciler.restore_changes(lower=True) == {
        F: 500,
        V: pytest.approx(1.13),
        AUTO: True,
    }


def hot(case: Case) -> None:
    case.become(chip_temperature=58.5)


def still_hot(case: Case) -> None:
    case.become(status=MinerStatus.OVERHEATED, chip_temperature=None)


def second_chip_hot(case: Case) -> None:
    case.become(chip_temperature_2=60)


def flagged(case: Case) -> None:
    case.become(overheating=True)


@pytest.mark.parametrize("heat", [hot, still_hot, second_chip_hot, flagged])
def test_refused_while_hot(heat: Callable[[Case], None]) -> None:
    """Ten degrees below the alarm is the least."""
    case = lowered()
    heat(case)
    case.poll()

    with pytest.raises(ControlError) as caught:
        case.reconciler.restore_changes(lower=True)
    assert caught.value.kind is ControlFault.TOO_HOT


def test_alarm_of_its_own() -> None:
    """Without one, 68 °C counts."""
    identity = replace(GAMMA, limits=replace(GAMMA.limits, chip_temperature=None))
    case = Case(identity)
    case.heat()
    case.become(chip_temperature=58)
    case.poll()
    assert case.reconciler.restore_changes(lower=False)
    case.become(chip_temperature=58.1)
    case.poll()

    with pytest.raises(ControlError):
        case.reconciler.restore_changes(lower=False)


@pytest.mark.parametrize("case", [Case(GAMMA), Case(GAMMA, look=False)])
def test_nothing_to_restore(case: Case) -> None:
    """What was not lowered does not come back."""
    with pytest.raises(ControlError) as caught:
        case.reconciler.restore_changes(lower=False)
    assert caught.value.kind is ControlFault.NOTHING_TO_RESTORE
