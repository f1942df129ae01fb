"""Figures of reports, from made-up facts and records."""

from datetime import UTC
import json
import math
from typing import Any

import pytest

from custom_components.miner_monitor.insight.model import (
    DayRow,
    Finding,
    FindingKind,
    Grade,
    Health,
    Insight,
    Range,
    Session,
    Severity,
    Shares,
    Stability,
)
from custom_components.miner_monitor.miners.model import (
    Family,
    HashRateUnit,
    Limits,
    MinerIdentity,
    MinerState,
    MinerStatus,
)
from custom_components.miner_monitor.model import MinerData
from custom_components.miner_monitor.notation import PLAIN
from custom_components.miner_monitor.report.figures import (
    best_of,
    days_figures,
    fleet_figures,
    miner_figures,
)
from custom_components.miner_monitor.report.markdown import shortened, shown
from custom_components.miner_monitor.report.model import (
    NO_RECORDS,
    MinerFacts,
    Period,
    Price,
    Records,
    Spread,
    local_time,
    plain,
)
from custom_components.miner_monitor.report.recorder import cost_of, steps_of

HOUR = 3600.0
PERIOD = Period(
    start=0.0,
    end=72 * HOUR,
    step=3600,
    first_day="2026-11-18",
    last_day="2026-11-20",
)
PRICE = Price(entity_id="sensor.price", present=0.3, per_kwh=1.0, currency="EUR")


def facts(name: str = "Gamma", **fields: Any) -> MinerFacts:
    """Return a miner of which hash rate, power and energy are recorded."""
    traits = {
        key: fields.pop(key) for key in ("limits", "hash_rate_unit") if key in fields
    }
    identity = MinerIdentity(
        family=Family.AXEOS, manufacturer="Bitaxe", model="Gamma", **traits
    )
    recorded = {
        key: f"sensor.{name}_{key}"
        for key in ("hash_rate", "power", "energy", "shares_accepted")
    }
    data = MinerData(
        online=fields.pop("online", True),
        identity=identity,
        state=fields.pop("state", None),
        insight=fields.pop("insight", Insight()),
    )
    return MinerFacts(name=name, device_id=None, data=data, recorded=recorded, **fields)


def spread(mean: float, hours: float = 72, *, least: float | None = None) -> Spread:
    minimum = mean if least is None else least
    return Spread(mean=mean, minimum=minimum, maximum=mean, seconds=hours * HOUR)


def records(
    name: str = "Gamma",
    *,
    rate: Spread | None = None,
    power: Spread | None = None,
    energy: float | None = None,
) -> Records:
    spreads = {"hash_rate": rate, "power": power}
    return Records(
        spreads={
            f"sensor.{name}_{key}": value
            for key, value in spreads.items()
            if value is not None
        },
        rises={} if energy is None else {f"sensor.{name}_energy": energy},
        seconds=72 * HOUR,
    )


def figures(one: MinerFacts, known: Records = NO_RECORDS) -> dict[str, Any]:
    """Return a miner's part of a report, which is plain JSON."""
    found = miner_figures(one, known, PERIOD, PRICE, UTC)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return found


EFFICIENCIES = [
    ({"rate": spread(2), "power": spread(30)}, False, 15.0),
    ({"rate": spread(2, 10), "power": spread(30, 10), "energy": 9.9}, False, 15.0),
    # An hour in which it was there for a while counts as one in both means.
    ({"rate": spread(2), "energy": 72 * 0.03}, False, 15.0),
    ({"rate": spread(2, least=0), "power": spread(30), "energy": 1.44}, True, 10.0),
    ({"rate": spread(2, least=0), "power": spread(30), "energy": 1.44}, False, 15.0),
    # It never stood still, so that its power is no doubtful one.
    ({"rate": spread(2, least=1), "power": spread(30), "energy": 1.44}, True, 15.0),
    ({"rate": spread(0), "power": spread(2)}, False, None),
    ({"power": spread(30)}, False, None),
    ({"rate": spread(2)}, False, None),
]


@pytest.mark.parametrize(("known", "doubtful", "expected"), EFFICIENCIES)
def test_efficiency(
    known: dict[str, Any], doubtful: bool, expected: float | None
) -> None:
    """What a device reports in standby may be no basis: then energy is."""
    limits = Limits(doubtful_standby_power=doubtful)
    found = figures(facts(limits=limits), records(**known))["efficiency"]
    if expected is None:
        assert found is None
    else:
        assert found["mean"] == pytest.approx(expected)


