"""Lights of a miner."""

from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.light import (
    ATTR_BRIGHTNESS,
    ATTR_EFFECT,
    ATTR_RGB_COLOR,
    ColorMode,
    LightEntity,
    LightEntityDescription,
    LightEntityFeature,
)
from homeassistant.const import Platform

from .entity import (
    MinerControlEntity,
    MinerControlEntityDescription,
    setup_of,
)
from .miners.settings import Light, Setting, shown_by
from .model import MinerData

# The controller brings order into what is asked for at the same time.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class MinerLightEntityDescription(
    MinerControlEntityDescription, LightEntityDescription
):
    """A light."""


LIGHTS = tuple(map(MinerLightEntityDescription.of, shown_by(Platform.LIGHT)))


def percent_of(brightness: int) -> int:
    """Return Home Assistant's brightness in %; what is not quite off stays on."""
    return max(1, round(brightness / 2.55))


def brightness_of(percent: int) -> int:
    """Return a brightness in % as Home Assistant counts it."""
    return round(percent * 2.55)


class MinerLight(MinerControlEntity[MinerLightEntityDescription], LightEntity):
    """A light of a miner."""

    _attr_color_mode = ColorMode.RGB
    _attr_supported_color_modes = {ColorMode.RGB}  # noqa: RUF012 - HA's own form
    _attr_supported_features = LightEntityFeature.EFFECT
    entity_description: MinerLightEntityDescription

    @override
    def _read(self, data: MinerData) -> dict[str, Any]:
        allowed = self.coordinator.controller.allowed(Setting.LIGHT)
        shown: dict[str, Any] = {
            "effect_list": [] if allowed is None else list(allowed.choices)
        }
        light: Light | None = self.entity_description.value_fn(data)
        if light is None:
            return {**shown, "is_on": None}
        if light.brightness is not None:
            shown["brightness"] = brightness_of(light.brightness)
        return {
            **shown,
            "is_on": light.on,
            "effect": light.effect,
            "rgb_color": light.color,
        }

    @override
    async def async_turn_on(self, /, **kwargs: Any) -> None:
        """Turn it on; what is not asked for stays as it is."""
        brightness = kwargs.get(ATTR_BRIGHTNESS)
        await self._write(
            Light(
                on=True,
                effect=kwargs.get(ATTR_EFFECT),
                brightness=None if brightness is None else percent_of(brightness),
                color=kwargs.get(ATTR_RGB_COLOR),
            )
        )

    @override
    async def async_turn_off(self, /, **kwargs: Any) -> None:
        """Turn it off."""
        await self._write(Light(on=False))


async_setup_entry = setup_of(Platform.LIGHT, (LIGHTS, MinerLight))
