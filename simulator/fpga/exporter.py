"""The exporter: a process that follows the miners' logs and keeps the last values."""

from collections.abc import Mapping

from .card import Statistics
from .exposition import Metric, Sample
from .kinds import Kind, Shares

type Description = tuple[str, str, bool]

# Names, descriptions and whether it is a counter, in the order of the exporters.
# The Nimiq one has taken "GH/S" over, although its miner prints kH/s.
ALWAYS: tuple[Description, ...] = (
    ("hashrate", "Hashrate (GH/S)", False),
    ("clock_speed", "Clock Speed (MHz)", False),
    ("temperature", "Temperature (C)", False),
    ("voltage", "VINT Voltage", False),
    ("errors", "Errors (%)", False),
    ("last_update", "Last updated", False),
)
SOLUTIONS: tuple[Description, ...] = (
    ("solutions_good", "good solutions", False),
    ("solutions_total", "total solutions", False),
)
CALCULATED: tuple[Description, ...] = (
    ("share_fail_calculated", "Share submission failures", False),
    ("errors_calculated", "Calculated Error %", False),
    ("share_good", "Good shares", False),
    ("share_bad", "Bad shares", True),
    ("share_percent", "% of bad shares", False),
    ("share_total", "Total shares", False),
)
DESCRIPTIONS: dict[Shares, tuple[Description, ...]] = {
    Shares.UNKNOWN: ALWAYS,
    Shares.LINE: (*ALWAYS, *SOLUTIONS, *CALCULATED),
    Shares.SOLUTIONS: (*ALWAYS, *SOLUTIONS, *CALCULATED),
    Shares.EVENTS: (
        *ALWAYS,
        *SOLUTIONS,
        ("share_good", "Good shares", True),
        ("share_bad", "Bad shares", True),
        ("share", "Total shares", True),
    ),
}


class Exporter:
    """One run of an exporter's process.

    A series exists from the moment it is first set: before the first statistics
    line there is none, a counter comes with its first event, and two of the metrics
    that the RB4 exporter declares never get a value.
    """

    def __init__(self, kind: Kind) -> None:
        """Start with nothing read."""
        self.stuck = False
        self._kind = kind
        self._values: dict[tuple[str, str], float] = {}
        self._created: dict[tuple[str, str], float] = {}

    def read(self, lines: Mapping[str, Statistics | None], shown: float) -> bool:
        """Read the logs and tell whether the process survived it.

        `shown` is what the computer's clock shows. Once a miner has begun its log
        anew, nothing more is ever read from it: the position in the file lies
        behind its end.
        """
        if self.stuck:
            return True
        return all(
            self._take(card, line, shown)
            for card, line in lines.items()
            if line is not None
        )

    def _take(self, card: str, line: Statistics, shown: float) -> bool:
        """Take over one card's line."""
        self._set(card, hashrate=line.hash_rate, clock_speed=line.mhz)
        self._set(card, temperature=line.temperature, voltage=line.volts)
        self._set(card, errors=line.error_percent, last_update=int(shown))
        if self._kind.solution_seconds is not None:
            self._set(
                card,
                solutions_good=line.solutions_good,
                solutions_total=line.solutions_total,
            )
        match self._kind.shares:
            case Shares.LINE:
                return self._divide(card, shown, line.shares_good, line.shares_total)
            case Shares.SOLUTIONS:
                good, total = line.solutions_good, line.solutions_total
                return self._divide(card, shown, good, total)
            case Shares.EVENTS:
                total, good = line.shares_total, line.shares_good
                self._count(card, shown, share_good=good, share_bad=total - good)
                self._count(card, shown, share=total)
        return True

    def _divide(self, card: str, shown: float, good: int, total: int) -> bool:
        """Work out the part of bad shares; the process dies of no shares at all."""
        if not total:
            return False
        self._count(card, shown, share_bad=total - good)
        self._set(card, share_good=good, share_total=total)
        self._set(card, share_percent=(total - good) / total * 100)
        return True

    def _set(self, card: str, **values: float) -> None:
        """Set gauges."""
        for name, value in values.items():
            self._values[name, card] = value

    def _count(self, card: str, shown: float, **totals: int) -> None:
        """Let counters count up to a total."""
        for name, total in totals.items():
            if total:
                self._created.setdefault((name, card), shown)
                self._values[name, card] = total

    def metrics(self, cards: Mapping[str, str]) -> list[Metric]:
        """Return all metrics; `cards` maps the cards to what they are called."""
        return [
            Metric(
                name=name,
                description=description,
                counter=counter,
                samples=[
                    Sample(
                        value=self._values[name, card],
                        labels={"card": label},
                        created=self._created.get((name, card)),
                    )
                    for card, label in cards.items()
                    if (name, card) in self._values
                ],
            )
            for name, description, counter in DESCRIPTIONS[self._kind.shares]
        ]
