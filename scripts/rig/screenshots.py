"""Pictures of the dashboard, taken in a demo with a past: `scripts/screenshots`."""

import argparse
import asyncio
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
import io
from itertools import product
import json
from pathlib import Path
import re
import sys
import tempfile
from typing import Literal

from PIL import Image
from playwright.async_api import Browser, Page

from .browser import LOOK, find_chromium, open_browser
from .demo import MINERS, add_miner, farm_miners
from .farm import FarmMiner, FarmProcess
from .hass import DOMAIN, REPOSITORY, HassProcess
from .past import seed_past
from .priced import ask, give_month, name_prices, tell_prices
from .process import free_ports

HOME = "/miner-monitor"
DRAWN_MILLISECONDS = 60_000
VALUES_SECONDS = 900
"""Some values need a window of ten minutes, which begins with Home Assistant."""

LOOK_EVERY = 5.0
SETTLES = 45.0
"""Seconds after which all miners were polled, and what follows from that is done."""

COLORS = 256
MOST_BYTES = 400_000
NOTHING = re.compile(r"\b(unknown|unavailable|entity not found)\b", re.IGNORECASE)

type Theme = Literal["light", "dark"]


class ScreenshotError(Exception):
    """A picture cannot be shown to anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A device on which somebody looks at the dashboard."""

    ending: str
    width: int
    scale: float
    touch: bool = False


DESKTOP = Screen(ending="", width=1400, scale=1)
PHONE = Screen(ending="-phone", width=390, scale=2, touch=True)
BOTH: tuple[Theme, ...] = ("light", "dark")


@dataclass(frozen=True, slots=True, kw_only=True)
class Motif:
    """A view; ``miner`` is the name of one whose own view it is."""

    name: str
    view: str
    heights: tuple[int, int]
    """On the desktop, and on the phone."""
    miner: str = ""
    themes: tuple[Theme, ...] = ("light",)
    screens: tuple[Screen, ...] = (DESKTOP, PHONE)
    alone: bool = False
    """In a home that has no other miner."""
    priced: bool = False
    """In a home with prices."""


