"""Programs of Debian's packages, unpacked into a folder, without root."""

import os
from pathlib import Path
import shutil
import subprocess

PATIENCE_SECONDS = 300


def unpack(folder: Path, *packages: str) -> Path:
    """Load packages, and what they need that is not installed; return their root.

    They come from this machine's own sources, and nothing else is touched. Raises
    OSError or ``SubprocessError`` where that cannot be done.
    """
    state, cache = folder / "lists", folder / "cache"
    loaded = cache / "archives"
    for made in (state / "partial", loaded / "partial"):
        made.mkdir(parents=True, exist_ok=True)
    options = {
        "Dir::State::Lists": state,
        "Dir::Cache": cache,
        "Debug::NoLocking": "true",
        "Acquire::Retries": "3",
    }
    if os.geteuid() == 0:
        options["APT::Sandbox::User"] = "root"
    apt = ["apt-get", "-qq"]
    apt += [part for key, value in options.items() for part in ("-o", f"{key}={value}")]
    _run([*apt, "update"])
    apt += ["-y", "--no-install-recommends", "--download-only", "install"]
    _run([*apt, *packages])
    root = folder / "root"
    for found in loaded.glob("*.deb"):
        _run(["dpkg", "-x", str(found), str(root)])
    shutil.rmtree(state)
    shutil.rmtree(cache)
    return root


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_SECONDS)
