"""What a miner that is too hot may not be set to."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.miner_monitor.control.errors import (
    Heat,
    HeatError,
    HotPart,
    PartialError,
)
from custom_components.miner_monitor.control.overrides import Kind
from custom_components.miner_monitor.control.rules import (
    Allowed,
    heat_of,
    raising,
    require_cool,
)
from custom_components.miner_monitor.miners.errors import Outcome
from custom_components.miner_monitor.miners.model import (
    Alarm,
    Changes,
    Limits,
    MinerState,
    MinerStatus,
    Setting,
    SettingRange,
    TripPoints,
)

from .reconciling import (
    AUTO,
    FAN,
    FIXED,
    GAMMA,
    GAMMA_SETTINGS,
    MINING,
    MODE,
    NANO,
    NANO_SETTINGS,
    OLD_GAMMA,
    Case,
    F,
    V,
    asks,
    told,
    writes,
)
from .rig import RUNNING, Rig, now, outcomes, run

TRIPS = TripPoints(chip=75, vr=105)
LIMITS = replace(GAMMA.limits, trip_points=TRIPS)
OVERHEATED = HotPart.OVERHEATED


def state(**values: Any) -> MinerState:
    """Return a state that is cool but for these."""
    cool = {"chip_temperature": 60.0, "vr_temperature": 70.0}
    return MinerState(
        **{"status": MinerStatus.HASHING, "settings": GAMMA_SETTINGS, **cool, **values}
    )


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({}, None),
        ({"chip_temperature": 71.9}, None),
        ({"chip_temperature": 72.0}, HotPart.CHIP),
        ({"chip_temperature_2": 72.0}, HotPart.CHIP),
        ({"vr_temperature": 101.9}, None),
        ({"vr_temperature": 102.0}, HotPart.VR),
        ({"chip_temperature": None, "vr_temperature": None}, None),
        ({"chip_temperature": None, "vr_temperature": 103.0}, HotPart.VR),
        ({"status": MinerStatus.OVERHEATED}, OVERHEATED),
        ({"status": MinerStatus.OVERHEATED, "chip_temperature": None}, OVERHEATED),
        ({"status": MinerStatus.OVERHEATED, "chip_temperature": 30.0}, OVERHEATED),
        ({"overheating": True, "status": MinerStatus.FAULT}, OVERHEATED),
        ({"overheating": False}, None),
        ({"status": MinerStatus.FAULT}, None),
        ({"status": MinerStatus.PAUSED, "chip_temperature": None}, None),
    ],
)
def test_what_counts_as_heat(values: dict[str, Any], part: HotPart | None) -> None:
    """The device says so, or a part is within 3 °C of where it switches off."""
    found = heat_of(LIMITS, state(**values))
    assert (None if found is None else found.part) is part


@pytest.mark.parametrize(
    ("trips", "values", "hot"),
    [
        (TripPoints(), {"chip_temperature": 99.0, "vr_temperature": 140.0}, False),
        (TripPoints(), {"status": MinerStatus.OVERHEATED}, True),
        (TripPoints(chip=70), {"chip_temperature": 67.0}, True),
        (TripPoints(chip=70), {"vr_temperature": 140.0}, False),
        (TripPoints(vr=80), {"vr_temperature": 77.0}, True),
    ],
)
def test_a_trip_point_that_is_not_known(
    trips: TripPoints, values: dict[str, Any], hot: bool
) -> None:
    """Then only what the device says itself counts, where nothing is critical."""
    limits = replace(LIMITS, trip_points=trips, chip_temperature=None)
    found = heat_of(limits, state(**values))
    assert (found is not None) is hot


@pytest.mark.parametrize(
    ("chip", "part"), [(109.9, None), (110.0, HotPart.CHIP_LIMIT), (None, None)]
)
def test_what_is_critical_for_the_board_counts_where_no_trip_point_is_known(
    chip: float | None, part: HotPart | None
) -> None:
    """An Avalon at 115 °C takes no higher mode, whatever its firmware does."""
    limits = Limits(chip_temperature=Alarm(warn=105, critical=110))
    found = heat_of(limits, state(chip_temperature=chip))
    assert (None if found is None else found.part) is part
    known = replace(limits, trip_points=TripPoints(chip=120))
    assert heat_of(known, state(chip_temperature=chip)) is None


def test_values_of_heat() -> None:
    """The error can tell how hot it is, and what is too hot."""
    assert heat_of(LIMITS, state(chip_temperature=73.2)) == Heat(
        part=HotPart.CHIP, temperature=73.2, trip_point=75
    )


@pytest.mark.parametrize(
    ("values", "hot"),
    [
        ({"chip_temperature": 30.0}, False),
        ({"chip_temperature": None, "vr_temperature": None}, False),
        ({"chip_temperature": 73.0}, True),
    ],
)
def test_bringing_back_a_miner_that_is_stuck(values: dict[str, Any], hot: bool) -> None:
    """Its flag is what has to be got rid of; a hot chip counts all the same."""
    stuck = state(status=MinerStatus.OVERHEATED, overheating=True, **values)
    assert (heat_of(LIMITS, stuck, recovers=True) is not None) is hot
    assert heat_of(LIMITS, stuck) is not None
    crawling = replace(LIMITS, derating=FIXED)
    assert (heat_of(crawling, stuck) is not None) is hot


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({F: 526.0}, (F,)),
        ({F: 525.3}, ()),
        ({F: 100.0}, ()),
        ({V: 1.16}, (V,)),
        ({V: 1.0}, ()),
        ({F: 500.0, V: 1.2}, (V,)),
        ({F: 600.0, V: 1.2}, (F, V)),
        ({F: 500.0, FAN: 10.0, AUTO: False}, ()),
        ({Setting.TARGET_TEMPERATURE: 66.0}, ()),
        ({Setting.MIN_FAN_DUTY_CYCLE: 0.0}, ()),
        ({MINING: True}, ()),
        ({Setting.POOL: 1.0}, ()),
    ],
)
def test_what_raises_set_points(
    changes: Changes, expected: tuple[Setting, ...]
) -> None:
    assert raising(changes, replace(GAMMA_SETTINGS, mining=False)) == expected


@pytest.mark.parametrize(
    ("running", "asked", "raised"),
    [
        ("Medium", "High", True),
        ("Medium", "Low", False),
        ("Medium", "Medium", False),
        ("High", "Medium", False),
        (None, "Medium", True),
        (None, "Low", False),
        ("Strange", "High", True),
        ("Strange", "Low", False),
    ],
)
def test_what_raises_a_mode(running: str | None, asked: str, raised: bool) -> None:
    """From an unknown mode all but the least is more."""
    modes = NANO.limits.settings[MODE].choices
    settings = replace(NANO_SETTINGS, work_mode=running)
    assert bool(raising({MODE: asked}, settings, modes)) is raised


def test_unknown_set_points_are_raised() -> None:
    assert raising({F: 400.0}, replace(GAMMA_SETTINGS, frequency=None)) == (F,)


def allowed(heat: Heat | None, recovery: Changes | None = None) -> Allowed:
    return Allowed(LIMITS, {}, expert=False, heat=heat, recovery=recovery or {})


HOT = Heat(part=HotPart.CHIP, temperature=73.0, trip_point=75)


def test_refused() -> None:
    """Nothing was sent, and the error names what was asked and why not."""
    with pytest.raises(HeatError) as caught:
        require_cool({F: 500.0, V: 1.2}, GAMMA_SETTINGS, allowed(HOT))
    assert (caught.value.setting, caught.value.asked) == (V, 1.2)
    assert caught.value.heat is HOT
    assert caught.value.outcome is Outcome.NOT_SENT
    require_cool({F: 500.0, V: 1.1}, GAMMA_SETTINGS, allowed(HOT))
    require_cool({F: 600.0, V: 1.2}, GAMMA_SETTINGS, allowed(None))


def test_only_what_brings_it_back_is_exempt() -> None:
    """Another value is refused, also while the repair is under way."""
    repair = allowed(HOT, {F: 600.0, V: 1.2})
    require_cool({F: 600.0, V: 1.2}, GAMMA_SETTINGS, repair)
    with pytest.raises(HeatError):
        require_cool({F: 610.0}, GAMMA_SETTINGS, repair)


# At the door, right before it is sent.


class HotRig(Rig):
    """A rig whose miner can get hot under way."""

    hot = False

    def _allowed(self) -> Allowed:
        return Allowed(self.limits, {}, expert=False, heat=HOT if self.hot else None)


def test_what_got_hot_while_a_write_was_held_back() -> None:
    """Heat is judged by the read that comes right before the write."""

    async def scenario() -> None:
        rig = HotRig()
        await rig.apply(frequency=530.0)
        await rig.poll(3)
        call = rig.call(frequency=600.0, core_voltage=1.1, fan_duty_cycle=50.0)
        await rig.poll(5)

        def hot() -> None:
            rig.hot = True

        rig.miner.on_read = hot
        await rig.poll(10)

        (error,) = outcomes([call])
        assert isinstance(error, PartialError)
        assert [type(reason) for reason in error.failures.values()] == [HeatError]
        assert error.changes == {F: 600.0}
        assert error.taken == {V: 1.1, FAN: 50.0}
        sent = {
            key: value for body in rig.miner.bodies[1:] for key, value in body.items()
        }
        assert sent == {V: 1.1, FAN: 50.0}

    run(scenario)


def test_hot_when_it_is_asked() -> None:
    """It is refused at once, and nothing is read for it."""

    async def scenario() -> None:
        rig = HotRig()
        rig.hot = True
        rig.door.observe(RUNNING)
        with pytest.raises(HeatError):
            await rig.apply(frequency=600.0)
        assert (now(), rig.miner.bodies, rig.miner.reads) == (0, [], 0)
        await rig.apply(frequency=500.0)
        assert rig.miner.bodies == [{F: 500.0}]

    run(scenario)


# What the reconciler orders by itself waits.

TRIPPING = replace(GAMMA, limits=LIMITS)
TRIPPING_OLD = replace(OLD_GAMMA, limits=replace(OLD_GAMMA.limits, trip_points=TRIPS))
PROFILE = {F: 400.0, V: 1.0}


def test_a_temporary_profile_ends_when_it_is_cool() -> None:
    """Nobody is told of a refusal: it comes back later."""
    case = Case(TRIPPING)
    case.lend(PROFILE, 60)
    case.become(chip_temperature=73.0)
    case.wait(60)
    for _ in range(20):
        assert writes(case.poll()) == []
    case.become(chip_temperature=70.0)
    orders = case.poll()
    case.obey(orders)
    assert (case.state.settings.frequency, case.state.settings.core_voltage) == (
        525,
        1.15,
    )


def test_a_profile_that_was_more_ends_while_it_is_hot() -> None:
    """To go down is never put off."""
    case = Case(TRIPPING)
    case.lend({F: 600.0, V: 1.2}, 60)
    case.become(chip_temperature=73.0)
    case.wait(60)
    case.obey(case.poll())
    assert case.state.settings.frequency == 525


# What an overheat leaves behind.


def test_an_overheat_at_100_mhz_goes_up() -> None:
    """Firmware then sets 400 MHz: that is its doing, and nobody's wish."""
    case = Case(with_derating(TRIPPING), point(100, 1.05))
    case.become(status=MinerStatus.OVERHEATED, overheating=True)
    case.poll()
    case.become(status=MinerStatus.HASHING, overheating=False, chip_temperature=40.0)
    case.set(frequency=400, core_voltage=0.95, auto_fan=False, fan_duty_cycle=100)
    orders = case.poll()

    changed = {"frequency": [100, 400], "core_voltage": [1.05, 0.95]}
    assert [details for _, details in told(orders)] == [changed]
    assert case.shown.derated is True
    assert case.reconciler.restore_changes(lower=False) == {F: 100, V: 1.05, AUTO: True}


