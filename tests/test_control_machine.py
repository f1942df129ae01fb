"""Whatever is asked of a miner in whatever order: it stays whole, and is shown."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
import json
from pathlib import Path
import re
from typing import Any
from unittest.mock import patch as patched

from homeassistant.const import Platform
from homeassistant.exceptions import HomeAssistantError
from hypothesis import given, strategies as st
import pytest

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.miners.model import Setting, SettingRange
from simulator import MinerSpec
from simulator.axeos.nerdos import NerdosDevice
from simulator.axeos.nerdos_patch import patch_nerdos
from simulator.axeos.patch import patch

from .conftest import GAMMA, NANO_3S, NERD, Q, TimedBench
from .handles import ENTITIES, Handle, action, take_over
from .lengths import examples
from .outages import Backup

RUNS, RUNS_IN_FULL = 15, 400
LONGEST_CALL, LONGEST_PAIR = 10.0, 20.0
BOOT = 15.0
QUICK: dict[str, Any] = {"boot_seconds": BOOT, "uptime": 600}
SPECS = (
    replace(GAMMA, flash_time=0.1, **QUICK),
    replace(GAMMA, firmware="2.15.0", **QUICK),
    replace(NERD, **QUICK),
    replace(NANO_3S, **QUICK),
    replace(Q, **QUICK),
)
SHOWN = (
    Platform.CLIMATE,
    Platform.EVENT,
    Platform.LIGHT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SWITCH,
)
"""The platforms of control; sensors would only take time."""

HOT = {GAMMA.name: 74, NERD.name: 69}
"""Temperatures within 3 °C of where the miner switches off."""

NAMES = ("eco", "default", "high", "Night")
AXEOS_KEYS = {
    "frequency": (Setting.FREQUENCY, 1),
    "coreVoltage": (Setting.CORE_VOLTAGE, 1000),
    "fanspeed": (Setting.FAN_DUTY_CYCLE, 1),
    "manualFanSpeed": (Setting.FAN_DUTY_CYCLE, 1),
    "minFanSpeed": (Setting.MIN_FAN_DUTY_CYCLE, 1),
    "temptarget": (Setting.TARGET_TEMPERATURE, 1),
    "pidTargetTemp": (Setting.TARGET_TEMPERATURE, 1),
}
ABSURD = ("frequency", "coreVoltage", "power", "temp", "uptimeSeconds", "fanspeed")
"""What an AxeOS tells nonsense of, for one reply."""

AVALON_COMMANDS = re.compile(
    r"fan-spd,(-1|1[5-9]|[2-9]\d|100)|lcd,0:[01]"
    r"|ledset,[0-4](-\d{1,2}|-100){2}(-\d{1,3}){3}"
    r"|workmode,set,[0-2]|soft(on|off),1:\d{10}|switchpool,[0-2]"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that somebody does, or that happens."""

    kind: str
    what: Any = None
    value: Any = None

    def __repr__(self) -> str:
        return f"{self.kind}({self.what}, {self.value})"


def values_of(allowed: SettingRange, setting: Setting) -> st.SearchStrategy[Any]:
    """Generate what may be asked of a setting."""
    if setting is Setting.POOL:
        return st.integers(0, int(allowed.maximum))
    if allowed.choices:
        return st.sampled_from(allowed.choices)
    if ENTITIES[setting][0] == "switch":
        return st.booleans()
    low, high = allowed.minimum, allowed.maximum
    presets = st.sampled_from([*allowed.options, low, high])
    return presets | st.floats(low, high).map(lambda value: round(value, 3))


def beyond(allowed: SettingRange) -> st.SearchStrategy[Any]:
    """Generate what an action takes and a miner must never be told."""
    if allowed.choices:
        return st.just("turbo")
    return st.sampled_from([0, allowed.minimum / 2, allowed.maximum * 1.3, 2000])


