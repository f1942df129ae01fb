"""Every key of every real Avalon reply is read right, or left out for a reason."""

from collections.abc import Mapping
from pathlib import Path
import re
import tomllib
from typing import Any

import pytest

from custom_components.miner_monitor.miners.avalon.poll import Poll
from custom_components.miner_monitor.miners.avalon.reply import (
    parse_commands,
    parse_reply,
)
from custom_components.miner_monitor.miners.errors import MinerResponseError
from custom_components.miner_monitor.miners.model import Capability, MinerReading

from .avalon_polls import (
    CAPTURES,
    NANO_3,
    NANO_3S,
    POOL,
    SPARE,
    SUMMARY,
    Device,
    body,
    poll_of,
    reply,
)
from .test_captures import found, same

EXPECTED: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("avalon_captures.toml").read_text(encoding="utf-8")
)

SECRET = "tells whom the miner works for or how to get in"
VERSIONS = "the version of a part; Ver and LVERSION are read"
CONTROL = "options of the calibration, which no reading needs"
TIMER = "how long the program waited for statistics"
ESTIMATE = "an estimate from shares; the miner tells its rate itself"
SETUP = "how the pool is talked to"
TWICE = "told twice, the other key is read"
IGNORED: dict[str, str] = {
    "blob.SSID": SECRET,
    "blob.LVer": VERSIONS,
    "blob.BVer": VERSIONS,
    "blob.HVer": VERSIONS,
    "blob.Mcu0Ver": VERSIONS,
    "blob.HashMcu0Ver": VERSIONS,
    "blob.FanMcuVer": VERSIONS,
    "blob.CPU": VERSIONS,
    "blob.FW": VERSIONS,
    "blob.HDNA": "read where DNA is empty, as a Nano 3's",
    "blob.FACOPTS0": CONTROL,
    "blob.FACOPTS1": CONTROL,
    "blob.FACOPTS2": CONTROL,
    "blob.ATAOPTS0": CONTROL,
    "blob.ATAOPTS1": CONTROL,
    "blob.ATAOPTS2": CONTROL,
    "blob.POW_I2C": "a text about the wires of the power supply",
    "blob.POW_I2C_CONN": "a text about the wires of the power supply",
    "blob.ASICCRC0": "errors on the bus by chip; CRC has them by board",
    "blob.ASICCRC1": "errors on the bus by chip; CRC has them by board",
    "blob.ASICCRC2": "errors on the bus by chip; CRC has them by board",
    "row.STATS": "the number of the row",
    "row.ID": "the name of the driver",
    "row.Elapsed": TWICE,
    "row.Calls": TIMER,
    "row.Wait": TIMER,
    "row.Max": TIMER,
    "row.Min": TIMER,
    "traffic.STATS": "the number of the row",
    "traffic.Elapsed": TWICE,
    "traffic.Calls": TIMER,
    "traffic.Wait": TIMER,
    "traffic.Max": TIMER,
    "traffic.Min": TIMER,
    "traffic.Pool Calls": TIMER,
    "traffic.Pool Attempts": TIMER,
    "traffic.Pool Wait": TIMER,
    "traffic.Pool Max": TIMER,
    "traffic.Pool Min": TIMER,
    "traffic.Pool Av": TIMER,
    "summary.MHS av": ESTIMATE,
    "summary.MHS 5s": ESTIMATE,
    "summary.MHS 1m": ESTIMATE,
    "summary.MHS 5m": ESTIMATE,
    "summary.MHS 15m": ESTIMATE,
    "summary.Last getwork": "always 0 with stratum",
    "pools.User": SECRET,
    "pools.Password": SECRET,
    "pools.Long Poll": SETUP,
    "pools.Proxy": SETUP,
    "pools.Proxy Type": SETUP,
    "pools.Stratum URL": TWICE,
    "version.CGMiner": VERSIONS,
    "version.API": VERSIONS,
    "version.SWTYPE": VERSIONS,
    "version.BVERSION": VERSIONS,
    "version.HVERSION": VERSIONS,
    "version.CGVERSION": VERSIONS,
    "version.MCUVERSION": VERSIONS,
    "version.HBMCUVERSION": VERSIONS,
    "version.FANMCUVERSION": VERSIONS,
    "version.STM8": VERSIONS,
    "version.LOADER": VERSIONS,
    "version.UPAPI": VERSIONS,
}

