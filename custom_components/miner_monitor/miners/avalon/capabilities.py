"""What a device can report, told apart from what it reports just now."""

from collections.abc import Mapping

from ..model import (
    Capability,
    MinerState,
)
from .blob import Items
from .models import Model
from .poll import Row

_BY_KEY: Mapping[Capability, str] = {
    Capability.HASH_RATE_AVERAGE: "GHSavg",
    Capability.EXPECTED_HASH_RATE: "GHSmm",
    Capability.POWER_LIMIT: "MPO",
    Capability.CHIP_TEMPERATURE: "TMax",
    Capability.CHIP_TEMPERATURE_AVERAGE: "TAvg",
    Capability.TARGET_CHIP_TEMPERATURE: "TarT",
    Capability.CHIPS_WORKING: "TA",
    Capability.WORK_UTILITY: "WU",
    Capability.POOL_LATENCY: "PING",
    Capability.CONTROLLER_STATE: "SYSTEMSTATU",
    Capability.CHIP_TEMPERATURE_MIN: "PVT_T0",
    Capability.CHIP_VOLTAGES: "PVT_V0",
    Capability.MATCHING_WORK: "MW0",
}
"""What an item of the blob proves, whatever its value."""

_BY_VALUE = (
    Capability.POWER,
    Capability.CHIP_TEMPERATURE,
    Capability.PSU_OUTPUT_VOLTAGE,
    Capability.PSU_OUTPUT_CURRENT,
    Capability.INPUT_VOLTAGE,
    Capability.INPUT_CURRENT,
    Capability.CORE_VOLTAGE_ACTUAL,
    Capability.FREQUENCY_ACTUAL,
    Capability.INLET_TEMPERATURE,
    Capability.OUTLET_TEMPERATURE,
    Capability.AMBIENT_TEMPERATURE,
    Capability.BOARD_TEMPERATURE,
    Capability.FILTER_AGE,
    Capability.WIFI_SIGNAL,
    Capability.FAN_DUTY_CYCLE,
)
"""What only a usable value proves: a missing sensor has a key as well."""

_BY_SUMMARY: Mapping[Capability, tuple[str, ...]] = {
    Capability.SHARES: ("Accepted",),
    Capability.SHARES_STALE: ("Stale",),
    Capability.BEST_DIFFICULTY: ("Best Share",),
    Capability.BLOCKS_FOUND: ("Found Blocks",),
    Capability.UPTIME: ("Elapsed",),
    Capability.WORK_UTILITY: ("Work Utility",),
    Capability.HASH_RATE_AVERAGE: ("MHS av", "GHS av"),
    Capability.HARDWARE_ERROR_RATE: ("Device Hardware%",),
}
_OF_POOLS = frozenset(
    (
        Capability.POOL,
        Capability.POOL_CONNECTED,
        Capability.FALLBACK_POOL,
        Capability.POOL_STATUS,
        Capability.POOL_SHARES,
    )
)
_BY_POOL: Mapping[Capability, str] = {
    Capability.POOL_DIFFICULTY: "Stratum Difficulty",
    Capability.BLOCK_HEIGHT: "Current Block Height",
}


class ReadingMemory:
    """Which readings a device has: the model table's, and what its replies show.

    What was once shown stays, so that a miner in standby has the readings of one
    that works.
    """

    def __init__(self, model: Model | None) -> None:
        """Begin with what is known of the model; None is a plain cgminer."""
        self.model = model
        self.found = frozenset() if model is None else model.readings
        self._open_keys = [
            (capability, key)
            for capability, key in _BY_KEY.items()
            if capability not in self.found
        ]
        self._open_values = [item for item in _BY_VALUE if item not in self.found]

    def learn(self, items: Items, state: MinerState) -> None:
        """Take in what the blob of one reply shows."""
        news = {capability for capability, key in self._open_keys if key in items}
        shown = [item for item in self._open_values if getattr(state, item)]
        if not news and not shown:
            return
        self._open_keys = [item for item in self._open_keys if item[0] not in news]
        self._open_values = [item for item in self._open_values if item not in shown]
        self.found |= news.union(shown)

    def learn_plain(self, summary: Row, pools: tuple[Row, ...]) -> None:
        """Take in what a miner without a blob shows."""
        news = {
            capability
            for capability, keys in _BY_SUMMARY.items()
            if any(key in summary for key in keys)
        }
        if pools:
            news |= _OF_POOLS
            news |= {item for item, key in _BY_POOL.items() if key in pools[0]}
        if not news <= self.found:
            self.found |= news

    def add_boards(self) -> None:
        """Note that there are several hash boards."""
        if Capability.BOARDS not in self.found:
            self.found |= {Capability.BOARDS}
