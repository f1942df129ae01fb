"""Every setting of every model: one request, the miner becomes it, and it is shown."""

from collections.abc import Mapping
import re
from typing import Any

import pytest

from custom_components.miner_monitor.miners.model import Setting
from simulator import MinerSpec

from .conftest import (
    A1246,
    A1566,
    GAMMA,
    GAMMA_2,
    HEX,
    MINI_3,
    NANO_3,
    NANO_3S,
    NERD,
    SUPRA,
    ULTRA,
    Q,
    TimedBench,
)
from .handles import take_over

MINING, MODE, F, V = (
    Setting.MINING,
    Setting.WORK_MODE,
    Setting.FREQUENCY,
    Setting.CORE_VOLTAGE,
)
AUTO, FAN, LEAST_FAN, TARGET = (
    Setting.AUTO_FAN,
    Setting.FAN_DUTY_CYCLE,
    Setting.MIN_FAN_DUTY_CYCLE,
    Setting.TARGET_TEMPERATURE,
)
HEATING, LIGHT, DISPLAY, POOL = (
    Setting.HEATING_TEMPERATURE,
    Setting.LIGHT,
    Setting.DISPLAY,
    Setting.POOL,
)

type Row = tuple[Setting, Any, Any]

PAUSE, REST = "/api/system/pause", r"softoff,1:\d{10}"
AVALON_FAN: tuple[Row, ...] = (
    (AUTO, False, r"fan-spd,\d+"),
    (FAN, 70, "fan-spd,70"),
)
ROWS: Mapping[MinerSpec, tuple[Row, ...]] = {
    GAMMA: (
        (F, 490, {"frequency": 490}),
        (F, 625, {"frequency": 625}),
        (V, 1.1, {"coreVoltage": 1100}),
        (V, 1.234, {"coreVoltage": 1234}),
        (AUTO, False, {"autofanspeed": 0}),
        (FAN, 60, {"autofanspeed": 0, "manualFanSpeed": 60}),
        (LEAST_FAN, 30, {"minFanSpeed": 30}),
        (TARGET, 55, {"temptarget": 55}),
        (POOL, 1, {"useFallbackStratum": True}),
    ),
    GAMMA_2: (
        (F, 490, {"frequency": 490}),
        (V, 1.2, {"coreVoltage": 1200}),
        (AUTO, False, {"autofanspeed": 0}),
        (FAN, 60, {"autofanspeed": 0, "manualFanSpeed": 60}),
        (LEAST_FAN, 30, {"minFanSpeed": 30}),
        (TARGET, 55, {"temptarget": 55}),
        (MINING, False, PAUSE),
        (POOL, 1, {"useFallbackStratum": True}),
    ),
    HEX: (
        (F, 400, {"frequency": 400}),
        (V, 1.1, {"coreVoltage": 1100}),
        (AUTO, False, {"autofanspeed": 0}),
        (FAN, 60, {"autofanspeed": 0, "manualFanSpeed": 60}),
        (LEAST_FAN, 30, {"minFanSpeed": 30}),
        (TARGET, 55, {"temptarget": 55}),
        (MINING, False, PAUSE),
        (POOL, 1, {"primaryPoolIndex": 1, "secondaryPoolIndex": 0}),
    ),
    SUPRA: (
        (F, 400, {"frequency": 400}),
        (V, 1.1, {"coreVoltage": 1100}),
        (AUTO, False, {"autofanspeed": 0}),
        (FAN, 60, {"autofanspeed": 0, "fanspeed": 60}),
    ),
    ULTRA: (
        (F, 400, {"frequency": 400}),
        (V, 1.1, {"coreVoltage": 1100}),
        (AUTO, False, {"autofanspeed": 0}),
        (FAN, 60, {"autofanspeed": 0, "fanspeed": 60}),
    ),
    NERD: (
        (F, 500, {"frequency": 500}),
        (V, 1.12, {"coreVoltage": 1120}),
        (AUTO, False, {"autofanspeed": 0}),
        (FAN, 60, {"autofanspeed": 0, "manualFanSpeed": 60}),
        (TARGET, 50, {"pidTargetTemp": 50}),
        (MINING, False, "/api/system/shutdown"),
    ),
    NANO_3: (
        (MODE, "low", "worklevel,set,0"),
        (MINING, False, REST),
        *AVALON_FAN,
        (LIGHT, "breath", "led,setmode,3"),
        (POOL, 2, "switchpool,2"),
    ),
    NANO_3S: (
        (MODE, "low", "workmode,set,0"),
        *AVALON_FAN,
        (DISPLAY, False, "lcd,0:0"),
        (LIGHT, "breath", "ledset,3-100-100-5-0-255"),
        (POOL, 2, "switchpool,2"),
    ),
    MINI_3: (
        (MODE, "night", "work_mode_lvl,set,2,0"),
        (MODE, "heating_eco", "work_mode_lvl,set,0,-1"),
        (MINING, False, REST),
        *AVALON_FAN,
        (HEATING, 28, "limittemp,28"),
        (DISPLAY, False, "lcd,0:0"),
        (POOL, 2, "switchpool,2"),
    ),
    Q: (
        (MODE, "super", "workmode,set,2"),
        (MINING, False, REST),
        *AVALON_FAN,
        (DISPLAY, False, "lcd,0:0"),
    ),
    A1246: (
        (MODE, "normal", "workmode,0"),
        (MINING, False, "softoff"),
        *AVALON_FAN,
        (POOL, 2, "switchpool,2"),
    ),
    A1566: (
        (MODE, "normal", "workmode,0"),
        (MINING, False, "softoff"),
        *AVALON_FAN,
        (POOL, 2, "switchpool,2"),
    ),
}

