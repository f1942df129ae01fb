"""Replies as cgminer prints them: JSON or text, a NUL at the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
import json
from json.encoder import encode_basestring as quoted
from typing import override

ESCAPED = str.maketrans({mark: f"\\{mark}" for mark in "\\,|="})


@dataclass(frozen=True, slots=True)
class Fixed:
    """A number with as many decimals as the firmware prints."""

    number: float
    decimals: int = 2

    @override
    def __str__(self) -> str:
        """Print the number."""
        return f"{self.number:.{self.decimals}f}"


class Raw(str):
    """A text that the firmware prints without escaping anything in it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Token:
    """Something that is printed where a value should stand."""

    text: str

    @override
    def __str__(self) -> str:
        """Print it as it is."""
        return self.text


type Value = bool | int | str | Fixed | Raw | Token
type Row = dict[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The reply to one command: its status and the rows of its section."""

    status: Row
    section: str | None = None
    rows: Sequence[Row] = ()


NAMED = frozenset({"VERSION", "SUMMARY", "CONFIG", "COIN", "CHECK", "LCD"})


def json_value(value: Value) -> str:
    """Print one value as JSON."""
    match value:
        case bool():
            return "true" if value else "false"
        case Raw():
            return f'"{value}"'
        case str():
            return quoted(value)
    return str(value)


@cache
def _json_key(name: str) -> str:
    """Print a key with the colon behind it; there are few."""
    return f"{json.dumps(name)}:"


def _json_row(row: Row) -> str:
    """Print a row as a JSON object."""
    fields = (_json_key(key) + json_value(row[key]) for key in row)
    return "{" + ",".join(fields) + "}"


def json_reply(reply: Reply) -> str:
    """Print a reply as JSON."""
    section = ""
    if reply.section is not None:
        rows = ",".join(_json_row(row) for row in reply.rows)
        section = f'"{reply.section}":[{rows}],'
    return f'{{"STATUS":[{_json_row(reply.status)}],{section}"id":1}}'


def json_joined(replies: dict[str, Reply]) -> str:
    """Print the replies to joined commands as JSON: each value is a list."""
    parts = (
        f"{json.dumps(name)}:[{json_reply(reply)}]" for name, reply in replies.items()
    )
    return "{" + ",".join(parts) + ',"id":1}'


def _text_value(value: Value) -> str:
    """Print one value as text."""
    match value:
        case bool():
            return "true" if value else "false"
        case Raw():
            return str(value)
        case str():
            return value.translate(ESCAPED)
    return str(value)


def _text_row(row: Row, name: str = "") -> str:
    """Print a row as text, with the section's name before it where it has one."""
    fields = [f"{key}={_text_value(value)}" for key, value in row.items()]
    return ",".join([name, *fields] if name else fields) + "|"


def text_reply(reply: Reply) -> str:
    """Print a reply as text."""
    name = reply.section if reply.section in NAMED else ""
    rows = "".join(_text_row(row, name or "") for row in reply.rows)
    return _text_row(reply.status) + rows


def text_joined(replies: dict[str, Reply]) -> str:
    """Print the replies to joined commands as text."""
    return "".join(f"CMD={name}|{text_reply(replies[name])}" for name in replies)
