"""The options of all miners: what holds for them all, and what power costs."""

from collections.abc import Mapping
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import ConfigEntry, ConfigFlowResult, OptionsFlow
from homeassistant.const import CONF_SCAN_INTERVAL, Platform, UnitOfRatio, UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TimeSelector,
)
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import (
    CONF_METRICS,
    CONF_PRICE,
    CONF_RATIO_GOOD,
    CONF_RATIO_POOR,
    CONF_SIDEBAR,
)
from ..fleet.coordinator import async_fleet_entry
from ..fleet.heating import CONF_HEATER_ROOM
from ..fleet.market import (
    CONF_BITCOIN,
    CONF_DIFFICULTY,
    CONF_EXPORT_POSITIVE,
    CONF_FEED_IN,
    CONF_GRID,
    CONF_HEAT,
    CONF_HEAT_ENTITY,
    CONF_HEIGHT,
    CONF_POOL_FEE,
    MarketOptions,
    problem_of,
    problem_of_solar,
)
from ..fleet.prices import (
    CONF_ALWAYS,
    CONF_FACTOR,
    CONF_HOURS,
    CONF_LIMIT,
    CONF_LIMIT_ENTITY,
    CONF_LOW_FROM,
    CONF_LOW_UNTIL,
    CONF_NEVER,
    CONF_PERCENT,
    CONF_PRICE_FIXED,
    CONF_PRICE_LIST,
    CONF_PRICE_LOW,
    CONF_PRICE_SERVICE,
    CONF_RULE,
    CONF_SURCHARGE,
    CONF_UNTIL,
    SERVICES,
    PriceOptions,
    async_ask_service,
    entity_price,
    entity_slots,
)
from ..insight.model import InsightOptions
from ..price import PriceError, PriceProblem, RuleKind
from .options import INTERVAL_FIELD, disorder_of, number_field

_DEFAULTS = InsightOptions()
_FOR_NEW_MINERS = (CONF_SCAN_INTERVAL, CONF_RATIO_GOOD, CONF_RATIO_POOR)
_RATIO = number_field(1, 100, UnitOfRatio.PERCENTAGE, step=1)
_GENERAL = vol.Schema(
    {
        vol.Required(CONF_SIDEBAR, default=True): BooleanSelector(),
        vol.Optional(CONF_SCAN_INTERVAL): INTERVAL_FIELD,
        vol.Optional(CONF_RATIO_GOOD): _RATIO,
        vol.Optional(CONF_RATIO_POOR): _RATIO,
        vol.Optional(CONF_HEATER_ROOM): EntitySelector(
            EntitySelectorConfig(
                domain=Platform.SENSOR, device_class=SensorDeviceClass.TEMPERATURE
            )
        ),
        vol.Optional(CONF_METRICS): BooleanSelector(),
    }
)
_NUMBERS = [Platform.SENSOR, Platform.NUMBER, "input_number"]
_TELLERS = [*_NUMBERS, Platform.EVENT]
FIXED, RULE, SOLAR = "fixed", "rule", "solar"
_SECTIONS = (FIXED, RULE, SOLAR)


