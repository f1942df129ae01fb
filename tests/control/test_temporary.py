"""Settings for a while, and the ones that come back after it."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from custom_components.miner_monitor.control.model import (
    Apply,
    Problem,
    Reason,
)
from custom_components.miner_monitor.control.overrides import Kind
from custom_components.miner_monitor.miners.errors import Outcome
from custom_components.miner_monitor.miners.model import (
    Capability,
    Changes,
    MinerSettings,
    Setting,
    SettingRange,
)
from custom_components.miner_monitor.model import EventType

from .reconciling import (
    AUTO,
    FAN,
    GAMMA,
    GAMMA_SETTINGS,
    MODE,
    NANO,
    OLD_GAMMA,
    Case,
    F,
    V,
    asks,
    settled,
    told,
    with_stop,
    writes,
)

NIGHT = {F: 490.0, V: 1.1}
HOUR = 3600.0
TARGET = Setting.TARGET_TEMPERATURE


def over(changes: Changes) -> Apply:
    return Apply(changes=changes, reason=Reason.TEMPORARY_OVER)


def test_comes_back() -> None:
    """Not before its time, once, and for good."""
    case = Case()
    case.lend(NIGHT, HOUR)
    assert writes(case.poll()) == []
    assert case.shown.temporary_until == pytest.approx(case.wall + HOUR, abs=60)
    case.wait(HOUR - 60)
    assert writes(case.poll()) == []
    case.wait(60)
    orders = case.poll()

    assert writes(orders) == [over({F: 525, V: 1.15})]
    case.obey(orders)
    assert case.shown.temporary_until is None
    assert writes(case.poll()) == []
    assert case.state.settings == GAMMA_SETTINGS
    assert case.intents["temporary"] is None


@pytest.mark.parametrize("away", [60.0, 2 * HOUR, 20 * HOUR])
def test_home_assistant_restarts(away: float) -> None:
    """Also when it was down at the end."""
    case = Case()
    case.lend(NIGHT, HOUR)
    case.poll()
    case.restart(away)
    case.wait(max(0.0, HOUR - away))

    assert writes(case.poll()) == [over({F: 525, V: 1.15})]


def test_miner_was_away() -> None:
    """The first poll after it counts."""
    case = Case()
    case.lend(NIGHT, HOUR)
    case.wait(12 * HOUR)
    case.reboot()

    assert writes(case.poll()) == [over({F: 525, V: 1.15})]


def test_calls_overlap() -> None:
    """The first original comes back, of all that any call changed."""
    case = Case()
    case.lend(NIGHT, HOUR)
    case.poll()
    case.lend({F: 400.0, TARGET: 55.0}, 2 * HOUR)
    case.poll()
    case.wait(HOUR)
    assert writes(case.poll()) == []
    case.wait(HOUR)
    case.obey(case.poll())

    assert case.state.settings == GAMMA_SETTINGS


def test_crash_between_memory_and_device() -> None:
    """What an earlier call applied is still ours."""
    case = Case()
    case.lend(NIGHT, HOUR)
    case.poll()
    case.begin({F: 400.0}, HOUR)
    case.restart()
    case.poll()
    case.wait(HOUR)

    assert writes(case.poll()) == [over({F: 525, V: 1.15})]


def test_never_sent() -> None:
    """Where nothing was written nothing has to come back."""
    case = Case()
    case.begin(NIGHT, HOUR)
    case.restart()
    case.wait(HOUR)

    assert case.poll() == []
    assert case.intents["temporary"] is None


@pytest.mark.parametrize("before", [True, False])
def test_cancelled(before: bool) -> None:
    """A failed call leaves what was remembered before it."""
    case = Case()
    if before:
        case.lend(NIGHT, HOUR)
        case.poll()
    case.begin({F: 400.0}, 5 * HOUR)
    case.reconciler.cancel(Kind.TEMPORARY)
    case.wait(HOUR)

    assert bool(writes(case.poll())) is before


@pytest.mark.parametrize(
    ("by_hand", "kept"),
    [
        ({"frequency": 550}, {"frequency": 550}),
        ({"core_voltage": 1.2}, {"core_voltage": 1.2}),
        (
            {"frequency": 600, "core_voltage": 1.2},
            {"frequency": 600, "core_voltage": 1.2},
        ),
    ],
)
@pytest.mark.parametrize("restarted", [True, False])
def test_changed_by_hand(
    by_hand: dict[str, Any], kept: dict[str, Any], restarted: bool
) -> None:
    """That change wins, and a user hears of it."""
    case = Case()
    case.lend(NIGHT, HOUR)
    case.poll()
    case.set(**by_hand)
    case.poll()
    if restarted:
        case.restart()
    case.wait(HOUR)
    orders = [*case.poll(), *case.poll()]

    assert writes(orders) == []
    assert told(orders) == [
        (EventType.SETTINGS_CHANGED, {"kept": kept, "by": "device"})
    ]
    assert case.poll() == []


def test_other_change_by_hand() -> None:
    """What was never on loan is no reason to keep the rest."""
    case = Case()
    case.lend(NIGHT, HOUR)
    case.set(target_temperature=50)
    case.poll()
    case.wait(HOUR)

    assert writes(case.poll()) == [over({F: 525, V: 1.15})]


@pytest.mark.parametrize(
    ("changes", "comes_back"),
    [(NIGHT, False), ({F: 550.0}, False), ({TARGET: 50.0}, True)],
)
def test_user_settles_it(changes: Changes, comes_back: bool) -> None:
    """A profile without an end, or a slider, is there to stay."""
    case = Case()
    case.lend(NIGHT, HOUR)
    case.poll()
    case.take(changes)
    case.reconciler.applied(changes, by_user=True)
    case.wait(HOUR)

    assert bool(writes(case.poll())) is comes_back


def test_not_while_busy() -> None:
    """A write that is under way is waited for."""
    case = Case()
    case.lend(NIGHT, 0)

    assert case.poll(busy=True) == []
    assert writes(case.poll()) == [over({F: 525, V: 1.15})]
    assert writes(case.poll()) == [], "it may be under way"
    case.wait(30)
    assert writes(case.poll()) == [over({F: 525, V: 1.15})]


@pytest.mark.parametrize("how", ["refused", "not taken"])
def test_gives_up(how: str) -> None:
    """After three attempts a user is asked to look."""
    case = Case()
    case.lend(NIGHT, 0)
    found, attempts = [], 0
    for _ in range(8):
        case.wait(30)
        orders = case.poll()
        found += asks(orders)
        for order in writes(orders):
            attempts += 1
            if how == "refused":
                case.reconciler.failed(order, Outcome.REFUSED)
            else:
                case.reconciler.overrides[Kind.TEMPORARY].begin_end()
                case.reconciler.end(Kind.TEMPORARY)

    assert found == [Problem.SETTING_REFUSED]
    assert attempts == 3


def test_fan() -> None:
    """A fan that the user had fixed goes back to its speed."""
    fixed = replace(GAMMA_SETTINGS, auto_fan=False, fan_duty_cycle=70)
    case = Case(GAMMA, fixed)
    case.lend({AUTO: True}, HOUR)
    case.set(fan_duty_cycle=33)
    case.poll()
    case.wait(HOUR)
    case.obey(case.poll())

    assert case.state.settings == fixed


def test_fan_that_was_automatic() -> None:
    """Its speed of the moment is no setting that has to come back."""
    case = Case()
    case.lend({AUTO: False, FAN: 80.0}, HOUR)
    case.poll()
    case.wait(HOUR)
    case.obey(case.poll())
    case.set(fan_duty_cycle=52)

    assert writes(case.poll()) == []
    assert case.state.settings.auto_fan is True
    assert case.intents["temporary"] is None


def test_ends_while_power_is_saved() -> None:
    """Then only what comes back afterwards is another."""
    case = Case(OLD_GAMMA)
    case.lend({**NIGHT, TARGET: 55.0}, HOUR)
    case.poll()
    case.throttle(True)
    case.poll()
    case.wait(HOUR)
    orders = case.poll()

    assert writes(orders) == [over({TARGET: 60})]
    case.obey(orders)
    case.restart()
    assert case.poll() == []
    case.throttle(False)
    case.poll()
    assert case.state.settings == GAMMA_SETTINGS
    assert case.poll() == []


def test_begins_while_power_is_saved() -> None:
    """What comes back are the user's settings, not the least power."""
    case = Case(NANO)
    case.throttle(True)
    case.poll()
    case.lend({MODE: "Medium"}, HOUR)
    case.poll()
    case.wait(HOUR)

    assert writes(case.poll()) == [over({MODE: "High"})]