NUMBERED = {
    f"blob.{key}{n}": f"state.figures.{name}_{n}"
    for key, name in (("PLL", "pll"), ("SF", "sf"), ("ATABD", "board_frequencies"))
    for n in range(3)
}
# Where a number goes, and by how much it is divided on the way.
TARGETS: dict[str, tuple[str, float]] = {
    **{key: (target, 1) for key, target in NUMBERED.items()},
    **{f"blob.HS_RCD{n}": (f"state.figures.record_{n}", 1) for n in range(5)},
    **{f"blob.ATA{n}": (f"state.figures.profile_{n}", 1) for n in range(3)},
    **{f"blob.Fan{n + 1}": (f"state.fans.{n}.speed", 1) for n in range(4)},
    **{f"blob.PVT_T{n}": (f"state.boards.{n}.chip_temperature", 1) for n in range(3)},
    **{f"blob.PVT_V{n}": (f"state.boards.{n}.chip_voltages.0", 1) for n in range(3)},
    **{f"blob.MW{n}": (f"state.boards.{n}.chip_work", 1) for n in range(3)},
    "board.PVT_T0": ("state.boards.0.chip_temperature", 1),
    "board.PVT_V0": ("state.boards.0.chip_voltages.0", 1000),
    "board.MW0": ("state.boards.0.chip_work.0", 1),
    "blob.Activation": ("state.figures.activation", 1),
    "blob.ADJ": ("state.figures.adjusted", 1),
    "blob.BIN": ("state.figures.bin", 1),
    "blob.BOOTBY": ("state.figures.boot_code", 1),
    "blob.CALIALL": ("state.figures.calibrated", 1),
    "blob.COMCRC": ("state.figures.com_crc", 1),
    "blob.COP": ("state.figures.cop", 1),
    "blob.CRC": ("state.figures.crc", 1),
    "blob.Core": ("identity.chip_model", 1),
    "blob.DH": ("state.figures.hardware_error_rate_average", 1),
    "blob.DHW": ("state.figures.device_hardware_errors", 1),
    "blob.DHspd": ("state.figures.hardware_error_rate_now", 1),
    "blob.DNA": ("identity.serial", 1),
    "blob.ECHU": ("state.figures.echu", 1),
    "blob.ECMM": ("state.figures.ecmm", 1),
    "blob.EEPROM": ("state.figures.eeprom_chips", 1),
    "blob.Elapsed": ("state.uptime", 1),
    "blob.FanErr": ("state.figures.fan_error", 1),
    "blob.FanR": ("state.fans.0.duty_cycle", 1),
    "blob.Filter": ("state.filter_age", 1),
    "blob.Freq": ("state.frequency_actual", 1),
    "blob.GHSavg": ("state.hash_rate_average", 1e3),
    "blob.GHSmm": ("state.figures.hash_rate_theoretical", 1),
    "blob.GHSspd": ("state.hash_rate_now", 1e3),
    "blob.HASHS": ("state.figures.board_states", 1),
    "blob.HBITemp": ("state.figures.board_inlet_temperature", 1),
    "blob.HBOTemp": ("state.board_temperature", 1),
    "blob.HBTemp": ("state.board_temperature", 1),
    "blob.HW": ("state.hardware_errors", 1),
    "blob.HashStatus": ("state.figures.hash_status", 1),
    "blob.ITemp": ("state.inlet_temperature", 1),
    "blob.LED": ("state.figures.led_mode", 1),
    "blob.LEDUser": ("state.figures.led_user", 1),
    "blob.LW": ("state.figures.local_work", 1),
    "blob.LcdOnoff": ("state.figures.display_on", 1),
    "blob.LcdSwitch": ("state.figures.display_page", 1),
    "blob.Led": ("state.figures.led", 1),
    "blob.MEMFREE": ("state.figures.memory_free", 1),
    "blob.MGHS": ("state.boards.*.hash_rate", 1e3),
    "blob.MH": ("state.boards.*.hardware_errors", 1),
    "blob.MPO": ("state.power_limit", 1),
    "blob.MTavg": ("state.boards.*.chip_temperature_average", 1),
    "blob.MTmax": ("state.boards.*.chip_temperature", 1),
    "blob.MVL": ("state.figures.power_limit_percent", 1),
    "blob.MVavg": ("state.boards.*.chip_voltage", 1000),
    "blob.MW": ("state.figures.board_work", 1),
    "blob.Mask": ("state.figures.nonce_mask", 1),
    "blob.NETFAIL": ("state.figures.network_failures", 1),
    "blob.NetDevType": ("state.figures.network_by_radio", 1),
    "blob.OTemp": ("state.outlet_temperature", 1),
    "blob.PCOMM_E": ("state.figures.psu_link_errors", 1),
    "blob.PFCnt": ("state.figures.pool_failures", 1),
    "blob.PING": ("state.pool_latency", 1),
    "blob.POOLS": ("state.figures.pool_state", 1),
    "blob.POWS": ("state.figures.power_state", 1),
    "blob.PS": ("state.power", 1),
    "blob.RSSI": ("state.wifi_signal", 1),
    "blob.STATE": ("state.figures.state_code", 1),
    "blob.SYSTEMSTATU": ("state.controller_state", 1),
    "blob.SoftOFF": ("state.figures.soft_off_reason", 1),
    "blob.SoftOffTime": ("state.figures.soft_off_time", 1),
    "blob.SoftOnTime": ("state.figures.soft_on_time", 1),
    "blob.SoloAllowed": ("state.figures.solo_allowed", 1),
    "blob.TA": ("state.chips_working", 1),
    "blob.TAvg": ("state.chip_temperature_average", 1),
    "blob.TMax": ("state.chip_temperature", 1),
    "blob.TarT": ("state.target_chip_temperature", 1),
    "blob.Temp": ("state.ambient_temperature", 1),
    "blob.Ver": ("identity.firmware", 1),
    "blob.Vo": ("state.core_voltage_actual", 1),
    "blob.WALLPOWER": ("state.power", 1),
    "blob.WORKLEVEL": ("state.figures.work_level", 1),
    "blob.WORKMODE": ("state.figures.work_mode", 1),
    "blob.WU": ("state.work_utility", 1),
    "row.MM Count": ("state.figures.module_count", 1),
    "row.Nonce Mask": ("state.figures.nonce_mask", 1),
    "row.Smart Speed": ("state.figures.smart_speed", 1),
    "row.Voltage Level Offset": ("state.figures.voltage_level_offset", 1),
    "row.Connection Overloaded": ("state.figures.connection_overloaded", 1),
    "summary.Accepted": ("state.shares_accepted", 1),
    "summary.Rejected": ("state.shares_rejected", 1),
    "summary.Stale": ("state.shares_stale", 1),
    "summary.Best Share": ("state.best_difficulty", 1),
    "summary.Found Blocks": ("state.blocks_found", 1),
    "summary.Elapsed": ("state.figures.summary_uptime", 1),
    "summary.Getworks": ("state.figures.getworks", 1),
    "summary.Utility": ("state.figures.utility", 1),
    "summary.Discarded": ("state.figures.discarded", 1),
    "summary.Get Failures": ("state.figures.get_failures", 1),
    "summary.Remote Failures": ("state.figures.remote_failures", 1),
    "summary.Local Work": ("state.figures.summary_local_work", 1),
    "summary.Network Blocks": ("state.figures.network_blocks", 1),
    "summary.Total MH": ("state.figures.total_megahashes", 1),
    "summary.Work Utility": ("state.figures.summary_work_utility", 1),
    "summary.Hardware Errors": ("state.figures.summary_hardware_errors", 1),
    "summary.Difficulty Accepted": ("state.figures.difficulty_accepted", 1),
    "summary.Difficulty Rejected": ("state.figures.difficulty_rejected", 1),
    "summary.Difficulty Stale": ("state.figures.difficulty_stale", 1),
    "summary.Device Hardware%": ("state.figures.device_hardware_percent", 1),
    "summary.Device Rejected%": ("state.figures.device_rejected_percent", 1),
    "summary.Pool Rejected%": ("state.figures.pool_rejected_percent", 1),
    "summary.Pool Stale%": ("state.figures.pool_stale_percent", 1),
    "pools.POOL": ("state.pools.*.figures.priority", 1),
    "pools.URL": ("state.pools.*.host", 1),
    "pools.Status": ("state.pools.*.status", 1),
    "pools.Stratum Active": ("state.pools.*.active", 1),
    "pools.Accepted": ("state.pools.*.accepted", 1),
    "pools.Rejected": ("state.pools.*.rejected", 1),
    "pools.Stratum Difficulty": ("state.pools.*.difficulty", 1),
    "pools.Best Share": ("state.pools.*.best_difficulty", 1),
    "version.PROD": ("identity.model", 1),
    "version.MODEL": ("identity.model_id", 1),
    "version.HWTYPE": ("identity.board", 1),
    "version.LVERSION": ("identity.firmware", 1),
    "version.VERSION": ("identity.firmware", 1),
    "version.DNA": ("identity.serial", 1),
    "version.MAC": ("identity.mac", 1),
}
FIGURES_OF_POOLS = (
    "Priority",
    "Quota",
    "Getworks",
    "Works",
    "Discarded",
    "Stale",
    "Bad Work",
    "Get Failures",
    "Remote Failures",
    "Diff1 Shares",
    "Difficulty Accepted",
    "Difficulty Rejected",
    "Difficulty Stale",
    "Last Share Difficulty",
    "Last Share Time",
    "Work Difficulty",
    "Has Stratum",
    "Has Vmask",
    "Has GBT",
    "Current Block Height",
    "Current Block Version",
)
FIGURES_OF_TRAFFIC = (
    "Times Sent",
    "Times Recv",
    "Bytes Sent",
    "Bytes Recv",
    "Net Bytes Sent",
    "Net Bytes Recv",
    "Work Diff",
    "Min Diff",
    "Max Diff",
    "Min Diff Count",
    "Max Diff Count",
    "Work Roll Time",
    "Work Had Roll Time",
    "Work Can Roll",
    "Work Had Expire",
)


