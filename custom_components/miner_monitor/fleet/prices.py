"""What power costs now and when it is cheap, from the source that the options name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from math import isclose
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, Platform
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import (
    async_track_point_in_utc_time,
    async_track_state_change_event,
)
from homeassistant.util import dt as dt_util

from ..const import CONF_PRICE, LOGGER
from ..miners.values import number
from ..price import (
    FixedTariff,
    PriceError,
    Rule,
    RuleKind,
    SeenPrices,
    Slot,
    at_moment,
    per_kwh,
    plan,
    read_prices,
)
from .model import NO_PRICES, PriceView

CONF_PRICE_LIST = "price_list"
CONF_PRICE_SERVICE = "price_service"
CONF_PRICE_FIXED = "price_fixed"
CONF_PRICE_LOW = "price_low"
CONF_LOW_FROM = "low_from"
CONF_LOW_UNTIL = "low_until"
CONF_FACTOR = "price_factor"
CONF_SURCHARGE = "price_surcharge"
CONF_RULE = "cheap_rule"
CONF_LIMIT = "cheap_limit"
CONF_LIMIT_ENTITY = "cheap_limit_entity"
CONF_HOURS = "cheap_hours"
CONF_UNTIL = "cheap_until"
CONF_PERCENT = "cheap_percent"
CONF_ALWAYS = "always_below"
CONF_NEVER = "never_above"

LOOK_AGAIN = timedelta(minutes=15)
"""How often a service is asked at most, and all is looked at anew at least."""

_SAME = 0.005
_NEW_DAY_KNOWN = time(12, 30)
"""When prices of tomorrow may be out, local time."""


def _of_nord_pool(entry: ConfigEntry, day: datetime) -> dict[str, Any]:
    return {"config_entry": entry.entry_id, "date": day.date().isoformat()}


def _of_tibber(_: ConfigEntry, day: datetime) -> dict[str, Any]:
    return {"start": day.isoformat(), "end": _after(day).isoformat()}


def _of_energy_zero(entry: ConfigEntry, day: datetime) -> dict[str, Any]:
    return {
        "config_entry": entry.entry_id,
        "incl_vat": True,
        "start": day.isoformat(),
        "end": _after(day).isoformat(),
    }


@dataclass(frozen=True, slots=True)
class _Service:
    """An action of another integration that answers with the prices of a day."""

    action: str
    data: Callable[[ConfigEntry, datetime], dict[str, Any]]
    unit: str | None = None


SERVICES: Mapping[str, _Service] = {
    "energyzero": _Service("get_energy_prices", _of_energy_zero),
    "nordpool": _Service("get_prices_for_date", _of_nord_pool, "EUR/MWh"),
    "tibber": _Service("get_prices", _of_tibber),
}
"""Integrations whose entities have no list of prices, by their domain.

Of the unit only the energy counts: the currency is the one that they are set up with.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceOptions:
    """What the user chose of prices; a fixed price goes before the rest."""

    entity: str | None = None
    part: str | None = None
    service: str | None = None
    fixed: FixedTariff | None = None
    factor: float = 1
    surcharge: float = 0
    rule: Rule | None = None
    limit_entity: str | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> PriceOptions:
        """Read the options of all miners."""
        get, fixed = options.get, options.get(CONF_PRICE_FIXED)
        return cls(
            entity=get(CONF_PRICE),
            part=get(CONF_PRICE_LIST),
            service=get(CONF_PRICE_SERVICE),
            fixed=None
            if fixed is None
            else FixedTariff(
                price=fixed,
                low=get(CONF_PRICE_LOW),
                low_from=_clock(get(CONF_LOW_FROM), time(22)),
                low_until=_clock(get(CONF_LOW_UNTIL), time(6)),
            ),
            factor=get(CONF_FACTOR, 1),
            surcharge=get(CONF_SURCHARGE, 0),
            rule=_rule(options),
            limit_entity=get(CONF_LIMIT_ENTITY),
        )

    @property
    def as_told(self) -> bool:
        """Whether the price is what the state of an entity says."""
        return (
            self.fixed is None
            and self.service is None
            and self.entity is not None
            and not self.entity.startswith("event.")
            and (self.factor, self.surcharge) == (1, 0)
        )

    @property
    def source(self) -> str | None:
        """Name the source, so that what was seen of another is not taken for it."""
        if self.fixed is not None:
            return "fixed"
        name = self.service or self.entity
        return name and f"{name} {self.part or ''}"


