"""What each firmware era says, and in which JSON type."""

import json
import re
from typing import Any

import pytest

from simulator import Farm, ManualClock, MinerSpec
from simulator.axeos.api import Api
from simulator.axeos.boards import BOARDS, Dialect
from simulator.axeos.device import Device
from simulator.axeos.nerdos import device_of
from simulator.axeos.versions import Firmware

STOCK = (
    "2.0.0",
    "2.0.7",
    "2.1.0",
    "2.1.3",
    "2.1.8",
    "2.1.9",
    "2.1.10",
    "2.3.0",
    "2.4.0",
    "2.4.1",
    "2.6.0",
    "2.7.0",
    "2.8.0",
    "2.8.1",
    "2.9.0",
    "2.10.1",
    "2.11.0",
    "2.12.2",
    "2.13.0",
    "2.14.0",
    "2.15.0",
)
NERD = ("1.0.1", "1.0.20", "1.0.31", "1.0.34", "1.0.35", "1.0.37", "1.1.0-beta1")


def api(firmware: str | None = None, **settings: Any) -> Api:
    spec = MinerSpec(**({"name": "m", "seed": 3} | settings | {"firmware": firmware}))
    return Api(device_of(spec, ManualClock()))


def info(firmware: str | None = None, **settings: Any) -> dict[str, Any]:
    return api(firmware, **settings).replies.info()


def eras_with(key: str, **settings: Any) -> list[str]:
    return [release for release in STOCK if key in info(release, **settings)]


def since(release: str) -> list[str]:
    return list(STOCK[STOCK.index(release) :])


def between(first: str, last: str) -> list[str]:
    return list(STOCK[STOCK.index(first) : STOCK.index(last) + 1])


@pytest.mark.parametrize(
    ("key", "releases"),
    [
        ("power", since("2.0.0")),
        ("fanSpeed", between("2.0.0", "2.1.3")),
        ("fanSpeedRpm", between("2.1.8", "2.1.8")),
        ("fanrpm", since("2.1.9")),
        ("vrTemp", since("2.1.9")),
        ("overheat", ["2.1.9"]),
        ("overheat_mode", since("2.1.10")),
        ("macAddr", since("2.3.0")),
        ("wifiPass", ["2.0.0"]),
        ("boardVersion", since("2.0.7")),
        ("asicCount", between("2.1.9", "2.8.1")),
        ("stratumDiff", between("2.4.1", "2.8.1")),
        ("poolDifficulty", since("2.9.0")),
        ("expectedHashrate", since("2.8.0")),
        ("temp2", since("2.10.1")),
        ("flipscreen", between("2.0.0", "2.8.1")),
        ("rotation", since("2.9.0")),
        ("manualFanSpeed", since("2.11.0")),
        ("hashrateMonitor", since("2.11.0")),
        ("poolAddrFamily", between("2.11.0", "2.12.2")),
        ("hashRate_1m", since("2.12.2")),
        ("poolConnectionInfo", since("2.13.0")),
        ("fallbackStratumURL", since("2.3.0")),
        ("fallbackStratumTLS", since("2.13.0")),
        ("miningPaused", since("2.14.0")),
        ("actualFrequency", since("2.14.0")),
        ("pools", ["2.15.0"]),
        ("partitions", ["2.15.0"]),
        ("power_fault", []),
        ("hardware_fault", []),
    ],
)
def test_keys_come_and_go_with_the_releases(key: str, releases: list[str]) -> None:
    assert eras_with(key) == releases


def test_the_reply_grows_from_release_to_release() -> None:
    assert len(info("2.0.0")) <= 27
    assert 105 < len(info("2.15.0")) < 125


@pytest.mark.parametrize(
    ("key", "releases"),
    [
        ("bestDiff", between("2.0.0", "2.10.1")),
        ("bestSessionDiff", between("2.1.8", "2.10.1")),
    ],
)
def test_difficulties_are_texts_until_2_10(key: str, releases: list[str]) -> None:
    texts = [release for release in STOCK if isinstance(info(release).get(key), str)]
    assert texts == releases


@pytest.mark.parametrize(
    ("firmware", "pattern"),
    [
        ("2.4.0", r"\d(\.\d\d|\d\.\d|\d\d)[MG]"),
        ("2.9.0", r"\d{1,3}\.\d\d[MG]"),
        ("2.10.1", r"\d{1,3}\.\d\d [MG]"),
    ],
)
def test_difficulty_texts_are_of_their_era(firmware: str, pattern: str) -> None:
    texts = [info(firmware, seed=seed)["bestDiff"] for seed in range(20)]
    for text in texts:
        assert re.fullmatch(pattern, text), text


def test_a_fresh_miner_s_difficulty() -> None:
    assert info("2.9.0", uptime=0)["bestDiff"] == "0"
    assert info("2.10.1", uptime=0)["bestDiff"] == "0 "
    assert info("2.11.0", uptime=0)["bestDiff"] == 0


