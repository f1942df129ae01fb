"""Voltage and frequency protect a chip in their order: it takes two requests."""

import asyncio
from dataclasses import replace

import pytest

from custom_components.miner_monitor.control.errors import (
    ChangeError,
    PartialError,
    Refusal,
)
from custom_components.miner_monitor.miners.errors import (
    MinerCommandError,
    MinerConnectionError,
    MinerError,
    MinerTimeoutError,
    Outcome,
)
from custom_components.miner_monitor.miners.model import Setting, Writing

from .rig import RUNNING, Rig, now, outcomes, run

F, V, FAN = Setting.FREQUENCY, Setting.CORE_VOLTAGE, Setting.FAN_DUTY_CYCLE


def unordered(applies: float = 0.0) -> Rig:
    """Return a miner whose requests are applied in an order of its own."""
    rig = Rig()
    rig.miner.apply_behind(applies)
    return rig


@pytest.mark.parametrize(
    ("frequency", "voltage", "order"),
    [(600, 1.2, [V, F]), (500, 1.1, [F, V]), (500, 1.2, [F, V]), (600, 1.1, [V, F])],
)
def test_the_voltage_is_first_when_the_frequency_rises_and_last_when_it_falls(
    frequency: float, voltage: float, order: list[Setting]
) -> None:
    async def scenario() -> None:
        rig = unordered()
        await rig.apply(frequency=frequency, core_voltage=voltage)
        assert [list(body) for body in rig.miner.bodies] == [[key] for key in order]
        # No pace is kept between the two.
        assert rig.miner.times == pytest.approx([0.3, 0.4])

    run(scenario)


@pytest.mark.parametrize("applies", [0.003, 0.1, 2.0])
def test_the_second_is_sent_when_the_first_was_read_back(applies: float) -> None:
    async def scenario() -> None:
        rig = unordered()
        rig.miner.applies = applies
        shown = []

        def look() -> None:
            settings = rig.miner.state.settings
            shown.append((len(rig.miner.requests), settings.core_voltage))

        rig.miner.on_read = look
        rig.miner.late = {V}
        asyncio.get_running_loop().call_later(1 + applies, rig.miner.become, {V: 1.2})
        await rig.apply(frequency=600, core_voltage=1.2)
        assert rig.miner.bodies == [{V: 1.2}, {F: 600}]
        assert (1, 1.15) in shown
        assert rig.miner.times[1] >= 1 + applies

    run(scenario)


@pytest.mark.parametrize(
    ("precedes", "frequency", "requests"),
    [
        ({V: {F}}, 600, 1),
        ({V: {F}}, 500, 2),
        ({F: {V}}, 600, 2),
        ({F: {V}}, 500, 1),
        ({V: {F}, F: {V}}, 600, 1),
        ({}, 500, 2),
    ],
)
def test_a_device_that_keeps_the_order_takes_one_request(
    precedes: dict[Setting, set[Setting]], frequency: float, requests: int
) -> None:
    async def scenario() -> None:
        rig = Rig()
        for setting in (F, V):
            after = frozenset(precedes.get(setting, ()))
            rig.miner.writings[setting] = Writing(wears=True, precedes=after)
        await rig.apply(frequency=frequency, core_voltage=1.2)
        assert len(rig.miner.requests) == requests

    run(scenario)


def test_what_only_a_restart_brings_is_one_request() -> None:
    async def scenario() -> None:
        rig = Rig()
        stored = Writing(wears=True, needs_restart=True)
        rig.miner.writings |= {F: stored, V: stored}
        await rig.apply(frequency=600, core_voltage=1.2)
        assert rig.miner.bodies == [{F: 600, V: 1.2}]

    run(scenario)


@pytest.mark.parametrize(
    "values",
    [
        {"frequency": 600, "core_voltage": 1.15},
        {"frequency": 525, "core_voltage": 1.2},
        {"fan_duty_cycle": 90, "target_temperature": 50},
        {"frequency": 600, "fan_duty_cycle": 90},
    ],
)
def test_one_of_the_two_or_another_is_one_request(values: dict[str, float]) -> None:
    async def scenario() -> None:
        rig = unordered()
        await rig.apply(**values)
        assert len(rig.miner.requests) == 1

    run(scenario)


def test_the_rest_goes_with_the_first_and_work_begins_with_the_second() -> None:
    async def scenario() -> None:
        rig = unordered()
        rig.miner.become({Setting.MINING: False})
        await rig.apply(
            frequency=600,
            core_voltage=1.2,
            fan_duty_cycle=90,
            display=False,
            mining=True,
        )
        assert rig.miner.bodies == [
            {V: 1.2, FAN: 90, Setting.DISPLAY: False},
            {F: 600, Setting.MINING: True},
        ]

    run(scenario)


