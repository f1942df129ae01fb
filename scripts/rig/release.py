"""What a release consists of: a version, its notes, and the archive that HACS loads.

python -m scripts.rig.release [TAG]

Without a tag it makes the same for the version in the manifest, as a trial. The archive
and the notes are left in `.artifacts/`; a tag that does not fit ends it. It needs
nothing but Python.
"""

import json
from pathlib import Path
import re
import sys
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

REPOSITORY = Path(__file__).resolve().parents[2]
DOMAIN = "miner_monitor"
PACKAGE = REPOSITORY / "custom_components" / DOMAIN
ARTIFACTS = REPOSITORY / ".artifacts"
ARCHIVE = ARTIFACTS / f"{DOMAIN}.zip"
NOTES = ARTIFACTS / "release-notes.md"

_EPOCH = (1980, 1, 1, 0, 0, 0)
_TAG = re.compile(r"v(\d+\.\d+\.\d+(?:[ab]\d+|rc\d+)?)")


class ReleaseError(Exception):
    """The repository is not as a release needs it."""


def version_of(tag: str | None) -> str:
    """Return the version of the manifest; a tag has to name the same."""
    manifest = json.loads((PACKAGE / "manifest.json").read_text(encoding="utf-8"))
    version = str(manifest["version"])
    if tag is None:
        return version
    found = _TAG.fullmatch(tag)
    if found is None:
        raise ReleaseError(f"{tag} is no tag of a version, such as v{version}")
    if found[1] != version:
        raise ReleaseError(f"the tag is {tag}, the manifest has {version}")
    return version


def notes_of(version: str, changelog: str, *, trial: bool) -> str:
    """Return what the changelog says of a version; a trial takes what is unreleased."""
    sections: dict[str, str] = dict(
        re.findall(r"(?ms)^## \[([^\]]+)\][^\n]*\n(.*?)(?=^## |\Z)", changelog)
    )
    name = version if version in sections or not trial else "Unreleased"
    if not (text := sections.get(name, "").strip()):
        raise ReleaseError(f"CHANGELOG.md has nothing under [{name}]")
    return text + "\n"


def linked(notes: str, tag: str) -> str:
    """Return notes whose links lead into the repository from any page."""
    manifest = json.loads((PACKAGE / "manifest.json").read_text(encoding="utf-8"))
    base = f"{manifest['documentation']}/blob/{tag}/"
    return re.sub(r"\]\((?![a-z]+:|#)", f"]({base}", notes)


def pack(package: Path, archive: Path) -> list[str]:
    """Write the archive, the same bytes for the same files; return their names."""
    files = sorted(
        path
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    names = [path.relative_to(package).as_posix() for path in files]
    with ZipFile(archive, "w", ZIP_DEFLATED) as out:
        for path, name in zip(files, names, strict=True):
            out.writestr(
                ZipInfo(name, _EPOCH), path.read_bytes(), compress_type=ZIP_DEFLATED
            )
    return names


def main(arguments: list[str]) -> int:
    """Make the archive and the notes."""
    tag = arguments[0] if arguments else None
    ARTIFACTS.mkdir(exist_ok=True)
    try:
        version = version_of(tag)
        changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
        notes = notes_of(version, changelog, trial=tag is None)
    except ReleaseError as err:
        print(f"No release: {err}", file=sys.stderr)
        return 1
    NOTES.write_text(linked(notes, f"v{version}"), encoding="utf-8")
    names = pack(PACKAGE, ARCHIVE)
    print(f"{version}: {len(names)} files, {ARCHIVE.stat().st_size // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
