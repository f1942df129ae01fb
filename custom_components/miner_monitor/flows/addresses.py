"""Lists of addresses and networks, as a user types or pastes them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses, ip_network
import re
from typing import Any, override

import yaml

from .probe import InvalidAddressError, is_private, parse_address

MOST_CHARACTERS = 65_536
MOST_MINERS = 256
"""A text that is longer, or names more, is not a list of somebody's miners."""

LARGEST_NETWORK = 22
"""Prefix length of the largest network that is searched: 1,022 hosts."""

NEAR = 24
"""Prefix length of what is searched around an address by itself: 254 hosts."""

_SEPARATORS = re.compile(r"[\s,;]+")
_ENTRY = re.compile(r"^\s*-?\s*(devices|name|ip)\s*:", re.MULTILINE)


class InvalidListError(ValueError):
    """A text that is no such list: ``key`` of the error, ``part`` that is wrong."""

    def __init__(self, key: str, part: str = "") -> None:
        """Take the key of the error's text."""
        super().__init__(key)
        self.key, self.part = key, part[:64]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A miner to be added: its address, and how to call it if that was said."""

    address: str
    title: str | None = None
    enabled: bool = True
    unit: str | None = None

    @property
    def name(self) -> str:
        """What it is called in an outcome."""
        return self.title or self.key

    @property
    def key(self) -> str:
        """What tells it from the others of a list."""
        return f"{self.address} {self.unit}" if self.unit else self.address


def read_miners(text: str) -> list[Wanted]:
    """Read addresses, or the ``devices`` of a YAML file, without those named twice.

    Raises InvalidListError. Whether an address is one is found out when it is asked.
    """
    if len(text) > MOST_CHARACTERS:
        raise InvalidListError("list_too_long")
    wanted = (
        _read_yaml(text)
        if _ENTRY.search(text)
        else [Wanted(part) for part in _SEPARATORS.split(text) if part]
    )
    found = {_normal(item.address): item for item in reversed(wanted)}
    if not found:
        raise InvalidListError("no_addresses")
    if len(found) > MOST_MINERS:
        raise InvalidListError("list_too_long")
    return list(reversed(found.values()))


def is_list(wanted: Sequence[Wanted]) -> bool:
    """Whether miners are added without further questions: several, or named ones."""
    addresses = [item for item in wanted if not isinstance(_normal(item.address), str)]
    return len(addresses) > 1 or any(item.title or not item.enabled for item in wanted)


def _normal(text: str) -> object:
    try:
        return parse_address(text)
    except InvalidAddressError:
        return text


class _PlainLoader(yaml.SafeLoader):
    """Reads YAML without anchors: they let a short text become an endless one."""

    @override
    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def _read_yaml(text: str) -> list[Wanted]:
    """Read the devices of the file; whatever else is in it is left alone."""
    try:
        content = yaml.load(text, Loader=_PlainLoader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError) as err:
        raise InvalidListError("invalid_yaml") from err
    devices = content.get("devices") if isinstance(content, Mapping) else content
    if not isinstance(devices, list):
        raise InvalidListError("invalid_yaml")
    return [_device(item) for item in devices]


def _device(item: object) -> Wanted:
    if not isinstance(item, Mapping) or not isinstance(item.get("ip"), str):
        raise InvalidListError("invalid_yaml")
    name = item.get("name")
    title = str(name).strip() if isinstance(name, str | int) else ""
    return Wanted(item["ip"].strip(), title or None, item.get("enabled") is not False)


def read_networks(text: str) -> list[IPv4Network]:
    """Read private IPv4 networks such as ``192.168.1.0/24``, or single addresses.

    Raises InvalidListError that names the one that is wrong.
    """
    if len(text) > MOST_CHARACTERS:
        raise InvalidListError("list_too_long")
    networks = [_network(part) for part in _SEPARATORS.split(text) if part]
    if not networks:
        raise InvalidListError("no_networks")
    merged = list(collapse_addresses(networks))
    if sum(network.num_addresses for network in merged) > 4 * 2 ** (
        32 - LARGEST_NETWORK
    ):
        raise InvalidListError("networks_too_large")
    return merged


def _network(text: str) -> IPv4Network:
    try:
        network = ip_network(text, strict=False)
    except ValueError as err:
        raise InvalidListError("invalid_network", text) from err
    if not isinstance(network, IPv4Network):
        raise InvalidListError("invalid_network", text)
    if network.prefixlen < LARGEST_NETWORK:
        raise InvalidListError("network_too_large", text)
    if not is_private(str(network[0])) or not is_private(str(network[-1])):
        raise InvalidListError("network_not_private", text)
    return network


def own_networks(
    addresses: Iterable[tuple[str, int]], largest: int = LARGEST_NETWORK
) -> list[IPv4Network]:
    """Return the networks of addresses with their prefix lengths, as far as searchable.

    Of one that is larger than the ``largest`` the address's own /24 is taken.
    """
    networks = []
    for address, prefix in addresses:
        length = prefix if prefix >= largest else NEAR
        network = ip_network(f"{address}/{length}", strict=False)
        if isinstance(network, IPv4Network) and is_private(address):
            networks.append(network)
    return list(collapse_addresses(networks))
