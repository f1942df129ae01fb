"""Who an Avalon is, what it can do, and what it has to be asked."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.miner_monitor.miners.avalon.poll import Poll, Wants
from custom_components.miner_monitor.miners.errors import MinerResponseError
from custom_components.miner_monitor.miners.model import (
    Alarm,
    Capability,
    Family,
    Limits,
)

from .avalon_polls import (
    A1066,
    A1246,
    MINI_3,
    NANO_3,
    NANO_3S,
    PLAIN_VERSION,
    POOL,
    Q_VERSION,
    REST,
    SUMMARY,
    Blob,
    Device,
    Q,
    poll_of,
    read,
)

EMPTY = ({"ID": "AVALON0", "MM ID0:Summary": "'STATS':{}", "HBinfo": "'HB0':{"},)
OTHER_Q = Q | {"DNA": "020100001a0f0002"}
PLAIN = Poll(summary=SUMMARY, pools=(POOL,), when=1753431516)


def named(ver: str, **version: str) -> Any:
    blob = {"Ver": ver, "DNA": "020100001a0f0001", "GHSspd": "1"}
    return Device(version or None).says(blob).identity


@pytest.mark.parametrize(
    ("ver", "version", "model", "chips", "fans", "boards"),
    [
        ("Q-25052801_14a19a2", {}, "Avalon Q", 160, 4, 0),
        ("Nano3s-25021401_56abae7", {}, "Avalon Nano 3S", 12, 1, 0),
        ("nano3-24071801_42c628d", {}, "Avalon Nano 3", 10, 1, 0),
        ("Mini3-25011701_3f53b19", {}, "Avalon Mini 3", 66, 1, 0),
        ("1066-50-20080702_a590d24_3dbc55b", {}, "AvalonMiner 1066-50", 342, 4, 3),
        ("1047-37-20080702_a590d24", {}, "AvalonMiner 1047-37", None, 2, 2),
        ("1126Pro-S-64-21072803_4ec6bb0", {}, "AvalonMiner 1126Pro-S-64", 360, 4, 3),
        ("1246-83-21072802_4ec6bb0", {}, "AvalonMiner 1246-83", 360, 4, 3),
        ("1346-110-24041001_08b0955", {}, "AvalonMiner 1346-110", None, 2, 3),
        ("1466-150-24041001_08b0955", {}, "AvalonMiner 1466-150", None, 2, 3),
        ("15-194-24102401_25462b2", {}, "AvalonMiner 15-194", 480, 2, 3),
        ("1566HA-480-24102401_25462b2", {}, "AvalonMiner 1566HA-480", None, 0, 3),
        ("Q-25052801_1", {"PROD": "Avalon Q", "MODEL": "Q"}, "Avalon Q", 160, 4, 0),
        ("x", {"PROD": "Avalon Nano3s", "MODEL": "Nano3s"}, "Avalon Nano 3S", 12, 1, 0),
        ("x", {"PROD": "Avalonnano", "MODEL": "nano3"}, "Avalon Nano 3", 10, 1, 0),
        ("x", {"PROD": "Avalon Mini3"}, "Avalon Mini 3", 66, 1, 0),
        ("x", {"MODEL": "1246-81"}, "AvalonMiner 1246-81", 360, 4, 3),
        ("x", {"PROD": "AvalonMiner 1246-81"}, "AvalonMiner 1246-81", 360, 4, 3),
        ("Q9-25052801_14a19a2", {}, "Avalon Q9", None, 0, 0),
        ("Nano4-25052801_14a19a2", {}, "Avalon Nano4", None, 0, 0),
        ("1646-99-25052801_14a19a2", {}, "Avalon 1646-99", None, 0, 0),
        ("nonsense", {}, "Avalon", None, 0, 0),
        ("x", {"PROD": "Avalon Nano9"}, "Avalon Nano9", None, 0, 0),
    ],
)
def test_models(
    ver: str,
    version: dict[str, str],
    model: str,
    chips: int | None,
    fans: int,
    boards: int,
) -> None:
    found = named(ver, **version)
    assert (found.family, found.manufacturer) == (Family.AVALON, "Canaan")
    assert (found.model, found.chip_count) == (model, chips)
    assert (found.fan_count, found.board_count) == (fans, boards)
    assert (Capability.BOARDS in found.capabilities) is (boards > 1)


def test_identity_of_a_q() -> None:
    found = Device(Q_VERSION, frozenset(("help", "reboot", "led"))).says(Q).identity
    assert found.serial == "020100001a0f0001"
    assert found.mac == "e0:e1:a9:00:00:01"
    assert found.firmware == "25052801_14a19a2"
    assert found.board == "Q_MM1v1_X1"
    assert found.model_id == "Q"
    assert found.chip_model == "A3197S"
    assert found.hostname is None
    assert found.pool_count == 2
    assert found.unit is None
    assert Capability.RESTART in found.capabilities
    assert Capability.LOCATE not in found.capabilities


@pytest.mark.parametrize(
    ("change", "serial"),
    [
        ({}, "02010000d89a0001"),
        ({"DNA": "0201000000000001"}, "0201000000000001"),
        ({"DNA": " 02010000ABCD0001 "}, "02010000abcd0001"),
        ({"DNA": "<DELETED>"}, "02010000d89a0001"),
        ({"DNA": "1234567890"}, "02010000d89a0001"),
        ({"DNA": "ffffffffffffffff"}, "02010000d89a0001"),
        ({"DNA": "0" * 33 + "1"}, "02010000d89a0001"),
        ({"DNA": "0201000000000001", "HDNA": "x"}, "0201000000000001"),
    ],
)
def test_serial(change: Blob, serial: str) -> None:
    assert read(NANO_3 | change).identity.serial == serial


@pytest.mark.parametrize(
    ("told", "mac"),
    [
        ("e0e1a9000001", "e0:e1:a9:00:00:01"),
        ("E0:E1:A9:00:00:01", "e0:e1:a9:00:00:01"),
        ("00e04c360001", None),
        ("000000000000", None),
        ("ffffffffffff", None),
        ("01005e000001", None),
        ("e0e1a9", None),
        (None, None),
        (17, None),
    ],
)
def test_mac(told: object, mac: str | None) -> None:
    assert Device(Q_VERSION | {"MAC": told}).says(Q).identity.mac == mac


@pytest.mark.parametrize(
    ("change", "firmware"),
    [
        ({}, "25052801_14a19a2"),
        ({"Ver": "Q-26010101_aaaaaaa_bbbbbbb"}, "26010101_aaaaaaa_bbbbbbb"),
        ({"Ver": "garbage"}, "25052801_14a19a2"),
    ],
)
def test_firmware(change: Blob, firmware: str) -> None:
    assert Device(Q_VERSION).says(Q | change).identity.firmware == firmware


@pytest.mark.parametrize(
    ("blob", "commands", "restart"),
    [
        (Q, ("reboot",), True),
        (Q, ("help", "led"), False),
        (Q, (), False),
        (NANO_3, ("led", "reboot"), True),
        (A1246, ("led", "reboot"), True),
        (A1246, ("help",), True),
        (A1246, (), True),
        (Q | {"Ver": "Q9-25052801_14a19a2"}, ("reboot", "led"), False),
    ],
)
def test_commands(blob: Blob, commands: tuple[str, ...], restart: bool) -> None:
    found = Device(None, frozenset(commands)).says(blob).identity.capabilities
    assert (Capability.RESTART in found) is restart
    assert Capability.LOCATE not in found


@pytest.mark.parametrize(
    ("blob", "rest"),
    [
        (Q, REST),
        (NANO_3S, {"SYSTEMSTATU": "Work: In Idle, Hash Board: 1", "GHSspd": "0.00"}),
        (NANO_3, {"GHSspd": "0.00", "PS": "0 0 0 0 2780 4 314"}),
        (MINI_3, {"SYSTEMSTATU": "Work: In Idle, Hash Board: 1", "GHSspd": "0.00"}),
        (A1246, {"SYSTEMSTATU": "Work: In Idle, Hash Board: 3", "GHSspd": "0.00"}),
    ],
)
def test_a_resting_miner_has_what_a_working_one_has(blob: Blob, rest: Blob) -> None:
    asleep = blob | rest | {"TMax": "0", "TAvg": "0", "FanR": "0%", "Fan1": "0"}
    assert read(asleep).identity == read(blob).identity


@pytest.mark.parametrize(
    ("blob", "has", "lacks"),
    [
        (Q, "inlet_temperature board_temperature filter_age", "outlet_temperature"),
        (Q, "psu_output_voltage controller_state", "wifi_signal input_voltage"),
        (NANO_3, "input_voltage input_current", "psu_output_voltage"),
        (NANO_3, "ambient_temperature outlet_temperature", "frequency_actual"),
        (NANO_3, "chip_voltage_min", "controller_state core_voltage_actual"),
        (NANO_3S, "outlet_temperature wifi_signal filter_age", "inlet_temperature"),
        (MINI_3, "inlet_temperature board_temperature", "ambient_temperature"),
        (A1246, "ambient_temperature power_limit", "target_chip_temperature"),
        (A1246, "core_voltage_actual matching_work boards", "inlet_temperature"),
        (A1066, "power chip_temperature", "power_limit"),
        (A1246 | {"Ver": "1566HA-1-24102401_2546"}, "power", "fan_duty_cycle"),
        (Q | {"Ver": "Q9-25052801_14a19a2"}, "inlet_temperature", "power"),
    ],
)
def test_readings(blob: Blob, has: str, lacks: str) -> None:
    found = read(blob).identity.capabilities
    assert set(has.split()) <= found
    assert not found & set(lacks.split())


def test_a_reading_that_was_seen_once_stays() -> None:
    device = Device()
    assert Capability.WIFI_SIGNAL not in device.says(Q).identity.capabilities
    seen = device.says(Q | {"RSSI": "-57"}).identity
    assert Capability.WIFI_SIGNAL in seen.capabilities
    assert device.says(Q).identity is seen


@pytest.mark.parametrize(
    ("blob", "limits"),
    [
        (
            Q,
            Limits(
                chip_temperature=Alarm(warn=105, critical=110),
                chip_above_target=Alarm(warn=15, critical=30),
                doubtful_standby_power=True,
                rated_power=1700,
                mode_power={"eco": 800, "standard": 1300, "super": 1674},
                minimum_run=1200,
                minimum_rest=1200,
            ),
        ),
        (
            MINI_3,
            Limits(
                chip_temperature=Alarm(warn=105, critical=110),
                chip_above_target=Alarm(warn=15, critical=30),
                rated_power=850,
                mode_power={"heating_super": 800},
                minimum_run=1200,
                minimum_rest=1200,
            ),
        ),
        (
            A1246,
            Limits(
                chip_temperature=Alarm(warn=105, critical=110),
                rated_power=5000,
                minimum_run=1200,
                minimum_rest=1200,
            ),
        ),
    ],
)
def test_limits(blob: Blob, limits: Limits) -> None:
    found = read(blob).identity.limits
    assert replace(found, settings=limits.settings) == limits


def test_identity_is_the_same_object_while_nothing_changes() -> None:
    device = Device(Q_VERSION, frozenset(("reboot",)))
    first = device.says(Q).identity
    for change in ({}, {"GHSspd": "49000.1", "TMax": "73"}, REST, {"PING": "0"}):
        assert device.says(Q | change).identity is first


def test_identity_survives_a_restart_of_ours() -> None:
    found = [Device(Q_VERSION).says(blob).identity for blob in (Q, Q | REST)]
    assert found[0] == found[1]


def test_what_is_asked_of_a_q() -> None:
    device = Device(Q_VERSION, frozenset(("reboot",)))
    device.says(Q)
    assert device.wants == Wants(version=True, commands=True, litestats=False)
    device.says(Q, after=7200)
    assert device.wants == Wants()
    device.says(Q | {"Ver": "Q-26010101_0000000"})
    assert device.wants == Wants(version=True, commands=True, litestats=False)
    restarted = poll_of(Q, summary=SUMMARY | {"Elapsed": 5})
    device.answers(restarted)
    assert device.wants == Wants(version=True, commands=True, litestats=False)


def test_questions_without_an_answer_are_repeated_less_and_less_often() -> None:
    device = Device()
    device.says(Q)
    for wait in (10, 20, 40, 80, 160, 320, 600, 600):
        device.says(Q, after=wait - 1)
        assert device.wants == Wants()
        assert not device.says(Q, after=1).complete
        assert device.wants == Wants(version=True, commands=True, litestats=False)


def test_a_nano_3s_is_asked_for_its_short_statistics_each_five_minutes() -> None:
    device = Device({"HWTYPE": "N_MM1v1_X1"}, frozenset())
    device.litestats = ({"MM ID0": "STATE[1] Filter[19145] RSSI[-57] LcdBright[80]"},)
    first = device.says(NANO_3S)
    assert device.wants.litestats
    assert (first.state.filter_age, first.state.wifi_signal) == (19145, -57)
    later = device.says(NANO_3S, after=299)
    assert not device.wants.litestats
    assert (later.state.filter_age, later.state.wifi_signal) == (19145, -57)
    assert later.state.figures["display_brightness"] == 80
    device.litestats = None
    device.says(NANO_3S, after=1)
    assert device.wants.litestats
    assert device.says(NANO_3S, after=601).state.wifi_signal is None


@pytest.mark.parametrize("blob", [NANO_3, A1246, Q])
def test_others_are_not_asked_for_short_statistics(blob: Blob) -> None:
    device = Device()
    device.says(blob)
    assert not device.wants.litestats


def test_short_statistics_stand_in_for_an_empty_summary() -> None:
    device = Device(Q_VERSION)
    device.litestats = (dict(poll_of(Q).stats[0]),)
    found = device.answers(poll_of({}, stats=EMPTY))
    assert device.wants.litestats
    assert found.identity.serial == "020100001a0f0001"
    assert found.state.power == 822
    assert found.state.status == "hashing"


def test_version_names_a_device_whose_blob_is_empty() -> None:
    device = Device(Q_VERSION)
    known = device.says(Q).identity
    empty = device.answers(poll_of({}, stats=EMPTY))
    assert device.wants.version
    assert empty.identity == known
    assert empty.state.shares_accepted == 21853
    assert empty.state.hash_rate is None


def test_a_stranger_is_noticed_by_its_blob() -> None:
    device = Device(Q_VERSION)
    known = device.says(Q).identity
    stranger = device.says(OTHER_Q).identity
    assert device.wants.version
    assert stranger.serial == "020100001a0f0002"
    assert not known.same_device(stranger)
    assert known.same_device(device.says(Q).identity)


def test_a_stranger_with_an_empty_blob_is_noticed_by_its_version() -> None:
    device = Device(Q_VERSION)
    known = device.says(Q).identity
    device.version = Q_VERSION | {"DNA": "020100001a0f0002"}
    stranger = device.answers(poll_of({}, stats=EMPTY)).identity
    assert not known.same_device(stranger)


@pytest.mark.parametrize("stats", [EMPTY, ()])
def test_nobody_is_guessed_to_be_a_known_device(stats: Any) -> None:
    device = Device(Q_VERSION)
    device.says(Q)
    device.version = None
    with pytest.raises(MinerResponseError):
        device.answers(poll_of({}, stats=stats))


def test_a_device_without_serial_has_to_tell_its_version() -> None:
    blob = {key: value for key, value in NANO_3.items() if "DNA" not in key}
    with pytest.raises(MinerResponseError):
        Device().says(blob)
    device = Device({"MODEL": "nano3", "HWTYPE": "PMMv1_X1"})
    found = device.says(blob).identity
    assert (found.unique_id, found.model) == (None, "Avalon Nano 3")
    assert device.says(blob).identity is found
    assert not device.wants.version


def test_a_device_known_by_its_mac_has_to_tell_it_each_time() -> None:
    blob = {key: value for key, value in Q.items() if key != "DNA"}
    device = Device({key: Q_VERSION[key] for key in ("MODEL", "MAC")})
    assert device.says(blob).identity.unique_id == "e0:e1:a9:00:00:01"
    device.says(blob)
    assert device.wants.version
    device.version = None
    with pytest.raises(MinerResponseError):
        device.says(blob)


@pytest.mark.parametrize(
    ("version", "manufacturer", "model", "firmware"),
    [
        (PLAIN_VERSION, "cgminer", "CGMiner", "4.12.0"),
        ({"API": "3.7"}, "cgminer", "cgminer", None),
        (
            {"BMMiner": "2.0.0", "Type": "Antminer S19", "Miner": "uart_trans.1.3"},
            "Antminer",
            "Antminer S19",
            "2.0.0",
        ),
        ({"CGMiner": "4.9", "Miner": "30.0.1.3"}, "cgminer", "CGMiner", "4.9"),
        (
            {"CGMiner": "5.5.0", "Miner": "bfgminer 5.5.0-34-g1a2b3c4"},
            "cgminer",
            "BFGMiner",
            "5.5.0-34-g1a2b3c4",
        ),
        ({"CGMiner": "4.9", "Miner": "other 1.2"}, "cgminer", "other", "1.2"),
    ],
)
def test_a_plain_cgminer(
    version: dict[str, str], manufacturer: str, model: str, firmware: str | None
) -> None:
    device = Device(version)
    found = device.answers(PLAIN).identity
    assert (found.manufacturer, found.model) == (manufacturer, model)
    assert found.firmware == firmware
    assert found.unique_id is None
    assert not device.wants.commands
    assert {
        "shares_accepted",
        "shares_stale",
        "best_difficulty",
        "blocks_found",
        "uptime",
        "work_utility",
        "hash_rate_average",
        "hardware_error_rate",
        "pool",
        "pool_connected",
        "pool_status",
        "pool_difficulty",
        "block_height",
    } <= found.capabilities
    assert not found.capabilities & {"power", "chip_temperature", "restart", "boards"}
    assert device.answers(PLAIN).identity is found
    assert device.wants == Wants()
    assert device.memory.model is None


def test_a_plain_cgminer_has_to_tell_its_version() -> None:
    with pytest.raises(MinerResponseError):
        Device().answers(PLAIN)


def test_a_plain_cgminer_is_asked_again_after_a_restart() -> None:
    device = Device(PLAIN_VERSION)
    device.answers(PLAIN)
    device.answers(Poll(summary=SUMMARY | {"Elapsed": 5}))
    assert device.wants.version


@pytest.mark.parametrize(
    "poll",
    [
        Poll(),
        Poll(summary={}),
        Poll(summary={"something": "else"}),
        Poll(stats=({"ID": "POOL0"},), pools=(POOL,)),
        Poll(stats=({"MM ID0": 17}, {"MM IDx": "A[1]"}, {"MM ID0": "no blob"})),
    ],
)
def test_what_is_no_miner(poll: Poll) -> None:
    with pytest.raises(MinerResponseError):
        Device(PLAIN_VERSION).answers(poll)


def test_a_poll_is_read_without_having_been_noticed() -> None:
    device = Device(Q_VERSION)
    device.says(Q)
    other = poll_of(OTHER_Q)
    assert device.memory.read(other).identity.serial == "020100001a0f0002"
