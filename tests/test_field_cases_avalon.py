"""What owners of Avalons reported, shown as it has to be: by flow and polls.

The replies are real ones where there are any, else written by what running firmware
was seen to answer.
"""

from collections.abc import Callable
import json
from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN
from homeassistant.core import State
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.miner_monitor.insight.health import HealthWatch
from custom_components.miner_monitor.insight.model import (
    Baseline,
    InsightOptions,
    Shares,
)
from custom_components.miner_monitor.miners.model import (
    Fan,
    Limits,
    MinerState,
    MinerStatus,
    Setting,
)
from custom_components.miner_monitor.model import Moment

from .avalon_playback import HELP, NO_POOLS, AvalonPlayback, answer, play
from .conftest import NANO_3S as SIMULATED_NANO_3S, TimedBench
from .handles import take_over
from .miners.avalon_polls import (
    A1246,
    MINI_3,
    NANO_3S,
    POOL,
    SPARE,
    SUMMARY,
    Blob,
    Q,
    body,
    text_of,
)
from .test_exporter_metrics import METRICS

pytestmark = pytest.mark.usefixtures("entity_registry_enabled_by_default")

POLL = 15
MAIN, OTHER = "pool.example.com:4444", "spare.example.com:3333"
CONNECTED = {"Status": "Alive", "Stratum Active": True}
LOST = {"Status": "Dead", "Stratum Active": False}


def capture(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body(name).rstrip(b"\0 \r\n"))
    return found


def pools(first: dict[str, Any], second: dict[str, Any]) -> Any:
    return answer(
        "POOLS", {**POOL, "Works": 10, **first}, {**SPARE, "Works": 10, **second}
    )


def statistics(blob: Blob) -> Any:
    key = "MM ID0:Summary" if blob.get("Ver", "").startswith("Q-") else "MM ID0"
    text = text_of(blob)
    row = {"ID": "AVALON0", key: f"'STATS':{{{text}}}" if key != "MM ID0" else text}
    return answer("STATS", row)


def sections(blob: Blob, **others: Any) -> dict[str, Any]:
    """Make the replies of an Avalon without rows of pools in ``estats``."""
    told = statistics(blob)
    return {
        "summary": answer("SUMMARY", SUMMARY),
        "estats": told,
        "stats": told,
        "pools": pools(CONNECTED, CONNECTED),
        "version": answer("VERSION", {"PROD": "Avalon", "HWTYPE": "x"}),
        HELP: answer("ASCSET"),
    } | others


def says(miner: AvalonPlayback, blob: Blob) -> None:
    miner.sections["estats"] = miner.sections["stats"] = statistics(blob)


async def added(
    bench: TimedBench, miner: AvalonPlayback
) -> tuple[Any, Callable[..., State]]:
    entry = await bench.add(miner)
    registry = er.async_get(bench.hass)

    def shown(key: str) -> State:
        domain, _, name = key.rpartition(".")
        entity_id = registry.async_get_entity_id(
            domain or "sensor", "miner_monitor", f"{entry.unique_id}_{name}"
        )
        assert entity_id is not None, key
        state = bench.hass.states.get(entity_id)
        assert state is not None
        return state

    return entry, shown


# v02


async def test_v02_voltages_of_an_a1047_are_in_millivolts(bench: TimedBench) -> None:
    stats = capture("a1047-19120401-stats.json")
    miner = await play(
        bench,
        {
            "summary": capture("a1047-19120401-summary.json"),
            "estats": stats,
            "stats": stats,
            "pools": capture("a1047-19120401-pools.json"),
        },
    )
    _, shown = await added(bench, miner)
    assert float(shown("core_voltage_actual").state) == 0.328
    assert float(shown("chip_voltage_min").state) == 0.311
    assert float(shown("chip_voltage_max").state) == 0.325
    assert float(shown("psu_output_voltage").state) == 13.15
    assert float(shown("psu_output_current").state) == 174
    assert shown("status").state == "hashing"
    assert shown("binary_sensor.fault").state == STATE_OFF
    assert float(shown("power").state) == 2288
    assert float(shown("hash_rate").state) == pytest.approx(37.367, abs=0.01)
    assert shown("pool").state == "sha256.pool.example:9996"


# v07

