"""One controller per miner: writes its settings, and stores what is wanted of it.

Every change takes the same way: what is wanted, and what was before, is stored; then
it is sent; then the miner shows it. Storing and sending are one step that no other
change of the same miner overtakes and no caller breaks off. What was not sent, or was
refused, is taken back; of what is unknown everything is kept until polls settle it.
"""

import asyncio
from collections import deque
from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Iterable,
    Mapping,
)
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import count
from logging import DEBUG, WARNING
import time
from typing import Any, Protocol, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_call_later

from ..const import (
    CONF_EXPERT,
    CONF_PROTECT,
    CONF_RESTART_STALLED,
    DOMAIN,
    LOGGER,
)
from ..control.errors import (
    ChangeError,
    ControlError,
    ControlFault,
    HeatError,
    PartialError,
    Refusal,
    WriteError,
    by_reason,
)
from ..control.intents import (
    ENDS,
    IntentReconciler,
)
from ..control.model import (
    Apply,
    ClearIssue,
    ControlState,
    Order,
    Problem,
    RaiseIssue,
    Reason,
    Restart,
    Throttle,
)
from ..control.overrides import Kind
from ..control.pending_changes import Caller
from ..control.readback import Device
from ..control.rules import Allowed
from ..control.settings_writer import (
    CALL_DEADLINE,
    SettingsWriter,
)
from ..control.stuck import Recovery
from ..miners import (
    MinerAuthError,
    MinerClient,
    MinerCommandError,
    MinerError,
    MinerTimeoutError,
    Prove,
)
from ..miners.errors import Outcome
from ..miners.events import Moment
from ..miners.model import (
    Changes,
    MinerIdentity,
    MinerReading,
    MinerSettings,
    MinerState,
    Setting,
    SettingRange,
)
from ..miners.restarts import RestartVerdict
from ..model import (
    EventType,
    MinerData,
    MinerEvent,
)
from .control_store import ControlStore
from .insight import now as this_moment
from .issues import (
    async_clear_issues,
    async_raise_issue,
)
from .messages import (
    FAILURES,
    Failure,
    change_details,
    describe_error,
    status_text,
    steps_of,
)
from .restore import async_was_off

RECOVERS_IN = 300.0
"""Seconds after which a miner that was helped and restarted has to hash."""

MOST_UNPUBLISHED = 8
"""Events that are kept while nobody listens: those of the first polls."""

FRESH = 2.0
"""Seconds for which a reading says what a change begins with."""


type Listener = Callable[[MinerEvent], None]
type _Range = tuple[object, object, float | None, SettingRange | None]
"""What a range was found from, as it is asked for with each poll, and the range."""


