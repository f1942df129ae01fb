"""Rates and power: what a board should give, and what firmware tells wrongly."""

from dataclasses import replace
from typing import Any, NamedTuple

from ..model import (
    Chip,
    MinerSettings,
)
from ..values import (
    flag,
    positive,
)
from .boards import Board
from .profile import (
    Profile,
    Reply,
)

MARGIN = 5.0
"""Multiples of what a board gives at its frequency; what is above is no hash rate."""

_MISCOUNTED = 0.9
"""Part of what a board's chips give below which not all of them are counted."""

WINDOWS = (
    ("hash_rate_1m", 60),
    ("hash_rate_10m", 600),
    ("hash_rate_1h", 3600),
    ("hash_rate_1d", 86_400),
)
"""The averages and the seconds that they cover."""

_LEAST_RATE = 1e-6
"""In TH/s; no miner of the line does less."""

_TINY_PART = 1e-3
"""Part of the expected rate below which a rate is what a halving average left."""

_CURRENT_LEEWAY = 0.25
"""Part of the power by which voltage times current may differ from it."""

_RATES = ("hash_rate_now", *(name for name, _ in WINDOWS))


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


def settle_rates(values: dict[str, Any], expected: float | None) -> None:
    """Take for none what a rate decays to while chips answer that they did nothing."""
    least = max(_LEAST_RATE, _TINY_PART * (expected or 0.0))
    for name in _RATES:
        if values[name] is not None and values[name] < least:
            values[name] = 0.0


def correct_nerdos(values: dict[str, Any], info: Reply, board: Board) -> None:
    """Leave out what is not known yet, and what is told of something else."""
    _hide_unfilled(values)
    if "hashRate" not in info:
        values["hash_rate_now"] = values["hash_rate_10m"]
    # At boot, and without supply, nothing is measured.
    if not values["power"] and not values["input_voltage"]:
        values["power"] = None
    if board.input_current is None and not _is_input(values):
        values["input_current"] = None
    if leads_fleet(info):
        _tell_one_fleet(values, fleet_power(info))


def leads_fleet(info: Reply) -> bool:
    """Tell a miner whose rate has those of others on its CAN bus in it."""
    can = info.get("can")
    return isinstance(can, dict) and flag(can.get("enabled")) is True


def fleet_power(info: Reply) -> float | None:
    """Read the power of all miners on its CAN bus together, in W."""
    return positive(info["can"].get("fleetPower")) if leads_fleet(info) else None


def _hide_unfilled(values: dict[str, Any]) -> None:
    """Hide averages that are scaled by how far their window is filled."""
    uptime = values["uptime"]
    for name, window in WINDOWS:
        if uptime is not None and uptime < window:
            values[name] = None


def _is_input(values: dict[str, Any]) -> bool:
    """Tell whether the current can be that of the input, by voltage and power."""
    current, volts = values["input_current"], values["input_voltage"]
    power = values["power"]
    if not current or not volts or not power:
        return True
    return bool(abs(current * volts - power) <= _CURRENT_LEEWAY * power)


def _tell_one_fleet(values: dict[str, Any], power: float | None) -> None:
    """Let rate and power be of the same miners.

    Only the present rate counts the others in; averages and power are the leader's.
    Without the power of all, its own average is what belongs to its own power.
    """
    if power is None:
        values["hash_rate_now"] = values["hash_rate_1m"]
        return
    values["power"] = power
    values["expected_hash_rate"] = None
    for name, _ in WINDOWS:
        values[name] = None
