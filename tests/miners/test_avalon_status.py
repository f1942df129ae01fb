"""What an Avalon is doing, as its signs come one after the other."""

from typing import Any

import pytest

from custom_components.miner_monitor.miners.model import MinerStatus

from .avalon_polls import (
    A1066,
    A1246,
    MINI_3,
    NANO_3,
    NANO_3S,
    POOL,
    Q_VERSION,
    REST,
    SPARE,
    SUMMARY,
    Blob,
    Device,
    Q,
    poll_of,
    read,
)

WORK = "Work: In Work, Hash Board: 1"
INIT = "Work: In Init, Hash Board: 1"
IDLE = "Work: In Idle, Hash Board: 1"
FAULT = "Work: In Fault, Hash Board: 1"
DEAD = ({**POOL, "Status": "Dead"}, {**SPARE, "Status": "Dead"})
STOPPED = {"GHSspd": "0.00"}


@pytest.mark.parametrize(
    ("blob", "change", "status"),
    [
        (Q, {}, "hashing"),
        (Q, {"SoftOFF": "4"}, "hashing"),
        (Q, REST, "standby"),
        (Q, REST | {"STATE": "3"}, "standby"),
        (Q, REST | {"SYSTEMSTATU": WORK}, "standby"),
        (Q, {"STATE": "0", "SYSTEMSTATU": INIT}, "starting"),
        (Q, {"STATE": "0"}, "starting"),
        (Q, {"SYSTEMSTATU": INIT}, "starting"),
        (Q, {"ADJ": "0"}, "starting"),
        (Q, {"ADJ": "0"} | STOPPED, "starting"),
        (Q, {"Elapsed": "599"} | STOPPED, "starting"),
        (Q, {"Elapsed": "600"} | STOPPED, "idle"),
        (Q, {"Elapsed": "30"}, "hashing"),
        (Q, STOPPED, "idle"),
        (Q, {"STATE": "4"}, "fault"),
        (Q, REST | {"STATE": "4"}, "fault"),
        (Q, {"SYSTEMSTATU": "Work: In Work, Hash Board: 0"}, "fault"),
        (Q, {"STATE": "0", "SYSTEMSTATU": "Work: In Init, Hash Board: 0"}, "starting"),
        (Q, {"PS": "32 1212 2285 35 801 2286 822"}, "fault"),
        (Q, {"SYSTEMSTATU": "Work: In Something, Hash Board: 1"}, "hashing"),
        (Q, {"SYSTEMSTATU": "nonsense"}, "hashing"),
        (MINI_3, {"HashStatus": "0"}, "hashing"),
        (MINI_3, {"SYSTEMSTATU": IDLE, "GHSspd": "0"}, "standby"),
        (MINI_3, {"SYSTEMSTATU": FAULT, "GHSspd": "0"}, "fault"),
        (NANO_3S, {}, "hashing"),
        (NANO_3S, {"SYSTEMSTATU": IDLE} | STOPPED, "standby"),
        (NANO_3S, {"SYSTEMSTATU": FAULT} | STOPPED, "idle"),
        (NANO_3, {}, "hashing"),
        (NANO_3, {"HashStatus": "0"}, "hashing"),
        (NANO_3, STOPPED, "idle"),
        (A1246, {}, "hashing"),
        (A1246, {"SYSTEMSTATU": "Work: In Idle, Hash Board: 3 "} | STOPPED, "standby"),
        (A1246, {"SYSTEMSTATU": "Work: In Fault, Hash Board: 3 "}, "fault"),
        (A1246, {"ADJ": "0"}, "hashing"),
        (A1066, {}, "hashing"),
        (A1066, {"SYSTEMSTATU": "Work: In Idle, Hash Board: 3 "}, "standby"),
    ],
)
def test_status_of_one_poll(blob: Blob, change: Blob, status: str) -> None:
    assert read(blob | change).state.status == status


