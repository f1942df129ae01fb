"""The tuning map: blocks of constant settings, grouped by operating point."""

from collections.abc import Callable, Mapping
from dataclasses import replace
import json
import math
from random import Random

import pytest

from custom_components.miner_monitor.insight.model import (
    NOTHING_AROUND,
    Bottleneck,
    Environment,
    InsightOptions,
    OperatingPoint,
    Tuning,
    Verdict,
)
from custom_components.miner_monitor.insight.tuning import TuningMap
from custom_components.miner_monitor.miners.model import (
    Alarm,
    Fan,
    Limits,
    MinerSettings,
    MinerState,
    MinerStatus,
    Setting,
)
from custom_components.miner_monitor.model import Moment

EPOCH = 1_790_000_000.0
DAY = 86_400.0
SETTINGS = MinerSettings(frequency=525.0, core_voltage=1.15, auto_fan=True)
GOOD = MinerState(
    status=MinerStatus.HASHING,
    hash_rate_now=1.0,
    power=17.0,
    chip_temperature=60.0,
    vr_temperature=50.0,
    input_voltage=5.1,
    fans=(Fan(duty_cycle=40.0),),
    hardware_error_rate=0.3,
    uptime=DAY,
    settings=SETTINGS,
)


class Bench:
    """Feeds a map with polls at a clock of its own."""

    def __init__(
        self,
        tuning_map: TuningMap | None = None,
        interval: float = 15.0,
        now: float = 0.0,
    ) -> None:
        """Begin with an empty map."""
        self.map = tuning_map or TuningMap()
        self.interval = interval
        self.now = now
        self.around = NOTHING_AROUND
        self.tuning = Tuning()
        self.wall_ahead = EPOCH

    @property
    def moment(self) -> Moment:
        """Tell the time."""
        wall = self.wall_ahead + self.now
        return Moment(wall=wall, monotonic=self.now, day=str(int(wall // DAY)))

    def poll(self, state: MinerState = GOOD, *, restarted: bool = False) -> Tuning:
        """Let an interval pass and poll."""
        self.now += self.interval
        self.tuning = self.map.observe(
            state, self.moment, self.interval, self.around, restarted
        )
        return self.tuning

    def run(
        self, minutes: float, state: MinerState | Callable[[], MinerState] = GOOD
    ) -> Tuning:
        """Poll for so many minutes."""
        for _ in range(round(minutes * 60 / self.interval)):
            self.poll(state if isinstance(state, MinerState) else state())
        return self.tuning

    @property
    def points(self) -> tuple[OperatingPoint, ...]:
        """Return what the map knows now, also before it judges again."""
        again = TuningMap()
        again.load(json.loads(json.dumps(self.map.dump())))
        idle = replace(GOOD, status=MinerStatus.PAUSED)
        tuning = again.observe(idle, self.moment, self.interval, self.around, False)
        return tuning.points

    @property
    def blocks(self) -> int:
        """Count all blocks."""
        return sum(point.blocks for point in self.points)

    def mean(self, name: str) -> float:
        """Return the mean of the only point."""
        (point,) = self.points
        return point.figures[name].mean


def at(frequency: float, **values: object) -> MinerState:
    """Return a good state at another frequency."""
    settings = replace(SETTINGS, frequency=frequency)
    return replace(GOOD, settings=settings, **values)  # type: ignore[arg-type]  # checked by the dataclass at run time


def test_ten_minutes_make_a_block_after_three_to_settle() -> None:
    """The first three minutes that are seen are left out."""
    bench = Bench()

    bench.run(12.75)
    assert bench.blocks == 0
    bench.run(0.5)
    assert bench.blocks == 1
    bench.run(10)
    assert bench.blocks == 2


@pytest.mark.parametrize("interval", [10.0, 15.0, 30.0, 60.0, 120.0])
def test_blocks_come_at_every_interval(interval: float) -> None:
    """A day has nearly its 144 blocks however often the miner is polled."""
    bench = Bench(interval=interval)

    bench.run(24 * 60)

    assert 140 <= bench.blocks <= 144


CHANGES = {
    "frequency": replace(SETTINGS, frequency=550.0),
    "voltage": replace(SETTINGS, core_voltage=1.2),
    "fan": replace(SETTINGS, auto_fan=False, fan_duty_cycle=80.0),
    "target": replace(SETTINGS, target_temperature=55.0),
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_a_change_ends_the_block_and_begins_the_settling(
    changed: MinerSettings,
) -> None:
    """Nine minutes before a change and nine after it make no block."""
    bench = Bench()
    bench.run(12)

    bench.run(12.75, replace(GOOD, settings=changed, hash_rate_now=2.0))

    assert bench.blocks == 0
    bench.run(0.5, replace(GOOD, settings=changed, hash_rate_now=2.0))
    assert bench.mean("hash_rate") == pytest.approx(2.0)


def restart(bench: Bench) -> None:
    """Be told of a restart."""
    bench.poll(restarted=True)


def pause(bench: Bench) -> None:
    """See a pause in one poll."""
    bench.poll(replace(GOOD, status=MinerStatus.PAUSED))


def silence(bench: Bench) -> None:
    """Hear nothing for four intervals."""
    for _ in range(3):
        bench.now += bench.interval
        bench.map.absent(bench.moment)
    bench.poll()


@pytest.mark.parametrize("disturb", [restart, pause, silence])
def test_a_disturbance_ends_the_block(disturb: Callable[[Bench], None]) -> None:
    """Nothing that a disturbance cuts is a block, and what follows has to settle."""
    bench = Bench()
    bench.run(12)

    disturb(bench)
    bench.run(12.75)

    assert bench.blocks == 0
    bench.run(0.5)
    assert bench.blocks == 1


def test_a_missed_poll_ends_no_block() -> None:
    """Three intervals of silence are bridged where enough polls came."""
    bench = Bench()
    bench.run(8)
    bench.now += 2 * bench.interval

    bench.run(5)

    assert bench.blocks == 1


def test_a_fifth_of_all_polls_may_be_missing_and_no_more() -> None:
    """Every fourth poll that fails is too much for a block."""
    bench = Bench()
    for count in range(4 * 20):
        if count % 4:
            bench.poll()
        else:
            bench.now += bench.interval

    assert bench.blocks == 0


def test_a_young_miner_has_to_settle_whatever_it_says() -> None:
    """The uptime alone tells of a boot."""
    bench = Bench()
    young = replace(GOOD, uptime=100)

    bench.run(30, young)

    assert bench.blocks == 0


def test_without_the_unsmoothed_rate_there_is_no_block() -> None:
    """Smoothed rates are none."""
    bench = Bench()

    bench.run(30, replace(GOOD, hash_rate_now=None, hash_rate=1.0))

    assert bench.points == ()


def test_other_settings_matter_not() -> None:
    """Light, display, pool and what an automatic fan does change nothing."""
    bench = Bench()
    rng = Random(1)

    def state() -> MinerState:
        return replace(
            GOOD,
            settings=replace(
                SETTINGS,
                display=rng.random() < 0.5,
                pool=rng.randrange(2),
                fan_duty_cycle=float(rng.randrange(30, 60)),
            ),
        )

    bench.run(13.5, state)

    assert bench.blocks == 1


POINTS = [
    (
        MinerSettings(frequency=525.0, core_voltage=1.15, work_mode="eco"),
        {Setting.FREQUENCY: 525.0, Setting.CORE_VOLTAGE: 1.15},
    ),
    (MinerSettings(work_mode="eco"), {Setting.WORK_MODE: "eco"}),
    (
        MinerSettings(frequency=525.0, work_mode="eco"),
        {Setting.WORK_MODE: "eco"},
    ),
    (MinerSettings(frequency=525.0), {Setting.FREQUENCY: 525.0}),
    (MinerSettings(), None),
    (MinerSettings(work_mode="x" * 100), None),
]


@pytest.mark.parametrize(("settings", "expected"), POINTS)
def test_the_operating_point(
    settings: MinerSettings, expected: Mapping[Setting, object] | None
) -> None:
    """Frequency and voltage, else the work mode, name a point."""
    bench = Bench()

    bench.run(13.5, replace(GOOD, settings=settings))

    assert [point.settings for point in bench.points] == (
        [] if expected is None else [expected]
    )


def test_means_are_weighted_with_time() -> None:
    """A value that stands for 40 s weighs more than one that stands for 20 s."""
    bench = Bench(interval=20.0)
    bench.run(3 + 1 / 3)
    for _ in range(5):
        for _ in range(4):
            bench.poll(replace(GOOD, power=10.0))
        bench.now += 20.0
        bench.poll(replace(GOOD, power=40.0))

    assert bench.mean("power") == pytest.approx((80 * 10 + 40 * 40) / 120)


def test_efficiency_is_a_ratio_of_sums() -> None:
    """Energy over work, not a mean of ratios."""
    bench = Bench()
    bench.run(13.25, replace(GOOD, hash_rate_now=1.0, power=20.0))
    bench.run(10, replace(GOOD, hash_rate_now=3.0, power=30.0))

    (point,) = bench.points

    assert point.blocks == 2
    assert point.figures["efficiency"].mean == pytest.approx(12.5, rel=0.01)
    assert point.figures["hash_rate"].mean == pytest.approx(2.0, rel=0.01)
    assert point.figures["hash_rate"].minimum == pytest.approx(1.0, rel=0.01)
    assert point.figures["hash_rate"].maximum == pytest.approx(3.0, rel=0.01)
    assert point.figures["hash_rate"].deviation == pytest.approx(1.0, rel=0.01)


def test_all_figures_are_there() -> None:
    """Whatever the miner and its room tell."""
    bench = Bench()
    bench.around = Environment(room_temperature=21.0)
    shares = iter(range(10_000))
    bench.run(
        13.5,
        lambda: replace(
            GOOD, shares_accepted=9 * (n := next(shares)), shares_rejected=n
        ),
    )

    (point,) = bench.points

    assert {name: round(figure.mean, 6) for name, figure in point.figures.items()} == {
        "hash_rate": 1.0,
        "power": 17.0,
        "efficiency": 17.0,
        "chip_temperature": 60.0,
        "vr_temperature": 50.0,
        "input_voltage": 5.1,
        "fan_duty_cycle": 40.0,
        "error_rate": 0.3,
        "reject_rate": 10.0,
        "room_temperature": 21.0,
    }
    assert {figure.deviation for figure in point.figures.values()} == {None}
    assert point.last == pytest.approx(EPOCH + 13 * 60, abs=60)
    assert point.days == 1


def test_counters_that_begin_anew_tell_no_rejects() -> None:
    """At another pool the shares start from 0."""
    bench = Bench()
    bench.run(8, replace(GOOD, shares_accepted=100, shares_rejected=10))
    bench.run(5.5, replace(GOOD, shares_accepted=90, shares_rejected=60))

    (point,) = bench.points

    assert "reject_rate" not in point.figures


def test_the_plug_tells_the_power_where_the_miner_does_not() -> None:
    """Some miners do not measure it."""
    bench = Bench()
    bench.around = Environment(wall_power=20.0)

    bench.run(13.5, replace(GOOD, power=None))

    assert bench.mean("efficiency") == pytest.approx(20.0)


def test_what_is_rarely_told_is_left_out() -> None:
    """A quantity that was there for a quarter of the block has no figure."""
    bench = Bench()
    count = iter(range(1000))
    bench.run(
        13.5, lambda: replace(GOOD, vr_temperature=None if next(count) % 4 else 50.0)
    )

    (point,) = bench.points

    assert "vr_temperature" not in point.figures
    assert "chip_temperature" in point.figures


def test_the_same_object_for_an_hour() -> None:
    """Nothing is judged at every poll."""
    bench = Bench()
    bench.run(13.5)
    seen = {id(bench.poll()) for _ in range(230)}
    assert len(seen) == 1

    before = bench.tuning
    bench.run(15)

    assert bench.tuning is not before
    assert bench.tuning.points[0].blocks > before.points[0].blocks
    assert bench.map.absent(bench.moment) is bench.tuning


def test_days_are_counted_once_each() -> None:
    """By the calendar, however many blocks they have."""
    bench = Bench(interval=60.0)

    bench.run(50 * 60)

    (point,) = bench.points
    assert point.days == len(
        {(EPOCH + second) // DAY for second in range(0, 50 * 3600, 600)}
    )


def test_at_most_forty_points_and_those_that_weigh() -> None:
    """The one with the fewest blocks goes."""
    bench = Bench(interval=60.0)
    bench.run(60, at(400.0))
    bench.run(30, at(401.0))
    for index in range(45):
        bench.run(60, at(500.0 + index))

    frequencies = {point.settings[Setting.FREQUENCY] for point in bench.points}

    assert len(frequencies) == 40
    assert 401.0 not in frequencies
    assert 544.0 in frequencies


def test_old_blocks_weigh_half_after_the_half_life() -> None:
    """As many blocks 10 days later count twice."""
    bench = Bench(TuningMap(InsightOptions(half_life=10)), interval=60.0)
    bench.run(1440, replace(GOOD, power=10.0))
    bench.now += 9 * DAY
    bench.run(1440, replace(GOOD, power=16.0))

    assert bench.mean("power") == pytest.approx(14.0, rel=0.005)


def test_ageing_goes_on_for_years() -> None:
    """Weights that grow for ever are scaled down in time."""
    bench = Bench(TuningMap(InsightOptions(half_life=1)), interval=60.0)
    for power in range(10, 60):
        bench.run(30, replace(GOOD, power=float(power)))
        bench.now += 100 * DAY

    assert bench.mean("power") == pytest.approx(59.0)


def test_what_is_ages_old_is_forgotten() -> None:
    """However long nobody looked, nothing overflows, and what was then is gone."""
    bench = Bench(TuningMap(InsightOptions(half_life=1)), interval=60.0)
    bench.run(1440, at(400.0))
    bench.run(1440, at(450.0))
    bench.now += 5000 * DAY

    bench.run(60, at(500.0))

    assert [point.settings[Setting.FREQUENCY] for point in bench.points] == [500.0]
    json.dumps(bench.map.dump(), allow_nan=False)


@pytest.mark.parametrize("jump", [-80 * 365 * DAY, 80 * 365 * DAY, 3600.0])
def test_a_clock_that_is_set_does_no_harm(jump: float) -> None:
    """Neither the ageing nor the blocks heed the wall's clock."""
    bench = Bench(interval=60.0)
    bench.run(600, replace(GOOD, power=10.0))
    bench.wall_ahead += jump
    bench.run(600, replace(GOOD, power=20.0))
    bench.wall_ahead -= jump
    bench.run(10)

    (point,) = bench.points

    assert point.blocks >= 119
    assert point.figures["power"].mean == pytest.approx(15.0, rel=0.02)


def test_the_time_that_was_slept_through_ages_as_well() -> None:
    """Across a restart the wall's clock tells how long it was, up to a half-life."""
    bench = Bench(TuningMap(InsightOptions(half_life=10)), interval=60.0)
    bench.run(1440, replace(GOOD, power=10.0))
    later = TuningMap(InsightOptions(half_life=10))
    later.load(json.loads(json.dumps(bench.map.dump())))
    again = Bench(later, interval=60.0, now=bench.now + 10 * DAY)

    again.run(1440, replace(GOOD, power=16.0))

    assert again.mean("power") == pytest.approx(14.0, rel=0.01)


def wild(seed: int, points: int) -> Bench:
    """Return a map with points with all that can be told, and noise."""
    rng = Random(seed)
    bench = Bench(interval=60.0)
    shares = [0, 0]

    def state(index: int) -> MinerState:
        shares[0] += rng.randrange(100)
        shares[1] += rng.randrange(3)
        return at(
            500.0 + 1.25 * index,
            hash_rate_now=1.12345678 + rng.gauss(0, 0.02),
            power=17.1234567 + rng.gauss(0, 0.2),
            chip_temperature=60.123456 + rng.random(),
            vr_temperature=50.123456 + rng.random(),
            input_voltage=5.123456 + rng.random() / 10,
            fans=(Fan(duty_cycle=40.123456 + rng.random()),),
            hardware_error_rate=rng.random() / 1000,
            shares_accepted=shares[0],
            shares_rejected=shares[1],
        )

    for _ in range(3):
        for index in range(points):
            for _ in range(60):
                bench.around = Environment(room_temperature=21 + rng.random())
                bench.poll(state(index))
        bench.now += DAY
    return bench


def test_what_is_stored_is_small_and_comes_back() -> None:
    """Forty points with all figures and verdicts' accounts fit into 30 KiB."""
    bench = wild(1, 40)
    stored = json.dumps(bench.map.dump(), separators=(",", ":"), allow_nan=False)
    assert len(stored) <= 30 * 1024

    again = TuningMap()
    again.load(json.loads(stored))

    assert json.dumps(again.dump(), separators=(",", ":")) == stored
    moment = bench.moment
    ours, theirs = (
        one.observe(
            GOOD, replace(moment, monotonic=bench.now + 3601), 60, around, False
        )
        for one, around in ((bench.map, bench.around), (again, bench.around))
    )
    assert [point.settings for point in ours.points] == [
        point.settings for point in theirs.points
    ]
    assert {kind: found.missing for kind, found in ours.verdicts.items()} == {
        kind: found.missing for kind, found in theirs.verdicts.items()
    }
    for mine, other in zip(ours.points, theirs.points, strict=True):
        assert mine.blocks == other.blocks
        for name, figure in mine.figures.items():
            assert figure.mean == pytest.approx(other.figures[name].mean, rel=1e-4)


HOSTILE = [
    None,
    7,
    "map",
    [],
    {},
    {"points": 7},
    {"points": [None, [], [[]], [[[["frequency", 500.0]], 1, 1, "", 1, 1, []]]]},
    {"age": math.nan, "wall": math.inf, "room": "hot", "points": []},
    {"age": 10**400, "wall": -(10**400), "points": [[10**400] * 3]},
    {"age": -1e300, "ledgers": [[[math.nan]] * 8] * 2, "batch": [0, []]},
    {"ledgers": {"0": 1}, "batch": [math.nan, {}]},
    {"batch": [10**400, 1]},
]


@pytest.mark.parametrize("data", HOSTILE)
def test_what_is_not_ours_is_ignored(data: object) -> None:
    """A map begins anew whatever was stored."""
    tuning_map = TuningMap()

    tuning_map.load(data)
    bench = Bench(tuning_map)
    bench.run(13.5)

    assert bench.blocks == 1


def vandalise(data: object, rng: Random) -> object:
    """Return the data with some of its parts replaced by what nobody expects."""
    if rng.random() < 0.02:
        junk = (None, -1, 0, 1e300, -1e-300, math.nan, math.inf, "x", [], {}, True)
        return rng.choice(junk)
    if isinstance(data, list):
        return [vandalise(item, rng) for item in data]
    if isinstance(data, dict):
        return {name: vandalise(item, rng) for name, item in data.items()}
    return data


def test_damage_costs_only_what_is_damaged() -> None:
    """Whatever is wrong in what was stored, the map goes on and stores sound data."""
    stored = json.loads(json.dumps(wild(2, 8).map.dump()))
    kept: list[int] = []
    for seed in range(100):
        tuning_map = TuningMap()
        tuning_map.load(vandalise(stored, Random(seed)))
        bench = Bench(tuning_map, interval=60.0, now=10 * DAY)
        bench.run(80)
        kept.append(len(bench.tuning.points))
        json.dumps(tuning_map.dump(), allow_nan=False)
        assert set(bench.tuning.verdicts) == set(Verdict)
    assert sum(points > 4 for points in kept) > 50
    assert min(kept) < max(kept) == 9


LIMITS = Limits(
    chip_temperature=Alarm(warn=65, critical=70),
    vr_temperature=Alarm(warn=70, critical=80),
    input_voltage=Alarm(warn=4.9, critical=4.8),
    power=Alarm(warn=35, critical=40),
)
HOLDS_BACK = [
    ({}, ()),
    ({"chip_temperature": 65.0}, (Bottleneck.CHIP_HOT,)),
    ({"chip_temperature_2": 66.0}, (Bottleneck.CHIP_HOT,)),
    ({"vr_temperature": 71.0}, (Bottleneck.VR_HOT,)),
    ({"input_voltage": 4.85}, (Bottleneck.INPUT_LOW,)),
    ({"power": 35.0}, (Bottleneck.POWER_LIMIT,)),
    ({"power": 19.5, "power_limit": 20.0}, (Bottleneck.POWER_LIMIT,)),
    ({"power": 19.3, "power_limit": 20.0}, ()),
    ({"hardware_error_rate": 2.1}, (Bottleneck.UNSTABLE,)),
    (
        {"chip_temperature": 70.0, "vr_temperature": 85.0},
        (Bottleneck.CHIP_HOT, Bottleneck.VR_HOT),
    ),
]


@pytest.mark.parametrize(("values", "expected"), HOLDS_BACK)
def test_what_holds_a_point_back(
    values: dict[str, float], expected: tuple[Bottleneck, ...]
) -> None:
    """By the device's limits, its own power limit, and how steady it is."""
    bench = Bench(TuningMap(InsightOptions(), LIMITS))

    bench.run(13.5, replace(GOOD, **values))  # type: ignore[arg-type]  # a table

    assert bench.tuning.points[0].bottlenecks == expected


def test_a_work_mode_is_not_held_back_by_its_own_power() -> None:
    """Nor by the errors that its firmware takes for fine; by its supply it is."""
    bench = Bench(TuningMap(InsightOptions(), LIMITS))
    mode = replace(
        GOOD,
        settings=MinerSettings(work_mode="eco"),
        power=20.0,
        power_limit=20.0,
        hardware_error_rate=3.0,
    )
    bench.run(30, mode)
    bench.run(90, replace(mode, settings=MinerSettings(work_mode="high"), power=36))

    held = {p.settings[Setting.WORK_MODE]: p.bottlenecks for p in bench.tuning.points}
    assert held == {"eco": (), "high": (Bottleneck.POWER_LIMIT,)}


def test_ten_minutes_of_great_heat_are_enough() -> None:
    """The critical value counts even if the mean is fine."""
    bench = Bench(TuningMap(InsightOptions(), LIMITS))
    bench.run(120)
    bench.run(20, replace(GOOD, chip_temperature=71.0))
    bench.run(120)

    assert bench.tuning.points[0].bottlenecks == (Bottleneck.CHIP_HOT,)


def test_a_rate_that_wanders_is_unstable() -> None:
    """By the means of ten minutes: half of them 15 % below the others."""
    bench = Bench()
    for _ in range(6):
        bench.run(30)
        bench.run(30, replace(GOOD, hash_rate_now=0.85))

    assert bench.tuning.points[0].bottlenecks == (Bottleneck.UNSTABLE,)


def test_a_users_alarm_stands_in_for_the_devices() -> None:
    """Who knows the board better may say so."""
    options = InsightOptions(alarms={"chip_temperature": Alarm(warn=75, critical=80)})
    bench = Bench(TuningMap(options, LIMITS))

    bench.run(13.5, replace(GOOD, chip_temperature=72.0))

    assert bench.tuning.points[0].bottlenecks == ()


def test_polls_alone_lead_to_the_verdicts() -> None:
    """Three days of two settings by turns, seen through every poll."""
    rng = Random(5)
    bench = Bench(interval=60.0)
    quick, slow = 625.0, 525.0
    for turn in range(18):
        quicker = turn % 2 == 1

        def state(quicker: bool = quicker) -> MinerState:
            rate = 1.2 if quicker else 1.0
            return at(
                quick if quicker else slow,
                hash_rate_now=rate * rng.gauss(1, 0.03),
                power=(22.0 if quicker else 17.0) * rng.gauss(1, 0.005),
                fans=(Fan(duty_cycle=75.0 if quicker else 45.0),),
            )

        bench.run(240, state)

    winners = {
        kind: found.settings and found.settings[Setting.FREQUENCY]
        for kind, found in bench.tuning.verdicts.items()
    }

    assert winners[Verdict.HASH_RATE] == quick
    assert winners[Verdict.EFFICIENCY] == slow
    assert winners[Verdict.BALANCED] == slow
    assert winners[Verdict.QUIET] == winners[Verdict.QUIETEST] == slow
    assert bench.tuning.verdicts[Verdict.QUIETEST].value == pytest.approx(45)
    assert winners[Verdict.STABILITY] is None
    best = bench.tuning.verdicts[Verdict.HASH_RATE]
    assert best.value == pytest.approx(1.2, rel=0.005)
    assert best.margin is not None
    assert 10 < best.margin < 20
