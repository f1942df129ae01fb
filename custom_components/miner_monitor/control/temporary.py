"""Settings that are meant to last until a given moment only."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from ..miners.model import Changes
from .rules import same
from .values import (
    alike,
    differing,
    dump_changes,
    keepable,
    load_changes,
    number_of,
)

OLDEST = 24 * 3600.0
"""Seconds after which nothing comes back by itself: a restored backup looks alike."""

FOR_EVER = 1e9
"""Seconds that what has no end of its own lasts."""

_CERTAIN_POLLS = 2
"""So many polls in a row have to show that somebody else changed the settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """What was applied, what comes back for it, and when.

    ``until`` is an epoch second, ``left`` the seconds that were left when it was
    stored. ``returning``: what was before is written again, and the device has not
    shown it yet. ``shown``: it has shown all that was applied since it was written to.
    """

    before: Changes
    applied: Changes
    until: float
    left: float
    returning: bool = False
    shown: bool = False


class Temporary:
    """Remembers the settings before, the first original where calls overlap.

    ``loan.applied`` of an earlier call counts as ours until the device has shown the
    later one, so that a crash between the two loses nothing.

    Its time runs by two clocks, of which the earlier one wins: the one that nobody
    sets, as long as we run, and the wall clock. So a clock that is set back, or that
    has no battery, makes it last longer by the time that we did not run at most.
    """

    def __init__(self) -> None:
        """Start with nothing on loan."""
        self.loan: Loan | None = None
        self.old = False
        """Whether it is too old for anything to come back by itself."""
        self._earlier: Loan | None = None
        self._ends = self._earlier_ends = 0.0
        self._differing = 0
        self._seen = False

    @classmethod
    def load(cls, data: object, wall: float, monotonic: float) -> Self:
        """Read what ``dump`` wrote."""
        temporary = cls()
        if not isinstance(data, Mapping):
            return temporary
        temporary.loan = _load(data)
        if (loan := temporary.loan) is None:
            return temporary
        temporary._earlier = _load(data.get("earlier"))
        temporary.old = data.get("old") is True
        stored_at = number_of(data.get("stored_at"))
        away = 0.0 if stored_at is None else max(0.0, wall - stored_at)
        temporary._ends = temporary._earlier_ends = monotonic + loan.left - away
        return temporary

    def grow_old(self) -> None:
        """Write nothing by itself any more."""
        self.old = self.loan is not None

    def dump(self, wall: float, monotonic: float) -> dict[str, Any] | None:
        """Return the loan as JSON types."""
        if self.loan is None:
            return None
        left = max(0.0, self.seconds_left(wall, monotonic))
        data = _dump(replace(self.loan, left=left))
        data["stored_at"], data["old"] = wall, self.old
        if self._earlier is not None:
            data["earlier"] = _dump(self._earlier)
        return data

    def seconds_left(self, wall: float, monotonic: float) -> float:
        """Tell how long the loan lasts; 0 or less when it is over."""
        if self.loan is None:
            return 0.0
        return min(self._ends - monotonic, self.loan.until - wall)

    def begin(
        self,
        changes: Changes,
        before: Changes,
        *,
        seconds: float,
        wall: float,
        monotonic: float,
    ) -> None:
        """Remember what is about to be applied, and what comes back."""
        self._earlier, self._earlier_ends = self.loan, self._ends
        applied, original = keepable(changes), dict(before)
        if self.loan is not None:
            original |= self.loan.before
            applied = {**self.loan.applied, **applied}
        if original and applied:
            self.loan = Loan(
                before=original, applied=applied, until=wall + seconds, left=seconds
            )
            self.old, self._ends, self._differing = False, monotonic + seconds, 0

    def cancel(self, values: Changes) -> None:
        """Take the last beginning back.

        What comes back is kept where the device took a part of what was written.
        """
        if self.loan is not None and self._earlier is None:
            loan = self.loan
            before = {key: loan.before[key] for key in loan.before if key in values}
            if differing(before, values):
                self.loan = replace(loan, applied={**loan.applied, **values})
                return
        self.loan, self._earlier = self._earlier, None
        self._ends = self._earlier_ends

    def returns(self, returning: bool) -> None:
        """Take it that what was before is about to be written, or was not."""
        if self.loan is not None:
            self.loan = replace(self.loan, returning=returning, shown=False)

    def returned(self, values: Changes) -> None:
        """Take it that what was before is written; keep it until it shows."""
        if self.loan is None or self.is_back(values):
            self.end()

    def end(self) -> None:
        """Forget the loan."""
        self.loan = self._earlier = None
        self.old, self._differing = False, 0

    def observe(self, values: Changes) -> None:
        """Note that the device shows what was applied last."""
        if self.loan is not None and alike(self.loan.applied, values):
            self._earlier = None
            self.loan = replace(self.loan, shown=True)
        self._seen = self.is_ours(values)
        self._differing = 0 if self._seen else self._differing + 1

    @property
    def waits_for_user(self) -> bool:
        """Whether it is there, and nothing but a user ends it any more."""
        return self.old and self._seen

    @property
    def changed(self) -> bool:
        """Whether somebody else has changed what was applied; one poll is no proof."""
        return self._differing >= _CERTAIN_POLLS

    def is_ours(self, values: Changes) -> bool:
        """Whether nobody has changed what was applied.

        What broke off half-way has left some of it as it was before.
        """
        return any(
            loan is not None
            and (_partly(loan.applied, values) or _is_half_way(loan, values))
            for loan in (self.loan, self._earlier)
        )

    def is_back(self, values: Changes) -> bool:
        """Whether what was before runs already."""
        return self.loan is not None and _partly(self.loan.before, values)

    def retry(self) -> bool:
        """Take it that it is written anew; tell whether it was before, in vain."""
        if self.loan is None or not self.loan.returning:
            return False
        self.loan = replace(self.loan, returning=False)
        return True

    def exchange(self, before: Changes, values: Changes) -> None:
        """Let others come back, for what the device runs instead of them now."""
        if self.loan is not None:
            self.loan = replace(
                self.loan,
                before={**self.loan.before, **before},
                applied={**self.loan.applied, **values},
            )

    def narrow(self, wanted: Changes) -> None:
        """Let these come back, and nothing else."""
        if self.loan is not None:
            applied = self.loan.applied
            kept = {key: applied[key] for key in applied if key in wanted}
            self.loan = replace(self.loan, before=wanted, applied=kept)


