"""The rows of `stats`, `estats` and `litestats`: status strings, traffic of pools."""

from collections.abc import Callable

from .blob import STATUSES, filled
from .blob_all import EXTRA
from .blob_home import BOARD_Q, SHORT_STATUS
from .items import Item
from .models import Dialect
from .printing import Fixed, Raw, Row
from .readings import Readings
from .settings import Pool

BYTES_PER_SHARE = 280


class Statistics:
    """What one miner tells in statistics."""

    def __init__(self, readings: Readings) -> None:
        """Tell what these sensors show."""
        self._readings = readings
        self._device = readings.device
        self._tells_all = False

    def _stats_head(self, number: int, name: str) -> Row:
        """Return what each row of the statistics begins with."""
        return {
            "STATS": number,
            "ID": name,
            "Elapsed": self._device.uptime,
            "Calls": 0,
            "Wait": Fixed(0, 6),
            "Max": Fixed(0, 6),
            "Min": Fixed(99_999_999, 6),
        }

    @property
    def commands(self) -> dict[str, Callable[[str], list[Row]]]:
        """Return what can be asked, by its name."""
        dialect = self._device.model.dialect
        commands: dict[str, Callable[[str], list[Row]]] = {"stats": self.stats}
        if dialect is not Dialect.BFG:
            commands["estats"] = self.estats
        if dialect in {Dialect.Q, Dialect.NANO3S, Dialect.MINI3}:
            commands["litestats"] = self.litestats
        return commands

    def stats(self, _parameter: str) -> list[Row]:
        """Tell the status string, and the traffic of each pool."""
        devices = self._devices()
        start = len(devices)
        pools = self._device.pools
        return [*devices, *(self._pool(start + n, pools[n]) for n in range(len(pools)))]

    def estats(self, parameter: str) -> list[Row]:
        """Tell the status string, all of it if asked for; pools where it is so.

        As in the firmware, `stats` tells all too until `estats` is asked for less.
        """
        self._tells_all = parameter.startswith("all")
        if self._device.model.pools_in_estats:
            return self.stats(parameter)
        return self._devices()

    def _devices(self) -> list[Row]:
        """Tell of the one device that cgminer sees, if it sees any."""
        device = self._device
        if "no_devices" in device.faults:
            return []
        head = self._stats_head(0, device.model.stats_id)
        return [head | (self._status() if device.model.speaks_avalon else {})]

    def _status(self) -> Row:
        """Return the status string in the row of its model."""
        self._readings.chips.refresh()
        status = filled(self._items(), self._readings)
        match self._device.model.dialect:
            case Dialect.Q:
                return self._status_of_q(status)
            case Dialect.A10 | Dialect.A12 | Dialect.A15:
                return self._status_of_industrial(status)
        return {"MM ID0": Raw(status), "MM Count": 1, "Nonce Mask": 1}

    def _items(self) -> list[Item]:
        """Return the items of the status string, with more if more was asked for."""
        dialect = self._device.model.dialect
        items = STATUSES[dialect]
        if not self._tells_all or dialect is not Dialect.NANO3S:
            return items
        place = next(n for n, (name, _) in enumerate(items) if name == "WORKMODE")
        return [*items[:place], *EXTRA, *items[place:]]

    def _status_of_q(self, status: str) -> Row:
        """Return the row of a Q, which tells nothing now and then."""
        device, board = self._device, filled(BOARD_Q, self._readings)
        if device.empty_replies or "empty_summary" in device.faults:
            device.empty_replies = max(0, device.empty_replies - 1)
            status = board = ""
        return {
            "MM ID0:Summary": Raw(f"'STATS':{{{status}}}"),
            "HBinfo": Raw(f"'HB0':{{{board}}}"),
        }

    def _status_of_industrial(self, status: str) -> Row:
        """Return the row of the A series."""
        row: Row = {"MM ID0": Raw(status), "MM Count": 1, "Smart Speed": 1}
        if self._device.model.dialect is Dialect.A10:
            row["Connection Overloaded"] = False
        return row | {"Voltage Level Offset": 0, "Nonce Mask": 25}

    def _pool(self, number: int, pool: Pool) -> Row:
        """Tell the traffic with one pool."""
        row = self._stats_head(number, f"POOL{pool.number}")
        row |= {"Pool Calls": 0, "Pool Attempts": 0}
        for name in ("Wait", "Max", "Min", "Av"):
            row[f"Pool {name}"] = Fixed(99_999_999 if name == "Min" else 0, 6)
        for name in ("Had Roll Time", "Can Roll", "Had Expire"):
            row[f"Work {name}"] = False
        row["Work Roll Time"] = 0
        return row | self._difficulties(pool) | self._traffic(pool)

    def _difficulties(self, pool: Pool) -> Row:
        """Tell how difficult the work of a pool was; old firmware counts nothing."""
        difficulty = self._device.pool_difficulty if pool.accepted else 0
        count = 2 if difficulty else 0
        row: Row = {
            f"{name} Diff": Fixed(difficulty, 8) for name in ("Work", "Min", "Max")
        }
        if self._device.model.dialect is Dialect.A10:
            return row
        return row | {"Min Diff Count": count, "Max Diff Count": count}

    def _traffic(self, pool: Pool) -> Row:
        """Tell what was sent and received; old firmware does not know the net."""
        sent, received = pool.accepted + 3, pool.accepted + pool.getworks + 4
        row: Row = {
            "Times Sent": sent,
            "Bytes Sent": sent * BYTES_PER_SHARE,
            "Times Recv": received,
            "Bytes Recv": received * 2 * BYTES_PER_SHARE,
        }
        if self._device.model.dialect is Dialect.A10:
            return row
        sent_net, received_net = row["Bytes Sent"], row["Bytes Recv"]
        return row | {"Net Bytes Sent": sent_net, "Net Bytes Recv": received_net}

    def litestats(self, _parameter: str) -> list[Row]:
        """Tell the status in short; a Q tells all of it but the chips."""
        self._readings.chips.refresh()
        if self._device.model.dialect is Dialect.Q:
            status = filled(STATUSES[Dialect.Q], self._readings)
            return [{"MM ID0:Summary": Raw(f"'STATS':{{{status}}}")}]
        short = Raw(filled(SHORT_STATUS, self._readings))
        return [{"MM ID0": short, "MM Count": 1, "Nonce Mask": 1}]
