"""Triggers: what happens to miners, for automations.

They read what the coordinators know instead of entities: those that would tell are
mostly off, or of a category that areas and devices leave out.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, override

from homeassistant.const import ATTR_DEVICE_ID, CONF_FOR
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.trigger import Trigger, TriggerActionRunner, TriggerConfig
import voluptuous as vol

from .alerts.trigger import AlertTrigger
from .coordinator import MinerConfigEntry
from .model import EventType, MinerData, MinerEvent
from .runtime.entries import async_device_id
from .runtime.escape import plain, plain_values
from .runtime.verdicts import (
    CONF_ABOVE,
    CONF_BELOW,
    HAPPENINGS,
    JUDGES,
    Judge,
    Options,
    Verdict,
    offline,
)
from .runtime.watching import (
    PERCENT,
    OfMiners,
    async_follow_miners,
    targeted_entries,
)

type Fire = Callable[[MinerConfigEntry, Mapping[str, Any]], None]

LONGEST_FOR = timedelta(days=1)

_FOR = vol.All(cv.positive_time_period, vol.Range(max=LONGEST_FOR))


class MinerTrigger(OfMiners, Trigger):
    """Watches the miners of a target, or all of them where none is given."""

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Take whom to watch."""
        super().__init__(hass, config)
        self._key, self._target = config.key, config.target
        self._options = config.options or {}

    @override
    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: object = None
    ) -> CALLBACK_TYPE:
        """Watch every miner: which of them counts is asked when something happens.

        So one that is moved to another area is right without a listener.
        """

        @callback
        def fire(entry: MinerConfigEntry, details: Mapping[str, Any]) -> None:
            if entry in targeted_entries(self._hass, self._target):
                who = {
                    ATTR_DEVICE_ID: async_device_id(self._hass, entry),
                    "miner": plain(entry.title),
                }
                run_action({**who, **details}, f"{self._key} of {who['miner']}")

        return self._watch(fire)

    def _watch(self, fire: Fire) -> CALLBACK_TYPE:
        """Call ``fire`` with a miner's entry and details; return what ends it."""
        raise NotImplementedError


class MinerEventTrigger(MinerTrigger):
    """Fires when an event of these types is reported."""

    event_types: ClassVar[frozenset[EventType]]

    @override
    def _watch(self, fire: Fire) -> CALLBACK_TYPE:
        def join(entry: MinerConfigEntry) -> CALLBACK_TYPE:
            @callback
            def happened(event: MinerEvent) -> None:
                if event.event_type in self.event_types:
                    details = plain_values(event.details)
                    fire(entry, {"event": event.event_type.value, "details": details})

            return entry.runtime_data.controller.async_on_activity(happened)

        return async_follow_miners(self._hass, join)


class MinerVerdictTrigger(MinerTrigger):
    """Fires when a verdict becomes true (or false), and stays so for a time.

    The first verdict of a miner is a reference: a start of Home Assistant fires
    nothing. While it is unknown, the one before stands, but nothing is waited for.
    """

    judge: ClassVar[staticmethod[[MinerData, Options], Verdict]]
    becomes: ClassVar[bool] = True

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Know nothing of any miner yet."""
        super().__init__(hass, config)
        self._patience: timedelta = self._options[CONF_FOR]
        self._seen: dict[str, bool] = {}
        self._waiting: dict[str, CALLBACK_TYPE] = {}

    @override
    def _watch(self, fire: Fire) -> CALLBACK_TYPE:
        def join(entry: MinerConfigEntry) -> CALLBACK_TYPE:
            look = partial(self._look, fire, entry)
            look()
            listening = entry.runtime_data.async_add_listener(look)

            @callback
            def leave() -> None:
                listening()
                self._stop_waiting(entry)

            return leave

        return async_follow_miners(self._hass, join)

    @callback
    def _look(self, fire: Fire, entry: MinerConfigEntry) -> None:
        """Compare the verdict of now with the one before."""
        seen = self._seen.get(entry.entry_id)
        now = self._verdict(entry).after(seen)
        if now is None:
            self._stop_waiting(entry)
            return
        before, self._seen[entry.entry_id] = now if seen is None else seen, now
        if now is before:
            return
        if now is not self.becomes:
            self._stop_waiting(entry)
        elif self._patience:
            self._waiting[entry.entry_id] = async_call_later(
                self._hass, self._patience, partial(self._lasted, fire, entry)
            )
        else:
            self._lasted(fire, entry)

    @callback
    def _lasted(
        self, fire: Fire, entry: MinerConfigEntry, _: datetime | None = None
    ) -> None:
        self._waiting.pop(entry.entry_id, None)
        verdict = self._verdict(entry)
        more = {"details": {"reported": verdict.detail}} if verdict.detail else {}
        fire(entry, {"value": verdict.value, "limit": verdict.limit, **more})

    def _verdict(self, entry: MinerConfigEntry) -> Verdict:
        return type(self).judge(entry.runtime_data.data, self._options)

    def _stop_waiting(self, entry: MinerConfigEntry) -> None:
        """Wait no longer; the same begins anew when it is known again."""
        if (cancel := self._waiting.pop(entry.entry_id, None)) is not None:
            cancel()
            self._seen[entry.entry_id] = not self.becomes


def _on_event(types: frozenset[EventType]) -> type[MinerTrigger]:
    class Events(MinerEventTrigger):
        event_types = types

    return Events


def _on_verdict(
    judged_by: Judge,
    more: Mapping[vol.Marker, Any] | None = None,
    *,
    ends: bool = False,
) -> type[MinerTrigger]:
    class Begins(MinerVerdictTrigger):
        options: ClassVar = {
            vol.Optional(CONF_FOR, default=timedelta): _FOR,
            **(more or {}),
        }
        judge = staticmethod(judged_by)
        becomes = not ends

    return Begins


_LIMITS: Mapping[str, Mapping[vol.Marker, Any]] = {
    "hash_rate_dropped": {vol.Required(CONF_BELOW, default=80.0): PERCENT},
    "rejects_high": {vol.Required(CONF_ABOVE, default=3.0): PERCENT},
}

TRIGGERS: Mapping[str, type[Trigger]] = {
    **{key: _on_event(types) for key, types in HAPPENINGS.items()},
    **{key: _on_verdict(judge, _LIMITS.get(key)) for key, judge in JUDGES.items()},
    "alert": AlertTrigger,
    "back_online": _on_verdict(offline, ends=True),
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers by their keys."""
    return dict(TRIGGERS)
