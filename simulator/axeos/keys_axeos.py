"""The keys of AxeOS' info reply: since when, until when, of what JSON type."""

from typing import Any

from ..member import Phase
from ..shares import NETWORK_DIFFICULTY
from .flash import PARTITIONS
from .keytable import ABSENT, Fill, Key, booted, constant, key, stored
from .readings import Number, Readings

IDF_RELEASES = (((2, 11, 0), "v5.5.1"), ((2, 10, 0), "v5.5"), ((2, 7, 0), "v5.4.1"))
BLOCK_HEIGHT = 931_409
COINBASE_SATS = 312_500_000


def _flag(name: str, *, boolean: bool = False) -> Fill:
    """Return a fill for a switch: 0 and 1, or a JSON boolean."""
    if boolean:
        return lambda r: bool(r.device.flash.stored[name])
    return lambda r: int(r.device.flash.stored[name])


def _frequency(r: Readings) -> Number:
    """Return the set point: a whole number until 2.9."""
    value = float(r.device.flash["frequency"])
    return r.number(value) if r.device.version >= (2, 10, 0) else int(value)


def _core_actual(r: Readings) -> Number:
    """Return the measured core voltage: a whole number until 2.13."""
    value = r.core_millivolts
    return r.number(value) if r.device.version >= (2, 14, 0) else round(value)


def _expected(r: Readings) -> Number:
    """Return the expected hash rate: a whole number until 2.11."""
    value = r.expected_hash_rate
    return r.number(value) if r.device.version >= (2, 12, 0) else int(value)


def _averaged(window: str) -> Fill:
    """Return a fill that shows an average."""
    return lambda r: r.number(getattr(r.device.physics, window).mean)


def _duty(r: Readings) -> Number:
    """Return the fan's duty cycle: the set point before 2.1.9, a float since 2.11."""
    device = r.device
    if device.version < (2, 1, 9) and not device.flash["autofanspeed"]:
        return int(device.flash["manualFanSpeed"])
    return r.number(r.duty) if device.version >= (2, 11, 0) else round(r.duty)


def _reasons(r: Readings) -> list[dict[str, Any]]:
    """Return why shares were rejected."""
    reasons = r.device.shares.session.reasons
    return [{"message": text, "count": count} for text, count in reasons.items()]


def _uses_fallback(r: Readings) -> bool:
    """Tell whether the fallback pool is in use."""
    return "pool_lost" in r.device.faults or bool(
        r.device.flash.booted["useFallbackStratum"]
    )


def _fallback_number(r: Readings) -> int:
    """Return the use of the fallback pool as a number."""
    return int(_uses_fallback(r))


def _connection(r: Readings) -> str:
    """Return how the pool was connected last: SV1 keeps that text after a loss."""
    lost = r.device.faults.get("pool_lost")
    if lost is not None and (text := lost.text("text", "")):
        return text
    return "IPv4" if r.device.chips.worked else "Not Connected"


def _after_first_job(value: Any) -> Fill:
    """Return a fill for a block field: since 2.14 absent until the first job."""

    def fill(r: Readings) -> Any:
        """Show the value once there is work."""
        early = r.device.phase in {Phase.STARTING, Phase.POOL_LOST}
        return ABSENT if early and r.device.version >= (2, 14, 0) else value

    return fill


def _overheat_mode(r: Readings) -> int:
    """Return the flag; the copy that 2.14 shows is not updated while it cools."""
    device = r.device
    if device.version >= (2, 14, 0) and device.phase is Phase.COOLING:
        return 0
    return int(device.flash["overheat_mode"])


def _power_fault(r: Readings) -> Any:
    """Return the regulator's fault, absent without one or a regulator that tells it."""
    fault = r.device.faults.get("power_fault")
    if not r.device.board.measures_regulator:
        return ABSENT
    return fault.text("text", "VIN_UV_FAULT") if fault else ABSENT


def _hardware_fault(r: Readings) -> Any:
    """Return the hardware's fault, absent without one."""
    if not r.device.hardware_latched:
        return ABSENT
    fault = r.device.faults.get("hardware_fault")
    text = "Fan controller initialisation failed"
    return fault.text("text", text) if fault else text


