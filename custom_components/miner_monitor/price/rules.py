"""Which slots are cheap, by a rule that the owner chose."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from .model import Planned, Slot, at_moment, day_of, moment_of

_NOTHING = timedelta()
_BLINK = timedelta(seconds=1)


class RuleKind(StrEnum):
    """What is compared with what."""

    LIMIT = "limit"
    CHEAPEST_OF_DAY = "cheapest_of_day"
    CHEAPEST_UNTIL = "cheapest_until"
    BELOW_MEAN = "below_mean"
    BREAK_EVEN = "break_even"

    @property
    def needs_list(self) -> bool:
        """Whether one price alone says nothing."""
        return self not in (RuleKind.LIMIT, RuleKind.BREAK_EVEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule with its figures; prices in currency per kWh.

    ``limit``: at or below it, whoever sets it; None is not known, and then nothing
    is. ``hours`` are those of a local day, or of the 24 hours that end
    at ``until``. ``percent`` below the mean of the day. ``always_below`` and
    ``never_above`` go before every rule.
    """

    kind: RuleKind
    limit: float | None = None
    hours: float = 0
    until: time = time(7)
    percent: float = 0
    always_below: float | None = None
    never_above: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a rule makes of the slots that are known.

    ``partial``: the list does not cover the whole of the present window, so only the
    share of the hours that falls to its part is given to it.
    """

    slots: tuple[Planned, ...] = ()
    partial: bool = False

    def at(self, moment: datetime) -> Planned | None:
        """Return the slot of a moment, None where no price is known."""
        return at_moment(self.slots, moment)

    def next_change(self, moment: datetime) -> datetime | None:
        """Return when cheap turns to dear or back; None while that is not known."""
        now = self.at(moment)
        if now is None:
            return None
        end = now.end
        for slot in self.slots:
            if slot.start < end:
                continue
            if slot.start > end:
                return None
            if slot.cheap is not now.cheap:
                return slot.start
            end = slot.end
        return None


type _Window = tuple[datetime, datetime]


def plan(slots: Iterable[Slot], rule: Rule, now: datetime, zone: tzinfo) -> Plan:
    """Say of every slot whether it is cheap."""
    found = sorted(slots)
    if not rule.kind.needs_list:
        if rule.limit is None:
            return Plan()
        limit = rule.limit
        return Plan(slots=tuple(_planned(x, rule, x.price <= limit) for x in found))
    window_of = _windows(rule, zone)
    groups: dict[_Window, list[Slot]] = {}
    for slot in found:
        groups.setdefault(window_of(slot.start), []).append(slot)
    planned: list[Planned] = []
    for window, group in groups.items():
        cheap = _cheap(group, rule, window)
        planned += [_planned(slot, rule, slot in cheap) for slot in group]
    present = window_of(now)
    return Plan(
        slots=tuple(planned), partial=_known(groups.get(present, ())) < _length(present)
    )


def _planned(slot: Slot, rule: Rule, cheap: bool) -> Planned:
    if rule.always_below is not None and slot.price < rule.always_below:
        cheap = True
    if rule.never_above is not None and slot.price > rule.never_above:
        cheap = False
    return Planned(*slot, cheap)


def _windows(rule: Rule, zone: tzinfo) -> Callable[[datetime], _Window]:
    """Return what tells the window of a moment: its day, or the 24 hours to a time."""
    at = rule.until if rule.kind is RuleKind.CHEAPEST_UNTIL else time()

    def window_of(moment: datetime) -> _Window:
        day = day_of(moment, zone)
        if moment < (start := moment_of(day, at, zone)):
            return moment_of(day - timedelta(days=1), at, zone), start
        return start, moment_of(day + timedelta(days=1), at, zone)

    return window_of


def _cheap(group: Sequence[Slot], rule: Rule, window: _Window) -> set[Slot]:
    if rule.kind is RuleKind.BELOW_MEAN:
        known = _known(group)
        mean = sum(slot.price * (slot.length / known) for slot in group)
        most = mean - abs(mean) * rule.percent / 100
        return {slot for slot in group if slot.price <= most}
    return _cheapest(group, timedelta(hours=rule.hours), window)


def _cheapest(group: Sequence[Slot], hours: timedelta, window: _Window) -> set[Slot]:
    """Return the cheapest slots that add up to the hours, of equal ones the earlier.

    Of a window that is known in part they get their share, rounded down: what is left
    of a day may be all of its dear hours.
    """
    known, length = _known(group), _length(window)
    whole = known >= length
    wanted = hours if whole else hours * (known / length)
    cheap: set[Slot] = set()
    taken = _NOTHING
    for slot in sorted(group, key=lambda slot: (slot.price, slot.start)):
        after = taken + slot.length
        if taken > wanted - _BLINK or (not whole and after > wanted + _BLINK):
            break
        cheap.add(slot)
        taken = after
    return cheap


def _known(group: Iterable[Slot]) -> timedelta:
    return sum((slot.length for slot in group), _NOTHING)


def _length(window: _Window) -> timedelta:
    return window[1] - window[0]
