"""Collects what a report is made from: in the event loop, and from the recorder.

A month of hourly statistics of twenty miners is more than a hundred thousand rows;
the recorder's own functions make a dictionary of each, which takes most of a second
and tens of megabytes. So the database is asked for means, minima and maxima itself,
and for the sums at the two ends of the period; only what is paid for is read step by
step. There is a fixed number of questions, whatever the number of miners.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import batched, pairwise
from typing import Any, Literal

from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, Platform, UnitOfEnergy
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from ..const import DOMAIN, FLEET
from ..coordinator import MinerConfigEntry
from ..fleet.coordinator import async_fleet_entry, async_loaded_fleet
from ..fleet.prices import PriceOptions
from ..miners.values import number
from ..runtime.ha_compat import (
    StatisticsDatabase,
    guarded,
    is_recorded,
    kept_days,
    statistics_database,
    statistics_metadata,
)
from ..runtime.units import conversion, converted
from .model import (
    COUNTED,
    FINE_HOURS,
    HOUR,
    MEASURED,
    MINUTES_5,
    Grid,
    MinerFacts,
    Period,
    Price,
    Query,
    Records,
    Spread,
    Steps,
)

type Point = tuple[float, float]
"""The start of a step in epoch seconds, and a value."""

type Units = Mapping[str, str | None]

_AT_ONCE = 20
"""Entities whose steps are read at once: so few rows that others get their turn."""

_REPORTED = MEASURED.keys() | COUNTED.keys()
_ROWS = 200
"""Rows that are in memory at once."""

_KWH_OF: Mapping[str, float] = {"wh": 1000.0, "kwh": 1.0, "mwh": 0.001, "gwh": 1e-6}


def period_until_now(hass: HomeAssistant, hours: float) -> Period:
    """Return the last so many hours, to the last step that has passed.

    A day belongs to it if half of the day's part up to now does, and today always.
    """
    now = dt_util.now()
    fine = hours <= FINE_HOURS and hours < kept_days(hass) * 24
    step = MINUTES_5 if fine else HOUR
    end = now.timestamp() // step * step
    start = end - hours * HOUR
    first = dt_util.as_local(dt_util.utc_from_timestamp(start))
    today = now.date()
    if first.date() < today and start - _midnight(first) > 12 * HOUR:
        first += timedelta(days=1)
    return Period(
        start=start,
        end=end,
        step=step,
        first_day=min(first.date(), today).isoformat(),
        last_day=today.isoformat(),
    )


def period_of_today() -> Period:
    """Return the time since local midnight, to the last five minutes that passed."""
    now = dt_util.now()
    start = _midnight(now)
    today = now.date().isoformat()
    return Period(
        start=start,
        end=max(start, now.timestamp() // MINUTES_5 * MINUTES_5),
        step=MINUTES_5,
        first_day=today,
        last_day=today,
    )


def _midnight(moment: datetime) -> float:
    return dt_util.start_of_local_day(moment).timestamp()


def facts_of(hass: HomeAssistant, entry: MinerConfigEntry) -> MinerFacts:
    """Return what is known of a miner, and which of its sensors are recorded."""
    coordinator = entry.runtime_data
    prefix = f"{coordinator.device_id}_"
    sensors = {
        key: entity
        for entity in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if entity.domain == "sensor"
        and (key := entity.unique_id.removeprefix(prefix)) in _REPORTED
    }
    recorded = {
        key: entity.entity_id
        for key, entity in sensors.items()
        if entity.disabled_by is None and is_recorded(hass, entity.entity_id)
    }
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, coordinator.device_id), entry.entry_id
    )
    return MinerFacts(
        name=entry.title,
        device_id=None if device is None else device.id,
        data=coordinator.data,
        recorded=recorded,
        not_recorded=tuple(sorted(sensors.keys() - recorded.keys())),
        days=coordinator.days,
    )


def query_of(
    facts: Iterable[MinerFacts],
    period: Period,
    price: Price | None,
    measured: Iterable[str],
) -> Query:
    """Return what to ask the recorder about these miners."""
    units = {key: MEASURED[key] for key in measured}
    entities = [item for one in facts for item in one.recorded.items()]
    return Query(
        period=period,
        measured={name: units[key] for key, name in entities if key in units},
        counted={name: COUNTED[key] for key, name in entities if key in COUNTED},
        billed=frozenset(entity_id for one in facts for entity_id in one.billed),
        price=price,
    )


def price_of(hass: HomeAssistant) -> Price | None:
    """Return the price that the user chose for all miners.

    An entity has a longer past than our own sensor, which knows more sources.
    """
    entry = async_fleet_entry(hass)
    options = PriceOptions.of({} if entry is None else entry.options)
    entity_id = options.entity
    if not options.as_told:
        entity_id = options.source and er.async_get(hass).async_get_entity_id(
            Platform.SENSOR, DOMAIN, f"{FLEET}_electricity_price"
        )
    if entity_id is None:
        return None
    fleet = async_loaded_fleet(hass)
    state = hass.states.get(entity_id)
    unit = None if state is None else state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    currency, _, energy = str(unit or "").partition("/")
    return Price(
        entity_id=entity_id,
        present=None if state is None else number(state.state),
        per_kwh=_KWH_OF.get(energy.strip().lower(), 1.0),
        currency=currency.strip()[:16] or hass.config.currency,
        slots=() if fleet is None else fleet.prices.view.slots,
    )


@guarded("Reports have daily figures only: the recorder's cannot be read", None)
def read(hass: HomeAssistant, query: Query) -> Records | None:
    """Read all that a report asks for; None from a recorder that has changed."""
    metadata = statistics_metadata(hass, {*query.measured, *query.counted})
    # Energy is recorded while a miner is away, too.
    steady = query.billed or {*query.measured, *query.counted}
    with statistics_database(hass) as database:
        reader = _Reader(database, query, metadata)
        spreads, ends = reader.spreads(), reader.ends()
        seconds = reader.covered(steady)
    return Records(
        spreads=spreads,
        rises={name: rise for name, (_, rise) in ends.items()},
        costs=_costs(hass, query, ends),
        seconds=seconds,
    )


@guarded("Charts are empty: the recorder's statistics cannot be read", None)
def read_steps(hass: HomeAssistant, query: Query) -> Steps | None:
    """Read step by step what charts are drawn from; None from a changed recorder."""
    metadata = statistics_metadata(hass, {*query.measured, *query.counted})
    with statistics_database(hass) as database:
        reader = _Reader(database, query, metadata)
        means = reader.steps(query.measured)
        sums = reader.steps(query.counted, counted=True)
    period, price = query.period, query.price
    prices: Grid = array("d")
    if price is not None:
        told = _steps(hass, period, {price.entity_id}, "mean").get(price.entity_id, ())
        prices = period.empty()
        for start, value in told:
            prices[period.index_of(start)] = value * price.per_kwh
    return Steps(means=means, sums=sums, prices=prices)


def _costs(
    hass: HomeAssistant, query: Query, ends: Mapping[str, Point]
) -> dict[str, float]:
    """Return what each entity's energy cost; nothing where no price is known."""
    price = query.price
    billed = query.billed & ends.keys()
    if price is None or not billed:
        return {}
    steps = _steps(hass, query.period, {price.entity_id}, "mean")
    prices = dict(steps.get(price.entity_id, ()))
    if not prices:
        now = price.present
        costs = {name: None if now is None else ends[name][1] * now for name in billed}
    else:
        sums = _steps(hass, query.period, set(billed), "sum")
        costs = {
            name: cost_of(steps_of(sums.get(name, ()), ends[name][0]), prices)
            for name in billed
        }
    return {
        name: cost * price.per_kwh for name, cost in costs.items() if cost is not None
    }


