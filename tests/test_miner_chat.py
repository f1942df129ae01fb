"""The blueprint *Miner chat*: who may write what, from where, and what comes back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.notify import const as notify
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from .automations import set_up_automation, turn_off_automation
from .conftest import TimedBench
from .fleets import House, build
from .messengers import telegram_schema

OWNER, GUEST = 4711, 4712
NO_CONTROL = "You aren't allowed to change anything from here."
HELPER = "input_text.miners"


@dataclass
class Messengers:
    """Three miners, the automation, and what was sent to whom."""

    house: House
    phone: str
    owner: Context
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def hass(self) -> HomeAssistant:
        return self.house.bench.hass

    async def take(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the actions that were called, and forget them."""
        await self.house.bench.advance(30)
        found = self.sent[:]
        self.sent.clear()
        return found

    async def telegram(
        self, user: int, text: str, context: Context | None = None
    ) -> list[tuple[str, dict[str, Any]]]:
        """Receive a message as the bot does, and return what was called for it."""
        command, *args = text.split()
        said = {"command": command, "args": args}
        slash = text.startswith("/")
        data = {
            "user_id": user,
            "chat_id": 99,
            "from_first": "Ann",
            "from_last": None,
            # No template can read an object that is no JSON type.
            "date": datetime.now(ZoneInfo("UTC")),
            "bot": {"config_entry_id": "bot"},
            **(said if slash else {"text": text}),
        }
        kind = "telegram_command" if slash else "telegram_text"
        self.hass.bus.async_fire(kind, data, context=context or Context())
        return await self.take()

    async def app(
        self, text: object, context: Context, action: str | None = None
    ) -> list[tuple[str, dict[str, Any]]]:
        """Answer a notification of the phone."""
        data = {"action": action or f"MINERS_{self.phone}", "reply_text": text}
        self.hass.bus.async_fire(
            "mobile_app_notification_action", data, context=context
        )
        return await self.take()

    async def enter(self, text: str, context: Context) -> list[Any]:
        """Enter a text into the helper."""
        self.hass.states.async_set(HELPER, text, context=context)
        return await self.take()

    async def ask(self, text: str, context: Context) -> str:
        """Say something to Assist."""
        answer = await self.house.bench.run(
            self.hass.services.async_call(
                "conversation",
                "process",
                {"text": text},
                blocking=True,
                return_response=True,
                context=context,
            )
        )
        assert isinstance(answer, dict)
        response: Any = answer["response"]
        return str(response["speech"]["plain"]["speech"])


@pytest.fixture
async def chats(
    freezer: FrozenDateTimeFactory, bench: TimedBench, tmp_path: Path
) -> AsyncIterator[Messengers]:
    """Set up messengers that note what they are to send, if Home Assistant would."""
    freezer.move_to(datetime(2026, 12, 2, 12, 5, tzinfo=ZoneInfo("US/Pacific")))
    hass = bench.hass
    for component in ("homeassistant", "conversation"):
        assert await async_setup_component(hass, component, {})
    hass.config.media_dirs = {"local": str(tmp_path)}
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    entry = MockConfigEntry(domain="mobile_app")
    entry.add_to_hass(hass)
    phone = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={("mobile_app", "1")},
        name="Ann's phone",
    )
    user = MockUser().add_to_hass(hass)
    hass.states.async_set("person.ann", "home", {"user_id": user.id})
    hass.states.async_set("person.no_user", "home", {"user_id": None})
    hass.states.async_set(HELPER, "")
    chats = Messengers(await build(bench), phone.id, Context(user_id=user.id))

    async def note(call: ServiceCall) -> None:
        chats.sent.append((f"{call.domain}.{call.service}", dict(call.data)))

    for domain, name, schema in (
        ("telegram_bot", "send_message", telegram_schema("SEND_MESSAGE")),
        ("telegram_bot", "send_photo", telegram_schema("SEND_FILE")),
        ("notify", "mobile_app_ann_s_phone", notify.NOTIFY_SERVICE_SCHEMA),
        ("test", "answered", None),
    ):
        hass.services.async_register(domain, name, note, schema)
    answered = {"text": "{{ answer.text }}", "command": "{{ answer.command }}"}
    inputs = {
        "people": ["person.ann", "person.no_user"],
        "telegram_users": [str(OWNER)],
        "helpers": [HELPER],
        "actions": [{"action": "test.answered", "data": answered}],
    }
    await bench.run(set_up_automation(hass, "miner_chat.yaml", inputs))
    yield chats
    await turn_off_automation(hass)


