"""What waits to be written: who asked for it, and when it may be sent.

All times are seconds of the clock of the loop, as ``now`` returns it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from ..miners.settings import Changes, MinerSettings, Setting, SettingValue, Writing
from .errors import Failure, PartialError, by_reason
from .rules import (
    effective,
    is_urgent,
)

TICK = 1e-6
"""By how much a timer may be early, and more than what rounding does to a time."""

SPACING = 10.0
"""Between two writes to flash, on average."""

QUIET = 2.0
"""After so long without a change asked for, the next one is not part of a flood."""

MOMENT = 0.3
"""What is asked for within this time is one change."""

POWER_SPACING = 60.0
"""Between two changes of power, in which the device tunes itself."""


def now() -> float:
    """Return the time, which never lies before that of a timer that has fired."""
    return asyncio.get_running_loop().time() + TICK


async def sleep_until(moment: float) -> None:
    """Sleep until then."""
    await asyncio.sleep(max(0.0, moment - now() + TICK))


class WriteClass(Enum):
    """The settings that are written at one pace."""

    FREE = auto()
    FLASH = auto()
    POWER = auto()

    @classmethod
    def of(cls, writing: Writing) -> WriteClass:
        """Return the class of a setting by what it costs to write it."""
        if writing.power:
            return cls.POWER
        return cls.FLASH if writing.wears else cls.FREE


class Pace:
    """How often one device may be written to.

    Each write to flash costs one spacing, and what is not urgent waits until all of
    them are paid. What is urgent may be sent on credit: always when it is a single
    change, and once at the beginning of a flood, which then gets by with seven writes
    a minute. The debt ends at two spacings: nothing is held back for longer. A change
    of power has its own, longer spacing, and is never urgent.
    """

    def __init__(self) -> None:
        """Begin without debts."""
        self._next_at = self._power_at = float("-inf")
        self._asked_at = self._flood_since = float("-inf")
        self._fresh = True

    def asked(self, at: float) -> None:
        """Note that a change was asked for."""
        if at - self._asked_at > QUIET:
            self._flood_since = at
            self._fresh = True
        self._asked_at = at

    def flash_wait(self, at: float, *, urgent: bool) -> float:
        """Return the seconds until flash may be written."""
        wait = max(0.0, self._next_at - at)
        if not urgent:
            return wait
        single = self._fresh and self._asked_at - self._flood_since <= MOMENT
        begins = at - self._flood_since < SPACING
        return 0.0 if single or (begins and wait <= SPACING) else wait

    def wait(
        self,
        write_class: WriteClass,
        changes: Changes,
        settings: MinerSettings,
        work_modes: Sequence[str],
        at: float,
    ) -> float:
        """Return the seconds until the changes of a class may be written."""
        if write_class is WriteClass.FREE or not effective(changes, settings):
            return 0.0
        if write_class is WriteClass.POWER:
            return max(0.0, self._power_at - at)
        return self.flash_wait(at, urgent=is_urgent(changes, settings, work_modes))

    def wrote(self, classes: Iterable[WriteClass], at: float) -> None:
        """Note that the device has got a request with changes of these classes."""
        if WriteClass.FLASH in classes:
            self._fresh = False
            paid_at = max(at, self._next_at) + SPACING
            self._next_at = min(paid_at, at + 2 * SPACING)
        if WriteClass.POWER in classes:
            self._power_at = at + POWER_SPACING


class Caller:
    """Who asked for changes, and waits until all of them are done.

    A failure is reported with the other results of the call: when all of it is done,
    or when the rest is held back for longer.
    """

    def __init__(self, changes: Changes, began: float, patience: float) -> None:
        """Wait for all of them; after so many seconds the caller will be gone."""
        self.changes = changes
        self.began = began
        self.deadline = began + patience
        self.failures = dict[Setting, Failure]()
        self.overtaken = set[Setting]()
        self._open = set(changes)
        self._taken = dict[Setting, SettingValue]()
        self._done = asyncio.get_running_loop().create_future()
        self.report()

    def leave(self) -> None:
        """Wait no more: who asked has gone away."""
        self._done.cancel()

    @property
    def waits(self) -> bool:
        """Whether the caller is still there."""
        return not self._done.done()

    async def outcome(self) -> None:
        """Return when all is done or patience is over; raise what went wrong."""
        try:
            while self.waits and (left := self.deadline - now()) > 0:
                await asyncio.wait([self._done], timeout=left + TICK)
            self.report()
        finally:
            if not self._done.cancel() and not self._done.cancelled():
                self._done.exception()  # seen, also by one who is cancelled now
        if not self._done.cancelled():
            self._done.result()

    def settle(
        self, setting: Setting, failure: Failure | None, *, written: bool
    ) -> bool:
        """Take the outcome of one setting; whether the caller learns of it."""
        self._open.discard(setting)
        if not self.waits:
            return False
        if failure is not None:
            self.failures[setting] = failure
        elif written:
            self._taken[setting] = self.changes[setting]
        if not self._open:
            self.report()
        return True

    def report(self) -> None:
        """Let the caller go, with all that failed, unless there is but to wait."""
        if not self.waits:
            return
        reasons = by_reason(self.failures)
        if len(reasons) == 1 and not self._taken:
            self._done.set_exception(reasons[0][0])
        elif reasons:
            error = PartialError(self.failures, self.changes, self._taken)
            self._done.set_exception(error)
        elif not self._open:
            self._done.set_result(None)


@dataclass(slots=True, eq=False)
class PendingChange:
    """A value that is to be written, and all who wait for it.

    ``asking`` asked for this value, ``overtaken`` for an earlier one of the setting.
    """

    setting: Setting
    value: SettingValue
    since: float
    asking: list[Caller] = field(default_factory=list)
    overtaken: list[Caller] = field(default_factory=list)
    settled: bool = False

    def settle(self, failure: Failure | None = None, *, written: bool = True) -> bool:
        """Report to everyone; whether all who asked for the value learn of it.

        What was so already is not ``written``.
        """
        self.settled = True
        reached = [
            caller.settle(self.setting, failure, written=written)
            for caller in self.asking
        ]
        for caller in self.overtaken:
            caller.settle(self.setting, None, written=False)
        self.asking, self.overtaken = [], []
        return bool(reached) and all(reached)

    @property
    def awaited(self) -> bool:
        """Whether anyone who asked for the value is still there."""
        return any(caller.waits for caller in self.asking)

    def expire(self, failure: Failure, end: float) -> None:
        """Report to those who cannot wait until the end."""
        late = [caller for caller in self.asking if caller.deadline <= end]
        self.asking = [caller for caller in self.asking if caller not in late]
        for caller in late:
            caller.settle(self.setting, failure, written=False)

    def extend(self, patience: float) -> None:
        """Let all who wait be there for so many seconds since they asked."""
        for caller in (*self.asking, *self.overtaken):
            caller.deadline = max(caller.deadline, caller.began + patience)

    def overtake(self, older: PendingChange) -> None:
        """Take the place of a change of the same setting that was asked for before."""
        if older.value == self.value:
            self.asking += older.asking
        else:
            for caller in older.asking:
                caller.overtaken.add(self.setting)
            self.overtaken += older.asking
        self.overtaken += older.overtaken
        self.since = min(self.since, older.since)


def changes_of(pending: Iterable[PendingChange]) -> dict[Setting, SettingValue]:
    """Return the values without those who want them."""
    return {change.setting: change.value for change in pending}
