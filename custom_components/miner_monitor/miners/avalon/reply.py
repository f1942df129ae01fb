"""Bytes of the cgminer API to the rows they hold, as JSON or as text."""

from collections.abc import Mapping
import re
from typing import Any, NamedTuple

import orjson

from ..errors import (
    MinerResponseError,
    Outcome,
)
from .poll import (
    NOTHING,
    Row,
)
from .repair import (
    load_leniently,
    salvaged_sections,
    whole_blobs,
)
from .text import (
    STATUS,
    split_text,
)

_PADDING = b"\0 \t\r\n"
_ROWS_AT_MOST = 100
_KINDS = frozenset(("SUMMARY", "STATS", "POOLS", "VERSION", "LCD", "DEVS"))
_NO_POOLS = (8, "8")
_SCALARS = frozenset((str, int, float, bool, type(None)))
_FAILURES = ("E", "F")
_FAILURE_CODES = (14, 45, "14", "45")
_ADVICE = re.compile(
    r"error|invalid|fail|missing|unknown|err\b|denied"
    r"|not in \(|not support|don'?t permit",
    re.IGNORECASE,
)
_SUCCESS = re.compile(r"success|\bok\b|set info", re.IGNORECASE)
_NOT_NOW = re.compile(r"calib|caling|don'?t permit|busy", re.IGNORECASE)
_LONGEST_MESSAGE = 512
_LISTED = re.compile(rb"set info: ?([\w|-]+)")

type Sections = dict[str, tuple[Row, ...]]


class Status(NamedTuple):
    """What a device says of its reply."""

    letter: str
    code: int | None
    when: int | None
    message: str

    @property
    def refused(self) -> bool:
        """Whether a command was not carried out; "I" stands for both outcomes."""
        if self.letter == "S":
            return False
        return (
            self.letter != "I"
            or self.code in _FAILURE_CODES
            or _ADVICE.search(self._text) is not None
            or _SUCCESS.search(self._text) is None
        )

    @property
    def outcome(self) -> Outcome:
        """What became of a command that was not carried out, as far as it is told.

        The device is sure only where it says so in words that are known.
        """
        sure = (
            self.letter in _FAILURES
            or self.code in _FAILURE_CODES
            or (self.letter == "I" and _ADVICE.search(self._text) is not None)
        )
        return Outcome.REFUSED if sure else Outcome.UNKNOWN

    @property
    def _text(self) -> str:
        return self.message[:_LONGEST_MESSAGE]

    @property
    def not_now(self) -> bool:
        """Whether a refused command may be taken later."""
        return _NOT_NOW.search(self._text) is not None


class Reply(NamedTuple):
    """The rows of a reply by kind: SUMMARY, STATS, POOLS, VERSION, LCD, DEVS.

    ``combined`` is a reply to several commands, whose failed ones have no rows;
    ``told`` is the status of the first command that did not fail, or the first at
    all. ``cut`` tells that the end of the reply is missing, ``poolless`` that the
    device says that it has no pools.
    """

    sections: Mapping[str, tuple[Row, ...]]
    told: Row = NOTHING
    combined: bool = False
    cut: bool = False
    poolless: bool = False

    @property
    def status(self) -> Status | None:
        """What the device says of the reply."""
        return _status_of(self.told) if self.told else None

    @property
    def failed(self) -> bool:
        """Whether the device did not understand or not allow it."""
        return _has_failed(self.told)

    @property
    def when(self) -> int | None:
        """The device's clock at the reply."""
        return _whole_number(self.told.get("When"))

    def rows(self, kind: str) -> tuple[Row, ...]:
        """Return the rows of one kind, none if the section failed."""
        return self.sections.get(kind, ())

    def row(self, kind: str) -> Row:
        """Return the first row of one kind."""
        rows = self.rows(kind)
        return rows[0] if rows else NOTHING


class BrokenReplyError(MinerResponseError):
    """A reply of the API, but beyond repair; ``cut`` if its end is missing."""

    def __init__(self, message: str, *, cut: bool = False) -> None:
        """Keep the text and the reason."""
        super().__init__(message)
        self.cut = cut


def parse_reply(body: bytes) -> Reply:
    """Read a reply to a single or a combined command."""
    try:
        reply = orjson.loads(body.rstrip(_PADDING))
    except orjson.JSONDecodeError:
        text = body.replace(b"\0", b"").strip()
        return _from_anything(text.decode("utf-8", "replace"))
    return _from_json(reply)


