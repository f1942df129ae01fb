"""Every key of every real reply is read right, or is left out for a reason."""

from collections.abc import Callable, Iterator
from pathlib import Path
import tomllib
from typing import Any

import pytest

from .replies import CAPTURES, capture, read

EXPECTED: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("captures.toml").read_text(encoding="utf-8")
)

SECRET = "tells whom the miner works for or how to get in"
NETWORK = "the network's business"
SCREEN = "how the display looks"
MEMORY = "the controller's memory"
POOL_SETUP = "how the pool is talked to"
CONTROL = "parameters of the fan controller"
CONSTANT = "the board table or the device's presets say it"
TWICE = "told twice, the other key is read"
FIRMWARE = "where the firmware lies"
COINBASE = "whom a block would pay"
NOT_SHOWN = "no figure that anybody asks for"
IGNORED: dict[str, str] = {
    "wifiPass": SECRET,
    "stratumPassword": SECRET,
    "stratumCert": SECRET,
    "fallbackStratumCert": SECRET,
    "stratumV2AuthorityPubkey": SECRET,
    "fallbackStratumV2AuthorityPubkey": SECRET,
    "coinbaseOutputs.address": COINBASE,
    "coinbaseOutputs.value": COINBASE,
    "coinbaseValueTotalSatoshis": COINBASE,
    "coinbaseValueUserSatoshis": COINBASE,
    "blockSignals": "what the pool votes for",
    "showNewBlock": "a button ends it, whatever it is",
    "stratumV2ChannelType": POOL_SETUP,
    "fallbackStratumV2ChannelType": POOL_SETUP,
    "stratumV2RequireAuth": POOL_SETUP,
    "stratumDecodeCoinbase": POOL_SETUP,
    "fallbackStratumDecodeCoinbase": POOL_SETUP,
    "secondaryPoolIndex": "read while the fallback pool is in use",
    "pools.id": "found by it, and not shown",
    "boardtemp1": "the cooler one of two",
    "hashrateMonitor.hashrate": TWICE,
    "totalHashes": NOT_SHOWN,
    "totalLog2Work": NOT_SHOWN,
    "sharesPending": NOT_SHOWN,
    "workReceived": NOT_SHOWN,
    "responseShareBatch": NOT_SHOWN,
    "cpuUsage": MEMORY,
    "minFreeHeap": MEMORY,
    "maxAllocHeap": MEMORY,
    "statsLimit": "statistics are kept by who polls",
    "useCustomWWW": SCREEN,
    "partitions.label": FIRMWARE,
    "partitions.version": FIRMWARE,
    "partitions.compileDate": FIRMWARE,
    "partitions.compileTime": FIRMWARE,
    "partitions.isCurrent": FIRMWARE,
    "partitions.isFactory": FIRMWARE,
    "partitions.usagePercent": FIRMWARE,
    "fullHostname": TWICE,
    "mdnsHostname": TWICE,
    "hashDomains": CONSTANT,
    "ssid": SECRET,
    "stratumUser": SECRET,
    "fallbackStratumUser": SECRET,
    "otp": SECRET,
    "sv2AuthorityPubkey": SECRET,
    "fallbackSv2AuthorityPubkey": SECRET,
    "scriptsig": "text of a pool's coinbase",
    "apEnabled": NETWORK,
    "wifiStatus": NETWORK,
    "ipv4": NETWORK,
    "ipv6": NETWORK,
    "hostip": NETWORK,
    "poolAddrFamily": NETWORK,
    "flipscreen": SCREEN,
    "invertscreen": SCREEN,
    "display": SCREEN,
    "rotation": SCREEN,
    "displayTimeout": SCREEN,
    "autoscreenoff": SCREEN,
    "defaultTheme": SCREEN,
    "swarmColor": SCREEN,
    "overclockEnabled": "a switch of the web page only",
    "statsFrequency": "statistics are kept by who polls",
    "freeHeap": MEMORY,
    "freeHeapInt": MEMORY,
    "freeHeapInternal": MEMORY,
    "freeHeapSpiram": MEMORY,
    "isPSRAMAvailable": MEMORY,
    "idfVersion": "the framework's version",
    "axeOSVersion": "the web page's version",
    "runningPartition": FIRMWARE,
    "stratumSuggestedDifficulty": POOL_SETUP,
    "fallbackStratumSuggestedDifficulty": POOL_SETUP,
    "stratumDifficulty": POOL_SETUP,
    "stratumExtranonceSubscribe": POOL_SETUP,
    "fallbackStratumExtranonceSubscribe": POOL_SETUP,
    "stratumEnonceSubscribe": POOL_SETUP,
    "fallbackStratumEnonceSubscribe": POOL_SETUP,
    "stratumTLS": POOL_SETUP,
    "fallbackStratumTLS": POOL_SETUP,
    "stratumProtocol": POOL_SETUP,
    "fallbackStratumProtocol": POOL_SETUP,
    "sv2ChannelType": POOL_SETUP,
    "fallbackSv2ChannelType": POOL_SETUP,
    "stratum_keep": POOL_SETUP,
    "stratum.poolMode": POOL_SETUP,
    "stratum.activePoolMode": POOL_SETUP,
    "stratum.poolBalance": POOL_SETUP,
    "stratum.pools.verifyBlocked": POOL_SETUP,
    "stratum.pools.activeProtocol": POOL_SETUP,
    "stratum.pools.encrypted": POOL_SETUP,
    "stratum.pools.poolDiffErr": POOL_SETUP,
    "stratum.pools.pingLoss": NETWORK,
    "recentpingloss": NETWORK,
    "jobInterval": POOL_SETUP,
    "invertfanpolarity": CONTROL,
    "pidP": CONTROL,
    "pidI": CONTROL,
    "pidD": CONTROL,
    "fans.label": CONTROL,
    "fans.mode": CONTROL,
    "fans.manualSpeed": CONTROL,
    "fans.overheatTemp": "that of the second fan is a trip point: test_nerdos.py",
    "fans.pid.targetTemp": CONTROL,
    "fans.pid.p": CONTROL,
    "fans.pid.i": CONTROL,
    "fans.pid.d": CONTROL,
    "vrFrequency": CONTROL,
    "defaultVrFrequency": CONTROL,
    "maxPower": "of stock boards, which the board table knows",
    "can.hasExtension": NETWORK,
    "can.enabled": "whose rates are told: test_nerdos.py",
    "minPower": CONSTANT,
    "minCurrentA": CONSTANT,
    "maxCurrentA": CONSTANT,
    "defaultFrequency": CONSTANT,
    "defaultCoreVoltage": CONSTANT,
    "ecoFrequency": "0 = none",
    "ecoVoltage": "0 = none",
    "bestNonceDiff": TWICE,
    "bestSessionNonceDiff": TWICE,
    "currentA": TWICE,
    "foundBlocks": "since the boot; totalFoundBlocks is read",
    "stratum.totalBestDiff": TWICE,
    "stratum.pools.networkDifficulty": TWICE,
    "asicDetected": TWICE,
    "fanCount": TWICE,
    "vrTempInt": "inside the regulator; the thresholds are made for vrTemp",
    "hashRateTimestamp": "uptime in ms",
    "duplicateHWNonces": "no rate, and from boot on",
}

