"""Nothing a device may say makes the parser raise, or report a number that is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
import json
import math
import time
from types import UnionType
from typing import Any, TypeAliasType, get_args, get_origin, get_type_hints

from hypothesis import given, strategies as st
import pytest

from custom_components.miner_monitor.miners import MinerResponseError
from custom_components.miner_monitor.miners.avalon.memory import DeviceMemory
from custom_components.miner_monitor.miners.avalon.poll import Poll
from custom_components.miner_monitor.miners.avalon.reply import (
    parse_commands,
    parse_reply,
)
from simulator import ManualClock, MinerSpec
from simulator.avalon.api import Api
from simulator.avalon.device import Device
from simulator.avalon.models import MODELS

from ..lengths import examples, in_time
from .avalon_replies import CAPTURES, FIXTURES


def _single(body: bytes) -> list[bytes]:
    """Take the replies to single commands out of a combined one."""
    try:
        reply = json.loads(body.rstrip(b"\0"))
    except ValueError:
        return []
    if "STATUS" in reply or "summary" not in reply:
        return []
    return [json.dumps(reply[name][0]).encode() for name in reply if name != "id"]


def _captured() -> list[bytes]:
    """Load real replies; a blob alone becomes the reply that had it."""
    found = []
    for path in sorted(CAPTURES.glob("*.json")) + sorted(CAPTURES.glob("*.txt")):
        body = path.read_bytes()
        if path.name.endswith(".mmid.txt"):
            row = {"STATS": 0, "MM ID0": body.decode().strip()}
            status = [{"STATUS": "S", "When": 1, "Code": 70}]
            body = json.dumps({"STATUS": status, "STATS": [row]}).encode()
        found.append(body)
    return found


def _simulated() -> list[bytes]:
    """Ask each simulated model, at work and at rest, in JSON and in text."""
    found = []
    for model in sorted(MODELS):
        for standby in (False, True):
            spec = MinerSpec(name="m", model=model, seed=5, standby=standby)
            api = Api(Device(spec, ManualClock()))
            found += [
                api.answer(request).body
                for request in (
                    b'{"command":"summary+estats+pools"}',
                    b'{"command":"version"}',
                    b'{"command":"litestats"}',
                    b'{"command":"ascset","parameter":"0,help"}',
                    b"summary+estats+pools",
                )
            ]
    return found


MADE_UP = [path.read_bytes() for path in sorted(FIXTURES.iterdir())]
REPLIES = [
    *MADE_UP,
    *(single for body in MADE_UP for single in _single(body)),
    *_simulated(),
    *_captured(),
]
POLLS = [body for body in REPLIES if b"MM ID" in body or b"SUMMARY" in body]

HOSTILE = st.sampled_from(
    [
        *(b"nan", b"-nan", b"inf", b"-273", b"-1", b"1e999", b"1" + b"0" * 400, b"0"),
        *(b"", b" ", b"\0", b"[", b"]", b"{", b"}", b'"', b",", b"|", b"=", b"\\"),
        *(b"null", b"true", b"[]", b"{}", b"[[1]]", b'{"a":{}}', b"'HB1':{", b"PS["),
        *(b"\xff\xfe", "\u00e4".encode(), b"\\ud800", b"<html>", b"x" * 3000),
        *(b"MM ID1=", b'"MM ID1":"', b"STATUS=E", b"},{", b"DNA[0000000000000000]"),
        b"-9" * 200,
    ]
) | st.binary(max_size=6)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happens to bytes on their way."""

    kind: str
    start: int
    length: int
    new: bytes
    other: int


CHANGES = st.builds(
    Change,
    st.sampled_from(["put", "put", "value", "value", "drop", "cut", "splice", "flip"]),
    st.integers(0, 12_000),
    st.integers(0, 200),
    HOSTILE,
    st.integers(0, len(REPLIES) - 1),
)


def changed(body: bytes, change: Change) -> bytes:
    """Change a reply; places are taken modulo its length."""
    start = change.start % (len(body) + 1)
    match change.kind:
        case "put":
            return body[:start] + change.new + body[start:]
        case "drop":
            return body[:start] + body[start + change.length :]
        case "cut":
            return body[:start]
        case "splice":
            return body[:start] + REPLIES[change.other][start:]
        case "flip" if body:
            place = start % len(body)
            return body[:place] + bytes([change.length]) + body[place + 1 :]
        case "value":
            return _with_another_value(body, start, change.new)
    return body


def _with_another_value(body: bytes, start: int, value: bytes) -> bytes:
    """Replace what stands in the next brackets, or after the next colon."""
    opens = {b"[": b"]", b":": b",", b"=": b","}
    found = {body.find(mark, start): mark for mark in opens}
    place = min((at for at in found if at >= 0), default=-1)
    if place < 0:
        return body
    end = body.find(opens[found[place]], place)
    return body if end < 0 else body[: place + 1] + value + body[end:]


def damaged(bases: list[bytes]) -> st.SearchStrategy[bytes]:
    """Damage one of these replies, mostly a little."""

    def damage(base: bytes, changes: list[Change]) -> bytes:
        for change in changes:
            base = changed(base, change)
        return base

    return st.builds(damage, st.sampled_from(bases), st.lists(CHANGES, max_size=4))


@dataclass(frozen=True, slots=True)
class Turn:
    """What a device says in one turn; the first is one reply or several."""

    poll: list[bytes]
    version: bytes | None
    commands: bytes | None
    litestats: bytes | None


TURNS = st.builds(
    Turn,
    st.lists(damaged(POLLS), min_size=1, max_size=3),
    st.none() | damaged(REPLIES),
    st.none() | damaged(REPLIES),
    st.none() | damaged(REPLIES),
)
STORIES = st.lists(TURNS, min_size=1, max_size=3)


