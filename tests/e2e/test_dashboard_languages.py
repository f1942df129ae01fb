"""Somebody who reads no English adds a miner, looks at the dashboard, and repairs."""

from collections.abc import AsyncIterator, Iterable
import re

from playwright.async_api import Browser
import pytest

from scripts.rig.check import complaints
from scripts.rig.hass import DOMAIN, HassProcess
from scripts.rig.translations import languages, texts_of

from .conftest import OpenDashboard
from .dashboard import TABS, VIEWS, Dashboard
from .seeded import KINDS, OFF, SeededHouse, seeded_house

FIRST = "de"
"""The language of this house from the start, and of the short form."""

NARROW = ("de", "pl")
"""Languages of long words, whose labels are measured on a phone."""

SHOWN = ("gamma", "q", OFF)
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
MODELS = re.compile(r"\b(?:Gamma|Avalon|Ultra|Q|Bitaxe|Canaan)\b")

EACH = [
    pytest.param(
        language, marks=[] if language == FIRST else [pytest.mark.campaign], id=language
    )
    for language in languages()
]


@pytest.fixture(scope="module")
async def abroad(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SeededHouse]:
    """Run a house in which nobody ever spoke English."""
    miners = [miner for miner in KINDS if miner.name in SHOWN]
    directory = tmp_path_factory.mktemp("abroad")
    async with seeded_house(directory, miners, FIRST) as seeded:
        yield seeded
    assert complaints(seeded.hass.log) == []


async def speak(hass: HassProcess, language: str) -> None:
    """Let Home Assistant and its user speak a language."""
    await hass.api.command("config/core/update", language=language)
    profile = dict.fromkeys(("number_format", "time_format", "date_format"), "language")
    await hass.api.command(
        "frontend/set_user_data",
        key="language",
        value={**profile, "language": language, "time_zone": "local"},
    )
    # Entities take their names when they are added.
    for entry in await hass.api.entries(DOMAIN):
        path = f"config/config_entries/entry/{entry['entry_id']}/reload"
        await hass.api.post(path)


class Reader:
    """Knows which texts are English and have another form in a language."""

    def __init__(self, language: str) -> None:
        """Read the texts."""
        english, other = texts_of("en"), texts_of(language)
        also = {text.casefold() for text in other.values()}
        self._texts = {
            text
            for key, text in english.items()
            if other[key] != text
            and text.casefold() not in also
            and re.search(r"[A-Za-z]{2,}", bare(text))
        }
        self._patterns = [
            re.compile(self._pattern(text))
            for text in self._texts
            if "{" in text and len(re.findall(r"[A-Za-z]{2,}", bare(text))) > 1
        ]
        self._other = [
            re.compile(self._pattern(text)) for text in other.values() if "{" in text
        ]

    @staticmethod
    def _pattern(text: str) -> str:
        return re.sub(r"\\\{\w+\\\}", ".+?", re.escape(text))

    def english(self, seen: Iterable[str]) -> set[str]:
        """Return what is English of what was seen."""
        parts = {
            part.strip() for text in seen for part in re.split(r" · |\n|: ", text)
        } | set(seen)
        return {
            part
            for part in parts
            if part in self._texts
            or (
                any(one.fullmatch(part) for one in self._patterns)
                and not any(one.fullmatch(part) for one in self._other)
            )
        }


def bare(text: str) -> str:
    """Return a text without its placeholders."""
    return re.sub(r"\{\w+\}", " ", text)


def views(house: SeededHouse) -> list[str]:
    """Return the paths of all kinds of views."""
    tabs = [house.view_of(name, tab) for name in ("gamma", "q") for tab in TABS]
    return [*VIEWS, *map(house.view_of, SHOWN), *tabs]


async def seen_in(dashboard: Dashboard, view: str) -> list[str]:
    await dashboard.go(view)
    await dashboard.check()
    texts: list[str] = await dashboard.look("texts")
    return texts


@pytest.mark.parametrize("language", EACH)
async def test_no_view_is_english(
    open_dashboard: OpenDashboard, abroad: SeededHouse, language: str
) -> None:
    await speak(abroad.hass, language)
    reader, found = Reader(language), dict[str, set[str]]()
    dashboard = await open_dashboard(abroad.hass.api)
    await dashboard.open()
    for view in views(abroad):
        seen = await seen_in(dashboard, view)
        assert len(seen) > 5
        if english := reader.english(seen):
            found[view] = english
    assert found == {}


@pytest.mark.parametrize("language", EACH)
async def test_no_label_is_cut_off_on_a_phone(
    open_dashboard: OpenDashboard, abroad: SeededHouse, language: str
) -> None:
    await speak(abroad.hass, language)
    dashboard = await open_dashboard(abroad.hass.api, **PHONE)
    await dashboard.open()
    found = dict[str, list[str]]()
    for view in views(abroad):
        await dashboard.go(view)
        await dashboard.check()
        cut: list[str] = await dashboard.look("cut")
        labels = [text for text in cut if not MODELS.search(text)]
        if labels:
            found[view] = labels
        assert await dashboard.look("wide") == []
    assert found == {}
