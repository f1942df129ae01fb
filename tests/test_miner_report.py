"""The blueprint *Miner report*: when it comes, of what time, and that it arrives."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from importlib import import_module
from io import BytesIO
from pathlib import Path
import re
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.test_utils import TestServer
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components import notify
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import parse_yaml
from PIL import Image
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.runtime.entries import (
    async_device_id,
    miner_entries,
)

from .automations import (
    AUTOMATION,
    Guard,
    set_up_automation,
    set_up_automations,
    turn_off_automation,
)
from .conftest import GAMMA, GAMMA_2, Bench, TimedBench
from .fleets import SAVE_POWER
from .handles import take_over
from .messengers import telegram_schema
from .meta.package import ROOT

BLUEPRINT = "miner_report.yaml"
PACIFIC = ZoneInfo("US/Pacific")
NOTED = {
    "action": "test.sent",
    "data": {
        "title": "{{ title }}",
        "text": "{{ text }}",
        "report": "{{ report }}",
        "chart": "{{ chart }}",
        "pictures": "{{ pictures }}",
    },
}
PAGE = (ROOT / "docs" / "automations.md").read_text(encoding="utf-8")


def of_the_page(heading: str) -> list[dict[str, Any]]:
    """Return the actions that the page tells a user to take."""
    section = PAGE.partition(f"\n### {heading}\n")[2]
    found: Any = parse_yaml(section.partition("```yaml\n")[2].partition("```")[0])
    assert isinstance(found, list)
    return found


def note(hass: HomeAssistant, domain: str, name: str, schema: Any = None) -> list[Any]:
    """Take the place of an action, and return what it is called with."""
    calls: list[Any] = []

    async def called(call: ServiceCall) -> None:
        calls.append(dict(call.data))

    hass.services.async_register(domain, name, called, schema)
    return calls


@pytest.mark.parametrize(
    ("begin", "expected"),
    [
        pytest.param(
            datetime(2026, 10, 31, tzinfo=PACIFIC),
            {
                "daily": [
                    ("10-31 08:00", 24),
                    ("11-01 08:00", 25),
                    *((f"11-0{day} 08:00", 24) for day in range(2, 9)),
                ],
                "weekly": [("11-01 12:00", 169), ("11-08 12:00", 168)],
                "at night": [("11-02 01:30", 169)],
                "own hours": [("11-05 23:50", 3)],
            },
            id="an hour twice",
        ),
        pytest.param(
            datetime(2027, 3, 13, tzinfo=PACIFIC),
            {
                "daily": [
                    ("03-13 08:00", 24),
                    ("03-14 08:00", 23),
                    *((f"03-{day} 08:00", 24) for day in range(15, 22)),
                ],
                "weekly": [("03-14 12:00", 167), ("03-21 12:00", 168)],
                "at night": [("03-15 01:30", 167)],
                "own hours": [("03-18 23:50", 3)],
            },
            id="an hour missing",
        ),
    ],
)
async def test_when_it_comes(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    enable_custom_integrations: None,
    begin: datetime,
    expected: Mapping[str, Any],
) -> None:
    """Nine days with a change of the clock in them: once each, of the whole time."""
    guard = Guard(hass, freezer)
    freezer.move_to(begin)
    asked: list[int] = []
    came: dict[str, list[tuple[str, int]]] = defaultdict(list)

    async def report(call: ServiceCall) -> dict[str, Any]:
        asked.append(call.data["hours"])
        return {"summary": "", "miners": []}

    async def sent(call: ServiceCall) -> None:
        came[call.data["title"]].append((f"{dt_util.now():%m-%d %H:%M}", asked.pop()))

    hass.services.async_register(
        DOMAIN, "fleet_report", report, supports_response=SupportsResponse.ONLY
    )
    hass.services.async_register("test", "sent", sent)
    inputs: dict[str, dict[str, Any]] = {
        "daily": {"at": "08:00:00"},
        "weekly": {"schedule": "weekly", "weekday": "sun", "at": "12:00:00"},
        "at night": {"schedule": "weekly", "at": "01:30:00"},
        "hourly": {"schedule": "hourly"},
        "own hours": {
            "schedule": "weekly",
            "weekday": "thu",
            "at": "23:50:00",
            "hours": 3,
        },
    }
    named = {
        name: (BLUEPRINT, {"title": name, "actions": [NOTED], **given})
        for name, given in inputs.items()
    }
    await set_up_automations(hass, named)
    await guard.minutes(9 * 24 * 60, step=10)
    everything = {"entity_id": "all"}
    await hass.services.async_call("automation", "turn_off", everything, blocking=True)
    hourly = came.pop("hourly")
    assert len(hourly) in range(9 * 24 - 1, 9 * 24 + 1)
    assert {hours for _, hours in hourly} == {12}
    assert came == expected


@pytest.fixture
async def miners(bench: TimedBench, freezer: FrozenDateTimeFactory) -> TimedBench:
    """Add two on the Monday after the clock was changed, before eight."""
    freezer.move_to(datetime(2026, 11, 2, 7, 50, tzinfo=PACIFIC))
    for spec in (GAMMA, GAMMA_2):
        await take_over(bench, await bench.miner(spec))
    return bench


async def test_a_week_with_a_change_of_the_clock(miners: TimedBench) -> None:
    """It is of the whole week, from the same time of day on."""
    hass = miners.hass
    people, sent = note(hass, "notify", "send_message"), note(hass, "test", "sent")
    inputs = {"schedule": "weekly", "people": ["notify.ann"], "actions": [NOTED]}
    await miners.run(set_up_automation(hass, BLUEPRINT, inputs))
    await miners.pass_time(1200)
    ((message,), (noted,)) = people, sent
    assert message == {
        "entity_id": ["notify.ann"],
        "title": "Miners",
        "message": noted["text"],
    }
    assert noted["text"].startswith("Miners online: 2 of 2")
    period = noted["report"]["period"]
    assert (period["start"], period["end"], period["hours"]) == (
        "2026-10-26T08:00:00-07:00",
        "2026-11-02T08:00:00-08:00",
        169,
    )
    assert (noted["chart"], noted["pictures"]) == ({}, [])
    await turn_off_automation(hass)


async def test_which_miners_and_whether_they_run(miners: TimedBench) -> None:
    """Chosen ones have a line each; nothing is sent while none of them hashes."""
    hass, sent = miners.hass, note(miners.hass, "test", "sent")
    _, pausing = miner_entries(hass)
    hass.config_entries.async_update_entry(pausing, title="[x](//y) @here_1")
    device = async_device_id(hass, pausing)
    inputs = {
        "schedule": "hourly",
        "miners": {"device_id": [device]},
        "skip": True,
        "actions": [NOTED],
    }
    await miners.run(set_up_automation(hass, BLUEPRINT, inputs))
    await miners.pass_time(3600)
    (noted,) = sent
    assert noted["report"]["period"]["hours"] == 12
    assert re.match(r"\[x\]\(//y\)  here_1: ", noted["text"])
    assert [miner["device_id"] for miner in noted["report"]["miners"]] == [device]

    await miners.call("switch", "turn_on", {"entity_id": SAVE_POWER})
    await miners.pass_time(3600)
    assert len(sent) == 1
    await miners.call("switch", "turn_off", {"entity_id": SAVE_POWER})
    await miners.pass_time(3600)
    assert len(sent) == 2
    await turn_off_automation(hass)


class Mailbox:
    """What a real mail server was sent."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 OK"


