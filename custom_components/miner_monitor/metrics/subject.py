"""What a scrape looks at: all loaded miners at one moment, and power for them."""

from dataclasses import dataclass
from typing import NamedTuple

from ..fleet.model import FleetData
from ..miners.detect import DEFAULT_PORTS
from ..model import MinerData
from .text import labels


class Subject(NamedTuple):
    """One miner: its title, the name of its device for us, where it is, what it is."""

    title: str
    key: str
    host: str
    port: int
    data: MinerData

    @property
    def labels(self) -> str:
        """The labels of all its samples; a title may be that of two miners."""
        return labels({"miner": self.title, "id": self.key})

    @property
    def place(self) -> str:
        """Its address; with the port where that is not the usual one."""
        usual = DEFAULT_PORTS[self.data.identity.family]
        return self.host if self.port == usual else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Scrape:
    """What is told at a moment: an epoch second, our version, a currency.

    ``chips``: those of each miner are told one by one.
    """

    now: float
    version: str
    currency: str
    miners: tuple[Subject, ...]
    fleet: FleetData
    chips: bool = True
