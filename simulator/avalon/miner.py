"""A simulated Avalon: a device, its API server and its faults."""

from collections import deque
from collections.abc import Callable
import json
from typing import Any

from ..clock import Clock, Timer
from ..faults import Fault, FaultEnds
from ..member import Phase, Request, Truth
from ..spec import MinerSpec
from .api import Api
from .device import Device
from .faults import EVENTS, WIRE_FAULTS
from .server import Delivery, Parcel, Server

KEPT_REQUESTS = 10_000
GARBAGE = bytes((index * 73 + 5) % 256 for index in range(600))
NO_MINER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    b"<!doctype html><html><head><title>Router</title></head></html>"
)
HUGE_BYTES = 10 * 1024 * 1024


def _huge(fault: Fault) -> bytes:
    """Return far too much."""
    size = int(fault.number("size", HUGE_BYTES))
    return json.dumps({"padding": "x" * size}).encode() + b"\0"


REPLACED: dict[str, Callable[[Fault], bytes]] = {
    "garbage": lambda _fault: GARBAGE,
    "html": lambda _fault: NO_MINER,
    "empty": lambda _fault: b"",
    "huge": _huge,
    "list": lambda _fault: b"[1, 2, 3]\0",
    "empty_object": lambda _fault: b"{}\0",
}


class SimulatedAvalon:
    """One Avalon on the network."""

    def __init__(self, spec: MinerSpec, clock: Clock) -> None:
        """Make a miner that does not listen yet."""
        self.spec = spec
        self.device = Device(spec, clock)
        self.port = spec.port
        self._clock = clock
        self._api = Api(self.device)
        self._server = Server(self._respond, spec.latency, spec.idle_seconds)
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
        """Return where the API answers."""
        return f"tcp://{self.host}:{self.port}"

    @property
    def firmware(self) -> str:
        """Return the firmware that it runs."""
        return self.device.firmware

    @property
    def active_faults(self) -> list[str]:
        """Return the names of the faults that are on."""
        return [fault.name for fault in self.device.faults]

    @property
    def requests(self) -> list[Request]:
        """Return the requests so far; the body is the text that was read."""
        return list(self._requests)

    @property
    def connections(self) -> int:
        """Return how many connections are open."""
        return self._server.connections

    @property
    def most_connections(self) -> int:
        """Return how many connections were open at the same time."""
        return self._server.most_connections

    @property
    def flash_writes(self) -> int:
        """Return how many changed settings were written to flash."""
        return self.device.settings.writes

    @property
    def truth(self) -> Truth:
        """Return what is really going on."""
        truth = self.device.truth
        self._refresh()
        return truth

    @property
    def phase(self) -> Phase:
        """Return what the miner is doing."""
        self.device.sync()
        return self.device.phase

    def reply(self, endpoint: str) -> dict[str, Any]:
        """Return what a command, or several joined by +, would answer now."""
        self.device.sync()
        return self._api.reply(endpoint)

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
        self._refresh()

    def reboot(self) -> None:
        """Restart the device."""
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
                self.device.shares.blocks += 1

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

    def _respond(self, request: bytes) -> Parcel:
        """Answer a request, as faults allow."""
        text = request.decode("utf-8", "replace")
        self._requests.append(Request(time=self._clock.now(), body=text))
        self.device.sync()
        faults = self.device.faults
        for fault in faults:
            if (replacement := REPLACED.get(fault.name)) is not None:
                return Parcel(body=replacement(fault))
        if "silent" in faults:
            return Parcel(delivery=Delivery.NEVER)
        if (timeout := faults.get("timeout")) is not None:
            timeout.replies += 1
            if timeout.replies >= timeout.number("count", 1):
                faults.remove("timeout")
            return Parcel(delivery=Delivery.NEVER)
        return self._delivered(self._sound(request))

    def _delivered(self, body: bytes) -> Parcel:
        """Send a sound answer, as faults of the delivery allow."""
        faults = self.device.faults
        if "truncated" in faults:
            return Parcel(body=body[: len(body) // 2])
        if "disconnect" in faults:
            return Parcel(body=body, delivery=Delivery.CUT)
        if "slow" in faults:
            return Parcel(body=body, delivery=Delivery.DRIP)
        if "keep_open" in faults:
            return Parcel(body=body, delivery=Delivery.KEEP_OPEN)
        return Parcel(body=body)

    def _sound(self, request: bytes) -> bytes:
        """Answer as a sound miner."""
        answer = self._api.answer(request)
        if answer.reboot_after is not None:
            if self._restart_timer is not None:
                self._restart_timer.cancel()
            due = self._clock.now() + answer.reboot_after
            self._restart_timer = self._clock.call_at(due, self.reboot)
        return answer.body
