"""Writes metrics of simulated miners some times; prints what that cost as JSON."""

from dataclasses import dataclass
from datetime import UTC, datetime
import json
import sys
import time

from custom_components.miner_monitor.fleet.model import FleetData
from custom_components.miner_monitor.insight.tracker import MinerTracker
from custom_components.miner_monitor.metrics.page import page
from custom_components.miner_monitor.metrics.subject import Scrape, Subject
from custom_components.miner_monitor.miners.events import Moment
from custom_components.miner_monitor.model import MinerData
from scripts.rig.past.sources import AvalonSource, AxeosSource, Source
from simulator import ManualClock, MinerSpec

MODELS: dict[str, type[AvalonSource | AxeosSource]] = {
    "gamma_601": AxeosSource,
    "avalon_nano3s": AvalonSource,
    "avalon_q": AvalonSource,
    "avalon_a1566": AvalonSource,
}
MINERS = 25
POLL_SECONDS = 15.0
WARM_UP = 5


@dataclass
class Polled:
    """A simulated miner, and what was made of its polls."""

    name: str
    source: Source
    tracker: MinerTracker | None = None

    def poll(self, clock: ManualClock) -> Subject:
        """Read the next poll, as its coordinator does."""
        self.source.sync()
        reading = self.source.read()[None]
        if self.tracker is None:
            self.tracker = MinerTracker(reading.identity)
        now = clock.now()
        insight = self.tracker.observe(
            reading.identity,
            reading.state,
            Moment(now, now, datetime.fromtimestamp(now, UTC).date().isoformat()),
            response_time=40.0,
            interval=POLL_SECONDS,
        )
        data = MinerData(
            online=True, identity=reading.identity, state=reading.state, insight=insight
        )
        return Subject(self.name, self.name, "192.0.2.1", 4028, data)


def costs(model: str, rounds: int) -> dict[str, list[float]]:
    """Return CPU milliseconds per miner, round by round.

    Of a scrape behind a poll, and of one more before the next poll.
    """
    clock = ManualClock()
    miners = [
        Polled(
            f"{model}-{n}",
            MODELS[model](MinerSpec(name=f"{model}-{n}", model=model, seed=n), clock),
        )
        for n in range(MINERS)
    ]
    found: dict[str, list[float]] = {"first": [], "again": []}
    for _ in range(WARM_UP + rounds):
        clock.advance(POLL_SECONDS)
        subjects = tuple(miner.poll(clock) for miner in miners)
        scrape = Scrape(clock.now(), "1", "EUR", subjects, FleetData())
        for spent in found.values():
            started = time.process_time()
            page(scrape)
            spent.append((time.process_time() - started) / MINERS * 1e3)
    return {name: spent[WARM_UP:] for name, spent in found.items()}


def main() -> None:
    """Print the costs of each model."""
    rounds = int(sys.argv[1])
    print(json.dumps({model: costs(model, rounds) for model in MODELS}))


if __name__ == "__main__":
    main()
