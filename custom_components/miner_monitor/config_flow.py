"""Adding a miner by its address, moving it, and its options."""

from dataclasses import replace
from typing import Any, override
from uuid import uuid4

from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import (
    CONF_HOST,
    CONF_PATH,
    CONF_PORT,
    CONF_SCAN_INTERVAL,
    UnitOfTime,
)
from homeassistant.core import callback
from homeassistant.helpers.device_registry import format_mac
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    Selector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import voluptuous as vol

from .address import InvalidAddressError, parse_address
from .const import (
    CONF_POOL_SCRAPER,
    CONF_UNIT,
    DOMAIN,
    LOGGER,
    MAX_POLL_INTERVAL,
    MIN_POLL_INTERVAL,
)
from .coordinator import MinerConfigEntry
from .entry_data import endpoint_of, entry_data
from .miners import Endpoint, MinerError, create_client
from .miners.model import Capability, MinerIdentity
from .ownership import (
    async_announce,
    async_entry_at,
    async_is_ours,
    async_owner,
    known_identity,
)
from .probe import Found, async_probe
from .session import async_get_session

HOST_SCHEMA = vol.Schema({vol.Required(CONF_HOST): TextSelector()})


class MinerConfigFlow(ConfigFlow, domain=DOMAIN):
    """One field: the address. What answers there is found out."""

    VERSION = 1
    MINOR_VERSION = 1

    _found: Found
    _address: str
    _units: list[str]

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add the miner at an address."""
        errors: dict[str, str] = {}
        if user_input is not None:
            found = await async_probe(self.hass, user_input[CONF_HOST])
            if isinstance(found, Found):
                return await self._async_pick(found, user_input[CONF_HOST])
            errors[CONF_HOST] = found
        return self._show_host_form("user", user_input, errors)

    async def _async_pick(self, found: Found, address: str) -> ConfigFlowResult:
        """Add what was found; of several at one address let the user choose."""
        left = [
            unit
            for unit in found.units
            if async_entry_at(self.hass, found.endpoint, unit) is None
        ]
        if len(found.units) < 2:
            return await self._async_add(found)
        if not left:
            return self.async_abort(reason="already_configured")
        self._address, self._units = address, left
        return await self.async_step_unit()

    async def async_step_unit(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose one of the cards behind one address."""
        errors: dict[str, str] = {}
        if user_input is not None:
            unit = user_input[CONF_UNIT]
            found = await async_probe(self.hass, self._address, unit)
            if not isinstance(found, Found):
                errors[CONF_UNIT] = found
            elif found.identity.unit != unit:
                errors[CONF_UNIT] = "unit_gone"
            else:
                return await self._async_add(found)
        options = SelectSelectorConfig(
            options=self._units, mode=SelectSelectorMode.LIST
        )
        return self.async_show_form(
            step_id="unit",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema({vol.Required(CONF_UNIT): SelectSelector(options)}),
                user_input or {CONF_UNIT: self._units[0]},
            ),
            errors=errors,
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Give a miner its new address; it must be the same miner."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            found = await async_probe(
                self.hass, user_input[CONF_HOST], entry.data.get(CONF_UNIT)
            )
            if not isinstance(found, Found):
                errors[CONF_HOST] = found
            elif not async_is_ours(self.hass, known_identity(entry), found.identity):
                errors[CONF_HOST] = "wrong_device"
            else:
                at = found.endpoint
                return self.async_update_reload_and_abort(
                    entry,
                    data_updates={
                        CONF_HOST: at.host,
                        CONF_PORT: at.port,
                        CONF_PATH: at.path,
                    },
                )
        return self._show_host_form(
            "reconfigure",
            user_input or {CONF_HOST: _address_text(endpoint_of(entry))},
            errors,
            {"name": entry.title},
        )

    @override
    async def async_step_dhcp(
        self, discovery_info: DhcpServiceInfo
    ) -> ConfigFlowResult:
        """Follow a known miner to its new address, or offer a new one."""
        mac = format_mac(discovery_info.macaddress)
        entries: list[MinerConfigEntry] = self._async_current_entries(
            include_ignore=False
        )
        for entry in entries:
            if known_identity(entry).mac == mac:
                async_announce(
                    self.hass, entry, discovery_info.ip, entry.data[CONF_PORT]
                )
                return self.async_abort(reason="already_configured")
        return await self._async_discovered(discovery_info.ip)

    @override
    async def async_step_zeroconf(
        self, discovery_info: ZeroconfServiceInfo
    ) -> ConfigFlowResult:
        """Offer a miner that makes itself known, or follow it."""
        return await self._async_discovered(
            f"{discovery_info.host}:{discovery_info.port}"
        )

    async def _async_discovered(self, address: str) -> ConfigFlowResult:
        found = await async_probe(self.hass, address)
        if not isinstance(found, Found):
            return self.async_abort(reason=found)
        if owner := async_owner(self.hass, found.identity):
            async_announce(self.hass, owner, found.endpoint.host, found.endpoint.port)
            return self.async_abort(reason="already_configured")
        # A discovery without a lasting name would come again after each refusal.
        if found.identity.unique_id is None:
            return self.async_abort(reason="no_identity")
        await self.async_set_unique_id(found.identity.unique_id)
        self._abort_if_unique_id_configured()
        self._found = found
        self.context["title_placeholders"] = {"name": _title(found.identity)}
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

    async def _async_add(self, found: Found) -> ConfigFlowResult:
        """Create the entry of a miner, unless it has one."""
        identity = found.identity
        if identity.unique_id is not None:
            if owner := async_owner(self.hass, identity):
                return self._already_configured(owner, found)
            await self.async_set_unique_id(identity.unique_id, raise_on_progress=False)
            self._abort_if_unique_id_configured()
        else:
            if async_entry_at(self.hass, found.endpoint, identity.unit):
                return self.async_abort(reason="already_configured")
            await self.async_set_unique_id(uuid4().hex)
        return self.async_create_entry(
            title=_title(identity),
            data=entry_data(found.endpoint, identity),
        )

    def _already_configured(
        self, owner: MinerConfigEntry, found: Found
    ) -> ConfigFlowResult:
        """Move the known miner here, unless it answers where it is."""
        here = (owner.data[CONF_HOST], owner.data[CONF_PORT])
        there = (found.endpoint.host, found.endpoint.port)
        if here == there:
            return self.async_abort(reason="already_configured")
        loaded = owner.state is ConfigEntryState.LOADED
        if loaded and owner.runtime_data.data.online:
            return self.async_abort(
                reason="same_identity",
                description_placeholders={"name": owner.title, "host": here[0]},
            )
        async_announce(self.hass, owner, *there)
        return self.async_abort(reason="already_configured")

    def _show_host_form(
        self,
        step_id: str,
        user_input: dict[str, Any] | None,
        errors: dict[str, str],
        placeholders: dict[str, str] | None = None,
    ) -> ConfigFlowResult:
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(HOST_SCHEMA, user_input),
            description_placeholders=placeholders,
            errors=errors,
        )

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: MinerConfigEntry) -> MinerOptionsFlow:
        """Return the options of a miner."""
        return MinerOptionsFlow()


