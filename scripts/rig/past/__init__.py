"""A past for a Home Assistant that was just set up: two weeks in a minute."""

from .seed import Seeded, seed_past

__all__ = ["Seeded", "seed_past"]