def _snake(key: str) -> str:
    return key.lower().replace(" ", "_")


TARGETS |= {
    f"pools.{key}": (f"state.pools.*.figures.{_snake(key)}", 1)
    for key in FIGURES_OF_POOLS
}
TARGETS |= {
    "pools.Pool Rejected%": ("state.pools.*.figures.rejected_percent", 1),
    "pools.Pool Stale%": ("state.pools.*.figures.stale_percent", 1),
}
TARGETS |= {
    f"traffic.{key}": (f"state.pools.*.figures.{_snake(key)}", 1)
    for key in FIGURES_OF_TRAFFIC
}

STATS = {
    "a1066-20080702_a590d24_3dbc55b-stats.mmid.txt": None,
    "a1066-vendor-manual-estats.txt": None,
    "a1246-21072802_4ec6bb0_211fc46-stats.json": None,
    "a1566-24102401_25462b2_9ddf522-stats.json": None,
    "a1566-24102401_25462b2_9ddf522-estats.json": None,
    "nano3-24071801_42c628d-stats-mid.json": None,
    "nano3s-25021401_56abae7-estats-high.mmid.txt": None,
    "q-25052801_14a19a2-stats.json": "q-25052801_14a19a2-version.json",
    "q-25052801_14a19a2-litestats.json": "q-25052801_14a19a2-version.json",
    "q-25052801_14a19a2-litestats-running-eco.json": None,
    "a1047-19120401-stats.json": None,
}
PARTIAL = {
    "nano3s-25021401-high130-estats.json": None,
    "nano3s-25021401-mid94-estats.json": None,
    "q-25052801_14a19a2-estats-standby-fragment.mmid.txt": None,
    "mini3-25011701_3f53b19-stats-truncated.txt": None,
    "nano3-24071801_42c628d-stats-high-truncated.txt": None,
    "nano3-25103101_0736b2e-summary+estats-trimmed.json": (
        "nano3-24071801_42c628d-version-fields.json"
    ),
    "a1126pro-21072803_4ec6bb0_211fc46-stats-fragment.txt": None,
    "a1346-24041001_08b0955_0196aba-stats-after-softoff-fragment.mmid.txt": (
        "a1346-24041001_08b0955_0196aba-version-fields.json"
    ),
}
SUMMARIES = (
    "q-25052801_14a19a2-summary.json",
    "nano3-24071801_42c628d-summary.json",
    "nano3s-25021401_56abae7-summary-partial.json",
    "a1047-19120401-summary.json",
)
POOLS = (
    "q-25052801_14a19a2-pools.json",
    "a1566-24102401_25462b2_9ddf522-pools.json",
    "a1066-vendor-manual-pools.txt",
    "a1047-19120401-pools.json",
)
VERSION_FILES = (
    "q-25052801_14a19a2-version.json",
    "mini3-25011701_3f53b19-version.txt",
    "nano3s-25021401_56abae7-version.json",
    "nano3-24071801_42c628d-version-fields.json",
    "a1566-24102401_25462b2_9ddf522-version.json",
    "a1246-21030201_4ec6bb0_09b1765-version.json",
    "a1346-24041001_08b0955_0196aba-version-fields.json",
)
NEVER_ASKED = "no request of a poll"
OTHER_FILES = {
    "INDEX.md": "not a reply",
    "q-25052801_14a19a2-ascset-help.json": "below",
    "q-25052801_14a19a2-ascset-softoff.json": "the answer to a command",
    "q-25052801_14a19a2-ascset-softon.json": "the answer to a command",
    "q-25052801_14a19a2-ascset-workmode-set.json": "the answer to a command",
    "a1346-24041001_08b0955_0196aba-reboot.txt": "the answer to a command",
    "a1346-24041001_08b0955_0196aba-softoff.txt": "the answer to a command",
    "q-25052801_14a19a2-invalid-command.json": "the answer to a wrong command",
    "q-25052801_14a19a2-check.json": NEVER_ASKED,
    "q-25052801_14a19a2-coin.json": NEVER_ASKED,
    "q-25052801_14a19a2-config.json": NEVER_ASKED,
    "q-25052801_14a19a2-devdetails.json": NEVER_ASKED,
    "q-25052801_14a19a2-devs.json": NEVER_ASKED,
    "mini3-25011701_3f53b19-devdetails.txt": NEVER_ASKED,
    "nano3s-25021401_56abae7-lcd.json": "below",
    "a1246-21030201_4ec6bb0_09b1765-devdetails.json": NEVER_ASKED,
    "a1566-24102401_25462b2_9ddf522-devs.json": NEVER_ASKED,
}
_ITEM = re.compile(r"(\w+)\[([^]]*)]")


