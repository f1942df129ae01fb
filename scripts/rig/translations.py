"""Checks the languages of the integration against English, their source.

What each text was made from is kept as a short hash beside this module, so that a
changed English text names the languages that are behind it. See docs/translating.md.
"""

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
import hashlib
import json
from pathlib import Path
import re
from string import Formatter
import sys
import tomllib
from typing import Any

from .hass import REPOSITORY

SOURCE = "en"
FOLDER = REPOSITORY / "custom_components" / "miner_monitor" / "translations"
KEPT = Path(__file__).with_name("languages")
MADE_FROM = KEPT / "made_from.txt"
ALLOWED = KEPT / "allowed.toml"

LANGUAGES = ("de", "es", "fr", "nl", "it", "pl", "pt-BR", "cs")
"""Those that there are to be, beside English."""

type Texts = Mapping[str, str]
"""Texts by the way to them: entity.sensor.power.name."""

type MadeFrom = Mapping[str, Mapping[str, str]]
"""By the language, the hash of the English text that each text was made from."""

NUMBERS = frozenset(
    {
        *("accepted", "blocks", "count", "days", "done", "every", "failed", "hours"),
        *("miners", "online", "rejected", "restarts", "saving", "seconds", "times"),
        *("total",),
    }
)
"""Placeholders that stand for a number without its unit."""

NUMBERS_OF = {
    "issues.stalls_again.description": {"limit"},
    "issues.too_many_writes.description": {"limit"},
}

UNITS = frozenset({"h", "d", "min", "s", "W", "kWh", "V", "MHz", "TH/s", "MiB"})
NAMES = (
    *("Miner Monitor", "Home Assistant", "AxeOS", "NerdOS", "Avalon", "Bitaxe"),
    *("Prometheus", "Tibber", "Nord Pool", "ENTSO-e", "EPEX", "Octopus"),
    *("J/TH", "TH/s", "GH/s", "MH/s", "kWh", "MHz", "mV", "rpm", "CSV", "LED", "DNA"),
    *("Wi-Fi", "IP", "MAC", "IPv4", "SHA-256", "cgminer", "bitaxe-monitor"),
)  # fmt: skip

LABEL = re.compile(
    r"entity\.\w+\.\w+\.(?:name|state\.\w+)|device\.\w+\.name"
    r"|common\.dashboard_(?!.*(?:option|form)_)\w+|common\.report_chart_quantity_\w+"
)
"""What stands in one line: neither forms nor lists of attributes."""

LONGEST_LABEL = 32
"""What is longer in English is a sentence, which wraps."""

ROOM = {"entity": 26, "device": 26}
"""Characters for which there is room in any case; in others, for some more."""

MORE = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What a language may do in spite of the rules."""

    same: frozenset[str] = frozenset()
    """Texts that are the same in English."""
    neutral: frozenset[str] = frozenset()
    """Words that follow a number and are the same for all numbers."""
    numbers: Mapping[str, str] = field(default_factory=dict)
    """Keys with another word behind a number, and the reason why that is right."""
    long: Mapping[str, str] = field(default_factory=dict)
    """Keys of labels that may be longer, and where they have the room."""


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Give every text of a file of translations with the way to it."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flat(item, f"{path}.{key}" if path else key)
    else:
        yield path, value


def texts_of(language: str) -> Texts:
    """Return the texts of a language."""
    content = (FOLDER / f"{language}.json").read_text(encoding="utf-8")
    return dict(flat(json.loads(content)))


def languages() -> list[str]:
    """Return the languages that there are, without the source."""
    return sorted({path.stem for path in FOLDER.glob("*.json")} - {SOURCE})


def hash_of(text: str) -> str:
    """Return what stands for an English text."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def placeholders(text: str) -> set[str] | None:
    """Return the names in braces; None where the braces are wrong."""
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return None


def read_made_from(lines: Iterable[str]) -> dict[str, dict[str, str]]:
    """Read lines of: the way to a text, a hash, the languages that were made of it."""
    made: dict[str, dict[str, str]] = {}
    for line in lines:
        key, kept, *known = line.split()
        for language in known:
            made.setdefault(language, {})[key] = kept
    return made


def written_made_from(made: MadeFrom) -> str:
    """Write one line for all languages that were made from the same English text."""
    rows: dict[tuple[str, str], list[str]] = {}
    for language, hashes in sorted(made.items()):
        for key, kept in hashes.items():
            rows.setdefault((key, kept), []).append(language)
    return "".join(
        f"{key} {kept} {' '.join(known)}\n"
        for (key, kept), known in sorted(rows.items())
    )


def renewed(
    made: MadeFrom, english: Texts, other: Texts, language: str, keys: Iterable[str]
) -> dict[str, dict[str, str]]:
    """Note that texts of a language follow English, all of them if none is named.

    What is no text any more is forgotten.
    """
    there = english.keys() & other.keys()
    chosen = set(keys) or there
    kept = made.get(language, {})
    hashes = {
        key: hash_of(english[key]) if key in chosen else kept[key]
        for key in there
        if key in chosen or key in kept
    }
    return {**{known: dict(made[known]) for known in made}, language: hashes}


def problems(
    english: Texts, other: Texts, made: Mapping[str, str], allowed: Allowed
) -> list[str]:
    """Return what is wrong in a language, each with its key."""
    return [
        *(f"missing: {key}" for key in english if key not in other),
        *(f"not in English: {key}" for key in other if key not in english),
        *stale(english, other, made),
        *(
            f"{wrong}: {key}: {other[key]}"
            for key in english
            if key in other
            for wrong in wrong_in(key, english[key], other[key], allowed)
        ),
    ]


