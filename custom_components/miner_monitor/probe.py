"""Asking an address that a user gave what is there."""

from dataclasses import dataclass

from homeassistant.core import HomeAssistant

from .address import InvalidAddressError, parse_address
from .const import LOGGER
from .miners import (
    MinerAuthError,
    MinerConnectionError,
    MinerError,
    MinerResponseError,
    MinerTimeoutError,
    MinerUnsupportedError,
    detect,
)
from .miners.model import MinerIdentity
from .session import async_get_session


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A miner and where it is."""

    host: str
    port: int
    identity: MinerIdentity


async def async_probe(hass: HomeAssistant, text: str) -> Found | str:
    """Return the miner at an address, or the key of the error to show."""
    try:
        address = parse_address(text)
    except InvalidAddressError:
        return "invalid_host"
    try:
        client, reading = await detect(
            address.host, address.port, await async_get_session(hass)
        )
    except MinerError as err:
        LOGGER.debug("No miner at %s: %s", address.host, err)
        return _error_key(err)
    except Exception:  # noqa: BLE001 - a flow must show a form, whatever happened
        LOGGER.exception("Unexpected error while asking %s", address.host)
        return "unknown"
    return Found(host=client.host, port=client.port, identity=reading.identity)


def _error_key(error: MinerError) -> str:
    match error:
        case MinerTimeoutError():
            return "timeout"
        case MinerConnectionError():
            return "cannot_connect"
        case MinerAuthError(credentials=True):
            return "password_required"
        case MinerAuthError():
            return "refused"
        case MinerUnsupportedError():
            return "unknown_miner"
        case MinerResponseError():
            return "not_a_miner"
    return "unknown"
