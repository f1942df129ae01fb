"""The plain fields of a reply: under which key, within which bounds."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..values import (
    LARGEST_DIFFICULTY,
    difficulty,
    number,
)
from .profile import Reply

SLOWEST_POOL = 60_000

_PLAIN = (float, int)


class Column(NamedTuple):
    """A number: kept within its bounds, in the reply's unit, then divided.

    ``absent`` are values that mean nothing, ``reader`` takes what is no JSON number.
    """

    name: str
    key: str
    low: float = 0
    high: float = 1e18
    divisor: float = 1
    absent: tuple[float, ...] = ()
    whole: bool = False
    reader: Callable[[object], float | None] = number


def _difficulty(name: str, key: str, *absent: float) -> Column:
    high = LARGEST_DIFFICULTY
    return Column(name, key, high=high, absent=absent, reader=difficulty)


def _temperature(name: str, key: str) -> Column:
    """-1 and 0 are what a missing sensor or an idle chip shows."""
    return Column(name, key, low=-40, high=200, absent=(0, -1))


def _terahash(name: str, key: str) -> Column:
    return Column(name, key, high=1e9, divisor=1e3)


def _counter(name: str, key: str, *absent: float) -> Column:
    return Column(name, key, absent=absent, whole=True)


def _seconds(name: str, key: str) -> Column:
    """Longer than some decades is no time of a miner."""
    return Column(name, key, high=1e9, whole=True)


def _latency(key: str) -> Column:
    """AxeOS 2.9 sometimes tells hours."""
    return Column("pool_latency", key, high=SLOWEST_POOL, absent=(0,))


def _input_voltage(key: str) -> Column:
    return Column("input_voltage", key, low=1, high=1e6, divisor=1e3)


_BOTH = (
    Column(
        "expected_hash_rate", "expectedHashrate", high=1e9, divisor=1e3, absent=(0,)
    ),
    _terahash("hash_rate_now", "hashRate"),
    _terahash("hash_rate_1m", "hashRate_1m"),
    _terahash("hash_rate_10m", "hashRate_10m"),
    _terahash("hash_rate_1h", "hashRate_1h"),
    _terahash("hash_rate_1d", "hashRate_1d"),
    Column("power", "power", high=1e5),
    _input_voltage("voltage"),
    Column("input_current", "current", high=1e6, divisor=1e3),
    Column("core_voltage_actual", "coreVoltageActual", high=1e5, divisor=1e3),
    _temperature("chip_temperature", "temp"),
    _temperature("vr_temperature", "vrTemp"),
    _difficulty("pool_difficulty", "poolDifficulty", 0),
    _counter("shares_accepted", "sharesAccepted"),
    _counter("shares_rejected", "sharesRejected"),
    _difficulty("best_difficulty", "bestDiff"),
    _difficulty("best_session_difficulty", "bestSessionDiff"),
    _difficulty("network_difficulty", "networkDifficulty", 0),
    _seconds("uptime", "uptimeSeconds"),
    Column("wifi_signal", "wifiRSSI", low=-127, high=-1, whole=True),
)
STOCK = (
    *_BOTH,
    Column("frequency_actual", "actualFrequency", high=1e5),
    _temperature("chip_temperature_2", "temp2"),
    _latency("responseTime"),
    _counter("block_height", "blockHeight", 0),
    _counter("blocks_found", "blockFound"),
    _seconds("total_uptime", "totalUptimeSeconds"),
    # A quotient of two counters, which may be any number.
    Column("hardware_error_rate", "errorPercentage"),
)
NERDOS = (
    *_BOTH[:-1],
    # -90 dBm is what NerdOS says when it does not know.
    _BOTH[-1]._replace(absent=(-90,)),
    _latency("lastpingrtt"),
    _counter("blocks_found", "totalFoundBlocks"),
)
_OLDER = (
    _input_voltage("voltagei"),
    _difficulty("pool_difficulty", "stratumDiff", 0),
    _counter("blocks_found", "foundBlocks"),
)
_SETTINGS = (
    Column("frequency", "frequency", low=1, high=1e5),
    Column("core_voltage", "coreVoltage", low=1, high=1e5, divisor=1e3),
    Column("fan_duty_cycle", "manualFanSpeed", high=100),
    Column("min_fan_duty_cycle", "minFanSpeed", high=100),
)
_FAN = (
    _counter("second", "fan2rpm"),
    Column("duty_cycle", "fanspeed", high=100),
)
FANS = (_counter("speed", "fanrpm"), *_FAN)
FANS_2_1_4 = (_counter("speed", "fanSpeedRpm"), *_FAN)
FANS_2_0 = (_counter("speed", "fanSpeed"), *_FAN)
CHIP = (
    _terahash("hash_rate", "total"),
    _counter("errors", "errorCount"),
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


def read_columns(info: Reply, columns: Iterable[Column]) -> dict[str, Any]:
    """Read numbers; what is missing or out of bounds is None.

    This runs for each poll of each miner: plain numbers take no call.
    """
    get = info.get
    values: dict[str, Any] = {}
    for name, key, low, high, divisor, absent, whole, reader in columns:
        value = get(key)
        if value is not None and value.__class__ not in _PLAIN:
            value = reader(value)
        if value is None or not low <= value <= high or value in absent:
            values[name] = None
        else:
            values[name] = int(value) if whole else value / divisor
    return values


def read_numbers(info: Reply, *, nerdos: bool) -> dict[str, Any]:
    """Read the numbers of a MinerState, under their newest key or an older one."""
    values = read_columns(info, NERDOS if nerdos else STOCK)
    for column in _OLDER:
        if values[column.name] is None and column.key in info:
            values.update(read_columns(info, (column,)))
    if "hashRate" not in info:
        # NerdOS 1.0.2 to 1.0.19 tell the ten-minute average only.
        values["hash_rate_now"] = values["hash_rate_10m"]
    if "boardtemp1" in info or "boardtemp2" in info:
        told = read_columns(info, BOARDS).values()
        warm = [temperature for temperature in told if temperature is not None]
        values["board_temperature"] = max(warm, default=None)
    return values
