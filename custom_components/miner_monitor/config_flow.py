"""Adding a miner by its address, moving it, and its options."""

from collections.abc import Mapping
from typing import Any, override
from uuid import uuid4

from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_HOST, CONF_PORT, CONF_SCAN_INTERVAL, UnitOfTime
from homeassistant.core import callback
from homeassistant.helpers.device_registry import format_mac
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
)
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import voluptuous as vol

from .const import (
    CONF_FAMILY,
    CONF_IDENTITY,
    DOMAIN,
    MAX_POLL_INTERVAL,
    MIN_POLL_INTERVAL,
)
from .coordinator import MinerConfigEntry
from .miners.codec import dump_identity
from .miners.model import MinerIdentity
from .ownership import (
    async_announce,
    async_entry_at,
    async_is_ours,
    async_owner,
    known_identity,
)
from .probe import Found, async_probe

HOST_SCHEMA = vol.Schema({vol.Required(CONF_HOST): TextSelector()})


class MinerConfigFlow(ConfigFlow, domain=DOMAIN):
    """One field: the address. What answers there is found out."""

    VERSION = 1
    MINOR_VERSION = 1

    _found: Found

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add the miner at an address."""
        errors: dict[str, str] = {}
        if user_input is not None:
            found = await async_probe(self.hass, user_input[CONF_HOST])
            if isinstance(found, Found):
                return await self._async_add(found)
            errors[CONF_HOST] = found
        return self._show_host_form("user", user_input, errors)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Give a miner its new address; it must be the same miner."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            found = await async_probe(self.hass, user_input[CONF_HOST])
            if not isinstance(found, Found):
                errors[CONF_HOST] = found
            elif not async_is_ours(self.hass, known_identity(entry), found.identity):
                errors[CONF_HOST] = "wrong_device"
            else:
                return self.async_update_reload_and_abort(
                    entry,
                    data_updates={CONF_HOST: found.host, CONF_PORT: found.port},
                )
        return self._show_host_form(
            "reconfigure",
            user_input or {CONF_HOST: _address_text(entry.data)},
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
            async_announce(self.hass, owner, found.host, found.port)
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
                "host": self._found.host,
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
            if async_entry_at(self.hass, found.host, found.port):
                return self.async_abort(reason="already_configured")
            await self.async_set_unique_id(uuid4().hex)
        return self.async_create_entry(
            title=_title(identity),
            data=entry_data(found.host, found.port, identity),
        )

    def _already_configured(
        self, owner: MinerConfigEntry, found: Found
    ) -> ConfigFlowResult:
        """Move the known miner here, unless it answers where it is."""
        here = (owner.data[CONF_HOST], owner.data[CONF_PORT])
        if here == (found.host, found.port):
            return self.async_abort(reason="already_configured")
        loaded = owner.state is ConfigEntryState.LOADED
        if loaded and owner.runtime_data.data.online:
            return self.async_abort(
                reason="same_identity",
                description_placeholders={"name": owner.title, "host": here[0]},
            )
        async_announce(self.hass, owner, found.host, found.port)
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
    """How often a miner is asked."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show and store the options."""
        if user_input is not None:
            interval = int(user_input[CONF_SCAN_INTERVAL])
            return self.async_create_entry(
                data={**self.config_entry.options, CONF_SCAN_INTERVAL: interval}
            )
        default = known_identity(self.config_entry).poll_interval
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema(
                    {
                        vol.Required(CONF_SCAN_INTERVAL): NumberSelector(
                            NumberSelectorConfig(
                                min=MIN_POLL_INTERVAL,
                                max=MAX_POLL_INTERVAL,
                                step=1,
                                unit_of_measurement=UnitOfTime.SECONDS,
                                mode=NumberSelectorMode.BOX,
                            )
                        )
                    }
                ),
                {CONF_SCAN_INTERVAL: default, **self.config_entry.options},
            ),
            description_placeholders={"default": str(default)},
        )


def entry_data(host: str, port: int, identity: MinerIdentity) -> dict[str, Any]:
    """Return what an entry stores of a miner."""
    return {
        CONF_HOST: host,
        CONF_PORT: port,
        CONF_FAMILY: identity.family.value,
        CONF_IDENTITY: dump_identity(identity),
    }


def _address_text(data: Mapping[str, Any]) -> str:
    return f"{data[CONF_HOST]}:{data[CONF_PORT]}"


def _title(identity: MinerIdentity) -> str:
    """Name a miner by its host name, else by model and the end of its MAC."""
    if identity.hostname and not identity.default_hostname:
        return identity.hostname
    if identity.mac is None:
        return identity.model
    return f"{identity.model} {identity.mac.replace(':', '')[-4:].upper()}"
