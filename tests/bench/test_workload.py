"""How the bench polls."""

import asyncio
import time

from scripts.benchmark.workload import all_at_once, compare, pace


async def test_kinds_take_turns():
    calls: list[str] = []

    async def first() -> None:
        calls.append("a")

    async def second() -> None:
        calls.append("b")

    costs = await compare([first, second], rounds=2, block=3)
    assert "".join(calls).endswith("aaabbbaaabbb")
    assert [len(cost) for cost in costs] == [2, 2]


async def test_dear_polls_cost_more():
    async def dear() -> None:
        ends = time.process_time() + 0.002
        while time.process_time() < ends:
            pass

    async def cheap() -> None:
        pass

    (dearly, cheaply) = await compare([dear, cheap], rounds=1, block=3)
    assert dearly[0] >= 2 > cheaply[0]


async def test_pace_has_its_slices_after_a_warm_up():
    polls: list[float] = []

    async def poll() -> None:
        polls.append(time.monotonic())

    costs = await pace(poll, rate=1000, slices=2, seconds=0.02)
    assert len(costs) == 2
    assert len(polls) == 3 * 20
    assert polls[-1] - polls[0] >= 0.05


async def test_a_fleet_is_polled_at_once():
    async def slow() -> None:
        await asyncio.sleep(0.02)

    ((seconds,),) = await all_at_once([[slow] * 50], rounds=1)
    assert 0.02 <= seconds < 0.5
