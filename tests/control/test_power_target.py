"""A power target: what is written for it, when, and what ends it."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from custom_components.miner_monitor.control.model import (
    BY_NOTHING,
    Apply,
    Cause,
    Hold,
    Order,
    PowerTarget,
    Reason,
    Requester,
)
from custom_components.miner_monitor.control.overrides import Kind
from custom_components.miner_monitor.control.power_target import (
    MOST_WRITES,
    PowerCase,
    PowerPace,
    PowerRules,
    choose,
)
from custom_components.miner_monitor.miners.errors import Outcome
from custom_components.miner_monitor.miners.model import (
    Capability,
    Changes,
    MinerIdentity,
    MinerSettings,
    MinerStatus,
)
from custom_components.miner_monitor.miners.power import PowerStep

from .reconciling import (
    GAMMA,
    GAMMA_SETTINGS,
    MINING,
    MODE,
    NANO,
    OLD_GAMMA,
    TODAY,
    Case,
    F,
    V,
    asks,
    told,
    with_stop,
    writes,
)

GAP, RUN, REST = 300.0, 900.0, 600.0
NORMAL = {F: 525.0, V: 1.15}


def gamma_steps(*, rests: bool = True) -> tuple[PowerStep, ...]:
    """Return what a Gamma may be set to."""
    wake = {MINING: True} if rests else {}
    rows = ((400.0, 1.0, 12.0), (490.0, 1.1, 16.0), (525.0, 1.15, 18.0))
    rest = PowerStep(settings={MINING: False}, power=0.0, hash_rate=0.0)
    return (
        *((rest,) if rests else ()),
        *(
            PowerStep(
                settings={**wake, F: f, V: v},
                power=watts,
                measured=True,
                hash_rate=f * 2.04e-3,
                wears_flash=True,
            )
            for f, v, watts in rows
        ),
    )


def nano_steps() -> tuple[PowerStep, ...]:
    """Return what a Nano may be set to, which never rests."""
    return tuple(
        PowerStep(settings={MODE: mode}, power=watts, hash_rate=watts, wears_flash=True)
        for mode, watts in (("Low", 70.0), ("Medium", 95.0), ("High", 135.0))
    )


class Target(Case):
    """A miner with a power target, and a device that does what is ordered."""

    def __init__(
        self, identity: MinerIdentity = GAMMA, steps: Any = None, **more: Any
    ) -> None:
        """Begin with the normal settings."""
        self._steps = gamma_steps() if steps is None else steps
        super().__init__(identity, look=False, **more)
        self.know()
        self.poll()

    def know(self) -> None:
        """Tell the reconciler the steps, also after a restart."""
        self.reconciler.steps_of = lambda _: self._steps
        self.reconciler.drawn = None

    def restart(self, away: float = 60.0, clock: float = 0.0) -> None:
        """Restart Home Assistant."""
        super().restart(away, clock)
        self.know()

    def ask(self, watts: float | None, **by: Any) -> list[Apply]:
        """Ask for a target, and have done what follows at once."""
        self.reconciler.ask_power(watts, Requester(**by))
        order = self.reconciler.due_for_power()
        found: list[Order] = [] if order is None else [order]
        self.obey(found)
        return writes(found)

    def obey(self, orders: list[Order]) -> None:
        """Write what was ordered, with a willing device."""
        for order in writes(orders):
            if isinstance(order, Apply) and order.reason is Reason.POWER_TARGET:
                self.reconciler.begin_power()
                self.take(order.changes)
                self.show_status()
                self.reconciler.applied(order.changes)
                self.reconciler.power_applied()
            else:
                if order.reason is Reason.POWER_TARGET_OVER:
                    self.reconciler.begin_power_end()
                super().obey([order])
                self.show_status()

    def show_status(self) -> None:
        """Let the device say whether it hashes."""
        rests = self.state.settings.mining is False
        self.become(status=MinerStatus.PAUSED if rests else MinerStatus.HASHING)

    def work(self, seconds: float) -> list[Order]:
        """Poll for so long, and have done what is ordered; return what was."""
        done: list[Order] = []
        for _ in range(int(seconds / 15)):
            orders = self.poll()
            self.obey(orders)
            done += writes(orders)
        return done

    @property
    def runs(self) -> tuple[Any, ...]:
        """What the device is set to."""
        settings = self.state.settings
        return settings.mining, settings.frequency, settings.core_voltage

    @property
    def target(self) -> PowerTarget | None:
        """What is asked for."""
        return self.reconciler.overrides.power


def test_down_and_back() -> None:
    """The most hash rate within the target; taken back, exactly what was before."""
    case = Target()
    case.ask(16.5, name="Anna")
    assert case.runs == (True, 490.0, 1.1)
    case.poll()
    shown = case.shown
    assert shown.power.normal == NORMAL
    assert (shown.power.watts, shown.power.least) == (16.5, 0.0)
    assert shown.power.step is not None
    assert shown.power.step.power == 16.0
    assert shown.controlled.reason is Cause.POWER_TARGET
    assert shown.controlled.detail == 16.5
    assert shown.controlled.by.name == "Anna"
    assert case.work(3600) == []

    case.ask(None)
    assert case.state.settings == GAMMA_SETTINGS
    case.poll()
    assert case.intents["power_target"] is None
    assert case.shown.controlled == BY_NOTHING
    assert case.shown.power.watts == 18.0
    assert case.work(600) == []


def test_up_after_a_while() -> None:
    """Writes are five minutes apart; what was asked for meanwhile counts."""
    case = Target()
    case.ask(12.0)
    assert case.ask(16.0) == []
    assert case.work(GAP - 30) == []
    case.ask(17.0)
    assert len(case.work(60)) == 1
    assert case.runs == (True, 490.0, 1.1)


def test_at_or_above_the_normal() -> None:
    """Nothing is lowered, and nothing raised above what was before."""
    case = Target()
    assert case.ask(18.0) == []
    assert case.ask(400.0) == []
    assert case.work(600) == []
    case.ask(12.0)
    case.wait(GAP)
    case.poll()
    case.ask(40.0)
    assert case.state.settings == GAMMA_SETTINGS
    case.poll()
    assert case.intents["power_target"] is None
    assert case.target is not None
    assert case.shown.controlled == BY_NOTHING


def test_below_the_least() -> None:
    """What it can do at the least is done, and said."""
    case = Target(OLD_GAMMA, gamma_steps(rests=False))
    case.ask(0.0)
    assert case.runs[1:] == (400.0, 1.0)
    case.poll()
    assert (case.shown.power.watts, case.shown.power.least) == (0.0, 12.0)


def test_rest_and_minimum_times() -> None:
    """It rests and runs for as long as it must; only its own turns count."""
    case = Target()
    case.ask(0.0)
    assert case.runs == (False, 525, 1.15)
    case.poll()
    assert case.shown.controlled.reason is Cause.POWER_TARGET
    case.ask(18.0)
    # Resting goes on for its minimum, then the normal comes back.
    case.work(REST - 60)
    assert case.runs[0] is False
    case.work(120)
    assert case.state.settings == GAMMA_SETTINGS
    # It runs for its minimum: until then it does the least that is no rest.
    case.work(GAP)
    case.ask(0.0)
    assert case.runs == (True, 400.0, 1.0)
    case.work(RUN - GAP - 60)
    assert case.runs[0] is True
    case.work(GAP)
    assert case.runs[0] is False
    case.wait(GAP)
    case.poll()
    case.ask(None)
    assert case.state.settings == GAMMA_SETTINGS


def test_taken_back_before_it_is_written() -> None:
    """Another target may come while the device is read: what is due then is written."""
    case = Target()
    case.reconciler.ask_power(0.0)
    assert case.reconciler.due_for_power() is not None
    case.reconciler.ask_power(None)
    assert case.reconciler.begin_power() == {}
    assert case.work(600) == []
    assert case.state.settings == GAMMA_SETTINGS
    case.reconciler.ask_power(0.0)
    case.reconciler.ask_power(12.0)
    assert case.reconciler.begin_power() == {MINING: True, F: 400.0, V: 1.0}


def test_taken_back_while_it_goes_to_rest() -> None:
    """The order to rest is on its way: it rests for its minimum all the same."""
    case = Target()
    case.ask(0.0)
    case.reconciler.ask_power(None)
    case.work(REST - 60)
    assert case.runs[0] is False
    case.work(120)
    assert case.state.settings == GAMMA_SETTINGS
    assert case.work(600) == []


def test_small_moves_are_none() -> None:
    """A target that wanders by less than 3 % or 1 W changes nothing."""
    case = Target()
    case.ask(16.2)
    random = Random(7)
    for _ in range(200):
        case.reconciler.ask_power(16.2 + random.uniform(-0.9, 0.9))
        assert case.work(60) == []


def test_better_knowledge_moves_it() -> None:
    """What turns out to draw more than the target is left, without a new target."""
    case = Target()
    case.ask(16.2)
    case.work(GAP)
    rest, low, mid, top = gamma_steps()
    case._steps = (rest, low, replace(mid, power=17.5), top)
    assert len(case.work(60)) == 1
    assert case.runs == (True, 400.0, 1.0)


def test_overshoot_steps_down_once() -> None:
    """What draws over 5 % more than asked for on the real meter goes down one step."""
    case = Target()
    case.ask(16.5)
    case.reconciler.drawn = 17.2
    case.work(GAP + 60)
    assert case.runs == (True, 490.0, 1.1)
    case.reconciler.drawn = 18.1
    case.work(GAP)
    assert case.runs == (True, 400.0, 1.0)
    case.work(3600)
    assert case.runs == (True, 400.0, 1.0)
    # Another target begins anew.
    case.reconciler.drawn = None
    case.ask(17.7)
    case.work(60)
    assert case.runs == (True, 490.0, 1.1)


def test_flash_budget() -> None:
    """After thirty writes of a day only what writes none is done."""
    case = Target()
    case.reconciler.memory.writes.add(TODAY, MOST_WRITES)
    case.ask(16.0)
    assert case.runs == (False, 525, 1.15)
    case.work(REST + 30)
    case.ask(18.0)
    assert case.runs == (True, 525, 1.15)


def test_restart_of_home_assistant() -> None:
    """Target, normal and minimum times outlive it."""
    case = Target()
    case.ask(0.0, name="Anna")
    case.poll()
    case.restart()
    case.poll()
    assert case.target is not None
    assert (case.target.watts, case.target.by.name) == (0.0, "Anna")
    assert case.shown.controlled.reason is Cause.POWER_TARGET
    case.ask(12.0)
    assert case.runs[0] is False
    case.work(REST)
    assert case.runs == (True, 400.0, 1.0)
    case.restart()
    case.poll()
    case.ask(None)
    assert case.state.settings == GAMMA_SETTINGS


def test_away_for_long() -> None:
    """After a day nothing is written by itself; a user is asked for the normal."""
    case = Target()
    case.ask(12.0)
    case.poll()
    case.restart(30 * 3600.0)
    orders = case.poll()
    orders += case.poll()
    assert writes(orders) == []
    assert case.target is None
    before = case.reconciler.overrides[Kind.TEMPORARY].active.before
    assert before == NORMAL
    assert [problem.value for problem in asks(orders)] == ["temporary_old"]


@pytest.mark.parametrize("clock", [-86_400.0, 86_400.0])
def test_clock_is_set(clock: float) -> None:
    """A clock that is set makes nobody wait for long."""
    case = Target()
    case.ask(12.0)
    case.restart(60.0, clock)
    case.poll()
    case.poll()
    if case.target is None:
        return
    case.ask(16.0)
    case.work(GAP + 30)
    assert case.runs == (True, 490.0, 1.1)


def test_device_restarts() -> None:
    """What a restart undid is written again, whatever the minimum times."""
    case = Target()
    case.ask(0.0)
    case.poll()
    case.set(mining=True)
    case.show_status()
    case.reboot()
    done = writes(case.poll())
    assert done == [Apply(changes={MINING: False}, reason=Reason.POWER_TARGET)]
    case.obey(done)
    assert case.work(600) == []
    assert case.target is not None


def by_device_settings(case: Target) -> None:
    case.set(frequency=600, core_voltage=1.2)
    case.polls(3)


def by_device_mining(case: Target) -> None:
    case.set(mining=True)
    case.show_status()


def by_our_hand(changes: Changes) -> Callable[[Target], None]:
    def apply(case: Target) -> None:
        wanted = case.reconciler.completed(changes)
        case.reconciler.begin_change(wanted)
        case.take(wanted)
        case.show_status()
        case.reconciler.applied(wanted, by_user=True)

    return apply


@pytest.mark.parametrize(
    ("watts", "hand", "after"),
    [
        (12.0, by_device_settings, (True, 600, 1.2)),
        (18.0, by_device_settings, (True, 600, 1.2)),
        (0.0, by_device_settings, (False, 600, 1.2)),
        (12.0, by_our_hand({F: 490.0}), (True, 490.0, 1.15)),
        (18.0, by_our_hand({F: 490.0}), (True, 490.0, 1.15)),
        (0.0, by_our_hand({F: 490.0}), (True, 490.0, 1.15)),
        (0.0, by_our_hand({MINING: True}), (True, 525, 1.15)),
        (0.0, by_device_mining, (True, 525, 1.15)),
    ],
)
def test_user_changes_it(
    watts: float, hand: Callable[[Target], None], after: tuple[Any, ...]
) -> None:
    """A user's hand ends the target, and what it did not touch is the normal."""
    case = Target()
    case.ask(watts)
    case.polls(2)
    hand(case)
    case.work(120)
    resting = case.runs[0] is False
    assert case.runs == after
    assert (case.target is None) is not resting
    assert case.intents["power_target"] is None or resting
    assert case.work(1200) == []


