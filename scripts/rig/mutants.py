"""How many small faults the tests notice: `python -m scripts.rig.mutants`.

A seeded choice of faults is made in the pure rooms: a comparison flipped, a sum made a
difference, a statement removed. The tests are collected once; each fault is tried in a
fork, against the tests that run its line, the quick ones first. No file is written.
"""

import argparse
import ast
from collections import defaultdict
from collections.abc import Callable, Iterator
import copy
from dataclasses import dataclass
from functools import cache
import gc
from itertools import islice
import json
import os
from pathlib import Path
import random
import re
import resource
import signal
import sys
import tempfile
import time
from types import CodeType, FunctionType
from typing import Any, override

import pytest

PACKAGE = Path("custom_components/miner_monitor")
ROOMS = {
    "control": ["tests/control"],
    "history": ["tests/history"],
    "fleet/aggregate.py": ["tests/fleet"],
    "insight/meters.py": ["tests/insight/test_energy.py", "tests/insight/test_days.py"],
}
HASS = re.compile(r"^(from|import) homeassistant", re.MULTILINE)
CPU_SECONDS, REAL_SECONDS = 90, 600
TOOL = 4
SURVIVED, KILLED, INVALID = 0, 1, 3
NAMES = {SURVIVED: "SURVIVED", KILLED: "killed", INVALID: "invalid"}

SWAPS: dict[type[ast.AST], Any] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One fault: where it is and what it does."""

    path: Path
    place: int
    """The place of what is at fault among the nodes of its module."""
    line: int
    text: str
    constant: str | None
    """The name of the module's constant that the fault is in, if it is in one."""

    @override
    def __str__(self) -> str:
        """Return the place and the change."""
        return f"{self.path}:{self.line}: {self.text}"

    def tree(self) -> ast.Module:
        """Return the module with the fault."""
        tree = parse(self.path)
        node = next(islice(ast.walk(tree), self.place, None))
        if (new := faulty(node)) is None:
            raise ValueError(f"{self.path} has changed")
        for parent in ast.walk(tree):
            for name, value in ast.iter_fields(parent):
                if value is node:
                    setattr(parent, name, new)
                elif isinstance(value, list) and node in value:
                    value[value.index(node)] = new
        return ast.fix_missing_locations(tree)


def parse(path: Path) -> ast.Module:
    """Return what a module consists of."""
    return ast.parse(path.read_text(), str(path.resolve()))


def faulty(node: ast.AST) -> ast.AST | None:
    """Return what a node becomes, None if nothing is made of it."""
    new = copy.copy(node)
    match new:
        case ast.Compare(ops=[op, *_]) if type(op) in SWAPS:
            new.ops = [SWAPS[type(op)](), *new.ops[1:]]
        case ast.BinOp(op=op) | ast.AugAssign(op=op) | ast.BoolOp(op=op):
            if type(op) not in SWAPS:
                return None
            new.op = SWAPS[type(op)]()
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return operand
        case ast.Constant(value=bool(value)):
            new.value = not value
        case ast.Constant(value=int(value) | float(value)):
            new.value = value + 1
        case ast.Return(value=value) if not _is_nothing(value):
            new.value = ast.Constant(None)
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.Raise() | ast.Continue():
            return ast.copy_location(ast.Pass(), node)
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            return ast.copy_location(ast.Pass(), node)
        case _:
            return None
    return new


def _is_nothing(value: ast.AST | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and not value.value)


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Return every fault that can be made in the functions and constants of a file."""
    tree = parse(path)
    places = {id(node): place for place, node in enumerate(ast.walk(tree))}
    for scope, constant in _scopes(tree.body):
        for node in ast.walk(scope):
            if (new := faulty(node)) is not None:
                yield Mutant(
                    path=path,
                    place=places[id(node)],
                    line=getattr(node, "lineno", 0),
                    text=f"{_short(node)}  ->  {_short(new)}",
                    constant=constant,
                )


def _scopes(body: list[ast.stmt]) -> Iterator[tuple[ast.AST, str | None]]:
    """Return what is run by calling functions, and what constants of a module are."""
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from ((part, None) for part in statement.body)
            case ast.ClassDef():
                yield from (part for part in _scopes(statement.body) if not part[1])
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield value, name


def _short(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:70]


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """Return a code object and all that are within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_in(constant)


@cache
def functions_of(path: Path) -> list[FunctionType]:
    """Return the functions that a file has made."""
    name = str(path.resolve())
    # What is frozen is not among the objects.
    gc.unfreeze()
    found = (one for one in gc.get_objects() if isinstance(one, FunctionType))
    return [one for one in found if one.__code__.co_filename == name]


def apply(mutant: Mutant) -> None:
    """Put the fault in the place of what is right, in this process."""
    tree = mutant.tree()
    code = compile(tree, str(mutant.path.resolve()), "exec")
    if mutant.constant is None:
        new = {(one.co_qualname, one.co_firstlineno): one for one in codes_in(code)}
        for function in functions_of(mutant.path):
            old = function.__code__
            function.__code__ = new[old.co_qualname, old.co_firstlineno]
        return
    name = ".".join((*mutant.path.with_suffix("").parts,))
    right = getattr(sys.modules[name], mutant.constant)
    statement = next(
        one
        for one in tree.body
        if isinstance(one, ast.Assign)
        and ast.unparse(one.targets[0]) == mutant.constant
    )
    value = eval(ast.unparse(statement.value), vars(sys.modules[name]))  # noqa: S307 - our own source
    for module in tuple(sys.modules.values()):
        if getattr(module, mutant.constant, None) is right:
            setattr(module, mutant.constant, value)


