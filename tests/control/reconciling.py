"""A miner that exists on paper only, and what is wanted of it."""

from collections.abc import Mapping
from dataclasses import replace
import json
from typing import Any

from custom_components.miner_monitor.control.intents import ENDS
from custom_components.miner_monitor.control.memory import ControlMemory
from custom_components.miner_monitor.control.model import (
    Apply,
    ClearIssue,
    ControlState,
    Order,
    Problem,
    RaiseIssue,
    Reason,
    Throttle,
)
from custom_components.miner_monitor.control.overrides import Kind
from custom_components.miner_monitor.control.reconciler import IntentReconciler
from custom_components.miner_monitor.miners.events import Moment
from custom_components.miner_monitor.miners.model import (
    SWITCH,
    Alarm,
    Capability,
    Changes,
    Derating,
    Family,
    Limits,
    MinerIdentity,
    MinerSettings,
    MinerState,
    MinerStatus,
    Pool,
    Setting,
    SettingRange,
)
from custom_components.miner_monitor.miners.restarts import UNTOLD, RestartVerdict
from custom_components.miner_monitor.model import (
    EventType,
    MinerEvent,
)

TODAY = "2026-11-20"
POLL = 15.0

F, V = Setting.FREQUENCY, Setting.CORE_VOLTAGE
MODE, MINING = Setting.WORK_MODE, Setting.MINING
AUTO, FAN = Setting.AUTO_FAN, Setting.FAN_DUTY_CYCLE

STEPS = Derating(frequency_step=100, voltage_step=0.1)
FIXED = Derating(frequency=50, core_voltage=1.0)

_SET_POINTS = {
    F: SettingRange(
        minimum=400,
        maximum=625,
        step=1,
        options=(400, 490, 525, 550, 600, 625),
        default=525,
    ),
    V: SettingRange(
        minimum=1.0,
        maximum=1.25,
        step=0.001,
        options=(1.0, 1.06, 1.1, 1.15, 1.2, 1.25),
        default=1.15,
    ),
    AUTO: SWITCH,
    FAN: SettingRange(minimum=0, maximum=100),
    Setting.TARGET_TEMPERATURE: SettingRange(minimum=35, maximum=66),
    Setting.MIN_FAN_DUTY_CYCLE: SettingRange(minimum=0, maximum=99),
}
_LIMITS = Limits(
    settings=_SET_POINTS,
    chip_temperature=Alarm(warn=68, critical=72),
    vr_temperature=Alarm(warn=90, critical=100),
    derating=STEPS,
)
_OLD = MinerIdentity(
    family=Family.AXEOS,
    manufacturer="Bitaxe",
    model="Gamma",
    mac="aa:bb:cc:dd:ee:ff",
    limits=_LIMITS,
    capabilities=frozenset({Capability.CHIP_TEMPERATURE}),
)


def with_stop(identity: MinerIdentity, *stops: Capability) -> MinerIdentity:
    """Let a miner stop hashing by command."""
    settings = {MINING: SWITCH, **identity.limits.settings}
    return replace(
        identity,
        limits=replace(identity.limits, settings=settings),
        capabilities=identity.capabilities | {*stops},
    )


def with_settings(
    identity: MinerIdentity, settings: dict[Setting, SettingRange]
) -> MinerIdentity:
    """Let a miner be set by these alone."""
    return replace(identity, limits=replace(identity.limits, settings=settings))


OLD_GAMMA = _OLD
GAMMA = with_stop(_OLD, Capability.PAUSE)
NANO = MinerIdentity(
    family=Family.AVALON,
    manufacturer="Canaan",
    model="Nano 3S",
    mac="aa:bb:cc:dd:ee:01",
    limits=Limits(
        settings={
            MODE: SettingRange(choices=("Low", "Medium", "High")),
            FAN: SettingRange(minimum=15, maximum=100),
            AUTO: SWITCH,
        },
        chip_temperature=Alarm(warn=95, critical=105),
    ),
)
QUIET = replace(_OLD, limits=Limits())
"""A miner that takes no setting at all."""