def steps_for(handle: Handle) -> st.SearchStrategy[list[Step]]:
    """Generate stories of this miner."""
    ranges = handle.settings
    single = st.sampled_from(sorted(ranges)).flatmap(
        lambda setting: st.tuples(st.just(setting), values_of(ranges[setting], setting))
    )
    several = st.fixed_dictionaries(
        {},
        optional={
            setting.value: values_of(allowed, setting) | beyond(allowed)
            for setting, allowed in ranges.items()
            if setting is Setting.WORK_MODE or ENTITIES[setting][0] == "number"
        },
    ).filter(bool)
    name, seconds = st.sampled_from(NAMES), st.sampled_from([0.1, 1, 4, 11, 30, 70])
    step = st.one_of(
        single.map(lambda pair: Step("set", *pair)),
        single.map(lambda pair: Step("set", *pair)),
        single.map(lambda pair: Step("ask", *pair)),
        several.map(lambda found: Step("apply_settings", found)),
        st.booleans().map(lambda on: Step("throttle", on)),
        name.map(lambda found: Step("select_profile", found)),
        name.map(lambda found: Step("save_profile", found)),
        name.map(lambda found: Step("delete_profile", found)),
        st.builds(Step, st.just("apply_profile"), name, st.integers(5, 120)),
        single.map(lambda pair: Step("by_hand", *pair)),
        st.just(Step("overclock")),
        seconds.map(lambda found: Step("wait", found)),
        seconds.map(lambda found: Step("offline", found)),
        st.just(Step("reboot")),
        st.just(Step("lose_a_reply")),
        st.just(Step("fail_after_taking")),
        st.just(Step("reload")),
        st.just(Step("kill")),
        st.sampled_from(ABSURD).map(lambda found: Step("absurd", found)),
        seconds.map(lambda found: Step("heat", found)),
        st.just(Step("overheat")),
    )
    return st.lists(step, min_size=1, max_size=8)


