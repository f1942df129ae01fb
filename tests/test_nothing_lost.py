"""Whatever happens to Home Assistant: what a user wants and had is not lost."""

import asyncio
from collections.abc import Callable, Coroutine
import errno
from itertools import product
import random
from typing import Any
from unittest.mock import patch

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.miners.model import Setting

from . import lengths
from .conftest import GAMMA, NANO_3S, NERD, Q, TimedBench
from .fleets import SAVE_POWER
from .house import GAMMA_PAUSES
from .outages import SETTLED, TWO_POLLS, Home, move_in, slow_disk

DAY, HOUR, MINUTE = 86_400.0, 3600.0, 60.0
WHILE = HOUR if lengths.full else 15 * MINUTE
LASTS = 90.0
MINERS = (GAMMA, GAMMA_PAUSES, NERD, NANO_3S, Q)
"""By settings, by a pause, by a shutdown, by a mode, by standby."""

POINTS = [0.1 * point for point in range(20)]
"""Seconds into a write: before it is stored, stored, sent, taken, told."""


@pytest.fixture
async def home(bench: TimedBench, hass_storage: dict[str, Any]) -> Home:
    return await move_in(bench, hass_storage, *MINERS)


# Interrupted


async def save_power(home: Home) -> None:
    await home.turning(True)


async def resume(home: Home) -> None:
    await home.turning(False)


async def profile_for_a_while(home: Home) -> None:
    devices = [handle.device_id for handle in home.handles]
    await home.hass.services.async_call(
        DOMAIN,
        "apply_profile",
        {"device_id": devices, "profile": "eco", "for": {"seconds": LASTS}},
        blocking=True,
    )


async def move_a_slider(home: Home) -> None:
    handle = next(item for item in home.handles if item.miner.name == GAMMA.name)
    await home.hass.services.async_call(
        "number",
        "set_value",
        {"entity_id": handle.entity_of(Setting.FREQUENCY), "value": 490},
        blocking=True,
    )


async def save_power_of_all(home: Home) -> None:
    await home.hass.services.async_call(
        "switch", "turn_on", {"entity_id": SAVE_POWER}, blocking=True
    )


READ_BACK = 6.0
"""Seconds within which a write is read back."""

ACTIONS = (save_power, resume, profile_for_a_while, move_a_slider, save_power_of_all)
INTERRUPTIONS = ("reload", "stop", "kill")
STORIES = list(product(ACTIONS, INTERRUPTIONS, POINTS))

type Action = Callable[[Home], Coroutine[Any, Any, None]]


async def interrupted(
    home: Home, action: Action, how: str, point: float
) -> list[BaseException]:
    """Begin something, interrupt it, and return what nobody was meant to see."""
    call = asyncio.create_task(action(home))
    await home.bench.pass_time(point)
    if how == "reload":
        await home.bench.run(home.reload())
        await home.bench.run(asyncio.wait([call]))
    else:
        call.cancel()
        await asyncio.wait([call])
    error = None if call.cancelled() else call.exception()
    return [] if isinstance(error, HomeAssistantError | None) else [error]


async def look(home: Home, action: Action, backed_off: float) -> None:
    """See that Home Assistant shows what is, and brings back what was."""
    await home.bench.pass_time(TWO_POLLS + backed_off)
    if home.wrongly_shown():
        # What was brought back this moment is shown with the next reading.
        await home.bench.pass_time(READ_BACK)
    assert home.wrongly_shown() == {}
    await home.bench.pass_time(SETTLED)
    assert home.wrongly_shown() == {}
    if action is move_a_slider:
        assert home.changed() in ({}, {GAMMA.name: {"frequency": 490}})
        return
    if action is profile_for_a_while:
        assert home.changed() == {}, "it is over"
        return
    await home.turn(False)
    await home.bench.pass_time(SETTLED)
    assert home.changed() == {}
    assert home.wrongly_shown() == {}


async def play(home: Home, action: Action, how: str, point: float) -> None:
    """Interrupt one write, and look at what became of it."""
    if action is resume:
        await home.turn(True)
        await home.bench.pass_time(SETTLED)
        assert home.everyone(saves=True) == []
    with slow_disk(0.4):
        assert await interrupted(home, action, how, point) == []
        if how == "reload":
            await look(home, action, 0)
            return
        async with home.replaced(20, killed=how == "kill"):
            await look(home, action, 60)


