"""Bytes of the cgminer API to the rows they hold, as JSON or as text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import re
from typing import Any, NamedTuple

import orjson

from ..errors import MinerResponseError
from .poll import Row
from .repair import load_leniently, salvaged_sections, whole_blobs
from .text import STATUS, split_text

_ROWS_AT_MOST = 100
_KINDS = frozenset(("SUMMARY", "STATS", "POOLS", "VERSION"))
_SCALARS = frozenset((str, int, float, bool, type(None)))
_FAILURES = frozenset("EF")
_FAILURE_CODES = frozenset((14, 45))
_ADVICE = re.compile(r"error|invalid|fail|missing|unknown|err\b|denied", re.IGNORECASE)
_LISTED = re.compile(rb"set info: ?([\w|-]+)")

type Sections = dict[str, tuple[Row, ...]]


class Status(NamedTuple):
    """What a device says of its reply."""

    letter: str
    code: int | None
    when: int | None
    message: str

    @property
    def failed(self) -> bool:
        """Whether the command was not understood or not allowed."""
        return self.letter in _FAILURES or self.code in _FAILURE_CODES

    @property
    def refused(self) -> bool:
        """Whether a command was not carried out; "I" stands for both outcomes."""
        if self.letter == "S":
            return False
        return self.failed or _ADVICE.search(self.message) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The rows of a reply by kind: SUMMARY, STATS, POOLS, VERSION.

    ``combined`` is a reply to several commands, whose failed ones have no rows;
    ``status`` is that of the first command that did not fail, or the first at all.
    ``cut`` tells that the end of it is missing.
    """

    sections: Mapping[str, tuple[Row, ...]]
    status: Status | None = None
    combined: bool = False
    cut: bool = False

    def rows(self, kind: str) -> tuple[Row, ...]:
        """Return the rows of one kind, none if the section failed."""
        return self.sections.get(kind, ())

    @property
    def failed(self) -> bool:
        """Whether the device did not understand or not allow it."""
        return self.status is not None and self.status.failed

    @property
    def when(self) -> int | None:
        """The device's clock at the reply."""
        return self.status.when if self.status is not None else None

    def row(self, kind: str) -> Row:
        """Return the first row of one kind."""
        rows = self.rows(kind)
        return rows[0] if rows else {}


class BrokenReplyError(MinerResponseError):
    """A reply of the API, but beyond repair; ``cut`` if its end is missing."""

    def __init__(self, message: str, *, cut: bool) -> None:
        """Keep the text and the reason."""
        super().__init__(message)
        self.cut = cut


def parse_reply(body: bytes) -> Reply:
    """Read a reply to a single or a combined command."""
    text = body.replace(b"\0", b"").strip()
    try:
        return _from_json(orjson.loads(text))
    except orjson.JSONDecodeError:
        return _from_anything(text.decode("utf-8", "replace"))


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
    if "STATUS" in reply or not _KINDS.isdisjoint(reply):
        status = _status(reply.get("STATUS"))
        return Reply(sections=_sections(reply, status), status=status)
    sections: Sections = {}
    statuses: list[Status] = []
    for part in reply.values():
        if isinstance(part, list) and part and isinstance(part[0], dict):
            status = _status(part[0].get("STATUS"))
            sections |= _sections(part[0], status)
            if status is not None:
                statuses.append(status)
    if not statuses and not sections:
        raise MinerResponseError("no reply of the API")
    return Reply(sections=sections, status=_leading(statuses), combined=True)


def _sections(part: Mapping[str, Any], status: Status | None) -> Sections:
    """Return the sections of one command's reply, none of a failed one."""
    if status is not None and status.failed:
        return {}
    return {kind: _rows(part[kind]) for kind in _KINDS if kind in part}


def _rows(value: object) -> tuple[Row, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(_flat(row) for row in value[:_ROWS_AT_MOST] if isinstance(row, dict))


def _flat(row: dict[str, Any]) -> Row:
    """Leave out what is nested; no device nests anything in a row."""
    if _SCALARS.issuperset(map(type, row.values())):
        return row
    return {key: value for key, value in row.items() if type(value) in _SCALARS}


def _status(value: object) -> Status | None:
    """Read a STATUS section, which is a list of one row."""
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return None
    return _status_of(value[0])


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


def _leading(statuses: Iterable[Status]) -> Status | None:
    statuses = list(statuses)
    good = (status for status in statuses if not status.failed)
    return next(good, statuses[0] if statuses else None)


def _from_text(text: str) -> Reply:
    sections: dict[str, list[Row]] = {}
    statuses: list[Status] = []
    read = split_text(text)
    for kind, row in read.sections:
        if kind == STATUS:
            statuses.append(_status_of(row))
        elif len(rows := sections.setdefault(kind, [])) < _ROWS_AT_MOST:
            rows.append(row)
    if read.lost_blob:
        raise BrokenReplyError("the end of the text is missing", cut=True)
    return Reply(
        sections={kind: tuple(rows) for kind, rows in sections.items()},
        status=_leading(statuses),
        combined=text.startswith("CMD="),
        cut=read.cut,
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
    cut = _is_cut(text)
    return Reply(sections=sections, combined="SUMMARY" in sections, cut=cut)


def _is_cut(text: str) -> bool:
    return text.startswith("{") and text.count("{") > text.count("}")


def _unreadable(text: str) -> MinerResponseError:
    if text.startswith("{"):
        return BrokenReplyError("no readable JSON", cut=_is_cut(text))
    return MinerResponseError("no reply of the API" if text else "an empty reply")
