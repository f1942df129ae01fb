"""Simulated devices without a network, and our parsers of what they say."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
import json
from random import Random
from typing import Any, override

from prometheus_client.parser import text_string_to_metric_families

from custom_components.miner_monitor.miners.avalon.memory import (
    DeviceMemory as AvalonMemory,
)
from custom_components.miner_monitor.miners.avalon.poll import NOTHING, Poll, Row, Wants
from custom_components.miner_monitor.miners.avalon.reply import parse_commands
from custom_components.miner_monitor.miners.axeos.memory import (
    DeviceMemory as AxeosMemory,
)
from custom_components.miner_monitor.miners.axeos.reply import check_info
from custom_components.miner_monitor.miners.fpga.parser import (
    RATE,
    identity_of,
    kind_of,
    kind_of_card,
    read_page,
    state_of,
)
from custom_components.miner_monitor.miners.model import MinerReading
from simulator import Clock, MinerSpec
from simulator.avalon.api import Api as AvalonApi
from simulator.avalon.device import Device as AvalonDevice
from simulator.avalon.models import MODELS
from simulator.avalon.plain import replies_of
from simulator.avalon.printing import Fixed, Token
from simulator.avalon.readings import Readings as AvalonReadings
from simulator.avalon.statistics import Statistics as AvalonStatistics
from simulator.axeos.api import Api as AxeosApi
from simulator.axeos.boards import BOARDS
from simulator.axeos.device import Device as AxeosDevice
from simulator.axeos.nerdos import device_of
from simulator.faults import FaultSet
from simulator.fpga.exposition import plain
from simulator.fpga.faults import KNOWN as FPGA_FAULTS
from simulator.fpga.rig import Rig

LITE_EVERY = 40
"""Polls between two looks at what an Avalon tells of its lamp and its filter."""

type Readings = Mapping[str | None, MinerReading]
"""What a device says, by unit where there are several behind one address."""


class Source(ABC):
    """One simulated device, and our parser of what it says."""

    device: Any

    @property
    def serving(self) -> bool:
        """Whether it would answer."""
        return bool(self.device.serving)

    def sync(self) -> None:
        """Bring it up to its clock's time."""
        self.device.sync()

    @abstractmethod
    def read(self) -> Readings:
        """Ask it, and read the answer."""

    def warm_up(self, insulation: float) -> None:
        """Let dust, or what else keeps the warmth in, have this effect."""
        self.device.inject("hot", {"insulation": insulation})

    def cool_down(self) -> None:
        """Let the air flow freely again."""
        self.device.clear("hot")


class AxeosSource(Source):
    """A board with AxeOS or one of its relatives."""

    device: AxeosDevice

    def __init__(self, spec: MinerSpec, clock: Clock) -> None:
        """Make it as it is after the uptime of its spec."""
        self.device = device_of(spec, clock)
        self._api = AxeosApi(self.device)
        self._memory = AxeosMemory(clock.now)

    @override
    def read(self) -> Readings:
        info = self._api.replies.info()
        check_info(info)
        if self._memory.notice(info):
            self._memory.take_presets(self._api.replies.asic())
        return {None: self._memory.read(info)}

    def set_points(self, mhz: float, millivolts: int) -> None:
        """Change frequency and core voltage as a client does."""
        self._patch({"frequency": mhz, "coreVoltage": millivolts})

    def recover(self) -> None:
        """Do what its user does after it was too hot."""
        board, dialect = self.device.board, self.device.stock
        self.cool_down()
        self._patch(
            {
                "frequency": board.default_mhz,
                "coreVoltage": board.default_mv,
                "autofanspeed": 1 if dialect else 2,
                "overheat_mode": 0,
            }
        )
        self.device.reboot()

    def _patch(self, changes: dict[str, Any]) -> None:
        self._api.respond("PATCH", "/api/system", json.dumps(changes).encode())