def test_a_scene_of_two_calls_is_a_pair_and_both_wait_for_it() -> None:
    async def scenario() -> None:
        rig = unordered()
        rig.miner.write_takes = 7.5
        calls = [rig.call(frequency=600), rig.call(core_voltage=1.2)]
        await asyncio.wait(calls)
        assert rig.miner.bodies == [{V: 1.2}, {F: 600}]
        assert outcomes(calls) == pytest.approx([15.3, 7.8], abs=0.01)

    run(scenario)


def test_a_pair_takes_20_seconds_at_most() -> None:
    async def scenario() -> None:
        rig = unordered()
        rig.miner.write_takes = 15
        call = rig.call(frequency=600, core_voltage=1.2)
        single = rig.call(display=False)
        await asyncio.wait([call, single])
        assert outcomes([call]) == [20]

    run(scenario)


def test_after_a_pair_both_requests_are_paid_for() -> None:
    async def scenario() -> None:
        rig = unordered()
        await rig.apply(frequency=600, core_voltage=1.2)
        rig.call(frequency=650)
        await asyncio.sleep(30)
        assert rig.miner.times == pytest.approx([0.3, 0.4, 20.4])
        assert sum(map(len, rig.log.writes)) == 3

    run(scenario)


def test_without_the_first_the_second_is_not_sent() -> None:
    """A voltage that was not taken is no voltage for a higher frequency."""

    async def scenario() -> None:
        rig = unordered()
        rig.miner.clipped = {V: 1.15}
        with pytest.raises(PartialError) as caught:
            await rig.apply(frequency=600, core_voltage=1.2, fan_duty_cycle=90)

        error = caught.value
        assert rig.miner.bodies == [{V: 1.2, FAN: 90}]
        assert now() == pytest.approx(5.4), "it had its time"
        assert (error.outcome, error.taken) == (Outcome.REFUSED, {FAN: 90})
        refusals = {
            setting: failure.refusal
            for setting, failure in error.failures.items()
            if isinstance(failure, ChangeError)
        }
        assert refusals == {V: Refusal.NOT_TAKEN, F: Refusal.NOT_SENT}
        assert rig.log.failures == []

    run(scenario)


def test_the_second_is_sent_though_a_fan_refuses() -> None:
    async def scenario() -> None:
        rig = unordered()
        rig.miner.clipped = {FAN: 60.0}
        with pytest.raises(PartialError) as caught:
            await rig.apply(frequency=600, core_voltage=1.2, fan_duty_cycle=90)
        assert caught.value.changes == {FAN: 90}
        assert caught.value.taken == {V: 1.2, F: 600}

    run(scenario)


@pytest.mark.parametrize(
    "error", [MinerCommandError("no"), MinerConnectionError("refused")]
)
def test_a_first_that_is_not_sent_is_known_to_have_changed_nothing(
    error: MinerError,
) -> None:
    async def scenario() -> None:
        rig = unordered()
        rig.miner.answers = [(error, False)]
        call = rig.call(frequency=600, core_voltage=1.2)
        await asyncio.wait([call])
        assert outcomes([call]) == [error]
        assert error.outcome is not Outcome.UNKNOWN
        assert len(rig.miner.requests) == 1

    run(scenario)


@pytest.mark.parametrize(
    "error",
    [
        MinerCommandError("no", outcome=Outcome.REFUSED),
        MinerConnectionError("refused"),
        MinerTimeoutError("no reply", outcome=Outcome.UNKNOWN),
        None,
    ],
)
def test_a_second_that_fails_leaves_it_unknown(error: MinerError | None) -> None:
    """Whatever the device said: it is between two states, and both are told."""

    async def scenario() -> None:
        rig = unordered()

        def fail() -> None:
            rig.miner.on_read = lambda: None
            if error is None:
                rig.miner.clipped = {F: 525.0}
            else:
                rig.miner.answers = [(error, False)]

        def second() -> None:
            if rig.miner.requests:
                fail()

        rig.miner.on_read = second
        with pytest.raises(PartialError) as caught:
            await rig.apply(frequency=600, core_voltage=1.2)
        assert rig.miner.bodies == [{V: 1.2}, {F: 600}]
        assert caught.value.outcome is Outcome.UNKNOWN
        assert caught.value.taken == {V: 1.2}
        assert caught.value.changes == {F: 600}

    run(scenario)


