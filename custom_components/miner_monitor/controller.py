"""One controller per miner: runs the door and the steward inside Home Assistant."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from logging import DEBUG, WARNING
import time
from typing import TYPE_CHECKING, Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_time
from homeassistant.util import dt as dt_util

from .const import CONF_EXPERT, CONF_PROTECT, LOGGER
from .control.door import Door
from .control.errors import ChangeError, Refusal, WriteError
from .control.model import (
    Activity,
    Apply,
    Ask,
    ControlState,
    Order,
    Problem,
    Reason,
    Report,
    Settle,
    Throttle,
)
from .control.rules import Allowed
from .control.steward import Steward
from .control_issues import async_ask, async_settle
from .control_texts import FAILURES, change_details, describe_error, steps_of
from .entry_store import EntryStore
from .miners import MinerAuthError, MinerError
from .miners.model import (
    Changes,
    MinerIdentity,
    MinerSettings,
    MinerState,
    Setting,
    SettingRange,
)

if TYPE_CHECKING:
    from .coordinator import MinerConfigEntry, MinerCoordinator

MOST_UNTOLD = 8
"""Reports that are kept while nobody listens: those of the first polls."""

SAVE_EVERY = timedelta(hours=1)
"""How often what is wanted is stored at least."""

type Listener = Callable[[Report], None]
type _Range = tuple[object, object, float | None, SettingRange | None]
"""What a range was found from, as it is asked for with each poll, and the range."""


class MinerController:
    """Writes to one miner, and stores what its user wants of it."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MinerConfigEntry,
        coordinator: MinerCoordinator,
    ) -> None:
        """Begin with nothing wanted."""
        self._hass = hass
        self._entry = entry
        self._coordinator = coordinator
        self._store = EntryStore(hass, entry, entry.entry_id, self._dump, SAVE_EVERY)
        self._steward = Steward(coordinator.identity)
        self._door = Door(coordinator, self._allowed, self)
        self._listeners: list[Listener] = []
        self._untold: deque[Report] = deque(maxlen=MOST_UNTOLD)
        self._seen = False
        self._ranges: dict[Setting, _Range] = {}
        self._ends_at: float | None = None
        self._cancel_end: CALLBACK_TYPE | None = None

    async def async_load(self) -> None:
        """Take up what was wanted before."""
        stored = await self._store.async_load()
        if stored is not None:
            self._steward = Steward.load(
                self._coordinator.identity, stored, time.time()
            )
        self._steward.protect = self._entry.options.get(CONF_PROTECT, False)

    async def async_unload(self) -> None:
        """Send nothing more, and store what is wanted."""
        self._door.close()
        self._watch_end(None)
        await self._store.async_close()

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
        return self._door.proving

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

    @property
    def _expert(self) -> bool:
        return bool(self._entry.options.get(CONF_EXPERT, False))

    def _allowed(self) -> Allowed:
        limits = self._coordinator.identity.limits
        return Allowed(limits, self._steward.adopted, expert=self._expert)

    # What the user wants.

    async def async_apply(self, changes: Changes) -> None:
        """Write set points; WriteError or ChangeError when they were not taken.

        A fan that runs by itself ignores its duty cycle: to set one is to take it
        over, unless a scene asks for both.
        """
        settings = self._coordinator.identity.limits.settings
        automatic = self._door.wanted(Setting.AUTO_FAN) is True
        if Setting.FAN_DUTY_CYCLE in changes and Setting.AUTO_FAN in settings:
            changes = {Setting.AUTO_FAN: automatic, **changes}
        changes = await self._apply(self._steward.completed(changes))
        self._steward.applied(changes, by_user=True)
        self._changed()

    async def async_throttle(self, on: bool, by: Reason | None = None) -> None:
        """Save power, or go back to what was before."""
        began = await self._begin()
        changes = self._steward.throttle_changes(on)
        if on:
            self._steward.begin_throttle(by)
            await self._store.async_save()
        try:
            changes = await self._apply(changes, began)
        except (WriteError, ChangeError) as err:
            if on:
                self._steward.cancel_throttle(unsure=_is_unsure(err))
                await self._store.async_save()
            raise
        self._steward.applied(changes, by_user=False)
        if not on:
            self._steward.end_throttle()
        await self._store.async_save()
        self._changed()

    async def async_apply_profile(
        self, name: str, until: datetime | None = None
    ) -> None:
        """Write the settings of a profile, for good or until a point in time."""
        changes = self._steward.profile_changes(name)
        began = await self._begin()
        if until is not None:
            self._steward.begin_temporary(changes, until.timestamp())
            await self._store.async_save()
        try:
            changes = await self._apply(changes, began)
        except (WriteError, ChangeError) as err:
            if until is not None:
                self._steward.cancel_temporary(unsure=_is_unsure(err))
                await self._store.async_save()
            raise
        self._steward.applied(changes, by_user=until is None)
        self._changed()

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
        self._steward.take_profiles(profiles, expert=self._expert)
        await self._store.async_save()
        self._changed()

    async def async_restore(self, *, lower: bool = False) -> None:
        """Undo what the device did to its set points, or go one step below that."""
        began = await self._begin()
        changes = self._steward.restore_changes(lower=lower)
        changes = await self._apply(changes, began)
        self._steward.applied(changes, by_user=True)
        self._changed()

    async def _begin(self) -> float:
        """Look at the miner first; return when that began, by the loop's clock."""
        began = self._hass.loop.time()
        await self._coordinator.async_read()
        return began

    async def _apply(self, changes: Changes, began: float | None = None) -> Changes:
        """Return what was not overtaken by what somebody asked for later."""
        try:
            return await self._door.apply(changes, began=began)
        except MinerError as err:
            if isinstance(err, MinerAuthError):
                self._coordinator.async_ask_for_secret(err)
            raise self._write_error(err, changes) from err

    def _write_error(self, cause: MinerError, changes: Changes) -> WriteError:
        return WriteError(cause, changes, self._reported)

    @property
    def _reported(self) -> MinerSettings:
        state = self._coordinator.data.state
        return MinerSettings() if state is None else state.settings

    # What the device does.

    @callback
    def observe(self, identity: MinerIdentity, state: MinerState) -> ControlState:
        """Take a good poll in; do what follows from it."""
        today = _today()
        self._door.observe(state)
        orders = self._steward.observe(
            identity,
            state,
            wall=time.time(),
            monotonic=time.monotonic(),
            busy=self._door.proving,
            today=today,
        )
        self._door.await_restart(self._steward.waiting)
        self._carry_out(orders)
        if not self._seen:
            self._seen = True
            self._take_back(orders)
            self._store.save_soon()
        return self._show(state, today)

    def show(self, state: MinerState | None) -> ControlState:
        """Return what there is to show beside a state."""
        return self._show(state, _today())

    def _show(self, state: MinerState | None, today: str) -> ControlState:
        shown = self._steward.show(state, today)
        self._watch_end(shown.temporary_until)
        return shown

    def wrote(self, changes: Changes) -> None:
        """Count a write to flash."""
        self._steward.count_write(_today())
        self._store.save_soon()

    def taken(self, changes: Changes) -> None:
        """Take back what was said of a refusal."""
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
        self.tell(Report(activity=Activity.SETTING_REFUSED, details=details))
        ask = Ask(problem=Problem.SETTING_REFUSED, details={"error": text})
        async_ask(self._hass, self._entry, ask)

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

    def tell(self, report: Report) -> None:
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
                case Report():
                    self.tell(order)
                case Ask(changes=changes) if changes:
                    text = steps_of(self._hass, changes, self._reported)
                    self._refused(text, change_details(None, changes))
                case Ask():
                    async_ask(self._hass, self._entry, order)
                case Settle():
                    async_settle(self._hass, self._entry, order.problem)
        if orders:
            self._store.save_soon()

    async def _write(self, order: Apply | Throttle) -> None:
        """Do what the steward wants written; it orders anew what failed."""
        try:
            if isinstance(order, Throttle):
                await self.async_throttle(order.on, order.reason)
                return
            await self._apply(order.changes)
        except FAILURES as err:
            text = describe_error(self._hass, self._entry, err)
            level = DEBUG if self._coordinator.data.unplugged else WARNING
            LOGGER.log(level, "%s: %s", self._entry.title, text)
            self._steward.failed(order)
            return
        self._steward.applied(order.changes, by_user=False)
        if order.reason is Reason.TEMPORARY_OVER:
            self._steward.end_temporary()
        await self._store.async_save()
        self._changed()

    def _take_back(self, orders: Iterable[Order]) -> None:
        """Take back what was asked before we started and is over since."""
        lasts = {order.problem for order in orders if isinstance(order, Ask)}
        over = {*Problem} - lasts - {Problem.SETTING_REFUSED}
        async_settle(self._hass, self._entry, *over)

    # What must outlive a restart.

    def _watch_end(self, ends_at: float | None) -> None:
        """Poll when a temporary profile ends; the steward then orders the rest."""
        if ends_at == self._ends_at:
            return
        if self._cancel_end is not None:
            self._cancel_end()
            self._cancel_end = None
        self._ends_at = ends_at
        if ends_at is None or ends_at <= time.time():
            return

        async def ended(_: datetime) -> None:
            self._cancel_end = None
            await self._coordinator.async_request_refresh()

        self._cancel_end = async_track_point_in_time(
            self._hass, ended, dt_util.utc_from_timestamp(ends_at)
        )

    def _changed(self) -> None:
        self._coordinator.async_control_changed()

    def _dump(self) -> dict[str, Any]:
        return self._steward.dump(time.time())


def _is_unsure(error: WriteError | ChangeError) -> bool:
    """Whether the device may have taken what was written, all the same."""
    return isinstance(error, ChangeError) and error.refusal is Refusal.UNCONFIRMED


def _today() -> str:
    return dt_util.now().date().isoformat()
