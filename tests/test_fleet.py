"""What is shown of all miners together."""

import asyncio
from dataclasses import replace
from itertools import count, pairwise
import json
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.storage import Store
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.miner_monitor.fleet.coordinator import async_fleet_entry

from .conftest import RB4, TimedBench
from .fleets import PROBLEM, House, build, fleet_state

CARD = replace(RB4, cards=1)


@pytest.fixture
async def house(bench: TimedBench) -> House:
    return await build(bench)


def value(house: House, key: str) -> float:
    return float(fleet_state(house.bench.hass, "sensor", key).state)


def coverage(house: House, key: str) -> str:
    text: str = fleet_state(house.bench.hass, "sensor", key).attributes["coverage"]
    return text


def of_all(house: House, key: str) -> list[float]:
    states = house.bench.hass.states
    return [float(states.get(f"sensor.{name}_{key}").state) for name in house.miners]


async def test_entities(house: House) -> None:
    """All are on; those of the wall wait for a power at the wall."""
    hass = house.bench.hass
    entry = async_fleet_entry(hass)
    names = {
        item.unique_id.removeprefix("fleet_"): item.disabled_by is None
        for item in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
    }
    assert names == dict.fromkeys(
        (
            *("hash_rate", "power", "energy", "efficiency", "hash_rate_ratio"),
            *("miners_online", "miners_total", "hottest_chip", "best_difficulty"),
            *("shares_accepted", "shares_rejected", "reject_rate", "problem"),
            *("throttle", "mining", "restart_all", "resume_all", "save_power_all"),
            *("power_target", "run_when", "dry_run"),
        ),
        True,
    ) | {"chart": False}


async def test_sums(house: House) -> None:
    """They are the sums of what the miners show."""
    await house.bench.advance(600)
    assert value(house, "hash_rate") == pytest.approx(
        sum(of_all(house, "hash_rate")), rel=0.02
    )
    power = sum(of_all(house, "power"))
    assert value(house, "power") == pytest.approx(power, rel=0.02)
    assert value(house, "efficiency") == pytest.approx(
        power / sum(of_all(house, "hash_rate")), rel=0.02
    )
    assert value(house, "hottest_chip") == pytest.approx(
        max(of_all(house, "chip_temperature")), abs=1
    )
    assert value(house, "best_difficulty") == max(of_all(house, "best_difficulty"))
    assert (value(house, "miners_online"), value(house, "miners_total")) == (3, 3)
    assert coverage(house, "hash_rate") == "3 of 3"
    assert value(house, "hash_rate_ratio") == pytest.approx(100, abs=5)


async def test_one_goes_away(house: House) -> None:
    """What is left out is told, and comes back."""
    before = value(house, "hash_rate")
    house.miners["anna"].inject("offline")
    await house.bench.advance(120)
    assert value(house, "hash_rate") == pytest.approx(before * 2 / 3, rel=0.1)
    assert coverage(house, "hash_rate") == coverage(house, "power") == "2 of 3"
    assert (value(house, "miners_online"), value(house, "miners_total")) == (2, 3)
    assert fleet_state(house.bench.hass, "binary_sensor", "problem").state == "off"

    house.miners["anna"].clear("offline")
    await house.bench.advance(120)
    assert coverage(house, "hash_rate") == "3 of 3"


async def test_all_are_away(house: House) -> None:
    """Nothing is known then, and no zero is invented; the totals stay."""
    energy = value(house, "energy")
    for miner in house.miners.values():
        miner.inject("offline")
    await house.bench.advance(180)
    for key in ("hash_rate", "power", "efficiency", "hottest_chip"):
        assert fleet_state(house.bench.hass, "sensor", key).state == "unknown"
    assert value(house, "miners_online") == 0
    assert value(house, "energy") >= energy
    assert fleet_state(house.bench.hass, "binary_sensor", "problem").state == "unknown"


async def test_a_paused_one_is_honest(house: House) -> None:
    """It adds no hash rate, and the power that it takes."""
    power = value(house, "power")
    house.miners["anna"].device.pause()
    await house.bench.advance(60)
    rest = [float(house.bench.hass.states.get("sensor.anna_power").state)]
    assert coverage(house, "hash_rate") == "3 of 3"
    assert value(house, "power") == pytest.approx(power * 2 / 3 + rest[0], rel=0.1)
    assert value(house, "efficiency") == pytest.approx(
        value(house, "power") / value(house, "hash_rate"), rel=0.05
    )


async def test_cards_are_not_added_to_miners(house: House) -> None:
    """A card's hash rate is of another algorithm; it tells no power."""
    before = value(house, "hash_rate")
    await house.bench.add(await house.bench.miner(CARD))
    await house.bench.advance(60)
    assert value(house, "hash_rate") == pytest.approx(before, rel=0.05)
    assert coverage(house, "hash_rate") == "3 of 3"
    assert coverage(house, "power") == "3 of 4"
    assert value(house, "miners_online") == 4


async def test_the_problem_names_the_miner(house: House) -> None:
    house.miners["carl"].inject("hot")
    await house.bench.advance(600)
    state = house.bench.hass.states.get(PROBLEM)
    assert state.state == "on"
    (found,) = state.attributes["miners"]
    assert found["name"] == "carl"
    assert found["problems"]
    assert (
        fleet_state(house.bench.hass, "sensor", "hottest_chip").attributes["miner"]
        == "carl"
    )