TARGETS: dict[str, str] = {
    "actualFrequency": "state.frequency_actual",
    "boardtemp2": "state.board_temperature",
    "miningPaused": "state.settings.mining",
    "poolConnectionInfo": "state.pool_connected",
    "pools.stratumPort": "state.pools.*.port",
    "pools.stratumURL": "state.pools.*.host",
    "primaryPoolIndex": "state.settings.pool",
    "totalUptimeSeconds": "state.total_uptime",
    "useFallbackStratum": "state.settings.forced_fallback_pool",
    "ASICModel": "identity.chip_model",
    "asicCount": "identity.chip_count",
    "asicTemps": "state.chips",
    "autofanspeed": "state.settings.auto_fan",
    "bestDiff": "state.best_difficulty",
    "bestSessionDiff": "state.best_session_difficulty",
    "blockFound": "state.blocks_found",
    "blockHeight": "state.block_height",
    "boardVersion": "identity.board",
    "coreVoltage": "state.settings.core_voltage",
    "coreVoltageActual": "state.core_voltage_actual",
    "current": "state.input_current",
    "deviceModel": "identity.model",
    "errorPercentage": "state.hardware_error_rate",
    "expectedHashrate": "state.expected_hash_rate",
    "fallbackStratumPort": "state.pools.1.port",
    "fallbackStratumURL": "state.pools.1.host",
    "fan2rpm": "state.fans.1.speed",
    "fanSpeedRpm": "state.fans.0.speed",
    "fanrpm": "state.fans.0.speed",
    "fanrpm2": "state.fans.1.speed",
    "fans.rpm": "state.fans.*.speed",
    "fans.speedPerc": "state.fans.*.duty_cycle",
    "fanspeed": "state.fans.0.duty_cycle",
    "fanspeed2": "state.fans.1.duty_cycle",
    "frequency": "state.settings.frequency",
    "hashRate": "state.hash_rate_now",
    "hashRate_10m": "state.hash_rate_10m",
    "hashRate_1d": "state.hash_rate_1d",
    "hashRate_1h": "state.hash_rate_1h",
    "hashRate_1m": "state.hash_rate_1m",
    "hashrateMonitor.asics.domains": "state.chips.*.domains",
    "hashrateMonitor.asics.errorCount": "state.chips.*.errors",
    "hashrateMonitor.asics.total": "state.chips.*.hash_rate",
    "hostname": "identity.hostname",
    "isUsingFallbackStratum": "state.fallback_pool",
    "lastResetReason": "state.restart_reason",
    "lastpingrtt": "state.pool_latency",
    "macAddr": "identity.mac",
    "manualFanSpeed": "state.settings.fan_duty_cycle",
    "maxPower": "identity.limits.power.warn",
    "maxVoltage": "identity.limits.input_voltage.warn",
    "minFanSpeed": "state.settings.min_fan_duty_cycle",
    "minVoltage": "identity.limits.input_voltage.warn",
    "minerModel": "identity.model",
    "networkDifficulty": "state.network_difficulty",
    "nominalVoltage": "identity.limits.input_voltage.warn",
    "overheat_mode": "state.overheating",
    "overheat_temp": "identity.limits.trip_points.chip",
    "pidTargetTemp": "state.settings.target_temperature",
    "poolDifficulty": "state.pool_difficulty",
    "power": "state.power",
    "resetReason": "state.restart_reason",
    "responseTime": "state.pool_latency",
    "sharesAccepted": "state.shares_accepted",
    "sharesRejected": "state.shares_rejected",
    "sharesRejectedReasons": "state.reject_reasons",
    "sharesRejectedReasons.count": "state.reject_reasons.*.1",
    "sharesRejectedReasons.message": "state.reject_reasons.*.0",
    "shutdown": "state.status",
    "smallCoreCount": "identity.core_count",
    "stratum.pools.accepted": "state.pools.*.accepted",
    "stratum.pools.bestDiff": "state.pools.*.best_difficulty",
    "stratum.pools.connected": "state.pools.*.connected",
    "stratum.pools.pingRtt": "state.pools.*.latency",
    "stratum.pools.poolDifficulty": "state.pools.*.difficulty",
    "stratum.pools.rejected": "state.pools.*.rejected",
    "stratum.usingFallback": "state.fallback_pool",
    "stratumDiff": "state.pool_difficulty",
    "stratumPort": "state.pools.0.port",
    "stratumURL": "state.pools.0.host",
    "temp": "state.chip_temperature",
    "temp2": "state.chip_temperature_2",
    "temptarget": "state.settings.target_temperature",
    "totalFoundBlocks": "state.blocks_found",
    "uptimeSeconds": "state.uptime",
    "version": "identity.firmware",
    "voltage": "state.input_voltage",
    "vrTemp": "state.vr_temperature",
    "wifiRSSI": "state.wifi_signal",
}

