"""What is remembered of a miner, and what is told of it."""

from contextlib import suppress
from dataclasses import replace
import json
import math
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.miner_monitor.control.errors import ControlError
from custom_components.miner_monitor.control.model import (
    Hold,
    Problem,
    RaiseIssue,
    Reason,
    Requester,
    Stop,
)
from custom_components.miner_monitor.control.reconciler import IntentReconciler
from custom_components.miner_monitor.miners.errors import Outcome
from custom_components.miner_monitor.miners.events import Moment
from custom_components.miner_monitor.miners.model import (
    Changes,
    Light,
    MinerIdentity,
    MinerSettings,
    MinerState,
    MinerStatus,
    Setting,
)
from custom_components.miner_monitor.model import EventType

from ..lengths import examples
from .reconciling import (
    AUTO,
    FAN,
    GAMMA,
    GAMMA_SETTINGS,
    MODE,
    NANO,
    OLD_GAMMA,
    POOLS,
    QUIET,
    TODAY,
    Case,
    F,
    V,
    asks,
    dumped,
    loaded,
    settled,
    told,
    writes,
)

DAY = 86_400.0
HOUR = 3600.0


def busy_life(identity: MinerIdentity = OLD_GAMMA) -> Case:
    """Let a reconciler have something of everything to remember."""
    case = Case(identity)
    case.set(frequency=850, core_voltage=1.28)
    case.polls(3)
    case.reconciler.save_profile("Fast")
    case.lend({F: 490.0, V: 1.1}, HOUR)
    case.poll()
    case.lend({AUTO: False, FAN: 80.0}, 2 * HOUR)
    case.throttle(True, Reason.PROTECT)
    case.poll()
    case.heat()
    case.poll()
    case.reconciler.memory.writes.add(TODAY)
    case.reconciler.memory.acted_at = case.wall
    case.reconciler.restart_needed({Setting.POOL: 1})
    overrides = case.reconciler.overrides
    overrides.stop = Stop(since=case.wall, ours=True, by=Requester("Anna"))
    overrides.hold = Hold(until=case.wall + HOUR)
    case.reconciler.ask_power(12.0, Requester("Anna"))
    return case


def reload(case: Case, data: Any, later: float = 0.0) -> IntentReconciler:
    return loaded(case.identity, data, case.wall + later)


# Restarts


@pytest.mark.parametrize("identity", [GAMMA, OLD_GAMMA])
def test_stored_and_read(identity: MinerIdentity) -> None:
    """What was stored is what is stored again."""
    case = busy_life(identity)
    stored = json.loads(json.dumps(dumped(case.reconciler, case.wall)))

    assert dumped(reload(case, stored), case.wall) == stored
    parts = {**stored["rest"], **stored["intents"]}
    assert all(
        parts[part]
        for part in parts
        if part not in ("lowered", "power_target")
        and (part not in ("temporary", "derating") or identity is OLD_GAMMA)
    )


@pytest.mark.parametrize(
    ("age", "kept"),
    [
        (0, True),
        (23 * HOUR, True),
        (-0.9 * HOUR, True),
        (25 * HOUR, False),
        (7 * DAY, False),
        (-2 * HOUR, True),
        (-9 * DAY, True),
    ],
)
def test_backup(age: float, kept: bool) -> None:
    """What is old is not acted on: no write, no event; a clock that is behind is none.

    A clock that lost its time says nothing of the age of what is stored.
    """
    case = busy_life()
    reconciler = reload(case, dumped(case.reconciler, case.wall), age)
    rest = reconciler.memory.dump(case.wall)
    intents = reconciler.overrides.dump(replace(case.now, monotonic=0.0))

    known = (rest["derating"]["baseline"], rest["waiting"])
    assert [bool(part) for part in known] == [kept] * len(known)
    assert intents["lowered"] is None
    known = [intents["throttle"], intents["temporary"]]
    assert [part["old"] for part in known] == [not kept] * len(known)
    assert all(part["before"] for part in known), "nobody else knows it"
    assert set(reconciler.memory.profiles.saved) == {"eco", "default", "high", "Fast"}
    assert reconciler.memory.observed.values == case.reconciler.memory.observed.values
    assert reconciler.show(None, TODAY).setting_writes == 1
    if kept:
        return
    case.reconciler, case.wall = reconciler, case.wall + age
    case.become(settings=replace(GAMMA_SETTINGS, pool=1), uptime=5)
    for _ in range(10):
        assert case.poll() == []


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "x",
        7,
        {},
        {"saved_at": math.nan},
        {"saved_at": "now"},
        {"saved_at": 10**400},
        {"saved_at": True},
    ],
)
def test_nothing_usable_stored(data: Any) -> None:
    """A reconciler without a memory is a new one."""
    case = Case(QUIET, look=False)

    assert dumped(reload(case, data), case.wall) == dumped(
        IntentReconciler(QUIET), case.wall
    )