@pytest.mark.parametrize(
    ("before", "after", "derated"),
    [
        ((100, 1.0), (400, 0.9), True),
        ((80, 1.1), (400, 1.0), True),
        ((200, 1.1), (400, 0.9), True),
        ((1060 / 2, 1.06), (430, 0.96), True),
        ((530, 0.98), (430, 0.88), True),
        ((100, 1.1), (400, 1.1), False),
        ((100, 1.1), (400, 1.2), False),
        ((200, 1.1), (400, 1.0), False),
        ((101, 1.1), (400, 1.0), False),
    ],
)
def test_the_rule_of_the_firmware(
    before: tuple[float, float], after: tuple[float, float], derated: bool
) -> None:
    """Steps of 100 MHz and 100 mV without an end; from 100 MHz on up to 400."""
    case = Case(with_derating(TRIPPING), point(*before))
    case.set(
        frequency=after[0], core_voltage=after[1], auto_fan=False, fan_duty_cycle=100
    )
    case.poll()
    assert case.shown.derated is derated


def test_below_the_regulator_is_nobodys_wish() -> None:
    """It is shown as reported; what comes back ends at the least that is possible."""
    case = Case(with_derating(TRIPPING), point(425, 0.96))
    case.polls(3)
    assert case.state.settings.core_voltage == 0.96
    assert V not in case.reconciler.memory.observed.values
    case.lend(PROFILE, 60)
    assert case.intents["temporary"]["before"]["core_voltage"] == 1.0
    case.wait(60)
    case.obey(case.poll())
    assert case.state.settings.core_voltage == 1.0


