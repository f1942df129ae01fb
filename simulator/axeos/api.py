"""The HTTP interface of one miner: routes by release, without a socket."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
import re
from typing import Any

from .boards import Dialect
from .cjson import parse
from .device import POOL_LIST, Device
from .flash import PARTITIONS
from .nerdos_dashboard import dashboard, empty_history
from .nerdos_patch import patch_nerdos
from .patch import drop_pool, patch, pool_valid, spelt, store_pool
from .replies import Replies
from .versions import Span, Version, span

JSON_404: Version = (2, 9, 0)
PAGE = (
    b"<!doctype html><html><head><title>AxeOS</title></head><body>AxeOS</body></html>"
)
TEXT, HTML, JSON = "text/plain", "text/html", "application/json"
_HISTORY = re.compile(r"(?:.*&)?ts=0*([1-9]\d*)(?:&.*)?")
POOL_PATH = re.compile(r"/api/system/pools/(-?\d*)[^/]*")
POOL_SLOTS = range(8)
SCAN_SECONDS = 3.0
CORS = (
    ("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS"),
    ("Access-Control-Allow-Headers", "Content-Type"),
)
LOG = (("Content-Disposition", 'attachment; filename="bitaxe-logs.txt"'),)


class Delivery(Enum):
    """How an answer leaves: whole, byte by byte without end, cut off, or never."""

    WHOLE = auto()
    DRIP = auto()
    CUT = auto()
    NONE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a miner answers, after ``delay`` seconds, and what it does later."""

    status: int = 200
    content_type: str = JSON
    body: bytes = b""
    chunked: bool = False
    location: str | None = None
    realm: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    reboots: bool = False
    crashes: bool = False
    delivery: Delivery = Delivery.WHOLE
    delay: float = 0.0


type Handler = Callable[[Api, bytes], Response]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path, and the releases of the dialects that have it."""

    method: str
    path: str
    handler: Handler
    axeos: Span | None = None
    nerdos: Span | None = None
    lucky: Span | None = None

    def available(self, device: Device) -> bool:
        """Tell whether this device's firmware has the route."""
        releases = {
            Dialect.AXEOS: self.axeos,
            Dialect.NERDOS: self.nerdos,
            Dialect.LUCKY: self.lucky,
        }[device.board.dialect]
        return releases is not None and device.version in releases


class Api:
    """Answers requests for one device."""

    def __init__(self, device: Device) -> None:
        """Serve this device."""
        self.device = device
        self.replies = Replies(device)
        self.query = ""
        self._routes: tuple[Version, dict[tuple[str, str], Handler]] | None = None

    def respond(self, method: str, path: str, body: bytes = b"") -> Response:
        """Answer a request; only NerdOS looks at the query of a path."""
        path, _, self.query = path.partition("?")
        version = self.device.version
        if self._routes is None or self._routes[0] != version:
            routes = {
                (route.method, route.path): route.handler
                for route in ROUTES
                if route.available(self.device)
            }
            self._routes = (version, routes)
        if (handler := self._routes[1].get((method, path))) is not None:
            return handler(self, body)
        slot = POOL_PATH.fullmatch(path)
        if slot and self.device.stock and version >= POOL_LIST:
            number = slot[1] if slot[1].strip("-") else "0"
            return self._pool(method, int(number), body)
        return self._unknown(method, path)

    def _unknown(self, method: str, path: str) -> Response:
        """Answer a request for something that the firmware does not have."""
        if method == "GET" and path in {"/", "/index.html", "/recovery"}:
            return Response(content_type=HTML, body=PAGE)
        newer = self.device.stock and self.device.version >= JSON_404
        if newer and path.startswith("/api/"):
            return Response(status=404, body=b'{"error":"unknown route"}')
        if method == "GET":
            text = b"Redirect to the captive portal"
            return Response(status=302, content_type=HTML, body=text, location="/")
        text = b"Specified method is invalid for this resource"
        return Response(status=405, content_type=HTML, body=text)

    def json(self, value: Any, status: int = 200) -> Response:
        """Return a JSON reply."""
        return Response(status=status, body=self.replies.encode(value))

    def message(self, text: str, *, reboots: bool = False) -> Response:
        """Return the answer to a command: a text before 2.13, JSON since."""
        if self.device.stock and self.device.version >= (2, 13, 0):
            body = self.replies.encode({"message": text})
            return Response(body=body, reboots=reboots)
        return Response(content_type=HTML, body=text.encode(), reboots=reboots)

    def _pool(self, method: str, slot: int, body: bytes) -> Response:
        """Answer a request for one slot of the list of pools."""
        match method:
            case "PUT" | "DELETE" if slot not in POOL_SLOTS:
                return refusal("Invalid pool index")
            case "PUT":
                return _put_pool(self, slot, body)
            case "DELETE" if drop_pool(self.device, slot):
                return self.message("Pool deleted")
            case "DELETE":
                return refusal("The pool is in use")
            case _:
                return self._unknown(method, f"/api/system/pools/{slot}")


