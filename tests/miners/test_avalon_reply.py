"""Bytes of the cgminer API to rows."""

import json
import time
from typing import Any

import pytest

from custom_components.miner_monitor.miners import MinerResponseError
from custom_components.miner_monitor.miners.avalon.repair import BrokenReplyError
from custom_components.miner_monitor.miners.avalon.reply import (
    parse_commands,
    parse_reply,
)

from .avalon_replies import made_up

STATUS = '"STATUS":[{"STATUS":"S","When":17,"Code":11,"Msg":"Summary"}]'
DENIED = '"STATUS":[{"STATUS":"E","When":17,"Code":45,"Msg":"Access denied"}]'
BLOB = (
    "Ver[Q-1] SYSTEMSTATU[Work: In Work, Hash Board: 1] PS[0 1] ADJ[1] MPO[8] WORKMO00]"
)


def summary(row: str) -> bytes:
    return f'{{{STATUS},"SUMMARY":[{{{row}}}],"id":1}}\0'.encode()


def stats(blob: str, more: str = "") -> bytes:
    row = f'{{"STATS":0,"MM ID0":"{blob}","MM Count":1{more}}}'
    return f'{{{STATUS},"STATS":[{row}],"id":1}}\0'.encode()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ('"Elapsed":5,"MHS av":1.5', {"Elapsed": 5, "MHS av": 1.5}),
        (
            '"Elapsed":5,"Last":true,"Gone":null',
            {"Elapsed": 5, "Last": True, "Gone": None},
        ),
        ('"Elapsed":5,', {"Elapsed": 5}),
        (',"Elapsed":5', {"Elapsed": 5}),
        (
            '"A":nan,"B":-nan,"C":inf,"D":-Infinity,"E":NaN,"F":2',
            dict.fromkeys("ABCDE") | {"F": 2},
        ),
        ('"A":1e999,"B":-1e999,"F":2', {"A": None, "B": None, "F": 2}),
        (f'"A":nan,"B":1{"0" * 6000}', {"A": None, "B": None}),
        ('"A":"raw\nline","B":1', {"A": "raw\nline", "B": 1}),
        (
            '"A":"nan in the middle, nan","B":nan',
            {"A": "nan in the middle, nan", "B": None},
        ),
        ('"A":"\\ud800"', {"A": "?"}),
        ('"A":[1,2],"B":{"C":1},"D":1', {"D": 1}),
        ('"A":nan,"B":[[[[1]]]],"D":1', {"A": None, "D": 1}),
    ],
)
def test_repairs_cost_nothing_else(row: str, expected: dict[str, Any]) -> None:
    reply = parse_reply(summary(row))
    assert reply.row("SUMMARY") == expected
    assert not reply.cut
    assert reply.when == 17


@pytest.mark.parametrize(
    "damage",
    [
        lambda body: body + b"junk",
        lambda body: body + b"\0\0\n",
        lambda body: body.replace(b",", b"\0,", 1),
        lambda body: b"\0\r\n" + body,
        lambda body: body.replace(b'"id":1', b'"id":1,'),
        lambda body: body.replace(b'"MM Count"', b'"Name":"\xff\xfe","MM Count"'),
    ],
)
def test_damage_around_the_rows(damage: Any) -> None:
    reply = parse_reply(damage(stats(BLOB)))
    assert reply.row("STATS")["MM ID0"] == BLOB
    assert reply.row("STATS")["MM Count"] == 1


@pytest.mark.parametrize(
    "name", ['my "net"', "back\\slash", 'odd "],{', "tab\tnew\nline", "öä", "a]b"]
)
def test_unescaped_names_in_a_blob(name: str) -> None:
    blob = f"Ver[Q-1] SSID[{name}] ADJ[1] MPO[8] WORKMO00]"
    body = stats(blob, ',"Wait":nan')
    row = parse_reply(body).row("STATS")
    assert row == {"STATS": 0, "MM ID0": blob, "MM Count": 1, "Wait": None}


def test_rows_that_lack_a_comma_between_them() -> None:
    body = f'{{{STATUS},"STATS":[{{"STATS":0}}{{"STATS":1}}],"id":1}}'
    assert parse_reply(body.encode()).rows("STATS") == ({"STATS": 0}, {"STATS": 1})


def test_first_pool_removed() -> None:
    body = f'{{{STATUS},"POOLS":[,{{"POOL":1}}],"id":1}}'
    assert parse_reply(body.encode()).rows("POOLS") == ({"POOL": 1},)