def test_a_step_lower_stops_at_the_regulator() -> None:
    case = Case(with_derating(TRIPPING), point(525, 1.0))
    case.set(frequency=425, core_voltage=0.9, auto_fan=False, fan_duty_cycle=100)
    case.become(chip_temperature=40.0)
    case.poll()
    assert case.reconciler.restore_changes(lower=True)[V] == 1.0


def test_saving_power_goes_on_after_an_overheat() -> None:
    """Firmware that raised the frequency is told again, as soon as it is cool."""
    case = Case(with_derating(TRIPPING_OLD))
    case.throttle(True)
    case.polls(2)
    saving = case.state.settings
    assert (saving.frequency, saving.core_voltage) == (100, 1.0)
    case.become(status=MinerStatus.OVERHEATED, overheating=True)
    case.poll()
    case.set(frequency=400, core_voltage=0.9, auto_fan=False, fan_duty_cycle=100)
    assert asks(case.poll()) != []
    case.polls(20)
    case.restart()
    assert writes(case.poll()) == []
    assert case.saving(True) == {F: 100, V: 1.0}

    case.become(status=MinerStatus.HASHING, overheating=False, chip_temperature=40.0)
    case.obey(case.poll())
    case.polls(3)
    lowest = case.state.settings
    assert (lowest.frequency, lowest.core_voltage) == (100, 1.0)
    assert case.shown.saving_power is True
    assert case.shown.derated is False
    case.throttle(False)
    assert case.state.settings.frequency == 525


