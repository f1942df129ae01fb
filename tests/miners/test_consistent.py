"""The numbers of a reading never contradict its status, whatever the family."""

import pytest

from custom_components.miner_monitor.miners.model import (
    Chip,
    Family,
    MinerIdentity,
    MinerReading,
    MinerState,
    MinerStatus,
)

IDENTITY = MinerIdentity(family=Family.FPGA, manufacturer="Maker", model="Any")
RESTING = [status for status in MinerStatus if status is not MinerStatus.HASHING]


def read(status: MinerStatus) -> MinerState:
    state = MinerState(
        status=status,
        hash_rate=1.1,
        hash_rate_now=1.0,
        hash_rate_1m=1.1,
        hash_rate_10m=1.2,
        hash_rate_1h=1.3,
        hash_rate_1d=1.4,
        expected_hash_rate=1.5,
        pool_connected=True,
        chips=(Chip(hash_rate=1.0, domains=(0.5, 0.5), errors=3), Chip(domains=(1.0,))),
    )
    return MinerReading(identity=IDENTITY, state=state).state


@pytest.mark.parametrize("status", RESTING)
def test_what_does_not_hash_shows_no_rate(status: MinerStatus) -> None:
    state = read(status)
    assert (state.hash_rate, state.hash_rate_now) == (0, 0)
    assert state.hash_rate_1m is state.hash_rate_10m is None
    assert state.hash_rate_1h is state.hash_rate_1d is None
    assert state.expected_hash_rate == 1.5
    assert state.chips == (
        Chip(hash_rate=0, domains=(0, 0), errors=3),
        Chip(domains=(0,)),
    )


def test_without_a_pool_none_is_connected() -> None:
    told = {status: read(status).pool_connected for status in MinerStatus}
    assert told.pop(MinerStatus.POOL_LOST) is False
    assert set(told.values()) == {True}


def test_what_hashes_is_left_as_it_is() -> None:
    state = read(MinerStatus.HASHING)
    assert (state.hash_rate, state.hash_rate_1h) == (1.1, 1.3)
    assert state.chips[0].domains == (0.5, 0.5)


def test_an_unknown_rate_stays_unknown() -> None:
    state = MinerState(status=MinerStatus.IDLE)
    assert MinerReading(identity=IDENTITY, state=state).state is state
