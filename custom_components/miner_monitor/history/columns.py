"""Which columns an exported file has, for us and for prior tools, and its rows."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
import math
import re
import unicodedata

from ..const import ColumnSet

type Source = tuple[str, str]
"""An entity of a miner: its platform and its key."""

type Change = tuple[float, Source, str]
"""When a state was written, whose it is, and what it is."""

type Statistics = tuple[float, Mapping[Source, str]]
"""The start of a period of statistics, and a value of each source."""

TOGETHER = 1.0
"""Seconds within which changes belong to one poll, hence to one row."""

ONLINE: Source = ("binary_sensor", "online")
STATUS: Source = ("sensor", "status")

_UNKNOWN = frozenset({"", "unknown", "unavailable"})
_FORMULA = re.compile(r"\s*[=+@-]|[\t\r]")
"""So a text would begin a formula in a spreadsheet."""


class Kind(StrEnum):
    """Where the cells of a column come from."""

    TIME = "time"
    FACT = "fact"
    NUMBER = "number"
    TEXT = "text"
    STATUS = "status"
    SINCE = "since"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a file.

    The first of ``sources`` that is recorded fills it, in ``unit`` times ``factor``.
    A fact is one of the miner's, the same in all rows. ``since`` counts the seconds
    from the moment that the source names.
    """

    name: str
    kind: Kind
    sources: tuple[Source, ...] = ()
    unit: str | None = None
    factor: float = 1.0


def _number(
    name: str,
    *keys: str,
    unit: str | None = None,
    factor: float = 1.0,
    set_point: str | None = None,
) -> Column:
    sources = tuple(("sensor", key) for key in keys)
    if set_point is not None:
        sources = (("number", set_point), *sources)
    return Column(
        name=name, kind=Kind.NUMBER, sources=sources, unit=unit, factor=factor
    )


def _ours(key: str, unit: str | None = None) -> Column:
    return _number(key, key, unit=unit)


def _fact(name: str, fact: str) -> Column:
    return Column(name=name, kind=Kind.FACT, sources=(("fact", fact),))


def _text(name: str, key: str, kind: Kind = Kind.TEXT) -> Column:
    return Column(name=name, kind=kind, sources=(("sensor", key),))


_TIMESTAMP = Column(name="timestamp", kind=Kind.TIME)

_OURS = (
    _TIMESTAMP,
    _fact("miner", "name"),
    Column(name="status", kind=Kind.STATUS, sources=(STATUS,)),
    _ours("hash_rate", "TH/s"),
    _ours("expected_hash_rate", "TH/s"),
    _ours("hash_rate_ratio", "%"),
    _ours("efficiency"),
    _ours("power", "W"),
    _ours("energy", "kWh"),
    _ours("wall_power", "W"),
    _ours("wall_energy", "kWh"),
    _ours("chip_temperature", "°C"),
    _ours("vr_temperature", "°C"),
    _ours("inlet_temperature", "°C"),
    _ours("outlet_temperature", "°C"),
    _number("frequency", unit="MHz", set_point="frequency"),
    _ours("frequency_actual", "MHz"),
    _number("core_voltage", unit="V", set_point="core_voltage"),
    _ours("core_voltage_actual", "V"),
    _ours("input_voltage", "V"),
    _ours("input_current", "A"),
    _ours("fan_speed", "rpm"),
    _ours("fan_duty_cycle", "%"),
    _ours("shares_accepted"),
    _ours("shares_rejected"),
    _ours("reject_rate", "%"),
    _ours("hardware_error_rate", "%"),
    _ours("best_difficulty"),
    _ours("best_session_difficulty"),
    _ours("pool_difficulty"),
    _ours("network_difficulty"),
    _text("pool", "pool"),
    _text("uptime", "uptime", Kind.SINCE),
    _ours("total_uptime", "s"),
    _ours("restarts"),
    _ours("times_offline"),
    _ours("wifi_signal", "dBm"),
    _ours("response_time", "ms"),
)