class Story:
    """A miner, its Home Assistant, and what happens to them."""

    def __init__(self, handle: Handle, storage: dict[str, Any]) -> None:
        """Begin with a sound miner whose first values are known."""
        self.handle = handle
        self.storage = storage
        self.bench = handle.bench
        self.ran: dict[Setting, set[float]] = {}
        self.ranges = dict(handle.settings)
        self._asked: list[asyncio.Task[Any]] = []
        self._note()

    def _note(self) -> None:
        """Note what the miner runs: whatever it ran it may be brought back to."""
        for setting in self.ranges:
            if ENTITIES[setting][0] == "number":
                found = self.handle.truth(setting)
                self.ran.setdefault(setting, set()).add(found)

    async def play(self, steps: list[Step]) -> None:
        """Let it all happen, then let it settle, and look."""
        for step in steps:
            await getattr(self, f"_{step.kind}")(step)
            self._note()
        self.handle.miner.clear()
        # A boot, a start, a calibration and the proof of the last write.
        await self.bench.pass_time(BOOT + 20 + 110 + 120)
        self._look()

    def _look(self) -> None:
        assert [task for task in self._asked if not task.done()] == []
        for task in self._asked:
            assert isinstance(task.exception(), HomeAssistantError | None)
        handle = self.handle
        differ = {
            setting: (handle.shown(setting), handle.truth(setting))
            for setting in self.ranges
            if not self._agrees(setting)
        }
        assert differ == {}
        for body in handle.writes:
            self._check(body)

    def _agrees(self, setting: Setting) -> bool:
        handle = self.handle
        shown, truth = handle.shown(setting), handle.truth(setting)
        if setting is Setting.FAN_DUTY_CYCLE and handle.truth(Setting.AUTO_FAN):
            return True
        # An Avalon does not tell how its fan was set before we set it.
        if handle.is_avalon and shown is None:
            return setting in {Setting.AUTO_FAN, Setting.FAN_DUTY_CYCLE} or (
                shown is truth
            )
        if isinstance(truth, float) and shown is not None:
            return bool(shown == pytest.approx(truth, abs=1e-3))
        return bool(shown == truth)

    def _check(self, body: Any) -> None:
        """Find what the miner should never have been told."""
        if isinstance(body, str):
            known = AVALON_COMMANDS.fullmatch(body) or body.startswith("/api/")
            assert known, body
            return
        for key, value in body.items():
            if key not in AXEOS_KEYS:
                continue
            setting, factor = AXEOS_KEYS[key]
            if key == "coreVoltage":
                assert value >= self.handle.miner.device.board.regulator_mv[0], body
            allowed, number = self.ranges[setting], value / factor
            near = any(abs(number - ran) <= 0.5 / factor for ran in self.ran[setting])
            assert allowed.minimum <= number <= allowed.maximum or near, body

    async def _call(self, domain: str, service: str, data: Any) -> None:
        """Do what may be refused, but has to end in time."""
        with suppress(HomeAssistantError):
            before = len(self.handle.writes)
            took = await self.bench.call(domain, service, data, patience=30)
            told = self.handle.writes[before:]
            paired = any({"frequency", "coreVoltage"} & set(body) for body in told)
            assert took <= (LONGEST_PAIR if paired else LONGEST_CALL) + 0.3

    async def _set(self, step: Step) -> None:
        if self.handle.shown(step.what) is not None:
            await self._call(*action(self.handle, step.what, step.value))

    async def _ask(self, step: Step) -> None:
        if self.handle.shown(step.what) is not None:
            call = self.bench.hass.services.async_call(
                *action(self.handle, step.what, step.value), blocking=True
            )
            self._asked.append(asyncio.create_task(call))
            await self.bench.pass_time(0.1)

    async def _action(self, name: str, **data: Any) -> None:
        await self._call(DOMAIN, name, {"device_id": self.handle.device_id, **data})

    async def _apply_settings(self, step: Step) -> None:
        await self._action("apply_settings", **step.what)

    async def _save_profile(self, step: Step) -> None:
        await self._action("save_profile", profile=step.what)

    async def _delete_profile(self, step: Step) -> None:
        await self._action("delete_profile", profile=step.what)

    async def _apply_profile(self, step: Step) -> None:
        await self._action(
            "apply_profile", **{"profile": step.what, "for": {"seconds": step.value}}
        )

    async def _select_profile(self, step: Step) -> None:
        select = self.handle.entity("select", "profile")
        data = {"entity_id": select, "option": step.what}
        await self._call("select", "select_option", data)

    async def _throttle(self, step: Step) -> None:
        switch = self.handle.entity("switch", "throttle")
        service = "turn_on" if step.what else "turn_off"
        await self._call("switch", service, {"entity_id": switch})

    async def _wait(self, step: Step) -> None:
        await self.bench.pass_time(step.what)

    async def _offline(self, step: Step) -> None:
        self.handle.miner.inject("offline", duration=step.what)

    async def _reboot(self, step: Step) -> None:
        self.handle.miner.reboot()

    async def _lose_a_reply(self, step: Step) -> None:
        fault = "write_lost" if self.handle.is_avalon else "patch_lost"
        self.handle.miner.inject(fault, count=1)

    async def _fail_after_taking(self, step: Step) -> None:
        fault = "write_lost" if self.handle.is_avalon else "patch_failed"
        self.handle.miner.inject(fault, count=1)

    async def _absurd(self, step: Step) -> None:
        """Let one reply hold a number that cannot be, then wait for the next poll."""
        if not self.handle.is_avalon:
            self.handle.miner.inject("huge_ints", keys=(step.what,), duration=16)

    async def _reload(self, step: Step) -> None:
        entries = self.bench.hass.config_entries
        await self.bench.run(entries.async_reload(self.handle.entry.entry_id))
        await self.bench.pass_time(1)

    async def _kill(self, step: Step) -> None:
        """End it without a word to the miner or to the disk, and begin anew."""
        hass, miner = self.bench.hass, self.handle.miner
        entry_id = self.handle.entry.entry_id
        backup = Backup(self.storage, Path(hass.config.config_dir))
        miner.inject("offline")
        await self.bench.run(hass.config_entries.async_unload(entry_id))
        backup.restore(self.storage)
        miner.clear("offline")
        await self.bench.run(hass.config_entries.async_setup(entry_id))
        await self.bench.pass_time(1)

    async def _overclock(self, step: Step) -> None:
        """Bring an AxeOS on its own page to where our lists do not reach."""
        if not self.handle.is_avalon:
            body = {"frequency": 850, "coreVoltage": 1280}
            self._patch(body)
            await self.bench.pass_time(0.3)

    async def _heat(self, step: Step) -> None:
        """Let it be close to where it switches off: nothing is raised meanwhile."""
        if self.handle.is_avalon:
            return
        miner = self.handle.miner
        miner.inject("hot", temperature=HOT[miner.spec.name], duration=step.what)
        await self.bench.pass_time(min(step.what, 1))
        begin, works, restarts = (
            self.bench.now,
            miner.truth.hashing,
            miner.truth.restarts,
        )
        runs = dict(miner.device.flash.stored)
        await self.bench.pass_time(max(step.what - 2, 0))
        if not works or not miner.truth.hashing or miner.truth.restarts > restarts:
            return
        for moment, body in self.handle.timed_writes:
            for key in ("frequency", "coreVoltage"):
                if moment > begin and isinstance(body, dict) and key in body:
                    assert body[key] <= runs[key], body
                    runs[key] = body[key]

    async def _overheat(self, step: Step) -> None:
        """Let it trip and cool down; it may be stuck then, below its regulator."""
        if not self.handle.is_avalon:
            self.handle.miner.inject("hot", temperature=90, duration=2)
            await self.bench.pass_time(40)

    def _patch(self, body: dict[str, Any]) -> None:
        """Send what the miner's own page would."""
        device = self.handle.miner.device
        take = patch_nerdos if isinstance(device, NerdosDevice) else patch
        take(device, json.dumps(body).encode())

    async def _by_hand(self, step: Step) -> None:
        """Change a setting on the miner's own page."""
        setting, value, device = step.what, step.value, self.handle.miner.device
        match setting, self.handle.is_avalon:
            case ((Setting.FREQUENCY | Setting.CORE_VOLTAGE), False):
                key = "frequency" if setting is Setting.FREQUENCY else "coreVoltage"
                factor = 1 if setting is Setting.FREQUENCY else 1000
                self._patch({key: round(value * factor)})
                await self.bench.pass_time(0.3)
            case Setting.TARGET_TEMPERATURE, False:
                keys = dict.fromkeys(("temptarget", "pidTargetTemp"), round(value))
                self._patch(keys)
            case Setting.DISPLAY, True:
                device.settings.write(lcd=int(value))


