"""What the bench is at, on standard error."""

import sys
import time

_STARTED = time.monotonic()


def say(text: str) -> None:
    """Print a line with the seconds since the start."""
    seconds = time.monotonic() - _STARTED
    print(f"bench: {seconds:4.0f} s  {text}", file=sys.stderr, flush=True)
