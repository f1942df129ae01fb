"""What is worth a message, and when it is due."""

import json

from custom_components.miner_monitor.alerts.book import (
    FORGET_AFTER,
    MERGE,
    REPEATS_AFTER,
    AlertBook,
    Rules,
)

HOUR = 3600.0
NIGHT = (10 * HOUR, 18 * HOUR)
"""The quiet hours of these tests."""


def awake(moment: float) -> float:
    return NIGHT[1] if NIGHT[0] <= moment < NIGHT[1] else moment


RULES = Rules(patience={"offline": 300.0}, urgent={"hot"}, awake=awake)


class Watch:
    """A book, a clock, and what was sent with its minute."""

    def __init__(self, rules: Rules = RULES, at: float = 0.0) -> None:
        self.book, self.now = AlertBook(rules), at
        self.sent: list[tuple[float, str]] = []

    def look(self, event: str, so: bool | None, *miners: str) -> None:
        for miner in miners or ("a",):
            self.book.look(miner, event, so, self.now, {})

    def begin(self, *events: str) -> None:
        """Look for the first time: nothing of it is so."""
        for miner in ("a", "b", "c"):
            self.book.join(miner, self.now)
            for event in events or ("hot", "offline", "lost"):
                self.book.look(miner, event, False, self.now, {})

    def happened(self, event: str, miner: str = "a") -> None:
        self.book.happened(miner, event, self.now, {})

    def until(self, moment: float) -> list[tuple[float, str]]:
        """Let time pass, and return what was sent meanwhile, and when."""
        found = []
        while (at := self.book.next_message()) is not None and at <= moment:
            self.now = max(self.now, at)
            for alert in self.book.take(self.now):
                over = " over" if alert.over else ""
                many = f" x{alert.count}" if alert.count > 1 else ""
                text = f"{alert.miner} {alert.event}{over}{many}"
                found.append((self.now, text))
        self.now = moment
        return found

    def restart(self, seconds: float = 60.0) -> None:
        """End, and go on from what was stored after so many seconds."""
        stored = json.loads(json.dumps(self.book.dump(self.now)))
        self.now += seconds
        self.book = AlertBook(self.book.rules)
        self.book.load(stored, self.now)
        for miner in ("a", "b", "c"):
            self.book.join(miner, self.now)


def test_what_begins_within_a_minute_is_one_message() -> None:
    watch = Watch()
    watch.begin()
    watch.look("lost", True, "a")
    assert watch.until(MERGE - 1) == []
    watch.look("lost", True, "b", "c")
    at = MERGE
    sent = [(at, f"{miner} lost") for miner in "abc"]
    assert watch.until(HOUR) == sent
    watch.look("lost", True, "a", "b", "c")
    assert watch.until(2 * HOUR) == []
    watch.look("lost", False, "b")
    assert watch.until(3 * HOUR) == [(2 * HOUR + MERGE, "b lost over")]


def test_what_was_so_at_first_is_no_news() -> None:
    watch = Watch()
    watch.book.join("a", 0)
    watch.look("lost", True)
    assert watch.until(HOUR) == []
    watch.look("lost", False)
    assert watch.until(2 * HOUR) == []
    watch.look("lost", True)
    assert watch.until(3 * HOUR) == [(2 * HOUR + MERGE, "a lost")]


def test_it_must_last_and_what_ends_or_is_unknown_meanwhile_does_not() -> None:
    watch = Watch()
    watch.begin()
    for ends in (False, None):
        watch.look("offline", True)
        assert watch.until(watch.now + 299) == []
        watch.look("offline", ends)
        assert watch.until(watch.now + HOUR) == []
    begun = watch.now
    watch.look("offline", True)
    assert watch.until(begun + HOUR) == [(begun + 300 + MERGE, "a offline")]
    watch.look("offline", None)
    assert watch.until(begun + 2 * HOUR) == []
    watch.look("offline", False)
    assert watch.until(begun + 3 * HOUR) == [
        (begun + 2 * HOUR + MERGE, "a offline over")
    ]


