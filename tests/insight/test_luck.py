"""A new best difficulty and a block are told once each, and never at a start."""

import json

import pytest

from custom_components.miner_monitor.insight.luck import Luck
from custom_components.miner_monitor.miners.model import MinerState, MinerStatus

NETWORK = 1.2e14
DAY = 86400.0

type Look = dict[str, float | None]
"""What a poll shows: best, session, blocks, and at which second."""


def look(luck: Luck, seen: Look) -> list[tuple[str, dict[str, float]]]:
    """Feed one poll; return the events."""
    blocks = seen.get("blocks")
    state = MinerState(
        status=MinerStatus.HASHING,
        best_difficulty=seen.get("best"),
        best_session_difficulty=seen.get("session"),
        blocks_found=None if blocks is None else int(blocks),
    )
    network = seen.get("network", NETWORK)
    reports = luck.observe(state, 1.8e9 + (seen.get("at") or 0.0), network)
    return [(report.event_type.value, dict(report.details)) for report in reports]


def reborn(luck: Luck, age: float) -> Luck:
    """Go through a restart of ours."""
    again = Luck()
    again.load(json.loads(json.dumps(luck.dump())))
    again.grow_old(age)
    return again


def best(difficulty: float, before: float) -> tuple[str, dict[str, float]]:
    return "new_best_difficulty", {"difficulty": difficulty, "before": before}


def block(blocks: int, difficulty: float | None = None) -> tuple[str, dict[str, float]]:
    details: dict[str, float] = {"blocks": blocks}
    if difficulty is not None:
        details["difficulty"] = difficulty
    return "block_found", details


ABOVE = 2e14


@pytest.mark.parametrize(
    ("looks", "events"),
    [
        ([{"best": 5e9}, {"best": 5e9}], []),
        ([{"best": 5e9}, {"best": 6e9}, {"best": 6e9}], [best(6e9, 5e9)]),
        ([{"best": None}, {"best": 5e9}], []),
        ([{"best": 5e9}, {"best": None}, {"best": 5e9}], []),
        ([{"best": 5e9}, {"best": 1e3}, {"best": 4e9}], []),
        ([{"best": 5e9}, {"best": 1e3}, {"best": 6e9}], [best(6e9, 5e9)]),
        ([{"blocks": 2}, {"blocks": 2}], []),
        ([{"blocks": 0}, {"blocks": 1}, {"blocks": 1}], [block(1)]),
        ([{"blocks": 1}, {"blocks": 3}], [block(2)]),
        ([{"blocks": 2}, {"blocks": None}, {"blocks": 2}], []),
        ([{"blocks": 2}, {"blocks": 0}, {"blocks": 0}], []),
        ([{"blocks": 2}, {"blocks": 0}, {"blocks": 1}], [block(1)]),
        ([{"best": ABOVE}, {"best": ABOVE}], []),
        (
            [{"best": 5e9}, {"best": ABOVE}, {"best": ABOVE}],
            [best(ABOVE, 5e9), block(1, ABOVE)],
        ),
        (
            [{"best": 9e14, "session": 1e9}, {"best": 9e14, "session": ABOVE}],
            [block(1, ABOVE)],
        ),
        ([{"session": ABOVE}, {"session": 1e3}, {"session": 2e3}], []),
        (
            [{"best": 5e9, "network": None}, {"best": ABOVE, "network": None}],
            [best(ABOVE, 5e9)],
        ),
    ],
    ids=[
        "first sight is silent",
        "a new best",
        "known late",
        "unknown between",
        "a session that began anew",
        "the best of all sessions counts",
        "blocks at first sight",
        "a block",
        "two blocks in one poll",
        "count unknown between",
        "the count fell",
        "a block after the count fell",
        "best above the network at first sight",
        "a share beat the network",
        "a session's share beat the network",
        "an old session's block",
        "nothing to compare with",
    ],
)
def test_events(looks: list[Look], events: list[tuple[str, dict[str, float]]]) -> None:
    """Sequences of polls, and all that is told of them."""
    luck = Luck()

    assert [event for seen in looks for event in look(luck, seen)] == events


