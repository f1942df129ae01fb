"""Two nameless devices of a kind are told apart by what their owner set."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.miner_monitor.miners.avalon.poll import Poll
from custom_components.miner_monitor.miners.codec import dump_identity, load_identity
from custom_components.miner_monitor.miners.model import Family, MinerIdentity

from .avalon_polls import PLAIN_VERSION, POOL, Device
from .replies import GAMMA, read, without

WALLET = "bc1qexample0000000000000000000000000000wallet"
OURS, THEIRS, UNCLEAR = True, False, None


def identity(host: str | None, user: str | None) -> MinerIdentity:
    return MinerIdentity(
        family=Family.AXEOS,
        manufacturer="Bitaxe",
        model="Ultra 204",
        hostname=host,
        pool_user_hash=user,
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "seen", "whose"),
    [
        (("a", "1"), ("b", "2"), ("a", "1"), OURS),
        (("a", "1"), ("b", "2"), ("b", "2"), THEIRS),
        (("a", "1"), ("b", "2"), ("a", "3"), OURS),
        (("a", "1"), ("b", "2"), ("c", "2"), THEIRS),
        (("a", "1"), ("b", "2"), ("a", "2"), UNCLEAR),
        (("a", "1"), ("b", "2"), ("c", "3"), UNCLEAR),
        (("a", "1"), ("b", "2"), (None, None), UNCLEAR),
        (("a", "1"), ("a", "2"), ("a", "1"), OURS),
        (("a", "1"), ("a", "2"), ("a", "2"), THEIRS),
        (("a", "1"), ("a", "1"), ("a", "1"), UNCLEAR),
        (("a", None), ("b", None), ("b", None), THEIRS),
        (("a", None), (None, "1"), ("a", None), UNCLEAR),
        ((None, None), ("b", "1"), ("b", "1"), UNCLEAR),
    ],
)
def test_which_of_two_it_is(
    ours: tuple[str | None, str | None],
    theirs: tuple[str | None, str | None],
    seen: tuple[str | None, str | None],
    whose: bool | None,
) -> None:
    assert identity(*ours).rather_than(identity(*theirs), identity(*seen)) is whose


def axe(user: Any) -> MinerIdentity:
    return read(without(GAMMA, "macAddr") | {"stratumUser": user}).identity


def cgminer(user: Any) -> MinerIdentity:
    device = Device(PLAIN_VERSION)
    poll = Poll(summary={"Elapsed": 500}, pools=({**POOL, "User": user},))
    return device.answers(poll).identity


@pytest.mark.parametrize("make", [axe, cgminer])
def test_a_pool_user_marks_a_device_and_is_not_told(make: Any) -> None:
    first, second = make(f"{WALLET}.1"), make(f"{WALLET}.2")
    assert first.unique_id is None
    assert first.pool_user_hash is not None
    assert first.pool_user_hash != second.pool_user_hash
    assert make(f" {WALLET}.1").pool_user_hash == first.pool_user_hash
    assert load_identity(dump_identity(first)) == first
    assert WALLET not in str(dump_identity(first))
    assert first.pool_user_hash not in repr(first)
    for nobody in (None, "", 7, " "):
        assert make(nobody).pool_user_hash is None


def test_a_device_that_names_itself_needs_no_mark() -> None:
    named = read(GAMMA | {"stratumUser": WALLET}).identity
    assert named.unique_id is not None
    assert named.pool_user_hash is None
    assert replace(named, pool_user_hash=None) == named
