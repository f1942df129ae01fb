"""The vocabulary that every family of miners is translated into.

Units are the same for all families: hash rate TH/s, W, V, A, MHz, °C, % from 0
to 100, s, ms; difficulties are plain numbers. ``None`` always means "the device
did not say", never zero. Tuples keep their order, so an index names the same
fan, pool, board or chip in every reading.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Self, dataclass_transform

from .errors import ErrorKind
from .settings import (
    SWITCH,
    Changes,
    Light,
    MinerSettings,
    Setting,
    SettingRange,
    SettingValue,
    Writing,
)

__all__ = [
    "SWITCH",
    "Changes",
    "ErrorKind",
    "Light",
    "MinerSettings",
    "Setting",
    "SettingRange",
    "SettingValue",
    "Writing",
]


@dataclass_transform(
    frozen_default=True, kw_only_default=True, field_specifiers=(field,)
)
def record[Kind](kind: type[Kind]) -> type[Kind]:
    """Make a dataclass that nothing changes, which the type checker sees to.

    For what is made anew with each poll: a dataclass that sees to it by itself takes
    four times as long to make.
    """
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(kind)


class Family(StrEnum):
    """A group of devices that share one protocol."""

    AXEOS = "axeos"
    AVALON = "avalon"
    FPGA = "fpga"


class HashRateUnit(StrEnum):
    """The unit in which a device's hash rate is shown, for ever."""

    TERA = "TH/s"
    GIGA = "GH/s"
    KILO = "kH/s"

    @property
    def per_terahash(self) -> float:
        """How many of this unit make one TH/s."""
        return _PER_TERAHASH[self]


_PER_TERAHASH: Mapping[HashRateUnit, float] = {
    HashRateUnit.TERA: 1.0,
    HashRateUnit.GIGA: 1e3,
    HashRateUnit.KILO: 1e9,
}


class MinerStatus(StrEnum):
    """What a miner that answers is doing."""

    HASHING = "hashing"
    STARTING = "starting"
    PAUSED = "paused"
    STANDBY = "standby"
    OVERHEATED = "overheated"
    FAULT = "fault"
    POOL_LOST = "pool_lost"
    IDLE = "idle"


SETTLED = 60.0
"""Seconds after a boot, a wake-up or a new mode in which odd readings prove nothing."""

START = 600.0
"""Seconds a miner may take to hash again before it counts as idle."""


