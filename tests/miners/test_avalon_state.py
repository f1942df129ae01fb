"""What the items of a blob, the summary and the boards of an Avalon mean."""

from dataclasses import asdict
from typing import Any

import pytest

from custom_components.miner_monitor.miners.avalon.poll import Poll, blob_items
from custom_components.miner_monitor.miners.model import Fan, MinerState

from .avalon_polls import (
    A1066,
    A1246,
    MINI_3,
    NANO_3,
    NANO_3S,
    PLAIN_VERSION,
    POOL,
    Q_BOARD,
    REST,
    SUMMARY,
    Blob,
    Device,
    Q,
    poll_of,
    read,
    rows_of,
    text_of,
)

A13 = A1246 | {"Ver": "1346-110-24041001_08b0955"}
UNKNOWN = Q | {"Ver": "Q9-25052801_14a19a2"}


def state(blob: Blob, **sections: Any) -> MinerState:
    return read(blob, **sections).state


@pytest.mark.parametrize(
    ("blob", "change", "field", "value"),
    [
        (Q, {}, "hash_rate_now", 50.9851),
        (Q, {}, "hash_rate", 50.9851),
        (Q, {}, "hash_rate_average", 9.08065),
        (Q, {}, "hash_rate_1m", None),
        (Q, {}, "expected_hash_rate", 52.83821),
        (Q, {}, "power_limit", 800),
        (Q, {}, "uptime", 769980),
        (Q, {}, "chip_temperature", 72),
        (Q, {}, "chip_temperature_average", 65),
        (Q, {}, "target_chip_temperature", 65),
        (Q, {}, "inlet_temperature", 49),
        (Q, {}, "board_temperature", 63),
        (Q, {}, "outlet_temperature", None),
        (Q, {}, "ambient_temperature", None),
        (Q, {}, "frequency_actual", 271.58),
        (Q, {}, "chips_working", 160),
        (Q, {}, "pool_latency", 36),
        (Q, {}, "filter_age", 71618),
        (Q, {}, "hardware_errors", 1),
        (Q, {}, "hardware_error_rate", 3.2),
        (Q, {}, "work_utility", 126855.22),
        (Q, {}, "wifi_signal", None),
        (Q, {}, "controller_state", "In Work"),
        (Q, {}, "restart_reason", None),
        (Q, {}, "core_voltage_actual", None),
        (Q, {"Vo": "329"}, "core_voltage_actual", 0.329),
        (Q, {"RSSI": "-57"}, "wifi_signal", -57),
        (Q, {"DHspd": "0.000%"}, "hardware_error_rate", 3.488),
        (Q, {"PING": "0"}, "pool_latency", None),
        (Q, {"Filter": "0"}, "filter_age", 0),
        (Q, {"MPO": "0"}, "power_limit", None),
        (Q, {"ITemp": "0"}, "inlet_temperature", 0),
        (Q, {"ITemp": "-5"}, "inlet_temperature", -5),
        (Q, {"ITemp": "-273"}, "inlet_temperature", None),
        (Q, REST, "hash_rate", 0),
        (Q, REST, "hash_rate_now", 0),
        (Q, REST, "hash_rate_average", None),
        (Q, REST, "expected_hash_rate", None),
        (Q, REST, "chip_temperature", None),
        (Q, REST | {"TMax": "58"}, "chip_temperature", None),
        (Q, REST, "chip_temperature_average", None),
        (Q, REST | {"Vo": "329"}, "core_voltage_actual", None),
        (Q, REST, "frequency_actual", None),
        (Q, REST, "inlet_temperature", 49),
        (Q, REST, "target_chip_temperature", 65),
        (Q, REST, "power", 17),
        (Q, REST | {"PS": "0 1221 4 0 0 2245 146"}, "power", 146),
        (Q, REST | {"PS": "0 1221 4 0 0 2245 0"}, "power", 0),
        (Q, REST, "hardware_error_rate", 3.488),
        (Q, REST | {"TA": "0"}, "chips_working", None),
        (Q, REST, "controller_state", "In Idle"),
        (NANO_3, {}, "ambient_temperature", 52),
        (NANO_3, {}, "outlet_temperature", 45),
        (NANO_3, {}, "inlet_temperature", None),
        (NANO_3, {}, "frequency_actual", None),
        (NANO_3, {}, "controller_state", None),
        (NANO_3, {}, "hardware_error_rate", 1.474),
        (NANO_3, {}, "core_voltage_actual", None),
        (NANO_3S, {}, "inlet_temperature", None),
        (NANO_3S, {}, "outlet_temperature", 65),
        (MINI_3, {}, "inlet_temperature", 39),
        (MINI_3, {}, "outlet_temperature", 63),
        (MINI_3, {}, "board_temperature", 75),
        (A1246, {}, "core_voltage_actual", 0.329),
        (A1246, {}, "target_chip_temperature", None),
        (A1246, {}, "restart_reason", "pool inactive"),
        (A1246, {"BOOTBY": "0x00.00000000"}, "restart_reason", "clear"),
        (A1246, {"BOOTBY": "0x02.00000000"}, "restart_reason", "overheat"),
        (A1246, {"BOOTBY": "0x0A.00000002"}, "restart_reason", "unknown"),
        (A1246, {"BOOTBY": "0x11.00000000"}, "restart_reason", None),
        (A1246, {"BOOTBY": "no"}, "restart_reason", None),
        (A13, {"BOOTBY": "0x02.00000000"}, "restart_reason", None),
        (A1066, {}, "hash_rate_now", 53.15145 * (1 - 0.01399)),
        (A1066, {}, "hash_rate", 53.15145 * (1 - 0.01399)),
        (A1066, {"GHSspd": "52000.5"}, "hash_rate_now", 52.0005),
        (A1066, {"DH": "x"}, "hash_rate_now", 3.78461924),
        (A1066, {"GHSmm": "x"}, "hash_rate_now", 3.78461924),
        (A1066, {"SYSTEMSTATU": "Work: In Idle, Hash Board: 3"}, "hash_rate_now", 0),
        (A1246, {"GHSspd": "0.00"}, "hash_rate_now", 0),
    ],
)
def test_values(blob: Blob, change: Blob, field: str, value: object) -> None:
    found = getattr(state(blob | change), field)
    assert found == (pytest.approx(value) if isinstance(value, float) else value)


