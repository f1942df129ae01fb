"""Whether a miner restarted since it was last seen."""

from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Annotated, Any

from .codec import CodecError, Within, dump, load
from .model import record
from .values import between

LONGEST_UPTIME = 3.2e8
"""Seconds; ten years. A device that tells more started before its clock was set."""

PATIENCE = 4
"""Polls in a row that must contradict the rest before a new clock is believed."""

_JITTER = 10.0
"""An answer may take so long, and an uptime is a whole number of seconds."""

_SHIFT = 60.0
"""By so much an uptime may be ahead, and the wall clock wrong after a pause of ours."""

_LATEST = 1e12
_DRIFT = 2e-4
_FALL = 2.0


@record
class RestartVerdict:
    """What one poll says about the restarts of a miner, for everybody.

    ``restarted`` is told once for each restart, with the poll that confirms it;
    ``while_watched``: we ran and had seen the miner before it. ``doubtful``: this
    poll alone says that the miner restarted, or did so again, and the next one has to
    agree. ``expected``: it was asked for, or the power was switched.
    ``continues``: the boot is the same as at the last poll that was sure.
    ``booted_at`` is the epoch second of the present boot as far as it is sure, None
    where the poll tells no uptime. ``gained`` are the seconds that the miner was up
    since the last verdict that was sure, None at the first sight.
    """

    restarted: bool = False
    while_watched: bool = False
    doubtful: bool = False
    expected: bool = False
    continues: bool = False
    booted_at: float | None = None
    gained: float | None = 0.0


UNTOLD = RestartVerdict()
"""A poll that says nothing of boots."""


@dataclass(frozen=True, slots=True)
class _Look:
    """An uptime and when it was told; ``monotonic`` is None in another run of ours."""

    uptime: Annotated[float, Within(0, LONGEST_UPTIME)]
    wall: Annotated[float, Within(0, _LATEST)]
    monotonic: float | None = None

    @property
    def booted_at(self) -> float:
        """The epoch second of the boot that it tells."""
        return self.wall - self.uptime


class _Kind(Enum):
    """What an uptime is beside an earlier one."""

    GOES_ON = auto()
    RESTARTED = auto()
    ODD = auto()


