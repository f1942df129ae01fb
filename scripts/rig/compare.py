"""Compares what users see of two commits: `python -m scripts.rig.compare BASE [NEW]`.

Snapshots of the entities of all models, fields of all actions, keys of all texts and
icons. It prints what only one of the two has, or has otherwise; exit code 1 if any.
"""

from collections.abc import Iterator, Mapping
import json
import re
import subprocess
import sys
from typing import Any

import yaml

from .hass import DOMAIN, REPOSITORY

PACKAGE = f"custom_components/{DOMAIN}"
SNAPSHOTS = "tests/snapshots"
SNAPSHOT = re.compile(r"^# name: (.+?)$\n(.*?)^# ---$", re.MULTILINE | re.DOTALL)


def main(arguments: list[str]) -> int:
    """Compare two commits, or one with the last, and return the exit code."""
    base, new = (*arguments, "HEAD")[:2]
    before, after = dict(_seen(base)), dict(_seen(new))
    names = sorted(before.keys() | after.keys())
    different = [name for name in names if before.get(name) != after.get(name)]
    for name in different:
        kind = "changed" if name in before else "new"
        print(f"{kind if name in after else 'gone':<8} {name}")
    print(f"{len(names)} compared, {len(different)} differ")
    return int(bool(different))


def _seen(commit: str) -> Iterator[tuple[str, object]]:
    """Yield what users see at a commit, by name."""
    for path in _git("ls-tree", "-r", "--name-only", commit, SNAPSHOTS).split():
        for name, text in SNAPSHOT.findall(_show(commit, path)):
            yield f"{path} {name}", text
    for action, fields in yaml.safe_load(
        _show(commit, f"{PACKAGE}/services.yaml")
    ).items():
        yield f"action {action}", fields
    for name in ("translations/en.json", "icons.json"):
        content = json.loads(_show(commit, f"{PACKAGE}/{name}"))
        for key in _keys(content):
            yield f"{name} {key}", True


def _keys(content: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for key, item in content.items():
        if isinstance(item, Mapping):
            yield from _keys(item, f"{path}{key}.")
        else:
            yield f"{path}{key}"


def _show(commit: str, path: str) -> str:
    return _git("show", f"{commit}:{path}")


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
