"""A simulated miner that is one device with a firmware of its own."""

from abc import abstractmethod
from collections.abc import Collection
from typing import Any, ClassVar, Protocol, override

from .clock import Alarm, Clock
from .listener import Listener
from .member import Phase
from .shell import Device, Shell
from .spec import MinerSpec

EVENTS = frozenset({"reboot", "firmware_update", "block_found"})


class ApplianceDevice(Device, Protocol):
    """The device behind its network."""

    phase_until: float | None

    def reboot(self) -> None:
        """Restart."""

    def update_firmware(self, text: str) -> None:
        """Install another firmware and reboot into it."""

    def inject(self, name: str, parameters: dict[str, Any]) -> None:
        """Let a fault begin."""

    def clear(self, name: str | None) -> None:
        """End one fault or all."""


class Appliance[D: ApplianceDevice, S: Listener](Shell[D, S]):
    """One device on the network."""

    wire_faults: ClassVar[Collection[str]]

    def __init__(self, spec: MinerSpec, clock: Clock, device: D, server: S) -> None:
        """Make a miner that does not listen yet."""
        super().__init__(spec, clock, device, server)
        self._restart = Alarm(clock, self.reboot)

    @override
    def close(self) -> None:
        super().close()
        self._restart.cancel()

    def reboot(self) -> None:
        """Restart the device."""
        self.device.sync()
        self.device.reboot()
        self._refresh()

    def update_firmware(self, version: str) -> None:
        """Install another firmware and reboot into it."""
        self.device.update_firmware(version)
        self._refresh()

    def inject(
        self, fault: str, duration: float | None = None, **parameters: Any
    ) -> None:
        """Let a fault begin; it ends after `duration` seconds or by `clear`."""
        if fault in EVENTS:
            self._happen(fault, parameters)
            return
        self.device.inject(fault, parameters)
        self._ends.plan(fault, duration)
        self._refresh()

    def _happen(self, event: str, parameters: dict[str, Any]) -> None:
        """Let something happen that has no end."""
        match event:
            case "reboot":
                self.reboot()
            case "firmware_update":
                if "version" not in parameters:
                    raise ValueError("A firmware update needs a version")
                self.update_firmware(parameters["version"])
            case "block_found":
                self._find_block()

    @abstractmethod
    def _find_block(self) -> None:
        """Find a block, which few do."""

    @override
    def clear(self, fault: str | None = None) -> None:
        self._ends.cancel(fault)
        hung = any(item.name in self.wire_faults for item in self.device.faults)
        self.device.clear(fault)
        if hung:
            self._server.drop()
        self._refresh()

    @property
    @override
    def _wakes_at(self) -> float | None:
        """Return when the boot is over."""
        booting = self.device.phase is Phase.BOOTING
        return self.device.phase_until if booting else None

    def _restart_in(self, seconds: float) -> None:
        """Restart the device soon."""
        self._restart.set(self._clock.now() + seconds)