def _monitor(r: Readings) -> Any:
    """Return the registers' counts, absent until the chips are initialised."""
    return {"asics": r.domain_rates()} if r.device.chips.started else ABSENT


def _idf(r: Readings) -> str:
    """Return the version of the framework."""
    for since, text in IDF_RELEASES:
        if r.device.version >= since:
            return text
    return "v5.4"


def _ui_version(r: Readings) -> str:
    """Return the web page's version."""
    return "Unified" if r.device.version >= (2, 15, 0) else r.device.firmware.text


def _pools(r: Readings) -> list[dict[str, Any]]:
    """Return the list of pools with masked passwords."""
    pools = r.device.flash["pools"]
    return [pools[slot] | {"stratumPassword": "*****"} for slot in sorted(pools)]


def _partitions(r: Readings) -> list[dict[str, Any]]:
    """Return the flash partitions."""
    return [
        {
            "label": label,
            "isCurrent": label == r.device.flash.booted["partition"],
            "isFactory": label == "factory",
            "version": r.device.firmware.text,
            "compileDate": "Aug 20 2026",
            "compileTime": "12:00:00",
            "usagePercent": None if label == "ota_1" else 61.5,
        }
        for label in PARTITIONS
    ]


def _coinbase(r: Readings) -> list[dict[str, Any]]:
    """Return where a found block's coins go."""
    user = r.device.flash.booted["stratumUser"].partition(".")[0]
    return [{"value": COINBASE_SATS, "address": user}]


def _full_name(r: Readings) -> str:
    """Return the host name on the local network."""
    return f"{r.device.flash['hostname']}.local"


def _work_received(r: Readings) -> int:
    """Return how many jobs came."""
    return r.device.uptime // 30


def _log2_work(r: Readings) -> float:
    """Return the work done as a power of two."""
    return round(int(r.device.shares.hashes).bit_length() - 0.5, 4)


def _free_heap(r: Readings) -> int:
    """Return the free memory."""
    return 8_212_708 + 4 * round(400 * r.device.physics.radio_noise.value)


def _is_zyber(r: Readings) -> bool:
    """Tell whether the board is a Zyber, whose build has another display."""
    return r.device.board.device_model.startswith("Zyber")


def _unless_zyber(fill: Fill) -> Fill:
    """Return a fill for a key that Zyber's build leaves out."""
    return lambda r: ABSENT if _is_zyber(r) else fill(r)


def _display_autoscroll(r: Readings) -> Any:
    """Return the display setting of Zyber's build."""
    return 1 if _is_zyber(r) else ABSENT


def _chip_submits(r: Readings) -> Any:
    """Return a key that only TinyChipHub's builds have."""
    if "TCH" not in r.device.firmware.text:
        return ABSENT
    return "/".join(["0"] * r.device.board.chips)


def _nonce_difficulty(best: str) -> Fill:
    """Return a fill for a number that only WantClue's builds have."""

    def fill(r: Readings) -> Any:
        """Show the difficulty as a number, beside the one as a text."""
        if "WantClue" not in r.device.firmware.text:
            return ABSENT
        return int(getattr(r.device.shares, best))

    return fill


