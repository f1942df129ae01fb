"""What a user can download when something looks wrong.

Holds the device's last replies and what was made of them, without whatever names
a person, a wallet or a network; enough to become a test.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
import re
from typing import Any

from homeassistant.components.diagnostics import REDACTED
from homeassistant.core import HomeAssistant

from .entry_data import (
    AnyConfigEntry,
    credentials_data,
    is_fleet,
    stored_credentials,
)
from .fleet_diagnostics import fleet_diagnostics
from .miners.codec import dump_identity

_SECRET_KEY = re.compile(
    r"user|pass|worker|wallet|address|cert|ssid|mac|hostname|hostip|ip(v[46])?$"
    r"|coinbaseoutputs|token|otp|dna$|^serial$",
    re.IGNORECASE,
)
_HARMLESS_KEYS = frozenset({"default_hostname", "LEDUser", "led_user"})
_SHORTEST_SECRET = 6


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: AnyConfigEntry
) -> dict[str, Any]:
    """Return the diagnostics of one miner, or of all miners together."""
    if is_fleet(entry):
        return fleet_diagnostics(entry)
    coordinator = entry.runtime_data
    data = coordinator.data
    credentials = stored_credentials(entry)
    report = {
        "credentials": sorted(credentials_data(credentials)),
        "options": dict(entry.options),
        "online": data.online,
        "last_error": data.last_error,
        "poll_interval": coordinator.update_interval
        and (coordinator.update_interval.total_seconds()),
        "address": coordinator.client.host,
        "port": coordinator.client.port,
        "identity": dump_identity(data.identity),
        "state": data.state.as_dict() if data.state else None,
        "insight": asdict(data.insight),
        "replies": dict(coordinator.client.raw),
    }
    redacted: dict[str, Any] = redact(
        report, (credentials.password, credentials.session)
    )
    return redacted


def redact(report: Any, known: Iterable[str] = ()) -> Any:
    """Replace secrets by their keys, then these and the known ones everywhere."""
    secrets = {secret for secret in known if len(secret) >= _SHORTEST_SECRET}
    hidden = _redact_keys(report, secrets)
    if not secrets:
        return hidden
    longest_first = sorted(secrets, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)
    return _redact_texts(hidden, pattern)


def _redact_keys(value: Any, secrets: set[str]) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _hide(item, secrets)
            if _SECRET_KEY.search(str(key)) and key not in _HARMLESS_KEYS
            else _redact_keys(item, secrets)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_redact_keys(item, secrets) for item in value]
    return value


def _hide(value: Any, secrets: set[str]) -> Any:
    """Hide a value; what is empty, a number or a flag tells nothing and stays."""
    if isinstance(value, str):
        if len(value) >= _SHORTEST_SECRET:
            secrets.add(value)
            # A pool user is mostly a wallet with the name of a worker behind it.
            secrets.update(
                part for part in value.split(".") if len(part) > 2 * _SHORTEST_SECRET
            )
        return REDACTED if value else value
    if isinstance(value, Mapping | list | tuple):
        return REDACTED if value else value
    return value


def _redact_texts(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, dict):
        return {key: _redact_texts(item, pattern) for key, item in value.items()}
    if isinstance(value, list):
        return [_redact_texts(item, pattern) for item in value]
    if isinstance(value, str):
        return pattern.sub(REDACTED, value)
    return value
