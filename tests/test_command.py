"""Every command of a chat, what it does to the miners, and what is answered."""

import asyncio
from collections import ChainMap
from collections.abc import Mapping
from datetime import datetime
from glob import glob
from pathlib import Path
import re
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant
from PIL import Image
import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.runtime.entries import async_device_id

from .conftest import OXBITCOIN, TimedBench
from .controls import patches
from .fleets import House, build
from .test_permissions import user_who_may

MAY = {"allow_control": True}
MAY_TUNE = {**MAY, "allow_tuning": True}
NO_CONTROL = "You aren't allowed to change anything from here."


class Chat:
    """Three miners, and somebody who writes."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.context = Context()
        self._seen: dict[str, int] = {}

    @property
    def hass(self) -> HomeAssistant:
        return self.house.bench.hass

    async def send(self, text: str, **fields: bool) -> dict[str, Any]:
        """Write something, and return the response."""
        (response,) = await self.send_at_once(text, **fields)
        return response

    async def send_at_once(self, *texts: str, **fields: bool) -> list[dict[str, Any]]:
        """Write several texts at a time, and return the responses."""

        async def send(text: str) -> dict[str, Any]:
            response = await self.hass.services.async_call(
                DOMAIN,
                "command",
                {"text": text, **fields},
                blocking=True,
                return_response=True,
                context=self.context,
            )
            assert isinstance(response, dict)
            assert len(str(response["text"])) <= 2000
            return response

        async def all_of_them() -> list[dict[str, Any]]:
            return await asyncio.gather(*map(send, texts))

        return await self.house.bench.run(all_of_them())

    async def say(self, text: str, **fields: bool) -> str:
        """Write something, and return what is answered."""
        return str((await self.send(text, **fields))["text"])

    async def wait(self, seconds: float = 60) -> None:
        await self.house.bench.advance(seconds)

    def written(self, name: str) -> list[Any]:
        """Return the settings that a miner was sent since somebody looked."""
        found, seen = patches(self.house.miners[name]), self._seen.get(name, 0)
        self._seen[name] = len(found)
        return found[seen:]

    def who_hashes(self) -> list[str]:
        miners = self.house.miners
        return [name for name, miner in miners.items() if miner.truth.hashing]

    def title(self, name: str, title: str) -> None:
        entry = self.house.entries[name]
        self.hass.config_entries.async_update_entry(entry, title=title)


@pytest.fixture
async def chat(
    freezer: FrozenDateTimeFactory, bench: TimedBench, tmp_path: Path
) -> Chat:
    """Begin at a time of day at which no day ends in a test; pictures go aside."""
    bench.hass.config.media_dirs = {"local": str(tmp_path)}
    freezer.move_to(datetime(2026, 12, 2, 12, 5, tzinfo=ZoneInfo("US/Pacific")))
    return Chat(await build(bench))


READ: Mapping[str, tuple[str, str]] = {
    "status": (
        "status",
        (
            r"Miners online: 3 of 3\. Now: 3\.\d\d TH/s, 5\d\.\d W, 1\d\.\d J/TH\."
            r" Nothing needs attention\. Today: 0\.01 kWh\.\n"
            r"anna: Hashing, 1\.\d\d TH/s, \d+% of expected, 1\d\.\d W, 1\d\.\d J/TH,"
            r" Chip \d\d °C\.\nbert: .*\ncarl: .*"
        ),
    ),
    "!stats": (
        "stats",
        r"anna, operating points\n\n- No data yet\n\nbert, operating points(.|\n)*",
    ),
    "!report 7d": ("report", r"Miners online: 3 of 3\nNothing needs attention"),
    "report": ("report", r"Miners online: 3 of 3\nNothing needs attention"),
    "miner ANNA 48": (
        "miner",
        r"anna, 48 h until 2026-12-02 12:\d\d\n\n- (No data for this|Hash)(.|\n)*",
    ),
    "/health@bot": ("health", r"Miners online: 3 of 3\. Nothing needs attention\."),
    "help": (
        "help",
        (
            r"status: All miners now\nstats: .*\nreport, report 12, report 7d: .*\n"
            r"miner NAME, miner NAME 12, miner NAME 7d: .*\nhealth: .*\nhelp: This list"
        ),
    ),
}


async def test_what_anybody_may_read(chat: Chat) -> None:
    await chat.wait(600)
    for text, (verb, answer) in READ.items():
        response = await chat.send(text)
        assert re.fullmatch(answer, response["text"]), (text, response["text"])
        assert (response["command"], response["failed"]) == (verb, False)
        assert response["pictures"] == []

    chat.house.miners["bert"].inject("power_fault")
    chat.house.miners["carl"].inject("offline")
    await chat.wait(300)
    assert re.fullmatch(
        r"Miners online: 2 of 3\. Offline now: carl\.\n"
        r"bert \(Voltage regulator fault\)\. Disconnect the power for a minute\. .*",
        await chat.say("health"),
    )
    assert len((await chat.say("help", **MAY_TUNE)).splitlines()) == 13
    assert "frequency" not in await chat.say("help", **MAY)


REFUSED: Mapping[str, str] = {
    "statsu": "Unknown command: statsu. Similar: stats, status, restart.",
    "report 400d": "Use 1 to 744 hours, or 1d to 31d.",
    "miner": "Usage: miner NAME, miner NAME 12, miner NAME 7d.",
    "miner ana": "No miner is called ana. Similar: anna.",
    "restart nobody": "No miner is called nobody.",
    "profile anna nihgt": "anna has no profile nihgt. Profiles: eco, default, high.",
    "profile anna hihg": "anna has no profile hihg. Profiles: high.",
}
"""What nobody can do, as it is answered."""


async def test_what_cannot_be_is_said(chat: Chat) -> None:
    await chat.wait(30)
    for text, answer in REFUSED.items():
        response = await chat.send(text, **MAY_TUNE)
        assert (text, response["text"]) == (text, answer)
        assert response["failed"] is True
    chat.title("bert", "anna two")
    assert await chat.say("miner an") == "No miner is called an. Similar: anna."
    chat.title("carl", "carl two")
    assert await chat.say("miner two") == (
        "Several miners match two: anna two, carl two."
    )
    for name in ("anna", "bert", "carl"):
        assert chat.written(name) == []
    for entry in chat.house.entries.values():
        await chat.hass.config_entries.async_unload(entry.entry_id)
    assert await chat.say("status") == "No miner is loaded."
    assert (await chat.say("help")).startswith("status: ")


ACTS = (
    "save",
    "resume",
    "restart anna",
    "!restart-all",
    "!clock anna 490",
    "voltage anna 1100",
    "fan anna 70",
    "profile anna eco",
)


async def test_who_may_act(chat: Chat) -> None:
    """Who is not allowed to, no user but an administrator, and nobody by chance."""
    for text in ACTS:
        assert await chat.say(text) == NO_CONTROL
    for text in ("frequency anna 490", "voltage anna 1100"):
        assert await chat.say(text, **MAY) == (
            "Changing frequency and voltage from here is turned off."
        )
        assert await chat.say(text, allow_tuning=True) == NO_CONTROL

    everything = {"all": {"read": True, "control": True}}
    guest = user_who_may(chat.hass, everything)
    owner = MockUser(is_owner=True).add_to_hass(chat.hass)
    for user, allowed in ((guest, False), (owner, True)):
        chat.context = Context(user_id=user.id)
        assert (await chat.say("status")).startswith("Miners online: 3 of 3.")
        if not allowed:
            for text in ACTS:
                answer = await chat.say(text, **MAY_TUNE)
                assert answer == "You aren't allowed to do this."
    assert [chat.written(name) for name in chat.house.miners] == [[], [], []]
    assert chat.house.who("pause", "resume", "restart") == []
    assert await chat.say("save", **MAY) == "Now saving power: anna, bert, carl."

    chat.context = Context(user_id=user_who_may(chat.hass, {}).id)
    assert await chat.say("status") == "You aren't allowed to do this."
    chat.context = Context(user_id="gone")
    assert await chat.say("restart anna", **MAY) == "You aren't allowed to do this."


async def test_save_and_resume(chat: Chat) -> None:
    """All but who is held, or one."""
    hold = {
        "device_id": async_device_id(chat.hass, chat.house.entries["anna"]),
        "for": "01:00:00",
    }
    await chat.house.bench.call(DOMAIN, "hold", hold)
    assert await chat.say("save", **MAY) == (
        "Now saving power: bert, carl. Left unchanged: anna (Automations held)."
    )
    await chat.wait()
    assert chat.who_hashes() == ["anna"]
    assert await chat.say("resume bert", **MAY) == "Resuming: bert."
    await chat.wait()
    assert chat.who_hashes() == ["anna", "bert"]
    assert await chat.say("!resume all", **MAY) == "Resuming: carl."
    assert await chat.say("save anna", **MAY) == (
        "Left unchanged: anna (Automations held)."
    )
    await chat.wait()
    assert chat.who_hashes() == ["anna", "bert", "carl"]


async def test_restart(chat: Chat) -> None:
    """One, then all but who is held or offline; not again at once."""
    assert await chat.say("restart Anna", **MAY) == "Restarting: anna."
    assert await chat.say("restart anna", **MAY) == (
        "This was done a moment ago. Try again in 60 s."
    )
    await chat.wait(20.5)
    assert await chat.say("restart all", **MAY) == (
        "This was done a moment ago. Try again in 40 s."
    )
    assert chat.house.who("restart") == ["anna"]
    await chat.wait(120)

    hold = {
        "device_id": async_device_id(chat.hass, chat.house.entries["anna"]),
        "for": "01:00:00",
    }
    await chat.house.bench.call(DOMAIN, "hold", hold)
    chat.house.miners["carl"].inject("offline")
    await chat.wait(120)
    assert await chat.say("!restart-all", **MAY) == (
        "Restarting: bert. Left unchanged: anna (Automations held), carl (Offline)."
    )
    assert (await chat.say("restart bert", **MAY)).startswith("This was done")
    await chat.wait(120)
    assert chat.house.who("restart") == ["anna", "bert"]
    assert "carl" in await chat.say("restart carl", **MAY)


SET: Mapping[str, tuple[str, dict[str, Any]]] = {
    "!clock anna 490": (
        "anna accepted: Frequency 490 MHz.",
        {"frequency": 490},
    ),
    "voltage anna 1100 mV": (
        "anna accepted: Core voltage 1.1 V.",
        {"coreVoltage": 1100},
    ),
    "fan anna 70 %": (
        "anna accepted: Fan duty cycle 70%.",
        {"autofanspeed": 0, "manualFanSpeed": 70},
    ),
    "fan anna auto": (
        "anna accepted: Automatic fan on.",
        {"autofanspeed": 1},
    ),
    "profile anna ECO": (
        "anna accepted: Profile eco.",
        {"coreVoltage": 1000, "frequency": 400},
    ),
}


async def test_settings(chat: Chat) -> None:
    """Each reaches its miner alone, as it was written."""
    chat.written("anna")
    for text, (answer, sent) in SET.items():
        assert await chat.say(text, **MAY_TUNE) == answer
        await chat.wait(30)
        assert (text, dict(ChainMap(*chat.written("anna")))) == (text, sent)
    assert chat.written("bert") == chat.written("carl") == []

    # What the miner refuses may be asked for again at once, and better.
    answer = await chat.say("frequency anna 5000", **MAY_TUNE)
    assert re.search(r"5000 MHz.*625 MHz", answer)
    assert await chat.say("frequency anna 500", **MAY_TUNE) == (
        "anna accepted: Frequency 500 MHz."
    )
    answer = await chat.say("frequency anna 525", **MAY_TUNE)
    assert re.fullmatch(r"This was done a moment ago\. Try again in \d+ s\.", answer)
    await chat.wait()
    assert [sent["frequency"] for sent in chat.written("anna")] == [500]
    hold = {
        "device_id": async_device_id(chat.hass, chat.house.entries["anna"]),
        "for": "01:00:00",
    }
    await chat.house.bench.call(DOMAIN, "hold", hold)
    user = MockUser(is_owner=True).add_to_hass(chat.hass)
    chat.context = Context(user_id=user.id)
    assert "accepted" in await chat.say("fan anna 60", **MAY)


async def test_who_is_held_is_left_alone(chat: Chat) -> None:
    """By each command, though all may be done: the answer names it, and says why."""
    hold = {
        "device_id": async_device_id(chat.hass, chat.house.entries["anna"]),
        "for": "01:00:00",
    }
    await chat.house.bench.call(DOMAIN, "hold", hold)
    chat.hass.states.async_set("automation.chat", "on", {}, context=chat.context)
    chat.written("anna")
    for text in (*SET, "save anna", "save", "restart anna", "restart all"):
        answer = await chat.say(text, **MAY_TUNE)
        assert re.search(r"\banna\b.*\bheld\b", answer), (text, answer)
    await chat.wait(180)
    assert chat.written("anna") == []
    assert "anna" not in chat.house.who("pause", "restart")
    assert chat.house.miners["anna"].truth.hashing


async def test_nothing_is_raised_while_hot(chat: Chat) -> None:
    """The answer has the temperature and the limit; what is less is obeyed."""
    await chat.wait(30)
    chat.house.miners["anna"].inject("hot", temperature=73)
    await chat.wait()
    chat.written("anna")
    for text in ("frequency anna 600", "voltage anna 1200", "profile anna high"):
        response = await chat.send(text, **MAY_TUNE)
        assert response["failed"] is True
        said = r"anna wasn't changed: .* the chip is at 7\d\.\d °C, limit 72 °C"
        assert re.match(said, response["text"]), response["text"]
    assert chat.written("anna") == []
    assert "accepted" in await chat.say("frequency anna 490", **MAY_TUNE)
    await chat.wait()
    assert chat.written("anna") == [{"frequency": 490}]


async def test_two_at_once(chat: Chat) -> None:
    """The same of one miner is done once; different things are all done."""
    chat.written("anna")
    texts = ("frequency anna 490", "frequency anna 500", "voltage anna 1100", "status")
    sent_at_once = await chat.send_at_once(*texts, **MAY_TUNE)
    answers = [response["text"] for response in sent_at_once]
    assert answers[0] == "anna accepted: Frequency 490 MHz."
    assert answers[1].startswith("This was done a moment ago.")
    assert answers[2] == "anna accepted: Core voltage 1.1 V."
    assert answers[3].startswith("Miners online: 3 of 3.")
    await chat.wait()
    sent: dict[str, Any] = {}
    for request in chat.written("anna"):
        assert not sent.keys() & request.keys()
        sent |= request
    assert sent == {"frequency": 490, "coreVoltage": 1100}

    sent_at_once = await chat.send_at_once("restart all", "!restart-all", **MAY)
    answers = [response["text"] for response in sent_at_once]
    assert min(answers) == "Restarting: anna, bert, carl."
    assert max(answers).startswith("This was done")
    await chat.wait(120)
    assert chat.house.who("restart") == ["anna", "bert", "carl"]


HOSTILE = (
    "{{ states.sensor | list }}",
    "status {{ 1 / 0 }}",
    "@everyone restart all",
    "<@!1234> `restart` **all**",
    "[status](https://evil.example)",
    "https://evil.example/?q=status",
    "restart " + "anna " * 2000,
    "x" * 10_000,
    "status\x00\u202e\ud800",
    "profile anna " + "🔥" * 200,
    "miner bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
)
NAMED = "🔥 [x](https://evil.example) @everyone `rm` <b>{{ 7 * 7 }}</b> **5**"


async def test_hostile(chat: Chat) -> None:
    """Nothing is done, and no answer has markup, links, mentions or wallets."""
    for title in ("anna", NAMED, "@here www.evil.example " * 500, "A" * 10_000):
        chat.title("anna", title)
        texts = (*HOSTILE, "status", "health", "report", "stats", f"miner {title}")
        for text in texts:
            answer = await chat.say(text, **MAY_TUNE)
            assert answer
            assert not re.search(r"[@<>`*\[\]|]|//|www\.|bc1q|A{65}|\b49\b", answer)
    chat.title("anna", NAMED)
    assert (await chat.say(f"fan {NAMED} 60", **MAY)).startswith("🔥 x")
    await chat.wait()
    assert len(chat.written("anna")) == 1
    assert chat.house.who("restart", "pause") == []


async def test_cards_have_no_command(bench: TimedBench, hass: HomeAssistant) -> None:
    """What a miner cannot do is said; the figures of a card are its own."""
    house = House(bench)
    await house.add(await bench.miner(OXBITCOIN))
    chat = Chat(house)
    name = next(iter(house.entries.values())).title
    assert await chat.say(f"restart {name}", **MAY) == (
        f"{name} can't be restarted from here."
    )
    assert await chat.say("restart all", **MAY) == (
        "No miner can be restarted from here."
    )
    assert "frequency" in (await chat.say(f"frequency {name} 500", **MAY_TUNE)).lower()
    assert "GH/s" in await chat.say("status")


async def test_pictures(chat: Chat, tmp_path: Path) -> None:
    """A report comes with a chart of what it is about, if that is wanted."""
    chat.hass.config.allowlist_external_dirs = {str(tmp_path)}
    for text, kind in (
        ("report 7d", "all_miners"),
        ("miner anna 12", "one_miner"),
        ("stats", "operating_points"),
    ):
        (picture,) = (await chat.send(text))["pictures"]
        assert Path(picture["path"]).name.startswith(kind)
        with Image.open(picture["path"]) as image:
            assert image.format == "PNG"
        name = Path(picture["path"]).name
        assert picture["url"] == f"/media/local/{DOMAIN}/charts/{name}"
        assert picture["media_content_id"].endswith(f"/{name}")
        assert (await chat.send(text, pictures=False))["pictures"] == []
    assert (await chat.send("miner nobody"))["pictures"] == []
    pictures = await chat.hass.async_add_executor_job(glob, f"{tmp_path}/*/charts/*")
    assert len(pictures) == 3
