"""What a device can report and do, told apart from what it reports just now."""

from collections.abc import Iterable, Mapping

from ..columns import Column
from ..model import (
    Capability,
    MinerState,
)
from ..values import shared
from .boards import Board
from .columns import NERDOS, STOCK
from .nerdos import can_shut_down
from .profile import (
    Profile,
    Reply,
)

_SENSORS = (
    (Capability.POWER, ("power",), "sensors"),
    (Capability.INPUT_VOLTAGE, ("voltage", "voltagei"), "sensors"),
    (Capability.INPUT_CURRENT, ("current",), "input_current"),
    (Capability.CORE_VOLTAGE_ACTUAL, ("coreVoltageActual",), "sensors"),
    (Capability.CHIP_TEMPERATURE, ("temp",), "sensors"),
    (Capability.CHIP_TEMPERATURE_2, ("temp2",), "second_sensor"),
    (Capability.VR_TEMPERATURE, ("vrTemp",), "vr_sensor"),
    (Capability.BOARD_TEMPERATURE, ("boardtemp1", "boardtemp2"), ""),
)
"""Each with its keys, one or two, and what the table of boards calls it, if it does."""


def _by_column(columns: Iterable[Column]) -> dict[Capability, tuple[str, ...]]:
    """Take a plain field of the same name as a capability as proof of it.

    What else a value is needed for is learnt by SensorMemory.
    """
    found: dict[Capability, tuple[str, ...]] = {}
    for name, key, *_ in columns:
        if name in _CAPABILITIES:
            capability = Capability(name)
            found[capability] = (*found.get(capability, ()), key)
    return found


_CAPABILITIES = {*Capability} - {sensor for sensor, *_ in _SENSORS}
_BY_KEY: Mapping[Capability, tuple[str, ...]] = {
    **_by_column(STOCK),
    Capability.POOL: ("stratumURL", "pools"),
    Capability.POOL_STATUS: ("pools",),
    Capability.POOL_CONNECTED: ("poolConnectionInfo",),
    Capability.FALLBACK_POOL: ("isUsingFallbackStratum",),
    Capability.OVERHEAT_FLAG: ("overheat_mode", "overheat"),
    # AxeOS 2.14 leaves the block keys out until the first job.
    Capability.NETWORK_DIFFICULTY: ("networkDifficulty", "miningPaused"),
    Capability.BLOCK_HEIGHT: ("blockHeight", "miningPaused"),
    Capability.BLOCKS_FOUND: ("blockFound", "foundBlocks", "miningPaused"),
    Capability.LOCATE: ("resetReason",),
    Capability.PAUSE: ("miningPaused",),
    Capability.DISMISS_BLOCK: ("showNewBlock",),
}

_NERDOS_BY_KEY: Mapping[Capability, tuple[str, ...]] = {
    **_BY_KEY,
    **_by_column(NERDOS),
    Capability.POOL_DIFFICULTY: ("poolDifficulty", "stratum"),
    Capability.POOL_CONNECTED: ("stratum",),
    Capability.FALLBACK_POOL: ("isUsingFallbackStratum", "stratum"),
    Capability.POOL_LATENCY: ("lastpingrtt", "stratum"),
    Capability.OVERHEAT_FLAG: ("coreVoltageActual",),
    Capability.FAN_DUTY_CYCLE: ("fanspeed", "fans"),
    Capability.SHUTDOWN: ("shutdown",),
}


def declared(info: Reply, profile: Profile) -> frozenset[Capability]:
    """Collect what the mere presence of a key proves."""
    table = _NERDOS_BY_KEY if profile.nerdos else _BY_KEY
    found = {
        capability
        for capability, keys in table.items()
        if any(key in info for key in keys)
    }
    found.add(Capability.RESTART)
    if not can_shut_down(info):
        found.discard(Capability.SHUTDOWN)
    if not profile.nerdos and "fanspeed" in info and "fanrpm" in info:
        found.add(Capability.FAN_DUTY_CYCLE)
    computable = "frequency" in info and profile.core_count is not None
    if computable or "expectedHashrate" in info:
        found.add(Capability.EXPECTED_HASH_RATE)
    return frozenset(found)


class SensorMemory:
    """Which sensors a device has, learnt from what they showed.

    Absent sensors show the same values as idle ones. The board table decides where
    it knows; else a usable value proves a sensor, a useless one while hashing
    refutes it, and a useless one at rest proves nothing, so that the sensor stays.
    """

    def __init__(self, board: Board) -> None:
        """Begin with what is known of the board."""
        self.board = board
        self.found: frozenset[Capability] = frozenset()
        self._proven = self._refuted = self._doubtful = self.found
        self._open = shared(
            tuple(
                sensor
                for sensor in _SENSORS
                if board.input_current is not False
                or sensor[0] is not Capability.INPUT_CURRENT
            )
        )

    def learn(self, info: Reply, state: MinerState, *, hashing: bool) -> None:
        """Take in one reply."""
        still_open = self._open
        for sensor in self._open:
            capability, keys, trait = sensor
            known = getattr(self.board, trait, None)
            told = keys[0] in info or keys[-1] in info
            if getattr(state, capability) or (told and known):
                self._proven |= {capability}
                still_open = tuple(item for item in still_open if item is not sensor)
            elif told and known is None and hashing:
                self._refuted |= {capability}
            elif told and known is None:
                self._doubtful |= {capability}
        self._open = shared(still_open) if still_open is not self._open else self._open
        found = self._proven | (self._doubtful - self._refuted)
        if found != self.found:
            self.found = shared(found)