def test_mode_waits_for_a_device_in_standby() -> None:
    """A mode is written when the device works again."""
    case = Case(with_stop(NANO, Capability.SOFT_OFF))
    case.set(mining=True)
    case.lend({MODE: "Low"}, HOUR)
    case.poll()
    case.throttle(True)
    case.wait(HOUR)
    assert writes(case.poll()) == []
    case.throttle(False)

    assert writes(case.poll()) == [over({MODE: "High"})]


def test_resting_device_is_not_given_up() -> None:
    """What it refuses while it rests is tried again when it works."""
    case = Case()
    case.lend(NIGHT, 0)
    case.throttle(True)
    found = []
    for _ in range(5):
        case.wait(30)
        for order in writes(case.poll()):
            found.append(order)
            case.reconciler.failed(order, Outcome.REFUSED)
        assert asks(case.poll()) == []
    assert len(found) == 3
    case.throttle(False)
    case.wait(30)

    assert writes(case.poll()) == [over({F: 525, V: 1.15})]


def test_overheats_meanwhile() -> None:
    """What it lowered stays low; restoring brings the first original."""
    case = Case()
    case.lend({**NIGHT, TARGET: 55.0}, HOUR)
    case.poll()
    case.heat()
    case.poll()
    assert case.shown.derated is True
    case.wait(HOUR)
    orders = case.poll()

    assert writes(orders) == [over({TARGET: 60})]
    case.obey(orders)
    case.become(chip_temperature=40)
    case.poll()
    restored = case.reconciler.restore_changes(lower=False)
    assert restored == {F: 525, V: 1.15, AUTO: True}
    case.take(restored)
    case.poll()
    assert case.state.settings.frequency == 525
    assert case.intents["temporary"] is None