POWER_KEYS = (
    key("power", lambda r: r.power),
    key("voltage", lambda r: r.voltage),
    key("current", lambda r: r.current),
    key("fanSpeed", lambda r: r.rpm, until="2.1.3"),
    key("fanSpeedRpm", lambda r: r.rpm, "2.1.4", "2.1.8"),
    key("temp", lambda r: r.temperature),
    key("temp2", lambda r: r.second_temperature, "2.10"),
    key("vrTemp", lambda r: r.regulator_temperature, "2.1.9"),
    key("maxPower", lambda r: r.device.board.max_power, "2.6"),
    key("nominalVoltage", lambda r: r.device.board.nominal_volts, "2.6"),
)
WORK_KEYS = (
    key("hashRate", lambda r: r.hash_rate),
    key("hashRate_1m", _averaged("minute"), "2.12"),
    key("hashRate_10m", _averaged("ten_minutes"), "2.12"),
    key("hashRate_1h", _averaged("hour"), "2.12"),
    key("expectedHashrate", _expected, "2.8"),
    key("errorPercentage", lambda r: r.number(100 * r.device.physics.error), "2.11"),
    key("bestDiff", lambda r: r.difficulty(r.device.shares.best)),
    key(
        "bestSessionDiff", lambda r: r.difficulty(r.device.shares.best_session), "2.1.5"
    ),
    key("stratumDiff", lambda r: int(r.device.pool_difficulty), "2.4.1", "2.8.1"),
    key("poolDifficulty", lambda r: r.device.pool_difficulty, "2.9"),
    key("isUsingFallbackStratum", _fallback_number, "2.3"),
    key(
        "useFallbackStratum",
        lambda r: int(r.device.flash.booted["useFallbackStratum"]),
        "2.15",
    ),
    key("poolAddrFamily", constant(2), "2.11", "2.12.99"),
    key("poolConnectionInfo", _connection, "2.13"),
    key("sharesAccepted", lambda r: r.device.shares.session.accepted),
    key("sharesRejected", lambda r: r.device.shares.session.rejected),
    key("sharesRejectedReasons", _reasons, "2.6"),
    key("sharesPending", constant(0), "2.15"),
    key("workReceived", _work_received, "2.15"),
    key("uptimeSeconds", lambda r: r.device.uptime),
    key("totalUptimeSeconds", lambda r: int(r.device.total_seconds), "2.15"),
    key("totalHashes", lambda r: r.device.shares.hashes, "2.15"),
    key("totalLog2Work", _log2_work, "2.15"),
    key("responseTime", lambda r: r.latency, "2.9"),
    key("responseShareBatch", constant(1), "2.14"),
    key("processTime", constant(2.5), "2.14"),
    key("blockFound", lambda r: r.device.shares.blocks, "2.11"),
    key("showNewBlock", lambda r: r.device.block_shown, "2.13"),
    key("blockHeight", _after_first_job(BLOCK_HEIGHT), "2.11"),
    key("scriptsig", _after_first_job("public-pool"), "2.11"),
    key("networkDifficulty", _after_first_job(NETWORK_DIFFICULTY), "2.11"),
    key("coinbaseOutputs", _coinbase, "2.13"),
    key("coinbaseValueTotalSatoshis", constant(COINBASE_SATS), "2.13"),
    key("coinbaseValueUserSatoshis", constant(COINBASE_SATS), "2.13"),
    key("blockSignals", constant(["BIP-110"]), "2.14"),
    key("hashrateMonitor", _monitor, "2.11"),
    key("bestNonceDiff", _nonce_difficulty("best")),
    key("bestSessionNonceDiff", _nonce_difficulty("best_session")),
    key("chipSubmitStr", _chip_submits),
)
SYSTEM_KEYS = (
    key("isPSRAMAvailable", constant(1), "2.6"),
    key("freeHeap", _free_heap),
    key("freeHeapInternal", constant(104_027), "2.11"),
    key("freeHeapSpiram", constant(8_140_652), "2.11"),
    key("minFreeHeap", constant(7_990_112), "2.15"),
    key("maxAllocHeap", constant(7_864_320), "2.15"),
    key(
        "cpuUsage",
        lambda r: r.number(11.5 + r.device.physics.radio_noise.value),
        "2.14",
    ),
    key("coreVoltage", stored("coreVoltage")),
    key("coreVoltageActual", _core_actual),
    key("frequency", _frequency),
    key("actualFrequency", lambda r: r.number(r.device.physics.mhz), "2.14"),
    key("ssid", stored("ssid")),
    key("wifiPass", stored("wifiPass"), "2.0", "2.0.4"),
    key("macAddr", lambda r: r.device.mac, "2.3"),
    key("hostname", stored("hostname"), "2.1.5"),
    key("fullHostname", _full_name, "2.15"),
    key("mdnsHostname", stored("hostname"), "2.15"),
    key("ipv4", lambda r: r.device.host, "2.11"),
    key("ipv6", constant("FE80::E6B0:63FF:FE00:0001"), "2.11"),
    key("wifiStatus", constant("Connected!")),
    key("wifiRSSI", lambda r: r.rssi, "2.6"),
    key("apEnabled", constant(0), "2.6"),
    key("asicCount", lambda r: r.device.board.chips, "2.1.9", "2.8.1"),
    key("smallCoreCount", lambda r: r.device.board.small_cores, "2.1.9"),
    key("ASICModel", lambda r: r.device.board.chip.model),
    key("version", lambda r: r.device.firmware.text),
    key("axeOSVersion", _ui_version, "2.9"),
    key("idfVersion", _idf, "2.4.3"),
    key("boardVersion", lambda r: r.device.board.board_version, "2.0.7"),
    key("resetReason", lambda r: r.device.reset_reason, "2.12"),
    key("runningPartition", booted("partition")),
    key("partitions", _partitions, "2.15"),
    key("power_fault", _power_fault, "2.6"),
    key("hardware_fault", _hardware_fault, "2.14"),
    key("miningPaused", lambda r: r.device.phase is Phase.PAUSED, "2.14"),
)
SETTING_KEYS = (
    key("flipscreen", _flag("flipscreen"), until="2.8.99"),
    key("overheat", _overheat_mode, "2.1.9", "2.1.9"),
    key("overheat_mode", _overheat_mode, "2.1.10"),
    key("overclockEnabled", _flag("overclockEnabled"), "2.6"),
    key("display", _unless_zyber(stored("display")), "2.8"),
    key("rotation", _unless_zyber(stored("rotation")), "2.9"),
    key("displayAutoscroll", _display_autoscroll),
    key("invertscreen", _flag("invertscreen")),
    key("displayTimeout", stored("displayTimeout"), "2.7"),
    key("invertfanpolarity", _flag("invertfanpolarity"), "2.0.2", "2.6.5"),
    key("autofanspeed", _flag("autofanspeed"), "2.0.2"),
    key("fanspeed", _duty, "2.0.2"),
    key("manualFanSpeed", stored("manualFanSpeed"), "2.11"),
    key("minFanSpeed", stored("minFanSpeed"), "2.10"),
    key("temptarget", stored("temptarget"), "2.7"),
    key("fanrpm", lambda r: r.rpm, "2.1.9"),
    key("fan2rpm", lambda r: r.second_rpm, "2.11"),
    key("statsFrequency", stored("statsFrequency"), "2.9"),
    key("statsLimit", constant(720), "2.14"),
    key("useCustomWWW", _flag("useCustomWWW"), "2.15"),
    key("primaryPoolIndex", booted("primaryPoolIndex"), "2.15"),
    key("secondaryPoolIndex", booted("secondaryPoolIndex"), "2.15"),
    key("pools", _pools, "2.15"),
)


