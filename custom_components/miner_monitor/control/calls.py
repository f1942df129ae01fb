"""Who asked for what, and who is still there to be told what became of it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..miners.model import (
    Changes,
    Setting,
    SettingValue,
)
from .errors import (
    Failure,
    PartialError,
    by_reason,
)


class Call:
    """One caller, who waits until all of its settings are done.

    What fails is told with what else becomes of the call: when all of it is done, or
    when the rest is held back for longer.
    """

    __slots__ = (
        "_done",
        "_open",
        "_taken",
        "began",
        "changes",
        "deadline",
        "failures",
        "overtaken",
    )

    def __init__(self, changes: Changes, began: float, patience: float) -> None:
        """Wait for all of them; after so many seconds the caller will be gone."""
        self.changes = changes
        self.began = began
        self.deadline = began + patience
        self._open = set(changes)
        self._taken = dict[Setting, SettingValue]()
        self.failures = dict[Setting, Failure]()
        self.overtaken: set[Setting] = set()
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not changes:
            self._done.set_result(None)

    def leave(self) -> None:
        """Wait no more: who asked has gone away."""
        self._done.cancel()

    def extend(self, patience: float) -> None:
        """Be there for so many seconds since the beginning."""
        self.deadline = max(self.deadline, self.began + patience)

    @property
    def waits(self) -> bool:
        """Whether the caller is still there."""
        return not self._done.done()

    async def outcome(self, now: Callable[[], float]) -> None:
        """Return when all is done or patience is over; raise what went wrong."""
        try:
            while self.waits and (left := self.deadline - now()) > 0:
                await asyncio.wait([self._done], timeout=left)
            self.tell()
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
            self.tell()
        return True

    def tell(self) -> None:
        """Let the caller go, with all that failed, unless there is but to wait."""
        if not self.waits:
            return
        if self.failures:
            self._done.set_exception(self._error)
        elif not self._open:
            self._done.set_result(None)

    @property
    def _error(self) -> Failure | PartialError:
        """What the caller is told: the one reason, or what became of each setting."""
        reasons = by_reason(self.failures)
        if len(reasons) == 1 and not self._taken:
            return reasons[0][0]
        return PartialError(self.failures, self.changes, self._taken)


@dataclass(slots=True)
class Want:
    """A value that is to be written, and all who wait for it.

    ``asking`` asked for this value, ``overtaken`` for an earlier one of the setting.
    """

    value: SettingValue
    since: float
    asking: list[Call] = field(default_factory=list)
    overtaken: list[Call] = field(default_factory=list)
    settled: bool = False

    def settle(
        self, setting: Setting, failure: Failure | None = None, *, written: bool = True
    ) -> bool:
        """Tell everyone; whether all who asked for the value learn of it.

        What was so already is not ``written``.
        """
        self.settled = True
        told = [call.settle(setting, failure, written=written) for call in self.asking]
        for call in self.overtaken:
            call.settle(setting, None, written=False)
        self.asking, self.overtaken = [], []
        return bool(told) and all(told)

    @property
    def awaited(self) -> bool:
        """Whether anyone who asked for the value is still there."""
        return any(call.waits for call in self.asking)

    def expire(self, setting: Setting, failure: Failure, end: float) -> None:
        """Tell those who cannot wait until the end."""
        late = [call for call in self.asking if call.deadline <= end]
        self.asking = [call for call in self.asking if call.deadline > end]
        for call in late:
            call.settle(setting, failure, written=False)

    def extend(self, patience: float) -> None:
        """Let all who wait be there for longer."""
        for call in (*self.asking, *self.overtaken):
            call.extend(patience)

    def overtake(self, setting: Setting, older: Want) -> None:
        """Stand in for an earlier wish."""
        if older.value == self.value:
            self.asking += older.asking
        else:
            for call in older.asking:
                call.overtaken.add(setting)
            self.overtaken += older.asking
        self.overtaken += older.overtaken
        self.since = min(self.since, older.since)


type Wants = dict[Setting, Want]
"""What is wanted of each setting."""


def changes_of(wants: Mapping[Setting, Want]) -> Changes:
    """Return the values without those who want them."""
    return {setting: want.value for setting, want in wants.items()}
