"""What an AxeOS or NerdOS miner is doing."""

from typing import Any

import pytest

from custom_components.miner_monitor.miners.model import MinerStatus

from .replies import GAMMA, GAMMA_214, NERD, OFF_214, Device, read, without

HASHING = MinerStatus.HASHING
STARTING = MinerStatus.STARTING
PAUSED = MinerStatus.PAUSED
STANDBY = MinerStatus.STANDBY
OVERHEATED = MinerStatus.OVERHEATED
FAULT = MinerStatus.FAULT
POOL_LOST = MinerStatus.POOL_LOST
IDLE = MinerStatus.IDLE

STILL = {"hashRate": 0}
OFF = GAMMA_214 | OFF_214
COOLING = OFF | {"autofanspeed": 0, "manualFanSpeed": 100}
NO_POOL = {"poolConnectionInfo": "Not Connected"}
NERD_OFF = NERD | {"hashRate": 0, "coreVoltageActual": 3, "power": 1.5}
NERD_NO_POOL = {"stratum": {"pools": [{"connected": False}, {"connected": False}]}}


@pytest.mark.parametrize(
    ("info", "status"),
    [
        (GAMMA, HASHING),
        (GAMMA_214, HASHING),
        (NERD, HASHING),
        # faults
        (GAMMA | {"power_fault": "VIN undervoltage"}, FAULT),
        (GAMMA_214 | {"hardware_fault": "fan controller"}, FAULT),
        (OFF | {"miningPaused": True, "hardware_fault": "x"}, FAULT),
        (GAMMA | {"overheat_mode": 1, "power_fault": "x"}, FAULT),
        (GAMMA | {"power_fault": None}, HASHING),
        (GAMMA | {"power_fault": ""}, HASHING),
        # overheated: the flag, also of a miner that goes on at 50 MHz (2.1.9-2.10)
        (GAMMA | {"overheat_mode": 1} | OFF_214, OVERHEATED),
        (GAMMA | {"overheat_mode": True}, OVERHEATED),
        (without(GAMMA, "overheat_mode") | {"overheat": 1}, OVERHEATED),
        # overheated: 2.14 forces the fan and hides its flag
        (COOLING, OVERHEATED),
        (COOLING | {"miningPaused": True}, PAUSED),
        (COOLING | {"autofanspeed": 1}, IDLE),
        (COOLING | {"manualFanSpeed": 90}, IDLE),
        (COOLING | {"temp": 40}, IDLE),
        (COOLING | {"hashRate": 1000}, HASHING),
        (COOLING | {"uptimeSeconds": 59}, STARTING),
        (COOLING | NO_POOL, POOL_LOST),
        (without(COOLING, "miningPaused"), IDLE),
        # overheated: NerdOS has no flag, only no core voltage
        (NERD_OFF, OVERHEATED),
        (NERD_OFF | {"hashRate": 4000}, OVERHEATED),
        (NERD | {"coreVoltageActual": 3}, HASHING),
        (NERD_OFF | {"coreVoltageActual": 1150, "uptimeSeconds": 700}, IDLE),
        (NERD_OFF | {"uptimeSeconds": 59}, STARTING),
        (without(NERD_OFF, "coreVoltageActual"), IDLE),
        (without(NERD_OFF, "shutdown"), OVERHEATED),
        # stopped by command
        (OFF | {"miningPaused": True}, PAUSED),
        (OFF | {"miningPaused": 1}, PAUSED),
        (OFF | {"miningPaused": True, "uptimeSeconds": 30}, PAUSED),
        (NERD_OFF | {"shutdown": True}, STANDBY),
        # pools
        (OFF | NO_POOL, POOL_LOST),
        (OFF | NO_POOL | {"uptimeSeconds": 59}, STARTING),
        (OFF | NO_POOL | {"uptimeSeconds": 60}, POOL_LOST),
        (GAMMA_214 | NO_POOL, HASHING),
        (NERD | STILL | NERD_NO_POOL, POOL_LOST),
        (NERD | NERD_NO_POOL, HASHING),
        (NERD | STILL, IDLE),
        (NERD | STILL | {"stratum": {"pools": [{}]}}, IDLE),
        (NERD | STILL | {"stratum": None}, IDLE),
        # no cause
        (GAMMA | STILL, IDLE),
        (GAMMA | STILL | {"uptimeSeconds": 599}, STARTING),
        (GAMMA | STILL | {"uptimeSeconds": 600}, IDLE),
        (GAMMA | STILL | {"uptimeSeconds": None}, IDLE),
        (GAMMA | {"uptimeSeconds": 5}, HASHING),
        # an unreadable rate
        (GAMMA | {"hashRate": "much"}, HASHING),
        (GAMMA | {"hashRate": None, "hashRate_1m": 0, "hashRate_10m": 0}, IDLE),
    ],
)
def test_single_reply(info: dict[str, Any], status: MinerStatus) -> None:
    assert read(info).state.status is status


