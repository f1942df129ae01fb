"""What an Avalon is doing, and what of it is broken: from now and from before."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
import re
from typing import Any, NamedTuple

from ..model import SETTLED, START, Fan, MinerStatus
from ..values import sentence
from .models import Model
from .poll import Items, vector

IDLE_POLLS = 2
POLLS_WITHOUT_POOL = 2
"""So many polls in a row without a pool are no reconnection."""

_LONGEST_STATE = 128
_SYSTEM = re.compile(r"Work:\s*([^,]*?)\s*(?:,\s*Hash Board:\s*(\d{1,3})\s*)?")


class Work(StrEnum):
    """What a controller says that it does."""

    INIT = "In Init"
    WORKING = "In Work"
    IDLE = "In Idle"
    FAULT = "In Fault"


class State:
    """The numbers of STATE."""

    INIT = 0
    STANDBY = 2
    IDLE = 3
    FAULT = 4


class System(NamedTuple):
    """A controller's own words, and how many hash boards it found."""

    word: str | None = None
    boards: int | None = None

    @property
    def known(self) -> bool:
        """Whether the word says beyond doubt what it does."""
        return self.word in (Work.INIT, Work.WORKING, Work.IDLE)


class Evidence(NamedTuple):
    """The signs in one reply.

    ``low_power``: a Nano 3 without hash rate and nearly without power; it has no
    word for its standby. ``idles_as_fault``: "In Fault" proves nothing here.
    ``pool_connected``: a pool is alive and in use. ``share_accepted``: one took a share
    since the last poll.
    """

    hash_rate: float | None = None
    work: str | None = None
    state: int | None = None
    boards: int | None = None
    supply_error: bool = False
    calibrating: bool = False
    low_power: bool = False
    idles_as_fault: bool = False
    pool_connected: bool | None = None
    share_accepted: bool = False
    uptime: int | None = None
    mode: tuple[object, ...] = ()

    @property
    def works(self) -> bool:
        """Whether it has a hash rate, or reports none and says that it works."""
        says_so = self.hash_rate is None and self.work == Work.WORKING
        return bool(self.hash_rate) or says_so

    @property
    def faulty(self) -> bool:
        """Whether the device says that it cannot work.

        Firmware of the Nano 3S says "In Fault" when it is idle, so that its STATE
        decides where it is known. A board that is looked for is not lost yet.
        """
        if self.supply_error or self.state == State.FAULT:
            return True
        if self.work == Work.FAULT:
            return self.state is None and not self.idles_as_fault
        return self.boards == 0 and not self.initialising

    @property
    def initialising(self) -> bool:
        """Whether the device says that it looks for its boards yet."""
        return self.work == Work.INIT or self.state == State.INIT


@lru_cache(maxsize=64)
def _system(told: str) -> System:
    found = _SYSTEM.fullmatch(told.strip())
    if found is None:
        return System(sentence(told, 64))
    return System(sentence(found[1], 64), None if found[2] is None else int(found[2]))


def system_of(told: str | None) -> System:
    """Read SYSTEMSTATU: "Work: In Work, Hash Board: 1"."""
    return System() if told is None else _system(told[:_LONGEST_STATE])


def decide(
    evidence: Evidence,
    *,
    resting: bool,
    awake: float | None,
    cut_off: bool,
) -> MinerStatus:
    """Decide on the status; ``awake`` is the time since a wake-up that still lasts.

    A fault goes before all else, then standby, then what a start or a calibration
    explains. Only a hash rate above zero, or the device's word where it tells no
    rate, is hashing; but not of one that is ``cut_off``: without a pool it works for
    nobody, and an average of the past goes on for a while.
    """
    if evidence.faulty:
        return MinerStatus.FAULT
    if resting:
        if evidence.state == State.IDLE and evidence.pool_connected is False:
            return MinerStatus.POOL_LOST
        return MinerStatus.STANDBY
    if _starts(evidence, awake):
        return MinerStatus.STARTING
    if evidence.works and not cut_off:
        return MinerStatus.HASHING
    lost = evidence.pool_connected is False
    return MinerStatus.POOL_LOST if lost else MinerStatus.IDLE