def stats_of(file: str) -> tuple[Mapping[str, Any], ...]:
    """Load rows of statistics; a bare or broken blob is put where it was."""
    if file.endswith(".mmid.txt"):
        key = "MM ID0:Summary" if file.startswith("q-") else "MM ID0"
        return ({key: body(file).decode()},)
    if file.endswith(".txt") and file in PARTIAL:
        return ({"MM ID0": body(file).decode().partition("MM ID0=")[2]},)
    return reply(file).rows("STATS")


def read_stats(file: str, version: str | None) -> MinerReading:
    rows = stats_of(file)
    row = None if version is None else reply(version).row("VERSION")
    device = Device(row)
    if "litestats" in file:
        device.litestats = tuple(map(dict, rows))
        rows = ({"MM ID0:Summary": "'STATS':{}"},)
    count = sum(str(row.get("ID")).startswith("POOL") for row in rows)
    pools = tuple({"POOL": place} for place in range(count))
    return device.answers(Poll(summary=SUMMARY, stats=rows, pools=pools))


def keys_of(rows: tuple[Mapping[str, Any], ...]) -> dict[str, Any]:
    """List all keys of statistics with their raw values."""
    told: dict[str, Any] = {}
    for row in rows:
        kind = "traffic" if str(row.get("ID")).startswith("POOL") else "row"
        for key, value in row.items():
            if key.startswith("MM ID"):
                told |= {f"blob.{name}": item for name, item in _ITEM.findall(value)}
            elif key == "HBinfo":
                told |= {f"board.{name}": item for name, item in _ITEM.findall(value)}
            elif kind == "traffic" and key != "ID":
                told.setdefault(f"traffic.{key}", []).append(value)
            elif kind == "row":
                told[f"row.{key}"] = value
    return told


