"""Other releases of Home Assistant, each in an environment of its own.

`python -m scripts.rig.releases newest -m pytest tests/e2e` runs Python there.
"""

from dataclasses import dataclass
from fcntl import LOCK_EX, flock
import hashlib
import os
from pathlib import Path
import subprocess
import sys

from .hass import REPOSITORY

TOOLS = REPOSITORY / ".tools"
HEADERS = TOOLS / "python" / "usr" / "include"
"""Those of a Python that scripts/bootstrap unpacked; packages are built with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release, what is installed with it, and where."""

    requirements: Path
    directory: Path

    @property
    def python(self) -> Path:
        """Return the Python of its environment."""
        return self.directory / "bin" / "python"

    def prepare(self) -> None:
        """Make the environment, unless it is there as the requirements want it.

        Who comes meanwhile waits until it is made.
        """
        TOOLS.mkdir(exist_ok=True)
        with (TOOLS / f"{self.directory.name}.lock").open("w") as lock:
            flock(lock, LOCK_EX)
            self._prepare()

    def _prepare(self) -> None:
        stamp = self.directory / ".requirements"
        wanted = hashlib.sha256(self.requirements.read_bytes()).hexdigest()
        if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
            return
        base = Path(sys.executable).resolve()
        uv("venv", "--clear", "-p", str(base), str(self.directory))
        self.install("-r", str(self.requirements))
        stamp.write_text(wanted, encoding="utf-8")

    def install(self, *what: str) -> None:
        """Install packages into the environment."""
        uv("pip", "install", "--python", str(self.python), *what)


FLOOR = Release(
    requirements=REPOSITORY / "requirements_floor.txt",
    directory=TOOLS / "floor",
)
"""The oldest release that hacs.json names."""

NEWEST = Release(
    requirements=REPOSITORY / "requirements_newest.txt",
    directory=REPOSITORY / ".venv-newest",
)
"""The newest stable release, which the test plugin does not know yet."""

RELEASES = {"floor": FLOOR, "newest": NEWEST}


def uv(*arguments: str) -> None:
    """Run uv, which finds the headers of our own Python where there are any."""
    environment = dict(os.environ)
    if HEADERS.is_dir():
        known = environment.get("CPATH")
        environment["CPATH"] = f"{HEADERS}:{known}" if known else str(HEADERS)
    subprocess.run(
        [sys.executable, "-m", "uv", "--quiet", *arguments], check=True, env=environment
    )


def main(arguments: list[str]) -> None:
    """Run Python with these arguments in the environment of a release."""
    name, *command = arguments
    release = RELEASES[name]
    release.prepare()
    path = f"{release.python.parent}{os.pathsep}{os.environ['PATH']}"
    python = str(release.python)
    os.execve(python, [python, *command], {**os.environ, "PATH": path})  # noqa: S606 - Python takes our place


if __name__ == "__main__":
    main(sys.argv[1:])
