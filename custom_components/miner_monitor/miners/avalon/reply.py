"""Bytes of the cgminer API to the rows they hold, and what became of a command."""

from collections.abc import Mapping
import re
from typing import NamedTuple

import orjson

from ..errors import (
    ErrorReason,
    MinerBusyError,
    MinerCommandError,
    MinerCutOffError,
    MinerResponseError,
    Outcome,
)
from ..values import sentence
from .poll import NOTHING, Row
from .repair import (
    STATUS,
    BrokenReplyError,
    load_leniently,
    salvaged_sections,
    split_text,
    whole_blobs,
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


class Status(NamedTuple):
    """What a device says of its reply."""

    letter: str
    code: int | None
    message: str

    @property
    def denied(self) -> bool:
        """Whether it says in words that are known that it did not obey."""
        return (
            self.letter in _FAILURES
            or self.code in _FAILURE_CODES
            or (self.letter == "I" and _ADVICE.search(self.message) is not None)
        )

    @property
    def refused(self) -> bool:
        """Whether a command was not carried out; "I" stands for both outcomes."""
        if self.letter == "S":
            return False
        succeeded = self.letter == "I" and _SUCCESS.search(self.message) is not None
        return self.denied or not succeeded


class Reply(NamedTuple):
    """The rows of a reply by kind: SUMMARY, STATS, POOLS, VERSION, LCD, DEVS.

    ``combined`` is a reply to several commands, whose failed ones have no rows;
    ``said`` are the statuses of the others, ``refused`` those of the failed ones.
    ``cut``: the end of the reply is missing.
    """

    sections: Mapping[str, tuple[Row, ...]]
    said: tuple[Row, ...] = ()
    refused: tuple[Row, ...] = ()
    combined: bool = False
    cut: bool = False

    @property
    def _first(self) -> Row:
        """The status of the first command that did not fail, or the first at all."""
        said = self.said or self.refused
        return said[0] if said else NOTHING

    @property
    def status(self) -> Status | None:
        """What the device says of the reply."""
        if not (row := self._first):
            return None
        message = row.get("Msg")
        return Status(
            letter=str(row.get("STATUS"))[:1],
            code=_whole_number(row.get("Code")),
            message=message[:_LONGEST_MESSAGE] if isinstance(message, str) else "",
        )

    @property
    def failed(self) -> bool:
        """Whether the device did not understand or not allow it."""
        return bool(self.refused) and not self.said

    @property
    def poolless(self) -> bool:
        """Whether the device says that it has no pools."""
        return any(
            row.get("STATUS") in _FAILURES and row.get("Code") in _NO_POOLS
            for row in self.refused
        )

    @property
    def when(self) -> int | None:
        """The device's clock at the reply."""
        return _whole_number(self._first.get("When"))

    def rows(self, kind: str) -> tuple[Row, ...]:
        """Return the rows of one kind, none if the section failed."""
        return self.sections.get(kind, ())

    def row(self, kind: str) -> Row:
        """Return the first row of one kind."""
        rows = self.sections.get(kind)
        return rows[0] if rows else NOTHING


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
    said: list[Row] = []
    refused: list[Row] = []
    sections: dict[str, tuple[Row, ...]] = {}
    for part in map(_first_row, reply.values()) if combined else (reply,):
        status = _first_row(part.get("STATUS"))
        if _has_failed(status):
            refused.append(status)
            continue
        if status:
            said.append(status)
        for kind in part:
            if kind in _KINDS:
                sections[kind] = _rows(part[kind])
    if not (sections or said or refused):
        raise MinerResponseError("no reply of the API")
    return Reply(sections, tuple(said), tuple(refused), combined)


def _first_row(value: object) -> Row:
    """Return what a list of rows begins with."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return value[0]
    return NOTHING


def _rows(value: object) -> tuple[Row, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(
        [
            row
            if _SCALARS.issuperset(map(type, row.values()))
            # No device nests anything in a row.
            else {key: row[key] for key in row if type(row[key]) in _SCALARS}
            for row in value[:_ROWS_AT_MOST]
            if type(row) is dict
        ]
    )


def _has_failed(status: Row) -> bool:
    return status.get("STATUS") in _FAILURES or status.get("Code") in _FAILURE_CODES


def _whole_number(value: object) -> int | None:
    """Read a code or a time, from JSON or text."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value) if len(value) < 20 else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < 1e18 else None


def _from_text(text: str) -> Reply:
    sections, cut = split_text(text)
    statuses = sections.pop(STATUS, ())
    refused = tuple(filter(_has_failed, statuses))
    said = tuple(row for row in statuses if row and not _has_failed(row))
    kept = {kind: tuple(rows[:_ROWS_AT_MOST]) for kind, rows in sections.items()}
    return Reply(kept, said, refused, text.startswith("CMD="), cut)


def _salvaged(text: str) -> Reply:
    """Take the whole sections and blobs of what is broken beyond repair."""
    sections = {
        kind: _rows(rows) for kind, rows in salvaged_sections(text, _KINDS).items()
    }
    if not sections.get("STATS"):
        blobs = whole_blobs(text)
        if not blobs:
            if text.startswith("{"):
                raise BrokenReplyError("no readable JSON", cut=_is_cut(text))
            raise MinerResponseError(
                "no reply of the API" if text else "an empty reply"
            )
        sections["STATS"] = (blobs,)
    return Reply(sections, combined="SUMMARY" in sections, cut=_is_cut(text))


def _is_cut(text: str) -> bool:
    return text.startswith("{") and text.count("{") > text.count("}")


def check_command_result(body: bytes, *, may_be_silent: bool) -> None:
    """Raise unless the device says that it took a command.

    What says nothing, or not to its end, may come from a device that took it.
    """
    status: Status | None = None
    said = bool(body.strip(_PADDING))
    try:
        status = parse_reply(body).status if said else None
    except MinerResponseError as err:
        said = False
        if not (isinstance(err, BrokenReplyError) and err.cut):
            err.outcome = Outcome.UNKNOWN
            raise
    if status is None and said:
        raise MinerResponseError(
            "the reply to a command has no status", outcome=Outcome.UNKNOWN
        )
    if status is None:
        if may_be_silent:
            return
        raise MinerCutOffError(
            "the reply to a command is missing or incomplete", outcome=Outcome.UNKNOWN
        )
    if status.refused:
        word = sentence(status.message) or f"code {status.code}"
        outcome = Outcome.REFUSED if status.denied else Outcome.UNKNOWN
        if _NOT_NOW.search(status.message):
            raise MinerBusyError(f"not now: {word}", outcome=outcome)
        raise MinerCommandError(
            f"refused: {word}", outcome=outcome, reason=ErrorReason.REJECTED
        )
