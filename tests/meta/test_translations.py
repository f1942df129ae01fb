"""Every text that the code asks for is there, and none that it does not."""

import ast
import re
from string import Formatter
from types import SimpleNamespace

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from custom_components.miner_monitor import const, miners
from custom_components.miner_monitor.const import FLEET
from custom_components.miner_monitor.control.errors import (
    ChangeError,
    ControlError,
    ControlFault,
    Heat,
    HeatError,
    HeldError,
    HotPart,
    PartialError,
    ProfileError,
    ProfileFault,
    Refusal,
)
from custom_components.miner_monitor.control.model import Problem
from custom_components.miner_monitor.entity import MinerEntityDescription
from custom_components.miner_monitor.event import EVENTS, MinerEventEntityDescription
from custom_components.miner_monitor.fleet import FleetData
from custom_components.miner_monitor.fleet.entities import FLEET_SWITCHES
from custom_components.miner_monitor.insight.model import (
    Grade,
    Insight,
    Judgement,
    Range,
    ResponseTimes,
    Session,
    Stability,
    Tuning,
    Verdict,
)
from custom_components.miner_monitor.miners import ErrorKind, ErrorReason, MinerError
from custom_components.miner_monitor.miners.avalon.models import (
    HOME_MODELS,
    model_of,
)
from custom_components.miner_monitor.miners.model import (
    Changes,
    Family,
    HashBoard,
    MinerIdentity,
    MinerState,
    MinerStatus,
    Setting,
    SettingRange,
)
from custom_components.miner_monitor.miners.settings import SETTINGS
from custom_components.miner_monitor.model import MinerData
from custom_components.miner_monitor.runtime import messages
from custom_components.miner_monitor.runtime.messages import (
    FIXABLE,
    Failure,
    user_error,
)

from ..each import for_each
from .package import (
    ENTITIES,
    FLEET_ENTITIES,
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
MODELS = (*HOME_MODELS.values(), model_of({"MODEL": "1246"}, None))
SECTIONS = {
    *("common", "conditions", "config", "config_panel", "device", "device_automation"),
    *("entity", "entity_component", "exceptions", "issues", "options", "selector"),
    *("services", "system_health", "title", "triggers"),
}

_DETAILS_OF_EVENTS = {
    *(setting.value for setting in Setting if SETTINGS[setting].announced),
    *("by", "kept", "mining", "from", "to", "setting", "asked", "reported"),
    *("cause", "restarts", "limit", "difficulty", "before", "blocks"),
    *("problem", "severity", "value", "threshold", "reason", "requested"),
}

CHOSEN_ATTRIBUTES = {
    Platform.CLIMATE: {"preset_mode"},
    Platform.EVENT: {"event_type", *_DETAILS_OF_EVENTS},
    Platform.LIGHT: {"effect"},
}
"""Attributes that Home Assistant names itself, but whose values are ours."""

_TIMES = ResponseTimes(last=90, mean=95, median=94, minimum=80, maximum=120)
_DAY = Range(range=12.0, grade=Grade.EXCELLENT, mean=1.1, median=1.1, skewed=False)
_STABILITY = Stability(
    ranges=dict.fromkeys(("1h", "4h", "8h", "24h", "3d"), _DAY),
    session=Session(seconds=3600.0),
)
_BEST = Judgement(
    settings={
        Setting.FREQUENCY: 525.0,
        Setting.CORE_VOLTAGE: 1.15,
        Setting.WORK_MODE: "low",
    },
    value=15.0,
    margin=2.0,
)
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
    insight=Insight(
        response_times=_TIMES,
        stability=_STABILITY,
        tuning=Tuning(verdicts=dict.fromkeys(Verdict, _BEST)),
    ),
)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_sections() -> None:
    assert set(TEXTS) <= SECTIONS


@for_each(("path", "text"), list(texts(TEXTS)))
def test_text(path: str, text: str) -> None:
    assert text
    assert text == text.strip()
    assert "  " not in text
    assert not re.search(r"<[a-z/!]", text, re.IGNORECASE), "HTML"
    assert "[%key:" not in text
    if path.startswith("common.value_"):
        return  # A word for the middle of a sentence.
    assert not text[0].islower(), "sentence case"
    assert all(re.fullmatch(r"[a-z_]+", name) for name in placeholders(text))
    labels = (".data.", ".state.", ".options.", ".menu_options.", "health.info.")
    if path.startswith("common.dashboard_"):
        return  # A label or a sentence, as its place in the dashboard asks for.
    # A report is made of short lines, which phones show one below the other.
    lines = ("common.report_", "common.alert_")
    line = path.startswith(lines) and not path.startswith("common.alert_advice_")
    title = path.endswith((".name", ".title", "_title"))
    if line or title or any(label in path for label in labels):
        assert not text.endswith(".")
    elif path != "config.flow_title":
        assert text.endswith((".", "?", "!"))


