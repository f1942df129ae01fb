"""What the tests of this folder look at."""

import ast
from collections.abc import Iterator
from functools import cache
import importlib
import json
from pathlib import Path
from typing import Any

from homeassistant.const import Platform
from homeassistant.helpers.entity import EntityDescription

from custom_components.miner_monitor import PLATFORMS, climate, image
from custom_components.miner_monitor.entity import MinerEntityDescription
from custom_components.miner_monitor.fleet import entities, power_entities

ROOT = Path(__file__).parents[2]
INTEGRATION = ROOT / "custom_components" / "miner_monitor"

TOP_MODULES = sorted(INTEGRATION.glob("*.py"))
ALL_MODULES = sorted(INTEGRATION.rglob("*.py"))


def load_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def platform_module(platform: str) -> Any:
    return importlib.import_module(f"custom_components.miner_monitor.{platform}")


def descriptions(platform: str) -> list[MinerEntityDescription]:
    """Every entity description of a platform, from whatever tuples it stands in."""
    found = {
        id(item): item
        for name, value in vars(platform_module(platform)).items()
        if isinstance(value, tuple) and not name.startswith("FLEET_")
        for item in value
        if isinstance(item, EntityDescription)
    }
    return list(found.values())


ENTITIES: list[tuple[Platform, MinerEntityDescription]] = [
    (platform, description)
    for platform in PLATFORMS
    for description in descriptions(platform)
]


FLEET_ENTITIES: list[tuple[Platform, MinerEntityDescription]] = [
    (platform, description)
    for platform, table in (
        (Platform.BINARY_SENSOR, entities.FLEET_BINARY_SENSORS),
        (Platform.BUTTON, entities.FLEET_BUTTONS),
        (Platform.CLIMATE, climate.FLEET_CLIMATES),
        (Platform.IMAGE, image.FLEET_IMAGES),
        (Platform.NUMBER, power_entities.FLEET_NUMBERS),
        (Platform.SELECT, power_entities.FLEET_SELECTS),
        (Platform.SENSOR, entities.FLEET_SENSORS),
        (Platform.SWITCH, entities.FLEET_SWITCHES),
        (Platform.SWITCH, power_entities.FLEET_DRY_RUNS),
    )
    for description in table
]
"""Every entity of all miners together."""


def entity_id(value: Any) -> str | None:
    """Name a test case by the entity it is about."""
    if isinstance(value, Platform):
        return value.value
    return value.key if isinstance(value, EntityDescription) else None


def shown_unit(description: MinerEntityDescription) -> str | None:
    """Return the unit in which a new entity is shown, but for hash rates."""
    suggested = getattr(description, "suggested_unit_of_measurement", None)
    return suggested or getattr(description, "native_unit_of_measurement", None)


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a JSON file with the way to it."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, f"{path}[{index}]")
    elif isinstance(value, str):
        yield path, value


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """Every call of a function or method of this name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (
            getattr(node.func, "attr", None) == name
            or getattr(node.func, "id", None) == name
        ):
            yield node


def argument(call: ast.Call, name: str) -> ast.expr | None:
    """Return what a call gives for a keyword."""
    return next((item.value for item in call.keywords if item.arg == name), None)


def dict_keys(node: ast.Dict) -> set[str]:
    """Return the keys that are written in a dictionary."""
    return {ast.literal_eval(key) for key in node.keys if key is not None}
