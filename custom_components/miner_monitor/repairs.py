"""Repairs that a user can carry out."""

from typing import TYPE_CHECKING, Any

from homeassistant.components.repairs import RepairsFlow
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant

from .config_flow import HOST_SCHEMA
from .const import CONF_UNIT
from .coordinator import MinerConfigEntry
from .ownership import async_is_ours, async_store_address, known_identity
from .probe import Found, async_probe

if TYPE_CHECKING:
    from homeassistant.components.repairs import RepairsFlowResult


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Return the flow of the one kind of issue that there is."""
    assert data is not None
    entry: MinerConfigEntry = hass.config_entries.async_get_known_entry(
        data["entry_id"]
    )
    return WrongDeviceFlow(entry)


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
                self.hass, user_input[CONF_HOST], self._entry.data.get(CONF_UNIT)
            )
            if not isinstance(found, Found):
                errors[CONF_HOST] = found
            elif not async_is_ours(
                self.hass, known_identity(self._entry), found.identity
            ):
                errors[CONF_HOST] = "wrong_device"
            else:
                at = found.endpoint
                async_store_address(self.hass, self._entry, at.host, at.port, at.path)
                await self._entry.runtime_data.async_request_refresh()
                return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="address",
            data_schema=self.add_suggested_values_to_schema(HOST_SCHEMA, user_input),
            description_placeholders={
                "name": self._entry.title,
                "host": self._entry.data[CONF_HOST],
            },
            errors=errors,
        )