def _steps(
    hass: HomeAssistant, period: Period, names: set[str], kind: Literal["mean", "sum"]
) -> dict[str, list[Point]]:
    """Return a value of each step by entity; energy in kWh."""
    found = statistics_during_period(
        hass,
        dt_util.utc_from_timestamp(period.start),
        dt_util.utc_from_timestamp(period.end),
        names,
        "hour" if period.step == HOUR else "5minute",
        {"energy": UnitOfEnergy.KILO_WATT_HOUR},
        {kind},
    )
    return {
        name: [
            (row["start"], value)
            for row in rows
            if (value := row.get(kind)) is not None
        ]
        for name, rows in found.items()
    }


def cost_of(energy: Iterable[Point], prices: Mapping[float, float]) -> float | None:
    """Add up what was used in each step times the price of that step.

    A step without a price has that of the step before it; those before the first
    price have the first. None where there is no price at all.
    """
    if not prices:
        return None
    price = prices[min(prices)]
    total = 0.0
    for start, used in energy:
        price = prices.get(start, price)
        total += used * price
    return total


def steps_of(sums: Sequence[Point], base: float) -> list[Point]:
    """Return by how much a growing sum rose in each step; base is the sum before."""
    values = pairwise([base, *(value for _, value in sums)])
    return [
        (start, after - before)
        for (start, _), (before, after) in zip(sums, values, strict=True)
    ]


