"""The question where a miner is, when another device stays at its address."""

from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN, ISSUE_ALIKE, ISSUE_WRONG_DEVICE
from .issues import async_create_issue

if TYPE_CHECKING:
    from .coordinator import MinerConfigEntry


@callback
def async_ask_where(
    hass: HomeAssistant, entry: MinerConfigEntry, host: str, found: str
) -> None:
    """Ask for the address of a miner; ``found`` is what answers at the known one."""
    async_create_issue(
        hass,
        _issue_id(entry),
        data={"entry_id": entry.entry_id},
        is_fixable=True,
        translation_key=ISSUE_WRONG_DEVICE,
        translation_placeholders={"name": entry.title, "host": host, "found": found},
    )


@callback
def async_delete_issue(hass: HomeAssistant, entry: MinerConfigEntry) -> None:
    """Take back the question where a miner is."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry))


@callback
def async_ask_to_tell_apart(
    hass: HomeAssistant, entry: MinerConfigEntry, other: MinerConfigEntry
) -> None:
    """Ask for marks on two miners, of which neither says which one it is."""
    async_create_issue(
        hass,
        f"{ISSUE_ALIKE}_{entry.entry_id}",
        data={"entry_id": entry.entry_id},
        is_fixable=False,
        translation_key=ISSUE_ALIKE,
        translation_placeholders={"name": entry.title, "other": other.title},
    )


@callback
def async_delete_alike_issue(hass: HomeAssistant, entry: MinerConfigEntry) -> None:
    """Take back that a miner cannot be told from another."""
    ir.async_delete_issue(hass, DOMAIN, f"{ISSUE_ALIKE}_{entry.entry_id}")


def _issue_id(entry: MinerConfigEntry) -> str:
    return f"{ISSUE_WRONG_DEVICE}_{entry.entry_id}"
