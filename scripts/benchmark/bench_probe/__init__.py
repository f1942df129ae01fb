"""Notes when Home Assistant has started and when each state is written.

The bench loads it from the configuration directory. It keeps its notes in memory,
as small as can be, and writes them when asked by the action `bench_probe.dump`.
`bench_probe.collect` collects all garbage and tells how long that took.
`bench_probe.time` calls another action and tells how long that took, and for how long
the event loop stood still meanwhile.
"""

from array import array
import asyncio
import gc
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
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.util.json import JsonValueType

DOMAIN = "bench_probe"
NOTES = "bench_probe.json"

TICK = 0.001
IDLE_SECONDS = 0.3
"""How long is waited for each call where no action is named."""


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

    @callback
    def collect(_: ServiceCall) -> ServiceResponse:
        gc.collect()
        started = time.thread_time()
        gc.collect()
        seconds = time.thread_time() - started
        return {"seconds": seconds, "objects": len(gc.get_objects())}

    hass.bus.async_listen(EVENT_STATE_CHANGED, note_write)
    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STARTED, note_start)
    hass.services.async_register(DOMAIN, "dump", dump)
    hass.services.async_register(
        DOMAIN, "collect", collect, supports_response=SupportsResponse.ONLY
    )
    hass.services.async_register(
        DOMAIN, "time", _time, supports_response=SupportsResponse.ONLY
    )
    return True


async def _time(call: ServiceCall) -> ServiceResponse:
    """Call an action some times, and tell how long each call took."""
    calls: list[JsonValueType] = []
    answer: ServiceResponse = None
    ticker = _Ticker()
    for _ in range(call.data["rounds"]):
        started = time.monotonic()
        async with ticker:
            if (action := call.data.get("action")) is None:
                await asyncio.sleep(IDLE_SECONDS)
            else:
                domain, name = action.split(".", 1)
                answer = await call.hass.services.async_call(
                    domain,
                    name,
                    call.data["data"],
                    blocking=True,
                    return_response=True,
                )
        calls.append(time.monotonic() - started)
    return {
        "calls": calls,
        "longest": ticker.longest,
        "busiest": ticker.busiest,
        "answer": answer,
    }


class _Ticker:
    """Sees by how much a timer comes too late at most, and how busy the loop was.

    ``busiest`` is the most CPU that the loop's own thread took between two ticks:
    on a machine with other work to do it is what tells whose fault a stop was.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self.busiest = 0.0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._tick())
        await asyncio.sleep(0)

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _tick(self) -> None:
        before, worked = time.monotonic(), time.thread_time()
        try:
            while True:
                await asyncio.sleep(TICK)
                self._note(before, worked)
                before, worked = time.monotonic(), time.thread_time()
        finally:
            self._note(before, worked)

    def _note(self, before: float, worked: float) -> None:
        self.longest = max(self.longest, time.monotonic() - before - TICK)
        self.busiest = max(self.busiest, time.thread_time() - worked)
