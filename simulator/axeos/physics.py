"""The physical model of one miner: pure arithmetic on an injected random source.

Hash rate = MHz x cores x chips x (1 - error), power = offset + slope x MHz x V²;
temperatures follow power, air flow and the room with time constants, and every
reading carries noise that is correlated in time.
"""

from copy import copy
from dataclasses import dataclass
import math
from random import Random

from ..averages import RollingMean
from ..nature import Noise, room_temperature
from .boards import Board

DAY = 86_400.0
CHIP_SECONDS, REGULATOR_SECONDS, FAN_SECONDS = 40.0, 60.0, 15.0
CHIP_RISE, REGULATOR_RISE = 38.0, 40.0
MHZ_PER_SECOND = 62.5
PARKED_MHZ = 50.0
STILL_AIR, BLOWN_AIR = 0.35, 0.65
BASE_ERROR = 0.0012


def thermal_resistance(duty: float) -> float:
    """Return the heat sink's resistance relative to the one at half fan speed."""
    return (STILL_AIR + BLOWN_AIR / 2) / (STILL_AIR + BLOWN_AIR * duty / 100)


def error_fraction(board: Board, mhz: float, volts: float) -> float:
    """Return the part of the hashes that is wrong at an operating point."""
    limit = 1.45 * board.default_mhz * (1000 * volts / board.default_mv) ** 2
    if mhz <= limit:
        return BASE_ERROR
    return min(1.0, BASE_ERROR + 3 * (mhz / limit - 1)) if limit > 0 else 1.0


def ideal_ghs(board: Board, mhz: float) -> float:
    """Return the hash rate in GH/s of error-free chips."""
    return mhz * board.small_cores * board.chips / 1000


def core_watts(board: Board, mhz: float, volts: float) -> float:
    """Return what the chips take."""
    return board.power_slope * mhz * volts * volts


@dataclass(slots=True, kw_only=True)
class Drive:
    """What the firmware does with the board at the moment."""

    hashing: bool = True
    ramping: bool = False
    powered: bool = True
    mhz: float
    volts: float
    fan_auto: bool = True
    fan_duty: float = 100.0
    fan_minimum: float = 25.0
    fan_target: float = 60.0
    fan_stopped: bool = False
    insulation: float = 1.0
    forced_temperature: float | None = None
    forced_regulator: float | None = None