def test_combined_reply() -> None:
    reply = parse_reply(made_up("q-poll.json"))
    assert reply.combined
    assert not reply.cut
    assert reply.when == 1763000000
    assert reply.row("SUMMARY")["Elapsed"] == 90120
    assert [row["ID"] for row in reply.rows("STATS")] == ["AVALON0", "POOL0"]
    assert reply.row("STATS")["MM ID0:Summary"].startswith("'STATS':{Ver[Q-")
    assert reply.row("STATS")["HBinfo"].startswith("'HB0':{PVT_T0[")
    assert len(reply.rows("POOLS")) == 1


@pytest.mark.parametrize("name", ["q-poll", "nano3-poll"])
def test_combined_text(name: str) -> None:
    reply = parse_reply(made_up(f"{name}.txt"))
    assert reply.combined
    assert not reply.cut
    assert reply.when == 1763000000
    assert reply.row("SUMMARY")["MHS av"]
    row = reply.row("STATS")
    assert row["MM Count"] == "1"
    assert row["Nonce Mask"] == "25"
    assert reply.rows("POOLS")[0]["URL"] == "stratum+tcp://pool0.example:3333"


def test_text_says_the_same_as_json() -> None:
    text, plain = (
        parse_reply(made_up("q-poll.txt")),
        parse_reply(made_up("q-poll.json")),
    )
    for kind in ("SUMMARY", "STATS", "POOLS"):
        assert [row.keys() for row in text.rows(kind)] == [
            row.keys() for row in plain.rows(kind)
        ]
    for key in ("MM ID0:Summary", "HBinfo"):
        assert text.row("STATS")[key] == plain.row("STATS")[key]
    for key, value in text.row("SUMMARY").items():
        assert float(value) == pytest.approx(plain.row("SUMMARY")[key])


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        (
            "STATUS=S,Code=22|VERSION,PROD=Avalon Q,MAC=|",
            "VERSION",
            {"PROD": "Avalon Q", "MAC": ""},
        ),
        (
            r"STATUS=S,Code=7|POOL=0,User=a\,b\=c\|d\\,Quota=1|",
            "POOLS",
            {"POOL": "0", "User": "a,b=c|d\\", "Quota": "1"},
        ),
        (
            "STATUS=S,Code=7|POOL=0,URL=a,Height=59904",
            "POOLS",
            {"POOL": "0", "URL": "a"},
        ),
        (
            "STATUS=S|STATS=0,MM ID0=Ver[1] A[x, y=z] ADJ[1],MM Count=1|",
            "STATS",
            {"STATS": "0", "MM ID0": "Ver[1] A[x, y=z] ADJ[1]", "MM Count": "1"},
        ),
        (
            "STATUS=S|STATS=0,MM ID0=Ver[1],MM ID1=Ver[2],Nonce Mask=3|",
            "STATS",
            {"STATS": "0", "MM ID0": "Ver[1]", "MM ID1": "Ver[2]", "Nonce Mask": "3"},
        ),
        (
            "STATUS=S|STATS=0,MM ID0=Ver[1] ADJ[1] MPO[8] WORKMO",
            "STATS",
            {"STATS": "0", "MM ID0": "Ver[1] ADJ[1] MPO[8] WORKMO"},
        ),
    ],
)
def test_text(text: str, kind: str, expected: dict[str, str]) -> None:
    assert parse_reply(text.encode()).row(kind) == expected


@pytest.mark.parametrize(
    "text",
    [
        "STATUS=MM ID1=,When=1|STATS=0,MM ID0=Ver[1],MM Count=1|",
        'STATUS=S|STATS=0,"MM ID0":"Ver[2]",MM ID0=Ver[1],MM Count=1|',
        "STATUS=S|MM ID0=Ver[2]|STATS=0,MM ID0=Ver[1],MM Count=1|",
    ],
)
def test_blobs_in_odd_places_of_a_text(text: str) -> None:
    row = parse_reply(text.encode()).row("STATS")
    assert (row["MM ID0"], row["MM Count"]) == ("Ver[1]", "1")


@pytest.mark.parametrize(
    ("body", "letter", "code", "failed"),
    [
        (
            '{"STATUS":[{"STATUS":"E","When":1,"Code":14,"Msg":"Invalid command"}]}',
            "E",
            14,
            True,
        ),
        ('{"STATUS":[{"STATUS":"F","Code":99,"Msg":"x"}]}', "F", 99, True),
        ('{"STATUS":[{"STATUS":"W","Code":45,"Msg":"Access denied"}]}', "W", 45, True),
        (
            '{"STATUS":[{"STATUS":"I","Code":118,"Msg":"ASC 0 set info: x"}]}',
            "I",
            118,
            False,
        ),
        ("STATUS=E,When=1,Code=14,Msg=Invalid command|", "E", 14, True),
        ("STATUS=S,When=495,Code=119,Msg=ASC 0 set OK|", "S", 119, False),
    ],
)
def test_status(body: str, letter: str, code: int, failed: bool) -> None:
    reply = parse_reply(body.encode())
    assert reply.status is not None
    assert (reply.status.letter, reply.status.code) == (letter, code)
    assert reply.failed is failed


