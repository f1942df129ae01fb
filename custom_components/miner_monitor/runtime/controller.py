"""One controller per miner: runs the door and the steward inside Home Assistant.

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
from enum import Enum, auto
from itertools import count
from logging import DEBUG, WARNING
import time
from typing import Any, Protocol

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

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
from ..control.model import (
    Apply,
    Ask,
    ControlState,
    Order,
    Problem,
    Reason,
    Restart,
    Settle,
    Throttle,
)
from ..control.pending_changes import Caller
from ..control.readback import Device
from ..control.rules import Allowed
from ..control.settings_writer import (
    CALL_DEADLINE,
    SettingsWriter,
)
from ..control.steward import IntentReconciler
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

MOST_UNTOLD = 8
"""Reports that are kept while nobody listens: those of the first polls."""


class _Kind(Enum):
    """What a later change of the same kind takes the place of."""

    POWER = auto()
    TEMPORARY = auto()
    SETTINGS = auto()
    PROTECTION = auto()


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
        self._door = SettingsWriter(coordinator, self._allowed, self)
        self._numbers = count(1)
        self._latest: dict[_Kind, int] = {}
        self._listeners: list[Listener] = []
        self._untold: deque[MinerEvent] = deque(maxlen=MOST_UNTOLD)
        self._seen = self._recovering = False
        self._ranges: dict[Setting, _Range] = {}
        self._cancel_end: CALLBACK_TYPE | None = None

    async def async_load(self) -> None:
        """Take up what was wanted before."""
        await self._store.async_load()
        self._steward.under_way = lambda: self._door.under_way
        self._steward.protect = self._entry.options.get(CONF_PROTECT, False)
        self._steward.expert = bool(self._entry.options.get(CONF_EXPERT, False))
        restarts = bool(self._entry.options.get(CONF_RESTART_STALLED, False))
        self._steward.restart_stalled = restarts
        self._watch_end()

    async def async_unload(self) -> None:
        """Send nothing more, and store what is wanted; take nothing back."""
        self._door.close()
        self._cancel_watch()
        await self._store.async_close()

    @property
    def _steward(self) -> IntentReconciler:
        return self._store.steward

    @property
    def state(self) -> ControlState:
        """What there is to show."""
        return self._coordinator.data.control

    @property
    def profiles(self) -> Mapping[str, Changes]:
        """The saved profiles by name."""
        return self._steward.profiles

    @property
    def proving(self) -> bool:
        """Whether a write is under way, or not yet proved."""
        return self._door.proving or self._recovering

    @property
    def saves_power(self) -> bool:
        """Whether power is to be saved, whatever the miner does."""
        return self._steward.saves_power

    def allowed(self, setting: Setting) -> SettingRange | None:
        """Return what a setting may be set to; None where it cannot be."""
        state = self._coordinator.data.state
        reported = None if state is None else state.settings.get(setting)
        number = reported if isinstance(reported, int | float) else None
        limits, adopted = self._coordinator.identity.limits, self._steward.adopted
        known = self._ranges.get(setting)
        if (
            known is None
            or known[0] is not limits
            or known[1] is not adopted
            or known[2] != number
        ):
            found = self._allowed().range_of(setting, number)
            known = self._ranges[setting] = (limits, adopted, number, found)
        return known[3]

    def _allowed(self) -> Allowed:
        return self._steward.allowed

    # What the user wants.

    async def async_apply(self, changes: Changes) -> None:
        """Write set points; WriteError or ChangeError when they were not taken.

        A fan that runs by itself ignores its duty cycle: to set one is to take it
        over, unless a scene asks for both.
        """
        self.asked(changes)

        def begin() -> Changes:
            settings = self._coordinator.identity.limits.settings
            automatic = self._door.wanted(Setting.AUTO_FAN) is True
            wanted = changes
            if Setting.FAN_DUTY_CYCLE in changes and Setting.AUTO_FAN in settings:
                wanted = {Setting.AUTO_FAN: automatic, **changes}
            wanted = self._steward.completed(wanted)
            self._steward.begin_change(wanted)
            return wanted

        written = await self._change(
            _Kind.SETTINGS, begin, self._steward.cancel_end_throttle, look=False
        )
        self._steward.applied(written, by_user=True)
        self._changed()

    def asked(self, changes: Changes) -> None:
        """Take note of what is about to be applied, so that its end is known at once.

        *Save power* that is turned off at the same time then wakes nobody up.
        """
        self._steward.asked(changes)
        self._store.store_intents_soon()

    async def async_throttle(self, on: bool, by: Reason | None = None) -> None:
        """Save power, or go back to what was before."""
        steward = self._steward

        def begin() -> Changes:
            changes = steward.throttle_changes(on)
            if on:
                steward.begin_throttle(by)
            else:
                steward.begin_end_throttle()
            return changes

        cancel = steward.cancel_throttle if on else steward.cancel_end_throttle
        changes = await self._change(_Kind.POWER, begin, cancel)
        steward.applied(changes, by_user=False)
        if not on:
            steward.end_throttle()
        self._changed()

    async def async_end_protection(self) -> None:
        """Go back to what was before a miner was too hot, whatever was done then."""
        await self.async_throttle(False)
        await self._step_back()
        self._changed()

    async def async_apply_profile(
        self, name: str, until: datetime | None = None
    ) -> None:
        """Write the settings of a profile, for good or until a point in time."""
        steward, called_at = self._steward, time.monotonic()
        seconds = None if until is None else until.timestamp() - time.time()

        def begin() -> Changes:
            changes = steward.profile_changes(name)
            if seconds is not None:
                monotonic = time.monotonic()
                steward.begin_temporary(
                    changes,
                    seconds=seconds - (monotonic - called_at),
                    wall=time.time(),
                    monotonic=monotonic,
                )
            else:
                steward.begin_change(changes)
            return changes

        if seconds is None:
            kind, cancel = _Kind.SETTINGS, steward.cancel_end_throttle
        else:
            kind, cancel = _Kind.TEMPORARY, steward.cancel_temporary
        changes = await self._change(kind, begin, cancel)
        steward.applied(changes, by_user=seconds is None)
        self._changed()

    async def async_end_temporary(self, *, give_back: bool) -> None:
        """Bring back what was before settings for a while, or let them stay."""
        if give_back:
            await self._give_back()
        else:
            self._steward.keep_temporary()
        self._changed()

    async def _give_back(self) -> None:
        def begin() -> Changes:
            self._steward.begin_end_temporary()
            return self._steward.temporary_changes()

        cancel = self._steward.cancel_end_temporary
        changes = await self._change(_Kind.TEMPORARY, begin, cancel, unknown=cancel)
        self._steward.applied(changes, by_user=False)
        self._steward.end_temporary()

    async def async_save_profile(self, name: str) -> None:
        """Keep the present settings under a name."""
        await self._coordinator.async_read()
        self._steward.save_profile(name)
        await self._store.async_save()
        self._changed()

    async def async_delete_profile(self, name: str) -> None:
        """Forget a profile."""
        self._steward.delete_profile(name)
        await self._store.async_save()
        self._changed()

    async def async_take_profiles(self, profiles: Mapping[str, Changes]) -> None:
        """Take over the profiles of another miner, all of them or none."""
        self._steward.take_profiles(profiles)
        await self._store.async_save()
        self._changed()

    async def async_restore(self, *, lower: bool = False) -> None:
        """Undo what the device did to its set points, or go one step below that."""
        changes = await self._change(
            _Kind.SETTINGS, lambda: self._steward.restore_changes(lower=lower)
        )
        self._steward.applied(changes, by_user=True)
        self._changed()

    @property
    def recoveries(self) -> Collection[Recovery]:
        """The ways to bring back a miner that is stuck, none while it is not."""
        return self._steward.recoveries

    async def async_recover(self, recovery: Recovery) -> None:
        """Bring back a miner that is stuck, and return once it hashes."""
        self._recovering = True
        try:
            changes = await self._change(
                _Kind.SETTINGS,
                lambda: self._steward.recovery_changes(recovery),
                recovers=True,
            )
            self._steward.applied(changes, by_user=True)
            self._changed()
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
        kind: _Kind,
        begin: Callable[[], Changes],
        cancel: Callable[[], None] = lambda: None,
        *,
        unknown: Callable[[], None] = lambda: None,
        look: bool = True,
        recovers: bool = False,
    ) -> Changes:
        """Store and send what ``begin`` wants, and return what nobody has overtaken.

        ``cancel`` takes it back when it was not sent or was refused, ``unknown`` does
        what is to be done when nobody knows, unless a later change of the kind has
        begun. With ``look`` the miner is read first. What ``recovers`` a miner that is
        stuck after it overheated is not refused because of its flag.
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
                    await self._coordinator.async_read()
                self._latest[kind] = number
                changes = begin()
                self._steward.recovery = changes if recovers else {}
                cut = self._steward.take_cut()
                try:
                    self._door.check(changes)
                    await self._store.async_store_intents()
                    return self._door.submit(changes, began=began), cut
                except (ChangeError, ControlError, MinerError) as err:
                    take_back(err)
                    raise

        try:
            async with asyncio.timeout_at(began + CALL_DEADLINE):
                call, cut = await self._uninterrupted(enter())
        except TimeoutError as err:
            text = "earlier changes are not done"
            raise MinerTimeoutError(text, outcome=Outcome.UNKNOWN) from err
        changes = await self._outcome(call, take_back)
        self._tell_cut(cut)
        return changes

    async def _outcome(
        self, call: Caller, take_back: Callable[[Failure], None]
    ) -> Changes:
        """Wait for what becomes of a call; take back what failed, and tell."""
        try:
            return await self._door.outcome(call)
        except (ChangeError, PartialError, MinerError) as err:
            take_back(err)
            for failure, _ in by_reason(call.failures):
                if isinstance(failure, MinerAuthError):
                    self._coordinator.async_ask_for_secret(failure)
            if isinstance(err, MinerError):
                raise self._write_error(err, call.changes) from err
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

    def _write_error(self, cause: MinerError, changes: Changes) -> WriteError:
        return WriteError(cause, changes, self._reported)

    @property
    def _reported(self) -> MinerSettings:
        return self._steward.settings

    async def _step_down(self, changes: Changes) -> None:
        """Write one operating point less, and remember what was before."""

        def begin() -> Changes:
            self._steward.begin_step(changes)
            return changes

        cancel = self._steward.cancel_step
        written = await self._change(_Kind.PROTECTION, begin, cancel)
        self._steward.applied(written, by_user=False)

    async def _step_back(self) -> None:
        """Bring back what was before protection lowered it."""

        def begin() -> Changes:
            self._steward.begin_step_back()
            return self._steward.step_back_changes()

        cancel = self._steward.cancel_step_back
        changes = await self._change(_Kind.PROTECTION, begin, cancel, unknown=cancel)
        self._steward.applied(changes, by_user=False)
        self._steward.end_step()

    # What the device does.

    @callback
    def observe(
        self,
        identity: MinerIdentity,
        state: MinerState,
        boot: RestartVerdict,
        *,
        stalled: bool | None,
    ) -> ControlState:
        """Take a good poll in; do what follows from it."""
        today = _today()
        self._door.observe(state, restarted=boot.restarted)
        orders = self._steward.observe(
            identity,
            state,
            wall=time.time(),
            monotonic=time.monotonic(),
            busy=self._door.proving,
            boot=boot,
            stalled=stalled,
            today=today,
        )
        self._door.await_restart(self._steward.waiting)
        self._carry_out(orders)
        self._store.store_intents_soon()
        if not self._seen:
            self._seen = True
            self._take_back(orders)
            self._store.save_soon()
        return self._show(state, today)

    def show(self, state: MinerState | None) -> ControlState:
        """Return what there is to show beside a state."""
        return self._show(state, _today())

    def _show(self, state: MinerState | None, today: str) -> ControlState:
        return self._steward.show(state, today)

    def wrote(self, changes: Changes) -> None:
        """Count what was written to flash."""
        self._steward.count_write(_today(), len(changes))
        self._store.save_soon()

    def taken(self, changes: Changes) -> None:
        """Take back what was said of a refusal; what we changed is no news."""
        self._steward.took(changes)
        self._carry_out([Settle(problem=Problem.SETTING_REFUSED)])

    def failed(self, error: ChangeError | MinerError, changes: Changes) -> None:
        """Tell of a change that failed when nobody waited for it any more."""
        if isinstance(error, MinerAuthError):
            self._coordinator.async_ask_for_secret(error)
        failure = (
            self._write_error(error, changes)
            if isinstance(error, MinerError)
            else error
        )
        text = describe_error(self._hass, self._entry, failure)
        LOGGER.warning("%s: %s", self._entry.title, text)
        self._refused(text, change_details(error, changes))

    def _refused(self, text: str, details: Mapping[str, Any]) -> None:
        self.tell(MinerEvent(event_type=EventType.SETTING_REFUSED, details=details))
        ask = Ask(problem=Problem.SETTING_REFUSED, details={"error": text})
        async_raise_issue(self._hass, self._entry, ask)

    def restart_needed(self, changes: Changes) -> None:
        """Tell that a change waits for a restart."""
        self._steward.restart_needed(changes)
        self._store.save_soon()

    @callback
    def async_on_activity(self, listener: Listener) -> CALLBACK_TYPE:
        """Tell a listener whenever something happens, and what did before it came."""
        self._listeners.append(listener)
        while self._untold:
            listener(self._untold.popleft())
        return lambda: self._listeners.remove(listener)

    def tell(self, report: MinerEvent) -> None:
        """Tell what happened to all who listen, or to the first who will."""
        if not self._listeners:
            self._untold.append(report)
        for listener in tuple(self._listeners):
            listener(report)

    def _carry_out(self, orders: Iterable[Order]) -> None:
        for order in orders:
            match order:
                case Apply() | Throttle():
                    self._entry.async_create_background_task(
                        self._hass, self._write(order), f"{self._entry.title} control"
                    )
                case Restart():
                    self._entry.async_create_background_task(
                        self._hass,
                        self._restart_stalled(order),
                        f"{self._entry.title} restart",
                    )
                case MinerEvent():
                    self.tell(order)
                case Ask(changes=changes) if changes:
                    text = steps_of(self._hass, changes, self._reported)
                    self._refused(text, change_details(None, changes))
                case Ask(problem=Problem.TEMPORARY_OLD):
                    before = self._steward.temporary_changes()
                    self._steward.take_cut()
                    steps = steps_of(self._hass, before, self._reported)
                    ask = replace(order, details={"steps": steps})
                    async_raise_issue(self._hass, self._entry, ask)
                case Ask():
                    async_raise_issue(self._hass, self._entry, order)
                case Settle():
                    async_clear_issues(self._hass, self._entry, order.problem)
        if orders:
            self._store.save_soon()

    async def _write(self, order: Apply | Throttle) -> None:
        """Do what the steward wants written; it orders anew what failed."""
        try:
            if isinstance(order, Throttle):
                await self.async_throttle(order.on, order.reason)
            elif order.reason is Reason.TEMPORARY_OVER:
                await self._give_back()
            elif order.reason is Reason.PROTECT:
                await self._step_down(order.changes)
            elif order.reason is Reason.COOLED:
                await self._step_back()
            else:
                await self._reassert(order)
        except FAILURES as err:
            text = describe_error(self._hass, self._entry, err)
            # What is too hot waits, and comes with a later poll.
            waits = self._coordinator.data.unplugged or isinstance(err, HeatError)
            level = DEBUG if waits else WARNING
            LOGGER.log(level, "%s: %s", self._entry.title, text)
            self._steward.failed(order, err.outcome)
            return
        self._tell_cut(order.cut if isinstance(order, Apply) else {})
        self._changed()

    async def _restart_stalled(self, order: Restart) -> None:
        """Restart a miner that stalled, unless that is over by now."""

        async def restart(client: MinerClient, prove: Prove) -> None:
            def prove_stall(reading: MinerReading) -> object:
                proved = prove(reading)
                if self._door.proving or not self._steward.stalls:
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
            self._steward.failed(order, outcome)
        if outcome in (None, Outcome.UNKNOWN):
            self.tell(
                MinerEvent(event_type=EventType.STALL_RESTART, details=order.details)
            )
        self._store.save_soon()

    async def _reassert(self, order: Apply) -> None:
        """Write what a restart undid, unless it was taken back since it was stored."""
        if order.unwatched and await self._was_taken_back():
            LOGGER.info("%s: Save power was turned off since", self._entry.title)
            self._steward.drop_throttle()
            return
        changes = await self._change(_Kind.POWER, lambda: order.changes, look=False)
        self._steward.applied(changes, by_user=False)

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

    def _tell_cut(self, cut: Changes) -> None:
        """Tell what was to come back and is outside of the limits of now."""
        for setting, asked in cut.items():
            allowed = self._allowed().range_of(setting)
            refusal = Refusal.NOT_OFFERED if allowed is None else Refusal.OUT_OF_RANGE
            error = ChangeError(refusal, setting, asked, allowed=allowed)
            self.failed(error, {setting: asked})

    def _take_back(self, orders: Iterable[Order]) -> None:
        """Take back what was asked before we started and is over since."""
        lasts = {order.problem for order in orders if isinstance(order, Ask)}
        over = {*Problem} - lasts - {Problem.SETTING_REFUSED}
        async_clear_issues(self._hass, self._entry, *over)

    # What must outlive a restart.

    def _watch_end(self) -> None:
        """Poll when a temporary profile ends; the steward then orders the rest."""
        self._cancel_watch()
        left = self._steward.seconds_left(time.time(), time.monotonic())
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


def _today() -> str:
    return dt_util.now().date().isoformat()
