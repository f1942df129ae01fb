"""Measures what Home Assistant itself takes for entities, and what garbage costs."""

import asyncio
from dataclasses import asdict, dataclass
import time
from types import MappingProxyType

from homeassistant.config_entries import SOURCE_USER, ConfigEntry

from scripts.rig.hass import DOMAIN

from .bench_floor import DOMAIN as FLOOR_DOMAIN
from .bench_probe import DOMAIN as PROBE
from .fleet import Entries
from .lab import Installation
from .plan import Plan
from .table import Judged, Row, Target

POLLS = 3
"""So many polls are looked at to count the states that one writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a miner makes Home Assistant keep.

    Entities with statistics, without them, and switched off; and the states that are
    written with each poll.
    """

    measured: int
    plain: int
    off: int
    writes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """CPU seconds of a full collection of garbage, and the objects that it looks at."""

    seconds: float
    objects: int


async def load_of(installation: Installation, plan: Plan) -> Load:
    """Count what a miner makes a Home Assistant keep and write, on average."""
    miners = len(installation.entries)
    known = await installation.hass.api.entities(DOMAIN)
    states = await installation.hass.api.states()
    on = [entity["entity_id"] for entity in known if entity["disabled_by"] is None]
    measured = sum(
        "state_class" in states[entity]["attributes"]
        for entity in on
        if entity in states
    )
    started = time.monotonic()
    await asyncio.sleep(POLLS * plan.interval)
    writes = [
        moment for _, moment in await installation.state_writes() if moment >= started
    ]
    return Load(
        measured=round(measured / miners),
        plain=round((len(on) - measured) / miners),
        off=round((len(known) - len(on)) / miners),
        writes=len(writes) / POLLS / miners,
    )


def floor_entries(load: Load, size: int, interval: int) -> Entries:
    """Return entries of an integration that keeps and writes as much."""
    return [
        ConfigEntry(
            data={**asdict(load), "interval": interval},
            discovery_keys=MappingProxyType({}),
            domain=FLOOR_DOMAIN,
            minor_version=1,
            options={},
            source=SOURCE_USER,
            subentries_data=None,
            title=f"floor {number:03}",
            unique_id=f"floor-{number:03}",
            version=1,
        )
        for number in range(size)
    ]


async def collection(installation: Installation) -> Collection:
    """Let a Home Assistant collect all garbage."""
    answer = await installation.hass.api.post(
        f"services/{PROBE}/collect?return_response"
    )
    found = answer["service_response"]
    return Collection(seconds=found["seconds"], objects=found["objects"])


def collection_rows(
    plan: Plan, idle: Collection, floor: Collection, many: Collection
) -> list[Row]:
    """Return the rows about garbage, beside the floor."""
    return [
        Row(
            item="f",
            measure=f"a full collection, {plan.many} miners, CPU",
            unit="s",
            baseline=floor.seconds,
            ours=many.seconds,
            target=Target(judged=Judged.VALUE, limit=0.2),
            note=f"baseline: the floor; idle {idle.seconds:.2f} s; {many.objects} "
            f"objects, idle {idle.objects}",
        ),
        Row(
            item="f",
            measure="live container objects per miner",
            unit="",
            digits=0,
            baseline=(floor.objects - idle.objects) / plan.many,
            ours=(many.objects - idle.objects) / plan.many,
        ),
    ]