@pytest.mark.parametrize(
    ("letter", "code", "message", "refused"),
    [
        ("S", 119, "ASC 0 set OK", False),
        ("I", 118, "ASC 0 set info: success softoff:1", False),
        ("I", 118, "ASC 0 set info: workmode 1", False),
        ("I", 118, "ASC 0 set info: error:2 parameter error", True),
        ("I", 118, "ASC 0 set info: Unknown option: reboot", True),
        ("I", 118, "missing reboot setting", True),
        ("E", 120, "ASC 0 set failed: invalid fan value", True),
        ("E", 45, "Access denied to 'ascset' command", True),
    ],
)
def test_refusals(letter: str, code: int, message: str, refused: bool) -> None:
    body = json.dumps({"STATUS": [{"STATUS": letter, "Code": code, "Msg": message}]})
    status = parse_reply(body.encode()).status
    assert status is not None
    assert status.refused is refused


def test_a_failed_section_costs_only_itself() -> None:
    good = f'[{{{STATUS},"SUMMARY":[{{"Elapsed":5}}]}}]'
    body = f'{{"summary":{good},"estats":[{{{DENIED}}}],"pools":[{{{DENIED}}}],"id":1}}'
    reply = parse_reply(body.encode())
    assert reply.combined
    assert reply.row("SUMMARY") == {"Elapsed": 5}
    assert reply.rows("STATS") == reply.rows("POOLS") == ()
    assert not reply.failed


@pytest.mark.parametrize("name", ["nano3s-poll.json", "a1246-poll.json"])
def test_truncated_replies_give_what_is_whole_or_nothing(name: str) -> None:
    """At every length: the same rows as the whole reply has, or an error."""
    body = made_up(name).rstrip(b"\0")
    whole = parse_reply(body)
    blob = whole.row("STATS")["MM ID0"]
    outcomes = set()
    for length in range(0, len(body) - 1, 7):
        try:
            reply = parse_reply(body[:length])
        except MinerResponseError as err:
            outcomes.add(type(err))
            continue
        outcomes.add(bool(reply.rows("POOLS")))
        assert reply.cut
        assert reply.row("SUMMARY") == whole.row("SUMMARY")
        assert blob.startswith(reply.row("STATS")["MM ID0"])
        assert "ADJ[1]" in reply.row("STATS")["MM ID0"]
        assert reply.rows("POOLS") in ((), whole.rows("POOLS"))
    assert outcomes == {MinerResponseError, BrokenReplyError, False, True}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (made_up("q-commands.json"), {"reboot", "fan-spd", "work_mode_lvl", "help"}),
        (
            b"STATUS=I,Code=118,Msg=ASC 0 set info: help|led|reboot|,Description=x|\0",
            {"help", "led", "reboot"},
        ),
    ],
)
def test_commands(body: bytes, found: set[str]) -> None:
    assert found <= parse_commands(body)
    assert "" not in parse_commands(body)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"STATUS":[{"STATUS":"E"}]}', b"set in"]
)
def test_no_commands(body: bytes) -> None:
    assert parse_commands(body) == frozenset()


SLOW = {
    "commas": b'{"a":"' + b"," * 250_000,
    "blob starts": b"{" + b'"MM ID0":"' * 25_000 + b"}",
    "blob ends": b'{"MM ID0":"' + b'x]", ' * 50_000 + b"}",
    "text blobs": b"STATUS=S|" + b",MM ID0=" * 30_000 + b"|",
    "bars": b"STATUS=" + b"|" * 250_000,
    "sections": b"{" + b'"SUMMARY":[' * 22_000 + b"}",
    "open lists": b'{"SUMMARY":' + b"[" * 250_000,
    "spaces": b'{"a":' + b" " * 250_000 + b"x}",
    "NaNs": b'{"a":[' + b"nan," * 60_000 + b"]}",
    "backslashes": b"STATUS=" + b"\\" * 250_000 + b"|",
    "rows": b"{" + STATUS.encode() + b',"SUMMARY":[' + b"{}," * 80_000 + b"{}]}",
    "HTML": b"<html>" * 40_000,
    "brackets": b"STATS=0,MM ID0=" + b"ADJ[" * 60_000,
}


@pytest.mark.parametrize("name", SLOW)
def test_no_reply_takes_long(name: str) -> None:
    start = time.process_time()
    try:
        reply = parse_reply(SLOW[name])
    except MinerResponseError:
        pass
    else:
        assert all(len(reply.rows(kind)) <= 100 for kind in reply.sections)
    assert time.process_time() - start < 0.5
