"""What a miner tells beyond the fields of a MinerState, under fixed names."""

from typing import Any

from ..model import Figure
from ..values import (
    LARGEST,
    Column,
    counter,
    difficulty_column,
    flag_column,
    percent_column,
    read_columns,
    sentence,
    text,
)
from .models import Model, read_places
from .poll import NOTHING, Items, Row, dashed, vector
from .pools import moment

_MOST_NUMBERED = 8
_LARGEST_WORD = 0xFFFF
_BLOB = (
    counter("state_code", "STATE"),
    counter("hash_status", "HashStatus"),
    counter("work_mode", "WORKMODE"),
    Column("work_level", "WORKLEVEL", low=-100, high=1e6, kind=int),
    flag_column("activation", "Activation"),
    flag_column("solo_allowed", "SoloAllowed"),
    counter("soft_off_reason", "SoftOFF"),
    counter("soft_off_time", "SoftOffTime", 0),
    counter("soft_on_time", "SoftOnTime", 0),
    flag_column("display_on", "LcdOnoff"),
    counter("display_page", "LcdSwitch"),
    Column("display_brightness", "LcdBright", high=_LARGEST_WORD, kind=int),
    flag_column("network_by_radio", "NetDevType"),
    Column("room_temperature_limit", "Limitemp", low=-40, high=200),
    counter("calibrated", "CALIALL"),
    flag_column("adjusted", "ADJ"),
    Column("bar", "BAR", low=-LARGEST),
    counter("fan_error", "FanErr"),
    counter("psu_link_errors", "PCOMM_E"),
    counter("power_state", "POWS"),
    counter("pool_state", "POOLS"),
    counter("pool_failures", "PFCnt"),
    counter("local_work", "LW"),
    counter("device_hardware_errors", "DHW"),
    percent_column("hardware_error_rate_average", "DH"),
    percent_column("hardware_error_rate_now", "DHspd"),
    Column("hash_rate_theoretical", "GHSmm", high=1e9),
    Column("temperature_max", "TMax", low=-40, high=200),
    Column("temperature_average", "TAvg", low=-40, high=200),
    Column("board_inlet_temperature", "HBITemp", low=-40, high=200),
    Column("frequency", "Freq", high=1e5),
    Column("power_limit_percent", "MVL", high=1e4),
    counter("bin", "BIN"),
    counter("ecmm", "ECMM"),
    counter("led", "Led"),
    counter("nonce_mask", "Mask"),
    counter("wall_power", "WALLPOWER"),
)
_TIMES = ("soft_off_time", "soft_on_time")
_LISTS = (
    ("PS", "ps", vector),
    ("ECHU", "echu", vector),
    ("CRC", "crc", vector),
    ("COMCRC", "com_crc", vector),
    ("HASHS", "board_states", vector),
    ("EEPROM", "eeprom_chips", vector),
    ("COP", "cop", vector),
    ("MW", "board_work", vector),
    ("LED", "led_mode", dashed),
    ("LEDUser", "led_user", dashed),
    *(
        (f"{key}{place}", f"{name}_{place}", reader)
        for key, name, reader in (
            ("PLL", "pll", vector),
            ("SF", "sf", vector),
            ("ATABD", "board_frequencies", vector),
            ("ATA", "profile", dashed),
        )
        for place in range(_MOST_NUMBERED)
    ),
)
_RECORDS = tuple(
    (f"HS_RCD{place}", f"record_{place}") for place in range(_MOST_NUMBERED)
)
_ROW = (
    counter("module_count", "MM Count"),
    counter("nonce_mask", "Nonce Mask"),
    counter("smart_speed", "Smart Speed"),
    Column("voltage_level_offset", "Voltage Level Offset", low=-1e6, high=1e6),
    flag_column("connection_overloaded", "Connection Overloaded"),
)
_SUMMARY = (
    counter("summary_uptime", "Elapsed"),
    counter("getworks", "Getworks"),
    Column("utility", "Utility"),
    counter("discarded", "Discarded"),
    counter("get_failures", "Get Failures"),
    counter("remote_failures", "Remote Failures"),
    counter("summary_local_work", "Local Work"),
    counter("network_blocks", "Network Blocks"),
    Column("total_megahashes", "Total MH"),
    Column("summary_work_utility", "Work Utility"),
    counter("summary_hardware_errors", "Hardware Errors"),
    difficulty_column("difficulty_accepted", "Difficulty Accepted"),
    difficulty_column("difficulty_rejected", "Difficulty Rejected"),
    difficulty_column("difficulty_stale", "Difficulty Stale"),
    percent_column("device_hardware_percent", "Device Hardware%"),
    percent_column("device_rejected_percent", "Device Rejected%"),
    percent_column("pool_rejected_percent", "Pool Rejected%"),
    percent_column("pool_stale_percent", "Pool Stale%"),
)
_VERSION = (
    ("PROD", "product"),
    ("CGMiner", "cgminer_version"),
    ("API", "api_version"),
    ("SWTYPE", "software_type"),
)


def figures_of(
    items: Items,
    row: Row,
    summary: Row,
    started: int | None,
    model: Model | None = None,
    version: Row = NOTHING,
) -> dict[str, Figure]:
    """Collect the figures of a poll; ``started`` dates what counts from the start.

    ``version`` is what the device said of its make and programs, once per start.
    """
    found: dict[str, Any] = {
        name: told
        for key, name in _VERSION
        if (told := text(version.get(key))) is not None
    }
    found |= read_columns(row, _ROW) | read_columns(summary, _SUMMARY)
    if not items:
        return found
    found |= read_columns(items, _BLOB)
    for name in _TIMES:
        if name in found and (when := moment(found.pop(name), started)) is not None:
            found[name] = when
    get = items.get
    for key, name, reader in _LISTS:
        if (told := get(key)) is not None and (values := reader(told)):
            found[name] = values
    if model is not None:
        found |= read_places(vector(get("PS")), model.supply_figures)
    _add_special(items, found)
    return found


def _add_special(items: Items, found: dict[str, Any]) -> None:
    """Add what needs a thought of its own."""
    failures = vector(items.get("NETFAIL"))
    if "NETFAIL" in items and not len(failures) % 2:
        found["network_failures"] = sum(map(bool, failures[::2]))
    # Some firmware appends a second number, some a doubtful unit.
    free = vector(items.get("MEMFREE", "").partition(".")[0])
    if len(free) == 1:
        found["memory_free"] = free[0]
    if (boot := sentence(items.get("BOOTBY"), 16)) is not None:
        found["boot_code"] = boot
    # The low byte is the brightness, the high one who chooses it.
    if (bright := found.get("display_brightness")) is not None:
        found["display_brightness"] = bright & 0xFF
        found["display_brightness_mode"] = bright >> 8
    for key, name in _RECORDS:
        if key in items and (record := sentence(items[key])) is not None:
            found[name] = record
