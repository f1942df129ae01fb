"""The plain numbers of a reply: under which key, within which bounds.

And rates and power: what a board should give, and what firmware tells wrongly.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from math import inf
from typing import Any, NamedTuple

from ..model import (
    Chip,
    MinerSettings,
    Setting,
    SettingRange,
)
from ..settings import SETTINGS
from ..values import (
    Column,
    celsius,
    counter,
    difficulty_column,
    flag,
    gigahash,
    latency,
    percent_column,
    positive,
    read_columns,
    seconds,
)
from .boards import (
    Board,
    Profile,
    Reply,
)


def _temperature(name: str, key: str) -> Column:
    """-1 and 0 are what a missing sensor or an idle chip shows."""
    return celsius(name, key, 0, -1)


def _input_voltage(key: str) -> Column:
    return Column("input_voltage", key, low=1, high=1e6, divisor=1e3)


class Numbers(NamedTuple):
    """The numbers of a dialect: those that move from poll to poll, and the others.

    Of two columns of a name, both among the one or the other, the later one counts,
    where it finds something: the earlier key is that of older firmware.
    """

    moving: tuple[Column, ...]
    lasting: tuple[Column, ...]


_MOVING = (
    _input_voltage("voltagei"),
    gigahash("hash_rate_now", "hashRate"),
    gigahash("hash_rate_1m", "hashRate_1m"),
    gigahash("hash_rate_10m", "hashRate_10m"),
    gigahash("hash_rate_1h", "hashRate_1h"),
    gigahash("hash_rate_1d", "hashRate_1d"),
    Column("power", "power", high=1e5),
    _input_voltage("voltage"),
    Column("input_current", "current", high=1e6, divisor=1e3),
    Column("core_voltage_actual", "coreVoltageActual", high=1e5, divisor=1e3),
    _temperature("chip_temperature", "temp"),
    _temperature("vr_temperature", "vrTemp"),
    counter("shares_accepted", "sharesAccepted"),
    seconds("uptime", "uptimeSeconds"),
    Column("wifi_signal", "wifiRSSI", low=-127, high=-1, kind=int),
)
_LASTING = (
    difficulty_column("pool_difficulty", "stratumDiff", 0),
    difficulty_column("pool_difficulty", "poolDifficulty", 0),
    counter("blocks_found", "foundBlocks"),
    counter("shares_rejected", "sharesRejected"),
    difficulty_column("best_difficulty", "bestDiff"),
    difficulty_column("best_session_difficulty", "bestSessionDiff"),
    difficulty_column("network_difficulty", "networkDifficulty", 0),
    gigahash("expected_hash_rate", "expectedHashrate", 0),
)
STOCK = Numbers(
    moving=(
        *_MOVING,
        Column("frequency_actual", "actualFrequency", high=1e5),
        _temperature("chip_temperature_2", "temp2"),
        latency("responseTime"),
        seconds("total_uptime", "totalUptimeSeconds"),
        # A quotient of two counters, which may be any number.
        Column("hardware_error_rate", "errorPercentage"),
    ),
    lasting=(
        *_LASTING,
        counter("block_height", "blockHeight", 0),
        counter("blocks_found", "blockFound"),
    ),
)
NERDOS = Numbers(
    moving=(
        *_MOVING[:-1],
        # -90 dBm is what NerdOS says when it does not know.
        _MOVING[-1]._replace(absent=(-90,)),
        latency("lastpingrtt"),
    ),
    lasting=(*_LASTING, counter("blocks_found", "totalFoundBlocks")),
)
_BLANK = dict.fromkeys(column.name for column in chain.from_iterable((*STOCK, *NERDOS)))


class Plain(NamedTuple):
    """A number that all firmware reads and writes under one key, where it has it."""

    setting: Setting
    key: str
    offered: SettingRange

    @property
    def column(self) -> Column:
        """How it is read."""
        low, high = SETTINGS[self.setting].bounds
        return Column(self.setting.value, self.key, low=low, high=high)


PLAIN = (Plain(Setting.MIN_FAN_DUTY_CYCLE, "minFanSpeed", SettingRange(maximum=99)),)
_SETTINGS = (
    Column("frequency", "frequency", low=1, high=1e5),
    Column("core_voltage", "coreVoltage", low=1, high=1e5, divisor=1e3),
    percent_column("fan_duty_cycle", "manualFanSpeed"),
    *(plain.column for plain in PLAIN),
)
FANS = (
    # The name of the speed changed in 2.1.4 and 2.1.9.
    counter("speed", "fanSpeed"),
    counter("speed", "fanSpeedRpm"),
    counter("speed", "fanrpm"),
    counter("second", "fan2rpm"),
    percent_column("duty_cycle", "fanspeed"),
)
CHIP = (
    gigahash("hash_rate", "total"),
    counter("errors", "errorCount"),
)
BOARDS = (
    _temperature("first", "boardtemp1"),
    _temperature("second", "boardtemp2"),
)
STOCK_SETTINGS = (
    *_SETTINGS,
    Column("target_temperature", "temptarget", low=1, high=200),
)
NERDOS_SETTINGS = (
    *_SETTINGS,
    Column("target_temperature", "pidTargetTemp", low=1, high=200),
)


def read_lasting(info: Reply, *, nerdos: bool) -> Mapping[str, Any]:
    """Read those numbers of a MinerState that last; what is missing is None."""
    columns = NERDOS if nerdos else STOCK
    return read_columns(info, columns.lasting, _BLANK.copy())


def read_numbers(
    info: Reply, lasting: Mapping[str, Any], *, nerdos: bool
) -> dict[str, Any]:
    """Read the numbers of a MinerState, beside those that last."""
    columns = NERDOS if nerdos else STOCK
    values = read_columns(info, columns.moving, {**lasting})
    if "hashRate" not in info:
        # NerdOS 1.0.2 to 1.0.19 tell the ten-minute average only.
        values["hash_rate_now"] = values["hash_rate_10m"]
    if warm := read_columns(info, BOARDS):
        values["board_temperature"] = max(warm.values())
    return values


MARGIN = 5.0
"""Multiples of what a board gives at its frequency; what is above is no hash rate."""

_MISCOUNTED = 0.9
"""Part of what a board's chips give below which not all of them are counted."""