ASIC_TARGETS: dict[str, str] = {
    "ASICModel": "identity.chip_model",
    "asicCount": "identity.chip_count",
    "absMaxFrequency": "identity.limits.settings.frequency.highest",
    "absMaxVoltage": "identity.limits.settings.core_voltage.highest",
    "deviceModel": "identity.model_id",
    "defaultFrequency": "identity.limits.settings.frequency.default",
    "defaultVoltage": "identity.limits.settings.core_voltage.default",
    "frequencyOptions": "identity.limits.settings.frequency.options",
    "voltageOptions": "identity.limits.settings.core_voltage.options",
}

# Before 2.1.9 fanspeed was the set point.
EXCEPTIONS = {("ultra_204-v2.1.8", "fanspeed"): "state.settings.fan_duty_cycle"}

INFOS = {
    f"{name}-info{'.PARTIAL' if 'lucky' in name else ''}.json": name
    for name in EXPECTED
    if not name.endswith("-asic")
}
SUPRA_HEX_INFO = {
    "ASICModel": "BM1368",
    "boardVersion": "701",
    "version": "v2.9.0",
    "hashRate": 3700,
    "frequency": 490,
    "coreVoltage": 1166,
    "temptarget": 60,
}
# An info reply that goes with each reply about presets.
ASICS: dict[str, str | dict[str, Any]] = {
    "gamma_602-v2.15.0-from-source-asic": "gamma_602-v2.15.0-from-source-info.json",
    "hex_304-v2.11.4TCH-reconstructed-asic": (
        "hex_304-v2.11.4TCH-reconstructed-info.json"
    ),
    "nerdqaxepp-v1.1.0beta1-asic": "nerdqaxepp-v1.1.0beta1-info.json",
    "nerdaxe_gaia-v1.1.0-reconstructed-asic": (
        "nerdaxe_gaia-v1.1.0-reconstructed-info.json"
    ),
    "supra_40x-v2.9x-asic": {
        **SUPRA_HEX_INFO,
        "boardVersion": "401",
    },
    "suprahex_70x-v2.9x-asic": SUPRA_HEX_INFO,
}
OTHER_FILES = {
    "INDEX.md": "not a reply",
    "suprahex_70x-v2.9x-statistics.json": "statistics are never asked for",
}