def _clock(text: str | None, usual: time) -> time:
    return (text and dt_util.parse_time(text)) or usual


def _rule(options: Mapping[str, Any]) -> Rule | None:
    get = options.get
    if (kind := get(CONF_RULE)) not in tuple(RuleKind):
        return None
    return Rule(
        kind=RuleKind(kind),
        limit=get(CONF_LIMIT),
        hours=get(CONF_HOURS, 8),
        until=_clock(get(CONF_UNTIL), time(7)),
        percent=get(CONF_PERCENT, 15),
        always_below=get(CONF_ALWAYS),
        never_above=get(CONF_NEVER),
    )


class FleetPrices:
    """Follows the source of prices, and says what is cheap by the rule."""

    view = NO_PRICES

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, changed: Callable[[], None]
    ) -> None:
        """Call ``changed`` when the view is another."""
        self._hass = hass
        self._entry = entry
        self._changed = changed
        self._options = PriceOptions()
        self._seen = SeenPrices()
        self._stop: list[CALLBACK_TYPE] = []
        self._cancel_timer: CALLBACK_TYPE | None = None
        self._asked_at: datetime | None = None
        self._break_even: float | None = None

    @callback
    def take_break_even(self, price: float | None) -> None:
        """Take the break-even price, which a rule may compare with.

        It trembles with the hash rate, which makes no other plan.
        """
        known, rule = self._break_even, self._options.rule
        if price is None or known is None:
            is_same = price is known
        else:
            is_same = isclose(price, known, rel_tol=_SAME)
        if is_same:
            return
        self._break_even = price
        if rule is not None and rule.kind is RuleKind.BREAK_EVEN:
            self._look()

    def load(self, stored: object) -> None:
        """Take up what was seen before of the source that is chosen now."""
        self._options = PriceOptions.of(self._entry.options)
        if isinstance(stored, dict) and stored.get("source") == self._options.source:
            self._seen.load(stored.get("slots"), dt_util.utcnow())

    def dump(self) -> dict[str, Any]:
        """Return what was seen of the present source."""
        return {"source": self._options.source, "slots": self._seen.dump()}

    @callback
    def start(self) -> None:
        """Follow what the options name now."""
        self.stop()
        options = PriceOptions.of(self._entry.options)
        if options.source != self._options.source:
            self._seen, self._asked_at = SeenPrices(), None
        self._options = options
        followed = [
            name for name in (options.entity, options.limit_entity) if name is not None
        ]
        if options.source is not None and followed:
            self._stop.append(
                async_track_state_change_event(
                    self._hass, followed, lambda _: self._look()
                )
            )
        self._look()

    @callback
    def stop(self) -> None:
        """Follow nothing any more."""
        for stop in (*self._stop, self._cancel_timer):
            if stop is not None:
                stop()
        self._stop, self._cancel_timer = [], None

    @callback
    def _look(self, _: datetime | None = None) -> None:
        """Read what there is, and look again when the present slot ends."""
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None
        now = dt_util.utcnow()
        if self._options.source is None:
            self.view = NO_PRICES
            self._changed()
            return
        self._seen.take(self._slots(now), now)
        self.view = self._viewed(now)
        self._changed()
        ends = [now + LOOK_AGAIN]
        if (at := self.view.slot_end) is not None:
            ends.append(at)
        self._cancel_timer = async_track_point_in_utc_time(
            self._hass, HassJob(self._look, cancel_on_shutdown=True), min(ends)
        )
        if self._options.service is not None and self._is_due(now):
            self._asked_at = now
            self._entry.async_create_background_task(
                self._hass, self._async_ask(self._options), "prices of all miners"
            )

    def _slots(self, now: datetime) -> tuple[Slot, ...]:
        """Return what the source tells by itself."""
        options, today = self._options, dt_util.as_local(now).date()
        zone = dt_util.get_default_time_zone()
        if options.fixed is not None:
            return options.fixed.slots(today, 2, zone)
        if options.service is not None or options.entity is None:
            return ()
        try:
            return entity_slots(self._hass, options)
        except PriceError:
            # What has no list, or none yet, has a price at least.
            return ()

    def _viewed(self, now: datetime) -> PriceView:
        options, zone = self._options, dt_util.get_default_time_zone()
        slots = [
            slot._replace(price=slot.price * options.factor + options.surcharge)
            for slot in self._seen.slots
        ]
        present = at_moment(slots, now)
        if present is None and (told := entity_price(self._hass, options)) is not None:
            # A price without a list holds until the next one is told.
            price = told * options.factor + options.surcharge
            present = Slot(now, now + LOOK_AGAIN, price)
            following = [slot.start for slot in slots if slot.start > now]
            present = present._replace(end=min([present.end, *following]))
            slots.append(present)
        since = dt_util.start_of_local_day(dt_util.as_local(now))
        view = PriceView(
            source=True,
            price=present and present.price,
            slot_end=present and present.end,
            slots=tuple(slot for slot in sorted(slots) if slot.end > since),
        )
        if (rule := options.rule) is None:
            return view
        if rule.kind is RuleKind.BREAK_EVEN:
            rule = replace(rule, limit=self._break_even)
        elif options.limit_entity is not None:
            rule = replace(rule, limit=_number(self._hass, options.limit_entity))
        planned = plan(slots, rule, now, zone)
        found = planned.at(now)
        return replace(
            view,
            rule=rule.kind,
            cheap=None if found is None else found.cheap,
            next_change=planned.next_change(now),
            partial=planned.partial,
            plan=tuple(slot for slot in planned.slots if slot.end > since),
        )

    def _is_due(self, now: datetime) -> bool:
        """Whether a day's prices are missing that may be there."""
        if self._asked_at is not None and now - self._asked_at < LOOK_AGAIN:
            return False
        midnight = dt_util.start_of_local_day(dt_util.as_local(now))
        tomorrow = _after(midnight)
        wanted = [(midnight, tomorrow)]
        if dt_util.as_local(now).time() >= _NEW_DAY_KNOWN:
            wanted.append((tomorrow, _after(tomorrow)))
        return not all(
            any(start <= slot.start < end for slot in self._seen.slots)
            for start, end in wanted
        )

    async def _async_ask(self, options: PriceOptions) -> None:
        """Ask the action of another integration for today and tomorrow."""
        midnight = dt_util.start_of_local_day()
        for day in (midnight, _after(midnight)):
            try:
                slots = await async_ask_service(self._hass, options, day)
            except (HomeAssistantError, PriceError) as err:
                LOGGER.debug("No prices of %s: %s", day.date(), err)
                continue
            if options.source == self._options.source:
                self._seen.take(slots, dt_util.utcnow())
        self._look()


