"""Which values are allowed, which are the same, and which cannot wait."""

from types import MappingProxyType

from hypothesis import given, strategies as st
import pytest

from custom_components.miner_monitor.control.errors import ChangeError, Refusal
from custom_components.miner_monitor.control.rules import (
    Allowed,
    clamped,
    effective,
    is_urgent,
)
from custom_components.miner_monitor.control.values import (
    same,
)
from custom_components.miner_monitor.miners.model import (
    SWITCH,
    Light,
    Limits,
    MinerSettings,
    Setting,
    SettingRange,
    SettingValue,
)

MODES = ("eco", "standard", "super")
FREQUENCY = SettingRange(
    minimum=100,
    maximum=625,
    options=(400, 525, 625),
    default=525,
    expert_maximum=1000,
    lowest=50,
)
LIMITS = Limits(
    settings=MappingProxyType(
        {
            Setting.MINING: SWITCH,
            Setting.AUTO_FAN: SWITCH,
            Setting.FREQUENCY: FREQUENCY,
            Setting.CORE_VOLTAGE: SettingRange(minimum=1.0, maximum=1.25, step=0.001),
            Setting.FAN_DUTY_CYCLE: SettingRange(maximum=100),
            Setting.WORK_MODE: SettingRange(choices=MODES),
            Setting.LIGHT: SettingRange(choices=("steady", "breath")),
            Setting.POOL: SettingRange(minimum=0, maximum=2),
        }
    )
)
ADOPTED = {Setting.FREQUENCY: (850.0, 90.0), Setting.CORE_VOLTAGE: (1.28,)}


def allowed(*, expert: bool = False, adopted: bool = True) -> Allowed:
    return Allowed(LIMITS, ADOPTED if adopted else {}, expert=expert)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (Setting.MINING, True),
        (Setting.MINING, False),
        (Setting.FREQUENCY, 100),
        (Setting.FREQUENCY, 625.0),
        (Setting.FREQUENCY, 850),
        (Setting.FREQUENCY, 849.5),
        (Setting.FREQUENCY, 90),
        (Setting.CORE_VOLTAGE, 1.28),
        (Setting.CORE_VOLTAGE, 1.2795),
        (Setting.WORK_MODE, "eco"),
        (Setting.POOL, 2),
        (Setting.POOL, 1.0),
        (Setting.LIGHT, Light(on=False)),
        (
            Setting.LIGHT,
            Light(
                on=True, effect="breath", brightness=0, warmth=100, color=(0, 0, 255)
            ),
        ),
    ],
)
def test_values_that_a_device_can_take(setting: Setting, value: SettingValue) -> None:
    allowed().check({setting: value})


@pytest.mark.parametrize(
    ("setting", "value", "refusal"),
    [
        (Setting.DISPLAY, True, Refusal.NOT_OFFERED),
        (Setting.TARGET_TEMPERATURE, 60, Refusal.NOT_OFFERED),
        (Setting.FREQUENCY, 99.9, Refusal.OUT_OF_RANGE),
        (Setting.FREQUENCY, 625.1, Refusal.OUT_OF_RANGE),
        (Setting.FREQUENCY, 849, Refusal.OUT_OF_RANGE),
        (Setting.FREQUENCY, 700, Refusal.OUT_OF_RANGE),
        (Setting.FREQUENCY, float("nan"), Refusal.OUT_OF_RANGE),
        (Setting.FREQUENCY, float("inf"), Refusal.OUT_OF_RANGE),
        (Setting.FREQUENCY, float("-inf"), Refusal.OUT_OF_RANGE),
        (Setting.FREQUENCY, 10**400, Refusal.OUT_OF_RANGE),
        (Setting.FREQUENCY, True, Refusal.OUT_OF_RANGE),
        (Setting.FREQUENCY, "525", Refusal.OUT_OF_RANGE),
        (Setting.FREQUENCY, None, Refusal.OUT_OF_RANGE),
        (Setting.FREQUENCY, Light(on=True), Refusal.OUT_OF_RANGE),
        (Setting.CORE_VOLTAGE, 1.279, Refusal.OUT_OF_RANGE),
        (Setting.CORE_VOLTAGE, 1150, Refusal.OUT_OF_RANGE),
        (Setting.POOL, 0.5, Refusal.OUT_OF_RANGE),
        (Setting.POOL, 3, Refusal.OUT_OF_RANGE),
        (Setting.POOL, False, Refusal.OUT_OF_RANGE),
        (Setting.MINING, 1, Refusal.NOT_A_CHOICE),
        (Setting.MINING, "off", Refusal.NOT_A_CHOICE),
        (Setting.WORK_MODE, "turbo", Refusal.NOT_A_CHOICE),
        (Setting.WORK_MODE, 0, Refusal.NOT_A_CHOICE),
        (Setting.WORK_MODE, True, Refusal.NOT_A_CHOICE),
        (Setting.LIGHT, True, Refusal.NOT_A_CHOICE),
        (Setting.LIGHT, Light(on=True, effect="disco"), Refusal.NOT_A_CHOICE),
        (Setting.LIGHT, Light(on=True, brightness=101), Refusal.NOT_A_CHOICE),
        (Setting.LIGHT, Light(on=True, brightness=-1), Refusal.NOT_A_CHOICE),
        (Setting.LIGHT, Light(on=True, brightness=True), Refusal.NOT_A_CHOICE),
        (Setting.LIGHT, Light(on=True, warmth=50.5), Refusal.NOT_A_CHOICE),
        (Setting.LIGHT, Light(on=True, color=(0, 0, 256)), Refusal.NOT_A_CHOICE),
        (Setting.LIGHT, Light(on=True, color=(0, 0)), Refusal.NOT_A_CHOICE),
        (Setting.LIGHT, Light(on=True, color=(0, 0, None)), Refusal.NOT_A_CHOICE),
        (Setting.LIGHT, Light(on=None), Refusal.NOT_A_CHOICE),
    ],
)
def test_values_that_a_device_cannot_take(
    setting: Setting, value: SettingValue, refusal: Refusal
) -> None:
    with pytest.raises(ChangeError) as caught:
        allowed().check({Setting.MINING: True, setting: value})

    assert (caught.value.refusal, caught.value.setting) == (refusal, setting)
    assert caught.value.asked is value
    offered = LIMITS.settings.get(setting)
    assert (caught.value.allowed is None) == (offered is None)