FOUR_BOARDS: Blob = A1246 | {
    "Ver": "1566HA-24102401_25462b2",
    "SYSTEMSTATU": "Work: In Work, Hash Board: 4",
    "MGHS": "26907.01 26025.06 26724.56 26500.00",
    "MH": "1 2 3 4",
    "HASHS": "0 0 0 0",
    "ECHU": "0 0 0 0",
}
THREE_OF_FOUR = FOUR_BOARDS | {
    "SYSTEMSTATU": "Work: In Work, Hash Board: 3",
    "MGHS": "26907.01 26025.06 0.00 26500.00",
}
THREE_LISTED = THREE_OF_FOUR | {"MGHS": "26907.01 26025.06 26500.00", "MH": "1 2 4"}


@pytest.mark.parametrize("loss", [THREE_OF_FOUR, THREE_LISTED])
async def test_v07_a_lost_board_of_four_is_a_fault(
    bench: TimedBench, loss: Blob
) -> None:
    miner = await play(bench, sections(FOUR_BOARDS))
    _, shown = await added(bench, miner)
    await bench.advance(2 * POLL)
    assert shown("binary_sensor.fault").state == STATE_OFF

    says(miner, loss)
    await bench.advance(POLL + 1)

    fault = shown("binary_sensor.fault")
    assert fault.state == STATE_ON
    assert "hash_board" in fault.attributes["faults"]
    assert shown("status").state == "hashing"
    says(miner, FOUR_BOARDS)
    await bench.advance(POLL + 1)
    assert shown("binary_sensor.fault").state == STATE_OFF


async def test_v07_a_board_lost_while_home_assistant_was_off_is_a_fault(
    bench: TimedBench,
) -> None:
    miner = await play(bench, sections(FOUR_BOARDS))
    entry, shown = await added(bench, miner)
    await bench.advance(2 * POLL)
    await bench.hass.config_entries.async_unload(entry.entry_id)
    says(miner, THREE_LISTED)
    await bench.hass.config_entries.async_setup(entry.entry_id)
    await bench.settle()

    assert "hash_board" in shown("binary_sensor.fault").attributes["faults"]


@pytest.mark.parametrize(
    ("blob", "loss"),
    [
        (A1246 | {"Ver": "1346-110-24041001_08b0955"}, {"TA": "240"}),
        (MINI_3, {"TA": "60"}),
        (NANO_3S | {"Ver": "Nano9-26010101_abcdef0", "TA": "14"}, {"TA": "13"}),
    ],
)
async def test_v07_chips_that_were_seen_are_missed(
    bench: TimedBench, blob: Blob, loss: Blob
) -> None:
    miner = await play(bench, sections(blob))
    _, shown = await added(bench, miner)
    await bench.advance(2 * POLL)
    assert shown("binary_sensor.fault").state == STATE_OFF

    says(miner, blob | loss)
    await bench.advance(POLL + 1)

    assert shown("binary_sensor.fault").attributes["faults"] == ["chips_missing"]


# K11


async def test_k11_a_fan_that_barely_turns_is_a_fan_fault(bench: TimedBench) -> None:
    miner = await play(bench, sections(A1246 | {"Fan3": "310"}))
    _, shown = await added(bench, miner)
    await bench.advance(3 * POLL)
    assert shown("binary_sensor.fan_fault").state == STATE_ON

    says(miner, A1246 | {"Fan3": "2700"})
    await bench.advance(POLL + 1)
    assert shown("binary_sensor.fan_fault").state == STATE_OFF


def fan_fault(*fans: Fan, polls: int = 3) -> bool | None:
    """Tell what is found after some polls of a miner of any family."""
    watch = HealthWatch(Limits(), InsightOptions())
    state = MinerState(status=MinerStatus.HASHING, fans=fans)
    for poll in range(polls):
        now = 15.0 * poll
        moment = Moment(wall=now, monotonic=now, day=0)
        found = watch.observe(state, Baseline(), Shares(), moment)
    return found.fan_fault


@pytest.mark.parametrize(
    ("fans", "polls", "fault"),
    [
        ((Fan(speed=5300, duty_cycle=72), Fan(speed=529, duty_cycle=72)), 3, True),
        ((Fan(speed=5300, duty_cycle=72), Fan(speed=529, duty_cycle=72)), 2, False),
        ((Fan(speed=5300, duty_cycle=72), Fan(speed=531, duty_cycle=72)), 3, False),
        ((Fan(speed=5300, duty_cycle=100), Fan(speed=400, duty_cycle=20)), 9, False),
        ((Fan(speed=5300), Fan(speed=400)), 9, False),
        ((Fan(speed=5300, duty_cycle=0), Fan(speed=400, duty_cycle=0)), 9, False),
        ((Fan(speed=400, duty_cycle=50),), 9, False),
        ((Fan(speed=5300, duty_cycle=72), Fan(speed=0, duty_cycle=72)), 9, False),
        ((Fan(speed=5300, duty_cycle=72), Fan(duty_cycle=72)), 9, False),
        (
            tuple(Fan(speed=rpm, duty_cycle=72) for rpm in (5300, 100, 90, 80)),
            3,
            True,
        ),
    ],
)
def test_k11_is_a_rule_for_fans_of_the_same_duty(
    fans: tuple[Fan, ...], polls: int, fault: bool
) -> None:
    assert fan_fault(*fans, polls=polls) is fault


