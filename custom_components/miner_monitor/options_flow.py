"""The options of a miner."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.const import CONF_SCAN_INTERVAL, UnitOfTime
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    Selector,
    TextSelector,
)
import voluptuous as vol

from .address import InvalidAddressError, parse_address
from .const import (
    CONF_EXPERT,
    CONF_POOL_SCRAPER,
    CONF_PROTECT,
    LOGGER,
    MAX_POLL_INTERVAL,
    MIN_POLL_INTERVAL,
)
from .control.throttle import throttle_method
from .entry_data import endpoint_of
from .miners import MinerError, create_client
from .miners.model import Capability, MinerIdentity
from .ownership import known_identity
from .session import async_get_session


class MinerOptionsFlow(OptionsFlowWithReload):
    """How a miner is asked, and what may be done to it."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show and store the options."""
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                return self.async_create_entry(data=await self._async_taken(user_input))
            except InvalidAddressError as err:
                errors[CONF_POOL_SCRAPER] = str(err)
        identity = known_identity(self.config_entry)
        default = identity.poll_interval
        suggested = {CONF_SCAN_INTERVAL: default, **self.config_entry.options}
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                _schema(identity), user_input or suggested
            ),
            description_placeholders={"default": str(default)},
            errors=errors,
        )

    async def _async_taken(self, user_input: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options that follow from the form."""
        options = dict(self.config_entry.options)
        options[CONF_SCAN_INTERVAL] = int(user_input[CONF_SCAN_INTERVAL])
        for switch in (CONF_EXPERT, CONF_PROTECT):
            options.pop(switch, None)
            if user_input.get(switch):
                options[switch] = True
        options.pop(CONF_POOL_SCRAPER, None)
        if text := user_input.get(CONF_POOL_SCRAPER, "").strip():
            options[CONF_POOL_SCRAPER] = await self._async_scraper(text)
        return options

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


def _schema(identity: MinerIdentity) -> vol.Schema:
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
    if _can_be_widened(identity):
        fields[vol.Optional(CONF_EXPERT, default=False)] = BooleanSelector()
    if throttle_method(identity) is not None:
        fields[vol.Optional(CONF_PROTECT, default=False)] = BooleanSelector()
    return vol.Schema(fields)


def _can_be_widened(identity: MinerIdentity) -> bool:
    """Whether a setting has a range beyond the usual one."""
    ranges = identity.limits.settings.values()
    return any(allowed.expert_maximum is not None for allowed in ranges)
