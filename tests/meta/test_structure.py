"""The house: its rooms, and which of them may know which."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
import re
import tomllib

import pytest

from scripts.rig.mutants import ROOMS

from .package import ALL_MODULES, INTEGRATION, ROOT, TOP_MODULES, parse

MOST_TOP_MODULES = 24
MOST_FLOORS = 11
MOST_CONTRACT_LINES = 40

GUIDE = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")


def _name(path: tuple[str, ...]) -> tuple[str, ...]:
    return path[:-1] if path and path[-1] == "__init__" else path


MODULES = {
    _name(path.relative_to(INTEGRATION).with_suffix("").parts): path
    for path in ALL_MODULES
}


def _imported(name: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the modules of the package that one imports, for types alone too."""
    package = name if MODULES[name].name == "__init__.py" else name[:-1]
    for node in ast.walk(parse(MODULES[name])):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = package[: len(package) - node.level + 1]
        source = (*base, *(node.module or "").split(".")) if node.module else base
        for item in node.names:
            module = (*source, item.name)
            yield module if module in MODULES else source


@cache
def _imports() -> Mapping[tuple[str, ...], frozenset[tuple[str, ...]]]:
    return {name: frozenset(_imported(name)) - {name} for name in MODULES}


def _room(name: tuple[str, ...]) -> str:
    return name[0] if name else "__init__"


def _rooms() -> dict[str, set[str]]:
    rooms: dict[str, set[str]] = {}
    for name, imported in _imports().items():
        known = rooms.setdefault(_room(name), set())
        known |= {_room(other) for other in imported} - {_room(name)}
    return rooms


@pytest.mark.parametrize("graph", [_imports(), _rooms()], ids=["modules", "rooms"])
def test_no_import_circle(graph: Mapping[object, set[object]]) -> None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as err:
        pytest.fail(f"Circle: {err.args[1]}")


def test_floors() -> None:
    rooms = _rooms()
    floors: dict[str, int] = {}
    for room in TopologicalSorter(rooms).static_order():
        floors[room] = 1 + max((floors[other] for other in rooms[room]), default=0)
    assert max(floors.values()) <= MOST_FLOORS, floors


def test_top_modules() -> None:
    assert len(TOP_MODULES) <= MOST_TOP_MODULES


def test_contracts_are_short() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lines = text[text.index("[tool.importlinter]") :].splitlines()
    assert len(lines) <= MOST_CONTRACT_LINES
    linter = tomllib.loads(text)["tool"]["importlinter"]
    assert {"custom_components", "simulator"} == set(linter["root_packages"])
    assert {"layers", "forbidden", "protected"} == {
        contract["type"] for contract in linter["contracts"]
    }


def test_map_of_the_folders() -> None:
    folders = {
        path.relative_to(INTEGRATION).as_posix() + "/"
        for path in INTEGRATION.rglob("*")
        if path.is_dir() and any(path.glob("*.*")) and path.name != "__pycache__"
    }
    start = GUIDE.index("## Map")
    listed = re.findall(
        r"^\| `([\w/-]+/)` \|",
        GUIDE[start : GUIDE.index("\n## ", start + 1)],
        re.MULTILINE,
    )
    assert sorted(listed) == sorted(folders)


def test_faults_are_tried_where_there_is_code() -> None:
    assert all((INTEGRATION / room).exists() for room in ROOMS)
    assert all((ROOT / path).exists() for tests in ROOMS.values() for path in tests)
