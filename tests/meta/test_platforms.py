"""What every platform and every entity has to say of itself."""

import ast
from itertools import groupby
import re

from homeassistant.components.sensor import SensorStateClass
from homeassistant.const import EntityCategory, Platform
import pytest

from custom_components.miner_monitor import PLATFORMS
from custom_components.miner_monitor.entity import MinerEntityDescription
from custom_components.miner_monitor.miners.model import Capability

from ..each import for_each
from .package import (
    ALL_MODULES,
    ENTITIES,
    FLEET_ENTITIES,
    INTEGRATION,
    descriptions,
    entity_id,
    parse,
    platform_module,
)

SHARED_BASES = {"pool_slot_difficulty": "pool_difficulty"}
"""Translations of indexed keys whose own base is the key of another entity."""

FAMILIES = {"axeos", "avalon", "fpga"}
LATER = {Capability.PAUSE, Capability.SHUTDOWN}
"""Known of a device, but nothing is shown or done with it."""


@for_each("platform", PLATFORMS)
def test_parallel_updates(platform: str) -> None:
    assert platform_module(platform).PARALLEL_UPDATES == 0


def test_every_platform_file_is_set_up() -> None:
    files = {item.value for item in Platform if (INTEGRATION / f"{item}.py").is_file()}
    assert files == set(PLATFORMS)


@for_each("platform", PLATFORMS)
def test_keys_differ(platform: str) -> None:
    keys = sorted(description.key for description in descriptions(platform))
    assert keys
    assert [key for key, same in groupby(keys) if len(list(same)) > 1] == []


@for_each(("platform", "description"), ENTITIES, ids=entity_id)
def test_key_is_translation_key(
    platform: Platform, description: MinerEntityDescription
) -> None:
    base = description.translation_key
    assert base is not None
    if description.key != base:
        assert description.placeholders is not None
        index = f"_{description.placeholders['index']}"
        assert description.key.replace(index, "") == SHARED_BASES.get(base, base)


@for_each(("platform", "description"), FLEET_ENTITIES, ids=entity_id)
def test_texts_of_the_fleet_are_its_own(
    platform: Platform, description: MinerEntityDescription
) -> None:
    assert description.translation_key == f"fleet_{description.key}"


@for_each(("platform", "description"), [*ENTITIES, *FLEET_ENTITIES], ids=entity_id)
def test_number_has_a_precision(
    platform: Platform, description: MinerEntityDescription
) -> None:
    if getattr(description, "state_class", None) is None:
        return
    assert description.suggested_display_precision is not None


@for_each(("platform", "description"), [*ENTITIES, *FLEET_ENTITIES], ids=entity_id)
def test_category(platform: Platform, description: MinerEntityDescription) -> None:
    """Only what can be pressed or set may be in the configuration category."""
    if description.entity_category is EntityCategory.CONFIG:
        assert platform not in {Platform.SENSOR, Platform.BINARY_SENSOR}


def test_about_a_dozen_sensors_are_on() -> None:
    enabled = [
        description.key
        for platform, description in ENTITIES
        if platform is Platform.SENSOR
        and description.entity_registry_enabled_default
        and not _by_option(description)
    ]
    assert 8 <= len(enabled) <= 14


def test_statistics_fit_the_recorder_budget() -> None:
    """A statistics sensor costs about 37 kB a day; the budget has room for 12.

    What a user asked for by an option is beside it.
    """
    costly = [
        description.key
        for _, description in ENTITIES
        if description.entity_registry_enabled_default
        and isinstance(getattr(description, "state_class", None), SensorStateClass)
        and not _by_option(description)
    ]
    assert len(costly) <= 12


def _by_option(description: object) -> bool:
    return getattr(description, "wanted_fn", None) is not None


@for_each("capability", sorted(set(Capability) - LATER))
def test_every_capability_is_used(capability: Capability) -> None:
    assert any(
        re.search(rf"Capability\.{capability.name}\b", path.read_text())
        for path in ALL_MODULES
        if path.relative_to(INTEGRATION).parts[0] != "miners"
    )


@for_each("path", ALL_MODULES, ids=lambda path: str(path.relative_to(INTEGRATION)))
def test_no_family_above_the_device_library(path: object) -> None:
    """Only the library itself and the client's choice know a family by name."""
    relative = path.relative_to(INTEGRATION)
    if relative.parts[0] == "miners":
        return
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.ImportFrom):
            assert not FAMILIES & set((node.module or "").split("."))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Family":
            pytest.fail(f"line {node.lineno} asks for {ast.unparse(node)}")