def test_resumed_by_hand_at_a_step() -> None:
    """Who resumes it on its page gets what its owner chose, not the last step."""
    case = Target()
    case.ask(12.0)
    case.work(GAP)
    case.ask(0.0)
    case.work(60)
    assert case.runs == (False, 400.0, 1.0)
    case.set(mining=True)
    case.show_status()
    orders = case.work(120)
    assert case.state.settings == GAMMA_SETTINGS
    assert len(orders) == 1
    assert case.target is None


def test_stopped_by_hand() -> None:
    """Who turns Mining off finds it off; the target waits."""
    case = Target()
    case.ask(12.0)
    case.poll()
    by_our_hand({MINING: False})(case)
    assert case.work(1800) == []
    assert case.runs[0] is False
    assert case.shown.controlled.reason is Cause.STOPPED
    assert case.shown.power.waits
    case.ask(16.0)
    by_our_hand({MINING: True})(case)
    case.work(60)
    assert case.runs == (True, 490.0, 1.1)
    case.ask(None)
    assert case.runs == (True, 525.0, 1.15)


def test_save_power_goes_first() -> None:
    """While power is saved nothing is written; then the target counts again."""
    case = Target()
    case.ask(16.0)
    case.poll()
    case.throttle(True)
    case.show_status()
    assert case.work(600) == []
    case.ask(12.0)
    assert case.work(600) == []
    assert case.shown.controlled.reason is Cause.SAVE_POWER
    case.throttle(False)
    case.show_status()
    assert case.runs == (True, 490.0, 1.1)
    case.work(120)
    assert case.runs == (True, 400.0, 1.0)
    case.ask(None)
    assert case.state.settings == GAMMA_SETTINGS


