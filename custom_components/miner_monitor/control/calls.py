"""Who asked for what, and who is still there to be told what became of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..miners.errors import MinerError
from ..miners.model import Changes, Setting, SettingValue
from .errors import ChangeError

type Failure = ChangeError | MinerError
"""Why something was not written, or not taken."""


class Call:
    """One caller, who waits until all of its settings are done, or the first fails."""

    __slots__ = ("_done", "_open", "changes", "deadline", "failure", "overtaken")

    def __init__(self, changes: Changes, deadline: float) -> None:
        """Wait for all of them; at the deadline the caller will be gone."""
        self.changes = changes
        self.deadline = deadline
        self._open = set(changes)
        self.failure: Failure | None = None
        self.overtaken: set[Setting] = set()
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not changes:
            self._done.set_result(None)

    def leave(self) -> None:
        """Wait no more: who asked has gone away."""
        self._done.cancel()

    @property
    def waits(self) -> bool:
        """Whether the caller is still there."""
        return not self._done.done()

    async def outcome(self, patience: float) -> None:
        """Return when all is done or patience is over; raise what went wrong."""
        try:
            await asyncio.wait([self._done], timeout=patience)
        finally:
            if not self._done.cancel() and not self._done.cancelled():
                self._done.exception()  # seen, also by one who is cancelled now
        if not self._done.cancelled():
            self._done.result()

    def settle(self, setting: Setting, failure: Failure | None) -> bool:
        """Take the outcome of one setting; whether the caller learns of it."""
        self._open.discard(setting)
        if not self.waits:
            return failure is not None and failure is self.failure
        if failure is not None:
            self.failure = failure
            self._done.set_exception(failure)
        elif not self._open:
            self._done.set_result(None)
        return True


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

    def settle(self, setting: Setting, failure: Failure | None = None) -> bool:
        """Tell everyone; whether all who asked for the value learn of it."""
        self.settled = True
        told = [call.settle(setting, failure) for call in self.asking]
        for call in self.overtaken:
            call.settle(setting, None)
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
            call.settle(setting, failure)

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
