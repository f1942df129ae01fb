"""What control shows of itself, what it counts, and what it orders."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..miners.codec import Count
from ..miners.events import MinerEvent
from ..miners.model import Changes


@dataclass(slots=True)
class DayCount:
    """Counts anew with each day; only the last day is kept."""

    day: str = ""
    count: Count = 0

    def add(self, day: str, number: int = 1) -> None:
        """Count so many of a day."""
        self.day, self.count = day, max(0, self.on(day) + number)

    def on(self, day: str) -> int:
        """Return how many there were on a day."""
        return self.count if day == self.day else 0


class ThrottleMethod(StrEnum):
    """How a miner is brought to the least power that it can do itself."""

    PAUSE = "pause"
    SOFT_OFF = "soft_off"
    SHUTDOWN = "shutdown"
    WORK_MODE = "work_mode"
    SETTINGS = "settings"


class Problem(StrEnum):
    """What a user is asked to look at; each is a repair while it lasts."""

    DERATED = "derated"
    SETTING_REFUSED = "setting_refused"
    TOO_MANY_WRITES = "too_many_writes"
    RESTART_NEEDED = "restart_needed"
    PROTECTED = "protected"
    TEMPORARY_OLD = "temporary_old"
    STALLS_AGAIN = "stalls_again"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlState:
    """What is known beyond the device's own settings.

    ``saving_power``: it saves power by command. ``profile`` is the saved one that the
    device matches, ``temporary_until`` the epoch second at which the settings before
    it come back. ``derated``: it lowered its own set points. ``setting_writes`` are
    today's changes that went to flash.
    """

    throttle_method: ThrottleMethod | None = None
    saving_power: bool | None = None
    profile: str | None = None
    profiles: tuple[str, ...] = ()
    temporary_until: float | None = None
    derated: bool | None = None
    setting_writes: int = 0
    restart_needed: bool = False


class Reason(StrEnum):
    """Why something is written that nobody asked for now."""

    REASSERT = "reassert"
    TEMPORARY_OVER = "temporary_over"
    PROTECT = "protect"
    COOLED = "cooled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """Write these set points; ``cut`` is what cannot come back as it was.

    ``unwatched``: what it answers to happened while we did not run.
    """

    changes: Changes
    reason: Reason
    cut: Changes = field(default_factory=dict)
    unwatched: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """Save power, or stop saving it."""

    on: bool
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """Restart a miner that stalled, and report it with ``details``."""

    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseIssue:
    """Raise a repair; ``details`` fill its text, or ``changes`` that were refused."""

    problem: Problem
    details: Mapping[str, str] = field(default_factory=dict)
    changes: Changes = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearIssue:
    """Clear a repair."""

    problem: Problem


type Order = Apply | Throttle | Restart | MinerEvent | RaiseIssue | ClearIssue
"""What is to be done after a poll."""
