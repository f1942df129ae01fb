"""Readings that a device leaves out once, between two like ones.

Some sensors answer every second time only. What a lone reply lacks is what it was in
the one before; two in a row are unknown. Set points, states and counters are never
bridged: they are what the device said last, or nothing.
"""

from dataclasses import replace
from operator import attrgetter
from typing import Any

from .model import (
    Chip,
    Fan,
    MinerState,
)

LONGEST_GAP = 3.25
"""Nominal intervals between two polls; what is older is no neighbour."""

MEASURED = (
    "hash_rate",
    "hash_rate_now",
    "hash_rate_1m",
    "hash_rate_10m",
    "hash_rate_1h",
    "hash_rate_1d",
    "hash_rate_average",
    "power",
    "input_voltage",
    "input_current",
    "psu_output_voltage",
    "psu_output_current",
    "core_voltage_actual",
    "frequency_actual",
    "chip_temperature",
    "chip_temperature_2",
    "chip_temperature_average",
    "vr_temperature",
    "board_temperature",
    "inlet_temperature",
    "outlet_temperature",
    "ambient_temperature",
    "hardware_error_rate",
    "pool_latency",
    "wifi_signal",
)
_OF_PARTS = {"fans": ("speed", "duty_cycle"), "chips": ("hash_rate", "temperature")}
_measured = attrgetter(*MEASURED)


class GapBridge:
    """Takes one miner's states, poll by poll."""

    def __init__(self) -> None:
        """Start without a past."""
        self._last: MinerState | None = None
        self._at = 0.0
        self._absent: list[bool] = []

    def bridged(self, state: MinerState, now: float, interval: float) -> MinerState:
        """Return the state with what only this reply lacks, and note what that is.

        Nothing is carried over a change of the status, over a restart, nor over a
        longer silence.
        """
        last, at, absent = self._last, self._at, self._absent
        self._last, self._at, self._absent = state, now, _absent_of(state)
        if (
            last is None
            or absent == self._absent
            or last.status is not state.status
            or (state.uptime or 0) < (last.uptime or 0)
            or now - at > LONGEST_GAP * interval
        ):
            return state
        return _with_the_missing(state, last)


def _absent_of(state: MinerState) -> list[bool]:
    """Tell of each measured value whether it is missing."""
    absent = [value is None for value in _measured(state)]
    for fan in state.fans:
        absent += (fan.speed is None, fan.duty_cycle is None)
    for chip in state.chips:
        absent += (chip.hash_rate is None, chip.temperature is None)
    return absent


def _with_the_missing(state: MinerState, last: MinerState) -> MinerState:
    changes = _missing(state, last, MEASURED)
    names = list(changes)
    for name, fields in _OF_PARTS.items():
        now, before = getattr(state, name), getattr(last, name)
        found = {
            place: carried
            for place, pair in enumerate(zip(now, before, strict=False))
            if (carried := _missing(*pair, fields))
        }
        if found:
            changes[name] = tuple(
                replace(part, **found.get(place, {})) for place, part in enumerate(now)
            )
            names += [
                f"{name}.{place}.{field}" for place in found for field in found[place]
            ]
    return replace(state, **changes, bridged=tuple(names)) if names else state


def _missing(
    now: MinerState | Fan | Chip, before: object, names: tuple[str, ...]
) -> dict[str, Any]:
    """Return what was there before and is lacking now."""
    return {
        name: value
        for name in names
        if getattr(now, name) is None and (value := getattr(before, name)) is not None
    }