@pytest.mark.parametrize(
    ("key", "first_float"),
    [("frequency", "2.10.1"), ("expectedHashrate", "2.12.2")],
)
def test_whole_numbers_become_floats(key: str, first_float: str) -> None:
    floats = [
        release
        for release in STOCK
        if isinstance(info(release, frequency=593.75).get(key), float)
    ]
    assert floats == since(first_float)


def test_the_measured_core_voltage_has_decimals_since_2_14() -> None:
    assert [
        release
        for release in STOCK
        if isinstance(info(release)["coreVoltageActual"], float)
    ] == since("2.14.0")


def test_switches_of_pools_become_booleans_in_2_14() -> None:
    assert info("2.13.0")["stratumExtranonceSubscribe"] == 0
    assert type(info("2.13.0")["stratumExtranonceSubscribe"]) is int
    assert info("2.14.0")["stratumExtranonceSubscribe"] is False
    assert info("2.14.0")["fallbackStratumDecodeCoinbase"] is False


@pytest.mark.parametrize("firmware", STOCK)
def test_json_has_tabs_until_2_13_and_no_white_space_since_2_14(firmware: str) -> None:
    body = api(firmware).respond("GET", "/api/system/info").body.decode()
    assert body.startswith('{\n\t"power":\t') is (
        firmware in between("2.0.0", "2.13.0")
    )
    assert ('{"power":' in body) is (firmware in since("2.14.0"))
    assert isinstance(json.loads(body), dict)


def test_tabbed_json_survives_every_kind_of_value() -> None:
    replies = api("2.12.2").replies
    value = {
        "text": 'quote " and é\n', "none": None, "yes": True, "empty": {}, "list": [],
        "nested": {"deep": [{"a": 1.5}, {"b": [1, 2]}]}, "big": 10**40, "odd": -0.1,
    }  # fmt: skip
    assert json.loads(replies.encode(value)) == value
    assert b"NaN" in replies.encode({"a": float("nan")})


@pytest.mark.parametrize(
    ("model", "firmware", "expected"),
    [
        ("gamma_601", "2.10.1", 0),
        ("gamma_601", "2.11.0", -1),
    ],
)
def test_a_missing_second_sensor(model: str, firmware: str, expected: int) -> None:
    assert info(firmware, model=model)["temp2"] == expected


@pytest.mark.parametrize("model", ["hex_303", "suprahex_701", "gt_801"])
def test_boards_with_two_sensors(model: str) -> None:
    reply = info("2.12.2", model=model)
    assert reply["temp2"] == pytest.approx(reply["temp"], abs=4)
    assert (reply["fan2rpm"] > 0) is (model != "gt_801")


@pytest.mark.parametrize("model", ["ultra_204", "max_102", "supra_401"])
def test_boards_without_a_regulator_thermometer_say_0(model: str) -> None:
    assert info("2.9.0", model=model)["vrTemp"] == 0


def test_an_unsupported_board_hashes_without_sensors() -> None:
    reply = info("2.12.2", model="clone_800")
    silent = ("power", "voltage", "current", "vrTemp", "coreVoltageActual")
    assert {key: reply[key] for key in silent} == dict.fromkeys(silent, 0)
    assert reply["temp"] == reply["temp2"] == -1
    assert reply["hashRate"] > 1900


@pytest.mark.parametrize(
    ("firmware", "keys"),
    [
        ("2.7.0", {"ASICModel", "frequencyOptions", "voltageOptions"}),
        ("2.8.0", {"defaultFrequency", "defaultVoltage"}),
        ("2.9.0", {"deviceModel", "swarmColor", "asicCount"}),
        ("2.11.0", {"hashDomains"}),
    ],
)
def test_the_asic_reply_grows(firmware: str, keys: set[str]) -> None:
    new = api(firmware).replies.asic().keys()
    first = STOCK.index("2.7.0")
    older = STOCK[first : STOCK.index(firmware)]
    assert keys <= new
    assert not any(keys & api(release).replies.asic().keys() for release in older)


def test_the_hash_rate_monitor_has_the_chips_and_domains_of_the_asic_reply() -> None:
    replies = api("2.12.2", model="gt_801").replies
    asics = replies.info()["hashrateMonitor"]["asics"]
    assert len(asics) == replies.asic()["asicCount"] == 2
    assert len(asics[0]["domains"]) == replies.asic()["hashDomains"]
    total = sum(asic["total"] for asic in asics)
    assert total == pytest.approx(replies.info()["hashRate"])


def test_a_community_build_on_a_lucky_miner_looks_like_a_hex() -> None:
    replies = api(model="lv07_axeos").replies
    assert replies.info()["boardVersion"] == "302"
    assert replies.asic()["deviceModel"] == "LV07"


