"""The text format of the cgminer API: sections of ``key=value``, ended by bars."""

import re
from typing import NamedTuple

from .poll import Row
from .repair import (
    blob_is_whole,
    blob_places,
)

STATUS = "STATUS"
"""The kind of a section that tells how a command went."""

_KINDS = {
    STATUS: STATUS,
    "SUMMARY": "SUMMARY",
    "VERSION": "VERSION",
    "STATS": "STATS",
    "POOL": "POOLS",
    "LCD": "LCD",
    "ASC": "DEVS",
    "PGA": "DEVS",
}
_MOST_SECTIONS = 512
_MARK = "\0"
_ESCAPE = re.compile(r"\\([\\,|=])")
_HIDDEN = {0xE000 + ord(character): character for character in "\\,|="}
"""Characters of no script stand for the escaped ones while a text is split."""


class Split(NamedTuple):
    """The sections of a text by kind; ``lost_blob`` tells of one without its end."""

    sections: list[tuple[str, Row]]
    cut: bool
    lost_blob: bool


def split_text(text: str) -> Split:
    """Take a text without NULs apart; a field that may lack its end is left out."""
    masked, blobs, lost_blob = _without_blobs(text)
    *whole, rest = _ESCAPE.sub(_hidden, masked).split("|", _MOST_SECTIONS)
    cut = bool(rest.strip())
    parts = [section.split(",") for section in whole]
    if cut:
        fields = rest.split(",")
        parts.append(fields if _MARK in fields[-1] else fields[:-1])
    sections: list[tuple[str, Row]] = []
    for fields in parts:
        kind = _KINDS.get(fields[0].partition("=")[0].strip()) if fields else None
        if kind is not None:
            sections.append((kind, _row(fields, blobs)))
    return Split(sections, cut, lost_blob)


def _without_blobs(text: str) -> tuple[str, list[str], bool]:
    """Put marks in the place of blobs, which hold commas and anything else."""
    pieces: list[str] = []
    blobs: list[str] = []
    done = 0
    for start, end in blob_places(text):
        if not start[0].endswith("="):
            continue
        pieces.append(text[done : start.end()])
        blob = text[start.end() : end]
        done = len(text) if end is None else end
        if end is None and not blob_is_whole(blob):
            return "".join(pieces), blobs, True
        pieces.append(f"{_MARK}{len(blobs)}")
        blobs.append(blob)
    return "".join(pieces) + text[done:], blobs, False


def _row(fields: list[str], blobs: list[str]) -> Row:
    row: dict[str, str] = {}
    for field in fields:
        if _MARK in field:
            name, _, number = field.partition(f"={_MARK}")
            row[name.rpartition("=")[2]] = blobs[int(number)]
        elif "=" in field:
            key, _, value = field.partition("=")
            row[key] = value.translate(_HIDDEN)
    return row


def _hidden(escape: re.Match[str]) -> str:
    return chr(0xE000 + ord(escape[1]))
