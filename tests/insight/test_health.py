"""Alarms have a delay and a hysteresis; unknown is no alarm."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import pytest

from custom_components.miner_monitor.insight.alarms import (
    AlarmWatch,
    OverheatWatch,
)
from custom_components.miner_monitor.insight.health import HealthWatch
from custom_components.miner_monitor.insight.model import (
    Baseline,
    Finding,
    FindingKind,
    Health,
    InsightOptions,
    Quantity,
    Severity,
    Shares,
)
from custom_components.miner_monitor.miners.model import (
    Alarm,
    Fan,
    Limits,
    MinerState,
    MinerStatus,
)
from custom_components.miner_monitor.model import Moment

LIMITS = Limits(
    chip_temperature=Alarm(warn=68, critical=72),
    vr_temperature=Alarm(warn=90, critical=100),
)
COOL = MinerState(
    status=MinerStatus.HASHING,
    chip_temperature=60,
    vr_temperature=70,
    overheating=False,
)


def watch() -> AlarmWatch:
    return AlarmWatch(
        FindingKind.CHIP_HOT,
        Quantity.CHIP_TEMPERATURE,
        Alarm(warn=68, critical=72),
        hysteresis=3,
        delay=300,
    )


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([(0, 60)], [False]),
        ([(0, 72)], [True]),
        ([(0, 69), (299, 69), (300, 69)], [False, False, True]),
        ([(0, 69), (200, 67.9), (300, 69), (599, 69)], [False, False, False, False]),
        ([(0, 72), (15, 67), (30, 65), (45, 64.9)], [True, True, True, False]),
        ([(0, 72), (15, None), (30, 66)], [True, None, False]),
        ([(0, 69), (200, None), (301, 69)], [False, None, False]),
    ],
    ids=[
        "cool",
        "critical at once",
        "warning after the delay",
        "a dip starts the delay anew",
        "ends below the hysteresis",
        "unknown ends an alarm",
        "unknown starts the delay anew",
    ],
)
def test_high_watch(
    samples: list[tuple[float, float | None]], expected: list[bool | None]
) -> None:
    """Sequences of (second, value) and what the watch says to each."""
    high = watch()

    assert [high.observe(value, now) for now, value in samples] == expected


def test_a_wobble_is_one_alarm() -> None:
    """0.3 °C around the threshold raises one alarm, not five."""
    high = watch()
    verdicts = [high.observe(72 + 0.15 * (-1) ** n, 15 * n) for n in range(40)]

    changes = sum(a != b for a, b in pairwise(verdicts))
    assert changes == 0
    assert verdicts[0] is True


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (COOL, False),
        (replace(COOL, overheating=True), True),
        (replace(COOL, status=MinerStatus.OVERHEATED, overheating=None), True),
        (replace(COOL, chip_temperature=72.5), True),
        (replace(COOL, chip_temperature=None, chip_temperature_2=72.5), True),
        (replace(COOL, vr_temperature=100), True),
        (replace(COOL, chip_temperature=None, vr_temperature=None), False),
        (MinerState(status=MinerStatus.PAUSED), None),
    ],
    ids=[
        "cool",
        "flag",
        "status",
        "chip",
        "second chip",
        "regulator",
        "flag alone",
        "nothing known",
    ],
)
def test_overheating(state: MinerState, expected: bool | None) -> None:
    """The device's word or any one temperature is enough."""
    assert OverheatWatch(LIMITS).observe(state, 0) is expected


