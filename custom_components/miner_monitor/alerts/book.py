"""What is worth a message, and when it is due; no Home Assistant.

| what | is due |
| --- | --- |
| it is so now, and was not before | after its patience |
| it is so still | again, so long after the last message |
| it is over, and a message had been sent | at once |
| it just happens | at once |
| it begins or happens once more | ``REPEATS_AFTER`` the last message at the earliest |

What is due waits ``MERGE`` seconds for more, so that it becomes one message; what ends
meanwhile is none. In quiet hours only what is urgent is due; the rest waits for their
end, if it is so then. All times are epoch seconds.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..miners.codec import Amount, Count, dump, load_or

MERGE = 60.0
"""Seconds in which what happens to several miners becomes one message."""

REPEATS_AFTER = 900.0
"""Seconds between two messages of the same about the same miner."""

FORGET_AFTER = 24 * 3600.0
"""Seconds after which what was stored says nothing any more."""

type Details = dict[str, str | float]
type Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a user wants to know, and when.

    ``patience`` is in seconds by event, ``again_after`` in seconds or None. ``awake``
    returns the first moment from another one on that is outside of the quiet hours.
    """

    patience: Mapping[str, float] = field(default_factory=dict)
    urgent: Collection[str] = ()
    again_after: float | None = None
    back_to_normal: bool = True
    awake: Callable[[float], float] = lambda moment: moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing to say about one miner: what, since when, and whether it is over.

    ``count`` is how often it happened since the last message.
    """

    miner: str
    event: str
    since: float
    over: bool = False
    count: int = 1
    details: Mapping[str, str | float] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Note:
    """Something that is so of a miner, was so, or happened.

    ``sent`` is when the last message was, ``ended`` when it was over. ``lasts``: it is
    so until it ends.
    """

    miner: str
    event: str
    since: Amount
    lasts: bool = True
    sent: Amount | None = None
    ended: Amount | None = None
    count: Count = 1
    details: Details = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class _Stored:
    saved_at: Amount
    notes: list[Note] = field(default_factory=list)
    sent: dict[str, dict[str, Amount]] = field(default_factory=dict)


class AlertBook:
    """What is known of all miners, and what was said of it, for one automation."""

    def __init__(self, rules: Rules) -> None:
        """Know nothing yet: what is so of a miner at first is no news."""
        self.rules = rules
        self.changed = False
        self._notes: dict[Key, Note] = {}
        self._sent: dict[Key, float] = {}
        self._seen: dict[Key, bool] = {}
        self._unknown: set[Key] = set()
        self._present: dict[str, float] = {}

    def join(self, miner: str, now: float) -> None:
        """Begin to look at a miner: of others nothing is due."""
        self._present[miner] = now

    def leave(self, miner: str) -> None:
        """Look at a miner no more: what is so when it comes back is no news."""
        self._present.pop(miner, None)
        self._seen = {key: so for key, so in self._seen.items() if key[0] != miner}
        self._unknown = {key for key in self._unknown if key[0] != miner}

    def was(self, miner: str, event: str) -> bool | None:
        """Return what was last known of a miner."""
        return self._seen.get((miner, event))

    def look(
        self, miner: str, event: str, so: bool | None, now: float, details: Details
    ) -> None:
        """Take it that something is so, is not so, or is not known now."""
        key = miner, event
        note, before = self._notes.get(key), self._seen.get(key)
        if so is None:
            self._unknown.add(key)
            if note is not None and note.sent is None:
                self._drop(key)
                self._seen[key] = False
            return
        self._unknown.discard(key)
        self._seen[key] = so
        if so:
            self._holds(key, note, before, now, details)
        elif note is not None and note.ended is None:
            if note.sent is None or not self.rules.back_to_normal:
                self._drop(key)
            else:
                note.ended, self.changed = now, True

    def _holds(
        self,
        key: Key,
        note: Note | None,
        before: bool | None,
        now: float,
        details: Details,
    ) -> None:
        miner, event = key
        if note is not None and note.ended is not None:
            if now - note.ended < MERGE:
                note.ended = None
            else:
                note = None
        if note is not None:
            # What was measured last is better than nothing.
            note.details = {**note.details, **details}
        elif before is False:
            self._notes[key] = Note(
                miner=miner, event=event, since=now, details=details
            )
            self.changed = True

    def happened(self, miner: str, event: str, now: float, details: Details) -> None:
        """Take it that something happened; the last details count."""
        key = miner, event
        note = Note(miner=miner, event=event, since=now, lasts=False, details=details)
        if (before := self._notes.get(key)) is not None:
            note.count = before.count + 1
            note.since = before.since
        self._notes[key] = note
        self.changed = True

    def _drop(self, key: Key) -> None:
        del self._notes[key]
        self.changed = True

    def _due(self, key: Key, note: Note) -> float | None:
        """Return when a note is due, whether it is quiet then or not."""
        rules = self.rules
        if note.ended is not None:
            return note.ended
        if note.sent is None:
            patience = rules.patience.get(note.event, 0.0) if note.lasts else 0.0
            again = self._sent.get(key, -REPEATS_AFTER) + REPEATS_AFTER
            return max(note.since + patience, again)
        if rules.again_after is None or key in self._unknown:
            return None
        return note.sent + rules.again_after

    def _is_urgent(self, note: Note) -> bool:
        return note.event in self.rules.urgent and note.ended is None

    def _all_due(self) -> Iterator[tuple[Key, Note, float]]:
        """Yield what is due of the miners that are looked at, and of which it is known.

        After a restart of ours that is not before they are looked at again.
        """
        for key, note in self._notes.items():
            joined, due = self._present.get(note.miner), self._due(key, note)
            if joined is None or due is None or (note.lasts and key not in self._seen):
                continue
            yield key, note, max(due, joined)

    def next_message(self) -> float | None:
        """Return when the next message is to be sent, as far as is known."""
        moments = [
            due + MERGE if self._is_urgent(note) else self.rules.awake(due + MERGE)
            for _, note, due in self._all_due()
        ]
        return min(moments, default=None)

    def take(self, now: float) -> list[Alert]:
        """Return what is to be sent now; it is then taken as sent."""
        if (at := self.next_message()) is None or at > now:
            return []
        quiet = self.rules.awake(now) > now
        due = [
            (key, note)
            for key, note, at in self._all_due()
            if at <= now and (not quiet or self._is_urgent(note))
        ]
        self.changed = True
        for key, note in due:
            if note.ended is not None or not note.lasts:
                del self._notes[key]
            if note.ended is None:
                note.sent = self._sent[key] = now
        return [
            Alert(
                miner=note.miner,
                event=note.event,
                since=note.since,
                over=note.ended is not None,
                count=note.count,
                details=note.details,
            )
            for _, note in due
        ]

    def dump(self, now: float) -> Any:
        """Return what outlives a restart, as JSON types.

        A miner that is not looked at any more is forgotten after a while.
        """
        self.changed = False
        self._notes = {
            key: note
            for key, note in self._notes.items()
            if note.miner in self._present or now - note.since < FORGET_AFTER
        }
        sent: dict[str, dict[str, float]] = {}
        for (miner, event), at in self._sent.items():
            if now - at < REPEATS_AFTER:
                sent.setdefault(miner, {})[event] = at
        return dump(_Stored(saved_at=now, notes=list(self._notes.values()), sent=sent))

    def load(self, data: object, now: float) -> None:
        """Go on from what ``dump`` returned, unless it is too old."""
        stored = load_or(_Stored, data, _NOTHING) if is_fresh(data, now) else _NOTHING
        self._notes = {(note.miner, note.event): note for note in stored.notes}
        self._sent = {
            (miner, event): at
            for miner, events in stored.sent.items()
            for event, at in events.items()
        }

    def learn(self, data: object, now: float) -> None:
        """Take over which messages another one has sent."""
        other = AlertBook(self.rules)
        other.load(data, now)
        for key, note in other._notes.items():
            if note.sent is not None:
                self._notes.setdefault(key, note)


_NOTHING = _Stored(saved_at=0.0)


def is_fresh(data: object, now: float) -> bool:
    """Whether what ``dump`` returned still says something."""
    saved_at = data.get("saved_at") if isinstance(data, Mapping) else None
    return isinstance(saved_at, int | float) and abs(now - saved_at) <= FORGET_AFTER
