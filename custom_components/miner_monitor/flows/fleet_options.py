"""The options of all miners: dashboard, price, and what new miners begin with."""

from collections.abc import Mapping
from typing import Any

from homeassistant.components.sensor import DOMAIN as SENSOR
from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.const import CONF_SCAN_INTERVAL, PERCENTAGE, UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)
import voluptuous as vol

from ..const import (
    CONF_PRICE,
    CONF_RATIO_GOOD,
    CONF_RATIO_POOR,
    CONF_SIDEBAR,
    MAX_POLL_INTERVAL,
    MIN_POLL_INTERVAL,
)
from ..fleet.entry import async_fleet_entry
from ..insight.model import InsightOptions

_DEFAULTS = InsightOptions()
_FOR_NEW_MINERS = (CONF_SCAN_INTERVAL, CONF_RATIO_GOOD, CONF_RATIO_POOR)


def _number(least: float, most: float, unit: str) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(
            min=least,
            max=most,
            step=1,
            unit_of_measurement=unit,
            mode=NumberSelectorMode.BOX,
        )
    )


_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_SIDEBAR, default=True): BooleanSelector(),
        vol.Optional(CONF_PRICE): EntitySelector(
            EntitySelectorConfig(domain=[SENSOR, "input_number"])
        ),
        vol.Optional(CONF_SCAN_INTERVAL): _number(
            MIN_POLL_INTERVAL, MAX_POLL_INTERVAL, UnitOfTime.SECONDS
        ),
        vol.Optional(CONF_RATIO_GOOD): _number(1, 100, PERCENTAGE),
        vol.Optional(CONF_RATIO_POOR): _number(1, 100, PERCENTAGE),
    }
)


class FleetOptionsFlow(OptionsFlow):
    """What holds for all miners; nothing has to be loaded anew for it."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Begin; a miner's options have the step of this name."""
        return await self.async_step_fleet()

    async def async_step_fleet(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show and store the options."""
        errors: dict[str, str] = {}
        if user_input is not None:
            good = user_input.get(CONF_RATIO_GOOD, _DEFAULTS.ratio_good)
            poor = user_input.get(CONF_RATIO_POOR, _DEFAULTS.ratio_poor)
            if poor < good:
                return self.async_create_entry(data=_taken(user_input))
            errors[CONF_RATIO_POOR] = "poor_not_below_good"
        return self.async_show_form(
            step_id="fleet",
            data_schema=self.add_suggested_values_to_schema(
                _SCHEMA, user_input or self.config_entry.options
            ),
            description_placeholders={
                "good": f"{_DEFAULTS.ratio_good:g}",
                "poor": f"{_DEFAULTS.ratio_poor:g}",
            },
            errors=errors,
        )


def _taken(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that follow from the form; what is empty is not set."""
    options = dict(user_input)
    if CONF_SCAN_INTERVAL in options:
        options[CONF_SCAN_INTERVAL] = int(options[CONF_SCAN_INTERVAL])
    return options


def options_of_new_miners(hass: HomeAssistant) -> dict[str, Any]:
    """Return what a new miner's entry begins with."""
    fleet = async_fleet_entry(hass)
    options: Mapping[str, Any] = {} if fleet is None else fleet.options
    return {key: options[key] for key in _FOR_NEW_MINERS if key in options}
