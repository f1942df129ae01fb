"""What is stored of a miner comes back the same, whoever wrote it."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import IntEnum, StrEnum
import json
import math
from typing import Annotated, Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.miner_monitor.miners.codec import (
    Amount,
    CodecError,
    Count,
    Row,
    Within,
    dump,
    dump_identity,
    load,
    load_identity,
    load_or,
)
from custom_components.miner_monitor.miners.model import (
    Alarm,
    Capability,
    Family,
    HashRateUnit,
    Limits,
    MinerIdentity,
    Setting,
    SettingRange,
)

RICH = MinerIdentity(
    family=Family.AXEOS,
    manufacturer="Bitaxe",
    model="Gamma 601",
    firmware="v2.12.2",
    mac="e4:b0:63:00:00:01",
    model_id="601",
    board="601",
    serial="020100001a0f0000",
    unit="card1",
    hostname="bitaxe",
    chip_model="BM1370",
    chip_count=1,
    core_count=2040,
    fan_count=1,
    pool_count=2,
    hash_rate_unit=HashRateUnit.TERA,
    ratio_window=3600,
    poll_interval=30,
    capabilities=frozenset({Capability.POWER, Capability.RESTART}),
    limits=Limits(
        settings={
            Setting.FREQUENCY: SettingRange(
                minimum=100, maximum=625, step=1, options=(400, 525), default=525
            )
        },
        chip_temperature=Alarm(warn=68, critical=72),
        chip_above_target=Alarm(warn=15, critical=30),
    ),
)
POOR = MinerIdentity(family=Family.FPGA, manufacturer="Somebody", model="Something")


@pytest.mark.parametrize("identity", [RICH, POOR], ids=["rich", "poor"])
def test_round_trip(identity: MinerIdentity) -> None:
    """Through JSON and back nothing changes."""
    assert load_identity(json.loads(json.dumps(dump_identity(identity)))) == identity


def test_what_a_newer_version_wrote() -> None:
    """Unknown fields, capabilities and settings are left out."""
    data = dump_identity(RICH)
    data["colour"] = "orange"
    data["capabilities"] = [*data["capabilities"], "teleport"]
    data["limits"]["settings"]["warp"] = data["limits"]["settings"]["frequency"]

    assert load_identity(data) == RICH


def test_what_an_older_version_wrote() -> None:
    """A field that did not exist then has its default."""
    data = dump_identity(POOR)
    del data["fan_count"], data["poll_interval"]

    assert load_identity(data) == POOR


class Colour(StrEnum):
    """A closed set of texts."""

    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    """A closed set of numbers."""

    LOW = 1
    HIGH = 2


@dataclass(frozen=True, slots=True)
class Part:
    """Something small; only its name must be there."""

    name: str
    size: Amount = 1.0


@dataclass(frozen=True, slots=True)
class Whole:
    """One of each form that is stored."""

    part: Part = Part("it")
    parts: tuple[Part, ...] = ()
    row: tuple[float, float] | None = None
    colour: Colour = Colour.RED
    level: Level | None = None
    colours: frozenset[Colour] = frozenset()
    by_colour: Mapping[Colour, Part] = field(default_factory=dict)
    counts: dict[str, Count] = field(default_factory=dict)
    numbers: Annotated[list[float], Within(0, 3)] = field(default_factory=list)
    word: Annotated[str, Within(1, 8)] = "word"
    perhaps: Annotated[float | None, Within(-1, 1)] = None
    value: float | str = 0.0
    times: int = 0
    on: bool = False
    hidden: int = field(default=7, init=False)


@dataclass(frozen=True, slots=True)
class Even:
    """Refuses odd numbers by itself."""

    number: int

    def __post_init__(self) -> None:
        """Be strict."""
        if self.number % 2:
            raise ValueError(self.number)


AMOUNT: Any = Amount


@dataclass(slots=True)
class Line(Row):
    """Written as a list."""

    digits = 3

    first: Amount
    cells: Annotated[array[Amount], Within(2, 2)]
    rest: dict[str, float] = field(default_factory=dict)


KINDS = (MinerIdentity, Limits, SettingRange, Alarm, Whole, Part, Even, Line)

FULL = Whole(
    part=Part("a", 2.5),
    parts=(Part("b"), Part("c", 0.0)),
    row=(1.0, -2.0),
    colour=Colour.BLUE,
    level=Level.HIGH,
    colours=frozenset(Colour),
    by_colour={Colour.BLUE: Part("d")},
    counts={"x": 3},
    numbers=[1.0, 2.0],
    word="w",
    perhaps=-0.5,
    value="text",
    times=-4,
    on=True,
)

_NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -(10**400), 2**63])
_HOSTILE = st.recursive(
    st.none() | st.booleans() | _NUMBERS | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=9) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


def _named(kind: type) -> st.SearchStrategy[dict[str, object]]:
    """Return objects of the right names that hold anything."""
    names = [item.name for item in fields(kind)]
    return st.dictionaries(st.sampled_from(names), _HOSTILE)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@given(data=st.data())
def test_anything_is_read_or_refused(kind: type, data: st.DataObject) -> None:
    """Nothing but a CodecError comes of what somebody else wrote."""
    hostile = data.draw(_HOSTILE | _named(kind))

    try:
        found: Any = load(kind, hostile)
    except CodecError:
        return

    assert isinstance(found, kind)
    assert load(kind, json.loads(json.dumps(dump(found)))) == found


@pytest.mark.parametrize("kind", [Alarm, Whole, Part])
@settings(max_examples=40)
@given(data=st.data())
def test_round_trip_of_any_value(kind: type, data: st.DataObject) -> None:
    """What is within its bounds comes back, as an object and as a row."""
    found: Any = load(
        kind, data.draw(_named(kind)) | {"name": "n", "warn": 1, "critical": 2}
    )

    stored = json.loads(json.dumps(dump(found)))
    assert load(kind, stored) == found
    assert load(kind, list(stored.values())) == found


def test_round_trip_of_each_form() -> None:
    """Objects, rows, sets, mappings and numbers come back as they were."""
    assert load(Whole, json.loads(json.dumps(dump(FULL)))) == FULL
    assert "hidden" not in dump(FULL)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("part", {"size": 2}),
        ("part", None),
        ("parts", "bc"),
        ("row", [1.0]),
        ("row", [1.0, 2.0, 3.0]),
        ("row", [1.0, "2"]),
        ("colour", "green"),
        ("colour", ["red"]),
        ("level", 3),
        ("level", True),
        ("colours", {"red": 1}),
        ("by_colour", [["red", 1]]),
        ("counts", []),
        ("numbers", [1.0, 2.0, 3.0, 4.0]),
        ("numbers", {"a": 1}),
        ("word", ""),
        ("word", "far too long"),
        ("word", 5),
        ("perhaps", 1.5),
        ("perhaps", [0]),
        ("perhaps", "0"),
        ("value", True),
        ("value", None),
        ("times", 10**400),
        ("times", 2**63),
        ("times", math.inf),
        ("times", True),
        ("times", "1"),
        ("on", 1),
        ("on", None),
    ],
)
def test_what_cannot_be_read_takes_its_default(name: str, value: object) -> None:
    """A damaged field costs that field alone."""
    told = load(Whole, {**dump(FULL), name: value})

    assert told == replace(FULL, **{name: getattr(Whole(), name)})


@pytest.mark.parametrize("number", [math.nan, math.inf, -1, 1.1e18, 10**400, True, "1"])
def test_numbers_that_make_no_sense(number: object) -> None:
    """An amount is finite, from 0 on, and no flag or text."""
    assert load(Part, {"name": "n", "size": number}) == Part("n")
    with pytest.raises(CodecError):
        load(AMOUNT, number)


def test_rows() -> None:
    """A row is a list, and its numbers are shortened, those of arrays as well."""
    line = Line(1.2345, array("d", [2 / 3, 1e5]), {"a": 1.9999})
    stored = [1.23, [0.667, 1e5], {"a": 2.0}]

    assert dump(line) == stored
    assert dump(load(Line, stored)) == stored
    assert type(load(Line, stored).cells) is array


@pytest.mark.parametrize("cells", [[1], [1, 2, 3], [1, -1], [1, 2, "3"], "12", None])
def test_a_collection_of_another_length(cells: object) -> None:
    """What is of a fixed length is sound as a whole, or not at all."""
    with pytest.raises(CodecError):
        load(Line, [1.0, cells])


def test_items_that_cannot_be_read_are_left_out() -> None:
    """A collection keeps what is sound in it."""
    told = load(
        Whole,
        {
            "parts": [{"name": "b"}, None, {"size": 1}, ["c", 0]],
            "colours": ["blue", "green", [], None],
            "by_colour": {"blue": {"name": "d"}, "green": {"name": "e"}, "red": 5},
            "counts": {"x": 3, "y": -1, "z": 10**400},
        },
    )

    assert told.parts == (Part("b"), Part("c", 0.0))
    assert told.colours == {Colour.BLUE}
    assert told.by_colour == {Colour.BLUE: Part("d")}
    assert told.counts == {"x": 3}


def test_rows_of_another_version() -> None:
    """A shorter row leaves defaults, and what a longer one adds is left out."""
    assert load(Part, ["n"]) == Part("n")
    assert load(Part, ["n", 2, "more"]) == Part("n", 2.0)
    with pytest.raises(CodecError):
        load(Part, [])


def test_a_class_that_refuses_its_values() -> None:
    """What a class itself refuses is not read either."""
    assert load(Even, {"number": 4}) == Even(4)
    with pytest.raises(CodecError):
        load(Even, {"number": 5})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("end", [{}, []])
def test_deep_nesting(kind: type, end: object) -> None:
    """Depth is no more than one wrong value."""
    deep = end
    for _ in range(5_000):
        deep = {"part": deep, "limits": deep} if isinstance(deep, dict) else [deep]
    names = [item.name for item in fields(kind)]

    assert isinstance(load_or(kind, dict.fromkeys(names, deep), None), kind | None)
    assert load_or(tuple[Colour, ...], [deep], None) == ()


def test_a_type_that_is_not_stored() -> None:
    """Nothing is read as what no reader is known for."""
    with pytest.raises(CodecError):
        load(bytes, b"")
    assert load_or(bytes, b"", b"default") == b"default"
