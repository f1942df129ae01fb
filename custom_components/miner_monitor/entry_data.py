"""What a config entry stores of a miner."""

from typing import TYPE_CHECKING, Any, TypeIs

from homeassistant.const import (
    CONF_HOST,
    CONF_PASSWORD,
    CONF_PATH,
    CONF_PORT,
    CONF_USERNAME,
)
from homeassistant.core import HomeAssistant

from .const import (
    CONF_FAMILY,
    CONF_IDENTITY,
    CONF_POOL_SCRAPER,
    CONF_SESSION,
    CONF_UNIT,
    DOMAIN,
    FLEET,
)
from .miners import Credentials, Endpoint
from .miners.codec import dump_identity
from .miners.model import MinerIdentity

if TYPE_CHECKING:
    from .coordinator import MinerConfigEntry
    from .fleet_coordinator import FleetConfigEntry

type AnyConfigEntry = MinerConfigEntry | FleetConfigEntry
"""An entry of ours: that of a miner, or of all miners together."""


def is_fleet(entry: AnyConfigEntry) -> TypeIs[FleetConfigEntry]:
    """Whether an entry is the one of all miners together, which has no miner."""
    return entry.unique_id == FLEET


def miner_entries(hass: HomeAssistant) -> list[MinerConfigEntry]:
    """Return the entries of all miners, loaded or not."""
    return [
        entry
        for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False)
        if not is_fleet(entry)
    ]


NEEDS_CODE = "needs_code"
"""Key of what starts a reauth: a one-time code is asked for, not a password."""


def entry_data(endpoint: Endpoint, identity: MinerIdentity) -> dict[str, Any]:
    """Return the data of a new entry."""
    return {
        CONF_HOST: endpoint.host,
        CONF_PORT: endpoint.port,
        CONF_PATH: endpoint.path,
        CONF_UNIT: identity.unit,
        CONF_FAMILY: identity.family.value,
        CONF_IDENTITY: dump_identity(identity),
        **credentials_data(endpoint.credentials),
    }


def credentials_data(credentials: Credentials) -> dict[str, str]:
    """Return what is stored of credentials: nothing where there are none."""
    stored = {
        CONF_USERNAME: credentials.username,
        CONF_PASSWORD: credentials.password,
        CONF_SESSION: credentials.session,
    }
    return {key: value for key, value in stored.items() if value}


def endpoint_of(entry: MinerConfigEntry) -> Endpoint:
    """Return where the entry says that its miner is, and what it wants to see."""
    return Endpoint(
        host=entry.data[CONF_HOST],
        port=entry.data[CONF_PORT],
        path=entry.data.get(CONF_PATH, "/"),
        unit=entry.data.get(CONF_UNIT),
        pool_scraper=entry.options.get(CONF_POOL_SCRAPER),
        credentials=Credentials(
            username=entry.data.get(CONF_USERNAME, ""),
            password=entry.data.get(CONF_PASSWORD, ""),
            session=entry.data.get(CONF_SESSION, ""),
        ),
    )
