"""Reads what a report needs from the recorder's database, in the recorder's executor.

A month of hourly statistics of twenty miners is more than a hundred thousand rows;
the recorder's own functions make a dictionary of each, which takes most of a second
and tens of megabytes. So the database is asked for means, minima and maxima itself,
and for the sums at the two ends of the period. There is a fixed number of questions,
whatever the number of miners.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import batched
from typing import Any

from homeassistant.const import (
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfFrequency,
    UnitOfPower,
    UnitOfTemperature,
)
from homeassistant.core import HomeAssistant
from homeassistant.util.unit_conversion import (
    BaseUnitConverter,
    ElectricPotentialConverter,
    EnergyConverter,
    FrequencyConverter,
    PowerConverter,
    TemperatureConverter,
)
from sqlalchemy import Select, func, select

from ..runtime.ha_compat import (
    StatisticsDatabase,
    guarded,
    statistics_database,
    statistics_metadata,
)
from .cost import (
    Point,
    cost_of,
    steps_of,
)
from .model import (
    HOUR,
    Period,
    Quantity,
    Query,
    Records,
    Spread,
)

type Converter = Callable[[float], float]

_CONVERTERS: Mapping[Quantity, tuple[type[BaseUnitConverter], str]] = {
    Quantity.POWER: (PowerConverter, UnitOfPower.WATT),
    Quantity.ENERGY: (EnergyConverter, UnitOfEnergy.KILO_WATT_HOUR),
    Quantity.TEMPERATURE: (TemperatureConverter, UnitOfTemperature.CELSIUS),
    Quantity.VOLTAGE: (ElectricPotentialConverter, UnitOfElectricPotential.VOLT),
    Quantity.FREQUENCY: (FrequencyConverter, UnitOfFrequency.MEGAHERTZ),
}


@guarded("Reports have daily figures only: the recorder's cannot be read", None)
def read(hass: HomeAssistant, query: Query) -> Records | None:
    """Read all that a report asks for; None from a recorder that has changed."""
    wanted = {*query.measured, *query.counted}
    if query.price is not None:
        wanted.add(query.price.entity_id)
    metadata = statistics_metadata(hass, wanted)
    ids = {name: number for name, (number, _) in metadata.items()}
    units = {name: unit for name, (_, unit) in metadata.items()}
    # Energy is recorded while a miner is away, too.
    steady = query.billed or {*query.measured, *query.counted}
    with statistics_database(hass) as database:
        reader = _Reader(database, query.period)
        counted = reader.ends(ids[name] for name in query.counted if name in ids)
        rises = {
            name: _converter(quantity, units[name])(counted[ids[name]][1])
            for name, quantity in query.counted.items()
            if ids.get(name) in counted
        }
        return Records(
            spreads=_spreads(reader, query, ids, units),
            rises=rises,
            costs=_costs(reader, query, ids, units, counted, rises),
            seconds=reader.covered(ids[name] for name in steady if name in ids),
        )


def _spreads(
    reader: _Reader,
    query: Query,
    ids: Mapping[str, int],
    units: Mapping[str, str | None],
) -> dict[str, Spread]:
    found = reader.spreads(ids[name] for name in query.measured if name in ids)
    spreads = {}
    for name, quantity in query.measured.items():
        if (row := found.get(ids.get(name, -1))) is None:
            continue
        convert = _converter(quantity, units[name])
        spreads[name] = Spread(
            mean=convert(row.mean),
            minimum=convert(row.minimum),
            maximum=convert(row.maximum),
            seconds=row.steps * query.period.step,
        )
    return spreads


def _costs(
    reader: _Reader,
    query: Query,
    ids: Mapping[str, int],
    units: Mapping[str, str | None],
    ends: Mapping[int, tuple[float, float]],
    rises: Mapping[str, float],
) -> dict[str, float]:
    """Return what each entity's energy cost; nothing where no price is known."""
    price = query.price
    billed = [name for name in query.billed if name in rises]
    if price is None or not billed:
        return {}
    prices = reader.means(ids.get(price.entity_id))
    if not prices:
        if price.present is None:
            return {}
        return {name: rises[name] * price.present * price.per_kwh for name in billed}
    sums = reader.sums(ids[name] for name in billed)
    costs = {}
    for name in billed:
        steps = steps_of(sums[ids[name]], ends[ids[name]][0])
        convert = _converter(Quantity.ENERGY, units[name])
        cost = cost_of(((start, convert(used)) for start, used in steps), prices)
        if cost is not None:
            costs[name] = cost * price.per_kwh
    return costs