class _Reader:
    """Asks for the statistics of a period by the names of entities."""

    def __init__(
        self,
        database: StatisticsDatabase,
        query: Query,
        metadata: Mapping[str, tuple[int, str | None]],
    ) -> None:
        """Take the table whose rows are as long as the period's steps."""
        self._database = database
        self._query = query
        self._period = query.period
        self._metadata = metadata
        fine = self._period.step != HOUR
        self._table = database.five_minutes if fine else database.hourly
        self._inside = (
            self._table.start_ts >= self._period.start,
            self._table.start_ts < self._period.end,
        )

    def _rows(
        self,
        names: Iterable[str],
        column: InstrumentedAttribute[Any],
        statement: Select[Any],
    ) -> Iterator[tuple[str, Any]]:
        """Ask for some entities; the first column is the number of one."""
        known = self._metadata
        names_of = {known[name][0]: name for name in names if name in known}
        at_once = max(1, self._database.most_ids // 2)
        for some in batched(sorted(names_of), at_once, strict=False):
            for row in self._database.session.execute(
                statement.where(column.in_(some))
            ):
                yield names_of[row[0]], row

    def spreads(self) -> dict[str, Spread]:
        """Return mean, minimum and maximum of what is measured."""
        table, wanted = self._table, self._query.measured
        statement = (
            select(
                table.metadata_id,
                func.avg(table.mean),
                func.min(table.min),
                func.max(table.max),
                func.count(table.mean),
            )
            .where(*self._inside)
            .group_by(table.metadata_id)
        )
        found = {}
        for name, (_, *figures, steps) in self._rows(
            wanted, table.metadata_id, statement
        ):
            if steps:
                mean, minimum, maximum = (
                    converted(value, self._metadata[name][1], wanted[name])
                    for value in figures
                )
                found[name] = Spread(
                    mean=mean,
                    minimum=minimum,
                    maximum=maximum,
                    seconds=steps * self._period.step,
                )
        return found

    def ends(self) -> dict[str, Point]:
        """Return the sum of counters before the period, and by how much each rose.

        What is new in the period began at nothing. Where only the five-minute row
        before the period is gone, as old ones are, the first one has to do.
        """
        table, meta, hourly = self._table, self._database.meta, self._database.hourly
        start, wanted = self._period.start, self._query.counted
        mine = select(table.sum).where(table.metadata_id == meta.id).correlate(meta)
        inside = mine.where(*self._inside)
        newest = table.start_ts.desc()
        known = (
            select(hourly.sum)
            .where(hourly.metadata_id == meta.id, hourly.start_ts < start)
            .correlate(meta)
        )
        statement = select(
            meta.id,
            *(
                asked.limit(1).scalar_subquery()
                for asked in (
                    mine.where(table.start_ts < start).order_by(newest),
                    known,
                    inside.order_by(table.start_ts),
                    inside.order_by(newest),
                )
            ),
        )
        found = {}
        for name, (_, before, older, first, last) in self._rows(
            wanted, meta.id, statement
        ):
            if first is None or last is None:
                continue
            base = before
            if base is None:
                base = 0.0 if older is None else first
            began, ended = (
                converted(value, self._metadata[name][1], wanted[name])
                for value in (base, last)
            )
            found[name] = (began, ended - began)
        return found

    def steps(self, wanted: Units, *, counted: bool = False) -> dict[str, Grid]:
        """Return the mean of each step, or the sum; nothing where none is known."""
        table, begin, step = self._table, self._period.start, self._period.step
        column = table.sum if counted else table.mean
        # Rows that are all there at once would make Python look for garbage everywhere.
        statement = (
            select(table.metadata_id, table.start_ts, column)
            .where(*self._inside, column.is_not(None))
            .execution_options(yield_per=_ROWS)
        )
        found: dict[str, Grid] = {}
        for some in batched(wanted, _AT_ONCE, strict=False):
            for name, (_, start, value) in self._rows(
                some, table.metadata_id, statement
            ):
                if (grid := found.get(name)) is None:
                    grid = found[name] = self._period.empty()
                grid[int((start - begin) // step)] = value
        for name, grid in found.items():
            convert = conversion(self._metadata[name][1], wanted[name])
            if convert is not None:
                grid[:] = array("d", map(convert, grid))
        return found

    def covered(self, names: Iterable[str]) -> float:
        """Return the seconds of which there are statistics of any of the entities."""
        table = self._table
        statement = (
            select(func.min(table.metadata_id), table.start_ts)
            .where(*self._inside)
            .group_by(table.start_ts)
        )
        rows = self._rows(names, table.metadata_id, statement)
        return len({start for _, (_, start) in rows}) * float(self._period.step)
