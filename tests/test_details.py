"""One action turns on the sensors of which the dashboard draws charts."""

from collections.abc import Callable
from dataclasses import replace
import re
from typing import Any

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
import pytest
from pytest_homeassistant_custom_component.common import MockUser
import voluptuous as vol

from custom_components.miner_monitor.actions.details import DETAILS
from custom_components.miner_monitor.const import CONF_POOL_SCRAPER, DOMAIN
from custom_components.miner_monitor.coordinator import MinerConfigEntry
from custom_components.miner_monitor.fleet.coordinator import async_fleet_entry
from custom_components.miner_monitor.frontend import FOLDER as MODULES
from custom_components.miner_monitor.runtime.entries import miner_entries
from simulator import MinerSpec

from .conftest import GAMMA, HEX, SUPRA, Q, TimedBench
from .handles import Handle, take_over
from .test_sensor import MODELS

SCRAPER = MinerSpec(name="pool", model="fpga_poolscraper", seed=24)
UNTIL_LOADED = 35
"""Home Assistant loads an entry anew half a minute after one of its entities is on."""

INTEGRATION, USER = er.RegistryEntryDisabler.INTEGRATION, er.RegistryEntryDisabler.USER

_, _, _SIGNS = (
    (MODULES / "strategy" / "cards.js")
    .read_text(encoding="utf-8")
    .partition("const SIGNS = ")
)
SIGNS = set(re.findall(r'"sensor\.(\w+)"', _SIGNS.partition(";")[0]))

type Disabler = er.RegistryEntryDisabler | None


async def show(bench: TimedBench, **target: Any) -> None:
    await bench.call(DOMAIN, "show_details", target)


def disabled(hass: HomeAssistant, entry: MinerConfigEntry) -> dict[str, Disabler]:
    """Return by whom each entity of a miner is disabled."""
    return {
        item.entity_id: item.disabled_by
        for item in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
    }


def details(hass: HomeAssistant, entry: MinerConfigEntry) -> set[str]:
    """Return the sensors of a miner that the dashboard would like to have."""
    return {
        item.entity_id
        for item in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if item.domain == "sensor" and item.translation_key in DETAILS
    }


async def test_turns_them_on(bench: TimedBench, hass: HomeAssistant) -> None:
    """Home Assistant loads them half a minute later; all else stays as it was."""
    gamma = await take_over(bench, await bench.miner(GAMMA))
    before, wanted = disabled(hass, gamma.entry), details(hass, gamma.entry)
    assert {before[entity_id] for entity_id in wanted} == {INTEGRATION}

    await show(bench, device_id=gamma.device_id)

    after = disabled(hass, gamma.entry)
    assert after == before | dict.fromkeys(wanted)
    assert INTEGRATION in after.values()
    assert [entity_id for entity_id in wanted if hass.states.get(entity_id)] == []
    await bench.advance(UNTIL_LOADED)
    for entity_id in wanted:
        state = hass.states.get(entity_id)
        assert state is not None, entity_id
        assert state.state != "unavailable", entity_id
    assert float(hass.states.get(gamma.entity("sensor", "input_voltage")).state) > 4

    await show(bench, device_id=gamma.device_id)
    assert disabled(hass, gamma.entry) == after