async def test_telegram(chats: Messengers) -> None:
    """The chat that asks is answered; who is not chosen may only read."""
    message, answered = await chats.telegram(GUEST, "/health@my_bot")
    text = "Miners online: 3 of 3. Nothing needs attention."
    assert message == (
        "telegram_bot.send_message",
        {
            "config_entry_id": "bot",
            "chat_id": [99],
            "parse_mode": "plain_text",
            "message": text,
        },
    )
    assert answered == ("test.answered", {"text": text, "command": "health"})

    message, photo, _ = await chats.telegram(GUEST, "report 7d")
    assert message[1]["message"].startswith("Miners online: 3 of 3")
    assert photo[0] == "telegram_bot.send_photo"
    assert (photo[1]["chat_id"], photo[1]["config_entry_id"]) == ([99], "bot")
    assert Path(photo[1]["file"]).suffix == ".png"

    forged = {"context": chats.owner}
    for user, more in ((GUEST, {}), (0, {}), (OWNER, forged)):
        for text in ("/save", "restart anna", "!fan anna 60"):
            (_, message), _ = await chats.telegram(user, text, **more)
            assert message["message"] == NO_CONTROL
    (_, message), _ = await chats.telegram(OWNER, "frequency anna 490")
    assert "turned off" in message["message"]
    assert chats.house.who("pause", "restart") == []

    (_, message), _ = await chats.telegram(OWNER, "/restart anna")
    assert message["message"] == "Restarting: anna."
    assert chats.house.who("restart") == ["anna"]


async def test_the_app(chats: Messengers) -> None:
    """A reply to a notification is answered on its phone, with room for the next."""
    (name, message), _ = await chats.app("restart bert", chats.owner)
    assert name == "notify.mobile_app_ann_s_phone"
    assert {key: str(value) for key, value in message.items()} == {
        "message": "Restarting: bert.",
        "data": str(
            {
                "actions": [
                    {
                        "action": f"MINERS_{chats.phone}",
                        "title": "…",
                        "behavior": "textInput",
                    }
                ]
            }
        ),
    }
    guest = MockUser().add_to_hass(chats.hass)
    (_, message), _ = await chats.app("save", Context(user_id=guest.id))
    assert str(message["message"]) == NO_CONTROL
    (_, message), _ = await chats.app("save", Context())
    assert str(message["message"]) == NO_CONTROL
    (_, message), _ = await chats.app("report 12h", chats.owner)
    assert message["data"]["image"].startswith("/media/local/miner_monitor/charts/")

    for action in ("REPLY", "MINERS_", "MINERS_nobody", "{{ 1 / 0 }}"):
        assert await chats.app("status", chats.owner, action) == []
    assert chats.house.who("restart", "pause") == ["bert"]


async def test_the_helper(chats: Messengers) -> None:
    """What a person enters is answered to the actions; emptying it is no command."""
    ((_, answered),) = await chats.enter("save anna", chats.owner)
    assert answered == {"text": "Now saving power: anna.", "command": "save"}
    assert await chats.enter("", chats.owner) == []
    ((_, answered),) = await chats.enter("save bert", Context())
    assert answered["text"] == NO_CONTROL
    assert chats.house.who("pause") == ["anna"]


async def test_assist(chats: Messengers) -> None:
    assert await chats.ask("miners restart carl", chats.owner) == "Restarting: carl."
    assert await chats.ask("miner save", Context()) == NO_CONTROL
    answer = await chats.ask("miners miner anna 12", Context())
    assert answer.startswith("anna, 12 h until")


HOSTILE = (
    "[1, 2]",
    "12",
    "None",
    "{{ states | list }}",
    "{'text': 'save'}",
    "@everyone",
    "x" * 10_000,
    "status\n!restart anna",
)


async def test_hostile(chats: Messengers) -> None:
    """Whatever somebody sends is a text, and is answered as one."""
    for text in HOSTILE:
        (_, message), _ = await chats.app(text, chats.owner)
        assert str(message["message"]).startswith(("Unknown", "This is too", "Usage"))
    assert chats.house.who("pause", "restart") == []
