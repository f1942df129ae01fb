"""The rows of `stats`, `estats` and `litestats`: status strings, traffic of pools."""

from collections.abc import Callable

from .blob import STATUSES, filled
from .blob_all import EXTRA
from .blob_home import BOARD_Q, SHORT_STATUS
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
        """Return the status string where the model has it."""
        device, model = self._device, self._device.model
        self._readings.chips.refresh()
        items = STATUSES[model.dialect]
        if self._tells_all and model.dialect is Dialect.NANO3S:
            place = next(n for n, item in enumerate(items) if item[0] == "WORKMODE")
            items = [*items[:place], *EXTRA, *items[place:]]
        status = filled(items, self._readings)
        match model.dialect:
            case Dialect.Q:
                if device.empty_replies or "empty_summary" in device.faults:
                    device.empty_replies = max(0, device.empty_replies - 1)
                    return {
                        "MM ID0:Summary": Raw("'STATS':{}"),
                        "HBinfo": Raw("'HB0':{}"),
                    }
                board = filled(BOARD_Q, self._readings)
                return {
                    "MM ID0:Summary": Raw(f"'STATS':{{{status}}}"),
                    "HBinfo": Raw(f"'HB0':{{{board}}}"),
                }
            case Dialect.A10 | Dialect.A12 | Dialect.A15:
                old = model.dialect is Dialect.A10
                overload: Row = {"Connection Overloaded": False} if old else {}
                return {
                    "MM ID0": Raw(status),
                    "MM Count": 1,
                    "Smart Speed": 1,
                    **overload,
                    "Voltage Level Offset": 0,
                    "Nonce Mask": 25,
                }
        return {"MM ID0": Raw(status), "MM Count": 1, "Nonce Mask": 1}

    def _pool(self, number: int, pool: Pool) -> Row:
        """Tell the traffic with one pool."""
        device = self._device
        difficulty = device.pool_difficulty if pool.accepted else 0
        sent, received = pool.accepted + 3, pool.accepted + pool.getworks + 4
        calls = ("Wait", "Max", "Min", "Av")
        row = self._stats_head(number, f"POOL{pool.number}")
        row |= {"Pool Calls": 0, "Pool Attempts": 0}
        row |= {
            f"Pool {name}": Fixed(99_999_999 if name == "Min" else 0, 6)
            for name in calls
        }
        row |= {
            "Work Had Roll Time": False,
            "Work Can Roll": False,
            "Work Had Expire": False,
            "Work Roll Time": 0,
            "Work Diff": Fixed(difficulty, 8),
            "Min Diff": Fixed(difficulty, 8),
            "Max Diff": Fixed(difficulty, 8),
        }
        newer = device.model.dialect is not Dialect.A10
        if newer:
            count = 2 if difficulty else 0
            row |= {"Min Diff Count": count, "Max Diff Count": count}
        row |= {
            "Times Sent": sent,
            "Bytes Sent": sent * BYTES_PER_SHARE,
            "Times Recv": received,
            "Bytes Recv": received * 2 * BYTES_PER_SHARE,
        }
        if newer:
            row |= {
                "Net Bytes Sent": sent * BYTES_PER_SHARE,
                "Net Bytes Recv": received * 2 * BYTES_PER_SHARE,
            }
        return row

    def litestats(self, _parameter: str) -> list[Row]:
        """Tell the status in short; a Q tells all of it but the chips."""
        self._readings.chips.refresh()
        if self._device.model.dialect is Dialect.Q:
            status = filled(STATUSES[Dialect.Q], self._readings)
            return [{"MM ID0:Summary": Raw(f"'STATS':{{{status}}}")}]
        short = Raw(filled(SHORT_STATUS, self._readings))
        return [{"MM ID0": short, "MM Count": 1, "Nonce Mask": 1}]
