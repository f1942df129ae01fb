"""One miner's insight."""

from collections import deque
from dataclasses import replace
from statistics import fmean, median

from ..miners.model import ErrorKind, MinerIdentity, MinerState
from .baseline import RatioWindow
from .health import OverheatWatch
from .model import (
    Baseline,
    Health,
    Insight,
    Moment,
    Presence,
    ResponseTimes,
    Uptime,
)

RESPONSES_KEPT = 100


class MinerTracker:
    """Fed with every poll of one miner; gives a snapshot each time."""

    def __init__(self, identity: MinerIdentity) -> None:
        """Start with nothing known."""
        self._responses: deque[float] = deque(maxlen=RESPONSES_KEPT)
        self._snapshot = Insight()
        self._online: bool | None = None
        self._identity = identity
        self._ratio = RatioWindow(identity.ratio_window)
        self._overheat = OverheatWatch(identity.limits)

    def _adopt(self, identity: MinerIdentity) -> None:
        """Take over an identity; begin anew only what its limits define."""
        if identity.ratio_window != self._identity.ratio_window:
            self._ratio = RatioWindow(identity.ratio_window)
        if identity.limits != self._identity.limits:
            self._overheat = OverheatWatch(identity.limits)
        self._identity = identity

    def observe(
        self,
        identity: MinerIdentity,
        state: MinerState,
        moment: Moment,
        response_time: float,
    ) -> Insight:
        """Take a good poll that took ``response_time`` ms."""
        if identity is not self._identity:
            self._adopt(identity)
        self._responses.append(response_time)
        blocks = state.blocks_found
        past = self._snapshot
        self._snapshot = Insight(
            last_seen=state.reported_at or moment.wall,
            uptime=Uptime(
                started=None if state.uptime is None else moment.wall - state.uptime
            ),
            response_times=_response_times(self._responses),
            baseline=Baseline(ratio=self._ratio.observe(state, moment.monotonic)),
            health=Health(overheating=self._overheat.observe(state, moment.monotonic)),
            blocks_found=past.blocks_found if blocks is None else blocks,
            failed_polls=past.failed_polls,
            presence=past.presence,
        )
        self._online = True
        return self._snapshot

    def failed(self, kind: ErrorKind, *, away: bool) -> Insight:
        """Take a failed poll.

        Once the miner counts as away, what described the moment is gone.
        """
        past = self._snapshot
        failed_polls = {**past.failed_polls, kind: past.failed_polls.get(kind, 0) + 1}
        if not away:
            self._snapshot = replace(past, failed_polls=failed_polls)
            return self._snapshot
        self._snapshot = Insight(
            last_seen=past.last_seen,
            response_times=past.response_times,
            blocks_found=past.blocks_found,
            failed_polls=failed_polls,
            # A miner that was never seen has not gone away.
            presence=Presence(
                times_offline=past.presence.times_offline + (self._online is True)
            ),
        )
        self._online = False
        return self._snapshot


def _response_times(responses: deque[float]) -> ResponseTimes:
    return ResponseTimes(
        last=responses[-1],
        mean=fmean(responses),
        median=median(responses),
        minimum=min(responses),
        maximum=max(responses),
    )
