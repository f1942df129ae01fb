"""The worst readings are the ones that must not be taken for mistakes."""

from dataclasses import replace

import pytest

from custom_components.miner_monitor.insight.model import InsightOptions
from custom_components.miner_monitor.insight.plausible import Gate
from custom_components.miner_monitor.miners.model import (
    Limits,
    MinerState,
    MinerStatus,
)
from custom_components.miner_monitor.miners.restarts import UNTOLD

WELL = MinerState(
    status=MinerStatus.HASHING,
    chip_temperature=60.0,
    chip_temperature_2=60.0,
    vr_temperature=70.0,
    hardware_error_rate=0.3,
)


@pytest.mark.parametrize(
    ("name", "worst"),
    [
        ("chip_temperature", 149.0),
        ("chip_temperature_2", 149.0),
        ("vr_temperature", 180.0),
        ("hardware_error_rate", 340.0),
    ],
)
def test_the_worst_reading_is_believed_when_it_stays(name: str, worst: float) -> None:
    gate = Gate(Limits(), InsightOptions())
    bad = replace(WELL, **{name: worst})
    told = [
        getattr(gate.admit(state, 15.0 * place, UNTOLD, None), name)
        for place, state in enumerate([WELL, bad, bad, bad])
    ]
    assert told[-1] == worst
