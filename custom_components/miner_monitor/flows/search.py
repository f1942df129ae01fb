"""Looking for miners in a network: who listens, and which of them is a miner."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from ipaddress import IPv4Network

from homeassistant.components.network import async_get_adapters
from homeassistant.core import HomeAssistant

from .addresses import LARGEST_NETWORK, own_networks
from .probe import LOCKED, Found, async_probe

AT_ONCE = 64
"""Hosts that are looked at at the same time."""

CONNECT_SECONDS = 1.5
"""Seconds in which a host in the same network accepts a connection."""

IDENTIFY_SECONDS = 4.0
"""Seconds in which one that has accepted must have said what it is."""


async def async_own_networks(
    hass: HomeAssistant, largest: int = LARGEST_NETWORK
) -> list[IPv4Network]:
    """Return the networks that Home Assistant's enabled adapters are in.

    Of one that is larger than the ``largest`` it is the adapter's own /24.
    """
    return own_networks(
        (
            (ip["address"], ip["network_prefix"])
            for adapter in await async_get_adapters(hass)
            if adapter["enabled"]
            for ip in adapter["ipv4"]
        ),
        largest,
    )


async def async_search(
    hass: HomeAssistant,
    networks: Iterable[IPv4Network],
    ports: Iterable[int],
    progress: Callable[[float], None],
) -> tuple[dict[str, Found], list[str]]:
    """Return the miners in networks by address, and the addresses that are locked.

    ``progress`` is told the part of all hosts that were looked at, from 0 to 1, by
    hundredths.
    """
    hosts = [str(host) for network in networks for host in network.hosts()]
    waiting = iter(hosts)
    answers: dict[str, Found | str] = {}
    looked_at = 0

    async def work() -> None:
        nonlocal looked_at
        for host in waiting:
            for port in ports:
                if await _listens(host, port):
                    place = f"{host}:{port}"
                    answers[place] = await async_probe(
                        hass, place, deadline=IDENTIFY_SECONDS
                    )
            before, looked_at = 100 * looked_at // len(hosts), looked_at + 1
            if (part := 100 * looked_at // len(hosts)) != before:
                progress(part / 100)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(AT_ONCE, len(hosts))):
            group.create_task(work())
    places = sorted(answers, key=_order)
    found = {
        place: miner for place in places if isinstance(miner := answers[place], Found)
    }
    return found, [place for place in places if answers[place] == LOCKED]


async def _listens(host: str, port: int) -> bool:
    """Whether a host accepts a connection; it is sent nothing."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


def _order(place: str) -> tuple[int, ...]:
    host, _, port = place.partition(":")
    return (*map(int, host.split(".")), int(port))
