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
    domain_millivolts,
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


USUAL_ECHU = 512

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


def boot(r: Readings) -> str:
    """Return uptime and reason of the boot, between which an A10 has no space."""
    reason = int(r.device.boot_reason[2:4], 16)
    return f"{ELAPSED[1](r)}]BOOTBY[{reason}"


def record(r: Readings, _board: int) -> str:
    """Return a record of the cooling and the power supply."""
    _, control, out, amperes, watts, _ = r.supply
    fans = " ".join(f"Fan{n}:{r.fan(n)}" for n in (1, 2))
    supply = f"V12:{control} Vout:{out} P_I:{amperes} P_P:{watts}"
    return f"Tenv:{r.warmth(0.18)} Tavg:{r.mean} {fans} {supply}"


A10_STATUS: list[Item] = [
    *(VER, DNA),
    ("MEMFREE", lambda r: f"{2_601_024 - 4 * (r.device.uptime % 97)} B"),
    *(NETFAIL, STATUS, ("Elapsed", boot), LOCAL_WORK, MH, HW, DH),
    ("Temp", lambda r: r.warmth(0.18)),
    *(*HOTTEST, *fans(2), DUTY),
    ("Vo", domain_millivolts),
    *(SUPPLY, *chip_counters(2), *SPEED[2:], FREQUENCY),
    ("Led", lambda r: int(r.device.identifying)),
    *(BOARD_SPEED, *BOARD_TEMPERATURES, CHIPS),
    each_board("ECHU", lambda _r, _board: USUAL_ECHU),
    *(ERRORS[1], *frequencies(2), *chip_lists(2)),
    each_board("MW", lambda r, board: local_work(r) // 2 + 40 * board),
    *(*per_board("MW", 2, work), BUS_ERRORS[0]),
    constant("POW_I2C_CONN", "SUCCES"),
    *per_board("HS_RCD", 2, record),
    *(constant("FACOPTS0", ""), constant("FACOPTS1", "")),
    INDUSTRIAL_END[-1],
]
"""Healthy as it is, it shows error bits of its boards, and no hash rate of now."""

A12_STATUS: list[Item] = [
    *(*INDUSTRIAL_START, HW, DH),
    ("Temp", lambda r: r.warmth(0.18)),
    *(*HOTTEST, *fans(4), DUTY),
    ("Vo", domain_millivolts),
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
    ("Vo", domain_millivolts),
    SUPPLY,
    ("WALLPOWER", lambda r: r.supply[6]),
    *INDUSTRIAL_SPEED,
    each_board("MVavg", Readings.board_millivolts),
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
