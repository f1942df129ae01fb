"""The loaded miners of the fleet, whom a switch leaves out, and whom one stopped."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from homeassistant.core import CALLBACK_TYPE

from ..const import CONF_PRIORITY
from ..control.model import Cause
from ..coordinator import MinerConfigEntry, MinerCoordinator
from ..miners.codec import Within, load_or
from ..miners.model import MinerIdentity
from . import FleetFeature, features_of

DEFAULT_PRIORITY = 10
MIN_PRIORITY, MAX_PRIORITY = 1, 100

RUNS_BY_ITSELF = 600.0
"""Seconds of work after which a miner was started by somebody else. A miner that
restarts works for a moment before it is stopped again."""

MinerKeys = Annotated[list[Annotated[str, Within(1, 255)]], Within(0, 1000)]
"""The unique ids of miners, as they are stored."""


def priority_of(entry: MinerConfigEntry) -> int:
    """Return when a miner's turn is; the lower, the sooner."""
    value = entry.options.get(CONF_PRIORITY, DEFAULT_PRIORITY)
    return int(value) if isinstance(value, int | float) else DEFAULT_PRIORITY


class WhyLeft(StrEnum):
    """Why a switch of all miners leaves one as it is."""

    PAUSED_ON_DEVICE = "paused_on_device"
    OVERHEAT_PROTECTION = "overheat_protection"
    HELD = "held"
    OFFLINE = "offline"


_RESTS: Mapping[Cause | None, WhyLeft] = {
    Cause.PAUSED_ON_DEVICE: WhyLeft.PAUSED_ON_DEVICE,
    Cause.STANDBY_ON_DEVICE: WhyLeft.PAUSED_ON_DEVICE,
}
"""What a device rests by that nobody asked for here."""


class FleetMember:
    """One loaded miner, and what has to be undone when it unloads."""

    def __init__(self, entry: MinerConfigEntry) -> None:
        """Take its coordinator, which is another one after a reload."""
        self.entry = entry
        self.miner: MinerCoordinator = entry.runtime_data
        self.key = self.miner.device_id
        self.stop_listening: CALLBACK_TYPE | None = None
        self._identity: MinerIdentity | None = None
        self._features: frozenset[FleetFeature] = frozenset()

    @property
    def features(self) -> frozenset[FleetFeature]:
        """What can be done with it; found anew when it changes."""
        if self.miner.identity is not self._identity:
            self._identity = self.miner.identity
            self._features = features_of(self._identity)
        return self._features

    @property
    def answers(self) -> bool:
        """Whether it is there now."""
        return self.miner.data.online is True

    @property
    def turn(self) -> tuple[bool, int, str, str]:
        """Its place in the order of starting: one that does not answer comes last."""
        name = self.entry.title.casefold()
        return not self.answers, priority_of(self.entry), name, self.key

    @property
    def kept_out(self) -> WhyLeft | None:
        """Why no command of all miners reaches it now, if so."""
        if self.miner.data.online is False:
            return WhyLeft.OFFLINE
        return WhyLeft.HELD if self.miner.data.control.hold is not None else None

    @property
    def rests(self) -> WhyLeft | None:
        """Why it rests though nobody asked for it here, if so."""
        control = self.miner.data.control
        if control.controlled.reason is Cause.OVERHEAT_PROTECTION:
            return WhyLeft.OVERHEAT_PROTECTION if control.saving_power else None
        return _RESTS.get(control.controlled.reason)

    def stopped(self, feature: FleetFeature) -> bool | None:
        """Whether it saves power, or was stopped."""
        data = self.miner.data
        if not data.online or data.state is None or feature not in self.features:
            return None
        if feature is FleetFeature.THROTTLE:
            return data.control.saving_power
        mining = data.state.settings.mining
        return None if mining is None else not mining


class StopMemory:
    """The miners that one switch has stopped and nobody has started since."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._running_since: dict[str, float | None] = {}

    @property
    def stopped(self) -> frozenset[str]:
        """The miners that this switch is to start again."""
        return frozenset(self._running_since)

    def remember(self, key: str) -> None:
        """Take it that a miner is being stopped now."""
        self._running_since[key] = None

    def forget(self, key: str) -> None:
        """Take it that a miner runs again, or was never stopped."""
        self._running_since.pop(key, None)

    def observe(self, key: str, stopped: bool | None, monotonic: float) -> None:
        """Look at a miner, and forget one that somebody else has started."""
        if stopped is None or key not in self._running_since:
            return
        since = self._running_since[key]
        if stopped or since is None:
            self._running_since[key] = None if stopped else monotonic
        elif monotonic - since >= RUNS_BY_ITSELF:
            self.forget(key)

    def dump(self) -> list[str]:
        """Return the miners as JSON types."""
        return sorted(self._running_since)

    def load(self, data: object) -> None:
        """Read what ``dump`` wrote; what is no miner is left out."""
        self._running_since |= dict.fromkeys(load_or(MinerKeys, data, []))
