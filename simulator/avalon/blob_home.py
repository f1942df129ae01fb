"""The status strings of the home models, in the order of their firmware."""

from .items import (
    BOARD_SPEED,
    BOARD_TEMPERATURES,
    BOOTBY,
    BUS_ERRORS,
    BVER,
    CALIBRATION,
    CHIPS,
    CORE,
    DH,
    DHW,
    DNA,
    DUTY,
    ELAPSED,
    ERRORS,
    FAILURES,
    FREQUENCY,
    FW,
    HOTTEST,
    HW,
    LEVELS,
    LOCAL_WORK,
    LVER,
    MEMORY,
    MH,
    NETFAIL,
    PING,
    RADIO,
    SOFT_OFF,
    SPEED,
    STATE,
    STATUS,
    SUPPLY,
    TARGET,
    VER,
    Item,
    chip_counters,
    chip_lists,
    constant,
    each_board,
    fans,
    filter_minutes,
    frequencies,
    led,
    per_board,
    profile,
    progress,
    work,
)
from .models import Dialect
from .readings import Readings


def inlet(r: Readings) -> str:
    """Return the inlet temperature; a Nano 3S has no sensor for it."""
    return "-273" if r.device.model.dialect is Dialect.NANO3S else r.warmth(0.28)


def room_limit(r: Readings) -> int:
    """Return the room temperature to heat to; a Nano 3S has none."""
    nano = r.device.model.dialect is Dialect.NANO3S
    limit: int = 0 if nano else r.device.settings["limit_temperature"]
    return limit


SCREEN_AND_LIGHT: list[Item] = [
    ("LED", lambda r: f"{r.device.settings['led_mode']}-{r.device.settings['led'][0]}"),
    ("LEDUser", led),
    ("LcdOnoff", lambda r: r.device.settings["lcd"]),
    ("LcdSwitch", lambda r: r.device.settings["lcd_page"]),
]
BOARD_Q: list[Item] = [*chip_lists(1), *per_board("MW", 1, work)]

Q_STATUS: list[Item] = [
    *(VER, LVER, BVER),
    constant("HashMcu0Ver", "Q_hb_v1.1"),
    constant("FanMcuVer", "Q_fb_v1.2"),
    constant("CPU", "K230"),
    *(FW, DNA, STATE, MEMORY, NETFAIL, *RADIO, STATUS, ELAPSED, BOOTBY),
    *(LOCAL_WORK, MH, DHW, HW, DH),
    ("ITemp", lambda r: r.warmth(0.6)),
    ("HBITemp", lambda r: r.warmth(0.88)),
    ("HBOTemp", lambda r: r.warmth(0.95)),
    *(*HOTTEST, TARGET, *fans(4), DUTY),
    ("SoftOffTime", lambda r: int(r.device.schedule.off_at)),
    ("SoftOnTime", lambda r: int(r.device.schedule.on_at)),
    ("Filter", filter_minutes),
    ("FanErr", lambda r: r.fan_errors),
    constant("SoloAllowed", 1),
    SUPPLY,
    constant("PCOMM_E", 0),
    *(*SPEED, FREQUENCY, BOARD_SPEED, CHIPS, CORE),
    constant("BIN", 36),
    *(PING, SOFT_OFF, *ERRORS, *chip_counters(1), *frequencies(1)),
    *BUS_ERRORS,
    ("ATA0", profile),
    ("LcdOnoff", lambda r: r.device.settings["lcd"]),
    constant("Activation", 0),
    *(*LEVELS, *CALIBRATION),
    constant("Nonce Mask", 25),
]

NANO3S_STATUS: list[Item] = [
    *(VER, LVER, BVER, FW),
    *SCREEN_AND_LIGHT,
    *(DNA, MEMORY, FAILURES, NETFAIL, STATUS, ELAPSED, BOOTBY),
    *(LOCAL_WORK, MH, DHW, HW, DH),
    constant("ITemp", -273),
    ("OTemp", lambda r: r.warmth(0.63)),
    *(*HOTTEST, TARGET, *fans(1), DUTY, SUPPLY, *SPEED, FREQUENCY, BOARD_SPEED),
    *(*BOARD_TEMPERATURES, CHIPS, CORE),
    constant("BIN", 60),
    *(PING, SOFT_OFF, *ERRORS, *chip_counters(1), *frequencies(1)),
    *(*chip_lists(1), *per_board("MW", 1, work)),
    *BUS_ERRORS,
    ("ATA{mode}", profile),
    *(*LEVELS, *CALIBRATION),
]

