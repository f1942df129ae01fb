"""Adding a miner by its address, and moving it."""

from dataclasses import replace
from typing import Any, Self, override
from uuid import uuid4

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import (
    CONF_HOST,
    CONF_NAME,
    CONF_PATH,
    CONF_PORT,
    CONF_USERNAME,
)
from homeassistant.core import callback
from homeassistant.helpers.device_registry import format_mac
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
)
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import voluptuous as vol

from .const import (
    CONF_UNIT,
    DOMAIN,
    FLEET,
)
from .coordinator import MinerConfigEntry
from .fleet.coordinator import (
    TITLE as FLEET_TITLE,
    async_fleet_entry,
)
from .flows.adding import AddingSteps
from .flows.addresses import InvalidListError, is_list, read_miners
from .flows.fleet_options import FleetOptionsFlow, options_of_new_miners
from .flows.options import MinerOptionsFlow
from .flows.probe import (
    LOCKED,
    Found,
    async_discoveries,
    async_may_ask,
    async_probe,
    is_private,
    title_of,
)
from .flows.reauth import (
    LOGIN_SCHEMA,
    ReauthSteps,
    login_error,
    with_login,
)
from .miners import (
    NO_CREDENTIALS,
    Credentials,
    Endpoint,
)
from .runtime.entries import (
    ENTRY_ID,
    async_announce,
    async_entry_at,
    async_is_ours,
    async_owner,
    async_store_address,
    credentials_data,
    endpoint_of,
    entry_data,
    is_fleet,
    known_identity,
    miner_entries,
    moved_data,
    stored_credentials,
    unit_key,
)
from .runtime.escape import for_markdown, plain

HOST_SCHEMA = vol.Schema({vol.Required(CONF_HOST): TextSelector()})
HOSTS_SCHEMA = vol.Schema(
    {vol.Required(CONF_HOST): TextSelector(TextSelectorConfig(multiline=True))}
)


