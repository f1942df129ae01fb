"""Nothing is said to be done before the device shows it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from custom_components.miner_monitor.control.errors import (
    ChangeError,
    PartialError,
    Refusal,
)
from custom_components.miner_monitor.miners.errors import (
    MinerCutOffError,
    MinerTimeoutError,
    Outcome,
)
from custom_components.miner_monitor.miners.model import (
    MinerStatus,
    Setting,
    SettingValue,
    Writing,
)

from .rig import RUNNING, Rig, now, outcomes, run

LOST = [
    MinerTimeoutError("no reply", outcome=Outcome.UNKNOWN),
    MinerCutOffError("cut off", outcome=Outcome.UNKNOWN),
]


def failure(rig: Rig) -> tuple[Refusal, Setting, Any, Any]:
    """Return the one failure that was reported."""
    [(error, changes)] = rig.log.failures
    assert isinstance(error, ChangeError)
    assert changes == {error.setting: error.asked}
    return error.refusal, error.setting, error.asked, error.reported


@pytest.mark.parametrize(
    ("values", "clipped", "refusal", "reported"),
    [
        ({"frequency": 600}, 525.0, Refusal.NOT_TAKEN, 525.0),
        ({"frequency": 600}, 580.0, Refusal.NOT_TAKEN, 580.0),
        ({"frequency": 600}, None, Refusal.UNCONFIRMED, None),
        ({"fan_duty_cycle": 90}, 60.0, Refusal.NOT_TAKEN, 60.0),
        ({"display": False}, True, Refusal.NOT_TAKEN, True),
    ],
)
def test_what_the_device_ignored_or_clipped(
    values: dict[str, SettingValue],
    clipped: SettingValue | None,
    refusal: Refusal,
    reported: SettingValue | None,
) -> None:
    async def scenario() -> None:
        rig = Rig()
        [(name, asked)] = values.items()
        rig.miner.clipped = {Setting(name): clipped}
        call = rig.call(**values)
        await asyncio.wait([call])

        [error] = outcomes([call])
        assert isinstance(error, ChangeError)
        assert error.refusal is refusal
        assert (error.setting, error.asked) == (name, asked)
        assert error.reported == reported
        assert (rig.log.failures, rig.log.became) == ([], [])
        wears = clipped == 580.0
        assert len(rig.log.writes) == wears

    run(scenario)


def test_a_rounded_value_is_taken() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.clipped = {Setting.FREQUENCY: 599.5}
        await rig.apply(frequency=600)
        assert rig.log.became == [{Setting.FREQUENCY: 600}]

    run(scenario)


def test_the_speed_of_a_fan_that_the_device_drives_is_not_shown() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.become({Setting.AUTO_FAN: True, Setting.FAN_DUTY_CYCLE: None})
        rig.miner.clipped = {Setting.FAN_DUTY_CYCLE: None}
        await rig.apply(fan_duty_cycle=70)
        assert rig.miner.bodies == [{Setting.FAN_DUTY_CYCLE: 70}]

    run(scenario)


@pytest.mark.parametrize("error", LOST)
@pytest.mark.parametrize("arrived", [True, False])
def test_a_lost_reply_is_never_repeated(error: Exception, arrived: bool) -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.answers = [(error, arrived)]
        call = rig.call(frequency=600)
        await asyncio.wait([call])
        await asyncio.sleep(200)

        [outcome] = outcomes([call])
        assert isinstance(outcome, float if arrived else ChangeError)
        assert len(rig.miner.requests) == 1
        assert len(rig.log.writes) == len(rig.log.became) == arrived

    run(scenario)


def test_a_read_back_is_tried_again() -> None:
    async def scenario() -> None:
        rig = Rig()

        def count_down() -> None:
            if rig.miner.reads == 2:
                rig.miner.dead = 3

        rig.miner.on_read = count_down
        assert await rig.apply(frequency=600) == pytest.approx(6.4)
        assert rig.miner.reads == 5
        assert rig.log.became == [{Setting.FREQUENCY: 600}]

    run(scenario)


@pytest.mark.parametrize(
    ("arrived", "away", "expected"),
    [(True, 30, "taken"), (False, 30, "failed"), (True, 500, "taken")],
)
def test_a_miner_that_goes_away_with_the_write(
    arrived: bool, away: float, expected: str
) -> None:
    """Callers learn that nothing is certain, and the truth comes behind it."""

    async def scenario() -> None:
        rig = Rig()
        rig.miner.answers = [(LOST[1], arrived)]

        def vanish() -> None:
            if rig.miner.requests:
                rig.miner.dead = 1

        rig.miner.on_read = vanish
        call = rig.call(frequency=600)
        await asyncio.wait([call])

        [error] = outcomes([call])
        assert isinstance(error, ChangeError)
        assert error.refusal is Refusal.UNCONFIRMED
        assert 8 <= now() <= 10
        assert rig.door.proving
        assert rig.log.failures == []

        await asyncio.sleep(away)
        await rig.poll(130)

        assert not rig.door.proving
        assert len(rig.miner.requests) == 1
        if expected == "taken":
            assert rig.log.became == rig.log.writes == [{Setting.FREQUENCY: 600}]
            assert rig.log.failures == []
        else:
            assert failure(rig) == (Refusal.NOT_TAKEN, Setting.FREQUENCY, 600, 525)
            assert rig.log.writes == []

    run(scenario)


def test_who_waits_longer_is_told_more() -> None:
    """The first caller gives up; the second is still there when the miner is."""

    async def scenario() -> None:
        rig = Rig()
        await rig.apply(frequency=600)
        first = rig.call(frequency=700)
        await asyncio.sleep(7)
        second = rig.call(frequency=700)

        def vanish() -> None:
            if now() > 10.4:
                rig.miner.dead = now() < 13

        rig.miner.on_read = vanish
        await asyncio.wait([first, second])

        assert outcomes([first, second]) == pytest.approx([10.4, 14.5], abs=0.11)
        assert rig.log.failures == []

    run(scenario)


def test_work_mode_is_proven_behind_the_call() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.late = {Setting.WORK_MODE}
        assert await rig.apply(work_mode="eco") == pytest.approx(0.4)
        await rig.poll(60)
        assert rig.door.proving
        assert rig.log.became == []

        rig.miner.become({Setting.WORK_MODE: "eco"})
        await rig.poll(5)

        assert rig.log.became == [{Setting.WORK_MODE: "eco"}]
        await rig.poll(60)
        assert (rig.log.failures, rig.door.proving) == ([], False)

    run(scenario)


def test_a_mode_that_never_comes_is_reported() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.late = {Setting.WORK_MODE}
        await rig.apply(work_mode="eco")
        await rig.poll(85)
        assert rig.log.failures == []
        await rig.poll(10)

        assert failure(rig) == (Refusal.NOT_TAKEN, Setting.WORK_MODE, "eco", "standard")
        assert not rig.door.proving

    run(scenario)


PAUSED = replace(
    RUNNING,
    status=MinerStatus.PAUSED,
    settings=replace(RUNNING.settings, mining=False),
)


@pytest.mark.parametrize(
    ("mining", "status", "proven"),
    [
        (True, MinerStatus.HASHING, "at once"),
        (True, MinerStatus.POOL_LOST, "at once"),
        (True, MinerStatus.STARTING, "in the end"),
        (True, MinerStatus.IDLE, None),
        (True, MinerStatus.FAULT, None),
        (True, MinerStatus.OVERHEATED, None),
        (True, MinerStatus.PAUSED, None),
        (False, MinerStatus.HASHING, None),
        (False, MinerStatus.STANDBY, None),
        (None, MinerStatus.HASHING, None),
    ],
)
def test_a_resume_is_proven_by_work(
    mining: bool | None, status: MinerStatus, proven: str | None
) -> None:
    async def scenario() -> None:
        rig = Rig(PAUSED)
        rig.miner.clipped = {Setting.MINING: mining}
        rig.miner.state = replace(rig.miner.state, status=status)
        await rig.apply(mining=True)
        await rig.poll(30)
        early = len(rig.log.became)
        await rig.poll(40)

        assert early == (proven == "at once")
        assert len(rig.log.became) == (proven is not None)
        assert len(rig.log.failures) == (proven is None)
        assert not rig.door.proving

    run(scenario)


def test_a_resume_that_ends_in_a_fault_names_it() -> None:
    async def scenario() -> None:
        rig = Rig(replace(PAUSED, status=MinerStatus.FAULT))
        await rig.apply(mining=True)
        await rig.poll(70)
        assert failure(rig) == (Refusal.NOT_TAKEN, Setting.MINING, True, "fault")

    run(scenario)


@pytest.mark.parametrize("rests", [True, False])
def test_a_pause_is_proven_by_the_command_alone(rests: bool) -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.clipped = {} if rests else {Setting.MINING: True}
        await rig.apply(mining=False)
        await rig.poll(70)
        assert len(rig.log.became) == rests
        assert len(rig.log.failures) == (not rests)

    run(scenario)


def test_a_newer_wish_ends_an_older_proof() -> None:
    async def scenario() -> None:
        rig = Rig(PAUSED)
        rig.miner.late = {Setting.MINING}
        await rig.apply(mining=True)
        await rig.apply(mining=False)
        await rig.poll(130)

        assert rig.miner.bodies == [{Setting.MINING: True}, {Setting.MINING: False}]
        assert rig.log.failures == []
        assert rig.log.became == [{Setting.MINING: False}]

    run(scenario)


def test_a_proof_outlives_an_absence() -> None:
    """Nobody polls fast for long, and the first good poll decides."""

    async def scenario() -> None:
        rig = Rig()
        rig.miner.late = {Setting.WORK_MODE}
        await rig.apply(work_mode="eco")
        await asyncio.sleep(1000)
        assert (rig.door.proving, rig.log.failures) == (False, [])

        rig.door.observe(rig.miner.state)

        assert failure(rig)[1] is Setting.WORK_MODE

    run(scenario)


@pytest.mark.parametrize(
    ("values", "actual", "after", "fails"),
    [
        ({"core_voltage": 1.25}, 1.23, {}, False),
        ({"core_voltage": 1.25}, 1.19, {}, False),
        ({"core_voltage": 1.25}, 1.31, {}, False),
        ({"core_voltage": 1.25}, 1.189, {}, True),
        ({"core_voltage": 1.25}, 1.32, {}, True),
        ({"core_voltage": 1.25}, None, {}, False),
        ({"core_voltage": 1.25}, 0.0, {"status": MinerStatus.PAUSED}, False),
        ({"frequency": 600}, 0.9, {}, False),
        ({"core_voltage": 1.15}, 0.9, {}, False),
    ],
)
def test_the_voltage_is_measured_after_ten_seconds(
    values: dict[str, float],
    actual: float | None,
    after: dict[str, Any],
    fails: bool,
) -> None:
    async def scenario() -> None:
        rig = Rig()
        await rig.apply(**values)
        rig.miner.become({}, core_voltage_actual=0.5)
        await rig.poll(9)
        assert rig.log.failures == []
        rig.miner.become({}, core_voltage_actual=actual, **after)
        await rig.poll(100)

        assert len(rig.log.failures) == fails
        if fails:
            expected = (Refusal.NOT_TAKEN, Setting.CORE_VOLTAGE, 1.25, actual)
            assert failure(rig) == expected
        assert not rig.door.proving

    run(scenario)


def test_the_voltage_is_measured_when_the_miner_works_again() -> None:
    async def scenario() -> None:
        rig = Rig()
        await rig.apply(core_voltage=1.25)
        rig.miner.become({}, core_voltage_actual=1.1, status=MinerStatus.STARTING)
        await rig.poll(30)
        assert rig.log.failures == []
        rig.miner.become({}, status=MinerStatus.HASHING)
        await rig.poll(5)
        assert failure(rig)[3] == 1.1

    run(scenario)


def test_a_voltage_that_was_changed_since_is_not_judged() -> None:
    async def scenario() -> None:
        rig = Rig()
        await rig.apply(core_voltage=1.25)
        rig.miner.become({Setting.CORE_VOLTAGE: 1.1}, core_voltage_actual=1.1)
        await rig.poll(20)
        assert rig.log.failures == []

        await rig.apply(core_voltage=1.2)
        await asyncio.sleep(8)
        await rig.apply(core_voltage=1.12)
        await rig.poll(20)
        assert rig.log.failures == []

    run(scenario)


def test_what_needs_a_restart_is_taken_by_word() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.late = {Setting.POOL}
        pool = {Setting.POOL: 1}
        await rig.apply(pool=1)
        await rig.apply(pool=1)

        assert rig.miner.bodies == [pool]
        assert rig.log.restarts == rig.log.writes == rig.log.became == [pool]
        assert not rig.door.proving

    run(scenario)


@pytest.mark.parametrize(("restarted", "writes"), [(False, 2), (True, 1)])
def test_what_is_stored_counts_until_the_restart(restarted: bool, writes: int) -> None:
    """Back to what the device still reports is a change, and none afterwards."""

    async def scenario() -> None:
        rig = Rig()
        rig.miner.late = {Setting.POOL}
        await rig.apply(pool=1)
        await asyncio.sleep(60)
        rig.door.observe(rig.miner.state, restarted=restarted)
        await rig.apply(pool=0)
        assert len(rig.miner.bodies) == writes

    run(scenario)


def test_what_needs_a_restart_is_uncertain_without_a_reply() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.answers = [(LOST[0], True)]
        with pytest.raises(ChangeError) as caught:
            await rig.apply(pool=1)
        assert caught.value.refusal is Refusal.UNCONFIRMED
        assert (rig.log.restarts, rig.log.became) == ([], [])

    run(scenario)


def test_every_setting_that_changed_in_flash_counts_once() -> None:
    """What was asked for and is as before costs nothing."""

    async def scenario() -> None:
        rig = Rig()
        rig.miner.late = {Setting.POOL}
        rig.miner.clipped = {Setting.TARGET_TEMPERATURE: 60.0}
        call = rig.call(pool=1, frequency=600, core_voltage=1.2, target_temperature=50)
        await asyncio.wait([call])
        assert isinstance(*outcomes([call]), PartialError)
        await rig.poll(60)
        counted = [setting for changes in rig.log.writes for setting in changes]
        assert sorted(counted) == ["core_voltage", "frequency", "pool"]
        await rig.apply(mining=False)
        assert sum(map(len, rig.log.writes)) == 3

    run(scenario)


def test_a_mode_kept_in_flash_counts_when_it_shows() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.writings[Setting.WORK_MODE] = Writing(wears=True, proof=90)
        rig.miner.late = {Setting.WORK_MODE}
        await rig.apply(work_mode="eco")
        assert rig.log.writes == []
        rig.miner.become({Setting.WORK_MODE: "eco"})
        await rig.poll(20)
        assert rig.log.writes == [{Setting.WORK_MODE: "eco"}]

    run(scenario)


def test_a_proof_goes_on_when_the_voltage_is_forgotten() -> None:
    """Both keep the door busy for as long as they need."""

    async def scenario() -> None:
        rig = Rig()
        rig.miner.late = {Setting.WORK_MODE}
        await rig.apply(core_voltage=1.25)
        await asyncio.sleep(60)
        await rig.apply(work_mode="eco")
        assert rig.door.proving
        await asyncio.sleep(30)
        assert rig.door.proving
        await asyncio.sleep(70)
        assert not rig.door.proving

    run(scenario)


async def uncertain(*, arrived: bool) -> Rig:
    """Return a miner that was away after it was asked for 600 MHz."""
    rig = Rig()
    rig.miner.answers = [(LOST[0], arrived)]

    def vanish() -> None:
        rig.miner.dead = bool(rig.miner.requests)

    rig.miner.on_read = vanish
    call = rig.call(frequency=600)
    await asyncio.wait([call])
    [error] = outcomes([call])
    assert isinstance(error, ChangeError)
    assert error.refusal is Refusal.UNCONFIRMED
    await asyncio.sleep(20)
    rig.miner.on_read = lambda: None
    rig.miner.dead = 0
    return rig


@pytest.mark.parametrize("frequency", [600, 525, 700])
def test_what_is_asked_for_next_ends_the_uncertainty(frequency: float) -> None:
    """Written where it is not so, and the old wish is not missed any more."""

    async def scenario() -> None:
        rig = await uncertain(arrived=False)
        await rig.apply(frequency=frequency)
        await rig.poll(150)

        assert len(rig.miner.requests) == 1 + (frequency != 525)
        assert rig.miner.state.settings.frequency == frequency
        assert (rig.log.failures, rig.door.proving) == ([], False)

    run(scenario)


def test_a_write_is_counted_by_the_read_before_the_next() -> None:
    """Also when nobody hands the door its own reads."""

    async def scenario() -> None:
        rig = await uncertain(arrived=True)
        rig.miner.publish = lambda _: None
        await rig.apply(frequency=700)
        assert rig.log.writes == [{Setting.FREQUENCY: 600}, {Setting.FREQUENCY: 700}]

    run(scenario)


def test_nothing_is_judged_after_the_end() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.late = {Setting.WORK_MODE}
        await rig.apply(work_mode="eco")
        rig.door.close()
        await rig.poll(100)
        assert (rig.log.failures, rig.door.proving) == ([], False)

    run(scenario)


def test_the_door_is_busy_until_the_voltage_is_measured() -> None:
    async def scenario() -> None:
        rig = Rig()
        await rig.apply(core_voltage=1.2)
        rig.miner.become({}, core_voltage_actual=1.19)
        await rig.poll(9)
        assert rig.door.proving
        await rig.poll(5)
        assert not rig.door.proving

    run(scenario)


def test_what_is_not_kept_in_flash_is_not_counted() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.writings[Setting.POOL] = Writing(needs_restart=True)
        await rig.apply(pool=1)
        assert rig.log.restarts == [{Setting.POOL: 1}]
        assert rig.log.writes == []

    run(scenario)
