"""Each kind of trouble as somebody meets it: in the first screen, and as a picture."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, expect
import pytest

from scripts.rig.check import complaints
from scripts.rig.farm import FarmMiner

from .conftest import ARTIFACTS, OpenDashboard
from .seeded import OFF, SeededHouse, seeded_house
from .test_dashboard_trouble import SCREENS
from .waiting import until, until_so

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(2400)]

OPTIONS = "config/config_entries/options/flow"
POOL_SECONDS = 160.0
"""Two minutes without a pool, and the two polls around them."""

HOT_SECONDS = 300.0
COOL_SECONDS = 600.0
STALL_SECONDS = 960.0
"""No shorter silence than ten minutes counts, and it has to find shares before."""

HOT, TOO_HOT = 73.0, 80.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is wrong with a miner, and what its view begins with."""

    miner: FarmMiner
    tone: str
    words: tuple[str, ...]
    reason: str | None = None
    """Who controls it, where somebody does."""

    remedy: str | None = None
    """The button beside it."""

    found: str | None = None
    """Of its findings, the one to wait for."""

    seconds: float = HOT_SECONDS


OLD, NEW = "2.12.2", "2.15.0"
TROUBLES = (
    Trouble(
        miner=FarmMiner(name="poolless", model="nerdqaxeplus", firmware="1.0.36"),
        tone="critical",
        words=("Pool connection lost", "since", "Check the internet connection"),
        found="pool_lost",
        seconds=POOL_SECONDS,
    ),
    Trouble(
        miner=FarmMiner(name="protected", model="gamma_602", firmware=NEW),
        tone="notice",
        words=("Overheat protection (7", " since "),
        reason="overheat_protection",
    ),
    Trouble(
        miner=FarmMiner(name="overheated", model="gamma_601", firmware=OLD),
        tone="critical",
        words=("Chip hot", "Check the fan"),
        found="chip_hot",
    ),
    Trouble(
        miner=FarmMiner(name=OFF, model="ultra_204", firmware="2.1.8"),
        tone="warning",
        words=("Offline since", "Check its power and its network"),
    ),
    Trouble(
        miner=FarmMiner(name="derated", model="supra_401", firmware=OLD),
        tone="notice",
        words=("Throttled by the miner", " since "),
        reason="throttled_by_miner",
        seconds=COOL_SECONDS,
    ),
    Trouble(
        miner=FarmMiner(name="stalled", model="gamma_602", firmware=NEW),
        tone="critical",
        words=("No shares for a long time", "Check whether the pool sees this miner"),
        remedy="Restart",
        found="stalled",
        seconds=STALL_SECONDS,
    ),
)


@pytest.fixture(scope="module")
async def troubled(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SeededHouse]:
    """Run a house whose miners are well, one with overheat protection."""
    miners = [trouble.miner for trouble in TROUBLES]
    async with seeded_house(tmp_path_factory.mktemp("troubled"), miners) as seeded:
        await protect(seeded, "protected")
        yield seeded
    assert complaints(seeded.hass.log) == []


async def protect(house: SeededHouse, name: str) -> None:
    """Turn overheat protection on, as its user does."""
    api = house.hass.api
    listed = await api.command("config/device_registry/list")
    device = next(one for one in listed if one["id"] == house.devices[name])
    flow = await api.post(OPTIONS, {"handler": device["primary_config_entry"]})
    form = {"scan_interval": 15, "protect": True}
    result = await api.post(f"{OPTIONS}/{flow['flow_id']}", form)
    assert result["type"] == "create_entry", result


async def attributes(house: SeededHouse, name: str, key: str) -> dict[str, Any]:
    """Return what a miner's entity says beside its state."""
    state = await house.hass.api.get(f"states/{await house.entity(name, key)}")
    found: dict[str, Any] = state["attributes"]
    return found


async def is_found(house: SeededHouse, trouble: Trouble) -> bool:
    """Whether Home Assistant knows what is wrong."""
    name = trouble.miner.name
    if trouble.reason is not None:
        control = await attributes(house, name, "sensor.status")
        return bool(control.get("reason") == trouble.reason)
    if trouble.found is not None:
        problem = await attributes(house, name, "binary_sensor.problem")
        return trouble.found in problem.get("reasons", [])
    return await house.state(name, "binary_sensor.online") == "off"


async def break_all(house: SeededHouse) -> None:
    """Do to each miner what its name says; the attic's has no power already."""
    for miner in house.farm:
        name = miner.name
        if name == "poolless":
            miner.inject("pool_lost")
        elif name == "stalled":
            miner.inject("flatline")
        elif name == "protected":
            miner.inject("hot", temperature=HOT)
        elif name in ("overheated", "derated"):
            miner.inject("hot", temperature=TOO_HOT)


async def test_each_trouble_is_the_first_that_one_sees(
    open_dashboard: OpenDashboard, troubled: SeededHouse
) -> None:
    house = troubled
    opened = {
        name: await open_dashboard(house.hass.api, **screen)
        for name, screen in SCREENS.items()
    }
    ARTIFACTS.mkdir(exist_ok=True)
    await asyncio.sleep(STALL_SECONDS / 8)
    await break_all(house)

    async def overheated() -> bool:
        return await house.state("derated", "sensor.status") == "overheated"

    await until_so(overheated, HOT_SECONDS)
    house.farm["derated"].clear("hot")
    for trouble in TROUBLES:

        async def known(trouble: Trouble = trouble) -> bool:
            return await is_found(house, trouble)

        await until_so(known, trouble.seconds)
        view = house.view_of(trouble.miner.name)
        for screen, dashboard in opened.items():
            await dashboard.open(view)
            await dashboard.page.evaluate("scrollTo(0, 0)")
            notice = dashboard.view.locator(f".notice.{trouble.tone}")
            for words in trouble.words:
                said = notice.filter(has_text=words).first
                await expect(said).to_be_in_viewport(ratio=1)
            remedies = notice.get_by_role("button", name=trouble.remedy)
            await expect(remedies).to_have_count(int(trouble.remedy is not None))
            path = ARTIFACTS / f"walk-{trouble.miner.name}-{screen}.png"
            await dashboard.page.screenshot(path=path)
            await dashboard.check()

    for screen, dashboard in opened.items():
        await dashboard.open()
        await dashboard.page.evaluate("scrollTo(0, 0)")
        list_of_all = dashboard.fleet.locator(".notes")
        for trouble in TROUBLES:
            if trouble.found is not None:
                item = list_of_all.locator(".notice", has_text=trouble.words[0])
                await expect(item.first).to_be_visible()
        path = ARTIFACTS / f"walk-fleet-{screen}.png"
        await dashboard.page.screenshot(path=path, full_page=True)
        await dashboard.check()

    stalled, dashboard = house.farm["stalled"], opened["desktop"]
    restarts = stalled.truth.restarts
    await dashboard.open(house.view_of("stalled"))
    await dashboard.view.locator(".notice").get_by_role("button").click()
    question = f"Restart {house.titles['stalled']}?"
    await expect(dashboard.page.get_by_text(question)).to_be_visible()
    await dashboard.page.get_by_role("button", name="OK").click()
    await until(lambda: stalled.truth.restarts == restarts + 1)
    repair = dashboard.view.locator(".notice", has_text="throttled")
    await dashboard.go(house.view_of("derated"))
    await expect(repair.get_by_role("link", name="Open repair")).to_be_visible()
    await dashboard.check()
