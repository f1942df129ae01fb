"""One real Home Assistant, one simulated farm and one browser for all tests."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
import re
import sys
from typing import Any

from playwright.async_api import Browser, Page, expect
import pytest

from scripts.rig.api import HassApi
from scripts.rig.browser import LOOK, find_chromium, open_browser
from scripts.rig.check import complaints
from scripts.rig.hass import REPOSITORY, HassProcess

from .dashboard import HOME, Dashboard
from .frontend import VIEWPORT, WAIT_MILLISECONDS, Frontend, stay_logged_in
from .seeded import SeededHouse, seeded_house, token_script

ARTIFACTS = REPOSITORY / ".artifacts"

type Tell = Callable[[str], object]
type OpenDashboard = Callable[..., Awaitable[Dashboard]]

expect.set_options(timeout=WAIT_MILLISECONDS)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that renews the pictures in docs/."""
    parser.addoption(
        "--update-screenshots",
        action="store_true",
        help="write the screenshots that the documentation shows",
    )
    parser.addoption("--full", action="store_true", help="run the long campaigns")


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Mark everything here as end-to-end; leave campaigns out unless asked for."""
    left_out = pytest.mark.skip(reason="a long campaign, runs with --full")
    for item in items:
        item.add_marker(pytest.mark.e2e)
        if "campaign" in item.keywords and not config.getoption("--full"):
            item.add_marker(left_out)


@pytest.fixture(scope="session")
async def hass(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HassProcess]:
    """Run Home Assistant with the integration, which must not log an error."""
    async with HassProcess(tmp_path_factory.mktemp("hass")) as process:
        yield process
    assert complaints(process.log) == []


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Run a browser, or skip with the reason."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium found: install the package chromium")
    async with open_browser(executable) as chromium:
        yield chromium


@pytest.fixture
async def page(
    browser: Browser, hass: HassProcess, request: pytest.FixtureRequest
) -> AsyncIterator[Page]:
    """Open a fresh, logged-out page; its last look is kept in .artifacts/."""
    context = await browser.new_context(
        base_url=hass.url, viewport=VIEWPORT, locale="en-GB"
    )
    context.set_default_timeout(WAIT_MILLISECONDS)
    page = await context.new_page()
    yield page
    ARTIFACTS.mkdir(exist_ok=True)
    name = re.sub(r"\W+", "_", request.node.name)
    await page.screenshot(path=ARTIFACTS / f"{name}.png")
    await context.close()


@pytest.fixture
def logged_out(page: Page) -> Frontend:
    """Give a person a browser."""
    return Frontend(page)


@pytest.fixture
async def frontend(page: Page, hass: HassProcess) -> Frontend:
    """Give a person a browser in which they logged in some days ago."""
    await stay_logged_in(page, hass)
    return Frontend(page)


@pytest.fixture(scope="session")
async def house(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SeededHouse]:
    """Run a house with a past; it must not log an error. Without a browser, skip."""
    async with seeded_house(tmp_path_factory.mktemp("house")) as seeded:
        yield seeded
    assert complaints(seeded.hass.log) == []


@pytest.fixture
async def open_dashboard(
    browser: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[OpenDashboard]:
    """Give somebody a browser with the dashboard; the last looks are kept."""
    opened: list[Page] = []

    async def open_one(api: HassApi, home: str = HOME, **traits: Any) -> Dashboard:
        context = await browser.new_context(
            base_url=api.url, locale="en-GB", **{"viewport": VIEWPORT, **traits}
        )
        context.set_default_timeout(WAIT_MILLISECONDS)
        page = await context.new_page()
        opened.append(page)
        await page.add_init_script(token_script(await api.frontend_tokens()))
        await page.add_init_script(path=LOOK)
        return Dashboard(page, home)

    yield open_one
    ARTIFACTS.mkdir(exist_ok=True)
    name = re.sub(r"\W+", "_", request.node.name)
    for place, page in enumerate(opened):
        await page.screenshot(path=ARTIFACTS / f"{name}-{place}.png")
        await page.context.close()


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Tell:
    """Print figures that are worth to be read, though the test passes."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def say(text: str) -> None:
        with capture.global_and_fixture_disabled():
            sys.stdout.write(f"\n{text}")

    return say


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path:
    """Return the folder for the pictures of device pages."""
    if request.config.getoption("--update-screenshots"):
        return REPOSITORY / "docs"
    ARTIFACTS.mkdir(exist_ok=True)
    return ARTIFACTS
