"""The options of a miner."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
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
    CONF_PLUG_POWER,
    CONF_PLUG_SWITCH,
    CONF_POOL_SCRAPER,
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
from ..control.throttle import throttle_method
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
from ..runtime.entry_data import endpoint_of
from ..runtime.identity import known_identity
from ..runtime.options import (
    REJECTS,
    WATCHED,
    critical_key,
    options_of,
    warn_key,
)
from ..runtime.session import async_get_session
from .address import (
    InvalidAddressError,
    parse_address,
)

SECTION_SUPPLY = "supply"
SECTION_JUDGEMENT = "judgement"
SECTION_TUNING = "tuning"
SECTIONS = (SECTION_SUPPLY, SECTION_JUDGEMENT, SECTION_TUNING)

type Fields = dict[vol.Marker, Selector[Any]]

_HIGHEST_RATES = {HashRateUnit.TERA: 10_000.0}
"""More than any miner of this unit does, so that GH/s are not taken for TH/s."""


class MinerOptionsFlow(OptionsFlowWithReload):
    """How a miner is asked, what may be done to it, and how it is judged."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show and store the options."""
        errors: dict[str, str] = {}
        identity = known_identity(self.config_entry)
        if user_input is not None:
            offered = {str(key) for key in _offered(identity, user_input)}
            options = self._taken(identity, offered, _flat(user_input))
            if (wrong := _disorder(options)) is not None:
                errors["base"] = wrong
            else:
                try:
                    await self._async_try_scraper(options)
                    return self.async_create_entry(data=options)
                except InvalidAddressError as err:
                    errors[CONF_POOL_SCRAPER] = str(err)
        default = identity.poll_interval
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                _schema(identity), user_input or self._suggested(identity)
            ),
            description_placeholders={
                "default": str(default),
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
        self, identity: MinerIdentity, offered: set[str], entered: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the options that follow from the form.

        What the form did not offer stays; what is as it would be anyway is not stored,
        so that better knowledge of a board is not shut out.
        """
        options = {
            key: value
            for key, value in self.config_entry.options.items()
            if key not in offered
        }
        usual = _thresholds(identity, {})
        options |= {
            key: value
            for key, value in entered.items()
            if value not in (None, "", False) and usual.get(key) != value
        }
        for key in _pairs_of(options):
            if key in usual:
                options.setdefault(key, usual[key])
        options[CONF_SCAN_INTERVAL] = int(entered[CONF_SCAN_INTERVAL])
        return options

    async def _async_try_scraper(self, options: dict[str, Any]) -> None:
        """Put the URL of a pool scraper in the place of what was entered."""
        if text := options.pop(CONF_POOL_SCRAPER, "").strip():
            options[CONF_POOL_SCRAPER] = await self._async_scraper(text)

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


def _flat(entered: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was entered, without the sections of the form."""
    flat = {key: value for key, value in entered.items() if key not in SECTIONS}
    for name in SECTIONS:
        flat |= entered.get(name, {})
    return flat


def _pairs_of(options: Mapping[str, Any]) -> list[str]:
    """Return the thresholds that must be there because their twins are."""
    pairs = [(warn_key(name), critical_key(name)) for name in (*WATCHED, REJECTS)]
    pairs.append((CONF_RATIO_GOOD, CONF_RATIO_POOR))
    return [
        key for pair in pairs if any(item in options for item in pair) for key in pair
    ]


def _thresholds(
    identity: MinerIdentity, options: Mapping[str, Any]
) -> dict[str, float]:
    """Return the thresholds that hold under some options."""
    held = options_of(options, identity.hash_rate_unit).insight
    alarms: dict[str, Alarm | None] = {
        name: held.alarms.get(name) or getattr(identity.limits, name)
        for name in WATCHED
    }
    alarms[REJECTS] = held.rejects
    found = {CONF_RATIO_GOOD: held.ratio_good, CONF_RATIO_POOR: held.ratio_poor}
    found[CONF_HALF_LIFE] = held.half_life
    for name, alarm in alarms.items():
        if alarm is not None:
            found |= {warn_key(name): alarm.warn, critical_key(name): alarm.critical}
    return found


def _disorder(options: Mapping[str, Any]) -> str | None:
    """Tell if two thresholds are the wrong way round."""
    for name in (*WATCHED, REJECTS):
        warn, critical = options.get(warn_key(name)), options.get(critical_key(name))
        if warn is not None and critical is not None and warn >= critical:
            return "critical_not_above_warning"
    good, poor = options.get(CONF_RATIO_GOOD), options.get(CONF_RATIO_POOR)
    if good is not None and poor is not None and poor >= good:
        return "poor_not_below_good"
    return None


def _offered(
    identity: MinerIdentity, entered: Mapping[str, Any]
) -> Iterator[vol.Marker]:
    """Yield the markers of all fields but those of sections that did not come back."""
    for marker, field in _schema(identity).schema.items():
        if isinstance(field, section):
            if marker in entered:
                yield from field.schema.schema
        else:
            yield marker


def _schema(identity: MinerIdentity) -> vol.Schema:
    """Offer what makes sense for the miner."""
    fields: dict[vol.Marker, Any] = {
        vol.Required(CONF_SCAN_INTERVAL): _number(
            MIN_POLL_INTERVAL, MAX_POLL_INTERVAL, UnitOfTime.SECONDS, step=1
        )
    }
    if Capability.POOL_SCRAPER in identity.capabilities:
        fields[vol.Optional(CONF_POOL_SCRAPER)] = TextSelector()
    if _can_be_widened(identity):
        fields[vol.Optional(CONF_EXPERT, default=False)] = BooleanSelector()
    if throttle_method(identity) is not None:
        fields[vol.Optional(CONF_PROTECT, default=False)] = BooleanSelector()
    if Capability.RESTART in identity.capabilities:
        fields[vol.Optional(CONF_RESTART_STALLED, default=False)] = BooleanSelector()
    for name, inside in (
        (SECTION_SUPPLY, _supply(identity)),
        (SECTION_JUDGEMENT, _judgement(identity)),
        (SECTION_TUNING, _tuning(identity)),
    ):
        if inside:
            fields[vol.Optional(name)] = section(
                vol.Schema(inside), {"collapsed": True}
            )
    return vol.Schema(fields)


def _supply(identity: MinerIdentity) -> Fields:
    """Offer what tells the power at the wall."""
    fields: Fields = {
        vol.Optional(CONF_PLUG_POWER): _entity(
            Platform.SENSOR, SensorDeviceClass.POWER
        ),
        vol.Optional(CONF_PLUG_SWITCH): _entity(Platform.SWITCH),
    }
    if Capability.POWER in identity.capabilities:
        fields |= {
            vol.Optional(CONF_PSU_EFFICIENCY): _number(50, 100, UnitOfRatio.PERCENTAGE),
            vol.Optional(CONF_PSU_CONSTANT): _number(0, 500, UnitOfPower.WATT),
            vol.Optional(CONF_PSU_CAPACITY): _number(1, 20_000, UnitOfPower.WATT),
        }
    return fields


def _judgement(identity: MinerIdentity) -> Fields:
    """Offer what the miner is measured by."""
    unit, capabilities = identity.hash_rate_unit, identity.capabilities
    highest = _HIGHEST_RATES.get(unit, 1e6)
    fields: Fields = {vol.Optional(CONF_EXPECTED_HASH_RATE): _number(0, highest, unit)}
    if unit is not HashRateUnit.TERA:
        fields[vol.Optional(CONF_MINIMUM_HASH_RATE)] = _number(0, 1e6, unit)
    for key in (CONF_RATIO_GOOD, CONF_RATIO_POOR):
        fields[vol.Optional(key)] = _number(1, 150, UnitOfRatio.PERCENTAGE)
    for name in WATCHED:
        if getattr(identity.limits, name) is not None:
            for key in (warn_key(name), critical_key(name)):
                fields[vol.Optional(key)] = _number(30, 130, UnitOfTemperature.CELSIUS)
    if Capability.SHARES in capabilities:
        for key in (warn_key(REJECTS), critical_key(REJECTS)):
            fields[vol.Optional(key)] = _number(0.1, 100, UnitOfRatio.PERCENTAGE)
    return fields


def _tuning(identity: MinerIdentity) -> Fields:
    """Offer what the tuning map takes into account."""
    if not identity.limits.settings:
        return {}
    return {
        vol.Optional(CONF_ROOM_TEMPERATURE): _entity(
            Platform.SENSOR, SensorDeviceClass.TEMPERATURE
        ),
        vol.Optional(CONF_HALF_LIFE): _number(1, 365, UnitOfTime.DAYS, step=1),
    }


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


def _can_be_widened(identity: MinerIdentity) -> bool:
    """Whether a setting has a range beyond the usual one."""
    ranges = identity.limits.settings.values()
    return any(allowed.expert_maximum is not None for allowed in ranges)
