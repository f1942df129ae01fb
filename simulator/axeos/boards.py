"""The simulator's own board table: chips, electrics, cooling and presets.

The power figures give `power = power_offset + power_slope * MHz * V²` in watts, for
the whole board and in the sense of the power reading of that board.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Dialect(StrEnum):
    """The firmware lines that the simulator speaks."""

    AXEOS = "axeos"
    NERDOS = "nerdos"
    LUCKY = "lucky"


class Meter(StrEnum):
    """What measures voltage, current and power on a board."""

    INA260 = "ina260"
    TPS546 = "tps546"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A mining chip."""

    model: str
    small_cores: int
    hash_domains: int


BM1397 = Chip(model="BM1397", small_cores=672, hash_domains=1)
BM1366 = Chip(model="BM1366", small_cores=894, hash_domains=1)
BM1368 = Chip(model="BM1368", small_cores=1276, hash_domains=1)
BM1370 = Chip(model="BM1370", small_cores=2040, hash_domains=4)
BM1373 = Chip(model="BM1373", small_cores=6725, hash_domains=4)

MAX_MHZ = (400, 425, 450, 475, 485, 500, 525, 550, 575, 600)
MAX_MV = (1100, 1150, 1200, 1250, 1300, 1350, 1400, 1450, 1500)
ULTRA_MHZ = (400, 425, 450, 475, 485, 500, 525, 550, 575)
ULTRA_MV = (1100, 1150, 1200, 1250, 1300)
SUPRA_MHZ = (400, 425, 450, 475, 485, 490, 500, 525, 550, 575)
SUPRA_MV = (1100, 1150, 1166, 1200, 1250, 1300)
GAMMA_MHZ = (400, 490, 525, 550, 600, 625)
GAMMA_MV = (1000, 1060, 1100, 1150, 1200, 1250)
GAMMA_SIGN = "\N{GREEK SMALL LETTER GAMMA}"
DUO_MHZ = (350, 375, 380, 400, 410)
NERD_PLUS_MV = (1100, 1150, 1200, 1250, 1300, 1350)
NERD_GAMMA_MHZ = (500, 515, 525, 550, 575, 590, 600)
NERD_GAMMA_MV = (1120, 1130, 1140, 1150, 1160, 1170, 1180, 1190, 1200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A board: what is soldered on it and what its firmware knows of it."""

    device_model: str
    board_version: str
    chip: Chip
    chips: int = 1
    domains: int = 1
    dialect: Dialect = Dialect.AXEOS
    meter: Meter = Meter.TPS546
    default_mhz: int
    default_mv: int
    mhz_options: tuple[int, ...]
    mv_options: tuple[int, ...]
    regulator_mv: tuple[int, int]
    power_offset: float
    power_slope: float
    nominal_volts: int = 5
    max_power: int = 40
    second_sensor: bool = False
    internal_sensor: bool = False
    measures_input: bool = True
    second_fan: bool = False
    abs_max: tuple[int, int] = (0, 0)
    dac_regulator: bool = False
    regulator_sensor: bool = True
    tells_output: bool = False
    rest_power: float = 4.9
    fan_target: int = 60
    full_speed_rpm: int = 7300
    swarm_color: str = "blue"
    default_firmware: str = "2.12.2"
    default_hostname: str = "bitaxe"

    @property
    def small_cores(self) -> int:
        """Return the number of hashing cores of one chip."""
        return self.chip.small_cores

    @property
    def measures_regulator(self) -> bool:
        """Tell whether a regulator with its own thermometer is on the board."""
        return self.meter is Meter.TPS546


def _max(version: str) -> Board:
    """Return a Max."""
    return Board(
        device_model="Max",
        board_version=version,
        chip=BM1397,
        meter=Meter.INA260,
        default_mhz=425,
        default_mv=1400,
        mhz_options=MAX_MHZ,
        mv_options=MAX_MV,
        regulator_mv=(46, 2390),
        power_offset=2.6,
        power_slope=0.0137,
        max_power=25,
        swarm_color="red",
        default_firmware="2.9.0",
    )


def _ultra(version: str, *, meter: Meter = Meter.INA260) -> Board:
    """Return an Ultra; the 207 has the newer regulator."""
    ina = meter is Meter.INA260
    return Board(
        device_model="Ultra",
        board_version=version,
        chip=BM1366,
        meter=meter,
        default_mhz=485,
        default_mv=1200,
        mhz_options=ULTRA_MHZ,
        mv_options=ULTRA_MV,
        regulator_mv=(46, 2390) if ina else (1000, 2000),
        power_offset=2.6 if ina else 5,
        power_slope=0.0118 if ina else 0.0104,
        max_power=25,
        internal_sensor=ina,
        full_speed_rpm=5700,
        swarm_color="purple",
    )


def _hex(version: str, *, measures_input: bool = True) -> Board:
    """Return a Hex; the 304 does not measure its input voltage."""
    return Board(
        device_model="Hex",
        board_version=version,
        chip=BM1366,
        chips=6,
        domains=3,
        default_mhz=485,
        default_mv=1200,
        mhz_options=ULTRA_MHZ,
        mv_options=ULTRA_MV,
        regulator_mv=(833, 1500),
        power_offset=12,
        power_slope=0.0613,
        measures_input=measures_input,
        nominal_volts=12,
        max_power=90,
        second_sensor=True,
        second_fan=True,
        swarm_color="orange",
    )


def _supra(version: str, *, meter: Meter = Meter.INA260) -> Board:
    """Return a Supra; 402 and 403 have the newer regulator."""
    ina = meter is Meter.INA260
    return Board(
        device_model="Supra",
        board_version=version,
        chip=BM1368,
        meter=meter,
        default_mhz=490,
        default_mv=1166,
        mhz_options=SUPRA_MHZ,
        mv_options=SUPRA_MV,
        regulator_mv=(46, 2390) if ina else (1000, 2000),
        power_offset=2.6 if ina else 5,
        power_slope=0.0155 if ina else 0.0136,
        internal_sensor=ina,
    )


def _supra_hex(version: str) -> Board:
    """Return a SupraHex."""
    return Board(
        device_model="SupraHex",
        board_version=version,
        chip=BM1368,
        chips=6,
        domains=3,
        default_mhz=490,
        default_mv=1166,
        mhz_options=SUPRA_MHZ,
        mv_options=SUPRA_MV,
        regulator_mv=(833, 1500),
        power_offset=25,
        power_slope=0.0816,
        nominal_volts=12,
        max_power=120,
        second_sensor=True,
        second_fan=True,
        swarm_color="darkblue",
    )


def _gamma(version: str) -> Board:
    """Return a Gamma."""
    return Board(
        device_model="Gamma",
        board_version=version,
        chip=BM1370,
        default_mhz=525,
        default_mv=1150,
        mhz_options=GAMMA_MHZ,
        mv_options=GAMMA_MV,
        regulator_mv=(1000, 2000),
        power_offset=5,
        power_slope=0.0193,
        swarm_color="green",
    )


def _gamma_turbo(version: str, *, meter: Meter = Meter.TPS546) -> Board:
    """Return a GT; on an 800 clone nothing is measured."""
    return Board(
        device_model="GammaTurbo",
        board_version=version,
        chip=BM1370,
        chips=2,
        meter=meter,
        default_mhz=525,
        default_mv=1150,
        mhz_options=GAMMA_MHZ,
        mv_options=GAMMA_MV,
        regulator_mv=(1000, 3000),
        power_offset=10,
        power_slope=0.0386,
        nominal_volts=12,
        max_power=60,
        second_sensor=meter is not Meter.NONE,
        swarm_color="cyan",
    )


def _nerd(
    model: str, chip: Chip, chips: int, slope: float, power: int, **more: Any
) -> Board:
    """Return a NerdOS board with several chips on 12 V, but for what is told."""
    return Board(
        **{
            "device_model": model,
            "board_version": "",
            "chip": chip,
            "chips": chips,
            "dialect": Dialect.NERDOS,
            "default_mhz": 600,
            "default_mv": 1150,
            "mhz_options": NERD_GAMMA_MHZ,
            "mv_options": NERD_GAMMA_MV,
            "abs_max": (800, 1400),
            "regulator_mv": (1005, 1400),
            "power_offset": 8,
            "power_slope": slope,
            "nominal_volts": 12,
            "max_power": power,
            "second_fan": True,
            "fan_target": 55,
            "full_speed_rpm": 3330,
            "swarm_color": "#e700d8",
            "default_firmware": "1.0.35",
            "default_hostname": model.lower().rstrip(f"+{GAMMA_SIGN}-"),
            **more,
        }
    )


SMALL_NERD: dict[str, Any] = {
    "abs_max": (0, 0),
    "power_offset": 4,
    "nominal_volts": 5,
    "second_fan": False,
}
"""What the boards with one chip on 5 V have in common."""

NERD_PLUS: dict[str, Any] = {
    "default_mhz": 490,
    "default_mv": 1250,
    "mhz_options": SUPRA_MHZ,
    "mv_options": NERD_PLUS_MV,
}
"""The presets of boards with the BM1368."""


def _nerds() -> dict[str, Board]:
    """Return the boards of the NerdAxe line."""
    return {
        "nerdaxe": _nerd(
            *("NerdAxe", BM1366, 1, 0.0115, 15),
            **SMALL_NERD,
            default_mhz=485,
            default_mv=1200,
            mhz_options=ULTRA_MHZ,
            mv_options=ULTRA_MV,
            regulator_mv=(46, 2390),
            dac_regulator=True,
            regulator_sensor=False,
            rest_power=5.0,
        ),
        "nerdaxegamma": _nerd(
            *("NerdAxeGamma", BM1370, 1, 0.0195, 25),
            **SMALL_NERD | {"power_offset": 5},
            default_mhz=515,
            mhz_options=(500, 515, 525, 550, 575),
            regulator_mv=(1000, 3000),
            tells_output=True,
            rest_power=5.3,
            fan_target=60,
        ),
        "nerdaxegaia": _nerd(
            *("NerdAxe Gaia", BM1373, 1, 0.08, 60),
            second_fan=False,
            power_offset=5,
            default_mhz=350,
            default_mv=940,
            mhz_options=(350, 360, 380, 400, 420, 440),
            mv_options=(900, 920, 940, 950, 960, 970),
            abs_max=(600, 1100),
            regulator_mv=(800, 1300),
            rest_power=5.3,
            fan_target=60,
            swarm_color="#00e7d8",
            default_firmware="1.1.0",
        ),
        "nerdqaxeplus": _nerd("NerdQAxe+", BM1368, 4, 0.0640, 70, **NERD_PLUS),
        "nerdqaxeplusplus": _nerd("NerdQAxe++", BM1370, 4, 0.1064, 100),
        "nerdqx": _nerd(
            *("NerdQX", BM1370, 4, 0.1064, 250),
            default_mhz=777,
            default_mv=1200,
            mhz_options=(495, 600, 700, 777, 850),
            mv_options=(1085, 1150, 1200, 1270),
            abs_max=(495, 1150),
            fan_target=58,
            default_firmware="1.0.38",
        ),
        "nerdhaxegamma": _nerd(f"NerdHaxe-{GAMMA_SIGN}", BM1370, 6, 0.1596, 250),
        "nerdoctaxeplus": _nerd("NerdOCTAXE+", BM1368, 8, 0.1280, 130, **NERD_PLUS),
        "nerdoctaxegamma": _nerd(f"NerdOCTAXE-{GAMMA_SIGN}", BM1370, 8, 0.2128, 250),
        "nerdoctaxegamma_tps53667": _nerd(
            *(f"NerdOCTAXE-{GAMMA_SIGN}", BM1370, 8, 0.2128, 300),
            default_mhz=700,
            default_mv=1210,
            mhz_options=(525, 550, 575, 600, 625, 650, 675, 700, 750, 800),
            mv_options=(1120, 1150, 1180, 1210, 1240, 1260),
            abs_max=(850, 1400),
        ),
        "nerdeko": _nerd("NerdEKO", BM1370, 12, 0.3192, 350),
    }


def _lucky(model: str, chips: int, slope: float, power: int) -> Board:
    """Return a Lucky Miner with the vendor's firmware."""
    return Board(
        device_model=model,
        board_version="",
        chip=BM1366,
        chips=chips,
        dialect=Dialect.LUCKY,
        default_mhz=485,
        default_mv=1200,
        mhz_options=ULTRA_MHZ,
        mv_options=ULTRA_MV,
        regulator_mv=(833, 1500),
        power_offset=12 if chips > 2 else 5,
        power_slope=slope,
        nominal_volts=12 if chips > 2 else 5,
        max_power=power,
        default_firmware="2.1.6",
        default_hostname="espressif",
    )


def _lucky_axeos(model: str, version: str, chips: int, slope: float) -> Board:
    """Return a Lucky Miner with a community build of AxeOS."""
    return Board(
        device_model=model,
        board_version=version,
        chip=BM1366,
        chips=chips,
        default_mhz=485,
        default_mv=1200,
        mhz_options=ULTRA_MHZ,
        mv_options=ULTRA_MV,
        regulator_mv=(833, 1500),
        power_offset=5,
        power_slope=slope,
        nominal_volts=5,
        max_power=60,
        second_sensor=True,
        default_firmware="2.9.0",
    )


def _zyber(model: str, version: str, chip: Chip, slope: float, power: int) -> Board:
    """Return a Zyber with eight chips."""
    gamma = chip is BM1370
    return Board(
        device_model=model,
        board_version=version,
        chip=chip,
        chips=8,
        domains=4,
        default_mhz=525 if gamma else 490,
        default_mv=1150 if gamma else 1166,
        mhz_options=GAMMA_MHZ if gamma else SUPRA_MHZ,
        mv_options=GAMMA_MV if gamma else SUPRA_MV,
        regulator_mv=(833, 1500),
        power_offset=25,
        power_slope=slope,
        nominal_volts=12,
        max_power=power,
        second_sensor=True,
        second_fan=True,
        default_firmware="2.11.0",
    )


BOARDS: dict[str, Board] = {
    "max_102": _max("102"),
    "ultra_204": _ultra("204"),
    "ultra_205": _ultra("205"),
    "ultra_207": _ultra("207", meter=Meter.TPS546),
    "hex_302": _hex("302"),
    "hex_303": _hex("303"),
    "hex_304": _hex("304", measures_input=False),
    "supra_400": _supra("400"),
    "supra_401": _supra("401"),
    "supra_402": _supra("402", meter=Meter.TPS546),
    "gamma_600": _gamma("600"),
    "gamma_601": _gamma("601"),
    "gamma_602": _gamma("602"),
    "gammaduo_650": Board(
        device_model="GammaDuo",
        board_version="650",
        chip=BM1370,
        chips=2,
        default_mhz=400,
        default_mv=1150,
        mhz_options=DUO_MHZ,
        mv_options=GAMMA_MV,
        regulator_mv=(1000, 2000),
        power_offset=5,
        power_slope=0.0386,
        swarm_color="green",
    ),
    "suprahex_701": _supra_hex("701"),
    "suprahex_702": _supra_hex("702"),
    "gt_801": _gamma_turbo("801"),
    "clone_800": _gamma_turbo("800", meter=Meter.NONE),
    **_nerds(),
    "luckyminer_lv07": _lucky("LV07", 2, 0.0279, 60),
    "luckyminer_lv08": _lucky("LV08", 9, 0.1257, 140),
    "lv07_axeos": _lucky_axeos("LV07", "302", 2, 0.0279),
    "zyber_8s": _zyber("Zyber8S", "1000", BM1368, 0.1088, 160),
    "zyber_8g": _zyber("Zyber8G", "1100", BM1370, 0.1544, 220),
}
