"""Who answers at an address, and what else it has to be asked."""

from collections.abc import Callable

from ..client import Question
from ..errors import MinerResponseError
from ..values import between
from .blob import (
    Items,
    Told,
    gather,
)
from .identity import (
    Who,
    mac_of,
    serial_of,
    who_is,
)
from .models import (
    Model,
    model_of,
)
from .poll import (
    NOTHING,
    Poll,
    Row,
    Wants,
)
from .sections import (
    DEVICES,
    POOLS,
    SCREEN,
    SUMMARY,
    Statistics,
)
from .status import system_of

_LITE_GROWS_OLD = 300.0
"""Seconds between two looks at the short statistics."""

_LITE_LASTS = 900.0
_LOOKS_CLOSELY = 15.0
"""Seconds after a change in which each poll asks what only litestats tell."""

_RESTARTED = 60
"""Seconds by which an uptime has to fall back to prove a restart."""

_LONGEST_UPTIME = 1e9

_NAMES = ("DNA", "HDNA", "Ver")
_FROM_LITESTATS = (
    "Filter",
    "LED",
    "LEDUser",
    "LcdBright",
    "LcdOnoff",
    "LcdSwitch",
    "Limitemp",
    "NetDevType",
    "RSSI",
)


def _differ(one: str | None, other: str | None) -> bool:
    """Tell whether both are known and not the same."""
    return one is not None and other is not None and one != other


def _uptime_in(row: Row) -> int | None:
    """Read the seconds since the start."""
    found = between(row.get("Elapsed"), 0, _LONGEST_UPTIME)
    return None if found is None else int(found)


