"""The status strings of the A series, in the order of their firmware."""

from .items import (
    BOARD_SPEED,
    BOARD_TEMPERATURES,
    BOOTBY,
    BUS_ERRORS,
    CHIPS,
    CORE,
    DH,
    DHW,
    DNA,
    DUTY,
    ELAPSED,
    ERRORS,
    FREQUENCY,
    HOTTEST,
    HW,
    LOCAL_WORK,
    MH,
    NETFAIL,
    PING,
    SOFT_OFF,
    SPEED,
    STATUS,
    SUPPLY,
    VER,
    Fill,
    Item,
    chip_counters,
    chip_lists,
    constant,
    each_board,
    fans,
    frequencies,
    local_work,
    per_board,
    work,
)
from .readings import Readings, listed


def options(mode: int, extra: str) -> Fill:
    """Return the options that a mode of the A series starts with."""

    def fill(r: Readings) -> str:
        """Return them."""
        modes = r.device.model.modes
        chosen = modes[min(mode, len(modes) - 1)]
        frequencies = ":".join(map(str, chosen.mhz))
        return (
            f"--avalon10-freq {frequencies} "
            f"--avalon10-voltage-level {chosen.volts}{extra}"
        )

    return fill


INDUSTRIAL_START: list[Item] = [
    *(VER, DNA),
    ("MEMFREE", lambda r: f"{1_201_472 - r.device.uptime % 97}.0"),
    *(NETFAIL, STATUS, ELAPSED, BOOTBY, LOCAL_WORK, MH),
]
INDUSTRIAL_SPEED: list[Item] = [
    *(*chip_counters(3), *SPEED, FREQUENCY),
    ("Led", lambda r: int(r.device.identifying)),
    *(BOARD_SPEED, *BOARD_TEMPERATURES),
]
INDUSTRIAL_LISTS: list[Item] = [
    *(*frequencies(3), *chip_lists(3)),
    each_board("MW", lambda r, board: local_work(r) // 3 + 40 * board),
    *per_board("MW", 3, work),
]
POWER_STATE: Item = ("POWS", lambda r: r.supply_error)
BOARD_STATES = each_board("HASHS", lambda _r, _board: 0)
POOL_STATE: Item = ("POOLS", lambda r: int(r.device.pool_in_use is None))
INDUSTRIAL_END: list[Item] = [
    ("ADJ", lambda r: int(r.device.adjusted)),
    each_board("COP", lambda _r, _board: 0),
    ("MPO", lambda r: r.device.running_mode.limit),
    constant("MVL", 87),
    *per_board("ATABD", 3, lambda r, _board: listed(r.device.running_mode.mhz)),
    ("WORKMODE", lambda r: r.device.model.modes.index(r.device.running_mode)),
]

A12_STATUS: list[Item] = [
    *(*INDUSTRIAL_START, HW, DH),
    ("Temp", lambda r: r.warmth(0.18)),
    *(*HOTTEST, *fans(4), DUTY),
    ("Vo", lambda r: r.device.running_mode.volts // 4),
    *(SUPPLY, *INDUSTRIAL_SPEED, CHIPS, CORE, PING),
    *(POWER_STATE, BOARD_STATES, POOL_STATE, SOFT_OFF, *ERRORS, *INDUSTRIAL_LISTS),
    *per_board(
        "ASICCRC", 3, lambda r, board: listed([0 for _ in r.chips.alive(board)])
    ),
    BUS_ERRORS[0],
    constant("POW_I2C", "OK"),
    constant("FACOPTS0", ""),
    constant("FACOPTS1", ""),
    ("ATAOPTS0", options(0, " ")),
    ("ATAOPTS1", options(1, " ")),
    *INDUSTRIAL_END,
]

A15_STATUS: list[Item] = [
    *(*INDUSTRIAL_START, DHW, HW, DH),
    ("Temp", lambda r: r.warmth(0.18)),
    *(*HOTTEST, *fans(2), DUTY),
    ("Vo", lambda r: r.device.running_mode.volts // 4),
    SUPPLY,
    ("WALLPOWER", lambda r: r.supply[6]),
    *INDUSTRIAL_SPEED,
    each_board("MVavg", lambda _r, board: f"{285.7 + 0.3 * board:.1f}"),
    *(CHIPS, CORE, PING, POWER_STATE),
    each_board("EEPROM", lambda r, _board: r.device.model.chips),
    *(BOARD_STATES, POOL_STATE, SOFT_OFF, *ERRORS, *INDUSTRIAL_LISTS),
    *BUS_ERRORS,
    *(constant("FACOPTS0", ""), constant("FACOPTS1", ""), constant("FACOPTS2", "")),
    ("ATAOPTS0", options(0, " --hash-asic 160")),
    ("ATAOPTS1", options(1, " --hash-asic 160")),
    ("ATAOPTS2", options(2, " --hash-asic 160 --power-level 0")),
    *INDUSTRIAL_END,
]
