"""The simulator's replies against real ones: same keys, same JSON types."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulator import ManualClock, MinerSpec
from simulator.axeos.nerdos import device_of
from simulator.axeos.physics import core_watts, ideal_ghs
from simulator.axeos.replies import Replies

CAPTURES = Path(__file__).parents[2].parent / "shared" / "captures" / "bitaxe"

pytestmark = pytest.mark.skipif(
    not CAPTURES.is_dir(), reason="real replies are not here"
)

# the model and the firmware that sent each file
INFO = {
    "ultra_204-v2.1.8-info.json": ("ultra_204", "2.1.8"),
    "gamma_601-v2.4.0-info.json": ("gamma_601", "2.4.0"),
    "supra_401-v2.4.5dev-info.json": ("supra_401", "2.4.5-3-gb5d1e36-dirty"),
    "hex_302-v2.6.0-info.json": ("hex_302", "2.6.0"),
    "gamma_601-v2.7.0-info.json": ("gamma_601", "2.7.0"),
    "gamma_601-v2.9.0-info.json": ("gamma_601", "2.9.0"),
    "gamma_601-v2.10.1-info.json": ("gamma_601", "2.10.1"),
    "gamma_601-v2.10.1-oc800-info.json": ("gamma_601", "2.10.1"),
    "gamma_601-v2.11.0b6-info.json": ("gamma_601", "2.11.0b6"),
    "gamma_601-v2.12.0-info.json": ("gamma_601", "2.12.0"),
    "gamma_601-v2.12.2-info.json": ("gamma_601", "2.12.2"),
    "axeos-main-2026-08-frontend-mock-info.json": ("gamma_602", "2.15.0"),
    "gamma_602-v2.15.0-from-source-info.json": ("gamma_602", "2.15.0"),
    "gt_800-v2.12.2-reconstructed-info.json": ("clone_800", "2.12.2"),
    "hex_304-v2.11.4TCH-reconstructed-info.json": ("hex_304", "2.11.4-TCH"),
    "suprahex_702-v2.11.4TCH-reconstructed-info.json": ("suprahex_702", "2.11.4-TCH"),
    "nerdqaxepp-v1.1.0beta1-info.json": ("nerdqaxeplusplus", "1.1.0-beta1"),
    "nerdqaxepp-v1.0.28-nomac-info.json": ("nerdqaxeplusplus", "1.0.28"),
    "nerdaxegamma-v1.0.35-reconstructed-info.json": ("nerdaxegamma", "1.0.35"),
    "nerdoctaxe-v1.0.37.1-reconstructed-info.json": ("nerdoctaxegamma", "1.0.37.1"),
    "nerdaxe_gaia-v1.1.0-reconstructed-info.json": ("nerdaxegaia", "1.1.0"),
    "luckyminer_lv08-vunknown-info.PARTIAL.json": ("luckyminer_lv08", "2.1.6"),
}
ASIC = {
    "supra_40x-v2.9x-asic.json": ("supra_401", "2.9.0"),
    "suprahex_70x-v2.9x-asic.json": ("suprahex_702", "2.9.0"),
    "nerdqaxepp-v1.1.0beta1-asic.json": ("nerdqaxeplusplus", "1.1.0-beta1"),
    "gamma_602-v2.15.0-from-source-asic.json": ("gamma_602", "2.15.0"),
    "hex_304-v2.11.4TCH-reconstructed-asic.json": ("hex_304", "2.11.4-TCH"),
    "nerdaxe_gaia-v1.1.0-reconstructed-asic.json": ("nerdaxegaia", "1.1.0"),
}
# what was told in public was put between the pool keys of a later release
LATER_POOL_KEYS = {
    f"{start}{key}"
    for start in ("stratum", "fallbackStratum")
    for key in (
        "Cert",
        "DecodeCoinbase",
        "ExtranonceSubscribe",
        "Protocol",
        "TLS",
        "V2AuthorityPubkey",
        "V2ChannelType",
    )
}
NOT_TOLD = "stratumExtranonceSubscribe", "fallbackStratumExtranonceSubscribe"
# keys that only the real reply has: of a fork's build, of a later one
ONLY_REAL = {
    "hex_302-v2.6.0-info.json": {"bestNonceDiff", "bestSessionNonceDiff"},
    "axeos-main-2026-08-frontend-mock-info.json": {
        "boardtemp1",
        "boardtemp2",
        "wifiPass",
    },
    "gt_800-v2.12.2-reconstructed-info.json": LATER_POOL_KEYS,
    "hex_304-v2.11.4TCH-reconstructed-info.json": LATER_POOL_KEYS,
    "suprahex_702-v2.11.4TCH-reconstructed-info.json": LATER_POOL_KEYS,
    "nerdaxegamma-v1.0.35-reconstructed-info.json": {"networkDifficulty"},
}
# keys that the real reply leaves out, though its firmware is known to tell them
ONLY_SIMULATED = {
    "axeos-main-2026-08-frontend-mock-info.json": {
        "fullHostname",
        "mdnsHostname",
        "processTime",
        "useFallbackStratum",
    },
    "gamma_602-v2.15.0-from-source-info.json": {"processTime"},
    "gt_800-v2.12.2-reconstructed-info.json": {
        "hashRate_10m",
        "hashRate_1h",
        *NOT_TOLD,
    },
    "hex_304-v2.11.4TCH-reconstructed-info.json": {"chipSubmitStr", *NOT_TOLD},
    "suprahex_702-v2.11.4TCH-reconstructed-info.json": {"chipSubmitStr", *NOT_TOLD},
}
# values that nobody measured
MADE_UP = {name for name in INFO if "-20" in name or "-from-" in name or "-rec" in name}
# replies that tell only some of the keys that the firmware sends
PARTIAL = {
    "luckyminer_lv08-vunknown-info.PARTIAL.json",
    "nerdaxegamma-v1.0.35-reconstructed-info.json",
    "nerdoctaxe-v1.0.37.1-reconstructed-info.json",
    "nerdaxe_gaia-v1.1.0-reconstructed-info.json",
}
# power readings that no model of a sound board meets, each with its reason
ODD_POWER = {
    "gamma_601-v2.10.1-info.json": "regulator at 86 °C, 3 W above its siblings",
    "supra_401-v2.4.5dev-info.json": "4 s after boot, not hashing",
    "nerdqaxepp-v1.0.28-nomac-info.json": "a tenth below another of its kind",
} | dict.fromkeys(MADE_UP, "made up or not measured")
NOT_HASHING = {"supra_401-v2.4.5dev-info.json"}
# of each chip the counts of four domains, where the chip's own source has one
MADE_UP_DOMAINS = {"hex_304-v2.11.4TCH-reconstructed-asic.json": {"hashDomains": 4}}


def capture(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((CAPTURES / name).read_text())
    return content


def replies(model: str, firmware: str, **settings: Any) -> Replies:
    spec = MinerSpec(name="m", model=model, firmware=firmware, seed=3, **settings)
    device = device_of(spec, ManualClock())
    return Replies(device)


def shape(value: Any) -> Any:
    """Return the JSON types of a value; a list counts by its first element."""
    match value:
        case bool() | str() | None:
            return type(value).__name__
        case int() | float():
            return "number"
        case dict():
            return {key: shape(item) for key, item in value.items()}
        case list():
            return [shape(value[0])] if value else ["anything"]


def cut(simulated: Any, real: Any) -> Any:
    """Leave out of the objects in a reply what the real one does not tell."""
    if isinstance(real, dict) and isinstance(simulated, dict):
        assert real.keys() <= simulated.keys()
        return {key: cut(simulated[key], real[key]) for key in real}
    if isinstance(real, list) and real and isinstance(real[0], dict):
        return [cut(item, real[0]) for item in simulated]
    return simulated


def assert_same_shape(simulated: Any, real: Any, place: str) -> None:
    if isinstance(simulated, dict) and isinstance(real, dict):
        assert simulated.keys() == real.keys(), place
        for key in real:
            assert_same_shape(simulated[key], real[key], f"{place}.{key}")
    elif isinstance(simulated, list) and isinstance(real, list):
        if "anything" not in (simulated[0], real[0]):
            assert_same_shape(simulated[0], real[0], f"{place}[]")
    else:
        assert simulated == real, place


def test_every_real_reply_is_compared() -> None:
    files = {path.name for path in CAPTURES.glob("*.json")}
    statistics = {"suprahex_70x-v2.9x-statistics.json"}
    compared = INFO.keys() | ASIC.keys() | statistics
    assert files == compared


@pytest.mark.parametrize("name", INFO)
def test_info_has_the_keys_and_types_of_the_real_reply(name: str) -> None:
    real, simulated = capture(name), replies(*INFO[name]).info()
    for key in ONLY_REAL.get(name, set()):
        assert real.pop(key) is not None
        assert key not in simulated or key in ONLY_SIMULATED[name]
    for key in ONLY_SIMULATED.get(name, set()):
        assert simulated.pop(key) is not None
        assert key not in real
    if name == "axeos-main-2026-08-frontend-mock-info.json":
        assert real["hashrateMonitor"].pop("hashrate") > 0
    if name in PARTIAL:
        simulated = cut(simulated, real)
    assert_same_shape(shape(simulated), shape(real), name)


@pytest.mark.parametrize("name", ASIC)
def test_asic_says_what_the_real_reply_says(name: str) -> None:
    simulated = replies(*ASIC[name]).asic() | MADE_UP_DOMAINS.get(name, {})
    assert simulated == capture(name)


def test_statistics_have_the_labels_of_the_real_reply() -> None:
    real = capture("suprahex_70x-v2.9x-statistics.json")
    simulated = replies("suprahex_702", "2.9.0").statistics()
    assert simulated["labels"] == real["labels"]
    assert simulated["statistics"] == real["statistics"] == []
    assert simulated.keys() == real.keys()


@pytest.mark.parametrize("name", sorted(INFO.keys() - ODD_POWER.keys()))
def test_power_at_the_real_operating_point(name: str) -> None:
    real = capture(name)
    device = device_of(MinerSpec(name="m", model=INFO[name][0]), ManualClock())
    board, volts = device.board, real["coreVoltage"] / 1000
    watts = board.power_offset + core_watts(board, real["frequency"], volts)
    assert watts == pytest.approx(real["power"], rel=0.1)


@pytest.mark.parametrize("name", sorted(INFO.keys() - NOT_HASHING - MADE_UP))
def test_hash_rate_at_the_real_operating_point(name: str) -> None:
    real = capture(name)
    device = device_of(MinerSpec(name="m", model=INFO[name][0]), ManualClock())
    ghs = ideal_ghs(device.board, real["frequency"])
    assert ghs == pytest.approx(real["hashRate"], rel=0.2)
    if "expectedHashrate" in real:
        assert ghs == pytest.approx(real["expectedHashrate"], abs=1)


@pytest.mark.parametrize("name", sorted(INFO.keys() - ODD_POWER.keys()))
def test_readings_are_near_the_real_ones(name: str) -> None:
    real = capture(name)
    info = replies(
        *INFO[name], frequency=real["frequency"], core_voltage=real["coreVoltage"]
    ).info()
    assert info["voltage"] == pytest.approx(real["voltage"], rel=0.08)
    assert info["coreVoltageActual"] == pytest.approx(
        real["coreVoltageActual"], rel=0.03
    )
    assert info["temp"] == pytest.approx(real["temp"], abs=20)
