"""The sections of a poll to the numbers of a MinerState: pure, and never raising."""

from collections.abc import Iterable
import re
from typing import Any

from ..model import (
    Fan,
    MinerStatus,
)
from ..values import (
    Column,
    celsius,
    counter,
    difficulty_column,
    gigahash,
    latency,
    percent_column,
    read_columns,
    seconds,
)
from .models import Model, read_places
from .poll import Items, Module, Reported, Row, vector
from .pools import PoolsInUse
from .status import (
    Evidence,
    State,
    System,
    Work,
    system_of,
)

_LOW_POWER = 10


_FAN_NAMES = ("Fan1", "Fan2", "Fan3", "Fan4")
_FANS = (
    percent_column("duty", "FanR"),
    *(Column(name, name, high=1e5, kind=int) for name in _FAN_NAMES),
)


def _mega(name: str, key: str) -> Column:
    return Column(name, key, high=1e12, divisor=1e6)


# Which of the sensors is what people call inlet, outlet, board and room air:
# ITemp lies in the inlet (3S: no sensor), Temp outside the case (Nano 3, A-series),
# OTemp in the outlet. HBTemp (Mini 3) and HBOTemp, the warm end of a Q's board, are
# the board's; HBITemp, its cold end, stays a figure.
_BLOB = (
    gigahash("hash_rate_now", "GHSspd"),
    gigahash("expected_hash_rate", "GHSmm", 0),
    gigahash("hash_rate_average", "GHSavg"),
    Column("power_limit", "MPO", high=1e5, absent=(0,)),
    Column("core_voltage_actual", "Vo", high=1e4, divisor=1000, absent=(0,)),
    Column("frequency_actual", "Freq", high=1e5, absent=(0,)),
    celsius("chip_temperature", "TMax", 0),
    celsius("chip_temperature_average", "TAvg", 0),
    celsius("target_chip_temperature", "TarT", 0),
    celsius("inlet_temperature", "ITemp"),
    celsius("ambient_temperature", "Temp"),
    celsius("outlet_temperature", "OTemp"),
    celsius("board_temperature", "HBOTemp"),
    celsius("board_temperature", "HBTemp"),
    Column("chips_working", "TA", high=1e5, absent=(0,), kind=int),
    seconds("uptime", "Elapsed"),
    latency("PING"),
    Column("wifi_signal", "RSSI", low=-127, high=-1, kind=int),
    counter("filter_age", "Filter"),
    counter("hardware_errors", "HW"),
    Column("work_utility", "WU"),
    # Goes before what the power supply tells.
    Column("power", "WALLPOWER", high=1e5, absent=(0,)),
)
_ERROR_RATES = (percent_column("now", "DHspd"), percent_column("average", "DH"))
_HIDDEN_AT_REST = (
    "expected_hash_rate",
    "chip_temperature",
    "chip_temperature_average",
    "core_voltage_actual",
    "frequency_actual",
)
_NEVER_ZERO_AT_WORK = (
    "power",
    "psu_output_voltage",
    "psu_output_current",
    "input_voltage",
    "input_current",
)
_SUMS = frozenset(
    (
        "hash_rate_now",
        "expected_hash_rate",
        "hash_rate_average",
        "power",
        "power_limit",
        "chips_working",
        "hardware_errors",
        "work_utility",
    )
)
_SUMMARY = (
    counter("shares_accepted", "Accepted"),
    counter("shares_rejected", "Rejected"),
    counter("shares_stale", "Stale"),
    difficulty_column("best_difficulty", "Best Share"),
    counter("blocks_found", "Found Blocks"),
)
_PLAIN = (
    gigahash("hash_rate_now", "GHS 5s"),
    _mega("hash_rate_now", "MHS 30s"),
    _mega("hash_rate_now", "MHS 20s"),
    _mega("hash_rate_now", "MHS 5s"),
    gigahash("hash_rate_1m", "GHS 1m"),
    _mega("hash_rate_1m", "MHS 1m"),
    gigahash("hash_rate_average", "GHS av"),
    _mega("hash_rate_average", "MHS av"),
    seconds("uptime", "Elapsed"),
    counter("hardware_errors", "Hardware Errors"),
    Column("work_utility", "Work Utility"),
    percent_column("hardware_error_rate", "Device Hardware%"),
)
_DEVICE = (celsius("chip_temperature", "Temperature", 0),)
_BOOT = re.compile(r"0x([0-9a-fA-F]{1,2})\b")
_BOOT_REASONS = (
    "clear",
    "power on",
    "overheat",
    "network failure",
    "web page",
    "API",
    "options",
    "polling",
    "pool inactive",
    "low memory",
    "unknown",
)
_SERIES_WITH_BOOT_REASONS = range(10, 13)
_MINUTE = (_mega("rate", "MHS 1m"),)


def blob_values(
    reported: Reported, extra: Items, model: Model, summary: Row, system: System
) -> dict[str, Any]:
    """Read the numbers of all modules and of the summary.

    ``extra`` is what the short statistics add to the first module.
    """
    modules = [_module_values(module, model) for module in reported.modules]
    values = modules[0] if len(modules) == 1 else _combined(modules)
    if extra:
        values = read_columns(extra, _BLOB) | values
    read_columns(summary, _SUMMARY, values)
    values["hash_rate_now"] = _present_rate(
        values, reported.items, model, summary, system
    )
    return values