def flattened(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give each leaf under its path; lists of objects as one list per member key."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flattened(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        columns: dict[str, list[Any]] = {}
        for item in value:
            for key, leaf in flattened(item, path):
                columns.setdefault(key, []).append(leaf)
        yield from columns.items()
    else:
        yield path, value


def found(root: Any, path: str) -> Any:
    """Follow a path through attributes, keys, indexes and, by a star, all members."""
    head, _, rest = path.partition(".")
    if not head:
        return root
    if root is None:
        return None
    if head == "*":
        return [found(member, rest) for member in root]
    if head.isdigit():
        place = int(head)
        return found(root[place] if place < len(root) else None, rest)
    member = root[head] if hasattr(root, "keys") else getattr(root, head)
    return found(member, rest)


def same(told: Any, expected: Any) -> bool:
    """Compare, with "?" for None and room for the last binary digit."""
    if expected == "?":
        return told is None
    if isinstance(expected, list):
        told = list(told)[: len(expected)]
        return len(told) == len(expected) and all(
            map(same, told, expected, strict=True)
        )
    if isinstance(expected, bool | str):
        return bool(told == expected)
    return told is not None and told == pytest.approx(expected, rel=1e-12)


def problems(
    reply: dict[str, Any], reading: Any, name: str, targets: dict[str, str]
) -> list[str]:
    """Name each key that is not read as expected."""
    wrong = []
    expected = EXPECTED[name]
    for key, value in flattened(reply):
        ignored = key in IGNORED or key.removeprefix("pools.") in IGNORED
        if value is None or (ignored and key not in expected):
            continue
        if key not in expected:
            wrong.append(f"{key}: unknown")
            continue
        target = EXCEPTIONS.get((name, key), targets[key])
        if not same(told := found(reading, target), expected[key]):
            wrong.append(f"{key}: {target} is {told}, not {expected[key]}")
    return wrong


@pytest.mark.parametrize("file", INFOS)
def test_every_key_of_info(file: str) -> None:
    reply = capture(file)
    name = INFOS[file]
    assert problems(reply, read(reply), name, TARGETS) == []
    assert set(EXPECTED[name]) <= {key for key, _ in flattened(reply)}


@pytest.mark.parametrize("name", ASICS)
def test_every_key_of_presets(name: str) -> None:
    reply = capture(f"{name}.json")
    partner = ASICS[name]
    info = capture(partner) if isinstance(partner, str) else partner
    assert problems(reply, read(info, reply), name, ASIC_TARGETS) == []
    assert set(EXPECTED[name]) <= set(reply)


def test_no_capture_is_left_out() -> None:
    if not CAPTURES.is_dir():
        pytest.skip("no captures here")
    known = {*INFOS, *(f"{name}.json" for name in ASICS), *OTHER_FILES}
    assert {path.name for path in CAPTURES.iterdir()} == known


def test_every_ignored_key_occurs(record_property: Callable[..., None]) -> None:
    """Report how many keys are left out, for those who keep count."""
    replies = [capture(file) for file in (*INFOS, *(f"{name}.json" for name in ASICS))]
    told = {key for reply in replies for key, _ in flattened(reply)}
    keys = told | {key.removeprefix("pools.") for key in told}
    assert set(IGNORED) <= keys
    record_property("keys", len(keys))
    record_property("ignored", len(IGNORED))
