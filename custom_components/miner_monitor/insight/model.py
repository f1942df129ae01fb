"""Snapshots that insight gives out; all frozen.

Units are those of miners.model: hash rate TH/s, W, °C, %, s; energy is in kWh,
efficiency in J/TH. ``None`` means that it is not known (yet), never zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ..miners.model import (
    Alarm,
    Changes,
    ErrorKind,
    record,
)
from .worth import NO_MARKET, NO_MONEY, NO_WORTH, Market, Money, Worth


@record
class Environment:
    """What others know about a miner at the moment of a poll.

    ``wall_power`` is what the plug measures in W, ``room_temperature`` in °C,
    ``network_difficulty`` what another miner reported of the same chain, ``market``
    what power and bitcoin are worth.
    """

    wall_power: float | None = None
    room_temperature: float | None = None
    network_difficulty: float | None = None
    market: Market = NO_MARKET


NOTHING_AROUND = Environment()


def unless_equal[T](found: T, known: T) -> T:
    """Return what is known where nothing changed, so that it stays one object."""
    return known if found == known else found


REJECT_ALARM = Alarm(warn=3.0, critical=10.0)
"""Rejected shares in % of all; only what is certainly above it counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightOptions:
    """What the user knows better, or has judged otherwise.

    ``expected_hash_rate`` and ``minimum_hash_rate`` are in TH/s. The ratio is good
    from ``ratio_good`` %, and a finding below ``ratio_poor`` %. The wall's power is
    the plug's where ``plug`` says that one is measured; else the device's, divided by
    ``psu_efficiency`` (%), plus ``psu_constant`` (W). ``psu_capacity`` is in W. Tuning
    data weigh half after ``half_life`` days. ``alarms`` stand in for those of the
    device's limits, by the names of their fields; ``rejects`` is in %. ``room_sensor``
    names where the room's temperature comes from.
    """

    expected_hash_rate: float | None = None
    minimum_hash_rate: float | None = None
    ratio_good: float = 95.0
    ratio_poor: float = 85.0
    plug: bool = False
    psu_efficiency: float | None = None
    psu_constant: float = 0.0
    psu_capacity: float | None = None
    half_life: float = 30.0
    alarms: Mapping[str, Alarm] = field(default_factory=dict)
    rejects: Alarm = REJECT_ALARM
    room_sensor: str | None = None

    @property
    def wall(self) -> bool:
        """Whether the power at the wall is known."""
        return self.plug or self.psu_efficiency is not None


class Total(StrEnum):
    """What is counted for ever, and published as a total that never falls."""

    ENERGY = "energy"
    WALL_ENERGY = "wall_energy"
    TOTAL_UPTIME = "total_uptime"
    RESTARTS = "restarts"
    TIMES_OFFLINE = "times_offline"


class FindingKind(StrEnum):
    """What can be wrong with a miner that answers, the most urgent first."""

    CHIP_HOT = "chip_hot"
    VR_HOT = "vr_hot"
    FAN_STOPPED = "fan_stopped"
    SUPPLY_FAULT = "supply_fault"
    REGULATOR_FAULT = "regulator_fault"
    FAULT = "fault"
    POOL_LOST = "pool_lost"
    STALLED = "stalled"
    INPUT_LOW = "input_low"
    POWER_HIGH = "power_high"
    HASH_RATE_LOW = "hash_rate_low"
    REJECTS_HIGH = "rejects_high"
    RUNS_HOTTER = "runs_hotter"


class Severity(StrEnum):
    """How bad a finding is."""

    WARNING = "warning"
    CRITICAL = "critical"


class Quantity(StrEnum):
    """What has limits, by the key of the sensor that shows it."""

    CHIP_TEMPERATURE = "chip_temperature"
    VR_TEMPERATURE = "vr_temperature"
    INPUT_VOLTAGE = "input_voltage"
    POWER = "power"
    HASH_RATE_RATIO = "hash_rate_ratio"
    HASH_RATE = "hash_rate"
    REJECT_RATE = "reject_rate"


