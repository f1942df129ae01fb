"""The way into the issue registry, which shows all that it is given as Markdown."""

from collections.abc import Mapping

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .escape import for_markdown


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