class Acquaintance:
    """Knows the device behind the polls of one address.

    The blob names its device in each poll. Where it does not, ``version`` has to do
    so in the same turn: a stranger must never be taken for the device that was here.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Start without a past, on a clock of seconds."""
        self.told = Told()
        self.age = 0
        """How many devices, or firmwares of one, were here before."""

        self._monotonic = monotonic
        self._uptime = 0
        self._forget()

    def _forget(self) -> None:
        """Begin anew with another device or firmware."""
        self.age += 1
        self.version: Row = NOTHING
        self.commands: frozenset[str] | None = None
        self._has_version = False
        self.is_avalon = False
        self._who = Who()
        self._names: tuple[str | None, ...] = ()
        self._named = Who()
        self._serial: str | None = None
        self._version_is_fresh = False
        self._model: Model | None = None
        self._statistics = Statistics()
        self._tells_uptime = False
        self._about_version = Question()
        self._about_commands = Question()
        self._about_lite = Question(_LITE_GROWS_OLD)
        self._lite: Items = NOTHING
        self._lite_at = 0.0
        self._lite_state: Items = NOTHING
        self._closely_until: float | None = None

    def look_closely(self) -> None:
        """Forget what the short statistics told, for it has been changed."""
        self._lite = NOTHING
        self._about_lite = Question(_LITE_GROWS_OLD)
        self._closely_until = self._monotonic() + _LOOKS_CLOSELY

    @property
    def sections(self) -> tuple[str, ...]:
        """What to ask for in one request."""
        sections = (SUMMARY, self._statistics.command, POOLS)
        if not self.is_avalon:
            return (*sections, DEVICES) if self._has_version else sections
        return (*sections, SCREEN) if self.model.shows_pool else sections

    def uptime(self, poll: Poll) -> int | None:
        """Tell the seconds since the start, by the module where it ever tells them.

        The summary's begin anew when the first pool is connected.
        """
        return _uptime_in(self.told.items if self._tells_uptime else poll.summary)

    @property
    def model(self) -> Model:
        """The model of an Avalon."""
        if self._model is None:
            self._model = model_of(self.version, self.told.items.get("Ver"))
        return self._model

    @property
    def extra(self) -> Items:
        """What the short statistics add to the blob of this poll."""
        if not self._lite or self._monotonic() - self._lite_at > _LITE_LASTS:
            return self._lite_state
        return {**self._lite, **self._lite_state}

    def meet(self, poll: Poll) -> Wants:
        """Take note of a poll; tell what else to ask in the same turn."""
        self.told = gather(poll.stats)
        self._serial = None
        self._version_is_fresh = False
        self._lite_state = NOTHING
        self._look()
        doubtful = self.is_avalon and self.model.empty_stats
        if self._statistics.learn(self.told, poll.pools, may_be_empty=doubtful):
            return Wants(again=True)
        uptime = self.uptime(poll)
        if uptime is not None:
            if uptime + _RESTARTED < self._uptime:
                self._about_version = Question()
                self._about_commands = Question()
                self._statistics = Statistics()
            self._uptime = uptime
        return self._wants(self._monotonic())

    def take_version(self, version: Row) -> None:
        """Keep what the device says of its make, and of itself if nothing else did."""
        serial = serial_of(version.get("DNA"))
        if self._serial is None:
            if _differ(self._who.serial, serial):
                self._forget()
            self._who = self._who._replace(serial=serial or self._who.serial)
            self._serial = serial
        self._about_version.answered = True
        self._has_version = True
        self._version_is_fresh = True
        if version != self.version:
            self.version = version
            self._model = None
        maker = version.get("PROD")
        if isinstance(maker, str) and "avalon" in maker.lower():
            self.is_avalon = True

    def has_no_version(self) -> None:
        """Note that the device refuses to say anything of its make."""
        self._has_version = True

    @property
    def complete(self) -> bool:
        """Whether all is known that the device tells when it is asked."""
        commanded = self.is_avalon and self.model.commanded
        return self._has_version and not (commanded and self.commands is None)

    def take_commands(self, commands: frozenset[str]) -> None:
        """Keep which commands the device lists."""
        self._about_commands.answered = True
        self.commands = commands

    def take_litestats(self, told: Told) -> None:
        """Keep what the short statistics tell; instead of a blob that is empty."""
        if not told.modules:
            return
        if not self.told.modules:
            self.told = self.told._replace(modules=told.modules)
            self._look()
            return
        items = told.items
        self._lite_state = {"STATE": items["STATE"]} if "STATE" in items else NOTHING
        self._lite = {key: items[key] for key in _FROM_LITESTATS if key in items}
        self._lite_at = self._monotonic()

    def certain(self) -> Who:
        """Name the device that sent this poll, or refuse to guess."""
        if self._serial is not None:
            return self._who
        known_by_mac = mac_of(self.version) is not None
        if (
            self._who.serial is not None
            or not self.version
            or (known_by_mac and not self._version_is_fresh)
        ):
            raise MinerResponseError("the replies do not tell which miner sent them")
        return self._who

    def _look(self) -> None:
        """See whose blob it is."""
        if self.told.silent:
            self.is_avalon = True
        if not self.told.modules:
            return
        items = self.told.items
        names = tuple(map(items.get, _NAMES))
        if names != self._names:
            named = who_is(items)
            known = self._who
            if _differ(known.serial, named.serial) or _differ(
                known.firmware, named.firmware
            ):
                self._forget()
            self._names = names
            self._named = named
            self._who = Who(
                named.serial or self._who.serial, named.firmware or self._who.firmware
            )
            self._model = None
        self.is_avalon = True
        self._tells_uptime = self._tells_uptime or _uptime_in(items) is not None
        self._serial = self._named.serial or self._serial

    def _wants(self, now: float) -> Wants:
        version = self._about_version.due(now) or self._is_nameless()
        if version:
            self._about_version.asked(now)
        commands = (
            self.is_avalon and self.model.commanded and self._about_commands.due(now)
        )
        if commands:
            self._about_commands.asked(now)
        lite = self._wants_lite(now)
        if lite:
            self._about_lite.asked(now)
        devices = not self.is_avalon and not self._has_version
        return Wants(
            version=version, commands=commands, litestats=lite, devices=devices
        )

    def _is_nameless(self) -> bool:
        """Tell whether this poll leaves open who sent it, but another reply tells."""
        if self._serial is not None:
            return False
        known_by_name = self._who.serial is not None or mac_of(self.version) is not None
        return known_by_name or not self.version

    def _wants_lite(self, now: float) -> bool:
        if not self.told.modules:
            return self.told.silent or (self.is_avalon and self.model.home)
        if not self.model.litestats:
            return self.model.series is None and self._hides_state()
        if self._closely_until is not None:
            if now < self._closely_until:
                return True
            self._closely_until = None
        return self._hides_state() or self._about_lite.due(now)

    def _hides_state(self) -> bool:
        """Tell whether it says what it does in no word that is known.

        The fifth of its states has no word, and is a fault.
        """
        told, state = map(self.told.items.get, ("SYSTEMSTATU", "STATE"))
        return told is not None and state is None and not system_of(told).known