def stale(english: Texts, other: Texts, made: Mapping[str, str]) -> list[str]:
    """Return the texts that do not follow the present English ones."""
    return [
        f"{'stale: the English text changed' if key in made else 'new'}: {key}"
        for key in english
        if key in other and made.get(key) != hash_of(english[key])
    ]


def wrong_in(key: str, english: str, text: str, allowed: Allowed) -> Iterator[str]:
    """Give what is wrong with a text."""
    if placeholders(text) != placeholders(english):
        yield "other placeholders than in English"
    if re.search(r"<[a-z/!]|\[%key:", text, re.IGNORECASE):
        yield "markup"
    if text != text.strip() or "  " in text or not text:
        yield "spaces"
    # There an apostrophe begins what is taken as it is.
    if re.search(r"'[{}<]", text):
        yield "an apostrophe (') before a brace: write \u2019"
    if _end(text) != _end(english):
        yield "another end than in English"
    if text.count("\n") != english.count("\n"):
        yield "other lines than in English"
    if (text == english) and not _may_be_same(text, allowed):
        yield "the same as in English"
    if key not in allowed.numbers and (word := counted(key, text, allowed)):
        yield f"a word that follows a number ({word})"
    if key not in allowed.long and length_of(text) > longest(key, english):
        yield f"{length_of(text)} characters, at most {longest(key, english)}"


def _end(text: str) -> str:
    return match[0] if (match := re.search(r"[.?!…:]$", text)) else ""


def _may_be_same(text: str, allowed: Allowed) -> bool:
    bare = re.sub(r"\{\w+\}", " ", text)
    for name in NAMES:
        bare = bare.replace(name, " ")
    words = re.findall(r"[^\W\d_]+", bare)
    return text in allowed.same or all(word in UNITS for word in words)


def counted(key: str, text: str, allowed: Allowed) -> str | None:
    """Return the word behind a number that would have to follow it, if there is one."""
    names = NUMBERS | NUMBERS_OF.get(key, set())
    for match in re.finditer(r"\{(\w+)\}[ \u00a0\u202f]+([^\W\d_][\w/-]*)", text):
        name, word = match.groups()
        if name in names and word not in UNITS and word.lower() not in allowed.neutral:
            return word
    return None


def length_of(text: str) -> int:
    """Return how long a text is where a number takes each of its places."""
    return len(re.sub(r"\{\w+\}", "0", text))


def longest(key: str, english: str) -> float:
    """Return how long a text may be: only labels have an end."""
    size = length_of(english)
    if not LABEL.fullmatch(key) or len(english) > LONGEST_LABEL or _end(english):
        return float("inf")
    return max(round(1.6 * size), ROOM.get(key.partition(".")[0], size + MORE))


def allowances() -> dict[str, Allowed]:
    """Read what each language may do."""
    content = tomllib.loads(ALLOWED.read_text(encoding="utf-8"))
    return {
        language: Allowed(
            same=frozenset(content["same"].get(language, [])),
            neutral=frozenset(content["neutral"].get(language, [])),
            numbers=content.get("numbers", {}).get(language, {}),
            long=content.get("long", {}).get(language, {}),
        )
        for language in (SOURCE, *LANGUAGES)
    }


def unneeded(english: Texts, other: Texts, allowed: Allowed) -> list[str]:
    """Return what is allowed without need."""
    bare = Allowed(neutral=allowed.neutral)
    found = {key: list(wrong_in(key, english[key], other[key], bare)) for key in other}
    same = {text for key, text in other.items() if text == english[key]}
    return [
        *sorted(allowed.same - same),
        *(key for key in allowed.numbers if not _any(found.get(key), "a word")),
        *(key for key in allowed.long if not _any(found.get(key), "characters")),
    ]


def _any(found: list[str] | None, part: str) -> bool:
    return any(part in wrong for wrong in found or ())


def made_from() -> dict[str, dict[str, str]]:
    """Read what the texts of all languages were made from."""
    return read_made_from(MADE_FROM.read_text(encoding="utf-8").splitlines())


def check(language: str) -> list[str]:
    """Return what is wrong in a language that there is."""
    return problems(
        texts_of(SOURCE),
        texts_of(language),
        made_from().get(language, {}),
        allowances()[language],
    )


def main() -> int:
    """List what is wrong, or note what was renewed."""
    parser = ArgumentParser(prog="scripts/translations", description=__doc__)
    parser.add_argument("--renewed", metavar="LANGUAGE", choices=languages())
    parser.add_argument("keys", nargs="*", metavar="KEY")
    told = parser.parse_args()
    if told.renewed:
        english, other = texts_of(SOURCE), texts_of(told.renewed)
        if unknown := sorted(set(told.keys) - english.keys()):
            parser.error(f"no texts: {', '.join(unknown)}")
        made = renewed(made_from(), english, other, told.renewed, told.keys)
        MADE_FROM.write_text(written_made_from(made), encoding="utf-8")
    wrong = 0
    for language in languages():
        found = check(language)
        wrong += len(found)
        print(f"{language}: {len(found) or 'nothing'} to do")
        for line in found:
            print(f"  {line}")
    for language in LANGUAGES:
        if language not in languages():
            print(f"{language}: not there yet")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
