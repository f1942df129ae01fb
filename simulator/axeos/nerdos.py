"""The life of a NerdOS miner, where it differs from that of AxeOS.

Written from what its own code did when it ran: trip points of chip and regulator, a
regulator that stays off until a restart, fan modes, limits on reading.
"""

from dataclasses import replace
from enum import IntEnum
from typing import Any, override

from ..clock import Clock
from ..member import Phase
from ..spec import MinerSpec
from .boards import BOARDS, Dialect
from .device import Device
from .nerdos_rates import Rates
from .physics import Drive
from .versions import Version

SHUTDOWN_DELAY = 1.0
WATCHDOG_SECONDS = 3600.0
LEAST_DUTY = 15
DAC_ZERO_MV = 1451
USUAL_TRIP = 70
REGULATOR_LEAD = 2.0
"""Degrees by which the regulator of this model is hotter than its chips."""

PID_FAN, CLASSIC_FAN, LINKED_FAN = 2, 1, 3
NO_CLASSIC_FAN: Version = (1, 0, 31)
TWO_FANS: Version = (1, 0, 37)
SILENT_FAULTS = ("chips_silent", "chips_zero")
LOST_FAULTS = ("regulator_lost", "input_lost")


class BoardError(IntEnum):
    """What the page of the miner tells of a regulator that is off."""

    NONE = 0
    CHIP = 1
    REGULATOR = 2
    PSU = 3
    CURRENT = 4
    VOLTAGE = 5
    COINBASE = 6


