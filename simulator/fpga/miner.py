"""A simulated rig or pool scraper on the network."""

from collections import deque
import gzip
from typing import Any

from ..axeos.api import TEXT, Delivery, Response
from ..axeos.faults import WIRE_FAULTS
from ..axeos.wire_faults import APPLYING, WIRE
from ..clock import Clock, Timer
from ..faults import Fault, FaultEnds, FaultSet
from ..member import Phase, Request, Truth
from ..spec import MinerSpec
from .exposition import OPEN_METRICS, PLAIN, open_metrics, plain, wants_open_metrics
from .faults import EVENTS, FOREIGN, FOREIGN_TEXT, KNOWN, REPLY_FAULTS
from .kinds import POOL_SCRAPER
from .machine import Machine
from .pool import PoolScraper
from .rig import Rig
from .wire import Page, Query, Server

KEPT_REQUESTS = 10_000
ALLOWED = "OPTIONS,GET"
HUGE_BYTES = 10 * 1024 * 1024
PADDING = b'padding{card="card0"} 1.0\n'


class SimulatedFpga:
    """One endpoint with metrics: a rig's exporter or a pool scraper."""

    def __init__(self, spec: MinerSpec, clock: Clock) -> None:
        """Make an endpoint that does not listen yet."""
        self.spec = spec
        self.port = spec.port
        self._faults = FaultSet(KNOWN)
        maker = PoolScraper if spec.model == POOL_SCRAPER else Rig
        self._machine: Machine = maker(spec, clock, self._faults)
        self._host = spec.host
        self._clock = clock
        self._server = Server(self._respond, spec.latency)
        self._requests: deque[Request] = deque(maxlen=KEPT_REQUESTS)
        self._ends = FaultEnds(clock, self.clear)
        self._timer: Timer | None = None

    @property
    def name(self) -> str:
        """Return the name in the farm."""
        return self.spec.name

    @property
    def host(self) -> str:
        """Return the address that it listens at."""
        return self._host

    @property
    def url(self) -> str:
        """Return where it answers."""
        return f"http://{self.host}:{self.port}"

    @property
    def firmware(self) -> str:
        """Return the exporter's release, which is not in its output."""
        return self._machine.firmware

    @property
    def active_faults(self) -> list[str]:
        """Return the names of the faults that are on."""
        return [fault.name for fault in self._faults]

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
        """Return 0: there is nothing to set."""
        return 0

    @property
    def truth(self) -> Truth:
        """Return what is really going on, to within the last 30 s."""
        self._sync()
        return self._machine.truth

    @property
    def phase(self) -> Phase:
        """Return what the rig is doing."""
        self._sync()
        return self._machine.phase

    def reply(self, endpoint: str) -> dict[str, Any]:
        """Return the text of `metrics` or `openmetrics` as it would be sent now."""
        if endpoint not in {"metrics", "openmetrics"}:
            raise ValueError(f"No endpoint {endpoint!r}")
        self._sync()
        return {"text": self._text(newer=endpoint == "openmetrics")}

    async def start(self) -> None:
        """Give power: the first time it has been up already, later it boots."""
        if not self._machine.powered:
            self._machine.power_on()
            self._refresh()

    async def stop(self) -> None:
        """Cut the power of the computer and all that it runs."""
        if self._machine.powered:
            self._ends.cancel("freeze")
            self._machine.power_off()
            self._refresh()

    def close(self) -> None:
        """Leave the network for good."""
        self._server.close()
        self._ends.cancel(None)
        self._cancel_timer()

    async def move(self, host: str, port: int) -> None:
        """Listen at another address from now on."""
        self._server.close()
        self._host, self.port = host, port
        self._sync()

    def reboot(self) -> None:
        """Restart the miners, which a running exporter does not get over."""
        self._sync()
        self._machine.restart_miner()
        self._refresh()

    def update_firmware(self, version: str) -> None:
        """Install another release of the exporter and start it."""
        self._sync()
        self._machine.firmware = version
        self._restart_exporter()

    def inject(
        self, fault: str, duration: float | None = None, **parameters: Any
    ) -> None:
        """Let a fault begin; it ends after `duration` seconds or by `clear`.

        `freeze` is a restart of the miners, as `reboot`; it ends with a restart of
        the exporter. Without a running exporter there is nothing to freeze.
        """
        if fault == "firmware_update":
            self.update_firmware(str(parameters["version"]))
            return
        if fault in EVENTS | {"freeze"}:
            self.reboot()
        else:
            self._change()
            self._faults.add(fault, parameters)
        if fault not in EVENTS:
            self._ends.plan(fault, duration)
        self._refresh()

    def clear(self, fault: str | None = None) -> None:
        """End a fault, or all of them; the end of `freeze` restarts the exporter."""
        self._ends.cancel(fault)
        self._change()
        ended = [item.name for item in self._faults if fault in {None, item.name}]
        self._faults.remove(fault)
        if "freeze" in ended:
            self._machine.restart_exporter()
        if not WIRE_FAULTS.isdisjoint(ended):
            self._server.drop()
        self._refresh()

    def _restart_exporter(self) -> None:
        """Start the exporter anew, which thaws it."""
        self._ends.cancel("freeze")
        self._faults.remove("freeze")
        self._server.drop()
        self._machine.restart_exporter()
        self._refresh()

    def _change(self) -> None:
        """Bring the machine up to now, because what happens to it changes."""
        self._machine.sync()
        self._machine.advance(self._clock.now())

    def _sync(self) -> None:
        """Do what has fallen due."""
        self._machine.sync()
        self._refresh()

    def _refresh(self) -> None:
        """Listen or not, and look again when that may change by itself."""
        wanted = self._machine.serving and "offline" not in self._faults
        if wanted and not self._server.listening:
            self.port = self._server.open(self.host, self.port)
        elif not wanted and self._server.listening:
            self._server.close()
        self._cancel_timer()
        if (when := self._machine.wakes_at) is not None:
            self._timer = self._clock.call_at(when, self._sync)

    def _cancel_timer(self) -> None:
        """Forget the time of the next look."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _respond(self, query: Query) -> Response | None:
        """Answer a request, as faults allow."""
        now = self._clock.now()
        self._requests.append(Request(time=now, method=query.method, path=query.path))
        self._sync()
        if not self._machine.serving:
            return None
        fault = next((item for item in self._faults if item.name in WIRE), None)
        if fault is None:
            return self._sound(query)
        if fault.name == "timeout":
            fault.replies += 1
            if fault.replies >= fault.number("count", 1):
                self._faults.remove(fault.name)
        return self._distorted(fault, query)

    def _distorted(self, fault: Fault, query: Query) -> Response | None:
        """Answer as a fault of the wire leaves it."""
        if fault.name == "huge":
            size = int(fault.number("size", HUGE_BYTES))
            body = (PADDING * (size // len(PADDING) + 1))[:size]
            return Page(content_type=PLAIN, body=body)
        sound = fault.name in APPLYING or fault.flag("applies")
        return WIRE[fault.name](fault, self._sound(query) if sound else Response())

    def _sound(self, query: Query) -> Response:
        """Answer as a sound exporter, which does not care for the path."""
        if query.method != "GET":
            status = 200 if query.method == "OPTIONS" else 405
            return Page(status=status, content_type=TEXT, allow=ALLOWED)
        newer = wants_open_metrics(query.headers.get("accept", ""))
        page = Page(
            content_type=OPEN_METRICS if newer else PLAIN,
            body=self._text(newer=newer).encode(),
            delivery=Delivery.WHOLE,
        )
        return _compressed(page, query.headers.get("accept-encoding", ""))

    def _text(self, *, newer: bool) -> str:
        """Return the metrics as the faults of the reply leave them."""
        if FOREIGN in self._faults:
            return FOREIGN_TEXT + ("# EOF\n" if newer else "")
        metrics = self._machine.metrics()
        for fault in self._faults:
            if (distortion := REPLY_FAULTS.get(fault.name)) is not None:
                metrics = distortion(metrics, fault)
        return open_metrics(metrics) if newer else plain(metrics)


def _compressed(page: Page, accepted: str) -> Page:
    """Compress an answer for a client that takes it."""
    codings = {part.partition(";")[0].strip().lower() for part in accepted.split(",")}
    if "gzip" not in codings:
        return page
    return Page(
        content_type=page.content_type,
        body=gzip.compress(page.body, mtime=0),
        encoding="gzip",
    )