@asynccontextmanager
async def mail_server() -> AsyncIterator[tuple[Mailbox, int]]:
    """Run a mail server on loopback, and return its mailbox and its port."""
    box, smtp = Mailbox(), import_module("aiosmtpd.smtp")
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: smtp.SMTP(box), "127.0.0.1", 0)
    async with server:
        yield box, server.sockets[0].getsockname()[1]
        # Who is still connected would be waited for.
        server.close_clients()


@pytest.fixture
async def reported(
    live_bench: Bench, tmp_path: Path
) -> AsyncIterator[Callable[..., Awaitable[Path]]]:
    """Return what sends a report with a chart now, and returns where the chart is."""
    hass = live_bench.hass
    hass.config.media_dirs = {"local": str(tmp_path)}
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    await take_over_now(live_bench)
    charts: list[Any] = note(hass, "test", "sent")

    async def report(*actions: dict[str, Any]) -> Path:
        kinds = ["all_miners", "trends"]
        inputs = {"charts": kinds, "actions": [*actions, NOTED]}
        await set_up_automation(hass, BLUEPRINT, inputs)
        await hass.services.async_call(
            "automation", "trigger", {"entity_id": AUTOMATION}, blocking=True
        )
        await hass.async_block_till_done()
        (noted,) = charts
        first, second = noted["pictures"]
        assert first == noted["chart"]
        assert Path(second["path"]).name.startswith("trends_24h_")
        return Path(first["path"])

    yield report
    await turn_off_automation(hass)


async def take_over_now(bench: Bench) -> None:
    """Add a miner whose name wants to be more than a text."""
    entry = await bench.add(await bench.miner(GAMMA))
    bench.hass.config_entries.async_update_entry(entry, title="<b>Ann's</b> & co")


