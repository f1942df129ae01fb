"""The families of simulated miners and the models that each can be."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from .clock import Clock
from .member import SimulatedMiner
from .spec import MinerSpec

type Factory = Callable[[MinerSpec, Clock], SimulatedMiner]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What the farm knows of a family: its models, faults and how to make one."""

    models: Collection[str]
    faults: Collection[str]
    make: Factory


_FAMILIES: list[Family] = []


def register(family: Family) -> None:
    """Make a family known to farms."""
    _FAMILIES.append(family)


def make_miner(spec: MinerSpec, clock: Clock) -> SimulatedMiner:
    """Make the miner that a spec describes."""
    for family in _FAMILIES:
        if spec.model in family.models:
            return family.make(spec, clock)
    known = ", ".join(known_models())
    raise ValueError(f"Unknown model {spec.model!r}, known: {known}")


def known_models() -> list[str]:
    """Return the keys of all models."""
    return [model for family in _FAMILIES for model in family.models]


def known_faults() -> list[str]:
    """Return the names of all faults and events of any family."""
    return sorted({fault for family in _FAMILIES for fault in family.faults})