def _starts(evidence: Evidence, awake: float | None) -> bool:
    if evidence.initialising or evidence.calibrating:
        return True
    if evidence.works or evidence.work == Work.FAULT:
        return False
    uptime = evidence.uptime
    return awake is not None or (uptime is not None and uptime < START)


def rests(evidence: Evidence) -> bool:
    """Tell whether the device says that it stands still by command."""
    return evidence.state in (State.STANDBY, State.IDLE) or evidence.work == Work.IDLE


class StatusMemory:
    """Tells a miner that is waking up from one that stands idle.

    The device's uptime runs on through standby, so that only a clock of our own
    can tell. What hashed since its start and then lost its pools is not starting.
    """

    def __init__(self) -> None:
        """Start without a past."""
        self.resting = False
        self._idle_polls = 0
        self._mode: tuple[object, ...] = ()
        self._woke_at: float | None = None
        self._polls_without_pool = 0
        self._hashed = False
        self._uptime = 0

    def judge(self, evidence: Evidence, now: float) -> MinerStatus:
        """Decide on the status of a reply that came at ``now``."""
        self._idle_polls = self._idle_polls + 1 if evidence.low_power else 0
        resting = rests(evidence) or self._idle_polls >= IDLE_POLLS
        if resting or self.resting:
            self._woke_at = None if resting else now
        self.resting = resting
        if self._mode and evidence.mode and evidence.mode != self._mode:
            self._woke_at = now
        self._mode = evidence.mode or self._mode
        awake = None if self._woke_at is None else now - self._woke_at
        if awake is not None and awake >= START:
            awake = self._woke_at = None
        cut_off = self._is_cut_off(evidence, resting=resting)
        if self._hashed and evidence.pool_connected is False:
            evidence, awake = evidence._replace(uptime=None), None
        status = decide(evidence, resting=resting, awake=awake, cut_off=cut_off)
        self._hashed = self._hashed or status is MinerStatus.HASHING
        if status is MinerStatus.HASHING and awake is not None and awake >= SETTLED:
            self._woke_at = None
        return status

    def _is_cut_off(self, evidence: Evidence, *, resting: bool) -> bool:
        """Tell whether it is without a pool for good, not only while it reconnects."""
        uptime = evidence.uptime
        if resting or (uptime is not None and uptime < self._uptime):
            self._hashed = False
        self._uptime = uptime or 0
        alone = evidence.pool_connected is False and not evidence.share_accepted
        self._polls_without_pool = self._polls_without_pool + 1 if alone else 0
        return self._polls_without_pool >= POLLS_WITHOUT_POOL


class Inventory:
    """How many hash boards and chips it has: the most that two polls in a row showed.

    Fewer is a loss. A single reply proves nothing, or garbage would be missed for ever.
    """

    def __init__(self, boards: int = 0, chips: int = 0) -> None:
        """Begin with what was known before."""
        self.boards, self.chips = boards, chips
        self._boards_told = self._chips_told = 0

    def learn(self, boards: int | None, chips: int | None) -> None:
        """Take in what a device at work has."""
        boards, chips = boards or 0, chips or 0
        self.boards = max(self.boards, min(boards, self._boards_told))
        self.chips = max(self.chips, min(chips, self._chips_told))
        self._boards_told, self._chips_told = boards, chips


DUTY_THAT_TURNS = 20
"""% above which a fan that stands still is broken."""

_ECHU_POLLS = 3
_ECHU_OF_HEALTHY_A10 = 512
_DEGRADED = 0.85
_IDLE_BOARD_POLLS = 3


