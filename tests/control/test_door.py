"""What is wanted together is one request, and every caller learns its outcome."""

import asyncio

import pytest

from custom_components.miner_monitor.control.errors import (
    ChangeError,
    PartialError,
    Refusal,
)
from custom_components.miner_monitor.miners.errors import (
    MinerAuthError,
    MinerBusyError,
    MinerCommandError,
    MinerConnectionError,
    MinerError,
    MinerStrangerError,
    MinerTimeoutError,
    Outcome,
)
from custom_components.miner_monitor.miners.model import Limits, Setting

from .rig import LIMITS, RUNNING, Rig, now, outcomes, run


def test_one_change_is_one_request() -> None:
    async def scenario() -> None:
        rig = Rig()

        returned = await rig.apply(frequency=500)

        assert rig.miner.bodies == [{Setting.FREQUENCY: 500}]
        assert returned == pytest.approx(0.4)
        assert rig.miner.reads == 2
        assert rig.log.writes == rig.log.became == rig.miner.bodies
        assert not rig.door.proving

    run(scenario)


def test_nothing_is_no_request() -> None:
    async def scenario() -> None:
        rig = Rig()
        await rig.apply()
        assert rig.miner.reads == 0

    run(scenario)


def test_what_is_so_already_is_no_request() -> None:
    async def scenario() -> None:
        rig = Rig()
        await rig.apply(frequency=525.3, auto_fan=False)
        assert (rig.miner.reads, rig.miner.requests) == (1, [])

        await rig.apply(frequency=525, core_voltage=1.2)
        assert rig.miner.bodies == [{Setting.CORE_VOLTAGE: 1.2}]

    run(scenario)


def test_a_scene_is_one_request() -> None:
    """Parts that arrive within a moment go together, whatever they cost."""

    async def scenario() -> None:
        rig = Rig()
        calls = [rig.call(frequency=600)]
        await asyncio.sleep(0.1)
        calls += [rig.call(core_voltage=1.2), rig.call(display=False)]
        await asyncio.sleep(0.1)
        calls += [rig.call(fan_duty_cycle=90), rig.call(mining=False)]
        await asyncio.gather(*calls)

        assert rig.miner.requests == [
            (
                0.3,
                {
                    Setting.FREQUENCY: 600,
                    Setting.CORE_VOLTAGE: 1.2,
                    Setting.DISPLAY: False,
                    Setting.FAN_DUTY_CYCLE: 90,
                    Setting.MINING: False,
                },
            )
        ]
        assert len(rig.log.writes) == 1

    run(scenario)


def test_steps_of_a_script_are_one_request_each() -> None:
    async def scenario() -> None:
        rig = Rig()
        await rig.apply(display=False)
        await rig.apply(heating_temperature=25)
        assert len(rig.miner.requests) == 2

    run(scenario)


def test_what_cannot_be_is_refused_at_once() -> None:
    async def scenario() -> None:
        rig = Rig()
        with pytest.raises(ChangeError) as caught:
            await rig.apply(display=False, frequency=2000)

        assert (now(), caught.value.refusal) == (0, Refusal.OUT_OF_RANGE)
        await asyncio.sleep(1)
        assert rig.miner.reads == 0

    run(scenario)


def test_limits_are_checked_again_before_the_write() -> None:
    """The device may turn out to be of another firmware; the rest is written."""

    async def scenario() -> None:
        rig = Rig()
        narrow = {
            setting: allowed
            for setting, allowed in LIMITS.settings.items()
            if setting is not Setting.DISPLAY
        }

        def learn() -> None:
            rig.limits = Limits(settings=narrow)

        rig.miner.on_read = learn
        calls = [rig.call(display=False), rig.call(heating_temperature=20)]
        await asyncio.wait(calls)

        refused, returned = outcomes(calls)
        assert isinstance(refused, ChangeError)
        assert refused.refusal is Refusal.NOT_OFFERED
        assert returned == 0.4
        assert rig.miner.bodies == [{Setting.HEATING_TEMPERATURE: 20}]

    run(scenario)


