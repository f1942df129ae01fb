"""How numbers, days and times are written in a language; knows no Home Assistant.

Home Assistant has no such thing on its server: a user's profile has it, and messages
have no user. Of a language that has no texts here the English ones are shown, and the
notation is theirs: days as ISO 8601 has them, which no country reads the wrong way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
import re

GROUPED = 10_000
"""Smaller numbers stand without a sign between thousands and hundreds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notation:
    """The signs and orders of one language."""

    decimal: str = "."
    group: str = ","
    day: str = "{y}-{m:02}-{d:02}"
    short_day: str = "{m:02}-{d:02}"
    weekday: str = "{name} {d}"
    percent: str = "%"
    colon: str = ": "

    def fixed(self, value: float, digits: int) -> str:
        """Write a number with so many decimals."""
        grouped = abs(round(value, digits)) >= GROUPED
        return self._signs(f"{value:{',' if grouped else ''}.{digits}f}")

    def plain(self, value: float) -> str:
        """Write a number with the decimals that it has, at most six digits."""
        return self._signs(f"{value:.6g}")

    def telling(self, value: float, digits: int) -> str:
        """Write a number with so many digits."""
        return self._signs(f"{value:.{digits}g}")

    def _signs(self, written: str) -> str:
        signs = {".": self.decimal, ",": self.group}
        return "".join(signs.get(sign, sign) for sign in written)

    def measured(self, number: str, unit: str) -> str:
        """Put a unit, if there is one, behind a number that is written."""
        if unit == "%":
            return f"{number}{self.percent}"
        return f"{number} {unit}".rstrip()

    def pair(self, name: str, value: str) -> str:
        """Write a name and its value."""
        return f"{name}{self.colon}{value}"

    def rewritten(self, text: str) -> str:
        """Write the numbers of a text that is in plain notation, such as 1.15 V."""
        return re.sub(r"(?<=\d)\.(?=\d)", self.decimal, text)

    def date(self, moment: date) -> str:
        """Write a day."""
        return self.day.format(y=moment.year, m=moment.month, d=moment.day)

    def day_of_year(self, moment: datetime) -> str:
        """Write a day without its year."""
        return self.short_day.format(m=moment.month, d=moment.day)

    def day_of_week(self, name: str, moment: datetime) -> str:
        """Write a day with the name that it has in its week."""
        return self.weekday.format(name=name, d=moment.day)

    def time(self, moment: datetime) -> str:
        """Write a time of day; all of these languages count to 24."""
        return f"{moment:%H:%M}"

    def moment(self, moment: datetime) -> str:
        """Write a day and a time."""
        return f"{self.date(moment)} {self.time(moment)}"


_SPACED_PERCENT = "\u00a0%"
"""As in the frontend of Home Assistant."""

PLAIN = Notation()
"""That of English, and of all that is read by programs."""

_DOTTED = {"day": "{d:02}.{m:02}.{y}", "short_day": "{d:02}.{m:02}"}
_SLASHED = {"day": "{d:02}/{m:02}/{y}", "short_day": "{d:02}/{m:02}"}

NOTATIONS: Mapping[str, Notation] = {
    "en": PLAIN,
    "de": Notation(
        decimal=",",
        group=".",
        day="{d:02}.{m:02}.{y}",
        short_day="{d:02}.{m:02}.",
        weekday="{name} {d}.",
        percent=_SPACED_PERCENT,
    ),
    "es": Notation(decimal=",", group=".", **_SLASHED),
    "fr": Notation(
        decimal=",",
        group=" ",
        percent=_SPACED_PERCENT,
        colon="\u00a0: ",
        **_SLASHED,
    ),
    "nl": Notation(
        decimal=",",
        group=".",
        day="{d:02}-{m:02}-{y}",
        short_day="{d:02}-{m:02}",
    ),
    "it": Notation(decimal=",", group=".", **_SLASHED),
    "pl": Notation(decimal=",", group=" ", **_DOTTED),
    "pt-BR": Notation(decimal=",", group=".", **_SLASHED),
    "cs": Notation(
        decimal=",",
        group=" ",
        day="{d}. {m}. {y}",
        short_day="{d}. {m}.",
        weekday="{name} {d}.",
        percent=_SPACED_PERCENT,
    ),
}


def notation_of(language: str) -> Notation:
    """Return the notation of a language."""
    return NOTATIONS.get(language, PLAIN)
