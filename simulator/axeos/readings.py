"""What a miner's sensors show: physics with noise, resolution and sentinels."""

import math
import struct
from typing import Any

from ..member import Phase
from ..shares import suffixed
from .boards import Dialect, Meter
from .device import Device
from .physics import Physics, core_watts, ideal_ghs

type Number = int | float

SHORT_FLOATS = (2, 12, 0)
SPACED_SUFFIX = (2, 10, 0)
TWO_DECIMALS = (2, 9, 0)
WOUND_DOWN = frozenset({Phase.PAUSED, Phase.POOL_LOST, Phase.FAULT})
_FLOAT = struct.Struct("f")


def tidy(value: float) -> Number:
    """Return a number the way the firmware prints it: whole ones without a point."""
    return int(value) if value.is_integer() else value


def quantise(value: float, resolution: float) -> float:
    """Round to a sensor's resolution."""
    return round(value / resolution) * resolution


class Readings:
    """The sensors of one device."""

    def __init__(self, device: Device) -> None:
        """Read this device."""
        self.device = device

    def number(self, value: float) -> Number:
        """Return a float as this firmware prints it."""
        if self.device.board.dialect is Dialect.NERDOS:
            return tidy(round(value, 3))
        if self.device.version >= SHORT_FLOATS:
            return tidy(round(value, 7))
        single: float = _FLOAT.unpack(_FLOAT.pack(value))[0]
        return tidy(single)

    @property
    def _meter(self) -> Meter:
        """Return what measures."""
        return self.device.board.meter

    @property
    def _sensed(self) -> Physics:
        """Return what the sensors read last: nothing is read while AxeOS cools."""
        return self.device.chips.frozen or self.device.physics

    @property
    def _awake(self) -> bool:
        """Tell whether the chips were on when the sensors were read."""
        return self.device.chips.frozen is not None or self.device.chip_ready

    @property
    def volts(self) -> float:
        """Return the core voltage that the chips get, as read last."""
        device = self.device
        if not self._awake:
            return 0.0
        noise = self._sensed.supply_noise.value
        shown = device.chips.shown_mv(device.running_mv, self._sensed.now)
        return shown / 1000 * 0.994 + 0.001 * noise

    @property
    def power(self) -> Number:
        """Return the power in W."""
        physics = self._sensed
        if self._meter is Meter.NONE:
            return 0
        noisy = physics.watts * (1 + 0.006 * physics.power_noise.value)
        if self._meter is Meter.INA260:
            noisy = quantise(noisy, 0.01)
        return self.number(noisy)

    @property
    def voltage(self) -> Number:
        """Return the input voltage in mV; it sags under load."""
        device, physics = self.device, self._sensed
        if self._meter is Meter.NONE or not device.board.measures_input:
            return 0
        low = device.board.nominal_volts == 5
        at_rest, sag = (5300, 11.0) if low else (12_250, 3.0)
        value = at_rest - sag * physics.watts + 12 * physics.supply_noise.value
        return tidy(quantise(value, 1.25 if self._meter is Meter.INA260 else 15.625))

    @property
    def input_current(self) -> float:
        """Return the input current in mA."""
        return 1e6 * self.power / self.voltage if self.voltage else 0.0

    @property
    def current(self) -> Number:
        """Return the current in mA: of the input, or of the regulator's output."""
        if self._meter is Meter.NONE:
            return 0
        nerdos = self.device.board.dialect is Dialect.NERDOS
        if self._meter is Meter.INA260 or nerdos:
            return tidy(quantise(self.input_current, 1.25))
        physics, board = self._sensed, self.device.board
        if not (volts := self.volts):
            return 0
        watts = core_watts(board, physics.mhz, self.device.running_mv / 1000)
        noisy = watts * (1 + 0.006 * physics.power_noise.value)
        return tidy(quantise(1000 * noisy / volts / board.domains, 15.625))

    @property
    def core_millivolts(self) -> float:
        """Return the measured core voltage in mV."""
        return 0.0 if self._meter is Meter.NONE else 1000 * self.volts

    def _chip_temperature(self, offset: float) -> Number:
        """Return a thermometer at the chip in eighths of a degree."""
        physics = self._sensed
        value = physics.chip + offset + 0.15 * physics.chip_noise.value
        return tidy(quantise(value, 0.125))

    @property
    def temperature(self) -> Number:
        """Return the chip temperature in °C."""
        if self._meter is Meter.NONE or not self._awake:
            return -1
        return self._chip_temperature(0.0)

    @property
    def second_temperature(self) -> Number:
        """Return the second thermometer; the sentinel for none changed in 2.11."""
        device = self.device
        if not device.board.second_sensor:
            return -1 if device.version >= (2, 11, 0) else 0
        return self._chip_temperature(-1.75) if self._awake else -1

    @property
    def regulator_temperature(self) -> Number:
        """Return the regulator's temperature in °C, 0 without a thermometer."""
        if not self.device.board.measures_regulator:
            return 0
        return round(self.device.physics.regulator)

    @property
    def hash_rate(self) -> Number:
        """Return the hash rate in GH/s."""
        device, physics = self.device, self.device.physics
        value = physics.measured_ghs
        if device.phase is Phase.POOL_LOST and not device.reads_registers:
            value = physics.minute.mean
        elif device.phase in {Phase.COOLING, Phase.FAULT}:
            value = device.chips.kept_ghs(device.version)
        return self.number(value) if device.reads_registers else tidy(value)

    def domain_rates(self) -> list[dict[str, Any]]:
        """Return what the chips' registers count."""
        device, physics = self.device, self.device.physics
        chips, domains = device.board.chips, device.board.chip.hash_domains
        per_chip = physics.measured_ghs / chips
        wrong = physics.error * device.uptime
        return [
            {
                "total": self.number(per_chip),
                "domains": [self.number(per_chip / domains)] * domains,
                "errorCount": int(wrong * 10) + chip,
            }
            for chip in range(chips)
        ]

    @property
    def expected_hash_rate(self) -> float:
        """Return what the set point promises in GH/s, 0 while wound down."""
        device = self.device
        if device.stock and device.phase is Phase.COOLING:
            return 0.0
        if device.can_pause and device.phase in WOUND_DOWN:
            return 0.0
        return ideal_ghs(device.board, device.flash["frequency"])

    @property
    def duty(self) -> float:
        """Return the fan's duty cycle in %."""
        return self.device.physics.duty

    @property
    def rpm(self) -> int:
        """Return the fan's speed."""
        device, physics = self.device, self.device.physics
        rpm = round(physics.rpm * (1 + 0.004 * physics.chip_noise.value))
        if device.board.board_version == "801" and device.version >= (2, 1, 9):
            return max(960, rpm)
        return rpm

    @property
    def second_rpm(self) -> int:
        """Return the second fan's speed, 0 where there is none."""
        return round(0.97 * self.rpm) if self.device.board.second_fan else 0

    @property
    def rssi(self) -> int:
        """Return the radio's signal strength in dBm."""
        return round(-52 + 2.5 * self.device.physics.radio_noise.value)

    @property
    def latency(self) -> float:
        """Return the pool's answer time in ms."""
        noise = 0.15 * self.device.physics.radio_noise.value
        return round(38 * math.exp(noise), 3)

    def difficulty(self, value: float) -> Number | str:
        """Return a difficulty as a number or, in old firmware, as a text."""
        device = self.device
        if device.board.dialect is Dialect.NERDOS:
            as_text = device.version < (1, 0, 35)
        else:
            as_text = device.version < (2, 11, 0)
        return suffixed(int(value), self._spell) if as_text else int(value)

    def _spell(self, value: float, suffix: str) -> str:
        """Spell a difficulty the way the firmware's era does."""
        version = self.device.version
        if version >= SPACED_SUFFIX:
            return f"{value:.2f} {suffix}" if suffix else f"{value:.0f} "
        if not suffix:
            return f"{value:.0f}"
        if version >= TWO_DECIMALS:
            return f"{value:.2f}{suffix}"
        decimals = 2 if value < 10 else 1 if value < 100 else 0
        return f"{value:.{decimals}f}{suffix}"
