"""What the newer web page of NerdOS asks for, as far as somebody else may."""

from typing import Any

from ..member import Phase
from .device import Device
from .nerdos import NerdosDevice
from .nerdos_readings import NerdosReadings


def dashboard(device: Device) -> dict[str, Any]:
    """Return the state of the board: only here is told why the regulator is off."""
    assert isinstance(device, NerdosDevice)
    r = NerdosReadings(device)
    return {
        "system": {
            "uptime": device.uptime,
            "shutdown": device.phase is Phase.SHUTDOWN,
            "boardError": int(device.error),
            "overheatTemp": device.flash["overheat_temp"],
        },
        "power": {
            "watts": r.power,
            "voltage": r.voltage / 1000,
            "currentA": r.current / 1000,
            "coreVoltageActual": r.core_millivolts / 1000,
        },
        "thermal": {"asicTemp": r.temperature, "vrTemp": r.regulator},
    }


def empty_history(since: int) -> dict[str, Any]:
    """Return the history of a miner that keeps none, from a time on."""
    names = ("hashrate_1m", "hashrate_10m", "hashrate_1h", "hashrate_1d", "timestamps")
    return {name: [] for name in names} | {"timestampBase": since}
