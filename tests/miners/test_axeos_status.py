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
FULL_FAN = {"autofanspeed": 0, "manualFanSpeed": 100, "fanspeed": 100}
UNUSED = OFF | FULL_FAN
RAMPING = GAMMA_214 | STILL
FROZEN = {"hashRate": 0, "expectedHashrate": 0, "temp": 80.25, "vrTemp": 97}
COOLING = GAMMA_214 | FROZEN | FULL_FAN
SUPRA_214 = GAMMA_214 | {"boardVersion": "401", "vrTemp": 0}
SUPRA_OFF = SUPRA_214 | OFF_214 | FULL_FAN
HOT_212 = GAMMA | FULL_FAN | {"overheat_mode": 1, "temp": 77.5}
DEAD = GAMMA_214 | {"hashRate": 0, "temp": -1, "uptimeSeconds": 0}
UNPOWERED = GAMMA | {"coreVoltageActual": 0, "current": 0, "power": 5}
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
        # overheated: 2.14 forces the fan, hides its flag, and tells what it told last
        (COOLING, OVERHEATED),
        (COOLING | {"temp": 75}, OVERHEATED),
        (COOLING | {"temp": 60, "vrTemp": 106}, OVERHEATED),
        (COOLING | {"temp": 60, "temp2": 76}, OVERHEATED),
        (COOLING | {"uptimeSeconds": 59}, OVERHEATED),
        (COOLING | NO_POOL, OVERHEATED),
        (COOLING | {"miningPaused": True}, PAUSED),
        (COOLING | {"hashRate": 1000}, HASHING),
        # the same without heat, or under another fan: the chips are off for another
        # reason, and only the lack of a pool is one
        (COOLING | {"temp": 60, "vrTemp": 80}, POOL_LOST),
        (COOLING | {"coreVoltageActual": 0}, POOL_LOST),
        (COOLING | {"autofanspeed": 1}, POOL_LOST),
        (COOLING | {"manualFanSpeed": 90}, POOL_LOST),
        (COOLING | {"fanspeed": 30}, POOL_LOST),
        (COOLING | {"expectedHashrate": 1071}, IDLE),
        (without(COOLING, "miningPaused"), IDLE),
        # no pool since 2.14: the chips are off, the text is that of the last one
        (OFF, POOL_LOST),
        (OFF | {"poolConnectionInfo": "IPv6 (TLS)"}, POOL_LOST),
        (OFF | {"poolConnectionInfo": "?"}, POOL_LOST),
        (without(OFF, "poolConnectionInfo"), POOL_LOST),
        (UNUSED, POOL_LOST),
        (SUPRA_OFF, POOL_LOST),
        (OFF | {"uptimeSeconds": 59}, STARTING),
        (OFF | {"uptimeSeconds": 60}, POOL_LOST),
        (OFF | {"hardware_fault": "x"}, FAULT),
        (OFF | {"overheat_mode": 1}, OVERHEATED),
        # no core voltage: NerdOS has no flag, and only heat is a proof of heat
        (NERD_OFF, FAULT),
        (NERD_OFF | {"hashRate": 4000}, FAULT),
        (NERD_OFF | {"temp": 65}, OVERHEATED),
        (NERD_OFF | {"vrTemp": 68}, OVERHEATED),
        (NERD | {"coreVoltageActual": 3}, HASHING),
        (NERD_OFF | {"coreVoltageActual": 1150, "uptimeSeconds": 700}, IDLE),
        (NERD_OFF | {"uptimeSeconds": 59}, STARTING),
        (without(NERD_OFF, "coreVoltageActual"), IDLE),
        (without(NERD_OFF, "shutdown"), FAULT),
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
        (RAMPING, IDLE),
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
            [(0, PAUSE), (15, OFF), (300, RAMPING), (299, RAMPING), (2, RAMPING)],
            [PAUSED, STARTING, STARTING, STARTING, IDLE],
        ),
        # once it has hashed it is awake
        (
            [(0, PAUSE), (15, OFF), (15, GAMMA_214), (15, RAMPING)],
            [PAUSED, STARTING, HASHING, IDLE],
        ),
        # it never rested
        ([(0, GAMMA_214), (15, RAMPING)], [HASHING, IDLE]),
        # it rests again
        (
            [(0, PAUSE), (15, OFF), (15, PAUSE), (590, PAUSE), (20, OFF)],
            [PAUSED, STARTING, PAUSED, PAUSED, STARTING],
        ),
        # it wakes up without a pool, under a fan that its owner set to 100 %
        (
            [(0, UNUSED | {"miningPaused": True}), (15, UNUSED), (60, UNUSED)],
            [PAUSED, STARTING, POOL_LOST],
        ),
        # its pool is lost at once, stays lost, and comes back
        (
            [(0, GAMMA_214), (15, OFF), (900, OFF), (15, RAMPING), (15, GAMMA_214)],
            [HASHING, POOL_LOST, POOL_LOST, STARTING, HASHING],
        ),
        ([(0, GAMMA_214), (15, OFF), (15, RAMPING)], [HASHING, POOL_LOST, STARTING]),
        # its pools need a moment, but not ten minutes
        (
            [(0, PAUSE), (15, OFF | NO_POOL), (60, OFF | NO_POOL)],
            [PAUSED, STARTING, POOL_LOST],
        ),
        # overheating that ends, with what is left of it in the settings
        (
            [
                (0, GAMMA_214),
                (15, COOLING),
                (15, COOLING | {"vrTemp": 80}),
                (15, RAMPING | FULL_FAN),
                (15, GAMMA_214 | FULL_FAN),
            ],
            [HASHING, OVERHEATED, OVERHEATED, STARTING, HASHING],
        ),
        (
            [(0, GAMMA | OFF_214 | {"overheat_mode": 1}), (15, GAMMA | OFF_214)],
            [OVERHEATED, STARTING],
        ),
        # the flag shows itself when it has cooled down
        (
            [
                (0, COOLING),
                (15, COOLING | {"overheat_mode": 1}),
                (15, RAMPING | FULL_FAN),
                (15, GAMMA_214 | FULL_FAN),
            ],
            [OVERHEATED, OVERHEATED, STARTING, HASHING],
        ),
        # boards that tell nothing while they cool down: what was before it decides
        (
            [(0, SUPRA_214 | {"temp": 71}), (15, SUPRA_OFF), (15, SUPRA_OFF)],
            [HASHING, OVERHEATED, OVERHEATED],
        ),
        (
            [(0, SUPRA_214 | FULL_FAN | {"temp": 71}), (15, SUPRA_OFF)],
            [HASHING, OVERHEATED],
        ),
        (
            [(0, SUPRA_214 | FULL_FAN | {"temp": 60}), (15, SUPRA_OFF)],
            [HASHING, POOL_LOST],
        ),
        (
            [(0, SUPRA_214), (15, SUPRA_OFF), (15, SUPRA_OFF)],
            [HASHING, OVERHEATED, OVERHEATED],
        ),
        # 2.12 shows its flag at once and freezes its rate
        (
            [(0, GAMMA), (15, HOT_212), (15, HOT_212), (15, GAMMA)],
            [HASHING, OVERHEATED, OVERHEATED, HASHING],
        ),
        # a flag that nobody cleared, beside a rate that moves
        (
            [(0, HOT_212), (15, HOT_212 | {"hashRate": 800}), (15, HOT_212 | STILL)],
            [OVERHEATED, HASHING, OVERHEATED],
        ),
        # chips that are not found: only they make the uptime count
        (
            [(0, GAMMA_214), (15, DEAD), (45, DEAD), (15, DEAD), (900, DEAD)],
            [HASHING, STARTING, STARTING, FAULT, FAULT],
        ),
        (
            [(0, DEAD), (60, DEAD), (15, GAMMA_214 | {"uptimeSeconds": 1})],
            [STARTING, FAULT, HASHING],
        ),
        ([(0, DEAD), (60, DEAD | {"hashRate": 1})], [STARTING, HASHING]),
        ([(0, DEAD), (60, DEAD | {"miningPaused": True})], [STARTING, PAUSED]),
        ([(0, DEAD), (60, DEAD | {"overheat_mode": 1})], [STARTING, OVERHEATED]),
        # neither voltage nor current, and a rate of before: twice is no mistake
        (
            [(0, GAMMA), (15, UNPOWERED), (15, UNPOWERED), (15, GAMMA)],
            [HASHING, HASHING, FAULT, HASHING],
        ),
        (
            [(0, UNPOWERED | {"voltage": 0}), (15, UNPOWERED | {"voltage": 0})],
            [HASHING, HASHING],
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
        ([(0, PAUSE), (15, RAMPING | {"version": "v2.15.0"})], [PAUSED, IDLE]),
    ],
)
def test_sequence(
    replies: list[tuple[float, dict[str, Any]]], statuses: list[MinerStatus]
) -> None:
    device = Device()
    told = [device.says(info, after=after).state.status for after, info in replies]
    assert told == statuses


