"""Which miners an action is meant for."""

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.service import async_extract_config_entry_ids

from ..const import DOMAIN
from .entry_data import is_fleet
from .escape import (
    LONGEST_SENTENCE,
    plain,
)


async def targets_of(call: ServiceCall) -> list[ConfigEntry]:
    """Return the entries of the miners that a call is meant for.

    One that was disabled counts only where it alone is meant: an area goes on.
    """
    found = [
        entry
        for entry_id in sorted(await async_extract_config_entry_ids(call))
        if (entry := miner_of(call.hass, entry_id)) is not None
    ]
    if not found:
        raise invalid("no_such_miner")
    return [entry for entry in found if entry.disabled_by is None] or found


def miner_of(hass: HomeAssistant, entry_id: str | None) -> ConfigEntry | None:
    """Return the entry of a miner by its id; None where it is none of ours."""
    entry = None if entry_id is None else hass.config_entries.async_get_entry(entry_id)
    if entry is None or entry.domain != DOMAIN or is_fleet(entry):
        return None
    return entry


def require_loaded(entry: ConfigEntry) -> None:
    """Refuse what a miner that is not loaded cannot do."""
    if entry.state is not ConfigEntryState.LOADED:
        raise invalid("not_loaded", name=entry.title)


def invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Return what to raise when a call asks for what cannot be."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={
            key: plain(text, LONGEST_SENTENCE) for key, text in placeholders.items()
        }
        or None,
    )
