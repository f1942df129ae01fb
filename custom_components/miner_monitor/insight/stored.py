"""Readers of what was stored: it may be damaged, or not ours at all."""

LARGEST = 1e18


def number_of(value: object, largest: float = LARGEST) -> float | None:
    """Read a finite number from 0 to the largest that makes sense."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= largest else None


def count_of(value: object, largest: float = LARGEST) -> int | None:
    """Read how often something happened."""
    found = number_of(value, largest)
    return None if found is None else int(found)


def numbers_of(value: object, most: int, largest: float = LARGEST) -> list[float]:
    """Read a list of numbers; it is empty if any is none, or if there are too many."""
    if not isinstance(value, list | tuple) or len(value) > most:
        return []
    found = [number_of(item, largest) for item in value]
    return [item for item in found if item is not None] if None not in found else []
