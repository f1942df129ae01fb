"""Nothing that the hardware does not endure is stored, offered or accepted."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
import json
import math
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.miner_monitor.control.errors import (
    ChangeError,
    ControlError,
    ControlFault,
    ProfileError,
    Refusal,
)
from custom_components.miner_monitor.control.reconciler import IntentReconciler
from custom_components.miner_monitor.control.rules import (
    Allowed,
    Beliefs,
    bounded,
    clamped,
)
from custom_components.miner_monitor.miners.events import Moment
from custom_components.miner_monitor.miners.model import (
    Changes,
    Limits,
    MinerReading,
    MinerSettings,
    MinerState,
    MinerStatus,
    Setting,
    SettingRange,
)
from tests.lengths import examples
from tests.miners import avalon_polls, replies

from .reconciling import GAMMA, GAMMA_SETTINGS, OLD_GAMMA, Case, F, V, dumped, loaded

FAN, LEAST_FAN = Setting.FAN_DUTY_CYCLE, Setting.MIN_FAN_DUTY_CYCLE
TARGET, HEAT = Setting.TARGET_TEMPERATURE, Setting.HEATING_TEMPERATURE

type Ends = Mapping[Setting, tuple[float, float]]

STOCK: Ends = {
    F: (100, 1200),
    V: (1.0, 1.4),
    FAN: (0, 100),
    LEAST_FAN: (0, 99),
    TARGET: (35, 66),
}
NERDOS: Ends = {**STOCK, V: (1.005, 1.4), TARGET: (30, 80)}
ANY: Ends = {**STOCK, V: (0.8, 1.5), TARGET: (0, 100)}
"""Of a device that takes no such setting, and says what it runs all the same."""

HEATER: Ends = {FAN: (15, 100), TARGET: (50, 90), HEAT: (20, 50)}

ABSURD = st.one_of(
    st.sampled_from(
        (0, -1, -5.5, 99, 121, 300, 1201, 1401, 3000, 65_535, 9e9, 1e308, 10**40)
    ),
    st.sampled_from((math.nan, math.inf, -math.inf, True, False, None, "", "much")),
    st.sampled_from(("1e400", "-1", "nan", "5000", "0x7f", [], {}, [5000], {"a": 1})),
    st.integers(),
    st.floats(),
)
LISTS = st.one_of(ABSURD, st.lists(ABSURD, max_size=5))
POLLS = st.sampled_from((1, 3, 20))

_SETTINGS_OF_INFO = (
    *("frequency", "coreVoltage", "autofanspeed", "fanspeed", "manualFanSpeed"),
    *("minFanSpeed", "temptarget", "pidTargetTemp", "overheat_temp"),
)
_LIMITS_OF_ASIC = (
    *("frequencyOptions", "voltageOptions", "defaultFrequency", "defaultVoltage"),
    *("absMaxFrequency", "absMaxVoltage", "ecoFrequency", "ecoVoltage"),
)
_SETTINGS_OF_BLOB = ("WORKMODE", "WORKLEVEL", "TarT", "Limitemp", "LEDUser", "LcdOnoff")
_ASIC = {
    "frequencyOptions": [400, 525, 600],
    "voltageOptions": [1100, 1150, 1200],
    "defaultFrequency": 525,
    "defaultVoltage": 1150,
}


class Watched:
    """A reconciler whose miner says anything, looked at after each poll."""

    def __init__(self, ends: Ends, reading: MinerReading) -> None:
        """Begin with a good poll."""
        self._ends = ends
        self.reconciler = IntentReconciler(reading.identity)
        self._now = 1_795_000_000.0
        self.poll(reading)

    def poll(self, reading: MinerReading) -> None:
        """Show it a poll, and look at what became of it."""
        self._now += 15
        self.reconciler.observe(
            reading.identity,
            reading.state,
            Moment(self._now, self._now, ""),
            busy=False,
        )
        self.look(reading)

    def live(self, reading: MinerReading) -> None:
        """Let a user do at this poll all that keeps settings."""
        with suppress(ChangeError, ProfileError):
            self.reconciler.save_profile("Mine")
        with suppress(ControlError):
            self.reconciler.begin_temporary(
                {F: 500.0, FAN: 50.0}, 60, Moment(self._now, self._now, "")
            )
        self.reconciler.begin_saving()
        self.look(reading)
        self.poll(reading)

    def look(self, reading: MinerReading) -> None:
        """Hold all that is kept and offered against the ends."""
        kept = dumped(self.reconciler, self._now, self._now)
        stored = json.loads(json.dumps({**kept["rest"], **kept["intents"]}))
        offered = reading.identity.limits.settings
        for setting, value in _numbers(stored):
            ends = self._ends if setting in offered else ANY
            assert 0 <= value <= ends[setting][1], (setting, stored)
        for part in ("observed", "profiles"):
            for setting, value in _numbers(stored[part]):
                assert value >= self._ends[setting][0], (setting, stored)
        for expert in (False, True):
            limits = reading.identity.limits
            allowed = Allowed(
                limits, self.reconciler.memory.observed.values, expert=expert
            )
            self._look_at(allowed, reading.state.settings)

    def _look_at(self, allowed: Allowed, reported: MinerSettings) -> None:
        for setting, (low, high) in self._ends.items():
            offered = allowed.range_of(setting, reported.get(setting))
            if offered is None:
                continue
            assert low <= offered.minimum <= offered.maximum <= high
            assert all(low <= option <= high for option in offered.options)
            assert offered.default is None or low <= offered.default <= high
            told = reported.get(setting)
            for value in (low - 1e-6, high + 1e-6, 9e9, told):
                if isinstance(value, int | float) and not low <= value <= high:
                    with pytest.raises(ChangeError):
                        allowed.check({setting: value})


def _numbers(data: Any) -> Iterator[tuple[Setting, float]]:
    """Find every number that is kept under the name of a setting."""
    if not isinstance(data, dict):
        return
    for key, value in data.items():
        values = value if isinstance(value, list) else [value]
        if key in set(Setting) and key != Setting.POOL:
            for item in values:
                if isinstance(item, int | float) and not isinstance(item, bool):
                    yield Setting(key), item
        yield from _numbers(value)


def story(
    ends: Ends, good: list[MinerReading], bad: list[MinerReading], after: MinerReading
) -> None:
    """Let good polls be followed by bad ones, with and without a user about."""
    for busy in (False, True):
        watched = Watched(ends, good[0])
        for reading in good:
            watched.poll(reading)
        for reading in bad:
            watched.poll(reading)
        if busy:
            watched.live(bad[-1])
        for _ in range(4):
            watched.poll(after)


@examples(25, 100)
@given(
    st.sampled_from(
        ((replies.GAMMA_214, STOCK), (replies.GAMMA, STOCK), (replies.NERD, NERDOS))
    ),
    st.dictionaries(st.sampled_from(_SETTINGS_OF_INFO), ABSURD, min_size=1, max_size=3),
    POLLS,
)
def test_absurd_settings_of_an_axeos(
    board: tuple[dict[str, Any], Ends], absurd: dict[str, Any], polls: int
) -> None:
    """Whatever a reply says of its settings, once, three times or for minutes."""
    info, ends = board
    device = replies.Device(_ASIC)
    info = info | {"autofanspeed": 0}
    good = [device.says(info) for _ in range(3)]
    bad = [device.says(info | absurd) for _ in range(polls)]
    story(ends, good, bad, device.says(info))


@examples(25, 100)
@given(
    st.sampled_from(((replies.GAMMA_214, STOCK), (replies.NERD, NERDOS))),
    st.dictionaries(st.sampled_from(_LIMITS_OF_ASIC), LISTS, min_size=1, max_size=4),
    st.sampled_from((525, 900, 1199, 1300, 9000)),
    st.sampled_from((700, 1150, 1350, 1450, 3000)),
)
def test_absurd_limits_of_an_axeos(
    board: tuple[dict[str, Any], Ends],
    absurd: dict[str, Any],
    frequency: float,
    voltage: float,
) -> None:
    """Whatever a reply says of its limits, beside settings of any kind."""
    info, ends = board[0], {**board[1], F: (50, 1200)}
    device = replies.Device(_ASIC | absurd)
    info = info | {"frequency": frequency, "coreVoltage": voltage}
    readings = [device.says(info) for _ in range(4)]
    story(ends, readings, readings, readings[-1])


@examples(25, 100)
@given(
    st.dictionaries(
        st.sampled_from(_SETTINGS_OF_BLOB),
        ABSURD.map(str) | st.text("0123456789- .", max_size=12),
        min_size=1,
    ),
    POLLS,
)
def test_absurd_settings_of_an_avalon(absurd: dict[str, str], polls: int) -> None:
    """The same of a blob, in which all is text."""
    listed = ("workmode", "worklevel", "target-temp", "limittemp", "fan-spd", "lcd")
    device = avalon_polls.Device(commands=frozenset((*listed, "softon", "softoff")))
    blob = {**avalon_polls.MINI_3, "Limitemp": "30"}
    good = [device.says(blob) for _ in range(3)]
    assert {TARGET, HEAT, FAN} <= good[-1].identity.limits.settings.keys()
    bad = [device.says({**blob, **absurd}) for _ in range(polls)]
    story(HEATER, good, bad, device.says(blob))


@given(
    st.dictionaries(
        st.sampled_from([setting.value for setting in STOCK]),
        ABSURD | st.lists(ABSURD, max_size=3),
    )
)
def test_absurd_values_of_a_store(values: dict[str, Any]) -> None:
    """What was stored by whomever is neither offered nor accepted."""
    reading = replies.read(replies.GAMMA_214, _ASIC)
    stored = IntentReconciler(reading.identity).memory.dump(0.0)
    stored["observed"] = {"values": values}
    stored["profiles"] = {"made": True, "saved": {"Old": values}}
    reconciler = loaded(reading.identity, {"rest": stored}, 0.0)
    for expert in (False, True):
        allowed = Allowed(
            reading.identity.limits, reconciler.memory.observed.values, expert=expert
        )
        for setting, (low, high) in STOCK.items():
            offered = allowed.range_of(setting)
            assert offered is not None
            assert low <= offered.minimum <= offered.maximum <= high
        if "Old" in reconciler.memory.profiles.saved:
            written, _ = clamped(reconciler.profile_changes("Old"), allowed)
            allowed.check(written)
            for setting in written.keys() & STOCK.keys():
                low, high = STOCK[setting]
                value = written[setting]
                assert isinstance(value, int | float)
                assert low <= value <= high


WILD = SettingRange(
    minimum=-50,
    maximum=9e9,
    options=(10, 400, 625, 4000),
    default=5000,
    expert_maximum=1e12,
)


def test_a_range_of_any_origin_ends_where_the_hardware_does() -> None:
    """Limits that were stored once are no better than a reply."""
    found = bounded(F, WILD)

    assert (found.minimum, found.maximum) == (50, 1200)
    assert (found.options, found.default) == ((400, 625), None)
    assert found.expert_maximum == 1200
    assert bounded(F, found) is found
    far = bounded(F, replace(WILD, minimum=5000, options=()))
    assert (far.minimum, far.maximum) == (1200, 1200)


def test_limits_of_any_origin_allow_what_the_hardware_endures() -> None:
    """Neither by their range nor by what was adopted, nor by how it is rounded."""
    adopted = {F: (1200.0, 4000.0, 1.0)}
    for expert in (False, True):
        wild = Allowed(Limits(settings={F: WILD}), adopted, expert=expert)
        offered = wild.range_of(F, 8000.0)
        assert offered is not None
        assert (offered.minimum, offered.maximum) == (50, 1200)
        wild.check({F: 1200.0})
        for value in (1200.4, 4000.0, 8000.0, 49.0, 1.0):
            with pytest.raises(ChangeError):
                wild.check({F: value})
            assert clamped({F: value}, wild)[0] == {F: 1200 if value > 1000 else 50}


def test_first_profiles_are_made_of_what_the_hardware_endures() -> None:
    """Neither the end of a wild list nor its default becomes a profile."""
    limits = replace(
        GAMMA.limits,
        settings={
            **GAMMA.limits.settings,
            F: WILD,
            V: replace(WILD, minimum=1.0, options=(1.1, 2.0), highest=1.4),
        },
    )
    case = Case(replace(GAMMA, limits=limits))

    assert case.reconciler.memory.profiles.saved == {"eco": {F: 400, V: 1.1}}


def test_values_beyond_new_limits_are_kept_and_not_sent() -> None:
    """A list that is lost for a while costs nobody what was saved before."""
    case = Case(GAMMA, replace(GAMMA_SETTINGS, frequency=850, core_voltage=1.28))
    case.polls(3)
    case.reconciler.save_profile("Fast")
    fast: Changes = {F: 850, V: 1.28}
    wide = case.identity.limits
    narrow = {F: SettingRange(minimum=400, maximum=600, highest=700)}
    case.identity = replace(
        case.identity,
        limits=replace(wide, settings={**wide.settings, **narrow}),
    )
    case.polls(3)

    kept = {key: case.reconciler.memory.profiles.saved["Fast"][key] for key in fast}
    assert kept == fast
    now = Allowed(
        case.identity.limits, case.reconciler.memory.observed.values, expert=True
    )
    with pytest.raises(ChangeError):
        now.check(fast)
    assert clamped(fast, now) == ({F: 600, V: 1.28}, {F: 850})
    before = Allowed(wide, case.reconciler.memory.observed.values, expert=False)
    assert clamped(fast, before) == (fast, {})


@pytest.mark.parametrize(
    "settings",
    [{"frequency": 5000.0}, {"core_voltage": 1.6}, {"frequency": 20.0}],
)
def test_no_profile_is_made_of_what_cannot_be(settings: dict[str, float]) -> None:
    """The rest alone would not be what the miner runs, so nothing is saved."""
    case = Case()
    case.set(**settings)
    case.poll()
    with pytest.raises(ChangeError) as caught:
        case.reconciler.save_profile("Mine")

    assert caught.value.refusal is Refusal.OUT_OF_RANGE
    assert "Mine" not in case.reconciler.memory.profiles.saved


def test_a_profile_leaves_out_a_target_that_cannot_be_set() -> None:
    case = Case()
    case.set(target_temperature=70, min_fan_duty_cycle=100)
    case.poll()
    case.reconciler.save_profile("Mine")

    kept = case.reconciler.profile_changes("Mine")
    assert {F, V} <= kept.keys()
    assert not kept.keys() & {TARGET, LEAST_FAN}


def test_what_was_before_is_not_taken_from_an_absurd_poll() -> None:
    """Saving power and a temporary profile begun just then bring nothing back."""
    case = Case(OLD_GAMMA)
    case.set(frequency=5000.0, core_voltage=2.0)
    case.poll()
    with pytest.raises(ControlError) as caught:
        case.lend({F: 500.0, V: 1.1}, 60)
    assert caught.value.kind is ControlFault.NOTHING_KNOWN
    assert case.saving(True)
    case.reconciler.begin_saving()
    case.wait(120)

    for kept in (*case.poll(), dumped(case.reconciler, case.wall)):
        assert "5000.0" not in str(kept)


def state(**values: Any) -> MinerState:
    return MinerState(
        status=MinerStatus.HASHING, settings=replace(GAMMA_SETTINGS, **values)
    )


@pytest.mark.parametrize(
    ("field", "value", "believed"),
    [
        ("frequency", 1200.0, True),
        ("frequency", 50.0, True),
        ("frequency", 1200.5, False),
        ("frequency", -1.0, False),
        ("frequency", math.nan, False),
        ("frequency", True, False),
        ("frequency", None, True),
        ("core_voltage", 1.4, True),
        ("core_voltage", 1.45, False),
        ("fan_duty_cycle", 101.0, False),
        ("target_temperature", 67.0, False),
    ],
)
def test_beliefs(field: str, value: Any, believed: bool) -> None:
    """What cannot be is unknown; what firmware falls back to is believed."""
    told = state(**{field: value})
    found = Beliefs().of(GAMMA.limits, told)

    assert (found is told) is believed
    if not believed:
        assert found == state(**{field: None})


def test_beliefs_are_the_same_for_the_same_settings() -> None:
    """What is compared by identity later stays identical."""
    beliefs, told = Beliefs(), state(frequency=5000.0)
    first, second = (beliefs.of(GAMMA.limits, told) for _ in range(2))

    assert first.settings is second.settings
    assert beliefs.reported is told.settings
    assert beliefs.of(Limits(), told) is told