def test_an_a10_whose_shares_stopped_does_not_hash() -> None:
    found = state(A1066, summary=SUMMARY | {"MHS 1m": 0})
    assert (found.hash_rate_now, found.status) == (0, "idle")


@pytest.mark.parametrize(
    ("blob", "supply", "power"),
    [
        (NANO_3, "0 0 0 3 2780 92 314", 92),
        (NANO_3, "0 0 0 4 2734 125 346", 125),
        (NANO_3, "0 0 0 3 2780", None),
        (NANO_3S, "0 0 27541 4 0 3756 133", 133),
        (NANO_3S, "0 0 27541 4 0 3756 133 2150 2600", 133),
        (NANO_3S, "0 0 27541 4 0 3756", None),
        (MINI_3, "0 1210 2083 37 760 2085 824", 824),
        (Q, "0 1212 2285 35 801 2286 822", 822),
        (Q, "0 1212 2285 35 801 2286", None),
        (Q, "0 1212 2285 35 801 2286 0", None),
        (Q, "0 1212 2285 35 801 2286 -4", None),
        (Q, "0 1212 2285 35 801 2286 1e9", None),
        (Q, "0 1212 2285 35 801 2286 nan", None),
        (Q, "0 1212 x 35 801 2286 822", None),
        (Q, "", None),
        (A1066, "0 1228 1299 238 3086 1296", 3086),
        (A1066, "0 1228 1299 238 3086", None),
        (A1246, "0 1214 1316 242 3189 1320 3504", 3504),
        (UNKNOWN, "0 1212 2285 35 801 2286 822", None),
        (UNKNOWN | {"WALLPOWER": "815"}, "0 1212 2285 35 801 2286 822", 815),
        (A1246 | {"WALLPOWER": "3731"}, "0 1214 1316 242 3189 1320 3504", 3731),
        (A1246 | {"WALLPOWER": "0"}, "0 1214 1316 242 3189 1320 3504", 3504),
    ],
)
def test_power(blob: Blob, supply: str, power: float | None) -> None:
    assert state(blob | {"PS": supply}).power == power