GAMMA_SETTINGS = MinerSettings(
    mining=True,
    frequency=525,
    core_voltage=1.15,
    auto_fan=True,
    fan_duty_cycle=40,
    min_fan_duty_cycle=25,
    target_temperature=60,
    pool=0,
)
NANO_SETTINGS = MinerSettings(work_mode="High", auto_fan=True, pool=0)
POOLS = (
    Pool(host="solo.example", port=3333),
    Pool(host="spare.example", port=4444),
)


def dumped(
    reconciler: IntentReconciler, wall: float, monotonic: float = 0.0
) -> dict[str, Any]:
    """Return both files of a reconciler in one."""
    return {
        "rest": reconciler.memory.dump(wall),
        "intents": reconciler.overrides.dump(Moment(wall, monotonic, TODAY)),
        "intents_at": wall,
    }


def loaded(
    identity: MinerIdentity, stored: Any, wall: float, monotonic: float = 0.0
) -> IntentReconciler:
    """Read what ``dumped`` returned, or anything else."""
    files = stored if isinstance(stored, dict) else {}
    at = files.get("intents_at")
    now = Moment(wall, monotonic, "")
    stored_at = at if isinstance(at, float) else None
    memory = ControlMemory.load(files.get("rest"), files.get("intents"), now, stored_at)
    return IntentReconciler(identity, memory, now)


