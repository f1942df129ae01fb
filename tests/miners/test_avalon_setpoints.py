"""The set points that an Avalon reports, and what is made of nonsense."""

from typing import Any

import pytest

from custom_components.miner_monitor.miners.model import (
    Light,
    MinerSettings,
    MinerStatus,
)

from .avalon_polls import (
    A1246,
    MINI_3,
    NANO_3,
    NANO_3S,
    PLAIN_VERSION,
    POOL,
    Q_VERSION,
    REST,
    SPARE,
    Blob,
    Device,
    Q,
    poll_of,
    read,
)

IN_USE = POOL | {"Stratum Active": True}
BARE_MINI_3 = {key: MINI_3[key] for key in MINI_3 if not key.startswith("WORK")}
AT_HAND = SPARE | {"Stratum Active": False}


@pytest.mark.parametrize(
    ("blob", "change", "mode"),
    [
        (Q, {}, "eco"),
        (Q, {"WORKMODE": "1"}, "standard"),
        (Q, {"WORKMODE": "2"}, "super"),
        (Q, {"WORKMODE": "3"}, None),
        (Q, {"WORKMODE": "-1"}, None),
        (Q, {"WORKMODE": "1.5"}, None),
        (Q, {"WORKMODE": ""}, None),
        (Q, {"WORKMODE": "nan"}, None),
        (Q, {"WORKMODE": "1 2"}, None),
        (Q, {"WORKMODE": "9" * 400}, None),
        (NANO_3, {}, "medium"),
        (NANO_3, {"WORKLEVEL": "0"}, "low"),
        (NANO_3, {"WORKLEVEL": "2"}, "high"),
        (NANO_3, {"WORKLEVEL": "-1"}, None),
        (NANO_3S, {}, "high"),
        (NANO_3S, {"WORKMODE": "1"}, "mid"),
        (NANO_3S, {"WORKMODE": "0"}, "low"),
        (BARE_MINI_3, {}, None),
        (MINI_3, {"WORKMODE": "0", "WORKLEVEL": "0"}, "heating_super"),
        (MINI_3, {"WORKMODE": "0", "WORKLEVEL": "-1"}, "heating_eco"),
        (BARE_MINI_3, {"WORKMODE": "0"}, None),
        (MINI_3, {"WORKMODE": "0", "WORKLEVEL": "7"}, None),
        (MINI_3, {"WORKMODE": "1", "WORKLEVEL": "-1"}, "mining"),
        (MINI_3, {"WORKMODE": "2", "WORKLEVEL": "0"}, "night"),
        (A1246, {}, "high"),
        (A1246, {"WORKMODE": "0"}, "normal"),
        (Q | {"Ver": "Z9-25052801_14a19a2"}, {}, None),
    ],
)
def test_work_mode(blob: Blob, change: Blob, mode: str | None) -> None:
    assert read(blob | change).state.settings.work_mode == mode


@pytest.mark.parametrize(
    ("blob", "change", "mining"),
    [
        (Q, {}, True),
        (Q, REST, False),
        (Q, {"STATE": "0", "SYSTEMSTATU": "Work: In Init, Hash Board: 1"}, True),
        (Q, {"ADJ": "0", "GHSspd": "0.00"}, True),
        (Q, {"GHSspd": "0.00"}, True),
        (Q, {"STATE": "3", "GHSspd": "0.00"}, None),
        (Q, {"STATE": "4"}, None),
        (Q, {"PS": "64 1212 2285 35 801 2286 822"}, None),
        (NANO_3S, {"SYSTEMSTATU": "Work: In Idle, Hash Board: 1"}, False),
        (A1246, {}, True),
        (A1246, {"SYSTEMSTATU": "Work: In Idle, Hash Board: 3 "}, False),
    ],
)
def test_mining(blob: Blob, change: Blob, mining: bool | None) -> None:
    assert read(blob | change).state.settings.mining is mining


def test_a_nano_3_rests_after_two_polls_without_power() -> None:
    device = Device()
    still = NANO_3 | {"GHSspd": "0.00", "PS": "0 0 0 0 2780 5 314"}
    told = [device.says(blob).state.settings.mining for blob in (NANO_3, still, still)]
    assert told == [True, True, False]
    assert device.says(NANO_3).state.settings.mining is True