def test_efficiency_of_another_unit() -> None:
    one = facts(hash_rate_unit=HashRateUnit.GIGA)
    found = figures(one, records(rate=spread(500), power=spread(20)))
    assert found["efficiency"]["mean"] == pytest.approx(40)


ROWS = (
    DayRow(day="2026-11-17", watched=10, answered=0, restarts=9, best_difficulty=9e9),
    DayRow(
        day="2026-11-18",
        watched=80_000,
        answered=60_000,
        restarts=1,
        times_offline=2,
        energy=1.5,
        accepted=10,
        rejected=1,
        hash_rate=1.0,
        efficiency=20.0,
        best_difficulty=5e6,
        findings=(FindingKind.CHIP_HOT, FindingKind.VR_HOT),
    ),
    DayRow(
        day="2026-11-20",
        watched=20_000,
        answered=20_000,
        energy=0.5,
        wall_energy=0.75,
        accepted=5,
        hash_rate=3.0,
        efficiency=10.0,
        best_difficulty=7e6,
        blocks_found=1,
        findings=(FindingKind.CHIP_HOT,),
    ),
)


def test_days_of_a_period() -> None:
    found = figures(facts(days=ROWS))
    days = found["days"]
    assert (days["from"], days["to"]) == ("2026-11-18", "2026-11-20")
    assert days["availability"] == pytest.approx(80)
    assert days["hours_away"] == pytest.approx(20_000 / 3600, rel=1e-5)
    assert (days["restarts"], days["times_offline"]) == (1, 2)
    assert days["energy"] == 2.0
    assert days["wall_energy"] == 0.75
    assert days["findings"] == {"chip_hot": 2, "vr_hot": 1}
    assert days["blocks_found"] == 1
    assert days["hash_rate"] == pytest.approx(1.5)
    # 60,000 s at 1 TH/s with 20 J/TH and 20,000 s at 3 TH/s with 10 J/TH.
    assert days["efficiency"] == pytest.approx(15)
    assert [row["day"] for row in found["daily"]] == ["2026-11-18", "2026-11-20"]


def test_defect_10_best_difficulty_of_the_period() -> None:
    assert best_of(ROWS[1:]) == 7e6
    assert figures(facts(days=ROWS))["days"]["best_difficulty"] == 7e6
    assert best_of(()) is None


def test_no_days() -> None:
    assert days_figures((), HashRateUnit.TERA) is None
    assert figures(facts(days=ROWS[:1]))["days"] is None


INSIGHT = Insight(
    health=Health(
        findings=(Finding(kind=FindingKind.STALLED, severity=Severity.CRITICAL),)
    ),
    stability=Stability(
        session=Session(seconds=60.0, hash_rate=1.5, power=math.nan),
        ranges={
            "1h": Range(
                range=5.0, grade=Grade.EXCELLENT, mean=1.5, median=1.5, skewed=False
            )
        },
    ),
    shares=Shares(odds_of_block=math.inf, days_to_beat_best=12.5),
)


def test_present() -> None:
    found = figures(facts(insight=INSIGHT, hash_rate_unit=HashRateUnit.GIGA))
    assert found["session"]["hash_rate"] == 1500
    assert found["session"]["power"] is None
    assert found["ranges"]["1h"] == {
        "range": 5.0,
        "grade": "excellent",
        "mean": 1500,
        "median": 1500,
        "skewed": False,
    }
    assert found["odds_of_block"] is None
    assert found["days_to_beat_best"] == 12.5
    assert found["findings"][0]["kind"] == "stalled"


def test_defect_12_who_is_away_has_no_finding_of_the_moment() -> None:
    """A miner that is gone is not hot for ever."""
    found = figures(facts(insight=INSIGHT, online=False))
    assert found["findings"] == []
    assert found["session"] is None
    fleet = fleet_figures(
        [facts(insight=INSIGHT, online=False)], NO_RECORDS, PERIOD, None, UTC
    )
    assert fleet["findings"] == []
    assert fleet["offline"][0]["name"] == "Gamma"


