"""The keys of NerdOS' info reply: since when, until when, of what JSON type."""

from collections.abc import Callable
from typing import Any

from ..member import Phase
from ..shares import NETWORK_DIFFICULTY
from .keytable import ABSENT, Fill, Key, constant, key, stored
from .nerdos import NerdosDevice
from .nerdos_readings import NerdosReadings
from .readings import Readings

DISCONNECTED = frozenset({Phase.POOL_LOST, Phase.SHUTDOWN, Phase.STARTING})
WITHOUT_CAN = "v1.1.0-beta1"
INTERNAL_OFFSET = 2.8


def _nerd(read: Callable[[NerdosReadings], Any]) -> Fill:
    """Return a fill that reads what only NerdOS shows."""

    def fill(r: Readings) -> Any:
        """Read it."""
        assert isinstance(r, NerdosReadings)
        return read(r)

    return fill


def _device(read: Callable[[NerdosDevice], Any]) -> Fill:
    """Return a fill that asks the device itself."""
    return _nerd(lambda r: read(r.device))


def _temperature(r: Readings) -> Any:
    """Return the hottest chip: 0 where stock firmware says -1."""
    return max(0, r.temperature)


def _internal(r: NerdosReadings) -> Any:
    """Return the regulator's inner thermometer, which small boards have none of."""
    several = r.device.board.chips > 1
    return r.regulator + INTERNAL_OFFSET if several and r.regulator else 0


def _duty(r: Readings) -> int:
    """Return the first fan's duty cycle."""
    return round(r.duty)


def _latency(r: Readings) -> float:
    """Return the pool's answer time, 0 without a pool."""
    return 0.0 if r.device.phase in DISCONNECTED else r.latency


def _pool(r: Readings) -> dict[str, Any]:
    """Return the state of the pool in use."""
    shares = r.device.shares
    return {
        "connected": r.device.phase not in DISCONNECTED,
        "verifyBlocked": "",
        "poolDifficulty": r.device.pool_difficulty,
        "networkDifficulty": NETWORK_DIFFICULTY,
        "poolDiffErr": False,
        "accepted": shares.session.accepted,
        "rejected": shares.session.rejected,
        "pingRtt": _latency(r),
        "pingLoss": 0,
        "bestDiff": int(shares.best_session),
        "activeProtocol": 0,
        "encrypted": False,
    }


def _stratum(r: Readings) -> dict[str, Any]:
    """Return the state of all pools."""
    flash = r.device.flash
    return {
        "poolMode": flash["poolMode"],
        "activePoolMode": flash.booted["poolMode"],
        "poolBalance": flash["poolBalance"],
        "totalBestDiff": int(r.device.shares.best),
        "usingFallback": "pool_lost" in r.device.faults,
        "pools": [_pool(r)],
    }


def _fans(r: Readings) -> list[dict[str, Any]]:
    """Return the fans."""
    flash, duty = r.device.flash, _duty(r)
    first = {
        "label": "M2" if r.device.board.second_fan else "M1",
        "mode": int(flash["autofanspeed"]),
        "manualSpeed": flash["manualFanSpeed"],
        "overheatTemp": flash["overheat_temp"],
        "rpm": r.rpm,
        "speedPerc": duty,
        "pid": _pid(r, flash["temptarget"]),
    }
    if not r.device.board.second_fan:
        return [first]
    second = {
        "label": "M1",
        "mode": flash["fan1Mode"],
        "manualSpeed": flash["fan1ManualSpeed"],
        "overheatTemp": flash["fan1OverheatTemp"],
        "rpm": r.second_rpm,
        "speedPerc": duty,
        "pid": _pid(r, flash["fan1Target"]),
    }
    return [first, second]


def _pid(r: Readings, target: int) -> dict[str, Any]:
    """Return the controller of a fan."""
    flash = r.device.flash
    return {
        "targetTemp": target,
        "p": flash["pidP"],
        "i": flash["pidI"],
        "d": flash["pidD"],
    }


def _can(r: Readings) -> Any:
    """Return what is known of other boards on a bus."""
    if r.device.firmware.text == WITHOUT_CAN:
        return ABSENT
    fault = r.device.faults.get("can_slaves")
    told: dict[str, Any] = {
        "hasExtension": fault is not None,
        "enabled": fault is not None,
    }
    if fault is not None and (watts := fault.number("watts", 200)):
        told["fleetPower"] = r.number(r.power + watts)
    return told


def _volts(margin: float) -> Fill:
    """Return a fill that shows an end of the range of the supply."""

    def fill(r: Readings) -> Any:
        """Show it: a tenth of 5 V, a volt of 12 V."""
        nominal = r.device.board.nominal_volts
        return nominal + margin * (0.5 if nominal == 5 else 1)

    return fill


def _average(window: str) -> Key:
    """Return the row of an average."""
    since = "1.0.31" if window == "1m" else "1.0.2"
    return key(f"hashRate_{window}", _nerd(lambda r: r.average(window)), since)