def chosen() -> list[Any]:
    """Choose some of the stories for each run, each kind among them."""
    kinds = list(product(ACTIONS, INTERRUPTIONS))
    dice = random.Random(12)
    some = {
        (action, how, point)
        for action, how in kinds
        for point in dice.sample(POINTS, 1)
    }
    return [
        pytest.param(
            *story,
            id=f"{story[0].__name__}-{story[1]}-{story[2]:.1f}",
            marks=() if story in some else pytest.mark.campaign,
        )
        for story in STORIES
    ]


@pytest.mark.parametrize(("action", "how", "point"), chosen())
async def test_a_write_that_is_interrupted(
    home: Home, action: Action, how: str, point: float
) -> None:
    """Options are saved, Home Assistant stops, or it is killed, in mid-write."""
    await play(home, action, how, point)


# One after the other


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True)])
async def test_the_last_word_counts_on_a_slow_disk(
    home: Home, first: bool, second: bool
) -> None:
    """Within a second, while each is stored for one and a half."""
    if not first:
        await home.turn(True)
        await home.bench.pass_time(SETTLED)
    with slow_disk(1.5):
        calls = [asyncio.create_task(home.turning(first))]
        await home.bench.pass_time(0.5)
        calls.append(asyncio.create_task(home.turning(second)))
        await home.bench.pass_time(SETTLED)
    errors = [call.exception() for call in calls]
    if second:
        # Only a restart resumes this one, and it is not there meanwhile.
        assert "garage-rig" in str(errors.pop())
        home.miners.remove(next(m for m in home.miners if m.name == NERD.name))

    assert [error for error in errors if error is not None] == []
    assert home.everyone(saves=second) == []
    assert set(home.saving().values()) == {second}


async def test_a_caller_who_goes_away_leaves_nothing_half_done(home: Home) -> None:
    """An automation that is restarted cancels what it has just begun."""
    for point in (0.0, 0.2, 0.5, 0.8, 1.2):
        with slow_disk(1.0):
            call = asyncio.create_task(home.turning(True))
            await home.bench.pass_time(point)
            call.cancel()
            await home.bench.pass_time(SETTLED)
        assert home.everyone(saves=True) == [], point
        await home.turn(False)
        await home.bench.pass_time(SETTLED)
        assert home.changed() == {}, point


# Disks


async def test_nothing_is_sent_that_cannot_be_stored(home: Home) -> None:
    """A full disk: the error says so, and the miners go on."""
    full = OSError(errno.ENOSPC, "No space left on device")
    before = [handle.writes for handle in home.handles]
    with (
        patch("homeassistant.util.file.AtomicWriter", side_effect=full),
        pytest.raises(HomeAssistantError, match="could not save"),
    ):
        await home.turn(True)
    await home.bench.pass_time(TWO_POLLS)

    assert [handle.writes for handle in home.handles] == before
    assert set(home.saving().values()) == {False}
    await home.turn(True)
    await home.bench.pass_time(SETTLED)
    assert home.everyone(saves=True) == []
    await home.turn(False)
    await home.bench.pass_time(SETTLED)
    assert home.changed() == {}


async def test_the_end_is_not_sent_that_cannot_be_stored(home: Home) -> None:
    await home.turn(True)
    await home.bench.pass_time(SETTLED)
    full = OSError(errno.ENOSPC, "No space left on device")
    with (
        patch("homeassistant.util.file.AtomicWriter", side_effect=full),
        pytest.raises(HomeAssistantError, match="could not save"),
    ):
        await home.turn(False)
    await home.bench.pass_time(SETTLED)

    assert home.everyone(saves=True) == []
    await home.turn(False)
    await home.bench.pass_time(SETTLED)
    assert home.changed() == {}


async def test_a_full_disk_and_then_a_kill(home: Home) -> None:
    """What was stored before the disk was full is what counts."""
    await home.turn(True)
    await home.bench.pass_time(SETTLED)
    full = OSError(errno.ENOSPC, "No space left on device")
    with patch("homeassistant.util.file.AtomicWriter", side_effect=full):
        with pytest.raises(HomeAssistantError, match="could not save"):
            await home.turn(False)
        await home.bench.pass_time(WHILE)
    await home.bench.pass_time(WHILE)

    async def power_comes_back() -> None:
        for miner in home.miners:
            miner.reboot()

    async with home.replaced(60, killed=True, meanwhile=power_comes_back):
        await home.bench.pass_time(5 * MINUTE)
        assert home.everyone(saves=True) == []
        assert set(home.saving().values()) == {True}
        await home.turn(False)
        await home.bench.pass_time(SETTLED)
        assert home.changed() == {}


# No power


