"""Notes when Home Assistant has started and when each state is written.

The bench loads it from the configuration directory. It keeps its notes in memory,
as small as can be, and writes them when asked by the action `bench_probe.dump`.
"""

from array import array
import json
from pathlib import Path
import time
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED, EVENT_STATE_CHANGED
from homeassistant.core import (
    Event,
    EventStateChangedData,
    HomeAssistant,
    ServiceCall,
    callback,
)

DOMAIN = "bench_probe"
NOTES = "bench_probe.json"


async def async_setup(hass: HomeAssistant, config: dict[str, Any]) -> bool:
    """Listen, and offer to write down what was heard."""
    entities: list[str] = []
    moments = array("d")
    started = array("d")

    @callback
    def note_write(event: Event[EventStateChangedData]) -> None:
        moments.append(time.monotonic())
        entities.append(event.data["entity_id"])

    @callback
    def note_start(_: Event) -> None:
        started.append(time.monotonic())

    async def dump(_: ServiceCall) -> None:
        notes = {
            "started": started[0] if started else None,
            "writes": list(zip(entities, moments, strict=True)),
        }
        path = Path(hass.config.path(NOTES))
        await hass.async_add_executor_job(path.write_text, json.dumps(notes))

    hass.bus.async_listen(EVENT_STATE_CHANGED, note_write)
    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STARTED, note_start)
    hass.services.async_register(DOMAIN, "dump", dump)
    return True
