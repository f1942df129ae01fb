"""What limits the watts of all miners by a choice that is kept in the options."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
import time
from typing import Any, ClassVar, Literal

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import LOGGER
from ..control.model import NOBODY, Requester
from .power import FleetPower

_AGAIN = 60.0
"""Seconds after which it is tried again where the limit could not be stored."""


class Limiter:
    """Has one of the limits of a wish be what a choice comes to."""

    LIMIT: ClassVar[Literal["limit", "heat"]]
    """The name of the limit in a wish."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        power: FleetPower,
        changed: Callable[[], None],
    ) -> None:
        """Take whom to limit; what is chosen is an option of the entry."""
        self._hass = hass
        self._entry = entry
        self._power = power
        self._changed = changed
        self._not_before = 0.0
        self._setting = False

    @callback
    def choose(self, **options: Any) -> None:
        """Keep another choice in the options."""
        self._hass.config_entries.async_update_entry(
            self._entry, options={**self._entry.options, **options}
        )
        self._changed()

    @abstractmethod
    def requester(self) -> Requester:
        """Return the name by which each miner says who controls it."""

    @callback
    def ask(self, power: float | None, why: str) -> None:
        """Have another limit in W hold, None for none.

        With another ``why`` all miners take part again; it is empty for no reason.
        What cannot be stored is tried again later.
        """
        wish, name = self._power.wish, self.LIMIT
        if self._setting or (getattr(wish, name), getattr(wish, f"{name}_for")) == (
            power,
            why,
        ):
            return
        if (now := time.monotonic()) < self._not_before:
            return
        self._not_before, self._setting = now + _AGAIN, True
        by = self.requester() if why else NOBODY
        asked = {name: power, f"{name}_by": by, f"{name}_for": why}
        self._entry.async_create_background_task(
            self._hass, self._async_set(asked), f"{self._entry.title} {name}"
        )

    async def _async_set(self, asked: dict[str, Any]) -> None:
        try:
            await self._power.async_set(replace(self._power.wish, **asked))
        except HomeAssistantError as err:
            LOGGER.warning("%s: %s", self._entry.title, err)
        else:
            self._not_before = 0.0
        finally:
            self._setting = False
