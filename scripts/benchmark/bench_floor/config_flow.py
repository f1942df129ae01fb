"""Home Assistant loads no entry without this."""

from homeassistant.config_entries import ConfigFlow

from . import DOMAIN


class FloorConfigFlow(ConfigFlow, domain=DOMAIN):
    """Asks nobody."""