def _partly(changes: Changes, values: Changes) -> bool:
    """Whether the values that are known are alike; unknown is no difference."""
    return alike({key: changes[key] for key in changes if key in values}, values)


def _is_half_way(loan: Loan, values: Changes) -> bool:
    """Whether each value that is known is a new one, or the one from before."""
    if loan.shown:
        return False
    known = {key: loan.applied[key] for key in loan.applied if key in values}
    return bool(known) and all(
        key in loan.before and same(key, loan.before[key], values[key])
        for key in differing(known, values)
    )


def _load(data: object) -> Loan | None:
    """Read one loan."""
    if not isinstance(data, Mapping):
        return None
    before, applied = (
        load_changes(data.get("before")),
        load_changes(data.get("applied")),
    )
    until, left = number_of(data.get("until")), number_of(data.get("left"))
    if not before or not applied or until is None or left is None:
        return None
    return Loan(
        before=before,
        applied=applied,
        until=until,
        left=left,
        returning=data.get("returning") is True,
        shown=data.get("shown") is True,
    )


def _dump(loan: Loan) -> dict[str, Any]:
    """Return one loan as JSON types."""
    return {
        "before": dump_changes(loan.before),
        "applied": dump_changes(loan.applied),
        "until": loan.until,
        "left": loan.left,
        "returning": loan.returning,
        "shown": loan.shown,
    }
