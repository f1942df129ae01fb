"""The life of one miner: power, boot, hashing, pause, overheating, faults."""

from random import Random
from typing import Any

from ..clock import Clock
from ..faults import FaultSet
from ..member import Phase, Truth
from ..shares import ShareCounter
from ..spec import MinerSpec
from ..stepping import next_step
from .boards import BOARDS, Dialect, Meter
from .chips import Chips
from .cooling import COOL_SECONDS, is_cool, lowered_mhz, lowered_mv
from .faults import KNOWN, UNTIL_BOOT
from .flash import Flash, mac_of
from .physics import MHZ_PER_SECOND, Drive, Physics
from .settings_task import SettingsTask
from .versions import Firmware, Version

RESUME_SECONDS = 3.9
OVERHEAT_CHIP, OVERHEAT_REGULATOR = 75.0, 105.0
LOCKED_MHZ, LOCKED_MV = 50, 1000
IDENTIFY_SECONDS = 30.0
RESTING_DUTY = 30.0
POOL_DIFFICULTY = 1000.0
BOOT_SECONDS = 10.0

REGISTERS: Version = (2, 11, 0)
PAUSABLE: Version = (2, 14, 0)
LIVE_SET_POINTS: Version = (2, 2, 0)
LIVE_AUTO_FAN: Version = (2, 4, 0)
COUNTED_UPTIME: Version = (2, 15, 0)
POOL_LIST: Version = (2, 15, 0)


