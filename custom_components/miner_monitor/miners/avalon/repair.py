"""Replies that are no proper JSON: broken JSON, and the text format of the API.

Every function takes time in proportion to the text, whatever it holds.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
import json
import re
from typing import Any

from ..errors import MinerResponseError
from ..lenient import decode
from .poll import Row

STATUS = "STATUS"
"""The kind of a section that reports how a command went."""

_TRIES = 16

_BLOB_START = re.compile(
    r'(?P<key>MM ID\d{1,3}(?::\w{1,20})?|HBinfo)(?:=|"\s{0,8}:\s{0,8}")'
)
_JSON_BLOB_END = re.compile(r'[\]}](?="\s{0,8}[,}\]])')
_TEXT_BLOB_END = re.compile(r"(?=,MM |,HBinfo=|,Nonce Mask=|\|)")
_LAST_ITEMS = re.compile(r"\b(MPO|ADJ)\[[^\[\]]{0,20}\]")
_SECTION = re.compile(r'"([A-Z]{4,8})"\s{0,8}:\s{0,8}(?=\[)')
_NO_NUMBER = re.compile(
    r'("\s{0,8}:\s{0,8})[-+]?(?:nan|inf(?:inity)?)%?(?=\s{0,8}[,}\]])', re.IGNORECASE
)
_COMMAS = (
    (re.compile(r"(?<=[\[{]),"), ""),
    (re.compile(r",(?=[\]}])"), ""),
    (re.compile(r"\}\{"), "},{"),
)


def load_leniently(text: str) -> object:
    """Read JSON with the known defects, tried from the likeliest on, else None."""
    for mended in _mended(text):
        value, end = decode(mended)
        if end == len(mended):
            return value
    return None


def salvaged_sections(text: str, kinds: Collection[str]) -> dict[str, Any]:
    """Take those sections whose list is whole out of a broken reply."""
    sections: dict[str, Any] = {}
    for match in islice(_SECTION.finditer(text), _TRIES):
        if match[1] in kinds and match[1] not in sections:
            rows, end = decode(text, match.end())
            if end:
                sections[match[1]] = rows
    return sections


def whole_blobs(text: str) -> dict[str, str]:
    """Take the blobs out of anything, each only if its end is there."""
    blobs: dict[str, str] = {}
    for start, end in _blob_places(text):
        blob = text[start.end() : end]
        if end is not None or _blob_is_whole(blob):
            blobs.setdefault(start["key"], blob)
    return blobs


def _blob_is_whole(blob: str) -> bool:
    """Whether a blob that nothing follows has both the items that come last."""
    return len(set(_LAST_ITEMS.findall(blob))) == 2


def _mended(text: str) -> Iterator[str]:
    text = text[: text.rfind("}") + 1]
    yield text
    text = _with_escaped_blobs(text)
    yield text
    for pattern, replacement in _COMMAS:
        text = pattern.sub(replacement, text)
    yield text
    yield _NO_NUMBER.sub(r"\1null", text)


def _with_escaped_blobs(text: str) -> str:
    """Escape what users named so that it ends the text around it."""
    return _spliced(
        text,
        (
            (start.end(), end, json.dumps(text[start.end() : end])[1:-1])
            for start, end in _blob_places(text)
            if end is not None
        ),
    )


def _spliced(text: str, changes: Iterable[tuple[int, int, str]]) -> str:
    """Put something else in some places of a text, given in their order."""
    pieces: list[str] = []
    done = 0
    for begin, end, new in changes:
        pieces += (text[done:begin], new)
        done = end
    return "".join(pieces) + text[done:]


def _blob_places(text: str) -> Iterator[tuple[re.Match[str], int | None]]:
    """Find where blobs begin and end; an end of None is missing."""
    place = 0
    for _ in range(_TRIES):
        start = _BLOB_START.search(text, place)
        if start is None:
            return
        in_text = start[0].endswith("=")
        end = (_TEXT_BLOB_END if in_text else _JSON_BLOB_END).search(text, start.end())
        yield start, end.end() if end is not None else None
        if end is None:
            return
        place = end.end()


class BrokenReplyError(MinerResponseError):
    """A reply of the API, but beyond repair; ``cut`` if its end is missing."""

    def __init__(self, message: str, *, cut: bool = False) -> None:
        """Keep the text and the reason."""
        super().__init__(message)
        self.cut = cut


_TEXT_KINDS = {
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


def split_text(text: str) -> tuple[dict[str, list[Row]], bool]:
    """Take a text without NULs apart: sections of ``key=value``, ended by bars.

    Returns the rows by kind, and whether the end is cut off; a field that may lack
    its end is left out.
    """
    masked, blobs = _without_blobs(text)
    hidden = _ESCAPE.sub(lambda escape: chr(0xE000 + ord(escape[1])), masked)
    *whole, rest = hidden.split("|", _MOST_SECTIONS)
    parts = [section.split(",") for section in whole]
    cut = bool(rest.strip())
    if cut:
        fields = rest.split(",")
        parts.append(fields if _MARK in fields[-1] else fields[:-1])
    sections: dict[str, list[Row]] = {}
    for fields in filter(None, parts):
        kind = _TEXT_KINDS.get(fields[0].partition("=")[0].strip())
        if kind is not None:
            sections.setdefault(kind, []).append(_row(fields, blobs))
    return sections, cut


def _without_blobs(text: str) -> tuple[str, list[str]]:
    """Put marks in the place of blobs, which hold commas and anything else."""
    changes: list[tuple[int, int, str]] = []
    blobs: list[str] = []
    for start, end in _blob_places(text):
        if start[0].endswith("="):
            blob = text[start.end() : end]
            if end is None and not _blob_is_whole(blob):
                raise BrokenReplyError("the end of the text is missing", cut=True)
            changes.append((start.end(), end or len(text), f"{_MARK}{len(blobs)}"))
            blobs.append(blob)
    return _spliced(text, changes), blobs


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
