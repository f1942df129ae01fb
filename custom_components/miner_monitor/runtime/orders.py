"""Carrying out what a look at a miner says that is due."""

from collections.abc import Coroutine, Iterable
from dataclasses import replace
from logging import DEBUG, WARNING
from typing import Any

from homeassistant.const import Platform
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN, LOGGER
from ..control.errors import HeatError
from ..control.intents import ENDS
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
from ..miners import (
    MinerClient,
    MinerCommandError,
    Prove,
)
from ..miners.errors import Outcome
from ..miners.events import Moment
from ..miners.model import (
    Changes,
    MinerIdentity,
    MinerReading,
    MinerState,
)
from ..miners.restarts import RestartVerdict
from ..model import EventType, MinerEvent
from .change_runner import ChangeRunner
from .issues import (
    async_clear_issues,
    async_raise_issue,
)
from .messages import (
    FAILURES,
    change_details,
    describe_error,
    steps_of,
)
from .restore import async_was_off


class OrderRunner(ChangeRunner):
    """Shows each poll to the reconciler and does what it orders."""

    _seen = _recovering = False

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
        stalled: bool | None,
    ) -> ControlState:
        """Take a good poll in; do what follows from it."""
        self._writer.observe(state, restarted=boot.restarted)
        orders = self.intents.observe(
            identity,
            state,
            now,
            busy=self.proving,
            boot=boot,
            stalled=stalled,
        )
        self._writer.await_restart(self.intents.memory.waiting)
        self._carry_out(orders)
        self._store.store_intents_soon()
        if not self._seen:
            self._seen = True
            self._take_back(orders)
            self._store.rest.save_soon()
        return self.intents.show(state, now.day)

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
                    text = steps_of(self._hass, changes, self.intents.settings)
                    self._refused(text, change_details(None, changes))
                case RaiseIssue(problem=Problem.TEMPORARY_OLD):
                    before = self.intents.changes_back(Kind.TEMPORARY)
                    self.intents.take_cut()
                    steps = steps_of(self._hass, before, self.intents.settings)
                    issue = replace(order, details={"steps": steps})
                    async_raise_issue(self._hass, self._entry, issue)
                case RaiseIssue():
                    async_raise_issue(self._hass, self._entry, order)
                case ClearIssue():
                    async_clear_issues(self._hass, self._entry, order.problem)
        if orders:
            self._store.rest.save_soon()

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
            self.intents.failed(order, err.outcome)

    async def _restart_stalled(self, order: Restart) -> None:
        """Restart a miner that stalled, unless that is over by now."""

        async def restart(client: MinerClient, prove: Prove) -> None:
            def prove_stall(reading: MinerReading) -> object:
                proved = prove(reading)
                if self._writer.proving or self.intents.memory.stall.cause is None:
                    raise MinerCommandError("it does not stall any more")
                return proved

            await client.restart(prove_stall)

        outcome = None
        try:
            await self._store.rest.async_save()
            await self._coordinator.async_command(restart)
        except FAILURES as err:
            outcome = err.outcome
            text = describe_error(self._hass, self._entry, err)
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

    async def _step_down(self, changes: Changes) -> None:
        """Write one operating point less, and remember what was before."""

        def begin() -> Changes:
            self.intents.begin_step(changes)
            return changes

        await self._hold(Kind.PROTECTION, begin)

    def _take_back(self, orders: Iterable[Order]) -> None:
        """Take back what was asked before we started and is over since."""
        lasts = {order.problem for order in orders if isinstance(order, RaiseIssue)}
        over = {*Problem} - lasts - {Problem.SETTING_REFUSED}
        async_clear_issues(self._hass, self._entry, *over)
