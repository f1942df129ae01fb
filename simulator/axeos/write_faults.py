"""What becomes of a write that something happens to."""

from collections.abc import Callable
from dataclasses import replace
import json
from typing import Any

from ..faults import Fault, FaultSet
from .api import HTML, Api, Delivery, Response, decoded
from .patch import STORED_AS

type Write = tuple[str, str, bytes]
type _Mishap = Callable[[Fault, Api, Write], Response]


def _lost(fault: Fault, api: Api, write: Write) -> Response:
    """Take it and hang up, or with ``silent`` say nothing for very long."""
    response = api.respond(*write)
    if fault.flag("silent"):
        return replace(response, delay=3600.0)
    return replace(response, delivery=Delivery.NONE)


def _failed(fault: Fault, api: Api, write: Write) -> Response:
    """Take it and answer that it failed, as a server that runs out of memory does."""
    api.respond(*write)
    code = int(fault.number("code", 500))
    return Response(status=code, content_type=HTML, body=b"Internal error")


def _ignored(_fault: Fault, _api: Api, write: Write) -> Response:
    """Agree and do nothing."""
    return Response(content_type=HTML, chunked=write[0] == "PATCH")


def _refused(fault: Fault, _api: Api, _write: Write) -> Response:
    """Refuse it and say why."""
    text = fault.text("text", "Wrong API input").encode()
    code = int(fault.number("code", 400))
    return Response(status=code, content_type=HTML, body=text)


def _busy(fault: Fault, api: Api, write: Write) -> Response:
    """Refuse it for the moment, or with ``seconds`` take that long for it."""
    if seconds := fault.optional("seconds"):
        return replace(api.respond(*write), delay=seconds)
    return Response(status=503, content_type=HTML, body=b"Busy")


def _clipped(fault: Fault, api: Api, write: Write) -> Response:
    """Store the ``values`` given, else what lies half way to what was asked for."""
    method, path, body = write
    values: dict[str, Any] = fault.parameters.get("values", {})
    stored = api.device.flash.stored
    wanted: dict[str, Any] | Any = decoded(body)
    if not isinstance(wanted, dict):
        return api.respond(method, path, body)
    for key, asked in wanted.items():
        old = stored.get(STORED_AS.get(key, key))
        if key in values:
            wanted[key] = values[key]
        elif isinstance(asked, int | float) and isinstance(old, int | float):
            wanted[key] = int(old + (asked - old) / 2)
    return api.respond(method, path, json.dumps(wanted).encode())


def _reboot(_fault: Fault, api: Api, write: Write) -> Response:
    """Take it and restart soon after."""
    return replace(api.respond(*write), reboots=True)


MISHAPS: dict[str, _Mishap] = {
    "patch_lost": _lost,
    "patch_failed": _failed,
    "patch_ignored": _ignored,
    "patch_refused": _refused,
    "patch_clipped": _clipped,
    "reboot_on_patch": _reboot,
    "busy": _busy,
}


def mistreating(faults: FaultSet, method: str, path: str) -> Fault | None:
    """Return the fault that a write meets; with a ``count`` it is used up by that.

    Commands are met only by ``busy``, and by others with ``commands``.
    """
    if method == "GET" or not path.startswith("/api/"):
        return None
    for fault in faults:
        every = fault.name == "busy" or fault.flag("commands")
        if fault.name in MISHAPS and (method == "PATCH" or every):
            if "count" in fault.parameters:
                faults.use_up(fault)
            return fault
    return None


def mistreated(fault: Fault, api: Api, method: str, path: str, body: bytes) -> Response:
    """Return what a fault makes of a write and its answer."""
    return MISHAPS[fault.name](fault, api, (method, path, body))
