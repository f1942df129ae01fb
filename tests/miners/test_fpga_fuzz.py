"""Nothing an exporter may say makes the parser raise, or report what is no number."""

from dataclasses import fields
import math
import re

from hypothesis import given, strategies as st
from prometheus_client.parser import text_string_to_metric_families
import pytest

from custom_components.miner_monitor.miners import MinerResponseError
from custom_components.miner_monitor.miners.fpga.parser import (
    decode,
    identity_of,
    kind_of,
    pool_rate,
    read_page,
    state_of,
)
from custom_components.miner_monitor.miners.model import MinerState

from ..lengths import examples, in_time
from . import fpga_replies as replies

REPLIES = (
    replies.ZEROX,
    replies.RB4,
    replies.RB4_BEFORE_SHARES,
    replies.NIMIQ,
    replies.NIMIQ_BEFORE_SHARES,
    replies.NIMIQ_OPEN_METRICS,
    replies.SEVERAL,
    replies.POOL,
    replies.NODE_EXPORTER,
)
VALUES = (
    st.floats().map(str)
    | st.integers(-(10**40), 10**40).map(str)
    | st.sampled_from(
        ["NaN", "+Inf", "-Inf", "1e999", "-0", "1_0", "0x1", "9" * 5000, "", "٣"]
    )
)
LINES = (
    st.text(max_size=30)
    | st.sampled_from(
        [
            "#",
            "# TYPE",
            "# HELP",
            "# TYPE hashrate",
            "# TYPE hashrate counter",
            "# TYPE hashrate stateset",
            "# TYPE hashrate nonsense",
            "# UNIT hashrate ghs",
            "# EOF",
            "hashrate{",
            "hashrate{}",
            'hashrate{card="x"',
            'hashrate{card="x",card="y"} 1',
            'hashrate{card="x"} 5 # {trace="y"} 7',
            '{"hashrate", card="x"} 1',
            'hashrate{card="' + '\\"' * 50 + '"} 1',
        ]
    )
    | st.builds('hashrate{{card="{}"}} 1'.format, st.text(max_size=9))
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Change values, splice lines of other replies in, and damage the whole."""
    lines = draw(st.sampled_from(REPLIES)).splitlines()
    others = draw(st.sampled_from(REPLIES)).splitlines()
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["value", "line", "drop", "splice", "cut"])):
            case "value":
                lines[place] = re.sub(r"\S+$", "", lines[place]) + draw(VALUES)
            case "line":
                lines.insert(place, draw(LINES))
            case "drop" if len(lines) > 1:
                del lines[place]
            case "splice":
                lines[place:place] = others[: draw(st.integers(0, len(others)))]
            case "cut":
                lines[place] = lines[place][: draw(st.integers(0, 40))]
    body = ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")
    place = draw(st.integers(0, len(body) - 1))
    match draw(st.sampled_from(["none"] * 8 + ["cut", "flip"])):
        case "cut":
            return body[:place]
        case "flip":
            return body[:place] + bytes([draw(st.integers(0, 255))]) + body[place + 1 :]
    return body


def check_state(state: MinerState) -> None:
    """Fail on any number that is not finite, or is below what it can be."""
    for field in fields(state):
        value = getattr(state, field.name)
        if isinstance(value, float | int):
            assert math.isfinite(value)
            assert value >= (-40 if field.name == "chip_temperature" else 0)


def survives(body: bytes) -> bool:
    """Read all that a reply says; tell whether it was one of an FPGA exporter."""
    try:
        page = read_page(decode(body), text_string_to_metric_families)
        rate = pool_rate(page.plain)
        kind = kind_of(page)
    except MinerResponseError:
        return False
    for card, values in page.cards.items():
        check_state(state_of(values, kind, rate))
        identity = identity_of(kind, card, has_scraper=False)
        assert identity.unit is not None
        assert 0 < len(identity.unit.encode()) <= 63 * 4
    return True


def test_unharmed_replies_are_read() -> None:
    assert [survives(text.encode()) for text in REPLIES] == [True] * 7 + [False] * 2


@pytest.mark.timeout(3600)
@examples(50, 100_000)
@given(body=bodies())
@in_time
def test_mutated_replies(body: bytes) -> None:
    survives(body)


@examples(50, 500)
@given(body=st.binary(max_size=300))
def test_any_bytes(body: bytes) -> None:
    survives(body)
