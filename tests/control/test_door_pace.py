"""The flash is spared, power settles, and what cools is never held back."""

import asyncio
from itertools import pairwise
import random

import pytest

from custom_components.miner_monitor.miners.errors import (
    MinerBusyError,
    MinerConnectionError,
    MinerTimeoutError,
    Outcome,
)
from custom_components.miner_monitor.miners.model import Setting, Writing

from .rig import Rig, now, outcomes, run


def test_flash_is_written_every_ten_seconds() -> None:
    async def scenario() -> None:
        rig = Rig()
        await rig.apply(frequency=600)
        calls = [rig.call(frequency=650)]
        await asyncio.sleep(3)
        calls += [rig.call(frequency=700), rig.call(core_voltage=1.2)]
        await asyncio.wait(calls)

        assert rig.miner.requests == [
            (0.3, {Setting.FREQUENCY: 600}),
            (10.4, {Setting.FREQUENCY: 700, Setting.CORE_VOLTAGE: 1.2}),
        ]
        # The first of them had waited for ten seconds when its turn came.
        assert outcomes(calls) == pytest.approx([10.4, 10.5, 10.5], abs=0.11)

    run(scenario)


@pytest.mark.parametrize(
    "values",
    [
        {"frequency": 500},
        {"core_voltage": 1.1},
        {"target_temperature": 50},
        {"fan_duty_cycle": 100},
        {"auto_fan": True},
        {"mining": False},
        {"heating_temperature": 20},
        {"display": False},
    ],
)
def test_what_cools_or_costs_nothing_goes_at_once(
    values: dict[str, float | bool],
) -> None:
    async def scenario() -> None:
        rig = Rig()
        await rig.apply(frequency=600)
        await asyncio.sleep(3)
        begun = now()

        await rig.apply(**values)

        assert now() - begun == pytest.approx(0.4)
        assert len(rig.miner.requests) == 2

    run(scenario)


def test_what_is_held_back_goes_with_the_next_request() -> None:
    """A raise waits; a lowering of another setting takes nothing raised along."""

    async def scenario() -> None:
        rig = Rig()
        await rig.apply(frequency=600)
        raising = rig.call(core_voltage=1.2)
        await asyncio.sleep(3)
        await rig.apply(mining=False)
        await asyncio.wait([raising])

        assert rig.miner.bodies == [
            {Setting.FREQUENCY: 600},
            {Setting.MINING: False},
            {Setting.CORE_VOLTAGE: 1.2},
        ]

    run(scenario)


@pytest.mark.parametrize("kind", ["up", "down", "random"])
def test_a_thousand_moves_of_a_slider(kind: str) -> None:
    """They cost seven writes at most, and the last value is there in the end."""

    async def scenario() -> None:
        rig = Rig()
        rng = random.Random(4)
        values = {
            "up": [526 + move / 10 for move in range(1000)],
            "down": [524 - move / 10 for move in range(1000)],
            "random": [rng.uniform(100, 900) for _ in range(1000)],
        }[kind]
        calls = []
        for value in values:
            calls.append(rig.call(frequency=value))
            await asyncio.sleep(0.06)
        await asyncio.wait(calls)
        await asyncio.sleep(30)

        assert 5 <= len(rig.miner.requests) <= 7
        assert rig.miner.state.settings.frequency == values[-1]
        assert len(rig.log.writes) == len(rig.miner.requests)
        assert not [call for call in calls if call.exception()]

    run(scenario)


def test_power_is_changed_once_a_minute_and_the_latest_wins() -> None:
    async def scenario() -> None:
        rig = Rig()
        await rig.apply(work_mode="super")
        calls = [rig.call(work_mode="standard")]
        await asyncio.sleep(20)
        calls.append(rig.call(work_mode="eco"))
        await asyncio.sleep(1)
        assert rig.door.proving
        await rig.apply(display=False)
        await asyncio.wait(calls)
        assert outcomes(calls) == pytest.approx([10.4, 30.4], abs=0.01)
        await asyncio.sleep(60)

        assert rig.miner.bodies == [
            {Setting.WORK_MODE: "super"},
            {Setting.DISPLAY: False},
            {Setting.WORK_MODE: "eco"},
        ]
        assert rig.miner.times[2] == pytest.approx(60.4)

    run(scenario)