def test_unknown_is_no_change() -> None:
    """A poll that does not tell the settings decides nothing."""
    case = Case()
    case.lend(NIGHT, 0)
    settings = case.state.settings
    case.become(settings=MinerSettings())
    assert case.poll() == []
    case.become(settings=replace(settings, core_voltage=None))

    assert writes(case.poll()) == [over({F: 525, V: 1.15})]


def test_heater_left_its_mode() -> None:
    """A set point that is gone with its mode is not waited for."""
    case = Case(NANO, MinerSettings(work_mode="High", heating_temperature=30.0))
    case.lend({MODE: "Low", Setting.HEATING_TEMPERATURE: 25.0}, HOUR)
    case.poll()
    case.set(work_mode="Medium", heating_temperature=None)
    case.poll()
    case.wait(HOUR)

    assert told(case.poll()) == [
        (EventType.SETTINGS_CHANGED, {"kept": {"work_mode": "Medium"}, "by": "device"})
    ]


# Clocks


@pytest.mark.parametrize("shift", [-86_400.0, -3600.0, 3600.0 - 60])
def test_a_clock_that_is_set_makes_it_no_longer(shift: float) -> None:
    """While we run, the time that went by counts."""
    case = Case()
    case.lend(NIGHT, HOUR)
    case.poll()
    case.wall += shift
    case.wait(HOUR - 30)

    assert writes(case.poll()) == [over({F: 525, V: 1.15})]


def test_a_clock_that_is_set_ahead_ends_it() -> None:
    """The earlier of both wins."""
    case = Case()
    case.lend(NIGHT, HOUR)
    case.poll()
    case.wall += 2 * HOUR

    assert writes(case.poll()) == [over({F: 525, V: 1.15})]