@pytest.mark.parametrize(
    "error",
    [
        MinerCommandError("refused"),
        MinerBusyError("calibrating"),
        MinerAuthError("who?", credentials=True),
        MinerConnectionError("refused"),
    ],
)
def test_an_error_of_the_device_reaches_all_callers(error: MinerError) -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.answers = [(error, False)]
        calls = [rig.call(display=False, frequency=500), rig.call(core_voltage=1.2)]
        await asyncio.wait(calls)

        assert outcomes(calls) == [error, error]
        assert len(rig.miner.requests) == 1
        assert (rig.log.failures, rig.log.writes, rig.door.proving) == ([], [], False)

        assert await rig.apply(frequency=500) == pytest.approx(0.8)

    run(scenario)


@pytest.mark.parametrize(
    "error", [MinerStrangerError("another one"), MinerConnectionError("away")]
)
def test_nothing_is_sent_to_who_is_not_known(error: MinerError) -> None:
    async def scenario() -> None:
        rig = Rig()

        def fail() -> None:
            raise error

        rig.miner.on_read = fail
        with pytest.raises(type(error)):
            await rig.apply(frequency=500)
        assert rig.miner.requests == []

    run(scenario)


def test_the_last_value_wins_and_nobody_waits_in_vain() -> None:
    """Whoever is overtaken is done when the later value is."""

    async def scenario() -> None:
        rig = Rig()
        rig.miner.clipped = {Setting.FREQUENCY: 580.0}
        calls = [
            rig.call(frequency=500, display=False),
            rig.call(frequency=550),
            rig.call(frequency=600),
            rig.call(frequency=600, heating_temperature=25),
            rig.call(heating_temperature=25),
        ]
        await asyncio.wait(calls)

        assert rig.miner.bodies == [
            {
                Setting.FREQUENCY: 600,
                Setting.DISPLAY: False,
                Setting.HEATING_TEMPERATURE: 25,
            }
        ]
        first, second, third, fourth, fifth = outcomes(calls)
        assert first == second == fifth == pytest.approx(0.4)
        assert isinstance(fourth, PartialError)
        assert fourth.taken == {Setting.HEATING_TEMPERATURE: 25}
        for error in (third, fourth.failures[Setting.FREQUENCY]):
            assert isinstance(error, ChangeError)
            assert (error.asked, error.reported) == (600, 580)
        assert rig.log.failures == []

    run(scenario)


def test_a_value_that_comes_while_the_device_is_read_is_sent_in_its_place() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.read_takes = 0.5
        calls = [rig.call(heating_temperature=20)]
        await asyncio.sleep(0.6)
        calls.append(rig.call(heating_temperature=25))
        await asyncio.wait(calls)

        assert rig.miner.bodies == [{Setting.HEATING_TEMPERATURE: 25}]
        assert outcomes(calls) == [1.4, 1.4]

    run(scenario)


def test_a_value_that_comes_while_another_is_written_follows_it() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.write_takes = 2
        calls = [rig.call(heating_temperature=20)]
        await asyncio.sleep(1)
        calls += [rig.call(heating_temperature=t) for t in (21, 22, 20)]
        calls += [rig.call(heating_temperature=25)]
        await asyncio.wait(calls)

        assert rig.miner.bodies == [
            {Setting.HEATING_TEMPERATURE: 20},
            {Setting.HEATING_TEMPERATURE: 25},
        ]
        assert outcomes(calls) == [2.3, 4.3, 4.3, 4.3, 4.3]

    run(scenario)


def test_a_caller_that_goes_away_takes_nothing_with_it() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.write_takes = 2
        gone = rig.call(frequency=500)
        waiting = rig.call(display=False)
        await asyncio.sleep(1)
        gone.cancel()
        await waiting

        assert rig.miner.state.settings.frequency == 500
        assert outcomes([gone, waiting]) == ["cancelled", 2.3]

    run(scenario)


def test_what_nobody_waits_for_any_more_is_reported() -> None:
    """A call ends after 10 s without an error; the failure comes behind it."""

    async def scenario() -> None:
        rig = Rig()
        rig.miner.write_takes = 15
        error = MinerCommandError("refused")
        rig.miner.answers = [(error, False)]
        returned = await rig.apply(frequency=500, display=False)
        assert (returned, rig.log.failures, rig.door.proving) == (10, [], True)

        await asyncio.sleep(6)

        changes = {Setting.FREQUENCY: 500, Setting.DISPLAY: False}
        assert rig.log.failures == [(error, changes)]
        assert not rig.door.proving

    run(scenario)


