"""The address at which Prometheus asks."""

import time

from aiohttp import web
from homeassistant.components.http import KEY_HASS, HomeAssistantView

from ..const import CONF_METRICS, DOMAIN
from ..fleet.coordinator import async_loaded_fleet
from ..runtime.ha_compat import async_own_version
from ..runtime.wanted import async_look
from .page import page
from .subject import Scrape, Subject
from .text import CONTENT_TYPE


class MetricsView(HomeAssistantView):
    """Answers every user of Home Assistant, as its own export to Prometheus does."""

    url = f"/api/{DOMAIN}/metrics"
    name = f"api:{DOMAIN}:metrics"

    async def get(self, request: web.Request) -> web.Response:
        """Tell of all miners that are loaded, as far as they were polled."""
        hass = request.app[KEY_HASS]
        fleet = async_loaded_fleet(hass)
        if fleet is None or not fleet.config_entry.options.get(CONF_METRICS):
            raise web.HTTPNotFound
        async_look(hass)
        scrape = Scrape(
            now=time.time(),
            version=await async_own_version(hass),
            currency=hass.config.currency,
            miners=tuple(
                Subject(
                    member.entry.title,
                    member.key,
                    member.miner.client.host,
                    member.miner.client.port,
                    member.miner.data,
                )
                for member in fleet.members.values()
            ),
            fleet=fleet.data,
            chips=request.query.get("chips") != "0",
        )
        body = await hass.async_add_executor_job(page, scrape)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})
