"""What is kept of a removed miner for a while: its meters and counters.

Somebody who removes a miner and adds it again goes on where he was.
"""

import asyncio
import time
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..insight import lasting
from .store import (
    Data,
    async_read,
    store_of,
)

KEPT_SECONDS = 30 * 86_400
KEY = "removed"

_LOCK: HassKey[asyncio.Lock] = HassKey(f"{DOMAIN}_keepsakes")
"""Held from reading to writing: several miners may be removed at once."""


async def async_keep(hass: HomeAssistant, device_id: str, stored: Data) -> None:
    """Keep of a miner's data what is counted for ever."""
    async with hass.data.setdefault(_LOCK, asyncio.Lock()):
        kept = await _async_kept(hass)
        kept[device_id] = {"removed_at": time.time(), "data": lasting(stored)}
        await store_of(hass, KEY).async_save(kept)


async def async_take(hass: HomeAssistant, device_id: str) -> Data | None:
    """Return what was kept of a miner, and forget it."""
    async with hass.data.setdefault(_LOCK, asyncio.Lock()):
        kept = await _async_kept(hass)
        if (found := kept.pop(device_id, None)) is None:
            return None
        await store_of(hass, KEY).async_save(kept)
    data: Data = found["data"]
    return data


async def _async_kept(hass: HomeAssistant) -> dict[str, Any]:
    """Return what is kept, without what is too old or not to be understood."""
    stored = await async_read(store_of(hass, KEY)) or {}
    oldest = time.time() - KEPT_SECONDS
    return {
        device_id: item
        for device_id, item in stored.items()
        if isinstance(item, dict)
        and isinstance(item.get("data"), dict)
        and isinstance(removed_at := item.get("removed_at"), int | float)
        and removed_at >= oldest
    }
