"""What the bench reads of a process."""

import os
import time

from scripts.benchmark.usage import (
    cpu_seconds,
    memory,
    parse_cpu_ticks,
    parse_memory,
)

STAT = (
    "4242 (a (strange) name) S 1 4242 4242 0 -1 4194560 9 0 0 0 "
    "250 31 7 5 20 0 9 0 100 1 1 1"
)
ROLLUP = """\
00400000-7fff0000 ---p 00000000 00:00 0    [rollup]
Rss:              250000 kB
Pss:              125000 kB
Pss_Dirty:        100000 kB
Shared_Clean:      30000 kB
"""


def test_cpu_is_user_and_system_time_of_the_process_itself():
    assert parse_cpu_ticks(STAT) == 281


def test_memory_in_megabytes():
    found = parse_memory(ROLLUP)
    assert found.resident == 256.0
    assert found.proportional == 128.0


def test_own_process():
    before = cpu_seconds(os.getpid())
    ends = time.process_time() + 0.05
    while time.process_time() < ends:
        pass
    assert 0.02 < cpu_seconds(os.getpid()) - before < 5
    found = memory(os.getpid())
    assert 1 < found.proportional <= found.resident