@pytest.mark.parametrize(
    ("change", "pools", "status"),
    [
        (STOPPED, DEAD, "pool_lost"),
        (STOPPED, (POOL, SPARE), "idle"),
        (STOPPED, ({**POOL, "Status": "Dead"}, SPARE), "pool_lost"),
        (STOPPED, (), "idle"),
        ({}, DEAD, "hashing"),
        (REST, DEAD, "standby"),
        (REST | {"STATE": "3"}, DEAD, "pool_lost"),
        ({"Elapsed": "30"} | STOPPED, DEAD, "starting"),
    ],
)
def test_pools_explain_a_rest(change: Blob, pools: Any, status: str) -> None:
    reading = Device().answers(poll_of(Q | change, pools=pools))
    assert reading.state.status == status


@pytest.mark.parametrize(
    ("state", "status"),
    [("2", "standby"), ("3", "standby"), ("4", "fault"), ("0", "starting")],
)
def test_short_statistics_tell_an_idle_nano_3s_from_a_faulty_one(
    state: str, status: str
) -> None:
    device = Device()
    device.litestats = ({"MM ID0": f"STATE[{state}] Filter[10]"},)
    seen = device.says(NANO_3S | {"SYSTEMSTATU": FAULT} | STOPPED)
    assert device.wants.litestats
    assert seen.state.status == status
    device.litestats = None
    later = device.says(NANO_3S | {"SYSTEMSTATU": FAULT} | STOPPED)
    assert later.state.status == "idle"


def test_nano_3_rests_once_two_polls_show_it() -> None:
    device = Device()
    rest = NANO_3 | STOPPED | {"PS": "0 0 0 0 2780 4 314"}
    assert device.says(NANO_3).state.status == "hashing"
    assert device.says(rest).state.status == "idle"
    assert device.says(rest).state.status == "standby"
    assert device.says(NANO_3).state.status == "hashing"
    assert device.says(NANO_3, after=60).state.status == "hashing"
    assert device.says(rest).state.status == "idle"


def test_nano_3_without_rate_at_full_power_does_not_rest() -> None:
    device = Device()
    found = [device.says(NANO_3 | STOPPED).state.status for _ in range(3)]
    assert found == ["idle"] * 3


def test_starts_for_ten_minutes_after_standby() -> None:
    """Its own uptime runs on, so that only our clock can tell."""
    device = Device()
    assert device.says(Q | REST).state.status == "standby"
    assert device.says(Q | STOPPED).state.status == "starting"
    assert device.says(Q | STOPPED, after=599).state.status == "starting"
    assert device.says(Q | STOPPED, after=1).state.status == "idle"
    assert device.says(Q | STOPPED).state.status == "idle"


def test_starts_for_ten_minutes_after_a_change_of_mode() -> None:
    device = Device()
    assert device.says(Q).state.status == "hashing"
    assert device.says(Q | {"WORKMODE": "2"}).state.status == "hashing"
    assert device.says(Q | {"WORKMODE": "2"} | STOPPED).state.status == "starting"
    stopped = Q | {"WORKMODE": "2"} | STOPPED
    assert device.says(stopped, after=584).state.status == "starting"
    assert device.says(stopped, after=1).state.status == "idle"


def test_what_stops_after_its_start_is_idle() -> None:
    device = Device()
    device.says(Q | REST)
    assert device.says(Q).state.status == "hashing"
    assert device.says(Q, after=60).state.status == "hashing"
    assert device.says(Q | STOPPED).state.status == "idle"


def test_a_lost_pool_shows_only_after_the_start() -> None:
    device = Device()
    device.says(Q | REST)
    lost = poll_of(Q | STOPPED, pools=DEAD)
    assert device.answers(lost).state.status == "starting"
    assert device.answers(lost, after=600).state.status == "pool_lost"


def test_another_device_has_no_wake_up_of_the_one_before() -> None:
    device = Device()
    device.says(Q | REST)
    other = Q | STOPPED | {"DNA": "020100001a0f0002"}
    assert device.says(other).state.status == "idle"


def test_a_device_that_says_nothing_is_as_it_was() -> None:
    empty = ({"ID": "AVALON0", "MM ID0:Summary": "'STATS':{}", "HBinfo": ""},)
    device = Device(Q_VERSION)
    assert device.answers(poll_of({}, stats=empty)).state.status == "starting"
    assert device.says(Q).state.status == "hashing"
    assert device.answers(poll_of({}, stats=empty)).state.status == "hashing"
    assert device.wants.litestats
    assert device.says(Q | REST).state.status == "standby"
    assert device.answers(poll_of({}, stats=empty)).state.status == "standby"


