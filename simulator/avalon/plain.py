"""A cgminer or BFGMiner that is no Avalon's: what its replies have and have not."""

from typing import override

from .models import Dialect
from .pool_faults import status_of
from .printing import Fixed, Row
from .readings import Readings
from .replies import PROTOCOL, Replies
from .settings import Pool

BFGMINER_PROTOCOL = "3.1"
NOT_OF_BFGMINER = frozenset({"edevs", "lcd"})
POOL_KEYS_NOT_OF_BFGMINER = frozenset(
    {
        "Proxy Type",
        "Work Difficulty",
        "Stratum Difficulty",
        "Has Vmask",
        "Has GBT",
        "Bad Work",
        "Current Block Height",
        "Current Block Version",
    }
)
WINDOWS_NOT_OF_BFGMINER = frozenset({"MHS 5s", "MHS 1m", "MHS 5m", "MHS 15m"})


class PlainReplies(Replies):
    """The rows of ckolivas' cgminer 4."""

    @override
    def version(self) -> list[Row]:
        return [{"CGMiner": self._device.firmware, "API": PROTOCOL}]

    @override
    def devs(self) -> list[Row]:
        (row,) = super().devs()
        chip = self._device.physics.chip
        return [row | {"Temperature": Fixed(chip), "No Device": False}]

    @override
    def config(self) -> list[Row]:
        (row,) = super().config()
        count = int("no_devices" not in self._device.faults)
        return [row | {"ASC Count": count, "Hotplug": 5}]


class BfgReplies(PlainReplies):
    """The rows of BFGMiner 5."""

    def __init__(self, readings: Readings) -> None:
        """Leave out the commands that it does not know."""
        super().__init__(readings)
        for name in NOT_OF_BFGMINER:
            self.sections.pop(name, None)

    @override
    def version(self) -> list[Row]:
        version = self._device.firmware
        miner = f"bfgminer {version}"
        return [{"Miner": miner, "CGMiner": version, "API": BFGMINER_PROTOCOL}]

    @override
    def _rates(self) -> Row:
        row = super()._rates()
        now = row["MHS 5s"]
        kept = {key: row[key] for key in row if key not in WINDOWS_NOT_OF_BFGMINER}
        return kept | {"MHS 20s": now}

    @override
    def devs(self) -> list[Row]:
        (row,) = super().devs()
        for key in ("ASC", "No Device"):
            row.pop(key)
        return [{"PGA": 0} | row | {"MHS rolling": row["MHS 20s"]}]

    @override
    def config(self) -> list[Row]:
        return [
            {
                "PGA Count": 1,
                "Pool Count": len(self._device.pools),
                "ADL": "N",
                "ADL in use": "N",
                "Strategy": "Failover",
                "Log Interval": 20,
                "Device Code": self._device.model.driver,
                "OS": "Linux",
                "Failover-Only": False,
                "ScanTime": 60,
                "Queue": 1,
                "Expiry": 120,
            }
        ]

    @override
    def _pool(self, pool: Pool) -> Row:
        row = super()._pool(pool)
        shown = {key: row[key] for key in row if key not in POOL_KEYS_NOT_OF_BFGMINER}
        spare = pool.number != self._device.active_pool
        status = status_of(pool)
        named = "Failover" if spare and status == "Alive" else status
        return shown | {"Status": named, "Mining Goal": "default"}


def replies_of(readings: Readings) -> Replies:
    """Return what speaks for a miner."""
    match readings.device.model.dialect:
        case Dialect.PLAIN:
            return PlainReplies(readings)
        case Dialect.BFG:
            return BfgReplies(readings)
    return Replies(readings)
