"""What was written, and what came of it, is noted as it was."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from custom_components.miner_monitor.control.errors import ChangeError
from custom_components.miner_monitor.control.write_log import (
    FOLLOWED,
    MOST_REQUESTS,
    Result,
    WriteRequest,
)
from custom_components.miner_monitor.miners.errors import (
    MinerCommandError,
    MinerConnectionError,
    MinerError,
    MinerTimeoutError,
    Outcome,
)
from custom_components.miner_monitor.miners.model import Setting, SettingValue

from ..each import for_each
from .rig import Rig, run

LOST = MinerTimeoutError("no reply", outcome=Outcome.UNKNOWN)
REFUSED = MinerCommandError("not now", outcome=Outcome.REFUSED)
NOT_SENT = MinerConnectionError("no route", outcome=Outcome.NOT_SENT)

type Noted = list[dict[str, tuple[Any, Any, Any, str]]]


def noted(requests: Sequence[WriteRequest]) -> Noted:
    """Return what is noted of each setting: before, asked, reported, result."""
    return [
        {
            setting.value: (item.before, item.asked, item.reported, item.result.value)
            for setting, item in request.written.items()
        }
        for request in requests
    ]


async def ask(rig: Rig, **values: SettingValue) -> None:
    """Ask for settings, whatever comes of it."""
    with suppress(ChangeError, MinerError):
        await rig.apply(**values)


@for_each(
    ("answers", "clipped", "values", "expected", "error"),
    [
        ([], {}, {"frequency": 500.0}, (525.0, 500.0, 500.0, "read_back"), None),
        ([], {"frequency": 525.0}, {"frequency": 600.0},
         (525.0, 600.0, 525.0, "refused"), None),
        ([], {"frequency": None}, {"frequency": 600.0},
         (525.0, 600.0, None, "unconfirmed"), None),
        ([(LOST, True)], {}, {"frequency": 500.0},
         (525.0, 500.0, 500.0, "read_back"), "no reply"),
        ([(LOST, False)], {}, {"frequency": 500.0},
         (525.0, 500.0, 525.0, "refused"), "no reply"),
        ([(REFUSED, False)], {}, {"frequency": 500.0},
         (525.0, 500.0, 525.0, "refused"), "not now"),
        ([], {}, {"pool": 1}, (0, 1, None, "after_restart"), None),
        ([(LOST, False)], {}, {"pool": 1}, (0, 1, None, "unconfirmed"), "no reply"),
        ([], {}, {"mining": False}, (True, False, False, "read_back"), None),
    ],
)  # fmt: skip
def test_one_change(
    answers: list[tuple[MinerError, bool]],
    clipped: dict[str, Any],
    values: dict[str, SettingValue],
    expected: tuple[Any, ...],
    error: str | None,
) -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.answers = list(answers)
        rig.miner.clipped = {Setting(key): value for key, value in clipped.items()}
        await ask(rig, **values)
        [request] = rig.door.log.requests
        assert noted([request]) == [{next(iter(values)): expected}]
        assert request.error == error
        assert request.before.settings.frequency == 525.0

    run(scenario)


def test_what_never_left_is_not_noted() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.answers = [(NOT_SENT, False)]
        await ask(rig, frequency=500.0)
        await ask(rig, target_temperature=60.0)  # so it is already
        await ask(rig, frequency=5000.0)  # out of range
        assert rig.door.log.requests == ()

    run(scenario)


def test_a_late_result_and_one_that_another_overtook() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.late = {Setting.MINING}
        await ask(rig, mining=False)
        await ask(rig, mining=True, display=False)
        await ask(rig, mining=False)
        first, *_, last = rig.door.log.requests
        assert noted([first]) == [{"mining": (True, False, None, "overtaken")}]
        assert noted([last]) == [{"mining": (True, False, None, "pending")}]

        rig.miner.become({Setting.MINING: False})
        await rig.poll(10)
        assert noted([last]) == [{"mining": (True, False, False, "read_back")}]
        seconds = last.written[Setting.MINING].seconds
        assert seconds is not None
        assert 0 < seconds < 10

    run(scenario)


def test_a_regulator_that_did_not_follow_is_noted_in_the_end() -> None:
    async def scenario() -> None:
        rig = Rig()
        await ask(rig, core_voltage=1.25)
        assert noted(rig.door.log.requests)[0]["core_voltage"][3] == Result.READ_BACK
        await rig.poll(60)
        assert noted(rig.door.log.requests) == [
            {"core_voltage": (1.15, 1.25, 1.14, "refused")}
        ]

    run(scenario)


def test_readings_are_those_before_and_the_last_within_three_minutes() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.miner.become({}, power=15.0)
        await ask(rig, frequency=500.0)
        for power in (14.0, 13.0):
            rig.miner.become({}, power=power)
            await rig.poll(FOLLOWED / 2 - 5)
        rig.miner.become({}, power=99.0)
        await asyncio.sleep(20)
        await rig.poll(10)
        [request] = rig.door.log.requests
        assert request.after is not None
        assert (request.before.power, request.after.power) == (15.0, 13.0)
        assert request.after_seconds is not None
        assert FOLLOWED - 20 < request.after_seconds <= FOLLOWED

    run(scenario)


def test_only_the_last_ones_are_kept() -> None:
    async def scenario() -> None:
        rig = Rig()
        for number in range(MOST_REQUESTS + 5):
            await ask(rig, heating_temperature=float(number))
        values = [
            item["heating_temperature"][1] for item in noted(rig.door.log.requests)
        ]
        assert values == [float(number + 5) for number in range(MOST_REQUESTS)]

    run(scenario)
