"""Every text that the code asks for is there, and none that it does not."""

import ast
import re
from string import Formatter
from types import SimpleNamespace
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import Platform
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.miner_monitor import coordinator, miners
from custom_components.miner_monitor.entity import (
    MinerEntityDescription,
    translate_errors,
)
from custom_components.miner_monitor.event import EVENTS, MinerEventEntityDescription
from custom_components.miner_monitor.insight import Insight, MinerData
from custom_components.miner_monitor.insight.model import ResponseTimes
from custom_components.miner_monitor.miners import MinerError
from custom_components.miner_monitor.miners.model import (
    Family,
    HashBoard,
    MinerIdentity,
    MinerState,
    MinerStatus,
)

from .package import (
    ENTITIES,
    INTEGRATION,
    argument,
    calls,
    descriptions,
    dict_keys,
    entity_id,
    load_json,
    parse,
    texts,
)

TEXTS = load_json(INTEGRATION / "translations" / "en.json")
SECTIONS = {
    *("common", "conditions", "config", "config_panel", "device", "device_automation"),
    *("entity", "entity_component", "exceptions", "issues", "options", "selector"),
    *("services", "system_health", "title", "triggers"),
}

CHOSEN_ATTRIBUTES = {
    Platform.CLIMATE: {"preset_mode"},
    Platform.EVENT: {"event_type"},
    Platform.LIGHT: {"effect"},
}
"""Attributes that Home Assistant names itself, but whose values are ours."""

_TIMES = ResponseTimes(last=90, mean=95, median=94, minimum=80, maximum=120)
DATA = MinerData(
    online=True,
    identity=MinerIdentity(family=Family.AXEOS, manufacturer="Bitaxe", model="Gamma"),
    state=MinerState(
        status=MinerStatus.FAULT,
        boards=(
            HashBoard(chip_temperatures=(70,), chip_voltages=(0.3,), chip_work=(5,)),
        ),
        faults=("fan",),
        hardware_errors=3,
    ),
    insight=Insight(response_times=_TIMES),
)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_sections() -> None:
    assert set(TEXTS) <= SECTIONS


@pytest.mark.parametrize(("path", "text"), list(texts(TEXTS)))
def test_text(path: str, text: str) -> None:
    assert text
    assert text == text.strip()
    assert "  " not in text
    assert not re.search(r"<[a-z/!]", text, re.IGNORECASE), "HTML"
    assert "[%key:" not in text
    assert not text[0].islower(), "sentence case"
    assert all(re.fullmatch(r"[a-z_]+", name) for name in placeholders(text))
    labels = (".data.", ".state.", ".options.", ".menu_options.")
    if path.endswith((".name", ".title")) or any(label in path for label in labels):
        assert not text.endswith(".")
    elif path != "config.flow_title":
        assert text.endswith((".", "?", "!"))


def test_every_platform_with_texts_exists() -> None:
    assert set(TEXTS["entity"]) == {platform.value for platform, _ in ENTITIES}


@pytest.mark.parametrize("platform", sorted(TEXTS["entity"]))
def test_no_text_without_entity(platform: str) -> None:
    used = {description.translation_key for description in descriptions(platform)}
    assert set(TEXTS["entity"][platform]) == used


@pytest.mark.parametrize(("platform", "description"), ENTITIES, ids=entity_id)
def test_entity_name(platform: Platform, description: MinerEntityDescription) -> None:
    assert description.translation_key is not None
    name = TEXTS["entity"][platform][description.translation_key]["name"]
    assert placeholders(name) == set(description.placeholders or {})


@pytest.mark.parametrize("platform", sorted(TEXTS["entity"]))
def test_entity_names_differ(platform: str) -> None:
    names = [
        TEXTS["entity"][platform][description.translation_key]["name"].format_map(
            description.placeholders or {}
        )
        for description in descriptions(platform)
    ]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("platform", "description"), ENTITIES, ids=entity_id)
