"""What the tools before this one got wrong, by the numbers of their defects."""

from dataclasses import replace
from itertools import pairwise

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
import pytest

from custom_components.miner_monitor.insight.model import FindingKind
from simulator import MinerSpec

from .conftest import (
    A1566,
    GAMMA,
    GAMMA_2,
    HEX,
    NANO_3,
    NIMIQ,
    RB4,
    SUPRA,
    TimedBench,
)
from .test_insight import HOUR, number, state_of, told
from .test_sensor import GAMMA_215


async def test_defect_5_what_events_are_told_by_outlives_a_restart(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """A restart of ours does not make an old best share news."""
    entry = await bench.add(await bench.miner(GAMMA_215))
    await bench.pass_time(HOUR)
    before = state_of(hass, entry, "activity", "event").state

    for _ in range(3):
        await bench.run(hass.config_entries.async_reload(entry.entry_id))
        await bench.pass_time(1)

    assert state_of(hass, entry, "activity", "event").state == before


async def test_defect_6_a_silent_miner_makes_no_gap_in_what_others_show(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    silent, well = await bench.miner(GAMMA), await bench.miner(GAMMA_2)
    await bench.add(silent)
    entry = await bench.add(well)
    await bench.pass_time(60)
    silent.inject("timeout")
    began = bench.now
    counted, true = number(hass, entry, "energy"), well.truth.energy_wh
    await bench.pass_time(HOUR)

    asked = [request.time for request in well.requests if request.time >= began]
    assert max(after - before for before, after in pairwise(asked)) < 16
    used = number(hass, entry, "energy") - counted
    assert used == pytest.approx((well.truth.energy_wh - true) / 1e3, abs=0.0021)


@pytest.mark.parametrize(
    "spec",
    [
        GAMMA,
        HEX,
        SUPRA,
        MinerSpec(name="max", model="max_102", firmware="2.9.0", seed=11),
        MinerSpec(name="ultra", model="ultra_204", firmware="2.6.0", seed=3),
    ],
    ids=lambda spec: spec.name,
)
async def test_defect_18_a_healthy_miner_reaches_what_is_expected(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec
) -> None:
    """Whatever chips it has, and however many."""
    entry = await bench.add(await bench.miner(replace(spec, uptime=86_400)))
    await bench.pass_time(900)

    assert number(hass, entry, "hash_rate_ratio") == pytest.approx(100, abs=5)


async def test_defect_19_who_is_away_is_in_no_ratio_of_all(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    away = await bench.miner(GAMMA)
    await bench.add(away)
    await bench.add(await bench.miner(GAMMA_2))
    await bench.pass_time(900)
    away.inject("offline")
    await bench.pass_time(300)

    assert float(hass.states.get("sensor.all_miners_miners_online").state) == 1
    assert float(
        hass.states.get("sensor.all_miners_hash_rate_ratio").state
    ) == pytest.approx(100, abs=5)


async def test_defect_20_values_that_stand_still_for_ever_are_not_shown(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """The exporter answers, and its miner is gone: that is away."""
    miner = await bench.miner(replace(RB4, cards=1))
    entry = await bench.add(miner)
    await bench.pass_time(60)
    miner.inject("freeze")
    await bench.pass_time(600)

    assert state_of(hass, entry, "online", "binary_sensor").state == "off"
    assert state_of(hass, entry, "hash_rate").state == STATE_UNAVAILABLE


async def test_defect_21_no_shares_of_no_shares_stop_nothing(
    bench: TimedBench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    """Nothing of nothing is no rate, and all else is read on."""
    miner = await bench.miner(replace(RB4, cards=1))
    entry = await bench.add(miner)
    await bench.pass_time(60)
    assert number(hass, entry, "share_error_rate") >= 0
    miner.inject("override", values={"share_good": 0, "share_bad": 0, "share_total": 0})
    await bench.pass_time(HOUR)

    assert state_of(hass, entry, "online", "binary_sensor").state == "on"
    assert state_of(hass, entry, "share_error_rate").state == STATE_UNKNOWN
    assert state_of(hass, entry, "reject_rate").state == STATE_UNKNOWN
    assert number(hass, entry, "shares_accepted") == 0
    true = miner.truth.hash_rate_ths * 1e3
    assert number(hass, entry, "hash_rate") == pytest.approx(true, rel=0.03)


async def test_defect_22_a_rate_is_in_its_own_unit(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """A Nimiq's exporter writes GH/s and means kH/s."""
    miner = await bench.miner(NIMIQ)
    entry = await bench.add(miner)
    await bench.pass_time(900)

    rate = state_of(hass, entry, "hash_rate")
    assert rate.attributes["unit_of_measurement"] == "kH/s"
    true = miner.truth.hash_rate_ths * 1e9
    assert float(rate.state) == pytest.approx(true, rel=0.03)


async def test_defect_25_a_nano_3_takes_what_it_takes(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Energy is made of watts, not of a slot that means something else there."""
    miner = await bench.miner(NANO_3)
    entry = await bench.add(miner)
    before = miner.truth.energy_wh
    await bench.pass_time(HOUR)

    true = (miner.truth.energy_wh - before) / 1e3
    assert number(hass, entry, "energy") == pytest.approx(true, rel=0.03, abs=0.0015)


async def test_defect_26_counters_outlive_us(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    await bench.pass_time(60)
    for _ in range(2):
        miner.inject("offline")
        await bench.pass_time(300)
        miner.clear("offline")
        await bench.pass_time(120)
    insight = entry.runtime_data.data.insight
    assert insight.presence.times_offline == 2
    failed = sum(insight.failed_polls.values())
    assert failed > 4

    await bench.run(hass.config_entries.async_reload(entry.entry_id))
    await bench.pass_time(30)

    insight = entry.runtime_data.data.insight
    assert insight.presence.times_offline == 2
    assert insight.presence.time_away > 500
    assert sum(insight.failed_polls.values()) == failed


async def test_defect_27_all_boards_and_fans_count(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Two fans, three boards: one that stops is found whichever it is."""
    miner = await bench.miner(A1566)
    entry = await bench.add(miner)
    await bench.pass_time(60)
    state = entry.runtime_data.data.state

    assert len(state.fans) > 1
    assert all(fan.speed for fan in state.fans)
    assert len(state.boards) > 1
    assert state.hash_rate == pytest.approx(
        sum(board.hash_rate for board in state.boards), rel=0.1
    )

    miner.inject("fan_stop", fan=len(state.fans))
    await bench.pass_time(90)
    findings = entry.runtime_data.data.insight.health.findings
    assert FindingKind.FAN_STOPPED in {finding.kind for finding in findings}


async def test_defect_12_who_is_back_is_told_once_and_not_after_a_restart(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    await bench.pass_time(60)
    miner.reboot()
    await bench.pass_time(180)
    assert told(hass, entry) == "restarted"
    before = state_of(hass, entry, "activity", "event").state

    await bench.run(hass.config_entries.async_reload(entry.entry_id))
    await bench.pass_time(60)

    assert state_of(hass, entry, "activity", "event").state == before
    assert entry.runtime_data.data.insight.uptime.restarts == 1
