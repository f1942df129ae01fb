"""Who an Avalon, or another miner with a cgminer, is, and what it can report."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
import re
from types import MappingProxyType
from typing import NamedTuple

from ..model import (
    Alarm,
    Capability,
    Family,
    Limits,
    MinerIdentity,
    MinerState,
    Setting,
    TripPoints,
)
from ..values import (
    mac,
    text,
)
from .models import (
    Model,
    parted,
)
from .poll import Items, Row
from .settings import (
    NOTHING_OFFERED,
    Ranges,
    heating_modes,
)

_SERIAL = re.compile(r"[0-9a-f]{12,32}")
_SHARED_BY_MANY = ("00:e0:4c",)
_MULTICAST = 1
_FIRMWARE = ("LVERSION", "VERSION", "CGVERSION")
_PROGRAMS = ("CGMiner", "BMMiner", "BOSminer", "LUXminer", "SGMiner", "BFGMiner")


class Who(NamedTuple):
    """What a blob tells of the device that sent it."""

    serial: str | None = None
    firmware: str | None = None


class DeviceParts(NamedTuple):
    """What a device was seen to have."""

    capabilities: frozenset[Capability]
    chip_model: str | None = None
    fans: int = 0
    pools: int = 0
    boards: int = 0
    chips: int | None = None
    settings: Ranges = NOTHING_OFFERED
    pool_user: str | None = None


def serial_of(told: object) -> str | None:
    """Read a DNA; zeros and what is no hexadecimal number are none."""
    digits = told.strip().lower() if isinstance(told, str) and len(told) < 64 else ""
    if not _SERIAL.fullmatch(digits) or len(set(digits)) == 1:
        return None
    return digits


def who_is(items: Items) -> Who:
    """Read the serial, which a Nano 3 has under another name, and the firmware."""
    return Who(
        serial_of(items.get("DNA")) or serial_of(items.get("HDNA")),
        parted(items.get("Ver"))[1],
    )


def mac_of(version: Row) -> str | None:
    """Read the MAC address, if it is the device's own."""
    found = mac(version.get("MAC"))
    if found is None or found.startswith(_SHARED_BY_MANY):
        return None
    return None if int(found[:2], 16) & _MULTICAST else found


def identity_of(
    model: Model | None,
    version: Row,
    who: Who,
    blob_version: str | None,
    parts: DeviceParts,
) -> MinerIdentity:
    """Name the Avalon that sent a blob, or a plain cgminer, which has no model.

    Where nothing else shows which one it is, for whom it works does.
    """
    address = mac_of(version)
    named = who.serial is not None or address is not None
    known = MinerIdentity(
        family=Family.AVALON,
        manufacturer="Canaan",
        model="",
        mac=address,
        serial=who.serial,
        pool_user_hash=None if named else parts.pool_user,
        pool_count=parts.pools,
        capabilities=parts.capabilities,
    )
    if model is None:
        return _plain_identity(version, known)
    reported = (text(version.get(key)) for key in _FIRMWARE)
    heats = heating_modes(model) if Setting.WORK_MODE in parts.settings else ()
    return replace(
        known,
        model=model.name,
        firmware=who.firmware or next(filter(None, reported), None),
        model_id=text(version.get("MODEL")) or text(parted(blob_version)[0]),
        board=text(version.get("HWTYPE")),
        chip_model=parts.chip_model,
        chip_count=parts.chips,
        fan_count=parts.fans,
        board_count=parts.boards if parts.boards > 1 else 0,
        limits=Limits(
            settings=parts.settings,
            chip_temperature=Alarm(warn=105, critical=110),
            chip_above_target=Alarm(warn=15, critical=30) if model.home else None,
            trip_points=TripPoints(chip=model.trips_at),
            heating_modes=heats,
            doubtful_standby_power=model.doubtful_standby_power,
            rated_power=model.rated_power,
            mode_power=MappingProxyType(
                {mode.name: mode.power for mode in model.modes if mode.power}
            ),
            mode_guess=MappingProxyType(
                {mode.name: mode.guess for mode in model.modes if mode.guess}
            ),
            minimum_run=model.minimum_run,
            minimum_rest=model.minimum_rest,
        ),
    )


def _plain_identity(version: Row, known: MinerIdentity) -> MinerIdentity:
    """Name a miner that has a cgminer and no blob; its hash rate is an estimate."""
    program, release = _program(version)
    model = text(version.get("Type")) or text(version.get("PROD"))
    maker = model.split()[0] if model else ""
    return replace(
        known,
        manufacturer=maker if maker.isalpha() else "cgminer",
        model=model or program or "cgminer",
        firmware=release,
        ratio_window=3600,
    )