def columns(section: str, rows: tuple[Mapping[str, Any], ...]) -> dict[str, Any]:
    """List all keys of the pools, with one value per pool."""
    return {f"{section}.{key}": [row[key] for row in rows] for key in rows[0]}


def plain(value: Any, divisor: float) -> Any:
    """Convert a raw value as simply as can be."""
    if isinstance(value, list):
        return [plain(item, divisor) for item in value]
    if isinstance(value, bool) or value in ("true", "false"):
        return value in (True, "true")
    if isinstance(value, float | int):
        return value / divisor
    words = re.sub(r"(?<=\d)[-:]", " ", value).replace("%", "").split()
    try:
        numbers = [float(word) / divisor for word in words]
    except ValueError:
        return value
    return numbers[0] if len(numbers) == 1 else numbers


def wrong(reading: MinerReading, told: dict[str, Any], file: str) -> list[str]:
    """Name each key that is not read as expected."""
    by_hand = EXPECTED.get(file, {})
    problems = []
    for key, raw in told.items():
        if key in IGNORED and key not in by_hand:
            continue
        if key not in TARGETS:
            problems.append(f"{key}: unknown")
            continue
        target, divisor = TARGETS[key]
        as_told = raw if target.startswith("identity") else plain(raw, divisor)
        expected = by_hand.get(key, as_told)
        value = followed(reading, target)
        if not alike(value, expected):
            problems.append(f"{key}: {target} is {value}, not {expected}")
    missing = [key for key in by_hand if "." in key and key not in told]
    return problems + [f"{key}: not told" for key in missing]


