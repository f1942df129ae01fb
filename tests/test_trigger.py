"""Triggers and conditions of miners, in automations of a real Home Assistant."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    label_registry as lr,
)
from homeassistant.helpers.condition import (
    async_from_config,
    async_validate_condition_config,
)
from homeassistant.setup import async_setup_component
import pytest
import voluptuous as vol

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.insight.model import Baseline, Insight
from custom_components.miner_monitor.miners.model import (
    Family,
    MinerIdentity,
    MinerState,
    MinerStatus,
)
from custom_components.miner_monitor.model import MinerData
from custom_components.miner_monitor.runtime.verdicts import Verdict, hash_rate_below
from custom_components.miner_monitor.trigger import TRIGGERS

from .conftest import GAMMA, NERD, TimedBench

FIRED = "fired"
POLL = 15
NAME = "Gamma 601 A1B2"
SLUG = "gamma_601_a1b2"
TITLE_OF_NERD = "garage-rig"


DATA = MinerData(
    online=True,
    identity=MinerIdentity(family=Family.AXEOS, manufacturer="Bitaxe", model="Gamma"),
)


@dataclass
class Fired:
    """What triggers have fired, since it was last asked for."""

    hass: HomeAssistant
    seen: list[dict[str, Any]]

    def take(self) -> list[tuple[str, str]]:
        """Return which triggers fired, of which miner, and forget them."""
        found = [(data["id"], data["miner"]) for data in self.seen]
        self.seen.clear()
        return found


async def automate(
    hass: HomeAssistant, *triggers: Mapping[str, Any], conditions: Any = ()
) -> Fired:
    """Make an automation as its YAML says it, and note when it runs."""
    fired = Fired(hass, [])

    @callback
    def note(event: Event) -> None:
        fired.seen.append(dict(event.data))

    hass.bus.async_listen(FIRED, note)
    config = {
        "alias": "Watch",
        "mode": "queued",
        "max": 100,
        "triggers": [
            {"id": each["trigger"].partition(".")[2], **each} for each in triggers
        ],
        "conditions": list(conditions),
        "actions": [
            {
                "event": FIRED,
                "event_data": {
                    "id": "{{ trigger.id }}",
                    "miner": "{{ trigger.miner }}",
                    "device_id": "{{ trigger.device_id }}",
                    "value": "{{ trigger.value | default(none) }}",
                    "limit": "{{ trigger.limit | default(none) }}",
                    "details": "{{ trigger.details | default(none) }}",
                },
            }
        ],
    }
    assert await async_setup_component(hass, "automation", {"automation": [config]})
    return fired


def every() -> list[dict[str, Any]]:
    """Return each trigger, as the editor writes it down without a change."""
    return [{"trigger": f"{DOMAIN}.{key}"} for key in TRIGGERS if key != "alert"]


async def test_what_happens_to_a_miner_fires_once(bench: TimedBench) -> None:
    fired = await automate(bench.hass, *every())
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    await bench.pass_time(20 * 60)
    assert fired.take() == []

    miner.inject("offline")
    await bench.pass_time(300)
    assert fired.take() == [("went_offline", NAME)]
    miner.clear("offline")
    await bench.pass_time(120)
    assert fired.take() == [("back_online", NAME)]

    miner.reboot()
    await bench.pass_time(300)
    found = fired.seen.copy()
    assert ("restarted", NAME) in fired.take()
    assert any("reason" in data["details"] for data in found)
    await bench.pass_time(1800)
    fired.take()

    miner.inject("fan_stop")
    await bench.pass_time(4 * POLL)
    stopped = fired.seen[0]
    assert ("fan_stopped", NAME) in fired.take()
    device = dr.async_get(bench.hass).async_get(stopped["device_id"])
    assert device is not None
    assert device.name == NAME
    miner.clear("fan_stop")
    await bench.pass_time(1800)
    fired.take()

    miner.inject("block_found")
    await bench.pass_time(2 * POLL)
    assert ("block_found", NAME) in fired.take()


async def test_what_home_assistant_asked_for(bench: TimedBench) -> None:
    """A restart by request is no absence, and says so; firmware is another event."""
    fired = await automate(bench.hass, *every())
    miner = await bench.miner(replace(GAMMA, boot_seconds=200))
    await bench.add(miner)
    await bench.pass_time(1200)
    assert fired.take() == []
    await bench.call("button", "press", {"entity_id": f"button.{SLUG}_restart"})
    await bench.pass_time(400)
    (restarted,) = fired.seen
    assert fired.take() == [("restarted", NAME)]
    assert restarted["details"]["requested"] is True

    miner.update_firmware("2.15.0")
    await bench.pass_time(600)
    found = {data["id"]: data["details"] for data in fired.seen}
    assert set(found) == {"went_offline", "back_online", "firmware_changed"} | {
        "restarted"
    }
    assert found["firmware_changed"] == {"from": "v2.12.2", "to": "v2.15.0"}
    assert "requested" not in found["restarted"]


async def test_what_takes_time_to_find_is_no_news_after_a_reload(
    bench: TimedBench,
) -> None:
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    await bench.pass_time(1800)
    fired = await automate(bench.hass, *every())
    miner.inject("pool_lost")
    miner.inject("fan_stop")
    await bench.pass_time(300)
    assert {key for key, _ in fired.take()} >= {"pool_lost", "fan_stopped"}
    await bench.hass.config_entries.async_reload(entry.entry_id)
    await bench.pass_time(600)
    assert fired.take() == []
    miner.clear("pool_lost")
    miner.clear("fan_stop")
    await bench.pass_time(300)
    miner.inject("pool_lost")
    await bench.pass_time(300)
    assert ("pool_lost", NAME) in fired.take()


def rate(percent: float, limit: float = 80.0) -> Verdict:
    data = replace(DATA, insight=Insight(baseline=Baseline(ratio=percent)))
    data = replace(data, state=MinerState(status=MinerStatus.HASHING))
    return hash_rate_below(data, {"below": limit})


@pytest.mark.parametrize(
    ("percent", "before", "after"),
    [
        (79.9, None, True),
        (79.9, False, True),
        (80.1, True, True),
        (80.1, False, False),
        (80.1, None, False),
        (82.1, True, False),
    ],
)
def test_a_rate_at_its_limit_does_not_flutter(
    percent: float, before: bool | None, after: bool
) -> None:
    assert rate(percent).after(before) is after


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_a_start_fires_nothing(bench: TimedBench) -> None:
    """What was so before is a reference: at a start, a reload, and for a new miner."""
    hot = await bench.miner(GAMMA)
    hot.inject("hot", temperature=80)
    entry = await bench.add(hot)
    await bench.pass_time(120)
    state = bench.hass.states.get("binary_sensor.gamma_601_a1b2_overheating")
    assert state is not None
    assert state.state == "on"
    fired = await automate(bench.hass, *every())
    await bench.pass_time(120)
    assert fired.take() == []
    await bench.hass.config_entries.async_reload(entry.entry_id)
    await bench.pass_time(120)
    assert fired.take() == []
    nerd = await bench.miner(NERD)
    await bench.add(nerd)
    await bench.pass_time(120)
    nerd.inject("hot", temperature=90)
    await bench.pass_time(600)
    assert ("overheated", TITLE_OF_NERD) in fired.take()


async def test_it_must_last(bench: TimedBench) -> None:
    """The time begins anew when the miner recovers meanwhile."""
    fired = await automate(
        bench.hass,
        {"trigger": f"{DOMAIN}.went_offline", "options": {"for": "00:10:00"}},
    )
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    await bench.pass_time(60)
    miner.inject("offline", duration=400)
    await bench.pass_time(900)
    assert fired.take() == []
    miner.inject("offline")
    await bench.pass_time(550)
    assert fired.take() == []
    await bench.pass_time(200)
    assert fired.take() == [("went_offline", NAME)]


async def test_hash_rate_dropped(bench: TimedBench) -> None:
    """What was measured and the limit come with it."""
    fired = await automate(
        bench.hass,
        {"trigger": f"{DOMAIN}.hash_rate_dropped", "options": {"below": 85}},
    )
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    await bench.pass_time(1800)
    assert fired.take() == []
    rates = dict.fromkeys(("hashRate", "hashRate_1m", "hashRate_10m"), 600.0)
    miner.inject("override", values=rates)
    await bench.pass_time(1800)
    (seen,) = fired.seen
    assert float(seen["value"]) < float(seen["limit"]) == 85


async def test_a_target_is_resolved_when_it_fires(bench: TimedBench) -> None:
    """Area, label, entity and the device of all miners mean miners."""
    hass = bench.hass
    gamma, nerd = await bench.miner(GAMMA), await bench.miner(NERD)
    entries = [await bench.add(gamma), await bench.add(nerd)]
    devices = dr.async_get(hass)
    ids = [
        dr.async_entries_for_config_entry(devices, entry.entry_id)[0].id
        for entry in entries
    ]
    rate = er.async_get(hass).async_get_entity_id(
        "sensor", DOMAIN, f"{entries[1].unique_id}_hash_rate"
    )
    floor = fr.async_get(hass).async_create("Basement")
    area = ar.async_get(hass).async_create("Garage", floor_id=floor.floor_id)
    label = lr.async_get(hass).async_create("Loud")
    everybody = devices.async_get_device_by_identifier(
        (DOMAIN, "fleet"),
        next(
            e.entry_id
            for e in hass.config_entries.async_entries(DOMAIN)
            if e.unique_id == "fleet"
        ),
    )
    assert everybody is not None
    targets = {
        "area": {"area_id": area.id},
        "floor": {"floor_id": floor.floor_id},
        "label": {"label_id": label.label_id},
        "device": {"device_id": ids[1]},
        "entity": {"entity_id": rate},
        "all": {"device_id": everybody.id},
    }
    fired = await automate(
        hass,
        *(
            {"trigger": f"{DOMAIN}.went_offline", "id": name, "target": target}
            for name, target in targets.items()
        ),
    )
    # It moves after the automation was made.
    devices.async_update_device(ids[0], area_id=area.id, labels={label.label_id})
    gamma.inject("offline")
    await bench.pass_time(300)
    assert {name for name, _ in fired.take()} == {"area", "floor", "label", "all"}
    nerd.inject("offline")
    await bench.pass_time(300)
    assert {name for name, _ in fired.take()} == {"device", "entity", "all"}


async def test_conditions(bench: TimedBench) -> None:
    """They hold of any or of all miners of a target, and of none that is unknown."""
    hass = bench.hass
    gamma, nerd = await bench.miner(GAMMA), await bench.miner(NERD)
    entries = [await bench.add(gamma), await bench.add(nerd)]
    await bench.pass_time(900)
    ids = [
        dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)[0].id
        for entry in entries
    ]

    async def holds(key: str, device: str | None = None, **options: Any) -> bool:
        config = {
            "condition": f"{DOMAIN}.{key}",
            "options": options,
            **({"target": {"device_id": device}} if device else {}),
        }
        checked = await async_validate_condition_config(hass, config)
        checker = await async_from_config(hass, checked)
        result = checker(hass, None)
        assert result is not None
        return result

    assert await holds("is_hashing", behavior="all")
    assert await holds("is_online", behavior="all")
    assert await holds("hash_rate_at_least", behavior="all", at_least=70)
    assert not await holds("is_overheated")
    assert not await holds("is_saving_power")
    gamma.inject("offline")
    await bench.pass_time(300)
    for key in ("is_online", "is_hashing"):
        assert await holds(key)
        assert not await holds(key, behavior="all")
        assert not await holds(key, ids[0])
        assert await holds(key, ids[1])
    assert not await holds("hash_rate_at_least", ids[0], at_least=0)
    saving = er.async_get(hass).async_get_entity_id(
        "switch", DOMAIN, f"{entries[1].unique_id}_throttle"
    )
    await bench.call("switch", "turn_on", {"entity_id": saving})
    await bench.pass_time(60)
    assert await holds("is_saving_power")
    assert not await holds("is_saving_power", ids[0])
    await bench.call("switch", "turn_off", {"entity_id": saving})
    await bench.pass_time(120)
    nerd.inject("hot", temperature=90)
    await bench.pass_time(300)
    assert await holds("is_overheated", ids[1])
    assert not await holds("is_online", "no such device")
    with pytest.raises(vol.Invalid):
        await holds("hash_rate_at_least", at_least=101)