MEASURED_KEYS = (
    key("asicCount", lambda r: r.device.board.chips),
    key(
        "smallCoreCount",
        _nerd(lambda r: 0 if r.booting else r.device.board.small_cores),
    ),
    key("deviceModel", lambda r: r.device.board.device_model, "1.0.15"),
    key("hostip", lambda r: r.device.host, "1.0.26"),
    key("macAddr", lambda r: r.device.mac, "1.0.30"),
    key("wifiRSSI", lambda r: r.rssi, "1.0.31"),
    key("power", lambda r: r.power),
    key("maxPower", lambda r: r.device.board.max_power, "1.0.2"),
    key("minPower", lambda r: round(0.52 * r.device.board.max_power), "1.0.2"),
    key("maxVoltage", _volts(1), "1.0.2"),
    key("minVoltage", _volts(-1), "1.0.2"),
    key("voltage", lambda r: r.voltage),
    key("current", lambda r: r.current),
    key("currentA", lambda r: r.current / 1000, "1.0.36"),
    key("minCurrentA", constant(0), "1.0.36"),
    key("maxCurrentA", constant(8), "1.0.36"),
    key("temp", _temperature),
    key("vrTemp", _nerd(lambda r: r.regulator)),
    key("vrTempInt", _nerd(_internal), "1.0.37"),
    key("hashRateTimestamp", lambda r: 1000 * r.device.uptime, "1.0.2"),
    key("hashRate", _nerd(lambda r: r.shown_rate), until="1.0.1"),
    key("hashRate", _nerd(lambda r: r.shown_rate), "1.0.20"),
    _average("1m"),
    _average("10m"),
    _average("1h"),
    _average("1d"),
    key("asicTemps", lambda r: [0] * r.device.board.chips, "1.0.34"),
    key("fanspeed", _duty),
    key("fanrpm", lambda r: r.rpm),
    key("manualFanSpeed", stored("manualFanSpeed"), "1.0.35"),
    key("fanrpm2", lambda r: r.second_rpm, "1.0.37"),
    key("fanspeed2", lambda r: _duty(r) if r.device.board.second_fan else 0, "1.0.37"),
    key("fanCount", lambda r: 1 + r.device.board.second_fan, "1.0.37"),
    key("fans", _fans, "1.0.37"),
    key("coreVoltageActual", lambda r: round(r.core_millivolts)),
    key("lastpingrtt", _latency, "1.0.34"),
    key("recentpingloss", constant(0), "1.0.34"),
    key("shutdown", lambda r: r.device.phase is Phase.SHUTDOWN, "1.0.35"),
    key("duplicateHWNonces", constant(0), "1.0.35"),
    key("can", _can, "1.0.37"),
    key("stratum", _stratum, "1.0.35"),
    key("poolDifficulty", lambda r: r.device.pool_difficulty, "1.0.33"),
    key("networkDifficulty", constant(NETWORK_DIFFICULTY), "1.0.37"),
    key("foundBlocks", lambda r: r.device.shares.blocks, "1.0.33"),
    key("totalFoundBlocks", _device(lambda d: d.blocks), "1.0.33"),
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
    key("freeHeapInt", constant(148_248), "1.0.29"),
)
SETTING_KEYS = (
    key("coreVoltage", _device(lambda d: d.limited("coreVoltage"))),
    key("defaultCoreVoltage", lambda r: r.device.board.default_mv, "1.0.29"),
    key("frequency", _device(lambda d: d.limited("frequency"))),
    key("defaultFrequency", lambda r: r.device.board.default_mhz, "1.0.29"),
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
    key("stratumEnonceSubscribe", stored("stratumEnonceSubscribe"), "1.0.34"),
    key("stratumTLS", stored("stratumTLS"), "1.0.34"),
    key("fallbackStratumURL", stored("fallbackStratumURL")),
    key("fallbackStratumPort", stored("fallbackStratumPort")),
    key("fallbackStratumUser", stored("fallbackStratumUser")),
    key(
        "fallbackStratumEnonceSubscribe",
        stored("fallbackStratumEnonceSubscribe"),
        "1.0.34",
    ),
    key("fallbackStratumTLS", stored("fallbackStratumTLS"), "1.0.34"),
    key("stratumProtocol", stored("stratumProtocol"), "1.1"),
    key("fallbackStratumProtocol", stored("fallbackStratumProtocol"), "1.1"),
    key("sv2AuthorityPubkey", stored("sv2AuthorityPubkey"), "1.1"),
    key("fallbackSv2AuthorityPubkey", stored("fallbackSv2AuthorityPubkey"), "1.1"),
    key("sv2ChannelType", stored("sv2ChannelType"), "1.1"),
    key("fallbackSv2ChannelType", stored("fallbackSv2ChannelType"), "1.1"),
    key("stratumDifficulty", stored("stratumDifficulty"), "1.0.29"),
    key("stratum_keep", stored("stratum_keep"), "1.0.33"),
    key("otp", lambda r: r.device.spec.otp_code is not None, "1.0.34"),
    key("ASICModel", lambda r: r.device.board.chip.model),
    key("version", lambda r: r.device.firmware.text),
    key("runningPartition", constant("ota_0")),
    key("defaultTheme", constant("cosmic"), "1.0.35"),
)

NERDOS_KEYS: tuple[Key, ...] = (*MEASURED_KEYS, *SETTING_KEYS)
