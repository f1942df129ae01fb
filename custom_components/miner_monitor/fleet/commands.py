"""What the fleet's switches and its button do to many miners.

To stop is done with all at once; to start one after the other, for a fuse may not
stand the inrush of all. A start goes on behind the call that asked for it, and after
a reload or a restart of Home Assistant.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import count
from typing import Protocol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import (
    CONF_PRIORITY,
    DOMAIN,
    LOGGER,
)
from ..coordinator import MinerConfigEntry, MinerCoordinator
from ..miners.errors import Outcome
from ..miners.model import (
    Changes,
    MinerIdentity,
    Setting,
)
from ..runtime.entry_data import miner_entries
from ..runtime.escape import plain
from ..runtime.messages import (
    FAILURES,
    user_error,
)
from ..runtime.targets import invalid
from . import (
    Candidate,
    FleetFeature,
    StopMemory,
    features_of,
    starting_order,
)

STAGGER = 2.0
"""Seconds from the start of one miner to that of the next."""

DEFAULT_PRIORITY = 10
MIN_PRIORITY, MAX_PRIORITY = 1, 100

_LOADS_WITHIN = 300.0
"""Seconds within which a miner is loaded after a start, or is left out."""

_MOST_WAITING = 1000

type Command = Callable[[MinerCoordinator], Awaitable[None]]

_MINING_OFF: Changes = {Setting.MINING: False}

_STOP: Mapping[FleetFeature, Command] = {
    FleetFeature.THROTTLE: lambda miner: miner.controller.async_throttle(True),
    FleetFeature.MINING: lambda miner: miner.controller.async_apply(_MINING_OFF),
}
_START: Mapping[FleetFeature, Command] = {
    FleetFeature.THROTTLE: lambda miner: miner.controller.async_throttle(False),
    FleetFeature.MINING: lambda miner: miner.controller.async_apply(
        {Setting.MINING: True}
    ),
    FleetFeature.RESTART: lambda miner: miner.async_command(
        lambda client, prove: client.restart(prove)
    ),
}


def priority_of(entry: MinerConfigEntry) -> int:
    """Return when a miner's turn is; the lower, the sooner."""
    value = entry.options.get(CONF_PRIORITY, DEFAULT_PRIORITY)
    return int(value) if isinstance(value, int | float) else DEFAULT_PRIORITY


class FleetMember:
    """One loaded miner, and what has to be undone when it unloads."""

    def __init__(self, entry: MinerConfigEntry) -> None:
        """Take its coordinator, which is another one after a reload."""
        self.entry = entry
        self.miner: MinerCoordinator = entry.runtime_data
        assert entry.unique_id is not None
        self.key = entry.unique_id
        self.stop_listening: CALLBACK_TYPE | None = None
        self._identity: MinerIdentity | None = None
        self._features: frozenset[FleetFeature] = frozenset()

    @property
    def features(self) -> frozenset[FleetFeature]:
        """What can be done with it; found anew when it changes."""
        if self.miner.identity is not self._identity:
            self._identity = self.miner.identity
            self._features = features_of(self._identity)
        return self._features

    def stopped(self, feature: FleetFeature) -> bool | None:
        """Whether it saves power, or was told to stand still."""
        data = self.miner.data
        if not data.online or data.state is None or feature not in self.features:
            return None
        if feature is FleetFeature.THROTTLE:
            return data.control.saving_power
        mining = data.state.settings.mining
        return None if mining is None else not mining


class CommandedFleet(Protocol):
    """What commands need of the coordinator that owns them."""

    name: str
    config_entry: ConfigEntry
    members: dict[str, FleetMember]
    memories: dict[FleetFeature, StopMemory]

    async def async_store_intents(self) -> None:
        """Store who is stopped, and who is still to be started."""

    def async_update_listeners(self) -> None:
        """Show what became of a command."""