MINI3_STATUS: list[Item] = [
    constant("HashStatus", 0),
    *(VER, LVER, BVER),
    constant("Mcu0Ver", "Mini3_hb_v1.0"),
    *(FW, DNA, MEMORY, NETFAIL, STATUS, ELAPSED),
    constant("BOOTBY", "0x02.00000000"),
    *(LOCAL_WORK, MH, DHW, HW, DH),
    ("ITemp", lambda r: r.warmth(0.28)),
    ("OTemp", lambda r: r.warmth(0.68)),
    ("HBTemp", lambda r: r.warmth(0.88)),
    *(*HOTTEST, TARGET, *fans(1), DUTY, SUPPLY),
    constant("PCOMM_E", 0),
    *(*SPEED, FREQUENCY, BOARD_SPEED, *BOARD_TEMPERATURES, CHIPS, CORE),
    constant("BIN", 48),
    *(PING, SOFT_OFF, *ERRORS, *chip_counters(1), *frequencies(1)),
    *(*chip_lists(1), *per_board("MW", 1, work)),
    *BUS_ERRORS,
    ("ATA{mode}", profile),
    ("LcdOnoff", lambda r: r.device.settings["lcd"]),
    *(*LEVELS, *CALIBRATION),
]

NANO3_STATUS: list[Item] = [
    ("HashStatus", lambda r: int(r.hashing)),
    VER,
    constant("HVer", "24071801_b906c52_6223725"),
    constant(" DNA", "0" * 16),
    (" HDNA", lambda r: r.device.dna),
    (" PFCnt", lambda r: len(r.device.pool_failures)),
    *(NETFAIL, ELAPSED, LOCAL_WORK, MH, DHW, HW, DH),
    ("Temp", lambda r: r.warmth(0.47)),
    ("OTemp", lambda r: r.warmth(0.36)),
    *(*HOTTEST, TARGET, *fans(1), DUTY),
    constant("Vo", 0),
    *(SUPPLY, *SPEED),
    constant("Freq", "0.00"),
    ("Led", lambda r: r.device.settings["led"][0]),
    *(BOARD_SPEED, *BOARD_TEMPERATURES, CHIPS, CORE, PING, SOFT_OFF, *ERRORS),
    *(*chip_counters(1), *frequencies(1)),
    *(*chip_lists(1), *per_board("MW", 1, work)),
    BUS_ERRORS[0],
    constant("ATA0", "60-80-306-100:293:313:333"),
    constant("ATA1", "90-85-314-100:447:467:487"),
    constant("ATA2", "125-90-334-100:574:594:614"),
    ("WORKLEVEL", lambda r: r.device.settings["mode"]),
    ("MPO", lambda r: r.device.running_mode.limit),
    ("ADJ", lambda r: int(r.device.adjusted)),
    ("BAR", progress),
]


SHORT_STATUS: list[Item] = [
    *(LVER, BVER),
    each_board("MVer", lambda _r, _board: 0),
    *(FW, STATE),
    ("MODE", lambda r: r.device.settings["mode"]),
    ("LEVEL", lambda r: r.device.settings["level"]),
    ("GHSspd", lambda r: f"{r.ghs:.6f}"),
    ("ITemp", inlet),
    ("OTemp", lambda r: r.warmth(0.65)),
    ("Limitemp", room_limit),
    DUTY,
    ("Filter", filter_minutes),
    *SCREEN_AND_LIGHT,
    ("LcdBright", lambda r: r.device.settings["lcd_bright"]),
    *ERRORS,
    constant("SSID", "home"),
    ("RSSI", lambda r: round(-55 + 2 * r.device.physics.net_noise.value)),
    constant("NetDevType", 1),
]
