"""Repairs that a user can carry out."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from homeassistant.components.repairs import RepairsFlow
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import issue_registry as ir
import voluptuous as vol

from .config_flow import HOST_SCHEMA
from .const import DOMAIN
from .control.errors import (
    ControlError,
    ControlFault,
)
from .control.model import Problem
from .control.standstill import (
    Recovery,
)
from .coordinator import (
    MinerConfigEntry,
    MinerCoordinator,
)
from .flows.probe import (
    Found,
    async_probe,
)
from .runtime.entries import (
    async_is_ours,
    async_store_address,
    endpoint_of,
    known_identity,
    stored_credentials,
)
from .runtime.escape import for_markdown
from .runtime.messages import (
    FAILURES,
    describe_error,
    message_of,
)
from .runtime.targets import require_loaded

if TYPE_CHECKING:
    from homeassistant.components.repairs import RepairsFlowResult

CONFIRM = "confirm"

type Work = Callable[[MinerCoordinator], Awaitable[None]]
type Input = dict[str, Any] | None


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Return the flow for one kind of issue."""
    assert data is not None
    entry: MinerConfigEntry = hass.config_entries.async_get_known_entry(
        data["entry_id"]
    )
    if "problem" not in data:
        return WrongDeviceFlow(entry)
    problem = Problem(data["problem"])
    return (
        StuckFlow(entry)
        if problem is Problem.STUCK
        else OfferFlow(entry, _OFFERS[problem])
    )


class MinerFlow(RepairsFlow):
    """A repair of one miner."""

    def __init__(self, entry: MinerConfigEntry) -> None:
        """Remember which miner it is about."""
        self._entry = entry


class WrongDeviceFlow(MinerFlow):
    """Asks where a miner is whose address another device has taken."""

    async def async_step_init(self, user_input: Input = None) -> RepairsFlowResult:
        """Begin; what is given here is the issue's data, no user's input."""
        return await self.async_step_address()

    async def async_step_address(self, user_input: Input = None) -> RepairsFlowResult:
        """Take the new address and prove it."""
        errors: dict[str, str] = {}
        if user_input is not None:
            found = await async_probe(
                self.hass,
                user_input[CONF_HOST],
                endpoint_of(self._entry).unit,
                stored_credentials(self._entry),
            )
            if not isinstance(found, Found):
                errors[CONF_HOST] = found
            elif not async_is_ours(
                self.hass, known_identity(self._entry), found.identity
            ):
                errors[CONF_HOST] = "wrong_device"
            else:
                at = found.endpoint
                async_store_address(
                    self.hass, self._entry, at.host, at.port, at.path, confirmed=True
                )
                if self._entry.state is ConfigEntryState.LOADED:
                    await self._entry.runtime_data.async_request_refresh()
                return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="address",
            data_schema=self.add_suggested_values_to_schema(HOST_SCHEMA, user_input),
            description_placeholders=for_markdown(
                {"name": self._entry.title, "host": self._entry.data[CONF_HOST]}
            ),
            errors=errors,
        )


class ControlFlow(MinerFlow):
    """Does something about a miner, and says when that fails."""

    @property
    def _placeholders(self) -> dict[str, str]:
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        given = None if issue is None else issue.translation_placeholders
        return {**for_markdown({"name": self._entry.title}), **(given or {})}

    async def _async_do(self, work: Work, _: Input = None) -> RepairsFlowResult:
        """Do it; the issue goes when the miner shows that it helped."""
        try:
            require_loaded(self._entry)
            await work(self._entry.runtime_data)
        except ServiceValidationError as err:
            return self._failed(message_of(self.hass, err))
        except FAILURES as err:
            return self._failed(describe_error(self.hass, self._entry, err))
        return self.async_create_entry(data={})

    def _failed(self, error: str) -> RepairsFlowResult:
        return self.async_abort(
            reason="failed", description_placeholders=for_markdown({"error": error})
        )

    def _menu(self, options: Iterable[str]) -> RepairsFlowResult:
        return self.async_show_menu(
            step_id="init",
            menu_options=list(options),
            description_placeholders=self._placeholders,
        )