@pytest.mark.parametrize("needs_restart", [False, True])
def test_waking_up_and_a_mode_are_two_requests(needs_restart: bool) -> None:
    """The mode waits for the minute, unless the device takes it with its start."""

    async def scenario() -> None:
        rig = Rig()
        rig.miner.writings[Setting.MINING] = Writing(power=True, proof=90)
        if needs_restart:
            mode = Writing(power=True, needs_restart=True)
            rig.miner.writings[Setting.WORK_MODE] = mode
        await rig.apply(mining=False)
        await asyncio.sleep(120)
        rig.call(mining=True, work_mode="super")
        await rig.poll(200)

        steps = [{Setting.MINING: True}, {Setting.WORK_MODE: "super"}]
        expected = list(reversed(steps)) if needs_restart else steps
        assert rig.miner.bodies[1:] == expected
        assert rig.miner.times[2] - rig.miner.times[1] == pytest.approx(60, abs=0.5)

    run(scenario)


@pytest.mark.parametrize(("refusals", "taken"), [(2, True), (30, False)])
def test_what_nobody_waits_for_is_put_off_for_a_while(
    refusals: int, taken: bool
) -> None:
    """A device that calibrates takes no mode; somebody who waits is told at once."""

    async def scenario() -> None:
        rig = Rig()
        await rig.apply(work_mode="super")
        await rig.poll(20)
        busy = (MinerBusyError("it calibrates"), False)
        rig.miner.answers = [busy] * refusals
        rig.call(work_mode="eco")
        await rig.poll(1000)

        assert (rig.miner.state.settings.work_mode == "eco") is taken
        assert len(rig.log.failures) == (not taken)
        gaps = [late - early for early, late in pairwise(rig.miner.times)]
        assert min(gaps) == pytest.approx(60, abs=0.5)

        if not taken:
            await rig.poll(100)
            with pytest.raises(MinerBusyError):
                await rig.apply(work_mode="standard")

    run(scenario)


def test_a_change_of_mind_within_the_minute() -> None:
    """What the device reports is not what it is about to be."""

    async def scenario() -> None:
        rig = Rig()
        rig.miner.late = {Setting.WORK_MODE}
        await rig.apply(work_mode="super")
        await rig.apply(work_mode="super")
        await rig.apply(work_mode="standard")
        await rig.poll(120)

        assert rig.miner.bodies == [
            {Setting.WORK_MODE: "super"},
            {Setting.WORK_MODE: "standard"},
        ]
        assert rig.miner.times[1] == pytest.approx(60.4)
        assert rig.log.failures == []
        assert rig.log.became == [{Setting.WORK_MODE: "standard"}]

    run(scenario)


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (MinerBusyError("calibrating"), 0.3),
        (MinerConnectionError("refused"), 0.3),
        (MinerTimeoutError("no reply", outcome=Outcome.UNKNOWN), 60),
    ],
)
def test_only_what_may_have_arrived_is_waited_for(
    error: Exception, wait: float
) -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.answers = [(error, False)]
        call = rig.call(work_mode="eco")
        await asyncio.wait([call])
        assert outcomes([call]) in ([error], [0.4])
        begun = now()
        await rig.apply(work_mode="super")
        await asyncio.sleep(60)

        assert rig.miner.times[1] - begun == pytest.approx(wait, abs=0.11)

    run(scenario)


def test_the_price_is_learned_with_the_first_answer() -> None:
    """Until a device has answered nobody knows what it costs to write to it."""

    async def scenario() -> None:
        rig = Rig()
        rig.miner.writings = {}

        def learn() -> None:
            rig.miner.writings = {Setting.FREQUENCY: Writing(wears=True)}

        rig.miner.on_read = learn
        for frequency in (600, 650, 700):
            await rig.apply(frequency=frequency)
            await asyncio.sleep(1)
        await asyncio.sleep(10)

        gaps = [after - before for before, after in pairwise(rig.miner.times)]
        assert gaps == pytest.approx([10.1, 10.1], abs=0.05)

    run(scenario)


def test_what_turns_out_to_add_load_waits() -> None:
    """It looked like a lowering; somebody lowered it further on the device."""

    async def scenario() -> None:
        rig = Rig()
        await rig.apply(frequency=600)
        await asyncio.sleep(3)
        rig.miner.become({Setting.FREQUENCY: 400})
        await rig.apply(frequency=500)

        assert rig.miner.times == pytest.approx([0.3, 10.4])

    run(scenario)


def test_what_is_held_back_outlives_a_failure_of_something_else() -> None:
    async def scenario() -> None:
        rig = Rig()
        await rig.apply(frequency=600)
        raising = rig.call(frequency=700)
        await asyncio.sleep(1)
        rig.miner.dead = 1
        other = rig.call(display=False)
        await asyncio.wait([other])
        assert isinstance(*outcomes([other]), MinerConnectionError)
        await asyncio.sleep(15)

        assert raising.exception() is None
        assert rig.miner.state.settings.frequency == 700

    run(scenario)
