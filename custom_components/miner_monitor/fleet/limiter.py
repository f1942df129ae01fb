"""A limit of the watts of all miners, kept in the background."""

from dataclasses import replace
import time
from typing import Any, Literal

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import LOGGER
from ..control.model import NOBODY, Requester
from .power import FleetPower

_AGAIN = 60.0
"""Seconds after which it is tried again where the limit could not be stored."""


class Limiter:
    """Has one of the limits of a wish be what it is asked for."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        power: FleetPower,
        name: Literal["limit", "heat"],
    ) -> None:
        """Take whom to limit, and the name of the limit in a wish."""
        self._hass = hass
        self._entry = entry
        self._power = power
        self._name = name
        self._not_before = 0.0
        self._setting = False

    @callback
    def ask(self, power: float | None, by: Requester, why: str) -> None:
        """Have another limit in W hold, None for none.

        With another ``why`` all miners take part again; it is empty for no reason.
        What cannot be stored is tried again later.
        """
        wish, name = self._power.wish, self._name
        if self._setting or (getattr(wish, name), getattr(wish, f"{name}_for")) == (
            power,
            why,
        ):
            return
        if (now := time.monotonic()) < self._not_before:
            return
        self._not_before, self._setting = now + _AGAIN, True
        asked = {name: power, f"{name}_by": by if why else NOBODY, f"{name}_for": why}
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
