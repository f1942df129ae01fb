"""A simulated miner: a device, its web server and its faults."""

from typing import Any, override

from ..appliance import Appliance
from ..clock import Clock
from ..spec import MinerSpec
from .access import Access
from .api import Api, Response
from .boards import Dialect
from .device import Device
from .faults import HANGING_FAULTS
from .nerdos import device_of
from .wire import Manners, Received, Server
from .wire_faults import distorted, spoiling
from .write_faults import mistreated, mistreating

REBOOT_DELAY = 1.0
PANIC = "Software reset due to exception/panic"


def manners_of(device: Device) -> Manners:
    """Return how the web server of this firmware behaves."""
    if device.board.dialect is Dialect.NERDOS:
        return Manners(sockets=10, drops_oldest=True, longest_head=1024, closes=True)
    version = device.version
    modern = version >= (2, 10, 0)
    return Manners(
        sockets=20 if modern else 10 if version >= (2, 5, 0) else 7,
        drops_oldest=modern,
        longest_head=1024 if modern else 512,
        closes=False,
    )


class SimulatedAxeos(Appliance[Device, Server]):
    """One miner on the network."""

    wire_faults = HANGING_FAULTS

    def __init__(self, spec: MinerSpec, clock: Clock) -> None:
        """Make a miner that does not listen yet."""
        device = device_of(spec, clock)
        server = Server(self._respond, manners_of(device), spec.latency)
        super().__init__(spec, clock, device, server)
        self._api = Api(device)
        self._access = Access(device)

    @property
    def firmware(self) -> str:
        """Return the firmware that it runs."""
        return self.device.firmware.text

    @property
    def flash_writes(self) -> int:
        """Return how often something was written to flash: each setting since 2.11."""
        return self.device.flash.writes

    @property
    def identifying(self) -> bool:
        """Tell whether the display shows the greeting."""
        return self._clock.now() < self.device.identified_until

    def reply(self, endpoint: str) -> dict[str, Any]:
        """Return what the info, asic or statistics endpoint would answer now."""
        self.device.sync()
        replies = self._api.replies
        match endpoint:
            case "info":
                return replies.info()
            case "asic":
                return replies.asic()
            case "statistics":
                return replies.statistics()
        raise ValueError(f"No endpoint {endpoint!r}")

    @override
    def close(self) -> None:
        super().close()
        self.device.settings_task.forget()

    @override
    async def move(self, host: str, port: int) -> None:
        await super().move(host, port)
        self.device.revision += 1

    @override
    def update_firmware(self, version: str) -> None:
        super().update_firmware(version)
        self._server.manners = manners_of(self.device)

    @override
    def _find_block(self) -> None:
        self.device.find_block()

    def _respond(self, request: Received) -> Response | None:
        """Answer a request, as faults allow."""
        self._note(method=request.method, path=request.path, body=request.body)
        self.device.sync()
        if not self.device.serving:
            self._refresh()
            return None
        fault = spoiling(self.device.faults, request.path)
        if fault is None:
            return self._sound(request)
        return distorted(fault, lambda: self._sound(request))

    def _sound(self, request: Received) -> Response:
        """Answer as a sound miner, but for what happens to writes."""
        response = self._access.answer(request)
        if response is None:
            response = self._obey(request)
        if response.crashes:
            self.device.reboot(PANIC)
            self._refresh()
        elif response.reboots:
            self._restart_in(REBOOT_DELAY)
        return response

    def _obey(self, request: Received) -> Response:
        """Do what a client may ask for."""
        method, path, body = request.method, request.path, request.body
        fault = mistreating(self.device.faults, method, path)
        if fault is None:
            return self._api.respond(method, path, body)
        return mistreated(fault, self._api, method, path, body)
