"""What of a poll may be counted: one gate before all totals, means and records.

What the device reports is shown as it is. Here a reading that cannot be true is left
out (None: unknown), and so is one that jumps further than the miner's own past and
settings explain, until enough polls agree. A record or a counter that nobody
confirmed yet stays what it was.
"""

from dataclasses import replace
import math
from typing import Any

from ..miners.model import (
    Limits,
    MinerSettings,
    MinerState,
    MinerStatus,
)
from ..miners.restarts import RestartVerdict
from .model import (
    Environment,
    InsightOptions,
)
from .windows import HIGHEST_RATE

AGREEING = 2
"""Polls in a row that have to agree on what lies within known bounds."""

INSISTING = 5
"""The same where no bound is known, or beyond it; garbage is over before."""

EXPLAINED_SECONDS = 600.0
"""For so long after a start or a change a miner may take any reading in its bounds."""

MOST_POWER = 2e4
"""In W; no miner for a home or a garage draws more."""

HOTTEST = 200.0
"""In °C; a sensor that reports more is none."""

MOST_ERRORS = 1e6
"""In % of the hash rate: a quotient, and large where almost nothing is right."""

_LEAST_POWER = 1e-3
"""In W; what hashes takes more."""

POWER_MARGIN = 1.5
RATE_MARGIN = 5.0
"""Multiples of the board's limit, and of the expected rate, that are believed."""

_CRITICAL_POWER = 1.25
"""The alarm of a board lies so far above its limit."""

_CHAIN_STEP = 4.0
"""A network changes its difficulty by no more at once."""

_LUCKIEST = 1e3
"""Multiples of the network's difficulty; no share was ever that good by chance."""

_MOST_BLOCKS = 10
"""More blocks do not come between two polls."""

_CLOCK_LEEWAY = 3600.0
"""Seconds by which the clock of an exporter may be ahead."""

_LARGEST = 1e30
_FAMILIAR = 4.0
"""Multiples of what a miner ever took that need no second look after a change."""

_STEADY = 0.3
"""Within this part of the last reading nothing needs a closer look."""


class Reading:
    """One quantity: bounds, and a jump from the last believed value that is believed.

    A reading may change to ``factor`` times the last one, or its inverse, and by
    ``step`` beyond that. ``bounded``: its highest value is known of the device.
    """

    def __init__(
        self,
        lowest: float,
        highest: float,
        *,
        factor: float = 1.0,
        step: float = 0.0,
        bounded: bool = True,
    ) -> None:
        """Start without a past."""
        self.lowest, self.highest, self.bounded = lowest, highest, bounded
        self._factor, self._step = factor, step
        self._anchor = self._doubt = math.nan
        self._below, self._above = math.inf, -math.inf
        self._peak = -math.inf
        self._times = 0

    def admits(self, value: float, *, explained: bool = False) -> bool:
        """Whether a reading is to be believed; it is remembered.

        ``explained``: a change of the miner is the reason for any jump.
        """
        if self._below <= value <= self._above:
            self._times = 0
            return value <= self.highest
        if not self.lowest <= value <= self.highest:
            return False
        if (
            math.isnan(self._anchor)
            or self._reaches(self._anchor, value)
            or (explained and (self.bounded or value <= _FAMILIAR * self._peak))
        ):
            self._believe(value)
            return True
        return self._insists(value)

    def _insists(self, value: float) -> bool:
        """Count the polls that agree on a jump, and believe it in the end."""
        again = self._times and self._reaches(self._doubt, value)
        self._times = self._times + 1 if again else 1
        self._doubt = value
        sure = self.bounded or value < self._anchor
        if self._times < (AGREEING if sure else INSISTING):
            return False
        self._believe(value)
        return True

    def _reaches(self, before: float, value: float) -> bool:
        low, high = min(before, value), max(before, value)
        return high <= low * self._factor + self._step

    def _believe(self, value: float) -> None:
        self._anchor, self._times = value, 0
        self._peak = max(self._peak, value)
        spread = _STEADY * min(1.0, self._factor - 1) * abs(value) or 0.4 * self._step
        self._below, self._above = value - spread, value + spread


