"""Words of a report in the language of Home Assistant."""

from collections.abc import Mapping
from typing import Any

from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from ..miners.model import Changes
from ..runtime.ha_compat import texts_of
from ..sensors.insight import settings_text


class Texts:
    """The words of one language; taken in the event loop, used anywhere."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Take the words of Home Assistant's language."""
        self._words: Mapping[str, str] = texts_of(hass, "common")
        self._names: Mapping[str, str] = texts_of(hass, "entity")

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
