"""One controller per miner: what its user wants of it."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from functools import partial
import time

from homeassistant.core import callback

from ..const import (
    CONF_EXPERT,
    CONF_PROTECT,
    CONF_RESTART_STALLED,
)
from ..control.errors import (
    ControlError,
    ControlFault,
)
from ..control.model import ControlState
from ..control.overrides import Kind
from ..control.standstill import (
    Recovery,
)
from ..miners.model import (
    Changes,
    MinerState,
    Setting,
    SettingRange,
)
from .environment import this_moment
from .messages import status_text
from .orders import OrderRunner

RECOVERS_IN = 300.0
"""Seconds after which a miner that was helped and restarted has to hash."""


class MinerController(OrderRunner):
    """Writes to one miner, and stores what its user wants of it."""

    async def async_load(self) -> None:
        """Take up what was wanted before."""
        await self._store.async_load()
        intents, options = self.intents, self._entry.options
        intents.under_way = lambda: self._writer.under_way
        intents.protect = bool(options.get(CONF_PROTECT, False))
        intents.expert = bool(options.get(CONF_EXPERT, False))
        intents.restart_stalled = bool(options.get(CONF_RESTART_STALLED, False))
        self._watch_end()

    @property
    def saves_power(self) -> bool:
        """Whether power is to be saved by a wish of the last day."""
        saving = self.intents.overrides[Kind.SAVE_POWER].active
        return bool(saving) and not saving.old

    def allowed(self, setting: Setting) -> SettingRange | None:
        """Return what a setting may be set to; None where it cannot be."""
        state, limits = self._coordinator.data.state, self._coordinator.identity.limits
        reported = None if state is None else state.settings.get(setting)
        number = reported if isinstance(reported, int | float) else None
        found_from = (limits, self.intents.memory.observed.values, number)
        known, allowed = self._ranges.get(setting, (None, None))
        if known != found_from:
            allowed = self._allowed().range_of(setting, number)
            self._ranges[setting] = found_from, allowed
        return allowed

    def show(self, state: MinerState | None) -> ControlState:
        """Return what there is to show beside a state."""
        return self.intents.show(state, this_moment().day)

    async def async_apply(self, changes: Changes) -> None:
        """Write set points; WriteError or ChangeError when they were not taken.

        A fan that runs by itself ignores its duty cycle: to set one is to take it
        over, unless a scene asks for both.
        """
        self.asked(changes)

        def begin() -> Changes:
            settings = self._coordinator.identity.limits.settings
            automatic = self._writer.wanted(Setting.AUTO_FAN) is True
            wanted = changes
            if Setting.FAN_DUTY_CYCLE in changes and Setting.AUTO_FAN in settings:
                wanted = {Setting.AUTO_FAN: automatic, **changes}
            wanted = self.intents.completed(wanted)
            self.intents.begin_change(wanted)
            return wanted

        cancel = self.intents.overrides[Kind.SAVE_POWER].cancel_end
        await self._change(None, begin, cancel, look=False, by_user=True)

    def asked(self, changes: Changes) -> None:
        """Take note of what is about to be applied, so that its end is known at once.

        *Save power* that is turned off at the same time then wakes nobody up.
        """
        self.intents.asked(changes)
        self._store.store_intents_soon()

    async def async_end_protection(self) -> None:
        """Go back to what was before a miner was too hot, whatever was done then."""
        await self._give_back(Kind.SAVE_POWER)
        await self._give_back(Kind.PROTECTION)

    async def async_apply_profile(
        self, name: str, until: datetime | None = None
    ) -> None:
        """Write the settings of a profile, for good or until a point in time."""
        called_at = time.monotonic()
        seconds = None if until is None else until.timestamp() - time.time()

        def begin() -> Changes:
            changes = self.intents.profile_changes(name)
            if seconds is None:
                self.intents.begin_change(changes)
            else:
                now = this_moment()
                left = seconds - (now.monotonic - called_at)
                self.intents.begin_temporary(changes, left, now)
            return changes

        if seconds is not None:
            await self._hold(Kind.TEMPORARY, begin)
            return
        cancel = self.intents.overrides[Kind.SAVE_POWER].cancel_end
        await self._change(None, begin, cancel, by_user=True)

    async def async_end_temporary(self, *, give_back: bool) -> None:
        """Bring back what was before settings for a while, or let them stay."""
        if give_back:
            await self._give_back(Kind.TEMPORARY)
        else:
            self.intents.drop(Kind.TEMPORARY)
            self._changed()

    async def async_save_profile(self, name: str) -> None:
        """Keep the present settings under a name."""
        await self._coordinator.async_read()
        self.intents.save_profile(name)
        await self._profiles_changed()

    async def async_delete_profile(self, name: str) -> None:
        """Forget a profile."""
        self.intents.memory.profiles.delete(name)
        await self._profiles_changed()

    async def async_take_profiles(self, profiles: Mapping[str, Changes]) -> None:
        """Take over the profiles of another miner, all of them or none."""
        self.intents.memory.profiles.take(profiles, self._allowed())
        await self._profiles_changed()

    async def _profiles_changed(self) -> None:
        await self._store.rest.async_save()
        self._changed()

    async def async_restore(self, *, lower: bool = False) -> None:
        """Undo what the device did to its set points, or go one step below that."""
        begin = partial(self.intents.restore_changes, lower)
        await self._change(None, begin, by_user=True)

    async def async_recover(self, recovery: Recovery) -> None:
        """Bring back a miner that is stuck, and return once it hashes."""
        self._recovering = True
        try:
            begin = partial(self.intents.recovery_changes, recovery)
            await self._change(None, begin, by_user=True, recovers=True)
            await self._coordinator.async_command(
                lambda client, prove: client.recover(prove)
            )
            await self._until_hashing()
        finally:
            self._recovering = False

    async def _until_hashing(self) -> None:
        """Wait until a poll shows that the miner hashes; ControlError if none does."""
        hashes = asyncio.Event()

        @callback
        def look() -> None:
            state = self._coordinator.data.state
            if state is not None and state.hashing:
                hashes.set()

        cancel = self._coordinator.async_add_listener(look)
        try:
            look()
            async with asyncio.timeout(RECOVERS_IN):
                await hashes.wait()
        except TimeoutError as err:
            shows = status_text(self._hass, self._coordinator.data)
            raise ControlError(ControlFault.STILL_STUCK, shows) from err
        finally:
            cancel()