def plain_values(summary: Row, devices: Iterable[Row] = ()) -> dict[str, Any]:
    """Read the summary of a miner without a blob, and its devices' temperatures."""
    values = _combined([read_columns(device, _DEVICE) for device in devices])
    values |= read_columns(summary, _PLAIN) | read_columns(summary, _SUMMARY)
    now = values.get("hash_rate_now")
    if now is None:
        now = values.get("hash_rate_1m", values.get("hash_rate_average"))
        values["hash_rate_now"] = now
    values["hash_rate"] = now if now == 0 else values.get("hash_rate_1m") or now
    return values


def evidence_of(
    items: Items,
    model: Model,
    values: dict[str, Any],
    system: System,
    boards: int | None,
    in_use: PoolsInUse,
) -> Evidence:
    """Collect the signs of what an Avalon is doing."""
    get = items.get
    rate = values.get("hash_rate_now")
    power = values.get("power")
    supply = vector(get("PS"))
    state = vector(get("STATE"))
    wordless = model.home and system.word is None and not state
    mode = (get("WORKMODE"), get("WORKLEVEL"))
    return Evidence(
        hash_rate=rate,
        work=system.word,
        state=int(state[0]) if len(state) == 1 else None,
        boards=boards,
        supply_error=bool(supply and supply[0]),
        calibrating=model.home and vector(get("ADJ")) == (0.0,),
        low_power=wordless and rate == 0 and power is not None and power < _LOW_POWER,
        idles_as_fault=model.idles_as_fault,
        pool_connected=in_use.connected,
        share_accepted=in_use.moved,
        uptime=values.get("uptime"),
        mode=() if mode == (None, None) else mode,
    )


def boards_found(modules: Iterable[Module]) -> int | None:
    """Add up the hash boards that the modules say they found."""
    told = [system_of(module.items.get("SYSTEMSTATU")).boards for module in modules]
    found = [boards for boards in told if boards is not None]
    return sum(found) if found else None


def settle(
    values: dict[str, Any], items: Items, status: MinerStatus, state: int | None
) -> bool:
    """Drop what firmware keeps from the last work; tell whether its chips work.

    In the state of a fault they are without power, whatever rate is still told.
    """
    rate = values.get("hash_rate_now")
    working = bool(rate) or (rate is None and status is MinerStatus.HASHING)
    working = working and state != State.FAULT
    if working:
        for name in _NEVER_ZERO_AT_WORK:
            values[name] = values.get(name) or None
    else:
        for name in _HIDDEN_AT_REST:
            values[name] = None
    values["hash_rate"] = rate
    if status is not MinerStatus.HASHING:
        values["hash_rate_average"] = None
    rates = read_columns(items, _ERROR_RATES)
    present = rates.get("now") if working else None
    values["hardware_error_rate"] = present or rates.get("average")
    return working


def fans_of(items: Items, model: Model, seen: int, *, hashing: bool) -> tuple[Fan, ...]:
    """Read the fans; what stands still by command tells no speed."""
    if model.fans == 0:
        return ()
    speeds = read_columns(items, _FANS)
    fans = max(model.fans or 0, seen)
    while fans < len(_FAN_NAMES) and _FAN_NAMES[fans] in items:
        fans += 1
    duty = speeds.get("duty")
    return tuple(
        [
            Fan(speed=speeds.get(name) if hashing else None, duty_cycle=duty)
            for name in _FAN_NAMES[:fans]
        ]
    )


def restart_reason(items: Items, model: Model) -> str | None:
    """Name what caused the last boot, on the series whose numbers are known."""
    if model.series not in _SERIES_WITH_BOOT_REASONS:
        return None
    found = _BOOT.match(items.get("BOOTBY", ""))
    if found is None:
        return None
    number = int(found[1], 16)
    return _BOOT_REASONS[number] if number < len(_BOOT_REASONS) else None


def _module_values(module: Module, model: Model) -> dict[str, Any]:
    items = module.items
    supply: dict[str, Any] = read_places(vector(items.get("PS")), model.supply)
    return read_columns(items, _BLOB, supply)


def _combined(modules: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Add up what modules share in, and take the highest of their temperatures."""
    total: dict[str, Any] = {}
    for values in modules:
        for name, value in values.items():
            if name not in total:
                total[name] = value
            elif name in _SUMS:
                total[name] += value
            elif name.endswith("temperature"):
                total[name] = max(total[name], value)
    return total


def _present_rate(
    values: dict[str, Any], items: Items, model: Model, summary: Row, system: System
) -> float | None:
    """Find the present hash rate, which an A10 may tell as 0.00 while it works.

    Then it is what the chips make at their clock, less their errors; unless the
    estimate from shares says that nothing comes at all.
    """
    now: float | None = values.get("hash_rate_now")
    if now or not model.rate_may_be_missing:
        return now
    if system.word is not None and system.word != Work.WORKING:
        return 0.0
    if system.word is None and now is not None:
        return now
    minute: float | None = read_columns(summary, _MINUTE).get("rate")
    if minute == 0:
        return 0.0
    theoretical: float | None = values.get("expected_hash_rate")
    rates: dict[str, float] = read_columns(items, _ERROR_RATES)
    if theoretical is None or "average" not in rates:
        return now if minute is None else minute
    return theoretical * (1 - rates["average"] / 100)
