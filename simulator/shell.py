"""What surrounds every simulated miner: its power, its address, its requests."""

from abc import ABC, abstractmethod
from collections import deque
from typing import ClassVar, Protocol

from .clock import Alarm, Clock
from .faults import FaultEnds, FaultSet
from .listener import Listener
from .member import Phase, Request, Truth
from .spec import MinerSpec

KEPT_REQUESTS = 10_000


class Device(Protocol):
    """A miner without its network."""

    host: str
    faults: FaultSet

    @property
    def serving(self) -> bool:
        """Tell whether what answers is running."""

    @property
    def phase(self) -> Phase:
        """Return what it is doing, as of the last `sync`."""

    @property
    def truth(self) -> Truth:
        """Return what is really going on, as of the last `sync`."""

    def sync(self) -> None:
        """Do what has fallen due."""

    def power_on(self) -> None:
        """Give power: the first time it has been up already, later it boots."""

    def power_off(self) -> None:
        """Cut the power."""


class Shell[D: Device, S: Listener](ABC):
    """One miner on the network, as far as all families are alike."""

    scheme: ClassVar[str] = "http"

    def __init__(self, spec: MinerSpec, clock: Clock, device: D, server: S) -> None:
        """Make a miner that does not listen yet."""
        self.spec = spec
        self.device = device
        self.port = spec.port
        self._clock = clock
        self._server = server
        self._requests: deque[Request] = deque(maxlen=KEPT_REQUESTS)
        self._ends = FaultEnds(clock, self.clear)
        self._wake = Alarm(clock, self._sync)
        self._plugged = False

    @property
    def name(self) -> str:
        """Return the name in the farm."""
        return self.spec.name

    @property
    def host(self) -> str:
        """Return the address that it listens at."""
        return self.device.host

    @property
    def url(self) -> str:
        """Return where it answers."""
        return f"{self.scheme}://{self.host}:{self.port}"

    @property
    def active_faults(self) -> list[str]:
        """Return the names of the faults that are on."""
        return [fault.name for fault in self.device.faults]

    @property
    def requests(self) -> tuple[Request, ...]:
        """Return the requests so far."""
        return tuple(self._requests)

    def forget_requests(self) -> None:
        """Have no requests so far."""
        self._requests.clear()

    @property
    def connections(self) -> int:
        """Return how many connections are open."""
        return self._server.connections

    @property
    def truth(self) -> Truth:
        """Return what is really going on."""
        self._sync()
        return self.device.truth

    @property
    def phase(self) -> Phase:
        """Return what the miner is doing."""
        self._sync()
        return self.device.phase

    async def start(self) -> None:
        """Give power: the first time it has been up already, later it boots."""
        if not self._plugged:
            self._plugged = True
            self.device.power_on()
            self._refresh()

    async def stop(self) -> None:
        """Cut the power."""
        self._plugged = False
        self.device.power_off()
        self._refresh()

    def close(self) -> None:
        """Leave the network for good."""
        self._plugged = False
        self._server.close()
        self._ends.cancel(None)
        self._wake.cancel()

    async def move(self, host: str, port: int) -> None:
        """Listen at another address from now on."""
        self._server.close()
        self.device.host, self.port = host, port
        self._refresh()

    @abstractmethod
    def clear(self, fault: str | None = None) -> None:
        """End a fault, or all of them."""

    @property
    @abstractmethod
    def _wakes_at(self) -> float | None:
        """Return when it may begin or end to answer without being asked."""

    def _sync(self) -> None:
        """Do what has fallen due."""
        self.device.sync()
        self._refresh()

    def _refresh(self) -> None:
        """Listen or not, and look again when that may change by itself."""
        device = self.device
        wanted = self._plugged and device.serving and "offline" not in device.faults
        if wanted and not self._server.listening:
            self.port = self._server.open(self.host, self.port)
        elif not wanted and self._server.listening:
            self._server.close()
        self._wake.set(self._wakes_at)

    def _note(self, *, method: str = "", path: str = "", body: bytes = b"") -> None:
        """Keep a request for those who ask what was received."""
        now, text = self._clock.now(), body.decode("utf-8", "replace")
        self._requests.append(Request(time=now, method=method, path=path, body=text))
