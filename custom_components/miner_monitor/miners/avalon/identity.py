"""Who an Avalon, or another miner with a cgminer, is."""

import re
from typing import NamedTuple

from ..model import (
    Alarm,
    Capability,
    Family,
    Limits,
    MinerIdentity,
    Setting,
    TripPoints,
)
from ..values import (
    mac,
    text,
)
from .blob import Items
from .knobs import (
    NOTHING_OFFERED,
    Ranges,
    heating_modes,
)
from .models import (
    Model,
    parted,
)
from .poll import Row

_SERIAL = re.compile(r"[0-9a-f]{12,32}")
_SHARED_BY_MANY = ("00:e0:4c",)
_MULTICAST = 1
_CHIP = Alarm(warn=105, critical=110)
_ABOVE_TARGET = Alarm(warn=15, critical=30)
_NO_LIMITS = Limits()
_SHARE_BASED_WINDOW = 3600
_FIRMWARE = ("LVERSION", "VERSION", "CGVERSION")
_PROGRAMS = ("CGMiner", "BMMiner", "BOSminer", "LUXminer", "SGMiner", "BFGMiner")


class Who(NamedTuple):
    """What a blob tells of the device that sent it."""

    serial: str | None = None
    firmware: str | None = None


class Parts(NamedTuple):
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
    serial = serial_of(items.get("DNA")) or serial_of(items.get("HDNA"))
    return Who(serial, parted(items.get("Ver"))[1])


def mac_of(version: Row) -> str | None:
    """Read the MAC address, if it is the device's own."""
    found = mac(version.get("MAC"))
    if found is None or found.startswith(_SHARED_BY_MANY):
        return None
    return None if int(found[:2], 16) & _MULTICAST else found


def identity_of(
    model: Model, version: Row, who: Who, blob_version: str | None, parts: Parts
) -> MinerIdentity:
    """Name the Avalon that sent a blob."""
    told = (text(version.get(key)) for key in _FIRMWARE)
    return MinerIdentity(
        family=Family.AVALON,
        manufacturer="Canaan",
        model=model.name,
        firmware=who.firmware or next(filter(None, told), None),
        mac=mac_of(version),
        serial=who.serial,
        pool_user_hash=_mark_of(version, who, parts),
        model_id=text(version.get("MODEL")) or text(parted(blob_version)[0]),
        board=text(version.get("HWTYPE")),
        chip_model=parts.chip_model,
        chip_count=parts.chips,
        fan_count=parts.fans,
        pool_count=parts.pools,
        board_count=parts.boards if parts.boards > 1 else 0,
        capabilities=parts.capabilities,
        limits=_limits_of(model, parts.settings),
    )


def _mark_of(version: Row, who: Who, parts: Parts) -> str | None:
    """Tell for whom it works, where nothing else tells which one it is."""
    named = who.serial is not None or mac_of(version) is not None
    return None if named else parts.pool_user


def _limits_of(model: Model, settings: Ranges) -> Limits:
    """Collect what a model endures and what can be written."""
    heats = Setting.WORK_MODE in settings
    return Limits(
        settings=settings,
        chip_temperature=_CHIP,
        chip_above_target=_ABOVE_TARGET if model.home else None,
        trip_points=TripPoints(chip=model.trips_at),
        heating_modes=heating_modes(model) if heats else (),
        doubtful_standby_power=model.doubtful_standby_power,
    )


def plain_identity(version: Row, who: Who, parts: Parts) -> MinerIdentity:
    """Name a miner that has a cgminer and no blob; its hash rate is an estimate."""
    program, release = _program(version)
    model = text(version.get("Type")) or text(version.get("PROD"))
    maker = model.split()[0] if model else ""
    return MinerIdentity(
        family=Family.AVALON,
        manufacturer=maker if maker.isalpha() else "cgminer",
        model=model or program or "cgminer",
        firmware=release,
        mac=mac_of(version),
        serial=who.serial,
        pool_user_hash=_mark_of(version, who, parts),
        pool_count=parts.pools,
        ratio_window=_SHARE_BASED_WINDOW,
        capabilities=parts.capabilities,
        limits=_NO_LIMITS,
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
