"""What `estats|all` of a Nano 3S tells besides: lists with a value for each chip."""

from collections.abc import Callable

from .items import Item, live_chips, per_board
from .readings import Readings

type OfChip = Callable[[Readings, int], str]


def _nonces(r: Readings, chip: int) -> int:
    """Return how many results of a chip were right of late."""
    return r.chips.work[chip] * 8


def _wrong(r: Readings, chip: int) -> int:
    """Return how many results of a chip were wrong of late."""
    return round(_nonces(r, chip) * r.device.physics.error)


def _share_wrong(r: Readings, chip: int) -> str:
    """Return which part of a chip's results was wrong."""
    wrong = _wrong(r, chip)
    share = wrong / max(1, wrong + _nonces(r, chip))
    return f"{100 * share:6.2f}%"


def _theoretical(r: Readings, _chip: int) -> str:
    """Return the rate that the frequencies of a chip allow."""
    return f"{r.device.physics.theoretical_ghs / max(1, live_chips(r)):7.2f}"


def _frequency(number: int) -> OfChip:
    """Return what tells one of the four frequencies of a chip."""
    return lambda r, _chip: f"{r.device.running_mode.mhz[number]:3d}"


def _cores(number: int) -> OfChip:
    """Return what tells how many cores of a chip run at one of the frequencies."""
    return lambda r, _chip: f"{r.counters[number] // max(1, live_chips(r)):3d}"


def _of_each_chip(name: str, tell: OfChip) -> Item:
    """Return an item of the one board, with a value for each chip."""

    def line(r: Readings, board: int) -> str:
        """Tell of all chips."""
        return " ".join(tell(r, chip) for chip in r.chips.alive(board))

    ((_, fill),) = per_board(name, 1, line)
    return name, fill


EXTRA: list[Item] = [
    *(_of_each_chip(f"CF0_{number}", _frequency(number)) for number in range(4)),
    *(_of_each_chip(f"PLLCNT0_{number}", _cores(number)) for number in range(4)),
    _of_each_chip("ERATIO0", _share_wrong),
    _of_each_chip("C_00_00", lambda r, chip: f"{_nonces(r, chip):7d}"),
    _of_each_chip("C_00_01", lambda r, chip: f"{_wrong(r, chip):7d}"),
    _of_each_chip("GHSmm00", _theoretical),
]