GARBAGE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=40)
    | st.sampled_from([10**400, -(10**400), "frequency", "Low", "2026-11-20"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*Setting, "until", "before", "saved", "x" * 40]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the way to each value of a dump."""
    if not isinstance(data, dict):
        return [path]
    return [path] + [place for key in data for place in places(data[key], (*path, key))]


STORED = busy_life()
STORED_DATA = json.loads(json.dumps(dumped(STORED.reconciler, STORED.wall)))
PLACES = [place for place in places(STORED_DATA) if place]


@examples(50, 100)
@given(st.lists(st.tuples(st.sampled_from(PLACES), GARBAGE), max_size=4))
def test_mutated_memory(mutations: list[tuple[tuple[Any, ...], Any]]) -> None:
    """Whatever became of the file: it loads, works and stores again."""
    data = json.loads(json.dumps(STORED_DATA))
    for place, garbage in mutations:
        inner = data
        for key in place[:-1]:
            inner = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(inner, dict):
            inner[place[-1]] = garbage
    reconciler = reload(STORED, data)
    once = dumped(reconciler, STORED.wall)
    json.dumps(once, allow_nan=False)
    assert dumped(reload(STORED, once), STORED.wall) == once

    case = Case(OLD_GAMMA, look=False)
    case.reconciler, case.state = reconciler, STORED.state
    case.poll()
    case.saving(False)
    json.dumps(dumped(case.reconciler, case.wall), allow_nan=False)


@examples(50, 60)
@given(GARBAGE)
def test_garbage_for_memory(data: Any) -> None:
    """Anything at all may be in the file."""
    reconciler = reload(STORED, data)

    once = dumped(reconciler, STORED.wall)
    assert dumped(reload(STORED, once), STORED.wall) == once


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "mining": st.none() | st.booleans(),
    "work_mode": st.none() | st.sampled_from(["Low", "Medium", "x" * 300]),
    "frequency": st.none() | st.floats() | st.integers(),
    "core_voltage": st.none() | st.floats() | st.integers(),
    "auto_fan": st.none() | st.booleans(),
    "fan_duty_cycle": st.none() | st.floats(),
    "pool": st.none() | st.integers(),
    "light": st.none() | st.just(Light(on=True)),
}


@examples(50, 60)
@given(
    st.sampled_from([GAMMA, OLD_GAMMA, NANO, QUIET]),
    st.lists(
        st.tuples(
            st.builds(MinerSettings, **VALUES),
            st.sampled_from(MinerStatus),
            st.none() | st.integers(min_value=0),
            st.sampled_from(["", "on", "off", "lend", "save"]),
        ),
        max_size=5,
    ),
)
def test_hostile_device(identity: MinerIdentity, polls: list[Any]) -> None:
    """Whatever a device reports: nothing is raised, all of it can be stored."""
    case = Case(identity)
    case.reconciler.protect = True
    for settings, status, uptime, act in polls:
        case.state = MinerState(status=status, settings=settings, uptime=uptime)
        case.wall += 40
        case.monotonic += 40
        orders = case.look()
        if act in ("on", "off"):
            case.throttle(act == "on")
        elif act == "lend":
            with suppress(ControlError):
                case.begin({F: 490.0, AUTO: False}, 0.0)
        elif act == "save":
            for order in writes(orders):
                case.reconciler.failed(order, Outcome.REFUSED)
        stored = dumped(case.reconciler, case.wall)
        assert json.loads(json.dumps(stored, allow_nan=False)) == stored
        assert dumped(reload(case, stored), case.wall) == stored


# Reboots


def test_restarted() -> None:
    """It is told once."""
    case = Case()
    case.reboot()
    assert told(case.poll()) == [(EventType.RESTARTED, {})]
    assert told(case.poll()) == []


def test_restarted_while_nobody_watched() -> None:
    """That is no event, but what waited for it is over."""
    case = Case()
    case.reconciler.restart_needed({Setting.POOL: 1})
    case.poll()
    case.restart()
    case.reboot()
    orders = case.poll()

    assert told(orders) == []
    assert case.shown.restart_needed is False


def test_nothing_is_judged_while_a_restart_is_doubtful() -> None:
    """What differs may be the restart's, and is a change by hand if it was none."""
    case = Case()
    case.set(frequency=490)
    case.doubt()
    assert case.poll() == []

    assert told(case.poll()) == [
        (EventType.SETTINGS_CHANGED, {"frequency": [525, 490], "by": "device"})
    ]


def test_short_uptime() -> None:
    """A miner that restarts twice in a row is told of twice."""
    case = Case()
    for _ in range(2):
        case.wait(100)
        case.reboot()
        assert told(case.poll()) == [(EventType.RESTARTED, {})]


def test_first_sight() -> None:
    """The first poll is a bearing, even of a miner that just started."""
    case = Case(look=False)
    case.become(uptime=1, status=MinerStatus.OVERHEATED)

    assert case.poll() == []


def test_restart_needed() -> None:
    """Until the miner restarted."""
    case = Case()
    for expected in ([Problem.RESTART_NEEDED], []):
        case.reconciler.restart_needed({Setting.POOL: 1})
        assert asks(case.poll()) == expected
    assert case.shown.restart_needed is True
    case.restart()
    assert asks(case.poll()) == [Problem.RESTART_NEEDED]
    case.reboot()

    assert settled(case.poll()) == [Problem.RESTART_NEEDED]
    assert case.shown.restart_needed is False


def test_no_restart_for_what_runs() -> None:
    """Who changes his mind before the restart needs none."""
    case = Case()
    case.become(settings=replace(GAMMA_SETTINGS, pool=0))
    case.poll()
    case.reconciler.restart_needed({Setting.POOL: 1})
    assert asks(case.poll()) == [Problem.RESTART_NEEDED]
    assert reload(case, dumped(case.reconciler, case.wall), 60).memory.waiting == {
        Setting.POOL: 1
    }

    case.reconciler.restart_needed({Setting.POOL: 0})

    assert settled(case.poll()) == [Problem.RESTART_NEEDED]
    assert case.reconciler.memory.waiting == {}


# What is told


@pytest.mark.parametrize(
    "heat",
    [
        {"status": MinerStatus.OVERHEATED},
        {"overheating": True},
    ],
)
def test_overheats_and_recovers(heat: dict[str, Any]) -> None:
    """At the edges only, also over a restart."""
    case = Case()
    cool = case.state
    case.become(**heat)
    assert told(case.poll(busy=True)) == [(EventType.OVERHEATED, {})]
    case.restart()
    assert told(case.poll()) == []
    case.become(status=cool.status, overheating=cool.overheating)
    assert told(case.poll()) == [(EventType.RECOVERED, {})]
    assert told(case.poll()) == []


def changed(by: str, **details: Any) -> list[Any]:
    return [(EventType.SETTINGS_CHANGED, {**details, "by": by})]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"frequency": 550}, changed("device", frequency=[525, 550])),
        ({"core_voltage": 1.2}, changed("device", core_voltage=[1.15, 1.2])),
        (
            {"frequency": 550, "auto_fan": False},
            changed("device", frequency=[525, 550], auto_fan=[True, False]),
        ),
        ({"min_fan_duty_cycle": 40}, changed("device", min_fan_duty_cycle=[25, 40])),
        ({"frequency": 525.3}, []),
        ({"fan_duty_cycle": 70}, []),
        ({"frequency": None}, []),
        ({"display": True}, []),
        ({"mining": False}, []),
        ({"target_temperature": 55}, []),
    ],
)
@pytest.mark.parametrize("reloaded", [True, False])
def test_changed_by_hand(
    settings: dict[str, Any], expected: list[Any], reloaded: bool
) -> None:
    """Old and new value, once, of what makes speed and noise."""
    case = Case()
    if reloaded:
        case.restart()
    case.set(**settings)

    assert told(case.poll()) == expected
    assert told(case.poll()) == []


