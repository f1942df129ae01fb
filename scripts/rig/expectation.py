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

NOTHING_HAPPENED = {
    "button": "its state is the moment of its last press",
    "event": "its state is the moment of its last event",
    "hash_rate_ratio": "it takes ten minutes of hashing",
}
NOT_REPORTED: Mapping[str, Mapping[str, str]] = {
    "avalon": {
        "number.fan_duty_cycle": "an Avalon does not report the fan's set point",
        "switch.auto_fan": "nor whether the fan is automatic, before it is written",
    },
    "supra_401": {
        "number.fan_duty_cycle": "AxeOS 2.4 tells only what its automatic fan does",
    },
}
IN_STANDBY = {
    "chip_temperature": "chips without power measure nothing",
    "fan_speed": "the controller's 0 rpm is no measurement",
    "efficiency": "there is no work to divide the power by",
    "hash_rate_ratio": "no work is expected of it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What makes the picture of one miner complete.

    ``essential`` must be there: an empty set of entities is not complete.
    ``unknown`` may be without a value, by entity domain, key or both, each for a
    reason.
    """

    status: str = "hashing"
    essential: frozenset[str] = ALWAYS | MEASURED
    unknown: Mapping[str, str] = field(default_factory=lambda: NOTHING_HAPPENED)


def expectation_of(miner: FarmMiner) -> Expectation:
    """Return what is expected of a healthy miner of the farm."""
    return Expectation(
        status="standby" if miner.standby else "hashing",
        essential=(ALWAYS | MEASURED) - UNMEASURED.get(miner.model, frozenset()),
        unknown=NOTHING_HAPPENED
        | _not_reported_by(miner.model)
        | (IN_STANDBY if miner.standby else {}),
    )


def _not_reported_by(model: str) -> dict[str, str]:
    """Return what models of this kind do not tell of themselves."""
    return {
        key: reason
        for kind, reasons in NOT_REPORTED.items()
        if model.startswith(kind)
        for key, reason in reasons.items()
    }
