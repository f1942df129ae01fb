"""Which miners an action is meant for, and what its caller may do.

Actions obey the permissions on the entities that they stand for. Home Assistant checks
its own entity actions; what acts on miners otherwise (actions of this integration, and
the entities of all miners together) asks here. A call without a user comes from an
automation and may do everything, as it may with any entity.
"""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.exceptions import (
    ServiceValidationError,
    Unauthorized,
    UnknownUser,
)
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.service import async_extract_config_entry_ids

from ..const import DOMAIN
from .entries import is_fleet
from .escape import (
    LONGEST_SENTENCE,
    plain,
)

if TYPE_CHECKING:
    from homeassistant.auth.models import User

type Keys = Iterable[tuple[Platform, str]]
"""Entities of a miner, by platform and by what their unique ids end with."""

_READINGS = (Platform.SENSOR, Platform.BINARY_SENSOR)


async def targets_of(call: ServiceCall) -> list[ConfigEntry]:
    """Return the entries of the miners that a call is meant for."""
    return miners_among(call.hass, await entries_meant(call))


async def entries_meant(call: ServiceCall) -> set[str]:
    """Return the ids of the entries that a call is meant for, with a breath for others.

    Home Assistant looks at each of their entities.
    """
    found = await async_extract_config_entry_ids(call)
    await asyncio.sleep(0)
    return found


def miners_among(hass: HomeAssistant, entry_ids: Iterable[str]) -> list[ConfigEntry]:
    """Return the entries of miners; raises where there are none.

    One that was disabled counts only where it alone is meant: an area goes on.
    """
    found = [
        entry
        for entry_id in sorted(entry_ids)
        if (entry := miner_of(hass, entry_id)) is not None
    ]
    if not found:
        raise invalid("no_such_miner")
    return [entry for entry in found if entry.disabled_by is None] or found


def miner_of(hass: HomeAssistant, entry_id: str | None) -> ConfigEntry | None:
    """Return the entry of a miner by its id; None where it is none of ours."""
    entry = None if entry_id is None else hass.config_entries.async_get_entry(entry_id)
    if entry is None or entry.domain != DOMAIN or is_fleet(entry):
        return None
    return entry


def miner_of_device(hass: HomeAssistant, device_id: str) -> ConfigEntry | None:
    """Return the entry of the miner that a device is; None where it is none of ours."""
    device = dr.async_get(hass).async_get(device_id)
    return None if device is None else miner_of(hass, device.config_entry_id)


def require_loaded(entry: ConfigEntry) -> None:
    """Refuse what a miner that is not loaded cannot do."""
    if entry.state is not ConfigEntryState.LOADED:
        raise invalid("not_loaded", name=entry.title)


def invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Return what to raise when a call asks for what cannot be."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={
            key: plain(text, LONGEST_SENTENCE) for key, text in placeholders.items()
        }
        or None,
    )


async def async_require_control(
    hass: HomeAssistant,
    context: Context | None,
    entries: Iterable[ConfigEntry],
    keys: Keys,
) -> None:
    """Raise Unauthorized unless the caller may control these entities of each miner."""
    if (user := await _user(hass, context)) is None:
        return
    keys = tuple(keys)
    for entry in entries:
        for entity_id in _controls(hass, entry, keys):
            if not user.permissions.check_entity(entity_id, POLICY_CONTROL):
                raise _unauthorized(context, user, POLICY_CONTROL, entity_id)


async def async_require_read(
    hass: HomeAssistant, context: Context, entries: Iterable[ConfigEntry]
) -> None:
    """Raise Unauthorized unless the caller may read what each miner measures."""
    if (user := await _user(hass, context)) is None:
        return
    for entry in entries:
        if (entity_id := _unreadable(hass, user, entry)) is not None:
            raise _unauthorized(context, user, POLICY_READ, entity_id)


async def async_readable(
    hass: HomeAssistant, context: Context, entries: Iterable[ConfigEntry]
) -> list[ConfigEntry]:
    """Return the miners that the caller may read; Unauthorized if there are none."""
    found = list(entries)
    if (user := await _user(hass, context)) is None:
        return found
    readable = [entry for entry in found if _unreadable(hass, user, entry) is None]
    if found and not readable:
        await async_require_read(hass, context, found)
    return readable


async def _user(hass: HomeAssistant, context: Context | None) -> User | None:
    """Return the user who calls; None where everything may be done."""
    if context is None or context.user_id is None:
        return None
    user = await hass.auth.async_get_user(context.user_id)
    if user is None:
        raise UnknownUser(context=context)
    return None if user.is_admin else user


def _controls(hass: HomeAssistant, entry: ConfigEntry, keys: Keys) -> Iterable[str]:
    """Return these entities of a miner; all of it where it lacks one of them."""
    registry = er.async_get(hass)
    found = [
        registry.async_get_entity_id(platform, DOMAIN, f"{entry.unique_id}_{key}")
        for platform, key in keys
    ]
    if found and None not in found:
        return [entity_id for entity_id in found if entity_id is not None]
    entities = er.async_entries_for_config_entry(registry, entry.entry_id)
    return [entity.entity_id for entity in entities]


def _unreadable(hass: HomeAssistant, user: User, entry: ConfigEntry) -> str | None:
    """Return a measurement that the user may not read, if there is one."""
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return next(
        (
            entity.entity_id
            for entity in entities
            if entity.domain in _READINGS
            and entity.disabled_by is None
            and not user.permissions.check_entity(entity.entity_id, POLICY_READ)
        ),
        None,
    )


def _unauthorized(
    context: Context | None, user: User, permission: str, entity_id: str
) -> Unauthorized:
    return Unauthorized(
        context=context,
        user_id=user.id,
        entity_id=entity_id,
        permission=permission,
    )