_TOOL_000 = (
    _TIMESTAMP,
    _fact("miner_name", "name"),
    _fact("miner_ip", "host"),
    _number("hashrate_gh", "hash_rate", unit="TH/s", factor=1000),
    _number("hashrate_th", "hash_rate", unit="TH/s"),
    _number("power_w", "power", unit="W"),
    _number("efficiency_jth", "efficiency"),
    _number("temperature_c", "chip_temperature", unit="°C"),
    _number("vr_temperature_c", "vr_temperature", unit="°C"),
    _number("fan_speed_rpm", "fan_speed", unit="rpm"),
    _number("voltage_v", "core_voltage_actual", unit="V"),
    _number("input_voltage_v", "input_voltage", unit="V"),
    _number("frequency_mhz", "frequency_actual", unit="MHz", set_point="frequency"),
    _number("best_diff", "best_difficulty"),
    _number("session_diff", "best_session_difficulty"),
    _number("accepted_shares", "shares_accepted"),
    _number("rejected_shares", "shares_rejected"),
    _text("uptime_s", "uptime", Kind.SINCE),
    _number("wifi_rssi", "wifi_signal", unit="dBm"),
    _text("pool_url", "pool"),
    Column(name="worker_name", kind=Kind.NOTHING),
    _fact("asic_model", "chip_model"),
    _fact("board_version", "board"),
    _fact("firmware_version", "firmware"),
    Column(name="status", kind=Kind.STATUS),
)

_TOOL_001 = (
    _TIMESTAMP,
    _fact("device_id", "name"),
    _number("frequency", "frequency_actual", unit="MHz", set_point="frequency"),
    _number(
        "core_voltage",
        "core_voltage_actual",
        unit="V",
        factor=1000,
        set_point="core_voltage",
    ),
    _number("hashrate", "hash_rate", unit="TH/s", factor=1000),
    _number("power", "power", unit="W"),
    _number("voltage", "input_voltage", unit="V"),
    _number("current", "input_current", unit="A", factor=1000),
    _number("asic_temp", "chip_temperature", unit="°C"),
    _number("vreg_temp", "vr_temperature", unit="°C"),
    _number("fan_speed", "fan_duty_cycle", unit="%"),
    _number("fan_rpm", "fan_speed", unit="rpm"),
    _number("efficiency_jth", "efficiency"),
    _number("efficiency_ghw", "hash_per_watt"),
    _number("shares_accepted", "shares_accepted"),
    _number("shares_rejected", "shares_rejected"),
)

COLUMNS: Mapping[ColumnSet, tuple[Column, ...]] = {
    ColumnSet.OURS: _OURS,
    ColumnSet.TOOL_000: _TOOL_000,
    ColumnSet.TOOL_001: _TOOL_001,
}


def known(value: str | None) -> str | None:
    """Return a state that says something."""
    return None if value is None or value in _UNKNOWN else value


