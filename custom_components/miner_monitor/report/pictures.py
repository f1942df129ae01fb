"""Charts as pictures: collects what a chart shows, and draws it in a thread.

Who draws imports this module when a picture is asked for: it loads Pillow.
"""

from array import array
import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched, pairwise
import math

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..charts.draw import draw
from ..charts.model import (
    DPI,
    NEEDS,
    Change,
    ChartData,
    ChartKind,
    Needs,
    OperatingMark,
    Theme,
    Track,
)
from ..const import DOMAIN
from ..coordinator import MinerConfigEntry
from ..insight.model import OperatingPoint, Tuning, Verdict
from ..miners.settings import SETTINGS, Setting
from ..miners.values import number
from ..runtime.ha_compat import RecordedState, running_recorder, states_between
from ..runtime.units import converted
from .figures import BLOCKS_PER_HOUR
from .markdown import Texts
from .model import COUNTED, MEASURED, Grid, MinerFacts, Period, Price, Query, Steps
from .recorder import facts_of, period_until_now, price_of, read_steps

_AT_ONCE = 2
_DAY = 86_400
_SHOWN = (Setting.FREQUENCY, Setting.CORE_VOLTAGE, Setting.WORK_MODE)
"""Settings of which a change is marked."""

_UNITS = {**MEASURED, **COUNTED, "hash_rate": "TH/s"}
_ENERGY = ("wall_energy", "energy")

type Settings = Mapping[str, Setting]
"""The settings of a miner by the entities that show them."""

type States = Mapping[str, Sequence[RecordedState]]

_NO_STATES: States = {}

_TOGETHER = 120.0
"""Seconds within which settings that change count as one change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture as a PNG file, and what it shows of the last ``hours``."""

    png: bytes
    kind: ChartKind
    hours: int


async def async_chart(
    hass: HomeAssistant,
    kind: ChartKind,
    members: Sequence[MinerConfigEntry],
    hours: int,
    theme: Theme = Theme.LIGHT,
    *,
    dpi: int = DPI,
) -> Picture:
    """Draw a chart of the last hours of miners whose entries are loaded.

    Whether the caller may read them is asked before. Without a recorder, or anything
    in it, the picture says that there is no data yet.
    """
    needs, texts = NEEDS[kind], Texts(hass)
    period = period_until_now(hass, hours)
    price = price_of(hass) if needs.price else None
    facts: list[MinerFacts] = []
    settings: list[Settings] = []
    for some in batched(members[: needs.most_miners], _AT_ONCE, strict=False):
        facts += [facts_of(hass, entry) for entry in some]
        settings += [
            _settings_of(hass, entry) if needs.settings else {} for entry in some
        ]
        await asyncio.sleep(0)
    recorder = running_recorder(hass)

    def made() -> Picture:
        wide = replace(period, start=period.start - _DAY)
        steps, states = Steps(), _NO_STATES
        if recorder is not None:
            steps = read_steps(hass, _query(facts, needs, wide, price)) or steps
            states = _states(hass, period, settings)
        data = ChartData(
            kind=kind,
            start=period.start,
            end=period.end,
            step=period.step,
            lead=_DAY // period.step,
            zone=dt_util.get_default_time_zone(),
            say=lambda key, **values: texts.say(f"chart_{key}", **values),
            notation=texts.notation,
            tracks=[
                _track(one, needs, steps, _held(states, known, wide, texts), texts)
                for one, known in zip(facts, settings, strict=True)
            ],
            left_out=max(0, len(members) - needs.most_miners),
            price=_prices(steps, price, wide),
            currency="" if price is None else price.currency,
        )
        return Picture(png=draw(data, theme, dpi), kind=kind, hours=hours)

    threads = hass if recorder is None else recorder
    return await threads.async_add_executor_job(made)


