"""Charts as pictures: the action that stores them, with a real recorder."""

from itertools import product
import os
from pathlib import Path
import time
from typing import Any

from homeassistant.components.recorder import Recorder
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from PIL import Image
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import voluptuous as vol

from custom_components.miner_monitor.charts.model import ChartKind
from custom_components.miner_monitor.const import DOMAIN

from .conftest import GAMMA, SUPRA, TimedBench
from .handles import take_over
from .test_reports import mined, rates, sums

BLUE, GREEN = (0x09, 0x69, 0xC8), (0x1A, 0x8A, 0x4F)
"""Full inks of the light theme."""


@pytest.fixture
async def recorded(recorder_mock: Recorder, bench: TimedBench) -> TimedBench:
    """Give a bench whose Home Assistant records."""
    return bench


async def chart(bench: TimedBench, **data: Any) -> dict[str, Any]:
    """Ask for a chart; what comes is where it is."""
    answer: dict[str, Any] = await bench.run(
        bench.hass.services.async_call(
            DOMAIN, "chart", data, blocking=True, return_response=True
        )
    )
    return answer


def colours(path: str) -> set[tuple[int, ...]]:
    """Return the colours of a picture."""
    with Image.open(path) as image:
        pixels = image.convert("RGB").getcolors(1 << 24)
    return {colour for _, colour in pixels or ()}


async def test_a_chart_is_stored(recorded: TimedBench, tmp_path: Path) -> None:
    """It can be attached by its path, and found by its address in the media folder."""
    hass = recorded.hass
    hass.config.media_dirs = {"local": str(tmp_path)}
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    await mined(gamma, hash_rate=rates(*[1, 1.2] * 50))
    answer = await chart(recorded, device_id=gamma.device_id, hours=72)
    path = Path(answer["path"])
    assert path.parent == tmp_path / DOMAIN / "charts"
    below = f"local/{DOMAIN}/charts/{path.name}"
    assert answer["url"] == f"/media/{below}"
    assert answer["media_content_id"] == f"media-source://media_source/{below}"
    with Image.open(path) as image:
        assert (image.format, image.size) == ("PNG", (2800, 1400))
    assert BLUE in colours(answer["path"])


async def test_what_is_kept(recorded: TimedBench, tmp_path: Path) -> None:
    """Pictures of 14 days, 200 at most; what others put there stays."""
    hass, folder = recorded.hass, tmp_path / DOMAIN / "charts"
    hass.config.media_dirs = {"local": str(tmp_path)}
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    folder.mkdir(parents=True)
    now = time.time()
    for index in range(205):
        path = folder / f"all_miners_12h_20260101_000000_{index:06x}.png"
        path.touch()
        os.utime(path, (now - index * 60, now - index * 60))
    old = folder / "trends_12h_20250101_000000_abcdef.png"
    foreign = folder / "my own.png"
    for path in (old, foreign):
        path.touch()
        os.utime(path, (now - 15 * 86_400,) * 2)
    answer = await chart(recorded, device_id=gamma.device_id)
    ours = {path.name for path in folder.glob("*.png")} - {foreign.name}
    assert len(ours) == 200
    assert Path(answer["path"]).name in ours
    assert foreign.exists()
    assert not old.exists()
    assert f"all_miners_12h_20260101_000000_{198:06x}.png" in ours
    assert f"all_miners_12h_20260101_000000_{199:06x}.png" not in ours


async def test_the_folder_leads_nowhere_else(
    recorded: TimedBench, tmp_path: Path
) -> None:
    """A link in its place is not followed, and no field names a path."""
    hass, elsewhere = recorded.hass, tmp_path / "elsewhere"
    media = tmp_path / "pictures"
    (media / DOMAIN).mkdir(parents=True)
    elsewhere.mkdir()
    (media / DOMAIN / "charts").symlink_to(elsewhere)
    hass.config.media_dirs = {"local": str(media)}
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    with pytest.raises(ServiceValidationError) as refused:
        await chart(recorded, device_id=gamma.device_id)
    assert refused.value.translation_key == "export_place"
    assert not [*elsewhere.iterdir()]
    for field, value in (("kind", "../../x"), ("theme", "../x"), ("file", "x.png")):
        with pytest.raises(vol.Invalid):
            await chart(recorded, device_id=gamma.device_id, **{field: value})


async def test_every_kind(recorded: TimedBench, tmp_path: Path) -> None:
    """Of one miner and of all, with what is recorded and without."""
    hass = recorded.hass
    hass.config.media_dirs = {"local": str(tmp_path)}
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    await recorded.miner(SUPRA)
    await mined(
        gamma,
        hash_rate=rates(*[1, 1.2] * 50),
        power=rates(*[15, 18] * 50),
        energy=sums(*[0.015, 0.018] * 50),
    )
    image = er.async_get(hass).async_get_entity_id("image", DOMAIN, "fleet_chart")
    assert image is not None
    fleet = er.async_get(hass).entities[image].device_id
    coloured = set()
    for kind, device in product(ChartKind, (gamma.device_id, fleet)):
        answer = await chart(recorded, device_id=device, kind=kind, hours=72, dpi=100)
        with Image.open(answer["path"]) as picture:
            assert picture.size == (1400, 700)
        if not colours(answer["path"]).isdisjoint({BLUE, GREEN}):
            coloured.add(kind)
    # There are no operating points yet.
    assert coloured == set(ChartKind) - {ChartKind.OPERATING_POINTS}


async def test_images(
    recorded: TimedBench,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """They are off until wanted, drawn when asked, and new once in 15 minutes."""
    hass, registry = recorded.hass, er.async_get(recorded.hass)
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    await mined(gamma, hash_rate=rates(*[1, 1.2] * 50))
    names = [
        entity.entity_id
        for entity in registry.entities.values()
        if entity.domain == "image"
    ]
    assert len(names) == 2
    for name in names:
        assert hass.states.get(name) is None
        registry.async_update_entity(name, disabled_by=None)
        entry = hass.config_entries.async_get_entry(
            registry.entities[name].config_entry_id
        )
        assert entry is not None
        await recorded.run(hass.config_entries.async_reload(entry.entry_id))
    client, stranger = await hass_client(), await hass_client_no_auth()
    for name in names:
        answer = await recorded.run(client.get(f"/api/image_proxy/{name}"))
        assert (answer.status, answer.content_type) == (200, "image/png")
        assert (await answer.read()).startswith(b"\x89PNG")
        refused = await recorded.run(stranger.get(f"/api/image_proxy/{name}"))
        assert refused.status in {401, 403}
    seen: dict[str, set[str]] = {name: set() for name in names}
    for _ in range(60):
        await recorded.pass_time(60)
        for name in names:
            seen[name].add(hass.states.get(name).state)
    assert {name: len(times) for name, times in seen.items()} == dict.fromkeys(names, 5)
