"""Draws each picture of the documentation some times; prints what that cost as JSON."""

import json
import resource
import sys
import time

from custom_components.miner_monitor.charts.draw import draw
from scripts.rig.charts import PICTURES, sample


def main() -> None:
    """Print the CPU seconds of each picture, and by how many MB the process grew."""
    samples = {name: sample(*what) for name, what in PICTURES.items()}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds: dict[str, list[float]] = {name: [] for name in samples}
    for _ in range(int(sys.argv[1])):
        for name, data in samples.items():
            started = time.process_time()
            draw(data)
            seconds[name].append(time.process_time() - started)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps({"seconds": seconds, "megabytes": grown / 1024}))


if __name__ == "__main__":
    main()
