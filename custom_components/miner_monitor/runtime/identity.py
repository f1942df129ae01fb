"""Which entry does a device belong to, whatever its address is now?

Every miner is polled by its own coordinator alone, so each one that finds a
stranger at its address tells the stranger's own. That heals any permutation of
addresses without a single extra request to a device.
"""

from dataclasses import replace

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PATH, CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from ..const import CONF_IDENTITY, CONF_UNIT, DOMAIN
from ..miners import Endpoint
from ..miners.codec import load_identity
from ..miners.model import MinerIdentity, MinerReading
from .entry_data import miner_entries, moved_data


def learnt(known: MinerIdentity, reading: MinerReading) -> MinerIdentity:
    """Return what is known of a miner after a reading; a MAC is never forgotten.

    One that does not hash hides what it has: it teaches nothing new before its
    firmware changes. Of one that left a question open, what is known stands.
    """
    seen = reading.identity
    if not reading.complete:
        seen = seen.completed(known)
    if seen.firmware == known.firmware and not reading.state.hashing:
        return known
    return seen if seen.mac == known.mac else replace(seen, mac=seen.mac or known.mac)


def known_identity(entry: ConfigEntry) -> MinerIdentity:
    """Return who the entry's miner is, loaded or not."""
    if entry.state is ConfigEntryState.LOADED:
        identity: MinerIdentity = entry.runtime_data.identity
        return identity
    return load_identity(entry.data[CONF_IDENTITY])


@callback
def async_owner(hass: HomeAssistant, seen: MinerIdentity) -> ConfigEntry | None:
    """Return the entry of a device, if there is just one that it can be.

    A device without a name of its own is known by its kind, and of several by the
    marks of its owner.
    """
    if seen.unique_id is None:
        candidates = [
            entry
            for entry in _nameless(hass, seen)
            if async_alike(hass, entry, seen) is None
        ]
    else:
        candidates = [
            entry
            for entry in miner_entries(hass)
            if known_identity(entry).unique_id == seen.unique_id
        ]
    return candidates[0] if len(candidates) == 1 else None


@callback
def async_is_ours(
    hass: HomeAssistant, known: MinerIdentity, seen: MinerIdentity
) -> bool:
    """Whether the device that answered can be the one that an entry knows.

    One of several nameless ones of a kind can be, unless its marks say that it is
    another. That is enough to be read; who writes asks ``async_alike`` as well.
    """
    if not known.same_device(seen):
        return False
    if seen.unique_id is None:
        rivals = map(known_identity, _nameless(hass, known))
        return all(known.rather_than(rival, seen) is not False for rival in rivals)
    # New firmware may begin to tell a MAC, but not one of another entry.
    newly_named = known.unique_id != seen.unique_id
    return not newly_named or async_owner(hass, seen) is None


@callback
def async_alike(
    hass: HomeAssistant, entry: ConfigEntry, seen: MinerIdentity
) -> ConfigEntry | None:
    """Return another entry whose miner may have answered for all that is known."""
    known = known_identity(entry)
    if known.unique_id is not None or seen.unique_id is not None:
        return None
    return next(
        (
            other
            for other in _nameless(hass, known)
            if other.entry_id != entry.entry_id
            and known.rather_than(known_identity(other), seen) is not True
        ),
        None,
    )


def _nameless(hass: HomeAssistant, like: MinerIdentity) -> list[ConfigEntry]:
    """Return the entries of a kind whose miners do not name themselves."""
    return [
        entry
        for entry in miner_entries(hass)
        if (known := known_identity(entry)).unique_id is None
        and known.kind == like.kind
    ]


@callback
def async_entry_at(
    hass: HomeAssistant, endpoint: Endpoint, unit: str | None
) -> ConfigEntry | None:
    """Return the entry of what is at this address, of one unit if it has several."""
    place = {CONF_HOST: endpoint.host, CONF_PORT: endpoint.port, CONF_UNIT: unit}
    return next(
        (
            entry
            for entry in miner_entries(hass)
            if all(entry.data.get(key) == value for key, value in place.items())
        ),
        None,
    )


@callback
def async_announce(
    hass: HomeAssistant, owner: ConfigEntry, host: str, port: int
) -> None:
    """Tell an entry that its miner was seen at this address.

    A loaded entry proves the address before it moves there; for one that is not
    loaded it is stored, and proved by the first poll.
    """
    if owner.state is ConfigEntryState.LOADED:
        owner.runtime_data.async_offer_address(host, port)
    else:
        async_store_address(hass, owner, host, port)


@callback
def async_store_address(
    hass: HomeAssistant,
    entry: ConfigEntry,
    host: str,
    port: int,
    path: str | None = None,
    *,
    confirmed: bool = False,
) -> None:
    """Let the next poll of an entry go to this address, and to its page if given.

    It sees no password before the user has ``confirmed`` it.
    """
    data = moved_data(entry, host, port, confirmed=confirmed)
    if path is not None:
        data[CONF_PATH] = path
    hass.config_entries.async_update_entry(entry, data=data)


def device_info_of(
    device_id: str, name: str, identity: MinerIdentity, url: str | None
) -> dr.DeviceInfo:
    """Describe the device of a miner; ``url`` is its own page."""
    return dr.DeviceInfo(
        configuration_url=url,
        connections=_connections(identity),
        hw_version=identity.board,
        identifiers={(DOMAIN, device_id)},
        manufacturer=identity.manufacturer,
        model=identity.model,
        model_id=identity.chip_model,
        name=name,
        serial_number=identity.serial,
        sw_version=identity.firmware,
    )


@callback
def async_update_device(
    hass: HomeAssistant,
    entry: ConfigEntry,
    identity: MinerIdentity,
    url: str | None,
) -> None:
    """Bring the device registry up to date, without a reload."""
    assert entry.unique_id is not None
    registry = dr.async_get(hass)
    device = registry.async_get_device_by_identifier(
        (DOMAIN, entry.unique_id), entry.entry_id
    )
    if device is None:
        return
    registry.async_update_device(
        device.id,
        configuration_url=url,
        hw_version=identity.board,
        merge_connections=_connections(identity),
        model=identity.model,
        model_id=identity.chip_model,
        sw_version=identity.firmware,
    )


def _connections(identity: MinerIdentity) -> set[tuple[str, str]]:
    mac = identity.mac
    return set() if mac is None else {(dr.CONNECTION_NETWORK_MAC, mac)}
