"""The keys of NerdOS' info reply: since when, until when, of what JSON type."""

from typing import Any

from ..member import Phase
from ..shares import NETWORK_DIFFICULTY
from .keytable import Key, constant, key, stored
from .readings import Number, Readings


def _temperature(r: Readings) -> Number:
    """Return the hottest chip: 0 where stock firmware says -1."""
    return max(0, r.temperature)


def _fine(value: float) -> float:
    """Round to a sixteenth of a degree."""
    return round(value * 16) / 16


def _duty(r: Readings) -> int:
    """Return the first fan's duty cycle."""
    return round(r.duty)


def _pool(r: Readings) -> dict[str, Any]:
    """Return the state of the pool in use."""
    shares = r.device.shares
    return {
        "connected": r.device.phase is not Phase.POOL_LOST,
        "verifyBlocked": "",
        "poolDifficulty": r.device.pool_difficulty,
        "networkDifficulty": NETWORK_DIFFICULTY,
        "poolDiffErr": False,
        "accepted": shares.session.accepted,
        "rejected": shares.session.rejected,
        "pingRtt": r.latency,
        "pingLoss": 0,
        "bestDiff": int(shares.best_session),
        "activeProtocol": 0,
        "encrypted": False,
    }


def _stratum(r: Readings) -> dict[str, Any]:
    """Return the state of all pools."""
    return {
        "poolMode": 0,
        "activePoolMode": 0,
        "poolBalance": 50,
        "totalBestDiff": int(r.device.shares.best),
        "usingFallback": "pool_lost" in r.device.faults,
        "pools": [_pool(r)],
    }


def _fan(r: Readings, label: str, mode: int, rpm: int, duty: int) -> dict[str, Any]:
    """Return one fan."""
    flash = r.device.flash
    return {
        "label": label,
        "mode": mode,
        "manualSpeed": flash["manualFanSpeed"],
        "overheatTemp": flash["overheat_temp"],
        "rpm": rpm,
        "speedPerc": duty,
        "pid": {
            "targetTemp": flash["temptarget"],
            "p": flash["pidP"],
            "i": flash["pidI"],
            "d": flash["pidD"],
        },
    }


def _fans(r: Readings) -> list[dict[str, Any]]:
    """Return the fans; the second one follows the first."""
    mode = int(r.device.flash["autofanspeed"])
    first = _fan(r, "M2", mode, r.rpm, _duty(r))
    if not r.device.board.second_fan:
        return [first]
    return [first, _fan(r, "M1", 3, r.second_rpm, _duty(r))]


def _average(window: str) -> Key:
    """Return the row of an average."""
    names = {"minute": "1m", "ten_minutes": "10m", "hour": "1h", "day": "1d"}
    return key(
        f"hashRate_{names[window]}",
        lambda r: r.number(getattr(r.device.physics, window).mean),
        "1.0.31" if window == "minute" else "1.0.2",
    )


