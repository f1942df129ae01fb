"""Words of a report in the language of Home Assistant, safe inside Markdown."""

from collections.abc import Mapping
import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_cached_translations

from ..const import DOMAIN
from ..miners.model import Changes
from ..sensors.insight import settings_text

MOST_CHARACTERS = 64

_SIGNS = re.compile(r"([\\`*_\[\]<>#|~&$!])")
_LINKS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)


def escaped(text: str) -> str:
    """Write a text so that Markdown shows it as it is, without links and tags.

    A sign of Markdown gets a backslash; the rest stays, for phones show all signs.
    """
    printable = "".join(char for char in text if char.isprintable())
    short = printable.strip()[:MOST_CHARACTERS]
    return _LINKS.sub(r"\\", _SIGNS.sub(r"\\\1", short))


class Texts:
    """The words of one language; taken in the event loop, used anywhere."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Take the words of Home Assistant's language."""
        language = hass.config.language
        self._words: Mapping[str, str] = async_get_cached_translations(
            hass, language, "common", DOMAIN
        )
        self._names: Mapping[str, str] = async_get_cached_translations(
            hass, language, "entity", DOMAIN
        )

    def say(self, key: str, **values: Any) -> str:
        """Return a sentence with these values in it."""
        text = self._words.get(f"component.{DOMAIN}.common.report_{key}", key)
        return text.format_map(values)

    def setting(self, settings: Changes) -> str:
        """Write settings in words; work modes as the select names them."""
        return settings_text(
            {
                setting: self._mode(value) if isinstance(value, str) else value
                for setting, value in settings.items()
            }
        )

    def _mode(self, mode: str) -> str:
        path = f"component.{DOMAIN}.entity.select.work_mode.state.{mode}"
        return self._names.get(path, mode)