def followed(reading: MinerReading, target: str) -> Any:
    """Follow a path; a figure that is not there is None."""
    path, dot, figure = target.partition(".figures.")
    if not dot:
        return found(reading, target)
    if not path.endswith("*"):
        return found(reading, path).figures.get(figure)
    pools = found(reading, path.removesuffix(".*"))
    return [pool.figures.get(figure) for pool in pools]


def alike(value: Any, expected: Any) -> bool:
    """Compare; a list of one value is as good as the value."""
    if isinstance(expected, list):
        value = list(value) if isinstance(value, tuple | list) else [value]
        pairs = zip(value, expected, strict=False)
        return len(value) == len(expected) and all(alike(*pair) for pair in pairs)
    if isinstance(value, tuple | list) and len(value) == 1:
        return alike(value[0], expected)
    if isinstance(value, bool) and isinstance(expected, float):
        return value == bool(expected)
    if isinstance(expected, float) and value is not None:
        return bool(value == pytest.approx(expected, rel=1e-9))
    return same(value, expected)


@pytest.mark.parametrize("file", [*STATS, *PARTIAL])
def test_every_key_of_statistics(file: str) -> None:
    reading = read_stats(file, (STATS | PARTIAL)[file])
    assert wrong(reading, keys_of(stats_of(file)), file) == []
    expected = {key: value for key, value in EXPECTED[file].items() if "." not in key}
    assert reading.identity.model == expected.pop("model")
    assert reading.state.status == expected.pop("status")
    assert list(reading.state.faults) == expected.pop("faults")
    for name, value in expected.pop("settings", {}).items():
        assert same(getattr(reading.state.settings, name), value), name
    for field, value in expected.items():
        assert same(getattr(reading.state, field), value), field


@pytest.mark.parametrize("file", PARTIAL)
def test_what_is_cut_off_is_unknown(file: str) -> None:
    told = keys_of(stats_of(file))
    reading = read_stats(file, PARTIAL[file])
    spoken = {TARGETS[key][0] for key in told if key in TARGETS}
    for key, (target, _) in TARGETS.items():
        if not key.startswith("blob.") or target in spoken or "*" in target:
            continue
        if target.startswith("state.boards") and told.keys() & {"blob.MTmax"}:
            continue
        assert followed(reading, target) in (None, ()), key


