"""What a user gives as the address of a miner, and asking there what it is."""

import asyncio
from asyncio import Semaphore
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
import re
from typing import Self

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey
from yarl import URL

from ..const import (
    DOMAIN,
    LOGGER,
)
from ..miners import (
    NO_CREDENTIALS,
    Credentials,
    Endpoint,
    MinerAuthError,
    MinerConnectionError,
    MinerError,
    MinerResponseError,
    MinerTimeoutError,
    MinerUnsupportedError,
    create_client,
    detect,
)
from ..miners.detect import DEFAULT_PORTS
from ..miners.model import MinerIdentity
from ..runtime.escape import plain
from ..runtime.session import async_get_session

_HOST = re.compile(
    r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?", re.IGNORECASE
)
_LONGEST_HOST = 253
_SCHEMES = ("http", "https")


class InvalidAddressError(ValueError):
    """A text that no miner can be reached by."""


@dataclass(frozen=True, slots=True)
class Address:
    """A host name or IPv4 address, the port if one was given, and the page."""

    host: str
    port: int | None
    path: str = "/"


_PRIVATE = tuple(
    ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8")
)


def is_private(host: str) -> bool:
    """Whether a host is an address at which a discovered miner can be.

    Miners answer to private IPv4 networks only, so that no announcement makes Home
    Assistant ask anybody else. Loopback is its own machine, where the demo's miners
    are; link-local addresses (169.254) are refused by the miners themselves.
    """
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in _PRIVATE)


def parse_address(text: str) -> Address:
    """Read ``host``, ``host:port`` or a URL.

    ``https://`` is read as ``http://``, which is all that miners speak. Raises
    InvalidAddressError for anything else; IPv6 too, since miners refuse it.
    """
    text = text.strip()
    if "://" not in text:
        text = f"http://{text}"
    try:
        url = URL(text)
        port = url.explicit_port
    except ValueError as err:
        raise InvalidAddressError(text) from err
    host = url.host or ""
    valid_host = len(host) <= _LONGEST_HOST and _HOST.fullmatch(host)
    if (
        url.scheme not in _SCHEMES
        or url.user is not None
        or port == 0
        or not valid_host
    ):
        raise InvalidAddressError(text)
    return Address(host.rstrip(".").lower(), port, url.path)


def address_of(endpoint: Endpoint) -> str:
    """Write an endpoint so that ``parse_address`` reads it."""
    path = "" if endpoint.path == "/" else endpoint.path
    return f"{'http://' if path else ''}{endpoint.host}:{endpoint.port}{path}"


MOST_DISCOVERIES = 16
"""Announced addresses that are asked at a time; what a user typed waits for none."""

DISCOVERY_PAUSE = 60.0
"""Seconds between two questions to one announced host, however often it is."""

_DISCOVERIES: HassKey[Semaphore] = HassKey(f"{DOMAIN}_discoveries")
_DISCOVERED: HassKey[dict[str, float]] = HassKey(f"{DOMAIN}_discovered")

LOCKED = "password_required"
"""The one error that a user can help with at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A miner and where it is; ``units`` are all that share the address."""

    endpoint: Endpoint
    identity: MinerIdentity
    units: tuple[str, ...] = ()

    @property
    def each(self) -> Iterator[Self]:
        """Go through what shares the address; mostly that is just this miner."""
        for unit in self.units or (self.identity.unit,):
            yield replace(self, identity=replace(self.identity, unit=unit))

    @property
    def label(self) -> str:
        """Tell it from others: model, name and address, with a port if unusual."""
        host, port = self.endpoint.host, self.endpoint.port
        usual = DEFAULT_PORTS[self.identity.family] == port
        name, model = title_of(self.identity), self.identity.model
        known = name if name.startswith(model) else f"{model} {name}"
        return f"{known} ({host if usual else f'{host}:{port}'})"


def title_of(identity: MinerIdentity) -> str:
    """Name a miner by its host name, else by model and the end of its identifier."""
    if identity.hostname and not identity.default_hostname:
        return plain(identity.hostname)
    name = identity.mac or identity.serial
    tail = identity.unit if name is None else name.replace(":", "")[-4:].upper()
    return f"{identity.model} {tail}" if tail else identity.model


async def async_may_ask(hass: HomeAssistant, host: str) -> bool:
    """Wait until an announced host may be asked again.

    False if another announcement waits for that already. A miner announces itself
    when it starts, before it answers: so the last word is waited for, not dropped.
    """
    asked = hass.data.setdefault(_DISCOVERED, {})
    now = hass.loop.time()
    for other in [name for name, at in asked.items() if at + DISCOVERY_PAUSE <= now]:
        del asked[other]
    last = asked.get(host)
    if last is not None and last > now:
        return False
    asked[host] = now if last is None else last + DISCOVERY_PAUSE
    await asyncio.sleep(asked[host] - now)
    return True


@callback
def async_discoveries(hass: HomeAssistant) -> Semaphore:
    """Return what lets few announced addresses be asked at a time."""
    return hass.data.setdefault(_DISCOVERIES, Semaphore(MOST_DISCOVERIES))


async def async_probe(
    hass: HomeAssistant,
    text: str,
    unit: str | None = None,
    credentials: Credentials = NO_CREDENTIALS,
    deadline: float | None = None,
) -> Found | str:
    """Return the miner at an address, or the key of the error to show.

    Of several at one address it is the one called ``unit``, if there is such a one.
    """
    try:
        address = parse_address(text)
    except InvalidAddressError:
        return "invalid_host"
    try:
        return await _async_find(hass, address, unit, credentials, deadline)
    except MinerError as err:
        LOGGER.debug("No miner at %s: %s", address.host, err)
        return error_key(err)
    except Exception:  # noqa: BLE001 - a flow must show a form, whatever happened
        LOGGER.exception("Unexpected error while asking %s", address.host)
        return "unknown"


async def _async_find(
    hass: HomeAssistant,
    address: Address,
    unit: str | None,
    credentials: Credentials,
    deadline: float | None,
) -> Found:
    session = await async_get_session(hass)
    client, reading = await detect(
        address.host,
        address.port,
        session,
        path=address.path,
        credentials=credentials,
        deadline=deadline,
    )
    endpoint = Endpoint(
        host=client.host,
        port=client.port,
        path=address.path,
        credentials=credentials,
    )
    if unit in client.units and unit != reading.identity.unit:
        wanted = replace(endpoint, unit=unit)
        reading = await create_client(client.family, wanted, session).fetch()
    return Found(endpoint=endpoint, identity=reading.identity, units=client.units)


_ERRORS: Mapping[type[MinerError], str] = {
    MinerTimeoutError: "timeout",
    MinerConnectionError: "cannot_connect",
    MinerAuthError: "refused",
    MinerUnsupportedError: "unknown_miner",
    MinerResponseError: "not_a_miner",
    MinerError: "unknown",
}
"""The keys of the texts that say what went wrong; the first that fits."""


def error_key(error: MinerError) -> str:
    """Return the key of the text that says what went wrong."""
    if isinstance(error, MinerAuthError) and error.credentials:
        return LOCKED
    return next(key for kind, key in _ERRORS.items() if isinstance(error, kind))