def test_states(platform: Platform, description: MinerEntityDescription) -> None:
    entity = TEXTS["entity"][platform][description.translation_key]
    options = getattr(description, "options", None) or []
    assert set(entity.get("state", {})) == set(options)
    if platform is Platform.SENSOR:
        assert bool(options) is (description.device_class == SensorDeviceClass.ENUM)


@pytest.mark.parametrize("description", EVENTS, ids=entity_id)
def test_event_types(description: MinerEventEntityDescription) -> None:
    entity = TEXTS["entity"]["event"][description.translation_key]
    named = entity["state_attributes"]["event_type"]["state"]
    assert list(named) == description.event_types


@pytest.mark.parametrize(("platform", "description"), ENTITIES, ids=entity_id)
def test_attributes(platform: Platform, description: MinerEntityDescription) -> None:
    entity = TEXTS["entity"][platform][description.translation_key]
    shown = description.attributes_fn(DATA) if description.attributes_fn else {}
    named = set(shown or {}) | CHOSEN_ATTRIBUTES.get(platform, set())
    assert set(entity.get("state_attributes", {})) == named


def _kinds(error: type[MinerError]) -> set[type[MinerError]]:
    return {error}.union(*(_kinds(kind) for kind in error.__subclasses__()))


def _raised() -> list[MinerError]:
    """One of each kind of error, and both forms of a refusal."""
    refusals: list[MinerError] = [
        miners.MinerAuthError("401", credentials=asked) for asked in (False, True)
    ]
    kinds = _kinds(MinerError) - {miners.MinerAuthError}
    ordered = sorted(kinds, key=lambda kind: kind.__name__)
    return [kind("no answer") for kind in ordered] + refusals


async def _translated(error: MinerError) -> HomeAssistantError:
    """Return what a user gets to read when a command ends with this error."""

    async def command(self: Any) -> None:
        raise error

    entity = SimpleNamespace(
        coordinator=SimpleNamespace(
            config_entry=SimpleNamespace(title="Gamma"),
            client=SimpleNamespace(host="192.168.1.20"),
        )
    )
    with pytest.raises(HomeAssistantError) as raised:
        await translate_errors(command)(entity)
    return raised.value


@pytest.mark.parametrize("raised", _raised(), ids=repr)
async def test_exception(raised: MinerError) -> None:
    error = await _translated(raised)
    assert error.translation_domain == INTEGRATION.name
    message = TEXTS["exceptions"][error.translation_key]["message"]
    assert placeholders(message) <= set(error.translation_placeholders or {})


async def test_no_exception_text_is_unused() -> None:
    used = {(await _translated(raised)).translation_key for raised in _raised()}
    assert set(TEXTS["exceptions"]) == used


def _issues() -> dict[str, tuple[set[str], bool]]:
    """Placeholders of each issue that is created, and whether it can be fixed."""
    found = {}
    for call in calls(parse(INTEGRATION / "coordinator.py"), "async_create_issue"):
        key, given = (
            argument(call, "translation_key"),
            argument(call, "translation_placeholders"),
        )
        fixable = argument(call, "is_fixable")
        assert isinstance(key, ast.Name)
        assert isinstance(given, ast.Dict)
        assert isinstance(fixable, ast.Constant)
        found[getattr(coordinator, key.id)] = (
            dict_keys(given),
            bool(fixable.value),
        )
    return found


ISSUES = _issues()


def test_every_issue_has_texts() -> None:
    assert ISSUES
    assert set(TEXTS["issues"]) == set(ISSUES)


@pytest.mark.parametrize("key", sorted(ISSUES))
def test_issue(key: str) -> None:
    given, fixable = ISSUES[key]
    issue = TEXTS["issues"][key]
    assert ("fix_flow" in issue, "description" in issue) == (fixable, not fixable)
    for _, text in texts(issue):
        assert placeholders(text) <= given
