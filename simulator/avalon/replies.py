"""The replies to the commands that only read."""

from collections.abc import Callable

from .faults import HOSTILE, distort_identity
from .models import Dialect
from .pool_faults import shown_user, status_of, url_of
from .printing import Fixed, Row
from .readings import WORK_UNITS_PER_GH, Readings
from .settings import Pool

CGMINER, PROTOCOL = "4.11.1", "3.7"
BOARD_CONTROLLERS: dict[Dialect, Row] = {
    Dialect.MINI3: {"MCUVERSION": "Mini3_hb_v1.0"},
    Dialect.Q: {"HBMCUVERSION": "Q_hb_v1.1", "FANMCUVERSION": "Q_fb_v1.2"},
}
WITH_A_SCREEN = frozenset({Dialect.NANO3S, Dialect.PLAIN})
BLOCK_HEIGHT, BLOCK_VERSION = 907_089, 536_870_912
NETWORK_DIFFICULTY = 126_271_255_279_306.98
BLOCK_HASH = "0" * 19 + "1d0ccaffecb937ee444cb056356abc59b906666607cf1"


def percentage(part: float, whole: float) -> Fixed:
    """Return a part of a whole in %, with four decimals."""
    return Fixed(100 * part / whole if whole else 0.0, 4)


class Replies:
    """The rows that one miner answers with."""

    def __init__(self, readings: Readings) -> None:
        """Tell what these sensors show."""
        self._readings = readings
        self._device = readings.device
        self.sections: dict[str, tuple[str, Callable[[], list[Row]]]] = {
            "version": ("VERSION", self.version),
            "summary": ("SUMMARY", self.summary),
            "pools": ("POOLS", self.pools),
            "devs": ("DEVS", self.devs),
            "edevs": ("DEVS", self.devs),
            "devdetails": ("DEVDETAILS", self.devdetails),
            "config": ("CONFIG", self.config),
            "coin": ("COIN", self.coin),
        }
        if self._device.model.dialect in WITH_A_SCREEN:
            self.sections["lcd"] = ("LCD", self.lcd)

    def version(self) -> list[Row]:
        """Tell model, firmware and identity."""
        device, model = self._device, self._device.model
        row: Row = {"CGMiner": CGMINER, "API": PROTOCOL}
        if model.industrial:
            row["STM8"] = "20.08.01"
        row |= {
            "PROD": model.product,
            "MODEL": model.model,
            "HWTYPE": model.hardware,
            "SWTYPE": model.software,
        }
        row |= self._firmware()
        if model.dialect is not Dialect.NANO3:
            row |= {"DNA": device.dna, "MAC": device.mac}
        if model.dialect not in {Dialect.MINI3, Dialect.Q}:
            row["UPAPI"] = "2"
        return [distort_identity(row, device.faults)]

    def _firmware(self) -> Row:
        """Tell the versions under the model's names for them."""
        firmware, dialect = self._device.firmware, self._device.model.dialect
        if dialect is Dialect.NANO3:
            return {"VERSION": firmware, "HVERSION": "24071801_b906c52_6223725"}
        if self._device.model.industrial:
            return {"VERSION": firmware, "LOADER": "d0d779de.00"}
        names = ("LVERSION", "BVERSION", "CGVERSION")
        row: Row = dict.fromkeys(names, firmware)
        return row | BOARD_CONTROLLERS.get(dialect, {})

    def _rates(self) -> Row:
        """Tell the averages, which shares say."""
        physics = self._device.physics
        row: Row = {"MHS av": Fixed(1000 * self._readings.average_ghs)}
        for window, ghs in physics.averages.items():
            short = f"{window}s" if window < 60 else f"{window // 60}m"
            row[f"MHS {short}"] = Fixed(1000 * ghs)
        return row

    def summary(self) -> list[Row]:
        """Sum up the session."""
        device, shares = self._device, self._device.shares.session
        uptime, total = max(1, device.uptime), shares.accepted + shares.rejected
        difficulty = device.pool_difficulty
        refused = percentage(shares.rejected, total)
        row: Row = {"Elapsed": device.uptime} | self._rates()
        return [
            row
            | {
                "Found Blocks": device.shares.blocks,
                "Getworks": sum(pool.getworks for pool in device.pools),
                "Accepted": shares.accepted,
                "Rejected": shares.rejected,
                "Hardware Errors": device.hardware_errors,
                "Utility": Fixed(60 * shares.accepted / uptime),
                "Discarded": 0,
                "Stale": 0,
                "Get Failures": 0,
                "Local Work": int(device.physics.gigahashes / 8000),
                "Remote Failures": 0,
                "Network Blocks": 1 + uptime // 600,
                "Total MH": Fixed(1000 * device.physics.gigahashes, 4),
                "Work Utility": Fixed(self._readings.average_ghs * WORK_UNITS_PER_GH),
                "Difficulty Accepted": Fixed(shares.accepted * difficulty, 8),
                "Difficulty Rejected": Fixed(shares.rejected * difficulty, 8),
                "Difficulty Stale": Fixed(0, 8),
                "Best Share": int(device.shares.best_session),
                "Device Hardware%": percentage(0, 1),
                "Device Rejected%": refused,
                "Pool Rejected%": refused,
                "Pool Stale%": Fixed(0, 4),
                "Last getwork": 0,
            }
        ]

    def _share_time(self, when: float | None) -> int:
        """Return when a share was found, as the model tells it."""
        if when is None:
            return 0
        device = self._device
        return int(when if device.model.epoch_shares else when - device.booted_at)

    def pools(self) -> list[Row]:
        """Tell of each pool."""
        return [self._pool(pool) for pool in self._device.pools]

    def _pool(self, pool: Pool) -> Row:
        """Tell of one pool."""
        device = self._device
        dialect, url = device.model.dialect, url_of(pool, device.faults)
        worked = device.pool_difficulty if pool.last_share is not None else 0
        host = pool.url.partition("//")[2].partition(":")[0]
        stratum = url if dialect is Dialect.Q else host
        row: Row = {
            "POOL": pool.number,
            "URL": url,
            "Status": status_of(pool),
            "Priority": pool.priority,
            "Quota": 1,
            "Long Poll": "N",
            "Getworks": pool.getworks,
            "Accepted": pool.accepted,
            "Rejected": pool.rejected,
            "Works": pool.works,
            "Discarded": 0,
            "Stale": 0,
            "Get Failures": 0,
            "Remote Failures": 0,
            "User": shown_user(pool, device.faults, HOSTILE),
        }
        if dialect is Dialect.Q:
            row["Password"] = pool.phrase
        return row | {
            "Last Share Time": self._share_time(pool.last_share),
            "Diff1 Shares": int((pool.accepted + pool.rejected) * worked * 1.06),
            "Proxy Type": "",
            "Proxy": "",
            "Difficulty Accepted": Fixed(pool.accepted * worked, 8),
            "Difficulty Rejected": Fixed(pool.rejected * worked, 8),
            "Difficulty Stale": Fixed(0, 8),
            "Last Share Difficulty": Fixed(worked, 8),
            "Work Difficulty": Fixed(worked, 8),
            "Has Stratum": True,
            "Stratum Active": pool.connected,
            "Stratum URL": stratum if pool.connected else "",
            "Stratum Difficulty": Fixed(worked if pool.connected else 0, 8),
            "Has Vmask": True,
            "Has GBT": False,
            "Best Share": int(pool.best),
            "Pool Rejected%": percentage(pool.rejected, pool.accepted + pool.rejected),
            "Pool Stale%": Fixed(0, 4),
            "Bad Work": 0,
            "Current Block Height": BLOCK_HEIGHT,
            "Current Block Version": BLOCK_VERSION,
        }

    def devs(self) -> list[Row]:
        """Tell of the one device that cgminer sees."""
        device, model = self._device, self._device.model
        shares, difficulty = device.shares.session, device.pool_difficulty
        last = device.pooling.last_worked
        row: Row = {
            "ASC": 0,
            "Name": model.driver,
            "ID": 0,
            "Enabled": "Y",
            "Status": "Alive",
            "Temperature": Fixed(-273 if model.industrial else 0),
        }
        total = shares.accepted + shares.rejected
        row |= self._rates()
        row |= {
            "Accepted": shares.accepted,
            "Rejected": shares.rejected,
            "Hardware Errors": device.hardware_errors,
            "Utility": Fixed(60 * shares.accepted / max(1, device.uptime)),
            "Last Share Pool": -1 if last is None else last.number,
            "Last Share Time": self._share_time(
                None if last is None else last.last_share
            ),
            "Total MH": Fixed(1000 * device.physics.gigahashes, 4),
            "Diff1 Work": int(device.physics.gigahashes * 1e9 / 2**32),
            "Difficulty Accepted": Fixed(shares.accepted * difficulty, 8),
            "Difficulty Rejected": Fixed(shares.rejected * difficulty, 8),
            "Last Share Difficulty": Fixed(difficulty, 8),
            "Last Valid Work": self._readings.moment(device.physics.now),
            "Device Hardware%": Fixed(0, 4),
            "Device Rejected%": percentage(shares.rejected, total),
            "Device Elapsed": device.uptime,
        }
        return [row]

    def devdetails(self) -> list[Row]:
        """Tell the driver."""
        model = self._device.model
        return [
            {
                "DEVDETAILS": 0,
                "Name": model.driver,
                "ID": 0,
                "Driver": model.path,
                "Kernel": "",
                "Model": "",
                "Device Path": "",
            }
        ]

    def config(self) -> list[Row]:
        """Tell how cgminer was started."""
        return [
            {
                "ASC Count": 1,
                "PGA Count": 0,
                "Pool Count": len(self._device.pools),
                "Strategy": "Failover",
                "Log Interval": 5,
                "Device Code": self._device.model.driver,
                "OS": "Linux",
                "Hotplug": "None",
            }
        ]

    def coin(self) -> list[Row]:
        """Tell what is mined."""
        return [
            {
                "Hash Method": "sha256",
                "Current Block Time": Fixed(self._device.uptime % 600, 6),
                "Current Block Hash": BLOCK_HASH,
                "LP": True,
                "Network Difficulty": Fixed(NETWORK_DIFFICULTY, 8),
            }
        ]

    def lcd(self) -> list[Row]:
        """Tell what the screen shows."""
        device, averages = self._device, self._device.physics.averages
        last = device.pooling.last_worked
        when = self._share_time(None if last is None else last.last_share)
        row: Row = {
            "Elapsed": device.uptime,
            "GHS av": Fixed(self._readings.average_ghs),
            "GHS 5m": Fixed(averages[300]),
            "GHS 5s": Fixed(averages[5]),
            "Temperature": Fixed(0),
            "Last Share Difficulty": Fixed(device.pool_difficulty, 8),
            "Last Share Time": when,
            "Best Share": int(device.shares.best_session),
            "Last Valid Work": when,
            "Found Blocks": device.shares.blocks,
        }
        return [row | self._current_pool()]

    def _current_pool(self) -> Row:
        """Tell which pool is worked for."""
        device = self._device
        if not device.pools:
            return {"Current Pool": "none", "User": ""}
        pool = device.pools[device.active_pool]
        user = shown_user(pool, device.faults, HOSTILE)
        return {"Current Pool": url_of(pool, device.faults), "User": user}
