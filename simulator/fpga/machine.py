"""A computer with power, a process that serves metrics, and a read every 30 s."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ..clock import Clock
from ..faults import FaultSet
from ..member import Phase, Truth
from ..spec import MinerSpec
from .exposition import Metric
from .kinds import USUAL_RELEASE

INTERVAL = 30.0
BOOT_SECONDS = 45.0


class Machine(ABC):
    """What stands behind the web server, moved on when somebody looks."""

    def __init__(self, spec: MinerSpec, clock: Clock, faults: FaultSet) -> None:
        """Make a machine without power."""
        self.spec = spec
        self.host = spec.host
        self.clock = clock
        self.faults = faults
        self.firmware = spec.firmware or USUAL_RELEASE
        self.restarts = 0
        self.next_read: float | None = None
        self._boots_until: float | None = None
        self._fresh = True

    @property
    def powered(self) -> bool:
        """Tell whether it has power."""
        return self.next_read is not None or self._boots_until is not None

    @property
    def booting(self) -> bool:
        """Tell whether nothing runs yet."""
        return self._boots_until is not None

    @property
    def serving(self) -> bool:
        """Tell whether the process that answers is running."""
        return self.next_read is not None

    @property
    def wakes_at(self) -> float | None:
        """Return when it may begin or end to serve without being asked."""
        return self._boots_until

    @property
    def phase(self) -> Phase:
        """Return what it is doing."""
        if not self.powered:
            return Phase.OFF
        return Phase.BOOTING if self.booting else Phase.HASHING

    def power_on(self) -> None:
        """Give power: the first time it has been up already, later it boots."""
        now = self.clock.now()
        if self._fresh:
            self._fresh = False
            self.begin(now - self.spec.uptime, now)
            self.next_read = now + INTERVAL
            return
        self.restarts += 1
        seconds = self.spec.boot_seconds
        self._boots_until = now + (BOOT_SECONDS if seconds is None else seconds)

    def power_off(self) -> None:
        """Cut the power."""
        self.sync()
        self._boots_until = self.next_read = None
        self.faults.remove("freeze")

    def sync(self) -> None:
        """Do what has fallen due."""
        now = self.clock.now()
        if self._boots_until is not None and self._boots_until <= now:
            began, self._boots_until = self._boots_until, None
            self.begin(began, began)
            self.next_read = began + INTERVAL
        while self.next_read is not None and self.next_read <= now:
            due = self.next_read
            self.next_read += INTERVAL
            self.read(due)

    @property
    @abstractmethod
    def truth(self) -> Truth:
        """Return what is really going on."""

    @abstractmethod
    def begin(self, began: float, now: float) -> None:
        """Have all programs started at `began` and the first read done at `now`."""

    @abstractmethod
    def advance(self, now: float) -> None:
        """Move on to a moment, before what happens to the machine changes."""

    @abstractmethod
    def read(self, now: float) -> None:
        """Let the process look for news."""

    @abstractmethod
    def metrics(self) -> Sequence[Metric]:
        """Return what it serves."""

    @abstractmethod
    def restart_miner(self) -> None:
        """Start the mining programs anew."""

    @abstractmethod
    def restart_exporter(self) -> None:
        """Start the process that serves anew."""