class ControlledMiner(Device, Protocol):
    """What a controller needs of the coordinator that owns it."""

    device_id: str
    data: MinerData

    @property
    def identity(self) -> MinerIdentity:
        """Who the miner is."""

    @override
    async def async_read(self, *, max_age: float = 0.0) -> MinerState:
        """Read as a device does, unless what was read last is as young as that."""

    async def async_command(
        self, command: Callable[[MinerClient, Prove], Awaitable[None]]
    ) -> None:
        """Send a command, once it is proved that the right device will get it."""

    def async_ask_for_secret(self, error: MinerAuthError) -> None:
        """Ask the user for what the miner wants to be shown."""

    def async_control_changed(self) -> None:
        """Show what is wanted now."""

    def async_add_listener(self, update_callback: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call this after each poll."""

    async def async_request_refresh(self) -> None:
        """Poll soon."""


def _nothing() -> None:
    """Have nothing to take back."""


class MinerController:
    """Writes to one miner, and stores what its user wants of it."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        coordinator: ControlledMiner,
    ) -> None:
        """Begin with nothing wanted."""
        self._hass = hass
        self._entry = entry
        self._coordinator = coordinator
        self._store = ControlStore(hass, entry, coordinator.identity)
        self._writer = SettingsWriter(coordinator, self._allowed, self)
        self._numbers = count(1)
        self._latest: dict[Kind | None, int] = {}
        self._listeners: list[Listener] = []
        self._unpublished: deque[MinerEvent] = deque(maxlen=MOST_UNPUBLISHED)
        self._seen = self._recovering = False
        self._ranges: dict[Setting, _Range] = {}
        self._cancel_end: CALLBACK_TYPE | None = None

    async def async_load(self) -> None:
        """Take up what was wanted before."""
        await self._store.async_load()
        self._intents.under_way = lambda: self._writer.under_way
        self._intents.protect = self._entry.options.get(CONF_PROTECT, False)
        self._intents.expert = bool(self._entry.options.get(CONF_EXPERT, False))
        restarts = bool(self._entry.options.get(CONF_RESTART_STALLED, False))
        self._intents.restart_stalled = restarts
        self._watch_end()

    async def async_unload(self) -> None:
        """Send nothing more, and store what is wanted; take nothing back."""
        self._writer.close()
        self._cancel_watch()
        await self._store.async_close()

    @property
    def _intents(self) -> IntentReconciler:
        return self._store.reconciler

    @property
    def profiles(self) -> Mapping[str, Changes]:
        """The saved profiles by name."""
        return self._intents.memory.profiles.saved

    @property
    def proving(self) -> bool:
        """Whether a write is under way, or not yet proved."""
        return self._writer.proving or self._recovering

    @property
    def saves_power(self) -> bool:
        """Whether power is to be saved, whatever the miner does."""
        return self._intents.saves_power

    def allowed(self, setting: Setting) -> SettingRange | None:
        """Return what a setting may be set to; None where it cannot be."""
        state = self._coordinator.data.state
        reported = None if state is None else state.settings.get(setting)
        number = reported if isinstance(reported, int | float) else None
        limits, seen = (
            self._coordinator.identity.limits,
            self._intents.memory.observed.values,
        )
        known = self._ranges.get(setting)
        if (
            known is None
            or known[0] is not limits
            or known[1] is not seen
            or known[2] != number
        ):
            found = self._allowed().range_of(setting, number)
            known = self._ranges[setting] = (limits, seen, number, found)
        return known[3]

    def _allowed(self) -> Allowed:
        return self._intents.allowed

    # What the user wants.

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
            wanted = self._intents.completed(wanted)
            self._intents.begin_change(wanted)
            return wanted

        cancel = self._intents.overrides[Kind.SAVE_POWER].cancel_end
        await self._change(None, begin, cancel, look=False, by_user=True)

    def asked(self, changes: Changes) -> None:
        """Take note of what is about to be applied, so that its end is known at once.

        *Save power* that is turned off at the same time then wakes nobody up.
        """
        self._intents.asked(changes)
        self._store.store_intents_soon()

    async def async_throttle(self, on: bool, reason: Reason | None = None) -> None:
        """Save power, or go back to what was before."""
        if not on:
            await self._give_back(Kind.SAVE_POWER)
            return

        def begin() -> Changes:
            changes = self._intents.saving_changes()
            self._intents.begin_saving(reason)
            return changes

        await self._hold(Kind.SAVE_POWER, begin)

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
            changes = self._intents.profile_changes(name)
            if seconds is None:
                self._intents.begin_change(changes)
            else:
                now = this_moment()
                left = seconds - (now.monotonic - called_at)
                self._intents.begin_temporary(changes, left, now)
            return changes

        if seconds is not None:
            await self._hold(Kind.TEMPORARY, begin)
            return
        cancel = self._intents.overrides[Kind.SAVE_POWER].cancel_end
        await self._change(None, begin, cancel, by_user=True)

    async def async_end_temporary(self, *, give_back: bool) -> None:
        """Bring back what was before settings for a while, or let them stay."""
        if give_back:
            await self._give_back(Kind.TEMPORARY)
        else:
            self._intents.drop(Kind.TEMPORARY)
            self._changed()

    async def _hold(self, kind: Kind, begin: Callable[[], Changes]) -> None:
        """Apply what lasts for a while."""
        await self._change(kind, begin, partial(self._intents.cancel, kind))

    async def _give_back(self, kind: Kind) -> None:
        """Bring back what was before."""

        def begin() -> Changes:
            self._intents.overrides[kind].begin_end()
            return self._intents.changes_back(kind)

        cancel = self._intents.overrides[kind].cancel_end
        # A miner that is woken up may show it minutes later.
        unknown = _nothing if kind is Kind.SAVE_POWER else cancel
        await self._change(kind, begin, cancel, unknown=unknown, ends=True)

    async def async_save_profile(self, name: str) -> None:
        """Keep the present settings under a name."""
        await self._coordinator.async_read()
        self._intents.save_profile(name)
        await self._profiles_changed()

    async def async_delete_profile(self, name: str) -> None:
        """Forget a profile."""
        self._intents.memory.profiles.delete(name)
        await self._profiles_changed()

    async def async_take_profiles(self, profiles: Mapping[str, Changes]) -> None:
        """Take over the profiles of another miner, all of them or none."""
        self._intents.take_profiles(profiles)
        await self._profiles_changed()

    async def _profiles_changed(self) -> None:
        await self._store.async_save()
        self._changed()

    async def async_restore(self, *, lower: bool = False) -> None:
        """Undo what the device did to its set points, or go one step below that."""
        begin = partial(self._intents.restore_changes, lower)
        await self._change(None, begin, by_user=True)

    @property
    def recoveries(self) -> Collection[Recovery]:
        """The ways to bring back a miner that is stuck, none while it is not."""
        return self._intents.recoveries

    async def async_recover(self, recovery: Recovery) -> None:
        """Bring back a miner that is stuck, and return once it hashes."""
        self._recovering = True
        try:
            begin = partial(self._intents.recovery_changes, recovery)
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

    # The way of every change.

    async def _change(
        self,
        kind: Kind | None,
        begin: Callable[[], Changes],
        cancel: Callable[[], None] = _nothing,
        *,
        unknown: Callable[[], None] = _nothing,
        look: bool = True,
        by_user: bool = False,
        ends: bool = False,
        recovers: bool = False,
    ) -> None:
        """Store and send what ``begin`` wants, and take note of what became of it.

        ``kind`` is what it begins or ``ends``, None where it stays. ``cancel`` takes it
        back when it was not sent or was refused, ``unknown`` does what is to be done
        when nobody knows, unless a later change of the kind has begun. With ``look``
        the miner is read first. ``by_user``: what it replaces does not come back. What
        ``recovers`` a miner that is stuck after it overheated is not refused because
        of its flag.
        """
        began, number = self._hass.loop.time(), next(self._numbers)

        def take_back(error: Failure) -> None:
            if self._latest.get(kind) != number:
                return
            (unknown if error.outcome is Outcome.UNKNOWN else cancel)()
            self._changed()

        async def enter() -> tuple[Caller, Changes]:
            async with self._store.turn:
                if look:
                    await self._coordinator.async_read(max_age=FRESH)
                self._latest[kind] = number
                changes = begin()
                self._intents.recovery = changes if recovers else {}
                cut = self._intents.take_cut()
                try:
                    self._writer.check(changes)
                    await self._store.async_store_intents()
                    return self._writer.submit(changes, began=began), cut
                except (ChangeError, ControlError, MinerError) as err:
                    take_back(err)
                    raise

        try:
            async with asyncio.timeout_at(began + CALL_DEADLINE):
                call, cut = await self._uninterrupted(enter())
        except TimeoutError as err:
            text = "earlier changes are not done"
            raise MinerTimeoutError(text, outcome=Outcome.UNKNOWN) from err
        written = await self._outcome(call, take_back)
        self._report_cut(cut)
        self._intents.applied(written, by_user=by_user)
        if ends and kind is not None:
            self._intents.end(kind)
        self._changed()

    async def _outcome(
        self, call: Caller, take_back: Callable[[Failure], None]
    ) -> Changes:
        """Wait for what becomes of a call; take back what failed, and raise it."""
        try:
            return await self._writer.outcome(call)
        except (ChangeError, PartialError, MinerError) as err:
            take_back(err)
            for failure, _ in by_reason(call.failures):
                if isinstance(failure, MinerAuthError):
                    self._coordinator.async_ask_for_secret(failure)
            if isinstance(err, MinerError):
                raise WriteError(err, call.changes, self._reported) from err
            if isinstance(err, PartialError):
                err.reported = self._reported
            raise

    async def _uninterrupted(
        self, step: Coroutine[Any, Any, tuple[Caller, Changes]]
    ) -> tuple[Caller, Changes]:
        """Wait for a step that goes on though whoever waits for it is cancelled."""
        task = self._entry.async_create_task(
            self._hass, step, f"{self._entry.title} change"
        )
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_leave)
            raise

    @property
    def _reported(self) -> MinerSettings:
        return self._intents.settings

    async def _step_down(self, changes: Changes) -> None:
        """Write one operating point less, and remember what was before."""

        def begin() -> Changes:
            self._intents.begin_step(changes)
            return changes

        await self._hold(Kind.PROTECTION, begin)

    # What the device does.

    @callback
    def observe(
        self,
        identity: MinerIdentity,
        state: MinerState,
        now: Moment,
        boot: RestartVerdict,
        *,
        stalled: bool | None,
    ) -> ControlState:
        """Take a good poll in; do what follows from it."""
        self._writer.observe(state, restarted=boot.restarted)
        orders = self._intents.observe(
            identity,
            state,
            now,
            busy=self.proving,
            boot=boot,
            stalled=stalled,
        )
        self._writer.await_restart(self._intents.memory.waiting)
        self._carry_out(orders)
        self._store.store_intents_soon()
        if not self._seen:
            self._seen = True
            self._take_back(orders)
            self._store.save_soon()
        return self._intents.show(state, now.day)

    def show(self, state: MinerState | None) -> ControlState:
        """Return what there is to show beside a state."""
        return self._intents.show(state, this_moment().day)

    def wrote(self, changes: Changes) -> None:
        """Count what was written to flash."""
        self._intents.memory.writes.add(this_moment().day, len(changes))
        self._store.save_soon()

    def taken(self, changes: Changes) -> None:
        """Take back what was said of a refusal; what we changed is no news."""
        self._intents.memory.changes.wrote(changes)
        self._carry_out([ClearIssue(problem=Problem.SETTING_REFUSED)])

    def failed(self, error: ChangeError | MinerError, changes: Changes) -> None:
        """Report a change that failed when nobody waited for it any more."""
        if isinstance(error, MinerAuthError):
            self._coordinator.async_ask_for_secret(error)
        failure = (
            WriteError(error, changes, self._reported)
            if isinstance(error, MinerError)
            else error
        )
        text = describe_error(self._hass, self._entry, failure)
        LOGGER.warning("%s: %s", self._entry.title, text)
        self._refused(text, change_details(error, changes))

    def _refused(self, text: str, details: Mapping[str, Any]) -> None:
        self.publish(MinerEvent(event_type=EventType.SETTING_REFUSED, details=details))
        issue = RaiseIssue(problem=Problem.SETTING_REFUSED, details={"error": text})
        async_raise_issue(self._hass, self._entry, issue)

    def restart_needed(self, changes: Changes) -> None:
        """Take note that a change waits for a restart."""
        self._intents.restart_needed(changes)
        self._store.save_soon()

    @callback
    def async_on_activity(self, listener: Listener) -> CALLBACK_TYPE:
        """Call a listener when something happens, and for what did before it came."""
        self._listeners.append(listener)
        while self._unpublished:
            listener(self._unpublished.popleft())
        return lambda: self._listeners.remove(listener)

    def publish(self, event: MinerEvent) -> None:
        """Let all who listen know what happened, or the first who will."""
        if not self._listeners:
            self._unpublished.append(event)
        for listener in tuple(self._listeners):
            listener(event)

    def _carry_out(self, orders: Iterable[Order]) -> None:
        for order in orders:
            match order:
                case Apply() | Throttle():
                    self._in_background(self._write(order), "control")
                case Restart():
                    self._in_background(self._restart_stalled(order), "restart")
                case MinerEvent():
                    self.publish(order)
                case RaiseIssue(changes=changes) if changes:
                    text = steps_of(self._hass, changes, self._reported)
                    self._refused(text, change_details(None, changes))
                case RaiseIssue(problem=Problem.TEMPORARY_OLD):
                    before = self._intents.changes_back(Kind.TEMPORARY)
                    self._intents.take_cut()
                    steps = steps_of(self._hass, before, self._reported)
                    issue = replace(order, details={"steps": steps})
                    async_raise_issue(self._hass, self._entry, issue)
                case RaiseIssue():
                    async_raise_issue(self._hass, self._entry, order)
                case ClearIssue():
                    async_clear_issues(self._hass, self._entry, order.problem)
        if orders:
            self._store.save_soon()

    def _in_background(self, task: Coroutine[Any, Any, None], name: str) -> None:
        self._entry.async_create_background_task(
            self._hass, task, f"{self._entry.title} {name}"
        )

    async def _write(self, order: Apply | Throttle) -> None:
        """Write what was ordered; what failed is ordered anew."""
        try:
            match order:
                case Throttle():
                    await self.async_throttle(order.on, order.reason)
                case Apply(reason=Reason.PROTECT):
                    await self._step_down(order.changes)
                case Apply(reason=Reason.REASSERT):
                    await self._reassert(order)
                case Apply():
                    await self._give_back(ENDS[order.reason])
                    self._report_cut(order.cut)
        except FAILURES as err:
            text = describe_error(self._hass, self._entry, err)
            # What is too hot waits, and comes with a later poll.
            waits = self._coordinator.data.unplugged or isinstance(err, HeatError)
            level = DEBUG if waits else WARNING
            LOGGER.log(level, "%s: %s", self._entry.title, text)
            self._intents.failed(order, err.outcome)

    async def _restart_stalled(self, order: Restart) -> None:
        """Restart a miner that stalled, unless that is over by now."""

        async def restart(client: MinerClient, prove: Prove) -> None:
            def prove_stall(reading: MinerReading) -> object:
                proved = prove(reading)
                if self._writer.proving or self._intents.memory.stall.cause is None:
                    raise MinerCommandError("it does not stall any more")
                return proved

            await client.restart(prove_stall)

        outcome = None
        try:
            await self._store.async_save()
            await self._coordinator.async_command(restart)
        except FAILURES as err:
            outcome = err.outcome
            text = describe_error(self._hass, self._entry, err)
            LOGGER.warning("%s: not restarted: %s", self._entry.title, text)
            self._intents.failed(order, outcome)
        if outcome in (None, Outcome.UNKNOWN):
            self.publish(
                MinerEvent(event_type=EventType.STALL_RESTART, details=order.details)
            )
        self._store.save_soon()

    async def _reassert(self, order: Apply) -> None:
        """Write what a restart undid, unless it was taken back since it was stored."""
        if order.unwatched and await self._was_taken_back():
            LOGGER.info("%s: Save power was turned off since", self._entry.title)
            self._intents.drop(Kind.SAVE_POWER)
            self._changed()
            return
        await self._change(Kind.SAVE_POWER, lambda: order.changes, look=False)

    async def _was_taken_back(self) -> bool:
        """Whether the recorder knows more than what is stored, which is a backup."""
        unique_id = f"{self._coordinator.device_id}_throttle"
        entity_id = er.async_get(self._hass).async_get_entity_id(
            Platform.SWITCH, DOMAIN, unique_id
        )
        stored_at = self._store.intents_at
        if entity_id is None or stored_at is None:
            return False
        return await async_was_off(
            self._hass, entity_id, stored_at, self._store.loaded_at
        )

    def _report_cut(self, cut: Changes) -> None:
        """Report what was to come back and is outside of the limits of now."""
        for setting, asked in cut.items():
            allowed = self._allowed().range_of(setting)
            refusal = Refusal.NOT_OFFERED if allowed is None else Refusal.OUT_OF_RANGE
            error = ChangeError(refusal, setting, asked, allowed=allowed)
            self.failed(error, {setting: asked})

    def _take_back(self, orders: Iterable[Order]) -> None:
        """Take back what was asked before we started and is over since."""
        lasts = {order.problem for order in orders if isinstance(order, RaiseIssue)}
        over = {*Problem} - lasts - {Problem.SETTING_REFUSED}
        async_clear_issues(self._hass, self._entry, *over)

    # What must outlive a restart.

    def _watch_end(self) -> None:
        """Poll when a temporary profile ends: what is over is found then."""
        self._cancel_watch()
        left = self._intents.seconds_left(this_moment())
        if left is None or left <= 0:
            return

        async def ended(_: datetime) -> None:
            self._cancel_end = None
            await self._coordinator.async_request_refresh()

        self._cancel_end = async_call_later(self._hass, left, ended)

    def _cancel_watch(self) -> None:
        if self._cancel_end is not None:
            self._cancel_end()
            self._cancel_end = None

    def _changed(self) -> None:
        """Show, and store, what came of a change."""
        self._watch_end()
        self._store.store_intents_soon()
        self._coordinator.async_control_changed()


def _leave(task: asyncio.Task[tuple[Caller, Changes]]) -> None:
    """Let the call know that nobody waits for it any more."""
    if task.cancelled():
        return
    if (error := task.exception()) is None:
        task.result()[0].leave()
    else:
        LOGGER.debug("A change that nobody waited for failed: %s", error)
