"""The chips of one board: whether they answer, and what is left of their readings."""

from ..faults import FaultSet
from ..member import Phase
from .boards import Board, Dialect, Meter
from .flash import Flash
from .physics import MHZ_PER_SECOND, PARKED_MHZ, Physics

SHOWN_ZERO = (2, 14, 0)
LONG_RAMP = 10.0


class Chips:
    """What the firmware knows of its chips since the last boot."""

    def __init__(self, board: Board, flash: Flash, faults: FaultSet) -> None:
        """Start with chips that have worked."""
        self._board = board
        self._flash = flash
        self._faults = faults
        self._last_ghs = 0.0
        self._stale_mv = 0
        self._stale_until = 0.0
        self.dead = False
        self.started = True
        self.worked = True
        self.frozen: Physics | None = None

    @property
    def _refused(self) -> bool:
        """Tell whether the regulator refuses the stored voltage, and so stays off."""
        low, high = self._board.regulator_mv
        driven = self._board.meter is not Meter.NONE
        return driven and not low <= self._flash["coreVoltage"] <= high

    def start(self, *, flagged: bool = False) -> None:
        """Look for the chips; AxeOS leaves them off while an overheat is flagged."""
        stock = self._board.dialect is Dialect.AXEOS
        lost = "dead_chips" in self._faults
        self.dead = lost or (stock and (flagged or self._refused))

    def boot(self, *, flagged: bool) -> None:
        """Forget what was, and look for the chips."""
        self.started = self.worked = False
        self._last_ghs = 0.0
        self.start(flagged=flagged)

    def leave(self, phase: Phase, ghs: float) -> None:
        """Take note of the end of a phase at some hash rate."""
        if phase is Phase.HASHING:
            self._last_ghs = ghs
        self.frozen = None

    def enter(self, phase: Phase) -> None:
        """Take note of a new phase."""
        self.worked |= phase is Phase.HASHING
        self.started |= phase in {Phase.HASHING, Phase.POOL_LOST}

    def kept_ghs(self, version: tuple[int, int, int]) -> float:
        """Return the hash rate that stays on show while nothing hashes."""
        stock = self._board.dialect is Dialect.AXEOS
        kept = stock and version < SHOWN_ZERO
        if (fault := self._faults.get("power_fault")) is not None:
            kept = bool(fault.parameters.get("frozen", kept))
        return self._last_ghs if kept else 0.0

    def ramp(self, seconds: float, now: float, millivolts: int) -> None:
        """Keep the voltage until now on show during a long change of frequency."""
        if seconds > LONG_RAMP and now >= self._stale_until:
            self._stale_mv, self._stale_until = millivolts, now + seconds

    def shown_mv(self, millivolts: int, now: float) -> int:
        """Return the voltage that was read last: nothing is during a long ramp."""
        return self._stale_mv if now < self._stale_until else millivolts

    def ramp_seconds(self, mhz: float) -> float:
        """Return how long AxeOS winds the chips up before they work."""
        stock = self._board.dialect is Dialect.AXEOS
        return max(0.0, mhz - PARKED_MHZ) / MHZ_PER_SECOND if stock else 0.0
