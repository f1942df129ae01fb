"""A request outside of what the hardware endures cannot be put together.

Whoever asks for it and whatever the device said: this is behind all other checks.
"""

import json
import math
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.miner_monitor.miners.avalon.commands import (
    CommandContext,
    commands_for,
)
from custom_components.miner_monitor.miners.avalon.models import model_of
from custom_components.miner_monitor.miners.avalon.settings import offered
from custom_components.miner_monitor.miners.axeos.control import Known, patch_body
from custom_components.miner_monitor.miners.axeos.memory import DeviceMemory
from custom_components.miner_monitor.miners.errors import MinerCommandError, Outcome
from custom_components.miner_monitor.miners.model import Light, Setting

from .replies import GAMMA, GAMMA_214, NERD

MHZ, VOLTS = Setting.FREQUENCY, Setting.CORE_VOLTAGE
FAN, MIN_FAN = Setting.FAN_DUTY_CYCLE, Setting.MIN_FAN_DUTY_CYCLE
TARGET, POOL, AUTO = Setting.TARGET_TEMPERATURE, Setting.POOL, Setting.AUTO_FAN
ABSURD = {
    "frequencyOptions": [1, 400, 5000],
    "voltageOptions": [1, 1100, 9000],
    "absMaxFrequency": 1e9,
    "absMaxVoltage": 1e9,
}
MAX = GAMMA | {"boardVersion": "102"}
NAN, INF = math.nan, math.inf


def known(info: dict[str, Any], asic: dict[str, Any]) -> Known:
    memory = DeviceMemory()
    memory.notice(info)
    memory.take_presets(asic)
    reading = memory.read(info)
    return Known(info, reading.identity.limits)


@pytest.mark.parametrize("asic", [{}, ABSURD, {"frequencyOptions": "x"}])
@pytest.mark.parametrize(
    ("info", "setting", "good", "bad"),
    [
        (GAMMA, MHZ, (100, 525, 525.5, 1200), (99, 1201, 0, -5, 1e9)),
        (GAMMA, VOLTS, (1.0, 1.25, 1.4), (0.9, 1.401, 1150, 0)),
        (MAX, VOLTS, (0.8, 1.5), (0.79, 1.501)),
        (NERD, VOLTS, (1.01, 1.4), (0.79, 1.41)),
        (NERD, MHZ, (100, 1200), (49, 1201)),
        (GAMMA, FAN, (0, 100), (-1, 101)),
        (GAMMA, MIN_FAN, (0, 99), (-1, 101)),
        (GAMMA, TARGET, (35, 66), (34, 67)),
        (GAMMA_214, POOL, (0, 1), (-1, 2, 0.5)),
    ],
)
def test_numbers_of_an_axeos(
    info: dict[str, Any],
    asic: dict[str, Any],
    setting: Setting,
    good: tuple[float, ...],
    bad: tuple[float, ...],
) -> None:
    device = known(info, asic)
    for value in good:
        assert patch_body({setting: value}, device)
    nonsense: tuple[Any, ...] = (NAN, INF, -INF, True, "525", None, (), 10**400)
    for value in (*bad, *nonsense):
        with pytest.raises(MinerCommandError) as caught:
            patch_body({setting: value, AUTO: True}, device)
        assert caught.value.outcome is Outcome.NOT_SENT


@pytest.mark.parametrize("value", [1, 0, "on", None, 60.0])
def test_a_switch_is_on_or_off(value: Any) -> None:
    with pytest.raises(MinerCommandError):
        patch_body({AUTO: value}, known(GAMMA, {}))


ANYTHING = st.one_of(
    st.floats(), st.integers(), st.booleans(), st.text(max_size=5), st.none()
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    changes=st.dictionaries(st.sampled_from(Setting), ANYTHING, max_size=5),
    info=st.sampled_from([GAMMA, GAMMA_214, NERD, MAX]),
    asic=st.dictionaries(
        st.sampled_from(sorted(ABSURD)),
        st.one_of(ANYTHING, st.lists(ANYTHING, max_size=4)),
    ),
)
def test_no_body_is_out_of_bounds(
    changes: dict[Setting, Any], info: dict[str, Any], asic: dict[str, Any]
) -> None:
    try:
        body = patch_body(changes, known(info, asic))
    except MinerCommandError:
        return
    body = json.loads(json.dumps(body, allow_nan=False))
    assert 50 <= body.get("frequency", 500) <= 1200
    assert 800 <= body.get("coreVoltage", 1100) <= (1500 if info is MAX else 1400)
    for key in ("manualFanSpeed", "fanspeed", "minFanSpeed"):
        assert 0 <= body.get(key, 50) <= 100
    for key in ("temptarget", "pidTargetTemp"):
        assert 30 <= body.get(key, 60) <= 80


COMMANDS = frozenset({"fan-spd", "target-temp", "limittemp", "ledset", "led", "lcd"})
MINI_3 = model_of({}, "Mini3-25011701_3f53b19")
CONTEXT = CommandContext(model=MINI_3, offered=offered(MINI_3, COMMANDS, 3))


def test_what_an_avalon_takes_is_put_together() -> None:
    assert {FAN, TARGET, POOL, Setting.HEATING_TEMPERATURE} <= CONTEXT.offered.keys()
    for setting in CONTEXT.offered.keys() & {FAN, TARGET, POOL}:
        for value in (
            CONTEXT.offered[setting].minimum,
            CONTEXT.offered[setting].maximum,
        ):
            assert commands_for({setting: value}, CONTEXT)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (FAN, -1),
        (FAN, 101),
        (FAN, NAN),
        (FAN, 10**400),
        (TARGET, 91),
        (TARGET, INF),
        (POOL, 3),
        (POOL, 0.5),
        (Setting.HEATING_TEMPERATURE, 51),
        (Setting.LIGHT, Light(on=True, brightness=True)),
        (Setting.LIGHT, Light(on=True, warmth=3.5)),  # type: ignore[arg-type]  # hostile
        (Setting.LIGHT, Light(on=True, color=(1, 2, 3.5))),  # type: ignore[arg-type]  # hostile
    ],
)
def test_numbers_of_an_avalon(setting: Setting, value: Any) -> None:
    with pytest.raises(MinerCommandError) as caught:
        commands_for({setting: value, AUTO: True}, CONTEXT)
    assert caught.value.outcome is Outcome.NOT_SENT
