"""Actions: what no entity can do alone."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .const import DOMAIN
from .coordinator import MinerConfigEntry
from .miners.settings import SETTINGS, Kind
from .runtime.controller import MinerController
from .runtime.identity import known_identity
from .runtime.messages import (
    FAILURES,
    user_error,
)
from .runtime.targets import (
    Keys,
    async_require_control,
    async_require_read,
    invalid,
    miner_of,
    require_loaded,
    targets_of,
)


def _number(value: Any) -> float:
    """Return a number; a switch is none, nor is what no float can hold."""
    if isinstance(value, bool):
        raise vol.Invalid("expected a number, not on or off")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as err:
        raise vol.Invalid("expected a number") from err


_NUMBER = vol.All(_number, vol.Range(min=0, max=100_000))
_KINDS = {Kind.NUMBER: _NUMBER, Kind.SWITCH: cv.boolean, Kind.CHOICE: cv.string}
_SETTINGS = {
    setting: _KINDS[spec.kind] for setting, spec in SETTINGS.items() if spec.kept
}

_PROFILES = ((Platform.SELECT, "profile"),)
"""Who may choose a profile may do with profiles what else there is to do."""

type Action = Callable[[ServiceCall], Coroutine[Any, Any, None]]
type Work = Callable[[MinerController], Awaitable[None]]


@callback
def async_register_actions(hass: HomeAssistant) -> None:
    """Register all actions of the integration."""
    profile = {vol.Required("profile"): cv.string}
    actions: dict[str, tuple[Action, dict[Any, Any]]] = {
        "apply_settings": (
            _apply_settings,
            {vol.Optional(setting.value): kind for setting, kind in _SETTINGS.items()},
        ),
        "apply_profile": (
            _apply_profile,
            {
                **profile,
                vol.Exclusive("for", "end"): cv.positive_time_period,
                vol.Exclusive("until", "end"): cv.datetime,
            },
        ),
        "copy_profiles": (
            _copy_profiles,
            {vol.Required("source"): cv.string},
        ),
        "delete_profile": (_with_name(MinerController.async_delete_profile), profile),
        "save_profile": (_with_name(MinerController.async_save_profile), profile),
    }
    for name, (action, fields) in actions.items():
        schema = cv.make_entity_service_schema(fields)
        hass.services.async_register(DOMAIN, name, action, schema=schema)


async def _apply_settings(call: ServiceCall) -> None:
    changes = {
        setting: call.data[setting] for setting in _SETTINGS if setting in call.data
    }
    if not changes:
        raise invalid("no_settings")
    specs = [SETTINGS[setting] for setting in changes]
    controls = [(Platform(spec.platform), spec.key) for spec in specs]
    await _for_each(call, controls, lambda miner: miner.async_apply(changes))


async def _apply_profile(call: ServiceCall) -> None:
    profile, until = call.data["profile"], _until(call)
    await _for_each(
        call, _PROFILES, lambda miner: miner.async_apply_profile(profile, until)
    )


async def _copy_profiles(call: ServiceCall) -> None:
    device = dr.async_get(call.hass).async_get(call.data["source"])
    source = None
    if device is not None:
        source = miner_of(call.hass, device.config_entry_id)
    if source is None:
        raise invalid("no_such_miner")
    await async_require_read(call.hass, call.context, [source])
    require_loaded(source)
    profiles = source.runtime_data.controller.profiles
    board = _board(source)
    for entry in await _controlled(call, _PROFILES):
        if _board(entry) != board:
            raise invalid("other_board", name=entry.title, source=source.title)
    await _for_each(call, _PROFILES, lambda miner: miner.async_take_profiles(profiles))


def _board(entry: MinerConfigEntry) -> tuple[str | None, ...]:
    identity = known_identity(entry)
    return identity.family, identity.model, identity.board, identity.chip_model


def _with_name(
    work: Callable[[MinerController, str], Awaitable[None]],
) -> Action:
    """Do something with the profile of a name."""

    async def act(call: ServiceCall) -> None:
        name = call.data["profile"]
        await _for_each(call, _PROFILES, lambda miner: work(miner, name))

    return act


def _until(call: ServiceCall) -> datetime | None:
    """Return when the settings before come back; None is never."""
    now = dt_util.utcnow()
    try:
        if (span := call.data.get("for")) is not None:
            until: datetime = now + span
        elif (told := call.data.get("until")) is not None:
            until = dt_util.as_utc(told)
        else:
            return None
    except OverflowError:
        raise invalid("end_too_far") from None
    if until <= now:
        raise invalid("end_is_past")
    return until


async def _controlled(call: ServiceCall, controls: Keys) -> list[MinerConfigEntry]:
    """Return the miners that are meant, if the caller may control all of them."""
    entries = await targets_of(call)
    await async_require_control(call.hass, call.context, entries, controls)
    return entries


async def _for_each(call: ServiceCall, controls: Keys, work: Work) -> None:
    """Do it for all miners at once; every one that fails is named."""
    entries = await _controlled(call, controls)
    outcomes = await asyncio.gather(
        *(_translated(call.hass, entry, work) for entry in entries),
        return_exceptions=True,
    )
    failures = [outcome for outcome in outcomes if outcome is not None]
    if len(failures) == 1 or any(
        not isinstance(failure, HomeAssistantError) for failure in failures
    ):
        raise failures[0]
    if failures:
        asked_wrong = all(isinstance(item, ServiceValidationError) for item in failures)
        kind = ServiceValidationError if asked_wrong else HomeAssistantError
        raise kind(
            translation_domain=DOMAIN,
            translation_key="several_failed",
            translation_placeholders={
                "count": str(len(failures)),
                "errors": "; ".join(str(failure) for failure in failures),
            },
        )


async def _translated(hass: HomeAssistant, entry: MinerConfigEntry, work: Work) -> None:
    require_loaded(entry)
    try:
        await work(entry.runtime_data.controller)
    except FAILURES as err:
        raise user_error(hass, entry, err) from err
