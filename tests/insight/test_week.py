"""The simulator knows the truth of a week; what we make of it is held against that.

Polls come every 15 s in the first hours, then every 60 s, and in the last three
sevenths of the time every 120 s. The short form is two days with as much in each.
"""

from collections.abc import Callable
from itertools import chain
import math
from random import Random
from typing import Any

import pytest

from .. import lengths
from .week_world import JOULES_PER_KWH, Avalon, Axeos, Event, World, make_world

HOUR, DAY = 3600.0, 86_400.0
DAYS = 7 if lengths.full else 2
SHARE = DAYS / 7
"""How much of a week it is."""

type Happening = Callable[[World, Random, float], list[Event]]


def reboots(world: World, chance: Random, at: float) -> list[Event]:
    """Restart five times in a row."""
    pauses = (30 * number + chance.uniform(0, 10) for number in range(5))
    return list(chain.from_iterable(world.reboot(at + pause) for pause in pauses))


def reboot_while_we_restart(world: World, at: float) -> list[Event]:
    return [*world.restart_of_ours(at, 400), *world.reboot(at + 200)]


HAPPENINGS: tuple[tuple[int, Happening], ...] = (
    (6, lambda world, chance, at: world.outage(at, chance.uniform(100, 900))),
    (2, lambda world, chance, at: world.outage(at, chance.uniform(1, 3) * HOUR)),
    (3, lambda world, chance, at: world.power_cut(at, chance.uniform(5, HOUR))),
    (8, lambda world, _, at: world.reboot(at)),
    (2, reboots),
    (7, lambda world, chance, at: world.rest(at, chance.uniform(0.1, 3) * HOUR)),
    (3, lambda world, chance, at: world.restart_of_ours(at, chance.uniform(30, 90))),
    (2, lambda world, _, at: world.restart_of_ours(at, 1200)),
    (2, lambda world, _, at: reboot_while_we_restart(world, at)),
    (2, lambda world, chance, at: world.wrong_clock(at, HOUR, chance.gauss(0, 1e5))),
)
"""How often it happens in the week, and what."""


def plan(world: World, chance: Random) -> list[Event]:
    """Spread what happens over the week, each in a time of its own."""
    happenings = [
        act for times, act in HAPPENINGS for _ in range(math.ceil(times * SHARE))
    ]
    chance.shuffle(happenings)
    slot = DAYS * DAY / (len(happenings) + 1)
    seldom = (DAYS - 3 * SHARE) * DAY
    events = [*world.poll_every(6 * HOUR, 60), *world.poll_every(seldom, 120)]
    for number, happens in enumerate(happenings):
        begin = (number + 0.5 + chance.uniform(0, 0.1)) * slot
        events += happens(world, chance, begin)
    return events


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        pytest.param(Axeos, {"model": "gamma_601", "firmware": "v2.14.0"}, id="gamma"),
        pytest.param(Axeos, {"model": "nerdqaxeplusplus"}, id="nerdqaxe"),
        pytest.param(Avalon, {"model": "avalon_nano3s"}, id="nano-3s"),
    ],
)
def test_a_week(kind: type[Axeos | Avalon], spec: dict[str, Any]) -> None:
    """Energy within 0.5 %; shares, restarts and absences exactly."""
    world = make_world(kind, 7, **spec)
    world.run(DAYS * DAY, plan(world, Random(7)))
    insight, ideal, days = world.insight, world.ideal, world.days

    assert insight.energy == pytest.approx(ideal.joules / JOULES_PER_KWH, rel=0.005)
    assert insight.uptime.restarts == ideal.restarts
    assert insight.uptime.total == pytest.approx(ideal.uptime, abs=10)
    assert insight.presence.times_offline == ideal.times_offline
    assert sum(day.energy for day in days) == pytest.approx(insight.energy)
    assert sum(day.accepted for day in days) == ideal.accepted
    assert sum(day.rejected for day in days) == ideal.rejected
    assert sum(day.restarts for day in days) == ideal.restarts
    assert sum(day.times_offline for day in days) == ideal.times_offline

    # The week was no easy one.
    assert ideal.restarts >= 12 * SHARE
    assert ideal.times_offline >= 8 * SHARE
    assert ideal.gaps >= 15 * SHARE
    assert ideal.rejected >= 10 * SHARE