@record
class Finding:
    """Something a user should look at, the value behind it and its threshold.

    ``value`` is what the last poll reported of the ``quantity``, in its unit here.
    ``since`` is an epoch second.
    """

    kind: FindingKind
    severity: Severity
    quantity: Quantity | None = None
    value: float | None = None
    threshold: float | None = None
    since: float = 0.0


@record
class Health:
    """What the alarms say; a fan fault needs a fan that once turned.

    ``findings`` come with the worst first. ``limits`` are what they are judged by: the
    user's, else those of the board and of the target that it pursues now. ``awaited``
    were open before the miner, or we, were away, and may be found again.
    """

    overheating: bool | None = None
    fan_fault: bool | None = None
    findings: tuple[Finding, ...] = ()
    awaited: frozenset[FindingKind] = frozenset()
    limits: Mapping[Quantity, Alarm] = field(default_factory=dict)


@record
class ResponseTimes:
    """How long the last polls took, in ms."""

    last: float
    mean: float
    median: float
    minimum: float
    maximum: float


@record
class Baseline:
    """The hash rate beside the expected one, over the ratio's window.

    ``expected`` is the present one in TH/s, ``deviation`` signed in TH/s, ``ratio``
    in %.
    """

    expected: float | None = None
    ratio: float | None = None
    deviation: float | None = None


class Grade(StrEnum):
    """How much the hash rate wanders, by the range of its bucket means."""

    EXCELLENT = "excellent"
    STABLE = "stable"
    ACCEPTABLE = "acceptable"
    VARIABLE = "variable"
    UNSTABLE = "unstable"


@record
class Range:
    """How far the bucket means of a window lie apart, in % of their mean.

    ``mean`` and ``median`` are in TH/s; ``skewed``: they differ too much.
    """

    range: float
    grade: Grade
    mean: float
    median: float
    skewed: bool


@record
class Session:
    """Means, least and most since the miner's last start, or since it is watched.

    They are over the ``seconds`` that it hashed after it had settled.
    """

    seconds: float
    hash_rate: float | None = None
    hash_rate_min: float | None = None
    hash_rate_max: float | None = None
    efficiency: float | None = None
    power: float | None = None
    power_min: float | None = None
    power_max: float | None = None


@record
class Period:
    """Ten minutes that stand out: their begin by the wall clock and the rate."""

    begin: float
    hash_rate: float
    ratio: float | None = None


@record
class Stability:
    """How steady the unsmoothed hash rate is.

    ``deviations`` are sample deviations in TH/s over 60, 300 and 600 s, ``above`` and
    ``below`` the spread of what lies above and below the expected rate over 600 s,
    ``score`` is from 0 to 100. ``ranges`` go by "1h", "4h", "8h", "24h" and "3d".
    """

    deviations: tuple[float | None, float | None, float | None] = (None, None, None)
    samples: tuple[int, int, int] = (0, 0, 0)
    above: float | None = None
    below: float | None = None
    score: float | None = None
    ranges: Mapping[str, Range] = field(default_factory=dict)
    hash_rate_1h: float | None = None
    hash_rate_24h: float | None = None
    efficiency_24h: float | None = None
    session: Session | None = None
    best: tuple[Period, ...] = ()
    worst: tuple[Period, ...] = ()


@record
class Presence:
    """How often and how long a miner was away, and what part of a day it was there.

    ``times_offline`` is None until it is known what was published before, so that it
    never falls; ``absent``: the last of them lasts. ``time_away`` is in s;
    ``availability`` in % of the last 24 h that were watched and not switched off on
    purpose.
    """

    times_offline: int | None = None
    absent: bool = False
    time_away: float = 0.0
    availability: float | None = None


@record
class Uptime:
    """What our own counting of boots says.

    ``started`` is the epoch second of the last boot, ``total`` in s. It and
    ``restarts`` are None until it is known what was published before.
    """

    started: float | None = None
    restarts: int | None = None
    total: float | None = None


@record
class Shares:
    """Shares of the last hour, and what can be expected of the next ones.

    ``counted`` are the accepted and the rejected ones since we began to look.
    ``reject_rate`` is in %, ``lower_bound`` its 95 % lower bound. ``odds_of_block``
    is in % per year, ``days_to_beat_best`` an expectation, ``last`` the epoch second
    of the poll that showed the last one.
    """

    counted: tuple[int, int] | None = None
    accepted: int = 0
    rejected: int = 0
    reject_rate: float | None = None
    lower_bound: float | None = None
    reasons: Mapping[str, int] = field(default_factory=dict)
    stalled: bool | None = None
    odds_of_block: float | None = None
    days_to_beat_best: float | None = None
    last: float | None = None


