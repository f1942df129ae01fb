"""The HTTP session that all miners share."""

from aiohttp import ClientSession
from aiohttp_asyncmdnsresolver.api import AsyncDualMDNSResolver
from homeassistant.components import zeroconf
from homeassistant.const import EVENT_HOMEASSISTANT_CLOSE
from homeassistant.core import Event, HomeAssistant
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..miners.http import create_session

_SESSION: HassKey[ClientSession] = HassKey(f"{DOMAIN}_session")


async def async_get_session(hass: HomeAssistant) -> ClientSession:
    """Return the one session, made at the first call.

    It is not Home Assistant's own, which keeps connections open.
    """
    multicast = await zeroconf.async_get_async_instance(hass)
    if (session := hass.data.get(_SESSION)) is not None:
        return session
    resolver = AsyncDualMDNSResolver(async_zeroconf=multicast)
    session = hass.data[_SESSION] = create_session(resolver)

    async def close(_: Event) -> None:
        await session.close()
        await resolver.close()

    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_CLOSE, close)
    return session