@pytest.mark.parametrize("lost", [HOUR, 24 * HOUR, 50 * 365 * 24 * HOUR])
@pytest.mark.parametrize("down", [60.0, 2 * HOUR])
def test_a_clock_without_a_battery_adds_the_time_that_we_were_down(
    down: float, lost: float
) -> None:
    """Never more: half of it had gone by when it was stored."""
    case = Case()
    case.lend(NIGHT, HOUR)
    case.wait(HOUR / 2)
    case.poll()
    case.restart(down, clock=-lost)
    began = case.monotonic
    while not (orders := writes(case.poll())):
        assert case.monotonic - began <= HOUR / 2

    assert orders == [over({F: 525, V: 1.15})]


def test_after_a_day_nothing_comes_back_by_itself() -> None:
    """A restored backup looks the same; a user is asked, and may choose."""
    case = Case()
    case.lend(NIGHT, HOUR)
    case.poll()
    case.restart(25 * HOUR)
    orders = [order for _ in range(5) for order in case.poll()]
    assert writes(orders) == []
    assert asks(orders) == [Problem.TEMPORARY_OLD]
    assert case.shown.temporary_until is None

    case.restart()
    orders = case.poll()
    assert (writes(orders), asks(orders)) == ([], [Problem.TEMPORARY_OLD])

    case.reconciler.overrides[Kind.TEMPORARY].begin_end()
    assert case.reconciler.changes_back(Kind.TEMPORARY) == {F: 525, V: 1.15}
    case.take({F: 525, V: 1.15})
    assert settled(case.look()) == [Problem.TEMPORARY_OLD]
    assert case.intents["temporary"] is None


def test_a_user_may_keep_what_was_for_a_while() -> None:
    case = Case()
    case.lend(NIGHT, HOUR)
    case.poll()
    case.restart(25 * HOUR)
    assert asks(case.poll()) == [Problem.TEMPORARY_OLD]
    case.reconciler.drop(Kind.TEMPORARY)

    assert settled(case.poll()) == [Problem.TEMPORARY_OLD]
    assert case.intents["temporary"] is None


# Polls and writes that prove nothing


def test_one_absurd_poll_at_the_end_loses_nothing() -> None:
    """Somebody else has changed the settings only if two polls say so."""
    case = Case()
    case.lend(NIGHT, HOUR)
    case.poll()
    case.wait(HOUR)
    case.set(frequency=417)
    assert writes(case.poll()) == []
    case.set(frequency=490)

    assert writes(case.poll()) == [over({F: 525, V: 1.15})]


@pytest.mark.parametrize("outcome", [Outcome.NOT_SENT, Outcome.UNKNOWN])
def test_what_is_unknown_is_never_given_up(outcome: Outcome) -> None:
    """It is tried again, ever more slowly, until the device takes it or refuses."""
    case = Case()
    case.lend(NIGHT, 0)
    found: list[float] = []
    while len(found) < 12:
        orders = case.poll()
        assert asks(orders) == []
        for order in writes(orders):
            case.reconciler.overrides[Kind.TEMPORARY].begin_end()
            case.reconciler.overrides[Kind.TEMPORARY].cancel_end()
            case.reconciler.failed(order, outcome)
            found.append(case.monotonic)

    pauses = [later - earlier for earlier, later in pairwise(found)]
    assert pauses[0] <= 75
    assert 600 <= pauses[-1] <= 630
    case.wait(600)
    case.obey(case.poll())
    assert case.state.settings == GAMMA_SETTINGS


def test_what_comes_back_is_cut_to_the_limits_of_now() -> None:
    """New firmware ends its list sooner: the nearest comes back, and is told."""
    case = Case(GAMMA, replace(GAMMA_SETTINGS, frequency=600))
    case.lend({F: 490.0}, HOUR)
    case.poll()
    settings = {
        **case.identity.limits.settings,
        F: SettingRange(minimum=400, maximum=550),
    }
    limits = replace(case.identity.limits, settings=settings)
    case.identity = replace(case.identity, limits=limits)
    case.poll()
    case.wait(HOUR)
    (order,) = writes(case.poll())

    assert isinstance(order, Apply)
    assert (order.changes, order.cut) == ({F: 550}, {F: 600})
    case.obey([order])
    case.poll()
    assert case.intents["temporary"] is None