def with_derating(identity: Any) -> Any:
    """Let it overheat as AxeOS does since 2.11, down to 100 MHz."""
    limits: Limits = identity.limits
    assert limits.derating is not None
    settings = dict(limits.settings)
    settings[F] = replace(settings[F], minimum=100, lowest=100)
    settings[V] = replace(settings[V], lowest=1.0, highest=2.0)
    derating = replace(limits.derating, restart_frequency=400)
    return replace(
        identity, limits=replace(limits, settings=settings, derating=derating)
    )


def point(frequency: float, core_voltage: float) -> Any:
    return replace(GAMMA_SETTINGS, frequency=frequency, core_voltage=core_voltage)


# One operating point down.


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ((525, 1.15), {F: 490, V: 1.1}),
        ((525, 1.0), {F: 490}),
        ((525, 0.96), {F: 490}),
        ((400, 1.0), {F: 375}),
        ((110, 1.0), {F: 100}),
        ((100, 1.0), {}),
        ((850, 1.28), {F: 625, V: 1.25}),
    ],
)
def test_the_next_operating_point(
    settings: tuple[float, float], expected: Changes
) -> None:
    """The next lower presets, or 25 MHz and 20 mV, to 100 MHz and the regulator's."""
    assert step_of(Case(with_derating(TRIPPING), point(*settings))) == expected


