"""The pools of a cgminer."""

from typing import Any

import pytest

from custom_components.miner_monitor.miners.model import Pool, PoolStatus

from .avalon_polls import (
    A1246,
    POOL,
    Q_VERSION,
    SPARE,
    SUMMARY,
    Device,
    Q,
    poll_of,
    read,
    rows_of,
)

WHEN = 1753431516
START = WHEN - 101614


def pool(**change: Any) -> Pool:
    row = {key: value for key, value in (POOL | change).items() if value is not None}
    return read(Q, pools=(row,)).state.pools[0]


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("stratum+tcp://pool.example.com:4444", "pool.example.com", 4444),
        ("stratum+ssl://pool.example.com:443/path", "pool.example.com", 443),
        ("pool.example.com:4444", "pool.example.com", 4444),
        ("pool.example.com", "pool.example.com", None),
        ("stratum+tcp://user:word@pool.example.com:1", "pool.example.com", 1),
        ("stratum+tcp://[2001:db8::1]:3333", "[2001:db8::1]", 3333),
        ("stratum+tcp://[2001:db8::1]", "[2001:db8::1]", None),
        ("pool.example.com:99999", "pool.example.com", None),
        ("pool.example.com:x", "pool.example.com", None),
        ("", None, None),
        ("x" * 600, None, None),
        (17, None, None),
        (None, None, None),
    ],
)
def test_address(url: object, host: str | None, port: int | None) -> None:
    found = pool(URL=url)
    assert (found.host, found.port) == (host, port)


@pytest.mark.parametrize(
    ("told", "active", "status", "connected"),
    [
        ("Alive", True, "active", True),
        ("Alive", False, "standby", False),
        ("Alive", None, "active", True),
        ("Failover", True, "active", True),
        ("Failover", None, "active", True),
        ("Unknown", True, "active", True),
        ("Unknown", False, None, False),
        ("Unknown", None, None, None),
        ("Dead", True, "dead", False),
        ("Dead", False, "dead", False),
        ("Disabled", False, "disabled", False),
        ("Rejecting", True, "rejecting", False),
        ("alive", True, "active", True),
        ("odd", True, "active", True),
        (None, True, "active", True),
        (3, True, "active", True),
        (None, None, None, None),
    ],
)
def test_status(
    told: object, active: bool | None, status: str | None, connected: bool | None
) -> None:
    found = pool(Status=told, **{"Stratum Active": active})
    assert found.status == (None if status is None else PoolStatus(status))
    assert found.connected is connected
    assert found.active is (status == "active" or active is True)


def test_numbers() -> None:
    found = pool()
    assert (found.accepted, found.rejected) == (890, 2)
    assert found.difficulty == 524288
    assert found.best_difficulty == 354914572


@pytest.mark.parametrize("told", ["x", -1, float("nan"), float("inf"), [], True])
def test_hostile_numbers(told: object) -> None:
    found = pool(Accepted=told, Getworks=told, **{"Stratum Difficulty": told})
    assert found.accepted is None
    assert found.difficulty is None
    assert "getworks" not in found.figures
    assert found.rejected == 2


@pytest.mark.parametrize(
    ("told", "when", "elapsed", "moment"),
    [
        (1753425081, WHEN, 101614, 1753425081),
        (1753425081, None, 101614, 1753425081),
        (31279, WHEN, 101614, START + 31279),
        (31279, 986, 101614, None),
        (31279, None, 101614, None),
        (31279, WHEN, None, None),
        (31279, 10**13, 101614, None),
        (0, WHEN, 101614, None),
    ],
)
def test_time_of_the_last_share(
    told: int, when: int | None, elapsed: int | None, moment: int | None
) -> None:
    rows = ({**POOL, "Last Share Time": told},)
    summary = SUMMARY | {"Elapsed": elapsed}
    found = read(Q, pools=rows, when=when, summary=summary).state.pools[0]
    assert found.figures.get("last_share_time") == moment


def test_the_time_of_the_last_share_does_not_jitter() -> None:
    device = Device()
    found = []
    for late in (0, 1, -1, 5):
        poll = poll_of(Q, when=WHEN + late)
        found.append(device.answers(poll).state.pools[0])
    assert {pool.figures["last_share_time"] for pool in found} == {START + 31279}
    moved = device.answers(poll_of(Q, when=WHEN + 600)).state.pools[0]
    assert moved.figures["last_share_time"] == START + 600 + 31279