MEASURED_KEYS = (
    key("asicCount", lambda r: r.device.board.chips),
    key("smallCoreCount", lambda r: r.device.board.small_cores),
    key("deviceModel", lambda r: r.device.board.device_model, "1.0.15"),
    key("hostip", lambda r: r.device.host, "1.0.26"),
    key("macAddr", lambda r: r.device.mac, "1.0.30"),
    key("wifiRSSI", lambda r: r.rssi, "1.0.31"),
    key("power", lambda r: r.power),
    key("maxPower", lambda r: r.device.board.max_power, "1.0.2"),
    key("minPower", lambda r: round(0.52 * r.device.board.max_power), "1.0.2"),
    key("maxVoltage", lambda r: r.device.board.nominal_volts + 1, "1.0.2"),
    key("minVoltage", lambda r: r.device.board.nominal_volts - 1, "1.0.2"),
    key("voltage", lambda r: r.voltage),
    key("current", lambda r: r.current),
    key("currentA", lambda r: r.current / 1000, "1.0.36"),
    key("minCurrentA", constant(0), "1.0.36"),
    key("maxCurrentA", constant(8), "1.0.36"),
    key("temp", _temperature),
    key("vrTemp", lambda r: _fine(r.device.physics.regulator)),
    key("vrTempInt", lambda r: _fine(r.device.physics.regulator + 2.8), "1.0.37"),
    key("hashRateTimestamp", lambda r: 1000 * r.device.uptime, "1.0.2"),
    key("hashRate", lambda r: r.hash_rate, until="1.0.1"),
    key("hashRate", lambda r: r.hash_rate, "1.0.20"),
    _average("minute"),
    _average("ten_minutes"),
    _average("hour"),
    _average("day"),
    key("asicTemps", lambda r: [0] * r.device.board.chips, "1.0.34"),
    key("fanspeed", _duty),
    key("fanrpm", lambda r: r.rpm),
    key("manualFanSpeed", stored("manualFanSpeed"), "1.0.35"),
    key("fanrpm2", lambda r: r.second_rpm, "1.0.37"),
    key("fanspeed2", lambda r: _duty(r) if r.device.board.second_fan else 0, "1.0.37"),
    key("fanCount", lambda r: 1 + r.device.board.second_fan, "1.0.37"),
    key("fans", _fans, "1.0.37"),
    key("coreVoltageActual", lambda r: round(r.core_millivolts)),
    key("lastpingrtt", lambda r: r.latency, "1.0.34"),
    key("recentpingloss", constant(0), "1.0.34"),
    key("shutdown", lambda r: r.device.phase is Phase.SHUTDOWN, "1.0.36"),
    key("duplicateHWNonces", constant(0), "1.0.35"),
    key("stratum", _stratum, "1.0.35"),
    key("poolDifficulty", lambda r: r.device.pool_difficulty, "1.0.33"),
    key("networkDifficulty", constant(NETWORK_DIFFICULTY), "1.0.37"),
    key("foundBlocks", lambda r: r.device.shares.blocks, "1.0.33"),
    key("totalFoundBlocks", lambda r: r.device.shares.blocks, "1.0.33"),
    key("sharesAccepted", lambda r: r.device.shares.session.accepted),
    key("sharesRejected", lambda r: r.device.shares.session.rejected),
    key("bestDiff", lambda r: r.difficulty(r.device.shares.best)),
    key("bestSessionDiff", lambda r: r.difficulty(r.device.shares.best_session)),
    key(
        "isUsingFallbackStratum",
        lambda r: "pool_lost" in r.device.faults,
        until="1.0.34",
    ),
    key("uptimeSeconds", lambda r: r.device.uptime),
    key("lastResetReason", constant("SYSTEM.RESET_SOFTWARE"), "1.0.20"),
    key("freeHeap", constant(6_890_556)),
    key("freeHeapInt", constant(148_248), "1.0.20"),
)
SETTING_KEYS = (
    key("coreVoltage", stored("coreVoltage")),
    key("defaultCoreVoltage", lambda r: r.device.board.default_mv, "1.0.20"),
    key("frequency", stored("frequency")),
    key("defaultFrequency", lambda r: r.device.board.default_mhz, "1.0.20"),
    key("jobInterval", stored("jobInterval"), "1.0.2"),
    key("vrFrequency", stored("vrFrequency"), "1.0.33"),
    key("defaultVrFrequency", constant(25011), "1.0.33"),
    key("pidTargetTemp", stored("temptarget"), "1.0.29"),
    key("pidP", stored("pidP"), "1.0.29"),
    key("pidI", stored("pidI"), "1.0.29"),
    key("pidD", stored("pidD"), "1.0.29"),
    key("overheat_temp", stored("overheat_temp")),
    key("autofanspeed", lambda r: int(r.device.flash["autofanspeed"])),
    key("flipscreen", lambda r: int(r.device.flash["flipscreen"])),
    key("invertscreen", lambda r: int(r.device.flash["invertscreen"])),
    key("autoscreenoff", lambda r: int(r.device.flash["autoscreenoff"])),
    key("invertfanpolarity", lambda r: int(r.device.flash["invertfanpolarity"])),
    key("hostname", stored("hostname")),
    key("ssid", stored("ssid")),
    key("wifiStatus", constant("WiFi Connected!")),
    key("stratumURL", stored("stratumURL")),
    key("stratumPort", stored("stratumPort")),
    key("stratumUser", stored("stratumUser")),
    key("stratumEnonceSubscribe", constant(value=False), "1.0.34"),
    key("stratumTLS", constant(value=False), "1.0.34"),
    key("fallbackStratumURL", stored("fallbackStratumURL")),
    key("fallbackStratumPort", stored("fallbackStratumPort")),
    key("fallbackStratumUser", stored("fallbackStratumUser")),
    key("fallbackStratumEnonceSubscribe", constant(value=False), "1.0.34"),
    key("fallbackStratumTLS", constant(value=False), "1.0.34"),
    key("stratumProtocol", constant(0), "1.1"),
    key("fallbackStratumProtocol", constant(0), "1.1"),
    key("sv2AuthorityPubkey", constant(""), "1.1"),
    key("fallbackSv2AuthorityPubkey", constant(""), "1.1"),
    key("sv2ChannelType", constant(0), "1.1"),
    key("fallbackSv2ChannelType", constant(0), "1.1"),
    key("stratumDifficulty", constant(1000), "1.0.20"),
    key("stratum_keep", constant(1), "1.0.33"),
    key("otp", lambda r: r.device.spec.otp_code is not None, "1.0.34"),
    key("ASICModel", lambda r: r.device.board.chip.model),
    key("version", lambda r: r.device.firmware.text),
    key("runningPartition", constant("ota_0")),
    key("defaultTheme", constant("cosmic"), "1.0.35"),
)

NERDOS_KEYS: tuple[Key, ...] = (*MEASURED_KEYS, *SETTING_KEYS)