def sections_of(bodies: list[bytes]) -> dict[str, Any]:
    """Read the sections of all readable replies together."""
    sections: dict[str, Any] = {}
    for body in bodies:
        try:
            sections |= parse_reply(body).sections
        except MinerResponseError:
            continue
    return sections


def check_type(value: Any, hint: Any) -> None:
    """Fail on a value of another type than its field, and on numbers that are none."""
    if isinstance(hint, TypeAliasType):
        hint = hint.__value__
    if isinstance(hint, UnionType):
        assert any(_fits(value, one) for one in get_args(hint)), (value, hint)
    elif get_origin(hint) is not None:
        check_members(value, get_origin(hint), get_args(hint))
    elif hint is float:
        assert type(value) in (int, float), (value, hint)
        assert math.isfinite(value)
    elif hint in (int, bool):
        assert type(value) is hint, (value, hint)
    elif is_dataclass(hint):
        assert isinstance(value, hint)
        check_record(value)
    else:
        assert isinstance(value, hint), (value, hint)
        if isinstance(value, str):
            assert len(value) <= 300
            value.encode()


def check_members(value: Any, kind: Any, members: tuple[Any, ...]) -> None:
    """Check what a tuple, a set or a mapping holds."""
    if kind is Mapping:
        for key, item in value.items():
            check_type(key, members[0])
            check_type(item, members[1])
        return
    if kind is Sequence:
        for item in value:
            check_type(item, members[0])
        return
    assert type(value) is kind
    if kind is tuple and members[-1] is not Ellipsis:
        assert len(value) == len(members)
    else:
        members = members[:1] * len(value)
    for item, member in zip(value, members, strict=True):
        check_type(item, member)


def _fits(value: Any, hint: Any) -> bool:
    if hint is type(None):
        return value is None
    try:
        check_type(value, hint)
    except AssertionError:
        return False
    return True


HINTS: dict[type, dict[str, Any]] = {}


def check_record(record: Any) -> None:
    """Check every field of a record."""
    kind = type(record)
    assert is_dataclass(kind), record
    hints = HINTS.setdefault(kind, {}) or HINTS[kind]
    if not hints:
        hints |= get_type_hints(kind)
    for member in fields(kind):
        check_type(getattr(record, member.name), hints[member.name])


def survives(story: list[Turn]) -> None:
    """Let one device say all this."""
    memory = DeviceMemory(lambda: 0.0)
    for turn in story:
        sections = sections_of(turn.poll)
        summaries = sections.get("SUMMARY", ())
        poll = Poll(
            summary=summaries[0] if summaries else {},
            stats=sections.get("STATS", ()),
            pools=sections.get("POOLS", ()),
            when=1,
        )
        memory.notice(poll)
        if turn.version is not None:
            for version in sections_of([turn.version]).get("VERSION", ())[:1]:
                memory.take_version(version)
        if turn.commands is not None:
            memory.take_commands(parse_commands(turn.commands))
        if turn.litestats is not None:
            memory.take_litestats(sections_of([turn.litestats]).get("STATS", ()))
        try:
            reading = memory.read(poll)
        except MinerResponseError:
            continue
        check_record(reading)


@pytest.mark.timeout(3600)
@examples(50, 100_000)
@given(story=STORIES)
@in_time
def test_damaged_replies(story: list[Turn]) -> None:
    survives(story)


@examples(50, 500)
@given(body=st.binary(max_size=300))
def test_any_bytes(body: bytes) -> None:
    survives([Turn([body], body, body, body)])


BLOBS = {
    "one word": "a" * 200_000,
    "words": "a " * 100_000,
    "brackets that never close": "ADJ[" * 50_000,
    "items": "".join(f"K{number}[1] " for number in range(20_000)),
    "one item": "A[1] " * 40_000,
    "a long list": "PS[" + "1 " * 100_000 + "]",
    "chips": "PVT_T0[" + "55 " * 60_000 + "]",
    "dashes": "ATA0[" + "-" * 200_000 + "]",
    "a version": "Ver[" + "-a" * 100_000 + "]",
    "a name": "DNA[" + "0" * 200_000 + "]",
    "digits": "GHSspd[" + "9" * 200_000 + "]",
    "boards": "'HB0':" * 33_000,
}


@pytest.mark.parametrize("key", ["MM ID0", "HBinfo"])
@pytest.mark.parametrize("name", BLOBS)
def test_no_blob_takes_long(name: str, key: str) -> None:
    row = {"MM ID0": "Ver[Q-1] DNA[0201000012340005] STATE[1]", key: BLOBS[name]}
    body = json.dumps({"STATUS": [{"STATUS": "S"}], "STATS": [row]}).encode()
    start = time.process_time()
    survives([Turn([body], MADE_UP[-1], None, body)])
    assert time.process_time() - start < 0.5


def test_undamaged_replies_are_read() -> None:
    """So that the others fail for their damage."""
    for body in [*MADE_UP, *_simulated()]:
        reply = parse_reply(body)
        assert reply.sections or parse_commands(body) or reply.failed
    assert sum(b"MM ID" in body for body in POLLS) >= 30


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (True, int),
        ("1", float),
        (math.nan, float),
        (math.inf, float | None),
        ((1.0, None), tuple[float, ...]),
        ("\ud800", str),
        (1.5, int | None),
        ({"a": [1]}, Mapping[str, float]),
    ],
)
def test_the_check_finds_wrong_types(value: Any, hint: Any) -> None:
    with pytest.raises((AssertionError, UnicodeError)):
        check_type(value, hint)