class Trial:
    """A run of pytest that tries the mutants in place of running its tests."""

    def __init__(self, mutants: list[Mutant]) -> None:
        """Take what is to be tried."""
        self.mutants = mutants
        self.ends: list[tuple[Mutant, int, int]] = []
        self._failed: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what failed."""
        if report.failed:
            self._failed.append(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Find out which tests run which line, then try one fault after the other."""
        for mutant in self.mutants:
            functions_of(mutant.path)
        gc.freeze()
        with tempfile.NamedTemporaryFile() as file:
            _in_fork(lambda: self._watch(session, Path(file.name)), 1e6)
            lines, seconds = json.loads(file.read())
        for number, mutant in enumerate(self.mutants, 1):
            places = lines.get(str(mutant.path), {})
            if mutant.constant is None:
                tests = set(places.get(str(mutant.line), ()))
            else:
                tests = {test for some in places.values() for test in some}
            # What fails without a fault has no time.
            ordered = sorted(
                (test for test in tests if seconds[test] is not None),
                key=seconds.__getitem__,
            )
            end = self._try(session, mutant, ordered) if ordered else SURVIVED
            self.ends.append((mutant, len(ordered), end))
            name = NAMES.get(end, "killed by a signal")
            print(f"{number}/{len(self.mutants)} {name}: {mutant}", file=sys.stderr)
        return True

    def _try(self, session: pytest.Session, mutant: Mutant, tests: list[int]) -> int:
        def run() -> None:
            try:
                apply(mutant)
            except KeyError, TypeError, ValueError:
                os._exit(INVALID)
            for test in tests:
                self._run(session, test)
                if self._failed:
                    os._exit(KILLED)

        return _in_fork(run, CPU_SECONDS)

    def _run(self, session: pytest.Session, test: int) -> None:
        item = session.items[test]
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=None)

    def _watch(self, session: pytest.Session, report: Path) -> None:
        """Run every test and write down which lines it runs and how long it takes."""
        paths = {str(mutant.path.resolve()): mutant.path for mutant in self.mutants}
        lines: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        seconds = []
        number = 0

        def at_line(code: CodeType, line: int) -> object:
            lines[str(paths[code.co_filename])][line].append(number)
            return sys.monitoring.DISABLE

        sys.monitoring.use_tool_id(TOOL, "mutants")
        sys.monitoring.register_callback(TOOL, sys.monitoring.events.LINE, at_line)
        for path in paths.values():
            for function in functions_of(path):
                for code in codes_in(function.__code__):
                    sys.monitoring.set_local_events(
                        TOOL, code, sys.monitoring.events.LINE
                    )
        for number in range(len(session.items)):
            sys.monitoring.restart_events()
            started = time.process_time()
            self._run(session, number)
            seconds.append(None if self._failed else time.process_time() - started)
            self._failed.clear()
        report.write_text(json.dumps((lines, seconds)))


def _in_fork(work: Callable[[], None], cpu_seconds: float) -> int:
    """Do something in a fork, silently; return its end, any other than 0 if killed."""
    sys.stdout.flush()
    if not (child := os.fork()):
        try:
            limit = int(cpu_seconds)
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            work()
            os._exit(SURVIVED)
        finally:
            os._exit(KILLED)
    deadline = time.monotonic() + max(cpu_seconds, REAL_SECONDS)
    while not (end := os.waitpid(child, os.WNOHANG))[0]:
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.02)
    return os.waitstatus_to_exitcode(end[1])


def main() -> int:
    """Try the faults and say which of them no test notices."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-least", type=float, default=0, help="percent killed")
    options = parser.parse_args()
    paths = [
        path
        for room in ROOMS
        for path in sorted((PACKAGE / room).glob("*.py")) or [PACKAGE / room]
        if not HASS.search(path.read_text())
    ]
    every = [mutant for path in paths for mutant in mutants_of(path)]
    random.seed(options.seed)
    trial = Trial(random.sample(every, min(options.count, len(every))))
    pytest.main(
        [
            *("-q", "-s", "-o", "timeout=0", "--hypothesis-profile=mutants"),
            *("-p", "no:xdist", "-m", "not campaign"),
            *(path for tests in ROOMS.values() for path in tests),
        ],
        plugins=[trial],
    )
    tried = [end for end in trial.ends if end[2] != INVALID]
    survivors = [end for end in tried if end[2] == SURVIVED]
    for mutant, tests, _ in survivors:
        print(f"survived {tests} tests: {mutant}")
    killed = 100 * (1 - len(survivors) / max(1, len(tried)))
    print(f"{len(tried)} of {len(every)} faults, {killed:.1f} % noticed")
    return int(not tried or killed < options.at_least)


if __name__ == "__main__":
    sys.exit(main())
