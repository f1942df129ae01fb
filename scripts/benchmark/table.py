"""The result of the bench: rows with a verdict, as a table and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Judged(StrEnum):
    """What a target limits."""

    VALUE = "value"
    RATIO = "ratio"
    DIFFERENCE = "difference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The most that our value, its ratio or its distance to the baseline may be."""

    judged: Judged
    limit: float
    aim: float | None = None

    def text(self, unit: str) -> str:
        """Return how the table names it."""
        aim = "" if self.aim is None else f", aim {self.aim:g}"
        match self.judged:
            case Judged.RATIO:
                return f"<= {self.limit:g} x"
            case Judged.DIFFERENCE:
                return f"<= +{self.limit:g} {unit}{aim}"
            case Judged.VALUE:
                return f"<= {self.limit:g} {unit}{aim}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measure: its baseline, ours, and what ours has to reach.

    Without a target it informs; `ratio` is given where it is more than the
    quotient of the two (as the median of paired ratios).
    """

    item: str
    measure: str
    unit: str
    baseline: float | None = None
    ours: float | None = None
    ratio: float | None = None
    target: Target | None = None
    digits: int = 2
    note: str = ""

    @property
    def quotient(self) -> float | None:
        """Return ours in units of the baseline."""
        if self.ratio is not None:
            return self.ratio
        if self.ours is None or not self.baseline:
            return None
        return self.ours / self.baseline

    @property
    def passed(self) -> bool | None:
        """Return whether the target is met; None without a target."""
        if self.target is None:
            return None
        value = self._judged_value(self.target)
        return value is not None and value <= self.target.limit

    def _judged_value(self, target: Target) -> float | None:
        match target.judged:
            case Judged.RATIO:
                return self.quotient
            case Judged.DIFFERENCE:
                if self.ours is None or self.baseline is None:
                    return None
                return self.ours - self.baseline
            case Judged.VALUE:
                return self.ours

    def as_json(self) -> dict[str, Any]:
        """Return the row as JSON types."""
        target = self.target
        return {
            "item": self.item,
            "measure": self.measure,
            "unit": self.unit,
            "baseline": self.baseline,
            "ours": self.ours,
            "ratio": self.quotient,
            "target": target and {"judged": target.judged, "limit": target.limit},
            "passed": self.passed,
            "note": self.note,
        }


def missed(rows: Sequence[Row]) -> list[Row]:
    """Return the rows whose target is not met."""
    return [row for row in rows if row.passed is False]


def render(rows: Sequence[Row]) -> str:
    """Return the table as Markdown, which reads well on a console too."""
    head = ["", "measure", "baseline", "ours", "ratio", "target", "verdict"]
    body = [_cells(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    lines = [_line(head, widths), _line(["-" * width for width in widths], widths)]
    lines += [_line(cells, widths) for cells in body]
    notes = [f"{row.item} {row.measure}: {row.note}" for row in rows if row.note]
    return "\n".join([*lines, "", *notes]).rstrip()


def _cells(row: Row) -> list[str]:
    verdict = {None: "", True: "ok", False: "MISSED"}[row.passed]
    ratio = "" if row.quotient is None else f"{row.quotient:.2f}"
    return [
        row.item,
        row.measure,
        _number(row.baseline, row),
        _number(row.ours, row),
        ratio,
        row.target.text(row.unit) if row.target else "",
        verdict,
    ]


def _number(value: float | None, row: Row) -> str:
    return "" if value is None else f"{value:.{row.digits}f} {row.unit}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"
