"""Adding a miner by its address, and moving it."""

from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlowResult,
)
from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PATH
from homeassistant.core import callback
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig
import voluptuous as vol

from .const import CONF_UNIT, DOMAIN, FLEET
from .fleet.coordinator import async_fleet_entry
from .flows.adding import AddingSteps
from .flows.addresses import InvalidListError, is_list, read_miners
from .flows.discovery import DiscoverySteps
from .flows.fleet_options import FleetOptionsFlow
from .flows.options import MinerOptionsFlow
from .flows.probe import LOCKED, Found, address_of
from .flows.reauth import ReauthSteps
from .runtime.entries import (
    async_is_ours,
    credentials_data,
    endpoint_of,
    is_fleet,
    known_identity,
    miner_entries,
    moved_data,
    stored_credentials,
)
from .runtime.ha_compat import own_text

HOST_SCHEMA = vol.Schema({vol.Required(CONF_HOST): TextSelector()})
HOSTS_SCHEMA = vol.Schema(
    {vol.Required(CONF_HOST): TextSelector(TextSelectorConfig(multiline=True))}
)


class MinerConfigFlow(AddingSteps, DiscoverySteps, ReauthSteps, domain=DOMAIN):
    """Adds miners by a search or by their addresses; the model is detected."""

    VERSION = 1
    MINOR_VERSION = 1

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let the user choose how to add miners; one whose address is given is added.

        All miners together are offered once their entry was removed.
        """
        if user_input is not None:
            self._title, self._unit = (
                user_input.get(CONF_NAME),
                user_input.get(CONF_UNIT),
            )
            found = await self._async_ask(user_input[CONF_HOST])
            return await self._async_taken("miner", found)
        removed = miner_entries(self.hass) and not async_fleet_entry(self.hass)
        more = [FLEET] if removed else []
        return self.async_show_menu(
            step_id="user", menu_options=["search", "miner", *more]
        )

    async def async_step_import(
        self, import_data: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add all miners together, with the first of them."""
        return await self.async_step_fleet()

    async def async_step_fleet(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add all miners together."""
        await self.async_set_unique_id(FLEET)
        self._abort_if_configured()
        title = own_text(self.hass, "device", f"{FLEET}.name", "All miners")
        return self.async_create_entry(title=title, data={})

    async def async_step_miner(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add the miner at an address, or those of a list."""
        if user_input is None:
            return self._show_host("miner", None)
        try:
            wanted = read_miners(user_input[CONF_HOST])
        except InvalidListError as err:
            return self._show_host("miner", user_input[CONF_HOST], err.key)
        if is_list(wanted):
            return await self.async_add_all(wanted)
        if len(wanted) > 1:
            return self._show_host("miner", user_input[CONF_HOST], "invalid_host")
        return await self._async_taken(
            "miner", await self._async_ask(wanted[0].address)
        )

    async def _async_taken(self, step: str, found: Found | str) -> ConfigFlowResult:
        """Go on with what answers at the address of a form, or show the form again."""
        if isinstance(found, Found):
            return await self._async_take(found)
        if found == LOCKED:
            return await self.async_step_credentials()
        return self._show_host(step, self._address, found)

    @override
    async def _async_take(self, found: Found) -> ConfigFlowResult:
        """Add a miner that answered, or let the one that is moved follow."""
        if self.source == SOURCE_RECONFIGURE:
            return self._move(found)
        return await super()._async_take(found)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Give a miner its new address; it must be the same miner."""
        entry = self._get_reconfigure_entry()
        if is_fleet(entry):
            return self.async_abort(reason="fleet_has_no_address")
        known = endpoint_of(entry)
        if user_input is None:
            return self._show_host("reconfigure", address_of(known))
        self._unit, self._credentials = known.unit, stored_credentials(entry)
        found = await self._async_ask(user_input[CONF_HOST])
        return await self._async_taken("reconfigure", found)

    def _move(self, found: Found) -> ConfigFlowResult:
        """Let the entry follow to where its miner was found."""
        entry = self._get_reconfigure_entry()
        if not async_is_ours(self.hass, known_identity(entry), found.identity):
            return self._show_host("reconfigure", self._address, "wrong_device")
        at = found.endpoint
        return self.async_update_reload_and_abort(
            entry,
            data={
                **moved_data(entry, at.host, at.port, confirmed=True),
                CONF_PATH: at.path,
                **credentials_data(at.credentials),
            },
        )

    def _show_host(
        self, step: str, address: str | None, error: str | None = None
    ) -> ConfigFlowResult:
        """Ask for an address; one that was entered is shown again."""
        moves = step == "reconfigure"
        names = {"name": self._get_reconfigure_entry().title} if moves else {}
        return self.async_show_form(
            step_id=step,
            data_schema=self.add_suggested_values_to_schema(
                HOST_SCHEMA if moves else HOSTS_SCHEMA,
                {CONF_HOST: address} if address else None,
            ),
            description_placeholders=names,
            errors={CONF_HOST: error} if error else {},
        )

    @staticmethod
    @callback
    @override
    def async_get_options_flow(
        config_entry: ConfigEntry,
    ) -> MinerOptionsFlow | FleetOptionsFlow:
        """Return the options of a miner, or of all."""
        return FleetOptionsFlow() if is_fleet(config_entry) else MinerOptionsFlow()