@pytest.mark.parametrize(
    "looks",
    [
        [{"best": ABOVE, "blocks": 1}],
        [{"best": ABOVE, "blocks": 0}, {"best": ABOVE, "blocks": 1, "at": 15}],
        [{"best": 5e9, "blocks": 1}, {"best": ABOVE, "blocks": 1, "at": 15}],
        [
            {"best": ABOVE, "session": 1e9, "blocks": 0},
            {"best": ABOVE, "session": ABOVE, "blocks": 0, "at": 15},
            {"best": ABOVE, "session": ABOVE, "blocks": 1, "at": 30},
        ],
    ],
    ids=["at once", "the count is late", "the share is late", "three signs"],
)
@pytest.mark.parametrize("restart_after", [None, 0, 1])
def test_two_signs_of_one_block(looks: list[Look], restart_after: int | None) -> None:
    """The counter and the share may come in any order, and a restart in between."""
    luck = Luck()
    look(luck, {"best": 5e9, "session": 1e9, "blocks": 0})
    events = []
    for place, seen in enumerate(looks):
        events += look(luck, seen)
        if place == restart_after:
            luck = reborn(luck, 30)

    assert [name for name, _ in events].count("block_found") == 1
    assert luck.blocks == 1


def test_two_blocks_at_different_times() -> None:
    """What belongs to an earlier block does not swallow a later one."""
    luck = Luck()
    look(luck, {"best": 5e9, "blocks": 0})
    first = look(luck, {"best": ABOVE, "blocks": 0})
    second = look(luck, {"best": ABOVE, "blocks": 1, "at": 2 * DAY})

    assert first == [best(ABOVE, 5e9), block(1, ABOVE)]
    assert second == [block(1)]
    assert luck.blocks == 2


def test_two_blocks_within_an_hour() -> None:
    """Each has two signs; nevertheless they are two."""
    luck = Luck()
    look(luck, {"best": 5e9, "blocks": 0})
    events = [
        *look(luck, {"best": 2e14, "blocks": 0}),
        *look(luck, {"best": 2e14, "blocks": 1, "at": 15}),
        *look(luck, {"best": 3e14, "blocks": 1, "at": 600}),
        *look(luck, {"best": 3e14, "blocks": 2, "at": 615}),
    ]

    assert [e for e in events if e[0] == "block_found"] == [
        block(1, 2e14),
        block(1, 3e14),
    ]


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (600, [best(ABOVE, 5e9), block(1, ABOVE)]),
        (DAY, [best(ABOVE, 5e9), block(1, ABOVE)]),
        (DAY + 1, []),
        (float("nan"), []),
        (float("inf"), []),
    ],
)
def test_block_found_while_we_were_down(
    age: float, expected: list[tuple[str, dict[str, float]]]
) -> None:
    """It is told once after the start, if it can be called news."""
    luck = Luck()
    look(luck, {"best": 5e9, "session": 1e9, "blocks": 0})
    luck = reborn(luck, age)
    found: Look = {"best": ABOVE, "session": ABOVE, "blocks": 1}

    assert look(luck, found) == expected
    assert look(luck, found) == []
    luck = reborn(luck, 60)
    assert look(luck, found) == []
    assert luck.blocks == 1


def test_no_event_when_nothing_happened_while_we_were_down() -> None:
    """A start shows what was known before."""
    luck = Luck()
    seen: Look = {"best": ABOVE, "session": 3e9, "blocks": 2}
    look(luck, seen)

    for age in (10, 2 * DAY, 30 * DAY):
        luck = reborn(luck, age)
        assert look(luck, seen) == []
    assert luck.blocks == 2


def test_best_of_before_a_long_pause() -> None:
    """A later session's best is new only when it is better than all before."""
    luck = Luck()
    look(luck, {"best": 8e9})
    luck = reborn(luck, 3 * DAY)
    look(luck, {"best": 1e6})

    assert look(luck, {"best": 7e9}) == []
    assert look(luck, {"best": 9e9}) == [best(9e9, 8e9)]


