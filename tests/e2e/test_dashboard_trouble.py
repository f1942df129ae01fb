"""Trouble is in the first screen of every view that it concerns, at once."""

import time
from typing import Any

from playwright.async_api import expect

from .conftest import ARTIFACTS, OpenDashboard
from .seeded import SeededHouse
from .waiting import until_so

SCREENS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1400, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True},
}
BAD = {"TMax": 115, "Fan1": 0}
WORDS = ("Chip hot: 115 °C, limit 95 °C", "Fan stopped")
POLLS_SECONDS = 120.0
SOON_SECONDS = 5.0


async def reasons(house: SeededHouse) -> list[str]:
    """Return what is wrong with the Q."""
    entity_id = await house.entity("q", "binary_sensor.problem")
    state = await house.hass.api.get(f"states/{entity_id}")
    found: list[str] = state["attributes"].get("reasons", [])
    return found


async def test_a_hot_avalon_whose_fan_stands_is_what_one_sees_first(
    open_dashboard: OpenDashboard, house: SeededHouse
) -> None:
    opened = {}
    for name, screen in SCREENS.items():
        for place, view in (("fleet", "fleet"), ("miner", house.view_of("q"))):
            dashboard = await open_dashboard(house.hass.api, **screen)
            await dashboard.open(view)
            await dashboard.page.evaluate("scrollTo(0, 0)")
            opened[f"{place}-{name}"] = dashboard

    async def is_known() -> bool:
        return {"chip_hot", "fan_stopped"} <= set(await reasons(house))

    house.farm["q"].inject("override", values=BAD)
    try:
        await until_so(is_known, POLLS_SECONDS)
        known = time.monotonic()
        for dashboard in opened.values():
            for words in WORDS:
                notice = dashboard.view.locator(".notice.critical", has_text=words)
                await expect(notice.first).to_be_in_viewport(ratio=1)
        assert time.monotonic() - known < SOON_SECONDS
        remedies = opened["miner-phone"].view.locator(".notice.critical button")
        await expect(remedies).to_have_text(["Save power", "Save power"])
        ARTIFACTS.mkdir(exist_ok=True)
        for name, dashboard in opened.items():
            await dashboard.page.screenshot(path=ARTIFACTS / f"trouble-{name}.png")
            await dashboard.check()

        # To work harder is refused, in words, and what was chosen stays chosen.
        sent = len(house.farm["q"].requests)
        card = opened["miner-desktop"].view.locator("miner-controls-card-body")
        mode = card.get_by_role("button", name="Super")
        await mode.click()
        await card.get_by_role("button", name="Apply").click()
        await expect(card).to_contain_text("115.0 °C, limit 110 °C")
        await expect(mode).to_have_attribute("aria-pressed", "true")
        asked = [str(one) for one in house.farm["q"].requests[sent:]]
        assert not [one for one in asked if "workmode" in one]
    finally:
        house.farm["q"].clear("override")

    async def is_over() -> bool:
        return not await reasons(house)

    await until_so(is_over, POLLS_SECONDS)
