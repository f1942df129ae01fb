"""Saving power: the method, what comes back, and who may end it."""

from dataclasses import replace

import pytest

from custom_components.miner_monitor.control.model import (
    Apply,
    Problem,
    Reason,
    ThrottleMethod,
)
from custom_components.miner_monitor.control.overrides import Kind
from custom_components.miner_monitor.control.throttle import throttle_method
from custom_components.miner_monitor.miners.errors import Outcome
from custom_components.miner_monitor.miners.model import (
    SWITCH,
    Capability,
    Changes,
    MinerIdentity,
    MinerSettings,
    MinerStatus,
    SettingRange,
)
from custom_components.miner_monitor.model import EventType

from .reconciling import (
    AUTO,
    GAMMA,
    GAMMA_SETTINGS,
    MINING,
    MODE,
    NANO,
    OLD_GAMMA,
    QUIET,
    Case,
    F,
    V,
    asks,
    told,
    with_settings,
    with_stop,
    writes,
)

SOFT = with_stop(NANO, Capability.SOFT_OFF)
ONE_MODE = with_settings(NANO, {MODE: SettingRange(choices=("Only",))})
REASSERTED = Apply(changes={MINING: False}, reason=Reason.REASSERT)


@pytest.mark.parametrize(
    ("identity", "method"),
    [
        (GAMMA, ThrottleMethod.PAUSE),
        (with_stop(OLD_GAMMA, Capability.SHUTDOWN), ThrottleMethod.SHUTDOWN),
        (
            with_stop(OLD_GAMMA, Capability.SHUTDOWN, Capability.PAUSE),
            ThrottleMethod.PAUSE,
        ),
        (SOFT, ThrottleMethod.SOFT_OFF),
        (NANO, ThrottleMethod.WORK_MODE),
        (ONE_MODE, None),
        (OLD_GAMMA, ThrottleMethod.SETTINGS),
        (with_settings(NANO, {MINING: SWITCH}), None),
        (QUIET, None),
    ],
)
def test_method(identity: MinerIdentity, method: ThrottleMethod | None) -> None:
    """A stop is best, then the lowest mode, then the lowest set points."""
    assert throttle_method(identity) is method
    assert Case(identity).shown.throttle_method is method


@pytest.mark.parametrize(
    ("identity", "on", "off"),
    [
        (GAMMA, {MINING: False}, {MINING: True}),
        (SOFT, {MINING: False}, {MINING: True}),
        (NANO, {MODE: "Low"}, {MODE: "High"}),
        (OLD_GAMMA, {F: 400, V: 1.0}, {F: 525, V: 1.15}),
        (QUIET, {}, {}),
    ],
)
def test_changes(identity: MinerIdentity, on: Changes, off: Changes) -> None:
    """On is the least power; off is what was before."""
    case = Case(identity)

    assert case.throttle(True) == on
    case.poll()
    assert case.shown.saving_power is (True if on else None)
    assert case.throttle(False) == off
    case.poll()
    assert case.shown.saving_power is (False if on else None)


@pytest.mark.parametrize("identity", [GAMMA, NANO, OLD_GAMMA])
def test_twice_on_keeps_the_first_before(identity: MinerIdentity) -> None:
    """What comes back are the user's settings, not the least power."""
    case = Case(identity)
    before = case.state.settings
    for _ in range(2):
        case.throttle(True)
        case.poll()
    case.throttle(False)

    assert case.state.settings == before


@pytest.mark.parametrize("identity", [GAMMA, NANO, OLD_GAMMA])
@pytest.mark.parametrize("crash", [True, False])
def test_before_survives_a_restart(identity: MinerIdentity, crash: bool) -> None:
    """Also when it happened after the memory was written and before the device."""
    case = Case(identity)
    before = case.state.settings
    if crash:
        changes = case.saving(True)
        case.reconciler.begin_saving()
        case.restart()
        case.take(changes)
    else:
        case.throttle(True)
        case.restart()
    case.poll()
    assert case.shown.saving_power is True
    case.throttle(False)

    assert case.state.settings == before


@pytest.mark.parametrize("identity", [GAMMA, SOFT, NANO, OLD_GAMMA])
def test_nothing_asked_for_here(identity: MinerIdentity) -> None:
    """A pause and the least power may be somebody's choice: they are left alone."""
    case = Case(identity)
    case.take(case.saving(True))
    case.poll()

    assert case.shown.saving_power is False
    assert case.saving(False) == {}


