"""The dashboard's modules are served, and it is in the sidebar by itself."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
import logging
from pathlib import Path
import re
import shutil
from typing import Any

from aiohttp.test_utils import TestClient
from homeassistant.components import frontend
from homeassistant.components.lovelace import const as lovelace, dashboard
from homeassistant.components.lovelace.system_health import system_health_info
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import translation
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.miner_monitor import frontend as serving
from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.fleet.coordinator import async_fleet_entry

from .conftest import GAMMA, HEX, TimedBench
from .fleets import choose as fill_in

PATH = "miner-monitor"
STRATEGY = {"strategy": {"type": "custom:miner-monitor"}}
FOLDER = Path(serving.__file__).parent / "modules"
MODULES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.js"))
EVERYWHERE = "miner-monitor.js"
MOST_BYTES = 15_000
"""What every page of Home Assistant may load because of us."""

IMPORT = re.compile(r'^(?:import|export)\b[^;]*?from "([^"]+)";', re.MULTILINE)

type Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture(autouse=True)
def onboarded(hass_storage: dict[str, Any]) -> None:
    """Let the index page come, and not that of a first start."""
    hass_storage["onboarding"] = {
        "version": 4,
        "data": {"done": ["user", "core_config", "analytics", "integration"]},
    }


def keep_routes_open(hass: HomeAssistant) -> None:
    """Do as Home Assistant's own server: integrations come while it runs."""
    hass.http.app._router.freeze = lambda: None


@pytest.fixture
async def home(bench: TimedBench, hass: HomeAssistant) -> TimedBench:
    """Give a bench whose Home Assistant has a frontend."""
    assert await async_setup_component(hass, "frontend", {})
    keep_routes_open(hass)
    return bench


@pytest.fixture
async def ask(home: TimedBench, hass_ws_client: WebSocketGenerator) -> Ask:
    """Give what asks as a browser does."""
    client = await hass_ws_client(home.hass)

    async def asking(kind: str, **data: Any) -> dict[str, Any]:
        await client.send_json_auto_id({"type": kind, **data})
        return await client.receive_json()

    return asking


async def panel(ask: Ask) -> dict[str, Any] | None:
    """Return the dashboard as the sidebar has it."""
    return (await ask("get_panels"))["result"].get(PATH)


async def opener(ask: Ask) -> dict[str, Any] | None:
    """Return what opens the dashboard in pages without its modules."""
    return (await ask("get_panels"))["result"].get(f"{PATH}-open")


async def config(ask: Ask) -> Any:
    """Return what the dashboard is made of; an error's code where it is not there."""
    answer = await ask("lovelace/config", url_path=PATH, force=False)
    return answer["result"] if answer["success"] else answer["error"]["code"]


async def choose(hass: HomeAssistant, **options: Any) -> None:
    """Fill in the general form of all miners."""
    result = await fill_in(hass, "fleet", options)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def index_of(client: TestClient) -> str:
    reply = await client.get("/")
    assert reply.status == HTTPStatus.OK
    return await reply.text()


def address_in(index: str) -> str:
    """Return the folder from which the index page loads our modules."""
    found = re.findall(rf'"(/{DOMAIN}/[^"]+)/miner-monitor\.js"', index)
    assert len(set(found)) == 1
    return found[0]


