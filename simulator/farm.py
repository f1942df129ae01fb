"""A farm: miners with one clock."""

from collections.abc import Iterable, Iterator
from typing import Self

from .clock import Clock, SystemClock
from .member import SimulatedMiner
from .registry import make_miner
from .spec import MinerSpec


class Farm:
    """Miners that run while the context is open."""

    def __init__(self, specs: Iterable[MinerSpec], clock: Clock | None = None) -> None:
        """Make the miners; each name is used once."""
        self.clock: Clock = clock or SystemClock()
        self._miners: dict[str, SimulatedMiner] = {}
        for spec in specs:
            if spec.name in self._miners:
                raise ValueError(f"Two miners are called {spec.name!r}")
            self._miners[spec.name] = make_miner(spec, self.clock)

    def __getitem__(self, name: str) -> SimulatedMiner:
        """Return a miner."""
        return self._miners[name]

    def __iter__(self) -> Iterator[SimulatedMiner]:
        """Go through the miners."""
        return iter(self._miners.values())

    def __len__(self) -> int:
        """Return the number of miners."""
        return len(self._miners)

    def __contains__(self, name: str) -> bool:
        """Tell whether a miner is in the farm."""
        return name in self._miners

    async def __aenter__(self) -> Self:
        """Let all miners listen."""
        try:
            for miner in self:
                await miner.start()
        except OSError:
            self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Take all miners off the network."""
        self.close()

    def close(self) -> None:
        """Take all miners off the network."""
        for miner in self:
            miner.close()
