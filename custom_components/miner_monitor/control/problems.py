"""What a user has been asked to look at since we started."""

from collections.abc import Iterator, Mapping

from .model import (
    Apply,
    Ask,
    Problem,
    Settle,
)

type Details = Mapping[str, str]


class Problems:
    """Asks when a problem appears or changes, and takes back what is over.

    Forgets with every start, so that what lasts is asked again.
    """

    def __init__(self) -> None:
        """Start with nothing asked."""
        self._asked: Mapping[Problem, Details] = {}

    def update(self, present: Mapping[Problem, Details]) -> Iterator[Ask | Settle]:
        """Yield what has to be asked and taken back, given what is the case."""
        before, self._asked = self._asked, dict(present)
        for problem, details in present.items():
            if before.get(problem) != details:
                yield Ask(problem=problem, details=details)
        for problem in before.keys() - present.keys():
            yield Settle(problem=problem)


def refused(order: Apply) -> Ask:
    """Ask for a look at a device that does not take what it should get back."""
    return Ask(problem=Problem.SETTING_REFUSED, changes=order.changes)
