"""Named faults: of the wire, of the reply, and of the miner itself."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
import math
from typing import Any

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
DEVICE_FAULTS = frozenset(
    {
        "hot",
        "fan_stop",
        "flatline",
        "pool_lost",
        "power_fault",
        "hardware_fault",
    }
)
EVENTS = frozenset({"reboot", "firmware_update", "block_found"})


@dataclass(slots=True)
class Fault:
    """A fault with its parameters."""

    name: str
    parameters: dict[str, Any] = field(default_factory=dict)
    replies: int = 0

    def optional(self, key: str) -> float | None:
        """Return a number, None if it was not given."""
        value = self.parameters.get(key)
        return None if value is None else float(value)

    def number(self, key: str, default: float) -> float:
        """Return a number."""
        return float(self.parameters.get(key, default))

    def text(self, key: str, default: str) -> str:
        """Return a text."""
        return str(self.parameters.get(key, default))

    def flag(self, key: str) -> bool:
        """Return a switch, off if it was not given."""
        return bool(self.parameters.get(key, False))


class FaultSet:
    """The faults that are on."""

    def __init__(self) -> None:
        """Start sound."""
        self._faults: dict[str, Fault] = {}

    def __contains__(self, name: str) -> bool:
        """Tell whether a fault is on."""
        return name in self._faults

    def __iter__(self) -> Iterator[Fault]:
        """Go through the faults."""
        return iter(self._faults.values())

    @property
    def distorts(self) -> bool:
        """Tell whether a fault changes replies."""
        return not self._faults.keys().isdisjoint(REPLY_FAULTS)

    def get(self, name: str) -> Fault | None:
        """Return a fault that is on."""
        return self._faults.get(name)

    def add(self, name: str, parameters: dict[str, Any]) -> None:
        """Switch a fault on."""
        if name not in WIRE_FAULTS | DEVICE_FAULTS | REPLY_FAULTS.keys():
            raise ValueError(f"Unknown fault {name!r}, known: {known_faults()}")
        self._faults[name] = Fault(name, parameters)

    def remove(self, name: str | None) -> None:
        """Switch one fault off, or all."""
        if name is None:
            self._faults.clear()
        else:
            self._faults.pop(name, None)

    def count_reply(self) -> None:
        """Note that a reply goes out."""
        for fault in self._faults.values():
            fault.replies += 1

    def distort(self, info: dict[str, Any]) -> dict[str, Any]:
        """Return the reply as the faults leave it."""
        for fault in self._faults.values():
            if (distortion := REPLY_FAULTS.get(fault.name)) is not None:
                info = distortion(info, fault)
        return info


def known_faults() -> list[str]:
    """Return the names of all faults and events."""
    return sorted(WIRE_FAULTS | DEVICE_FAULTS | EVENTS | REPLY_FAULTS.keys())


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
    "override": _override,
}