def test_every_platform_with_texts_exists() -> None:
    assert set(TEXTS["entity"]) == {platform.value for platform, _ in ENTITIES}


@for_each("platform", sorted(TEXTS["entity"]))
def test_no_text_without_entity(platform: str) -> None:
    used = {
        description.translation_key
        for on, description in (*ENTITIES, *FLEET_ENTITIES)
        if on == platform
    }
    assert set(TEXTS["entity"][platform]) == used


def test_texts_of_devices() -> None:
    assert TEXTS["device"] == {FLEET: {"name": "All miners"}}


@for_each(("platform", "description"), [*ENTITIES, *FLEET_ENTITIES], ids=entity_id)
def test_entity_name(platform: Platform, description: MinerEntityDescription) -> None:
    assert description.translation_key is not None
    name = TEXTS["entity"][platform][description.translation_key]["name"]
    assert placeholders(name) == set(description.placeholders or {})


@for_each("platform", sorted(TEXTS["entity"]))
def test_entity_names_differ(platform: str) -> None:
    names = [
        TEXTS["entity"][platform][description.translation_key]["name"].format_map(
            description.placeholders or {}
        )
        for description in descriptions(platform)
    ]
    assert len(names) == len(set(names))


def test_names_of_the_fleet_differ() -> None:
    names = [
        (platform, TEXTS["entity"][platform][description.translation_key]["name"])
        for platform, description in FLEET_ENTITIES
    ]
    assert len(names) == len(set(names))


@for_each(("platform", "description"), ENTITIES, ids=entity_id)
def test_states(platform: Platform, description: MinerEntityDescription) -> None:
    entity = TEXTS["entity"][platform][description.translation_key]
    options = getattr(description, "options", None) or []
    if description.key == Setting.WORK_MODE:
        options = [mode.name for model in MODELS for mode in model.modes]
    assert set(entity.get("state", {})) == set(options)
    if platform is Platform.SENSOR:
        assert bool(options) is (description.device_class == SensorDeviceClass.ENUM)


@for_each("description", EVENTS, ids=entity_id)
def test_event_types(description: MinerEventEntityDescription) -> None:
    entity = TEXTS["entity"]["event"][description.translation_key]
    named = entity["state_attributes"]["event_type"]["state"]
    assert list(named) == description.event_types


@for_each(("platform", "description"), ENTITIES, ids=entity_id)
def test_attributes(platform: Platform, description: MinerEntityDescription) -> None:
    entity = TEXTS["entity"][platform][description.translation_key]
    shown = description.attributes_fn(DATA) if description.attributes_fn else {}
    named = set(shown or {}) | CHOSEN_ATTRIBUTES.get(platform, set())
    assert set(entity.get("state_attributes", {})) == named


ATTRIBUTES_OF_SWITCHES = {"waiting", "done", "total", "failed", "left_out"}
"""What a switch of all miners tells of its last command."""


@for_each(("platform", "description"), FLEET_ENTITIES, ids=entity_id)
def test_attributes_of_the_fleet(
    platform: Platform, description: MinerEntityDescription
) -> None:
    entity = TEXTS["entity"][platform][description.translation_key]
    shown = description.attributes_fn(FleetData()) if description.attributes_fn else {}
    named = set(shown) | (
        ATTRIBUTES_OF_SWITCHES if description in FLEET_SWITCHES else set()
    )
    assert set(entity.get("state_attributes", {})) == named


def _kinds(error: type[MinerError]) -> set[type[MinerError]]:
    return {error}.union(*(_kinds(kind) for kind in error.__subclasses__()))


_RANGE = SettingRange(minimum=100, maximum=625, choices=("low", "high"))
_FREQUENCY = Setting.FREQUENCY


def test_every_cause_of_an_error_has_a_text() -> None:
    known = {path for path in TEXTS["common"] if path.startswith("cause_")}
    files = set(messages.FILE_CAUSES.values())
    assert known == {f"cause_{key}" for key in {*ErrorReason, *ErrorKind, *files}}


def _partial(taken: Changes) -> PartialError:
    """Two settings that failed for reasons of their own."""
    failures = {
        _FREQUENCY: ChangeError(Refusal.NOT_TAKEN, _FREQUENCY, 600.0, reported=525.0),
        Setting.FAN_DUTY_CYCLE: miners.MinerTimeoutError("no answer"),
    }
    asked = {_FREQUENCY: 600.0, Setting.FAN_DUTY_CYCLE: 90.0}
    return PartialError(failures, asked, taken)


