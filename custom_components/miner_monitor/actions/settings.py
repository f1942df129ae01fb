"""Actions on settings and profiles, of several miners at once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util

from ..control.model import Hold
from ..coordinator import MinerConfigEntry
from ..miners.settings import SETTINGS
from ..runtime.controller import MinerController
from ..runtime.entries import known_identity
from ..runtime.messages import (
    FAILURES,
    raise_all,
    user_error,
)
from ..runtime.requester import async_requester
from ..runtime.targets import (
    Keys,
    async_require_control,
    async_require_read,
    invalid,
    miner_of_device,
    require_loaded,
    targets_of,
)

_PROFILES = ((Platform.SELECT, "profile"),)
"""Who may choose a profile may do with profiles what else there is to do."""

_HOLD = ((Platform.SWITCH, "follow_automations"),)

type Work = Callable[[MinerController], Awaitable[None]]


async def apply_settings(call: ServiceCall) -> None:
    """Write several settings at once."""
    changes = {
        setting: call.data[setting] for setting in SETTINGS if setting in call.data
    }
    if not changes:
        raise invalid("no_settings")
    specs = [SETTINGS[setting] for setting in changes]
    controls = [(Platform(spec.platform), spec.key) for spec in specs]
    by = await async_requester(call.hass, call.context)
    await _for_each(call, controls, lambda miner: miner.async_apply(changes, by))


async def apply_profile(call: ServiceCall) -> None:
    """Write the settings of a profile, for a while if an end is given."""
    profile, until = call.data["profile"], _until(call)
    by = await async_requester(call.hass, call.context)
    await _for_each(
        call, _PROFILES, lambda miner: miner.async_apply_profile(profile, by, until)
    )


async def hold(call: ServiceCall) -> None:
    """Keep automations off miners for a while, or let them at them again."""
    until = _until(call)
    if until is None and not call.data.get("release"):
        raise invalid("hold_without_end")
    wanted = None if until is None else Hold(until=until.timestamp())
    await _for_each(call, _HOLD, lambda miner: miner.async_hold(wanted))


async def copy_profiles(call: ServiceCall) -> None:
    """Give the profiles of one miner to others of its kind."""
    source: MinerConfigEntry | None = miner_of_device(call.hass, call.data["source"])
    if source is None:
        raise invalid("no_such_miner")
    await async_require_read(call.hass, call.context, [source])
    require_loaded(source)
    profiles = source.runtime_data.controller.intents.memory.profiles.saved
    board = _board(source)
    for entry in await _controlled(call, _PROFILES):
        if _board(entry) != board:
            raise invalid("other_board", name=entry.title, source=source.title)
    await _for_each(call, _PROFILES, lambda miner: miner.async_take_profiles(profiles))


def _board(entry: MinerConfigEntry) -> tuple[str | None, ...]:
    identity = known_identity(entry)
    return identity.family, identity.model, identity.board, identity.chip_model


async def delete_profile(call: ServiceCall) -> None:
    """Forget a profile."""
    name = call.data["profile"]
    await _for_each(call, _PROFILES, lambda miner: miner.async_delete_profile(name))


async def save_profile(call: ServiceCall) -> None:
    """Keep the present settings as a profile."""
    name = call.data["profile"]
    await _for_each(call, _PROFILES, lambda miner: miner.async_save_profile(name))


def _until(call: ServiceCall) -> datetime | None:
    """Return when the settings before come back; None is never."""
    now = dt_util.utcnow()
    try:
        if (span := call.data.get("for")) is not None:
            until: datetime = now + span
        elif (end := call.data.get("until")) is not None:
            until = dt_util.as_utc(end)
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
    wrong = all(isinstance(item, ServiceValidationError) for item in failures)
    raise_all(
        call.hass, failures, ServiceValidationError if wrong else HomeAssistantError
    )


async def _translated(hass: HomeAssistant, entry: MinerConfigEntry, work: Work) -> None:
    require_loaded(entry)
    try:
        await work(entry.runtime_data.controller)
    except FAILURES as err:
        raise user_error(hass, entry, err) from err