def refusal(text: str, status: int = 400) -> Response:
    """Return a refusal: a text that is called HTML."""
    return Response(status=status, content_type=HTML, body=text.encode())


def _put_pool(api: Api, slot: int, body: bytes) -> Response:
    """Store a pool in a slot."""
    pool = spelt(decoded(body))
    if not pool_valid(pool):
        return refusal("Wrong API input")
    store_pool(api.device, slot, pool)
    api.device.flash.commit()
    return api.message("Pool stored")


def decoded(body: bytes) -> Any:
    """Return a JSON body, None when it is none."""
    try:
        return parse(body)
    except ValueError:
        return None


def _info(api: Api, _body: bytes) -> Response:
    """Answer with the state of everything."""
    if api.device.board.dialect is not Dialect.NERDOS:
        return Response(body=api.replies.info_bytes())
    since = _HISTORY.fullmatch(api.query)
    if since is None:
        return Response(body=api.replies.info_bytes(), chunked=True)
    body = api.replies.info() | {"history": empty_history(int(since[1]))}
    return Response(body=api.replies.encode(body), chunked=True)


def _dashboard(api: Api, _body: bytes) -> Response:
    """Answer with what the newer web page of NerdOS shows."""
    return Response(body=api.replies.encode(dashboard(api.device)), chunked=True)


def _asic(api: Api, _body: bytes) -> Response:
    """Answer with the chips and the presets."""
    return api.json(api.replies.asic())


def _statistics(api: Api, _body: bytes) -> Response:
    """Answer with the device's own history."""
    return api.json(api.replies.statistics())


def _restart(api: Api, _body: bytes) -> Response:
    """Promise a restart."""
    return api.message("System will restart shortly.", reboots=True)


def _identify(api: Api, _body: bytes) -> Response:
    """Show a greeting on the display, or stop showing it."""
    shown = api.device.identify()
    return api.message("Identify mode on" if shown else "Identify mode off")


def _pause(api: Api, _body: bytes) -> Response:
    """Pause mining."""
    api.device.pause()
    return api.message("Mining paused")


def _resume(api: Api, _body: bytes) -> Response:
    """Resume mining."""
    api.device.resume()
    return api.message("Mining resumed")


def _dismiss(api: Api, _body: bytes) -> Response:
    """Stop showing a found block."""
    device = api.device
    device.block_shown = False
    device.revision += 1
    return api.json(
        {
            "blockFound": device.shares.blocks,
            "showNewBlock": False,
            "message": "Block found notification dismissed",
        }
    )


def _shut_down(api: Api, _body: bytes) -> Response:
    """Switch the chips off until a restart."""
    api.device.shut_down()
    return api.message("System will shutdown shortly.")


def _reset_stats(api: Api, _body: bytes) -> Response:
    """Begin the session's counters again."""
    api.device.shares.restart()
    api.device.revision += 1
    return Response(status=204, content_type=HTML)


def _scoreboard(api: Api, _body: bytes) -> Response:
    """Answer with the best shares; none are kept here."""
    return api.json([])