class AvalonSource(Source):
    """An Avalon, or a plain cgminer.

    Rows are taken as they are, for to print and to read them takes half the time.
    """

    device: AvalonDevice

    def __init__(self, spec: MinerSpec, clock: Clock) -> None:
        """Make it as it is after the uptime of its spec."""
        self.device = AvalonDevice(spec, clock)
        self._api = AvalonApi(self.device)
        readings = AvalonReadings(self.device)
        self._sections = replies_of(readings).sections
        self._statistics = AvalonStatistics(readings).commands
        self._memory = AvalonMemory(clock.now)
        self._polls = 0

    @override
    def read(self) -> Readings:
        silent = self.device.empty_replies > 0
        poll = self._poll()
        wants = self._memory.notice(poll)
        if wants.again:
            poll = self._poll()
            wants = self._memory.notice(poll)
        self._ask_for_more(wants, silent=silent)
        self._polls += 1
        return {None: self._memory.read(poll)}

    def _poll(self) -> Poll:
        """Ask for what the memory wants to see of each poll."""
        device = self.device
        now = device.clock.now()
        when = now if device.model.epoch_when else now - device.booted_at
        sections = self._memory.sections
        (summary,) = self._rows(sections[0])
        screen = self._rows("lcd") if "lcd" in sections else ()
        return Poll(
            summary=summary,
            stats=self._rows(sections[1]),
            pools=self._rows("pools"),
            when=int(when),
            screen=screen[0] if screen else NOTHING,
        )

    def _ask_for_more(self, wants: Wants, *, silent: bool) -> None:
        """Ask what the memory wants; but seldom what hardly ever changes."""
        if wants.version:
            (version,) = self._rows("version")
            self._memory.take_version(version)
        if wants.commands:
            request = {"command": "ascset", "parameter": "0,help"}
            body = self._api.answer(json.dumps(request).encode()).body
            self._memory.take_commands(parse_commands(body))
        if wants.litestats and (silent or self._polls % LITE_EVERY == 0):
            self._memory.take_litestats(self._rows("litestats"))

    def _rows(self, command: str) -> tuple[Row, ...]:
        if command in self._statistics:
            rows = self._statistics[command]("")
        elif command in self._sections:
            rows = self._sections[command][1]()
        else:
            return ()
        return tuple(
            {key: _as_read(value) for key, value in row.items()} for row in rows
        )

    def set_mode(self, mode: int) -> None:
        """Change the work mode."""
        self.device.set_mode(mode, 0)

    def clean_filter(self) -> None:
        """Let the age of the filter begin anew."""
        self.device.settings.write(filter_cleaned=self.device.clock.now())


class FpgaSource(Source):
    """A computer with FPGA cards behind one exporter."""

    device: Rig

    def __init__(self, spec: MinerSpec, clock: Clock) -> None:
        """Make it as it is after the uptime of its spec."""
        self.device = Rig(spec, clock, FaultSet(FPGA_FAULTS))
        self.device.power_on()

    @override
    def read(self) -> Readings:
        text = plain(self.device.metrics())
        page = read_page(text, text_string_to_metric_families)
        of_page = kind_of(page)
        readings: dict[str | None, MinerReading] = {}
        for card, values in page.cards.items():
            if RATE in values:
                kind = kind_of_card(of_page, values)
                readings[card] = MinerReading(
                    identity=identity_of(kind, card, has_scraper=False),
                    state=state_of(values, kind, None),
                )
        return readings

    @override
    def warm_up(self, insulation: float) -> None:
        """Feel nothing: a card has a fan that copes."""

    @override
    def cool_down(self) -> None:
        """Feel nothing either."""


def _as_read(value: Any) -> Any:
    """Return what a client reads of a value that a miner prints."""
    if isinstance(value, Fixed | Token):
        return json.loads(str(value))
    return value


def make_source(spec: MinerSpec, clock: Clock) -> Source:
    """Make the device of a spec, by the family of its model."""
    if spec.model in BOARDS:
        return AxeosSource(spec, clock)
    if spec.model in MODELS:
        return AvalonSource(spec, clock)
    return FpgaSource(spec, clock)


def chance_of(spec: MinerSpec, what: str) -> Random:
    """Return chance that is the same for a miner each time."""
    return Random(f"{spec.random_seed}/{what}")  # noqa: S311 - no secret
