"""All miners together, and how honest that is."""

from dataclasses import replace
import math
from time import process_time
from typing import Any

import pytest

from custom_components.miner_monitor.control.model import ControlState
from custom_components.miner_monitor.fleet import (
    FleetData,
    FleetFeature,
    Member,
    MemberProblems,
    PartialSum,
    aggregate,
    features_of,
)
from custom_components.miner_monitor.insight.model import (
    Baseline,
    Finding,
    FindingKind,
    Health,
    Insight,
    Severity,
    Shares,
)
from custom_components.miner_monitor.miners.model import (
    SWITCH,
    Capability,
    Limits,
    MinerSettings,
    MinerStatus,
    Setting,
    SettingRange,
)

from .members import AWAY, CARD, IDENTITY, member, shown


def test_nobody() -> None:
    """Of nobody nothing is known, and nothing is zero that is not counted."""
    assert aggregate([]) == FleetData()
    assert aggregate([]).problem is None


@pytest.mark.parametrize(
    ("members", "key", "expected"),
    [
        (
            [member(hash_rate=1.5), member(hash_rate=2.5)],
            "hash_rate",
            PartialSum(4.0, 2, 2),
        ),
        ([member(), Member("b", AWAY)], "hash_rate", PartialSum(1.0, 1, 2)),
        ([member(), member(hash_rate=None)], "hash_rate", PartialSum(1.0, 1, 2)),
        ([member(hash_rate=None)], "hash_rate", PartialSum(None, 0, 1)),
        ([Member("a", AWAY)], "hash_rate", PartialSum(None, 0, 1)),
        ([member(), member(identity=CARD)], "hash_rate", PartialSum(1.0, 1, 1)),
        ([member(identity=CARD)], "hash_rate", PartialSum(None, 0, 0)),
        (
            [member(), member(status=MinerStatus.PAUSED, hash_rate=0.0, power=5.0)],
            "efficiency",
            PartialSum(25.0, 2, 2),
        ),
        ([member(power=10.0), member(power=None)], "power", PartialSum(10.0, 1, 2)),
        ([member(power=10.0), member(identity=CARD)], "power", PartialSum(30.0, 2, 2)),
        (
            [member(), member(power=None, hash_rate=9.0)],
            "efficiency",
            PartialSum(20.0, 1, 2),
        ),
        ([member(hash_rate=0.0)], "efficiency", PartialSum(None, 1, 1)),
        (
            [member(chip_temperature=55.0), member(chip_temperature_2=71.5)],
            "hottest_chip",
            PartialSum(71.5, 2, 2),
        ),
    ],
)
def test_sum(members: list[Member], key: str, expected: PartialSum) -> None:
    """What is unknown is left out, and it is told of how many a value is."""
    assert getattr(aggregate(members), key) == expected


def test_the_best_share_is_of_all_who_ever_mined_bitcoin() -> None:
    """Of those that are away too, and not of cards."""
    found = aggregate(
        [
            _named("anna", best_difficulty=5e9),
            _named("bert", online=False, best_difficulty=7e9),
            _named("carl"),
            _named("card", identity=CARD, best_difficulty=9e12),
        ]
    )

    assert (found.best_difficulty, found.luckiest) == (7e9, "bert")
    nobody = aggregate([_named("carl")])
    assert (nobody.best_difficulty, nobody.luckiest) == (None, None)


def _named(name: str, *, best_difficulty: float | None = None, **known: Any) -> Member:
    return member(name, insight=Insight(best_difficulty=best_difficulty), **known)


def test_coverage() -> None:
    assert PartialSum(1.0, 7, 8).coverage == "7 of 8"


def _with(**insight: Any) -> Member:
    return member(insight=Insight(**insight))


def _away(**insight: Any) -> Member:
    return member(online=False, insight=Insight(**insight))


@pytest.mark.parametrize(
    ("members", "key", "expected"),
    [
        # 90 % of 1 TH/s and 100 % of 9 TH/s are 99 % of 10 TH/s.
        (
            [
                _with(baseline=Baseline(ratio=90.0, expected=1.0)),
                _with(baseline=Baseline(ratio=100.0, expected=9.0)),
                _with(baseline=Baseline(ratio=None, expected=9.0)),
            ],
            "hash_rate_ratio",
            PartialSum(99.0, 2, 3),
        ),
        (
            [
                _with(shares=Shares(accepted=90, rejected=10)),
                _with(shares=Shares(accepted=300)),
                _with(shares=Shares()),
            ],
            "reject_rate",
            PartialSum(2.5, 2, 3),
        ),
        ([_with(wall_power=25.0), _with()], "wall_power", PartialSum(25.0, 1, 2)),
        ([_with(wall_power=25.0), _with()], "wall_efficiency", PartialSum(25.0, 1, 2)),
        # The plug of one that is away still measures.
        (
            [_with(wall_power=25.0), _away(wall_power=3.0)],
            "wall_power",
            PartialSum(28.0, 2, 2),
        ),
        (
            [_with(wall_power=25.0), _away(wall_power=3.0)],
            "wall_efficiency",
            PartialSum(25.0, 1, 2),
        ),
    ],
)
def test_ratio_of_sums(members: list[Member], key: str, expected: PartialSum) -> None:
    """A ratio weighs each miner by its size."""
    value = getattr(aggregate(members), key)
    assert value.value == pytest.approx(expected.value)
    assert (value.known, value.of) == (expected.known, expected.of)


