"""Clocks: time that runs and time that is pushed."""

import asyncio

import pytest

from simulator import ManualClock, SystemClock


def test_a_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock(start=100)
    assert clock.now() == clock.now() == 100
    clock.advance(2.5)
    assert clock.now() == 102.5
    assert "102.5" in repr(clock)
    with pytest.raises(ValueError, match="back"):
        clock.advance(-1)


def test_timers_are_called_in_order_and_at_their_time() -> None:
    clock = ManualClock(start=0)
    calls: list[tuple[str, float]] = []

    def note(name: str) -> None:
        calls.append((name, clock.now()))

    clock.call_at(5, lambda: note("later"))
    clock.call_at(2, lambda: note("sooner"))
    clock.call_at(3, lambda: note("never")).cancel()
    clock.call_at(2, lambda: clock.call_at(4, lambda: note("nested")) and None)
    clock.advance(1)
    assert calls == []
    clock.advance(9)
    assert calls == [("sooner", 2), ("nested", 4), ("later", 5)]
    assert clock.now() == 10


def test_what_is_overdue_is_called_at_the_next_move() -> None:
    clock = ManualClock(start=50)
    calls: list[float] = []
    clock.call_at(10, lambda: calls.append(clock.now()))
    clock.advance(0)
    assert calls == [50]


async def test_a_system_clock_can_run_faster() -> None:
    clock = SystemClock(speed=1000)
    start, done = clock.now(), asyncio.Event()
    clock.call_at(start + 5, done.set)
    async with asyncio.timeout(30):
        await done.wait()
    assert clock.now() - start >= 5


async def test_a_system_clock_s_timer_can_be_cancelled() -> None:
    clock = SystemClock()
    calls: list[int] = []
    clock.call_at(clock.now(), lambda: calls.append(1)).cancel()
    await asyncio.sleep(0.01)
    assert calls == []


@pytest.mark.parametrize("speed", [0, -1])
def test_a_system_clock_does_not_stand_still(speed: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        SystemClock(speed)
