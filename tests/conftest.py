"""Fixtures of all tests: a real Home Assistant core and simulated miners."""

import asyncio
import calendar
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from datetime import datetime, timedelta
import gc
import logging
import math
import socket
import time
from types import ModuleType
from typing import Any, override
from unittest.mock import patch

from freezegun import api as freezegun_api
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant, State
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.util import executor
from homeassistant.util.async_ import get_scheduled_timer_handles
from hypothesis import Phase, settings
import pytest
from pytest_asyncio import is_async_test
from pytest_homeassistant_custom_component import patch_time
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

# The package itself is imported so that the plugin's folder of the same name
# does not hide it from Home Assistant's loader.
from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.coordinator import MinerConfigEntry
from custom_components.miner_monitor.runtime.entries import miner_entries
from simulator import (
    Clock,
    Farm,
    ManualClock,
    MinerSpec,
    SimulatedMiner,
    SystemClock,
)

from . import lengths
from .loopback import LoopbackServer
from .playback import Playback, Reply

GAMMA = MinerSpec(
    name="gamma",
    model="gamma_601",
    firmware="2.12.2",
    mac="E4:B0:63:00:A1:B2",
    seed=1,
    uptime=86_400,
)
SUPRA = MinerSpec(
    name="supra",
    model="supra_401",
    firmware="2.4.0",
    mac="E4:B0:63:00:00:02",
    seed=2,
    uptime=86_400,
)
ULTRA = MinerSpec(
    name="ultra", model="ultra_204", firmware="2.1.8", seed=3, uptime=86_400
)
HEX = MinerSpec(
    name="hex",
    model="hex_303",
    firmware="2.15.0",
    mac="E4:B0:63:00:00:04",
    seed=4,
    uptime=86_400,
)
NERD = MinerSpec(
    name="nerd",
    model="nerdqaxeplusplus",
    firmware="1.1.0-beta1",
    mac="AC:A7:04:00:00:05",
    hostname="garage-rig",
    seed=5,
    uptime=86_400,
)
GAMMA_2 = MinerSpec(
    name="gamma-2",
    model="gamma_602",
    firmware="2.14.0",
    mac="E4:B0:63:00:00:06",
    seed=6,
    uptime=86_400,
)
NANO_3 = MinerSpec(name="nano-3", model="avalon_nano3", seed=11)
NANO_3S = MinerSpec(name="nano-3s", model="avalon_nano3s", seed=12)
MINI_3 = MinerSpec(name="mini-3", model="avalon_mini3", seed=13)
Q = MinerSpec(name="q", model="avalon_q", seed=14)
A1246 = MinerSpec(name="a1246", model="avalon_a1246", seed=15)
A1566 = MinerSpec(name="a1566", model="avalon_a1566", seed=16)
PLAIN_CGMINER = MinerSpec(name="plain", model="cgminer", seed=17)
AVALONS = (NANO_3, NANO_3S, MINI_3, Q, A1246, A1566, PLAIN_CGMINER)

OXBITCOIN = MinerSpec(name="0xbitcoin", model="fpga_0xbitcoin", seed=21)
RB4 = MinerSpec(name="rb4", model="fpga_rb4", seed=22, cards=2)
NIMIQ = MinerSpec(name="nimiq", model="fpga_nimiq", seed=23)
CARDS = (OXBITCOIN, RB4, NIMIQ)

FLEET = (GAMMA, SUPRA, ULTRA, HEX, NERD, GAMMA_2)


RESOLUTION = 1e-6
"""Seconds between which frozen time cannot tell."""

STEP_OF_A_CALL = 0.25
"""Seconds that pass at most at once while somebody waits for an answer."""

WIRE_SECONDS = 0.003
"""Real seconds in which what is sent over 127.0.0.1 arrives on a busy machine."""

PATIENCE = 500
"""Seconds after which a thread is stuck at the end of a test."""

DEBUG = "enable_event_loop_debug"
HASS_FIXTURES = {
    *("configure_event_loop", DEBUG, "verify_cleanup"),
    *("expected_lingering_tasks", "expected_lingering_timers", "reset_globals"),
    *("skip_stop_scripts", "wait_for_stop_scripts_after_shutdown"),
    *("disable_http_server", "fail_on_log_exception", "_function_scoped_runner"),
}
"""What the plugin does around each test, for Home Assistant's sake."""


