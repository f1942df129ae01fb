"""Items of the status string that several models share."""

from collections.abc import Callable, Iterable

from .readings import WORK_UNITS_PER_GH, Readings, listed

type Fill = Callable[[Readings], object]
type Item = tuple[str, Fill]


def constant(name: str, value: object) -> Item:
    """Return an item that never changes."""
    return name, lambda _r: value


def ghs(name: str, fill: Callable[[Readings], float]) -> Item:
    """Return a rate with two decimals."""
    return name, lambda r: f"{fill(r):.2f}"


UNOPENED = "\0"
"""What an item without a single value is filled with: its bracket is not opened."""


def each_board(name: str, fill: Callable[[Readings, int], object]) -> Item:
    """Return an item with one value for each board."""
    return name, lambda r: listed([fill(r, n) for n in r.boards]) or UNOPENED


def per_board(
    name: str, boards: int, fill: Callable[[Readings, int], object]
) -> list[Item]:
    """Return one item for each board that is told of, numbered."""

    def bind(place: int) -> Item:
        """Return the item of one board, or of none."""

        def at_place(r: Readings) -> object:
            """Fill it with what the board at this place tells."""
            boards = r.boards
            return fill(r, boards[place]) if place < len(boards) else None

        return f"{name}{place}", at_place

    return [bind(place) for place in range(boards)]


def padded(values: Iterable[int]) -> str:
    """Return temperatures as the firmware pads them."""
    return " ".join(f"{value:3d}" for value in values)


def temperatures(r: Readings, board: int) -> str:
    """Return the chip temperatures of a board."""
    return padded(r.chips.temperatures[chip] for chip in r.chips.alive(board))


def millivolts(r: Readings, board: int) -> str:
    """Return the chip voltages of a board."""
    return listed([r.chips.millivolts[chip] for chip in r.chips.alive(board)])


def domain_millivolts(r: Readings) -> int:
    """Return the voltage of a domain of chips."""
    device = r.device
    return int(device.model.domain_millivolts(device.set_volts))


def work(r: Readings, board: int) -> str:
    """Return the work of each chip of a board."""
    return listed([r.chips.work[chip] for chip in r.chips.alive(board)])


def local_work(r: Readings) -> int:
    """Return the work done since the start."""
    return int(r.device.physics.gigahashes * 1e9 / 2**32 / 45)


def progress(r: Readings) -> object:
    """Return how far calibration is; nothing once it is done."""
    return None if r.device.adjusted else r.device.progress


def profile(r: Readings) -> str:
    """Return the power limit, temperature, voltage and frequency of the mode."""
    mode = r.device.running_mode
    return f"{mode.limit}-{mode.target}-{mode.volts}-{mode.mhz[0]}-20"


def filter_minutes(r: Readings) -> int:
    """Return the minutes since the filter was cleaned."""
    return int((r.device.clock.now() - r.device.settings["filter_cleaned"]) / 60)


def live_chips(r: Readings) -> int:
    """Return how many chips answer."""
    return sum(len(r.chips.alive(board)) for board in r.boards)


def led(r: Readings) -> str:
    """Return the light's settings."""
    return "-".join(map(str, r.device.settings["led"]))


VER: Item = ("Ver", lambda r: f"{r.device.model.model}-{r.device.firmware}")
LVER: Item = ("LVer", lambda r: r.device.firmware)
BVER: Item = ("BVer", lambda r: r.device.firmware)
FW = constant("FW", "Release")
DNA: Item = ("DNA", lambda r: r.device.dna)
STATE: Item = ("STATE", lambda r: r.state)
MEMORY: Item = ("MEMFREE", lambda r: 67_900 - r.device.uptime % 97)
FAILURES: Item = ("PFCnt", lambda r: len(r.device.pool_failures))
NETFAIL: Item = ("NETFAIL", lambda r: r.network_failures)
STATUS: Item = ("SYSTEMSTATU", lambda r: r.state_text)
ELAPSED: Item = ("Elapsed", lambda r: int(r.device.clock.now() - r.device.booted_at))
BOOTBY: Item = ("BOOTBY", lambda r: r.device.boot_reason)
LOCAL_WORK: Item = ("LW", local_work)
MH = each_board("MH", lambda r, board: 0 if board else r.device.hardware_errors)
DHW = constant("DHW", 0)
HW: Item = ("HW", lambda r: r.device.hardware_errors)
DH: Item = ("DH", lambda r: r.error_mean)
HOTTEST: list[Item] = [
    ("TMax", lambda r: r.hottest),
    ("TAvg", lambda r: r.mean),
]
TARGET: Item = ("TarT", lambda r: r.device.target or r.device.running_mode.target)
DUTY: Item = ("FanR", lambda r: r.duty)
SUPPLY: Item = ("PS", lambda r: listed(r.supply))
SPEED: list[Item] = [
    ghs("GHSspd", lambda r: r.ghs),
    ("DHspd", lambda r: r.error_now),
    ghs("GHSmm", lambda r: r.device.physics.theoretical_ghs),
    ghs("GHSavg", lambda r: r.average_ghs),
    ghs("WU", lambda r: r.average_ghs * WORK_UNITS_PER_GH),
]
FREQUENCY = ghs("Freq", lambda r: r.device.physics.mean_mhz(r.device.running_mode))
BOARD_SPEED: Item = ("MGHS", lambda r: r.board_ghs or UNOPENED)
BOARD_TEMPERATURES: list[Item] = [
    each_board("MTmax", Readings.board_hottest),
    ("MTavg", lambda r: listed([r.board_mean(n) for n in r.boards]) or 0),
]
CHIPS: Item = ("TA", live_chips)
CORE: Item = ("Core", lambda r: r.device.model.core)
PING: Item = ("PING", lambda r: r.ping)
SOFT_OFF: Item = ("SoftOFF", lambda r: r.device.soft_off_reason)
ERRORS: list[Item] = [
    each_board("ECHU", lambda _r, _board: 0),
    ("ECMM", lambda r: 4 if r.fan_errors and r.device.model.industrial else 0),
]
BUS_ERRORS: list[Item] = [
    each_board("CRC", lambda _r, _board: 0),
    each_board("COMCRC", lambda _r, _board: 0),
]
LEVELS: list[Item] = [
    ("WORKMODE", lambda r: r.device.settings["mode"]),
    ("WORKLEVEL", lambda r: r.device.settings["level"]),
    ("MPO", lambda r: r.device.running_mode.limit),
]
CALIBRATION: list[Item] = [
    ("CALIALL", lambda r: 7 if r.device.adjusted else 3),
    ("ADJ", lambda r: int(r.device.adjusted)),
    ("BAR", progress),
]
RADIO: list[Item] = [
    constant("SSID", ""),
    constant("RSSI", 0),
    constant("NetDevType", 0),
]


def fans(count: int) -> list[Item]:
    """Return the speeds of the fans."""

    def bind(number: int) -> Item:
        """Return the speed of one fan."""
        return f"Fan{number}", lambda r: r.fan(number)

    return [bind(number + 1) for number in range(count)]


def chip_counters(boards: int) -> list[Item]:
    """Return how many cores run at each frequency."""
    return per_board("PLL", boards, lambda r, _board: listed(r.counters))


def frequencies(boards: int) -> list[Item]:
    """Return the four frequencies of each board."""
    return per_board("SF", boards, lambda r, _board: listed(r.device.running_mode.mhz))


def chip_lists(boards: int) -> list[Item]:
    """Return temperatures and voltages of all chips."""
    return [
        *per_board("PVT_T", boards, temperatures),
        *per_board("PVT_V", boards, millivolts),
    ]
