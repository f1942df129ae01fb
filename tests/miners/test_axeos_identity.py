"""Who an AxeOS miner is, what it can do, and what it endures."""

from typing import Any

import pytest

from custom_components.miner_monitor.miners.model import (
    SWITCH,
    Alarm,
    Capability,
    Derating,
    Family,
    HashRateUnit,
    MinerIdentity,
    Setting,
)

from .replies import GAMMA, GAMMA_214, NERD, OFF_214, Device, read, without

LUCKY = without(GAMMA, "boardVersion", "temptarget", "minFanSpeed") | {
    "minerModel": "LV08",
    "ASICModel": "BM1366",
    "asicCount": 9,
    "smallCoreCount": 894,
    "version": None,
}


def identity(
    change: dict[str, Any], asic: dict[str, Any] | None = None
) -> MinerIdentity:
    return read(GAMMA | change, asic).identity


def test_the_whole_identity() -> None:
    told = read(GAMMA, {"deviceModel": "Gamma", "asicCount": 1}).identity
    assert told.family is Family.AXEOS
    assert told.manufacturer == "Bitaxe"
    assert told.model == "Gamma 601"
    assert told.model_id == "Gamma"
    assert told.board == "601"
    assert told.firmware == "v2.12.2"
    assert told.mac == told.unique_id == "e4:b0:63:00:00:01"
    assert told.serial is None
    assert told.hostname == "bitaxe"
    assert told.default_hostname
    assert told.chip_model == "BM1370"
    assert (told.chip_count, told.core_count) == (1, 2040)
    assert (told.fan_count, told.pool_count, told.board_count) == (1, 2, 0)
    assert told.hash_rate_unit is HashRateUnit.TERA


@pytest.mark.parametrize(
    ("change", "asic", "maker", "model"),
    [
        ({"boardVersion": "0.11", "ASICModel": "BM1366"}, {}, "Bitaxe", "Ultra 0.11"),
        ({"boardVersion": "2.2", "ASICModel": "BM1397"}, {}, "Bitaxe", "Max 2.2"),
        ({"boardVersion": "102"}, {}, "Bitaxe", "Max 102"),
        ({"boardVersion": "207"}, {}, "Bitaxe", "Ultra 207"),
        ({"boardVersion": "303"}, {}, "Bitaxe", "Hex 303"),
        ({"boardVersion": "403"}, {}, "Bitaxe", "Supra 403"),
        ({"boardVersion": "603"}, {}, "Bitaxe", "Gamma 603"),
        ({"boardVersion": "650"}, {}, "Bitaxe", "Gamma Duo 650"),
        ({"boardVersion": "702"}, {}, "Bitaxe", "SupraHex 702"),
        ({"boardVersion": "801"}, {}, "Bitaxe", "GT 801"),
        ({"boardVersion": "1000"}, {}, "Zyber", "8S"),
        ({"boardVersion": "1110"}, {"deviceModel": "Zyber8G"}, "Zyber", "8GP"),
        ({"boardVersion": "302"}, {"deviceModel": "LV07"}, "Lucky Miner", "LV07"),
        ({"boardVersion": "303", "family": "LV08"}, {}, "Lucky Miner", "LV08"),
        ({"boardVersion": "312"}, {"deviceModel": "LV07Pro"}, "Lucky Miner", "LV07Pro"),
        ({"boardVersion": "302"}, {"deviceModel": "Hex"}, "Bitaxe", "Hex 302"),
        (
            {"boardVersion": "800"},
            {"deviceModel": "GammaTurbo"},
            "Bitaxe",
            "GammaTurbo (board 800)",
        ),
        ({"boardVersion": "800"}, {}, "Bitaxe", "BM1370 (board 800)"),
        ({"boardVersion": None}, {}, "Bitaxe", "BM1370"),
        ({"boardVersion": None, "ASICModel": None}, {}, "Bitaxe", "miner"),
    ],
)
def test_model(
    change: dict[str, Any], asic: dict[str, Any], maker: str, model: str
) -> None:
    told = identity(change, asic)
    assert (told.manufacturer, told.model) == (maker, model)


