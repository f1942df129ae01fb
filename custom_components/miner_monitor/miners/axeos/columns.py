"""The plain fields of a reply: under which key, within which bounds."""

from typing import Any

from ..columns import (
    Column,
    counter,
    difficulty,
    percent,
    read_columns,
    seconds,
)
from .profile import Reply

SLOWEST_POOL = 60_000


def _temperature(name: str, key: str) -> Column:
    """-1 and 0 are what a missing sensor or an idle chip shows."""
    return Column(name, key, low=-40, high=200, absent=(0, -1))


def _terahash(name: str, key: str) -> Column:
    return Column(name, key, high=1e9, divisor=1e3)


def _latency(key: str) -> Column:
    """AxeOS 2.9 sometimes tells hours."""
    return Column("pool_latency", key, high=SLOWEST_POOL, absent=(0,))


def _input_voltage(key: str) -> Column:
    return Column("input_voltage", key, low=1, high=1e6, divisor=1e3)


_BOTH = (
    # Older firmware's keys; what a later column finds counts.
    _input_voltage("voltagei"),
    difficulty("pool_difficulty", "stratumDiff", 0),
    counter("blocks_found", "foundBlocks"),
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
    difficulty("pool_difficulty", "poolDifficulty", 0),
    counter("shares_accepted", "sharesAccepted"),
    counter("shares_rejected", "sharesRejected"),
    difficulty("best_difficulty", "bestDiff"),
    difficulty("best_session_difficulty", "bestSessionDiff"),
    difficulty("network_difficulty", "networkDifficulty", 0),
    seconds("uptime", "uptimeSeconds"),
    Column("wifi_signal", "wifiRSSI", low=-127, high=-1, kind=int),
)
STOCK = (
    *_BOTH,
    Column("frequency_actual", "actualFrequency", high=1e5),
    _temperature("chip_temperature_2", "temp2"),
    _latency("responseTime"),
    counter("block_height", "blockHeight", 0),
    counter("blocks_found", "blockFound"),
    seconds("total_uptime", "totalUptimeSeconds"),
    # A quotient of two counters, which may be any number.
    Column("hardware_error_rate", "errorPercentage"),
)
NERDOS = (
    *_BOTH[:-1],
    # -90 dBm is what NerdOS says when it does not know.
    _BOTH[-1]._replace(absent=(-90,)),
    _latency("lastpingrtt"),
    counter("blocks_found", "totalFoundBlocks"),
)
_BLANK = dict.fromkeys(column.name for column in (*STOCK, *NERDOS))
_SETTINGS = (
    Column("frequency", "frequency", low=1, high=1e5),
    Column("core_voltage", "coreVoltage", low=1, high=1e5, divisor=1e3),
    percent("fan_duty_cycle", "manualFanSpeed"),
    percent("min_fan_duty_cycle", "minFanSpeed"),
)
FANS = (
    # The name of the speed changed in 2.1.4 and 2.1.9.
    counter("speed", "fanSpeed"),
    counter("speed", "fanSpeedRpm"),
    counter("speed", "fanrpm"),
    counter("second", "fan2rpm"),
    percent("duty_cycle", "fanspeed"),
)
CHIP = (
    _terahash("hash_rate", "total"),
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


def read_numbers(info: Reply, *, nerdos: bool) -> dict[str, Any]:
    """Read the numbers of a MinerState; what is missing is None."""
    values = read_columns(info, NERDOS if nerdos else STOCK, _BLANK.copy())
    if "hashRate" not in info:
        # NerdOS 1.0.2 to 1.0.19 tell the ten-minute average only.
        values["hash_rate_now"] = values["hash_rate_10m"]
    if warm := read_columns(info, BOARDS):
        values["board_temperature"] = max(warm.values())
    return values