class Verdict(StrEnum):
    """What a setting can be the best in."""

    EFFICIENCY = "efficiency"
    HASH_RATE = "hash_rate"
    STABILITY = "stability"
    BALANCED = "balanced"
    QUIET = "quiet"
    QUIETEST = "quietest"


class Missing(StrEnum):
    """What is missing for a verdict."""

    POINTS = "points"
    BLOCKS = "blocks"
    DAYS = "days"
    DIFFERENCE = "difference"
    DATA = "data"


class Bottleneck(StrEnum):
    """What holds a setting back."""

    CHIP_HOT = "chip_hot"
    VR_HOT = "vr_hot"
    INPUT_LOW = "input_low"
    POWER_LIMIT = "power_limit"
    UNSTABLE = "unstable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A quantity over the blocks of an operating point."""

    mean: float
    deviation: float | None
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """Settings, and how the miner did at them.

    ``settings`` are MHz and V, or a work mode. ``blocks`` of ten minutes on so many
    ``days``, last at the epoch second ``last``. ``figures`` go by name: hash_rate,
    power, efficiency (a ratio of sums), chip_temperature, vr_temperature,
    input_voltage, fan_duty_cycle, error_rate, reject_rate, room_temperature.
    """

    settings: Changes
    blocks: int
    days: int
    last: float
    figures: Mapping[str, Figure] = field(default_factory=dict)
    bottlenecks: tuple[Bottleneck, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Which settings are the best in something, or what is missing to say so.

    ``value`` is what was judged by, ``margin`` the least by which it is better than
    the next, in %, with 95 % confidence. ``blocks_missing`` and ``days_missing`` are
    how much more is needed at the least.
    """

    settings: Changes | None = None
    value: float | None = None
    margin: float | None = None
    missing: Missing | None = None
    blocks_missing: int = 0
    days_missing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """The tuning map; the same object until it is judged anew."""

    points: tuple[OperatingPoint, ...] = ()
    verdicts: Mapping[Verdict, Judgement] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """One local day of a miner, for reports.

    Energy in kWh, times in s, mean rates in TH/s, ``efficiency`` as a ratio of sums.
    ``watched``: how long we looked; ``answered``: how much of it the miner was there.
    """

    day: str
    watched: float = 0.0
    answered: float = 0.0
    restarts: int = 0
    times_offline: int = 0
    energy: float = 0.0
    wall_energy: float | None = None
    accepted: int | None = None
    rejected: int | None = None
    hash_rate: float | None = None
    power: float | None = None
    efficiency: float | None = None
    chip_temperature: float | None = None
    chip_temperature_max: float | None = None
    best_difficulty: float | None = None
    blocks_found: int = 0
    findings: tuple[FindingKind, ...] = ()


@record
class Insight:
    """What is known beyond the device's own words.

    ``last_seen`` is an epoch second. What is counted here outlives the miner's
    absence: ``failed_polls`` by the kind of error, ``blocks_found``, the totals, and
    ``best_difficulty``: the best share since the miner was added, or what it reported
    then, which never falls.
    ``energy`` and ``wall_energy`` are None until it is known what was published
    before, so that they never fall.
    """

    last_seen: float | None = None
    response_times: ResponseTimes | None = None
    failed_polls: Mapping[ErrorKind, int] = field(default_factory=dict)
    blocks_found: int | None = None
    best_difficulty: float | None = None
    energy: float | None = None
    wall_power: float | None = None
    wall_energy: float | None = None
    wall_efficiency: float | None = None
    psu_load: float | None = None
    uptime: Uptime = Uptime()
    presence: Presence = Presence()
    baseline: Baseline = Baseline()
    stability: Stability = Stability()
    shares: Shares = Shares()
    health: Health = Health()
    tuning: Tuning = Tuning()
    worth: Worth = NO_WORTH
    money: Money = NO_MONEY