def test_an_expert_may_ask_for_more() -> None:
    changes = {Setting.FREQUENCY: 1000.0}
    allowed(expert=True).check(changes)

    with pytest.raises(ChangeError):
        allowed().check(changes)
    with pytest.raises(ChangeError):
        allowed(expert=True).check({Setting.FREQUENCY: 1000.5})
    with pytest.raises(ChangeError):
        allowed(expert=True).check({Setting.CORE_VOLTAGE: 1.3})


@pytest.mark.parametrize(
    ("expert", "adopted", "reported", "expected"),
    [
        (False, False, None, (100, 625)),
        (False, False, 700.0, (100, 700)),
        (False, False, 50, (50, 625)),
        (False, True, None, (90, 850)),
        (False, True, 900.0, (90, 900)),
        (True, False, None, (100, 1000)),
        (True, True, 1100, (90, 1100)),
        (False, False, float("nan"), (100, 625)),
        (False, False, True, (100, 625)),
    ],
)
def test_a_range_holds_what_the_device_runs(
    expert: bool,
    adopted: bool,
    reported: SettingValue | None,
    expected: tuple[float, float],
) -> None:
    shown = allowed(expert=expert, adopted=adopted).range_of(
        Setting.FREQUENCY, reported
    )

    assert shown is not None
    assert (shown.minimum, shown.maximum) == expected
    assert (shown.options, shown.default) == (FREQUENCY.options, FREQUENCY.default)


def test_what_is_no_number_has_the_range_of_the_device() -> None:
    assert allowed().range_of(Setting.MINING, False) is SWITCH
    assert allowed().range_of(Setting.DISPLAY) is None
    assert allowed().work_modes == MODES
    assert Allowed(Limits(), {}, expert=True).work_modes == ()


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ({}, {}),
        ({Setting.FREQUENCY: 525.0}, {Setting.FREQUENCY: 525.0}),
        ({Setting.FREQUENCY: 850.0}, {Setting.FREQUENCY: 850.0}),
        ({Setting.FREQUENCY: 900.0}, {Setting.FREQUENCY: 625}),
        ({Setting.FREQUENCY: 700.0}, {Setting.FREQUENCY: 625}),
        ({Setting.FREQUENCY: 20.0}, {Setting.FREQUENCY: 100}),
        ({Setting.FREQUENCY: float("nan")}, {}),
        ({Setting.FREQUENCY: float("inf")}, {}),
        ({Setting.CORE_VOLTAGE: 1.6}, {Setting.CORE_VOLTAGE: 1.25}),
        ({Setting.CORE_VOLTAGE: 0.5}, {Setting.CORE_VOLTAGE: 1.0}),
        ({Setting.FAN_DUTY_CYCLE: 120.0}, {Setting.FAN_DUTY_CYCLE: 100}),
        ({Setting.WORK_MODE: "eco"}, {Setting.WORK_MODE: "eco"}),
        ({Setting.WORK_MODE: "turbo"}, {}),
        ({Setting.AUTO_FAN: False}, {Setting.AUTO_FAN: False}),
        ({Setting.DISPLAY: True}, {}),
        ({Setting.TARGET_TEMPERATURE: 60.0}, {}),
        ({Setting.POOL: 2}, {Setting.POOL: 2}),
        ({Setting.POOL: 3}, {}),
        (
            {Setting.FREQUENCY: 900.0, Setting.AUTO_FAN: True, Setting.DISPLAY: True},
            {Setting.FREQUENCY: 625, Setting.AUTO_FAN: True},
        ),
    ],
)
def test_what_comes_back_is_clamped_into_the_limits_of_now(
    asked: dict[Setting, SettingValue], written: dict[Setting, SettingValue]
) -> None:
    """What can be written is written; the rest is named as it was asked for."""
    fits, differing = clamped(asked, allowed())

    assert fits == written
    assert differing.keys() == {
        key for key in asked if key not in written or written[key] != asked[key]
    }
    assert all(differing[key] is asked[key] for key in differing)
    allowed().check(fits)