class RestartDetector:
    """Compares the moments of boot that uptimes tell, for one miner.

    While we run, the clock that nobody sets is used; over a pause of ours, the wall
    clock. An uptime that merely stands still is no restart, nor is one that falls
    when the device's clock is set: a miner that restarted cannot be up for longer
    than it was out of sight. One of 0 for ever is none at all.

    An uptime that contradicts the rest may be garbage: only what the next one goes
    on from, or a second start right after the first, is a restart. What goes back
    to where it was is nothing at all.
    """

    def __init__(self) -> None:
        """Start without a reference."""
        self._reference: _Look | None = None
        self._doubt: _Look | None = None
        self._doubts = 0

    @property
    def doubtful(self) -> bool:
        """Whether the next poll has to agree with the last one."""
        return self._doubt is not None

    def load(self, data: object) -> None:
        """Go on from what ``dump`` returned."""
        with suppress(CodecError):
            self._reference = replace(load(_Look, data), monotonic=None)

    def dump(self) -> Any:
        """Return the last reference as JSON types."""
        return dump(self._reference)

    def observe(
        self, uptime: float | None, wall: float, monotonic: float
    ) -> RestartVerdict:
        """Take the uptime of a good poll, and judge."""
        if (uptime := between(uptime, 0, LONGEST_UPTIME)) is None:
            return UNTOLD
        look, before = _Look(uptime, wall, monotonic), self._reference
        if before is None:
            self._believe(look)
            return RestartVerdict(booted_at=look.booted_at, gained=None)
        kind = _compared(before, look)
        if kind is _Kind.GOES_ON and not self._is_nearer_to_doubt(before, look):
            self._believe(look)
            gained = _gained(uptime - before.uptime, before, look)
            return RestartVerdict(
                continues=True, booted_at=look.booted_at, gained=max(0.0, gained)
            )
        return self._judge(before, look, kind)

    def _is_nearer_to_doubt(self, before: _Look, look: _Look) -> bool:
        """Whether an uptime of seconds goes on from a start right after a start."""
        doubt = self._doubt
        return (
            doubt is not None
            and _goes_on(doubt, look)
            and abs(_behind(doubt, look)) < abs(_behind(before, look))
        )

    def _judge(self, before: _Look, look: _Look, kind: _Kind) -> RestartVerdict:
        """Judge an uptime that contradicts what is known."""
        doubt, self._doubt = self._doubt, look
        doubtful = RestartVerdict(
            doubtful=kind is _Kind.RESTARTED, booted_at=before.booted_at
        )
        again = doubt is not None and doubt.uptime == look.uptime
        if doubt is not None and again and _away(doubt, look) < _FALL:
            # It was asked again before the device's clock went on.
            self._doubt = doubt
            return doubtful
        self._doubts += 1
        if doubt is None:
            return doubtful
        goes_on = _goes_on(doubt, look)
        if _compared(before, doubt) is _Kind.RESTARTED:
            if goes_on:
                return self._restarted(before, look, look)
            if kind is _Kind.RESTARTED and look.uptime != doubt.uptime:
                # It started twice in a row; the second is yet to be confirmed.
                return self._restarted(before, doubt, look)
        if goes_on or self._doubts >= PATIENCE:
            self._believe(look)
            return RestartVerdict(booted_at=look.booted_at)
        return doubtful

    def _restarted(self, before: _Look, boot: _Look, look: _Look) -> RestartVerdict:
        self._believe(boot)
        again = boot is not look
        if again:
            self._doubt, self._doubts = look, 1
        return RestartVerdict(
            restarted=True,
            doubtful=again,
            while_watched=before.monotonic is not None,
            booted_at=boot.booted_at,
            gained=_gained(boot.uptime, before, boot),
        )

    def _believe(self, look: _Look) -> None:
        self._reference, self._doubt, self._doubts = look, None, 0


def _away(before: _Look, look: _Look) -> float:
    """Return the time between two looks; below 0 if the wall clock went back."""
    if before.monotonic is None or look.monotonic is None:
        return look.wall - before.wall
    return look.monotonic - before.monotonic


def _behind(before: _Look, look: _Look) -> float:
    """Return by how much an uptime lags behind what it was to be."""
    return before.uptime + _away(before, look) - look.uptime


def _compared(before: _Look, look: _Look) -> _Kind:
    """Tell what an uptime is beside the last sure one."""
    uptime, away = look.uptime, _away(before, look)
    drift = _DRIFT * abs(away)
    late = (_SHIFT if before.monotonic is None else _JITTER) + drift
    behind = _behind(before, look)
    if before.uptime == uptime == 0:
        return _Kind.GOES_ON
    fell = uptime < before.uptime - _FALL
    if fell and before.monotonic is None and away < -_SHIFT:
        # Our clock lost its time over a pause of ours, as without a battery.
        return _Kind.RESTARTED
    if uptime <= away + _SHIFT + drift and (fell or behind > late):
        return _Kind.RESTARTED
    return _Kind.GOES_ON if abs(behind) <= late else _Kind.ODD


def _goes_on(doubt: _Look, look: _Look) -> bool:
    """Whether an uptime goes on from one that was doubted; one stuck at 0 does."""
    if look.uptime <= doubt.uptime and not look.uptime == doubt.uptime == 0:
        return False
    return _compared(doubt, look) is _Kind.GOES_ON


def _gained(seconds: float, before: _Look, look: _Look) -> float:
    """Return the time up since the last sure look, which is not more than went by."""
    away = max(0.0, _away(before, look))
    return min(seconds, away + (0.0 if before.monotonic is None else _JITTER))
