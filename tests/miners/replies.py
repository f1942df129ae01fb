"""Replies for tests: real ones where they are at hand, and small made-up ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from custom_components.miner_monitor.miners.axeos.memory import DeviceMemory
from custom_components.miner_monitor.miners.model import MinerReading

CAPTURES = Path(__file__).parents[2].parent / "shared" / "captures" / "bitaxe"

GAMMA: dict[str, Any] = {
    "power": 18.75,
    "voltage": 5093.75,
    "current": 12015.625,
    "temp": 60.125,
    "temp2": -1,
    "vrTemp": 62,
    "maxPower": 40,
    "nominalVoltage": 5,
    "hashRate": 1072.2,
    "hashRate_1m": 1088.9,
    "hashRate_10m": 1072.3,
    "hashRate_1h": 1071.9,
    "expectedHashrate": 1071,
    "errorPercentage": 0.25,
    "bestDiff": 49224525,
    "bestSessionDiff": 2038368,
    "poolDifficulty": 1000,
    "isUsingFallbackStratum": 0,
    "coreVoltage": 1150,
    "coreVoltageActual": 1144,
    "frequency": 525,
    "macAddr": "E4:B0:63:00:00:01",
    "hostname": "bitaxe",
    "wifiRSSI": -44,
    "sharesAccepted": 4768,
    "sharesRejected": 13,
    "sharesRejectedReasons": [{"message": "Stale", "count": 13}],
    "uptimeSeconds": 18574,
    "smallCoreCount": 2040,
    "ASICModel": "BM1370",
    "stratumURL": "public-pool.io",
    "stratumPort": 21496,
    "fallbackStratumURL": "solo.ckpool.org",
    "fallbackStratumPort": 3333,
    "responseTime": 188.5,
    "version": "v2.12.2",
    "boardVersion": "601",
    "resetReason": "Software reset via esp_restart",
    "overheat_mode": 0,
    "autofanspeed": 1,
    "fanspeed": 48.5,
    "manualFanSpeed": 100,
    "minFanSpeed": 25,
    "temptarget": 60,
    "fanrpm": 3915,
    "fan2rpm": 0,
    "blockFound": 0,
    "blockHeight": 931409,
    "networkDifficulty": 146472570619930,
}
"""A Gamma on 2.12, complete as far as it is read."""

GAMMA_214: dict[str, Any] = {
    **GAMMA,
    "version": "v2.14.0",
    "miningPaused": False,
    "actualFrequency": 525.0,
    "poolConnectionInfo": "IPv4",
}
"""The same on 2.14, which can pause."""

NERD: dict[str, Any] = {
    "deviceModel": "NerdQAxe++",
    "ASICModel": "BM1370",
    "asicCount": 4,
    "smallCoreCount": 2040,
    "macAddr": "AC:A7:04:00:00:01",
    "hostname": "nerdqaxe",
    "version": "v1.0.37",
    "power": 76.5,
    "minVoltage": 11,
    "maxVoltage": 13,
    "voltage": 12100,
    "current": 6300,
    "temp": 55.5,
    "vrTemp": 50.25,
    "hashRate": 4800.0,
    "hashRate_1m": 4810.0,
    "hashRate_10m": 4820.0,
    "hashRate_1h": 4830.0,
    "coreVoltage": 1150,
    "coreVoltageActual": 1148,
    "frequency": 600,
    "uptimeSeconds": 43173,
    "shutdown": False,
    "sharesAccepted": 10,
    "sharesRejected": 1,
    "bestDiff": 1000,
    "bestSessionDiff": 900,
    "foundBlocks": 0,
    "totalFoundBlocks": 2,
    "stratumURL": "pool.example",
    "stratumPort": 3333,
    "fallbackStratumURL": "spare.example",
    "fallbackStratumPort": 3334,
    "autofanspeed": 2,
    "fanspeed": 54,
    "manualFanSpeed": 100,
    "fanrpm": 1796,
    "pidTargetTemp": 60,
    "overheat_temp": 70,
    "stratum": {
        "poolMode": 0,
        "usingFallback": False,
        "pools": [{"connected": True, "accepted": 10, "rejected": 1}],
    },
}
"""A NerdQAxe++ on NerdOS 1.0.37, complete as far as it is read."""

OFF_214 = {
    "hashRate": 0,
    "expectedHashrate": 0,
    "temp": -1,
    "vrTemp": 0,
    "coreVoltageActual": 0,
}
"""What a Gamma on 2.14 shows while its chip is off, for whatever reason."""


class Clock:
    """A monotonic clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Device:
    """A device memory and its clock: reply in, reading out."""

    def __init__(self, asic: dict[str, Any] | None = None) -> None:
        self.clock = Clock()
        self._memory = DeviceMemory(self.clock)
        self._asic = asic

    def says(self, info: dict[str, Any], *, after: float = 15) -> MinerReading:
        """Read the next reply."""
        self.clock.now += after
        if self._memory.notice(info) and self._asic is not None:
            self._memory.take_presets(self._asic)
        return self._memory.read(info)


def read(info: dict[str, Any], asic: dict[str, Any] | None = None) -> MinerReading:
    """Read a single reply."""
    return Device(asic).says(info)


def without(info: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Leave keys out."""
    return {key: value for key, value in info.items() if key not in keys}


def capture(name: str) -> dict[str, Any]:
    """Load a real reply."""
    path = CAPTURES / name
    if not path.exists():
        pytest.skip("no captures here")
    reply: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return reply
