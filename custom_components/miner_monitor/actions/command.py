"""Obeys the commands of a chat: text in, text and pictures out.

What somebody writes is read by ``chat/``. The answers are those of reports and of
Assist, and whatever cannot be done is an answer in words. No channel finds markup, a
link or a mention in a text, whoever named a miner so.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
import math
import re
import time
from typing import Any

from homeassistant.core import Context, HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError, Unauthorized, UnknownUser
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.json import JsonValueType

from ..charts.model import ChartKind, Theme
from ..chat.names import nearest
from ..chat.parser import FORMS, MOST_HOURS, Command, Misunderstood, Verb, parse
from ..const import DOMAIN, LOGGER
from ..control.model import Requester
from ..coordinator import MinerConfigEntry, MinerCoordinator
from ..fleet.commands import FleetCommands
from ..fleet.coordinator import async_loaded_fleet
from ..miners import Outcome
from ..miners.model import Capability, Changes, Setting
from ..report import spoken
from ..report.markdown import Texts
from ..report.pictures import async_chart
from ..report.recorder import period_until_now
from ..runtime.escape import LONGEST_LINE, spoken as safe
from ..runtime.messages import FAILURES, label_of, text_of, user_error
from ..runtime.requester import async_requester
from ..runtime.targets import async_readable
from .assist import (
    Answer,
    Miners,
    RefusedError,
    Request,
    async_in_words,
    async_texts,
    known_miners,
    miner_named,
    names_of,
    order_fleet,
    read_miners,
    said_of,
)
from .pictures import async_store
from .reports import async_compare, async_fleet_report, async_miner_report

LONGEST_ANSWER = 2000
"""Characters that every messenger takes in one message."""

DEFAULT_HOURS = 24

_LINK = re.compile(r"//|www(?=\.)", re.IGNORECASE)

_CHARTS: Mapping[Verb, ChartKind] = {
    Verb.STATS: ChartKind.OPERATING_POINTS,
    Verb.REPORT: ChartKind.ALL_MINERS,
    Verb.MINER: ChartKind.ONE_MINER,
}
"""What is drawn for an answer."""

_COOLING: HassKey[dict[tuple[Verb, str | None], float]] = HassKey(f"{DOMAIN}_chat")
"""Until when each command is not obeyed again, by the miner; None for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command, who asks for it, and what its sender may do."""

    hass: HomeAssistant
    context: Context
    texts: Texts
    miners: Miners
    command: Command
    control: bool
    tuning: bool

    @property
    def entry(self) -> MinerConfigEntry:
        """The miner that is named; RefusedError if there is none."""
        return miner_named(self.hass, self.miners, self.command.name or "", self.texts)

    @property
    def request(self) -> Request:
        """The same as somebody says it to Assist."""
        return Request(
            context=self.context,
            assistant=None,
            language=None,
            name=self.command.name,
        )


async def command(call: ServiceCall) -> ServiceResponse:
    """Answer a text."""
    hass, told = call.hass, call.data
    texts = await async_texts(hass, None)
    miners = known_miners(hass, None)
    read = parse(told["text"], names_of(hass, miners))
    verb, pictures = None, list[JsonValueType]()
    if isinstance(read, Command):
        verb = read.verb
        asked = Asked(
            hass=hass,
            context=call.context,
            texts=texts,
            miners=miners,
            command=read,
            control=told["allow_control"],
            tuning=told["allow_tuning"],
        )
        answer = await async_in_words(hass, _obeyed(asked), texts)
        if told["pictures"] and not answer.failed:
            pictures = await _pictures(asked)
    else:
        answer = await async_in_words(hass, _refused(read, texts), texts)
    return {
        "text": _bounded(answer.speech, texts),
        "pictures": pictures,
        "command": verb,
        "failed": answer.failed,
    }


async def _refused(read: Misunderstood, texts: Texts) -> Answer:
    """Say why a text is no command."""
    key = f"chat_{read.key}_nearest" if read.nearest else f"chat_{read.key}"
    raise RefusedError(
        key,
        word=read.word,
        names=", ".join(read.nearest),
        usage="" if read.verb is None else FORMS[read.verb].usage,
        hours=str(MOST_HOURS),
        days=str(MOST_HOURS // 24),
    )


async def _obeyed(asked: Asked) -> Answer:
    """Answer a command, if its sender may ask for it."""
    form = FORMS[asked.command.verb]
    if not asked.miners and asked.command.verb is not Verb.HELP:
        raise RefusedError("none_loaded")
    if form.acts:
        if not asked.control:
            raise RefusedError("chat_no_control")
        await _require_admin(asked.hass, asked.context)
    if form.tunes and not asked.tuning:
        raise RefusedError("chat_no_tuning")
    return await _ANSWERS[asked.command.verb](asked)


async def _require_admin(hass: HomeAssistant, context: Context) -> None:
    """Raise Unauthorized for a user who is no administrator."""
    if context.user_id is None:
        return
    if (user := await hass.auth.async_get_user(context.user_id)) is None:
        raise UnknownUser(context=context)
    if not user.is_admin:
        raise Unauthorized(context=context, user_id=user.id)


def _bounded(text: str, texts: Texts) -> str:
    """Make a text harmless and short enough for any messenger, line by line."""
    lines = [_LINK.sub(" ", safe(line, LONGEST_LINE)) for line in text.splitlines()]
    kept = list[str]()
    room = LONGEST_ANSWER - len(texts.say("chat_more_lines", count=len(lines))) - 1
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            kept.append(texts.say("chat_more_lines", count=len(lines) - len(kept)))
            break
        kept.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


async def _pictures(asked: Asked) -> list[JsonValueType]:
    """Draw and store what belongs to an answer; without a picture it is one too."""
    if (kind := _CHARTS.get(asked.command.verb)) is None:
        return []
    hours = asked.command.hours or DEFAULT_HOURS
    miners = [asked.entry] if asked.command.name else asked.miners
    readable = await async_readable(asked.hass, asked.context, miners)
    try:
        picture = await async_chart(asked.hass, kind, readable, hours, Theme.DARK)
        stored = await async_store(asked.hass, picture)
    except HomeAssistantError as err:
        LOGGER.warning("No picture for a command: %s", err)
        return []
    return [asdict(stored)]


# What is read.


async def _present(
    words: Callable[[Mapping[str, Any], Texts], str], asked: Asked
) -> Answer:
    return await read_miners(
        words, asked.hass, asked.request, asked.miners, asked.texts
    )


async def _report(asked: Asked) -> Answer:
    period = period_until_now(asked.hass, asked.command.hours or DEFAULT_HOURS)
    report = await async_fleet_report(asked.hass, asked.context, period, asked.texts)
    return Answer(speech=report["summary"])


async def _miner(asked: Asked) -> Answer:
    period = period_until_now(asked.hass, asked.command.hours or DEFAULT_HOURS)
    miners = await async_readable(asked.hass, asked.context, [asked.entry])
    report = await async_miner_report(asked.hass, period, (miners, ()), asked.texts)
    return Answer(speech=report["markdown"])


async def _stats(asked: Asked) -> Answer:
    miners = await async_readable(asked.hass, asked.context, asked.miners)
    compared = await async_compare(asked.hass, (miners, ()), asked.texts)
    return Answer(speech=compared["markdown"])


async def _help(asked: Asked) -> Answer:
    """List what its sender may ask for."""
    return Answer(
        speech="\n".join(
            f"{form.usage}: {asked.texts.say(f'chat_help_{verb}')}"
            for verb, form in FORMS.items()
            if (asked.control or not form.acts) and (asked.tuning or not form.tunes)
        )
    )


# What acts.


async def _fleet(
    order: Callable[..., Awaitable[Any]], key: str, nothing: str, asked: Asked
) -> Answer:
    """Save power with all or one, or resume; who is held is left out and named."""
    miners = [asked.entry] if asked.command.name else asked.miners
    return await order_fleet(
        order, key, nothing, asked.hass, asked.request, miners, asked.texts
    )


async def _restart(asked: Asked) -> Answer:
    """Restart one, or all but those that are held."""
    if asked.command.name is not None:
        entry, texts = asked.entry, asked.texts
        miner = entry.runtime_data
        if Capability.RESTART not in miner.identity.capabilities:
            raise RefusedError("chat_cannot_restart", name=entry.title)
        await _obey(asked, entry, _restart_one)
        names = spoken.listed([safe(entry.title)], texts) or ""
        return Answer(
            speech=spoken.sentences([texts.say("chat_restarting", names=names)])
        )
    if (fleet := async_loaded_fleet(asked.hass)) is None:
        raise RefusedError("needs_all_miners")
    _require_cool(asked.hass, Verb.RESTART, None)
    reached = await fleet.commands.async_restart()
    return said_of(reached, "chat_restarting", "chat_cannot_restart_any", asked.texts)


async def _restart_one(miner: MinerCoordinator, by: Requester) -> None:
    miner.controller.require_free(by)
    await miner.async_command(
        lambda client, prove: client.restart(prove), restarts=True
    )


async def _set(changes: Callable[[Any], Changes], asked: Asked) -> Answer:
    """Write settings of one miner."""
    entry, wanted = asked.entry, changes(asked.command.value)
    await _obey(
        asked, entry, lambda miner, by: miner.controller.async_apply(wanted, by)
    )
    what = ", ".join(
        f"{label_of(asked.hass, setting)} {text_of(asked.hass, setting, value)}"
        for setting, value in wanted.items()
    )
    return _accepted(asked, entry, what)


async def _profile(asked: Asked) -> Answer:
    """Apply a profile of one miner for good."""
    entry, wanted = asked.entry, str(asked.command.value)
    saved = entry.runtime_data.controller.intents.memory.profiles.saved
    known = next((name for name in saved if name.casefold() == wanted), None)
    if known is None:
        near = nearest(wanted, saved) or tuple(saved)
        names = spoken.listed([safe(name) for name in near], asked.texts)
        raise RefusedError(
            "chat_no_profile", name=entry.title, profile=wanted, names=names or "-"
        )
    await _obey(
        asked, entry, lambda miner, by: miner.controller.async_apply_profile(known, by)
    )
    what = asked.texts.say("chat_profile", profile=safe(known))
    return _accepted(asked, entry, what)


def _accepted(asked: Asked, entry: MinerConfigEntry, what: str) -> Answer:
    text = asked.texts.say("chat_accepted", name=safe(entry.title), what=what)
    return Answer(speech=spoken.sentences([text]))


async def _obey(
    asked: Asked,
    entry: MinerConfigEntry,
    work: Callable[[MinerCoordinator, Requester], Awaitable[None]],
) -> None:
    """Command one miner, unless the same was asked of it just now.

    What was certainly not done may be asked for again at once.
    """
    verb, hass = asked.command.verb, asked.hass
    by = await async_requester(hass, asked.context)
    _require_cool(hass, verb, entry.entry_id)
    try:
        await work(entry.runtime_data, by)
    except FAILURES as err:
        if err.outcome is not Outcome.UNKNOWN:
            hass.data[_COOLING].pop((verb, entry.entry_id), None)
        raise user_error(hass, entry, err) from err


def _require_cool(hass: HomeAssistant, verb: Verb, miner: str | None) -> None:
    """Refuse what was asked of a miner, or of all, just now; else begin to count."""
    now, cooling = time.monotonic(), hass.data.setdefault(_COOLING, {})
    ends = [
        end
        for (what, whose), end in cooling.items()
        if what is verb and (None in (miner, whose) or miner == whose)
    ]
    if (left := max(ends, default=now) - now) > 0:
        raise RefusedError("chat_wait", seconds=str(math.ceil(left)))
    cooling[verb, miner] = now + FORMS[verb].cool_down


type _Answering = Callable[[Asked], Awaitable[Answer]]

_ANSWERS: Mapping[Verb, _Answering] = {
    Verb.STATUS: partial(_present, spoken.each_miner),
    Verb.STATS: _stats,
    Verb.REPORT: _report,
    Verb.MINER: _miner,
    Verb.HEALTH: partial(_present, spoken.health),
    Verb.HELP: _help,
    Verb.SAVE: partial(
        _fleet, FleetCommands.async_stop, "saving_begun", "already_saving"
    ),
    Verb.RESUME: partial(_fleet, FleetCommands.async_start, "resuming", "not_saving"),
    Verb.RESTART: _restart,
    Verb.FREQUENCY: partial(_set, lambda value: {Setting.FREQUENCY: value}),
    Verb.VOLTAGE: partial(_set, lambda value: {Setting.CORE_VOLTAGE: value / 1000}),
    Verb.FAN: partial(
        _set,
        lambda value: (
            {Setting.AUTO_FAN: True}
            if value is None
            else {Setting.FAN_DUTY_CYCLE: value}
        ),
    ),
    Verb.PROFILE: _profile,
}
