"""What a coordinator hands out of its miner, and what everything above reads."""

from dataclasses import field

from .control.model import ControlState
from .insight.model import Insight
from .miners.events import EventType, MinerEvent, Moment
from .miners.model import MinerIdentity, MinerState, record

__all__ = ["ControlState", "EventType", "MinerData", "MinerEvent", "Moment"]


@record
class MinerData:
    """All that is known of one miner at one moment.

    ``online`` is None until the first poll has an outcome; while a miner is away
    ``state`` is None, so that no stale value can be taken for a fresh one.
    ``believed`` is that state without what cannot be true, for whoever adds up.
    ``unplugged``: its plug is off, so that nobody asks it. ``restart_expected``: it may
    be away, for what was asked of it moments ago, or its plug, makes it start anew.
    """

    online: bool | None
    identity: MinerIdentity
    state: MinerState | None = None
    believed: MinerState | None = None
    insight: Insight = field(default_factory=Insight)
    control: ControlState = field(default_factory=ControlState)
    last_error: str | None = None
    unplugged: bool = False
    restart_expected: bool = False
