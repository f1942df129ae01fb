"""What a process has used, as Linux counts it."""

from dataclasses import dataclass
import os
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
KIB_PER_MB = 1e6 / 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Resident megabytes: all of them, and with shared pages counted in parts."""

    resident: float
    proportional: float


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process with all its threads, user and system."""
    return parse_cpu_ticks(Path(f"/proc/{pid}/stat").read_text()) / TICKS_PER_SECOND


def parse_cpu_ticks(stat: str) -> int:
    """Return user and system ticks; the name may hold blanks and parentheses."""
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def memory(pid: int) -> Memory:
    """Return the memory of a process."""
    return parse_memory(Path(f"/proc/{pid}/smaps_rollup").read_text())


def parse_memory(rollup: str) -> Memory:
    """Read the sums that the kernel gives."""
    kib = {
        name: int(rest.split()[0])
        for name, _, rest in (line.partition(":") for line in rollup.splitlines())
        if name in {"Rss", "Pss"}
    }
    return Memory(
        resident=kib["Rss"] / KIB_PER_MB, proportional=kib["Pss"] / KIB_PER_MB
    )