@pytest.mark.parametrize(
    ("counts", "blocks"),
    [
        ([None], None),
        ([2], 2),
        ([2, 3], 3),
        ([1, 0, 1], 2),
        ([0, 1, 0, 0, 1, 2], 3),
        ([0, 10**12], 0),
    ],
)
def test_lasting_count(counts: list[int | None], blocks: int | None) -> None:
    """Ours goes on where the device counts from its last boot."""
    luck = Luck()
    for number, count in enumerate(counts):
        look(luck, {"blocks": count, "at": number * DAY})

    assert luck.blocks == blocks
    assert reborn(luck, 60).blocks == blocks
    assert reborn(luck, 9 * DAY).blocks == blocks


def test_lasting_count_of_a_session_counter_after_a_long_pause() -> None:
    """The lasting count never falls."""
    luck = Luck()
    look(luck, {"blocks": 3})
    luck = reborn(luck, 2 * DAY)
    look(luck, {"blocks": 0})
    assert luck.blocks == 3

    look(luck, {"blocks": 1})
    assert luck.blocks == 4


def test_a_share_counts_where_the_device_does_not() -> None:
    """A device without a counter has its block counted too."""
    luck = Luck()
    look(luck, {"best": 5e9})
    look(luck, {"best": ABOVE})

    assert luck.blocks == 1


def test_baselines_are_to_be_stored_at_once() -> None:
    """What makes an event must not be forgotten; what makes none can wait."""
    luck = Luck()
    look(luck, {"best": 5e9, "session": 1e6, "blocks": 0})
    assert luck.changed

    luck.dump()
    look(luck, {"best": 5e9, "session": 2e6, "blocks": 0})
    assert not luck.changed

    look(luck, {"best": 6e9, "session": 6e9, "blocks": 0})
    assert luck.changed
    luck.dump()
    look(luck, {"best": 6e9, "session": 6e9, "blocks": 1})
    assert luck.changed


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "x",
        {},
        {"best": float("nan"), "count": -1, "blocks": 1e300},
        {"best": True, "count": "3", "blocks": [1], "block_at": {}},
        {"best": 10**400, "count": 10**400, "counted": float("inf"), "shared": None},
        {"session_best": {"a": {"b": []}}, "block_difficulty": "1e99"},
    ],
)
def test_damaged_store(data: object) -> None:
    """What is not understood is not known, so that what is seen first is silent."""
    luck = Luck()
    luck.load(data)
    luck.grow_old(60)

    assert look(luck, {"best": 5e9, "session": 1e9, "blocks": 1}) == []
    assert look(luck, {"best": 6e9, "session": 6e9, "blocks": 2}) == [
        best(6e9, 5e9),
        block(1),
    ]
    assert luck.blocks == 2


def test_stored_small() -> None:
    """Shares and luck together have 2 KiB."""
    luck = Luck()
    look(luck, {"best": 1.2345678901e47, "session": 1.2345678901e47, "blocks": 999_999})

    assert len(json.dumps(luck.dump())) < 1024


def test_defect_3_best_difficulty_is_what_the_device_says() -> None:
    """A best difficulty that is told is never taken for 0."""
    luck = Luck()

    assert look(luck, {"best": 2.03e9}) == []
    assert look(luck, {"best": 2.5e9}) == [best(2.5e9, 2.03e9)]


def test_defect_12_a_great_share_is_no_block() -> None:
    """Only the network's difficulty makes one, however long the number is."""
    luck = Luck()
    look(luck, {"best": 5e9})

    assert look(luck, {"best": 1e12}) == [best(1e12, 5e9)]
    assert look(luck, {"best": 1.19e14}) == [best(1.19e14, 1e12)]
    assert look(luck, {"best": 1.2e14})[1:] == [block(1, 1.2e14)]