def safe_text(value: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    text = value.replace("\0", "")
    narrow = unicodedata.normalize("NFKC", text).lstrip("\ufeff")
    return f"'{text}" if _FORMULA.match(narrow) else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is known of one miner at one time, a state per source; none while away."""

    time: float
    online: bool
    states: Mapping[Source, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """How the rows of one miner are written: its facts, and what fills a column."""

    columns: ColumnSet
    zone: tzinfo
    facts: Mapping[str, str]
    chosen: Mapping[str, Source]

    def cells(self, row: Row) -> list[str]:
        """Return the cells of a row."""
        return [self._cell(column, row) for column in COLUMNS[self.columns]]

    def _cell(self, column: Column, row: Row) -> str:
        match column.kind:
            case Kind.TIME:
                return self._time(row.time)
            case Kind.FACT:
                return safe_text(self.facts.get(column.sources[0][1], ""))
            case Kind.STATUS:
                return self._status(row)
        source = self.chosen.get(column.name)
        state = None if source is None else known(row.states.get(source))
        if source is None or state is None:
            return ""
        if column.kind is Kind.TEXT:
            return safe_text(state)
        if column.kind is Kind.SINCE:
            return _since(state, row.time)
        return _scaled(state, column.factor)

    def _time(self, time: float) -> str:
        moment = datetime.fromtimestamp(time, self.zone)
        if self.columns is ColumnSet.OURS:
            return moment.isoformat(timespec="milliseconds")
        separator = "T" if self.columns is ColumnSet.TOOL_000 else " "
        return moment.replace(tzinfo=None).isoformat(separator, "microseconds")

    def _status(self, row: Row) -> str:
        if self.columns is ColumnSet.TOOL_000:
            return "ONLINE" if row.online else "OFFLINE"
        if not row.online:
            return "offline"
        return safe_text(known(row.states.get(STATUS)) or "")


def header(columns: ColumnSet) -> list[str]:
    """Return the names of the columns in order."""
    return [column.name for column in COLUMNS[columns]]


def sources_of(columns: ColumnSet) -> Iterable[tuple[Column, tuple[Source, ...]]]:
    """Return the columns that entities fill, with the entities that can."""
    return [
        (column, column.sources)
        for column in COLUMNS[columns]
        if column.kind in {Kind.NUMBER, Kind.TEXT, Kind.SINCE}
        or (column.kind is Kind.STATUS and column.sources)
    ]


def _since(state: str, time: float) -> str:
    """Return the whole seconds since a moment."""
    try:
        started = datetime.fromisoformat(state)
    except ValueError:
        return ""
    if started.tzinfo is None or (seconds := time - started.timestamp()) < 0:
        return ""
    return str(int(seconds))


def _scaled(state: str, factor: float) -> str:
    """Return a number times the factor of the column, without the noise of floats."""
    try:
        number = float(state)
    except ValueError:
        return ""
    if not math.isfinite(number):
        return ""
    return state if factor == 1.0 else f"{number * factor:.10g}"


class RowMaker:
    """Makes one row of what one poll changed, and carries forward what it did not.

    An absent miner gets one row when it goes, and none before it is back. Where
    nothing says whether it is there, as while Home Assistant starts, there is none.
    ``lasting`` sources have a state while the miner is absent.
    """

    def __init__(
        self, *, knows_presence: bool = False, lasting: Collection[Source] = ()
    ) -> None:
        """Begin with nothing known."""
        self._knows_presence = knows_presence
        self._lasting = lasting
        self._states: dict[Source, str] = {}
        self._began: float | None = None
        self._away = False

    def feed(self, changes: Iterable[Change]) -> Iterator[Row]:
        """Take changes in the order of time, and give the rows that are complete."""
        for time, source, state in changes:
            if self._began is not None and time - self._began > TOGETHER:
                yield from self.finish()
            if self._began is None:
                self._began = time
            self._states[source] = state

    def finish(self) -> Iterator[Row]:
        """Give the row that is still open."""
        began, self._began = self._began, None
        if began is not None and (online := self._online()) is not None:
            yield from self._row(began, online, self._states)

    def feed_periods(self, periods: Iterable[Statistics]) -> Iterator[Row]:
        """Give a row per period; one that has only totals was offline."""
        for time, states in periods:
            online = any(source not in self._lasting for source in states)
            yield from self._row(time, online, states)

    def _row(
        self, time: float, online: bool, states: Mapping[Source, str]
    ) -> Iterator[Row]:
        if online or not self._away:
            shown = dict(states) if online else {}
            yield Row(time=time, online=online, states=shown)
        self._away = not online

    def _online(self) -> bool | None:
        if self._knows_presence:
            return {"on": True, "off": False}.get(self._states.get(ONLINE, ""))
        return any(
            known(state) is not None
            for source, state in self._states.items()
            if source not in self._lasting
        )