@pytest.mark.parametrize(
    ("mode", "expected"), [("High", "Medium"), ("Medium", "Low"), ("Low", None)]
)
def test_the_next_work_mode(mode: str, expected: str | None) -> None:
    """A device that has modes, and tells where it trips, goes down by one."""
    limits = replace(NANO.limits, trip_points=TRIPS)
    case = Case(replace(NANO, limits=limits), replace(NANO_SETTINGS, work_mode=mode))
    assert step_of(case) == ({} if expected is None else {MODE: expected})


def test_a_mode_that_needs_a_restart_is_no_help() -> None:
    settings = {**NANO.limits.settings, F: SettingRange(minimum=100, maximum=600)}
    settings[MODE] = replace(settings[MODE], live=False)
    limits = replace(NANO.limits, trip_points=TRIPS, settings=settings)
    case = Case(replace(NANO, limits=limits), replace(NANO_SETTINGS, frequency=500))
    assert step_of(case) == {F: 475}


def step_of(case: Case) -> Changes:
    """Return what protection writes first; to save power is no step."""
    case.reconciler.protect = True
    case.become(chip_temperature=74.0)
    case.polls(2)
    (order,) = writes(case.poll())
    return getattr(order, "changes", {})


def test_a_step_that_is_refused_is_followed_by_saving_power() -> None:
    case = Case(TRIPPING)
    case.reconciler.protect = True
    case.become(chip_temperature=74.0)
    case.polls(2)
    (step,) = writes(case.poll())
    case.reconciler.begin_step(step.changes)
    case.reconciler.cancel(Kind.PROTECTION)
    case.reconciler.failed(step, Outcome.REFUSED)
    case.polls(2)
    (saving,) = writes(case.poll())
    assert getattr(saving, "on", None) is True


def test_a_step_that_never_comes_back_is_given_up() -> None:
    """What the miner refuses three times is left, and told."""
    case = Case(TRIPPING)
    case.reconciler.protect = True
    case.become(chip_temperature=74.0)
    case.polls(2)
    case.obey(case.poll())
    case.become(chip_temperature=50.0)
    case.wait(600)
    for _ in range(3):
        (order,) = writes(case.poll())
        assert order.changes == {F: 525, V: 1.15}
        case.reconciler.overrides[Kind.PROTECTION].begin_end()
        case.reconciler.overrides[Kind.PROTECTION].cancel_end()
        case.reconciler.failed(order, Outcome.REFUSED)
        assert writes(case.poll()) == []
    assert case.intents["lowered"] is None
    case.wait(600)
    assert writes(case.poll()) == []


def test_a_day_later_a_user_is_asked() -> None:
    """What was before a step is offered, as after an old temporary profile."""
    case = Case(TRIPPING)
    case.reconciler.protect = True
    case.become(chip_temperature=74.0)
    case.polls(2)
    case.obey(case.poll())
    case.become(chip_temperature=50.0)
    case.restart(away=2 * 24 * 3600.0)
    case.poll()
    assert case.intents["lowered"] is None
    assert case.intents["temporary"]["before"] == {
        "frequency": 525,
        "core_voltage": 1.15,
    }