def _converter(quantity: Quantity, unit: str | None) -> Converter:
    """Return what brings a value to the unit of the report."""
    if quantity not in _CONVERTERS:
        return _unchanged
    converter, target = _CONVERTERS[quantity]
    if unit == target or unit not in converter.VALID_UNITS:
        return _unchanged
    return converter.converter_factory(unit, target)


def _unchanged(value: float) -> float:
    return value


class _Reader:
    """Asks for the statistics of a period; ids are those of the recorder."""

    def __init__(self, database: StatisticsDatabase, period: Period) -> None:
        """Take the table whose rows are as long as the period's steps."""
        self._database = database
        self._session = database.session
        self._period = period
        self._at_once = max(1, database.most_ids // 2)
        fine = period.step != HOUR
        self._table = database.five_minutes if fine else database.hourly

    def _of(self, ids: Iterable[int], statement: Select[Any]) -> Iterator[Any]:
        """Ask for these ids and this period."""
        table, period = self._table, self._period
        for some in batched(sorted(set(ids)), self._at_once, strict=False):
            yield from self._session.execute(
                statement.where(
                    table.metadata_id.in_(some),
                    table.start_ts >= period.start,
                    table.start_ts < period.end,
                )
            )

    def spreads(self, ids: Iterable[int]) -> dict[int, Any]:
        """Return mean, minimum, maximum and the number of steps by id."""
        table = self._table
        statement = select(
            table.metadata_id,
            func.avg(table.mean).label("mean"),
            func.min(table.min).label("minimum"),
            func.max(table.max).label("maximum"),
            func.count(table.mean).label("steps"),
        ).group_by(table.metadata_id)
        return {row[0]: row for row in self._of(ids, statement) if row.steps}

    def ends(self, ids: Iterable[int]) -> dict[int, tuple[float, float]]:
        """Return the sum before the period and by how much it rose, by id.

        What is new in the period began at nothing. Where only the five-minute row
        before the period is gone, as old ones are, the first one has to do.
        """
        table, meta, hourly = self._table, self._database.meta, self._database.hourly
        period = self._period
        mine = select(table.sum).where(table.metadata_id == meta.id).correlate(meta)
        inside = mine.where(table.start_ts >= period.start, table.start_ts < period.end)
        known = (
            select(hourly.sum)
            .where(hourly.metadata_id == meta.id, hourly.start_ts < period.start)
            .correlate(meta)
        )
        statement = select(
            meta.id,
            mine.where(table.start_ts < period.start)
            .order_by(table.start_ts.desc())
            .limit(1)
            .scalar_subquery(),
            known.limit(1).scalar_subquery(),
            inside.order_by(table.start_ts).limit(1).scalar_subquery(),
            inside.order_by(table.start_ts.desc()).limit(1).scalar_subquery(),
        )
        found = {}
        for some in batched(sorted(set(ids)), self._at_once, strict=False):
            for number, before, older, first, last in self._session.execute(
                statement.where(meta.id.in_(some))
            ):
                if first is None or last is None:
                    continue
                base = before
                if base is None:
                    base = 0.0 if older is None else first
                found[number] = (base, last - base)
        return found

    def means(self, number: int | None) -> dict[float, float]:
        """Return the mean of each step of one id."""
        if number is None:
            return {}
        table = self._table
        statement = select(table.start_ts, table.mean)
        return {
            start: mean
            for start, mean in self._of([number], statement)
            if mean is not None
        }

    def sums(self, ids: Iterable[int]) -> dict[int, list[Point]]:
        """Return the sum at the end of each step by id."""
        table = self._table
        statement = select(table.metadata_id, table.start_ts, table.sum).order_by(
            table.metadata_id, table.start_ts
        )
        found: dict[int, list[Point]] = defaultdict(list)
        for number, start, value in self._of(ids, statement):
            if value is not None:
                found[number].append((start, value))
        return found

    def covered(self, ids: Iterable[int]) -> float:
        """Return the seconds of which there are statistics of any of the ids."""
        table = self._table
        starts = {
            start for (start,) in self._of(ids, select(table.start_ts).distinct())
        }
        return len(starts) * float(self._period.step)