@pytest.mark.parametrize(
    ("info", "maker", "model"),
    [
        (LUCKY, "Lucky Miner", "LV08"),
        (LUCKY | {"minerModel": "LV06"}, "Lucky Miner", "LV06"),
        (NERD, "NerdAxe", "NerdQAxe++"),
        (NERD | {"deviceModel": "NerdOCTAXE-\u03b3"}, "NerdAxe", "NerdOCTAXE-\u03b3"),
        (NERD | {"deviceModel": "NerdQX"}, "NerdAxe", "NerdQX"),
        (without(NERD, "deviceModel") | {"version": "v1.0.9"}, "NerdAxe", "NerdAxe"),
    ],
)
def test_model_of_relatives(info: dict[str, Any], maker: str, model: str) -> None:
    told = read(info).identity
    assert (told.manufacturer, told.model) == (maker, model)


@pytest.mark.parametrize(
    ("told", "mac"),
    [
        ("E4:B0:63:00:00:01", "e4:b0:63:00:00:01"),
        ("C0-FA-38-00-00-01", "c0:fa:38:00:00:01"),
        ("e4b063000001", "e4:b0:63:00:00:01"),
        ("XX:XX:XX:XX:XX:XX", None),
        ("00:00:00:00:00:00", None),
        ("FF:FF:FF:FF:FF:FF", None),
        ("E4:B0:63:00:00", None),
        ("", None),
        (None, None),
        (42, None),
        ("e4" * 400, None),
    ],
)
def test_mac(told: object, mac: str | None) -> None:
    assert identity({"macAddr": told}).mac == mac


@pytest.mark.parametrize(
    ("told", "hostname", "default"),
    [
        ("bitaxe", "bitaxe", True),
        ("Bitaxe", "Bitaxe", True),
        ("espressif", "espressif", True),
        ("bitaxe-ab12", "bitaxe-ab12", True),
        ("bitaxe_0123", "bitaxe_0123", True),
        ("nerdqaxe", "nerdqaxe", True),
        ("nerdaxe", "nerdaxe", True),
        ("NerdQAxe++", "NerdQAxe++", True),
        ("LV07", "LV07", True),
        ("bitaxe 105", "bitaxe 105", False),
        ("bitaxe-attic", "bitaxe-attic", False),
        ("garage", "garage", False),
        ("<b>x</b>", "<b>x</b>", False),
        ("a\x00b\nc", "abc", False),
        ("x" * 63, "x" * 63, False),
        ("x" * 500, None, True),
        ("   ", None, True),
        ("", None, True),
        (None, None, True),
        (["a"], None, True),
    ],
)
def test_hostname(told: object, hostname: str | None, default: bool) -> None:
    found = identity({"hostname": told})
    assert (found.hostname, found.default_hostname) == (hostname, default)


@pytest.mark.parametrize(
    ("info", "window", "interval"),
    [
        (GAMMA, 600, 15),
        (without(GAMMA, "manualFanSpeed"), 3600, 15),
        (without(GAMMA, "manualFanSpeed", "minFanSpeed"), 3600, 30),
        (LUCKY, 600, 30),
        (NERD, 600, 15),
        (without(NERD, "manualFanSpeed"), 600, 15),
    ],
)
def test_patience(info: dict[str, Any], window: int, interval: int) -> None:
    told = read(info).identity
    assert (told.ratio_window, told.poll_interval) == (window, interval)


@pytest.mark.parametrize(
    ("change", "asic", "chips", "cores"),
    [
        ({"boardVersion": "302", "asicCount": 1, "smallCoreCount": 894}, {}, 6, 894),
        ({"boardVersion": "801"}, {"asicCount": 2}, 2, 2040),
        ({"boardVersion": "999", "asicCount": 3}, {}, 3, 2040),
        ({"boardVersion": "999"}, {"asicCount": 4}, 4, 2040),
        ({"boardVersion": "999", "hashrateMonitor": {"asics": [{}, {}]}}, {}, 2, 2040),
        ({"boardVersion": "999", "asicCount": 10**9}, {}, 1, 2040),
        ({"boardVersion": "999", "hashrateMonitor": "no"}, {}, 1, 2040),
        ({"smallCoreCount": None, "ASICModel": "BM1366"}, {}, 1, 894),
        ({"smallCoreCount": 0, "ASICModel": "BM1397"}, {}, 1, 672),
        ({"smallCoreCount": None, "ASICModel": "BM1372/BM1373"}, {}, 1, 6725),
        ({"smallCoreCount": None, "ASICModel": "BM9999"}, {}, 1, None),
    ],
)
def test_chips(
    change: dict[str, Any], asic: dict[str, Any], chips: int, cores: int | None
) -> None:
    told = identity(change, asic)
    assert (told.chip_count, told.core_count) == (chips, cores)


