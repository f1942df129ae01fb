"""Only one module uses Home Assistant beyond its developer documentation."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
import re

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


BARE = re.compile(r"\bConfigEntry\b(?!\[)")
"""An entry of anything: what comes out of it is checked by nobody."""


@cache
def _untyped_sources() -> frozenset[str]:
    """Return the functions of the package that return such entries."""
    return frozenset(
        node.name
        for path in ALL_MODULES
        for node in ast.walk(parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.returns is not None
        and BARE.search(ast.unparse(node.returns))
    )


def _bare(scope: ast.AST) -> set[str]:
    """Return the names of a function that are entries of anything, or many of them."""
    typed, bare, given = set[str](), set[str](), list[tuple[ast.expr, ast.expr]]()
    for node in ast.walk(scope):
        match node:
            case ast.arg(arg=name, annotation=ast.expr() as kind):
                (bare if BARE.search(ast.unparse(kind)) else typed).add(name)
            case ast.AnnAssign(target=ast.Name(id=name), annotation=kind):
                (bare if BARE.search(ast.unparse(kind)) else typed).add(name)
            case ast.Assign(targets=[target], value=value):
                given.append((target, value))
            case (
                ast.For(target=target, iter=value)
                | ast.comprehension(target=target, iter=value)
            ):
                given.append((target, value))
    for target, value in given:
        known = {part.id for part in ast.walk(value) if isinstance(part, ast.Name)}
        if known & (bare | _untyped_sources()):
            names = {part.id for part in ast.walk(target) if isinstance(part, ast.Name)}
            bare |= names - typed
    return bare


def untyped(tree: ast.Module) -> list[str]:
    """Return where runtime data are taken of such an entry, and get no type at once."""
    wrong = []
    for scope in ast.walk(tree):
        if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        bare = _bare(scope)
        typed = {
            inner
            for node in ast.walk(scope)
            if isinstance(node, ast.AnnAssign)
            for inner in ast.walk(node)
        }
        wrong += [
            f"{scope.name}: {ast.unparse(node)}"
            for node in ast.walk(scope)
            if isinstance(node, ast.Attribute)
            and node.attr == "runtime_data"
            and node not in typed
            and bare & {x.id for x in ast.walk(node) if isinstance(x, ast.Name)}
        ]
    return wrong


@for_each("path", ALL_MODULES, ids=lambda path: path.name)
def test_config_entries_have_a_type(path: Path) -> None:
    assert untyped(parse(path)) == []
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Subscript):
            assert ast.unparse(node) != "ConfigEntry[Any]"


@for_each(
    ("code", "found"),
    [
        ("def f(e: ConfigEntry): return e.runtime_data", True),
        ("def f(e: ConfigEntry | None): e.runtime_data = 1", True),
        ("def f(es: list[ConfigEntry]): return [e.runtime_data for e in es]", True),
        ("def f(): return [e.runtime_data for e in miner_entries(hass)]", True),
        ("async def f():\n  e = await targets_of(c)\n  e[0].runtime_data", True),
        ("def f(e: MinerConfigEntry): return e.runtime_data", False),
        ("def f(e: ConfigEntry[Miner]): return e.runtime_data", False),
        ("def f(e: ConfigEntry):\n  m: Miner = e.runtime_data", False),
        (
            "def f(es: list[MinerConfigEntry]): return [e.runtime_data for e in es]",
            False,
        ),
        ("def f():\n  e: Miner = miner_of_device(d)\n  e.runtime_data", False),
    ],
)
def test_what_has_no_type_is_found(code: str, found: bool) -> None:
    assert bool(untyped(ast.parse(code))) is found
