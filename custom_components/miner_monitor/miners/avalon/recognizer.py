"""Who answers at an address, and what else it has to be asked."""

from collections.abc import Callable, Mapping, Sequence

from ..client import Question
from ..errors import MinerResponseError
from ..values import between
from .identity import Who, mac_of, serial_of, who_is
from .models import Model, model_of
from .poll import NO_POOLS, NOTHING, Items, Poll, Reported, Row, Wants, gather
from .status import system_of

_LITE_GROWS_OLD = 300.0
"""Seconds between two looks at the short statistics."""

_LITE_LASTS = 900.0
_TRAFFIC_GROWS_OLD = 120.0
"""Seconds between two questions for the traffic with the pools, by who wants it.

Two of them in five minutes, so that what it rises by can be charted.
"""

_TRAFFIC_LASTS = 900.0
LOOKS_CLOSELY = 15.0
"""Seconds after a change in which each poll asks what only litestats show."""

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


class StatisticsCommand:
    """Learns which of two commands returns the statistics with those of the pools.

    The module is in the replies to both. By cgminer's documentation only ``stats`` has
    a row per pool; some firmware has it in ``estats`` too, and some answers ``stats``
    with an empty module.
    """

    def __init__(self) -> None:
        """Begin with the one that always has the module."""
        self.name = "estats"
        self._settled = False
        self._had_modules = False

    def learn(
        self, reported: Reported, pools: Sequence[Row], *, may_be_empty: bool
    ) -> bool:
        """Take note of a reply; return whether to ask the other command at once.

        ``may_be_empty`` is a model on which ``stats`` is not to be relied upon.
        """
        if self.name == "stats" and self._had_modules and not reported.modules:
            self.name, self._settled = "estats", True
            return True
        self._had_modules = self._had_modules or bool(reported.modules)
        if pools and not self._settled and not reported.silent:
            enough = bool(reported.pools) or may_be_empty
            self._settled = enough or self.name == "stats"
            if not enough:
                self.name = "estats" if self._settled else "stats"
        return False


def uptime_in(row: Row) -> int | None:
    """Read the seconds since the start."""
    found = between(row.get("Elapsed"), 0, _LONGEST_UPTIME)
    return None if found is None else int(found)


