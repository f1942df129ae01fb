"""A simulated rig or pool scraper on the network."""

import gzip
from typing import Any, override

from ..axeos.api import TEXT, Delivery, Response
from ..axeos.faults import WIRE_FAULTS
from ..axeos.wire_faults import distorted, spoiling
from ..clock import Clock
from ..faults import HUGE_BYTES, FaultSet
from ..shell import Shell
from ..spec import MinerSpec
from .exposition import OPEN_METRICS, PLAIN, open_metrics, plain, wants_open_metrics
from .faults import EVENTS, FOREIGN, FOREIGN_TEXT, KNOWN, REPLY_FAULTS
from .kinds import POOL_SCRAPER
from .machine import Machine
from .pool import PoolScraper
from .rig import Rig
from .wire import Page, Query, Server

ALLOWED = "OPTIONS,GET"
PADDING = b'padding{card="card0"} 1.0\n'


class SimulatedFpga(Shell[Machine, Server]):
    """One endpoint with metrics: a rig's exporter or a pool scraper.

    What is really going on is known to within the last 30 s.
    """

    def __init__(self, spec: MinerSpec, clock: Clock) -> None:
        """Make an endpoint that does not listen yet."""
        maker = PoolScraper if spec.model == POOL_SCRAPER else Rig
        machine = maker(spec, clock, FaultSet(KNOWN))
        super().__init__(spec, clock, machine, Server(self._respond, spec.latency))

    @property
    def firmware(self) -> str:
        """Return the exporter's release, which is not in its output."""
        return self.device.firmware

    @property
    def flash_writes(self) -> int:
        """Return 0: there is nothing to set."""
        return 0

    def reply(self, endpoint: str) -> dict[str, Any]:
        """Return the text of `metrics` or `openmetrics` as it would be sent now."""
        if endpoint not in {"metrics", "openmetrics"}:
            raise ValueError(f"No endpoint {endpoint!r}")
        self._sync()
        return {"text": self._text(newer=endpoint == "openmetrics")}

    @override
    async def stop(self) -> None:
        """Cut the power of the computer and all that it runs."""
        if self.device.powered:
            self._ends.cancel("freeze")
            await super().stop()

    def reboot(self) -> None:
        """Restart the miners, which a running exporter does not get over."""
        self._sync()
        self.device.restart_miner()
        self._refresh()

    def update_firmware(self, version: str) -> None:
        """Install another release of the exporter and start it."""
        self._sync()
        self.device.firmware = version
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
            self.device.faults.add(fault, parameters)
        if fault not in EVENTS:
            self._ends.plan(fault, duration)
        self._refresh()

    @override
    def clear(self, fault: str | None = None) -> None:
        """End a fault, or all of them; the end of `freeze` restarts the exporter."""
        self._ends.cancel(fault)
        self._change()
        ended = [item.name for item in self.device.faults if fault in {None, item.name}]
        self.device.faults.remove(fault)
        if "freeze" in ended:
            self.device.restart_exporter()
        if not WIRE_FAULTS.isdisjoint(ended):
            self._server.drop()
        self._refresh()

    def _restart_exporter(self) -> None:
        """Start the exporter anew, which thaws it."""
        self._ends.cancel("freeze")
        self.device.faults.remove("freeze")
        self._server.drop()
        self.device.restart_exporter()
        self._refresh()

    def _change(self) -> None:
        """Bring the machine up to now, because what happens to it changes."""
        self.device.sync()
        self.device.advance(self._clock.now())

    @property
    @override
    def _wakes_at(self) -> float | None:
        return self.device.wakes_at

    def _respond(self, query: Query) -> Response | None:
        """Answer a request, as faults allow."""
        self._note(method=query.method, path=query.path)
        self._sync()
        if not self.device.serving:
            return None
        fault = spoiling(self.device.faults, query.path)
        if fault is None:
            return self._sound(query)
        if fault.name == "huge":
            size = int(fault.number("size", HUGE_BYTES))
            body = (PADDING * (size // len(PADDING) + 1))[:size]
            return Page(content_type=PLAIN, body=body)
        return distorted(fault, lambda: self._sound(query))

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
        if FOREIGN in self.device.faults:
            return FOREIGN_TEXT + ("# EOF\n" if newer else "")
        metrics = self.device.metrics()
        for fault in self.device.faults:
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