class Case:
    """A reconciler, the state of its miner and the time; polls on demand."""

    def __init__(
        self,
        identity: MinerIdentity = GAMMA,
        settings: MinerSettings | None = None,
        *,
        look: bool = True,
    ) -> None:
        """Begin with a healthy miner that has been up for a day."""
        if settings is None:
            settings = NANO_SETTINGS if MODE in identity.limits.settings else None
        self.identity = identity
        self.reconciler = IntentReconciler(identity)
        self.wall = 1_795_000_000.0
        self.monotonic = 1000.0
        self._boot = UNTOLD
        self._ours = True
        self.stalled: bool | None = None
        self.state = MinerState(
            status=MinerStatus.HASHING,
            chip_temperature=55.0,
            uptime=86_400,
            overheating=False,
            pools=POOLS,
            settings=settings or GAMMA_SETTINGS,
        )
        if look:
            self.poll()

    def set(self, **settings: Any) -> None:
        """Let the device report other settings."""
        self.state = replace(
            self.state, settings=replace(self.state.settings, **settings)
        )

    def become(self, **values: Any) -> None:
        """Let the device report another state."""
        self.state = replace(self.state, **values)

    def take(self, changes: Changes) -> None:
        """Let the device take set points."""
        self.set(**{setting.value: value for setting, value in changes.items()})

    def heat(self) -> None:
        """Let the device lower itself by one step, as firmware does."""
        self.set(
            frequency=(self.state.settings.frequency or 0) - 100,
            core_voltage=round((self.state.settings.core_voltage or 0) - 0.1, 4),
            auto_fan=False,
            fan_duty_cycle=100,
        )

    def wait(self, seconds: float) -> None:
        """Let time pass for everybody."""
        self.wall += seconds
        self.monotonic += seconds
        self.become(uptime=(self.state.uptime or 0) + int(seconds))

    def reboot(self) -> None:
        """Let the device start anew, on its way from a poll to the next."""
        self.become(uptime=0)
        self._boot = RestartVerdict(
            restarted=True, while_watched=self._ours, booted_at=self.wall
        )

    def doubt(self) -> None:
        """Let the next poll say that the device started anew, for the first time."""
        self._boot = RestartVerdict(doubtful=True)

    def look(self, *, busy: bool = False, today: str = TODAY) -> list[Order]:
        """Show the reconciler the device as it is."""
        boot, self._boot, self._ours = self._boot, UNTOLD, True
        return self.reconciler.observe(
            self.identity,
            self.state,
            replace(self.now, day=today),
            busy=busy,
            boot=boot,
            stalled=self.stalled,
        )

    def poll(self, *, busy: bool = False, today: str = TODAY) -> list[Order]:
        """Let an interval pass and look."""
        self.wait(POLL)
        return self.look(busy=busy, today=today)

    def polls(self, number: int) -> None:
        """Look several times, whatever is ordered."""
        for _ in range(number):
            self.poll()

    def restart(self, away: float = 60.0, clock: float = 0.0) -> None:
        """Restart Home Assistant: everything goes through JSON, and a clock is set."""
        stored = json.loads(
            json.dumps(dumped(self.reconciler, self.wall, self.monotonic))
        )
        self.wait(away)
        self.wall += clock
        protect, restarts = self.reconciler.protect, self.reconciler.restart_stalled
        self.monotonic = 50.0
        self._ours = False
        self.reconciler = loaded(self.identity, stored, self.wall, self.monotonic)
        self.reconciler.protect, self.reconciler.restart_stalled = protect, restarts

    @property
    def now(self) -> Moment:
        """The time."""
        return Moment(self.wall, self.monotonic, TODAY)

    @property
    def intents(self) -> dict[str, Any]:
        """What is wanted until it is taken back, as it is stored."""
        return self.reconciler.overrides.dump(self.now)

    def throttle(self, on: bool, by: Reason | None = None) -> Changes:
        """Do what the shell does to save power, with a willing device."""
        changes = self.saving(on)
        if on:
            self.reconciler.begin_saving(by)
        else:
            self.reconciler.overrides[Kind.SAVE_POWER].begin_end()
        self.take(changes)
        self.reconciler.applied(changes)
        if not on:
            self.reconciler.end(Kind.SAVE_POWER)
        return changes

    def saving(self, on: bool) -> Changes:
        """Return what has to be written to save power, or to save it no longer."""
        if on:
            return self.reconciler.saving_changes()
        return self.reconciler.changes_back(Kind.SAVE_POWER)

    def lend(self, changes: Changes, seconds: float) -> None:
        """Apply settings for a while, with a willing device."""
        self.begin(changes, seconds)
        self.take(changes)
        self.reconciler.applied(changes)

    def copy(self, profiles: Mapping[str, Changes]) -> None:
        """Take over the profiles of another miner."""
        self.reconciler.memory.profiles.take(profiles, self.reconciler.allowed)

    def begin(self, changes: Changes, seconds: float) -> None:
        """Remember settings for a while that are about to be applied."""
        self.reconciler.begin_temporary(changes, seconds, self.now)

    def obey(self, orders: list[Order]) -> None:
        """Write what was ordered, with a willing device."""
        for order in orders:
            if isinstance(order, Apply):
                if order.reason is Reason.PROTECT:
                    self.reconciler.begin_step(order.changes)
                if ends := ENDS.get(order.reason):
                    self.reconciler.overrides[ends].begin_end()
                self.take(order.changes)
                self.reconciler.applied(order.changes)
                if ends:
                    self.reconciler.end(ends)
            elif isinstance(order, Throttle):
                self.throttle(order.on, order.reason)

    @property
    def shown(self) -> ControlState:
        """What the entities show."""
        return self.reconciler.show(self.state, TODAY)


def writes(orders: list[Order]) -> list[Order]:
    """Pick what would be written."""
    return [order for order in orders if isinstance(order, Apply | Throttle)]


def asks(orders: list[Order]) -> list[Problem]:
    """Pick the problems that a user is asked to look at."""
    return [order.problem for order in orders if isinstance(order, RaiseIssue)]


def settled(orders: list[Order]) -> list[Problem]:
    """Pick the problems that are over."""
    return [order.problem for order in orders if isinstance(order, ClearIssue)]


def told(orders: list[Order]) -> list[tuple[EventType, dict[str, Any]]]:
    """Pick the events."""
    return [
        (order.event_type, dict(order.details))
        for order in orders
        if isinstance(order, MinerEvent)
    ]