@pytest.mark.parametrize("file", SUMMARIES)
def test_every_key_of_a_summary(file: str) -> None:
    row = reply(file).row("SUMMARY")
    reading = Device().answers(poll_of(NANO_3, summary=row))
    told = {f"summary.{key}": value for key, value in row.items()}
    assert wrong(reading, told, file) == []


@pytest.mark.parametrize("file", POOLS)
def test_every_key_of_pools(file: str) -> None:
    rows = reply(file).rows("POOLS")
    when = None
    summary: Mapping[str, Any] = SUMMARY
    if file.startswith("q-"):
        partner = reply("q-25052801_14a19a2-summary.json")
        when, summary = partner.when, partner.row("SUMMARY")
    reading = Device().answers(poll_of(NANO_3, pools=rows, when=when, summary=summary))
    assert wrong(reading, columns("pools", rows), file) == []


@pytest.mark.parametrize("file", VERSION_FILES)
def test_every_key_of_a_version(file: str) -> None:
    row = reply(file).row("VERSION")
    silent = ({"MM ID0": ""},)
    reading = Device(row).answers(Poll(summary=SUMMARY, stats=silent))
    told = {f"version.{key}": value for key, value in row.items()}
    assert wrong(reading, told, file) == []


def test_commands_of_a_q() -> None:
    listed = parse_commands(body("q-25052801_14a19a2-ascset-help.json"))
    row = reply("q-25052801_14a19a2-version.json").row("VERSION")
    device = Device(row, listed)
    poll = Poll(summary=SUMMARY, stats=stats_of("q-25052801_14a19a2-stats.json"))
    found_capabilities = device.answers(poll).identity.capabilities
    assert Capability.RESTART in found_capabilities
    assert Capability.LOCATE not in found_capabilities


@pytest.mark.parametrize(
    "file", ["q-25052801_14a19a2-stats.json", "a1066-vendor-manual-estats.txt"]
)
def test_a_cut_reply_tells_what_it_holds_or_nothing(file: str) -> None:
    whole = body(file)
    version = reply("q-25052801_14a19a2-version.json").row("VERSION")
    full = Device(version).answers(
        Poll(summary=SUMMARY, stats=parse_reply(whole).rows("STATS"))
    )
    for size in range(100, len(whole), 97):
        try:
            rows = parse_reply(whole[:size]).rows("STATS")
            cut = Device(version).answers(Poll(summary=SUMMARY, stats=rows))
        except MinerResponseError:
            continue
        for field in ("power", "power_limit", "chip_temperature", "inlet_temperature"):
            told = getattr(cut.state, field)
            assert told in (None, getattr(full.state, field)), (size, field)


def test_the_screen_of_a_nano_3s_names_its_pool() -> None:
    screen = reply("nano3s-25021401_56abae7-lcd.json").row("LCD")
    url = screen["Current Pool"]
    rows = (
        POOL,
        {**SPARE, "URL": url, "User": "wallet.worker1", "Stratum Active": True},
    )
    found = Device().answers(poll_of(NANO_3S, pools=rows, screen=screen)).state
    assert found.pool == "pool.example.com:3339"
    assert found.settings.pool == 1


def test_no_capture_is_left_out() -> None:
    if not CAPTURES.is_dir():
        pytest.skip("no captures here")
    known = {*STATS, *PARTIAL, *SUMMARIES, *POOLS, *VERSION_FILES, *OTHER_FILES}
    assert {path.name for path in CAPTURES.iterdir()} == known


def test_every_ignored_key_occurs() -> None:
    seen: set[str] = set()
    for file in (*STATS, *PARTIAL):
        seen |= set(keys_of(stats_of(file)))
    for file in SUMMARIES:
        seen |= {f"summary.{key}" for key in reply(file).row("SUMMARY")}
    for file in POOLS:
        seen |= set(columns("pools", reply(file).rows("POOLS")))
    for file in VERSION_FILES:
        seen |= {f"version.{key}" for key in reply(file).row("VERSION")}
    assert set(IGNORED) <= seen
    assert set(TARGETS) >= seen - set(IGNORED)