class Capability(StrEnum):
    """A thing that a device can report or do.

    A reading's capability has the name of its field in MinerState. It belongs to
    the device, not to the moment: a paused miner keeps its chip temperature.
    """

    HASH_RATE_10M = "hash_rate_10m"
    HASH_RATE_1H = "hash_rate_1h"
    HASH_RATE_AVERAGE = "hash_rate_average"
    EXPECTED_HASH_RATE = "expected_hash_rate"
    POWER = "power"
    POWER_LIMIT = "power_limit"
    PSU_OUTPUT_VOLTAGE = "psu_output_voltage"
    PSU_OUTPUT_CURRENT = "psu_output_current"
    INPUT_VOLTAGE = "input_voltage"
    INPUT_CURRENT = "input_current"
    CORE_VOLTAGE_ACTUAL = "core_voltage_actual"
    FREQUENCY_ACTUAL = "frequency_actual"
    CHIP_TEMPERATURE = "chip_temperature"
    CHIP_TEMPERATURE_2 = "chip_temperature_2"
    CHIP_TEMPERATURE_MIN = "chip_temperature_min"
    CHIP_TEMPERATURE_AVERAGE = "chip_temperature_average"
    TARGET_CHIP_TEMPERATURE = "target_chip_temperature"
    VR_TEMPERATURE = "vr_temperature"
    BOARD_TEMPERATURE = "board_temperature"
    INLET_TEMPERATURE = "inlet_temperature"
    OUTLET_TEMPERATURE = "outlet_temperature"
    AMBIENT_TEMPERATURE = "ambient_temperature"
    FAN_DUTY_CYCLE = "fan_duty_cycle"
    CHIPS_WORKING = "chips_working"
    CHIP_VOLTAGES = "chip_voltage_min"
    MATCHING_WORK = "matching_work"
    WORK_UTILITY = "work_utility"
    BOARDS = "boards"
    SHARES = "shares_accepted"
    SHARES_STALE = "shares_stale"
    SHARE_ERROR_RATE = "share_error_rate"
    SOLUTIONS = "solutions_total"
    BEST_DIFFICULTY = "best_difficulty"
    BEST_SESSION_DIFFICULTY = "best_session_difficulty"
    NETWORK_DIFFICULTY = "network_difficulty"
    POOL_DIFFICULTY = "pool_difficulty"
    BLOCK_HEIGHT = "block_height"
    BLOCKS_FOUND = "blocks_found"
    POOL = "pool"
    POOL_CONNECTED = "pool_connected"
    FALLBACK_POOL = "fallback_pool"
    POOL_LATENCY = "pool_latency"
    POOL_HASH_RATE = "pool_hash_rate"
    POOL_STATUS = "pool_status"
    POOL_SHARES = "pool_shares"
    UPTIME = "uptime"
    WIFI_SIGNAL = "wifi_signal"
    HARDWARE_ERROR_RATE = "hardware_error_rate"
    OVERHEAT_FLAG = "overheating"
    FILTER_AGE = "filter_age"
    CONTROLLER_STATE = "controller_state"

    POOL_SCRAPER = "pool_scraper"
    RESTART = "restart"
    LOCATE = "locate"
    PAUSE = "pause"
    SHUTDOWN = "shutdown"
    SOFT_OFF = "soft_off"
    DISMISS_BLOCK = "dismiss_block"
    RESET_FILTER = "reset_filter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Derating:
    """How a device lowers its own set points after it overheated, in MHz and V.

    Each time by the two steps, or once to the two fixed values; the fan is left at
    full speed. A frequency that is not above its step becomes ``restart_frequency``,
    which is higher.
    """

    frequency_step: float | None = None
    voltage_step: float | None = None
    restart_frequency: float | None = None
    frequency: float | None = None
    core_voltage: float | None = None

    @property
    def is_fixed(self) -> bool:
        """Whether it falls to fixed values, and its flag stays until others are set."""
        return self.frequency is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A pair of thresholds; ``critical`` lies beyond ``warn`` in its direction."""

    warn: float
    critical: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TripPoints:
    """Temperatures in °C above which the firmware switches its chips off by itself."""

    chip: float | None = None
    vr: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a device allows and endures. An alarm of None is not watched.

    ``chip_above_target`` is in degrees above the target that the device pursues.
    ``settings`` names what can be written. ``heating_modes`` are the work modes of a
    room heater. ``doubtful_standby_power``: what it reports in standby is no basis for
    energy. ``rated_power`` is what it draws at most, in W. ``mode_power`` is what its
    maker says of its work modes, ``mode_guess`` what is only guessed of others. Whoever
    stops and starts it by itself leaves it running for ``minimum_run`` and resting for
    ``minimum_rest`` seconds, None as long as is usual.
    """

    settings: Mapping[Setting, SettingRange] = field(
        default_factory=lambda: MappingProxyType({})
    )
    chip_temperature: Alarm | None = None
    chip_above_target: Alarm | None = None
    vr_temperature: Alarm | None = None
    input_voltage: Alarm | None = None
    power: Alarm | None = None
    trip_points: TripPoints = TripPoints()
    derating: Derating | None = None
    heating_modes: tuple[str, ...] = ()
    doubtful_standby_power: bool = False
    rated_power: float | None = None
    mode_power: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType({})
    )
    mode_guess: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType({})
    )
    minimum_run: float | None = None
    minimum_rest: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerIdentity:
    """Who a miner is and what it can do; changes with firmware, not by the minute.

    ``serial`` or ``mac`` (lower case with colons) names the one device; both are
    None where it tells neither. ``unit`` tells apart what shares one address.
    ``hostname`` and ``model`` are for people; ``pool_user_hash`` is for no one, and
    there only where nothing names the device. ``board_count`` is the number of hash
    boards where they tell something of their own, ``board`` the hardware revision.
    """

    family: Family
    manufacturer: str
    model: str
    firmware: str | None = None
    mac: str | None = None
    serial: str | None = None
    model_id: str | None = None
    board: str | None = None
    unit: str | None = None
    hostname: str | None = None
    default_hostname: bool = True
    pool_user_hash: str | None = field(default=None, repr=False)
    chip_model: str | None = None
    chip_count: int | None = None
    core_count: int | None = None
    fan_count: int = 0
    pool_count: int = 0
    board_count: int = 0
    hash_rate_unit: HashRateUnit = HashRateUnit.TERA
    ratio_window: int = 600
    poll_interval: int = 15
    capabilities: frozenset[Capability] = frozenset()
    limits: Limits = Limits()

    @property
    def unique_id(self) -> str | None:
        """The device's own name for itself, None where it has none."""
        return self.serial or self.mac

    @property
    def kind(self) -> tuple[str, ...]:
        """What two devices of one make have in common, whatever their firmware."""
        return (
            self.family,
            self.manufacturer,
            self.model,
            self.board or "",
            self.unit or "",
        )

    def same_device(self, seen: Self) -> bool:
        """Whether the device that answered can be the one that is known by this.

        A device that once named itself must give that name. One that never did is
        known by its kind, so that it is still itself when new firmware tells a MAC.
        """
        if seen is self or self.unique_id is not None:
            return seen.unique_id == self.unique_id
        return seen.kind == self.kind

    def rather_than(self, rival: Self, seen: Self) -> bool | None:
        """Whether this answered, not a rival of its kind; None where that is unclear.

        Two that do not name themselves are told apart by what their owner set, as far
        as they differ in it, where nothing of it contradicts.
        """
        differing = [
            (ours, theirs, told)
            for ours, theirs, told in zip(
                *map(_marks, (self, rival, seen)), strict=True
            )
            if None not in (ours, theirs) and ours != theirs
        ]
        is_ours = any(told == ours for ours, _, told in differing)
        is_theirs = any(told == theirs for _, theirs, told in differing)
        return None if is_ours is is_theirs else is_ours

    def completed(self, known: Self) -> Self:
        """Keep what is known of a device, beside what it told now for certain.

        For one whose last replies did not tell all of it. A lost reply neither widens
        nor narrows a limit, and takes nothing away.
        """
        settings = {**self.limits.settings, **known.limits.settings}
        return replace(
            known,
            firmware=self.firmware or known.firmware,
            mac=self.mac or known.mac,
            hostname=self.hostname or known.hostname,
            pool_user_hash=self.pool_user_hash or known.pool_user_hash,
            capabilities=known.capabilities | self.capabilities,
            limits=replace(known.limits, settings=settings),
        )


