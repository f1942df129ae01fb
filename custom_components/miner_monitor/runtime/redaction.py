"""What names a person, a wallet or a network is left out of what users hand on."""

from collections.abc import Iterable, Mapping
import re
from typing import Any

from homeassistant.components.diagnostics import REDACTED

from .escape import WALLET

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