WINDOWS = (
    ("hash_rate_1m", 60),
    ("hash_rate_10m", 600),
    ("hash_rate_1h", 3600),
    ("hash_rate_1d", 86_400),
)
"""The averages and the seconds that they cover."""

_LEAST_RATE = 1e-6
"""In TH/s; no miner of the line does less."""

_TINY_PART = 1e-3
"""Part of the expected rate below which a rate is what a halving average left."""

_CURRENT_LEEWAY = 0.25
"""Part of the power by which voltage times current may differ from it."""

_RATES = ("hash_rate_now", *(name for name, _ in WINDOWS))


class Expectation(NamedTuple):
    """Hash rates in TH/s that the set point should give, None where not known.

    ``computed`` is for the chips that the device tells, ``of_board`` for those that
    its board is known to have.
    """

    computed: float | None
    of_board: float | None


def expectation_of(settings: MinerSettings, profile: Profile) -> Expectation:
    """Compute what a set point should give."""
    return Expectation(
        _computed(settings, profile, profile.chip_count),
        _computed(settings, profile, profile.board.chip_count),
    )


def expected_rate(told: float | None, expectation: Expectation) -> float | None:
    """Return the hash rate in TH/s that the set point should give.

    Old firmware does not tell it, none does at rest, and some counts too few chips
    on a board that is known to have more.
    """
    if told is None or expectation.computed is None:
        return expectation.computed if told is None else told
    known = expectation.of_board or 0.0
    return known if told < known * _MISCOUNTED else told


