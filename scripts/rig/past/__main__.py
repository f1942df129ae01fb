"""Give a past to the Home Assistant in a directory: see seed_past."""

import json
from pathlib import Path
import sys

from ..farm import FarmMiner
from .seed import seed_past


def main(directory: str, miners: str, days: str) -> None:
    """Read the miners of a file, and print what was made."""
    stored = json.loads(Path(miners).read_text(encoding="utf-8"))
    farm = [FarmMiner(**miner) for miner in stored]
    print(seed_past(Path(directory), farm, days=float(days)))


if __name__ == "__main__":
    main(*sys.argv[1:])