@pytest.mark.parametrize("late", [0.0, 10 * MINUTE])
async def test_a_power_cut_wakes_nobody(home: Home, late: float) -> None:
    """On the second day of two weeks, Home Assistant and miners start anew.

    In the short form it is the second hour where Home Assistant starts later.
    """
    await home.turn(True)
    await home.bench.pass_time(SETTLED)
    await home.poll_every(1800)
    long = lengths.full or not late
    await home.bench.pass_time(DAY + HOUR if long else 2 * HOUR)

    async def power_comes_back() -> None:
        for miner in home.miners:
            miner.reboot()
        await home.bench.pass_time(late)

    async with home.replaced(HOUR, killed=True, meanwhile=power_comes_back):
        works = dict.fromkeys((miner.name for miner in home.miners), 0.0)
        for _ in range(60):
            await home.bench.pass_time(5)
            for name in home.everyone(saves=True):
                works[name] += 5
        assert max(works.values()) <= MINUTE, works
        assert home.everyone(saves=True) == []
        assert set(home.saving().values()) == {True}
        await home.turn(False)
        await home.bench.pass_time(SETTLED)
        assert home.changed() == {}


async def test_miners_that_start_after_home_assistant_save_power_again(
    home: Home,
) -> None:
    await home.turn(True)
    await home.bench.pass_time(SETTLED)
    async with home.replaced(60, killed=True):
        for miner in home.miners:
            miner.reboot()
        await home.bench.pass_time(SETTLED)
        assert home.everyone(saves=True) == []


async def test_who_was_resumed_while_nobody_looked_stays_so(home: Home) -> None:
    """Without a restart it was the user: the saving is over, and off does nothing."""
    await home.turn(True)
    await home.bench.pass_time(SETTLED)
    pausing = next(m for m in home.miners if m.name == GAMMA_PAUSES.name)

    async def by_hand() -> None:
        pausing.device.resume()

    async with home.replaced(600, meanwhile=by_hand):
        await home.bench.pass_time(TWO_POLLS + 60)
        assert pausing.truth.hashing
        assert home.saving()[GAMMA_PAUSES.name] is False
        await home.bench.pass_time(WHILE)
        assert pausing.truth.hashing


async def test_a_backup_of_the_morning_stops_nobody(home: Home) -> None:
    """The user resumed since; some miners resume by a restart."""
    await home.turn(True)
    await home.bench.pass_time(SETTLED)
    backup = home.backup()
    await home.bench.pass_time(WHILE)
    await home.turn(False)
    await home.bench.pass_time(WHILE)
    assert home.everyone(saves=False) == []
    before = [handle.writes for handle in home.handles]

    async with home.replaced(60, killed=True, backup=backup):
        await home.bench.pass_time(20 * MINUTE)
        assert home.everyone(saves=False) == []
        assert [handle.writes for handle in home.handles] == before


async def test_after_more_than_a_day_nothing_is_written_by_itself(home: Home) -> None:
    """25 hours without Home Assistant: what was before is known all the same."""
    await home.turn(True)
    await home.bench.pass_time(SETTLED)

    async def some_restart() -> None:
        home.miners[1].reboot()

    before = [handle.writes for handle in home.handles]
    async with home.replaced(25 * HOUR, killed=True, meanwhile=some_restart):
        await home.bench.pass_time(20 * MINUTE)
        assert [handle.writes for handle in home.handles] == before
        saving = home.saving()
        assert saving.pop(home.miners[1].name) is False
        assert set(saving.values()) == {True}
        await home.turn(False)
        await home.bench.pass_time(SETTLED)
        assert home.changed() == {}


async def test_old_settings_for_a_while_are_offered_in_a_repair(home: Home) -> None:
    """Both values are named, and nothing is written before the user chooses."""
    gamma = home.handles[0]
    call = home.hass.services.async_call(
        DOMAIN,
        "apply_profile",
        {"device_id": gamma.device_id, "profile": "eco", "for": {"hours": 2}},
        blocking=True,
    )
    await home.bench.run(call)
    await home.bench.pass_time(MINUTE)
    lent = home.changed()
    assert lent

    async with home.replaced(25 * HOUR, killed=True) as hass:
        await home.bench.pass_time(5 * MINUTE)
        assert home.changed() == lent
        entry = home.handles[0].entry
        issue = ir.async_get(hass).async_get_issue(
            DOMAIN, f"temporary_old_{entry.entry_id}"
        )
        assert issue is not None
        assert issue.is_fixable
        steps = issue.translation_placeholders["steps"]
        assert "400 MHz → 525 MHz" in steps
        controller = entry.runtime_data.controller
        await home.bench.run(controller.async_end_temporary(give_back=True))
        await home.bench.pass_time(MINUTE)
        assert home.changed() == {}
        assert not [i for i in ir.async_get(hass).issues if DOMAIN in i]
