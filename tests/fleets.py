"""A fleet of simulated miners for tests, and what its miners were told."""

from dataclasses import replace
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, State
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er

from custom_components.miner_monitor.const import CONF_PRIORITY, DOMAIN, FLEET
from simulator import SimulatedMiner

from .conftest import GAMMA_2, TimedBench

MINING = "switch.all_miners_mining"
SAVE_POWER = "switch.all_miners_save_power"
RESTART_ALL = "button.all_miners_restart_all"
PROBLEM = "binary_sensor.all_miners_problem"

THREE = tuple(
    replace(GAMMA_2, name=name, hostname=name, mac=f"E4:B0:63:00:0A:{place:02X}")
    for place, name in enumerate(("anna", "bert", "carl"), 1)
)
"""Three that pause, by the names that their users gave them."""


class House:
    """Three miners and their entries, by name."""

    def __init__(self, bench: TimedBench) -> None:
        """Begin with none."""
        self.bench = bench
        self.miners: dict[str, SimulatedMiner] = {}
        self.entries: dict[str, ConfigEntry] = {}

    async def add(self, miner: SimulatedMiner) -> None:
        """Add one."""
        self.miners[miner.name] = miner
        self.entries[miner.name] = await self.bench.add(miner)

    def told(self, *orders: str) -> list[tuple[float, str, str]]:
        """Return when which miner was told what, in the order of time."""
        return sorted(
            (request.time, name, order)
            for name, miner in self.miners.items()
            for request in miner.requests
            if request.method == "POST"
            and (order := request.path.rpartition("/")[2]) in orders
        )

    def who(self, *orders: str) -> list[str]:
        """Name those that were told, in the order of time."""
        return [name for _, name, _ in self.told(*orders)]

    async def prefer(self, **priorities: int) -> None:
        """Set in which order they start."""
        for name, value in priorities.items():
            entry = self.entries[name]
            self.bench.hass.config_entries.async_update_entry(
                entry, options={**entry.options, CONF_PRIORITY: value}
            )
        await self.bench.settle()


async def build(bench: TimedBench) -> House:
    """Add the three, and wait until all work."""
    house = House(bench)
    for miner in await bench.start(*THREE):
        await house.add(miner)
    await bench.advance(30)
    return house


async def choose(hass: HomeAssistant, step: str, options: dict[str, Any]) -> Any:
    """Fill in a form of the options of all miners, and return what comes of it."""
    flow = hass.config_entries.options
    entry = hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, FLEET)
    assert entry is not None
    menu = await flow.async_init(entry.entry_id)
    form = await flow.async_configure(menu["flow_id"], {"next_step_id": step})
    result = await flow.async_configure(form["flow_id"], options)
    await hass.async_block_till_done()
    return result


def fleet_state(hass: HomeAssistant, platform: str, key: str) -> State:
    """Return the state of an entity of all miners."""
    entity_id = er.async_get(hass).async_get_entity_id(
        platform, DOMAIN, f"{FLEET}_{key}"
    )
    assert entity_id is not None, key
    state = hass.states.get(entity_id)
    assert state is not None, key
    return state


async def watch_price(bench: TimedBench, sensor: str, limit: float) -> str:
    """Let all miners know what power costs; return what is on while it is cheap."""
    rule = {"cheap_rule": "limit", "cheap_limit": limit}
    options = {"price": sensor, "rule": rule}
    result = await bench.run(choose(bench.hass, "prices", options))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await bench.advance(10)
    return fleet_state(bench.hass, "binary_sensor", "cheap_power").entity_id
