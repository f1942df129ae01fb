"""What the sensors of a NerdOS miner show."""

from typing import override

from ..member import Phase
from .device import Device
from .nerdos import NerdosDevice
from .physics import core_watts
from .readings import Number, Readings, quantise, tidy

INPUT_CURRENT = (1, 0, 36)
LOST_INPUT_MV = -40
ROUNDED_FROM = 0.001


class NerdosReadings(Readings):
    """The sensors of one NerdOS device."""

    device: NerdosDevice

    @property
    def booting(self) -> bool:
        """Tell whether nothing has been measured yet."""
        return self.device.phase is Phase.STARTING

    @property
    def unsupplied(self) -> bool:
        """Tell whether the board has lost its 12 V."""
        return "input_lost" in self.device.faults and self.device.lost

    @override
    def number(self, value: float) -> Number:
        """Return a float as it is printed, however small it is."""
        if 0 < value < ROUNDED_FROM:
            return float(f"{value:.3g}")
        return super().number(value)

    @property
    @override
    def power(self) -> Number:
        if self.booting or self.unsupplied:
            return 0
        if not self.volts:
            return self.board_at_rest
        return super().power

    @property
    def board_at_rest(self) -> Number:
        """Return the power of a board whose regulator is off."""
        return self.device.board.rest_power

    @property
    @override
    def voltage(self) -> Number:
        if self.unsupplied:
            return LOST_INPUT_MV
        return 0 if self.booting else super().voltage

    @property
    @override
    def current(self) -> Number:
        """Return the current in mA; the Gamma's was its regulator's up to 1.0.35."""
        device = self.device
        if not device.board.tells_output or device.version >= INPUT_CURRENT:
            return 0 if self.unsupplied else super().current
        if not (volts := self.volts):
            return 0
        watts = core_watts(device.board, device.physics.mhz, volts)
        return tidy(quantise(1000 * watts / volts, 15.625))

    @property
    @override
    def temperature(self) -> Number:
        """Return the hottest chip: sensors work on while the regulator is off."""
        if self.booting or self.unsupplied:
            return 0
        return self._chip_temperature(0.0)

    @property
    def regulator(self) -> Number:
        """Return the regulator's temperature, 0 without a sensor."""
        device = self.device
        if not device.board.regulator_sensor or self.unsupplied:
            return 0
        return tidy(quantise(device.physics.regulator, 1 / 16))

    @property
    def shown_rate(self) -> Number:
        """Return the hash rate, with that of boards on a CAN bus."""
        if self.device.phase is Phase.SHUTDOWN or self.unsupplied:
            return 0
        slaves = self.device.faults.get("can_slaves")
        more = 0.0 if slaves is None else slaves.number("ghs", 10_000)
        return self.number(self.device.rates.shown + more)

    def average(self, window: str) -> Number:
        """Return an average of this board alone."""
        if self.device.phase is Phase.SHUTDOWN or self.unsupplied:
            return 0
        return self.number(self.device.rates.average(window))


def readings_of(device: Device) -> Readings:
    """Read a device as its firmware does."""
    nerdos = isinstance(device, NerdosDevice)
    return NerdosReadings(device) if nerdos else Readings(device)
