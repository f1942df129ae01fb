"""The questions that a user finds under *Repairs*."""

from collections.abc import Collection

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN, ISSUE_WRONG_DEVICE
from ..control.model import Problem
from .escape import for_markdown

FIXABLE: Collection[str] = (
    ISSUE_WRONG_DEVICE,
    Problem.DERATED,
    Problem.RESTART_NEEDED,
    Problem.PROTECTED,
    Problem.TEMPORARY_OLD,
    Problem.STUCK,
)
"""What there is to repair, of which the repair has something to offer."""


@callback
def async_create_issue(
    hass: HomeAssistant, entry: ConfigEntry, key: str, **details: str
) -> None:
    """Raise a repair, or bring it up to date; names and errors in it are text.

    ``key`` is a problem of control, or where a miner is (ISSUE_WRONG_DEVICE, with what
    was found instead), or that two cannot be told apart (ISSUE_ALIKE).
    """
    problem = {"problem": key.value} if isinstance(key, Problem) else {}
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{key}_{entry.entry_id}",
        data={"entry_id": entry.entry_id, **problem},
        is_fixable=key in FIXABLE,
        severity=ir.IssueSeverity.WARNING,
        translation_key=str(key),
        translation_placeholders=for_markdown({"name": entry.title, **details}),
    )


@callback
def async_clear_issues(hass: HomeAssistant, entry: ConfigEntry, *keys: str) -> None:
    """Take repairs back."""
    for key in keys:
        ir.async_delete_issue(hass, DOMAIN, f"{key}_{entry.entry_id}")