@pytest.mark.parametrize("identity", [GAMMA, SOFT])
def test_saving_of_what_was_stopped_before(identity: MinerIdentity) -> None:
    """Its end brings back what was before: a miner that stands still."""
    case = Case(identity)
    case.set(mining=False)
    case.poll()
    case.throttle(True)
    case.poll()
    assert case.shown.saving_power is True
    case.throttle(False)

    assert case.state.settings.mining is False
    assert case.shown.saving_power is False


@pytest.mark.parametrize("identity", [GAMMA, SOFT])
def test_stopped_by_the_user_while_it_saves_power(identity: MinerIdentity) -> None:
    """The end of saving wakes no miner that was told to stop since."""
    case = Case(identity)
    case.set(mining=True)
    case.throttle(True)
    case.poll()
    case.reconciler.asked({MINING: False})
    case.restart()
    case.poll()
    case.throttle(False)
    case.poll()

    assert case.state.settings.mining is False
    assert case.shown.saving_power is False


@pytest.mark.parametrize("identity", [GAMMA, SOFT])
def test_stopped_by_the_user_while_saving_ends(identity: MinerIdentity) -> None:
    """Nothing is left of the saving: the stop is the user's own."""
    case = Case(identity)
    case.set(mining=True)
    case.throttle(True)
    case.poll()
    case.reconciler.overrides[Kind.SAVE_POWER].begin_end()
    case.reconciler.asked({MINING: False})
    case.reconciler.end(Kind.SAVE_POWER)
    case.poll()

    assert case.shown.saving_power is False
    assert case.saving(False) == {}


def test_a_miner_without_a_stop_of_its_own_goes_back_to_its_settings() -> None:
    """It hashes all the time: there is no stop that could stay."""
    case = Case(OLD_GAMMA)
    case.throttle(True)
    case.poll()
    case.reconciler.asked({MINING: False})

    assert case.saving(False) == {F: 525, V: 1.15}


@pytest.mark.parametrize("asked", [True, False])
def test_saving_begins_before_the_miner_shows_what_it_was_told(asked: bool) -> None:
    """What comes back is what was asked for last, though the device is slow."""
    case = Case(GAMMA)
    case.set(mining=not asked)
    case.poll()
    case.reconciler.asked({MINING: asked})
    case.reconciler.applied({MINING: asked}, by_user=True)
    case.throttle(True)
    case.poll()

    assert case.saving(False) == {MINING: asked}


@pytest.mark.parametrize(("seconds", "again"), [(20, True), (130, False)])
def test_stopped_just_before_it_restarts(seconds: float, again: bool) -> None:
    """Some resume by a restart: one that was under way does not undo a stop."""
    case = Case(GAMMA)
    case.poll()
    case.take({MINING: False})
    case.reconciler.asked({MINING: False})
    case.reconciler.applied({MINING: False}, by_user=True)
    case.poll()
    case.wait(seconds)
    case.reboot()
    case.set(mining=True)

    stop = Apply(changes={MINING: False}, reason=Reason.REASSERT)
    orders = case.poll()
    assert writes(orders) == ([stop] if again else [])
    case.obey(orders)
    case.reboot()
    case.set(mining=True)
    assert writes(case.poll()) == [], "that was somebody else"


def test_what_the_miner_never_did_does_not_come_back() -> None:
    """It had three minutes: then it counts what it shows."""
    case = Case(GAMMA)
    case.reconciler.asked({MINING: False})
    case.wait(180)
    case.poll()
    case.throttle(True)
    case.poll()

    assert case.saving(False) == {MINING: True}


@pytest.mark.parametrize("identity", [GAMMA, NANO, OLD_GAMMA])
def test_after_days(identity: MinerIdentity) -> None:
    """Nothing is written by itself; but a user gets back what was before."""
    case = Case(identity)
    before = case.state.settings
    case.throttle(True)
    case.poll()
    case.restart(3 * 24 * 3600)
    for _ in range(5):
        assert case.poll() == []
    assert case.shown.saving_power is True

    case.throttle(False)

    assert case.state.settings == before


@pytest.mark.parametrize("identity", [NANO, OLD_GAMMA])
def test_off_without_on(identity: MinerIdentity) -> None:
    """Settings that the user chose are left alone."""
    assert Case(identity).saving(False) == {}


def test_never_raised() -> None:
    """A user's set points below the presets are the least power."""
    settings = {
        F: SettingRange(minimum=400, maximum=625, lowest=100),
        V: SettingRange(minimum=1.0, maximum=1.25, lowest=0.8),
    }
    identity = with_settings(OLD_GAMMA, settings)
    case = Case(identity, MinerSettings(frequency=300, core_voltage=0.9))

    assert case.saving(True) == {F: 300, V: 0.9}