def test_who_is_there() -> None:
    data = aggregate([member(), Member("b", AWAY), Member("c", shown(online=None))])
    assert (data.miners_online, data.miners_total) == (1, 3)


def test_the_hottest_is_named() -> None:
    data = aggregate([member("a"), member("b", chip_temperature=61.0), member("c")])
    assert data.hottest == "b"


_HOT = Finding(kind=FindingKind.CHIP_HOT, severity=Severity.WARNING)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, ()),
        ({"insight": Insight(health=Health(findings=(_HOT,)))}, ("chip_hot",)),
        ({"insight": Insight(health=Health(overheating=True))}, ("overheating",)),
        ({"insight": Insight(health=Health(fan_fault=True))}, ("fan_stopped",)),
        ({"insight": Insight(shares=Shares(stalled=True))}, ("stalled",)),
        ({"control": ControlState(derated=True)}, ("throttled",)),
        ({"faults": ("psu",)}, ("fault",)),
        ({"status": MinerStatus.FAULT}, ("fault",)),
        (
            {
                "faults": ("psu",),
                "insight": Insight(health=Health(findings=(_HOT,), overheating=True)),
            },
            ("chip_hot", "fault", "overheating"),
        ),
        ({"online": False, "control": ControlState(derated=True)}, ()),
    ],
)
def test_problem(known: dict[str, Any], expected: tuple[str, ...]) -> None:
    """Each kind is named once; a miner that is off has none."""
    data = aggregate([member("fine"), member("odd", **known)])
    assert data.troubles == ((MemberProblems("odd", expected),) if expected else ())
    assert data.problem is bool(expected)


def test_without_an_answer_no_problem_is_known() -> None:
    assert aggregate([Member("a", AWAY)]).problem is None


@pytest.mark.parametrize(
    ("states", "any_mines", "all_save"),
    [
        ([True, True], True, True),
        ([True, False], True, False),
        ([False, False], False, False),
        ([None, False], False, False),
        ([None, None], None, None),
        ([None, True], True, True),
    ],
)
def test_mining_is_on_if_any_is_and_saving_if_all_are(
    states: list[bool | None], any_mines: bool | None, all_save: bool | None
) -> None:
    data = aggregate(
        member(
            control=ControlState(saving_power=state),
            settings=MinerSettings(mining=state),
        )
        for state in states
    )
    assert data.mining is any_mines
    assert data.saving_power is all_save
    assert (data.saving, data.controllable) == (states.count(True), 2)


def test_only_what_can_be_switched_is_looked_at() -> None:
    """A card that always hashes does not hold the switch on."""
    data = aggregate([Member("card", shown(control=ControlState(saving_power=True)))])
    assert data.mining is None
    assert data.saving_power is None


_PAUSE = replace(
    IDENTITY,
    capabilities=frozenset({Capability.PAUSE, Capability.RESTART}),
    limits=Limits(settings={Setting.MINING: SWITCH}),
)
_SLOW = replace(
    IDENTITY, limits=Limits(settings={Setting.FREQUENCY: SettingRange(minimum=400)})
)


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        (IDENTITY, set()),
        (
            _PAUSE,
            {
                FleetFeature.THROTTLE,
                FleetFeature.MINING,
                FleetFeature.RESTART,
                FleetFeature.POWER_TARGET,
            },
        ),
        (_SLOW, {FleetFeature.THROTTLE, FleetFeature.POWER_TARGET}),
    ],
)
def test_abilities(identity: Any, expected: set[FleetFeature]) -> None:
    assert features_of(identity) == expected


def test_wall_power_is_there_once_a_miner_has_it() -> None:
    assert FleetFeature.WALL_POWER not in aggregate([_with()]).features
    assert (
        FleetFeature.WALL_POWER in aggregate([_with(wall_power=1.0), _with()]).features
    )


def test_a_hundred_miners_are_added_in_a_millisecond() -> None:
    """The least of many runs, because others use the machine too."""
    miners = [
        member(
            f"miner {n}",
            insight=Insight(
                wall_power=25.0,
                baseline=Baseline(ratio=99.0, expected=1.0),
                shares=Shares(accepted=90, rejected=1),
                health=Health(findings=(_HOT,) if n % 10 == 0 else ()),
            ),
        )
        for n in range(100)
    ]
    least = math.inf
    for _ in range(50):
        began = process_time()
        data = aggregate(miners)
        least = min(least, process_time() - began)
    assert data.miners_online == 100
    assert least <= 0.001
