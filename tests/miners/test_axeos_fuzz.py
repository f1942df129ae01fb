"""Nothing a device may say makes the parser raise, or report a number that is none."""

from dataclasses import fields, is_dataclass
import json
import math
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.miner_monitor.miners import MinerResponseError
from custom_components.miner_monitor.miners.axeos.memory import DeviceMemory
from custom_components.miner_monitor.miners.axeos.reply import check_info, parse_object

from ..lengths import examples, in_time
from .replies import CAPTURES, GAMMA, GAMMA_214, NERD, OFF_214

REPLIES: list[dict[str, Any]] = [
    GAMMA,
    GAMMA_214 | OFF_214 | {"miningPaused": True},
    GAMMA_214
    | {
        "pools": [{"id": 0, "stratumURL": "a"}, {"id": 1, "stratumURL": "b"}],
        "primaryPoolIndex": 1,
        "hashrateMonitor": {"asics": [{"total": 5, "domains": [1], "errorCount": 0}]},
    },
    NERD | {"fans": [{"rpm": 1, "speedPerc": 5}], "asicTemps": [50, 51]},
    GAMMA | {"minerModel": "LV07", "voltagei": 12000, "fanSpeed": 4000},
    *(
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(CAPTURES.glob("*info*.json"))
    ),
]
ASIC: dict[str, Any] = {
    "ASICModel": "BM1370",
    "deviceModel": "Gamma",
    "asicCount": 1,
    "defaultFrequency": 525,
    "defaultVoltage": 1150,
    "frequencyOptions": [400, 525],
    "voltageOptions": [1000, 1150],
}

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**60), 10**60)
    | st.floats()
    | st.sampled_from([-1, 0, -90, 1e308, -1e308, 2**64, 5e-324])
    | st.text(max_size=20)
    | st.sampled_from(["", "nan", "inf", "1e999", "2.03 G", "0 ", "x" * 2000, "\x00"])
)
DEEP = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["asics", "pools", "connected", "id", "total", "domains", "message"]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@st.composite
def mutated(draw: st.DrawFn, base: dict[str, Any]) -> dict[str, Any]:
    """Change, drop, rename and add keys."""
    reply = dict(base)
    keys = sorted(reply)
    for key in draw(st.lists(st.sampled_from(keys), max_size=8)):
        reply[key] = draw(DEEP)
    for key in draw(st.lists(st.sampled_from(keys), max_size=4)):
        reply.pop(key, None)
    for key in draw(st.lists(st.sampled_from(keys), max_size=2)):
        if key in reply:
            reply[draw(st.sampled_from([key.lower(), key.upper(), key + "_1m"]))] = (
                reply.pop(key)
            )
    return reply | draw(st.dictionaries(st.text(max_size=10), DEEP, max_size=2))


@st.composite
def bodies(draw: st.DrawFn, base: dict[str, Any]) -> bytes:
    """Encode a mutated reply, now and then damaged on the way."""
    body = json.dumps(draw(mutated(base)), ensure_ascii=draw(st.booleans())).encode(
        "utf-8", "surrogatepass"
    )
    damage = draw(st.sampled_from(["none"] * 8 + ["cut", "flip", "nest"]))
    place = draw(st.integers(0, len(body) - 1))
    if damage == "cut":
        return body[:place]
    if damage == "flip":
        return body[:place] + bytes([draw(st.integers(0, 255))]) + body[place + 1 :]
    if damage == "nest":
        depth = draw(st.integers(1, 3000))
        return b'{"temp":' + b"[" * depth + b"]" * depth + b"," + body[1:]
    return body


STORIES = st.sampled_from(REPLIES).flatmap(
    lambda base: st.tuples(
        st.lists(bodies(base), min_size=1, max_size=3),
        st.none() | mutated(ASIC),
    )
)


def check_values(value: Any) -> None:
    """Fail on any number that is not finite, and on text no encoder takes."""
    if isinstance(value, float):
        assert math.isfinite(value)
    elif isinstance(value, str):
        assert len(value) <= 300
        value.encode()
    elif is_dataclass(value):
        for member in fields(value):
            check_values(getattr(value, member.name))
    elif isinstance(value, tuple | frozenset):
        for item in value:
            check_values(item)
    elif hasattr(value, "values"):
        for item in value.values():
            check_values(item)


def survives(bodies_of_one_device: list[bytes], asic: dict[str, Any] | None) -> None:
    """Let one device say all this."""
    memory = DeviceMemory(lambda: 0.0)
    for body in bodies_of_one_device:
        try:
            info = parse_object(body)
            check_info(info)
        except MinerResponseError:
            continue
        if memory.notice(info) and asic is not None:
            memory.take_presets(asic)
        reading = memory.read(info)
        check_values(reading.state)
        check_values(reading.identity)
        json.dumps(info, allow_nan=True).encode()


@pytest.mark.timeout(3600)
@examples(50, 100_000)
@given(story=STORIES)
@in_time
def test_mutated_replies(story: tuple[list[bytes], dict[str, Any] | None]) -> None:
    survives(*story)


@examples(50, 500)
@given(body=st.binary(max_size=300))
def test_any_bytes(body: bytes) -> None:
    survives([body], None)
