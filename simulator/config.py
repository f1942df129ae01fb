"""The farm that a command line or a TOML file describes."""

from argparse import Namespace
from dataclasses import dataclass, field, fields
from pathlib import Path
import tomllib
from typing import Any

from .spec import MinerSpec

NAMES = frozenset(item.name for item in fields(MinerSpec))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFault:
    """A fault that begins with the farm."""

    miner: str
    fault: str
    duration: float | None = None
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FarmConfig:
    """All that a farm needs to start."""

    specs: tuple[MinerSpec, ...]
    faults: tuple[PlannedFault, ...] = ()
    speed: float = 1.0
    control_port: int | None = None


def _spec(table: dict[str, Any], defaults: dict[str, Any]) -> MinerSpec:
    """Return the miner of one TOML table."""
    if unknown := table.keys() - NAMES:
        raise ValueError(f"Unknown keys of a miner: {sorted(unknown)}")
    if "name" not in table:
        raise ValueError("A miner has no name")
    return MinerSpec(**(defaults | table))


def _fault(miner: str, planned: dict[str, Any]) -> PlannedFault:
    """Return a planned fault of one TOML table."""
    rest = dict(planned)
    fault, duration = rest.pop("fault"), rest.pop("duration", None)
    return PlannedFault(miner=miner, fault=fault, duration=duration, parameters=rest)


def read_toml(path: Path) -> FarmConfig:
    """Read a farm: `[farm]` with host, speed and control_port, and `[[miner]]`."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is no TOML file: {error}") from error
    farm = document.get("farm", {})
    defaults = {"host": farm["host"]} if "host" in farm else {}
    specs: list[MinerSpec] = []
    faults: list[PlannedFault] = []
    for table in document.get("miner", []):
        planned = table.pop("faults", [])
        spec = _spec(table, defaults)
        specs.append(spec)
        faults.extend(_fault(spec.name, item) for item in planned)
    return FarmConfig(
        specs=tuple(specs),
        faults=tuple(faults),
        speed=farm.get("speed", 1.0),
        control_port=farm.get("control_port"),
    )


def specs_from_arguments(miners: list[str], host: str, port: int) -> list[MinerSpec]:
    """Return the miners of `model[@firmware][=name]`, at ports that count up."""
    specs = []
    for index, text in enumerate(miners):
        what, _, name = text.partition("=")
        model, _, firmware = what.partition("@")
        specs.append(
            MinerSpec(
                name=name or f"{model}_{index + 1}",
                model=model,
                firmware=firmware or None,
                host=host,
                port=port + index if port else 0,
            )
        )
    return specs


def faults_from_arguments(faults: list[str]) -> list[PlannedFault]:
    """Return the faults of `name:fault[:seconds]`."""
    planned = []
    for text in faults:
        miner, _, rest = text.partition(":")
        fault, _, seconds = rest.partition(":")
        if not fault:
            raise ValueError(f"A fault reads name:fault[:seconds], not {text!r}")
        duration = float(seconds) if seconds else None
        planned.append(PlannedFault(miner=miner, fault=fault, duration=duration))
    return planned


def config_from(arguments: Namespace) -> FarmConfig:
    """Return the farm of a parsed command line; arguments go before the file."""
    file = FarmConfig(specs=())
    if arguments.farm is not None:
        file = read_toml(arguments.farm)
    extra = specs_from_arguments(arguments.miner, arguments.host, arguments.port)
    config = FarmConfig(
        specs=(*file.specs, *extra),
        faults=(*file.faults, *faults_from_arguments(arguments.fault)),
        speed=arguments.speed or file.speed,
        control_port=(
            file.control_port
            if arguments.control_port is None
            else arguments.control_port
        ),
    )
    if not config.specs:
        raise ValueError("No miner: give a TOML file or --miner")
    return config
