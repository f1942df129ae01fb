"""What was written to a device lately, and what came of it."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..miners.errors import MinerError
from ..miners.model import MinerState
from ..miners.settings import Changes, Setting, SettingValue

MOST_REQUESTS = 20
FOLLOWED = 180.0
"""Seconds for which the readings after a request are noted: they need time to move."""


class Result(StrEnum):
    """What became of one setting of a request.

    ``PENDING``: the device has still time to show it. ``READ_BACK``: it reported the
    value. ``REFUSED``: it refused the request, or reports another value.
    ``AFTER_RESTART``: it acknowledged what only a restart brings. ``UNCONFIRMED``: it
    neither acknowledged nor showed it. ``OVERTAKEN``: another value was written before.
    """

    PENDING = "pending"
    READ_BACK = "read_back"
    REFUSED = "refused"
    AFTER_RESTART = "after_restart"
    UNCONFIRMED = "unconfirmed"
    OVERTAKEN = "overtaken"


@dataclass(slots=True, kw_only=True)
class Written:
    """One setting: what it was, was to be, and is; ``seconds`` from reply to result.

    ``reported`` is what the device showed of it at the result, None where it did not.
    """

    asked: SettingValue
    before: SettingValue | None
    result: Result = Result.PENDING
    reported: SettingValue | None = None
    seconds: float | None = None


@dataclass(slots=True, kw_only=True)
class WriteRequest:
    """One request, sent at a time of the loop, with the device before and after it.

    ``error``: why it was not acknowledged. ``after`` is the last good poll within
    three minutes, so many seconds later; None while there was none.
    """

    at: float
    written: dict[Setting, Written]
    before: MinerState
    error: str | None = None
    after: MinerState | None = None
    after_seconds: float | None = None


class WriteLog:
    """Keeps the last requests of one device, until Home Assistant ends."""

    def __init__(self) -> None:
        """Begin with none."""
        self._requests: deque[WriteRequest] = deque(maxlen=MOST_REQUESTS)

    @property
    def requests(self) -> Sequence[WriteRequest]:
        """The last requests, the oldest first."""
        return tuple(self._requests)

    def sent(
        self, changes: Changes, before: MinerState, error: MinerError | None, at: float
    ) -> None:
        """Note a request that the device got, or may have got."""
        for setting in changes:
            if (last := self._last(setting)) and last[1].result is Result.PENDING:
                self.settle(setting, Result.OVERTAKEN, at)
        self._requests.append(
            WriteRequest(
                at=at,
                written={
                    setting: Written(asked=value, before=before.settings.get(setting))
                    for setting, value in changes.items()
                },
                before=before,
                error=None if error is None else str(error),
            )
        )

    def refused(
        self, changes: Changes, before: MinerState, error: MinerError, at: float
    ) -> None:
        """Note a request that the device refused as a whole."""
        if changes:
            self.sent(changes, before, error, at)
        for setting in changes:
            self.settle(setting, Result.REFUSED, at, before.settings.get(setting))

    def observe(self, state: MinerState, at: float) -> None:
        """Note what a good poll shows after the requests."""
        for request in self._requests:
            if at - request.at <= FOLLOWED:
                request.after, request.after_seconds = state, at - request.at

    def settle(
        self,
        setting: Setting,
        result: Result,
        at: float,
        reported: SettingValue | None = None,
    ) -> None:
        """Note what became of a setting, and what the device ``reported`` of it."""
        if (last := self._last(setting)) is not None:
            request, written = last
            written.result, written.reported = result, reported
            written.seconds = at - request.at

    def _last(self, setting: Setting) -> tuple[WriteRequest, Written] | None:
        """Return the last request with a setting."""
        return next(
            (
                (request, request.written[setting])
                for request in reversed(self._requests)
                if setting in request.written
            ),
            None,
        )