def _program(version: Row) -> tuple[str | None, str | None]:
    """Name the program and its version, which some tell in one text.

    "bfgminer 5.5.0-34-g0123456" is both, and "30.0.1.3" no name of anything.
    """
    key = next((key for key in _PROGRAMS if key in version), None)
    release = None if key is None else text(version[key])
    told = text(version.get("Miner"))
    if told is None or told[0].isdigit():
        return key, release
    name, _, number = told.partition(" ")
    if not number[:1].isdigit():
        return told, release
    known = {program.lower(): program for program in _PROGRAMS}
    return known.get(name.lower(), name), number


_BY_KEY: Mapping[Capability, str] = {
    Capability.HASH_RATE_AVERAGE: "GHSavg",
    Capability.EXPECTED_HASH_RATE: "GHSmm",
    Capability.POWER_LIMIT: "MPO",
    Capability.CHIP_TEMPERATURE: "TMax",
    Capability.CHIP_TEMPERATURE_AVERAGE: "TAvg",
    Capability.TARGET_CHIP_TEMPERATURE: "TarT",
    Capability.CHIPS_WORKING: "TA",
    Capability.WORK_UTILITY: "WU",
    Capability.POOL_LATENCY: "PING",
    Capability.CONTROLLER_STATE: "SYSTEMSTATU",
    Capability.CHIP_TEMPERATURE_MIN: "PVT_T0",
    Capability.CHIP_VOLTAGES: "PVT_V0",
    Capability.MATCHING_WORK: "MW0",
}
"""What an item of the blob proves, whatever its value."""

_BY_VALUE = (
    Capability.POWER,
    Capability.CHIP_TEMPERATURE,
    Capability.PSU_OUTPUT_VOLTAGE,
    Capability.PSU_OUTPUT_CURRENT,
    Capability.INPUT_VOLTAGE,
    Capability.INPUT_CURRENT,
    Capability.CORE_VOLTAGE_ACTUAL,
    Capability.FREQUENCY_ACTUAL,
    Capability.INLET_TEMPERATURE,
    Capability.OUTLET_TEMPERATURE,
    Capability.AMBIENT_TEMPERATURE,
    Capability.BOARD_TEMPERATURE,
    Capability.FILTER_AGE,
    Capability.WIFI_SIGNAL,
    Capability.FAN_DUTY_CYCLE,
)
"""What only a usable value proves: a missing sensor has a key as well."""

_BY_SUMMARY: Mapping[Capability, tuple[str, ...]] = {
    Capability.SHARES: ("Accepted",),
    Capability.SHARES_STALE: ("Stale",),
    Capability.BEST_DIFFICULTY: ("Best Share",),
    Capability.BLOCKS_FOUND: ("Found Blocks",),
    Capability.UPTIME: ("Elapsed",),
    Capability.WORK_UTILITY: ("Work Utility",),
    Capability.HASH_RATE_AVERAGE: ("MHS av", "GHS av"),
    Capability.HARDWARE_ERROR_RATE: ("Device Hardware%",),
}
_OF_POOLS = frozenset(
    (
        Capability.POOL,
        Capability.POOL_CONNECTED,
        Capability.FALLBACK_POOL,
        Capability.POOL_STATUS,
        Capability.POOL_SHARES,
    )
)
_BY_POOL: Mapping[Capability, str] = {
    Capability.POOL_DIFFICULTY: "Stratum Difficulty",
    Capability.BLOCK_HEIGHT: "Current Block Height",
}


def shown_by_blob(
    items: Items, state: MinerState, known: frozenset[Capability]
) -> set[Capability]:
    """Collect the readings that the blob of one reply shows beyond those known."""
    by_key, by_value = _unproven(known)
    found = {capability for capability, key in by_key if key in items}
    return found.union([item for item in by_value if getattr(state, item)])


@lru_cache(maxsize=64)
def _unproven(
    known: frozenset[Capability],
) -> tuple[Sequence[tuple[Capability, str]], Sequence[Capability]]:
    """List what is left to look for."""
    by_key = [found for found in _BY_KEY.items() if found[0] not in known]
    return by_key, [found for found in _BY_VALUE if found not in known]


def shown_by_plain(summary: Row, pools: Sequence[Row]) -> set[Capability]:
    """Collect the readings that a miner without a blob shows."""
    found = {
        capability
        for capability, keys in _BY_SUMMARY.items()
        if any(key in summary for key in keys)
    }
    if pools:
        found |= _OF_POOLS
        found.update(item for item, key in _BY_POOL.items() if key in pools[0])
    return found
