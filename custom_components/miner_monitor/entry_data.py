"""What a config entry stores of a miner."""

from typing import TYPE_CHECKING, Any

from homeassistant.const import CONF_HOST, CONF_PATH, CONF_PORT

from .const import CONF_FAMILY, CONF_IDENTITY, CONF_POOL_SCRAPER, CONF_UNIT
from .miners import Endpoint
from .miners.codec import dump_identity
from .miners.model import MinerIdentity

if TYPE_CHECKING:
    from .coordinator import MinerConfigEntry


def entry_data(endpoint: Endpoint, identity: MinerIdentity) -> dict[str, Any]:
    """Return the data of a new entry."""
    return {
        CONF_HOST: endpoint.host,
        CONF_PORT: endpoint.port,
        CONF_PATH: endpoint.path,
        CONF_UNIT: identity.unit,
        CONF_FAMILY: identity.family.value,
        CONF_IDENTITY: dump_identity(identity),
    }


def endpoint_of(entry: MinerConfigEntry) -> Endpoint:
    """Return where the entry says that its miner is."""
    return Endpoint(
        host=entry.data[CONF_HOST],
        port=entry.data[CONF_PORT],
        path=entry.data.get(CONF_PATH, "/"),
        unit=entry.data.get(CONF_UNIT),
        pool_scraper=entry.options.get(CONF_POOL_SCRAPER),
    )
