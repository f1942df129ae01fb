"""Each trigger and condition as it is written in YAML, on a farm of miners."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
import logging
from typing import Any

from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import area_registry as ar, device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml

from custom_components.miner_monitor.condition import CONDITIONS
from custom_components.miner_monitor.coordinator import MinerConfigEntry
from custom_components.miner_monitor.trigger import TRIGGERS
from scripts.rig.happenings import HAPPENS, SPECS, begin, slow_down
from simulator import Farm

from .conftest import TimedBench

MINUTE = 60
FOUND_AGAIN = 20 * MINUTE
"""Seconds after a restart within which all that stood before is found again."""

AUTOMATIONS = """
- alias: Triggers
  mode: queued
  max: 100
  triggers:
    - trigger: miner_monitor.back_online
      id: back_online
    - trigger: miner_monitor.block_found
      id: block_found
    - trigger: miner_monitor.fan_stopped
      id: fan_stopped
    - trigger: miner_monitor.fault
      id: fault
    - trigger: miner_monitor.firmware_changed
      id: firmware_changed
    - trigger: miner_monitor.hash_rate_dropped
      id: hash_rate_dropped
      options:
        below: 90
        for: "00:01:00"
    - trigger: miner_monitor.new_best_difficulty
      id: new_best_difficulty
    - trigger: miner_monitor.on_fallback_pool
      id: on_fallback_pool
    - trigger: miner_monitor.overheated
      id: overheated
      options:
        for: 30
    - trigger: miner_monitor.pool_lost
      id: pool_lost
    - trigger: miner_monitor.rejects_high
      id: rejects_high
      options:
        above: 2
    - trigger: miner_monitor.restarted
      id: restarted
    - trigger: miner_monitor.stalled
      id: stalled
    - trigger: miner_monitor.throttled
      id: throttled
    - trigger: miner_monitor.went_offline
      id: went_offline
  actions:
    - event: fired
      event_data:
        id: "{{ trigger.id }}"
        miner: "{{ trigger.miner }}"

- alias: Messages
  mode: queued
  triggers:
    - trigger: miner_monitor.alert
      options:
        rejects_above: 2
  actions:
    - event: sent
      event_data:
        message: "{{ trigger.message }}"

- alias: Conditions
  triggers:
    - trigger: event
      event_type: asked
  actions:
    - if:
        - condition: miner_monitor.hash_rate_at_least
          options:
            at_least: 90
      then:
        - event: held
          event_data: {id: hash_rate_at_least}
    - if: {condition: miner_monitor.is_hashing}
      then:
        - event: held
          event_data: {id: is_hashing}
    - if: {condition: miner_monitor.is_online}
      then:
        - event: held
          event_data: {id: is_online}
    - if: {condition: miner_monitor.is_overheated}
      then:
        - event: held
          event_data: {id: is_overheated}
    - if: {condition: miner_monitor.is_saving_power}
      then:
        - event: held
          event_data: {id: is_saving_power}
"""
KINDS = ("trigger", "condition")


def with_target(config: Any, target: Mapping[str, Any]) -> Any:
    """Return automations whose own triggers and conditions have a target.

    They have another name, and so have their events.
    """
    if isinstance(config, list):
        return [with_target(item, target) for item in config]
    if not isinstance(config, dict):
        return config
    found = {key: with_target(value, target) for key, value in config.items()}
    for name in {"alias", "event"} & found.keys():
        found[name] = f"targeted_{found[name]}"
    ours = any(str(found.get(kind)).startswith("miner_monitor.") for kind in KINDS)
    return {**found, "target": target} if ours else found


@dataclass
class Watched:
    """What automations did since somebody looked."""

    hass: HomeAssistant
    seen: list[Event[Any]] = field(default_factory=list)

    def listen(self, *kinds: str) -> None:
        """Note events of these kinds."""

        @callback
        def note(event: Event) -> None:
            self.seen.append(event)

        for kind in kinds:
            self.hass.bus.async_listen(kind, note)

    def take(self, kind: str) -> Counter[tuple[str, ...]]:
        """Return what events carried, and how often, and forget them."""
        found = [event for event in self.seen if event.event_type == kind]
        self.seen = [event for event in self.seen if event.event_type != kind]
        return Counter(tuple(event.data.values()) for event in found)


async def garage_of(
    bench: TimedBench, farm: Farm
) -> tuple[str, list[MinerConfigEntry]]:
    """Add all miners, all but one in an area; return its id and the entries."""
    areas, devices = ar.async_get(bench.hass), dr.async_get(bench.hass)
    area = areas.async_create("Garage").id
    entries = []
    for miner in farm:
        entries.append(entry := await bench.add(miner))
        (device,) = dr.async_entries_for_config_entry(devices, entry.entry_id)
        if miner.name != "saver":
            devices.async_update_device(device.id, area_id=area)
    return area, entries


async def restart(bench: TimedBench, entries: list[MinerConfigEntry]) -> None:
    """Let automations and miners end and begin anew, as Home Assistant's restart."""
    automations = {"entity_id": bench.hass.states.async_entity_ids("automation")}
    await bench.call("automation", "turn_off", automations)
    for entry in entries:
        assert await bench.run(bench.hass.config_entries.async_unload(entry.entry_id))
    await bench.advance(MINUTE)
    await bench.call("automation", "turn_on", automations)
    for entry in entries:
        assert await bench.run(bench.hass.config_entries.async_setup(entry.entry_id))


async def test_every_trigger_and_condition(bench: TimedBench) -> None:
    """Without a target and with one: each fires once, and none after a restart."""
    hass = bench.hass
    logging.getLogger("homeassistant").setLevel(logging.INFO)
    config = parse_yaml(AUTOMATIONS)
    written = {item["trigger"].partition(".")[2] for item in config[0]["triggers"]}
    assert written == set(TRIGGERS) - {"alert"} == set(HAPPENS)
    farm = await bench.start(*SPECS.values())
    area, entries = await garage_of(bench, farm)
    watched = Watched(hass)
    kinds = ("fired", "held", "sent")
    watched.listen(*kinds, *(f"targeted_{kind}" for kind in kinds))
    config = [*config, *with_target(config, {"area_id": area})]
    setup = async_setup_component(hass, "automation", {"automation": config})
    assert await bench.run(setup)
    await bench.advance(2 * MINUTE)
    assert watched.seen == []

    async def held() -> list[set[str]]:
        """Return which conditions hold, of all miners and of those in the area."""
        hass.bus.async_fire("asked")
        await bench.advance(1)
        both = [watched.take(kind) for kind in ("held", "targeted_held")]
        return [{key for (key,) in keys} for keys in both]

    assert await held() == [{"is_hashing", "is_online"}] * 2
    begin(farm)
    await bench.advance(4 * MINUTE)
    farm["away"].clear("offline")
    saving = {"entity_id": "switch.saver_save_power"}
    await bench.call("switch", "turn_on", saving)
    await bench.advance(7 * MINUTE)
    assert await held() == [{*CONDITIONS}, {*CONDITIONS} - {"is_saving_power"}]
    slow_down(farm)
    await bench.advance(5 * MINUTE)
    for kind in ("fired", "targeted_fired"):
        found = watched.take(kind)
        assert {found[happened] for happened in HAPPENS.items()} == {1}, (kind, found)
    assert watched.take("sent")
    assert watched.take("targeted_sent")

    await restart(bench, entries)
    await bench.advance(FOUND_AGAIN)
    assert watched.seen == []
