"""Replies of the cgminer API: made-up ones, and real ones where they are at hand."""

from pathlib import Path

FIXTURES = Path(__file__).parents[1] / "fixtures" / "avalon"
CAPTURES = Path(__file__).parents[2].parent / "shared" / "captures" / "avalon"


def made_up(name: str) -> bytes:
    """Load a reply that was written by hand, with the NUL at its end."""
    return (FIXTURES / name).read_bytes()
