"""Nothing beyond what the hardware endures can be offered, whatever a reply says."""

from typing import Any

import pytest

from custom_components.miner_monitor.miners.codec import dump_identity, load_identity
from custom_components.miner_monitor.miners.settings import (
    SETTINGS,
    Kind,
    MinerSettings,
    Setting,
    SettingRange,
    hard_range,
)

from .replies import GAMMA, read

MHZ, VOLTS = Setting.FREQUENCY, Setting.CORE_VOLTAGE
NERD = {"version": "v1.0.36", "deviceModel": "NerdQAxe++"}


@pytest.mark.parametrize(
    ("info", "asic", "megahertz", "volts"),
    [
        ({"boardVersion": "601"}, {}, (100, 1200), (1.0, 1.4)),
        ({"boardVersion": "102"}, {}, (100, 1200), (0.8, 1.5)),
        ({"boardVersion": "302"}, {}, (100, 1200), (0.833, 1.4)),
        (NERD, {}, (100, 1200), (1.005, 1.4)),
        (
            NERD,
            {"absMaxFrequency": 800, "absMaxVoltage": 1300},
            (100, 800),
            (1.005, 1.3),
        ),
        (NERD, {"absMaxFrequency": 9e9, "absMaxVoltage": 9e9}, (100, 1200), None),
        (
            {"boardVersion": "601"},
            {"frequencyOptions": [60, 500, 2900], "voltageOptions": [100, 1100, 1900]},
            (60, 1200),
            (1.0, 1.4),
        ),
        (
            {"boardVersion": "999"},
            {"frequencyOptions": [20, 500, 2900], "voltageOptions": [100, 1100, 1500]},
            (100, 1200),
            (0.8, 1.4),
        ),
    ],
)
def test_a_reply_cannot_lift_what_the_board_endures(
    info: dict[str, Any],
    asic: dict[str, Any],
    megahertz: tuple[float, float],
    volts: tuple[float, float] | None,
) -> None:
    lists = {"frequencyOptions": [500, 600], "voltageOptions": [1100, 1200]}
    identity = read({**GAMMA, **info}, lists | asic).identity
    for known in (identity, load_identity(dump_identity(identity))):
        settings = known.limits.settings
        assert hard_range(MHZ, settings[MHZ]) == megahertz
        assert hard_range(VOLTS, settings[VOLTS]) == (volts or (1.005, 1.4))
        for setting in (MHZ, VOLTS):
            low, high = hard_range(setting, settings[setting])
            allowed = settings[setting]
            assert low <= allowed.minimum <= allowed.maximum <= high
            assert (allowed.expert_maximum or 0) <= high
            assert all(low <= preset <= high for preset in allowed.options)


@pytest.mark.parametrize(
    ("setting", "allowed", "expected"),
    [
        (MHZ, SettingRange(minimum=400, maximum=625), (400, 1200)),
        (MHZ, SettingRange(minimum=1, maximum=9e9), (50, 1200)),
        (MHZ, SettingRange(minimum=400, maximum=625, highest=9e9), (400, 1200)),
        (VOLTS, SettingRange(minimum=1.1, maximum=1.3), (1.1, 1.4)),
        (VOLTS, SettingRange(minimum=0.1, maximum=1.5), (0.8, 1.5)),
        (VOLTS, SettingRange(minimum=1.1, maximum=2, lowest=0, highest=3), (0.8, 1.5)),
        (Setting.FAN_DUTY_CYCLE, SettingRange(minimum=15, maximum=100), (15, 100)),
        (Setting.TARGET_TEMPERATURE, SettingRange(minimum=35, maximum=66), (35, 66)),
        (Setting.POOL, SettingRange(maximum=2), (0, 2)),
    ],
)
def test_a_range_of_any_kind_has_an_end(
    setting: Setting, allowed: SettingRange, expected: tuple[float, float]
) -> None:
    assert hard_range(setting, allowed) == expected


def test_every_setting_has_a_row_and_a_field() -> None:
    fields = MinerSettings.__dataclass_fields__
    assert list(SETTINGS) == list(Setting)
    assert {setting.value for setting in Setting} <= fields.keys()


@pytest.mark.parametrize("setting", Setting)
def test_row(setting: Setting) -> None:
    """What is written without a range is what the hardware endures."""
    spec = SETTINGS[setting]
    low, high = spec.bounds
    assert 0 <= low < high <= spec.highest
    assert (spec.kind is Kind.NUMBER) == bool(spec.unit)
