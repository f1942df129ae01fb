"""The physical model of an Avalon: hash rate, power, air and warmth.

The chips run at four frequencies, and how many run at each drifts a little; hash
rate = GH/s per MHz x mean frequency x chips x (1 - error). Power follows the mode
with a ramp, temperatures follow power and air with time constants.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import math
from random import Random

from ..nature import Noise, room_temperature
from .models import Dialect, Mode, Model

RAMP_SECONDS = 60.0
CHIP_SECONDS, BODY_SECONDS, FAN_SECONDS = 60.0, 240.0, 15.0
STILL_AIR, BLOWN_AIR = 0.35, 0.65
USUAL_ROOM = 22.0
LEAST_DUTY = 8.0
LUCK = 50.0
BROKEN_CHIPS_ERROR = 1.2
SPREADS = {
    Dialect.Q: (0.53, 0.27, 0.15, 0.05),
    Dialect.NANO3: (0.0, 0.15, 0.19, 0.66),
}
USUAL_SPREAD = (0.14, 0.12, 0.20, 0.54)


@dataclass(slots=True, kw_only=True)
class Drive:
    """What the firmware does with the hardware at the moment."""

    mode: Mode
    target: int | None = None
    hashing: bool = True
    powered: bool = True
    resting_watts: float = 0.0
    resting_fans: bool = False
    boards: int = 1
    dead_chips: int = 0
    fan_duty: float | None = None
    turning_fans: float = 1.0
    insulation: float = 1.0
    forced_temperature: float | None = None


def thermal_resistance(duty: float) -> float:
    """Return the resistance to the air, 1 with the fans at full speed."""
    return 1 / (STILL_AIR + BLOWN_AIR * duty / 100)


class Physics:
    """The state of one miner, moved on step by step."""

    def __init__(self, model: Model, rng: Random, now: float) -> None:
        """Start cold, in the room's temperature."""
        self.model = model
        self.now = now
        self.chip = self.body = room_temperature(now)
        self.duty = 0.0
        self.ramp = 0.0
        self.watts = 0.0
        self.watt_hours = 0.0
        self.error = model.error
        self.true_ghs = 0.0
        self.theoretical_ghs = 0.0
        self.gigahashes = 0.0
        seldom = model.dialect in {Dialect.A12, Dialect.A15}
        windows = (30 if seldom else 5, 60, 300, 900)
        self.averages = dict.fromkeys(windows, 0.0)
        self.speed_noise, self.error_noise = Noise(rng, 20), Noise(rng, 120)
        self.power_noise, self.fan_noise = Noise(rng, 15), Noise(rng, 20)
        self.tuning_noise, self.net_noise = Noise(rng, 900), Noise(rng, 60)
        self.chip_noise = Noise(rng, 40)
        self._rng = rng
        self._noises = (
            self.speed_noise,
            self.error_noise,
            self.power_noise,
            self.fan_noise,
            self.tuning_noise,
            self.net_noise,
            self.chip_noise,
        )

    @property
    def spread(self) -> tuple[float, ...]:
        """Return which part of the chips runs at each of the four frequencies."""
        first, second, third, fourth = SPREADS.get(self.model.dialect, USUAL_SPREAD)
        moved = 0.02 * max(-2.0, min(2.0, self.tuning_noise.value))
        return (first, second + moved, third, fourth - moved)

    def mean_mhz(self, mode: Mode) -> float:
        """Return the mean frequency of a mode."""
        pairs = zip(self.spread, mode.mhz, strict=True)
        return sum(part * mhz for part, mhz in pairs)

    def step(self, seconds: float, drive: Drive) -> None:
        """Move on by some seconds in which the drive does not change."""
        self.now += seconds
        for noise in self._noises:
            noise.step(seconds)
        self._hash(seconds, drive)
        self._blow(seconds, drive)
        self._heat(seconds, drive)
        self.watt_hours += self.watts * seconds / 3600

    def _hash(self, seconds: float, drive: Drive) -> None:
        """Work out hash rate and power."""
        if not drive.hashing:
            self.ramp = self.true_ghs = 0.0
            noise = 0.2 * self.power_noise.value
            self.watts = drive.resting_watts + noise if drive.powered else 0.0
            self._average(seconds)
            return
        model = self.model
        self.ramp = min(1.0, self.ramp + seconds / RAMP_SECONDS)
        alive = (model.chips * drive.boards - drive.dead_chips) / model.all_chips
        missing = drive.dead_chips / model.all_chips
        self.error = model.error * (1 + 0.12 * self.error_noise.value)
        self.error += BROKEN_CHIPS_ERROR * missing
        full = model.ghs_per_mhz * self.mean_mhz(drive.mode) * model.all_chips
        self.theoretical_ghs = full * max(0.0, alive)
        self.true_ghs = self.theoretical_ghs * self.ramp * (1 - min(1.0, self.error))
        idle = model.standby_watts
        wall = drive.mode.wall * (1 + 0.004 * self.power_noise.value)
        self.watts = idle + (wall - idle) * self.ramp * max(0.0, alive)
        self.gigahashes += self.true_ghs * seconds
        self._average(seconds)

    def _average(self, seconds: float) -> None:
        """Let the averages follow what the shares of the last seconds say."""
        found = 0.0
        if self.true_ghs:
            swing = LUCK / math.sqrt(self.true_ghs * seconds)
            found = max(0.0, self.true_ghs * (1 + swing * self._rng.gauss()))
        for window, mean in self.averages.items():
            part = 1 - math.exp(-seconds / window)
            self.averages[window] = mean + (found - mean) * part

    def _blow(self, seconds: float, drive: Drive) -> None:
        """Turn the fans towards the duty cycle that holds the target."""
        if not drive.powered or (not drive.hashing and not drive.resting_fans):
            self.duty = 0.0
            return
        wanted = self._duty_for(drive) if drive.fan_duty is None else drive.fan_duty
        self.duty += (wanted - self.duty) * (1 - math.exp(-seconds / FAN_SECONDS))

    def _duty_for(self, drive: Drive) -> float:
        """Return the duty cycle at which the chips settle at the target."""
        aim = (drive.target or drive.mode.target) + 0.4 * self.chip_noise.value
        margin = max(1.0, aim - room_temperature(self.now))
        needed = (self._heat_at_full_air(drive) / margin - STILL_AIR) / BLOWN_AIR
        return max(LEAST_DUTY, min(100.0, 100 * needed))

    def _heat_at_full_air(self, drive: Drive) -> float:
        """Return how much warmer than the room the chips settle with full air."""
        model = self.model
        usual = model.modes[model.reference_mode]
        rise = usual.target - USUAL_ROOM
        share = drive.insulation * self.watts / usual.wall
        return share * rise / thermal_resistance(model.reference_duty)

    def _heat(self, seconds: float, drive: Drive) -> None:
        """Let the temperatures follow."""
        air = self.duty * drive.turning_fans
        warmth = self._heat_at_full_air(drive) * thermal_resistance(air)
        settled = room_temperature(self.now) + warmth
        self.chip += (settled - self.chip) * (1 - math.exp(-seconds / CHIP_SECONDS))
        if drive.forced_temperature is not None and drive.hashing:
            self.chip = drive.forced_temperature
        self.body += (self.chip - self.body) * (1 - math.exp(-seconds / BODY_SECONDS))

    def settle(self, drive: Drive, hashed: float) -> None:
        """Jump to where the drive leads; it has hashed for some seconds."""
        began, used = self.now, self.watt_hours
        self.now -= 1200
        for _ in range(120):
            self.step(10, drive)
        self.now, self.watt_hours = began, used
        self.gigahashes = self.true_ghs * hashed
        self.averages = dict.fromkeys(self.averages, self.true_ghs)

    def halt(self) -> None:
        """Stop all chips at once."""
        self.true_ghs = self.ramp = 0.0

    def restart(self) -> None:
        """Lose what only lives in memory."""
        self.ramp = self.gigahashes = 0.0
        self.averages = dict.fromkeys(self.averages, 0.0)

    def warmth(self, part: float) -> float:
        """Return the temperature at a place between the room and the chips."""
        room = room_temperature(self.now)
        return room + part * (self.body - room)


def apportion(spread: Sequence[float], total: int) -> list[int]:
    """Return whole numbers in these proportions that add up to the total."""
    parts = [max(0, round(part * total)) for part in spread[:-1]]
    return [*parts, max(0, total - sum(parts))]
