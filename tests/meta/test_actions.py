"""What actions take, how they are shown and how they are called fit together."""

from importlib import import_module
from inspect import iscoroutinefunction
from typing import Any

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.selector import validate_selector
from homeassistant.util.yaml import load_yaml_dict
import pytest

from custom_components.miner_monitor import async_setup
from custom_components.miner_monitor.condition import CONDITIONS
from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.miners.settings import SETTINGS, Setting
from custom_components.miner_monitor.services import ACTIONS as ROWS
from custom_components.miner_monitor.trigger import TRIGGERS

from ..each import for_each
from .package import INTEGRATION, ROOT, load_json

ACTIONS: dict[str, Any] = load_yaml_dict(str(INTEGRATION / "services.yaml"))
TEXTS = load_json(INTEGRATION / "translations" / "en.json")
ICONS = load_json(INTEGRATION / "icons.json")
CONTROL_PAGE = (ROOT / "docs" / "control.md").read_text(encoding="utf-8")
PAGES = "\n".join(
    path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))
)
FIELDS = [
    (action, field, config)
    for action, parts in ACTIONS.items()
    for field, config in parts["fields"].items()
]
TARGET = {"device_id": ["0" * 32]}
TARGETED = [action for action, parts in ACTIONS.items() if "target" in parts]


def _target(action: str) -> dict[str, Any]:
    """Return the target of a call; one of all miners has none."""
    return TARGET if action in TARGETED else {}


@pytest.fixture
async def schemas(hass: HomeAssistant) -> dict[str, Any]:
    """Return the schema of each action that is registered."""
    await async_setup(hass, {})
    services = hass.services.async_services_for_domain(DOMAIN)
    return {name: service.schema for name, service in services.items()}


def _required(action: str) -> dict[str, Any]:
    """Return the examples of the fields that a call needs."""
    fields = ACTIONS[action]["fields"]
    return {
        field: config["example"]
        for field, config in fields.items()
        if config.get("required")
    }


def test_every_action_is_described(schemas: dict[str, Any]) -> None:
    assert set(ACTIONS) == set(schemas)
    assert set(TEXTS["services"]) == set(schemas)
    assert set(ICONS["services"]) == set(schemas)


@for_each("action", ROWS)
def test_every_action_has_its_handler(action: str) -> None:
    """It is loaded when it is called: nothing else would miss it."""
    package = "custom_components.miner_monitor.actions"
    handlers = import_module(f"{package}.{ROWS[action].module}")
    assert iscoroutinefunction(getattr(handlers, action))


@for_each("action", ACTIONS)
def test_every_field_is_described(schemas: dict[str, Any], action: str) -> None:
    """A field of one place is in all of them."""
    targets = {str(key) for key in cv.ENTITY_SERVICE_FIELDS}
    taken = _keys(schemas[action]) - targets - {"metadata"}
    assert set(ACTIONS[action]["fields"]) == taken
    assert set(TEXTS["services"][action]["fields"]) == taken


KEPT_NUMBERS = [item for item, spec in SETTINGS.items() if spec.kept and spec.is_number]


@for_each("setting", KEPT_NUMBERS)
def test_no_field_offers_what_no_hardware_endures(setting: Setting) -> None:
    """The ends of a miner are narrower, and told when it refuses."""
    offered = ACTIONS["apply_settings"]["fields"][setting.value]["selector"]["number"]
    assert 0 <= offered["min"] < offered["max"] <= SETTINGS[setting].highest


def _keys(schema: Any) -> set[str]:
    """Return the fields of a schema that stands in others."""
    inner = getattr(schema, "schema", None)
    if isinstance(inner, dict):
        return {str(key) for key in inner}
    parts = getattr(schema, "validators", None) or [inner]
    return set().union(*(_keys(part) for part in parts if part is not None))


@for_each("action", ACTIONS)
def test_texts(action: str) -> None:
    texts = TEXTS["services"][action]
    for told in (texts, *texts["fields"].values()):
        assert told["name"]
        assert told["description"].endswith(".")


@for_each(("action", "field", "config"), FIELDS)
def test_example(
    schemas: dict[str, Any], action: str, field: str, config: dict[str, Any]
) -> None:
    """Who copies the example has a call that counts, and one without a target not."""
    data = {**_required(action), field: config["example"]}
    schemas[action]({**_target(action), **data})
    if action not in TARGETED:
        return
    with pytest.raises(Exception, match=r"at least one of .* is required"):
        schemas[action](data)


@for_each("action", ACTIONS)
def test_what_is_required(schemas: dict[str, Any], action: str) -> None:
    """What the form calls required is so, and nothing else is."""
    data = {**_target(action), **_required(action)}
    schemas[action](data)
    for field in _required(action):
        with pytest.raises(Exception, match="required"):
            schemas[action]({key: data[key] for key in data if key != field})


@for_each(("action", "field", "config"), FIELDS)
def test_selector(
    schemas: dict[str, Any], action: str, field: str, config: dict[str, Any]
) -> None:
    """What the form can give is what the action takes, to its edges."""
    selector = config["selector"]
    validate_selector(selector)
    number = selector.get("number")
    for value in (number["min"], number["max"]) if number else ():
        schemas[action]({**_target(action), **_required(action), field: value})


@for_each("action", TARGETED)
def test_target(action: str) -> None:
    assert ACTIONS[action]["target"] == {"device": {"integration": DOMAIN}}


def test_settings_have_the_names_of_the_model() -> None:
    assert set(ACTIONS["apply_settings"]["fields"]) <= {*Setting}


def test_work_modes(schemas: dict[str, Any]) -> None:
    """The form suggests those that the select has; each miner knows its own."""
    select = ACTIONS["apply_settings"]["fields"]["work_mode"]["selector"]["select"]
    entity = TEXTS["entity"][Platform.SELECT]["work_mode"]["state"]
    texts = TEXTS["selector"][select["translation_key"]]["options"]
    assert set(select["options"]) == texts.keys()
    assert texts.items() <= entity.items()
    assert select["custom_value"]
    schemas["apply_settings"]({**TARGET, "work_mode": "a mode of tomorrow"})


@for_each("action", ACTIONS)
def test_documented(action: str) -> None:
    assert f"`{DOMAIN}.{action}`" in PAGES


@for_each("setting", ACTIONS["apply_settings"]["fields"])
def test_setting_is_documented(setting: str) -> None:
    assert f"`{setting}`" in CONTROL_PAGE


@pytest.mark.parametrize(
    ("kind", "keys", "icon"),
    [("triggers", TRIGGERS, "trigger"), ("conditions", CONDITIONS, "condition")],
)
def test_triggers_and_conditions_are_described(
    kind: str, keys: dict[str, Any], icon: str
) -> None:
    """Each has its fields, texts and icon; none is described that does not exist."""
    described = load_yaml_dict(str(INTEGRATION / f"{kind}.yaml"))
    texts = TEXTS[kind]
    assert set(described) == set(texts) == set(keys)
    assert {key: list(value) for key, value in ICONS[kind].items()} == {
        key: [icon] for key in texts
    }
    for key, item in described.items():
        schema = keys[key].options
        fields = set(item.get("fields", {}))
        own = {"behavior"} if kind == "conditions" else set()
        assert fields == {str(name) for name in schema} | own, key
        assert fields == set(texts[key].get("fields", {})), key
        assert item["target"]["entity"] == [{"integration": DOMAIN}], key
