"""How much is stored of a miner at the worst, and what of it may be damaged."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, timedelta
import json
from random import Random
from typing import Any

from homeassistant.helpers.json import ExtendedJSONEncoder, prepare_save_json
from homeassistant.util.json import json_loads
import pytest

from custom_components.miner_monitor.diagnostics import redact
from custom_components.miner_monitor.insight.model import (
    Environment,
    Insight,
    InsightOptions,
)
from custom_components.miner_monitor.insight.tracker import (
    MinerTracker,
)
from custom_components.miner_monitor.miners.model import (
    Alarm,
    Capability,
    ErrorKind,
    Family,
    Fan,
    Limits,
    MinerIdentity,
    MinerSettings,
    MinerState,
    MinerStatus,
    Setting,
    SettingRange,
)
from custom_components.miner_monitor.model import Moment
from custom_components.miner_monitor.runtime.insight import packed, unpacked

from .. import lengths

LARGEST = 64 * 1024
DAYS, POLL, SELDOM = 37, 100, 600
DAY = 86_400
SELDOM_DAYS = 0 if lengths.full else 28
TIMES = (
    *range(0, SELDOM_DAYS * DAY, SELDOM),
    *range(SELDOM_DAYS * DAY, DAYS * DAY, POLL),
)
"""When polls are: first seldom, in the short form, then often."""
EPOCH = 1_790_000_000.0
FIRST_DAY = date(2026, 10, 1)
POINTS = 45

ALARM = Alarm(warn=30, critical=40)
IDENTITY = MinerIdentity(
    family=Family.AXEOS,
    manufacturer="Bitaxe",
    model="Gamma 601",
    capabilities=frozenset(Capability),
    limits=Limits(
        settings={
            Setting.FREQUENCY: SettingRange(minimum=400, maximum=1000),
            Setting.CORE_VOLTAGE: SettingRange(minimum=1, maximum=1.3),
        },
        chip_temperature=ALARM,
        vr_temperature=ALARM,
        input_voltage=Alarm(warn=5.2, critical=5.1),
        power=ALARM,
    ),
)


def interval_at(seconds: int) -> int:
    return SELDOM if seconds < SELDOM_DAYS * DAY else POLL


def states(rng: Random) -> Iterator[MinerState]:
    """Report all figures there are, with all their digits, and much of all."""
    accepted, rejected, uptime, best = 10**9, 10**8, 10**6, 1e15
    for number, seconds in enumerate(TIMES):
        setting = seconds // 14_400 % POINTS
        uptime += interval_at(seconds)
        if rng.random() < 0.001:
            uptime = 300
        accepted += rng.randrange(40)
        rejected += rng.randrange(10)
        best *= 1 + rng.random() * 1e-3
        rate = 1.2 + setting / 100 + rng.gauss(0, 0.1)
        yield MinerState(
            status=MinerStatus.HASHING,
            hash_rate=rate,
            hash_rate_now=rate,
            expected_hash_rate=2.123456789,
            power=17.123456789 + setting + rng.gauss(0, 0.2),
            power_limit=60.0,
            input_voltage=5.0 + rng.gauss(0, 0.02),
            chip_temperature=60 + rng.gauss(0, 1),
            vr_temperature=70 + rng.gauss(0, 1),
            fans=(Fan(speed=rng.randrange(4000), duty_cycle=rng.uniform(30, 99)),),
            pool="stratum+tcp://pool.example:3333",
            pool_connected=True,
            pool_difficulty=4096.123456,
            shares_accepted=accepted,
            shares_rejected=rejected,
            reject_reasons=tuple((f"a reason {n}", rejected // 9) for n in range(9)),
            best_difficulty=best,
            best_session_difficulty=best / 3,
            blocks_found=number // 1000,
            network_difficulty=1.234567890123e14,
            uptime=uptime,
            hardware_error_rate=rng.uniform(0, 2),
            overheating=True,
            faults=("overheat",),
            settings=MinerSettings(
                mining=True,
                frequency=500.123456 + 5 * setting,
                core_voltage=1.123456 + setting / 1000,
                auto_fan=True,
                target_temperature=60.0,
            ),
        )


@pytest.fixture(scope="module")
def full() -> tuple[MinerTracker, Insight]:
    """Return a tracker after five weeks of all there can be, and what it says."""
    rng = Random(5)
    options = InsightOptions(plug=True, expected_hash_rate=2.123456789, half_life=365)
    tracker = MinerTracker(IDENTITY, options)
    tracker.resume({})
    insight = None
    for seconds, state in zip(TIMES, states(rng), strict=True):
        moment = Moment(
            wall=EPOCH + seconds + 0.123456,
            monotonic=seconds + rng.uniform(0, 1),
            day=str(FIRST_DAY + timedelta(seconds=seconds)),
        )
        around = Environment(
            wall_power=20 + rng.gauss(0, 1), room_temperature=20 + rng.gauss(0, 1)
        )
        insight = tracker.observe(
            IDENTITY,
            state,
            moment,
            response_time=rng.uniform(10, 900),
            interval=interval_at(seconds),
            around=around,
        )
        if rng.random() < 0.001:
            for kind in ErrorKind:
                tracker.failed(kind, moment, away=True, around=around)
    assert insight is not None
    assert len(insight.tuning.points) == 40
    assert len(tracker.days) == 35
    return tracker, insight


@pytest.fixture(scope="module")
def dump(full: tuple[MinerTracker, Insight]) -> dict[str, Any]:
    """Return what is stored of it."""
    return full[0].dump(EPOCH + DAYS * 86_400)


def test_a_download_can_hold_it(full: tuple[MinerTracker, Insight]) -> None:
    """As JSON, in a size that can be attached to a report."""
    shown = redact(asdict(full[1]))
    text = json.dumps(shown, indent=2, cls=ExtendedJSONEncoder)
    assert len(text) < 200_000
    points = json.loads(text)["tuning"]["points"]
    assert len(points) == 40
    assert set(points[0]["settings"]) == {"frequency", "core_voltage"}
    assert {point["blocks"] > 0 for point in points} == {True}


def test_it_is_small_on_the_disk(dump: dict[str, Any]) -> None:
    """As Home Assistant writes it, with all its blanks."""
    _, written = prepare_save_json(
        {"version": 1, "minor_version": 1, "key": "k" * 60, "data": packed(dump)}
    )
    assert len(written) <= LARGEST, {
        key: len(prepare_save_json([part])[1]) for key, part in packed(dump).items()
    }


def again(dump: Any) -> dict[str, Any]:
    """Return what is stored by one who went on from a file."""
    tracker = MinerTracker(IDENTITY, InsightOptions(plug=True, half_life=365))
    stored: Any = json_loads(prepare_save_json(packed(dump))[1])
    tracker.load(unpacked(stored), EPOCH + DAYS * 86_400)
    return tracker.dump(EPOCH + DAYS * 86_400)


@pytest.fixture(scope="module")
def whole(dump: dict[str, Any]) -> dict[str, Any]:
    """Return what is stored by one who went on from a sound file."""
    return again(dump)


def test_nothing_is_lost_on_the_disk(
    dump: dict[str, Any], whole: dict[str, Any]
) -> None:
    assert whole == json_loads(prepare_save_json(dump)[1])


PARTS = (
    "energy",
    "wall_energy",
    "boots",
    "presence",
    "days",
    "stability",
    "shares",
    "luck",
    "tuning",
    "wear",
    "failed_polls",
    "last_seen",
)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "damage",
    [None, "\x00", "[" * 5000, "[1", '{"a": [1]}', [[[]]], {"a": 1}, 1e999, True],
    ids=range(9),
)
def test_a_damaged_part_costs_only_itself(
    dump: dict[str, Any], whole: dict[str, Any], part: str, damage: Any
) -> None:
    tracker = MinerTracker(IDENTITY, InsightOptions(plug=True, half_life=365))
    stored = {**packed(dump), part: damage}
    tracker.load(unpacked(stored), EPOCH + DAYS * 86_400)
    left = tracker.dump(EPOCH + DAYS * 86_400)
    assert set(left) == set(whole)
    for other in PARTS:
        if other != part:
            assert json_loads(prepare_save_json([left[other]])[1]) == [whole[other]]
