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
from custom_components.miner_monitor.miners.avalon.poll import Poll, Wants
from custom_components.miner_monitor.miners.avalon.reply import (
    Reply,
    parse_commands,
    parse_reply,
)
from custom_components.miner_monitor.miners.axeos.memory import (
    DeviceMemory as AxeosMemory,
)
from custom_components.miner_monitor.miners.axeos.reply import check_info
from custom_components.miner_monitor.miners.fpga.exposition import read_page
from custom_components.miner_monitor.miners.fpga.kinds import (
    RATE,
    identity_of,
    kind_of,
    kind_of_card,
)
from custom_components.miner_monitor.miners.fpga.parser import state_of
from custom_components.miner_monitor.miners.model import MinerReading
from simulator import Clock, MinerSpec
from simulator.avalon.api import Api as AvalonApi
from simulator.avalon.device import Device as AvalonDevice
from simulator.avalon.models import MODELS
from simulator.axeos.api import Api as AxeosApi
from simulator.axeos.boards import BOARDS
from simulator.axeos.device import Device as AxeosDevice
from simulator.faults import FaultSet
from simulator.fpga.exposition import plain
from simulator.fpga.faults import KNOWN as FPGA_FAULTS
from simulator.fpga.rig import Rig

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
        self.device = AxeosDevice(spec, clock)
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
    """An Avalon, or a plain cgminer."""

    device: AvalonDevice

    def __init__(self, spec: MinerSpec, clock: Clock) -> None:
        """Make it as it is after the uptime of its spec."""
        self.device = AvalonDevice(spec, clock)
        self._api = AvalonApi(self.device)
        self._memory = AvalonMemory(clock.now)

    @override
    def read(self) -> Readings:
        reply = self._ask("summary+estats+pools")
        poll = Poll(
            summary=reply.row("SUMMARY"),
            stats=reply.rows("STATS"),
            pools=reply.rows("POOLS"),
            when=reply.when,
        )
        self._ask_for_more(self._memory.notice(poll))
        return {None: self._memory.read(poll)}

    def _ask_for_more(self, wants: Wants) -> None:
        if wants.version:
            self._memory.take_version(self._ask("version").row("VERSION"))
        if wants.commands:
            body = self._send({"command": "ascset", "parameter": "0,help"})
            self._memory.take_commands(parse_commands(body))
        if wants.litestats:
            self._memory.take_litestats(self._ask("litestats").rows("STATS"))

    def _ask(self, command: str) -> Reply:
        return parse_reply(self._send({"command": command}))

    def _send(self, request: dict[str, str]) -> bytes:
        return self._api.answer(json.dumps(request).encode()).body

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