def test_temporary_profile_goes_first() -> None:
    """So does a profile for a while, and a rest is resumed for it."""
    case = Target()
    case.ask(0.0)
    case.work(60)
    profile = {F: 550.0, V: 1.15}
    case.begin(profile, 3600.0)
    changes = case.reconciler.woken(profile)
    case.take(changes)
    case.show_status()
    case.reconciler.applied(changes)
    assert case.runs == (True, 550.0, 1.15)
    assert case.work(3000) == []
    assert case.shown.power.normal == NORMAL
    case.work(1200)
    assert case.runs == (False, 525, 1.15)
    case.wait(RUN)
    case.ask(None)
    assert case.state.settings == GAMMA_SETTINGS


def test_taken_back_while_covered() -> None:
    """The normal comes back once what covers it is over."""
    case = Target()
    case.ask(12.0)
    case.poll()
    case.throttle(True)
    case.show_status()
    assert case.ask(None) == []
    case.work(60)
    case.throttle(False)
    case.show_status()
    case.work(60)
    assert case.state.settings == GAMMA_SETTINGS
    assert case.intents["power_target"] is None


def test_hot() -> None:
    """It is lowered however hot it is, and raised once it is cool."""
    case = Target()
    case.become(chip_temperature=74.0)
    case.poll()
    case.ask(12.0)
    assert case.runs == (True, 400.0, 1.0)
    case.ask(None)
    assert case.work(1200) == []
    case.become(chip_temperature=60.0)
    case.work(60)
    assert case.state.settings == GAMMA_SETTINGS