class Bench:
    """A Home Assistant and a farm of miners."""

    def __init__(self, hass: HomeAssistant, clock: Clock) -> None:
        """Give the miners their clock."""
        self.hass = hass
        # The plugin's folder is beside its own files, where all tests would find it.
        hass.config.media_dirs = {"local": hass.config.path("media")}
        self._clock = clock
        self._farms: list[Farm | LoopbackServer] = []

    async def start(self, *specs: MinerSpec) -> Farm:
        """Start miners on free ports of 127.0.0.1."""
        farm = Farm(list(specs), clock=self._clock)
        await farm.__aenter__()
        self._farms.append(farm)
        return farm

    async def miner(self, spec: MinerSpec) -> SimulatedMiner:
        """Start one miner."""
        return (await self.start(spec))[spec.name]

    async def play(self, info: Reply, asic: Reply | None = None) -> Playback:
        """Start a miner that answers what it is told to."""
        return await self.listen(Playback(info, asic))

    async def listen[Server: LoopbackServer](self, server: Server) -> Server:
        """Start a server, which is stopped with the miners."""
        await server.__aenter__()
        self._farms.append(server)
        return server

    async def end(self, farm: Farm | LoopbackServer) -> None:
        """Stop the miners of a farm for good."""
        self._farms.remove(farm)
        await farm.__aexit__(None, None, None)

    async def stop(self) -> None:
        """Stop all miners."""
        for farm in tuple(self._farms):
            await self.end(farm)

    async def add(self, miner: SimulatedMiner | LoopbackServer) -> MinerConfigEntry:
        """Add a miner as a user does, and wait for its first values."""
        result = await self.run(
            self.hass.config_entries.flow.async_init(
                DOMAIN,
                context={"source": "user"},
                data={CONF_HOST: f"{miner.host}:{miner.port}"},
            )
        )
        assert result["type"] is FlowResultType.CREATE_ENTRY, result
        await self.settle()
        entry: MinerConfigEntry = result["result"]
        assert entry.state is ConfigEntryState.LOADED
        return entry

    async def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for a piece of work and return what it returns."""
        return await work

    async def settle(self) -> None:
        """Wait until nothing is under way."""
        await self.hass.async_block_till_done(wait_background_tasks=True)


class TimedBench(Bench):
    """A bench whose time stands still until it is told to pass.

    Nothing here waits for a task that waits for time, such as a script with a delay.
    """

    def __init__(
        self, hass: HomeAssistant, freezer: FrozenDateTimeFactory, clock: ManualClock
    ) -> None:
        """Tie the clocks together."""
        super().__init__(hass, clock)
        self._freezer = freezer
        self._time = clock
        loop: Any = hass.loop
        # Frozen time counts from 1970, where floats are 240 ns apart: with the loop's
        # own resolution, what is due this moment would be waited for without a pause.
        loop._clock_resolution = RESOLUTION
        # The loop asks for the time ever again, and frozen time is slow to tell it.
        self._frozen: datetime | None = None
        self._loop_time = 0.0
        loop.time = self._time_of_loop
        self._threads: set[asyncio.Future[Any]] = set()
        self._in_thread = loop.run_in_executor
        loop.run_in_executor = self._run_in_executor

    @property
    def now(self) -> float:
        """Return the seconds of the clock that all share."""
        return self._time.now()

    @override
    async def stop(self) -> None:
        """Stop all miners, and let the loop have its own time again."""
        await super().stop()
        loop: Any = self.hass.loop
        del loop.time

    async def pass_time(self, seconds: float, step: float = math.inf) -> None:
        """Let time pass from timer to timer, each at its own time.

        Time stands still while the network is busy, but not for tasks that wait for
        time. A request without an answer runs into its deadline.
        """
        end = self.now + seconds
        await self.settle()
        while (left := end - self.now) > RESOLUTION:
            self._tick(min(left, step, self._to_next_timer()))
            await self.settle()

    advance = pass_time

    @override
    async def run[T](self, work: Coroutine[Any, Any, T], patience: float = 600) -> T:
        """Let time pass until a piece of work is done, and return what it returns."""
        task = asyncio.create_task(work)
        end = self.now + patience
        await self.settle()
        while not task.done():
            if self.now >= end:
                task.cancel()
                raise AssertionError(f"Not done after {patience} s: {task}")
            self._tick(min(STEP_OF_A_CALL, self._to_next_timer()))
            await self.settle()
        return await task

    async def call(
        self,
        domain: str,
        service: str,
        data: Mapping[str, Any] | None = None,
        *,
        patience: float = 600,
    ) -> float:
        """Call a service, let time pass until it is done, and return the seconds."""
        started = self.now
        await self.run(
            self.hass.services.async_call(
                domain, service, dict(data or {}), blocking=True
            ),
            patience,
        )
        return self.now - started

    def _run_in_executor(self, *args: Any) -> asyncio.Future[Any]:
        """Keep count of the work in threads, which takes real time."""
        future = self._in_thread(*args)
        self._threads.add(future)
        future.add_done_callback(self._threads.discard)
        return future

    def _time_of_loop(self) -> float:
        """Return the frozen time, which is computed once while it stands still."""
        if (frozen := self._freezer.time_to_freeze) is not self._frozen:
            self._frozen = frozen
            self._loop_time = time.monotonic()
        return self._loop_time

    def _tick(self, seconds: float) -> None:
        """Move all clocks at once."""
        tick = timedelta(seconds=seconds)
        self._time.advance(tick.total_seconds())
        self._freezer.tick(tick)

    def _to_next_timer(self) -> float:
        """Return the seconds to the next timer, few while a client waits."""
        now = self.hass.loop.time()
        handles = get_scheduled_timer_handles(self.hass.loop)
        due = (handle.when() for handle in handles if not handle.cancelled())
        seconds = max(0.0, min(due, default=math.inf) - now) + RESOLUTION
        return min(seconds, STEP_OF_A_CALL) if self._is_connected() else seconds

    @override
    async def settle(self) -> None:
        """Wait until nothing happens any more unless time passes."""
        await asyncio.sleep(0)
        while not self._is_calm():
            if self._threads:
                # Work in threads takes real time, and the loop goes on meanwhile.
                await asyncio.wait(self._threads, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)

    def _is_calm(self) -> bool:
        """Return whether the loop has nothing to do before its next timer."""
        loop: Any = self.hass.loop
        if loop._ready or self._threads:
            return False
        return not loop._selector.select(WIRE_SECONDS if self._is_connected() else 0)

    def _is_connected(self) -> bool:
        """Return whether somebody waits for a connection, or at one."""
        loop: Any = self.hass.loop
        own = loop._ssock.fileno()
        return any(
            fd != own and not _listens(fd) for fd in tuple(loop._selector.get_map())
        )


def _listens(fd: int) -> bool:
    """Return whether a socket waits for connections."""
    known = socket.SocketType(fileno=fd)
    try:
        return bool(known.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    finally:
        known.detach()


def states_of_miners(hass: HomeAssistant, *platforms: str) -> list[State]:
    """Return the states of the miners, without those of all miners together."""
    miners = {entry.entry_id for entry in miner_entries(hass)}
    registry = er.async_get(hass)
    return [
        state
        for state in hass.states.async_all(platforms or None)
        if (known := registry.async_get(state.entity_id)) is not None
        and known.config_entry_id in miners
    ]


async def move(*moves: tuple[SimulatedMiner, tuple[str, int]]) -> None:
    """Give running miners other addresses, all at once, as a new router does."""
    for miner, _ in moves:
        miner.inject("offline")
    for miner, place in moves:
        await miner.move(*place)
    for miner, _ in moves:
        miner.clear("offline")


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Have a folder of our own: intents are written to the disk itself."""
    return hass_tmp_config_dir