def test_fan_speed_by_hand() -> None:
    """A speed counts from when somebody fixed it."""
    case = Case(GAMMA, replace(GAMMA_SETTINGS, auto_fan=False))
    case.set(fan_duty_cycle=70)

    assert told(case.poll()) == changed("device", fan_duty_cycle=[40, 70])


def test_mode_by_hand() -> None:
    """A mode is told by its name."""
    case = Case(NANO)
    case.set(work_mode="Low")

    assert told(case.poll()) == changed("device", work_mode=["High", "Low"])


def test_unknown_in_between() -> None:
    """A value that was unknown for a poll did not change."""
    case = Case()
    case.set(frequency=None)
    case.poll()
    case.set(frequency=525)

    assert told(case.poll()) == []


@pytest.mark.parametrize("shown_first", [True, False])
def test_changed_here(shown_first: bool) -> None:
    """What we wrote is named so, whichever comes first: the value or the word."""
    case = Case()
    changes: Changes = {F: 550.0, Setting.LIGHT: Light(on=True)}
    if shown_first:
        case.take(changes)
        assert told(case.poll(busy=True)) == []
        case.reconciler.applied(changes, by_user=True)
    else:
        case.reconciler.applied(changes, by_user=True)
        assert told(case.poll()) == []
        case.take(changes)
    case.restart()

    assert told(case.poll()) == changed("home_assistant", frequency=[525, 550])
    case.set(frequency=600)
    assert told(case.poll()) == changed("device", frequency=[550, 600])
    case.set(frequency=550)
    assert told(case.poll()) == changed("device", frequency=[600, 550])


