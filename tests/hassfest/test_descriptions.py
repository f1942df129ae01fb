"""Actions, triggers and conditions are described as the running release reads it."""

from copy import deepcopy
from typing import Any

from homeassistant.helpers import config_validation as cv, selector
from homeassistant.util.yaml import load_yaml_dict
import pytest
import voluptuous as vol

from ..each import for_each
from ..meta.package import INTEGRATION, load_json

TEXTS = load_json(INTEGRATION / "translations" / "en.json")
ICONS = load_json(INTEGRATION / "icons.json")
FILES: dict[str, dict[str, Any]] = {
    kind: load_yaml_dict(str(INTEGRATION / f"{kind}.yaml"))
    for kind in ("services", "triggers", "conditions")
}
ICON = {"services": "service", "triggers": "trigger", "conditions": "condition"}


def there(value: Any) -> Any:
    """Take anything but nothing."""
    if value is None:
        raise vol.Invalid("nothing is given")
    return value


FIELD = vol.Schema(
    {
        vol.Required("selector"): selector.validate_selector,
        vol.Optional("example"): there,
        vol.Optional("default"): there,
        vol.Optional("required"): bool,
    }
)
DESCRIBED = vol.Any(
    None,
    vol.Schema(
        {
            vol.Optional("target"): selector.TargetSelector.CONFIG_SCHEMA,
            vol.Optional("fields"): {str: FIELD},
        }
    ),
)
SCHEMAS = {
    "services": vol.Schema({cv.slug: DESCRIBED}),
    "triggers": vol.Schema({cv.underscore_slug: DESCRIBED}),
    "conditions": vol.Schema({cv.underscore_slug: DESCRIBED}),
}


@for_each("kind", FILES)
def test_file(kind: str) -> None:
    SCHEMAS[kind](deepcopy(FILES[kind]))


@for_each("kind", FILES)
def test_each_has_texts_and_an_icon(kind: str) -> None:
    """With a name, a description, and the same of each field; nothing beside."""
    texts = TEXTS[kind]
    assert set(FILES[kind]) == set(texts) == set(ICONS[kind])
    for name, described in FILES[kind].items():
        assert set((described or {}).get("fields", {})) == set(
            texts[name].get("fields", {})
        ), name
        assert set(ICONS[kind][name]) == {ICON[kind]}


@for_each("kind", FILES)
def test_choices_are_translated(kind: str) -> None:
    """A select that names a translation key has a text for each of its options."""
    for described in FILES[kind].values():
        for field in (described or {}).get("fields", {}).values():
            select = field["selector"].get("select") or {}
            if (key := select.get("translation_key")) is not None:
                assert set(select["options"]) <= set(TEXTS["selector"][key]["options"])


@for_each(
    ("kind", "name", "described"),
    [
        ("services", "hold", {"target": {"device": {"colour": "red"}}}),
        ("services", "hold", {"fields": {"for": {"selector": {"colour": {}}}}}),
        ("services", "hold", {"fields": {"for": {"selector": {"number": 1}}}}),
        ("services", "hold", {"fields": {"for": {"example": "02:00:00"}}}),
        ("services", "Hold on", {}),
        ("triggers", "Fault", {}),
        ("triggers", "fault", {"fields": {"for": {"default": None}}}),
        ("conditions", "is_online", {"target": []}),
    ],
)
def test_what_is_wrong_is_found(kind: str, name: str, described: Any) -> None:
    with pytest.raises(vol.Invalid):
        SCHEMAS[kind]({name: described})
