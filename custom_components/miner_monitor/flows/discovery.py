"""Miners that are found without anybody asking for them."""

from dataclasses import replace
import re
from typing import Any, Self, override

from homeassistant.config_entries import (
    SOURCE_IGNORE,
    ConfigEntry,
    ConfigFlowResult,
)
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import format_mac
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo

from ..const import CONF_UNIT, DOMAIN
from ..runtime.entries import (
    ENTRY_ID,
    async_announce,
    async_entry_at,
    async_owner,
    endpoint_of,
    known_identity,
    miner_entries,
    unit_key,
)
from ..runtime.escape import plain
from .found import FoundSteps
from .probe import (
    LOCKED,
    Found,
    address_of,
    async_discoveries,
    async_may_ask,
    is_private,
    title_of,
)

_END_OF_MAC = re.compile(r"\(([0-9a-f]{4})\)", re.IGNORECASE)


class DiscoverySteps(FoundSteps):
    """The steps that begin with an announcement, a lease, or a card that appeared."""

    _found: Found
    _locked_at: frozenset[str] = frozenset()
    _asked_at: tuple[str, int | None] | None = None

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
        if ignored := _async_ignored(self.hass, name):
            return self._known_as(ignored)
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
        if entry := _async_ignored(self.hass, found.identity.unique_id):
            return self._known_as(entry)
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
        self._address, self._unit = address_of(at), unit
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


@callback
def _async_ignored(hass: HomeAssistant, name: str) -> ConfigEntry | None:
    """Return what was ignored by another name of the same miner.

    One that asks for a password is known by its MAC address after a lease, and by
    what it calls itself after an announcement: AxeOS ends that with two bytes of it.
    """
    for entry in hass.config_entries.async_entries(DOMAIN):
        other = entry.unique_id or ""
        if entry.source == SOURCE_IGNORE and (
            is_called_by(name, other) or is_called_by(other, name)
        ):
            return entry
    return None


def is_called_by(mac: str, name: str) -> bool:
    """Whether a name has the end of a MAC address in it: ``Bitaxe Gamma (A1B2)``."""
    end = _END_OF_MAC.search(name)
    return end is not None and mac.replace(":", "").lower().endswith(end[1].lower())