def _raised() -> list[Failure]:
    """One of each kind of error, and all forms of a refusal."""
    refusals: list[Failure] = [
        miners.MinerAuthError("401", credentials=asked, one_time_code=code)
        for asked, code in ((False, False), (True, False), (False, True))
    ]
    kinds = _kinds(MinerError) - {miners.MinerAuthError}
    ordered = sorted(kinds, key=lambda kind: kind.__name__)
    return [
        *(kind("no answer") for kind in ordered),
        *refusals,
        *(
            ChangeError(refusal, _FREQUENCY, 850.0, reported=525.0, allowed=_RANGE)
            for refusal in Refusal
            if refusal is not Refusal.TOO_HOT
        ),
        *(
            HeatError(
                Heat(part=part, temperature=73.5, trip_point=75.0), _FREQUENCY, 850.0
            )
            for part in HotPart
        ),
        *(_partial(taken) for taken in ({}, {Setting.CORE_VOLTAGE: 1.2})),
        *(ControlError(fault) for fault in ControlFault),
        *(HeldError(until) for until in (None, 1.8e9)),
        *(ProfileError(fault, "Night") for fault in ProfileFault),
    ]


def _translated(hass: HomeAssistant, error: Failure) -> HomeAssistantError:
    """Return what a user gets to read when a command ends with this error."""
    entry = SimpleNamespace(title="Gamma", data={"host": "192.168.1.20"})
    return user_error(hass, entry, error)


@for_each("raised", _raised(), ids=repr)
def test_exception(hass: HomeAssistant, raised: Failure) -> None:
    error = _translated(hass, raised)
    assert error.translation_domain == INTEGRATION.name
    message = TEXTS["exceptions"][error.translation_key]["message"]
    assert placeholders(message) <= set(error.translation_placeholders or {})


def _invalid_calls() -> dict[str, set[str]]:
    """Placeholders that the actions give with each error of their own."""
    found = {
        ast.literal_eval(call.args[0]): {item.arg or "" for item in call.keywords}
        for module in sorted(INTEGRATION.rglob("*.py"))
        for call in calls(parse(module), "invalid")
    }
    for module, error in (
        ("runtime/messages.py", "kind"),
        ("fleet/commands.py", "HomeAssistantError"),
    ):
        for call in calls(parse(INTEGRATION / module), error):
            key = argument(call, "translation_key")
            given = argument(call, "translation_placeholders")
            if not isinstance(key, ast.Constant):  # _raised() tries those
                continue
            assert isinstance(given, ast.Dict)
            found[str(key.value)] = dict_keys(given)
    return found


@for_each(("key", "given"), _invalid_calls().items())
def test_error_of_an_action(key: str, given: set[str]) -> None:
    assert placeholders(TEXTS["exceptions"][key]["message"]) <= given


def test_no_exception_text_is_unused(hass: HomeAssistant) -> None:
    used = {_translated(hass, raised).translation_key for raised in _raised()}
    assert set(TEXTS["exceptions"]) == used | set(_invalid_calls())


DETAILS = {
    Problem.DERATED: {"before", "after", "lower"},
    Problem.SETTING_REFUSED: {"error"},
    Problem.TOO_MANY_WRITES: {"limit"},
    Problem.RESTART_NEEDED: set(),
    Problem.PROTECTED: set(),
    Problem.TEMPORARY_OLD: {"steps"},
    Problem.STALLS_AGAIN: {"limit"},
    Problem.STUCK: {"before", "lower", "default", "now", "minimum"},
}
"""What each problem tells beside the miner's name."""


def _issues() -> dict[str, tuple[set[str], bool]]:
    """Placeholders of each issue that is created, and whether it can be fixed."""
    found = {}
    for call in calls(
        parse(INTEGRATION / "runtime/addresses.py"), "async_create_issue"
    ):
        _, _, name = call.args
        assert isinstance(name, ast.Name)
        key = getattr(const, name.id)
        found[key] = {"name", *(item.arg for item in call.keywords)}, key in FIXABLE
    for problem, details in DETAILS.items():
        found[problem.value] = ({"name", *details}, problem in FIXABLE)
    return found


ISSUES = _issues()


def test_every_issue_has_texts() -> None:
    assert ISSUES
    assert set(TEXTS["issues"]) == set(ISSUES)


@for_each("key", sorted(ISSUES))
def test_issue(key: str) -> None:
    given, fixable = ISSUES[key]
    issue = TEXTS["issues"][key]
    assert ("fix_flow" in issue, "description" in issue) == (fixable, not fixable)
    for path, text in texts(issue):
        told = given | {"error"} if ".abort." in f".{path}" else given
        assert placeholders(text) <= told
