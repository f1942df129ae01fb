"""The solar surplus against what it replaced: the same ten skies over the same miners.

Before, the blueprint turned miners on and off by their switches, one after the other,
by watts that its user had to enter. Both have their defaults.
"""

from collections.abc import Mapping
import math

import pytest

from custom_components.miner_monitor.const import CONF_MINIMUM_REST, CONF_MINIMUM_RUN
from custom_components.miner_monitor.runtime.entries import miner_entries

from .automations import set_up_automations
from .conftest import GAMMA, MINI_3, NANO_3S, NERD, Q, TimedBench
from .fleets import fleet_state
from .house import DAY, GAMMA_PAUSES, HOUR, MINUTE, House
from .meta.package import ROOT
from .sunny import DRAWN, GRID, TARGET, Balance, Roof, Sky, build_six

BEFORE = ROOT / "tests" / "fixtures" / "blueprints" / "solar_surplus_by_switches.yaml"
SEEDS = range(1, 11)
BEGIN, END = 8, 16
"""Hours between which there is something to decide."""

NEEDS = {
    GAMMA.name: 12,
    GAMMA_PAUSES.name: 13,
    NANO_3S.name: 67,
    NERD.name: 84,
    Q.name: 806,
    MINI_3.name: 800,
}
"""What each miner draws more when it runs, in W."""

MORE = 1.1
"""How much more hash rate comes out of the surplus, at the least."""


async def live(house: House, seed: int, name: str) -> Balance:
    """Live through the same hours of the same sky, and bring all back.

    Each is a day of its own: what may be written to flash is so much a day.
    """
    morning = BEGIN * HOUR
    await house.until(morning + DAY * math.ceil((house.now - morning) / DAY))
    roof = Roof(house, Sky(seed), begin=house.now - morning)
    roof.tell()
    bench, automation = house.bench, {"entity_id": f"automation.{name}"}
    await bench.call("automation", "turn_on", automation)
    await roof.live(house.now + (END - BEGIN) * HOUR)
    await bench.call("automation", "turn_off", automation)
    state = fleet_state(house.hass, "number", "power_target")
    data = {"entity_id": TARGET, "value": state.attributes["max"]}
    await bench.call("number", "set_value", data)
    # A miner may calibrate first, and takes no work mode meanwhile.
    await bench.pass_time(30 * MINUTE)
    await house.turn("off")
    await bench.pass_time(30 * MINUTE)
    return roof.balance


async def automate(bench: TimedBench, times: Mapping[str, int]) -> House:
    """Make both automations of the six miners, and turn on neither."""
    house = await build_six(bench, 120)
    for entry in miner_entries(house.hass):
        options = {**entry.options, **times}
        house.hass.config_entries.async_update_entry(entry, options=options)
    switches = [house.switches[name] for name in NEEDS]
    by_switches = {"miners": switches, "watts": ", ".join(map(str, NEEDS.values()))}
    by_target = {"target": TARGET, "drawn": DRAWN}
    blueprints = {
        "Before": (str(BEFORE), {"power": GRID, **by_switches}),
        "Now": ("solar_surplus.yaml", {"power": GRID, **by_target}),
    }
    await bench.run(set_up_automations(house.hass, blueprints, on=False))
    await house.until(25 * MINUTE)
    return house


def row(name: str, *found: Balance) -> str:
    """Return a line of the table: kWh of the surplus, TH out of it, kWh bought."""
    work = [f"{one.solar_work / 1000:.0f}" for one in found]
    more = f"{100 * (found[1].solar_work / found[0].solar_work - 1):+.0f} %"
    bought = [f"{one.bought:.2f}" for one in found]
    return f"| {' | '.join([name, f'{found[0].surplus:.1f}', *work, more, *bought])} |"


@pytest.mark.campaign
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "times",
    [{}, {CONF_MINIMUM_RUN: 15, CONF_MINIMUM_REST: 10}],
    ids=["defaults", "equal times"],
)
async def test_against_switches(bench: TimedBench, times: Mapping[str, int]) -> None:
    """More comes out of the same surplus, and no more is bought.

    Before, all miners ran for 15 minutes at least and saved power for 10; some run and
    rest for 20 now.
    """
    house = await automate(bench, times)
    totals, table = (Balance(), Balance()), list[str]()
    for seed in SEEDS:
        now = await live(house, seed, "now")
        before = await live(house, seed, "before")
        table.append(row(str(seed), before, now))
        for total, found in zip(totals, (before, now), strict=True):
            total.take(found)
    table.append(row("All", *totals))
    before, now = totals
    assert now.solar_work >= MORE * before.solar_work, table
    assert now.bought <= before.bought, table
