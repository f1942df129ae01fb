"""The keys of the info reply of Lucky Miner's own firmware."""

from .keytable import ABSENT, Key, constant, key, stored
from .readings import Readings


def _is_lv07(r: Readings) -> bool:
    """Tell whether it is an LV07, whose firmware is older."""
    return r.device.board.device_model == "LV07"


def _mac(r: Readings) -> object:
    """Return the MAC, which an LV07 does not tell."""
    return ABSENT if _is_lv07(r) else r.device.mac


def _voltage(r: Readings) -> object:
    """Return the input voltage, which an LV07 spells in its own way."""
    return ABSENT if _is_lv07(r) else r.voltage


def _misspelt_voltage(r: Readings) -> object:
    """Return the input voltage of an LV07."""
    return r.voltage if _is_lv07(r) else ABSENT


LUCKY_KEYS: tuple[Key, ...] = (
    key("power", lambda r: r.power),
    key("voltage", _voltage),
    key("voltagei", _misspelt_voltage),
    key("current", lambda r: r.current),
    key("temp", lambda r: r.temperature),
    key("vrTemp", lambda r: r.regulator_temperature),
    key("hashRate", lambda r: r.hash_rate),
    key("bestDiff", lambda r: r.difficulty(r.device.shares.best)),
    key("bestSessionDiff", lambda r: r.difficulty(r.device.shares.best_session)),
    key("isUsingFallbackStratum", lambda r: int("pool_lost" in r.device.faults)),
    key("freeHeap", constant(8_421_064)),
    key("coreVoltage", stored("coreVoltage")),
    key("coreVoltageActual", lambda r: round(r.core_millivolts)),
    key("frequency", lambda r: int(r.device.flash["frequency"])),
    key("ssid", stored("ssid")),
    key("macAddr", _mac),
    key("hostname", stored("hostname")),
    key("wifiStatus", constant("Connected!")),
    key("sharesAccepted", lambda r: r.device.shares.session.accepted),
    key("sharesRejected", lambda r: r.device.shares.session.rejected),
    key("uptimeSeconds", lambda r: r.device.uptime),
    key("asicCount", lambda r: r.device.board.chips),
    key("asicDetected", lambda r: r.device.board.chips),
    key("smallCoreCount", lambda r: r.device.board.small_cores),
    key("ASICModel", lambda r: r.device.board.chip.model),
    key("minerModel", lambda r: r.device.board.device_model),
    key("stratumURL", stored("stratumURL")),
    key("fallbackStratumURL", stored("fallbackStratumURL")),
    key("stratumPort", stored("stratumPort")),
    key("fallbackStratumPort", stored("fallbackStratumPort")),
    key("stratumUser", stored("stratumUser")),
    key("fallbackStratumUser", stored("fallbackStratumUser")),
    key("stratumPassword", stored("stratumPassword")),
    key("version", lambda r: r.device.firmware.text),
    key("runningPartition", constant("factory")),
    key("flipscreen", stored("flipscreen")),
    key("overheat_mode", stored("overheat_mode")),
    key("invertscreen", stored("invertscreen")),
    key("invertfanpolarity", stored("invertfanpolarity")),
    key("autofanspeed", stored("autofanspeed")),
    key("fanspeed", lambda r: round(r.duty)),
    key("fanSpeed", lambda r: r.rpm),
    key("selftest", constant(0)),
    key("allowUpdate", constant(1)),
    key("initMiner", lambda r: int(r.device.chip_ready)),
)
