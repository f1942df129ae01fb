"""What Home Assistant's system information shows of all miners together."""

from collections import Counter
from itertools import islice
import time
from typing import Any

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN
from .coordinator import MinerConfigEntry
from .runtime.entries import known_identity, miner_entries
from .runtime.escape import plain
from .runtime.ha_compat import own_text, recorded_states, running_recorder

DAY, HOUR = 86_400.0, 3_600.0
MOST_KINDS = 20
"""Models with their firmware that are named."""


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register what is shown, and where it is managed."""
    register.async_register_info(
        system_health_info, f"/config/integrations/integration/{DOMAIN}"
    )


async def system_health_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return what is known at once, and what the recorder has yet to count."""
    known: list[MinerConfigEntry] = miner_entries(hass)
    entries = [entry for entry in known if entry.disabled_by is None]
    loaded = [
        entry.runtime_data.data
        for entry in entries
        if entry.state is ConfigEntryState.LOADED
    ]
    info: dict[str, Any] = {
        "miners_online": f"{sum(bool(data.online) for data in loaded)}/{len(entries)}",
        "failed_polls": sum(sum(data.insight.failed_polls.values()) for data in loaded),
        "firmware": _firmware(entries),
    }
    if running_recorder(hass) is not None:
        info["recorded_states"] = _recorded_a_day(hass)
    return info


def _firmware(entries: list[MinerConfigEntry]) -> str:
    """Name each model with its firmware, if it has one, and how many there are."""
    identities = [known_identity(entry) for entry in entries]
    kinds = Counter(
        plain(f"{identity.model} {identity.firmware or ''}").strip()
        for identity in identities
    )
    return ", ".join(
        kind if number == 1 else f"{kind} ({number})"
        for kind, number in islice(sorted(kinds.items()), MOST_KINDS)
    )


async def _recorded_a_day(hass: HomeAssistant) -> int | str:
    """Return how many states of ours the recorder takes a day, by the last day.

    Of a shorter time a day is estimated, of less than an hour nothing is known.
    """
    nothing = own_text(hass, "common", "no_data_yet", "No data yet.").removesuffix(".")
    if (recorder := running_recorder(hass)) is None:
        return nothing
    ours = [
        item.entity_id
        for item in er.async_get(hass).entities.values()
        if item.platform == DOMAIN and item.disabled_by is None
    ]
    now = time.time()
    found = await recorder.async_add_executor_job(
        recorded_states, hass, ours, now - DAY
    )
    if found is None or (seconds := now - found.since) < HOUR:
        return nothing
    return round(found.states * DAY / seconds)
