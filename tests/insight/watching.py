"""A stability record that is fed poll by poll at times of its own."""

from collections.abc import Callable
from dataclasses import replace
import json

from custom_components.miner_monitor.insight.model import Stability
from custom_components.miner_monitor.insight.stability import StabilityRecord
from custom_components.miner_monitor.miners.model import MinerState, MinerStatus
from custom_components.miner_monitor.miners.restarts import RestartDetector
from custom_components.miner_monitor.model import Moment

START = 1_699_999_200.0
"""A border of the buckets of every width."""

HOUR = 3600.0
DAY = 86_400.0

GOOD = MinerState(
    status=MinerStatus.HASHING, hash_rate_now=1.0, power=15.0, uptime=86_400
)
PAUSED = MinerState(status=MinerStatus.PAUSED, hash_rate_now=0.0, power=3.0)

type Rates = Callable[[float], float]


class Watch:
    """Polls a miner of given states; time goes by as it is told to.

    ``now`` is in seconds since the start, and the miner's uptime goes with it.
    """

    def __init__(self, interval: float = 15.0) -> None:
        self.record = StabilityRecord()
        self.boots = RestartDetector()
        self.interval = interval
        self.now = 0.0
        self.wall_set = 0.0
        self.booted = -86_400.0
        self.stability = Stability()

    @property
    def moment(self) -> Moment:
        wall = START + self.now + self.wall_set
        return Moment(wall=wall, monotonic=50.0 + self.now, day="2023-11-14")

    def poll(
        self,
        state: MinerState = GOOD,
        expected: float | None = None,
        *,
        restarted: bool = False,
    ) -> Stability:
        """Take a state now, and let an interval pass."""
        if state.uptime is not None:
            state = replace(state, uptime=int(self.now - self.booted))
        moment = self.moment
        boot = self.boots.observe(state.uptime, moment.wall, moment.monotonic)
        self.stability = self.record.observe(
            state, expected, moment, self.interval, restarted or boot.restarted
        )
        self.now += self.interval
        return self.stability

    def run(
        self,
        seconds: float,
        state: MinerState = GOOD,
        expected: float | None = None,
        rates: Rates | None = None,
    ) -> Stability:
        """Poll for some time, where wanted at rates that depend on the time."""
        end = self.now + seconds
        while self.now < end:
            rate = state.hash_rate_now if rates is None else rates(self.now)
            self.poll(replace(state, hash_rate_now=rate), expected)
        return self.stability

    def away(self, seconds: float) -> Stability:
        """Let the miner be away for some time."""
        end = self.now + seconds
        while self.now < end:
            self.stability = self.record.absent(self.moment)
            self.now += self.interval
        return self.stability

    def restart(self, seconds: float = 0.0) -> str:
        """Restart what watches, after some time; return what was stored."""
        stored = json.dumps(self.record.dump(), separators=(",", ":"))
        self.now += seconds
        self.record = StabilityRecord()
        self.record.load(json.loads(stored))
        boots, self.boots = self.boots.dump(), RestartDetector()
        self.boots.load(json.loads(json.dumps(boots)))
        return stored