def parse_commands(body: bytes) -> frozenset[str]:
    """Read the answer to ``ascset|0,help``, whose bars end no text sections."""
    found = _LISTED.search(body)
    names = found[1].decode("ascii", "replace").split("|") if found else ()
    return frozenset(name for name in names if name)


def _from_anything(text: str) -> Reply:
    """Read what is no proper JSON."""
    if text.startswith(("STATUS=", "CMD=")):
        return _from_text(text)
    repaired = load_leniently(text) if text.startswith("{") else None
    return _salvaged(text) if repaired is None else _from_json(repaired)


def _from_json(reply: object) -> Reply:
    if not isinstance(reply, dict):
        raise MinerResponseError("no reply of the API")
    combined = "STATUS" not in reply and _KINDS.isdisjoint(reply)
    parts = map(_first_row, reply.values()) if combined else (reply,)
    sections: Sections = {}
    told: Row = NOTHING
    poolless = False
    for part in parts:
        status = _first_row(part.get("STATUS"))
        poolless = poolless or _has_no_pools(status)
        if not told or _has_failed(told):
            told = status or told
        if not _has_failed(status):
            for kind, rows in part.items():
                if kind in _KINDS:
                    sections[kind] = _rows(rows)
    if not told and not sections:
        raise MinerResponseError("no reply of the API")
    return Reply(sections, told, combined, poolless=poolless)


def _first_row(value: object) -> Row:
    """Return what a list of rows begins with."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return value[0]
    return NOTHING


def _rows(value: object) -> tuple[Row, ...]:
    if not isinstance(value, list):
        return ()
    return tuple([_flat(row) for row in value[:_ROWS_AT_MOST] if type(row) is dict])


def _flat(row: dict[str, Any]) -> Row:
    """Leave out what is nested; no device nests anything in a row."""
    if _SCALARS.issuperset(map(type, row.values())):
        return row
    return {key: value for key, value in row.items() if type(value) in _SCALARS}


def _has_failed(status: Row) -> bool:
    letter, code = status.get("STATUS"), status.get("Code")
    return letter in _FAILURES or code in _FAILURE_CODES


def _has_no_pools(status: Row) -> bool:
    return status.get("STATUS") in _FAILURES and status.get("Code") in _NO_POOLS


def _status_of(row: Row) -> Status:
    message = row.get("Msg")
    return Status(
        letter=str(row.get("STATUS"))[:1],
        code=_whole_number(row.get("Code")),
        when=_whole_number(row.get("When")),
        message=message if isinstance(message, str) else "",
    )


def _whole_number(value: object) -> int | None:
    """Read a code or a time, from JSON or text."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value) if len(value) < 20 else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < 1e18 else None


def _from_text(text: str) -> Reply:
    sections: dict[str, list[Row]] = {}
    told: Row = NOTHING
    poolless = False
    read = split_text(text)
    for kind, row in read.sections:
        if kind != STATUS:
            sections.setdefault(kind, []).append(row)
            continue
        poolless = poolless or _has_no_pools(row)
        if not told or _has_failed(told):
            told = row
    if read.lost_blob:
        raise BrokenReplyError("the end of the text is missing", cut=True)
    return Reply(
        {kind: tuple(rows[:_ROWS_AT_MOST]) for kind, rows in sections.items()},
        told,
        text.startswith("CMD="),
        read.cut,
        poolless,
    )


def _salvaged(text: str) -> Reply:
    """Take the whole sections and blobs of what is broken beyond repair."""
    sections = {
        kind: _rows(rows) for kind, rows in salvaged_sections(text, _KINDS).items()
    }
    if not sections.get("STATS"):
        blobs = whole_blobs(text)
        if not blobs:
            raise _unreadable(text)
        sections["STATS"] = (blobs,)
    return Reply(sections, combined="SUMMARY" in sections, cut=_is_cut(text))


def _is_cut(text: str) -> bool:
    return text.startswith("{") and text.count("{") > text.count("}")


def _unreadable(text: str) -> MinerResponseError:
    if text.startswith("{"):
        return BrokenReplyError("no readable JSON", cut=_is_cut(text))
    return MinerResponseError("no reply of the API" if text else "an empty reply")