class OfferFlow(ControlFlow):
    """Lets the user choose one of several things, or agree to the only one."""

    def __init__(self, entry: MinerConfigEntry, offers: Mapping[str, Work]) -> None:
        """Make a step of each of several offers."""
        super().__init__(entry)
        self._offers = offers
        for name, work in offers.items():
            if name != CONFIRM:
                setattr(self, f"async_step_{name}", partial(self._async_do, work))

    async def async_step_init(self, user_input: Input = None) -> RepairsFlowResult:
        """Begin; what is given here is the issue's data, no user's input."""
        if CONFIRM in self._offers:
            return await self.async_step_confirm()
        return self._menu(self._offers)

    async def async_step_confirm(self, user_input: Input = None) -> RepairsFlowResult:
        """Ask, then do it."""
        if user_input is not None:
            return await self._async_do(self._offers[CONFIRM])
        return self.async_show_form(
            step_id=CONFIRM,
            data_schema=vol.Schema({}),
            description_placeholders=self._placeholders,
        )


class StuckFlow(ControlFlow):
    """Offers what a stuck miner needs, and waits until it hashes again."""

    _waiting: asyncio.Task[None] | None = None

    def __init__(self, entry: MinerConfigEntry) -> None:
        """Make a step of each way to help."""
        super().__init__(entry)
        for way in Recovery:
            setattr(self, f"async_step_{way}", partial(self._async_begin, way))

    async def async_step_init(self, user_input: Input = None) -> RepairsFlowResult:
        """Let the user choose among what helps this miner now."""
        try:
            require_loaded(self._entry)
        except ServiceValidationError as err:
            return self._failed(message_of(self.hass, err))
        ways = self._entry.runtime_data.controller.intents.recoveries
        if not ways:
            error = ControlError(ControlFault.NOT_STUCK)
            return self._failed(describe_error(self.hass, self._entry, error))
        return self._menu(way.value for way in Recovery if way in ways)

    async def _async_begin(self, way: Recovery, _: Input = None) -> RepairsFlowResult:
        """Do it, also if the user looks away."""
        self._recovering = self._entry.async_create_background_task(
            self.hass,
            self._async_do(lambda miner: miner.controller.async_recover(way)),
            f"{self._entry.title} recovery",
        )
        return self._progress()

    async def async_step_recover(self, user_input: Input = None) -> RepairsFlowResult:
        """Wait until the miner hashes, or shows that it does not."""
        if not self._recovering.done():
            return self._progress()
        return self.async_show_progress_done(next_step_id="recovered")

    async def async_step_recovered(self, user_input: Input = None) -> RepairsFlowResult:
        """Show what came of it."""
        return self._recovering.result()

    def _progress(self) -> RepairsFlowResult:
        async def wait() -> None:
            # The dialog may be closed, which cancels this and not the recovery.
            await asyncio.wait([self._recovering])

        if self._waiting is None:
            self._waiting = self.hass.async_create_task(wait())
        return self.async_show_progress(
            step_id="recover",
            progress_action="recover",
            progress_task=self._waiting,
            description_placeholders=self._placeholders,
        )


_OFFERS: Mapping[Problem, Mapping[str, Work]] = {
    Problem.DERATED: {
        "as_before": lambda miner: miner.controller.async_restore(),
        "one_step_lower": lambda miner: miner.controller.async_restore(lower=True),
    },
    Problem.TEMPORARY_OLD: {
        "restore": lambda miner: miner.controller.async_end_temporary(give_back=True),
        "keep": lambda miner: miner.controller.async_end_temporary(give_back=False),
    },
    Problem.RESTART_NEEDED: {
        CONFIRM: lambda miner: miner.async_command(
            lambda client, prove: client.restart(prove), restarts=True
        )
    },
    Problem.PROTECTED: {CONFIRM: lambda miner: miner.controller.async_end_protection()},
}
