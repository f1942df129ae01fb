"""Which device a reply comes from: dialect, board, chips.

What is known of each board is told here, whatever its firmware says of itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
import re
from typing import Any

from ..values import (
    count,
    positive,
    text,
    version,
)

CORES_PER_CHIP: Mapping[str, int] = {
    "BM1397": 672,
    "BM1366": 894,
    "BM1368": 1276,
    "BM1370": 2040,
    "BM1372": 6725,
    "BM1373": 6725,
    "BM1372/BM1373": 6725,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPoints:
    """The presets of a board for firmware that does not list them: MHz and V."""

    frequencies: tuple[float, ...]
    frequency: float
    voltages: tuple[float, ...]
    voltage: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The constants of one board; None where nothing is known for sure.

    ``sensors`` tells whether the basic sensors (input, power, core voltage, chip)
    are known to work. ``input_current`` is true where ``current`` is what the board
    draws; elsewhere it is the regulator's output. ``idle_fan_speed`` is what a fan
    without tacho signal shows. ``max_power`` is what the board is made for, in W,
    ``regulator`` the core voltages that its regulator takes, in V. One that
    ``keeps_readings`` goes on telling the heat that it saw while it cools down.
    """

    maker: str = "Bitaxe"
    name: str | None = None
    chip_count: int = 1
    nominal_voltage: int | None = None
    max_power: float | None = None
    sensors: bool | None = None
    vr_sensor: bool | None = None
    second_sensor: bool | None = None
    input_current: bool | None = False
    idle_fan_speed: int = 0
    keeps_readings: bool = False
    added_power: float = 0.0
    set_points: SetPoints | None = None
    regulator: tuple[float, float] | None = None


_DS4432U = (0.046, 2.39)
_TPS546 = (1.0, 2.0)
_TPS546_DOMAINS = (0.833, 1.5)
_TPS546_TWO_CHIPS = (1.0, 3.0)
_TPS53647 = (1.005, 1.4)

_STOCK = Board(
    sensors=True,
    vr_sensor=True,
    second_sensor=False,
    keeps_readings=True,
    regulator=_TPS546,
)
_BM1366 = SetPoints(
    frequencies=(400, 425, 450, 475, 485, 500, 525, 550, 575),
    frequency=485,
    voltages=(1.1, 1.15, 1.2, 1.25, 1.3),
    voltage=1.2,
)
_BM1368 = SetPoints(
    frequencies=(400, 425, 450, 475, 485, 490, 500, 525, 550, 575),
    frequency=490,
    voltages=(1.1, 1.15, 1.166, 1.2, 1.25, 1.3),
    voltage=1.166,
)
_BM1370 = SetPoints(
    frequencies=(400, 490, 525, 550, 600, 625),
    frequency=525,
    voltages=(1.0, 1.06, 1.1, 1.15, 1.2, 1.25),
    voltage=1.15,
)
_ULTRA_207 = replace(
    _STOCK, name="Ultra", nominal_voltage=5, max_power=25, set_points=_BM1366
)
_HEX = replace(
    _STOCK,
    name="Hex",
    chip_count=6,
    nominal_voltage=12,
    max_power=90,
    second_sensor=True,
    regulator=_TPS546_DOMAINS,
    set_points=_BM1366,
)
_SUPRA_402 = replace(
    _STOCK, name="Supra", nominal_voltage=5, max_power=40, set_points=_BM1368
)
_ZYBER = Board(maker="Zyber", chip_count=8, nominal_voltage=12, max_power=160)
_LUCKY = Board(maker="Lucky Miner")
_NERD = Board(maker="NerdAxe", sensors=True, second_sensor=False, input_current=None)
"""A board of the line whose regulator is not known: its own presets tell."""

_NERD_12V = replace(_NERD, vr_sensor=True, regulator=_TPS53647)

UNKNOWN = Board()

