"""The tests against the oldest Home Assistant that hacs.json names."""

import hashlib
import os
from pathlib import Path
import subprocess
import sys

from .hass import REPOSITORY

REQUIREMENTS = REPOSITORY / "requirements_floor.txt"
ENVIRONMENT = REPOSITORY / ".tools" / "floor"


def prepare() -> Path:
    """Return the Python of an environment that holds the oldest version."""
    python = ENVIRONMENT / "bin" / "python"
    stamp = ENVIRONMENT / ".requirements"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        uv = [sys.executable, "-m", "uv", "--quiet"]
        base = Path(sys.executable).resolve()
        subprocess.run([*uv, "venv", "--clear", "-p", base, ENVIRONMENT], check=True)
        subprocess.run(
            [*uv, "pip", "install", "--python", python, "-r", REQUIREMENTS], check=True
        )
        stamp.write_text(wanted)
    return python


def main(arguments: list[str]) -> None:
    """Run pytest there."""
    python = prepare()
    os.execv(python, [str(python), "-m", "pytest", *arguments])  # noqa: S606 - pytest takes our place


if __name__ == "__main__":
    main(sys.argv[1:])
