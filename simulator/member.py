"""What every simulated miner is to a farm, whatever its family."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
import json
from typing import Any, Protocol

from .spec import MinerSpec


class Phase(StrEnum):
    """What a miner is doing."""

    OFF = "off"
    BOOTING = "booting"
    STARTING = "starting"
    CALIBRATING = "calibrating"
    HASHING = "hashing"
    PAUSED = "paused"
    STANDBY = "standby"
    POOL_LOST = "pool_lost"
    COOLING = "cooling"
    LOCKED = "locked"
    FAULT = "fault"
    SHUTDOWN = "shutdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is really going on; energy since the farm began, shares for ever."""

    hash_rate_ths: float
    power_w: float
    energy_wh: float
    shares_accepted: int
    shares_rejected: int
    hashing: bool
    temperature: float
    restarts: int
    mode: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that a miner received; one over plain TCP is all body."""

    time: float
    method: str = ""
    path: str = ""
    body: str = ""

    @property
    def json(self) -> Any:
        """Return the decoded body."""
        return json.loads(self.body)


class SimulatedMiner(Protocol):
    """One miner on the network, as farms, tests and the control endpoint use it."""

    spec: MinerSpec
    port: int

    @property
    def name(self) -> str:
        """Return the name in the farm."""

    @property
    def host(self) -> str:
        """Return the address that it listens at."""

    @property
    def url(self) -> str:
        """Return where it answers, as scheme://host:port."""

    @property
    def firmware(self) -> str:
        """Return the firmware that it runs."""

    @property
    def active_faults(self) -> Sequence[str]:
        """Return the names of the faults that are on."""

    @property
    def requests(self) -> tuple[Request, ...]:
        """Return the requests so far."""

    def forget_requests(self) -> None:
        """Have no requests so far."""

    @property
    def connections(self) -> int:
        """Return how many connections are open."""

    @property
    def flash_writes(self) -> int:
        """Return how many changed settings were written to flash."""

    @property
    def truth(self) -> Truth:
        """Return what is really going on."""

    @property
    def phase(self) -> Phase:
        """Return what the miner is doing."""

    def reply(self, endpoint: str) -> dict[str, Any]:
        """Return what an endpoint or command would answer now."""

    async def start(self) -> None:
        """Give power: the first time it has been up already, later it boots."""

    async def stop(self) -> None:
        """Cut the power."""

    def close(self) -> None:
        """Leave the network for good."""

    async def move(self, host: str, port: int) -> None:
        """Listen at another address from now on."""

    def reboot(self) -> None:
        """Restart the device."""

    def update_firmware(self, version: str) -> None:
        """Install another firmware and reboot into it."""

    def inject(
        self, fault: str, duration: float | None = None, **parameters: Any
    ) -> None:
        """Let a fault begin; it ends after `duration` seconds or by `clear`."""

    def clear(self, fault: str | None = None) -> None:
        """End a fault, or all of them."""
