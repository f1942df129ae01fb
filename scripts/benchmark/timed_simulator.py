"""`python -m simulator` that also logs when each reply left.

Lines of port and monotonic time go to the file that BENCH_REPLY_LOG names; the
monotonic clock is the same in all processes of a machine.
"""

import asyncio
import os
from pathlib import Path
import sys
import time
from typing import TextIO, override
from unittest.mock import patch

from simulator.__main__ import main
from simulator.axeos import wire

LOG_VARIABLE = "BENCH_REPLY_LOG"


def timed_connection(log: TextIO) -> type[wire.Connection]:
    """Return the simulator's connection, with a clock before its reply."""

    class TimedConnection(wire.Connection):
        """A connection that knows which miner it belongs to."""

        _port: int

        @override
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self._port = transport.get_extra_info("sockname")[1]
            super().connection_made(transport)

        @override
        def send(self, data: bytes) -> None:
            # A reply is one write; a clock read behind it could come after the
            # client has already worked on it.
            moment = time.monotonic()
            super().send(data)
            log.write(f"{self._port} {moment:.6f}\n")

    return TimedConnection


def read_log(path: Path) -> list[tuple[int, float]]:
    """Return port and time of every reply; a line that is half written is left."""
    lines = path.read_text().splitlines(keepends=True)
    words = (line.split() for line in lines if line.endswith("\n"))
    return [(int(port), float(moment)) for port, moment in words]


if __name__ == "__main__":
    with (
        Path(os.environ[LOG_VARIABLE]).open("w", buffering=1) as log,
        patch.object(wire, "Connection", timed_connection(log)),
    ):
        sys.exit(main())