class Record:
    """A counter or best value that has to be reported alike several times."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self.believed: float | None = None
        self._doubt: float | None = None
        self._times = 0

    def admit(self, value: float, needed: int) -> None:
        """Take a value; the believed one again ends all doubt."""
        if value == self.believed:
            self._doubt, self._times = None, 0
            return
        self._times = self._times + 1 if value == self._doubt else 1
        self._doubt = value
        if self._times >= needed:
            self.believed, self._times = value, 0


class Gate:
    """Looks at each poll of one miner once; most often the state passes as it is."""

    def __init__(self, limits: Limits, options: InsightOptions) -> None:
        """Start without a past."""
        self._chosen_rate = options.expected_hash_rate
        self._power = Reading(0, MOST_POWER, factor=2, step=2)
        self._rates = [Reading(0, HIGHEST_RATE, factor=3) for _ in range(2)]
        self._expected = Reading(1e-15, HIGHEST_RATE, factor=3, bounded=False)
        self._wall = Reading(0, MOST_POWER, factor=2, step=30, bounded=False)
        self._room = Reading(-40, 80, step=15)
        self._readings = (
            ("power", self._power),
            ("hash_rate_now", self._rates[0]),
            ("hash_rate", self._rates[1]),
            ("chip_temperature", Reading(-40, HOTTEST, step=25)),
            ("chip_temperature_2", Reading(-40, HOTTEST, step=25)),
            ("vr_temperature", Reading(-40, HOTTEST, step=25)),
            ("input_voltage", Reading(0, 500, factor=1.5, step=0.5)),
            ("hardware_error_rate", Reading(0, MOST_ERRORS, factor=2, step=10)),
        )
        self._records = (
            ("best_difficulty", Record()),
            ("best_session_difficulty", Record()),
            ("blocks_found", Record()),
        )
        self._network = Record()
        self._status: MinerStatus | None = None
        self._settings: MinerSettings | None = None
        self._explained_until = -math.inf
        self.adopt(limits)

    def adopt(self, limits: Limits) -> None:
        """Believe as much power as the board endures, if it is known."""
        alarm = limits.power
        self._power.bounded, self._power.highest = alarm is not None, MOST_POWER
        if alarm is not None:
            # The alarm lies above the limit of the board.
            self._power.highest = alarm.critical / _CRITICAL_POWER * POWER_MARGIN

    def admit(
        self,
        state: MinerState,
        monotonic: float,
        boot: RestartVerdict,
        network: float | None,
    ) -> MinerState:
        """Return the state with what is believed; the same one if that is all of it.

        ``network`` is what others report of the chain's difficulty.
        """
        self._look_for_reasons(state, monotonic, boot)
        changes: dict[str, Any] = {}
        explained = monotonic < self._explained_until
        self._power.lowest = _LEAST_POWER if state.hashing else 0.0
        self._judge_expected(state, changes, explained=explained)
        for name, reading in self._readings:
            value = getattr(state, name)
            if value is not None and not reading.admits(value, explained=explained):
                changes[name] = None
        difficulty = state.pool_difficulty
        if difficulty is not None and not 0 < difficulty <= _LARGEST:
            changes["pool_difficulty"] = None
        self._judge_network(state, changes)
        self._judge_records(state, changes, network)
        return replace(state, **changes) if changes else state

    def around(self, around: Environment, monotonic: float) -> Environment:
        """Return what is believed of what others measure."""
        explained = monotonic < self._explained_until
        wall, room = around.wall_power, around.room_temperature
        changes: dict[str, Any] = {}
        if wall is not None and not self._wall.admits(wall, explained=explained):
            changes["wall_power"] = None
        if room is not None and not self._room.admits(room):
            changes["room_temperature"] = None
        return replace(around, **changes) if changes else around

    def absent(self) -> None:
        """Take it that the miner is away: it may come back as another."""
        self._status = None

    def _look_for_reasons(
        self, state: MinerState, monotonic: float, boot: RestartVerdict
    ) -> None:
        """Find what lets a miner take other readings, and for how long it does."""
        settings, status = state.settings, state.status
        known = self._settings
        changed = (
            status is not self._status
            or boot.restarted
            or boot.doubtful
            or (settings is not known and settings != known)
        )
        self._settings, self._status = settings, status
        if changed:
            self._explained_until = monotonic + EXPLAINED_SECONDS

    def _judge_expected(
        self, state: MinerState, changes: dict[str, Any], *, explained: bool
    ) -> None:
        """Judge what is expected; the rates are held against what is believed of it."""
        expected = state.expected_hash_rate
        if expected and not self._expected.admits(expected, explained=explained):
            expected = changes["expected_hash_rate"] = None
        if expected := expected or self._chosen_rate:
            highest, bounded = RATE_MARGIN * expected, True
        else:
            highest, bounded = HIGHEST_RATE, False
        for reading in self._rates:
            reading.highest, reading.bounded = highest, bounded

    def _judge_network(self, state: MinerState, changes: dict[str, Any]) -> None:
        reported, known = state.network_difficulty, self._network.believed
        if reported is None or reported == known:
            return
        if not 0 < reported <= _LARGEST:
            changes["network_difficulty"] = None
            return
        near = (
            known is not None and known / _CHAIN_STEP < reported < known * _CHAIN_STEP
        )
        self._network.admit(reported, 1 if near or known is None else INSISTING)
        if self._network.believed != reported:
            changes["network_difficulty"] = None

    def _judge_records(
        self, state: MinerState, changes: dict[str, Any], network: float | None
    ) -> None:
        network = self._network.believed or network
        for name, record in self._records:
            reported, known = getattr(state, name), record.believed
            if reported is None:
                continue
            if 0 <= reported <= _LARGEST:
                record.admit(reported, self._needed(name, reported, known, network))
            if record.believed != reported:
                changes[name] = record.believed

    @staticmethod
    def _needed(
        name: str, reported: float, known: float | None, network: float | None
    ) -> int:
        """Return how many polls have to agree on another record."""
        if name == "blocks_found":
            if known is None and reported == 0:
                return 1
            highest = (known or 0) + _MOST_BLOCKS
        else:
            highest = _LARGEST if network is None else network * _LUCKIEST
        return AGREEING if reported <= highest else INSISTING


def seen_at(state: MinerState, wall: float) -> float:
    """Return the epoch second of the values, which are not from the future."""
    reported = state.reported_at
    if reported is None or not 0 < reported <= wall + _CLOCK_LEEWAY:
        return wall
    return reported
