"""The questions that a user finds under *Repairs*."""

from collections.abc import Mapping

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN, ISSUE_ALIKE, ISSUE_WRONG_DEVICE
from ..control.model import Ask, Problem
from .escape import for_markdown

FIXABLE = (
    Problem.DERATED,
    Problem.RESTART_NEEDED,
    Problem.PROTECTED,
    Problem.TEMPORARY_OLD,
    Problem.STUCK,
)
"""Problems whose repair has something to offer."""


@callback
def async_create_issue(
    hass: HomeAssistant,
    issue_id: str,
    *,
    data: Mapping[str, str],
    is_fixable: bool,
    translation_key: str,
    translation_placeholders: Mapping[str, str],
) -> None:
    """Raise a repair, or bring it up to date; names and errors in it are text."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        data={**data},
        is_fixable=is_fixable,
        severity=ir.IssueSeverity.WARNING,
        translation_key=translation_key,
        translation_placeholders=for_markdown(translation_placeholders),
    )


@callback
def async_raise_issue(hass: HomeAssistant, entry: ConfigEntry, ask: Ask) -> None:
    """Raise a repair, or bring it up to date."""
    async_create_issue(
        hass,
        _problem_id(entry, ask.problem),
        data={"entry_id": entry.entry_id, "problem": ask.problem.value},
        is_fixable=ask.problem in FIXABLE,
        translation_key=ask.problem.value,
        translation_placeholders={"name": entry.title, **ask.details},
    )


@callback
def async_clear_issues(
    hass: HomeAssistant, entry: ConfigEntry, *problems: Problem
) -> None:
    """Take repairs back."""
    for problem in problems:
        ir.async_delete_issue(hass, DOMAIN, _problem_id(entry, problem))


def _problem_id(entry: ConfigEntry, problem: Problem) -> str:
    return f"{problem.value}_{entry.entry_id}"


@callback
def async_ask_where(
    hass: HomeAssistant, entry: ConfigEntry, host: str, found: str
) -> None:
    """Ask for the address of a miner; ``found`` is what answers at the known one."""
    async_create_issue(
        hass,
        _wrong_device_id(entry),
        data={"entry_id": entry.entry_id},
        is_fixable=True,
        translation_key=ISSUE_WRONG_DEVICE,
        translation_placeholders={"name": entry.title, "host": host, "found": found},
    )


@callback
def async_delete_issue(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take back the question where a miner is."""
    ir.async_delete_issue(hass, DOMAIN, _wrong_device_id(entry))


@callback
def async_ask_to_tell_apart(
    hass: HomeAssistant, entry: ConfigEntry, other: ConfigEntry
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
def async_delete_alike_issue(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take back that a miner cannot be told from another."""
    ir.async_delete_issue(hass, DOMAIN, f"{ISSUE_ALIKE}_{entry.entry_id}")


def _wrong_device_id(entry: ConfigEntry) -> str:
    return f"{ISSUE_WRONG_DEVICE}_{entry.entry_id}"
