"""Who controls a miner, since when, and why: for each cause there is."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from custom_components.miner_monitor.control.model import (
    BY_NOTHING,
    Cause,
    Controlled,
    Reason,
    Requester,
)
from custom_components.miner_monitor.control.overrides import Kind
from custom_components.miner_monitor.miners.model import MinerIdentity, MinerStatus

from .reconciling import GAMMA, MINING, OLD_GAMMA, Case, F, V

GUARD = Requester("Price guard", automated=True)
ANNA = Requester("Anna")
HOUR = 3600.0
HOT = 71.5
PAUSED, STANDBY = MinerStatus.PAUSED, MinerStatus.STANDBY


def _rest(case: Case, status: MinerStatus = PAUSED) -> None:
    """Let the device stop by itself."""
    case.set(mining=False)
    case.become(status=status)


def _save(by: Requester, case: Case) -> None:
    """Save power in somebody's name."""
    changes = case.reconciler.saving_changes()
    case.reconciler.begin_saving(by=by)
    case.take(changes)
    case.reconciler.applied(changes)
    if MINING in changes:
        case.become(status=PAUSED)


def _stop(case: Case) -> None:
    """Turn Mining off in somebody's name."""
    changes = {MINING: False}
    case.reconciler.asked(changes)
    case.reconciler.begin_change(changes, ANNA)
    case.take(changes)
    case.reconciler.applied(changes, by_user=True)
    case.become(status=PAUSED)


def _lend(case: Case) -> None:
    changes = {F: 490.0, V: 1.1}
    case.reconciler.begin_temporary(changes, HOUR, case.now, profile="Night", by=GUARD)
    case.take(changes)
    case.reconciler.applied(changes)


def _protect(case: Case) -> None:
    case.become(chip_temperature=HOT)
    case.poll()
    case.throttle(True, Reason.PROTECT)
    case.become(status=PAUSED, chip_temperature=40.0)


def _step_down(case: Case) -> None:
    case.become(chip_temperature=HOT)
    case.poll()
    changes = {F: 490.0, V: 1.1}
    case.reconciler.begin_step(changes)
    case.take(changes)
    case.reconciler.applied(changes)


def _derate(case: Case) -> None:
    case.become(chip_temperature=HOT)
    case.heat()


def _derate_cold(case: Case) -> None:
    """Let it cool down before it goes on with less, as all firmware does."""
    case.become(chip_temperature=HOT)
    case.poll()
    case.become(status=MinerStatus.OVERHEATED, chip_temperature=40.0)
    case.poll()
    case.become(status=MinerStatus.HASHING)
    case.heat()


def _derate_unseen(case: Case) -> None:
    """Let nobody have seen how hot it got: it was hot once, long before."""
    case.become(chip_temperature=HOT)
    case.poll()
    case.become(chip_temperature=55.0)
    case.polls(3)
    case.heat()


def _and(*steps: Callable[[Case], None]) -> Callable[[Case], None]:
    """Let one thing happen after the other, with polls between."""

    def all_of_them(case: Case) -> None:
        for step in steps:
            step(case)
            case.polls(2)

    return all_of_them


def _end_saving(case: Case) -> None:
    case.throttle(False)


Expected = Controlled

