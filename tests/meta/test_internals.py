"""Only one module uses Home Assistant beyond its developer documentation."""

import ast
from collections.abc import Iterator
from pathlib import Path

from ..each import for_each
from .package import ALL_MODULES, INTEGRATION, parse

COMPAT = INTEGRATION / "runtime" / "ha_compat.py"

DOCUMENTED = {
    "homeassistant.auth.permissions.const",
    "homeassistant.components",
    "homeassistant.config_entries",
    "homeassistant.const",
    "homeassistant.core",
    "homeassistant.data_entry_flow",
    "homeassistant.exceptions",
}
DOCUMENTED_HELPERS = {
    *("config_validation", "device_registry", "dispatcher", "entity"),
    *("entity_platform", "entity_registry", "event", "issue_registry"),
    *("restore_state", "selector", "service", "service_info.dhcp"),
    *("service_info.zeroconf", "storage", "typing", "update_coordinator"),
    *("area_registry", "condition", "intent", "json", "llm", "target", "trigger"),
}
DOCUMENTED_UTIL = {"dt", "hass_dict", "json", "slugify", "unit_conversion"}
DOCUMENTED_COMPONENTS = {
    *("binary_sensor", "button", "climate", "event", "light", "number", "select"),
    *("sensor", "switch", "image", "diagnostics", "repairs", "http", "network"),
    *("persistent_notification", "recorder.models", "recorder.statistics", "zeroconf"),
    *("llm", "system_health"),
}
"""Entities and their descriptions, and what the documentation of an integration's
parts names."""

UNDOCUMENTED = {
    "SIGNAL_CONFIG_ENTRY_CHANGED",
    "STATISTIC_UNIT_TO_UNIT_CONVERTER",
    "get_last_short_term_statistics",
    "get_last_statistics",
    "get_metadata",
    "json_bytes",
    "json_fragment",
}
"""What a documented module holds beside."""


def at_runtime(tree: ast.Module) -> Iterator[ast.ImportFrom | ast.Import]:
    """Every import but those that only a type checker sees."""
    typed = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and node not in typed:
            yield node


def modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Return the modules that are imported, those of a package too."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    module = node.module or ""
    packages = ("components", "helpers", "util")
    if module in {f"homeassistant.{name}" for name in packages}:
        return [f"{module}.{alias.name}" for alias in node.names]
    return [module]


def documented(module: str) -> bool:
    """Whether the developer documentation names a module."""
    if not module.startswith("homeassistant"):
        return True
    for names, package in (
        (DOCUMENTED_HELPERS, "helpers"),
        (DOCUMENTED_UTIL, "util"),
        (DOCUMENTED_COMPONENTS, "components"),
    ):
        if module in {f"homeassistant.{package}.{name}" for name in names}:
            return True
    return module in DOCUMENTED


def beyond(path: Path) -> list[str]:
    """Return what a module uses beyond the documentation."""
    found = []
    for node in at_runtime(parse(path)):
        found += [module for module in modules(node) if not documented(module)]
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "homeassistant"
        ):
            found += [alias.name for alias in node.names if alias.name in UNDOCUMENTED]
    return found


@for_each(
    "path", [path for path in ALL_MODULES if path != COMPAT], ids=lambda path: path.name
)
def test_the_inside_is_used_in_one_module(path: Path) -> None:
    assert beyond(path) == []


def test_what_is_beyond_is_found() -> None:
    assert {
        "homeassistant.helpers.recorder",
        "homeassistant.helpers.translation",
        "homeassistant.components.frontend",
        "homeassistant.components.lovelace.const",
        "get_last_statistics",
    } <= set(beyond(COMPAT))


def test_the_inside_is_imported_only_where_it_is_used() -> None:
    """What is missing must fail the function that needs it, not the integration."""
    outside = [
        module
        for node in parse(COMPAT).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for module in modules(node)
    ]
    assert all(documented(module) for module in outside)


@for_each("path", ALL_MODULES, ids=lambda path: path.name)
def test_data_of_home_assistant_are_taken_by_typed_keys_only(path: Path) -> None:
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "hass.data":
            assert not isinstance(node.slice, ast.Constant)


@for_each("path", ALL_MODULES, ids=lambda path: path.name)
def test_config_entries_have_a_type(path: Path) -> None:
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Subscript):
            assert ast.unparse(node) != "ConfigEntry[Any]"
