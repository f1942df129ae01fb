"""Files as the tools before us write them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
import sqlite3
from zoneinfo import ZoneInfo

from custom_components.miner_monitor.history.hours import Spread
from custom_components.miner_monitor.history.prior import Prior, read_prior

TOOL_000 = (
    "timestamp,miner_name,miner_ip,hashrate_gh,hashrate_th,power_w,efficiency_jth,"
    "temperature_c,vr_temperature_c,fan_speed_rpm,voltage_v,input_voltage_v,"
    "frequency_mhz,best_diff,session_diff,accepted_shares,rejected_shares,uptime_s,"
    "wifi_rssi,pool_url,worker_name,asic_model,board_version,firmware_version,status"
)
WALLET = "bc1qexampleexampleexampleexample.worker1"
TOOL_002 = (
    "timestamp,miner_name,miner_ip,status,hashrate_gh,hashrate_th,"
    "expected_hashrate_gh,hashrate_efficiency_pct,power_w,efficiency_jth,"
    "temperature_c,vr_temperature_c,core_voltage_actual_v,core_voltage_set_v,"
    "frequency_mhz,best_diff,accepted_shares,worker_name"
)
TOOL_001 = (
    "timestamp,device_id,frequency,core_voltage,hashrate,power,voltage,current,"
    "asic_temp,vreg_temp,fan_speed,fan_rpm,efficiency_jth,efficiency_ghw,"
    "shares_accepted,shares_rejected"
)
BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2025, 5, 30, 12, 0, tzinfo=UTC)
LATEST = datetime(2026, 6, 1, tzinfo=UTC).timestamp()

OFFLINE = "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,,,,,"


def local(moment: datetime, separator: str = "T") -> str:
    """Write a moment as a tool in Berlin does: without a zone."""
    return moment.astimezone(BERLIN).replace(tzinfo=None).isoformat(separator)


def row_000(
    moment: datetime | str,
    name: str = "Gamma-1",
    rate: float | str = 1200,
    power: float | str = 18,
    accepted: float | str = 500,
    chip: float | str = 60.5,
    best: str = "0",
    frequency: float | str = 525,
    status: str = "ONLINE",
) -> str:
    """Write a row of tool 000."""
    stamp = moment if isinstance(moment, str) else local(moment)
    if status != "ONLINE":
        return f"{stamp},{name},192.168.1.45,{OFFLINE}{status}"
    return (
        f"{stamp},{name},192.168.1.45,{rate},,{power},15,{chip},59,4069,1.112,4.9,"
        f"{frequency},{best},0,{accepted},0,2964,-62,pool.example,{WALLET},BM1370,601,"
        f"v2.7.1,ONLINE"
    )


def minutes(count: int, step: float = 1, start: datetime = START) -> list[datetime]:
    """Return moments that are so many minutes apart."""
    return [start + timedelta(minutes=step * index) for index in range(count)]


def write_csv(path: Path, header: str, rows: Iterable[str]) -> Path:
    """Write a CSV file."""
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


SCHEMA = """
CREATE TABLE devices (id TEXT PRIMARY KEY, ip_address TEXT NOT NULL, hostname TEXT,
    model TEXT, added_at TIMESTAMP, stratum_url TEXT, stratum_port INTEGER,
    stratum_user TEXT);
CREATE TABLE clock_configs (id INTEGER PRIMARY KEY AUTOINCREMENT,
    frequency INTEGER NOT NULL, core_voltage INTEGER NOT NULL);
CREATE TABLE performance_metrics (id INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id TEXT NOT NULL, timestamp TIMESTAMP, config_id INTEGER NOT NULL,
    hashrate REAL, power REAL, voltage REAL, current REAL, asic_temp REAL,
    vreg_temp REAL, shares_accepted INTEGER, best_diff REAL);
CREATE INDEX idx ON performance_metrics(device_id, timestamp);
"""


def write_db(
    path: Path,
    rows: Sequence[tuple[str, datetime | str, float | str | None, float | None, int]],
    extra: str = "",
) -> Path:
    """Write the database of tool 001: name, time, GH/s, W, accepted shares."""
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMA)
    connection.execute("INSERT INTO clock_configs VALUES (1, 525, 1150)")
    for name in dict.fromkeys(row[0] for row in rows):
        connection.execute(
            "INSERT INTO devices VALUES (?, '192.168.1.45', ?, 'BM1370', '', '', 1, ?)",
            (name, f"host-{name}", WALLET),
        )
    connection.executemany(
        "INSERT INTO performance_metrics (device_id, timestamp, config_id, hashrate,"
        " power, asic_temp, vreg_temp, shares_accepted, best_diff)"
        " VALUES (?, ?, 1, ?, ?, 60, 50, ?, 27210000.0)",
        [
            (name, stamp if isinstance(stamp, str) else local(stamp, " "), *rest)
            for name, stamp, *rest in rows
        ],
    )
    connection.executescript(extra)
    connection.commit()
    connection.close()
    return path


HOUR = int(START.timestamp())


def read(*paths: Path) -> Prior:
    """Read files as if Home Assistant stood in Berlin."""
    return read_prior([(path.name, path) for path in paths], BERLIN, LATEST)


def near(mean: Spread) -> tuple[float, ...]:
    """Return mean, minimum and maximum without the noise of floats."""
    return tuple(round(value, 6) for value in (mean.mean, mean.minimum, mean.maximum))