def test_traffic_goes_to_the_pool_of_its_number() -> None:
    rows = (
        *rows_of(A1246),
        {"ID": "POOL1", "Times Sent": 3, "Work Had Roll Time": False},
        {"ID": "POOL0", "Times Sent": 895, "Work Diff": 524288.0},
    )
    found = read(A1246, stats=rows).state.pools
    assert found[0].figures["times_sent"] == 895
    assert found[0].figures["work_diff"] == 524288
    assert found[1].figures["times_sent"] == 3
    assert found[1].figures["work_had_roll_time"] is False


def test_a_pool_of_which_nothing_is_new_is_not_read_again() -> None:
    device, found = Device(), []
    for more in (0, 15):
        traffic = [
            {"ID": f"POOL{place}", "Elapsed": 101614 + more, "Times Sent": 3}
            for place in range(2)
        ]
        working = POOL | {"Works": 681 + more}
        poll = poll_of(A1246, stats=(*rows_of(A1246), *traffic), pools=(working, SPARE))
        found.append(device.answers(poll).state.pools)
    (worked, rested), (works, rests) = found
    assert rests is rested
    assert rests.figures["times_sent"] == 3
    assert works.figures["works"] == worked.figures["works"] + 15


TRAFFIC = ({"ID": "POOL0", "Times Sent": 895}, {"ID": "POOL1", "Times Sent": 3})


def test_traffic_told_apart_lasts_until_it_is_old_or_the_miner_starts_again() -> None:
    device = Device(Q_VERSION)
    device.thorough, device.traffic = True, TRAFFIC
    found = device.says(Q).state.pools
    assert [pool.figures["times_sent"] for pool in found] == [895, 3]

    device.traffic = None
    assert device.says(Q, after=900).state.pools[0].figures["times_sent"] == 895
    assert "times_sent" not in device.says(Q, after=1).state.pools[0].figures

    device.traffic = TRAFFIC
    assert device.says(Q, after=600).state.pools[0].figures["times_sent"] == 895
    device.traffic = None
    poll = poll_of(Q | {"Elapsed": "9"}, summary=SUMMARY | {"Elapsed": 9})
    assert "times_sent" not in device.answers(poll).state.pools[0].figures


def test_who_never_tells_the_traffic_is_asked_less_and_less() -> None:
    device = Device(Q_VERSION)
    device.thorough = True
    device.says(Q)
    for wait in (120, 240, 480, 600, 600):
        device.says(Q, after=wait - 1)
        assert not device.wants.traffic
        device.says(Q, after=1)
        assert device.wants.traffic


def test_without_pools_nobody_asks_for_their_traffic() -> None:
    device = Device(Q_VERSION)
    device.thorough = True
    device.answers(poll_of(Q, pools=()))
    assert not device.wants.traffic


@pytest.mark.parametrize(
    ("pools", "used", "connected", "fallback", "difficulty", "height"),
    [
        ((POOL, SPARE), "pool.example.com:4444", True, False, 524288, 907089),
        ((), None, None, None, None, None),
        (
            (POOL | {"Stratum Active": False}, SPARE | {"Stratum Active": True}),
            "spare.example.com:3333",
            True,
            True,
            524288,
            907089,
        ),
        (
            (
                POOL | {"Stratum Active": False, "Status": "Disabled"},
                SPARE | {"Stratum Active": True},
            ),
            "spare.example.com:3333",
            True,
            False,
            524288,
            907089,
        ),
        (
            (
                POOL | {"Stratum Active": False, "Priority": 5},
                SPARE | {"Stratum Active": True},
            ),
            "spare.example.com:3333",
            True,
            False,
            524288,
            907089,
        ),
        (
            (POOL | {"Stratum Active": False}, SPARE),
            None,
            False,
            None,
            None,
            None,
        ),
        (
            (POOL | {"Status": "Dead", "Stratum Difficulty": 0},),
            "pool.example.com:4444",
            False,
            False,
            None,
            907089,
        ),
        (
            (POOL | {"Current Block Height": 0, "Priority": "x"},),
            "pool.example.com:4444",
            True,
            None,
            524288,
            None,
        ),
    ],
)
def test_the_pool_in_use(
    pools: Any,
    used: str | None,
    connected: bool | None,
    fallback: bool | None,
    difficulty: float | None,
    height: int | None,
) -> None:
    found = read(Q, pools=pools).state
    assert found.pool == used
    assert found.pool_connected is connected
    assert found.fallback_pool is fallback
    assert found.pool_difficulty == difficulty
    assert found.block_height == height


def test_without_pools_the_last_count_is_kept() -> None:
    device = Device()
    first = device.says(Q).identity
    lost = device.answers(poll_of(Q, pools=()))
    assert lost.identity is first
    assert lost.state.pools == ()
