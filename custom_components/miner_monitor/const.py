"""Names and numbers that several modules share."""

from enum import StrEnum
import logging
from typing import Final

DOMAIN: Final = "miner_monitor"
FLEET: Final = "fleet"
LOGGER: Final = logging.getLogger(__package__)

CONF_EXPECTED_HASH_RATE: Final = "expected_hash_rate"
CONF_EXPERT: Final = "expert"
CONF_FAMILY: Final = "family"
CONF_HALF_LIFE: Final = "half_life"
CONF_IDENTITY: Final = "identity"
CONF_METRICS: Final = "metrics"
CONF_MINIMUM_HASH_RATE: Final = "minimum_hash_rate"
CONF_MINIMUM_REST: Final = "minimum_rest"
CONF_MINIMUM_RUN: Final = "minimum_run"
CONF_PLUG_POWER: Final = "plug_power"
CONF_PLUG_SWITCH: Final = "plug_switch"
CONF_POOL_SCRAPER: Final = "pool_scraper"
CONF_POWER_GAP: Final = "power_gap"
CONF_PRICE: Final = "price"
CONF_PRIORITY: Final = "priority"
CONF_PROTECT: Final = "protect"
CONF_PSU_CAPACITY: Final = "psu_capacity"
CONF_PSU_CONSTANT: Final = "psu_constant"
CONF_PSU_EFFICIENCY: Final = "psu_efficiency"
CONF_RATIO_GOOD: Final = "ratio_good"
CONF_RATIO_POOR: Final = "ratio_poor"
CONF_RESTART_STALLED: Final = "restart_stalled"
CONF_ROOM_TEMPERATURE: Final = "room_temperature"
CONF_SESSION: Final = "session"
CONF_SIDEBAR: Final = "sidebar"
CONF_TRUSTED: Final = "trusted"
CONF_UNIT: Final = "unit"

SIGNAL_MINERS: Final = f"{DOMAIN}_miners"
"""Sent when the config entry of a miner changes its state."""

MIN_POLL_INTERVAL: Final = 10
MAX_POLL_INTERVAL: Final = 300

ISSUE_WRONG_DEVICE: Final = "wrong_device"
ISSUE_ALIKE: Final = "alike"

STATES, STATISTICS = "states", "statistics"
"""What of the recorder a file is made of."""

MOST_EXPORTED_HOURS: Final = 24 * 366 * 10


class ColumnSet(StrEnum):
    """Whose columns a file has."""

    OURS = "miner_monitor"
    TOOL_000 = "000"
    TOOL_001 = "001"