def highest_rate(
    info: Reply, expected: float | None, expectation: Expectation, profile: Profile
) -> float | None:
    """Return the highest hash rate in TH/s that is believed, None if none is known.

    It needs no past, which may be as absurd. The slaves on a bus are in the rate of
    their master, who does not tell how many there are.
    """
    if isinstance(info.get("can"), dict):
        return None
    if profile.board.name is not None:
        expected = expectation.computed or expected
    return None if expected is None else MARGIN * expected


def drop_absurd_rates(values: dict[str, Any], highest: float | None) -> None:
    """Make every rate unknown that is above the highest, the means as well."""
    if highest is not None:
        for name in _RATES:
            if (values[name] or 0.0) > highest:
                values[name] = None


def sane_chips(chips: tuple[Chip, ...], highest: float | None) -> tuple[Chip, ...]:
    """Return the chips without the rates that are above their part of the highest."""
    if highest is None or not chips:
        return chips
    share = highest / len(chips)
    return tuple(
        replace(chip, hash_rate=None, domains=()) if _is_absurd(chip, share) else chip
        for chip in chips
    )


def _is_absurd(chip: Chip, highest: float) -> bool:
    domains = chip.domains
    uneven = bool(domains) and max(domains) > highest / len(domains)
    return uneven or (chip.hash_rate or 0.0) > highest


def _computed(settings: MinerSettings, profile: Profile, chips: int) -> float | None:
    frequency, cores = settings.frequency, profile.core_count
    return (
        None if frequency is None or cores is None else frequency * cores * chips / 1e6
    )


def settle_rates(values: dict[str, Any], expected: float | None) -> None:
    """Take for none what a rate decays to while chips answer that they did nothing."""
    least = max(_LEAST_RATE, _TINY_PART * (expected or 0.0))
    told = {name: values[name] for name in _RATES if values[name] is not None}
    values.update({name: 0.0 for name, rate in told.items() if rate < least})


def correct_nerdos(values: dict[str, Any], info: Reply, board: Board) -> None:
    """Leave out what is not known yet, and what is told of something else."""
    uptime = inf if values["uptime"] is None else values["uptime"]
    # Averages are scaled by how far their window is filled.
    values.update({name: None for name, window in WINDOWS if uptime < window})
    if "hashRate" not in info:
        values["hash_rate_now"] = values["hash_rate_10m"]
    # At boot, and without supply, nothing is measured.
    if not values["power"] and not values["input_voltage"]:
        values["power"] = None
    if board.input_current is None and not _is_input(values):
        values["input_current"] = None
    if leads_fleet(info):
        _tell_one_fleet(values, fleet_power(info))


def leads_fleet(info: Reply) -> bool:
    """Tell a miner whose rate has those of others on its CAN bus in it."""
    can = info.get("can")
    return isinstance(can, dict) and flag(can.get("enabled")) is True


def fleet_power(info: Reply) -> float | None:
    """Read the power of all miners on its CAN bus together, in W."""
    return positive(info["can"].get("fleetPower")) if leads_fleet(info) else None


def _is_input(values: dict[str, Any]) -> bool:
    """Tell whether the current can be that of the input, by voltage and power."""
    power, current, volts = map(values.get, ("power", "input_current", "input_voltage"))
    if not current or not volts or not power:
        return True
    return bool(abs(current * volts - power) <= _CURRENT_LEEWAY * power)


def _tell_one_fleet(values: dict[str, Any], power: float | None) -> None:
    """Let rate and power be of the same miners.

    Only the present rate counts the others in; averages and power are the leader's.
    Without the power of all, its own average is what belongs to its own power.
    """
    if power is None:
        values["hash_rate_now"] = values["hash_rate_1m"]
        return
    values |= {"power": power, "expected_hash_rate": None}
    values |= dict.fromkeys(name for name, _ in WINDOWS)
