"""The log of the simulator's replies."""

from pathlib import Path

from scripts.benchmark.timed_simulator import read_log


def test_log_is_read_up_to_its_last_whole_line(tmp_path: Path):
    log = tmp_path / "replies.log"
    log.write_text("8080 12.500000\n8081 13.250000\n8080 14.0")
    assert read_log(log) == [(8080, 12.5), (8081, 13.25)]
