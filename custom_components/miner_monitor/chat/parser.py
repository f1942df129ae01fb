"""Reads the commands of a chat, by one table.

A command is a word and what belongs to it: a miner's name, a time, a value. Old words
and signs of chats before it are understood too. Whatever else somebody writes is a
refusal in words, never an error.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
import re

from .names import Names, nearest, normal

LONGEST_COMMAND = 300
"""Characters; nobody types a longer command."""

MOST_HOURS = 744

EVERYONE = "all"
"""The name of all miners, where none is called so."""


class Verb(StrEnum):
    """What may be asked for."""

    STATUS = "status"
    STATS = "stats"
    REPORT = "report"
    MINER = "miner"
    HEALTH = "health"
    HELP = "help"
    SAVE = "save"
    RESUME = "resume"
    RESTART = "restart"
    FREQUENCY = "frequency"
    VOLTAGE = "voltage"
    FAN = "fan"
    PROFILE = "profile"


class Value(Enum):
    """What follows the name."""

    NONE = auto()
    SPAN = auto()
    NUMBER = auto()
    DUTY = auto()
    TEXT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a command is written, and what it is allowed to.

    ``usage`` is how, by examples. ``name``: it has that of a miner; None where it may,
    for all are meant without it. ``acts``: it changes something; ``tunes``: frequency
    or voltage. ``cool_down``: seconds until the same may be asked of the same miner
    again.
    """

    usage: str
    name: bool | None = False
    value: Value = Value.NONE
    acts: bool = False
    tunes: bool = False
    cool_down: float = 0.0


FORMS: Mapping[Verb, Form] = {
    Verb.STATUS: Form(usage="status"),
    Verb.STATS: Form(usage="stats"),
    Verb.REPORT: Form(usage="report, report 12, report 7d", value=Value.SPAN),
    Verb.MINER: Form(
        usage="miner NAME, miner NAME 12, miner NAME 7d", name=True, value=Value.SPAN
    ),
    Verb.HEALTH: Form(usage="health"),
    Verb.HELP: Form(usage="help"),
    Verb.SAVE: Form(usage="save, save NAME", name=None, acts=True),
    Verb.RESUME: Form(usage="resume, resume NAME", name=None, acts=True),
    Verb.RESTART: Form(
        usage="restart NAME, restart all", name=True, acts=True, cool_down=60
    ),
    Verb.FREQUENCY: Form(
        usage="frequency NAME 525",
        name=True,
        value=Value.NUMBER,
        acts=True,
        tunes=True,
        cool_down=10,
    ),
    Verb.VOLTAGE: Form(
        usage="voltage NAME 1150",
        name=True,
        value=Value.NUMBER,
        acts=True,
        tunes=True,
        cool_down=10,
    ),
    Verb.FAN: Form(
        usage="fan NAME 60, fan NAME auto",
        name=True,
        value=Value.DUTY,
        acts=True,
        cool_down=10,
    ),
    Verb.PROFILE: Form(
        usage="profile NAME PROFILE",
        name=True,
        value=Value.TEXT,
        acts=True,
        cool_down=10,
    ),
}

_WORDS: Mapping[str, str] = {
    **{verb.value: verb.value for verb in Verb},
    "clock": "frequency",
    "restart-all": f"restart {EVERYONE}",
    "start": "help",
}
"""Each first word as it is written now; Telegram begins every chat with start."""

