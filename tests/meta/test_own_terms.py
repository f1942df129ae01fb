"""Home Assistant's own things have the names that its frontend gives them."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
import re

import pytest

from custom_components.miner_monitor.notation import notation_of
from scripts.rig.translations import languages, texts_of

from .package import INTEGRATION, load_json

PAGES = {
    "Devices & services": ("config", "ui.panel.config.dashboard.devices.main"),
    "Voice assistants": ("config", "ui.panel.config.dashboard.voice_assistants.main"),
    "Settings(?= >|, | →)": ("", "panel.config"),
    "Dashboards(?= →)": ("config", "ui.panel.config.dashboard.dashboards.main"),
    "Add device": ("config", "ui.panel.config.energy.device_consumption.add_device"),
}
"""Names of pages and buttons, which somebody looks for."""

_TYPES = "ui.components.selectors.selector.types"
TERMS = {
    "area": ("", f"{_TYPES}.area"),
    "automations?": ("config", "ui.panel.config.automation.caption"),
    "dashboards?": ("lovelace", "ui.panel.lovelace.editor.select_view.dashboard_label"),
    "device": ("", "config_entry.disabled_by.device"),
    "entit(?:y|ies)": ("", f"{_TYPES}.entity"),
    "helpers?": ("config", "ui.panel.config.helpers.caption"),
    "integrations?": ("", "config_entry.disabled_by.integration"),
}
"""Words, of which many languages change the end."""

STEM = 4
SENTENCE = 20
"""Shorter texts are labels, which may do without a word."""


def frontend_folder() -> Path:
    """Return where the frontend is installed."""
    found = find_spec("hass_frontend")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


@cache
def frontend_text(language: str, part: str, key: str) -> str:
    """Return a text of the frontend that is installed."""
    (file,) = (
        path
        for path in Path(frontend_folder(), "static/translations", part).glob("*.json")
        if re.fullmatch(rf"{language}-[0-9a-f]+\.json", path.name)
    )
    text = load_json(file)[key]
    assert isinstance(text, str)
    return text


def bare(text: str) -> str:
    return re.sub(r"\{\w+\}", " ", text)


@pytest.mark.parametrize("language", ["en", *languages()])
def test_names_of_pages(language: str) -> None:
    english, other = texts_of("en"), texts_of(language)
    for name, (part, key) in PAGES.items():
        named = [path for path, text in english.items() if re.search(name, text)]
        assert named
        term = frontend_text(language, part, key)
        assert [path for path in named if term not in other[path]] == [], term


@pytest.mark.parametrize("language", languages())
def test_terms(language: str) -> None:
    english, other = texts_of("en"), texts_of(language)
    for word, (part, key) in TERMS.items():
        pattern = re.compile(rf"\b{word}\b", re.IGNORECASE)
        named = [
            path
            for path, text in english.items()
            if len(text) >= SENTENCE and pattern.search(bare(text))
        ]
        assert named
        stem = frontend_text(language, part, key)[:STEM].casefold()
        missing = [path for path in named if stem not in other[path].casefold()]
        assert missing == [], (word, stem)


def test_per_cent() -> None:
    """The frontend puts a blank before the sign in the same languages."""
    pattern = re.compile(r'((?:case"\w+":)+)return"[ \u00a0]";default:return""')
    for path in Path(frontend_folder(), "frontend_latest").glob("*.js"):
        if match := pattern.search(path.read_text(encoding="utf-8")):
            break
    else:
        pytest.fail("it is not found in the frontend")
    spaced = set(re.findall(r'"(\w+)"', match[1]))
    written = {
        language: notation_of(language).measured("1", "%")
        for language in ("en", *languages())
    }
    assert written == {
        language: "1\u00a0%" if language in spaced else "1%" for language in written
    }
    module = (INTEGRATION / "frontend/modules/lib/words.js").read_text(encoding="utf-8")
    (ours,) = re.findall(r"BLANK_BEFORE_PERCENT = new Set\(\[(.*)\]\)", module)
    assert set(re.findall(r'"(\w+)"', ours)) == spaced
