"""What is known of all miners together; all frozen.

Units are those of insight.model. ``None`` means that no miner reports it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ..insight.worth import NO_MARKET, Market
from ..model import MinerData
from ..price import Planned, RuleKind, Slot
from .heater import NO_HEATER, HeaterView


class FleetTotal(StrEnum):
    """What the fleet counts itself, from what its members add."""

    ENERGY = "energy"
    WALL_ENERGY = "wall_energy"
    SHARES_ACCEPTED = "shares_accepted"
    SHARES_REJECTED = "shares_rejected"


class FleetFeature(StrEnum):
    """What can be done with a miner by its fleet, or is known of it."""

    THROTTLE = "throttle"
    MINING = "mining"
    RESTART = "restart"
    WALL_POWER = "wall_power"
    PRICE = "price"
    CHEAP_POWER = "cheap_power"
    WORTH = "worth"
    POWER_TARGET = "power_target"
    GRID = "grid"
    HEATER = "heater"


@dataclass(frozen=True, slots=True)
class Member:
    """One miner of the fleet, by the name that its user gave it."""

    name: str
    data: MinerData
    features: frozenset[FleetFeature] = frozenset()


@dataclass(frozen=True, slots=True)
class PartialSum:
    """A value of several miners: ``known`` of them gave a part, ``of`` could have."""

    value: float | None = None
    known: int = 0
    of: int = 0

    @property
    def coverage(self) -> str:
        """Tell how many miners are in the value."""
        return f"{self.known} of {self.of}"


NOBODY = PartialSum()


@dataclass(frozen=True, slots=True)
class MemberProblems:
    """What is wrong with one miner."""

    name: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceView:
    """What power costs now, per kWh in Home Assistant's currency, and what is cheap.

    ``cheap`` is None where that cannot be told; ``partial``: the prices of the window
    that the rule looks at are not all known. ``slots``: those from today on, ``plan``
    the same with what the rule makes of them. ``source``: one of prices is chosen.
    """

    source: bool = False
    price: float | None = None
    slot_end: datetime | None = None
    slots: tuple[Slot, ...] = ()
    rule: RuleKind | None = None
    cheap: bool | None = None
    next_change: datetime | None = None
    partial: bool = False
    plan: tuple[Planned, ...] = ()

    @property
    def cheap_from(self) -> datetime | None:
        """When power gets cheap again; None while it is, or while that is not known."""
        begins = {slot.start for slot in self.plan if slot.cheap}
        return self.next_change if self.next_change in begins else None


NO_PRICES = PriceView()


@dataclass(frozen=True, slots=True)
class PowerShare:
    """What one miner gets of the watts for all, by its name, and why not more.

    ``limit`` is a value of dispatch.Limit, which ends by itself at ``until``. ``steps``
    are the watts of those that it could run.
    """

    name: str
    power: float | None
    limit: str | None = None
    until: float | None = None
    steps: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerView:
    """A power target of all miners in W, and who gets what of it.

    ``normal`` is what they draw as their owners set them, ``most`` what they are made
    for. ``expected`` is what they are to draw, None while nothing was dealt.
    """

    target: float | None = None
    normal: float = 0.0
    most: float = 0.0
    expected: float | None = None
    shares: tuple[PowerShare, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """When miners run by choice, and what that comes to now, by the names of RunWhen.

    ``power`` is what all may draw in W, None for as much as is set. ``dry_run``:
    nothing is done for it; ``would`` is who would be set to what. ``until`` is when it
    is to end by the prices that are known; ``by`` is how each miner names it.
    """

    choice: str = "own_automations"
    decision: str = "none"
    power: float | None = None
    dry_run: bool = False
    would: tuple[PowerShare, ...] = ()
    until: datetime | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetWorth:
    """What all Bitcoin miners are expected to earn, and whether that is worth it.

    ``sats`` and ``revenue`` (in Home Assistant's currency) are per day at the present
    hash rate; ``break_even`` is per kWh, ``running`` whether power costs no more.
    """

    sats: PartialSum = NOBODY
    revenue: PartialSum = NOBODY
    break_even: float | None = None
    running: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetMoney:
    """What a local day cost and earned so far; all as in insight.worth.Money.

    ``profit`` is that of the miners that can earn something.
    """

    day: str = ""
    cost: PartialSum = NOBODY
    unpriced: float = 0.0
    revenue: float | None = None
    heat: float = 0.0
    unvalued: float = 0.0
    profit: PartialSum = NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetMonth:
    """What a local month's power came to so far; money in Home Assistant's currency.

    ``energy`` is in kWh, ``cheap_part`` of what had a price was cheap or the sun's,
    from 0 to 1. ``saving`` is what the energy with a price would have cost at
    ``mean_price``, the mean of all hours, less what it did cost: below 0 it was
    dearer.
    """

    energy: float = 0.0
    cost: float | None = None
    revenue: float | None = None
    cheap_part: float | None = None
    mean_price: float | None = None
    saving: float | None = None


NO_MONTH = FleetMonth()


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetData:
    """All miners together at one moment.

    Hash rates are those of SHA-256 miners alone. ``hottest`` names the miner of the
    hottest chip. ``best_difficulty`` is the best of all that ever were here, and
    ``luckiest`` whose it is, if that one still is. ``saving_power``: all that answer
    do, of those that can; ``saving`` of ``controllable`` ones do. ``mining``: at least
    one is. ``totals`` are None until it is known what was published before.
    """

    miners_online: int = 0
    miners_total: int = 0
    hash_rate: PartialSum = NOBODY
    hash_rate_ratio: PartialSum = NOBODY
    power: PartialSum = NOBODY
    efficiency: PartialSum = NOBODY
    wall_power: PartialSum = NOBODY
    wall_efficiency: PartialSum = NOBODY
    hottest_chip: PartialSum = NOBODY
    hottest: str | None = None
    best_difficulty: float | None = None
    luckiest: str | None = None
    reject_rate: PartialSum = NOBODY
    troubles: tuple[MemberProblems, ...] = ()
    saving_power: bool | None = None
    saving: int = 0
    controllable: int = 0
    mining: bool | None = None
    features: frozenset[FleetFeature] = frozenset()
    totals: Mapping[FleetTotal, float | None] = field(default_factory=dict)
    prices: PriceView = NO_PRICES
    market: Market = NO_MARKET
    worth: FleetWorth = FleetWorth()
    money: FleetMoney = FleetMoney()
    month: FleetMonth = NO_MONTH
    power_target: PowerView = PowerView()
    run_when: RunView = RunView()
    heater: HeaterView = NO_HEATER

    @property
    def problem(self) -> bool | None:
        """Whether any miner that answers needs a look; None while none does."""
        return bool(self.troubles) if self.miners_online else None