def test_no_limits_no_thresholds() -> None:
    """A board without known limits is judged by its own flag alone."""
    assert (
        OverheatWatch(Limits()).observe(replace(COOL, chip_temperature=99), 0) is False
    )


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([(0, 86, 75), (300, 86, 75)], [False, False]),
        ([(0, 91, 75), (44, 91, 75), (45, 91, 75)], [False, False, True]),
        ([(0, 106, 75)], [True]),
        ([(0, 106, 75), (15, 88, 75), (30, 86, 75)], [True, True, False]),
        # A new mode brings a new target.
        ([(0, 91, 75), (45, 91, 90)], [False, False]),
        ([(0, 91, None), (45, 91, None)], [None, None]),
        ([(0, None, 75)], [None]),
    ],
    ids=[
        "healthy",
        "after the delay",
        "critical at once",
        "ends below the hysteresis",
        "another target",
        "no target",
        "no temperature",
    ],
)
def test_degrees_above_the_target(
    samples: list[tuple[float, float | None, float | None]],
    expected: list[bool | None],
) -> None:
    """A miner that cannot hold its own target is too hot, whatever the target is."""
    watch = OverheatWatch(Limits(chip_above_target=Alarm(warn=15, critical=30)))
    state = MinerState(status=MinerStatus.HASHING)

    verdicts = [
        watch.observe(
            replace(state, chip_temperature=chip, target_chip_temperature=target), now
        )
        for now, chip, target in samples
    ]

    assert verdicts == expected


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([(0, 5.0)], [None]),
        ([(0, 4.85), (299, 4.85), (300, 4.85)], [None, None, "warning"]),
        ([(0, 4.7), (44, 4.7), (45, 4.7)], [None, None, "critical"]),
        (
            [(0, 4.7), (45, 4.7), (60, 4.84), (75, 4.86)],
            [None, "critical", "critical", "warning"],
        ),
        (
            [(0, 4.7), (45, 4.7), (60, 4.86), (75, 4.94), (90, 4.96)],
            [None, "critical", "warning", "warning", None],
        ),
        ([(0, 4.7), (45, 4.7), (60, None)], [None, "critical", None]),
        ([(0, 4.7), (30, 4.81), (45, 4.7), (89, 4.7)], [None] * 4),
    ],
    ids=[
        "good",
        "warning after the delay",
        "critical after its delay",
        "critical until above its hysteresis",
        "down to a warning and out",
        "unknown ends an alarm",
        "a recovery starts the delay anew",
    ],
)
def test_low_watch(
    samples: list[tuple[float, float | None]], expected: list[str | None]
) -> None:
    """A value that has to stay above its thresholds; how bad it is each time."""
    low = AlarmWatch(
        FindingKind.INPUT_LOW,
        Quantity.INPUT_VOLTAGE,
        Alarm(warn=4.9, critical=4.8),
        0.05,
        300,
        45,
        low=True,
    )
    severities = []
    for now, value in samples:
        low.observe(value, now)
        severities.append(low.severity)

    assert severities == expected


FULL = Limits(
    chip_temperature=Alarm(warn=68, critical=72),
    chip_above_target=Alarm(warn=15, critical=30),
    vr_temperature=Alarm(warn=90, critical=100),
    input_voltage=Alarm(warn=4.9, critical=4.8),
    power=Alarm(warn=20, critical=25),
)
WELL = MinerState(
    status=MinerStatus.HASHING,
    hash_rate=1.2,
    chip_temperature=60,
    vr_temperature=70,
    input_voltage=5.1,
    power=17,
    overheating=False,
    fans=(Fan(speed=4000, duty_cycle=50),),
)
POLL = 15.0
NO_SHARES = Shares()


class Bench:
    """Feeds a HealthWatch with polls every 15 s."""

    def __init__(self, limits: Limits = FULL, **options: object) -> None:
        self.watch = HealthWatch(limits, InsightOptions(**options))
        self.now = 0.0

    def poll(
        self,
        state: MinerState = WELL,
        ratio: float | None = 100.0,
        shares: Shares = NO_SHARES,
    ) -> Health:
        moment = Moment(wall=self.now, monotonic=self.now, day="2026-01-01")
        self.now += POLL
        return self.watch.observe(state, Baseline(ratio=ratio), shares, moment)

    def hold(self, seconds: float, *args: object, **kwargs: object) -> Health:
        """Poll the same until so much time went by since the first of these polls."""
        end = self.now + seconds
        health = self.poll(*args, **kwargs)
        while self.now <= end:
            health = self.poll(*args, **kwargs)
        return health


def told(health: Health) -> list[tuple[str, str]]:
    """Return what a user reads of the findings."""
    return [(finding.kind.value, finding.severity.value) for finding in health.findings]


def rejects(rate: float, bound: float, rejected: int = 10) -> Shares:
    return Shares(accepted=100, rejected=rejected, reject_rate=rate, lower_bound=bound)