_marks = attrgetter("hostname", "pool_user_hash")


@record
class Fan:
    """One fan: speed in rpm, duty cycle in %."""

    speed: int | None = None
    duty_cycle: float | None = None


NO_CHIPS = "chips_not_found"
NO_CORE_VOLTAGE = "no_core_voltage"
"""Faults that no firmware names, and that are concluded from chips that are dead."""


class PoolStatus(StrEnum):
    """What a miner makes of one of its pools."""

    ACTIVE = "active"
    STANDBY = "standby"
    DEAD = "dead"
    DISABLED = "disabled"
    REJECTING = "rejecting"


type Figure = float | str | bool | tuple[float, ...]
"""A value that is shown as the device gives it, without a sensor of its own."""

NO_FIGURES: Mapping[str, Figure] = {}


@record
class Pool:
    """One pool a miner knows. Its user and password never leave the parser.

    ``figures`` are the pool's counters beyond these fields, in snake case.
    """

    host: str | None = None
    port: int | None = None
    active: bool | None = None
    connected: bool | None = None
    status: PoolStatus | None = None
    accepted: int | None = None
    rejected: int | None = None
    difficulty: float | None = None
    best_difficulty: float | None = None
    latency: float | None = None
    figures: Mapping[str, Figure] = field(default_factory=lambda: NO_FIGURES)

    @property
    def address(self) -> str | None:
        """Host and port as one text."""
        return address_of(self.host, self.port)