def test_both_at_once() -> None:
    """Each change has its own author."""
    case = Case()
    case.reconciler.applied({F: 550.0})
    case.set(frequency=550, core_voltage=1.2)

    assert told(case.poll()) == [
        *changed("home_assistant", frequency=[525, 550]),
        *changed("device", core_voltage=[1.15, 1.2]),
    ]


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        (1, {"from": "solo.example:3333", "to": "spare.example:4444"}),
        (7, {"from": "solo.example:3333", "to": None}),
        (None, None),
        (0, None),
    ],
)
def test_pool_switched(pool: int | None, expected: dict[str, Any] | None) -> None:
    """From where to where; nobody's name."""
    case = Case()
    case.set(pool=pool)
    orders = case.poll()

    if expected is None:
        assert orders == []
    else:
        details = {**expected, "by": "device"}
        assert told(orders) == [(EventType.POOL_SWITCHED, details)]


def test_pool_while_unconnected() -> None:
    """A miner that lost its pool and found it again did not switch."""
    case = Case()
    case.set(pool=None)
    case.poll()
    case.set(pool=0)
    assert told(case.poll()) == []
    case.become(pools=POOLS[:1])
    case.set(pool=1)

    assert told(case.poll())[0][1]["to"] is None


# Values beyond the limits


def test_adopted() -> None:
    """What it was seen to run outside its limits, the newest last."""
    case = Case(GAMMA, replace(GAMMA_SETTINGS, frequency=850, core_voltage=1.28))
    case.polls(2)
    case.set(frequency=800, core_voltage=1.2)
    case.polls(3)
    case.set(frequency=850)
    case.polls(3)
    case.restart()

    assert case.reconciler.memory.observed.values == {F: (800, 850), V: (1.28,)}


def test_adopted_is_bounded() -> None:
    """Sixteen per setting, the newest kept."""
    case = Case()
    for step in range(40):
        case.set(frequency=700 + step)
        case.polls(3)

    assert case.reconciler.memory.observed.values[F] == tuple(range(724, 740))


def test_adopted_after_three_polls_in_a_row() -> None:
    """Neither one reply nor two of them make a value one that somebody chose."""
    case = Case()
    for _ in range(5):
        case.set(frequency=800)
        case.polls(2)
        case.set(frequency=525)
        case.poll()
    assert case.reconciler.memory.observed.values == {}

    case.set(frequency=800)
    case.polls(3)
    assert case.reconciler.memory.observed.values == {F: (800,)}


