"""The dashboard on the real frontend, of miners that have a past."""

import asyncio
from collections.abc import AsyncIterator

from playwright.async_api import Route, expect
import pytest

from scripts.rig.node import AXE_SOURCE, NodeToolsError, ensure_node_tools
from simulator import SimulatedMiner

from .conftest import OpenDashboard
from .dashboard import TABS, VIEWS, Dashboard
from .seeded import OFF, SeededHouse
from .waiting import until, until_so

DELAYS = (2.0, 2.75, 3.5, 4.25, 5.0)
APP = "**/frontend_latest/app.*.js"
WIDTHS = (390, 1024, 1400)
MOST_TABS, TABS_AT_ONCE = 400, 20
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}

IMAGE = '<img src=x onerror="window.pwned=1">'
HOSTILE = {
    "gamma": IMAGE,
    "hex": "A miner with a name that nobody would ever type " * 4,
    "nano": "\u202e\u05de\u05db\u05e8\u05d4 <b>\u0627\u0644\u0645</b>",
    "q": "🔥🧑‍🚀 ${7*7} {{ 7*7 }} [x](javascript:window.pwned=1)",
    "card": "</script><script>window.pwned=1</script>",
}


@pytest.fixture
async def hostile(house: SeededHouse) -> AsyncIterator[SeededHouse]:
    """Give the miners names that somebody chose to do harm."""
    for name, text in HOSTILE.items():
        await house.rename(name, text)
    yield house
    for name in HOSTILE:
        await house.rename(name, None)


@pytest.mark.parametrize("who", ["admin", "guest"])
async def test_every_view_is_whole(
    open_dashboard: OpenDashboard, house: SeededHouse, who: str
) -> None:
    dashboard = await open_dashboard(house.guest if who == "guest" else house.hass.api)
    await dashboard.open(house.views[0])
    for view in house.views:
        await dashboard.go(view)
        await dashboard.check()


async def test_a_late_app_shows_the_fleet_at_each_of_five_loads(
    open_dashboard: OpenDashboard, house: SeededHouse
) -> None:
    async def load(delay: float) -> None:
        delayed: list[str] = []

        async def hold(route: Route) -> None:
            await asyncio.sleep(delay)
            delayed.append(route.request.url)
            await route.continue_()

        dashboard = await open_dashboard(house.hass.api)
        await dashboard.page.route(APP, hold)
        await dashboard.open()
        await expect(dashboard.rows).to_have_count(len(house.devices))
        await dashboard.check()
        assert delayed

    async with asyncio.TaskGroup() as loads:
        for delay in DELAYS:
            loads.create_task(load(delay))


async def test_it_stands_in_the_sidebar_and_can_be_added(
    open_dashboard: OpenDashboard, house: SeededHouse
) -> None:
    dashboard = await open_dashboard(house.hass.api)
    page = dashboard.page
    await page.goto("/config/lovelace/dashboards")
    entry = page.locator("ha-sidebar").get_by_role("link", name="Miners", exact=True)
    await expect(entry).to_have_attribute("href", dashboard.home)
    await page.get_by_role("button", name="Add dashboard").click()
    await expect(page.get_by_text("Community dashboards")).to_be_visible()
    await page.get_by_text("Miner Monitor", exact=True).click()
    # What is offered then is called as the picker's suggestion says.
    await expect(page.get_by_role("textbox", name="Title")).to_have_value("Miners")
    assert dashboard.complaints.texts == []


def frequency(miner: SimulatedMiner) -> tuple[float, float]:
    """Return what a board with AxeOS is set to."""
    info = miner.reply("info")
    return info["frequency"], info["coreVoltage"]


async def test_saving_power_in_a_row_reaches_the_miner(
    open_dashboard: OpenDashboard, house: SeededHouse
) -> None:
    gamma, device = house.farm["gamma"], house.devices["gamma"]
    before = frequency(gamma)
    dashboard = await open_dashboard(house.hass.api)
    await dashboard.open()
    switch = dashboard.saving(device)
    await expect(switch).not_to_be_checked()

    await switch.click()
    await until(lambda: frequency(gamma) != before)
    await expect(switch).to_be_checked()
    assert await house.state("gamma", "switch.throttle") == "on"
    reason = dashboard.row(device).locator(".reason")
    await expect(reason).to_contain_text("Saving power since")

    # An automation may want something else; who is here does not.
    await dashboard.go(house.view_of("gamma"))
    notices = dashboard.view.locator("miner-findings-card")
    await notices.get_by_role("button", name="Hold 2 h").click()
    await expect(notices).to_contain_text("Automations are held until")
    assert await house.state("gamma", "switch.follow_automations") == "off"
    await notices.get_by_role("button", name="Resume automations").click()
    await expect(notices).not_to_contain_text("held")
    await dashboard.go("fleet")

    await dashboard.row(device).locator(".name .link").focus()
    await dashboard.page.keyboard.press("Tab")
    await expect(switch).to_be_focused()
    await dashboard.page.keyboard.press("Space")
    await until(lambda: frequency(gamma) == before)
    await expect(switch).not_to_be_checked()
    await dashboard.check()