CHIP, VR = Quantity.CHIP_TEMPERATURE, Quantity.VR_TEMPERATURE
INPUT, POWER = Quantity.INPUT_VOLTAGE, Quantity.POWER
RATIO, REJECTS = Quantity.HASH_RATE_RATIO, Quantity.REJECT_RATE

FINDINGS = [
    ("chip_hot", "warning", 300, {"state": {"chip_temperature": 69}}, CHIP, 69, 68),
    ("chip_hot", "critical", 0, {"state": {"chip_temperature_2": 72}}, CHIP, 72, 72),
    (
        "chip_hot",
        "warning",
        45,
        {"state": {"chip_temperature": 66, "target_chip_temperature": 50}},
        CHIP,
        66,
        65,
    ),
    ("chip_hot", "critical", 0, {"state": {"overheating": True}}, CHIP, 60, None),
    ("vr_hot", "warning", 300, {"state": {"vr_temperature": 91}}, VR, 91, 90),
    ("vr_hot", "critical", 0, {"state": {"vr_temperature": 101}}, VR, 101, 100),
    ("input_low", "warning", 300, {"state": {"input_voltage": 4.85}}, INPUT, 4.85, 4.9),
    ("input_low", "critical", 45, {"state": {"input_voltage": 4.75}}, INPUT, 4.75, 4.8),
    ("power_high", "warning", 600, {"state": {"power": 21}}, POWER, 21, 20),
    ("power_high", "critical", 60, {"state": {"power": 26}}, POWER, 26, 25),
    ("hash_rate_low", "warning", 1800, {"ratio": 84.0}, RATIO, 84, 85),
    ("hash_rate_low", "critical", 1800, {"ratio": 69.0}, RATIO, 69, 70),
    ("rejects_high", "warning", 0, {"shares": rejects(5.0, 3.1)}, REJECTS, 5, 3),
    ("rejects_high", "critical", 0, {"shares": rejects(15.0, 10.1)}, REJECTS, 15, 10),
    ("stalled", "critical", 0, {"shares": Shares(stalled=True)}, None, None, None),
    (
        "fan_stopped",
        "critical",
        30,
        {"state": {"fans": (Fan(speed=0, duty_cycle=50),)}},
        None,
        None,
        None,
    ),
    ("fault", "critical", 0, {"state": {"faults": ("psu",)}}, None, None, None),
    *(
        (kind, "critical", 0, {"state": {"faults": (fault,)}}, None, None, None)
        for fault, kind in {
            "power_supply": "supply_fault",
            "power_supply_over_temperature": "supply_fault",
            "input_current": "supply_fault",
            "core_voltage": "regulator_fault",
            "no_core_voltage": "regulator_fault",
            "fan": "fan_stopped",
            "fancy": "fault",
            "chips_not_found": "fault",
        }.items()
    ),
    (
        "fault",
        "critical",
        0,
        {"state": {"status": MinerStatus.FAULT}},
        None,
        None,
        None,
    ),
    (
        "pool_lost",
        "critical",
        120,
        {"state": {"status": MinerStatus.POOL_LOST}},
        None,
        None,
        None,
    ),
    (
        "pool_lost",
        "critical",
        120,
        {"state": {"pool_connected": False}},
        None,
        None,
        None,
    ),
]


