"""A platform is loaded only for a miner that has something on it."""

from dataclasses import replace
import subprocess
import sys

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.miner_monitor import PLATFORMS, platforms_of
from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.miners.model import (
    SWITCH,
    Family,
    Limits,
    MinerIdentity,
    Setting,
)
from simulator import MinerSpec

from .conftest import GAMMA, MINI_3, OXBITCOIN, TimedBench
from .meta.package import ENTITIES


@pytest.mark.parametrize("setting", Setting)
def test_no_entity_without_its_platform(setting: Setting) -> None:
    """What a setting alone brings is never missed."""
    limits = Limits(settings={setting: SWITCH}, heating_modes=("eco",))
    identity = MinerIdentity(
        family=Family.AXEOS, manufacturer="", model="", limits=limits
    )
    needed = {
        platform
        for platform, description in ENTITIES
        if description.supported(identity)
    }
    assert needed <= platforms_of(identity)


@pytest.mark.parametrize(
    ("spec", "without"),
    [
        (GAMMA, {Platform.CLIMATE, Platform.LIGHT}),
        (MINI_3, {Platform.LIGHT}),
        (
            OXBITCOIN,
            {Platform.CLIMATE, Platform.LIGHT, Platform.SELECT, Platform.SWITCH},
        ),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
async def test_only_what_is_needed(
    bench: TimedBench,
    hass: HomeAssistant,
    spec: MinerSpec,
    without: set[Platform],
) -> None:
    """A home with one Bitaxe loads neither heaters nor lights."""
    entry = await bench.add(await bench.miner(spec))

    assert set(PLATFORMS) - entry.runtime_data.platforms == without
    of_the_fleet = {Platform.SELECT, Platform.SWITCH}
    assert not {f"{DOMAIN}.{platform}" for platform in without - of_the_fleet} & (
        hass.config.components
    )
    assert await bench.run(hass.config_entries.async_unload(entry.entry_id))


def test_importing_the_integration_loads_no_heater() -> None:
    """Nor what only actions need, before one of them is called."""
    code = (
        "import sys, custom_components.miner_monitor.sensor;"
        "import custom_components.miner_monitor.image;"
        "assert 'PIL' not in sys.modules;"
        "print(*(name.split('.')[2] for name in sys.modules"
        " if name.startswith('custom_components.miner_monitor.')))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    loaded = {*run.stdout.split()}
    assert {"sensor", "coordinator", "services"} <= loaded
    assert not {"climate", "light", "actions", "history", "report"} & loaded


async def test_platform_comes_later(bench: TimedBench, hass: HomeAssistant) -> None:
    """New firmware brings a light: so does the platform, and it goes with the rest."""
    entry = await bench.add(await bench.miner(GAMMA))
    assert f"{DOMAIN}.light" not in hass.config.components

    coordinator = entry.runtime_data
    identity = coordinator.identity
    limits = replace(
        identity.limits, settings={**identity.limits.settings, Setting.LIGHT: SWITCH}
    )
    coordinator.async_set_updated_data(
        replace(coordinator.data, identity=replace(identity, limits=limits))
    )
    await bench.advance(1)

    assert f"{DOMAIN}.light" in hass.config.components
    registered = er.async_get(hass).async_get_entity_id(
        Platform.LIGHT, DOMAIN, f"{entry.unique_id}_led"
    )
    assert registered is not None
    assert await bench.run(hass.config_entries.async_reload(entry.entry_id))
    assert entry.state is ConfigEntryState.LOADED
    assert Platform.LIGHT in entry.runtime_data.platforms


async def test_platform_comes_once(
    bench: TimedBench, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the identity becomes while a platform is set up asks for it no more."""
    entry = await bench.add(await bench.miner(GAMMA))
    coordinator, asked = entry.runtime_data, []
    forward = hass.config_entries.async_forward_entry_setups

    async def count(of: ConfigEntry, platforms: set[Platform]) -> None:
        asked.append(set(platforms))
        await forward(of, platforms)

    monkeypatch.setattr(hass.config_entries, "async_forward_entry_setups", count)
    limits = coordinator.identity.limits
    settings = {**limits.settings, Setting.LIGHT: SWITCH}
    for firmware in ("2.99", "3.0"):
        identity = replace(
            coordinator.identity,
            firmware=firmware,
            limits=replace(limits, settings=settings),
        )
        coordinator.async_set_updated_data(replace(coordinator.data, identity=identity))
    await bench.advance(1)

    assert asked == [{Platform.LIGHT}]
    assert Platform.LIGHT in coordinator.platforms