def address_of(host: str | None, port: int | None) -> str | None:
    """Write host and port as one text."""
    return host if host is None or port is None else f"{host}:{port}"


@record
class Chip:
    """One chip: hash rate in TH/s, temperature in °C, errors since start."""

    hash_rate: float | None = None
    domains: tuple[float, ...] = ()
    temperature: float | None = None
    errors: int | None = None


@record
class HashBoard:
    """One hash board, with one value per chip where it lists them.

    ``chip_temperature`` is the hottest chip's, ``chip_voltage`` the mean in V,
    ``chip_work`` the work each chip matched since the controller's start.
    """

    hash_rate: float | None = None
    chip_temperature: float | None = None
    chip_temperature_average: float | None = None
    chip_voltage: float | None = None
    hardware_errors: int | None = None
    chip_temperatures: tuple[float, ...] = ()
    chip_voltages: tuple[float, ...] = ()
    chip_work: tuple[float, ...] = ()


_PRESENT_RATES = ("hash_rate", "hash_rate_now")
_MEAN_RATES = ("hash_rate_1m", "hash_rate_10m", "hash_rate_1h", "hash_rate_1d")


@record
class MinerState:
    """One answer of a miner, in the units of this module.

    ``hash_rate_now`` is the unsmoothed rate and the one to compute with;
    ``hash_rate`` is the one to show: 0 when the present rate is 0 (devices freeze
    their averages while paused), else the one-minute average, else the present rate.

    ``work_utility`` is difficulty-1 work per minute, ``filter_age`` minutes since the
    filter was cleaned, ``power_limit`` the device's own set point in W, and
    ``reported_at`` the epoch second of the values where they may be older than the
    reply. ``regulator_faults`` are those of ``faults`` that the device ascribes to its
    voltage regulator in its own words. ``controller_state`` is the device's own word
    for what it does; ``figures`` is what else it reports, in snake case. ``bridged``
    names the values that this reading lacked and that are those of the one before (see
    gaps.py).
    """

    status: MinerStatus
    hash_rate: float | None = None
    hash_rate_now: float | None = None
    hash_rate_1m: float | None = None
    hash_rate_10m: float | None = None
    hash_rate_1h: float | None = None
    hash_rate_1d: float | None = None
    hash_rate_average: float | None = None
    expected_hash_rate: float | None = None
    power: float | None = None
    power_limit: float | None = None
    input_voltage: float | None = None
    input_current: float | None = None
    psu_output_voltage: float | None = None
    psu_output_current: float | None = None
    core_voltage_actual: float | None = None
    frequency_actual: float | None = None
    chip_temperature: float | None = None
    chip_temperature_2: float | None = None
    chip_temperature_average: float | None = None
    target_chip_temperature: float | None = None
    vr_temperature: float | None = None
    board_temperature: float | None = None
    inlet_temperature: float | None = None
    outlet_temperature: float | None = None
    ambient_temperature: float | None = None
    chips_working: int | None = None
    fans: tuple[Fan, ...] = ()
    chips: tuple[Chip, ...] = ()
    boards: Sequence[HashBoard] = ()
    pools: Sequence[Pool] = ()
    pool: str | None = None
    pool_connected: bool | None = None
    fallback_pool: bool | None = None
    pool_latency: float | None = None
    pool_difficulty: float | None = None
    pool_hash_rate: float | None = None
    shares_accepted: int | None = None
    shares_rejected: int | None = None
    shares_stale: int | None = None
    share_error_rate: float | None = None
    solutions_good: int | None = None
    solutions_total: int | None = None
    work_utility: float | None = None
    reject_reasons: tuple[tuple[str, int], ...] = ()
    best_difficulty: float | None = None
    best_session_difficulty: float | None = None
    network_difficulty: float | None = None
    block_height: int | None = None
    blocks_found: int | None = None
    uptime: int | None = None
    total_uptime: int | None = None
    restart_reason: str | None = None
    wifi_signal: int | None = None
    hardware_error_rate: float | None = None
    hardware_errors: int | None = None
    filter_age: int | None = None
    reported_at: float | None = None
    overheating: bool | None = None
    faults: tuple[str, ...] = ()
    regulator_faults: tuple[str, ...] = ()
    controller_state: str | None = None
    figures: Mapping[str, Figure] = field(default_factory=lambda: NO_FIGURES)
    settings: MinerSettings = field(default=MinerSettings())
    bridged: tuple[str, ...] = ()

    @property
    def hashing(self) -> bool:
        """Whether the miner works on shares right now."""
        return self.status is MinerStatus.HASHING

    @property
    def overheated(self) -> bool:
        """Whether the device says so itself, by its status or its flag."""
        return self.status is MinerStatus.OVERHEATED or self.overheating is True

    @property
    def consistent(self) -> Self:
        """The same without what contradicts the status.

        Nothing that does not hash shows a rate: firmware freezes its rates then, and
        the means with them. Without any pool that answers none is connected.
        """
        if self.hashing:
            return self
        changes: dict[str, Any] = {
            **{name: 0.0 for name in _PRESENT_RATES if getattr(self, name)},
            **{name: None for name in _MEAN_RATES if getattr(self, name) is not None},
        }
        if any(chip.hash_rate or any(chip.domains) for chip in self.chips):
            changes["chips"] = tuple(
                replace(
                    chip,
                    hash_rate=None if chip.hash_rate is None else 0.0,
                    domains=(0.0,) * len(chip.domains),
                )
                for chip in self.chips
            )
        if self.status is MinerStatus.POOL_LOST and self.pool_connected:
            changes["pool_connected"] = False
        return replace(self, **changes) if changes else self

    @property
    def efficiency(self) -> float | None:
        """Energy per work in J/TH; None while not hashing."""
        if not self.hashing or not self.hash_rate or self.power is None:
            return None
        return self.power / self.hash_rate

    @property
    def hash_per_watt(self) -> float | None:
        """Work per energy in GH/s per W; None while not hashing."""
        if not self.hashing or self.hash_rate is None or not self.power:
            return None
        return self.hash_rate * 1e3 / self.power

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, with the parts that are read on demand."""
        return asdict(replace(self, boards=tuple(self.boards), pools=tuple(self.pools)))

    @property
    def hottest_chip(self) -> float | None:
        """The highest of the chip temperatures in °C."""
        one, other = self.chip_temperature, self.chip_temperature_2
        if one is None or other is None:
            return other if one is None else one
        return max(one, other)

    @property
    def chip_temperature_min(self) -> float | None:
        """The coldest chip of those that are listed, in °C."""
        return min(
            (min(b.chip_temperatures) for b in self.boards if b.chip_temperatures),
            default=None,
        )

    @property
    def chip_voltage_min(self) -> float | None:
        """The lowest chip voltage in V."""
        return min(
            (min(b.chip_voltages) for b in self.boards if b.chip_voltages), default=None
        )

    @property
    def chip_voltage_max(self) -> float | None:
        """The highest chip voltage in V."""
        return max(
            (max(b.chip_voltages) for b in self.boards if b.chip_voltages), default=None
        )

    @property
    def matching_work(self) -> float | None:
        """The work that all chips matched since the controller's start."""
        lists = [board.chip_work for board in self.boards if board.chip_work]
        return sum(map(sum, lists)) if lists else None

    @property
    def fan_duty_cycle(self) -> float | None:
        """What the first fan is driven with, in %."""
        return self.fans[0].duty_cycle if self.fans else None


@record
class MinerReading:
    """One poll: who answered, and what it said.

    The identity comes from the same reply as the state, so that a caller can
    refuse the values of a stranger at a known address. It is not ``complete`` while
    a reply is outstanding that tells more of what the device is and takes. Whatever
    the family, the numbers of a state never contradict its status.
    """

    identity: MinerIdentity
    state: MinerState
    complete: bool = True

    def __post_init__(self) -> None:
        """Leave out what contradicts the status."""
        object.__setattr__(self, "state", self.state.consistent)