MOTIFS = (
    Motif(
        name="bitaxe",
        view="",
        miner="gamma",
        heights=(1180, 1660),
        screens=(DESKTOP,),
        alone=True,
    ),
    Motif(name="fleet", view="fleet", heights=(1250, 1400), themes=BOTH),
    Motif(name="miner", view="", miner="gamma", heights=(1180, 1660), themes=BOTH),
    Motif(name="q", view="", miner="q", heights=(1150, 1560)),
    Motif(name="compare", view="compare", heights=(1150, 1200)),
    Motif(name="tuning", view="tuning", miner="gamma", heights=(1650, 1900)),
    Motif(name="energy", view="energy", heights=(1150, 1200)),
    Motif(name="fleet-price", view="fleet", heights=(1250, 1400), priced=True),
    Motif(name="energy-price", view="energy", heights=(1150, 1400), priced=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture."""

    motif: Motif
    screen: Screen
    theme: Theme

    @property
    def file(self) -> str:
        """Return the name of its file."""
        dark = "-dark" if self.theme == "dark" else ""
        return f"dashboard-{self.motif.name}{self.screen.ending}{dark}.png"

    @property
    def height(self) -> int:
        """Return how much is seen."""
        return self.motif.heights[self.screen.touch]


def shots(only: Sequence[str] = ()) -> Iterator[Shot]:
    """Go through all pictures, or those of some motifs."""
    for motif in MOTIFS:
        if not only or motif.name in only:
            for screen, theme in product(motif.screens, motif.themes):
                yield Shot(motif=motif, screen=screen, theme=theme)


class Photographer:
    """Takes pictures of a Home Assistant."""

    def __init__(self, hass: HassProcess, browser: Browser, folder: Path) -> None:
        """Write into a folder."""
        self._hass = hass
        self._browser = browser
        self._folder = folder
        self._devices: dict[str, tuple[str, str]] = {}

    async def know(self, devices: dict[str, str]) -> None:
        """Take the ids of the miners' devices, by the miners' names."""
        listed = await self._hass.api.command("config/device_registry/list")
        names = {device["id"]: device["name"] for device in listed}
        self._devices = {name: (one, names[one]) for name, one in devices.items()}

    async def take(self, shot: Shot) -> str:
        """Take a picture, as soon as there is a value for all; return its size."""
        tokens = json.dumps(json.dumps(await self._hass.api.frontend_tokens()))
        context = await self._browser.new_context(
            base_url=self._hass.url,
            viewport={"width": shot.screen.width, "height": shot.height},
            device_scale_factor=shot.screen.scale,
            has_touch=shot.screen.touch,
            color_scheme=shot.theme,
            locale="en-GB",
            reduced_motion="reduce",
        )
        page = await context.new_page()
        await page.add_init_script(f"localStorage.setItem('hassTokens', {tokens})")
        await page.add_init_script(path=LOOK)
        await self._open(page, shot.motif)
        await _wait_for_values(page, shot)
        picture = small(await page.screenshot(animations="disabled"))
        await context.close()
        if len(picture) > MOST_BYTES:
            raise ScreenshotError(f"{shot.file} has {len(picture)} bytes")
        (self._folder / shot.file).write_bytes(picture)
        return f"{shot.file:<36} {len(picture) / 1000:>4.0f} kB"

    async def _open(self, page: Page, motif: Motif) -> None:
        device, name = self._devices.get(motif.miner, ("", ""))
        path = f"{HOME}/{motif.view or f'miner-{device}'}"
        await page.goto(path)
        await _drawn(page, path)
        if motif.view and motif.miner:
            await page.locator('select[aria-label="Miner"]').select_option(name)
            await _drawn(page, path)
        # Looking for what is not drawn yet has scrolled there.
        await page.evaluate("scrollTo(0, 0)")


async def _drawn(page: Page, path: str) -> None:
    await page.wait_for_function(
        "path => look.settled(path)", arg=path, timeout=DRAWN_MILLISECONDS
    )


async def _wait_for_values(page: Page, shot: Shot) -> None:
    """Wait until nothing on the page says that it is not known."""
    lacking: list[str] = []
    try:
        async with asyncio.timeout(VALUES_SECONDS):
            while True:
                texts = await page.evaluate("look.texts()")
                lacking = [text for text in texts if NOTHING.search(text)]
                if not lacking:
                    return
                await asyncio.sleep(LOOK_EVERY)
    except TimeoutError:
        raise ScreenshotError(f"{shot.file} says {lacking}") from None


def small(picture: bytes) -> bytes:
    """Return the picture with fewer colours, which nobody sees."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    few = image.quantize(
        COLORS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
    )
    out = io.BytesIO()
    few.save(out, "PNG", optimize=True)
    return out.getvalue()


async def run(folder: Path, only: Sequence[str]) -> None:
    """Run demos of their own, and take all pictures."""
    executable = find_chromium()
    if executable is None:
        raise ScreenshotError("no Chromium found: install the package chromium")
    wanted = list(shots(only))
    names = [miner.name for miner in MINERS]
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    miners = farm_miners(ports)
    homes = [(shot.motif.alone, shot.motif.priced) for shot in wanted]
    for alone, priced in dict.fromkeys(homes):
        here = [
            shot
            for shot, home in zip(wanted, homes, strict=True)
            if home == (alone, priced)
        ]
        seen = {shot.motif.miner for shot in here}
        there = [miner for miner in miners if miner.name in seen] if alone else miners
        await _photograph(here, there, executable, folder, priced=priced)


async def _photograph(
    wanted: Sequence[Shot],
    miners: Sequence[FarmMiner],
    executable: str,
    folder: Path,
    *,
    priced: bool,
) -> None:
    """Take pictures of a home with these miners."""
    seen = {shot.motif.miner for shot in wanted}
    with tempfile.TemporaryDirectory(prefix="miner-monitor-") as place:
        directory = Path(place)
        hass = HassProcess(directory / "hass")
        async with FarmProcess(directory, miners):
            devices = await _give_past(hass, miners, priced=priced)
            async with hass, open_browser(executable) as browser:
                if priced:
                    await tell_prices(hass.api)
                    await asyncio.sleep(SETTLES)
                    await ask(hass.api)
                    await asyncio.sleep(SETTLES)
                photographer = Photographer(hass, browser, folder)
                await photographer.know(devices)
                await _until_ratios(hass, {devices[miner] for miner in seen if miner})
                for shot in wanted:
                    print(await photographer.take(shot), flush=True)


async def _until_ratios(hass: HassProcess, devices: Container[str]) -> None:
    """Wait for the ratios of these devices: they are hidden while they are unknown."""
    ratios = [
        entity["entity_id"]
        for entity in await hass.api.entities(DOMAIN)
        if entity["translation_key"] == "hash_rate_ratio"
        and entity["device_id"] in devices
    ]
    print("Waiting until the miners' ratios are known ...", flush=True)
    try:
        async with asyncio.timeout(VALUES_SECONDS):
            while True:
                states = await hass.api.states()
                if not any(NOTHING.search(states[one]["state"]) for one in ratios):
                    return
                await asyncio.sleep(LOOK_EVERY)
    except TimeoutError:
        raise ScreenshotError(f"There is no value of {ratios}") from None


async def _give_past(
    hass: HassProcess, miners: Sequence[FarmMiner], *, priced: bool
) -> dict[str, str]:
    """Add the miners and let two weeks have passed; return the miners' devices."""
    print("Adding miners, and making two weeks of history ...", flush=True)
    devices: dict[str, str] = {}
    async with hass:
        everything: list[str] = []
        for miner in miners:
            for entry in await add_miner(hass.api, miner):
                (device,) = await hass.api.devices(entry["entry_id"])
                devices.setdefault(miner.name, device["id"])
                everything.append(device["id"])
        await hass.api.call_service(DOMAIN, "show_details", device_id=everything)
        if priced:
            await name_prices(hass.api)
            await asyncio.sleep(SETTLES)
    await asyncio.to_thread(seed_past, hass.directory, miners)
    if priced:
        await asyncio.to_thread(give_month, hass.directory)
    return devices


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the pictures and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="scripts/screenshots",
        description="Renew the dashboard's pictures in docs/.",
    )
    names = [motif.name for motif in MOTIFS]
    parser.add_argument("motif", nargs="*", choices=[[], *names], help="only these")
    parser.add_argument("--to", type=Path, default=REPOSITORY / "docs", help="folder")
    options = parser.parse_args(arguments)
    options.to.mkdir(parents=True, exist_ok=True)
    try:
        asyncio.run(run(options.to, options.motif))
    except ScreenshotError as error:
        print(f"scripts/screenshots: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
