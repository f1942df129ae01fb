"""Settings that are meant to last until a given moment only."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from ..miners.model import Changes
from .values import (
    alike,
    differing,
    dump_changes,
    keepable,
    load_changes,
    number_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """What was applied, what comes back for it, and when.

    ``returning``: it was written again, and the device has not shown it yet.
    """

    before: Changes
    applied: Changes
    until: float
    returning: bool = False


class Temporary:
    """Remembers the settings before, the first original where calls overlap.

    ``loan.applied`` of an earlier call counts as ours until the device has shown the
    later one, so that a crash between the two loses nothing.
    """

    def __init__(self) -> None:
        """Start with nothing on loan."""
        self.loan: Loan | None = None
        self._earlier: Loan | None = None

    @classmethod
    def load(cls, data: object) -> Self:
        """Read what ``dump`` wrote."""
        temporary = cls()
        if isinstance(data, Mapping):
            temporary.loan = _load(data)
            if temporary.loan is not None:
                temporary._earlier = _load(data.get("earlier"))
        return temporary

    def dump(self) -> dict[str, Any] | None:
        """Return the loan as JSON types."""
        if self.loan is None:
            return None
        data = _dump(self.loan)
        if self._earlier is not None:
            data["earlier"] = _dump(self._earlier)
        return data

    def begin(self, changes: Changes, before: Changes, until: float) -> None:
        """Remember what is about to be applied, and what comes back."""
        self._earlier = self.loan
        applied, original = keepable(changes), dict(before)
        if self.loan is not None:
            original |= self.loan.before
            applied = {**self.loan.applied, **applied}
        if original and applied:
            self.loan = Loan(before=original, applied=applied, until=until)

    def cancel(self, values: Changes, *, unsure: bool) -> None:
        """Take the last beginning back.

        What comes back is kept while the device may have taken what was written, and
        where it took a part of it.
        """
        if self.loan is not None and unsure:
            return
        if self.loan is not None and self._earlier is None:
            loan = self.loan
            before = {key: loan.before[key] for key in loan.before if key in values}
            if differing(before, values):
                self.loan = replace(loan, applied={**loan.applied, **values})
                return
        self.loan, self._earlier = self._earlier, None

    def returned(self, values: Changes) -> None:
        """Take it that what was before is written; keep it until it shows."""
        if self.loan is None or self.is_back(values):
            self.end()
        else:
            self.loan = replace(self.loan, returning=True)

    def end(self) -> None:
        """Forget the loan."""
        self.loan = self._earlier = None

    def observe(self, values: Changes) -> None:
        """Note that the device shows what was applied last."""
        if self.loan is not None and alike(self.loan.applied, values):
            self._earlier = None

    def is_ours(self, values: Changes) -> bool:
        """Whether nobody has changed what was applied."""
        return any(
            loan is not None and _partly(loan.applied, values)
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

    def narrow(self, wanted: Changes) -> None:
        """Keep only these of the settings on loan."""
        if self.loan is not None:
            applied = self.loan.applied
            kept = {key: applied[key] for key in applied if key in wanted}
            self.loan = replace(self.loan, before=wanted, applied=kept)


def _partly(changes: Changes, values: Changes) -> bool:
    """Whether the values that are known are alike; unknown is no difference."""
    return alike({key: changes[key] for key in changes if key in values}, values)


def _load(data: object) -> Loan | None:
    """Read one loan."""
    if not isinstance(data, Mapping):
        return None
    before, applied = (
        load_changes(data.get("before")),
        load_changes(data.get("applied")),
    )
    until = number_of(data.get("until"))
    if not before or not applied or until is None:
        return None
    return Loan(
        before=before,
        applied=applied,
        until=until,
        returning=data.get("returning") is True,
    )


def _dump(loan: Loan) -> dict[str, Any]:
    """Return one loan as JSON types."""
    return {
        "before": dump_changes(loan.before),
        "applied": dump_changes(loan.applied),
        "until": loan.until,
        "returning": loan.returning,
    }
