"""The Avalon models: names, chips, modes, habits; a plain cgminer beside them."""

from dataclasses import dataclass
from enum import Enum, auto
from functools import partial


class Dialect(Enum):
    """Which form the status string of a model has; none on what is no Avalon."""

    NANO3 = auto()
    NANO3S = auto()
    MINI3 = auto()
    Q = auto()
    A10 = auto()
    A12 = auto()
    A15 = auto()
    PLAIN = auto()
    BFG = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """A steady operating point.

    `limit` is the power set point in W, `wall` what the mains gives, `mhz` the four
    frequencies that chips run at, `volts` the set voltage as the model counts it:
    in `Model.unit` millivolts.
    """

    limit: int
    wall: float
    mhz: tuple[int, int, int, int]
    volts: int
    target: int
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model: what it says of itself and how its hardware behaves."""

    dialect: Dialect
    product: str
    model: str
    hardware: str
    software: str
    default_firmware: str
    modes: tuple[Mode, ...]
    mode_numbers: tuple[int, ...] = (0, 1, 2)
    default_mode: int = 0
    driver: str = "AVALON"
    path: str = "avalon"
    stats_id: str = "AVALON0"
    core: str = "A3197S"
    ghs_per_mhz: float = 1.216
    counters_per_chip: int = 152
    boards: int = 1
    chips: int = 0
    domains: int = 40
    unit: int = 10
    fans: int = 1
    full_speed_rpm: int = 3000
    reference_duty: float = 50.0
    reference_mode: int = 0
    efficiency: float = 0.95
    error: float = 0.02
    wrong_nonces: float = 2e-6
    spread: float = 2.5
    standby_watts: float = 17.0
    boot_seconds: float = 120.0
    boot_lag: int = 13
    pool_difficulty: float = 65_536
    mac_prefix: str = "e0e1a9"
    epoch_when: bool = True
    epoch_shares: bool = True
    reboot_reply: bool = True
    soft_off_reason: int = 0
    pools: int = 3
    pools_in_estats: bool = False

    @property
    def all_chips(self) -> int:
        """Return the number of chips on all boards."""
        return self.boards * self.chips

    def mode(self, number: int, level: int) -> Mode | None:
        """Return the mode of a number, at this level if it has several."""
        pairs = zip(self.mode_numbers, self.modes, strict=True)
        modes = [mode for candidate, mode in pairs if candidate == number]
        fitting = [mode for mode in modes if mode.level == level]
        return next(iter([*fitting, *modes]), None)

    def domain_millivolts(self, volts: int) -> float:
        """Return what a set voltage leaves for each domain of chips in a row."""
        return volts * self.unit / self.domains

    @property
    def industrial(self) -> bool:
        """Tell whether it is one of the A series."""
        return self.dialect in {Dialect.A10, Dialect.A12, Dialect.A15}

    @property
    def modes_need_reboot(self) -> bool:
        """Tell whether a new mode only counts after a reboot."""
        return self.industrial

    @property
    def speaks_avalon(self) -> bool:
        """Tell whether it is an Avalon at all."""
        return self.dialect not in {Dialect.PLAIN, Dialect.BFG}


NANO3 = Model(
    dialect=Dialect.NANO3,
    product="Avalonnano",
    model="nano3",
    hardware="PMMv1_X1",
    software="MM318_X2",
    default_firmware="24071801_42c628d",
    modes=(
        Mode(limit=60, wall=61, mhz=(100, 293, 313, 333), volts=306, target=80),
        Mode(limit=90, wall=92, mhz=(100, 447, 467, 487), volts=314, target=85),
        Mode(limit=125, wall=125, mhz=(100, 574, 594, 614), volts=334, target=90),
    ),
    default_mode=1,
    driver="AVANANO",
    path="avalonnano",
    stats_id="AVANANO0",
    core="A3198S",
    ghs_per_mhz=0.708,
    counters_per_chip=177,
    chips=10,
    domains=10,
    full_speed_rpm=7800,
    reference_duty=43,
    reference_mode=1,
    efficiency=1.0,
    error=0.0147,
    wrong_nonces=4e-4,
    spread=1.5,
    standby_watts=5,
    boot_seconds=70,
    boot_lag=179,
    pool_difficulty=16_384,
    reboot_reply=False,
)

NANO3S = Model(
    dialect=Dialect.NANO3S,
    product="Avalon Nano3s",
    model="Nano3s",
    hardware="N_MM1v1_X1",
    software="MM319",
    default_firmware="25021401_56abae7",
    modes=(
        Mode(limit=66, wall=66, mhz=(260, 275, 290, 305), volts=3300, target=80),
        Mode(limit=98, wall=98, mhz=(350, 366, 384, 402), volts=3500, target=85),
        Mode(limit=133, wall=133, mhz=(432, 450, 471, 492), volts=3756, target=90),
    ),
    default_mode=2,
    chips=12,
    domains=12,
    unit=1,
    full_speed_rpm=4600,
    reference_duty=33,
    reference_mode=2,
    efficiency=0.9,
    error=0.0237,
    spread=3.0,
    standby_watts=12,
    boot_seconds=95,
    pool_difficulty=40_000,
)

MINI3 = Model(
    dialect=Dialect.MINI3,
    product="Avalon Mini3",
    model="Mini3",
    hardware="M_MM1v1_X1",
    software="MM319",
    default_firmware="25011701_3f53b19",
    modes=(
        Mode(limit=800, wall=824, mhz=(445, 465, 486, 507), volts=2085, target=75),
        Mode(limit=650, wall=668, mhz=(385, 402, 420, 438), volts=2040, target=75),
        Mode(limit=350, wall=362, mhz=(235, 248, 262, 276), volts=1960, target=75),
        Mode(
            limit=480,
            wall=494,
            mhz=(300, 314, 330, 346),
            volts=1990,
            target=75,
            level=-1,
        ),
    ),
    mode_numbers=(0, 1, 2, 0),
    chips=66,
    domains=66,
    full_speed_rpm=3000,
    reference_duty=94,
    efficiency=0.925,
    error=0.0177,
    standby_watts=16,
    boot_seconds=150,
    pool_difficulty=262_144,
    epoch_shares=False,
)

Q = Model(
    dialect=Dialect.Q,
    product="Avalon Q",
    model="Q",
    hardware="Q_MM1v1_X1",
    software="MM319",
    default_firmware="25052801_14a19a2",
    domains=80,
    modes=(
        Mode(limit=800, wall=822, mhz=(258, 276, 297, 318), volts=2286, target=65),
        Mode(limit=1300, wall=1318, mhz=(380, 400, 420, 440), volts=2330, target=80),
        Mode(limit=1650, wall=1672, mhz=(450, 470, 490, 510), volts=2365, target=85),
    ),
    chips=160,
    fans=4,
    full_speed_rpm=2990,
    reference_duty=71,
    efficiency=0.975,
    error=0.0295,
    boot_seconds=229,
    boot_lag=31,
    pool_difficulty=524_288,
    epoch_shares=False,
    reboot_reply=False,
    soft_off_reason=4,
    pools=1,
)

industrial = partial(
    Model,
    mode_numbers=(0, 1),
    default_mode=1,
    driver="AVA10",
    path="avalon10",
    stats_id="AVA100",
    boards=3,
    reference_mode=1,
    standby_watts=11,
    boot_lag=0,
    pool_difficulty=262_144,
    mac_prefix="b4a2eb",
    epoch_when=False,
    epoch_shares=False,
)

A1047 = industrial(
    dialect=Dialect.A10,
    product="AvalonMiner 1047-37",
    model="1047",
    hardware="MM3v1_X3",
    software="MM310",
    default_firmware="19120401_d46bc64_0367a8b",
    modes=(
        Mode(limit=2000, wall=2200, mhz=(575, 600, 625, 650), volts=1300, target=65),
        Mode(limit=2200, wall=2460, mhz=(612, 637, 662, 687), volts=1320, target=65),
    ),
    boards=2,
    pools=1,
    core="",
    ghs_per_mhz=0.236,
    counters_per_chip=59,
    chips=120,
    fans=2,
    full_speed_rpm=6340,
    reference_duty=47,
    efficiency=0.93,
    error=0.0106,
    wrong_nonces=4e-5,
    spread=4.0,
)

A1246 = industrial(
    dialect=Dialect.A12,
    product="AvalonMiner 1246-83",
    model="1246-83",
    hardware="MM3v2_X3",
    software="MM314",
    default_firmware="21072802_4ec6bb0_211fc46",
    modes=(
        Mode(limit=2500, wall=2740, mhz=(376, 396, 416, 436), volts=1280, target=70),
        Mode(limit=3200, wall=3504, mhz=(472, 492, 512, 532), volts=1320, target=65),
    ),
    core="A3201",
    ghs_per_mhz=0.464,
    counters_per_chip=116,
    chips=120,
    fans=4,
    full_speed_rpm=7430,
    reference_duty=72,
    efficiency=0.91,
    error=0.0273,
    wrong_nonces=4e-4,
    spread=4.0,
)

A1566 = industrial(
    dialect=Dialect.A15,
    product="AvalonMiner 15-194",
    model="15-194",
    hardware="MM4v2_X3",
    software="MM319",
    default_firmware="24102401_25462b2_9ddf522",
    modes=(
        Mode(limit=2700, wall=2866, mhz=(240, 258, 279, 300), volts=1180, target=70),
        Mode(limit=3515, wall=3731, mhz=(300, 318, 339, 360), volts=1188, target=70),
    ),
    chips=160,
    pools_in_estats=True,
    fans=2,
    full_speed_rpm=8735,
    reference_duty=49,
    efficiency=0.945,
    error=0.013,
    spread=3.0,
)

plain = partial(
    Model,
    product="",
    model="",
    hardware="",
    software="",
    modes=(Mode(limit=60, wall=60, mhz=(600, 600, 600, 600), volts=0, target=60),),
    mode_numbers=(0,),
    core="",
    ghs_per_mhz=0.57,
    chips=6,
    error=0.01,
    standby_watts=5,
    boot_seconds=20,
    boot_lag=0,
    pool_difficulty=4096,
)

PLAIN = plain(
    dialect=Dialect.PLAIN,
    default_firmware="4.12.0",
    driver="GSD",
    path="gekko",
    stats_id="GSD0",
)

BFGMINER = plain(
    dialect=Dialect.BFG,
    default_firmware="5.5.0-34-g866fd36",
    driver="BPM",
    path="bitfury",
    stats_id="BPM0",
)

MODELS = {
    "avalon_nano3": NANO3,
    "avalon_nano3s": NANO3S,
    "avalon_mini3": MINI3,
    "avalon_q": Q,
    "avalon_a1047": A1047,
    "avalon_a1246": A1246,
    "avalon_a1566": A1566,
    "cgminer": PLAIN,
    "bfgminer": BFGMINER,
}
