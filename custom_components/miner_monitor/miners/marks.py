"""Two devices of a kind that do not name themselves, told apart by their owner's marks.

These are the host name and the pool user, as far as the two differ in them.
"""

from enum import Enum, auto

from .model import MinerIdentity


class Whose(Enum):
    """Which of two devices it is that answered."""

    OURS = auto()
    THEIRS = auto()
    UNCLEAR = auto()


def which_of_two(
    ours: MinerIdentity, theirs: MinerIdentity, seen: MinerIdentity
) -> Whose:
    """Tell which one answered, if marks say so and none contradicts."""
    differing = [
        (our, their, told)
        for our, their, told in zip(ours.marks, theirs.marks, seen.marks, strict=True)
        if our is not None and their is not None and our != their
    ]
    is_ours = any(told == our for our, _, told in differing)
    is_theirs = any(told == their for _, their, told in differing)
    if is_ours is is_theirs:
        return Whose.UNCLEAR
    return Whose.OURS if is_ours else Whose.THEIRS
