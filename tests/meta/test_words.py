"""What people read is in plain words, the same ones everywhere."""

from collections.abc import Iterator
from pathlib import Path
import re

import yaml

from ..each import for_each
from .package import INTEGRATION, ROOT, load_json, texts

TEXTS = load_json(INTEGRATION / "translations" / "en.json")
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
BLUEPRINTS = sorted((ROOT / "blueprints").rglob("*.yaml"))

FOR_DEVELOPERS = {"contributing.md", "performance.md"}
"""Pages that speak of the code, and use its names."""

OLD = (
    r"is found out by itself",
    r"lets itself be told",
    r"that the miner did it",
    r"only need your consent",
    r"in % of the expected one",
    r"worked out from the ratio",
    r"lie (under|over) the chart",
    r"was measured in this time",
    r"^held back",
    r"^quietest",
    r"^quantity$",
    r"^protect$",
    r"^problem: problem$",
    r"what (it|a miner|the miner) (runs|ran) with",
    r"nothing was measured",
    r"quantities against each other",
    r"point at a circle",
    r"per miner and day$",
    r"of all miners per hour",
    r"open the settings of energy",
    r"show which one it is",
    r"before it lowered its settings itself",
    r"come half a minute later",
    r"the miner has taken it",
    r"the miner has its new address",
    r"gave nothing for the code",
    r"expert range",
    r"suffer from frequent polls",
    r"constant beside it",
    r"takes at the same socket",
    r"by a plug that measures",
    r"nobody asks the miner",
    r"what the miner is measured by",
    r"leave as it is follows the board",
    r"for \d+ minutes is a problem",
    r"certain that it is not chance",
    r"so many days ago",
    r"until somebody changes it",
    r"than before$",
    r"did not become",
    r"was to become",
    r"took it shows",
    r"if it got better",
    r"^look at:",
    r"^there was:",
    r"the price of now",
    r"but not before",
    r"to and fro",
    r"one bang",
    r"builds itself",
    r"does there shows",
    r"the least that the automatic fan",
    r"fan pursues",
    r"heater pursues",
    r"answers with what was measured",
    r"that did not work",
    r"bitaxe\.local",
)
"""Sentences that only made sense to whoever wrote them."""

BANNED = {
    r"tells?|told|says|said": "reports, shows, names",
    r"found out|finds? out": "detected",
    r"(does|did) not take|doesn't take|didn't take": "wrong, rejected, not applied",
    r"not taken": "not applied",
    r"away|gone|absent|not there": "offline",
    r"work again": "resume",
    r"bearing": "reference",
    r"prove[sd]?|proof": "verified, read back",
    r"VR": "voltage regulator",
    r"(?<!% )(?<!% vs\. )of expected": "% of expected",
    r"goes away|heals?": "clears automatically",
    r"(un)?throttles?|unthrottled": "save power, resume",
    r"poll intervals?": "update interval",
    r"fleet": "all miners",
}
"""Words that have a better one, which is the same everywhere."""

ALLOWED = (
    r"common\.dashboard_ratio_of_expected",  # the ratio brings its %
    r"common\.dashboard_no_such_view",  # the views' names as they are written in YAML
)
"""Places where a word is used in another sense."""


def in_pages(pages: list[Path]) -> Iterator[tuple[str, str]]:
    """Go through the lines of pages, without code and addresses."""
    for page in pages:
        text = page.read_text(encoding="utf-8")
        text = re.sub(r"^( *)```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
        text = re.sub(r"`[^`]*`|\]\([^)]*\)|https?://\S+", "", text)
        for line in re.split(r"\n\n|\n(?=[-|#\d])", text):
            yield page.name, " ".join(line.split())


class _Loader(yaml.SafeLoader):
    """Reads a blueprint, whose inputs have a tag."""


_Loader.add_constructor("!input", lambda *_: None)


def in_blueprints() -> Iterator[tuple[str, str]]:
    """Go through names and descriptions of the blueprints."""
    for path in BLUEPRINTS:
        text = path.read_text(encoding="utf-8")
        loaded = yaml.load(text, _Loader)
        for place, text in texts(loaded["blueprint"]):
            if re.search(r"\b(name|description|label)$", place):
                yield f"{path.name} {place}", re.sub(r"`[^`]*`|https?://\S+", "", text)


def read(*, code: bool) -> list[tuple[str, str]]:
    """Return all that people read; what is for developers only with ``code``."""
    pages = [page for page in PAGES if code or page.name not in FOR_DEVELOPERS]
    return [*texts(TEXTS), *in_pages(pages), *in_blueprints()]


@for_each("old", OLD)
def test_no_old_sentence(old: str) -> None:
    pattern = re.compile(old, re.IGNORECASE)
    assert [item for item in read(code=True) if pattern.search(item[1])] == []


@for_each("word", BANNED)
def test_the_word_of_the_glossary_is_used(word: str) -> None:
    flags = 0 if word.isupper() else re.IGNORECASE
    pattern = re.compile(rf"(?<![\w'-])({word})(?![\w-])", flags)
    found = [
        item
        for item in read(code=False)
        if pattern.search(item[1])
        and not any(re.search(allowed, " ".join(item)) for allowed in ALLOWED)
    ]
    assert found == [], BANNED[word]