_FIRST = re.compile(r"[!/\s]*([^\s@]*)(?:@\S*)?\s*(.*)")
_SPAN = re.compile(r"(\d{1,4})(h|d)?")
_NUMBER = re.compile(r"(\d{1,6}(?:[.,]\d{1,3})?)\s*(?:mhz|mv|%)?")
_QUOTED = re.compile(r"[\"'“„«]([^\"'“”„«»]+)[\"'”“»]\s*(.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What somebody asks for: of a miner or of all, over hours, or with a value.

    A ``value`` of a number is in the unit of its command: MHz, mV or %; None is auto.
    """

    verb: Verb
    name: str | None = None
    hours: int | None = None
    value: float | str | None = None


@dataclass(frozen=True, slots=True)
class Misunderstood:
    """Why something is no command: the key of a text, and what stands in it."""

    key: str
    verb: Verb | None = None
    word: str = ""
    nearest: tuple[str, ...] = ()


def parse(text: str, names: Names[str]) -> Command | Misunderstood:
    """Read what somebody wrote; ``names`` are those that miners have."""
    if len(text) > LONGEST_COMMAND:
        return Misunderstood("too_long")
    shown = normal(text)
    if not shown.strip("!/ "):
        return Command(verb=Verb.HELP)
    found = _FIRST.fullmatch(shown)
    word, rest = found.groups() if found else ("", "")
    if (known := _WORDS.get(word.replace("_", "-"))) is None:
        near = nearest(word, Verb)
        return Misunderstood("unknown", word=word or shown, nearest=near)
    first, _, more = known.partition(" ")
    verb = Verb(first)
    return _READERS[FORMS[verb].value](verb, more or rest, names)


def _named(verb: Verb, rest: str, names: Names[str]) -> Command | Misunderstood:
    """Read a command that has a name at most."""
    wanted, name = FORMS[verb].name, _unquoted(rest)
    if (wanted and not name) or (wanted is False and name):
        return Misunderstood("usage", verb)
    everyone = FORMS[verb].acts and name == EVERYONE and not names.exact(name)
    return Command(verb=verb, name=None if everyone or not name else name)


def _spanned(verb: Verb, rest: str, names: Names[str]) -> Command | Misunderstood:
    """Read a command that may end in hours or days, if that is not the name."""
    name, hours = rest, None
    before, _, last = rest.rpartition(" ")
    if not names.find(rest) and (span := _SPAN.fullmatch(last)):
        name, hours = before, int(span[1]) * (24 if span[2] == "d" else 1)
        if not 1 <= hours <= MOST_HOURS:
            return Misunderstood("span", verb)
    command = _named(verb, name, names)
    if isinstance(command, Misunderstood):
        return command
    return Command(verb=verb, name=command.name, hours=hours)


def _numbered(verb: Verb, rest: str, names: Names[str]) -> Command | Misunderstood:
    """Read a command that ends in a number, or in auto."""
    found = re.fullmatch(rf"(.+?)\s+({_NUMBER.pattern}|auto)", rest)
    if found is None:
        return Misunderstood("usage", verb)
    name, _, number = found.groups()
    if number is None and FORMS[verb].value is not Value.DUTY:
        return Misunderstood("usage", verb)
    duty = None if number is None else float(number.replace(",", "."))
    return Command(verb=verb, name=_unquoted(name), value=duty)


def _worded(verb: Verb, rest: str, names: Names[str]) -> Command | Misunderstood:
    """Read a name and a text, of which both may have several words.

    The longest beginning that is the name of one miner is the name.
    """
    if quoted := _QUOTED.fullmatch(rest):
        name, value = quoted.groups()
        return _worded_as(verb, name, value)
    parts = rest.split()
    for length in range(len(parts) - 1, 0, -1):
        name = " ".join(parts[:length])
        if len(names.find(name)) == 1:
            return _worded_as(verb, name, " ".join(parts[length:]))
    return _worded_as(verb, " ".join(parts[:-1]), parts[-1] if parts else "")


def _worded_as(verb: Verb, name: str, value: str) -> Command | Misunderstood:
    if not name or not (value := _unquoted(value)):
        return Misunderstood("usage", verb)
    return Command(verb=verb, name=name, value=value)


def _unquoted(text: str) -> str:
    quoted = _QUOTED.fullmatch(text)
    return quoted[1] if quoted and not quoted[2] else text


type _Reader = Callable[[Verb, str, Names[str]], Command | Misunderstood]

_READERS: Mapping[Value, _Reader] = {
    Value.NONE: _named,
    Value.SPAN: _spanned,
    Value.NUMBER: _numbered,
    Value.DUTY: _numbered,
    Value.TEXT: _worded,
}
