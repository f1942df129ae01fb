"""The faults of AxeOS miners: of wire, writes, replies, and the miner itself."""

from collections.abc import Callable
import math
from typing import Any

from ..faults import Fault, FaultSet

WIRE_FAULTS = frozenset(
    {
        "offline",
        "silent",
        "timeout",
        "slow",
        "truncated",
        "garbage",
        "html",
        "empty",
        "huge",
        "redirect",
        "unauthorized",
        "status",
        "list",
        "disconnect",
    }
)
WRITE_FAULTS = frozenset(
    {
        "patch_lost",
        "patch_failed",
        "patch_ignored",
        "patch_clipped",
        "patch_refused",
        "reboot_on_patch",
        "busy",
    }
)
HANGING_FAULTS = WIRE_FAULTS | {"patch_lost", "busy"}
DEVICE_FAULTS = frozenset(
    {
        "hot",
        "fan_stop",
        "flatline",
        "pool_lost",
        "power_fault",
        "hardware_fault",
        "dead_chips",
        "peer",
    }
)


NERDOS_FAULTS = frozenset(
    {
        "regulator_lost",
        "input_lost",
        "chips_silent",
        "chips_zero",
        "clock_unset",
        "can_slaves",
    }
)


def _is_number(value: Any) -> bool:
    """Tell whether a value is a JSON number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers_to(
    replacement: float,
) -> Callable[[dict[str, Any], Fault], dict[str, Any]]:
    """Return a distortion that replaces numbers, all or those in `keys`."""

    def distort(info: dict[str, Any], fault: Fault) -> dict[str, Any]:
        """Replace the numbers."""
        chosen = fault.parameters.get("keys", info.keys())
        return {
            key: replacement if key in chosen and _is_number(value) else value
            for key, value in info.items()
        }

    return distort


def _empty_object(_info: dict[str, Any], _fault: Fault) -> dict[str, Any]:
    """Say nothing."""
    return {}


def _nulls(info: dict[str, Any], _fault: Fault) -> dict[str, Any]:
    """Make every field null."""
    return dict.fromkeys(info)


def _strings(info: dict[str, Any], _fault: Fault) -> dict[str, Any]:
    """Make every field a string."""
    return {key: str(value) for key, value in info.items()}


def _spike(info: dict[str, Any], fault: Fault) -> dict[str, Any]:
    """Show an absurd hash rate."""
    return info | {"hashRate": fault.number("ghs", 200_000)}


def _hostname_html(info: dict[str, Any], _fault: Fault) -> dict[str, Any]:
    """Put markup into the host name."""
    return info | {"hostname": "<img src=x onerror=alert(1)><b>bitaxe</b>"}


def _hostname_long(info: dict[str, Any], fault: Fault) -> dict[str, Any]:
    """Make the host name very long."""
    return info | {"hostname": "x" * int(fault.number("length", 500))}


def _bad_mac(info: dict[str, Any], fault: Fault) -> dict[str, Any]:
    """Show something that is no MAC."""
    return info | {"macAddr": fault.text("mac", "not a mac")}


def _no_mac(info: dict[str, Any], _fault: Fault) -> dict[str, Any]:
    """Leave the MAC out."""
    return {key: value for key, value in info.items() if key != "macAddr"}


def _clone_mac(info: dict[str, Any], fault: Fault) -> dict[str, Any]:
    """Show another miner's MAC."""
    return info | {"macAddr": fault.text("mac", "E4:B0:63:00:00:01")}


def _sensor_dropout(info: dict[str, Any], fault: Fault) -> dict[str, Any]:
    """Lose the sensors in every second reply."""
    if fault.replies % 2 == 0:
        return info
    reading = fault.number("value", 0)
    value = int(reading) if reading.is_integer() else reading
    keys = fault.parameters.get("keys", ("temp",))
    return info | {key: value for key in keys if key in info}


def _absurd_rate(info: dict[str, Any], fault: Fault) -> dict[str, Any]:
    """Show an absurd hash rate and minute's mean, until the next boot."""
    absurd = fault.number("ghs", 199_870.0)
    shown = info.keys() & {"hashRate", "hashRate_1m"}
    return info | dict.fromkeys(shown, absurd)


def _wifi_rssi(info: dict[str, Any], fault: Fault) -> dict[str, Any]:
    """Show the given signal strengths one after another, the last for good."""
    values = fault.parameters.get("values", (-80, -86, -90))
    shown = values[max(0, min(fault.replies, len(values)) - 1)]
    return info | {"wifiRSSI": shown}


def _override(info: dict[str, Any], fault: Fault) -> dict[str, Any]:
    """Show the given values, in fields that exist or not."""
    values: dict[str, Any] = fault.parameters.get("values", {})
    return info | values


REPLY_FAULTS: dict[str, Callable[[dict[str, Any], Fault], dict[str, Any]]] = {
    "empty_object": _empty_object,
    "nulls": _nulls,
    "strings": _strings,
    "nan": _numbers_to(math.nan),
    "infinity": _numbers_to(math.inf),
    "huge_ints": _numbers_to(10**40),
    "spike": _spike,
    "hostname_html": _hostname_html,
    "hostname_long": _hostname_long,
    "bad_mac": _bad_mac,
    "no_mac": _no_mac,
    "clone_mac": _clone_mac,
    "sensor_dropout": _sensor_dropout,
    "absurd_rate": _absurd_rate,
    "wifi_rssi": _wifi_rssi,
    "override": _override,
}

UNTIL_BOOT = frozenset({"absurd_rate"})
KNOWN = WIRE_FAULTS | WRITE_FAULTS | DEVICE_FAULTS | NERDOS_FAULTS | REPLY_FAULTS.keys()


def distorts(faults: FaultSet) -> bool:
    """Tell whether a fault changes replies."""
    return any(fault.name in REPLY_FAULTS for fault in faults)


def distort(info: dict[str, Any], faults: FaultSet) -> dict[str, Any]:
    """Return the reply as the faults leave it."""
    for fault in faults:
        if (distortion := REPLY_FAULTS.get(fault.name)) is not None:
            info = distortion(info, fault)
    return info