class FaultMemory:
    """Finds faults, some of which have to last."""

    def __init__(self) -> None:
        """Start without a past."""
        self._bad_polls = 0
        self._idle_board_polls = 0

    def find(
        self,
        items: Items,
        model: Model,
        known: Inventory,
        status: MinerStatus,
        values: Mapping[str, Any],
        fans: Sequence[Fan],
        boards: int | None,
        rates: Sequence[float],
    ) -> tuple[str, ...]:
        """Name the faults of a reply; what was once ``known`` to be there is missed.

        ``boards`` is how many were found, ``rates`` are those of all it lists.
        """
        rate, expected = map(values.get, ("hash_rate_now", "expected_hash_rate"))
        slow = rate is not None and rate < _DEGRADED * (expected or 0)
        missing = self._board_is_missing(
            max(model.boards, known.boards), status, boards, rates
        )
        chips, nominal = values.get("chips_working"), max(model.chips or 0, known.chips)
        signs = (
            ("power_supply", any(vector(items.get("POWS")))),
            ("fan", _fan_stands(items, fans, turns=bool(rate))),
            ("hash_board", self._board_is_bad(items, model, slow=slow) or missing),
            ("chips_missing", rate and 0 < (chips or 0) < nominal),
            ("controller", any(vector(items.get("ECMM")))),
        )
        found = dict.fromkeys(_supply_faults(vector(items.get("PS"))))
        found |= {name: None for name, told in signs if told}
        if status is MinerStatus.FAULT and not found:
            return ("device",)
        return tuple(found)

    def _board_is_bad(self, items: Items, model: Model, *, slow: bool) -> bool:
        """Judge by the flags of the boards; their error bits prove little.

        Nobody knows what the bits of ECHU mean, so that they count only where they
        stay and the miner hashes clearly less than its chips should at their clock.
        """
        mask = _ECHU_OF_HEALTHY_A10 if model.series == 10 else 0
        bits = any(int(value) & ~mask for value in vector(items.get("ECHU")))
        self._bad_polls = self._bad_polls + 1 if bits and slow else 0
        flagged = any(vector(items.get("HASHS")))
        return flagged or self._bad_polls >= _ECHU_POLLS

    def _board_is_missing(
        self,
        nominal: int,
        status: MinerStatus,
        boards: int | None,
        rates: Sequence[float],
    ) -> bool:
        """Tell whether there are fewer boards than there were, or one only seems there.

        One that is looked for is not lost yet.
        """
        idle = status is MinerStatus.HASHING and 0 in rates and any(rates)
        self._idle_board_polls = self._idle_board_polls + 1 if idle else 0
        found = len(rates) or None if boards is None else boards
        missing = (
            status is not MinerStatus.STARTING
            and found is not None
            and found < max(nominal, len(rates))
        )
        return missing or self._idle_board_polls >= _IDLE_BOARD_POLLS


def _fan_stands(items: Items, fans: Sequence[Fan], *, turns: bool) -> bool:
    """Tell whether a fan stands that ``turns`` while the miner works."""
    if any(vector(items.get("FanErr"))):
        return True
    driven = bool(fans) and (fans[0].duty_cycle or 0) > DUTY_THAT_TURNS
    return turns and driven and any(fan.speed == 0 for fan in fans)


_ERROR_BITS = {
    1: "power_supply_input_under_voltage",
    2: "power_supply_over_temperature",
    4: "power_supply_over_temperature",
    8: "power_supply_over_temperature",
    16: "power_supply_primary_over_current",
    32: "power_supply_output_under_voltage",
    64: "power_supply_output_over_current",
    128: "power_supply_current_share",
    256: "power_supply_over_current",
    512: "power_supply_over_current",
    1024: "power_supply_over_current",
    2048: "power_supply_fan",
}


def _supply_faults(vector: tuple[float, ...]) -> tuple[str, ...]:
    """Name the errors in the first place of the vector."""
    if not vector or not vector[0]:
        return ()
    bits = int(vector[0])
    if bits < 0:
        return ("power_supply",)
    names = {name: None for bit, name in _ERROR_BITS.items() if bits & bit}
    if bits & ~sum(_ERROR_BITS) or not names:
        names["power_supply"] = None
    return tuple(names)
