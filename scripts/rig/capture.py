"""Turns a user's diagnostics download into a test: `scripts/add-capture`.

The download holds a miner's last replies without its secrets, and what was made
of them then. The test keeps the replies, with harmless examples in place of the
secrets, and what is made of them now.
"""

import argparse
import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
import json
from pathlib import Path
import re
import sys
from typing import Any

from custom_components.miner_monitor.miners import MinerError
from custom_components.miner_monitor.miners.codec import dump_identity
from custom_components.miner_monitor.miners.model import Family, MinerReading

from .hass import DOMAIN, REPOSITORY
from .replay import read_replies

FIXTURES = REPOSITORY / "tests" / "fixtures" / "replies"
REDACTED = "**REDACTED**"

DEFAULT_HOSTNAME = "bitaxe"
OWN_HOSTNAME = "garage"

EXAMPLES: tuple[tuple[str, Any], ...] = (
    (r"mac", "02:00:00:00:00:01"),
    (r"dna$|^serial$", "0201000000000001"),
    (r"coinbaseoutputs", []),
    (r"ipv6", "fe80::1"),
    (r"ip(v4)?$", "192.168.1.20"),
    (r"hostname", DEFAULT_HOSTNAME),
    (r"ssid", "network"),
    (r"user|worker|wallet", "worker"),
    (r"cert", "certificate"),
    (r"url|host", "pool.example"),
)
"""What stands in for a secret, by a pattern that its key matches; the first wins."""

OTHER_EXAMPLE = "example"


class CaptureError(Exception):
    """The file cannot become a test; the text tells the user why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """The parts of a diagnostics download that matter here."""

    family: Family
    identity: Mapping[str, Any]
    state: Mapping[str, Any] | None
    replies: Mapping[str, Any]


def read_download(path: Path) -> Download:
    """Read a file that Home Assistant gave for a miner.

    Raises CaptureError for anything else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise CaptureError(f"{path} cannot be read: {err.strerror}") from err
    except ValueError as err:
        raise CaptureError(f"{path} is no JSON file: {err}") from err
    manifest = _object(content, "integration_manifest")
    if (domain := manifest.get("domain")) != DOMAIN:
        found = f"of {domain}" if domain else "no diagnostics download"
        raise CaptureError(f"{path} is {found}, but one of {DOMAIN} is needed")
    data = _object(content, "data")
    identity, replies = _object(data, "identity"), _object(data, "replies")
    if not identity or not replies:
        raise CaptureError(
            f"{path} holds no reply of a miner: download it again while it is on"
        )
    try:
        family = Family(identity.get("family", ""))
    except ValueError as err:
        raise CaptureError(f"{path} is of a family that is not known: {err}") from err
    return Download(
        family=family,
        identity=identity,
        state=_object(data, "state") or None,
        replies=replies,
    )


def harmless(value: Any, key: str = "") -> Any:
    """Put examples in the place of what was redacted."""
    if isinstance(value, dict):
        return {name: harmless(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [harmless(item, key) for item in value]
    if not isinstance(value, str) or REDACTED not in value:
        return value
    example = next(
        (item for pattern, item in EXAMPLES if re.search(pattern, key, re.IGNORECASE)),
        OTHER_EXAMPLE,
    )
    if not isinstance(example, str):
        return example
    return value.replace(REDACTED, example)


def as_json(reading: MinerReading) -> dict[str, Any]:
    """Return what a reading tells of identity and state, as JSON would hold it."""
    derived = {
        "identity": dump_identity(reading.identity),
        "state": reading.state.as_dict(),
    }
    return {name: told(part) for name, part in json.loads(json.dumps(derived)).items()}


def told(value: Any) -> Any:
    """Leave out what was not told, so that a new field changes no old fixture."""
    if isinstance(value, dict):
        kept = {key: told(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in (None, [], {})}
    if isinstance(value, list):
        return [told(item) for item in value]
    return value


def differences(was: Any, now: Any, path: str = "") -> Iterator[str]:
    """List what changed, a line for each value; what was redacted has not."""
    if isinstance(was, dict) and isinstance(now, dict):
        for key in sorted(was.keys() | now.keys()):
            below = f"{path}.{key}" if path else key
            yield from differences(was.get(key), now.get(key), below)
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for index, (before, after) in enumerate(zip(was, now, strict=True)):
            yield from differences(before, after, f"{path}[{index}]")
    elif was != now and REDACTED not in str(was):
        yield f"{path}: {was} -> {now}"


async def make_fixture(download: Download) -> dict[str, Any]:
    """Return the fixture: the replies and what is made of them now.

    Raises CaptureError when they are not read as a miner's.
    """
    replies = harmless(download.replies)
    if download.identity.get("default_hostname") is False and "info" in replies:
        replies["info"]["hostname"] = OWN_HOSTNAME
    try:
        unit = download.identity.get("unit")
        reading = await read_replies(download.family, replies, unit)
    except MinerError as err:
        raise CaptureError(f"the replies are not read as a miner's: {err}") from err
    return {**as_json(reading), "replies": replies}


def fixture_name(fixture: Mapping[str, Any]) -> str:
    """Return a file name from model and firmware."""
    identity = fixture["identity"]
    words = f"{identity['model']} {identity.get('firmware', 'unknown')}".lower()
    words = words.replace("+", "p").replace("\N{GREEK SMALL LETTER GAMMA}", "gamma")
    return re.sub(r"[^a-z0-9.]+", "-", words).strip("-.")


def write_fixture(fixture: Mapping[str, Any], path: Path) -> None:
    """Write a fixture as all of them are written."""
    text = json.dumps(fixture, indent=2, ensure_ascii=False, sort_keys=True)
    path.write_text(f"{text}\n", encoding="utf-8")


def main(arguments: Sequence[str], folder: Path = FIXTURES) -> int:
    """Make a fixture in the folder; 1 with a reason when that cannot be."""
    options = _options(arguments)
    try:
        download = read_download(options.file)
        fixture = asyncio.run(make_fixture(download))
        path = _free_path(folder, options.name or fixture_name(fixture))
    except CaptureError as err:
        print(f"add-capture: {err}", file=sys.stderr)
        return 1
    _tell_changes(download, fixture)
    write_fixture(fixture, path)
    print(f"written: {path}")
    return 0


def _tell_changes(download: Download, fixture: Mapping[str, Any]) -> None:
    was = told(download.identity)
    changes = list(differences(was, fixture["identity"], "identity"))
    if download.state is None:
        print("the miner was away when this was downloaded: no state to compare with")
    else:
        changes += differences(told(download.state), fixture["state"], "state")
    print(f"{len(changes)} values differ from the download")
    for line in changes:
        print(f"  {line}")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/add-capture",
        description="Turn a diagnostics download into tests/fixtures/replies/NAME.json",
    )
    parser.add_argument("file", type=Path, help="the file from Home Assistant")
    parser.add_argument("--name", help="else made from model and firmware")
    return parser.parse_args(arguments)


def _object(content: Any, key: str) -> Mapping[str, Any]:
    """Return an object inside another, an empty one where there is none."""
    found = content.get(key) if isinstance(content, dict) else None
    return found if isinstance(found, dict) else {}


def _free_path(folder: Path, name: str) -> Path:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", name):
        raise CaptureError(f"{name!r} is no name for a file: use a-z, 0-9, . _ -")
    path = folder / f"{name}.json"
    if path.exists():
        raise CaptureError(f"{path} exists: choose another name with --name")
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