class DeviceRecognizer:
    """Knows the device behind the polls of one address.

    The blob names its device in each poll. Where it does not, ``version`` has to do
    so in the same turn: a stranger must never be taken for the device that was here.
    ``boot`` stands for the time since a device, or its firmware, began to answer.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Start without a past, on a clock of seconds."""
        self._reported = Reported()
        self._monotonic = monotonic
        self._uptime_before = 0
        self._forget()

    def _forget(self) -> None:
        """Begin anew with another device or firmware."""
        self._begin_anew()
        self._version: Row = NOTHING
        self._listed: frozenset[str] | None = None
        self._has_version = False
        self._is_avalon = False
        self._who = self._named = Who()
        self._names: tuple[str | None, ...] = ()
        self._serial: str | None = None
        self._version_is_fresh = False
        self._model: Model | None = None
        self._blob_has_uptime = False
        self._lite_state: Items = NOTHING
        self._look_closely()

    def _begin_anew(self) -> None:
        """Forget how it has to be asked, which a new start may change."""
        self.boot = object()
        self._about_version = Question()
        self._about_commands = Question()
        self._statistics = StatisticsCommand()
        self._about_traffic = Question(_TRAFFIC_GROWS_OLD)
        self._pools_apart: Mapping[int, Row] = NO_POOLS
        self._pools_apart_at = 0.0

    def _look_closely(self, until: float = 0.0) -> None:
        """Forget what the short statistics said, for it has been changed."""
        self._lite: Items = NOTHING
        self._lite_at = 0.0
        self._about_lite = Question(_LITE_GROWS_OLD)
        self._closely_until = until

    @property
    def sections(self) -> tuple[str, ...]:
        """What to ask for in the one request of the next poll."""
        sections = ("summary", self._statistics.name, "pools")
        if (model := self.model) is not None:
            return (*sections, "lcd") if model.shows_pool else sections
        return (*sections, "devs") if self._has_version else sections

    @property
    def model(self) -> Model | None:
        """The model of the device that was noticed last; None of a plain cgminer."""
        if self._model is None and self._is_avalon:
            self._model = model_of(self._version, self._reported.items.get("Ver"))
        return self._model

    def _uptime(self, poll: Poll) -> int | None:
        """Return the seconds since the start, by the module where it ever has them.

        The summary's begin anew when the first pool is connected.
        """
        has_it = self._blob_has_uptime
        return uptime_in(self._reported.items if has_it else poll.summary)

    @property
    def _extra(self) -> Items:
        """What the short statistics add to the blob of this poll."""
        if not self._lite or self._monotonic() - self._lite_at > _LITE_LASTS:
            return self._lite_state
        return {**self._lite, **self._lite_state}

    @property
    def _traffic(self) -> Mapping[int, Row]:
        """What is told of the traffic with each pool, in this poll or apart."""
        if self._reported.pools:
            return self._reported.pools
        age = self._monotonic() - self._pools_apart_at
        return self._pools_apart if age <= _TRAFFIC_LASTS else NO_POOLS

    def notice(self, poll: Poll, *, thorough: bool = False) -> Wants:
        """Take note who answers; return what else to ask in the same turn.

        ``thorough``: also what costs a question for the sake of few.
        """
        self._reported = gather(poll.stats)
        self._serial = None
        self._version_is_fresh = False
        self._lite_state = NOTHING
        self._look()
        doubtful = self.model is not None and self.model.empty_stats
        if self._statistics.learn(self._reported, poll.pools, may_be_empty=doubtful):
            return Wants(again=True)
        uptime = self._uptime(poll)
        if uptime is not None:
            if uptime + _RESTARTED < self._uptime_before:
                self._begin_anew()
            self._uptime_before = uptime
        now = self._monotonic()
        wants = self._wants(now)
        if thorough and poll.pools and self._hides_traffic:
            return wants._replace(traffic=self._about_traffic.ask(now))
        return wants

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
        if version != self._version:
            self._version = version
            self._model = None
        maker = version.get("PROD")
        if isinstance(maker, str) and "avalon" in maker.lower():
            self._is_avalon = True

    def has_no_version(self) -> None:
        """Note that the device refuses to say anything of its make."""
        self._has_version = True

    @property
    def _complete(self) -> bool:
        """Whether all is known that the device says when it is asked."""
        commanded = self.model is not None and self.model.commanded
        return self._has_version and not (commanded and self._listed is None)

    def take_commands(self, commands: frozenset[str]) -> None:
        """Keep which commands the device lists; none means read-only."""
        self._about_commands.answered = True
        self._listed = commands

    def take_litestats(self, stats: Sequence[Row]) -> None:
        """Keep the short statistics for this poll; instead of a blob that is empty."""
        modules = gather(stats).modules
        if modules and not self._reported.modules:
            self._reported = self._reported._replace(modules=modules)
            self._look()
        elif modules:
            items = modules[0].items
            self._lite_state = {key: items[key] for key in ("STATE",) if key in items}
            self._lite = {key: items[key] for key in _FROM_LITESTATS if key in items}
            self._lite_at = self._monotonic()

    def take_traffic(self, stats: Sequence[Row]) -> None:
        """Keep what the other statistics tell of the pools, for some polls."""
        if pools := gather(stats).pools:
            self._about_traffic.wait = _TRAFFIC_GROWS_OLD
            self._pools_apart = pools
            self._pools_apart_at = self._monotonic()

    def _certain(self) -> Who:
        """Name the device that sent this poll, or refuse to guess."""
        if self._serial is not None:
            return self._who
        known_by_mac = mac_of(self._version) is not None
        if (
            self._who.serial is not None
            or not self._version
            or (known_by_mac and not self._version_is_fresh)
        ):
            raise MinerResponseError("the replies do not show which miner sent them")
        return self._who

    def _look(self) -> None:
        """See whose blob it is."""
        if self._reported.modules:
            items = self._reported.items
            names = tuple(map(items.get, _NAMES))
            if names != self._names:
                named = who_is(items)
                if any(map(_differ, self._who, named, strict=True)):
                    self._forget()
                self._names, self._named, self._model = names, named, None
                pairs = zip(named, self._who, strict=True)
                self._who = Who(*(new or known for new, known in pairs))
            self._serial = self._named.serial or self._serial
            if not self._blob_has_uptime:
                self._blob_has_uptime = uptime_in(items) is not None
        if self._reported.modules or self._reported.silent:
            self._is_avalon = True

    def _wants(self, now: float) -> Wants:
        model = self.model
        commanded = model is not None and model.commanded
        return Wants(
            version=self._about_version.ask(now) or self._is_nameless(),
            commands=commanded and self._about_commands.ask(now),
            litestats=self._wants_lite(now),
            devices=model is None and not self._has_version,
        )

    @property
    def _hides_traffic(self) -> bool:
        """Whether it is asked by a command that says nothing of the traffic."""
        return self._statistics.name == "estats" and not self._reported.pools

    def _is_nameless(self) -> bool:
        """Whether this poll leaves open who sent it, but another reply names it."""
        if self._serial is not None:
            return False
        known = self._who.serial is not None or mac_of(self._version) is not None
        return known or not self._version

    def _wants_lite(self, now: float) -> bool:
        model = self.model
        if not self._reported.modules:
            return self._reported.silent or (model is not None and model.home)
        if model is None or not model.litestats:
            return model is not None and model.series is None and self._hides_state()
        due = self._about_lite.ask(now)
        return due or now < self._closely_until or self._hides_state()

    def _hides_state(self) -> bool:
        """Whether it says what it does in no word that is known.

        The fifth of its states has no word, and is a fault.
        """
        word, state = map(self._reported.items.get, ("SYSTEMSTATU", "STATE"))
        return word is not None and state is None and not system_of(word).known


def _differ(one: str | None, other: str | None) -> bool:
    """Tell whether both are known and not the same."""
    return one is not None and other is not None and one != other