_BY_VERSION: Mapping[str, Board] = {
    **dict.fromkeys(
        ("2.2", "102"),
        replace(
            _STOCK,
            name="Max",
            nominal_voltage=5,
            max_power=25,
            vr_sensor=False,
            input_current=True,
            regulator=_DS4432U,
            set_points=SetPoints(
                frequencies=(400, 425, 450, 475, 485, 500, 525, 550, 575, 600),
                frequency=425,
                voltages=(1.1, 1.15, 1.2, 1.25, 1.3, 1.35, 1.4, 1.45, 1.5),
                voltage=1.4,
            ),
        ),
    ),
    **dict.fromkeys(
        ("0.11", "201", "202", "203", "204", "205"),
        replace(
            _ULTRA_207,
            vr_sensor=False,
            input_current=True,
            keeps_readings=False,
            regulator=_DS4432U,
        ),
    ),
    "207": _ULTRA_207,
    **dict.fromkeys(("302", "303"), _HEX),
    **dict.fromkeys(
        ("400", "401"),
        replace(
            _SUPRA_402,
            vr_sensor=False,
            input_current=True,
            keeps_readings=False,
            regulator=_DS4432U,
        ),
    ),
    **dict.fromkeys(("402", "403"), _SUPRA_402),
    **dict.fromkeys(
        ("600", "601", "602", "603"),
        replace(
            _STOCK, name="Gamma", nominal_voltage=5, max_power=40, set_points=_BM1370
        ),
    ),
    "650": replace(
        _STOCK,
        name="Gamma Duo",
        chip_count=2,
        max_power=40,
        set_points=replace(
            _BM1370, frequencies=(350, 375, 380, 400, 410), frequency=400
        ),
    ),
    **dict.fromkeys(
        ("701", "702"),
        replace(_HEX, name="SupraHex", max_power=120, set_points=_BM1368),
    ),
    "801": replace(
        _STOCK,
        name="GT",
        chip_count=2,
        max_power=60,
        second_sensor=True,
        idle_fan_speed=960,
        regulator=_TPS546_TWO_CHIPS,
        set_points=_BM1370,
    ),
    "1000": replace(_ZYBER, name="8S"),
    "1100": replace(_ZYBER, name="8G", max_power=220),
    "1110": replace(_ZYBER, name="8GP", max_power=220),
}

_GREEK_GAMMA = "\N{GREEK SMALL LETTER GAMMA}"
_GAIA = replace(_NERD, added_power=5)
_NERDS: Mapping[str, Board] = {
    "NerdAxe": replace(_NERD, max_power=15, regulator=_DS4432U),
    "NerdAxeGamma": replace(
        _NERD, max_power=25, added_power=5, regulator=_TPS546_TWO_CHIPS
    ),
    "NerdAxe Gaia": _GAIA,
    "NerdAxeGaia": _GAIA,
    "NerdQAxe+": replace(_NERD_12V, chip_count=4, max_power=70),
    "NerdQAxe++": replace(_NERD_12V, chip_count=4, max_power=100),
    f"NerdHaxe-{_GREEK_GAMMA}": replace(_NERD_12V, chip_count=6, max_power=250),
    "NerdOCTAXE+": replace(_NERD_12V, chip_count=8, max_power=130),
    f"NerdOCTAXE-{_GREEK_GAMMA}": replace(_NERD_12V, chip_count=8, max_power=250),
    "NerdEKO": replace(_NERD_12V, chip_count=12, max_power=350),
}

_BY_MODEL: Mapping[str, Board] = {
    **{name: replace(board, name=name) for name, board in _NERDS.items()},
    "LV06": replace(_LUCKY, name="LV06"),
    "LV07": replace(_LUCKY, name="LV07", chip_count=2),
    "LV08": replace(_LUCKY, name="LV08", chip_count=9, nominal_voltage=12),
}

_LUCKY_MODEL = re.compile(r"(LV\d\d)\w*")
_LVXX_VERSIONS: Mapping[str, str] = {"301": "LV07", "301_": "LV06", "302": "LV08"}


