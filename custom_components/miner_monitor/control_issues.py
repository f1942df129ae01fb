"""What control asks a user to look at."""

from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .control.model import Ask, Problem
from .issues import async_create_issue

if TYPE_CHECKING:
    from .coordinator import MinerConfigEntry

FIXABLE = (
    Problem.DERATED,
    Problem.RESTART_NEEDED,
    Problem.PROTECTED,
    Problem.TEMPORARY_OLD,
    Problem.STUCK,
)
"""Problems whose repair has something to offer."""


@callback
def async_ask(hass: HomeAssistant, entry: MinerConfigEntry, ask: Ask) -> None:
    """Raise a repair, or bring it up to date."""
    async_create_issue(
        hass,
        _issue_id(entry, ask.problem),
        data={"entry_id": entry.entry_id, "problem": ask.problem.value},
        is_fixable=ask.problem in FIXABLE,
        translation_key=ask.problem.value,
        translation_placeholders={"name": entry.title, **ask.details},
    )


@callback
def async_settle(
    hass: HomeAssistant, entry: MinerConfigEntry, *problems: Problem
) -> None:
    """Take repairs back."""
    for problem in problems:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, problem))


def _issue_id(entry: MinerConfigEntry, problem: Problem) -> str:
    return f"{problem.value}_{entry.entry_id}"