# right today, and to stay so


@pytest.mark.parametrize(
    ("file", "watts", "rate"),
    [
        ("nano3s-25021401-high130-estats.json", 130, 6.10559),
        ("nano3s-25021401-mid94-estats.json", 94, 4.8701),
    ],
)
async def test_a_nano_3s_shows_its_own_watts_and_rate(
    bench: TimedBench, file: str, watts: float, rate: float
) -> None:
    """Also where its summary, an estimate from shares, tells 11.4 TH/s."""
    stats = capture(file)
    estimate = SUMMARY | {"MHS 5s": 11.4e6, "MHS 1m": 11.4e6, "MHS av": 11.4e6}
    told = sections(NANO_3S, summary=answer("SUMMARY", estimate))
    miner = await play(bench, told | {"estats": stats, "stats": stats})
    _, shown = await added(bench, miner)
    await bench.advance(POLL + 1)
    assert shown("status").state == "hashing"
    assert float(shown("power").state) == watts
    assert float(shown("hash_rate").state) == pytest.approx(rate)
    assert shown("binary_sensor.fault").state == STATE_OFF
    attributes = shown("controller_state").attributes
    assert attributes["hash_board_voltage"] == pytest.approx(
        float(attributes["ps"][5]) / 1e3
    )


# pools


def on_screen(row: dict[str, Any]) -> Any:
    return answer("LCD", {"Current Pool": row["URL"], "User": row["User"]})


@pytest.mark.parametrize("screen", [True, False])
async def test_the_pool_shown_is_the_one_that_a_nano_3s_mines_on(
    bench: TimedBench, screen: bool
) -> None:
    """Switched by hand, failed over and back: priorities go ahead of the work."""
    told = sections(NANO_3S)
    if screen:
        told["lcd"] = on_screen(POOL)
    miner = await play(bench, told)
    entry, shown = await added(bench, miner)
    counts = [[10, 890], [10, 0]]
    works_for = 0
    story = [
        # priorities, connected, and which pool the work goes to
        ((0, 1), (True, True), 0),
        ((0, 1), (True, True), 0),
        ((1, 0), (True, True), 0),  # switched: the priority counts at once
        ((1, 0), (True, True), 0),
        ((1, 0), (True, True), 1),  # two minutes later the work follows
        ((1, 0), (True, True), 1),
        ((1, 0), (True, False), 0),  # its pool fails
        ((1, 0), (True, False), 0),
        ((1, 0), (True, True), 0),  # it is back, and the work is not
        ((1, 0), (True, True), 0),
        ((1, 0), (True, True), 1),
        ((0, 1), (True, True), 1),  # switched back
        ((0, 1), (True, True), 0),
    ]
    for priorities, connected, works_for in story:
        counts[works_for][0] += 140
        counts[works_for][1] += 1
        rows = [
            {"Priority": order, "Works": works, "Accepted": accepted}
            | (CONNECTED if there else LOST)
            for order, there, (works, accepted) in zip(
                priorities, connected, counts, strict=True
            )
        ]
        miner.sections["pools"] = pools(*rows)
        if screen:
            miner.sections["lcd"] = on_screen((POOL, SPARE)[works_for])
        miner.polls()
        await entry.runtime_data.async_refresh()
        assert len(miner.polls()) == 1
        assert shown("pool").state == (MAIN, OTHER)[works_for], (priorities, works_for)
        statuses = [shown(f"pool_{place}_status").state for place in (1, 2)]
        assert statuses[works_for] == "active"
        spare = "standby" if connected[1 - works_for] else "dead"
        assert statuses[1 - works_for] == spare
        assert shown("binary_sensor.pool_connected").state == STATE_ON


