"""What the exporter for Avalon home miners made of a reply, by its documentation.

Written from its list of names and the fields behind them, and from no code of ours.
What cannot be true (no sensor, no number) it exported, and we leave out.
"""

from collections.abc import Iterable, Mapping
from math import isfinite
import re
from statistics import fmean
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

type Row = Mapping[str, Any]
type Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]
"""Values by name, then by labels."""

OF_BLOB = {
    "uptime_seconds": "Elapsed",
    "work_mode": "WORKMODE",
    "activation": "Activation",
    "soft_power_off": "SoftOFF",
    "lcd_on": "LcdOnoff",
    "lcd_switch": "LcdSwitch",
    "total_asics": "TA",
    "temp_inlet_celsius": "ITemp",
    "temp_outlet_celsius": "OTemp",
    "temp_avg_celsius": "TAvg",
    "temp_max_celsius": "TMax",
    "temp_target_celsius": "TarT",
    "fan1_rpm": "Fan1",
    "fan_duty_percent": "FanR",
    "hashrate_ghs": "GHSspd",
    "hashrate_moving_ghs": "GHSmm",
    "hashrate_avg_ghs": "GHSavg",
    "work_utility": "WU",
    "frequency_mhz": "Freq",
    "hw_errors_total": "HW",
    "hw_error_rate_percent": "DH",
    "hw_error_rate_speed_percent": "DHspd",
    "mpo_target": "MPO",
}
OF_SUMMARY = {
    "uptime_seconds": "Elapsed",
    "shares_accepted_total": "Accepted",
    "shares_rejected_total": "Rejected",
    "shares_stale_total": "Stale",
    "blocks_found_total": "Found Blocks",
    "best_share": "Best Share",
    "device_hw_error_percent": "Device Hardware%",
    "device_rejected_percent": "Device Rejected%",
    "session_pool_rejected_percent": "Pool Rejected%",
    "session_pool_stale_percent": "Pool Stale%",
    "work_utility_summary": "Work Utility",
}
OF_POOL = {
    "getworks_total": "Getworks",
    "works_total": "Works",
    "discarded_total": "Discarded",
    "stale_total": "Stale",
    "bad_work_total": "Bad Work",
    "get_failures_total": "Get Failures",
    "remote_failures_total": "Remote Failures",
    "shares_accepted_total": "Accepted",
    "shares_rejected_total": "Rejected",
    "diff1_shares_total": "Diff1 Shares",
    "difficulty_accepted": "Difficulty Accepted",
    "difficulty_rejected": "Difficulty Rejected",
    "difficulty_stale": "Difficulty Stale",
    "last_share_difficulty": "Last Share Difficulty",
    "work_difficulty": "Work Difficulty",
    "stratum_difficulty": "Stratum Difficulty",
    "best_share": "Best Share",
    "rejected_percent": "Pool Rejected%",
    "stale_percent": "Pool Stale%",
    "current_block_height": "Current Block Height",
    "current_block_version": "Current Block Version",
    "last_share_time": "Last Share Time",
}
OF_TRAFFIC = {
    "times_sent_total": "Times Sent",
    "times_recv_total": "Times Recv",
    "bytes_sent_total": "Bytes Sent",
    "bytes_recv_total": "Bytes Recv",
    "net_bytes_sent_total": "Net Bytes Sent",
    "net_bytes_recv_total": "Net Bytes Recv",
    "work_diff": "Work Diff",
    "min_diff": "Min Diff",
    "max_diff": "Max Diff",
    "min_diff_count": "Min Diff Count",
    "max_diff_count": "Max Diff Count",
    "work_had_roll_time": "Work Had Roll Time",
    "work_can_roll": "Work Can Roll",
    "work_had_expire": "Work Had Expire",
    "work_roll_time_seconds": "Work Roll Time",
}
OF_ITSELF = (
    "exporter_info",
    "info",
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
    "status_changes_total",
    "status_ups_total",
    "status_downs_total",
)
CHIPS = {
    "chip_temp_celsius": ("PVT_T", 1.0),
    "chip_voltage_volts": ("PVT_V", 0.01),
    "chip_matching_work": ("MW", 1.0),
}
SUPPLY = {"power_err": 0, "power_iout": 3}
MILLIVOLTS = {
    # Where the output and what is set stand, and a unit in mV.
    "nano3-": ((4, 10), (6, 10)),
    "Nano3s-": ((2, 1), (5, 1)),
}
USUAL_MILLIVOLTS = ((2, 10), (5, 10))
NEVER_ZERO = {
    # What no device reports as 0: a sensor that is not there, or a rest.
    *("temp_avg_celsius", "temp_max_celsius", "temp_target_celsius", "frequency_mhz"),
    *("total_asics", "mpo_target", "hashrate_moving_ghs", "power_iout"),
    *("pool_stratum_difficulty", "pool_current_block_height", "pool_last_share_time"),
    *("power_vout", "power_pout_wall"),
}

