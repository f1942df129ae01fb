"""What the device registry holds of a miner."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from ..const import DOMAIN
from ..miners.model import MinerIdentity


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