class FleetCommands:
    """Stops and starts miners; a new command of a kind ends the one before it."""

    def __init__(self, hass: HomeAssistant, fleet: CommandedFleet) -> None:
        """Take whom to command."""
        self._hass = hass
        self._fleet = fleet
        self._numbers = count(1)
        self._present: dict[FleetFeature, int] = {}
        self._last_stop: dict[str, int] = {}
        self._starting: dict[FleetFeature, list[str]] = {}
        self._waiting: dict[FleetFeature, int] = {}
        self._failed: dict[FleetFeature, list[str]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def waiting(self, feature: FleetFeature) -> int:
        """Return how many miners are still to be started."""
        return self._waiting.get(feature, 0)

    def failed(self, feature: FleetFeature) -> list[str]:
        """Name those that did not follow the last command."""
        return list(self._failed.get(feature, ()))

    def dump(self) -> dict[str, list[str]]:
        """Return who is still to be started, in that order, as JSON types."""
        return {feature.value: keys for feature, keys in self._starting.items() if keys}

    def load(self, data: object) -> None:
        """Read what ``dump`` wrote; what is no miner is left out."""
        for feature in (FleetFeature.THROTTLE, FleetFeature.MINING):
            found = data.get(feature.value) if isinstance(data, dict) else None
            keys = found[:_MOST_WAITING] if isinstance(found, list) else []
            self._starting[feature] = [key for key in keys if isinstance(key, str)]

    def go_on(self) -> None:
        """Go on with the starts that were broken off."""
        for feature, keys in tuple(self._starting.items()):
            if keys:
                self._begin(feature)
                self._start_behind(feature, keys)

    async def async_stop(self, feature: FleetFeature) -> None:
        """Stop all at once, and remember whom; those that fail are named."""
        self._begin(FleetFeature.RESTART)
        number = self._begin(feature)
        memory = self._fleet.memories[feature]
        members = self._members(feature)
        self._last_stop.update((member.key, number) for member in members)
        if feature is FleetFeature.MINING:
            for member in members:
                member.miner.controller.asked(_MINING_OFF)
        targets = [
            member
            for member in members
            if not member.miner.data.unplugged
            and (self._works(feature, member) or self._lock(member.key).locked())
        ]
        known = memory.stopped
        for member in targets:
            memory.remember(member.key)
        try:
            await self._fleet.async_store_intents()
        except HomeAssistantError as err:
            for key in {member.key for member in targets} - known:
                memory.forget(key)
            raise _not_stored(self._fleet.name) from err
        errors = await asyncio.gather(
            *(self._stop(feature, member, known) for member in targets)
        )
        await self._store()
        named = [
            (member, error)
            for member, error in zip(targets, errors, strict=True)
            if error is not None
        ]
        if self._present[feature] == number:
            self._failed[feature] = [_name(member) for member, _ in named]
            self._fleet.async_update_listeners()
        _raise([error for _, error in named])

    async def async_start(self, feature: FleetFeature) -> None:
        """Start those that were stopped here, in the background.

        Those that do not answer now are tried last, and named at once. To end a
        saving that was begun elsewhere is no error: who turns everything off does it.
        """
        self._begin(feature)
        memory = self._fleet.memories[feature]
        members = self._members(feature)
        chosen = [member for member in members if member.key in memory.stopped]
        waits = feature is FleetFeature.MINING and not chosen
        if waits and any(member.stopped(feature) for member in members):
            raise invalid("nothing_to_start")
        await self._run(feature, chosen)

    async def async_restart_all(self) -> None:
        """Restart all that can be, one after the other."""
        self._begin(FleetFeature.RESTART)
        await self._run(FleetFeature.RESTART, self._members(FleetFeature.RESTART))

    def _begin(self, feature: FleetFeature) -> int:
        """End what is under way of a kind; return the number of the new command."""
        number = self._present[feature] = next(self._numbers)
        self._starting[feature] = []
        self._waiting[feature] = 0
        self._failed[feature] = []
        return number

    def _holds(self, feature: FleetFeature, number: int, member: FleetMember) -> bool:
        """Whether a command still holds for a miner: the other switch may stop it.

        The end of saving power wakes nobody up whom that switch has stopped.
        """
        stopped = self._last_stop.get(member.key, 0)
        wakes = feature is not FleetFeature.THROTTLE
        return self._present[feature] == number and not (wakes and stopped > number)

    def _works(self, feature: FleetFeature, member: FleetMember) -> bool:
        """Whether there is something to stop: also a pause that saves power.

        Otherwise that would end without a miner to start again.
        """
        saves = (
            feature is FleetFeature.MINING
            and member.stopped(FleetFeature.THROTTLE) is True
        )
        return saves or member.stopped(feature) is not True

    def _members(self, feature: FleetFeature) -> list[FleetMember]:
        members = self._fleet.members.values()
        return [member for member in members if feature in member.features]

    def _lock(self, key: str) -> asyncio.Lock:
        """One miner is told one thing after the other."""
        return self._locks.setdefault(key, asyncio.Lock())

    async def _stop(
        self, feature: FleetFeature, member: FleetMember, known: frozenset[str]
    ) -> HomeAssistantError | None:
        """Stop one; ``known`` are those that had been stopped before."""
        memory = self._fleet.memories[feature]
        async with self._lock(member.key):
            memory.remember(member.key)
            try:
                await _STOP[feature](member.miner)
            except FAILURES as err:
                if err.outcome is not Outcome.UNKNOWN and member.key not in known:
                    memory.forget(member.key)
                return user_error(self._hass, member.entry, err)
        return None

    async def _store(self) -> None:
        """Store what came of a command; what cannot be is stored with the next."""
        try:
            await self._fleet.async_store_intents()
        except HomeAssistantError as err:
            LOGGER.warning("%s: this was not stored: %s", self._fleet.name, err)

    async def _run(self, feature: FleetFeature, members: Iterable[FleetMember]) -> None:
        """Start them behind the call, and name those that are away."""
        by_key = {member.key: member for member in members}
        order = starting_order(map(_candidate, by_key.values()))
        number = self._present[feature]
        if feature is not FleetFeature.RESTART:
            self._starting[feature] = list(order)
            try:
                await self._fleet.async_store_intents()
            except HomeAssistantError as err:
                self._starting[feature] = []
                raise _not_stored(self._fleet.name) from err
        if self._present[feature] == number:
            self._start_behind(feature, order)
        away = [_name(by_key[key]) for key in order if not _answers(by_key[key])]
        if away:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="miners_away",
                translation_placeholders={"names": ", ".join(away)},
            )

    def _start_behind(self, feature: FleetFeature, order: list[str]) -> None:
        """Start miners in this order behind the call."""
        self._starting[feature] = list(order)
        self._waiting[feature] = len(order)
        self._fleet.config_entry.async_create_background_task(
            self._hass,
            self._stagger(feature, self._present[feature], list(order)),
            f"{self._fleet.name} {feature}",
        )
        self._fleet.async_update_listeners()

    async def _stagger(
        self, feature: FleetFeature, number: int, keys: list[str]
    ) -> None:
        # Those that are still being stopped would all start when that is over.
        for key in keys:
            async with self._lock(key):
                pass
        for place, key in enumerate(keys):
            if place:
                await asyncio.sleep(STAGGER)
            if self._present[feature] != number:
                return
            self._waiting[feature] -= 1
            self._fleet.async_update_listeners()
            self._fleet.config_entry.async_create_background_task(
                self._hass,
                self._start(feature, number, key),
                f"{self._fleet.name} {feature} {place}",
            )

    async def _start(self, feature: FleetFeature, number: int, key: str) -> None:
        async with self._lock(key):
            # It may have been reloaded, or told something else, since.
            member = await self._loaded(key)
            if member is None or not self._holds(feature, number, member):
                return
            try:
                await _START[feature](member.miner)
            except FAILURES as err:
                self._start_failed(feature, number, member, err)
            else:
                if (memory := self._fleet.memories.get(feature)) is not None:
                    memory.forget(key)
            if self._present[feature] == number and key in self._starting[feature]:
                self._starting[feature].remove(key)
            await self._store()

    async def _loaded(self, key: str) -> FleetMember | None:
        """Return a miner by its key once it is loaded; None where it never is."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + _LOADS_WITHIN
        while True:
            for member in self._fleet.members.values():
                if member.key == key:
                    return member
            if loop.time() >= ends or not self._will_load(key):
                return None
            await asyncio.sleep(STAGGER)

    def _will_load(self, key: str) -> bool:
        """Whether a miner is set up, or about to be."""
        return any(
            entry.unique_id == key and entry.disabled_by is None
            for entry in miner_entries(self._hass)
        )

    @callback
    def _start_failed(
        self, feature: FleetFeature, number: int, member: FleetMember, error: Exception
    ) -> None:
        """Tell of what failed when nobody waited for it any more."""
        assert isinstance(error, FAILURES)
        text = user_error(self._hass, member.entry, error)
        LOGGER.warning("%s: %s", self._fleet.name, text)
        if self._present[feature] == number:
            self._failed[feature].append(_name(member))
            self._fleet.async_update_listeners()


def _answers(member: FleetMember) -> bool:
    return member.miner.data.online is True


def _candidate(member: FleetMember) -> Candidate:
    return Candidate(
        member.key, member.entry.title, priority_of(member.entry), _answers(member)
    )


def _name(member: FleetMember) -> str:
    """Return a miner's name as it can stand in a sentence."""
    return plain(member.entry.title)


def _not_stored(name: str) -> HomeAssistantError:
    """Return what to raise when nothing was sent because it could not be stored."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="control_not_stored",
        translation_placeholders={"name": name},
    )


def _raise(errors: list[HomeAssistantError]) -> None:
    """Name all that failed in one error."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="several_failed",
            translation_placeholders={
                "count": str(len(errors)),
                "errors": "; ".join(str(error) for error in errors),
            },
        )