@pytest.mark.parametrize(
    ("kind", "severity", "delay", "change", "quantity", "value", "threshold"),
    FINDINGS,
    ids=[f"{row[0]} {row[1]} after {row[2]} s" for row in FINDINGS],
)
def test_findings(
    kind: str,
    severity: str,
    delay: float,
    change: dict[str, object],
    quantity: Quantity | None,
    value: float | None,
    threshold: float | None,
) -> None:
    """Each comes after its delay and not before, and goes when all is well."""
    bench = Bench()
    assert bench.hold(60).findings == ()
    seen = dict(change)
    seen["state"] = replace(WELL, **seen.pop("state", {}))
    began = bench.now
    if delay:
        assert (kind, severity) not in told(bench.hold(delay - POLL, **seen))

    findings = bench.poll(**seen).findings

    # A fan is known to stand with the third poll, and not since when.
    since = bench.now - POLL if quantity is None and kind != "pool_lost" else began
    assert findings == (
        Finding(
            kind=FindingKind(kind),
            severity=Severity(severity),
            quantity=quantity,
            value=value,
            threshold=threshold,
            since=since,
        ),
    )
    assert bench.poll(**seen).findings is findings
    assert bench.poll().findings == ()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"state": {"input_voltage": None, "power": None}}, []),
        ({"state": {"power": 19.9}}, []),
        ({"ratio": None}, []),
        ({"ratio": 85.5}, []),
        ({"shares": rejects(50.0, 20.0, rejected=2)}, []),
        ({"shares": rejects(5.0, 2.9)}, []),
        ({"shares": Shares(stalled=None)}, []),
        ({"shares": Shares(stalled=False)}, []),
        ({"state": {"fans": (Fan(speed=0, duty_cycle=0),)}}, []),
        ({"state": {"fans": (Fan(speed=0, duty_cycle=None),)}}, []),
        ({"state": {"fans": (Fan(speed=None, duty_cycle=50),)}}, []),
        ({"state": {"fans": ()}}, []),
        ({"state": {"pool_connected": None}}, []),
        *(
            ({"state": {"status": status, "pool_connected": False}}, [])
            for status in (
                MinerStatus.PAUSED,
                MinerStatus.STANDBY,
                MinerStatus.STARTING,
            )
        ),
    ],
    ids=str,
)
def test_no_finding(change: dict[str, object], expected: list[object]) -> None:
    """What is within its limits, or not known, is none however long it lasts."""
    bench = Bench()
    bench.hold(60)
    seen = dict(change)
    seen["state"] = replace(WELL, **seen.pop("state", {}))

    assert told(bench.hold(4000, **seen)) == expected


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        # Ends 3 °C below, not at once.
        ({"vr_temperature": 101}, {"vr_temperature": 98}, [("vr_hot", "critical")]),
        ({"vr_temperature": 101}, {"vr_temperature": 96}, [("vr_hot", "warning")]),
        ({"vr_temperature": 101}, {"vr_temperature": 87}, [("vr_hot", "warning")]),
        ({"vr_temperature": 101}, {"vr_temperature": 86}, []),
        # 1 % of 4.9 V above.
        ({"input_voltage": 4.85}, {"input_voltage": 4.94}, [("input_low", "warning")]),
        ({"input_voltage": 4.85}, {"input_voltage": 4.96}, []),
        # 2 % of 20 W below.
        ({"power": 21}, {"power": 19.7}, [("power_high", "warning")]),
        ({"power": 21}, {"power": 19.5}, []),
    ],
)
def test_hysteresis(
    first: dict[str, float], then: dict[str, float], expected: list[tuple[str, str]]
) -> None:
    """An alarm goes when the value has left its threshold behind."""
    bench = Bench()
    bench.hold(1200, replace(WELL, **first))

    assert told(bench.poll(replace(WELL, **then))) == expected


def test_ratio_and_rejects_have_a_hysteresis() -> None:
    """Two points for the ratio, one for the lower bound of the rejects."""
    bench = Bench()
    bench.hold(1800, WELL, 84.0, rejects(5.0, 3.1))
    both = [("hash_rate_low", "warning"), ("rejects_high", "warning")]

    assert told(bench.poll(WELL, 86.5, rejects(4.0, 2.1))) == both
    assert told(bench.poll(WELL, 87.5, rejects(4.0, 2.1))) == both[1:]
    assert told(bench.poll(WELL, 87.5, rejects(3.5, 1.9))) == []


def test_user_options() -> None:
    """What the user chose stands in for the device's limits."""
    bench = Bench(
        alarms={
            "chip_temperature": Alarm(warn=55, critical=58),
            "power": Alarm(warn=10, critical=15),
            "no such": Alarm(warn=0, critical=0),
        },
        rejects=Alarm(warn=1.0, critical=2.0),
        ratio_poor=60.0,
    )
    health = bench.hold(60, WELL, 65.0, rejects(2.0, 1.5))

    assert health.overheating is True
    assert told(health) == [
        ("chip_hot", "critical"),
        ("power_high", "critical"),
        ("rejects_high", "warning"),
    ]
    slow = bench.hold(1800, WELL, 59.0).findings
    assert [(f.severity, f.threshold) for f in slow if f.value == 59.0] == [
        (Severity.CRITICAL, 60.0)
    ]


