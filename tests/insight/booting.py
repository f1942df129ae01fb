"""What a poll tells of boots, and a counter of them that is fed with uptimes."""

import json
from typing import Self

from custom_components.miner_monitor.insight.meters import BootCounter
from custom_components.miner_monitor.insight.model import Uptime
from custom_components.miner_monitor.miners.restarts import (
    RestartDetector,
    RestartVerdict,
)
from custom_components.miner_monitor.model import Moment

GOES_ON = RestartVerdict(continues=True)
RESTARTED = RestartVerdict(restarted=True, while_watched=True)
DOUBTFUL = RestartVerdict(doubtful=True)


def verdict_of(restarted: bool) -> RestartVerdict:
    """Return the verdict of a poll after which the miner did, or did not, restart."""
    return RESTARTED if restarted else GOES_ON


class CountedBoots:
    """The one detector with the counter that goes by its verdicts."""

    def __init__(self) -> None:
        self.boots = RestartDetector()
        self.counter = BootCounter()
        self.verdict = RestartVerdict()

    @property
    def restarted(self) -> bool:
        return self.counter.restarted

    def observe(self, uptime: float | None, moment: Moment) -> Uptime:
        self.verdict = self.boots.observe(uptime, moment.wall, moment.monotonic)
        return self.counter.observe(self.verdict, moment)

    def absent(self) -> Uptime:
        return self.counter.absent()

    def reloaded(self) -> Self:
        """Bring both through a restart of ours."""
        fresh = type(self)()
        parts = (self.boots.dump(), self.counter.dump())
        boots, counter = json.loads(json.dumps(parts, allow_nan=False))
        fresh.boots.load(boots)
        fresh.counter.load(counter)
        return fresh
