"""The options of a miner, by one table of its fields."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import (
    ConfigFlowResult,
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
    CONF_MINIMUM_REST,
    CONF_MINIMUM_RUN,
    CONF_PLUG_POWER,
    CONF_PLUG_SWITCH,
    CONF_POOL_SCRAPER,
    CONF_POWER_GAP,
    CONF_PROTECT,
    CONF_PSU_CAPACITY,
    CONF_PSU_CONSTANT,
    CONF_PSU_EFFICIENCY,
    CONF_RATIO_GOOD,
    CONF_RATIO_POOR,
    CONF_RESTART_STALLED,
    CONF_ROOM_TEMPERATURE,
    LOGGER,
    MAX_POLL_INTERVAL,
    MIN_POLL_INTERVAL,
)
from ..control.throttle import stops, throttle_method
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
from ..runtime.power import usual_minutes
from ..runtime.session import async_get_session
from .probe import (
    InvalidAddressError,
    parse_address,
)

SECTIONS = ("supply", "judgement", "tuning", "pace")

MOST_MINUTES = 240
"""Of what somebody waits for between two changes for a power target."""

type Fields = dict[str | None, dict[vol.Marker, Selector[Any]]]
"""The fields of a form by the section in which they are."""

_PAIRS = (
    *((warn_key(name), critical_key(name)) for name in (*WATCHED, REJECTS)),
    (CONF_RATIO_POOR, CONF_RATIO_GOOD),
)
"""Thresholds of which the first is below the second; both are stored or none."""


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
            if (wrong := disorder_of(options)) is not None:
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
        **usual_minutes(options, identity.limits),
    }
    for name, alarm in {**alarms, REJECTS: held.rejects}.items():
        if alarm is not None:
            found |= {warn_key(name): alarm.warn, critical_key(name): alarm.critical}
    return found


def disorder_of(options: Mapping[str, Any]) -> str | None:
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
    rates = number_field(0, 10_000 if unit is HashRateUnit.TERA else 1e6, unit)
    ratios = number_field(1, 150, UnitOfRatio.PERCENTAGE)
    degrees = number_field(30, 130, UnitOfTemperature.CELSIUS)
    rejects = number_field(0.1, 100, UnitOfRatio.PERCENTAGE)
    supply, judgement, tuning, pace = SECTIONS
    minutes = number_field(1, MOST_MINUTES, UnitOfTime.MINUTES, step=1)
    method = throttle_method(identity)
    sensors = Platform.SENSOR
    table: list[tuple[str | None, str, Selector[Any], bool]] = [
        (None, CONF_SCAN_INTERVAL, INTERVAL_FIELD, True),
        (None, CONF_POOL_SCRAPER, TextSelector(), Capability.POOL_SCRAPER in has),
        (None, CONF_EXPERT, BooleanSelector(), widened),
        (None, CONF_PROTECT, BooleanSelector(), method is not None),
        (None, CONF_RESTART_STALLED, BooleanSelector(), Capability.RESTART in has),
        (supply, CONF_PLUG_POWER, entity_field(sensors, SensorDeviceClass.POWER), True),
        (supply, CONF_PLUG_SWITCH, entity_field(Platform.SWITCH), True),
        *(
            (supply, key, selector, Capability.POWER in has)
            for key, selector in (
                (CONF_PSU_EFFICIENCY, number_field(50, 100, UnitOfRatio.PERCENTAGE)),
                (CONF_PSU_CONSTANT, number_field(0, 500, UnitOfPower.WATT)),
                (CONF_PSU_CAPACITY, number_field(1, 20_000, UnitOfPower.WATT)),
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
                    entity_field(sensors, SensorDeviceClass.TEMPERATURE),
                ),
                (CONF_HALF_LIFE, number_field(1, 365, UnitOfTime.DAYS, step=1)),
            )
        ),
        (pace, CONF_POWER_GAP, minutes, method is not None),
        (pace, CONF_MINIMUM_RUN, minutes, stops(method)),
        (pace, CONF_MINIMUM_REST, minutes, stops(method)),
    ]
    fields: Fields = defaultdict(dict)
    for name, key, selector, offered in table:
        if offered:
            marker = vol.Required if key == CONF_SCAN_INTERVAL else vol.Optional
            on_or_off = isinstance(selector, BooleanSelector)
            default = False if on_or_off else vol.UNDEFINED
            fields[name][marker(key, default=default)] = selector
    return fields


def entity_field(domain: str, device_class: str | None = None) -> EntitySelector:
    """Return a choice of entities of a domain."""
    wanted = EntityWithDeviceFilterSelectorConfig(domain=domain)
    if device_class is not None:
        wanted["device_class"] = device_class
    return EntitySelector(EntitySelectorConfig(filter=wanted))


def number_field(
    low: float, high: float, unit: str, *, step: float | Literal["any"] = "any"
) -> NumberSelector:
    """Return a box for a number of a unit."""
    return NumberSelector(
        NumberSelectorConfig(
            min=low,
            max=high,
            step=step,
            unit_of_measurement=unit,
            mode=NumberSelectorMode.BOX,
        )
    )


INTERVAL_FIELD = number_field(
    MIN_POLL_INTERVAL, MAX_POLL_INTERVAL, UnitOfTime.SECONDS, step=1
)
