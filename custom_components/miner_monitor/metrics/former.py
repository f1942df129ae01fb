"""Miners under the names that another exporter gave to theirs."""

from collections.abc import Iterable, Iterator, Sequence

from ..miners.errors import ErrorKind
from ..miners.metrics import COUNTER, GAUGE, FormerNames, Named, Number, Values, named
from .subject import Scrape, Subject
from .text import block, column, label, labels, numbered_block

EVERY_KIND = tuple(ErrorKind)


def former_blocks(
    names: FormerNames, subjects: Sequence[Subject], scrape: Scrape
) -> Iterator[str]:
    """Write all miners of one family under its former names."""
    prefix = f"{names.prefix}_"
    miners = [(label("ip", subject.place), subject) for subject in subjects]
    ours = [(label("version", scrape.version), 1)]
    yield block(f"{prefix}exporter_info", GAUGE, "The version of what exports", ours)
    answers = [(ip, _answers(subject, scrape.now)) for ip, subject in miners]
    yield from _blocks(named(prefix, *_ANSWERS), answers)
    every: dict[str, Sequence[ErrorKind]] = {"": EVERY_KIND}
    every |= {f"{name}_": kinds for name, kinds in names.errors.items()}
    for name, kinds in every.items():
        failed = [(ip, _failed(subject, kinds)) for ip, subject in miners]
        text = f"Polls that failed: {', '.join(kinds)}"
        yield block(f"{prefix}scrape_errors_{name}total", COUNTER, text, failed)
    states = [
        (ip, subject.data.identity, state)
        for ip, subject in miners
        if (state := subject.data.state) is not None
    ]
    details = [
        (f"{ip},{labels(names.details(who, state))}", 1) for ip, who, state in states
    ]
    yield block(f"{prefix}info", GAUGE, "What the miner is", details)
    read = [(ip, *names.read(state)) for ip, _, state in states]
    yield from _blocks(names.of_miner, [(ip, values) for ip, values, _ in read])
    for name, kind, text, key in names.of_chips if scrape.chips else ():
        lists = [(ip, found.get(key, ())) for ip, _, found in read]
        yield from numbered_block(name, kind, text, "chip", lists)
    pools = [
        (f"{ip},{labels(names.pool_labels(place, pool))}", names.read_pool(pool))
        for ip, _, state in states
        for place, pool in enumerate(state.pools)
    ]
    yield from _blocks(names.of_pool, pools)


def _blocks(rows: Iterable[Named], told: Sequence[tuple[str, Values]]) -> Iterator[str]:
    for row in rows:
        yield column(row, told)


_ANSWERS = (
    "up||Whether the miner answers",
    "last_scrape_timestamp_seconds||Epoch second of the last good answer",
    "down_duration_seconds||Seconds without a good answer",
    "scrape_duration_seconds||Seconds that the last answer took",
    "status_changes_total||Times offline, and back online",
    "status_ups_total||Times back online",
    "status_downs_total||Times offline",
)


def _answers(subject: Subject, now: float) -> Values:
    down, back = downs(subject), ups(subject)
    return {
        "up": subject.data.online,
        "last_scrape_timestamp_seconds": subject.data.insight.last_seen,
        "down_duration_seconds": down_for(subject, now),
        "scrape_duration_seconds": answer_time(subject),
        "status_downs_total": down,
        "status_ups_total": back,
        "status_changes_total": None if down is None or back is None else down + back,
    }


def _failed(subject: Subject, kinds: Iterable[ErrorKind]) -> int:
    failed = subject.data.insight.failed_polls
    return sum(failed.get(kind, 0) for kind in kinds)


def down_for(subject: Subject, now: float) -> Number:
    """Tell for how many seconds a miner has not answered."""
    online, seen = subject.data.online, subject.data.insight.last_seen
    if online is not False:
        return None if online is None else 0
    return None if seen is None else max(0.0, now - seen)


def answer_time(subject: Subject) -> Number:
    """Tell the seconds that the last answer took."""
    times = subject.data.insight.response_times
    return None if times is None else times.last / 1000


def downs(subject: Subject) -> Number:
    """Count how often a miner went offline."""
    return subject.data.insight.presence.times_offline


def ups(subject: Subject) -> Number:
    """Count how often a miner came back online."""
    presence = subject.data.insight.presence
    times = presence.times_offline
    return None if times is None else times - presence.absent
