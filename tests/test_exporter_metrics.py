"""Each metric of the Prometheus exporter for Avalon home miners has a place here.

Whoever used that exporter finds its numbers again: as the state of an entity, or as
one of its attributes.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
import re
from statistics import fmean
from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant, State
from homeassistant.util import dt as dt_util
import pytest

from custom_components.miner_monitor.runtime.entries import miner_entries
from simulator import SimulatedMiner

from .conftest import NANO_3S, Bench, Q, TimedBench
from .metrics.exporter import NAMES
from .test_avalon import blob, shown_by

EXEMPT = {
    "exporter_info": "The version of the exporter itself; ours is the integration's.",
    "status_changes_total": "The ups and downs together: the history of `online`.",
    "status_ups_total": "As many as the downs, one less while the miner is away.",
}

type Expected = Callable[[SimulatedMiner], Any]


class Place:
    """Where a metric is found: an entity's state, or one of its attributes."""

    def __init__(self, key: str, attribute: str | None = None) -> None:
        """Name entity and attribute."""
        self.key, self.attribute = key, attribute

    def value(self, shown: Callable[[str], State]) -> Any:
        """Return the value as a number where it is one."""
        state = shown(self.key)
        value = state.attributes[self.attribute] if self.attribute else state.state
        if isinstance(value, list | tuple):
            # Of one list per hash board the first: a Nano 3S has one board.
            return list(value[0] if self.attribute == "chips" else value)
        return float({"True": 1, "False": 0, "on": 1, "off": 0}.get(str(value), value))


def figure(name: str) -> Place:
    return Place("controller_state", name)


def item(key: str, divisor: float = 1) -> Expected:
    return lambda miner: float(blob(miner, key).rstrip("%")) / divisor


def supply(slot: int, divisor: float = 1) -> Expected:
    return lambda miner: float(blob(miner, "PS").split()[slot]) / divisor


def chips(key: str, of: Callable[[list[float]], Any], divisor: float = 1) -> Expected:
    return lambda miner: of(
        [float(chip) / divisor for chip in blob(miner, key).split()]
    )


def summary(key: str) -> Expected:
    return lambda miner: miner.reply("summary")["SUMMARY"][0][key]


def row(key: str) -> Expected:
    return lambda miner: miner.reply("estats")["STATS"][0][key]


def pool(key: str) -> Expected:
    return lambda miner: float(miner.reply("pools")["POOLS"][0][key])


def traffic(key: str) -> Expected:
    return lambda miner: float(miner.reply("stats")["STATS"][1][key])


def pool_figure(name: str) -> Place:
    return Place("pool_1_status", name)


def _pool_is_up(miner: SimulatedMiner) -> float:
    first = miner.reply("pools")["POOLS"][0]
    return float(first["Status"] == "Alive" and first["Stratum Active"])


def _named(
    table: Mapping[str, str], make: Callable[[str], Expected]
) -> dict[str, tuple[Expected, Place]]:
    return {
        metric: (
            make(key),
            pool_figure(re.sub(r"^pool_|_total$|_seconds$", "", metric)),
        )
        for metric, key in table.items()
    }