def test_a_reply_without_anything_tells_no_mode() -> None:
    device = Device(Q_VERSION)
    device.says(Q | REST)
    empty = ({"ID": "AVALON0", "MM ID0:Summary": "'STATS':{}"},)
    state = device.answers(poll_of(Q, stats=empty)).state
    assert state.status is MinerStatus.STANDBY
    assert (state.settings.mining, state.settings.work_mode) == (False, None)


@pytest.mark.parametrize(
    ("blob", "told", "light"),
    [
        (
            NANO_3S,
            {"LEDUser": "0-100-90-5-0-255"},
            Light(on=False, brightness=100, warmth=90, color=(5, 0, 255)),
        ),
        (
            NANO_3S,
            {"LEDUser": "2-0-0-0-0-0"},
            Light(on=True, effect="flash", brightness=0, warmth=0, color=(0, 0, 0)),
        ),
        (NANO_3S, {"LEDUser": "5-100-100-5-0-255"}, None),
        (NANO_3S, {"LEDUser": "1-101-100-5-0-255"}, None),
        (NANO_3S, {"LEDUser": "1-100-100-5-0-256"}, None),
        (NANO_3S, {"LEDUser": "1-100-100-5-0"}, None),
        (NANO_3S, {"LEDUser": "--1-100-100-5-0-255"}, None),
        (NANO_3S, {"LEDUser": "<b>-nan-inf-1-1-1"}, None),
        (NANO_3S, {"LEDUser": ""}, None),
        (NANO_3, {"Led": "0"}, Light(on=False)),
        (NANO_3, {"Led": "3"}, Light(on=True, effect="breath")),
        (NANO_3, {"Led": "9"}, None),
        (NANO_3, {"Led": "1e17"}, None),
        (A1246, {"Led": "1"}, None),
        (Q, {"LEDUser": "0-100-100-5-0-255"}, None),
    ],
)
def test_light(blob: Blob, told: Blob, light: Light | None) -> None:
    assert read(blob | told).state.settings.light == light


@pytest.mark.parametrize(
    ("blob", "told", "field", "value"),
    [
        (Q, {"LcdOnoff": "1"}, "display", True),
        (Q, {"LcdOnoff": "0"}, "display", False),
        (Q, {"LcdOnoff": "x"}, "display", None),
        (A1246, {"LcdOnoff": "1"}, "display", None),
        (MINI_3, {"Limitemp": "35"}, "heating_temperature", 35),
        (MINI_3, {"Limitemp": "-273"}, "heating_temperature", None),
        (MINI_3, {"Limitemp": "inf"}, "heating_temperature", None),
        (NANO_3S, {"Limitemp": "35"}, "heating_temperature", None),
        (Q, {"TarT": "65"}, "target_temperature", None),
    ],
)
def test_other_set_points(blob: Blob, told: Blob, field: str, value: Any) -> None:
    assert getattr(read(blob | told).state.settings, field) == value


@pytest.mark.parametrize(
    ("pools", "place"),
    [
        ((IN_USE, AT_HAND), 0),
        ((AT_HAND, IN_USE), 1),
        ((AT_HAND, AT_HAND | {"Stratum Active": "true"}), 1),
        ((AT_HAND, AT_HAND), None),
        ((), None),
        ((AT_HAND,) * 9 + (IN_USE,), None),
    ],
)
def test_pool(pools: Any, place: int | None) -> None:
    state = read(Q, pools=pools).state
    assert state.settings.pool == place
    assert place is None or state.pools[place].active


def test_the_target_of_a_device_that_takes_one() -> None:
    device = Device(commands=frozenset(("target-temp",)))
    blob = NANO_3S | {"TarT": "88"}
    assert device.says(blob).state.settings.target_temperature == 88
    assert device.says(blob | {"TarT": "0"}).state.settings.target_temperature is None


def test_the_same_object_while_nothing_changes() -> None:
    device = Device()
    first = device.says(Q).state.settings
    assert device.says(Q | {"GHSspd": "50001.00", "TMax": "71"}).state.settings is first
    changed = device.says(Q | {"WORKMODE": "1"}).state.settings
    assert changed is not first
    assert changed.work_mode == "standard"


def test_a_plain_cgminer_reports_none() -> None:
    plain = Device(PLAIN_VERSION).answers(poll_of({}, stats=()))
    assert plain.state.settings == MinerSettings()