async def test_five_steps_of_the_frequency_are_one_write(
    open_dashboard: OpenDashboard, house: SeededHouse
) -> None:
    gamma = house.farm["gamma"]
    before, written = frequency(gamma), len(writes(gamma))
    dashboard = await open_dashboard(house.hass.api)
    await dashboard.open(house.view_of("gamma"))
    card = dashboard.view.locator("miner-controls-card-body")
    apply = card.get_by_role("button", name="Apply")
    await expect(apply).to_be_hidden()

    lower = card.get_by_role("button", name="Lower Frequency")
    await lower.focus()
    for _ in range(5):
        await dashboard.page.keyboard.press("Enter")
    field = card.locator('[data-focus="frequency"]')
    options = await field.locator("option").evaluate_all("all => all.map(o => o.value)")
    values = sorted(float(one) for one in options if one.replace(".", "").isdigit())
    chosen = [value for value in values if value < before[0]][-5:][0]

    async def is_chosen() -> bool:
        return float(await field.input_value()) == chosen

    # The card draws once for what is pressed in a row.
    await until_so(is_chosen)
    assert len(writes(gamma)) == written

    await apply.click()
    await expect(card.get_by_role("status")).to_have_text("Applying…")
    await until(lambda: frequency(gamma) == (chosen, before[1]))
    await expect(card.get_by_role("status")).to_have_text("")
    assert await is_chosen()
    assert len(writes(gamma)) == written + 1
    await dashboard.check()


async def test_settings_are_applied_only_after_the_confirmation(
    open_dashboard: OpenDashboard, house: SeededHouse
) -> None:
    gamma = house.farm["gamma"]
    before, written = frequency(gamma), writes(gamma)
    dashboard = await open_dashboard(house.hass.api)
    await dashboard.open("tuning")
    await dashboard.choose("Miner", house.titles["gamma"])
    verdict = dashboard.view.locator("miner-tuning-card li.verdict").filter(
        has=dashboard.page.get_by_role("button")
    )
    confirmation = dashboard.page.locator("dialog.confirmation")

    await verdict.first.get_by_role("button").click()
    await expect(confirmation).to_contain_text(house.titles["gamma"])
    asked = len(gamma.requests)
    await confirmation.get_by_role("button", name="Cancel").click()
    await expect(confirmation).to_have_count(0)
    # The next poll is later than what the button could have sent.
    await until(lambda: len(gamma.requests) > asked)
    assert frequency(gamma) == before
    assert writes(gamma) == written

    await verdict.first.get_by_role("button").click()
    wanted = await confirmation.locator("dd.to").inner_text()
    await confirmation.get_by_role("button", name="Apply").click()
    await expect(confirmation).to_have_count(0)
    # The settings before were written just now: the next write waits its turn.
    await until(lambda: shown(frequency(gamma)) == wanted)
    assert shown(before) != wanted
    await dashboard.check()


def shown(settings: tuple[float, float]) -> str:
    """Write MHz and mV as the dialog does."""
    return f"{settings[0]:.0f} MHz, {settings[1] / 1000:.3f} V"


def writes(miner: SimulatedMiner) -> list[str]:
    """Return the requests that change something."""
    return [one.body for one in miner.requests if one.method == "PATCH"]


async def test_hostile_names_stay_text(
    open_dashboard: OpenDashboard, hostile: SeededHouse
) -> None:
    dashboard = await open_dashboard(hostile.hass.api)
    await dashboard.open(hostile.views[0])
    for name, text in HOSTILE.items():
        link = dashboard.row(hostile.devices[name]).locator(".name .link")
        assert await link.text_content() == text
    # The test of a phone goes through the others.
    for view in (*VIEWS, hostile.view_of("gamma")):
        await dashboard.go(view)
        await check_hostile(dashboard)


async def test_a_phone_shows_every_view_without_a_scroll_to_the_side(
    open_dashboard: OpenDashboard, hostile: SeededHouse
) -> None:
    """Even where somebody gives his miners names that are as long as a letter."""
    dashboard = await open_dashboard(hostile.hass.api, **PHONE)
    await dashboard.open(hostile.views[0])
    for view in hostile.views:
        await dashboard.go(view)
        assert await dashboard.look("wide") == [], view
        assert await dashboard.look("small") == [], view
        await check_hostile(dashboard)