def test_range_from_the_presets_of_the_device() -> None:
    asic = {
        "frequencyOptions": [600, 525, 525, "550", None, 9999],
        "voltageOptions": [1200, 1100],
        "defaultFrequency": 525,
        "defaultVoltage": 1150,
    }
    settings = identity({}, asic).limits.settings
    frequency, voltage = settings[Setting.FREQUENCY], settings[Setting.CORE_VOLTAGE]
    assert frequency.options == (525, 550, 600)
    assert (frequency.minimum, frequency.maximum, frequency.default) == (100, 600, 525)
    assert voltage.options == (1.1, 1.2)
    assert (voltage.minimum, voltage.maximum, voltage.default) == (1.1, 1.2, 1.15)


@pytest.mark.parametrize(
    ("frequency", "voltage"), [(9e9, 9e9), (1300, 1450), (1, 900), (-5, -5), ("x", [])]
)
def test_a_default_that_cannot_be_is_none(frequency: Any, voltage: Any) -> None:
    asic = {
        "frequencyOptions": [400, 600],
        "voltageOptions": [1100, 1200],
        "defaultFrequency": frequency,
        "defaultVoltage": voltage,
    }
    settings = identity({}, asic).limits.settings
    assert settings[Setting.FREQUENCY].default is None
    assert settings[Setting.CORE_VOLTAGE].default is None


def test_range_from_the_board_table() -> None:
    settings = identity({}).limits.settings
    assert settings[Setting.FREQUENCY].maximum == 625
    assert settings[Setting.FREQUENCY].default == 525
    assert settings[Setting.CORE_VOLTAGE].options[-1] == 1.25
    assert settings[Setting.TARGET_TEMPERATURE].maximum == 66
    assert settings[Setting.FAN_DUTY_CYCLE].maximum == 100
    assert settings[Setting.MIN_FAN_DUTY_CYCLE].maximum == 99
    assert settings[Setting.AUTO_FAN].maximum == 1


_2_9 = {
    Setting.FREQUENCY,
    Setting.CORE_VOLTAGE,
    Setting.AUTO_FAN,
    Setting.FAN_DUTY_CYCLE,
    Setting.TARGET_TEMPERATURE,
}
_2_10 = _2_9 | {Setting.MIN_FAN_DUTY_CYCLE}
_2_11 = _2_10 | {Setting.POOL}
SLOTS = {"pools": [{"id": 4}, {"id": 6}], "primaryPoolIndex": 4}
NERD_LISTS = {"frequencyOptions": [500, 600], "voltageOptions": [1120, 1200]}


@pytest.mark.parametrize(
    ("info", "asic", "settings"),
    [
        (GAMMA, {}, _2_11),
        (GAMMA_214, {}, _2_11 | {Setting.MINING}),
        (GAMMA_214 | SLOTS, {}, _2_11 | {Setting.MINING}),
        (GAMMA | {"pools": [{"id": 4}], "primaryPoolIndex": 4}, {}, _2_10),
        (without(GAMMA, "fallbackStratumURL"), {}, _2_10),
        (without(GAMMA, "manualFanSpeed"), {}, _2_10),
        (without(GAMMA, "minFanSpeed", "manualFanSpeed"), {}, _2_9),
        (
            without(GAMMA, "minFanSpeed", "temptarget", "manualFanSpeed"),
            {},
            _2_9 - {Setting.TARGET_TEMPERATURE},
        ),
        (
            GAMMA | {"boardVersion": "999"},
            {},
            _2_11 - {Setting.FREQUENCY, Setting.CORE_VOLTAGE},
        ),
        (NERD, NERD_LISTS, _2_9 | {Setting.MINING}),
        (without(NERD, "shutdown"), NERD_LISTS, _2_9),
        (
            NERD | {"pidTargetTemp": -1},
            NERD_LISTS,
            _2_9 - {Setting.TARGET_TEMPERATURE} | {Setting.MINING},
        ),
        (NERD, {}, _2_9 - {Setting.FREQUENCY, Setting.CORE_VOLTAGE} | {Setting.MINING}),
        (
            {"ASICModel": "BM1370", "hashRate": 1, "boardVersion": "601"},
            {},
            set(),
        ),
    ],
)
def test_settings_there_are(
    info: dict[str, Any], asic: dict[str, Any], settings: set[Setting]
) -> None:
    assert set(read(info, asic).identity.limits.settings) == settings