@pytest.mark.parametrize(
    ("change", "pools", "status"),
    [
        ({}, (POOL,), "hashing"),
        ({"MHS 5s": 0}, (POOL,), "idle"),
        ({"MHS 5s": 0.0, "Elapsed": 100}, (POOL,), "starting"),
        ({"MHS 5s": 0}, DEAD, "pool_lost"),
    ],
)
def test_status_of_a_plain_cgminer(change: Any, pools: Any, status: str) -> None:
    poll = poll_of({}, stats=(), summary=SUMMARY | change, pools=pools)
    device = Device({"CGMiner": "4.12.0"})
    assert device.answers(poll).state.status is MinerStatus(status)


@pytest.mark.parametrize(
    ("blob", "change", "faults"),
    [
        (Q, {}, ()),
        (Q, REST, ()),
        (Q, {"PS": "1 0 0 0 0 0 800"}, ("power_supply_input_under_voltage",)),
        (Q, {"PS": "14 0 0 0 0 0 800"}, ("power_supply_over_temperature",)),
        (Q, {"PS": "16 0 0 0 0 0 800"}, ("power_supply_primary_over_current",)),
        (Q, {"PS": "32 0 0 0 0 0 800"}, ("power_supply_output_under_voltage",)),
        (Q, {"PS": "64 0 0 0 0 0 800"}, ("power_supply_output_over_current",)),
        (Q, {"PS": "128 0 0 0 0 0 800"}, ("power_supply_current_share",)),
        (Q, {"PS": "1792 0 0 0 0 0 800"}, ("power_supply_over_current",)),
        (Q, {"PS": "2048 0 0 0 0 0 800"}, ("power_supply_fan",)),
        (Q, {"PS": "4096 0 0 0 0 0 800"}, ("power_supply",)),
        (Q, {"PS": "-1 0 0 0 0 0 800"}, ("power_supply",)),
        (
            Q,
            {"PS": "2049 0 0 0 0 0 800"},
            ("power_supply_input_under_voltage", "power_supply_fan"),
        ),
        (Q, {"FanErr": "1"}, ("fan",)),
        (Q, {"Fan3": "0"}, ("fan",)),
        (Q, {"Fan3": "0", "FanR": "20%"}, ()),
        (Q, {"ECMM": "4"}, ("controller",)),
        (Q, {"STATE": "4"}, ("device",)),
        (Q, {"TA": "159"}, ("chips_missing",)),
        (Q, {"TA": "0"} | REST, ()),
        (Q, {"SYSTEMSTATU": "Work: In Work, Hash Board: 0"}, ("hash_board",)),
        (Q, {"ECHU": "512"}, ()),
        (A1246, {"SYSTEMSTATU": "Work: In Work, Hash Board: 2 "}, ("hash_board",)),
        (A1246, {"HASHS": "0 1 0"}, ("hash_board",)),
        (A1246, {"POWS": "1"}, ("power_supply",)),
        (A1246, {"Fan4": "0"}, ("fan",)),
        (A1246, {"Ver": "1566HA-24102401_25462b2", "Fan4": "0"}, ()),
        (NANO_3S, {"ECMM": "1"}, ("controller",)),
    ],
)
def test_faults_of_one_poll(blob: Blob, change: Blob, faults: tuple[str, ...]) -> None:
    device = Device({"HWTYPE": "x"})
    assert device.says(blob | change).state.faults == faults


@pytest.mark.parametrize(
    ("blob", "bits", "rate", "found"),
    [
        (Q, "513", "20000", True),
        (Q, "513", "50000", False),
        (Q, "0", "20000", False),
        (A1246, "0 128 0", "20000", True),
        (A1066, "512 512 512", "20000", False),
        (A1066, "512 513 512", "20000", True),
    ],
)
def test_error_bits_count_where_they_stay_and_the_miner_is_slow(
    blob: Blob, bits: str, rate: str, found: bool
) -> None:
    device = Device()
    bad = blob | {"ECHU": bits, "GHSspd": rate}
    assert device.says(bad).state.faults == ()
    assert device.says(bad).state.faults == ()
    assert device.says(bad).state.faults == (("hash_board",) if found else ())
    assert device.says(blob | {"ECHU": "0"}).state.faults == ()