def _patch(api: Api, body: bytes) -> Response:
    """Change settings."""
    nerdos = api.device.board.dialect is Dialect.NERDOS
    reply = (patch_nerdos if nerdos else patch)(api.device, body)
    if reply.crashes:
        return Response(crashes=True)
    if reply.json is not None:
        return Response(content_type=HTML, body=api.replies.encode(reply.json))
    if reply.status != 200:
        return refusal(reply.text, reply.status)
    return Response(content_type=HTML, chunked=True)


def _options(_api: Api, _body: bytes) -> Response:
    """Tell a page of another origin what it may ask for."""
    return Response(content_type=HTML, headers=CORS)


def _theme(api: Api, _body: bytes) -> Response:
    """Answer with the colours of the web page."""
    return api.json(api.device.flash["theme"])


def _set_theme(api: Api, body: bytes) -> Response:
    """Store the colours of the web page."""
    theme = decoded(body)
    if not isinstance(theme, dict):
        return refusal("Invalid JSON")
    flash = api.device.flash
    known = {key: theme[key] for key in flash["theme"].keys() & theme.keys()}
    flash.write("theme", flash["theme"] | known)
    flash.commit()
    return api.json({"status": "ok"})


def _scan(api: Api, _body: bytes) -> Response:
    """Look for networks, which takes long and lets all others wait."""
    own = {"ssid": api.device.flash["ssid"], "rssi": -52, "authmode": 3}
    other = {"ssid": "Neighbour", "rssi": -78, "authmode": 4}
    body = api.replies.encode({"networks": [own, other]})
    return Response(body=body, delay=SCAN_SECONDS)


def _logs(api: Api, _body: bytes) -> Response:
    """Answer with the log."""
    text = f"I (1000) main: Welcome to the bitaxe, {api.device.firmware.text}\n"
    return Response(content_type=TEXT, body=text.encode(), chunked=True, headers=LOG)


def _boot(api: Api, body: bytes) -> Response:
    """Restart from another partition."""
    wanted = decoded(body)
    partition = wanted.get("partition") if isinstance(wanted, dict) else None
    if partition not in PARTITIONS:
        return refusal("Invalid partition")
    api.device.flash.write("partition", partition)
    return api.message(f"Booting from {partition}", reboots=True)


EVER = Span()
ROUTES = (
    Route("GET", "/api/system/info", _info, EVER, EVER, EVER),
    Route("GET", "/api/system/asic", _asic, span("2.7"), span("1.0.32")),
    Route("GET", "/api/system/statistics", _statistics, span("2.8")),
    Route(
        "GET", "/api/system/statistics/dashboard", _statistics, span("2.8", "2.10.1")
    ),
    Route("GET", "/api/system/scoreboard", _scoreboard, span("2.14")),
    Route("PATCH", "/api/system", _patch, EVER, EVER, EVER),
    Route("OPTIONS", "/api/system", _options, EVER),
    Route("GET", "/api/theme", _theme, span("2.5")),
    Route("POST", "/api/theme", _set_theme, span("2.5")),
    Route("OPTIONS", "/api/theme", _options, span("2.5")),
    Route("GET", "/api/system/wifi/scan", _scan, span("2.6")),
    Route("GET", "/api/system/logs", _logs, span("2.14")),
    Route("POST", "/api/system/boot", _boot, span("2.15")),
    Route("POST", "/api/system/restart", _restart, EVER, EVER, EVER),
    Route("POST", "/api/system/identify", _identify, span("2.12")),
    Route("POST", "/api/system/pause", _pause, span("2.14")),
    Route("POST", "/api/system/resume", _resume, span("2.14")),
    Route("POST", "/api/system/blockFound/dismiss", _dismiss, span("2.13")),
    Route("POST", "/api/system/shutdown", _shut_down, None, span("1.0.36")),
    Route("POST", "/api/system/reset-stats", _reset_stats, None, span("1.0.37")),
    Route("GET", "/api/v2/dashboard", _dashboard, None, span("1.0.38")),
)
