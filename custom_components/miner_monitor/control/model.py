"""What control shows of itself, what it counts, and what it orders."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..miners.codec import Amount, Count
from ..miners.events import MinerEvent
from ..miners.model import Changes, record
from ..miners.power import PowerStep


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


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asked for something: a user or an automation by name, None where unknown.

    ``automated``: no user's hand is behind it.
    """

    name: str | None = None
    automated: bool = False


NOBODY = Requester()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Why a miner rests that nobody saves power with, since an epoch second.

    ``ours``: its *Mining* was turned off here; else the device did it itself, by its
    page, its button or its schedule.
    """

    since: Amount
    ours: bool = False
    by: Requester = NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A user's wish that automations leave a miner alone.

    ``until`` is in epoch seconds; None is until it is taken back.
    """

    until: Amount | None = None

    def is_over(self, wall: float) -> bool:
        """Whether its time is up."""
        return self.until is not None and wall >= self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerTarget:
    """What a miner is to draw at most, in W, asked for at an epoch second.

    ``chosen`` is the target that the present step was chosen for. ``most``: what a step
    may draw at most, after one drew more than it was expected to.
    """

    watts: Amount
    since: Amount
    by: Requester = NOBODY
    chosen: Amount | None = None
    most: Amount | None = None


class Cause(StrEnum):
    """Why a miner does not simply run what its user set."""

    OVERHEAT_PROTECTION = "overheat_protection"
    STOPPED = "stopped"
    STANDBY_ON_DEVICE = "standby_on_device"
    PAUSED_ON_DEVICE = "paused_on_device"
    SAVE_POWER = "save_power"
    THROTTLED_BY_MINER = "throttled_by_miner"
    TEMPORARY_PROFILE = "temporary_profile"
    POWER_TARGET = "power_target"


@record
class Controlled:
    """Who controls a miner, and why; all None while nothing does but its settings.

    ``since`` and ``until`` are epoch seconds. ``detail`` is the name of a profile, the
    temperature in °C at which it began, or a power target in W.
    """

    reason: Cause | None = None
    since: float | None = None
    until: float | None = None
    by: Requester = NOBODY
    detail: str | float | None = None


BY_NOTHING = Controlled()


@record
class PowerControl:
    """What a miner is to draw, what it may draw, and what it does.

    ``normal`` are the settings that its owner chose. ``steps`` lead up to them, the
    least power first; ``step`` is the one that it runs, if it is one. ``target`` is
    what is asked for, in W, None without one; ``waits``: it is not followed now,
    because something else has the last word; ``fixed``: it can take no other step
    today, for its flash writes are used up. ``drawn`` is what the real meter says, in
    W, at the wall where that is known, ``measured`` its mean since the miner settled
    at what it runs. It runs, or rests, since ``turned_at``, and was
    changed for a target at ``wrote_at``, in epoch seconds, 0 where that is unknown;
    ``gap``, ``minimum_run`` and ``minimum_rest`` are in seconds.
    """

    normal: Changes = field(default_factory=dict)
    steps: tuple[PowerStep, ...] = ()
    step: PowerStep | None = None
    target: PowerTarget | None = None
    waits: bool = False
    fixed: bool = False
    drawn: float | None = None
    measured: float | None = None
    turned_at: float = 0.0
    wrote_at: float = 0.0
    gap: float = 300.0
    minimum_run: float = 900.0
    minimum_rest: float = 600.0

    @property
    def watts(self) -> float | None:
        """The target in W, without one what the normal settings draw."""
        if self.target is not None:
            return self.target.watts
        return self.steps[-1].power if self.steps else None

    @property
    def known(self) -> bool:
        """Whether the watts of the normal settings are known."""
        return bool(self.steps) and self.steps[-1].error < self.steps[-1].power

    @property
    def least(self) -> float | None:
        """The least that it can draw in W."""
        return self.steps[0].power if self.steps else None


NO_POWER_CONTROL = PowerControl()


@record
class ControlState:
    """What is known beyond the device's own settings.

    ``saving_power``: it saves power by command. ``profile`` is the saved one that the
    device matches, ``temporary_until`` the epoch second at which the settings before
    it come back. ``derated``: it lowered its own set points. ``setting_writes`` are
    today's changes that went to flash. ``controlled`` is by whom and why; ``saves``:
    power is to be saved by request, whether it shows already or not. ``hold``:
    automations leave it alone. ``applying`` is what is written and does not show yet,
    ``power`` what it is to draw.
    """

    throttle_method: ThrottleMethod | None = None
    saving_power: bool | None = None
    profile: str | None = None
    profiles: tuple[str, ...] = ()
    temporary_until: float | None = None
    derated: bool | None = None
    setting_writes: int = 0
    restart_needed: bool = False
    controlled: Controlled = BY_NOTHING
    saves: bool = False
    hold: Hold | None = None
    applying: Changes = field(default_factory=dict)
    power: PowerControl = NO_POWER_CONTROL


class Reason(StrEnum):
    """Why something is written that nobody asked for now."""

    REASSERT = "reassert"
    TEMPORARY_OVER = "temporary_over"
    PROTECT = "protect"
    COOLED = "cooled"
    POWER_TARGET = "power_target"
    POWER_TARGET_OVER = "power_target_over"


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