@pytest.mark.parametrize(
    ("info", "status"),
    [
        (GAMMA | STILL, POOL_LOST),
        (GAMMA | STILL | {"uptimeSeconds": None}, POOL_LOST),
        (GAMMA | STILL | {"uptimeSeconds": 59}, STARTING),
        # chips that do not answer, have no voltage, or are not expected to do anything
        (GAMMA | STILL | {"temp": -1}, IDLE),
        (GAMMA | STILL | {"temp": -1, "uptimeSeconds": 599}, STARTING),
        (GAMMA | STILL | {"temp": -1, "uptimeSeconds": 600}, IDLE),
        (GAMMA | STILL | {"coreVoltageActual": 0}, IDLE),
        (GAMMA | STILL | {"expectedHashrate": 0}, IDLE),
        # other releases show it otherwise
        (without(GAMMA, "manualFanSpeed") | STILL, IDLE),
        (RAMPING, IDLE),
        # a rate that is not readable is not zero
        (GAMMA | {"hashRate": None, "hashRate_1m": 0, "hashRate_10m": 0}, IDLE),
    ],
)
def test_chips_that_answer_twice_and_count_nothing_have_no_work(
    info: dict[str, Any], status: MinerStatus
) -> None:
    """AxeOS 2.11 to 2.13 say nothing of a pool that is lost."""
    device = Device()
    device.says(info)
    assert device.says(info).state.status is status


def test_a_lone_zero_is_no_lost_pool() -> None:
    device = Device()
    told = [device.says(info).state.status for info in (GAMMA, GAMMA | STILL, GAMMA)]
    assert told == [HASHING, IDLE, HASHING]


@pytest.mark.parametrize(
    ("info", "overheating", "faults"),
    [
        (GAMMA, False, ()),
        (GAMMA | {"overheat_mode": 1}, True, ()),
        (without(GAMMA, "overheat_mode"), None, ()),
        (without(GAMMA, "overheat_mode") | {"overheat": 0}, False, ()),
        (NERD, False, ()),
        (NERD_OFF, False, ("no_core_voltage",)),
        (NERD_OFF | {"temp": 70.5}, True, ()),
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