class MinerOptionsFlow(OptionsFlowWithReload):
    """How often a miner is asked, and whom else."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show and store the options."""
        errors: dict[str, str] = {}
        if user_input is not None:
            options = dict(self.config_entry.options)
            options[CONF_SCAN_INTERVAL] = int(user_input[CONF_SCAN_INTERVAL])
            options.pop(CONF_POOL_SCRAPER, None)
            try:
                if text := user_input.get(CONF_POOL_SCRAPER, "").strip():
                    options[CONF_POOL_SCRAPER] = await self._async_scraper(text)
                return self.async_create_entry(data=options)
            except InvalidAddressError as err:
                errors[CONF_POOL_SCRAPER] = str(err)
        identity = known_identity(self.config_entry)
        default = identity.poll_interval
        suggested = {CONF_SCAN_INTERVAL: default, **self.config_entry.options}
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                _options_schema(identity), user_input or suggested
            ),
            description_placeholders={"default": str(default)},
            errors=errors,
        )

    async def _async_scraper(self, text: str) -> str:
        """Return the URL of a pool scraper; InvalidAddressError names what is wrong."""
        try:
            address = parse_address(text)
        except InvalidAddressError as err:
            raise InvalidAddressError("invalid_scraper") from err
        if address.port is None:
            raise InvalidAddressError("invalid_scraper")
        url = f"http://{address.host}:{address.port}{address.path}"
        endpoint = replace(endpoint_of(self.config_entry), pool_scraper=url)
        family = known_identity(self.config_entry).family
        session = await async_get_session(self.hass)
        try:
            reading = await create_client(family, endpoint, session).fetch()
        except MinerError as err:
            # A miner that is off must not keep a user from setting this up.
            LOGGER.debug("The pool scraper was not tried: %s", err)
            return url
        if reading.state.pool_hash_rate is None:
            raise InvalidAddressError("no_pool_hash_rate")
        return url


def _options_schema(identity: MinerIdentity) -> vol.Schema:
    """Offer what makes sense for the miner."""
    interval = NumberSelectorConfig(
        min=MIN_POLL_INTERVAL,
        max=MAX_POLL_INTERVAL,
        step=1,
        unit_of_measurement=UnitOfTime.SECONDS,
        mode=NumberSelectorMode.BOX,
    )
    fields: dict[vol.Marker, Selector[Any]] = {
        vol.Required(CONF_SCAN_INTERVAL): NumberSelector(interval)
    }
    if Capability.POOL_SCRAPER in identity.capabilities:
        fields[vol.Optional(CONF_POOL_SCRAPER)] = TextSelector()
    return vol.Schema(fields)


def _address_text(endpoint: Endpoint) -> str:
    path = "" if endpoint.path == "/" else endpoint.path
    scheme = "http://" if path else ""
    return f"{scheme}{endpoint.host}:{endpoint.port}{path}"


def _title(identity: MinerIdentity) -> str:
    """Name a miner by its host name, else by model and what tells it from others."""
    if identity.hostname and not identity.default_hostname:
        return identity.hostname
    name = identity.mac or identity.serial
    tail = identity.unit if name is None else name.replace(":", "")[-4:].upper()
    return f"{identity.model} {tail}" if tail else identity.model