async def test_page_names_the_module(
    home: TimedBench, hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    """Whatever page is opened loads it, before there is a miner."""
    assert await async_setup_component(hass, DOMAIN, {})
    client = await hass_client()
    address = address_in(await index_of(client))
    assert re.fullmatch(rf"/{DOMAIN}/[0-9a-f]{{12}}", address)
    reply = await client.get(f"{address}/{EVERYWHERE}")
    assert reply.status == HTTPStatus.OK
    assert "javascript" in reply.content_type
    assert "max-age" in reply.headers["Cache-Control"]
    assert await reply.text() == (FOLDER / EVERYWHERE).read_text()


async def test_every_module_can_be_loaded(
    home: TimedBench, hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """A browser loads modules without a login, and finds all that they import."""
    assert await async_setup_component(hass, DOMAIN, {})
    client = await hass_client_no_auth()
    address = address_in(await index_of(client))
    for name in MODULES:
        reply = await client.get(f"{address}/{name}")
        assert reply.status == HTTPStatus.OK, name
        for imported in IMPORT.findall(await reply.text()):
            there = (FOLDER / name).parent / imported
            assert there.resolve().relative_to(FOLDER).as_posix() in MODULES, name
    for outside in ("../__init__.py", "..%2f__init__.py", "", "none.js"):
        reply = await client.get(f"{address}/{outside}")
        assert reply.status >= HTTPStatus.BAD_REQUEST, outside


def test_every_page_loads_one_small_module() -> None:
    text = (FOLDER / EVERYWHERE).read_bytes()
    assert len(text) <= MOST_BYTES
    assert IMPORT.findall(text.decode()) == []


async def test_page_that_was_open_during_an_update(
    home: TimedBench, hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """What it imports from its old address comes, whole, from the new one."""
    assert await async_setup_component(hass, DOMAIN, {})
    client = await hass_client_no_auth()
    address = address_in(await index_of(client))
    former = f"/{DOMAIN}/0123456789ab"
    for name in MODULES:
        reply = await client.get(f"{former}/{name}")
        assert reply.status == HTTPStatus.OK, name
        # The browser resolves what a module imports against this.
        assert reply.url.path == f"{address}/{name}"
        (sent,) = reply.history
        assert "no-store" in sent.headers["Cache-Control"]
    for none in ("none.js", "../__init__.py", "..%2f__init__.py", "/example.org"):
        reply = await client.get(f"{former}/{none}", allow_redirects=False)
        assert reply.status >= HTTPStatus.BAD_REQUEST, none


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "lib" / "dom.js").write_text("// other"),
        lambda folder: (folder / "lib" / "dom.js").unlink(),
        lambda folder: (folder / "lib" / "dom.js").rename(folder / "dom.js"),
        lambda folder: (folder / "new.js").write_text("// new"),
    ],
)
def test_address_changes_with_the_content(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, change: Callable[[Path], Any]
) -> None:
    copy = shutil.copytree(FOLDER, tmp_path / "modules")
    before = serving._fingerprint()
    monkeypatch.setattr(serving, "FOLDER", copy)
    assert serving._fingerprint() == before
    change(copy)
    assert serving._fingerprint() != before


@pytest.mark.parametrize("component", [None, "http"])
async def test_without_frontend(
    bench: TimedBench,
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    component: str | None,
) -> None:
    """Nothing is served and nothing fails."""
    if component:
        assert await async_setup_component(hass, component, {})
    await bench.add(await bench.miner(GAMMA))
    assert frontend.DATA_EXTRA_MODULE_URL not in hass.data
    assert not frontend.async_panel_exists(hass, PATH)
    assert worries(caplog) == []


def worries(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings and errors of our own."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and DOMAIN in record.name
    ]


async def test_is_in_the_sidebar(
    home: TimedBench, hass: HomeAssistant, ask: Ask, hass_storage: dict[str, Any]
) -> None:
    """It comes with the first miner, goes with the last, and is not stored."""
    assert await panel(ask) is None
    assert await config(ask) == "config_not_found"

    first = await home.add(await home.miner(GAMMA))
    shown = await panel(ask)
    assert shown == {
        "component_name": "lovelace",
        "config": {"mode": "yaml"},
        "config_panel_domain": None,
        "default_visible": True,
        "icon": "mdi:pickaxe",
        "require_admin": False,
        "show_in_sidebar": False,
        "title": "Miners",
        "url_path": PATH,
    }
    assert (await opener(ask))["show_in_sidebar"]
    assert await config(ask) == STRATEGY
    assert (await ask("lovelace/dashboards/list"))["result"] == []
    assert [key for key in hass_storage if PATH in key] == []

    second = await home.add(await home.miner(HEX))
    await home.run(hass.config_entries.async_remove(first.entry_id))
    await home.settle()
    assert await panel(ask) == shown
    await home.run(hass.config_entries.async_remove(second.entry_id))
    await home.settle()
    assert await panel(ask) is None
    assert await opener(ask) is None
    assert await config(ask) == "config_not_found"