def test_what_runs_below_all_limits_is_left_alone() -> None:
    """It cannot be written, and to raise it would save nothing."""
    case = Case(OLD_GAMMA, MinerSettings(frequency=50, core_voltage=1.2))

    assert case.saving(True) == {V: 1.0}


@pytest.mark.parametrize("identity", [GAMMA, NANO, OLD_GAMMA])
def test_slow_to_take(identity: MinerIdentity) -> None:
    """A poll before the device obeys changes nothing of what comes back."""
    case = Case(identity)
    before = case.state.settings
    changes = case.saving(True)
    case.reconciler.begin_saving()
    assert told(case.poll()) == []
    case.wait(150)
    assert told(case.poll()) == []
    case.take(changes)
    case.reconciler.applied(changes)
    case.poll()
    case.throttle(False)

    assert case.state.settings == before


@pytest.mark.parametrize("identity", [GAMMA, NANO, OLD_GAMMA])
def test_cancelled(identity: MinerIdentity) -> None:
    """Nothing was written, so nothing is remembered."""
    case = Case(identity)
    case.reconciler.begin_saving()
    case.reconciler.cancel(Kind.SAVE_POWER)

    assert case.intents["throttle"] is None


def test_cancelled_the_second_time() -> None:
    """The first intent stays."""
    case = Case(NANO)
    case.throttle(True)
    case.poll()
    case.reconciler.begin_saving()
    case.reconciler.cancel(Kind.SAVE_POWER)

    assert case.saving(False) == {MODE: "High"}


@pytest.mark.parametrize("identity", [GAMMA, SOFT])
@pytest.mark.parametrize("away", [None, 60.0, 3600.0])
def test_stop_is_asserted_again(identity: MinerIdentity, away: float | None) -> None:
    """A reboot forgets a stop, whether or not anybody was looking."""
    case = Case(identity)
    case.set(mining=True)
    case.throttle(True)
    case.poll()
    if away is not None:
        case.restart(away)
    case.reboot()
    case.set(mining=True)
    orders = case.poll()

    assert writes(orders) == [replace(REASSERTED, unwatched=away is not None)]
    case.obey(orders)
    assert writes(case.poll()) == []
    assert case.shown.saving_power is True


def test_not_while_it_is_written() -> None:
    """The door is busy: nothing is ordered and nothing is judged."""
    case = Case(GAMMA)
    case.throttle(True)
    case.poll()
    case.reboot()
    case.set(mining=True)

    assert writes(case.poll(busy=True)) == []
    assert writes(case.poll()) == [REASSERTED]
    assert writes(case.poll()) == [], "it may be under way"
    case.wait(30)
    assert writes(case.poll()) == [REASSERTED]


@pytest.mark.parametrize("identity", [GAMMA, SOFT])
@pytest.mark.parametrize("restarted", [True, False])
def test_resumed_by_hand(identity: MinerIdentity, restarted: bool) -> None:
    """Without a reboot it was the user, who is never overruled."""
    case = Case(identity)
    case.set(mining=True)
    case.throttle(True)
    case.poll()
    if restarted:
        case.restart()
    case.set(mining=True)
    orders = [*case.poll(), *case.poll()]

    assert writes(orders) == []
    assert told(orders) == [
        (EventType.SETTINGS_CHANGED, {"mining": [False, True], "by": "device"})
    ]
    case.reboot()
    assert writes(case.poll()) == []


def test_stop_that_was_never_seen() -> None:
    """What did not rest before the reboot is not made to rest after it."""
    case = Case(GAMMA)
    case.reconciler.begin_saving()
    case.reboot()
    assert writes(case.poll()) == []
    case.poll()
    case.wait(181)

    assert case.poll() == []
    case.reboot()
    assert writes(case.poll()) == []
    assert case.intents["throttle"] is None


@pytest.mark.parametrize(
    ("identity", "by_hand", "old", "new"),
    [
        (NANO, {"work_mode": "Medium"}, "Low", "Medium"),
        (OLD_GAMMA, {"frequency": 490}, 400, 490),
    ],
)
def test_changed_by_hand(
    identity: MinerIdentity, by_hand: dict[str, object], old: object, new: object
) -> None:
    """The user's change stays, and is told once."""
    case = Case(identity)
    case.throttle(True)
    case.poll()
    case.set(**by_hand)
    orders = [*case.poll(), *case.poll()]

    key = next(iter(by_hand))
    assert told(orders) == [
        (EventType.SETTINGS_CHANGED, {key: [old, new], "by": "device"})
    ]
    assert case.shown.saving_power is False
    assert case.saving(False) == {}


