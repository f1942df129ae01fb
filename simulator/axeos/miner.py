"""A simulated miner: a device, its web server and its faults."""

from collections import deque
from typing import Any

from ..clock import Clock, Timer
from ..faults import FaultEnds
from ..member import Phase, Request, Truth
from ..spec import MinerSpec
from .api import Api, Response
from .boards import Dialect
from .device import Device
from .faults import EVENTS, WIRE_FAULTS
from .wire import Manners, Server
from .wire_faults import APPLYING, WIRE

REBOOT_DELAY = 1.0
KEPT_REQUESTS = 10_000


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


class SimulatedAxeos:
    """One miner on the network."""

    def __init__(self, spec: MinerSpec, clock: Clock) -> None:
        """Make a miner that does not listen yet."""
        self.spec = spec
        self.device = Device(spec, clock)
        self.port = spec.port
        self._clock = clock
        self._api = Api(self.device)
        manners = manners_of(self.device)
        self._server = Server(self._respond, manners, spec.latency)
        self._requests: deque[Request] = deque(maxlen=KEPT_REQUESTS)
        self._ends = FaultEnds(clock, self.clear)
        self._boot_timer: Timer | None = None
        self._restart_timer: Timer | None = None
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
        """Return the address of the web page."""
        return f"http://{self.host}:{self.port}"

    @property
    def firmware(self) -> str:
        """Return the firmware that it runs."""
        return self.device.firmware.text

    @property
    def active_faults(self) -> list[str]:
        """Return the names of the faults that are on."""
        return [fault.name for fault in self.device.faults]

    @property
    def requests(self) -> list[Request]:
        """Return the requests so far."""
        return list(self._requests)

    @property
    def connections(self) -> int:
        """Return how many connections are open."""
        return self._server.connections

    @property
    def flash_writes(self) -> int:
        """Return how many changed settings were written to flash."""
        return self.device.flash.writes

    @property
    def truth(self) -> Truth:
        """Return what is really going on."""
        truth = self.device.truth
        self._refresh()
        return truth

    @property
    def identifying(self) -> bool:
        """Tell whether the display shows the greeting."""
        return self._clock.now() < self.device.identified_until

    @property
    def phase(self) -> Phase:
        """Return what the miner is doing."""
        self.device.sync()
        return self.device.phase

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
        for timer in (self._boot_timer, self._restart_timer):
            if timer is not None:
                timer.cancel()

    async def move(self, host: str, port: int) -> None:
        """Listen at another address from now on."""
        self._server.close()
        self.device.host, self.port = host, port
        self.device.revision += 1
        self._refresh()

    def reboot(self) -> None:
        """Restart the device."""
        self.device.sync()
        self.device.reboot()
        self._refresh()

    def update_firmware(self, version: str) -> None:
        """Install another firmware over the air and reboot into it."""
        self.device.update_firmware(version)
        self._server.manners = manners_of(self.device)
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
                self.device.find_block()

    def clear(self, fault: str | None = None) -> None:
        """End a fault, or all of them."""
        self._ends.cancel(fault)
        hung = any(item.name in WIRE_FAULTS for item in self.device.faults)
        self.device.clear(fault)
        if hung:
            self._server.drop()
        self._refresh()

    def _refresh(self) -> None:
        """Listen or not, as the device's state asks for."""
        device = self.device
        wanted = self._plugged and device.serving and "offline" not in device.faults
        if wanted and not self._server.listening:
            self.port = self._server.open(self.host, self.port)
        elif not wanted and self._server.listening:
            self._server.close()
        if self._boot_timer is not None:
            self._boot_timer.cancel()
            self._boot_timer = None
        if device.phase is Phase.BOOTING and device.phase_until is not None:
            self._boot_timer = self._clock.call_at(device.phase_until, self._booted)

    def _booted(self) -> None:
        """Look whether the boot is over."""
        self._boot_timer = None
        self.device.sync()
        self._refresh()

    def _respond(self, method: str, path: str, body: bytes) -> Response | None:
        """Answer a request, as faults allow."""
        now = self._clock.now()
        text = body.decode("utf-8", "replace")
        self._requests.append(Request(time=now, method=method, path=path, body=text))
        self.device.sync()
        if not self.device.serving:
            self._refresh()
            return None
        fault = next((item for item in self.device.faults if item.name in WIRE), None)
        if fault is None:
            return self._sound(method, path, body)
        if fault.name == "timeout":
            fault.replies += 1
            if fault.replies >= fault.number("count", 1):
                self.device.faults.remove(fault.name)
        if fault.name in APPLYING or fault.flag("applies"):
            return WIRE[fault.name](fault, self._sound(method, path, body))
        return WIRE[fault.name](fault, Response())

    def _sound(self, method: str, path: str, body: bytes) -> Response:
        """Answer as a sound miner."""
        response = self._api.respond(method, path, body)
        if response.reboots:
            if self._restart_timer is not None:
                self._restart_timer.cancel()
            due = self._clock.now() + REBOOT_DELAY
            self._restart_timer = self._clock.call_at(due, self.reboot)
        return response