METRICS: dict[str, tuple[Expected, Place]] = {
    "work_mode": (item("WORKMODE"), figure("work_mode")),
    "soft_power_off": (item("SoftOFF"), figure("soft_off_reason")),
    "lcd_on": (item("LcdOnoff"), figure("display_on")),
    "lcd_switch": (item("LcdSwitch"), figure("display_page")),
    "total_asics": (item("TA"), Place("chips_working")),
    "mm_count": (row("MM Count"), figure("module_count")),
    "nonce_mask": (row("Nonce Mask"), figure("nonce_mask")),
    "uptime_seconds": (summary("Elapsed"), figure("summary_uptime")),
    "temp_outlet_celsius": (item("OTemp"), Place("outlet_temperature")),
    "temp_avg_celsius": (item("TAvg"), Place("chip_temperature_average")),
    "temp_max_celsius": (item("TMax"), Place("chip_temperature")),
    "temp_target_celsius": (item("TarT"), Place("target_chip_temperature")),
    "fan1_rpm": (item("Fan1"), Place("fan_speed")),
    "fan_duty_percent": (item("FanR"), Place("fan_duty_cycle")),
    "hashrate_ghs": (item("GHSspd", 1e3), Place("hash_rate")),
    "hashrate_moving_ghs": (item("GHSmm", 1e3), Place("expected_hash_rate")),
    "hashrate_avg_ghs": (item("GHSavg", 1e3), Place("hash_rate_average")),
    "work_utility": (item("WU"), Place("work_utility")),
    "frequency_mhz": (item("Freq"), Place("frequency_actual")),
    "hw_errors_total": (item("HW"), Place("hardware_error_rate", "errors")),
    "hw_error_rate_percent": (item("DH"), figure("hardware_error_rate_average")),
    "hw_error_rate_speed_percent": (item("DHspd"), Place("hardware_error_rate")),
    "mpo_target": (item("MPO"), Place("power_limit")),
    "ps_slot_": (chips("PS", list), figure("ps")),
    "power_err": (chips("PS", list), figure("ps")),
    "power_vout": (supply(2, 1000), Place("psu_output_voltage")),
    "power_iout": (supply(3), Place("psu_output_current")),
    "power_vout_cmd": (chips("PS", list), figure("ps")),
    "power_pout_wall": (supply(6), Place("power")),
    "shares_accepted_total": (summary("Accepted"), Place("shares_accepted")),
    "shares_rejected_total": (summary("Rejected"), Place("shares_rejected")),
    "shares_stale_total": (summary("Stale"), Place("shares_stale")),
    "blocks_found_total": (summary("Found Blocks"), Place("blocks_found")),
    "best_share": (summary("Best Share"), Place("best_difficulty")),
    "device_hw_error_percent": (
        summary("Device Hardware%"),
        figure("device_hardware_percent"),
    ),
    "device_rejected_percent": (
        summary("Device Rejected%"),
        figure("device_rejected_percent"),
    ),
    "session_pool_rejected_percent": (
        summary("Pool Rejected%"),
        figure("pool_rejected_percent"),
    ),
    "session_pool_stale_percent": (
        summary("Pool Stale%"),
        figure("pool_stale_percent"),
    ),
    "work_utility_summary": (summary("Work Utility"), figure("summary_work_utility")),
    "chip_count": (
        chips("PVT_T0", list),
        Place("chip_temperature_min", "chips"),
    ),
    "chip_temp_min_celsius": (chips("PVT_T0", min), Place("chip_temperature_min")),
    "chip_temp_avg_celsius": (
        chips("PVT_T0", fmean),
        Place("chip_temperature_min", "mean"),
    ),
    "chip_temp_max_celsius": (
        chips("PVT_T0", max),
        Place("chip_temperature_min", "maximum"),
    ),
    "chip_voltage_min_volts": (chips("PVT_V0", min, 1000), Place("chip_voltage_min")),
    "chip_voltage_avg_volts": (
        chips("PVT_V0", fmean, 1000),
        Place("chip_voltage_min", "mean"),
    ),
    "chip_voltage_max_volts": (chips("PVT_V0", max, 1000), Place("chip_voltage_max")),
    "chip_matching_work_min": (chips("MW0", min), Place("matching_work", "minimum")),
    "chip_matching_work_avg": (chips("MW0", fmean), Place("matching_work", "mean")),
    "chip_matching_work_max": (chips("MW0", max), Place("matching_work", "maximum")),
    "chip_matching_work_sum": (chips("MW0", sum), Place("matching_work")),
    "chip_temp_celsius": (
        chips("PVT_T0", list),
        Place("chip_temperature_min", "chips"),
    ),
    "chip_voltage_volts": (
        chips("PVT_V0", list, 1000),
        Place("chip_voltage_min", "chips"),
    ),
    "chip_matching_work": (
        chips("MW0", list),
        Place("matching_work", "chips"),
    ),
    "pool_shares_accepted_total": (pool("Accepted"), Place("pool_1_accepted")),
    "pool_shares_rejected_total": (pool("Rejected"), Place("pool_1_rejected")),
    "pool_stratum_difficulty": (pool("Stratum Difficulty"), Place("pool_1_difficulty")),
    "pool_best_share": (pool("Best Share"), pool_figure("best_difficulty")),
    **_named(
        {
            "pool_getworks_total": "Getworks",
            "pool_works_total": "Works",
            "pool_discarded_total": "Discarded",
            "pool_stale_total": "Stale",
            "pool_bad_work_total": "Bad Work",
            "pool_get_failures_total": "Get Failures",
            "pool_remote_failures_total": "Remote Failures",
            "pool_diff1_shares_total": "Diff1 Shares",
            "pool_difficulty_accepted": "Difficulty Accepted",
            "pool_difficulty_rejected": "Difficulty Rejected",
            "pool_difficulty_stale": "Difficulty Stale",
            "pool_last_share_difficulty": "Last Share Difficulty",
            "pool_work_difficulty": "Work Difficulty",
            "pool_rejected_percent": "Pool Rejected%",
            "pool_stale_percent": "Pool Stale%",
            "pool_current_block_height": "Current Block Height",
            "pool_current_block_version": "Current Block Version",
            "pool_last_share_time": "Last Share Time",
        },
        pool,
    ),
    **_named(
        {
            "pool_times_sent_total": "Times Sent",
            "pool_times_recv_total": "Times Recv",
            "pool_bytes_sent_total": "Bytes Sent",
            "pool_bytes_recv_total": "Bytes Recv",
            "pool_net_bytes_sent_total": "Net Bytes Sent",
            "pool_net_bytes_recv_total": "Net Bytes Recv",
            "pool_work_diff": "Work Diff",
            "pool_min_diff": "Min Diff",
            "pool_max_diff": "Max Diff",
            "pool_min_diff_count": "Min Diff Count",
            "pool_max_diff_count": "Max Diff Count",
            "pool_work_had_roll_time": "Work Had Roll Time",
            "pool_work_can_roll": "Work Can Roll",
            "pool_work_had_expire": "Work Had Expire",
            "pool_work_roll_time_seconds": "Work Roll Time",
        },
        traffic,
    ),
}
"""From one reply of a Nano 3S, for which the exporter was made."""