def test_an_experts_values_come_back_as_they_were() -> None:
    changes = {Setting.FREQUENCY: 990.0}

    assert clamped(changes, allowed(expert=True)) == (changes, {})
    assert clamped(changes, allowed(expert=False)) == (
        {Setting.FREQUENCY: 625},
        changes,
    )


LIGHT = Light(on=True, effect="steady", brightness=50, warmth=20, color=(1, 2, 3))


@pytest.mark.parametrize(
    ("setting", "asked", "reported", "expected"),
    [
        (Setting.FREQUENCY, 525, 525.0, True),
        (Setting.FREQUENCY, 525, 525.5, True),
        (Setting.FREQUENCY, 525, 524.4, False),
        (Setting.FREQUENCY, 525, None, False),
        (Setting.FREQUENCY, 525, float("nan"), False),
        (Setting.FREQUENCY, 1, True, False),
        (Setting.CORE_VOLTAGE, 1.15, 1.1505, True),
        (Setting.CORE_VOLTAGE, 1.15, 1.1494, False),
        (Setting.FAN_DUTY_CYCLE, 40, 40.5, True),
        (Setting.FAN_DUTY_CYCLE, 40, 41, False),
        (Setting.MIN_FAN_DUTY_CYCLE, 40, 40.6, False),
        (Setting.TARGET_TEMPERATURE, 60, 60.5, True),
        (Setting.HEATING_TEMPERATURE, 30, 29, False),
        (Setting.POOL, 1.0, 1, True),
        (Setting.POOL, 1, 1.4, False),
        (Setting.MINING, True, True, True),
        (Setting.MINING, True, False, False),
        (Setting.MINING, False, 0, False),
        (Setting.WORK_MODE, "eco", "eco", True),
        (Setting.WORK_MODE, "eco", "super", False),
        (Setting.LIGHT, Light(on=True), LIGHT, True),
        (Setting.LIGHT, Light(on=False), LIGHT, False),
        (Setting.LIGHT, Light(on=True, effect="steady"), LIGHT, True),
        (Setting.LIGHT, Light(on=True, effect="breath"), LIGHT, False),
        (Setting.LIGHT, Light(on=True, brightness=51), LIGHT, True),
        (Setting.LIGHT, Light(on=True, brightness=52), LIGHT, False),
        (Setting.LIGHT, Light(on=True, warmth=22), LIGHT, False),
        (Setting.LIGHT, Light(on=True, color=(1, 2, 3)), LIGHT, True),
        (Setting.LIGHT, Light(on=True, color=(1, 2, 4)), LIGHT, False),
        (Setting.LIGHT, Light(on=True, brightness=5), Light(on=True), False),
        (Setting.LIGHT, Light(on=True), True, False),
    ],
)
def test_same(
    setting: Setting,
    asked: SettingValue,
    reported: SettingValue | None,
    expected: bool,
) -> None:
    assert same(setting, asked, reported) is expected


RUNNING = MinerSettings(
    mining=True,
    work_mode="standard",
    frequency=525.0,
    core_voltage=1.15,
    auto_fan=False,
    fan_duty_cycle=60.0,
    min_fan_duty_cycle=25.0,
    target_temperature=60.0,
)
AUTO_FAN = MinerSettings(auto_fan=True, fan_duty_cycle=60.0, frequency=525.0)


