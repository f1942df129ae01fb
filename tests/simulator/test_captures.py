"""The simulator's replies against real ones: same keys, same JSON types."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulator import ManualClock, MinerSpec
from simulator.axeos.device import Device
from simulator.axeos.physics import core_watts, ideal_ghs
from simulator.axeos.replies import Replies

from ..newer_captures import BITAXE

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
    "nerdqaxepp-v1.1.0beta1-info.json": ("nerdqaxeplusplus", "1.1.0-beta1"),
    "luckyminer_lv08-vunknown-info.PARTIAL.json": ("luckyminer_lv08", "2.1.6"),
}
ASIC = {
    "supra_40x-v2.9x-asic.json": ("supra_401", "2.9.0"),
    "suprahex_70x-v2.9x-asic.json": ("suprahex_702", "2.9.0"),
    "nerdqaxepp-v1.1.0beta1-asic.json": ("nerdqaxeplusplus", "1.1.0-beta1"),
}
# keys that only the real reply has: keys of a fork's build
ONLY_REAL = {
    "hex_302-v2.6.0-info.json": {"bestNonceDiff", "bestSessionNonceDiff"},
}
# the excerpt of this reply ends after these keys
PARTIAL = {"luckyminer_lv08-vunknown-info.PARTIAL.json"}
# power readings that no model of a sound board meets, each with its reason
ODD_POWER = {
    "gamma_601-v2.10.1-info.json": "regulator at 86 °C, 3 W above its siblings",
    "supra_401-v2.4.5dev-info.json": "4 s after boot, not hashing",
}
NOT_HASHING = {"supra_401-v2.4.5dev-info.json"}


def capture(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((CAPTURES / name).read_text())
    return content


def replies(model: str, firmware: str, **settings: Any) -> Replies:
    spec = MinerSpec(name="m", model=model, firmware=firmware, seed=3, **settings)
    device = Device(spec, ManualClock())
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
    assert files == INFO.keys() | ASIC.keys() | statistics | BITAXE


@pytest.mark.parametrize("name", INFO)
def test_info_has_the_keys_and_types_of_the_real_reply(name: str) -> None:
    real, simulated = capture(name), replies(*INFO[name]).info()
    for key in ONLY_REAL.get(name, set()):
        assert real.pop(key) is not None
        assert key not in simulated
    if name in PARTIAL:
        assert real.keys() <= simulated.keys()
        simulated = {key: simulated[key] for key in real}
    assert_same_shape(shape(simulated), shape(real), name)


@pytest.mark.parametrize("name", ASIC)
def test_asic_says_what_the_real_reply_says(name: str) -> None:
    assert replies(*ASIC[name]).asic() == capture(name)


def test_statistics_have_the_labels_of_the_real_reply() -> None:
    real = capture("suprahex_70x-v2.9x-statistics.json")
    simulated = replies("suprahex_702", "2.9.0").statistics()
    assert simulated["labels"] == real["labels"]
    assert simulated["statistics"] == real["statistics"] == []
    assert simulated.keys() == real.keys()


@pytest.mark.parametrize("name", sorted(INFO.keys() - ODD_POWER.keys()))
def test_power_at_the_real_operating_point(name: str) -> None:
    real = capture(name)
    device = Device(MinerSpec(name="m", model=INFO[name][0]), ManualClock())
    board, volts = device.board, real["coreVoltage"] / 1000
    watts = board.power_offset + core_watts(board, real["frequency"], volts)
    assert watts == pytest.approx(real["power"], rel=0.1)


@pytest.mark.parametrize("name", sorted(INFO.keys() - NOT_HASHING))
def test_hash_rate_at_the_real_operating_point(name: str) -> None:
    real = capture(name)
    device = Device(MinerSpec(name="m", model=INFO[name][0]), ManualClock())
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
