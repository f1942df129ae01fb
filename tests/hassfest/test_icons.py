"""Icons: there where nothing else gives one, and only ones that exist."""

from pathlib import Path
import re

import hass_frontend
from homeassistant.const import Platform

from custom_components.miner_monitor.entity import MinerEntityDescription

from ..each import for_each
from ..meta.package import (
    ENTITIES,
    FLEET_ENTITIES,
    INTEGRATION,
    entity_id,
    load_json,
    texts,
)

ALL_ENTITIES = [*ENTITIES, *FLEET_ENTITIES]

ICONS = load_json(INTEGRATION / "icons.json")
KNOWN = {
    item["name"]
    for item in load_json(
        Path(hass_frontend.where()) / "static" / "mdi" / "iconList.json"
    )
}
OWN_ICON_DESPITE_DEVICE_CLASS = {
    *("status", "last_seen", "hashing", "fallback_pool", "throttle")
}
"""Entities whose device class has an icon that says less than ours."""


def test_sections() -> None:
    assert set(ICONS) <= {"entity", "services", "triggers", "conditions"}


@for_each(("path", "icon"), list(texts(ICONS)))
def test_icon(path: str, icon: str) -> None:
    assert re.fullmatch(r"mdi:[a-z0-9-]+", icon), path
    assert icon.removeprefix("mdi:") in KNOWN


@for_each("platform", sorted(ICONS["entity"]))
def test_no_icon_without_entity(platform: str) -> None:
    used = {
        description.translation_key
        for on, description in ALL_ENTITIES
        if on == platform
    }
    assert set(ICONS["entity"][platform]) <= used


@for_each(("platform", "description"), ALL_ENTITIES, ids=entity_id)
def test_entity(platform: Platform, description: MinerEntityDescription) -> None:
    icons = ICONS["entity"].get(platform, {}).get(description.translation_key)
    wanted = (
        description.device_class is None
        or description.key in OWN_ICON_DESPITE_DEVICE_CLASS
    )
    assert (icons is not None) is wanted


@for_each(("platform", "description"), ALL_ENTITIES, ids=entity_id)
def test_states(platform: Platform, description: MinerEntityDescription) -> None:
    icons = ICONS["entity"].get(platform, {}).get(description.translation_key)
    if icons is None:
        return
    assert icons.keys() <= {"default", "state", "range"}
    assert "default" in icons
    states = icons.get("state", {})
    assert icons["default"] not in states.values()
    possible = getattr(description, "options", None)
    if platform in {Platform.BINARY_SENSOR, Platform.SWITCH}:
        possible = ["on", "off"]
    assert set(states) <= set(possible or [])