def entity_slots(hass: HomeAssistant, options: PriceOptions) -> tuple[Slot, ...]:
    """Return the slots that the chosen entity lists; PriceError where it does not."""
    state = hass.states.get(options.entity or "")
    attributes = {} if state is None else state.attributes
    return read_prices(
        attributes,
        today=dt_util.now().date(),
        zone=dt_util.get_default_time_zone(),
        unit=_unit(attributes.get(ATTR_UNIT_OF_MEASUREMENT)),
        part=options.part,
    )


def entity_price(hass: HomeAssistant, options: PriceOptions) -> float | None:
    """Return the price that the chosen entity's own state tells, per kWh."""
    state = hass.states.get(options.entity or "")
    told = None if state is None else number(state.state)
    if state is None or told is None or state.domain == Platform.EVENT:
        return None
    return told * per_kwh(_unit(state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)))


def _number(hass: HomeAssistant, entity_id: str) -> float | None:
    state = hass.states.get(entity_id)
    return None if state is None else number(state.state)


async def async_ask_service(
    hass: HomeAssistant, options: PriceOptions, day: datetime
) -> tuple[Slot, ...]:
    """Return a day's slots from the chosen integration; what it raises is raised."""
    entry = hass.config_entries.async_get_entry(options.service or "")
    if entry is None or (service := SERVICES.get(entry.domain)) is None:
        raise HomeAssistantError("the integration of the prices is gone")
    response = await hass.services.async_call(
        entry.domain,
        service.action,
        service.data(entry, day),
        blocking=True,
        return_response=True,
    )
    return read_prices(
        response,
        today=day.date(),
        zone=dt_util.get_default_time_zone(),
        unit=service.unit,
        part=options.part,
    )


def _unit(unit: object) -> str | None:
    """Return a unit of prices; whatever else an entity has says nothing of them."""
    text = str(unit)
    return text if "/" in text and text.casefold().endswith("wh") else None


def _after(day: datetime) -> datetime:
    """Return the next local midnight."""
    return dt_util.start_of_local_day(day + timedelta(hours=30))