PAUSE = OFF | {"miningPaused": True}


@pytest.mark.parametrize(
    ("replies", "statuses"),
    [
        # a woken miner may take ten minutes
        (
            [(0, PAUSE), (15, OFF), (300, OFF), (299, OFF), (2, OFF)],
            [PAUSED, STARTING, STARTING, STARTING, IDLE],
        ),
        # once it has hashed it is awake
        (
            [(0, PAUSE), (15, OFF), (15, GAMMA_214), (15, OFF)],
            [PAUSED, STARTING, HASHING, IDLE],
        ),
        # it never rested
        ([(0, GAMMA_214), (15, OFF)], [HASHING, IDLE]),
        # it rests again
        (
            [(0, PAUSE), (15, OFF), (15, PAUSE), (590, PAUSE), (20, OFF)],
            [PAUSED, STARTING, PAUSED, PAUSED, STARTING],
        ),
        # its fan is set to 100 % by the user
        (
            [(0, COOLING | {"miningPaused": True}), (15, COOLING), (60, COOLING)],
            [PAUSED, STARTING, OVERHEATED],
        ),
        # its pools need a moment, but not ten minutes
        (
            [(0, PAUSE), (15, OFF | NO_POOL), (60, OFF | NO_POOL)],
            [PAUSED, STARTING, POOL_LOST],
        ),
        # overheating that ends
        (
            [(0, GAMMA_214), (15, COOLING), (15, COOLING), (15, OFF), (15, GAMMA_214)],
            [HASHING, OVERHEATED, OVERHEATED, STARTING, HASHING],
        ),
        (
            [(0, GAMMA | OFF_214 | {"overheat_mode": 1}), (15, GAMMA | OFF_214)],
            [OVERHEATED, STARTING],
        ),
        # the flag ends before the chip is back
        (
            [(0, COOLING | {"overheat_mode": 1}), (15, COOLING), (15, GAMMA_214)],
            [OVERHEATED, STARTING, HASHING],
        ),
        # standby ends with a boot
        (
            [
                (0, NERD_OFF | {"shutdown": True}),
                (15, NERD | STILL | {"uptimeSeconds": 5}),
                (15, NERD | {"uptimeSeconds": 20}),
            ],
            [STANDBY, STARTING, HASHING],
        ),
        # a fault in between changes nothing
        (
            [(0, PAUSE), (15, OFF | {"hardware_fault": "x"}), (15, OFF)],
            [PAUSED, FAULT, STARTING],
        ),
        # another firmware starts anew
        ([(0, PAUSE), (15, OFF | {"version": "v2.15.0"})], [PAUSED, IDLE]),
    ],
)
def test_sequence(
    replies: list[tuple[float, dict[str, Any]]], statuses: list[MinerStatus]
) -> None:
    device = Device()
    told = [device.says(info, after=after).state.status for after, info in replies]
    assert told == statuses


@pytest.mark.parametrize(
    ("info", "overheating", "faults"),
    [
        (GAMMA, False, ()),
        (GAMMA | {"overheat_mode": 1}, True, ()),
        (without(GAMMA, "overheat_mode"), None, ()),
        (without(GAMMA, "overheat_mode") | {"overheat": 0}, False, ()),
        (NERD, False, ()),
        (NERD_OFF, True, ()),
        (GAMMA | {"power_fault": "VIN low"}, False, ("VIN low",)),
        (
            GAMMA | {"power_fault": 1, "hardware_fault": "fan\x00"},
            False,
            ("power_fault", "fan"),
        ),
        (GAMMA | {"power_fault": "x" * 500}, False, ("x" * 128,)),
    ],
)
def test_overheating_and_faults(
    info: dict[str, Any], overheating: bool | None, faults: tuple[str, ...]
) -> None:
    state = read(info).state
    assert state.overheating is overheating
    assert state.faults == faults
