"""What the fleet's switches and its button do to many miners.

To stop is done with all at once; to start one after the other, for a fuse may not
stand the inrush of all. A start goes on behind the call that asked for it, and after
a reload or a restart of Home Assistant.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from operator import attrgetter
import time
from typing import Annotated

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..const import (
    CONF_PRIORITY,
    DOMAIN,
    FLEET,
    LOGGER,
)
from ..coordinator import MinerConfigEntry, MinerCoordinator
from ..miners.codec import Within, load_or
from ..miners.errors import Outcome
from ..miners.model import (
    Changes,
    MinerIdentity,
    Setting,
)
from ..runtime.entries import miner_entries
from ..runtime.escape import plain
from ..runtime.messages import (
    FAILURES,
    raise_all,
    user_error,
)
from ..runtime.store import IntentFile
from ..runtime.targets import invalid
from . import FleetFeature, features_of

STAGGER = 2.0
"""Seconds from the start of one miner to that of the next."""

DEFAULT_PRIORITY = 10
MIN_PRIORITY, MAX_PRIORITY = 1, 100

_LOADS_WITHIN = 300.0
"""Seconds within which a miner is loaded after a start, or is left out."""

FORGET_STOPS_AFTER = 24 * 3600.0
"""Seconds after which it is not known any more whom the switches have stopped."""

RUNS_BY_ITSELF = 600.0
"""Seconds of work after which a miner was started by somebody else. A miner that
restarts works for a moment before it is stopped again."""

MinerKeys = Annotated[list[Annotated[str, Within(1, 255)]], Within(0, 1000)]
"""The unique ids of miners, as they are stored."""

SWITCHES = (FleetFeature.THROTTLE, FleetFeature.MINING)

type Command = Callable[[MinerCoordinator], Awaitable[None]]

_MINING_ON: Changes = {Setting.MINING: True}
_MINING_OFF: Changes = {Setting.MINING: False}


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
        self.key = self.miner.device_id
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

    @property
    def answers(self) -> bool:
        """Whether it is there now."""
        return self.miner.data.online is True

    @property
    def turn(self) -> tuple[bool, int, str, str]:
        """Its place in the order of starting: one that does not answer comes last."""
        name = self.entry.title.casefold()
        return not self.answers, priority_of(self.entry), name, self.key

    def stopped(self, feature: FleetFeature) -> bool | None:
        """Whether it saves power, or was stopped."""
        data = self.miner.data
        if not data.online or data.state is None or feature not in self.features:
            return None
        if feature is FleetFeature.THROTTLE:
            return data.control.saving_power
        mining = data.state.settings.mining
        return None if mining is None else not mining


class StopMemory:
    """The miners that one switch has stopped and nobody has started since."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._running_since: dict[str, float | None] = {}

    @property
    def stopped(self) -> frozenset[str]:
        """The miners that this switch is to start again."""
        return frozenset(self._running_since)

    def remember(self, key: str) -> None:
        """Take it that a miner is being stopped now."""
        self._running_since[key] = None

    def forget(self, key: str) -> None:
        """Take it that a miner runs again, or was never stopped."""
        self._running_since.pop(key, None)

    def observe(self, key: str, stopped: bool | None, monotonic: float) -> None:
        """Look at a miner, and forget one that somebody else has started."""
        if stopped is None or key not in self._running_since:
            return
        since = self._running_since[key]
        if stopped or since is None:
            self._running_since[key] = None if stopped else monotonic
        elif monotonic - since >= RUNS_BY_ITSELF:
            self.forget(key)

    def dump(self) -> list[str]:
        """Return the miners as JSON types."""
        return sorted(self._running_since)

    def load(self, data: object) -> None:
        """Read what ``dump`` wrote; what is no miner is left out."""
        self._running_since |= dict.fromkeys(load_or(MinerKeys, data, []))


@dataclass(slots=True)
class FeatureCommands:
    """How a feature is stopped and started, and how far its last command is.

    ``number`` is that of the last command, which ends the one before it; ``starting``
    are still to be started, in that order; ``failed`` are those that did not follow.
    """

    start: Command
    stop: Command | None = None
    number: int = 0
    starting: list[str] = field(default_factory=list)
    waiting: int = 0
    failed: list[str] = field(default_factory=list)
    memory: StopMemory = field(default_factory=StopMemory)


