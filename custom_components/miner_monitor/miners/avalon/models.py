"""The models of Avalon miners: what each has and how it is talked to."""

from dataclasses import dataclass
from functools import lru_cache
import re
from typing import NamedTuple

from ..model import Capability
from ..values import text
from .poll import Row

COMMON = frozenset(
    (
        Capability.SHARES,
        Capability.SHARES_STALE,
        Capability.BEST_DIFFICULTY,
        Capability.BLOCKS_FOUND,
        Capability.BLOCK_HEIGHT,
        Capability.POOL_DIFFICULTY,
        Capability.POOL,
        Capability.POOL_CONNECTED,
        Capability.FALLBACK_POOL,
        Capability.POOL_STATUS,
        Capability.POOL_SHARES,
        Capability.UPTIME,
        Capability.HARDWARE_ERROR_RATE,
    )
)
"""What every miner tells that has a blob."""

_AVALON = COMMON | {
    Capability.HASH_RATE_AVERAGE,
    Capability.EXPECTED_HASH_RATE,
    Capability.POWER,
    Capability.CHIP_TEMPERATURE,
    Capability.CHIP_TEMPERATURE_AVERAGE,
    Capability.CHIP_TEMPERATURE_MIN,
    Capability.CHIPS_WORKING,
    Capability.CHIP_VOLTAGES,
    Capability.MATCHING_WORK,
    Capability.WORK_UTILITY,
    Capability.FAN_DUTY_CYCLE,
}
_HOME = _AVALON | {
    Capability.POWER_LIMIT,
    Capability.TARGET_CHIP_TEMPERATURE,
    Capability.POOL_LATENCY,
}
_OUTPUT = {
    Capability.PSU_OUTPUT_VOLTAGE,
    Capability.PSU_OUTPUT_CURRENT,
    Capability.FREQUENCY_ACTUAL,
    Capability.CONTROLLER_STATE,
}
_A_SERIES = (
    _AVALON | _OUTPUT | {Capability.AMBIENT_TEMPERATURE, Capability.CORE_VOLTAGE_ACTUAL}
)


class Place(NamedTuple):
    """A value in the vector ``PS`` of the power supply, which each model fills its way.

    ``length`` is that of the only vector in which it is there.
    """

    name: str
    place: int
    divisor: float = 1
    high: float = 1e3
    length: int | None = None


_WATTS = 1e5
_OUTPUT_CURRENT = Place("psu_output_current", 3)
_OUTPUT_VOLTAGE = Place("psu_output_voltage", 2, 100)
_SET_VOLTAGE = (Place("psu_set_voltage", 5, 100),)
_HOME_SUPPLY = (Place("power", 6, high=_WATTS), _OUTPUT_VOLTAGE, _OUTPUT_CURRENT)
# A10 and A11 stop before the power at the wall.
_A_SUPPLY = (*_HOME_SUPPLY, Place("power", 4, high=_WATTS, length=6))


class Mode(NamedTuple):
    """A work mode: its name, and its number and level on the wire.

    A ``number`` of None is a model that has levels only, a ``level`` of None one of
    which nothing depends on it. ``power`` is what its maker, or devices, say that it
    draws, in W; where they say nothing ``guess`` is what follows from its like, if
    anything does.
    """

    name: str
    number: int | None
    level: int | None = None
    power: float | None = None
    guess: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """What is known of a model beforehand.

    ``supply`` is what its power supply reports, ``supply_figures`` what of that has no
    field of its own. ``fans`` of None is as many as it lists, ``boards`` at least so
    many. ``reboot`` is the argument of the command; ``reboots_unlisted`` says that it
    exists although no list shows it. ``idles_as_fault`` is firmware that calls an idle
    device faulty; ``rate_may_be_missing`` is firmware that reports no present hash
    rate at work.

    ``modes`` are its work modes, the one of least power first. ``sleeps`` is a home
    model that takes the time of a soft off and on, ``doubtful_standby_power`` one that
    was seen to tell too much then. ``least_fan`` is the lowest fixed duty cycle.
    ``light`` is the option that sets its light, ``display`` and ``heater`` tell
    whether it has a screen and whether it heats to a temperature. ``shows_pool``: what
    its screen shows can be asked for, and names the pool in use. ``empty_stats`` is
    firmware that answers ``stats`` with nothing at times. ``trips_at`` is the chip
    temperature at which it stops by itself. ``rated_power`` is what it is made for, in
    W; ``minimum_run`` and ``minimum_rest`` are the seconds that it is left running, and
    resting, by who stops and starts it often, None as long as is usual.
    """

    name: str
    supply: tuple[Place, ...] = ()
    supply_figures: tuple[Place, ...] = ()
    readings: frozenset[Capability] = COMMON
    home: bool = False
    series: int | None = None
    chips: int | None = None
    boards: int = 1
    fans: int | None = None
    reboot: str | None = None
    reboots_unlisted: bool = False
    litestats: bool = False
    idles_as_fault: bool = False
    rate_may_be_missing: bool = False
    modes: tuple[Mode, ...] = ()
    sleeps: bool = False
    doubtful_standby_power: bool = False
    least_fan: int = 0
    light: str | None = None
    display: bool = False
    heater: bool = False
    shows_pool: bool = False
    empty_stats: bool = False
    trips_at: float | None = None
    rated_power: float | None = None
    minimum_run: float | None = None
    minimum_rest: float | None = None

    @property
    def commanded(self) -> bool:
        """Whether this model is known well enough to be given commands."""
        return self.reboot is not None


