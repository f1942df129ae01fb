"""What Assist and language models may ask of miners, by name, by area or of all.

Intents and tools are made of one table. What they answer are the figures of reports,
and what they do is done by the commands of all miners. They know the miners of which
an entity is exposed to the assistant, and obey the permissions of the user who asks.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    intent,
)

from ..chat.names import Names
from ..coordinator import MinerConfigEntry
from ..fleet import FleetFeature
from ..fleet.commands import FleetCommands
from ..fleet.coordinator import async_loaded_fleet
from ..fleet.members import WhyLeft
from ..fleet.progress import Reached
from ..report import spoken
from ..report.markdown import Line, Texts
from ..report.model import FLEET_MEASURED, UNITS, Figures
from ..report.recorder import period_of_today
from ..runtime.entries import async_device_id, miner_entries
from ..runtime.escape import LONGEST_SENTENCE, spoken as safe
from ..runtime.ha_compat import async_load_texts, is_exposed
from ..runtime.messages import message_of
from ..runtime.requester import async_requester
from ..runtime.targets import async_readable, async_require_control
from .reports import Writer, async_report

type Miners = Sequence[MinerConfigEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asks: of a miner, of an area or, without both, of all.

    ``assistant`` is through what; None for one that may know all miners.
    """

    context: Context | None
    assistant: str | None
    language: str | None
    name: str | None = None
    area: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to say, and the same as figures; whom it was about, by device and name.

    ``failed``: it was not understood, not allowed, or not done.
    """

    speech: str
    figures: Figures = field(default_factory=dict)
    reached: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    failed: bool = False


class RefusedError(Exception):
    """What was asked cannot be answered; the text of ``key`` says why."""

    def __init__(self, key: str, **values: str) -> None:
        """Take what to say."""
        super().__init__(key)
        self.key, self.values = key, values


type Answering = Callable[[HomeAssistant, Request, Miners, Texts], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """Something that may be asked: its intent, its tool, and what answers.

    ``slots`` are what it may be asked of. ``description`` is for language models.
    """

    intent_type: str
    tool: str
    title: str
    description: str
    slots: Mapping[str, str]
    answer: Answering
    reads: bool = False


async def async_answer(
    hass: HomeAssistant, ability: Ability, request: Request
) -> Answer:
    """Answer a request; what cannot be done is an answer too."""
    texts = await async_texts(hass, request.language)

    async def answer() -> Answer:
        miners = _asked(hass, request, texts)
        return await ability.answer(hass, request, miners, texts)

    return await async_in_words(hass, answer(), texts)


async def async_texts(hass: HomeAssistant, language: str | None) -> Texts:
    """Load the words of a language; None for that of Home Assistant."""
    for category in ("common", "entity"):
        await async_load_texts(hass, category, language)
    return Texts(hass, language)


async def async_in_words(
    hass: HomeAssistant, answer: Awaitable[Answer], texts: Texts
) -> Answer:
    """Return an answer; what cannot be done is one too."""
    try:
        return await answer
    except RefusedError as err:
        values = {key: safe(text) for key, text in err.values.items()}
        text = spoken.sentences([texts.say(err.key, **values)])
    except Unauthorized:
        text = spoken.sentences([texts.say("not_allowed")])
    except HomeAssistantError as err:
        text = safe(message_of(hass, err), LONGEST_SENTENCE)
    return Answer(speech=text, failed=True)


def known_miners(hass: HomeAssistant, assistant: str | None) -> list[MinerConfigEntry]:
    """Return the loaded miners of which any entity is exposed to an assistant."""
    registry = er.async_get(hass)
    return [
        entry
        for entry in miner_entries(hass)
        if entry.state is ConfigEntryState.LOADED
        and (
            assistant is None
            or any(
                is_exposed(hass, assistant, entity.entity_id)
                for entity in er.async_entries_for_config_entry(
                    registry, entry.entry_id
                )
                if entity.disabled_by is None
            )
        )
    ]


def _asked(hass: HomeAssistant, request: Request, texts: Texts) -> Miners:
    """Return whom a request is about."""
    miners = known_miners(hass, request.assistant)
    if not miners:
        loaded = known_miners(hass, None)
        raise RefusedError("none_exposed" if loaded else "none_loaded")
    if request.area is not None:
        miners = _in_area(hass, miners, request.area)
    if request.name is not None:
        miners = [miner_named(hass, miners, request.name, texts)]
    return miners


def _in_area(hass: HomeAssistant, miners: Miners, area: str) -> list[MinerConfigEntry]:
    """Return the miners in the areas of a name or an alias."""
    areas = {found.id for found in intent.find_areas(area, ar.async_get(hass))}
    if not areas:
        raise RefusedError("no_area", area=area)
    devices = dr.async_get(hass)
    here = [
        entry
        for entry in miners
        if (device_id := async_device_id(hass, entry)) is not None
        and (device := devices.async_get(device_id)) is not None
        and device.area_id in areas
    ]
    if not here:
        raise RefusedError("none_in_area", area=area)
    return here


def miner_named(
    hass: HomeAssistant, miners: Miners, name: str, texts: Texts
) -> MinerConfigEntry:
    """Return the one miner of a name, or the only one with all its words in its own."""
    names = names_of(hass, miners)
    found = names.find(name)
    if len(found) > 1:
        titles = [safe(entry.title) for entry in miners if entry.entry_id in found]
        several = spoken.listed(titles, texts)
        raise RefusedError("several_named", name=name, names=several or "")
    for entry in miners:
        if entry.entry_id in found:
            return entry
    if near := spoken.listed([safe(like) for like in names.nearest(name)], texts):
        raise RefusedError("none_named_nearest", name=name, names=near)
    raise RefusedError("none_named", name=name)


def names_of(hass: HomeAssistant, miners: Miners) -> Names[str]:
    """Return what miners are called, by the ids of their entries."""
    return Names({entry.entry_id: _called(hass, entry) for entry in miners})


def _called(hass: HomeAssistant, entry: MinerConfigEntry) -> list[str]:
    """Return what a miner is called."""
    device_id = async_device_id(hass, entry)
    device = None if device_id is None else dr.async_get(hass).async_get(device_id)
    names = (entry.title, device and device.name, device and device.name_by_user)
    return [name for name in names if name]


async def read_miners(
    words: Writer, hass: HomeAssistant, request: Request, miners: Miners, texts: Texts
) -> Answer:
    """Answer with figures of now and today."""
    context = request.context or Context()
    miners = await async_readable(hass, context, miners)
    response = await async_report(
        hass,
        period_of_today(),
        (miners, ()),
        FLEET_MEASURED,
        spoken.present_figures,
        {"answer": words},
        texts,
    )
    answer = response["answer"]
    names = tuple(miner["name"] for miner in response["miners"])
    response["miners"] = response["miners"][: spoken.MOST_MINERS]
    keys = ("answer", "now", "today", "price", "miners")
    figures = {key: response[key] for key in keys} | {"units": dict(UNITS)}
    return Answer(speech=answer, figures=figures, reached=names)


async def _one(
    hass: HomeAssistant, request: Request, miners: Miners, texts: Texts
) -> Answer:
    """Answer with the figures of one miner."""
    if len(miners) > 1:
        names = [safe(entry.title) for entry in miners]
        raise RefusedError("which_one", names=spoken.listed(names, texts) or "")
    return await read_miners(spoken.one_miner, hass, request, miners, texts)


async def order_fleet(
    command: Callable[..., Awaitable[Reached]],
    key: str,
    nothing: str,
    hass: HomeAssistant,
    request: Request,
    miners: Miners,
    texts: Texts,
) -> Answer:
    """Save power with miners, or resume; who is held or offline is left and named."""
    feature = FleetFeature.THROTTLE
    if (fleet := async_loaded_fleet(hass)) is None:
        raise RefusedError("needs_all_miners")
    able = [
        member.entry
        for member in fleet.members.values()
        if member.entry in miners and feature in member.features
    ]
    if not able:
        raise RefusedError("cannot_save_power")
    control = [(Platform.SWITCH, feature.value)]
    await async_require_control(hass, request.context, able, control)
    by = await async_requester(hass, request.context)
    everyone = len(miners) == len(miner_entries(hass))
    only = None if everyone else {entry.unique_id for entry in able}
    reached = await command(fleet.commands, feature, by, only)
    return said_of(reached, key, nothing, texts)


def said_of(reached: Reached, key: str, nothing: str, texts: Texts) -> Answer:
    """Say whom a command of many reached, or that it reached nobody."""
    done = [safe(name) for name in reached.names]
    left = [(safe(name), why) for name, why in reached.left_out]
    lines: list[Line] = [
        (key, {"names": spoken.listed(done, texts)}),
        ("left_out", {"names": _left(left, texts)}),
    ]
    said = texts.written(lines) or [texts.say(nothing)]
    return Answer(
        speech=spoken.sentences(said),
        figures={
            "answer": spoken.sentences(said),
            "done": done,
            "left_as_they_are": [{"name": name, "why": why} for name, why in left],
        },
        reached=tuple(done),
        left_out=tuple(name for name, _ in left),
        failed=not done and bool(left),
    )


def _left(left: Sequence[tuple[str, WhyLeft]], texts: Texts) -> str | None:
    names = [
        texts.say("one", name=name, what=texts.say(f"why_{why}")) for name, why in left
    ]
    return spoken.listed(names, texts)


_NAME = {"name": "Name of one miner, as its user calls it."}
_AREA = {"area": "Name of an area; without it all miners are meant."}

ABILITIES: tuple[Ability, ...] = (
    Ability(
        intent_type="MinerMonitorStatus",
        tool="get_miners",
        title="Get status of miners",
        description=(
            "How the user's Bitcoin miners are now and what they did today: who is"
            " online, hash rate, power, temperature, what needs attention, energy and"
            " cost; of all of them, or of an area. For one miner use get_miner."
        ),
        slots=_AREA,
        answer=partial(read_miners, spoken.all_miners),
        reads=True,
    ),
    Ability(
        intent_type="MinerMonitorMiner",
        tool="get_miner",
        title="Get one miner",
        description=(
            "The figures of one Bitcoin miner: status, hash rate, power, efficiency,"
            " chip temperature, findings, energy and cost of today."
        ),
        slots=_NAME,
        answer=_one,
        reads=True,
    ),
    Ability(
        intent_type="MinerMonitorCost",
        tool="get_cost",
        title="Get cost of mining",
        description=(
            "Energy and cost of mining today, what power costs now, and in which hours"
            " it will cost how much. What is null is not known: the user configured no"
            " price, or one without a list of later prices. Don't guess then."
        ),
        slots={**_NAME, **_AREA},
        answer=partial(read_miners, spoken.cost),
        reads=True,
    ),
    Ability(
        intent_type="MinerMonitorSavePower",
        tool="save_power",
        title="Save power with miners",
        description=(
            "Acts: Bitcoin miners save power until they are resumed: they pause, or"
            " run at their least. Of all miners, an area, or one. Those that the user"
            " holds are left as they are and named."
        ),
        slots={**_NAME, **_AREA},
        answer=partial(
            order_fleet, FleetCommands.async_stop, "saving_begun", "already_saving"
        ),
    ),
    Ability(
        intent_type="MinerMonitorResume",
        tool="resume",
        title="Resume miners",
        description=(
            "Acts: Bitcoin miners that save power go back to what they did before, one"
            " after the other. Of all miners, an area, or one. Those that the user"
            " holds are left as they are and named."
        ),
        slots={**_NAME, **_AREA},
        answer=partial(
            order_fleet, FleetCommands.async_start, "resuming", "not_saving"
        ),
    ),
)
