"""What was found at an address: asking for it, choosing from it, and adding it."""

from typing import Any
from uuid import uuid4

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import CONF_HOST, CONF_PORT, CONF_USERNAME
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from ..const import CONF_UNIT, DOMAIN
from ..coordinator import MinerConfigEntry
from ..miners import NO_CREDENTIALS, Credentials
from ..runtime.entries import (
    async_announce,
    async_entry_at,
    async_owner,
    async_store_address,
    entry_data,
    unit_key,
)
from ..runtime.escape import for_markdown, plain
from .fleet_options import options_of_new_miners
from .probe import Found, async_probe, title_of
from .reauth import LOGIN_SCHEMA, login_error, with_login


class FoundSteps(ConfigFlow):
    """The steps between an address and the entry of the miner that answers there."""

    _credentials: Credentials = NO_CREDENTIALS
    _unit: str | None = None
    _title: str | None = None
    _address: str
    _units: list[str]

    async def _async_ask(self, address: str) -> Found | str:
        """Ask an address, and keep it for a step in which more is to be entered."""
        self._address = address
        return await async_probe(self.hass, address, self._unit, self._credentials)

    async def _async_take(self, found: Found) -> ConfigFlowResult:
        """Go on with a miner that answered."""
        return await self._async_pick(found)

    async def async_step_credentials(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take the password that the miner at the address asks for."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._credentials = with_login(self._credentials, user_input)
            found = await self._async_ask(self._address)
            if isinstance(found, Found):
                return await self._async_take(found)
            errors["base"] = login_error(found)
        return self.async_show_form(
            step_id="credentials",
            data_schema=self.add_suggested_values_to_schema(
                LOGIN_SCHEMA, {CONF_USERNAME: self._credentials.username}
            ),
            description_placeholders={"address": self._address},
            errors=errors,
        )

    async def _async_pick(self, found: Found) -> ConfigFlowResult:
        """Add what was found; of several at one address let the user choose."""
        if len(found.units) < 2 or found.identity.unit == self._unit:
            return await self._async_add(found)
        known = {
            unit: async_entry_at(self.hass, found.endpoint, unit)
            for unit in found.units
        }
        left = [unit for unit, entry in known.items() if entry is None]
        if not left:
            return self._known_as(*(entry for entry in known.values() if entry))
        self._units = left
        return await self.async_step_unit()

    async def async_step_unit(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose one of the cards behind one address."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._unit = user_input[CONF_UNIT]
            found = await self._async_ask(self._address)
            if not isinstance(found, Found):
                errors[CONF_UNIT] = found
            elif found.identity.unit != self._unit:
                errors[CONF_UNIT] = "unit_gone"
            else:
                return await self._async_add(found)
        units = SelectSelectorConfig(options=self._units, mode=SelectSelectorMode.LIST)
        return self.async_show_form(
            step_id="unit",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema({vol.Required(CONF_UNIT): SelectSelector(units)}),
                user_input or {CONF_UNIT: self._units[0]},
            ),
            errors=errors,
        )

    async def _async_add(self, found: Found) -> ConfigFlowResult:
        """Create the entry of a miner, unless it has one."""
        identity = found.identity
        if identity.unique_id is not None:
            if owner := async_owner(self.hass, identity):
                return self._already_configured(owner, found)
            await self.async_set_unique_id(identity.unique_id, raise_on_progress=False)
            self._abort_if_configured()
        else:
            if entry := async_entry_at(self.hass, found.endpoint, identity.unit):
                return self._known_as(entry)
            if identity.unit is not None:
                await self._async_end_offers(unit_key(found.endpoint, identity.unit))
            await self.async_set_unique_id(uuid4().hex)
        return self.async_create_entry(
            title=plain(self._title or "").strip() or title_of(identity),
            data=entry_data(found.endpoint, identity),
            options=options_of_new_miners(self.hass),
        )

    async def _async_end_offers(self, key: str) -> None:
        """End what was offered by this name, and forget that it was ignored."""
        flows, entries = self.hass.config_entries.flow, self.hass.config_entries
        for flow in flows.async_progress_by_handler(
            DOMAIN, match_context={"unique_id": key}
        ):
            if flow["flow_id"] != self.flow_id:
                flows.async_abort(flow["flow_id"])
        if ignored := entries.async_entry_for_domain_unique_id(DOMAIN, key):
            await entries.async_remove(ignored.entry_id)

    def _already_configured(
        self, owner: MinerConfigEntry, found: Found
    ) -> ConfigFlowResult:
        """Move the known miner here, unless it answers where it is."""
        here = (owner.data[CONF_HOST], owner.data[CONF_PORT])
        there = (found.endpoint.host, found.endpoint.port)
        if here == there:
            return self._known_as(owner)
        if owner.state is ConfigEntryState.LOADED and owner.runtime_data.data.online:
            return self.async_abort(
                reason="same_identity",
                description_placeholders={"name": owner.title, "host": here[0]},
            )
        # The user gave the address, or a password for it, and it is the miner's.
        async_store_address(self.hass, owner, *there, confirmed=True)
        async_announce(self.hass, owner, *there)
        return self._known_as(owner)

    def _known_as(self, *entries: ConfigEntry) -> ConfigFlowResult:
        """End because there are entries of it, and name them."""
        return self.async_abort(
            reason="already_configured",
            description_placeholders={
                "title": ", ".join(entry.title for entry in entries)
            },
        )

    def _abort_if_configured(self) -> None:
        """End if something has this unique id, and name it."""
        entry = self.hass.config_entries.async_entry_for_domain_unique_id(
            self.handler, self.unique_id or ""
        )
        title = "" if entry is None else entry.title
        self._abort_if_unique_id_configured(
            description_placeholders=for_markdown({"title": title})
        )
