"""Numbers, days and times as each language writes them."""

from datetime import UTC, date, datetime
import re

import pytest

from custom_components.miner_monitor.notation import (
    NOTATIONS,
    PLAIN,
    Notation,
    notation_of,
)
from scripts.rig.translations import LANGUAGES, SOURCE, texts_of

MOMENT = datetime(2026, 12, 2, 14, 5, tzinfo=UTC)
WRITTEN = {
    "en": ("1234.5", "12,345.7", "1.15", "2026-12-02 14:05", "12-02", "Mon 2"),
    "de": ("1234,5", "12.345,7", "1,15", "02.12.2026 14:05", "02.12.", "Mon 2."),
    "es": ("1234,5", "12.345,7", "1,15", "02/12/2026 14:05", "02/12", "Mon 2"),
    "fr": ("1234,5", "12 345,7", "1,15", "02/12/2026 14:05", "02/12", "Mon 2"),
    "nl": ("1234,5", "12.345,7", "1,15", "02-12-2026 14:05", "02-12", "Mon 2"),
    "it": ("1234,5", "12.345,7", "1,15", "02/12/2026 14:05", "02/12", "Mon 2"),
    "pl": ("1234,5", "12 345,7", "1,15", "02.12.2026 14:05", "02.12", "Mon 2"),
    "pt-BR": ("1234,5", "12.345,7", "1,15", "02/12/2026 14:05", "02/12", "Mon 2"),
    "cs": ("1234,5", "12 345,7", "1,15", "2. 12. 2026 14:05", "2. 12.", "Mon 2."),
}


@pytest.mark.parametrize("language", WRITTEN)
def test_written(language: str) -> None:
    notation = notation_of(language)
    assert WRITTEN[language] == (
        notation.fixed(1234.5, 1),
        notation.fixed(12345.678, 1),
        notation.plain(1.15),
        notation.moment(MOMENT),
        notation.day_of_year(MOMENT),
        notation.day_of_week("Mon", MOMENT),
    )


def test_every_language_has_one() -> None:
    assert set(NOTATIONS) == set(WRITTEN) == {SOURCE, *LANGUAGES}


def test_a_language_without_texts_is_written_as_english() -> None:
    assert notation_of("eo") is PLAIN


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (0.0, 2, "0,00"),
        (-0.5, 1, "-0,5"),
        (9999.4, 0, "9999"),
        (9999.6, 0, "10.000"),
        (-1234567.0, 0, "-1.234.567"),
    ],
)
def test_fixed(value: float, digits: int, expected: str) -> None:
    assert notation_of("de").fixed(value, digits) == expected


def test_plain() -> None:
    german: Notation = notation_of("de")
    assert [german.plain(value) for value in (525.0, 1.2, 0.5)] == ["525", "1,2", "0,5"]
    assert german.telling(4.294, 3) == "4,29"


def test_rewritten() -> None:
    german = notation_of("de")
    assert german.rewritten("525 MHz, 1.150 V") == "525 MHz, 1,150 V"
    assert german.rewritten("Done. 5 times") == "Done. 5 times"
    assert PLAIN.rewritten("525 MHz, 1.150 V") == "525 MHz, 1.150 V"


def test_days() -> None:
    assert notation_of("nl").date(date(2026, 3, 1)) == "01-03-2026"
    assert PLAIN.date(date(2026, 3, 1)) == "2026-03-01"


@pytest.mark.parametrize("language", WRITTEN)
def test_signs_are_those_of_the_texts(language: str) -> None:
    """What the code writes looks like what stands in the texts, and in cards."""
    notation, texts = notation_of(language), texts_of(language)
    pair = texts["common.dashboard_pair"].format(name="Power", value="15 W")
    assert notation.pair("Power", "15 W") == pair
    assert notation.measured("15", "W") == "15 W"
    assert notation.measured("15", "") == "15"
    percent = notation.measured("15", "%").removeprefix("15")
    found = {
        match[1]
        for text in texts.values()
        for match in re.finditer(r"[\d}](\s?%)(?!\w)", text)
    }
    assert found == {percent}
