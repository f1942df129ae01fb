"""The solar surplus against what it replaced: the same ten skies over the same miners.

Before, the blueprint turned miners on and off by their switches, one after the other, by
watts that its user had to enter. Both have their defaults.
"""

import pytest

from .automations import set_up_automations
from .conftest import MINI_3, TimedBench
from .fleets import fleet_state
from .house import HOUR, MINUTE, House
from .meta.package import ROOT
from .sunny import DRAWN, GRID, TARGET, Balance, Roof, Sky, build_six

BEFORE = ROOT / "tests" / "fixtures" / "blueprints" / "solar_surplus_by_switches.yaml"
SEEDS = range(1, 11)
BEGIN, END = 8, 16
"""Hours between which there is something to decide."""

NEEDS = {
    **{"gamma": 12, "gamma-pauses": 13, "nano-3s": 67, "nerd": 84, "q": 806},
    MINI_3.name: 800,
}
"""What each miner draws more when it runs, in W."""


async def live(house: House, seed: int, name: str) -> Balance:
    """Live through the same hours of the same sky, and bring all back."""
    roof = Roof(house, Sky(seed), begin=house.now - BEGIN * HOUR)
    roof.tell()
    bench, automation = house.bench, {"entity_id": f"automation.{name}"}
    await bench.call("automation", "turn_on", automation)
    await roof.live(house.now + (END - BEGIN) * HOUR)
    await bench.call("automation", "turn_off", automation)
    state = fleet_state(house.hass, "number", "power_target")
    data = {"entity_id": TARGET, "value": state.attributes["max"]}
    await bench.call("number", "set_value", data)
    await house.turn("off")
    await bench.pass_time(30 * MINUTE)
    return roof.balance


async def compare(bench: TimedBench, seed: int) -> tuple[Balance, Balance]:
    """Return what came of the same hours before, and what comes of them now."""
    house = await build_six(bench, 120)
    switches = [house.switches[name] for name in NEEDS]
    by_switches = {"miners": switches, "watts": ", ".join(map(str, NEEDS.values()))}
    by_target = {"target": TARGET, "drawn": DRAWN}
    blueprints = {
        "Before": (str(BEFORE), {"power": GRID, **by_switches}),
        "Now": ("solar_surplus.yaml", {"power": GRID, **by_target}),
    }
    await bench.run(set_up_automations(house.hass, blueprints, on=False))
    await house.until(25 * MINUTE)
    now = await live(house, seed, "now")
    return await live(house, seed, "before"), now


@pytest.mark.campaign
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", SEEDS)
async def test_against_switches(bench: TimedBench, seed: int) -> None:
    before, now = await compare(bench, seed)
    print(f"\nROW {seed} | {before} | {now}")