CASES = [
    pytest.param(spec, *row, id=f"{spec.name}-{row[0]}-{row[1]}")
    for spec, rows in ROWS.items()
    for row in rows
]
ON_AGAIN = [
    (GAMMA_2, "/api/system/resume"),
    (HEX, "/api/system/resume"),
    (NERD, "/api/system/restart"),
    (NANO_3, r"softon,1:\d{10}"),
    (MINI_3, r"softon,1:\d{10}"),
    (Q, r"softon,1:\d{10}"),
    (A1246, r"reboot,.*"),
]


def fits(sent: object, expected: object) -> bool:
    """Compare a body, or a command with a pattern."""
    if isinstance(sent, str) and isinstance(expected, str):
        return re.fullmatch(expected, sent) is not None
    return sent == expected


@pytest.mark.parametrize("spec", ROWS, ids=lambda spec: spec.name)
async def test_every_setting_has_a_row(bench: TimedBench, spec: MinerSpec) -> None:
    """What can be set is tested, and nothing else is in the table."""
    handle = await take_over(bench, await bench.miner(spec))
    await bench.pass_time(20)

    assert set(handle.settings) == {setting for setting, _, _ in ROWS[spec]}


@pytest.mark.parametrize(("spec", "setting", "value", "request_"), CASES)
async def test_setting(
    bench: TimedBench,
    entity_registry_enabled_by_default: None,
    spec: MinerSpec,
    setting: Setting,
    value: Any,
    request_: Any,
) -> None:
    """One request that the miner understands, at most one write, and what it is."""
    handle = await take_over(bench, await bench.miner(spec))
    await bench.pass_time(20)
    writing = handle.entry.runtime_data.client.writing(setting)
    assert handle.truth(setting) != value

    took = await handle.set(setting, value)
    await bench.pass_time(30)

    (sent,) = handle.writes
    assert fits(sent, request_), sent
    assert took < 3
    assert handle.miner.flash_writes <= (len(sent) if isinstance(sent, dict) else 1)
    if writing.needs_restart:
        handle.miner.reboot()
        await bench.pass_time(400)
    elif setting is POOL:
        # An Avalon takes its time to work for another pool.
        await bench.pass_time(writing.proof)
    assert handle.truth(setting) == value
    assert handle.shown(setting) == value
    assert len(handle.writes) == 1


@pytest.mark.parametrize(
    ("spec", "request_"), ON_AGAIN, ids=[spec.name for spec, _ in ON_AGAIN]
)
async def test_mining_again(bench: TimedBench, spec: MinerSpec, request_: str) -> None:
    """What was told to rest hashes again, after one request each way."""
    handle = await take_over(bench, await bench.miner(spec))
    await bench.pass_time(20)
    await handle.set(MINING, False)
    await bench.pass_time(120)
    assert handle.miner.truth.hashing is False
    assert handle.shown(MINING) is False

    took = await handle.set(MINING, True)
    await bench.pass_time(400)

    assert took <= 10
    assert len(handle.writes) == 2
    assert fits(handle.writes[1], request_), handle.writes
    assert handle.miner.truth.hashing is True
    assert handle.shown(MINING) is True
