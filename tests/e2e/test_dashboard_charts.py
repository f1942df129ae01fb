"""Every chart of the tools before this one is drawn on the dashboard."""

from collections.abc import Iterator
from itertools import groupby

import pytest

from .charts import CHARTS, LEAST, Count, Place, documented, table
from .conftest import OpenDashboard
from .dashboard import Dashboard
from .seeded import SeededHouse
from .waiting import until_so

PLACES = list(dict.fromkeys(place for chart in CHARTS for place in chart.places))
"""Each once; several charts of others are one of ours."""

TALL = {"viewport": {"width": 1400, "height": 1600}}
"""Where no chart is closed at first."""

PATIENCE = 30.0


def test_the_documentation_has_the_list() -> None:
    assert documented() == table()


def pages() -> Iterator[tuple[str, str]]:
    """Go through the pages on which something has to be looked for."""
    kept = sorted((place.view, place.miner) for place in PLACES)
    for page, _ in groupby(kept):
        yield page


@pytest.mark.parametrize(("view", "miner"), list(pages()))
async def test_what_replaces_the_charts_of_other_tools_is_drawn(
    open_dashboard: OpenDashboard, house: SeededHouse, view: str, miner: str
) -> None:
    dashboard = await open_dashboard(house.hass.api, **TALL)
    kind, _, tab = view.partition("-")
    await dashboard.open(house.view_of(miner, tab) if kind == "miner" else view)
    if view == "tuning":
        await dashboard.choose("Miner", house.titles[miner])
    missing: list[str] = []
    for place in PLACES:
        if (place.view, place.miner) == (view, miner):
            await prepare(dashboard, place)
            if not await is_drawn(dashboard, place):
                missing.append(f"{place.words} ({place.series}{place.card})")
    assert missing == []
    await dashboard.check()


async def prepare(dashboard: Dashboard, place: Place) -> None:
    """Choose and press what leads to the place."""
    if place.choose:
        await dashboard.choose(*place.choose)
    if place.press:
        await dashboard.view.locator(place.press).first.click()


async def is_drawn(dashboard: Dashboard, place: Place) -> bool:
    """Wait for a series with enough points."""

    async def look() -> bool:
        return await points(dashboard, place) >= LEAST

    try:
        await until_so(look, PATIENCE)
    except TimeoutError:
        return False
    return True


async def points(dashboard: Dashboard, place: Place) -> int:
    """Return how many points the place's longest series has."""
    found = dashboard.view.locator(place.card)
    lengths: list[int]
    match place.count:
        case None:
            card = {"card": place.card, "title": place.title}
            series = await dashboard.look("series", card)
            lengths = [n for name, n in series if name.startswith(place.series)]
        case Count.ELEMENTS:
            lengths = [await found.count()]
        case Count.POINTS:
            lengths = await found.evaluate_all("all => all.map(e => +e.dataset.points)")
        case Count.PATH:
            lengths = await found.evaluate_all(
                "all => all.map(e => e.getAttribute('d')?.match(/[ML]/g)?.length ?? 0)"
            )
    return max(lengths, default=0)