async def test_mail(
    reported: Callable[..., Awaitable[Path]], live_bench: Bench
) -> None:
    """The picture of the mail opens, and is the chart; the text is the report."""
    hass = live_bench.hass
    assert await async_setup_component(hass, "media_source", {})
    async with mail_server() as (box, port):
        recipient = ConfigSubentryData(
            data={},
            subentry_type="recipient",
            title="Ann",
            unique_id="ann@example.com",
        )
        server = MockConfigEntry(
            domain="smtp",
            data={
                "server": "127.0.0.1",
                "port": port,
                "sender": "home@example.com",
                "encryption": "none",
                "verify_ssl": False,
            },
            subentries_data=[recipient],
        )
        server.add_to_hass(hass)
        assert await hass.config_entries.async_setup(server.entry_id)
        await hass.async_block_till_done()
        (entity,) = er.async_entries_for_config_entry(
            er.async_get(hass), server.entry_id
        )
        (action,) = of_the_page("E-mail")
        target = {"entity_id": entity.entity_id}
        chart = await reported({**action, "target": target})
        (mail,) = box.messages
        await hass.config_entries.async_unload(server.entry_id)

    assert (mail["Subject"], mail["From"]) == ("Miners", "home@example.com")
    assert "ann@example.com" in mail["To"]
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().splitlines()[0] == "Miners online: 1 of 1"
    shown = html.get_content()
    assert re.search(r"online: 1 of 1<br>Nothing needs attention.*cid:chart", shown)
    (picture,) = (
        part for part in mail.walk() if part.get_content_type() == "image/png"
    )
    assert picture["Content-ID"] == "<chart>"
    content = picture.get_content()
    assert content == await hass.async_add_executor_job(chart.read_bytes)
    with Image.open(BytesIO(content)) as image:
        image.load()
        assert (image.format, image.size) == ("PNG", (2800, 1400))


async def test_rest(
    reported: Callable[..., Awaitable[Path]], live_bench: Bench
) -> None:
    """A server of one's own is sent the title and the text."""
    received: list[Any] = []

    async def receive(request: web.Request) -> web.Response:
        received.append(await request.json())
        return web.Response()

    application = web.Application()
    application.router.add_post("/miners", receive)
    async with TestServer(application, host="127.0.0.1") as server:
        configured = {
            "platform": "rest",
            "name": "ntfy",
            "resource": str(server.make_url("/miners")),
            "method": "POST_JSON",
            "title_param_name": "title",
        }
        hass = live_bench.hass
        assert await async_setup_component(hass, "notify", {"notify": [configured]})
        await hass.async_block_till_done()
        await reported(*of_the_page("Any address"))
    (data,) = received
    assert data.keys() == {"title", "message"}
    assert data["title"] == "Miners"
    assert data["message"].startswith("Miners online: 1 of 1\n")


MESSENGERS: Mapping[str, tuple[str, str]] = {
    "Telegram": ("telegram_bot", "send_photo"),
    "Discord": ("notify", "discord"),
    "The companion app": ("notify", "mobile_app_my_phone"),
}


async def test_messengers(
    reported: Callable[..., Awaitable[Path]], live_bench: Bench
) -> None:
    """What the page tells is what Home Assistant's own messengers take."""
    hass, sent, actions = live_bench.hass, {}, []
    for heading, (domain, name) in MESSENGERS.items():
        schema = notify.NOTIFY_SERVICE_SCHEMA
        if domain == "telegram_bot":
            schema = telegram_schema("SEND_FILE")
        sent[heading] = note(hass, domain, name, schema)
        actions += of_the_page(heading)
    chart = await reported(*actions)
    ((telegram,), (discord,), (app,)) = sent.values()
    # Telegram and Discord look for a file at an allowed path.
    assert hass.config.is_allowed_path(str(chart))
    assert telegram["file"] == str(chart)
    assert telegram["chat_id"] == [123456789]
    assert telegram["caption"].startswith("Miners online: 1 of 1\n")
    assert discord["target"] == ["1234567890123456789"]
    assert str(discord["message"]).startswith("**All miners, 24 h until")
    code = Path(notify.__file__).parents[1] / "discord" / "notify.py"
    source = await hass.async_add_executor_job(code.read_text)
    (key,) = re.findall(r'^ATTR_IMAGES = "(\w+)"', source, re.MULTILINE)
    shown = discord["data"][key]
    assert discord["data"].keys() == {key}
    assert shown[0] == str(chart)
    assert [Path(path).name.partition("_24h_")[0] for path in shown] == [
        "all_miners",
        "trends",
    ]
    assert all(map(hass.config.is_allowed_path, shown))
    assert app["data"] == {"image": f"/media/local/{DOMAIN}/charts/{chart.name}"}
    assert str(app["title"]) == "Miners"
