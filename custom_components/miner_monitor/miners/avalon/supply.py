"""The vector ``PS`` of the power supply, which each model fills in its own way."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, NamedTuple

_MOST_WATTS = 1e5
_MOST_VOLTS = 1e3


class Supply(Enum):
    """What a power supply's vector means."""

    NANO_3 = auto()
    NANO_3S = auto()
    HOME = auto()
    A_SERIES = auto()
    UNKNOWN = auto()


class _Place(NamedTuple):
    name: str
    place: int
    divisor: float = 1
    high: float = _MOST_VOLTS


_OUTPUT_CURRENT = _Place("psu_output_current", 3)
_OUTPUT_VOLTAGE = _Place("psu_output_voltage", 2, 100)
_WALL_POWER = _Place("power", 6, high=_MOST_WATTS)
_LAYOUTS: Mapping[Supply, tuple[_Place, ...]] = {
    Supply.NANO_3: (
        _Place("power", 5, high=_MOST_WATTS),
        _Place("input_voltage", 4, 100),
        _Place("input_current", 3),
    ),
    Supply.NANO_3S: (
        _WALL_POWER,
        _Place("psu_output_voltage", 2, 1000),
        _OUTPUT_CURRENT,
    ),
    Supply.HOME: (_WALL_POWER, _OUTPUT_VOLTAGE, _OUTPUT_CURRENT),
    Supply.A_SERIES: (_WALL_POWER, _OUTPUT_VOLTAGE, _OUTPUT_CURRENT),
    Supply.UNKNOWN: (),
}
_FIGURES: Mapping[Supply, tuple[_Place, ...]] = {
    Supply.NANO_3S: (_Place("hash_board_voltage", 5, 1000),),
}
_A10_PLACES = (_Place("power", 4, high=_MOST_WATTS), _OUTPUT_VOLTAGE, _OUTPUT_CURRENT)
_A10_LENGTH = 6

_ERROR_BITS = {
    1: "power_supply_input_under_voltage",
    2: "power_supply_over_temperature",
    4: "power_supply_over_temperature",
    8: "power_supply_over_temperature",
    16: "power_supply_primary_over_current",
    32: "power_supply_output_under_voltage",
    64: "power_supply_output_over_current",
    128: "power_supply_current_share",
    256: "power_supply_over_current",
    512: "power_supply_over_current",
    1024: "power_supply_over_current",
    2048: "power_supply_fan",
}
_KNOWN_BITS = 4095


def read_supply(vector: tuple[float, ...], supply: Supply) -> dict[str, Any]:
    """Read watts, volts and amperes; A10 and A11 stop before the power at the wall."""
    places = _LAYOUTS[supply]
    if supply is Supply.A_SERIES and len(vector) == _A10_LENGTH:
        places = _A10_PLACES
    return _read(vector, places)


def supply_figures(vector: tuple[float, ...], supply: Supply) -> dict[str, Any]:
    """Read what has no field of its own."""
    return _read(vector, _FIGURES.get(supply, ()))


def _read(vector: tuple[float, ...], places: tuple[_Place, ...]) -> dict[str, Any]:
    return {
        name: vector[place] / divisor
        for name, place, divisor, high in places
        if place < len(vector) and 0 <= vector[place] / divisor <= high
    }


def supply_faults(vector: tuple[float, ...]) -> tuple[str, ...]:
    """Name the errors in the first place of the vector."""
    if not vector or not vector[0]:
        return ()
    bits = int(vector[0])
    if bits < 0:
        return ("power_supply",)
    names = {name: None for bit, name in _ERROR_BITS.items() if bits & bit}
    if bits & ~_KNOWN_BITS or not names:
        names["power_supply"] = None
    return tuple(names)