_LEAST_FAN_OF_HOME = 15
_LONG = 1200.0
"""Seconds: a large power supply and its boards take minutes to start."""

_RATED_A = 5000
"""W, more than any of the A series that is cooled by air takes."""

_HEATING = 0


HOME_MODELS = {
    "nano3": Model(
        name="Avalon Nano 3",
        rated_power=140,
        supply=(
            Place("power", 5, high=_WATTS),
            Place("input_voltage", 4, 100),
            Place("input_current", 3),
        ),
        supply_figures=(Place("hash_board_voltage", 6, 100),),
        readings=_HOME
        | {
            Capability.INPUT_VOLTAGE,
            Capability.INPUT_CURRENT,
            Capability.AMBIENT_TEMPERATURE,
            Capability.OUTLET_TEMPERATURE,
        },
        home=True,
        chips=10,
        fans=1,
        reboot="all",
        modes=(
            Mode("low", None, 0, 60),
            Mode("medium", None, 1, 90),
            Mode("high", None, 2, 125),
        ),
        sleeps=True,
        light="led",
    ),
    "nano3s": Model(
        name="Avalon Nano 3S",
        rated_power=140,
        supply=(
            Place("power", 6, high=_WATTS),
            Place("psu_output_voltage", 2, 1000),
            _OUTPUT_CURRENT,
        ),
        supply_figures=(Place("hash_board_voltage", 5, 1000),),
        readings=_HOME
        | _OUTPUT
        | {
            Capability.OUTLET_TEMPERATURE,
            Capability.FILTER_AGE,
            Capability.WIFI_SIGNAL,
        },
        home=True,
        chips=12,
        fans=1,
        reboot="0",
        litestats=True,
        idles_as_fault=True,
        # Devices hold 133 W in High and were seen at 94 in Mid. Of Low nobody tells:
        # the Nano 3 draws half of its High there.
        modes=(
            Mode("low", 0, guess=65),
            Mode("mid", 1, power=95),
            Mode("high", 2, power=133),
        ),
        least_fan=_LEAST_FAN_OF_HOME,
        light="ledset",
        display=True,
        shows_pool=True,
        trips_at=113,
    ),
    "mini3": Model(
        name="Avalon Mini 3",
        # Devices draw 824 W of the 800 that it is sold with.
        rated_power=850,
        minimum_run=_LONG,
        minimum_rest=_LONG,
        supply=_HOME_SUPPLY,
        supply_figures=_SET_VOLTAGE,
        readings=_HOME
        | _OUTPUT
        | {
            Capability.INLET_TEMPERATURE,
            Capability.OUTLET_TEMPERATURE,
            Capability.BOARD_TEMPERATURE,
            Capability.FILTER_AGE,
        },
        home=True,
        chips=66,
        fans=1,
        reboot="0",
        litestats=True,
        # Super heats with the 800 W that the model is rated for and no mode exceeds;
        # Eco is the lower level of the same; Night is made to be quiet, so it has the
        # least air and power.
        modes=(
            Mode("night", 2),
            Mode("heating_eco", _HEATING, -1),
            Mode("mining", 1),
            Mode("heating_super", _HEATING, 0, 800),
        ),
        sleeps=True,
        least_fan=_LEAST_FAN_OF_HOME,
        display=True,
        heater=True,
    ),
    "q": Model(
        name="Avalon Q",
        rated_power=1700,
        minimum_run=_LONG,
        minimum_rest=_LONG,
        supply=_HOME_SUPPLY,
        supply_figures=_SET_VOLTAGE,
        readings=_HOME
        | _OUTPUT
        | {
            Capability.INLET_TEMPERATURE,
            Capability.BOARD_TEMPERATURE,
            Capability.FILTER_AGE,
        },
        home=True,
        chips=160,
        fans=4,
        reboot="0",
        modes=(
            Mode("eco", 0, power=800),
            Mode("standard", 1, power=1300),
            Mode("super", 2, power=1674),
        ),
        sleeps=True,
        doubtful_standby_power=True,
        least_fan=_LEAST_FAN_OF_HOME,
        display=True,
        empty_stats=True,
    ),
}