def test_a_caller_that_went_away_is_told_by_the_watcher() -> None:
    """Also when another one who asked for the same is still there."""

    async def scenario() -> None:
        rig = Rig()
        rig.miner.clipped = {Setting.FREQUENCY: 550.0}
        gone, waiting = rig.call(frequency=600), rig.call(frequency=600)
        await asyncio.sleep(0.1)
        gone.cancel()
        await asyncio.wait([waiting])

        [error] = outcomes([waiting])
        assert isinstance(error, ChangeError)
        assert rig.log.failures == [(error, {Setting.FREQUENCY: 600})]

    run(scenario)


def test_what_became_of_each_setting_is_told_in_one_error() -> None:
    """Those that were not taken with what is reported, and those that were."""

    async def scenario() -> None:
        rig = Rig()
        rig.miner.clipped = {Setting.FREQUENCY: 550.0, Setting.CORE_VOLTAGE: 1.2}
        with pytest.raises(PartialError) as caught:
            await rig.apply(frequency=600, core_voltage=1.3, display=False)

        assert caught.value.outcome is Outcome.REFUSED
        assert caught.value.taken == {Setting.DISPLAY: False}
        assert {
            setting: (error.asked, error.reported)
            for setting, error in caught.value.failures.items()
            if isinstance(error, ChangeError)
        } == {Setting.FREQUENCY: (600, 550), Setting.CORE_VOLTAGE: (1.3, 1.2)}
        assert rig.log.failures == []
        assert rig.log.became == [{Setting.DISPLAY: False}]

    run(scenario)


def test_what_was_so_already_is_not_told_as_applied() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.clipped = {Setting.FREQUENCY: 550.0}
        with pytest.raises(ChangeError):
            await rig.apply(frequency=600, auto_fan=False)

    run(scenario)


def test_a_failure_is_told_at_the_end_of_patience_though_the_rest_goes_on() -> None:
    """The first of two requests was refused in part; the second gets no answer."""

    async def scenario() -> None:
        rig = Rig()
        rig.miner.apply_behind(0.0)
        rig.miner.clipped = {Setting.FAN_DUTY_CYCLE: 60.0}

        def slow() -> None:
            rig.miner.write_takes = 30 if len(rig.miner.requests) == 1 else 0.1

        rig.miner.on_read = slow
        with pytest.raises(PartialError) as caught:
            await rig.apply(frequency=600, core_voltage=1.2, fan_duty_cycle=90)
        assert caught.value.changes == {Setting.FAN_DUTY_CYCLE: 90}
        assert caught.value.taken == {Setting.CORE_VOLTAGE: 1.2}
        assert now() == 20

    run(scenario)


def test_closing_drops_what_is_held_back() -> None:
    async def scenario() -> None:
        rig = Rig()
        await rig.apply(frequency=600)
        held_back = rig.call(frequency=700)
        await asyncio.sleep(1)
        assert rig.door.proving

        rig.door.close()
        await asyncio.wait([held_back])
        await asyncio.sleep(60)

        [error] = outcomes([held_back])
        assert isinstance(error, MinerCommandError)
        assert len(rig.miner.requests) == 1
        assert (rig.log.failures, rig.door.proving) == ([], False)
        with pytest.raises(MinerCommandError):
            await rig.apply(frequency=700)

    run(scenario)


@pytest.mark.parametrize("moment", [0.1, 0.5, 1.5, 2.5])
def test_closing_at_any_moment(moment: float) -> None:
    """While gathering, reading, writing, reading back."""

    async def scenario() -> None:
        rig = Rig()
        rig.miner.read_takes = rig.miner.write_takes = 1
        call = rig.call(frequency=600)
        await asyncio.sleep(moment)

        rig.door.close()
        await asyncio.wait([call])
        assert now() == moment
        rig.door.observe(RUNNING)
        await asyncio.sleep(60)

        [error] = outcomes([call])
        assert isinstance(error, MinerCommandError)
        assert len(rig.miner.requests) == (moment > 1.3)
        assert (rig.log.failures, rig.log.writes) == ([], [])
        assert not rig.door.proving
        assert len(asyncio.all_tasks()) == 1

    run(scenario)


