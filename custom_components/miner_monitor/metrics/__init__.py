"""All miners for a Prometheus that asks; nothing is loaded until they are offered."""

from importlib import import_module

from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from ..const import CONF_METRICS, DOMAIN
from ..fleet.coordinator import FleetConfigEntry
from ..runtime.wanted import async_look_away

_SERVED: HassKey[bool] = HassKey(f"{DOMAIN}_metrics")


async def async_offer_metrics(hass: HomeAssistant, entry: FleetConfigEntry) -> None:
    """Offer them once the options want it; Home Assistant forgets no address."""

    async def options_changed(_: HomeAssistant, __: FleetConfigEntry) -> None:
        if not entry.options.get(CONF_METRICS):
            async_look_away(hass)
        elif _SERVED not in hass.data:
            if "http" not in hass.config.components:
                return
            hass.data[_SERVED] = True
            view = await hass.async_add_import_executor_job(
                import_module, f"{__package__}.view"
            )
            hass.http.register_view(view.MetricsView())

    entry.async_on_unload(entry.add_update_listener(options_changed))
    await options_changed(hass, entry)