class NerdosDevice(Device):
    """One NerdOS miner without its network."""

    def __init__(self, spec: MinerSpec, clock: Clock) -> None:
        """Make a miner that has been hashing for its uptime."""
        self.rates = Rates()
        self.error = BoardError.NONE
        self.powered_raw = False
        self.blocks = 0
        self._rated_at = clock.now()
        self._shutdown_at: float | None = None
        super().__init__(spec, clock)
        self.rates.settle(spec.uptime, self.physics.true_ghs)

    @property
    @override
    def chip_ready(self) -> bool:
        """Tell whether the chips get their core voltage."""
        if self.phase is Phase.FAULT and self.error is BoardError.NONE:
            return True
        return self.powered_raw or self.phase in {Phase.HASHING, Phase.POOL_LOST}

    @property
    def lost(self) -> bool:
        """Tell whether the regulator went off by itself, until the next boot."""
        return self.error is not BoardError.NONE

    @property
    def linked(self) -> bool:
        """Tell whether the second fan follows the first, or there is none."""
        independent = self.board.second_fan and self.version >= TWO_FANS
        return not independent or self.flash["fan1Mode"] == LINKED_FAN

    @property
    def trip_points(self) -> tuple[int, int]:
        """Return at how many degrees chip and regulator switch off; 0 is never."""
        chip: int = self.flash["overheat_temp"]
        return chip, chip if self.linked else self.flash["fan1OverheatTemp"]

    def limited(self, key: str) -> int:
        """Return a set point as it is read from flash, cut where the board ends."""
        stored: int = self.flash[key]
        mhz, millivolts = self.board.abs_max
        most = mhz if key == "frequency" else millivolts
        return min(stored, most) if most else stored

    @override
    def drive(self) -> Drive:
        drive, flash = super().drive(), self.flash
        hot = self.faults.get("hot")
        forced = hot is not None and "temperature" in hot.parameters
        insulation = hot.number("insulation", 1.0) if hot and forced else None
        auto, duty = self._fan()
        if self.lost and self.physics.chip > flash["temptarget"]:
            auto, duty = False, 100.0
        return replace(
            drive,
            fan_auto=auto,
            fan_duty=min(100.0, duty),
            fan_minimum=LEAST_DUTY,
            fan_target=flash["temptarget"] - (REGULATOR_LEAD if self.linked else 0),
            insulation=drive.insulation if insulation is None else insulation,
        )

    def _fan(self) -> tuple[bool, float]:
        """Return whether the fan follows the heat, and what it turns with if not."""
        mode = self.flash["autofanspeed"]
        classic = mode == CLASSIC_FAN
        if mode == PID_FAN or (classic and self.version < NO_CLASSIC_FAN):
            return True, 100.0
        if classic and self.flash.booted["autofanspeed"] != CLASSIC_FAN:
            return False, 100.0
        return False, float(self.flash["manualFanSpeed"])

    @override
    def enter(self, phase: Phase, seconds: float | None = None) -> None:
        if phase is Phase.POOL_LOST:
            seconds = WATCHDOG_SECONDS
        super().enter(phase, seconds)

    @override
    def _watch(self) -> None:
        seconds = self.physics.now - self._rated_at
        self._rated_at = self.physics.now
        ghs = self.physics.measured_ghs
        self.rates.step(seconds, ghs, answering=self._answering)
        due = self.phase_until is not None and self.physics.now >= self.phase_until
        if self.phase is Phase.POOL_LOST and due:
            self.reboot("SYSTEM.RESET_TASK_WDT")
            return
        super()._watch()
        if self._shutdown_at is not None and self.physics.now >= self._shutdown_at:
            self._shutdown_at = None
            super().shut_down()

    @property
    def _answering(self) -> bool:
        """Tell whether the chips answer, be it that they did nothing."""
        return not self.lost and "chips_silent" not in self.faults

    @override
    def _working_phase(self) -> Phase:
        broken = self.lost or any(fault in self.faults for fault in SILENT_FAULTS)
        return Phase.FAULT if broken else super()._working_phase()

    @property
    @override
    def _broken(self) -> bool:
        silent = any(fault in self.faults for fault in SILENT_FAULTS)
        return self.lost or silent or super()._broken

    @override
    def _too_hot(self) -> bool:
        return self._heat_error is not BoardError.NONE

    @property
    def _heat_error(self) -> BoardError:
        """Return what is too hot, if anything is."""
        chip, regulator = self.trip_points
        if chip and self.physics.chip > chip:
            return BoardError.CHIP
        measured = self.board.regulator_sensor
        if measured and regulator and self.physics.regulator > regulator:
            return BoardError.REGULATOR
        return BoardError.NONE

    @override
    def _overheat(self) -> None:
        self.error = self._heat_error
        self.enter(Phase.COOLING)

    @override
    def apply_set_points(self) -> None:
        before = self.running_mv
        self.running_mhz = self.limited("frequency")
        low, high = self.board.regulator_mv
        wanted = self.limited("coreVoltage")
        if low <= wanted <= high:
            self.running_mv = wanted
        elif self.board.dac_regulator:
            self.running_mv = DAC_ZERO_MV
        # A changed voltage switches the regulator on, whatever the chips are.
        self.powered_raw |= self.lost and self.running_mv != before

    @override
    def shut_down(self) -> None:
        self._shutdown_at = self.clock.now() + SHUTDOWN_DELAY

    @override
    def find_block(self) -> None:
        super().find_block()
        self.blocks += 1

    @override
    def _boot(self, reason: str) -> None:
        self.error, self.powered_raw = BoardError.NONE, False
        self._shutdown_at = None
        if not self.flash["overheat_temp"]:
            self.flash.stored["overheat_temp"] = USUAL_TRIP
        super()._boot(reason)
        self.rates.boot()
        self._lose_regulator()

    @override
    def inject(self, name: str, parameters: dict[str, Any]) -> None:
        super().inject(name, parameters)
        self._lose_regulator()

    def _lose_regulator(self) -> None:
        """Switch off what a fault keeps from its supply or its output."""
        for name, usual in zip(
            LOST_FAULTS, (BoardError.VOLTAGE, BoardError.PSU), strict=True
        ):
            if (fault := self.faults.get(name)) is not None:
                self.error = BoardError(int(fault.number("error", usual)))
        self.reconsider()


def device_of(spec: MinerSpec, clock: Clock) -> Device:
    """Make the device of a model, with the firmware that it runs."""
    nerdos = BOARDS[spec.model].dialect is Dialect.NERDOS
    return NerdosDevice(spec, clock) if nerdos else Device(spec, clock)