async def test_what_the_user_turned_off_stays_off(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    gamma = await take_over(bench, await bench.miner(GAMMA))
    registry = er.async_get(hass)
    unwanted = gamma.entity("sensor", "uptime"), gamma.entity("sensor", "power")
    for entity_id in unwanted:
        registry.async_update_entity(entity_id, disabled_by=USER)

    await show(bench, device_id=gamma.device_id)
    await bench.advance(UNTIL_LOADED)

    for entity_id in unwanted:
        assert registry.async_get(entity_id).disabled_by is USER
        assert hass.states.get(entity_id) is None


def _device(hass: HomeAssistant, handle: Handle) -> dict[str, Any]:
    return {"device_id": handle.device_id}


def _entity(hass: HomeAssistant, handle: Handle) -> dict[str, Any]:
    return {"entity_id": handle.entity("sensor", "hash_rate")}


def _area(hass: HomeAssistant, handle: Handle) -> dict[str, Any]:
    area = ar.async_get(hass).async_create("Garage")
    dr.async_get(hass).async_update_device(handle.device_id, area_id=area.id)
    return {"area_id": area.id}


@pytest.mark.parametrize("target", [_device, _entity, _area])
async def test_targets(
    bench: TimedBench,
    hass: HomeAssistant,
    target: Callable[[HomeAssistant, Handle], dict[str, Any]],
) -> None:
    """Only the miner that is meant gets more sensors."""
    meant = await take_over(bench, await bench.miner(GAMMA))
    other = await take_over(bench, await bench.miner(HEX))
    before = disabled(hass, other.entry)
    await show(bench, **target(hass, meant))
    wanted = details(hass, meant.entry)
    assert {disabled(hass, meant.entry)[entity_id] for entity_id in wanted} == {None}
    assert disabled(hass, other.entry) == before


async def test_several(bench: TimedBench, hass: HomeAssistant) -> None:
    """Also one that is not loaded: it has them when it is."""
    handles = [
        await take_over(bench, await bench.miner(spec)) for spec in (GAMMA, SUPRA, Q)
    ]
    ids = [handle.device_id for handle in handles]
    await bench.run(hass.config_entries.async_unload(handles[1].entry.entry_id))
    await show(bench, device_id=ids)
    for handle in handles:
        wanted = details(hass, handle.entry)
        assert {disabled(hass, handle.entry)[item] for item in wanted} == {None}


async def test_unknown_target(bench: TimedBench, hass: HomeAssistant) -> None:
    """All miners together are no miner, and neither is what is not ours."""
    await take_over(bench, await bench.miner(GAMMA))
    (fleet,) = dr.async_entries_for_config_entry(
        dr.async_get(hass), async_fleet_entry(hass).entry_id
    )
    for target in (
        {"device_id": fleet.id},
        {"device_id": "0" * 32},
        {"entity_id": "sensor.all_miners_hash_rate"},
        {"entity_id": "light.kitchen"},
    ):
        with pytest.raises(ServiceValidationError) as caught:
            await show(bench, **target)
        assert caught.value.translation_domain == DOMAIN
        assert caught.value.translation_key == "no_such_miner"
    with pytest.raises(vol.Invalid):
        await show(bench)


async def test_for_administrators(
    bench: TimedBench, hass: HomeAssistant, hass_read_only_user: MockUser
) -> None:
    gamma = await take_over(bench, await bench.miner(GAMMA))
    before = disabled(hass, gamma.entry)
    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            DOMAIN,
            "show_details",
            {"device_id": gamma.device_id},
            blocking=True,
            context=Context(user_id=hass_read_only_user.id),
        )
    assert disabled(hass, gamma.entry) == before


async def scraped(bench: TimedBench, entry: MinerConfigEntry) -> None:
    """Let a card's pool be asked too."""
    pool = await bench.miner(SCRAPER)
    bench.hass.config_entries.async_update_entry(
        entry, options={CONF_POOL_SCRAPER: f"{pool.url}/metrics"}
    )
    await bench.run(bench.hass.config_entries.async_reload(entry.entry_id))
    await bench.advance(60)


async def test_each_exists_and_is_off(bench: TimedBench, hass: HomeAssistant) -> None:
    """A key that no miner has, or that is on anyway, would be a mistake here."""
    for spec in MODELS:
        entry = await bench.add(await bench.miner(replace(spec, uptime=86_400)))
    await scraped(bench, entry)
    found = [
        item
        for entry in miner_entries(hass)
        for item in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if item.translation_key in DETAILS and item.disabled_by is INTEGRATION
    ]
    assert {item.translation_key for item in found} == DETAILS
    assert {item.domain for item in found} == {"sensor"}
    # By these the dashboard sees whether they are on already.
    for entry in miner_entries(hass):
        theirs = {
            item.translation_key
            for item in found
            if item.config_entry_id == entry.entry_id
        }
        assert theirs >= SIGNS, entry.title
