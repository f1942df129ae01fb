"""Charts as pictures: collects what a chart shows, and draws it in a thread.

Who draws imports this module when a picture is asked for: it loads Pillow.
"""

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
    Theme,
    Track,
)
from ..const import DOMAIN
from ..coordinator import MinerConfigEntry
from ..miners.settings import SETTINGS, Setting
from ..miners.values import number
from ..runtime.ha_compat import RecordedState, running_recorder, states_between
from .markdown import Texts
from .model import (
    COUNTED,
    MEASURED,
    MinerFacts,
    Period,
    Query,
    Steps,
)
from .recorder import facts_of, period_until_now, price_of, read_steps

_AT_ONCE = 5
_DAY = 86_400
_SHOWN = (Setting.FREQUENCY, Setting.CORE_VOLTAGE, Setting.WORK_MODE)
"""Settings of which a change is marked."""


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
    recorder = running_recorder(hass)
    some = members[: needs.most_miners]
    facts: list[MinerFacts] = []
    for part in batched(some, _AT_ONCE, strict=False):
        facts += [facts_of(hass, entry) for entry in part]
        await asyncio.sleep(0)
    settings = [_settings_of(hass, entry) if needs.changes else {} for entry in some]
    wide = replace(period, start=period.start - _DAY)
    query = Query(
        period=wide,
        measured=_named(facts, needs.measured, MEASURED),
        counted=_named(facts, needs.counted, COUNTED),
        price=price,
    )

    def made() -> Picture:
        steps = (recorder and read_steps(hass, query)) or Steps()
        changes = _changes(hass, period, settings, texts) if recorder else {}
        data = ChartData(
            kind=kind,
            start=period.start,
            end=period.end,
            step=period.step,
            lead=_DAY // period.step,
            zone=dt_util.get_default_time_zone(),
            say=lambda key, **values: texts.say(f"chart_{key}", **values),
            tracks=[
                _track(one, needs, steps, changes.get(index, ()), wide)
                for index, one in enumerate(facts)
            ],
            price=steps.prices,
            currency="" if price is None else price.currency,
            left_out=len(members) - len(some),
        )
        return Picture(png=draw(data, theme, dpi), kind=kind, hours=hours)

    threads = hass if recorder is None else recorder
    return await threads.async_add_executor_job(made)


def _named(
    facts: Iterable[MinerFacts], keys: Iterable[str], units: Mapping[str, str | None]
) -> dict[str, str | None]:
    """Return the recorded entities of some keys with the units of charts."""
    rates = {"hash_rate": "TH/s"}
    return {
        one.recorded[key]: rates.get(key, units[key])
        for one in facts
        for key in keys
        if key in one.recorded
    }


def _track(
    facts: MinerFacts,
    needs: Needs,
    steps: Steps,
    changes: Sequence[Change],
    period: Period,
) -> Track:
    """Put together what is known of one miner."""
    entities = facts.recorded
    return Track(
        name=facts.name,
        rate_unit=facts.unit.value,
        per_terahash=facts.unit.per_terahash,
        readings={
            key: values
            for key in needs.measured
            if (values := steps.means.get(entities.get(key, ""))) is not None
        },
        changes=changes,
    )


def _settings_of(hass: HomeAssistant, entry: MinerConfigEntry) -> dict[str, Setting]:
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


def _changes(
    hass: HomeAssistant,
    period: Period,
    settings: Sequence[Mapping[str, Setting]],
    texts: Texts,
) -> dict[int, list[Change]]:
    """Return when settings of each miner were changed, by its place."""
    names = [name for one in settings for name in one]
    if not names:
        return {}
    start, end = map(dt_util.utc_from_timestamp, (period.start, period.end))
    states = states_between(hass, start, end, names, first=True) or {}
    return {
        index: sorted(
            (
                change
                for name, setting in one.items()
                for change in _changes_of(states.get(name, ()), setting, texts)
            ),
            key=lambda change: change.at,
        )
        for index, one in enumerate(settings)
    }


def _changes_of(
    states: Iterable[RecordedState], setting: Setting, texts: Texts
) -> Iterable[Change]:
    """Give the moments at which a setting became another one."""
    values = [
        (item.at, value)
        for item in states
        if (value := _value(item.state, setting)) is not None
    ]
    for (_, before), (at, value) in pairwise(values):
        if value != before:
            yield Change(at, texts.setting({setting: value}))


def _value(state: object, setting: Setting) -> float | str | None:
    """Return a setting that a state shows; None where it is not known."""
    if SETTINGS[setting].is_number:
        value = number(state)
        return value if value is not None and math.isfinite(value) else None
    text = str(state)
    return None if text in {"unknown", "unavailable"} else text