def _query(
    facts: Iterable[MinerFacts], needs: Needs, period: Period, price: Price | None
) -> Query:
    """Return what to ask the recorder."""
    named = [
        (key, entity_id) for one in facts for key, entity_id in one.recorded.items()
    ]
    counted = _ENERGY if needs.energy else ()
    return Query(
        period=period,
        measured={name: _UNITS[key] for key, name in named if key in needs.measured},
        counted={name: _UNITS[key] for key, name in named if key in counted},
        price=price,
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """What settings were in each step, and when they became others."""

    readings: Mapping[str, Grid]
    changes: Sequence[Change]


def _track(
    facts: MinerFacts, needs: Needs, steps: Steps, held: _Held, texts: Texts
) -> Track:
    """Put together what is known of one miner."""
    measured = {
        key: values
        for key in needs.measured
        if (values := steps.means.get(facts.recorded.get(key, ""))) is not None
    }
    sums = [
        found
        for key in _ENERGY
        if (found := steps.sums.get(facts.recorded.get(key, ""))) is not None
    ]
    return Track(
        name=facts.name,
        rate_unit=facts.unit.value,
        per_terahash=facts.unit.per_terahash,
        readings={**held.readings, **measured},
        energy=_rises(sums[0]) if sums else (),
        changes=held.changes,
        points=_points(facts.data.insight.tuning, texts) if needs.points else (),
    )


def _rises(sums: Iterable[float]) -> Grid:
    """Return by how much a sum rose in each step, since the last one that is known."""
    rises, before = array("d"), math.nan
    for value in sums:
        rises.append(value - before)
        before = value if math.isfinite(value) else before
    return rises


def _prices(steps: Steps, price: Price | None, period: Period) -> Grid:
    """Return the price of each step: recorded, of the list of prices, or of now."""
    if price is None:
        return array("d")
    prices = steps.prices[:] or period.empty()
    for slot in price.slots:
        first, last = (
            period.index_of(moment.timestamp()) for moment in (slot.start, slot.end)
        )
        for index in range(max(0, first), min(last, len(prices))):
            if math.isnan(prices[index]):
                prices[index] = slot.price
    if price.present is not None and all(map(math.isnan, prices)):
        return array("d", [price.present * price.per_kwh]) * len(prices)
    return prices


def _points(tuning: Tuning, texts: Texts) -> list[OperatingMark]:
    """Return the operating points of which rate and efficiency are known."""
    best = {
        verdict: judgement.settings for verdict, judgement in tuning.verdicts.items()
    }
    return [
        OperatingMark(
            text=texts.setting(point.settings),
            rate=point.figures["hash_rate"].mean,
            deviation=point.figures["hash_rate"].deviation or 0.0,
            efficiency=point.figures["efficiency"].mean,
            hours=point.blocks / BLOCKS_PER_HOUR,
            best=frozenset(
                verdict.value
                for verdict in (Verdict.EFFICIENCY, Verdict.HASH_RATE)
                if best.get(verdict) == point.settings
            ),
        )
        for point in tuning.points
        if _is_measured(point)
    ]


def _is_measured(point: OperatingPoint) -> bool:
    return {"hash_rate", "efficiency"} <= point.figures.keys()


def _settings_of(hass: HomeAssistant, entry: MinerConfigEntry) -> Settings:
    """Return the entities that show the settings of a miner."""
    registry, device_id = er.async_get(hass), entry.runtime_data.device_id
    found = {}
    for setting in _SHOWN:
        spec = SETTINGS[setting]
        entity_id = registry.async_get_entity_id(
            spec.platform, DOMAIN, f"{device_id}_{spec.key}"
        )
        if entity_id is not None:
            found[entity_id] = setting
    return found


def _states(
    hass: HomeAssistant, period: Period, settings: Iterable[Settings]
) -> States:
    """Return what was recorded of settings."""
    names = [name for one in settings for name in one]
    if not names:
        return {}
    start, end = map(dt_util.utc_from_timestamp, (period.start, period.end))
    return states_between(hass, start, end, names, first=True) or {}


def _held(states: States, settings: Settings, period: Period, texts: Texts) -> _Held:
    """Return the settings of a miner in each step, and their changes."""
    readings, changes = dict[str, Grid](), list[Change]()
    for name, setting in settings.items():
        items = [
            (max(item.at, period.start + _DAY), _value(item, setting))
            for item in states.get(name, ())
        ]
        known = [(at, value) for at, value in items if value is not None]
        changes += [
            Change(at, texts.setting({setting: value}))
            for (_, before), (at, value) in pairwise(known)
            if value != before
        ]
        if known and SETTINGS[setting].is_number:
            grid = readings[setting.value] = period.empty()
            for (at, value), (end, _) in pairwise([*items, (period.end, None)]):
                if isinstance(value, float):
                    first, last = period.index_of(at), period.index_of(end)
                    grid[first:last] = array("d", [value]) * (last - first)
    return _Held(readings, _joined(changes))


def _joined(changes: Iterable[Change]) -> list[Change]:
    """Make one of the changes that belong together, in the order of time."""
    joined: list[Change] = []
    for change in sorted(changes, key=lambda change: change.at):
        if joined and change.at - joined[-1].at < _TOGETHER:
            before = joined.pop()
            joined.append(Change(before.at, f"{before.text}, {change.text}"))
        else:
            joined.append(change)
    return joined


def _value(item: RecordedState, setting: Setting) -> float | str | None:
    """Return a setting that a state shows, in its unit; None where it is not known."""
    spec = SETTINGS[setting]
    if spec.is_number:
        value = number(item.state)
        return None if value is None else converted(value, item.unit, spec.unit)
    text = str(item.state)
    return None if text in {"unknown", "unavailable"} else text