@pytest.mark.parametrize(
    ("state", "seconds", "expected"),
    [
        ({"hash_rate": 0.004}, 585, []),
        ({"hash_rate": 0.004}, 600, [("hash_rate_low", "warning")]),
        (
            {"hash_rate": 0.0, "status": MinerStatus.IDLE},
            600,
            [("hash_rate_low", "warning")],
        ),
        ({"hash_rate": 0.006}, 6000, []),
        ({"hash_rate": None}, 6000, []),
        ({"hash_rate": 0.0, "status": MinerStatus.PAUSED}, 6000, []),
        ({"hash_rate": 0.0, "status": MinerStatus.STANDBY}, 6000, []),
        ({"hash_rate": 0.0, "status": MinerStatus.STARTING}, 6000, []),
    ],
)
def test_least_hash_rate(
    state: dict[str, object], seconds: float, expected: list[tuple[str, str]]
) -> None:
    """The user's minimum; a miner that rests on purpose does not miss it."""
    bench = Bench(Limits(), minimum_hash_rate=0.005)
    idle = MinerState(status=MinerStatus.HASHING)

    assert told(bench.hold(seconds, replace(idle, **state), None)) == expected


def test_one_finding_of_a_kind() -> None:
    """The worst one, whichever threshold it comes from."""
    bench = Bench(minimum_hash_rate=1.0)
    state = replace(
        WELL, hash_rate=0.5, chip_temperature=70, target_chip_temperature=35
    )

    health = bench.hold(1800, state, 42.0)

    assert told(health) == [("chip_hot", "critical"), ("hash_rate_low", "critical")]
    assert health.findings[0].threshold == 65
    assert health.findings[1].value == 42.0


@pytest.mark.parametrize(
    ("polls", "expected"),
    [
        ([[4000], [0], [0], [0], [0]], [False, False, False, True, True]),
        ([[4000], [0], [0], [50], [0], [0]], [False] * 6),
        ([[4000], [0], [0], [0], [300]], [False, False, False, True, False]),
        ([[0], [0], [0], [0], [0]], [None] * 5),
        ([[4000, 0]] * 5, [False] * 5),
        ([[4000, 3000]] + [[4000, 0]] * 3, [False, False, False, True]),
        ([[4000], [], [0], [0], [0]], [False, None, False, False, True]),
        ([[None]] * 4, [None] * 4),
        ([[4000], [0], [0], [None], [0]], [False] * 5),
    ],
    ids=[
        "stopped",
        "turned again",
        "recovered",
        "never turned",
        "second fan does not exist",
        "second fan stopped",
        "fans not told for a while",
        "speed not told",
        "speed not told for a while",
    ],
)
def test_fan_fault(polls: list[list[int | None]], expected: list[bool | None]) -> None:
    """Three polls of a driven fan at rest, if it once turned."""
    bench = Bench()
    faults = []
    for speeds in polls:
        fans = tuple(Fan(speed=speed, duty_cycle=60) for speed in speeds)
        faults.append(bench.poll(replace(WELL, fans=fans)).fan_fault)

    assert faults == expected


def test_an_absent_miner_has_no_findings_and_no_pending_ones() -> None:
    """Delays begin anew when it is back; that its fan once turned is remembered."""
    bench = Bench()
    bench.poll()
    still = replace(WELL, chip_temperature=69, fans=(Fan(speed=0, duty_cycle=50),))
    bench.hold(290, still)

    assert bench.watch.absent() == Health()
    bench.now += 3600
    assert told(bench.hold(15, still)) == []
    assert told(bench.poll(still)) == [("fan_stopped", "critical")]
    assert told(bench.hold(240, still)) == [("fan_stopped", "critical")]
    assert ("chip_hot", "warning") in told(bench.poll(still))


def test_pending_alarms_end_with_absence() -> None:
    """Also where nothing was found yet that could be given out."""
    bench = Bench(Limits(), minimum_hash_rate=1.0)
    slow = MinerState(status=MinerStatus.HASHING, hash_rate=0.5)
    bench.hold(500, slow, None)
    bench.watch.absent()
    bench.now += 600

    assert told(bench.hold(500, slow, None)) == []


