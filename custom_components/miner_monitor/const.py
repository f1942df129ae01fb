"""Names and numbers that several modules share."""

import logging
from typing import Final

DOMAIN: Final = "miner_monitor"
LOGGER: Final = logging.getLogger(__package__)

CONF_EXPERT: Final = "expert"
CONF_FAMILY: Final = "family"
CONF_IDENTITY: Final = "identity"
CONF_POOL_SCRAPER: Final = "pool_scraper"
CONF_PROTECT: Final = "protect"
CONF_SESSION: Final = "session"
CONF_UNIT: Final = "unit"

MIN_POLL_INTERVAL: Final = 10
MAX_POLL_INTERVAL: Final = 300

ISSUE_WRONG_DEVICE: Final = "wrong_device"