def test_overheated() -> None:
    """What firmware lowered is no hand of a user, and nothing is done about it."""
    case = Target()
    case.ask(16.0)
    case.polls(3)
    case.become(overheating=True)
    case.heat()
    assert case.work(300) == []
    case.become(overheating=False)
    assert case.work(300) == []
    assert case.target is not None
    assert case.shown.derated
    by_our_hand(case.reconciler.restore_changes(lower=False))(case)
    assert case.runs == (True, 490.0, 1.1)
    case.work(60)
    case.ask(None)
    assert case.runs == (True, 525.0, 1.15)


def test_held() -> None:
    """While a user holds it nothing is written by itself."""
    case = Target()
    case.ask(12.0)
    case.poll()
    case.reconciler.overrides.hold = Hold()
    case.reconciler.ask_power(16.0)
    assert case.work(3600) == []
    case.reconciler.overrides.hold = None
    case.work(60)
    assert case.runs == (True, 490.0, 1.1)


def test_present_settings_are_the_normal() -> None:
    """What it runs now is what comes back from now on."""
    case = Target()
    case.ask(16.0)
    case.poll()
    case.reconciler.use_as_normal()
    assert case.target is None
    assert case.shown.power.normal == {F: 490.0, V: 1.1}
    assert case.work(600) == []