@pytest.mark.parametrize(
    ("model", "present", "absent"),
    [
        (
            "luckyminer_lv07",
            {"voltagei", "fanSpeed", "fanspeed"},
            {"macAddr", "voltage"},
        ),
        ("luckyminer_lv08", {"macAddr", "voltage", "stratumPassword"}, {"voltagei"}),
    ],
)
def test_the_vendor_s_firmware_of_lucky_miners(
    model: str, present: set[str], absent: set[str]
) -> None:
    reply = info(model=model)
    assert present <= reply.keys()
    assert not absent & reply.keys()
    assert reply["minerModel"] == model[-4:].upper()
    assert reply["hostname"] == "espressif"


def test_keys_of_forks() -> None:
    fork = info("2.6.0-WantClue", model="hex_302")
    assert isinstance(fork["bestDiff"], str)
    assert fork["bestNonceDiff"] >= fork["bestSessionNonceDiff"] > 0
    assert info("2.11.4-TCH", model="suprahex_701")["chipSubmitStr"] == "0/0/0/0/0/0"
    zyber = info(model="zyber_8s")
    assert (zyber["boardVersion"], zyber["displayAutoscroll"]) == ("1000", 1)
    assert not {"display", "rotation"} & zyber.keys()
    stock = {"chipSubmitStr", "bestNonceDiff", "displayAutoscroll"}
    assert not stock & info("2.12.2").keys()


@pytest.mark.parametrize(
    ("key", "releases"),
    [
        ("hashRate", list(NERD)),
        ("deviceModel", list(NERD[1:])),
        ("macAddr", list(NERD[2:])),
        ("asicTemps", list(NERD[3:])),
        ("isUsingFallbackStratum", list(NERD[:4])),
        ("stratum", list(NERD[4:])),
        ("fans", list(NERD[5:])),
        ("sv2ChannelType", [NERD[6]]),
    ],
)
def test_nerdos_has_its_own_eras(key: str, releases: list[str]) -> None:
    model = "nerdqaxeplusplus"
    assert [item for item in NERD if key in info(item, model=model)] == releases


def test_nerdos_without_a_hash_rate() -> None:
    reply = info("1.0.10", model="nerdqaxeplus")
    assert "hashRate" not in reply
    assert reply["hashRate_10m"] == pytest.approx(2501, rel=0.02)


def test_nerdos_difficulties_are_numbers_since_1_0_35() -> None:
    texts = [
        item
        for item in NERD
        if isinstance(info(item, model="nerdaxe")["bestDiff"], str)
    ]
    assert texts == list(NERD[:4])


def test_a_nerdaxe_has_one_fan() -> None:
    reply = info("1.0.37", model="nerdaxe")
    assert reply["fanCount"] == len(reply["fans"]) == 1
    assert reply["fanspeed2"] == reply["fanrpm2"] == 0


@pytest.mark.parametrize(
    ("text", "shown", "version"),
    [
        ("2.12.2", "v2.12.2", (2, 12, 2)),
        ("v2.12.2", "v2.12.2", (2, 12, 2)),
        ("2.11.0b6", "v2.11.0b6", (2, 11, 0)),
        ("2.4.5-3-gb5d1e36-dirty", "v2.4.5-3-gb5d1e36-dirty", (2, 4, 5)),
        ("1.1.0-beta1", "v1.1.0-beta1", (1, 1, 0)),
        ("2.7.0-TCH-All-In-One", "2.7.0-TCH-All-In-One", (2, 7, 0)),
        ("TCH 2.11", "TCH 2.11", (2, 11, 0)),
    ],
)
def test_versions(text: str, shown: str, version: tuple[int, int, int]) -> None:
    firmware = Firmware.parse(text)
    assert (firmware.text, firmware.version) == (shown, version)


def test_no_version() -> None:
    with pytest.raises(ValueError, match="No version"):
        Firmware.parse("latest")


@pytest.mark.parametrize("model", BOARDS)
def test_every_board_answers_on_its_usual_firmware(model: str) -> None:
    miner = api(None, model=model)
    reply = json.loads(miner.respond("GET", "/api/system/info").body)
    board = BOARDS[model]
    assert reply["ASICModel"] == board.chip.model
    assert ("boardVersion" in reply) is (board.dialect is Dialect.AXEOS)
    asic = miner.respond("GET", "/api/system/asic")
    assert (asic.status == 200) is (board.dialect is not Dialect.LUCKY)


def test_specs_are_stable_and_checked() -> None:
    first, again, other = (
        Device(MinerSpec(name=name), ManualClock()) for name in ("a", "a", "b")
    )
    assert first.mac == again.mac != other.mac
    assert first.mac.startswith("E4:B0:63:")
    assert first.spec.random_seed == again.spec.random_seed
    given = MinerSpec(name="a", mac="AA:BB:CC:00:11:22")
    assert Device(given, ManualClock()).mac == "AA:BB:CC:00:11:22"


def test_a_farm_refuses_models_that_nobody_makes() -> None:
    with pytest.raises(ValueError, match="Unknown model 'antminer_s9'"):
        Farm([MinerSpec(name="a", model="antminer_s9")])