def test_switches_and_pools_have_the_range_of_what_they_are() -> None:
    settings = read(GAMMA_214).identity.limits.settings
    assert settings[Setting.MINING] == settings[Setting.AUTO_FAN] == SWITCH
    assert (settings[Setting.POOL].minimum, settings[Setting.POOL].maximum) == (0, 1)


@pytest.mark.parametrize(
    ("info", "asic", "frequency", "voltage"),
    [
        # Lowest, highest, highest for experts.
        (GAMMA, {}, (100, 625, 1200), (1.0, 1.25, 1.4)),
        (GAMMA | {"boardVersion": "650"}, {}, (100, 410, 1200), (1.0, 1.25, 1.4)),
        (GAMMA | {"boardVersion": "302"}, {}, (100, 575, 1200), (1.1, 1.3, 1.4)),
        (GAMMA | {"boardVersion": "102"}, {}, (100, 600, 1200), (1.1, 1.5, None)),
        (
            GAMMA,
            {"frequencyOptions": [400, 1300], "voltageOptions": [900, 1000, 2100]},
            (100, 400, 1200),
            (1.0, 1.0, 1.4),
        ),
        (
            GAMMA | {"boardVersion": "999"},
            {"frequencyOptions": [60, 500], "voltageOptions": [900, 1200]},
            (60, 500, 1200),
            (0.9, 1.2, 1.4),
        ),
        (NERD, NERD_LISTS, (100, 600, 1200), (1.12, 1.2, 1.4)),
        (
            NERD,
            NERD_LISTS | {"absMaxFrequency": 800, "absMaxVoltage": 1300},
            (100, 600, 800),
            (1.12, 1.2, 1.3),
        ),
        (
            NERD,
            NERD_LISTS | {"absMaxFrequency": 9000, "absMaxVoltage": 9000},
            (100, 600, 1200),
            (1.12, 1.2, 1.4),
        ),
        (
            NERD,
            NERD_LISTS | {"absMaxFrequency": 600, "absMaxVoltage": 1150},
            (100, 600, None),
            (1.12, 1.12, 1.15),
        ),
        (
            NERD,
            NERD_LISTS | {"ecoFrequency": 90, "ecoVoltage": 1060},
            (90, 600, 1200),
            (1.06, 1.2, 1.4),
        ),
        (
            NERD,
            NERD_LISTS | {"ecoFrequency": 550, "ecoVoltage": 900},
            (100, 600, 1200),
            (1.12, 1.2, 1.4),
        ),
    ],
)
def test_how_far_a_chip_may_be_driven(
    info: dict[str, Any],
    asic: dict[str, Any],
    frequency: tuple[float, float, float | None],
    voltage: tuple[float, float, float | None],
) -> None:
    settings = read(info, asic).identity.limits.settings
    for setting, expected in (
        (Setting.FREQUENCY, frequency),
        (Setting.CORE_VOLTAGE, voltage),
    ):
        told = settings[setting]
        assert (told.minimum, told.maximum, told.expert_maximum) == expected


def test_the_point_of_least_power_is_a_preset() -> None:
    asic = NERD_LISTS | {"ecoFrequency": 400, "ecoVoltage": 1060}
    settings = read(NERD, asic).identity.limits.settings
    assert settings[Setting.FREQUENCY].options == (400, 500, 600)
    assert settings[Setting.CORE_VOLTAGE].options == (1.06, 1.12, 1.2)