async def test_pages_that_were_open_before(
    home: TimedBench,
    hass: HomeAssistant,
    ask: Ask,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """What stands in the sidebar brings the modules that they lack."""
    await home.add(await home.miner(GAMMA))
    shown = await opener(ask)
    assert shown["component_name"] == "custom"
    assert (shown["title"], shown["icon"]) == ("Miners", "mdi:pickaxe")
    assert shown["config"]["path"] == f"/{PATH}"
    element = shown["config"]["_panel_custom"]
    reply = await (await hass_client_no_auth()).get(element["module_url"])
    assert f'"{element["name"]}"' in await reply.text()


async def test_no_page_is_open_when_home_assistant_starts(
    home: TimedBench, hass: HomeAssistant, ask: Ask
) -> None:
    """Every page has the modules, and the dashboard itself is in the sidebar."""
    hass.set_state(CoreState.starting)
    assert await async_setup_component(hass, DOMAIN, {})
    hass.set_state(CoreState.running)
    await home.add(await home.miner(GAMMA))
    assert (await panel(ask))["show_in_sidebar"]
    assert await opener(ask) is None


async def test_other_users_see_it(
    home: TimedBench,
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    hass_read_only_access_token: str,
) -> None:
    await home.add(await home.miner(GAMMA))
    client = await hass_ws_client(hass, hass_read_only_access_token)
    await client.send_json_auto_id({"type": "get_panels"})
    assert PATH in (await client.receive_json())["result"]
    await client.send_json_auto_id({"type": "lovelace/config", "url_path": PATH})
    assert (await client.receive_json())["result"] == STRATEGY


async def test_goes_and_comes_with_the_entry(
    home: TimedBench, hass: HomeAssistant, ask: Ask
) -> None:
    await home.add(await home.miner(GAMMA))
    entry_id = async_fleet_entry(hass).entry_id
    await home.run(hass.config_entries.async_unload(entry_id))
    assert await panel(ask) is None
    assert await config(ask) == "config_not_found"
    await home.run(hass.config_entries.async_setup(entry_id))
    assert await config(ask) == STRATEGY
    await home.run(hass.config_entries.async_reload(entry_id))
    assert (await panel(ask))["title"] == "Miners"


async def test_cannot_be_edited(home: TimedBench, ask: Ask) -> None:
    """What the browser builds itself is nothing to save."""
    await home.add(await home.miner(GAMMA))
    for kind, data in (
        ("lovelace/config/save", {"config": {"views": []}}),
        ("lovelace/config/delete", {}),
    ):
        answer = await ask(kind, url_path=PATH, **data)
        assert answer["error"]["code"] == "error"
    assert await config(ask) == STRATEGY


async def test_whoever_asks_within_home_assistant(
    home: TimedBench, hass: HomeAssistant
) -> None:
    """The system's health counts it, and a cast loads it, as any other."""
    before = await system_health_info(hass)
    await home.add(await home.miner(GAMMA))
    after = await system_health_info(hass)
    assert after == before | {"dashboards": before["dashboards"] + 1}
    found = hass.data[lovelace.LOVELACE_DATA].dashboards[PATH]
    assert await found.async_load(force=False) == STRATEGY
    assert found.mode == "yaml"


async def test_option(home: TimedBench, hass: HomeAssistant, ask: Ask) -> None:
    """It is shown and hidden at once; nothing is loaded anew for it."""
    await home.add(await home.miner(GAMMA))
    loaded = async_fleet_entry(hass).runtime_data
    for wanted in (False, False, True, True, False):
        await choose(hass, sidebar=wanted)
        assert (await panel(ask) is not None) is wanted
        assert await config(ask) == (STRATEGY if wanted else "config_not_found")
        assert async_fleet_entry(hass).options == {"sidebar": wanted}
    assert async_fleet_entry(hass).runtime_data is loaded

    entry_id = async_fleet_entry(hass).entry_id
    await home.run(hass.config_entries.async_reload(entry_id))
    assert await panel(ask) is None


async def test_dashboard_of_the_user_stays(
    home: TimedBench, hass: HomeAssistant, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    """What is at our address already is none of ours."""
    made = await ask(
        "lovelace/dashboards/create",
        url_path=PATH,
        title="Mine",
        mode="storage",
        icon="mdi:gold",
        show_in_sidebar=True,
        require_admin=True,
    )
    assert made["success"]
    views = {"views": [{"title": "Mine"}]}
    assert (await ask("lovelace/config/save", url_path=PATH, config=views))["success"]

    await home.add(await home.miner(GAMMA))
    for wanted in (False, True):
        await choose(hass, sidebar=wanted)
    await home.run(hass.config_entries.async_unload(async_fleet_entry(hass).entry_id))

    assert (await panel(ask))["title"] == "Mine"
    assert await config(ask) == views
    assert worries(caplog) == []


async def test_dashboard_of_the_user_that_comes_later(
    home: TimedBench, hass: HomeAssistant, ask: Ask
) -> None:
    """There is room for it when ours is turned off, and it is not taken away then."""
    await home.add(await home.miner(GAMMA))
    create = {"url_path": PATH, "title": "Mine", "mode": "storage"}
    assert not (await ask("lovelace/dashboards/create", **create))["success"]
    assert await config(ask) == STRATEGY
    await choose(hass, sidebar=False)
    assert (await ask("lovelace/dashboards/create", **create))["success"]
    await choose(hass, sidebar=True)
    await choose(hass, sidebar=False)
    assert (await panel(ask))["title"] == "Mine"


async def test_title_is_translated(
    home: TimedBench, hass: HomeAssistant, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def translations(_: HomeAssistant, *what: str) -> dict[str, str]:
        asked.append(what)
        if what[1] != "common":
            return {}
        return {f"component.{DOMAIN}.common.dashboard_title": "Schürfer"}

    monkeypatch.setattr(translation, "async_get_cached_translations", translations)
    hass.config.language = "de"
    await home.add(await home.miner(GAMMA))
    assert (await panel(ask))["title"] == "Schürfer"
    assert ("de", "common", DOMAIN) in asked


async def test_title_in_a_language_without_translation(
    home: TimedBench, hass: HomeAssistant, ask: Ask
) -> None:
    hass.config.language = "eo"
    await home.add(await home.miner(GAMMA))
    assert (await panel(ask))["title"] == "Miners"


def no_key(monkeypatch: pytest.MonkeyPatch, _: HomeAssistant) -> None:
    monkeypatch.delattr(lovelace, "LOVELACE_DATA")


def no_data(monkeypatch: pytest.MonkeyPatch, hass: HomeAssistant) -> None:
    monkeypatch.delitem(hass.data, lovelace.LOVELACE_DATA)


def no_dashboards(monkeypatch: pytest.MonkeyPatch, hass: HomeAssistant) -> None:
    monkeypatch.setitem(hass.data, lovelace.LOVELACE_DATA, object())


def no_class(monkeypatch: pytest.MonkeyPatch, _: HomeAssistant) -> None:
    monkeypatch.delattr(dashboard, "LovelaceConfig")


def more_to_do(monkeypatch: pytest.MonkeyPatch, _: HomeAssistant) -> None:
    wanted = dashboard.LovelaceConfig.__abstractmethods__ | {"async_get_views"}
    monkeypatch.setattr(dashboard.LovelaceConfig, "__abstractmethods__", wanted)
    monkeypatch.setattr(
        dashboard.LovelaceConfig, "async_get_views", _abstract, raising=False
    )


def _abstract() -> None:
    """Have to be given by each subclass."""


_abstract.__isabstractmethod__ = True


def other_list(monkeypatch: pytest.MonkeyPatch, hass: HomeAssistant) -> None:
    monkeypatch.setattr(hass.data[lovelace.LOVELACE_DATA], "dashboards", ())


def other_panels(monkeypatch: pytest.MonkeyPatch, _: HomeAssistant) -> None:
    def register(hass: HomeAssistant, component_name: str) -> None:
        raise AssertionError

    monkeypatch.setattr(frontend, "async_register_built_in_panel", register)


def refused_panels(monkeypatch: pytest.MonkeyPatch, _: HomeAssistant) -> None:
    def register(*_: Any, **__: Any) -> None:
        raise ValueError("Overwriting panel")

    monkeypatch.setattr(frontend, "async_register_built_in_panel", register)


@pytest.mark.parametrize(
    "moved",
    [
        *(no_key, no_data, no_dashboards, no_class, more_to_do, other_list),
        *(other_panels, refused_panels),
    ],
)
async def test_other_home_assistant(
    home: TimedBench,
    hass: HomeAssistant,
    ask: Ask,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    moved: Callable[[pytest.MonkeyPatch, HomeAssistant], None],
) -> None:
    """Where its inside has changed there is one warning, and all else works."""
    with monkeypatch.context() as patch:
        moved(patch, hass)
        entry = await home.add(await home.miner(GAMMA))
        assert len(worries(caplog)) == 1
        assert "Miners is not in the sidebar" in worries(caplog)[0]
        assert await panel(ask) is None
        assert async_fleet_entry(hass).runtime_data.data is not None
        assert hass.states.get("sensor.all_miners_hash_rate") is not None
        await choose(hass, sidebar=False)
        await home.run(
            hass.config_entries.async_unload(async_fleet_entry(hass).entry_id)
        )
        assert len(worries(caplog)) == 1
    # Nothing of ours was left where it would be found one day.
    assert await config(ask) == "config_not_found"
    await home.run(hass.config_entries.async_remove(entry.entry_id))


async def test_panel_that_cannot_be_removed(
    home: TimedBench,
    hass: HomeAssistant,
    ask: Ask,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The fleet's entry is unloaded all the same, and its dashboard is gone."""
    await home.add(await home.miner(GAMMA))
    with monkeypatch.context() as patch:
        patch.delattr(frontend, "async_remove_panel")
        entry_id = async_fleet_entry(hass).entry_id
        assert await home.run(hass.config_entries.async_unload(entry_id))
    assert await config(ask) == "config_not_found"
    assert len(worries(caplog)) == 1
    assert "until the next start" in worries(caplog)[0]


async def test_dashboards_that_come_later(
    bench: TimedBench,
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """Without dashboards there is none in the sidebar, with them the next time."""
    await bench.add(await bench.miner(GAMMA))
    assert not frontend.async_panel_exists(hass, PATH)
    assert await async_setup_component(hass, "frontend", {})
    entry_id = async_fleet_entry(hass).entry_id
    await bench.run(hass.config_entries.async_reload(entry_id))
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "lovelace/config", "url_path": PATH})
    assert (await client.receive_json())["result"] == STRATEGY
    assert worries(caplog) == []
