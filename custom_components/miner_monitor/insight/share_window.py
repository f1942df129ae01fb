"""Shares of the last hour by the minute, and how certain their reject rate is."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
import math

WINDOW_MINUTES = 60
_MOST_REASONS = 16
_QUANTILE = 1.96
"""Of the normal distribution at 97.5 %; at 95 % the bound fails in up to 6.5 %."""


@dataclass(slots=True)
class _Minute:
    """The shares that were seen within a minute."""

    minute: int
    accepted: int = 0
    rejected: int = 0
    reasons: dict[str, int] | None = None


class ShareWindow:
    """Sums over the last hour, in at most as many buckets as it has minutes."""

    def __init__(self) -> None:
        """Start empty."""
        self.accepted = 0
        self.rejected = 0
        self._reasons: dict[str, int] = {}
        self._shown: dict[str, int] | None = {}
        self._minutes: deque[_Minute] = deque()

    @property
    def reasons(self) -> dict[str, int]:
        """Why shares were rejected, the most frequent first."""
        if self._shown is None:
            ordered = sorted(self._reasons.items(), key=lambda item: -item[1])
            self._shown = dict(ordered)
        return self._shown

    def pass_time(self, minute: int) -> bool:
        """Forget what is older than an hour; tell whether there was something."""
        minutes = self._minutes
        changed = False
        while minutes and minutes[0].minute <= minute - WINDOW_MINUTES:
            old = minutes.popleft()
            self.accepted -= old.accepted
            self.rejected -= old.rejected
            if old.reasons is not None:
                self._forget(old.reasons)
            changed = True
        return changed

    def add(
        self, minute: int, accepted: int, rejected: int, reasons: Mapping[str, int]
    ) -> None:
        """Take shares that were seen in a minute."""
        if not self._minutes or self._minutes[-1].minute != minute:
            self._minutes.append(_Minute(minute))
        bucket = self._minutes[-1]
        bucket.accepted += accepted
        bucket.rejected += rejected
        self.accepted += accepted
        self.rejected += rejected
        if reasons:
            if bucket.reasons is None:
                bucket.reasons = {}
            self._remember(bucket.reasons, reasons)

    def _remember(self, kept: dict[str, int], reasons: Mapping[str, int]) -> None:
        self._shown = None
        for reason, times in reasons.items():
            if reason in self._reasons or len(self._reasons) < _MOST_REASONS:
                kept[reason] = kept.get(reason, 0) + times
                self._reasons[reason] = self._reasons.get(reason, 0) + times

    def _forget(self, reasons: Mapping[str, int]) -> None:
        self._shown = None
        for reason, times in reasons.items():
            if (left := self._reasons[reason] - times) > 0:
                self._reasons[reason] = left
            else:
                del self._reasons[reason]


def lower_bound(rejected: int, total: int) -> float:
    """Return the 95 % lower bound of a rate in %.

    After Wilson with the correction for continuity, so that few shares prove little,
    and so that it is right in 95 % of all cases for any rate and number.
    """
    if rejected <= 0 or total <= 0:
        return 0.0
    rate, z = rejected / total, _QUANTILE
    spread = z * z - 1 / total + 4 * rejected * (1 - rate) + 4 * rate - 2
    lower = 2 * rejected + z * z - z * math.sqrt(max(0.0, spread)) - 1
    return max(0.0, 100 * lower / (2 * (total + z * z)))
