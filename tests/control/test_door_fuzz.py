"""Whatever is asked and whatever happens: nobody hangs, and nothing gets lost."""

import asyncio
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from hypothesis import given, strategies as st

from custom_components.miner_monitor.control.errors import ChangeError, PartialError
from custom_components.miner_monitor.miners.errors import (
    MinerBusyError,
    MinerCommandError,
    MinerConnectionError,
    MinerCutOffError,
    MinerError,
    MinerTimeoutError,
    Outcome,
)
from custom_components.miner_monitor.miners.model import (
    Changes,
    MinerStatus,
    Setting,
    SettingValue,
)

from ..lengths import examples, in_time
from .rig import MODES, Rig, now, run

VALUES = {
    Setting.FREQUENCY: st.sampled_from([400.0, 525.0, 600.0]),
    Setting.CORE_VOLTAGE: st.sampled_from([1.1, 1.15, 1.2]),
    Setting.FAN_DUTY_CYCLE: st.sampled_from([40.0, 60.0, 100.0]),
    Setting.DISPLAY: st.booleans(),
    Setting.MINING: st.booleans(),
    Setting.WORK_MODE: st.sampled_from(MODES),
}
ASK = st.lists(
    st.sampled_from(list(VALUES)), min_size=1, max_size=3, unique=True
).flatmap(lambda names: st.fixed_dictionaries({name: VALUES[name] for name in names}))
LONGEST_CALL = 20.0
GAPS = st.sampled_from([0.0, 0.1, 0.4, 1.0, 3.0, 8.0, 15.0, 70.0])
ANSWERS = st.sampled_from(
    [
        (MinerTimeoutError("no reply", outcome=Outcome.UNKNOWN), True),
        (MinerTimeoutError("no reply", outcome=Outcome.UNKNOWN), False),
        (MinerCutOffError("cut off", outcome=Outcome.UNKNOWN), True),
        (MinerBusyError("calibrating"), False),
        (MinerCommandError("refused"), False),
        (MinerConnectionError("refused"), False),
    ]
)
FAULTS = st.one_of(
    st.tuples(st.just("answer"), ANSWERS),
    st.tuples(st.just("dead"), st.integers(1, 8)),
    st.tuples(st.just("cancel"), st.none()),
    st.tuples(st.just("slow"), st.sampled_from([0.1, 4.0, 8.0])),
)
STEPS = st.lists(st.tuples(GAPS, st.one_of(ASK, ASK, FAULTS)), min_size=1, max_size=12)


@dataclass
class Asked:
    """One call, and what became of it."""

    at: float
    changes: Changes
    task: asyncio.Task[Any]
    ended: float | None = None


class Story:
    """Carries out the steps, and knows afterwards what must be."""

    def __init__(self, applies: float | None = None) -> None:
        """Tell it of a miner that applies settings at once, or behind its reply."""
        self.rig = Rig()
        if applies is not None:
            self.rig.miner.apply_behind(applies)
        self.calls: list[Asked] = []

    async def tell(self, steps: list[tuple[float, Any]]) -> None:
        for gap, step in steps:
            await asyncio.sleep(gap)
            if isinstance(step, dict):
                self.ask(step)
            else:
                self._befall(*step)
        self.rig.miner.dead, self.rig.miner.answers = 0, []
        await self.rig.poll(400)

    def ask(self, changes: Changes) -> None:
        asked = Asked(now(), changes, asyncio.create_task(self.rig.door.apply(changes)))

        def ended(_: object) -> None:
            asked.ended = now()

        asked.task.add_done_callback(ended)
        self.calls.append(asked)

    def _befall(self, kind: str, what: Any) -> None:
        miner = self.rig.miner
        if kind == "answer":
            miner.answers.append(what)
        elif kind == "dead":
            miner.dead = what
        elif kind == "slow":
            miner.read_takes = what
        elif self.calls:
            self.calls[-1].task.cancel()

    def failed(self, setting: Setting, asked: SettingValue) -> bool:
        """Whether anyone was told that a value is not what the device has."""
        raised = [
            call.task.exception()
            for call in self.calls
            if not call.task.cancelled() and call.changes.get(setting) == asked
        ]
        reported = [
            error
            for error, changes in self.rig.log.failures
            if changes.get(setting) == asked
        ]
        return any(
            isinstance(error, ChangeError | PartialError | MinerError)
            for error in (*raised, *reported)
        )


@examples(50, 5_000)
@given(STEPS, st.sampled_from([None, 0.0, 0.025, 1.5]))
@in_time
def test_any_story_ends_well(
    steps: list[tuple[float, Any]], applies: float | None
) -> None:
    """Calls end in time, the last wish is there or its failure is known."""

    async def scenario() -> None:
        story = Story(applies)
        rig = story.rig
        await story.tell(steps)

        assert all(call.ended is not None for call in story.calls)
        assert all(call.ended - call.at <= LONGEST_CALL + 0.1 for call in story.calls)
        assert not rig.door.proving
        wanted: dict[Setting, SettingValue] = {}
        for call in story.calls:
            wanted |= call.changes
        for setting, value in wanted.items():
            there = rig.miner.state.settings.get(setting) == value
            assert there or story.failed(setting, value)
        modes = [at for at, body in rig.miner.requests if Setting.WORK_MODE in body]
        if not any(isinstance(s, tuple) and s[0] == "answer" for _, s in steps):
            assert all(late - early >= 59.9 for early, late in pairwise(modes))
        for call in story.calls:
            if not call.task.cancelled():
                call.task.exception()

    run(scenario)


@examples(50, 5_000)
@given(STEPS)
@in_time
def test_a_silent_miner_is_no_story_without_end(steps: list[tuple[float, Any]]) -> None:
    """While every read fails nothing is sent, and nobody waits for longer."""

    async def scenario() -> None:
        story = Story()
        story.rig.miner.on_read = lambda: setattr(story.rig.miner, "dead", 1)
        for gap, step in steps:
            await asyncio.sleep(gap)
            if isinstance(step, dict):
                story.ask(step)
        await asyncio.sleep(60)

        assert story.rig.miner.requests == []
        for call in story.calls:
            assert call.ended is not None
            assert isinstance(call.task.exception(), MinerConnectionError | None)
        wanted = {s: v for call in story.calls for s, v in call.changes.items()}
        assert all(story.failed(*wish) for wish in wanted.items())
        assert not story.rig.door.proving

    run(scenario)


def test_a_reboot_in_between_is_waited_for() -> None:
    """The miner takes the request, boots for a minute, and comes back as asked."""

    async def scenario() -> None:
        rig = Rig()
        rig.miner.late = {Setting.MINING}
        await rig.apply(mining=False)
        rig.miner.state = replace(rig.miner.state, status=MinerStatus.STARTING)
        await rig.poll(40)
        rig.miner.become({Setting.MINING: False}, status=MinerStatus.PAUSED)
        await rig.poll(5)
        assert rig.log.became == [{Setting.MINING: False}]
        assert rig.log.failures == []

    run(scenario)