def test_refused() -> None:
    """What the device refuses three times is given up, and what was before stays."""
    case = Target()
    case.reconciler.ask_power(12.0)
    for _ in range(12):
        for order in writes(case.poll()):
            case.reconciler.begin_power()
            case.reconciler.memory.pace.wrote_at = 0.0
            case.reconciler.cancel(Kind.POWER_TARGET)
            case.reconciler.failed(order, Outcome.REFUSED)
    assert case.state.settings == GAMMA_SETTINGS
    assert case.target is None
    assert case.intents["power_target"] is None


def test_modes_that_never_rest() -> None:
    """A miner with modes goes through them, and comes back to its own."""
    case = Target(NANO, nano_steps())
    case.ask(100.0)
    assert case.state.settings.work_mode == "Medium"
    case.work(GAP)
    case.ask(0.0)
    case.work(60)
    assert case.state.settings.work_mode == "Low"
    case.wait(GAP)
    case.poll()
    case.ask(200.0)
    assert case.state.settings.work_mode == "High"


def test_a_day_of_wandering_targets() -> None:
    """Nothing flaps, minimum times hold, flash is spared, and all comes back."""
    shut_down = with_stop(OLD_GAMMA, Capability.SHUTDOWN)
    for seed, identity in enumerate((GAMMA, shut_down, OLD_GAMMA)):
        rests = identity is not OLD_GAMMA
        case = Target(identity, gamma_steps(rests=rests))
        random, turned, written, flash = Random(seed), -RUN, -GAP, 0
        watts = 12.0
        for poll in range(24 * 240):
            if not poll % 8:
                watts = min(25.0, max(0.0, watts + random.gauss(0, 2.5)))
                case.reconciler.ask_power(watts)
            orders, at = writes(case.poll()), 15.0 * poll
            for order in orders:
                before = case.state.settings
                case.obey([order])
                after = case.state.settings
                assert at - written >= GAP - 15
                written = at
                changed = sum(before.get(key) != after.get(key) for key in (F, V))
                flash += changed
                case.reconciler.memory.writes.add(TODAY, changed)
                if before.mining is not after.mining:
                    least = REST if after.mining else RUN
                    assert at - turned >= least - 15
                    turned = at
        assert 0 < flash <= MOST_WRITES
        case.wait(GAP)
        case.poll()
        case.ask(None)
        # One that only a restart wakes takes the rest of it afterwards.
        case.work(60)
        assert case.state.settings == GAMMA_SETTINGS


def step(power: float, rate: float | None, measured: bool = False) -> PowerStep:
    return PowerStep(
        settings={F: power * 10}, power=power, hash_rate=rate, measured=measured
    )


def test_choice() -> None:
    """Measured beats estimated where they are near; unknown rates go by power."""
    steps = (step(10, 0.5), step(14, 0.98, True), step(14.5, 1.0), step(20, 1.2))
    assert choose(steps, 15).power == 14
    assert choose(steps, 20).power == 20
    assert choose(steps, 9).power == 10
    assert choose((step(10, None), step(20, None)), 15).power == 10
    assert choose((step(10, 0.5, True), step(14, 0.6), step(20, 1)), 15).power == 14


def test_case_without_a_present_step() -> None:
    """What runs settings that are no step goes to one."""
    case = PowerCase(
        steps=gamma_steps(),
        settings=MinerSettings(mining=True, frequency=450, core_voltage=1.0),
        pace=PowerPace(),
        rules=PowerRules(),
        wall=1e9,
    )
    found = case.next(PowerTarget(watts=12.5, since=0.0))
    assert found is not None
    assert found.power == 12.0


def test_events_of_a_hand_that_resumed() -> None:
    """Who resumes it is reported like any change at the device."""
    case = Target()
    case.ask(0.0)
    case.polls(2)
    case.set(mining=True)
    case.show_status()
    events = [event for _ in range(3) for event in told(case.poll())]
    assert any("mining" in details for _, details in events)
