"""What AxeOS stores and shows after its own protection against heat acted."""

from .boards import Board

COOL_SECONDS, COOL_REGULATOR, COOL_CHIP = 30.0, 95.0, 45.0
STEP = 100
LOWEST_MHZ, LOWEST_MV = 400, 1000


def lowered_mhz(mhz: float) -> float:
    """Return the frequency that is stored after an overheat; a low one rises."""
    return mhz - STEP if mhz > STEP else LOWEST_MHZ


def lowered_mv(mv: int) -> int:
    """Return the voltage that is stored, whether the regulator takes it or not."""
    return mv - STEP if mv > STEP else LOWEST_MV


def is_cool(board: Board, chip: float, regulator: float) -> bool:
    """Tell whether the chips may start again; few boards feel a chip that is off."""
    return regulator <= COOL_REGULATOR and (
        not board.internal_sensor or chip < COOL_CHIP
    )
