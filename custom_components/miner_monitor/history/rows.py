"""States that changed at many moments, as rows that each tell all."""

from collections.abc import Collection, Iterable, Iterator

from .columns import (
    ONLINE,
    Row,
    Source,
    known,
)

TOGETHER = 1.0
"""Seconds within which changes belong to one poll, hence to one row."""

type Change = tuple[float, Source, str]
"""When a state was written, whose it is, and what it is."""


class RowMaker:
    """Makes one row of what one poll changed, and carries forward what it did not.

    An absent miner gets one row when it goes, and none before it is back. Where
    nothing tells whether it is there, as while Home Assistant starts, there is none.
    ``lasting`` sources have something to say of an absent miner.
    """

    def __init__(
        self, *, knows_presence: bool, lasting: Collection[Source] = ()
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
        if began is None or (online := self._online()) is None:
            return
        if not (self._away and not online):
            states = dict(self._states) if online else {}
            yield Row(time=began, online=online, states=states)
        self._away = not online

    def _online(self) -> bool | None:
        if self._knows_presence:
            return {"on": True, "off": False}.get(self._states.get(ONLINE, ""))
        return any(
            known(state) is not None
            for source, state in self._states.items()
            if source not in self._lasting
        )


class MeanRowMaker:
    """Makes a row per period of statistics; one that has only totals was offline."""

    def __init__(self, lasting: Collection[Source]) -> None:
        """Begin with one that was there."""
        self._lasting = lasting
        self._away = False

    def feed(
        self, periods: Iterable[tuple[float, dict[Source, float]]]
    ) -> Iterator[Row]:
        """Take periods in the order of time; an absence is one row."""
        for time, values in periods:
            online = any(source not in self._lasting for source in values)
            if online:
                states = {source: f"{value:.10g}" for source, value in values.items()}
                yield Row(time=time, online=True, states=states)
            elif not self._away:
                yield Row(time=time, online=False, states={})
            self._away = not online
