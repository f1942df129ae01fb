"""The names of an exporter for Avalon home miners, with the scales that it used.

Its charts go on: they divide voltages of the supply by 1000, and show those of chips
ten times as high as they are. What a device does not report, or what cannot be true,
has no value here, where the exporter told 0 or -273.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from ..metrics import FormerNames, Labels, Lists, Number, Values, named
from ..model import ErrorKind, MinerIdentity, MinerState, Pool, PoolStatus
from .poll import Figures

_MOST_SLOTS = 16
_DC_ONLY = 6
"""As many values does a supply report that measures nothing at the wall."""

_CHIP_VOLTS = 10
_STATUSES = {
    PoolStatus.ACTIVE: "Alive",
    PoolStatus.STANDBY: "Alive",
    PoolStatus.DEAD: "Dead",
    PoolStatus.DISABLED: "Disabled",
    PoolStatus.REJECTING: "Rejecting",
}
_TEN_TIMES = "in V times ten, as in the exporter"


_OF_MINER = named(
    "avalon_",
    "uptime_seconds||Seconds since the miner's program started",
    "work_mode||Work mode, by the model's own number",
    "activation||Whether the device is activated",
    "soft_power_off||Whether it stands still by command",
    "lcd_on|display_on|Whether the display is on",
    "lcd_switch||Whether the display shows page 1",
    "total_asics||Chips found",
    "mm_count|module_count|Controllers",
    "nonce_mask||Bits of the nonce that the controller uses",
    "temp_inlet_celsius||Air that comes in",
    "temp_outlet_celsius||Air that goes out",
    "temp_avg_celsius||Mean of the chips",
    "temp_max_celsius||The hottest chip",
    "temp_target_celsius||Chip temperature that the fan aims at",
    "fan1_rpm||Speed of the first fan",
    "fan_duty_percent||Duty cycle of the fans",
    "hashrate_ghs||Hash rate now, in GH/s",
    "hashrate_moving_ghs||What the chips make at their clock, in GH/s",
    "hashrate_avg_ghs||Mean hash rate since the start, in GH/s",
    "work_utility||Difficulty-1 work per minute",
    "frequency_mhz||Mean frequency of the chips",
    "hw_errors_total||Wrong results of the chips",
    "hw_error_rate_percent|hardware_error_rate_average|Wrong results since the start",
    "hw_error_rate_speed_percent|hardware_error_rate_now|Wrong results now",
    "mpo_target||Power that the device aims at, in W",
    *(f"ps_slot_{n}||Value {n} of PS, as reported" for n in range(_MOST_SLOTS)),
    "power_err|ps_slot_0|Error bits of the power supply",
    "power_vout||Output of the power supply in mV, on every model",
    "power_iout||Output of the power supply in A",
    "power_vout_cmd||Voltage that is set, in mV, on every model",
    "power_pout_wall||Power that the miner draws, in W",
    "shares_accepted_total||Accepted shares",
    "shares_rejected_total||Rejected shares",
    "shares_stale_total||Stale shares",
    "blocks_found_total||Blocks",
    "best_share||Difficulty of the best share",
    "device_hw_error_percent|device_hardware_percent|Wrong results, by the summary",
    "device_rejected_percent||Rejected work, by the summary",
    "session_pool_rejected_percent|pool_rejected_percent|Rejected by all pools",
    "session_pool_stale_percent|pool_stale_percent|Stale at all pools",
    "work_utility_summary|summary_work_utility|Work per minute, by the summary",
    "chip_count||Chips that report",
    "chip_temp_min_celsius|chip_temp_min|The coldest chip",
    "chip_temp_avg_celsius|chip_temp_avg|Mean temperature of the chips",
    "chip_temp_max_celsius|chip_temp_max|The hottest chip",
    f"chip_voltage_min_volts|chip_voltage_min|Lowest voltage of a chip, {_TEN_TIMES}",
    f"chip_voltage_avg_volts|chip_voltage_avg|Mean voltage of the chips, {_TEN_TIMES}",
    f"chip_voltage_max_volts|chip_voltage_max|Highest voltage of a chip, {_TEN_TIMES}",
    "chip_matching_work_min||Least work of a chip",
    "chip_matching_work_avg||Mean work of the chips",
    "chip_matching_work_max||Most work of a chip",
    "chip_matching_work_sum||Work of all chips",
)
_OF_CHIPS = named(
    "avalon_",
    "chip_temp_celsius|chip_temp|Temperature of each chip",
    f"chip_voltage_volts|chip_voltage|Voltage of each chip, {_TEN_TIMES}",
    "chip_matching_work||Work of each chip",
)
_OF_POOL = named(
    "avalon_pool_",
    "up||Whether the pool is connected",
    "shares_accepted_total||Accepted shares",
    "shares_rejected_total||Rejected shares",
    "stratum_difficulty||Difficulty of a share",
    "best_share||Difficulty of the best share",
    "getworks_total|getworks|Jobs asked for",
    "works_total|works|Jobs worked on",
    "discarded_total|discarded|Jobs dropped",
    "stale_total|stale|Stale shares",
    "bad_work_total|bad_work|Jobs that made no sense",
    "get_failures_total|get_failures|Jobs that did not come",
    "remote_failures_total|remote_failures|Shares that did not arrive",
    "diff1_shares_total|diff1_shares|Difficulty-1 shares",
    "difficulty_accepted||Accepted difficulty",
    "difficulty_rejected||Rejected difficulty",
    "difficulty_stale||Stale difficulty",
    "last_share_difficulty||Difficulty of the last share",
    "last_share_time||Epoch second of the last share",
    "work_difficulty||Difficulty of the job",
    "rejected_percent||Rejected by this pool",
    "stale_percent||Stale at this pool",
    "current_block_height||Block height",
    "current_block_version||Block version",
    "times_sent_total|times_sent|Messages sent",
    "times_recv_total|times_recv|Messages received",
    "bytes_sent_total|bytes_sent|Bytes sent",
    "bytes_recv_total|bytes_recv|Bytes received",
    "net_bytes_sent_total|net_bytes_sent|Bytes sent on the network",
    "net_bytes_recv_total|net_bytes_recv|Bytes received on the network",
    "work_diff||Difficulty of the job, by the statistics",
    "min_diff||The lowest difficulty",
    "max_diff||The highest difficulty",
    "min_diff_count||Jobs of the lowest difficulty",
    "max_diff_count||Jobs of the highest difficulty",
    "work_had_roll_time||Whether a job had a roll time",
    "work_can_roll||Whether a job can roll",
    "work_had_expire||Whether a job had an end",
    "work_roll_time_seconds|work_roll_time|Roll time of a job",
)


def _read(state: MinerState) -> tuple[Values, Lists]:
    """Find everything; figures stand under their own names."""
    lists = {
        "chip_temp": _joined(board.chip_temperatures for board in state.boards),
        "chip_voltage": [
            volts * _CHIP_VOLTS
            for volts in _joined(board.chip_voltages for board in state.boards)
        ],
        "chip_matching_work": tuple(
            map(int, _joined(board.chip_work for board in state.boards))
        ),
    }
    figures = _together(state.figures)
    chips = max(map(len, lists.values()))
    values = _of_state(state, figures) | _of_supply(state, figures)
    for name, found in lists.items():
        if found:
            values[f"{name}_min"], values[f"{name}_max"] = min(found), max(found)
            values[f"{name}_sum"] = total = sum(found)
            values[f"{name}_avg"] = total / len(found)
    values["chip_count"] = chips or None
    # In a list that lacks one nobody knows whose value stands where.
    return values, {name: found for name, found in lists.items() if len(found) == chips}


def _together(figures: Mapping[str, Any]) -> Mapping[str, Any]:
    return figures.together if isinstance(figures, Figures) else figures


def _joined(lists: Iterable[Sequence[float]]) -> Sequence[float]:
    first, *others = tuple(lists) or ((),)
    return tuple(chain(first, *others)) if others else first


def _of_state(state: MinerState, figures: Mapping[str, Any]) -> dict[str, Number]:
    told: dict[str, Any] = {
        **figures,
        "uptime_seconds": figures.get("summary_uptime") or state.uptime,
        "soft_power_off": _soft_off(state, figures.get("soft_off_reason")),
        "total_asics": state.chips_working,
        "temp_inlet_celsius": state.inlet_temperature,
        "temp_outlet_celsius": state.outlet_temperature,
        "temp_avg_celsius": state.chip_temperature_average,
        "temp_max_celsius": state.chip_temperature,
        "temp_target_celsius": state.target_chip_temperature,
        "fan1_rpm": state.fans[0].speed if state.fans else None,
        "fan_duty_percent": state.fan_duty_cycle,
        "hashrate_ghs": _times(state.hash_rate_now, 1000),
        "hashrate_moving_ghs": _times(state.expected_hash_rate, 1000),
        "hashrate_avg_ghs": _times(state.hash_rate_average, 1000),
        "work_utility": state.work_utility,
        "frequency_mhz": state.frequency_actual,
        "hw_errors_total": state.hardware_errors,
        "mpo_target": state.power_limit,
        "shares_accepted_total": state.shares_accepted,
        "shares_rejected_total": state.shares_rejected,
        "shares_stale_total": state.shares_stale,
        "blocks_found_total": state.blocks_found,
        "best_share": state.best_difficulty,
    }
    if (page := figures.get("display_page")) is not None:
        told["lcd_switch"] = page == 1
    return told


def _soft_off(state: MinerState, reason: Number) -> Number:
    """Tell whether it stands still by command; the number is that of the reason."""
    if reason is None:
        return None
    mining = state.settings.mining
    return reason == 1 if mining is None else not mining


def _of_supply(state: MinerState, figures: Mapping[str, Any]) -> dict[str, Number]:
    """Find what the power supply reports, in the same units on every model.

    What one device reports as its supply's output is to another its own input.
    """
    supply: Sequence[float] = figures.get("ps", ())
    volts, amperes = state.psu_output_voltage, state.psu_output_current
    set_to = figures.get("psu_set_voltage", figures.get("hash_board_voltage"))
    return {
        **{f"ps_slot_{place}": value for place, value in enumerate(supply)},
        "power_vout": _times(state.input_voltage if volts is None else volts, 1000),
        "power_iout": state.input_current if amperes is None else amperes,
        "power_vout_cmd": _times(set_to, 1000),
        "power_pout_wall": None if len(supply) == _DC_ONLY else state.power,
    }


def _times(value: Number, factor: float) -> Number:
    return None if value is None else value * factor


def _read_pool(pool: Pool) -> Values:
    told: dict[str, Any] = {
        **_together(pool.figures),
        "up": pool.connected,
        "shares_accepted_total": pool.accepted,
        "shares_rejected_total": pool.rejected,
        "stratum_difficulty": pool.difficulty,
        "best_share": pool.best_difficulty,
    }
    return told


def _details(identity: MinerIdentity, state: MinerState) -> Labels:
    figures: Mapping[str, Any] = state.figures
    return {
        "model": identity.model_id,
        "prod": figures.get("product"),
        "firmware": identity.firmware,
        "cgminer": figures.get("cgminer_version"),
        "api": figures.get("api_version"),
        "hwtype": identity.board,
        "swtype": figures.get("software_type"),
        "dna": identity.serial,
        "mac": identity.mac and identity.mac.replace(":", ""),
    }


def _pool_labels(place: int, pool: Pool) -> Labels:
    priority = pool.figures.get("priority")
    return {
        "pool_index": str(place),
        "url": pool.address,
        "priority": None if priority is None else str(priority),
        "status": None if pool.status is None else _STATUSES[pool.status],
        "id": f"POOL{place}",
    }


NAMES = FormerNames(
    prefix="avalon",
    of_miner=_OF_MINER,
    of_chips=_OF_CHIPS,
    of_pool=_OF_POOL,
    read=_read,
    read_pool=_read_pool,
    details=_details,
    pool_labels=_pool_labels,
    errors={
        "timeout": (ErrorKind.TIMEOUT,),
        "connection_refused": (ErrorKind.REFUSED,),
        "network": (ErrorKind.NETWORK,),
        "parse": (ErrorKind.UNREADABLE,),
        "other": (ErrorKind.HTTP_STATUS, ErrorKind.OTHER),
    },
)
