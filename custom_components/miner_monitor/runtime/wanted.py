"""Whether somebody looks at all that miners can tell, for a question more."""

import time

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN

WANTED_FOR = 3600.0
"""Seconds since somebody looked last; who looks less often gets what polls bring."""

_LOOKED_AT: HassKey[float] = HassKey(f"{DOMAIN}_looked_at")


@callback
def async_look(hass: HomeAssistant) -> None:
    """Note that somebody looks at everything now."""
    hass.data[_LOOKED_AT] = time.monotonic()


@callback
def async_look_away(hass: HomeAssistant) -> None:
    """Note that nobody does any more."""
    hass.data.pop(_LOOKED_AT, None)


@callback
def async_everything_wanted(hass: HomeAssistant) -> bool:
    """Tell whether somebody looked lately."""
    at = hass.data.get(_LOOKED_AT)
    return at is not None and time.monotonic() - at <= WANTED_FOR
