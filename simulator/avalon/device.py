"""The life of one Avalon: power, boot, calibration, mining, standby, faults."""

from random import Random
from typing import Any

from ..clock import Clock
from ..faults import FaultSet
from ..member import Phase, Truth
from ..shares import ShareCounter, poisson
from ..spec import MinerSpec
from ..stepping import next_step
from .faults import KNOWN, STOPPING, gives_up
from .hardware import Hardware
from .models import MODELS, Dialect, Mode
from .physics import Drive, Physics
from .pool_faults import apply_to_pools
from .pooling import Pooling
from .schedule import Schedule
from .settings import Pool, Settings, usual_pools

INIT_SECONDS, CALIBRATION_SECONDS = 20.0, 90.0
HOTTEST_CHIP, COOLED_CHIP = 113.0, 60.0
EMPTY_REPLIES = 3
RESTED_PART = 0.18
IDLE_SHARE = 0.12
STORED_UNIT = "020100"
BOOT_BY_POWER, BOOT_BY_API, BOOT_BY_HEAT = "0x01.00000000", "0x05.00000000", "0x02"
AT_WORK = frozenset({Phase.STARTING, Phase.CALIBRATING, Phase.HASHING})


class Device:
    """One miner without its network."""

    def __init__(self, spec: MinerSpec, clock: Clock) -> None:
        """Make a miner that has been running for its uptime."""
        self.rng = Random(spec.random_seed)
        now = clock.now()
        self.spec = spec
        self.model = MODELS[spec.model]
        self.clock = clock
        self.host = spec.host
        self.firmware = spec.firmware or self.model.default_firmware
        mac = spec.mac or self.model.mac_prefix + spec.digits[-6:]
        self.mac = mac.replace(":", "").lower()
        self.dna = f"{STORED_UNIT}{spec.digits[:10]}"
        self.faults = FaultSet(KNOWN)
        self.hardware = Hardware(self.model, self.faults)
        self.settings = Settings(spec, self.model, now)
        self.physics = Physics(self.model, self.rng, now)
        self.shares = ShareCounter(self.rng)
        self.pool_difficulty = spec.pool_difficulty or self.model.pool_difficulty
        self.pooling = Pooling(usual_pools(spec, self.model), now)
        self.pool_failures: list[tuple[float, float]] = []
        self.restarts = 0
        self.boot_reason = BOOT_BY_POWER
        self.booted_at = now - spec.uptime - self.model.boot_lag
        self.session_began: float | None = now - spec.uptime
        self.phase = Phase.HASHING
        self.phase_since = now - spec.uptime
        self.phase_until: float | None = None
        self.schedule = Schedule()
        self.soft_off_reason = self.model.soft_off_reason
        self.fan_duty: float | None = None
        self.volts: int | None = None
        self.target: int | None = None
        self.fans_rest = True
        self.night_lamp = 0
        self.identifying = False
        self.empty_replies = 0
        self.hardware_errors = 0
        self.running_mode = self._stored_mode()
        self._begin(spec)

    def _begin(self, spec: MinerSpec) -> None:
        """Be where the uptime has led to."""
        rested = spec.uptime * RESTED_PART if spec.standby else 0.0
        hashed = spec.uptime - rested
        self.physics.settle(self.drive(), hashed)
        self._work(hashed)
        if spec.standby:
            self.schedule.off_at = self.clock.now() - rested
            self.soft_off_reason = self.soft_off_reason or 4
            self.enter(Phase.STANDBY)
            total = self.physics.gigahashes
            self.physics.settle(self.drive(), 0)
            self.physics.gigahashes = total

    @property
    def serving(self) -> bool:
        """Tell whether the API answers."""
        return self.phase not in {Phase.OFF, Phase.BOOTING}

    @property
    def uptime(self) -> int:
        """Return the seconds since the first pool was there; before, since the boot."""
        began = self.session_began
        return int(self.clock.now() - (self.booted_at if began is None else began))

    @property
    def adjusted(self) -> bool:
        """Tell whether calibration is over."""
        return self.phase not in {Phase.STARTING, Phase.CALIBRATING}

    @property
    def progress(self) -> int:
        """Return how far calibration is, in %."""
        if self.phase is not Phase.CALIBRATING:
            return 0
        gone = self.physics.now - self.phase_since
        return min(99, int(100 * gone / CALIBRATION_SECONDS))

    @property
    def pools(self) -> list[Pool]:
        """Return the pools; none while none is configured."""
        return [] if "no_pools" in self.faults else self.pooling.pools

    @property
    def active_pool(self) -> int:
        """Return the number of the pool that is worked for."""
        return self.pooling.current

    @property
    def truth(self) -> Truth:
        """Return what is really going on."""
        self.sync()
        physics = self.physics
        return Truth(
            hash_rate_ths=physics.true_ghs / 1000,
            power_w=physics.watts,
            energy_wh=physics.watt_hours,
            shares_accepted=self.shares.accepted,
            shares_rejected=self.shares.rejected,
            hashing=physics.true_ghs > 0,
            temperature=physics.chip,
            restarts=self.restarts,
            mode=self.settings["mode"],
        )

    def _stored_mode(self) -> Mode:
        """Return the mode that flash asks for."""
        mode = self.model.mode(self.settings["mode"], self.settings["level"])
        if mode is None:
            number = self.settings["mode"]
            raise ValueError(f"{self.spec.model} has no work mode {number}")
        return mode

    def drive(self) -> Drive:
        """Return what the firmware does with the hardware now."""
        hot = self.faults.get("hot")
        return Drive(
            mode=self.running_mode,
            target=self.target,
            hashing=self.phase in {Phase.CALIBRATING, Phase.HASHING}
            and self.hardware.boards > 0
            and "no_devices" not in self.faults,
            powered=self.phase is not Phase.OFF,
            resting_watts=self._resting_watts,
            resting_fans=self.fans_rest or self.phase is not Phase.STANDBY,
            boards=self.hardware.boards,
            dead_chips=self.hardware.dead_chips,
            fan_duty=self.fan_duty,
            turning_fans=self.hardware.turning_fans,
            insulation=hot.number("insulation", 3.0) if hot else 1.0,
            forced_temperature=hot.optional("temperature") if hot else None,
        )

    @property
    def set_volts(self) -> int:
        """Return the set voltage as the model counts it."""
        return self.running_mode.volts if self.volts is None else self.volts

    @property
    def _resting_watts(self) -> float:
        """Return what the miner takes while it does not hash."""
        standby = self.model.standby_watts
        fault = self.faults.get("state_fault")
        if fault is not None and self.phase is Phase.FAULT:
            return fault.number("watts", 3.0)
        if self.phase is Phase.STANDBY:
            given = self.spec.standby_watts
            return standby if given is None else given
        return standby + IDLE_SHARE * self.running_mode.wall

    def sync(self) -> None:
        """Bring physics and phases up to the clock's time, in bounded steps."""
        now, physics = self.clock.now(), self.physics
        while (step := next_step(physics.now, now, self._next_event())) > 0:
            physics.step(step, self.drive())
            if physics.true_ghs:
                self._work(step)
            self._watch()

    def _next_event(self) -> float | None:
        """Return when something changes by itself."""
        times = (
            self.phase_until,
            self.schedule.off_due,
            self.schedule.on_due,
            self.pooling.next_event(),
        )
        reached = self.physics.now
        return min(
            (at for at in times if at is not None and at > reached), default=None
        )

    def _work(self, seconds: float) -> None:
        """Find shares for the pool in use."""
        if (pool := self.pool_in_use) is None:
            return
        accepted, rejected = self.shares.accepted, self.shares.rejected
        self.shares.work(seconds, self.physics.true_ghs, self.pool_difficulty)
        accepted = self.shares.accepted - accepted
        rejected = self.shares.rejected - rejected
        pool.credit(seconds, accepted, rejected, self.physics.now)
        pool.best = self.shares.best_session
        wrong = self.model.wrong_nonces * self.physics.error / self.model.error
        ths = self.physics.true_ghs / 1000
        self.hardware_errors += poisson(self.rng, wrong * ths * seconds)

    def enter(self, phase: Phase, seconds: float | None = None) -> None:
        """Change the phase, for a time or until something happens."""
        self.phase = phase
        self.phase_since = self.physics.now
        self.phase_until = None if seconds is None else self.physics.now + seconds
        if phase not in {Phase.CALIBRATING, Phase.HASHING}:
            self.physics.halt()

    def _watch(self) -> None:
        """Do what the firmware does after each step."""
        now = self.physics.now
        self._follow_pools(now)
        self.follow_schedule()
        due = self.phase_until is not None and now >= self.phase_until
        match self.phase:
            case Phase.BOOTING if due:
                self.enter(Phase.STARTING, INIT_SECONDS)
                self.pooling.restart(now)
                self.booted_at = max(self.booted_at, now - self.model.boot_lag)
            case Phase.STARTING if due:
                self._start_work()
            case Phase.CALIBRATING | Phase.HASHING if not self.has_pool:
                self.enter(Phase.POOL_LOST)
            case Phase.POOL_LOST if self.pool_in_use is not None:
                self.enter(Phase.STARTING, INIT_SECONDS)
            case Phase.CALIBRATING if due and "calibrating" not in self.faults:
                self.enter(Phase.HASHING)
            case Phase.CALIBRATING | Phase.HASHING if self.physics.chip > HOTTEST_CHIP:
                self.enter(Phase.COOLING)
            case Phase.COOLING if self.physics.chip < COOLED_CHIP:
                self.boot_reason = f"{BOOT_BY_HEAT}.00000000"
                self.enter(Phase.STARTING, INIT_SECONDS)

    def _follow_pools(self, now: float) -> None:
        """Look after the pools; with the first one a session begins."""
        if self.serving:
            self.pooling.watch(now)
            if self.session_began is None and self.pool_in_use is not None:
                self.session_began = now

    def follow_schedule(self) -> None:
        """Go to sleep or wake at the times that were asked for."""
        now = self.physics.now
        if self.schedule.falls_asleep(now):
            self.rest()
        if self.schedule.wakes(now):
            self.wake()

    def _start_work(self) -> None:
        """Begin what the pool and the hardware allow."""
        if gives_up(self.faults):
            self.enter(Phase.FAULT)
        elif not self.has_pool:
            self.enter(Phase.POOL_LOST)
        else:
            self.enter(Phase.CALIBRATING, CALIBRATION_SECONDS)

    def rest(self, *, fans: bool = False) -> None:
        """Switch the chips off, as soft off does."""
        if self.serving:
            self.fans_rest = fans
            self.soft_off_reason = self.soft_off_reason or (
                6 if self.model.industrial else 4
            )
            self.enter(Phase.STANDBY)

    def wake(self) -> None:
        """Switch the chips on again, as soft on does."""
        if self.phase is Phase.STANDBY:
            self.enter(Phase.STARTING, INIT_SECONDS)

    def set_mode(self, mode: int, level: int) -> None:
        """Store a mode; the home models change over at once."""
        changed = (mode, level) != (self.settings["mode"], self.settings["level"])
        self.settings.write(mode=mode, level=level)
        if not changed or self.model.modes_need_reboot:
            return
        self.running_mode = self._stored_mode()
        self.target = self.volts = None
        if self.model.dialect is Dialect.Q:
            self.empty_replies = EMPTY_REPLIES
        if self.phase in AT_WORK:
            self.enter(Phase.STARTING, INIT_SECONDS)

    def reboot(self, reason: str = BOOT_BY_API) -> None:
        """Restart: what lives in memory is lost, what is in flash is loaded."""
        self.sync()
        if self.phase is Phase.OFF:
            return
        self.restarts += 1
        self._boot(reason)

    def _boot(self, reason: str) -> None:
        """Begin a new session; the chips start in the last mode, even after standby."""
        self.boot_reason = reason
        self.booted_at = self.physics.now
        self.session_began = None
        self.physics.restart()
        self.shares.restart()
        self.hardware_errors = 0
        self.pool_failures.clear()
        self.schedule.cancel()
        self.fan_duty = self.target = self.volts = None
        for pool, stored in zip(
            self.pooling.pools, self.settings["pools"], strict=True
        ):
            pool.url, pool.user, pool.phrase = stored
            pool.enabled, pool.priority = True, pool.number
            pool.forget()
        self.pooling.restart(self.physics.now)
        self.running_mode = self._stored_mode()
        if self.model.dialect is Dialect.Q:
            self.empty_replies = EMPTY_REPLIES
        seconds = self.spec.boot_seconds
        usual = self.model.boot_seconds
        self.enter(Phase.BOOTING, usual if seconds is None else seconds)

    def power_off(self) -> None:
        """Cut the power."""
        self.sync()
        self.enter(Phase.OFF)
        self.physics.watts = 0.0

    def power_on(self) -> None:
        """Give power back: a boot."""
        self.sync()
        if self.phase is Phase.OFF:
            self.restarts += 1
            self._boot(BOOT_BY_POWER)

    def update_firmware(self, text: str) -> None:
        """Install another firmware and reboot into it; settings are kept."""
        self.firmware = text
        self.reboot()

    @property
    def pool_in_use(self) -> Pool | None:
        """Return the pool that gets the shares, None without one."""
        return self.pooling.in_use if self.pools else None

    @property
    def has_pool(self) -> bool:
        """Tell whether there is a pool that could be worked for."""
        return bool(self.pools) and self.pooling.hopeful

    def inject(self, name: str, parameters: dict[str, Any]) -> None:
        """Let a fault begin."""
        self.sync()
        known = name in self.faults
        self.faults.add(name, parameters)
        if name == "pool_lost" and not known:
            self.pool_failures.append((self.physics.now, 0.0))
        if name in STOPPING and self.phase in AT_WORK:
            self.enter(Phase.FAULT)
        elif name == "calibrating" and self.phase is Phase.HASHING:
            self.enter(Phase.CALIBRATING, CALIBRATION_SECONDS)
        self._look_after_pools()

    def _look_after_pools(self) -> None:
        """Let the faults of pools begin or end, and do what follows at once."""
        apply_to_pools(self.faults, self.pooling)
        self._watch()

    def clear(self, name: str | None) -> None:
        """End one fault or all."""
        self.sync()
        lost = "pool_lost" in self.faults
        self.faults.remove(name)
        if lost and "pool_lost" not in self.faults and self.pool_failures:
            began, _ = self.pool_failures[-1]
            self.pool_failures[-1] = began, self.physics.now
        if self.phase is Phase.FAULT and not gives_up(self.faults):
            self.enter(Phase.STARTING, INIT_SECONDS)
        self._look_after_pools()
