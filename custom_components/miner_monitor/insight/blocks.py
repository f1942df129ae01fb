"""Ten minutes of constant settings, made of single polls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
import math
from typing import Annotated

from ..miners.codec import Amount, Row, Within
from ..miners.events import Moment
from ..miners.model import (
    Changes,
    MinerSettings,
    MinerState,
    Setting,
)
from .model import Environment
from .windows import LEAST_SAMPLES, LONGEST_GAP

BLOCK_SECONDS = 600.0

SETTLE_SECONDS = 180.0
"""What the first minutes after a change, a boot or a pause say is left out: the
regulator ramps, and chip and heat sink have to find their temperature."""

ENOUGH = 0.8
"""The part of the polls of a block that must have come, and have held a quantity."""

LEAST_DEVIATION = 1e-4
"""A rate that seems steadier than this is one that the device smoothed."""

LONGEST_NAME = 40
"""No work mode has a longer name."""

MEASURED = (
    "hash_rate",
    "power",
    "chip_temperature",
    "vr_temperature",
    "input_voltage",
    "fan_duty_cycle",
    "error_rate",
    "room_temperature",
)

FIGURES = (*MEASURED, "efficiency", "reject_rate")

_INTAKE = len(MEASURED)
"""The place of the air that the miner takes in, which is a figure of no point."""


@dataclass(frozen=True, slots=True)
class PointKey(Row):
    """What makes operating points differ; there is always something."""

    frequency: Amount | None = None
    core_voltage: Amount | None = None
    work_mode: Annotated[str, Within(1, LONGEST_NAME)] | None = None

    def __post_init__(self) -> None:
        """Refuse what names no point."""
        if not self.settings:
            raise ValueError("no settings")

    @property
    def settings(self) -> Changes:
        """The settings as they can be applied."""
        named = {
            Setting.FREQUENCY: self.frequency,
            Setting.CORE_VOLTAGE: self.core_voltage,
            Setting.WORK_MODE: self.work_mode,
        }
        return {key: value for key, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Means over ten minutes of one operating point.

    ``deviation`` is that of the unsmoothed rate within the block, as a part of its
    mean. ``figures`` are pairs of a mean and its weight: 1, but the work for the
    efficiency and the number of shares for the rejects, so that their means over
    blocks are ratios of sums. ``end`` is an epoch second. ``set_points`` is all that
    moves heat or rate, of which the operating point is a part; ``intake`` is the
    temperature of the air that the miner takes in, by its own sensor.
    """

    point: PointKey
    deviation: float
    figures: Mapping[str, tuple[float, float]]
    end: float
    day: str
    set_points: tuple[object, ...] = ()
    intake: float | None = None


def _zeros() -> list[float]:
    return [0.0] * (len(MEASURED) + 1)


@dataclass(slots=True)
class _OpenBlock:
    """What came since a poll, at which the counters of shares were as given here."""

    begin: float
    accepted: int | None
    rejected: int | None
    samples: int = 0
    slowest: float = 0.0
    squares: list[float] = field(default_factory=lambda: [0.0, 0.0])
    sums: list[float] = field(default_factory=_zeros)
    seconds: list[float] = field(default_factory=_zeros)

    def take(
        self, state: MinerState, span: float, interval: float, around: Environment
    ) -> None:
        """Weigh each quantity with the time since the last poll."""
        rate = state.hash_rate_now
        power = state.power
        fans = state.fans
        values = (
            rate,
            around.wall_power if power is None else power,
            state.hottest_chip,
            state.vr_temperature,
            state.input_voltage,
            fans[0].duty_cycle if fans else None,
            state.hardware_error_rate,
            around.room_temperature,
            state.ambient_temperature
            if state.inlet_temperature is None
            else state.inlet_temperature,
        )
        sums, seconds = self.sums, self.seconds
        for index, value in enumerate(values):
            if value is not None:
                sums[index] += value * span
                seconds[index] += span
        if rate is not None:
            self.samples += 1
            self.squares[0] += rate
            self.squares[1] += rate * rate
        self.slowest = max(self.slowest, interval)

    def close(self, point: PointKey, state: MinerState, moment: Moment) -> Block | None:
        """Return the block; None where too little came, or nothing sensible."""
        count = self.samples
        needed = max(LEAST_SAMPLES, ENOUGH * BLOCK_SECONDS / self.slowest)
        if count < needed:
            return None
        enough = ENOUGH * (moment.monotonic - self.begin)
        figures = self._means(enough)
        if "hash_rate" not in figures or figures["hash_rate"][0] <= 0:
            return None
        self._ratios(state, figures)
        mean = self.squares[0] / count
        spread = max(0.0, self.squares[1] - count * mean * mean) / (count - 1)
        return Block(
            point=point,
            deviation=max(LEAST_DEVIATION, math.sqrt(spread) / mean),
            figures=figures,
            end=moment.wall,
            day=moment.day,
            set_points=_set_points(state.settings),
            intake=self._mean(_INTAKE, enough),
        )

    def _means(self, enough: float) -> dict[str, tuple[float, float]]:
        """Return the means of what was reported often enough."""
        means = {}
        for index, name in enumerate(MEASURED):
            if (mean := self._mean(index, enough)) is not None:
                means[name] = (mean, 1.0)
        return means

    def _mean(self, index: int, enough: float) -> float | None:
        """Return the mean of what was known for so many seconds."""
        total, seconds = self.sums[index], self.seconds[index]
        if seconds < enough or not math.isfinite(total):
            return None
        return total / seconds

    def _ratios(
        self, state: MinerState, figures: dict[str, tuple[float, float]]
    ) -> None:
        """Add what is a ratio, weighed with what it is divided by."""
        if "power" in figures and figures["power"][0] > 0:
            rate = figures["hash_rate"][0]
            figures["efficiency"] = (figures["power"][0] / rate, rate)
        accepted = _rise(self.accepted, state.shares_accepted)
        rejected = _rise(self.rejected, state.shares_rejected)
        if accepted is not None and rejected is not None and accepted + rejected > 0:
            shares = accepted + rejected
            figures["reject_rate"] = (100 * rejected / shares, float(shares))


