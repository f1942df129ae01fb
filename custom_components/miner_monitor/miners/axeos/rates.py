"""What a board gives at its frequency, and hash rates that no board can have."""

from dataclasses import replace
from typing import Any

from ..model import Chip, MinerSettings
from .profile import Profile, Reply

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


def expected_rate(
    told: float | None, settings: MinerSettings, profile: Profile
) -> float | None:
    """Return the hash rate in TH/s that the set point should give.

    Old firmware does not tell it, none does at rest, and some counts too few chips
    on a board that is known to have more.
    """
    computed = _computed(settings, profile, profile.chip_count)
    if told is None or computed is None:
        return computed if told is None else told
    known = _computed(settings, profile, profile.board.chip_count) or 0.0
    return known if told < known * _MISCOUNTED else told


def highest_rate(
    info: Reply, expected: float | None, settings: MinerSettings, profile: Profile
) -> float | None:
    """Return the highest hash rate in TH/s that is believed, None if none is known.

    It needs no past, which may be as absurd. The slaves on a bus are in the rate of
    their master, who does not tell how many there are.
    """
    if isinstance(info.get("can"), dict):
        return None
    if profile.board.name is not None:
        expected = _computed(settings, profile, profile.chip_count) or expected
    return None if expected is None else MARGIN * expected


def drop_absurd_rates(values: dict[str, Any], highest: float | None) -> None:
    """Make every rate unknown that is above the highest, the means as well."""
    if highest is None:
        return
    for name in _RATES:
        rate = values[name]
        if rate is not None and rate > highest:
            values[name] = None


def sane_chips(chips: tuple[Chip, ...], highest: float | None) -> tuple[Chip, ...]:
    """Return the chips without the rates that are above their part of the highest."""
    if highest is None or not chips:
        return chips
    share = highest / len(chips)
    return tuple(
        chip if _is_sane(chip, share) else replace(chip, hash_rate=None, domains=())
        for chip in chips
    )


def _is_sane(chip: Chip, highest: float) -> bool:
    domains = chip.domains
    return (chip.hash_rate or 0.0) <= highest and (
        not domains or max(domains) <= highest / len(domains)
    )


def _computed(settings: MinerSettings, profile: Profile, chips: int) -> float | None:
    frequency, cores = settings.frequency, profile.core_count
    return (
        None if frequency is None or cores is None else frequency * cores * chips / 1e6
    )