def test_a_value_is_that_of_the_last_poll() -> None:
    """And it is so since the first one beyond the warning, however it moved."""
    bench = Bench()
    bench.poll(replace(WELL, vr_temperature=91))
    bench.poll(replace(WELL, vr_temperature=101))
    for value in (103.5, 97.0, 88.0, 99.2):
        (finding,) = bench.poll(replace(WELL, vr_temperature=value)).findings
        assert (finding.value, finding.since) == (value, 0.0)


def test_a_lost_connection_that_comes_back_in_time_is_none() -> None:
    """Two minutes without a break count, and what is away tells nothing."""
    bench = Bench()
    lost = replace(WELL, status=MinerStatus.POOL_LOST, pool_connected=False)
    bench.hold(105, lost)
    bench.poll()
    assert told(bench.hold(105, lost)) == []
    bench.watch.absent()
    assert told(bench.hold(105, lost)) == []
    assert told(bench.poll(lost)) == [("pool_lost", "critical")]


def test_the_worst_comes_first() -> None:
    """What may break the miner before what costs shares, and warnings last."""
    bench = Bench()
    state = replace(
        WELL,
        power=21,
        chip_temperature=115,
        faults=("fan", "power_supply"),
        pool_connected=False,
    )

    health = bench.hold(600, state, 100.0, rejects(15.0, 10.1))

    assert told(health) == [
        ("chip_hot", "critical"),
        ("fan_stopped", "critical"),
        ("supply_fault", "critical"),
        ("pool_lost", "critical"),
        ("rejects_high", "critical"),
        ("power_high", "warning"),
    ]


def test_limits_are_what_is_judged_by() -> None:
    """Those of the user before the board's; a target moves the chip's."""
    bench = Bench(
        alarms={"power": Alarm(warn=10, critical=15)},
        minimum_hash_rate=1.0,
        ratio_poor=60.0,
    )
    bare = {
        CHIP: Alarm(warn=68, critical=72),
        VR: Alarm(warn=90, critical=100),
        INPUT: Alarm(warn=4.9, critical=4.8),
        POWER: Alarm(warn=10, critical=15),
        RATIO: Alarm(warn=60, critical=60),
        Quantity.HASH_RATE: Alarm(warn=1.0, critical=float("-inf")),
        REJECTS: Alarm(warn=3, critical=10),
    }

    def at(target: float | None) -> Mapping[Quantity, Alarm]:
        return bench.poll(replace(WELL, target_chip_temperature=target)).limits

    assert at(None) == bare
    assert at(50) == {**bare, CHIP: Alarm(warn=65, critical=72)}
    assert at(40) == {**bare, CHIP: Alarm(warn=55, critical=70)}
    assert at(None) == bare
    assert Bench(Limits()).poll().limits.keys() == {RATIO, REJECTS}


def test_the_same_object_while_nothing_changes() -> None:
    """Nothing is built for what no finding speaks of."""
    bench = Bench()
    hot = replace(WELL, vr_temperature=101)
    first = bench.poll(hot)

    assert bench.poll(replace(hot, power=17.5)) is first
    assert bench.poll() is not first
    assert bench.poll() is bench.poll(replace(WELL, power=16))


def test_defect_12_a_wobble_is_one_alarm() -> None:
    """69.8 to 70.1 °C around a threshold of 70 is one finding and not five."""
    bench = Bench(Limits(chip_temperature=Alarm(warn=66, critical=70)))
    state = replace(WELL, overheating=None, vr_temperature=None)
    temperatures = [69.8, 70.1] * 20
    seen = [bench.poll(replace(state, chip_temperature=chip)) for chip in temperatures]

    found = [(told(health), {f.since for f in health.findings}) for health in seen]
    changes = [(a, b) for a, b in pairwise(found) if a != b]
    assert len(changes) == 1
    assert told(seen[-1]) == [("chip_hot", "critical")]


def test_defect_12_an_absent_miner_is_not_overheating() -> None:
    """However hot it was when it was last seen."""
    bench = Bench()
    assert bench.poll(replace(WELL, chip_temperature=90)).overheating is True

    assert bench.watch.absent().overheating is None