YES_OR_NO = {"activation", "soft_power_off", "lcd_on", "lcd_switch"}

NAMES = frozenset(
    (
        *OF_BLOB,
        *OF_SUMMARY,
        *OF_ITSELF,
        *SUPPLY,
        *("mm_count", "nonce_mask", "ps_slot_", "chip_count"),
        *("power_vout", "power_vout_cmd", "power_pout_wall"),
        *CHIPS,
        *(
            f"{name}_{part}{unit}"
            for name, unit, parts in (
                ("chip_temp", "_celsius", ("min", "avg", "max")),
                ("chip_voltage", "_volts", ("min", "avg", "max")),
                ("chip_matching_work", "", ("min", "avg", "max", "sum")),
            )
            for part in parts
        ),
        "pool_up",
        *(f"pool_{name}" for name in (*OF_POOL, *OF_TRAFFIC)),
    )
)
"""All names, without ``avalon_``."""


def samples_of(page: str) -> Samples:
    """Parse a page; one sample twice is an error."""
    found: Samples = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            labels = tuple(sorted(sample.labels.items()))
            of_name = found.setdefault(sample.name, {})
            assert labels not in of_name, sample
            of_name[labels] = sample.value
    return found


def told(
    stats: Iterable[Row], summary: Row, pools: Iterable[Row]
) -> dict[str, dict[str, float]]:
    """Return values by name, then by what tells them apart: a pool, a chip, nothing."""
    stats = list(stats)
    text = " ".join(
        str(row) for row in stats if not str(row.get("ID")).startswith("POOL")
    )
    found: dict[str, dict[str, float]] = {}

    def keep(name: str, raw: object, factor: float = 1, part: str = "") -> None:
        value = _number(raw)
        if value is None or value == -273 or (not value and name in NEVER_ZERO):
            return
        if name == "pool_last_share_time" and value < 1e9:
            # It exported the seconds since the start of some models as they are.
            return
        found.setdefault(name, {})[part] = value * factor

    for name, key in OF_BLOB.items():
        raw = item(text, key)
        keep(name, raw if name not in YES_OR_NO or raw is None else raw == "1")
    for name, key in OF_SUMMARY.items():
        keep(name, summary.get(key))
    keep("mm_count", stats[0].get("MM Count"))
    keep("nonce_mask", stats[0].get("Nonce Mask"))
    _supply(text, keep)
    _chips(text, keep)
    _pools(stats, pools, keep)
    return found


def _pools(stats: Iterable[Row], pools: Iterable[Row], keep: Any) -> None:
    for place, row in enumerate(pools):
        up = row.get("Status") == "Alive" and row.get("Stratum Active") is True
        keep("pool_up", up, part=str(place))
        for name, key in OF_POOL.items():
            keep(f"pool_{name}", row.get(key), part=str(place))
    for row in stats:
        if pool := re.fullmatch(r"POOL(\d)", str(row.get("ID"))):
            for name, key in OF_TRAFFIC.items():
                keep(f"pool_{name}", row.get(key), part=pool[1])


def _supply(text: str, keep: Any) -> None:
    slots = (item(text, "PS") or "").split()
    for place, value in enumerate(slots):
        keep(f"ps_slot_{place}", value)
    if not slots:
        return
    for name, place in SUPPLY.items():
        keep(name, slots[place])
    ours = next(
        (v for k, v in MILLIVOLTS.items() if f"Ver[{k}" in text), USUAL_MILLIVOLTS
    )
    for name, (place, unit) in zip(("power_vout", "power_vout_cmd"), ours, strict=True):
        keep(name, slots[place], unit)
    if len(slots) > 6:
        keep("power_pout_wall", slots[5 if "Ver[nano3-" in text else 6])


def _chips(text: str, keep: Any) -> None:
    most = 0
    for name, (key, factor) in CHIPS.items():
        values = [
            float(value) * factor
            for place in range(4)
            for value in (item(text, f"{key}{place}") or "").split()
        ]
        most = max(most, len(values))
        if not values:
            continue
        stem, unit = re.fullmatch(r"(chip_[a-z]+(?:_work)?)(.*)", name).groups()
        for part, reduce in (("min", min), ("avg", fmean), ("max", max), ("sum", sum)):
            if part != "sum" or not unit:
                keep(f"{stem}_{part}{unit}", reduce(values))
        for place, value in enumerate(values):
            keep(name, value, part=f"{place:03d}")
    keep("chip_count", most or None)


def item(text: str, key: str) -> str | None:
    """Find an item of the status string."""
    found = re.search(rf"(?<!\w){key}\[([^\]]*)\]", text)
    return None if found is None else found[1].strip()


def _number(raw: object) -> float | None:
    try:
        value = float(str(raw).rstrip("%")) if not isinstance(raw, bool) else float(raw)
    except ValueError:
        return None
    return value if isfinite(value) else None
