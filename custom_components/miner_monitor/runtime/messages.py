"""What goes wrong with a miner, in words for its user: errors and repairs."""

from collections.abc import Collection, Mapping, Sequence
import errno
from logging import DEBUG, WARNING
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, ISSUE_WRONG_DEVICE, LOGGER
from ..control.errors import (
    ChangeError,
    ControlError,
    Heat,
    HeatError,
    HeldError,
    NotDoneError,
    PartialError,
    ProfileError,
    Refusal,
    WriteError,
    by_reason,
)
from ..control.model import Problem
from ..control.rules import MARGIN
from ..miners import (
    MinerAlikeError,
    MinerAuthError,
    MinerBusyError,
    MinerConnectionError,
    MinerError,
    MinerStrangerError,
    MinerTimeoutError,
    MinerUnpluggedError,
)
from ..miners.model import (
    Changes,
    Light,
    MinerSettings,
    Setting,
    SettingValue,
)
from ..miners.settings import SETTINGS, Kind
from ..model import MinerData
from ..notation import notation_of
from . import escape
from .ha_compat import own_text

type Failure = MinerError | NotDoneError

FAILURES = (MinerError, NotDoneError)
"""All that the user's wish can end in."""

_KEYS: Mapping[type[Exception], str] = {
    HeatError: "setting_too_hot_{0.heat.part}",
    ChangeError: "setting_{0.refusal}",
    PartialError: "setting_{0.extent}",
    ControlError: "control_{0.kind}",
    ProfileError: "profile_{0.kind}",
    MinerAlikeError: "alike",
    MinerStrangerError: "wrong_device",
    MinerTimeoutError: "timeout",
    MinerUnpluggedError: "unplugged",
    MinerConnectionError: "cannot_connect",
    MinerAuthError: "{0.wants}",
    MinerBusyError: "busy",
    MinerError: "command_failed",
}
"""The text of each error; a class without one has that of its nearest base."""

_INVALID = {
    Refusal.NOT_OFFERED,
    Refusal.OUT_OF_RANGE,
    Refusal.NOT_A_CHOICE,
    Refusal.TOO_HOT,
}


def user_error(
    hass: HomeAssistant, entry: ConfigEntry, error: Failure
) -> HomeAssistantError:
    """Translate what control or a client raised."""
    longest, invalid = escape.LONGEST_SENTENCE, False
    placeholders = {"name": entry.title}
    match error:
        case ChangeError():
            placeholders |= _of_change(hass, error)
            invalid = error.refusal in _INVALID
        case PartialError():
            placeholders |= _of_part(hass, entry, error)
            longest = escape.LONGEST_LINE
        case ProfileError():
            placeholders["profile"] = escape.plain(error.shows)
            invalid = True
        case HeldError():
            placeholders["shows"] = local_time(hass, error.until)
            invalid = True
        case ControlError():
            placeholders["shows"] = error.shows
            invalid = True
        case WriteError():
            steps = steps_of(hass, error.changes, error.reported)
            text = f"{_cause(hass, entry, error.cause)} ({steps})"
            placeholders |= {"host": entry.data[CONF_HOST], "error": text}
        case MinerError():
            text = _cause(hass, entry, error)
            placeholders |= {"host": entry.data[CONF_HOST], "error": text}
    cause = error.cause if isinstance(error, WriteError) else error
    known = next(kind for kind in type(cause).__mro__ if kind in _KEYS)
    return (ServiceValidationError if invalid else HomeAssistantError)(
        translation_domain=DOMAIN,
        translation_key=_KEYS[known].format(cause),
        translation_placeholders={
            key: escape.plain(text, longest) for key, text in placeholders.items()
        },
    )


def _cause(hass: HomeAssistant, entry: ConfigEntry, error: MinerError) -> str:
    """Return a known cause in words, without its full stop; the log has the detail."""
    level = DEBUG if isinstance(error, MinerUnpluggedError) else WARNING
    LOGGER.log(level, "%s: %s: %s", entry.title, type(error).__name__, error)
    key = f"cause_{error.reason or error.kind}"
    return own_text(hass, "common", key, type(error).__name__).removesuffix(".")