def test_adopted_only_while_it_works() -> None:
    """What it rests with proves nothing, nor do polls before and after a rest."""
    case = Case()
    case.set(frequency=800)
    case.polls(2)
    case.become(status=MinerStatus.PAUSED)
    case.polls(5)
    case.become(status=MinerStatus.HASHING)
    case.polls(2)
    assert case.reconciler.memory.observed.values == {}

    case.poll()
    assert case.reconciler.memory.observed.values == {F: (800,)}


@pytest.mark.parametrize(
    "settings",
    [
        {"frequency": 1201},
        {"frequency": 399},
        {"core_voltage": 1.401},
        {"core_voltage": 0.99},
        {"target_temperature": 70},
        {"min_fan_duty_cycle": 100},
        {"fan_duty_cycle": 300},
    ],
)
def test_never_adopted(settings: dict[str, float]) -> None:
    """What the hardware does not endure, however long it is reported."""
    case = Case()
    case.set(**settings)
    case.polls(20)

    assert case.reconciler.memory.observed.values == {}


@pytest.mark.parametrize(
    "state",
    [
        {"status": MinerStatus.OVERHEATED},
        {"status": MinerStatus.FAULT},
    ],
)
def test_not_adopted_in_trouble(state: dict[str, Any]) -> None:
    """What firmware falls back to nobody chose."""
    case = Case()
    case.become(**state)
    case.set(frequency=700)
    case.polls(5)

    assert case.reconciler.memory.observed.values == {}


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e9, -5, True, None])
def test_not_adopted_at_all(value: Any) -> None:
    """Nor what is no frequency."""
    case = Case()
    case.set(frequency=value)
    case.polls(5)

    assert case.reconciler.memory.observed.values == {}


def test_modes_are_not_adopted() -> None:
    """A mode is a choice, not a number."""
    case = Case(NANO)
    case.set(work_mode="Turbo")
    case.polls(5)

    assert case.reconciler.memory.observed.values == {}


# Writes to flash


def test_writes_are_counted_by_day() -> None:
    """A day begins with none."""
    case = Case()
    for _ in range(3):
        case.reconciler.memory.writes.add(TODAY)
    assert case.shown.setting_writes == 3
    case.restart()
    assert case.reconciler.show(None, TODAY).setting_writes == 3
    assert case.reconciler.show(None, "2026-11-21").setting_writes == 0
    case.reconciler.memory.writes.add("2026-11-21")

    assert case.reconciler.show(None, "2026-11-21").setting_writes == 1


@pytest.mark.parametrize(("writes_a_day", "asked"), [(96, 0), (300, 0), (301, 1)])
def test_too_many_writes(writes_a_day: int, asked: int) -> None:
    """Asked once, and taken back the next day."""
    case = Case()
    orders = []
    for _ in range(writes_a_day):
        case.reconciler.memory.writes.add(TODAY)
        orders += case.poll()

    expected = RaiseIssue(problem=Problem.TOO_MANY_WRITES, details={"limit": "300"})
    assert orders == [expected] * asked
    assert len(settled(case.poll(today="2026-11-21"))) == asked
    assert case.poll(today="2026-11-21") == []


def test_day_is_told_by_the_entities() -> None:
    """The day that is shown is the day that counts."""
    case = Case(look=False)
    for _ in range(301):
        case.reconciler.memory.writes.add(TODAY)
    assert asks(case.poll()) == [Problem.TOO_MANY_WRITES]
    case.reconciler.show(case.state, "2026-11-21")
    orders = case.reconciler.observe(
        case.identity,
        case.state,
        Moment(case.wall, 1.0, "2026-11-21"),
        busy=False,
    )

    assert settled(orders) == [Problem.TOO_MANY_WRITES]


def test_secrets_stay_out() -> None:
    """Nothing of a pool is remembered but its place."""
    case = Case()
    case.set(pool=1)
    case.poll()

    assert "example" not in json.dumps(dumped(case.reconciler, case.wall))
    assert MODE not in case.reconciler.memory.dump(case.wall)["changes"]["settings"]
