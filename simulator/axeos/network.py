"""Whom AxeOS answers: peers of private networks, pages of private addresses."""

from ipaddress import AddressValueError, IPv4Address, IPv4Network
import re

from .versions import Version

GUARDED_WRITES: Version = (2, 5, 0)
GUARDED: Version = (2, 6, 0)
NAMED_ORIGINS: Version = (2, 15, 0)
PRIVATE = tuple(
    IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)
LOOPBACK = IPv4Network("127.0.0.0/8")
_ORIGIN = re.compile(r"http://([^/:]+)")


def _is_private(address: str) -> bool:
    """Tell whether an address is of one of the three private networks."""
    try:
        parsed = IPv4Address(address)
    except AddressValueError:
        return False
    return any(parsed in network for network in PRIVATE)


def peer_passes(address: str) -> bool:
    """Tell whether a peer is answered; this machine stands for one of the network."""
    try:
        loopback = IPv4Address(address) in LOOPBACK
    except AddressValueError:
        loopback = False
    return loopback or _is_private(address)


def origin_passes(origin: str, version: Version) -> bool:
    """Tell whether a page of an origin is answered: it is named since 2.15."""
    if not origin:
        return True
    if (found := _ORIGIN.fullmatch(origin)) is None:
        return False
    host = found[1].lower()
    if _is_private(host):
        return True
    named = host.endswith(".local") or "." not in host
    return named and version >= NAMED_ORIGINS


def passes(method: str, peer: str, origin: str, version: Version) -> bool:
    """Tell whether AxeOS of a release answers a request."""
    if version < (GUARDED if method == "GET" else GUARDED_WRITES):
        return True
    return peer_passes(peer) and origin_passes(origin, version)
