"""What the fleet's switches and its button do to many miners.

To stop is done with all at once; to start one after the other, for a fuse may not
stand the inrush of all. A start goes on behind the call that asked for it, and after
a reload or a restart of Home Assistant.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import count
from operator import attrgetter
import time

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..const import (
    DOMAIN,
    FLEET,
    LOGGER,
)
from ..control.model import NOBODY, Requester
from ..miners.codec import load_or
from ..miners.errors import Outcome
from ..miners.model import (
    Changes,
    Setting,
)
from ..runtime.entries import miner_entries
from ..runtime.messages import (
    FAILURES,
    raise_all,
    user_error,
)
from ..runtime.store import IntentFile
from ..runtime.targets import invalid
from . import FleetFeature
from .members import FleetMember, MinerKeys, StopMemory, WhyLeft
from .progress import FeatureCommands, Reached, is_away, name_of

STAGGER = 2.0
"""Seconds from the start of one miner to that of the next."""

_LOADS_WITHIN = 300.0
"""Seconds within which a miner is loaded after a start, or is left out."""

FORGET_STOPS_AFTER = 24 * 3600.0
"""Seconds after which it is not known any more whom the switches have stopped."""

SWITCHES = (FleetFeature.THROTTLE, FleetFeature.MINING)

_MINING_ON: Changes = {Setting.MINING: True}
_MINING_OFF: Changes = {Setting.MINING: False}


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
                start=lambda miner, by: miner.controller.async_throttle(False, by),
                stop=lambda miner, by: miner.controller.async_throttle(True, by),
            ),
            FleetFeature.MINING: FeatureCommands(
                start=lambda miner, by: miner.controller.async_apply(_MINING_ON, by),
                stop=lambda miner, by: miner.controller.async_apply(_MINING_OFF, by),
                memory=StopMemory(),
            ),
            FleetFeature.RESTART: FeatureCommands(
                start=lambda miner, _: miner.async_command(
                    lambda client, prove: client.restart(prove), restarts=True
                )
            ),
        }

    def observe(self, member: FleetMember) -> None:
        """See whether somebody else has started a miner."""
        for feature, commands in self.features.items():
            if commands.memory is not None:
                stopped = member.stopped(feature)
                commands.memory.observe(member.key, stopped, time.monotonic())

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
            if commands.memory is not None:
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
                    feature.value: commands.memory.dump()
                    for feature, commands in self.features.items()
                    if commands.memory is not None
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

    async def async_stop(
        self,
        feature: FleetFeature,
        by: Requester = NOBODY,
        only: Collection[str] | None = None,
    ) -> Reached:
        """Stop all at once, or ``only`` those with these keys.

        Those that refuse are named in the error. Who is held or offline is left out,
        and named by the switch. What is under way for others goes on.
        """
        others = self._others_starting(feature, only)
        if only is None:
            self._begin(FleetFeature.RESTART)
        number, commands = self._begin(feature), self.features[feature]
        if others:
            self._start_behind(feature, others)
        able = self._able(feature, only)
        members = [one for one in able if one.kept_out is not WhyLeft.HELD]
        self._last_stop.update((member.key, number) for member in members)
        if feature is FleetFeature.MINING:
            for member in members:
                member.miner.controller.asked(_MINING_OFF)
        targets = commands.choose(
            member
            for member in able
            if self._works(feature, member) or self._locks[member.key].locked()
        )
        left_out = commands.left_out
        commands.total += len(targets)
        self._changed()
        known = await self._remember(commands.memory, targets)
        outcomes = await asyncio.gather(
            *(self._stop(feature, number, member, known, by) for member in targets)
        )
        if commands.memory is not None:
            await self._store()
        raise_all(self._hass, [error for error in outcomes if error is not None])
        away = {name for name, _ in left_out}
        names = (name for member in targets if (name := name_of(member)) not in away)
        return Reached(tuple(names), tuple(left_out))

    async def _remember(
        self, memory: StopMemory | None, targets: Iterable[FleetMember]
    ) -> frozenset[str]:
        """Store whom a command stops, and that none of them is to be started any more.

        Returns who had been stopped before.
        """
        memory = StopMemory() if memory is None else memory
        known, keys = memory.stopped, {member.key for member in targets}
        for key in keys:
            memory.remember(key)
        try:
            await self._async_store()
        except HomeAssistantError as err:
            for key in keys - known:
                memory.forget(key)
            raise not_stored(self._entry.title) from err
        return known

    async def async_start(
        self,
        feature: FleetFeature,
        by: Requester = NOBODY,
        only: Collection[str] | None = None,
    ) -> Reached:
        """Start those that were stopped, or ``only`` some, in the background.

        *Mining* starts whom it stopped itself, *Save power* all that save power by
        request, whoever asked for it. Who is held, offline, or rests for another
        reason is left out, and named by the switch. To end a saving that nobody asked
        for here is no error: who turns everything off does it.
        """
        others = self._others_starting(feature, only)
        self._begin(feature)
        commands = self.features[feature]
        members = self._able(feature, only)
        wanted = [member for member in members if self._is_ours(feature, member)]
        waits = feature is FleetFeature.MINING and not wanted
        if waits and any(member.stopped(feature) for member in members):
            raise invalid("nothing_to_start")
        chosen = commands.choose(wanted)
        for member in members:
            if member.kept_out is None and (why := member.rests) is not None:
                commands.left_out.append((name_of(member), why))
        reached = Reached(tuple(map(name_of, chosen)), tuple(commands.left_out))
        await self._run(feature, chosen, by, others)
        return reached

    def _is_ours(self, feature: FleetFeature, member: FleetMember) -> bool:
        """Whether a miner is to be started by the end of a command."""
        memory = self.features[feature].memory
        if memory is not None:
            return member.key in memory.stopped
        return member.miner.data.control.saves or self._locks[member.key].locked()

    async def async_restart_all(self) -> None:
        """Restart all that can be, one after the other; who is offline is an error."""
        reached = await self.async_restart()
        away = [name for name, why in reached.left_out if why is WhyLeft.OFFLINE]
        if away:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="miners_away",
                translation_placeholders={"names": ", ".join(away)},
            )

    async def async_restart(self) -> Reached:
        """Restart all that can be, one after the other, and return whom that reaches.

        Who is offline is tried last.
        """
        self._begin(FleetFeature.RESTART)
        members = self._able(FleetFeature.RESTART)
        free = [one for one in members if one.kept_out is not WhyLeft.HELD]
        await self._run(FleetFeature.RESTART, free)
        return Reached(
            tuple(name_of(member) for member in free if member.answers),
            tuple(
                (name_of(member), member.kept_out or WhyLeft.OFFLINE)
                for member in members
                if member.kept_out is WhyLeft.HELD or not member.answers
            ),
        )

    def _begin(self, feature: FleetFeature) -> int:
        """End what is under way of a kind; return the number of the new command."""
        commands = self.features[feature]
        commands.begin(next(self._numbers))
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

    def _able(
        self, feature: FleetFeature, only: Collection[str] | None = None
    ) -> list[FleetMember]:
        return [
            member
            for member in self._members.values()
            if feature in member.features and (only is None or member.key in only)
        ]

    def _others_starting(
        self, feature: FleetFeature, only: Collection[str] | None
    ) -> list[str]:
        """Return who is still to be started after a command for ``only`` some."""
        return [
            key
            for key in self.features[feature].starting
            if only is not None and key not in only and not self._locks[key].locked()
        ]

    async def _stop(
        self,
        feature: FleetFeature,
        number: int,
        member: FleetMember,
        known: frozenset[str],
        by: Requester,
    ) -> HomeAssistantError | None:
        """Stop one; ``known`` are those that had been stopped before."""
        commands, failure = self.features[feature], None
        memory = commands.memory
        assert commands.stop is not None
        async with self._locks[member.key]:
            if memory is not None:
                memory.remember(member.key)
            try:
                await commands.stop(member.miner, by)
            except FAILURES as err:
                failure = err
                if (
                    memory is not None
                    and err.outcome is not Outcome.UNKNOWN
                    and member.key not in known
                ):
                    memory.forget(member.key)
        if commands.number == number:
            commands.ended(member, failure)
            self._changed()
        if failure is None or is_away(failure):
            return None
        return user_error(self._hass, member.entry, failure)

    async def _store(self) -> None:
        """Store what came of a command; what cannot be is stored with the next."""
        try:
            await self._async_store()
        except HomeAssistantError as err:
            LOGGER.warning("%s: this was not stored: %s", self._entry.title, err)

    async def _run(
        self,
        feature: FleetFeature,
        members: Iterable[FleetMember],
        by: Requester = NOBODY,
        before: Iterable[str] = (),
    ) -> None:
        """Start them behind the call, after those that wait already."""
        turns = sorted(members, key=attrgetter("turn"))
        order = [*before, *(member.key for member in turns)]
        commands = self.features[feature]
        number = commands.number
        if feature is not FleetFeature.RESTART:
            commands.starting = list(order)
            try:
                await self._async_store()
            except HomeAssistantError as err:
                commands.starting = []
                raise not_stored(self._entry.title) from err
        if commands.number == number:
            self._start_behind(feature, order, by)

    def _start_behind(
        self, feature: FleetFeature, order: list[str], by: Requester = NOBODY
    ) -> None:
        """Start miners in this order behind the call."""
        commands = self.features[feature]
        commands.starting = list(order)
        commands.waiting = commands.total = len(order)
        self._entry.async_create_background_task(
            self._hass,
            self._stagger(feature, commands.number, list(order), by),
            f"{self._entry.title} {feature}",
        )
        self._changed()

    async def _stagger(
        self, feature: FleetFeature, number: int, keys: list[str], by: Requester
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
                self._start(feature, number, key, by),
                f"{self._entry.title} {feature} {place}",
            )

    async def _start(
        self, feature: FleetFeature, number: int, key: str, by: Requester
    ) -> None:
        commands, failure = self.features[feature], None
        async with self._locks[key]:
            # It may have been reloaded, or got another command, since.
            member = await self._loaded(key)
            if member is None or not self._holds(feature, number, member):
                return
            try:
                await commands.start(member.miner, by)
            except FAILURES as err:
                # Nobody waits for it any more.
                failure = err
                text = user_error(self._hass, member.entry, err)
                LOGGER.warning("%s: %s", self._entry.title, text)
            else:
                if commands.memory is not None:
                    commands.memory.forget(key)
            if commands.number == number:
                commands.ended(member, failure)
                self._changed()
                if key in commands.starting:
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


def not_stored(name: str) -> HomeAssistantError:
    """Return what to raise when nothing was sent because it could not be stored."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="control_not_stored",
        translation_placeholders={"name": name},
    )
