"""Our own names, the same for all families."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

from ..miners.metrics import COUNTER, GAUGE, Number, named
from ..miners.model import MinerState, MinerStatus, address_of
from ..model import MinerData
from .former import EVERY_KIND, answer_time, down_for, ups
from .subject import Scrape, Subject
from .text import block, label, labels

type _Labelled = Iterable[tuple[str, Number]]

_OF_MINER = named(
    "miner_",
    "up|online|Whether the miner answers",
    "saving_power|control.saving_power|Whether it saves power",
    "throttled|control.derated|Whether it lowered its own settings",
    "overheating|insight.health.overheating|Whether it is too hot",
    "stalled|insight.shares.stalled|Whether it claims to hash and finds no share",
    "last_seen_timestamp_seconds|insight.last_seen|Epoch second of the last answer",
    "downs_total|insight.presence.times_offline|Times offline",
    "offline_seconds_total|insight.presence.time_away|Time offline",
    "availability_percent|insight.presence.availability|Time online of the last day",
    "restarts_total|insight.uptime.restarts|Restarts that were seen",
    "uptime_seconds_total|insight.uptime.total|Time up in all",
    "expected_hash_rate_ths|insight.baseline.expected|What its settings give, in TH/s",
    "hash_rate_ratio_percent|insight.baseline.ratio|Hash rate in % of expected",
    "wall_power_watts|insight.wall_power|Power at the wall",
    "wall_efficiency_joules_per_terahash|insight.wall_efficiency|At the wall, in J/TH",
    "energy_kwh_total|insight.energy|Energy; it never falls",
    "wall_energy_kwh_total|insight.wall_energy|Energy at the wall; it never falls",
    "reject_percent|insight.shares.reject_rate|Rejected shares of the last hour",
    "best_difficulty|insight.best_difficulty|The best share ever",
    "blocks_found_total|insight.blocks_found|Blocks found",
)
_OF_STATE = named(
    "miner_",
    "hashing||Whether it works on shares",
    "mining|settings.mining|Whether it mines, or stands still by command",
    "uptime_seconds|uptime|Time since its start",
    "hash_rate_ths|hash_rate|Hash rate, in TH/s",
    "hash_rate_now_ths|hash_rate_now|Hash rate without smoothing",
    "power_watts|power|Power that the miner reports",
    "power_limit_watts|power_limit|Power that the device aims at",
    "efficiency_joules_per_terahash|efficiency|Power by hash rate, in J/TH",
    "core_voltage_volts|core_voltage_actual|Voltage at the chips",
    "input_voltage_volts|input_voltage|Voltage from the supply",
    "input_current_amperes|input_current|Current from the supply",
    "frequency_mhz|frequency_actual|Frequency of the chips",
    "frequency_set_mhz|settings.frequency|The frequency that is set",
    "core_voltage_set_volts|settings.core_voltage|The core voltage that is set",
    "hardware_error_percent|hardware_error_rate|Wrong results of the chips",
    "hardware_errors_total|hardware_errors|Wrong results since its start",
    "shares_accepted_total|shares_accepted|Accepted since its start",
    "shares_rejected_total|shares_rejected|Rejected since its start",
    "shares_stale_total|shares_stale|Stale since its start",
    "pool_difficulty||Difficulty of a share at its pool",
    "network_difficulty||Difficulty of the network",
    "pool_connected||Whether it has its pool",
    "fallback_pool||Whether it works for its fallback pool",
    "pool_latency_milliseconds|pool_latency|Time to the pool and back",
    "wifi_signal_dbm|wifi_signal|Strength of the Wi-Fi",
)
_SENSORS = {
    "chip": "hottest_chip",
    "chip_mean": "chip_temperature_average",
    "chip_target": "target_chip_temperature",
    "regulator": "vr_temperature",
    "board": "board_temperature",
    "inlet": "inlet_temperature",
    "outlet": "outlet_temperature",
    "ambient": "ambient_temperature",
}
_TEMPERATURES = tuple(
    (label("sensor", name), attrgetter(key)) for name, key in _SENSORS.items()
)
_STATUSES = tuple((label("status", status), status) for status in MinerStatus)
_KINDS = tuple((label("kind", kind), kind) for kind in EVERY_KIND)


def _findings(data: MinerData) -> _Labelled:
    for found in data.insight.health.findings if data.online else ():
        told = {"finding": found.kind.value, "severity": found.severity.value}
        yield labels(told), 1


def _failures(data: MinerData) -> _Labelled:
    failed = data.insight.failed_polls
    return [(told, failed.get(kind, 0)) for told, kind in _KINDS]


def _statuses(state: MinerState) -> _Labelled:
    return [(told, status is state.status) for told, status in _STATUSES]


def _temperatures(state: MinerState) -> _Labelled:
    return [(told, read(state)) for told, read in _TEMPERATURES]


def _faults(state: MinerState) -> _Labelled:
    return [(label("fault", fault), 1) for fault in dict.fromkeys(state.faults)]


def _fans(key: str) -> Callable[[MinerState], _Labelled]:
    return lambda state: [
        (label("fan", str(place)), getattr(fan, key))
        for place, fan in enumerate(state.fans, 1)
    ]


@lru_cache(maxsize=1024)
def _pool(place: int, host: str | None, port: int | None) -> str:
    return labels({"pool": str(place), "address": address_of(host, port)})


def _pools(key: str) -> Callable[[MinerState], _Labelled]:
    return lambda state: [
        (_pool(place, pool.host, pool.port), getattr(pool, key))
        for place, pool in enumerate(state.pools, 1)
    ]


_LABELLED_OF_MINER = (
    ("miner_finding", GAUGE, "A problem, while it lasts", _findings),
    ("miner_failed_polls_total", COUNTER, "Polls without a good answer", _failures),
)
_LABELLED_OF_STATE = (
    ("miner_status", GAUGE, "1 for the status that it has", _statuses),
    ("miner_temperature_celsius", GAUGE, "By place", _temperatures),
    ("miner_fault", GAUGE, "A fault that it reports", _faults),
    ("miner_fan_speed_rpm", GAUGE, "Speed of a fan", _fans("speed")),
    ("miner_fan_duty_percent", GAUGE, "What a fan is driven with", _fans("duty_cycle")),
    ("miner_pool_up", GAUGE, "Whether a pool is connected", _pools("connected")),
    ("miner_pool_active", GAUGE, "Whether it works for a pool", _pools("active")),
    ("miner_pool_accepted_total", COUNTER, "Accepted shares", _pools("accepted")),
    ("miner_pool_rejected_total", COUNTER, "Rejected shares", _pools("rejected")),
)


def _problems(subject: Subject, _: float) -> Number:
    data = subject.data
    return len(data.insight.health.findings) if data.online else None


_COMPUTED: tuple[tuple[str, str, str, Callable[[Subject, float], Number]], ...] = (
    ("miner_problems", GAUGE, "How many problems it has", _problems),
    ("miner_down_seconds", GAUGE, "Time without an answer", down_for),
    ("miner_ups_total", COUNTER, "Times back online", lambda one, _: ups(one)),
    (
        "miner_held",
        GAUGE,
        "Whether automations leave it alone",
        lambda one, _: one.data.control.hold is not None,
    ),
    (
        "miner_response_time_seconds",
        GAUGE,
        "Time of the last answer",
        lambda one, _: answer_time(one),
    ),
)


def _info(subject: Subject) -> str:
    known = subject.data.identity
    told = {
        "family": known.family.value,
        "manufacturer": known.manufacturer,
        "model": known.model,
        "firmware": known.firmware,
        "host": subject.place,
    }
    return f"{subject.labels},{labels(told)}"


_INFO = ("miner_info", GAUGE, "What the miner is")

_OF_ALL: tuple[tuple[str, str, str, Callable[[Scrape], tuple[str, Number]]], ...] = (
    (
        "miner_power_price",
        GAUGE,
        "Price of a kWh now",
        lambda scrape: (
            label("currency", scrape.currency),
            scrape.fleet.prices.price,
        ),
    ),
    (
        "miner_power_cheap",
        GAUGE,
        "Whether power is cheap now",
        lambda scrape: ("", scrape.fleet.prices.cheap),
    ),
    (
        "miner_power_target_watts",
        GAUGE,
        "Power target of all miners",
        lambda scrape: ("", scrape.fleet.power_target.target),
    ),
)

_TABLES: tuple[Sequence[Any], ...] = (
    (_INFO,),
    _COMPUTED,
    _OF_MINER,
    _OF_STATE,
    _LABELLED_OF_MINER,
    _LABELLED_OF_STATE,
    _OF_ALL,
)
OWN_NAMES: tuple[tuple[str, str, str], ...] = tuple(
    (name, kind, text) for table in _TABLES for name, kind, text, *_ in table
)
"""Each of our names, whether it only counts up, and what it is."""


def own_blocks(scrape: Scrape) -> Iterator[str]:
    """Write all miners under our own names."""
    yield block(*_INFO, [(_info(subject), 1) for subject in scrape.miners])
    miners = [(subject.labels, subject) for subject in scrape.miners]
    for name, kind, text, find in _COMPUTED:
        told = [(ours, find(subject, scrape.now)) for ours, subject in miners]
        yield block(name, kind, text, told)
    datas = [(ours, subject.data) for ours, subject in miners]
    states = [(ours, data.state) for ours, data in datas if data.state is not None]
    sources: Any
    for rows, sources in ((_OF_MINER, datas), (_OF_STATE, states)):
        for name, kind, text, path in rows:
            read = attrgetter(path)
            yield block(name, kind, text, [(ours, read(one)) for ours, one in sources])
    tables: Any = ((_LABELLED_OF_MINER, datas), (_LABELLED_OF_STATE, states))
    for table, sources in tables:
        for name, kind, text, many in table:
            samples = [
                (f"{ours},{more}", value)
                for ours, one in sources
                for more, value in many(one)
            ]
            yield block(name, kind, text, samples)
    for name, kind, text, read_all in _OF_ALL:
        yield block(name, kind, text, [read_all(scrape)])
