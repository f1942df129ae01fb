"""One controller per miner: what its user wants of it, and what each poll asks for."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from logging import DEBUG, WARNING
import time

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..const import (
    CONF_EXPERT,
    CONF_PROTECT,
    CONF_RESTART_STALLED,
    DOMAIN,
    LOGGER,
)
from ..control.errors import ControlError, ControlFault, HeatError
from ..control.intents import ENDS
from ..control.model import (
    NOBODY,
    Apply,
    ClearIssue,
    ControlState,
    Hold,
    Order,
    Problem,
    RaiseIssue,
    Reason,
    Requester,
    Restart,
    Throttle,
)
from ..control.overrides import Kind
from ..control.standstill import Recovery
from ..insight.model import Insight
from ..miners import (
    ErrorReason,
    MinerClient,
    MinerCommandError,
    Outcome,
    Prove,
)
from ..miners.model import (
    Changes,
    MinerIdentity,
    MinerReading,
    MinerState,
    Setting,
    SettingRange,
)
from ..miners.restarts import RestartVerdict
from ..model import EventType, MinerEvent, Moment
from ..notation import notation_of
from .change_runner import ChangeRunner, ControlledMiner
from .environment import this_moment
from .messages import (
    FAILURES,
    async_clear_issues,
    async_create_issue,
    change_details,
    status_text,
    steps_of,
    user_error,
)
from .power import PowerCurves, rules_of
from .restore import async_was_off

RECOVERS_IN = 300.0
"""Seconds after which a miner that was helped and restarted has to hash."""


class MinerController(ChangeRunner):
    """Writes to one miner, and stores what its user wants of it.

    It shows each poll to the reconciler, and does what that orders.
    """

    _seen = _recovering = False

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, coordinator: ControlledMiner
    ) -> None:
        """Begin with nothing wanted."""
        super().__init__(hass, entry, coordinator)
        self._power = PowerCurves(coordinator, entry.options)

    async def async_load(self) -> None:
        """Take up what was wanted before."""
        await self._store.async_load()
        intents, options = self.intents, self._entry.options
        intents.under_way = lambda: self._writer.under_way
        intents.applying = lambda: self._writer.applying
        intents.protect = bool(options.get(CONF_PROTECT, False))
        intents.expert = bool(options.get(CONF_EXPERT, False))
        intents.restart_stalled = bool(options.get(CONF_RESTART_STALLED, False))
        self._power.rest_power = lambda: intents.memory.pace.rest_power
        intents.steps_of = self._power.steps
        intents.power_rules = rules_of(options, self._coordinator.identity.limits)
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

    async def async_apply(self, changes: Changes, by: Requester = NOBODY) -> None:
        """Write set points; WriteError or ChangeError when they were not taken.

        A fan that runs by itself ignores its duty cycle: to set one is to take it
        over, unless a scene asks for both. A miner that is held can still be stopped.
        """
        if changes != {Setting.MINING: False}:
            self.require_free(by)
        self.asked(changes)

        def begin() -> Changes:
            settings = self._coordinator.identity.limits.settings
            automatic = self._writer.wanted(Setting.AUTO_FAN) is True
            wanted = changes
            if Setting.FAN_DUTY_CYCLE in changes and Setting.AUTO_FAN in settings:
                wanted = {Setting.AUTO_FAN: automatic, **changes}
            wanted = self.intents.completed(wanted)
            self.intents.begin_change(wanted, by)
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
        self, name: str, by: Requester = NOBODY, until: datetime | None = None
    ) -> None:
        """Write the settings of a profile, for good or until a point in time."""
        self.require_free(by)
        called_at = time.monotonic()
        seconds = None if until is None else until.timestamp() - time.time()

        def begin() -> Changes:
            changes = self.intents.profile_changes(name)
            if seconds is None:
                changes = self.intents.ending_rest(changes)
                self.intents.begin_change(changes)
                return changes
            now = this_moment()
            left = seconds - (now.monotonic - called_at)
            self.intents.begin_temporary(changes, left, now, profile=name, by=by)
            return self.intents.woken(changes)

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

    async def async_set_power_target(
        self, watts: float | None, by: Requester = NOBODY
    ) -> None:
        """Let the miner draw so many W at most; None gives back its normal settings.

        A step is written at once if one may be; else with a later poll. While a user
        holds the miner, a target is kept and followed when the hold ends: an energy
        manager may come with a user's name.
        """
        self.require_free(by)
        overrides = self.intents.overrides
        before = overrides.power
        self.intents.ask_power(watts, by)
        if before is None or watts is None:
            try:
                async with self._store.turn:
                    await self._store.async_store_intents()
            except ControlError:
                overrides.power = before
                raise
        waits = self.proving or overrides.hold is not None
        order = None if waits else self.intents.due_for_power()
        if order is not None:
            await self._write_power(order)
        self._changed()

    async def _write_power(self, order: Apply) -> None:
        """Take a step for the power target, or give back the normal settings."""
        if order.reason is Reason.POWER_TARGET_OVER:
            self.intents.begin_power_end()
            await self._give_back(Kind.POWER_TARGET)
            return
        await self._hold(Kind.POWER_TARGET, self.intents.begin_power)
        self.intents.power_applied()
        self._changed()

    async def async_use_as_normal(self) -> None:
        """Let the present settings be the normal ones, whatever was before them."""
        self.intents.use_as_normal()
        async with self._store.turn:
            await self._store.async_store_intents()
        self._changed()

    async def async_hold(self, hold: Hold | None) -> None:
        """Keep automations off the miner from now on, or let them at it again."""
        overrides = self.intents.overrides
        before, overrides.hold = overrides.hold, hold
        try:
            async with self._store.turn:
                await self._store.async_store_intents()
        except ControlError:
            overrides.hold = before
            raise
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
        await self._change(
            None, partial(self.intents.restore_changes, lower), by_user=True
        )

    async def async_recover(self, recovery: Recovery) -> None:
        """Bring back a miner that is stuck, and return once it hashes."""
        self._recovering = True
        try:
            await self._change(
                None,
                partial(self.intents.recovery_changes, recovery),
                by_user=True,
                recovers=True,
            )
            await self._coordinator.async_command(
                lambda client, prove: client.recover(prove), restarts=True
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

    @property
    def proving(self) -> bool:
        """Whether a write is under way, or not yet proved."""
        return self._writer.proving or self._recovering

    @callback
    def observe(
        self,
        identity: MinerIdentity,
        state: MinerState,
        now: Moment,
        boot: RestartVerdict,
        *,
        insight: Insight,
    ) -> ControlState:
        """Take a good poll in; do what follows from it."""
        self._writer.observe(state, restarted=boot.restarted)
        self._power.observe(state, insight)
        self.intents.drawn = self._power.drawn
        orders = self.intents.observe(
            identity,
            state,
            now,
            busy=self.proving,
            boot=boot,
            stalled=insight.shares.stalled,
        )
        self._writer.await_restart(self.intents.memory.waiting)
        self._carry_out(orders)
        self._store.store_intents_soon()
        if not self._seen:
            self._seen = True
            # What was asked before we started is taken back, unless it still holds.
            lasts = {order.problem for order in orders if isinstance(order, RaiseIssue)}
            over = {*Problem} - lasts - {Problem.SETTING_REFUSED}
            async_clear_issues(self._hass, self._entry, *over)
            self._store.rest.save_soon()
        return self.intents.show(state, now.day)

    def _carry_out(self, orders: Iterable[Order]) -> None:
        for order in orders:
            match order:
                case Apply() | Throttle():
                    self._entry.async_create_background_task(
                        self._hass,
                        self._write(order),
                        f"{self._entry.title} control",
                    )
                case Restart():
                    self._entry.async_create_background_task(
                        self._hass,
                        self._restart_stalled(order),
                        f"{self._entry.title} restart",
                    )
                case MinerEvent():
                    self.publish(order)
                case RaiseIssue(changes=changes) if changes:
                    text = steps_of(self._hass, changes, self.intents.settings)
                    self._refused(text, change_details(self._hass, None, changes))
                case RaiseIssue(problem=Problem.TEMPORARY_OLD):
                    before = self.intents.changes_back(Kind.TEMPORARY)
                    self.intents.take_cut()
                    steps = steps_of(self._hass, before, self.intents.settings)
                    async_create_issue(
                        self._hass, self._entry, order.problem, steps=steps
                    )
                case RaiseIssue():
                    write = notation_of(self._hass.config.language).rewritten
                    details = {key: write(text) for key, text in order.details.items()}
                    async_create_issue(
                        self._hass, self._entry, order.problem, **details
                    )
                case ClearIssue():
                    async_clear_issues(self._hass, self._entry, order.problem)
        if orders:
            self._store.rest.save_soon()

    async def _write(self, order: Apply | Throttle) -> None:
        """Write what was ordered; what failed is ordered anew."""
        try:
            match order:
                case Throttle():
                    await self.async_throttle(order.on, reason=order.reason)
                case Apply(reason=Reason.PROTECT):
                    await self._step_down(order.changes)
                case Apply(reason=Reason.REASSERT):
                    await self._reassert(order)
                case Apply(reason=Reason.POWER_TARGET | Reason.POWER_TARGET_OVER):
                    await self._write_power(order)
                case Apply():
                    await self._give_back(ENDS[order.reason])
                    self._report_cut(order.cut)
        except FAILURES as err:
            text = user_error(self._hass, self._entry, err)
            # What is too hot waits, and comes with a later poll.
            waits = self._coordinator.data.unplugged or isinstance(err, HeatError)
            level = DEBUG if waits else WARNING
            LOGGER.log(level, "%s: %s", self._entry.title, text)
            self.intents.failed(order, err.outcome)

    async def _restart_stalled(self, order: Restart) -> None:
        """Restart a miner that stalled, unless that is over by now."""

        async def restart(client: MinerClient, prove: Prove) -> None:
            def prove_stall(reading: MinerReading) -> object:
                proved = prove(reading)
                if self._writer.proving or self.intents.memory.stall.cause is None:
                    raise MinerCommandError(
                        "it does not stall any more", reason=ErrorReason.RECOVERED
                    )
                return proved

            await client.restart(prove_stall)

        outcome = None
        try:
            await self._store.rest.async_save()
            await self._coordinator.async_command(restart, restarts=True)
        except FAILURES as err:
            outcome = err.outcome
            text = user_error(self._hass, self._entry, err)
            LOGGER.warning("%s: not restarted: %s", self._entry.title, text)
            self.intents.failed(order, outcome)
        if outcome in (None, Outcome.UNKNOWN):
            self.publish(
                MinerEvent(event_type=EventType.STALL_RESTART, details=order.details)
            )
        self._store.rest.save_soon()

    async def _reassert(self, order: Apply) -> None:
        """Write what a restart undid, unless it was taken back since it was stored."""
        if order.unwatched and await self._was_taken_back():
            LOGGER.info("%s: Save power was turned off since", self._entry.title)
            self.intents.drop(Kind.SAVE_POWER)
            self._changed()
            return
        await self._change(Kind.SAVE_POWER, lambda: order.changes, look=False)

    async def _was_taken_back(self) -> bool:
        """Whether the recorder knows more than what is stored, which is a backup."""
        entity_id = er.async_get(self._hass).async_get_entity_id(
            Platform.SWITCH, DOMAIN, f"{self._coordinator.device_id}_throttle"
        )
        stored_at = self._store.intents_at
        if entity_id is None or stored_at is None:
            return False
        return await async_was_off(
            self._hass, entity_id, stored_at, self._store.loaded_at
        )

    async def _step_down(self, changes: Changes) -> None:
        """Write one operating point less, and remember what was before."""

        def begin() -> Changes:
            self.intents.begin_step(changes)
            return changes

        await self._hold(Kind.PROTECTION, begin)