class Device:
    """One miner without its network."""

    def __init__(self, spec: MinerSpec, clock: Clock) -> None:
        """Make a miner that has been hashing for its uptime."""
        rng = Random(spec.random_seed)
        now = clock.now()
        self.spec = spec
        self.board = BOARDS[spec.model]
        self.host = spec.host
        self.mac = spec.mac or mac_of(spec)
        self.pool_difficulty = spec.pool_difficulty or POOL_DIFFICULTY
        self.clock = clock
        self.firmware = Firmware.parse(spec.firmware or self.board.default_firmware)
        self.flash = Flash(spec)
        self.faults = FaultSet(KNOWN)
        self.physics = Physics(self.board, rng, now)
        self.shares = ShareCounter(rng)
        self.settings_task = SettingsTask(clock, self._take_setting, spec)
        self.restarts = 0
        self.reset_reason = "Reset due to power-on event"
        self.booted_at = now - spec.uptime
        self.phase = Phase.HASHING
        self.phase_until: float | None = None
        self.identified_until = 0.0
        self.block_shown = False
        self.hardware_latched = False
        self.chips = Chips(self.board, self.flash, self.faults)
        self.running_mv: int = self.flash["coreVoltage"]
        self.running_mhz: float = self.flash["frequency"]
        self.total_seconds = spec.uptime
        self.revision = 0
        self.flash.load(pool_list=self.stock and self.version >= POOL_LIST)
        self._apply_era()
        self.physics.settle(self.drive(), spec.uptime)
        self.shares.work(spec.uptime, self.physics.true_ghs, self.pool_difficulty)

    @property
    def version(self) -> Version:
        """Return the release that the firmware is built on."""
        return self.firmware.version

    @property
    def stock(self) -> bool:
        """Tell whether it runs AxeOS and not a dialect of its own."""
        return self.board.dialect is Dialect.AXEOS

    @property
    def serving(self) -> bool:
        """Tell whether the web server runs."""
        return self.phase not in {Phase.OFF, Phase.BOOTING}

    @property
    def chip_ready(self) -> bool:
        """Tell whether the chips are initialised, so that they have a temperature."""
        if self.phase is Phase.POOL_LOST:
            return not self.can_pause
        return self.phase is Phase.HASHING

    @property
    def can_pause(self) -> bool:
        """Tell whether the firmware can wind the chips down and up again."""
        return self.stock and self.version >= PAUSABLE

    @property
    def reads_registers(self) -> bool:
        """Tell whether hash rates are counted by the chips, not by shares."""
        if self.board.dialect is Dialect.AXEOS:
            return self.version >= REGISTERS
        return self.board.dialect is Dialect.NERDOS

    @property
    def seconds_since_boot(self) -> int:
        """Return the seconds since the last boot."""
        return int(self.clock.now() - self.booted_at)

    @property
    def uptime(self) -> int:
        """Return the uptime as told: 2.15 counts it once the chips have started."""
        counted = self.stock and self.version >= COUNTED_UPTIME
        return 0 if counted and not self.chips.started else self.seconds_since_boot

    @property
    def truth(self) -> Truth:
        """Return what is really going on."""
        self.sync()
        return Truth(
            hash_rate_ths=self.physics.true_ghs / 1000,
            power_w=self.physics.watts,
            energy_wh=self.physics.watt_hours,
            shares_accepted=self.shares.accepted,
            shares_rejected=self.shares.rejected,
            hashing=self.physics.true_ghs > 0,
            temperature=self.physics.chip,
            restarts=self.restarts,
        )

    def drive(self) -> Drive:
        """Return what the firmware does with the board now."""
        hot = self.faults.get("hot")
        live = not self.stock or self.version >= LIVE_AUTO_FAN
        fan = self.flash.stored if live else self.flash.booted
        fan_auto = bool(fan["autofanspeed"])
        resting = self.can_pause and self.phase in {Phase.PAUSED, Phase.POOL_LOST}
        return Drive(
            hashing=self.phase is Phase.HASHING,
            ramping=self._ramping,
            powered=self.phase is not Phase.OFF,
            mhz=self.running_mhz,
            volts=self.running_mv / 1000,
            fan_auto=fan_auto and not resting,
            fan_duty=(
                RESTING_DUTY if resting and fan_auto else self.flash["manualFanSpeed"]
            ),
            fan_minimum=self.flash["minFanSpeed"],
            fan_target=self.flash["temptarget"],
            fan_stopped="fan_stop" in self.faults,
            insulation=hot.number("insulation", 2.5) if hot else 1.0,
            forced_temperature=hot.optional("temperature") if hot else None,
            forced_regulator=hot.optional("regulator") if hot else None,
        )

    def sync(self) -> None:
        """Bring physics and phases up to the clock's time, in bounded steps."""
        now = self.clock.now()
        physics = self.physics
        while (step := next_step(physics.now, now, self.phase_until)) > 0:
            physics.step(step, self.drive())
            if physics.true_ghs and "flatline" not in self.faults:
                self.shares.work(step, physics.true_ghs, self.pool_difficulty)
            if self.phase is not Phase.OFF:
                self.total_seconds += step
            self._watch()
            self.revision += 1

    def enter(self, phase: Phase, seconds: float | None = None) -> None:
        """Change the phase, for a time or until something happens."""
        self.chips.leave(self.phase, self.physics.measured_ghs)
        self.chips.enter(phase)
        self.phase = phase
        self.phase_until = None if seconds is None else self.physics.now + seconds
        self.revision += 1

    def _watch(self) -> None:
        """Do what the firmware's guards do after each step."""
        due = self.phase_until is not None and self.physics.now >= self.phase_until
        match self.phase:
            case Phase.BOOTING if due:
                self.enter(Phase.STARTING, self.spec.init_seconds)
            case Phase.STARTING if due:
                self._start_work()
            case Phase.HASHING if self._too_hot():
                self._overheat()
            case Phase.COOLING if self._cooled(due=due):
                self._end_cooling()

    def _start_work(self) -> None:
        """Begin to work; chips that answer end an overheat event."""
        self.enter(self._working_phase())
        if self.phase is Phase.HASHING and self.stock:
            self.flash.write("overheat_mode", 0)
            self.flash.commit()

    @property
    def _ramping(self) -> bool:
        """Tell whether the chips are wound up."""
        if self.phase is not Phase.STARTING or self.phase_until is None:
            return False
        left = self.phase_until - self.physics.now
        return left <= self.chips.ramp_seconds(self.running_mhz)

    def _working_phase(self) -> Phase:
        """Return the phase of a miner that would like to hash."""
        if self._locked:
            return Phase.LOCKED
        if self._broken:
            return Phase.FAULT
        lost = self.faults.get("pool_lost")
        if lost is not None and not lost.flag("fallback"):
            return Phase.POOL_LOST
        return Phase.HASHING

    @property
    def _broken(self) -> bool:
        """Tell whether a fault stops mining; some do until a reboot."""
        latched = self.hardware_latched or self.chips.dead
        return latched or "power_fault" in self.faults

    @property
    def _locked(self) -> bool:
        """Tell whether an event of old firmware keeps the miner from hashing."""
        old = self.stock and self.version < REGISTERS
        return old and bool(self.flash["overheat_mode"])

    def _too_hot(self) -> bool:
        """Tell whether a guard trips."""
        if self.board.meter is Meter.NONE:
            return False
        return self.physics.chip > OVERHEAT_CHIP or (
            self.board.measures_regulator
            and self.physics.regulator > OVERHEAT_REGULATOR
        )

    def _overheat(self) -> None:
        """Protect the chips the way the firmware's era does."""
        self.flash.write("overheat_mode", 1)
        self.flash.write("autofanspeed", 0)
        self.flash.write("manualFanSpeed", 100)
        if self.version >= REGISTERS:
            self.flash.commit()
            self.enter(Phase.COOLING, COOL_SECONDS)
            if not self.board.internal_sensor:
                self.chips.frozen = self.physics.snapshot()
            return
        self.flash.write("frequency", LOCKED_MHZ)
        self.flash.write("coreVoltage", LOCKED_MV)
        self.flash.commit()
        self.reboot("Software reset via esp_restart")

    def _cooled(self, *, due: bool) -> bool:
        """Tell whether a newer firmware may begin again."""
        if not self.stock or not due:
            return False
        return is_cool(self.board, self.physics.chip, self.physics.regulator)

    def _end_cooling(self) -> None:
        """Begin again with lower set points, for ever, if the regulator takes them."""
        self.flash.write("frequency", lowered_mhz(self.flash["frequency"]))
        self.flash.write("coreVoltage", lowered_mv(self.flash["coreVoltage"]))
        self.flash.commit()
        self.apply_set_points()
        self.chips.start()
        self._restart_chips()

    def _restart_chips(self) -> None:
        """Initialise the chips and wind them up."""
        ramp = self.chips.ramp_seconds(self.running_mhz)
        self.enter(Phase.STARTING, RESUME_SECONDS + ramp)

    def apply_set_points(self) -> None:
        """Run the stored set points; the regulator refuses what it cannot do."""
        self.running_mhz = self.flash["frequency"]
        ramp = abs(self.running_mhz - self.physics.mhz) / MHZ_PER_SECOND
        self.chips.ramp(ramp, self.physics.now, self.running_mv)
        low, high = self.board.regulator_mv
        if low <= self.flash["coreVoltage"] <= high:
            self.running_mv = self.flash["coreVoltage"]

    def _take_setting(self, name: str, value: Any) -> None:
        """Show and run a setting at once, and write it to flash."""
        self.sync()
        self.flash.write(name, value)
        self.flash.commit()
        self.set_points_changed()
        self.reconsider()

    def set_points_changed(self) -> None:
        """Take new set points over at once, where the firmware does."""
        live = not self.stock or self.version >= LIVE_SET_POINTS
        if live and self.phase is not Phase.COOLING:
            self.apply_set_points()

    def reconsider(self) -> None:
        """Look again at what a fault or a cleared flag allows."""
        self.revision += 1
        if self.phase in {Phase.HASHING, Phase.POOL_LOST, Phase.LOCKED}:
            self._change_work(self._working_phase())
        elif self.phase is Phase.FAULT and not self._broken:
            self._restart_chips()

    def _change_work(self, wanted: Phase) -> None:
        """Go over to another kind of work; new work takes a start."""
        if wanted is self.phase:
            return
        if wanted is Phase.HASHING and (self.can_pause or self.phase is Phase.LOCKED):
            self._restart_chips()
        else:
            self.enter(wanted)

    def reboot(self, reason: str = "Software reset via esp_restart") -> None:
        """Restart: what lives in memory is lost, what is in flash is loaded."""
        if self.phase is Phase.OFF:
            return
        self.restarts += 1
        self._boot(reason)

    def _boot(self, reason: str) -> None:
        """Begin a new session."""
        self.settings_task.forget()
        self.reset_reason = reason
        self.booted_at = self.physics.now
        self.identified_until = 0.0
        self.block_shown = False
        self.hardware_latched = "hardware_fault" in self.faults
        for fault in UNTIL_BOOT:
            self.faults.remove(fault)
        self.physics.reboot()
        self.shares.restart()
        self.flash.load(pool_list=self.stock and self.version >= POOL_LIST)
        self.apply_set_points()
        self._apply_era()
        seconds = self.spec.boot_seconds
        self.enter(Phase.BOOTING, BOOT_SECONDS if seconds is None else seconds)
        newer = self.version >= REGISTERS
        self.chips.boot(flagged=newer and bool(self.flash["overheat_mode"]))

    def _apply_era(self) -> None:
        """Measure hash rates the way the firmware does."""
        self.physics.share_noise = not self.reads_registers

    def power_off(self) -> None:
        """Cut the power."""
        self.sync()
        self.settings_task.forget()
        self.enter(Phase.OFF)

    def power_on(self) -> None:
        """Give power back: a boot."""
        self.sync()
        if self.phase is Phase.OFF:
            self.restarts += 1
            self._boot("Reset due to power-on event")

    def update_firmware(self, text: str) -> None:
        """Install another firmware and reboot into it; settings are kept."""
        self.sync()
        self.firmware = Firmware.parse(text)
        self.reboot()

    def pause(self) -> None:
        """Wind the chips down until told otherwise or rebooted."""
        if self.phase in {Phase.HASHING, Phase.STARTING, Phase.POOL_LOST}:
            self.enter(Phase.PAUSED)

    def resume(self) -> None:
        """Start the chips again."""
        if self.phase is Phase.PAUSED:
            self._restart_chips()

    def shut_down(self) -> None:
        """Switch the chips off until a restart."""
        self.enter(Phase.SHUTDOWN)

    def identify(self) -> bool:
        """Show a greeting on the display, or stop showing it; tell which."""
        now = self.clock.now()
        showing = now >= self.identified_until
        self.identified_until = now + IDENTIFY_SECONDS if showing else 0.0
        return showing

    def find_block(self) -> None:
        """Find a block, which few do."""
        self.shares.blocks += 1
        self.block_shown = True
        self.revision += 1

    def inject(self, name: str, parameters: dict[str, Any]) -> None:
        """Let a fault begin."""
        self.sync()
        self.faults.add(name, parameters)
        self.hardware_latched |= name == "hardware_fault"
        self.reconsider()

    def clear(self, name: str | None) -> None:
        """End one fault or all."""
        self.sync()
        self.faults.remove(name)
        self.reconsider()