def find_board(
    device_model: str | None,
    board_version: str | None,
    *,
    nerdos: bool,
    lvxx: bool = False,
) -> Board:
    """Find a board by what its firmware calls it.

    The model name goes first: Lucky Miner builds use board versions 302, 303 and
    312, of which the first two belong to the Hex. ``lvxx``: it is one of theirs.
    """
    if device_model is not None:
        if (known := _BY_MODEL.get(device_model)) is not None:
            return known
        if lucky := _LUCKY_MODEL.fullmatch(device_model):
            return replace(_BY_MODEL.get(lucky[1], _LUCKY), name=device_model)
    if nerdos:
        return replace(_NERD, name=device_model or "NerdAxe")
    version = board_version or ""
    if version in _LVXX_VERSIONS and (lvxx or version not in _BY_VERSION):
        return _BY_MODEL[_LVXX_VERSIONS[version]]
    return _BY_VERSION.get(version, UNKNOWN)


type Reply = Mapping[str, Any]

_MOST_CHIPS = 512
_STOCK_ONLY = ("boardVersion", "idfVersion", "axeOSVersion")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the replies and the board table say of a device together.

    ``nerdos`` tells the dialect. ``vendor_lucky`` is Lucky Miner's own firmware, not
    the AxeOS builds for the same boards.
    """

    nerdos: bool
    vendor_lucky: bool
    board: Board
    device_model: str | None
    board_version: str | None
    chip_model: str | None
    chip_count: int
    core_count: int | None
    firmware: str | None


def is_nerdos(info: Reply) -> bool:
    """Tell NerdOS, which names its model in info and has none of AxeOS's versions."""
    if any(key in info for key in _STOCK_ONLY) or "minerModel" in info:
        return False
    release = version(info.get("version"))
    return "deviceModel" in info or (release is not None and release[0] == 1)


def has_asic_endpoint(info: Reply) -> bool:
    """Tell whether the firmware lists its presets: AxeOS 2.7 and NerdOS 1.0.32."""
    if is_nerdos(info):
        release = version(info.get("version"))
        return "foundBlocks" in info or (release is not None and release >= (1, 0, 32))
    return "temptarget" in info


def is_2_10(info: Reply) -> bool:
    """Tell AxeOS since 2.10, which keeps fractions of a frequency."""
    return "minFanSpeed" in info and not is_nerdos(info)


def is_2_11(info: Reply) -> bool:
    """Tell AxeOS since 2.11, which checks what it is sent and recovers from heat."""
    return "manualFanSpeed" in info and not is_nerdos(info)


def has_pool_list(info: Reply) -> bool:
    """Tell AxeOS since 2.15, which has numbered pools."""
    return isinstance(info.get("pools"), list) and "primaryPoolIndex" in info


def profile_of(info: Reply, asic: Reply) -> Profile:
    """Recognise the device."""
    nerdos = is_nerdos(info)
    board_version = text(info.get("boardVersion"), 16)
    device_model = _device_model(info, asic)
    board = find_board(
        device_model, board_version, nerdos=nerdos, lvxx="heapInfo" in info
    )
    chip_model = text(info.get("ASICModel"), 32) or text(asic.get("ASICModel"), 32)
    cores = positive(info.get("smallCoreCount"))
    return Profile(
        nerdos=nerdos,
        vendor_lucky="minerModel" in info,
        board=board,
        device_model=device_model,
        board_version=board_version,
        chip_model=chip_model,
        chip_count=max(board.chip_count, _chip_count(info, asic)),
        core_count=int(cores) if cores else CORES_PER_CHIP.get(chip_model or ""),
        firmware=text(info.get("version"), 64),
    )


def _device_model(info: Reply, asic: Reply) -> str | None:
    """Read the model's name; only the Lucky Miner builds have ``family`` in info."""
    told = (
        asic.get("deviceModel"),
        *map(info.get, ("deviceModel", "minerModel", "family")),
    )
    return next(filter(None, (text(name, 32) for name in told)), None)


def _chip_count(info: Reply, asic: Reply) -> int:
    """Read the number of chips, which moved from info to the presets in 2.9."""
    for value in (info.get("asicCount"), asic.get("asicCount")):
        if (found := count(value)) and found <= _MOST_CHIPS:
            return found
    monitor = info.get("hashrateMonitor")
    chips = monitor.get("asics") if isinstance(monitor, dict) else None
    return min(len(chips), _MOST_CHIPS) if isinstance(chips, list) else 1