@pytest.fixture
def only_control() -> Iterator[None]:
    """Set up what controls, and what tells of it."""
    with patched("custom_components.miner_monitor.PLATFORMS", SHOWN):
        yield


@pytest.mark.parametrize(
    "spec", SPECS, ids=lambda spec: f"{spec.name}-{spec.firmware or ''}"
)
async def test_any_story_ends_well(
    bench: TimedBench,
    only_control: None,
    entity_registry_enabled_by_default: None,
    hass_storage: dict[str, Any],
    spec: MinerSpec,
) -> None:
    """Hypothesis tells stories in a thread, and this loop lets them happen."""
    loop = asyncio.get_running_loop()

    @asynccontextmanager
    async def new() -> AsyncIterator[Handle]:
        """Begin anew, with a miner and an entry that know of nothing before."""
        farm = await bench.start(spec)
        handle = await take_over(bench, farm[spec.name])
        await bench.pass_time(1)
        try:
            yield handle
        finally:
            entries = bench.hass.config_entries
            await bench.run(entries.async_remove(handle.entry.entry_id))
            await bench.end(farm)

    async def play(steps: list[Step]) -> None:
        async with new() as handle:
            await Story(handle, hass_storage).play(steps)

    async with new() as handle:
        stories = steps_for(handle)

    @examples(RUNS, RUNS_IN_FULL, database=None, derandomize=True)
    @given(stories)
    def told(steps: list[Step]) -> None:
        asyncio.run_coroutine_threadsafe(play(steps), loop).result()

    with ThreadPoolExecutor(1) as pool:
        await asyncio.wrap_future(pool.submit(told))