def test_fleet() -> None:
    state = MinerState(status=MinerStatus.HASHING, hash_rate=2.0, power=30.0)
    stale = MinerState(status=MinerStatus.HASHING, hash_rate=50.0, power=900.0)
    members = [
        facts("A", state=state, days=ROWS),
        facts("B", state=stale, online=False),
        facts("C", state=stale, hash_rate_unit=HashRateUnit.GIGA),
    ]
    known = Records(
        spreads={
            "sensor.A_hash_rate": spread(2, 36),
            "sensor.A_power": spread(30, 36),
            "sensor.C_hash_rate": spread(500),
        },
        rises={"sensor.A_energy": 1.0, "sensor.C_energy": 2.0},
        costs={"sensor.A_energy": 0.25},
        seconds=72 * HOUR,
    )
    found = fleet_figures(members, known, PERIOD, PRICE, UTC)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["now"] == {
        "miners": 3,
        "online": 2,
        "offline": ["B"],
        "hash_rate": 2.0,
        "power": 930.0,
        "efficiency": 15.0,
    }
    totals = found["totals"]
    assert totals["hash_rate"] == pytest.approx(1.0)
    assert totals["energy"] == 3.0
    assert totals["cost"] == {"value": 0.25, "currency": "EUR"}
    assert totals["coverage"]["energy"] == 2
    assert totals["coverage"]["cost"] == 1
    assert totals["availability"] == pytest.approx(80)
    assert [miner["name"] for miner in found["ranking"]] == ["A"]
    assert {miner["name"] for miner in found["offline"]} == {"A", "B"}


REJECTS = [
    ({"A": (90, 10), "B": (100, None)}, 10.0),
    ({"A": (90, 10), "B": (300, 0)}, 2.5),
    ({"A": (100, None)}, None),
    ({"A": (0, 0)}, None),
]


@pytest.mark.parametrize(("shares", "expected"), REJECTS)
def test_reject_rate_of_those_of_which_both_are_known(
    shares: dict[str, tuple[float, float | None]], expected: float | None
) -> None:
    members, rises = [], {}
    for name, (accepted, rejected) in shares.items():
        recorded = {"shares_accepted": f"{name}.a", "shares_rejected": f"{name}.r"}
        data = facts(name).data
        members.append(
            MinerFacts(name=name, device_id=None, data=data, recorded=recorded)
        )
        rises[f"{name}.a"] = float(accepted)
        if rejected is not None:
            rises[f"{name}.r"] = float(rejected)
    found = fleet_figures(members, Records(rises=rises), PERIOD, None, UTC)
    assert found["totals"]["shares"]["reject_rate"] == expected


COSTS = [
    ([(0, 1), (1, 2)], {0: 10, 1: 100}, 210),
    ([(0, 1), (1, 2)], {0: 10}, 30),
    ([(0, 1), (1, 2)], {1: 100}, 300),
    ([(0, 1), (1, 2), (2, 1)], {0: 10, 2: -5}, 25),
    ([], {0: 10}, 0),
    ([(0, 1)], {}, None),
]


@pytest.mark.parametrize(("energy", "prices", "expected"), COSTS)
def test_cost(
    energy: list[tuple[float, float]],
    prices: dict[float, float],
    expected: float | None,
) -> None:
    assert cost_of(energy, prices) == expected


def test_steps() -> None:
    assert steps_of([(0, 5.0), (1, 7.0), (3, 7.5)], 4.0) == [(0, 1), (1, 2), (3, 0.5)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (math.nan, None),
        (math.inf, None),
        (3, 3),
        (1.23456789, 1.234568),
        (123.456789, 123.457),
        (-0.0000001, 0),
    ],
)
def test_plain(value: float | None, expected: float | None) -> None:
    assert plain(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1.234, "1.23"), (12.346, "12.35"), (123.46, "123.5"), (-1234.6, "-1235")],
)
def test_shown(value: float, expected: str) -> None:
    number = shown(value)
    assert number is not None
    assert number.digits is not None
    assert PLAIN.fixed(number.value, number.digits) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (950, "950"),
        (4290, "4.29 k"),
        (4.294e9, "4.29 G"),
        (1.2e15, "1.2 P"),
        (1e30, "1e+30"),
    ],
)
def test_shortened(value: float, expected: str) -> None:
    assert shortened(value, PLAIN) == expected


def test_local_time() -> None:
    assert local_time(0.0, UTC) == "1970-01-01T00:00:00+00:00"
    assert local_time(None, UTC) is None
