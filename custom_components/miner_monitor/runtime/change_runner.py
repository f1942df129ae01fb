"""The way of every change of one miner, whoever asks for it.

What is wanted, and what was before, is stored; then it is sent; then the miner shows
it. Storing and sending are one step that no other change of the same miner overtakes
and no caller breaks off. What was not sent, or was refused, is taken back; of what is
unknown everything is kept until polls settle it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import count
import time
from typing import Any, Protocol, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..const import LOGGER
from ..control.errors import (
    ChangeError,
    ControlError,
    HeldError,
    PartialError,
    Refusal,
    WriteError,
    by_reason,
)
from ..control.model import NOBODY, Problem, Reason, Requester
from ..control.overrides import Kind
from ..control.pending_changes import Caller
from ..control.readback import Device
from ..control.reconciler import IntentReconciler
from ..control.rules import (
    Allowed,
)
from ..control.settings_writer import (
    CALL_DEADLINE,
    SettingsWriter,
)
from ..control.write_log import WriteRequest
from ..miners import (
    MinerAuthError,
    MinerClient,
    MinerError,
    MinerTimeoutError,
    Outcome,
    Prove,
)
from ..miners.model import (
    Changes,
    MinerIdentity,
    MinerState,
    Setting,
    SettingRange,
)
from ..model import (
    EventType,
    MinerData,
    MinerEvent,
)
from .environment import this_moment
from .messages import (
    Failure,
    async_clear_issues,
    async_create_issue,
    change_details,
    message_of,
    user_error,
)
from .store import ControlStore

MOST_UNPUBLISHED = 8
"""Events that are kept while nobody listens: those of the first polls."""

FRESH = 2.0
"""Seconds for which a reading says what a change begins with."""

type Listener = Callable[[MinerEvent], None]


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
        self,
        command: Callable[[MinerClient, Prove], Awaitable[None]],
        *,
        restarts: bool = False,
    ) -> None:
        """Send a command, once it is proved that the right device will get it."""

    def async_ask_for_secret(self, error: MinerAuthError) -> None:
        """Ask the user for the password or the code that the miner requires."""

    def async_control_changed(self) -> None:
        """Show what is wanted now."""

    def async_add_listener(self, update_callback: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call this after each poll."""

    async def async_request_refresh(self) -> None:
        """Poll soon."""


def _nothing() -> None:
    """Have nothing to take back."""