class FleetOptionsFlow(OptionsFlow):
    """What holds for all miners; nothing has to be loaded anew for it."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Begin; a miner's options have the step of this name."""
        return await self.async_step_all_miners()

    async def async_step_all_miners(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what to look at."""
        return self.async_show_menu(
            step_id="all_miners", menu_options=["fleet", "prices", "worth"]
        )

    async def async_step_fleet(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show and store what is no price; what is empty is not set."""
        errors: dict[str, str] = {}
        usual = {
            CONF_RATIO_GOOD: _DEFAULTS.ratio_good,
            CONF_RATIO_POOR: _DEFAULTS.ratio_poor,
        }
        if user_input is not None:
            if (wrong := disorder_of(usual | user_input)) is None:
                options = dict(user_input)
                if CONF_SCAN_INTERVAL in options:
                    options[CONF_SCAN_INTERVAL] = int(options[CONF_SCAN_INTERVAL])
                return self._stored(_GENERAL, options)
            errors[CONF_RATIO_POOR] = wrong
        return self.async_show_form(
            step_id="fleet",
            data_schema=self.add_suggested_values_to_schema(
                _GENERAL, user_input or self.config_entry.options
            ),
            description_placeholders={
                "good": f"{_DEFAULTS.ratio_good:g}",
                "poor": f"{_DEFAULTS.ratio_poor:g}",
            },
            errors=errors,
        )

    async def async_step_prices(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show and store where prices come from, and when power is cheap."""
        error, lists = None, ""
        schema = _prices(self.hass)
        entered = dict(self.config_entry.options)
        if user_input is not None:
            entered = _flat(user_input)
            try:
                error = await _async_fault(self.hass, self.config_entry, entered)
            except PriceError as err:
                error = PROBLEMS[err.problem]
                lists = ", ".join(err.parts)
            if error is None:
                return self._stored(schema, entered)
        return self.async_show_form(
            step_id="prices",
            data_schema=self.add_suggested_values_to_schema(
                schema, {**entered, **dict.fromkeys(_SECTIONS, entered)}
            ),
            description_placeholders={
                "currency": self.hass.config.currency,
                "lists": lists[:200],
            },
            errors={"base": error} if error else {},
        )

    async def async_step_worth(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show and store what bitcoin and heat are worth."""
        error, schema = None, _worth(self.hass)
        if user_input is not None:
            entered = _flat(user_input)
            if (error := problem_of(self.hass, MarketOptions.of(entered))) is None:
                return self._stored(schema, entered)
        return self.async_show_form(
            step_id="worth",
            data_schema=self.add_suggested_values_to_schema(
                schema, user_input or self.config_entry.options
            ),
            description_placeholders={"currency": self.hass.config.currency},
            errors={"base": error.value} if error else {},
        )

    def _stored(
        self, schema: vol.Schema, entered: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Store what one form holds beside what the other does."""
        kept = dict(self.config_entry.options)
        for key in _keys(schema):
            kept.pop(key, None)
        return self.async_create_entry(data=kept | dict(entered))


PROBLEMS: Mapping[PriceProblem, str] = {
    PriceProblem.NO_LIST: "no_prices",
    PriceProblem.SEVERAL: "several_lists",
    PriceProblem.UNKNOWN_UNIT: "no_prices",
}


def _keys(schema: vol.Schema) -> set[str]:
    """Return the names of all fields, those in sections too."""
    keys: set[str] = set()
    for key, field in schema.schema.items():
        keys |= _keys(field.schema) if isinstance(field, section) else {str(key)}
    return keys


def _flat(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was entered in all sections; what is empty is not set."""
    sections = [user_input.get(name, {}) for name in _SECTIONS]
    found = {key: user_input[key] for key in user_input if key not in _SECTIONS}
    for entered in sections:
        found |= entered
    return {key: value for key, value in found.items() if value not in (None, "")}


async def _async_fault(
    hass: HomeAssistant, entry: ConfigEntry, entered: Mapping[str, Any]
) -> str | None:
    """Return the error of what was chosen, tried at once; or raise PriceError."""
    options = PriceOptions.of(entered)
    if (wrong := _missing(options)) is not None:
        return wrong
    if _compares_break_even(options) and CONF_BITCOIN not in entry.options:
        return "no_break_even"
    solar = problem_of_solar(
        hass, MarketOptions.of(entered), priced=options.source is not None
    )
    return solar.value if solar else await _async_fault_of_source(hass, options)


def _compares_break_even(options: PriceOptions) -> bool:
    return options.rule is not None and options.rule.kind is RuleKind.BREAK_EVEN


async def _async_fault_of_source(
    hass: HomeAssistant, options: PriceOptions
) -> str | None:
    if options.service is not None:
        try:
            await async_ask_service(hass, options, dt_util.start_of_local_day())
        except HomeAssistantError:
            return "service_failed"
    elif options.fixed is None and options.entity is not None:
        return _fault_of_entity(hass, options)
    return None


def _missing(options: PriceOptions) -> str | None:
    """Return the error of a rule that lacks something."""
    if (rule := options.rule) is None:
        return None
    if options.source is None:
        return "no_source"
    limited = rule.limit is not None or options.limit_entity is not None
    return None if limited or rule.kind is not RuleKind.LIMIT else "no_limit"


def _fault_of_entity(hass: HomeAssistant, options: PriceOptions) -> str | None:
    """Return the error of an entity without a price; a limit needs no list."""
    needs_list = options.rule is not None and options.rule.kind.needs_list
    try:
        entity_slots(hass, options)
    except PriceError as err:
        if needs_list or err.problem is PriceProblem.SEVERAL:
            raise
        if entity_price(hass, options) is None:
            return "no_price"
    return None


def _prices(hass: HomeAssistant) -> vol.Schema:
    """Return the form of prices; integrations that are there can be chosen."""
    price = number_field(-1000, 1000, f"{hass.config.currency}/kWh")
    services = [
        SelectOptionDict(value=entry.entry_id, label=entry.title)
        for domain in SERVICES
        for entry in hass.config_entries.async_entries(domain)
    ]
    chosen = {vol.Optional(CONF_PRICE_SERVICE): _choice(services)} if services else {}
    return vol.Schema(
        {
            vol.Optional(CONF_PRICE): EntitySelector(
                EntitySelectorConfig(domain=_TELLERS)
            ),
            vol.Optional(CONF_PRICE_LIST): TextSelector(),
            **chosen,
            vol.Optional(CONF_FACTOR): number_field(-1000, 1000, ""),
            vol.Optional(CONF_SURCHARGE): price,
            vol.Optional(FIXED): section(
                vol.Schema(
                    {
                        vol.Optional(CONF_PRICE_FIXED): price,
                        vol.Optional(CONF_PRICE_LOW): price,
                        vol.Optional(CONF_LOW_FROM): TimeSelector(),
                        vol.Optional(CONF_LOW_UNTIL): TimeSelector(),
                    }
                ),
                {"collapsed": True},
            ),
            vol.Optional(RULE): section(
                vol.Schema(
                    {
                        vol.Optional(CONF_RULE): SelectSelector(
                            SelectSelectorConfig(
                                options=[kind.value for kind in RuleKind],
                                translation_key=CONF_RULE,
                                mode=SelectSelectorMode.DROPDOWN,
                            )
                        ),
                        vol.Optional(CONF_LIMIT): price,
                        vol.Optional(CONF_LIMIT_ENTITY): EntitySelector(
                            EntitySelectorConfig(domain=_NUMBERS)
                        ),
                        vol.Optional(CONF_HOURS): number_field(
                            0.25, 24, UnitOfTime.HOURS
                        ),
                        vol.Optional(CONF_UNTIL): TimeSelector(),
                        vol.Optional(CONF_PERCENT): number_field(
                            0, 100, UnitOfRatio.PERCENTAGE
                        ),
                        vol.Optional(CONF_ALWAYS): price,
                        vol.Optional(CONF_NEVER): price,
                    }
                ),
                {"collapsed": True},
            ),
            vol.Optional(SOLAR): section(
                vol.Schema(
                    {
                        vol.Optional(CONF_FEED_IN): price,
                        vol.Optional(CONF_GRID): EntitySelector(
                            EntitySelectorConfig(
                                domain=Platform.SENSOR,
                                device_class=SensorDeviceClass.POWER,
                            )
                        ),
                        vol.Optional(CONF_EXPORT_POSITIVE): BooleanSelector(),
                    }
                ),
                {"collapsed": True},
            ),
        }
    )


def _worth(hass: HomeAssistant) -> vol.Schema:
    """Return the form of what bitcoin and heat are worth."""
    a_number = EntitySelector(EntitySelectorConfig(domain=_NUMBERS))
    return vol.Schema(
        {
            vol.Optional(CONF_BITCOIN): a_number,
            vol.Optional(CONF_DIFFICULTY): a_number,
            vol.Optional(CONF_HEIGHT): a_number,
            vol.Optional(CONF_POOL_FEE): number_field(0, 100, UnitOfRatio.PERCENTAGE),
            vol.Optional(CONF_HEAT): number_field(
                0, 1000, f"{hass.config.currency}/kWh"
            ),
            vol.Optional(CONF_HEAT_ENTITY): a_number,
        }
    )


def _choice(options: list[SelectOptionDict]) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(options=options, mode=SelectSelectorMode.DROPDOWN)
    )


def options_of_new_miners(hass: HomeAssistant) -> dict[str, Any]:
    """Return what a new miner's entry begins with."""
    fleet = async_fleet_entry(hass)
    options: Mapping[str, Any] = {} if fleet is None else fleet.options
    return {key: options[key] for key in _FOR_NEW_MINERS if key in options}