@pytest.mark.parametrize(
    ("changes", "settings", "left"),
    [
        ({}, RUNNING, []),
        ({Setting.FREQUENCY: 525.2}, RUNNING, []),
        ({Setting.FREQUENCY: 530}, RUNNING, [Setting.FREQUENCY]),
        ({Setting.FREQUENCY: 525}, MinerSettings(), [Setting.FREQUENCY]),
        (
            {Setting.FREQUENCY: 525, Setting.CORE_VOLTAGE: 1.2},
            RUNNING,
            [Setting.CORE_VOLTAGE],
        ),
        ({Setting.FAN_DUTY_CYCLE: 60}, RUNNING, []),
        ({Setting.FAN_DUTY_CYCLE: 60}, AUTO_FAN, [Setting.FAN_DUTY_CYCLE]),
        ({Setting.AUTO_FAN: True}, AUTO_FAN, []),
    ],
)
def test_what_is_so_already_is_left_out(
    changes: dict[Setting, SettingValue],
    settings: MinerSettings,
    left: list[Setting],
) -> None:
    assert list(effective(changes, settings)) == left


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),
        ({Setting.FREQUENCY: 525}, False),
        ({Setting.FREQUENCY: 500}, True),
        ({Setting.FREQUENCY: 550}, False),
        ({Setting.CORE_VOLTAGE: 1.1}, True),
        ({Setting.FREQUENCY: 500, Setting.CORE_VOLTAGE: 1.2}, False),
        ({Setting.FREQUENCY: 500, Setting.CORE_VOLTAGE: 1.15}, True),
        ({Setting.TARGET_TEMPERATURE: 55}, True),
        ({Setting.TARGET_TEMPERATURE: 65}, False),
        ({Setting.FAN_DUTY_CYCLE: 100}, True),
        ({Setting.FAN_DUTY_CYCLE: 50}, False),
        ({Setting.MIN_FAN_DUTY_CYCLE: 40}, True),
        ({Setting.MIN_FAN_DUTY_CYCLE: 20}, False),
        ({Setting.AUTO_FAN: True}, True),
        ({Setting.MINING: False}, True),
        ({Setting.MINING: False, Setting.FREQUENCY: 600}, False),
        ({Setting.WORK_MODE: "eco"}, True),
        ({Setting.WORK_MODE: "super"}, False),
        ({Setting.WORK_MODE: "unheard of"}, False),
        ({Setting.DISPLAY: True}, False),
        ({Setting.DISPLAY: True, Setting.FREQUENCY: 500}, True),
        ({Setting.HEATING_TEMPERATURE: 20}, False),
    ],
)
def test_what_takes_load_off_is_urgent(
    changes: dict[Setting, SettingValue], expected: bool
) -> None:
    assert is_urgent(changes, RUNNING, MODES) is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({Setting.AUTO_FAN: False}, False),
        ({Setting.AUTO_FAN: False, Setting.FAN_DUTY_CYCLE: 90}, False),
        ({Setting.AUTO_FAN: False, Setting.FAN_DUTY_CYCLE: 100}, True),
        ({Setting.FAN_DUTY_CYCLE: 10, Setting.FREQUENCY: 500}, True),
        ({Setting.MINING: True}, False),
    ],
)
def test_urgency_while_the_device_drives_its_fan(
    changes: dict[Setting, SettingValue], expected: bool
) -> None:
    assert is_urgent(changes, AUTO_FAN) is expected


WEIRD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.builds(
        Light,
        on=st.one_of(st.booleans(), st.none()),
        effect=st.one_of(st.none(), st.text(max_size=3), st.integers()),
        brightness=st.one_of(st.none(), st.integers(), st.floats()),
        color=st.one_of(st.none(), st.tuples(st.integers()), st.text(max_size=3)),
    ),
)


@given(st.sampled_from(Setting), WEIRD, WEIRD)
def test_nothing_weird_is_let_through(
    setting: Setting, value: SettingValue, reported: SettingValue
) -> None:
    """Whatever is asked for ends in a ChangeError or is a value of its range."""
    same(setting, value, reported)
    try:
        allowed().check({setting: value})
    except ChangeError:
        return
    shown = allowed().range_of(setting)
    assert shown is not None
    if isinstance(value, int | float) and not isinstance(value, bool):
        assert shown.minimum <= value <= shown.maximum


@given(st.dictionaries(st.sampled_from(Setting), WEIRD), st.booleans())
def test_what_is_clamped_can_be_written(
    changes: dict[Setting, SettingValue], expert: bool
) -> None:
    """Whatever was kept: what is left of it passes the check, the rest is named."""
    written, differing = clamped(changes, allowed(expert=expert))

    allowed(expert=expert).check(written)
    assert {*written, *differing} == {*changes}
    for setting in changes.keys() - differing.keys():
        assert written[setting] == changes[setting]
