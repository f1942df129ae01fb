"""What a board gives at its frequency, and hash rates that no board can have."""

from dataclasses import replace
from typing import Any, NamedTuple

from ..model import (
    Chip,
    MinerSettings,
)
from .profile import (
    Profile,
    Reply,
)

MARGIN = 5.0
"""Multiples of what a board gives at its frequency; what is above is no hash rate."""

_MISCOUNTED = 0.9
"""Part of what a board's chips give below which not all of them are counted."""

_RATES = (
    "hash_rate_now",
    "hash_rate_1m",
    "hash_rate_10m",
    "hash_rate_1h",
    "hash_rate_1d",
)


class Expectation(NamedTuple):
    """Hash rates in TH/s that the set point should give, None where not known.

    ``computed`` is for the chips that the device tells, ``of_board`` for those that
    its board is known to have.
    """

    computed: float | None
    of_board: float | None


def expectation_of(settings: MinerSettings, profile: Profile) -> Expectation:
    """Compute what a set point should give."""
    return Expectation(
        _computed(settings, profile, profile.chip_count),
        _computed(settings, profile, profile.board.chip_count),
    )


def expected_rate(told: float | None, expectation: Expectation) -> float | None:
    """Return the hash rate in TH/s that the set point should give.

    Old firmware does not tell it, none does at rest, and some counts too few chips
    on a board that is known to have more.
    """
    if told is None or expectation.computed is None:
        return expectation.computed if told is None else told
    known = expectation.of_board or 0.0
    return known if told < known * _MISCOUNTED else told


def highest_rate(
    info: Reply, expected: float | None, expectation: Expectation, profile: Profile
) -> float | None:
    """Return the highest hash rate in TH/s that is believed, None if none is known.

    It needs no past, which may be as absurd. The slaves on a bus are in the rate of
    their master, who does not tell how many there are.
    """
    if isinstance(info.get("can"), dict):
        return None
    if profile.board.name is not None:
        expected = expectation.computed or expected
    return None if expected is None else MARGIN * expected


def drop_absurd_rates(values: dict[str, Any], highest: float | None) -> None:
    """Make every rate unknown that is above the highest, the means as well."""
    if highest is None:
        return
    for name in _RATES:
        if (values[name] or 0.0) > highest:
            values[name] = None


def sane_chips(chips: tuple[Chip, ...], highest: float | None) -> tuple[Chip, ...]:
    """Return the chips without the rates that are above their part of the highest."""
    if highest is None or not chips:
        return chips
    share = highest / len(chips)
    absurd = [place for place, chip in enumerate(chips) if _is_absurd(chip, share)]
    if not absurd:
        return chips
    return tuple(
        replace(chip, hash_rate=None, domains=()) if place in absurd else chip
        for place, chip in enumerate(chips)
    )


def _is_absurd(chip: Chip, highest: float) -> bool:
    rate, domains = chip.hash_rate, chip.domains
    if rate is not None and rate > highest:
        return True
    return bool(domains) and max(domains) > highest / len(domains)


def _computed(settings: MinerSettings, profile: Profile, chips: int) -> float | None:
    frequency, cores = settings.frequency, profile.core_count
    return (
        None if frequency is None or cores is None else frequency * cores * chips / 1e6
    )