def test_the_same_again_is_counted_until_it_may_be_sent() -> None:
    watch = Watch()
    watch.begin()
    watch.happened("restarted")
    assert watch.until(MERGE) == [(MERGE, "a restarted")]
    for _ in range(3):
        watch.happened("restarted")
        watch.now += 60
    at = MERGE + REPEATS_AFTER + MERGE
    assert watch.until(HOUR) == [(at, "a restarted x3")]


def test_it_is_sent_again_while_it_lasts() -> None:
    rules = Rules(again_after=2 * HOUR, back_to_normal=False)
    watch = Watch(rules)
    watch.begin()
    watch.look("lost", True)
    assert [at for at, _ in watch.until(5 * HOUR)] == [
        MERGE,
        2 * HOUR + 2 * MERGE,
        4 * HOUR + 3 * MERGE,
    ]
    watch.look("lost", False)
    assert watch.until(24 * HOUR) == []


def test_quiet_hours() -> None:
    """What is urgent breaks them; the rest waits, unless it is over by then."""
    watch = Watch(at=NIGHT[0] + HOUR)
    watch.begin()
    watch.look("lost", True, "a", "b")
    watch.happened("best", "c")
    watch.look("hot", True, "c")
    at = watch.now + MERGE
    assert watch.until(at + HOUR) == [(at, "c hot")]
    watch.look("lost", False, "a")
    watch.look("hot", False, "c")
    assert sorted(watch.until(NIGHT[1] + HOUR)) == [
        (NIGHT[1], "b lost"),
        (NIGHT[1], "c best"),
        (NIGHT[1], "c hot over"),
    ]


def test_an_urgent_one_that_comes_back_at_night_is_sent_again() -> None:
    watch = Watch(at=NIGHT[0] + HOUR)
    watch.begin()
    watch.look("hot", True)
    assert len(watch.until(watch.now + HOUR)) == 1
    watch.look("hot", False)
    watch.until(watch.now + HOUR)
    watch.look("hot", True)
    at = watch.now + MERGE
    assert watch.until(at + HOUR) == [(at, "a hot")]


def test_nothing_is_sent_because_of_a_restart_and_nothing_is_forgotten() -> None:
    watch = Watch(at=NIGHT[0] - HOUR)
    watch.begin()
    watch.look("lost", True, "a", "b")
    assert len(watch.until(watch.now + HOUR)) == 2
    watch.look("offline", True, "c")
    watch.restart()
    # Of nobody is it known yet whether it is so.
    assert watch.until(watch.now + HOUR) == []
    watch.look("lost", True, "a")
    watch.look("lost", False, "b")
    watch.look("offline", True, "c")
    watch.look("hot", True, "a")
    assert sorted(watch.until(NIGHT[1] + HOUR)) == [
        (NIGHT[1], "b lost over"),
        (NIGHT[1], "c offline"),
    ]


def test_what_was_stored_long_ago_says_nothing() -> None:
    watch = Watch()
    watch.begin()
    watch.look("lost", True)
    assert watch.until(HOUR)
    watch.restart(FORGET_AFTER + 1)
    watch.look("lost", False)
    assert watch.until(watch.now + HOUR) == []


def test_what_cannot_be_read_is_nothing() -> None:
    watch = Watch()
    for data in (None, [], {"saved_at": 0.0, "notes": [{"miner": 1}], "sent": 7}):
        watch.book.load(data, 0.0)
        assert watch.book.next_message() is None


def test_an_edited_automation_goes_on_with_what_was_sent() -> None:
    watch = Watch()
    watch.begin()
    watch.look("lost", True, "a")
    assert watch.until(HOUR)
    watch.look("lost", True, "b")
    edited = Watch(at=watch.now)
    edited.book.learn(watch.book.dump(watch.now), watch.now)
    edited.book.join("a", watch.now)
    edited.look("lost", False, "a")
    edited.look("lost", False, "b")
    assert edited.until(2 * HOUR) == [(HOUR + MERGE, "a lost over")]
