"""Units that a user may have chosen for a sensor, brought to another one."""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from operator import mul

from homeassistant.util.unit_conversion import (
    BaseUnitConverter,
    DurationConverter,
    ElectricCurrentConverter,
    ElectricPotentialConverter,
    EnergyConverter,
    FrequencyConverter,
    PowerConverter,
    TemperatureConverter,
)

from ..miners.model import HashRateUnit

_CONVERTERS: Mapping[str | None, type[BaseUnitConverter]] = {
    unit: converter
    for converter in (
        DurationConverter,
        ElectricCurrentConverter,
        ElectricPotentialConverter,
        EnergyConverter,
        FrequencyConverter,
        PowerConverter,
        TemperatureConverter,
    )
    for unit in converter.VALID_UNITS
}


@lru_cache(maxsize=256)
def conversion(unit: str | None, wanted: str | None) -> Callable[[float], float] | None:
    """Return what brings a value to the wanted unit; None where nothing has to."""
    if wanted is None or unit is None or unit == wanted:
        return None
    if wanted == HashRateUnit.TERA and unit in HashRateUnit:
        return partial(mul, 1 / HashRateUnit(unit).per_terahash)
    converter = _CONVERTERS.get(unit)
    if converter is None or wanted not in converter.VALID_UNITS:
        return None
    return converter.converter_factory(unit, wanted)


def converted(value: float, unit: str | None, wanted: str | None) -> float:
    """Return a value in the wanted unit, as it is where it cannot be converted."""
    convert = conversion(unit, wanted)
    return value if convert is None else convert(value)


def unit_class(unit: str | None) -> str | None:
    """Return the class of a unit, which Home Assistant can convert; None for others."""
    converter = _CONVERTERS.get(unit)
    return None if unit is None or converter is None else converter.UNIT_CLASS
