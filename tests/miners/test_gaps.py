"""What a single reading lacks, and what never is carried over."""

from dataclasses import replace

import pytest

from custom_components.miner_monitor.miners.gaps import GapBridge
from custom_components.miner_monitor.miners.model import (
    Chip,
    Fan,
    MinerSettings,
    MinerState,
    MinerStatus,
)

FULL = MinerState(
    status=MinerStatus.HASHING,
    hash_rate=1.0,
    power=18.0,
    chip_temperature=60.0,
    uptime=1000,
    shares_accepted=7,
    fans=(Fan(speed=3000, duty_cycle=50), Fan(speed=2900, duty_cycle=50)),
    chips=(Chip(hash_rate=0.5, temperature=55), Chip(hash_rate=0.5, temperature=56)),
    settings=MinerSettings(frequency=525),
)
POLL = 15.0


def bridged(*states: MinerState, seconds: float = POLL) -> list[MinerState]:
    bridge = GapBridge()
    return [
        bridge.bridged(state, 100 + seconds * place, POLL)
        for place, state in enumerate(states)
    ]


def test_every_second_reading_of_a_sensor() -> None:
    gap = replace(FULL, chip_temperature=None)
    told = bridged(*[FULL, gap] * 4)
    assert {state.chip_temperature for state in told} == {60}
    assert [state.bridged for state in told] == [(), ("chip_temperature",)] * 4


def test_two_in_a_row_are_unknown() -> None:
    gap = replace(FULL, power=None)
    told = bridged(FULL, gap, gap, FULL, gap)
    assert [state.power for state in told] == [18, 18, None, 18, 18]


def test_parts_keep_their_places() -> None:
    fans, chips = FULL.fans, FULL.chips
    gap = replace(
        FULL,
        fans=(fans[0], replace(fans[1], speed=None)),
        chips=(replace(chips[0], temperature=None, hash_rate=None), chips[1]),
    )
    told = bridged(FULL, gap)[1]
    assert (told.fans, told.chips) == (fans, chips)
    assert set(told.bridged) == {
        "fans.1.speed",
        "chips.0.hash_rate",
        "chips.0.temperature",
    }


def test_a_part_that_is_gone_stays_gone() -> None:
    told = bridged(FULL, replace(FULL, fans=FULL.fans[:1], chips=()))[1]
    assert (len(told.fans), told.chips, told.bridged) == (1, (), ())


@pytest.mark.parametrize(
    "gap",
    [
        replace(FULL, power=None, status=MinerStatus.IDLE),
        replace(FULL, power=None, uptime=5),
        replace(FULL, shares_accepted=None),
        replace(FULL, uptime=None),
        replace(FULL, settings=MinerSettings()),
    ],
    ids=["other status", "restarted", "counter", "uptime", "set point"],
)
def test_what_is_never_carried_over(gap: MinerState) -> None:
    assert bridged(FULL, gap)[1] is gap


def test_nothing_is_carried_over_a_silence() -> None:
    gap = replace(FULL, power=None)
    assert bridged(FULL, gap, seconds=3 * POLL)[1].power == 18
    assert bridged(FULL, gap, seconds=4 * POLL)[1].power is None