async def check_hostile(dashboard: Dashboard) -> None:
    """Complain where a name has become more than text."""
    await dashboard.check()
    await expect(dashboard.page.locator("img[src=x]")).to_have_count(0)
    assert await dashboard.page.evaluate("window.pwned") is None


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_our_cards_have_no_serious_fault_of_access(
    open_dashboard: OpenDashboard, house: SeededHouse, theme: str
) -> None:
    try:
        ensure_node_tools()
    except NodeToolsError as error:
        pytest.skip(f"no axe-core: {error}")
    dashboard = await open_dashboard(house.hass.api, color_scheme=theme)
    views = [*VIEWS, house.view_of("gamma"), house.view_of(OFF)]
    if theme == "light":
        # The same parts in the same colours.
        views += [house.view_of(name, tab) for name in ("gamma", "q") for tab in TABS]
    await dashboard.open(views[0])
    await dashboard.page.add_script_tag(path=AXE_SOURCE)
    for width in WIDTHS:
        await dashboard.page.set_viewport_size({"width": width, "height": 900})
        for view in views:
            await dashboard.go(view)
            assert await dashboard.look("faults") == [], f"{view} at {width}"


async def test_keys_reach_every_control(
    open_dashboard: OpenDashboard, house: SeededHouse
) -> None:
    dashboard = await open_dashboard(house.hass.api)
    views = [*VIEWS, *map(house.view_of, ("gamma", "q", OFF))]
    views += [house.view_of("gamma", tab) for tab in TABS]
    await dashboard.open(views[0])
    for view in views:
        await dashboard.go(view)
        await dashboard.page.evaluate("document.activeElement?.blur()")
        left = await dashboard.look("unreached", True)
        for _ in range(MOST_TABS // TABS_AT_ONCE):
            if not left:
                break
            for _ in range(TABS_AT_ONCE):
                await dashboard.page.keyboard.press("Tab")
            left = await dashboard.look("unreached")
        assert left == [], view
        await dashboard.check()


async def test_a_miner_that_is_off_says_so(
    open_dashboard: OpenDashboard, house: SeededHouse
) -> None:
    dashboard = await open_dashboard(house.hass.api)
    await dashboard.open()
    row = dashboard.row(house.devices[OFF])
    await expect(row).to_have_attribute("data-status", "away", timeout=90_000)
    await expect(row.locator(".status")).to_contain_text("Offline since")
    # What it said last, though it was off before anybody looked.
    await expect(row.locator(".hash_rate .main")).to_contain_text("TH/s")

    await row.locator(".name .link").click()
    await dashboard.settle(house.view_of(OFF))
    await dashboard.check()


async def test_a_tab_of_a_miner_has_an_address(
    open_dashboard: OpenDashboard, house: SeededHouse
) -> None:
    dashboard = await open_dashboard(house.hass.api)
    await dashboard.open()
    link = dashboard.row(house.devices["gamma"]).locator(".name .link")
    await link.click()
    await dashboard.settle(house.view_of("gamma"))
    tabs = dashboard.view.locator("miner-tabs-card").get_by_role("navigation")
    charts = tabs.get_by_role("link", name="Charts")
    await charts.press("Enter")
    await dashboard.settle(house.view_of("gamma", "charts"))
    await expect(charts).to_have_attribute("aria-current", "page")
    await expect(charts).to_be_focused()

    # Not through all tabs, and not to the tab of the last time.
    await dashboard.page.go_back()
    await dashboard.settle("fleet")
    await link.click()
    await dashboard.settle(house.view_of("gamma"))
    await dashboard.check()


async def test_rows_are_sorted_by_keys(
    open_dashboard: OpenDashboard, house: SeededHouse
) -> None:
    dashboard = await open_dashboard(house.hass.api)
    await dashboard.open()
    page = dashboard.page
    head = dashboard.fleet.locator(".hash_rate[role=columnheader]")

    await head.get_by_role("button").focus()
    await page.keyboard.press("Enter")
    await expect(head).to_have_attribute("aria-sort", "descending")
    falling = await hashing(dashboard, house)
    assert falling[0] == house.devices["q"]
    await page.keyboard.press("Enter")
    await expect(head).to_have_attribute("aria-sort", "ascending")
    rising = await hashing(dashboard, house)
    assert rising[-2] == house.devices["q"]
    # Another algorithm cannot be compared, and always stands last.
    assert falling[-1] == rising[-1] == house.devices["card"]


async def hashing(dashboard: Dashboard, house: SeededHouse) -> list[str]:
    """Return the devices of the rows from the top, but for the one without power."""
    shown: list[str] = await dashboard.rows.evaluate_all(
        "rows => rows.map(row => row.dataset.miner)"
    )
    return [device for device in shown if device != house.devices[OFF]]


async def test_a_card_that_cannot_be_loaded_offers_to_load_the_page_anew(
    open_dashboard: OpenDashboard, house: SeededHouse
) -> None:
    dashboard = await open_dashboard(house.hass.api)
    page = dashboard.page
    await page.route("**/cards/fleet-card.js", lambda route: route.abort())
    await page.goto(f"{dashboard.home}/fleet")
    line = dashboard.fleet.get_by_role("alert")
    await expect(line).to_contain_text("Reload the page")
    await page.unroute_all()
    await line.get_by_role("button", name="Reload").click()
    await expect(dashboard.rows).to_have_count(len(house.devices))