class FleetCommands:
    """Stops and starts miners; a new command of a kind ends the one before it."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        members: Mapping[str, FleetMember],
        changed: Callable[[], None],
    ) -> None:
        """Take whom to command, and whom to call when something came of it."""
        self._hass = hass
        self._entry = entry
        self._members = members
        self._changed = changed
        self._intents = IntentFile(hass, FLEET)
        self._closed = False
        self._numbers = count(1)
        self._last_stop: dict[str, int] = {}
        self._locks = defaultdict[str, asyncio.Lock](asyncio.Lock)
        """One miner gets one command after the other."""
        self.features = {
            FleetFeature.THROTTLE: FeatureCommands(
                start=lambda miner: miner.controller.async_throttle(False),
                stop=lambda miner: miner.controller.async_throttle(True),
            ),
            FleetFeature.MINING: FeatureCommands(
                start=lambda miner: miner.controller.async_apply(_MINING_ON),
                stop=lambda miner: miner.controller.async_apply(_MINING_OFF),
            ),
            FleetFeature.RESTART: FeatureCommands(
                start=lambda miner: miner.async_command(
                    lambda client, prove: client.restart(prove)
                )
            ),
        }

    def observe(self, member: FleetMember) -> None:
        """See whether somebody else has started a miner."""
        for feature in SWITCHES:
            stopped = member.stopped(feature)
            memory = self.features[feature].memory
            memory.observe(member.key, stopped, time.monotonic())

    async def async_load(self, stored_at: float) -> None:
        """Read what was asked for, if all was stored within the last day.

        The age that a backup of the commands has is no reason to start a miner.
        """
        intents = await self._intents.async_load() or {}
        alive_at = max(stored_at, self._intents.saved_at or 0.0)
        if time.time() - alive_at > FORGET_STOPS_AFTER:
            return
        stopped, starting = (
            load_or(dict[FleetFeature, MinerKeys], intents.get(name), {})
            for name in ("stopped", "starting")
        )
        for feature in SWITCHES:
            commands = self.features[feature]
            commands.memory.load(stopped.get(feature))
            commands.starting = starting.get(feature, [])

    def close(self) -> None:
        """Store nothing more, and take nothing back: the entry unloads."""
        self._closed = True

    async def _async_store(self) -> None:
        """Store whom the switches stop and start; HomeAssistantError if it fails."""
        if self._closed:
            return
        await self._intents.async_save(
            {
                "stopped": {
                    feature.value: self.features[feature].memory.dump()
                    for feature in SWITCHES
                },
                "starting": {
                    feature.value: list(commands.starting)
                    for feature, commands in self.features.items()
                    if commands.starting
                },
            }
        )

    def go_on(self) -> None:
        """Go on with the starts that were broken off."""
        for feature, commands in self.features.items():
            if keys := commands.starting:
                self._begin(feature)
                self._start_behind(feature, keys)

    async def async_stop(self, feature: FleetFeature) -> None:
        """Stop all at once, and remember whom; those that fail are named."""
        self._begin(FleetFeature.RESTART)
        number = self._begin(feature)
        commands = self.features[feature]
        memory = commands.memory
        members = self._able(feature)
        self._last_stop.update((member.key, number) for member in members)
        if feature is FleetFeature.MINING:
            for member in members:
                member.miner.controller.asked(_MINING_OFF)
        targets = [
            member
            for member in members
            if not member.miner.data.unplugged
            and (self._works(feature, member) or self._locks[member.key].locked())
        ]
        known = memory.stopped
        for member in targets:
            memory.remember(member.key)
        try:
            await self._async_store()
        except HomeAssistantError as err:
            for key in {member.key for member in targets} - known:
                memory.forget(key)
            raise _not_stored(self._entry.title) from err
        errors = await asyncio.gather(
            *(self._stop(feature, member, known) for member in targets)
        )
        await self._store()
        named = [
            (member, error)
            for member, error in zip(targets, errors, strict=True)
            if error is not None
        ]
        if commands.number == number:
            commands.failed = [_name(member) for member, _ in named]
            self._changed()
        raise_all([error for _, error in named])

    async def async_start(self, feature: FleetFeature) -> None:
        """Start those that were stopped here, in the background.

        Those that do not answer now are tried last, and named at once. To end a
        saving that was begun elsewhere is no error: who turns everything off does it.
        """
        self._begin(feature)
        stopped = self.features[feature].memory.stopped
        members = self._able(feature)
        chosen = [member for member in members if member.key in stopped]
        waits = feature is FleetFeature.MINING and not chosen
        if waits and any(member.stopped(feature) for member in members):
            raise invalid("nothing_to_start")
        await self._run(feature, chosen)

    async def async_restart_all(self) -> None:
        """Restart all that can be, one after the other."""
        self._begin(FleetFeature.RESTART)
        await self._run(FleetFeature.RESTART, self._able(FleetFeature.RESTART))

    def _begin(self, feature: FleetFeature) -> int:
        """End what is under way of a kind; return the number of the new command."""
        commands = self.features[feature]
        commands.number = next(self._numbers)
        commands.starting, commands.waiting, commands.failed = [], 0, []
        return commands.number

    def _holds(self, feature: FleetFeature, number: int, member: FleetMember) -> bool:
        """Whether a command still holds for a miner: the other switch may stop it.

        The end of saving power wakes nobody up whom that switch has stopped.
        """
        wakes = feature is not FleetFeature.THROTTLE
        overtaken = wakes and self._last_stop.get(member.key, 0) > number
        return self.features[feature].number == number and not overtaken

    def _works(self, feature: FleetFeature, member: FleetMember) -> bool:
        """Whether there is something to stop: also a pause that saves power.

        Otherwise that would end without a miner to start again.
        """
        saves = (
            feature is FleetFeature.MINING
            and member.stopped(FleetFeature.THROTTLE) is True
        )
        return saves or member.stopped(feature) is not True

    def _able(self, feature: FleetFeature) -> list[FleetMember]:
        members = self._members.values()
        return [member for member in members if feature in member.features]

    async def _stop(
        self, feature: FleetFeature, member: FleetMember, known: frozenset[str]
    ) -> HomeAssistantError | None:
        """Stop one; ``known`` are those that had been stopped before."""
        commands = self.features[feature]
        assert commands.stop is not None
        async with self._locks[member.key]:
            commands.memory.remember(member.key)
            try:
                await commands.stop(member.miner)
            except FAILURES as err:
                if err.outcome is not Outcome.UNKNOWN and member.key not in known:
                    commands.memory.forget(member.key)
                return user_error(self._hass, member.entry, err)
        return None

    async def _store(self) -> None:
        """Store what came of a command; what cannot be is stored with the next."""
        try:
            await self._async_store()
        except HomeAssistantError as err:
            LOGGER.warning("%s: this was not stored: %s", self._entry.title, err)

    async def _run(self, feature: FleetFeature, members: Iterable[FleetMember]) -> None:
        """Start them behind the call, and name those that are away."""
        by_key = {member.key: member for member in members}
        order = [item.key for item in sorted(by_key.values(), key=attrgetter("turn"))]
        commands = self.features[feature]
        number = commands.number
        if feature is not FleetFeature.RESTART:
            commands.starting = list(order)
            try:
                await self._async_store()
            except HomeAssistantError as err:
                commands.starting = []
                raise _not_stored(self._entry.title) from err
        if commands.number == number:
            self._start_behind(feature, order)
        away = [_name(by_key[key]) for key in order if not by_key[key].answers]
        if away:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="miners_away",
                translation_placeholders={"names": ", ".join(away)},
            )

    def _start_behind(self, feature: FleetFeature, order: list[str]) -> None:
        """Start miners in this order behind the call."""
        commands = self.features[feature]
        commands.starting, commands.waiting = list(order), len(order)
        self._entry.async_create_background_task(
            self._hass,
            self._stagger(feature, commands.number, list(order)),
            f"{self._entry.title} {feature}",
        )
        self._changed()

    async def _stagger(
        self, feature: FleetFeature, number: int, keys: list[str]
    ) -> None:
        # Those that are still being stopped would all start when that is over.
        for key in keys:
            async with self._locks[key]:
                pass
        commands = self.features[feature]
        for place, key in enumerate(keys):
            if place:
                await asyncio.sleep(STAGGER)
            if commands.number != number:
                return
            commands.waiting -= 1
            self._changed()
            self._entry.async_create_background_task(
                self._hass,
                self._start(feature, number, key),
                f"{self._entry.title} {feature} {place}",
            )

    async def _start(self, feature: FleetFeature, number: int, key: str) -> None:
        commands = self.features[feature]
        async with self._locks[key]:
            # It may have been reloaded, or got another command, since.
            member = await self._loaded(key)
            if member is None or not self._holds(feature, number, member):
                return
            try:
                await commands.start(member.miner)
            except FAILURES as err:
                # Nobody waits for it any more.
                text = user_error(self._hass, member.entry, err)
                LOGGER.warning("%s: %s", self._entry.title, text)
                if commands.number == number:
                    commands.failed.append(_name(member))
                    self._changed()
            else:
                commands.memory.forget(key)
            if commands.number == number and key in commands.starting:
                commands.starting.remove(key)
            await self._store()

    async def _loaded(self, key: str) -> FleetMember | None:
        """Return a miner by its key once it is loaded; None where it never is."""
        ends = self._hass.loop.time() + _LOADS_WITHIN
        while key not in (by_key := {one.key: one for one in self._members.values()}):
            set_up = any(
                entry.unique_id == key and entry.disabled_by is None
                for entry in miner_entries(self._hass)
            )
            if self._hass.loop.time() >= ends or not set_up:
                return None
            await asyncio.sleep(STAGGER)
        return by_key[key]


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
