"""What a user can download when something looks wrong.

Holds the device's last replies and what was made of them, without whatever names
a person, a wallet or a network; enough to become a test.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
import re
from typing import Any

from homeassistant.components.diagnostics import REDACTED
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from .fleet.coordinator import FleetConfigEntry
from .miners.codec import dump_identity
from .runtime.entries import (
    credentials_data,
    is_fleet,
    stored_credentials,
)
from .runtime.escape import WALLET

_SECRET_KEY = re.compile(
    r"user|worker|wallet|payout|address|coinbase(outputs?|others)|ssid|mac"
    r"|hostname|hostip|ip(v[46])?$|dna$|^serial$",
    re.IGNORECASE,
)
"""What names a person, a wallet, a network or the one device, by its kind."""

_PASSWORD_KEY = re.compile(
    r"pass(?!ed|es)|psk|secret|token|(?<!h)otp|cert(?!ain)|key(?!board)|auth|credential|mnemonic",
    re.IGNORECASE,
)
"""What opens something; here a number is no reading either."""

_HARMLESS_KEYS = frozenset({"default_hostname", "LEDUser", "led_user"})
_ANYWHERE = re.compile(
    rf"{WALLET.pattern}|(?<=://)[^/@\s]+(?=@)|\b(?:[0-9a-f]{{2}}[:-]){{5}}[0-9a-f]{{2}}\b",
    re.IGNORECASE,
)
"""Wallets, what stands before the host of an URL, and MAC addresses, in any text."""

_SHORTEST_SECRET = 6


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: ConfigEntry
) -> dict[str, Any]:
    """Return the diagnostics of one miner, or of all miners together."""
    if is_fleet(entry):
        return _fleet_diagnostics(entry)
    coordinator = entry.runtime_data
    data = coordinator.data
    credentials = stored_credentials(entry)
    report = {
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
    return {"credentials": sorted(credentials_data(credentials)), **redacted}


def _fleet_diagnostics(entry: FleetConfigEntry) -> dict[str, Any]:
    """Return the diagnostics of all miners together.

    A name that a user gave can name a person: miners are numbered.
    """
    fleet = entry.runtime_data
    names = [member.entry.title for member in fleet.members.values()]
    numbers = {name: f"miner {place}" for place, name in enumerate(names, 1)}
    data = fleet.data
    unnamed = replace(
        data,
        hottest=None if data.hottest is None else numbers.get(data.hottest),
        luckiest=None if data.luckiest is None else numbers.get(data.luckiest),
        troubles=tuple(
            replace(member, name=numbers.get(member.name, ""))
            for member in data.troubles
        ),
    )
    return {
        "options": dict(entry.options),
        "data": {**asdict(unnamed), "features": sorted(data.features)},
        "counted": fleet.meters.dump(),
        "members": [
            {
                "number": numbers[member.entry.title],
                "online": member.miner.data.online,
                "features": sorted(member.features),
                "stopped_by_us": sorted(
                    feature
                    for feature, commands in fleet.commands.features.items()
                    if commands.memory is not None
                    and member.key in commands.memory.stopped
                ),
            }
            for member in fleet.members.values()
        ],
    }


def redact(report: Any, known: Iterable[str] = ()) -> Any:
    """Replace secrets by their keys, then these and the known ones everywhere."""
    secrets = {secret for secret in known if len(secret) >= _SHORTEST_SECRET}
    hidden = _redact_texts(_redact_keys(report, secrets), _ANYWHERE)
    longest_first = sorted(secrets, key=len, reverse=True)
    # Without a secret it is a pattern that nothing matches.
    anywhere = "|".join(map(re.escape, longest_first)) or "(?!)"
    return _redact_texts(hidden, re.compile(anywhere, re.IGNORECASE))


def _redact_keys(value: Any, secrets: set[str]) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _redact_item(str(key), item, secrets) for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_redact_keys(item, secrets) for item in value]
    return value


def _redact_item(key: str, value: Any, secrets: set[str]) -> Any:
    if key in _HARMLESS_KEYS:
        return _redact_keys(value, secrets)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and _PASSWORD_KEY.search(key):
        return REDACTED
    if _PASSWORD_KEY.search(key) or _SECRET_KEY.search(key):
        return _hide(value, secrets)
    return _redact_keys(value, secrets)


def _hide(value: Any, secrets: set[str]) -> Any:
    """Hide a value; what is empty, a number or a flag names nobody and stays."""
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
