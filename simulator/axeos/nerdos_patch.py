"""PATCH /api/system of NerdOS: at once, key by key, and what does not fit is ignored.

The body is read as ArduinoJson reads it: text behind it, keys without quotes and what
is no object do no harm; of a key that is told twice the last one counts.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
import json
import re
from typing import Any

from .device import Device
from .patch import PatchReply
from .versions import Span, Version, span

LONGEST_BODY, LONGEST_BODY_BEFORE = 16_384, 10_240
LONGER: Version = (1, 0, 30)
DEEPEST = 10
WORD = 0x10000
_KEY = re.compile(r"([{,]\s*)([A-Za-z_]\w*)\s*:")

type Take = Callable[[Any], Any]
"""Gives what is stored for a value, None where it is ignored."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A setting, where it is stored, and what it takes since which release."""

    name: str
    stored: str
    take: Take
    releases: Span


def _u16(value: Any, least: int = 0) -> int | None:
    """Take a whole JSON number of 16 bits."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and least <= value < WORD else None


def _set_point(value: Any) -> int | None:
    """Take a frequency or a voltage, which 0 is not."""
    return _u16(value, 1)


def _hundredths(value: Any) -> float | None:
    """Take a number, of which 16 bits of hundredths are kept."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value * 100) % WORD / 100


def _switch(value: Any) -> int | None:
    """Take a real boolean."""
    return int(value) if isinstance(value, bool) else None


def _flag(value: Any) -> bool | None:
    """Take a real boolean and keep it as one."""
    return value if isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    """Take a text."""
    return value if isinstance(value, str) else None


def _rule(
    name: str,
    take: Take,
    since: str = "0.0",
    until: str = "999.0",
    stored: str | None = None,
) -> Rule:
    """Return a row of the table."""
    return Rule(name, stored or name, take, span(since, until))


def _pool(prefix: str) -> tuple[Rule, ...]:
    """Return the rules of a pool."""
    sv2 = "sv2" if prefix == "stratum" else "fallbackSv2"
    return (
        _rule(f"{prefix}URL", _text),
        _rule(f"{prefix}Port", _set_point),
        _rule(f"{prefix}User", _text),
        _rule(f"{prefix}Password", _text),
        _rule(f"{prefix}EnonceSubscribe", _flag, "1.0.34"),
        _rule(f"{prefix}TLS", _flag, "1.0.34"),
        _rule(f"{prefix}Protocol", _u16, "1.1"),
        _rule(f"{sv2}AuthorityPubkey", _text, "1.1"),
        _rule(f"{sv2}ChannelType", _u16, "1.1"),
    )


RULES = (
    _rule("frequency", _set_point),
    _rule("coreVoltage", _set_point),
    _rule("jobInterval", _set_point),
    _rule("vrFrequency", _set_point, "1.0.33"),
    _rule("autofanspeed", _u16),
    _rule("fanspeed", _u16, until="1.0.34", stored="manualFanSpeed"),
    _rule("manualFanSpeed", _u16, "1.0.35"),
    _rule("pidTargetTemp", _u16, "1.0.29", stored="temptarget"),
    _rule("pidP", _hundredths, "1.0.29"),
    _rule("pidI", _hundredths, "1.0.29"),
    _rule("pidD", _hundredths, "1.0.29"),
    _rule("overheat_temp", _u16),
    _rule("flipscreen", _switch),
    _rule("invertscreen", _switch),
    _rule("autoscreenoff", _switch),
    _rule("invertfanpolarity", _switch),
    _rule("hostname", _text),
    _rule("ssid", _text),
    _rule("wifiPass", _text),
    _rule("stratumDifficulty", _u16, "1.0.29"),
    _rule("stratum_keep", _switch, "1.0.33"),
    _rule("poolMode", _u16, "1.0.35"),
    _rule("poolBalance", _u16, "1.0.35"),
    _rule("canMaster", _flag, "1.0.37"),
    *_pool("stratum"),
    *_pool("fallbackStratum"),
)
FAN_LIST = span("1.0.37")
FANS = (
    {
        "mode": "autofanspeed",
        "manualSpeed": "manualFanSpeed",
        "overheatTemp": "overheat_temp",
        "targetTemp": "temptarget",
    },
    {
        "mode": "fan1Mode",
        "manualSpeed": "fan1ManualSpeed",
        "overheatTemp": "fan1OverheatTemp",
        "targetTemp": "fan1Target",
    },
)


def patch_nerdos(device: Device, body: bytes) -> PatchReply:
    """Apply a PATCH body to the device and return its answer."""
    newer = device.version >= LONGER
    if len(body) >= (LONGEST_BODY if newer else LONGEST_BODY_BEFORE):
        return PatchReply(status=500, text="content too long")
    try:
        wanted = decoded(body)
    except ValueError, RecursionError:
        return PatchReply(status=400, text="Invalid JSON")
    if isinstance(wanted, dict):
        for key, value in _settings(device, wanted):
            device.flash.write(key, value)
    device.flash.commit()
    device.sync()
    device.set_points_changed()
    device.reconsider()
    return PatchReply()


def decoded(body: bytes) -> Any:
    """Read JSON leniently; raise ValueError for what is none."""
    text = body.decode("utf-8", "replace").lstrip()
    decoder = json.JSONDecoder()
    try:
        value, _ = decoder.raw_decode(text)
    except json.JSONDecodeError:
        value, _ = decoder.raw_decode(_KEY.sub(r'\1"\2":', text))
    if _depth(value) > DEEPEST:
        raise ValueError("too deep")
    return value


def _depth(value: Any) -> int:
    """Return how deeply lists and objects are nested."""
    members = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(_depth, members), default=0)


def _settings(device: Device, wanted: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give what is to be stored."""
    for rule in RULES:
        if rule.name in wanted and device.version in rule.releases:
            value = rule.take(wanted[rule.name])
            if value is not None:
                yield rule.stored, value
    fans = wanted.get("fans")
    if isinstance(fans, list) and device.version in FAN_LIST:
        for keys, fan in zip(FANS, fans, strict=False):
            yield from _fan_settings(keys, fan)


def _fan_settings(keys: dict[str, str], fan: Any) -> Iterator[tuple[str, Any]]:
    """Give what is to be stored of one fan."""
    if not isinstance(fan, dict):
        return
    pid = fan.get("pid")
    told = fan | (pid if isinstance(pid, dict) else {})
    for name, key in keys.items():
        if (value := _u16(told.get(name))) is not None:
            yield key, value
