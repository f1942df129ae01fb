"""What the faults of the wire make of an answer."""

from collections.abc import Callable
from dataclasses import replace
import json

from ..faults import GARBAGE, HUGE_BYTES, Fault, FaultSet
from .api import HTML, JSON, TEXT, Delivery, Response

NO_MINER = (
    b"<!doctype html><html><head><title>Router</title></head>"
    b"<body><h1>Welcome to your router</h1></body></html>"
)


def _silent(_fault: Fault, _response: Response) -> Response | None:
    """Never answer."""
    return None


def _slow(_fault: Fault, response: Response) -> Response:
    """Answer without end."""
    return replace(response, delivery=Delivery.DRIP)


def _truncated(_fault: Fault, response: Response) -> Response:
    """Answer with the first half."""
    return replace(response, body=response.body[: len(response.body) // 2])


def _garbage(_fault: Fault, _response: Response) -> Response:
    """Answer with noise."""
    return Response(body=GARBAGE)


def _html(_fault: Fault, _response: Response) -> Response:
    """Answer as the web page of something else."""
    return Response(content_type=HTML, body=NO_MINER)


def _empty(_fault: Fault, _response: Response) -> Response:
    """Answer with nothing."""
    return Response()


def _huge(fault: Fault, _response: Response) -> Response:
    """Answer with far too much."""
    size = int(fault.number("size", HUGE_BYTES))
    return Response(body=json.dumps({"padding": "x" * size}).encode())


def _redirect(fault: Fault, _response: Response) -> Response:
    """Send the client elsewhere."""
    location = fault.text("location", "http://127.0.0.1:9/")
    return Response(status=302, content_type=HTML, location=location)


def _unauthorized(fault: Fault, _response: Response) -> Response:
    """Refuse the client, as the miners do when its address is not a private one.

    With a `realm` it asks for a password instead.
    """
    realm = fault.text("realm", "") or None
    return Response(status=401, content_type=HTML, body=b"Unauthorized", realm=realm)


def _status(fault: Fault, _response: Response) -> Response:
    """Answer with an error of the server."""
    code = int(fault.number("code", 503))
    return Response(status=code, content_type=TEXT, body=b"Something went wrong")


def _list(_fault: Fault, _response: Response) -> Response:
    """Answer with JSON that is no object."""
    return Response(content_type=JSON, body=b"[1, 2, 3]")


def _disconnect(_fault: Fault, response: Response) -> Response:
    """Hang up in the middle of the answer."""
    return replace(response, delivery=Delivery.CUT)


WIRE: dict[str, Callable[[Fault, Response], Response | None]] = {
    "silent": _silent,
    "timeout": _silent,
    "slow": _slow,
    "truncated": _truncated,
    "garbage": _garbage,
    "html": _html,
    "empty": _empty,
    "huge": _huge,
    "redirect": _redirect,
    "unauthorized": _unauthorized,
    "status": _status,
    "list": _list,
    "disconnect": _disconnect,
}

APPLYING = frozenset({"slow", "truncated", "disconnect"})


def spoiling(faults: FaultSet, path: str) -> Fault | None:
    """Return the fault that an answer meets; a time-out is used up by that."""
    fault = next(
        (item for item in faults if item.name in WIRE and item.concerns(path)), None
    )
    if fault is not None and fault.name == "timeout":
        faults.use_up(fault)
    return fault


def distorted(fault: Fault, sound: Callable[[], Response]) -> Response | None:
    """Return what a fault leaves of the answer; most keep the request from its goal."""
    applies = fault.name in APPLYING or fault.flag("applies")
    return WIRE[fault.name](fault, sound() if applies else Response())