async def test_at_most_once_in_five_seconds(house: House) -> None:
    """However often the miners are polled, all are added up that seldom."""
    bench = house.bench
    moments: list[float] = []
    fleet = async_fleet_entry(bench.hass).runtime_data
    fleet.async_add_listener(lambda: moments.append(bench.now))
    for _ in range(6):
        await bench.advance(0.5)
        for entry in house.entries.values():
            await bench.run(entry.runtime_data.async_read())
    await bench.advance(120)
    assert len(moments) >= 10
    assert min(late - early for early, late in pairwise(moments)) >= 5.0 - 1e-3


async def test_what_changes_while_it_unloads(
    house: House, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It follows nobody any more, though miners change while its file is written."""
    fleet = async_fleet_entry(hass)
    save = Store.async_save

    async def save_slowly(store: Store[Any], data: Any) -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await save(store, data)

    monkeypatch.setattr(Store, "async_save", save_slowly)
    added_up: list[float] = []
    fleet.runtime_data.async_add_listener(lambda: added_up.append(house.bench.now))
    unloading = hass.async_create_task(hass.config_entries.async_unload(fleet.entry_id))
    for number in count():
        hass.config_entries.async_update_entry(
            house.entries["anna"], title=f"anna {number}"
        )
        if unloading.done():
            break
        await asyncio.sleep(0)
    added_up.clear()
    await house.bench.advance(60)
    assert added_up == []


HOSTILE = ("<script>alert(1)</script>", "x" * 400, "{{ 7 * 7 }}", "a\x00\u202eb", "💥")


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_names(house: House, name: str) -> None:
    """A name is text, whatever is in it."""
    hass = house.bench.hass
    entry = house.entries["anna"]
    hass.config_entries.async_update_entry(entry, title=name)
    house.miners["anna"].inject("hot")
    await house.bench.advance(600)
    state = hass.states.get(PROBLEM)
    assert [found["name"] for found in state.attributes["miners"]] == [name]
    assert json.loads(json.dumps(dict(state.attributes)))["miners"]

    house.miners["anna"].inject("offline")
    await house.bench.advance(120)
    await house.bench.call(
        "switch", "turn_on", {"entity_id": "switch.all_miners_save_power"}
    )
    switch = hass.states.get("switch.all_miners_save_power")
    [left_out] = switch.attributes["left_out"]
    assert left_out["why"] == "offline"
    assert len(left_out["name"]) <= 64
    assert left_out["name"].isprintable()


async def test_diagnostics(
    house: House, hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    """It tells what is counted, and names nobody."""
    house.miners["carl"].inject("hot")
    await house.bench.advance(600)
    report = await get_diagnostics_for_config_entry(
        hass, hass_client, async_fleet_entry(hass)
    )
    assert report["data"]["miners_online"] == 3
    assert report["data"]["hottest"] == "miner 3"
    assert report["counted"]["energy"] > 0
    assert [member["online"] for member in report["members"]] == [True] * 3
    text = json.dumps(report)
    assert [name for name in house.miners if name in text] == []


async def test_a_disabled_miner_is_none(house: House, hass: HomeAssistant) -> None:
    await house.bench.run(
        hass.config_entries.async_set_disabled_by(
            house.entries["anna"].entry_id, ConfigEntryDisabler.USER
        )
    )
    await house.bench.advance(30)
    assert value(house, "miners_total") == 2
    assert coverage(house, "power") == "2 of 2"


async def test_the_best_share_stays_the_best(house: House) -> None:
    """Whatever firmware forgets, whoever is away, and after all are gone."""
    hass, bench = house.bench.hass, house.bench

    def best(owner: str) -> float:
        return float(hass.states.get(f"sensor.{owner}_best_difficulty").state)

    def luckiest() -> str | None:
        name: str | None = fleet_state(hass, "sensor", "best_difficulty").attributes[
            "miner"
        ]
        return name

    for name, record in {"anna": 8_000_000_000, "bert": 10**20}.items():
        house.miners[name].inject("override", values={"bestDiff": record})
    await bench.advance(120, step=5)
    assert value(house, "best_difficulty") == best("anna") == 8e9
    assert luckiest() == "anna"
    assert hass.states.get("sensor.bert_best_difficulty").state != "1e+20"

    house.miners["anna"].clear("override")
    house.miners["anna"].inject("override", values={"bestDiff": 7})
    await bench.advance(120, step=5)
    assert value(house, "best_difficulty") == best("anna") == 8e9

    house.miners["anna"].inject("offline")
    await bench.advance(120, step=5)
    assert value(house, "best_difficulty") == best("anna") == 8e9
    entry = house.entries["anna"]
    await bench.run(hass.config_entries.async_reload(entry.entry_id))
    await bench.advance(60, step=5)
    assert value(house, "best_difficulty") == best("anna") == 8e9

    await bench.run(hass.config_entries.async_remove(entry.entry_id))
    fleet = async_fleet_entry(hass)
    await bench.run(hass.config_entries.async_reload(fleet.entry_id))
    await bench.advance(60, step=5)
    assert value(house, "best_difficulty") == 8e9
    assert luckiest() is None