_A_NUMBER = re.compile(r"(1[0-5])(\d\d)?([a-z]*)(?:-.*)?")
_A_CHIPS = {"1066": 342, "1126": 360, "1166": 360, "1246": 360, "1566": 480}
_LAST_SERIES_WITH_FOUR_FANS = 12
_TWO_FANS = ("1026", "1047")
_A_BOARDS = {"1026": 1, "1047": 2}
_MAKER = re.compile(r"avalonminer|avalon|\s")
_VERSION = re.compile(r"(.{1,40}?)-(\d{8}(?:_\w{1,64})?)")


def parted(version: str | None) -> tuple[str | None, str | None]:
    """Part the blob's version into model and firmware: "Q-25052801_14a19a2"."""
    found = None if version is None else _VERSION.fullmatch(version.strip())
    return (None, None) if found is None else (found[1], found[2])


def model_of(version: Row, blob_version: str | None) -> Model:
    """Recognise a miner that has a blob, or calls itself an Avalon."""
    told = (version.get("MODEL"), version.get("PROD"), parted(blob_version)[0])
    names = [name for name in map(text, told) if name is not None]
    for name in names:
        if (model := _known(name)) is not None:
            return model
    return _unknown(names[0] if names else "")


@lru_cache(maxsize=64)
def _unknown(bare: str) -> Model:
    return Model(
        name=bare if "avalon" in bare.lower() else f"Avalon {bare}".strip(),
        rate_may_be_missing=True,
    )


@lru_cache(maxsize=64)
def _known(name: str) -> Model | None:
    bare = _MAKER.sub("", name.lower())
    if (model := HOME_MODELS.get(bare.partition("-")[0])) is not None:
        return model
    found = _A_NUMBER.fullmatch(bare)
    return None if found is None else _a_series(found, name)


def _a_series(found: re.Match[str], name: str) -> Model:
    """Describe an A10 to A15; one with H behind its number is cooled by water."""
    series = int(found[1])
    number = found[1] + (found[2] or "")
    bare = _MAKER.sub("", name.lower())
    hydro = found[3].startswith("h")
    few_fans = series > _LAST_SERIES_WITH_FOUR_FANS or number in _TWO_FANS
    return Model(
        name=f"AvalonMiner {re.sub(r'(?i)avalonminer|avalon', '', name).strip()}",
        supply=_A_SUPPLY,
        supply_figures=_SET_VOLTAGE,
        readings=_A_SERIES - {Capability.FAN_DUTY_CYCLE} if hydro else _A_SERIES,
        series=series,
        chips=None if hydro else _A_CHIPS.get("1566" if bare == "15-194" else number),
        boards=_A_BOARDS.get(number, 3),
        fans=0 if hydro else 2 if few_fans else 4,
        reboot="1" if series > _LAST_SERIES_WITH_FOUR_FANS else "0",
        reboots_unlisted=True,
        rate_may_be_missing=series == 10,
        modes=(Mode("normal", 0), Mode("high", 1)),
        rated_power=2 * _RATED_A if hydro else _RATED_A,
        minimum_run=_LONG,
        minimum_rest=_LONG,
    )


def read_places(
    vector: tuple[float, ...], places: tuple[Place, ...]
) -> dict[str, float]:
    """Read watts, volts and amperes of a power supply."""
    found = {}
    told = len(vector)
    for name, place, divisor, high, length in places:
        if place < told and (length is None or length == told):
            value = vector[place] / divisor
            if 0 <= value <= high:
                found[name] = value
    return found
