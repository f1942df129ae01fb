"""What is broken, by stable names."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..model import (
    Fan,
    MinerStatus,
)
from .blob import (
    Items,
    Module,
    vector,
)
from .inventory import Inventory
from .models import Model
from .supply import supply_faults

DUTY_THAT_TURNS = 20
"""% above which a fan that stands still is broken."""

_ECHU_POLLS = 3
_ECHU_OF_HEALTHY_A10 = 512
_DEGRADED = 0.85
_IDLE_BOARD_POLLS = 3


class Health(NamedTuple):
    """What a reply tells about the parts of a miner.

    ``boards`` is how many were found, ``listed`` how many it tells anything of, and
    ``idle_board`` whether one of them did nothing since the start.
    """

    status: MinerStatus
    hash_rate: float | None
    theoretical: float | None
    boards: int | None
    listed: int
    idle_board: bool
    chips: int | None
    fan_speeds: tuple[int | None, ...]
    fan_duty: float | None

    @property
    def degraded(self) -> bool:
        """Whether it hashes clearly less than its chips should at their clock."""
        if self.hash_rate is None or not self.theoretical:
            return False
        return self.hash_rate < _DEGRADED * self.theoretical


def health_of(
    status: MinerStatus,
    values: Mapping[str, Any],
    boards: int | None,
    modules: Sequence[Module],
    fans: tuple[Fan, ...],
) -> Health:
    """Collect what is known of the parts; ``boards`` is how many were found."""
    rates = [rate for told in modules for rate in vector(told.items.get("MGHS"))]
    return Health(
        status=status,
        hash_rate=values["hash_rate_now"],
        theoretical=values.get("expected_hash_rate"),
        boards=boards,
        listed=len(rates),
        idle_board=0 in rates and any(rates),
        chips=values.get("chips_working"),
        fan_speeds=tuple([fan.speed for fan in fans]),
        fan_duty=fans[0].duty_cycle if fans else None,
    )


class FaultMemory:
    """Finds faults, some of which have to last."""

    def __init__(self) -> None:
        """Start without a past."""
        self._bad_polls = 0
        self._idle_board_polls = 0

    def find(
        self, items: Items, model: Model, known: Inventory, health: Health
    ) -> tuple[str, ...]:
        """Name the faults of a reply; what was once ``known`` to be there is missed."""
        found = dict.fromkeys(supply_faults(vector(items.get("PS"))))
        if any(vector(items.get("POWS"))):
            found["power_supply"] = None
        if _fan_stands(items, health):
            found["fan"] = None
        bad = self._board_is_bad(items, model, health)
        if bad or self._board_is_missing(max(model.boards, known.boards), health):
            found["hash_board"] = None
        nominal = max(model.chips or 0, known.chips)
        if health.hash_rate and 0 < (health.chips or 0) < nominal:
            found["chips_missing"] = None
        if any(vector(items.get("ECMM"))):
            found["controller"] = None
        if health.status is MinerStatus.FAULT and not found:
            found["device"] = None
        return tuple(found)

    def _board_is_bad(self, items: Items, model: Model, health: Health) -> bool:
        """Judge by the flags of the boards; their error bits prove little.

        Nobody knows what the bits of ECHU mean, so that they count only where they
        stay and the miner is slow as well.
        """
        mask = _ECHU_OF_HEALTHY_A10 if model.series == 10 else 0
        bits = any(int(value) & ~mask for value in vector(items.get("ECHU")))
        bad = bits and health.degraded
        self._bad_polls = self._bad_polls + 1 if bad else 0
        flagged = any(vector(items.get("HASHS")))
        return flagged or self._bad_polls >= _ECHU_POLLS

    def _board_is_missing(self, nominal: int, health: Health) -> bool:
        """Tell whether there are fewer boards than there were, or one only seems there.

        One that is looked for is not lost yet.
        """
        idle = health.idle_board and health.status is MinerStatus.HASHING
        self._idle_board_polls = self._idle_board_polls + 1 if idle else 0
        found = health.listed or None if health.boards is None else health.boards
        missing = (
            health.status is not MinerStatus.STARTING
            and found is not None
            and found < max(nominal, health.listed)
        )
        return missing or self._idle_board_polls >= _IDLE_BOARD_POLLS


def _fan_stands(items: Items, health: Health) -> bool:
    if any(vector(items.get("FanErr"))):
        return True
    if not health.hash_rate or (health.fan_duty or 0) <= DUTY_THAT_TURNS:
        return False
    return any(speed == 0 for speed in health.fan_speeds)
