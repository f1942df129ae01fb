"""The texts have the form that Home Assistant's own checker asks for."""

from copy import deepcopy
import re
from string import Formatter
from typing import Any

from homeassistant.helpers import config_validation as cv
import pytest
import voluptuous as vol

from ..each import for_each
from ..meta.package import INTEGRATION, load_json

TEXTS = load_json(INTEGRATION / "translations" / "en.json")

KEY = re.compile(r"[a-z0-9](?:[a-z0-9]|[-_](?![-_]))*(?<![-_])")
URL = re.compile(
    r"(?:\w+://|www\.)[a-z0-9]+(?:[-.][a-z0-9]+)*\.[a-z]{2,5}\b", re.IGNORECASE
)
QUOTED = re.compile(r"'\{\w+\}'")
REFERENCE = re.compile(r"\[%|%\]")


def key(value: Any) -> str:
    """Take a translation key."""
    if not isinstance(value, str) or not KEY.fullmatch(value):
        raise vol.Invalid(f"{value!r} is no translation key")
    return value


def text(value: Any) -> str:
    """Take a text that every page can show."""
    plain: str = cv.string_with_no_html(value)
    names = [name for _, name, _, _ in Formatter().parse(plain) if name is not None]
    if not all(name.isidentifier() for name in names):
        raise vol.Invalid("a placeholder is no identifier")
    if plain != plain.strip():
        raise vol.Invalid("spaces around the text")
    for kind, pattern in (("quoted", QUOTED), ("URL", URL), ("reference", REFERENCE)):
        if pattern.search(plain):
            raise vol.Invalid(f"{kind} in the text")
    return plain


def label(value: Any) -> str:
    """Take a text into which nothing is put."""
    if "{" in text(value):
        raise vol.Invalid("a placeholder in a label")
    return value


def keyed(item: Any, slug: Any = key) -> Any:
    """Return what takes many of these by their keys."""
    return cv.schema_with_slug_keys(item, slug_validator=slug)


def optional(**parts: Any) -> dict[Any, Any]:
    """Return what may be there."""
    return {vol.Optional(name): part for name, part in parts.items()}


def named(**parts: Any) -> dict[Any, Any]:
    """Return what has a name and a description."""
    return {
        vol.Required("name"): text,
        vol.Required("description"): text,
        **optional(**parts),
    }


def fields_described(flow: dict[str, Any]) -> dict[str, Any]:
    """Take a flow that describes fields, and none that it lacks."""
    for step in flow["step"].values():
        for part in (step, *step.get("sections", {}).values()):
            if set(part.get("data", {})) != set(part.get("data_description", {})):
                raise vol.Invalid("fields and their descriptions differ")
    return flow


SECTION = optional(name=text, description=text, data={str: text}) | {
    vol.Optional("data_description"): {str: text}
}
STEP = optional(
    title=text,
    description=text,
    data={str: text},
    data_description={str: text},
    menu_options={str: text},
    menu_option_descriptions={str: text},
    submit=text,
    sections={str: SECTION},
)
FLOW = vol.All(
    vol.Schema(
        {
            vol.Required("step"): {str: STEP},
            **optional(
                flow_title=text,
                error={str: text},
                abort={str: text},
                progress={str: text},
                create_entry={str: text},
                initiate_flow={vol.Required("user"): text},
            ),
        }
    ),
    fields_described,
)
ISSUE = vol.All(
    cv.has_at_least_one_key("description", "fix_flow"),
    vol.Schema(
        {
            vol.Required("title"): text,
            vol.Exclusive("description", "fixable"): text,
            vol.Exclusive("fix_flow", "fixable"): FLOW,
        }
    ),
)
STATES = keyed(label)
ENTITY = optional(
    name=text,
    state=STATES,
    state_attributes=keyed(optional(name=label, state=STATES)),
    unit_of_measurement=label,
)
AUTOMATED = named(fields=keyed(named(example=text)))

FILE = vol.Schema(
    optional(
        title=text,
        common=vol.Schema({cv.slug: text}),
        config=FLOW,
        options=FLOW,
        device=keyed(optional(name=text)),
        entity=keyed(keyed(ENTITY), cv.slug),
        exceptions=keyed({vol.Required("message"): text}, cv.slug),
        issues={str: ISSUE},
        selector=keyed(optional(options=keyed(text)), cv.slug),
        services=keyed(
            named(fields=keyed(named(example=text)), sections=keyed(named()))
        ),
        system_health=optional(info=keyed(text)),
        triggers=keyed(AUTOMATED, cv.underscore_slug),
        conditions=keyed(AUTOMATED, cv.underscore_slug),
    )
)


def test_file() -> None:
    FILE(deepcopy(TEXTS))


@for_each(
    ("path", "value"),
    [
        ("common.no_data_yet", "<b>Nothing</b>"),
        ("common.no_data_yet", " Nothing"),
        ("common.no_data_yet", "See https://www.example.com"),
        ("common.no_data_yet", "The miner '{name}'"),
        ("common.no_data_yet", "[%key:common::off%]"),
        ("common.no_data_yet", "{not a name}"),
        ("common.No data", "Nothing"),
        ("surprise.text", "Nothing"),
        ("config.step.search.data_description.other", "Not a field."),
        ("config.step.search.data.other", "Not described"),
        ("config.step.search.other", "Nothing"),
        ("device.fleet.model", "Nothing"),
        ("entity.sensor.status.state.Hashing", "Hashing"),
        ("entity.sensor.status.state.hashing", "Hashing {rate}"),
        ("entity.sensor.status_.name", "Status"),
        ("exceptions.busy.text", "Busy"),
        ("issues.alike.steps", "Neither of both"),
        ("services.hold.fields.other", {"name": "Without a description"}),
        ("triggers.Some", {"name": "Some", "description": "Some."}),
        ("conditions.some", {"name": "Without a description"}),
        ("system_health.info.some__key", "Some"),
        ("selector.work_mode.options.ECO", "Eco"),
    ],
)
def test_what_is_wrong_is_found(path: str, value: Any) -> None:
    broken = deepcopy(TEXTS)
    *way, name = path.split(".")
    part = broken
    for step in way:
        part = part.setdefault(step, {})
    part[name] = value
    with pytest.raises(vol.Invalid):
        FILE(broken)
