"""Miners that an automation watches: those of a target, or all of them."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_OPTIONS, CONF_TARGET
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.target import (
    TargetSelection,
    async_extract_referenced_entity_ids,
)
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

from ..const import SIGNAL_MINERS
from .entries import is_fleet, loaded_of, miner_entries

type Target = Mapping[str, Any] | None

PERCENT = vol.All(vol.Coerce(float), vol.Range(min=0, max=100))


class OfMiners:
    """A trigger or a condition with ``options``, the target of which is optional."""

    options: ClassVar[Mapping[vol.Marker, Any]] = {}

    @classmethod
    async def async_validate_config(
        cls, _: HomeAssistant, config: ConfigType
    ) -> ConfigType:
        """Check options and target."""
        schema = vol.Schema(
            {
                vol.Optional(CONF_OPTIONS, default=dict): dict(cls.options),
                vol.Optional(CONF_TARGET): cv.TARGET_FIELDS,
            }
        )
        checked: ConfigType = schema(config)
        return checked


def targeted_entries(hass: HomeAssistant, target: Target) -> list[ConfigEntry]:
    """Return the loaded miners of a target: all without one, or with all miners in it.

    An area, a floor or a label counts for the devices in it, whatever the categories
    of their entities.
    """
    loaded = loaded_of(miner_entries(hass))
    if not target:
        return loaded
    selected = async_extract_referenced_entity_ids(
        hass, TargetSelection(dict(target)), primary_entities_only=False
    )
    devices, entities = dr.async_get(hass), er.async_get(hass)
    known = [devices.async_get(device) for device in selected.referenced_devices] + [
        entities.async_get(entity)
        for entity in selected.referenced | selected.indirectly_referenced
    ]
    chosen = {item.config_entry_id for item in known if item is not None}
    for entry_id in chosen:
        entry = entry_id and hass.config_entries.async_get_entry(entry_id)
        if entry and is_fleet(entry):
            return loaded
    return [entry for entry in loaded if entry.entry_id in chosen]


@callback
def async_follow_miners(
    hass: HomeAssistant, join: Callable[[ConfigEntry], CALLBACK_TYPE]
) -> CALLBACK_TYPE:
    """Call ``join`` for every loaded miner, now and later; return what ends it.

    What it returns is called when the miner unloads. A miner that was reloaded joins
    anew, with another coordinator.
    """
    joined: dict[str, tuple[object, CALLBACK_TYPE]] = {}

    @callback
    def follow() -> None:
        loaded = {entry.entry_id: entry for entry in targeted_entries(hass, None)}
        for key, (coordinator, leave) in tuple(joined.items()):
            now: object = loaded[key].runtime_data if key in loaded else None
            if now is not coordinator:
                leave()
                del joined[key]
        for key, entry in loaded.items():
            if key not in joined:
                current: object = entry.runtime_data
                joined[key] = current, join(entry)

    stop = async_dispatcher_connect(hass, SIGNAL_MINERS, follow)
    follow()

    @callback
    def end() -> None:
        stop()
        for _, leave in joined.values():
            leave()
        joined.clear()

    return end