class ChangeRunner:
    """Stores and sends changes of one miner, and publishes what became of them."""

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
        self._cancel_end: CALLBACK_TYPE = _nothing
        self._cancel_hold: CALLBACK_TYPE = _nothing
        self._ranges: dict[Setting, tuple[object, SettingRange | None]] = {}

    async def async_unload(self) -> None:
        """Send nothing more, and store what is wanted; take nothing back."""
        self._writer.close()
        self._cancel_end()
        self._cancel_hold()
        await self._store.async_close()

    @property
    def intents(self) -> IntentReconciler:
        """What is wanted, and what is remembered."""
        return self._store.reconciler

    @property
    def writes(self) -> Sequence[WriteRequest]:
        """The last requests that changed settings, and what came of them."""
        return self._writer.log.requests

    def _allowed(self) -> Allowed:
        return self.intents.allowed

    def require_free(self, by: Requester) -> None:
        """Refuse an automation while a user holds the miner: ControlError."""
        if by.automated and (hold := self.intents.overrides.hold) is not None:
            raise HeldError(hold.until)

    # Beginning and ending what lasts for a while.

    async def async_throttle(
        self, on: bool, by: Requester = NOBODY, reason: Reason | None = None
    ) -> None:
        """Save power, or go back to what was before."""
        self.require_free(by)
        if not on:
            await self._give_back(Kind.SAVE_POWER)
            return

        def begin() -> Changes:
            changes = self.intents.saving_changes()
            self.intents.begin_saving(reason, by)
            return changes

        await self._hold(Kind.SAVE_POWER, begin)

    async def _hold(self, kind: Kind, begin: Callable[[], Changes]) -> None:
        """Apply what lasts for a while."""
        await self._change(kind, begin, partial(self.intents.cancel, kind))

    async def _give_back(self, kind: Kind) -> None:
        """Bring back what was before."""

        def begin() -> Changes:
            self.intents.overrides[kind].begin_end()
            return self.intents.changes_back(kind)

        cancel = self.intents.overrides[kind].cancel_end
        # A miner that is woken up may show it minutes later.
        unknown = _nothing if kind is Kind.SAVE_POWER else cancel
        await self._change(kind, begin, cancel, unknown=unknown, ends=True)

    # One change.

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
        """Store and send the changes of ``begin``, and take note of what became of it.

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
                self.intents.recovery = changes if recovers else {}
                cut = self.intents.take_cut()
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
            raise MinerTimeoutError(
                "earlier changes are not done", outcome=Outcome.UNKNOWN
            ) from err
        self._coordinator.async_control_changed()
        written = await self._outcome(call, take_back)
        self._report_cut(cut)
        self.intents.applied(written, by_user=by_user)
        if ends and kind is not None:
            self.intents.end(kind)
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
                raise WriteError(err, call.changes, self.intents.settings) from err
            if isinstance(err, PartialError):
                err.reported = self.intents.settings
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

    # What became of it.

    def wrote(self, changes: Changes) -> None:
        """Count what was written to flash."""
        self.intents.memory.writes.add(this_moment().day, len(changes))
        self._store.rest.save_soon()

    def taken(self, changes: Changes) -> None:
        """Take back what was said of a refusal; what we changed is no news."""
        self.intents.memory.changes.wrote(changes)
        async_clear_issues(self._hass, self._entry, Problem.SETTING_REFUSED)
        self._store.rest.save_soon()

    def failed(self, error: ChangeError | MinerError, changes: Changes) -> None:
        """Report a change that failed when nobody waited for it any more."""
        if isinstance(error, MinerAuthError):
            self._coordinator.async_ask_for_secret(error)
        failure = (
            WriteError(error, changes, self.intents.settings)
            if isinstance(error, MinerError)
            else error
        )
        told = user_error(self._hass, self._entry, failure)
        LOGGER.warning("%s: %s", self._entry.title, told)
        self._refused(
            message_of(self._hass, told), change_details(self._hass, error, changes)
        )

    def _refused(self, text: str, details: Mapping[str, Any]) -> None:
        self.publish(MinerEvent(event_type=EventType.SETTING_REFUSED, details=details))
        async_create_issue(self._hass, self._entry, Problem.SETTING_REFUSED, error=text)

    def restart_needed(self, changes: Changes) -> None:
        """Take note that a change waits for a restart."""
        self.intents.restart_needed(changes)
        self._store.rest.save_soon()

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

    def _report_cut(self, cut: Changes) -> None:
        """Report what was to come back and is outside of the limits of now."""
        for setting, asked in cut.items():
            allowed = self._allowed().range_of(setting)
            refusal = Refusal.NOT_OFFERED if allowed is None else Refusal.OUT_OF_RANGE
            self.failed(
                ChangeError(refusal, setting, asked, allowed=allowed), {setting: asked}
            )

    def _changed(self) -> None:
        """Show, and store, what came of a change."""
        self._watch_end()
        self._store.store_intents_soon()
        self._coordinator.async_control_changed()

    def _watch_end(self) -> None:
        """Poll when a temporary profile ends: what is over is found then.

        The end of a hold needs no miner.
        """
        self._cancel_end()
        self._watch_hold()
        left = self.intents.overrides.seconds_left(this_moment())
        if left is None or left <= 0:
            return

        async def ended(_: datetime) -> None:
            await self._coordinator.async_request_refresh()

        self._cancel_end = async_call_later(self._hass, left, ended)

    def _watch_hold(self) -> None:
        """Show the end of a hold at its time."""
        self._cancel_hold()
        hold, now = self.intents.overrides.hold, time.time()
        if hold is None or hold.until is None:
            return

        @callback
        def ended(_: datetime) -> None:
            self.intents.overrides.end_hold(time.time())
            self._changed()

        self._cancel_hold = async_call_later(
            self._hass, max(0.0, hold.until - now), ended
        )


def _leave(task: asyncio.Task[tuple[Caller, Changes]]) -> None:
    """Let the call know that nobody waits for it any more."""
    if task.cancelled():
        return
    if (error := task.exception()) is None:
        task.result()[0].leave()
    else:
        LOGGER.debug("A change that nobody waited for failed: %s", error)
