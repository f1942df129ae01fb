"""Charts as pictures: the action that stores them, with a real recorder."""

from pathlib import Path
from typing import Any

from homeassistant.components.recorder import Recorder
from PIL import Image
import pytest

from custom_components.miner_monitor.const import DOMAIN

from .conftest import GAMMA, TimedBench
from .handles import take_over
from .test_reports import mined, rates


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
    assert (0x09, 0x69, 0xC8) in colours(answer["path"])