@pytest.mark.parametrize(
    ("info", "target"),
    [
        (GAMMA, (35, 66)),
        (NERD, (30, 65)),
        (NERD | {"overheat_temp": 60}, (30, 55)),
        (NERD | {"overheat_temp": 20}, (30, 30)),
        (NERD | {"overheat_temp": 95}, (30, 80)),
        (without(NERD, "overheat_temp"), (30, 80)),
    ],
)
def test_range_of_the_target(info: dict[str, Any], target: tuple[int, int]) -> None:
    told = read(info).identity.limits.settings[Setting.TARGET_TEMPERATURE]
    assert (told.minimum, told.maximum) == target


@pytest.mark.parametrize(
    ("info", "derating"),
    [
        (GAMMA, Derating(frequency_step=100, voltage_step=0.1, restart_frequency=400)),
        (
            GAMMA_214,
            Derating(frequency_step=100, voltage_step=0.1, restart_frequency=400),
        ),
        (without(GAMMA, "manualFanSpeed"), Derating(frequency=50, core_voltage=1.0)),
        (without(GAMMA, "manualFanSpeed", "overheat_mode"), None),
        (NERD, None),
    ],
)
def test_how_a_hot_miner_lowers_itself(
    info: dict[str, Any], derating: Derating | None
) -> None:
    assert read(info).identity.limits.derating == derating


@pytest.mark.parametrize(
    ("info", "chip", "vr", "volts", "watts"),
    [
        (GAMMA, (70, 74), (95, 100), (4.9, 4.8), 44),
        (GAMMA | {"temptarget": 66}, (71, 74), (95, 100), (4.9, 4.8), 44),
        (GAMMA | {"temptarget": 80}, (73, 74), (95, 100), (4.9, 4.8), 44),
        (
            without(GAMMA, "temptarget", "nominalVoltage") | {"boardVersion": "302"},
            (70, 74),
            (95, 100),
            (11.4, 11.0),
            99,
        ),
        (
            GAMMA | {"boardVersion": "204", "vrTemp": 0},
            (70, 74),
            None,
            (4.9, 4.8),
            27.5,
        ),
        (
            GAMMA | {"boardVersion": "999", "nominalVoltage": 12},
            (70, 74),
            (95, 100),
            (11.4, 11.0),
            None,
        ),
        (
            GAMMA | {"boardVersion": "999", "nominalVoltage": 24, "vrTemp": 0},
            (70, 74),
            None,
            None,
            None,
        ),
        (NERD, (65, 69), (64, 65), (11.4, 11.0), 110),
        (NERD | {"maxPower": 250}, (65, 69), (64, 65), (11.4, 11.0), 275),
        (
            without(NERD, "overheat_temp")
            | {"deviceModel": "NerdAxe", "minVoltage": 4.5, "maxVoltage": 5.5},
            (65, 69),
            (64, 65),
            (4.9, 4.8),
            16.5,
        ),
        (LUCKY | {"nominalVoltage": None}, (70, 74), (95, 100), (11.4, 11.0), None),
    ],
)
def test_alarms(
    info: dict[str, Any],
    chip: tuple[float, float],
    vr: tuple[float, float] | None,
    volts: tuple[float, float] | None,
    watts: float | None,
) -> None:
    def alarm(pair: tuple[float, float] | None) -> Alarm | None:
        return None if pair is None else Alarm(warn=pair[0], critical=pair[1])

    limits = read(info).identity.limits
    assert limits.chip_temperature == alarm(chip)
    assert limits.vr_temperature == alarm(vr)
    assert limits.input_voltage == alarm(volts)
    told = limits.power
    assert (None if told is None else told.warn) == (
        None if watts is None else pytest.approx(watts)
    )
    assert told is None or told.critical > told.warn


@pytest.mark.parametrize(
    ("info", "chip", "vr"),
    [
        (GAMMA, 75, 105),
        (GAMMA | {"version": "v2.4.0"}, 75, 105),
        (GAMMA | {"boardVersion": "204", "vrTemp": 0}, 75, None),
        (LUCKY, None, None),
    ],
)
def test_where_axeos_switches_its_chips_off(
    info: dict[str, Any], chip: float | None, vr: float | None
) -> None:
    points = read(info).identity.limits.trip_points
    assert (points.chip, points.vr) == (chip, vr)


