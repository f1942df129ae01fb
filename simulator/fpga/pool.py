"""The pool scraper: a process that tells the hash rate which a pool sees."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import override

from ..clock import Clock
from ..faults import FaultSet
from ..member import Truth
from ..nature import Noise, room_temperature
from ..spec import MinerSpec
from .exposition import Metric, Sample
from .machine import INTERVAL, Machine

POOL_HASHES = 16_300_000_000
LUCK, LUCK_SECONDS = 0.06, 900.0
GENERATIONS = ("0", "1", "2")
MEBIBYTE = 2.0**20


def _gauge(
    name: str,
    description: str,
    value: float,
    labels: Mapping[str, str] | None = None,
    *,
    counter: bool = False,
) -> Metric:
    """Return a metric with one sample."""
    sample = Sample(value=value, labels=labels or {})
    return Metric(name=name, description=description, counter=counter, samples=[sample])


class PoolScraper(Machine):
    """A scraper beside the rigs: it hashes nothing itself."""

    def __init__(self, spec: MinerSpec, clock: Clock, faults: FaultSet) -> None:
        """Make a scraper without power."""
        super().__init__(spec, clock, faults)
        self._luck = Noise(Random(spec.random_seed), LUCK_SECONDS)
        self._ghs = 0.0
        self._began = clock.now()
        self._reads = 0

    @property
    @override
    def truth(self) -> Truth:
        return Truth(
            hash_rate_ths=0.0,
            power_w=0.0,
            energy_wh=0.0,
            shares_accepted=0,
            shares_rejected=0,
            hashing=False,
            temperature=room_temperature(self.clock.now()),
            restarts=self.restarts,
        )

    @override
    def begin(self, began: float, now: float) -> None:
        """Show 0 until the pool has answered."""
        self._began = began
        self._reads = int((now - began) // INTERVAL)
        self._ghs = 0.0
        if self._reads:
            self.read(now)

    @override
    def read(self, now: float) -> None:
        """Ask the pool; without a connection the last value stays."""
        self._reads += 1
        self._luck.step(INTERVAL)
        if "pool_lost" in self.faults:
            return
        seen = max(0.0, 1 + LUCK * self._luck.value)
        hashes = 0 if "flatline" in self.faults else int(POOL_HASHES * seen)
        self._ghs = hashes / 1e9

    @override
    def advance(self, now: float) -> None:
        """Have nothing that runs between two reads."""

    @override
    def restart_miner(self) -> None:
        """Have no miner."""

    @override
    def restart_exporter(self) -> None:
        """Begin anew, with 0 until the next answer of the pool."""
        if self.next_read is not None:
            now = self.clock.now()
            self.begin(now, now)
            self.next_read = now + INTERVAL

    @override
    def metrics(self) -> Sequence[Metric]:
        pool = _gauge("pool_hashrate", "Reported poolside hashrate", self._ghs)
        return [*self._collector(), *self._process(), pool]

    def _collector(self) -> list[Metric]:
        """Return what Python's own collector tells."""
        texts = {
            "objects_collected": "Objects collected during gc",
            "objects_uncollectable": "Uncollectable objects found during GC",
            "collections": "Number of times this generation was collected",
        }
        counts = {
            "objects_collected": (412 + 3 * self._reads, 210, 0),
            "objects_uncollectable": (0, 0, 0),
            "collections": (61 + self._reads // 8, 5 + self._reads // 90, 0),
        }
        return [
            Metric(
                name=f"python_gc_{name}",
                description=text,
                counter=True,
                samples=[
                    Sample(value=float(count), labels={"generation": generation})
                    for generation, count in zip(GENERATIONS, counts[name], strict=True)
                ],
            )
            for name, text in texts.items()
        ]

    def _process(self) -> list[Metric]:
        """Return what the process tells of itself."""
        python = {
            "implementation": "CPython",
            "major": "3",
            "minor": "12",
            "patchlevel": "3",
            "version": "3.12.3",
        }
        memory, resident = 187.5 * MEBIBYTE, 31.25 * MEBIBYTE
        used = round(0.42 + 0.003 * self._reads, 2)
        return [
            _gauge("python_info", "Python platform information", 1.0, python),
            _gauge("process_virtual_memory_bytes", "Virtual memory size.", memory),
            _gauge("process_resident_memory_bytes", "Resident memory size.", resident),
            _gauge("process_start_time_seconds", "Start of the process.", self._began),
            _gauge("process_cpu_seconds", "CPU time spent.", used, counter=True),
            _gauge("process_open_fds", "Number of open file descriptors.", 9.0),
            _gauge("process_max_fds", "Most open file descriptors.", 1024.0),
        ]