@pytest.mark.parametrize(
    ("blob", "output_voltage", "output_current", "input_voltage", "input_current"),
    [
        (NANO_3, None, None, 27.8, 3),
        (NANO_3S, 27.541, 4, None, None),
        (MINI_3, 20.83, 37, None, None),
        (Q, 22.85, 35, None, None),
        (Q | REST, 0.01, 0, None, None),
        (A1066, 12.99, 238, None, None),
        (A1246, 13.16, 242, None, None),
        (UNKNOWN, None, None, None, None),
    ],
)
def test_supply(
    blob: Blob,
    output_voltage: float | None,
    output_current: float | None,
    input_voltage: float | None,
    input_current: float | None,
) -> None:
    found = state(blob)
    assert found.psu_output_voltage == output_voltage
    assert found.psu_output_current == output_current
    assert found.input_voltage == input_voltage
    assert found.input_current == input_current


@pytest.mark.parametrize(
    "told",
    ["", " ", "x", "nan", "inf", "-inf", "1e400", "9" * 400, "-7e30", "--", "[", "%"],
)
def test_hostile_values_cost_only_themselves(told: str) -> None:
    plain = state(Q)
    numbers = (
        ("GHSspd", "hash_rate_now"),
        ("GHSavg", "hash_rate_average"),
        ("TMax", "chip_temperature"),
        ("ITemp", "inlet_temperature"),
        ("TA", "chips_working"),
        ("PING", "pool_latency"),
        ("Filter", "filter_age"),
        ("HW", "hardware_errors"),
        ("Freq", "frequency_actual"),
        ("WU", "work_utility"),
        ("MPO", "power_limit"),
    )
    for key, field in numbers:
        found = state(Q | {key: told})
        assert getattr(found, field) is None
        assert found.board_temperature == plain.board_temperature
        assert found.power == plain.power


@pytest.mark.parametrize(("told", "uptime"), [("x", 101614), ("1e10", 101614)])
def test_the_summary_tells_an_uptime_that_the_blob_does_not(
    told: str, uptime: int
) -> None:
    assert state(Q | {"Elapsed": told}).uptime == uptime


def test_an_item_whose_bracket_stays_open_is_not_read() -> None:
    assert blob_items("TMax[72] PVT_V0[335 326") == {"TMax": "72"}
    assert blob_items("TMax[8") == {}
    assert blob_items("LVer[a] Ver[b] HDNA[c] DNA[d]") == {
        "LVer": "a",
        "Ver": "b",
        "HDNA": "c",
        "DNA": "d",
    }


