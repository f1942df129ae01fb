"""What Home Assistant has to show of each miner of the demo."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .farm import FarmMiner

ALWAYS = frozenset({"binary_sensor.online", "sensor.hash_rate", "sensor.status"})
MEASURED = frozenset({"sensor.chip_temperature", "sensor.power"})

# The exporters of FPGA cards tell no power, a plain cgminer has no sensors.
UNMEASURED: Mapping[str, frozenset[str]] = {
    "cgminer": MEASURED,
    "fpga_0xbitcoin": frozenset({"sensor.power"}),
    "fpga_rb4": frozenset({"sensor.power"}),
    "fpga_nimiq": frozenset({"sensor.power"}),
}

NEVER_PRESSED = {"button": "its state is the moment of its last press"}
IN_STANDBY = {
    "chip_temperature": "chips without power measure nothing",
    "overheating": "it is told from the chips' temperature",
    "fan_speed": "the controller's 0 rpm is no measurement",
    "efficiency": "there is no work to divide the power by",
    "hash_rate_ratio": "no work is expected of it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What makes the picture of one miner complete.

    ``essential`` must be there: an empty set of entities is not complete.
    ``unknown`` may be without a value, by entity domain or key, each for a reason.
    """

    status: str = "hashing"
    essential: frozenset[str] = ALWAYS | MEASURED
    unknown: Mapping[str, str] = field(default_factory=lambda: NEVER_PRESSED)


def expectation_of(miner: FarmMiner) -> Expectation:
    """Return what is expected of a healthy miner of the farm."""
    return Expectation(
        status="standby" if miner.standby else "hashing",
        essential=(ALWAYS | MEASURED) - UNMEASURED.get(miner.model, frozenset()),
        unknown=NEVER_PRESSED | (IN_STANDBY if miner.standby else {}),
    )
