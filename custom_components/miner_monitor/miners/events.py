"""A point in time, and what can happen to a miner at one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time by two clocks, both in seconds, and by the calendar.

    ``wall`` (since the epoch) is for people; spans are taken from ``monotonic``
    alone, so that a clock that is set does no harm. ``day`` is the local date as
    YYYY-MM-DD.
    """

    wall: float
    monotonic: float
    day: str


class EventType(StrEnum):
    """What happens to a miner now and then."""

    RESTARTED = "restarted"
    STALL_RESTART = "stall_restart"
    OVERHEATED = "overheated"
    RECOVERED = "recovered"
    PROBLEM_FOUND = "problem_found"
    PROBLEM_CLEARED = "problem_cleared"
    POOL_LOST = "pool_lost"
    POOL_SWITCHED = "pool_switched"
    SETTINGS_CHANGED = "settings_changed"
    SETTING_REFUSED = "setting_refused"
    NEW_BEST_DIFFICULTY = "new_best_difficulty"
    BLOCK_FOUND = "block_found"
    FIRMWARE_CHANGED = "firmware_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerEvent:
    """What happened; ``details`` are JSON types and hold no secret."""

    event_type: EventType
    details: Mapping[str, Any] = field(default_factory=dict)