@pytest.mark.parametrize("step", range(1, 40))
def test_a_cut_blob_never_gives_a_wrong_number(step: int) -> None:
    whole = text_of(A1246)
    rows = ({"MM ID0": whole[: len(whole) * step // 40]},)
    device = Device({"MODEL": "1246-83"})
    cut = device.answers(poll_of({}, stats=rows)).state
    full = state(A1246)
    for field in ("power", "hash_rate_now", "chip_temperature", "power_limit"):
        assert getattr(cut, field) in (None, getattr(full, field))
    for board, complete in zip(cut.boards, full.boards, strict=False):
        assert board.chip_voltages in ((), complete.chip_voltages)
        assert board.chip_temperatures in ((), complete.chip_temperatures)
        assert board.chip_work in ((), complete.chip_work)


@pytest.mark.parametrize(
    ("blob", "fans"),
    [
        (NANO_3, (Fan(speed=3360, duty_cycle=43),)),
        (
            Q,
            tuple(Fan(speed=rpm, duty_cycle=71) for rpm in (2129, 2128, 2107, 2100)),
        ),
        (Q | REST, (Fan(duty_cycle=0),) * 4),
        (Q | {"Fan2": "x", "FanR": "x"}, None),
        (
            {key: A13[key] for key in A13 if key not in ("Fan3", "Fan4")},
            (Fan(speed=5344, duty_cycle=72), Fan(speed=5392, duty_cycle=72)),
        ),
        ({"Ver": "1566HA-24102401_2546"} | A1246 | {"Ver": "1566HA-24102401_25"}, ()),
        (UNKNOWN, (Fan(speed=2129, duty_cycle=71),)),
    ],
)
def test_fans(blob: Blob, fans: tuple[Fan, ...] | None) -> None:
    found = state(blob).fans
    if fans is None:
        assert [fan.speed for fan in found] == [2129, None, 2107, 2100]
        assert found[0].duty_cycle is None
    else:
        assert found[: len(fans)] == fans
        assert len(found) == (4 if blob is UNKNOWN else len(fans))


def test_boards_of_an_a1246() -> None:
    found = state(A1246).boards
    assert [board.hash_rate for board in found] == [26.90701, 26.02506, 26.72456]
    assert [board.chip_temperature for board in found] == [77, 77, 76]
    assert [board.chip_temperature_average for board in found] == [66, 65, 64]
    assert [board.hardware_errors for board in found] == [999, 697, 1039]
    assert found[1].chip_temperatures == (64, 64, 77)
    assert found[2].chip_voltages == (0.304, 0.309, 0.311)
    assert found[0].chip_voltage == pytest.approx((0.305 + 0.312 + 0.311) / 3)
    assert found[0].chip_work == (611, 634, 672)
    assert read(A1246).identity.board_count == 3


def test_boards_in_plain_data() -> None:
    found = state(A1246)
    assert found.as_dict()["boards"] == tuple(map(asdict, found.boards))
    assert found == state(A1246)
    assert found != state(A1246 | {"MH": "999 697 1040"})


def test_board_voltage_as_told() -> None:
    found = state(A1246 | {"MVavg": "285.7 286.3 x"}).boards
    assert found[0].chip_voltage == pytest.approx((0.305 + 0.312 + 0.311) / 3)
    found = state(A1246 | {"MVavg": "285.7 286.3 285.8"}).boards
    told = [board.chip_voltage for board in found]
    assert told == pytest.approx([0.2857, 0.2863, 0.2858])


@pytest.mark.parametrize("blob", [Q | REST, Q | {"GHSspd": "0.00"}])
def test_chips_at_rest_tell_nothing(blob: Blob) -> None:
    """The list on the boards stays what it was at work."""
    (board,) = state(blob).boards
    assert board.chip_temperatures == board.chip_voltages == board.chip_work == ()
    assert board.chip_temperature is None
    assert board.hash_rate == 0
    assert board.hardware_errors == 1
    assert state(blob).chip_voltage_min is None


def test_boards_at_rest_tell_nothing_of_their_chips() -> None:
    rest = {"SYSTEMSTATU": "Work: In Idle, Hash Board: 3", "GHSspd": "0.00"}
    for board in state(A1246 | rest | {"MVavg": "285.7 286.3 285.8"}).boards:
        assert board.chip_temperature is None
        assert board.chip_temperature_average is None
        assert board.chip_voltage is None
        assert board.chip_temperatures == ()


@pytest.mark.parametrize(
    ("info", "temperatures", "voltages", "work"),
    [
        (Q_BOARD, [(58, 72, 65)], [(0.282, 0.278, 0.276)], [(526, 664, 642)]),
        ("'HB0':{PVT_T0[58] PVT_V0[282 27", [(58,)], [()], [()]),
        ("'HB0':{", [()], [()], [()]),
        ("", [()], [()], [()]),
        (None, [()], [()], [()]),
        (
            "'HB0':{PVT_T0[58]} 'HB1':{PVT_T1[59]}",
            [(58,), (59,)],
            [(), ()],
            [(), ()],
        ),
        ("'HB0':{PVT_T0[58]}'HB1':{PVT_T0[59]}", [(58,), (59,)], [(), ()], [(), ()]),
        (
            "'HB0':{PVT_T0[58 x 60 0 -273] PVT_V0[0 282] MW0[1 x]}",
            [(58, 60)],
            [(0.282,)],
            [()],
        ),
        ("'HB0':{PVT_T0[nan inf 1e9] MW0[nan 1]}", [()], [()], [()]),
        ("'HB0':{MW0[1 -2]}", [()], [()], [()]),
        ("'HB0':{MW0[1e18 1e18]}", [()], [()], [()]),
    ],
)
def test_chips_of_a_q(
    info: object, temperatures: Any, voltages: Any, work: Any
) -> None:
    row = dict(rows_of(Q)[0]) | {"HBinfo": info}
    found = state(Q, stats=(row,)).boards
    assert [board.chip_temperatures for board in found] == temperatures
    assert [board.chip_voltages for board in found] == voltages
    assert [board.chip_work for board in found] == work


def test_lists_are_capped() -> None:
    chips = " ".join(["60"] * 600)
    blob = A1246 | {"MGHS": " ".join(["1"] * 100)}
    blob |= {f"PVT_T{n}": chips for n in range(20)} | {"MW0": chips}
    many = {f"Fan{n}": "1000" for n in range(1, 20)}
    found = state(blob | many, pools=(POOL,) * 50)
    assert len(found.boards) == 8
    assert len(found.boards[0].chip_temperatures) == 512
    assert len(found.boards[0].chip_work) == 512
    assert len(found.fans) == 4
    assert len(found.pools) == 8


def test_several_modules_add_up() -> None:
    hot = A1246 | {"TMax": "90", "PS": "0 1214 1316 242 3189 1320 3000"}
    rows = ({"MM ID0": text_of(A1246), "MM ID1": text_of(hot)},)
    found = state(A1246, stats=rows)
    assert found.hash_rate == pytest.approx(162.14536)
    assert found.power == 6504
    assert found.chip_temperature == 90
    assert found.chips_working == 720
    assert found.psu_output_voltage == 13.16
    assert len(found.boards) == 6
    split = ({"MM ID0": text_of(A1246)}, {"MM ID1": text_of(hot)})
    assert state(A1246, stats=split).power == 6504


def test_summary() -> None:
    found = state(Q)
    assert found.shares_accepted == 21853
    assert found.shares_rejected == 15
    assert found.shares_stale == 3
    assert found.best_difficulty == 138508908
    assert found.blocks_found == 0


@pytest.mark.parametrize("told", [None, True, "x", -1, float("nan"), 10**40, [], {}])
def test_hostile_summary(told: object) -> None:
    keys = ("Accepted", "Stale", "Best Share", "Found Blocks", "MHS 1m", "Elapsed")
    found = state(Q, summary=SUMMARY | dict.fromkeys(keys, told))
    assert found.shares_accepted is None
    assert found.shares_stale is None
    assert found.best_difficulty is None
    assert found.blocks_found is None
    assert found.shares_rejected == 15
    assert "summary_uptime" not in found.figures


def test_numbers_of_the_text_format() -> None:
    texts = {key: str(value) for key, value in SUMMARY.items()}
    assert state(Q, summary=texts).shares_accepted == 21853
    pool = {key: str(value).lower() for key, value in POOL.items()}
    found = state(Q, pools=(pool,)).pools[0]
    assert (found.active, found.connected, found.accepted) == (True, True, 890)


@pytest.mark.parametrize(
    ("change", "now", "shown", "average"),
    [
        ({}, 6.61480103, 3.78461924, 3.04807668),
        ({"MHS 5s": 0}, 0, 0, None),
        ({"MHS 5s": None, "MHS 30s": 7e6}, 7, 3.78461924, 3.04807668),
        ({"MHS 5s": None}, 3.78461924, 3.78461924, 3.04807668),
        ({"MHS 5s": None, "MHS 1m": None}, 3.04807668, 3.04807668, 3.04807668),
        ({"MHS 5s": None, "MHS 1m": None, "MHS av": None}, None, None, None),
        (
            {"MHS 5s": None, "MHS 1m": None, "MHS av": None}
            | {"GHS 5s": "13450.5", "GHS av": 13400},
            13.4505,
            13.4505,
            13.4,
        ),
    ],
)
def test_hash_rate_of_a_plain_cgminer(
    change: dict[str, Any], now: float, shown: float, average: float
) -> None:
    poll = Poll(summary=SUMMARY | change, pools=(POOL,))
    found = Device(PLAIN_VERSION).answers(poll).state
    told = (found.hash_rate_now, found.hash_rate, found.hash_rate_average)
    assert told == pytest.approx((now, shown, average))


def test_a_plain_cgminer() -> None:
    found = Device(PLAIN_VERSION).answers(Poll(summary=SUMMARY, pools=(POOL,))).state
    assert found.work_utility == 42608.85
    assert found.hardware_errors == 148
    assert found.hardware_error_rate == 0.0002
    assert found.uptime == 101614
    assert found.pool == "pool.example.com:4444"
    assert found.figures["device_hardware_percent"] == 0.0002
    assert found.fans == found.boards == ()
    assert found.power is None


@pytest.mark.parametrize(
    ("change", "name", "figure"),
    [
        ({}, "state_code", 1),
        ({}, "work_mode", 0),
        ({}, "work_level", 0),
        ({"WORKLEVEL": "-1"}, "work_level", -1),
        ({}, "soft_off_reason", 4),
        ({}, "soft_off_time", 1757170800),
        ({"SoftOffTime": "300"}, "soft_off_time", 1753431516 - 101614 + 300),
        ({"SoftOffTime": "0"}, "soft_off_time", None),
        ({}, "adjusted", True),
        ({"ADJ": "0"}, "adjusted", False),
        ({"BAR": "35"}, "bar", 35),
        ({"Activation": "1"}, "activation", True),
        ({"LcdOnoff": "0"}, "display_on", False),
        ({"LcdSwitch": "2"}, "display_page", 2),
        ({}, "ps", (0, 1212, 2285, 35, 801, 2286, 822)),
        ({}, "psu_link_errors", 0),
        ({}, "fan_error", 0),
        ({}, "ecmm", 0),
        ({"ECHU": "512 0 4"}, "echu", (512, 0, 4)),
        ({"CRC": "0 4 4"}, "crc", (0, 4, 4)),
        ({"CRC": "0 x 4"}, "crc", None),
        ({"NETFAIL": "1757135953 1757135954 0 0"}, "network_failures", 1),
        ({"NETFAIL": "0 0 0 0 0 0 0 0"}, "network_failures", 0),
        ({"NETFAIL": "1 2 3"}, "network_failures", None),
        ({"MEMFREE": "67660"}, "memory_free", 67660),
        ({"MEMFREE": "1392832.1381104"}, "memory_free", 1392832),
        ({"MEMFREE": "269880 B"}, "memory_free", None),
        ({}, "hash_rate_theoretical", 52838.21),
        ({}, "hardware_error_rate_average", 3.488),
        ({}, "hardware_error_rate_now", 3.2),
        (REST, "temperature_max", 0),
        ({}, "board_inlet_temperature", 60),
        ({}, "boot_code", "0x01.00000000"),
        ({"ATA0": "90-85-314-100:447"}, "profile_0", (90, 85, 314, 100, 447)),
        ({"LEDUser": "0-100--5-1"}, "led_user", (0, 100, -5, 1)),
        ({"PLL0": "13026 6474 3643 1177"}, "pll_0", (13026, 6474, 3643, 1177)),
        ({}, "summary_work_utility", 42608.85),
        ({}, "device_hardware_percent", 0.0002),
        ({}, "ssid", None),
    ],
)
def test_figures(change: Blob, name: str, figure: object) -> None:
    assert state(Q | change).figures.get(name) == figure


def test_figures_of_a_row() -> None:
    row = {"MM ID0": text_of(A1246), "MM Count": 1, "Nonce Mask": 25}
    row |= {"Smart Speed": 1, "Connection Overloaded": False}
    found = state(A1246, stats=(row,)).figures
    assert found["module_count"] == 1
    assert found["nonce_mask"] == 25
    assert found["connection_overloaded"] is False
    assert state(A1246 | {"Mask": "7"}).figures["nonce_mask"] == 7


def test_figures_are_a_mapping_like_any_other() -> None:
    found = state(Q).figures
    assert dict(found) == dict(found.items())
    assert len(found) == len(list(found))
    assert found == state(Q).figures
    assert found != state(Q | {"ECMM": "4"}).figures
    assert repr(found) == repr(dict(found))
    assert asdict(state(Q))["figures"] == dict(found)


def test_nothing_private_leaves_the_parser() -> None:
    pool = POOL | {"URL": "stratum+tcp://wallet.worker1:secret@pool.example.com:1"}
    blob = Q | {"SSID": "my home"}
    reading = read(blob, pools=(pool,))
    shown = f"{reading!r} {dict(reading.state.figures)}"
    for private in ("wallet", "secret", "my home"):
        assert private not in shown


@pytest.mark.parametrize("word", ["<b>In Work</b>", "In \x00Work\n", "x" * 500])
def test_words_are_cut_and_cleaned(word: str) -> None:
    told = state(Q | {"SYSTEMSTATU": f"Work: {word}, Hash Board: 1"}).controller_state
    assert told is not None
    assert told.isprintable()
    assert len(told) <= 64