HEX = GAMMA | {"boardVersion": "302", "temp2": 58, "nominalVoltage": 12}
SUPRA = GAMMA | {"boardVersion": "401", "vrTemp": 0}
STRANGE = GAMMA | {"boardVersion": "800"}
BOOTING = {**OFF_214, "uptimeSeconds": 5, "power": 0, "voltage": 0, "current": 0}
NERD_REST = {
    "hashRate": 0,
    "temp": 0,
    "vrTemp": 0,
    "coreVoltageActual": 0,
    "power": 0,
    "voltage": 0,
    "current": 0,
}


@pytest.mark.parametrize(
    ("busy", "rest"),
    [
        (GAMMA_214, OFF_214 | {"miningPaused": True, "power": 5}),
        (GAMMA_214, BOOTING | {"vrTemp": -1, "temp2": 0}),
        (GAMMA, OFF_214 | {"overheat_mode": 1}),
        (GAMMA, BOOTING),
        (HEX, BOOTING | {"temp2": -1}),
        (SUPRA, BOOTING),
        (GAMMA | {"boardVersion": "204", "vrTemp": 0}, BOOTING),
        (GAMMA | {"boardVersion": "801", "temp2": 50}, BOOTING | {"temp2": -1}),
        (NERD, NERD_REST | {"shutdown": True}),
        (NERD, NERD_REST),
        (NERD, NERD_REST | {"uptimeSeconds": 3}),
    ],
)
def test_capabilities_are_the_same_at_rest(
    busy: dict[str, Any], rest: dict[str, Any]
) -> None:
    hashing = read(busy)
    resting = read(busy | rest)
    assert hashing.state.hashing
    assert not resting.state.hashing
    assert resting.identity.capabilities == hashing.identity.capabilities


def test_block_capabilities_before_the_first_job() -> None:
    young = without(GAMMA_214, "blockHeight", "networkDifficulty", "blockFound")
    assert read(young).identity.capabilities == read(GAMMA_214).identity.capabilities


BLIND = {"power": 0, "temp": -1, "voltage": 0, "vrTemp": 0, "coreVoltageActual": 0}
SENSORS = {
    Capability.POWER,
    Capability.CHIP_TEMPERATURE,
    Capability.INPUT_VOLTAGE,
    Capability.VR_TEMPERATURE,
    Capability.CORE_VOLTAGE_ACTUAL,
}


def test_unknown_board_without_sensors() -> None:
    """An unsupported board that hashes and shows nothing has nothing to show."""
    reading = read(STRANGE | BLIND)
    assert not SENSORS & reading.identity.capabilities
    state = reading.state
    assert state.hashing
    assert state.power is state.chip_temperature is state.input_voltage is None
    assert state.vr_temperature is state.core_voltage_actual is None


def test_unknown_board_is_believed_until_it_hashes() -> None:
    device = Device()
    rest = device.says(STRANGE | BLIND | {"hashRate": 0}).identity
    assert rest.capabilities >= SENSORS
    assert not SENSORS & device.says(STRANGE | BLIND).identity.capabilities
    assert device.says(STRANGE).identity.capabilities >= SENSORS
    assert device.says(STRANGE | BLIND).identity.capabilities >= SENSORS