class Physics:
    """The state of one board, moved on step by step."""

    def __init__(self, board: Board, rng: Random, now: float) -> None:
        """Start cold, in the room's temperature."""
        self.board = board
        self.now = now
        self.chip = self.regulator = room_temperature(now)
        self.duty = 50.0
        self.rpm = 0.0
        self.mhz = PARKED_MHZ
        self.true_ghs = 0.0
        self.watts = 0.0
        self.watt_hours = 0.0
        self.error = BASE_ERROR
        self.measured_ghs = 0.0
        self.share_noise = False
        self.minute, self.ten_minutes = RollingMean(60), RollingMean(600)
        self.hour, self.day = RollingMean(3600), RollingMean(DAY)
        self.register_noise = Noise(rng, 15)
        self.luck = Noise(rng, 120)
        self.chip_noise, self.power_noise = Noise(rng, 30), Noise(rng, 10)
        self.supply_noise, self.radio_noise = Noise(rng, 60), Noise(rng, 120)
        self._noises = (
            self.register_noise,
            self.luck,
            self.chip_noise,
            self.power_noise,
            self.supply_noise,
            self.radio_noise,
        )

    def step(self, seconds: float, drive: Drive) -> None:
        """Move on by some seconds in which the drive does not change."""
        self.now += seconds
        for noise in self._noises:
            noise.step(seconds)
        self._hash(seconds, drive)
        self._fan(seconds, drive)
        self._heat(seconds, drive)
        self.watt_hours += self.watts * seconds / 3600

    def _hash(self, seconds: float, drive: Drive) -> None:
        """Work out hash rate and power."""
        board = self.board
        ramp = MHZ_PER_SECOND * seconds
        ramped = self.mhz + max(-ramp, min(ramp, drive.mhz - self.mhz))
        if not drive.hashing:
            self.mhz = ramped if drive.ramping else PARKED_MHZ
            self.true_ghs = self.measured_ghs = 0.0
            self.watts = board.power_offset if drive.powered else 0.0
            return
        self.mhz = ramped
        self.error = error_fraction(board, self.mhz, drive.volts)
        self.true_ghs = ideal_ghs(board, self.mhz) * (1 - self.error)
        self.watts = board.power_offset + core_watts(board, self.mhz, drive.volts)
        noise = (
            0.04 * self.luck.value
            if self.share_noise
            else 0.011 * self.register_noise.value / math.sqrt(board.chips)
        )
        self.measured_ghs = max(0.0, self.true_ghs * (1 + noise))
        for window in (self.minute, self.ten_minutes, self.hour, self.day):
            window.add(seconds, self.measured_ghs)

    def _fan(self, seconds: float, drive: Drive) -> None:
        """Turn the fan towards the duty cycle that holds the target."""
        wanted = self._duty_for(drive) if drive.fan_auto else drive.fan_duty
        pull = 1.0 - math.exp(-seconds / FAN_SECONDS)
        regulated = drive.fan_auto and drive.hashing
        self.duty += (wanted - self.duty) * (pull if regulated else 1.0)
        turning = drive.powered and not drive.fan_stopped
        share = self.duty / 100 if turning else 0.0
        self.rpm = self.board.full_speed_rpm * share

    def _duty_for(self, drive: Drive) -> float:
        """Return the duty cycle at which the chip settles at the target."""
        if not drive.hashing:
            return 70.0
        room = room_temperature(self.now)
        rise = self._rise(drive) * (STILL_AIR + BLOWN_AIR / 2) * CHIP_RISE
        margin = max(1.0, drive.fan_target + 0.4 * self.chip_noise.value - room)
        needed = (rise / margin - STILL_AIR) / BLOWN_AIR * 100
        return max(drive.fan_minimum, min(100.0, needed))

    def _rise(self, drive: Drive) -> float:
        """Return the heat relative to the board's default operating point."""
        board = self.board
        volts = board.default_mv / 1000
        usual = board.power_offset + core_watts(board, board.default_mhz, volts)
        return drive.insulation * self.watts / usual

    def _heat(self, seconds: float, drive: Drive) -> None:
        """Let the temperatures follow."""
        room = room_temperature(self.now)
        air = 0.0 if drive.fan_stopped else self.duty
        rise = self._rise(drive) * thermal_resistance(air)
        self._relax(seconds, room + rise * CHIP_RISE, room + rise * REGULATOR_RISE)
        if drive.forced_temperature is not None and drive.hashing:
            self.chip = drive.forced_temperature
        if drive.forced_regulator is not None:
            self.regulator = drive.forced_regulator

    def _relax(self, seconds: float, chip: float, regulator: float) -> None:
        """Move both temperatures towards where they settle."""
        self.chip += (chip - self.chip) * (1 - math.exp(-seconds / CHIP_SECONDS))
        pull = 1 - math.exp(-seconds / REGULATOR_SECONDS)
        self.regulator += (regulator - self.regulator) * pull

    def settle(self, drive: Drive, uptime: float) -> None:
        """Jump to where the drive leads after `uptime` seconds at it."""
        began, used = self.now, self.watt_hours
        self.now -= 600
        for _ in range(60):
            self.step(10, drive)
        self.now, self.watt_hours = began, used
        for window in (self.minute, self.ten_minutes, self.hour, self.day):
            window.clear()
            window.add(uptime, self.true_ghs)

    def snapshot(self) -> Physics:
        """Return the present state, to be read while the firmware reads nothing."""
        still = copy(self)
        still.chip_noise, still.power_noise = (
            copy(self.chip_noise),
            copy(self.power_noise),
        )
        still.supply_noise = copy(self.supply_noise)
        return still

    def reboot(self) -> None:
        """Lose what only lives in memory."""
        self.mhz = PARKED_MHZ
        for window in (self.minute, self.ten_minutes, self.hour, self.day):
            window.clear()