def test_an_error_that_nobody_foresaw_does_not_block_the_door() -> None:
    async def scenario() -> None:
        rig = Rig()
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)

        def break_off() -> None:
            rig.miner.on_read = lambda: None
            raise ZeroDivisionError

        rig.miner.on_read = break_off
        rig.miner.read_takes = 1
        calls = [rig.call(display=False)]
        await asyncio.sleep(1)
        calls.append(rig.call(frequency=500))
        await asyncio.wait(calls)

        error, returned = outcomes(calls)
        assert isinstance(error, MinerCommandError)
        assert returned == pytest.approx(3.4)
        assert rig.miner.bodies == [{Setting.FREQUENCY: 500}]

    run(scenario)


def test_a_door_that_was_never_used_closes() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.door.close()
        rig.door.close()
        assert not rig.door.proving

    run(scenario)


def test_a_failure_is_told_while_another_setting_still_waits() -> None:
    """The work mode has to wait for a minute; the voltage failed at once."""

    async def scenario() -> None:
        rig = Rig()
        await rig.apply(work_mode="super")
        rig.miner.clipped = {Setting.CORE_VOLTAGE: 1.15}
        with pytest.raises(ChangeError) as caught:
            await rig.apply(work_mode="eco", core_voltage=1.1)
        assert caught.value.setting is Setting.CORE_VOLTAGE
        assert now() == pytest.approx(0.8)
        await asyncio.sleep(70)
        assert rig.miner.state.settings.work_mode == "eco"
        assert rig.log.failures == []

    run(scenario)


def test_a_failure_at_the_moment_its_caller_goes_away() -> None:
    """It has been told, but nobody hears it any more: the watcher does."""

    async def scenario() -> None:
        rig = Rig()
        rig.miner.clipped = {Setting.FREQUENCY: 550.0}
        call = rig.call(frequency=600, display=False)

        def go_away(_: object) -> None:
            if rig.miner.requests:
                asyncio.get_running_loop().call_soon(call.cancel)

        rig.miner.publish = go_away
        await asyncio.wait([call])

        assert outcomes([call]) == ["cancelled"]
        [(error, changes)] = rig.log.failures
        assert isinstance(error, ChangeError)
        assert changes == {Setting.FREQUENCY: 600}

    run(scenario)


# What is unknown


def unknown(text: str = "HTTP status 500: Internal error") -> MinerCommandError:
    return MinerCommandError(text, outcome=Outcome.UNKNOWN)


@pytest.mark.parametrize("applied_after", [0.0, 1.0, 4.0])
def test_a_server_error_after_the_device_took_it_is_no_failure(
    applied_after: float,
) -> None:
    """It is read until it shows, for five seconds."""

    async def scenario() -> None:
        rig = Rig()
        rig.miner.answers.append((unknown(), applied_after == 0))
        call = rig.call(frequency=600)
        if applied_after:
            await asyncio.sleep(0.4 + applied_after)
            rig.miner.become({Setting.FREQUENCY: 600.0})
        await asyncio.wait([call])

        assert isinstance(call.result(), float)
        assert rig.log.failures == []
        assert len(rig.miner.requests) == 1

    run(scenario)


def test_a_server_error_that_changed_nothing_is_a_refusal_in_its_words() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.answers.append((unknown(), False))
        with pytest.raises(MinerCommandError, match="Internal error") as caught:
            await rig.apply(frequency=600)

        assert caught.value.outcome is Outcome.REFUSED
        assert now() == pytest.approx(5.4, abs=0.3)

    run(scenario)


def test_a_lost_reply_that_changed_nothing_is_a_refusal() -> None:
    async def scenario() -> None:
        rig = Rig()
        lost = MinerTimeoutError("no reply", outcome=Outcome.UNKNOWN)
        rig.miner.answers.append((lost, False))
        with pytest.raises(ChangeError) as caught:
            await rig.apply(frequency=600)

        assert caught.value.refusal is Refusal.NOT_TAKEN
        assert caught.value.outcome is Outcome.REFUSED

    run(scenario)


@pytest.mark.parametrize("moment", [0.1, 0.35, 0.5])
def test_who_waits_when_it_closes_learns_that_nobody_knows(moment: float) -> None:
    """Before it is sent, while it is sent, and while it is read back."""

    async def scenario() -> None:
        rig = Rig()
        rig.miner.answers.append((unknown(), False))
        call = rig.call(frequency=600)
        await asyncio.sleep(moment)
        rig.door.close()
        await asyncio.wait([call])

        error = call.exception()
        assert isinstance(error, MinerCommandError)
        assert error.outcome is Outcome.UNKNOWN

    run(scenario)