FILE_CAUSES = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EACCES: "not_allowed",
    errno.EPERM: "not_allowed",
    errno.EROFS: "not_allowed",
    errno.ENOENT: "missing",
}
"""What a user reads of an error of the disk; all others have no known cause."""


def file_cause(hass: HomeAssistant, error: OSError) -> str:
    """Return in words why a file could not be used; the log has the detail."""
    LOGGER.warning("A file could not be read or written: %s", error)
    key = f"cause_{FILE_CAUSES.get(error.errno or 0, 'other')}"
    return own_text(hass, "common", key, type(error).__name__).removesuffix(".")


def local_time(hass: HomeAssistant, seconds: float | None) -> str:
    """Write an epoch second as a clock does, with the day where it is not today."""
    if seconds is None:
        return ""
    time, today = dt_util.as_local(dt_util.utc_from_timestamp(seconds)), dt_util.now()
    notation = notation_of(hass.config.language)
    is_today = time.date() == today.date()
    return notation.time(time) if is_today else notation.moment(time)


def message_of(hass: HomeAssistant, error: HomeAssistantError) -> str:
    """Return what an error of ours says; its own text is English in any language."""
    key, values = error.translation_key, error.translation_placeholders or {}
    text = own_text(hass, "exceptions", f"{key}.message", "")
    if error.translation_domain != DOMAIN or not text:
        return str(error)
    return text.removesuffix(".").format_map(values)


def raise_all(
    hass: HomeAssistant,
    errors: Sequence[BaseException],
    kind: type[HomeAssistantError] = HomeAssistantError,
) -> None:
    """Name all that failed in one error, if several did; one of another kind alone."""
    named = [
        message_of(hass, error)
        for error in errors
        if isinstance(error, HomeAssistantError)
    ]
    if len(errors) == 1 or len(named) < len(errors):
        raise errors[0]
    if errors:
        raise kind(
            translation_domain=DOMAIN,
            translation_key="several_failed",
            translation_placeholders={
                "count": str(len(errors)),
                "errors": "; ".join(named),
            },
        )


def describe_error(hass: HomeAssistant, entry: ConfigEntry, error: Failure) -> str:
    """Tell in a sentence what went wrong."""
    return message_of(hass, user_error(hass, entry, error))


def change_details(
    hass: HomeAssistant, error: Failure | None, changes: Changes
) -> dict[str, Any]:
    """Return the details of the event of a change that failed, or was given up."""
    if isinstance(error, ChangeError):
        return {
            "setting": error.setting.value,
            "asked": plain(error.asked),
            "reported": plain(error.reported),
        }
    return {
        "setting": ", ".join(setting for setting in Setting if setting in changes),
        "asked": ", ".join(text_of(hass, *change) for change in _in_order(changes)),
        "reported": None,
    }


def plain(value: SettingValue | None) -> Any:
    """Return a value as a JSON type."""
    return ("on" if value.on else "off") if isinstance(value, Light) else value


def text_of(hass: HomeAssistant, setting: Setting, value: SettingValue | None) -> str:
    """Write a value with its unit."""
    if value is None:
        return own_text(hass, "common", "value_none", "nothing")
    if isinstance(value, Light):
        value = value.on
    if isinstance(value, bool):
        word = "on" if value else "off"
        return own_text(hass, "common", f"value_{word}", word)
    spec = SETTINGS[setting]
    if isinstance(value, str):
        return own_text(
            hass, "entity", f"{spec.platform}.{spec.key}.state.{value}", value
        )
    if spec.kind is Kind.PLACE:
        return str(int(value) + 1)
    notation = notation_of(hass.config.language)
    return notation.measured(notation.plain(value), spec.unit)


def label_of(hass: HomeAssistant, setting: Setting) -> str:
    """Name a setting as its entity is named."""
    spec, fallback = SETTINGS[setting], setting.value.replace("_", " ")
    return own_text(hass, "entity", f"{spec.platform}.{spec.key}.name", fallback)


