"""What a user types as the address of a miner."""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
import re

from yarl import URL

_HOST = re.compile(
    r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?", re.IGNORECASE
)
_LONGEST_HOST = 253


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
    """Read ``host``, ``host:port`` or an ``http://`` URL.

    Raises InvalidAddressError for anything else; IPv6 too, since miners refuse it.
    """
    text = text.strip()
    if "://" not in text:
        text = f"http://{text}"
    try:
        url = URL(text)
        port = url.explicit_port
    except ValueError as err:
        raise InvalidAddressError(text) from err
    host = url.host
    if url.scheme != "http" or host is None or url.user is not None:
        raise InvalidAddressError(text)
    if len(host) > _LONGEST_HOST or not _HOST.fullmatch(host):
        raise InvalidAddressError(text)
    if port == 0:
        raise InvalidAddressError(text)
    return Address(host.rstrip(".").lower(), port, url.path)