@pytest.mark.parametrize(
    "blob", [NANO_3S, Q, A1246, None], ids=["nano-3s", "q", "a1246", "cgminer"]
)
async def test_lost_pools_are_shown_within_two_polls(
    bench: TimedBench, blob: Blob | None
) -> None:
    """No heat is claimed, and no rate is shown."""
    told = sections(blob or {})
    if blob is None:
        for name in ("estats", "stats"):
            told[name] = answer("STATS")
        told["version"] = answer("VERSION", {"CGMiner": "4.11.1"})
    miner = await play(bench, told)
    _, shown = await added(bench, miner)
    await bench.advance(POLL + 1)
    assert shown("status").state == "hashing"

    miner.sections["pools"] = pools(LOST, LOST)
    await bench.advance(2 * POLL + 1)

    assert shown("status").state == "pool_lost"
    assert shown("binary_sensor.pool_connected").state == STATE_OFF
    assert float(shown("hash_rate").state) == 0
    assert shown("hash_rate_average").state == STATE_UNKNOWN
    if blob is not None:
        assert shown("binary_sensor.overheating").state == STATE_OFF
    miner.sections["pools"] = pools(CONNECTED, CONNECTED)
    await bench.advance(POLL + 1)
    assert shown("status").state == "hashing"


async def test_no_pool_configured_is_a_lost_pool(bench: TimedBench) -> None:
    idle = {"SYSTEMSTATU": "Work: In Fault, Hash Board: 1", "GHSspd": "0.00"}
    lite = answer("STATS", {"MM ID0": "STATE[3] MODE[2] FW[Release]"})
    miner = await play(bench, sections(NANO_3S | idle, pools=NO_POOLS, litestats=lite))
    _, shown = await added(bench, miner)
    assert shown("status").state == "pool_lost"
    assert shown("binary_sensor.pool_connected").state == STATE_OFF
    assert shown("binary_sensor.fault").state == STATE_OFF


# the fifth state


@pytest.mark.parametrize("word", ["\x01", ""])
@pytest.mark.parametrize("watts", [3, 25])
async def test_the_state_of_a_fault_has_no_word_and_is_a_fault(
    bench: TimedBench, word: str, watts: int
) -> None:
    miner = await play(bench, sections(NANO_3S))
    _, shown = await added(bench, miner)
    assert shown("status").state == "hashing"

    broken = NANO_3S | {
        "SYSTEMSTATU": f"Work: {word}, Hash Board: 1",
        "PS": f"0 0 27541 0 0 0 {watts}",
        "GHSspd": "0.00",
    }
    says(miner, broken)
    miner.sections["litestats"] = answer("STATS", {"MM ID0": "STATE[4] MODE[2]"})
    await bench.advance(POLL + 1)

    assert shown("status").state == "fault"
    assert shown("binary_sensor.fault").state == STATE_ON
    assert shown("binary_sensor.overheating").state != STATE_ON
    assert float(shown("power").state) == watts
    assert float(shown("hash_rate").state) == 0


# what the exporter's users look for


async def test_metrics_of_a_nano_3s_without_rows_of_pools_in_estats(
    bench: TimedBench,
) -> None:
    """All of them, with one request per poll once it is known."""
    twin = await bench.miner(SIMULATED_NANO_3S)
    told = {
        name: twin.reply(name)
        for name in ("summary", "estats", "stats", "pools", "litestats", "lcd")
    }
    told["version"] = twin.reply("version")
    rows = told["estats"]["STATS"]
    told["estats"]["STATS"] = [row for row in rows if "POOL" not in str(row["ID"])]
    miner = await play(bench, told)
    entry, shown = await added(bench, miner)
    miner.polls()
    await entry.runtime_data.async_refresh()
    assert len(miner.polls()) == 1

    for metric, (expected, place) in METRICS.items():
        assert place.value(shown) == pytest.approx(expected(twin), rel=1e-3), metric


async def test_the_pool_shown_follows_the_work_of_a_simulated_nano_3s(
    bench: TimedBench,
) -> None:
    """Switched by hand, failed over and back, at every poll after the first share."""
    handle = await take_over(bench, await bench.miner(SIMULATED_NANO_3S))
    device = handle.miner.device

    async def watch(seconds: float) -> list[int]:
        """Return the pools that were mined on and shown, one after the other."""
        seen: list[int] = []
        for _ in range(round(seconds / POLL)):
            await bench.advance(POLL)
            pool = device.pool_in_use
            if pool is None or pool.last_share is None:
                continue
            shown = bench.hass.states.get(handle.entity("sensor", "pool"))
            assert shown is not None
            assert shown.state in pool.url
            if seen[-1:] != [pool.number]:
                seen.append(pool.number)
        return seen

    assert await watch(300) == [0]
    await handle.set(Setting.POOL, 1)
    assert await watch(300) == [0, 1]
    handle.miner.inject("pool_lost", pools=[1])
    assert (await watch(300))[-1] == 0
    handle.miner.clear("pool_lost")
    assert await watch(300) == [0, 1]
