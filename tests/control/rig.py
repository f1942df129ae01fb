"""A settings writer before a device that is made up, on a loop with its own time."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
import gc
import selectors
from typing import Any, override

from custom_components.miner_monitor.control.errors import ChangeError
from custom_components.miner_monitor.control.rules import (
    Allowed,
)
from custom_components.miner_monitor.control.settings_writer import SettingsWriter
from custom_components.miner_monitor.miners.errors import (
    MinerConnectionError,
    MinerError,
)
from custom_components.miner_monitor.miners.model import (
    SWITCH,
    Changes,
    Limits,
    MinerSettings,
    MinerState,
    MinerStatus,
    Setting,
    SettingRange,
    SettingValue,
    Writing,
)

MODES = ("eco", "standard", "super")
NUMBERS = (
    Setting.FREQUENCY,
    Setting.CORE_VOLTAGE,
    Setting.FAN_DUTY_CYCLE,
    Setting.MIN_FAN_DUTY_CYCLE,
    Setting.TARGET_TEMPERATURE,
    Setting.HEATING_TEMPERATURE,
    Setting.POOL,
)
LIMITS = Limits(
    settings={
        Setting.MINING: SWITCH,
        Setting.AUTO_FAN: SWITCH,
        Setting.DISPLAY: SWITCH,
        Setting.WORK_MODE: SettingRange(choices=MODES),
        **dict.fromkeys(NUMBERS, SettingRange(maximum=1000)),
    }
)
FLASH = Writing(wears=True)
WRITINGS = {
    Setting.FREQUENCY: Writing(wears=True, precedes=frozenset({Setting.CORE_VOLTAGE})),
    Setting.CORE_VOLTAGE: Writing(wears=True, precedes=frozenset({Setting.FREQUENCY})),
    Setting.AUTO_FAN: FLASH,
    Setting.FAN_DUTY_CYCLE: FLASH,
    Setting.TARGET_TEMPERATURE: FLASH,
    Setting.MINING: Writing(proof=60),
    Setting.WORK_MODE: Writing(power=True, proof=90),
    Setting.POOL: Writing(wears=True, needs_restart=True),
}
RUNNING = MinerState(
    status=MinerStatus.HASHING,
    core_voltage_actual=1.14,
    uptime=5000,
    settings=MinerSettings(
        mining=True,
        work_mode="standard",
        frequency=525.0,
        core_voltage=1.15,
        auto_fan=False,
        fan_duty_cycle=60.0,
        target_temperature=60.0,
        heating_temperature=30.0,
        display=True,
        pool=0,
    ),
)


class _Selector(selectors.DefaultSelector):
    """Does not wait: it lets the time pass."""

    loop: VirtualLoop

    @override
    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise AssertionError("everything waits for ever")
        self.loop.elapsed += timeout
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop in which an hour takes no time."""

    def __init__(self) -> None:
        selector = _Selector()
        selector.loop = self
        self.elapsed = 0.0
        super().__init__(selector)

    @override
    def time(self) -> float:
        return self.elapsed


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a scenario in its own time; no error may get lost in it."""
    lost: list[dict[str, Any]] = []
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.get_loop().set_exception_handler(lambda _, context: lost.append(context))
        runner.run(scenario())
        gc.collect(0)
    assert lost == []


def now() -> float:
    """Tell the time of the scenario, to the tenth of a second."""
    return round(asyncio.get_running_loop().time(), 1)


class Miner:
    """Device and client in one; what it does with a request is told in advance.

    ``answers`` are used up one by one: an error is raised, and with it comes whether
    the change was carried out. ``dead`` counts the reads that fail. What is applied
    behind the reply takes ``applies`` seconds a setting.
    """

    def __init__(self, state: MinerState = RUNNING) -> None:
        self.state = state
        self.client = self
        self.writings = dict(WRITINGS)
        self.requests: list[tuple[float, dict[Setting, SettingValue]]] = []
        self.answers: list[tuple[MinerError, bool]] = []
        self.clipped: dict[Setting, SettingValue | None] = {}
        self.late = set[Setting]()
        self.dead = 0
        self.reads = 0
        self.read_takes = 0.0
        self.write_takes = 0.1
        self.applies = 0.0
        self.busy = False
        self.on_read: Callable[[], None] = lambda: None
        self.publish: Callable[[MinerState], None] = lambda _: None

    @property
    def bodies(self) -> list[dict[Setting, SettingValue]]:
        """What was sent."""
        return [body for _, body in self.requests]

    @property
    def times(self) -> list[float]:
        """When something was sent."""
        return [at for at, _ in self.requests]

    def writing(self, setting: Setting) -> Writing:
        return self.writings.get(setting, Writing())

    async def async_read(self) -> MinerState:
        self._begin()
        self.reads += 1
        try:
            await asyncio.sleep(self.read_takes)
            self.on_read()
            if self.dead:
                self.dead -= 1
                raise MinerConnectionError("nobody there")
        finally:
            self.busy = False
        self.publish(self.state)
        return self.state

    async def async_write(self, decide: Callable[[MinerState], Changes]) -> None:
        if changes := decide(await self.async_read()):
            await self._apply(changes)

    async def _apply(self, changes: Changes) -> None:
        self._begin()
        self.requests.append((now(), dict(changes)))
        try:
            await asyncio.sleep(self.write_takes)
        finally:
            self.busy = False
        error, carried_out = self.answers.pop(0) if self.answers else (None, True)
        if carried_out:
            self._take({s: v for s, v in changes.items() if s not in self.late})
        if error is not None:
            raise error

    def apply_behind(self, seconds: float, settles: float = 5.0) -> None:
        """Apply one setting after the other behind the reply, in an order of its own.

        Each takes so many seconds; within ``settles`` all of it shows.
        """
        self.applies = seconds
        for setting, writing in self.writings.items():
            if writing.wears and not writing.needs_restart:
                self.writings[setting] = Writing(wears=True, settles=settles)

    def _take(self, changes: Changes) -> None:
        """Become what was asked for, now or one by one."""
        if not self.applies:
            self.become(changes)
            return
        loop = asyncio.get_running_loop()
        for place, (setting, value) in enumerate(changes.items()):
            loop.call_later(place * self.applies, self.become, {setting: value})

    def become(self, changes: Changes, **parts: Any) -> None:
        """Take set points, some of them as something else."""
        settings = {
            str(setting): self.clipped.get(setting, value)
            for setting, value in changes.items()
        }
        self.state = replace(
            self.state, settings=replace(self.state.settings, **settings), **parts
        )

    def _begin(self) -> None:
        assert not self.busy, "two requests at one time"
        self.busy = True


class Log:
    """A watcher that writes all down."""

    def __init__(self) -> None:
        self.failures: list[tuple[ChangeError | MinerError, dict[Setting, Any]]] = []
        self.writes: list[dict[Setting, Any]] = []
        self.became: list[dict[Setting, Any]] = []
        self.restarts: list[dict[Setting, Any]] = []

    def failed(self, error: ChangeError | MinerError, changes: Changes) -> None:
        self.failures.append((error, dict(changes)))

    def wrote(self, changes: Changes) -> None:
        self.writes.append(dict(changes))

    def taken(self, changes: Changes) -> None:
        self.became.append(dict(changes))

    def restart_needed(self, changes: Changes) -> None:
        self.restarts.append(dict(changes))


class Rig:
    """A miner, its door and who watches it; ``limits`` may change under way."""

    def __init__(self, state: MinerState = RUNNING) -> None:
        self.miner = Miner(state)
        self.log = Log()
        self.limits = LIMITS
        self.door = SettingsWriter(self.miner, self._allowed, self.log)
        self.miner.publish = self.door.observe

    def _allowed(self) -> Allowed:
        return Allowed(self.limits, {}, expert=False)

    async def apply(self, **values: SettingValue) -> float:
        """Ask for settings by name; return when the call did."""
        await self.door.apply({Setting(name): value for name, value in values.items()})
        return now()

    async def poll(self, seconds: float) -> None:
        """Let the door see the device every five seconds."""
        end = now() + seconds
        while now() < end:
            await asyncio.sleep(min(5, end - now()))
            self.door.observe(self.miner.state)

    def call(self, **values: SettingValue) -> asyncio.Task[float]:
        """Ask, and go on."""
        return asyncio.create_task(self.apply(**values))


def outcomes(calls: Iterable[asyncio.Task[float]]) -> list[object]:
    """Tell what became of calls: an error, or the time at which they returned."""
    return [
        "waits"
        if not call.done()
        else "cancelled"
        if call.cancelled()
        else call.exception() or call.result()
        for call in calls
    ]