def _pool_keys(fallback: bool) -> tuple[Key, ...]:
    """Return the flat keys of a pool."""
    prefix = "fallbackS" if fallback else "s"
    start = "2.3" if fallback else "0.0"

    def text(name: str, since: str) -> Key:
        """Return a row of a stored pool setting."""
        full = f"{prefix}tratum{name}"
        return key(full, stored(full), max(start, since, key=_order))

    def switch(name: str, since: str) -> tuple[Key, Key]:
        """Return the rows of a switch: a number before 2.14, a boolean since."""
        full = f"{prefix}tratum{name}"
        return (
            key(full, _flag(full), since, "2.13.99"),
            key(full, _flag(full, boolean=True), "2.14"),
        )

    return (
        text("URL", "0.0"),
        text("Port", "0.0"),
        text("User", "0.0"),
        text("SuggestedDifficulty", "2.9"),
        *switch("ExtranonceSubscribe", "2.9"),
        key(f"{prefix}tratumTLS", stored(f"{prefix}tratumTLS"), "2.13", "2.14.99"),
        key(f"{prefix}tratumTLS", _flag(f"{prefix}tratumTLS", boolean=True), "2.15"),
        text("Cert", "2.13"),
        *switch("DecodeCoinbase", "2.13"),
        text("Protocol", "2.14"),
        text("V2ChannelType", "2.14"),
        text("V2AuthorityPubkey", "2.14"),
    )


def _order(release: str) -> tuple[int, ...]:
    """Return what releases are ordered by."""
    return tuple(int(part) for part in release.split("."))


AXEOS_KEYS = (
    *POWER_KEYS,
    *WORK_KEYS,
    *SYSTEM_KEYS,
    *_pool_keys(fallback=False),
    *_pool_keys(fallback=True),
    *SETTING_KEYS,
)
