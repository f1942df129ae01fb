"""The config entries of miners: what they store, and which one a device belongs to.

Every miner is polled by its own coordinator alone, so each one that finds a
stranger at its address announces it to the stranger's own. That heals any permutation
of addresses without a single extra request to a device.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from homeassistant.config_entries import (
    SOURCE_INTEGRATION_DISCOVERY,
    ConfigEntry,
    ConfigEntryState,
)
from homeassistant.const import (
    CONF_HOST,
    CONF_PASSWORD,
    CONF_PATH,
    CONF_PORT,
    CONF_USERNAME,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from ..const import (
    CONF_FAMILY,
    CONF_IDENTITY,
    CONF_POOL_SCRAPER,
    CONF_SESSION,
    CONF_TRUSTED,
    CONF_UNIT,
    DOMAIN,
    FLEET,
)
from ..miners import (
    NO_CREDENTIALS,
    Credentials,
    Endpoint,
)
from ..miners.codec import (
    dump_identity,
    load_identity,
)
from ..miners.model import MinerIdentity, MinerReading


class KnownMiner(Protocol):
    """What is asked here of the coordinator of a loaded miner."""

    @property
    def identity(self) -> MinerIdentity:
        """Who the miner is, as far as is known."""

    def async_offer_address(self, host: str, port: int) -> None:
        """Try an address at which this miner may be."""


def is_fleet(entry: ConfigEntry) -> bool:
    """Whether an entry is the one of all miners together, which has no miner."""
    return entry.unique_id == FLEET


def miner_entries(hass: HomeAssistant) -> list[ConfigEntry]:
    """Return the entries of all miners, loaded or not."""
    return [
        entry
        for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False)
        if not is_fleet(entry)
    ]


def loaded_of(entries: Iterable[ConfigEntry]) -> list[ConfigEntry]:
    """Return the loaded ones of these entries."""
    return [entry for entry in entries if entry.state is ConfigEntryState.LOADED]


NEEDS_CODE = "needs_code"
"""Key of what starts a reauth: a one-time code is asked for, not a password."""


ENTRY_ID = "entry_id"
"""Key of what offers a device: the entry of another one at its address."""


def entry_data(endpoint: Endpoint, identity: MinerIdentity) -> dict[str, Any]:
    """Return the data of a new entry."""
    return {
        CONF_HOST: endpoint.host,
        CONF_PORT: endpoint.port,
        CONF_PATH: endpoint.path,
        CONF_UNIT: identity.unit,
        CONF_FAMILY: identity.family.value,
        CONF_IDENTITY: dump_identity(identity),
        **credentials_data(endpoint.credentials),
    }


def credentials_data(credentials: Credentials) -> dict[str, str]:
    """Return what is stored of credentials: nothing where there are none."""
    stored = {
        CONF_USERNAME: credentials.username,
        CONF_PASSWORD: credentials.password,
        CONF_SESSION: credentials.session,
    }
    return {key: value for key, value in stored.items() if value}


def endpoint_of(entry: ConfigEntry) -> Endpoint:
    """Return where the entry says that its miner is, and what it is shown there."""
    return endpoint_at(entry, entry.data[CONF_HOST], entry.data[CONF_PORT])


def endpoint_at(entry: ConfigEntry, host: str, port: int) -> Endpoint:
    """Return an address at which the entry's miner may be, and what is shown there.

    A password and a session belong to the address that the user gave or confirmed.
    Whoever announces another one may give our miner's MAC address, which everybody in
    the network can see: there the miner is only read, without them, until the user
    confirms the address. What asks for them is the miner or not, they are not sent.
    """
    trusted = trusted_address(entry) == address_text(host, port)
    return Endpoint(
        host=host,
        port=port,
        path=entry.data.get(CONF_PATH, "/"),
        unit=entry.data.get(CONF_UNIT),
        pool_scraper=entry.options.get(CONF_POOL_SCRAPER),
        credentials=stored_credentials(entry) if trusted else NO_CREDENTIALS,
        known=stored_identity(entry),
    )


def stored_credentials(entry: ConfigEntry) -> Credentials:
    """Return what the user gave, for addresses that are known to be the miner's."""
    return Credentials(
        username=entry.data.get(CONF_USERNAME, ""),
        password=entry.data.get(CONF_PASSWORD, ""),
        session=entry.data.get(CONF_SESSION, ""),
    )


def address_text(host: str, port: int) -> str:
    """Write an address as it is stored."""
    return f"{host}:{port}"


def trusted_address(entry: ConfigEntry) -> str:
    """Return the address that the user gave or confirmed last."""
    here = address_text(entry.data[CONF_HOST], entry.data[CONF_PORT])
    return str(entry.data.get(CONF_TRUSTED, here))


def moved_data(
    entry: ConfigEntry, host: str, port: int, *, confirmed: bool
) -> dict[str, Any]:
    """Return the entry's data with another address; who is to be trusted stays.

    ``confirmed``: the user gave the address, or said that it is the miner's.
    """
    here, trusted = address_text(host, port), trusted_address(entry)
    data = {**entry.data, CONF_HOST: host, CONF_PORT: port, CONF_TRUSTED: trusted}
    if confirmed or trusted == here:
        del data[CONF_TRUSTED]
    return data


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
        miner: KnownMiner = entry.runtime_data
        return miner.identity
    return stored_identity(entry)


def stored_identity(entry: ConfigEntry) -> MinerIdentity:
    """Return who the entry's miner was when that was stored, read once."""
    stored = entry.data[CONF_IDENTITY]
    kept = _READ.get(entry)
    if kept is None or kept[0] is not stored:
        kept = _READ[entry] = stored, load_identity(stored)
    return kept[1]


_READ: WeakKeyDictionary[ConfigEntry, tuple[object, MinerIdentity]] = (
    WeakKeyDictionary()
)
"""What is stored of miners, and what was read of it. At a start each miner without a
name of its own asks for all others."""


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
    # New firmware may begin to report a MAC, but not one of another entry.
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


def unit_key(endpoint: Endpoint, unit: str) -> str:
    """Name one of the devices that share an address, until it has an entry."""
    return f"{address_text(endpoint.host, endpoint.port)} {unit}"


@callback
def async_offer_unit(hass: HomeAssistant, entry: ConfigEntry, unit: str) -> None:
    """Offer a device that shares the address of an entry's own, unless it has one."""
    if async_entry_at(hass, endpoint_of(entry), unit) is None:
        hass.async_create_task(
            hass.config_entries.flow.async_init(
                DOMAIN,
                context={"source": SOURCE_INTEGRATION_DISCOVERY},
                data={ENTRY_ID: entry.entry_id, CONF_UNIT: unit},
            ),
            f"{entry.title} offers {unit}",
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
        miner: KnownMiner = owner.runtime_data
        miner.async_offer_address(host, port)
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


@callback
def async_device_id(hass: HomeAssistant, entry: ConfigEntry) -> str | None:
    """Return the id of an entry's device; None before it has one."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return devices[0].id if devices else None


def _connections(identity: MinerIdentity) -> set[tuple[str, str]]:
    mac = identity.mac
    return set() if mac is None else {(dr.CONNECTION_NETWORK_MAC, mac)}
