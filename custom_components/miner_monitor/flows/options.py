"""The options: of a miner by one table of its fields, and of all miners."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import (
    ConfigFlowResult,
    OptionsFlow,
    OptionsFlowWithReload,
)
from homeassistant.const import (
    CONF_SCAN_INTERVAL,
    Platform,
    UnitOfPower,
    UnitOfRatio,
    UnitOfTemperature,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    EntityWithDeviceFilterSelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    Selector,
    TextSelector,
)
import voluptuous as vol

from ..const import (
    CONF_EXPECTED_HASH_RATE,
    CONF_EXPERT,
    CONF_HALF_LIFE,
    CONF_MINIMUM_HASH_RATE,
    CONF_PLUG_POWER,
    CONF_PLUG_SWITCH,
    CONF_POOL_SCRAPER,
    CONF_PRICE,
    CONF_PROTECT,
    CONF_PSU_CAPACITY,
    CONF_PSU_CONSTANT,
    CONF_PSU_EFFICIENCY,
    CONF_RATIO_GOOD,
    CONF_RATIO_POOR,
    CONF_RESTART_STALLED,
    CONF_ROOM_TEMPERATURE,
    CONF_SIDEBAR,
    LOGGER,
    MAX_POLL_INTERVAL,
    MIN_POLL_INTERVAL,
)
from ..control.throttle import throttle_method
from ..fleet.coordinator import async_fleet_entry
from ..insight.model import InsightOptions
from ..miners import (
    MinerError,
    create_client,
)
from ..miners.model import (
    Alarm,
    Capability,
    HashRateUnit,
    MinerIdentity,
)
from ..runtime.entries import endpoint_of, known_identity
from ..runtime.options import (
    REJECTS,
    WATCHED,
    critical_key,
    options_of,
    warn_key,
)
from ..runtime.session import async_get_session
from .probe import (
    InvalidAddressError,
    parse_address,
)

SECTIONS = ("supply", "judgement", "tuning")

type Fields = dict[str | None, dict[vol.Marker, Selector[Any]]]
"""The fields of a form by the section in which they are."""

_PAIRS = (
    *((warn_key(name), critical_key(name)) for name in (*WATCHED, REJECTS)),
    (CONF_RATIO_POOR, CONF_RATIO_GOOD),
)
"""Thresholds of which the first is below the second; both are stored or none."""

_DEFAULTS = InsightOptions()
_FOR_NEW_MINERS = (CONF_SCAN_INTERVAL, CONF_RATIO_GOOD, CONF_RATIO_POOR)


class MinerOptionsFlow(OptionsFlowWithReload):
    """How a miner is asked, what may be done to it, and how it is judged."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show and store the options."""
        errors: dict[str, str] = {}
        identity = known_identity(self.config_entry)
        if user_input is not None:
            options = self._taken(identity, user_input)
            if (wrong := _disorder(options)) is not None:
                errors["base"] = wrong
            else:
                try:
                    await self._async_try_scraper(options)
                    return self.async_create_entry(data=options)
                except InvalidAddressError as err:
                    errors[CONF_POOL_SCRAPER] = str(err)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                _schema(identity), user_input or self._suggested(identity)
            ),
            description_placeholders={
                "default": str(identity.poll_interval),
                "unit": identity.hash_rate_unit,
            },
            errors=errors,
        )

    def _suggested(self, identity: MinerIdentity) -> dict[str, Any]:
        """Return what holds now, in the sections of the form."""
        options = self.config_entry.options
        known = {
            CONF_SCAN_INTERVAL: identity.poll_interval,
            **_thresholds(identity, options),
            **options,
        }
        return {**known, **dict.fromkeys(SECTIONS, known)}

    def _taken(
        self, identity: MinerIdentity, user_input: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the options that follow from the form.

        What the form did not offer stays; what is as it would be anyway is not stored,
        so that better knowledge of a board is not shut out.
        """
        entered = dict(user_input)
        for name in SECTIONS:
            entered |= user_input.get(name, {})
        offered = {
            str(key)
            for name, fields in _fields(identity).items()
            if name is None or name in user_input
            for key in fields
        }
        usual = _thresholds(identity, {})
        stored = self.config_entry.options
        options = {key: value for key, value in stored.items() if key not in offered}
        options |= {
            key: value
            for key in offered & entered.keys()
            if (value := entered[key]) not in (None, "", False)
            and usual.get(key) != value
        }
        twins = [pair for pair in _PAIRS if not options.keys().isdisjoint(pair)]
        held = {key: usual[key] for pair in twins for key in pair if key in usual}
        return held | options | {CONF_SCAN_INTERVAL: int(entered[CONF_SCAN_INTERVAL])}

    async def _async_try_scraper(self, options: dict[str, Any]) -> None:
        """Put the URL of a pool scraper in the place of what was entered.

        Raises InvalidAddressError with the key of what is wrong.
        """
        if not (text := options.pop(CONF_POOL_SCRAPER, "").strip()):
            return
        try:
            address = parse_address(text)
        except InvalidAddressError as err:
            raise InvalidAddressError("invalid_scraper") from err
        if address.port is None:
            raise InvalidAddressError("invalid_scraper")
        url = f"http://{address.host}:{address.port}{address.path}"
        options[CONF_POOL_SCRAPER] = url
        endpoint = replace(endpoint_of(self.config_entry), pool_scraper=url)
        family = known_identity(self.config_entry).family
        session = await async_get_session(self.hass)
        try:
            reading = await create_client(family, endpoint, session).fetch()
        except MinerError as err:
            # A miner that is off must not keep a user from setting this up.
            LOGGER.debug("The pool scraper was not tried: %s", err)
            return
        if reading.state.pool_hash_rate is None:
            raise InvalidAddressError("no_pool_hash_rate")


def _thresholds(
    identity: MinerIdentity, options: Mapping[str, Any]
) -> dict[str, float]:
    """Return the thresholds that hold under some options."""
    held = options_of(options, identity.hash_rate_unit).insight
    alarms: dict[str, Alarm | None] = {
        name: held.alarms.get(name) or getattr(identity.limits, name)
        for name in WATCHED
    }
    found = {
        CONF_RATIO_GOOD: held.ratio_good,
        CONF_RATIO_POOR: held.ratio_poor,
        CONF_HALF_LIFE: held.half_life,
    }
    for name, alarm in {**alarms, REJECTS: held.rejects}.items():
        if alarm is not None:
            found |= {warn_key(name): alarm.warn, critical_key(name): alarm.critical}
    return found


def _disorder(options: Mapping[str, Any]) -> str | None:
    """Return the error of two thresholds that are the wrong way round."""
    for low, high in _PAIRS:
        if low in options and high in options and options[low] >= options[high]:
            ratio = low == CONF_RATIO_POOR
            return "poor_not_below_good" if ratio else "critical_not_above_warning"
    return None


def _schema(identity: MinerIdentity) -> vol.Schema:
    """Offer what makes sense for the miner."""
    fields = _fields(identity)
    sections = {
        vol.Optional(name): section(vol.Schema(fields[name]), {"collapsed": True})
        for name in SECTIONS
        if name in fields
    }
    return vol.Schema({**fields[None], **sections})


def _fields(identity: MinerIdentity) -> Fields:
    """Return the fields that make sense for the miner."""
    unit, limits, has = identity.hash_rate_unit, identity.limits, identity.capabilities
    ranges = limits.settings.values()
    widened = any(allowed.expert_maximum is not None for allowed in ranges)
    # More than any miner of this unit does, so that GH/s are not taken for TH/s.
    rates = _number(0, 10_000 if unit is HashRateUnit.TERA else 1e6, unit)
    ratios = _number(1, 150, UnitOfRatio.PERCENTAGE)
    degrees = _number(30, 130, UnitOfTemperature.CELSIUS)
    rejects = _number(0.1, 100, UnitOfRatio.PERCENTAGE)
    supply, judgement, tuning = SECTIONS
    sensors = Platform.SENSOR
    table: list[tuple[str | None, str, Selector[Any], bool]] = [
        (None, CONF_SCAN_INTERVAL, _INTERVAL, True),
        (None, CONF_POOL_SCRAPER, TextSelector(), Capability.POOL_SCRAPER in has),
        (None, CONF_EXPERT, BooleanSelector(), widened),
        (None, CONF_PROTECT, BooleanSelector(), throttle_method(identity) is not None),
        (None, CONF_RESTART_STALLED, BooleanSelector(), Capability.RESTART in has),
        (supply, CONF_PLUG_POWER, _entity(sensors, SensorDeviceClass.POWER), True),
        (supply, CONF_PLUG_SWITCH, _entity(Platform.SWITCH), True),
        *(
            (supply, key, selector, Capability.POWER in has)
            for key, selector in (
                (CONF_PSU_EFFICIENCY, _number(50, 100, UnitOfRatio.PERCENTAGE)),
                (CONF_PSU_CONSTANT, _number(0, 500, UnitOfPower.WATT)),
                (CONF_PSU_CAPACITY, _number(1, 20_000, UnitOfPower.WATT)),
            )
        ),
        (judgement, CONF_EXPECTED_HASH_RATE, rates, True),
        (judgement, CONF_MINIMUM_HASH_RATE, rates, unit is not HashRateUnit.TERA),
        (judgement, CONF_RATIO_GOOD, ratios, True),
        (judgement, CONF_RATIO_POOR, ratios, True),
        *(
            (judgement, key, degrees, getattr(limits, name) is not None)
            for name in WATCHED
            for key in (warn_key(name), critical_key(name))
        ),
        (judgement, warn_key(REJECTS), rejects, Capability.SHARES in has),
        (judgement, critical_key(REJECTS), rejects, Capability.SHARES in has),
        *(
            (tuning, key, selector, bool(limits.settings))
            for key, selector in (
                (
                    CONF_ROOM_TEMPERATURE,
                    _entity(sensors, SensorDeviceClass.TEMPERATURE),
                ),
                (CONF_HALF_LIFE, _number(1, 365, UnitOfTime.DAYS, step=1)),
            )
        ),
    ]
    fields: Fields = defaultdict(dict)
    for name, key, selector, offered in table:
        if offered:
            marker = vol.Required if key == CONF_SCAN_INTERVAL else vol.Optional
            on_or_off = isinstance(selector, BooleanSelector)
            default = False if on_or_off else vol.UNDEFINED
            fields[name][marker(key, default=default)] = selector
    return fields


def _entity(domain: str, device_class: str | None = None) -> EntitySelector:
    wanted = EntityWithDeviceFilterSelectorConfig(domain=domain)
    if device_class is not None:
        wanted["device_class"] = device_class
    return EntitySelector(EntitySelectorConfig(filter=wanted))


def _number(
    low: float, high: float, unit: str, *, step: float | Literal["any"] = "any"
) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(
            min=low,
            max=high,
            step=step,
            unit_of_measurement=unit,
            mode=NumberSelectorMode.BOX,
        )
    )


_INTERVAL = _number(MIN_POLL_INTERVAL, MAX_POLL_INTERVAL, UnitOfTime.SECONDS, step=1)
_RATIO = _number(1, 100, UnitOfRatio.PERCENTAGE, step=1)
_FLEET_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_SIDEBAR, default=True): BooleanSelector(),
        vol.Optional(CONF_PRICE): EntitySelector(
            EntitySelectorConfig(domain=[Platform.SENSOR, "input_number"])
        ),
        vol.Optional(CONF_SCAN_INTERVAL): _INTERVAL,
        vol.Optional(CONF_RATIO_GOOD): _RATIO,
        vol.Optional(CONF_RATIO_POOR): _RATIO,
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
        """Show and store the options; what is empty is not set."""
        errors: dict[str, str] = {}
        usual = {
            CONF_RATIO_GOOD: _DEFAULTS.ratio_good,
            CONF_RATIO_POOR: _DEFAULTS.ratio_poor,
        }
        if user_input is not None:
            if (wrong := _disorder(usual | user_input)) is None:
                options = dict(user_input)
                if CONF_SCAN_INTERVAL in options:
                    options[CONF_SCAN_INTERVAL] = int(options[CONF_SCAN_INTERVAL])
                return self.async_create_entry(data=options)
            errors[CONF_RATIO_POOR] = wrong
        return self.async_show_form(
            step_id="fleet",
            data_schema=self.add_suggested_values_to_schema(
                _FLEET_SCHEMA, user_input or self.config_entry.options
            ),
            description_placeholders={
                "good": f"{_DEFAULTS.ratio_good:g}",
                "poor": f"{_DEFAULTS.ratio_poor:g}",
            },
            errors=errors,
        )


def options_of_new_miners(hass: HomeAssistant) -> dict[str, Any]:
    """Return what a new miner's entry begins with."""
    fleet = async_fleet_entry(hass)
    options: Mapping[str, Any] = {} if fleet is None else fleet.options
    return {key: options[key] for key in _FOR_NEW_MINERS if key in options}