@pytest.fixture
async def bench(
    hass: HomeAssistant,
    socket_enabled: None,
    mock_async_zeroconf: object,
    enable_custom_integrations: None,
    freezer: FrozenDateTimeFactory,
    request: pytest.FixtureRequest,
) -> AsyncIterator[TimedBench]:
    """Give a Home Assistant and a place for miners, and command of their time.

    It begins at the same moment in every run, so that a test which depends on the hour
    or the second fails always or never; `--begin` finds it.
    """
    if request.node.get_closest_marker("freeze_time") is None:
        freezer.move_to(request.config.getoption("begin"))
    bench = TimedBench(hass, freezer, ManualClock())
    yield bench
    # What is still being set up would leave its timers behind.
    await bench.settle()
    await bench.stop()


@pytest.fixture
async def live_bench(
    hass: HomeAssistant,
    socket_enabled: None,
    mock_async_zeroconf: object,
    enable_custom_integrations: None,
) -> AsyncIterator[Bench]:
    """Give a Home Assistant and a place for miners in real time."""
    bench = Bench(hass, SystemClock())
    yield bench
    await bench.stop()


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Write snapshots as Home Assistant's own tests do."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture
def entity_registry_enabled_by_default() -> Iterator[None]:
    """Enable every entity, those that are off by default too."""
    with patch(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default",
        return_value=True,
    ):
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options for long campaigns and for another time."""
    parser.addoption("--full", action="store_true", help="run the long campaigns")
    parser.addoption(
        "--begin",
        default="2026-11-24T18:07:23.4",
        help="when frozen time begins, in UTC",
    )


def _extent(module: ModuleType) -> str:
    """Return what is another once a module has grown.

    Before each test with a frozen time all 2,700 modules are asked for it, and the
    plugin's own hash of all names takes a tenth of a short test.
    """
    return f"{id(module)}-{len(getattr(module, '__dict__', ()))}"


class FrozenSeconds:
    """The seconds of the frozen time, computed once while it stands still."""

    def __init__(self) -> None:
        """Know no time yet."""
        self._known: tuple[datetime | None, float] = None, 0.0

    def __call__(self) -> float:
        """Return what any clock that never goes back shows now."""
        moment, seconds = self._known
        now = freezegun_api.get_current_time()
        if now is not moment:
            seconds = calendar.timegm(now.timetuple()) + now.microsecond / 1e6
            self._known = now, seconds
        return seconds


def pytest_configure(config: pytest.Config) -> None:
    """Have short forms of long tests unless the long ones are asked for.

    Home Assistant interrupts its threads at the end when they do not end within parts
    of a second. One that is late on a busy machine then leaves the others waiting for
    ever, as each wakes up the next. And no test outlives a power cut, which is all
    that waiting for the disk itself is good for.

    The plugin has every statement of a database written to the log, and all that
    Home Assistant says: that costs a quarter of a set-up, and nothing reads it.

    Python looks for garbage after every 2,000 new objects, among the many of Home
    Assistant: that takes a fifth of the time of a test.
    """
    gc.set_threshold(100_000, 50, 50)
    lengths.full = config.getoption("--full")
    executor.EXECUTOR_SHUTDOWN_TIMEOUT = PATIENCE
    patch_time.ha_get_module_attributes_hash = _extent
    freezegun_api._get_fake_monotonic = FrozenSeconds()
    for sync in ("os.fsync", "atomicwrites._proper_fsync"):
        patch(sync, lambda _: None).start()
    settings.register_profile("short", max_examples=50)
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile("mutants", derandomize=True, deadline=None, phases=phases)
    usual = "default" if lengths.full else "short"
    settings.load_profile(config.getoption("--hypothesis-profile") or usual)
    for name in ("sqlalchemy", "sqlalchemy.engine", "homeassistant", "aiohttp"):
        logging.getLogger(name).setLevel(logging.WARNING)


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave campaigns out unless they are asked for, and Home Assistant's burden.

    A test that is neither a coroutine nor has a Home Assistant needs no event loop.
    A loop whose time is passed by hand is not debugged: every callback seems slow.
    """
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        names = set(item.fixturenames)
        left: set[str] = set()
        if "hass" not in names and not is_async_test(item):
            left = HASS_FIXTURES
        elif "hass" not in names or "bench" in names:
            left = {DEBUG}
        item.fixturenames[:] = [name for name in item.fixturenames if name not in left]
    if config.getoption("--full"):
        return
    left_out = pytest.mark.skip(reason="a long campaign, runs with --full")
    for item in items:
        if "campaign" in item.keywords:
            item.add_marker(left_out)
