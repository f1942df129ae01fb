"""Writes requirements_newest.txt anew for the newest stable Home Assistant.

Its components pin their packages themselves: what is pinned here follows them.
"""

from importlib.metadata import Distribution, distributions
import json
from pathlib import Path
import re

from .releases import NEWEST

PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[\w,-]+\])?==(\S+)")
CORE = "homeassistant"


def normal(name: str) -> str:
    """Return a package's name as the registry compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed(directory: Path) -> Distribution:
    """Return the Home Assistant that is installed in an environment."""
    (packages,) = directory.glob("lib/python*/site-packages")
    found = distributions(name=CORE, path=[str(packages)])
    return next(iter(found))


def pins_of(core: Distribution) -> dict[str, str]:
    """Return the version of each package that a Home Assistant pins."""
    package = Path(str(core.locate_file(CORE)))
    texts = (package / "package_constraints.txt").read_text("utf-8").splitlines()
    for manifest in sorted((package / "components").glob("*/manifest.json")):
        texts += json.loads(manifest.read_text("utf-8")).get("requirements", [])
    pins = {
        normal(match[1]): match[2] for text in texts if (match := PIN.fullmatch(text))
    }
    return {**pins, CORE: core.version}


def renewed(requirements: str, pins: dict[str, str]) -> str:
    """Return requirements with the versions that are pinned now."""

    def pinned(match: re.Match[str]) -> str:
        return f"{match[1]}=={pins.get(normal(match[1]), match[2])}"

    return re.sub(f"^{PIN.pattern}$", pinned, requirements, flags=re.MULTILINE)


def main() -> None:
    """Install the newest Home Assistant and take over what it pins."""
    NEWEST.prepare()
    NEWEST.install("--upgrade", CORE)
    core = installed(NEWEST.directory)
    text = NEWEST.requirements.read_text(encoding="utf-8")
    NEWEST.requirements.write_text(renewed(text, pins_of(core)), encoding="utf-8")
    NEWEST.prepare()
    print(f"The newest stable Home Assistant is {core.version}.")


if __name__ == "__main__":
    main()