def status_text(hass: HomeAssistant, data: MinerData) -> str:
    """Tell what a miner does, with its faults, or that it is offline."""
    if data.state is None:
        return own_text(hass, "common", "report_offline_now", "Offline")
    key = data.state.status.value
    status = own_text(hass, "entity", f"sensor.status.state.{key}", key)
    return ", ".join((status, *data.state.faults))


def _of_change(hass: HomeAssistant, error: ChangeError) -> dict[str, str]:
    setting, allowed = error.setting, error.allowed
    texts = {
        "setting": label_of(hass, setting),
        "asked": text_of(hass, setting, error.asked),
        "reported": text_of(hass, setting, error.reported),
    }
    if isinstance(error, HeatError):
        texts |= _of_heat(hass, error.heat)
    if allowed is not None:
        texts["minimum"] = text_of(hass, setting, allowed.minimum)
        texts["maximum"] = text_of(hass, setting, allowed.maximum)
        texts["choices"] = ", ".join(allowed.choices)
    return texts


def _of_part(
    hass: HomeAssistant, entry: ConfigEntry, error: PartialError
) -> dict[str, str]:
    """Tell of each setting why it was not applied, and which were."""
    reasons: list[Failure] = [
        WriteError(
            failure, {key: error.changes[key] for key in settings}, error.reported
        )
        if isinstance(failure, MinerError)
        else failure
        for failure, settings in by_reason(error.failures)
    ]
    pair = notation_of(hass.config.language).pair
    applied = [
        pair(label_of(hass, setting), text_of(hass, setting, value))
        for setting, value in _in_order(error.taken)
    ]
    return {
        "errors": ". ".join(describe_error(hass, entry, item) for item in reasons),
        "applied": ", ".join(applied),
    }


def _of_heat(hass: HomeAssistant, heat: Heat) -> dict[str, str]:
    """Write how hot it is, where its firmware switches off, and what is cool enough."""
    if heat.temperature is None or heat.trip_point is None:
        return {}
    notation = notation_of(hass.config.language)
    return {
        "temperature": f"{notation.fixed(heat.temperature, 1)} °C",
        "trip_point": f"{notation.plain(heat.trip_point)} °C",
        "cool": f"{notation.plain(heat.trip_point - MARGIN)} °C",
    }


def steps_of(hass: HomeAssistant, changes: Changes, reported: MinerSettings) -> str:
    """Tell what is, and what was to be; without words, for it is in no language."""
    pair = notation_of(hass.config.language).pair
    return ", ".join(
        pair(
            label_of(hass, setting),
            f"{text_of(hass, setting, reported.get(setting))}"
            f" → {text_of(hass, setting, asked)}",
        )
        for setting, asked in _in_order(changes)
    )


def _in_order(changes: Changes) -> list[tuple[Setting, SettingValue]]:
    return [(item, changes[item]) for item in Setting if item in changes]


FIXABLE: Collection[str] = (
    ISSUE_WRONG_DEVICE,
    Problem.DERATED,
    Problem.RESTART_NEEDED,
    Problem.PROTECTED,
    Problem.TEMPORARY_OLD,
    Problem.STUCK,
)
"""What there is to repair, of which the repair has something to offer."""


@callback
def async_create_issue(
    hass: HomeAssistant, entry: ConfigEntry, key: str, **details: str
) -> None:
    """Raise a repair, or bring it up to date; names and errors in it are text.

    ``key`` is a problem of control, or where a miner is (ISSUE_WRONG_DEVICE, with what
    was found instead), or that two cannot be told apart (ISSUE_ALIKE).
    """
    problem = {"problem": key.value} if isinstance(key, Problem) else {}
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{key}_{entry.entry_id}",
        data={"entry_id": entry.entry_id, **problem},
        is_fixable=key in FIXABLE,
        severity=ir.IssueSeverity.WARNING,
        translation_key=str(key),
        translation_placeholders=escape.for_markdown({"name": entry.title, **details}),
    )


@callback
def async_clear_issues(hass: HomeAssistant, entry: ConfigEntry, *keys: str) -> None:
    """Take repairs back."""
    for key in keys:
        ir.async_delete_issue(hass, DOMAIN, f"{key}_{entry.entry_id}")