def test_slider_ends_it() -> None:
    """A setting that a user changes here ends it at once, as does a mining switch."""
    for identity, changes in ((OLD_GAMMA, {F: 490.0}), (GAMMA, {MINING: True})):
        case = Case(identity)
        case.throttle(True)
        case.poll()
        case.take(changes)
        case.reconciler.applied(changes, by_user=True)

        assert case.intents["throttle"] is None


def test_other_setting_does_not_end_it() -> None:
    """The speed of a fan has nothing to do with saving power."""
    case = Case(OLD_GAMMA)
    case.throttle(True)
    case.poll()
    case.reconciler.applied({AUTO: False}, by_user=True)

    assert case.saving(False) == {F: 525, V: 1.15}


def test_mode_that_is_slow_to_come_back() -> None:
    """What was before is kept until the device shows it."""
    case = Case(NANO)
    case.throttle(True)
    case.poll()
    case.reconciler.applied(case.saving(False))
    case.reconciler.end(Kind.SAVE_POWER)
    case.poll(busy=True)
    assert case.shown.saving_power is True
    case.restart()
    case.wait(181)
    case.poll()
    case.wait(181)
    case.poll()

    assert case.saving(False) == {MODE: "High"}
    case.throttle(False)
    case.poll()
    assert case.shown.saving_power is False
    case.set(work_mode="Low")
    case.poll()
    assert case.shown.saving_power is False, "the user chose it"


def test_off_at_the_least_power() -> None:
    """Where it ran at the least power already, off is off."""
    case = Case(NANO, MinerSettings(work_mode="Low"))
    case.throttle(True)
    case.poll()
    assert case.shown.saving_power is True
    case.throttle(False)
    case.poll()

    assert case.shown.saving_power is False


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (replace(GAMMA_SETTINGS, mining=False), False),
        (GAMMA_SETTINGS, False),
        (replace(GAMMA_SETTINGS, mining=None), None),
    ],
)
def test_shown_without_an_order(settings: MinerSettings, expected: bool | None) -> None:
    """A stop by somebody else is none that *Save power* could end."""
    assert Case(GAMMA, settings).shown.saving_power is expected


@pytest.mark.parametrize("reported", [True, False, None])
def test_shown_as_reported(reported: bool | None) -> None:
    """It is on while the device shows what was asked for; unknown is unknown."""
    case = Case(GAMMA)
    case.throttle(True)
    case.poll()
    case.set(mining=reported)

    assert case.shown.saving_power is (None if reported is None else not reported)


def test_an_old_order_is_not_carried_out_again() -> None:
    """A miner that was resumed while nobody looked stays so after its next restart."""
    case = Case(GAMMA)
    case.throttle(True)
    case.poll()
    case.restart(3 * 24 * 3600)
    case.set(mining=True)
    assert writes(case.poll()) == []
    case.reboot()

    assert writes(case.poll()) == []
    case.wait(181)
    case.poll()
    assert case.saving(False) == {}


def test_away() -> None:
    """Nothing is known of a miner that does not answer."""
    shown = Case(GAMMA).reconciler.show(None, "2026-11-20")

    assert (shown.saving_power, shown.profile, shown.derated) == (None, None, None)


def test_partial_poll() -> None:
    """A poll that does not tell the mode ends nothing."""
    case = Case(NANO)
    case.throttle(True)
    case.poll()
    case.set(work_mode=None)
    case.poll()
    case.set(work_mode="Low")
    case.poll()

    assert case.shown.saving_power is True


def test_gives_up() -> None:
    """A device that keeps refusing is left alone, and a user is told."""
    case = Case(GAMMA)
    case.throttle(True)
    case.poll()
    case.reboot()
    case.set(mining=True)
    found = []
    for _ in range(3):
        case.wait(30)
        for order in writes(case.poll()):
            case.reconciler.failed(order, Outcome.REFUSED)
            found.append(order)

    assert len(found) == 3
    assert asks(case.poll()) == [Problem.SETTING_REFUSED]
    case.wait(60)
    assert case.poll() == []


def test_lowered_by_heat_meanwhile() -> None:
    """What a device does to itself while it saves power does not end that."""
    case = Case(OLD_GAMMA, replace(GAMMA_SETTINGS, frequency=525))
    case.throttle(True)
    case.poll()
    case.heat()
    case.poll()

    assert case.shown.saving_power is True
    assert case.saving(False) == {F: 525, V: 1.15}


def test_status_is_no_matter() -> None:
    """A reboot is asserted against while the miner still starts."""
    case = Case(GAMMA)
    case.throttle(True)
    case.become(status=MinerStatus.PAUSED)
    case.poll()
    case.reboot()
    case.set(mining=True)
    case.become(status=MinerStatus.STARTING)

    assert writes(case.poll()) == [REASSERTED]
