"""What is stored of a miner comes back the same, whoever wrote it."""

import json

import pytest

from custom_components.miner_monitor.miners.codec import dump_identity, load_identity
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