class BlockBuilder:
    """Makes blocks of polls: constant settings, hashing throughout, no gap."""

    def __init__(self) -> None:
        """Start without a reference."""
        self._set_points: tuple[object, ...] = ()
        self._point: PointKey | None = None
        self._last: float | None = None
        self._ready = -math.inf
        self._open: _OpenBlock | None = None

    def observe(
        self,
        state: MinerState,
        moment: Moment,
        interval: float,
        around: Environment,
        restarted: bool,
    ) -> Block | None:
        """Take a good poll; return the block that it completes."""
        now = moment.monotonic
        span = math.inf if self._last is None else now - self._last
        self._last = now
        if (
            self._changed(state.settings)
            or restarted
            or not state.hashing
            or not 0 <= span <= LONGEST_GAP * interval
        ):
            # The miner is, or may be, out of its balance since the last poll.
            self._ready = now + SETTLE_SECONDS
            self._open = None
        young = state.uptime is not None and state.uptime < SETTLE_SECONDS
        if self._point is None or young or now < self._ready:
            return None
        block: Block | None = None
        if self._open is not None:
            self._open.take(state, span, interval, around)
            if now - self._open.begin < BLOCK_SECONDS - interval / 2:
                return None
            block = self._open.close(self._point, state, moment)
        # This poll is the reference of the next block.
        self._open = _OpenBlock(now, state.shares_accepted, state.shares_rejected)
        return block

    def _changed(self, settings: MinerSettings) -> bool:
        """Whether a setting that moves heat or rate is another one."""
        set_points = _set_points(settings)
        if set_points == self._set_points:
            return False
        self._set_points, self._point = set_points, operating_point(settings)
        return True


def _rise(before: int | None, after: int | None) -> int | None:
    """Return by how much a counter rose; None where it began anew."""
    if before is None or after is None or after < before:
        return None
    return after - before


def _set_points(settings: MinerSettings) -> tuple[object, ...]:
    """Return what moves heat or rate; an automatic fan's own duty does not count."""
    return (
        settings.mining,
        settings.work_mode,
        settings.frequency,
        settings.core_voltage,
        settings.auto_fan,
        None if settings.auto_fan else settings.fan_duty_cycle,
        settings.min_fan_duty_cycle,
        settings.target_temperature,
    )


def operating_point(settings: MinerSettings) -> PointKey | None:
    """Return the operating point: frequency and voltage, else the work mode."""
    frequency, voltage = settings.frequency, settings.core_voltage
    if frequency is not None and (voltage is not None or settings.work_mode is None):
        return PointKey(
            round(frequency, 2), None if voltage is None else round(voltage, 3)
        )
    mode = settings.work_mode
    return PointKey(work_mode=mode) if mode and len(mode) <= LONGEST_NAME else None
