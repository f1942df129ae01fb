"""Repairs that a user can carry out."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
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
from .control.stuck import Recovery
from .coordinator import (
    MinerConfigEntry,
    MinerCoordinator,
)
from .flows.probe import (
    Found,
    async_probe,
)
from .runtime.entry_data import (
    endpoint_of,
    stored_credentials,
)
from .runtime.escape import for_markdown
from .runtime.identity import (
    async_is_ours,
    async_store_address,
    known_identity,
)
from .runtime.messages import (
    FAILURES,
    describe_error,
)
from .runtime.targets import require_loaded

if TYPE_CHECKING:
    from homeassistant.components.repairs import RepairsFlowResult

type Work = Callable[[MinerCoordinator], Awaitable[None]]


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
    if problem is Problem.DERATED:
        return DeratedFlow(entry)
    if problem is Problem.STUCK:
        return StuckFlow(entry)
    if problem is Problem.TEMPORARY_OLD:
        return TemporaryFlow(entry)
    return ConfirmFlow(entry, _OFFERS[problem])


class WrongDeviceFlow(RepairsFlow):
    """Asks where a miner is whose address another device has taken."""

    def __init__(self, entry: MinerConfigEntry) -> None:
        """Remember whose address is asked for."""
        self._entry = entry

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Begin; what is given here is the issue's data, no user's input."""
        return await self.async_step_address()

    async def async_step_address(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
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


class ControlFlow(RepairsFlow):
    """Offers to do something about a miner, and says when that fails."""

    def __init__(self, entry: MinerConfigEntry) -> None:
        """Remember which miner it is about."""
        self._entry = entry

    @property
    def _placeholders(self) -> dict[str, str]:
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        told = None if issue is None else issue.translation_placeholders
        return {**for_markdown({"name": self._entry.title}), **(told or {})}

    async def _async_do(self, work: Work) -> RepairsFlowResult:
        """Do it; the issue goes when the miner shows that it helped."""
        try:
            require_loaded(self._entry)
            await work(self._entry.runtime_data)
        except ServiceValidationError as err:
            return self._failed(str(err))
        except FAILURES as err:
            return self._failed(describe_error(self.hass, self._entry, err))
        return self.async_create_entry(data={})

    def _failed(self, error: str) -> RepairsFlowResult:
        return self.async_abort(
            reason="failed", description_placeholders=for_markdown({"error": error})
        )


class DeratedFlow(ControlFlow):
    """Offers the set points that a miner had before it overheated."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Let the user choose."""
        return self.async_show_menu(
            step_id="init",
            menu_options=["as_before", "one_step_lower"],
            description_placeholders=self._placeholders,
        )

    async def async_step_as_before(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Write the set points that it had."""
        return await self._async_do(lambda miner: miner.controller.async_restore())

    async def async_step_one_step_lower(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Write set points one step below those that it had."""
        return await self._async_do(
            lambda miner: miner.controller.async_restore(lower=True)
        )


class StuckFlow(ControlFlow):
    """Offers what a stuck miner needs, and waits until it hashes again."""

    def __init__(self, entry: MinerConfigEntry) -> None:
        """Start with nothing chosen."""
        super().__init__(entry)
        self._recovery: asyncio.Task[RepairsFlowResult] | None = None
        self._waiting: asyncio.Task[None] | None = None

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Let the user choose among what helps this miner now."""
        try:
            require_loaded(self._entry)
        except ServiceValidationError as err:
            return self._failed(str(err))
        ways = self._entry.runtime_data.controller.recoveries
        if not ways:
            error = ControlError(ControlFault.NOT_STUCK)
            return self._failed(describe_error(self.hass, self._entry, error))
        return self.async_show_menu(
            step_id="init",
            menu_options=[way.value for way in Recovery if way in ways],
            description_placeholders=self._placeholders,
        )

    async def async_step_as_before(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Let it run with the set points that it had."""
        return self._begin(Recovery.AS_BEFORE)

    async def async_step_one_step_lower(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Let it run with set points one step below those."""
        return self._begin(Recovery.ONE_STEP_LOWER)

    async def async_step_board_default(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Let it run with what its board is made for."""
        return self._begin(Recovery.BOARD_DEFAULT)

    async def async_step_restart(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Let it run with what it is set to."""
        return self._begin(Recovery.RESTART)

    def _begin(self, recovery: Recovery) -> RepairsFlowResult:
        """Do it, also if the user looks away."""
        self._recovery = self._entry.async_create_background_task(
            self.hass,
            self._async_do(lambda miner: miner.controller.async_recover(recovery)),
            f"{self._entry.title} recovery",
        )
        return self._progress(self._recovery)

    async def async_step_recover(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Wait until the miner hashes, or shows that it does not."""
        assert self._recovery is not None
        if not self._recovery.done():
            return self._progress(self._recovery)
        return self.async_show_progress_done(next_step_id="recovered")

    async def async_step_recovered(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Tell what came of it."""
        assert self._recovery is not None
        return self._recovery.result()

    def _progress(self, recovery: asyncio.Task[RepairsFlowResult]) -> RepairsFlowResult:
        async def wait() -> None:
            # The dialog may be closed, which cancels this and not the recovery.
            await asyncio.wait([recovery])

        if self._waiting is None:
            self._waiting = self.hass.async_create_task(wait())
        return self.async_show_progress(
            step_id="recover",
            progress_action="recover",
            progress_task=self._waiting,
            description_placeholders=self._placeholders,
        )


class TemporaryFlow(ControlFlow):
    """Offers what was before settings for a while that are too old to end."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Let the user choose."""
        return self.async_show_menu(
            step_id="init",
            menu_options=["restore", "keep"],
            description_placeholders=self._placeholders,
        )

    async def async_step_restore(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Write what was before."""
        return await self._async_do(
            lambda miner: miner.controller.async_end_temporary(give_back=True)
        )

    async def async_step_keep(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Let the present settings stay."""
        return await self._async_do(
            lambda miner: miner.controller.async_end_temporary(give_back=False)
        )


class ConfirmFlow(ControlFlow):
    """Offers one thing, and does it once the user agrees."""

    def __init__(self, entry: MinerConfigEntry, work: Work) -> None:
        """Remember what is offered."""
        super().__init__(entry)
        self._work = work

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Begin; what is given here is the issue's data, no user's input."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask, then do it."""
        if user_input is not None:
            return await self._async_do(self._work)
        return self.async_show_form(
            step_id="confirm",
            data_schema=vol.Schema({}),
            description_placeholders=self._placeholders,
        )


async def _restart(miner: MinerCoordinator) -> None:
    await miner.async_command(lambda client, prove: client.restart(prove))


async def _end_saving(miner: MinerCoordinator) -> None:
    await miner.controller.async_end_protection()


_OFFERS: Mapping[Problem, Work] = {
    Problem.RESTART_NEEDED: _restart,
    Problem.PROTECTED: _end_saving,
}