def test_a_second_that_nobody_waits_for_is_told_as_unknown() -> None:
    async def scenario() -> None:
        rig = unordered()
        rig.miner.clipped = {F: 525.0}
        call = rig.call(frequency=600, core_voltage=1.2)
        await asyncio.sleep(0.45)
        call.cancel()
        await asyncio.sleep(10)
        [(error, changes)] = rig.log.failures
        assert error.outcome is Outcome.UNKNOWN
        assert changes == {F: 600}

    run(scenario)


def test_a_first_without_an_answer_is_followed_by_nothing() -> None:
    """The device went away: nobody knows, and nothing is raised on top of it."""

    async def scenario() -> None:
        rig = unordered()
        rig.miner.answers = [
            (MinerTimeoutError("no reply", outcome=Outcome.UNKNOWN), True)
        ]

        def vanish() -> None:
            rig.miner.dead = bool(rig.miner.requests)

        rig.miner.on_read = vanish
        with pytest.raises(PartialError) as caught:
            await rig.apply(frequency=600, core_voltage=1.2)
        assert caught.value.outcome is Outcome.UNKNOWN
        assert now() <= 20
        assert len(rig.miner.requests) == 1
        assert rig.door.proving

    run(scenario)


@pytest.mark.parametrize("moment", [0.35, 0.45, 1.5])
def test_closing_between_the_two_tells_that_nobody_knows(moment: float) -> None:
    async def scenario() -> None:
        rig = unordered()
        rig.miner.late = {V}
        call = rig.call(frequency=600, core_voltage=1.2)
        await asyncio.sleep(moment)
        rig.door.close()
        await asyncio.wait([call])
        [error] = outcomes([call])
        assert isinstance(error, MinerCommandError)
        assert error.outcome is Outcome.UNKNOWN
        await asyncio.sleep(30)
        assert len(rig.miner.requests) == 1

    run(scenario)


def test_a_newer_wish_takes_the_place_of_the_second() -> None:
    async def scenario() -> None:
        rig = unordered()
        rig.miner.late = {V}
        calls = [rig.call(frequency=600, core_voltage=1.2)]
        await asyncio.sleep(1)
        calls.append(rig.call(frequency=560))
        rig.miner.become({V: 1.2})
        await asyncio.wait(calls)
        assert rig.miner.bodies == [{V: 1.2}, {F: 560}]
        assert [call.exception() for call in calls] == [None, None]

    run(scenario)


# A write is judged after the device had time to apply it


def test_a_write_is_over_as_soon_as_all_of_it_shows() -> None:
    async def scenario() -> None:
        rig = unordered()
        rig.miner.applies = 0.025
        returned = await rig.apply(
            fan_duty_cycle=90, target_temperature=50, auto_fan=True
        )
        assert returned == pytest.approx(1.4)
        assert rig.miner.reads == 3

    run(scenario)


def test_what_is_still_different_after_its_time_is_refused() -> None:
    """It is looked at about once a second, and told after five."""

    async def scenario() -> None:
        rig = unordered()
        rig.miner.applies = 0.1
        rig.miner.clipped = {FAN: 60.0}
        with pytest.raises(PartialError) as caught:
            await rig.apply(fan_duty_cycle=90, target_temperature=50)
        assert now() == pytest.approx(5.4)
        assert rig.miner.reads <= 7
        assert caught.value.changes == {FAN: 90}
        assert caught.value.taken == {Setting.TARGET_TEMPERATURE: 50}

    run(scenario)


def test_a_poll_meanwhile_judges_nothing() -> None:
    async def scenario() -> None:
        rig = unordered()
        rig.miner.applies = 1.5
        call = rig.call(fan_duty_cycle=90, target_temperature=50, auto_fan=True)
        for _ in range(30):
            await asyncio.sleep(0.1)
            rig.door.observe(rig.miner.state)
            assert rig.door.proving
        await call
        assert rig.log.failures == []
        assert not rig.door.proving

    run(scenario)


def test_a_device_without_a_settling_time_is_judged_by_its_next_reply() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.clipped = {F: 525.0}
        with pytest.raises(ChangeError):
            await rig.apply(frequency=600)
        assert now() == pytest.approx(0.4)

    run(scenario)


def test_a_measurement_that_comes_late_is_no_refusal() -> None:
    """While a frequency ramps for long, the measured voltage is an old one."""

    async def scenario() -> None:
        rig = Rig(replace(RUNNING, core_voltage_actual=1.0))
        await rig.apply(core_voltage=1.25)
        await rig.poll(20)
        assert rig.log.failures == []
        rig.miner.become({}, core_voltage_actual=1.24)
        await rig.poll(60)
        assert rig.log.failures == []
        assert not rig.door.proving

    run(scenario)