class MinerConfigFlow(AddingSteps, ReauthSteps, domain=DOMAIN):
    """Adds miners by a search or by their addresses; the model is detected."""

    VERSION = 1
    MINOR_VERSION = 1

    _credentials: Credentials = NO_CREDENTIALS
    _unit: str | None = None
    _title: str | None = None
    _locked_at: frozenset[str] = frozenset()
    _asked_at: tuple[str, int | None] | None = None

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
        return self.async_create_entry(title=FLEET_TITLE, data={})

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
            if self.source == SOURCE_RECONFIGURE:
                return self._move(found)
            return await self._async_pick(found)
        if found == LOCKED:
            return await self.async_step_credentials()
        return self._show_host(step, self._address, found)

    async def async_step_credentials(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take the password that the miner at the address asks for."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._credentials = with_login(self._credentials, user_input)
            found = await self._async_ask(self._address)
            if isinstance(found, Found):
                return await self._async_taken("miner", found)
            errors["base"] = login_error(found)
        return self.async_show_form(
            step_id="credentials",
            data_schema=self.add_suggested_values_to_schema(
                LOGIN_SCHEMA, {CONF_USERNAME: self._credentials.username}
            ),
            description_placeholders={"address": self._address},
            errors=errors,
        )

    async def _async_ask(self, address: str) -> Found | str:
        """Ask an address, and keep it for a step in which more is to be entered."""
        self._address = address
        return await async_probe(self.hass, address, self._unit, self._credentials)

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

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Give a miner its new address; it must be the same miner."""
        entry = self._get_reconfigure_entry()
        if is_fleet(entry):
            return self.async_abort(reason="fleet_has_no_address")
        known = endpoint_of(entry)
        if user_input is None:
            return self._show_host("reconfigure", _address_text(known))
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

    @override
    async def async_step_dhcp(
        self, discovery_info: DhcpServiceInfo
    ) -> ConfigFlowResult:
        """Follow a known miner to its new address, or offer a new one."""
        if not is_private(discovery_info.ip):
            return self.async_abort(reason="not_private")
        mac = format_mac(discovery_info.macaddress)
        for entry in miner_entries(self.hass):
            if known_identity(entry).mac == mac:
                async_announce(
                    self.hass, entry, discovery_info.ip, entry.data[CONF_PORT]
                )
                return self._known_as(entry)
        return await self._async_discovered(
            discovery_info.ip,
            {discovery_info.ip, discovery_info.hostname},
            (discovery_info.ip, None),
            name=mac,
            title=discovery_info.hostname or discovery_info.ip,
        )

    @override
    async def async_step_zeroconf(
        self, discovery_info: ZeroconfServiceInfo
    ) -> ConfigFlowResult:
        """Offer a miner that makes itself known, or follow it."""
        host, port = discovery_info.host, discovery_info.port
        if not is_private(host):
            return self.async_abort(reason="not_private")
        return await self._async_discovered(
            f"{host}:{port}",
            {host, discovery_info.hostname.removesuffix(".")},
            (host, port),
            name=discovery_info.name,
            title=discovery_info.name.partition("._")[0],
        )

    async def _async_discovered(
        self,
        address: str,
        hosts: set[str],
        where: tuple[str, int | None],
        *,
        name: str,
        title: str,
    ) -> ConfigFlowResult:
        """Look at what was found, by whichever of its hosts an entry may know it.

        Anybody can announce anything: an address has one flow at a time, few are asked
        at once, a host once a minute, and nothing is shown there but the question who
        it is. What answers
        nothing without a password is identified by its ``name`` until it does.
        """
        self._asked_at = where
        if self.hass.config_entries.flow.async_has_matching_flow(self):
            return self.async_abort(reason="already_in_progress")
        if not await async_may_ask(self.hass, where[0]):
            return self.async_abort(reason="already_in_progress")
        async with async_discoveries(self.hass):
            found = await self._async_ask(address)
        if isinstance(found, Found):
            return await self._async_offer(found)
        if found != LOCKED:
            return self.async_abort(reason=found)
        for entry in miner_entries(self.hass):
            port = entry.data[CONF_PORT]
            if entry.data[CONF_HOST] in hosts and where[1] in (None, port):
                return self._known_as(entry)
        self._locked_at = frozenset(hosts)
        if self.hass.config_entries.flow.async_has_matching_flow(self):
            return self.async_abort(reason="already_in_progress")
        await self.async_set_unique_id(name)
        self._abort_if_configured()
        self.context["title_placeholders"] = {"name": f"{plain(title)} ({where[0]})"}
        return await self.async_step_credentials()

    @override
    def is_matching(self, other_flow: Self) -> bool:
        """Whether two discoveries are of one address, or of one locked miner."""
        asked = self._asked_at is not None and self._asked_at == other_flow._asked_at
        return asked or not self._locked_at.isdisjoint(other_flow._locked_at)

    async def _async_offer(self, found: Found) -> ConfigFlowResult:
        """Ask whether a miner is to be added, unless it is known."""
        if owner := async_owner(self.hass, found.identity):
            async_announce(self.hass, owner, found.endpoint.host, found.endpoint.port)
            return self._known_as(owner)
        # A discovery without a lasting name would come again after each refusal.
        if found.identity.unique_id is None:
            return self.async_abort(reason="no_identity")
        await self.async_set_unique_id(found.identity.unique_id)
        self._abort_if_configured()
        self._found = found
        self.context["title_placeholders"] = {"name": found.label}
        return await self.async_step_discovery_confirm()

    async def async_step_discovery_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask before a discovered miner is added."""
        if user_input is not None:
            return await self._async_add(self._found)
        self._set_confirm_only()
        return self.async_show_form(
            step_id="discovery_confirm",
            description_placeholders={
                "model": self._found.identity.model,
                "host": self._found.endpoint.host,
            },
        )

    @override
    async def async_step_integration_discovery(
        self, discovery_info: dict[str, Any]
    ) -> ConfigFlowResult:
        """Offer a card that has appeared beside one that is known."""
        known = self.hass.config_entries.async_get_known_entry(discovery_info[ENTRY_ID])
        at, unit = endpoint_of(known), discovery_info[CONF_UNIT]
        if entry := async_entry_at(self.hass, at, unit):
            return self._known_as(entry)
        await self.async_set_unique_id(unit_key(at, unit))
        self._abort_if_configured()
        card = replace(known_identity(known), unit=unit)
        self._found = Found(endpoint=at, identity=card)
        self._address, self._unit = _address_text(at), unit
        self._credentials = at.credentials
        self.context["title_placeholders"] = {"name": self._found.label}
        return await self.async_step_card()

    async def async_step_card(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask before a card is added, and look at it then."""
        errors: dict[str, str] = {}
        if user_input is not None:
            found = await self._async_ask(self._address)
            if not isinstance(found, Found):
                errors["base"] = found
            elif found.identity.unit != self._unit:
                errors["base"] = "unit_gone"
            else:
                return await self._async_add(found)
        self._set_confirm_only()
        return self.async_show_form(
            step_id="card",
            description_placeholders={
                "model": title_of(self._found.identity),
                "host": self._found.endpoint.host,
            },
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


def _address_text(endpoint: Endpoint) -> str:
    path = "" if endpoint.path == "/" else endpoint.path
    return f"{'http://' if path else ''}{endpoint.host}:{endpoint.port}{path}"