METRICS_OF_A_Q: dict[str, tuple[Expected, Place]] = {
    "activation": (item("Activation"), figure("activation")),
    "temp_inlet_celsius": (item("ITemp"), Place("inlet_temperature")),
}
"""What a Nano 3S does not tell."""

ABOUT_THE_ANSWERS = {
    "up",
    "last_scrape_timestamp_seconds",
    "down_duration_seconds",
    "scrape_duration_seconds",
    "scrape_errors_total",
    "scrape_errors_timeout_total",
    "scrape_errors_connection_refused_total",
    "scrape_errors_network_total",
    "scrape_errors_parse_total",
    "scrape_errors_other_total",
    "status_downs_total",
    "info",
    "pool_up",
}
"""Not from a single reply: the tests below."""


def test_every_metric_is_looked_at() -> None:
    """Of all names of the exporter at most 6 may have no place here."""
    found = METRICS.keys() | METRICS_OF_A_Q.keys() | ABOUT_THE_ANSWERS
    assert not found & EXEMPT.keys()
    assert found | EXEMPT.keys() == NAMES
    assert len(EXEMPT) <= 6


async def test_metrics_of_a_reply(
    bench: TimedBench, entity_registry_enabled_by_default: None
) -> None:
    """Time stands still, so that reply and poll are of one moment.

    The second poll asks for the statistics that tell of the pools.
    """
    miner = await bench.miner(NANO_3S)
    shown = await shown_by(bench, miner)
    (entry,) = miner_entries(bench.hass)
    await entry.runtime_data.async_refresh()

    for metric, (expected, place) in METRICS.items():
        assert place.value(shown) == pytest.approx(expected(miner), rel=1e-3), metric
    assert shown("pool_1_status").state == "active"
    assert _pool_is_up(miner)


async def test_metrics_of_a_q(
    bench: TimedBench, entity_registry_enabled_by_default: None
) -> None:
    """The same for what only a Q tells."""
    miner = await bench.miner(Q)
    shown = await shown_by(bench, miner)

    for metric, (expected, place) in METRICS_OF_A_Q.items():
        assert place.value(shown) == pytest.approx(expected(miner)), metric


async def test_ups_and_downs(
    bench: TimedBench, entity_registry_enabled_by_default: None
) -> None:
    """Whether it is up, since when it is down, and how often it changed."""
    miner = await bench.miner(NANO_3S)
    shown = await shown_by(bench, miner)
    assert shown("binary_sensor.online").state == STATE_ON
    assert shown("times_offline").state == "0"
    seen = datetime.fromisoformat(shown("last_seen").state)

    miner.inject("offline")
    await bench.advance(120)
    assert shown("binary_sensor.online").state == STATE_OFF
    last_seen = datetime.fromisoformat(shown("last_seen").state)
    assert 105 <= (dt_util.utcnow() - last_seen).total_seconds() <= 135
    assert seen <= last_seen
    miner.clear()
    await bench.advance(60)

    assert shown("binary_sensor.online").state == STATE_ON
    assert shown("times_offline").state == "1"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("offline", "refused"),
        ("empty", "network"),
        ("garbage", "unreadable"),
    ],
)
async def test_errors_by_kind(
    bench: TimedBench,
    entity_registry_enabled_by_default: None,
    fault: str,
    kind: str,
) -> None:
    """Each failed poll is counted once, under its kind."""
    miner = await bench.miner(NANO_3S)
    shown = await shown_by(bench, miner)
    miner.inject(fault)
    await bench.advance(35)

    failed = shown("failed_polls")
    assert int(failed.state) >= 2
    assert failed.attributes[kind] == int(failed.state)


async def test_time_outs_and_duration(
    live_bench: Bench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    """How long an answer takes, and that none at all is a time-out."""
    miner = await live_bench.miner(replace(NANO_3S, latency=0.05))
    shown = await shown_by(live_bench, miner)
    assert 50 <= float(shown("response_time").state) < 2000

    miner.inject("silent")
    (entry,) = miner_entries(hass)
    await entry.runtime_data.async_refresh()

    failed = shown("failed_polls")
    assert failed.state == "1"
    assert failed.attributes["timeout"] == 1