@pytest.mark.parametrize(
    ("info", "capability", "there"),
    [
        (GAMMA, Capability.CHIP_TEMPERATURE_2, False),
        (HEX, Capability.CHIP_TEMPERATURE_2, True),
        (GAMMA | {"temp2": 44.0}, Capability.CHIP_TEMPERATURE_2, True),
        (GAMMA, Capability.VR_TEMPERATURE, True),
        (SUPRA, Capability.VR_TEMPERATURE, False),
        (GAMMA, Capability.INPUT_CURRENT, False),
        (SUPRA, Capability.INPUT_CURRENT, True),
        (STRANGE, Capability.INPUT_CURRENT, False),
        (NERD, Capability.INPUT_CURRENT, True),
        (GAMMA, Capability.HASH_RATE_10M, True),
        (without(GAMMA, "hashRate_10m"), Capability.HASH_RATE_10M, False),
        (GAMMA, Capability.LOCATE, True),
        (without(GAMMA, "resetReason"), Capability.LOCATE, False),
        (NERD | {"lastResetReason": "x"}, Capability.LOCATE, False),
        (GAMMA, Capability.PAUSE, False),
        (GAMMA_214, Capability.PAUSE, True),
        (GAMMA_214, Capability.DISMISS_BLOCK, False),
        (GAMMA_214 | {"showNewBlock": False}, Capability.DISMISS_BLOCK, True),
        (GAMMA, Capability.SHUTDOWN, False),
        (NERD, Capability.SHUTDOWN, True),
        (without(NERD, "shutdown"), Capability.SHUTDOWN, False),
        (GAMMA, Capability.RESTART, True),
        (NERD, Capability.RESTART, True),
        (GAMMA, Capability.POOL_CONNECTED, False),
        (GAMMA_214, Capability.POOL_CONNECTED, True),
        (NERD, Capability.POOL_CONNECTED, True),
        (without(GAMMA, "fanrpm"), Capability.FAN_DUTY_CYCLE, False),
        (GAMMA, Capability.FAN_DUTY_CYCLE, True),
        (GAMMA, Capability.EXPECTED_HASH_RATE, True),
        (
            without(GAMMA, "expectedHashrate", "smallCoreCount") | {"ASICModel": "new"},
            Capability.EXPECTED_HASH_RATE,
            False,
        ),
        (GAMMA, Capability.FREQUENCY_ACTUAL, False),
        (GAMMA_214, Capability.FREQUENCY_ACTUAL, True),
    ],
)
def test_capability(info: dict[str, Any], capability: Capability, there: bool) -> None:
    assert (capability in read(info).identity.capabilities) is there


def test_identity_object_lasts_while_nothing_changes() -> None:
    device = Device()
    first = device.says(GAMMA).identity
    for change in (
        {"hashRate": 900, "uptimeSeconds": 20000, "sharesAccepted": 5000},
        {"power_fault": "x"},
        {"hashRate": 0, "temp": -1},
        {"frequency": 600},
    ):
        assert device.says(GAMMA | change).identity is first


@pytest.mark.parametrize(
    "change",
    [
        {"version": "v2.12.3"},
        {"hostname": "attic"},
        {"macAddr": "E4:B0:63:00:00:02"},
        {"temptarget": 66},
        {"boardVersion": "602"},
        {"fan2rpm": 900},
        {"miningPaused": False},
        {"pools": [{"stratumURL": "a"}]},
    ],
)
def test_identity_follows_changes(change: dict[str, Any]) -> None:
    device = Device()
    first = device.says(GAMMA).identity
    second = device.says(GAMMA | change).identity
    assert second != first
    assert device.says(GAMMA | change).identity is second


def test_new_firmware_replaces_capabilities_and_back() -> None:
    device = Device()
    old = device.says(GAMMA).identity
    new = device.says(GAMMA_214).identity
    assert new.capabilities > old.capabilities
    assert device.says(GAMMA | {"version": "v2.12.2"}).identity == old


def test_capabilities_last_when_a_key_is_left_out() -> None:
    device = Device()
    first = device.says(GAMMA).identity
    assert device.says(without(GAMMA, "wifiRSSI", "temp", "vrTemp")).identity is first


def test_second_fan_exists_once_it_turned() -> None:
    device = Device()
    assert device.says(HEX).identity.fan_count == 1
    assert len(device.says(HEX).state.fans) == 1
    assert device.says(HEX | {"fan2rpm": 2400}).identity.fan_count == 2
    stopped = device.says(HEX)
    assert stopped.identity.fan_count == 2
    assert stopped.state.fans[1].speed == 0


def test_another_device_at_the_address() -> None:
    device = Device()
    device.says(HEX | {"fan2rpm": 2400})
    other = device.says(GAMMA | {"macAddr": "E4:B0:63:00:00:09"})
    assert other.identity == read(GAMMA | {"macAddr": "E4:B0:63:00:00:09"}).identity
