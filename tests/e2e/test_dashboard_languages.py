"""Somebody who reads no English adds a miner, looks at the dashboard, and repairs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
import re

from playwright.async_api import Browser, Page, expect
import pytest

from scripts.rig.browser import LOOK
from scripts.rig.check import complaints
from scripts.rig.hass import DOMAIN, REPOSITORY, HassProcess
from scripts.rig.screenshots import small
from scripts.rig.translations import languages, texts_of
from scripts.rig.websocket import Json

from .conftest import ARTIFACTS, OpenDashboard
from .dashboard import TABS, VIEWS, Dashboard
from .frontend import ADD_DIALOG, VIEWPORT, WAIT_MILLISECONDS, stay_logged_in
from .seeded import KINDS, OFF, SeededHouse, seeded_house
from .waiting import until_so

FIRST = "de"
"""The language of this house from the start, and of the short form."""

PICTURED = ("de", "es", "fr", "nl")

SHOWN = ("gamma", "q", OFF)
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
LOOKS_ENGLISH = {"cs": {"Entity"}}
"""Words of a language that Home Assistant has: the Czech plural of entita."""

MODELS = re.compile(r"\b(?:Gamma|Avalon|Ultra|Q|Bitaxe|Canaan)\b")

STRATEGY = REPOSITORY / "custom_components" / DOMAIN / "frontend/modules/strategy"
ENTITY = re.compile(
    r'\.(?:tile|trend|toggle|press)\("(\w+)\.(\w+)"(?:\)|, say\("restore)'
)
NAMED = re.compile(r'\.(?:tile|trend)\("\w+\.\w+", \{ name: say\("(\w+)"\) \}')
"""Tiles without traits such as another width, and those with a name of their own."""

EACH = [
    pytest.param(
        language, marks=[] if language == FIRST else [pytest.mark.campaign], id=language
    )
    for language in languages()
]


@pytest.fixture(scope="module")
async def abroad(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SeededHouse]:
    """Run a house in which nobody ever spoke English."""
    miners = [miner for miner in KINDS if miner.name in SHOWN]
    directory = tmp_path_factory.mktemp("abroad")
    async with seeded_house(directory, miners, FIRST) as seeded:
        yield seeded
    assert complaints(seeded.hass.log) == []


async def speak(hass: HassProcess, language: str, user: str | None = None) -> None:
    """Let Home Assistant and its user speak a language, or each another one."""
    await hass.api.command("config/core/update", language=language)
    profile = dict.fromkeys(("number_format", "time_format", "date_format"), "language")
    await hass.api.command(
        "frontend/set_user_data",
        key="language",
        value={**profile, "language": user or language, "time_zone": "local"},
    )
    # Entities take their names when they are added.
    for entry in await hass.api.entries(DOMAIN):
        path = f"config/config_entries/entry/{entry['entry_id']}/reload"
        await hass.api.post(path)


type OpenPage = Callable[[], Awaitable[Page]]


@pytest.fixture
async def open_page(browser: Browser, abroad: SeededHouse) -> AsyncIterator[OpenPage]:
    """Give somebody a browser in which they are logged in."""
    context = await browser.new_context(base_url=abroad.hass.url, viewport=VIEWPORT)
    context.set_default_timeout(WAIT_MILLISECONDS)

    async def opened() -> Page:
        page = await context.new_page()
        await stay_logged_in(page, abroad.hass)
        await page.add_init_script(path=LOOK)
        return page

    yield opened
    await context.close()


class Reader:
    """Knows which texts are English and have another form in a language."""

    def __init__(self, language: str, source: str = "en") -> None:
        """Read the texts, with another language in the place of English."""
        english, other = texts_of(source), texts_of(language)
        also = {text.casefold() for text in other.values()}
        self._texts = {
            text
            for key, text in english.items()
            if other[key] != text
            and text not in LOOKS_ENGLISH.get(language, ())
            and text.casefold() not in also
            and re.search(r"[A-Za-z]{2,}", bare(text))
        }
        self._patterns = [
            re.compile(self._pattern(text))
            for text in self._texts
            if "{" in text and len(re.findall(r"[A-Za-z]{2,}", bare(text))) > 1
        ]
        self._other = [
            re.compile(self._pattern(text)) for text in other.values() if "{" in text
        ]

    @staticmethod
    def _pattern(text: str) -> str:
        return re.sub(r"\\\{\w+\\\}", ".+?", re.escape(text))

    def english(self, seen: Iterable[str]) -> set[str]:
        """Return what is English of what was seen."""
        parts = {
            part.strip() for text in seen for part in re.split(r" · |\n|: ", text)
        } | set(seen)
        return {
            part
            for part in parts
            if part in self._texts
            or (
                any(one.fullmatch(part) for one in self._patterns)
                and not any(one.fullmatch(part) for one in self._other)
            )
        }

    async def check(self, page: Page) -> None:
        """Check that nothing on a page is English."""
        assert self.english(await page.evaluate("look.page()")) == set()


def bare(text: str) -> str:
    """Return a text without its placeholders."""
    return re.sub(r"\{\w+\}", " ", text)


def views(house: SeededHouse) -> list[str]:
    """Return the paths of all kinds of views."""
    tabs = [house.view_of(name, tab) for name in ("gamma", "q") for tab in TABS]
    return [*VIEWS, *map(house.view_of, SHOWN), *tabs]


async def seen_in(dashboard: Dashboard, view: str) -> list[str]:
    await dashboard.go(view)
    await dashboard.check()
    texts: list[str] = await dashboard.look("texts")
    return texts


async def take(dashboard: Dashboard, picture: Path) -> None:
    """Take a small picture of what is seen first."""
    await dashboard.page.evaluate("scrollTo(0, 0)")
    keep(picture, small(await dashboard.page.screenshot(animations="disabled")))


def keep(picture: Path, content: bytes) -> None:
    picture.parent.mkdir(exist_ok=True)
    picture.write_bytes(content)


def folder_of(pictures: Path, language: str) -> Path:
    """Return where pictures go: the documentation has those of some languages."""
    return (pictures if language in PICTURED else ARTIFACTS) / "languages"


def pictured(house: SeededHouse, view: str) -> str | None:
    """Return the name of the view of which there is a picture."""
    return {"fleet": "fleet", house.view_of("gamma"): "miner"}.get(view)


def names_of_tiles(language: str) -> list[str]:
    """Return what stands in tiles that are half as wide as a phone, of any miner."""
    texts = texts_of(language)
    modules = [path.read_text(encoding="utf-8") for path in STRATEGY.glob("*.js")]
    keys = [
        f"entity.{domain}.{prefix}{key}.name"
        for module in modules
        for domain, key in ENTITY.findall(module)
        for prefix in ("", "fleet_")
    ]
    named = [key for module in modules for key in NAMED.findall(module)]
    assert named
    found = {texts.get(key) for key in keys}
    found |= {texts[f"common.dashboard_{key}"] for key in named}
    names = [name for name in found if name and "{" not in name]
    assert len(names) > 15
    return names


@pytest.mark.parametrize("language", EACH)
async def test_no_view_is_english(
    open_dashboard: OpenDashboard, abroad: SeededHouse, pictures: Path, language: str
) -> None:
    await speak(abroad.hass, language)
    reader, found = Reader(language), dict[str, set[str]]()
    dashboard = await open_dashboard(abroad.hass.api)
    await dashboard.open()
    for view in views(abroad):
        seen = await seen_in(dashboard, view)
        assert len(seen) > 5
        if name := pictured(abroad, view):
            await take(
                dashboard, folder_of(pictures, language) / f"{name}-{language}.png"
            )
        if english := reader.english(seen):
            found[view] = english
    assert found == {}


async def test_cards_are_for_the_user_and_reports_for_the_house(
    open_dashboard: OpenDashboard, abroad: SeededHouse
) -> None:
    """Names of entities are those of the house, as Home Assistant has it."""
    await speak(abroad.hass, FIRST, user="fr")
    ours, theirs = texts_of("fr"), texts_of(FIRST)
    names = {text for key, text in theirs.items() if key.startswith("entity.")}
    dashboard = await open_dashboard(abroad.hass.api)
    await dashboard.open()
    seen = set(await seen_in(dashboard, "fleet"))
    words = {
        ours[key]: theirs[key]
        for key in ours
        if key.startswith("common.dashboard_") and theirs[key] not in names
    }
    spoken = {text: other for text, other in words.items() if text != other}
    assert len(seen & spoken.keys()) > 5
    assert seen & {*spoken.values()} <= words.keys()
    report = await abroad.hass.api.post(
        f"services/{DOMAIN}/fleet_report?return_response", {"hours": 24}
    )
    lines = lines_of(report["service_response"]["markdown"])
    found = [
        [part for line in lines for part in line.split(", ") if reader.english([part])]
        for reader in (Reader("fr", FIRST), Reader(FIRST, "fr"))
    ]
    assert len(found[0]) > 2
    assert found[1] == []


@pytest.mark.parametrize("language", EACH)
async def test_no_label_is_cut_off_on_a_phone(
    open_dashboard: OpenDashboard, abroad: SeededHouse, pictures: Path, language: str
) -> None:
    await speak(abroad.hass, language)
    dashboard = await open_dashboard(abroad.hass.api, **PHONE)
    await dashboard.open()
    found = dict[str, list[str]]()
    for view in views(abroad):
        await dashboard.go(view)
        await dashboard.check()
        if name := pictured(abroad, view):
            folder = folder_of(pictures, language)
            await take(dashboard, folder / f"{name}-{language}-phone.png")
        cut: list[str] = await dashboard.look("cut")
        labels = [text for text in cut if not MODELS.search(text)]
        if labels:
            found[view] = labels
        assert await dashboard.look("wide") == []
    assert found == {}
    await dashboard.go(abroad.view_of("gamma"))
    assert await dashboard.look("crowded", names_of_tiles(language)) == []


@pytest.mark.parametrize("language", EACH)
async def test_a_miner_is_added(
    open_page: OpenPage, abroad: SeededHouse, language: str
) -> None:
    await speak(abroad.hass, language)
    reader, texts = Reader(language), texts_of(language)
    page = await open_page()
    await page.goto(ADD_DIALOG)
    await page.get_by_role("button", name="OK").click()
    dialog = page.locator("dialog-data-entry-flow")
    name = texts["config.step.user.menu_options.miner"]
    choice = dialog.get_by_text(name, exact=True)
    await expect(choice).to_be_visible()
    await reader.check(page)
    await choice.click()
    label = texts["config.step.miner.data.host"]
    address = dialog.get_by_role("textbox", name=label)
    await address.fill("127.0.0.1:9")
    await reader.check(page)
    await dialog.get_by_role("button").last.click()
    failed = dialog.locator("ha-alert[alert-type=error]")
    await expect(failed).to_contain_text(texts["config.error.cannot_connect"])
    await reader.check(page)


def lines_of(markdown: str) -> list[str]:
    """Return the lines of a message without their marks."""
    bare = markdown.replace("*", "").splitlines()
    return [line.removeprefix("- ") for line in bare if line]


@pytest.mark.parametrize("language", EACH)
async def test_a_repair(
    open_page: OpenPage, abroad: SeededHouse, language: str
) -> None:
    """What a repair is filled with is in the language of Home Assistant.

    It stays: behind a change of its mode this miner calibrates, and takes no other.
    """
    await speak(abroad.hass, language)
    reader, texts, api = Reader(language), texts_of(language), abroad.hass.api
    title = texts["issues.setting_refused.title"].format(name=abroad.titles["q"])
    mode = await abroad.entity("q", "select.work_mode")

    async def choose(option: str) -> None:
        await api.call_service("select", "select_option", entity_id=mode, option=option)

    async def told() -> list[str]:
        listed: list[Json] = (await api.command("repairs/list_issues"))["issues"]
        return [
            one["translation_placeholders"]["error"]
            for one in listed
            if one["translation_key"] == "setting_refused"
        ]

    async def works() -> bool:
        return await abroad.state("q", "select.work_mode") in ("eco", "super")

    earlier = await told()

    async def refused() -> bool:
        return await told() not in ([], earlier)

    await until_so(works)
    before = await abroad.state("q", "select.work_mode")
    abroad.farm["q"].inject("write_ignored")
    await choose("super" if before == "eco" else "eco")
    await until_so(refused, patience=180)
    assert reader.english(await told()) == set()
    page = await open_page()
    await page.goto("/config/repairs")
    await page.get_by_text(title).click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await reader.check(page)
    abroad.farm["q"].clear()


@pytest.mark.parametrize("language", EACH)
async def test_messages(
    open_page: OpenPage, abroad: SeededHouse, language: str
) -> None:
    """An alert, a report, and an answer are in the language of Home Assistant."""
    await speak(abroad.hass, language)
    reader, texts, api = Reader(language), texts_of(language), abroad.hass.api
    # The same one says nothing twice in a quarter of an hour.
    options = {
        "events": ["fan_stopped"],
        "rejects_above": 3 + languages().index(language),
    }
    alert = {"trigger": f"{DOMAIN}.alert", "options": options}

    async def works() -> bool:
        return await abroad.state("gamma", "binary_sensor.problem") == "off"

    await until_so(works, patience=180)
    async with api.subscribe("subscribe_trigger", trigger=alert) as alerts:
        abroad.farm["gamma"].inject("override", values={"fanrpm": 0})
        async with asyncio.timeout(180):
            told = (await alerts.get())["variables"]["trigger"]
        abroad.farm["gamma"].clear()
        async with asyncio.timeout(180):
            over = (await alerts.get())["variables"]["trigger"]
    assert texts["common.alert_fan_stopped"] in told["title"]
    assert texts["common.alert_fan_stopped_over"] in over["title"]
    written = {key: told[key] for key in ("title", "message")}
    await api.call_service("persistent_notification", "create", **written)
    page = await open_page()
    await page.goto("/config/repairs")
    await page.locator("home-assistant-main").dispatch_event("hass-show-notifications")
    await expect(page.get_by_text(told["title"]).first).to_be_visible()
    await reader.check(page)
    assert reader.english(lines_of(told["message"])) == set()
    for action, fields, key in (
        ("fleet_report", {"hours": 24}, "markdown"),
        ("command", {"text": "status", "pictures": False}, "text"),
    ):
        answer = await api.post(f"services/{DOMAIN}/{action}?return_response", fields)
        lines = lines_of(answer["service_response"][key])
        assert len(lines) > 2
        assert reader.english(lines) == set()
    await api.call_service("persistent_notification", "dismiss_all")
