"""A simulated Avalon: a device, its API server and its faults."""

from collections.abc import Callable
import json
from typing import Any, override

from ..appliance import Appliance
from ..clock import Clock
from ..faults import GARBAGE, HUGE_BYTES, Fault
from ..spec import MinerSpec
from .api import Api
from .device import Device
from .faults import WIRE_FAULTS
from .server import Delivery, Parcel, Server

NO_MINER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    b"<!doctype html><html><head><title>Router</title></head></html>"
)


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


class SimulatedAvalon(Appliance[Device, Server]):
    """One Avalon on the network; a request is the text that was read."""

    scheme = "tcp"
    wire_faults = WIRE_FAULTS

    def __init__(self, spec: MinerSpec, clock: Clock) -> None:
        """Make a miner that does not listen yet."""
        server = Server(self._respond, spec.latency, spec.idle_seconds)
        super().__init__(spec, clock, Device(spec, clock), server)
        self._api = Api(self.device)

    @property
    def firmware(self) -> str:
        """Return the firmware that it runs."""
        return self.device.firmware

    @property
    def most_connections(self) -> int:
        """Return how many connections were open at the same time."""
        return self._server.most_connections

    @property
    def flash_writes(self) -> int:
        """Return how many changed settings were written to flash."""
        return self.device.settings.writes

    def reply(self, endpoint: str) -> dict[str, Any]:
        """Return what a command, or several joined by +, would answer now."""
        self.device.sync()
        return self._api.reply(endpoint)

    @override
    def _find_block(self) -> None:
        self.device.shares.blocks += 1

    def _respond(self, request: bytes) -> Parcel:
        """Answer a request, as faults allow."""
        self._note(body=request)
        self.device.sync()
        faults, asked = self.device.faults, request.decode("utf-8", "replace")
        for fault in faults:
            replacement = REPLACED.get(fault.name)
            if replacement is not None and fault.concerns(asked):
                return Parcel(body=replacement(fault))
        silent = faults.get("silent")
        if silent is not None and silent.concerns(asked):
            return Parcel(delivery=Delivery.NEVER)
        if (timeout := faults.get("timeout")) is not None:
            faults.use_up(timeout)
            return Parcel(delivery=Delivery.NEVER)
        return self._sound(request)

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

    def _sound(self, request: bytes) -> Parcel:
        """Answer as a miner whose replies are sound."""
        answer = self._api.answer(request)
        if answer.reboot_after is not None:
            self._restart_in(answer.reboot_after)
        if answer.silent:
            return Parcel(delivery=Delivery.NEVER)
        return self._delivered(answer.body)