CASES: dict[str, tuple[MinerIdentity, Callable[[Case], None], Controlled]] = {
    "nothing": (GAMMA, lambda _: None, BY_NOTHING),
    "automation": (
        GAMMA,
        partial(_save, GUARD),
        Controlled(reason=Cause.SAVE_POWER, by=GUARD),
    ),
    "user, by settings": (
        OLD_GAMMA,
        partial(_save, ANNA),
        Controlled(reason=Cause.SAVE_POWER, by=ANNA),
    ),
    "who asks again takes nothing over": (
        GAMMA,
        _and(partial(_save, GUARD), partial(_save, ANNA)),
        Controlled(reason=Cause.SAVE_POWER, by=GUARD),
    ),
    "temporary": (
        GAMMA,
        _lend,
        Controlled(
            reason=Cause.TEMPORARY_PROFILE, by=GUARD, detail="Night", until=HOUR
        ),
    ),
    "saving covers temporary": (
        GAMMA,
        _and(_lend, partial(_save, ANNA)),
        Controlled(reason=Cause.SAVE_POWER, by=ANNA),
    ),
    "protection saves": (
        GAMMA,
        _protect,
        Controlled(reason=Cause.OVERHEAT_PROTECTION, detail=HOT),
    ),
    "protection steps down": (
        GAMMA,
        _step_down,
        Controlled(reason=Cause.OVERHEAT_PROTECTION, detail=HOT),
    ),
    "firmware": (
        GAMMA,
        _derate,
        Controlled(reason=Cause.THROTTLED_BY_MINER, detail=HOT),
    ),
    "firmware, which let it cool down": (
        GAMMA,
        _derate_cold,
        Controlled(reason=Cause.THROTTLED_BY_MINER, detail=HOT),
    ),
    "firmware, and nobody saw the heat": (
        GAMMA,
        _derate_unseen,
        Controlled(reason=Cause.THROTTLED_BY_MINER),
    ),
    "own page": (GAMMA, _rest, Controlled(reason=Cause.PAUSED_ON_DEVICE)),
    "own page, then saving": (
        GAMMA,
        _and(_rest, partial(_save, GUARD)),
        Controlled(reason=Cause.PAUSED_ON_DEVICE),
    ),
    "own page, then saving, which ends": (
        GAMMA,
        _and(_rest, partial(_save, GUARD), _end_saving),
        Controlled(reason=Cause.PAUSED_ON_DEVICE),
    ),
    "own button": (
        GAMMA,
        lambda case: _rest(case, STANDBY),
        Controlled(reason=Cause.STANDBY_ON_DEVICE),
    ),
    "Mining": (GAMMA, _stop, Controlled(reason=Cause.STOPPED, by=ANNA)),
    "Mining beats own page": (
        GAMMA,
        _and(_rest, _stop),
        Controlled(reason=Cause.STOPPED, by=ANNA),
    ),
    "works again": (
        GAMMA,
        _and(_rest, lambda case: case.set(mining=True)),
        BY_NOTHING,
    ),
    "resumed": (GAMMA, _and(partial(_save, GUARD), _end_saving), BY_NOTHING),
    "resuming": (
        GAMMA,
        _and(
            partial(_save, GUARD),
            lambda case: (_end_saving(case), case.set(mining=False))[0],
        ),
        BY_NOTHING,
    ),
    "no answer yet": (
        GAMMA,
        lambda case: case.become(status=MinerStatus.OVERHEATED),
        BY_NOTHING,
    ),
}


@pytest.mark.parametrize(
    ("identity", "happens", "expected"), CASES.values(), ids=list(CASES)
)
def test_cause(
    identity: MinerIdentity,
    happens: Callable[[Case], None],
    expected: Controlled,
) -> None:
    """Before and after a restart of Home Assistant, which changes nothing of it."""
    case = Case(identity)
    begun = case.wall
    happens(case)
    case.polls(2)
    found = case.shown.controlled
    case.restart()
    case.polls(2)
    assert case.shown.controlled == found

    if expected.reason is not None:
        assert found.since is not None
        assert begun <= found.since <= case.wall
    until = None if expected.until is None else (found.since or 0) + expected.until
    assert replace(found, since=None) == replace(expected, until=until)


def test_an_old_backup_claims_no_stop() -> None:
    """What was stopped a week ago may have been stopped by anybody since."""
    case = Case(GAMMA)
    _stop(case)
    case.polls(2)
    case.restart(away=7 * 24 * HOUR)
    case.poll()
    assert case.shown.controlled.reason is Cause.PAUSED_ON_DEVICE
    assert not case.reconciler.overrides[Kind.SAVE_POWER].active
