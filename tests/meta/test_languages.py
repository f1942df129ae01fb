"""The languages follow English, and none stays behind it unnoticed."""

from collections.abc import Mapping

import pytest

from scripts.rig import translations
from scripts.rig.translations import (
    LANGUAGES,
    SOURCE,
    Allowed,
    check,
    flat,
    hash_of,
    problems,
    read_made_from,
    renewed,
    texts_of,
    unneeded,
    written_made_from,
)

from ..each import for_each
from .package import INTEGRATION

ENGLISH = {
    "common.dashboard_fan": "Fan",
    "common.report_days": "Whole days, {first} to {last}",
    "common.report_away": "Times offline: {times}, {hours} h in total",
    "entity.sensor.power.name": "Power",
    "issues.stuck.description": "It doesn't hash.\n\nRestart {name}.",
}
GERMAN = {
    "common.dashboard_fan": "Lüfter",
    "common.report_days": "Ganze Tage, {first} bis {last}",
    "common.report_away": "Offline-Zeiten: {times}, insgesamt {hours} h",
    "entity.sensor.power.name": "Leistung",
    "issues.stuck.description": "Er hasht nicht.\n\nStarte {name} neu.",
}
NOTHING = Allowed()
MADE = {key: hash_of(text) for key, text in ENGLISH.items()}


def found(
    changed: Mapping[str, str],
    allowed: Allowed = NOTHING,
    english: Mapping[str, str] = ENGLISH,
) -> list[str]:
    """Return what is wrong where these texts stand instead."""
    return problems(english, {**GERMAN, **changed}, MADE, allowed)


def test_nothing_is_wrong() -> None:
    assert found({}) == []


@for_each(
    ("key", "text", "wrong"),
    [
        ("entity.sensor.power.name", "Power", "the same as in English"),
        ("entity.sensor.power.name", "<b>Leistung</b>", "markup"),
        ("entity.sensor.power.name", " Leistung", "spaces"),
        ("entity.sensor.power.name", "", "spaces"),
        ("entity.sensor.power.name", "Leistung.", "another end"),
        ("entity.sensor.power.name", "Aufgenommene Gesamtleistung", "27 char"),
        ("common.dashboard_fan", "Lüftergeschwindigkeit", "at most 17"),
        ("common.report_days", "Ganze Tage, {first} bis", "placeholders"),
        ("common.report_days", "{first} bis {last", "placeholders"),
        ("common.report_days", "{count, plural, one {Tag}} {first} {last}", "other"),
        ("common.report_days", "Tage '{first}' bis {last}", "apostrophe"),
        ("common.report_away", "{times} Mal offline, {hours} h", "number (Mal)"),
        ("issues.stuck.description", "Er steht. Starte {name} neu.", "other lines"),
    ],
)  # fmt: skip
def test_wrong(key: str, text: str, wrong: str) -> None:
    (line,) = [line for line in found({key: text}) if wrong in line]
    assert key in line


def test_more_and_less_than_in_english() -> None:
    less = {key: text for key, text in GERMAN.items() if not key.startswith("issues")}
    assert problems(ENGLISH, less, MADE, Allowed()) == [
        "missing: issues.stuck.description"
    ]
    assert found({"common.more": "Mehr"}) == ["not in English: common.more"]


def test_what_is_allowed() -> None:
    same = {"entity.sensor.power.name": "Power"}
    assert found(same, Allowed(same=frozenset({"Power"}))) == []
    counted = {"common.report_away": "{times} Mal offline, {hours} h"}
    reason = {"common.report_away": "the same form for all numbers"}
    assert found(counted, Allowed(numbers=reason)) == []
    assert found(counted, Allowed(neutral=frozenset({"mal"}))) == []
    long = {"common.dashboard_fan": "Lüftergeschwindigkeit"}
    assert found(long, Allowed(long={"common.dashboard_fan": "wraps"})) == []


def test_symbols_and_names_are_the_same_everywhere() -> None:
    for text in ("{count} h", "{name}: {what}", "Miner Monitor", "{mean} {unit}"):
        assert problems({"k": text}, {"k": text}, {"k": hash_of(text)}, Allowed()) == []


def test_a_changed_english_text_names_what_is_behind() -> None:
    english = {**ENGLISH, "entity.sensor.power.name": "Electric power"}
    assert found({}, english=english) == [
        "stale: the English text changed: entity.sensor.power.name"
    ]
    added = {**ENGLISH, "common.no": "No"}
    assert found({"common.no": "Nein"}, english=added) == ["new: common.no"]


def test_what_texts_were_made_from_is_kept() -> None:
    made = {"de": MADE, "pt-BR": {"entity.sensor.power.name": "00000000"}}
    written = written_made_from(made)
    assert read_made_from(written.splitlines()) == made
    assert len(written.splitlines()) == len(ENGLISH) + 1


def test_renewed() -> None:
    old = dict.fromkeys([*MADE, "common.gone"], "00000000")
    one = renewed({"de": old}, ENGLISH, GERMAN, "de", ["common.report_days"])
    assert one["de"] == {
        **dict.fromkeys(MADE, "00000000"),
        "common.report_days": MADE["common.report_days"],
    }
    assert renewed({"de": old, "fr": old}, ENGLISH, GERMAN, "de", []) == {
        "de": MADE,
        "fr": old,
    }


THERE = translations.languages()


def test_no_language_is_unknown() -> None:
    assert set(THERE) <= set(LANGUAGES)
    assert {path.name for path in (INTEGRATION / "translations").iterdir()} == {
        f"{language}.json" for language in (SOURCE, *THERE)
    }


@pytest.mark.parametrize("language", THERE)
def test_language(language: str) -> None:
    wrong = check(language)
    assert wrong == [], "`scripts/translations` lists it; see docs/translating.md"


@pytest.mark.parametrize("language", THERE)
def test_nothing_is_allowed_without_need(language: str) -> None:
    allowed = translations.allowances()[language]
    assert unneeded(texts_of(SOURCE), texts_of(language), allowed) == []


def test_every_text_is_found() -> None:
    assert dict(flat({"a": {"b": "1", "c": {"d": "2"}}})) == {"a.b": "1", "a.c.d": "2"}
    assert len(texts_of(SOURCE)) > 1000
