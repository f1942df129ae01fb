"""Which device a reply comes from: dialect, board, chips."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..values import (
    count,
    positive,
    text,
    version,
)
from .boards import (
    CORES_PER_CHIP,
    Board,
    find_board,
)

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
    for source, key in (
        (asic, "deviceModel"),
        (info, "deviceModel"),
        (info, "minerModel"),
        (info, "family"),
    ):
        if (found := text(source.get(key), 32)) is not None:
            return found
    return None


def _chip_count(info: Reply, asic: Reply) -> int:
    """Read the number of chips, which moved from info to the presets in 2.9."""
    for value in (info.get("asicCount"), asic.get("asicCount")):
        if (found := count(value)) and found <= _MOST_CHIPS:
            return found
    monitor = info.get("hashrateMonitor")
    chips = monitor.get("asics") if isinstance(monitor, dict) else None
    return min(len(chips), _MOST_CHIPS) if isinstance(chips, list) else 1
