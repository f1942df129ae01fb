"""The HTTP session that all miners share."""

from socket import AF_INET

from aiohttp import ClientSession, ClientTimeout, TCPConnector
from aiohttp_asyncmdnsresolver.api import AsyncDualMDNSResolver
from homeassistant.components import zeroconf
from homeassistant.const import EVENT_HOMEASSISTANT_CLOSE
from homeassistant.core import Event, HomeAssistant
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

_SESSION: HassKey[ClientSession] = HassKey(f"{DOMAIN}_session")


async def async_get_session(hass: HomeAssistant) -> ClientSession:
    """Return the one session, made at the first call.

    It differs from Home Assistant's own in what the small web servers of miners
    need: IPv4 only, because they refuse other clients, and a connection closed
    after each reply, because they run out of sockets when clients keep theirs.
    """
    multicast = await zeroconf.async_get_async_instance(hass)
    if (session := hass.data.get(_SESSION)) is not None:
        return session
    resolver = AsyncDualMDNSResolver(async_zeroconf=multicast)
    session = hass.data[_SESSION] = ClientSession(
        connector=TCPConnector(
            family=AF_INET, force_close=True, limit=0, resolver=resolver
        ),
        # The clients hold their own deadlines, to the millisecond.
        timeout=ClientTimeout(total=None),
    )

    async def close(_: Event) -> None:
        await session.close()
        await resolver.close()

    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_CLOSE, close)
    return session
