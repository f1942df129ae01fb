"""What a config entry stores of a miner."""

from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    CONF_HOST,
    CONF_PASSWORD,
    CONF_PATH,
    CONF_PORT,
    CONF_USERNAME,
)
from homeassistant.core import HomeAssistant

from ..const import (
    CONF_FAMILY,
    CONF_IDENTITY,
    CONF_POOL_SCRAPER,
    CONF_SESSION,
    CONF_TRUSTED,
    CONF_UNIT,
    DOMAIN,
    FLEET,
)
from ..miners import (
    NO_CREDENTIALS,
    Credentials,
    Endpoint,
)
from ..miners.codec import (
    dump_identity,
    load_identity,
)
from ..miners.model import MinerIdentity


def is_fleet(entry: ConfigEntry) -> bool:
    """Whether an entry is the one of all miners together, which has no miner."""
    return entry.unique_id == FLEET


def miner_entries(hass: HomeAssistant) -> list[ConfigEntry]:
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


def endpoint_of(entry: ConfigEntry) -> Endpoint:
    """Return where the entry says that its miner is, and what it wants to see."""
    return endpoint_at(entry, entry.data[CONF_HOST], entry.data[CONF_PORT])


def endpoint_at(entry: ConfigEntry, host: str, port: int) -> Endpoint:
    """Return an address at which the entry's miner may be, and what is shown there.

    A password and a session belong to the address that the user gave or confirmed.
    Whoever announces another one may tell our miner's MAC address, which everybody in
    the network can see: there the miner is only read, without them, until the user
    confirms the address. What asks for them is the miner or not, they are not sent.
    """
    trusted = trusted_address(entry) == address_text(host, port)
    return Endpoint(
        host=host,
        port=port,
        path=entry.data.get(CONF_PATH, "/"),
        unit=entry.data.get(CONF_UNIT),
        pool_scraper=entry.options.get(CONF_POOL_SCRAPER),
        credentials=stored_credentials(entry) if trusted else NO_CREDENTIALS,
        known=load_identity(entry.data[CONF_IDENTITY]),
    )


def stored_credentials(entry: ConfigEntry) -> Credentials:
    """Return what the user gave, for addresses that are known to be the miner's."""
    return Credentials(
        username=entry.data.get(CONF_USERNAME, ""),
        password=entry.data.get(CONF_PASSWORD, ""),
        session=entry.data.get(CONF_SESSION, ""),
    )


def address_text(host: str, port: int) -> str:
    """Write an address as it is stored."""
    return f"{host}:{port}"


def trusted_address(entry: ConfigEntry) -> str:
    """Return the address that the user gave or confirmed last."""
    here = address_text(entry.data[CONF_HOST], entry.data[CONF_PORT])
    trusted: str = entry.data.get(CONF_TRUSTED, here)
    return trusted


def moved_data(
    entry: ConfigEntry, host: str, port: int, *, confirmed: bool
) -> dict[str, Any]:
    """Return the entry's data with another address; who is to be trusted stays.

    ``confirmed``: the user gave the address, or said that it is the miner's.
    """
    here, trusted = address_text(host, port), trusted_address(entry)
    data = {**entry.data, CONF_HOST: host, CONF_PORT: port, CONF_TRUSTED: trusted}
    if confirmed or trusted == here:
        del data[CONF_TRUSTED]
    return data
